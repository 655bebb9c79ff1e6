"""`check_bound` decides every conjectured bound whose answer is known."""

import pytest

import l1cert
from tests.bounds.decided import disagreements
from tests.bounds.known import KNOWN, Case

# maxima within cases
SLOW = {"k_for_k_minus_1"}
# a logarithm of two Gaussian tails that both vanish: beyond the prover today
OPEN = {"renyi_2_multiclass"}

PARAMETERS = [
    pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.name in SLOW else [])
    for case in KNOWN
    if case.name not in OPEN
]


def decided(case: Case, *, max_boxes: int = 800) -> l1cert.BoundReport:
    return l1cert.check_bound(
        case.radius,
        noise=case.noise,
        setting=case.setting,
        num_classes=case.num_classes,
        rank=False,
        samples=1000,
        max_boxes=max_boxes,
    )


@pytest.mark.parametrize("case", PARAMETERS)
def test_decided_rightly(case: Case) -> None:
    assert disagreements(case, decided(case)) == []


@pytest.mark.parametrize(
    "case", [one for one in KNOWN if one.name in OPEN], ids=lambda one: one.name
)
def test_what_is_beyond_the_prover_is_left_open_with_what_is_left(case: Case) -> None:
    report = decided(case, max_boxes=5)
    assert report.sound is None
    assert report.grade == "UNDECIDED"
    assert report.left


def test_every_name_is_one_of_a_case() -> None:
    assert {case.name for case in KNOWN} >= SLOW | OPEN
