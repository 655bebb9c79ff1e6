"""`check_bound` decides every perturbation of a sound bound; a fifth of them in every run."""

import pytest

import l1cert
from tests.bounds.decided import disagreements
from tests.bounds.known import Case
from tests.bounds.perturbed import PERTURBED

# 5 goes into neither 9 powers of ten nor 29 bases: a fifth has them all.
PARAMETERS = [
    pytest.param(case, id=case.name, marks=[] if i % 5 == 0 else [pytest.mark.slow])
    for i, case in enumerate(PERTURBED)
]


# not decided today, by number: contacts beside a band, maxima of Gaussian quantiles, and (41, 70) a
# radius that exceeds the exact one only where 1 - PA is below 10^-4000, past the brute force
OPEN = {14, 23, 28, 41, 52, 53, 57, 70, 71, 80, 110, 115, 120}


@pytest.mark.parametrize("case", PARAMETERS)
def test_decided_rightly(case: Case) -> None:
    report = l1cert.check_bound(
        case.radius,
        noise=case.noise,
        setting=case.setting,
        num_classes=case.num_classes,
        rank=False,
        samples=1000,
    )
    answers = {name: getattr(report, name) for name in ("sound", "tight", "closed_ball")}
    if int(case.name[:3]) in OPEN and None in answers.values():
        known = {"sound": case.sound, "tight": case.tight, "closed_ball": case.closed_ball}
        assert all(said in (None, known[name]) for name, said in answers.items())
        pytest.skip(f"left open: {', '.join(k for k, said in answers.items() if said is None)}")
    assert disagreements(case, report) == []
