"""The check of certificates under attack: right ones pass, wrong ones fail, weak attacks neither.

The classifiers are half-lines, whose certificates are tight: an attack beyond a radius that is too
large really takes the lead.
"""

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats

from simulations.classifier.attacks import Attack
from simulations.classifier.end_to_end import CertifiedPoint, check, loss_p_value
from simulations.classifier.neighbourhoods import Floating
from simulations.classifier.target import Target
from simulations.classifier.worst_case_module import AxisClassifier
from simulations.classifier.worst_case_runs import (
    lead_p_value,
    run_worst_case,
    run_worst_case_on_grid,
)
from theory.certificates import cohen, theorem_2, uniform
from theory.confidence import lower
from theory.noise import Gaussian, Laplace, Uniform

ALPHA, N = 1e-3, 4000
LAWS = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}
RIGHT = {
    "laplace": lambda p, noise: theorem_2(p, scale=noise.scale),
    "gaussian": lambda p, noise: cohen(p, sigma=noise.sigma),
    "uniform": lambda p, noise: uniform(p, half_width=noise.half_width),
}
QUICK = Attack(steps=4, restarts=1, final_draws=32)


@cache
def certified(law, formula, *, times=1.0, points=20, least=0.6, most=0.95):
    """A half-line's target, and points whose PA runs from `least` to `most`, certified."""
    noise = LAWS[law].from_sigma(0.5)
    target = Target(AxisClassifier([1.0], axis=1), Floating(noise, 7), (4,), 2, batch=500)
    found = []
    for index, p_a in enumerate(np.linspace(least, most, points)):
        x = np.float32([0.5, 1 - noise.quantile(p_a), 0.25, 0.0])
        votes = target.votes(x, purpose="estimation", point=index, start=0, stop=N)
        bound = lower(votes[0], N, alpha=ALPHA)
        if bound > 0.5:
            found.append(CertifiedPoint(index, x, 0, times * float(formula(bound, noise))))
    return target, found


@cache
def right(law):
    """The check of right certificates."""
    return checked(*certified(law, RIGHT[law]))


def checked(target, points, *, rows=20, attack=QUICK, samples=600, **options):
    return check(target, points, rows=rows, alpha=ALPHA, attack=attack, samples=samples, **options)


@pytest.mark.parametrize("law", LAWS)
def test_right_certificates_pass(law):
    found = right(law)
    assert found.outcome == "PASS"
    assert found.lost(1) == 0
    assert found.share(3)[0] > 0.9
    assert found.points >= 18
    assert all(one.distance <= 0.999 * one.times * one.radius for one in found.attempts)
    assert max(one.distance / one.radius for one in found.at(1)) > 0.99
    json.dumps(found.as_json(), allow_nan=False)


def test_radii_that_are_three_times_too_large_fail():
    found = checked(*certified("laplace", RIGHT["laplace"], times=3), times=(1,))
    assert found.outcome == "FAIL"
    assert found.lost(1) > found.allowed


@pytest.mark.parametrize(
    ("law", "least", "most"), [("laplace", 0.65, 0.8), ("uniform", 0.97, 0.99)]
)
def test_the_gaussian_radius_of_another_noise_fails(law, least, most):
    wrong = certified(law, RIGHT["gaussian"], least=least, most=most)
    assert checked(*wrong, samples=1000, times=(1,)).outcome == "FAIL"
    own = certified(law, RIGHT[law], least=least, most=most)
    assert checked(*own, times=(1,)).lost(1) == 0


def test_an_attack_of_no_steps_decides_nothing():
    target, points = certified("laplace", RIGHT["laplace"])
    found = checked(target, points, attack=Attack(steps=0, screened=0))
    assert found.outcome == "UNDECIDED"
    assert (found.lost(1), found.lost(3)) == (0, 0)


def test_without_a_control_or_enough_points_nothing_is_decided():
    target, points = certified("laplace", RIGHT["laplace"])
    assert checked(target, points, times=(1,)).outcome == "UNDECIDED"
    few = checked(target, points[:1], rows=1)
    assert few.lost(3) == 1  # the attack is strong, but a single loss would be no FAIL
    assert (few.outcome, few.detectable) == ("UNDECIDED", None)
    none = checked(target, [])
    assert (none.outcome, none.points, none.p_value) == ("UNDECIDED", 0, 1.0)
    json.dumps(none.as_json(), allow_nan=False)


#: finds what there is on half-lines, and is fast
SPARSE = Attack(steps=0, finalists=1, screen_draws=2, final_draws=16)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("times", "outcome"), [(1, "PASS"), (1.5, "FAIL"), (3, "FAIL")])
def test_certificates_at_the_largest_error_rates(times, outcome, seed):
    """Alpha = 0.2 and few votes: many certificates are false, and no more than alpha allows.

    The check passes what is right (wrongly not, with probability 1e-6), although the attack finds
    false ones, and refutes radii that are half as large again.
    """
    alpha, votes, rows = 0.2, 200, 60
    noise = Laplace(0.4)
    target = Target(AxisClassifier([1.0], axis=1), Floating(noise, seed), (2,), 2)
    points, false = [], 0
    for index, p_a in enumerate(np.linspace(0.7, 0.97, rows)):
        x = np.float32([0, 1 - noise.quantile(p_a)])
        ours, _ = target.votes(x, purpose="estimation", point=index, start=0, stop=votes)
        radius = times * max(0.0, float(theorem_2(lower(ours, votes, alpha=alpha), scale=0.4)))
        points.append(CertifiedPoint(index, x, 0, radius))
        false += radius > 1 - x[1]
    found = check(target, points, rows=rows, alpha=alpha, attack=SPARSE, samples=1000)
    assert found.outcome == outcome
    assert found.lost(1) <= false
    assert stats.binom(rows, alpha + found.beta).sf(found.allowed) <= 1e-6
    if times == 1:
        assert 0 < found.lost(1) <= false <= found.allowed
    else:
        assert found.lost(1) > found.detectable * found.points  # the stated power is enough


def test_every_row_counts_that_could_have_been_certified():
    """N is the rows of the run, not its certified ones: more rows allow more losses."""
    target, points = certified("laplace", RIGHT["laplace"], times=3)
    few = checked(target, points, rows=len(points), times=(1,))
    many = replace(few, rows=10**4)
    assert few.outcome == "FAIL"
    assert many.allowed > len(points)
    assert many.outcome == "UNDECIDED"  # a FAIL is impossible


def test_allowed_losses_and_their_error_rates_are_binomial():
    found = right("laplace")
    rate = ALPHA + found.beta
    law = stats.binom(20, rate)
    assert law.sf(found.allowed) <= 1e-6 < law.sf(found.allowed - 1)
    attacked = len(found.at(1))
    passes = stats.binom(attacked, found.detectable).cdf(found.allowed)
    assert passes == pytest.approx(0.01, rel=1e-6)


def test_judgements_use_fresh_draws_and_no_draw_twice():
    target, points = certified("laplace", RIGHT["laplace"], points=3)
    asked = []

    class Recorded(Target):
        def votes(self, x, *, purpose, point, start, stop):
            asked.append((purpose, point, start, stop))
            return Target.votes(self, x, purpose=purpose, point=point, start=start, stop=stop)

    recorded = Recorded(target.model, target.around, (4,), 2)
    checked(recorded, points, samples=100, rows=3)
    assert {purpose for purpose, *_ in asked} == {"check"}
    assert [one[1:] for one in asked] == [
        (point.index, start, start + 100) for point in points for start in (0, 100)
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_the_batch_of_votes_changes_nothing(size):
    target, points = certified("laplace", RIGHT["laplace"], points=3)
    other = Target(target.model, target.around, (4,), 2, batch=size * 50)
    one, two = (checked(which, points, samples=100, rows=3) for which in (target, other))
    assert one.attempts == two.attempts


def test_the_test_of_a_loss_is_the_exact_one():
    for counts, label in (([30, 20], 0), ([400, 520, 80], 0), ([5, 1, 60], 1)):
        expected = min(
            stats.binomtest(other, other + counts[label], alternative="greater").pvalue
            for k, other in enumerate(counts)
            if k != label
        )
        corrected = min(1.0, expected * (len(counts) - 1))
        assert loss_p_value(counts, label) == pytest.approx(corrected, rel=1e-8)


@pytest.mark.parametrize("mass", [0.5, 0.51, 0.6])
def test_a_class_that_leads_is_rarely_said_to_have_lost(mass):
    """P(p <= beta) <= beta for all leads, and more than that where the class is behind."""
    n, beta = 80, 0.01

    def rate(p):
        lost = [k for k in range(n + 1) if loss_p_value([k, n - k], 0) <= beta]
        return stats.binom(n, p).pmf(lost).sum()

    assert rate(mass) <= beta
    assert rate(0.3) > 0.9


def test_the_lead_is_tested_against_every_other_class():
    assert lead_p_value([600, 300, 100], 0) < 1e-6
    assert lead_p_value([600, 10, 590], 0) > 0.3
    assert lead_p_value([0, 0], 0) == loss_p_value([0, 0], 0) == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.0}, r"^alpha = 0.0 is outside \(0, 1\)$"),
        ({"beta": 1.0}, r"^beta = 1.0 is outside \(0, 1\)$"),
        ({"rows": 1}, r"^rows = 1, points = 2: "),
        ({"samples": 0}, r"^samples = 0 is outside \[1, inf\)$"),
        ({"times": (3.0,)}, r"^times = \[3.0\]: "),
        ({"times": (1.0, float("inf"))}, r"^times = \[1.0, inf\]: "),
        ({"times": (float("nan"), 1.0)}, r"^times = \[nan, 1.0\]: "),
        ({"times": (0.0, 1.0)}, r"^times = \[0.0, 1.0\]: "),
        ({"least_share": 0.0}, r"^least_share = 0.0 is outside \(0, 1\]$"),
    ],
)
def test_bad_input_is_one_line(change, message):
    target, points = certified("laplace", RIGHT["laplace"], points=2, least=0.9)
    asked = {"rows": 2, "alpha": ALPHA, "attack": QUICK, "samples": 10, **change}
    with pytest.raises(ValueError, match=message):
        check(target, points, **asked)


def test_bad_points_are_one_line():
    target, (point, *_) = certified("laplace", RIGHT["laplace"], points=1, least=0.9)
    with pytest.raises(ValueError, match=r"^idx = 0 is there twice"):
        checked(target, [point, point])
    for radius in (0.0, 1e300, float("inf"), float("nan")):
        wrong = CertifiedPoint(0, point.x, 0, radius)
        with pytest.raises(ValueError, match=r"^radius = \S+ at idx 0 is outside \(0, 1e\+30\]$"):
            checked(target, [wrong])


# ---------------------------------------------------------------- worst cases

WORST = [
    (Laplace(0.5), "0.7", None),
    (Laplace(0.5), "0.99", None),
    (Gaussian(0.5), "0.9", None),
    (Uniform(0.5), "0.8", None),
    (Laplace(0.5), "0.6", "0.15"),
    (Laplace(0.5), "0.5", "0.25"),
]


@pytest.mark.parametrize(("noise", "p_a", "p_b"), WORST, ids=str)
def test_a_worst_case_is_certified_up_to_its_radius_and_flips_beyond(noise, p_a, p_b):
    run = run_worst_case(
        noise, p_a, p_b, dim=5, axis=3, sign=-1, num_samples=8000, seed=11, alpha=1e-6
    )
    assert run.sound
    assert run.certified > 0.9 * run.radius - 0.2 * noise.sigma
    assert run.leads
    assert run.flips
    assert run.excess < 0.2 * noise.sigma


@pytest.mark.statistical(
    false_fail=1.1e-9, reason="the certificate's own error rate, and the words of 32 bits"
)
@pytest.mark.parametrize(("noise", "p_a", "p_b"), WORST, ids=str)
def test_a_worst_case_is_not_certified_beyond_its_radius_with_any_seed(noise, p_a, p_b, fresh):
    run = run_worst_case(
        noise, p_a, p_b, dim=5, axis=3, sign=-1, num_samples=8000, seed=fresh(11), alpha=1e-9
    )
    assert run.sound


@pytest.mark.parametrize(("noise", "p_a", "p_b"), WORST, ids=str)
def test_a_worst_case_refutes_a_radius_that_is_too_large(noise, p_a, p_b):
    run = run_worst_case(
        noise, p_a, p_b, dim=2, axis=0, sign=1, num_samples=8000, seed=11, claimed=1.8
    )
    assert not run.sound


@pytest.mark.parametrize("p_a", ["0.55", "0.8", "0.99"])
def test_a_worst_case_on_a_grid_flips_after_its_last_step(p_a):
    asked = {
        "step": Fraction(1, 16),
        "scale": Fraction(1, 4),
        "dim": 3,
        "axis": 2,
        "sign": -1,
        "num_samples": 8000,
        "seed": 11,
        "alpha": 1e-6,
    }
    run = run_worst_case_on_grid(p_a, **asked)
    assert run.sound
    assert run.leads
    assert run.flips
    assert run.radius - run.certified <= 3 / 16
    assert not run_worst_case_on_grid(p_a, **asked, claimed_steps=4).sound


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match=r"^num_samples = 50 show no flip near R = "):
        run_worst_case(Laplace(1.0), "0.6", dim=1, axis=0, sign=1, num_samples=50, seed=1)


def test_worst_cases_need_a_majority():
    with pytest.raises(ValueError, match=r"^p_a = 0.5 is outside \(1/2, 1\)$"):
        run_worst_case(Laplace(1.0), "0.5", dim=1, axis=0, sign=1, num_samples=50, seed=1)
    with pytest.raises(ValueError, match=r"^p_b = 0.1 with cohen: legal is Laplace noise alone$"):
        run_worst_case(Gaussian(1.0), "0.6", "0.1", dim=1, axis=0, sign=1, num_samples=50, seed=1)


def test_the_cells_of_an_axis_are_closed_above_in_float32():
    edges = [-0.3, 0.1, 2.0]
    model = AxisClassifier(edges, axis=0)
    kept = model.edges.numpy()
    assert np.all(kept >= np.array(edges))
    assert np.all(kept <= np.nextafter(np.float32(edges), np.float32(np.inf)))
    for k, edge in enumerate(kept):
        after = np.nextafter(edge, np.float32(np.inf))
        logits = model(torch.tensor([[edge], [after]]))
        assert logits.argmax(1).tolist() == [k, k + 1]
        best = logits.sort(1).values
        assert torch.all(best[:, -1] > best[:, -2] + 0.9)  # no ties
    for wrong in ([], [1.0, 1.0], [float("nan")], [2.0, 1.0]):
        with pytest.raises(ValueError, match=r"^edges = "):
            AxisClassifier(wrong, axis=0)
    with pytest.raises(ValueError, match="sign 1 or -1"):
        AxisClassifier([0.0], axis=0, sign=0)
