"""`check_bound` decides every perturbation of a sound bound."""

import pytest

import l1cert
from tests.bounds.decided import disagreements
from tests.bounds.known import Case
from tests.bounds.perturbed import PERTURBED


@pytest.mark.parametrize("case", PERTURBED, ids=lambda case: case.name)
def test_decided_rightly(case: Case) -> None:
    report = l1cert.check_bound(
        case.radius,
        noise=case.noise,
        setting=case.setting,
        num_classes=case.num_classes,
        rank=False,
        samples=1000,
    )
    assert disagreements(case, report) == []
