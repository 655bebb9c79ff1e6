import csv
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from l1cert.audit.accuracy import certified_accuracy, default_radii, other_certificates
from l1cert.audit.log import ABSTAINED, Precision
from l1cert.audit.probabilities import implied_by
from l1cert.audit.reading import read_log
from tests.test_audit.made_logs import EXACT, SIGNIFICANT, SINGLE, Run, changed, made, precision
from tests.test_audit.real_runs import RUNS, real


def of_radii(radii, half=0.0, **columns):
    log = made(Run(), [900] * len(radii))
    said = Precision(np.full(len(radii), half), "2 decimals")
    return replace(log, radius=np.array(radii), radius_precision=said, **columns)


def others(log, run, radii=("0",)):
    return other_certificates(log, run.parameters, implied_by(log, run.parameters), radii)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(3, 4), st.sampled_from([3, -1])), max_size=9
    ),
    st.integers(0, 40),
)
def test_shares_in_decimals_by_brute_force(rows, hundredths):
    radii = [float(Decimal(one) / 100) for one, _, _ in rows]
    label = np.array([label for _, label, _ in rows], np.int64)
    predict = np.array([predict for _, _, predict in rows], np.int64)
    log = of_radii(radii, 0.005, label=label, predict=predict)
    r = Decimal(hundredths) / 100
    (found,) = certified_accuracy(log, [r])
    inside = [one for one, label, predict in rows if label == predict == 3]
    many = max(len(rows), 1)
    assert found["radius"] == float(r)
    assert found["value"] == sum(one >= hundredths for one in inside) / many
    # half a hundredth either way: the same hundredth may be on either side
    assert found["lower"] == sum(one > hundredths for one in inside) / many
    assert found["upper"] == found["value"]


def test_what_rounding_leaves_open():
    log = of_radii([0.48, 0.5, 0.52], 0.005)
    log = replace(log, label=log.predict)
    found = certified_accuracy(log, ["0.495", "0.5049", "0.5051", 0.5])
    assert [one["value"] for one in found] == [2 / 3, 1 / 3, 1 / 3, 2 / 3]
    assert [one["upper"] for one in found] == [2 / 3, 2 / 3, 1 / 3, 2 / 3]
    assert [one["lower"] for one in found] == [1 / 3, 1 / 3, 1 / 3, 1 / 3]


def test_an_exact_radius_is_told_from_the_number_next_to_it():
    log = of_radii([0.1], 0.0)
    log = replace(log, label=log.predict)
    # the float 0.1 is a little more than 1/10
    assert certified_accuracy(log, ["0.1"])[0]["lower"] == 1
    above = Fraction(0.1) + Fraction(1, 10**30)
    found = certified_accuracy(log, [above])[0]
    assert (found["value"], found["lower"], found["upper"]) == (1, 0, 1)
    assert certified_accuracy(log, [math.nextafter(0.1, 1)])[0]["upper"] == 0


def test_abstentions_and_wrong_classes_count_as_wrong():
    log = of_radii([1.0, 1.0, 1.0, 1.0])
    log = replace(log, label=np.array([3, 4, -1, 3]), predict=np.array([3, 3, ABSTAINED, 3]))
    assert certified_accuracy(log, [0])[0]["value"] == 0.5
    assert certified_accuracy(changed(log, radius={0: -0.5}), [0])[0]["value"] == 0.25
    assert certified_accuracy(changed(log, radius={0: math.inf}), ["9"])[0]["value"] == 0.25


@pytest.mark.parametrize("radius", ["-1", "x", "inf", math.nan, "1e400"])
def test_a_radius_outside_its_set_is_refused_in_one_line(radius):
    with pytest.raises(ValueError, match=r"\A[^\n]*(legal|outside)[^\n]*\Z"):
        certified_accuracy(of_radii([1.0]), [radius])


@given(st.floats(1e-12, 1e12))
def test_default_radii_are_round_and_few(largest):
    radii = default_radii(of_radii([0.0, largest, math.inf]))
    step = radii[1]
    assert radii[0] == 0
    assert [b - a for a, b in pairwise(radii)] == [step] * (len(radii) - 1)
    assert radii[-1] <= Fraction(largest) < radii[-1] + step
    assert 4 < len(radii) <= 12
    digits = Decimal(step.numerator) / Decimal(step.denominator)
    assert digits.normalize().as_tuple().digits in {(1,), (2,), (5,), (2, 5)}


def test_default_radii_without_a_certificate():
    assert default_radii(of_radii([0.0, 0.0])) == [0]
    assert default_radii(of_radii([-1.0])) == [0]
    assert default_radii(of_radii([5.0], predict=np.array([ABSTAINED]))) == [0]


def test_the_other_certificates_of_laplace_noise():
    run = Run(noise="laplace", sigma="0.7", n=4000)
    log = made(run, [1500, 2500, 3500, 4000], EXACT)
    log = replace(log, label=np.array([3, 3, 4, 3]))
    found = others(log, run, ["0", "0.3", "2"])
    assert set(found) == {"theorem_1", "exact", "lecuyer"}
    p = run.bounds([1500, 2500, 3500, 4000])
    lecuyer = np.where(p >= 0.5, 0.7 / math.sqrt(2) / 2 * np.log(p / (1 - p)), 0.0)
    own = np.where(p >= 0.5, run.radius(p), 0.0)
    for name, radii in (("lecuyer", lecuyer), ("theorem_1", own), ("exact", own)):
        one = found[name]
        assert one["norm"] == "l1"
        assert one["mean_radius"] == pytest.approx(radii.mean(), rel=1e-8)
        assert one["median_radius"] == pytest.approx(np.median(radii), rel=1e-8)
        assert one["largest_radius"] == pytest.approx(radii.max(), rel=1e-8)
        right = [radii[1], radii[3]]
        assert [at["value"] for at in one["certified_accuracy"]] == [
            sum(radius >= r for radius in right) / 4 for r in (0, 0.3, 2)
        ]


def test_a_noise_never_lends_its_probabilities_to_another():
    for noise, names, norm in (
        ("gaussian", {"lecuyer", "li"}, "l2"),
        ("uniform", set(), "l1"),
        ("laplace", {"theorem_1", "exact", "lecuyer"}, "l1"),
    ):
        run = Run(noise=noise, n=500)
        found = others(made(run, [300, 500], EXACT), run)
        assert set(found) == names
        assert {one["norm"] for one in found.values()} <= {norm}


def test_gaussian_rivals_by_scipys_search():
    run = Run(noise="gaussian", sigma="0.5", n=5000)
    log = made(run, [4990], EXACT)
    found = others(log, run)
    p = float(run.bounds([4990])[0])
    epsilon = np.linspace(1e-6, 1, 200_001)
    delta = (p - np.exp(2 * epsilon) * (1 - p)) / (1 + np.exp(epsilon))
    good = delta > 0
    lecuyer = (0.5 * epsilon[good] / np.sqrt(2 * np.log(1.25 / delta[good]))).max()
    assert found["lecuyer"]["largest_radius"] == pytest.approx(lecuyer, rel=1e-7)
    order = 1 + np.geomspace(1e-4, 10, 400_001)
    mean = (0.5 * (p ** (1 - order) + (1 - p) ** (1 - order))) ** (1 / (1 - order))
    li = 0.5 * np.sqrt((-2 / order * np.log(2 * mean)).max())
    assert found["li"]["largest_radius"] == pytest.approx(li, rel=1e-7)


def test_what_was_abstained_on_stays_so():
    run = Run(noise="gaussian", n=500)
    log = made(run, [480, 500], EXACT, bound=True, votes=True)
    both = others(log, run)["li"]
    one = others(changed(log, predict={0: ABSTAINED}), run)["li"]
    assert one["largest_radius"] == both["largest_radius"]
    assert one["mean_radius"] == pytest.approx(both["largest_radius"] / 2, rel=1e-12)
    assert (
        one["certified_accuracy"][0]["value"] == 0.5 == both["certified_accuracy"][0]["value"] / 2
    )


def test_a_log_of_the_simultaneous_radius_is_not_its_own_rival():
    run = Run(noise="laplace", n=500, sides=2, certificate="exact")
    log = made(run, [480, 500], EXACT, bound=True, votes=True)
    log = replace(log, runner_up=np.array([5, 0]), other_bound=np.array([0.03, 0.01]))
    assert set(others(log, run)) == {"theorem_1", "theorem_2", "lecuyer"}


def test_what_a_two_sided_interval_gives_away():
    run = Run(noise="uniform", n=3000, sides=2)
    counts = [1600, 2000, 3000]
    found = others(made(run, counts, SINGLE, bound=True), run)
    assert set(found) == {"one_sided"}
    one_sided = replace(run, sides=1)
    radii = np.maximum(one_sided.radius(one_sided.bounds(counts)), 0.0)
    assert found["one_sided"]["mean_radius"] == pytest.approx(radii.mean(), rel=1e-8)
    assert found["one_sided"]["mean_radius"] > run.radius(run.bounds(counts)).mean()
    assert others(made(one_sided, counts, SINGLE, bound=True), one_sided) == {}


def test_simultaneous_bounds_where_votes_were_recorded():
    run = Run(noise="laplace", sigma="1.5", n=3000)
    counts, runner_up = np.array([1200, 1800, 2900]), np.array([500, 300, 20])
    log = made(run, counts, EXACT, bound=True, votes=True)
    log = replace(log, runner_up=runner_up, predict=np.full(3, 3))
    found = others(log, run)["exact_simultaneous"]
    level = float(run.alpha) / 2
    p_a = stats.beta.ppf(level, counts, 3001 - counts)
    p_b = np.minimum(stats.beta.isf(level, runner_up + 1, 3000 - runner_up), 1 - p_a)
    unit = stats.laplace.ppf(p_a) - stats.laplace.ppf(p_b)
    radii = 1.5 / math.sqrt(2) / 2 * unit
    assert p_a[0] < 0.5 < radii.min() * 10
    assert found["mean_radius"] == pytest.approx(radii.mean(), rel=1e-8)
    assert found["median_radius"] == pytest.approx(np.median(radii), rel=1e-8)
    # what the two-class radius cannot certify at all
    assert others(log, run)["exact"]["certified_accuracy"][0]["value"] < 1


def test_a_certificate_that_uses_pb_lends_it_to_the_others():
    run = Run(noise="laplace", sigma="1", n=3000, sides=2, certificate="lecuyer")
    log = made(run, [2000, 2900], EXACT, bound=True)
    log = replace(log, other_bound=np.array([0.1, math.nan]))
    found = others(log, run)
    assert set(found) == {"theorem_1", "theorem_2", "exact"}
    p = run.bounds([2000, 2900])
    unit = stats.laplace.ppf(p) - stats.laplace.ppf([0.1, 1 - p[1]])
    assert found["exact"]["mean_radius"] == pytest.approx(
        (unit / 2 / math.sqrt(2)).mean(), rel=1e-8
    )
    assert found["theorem_2"]["mean_radius"] == pytest.approx(
        (-np.log(2 * (1 - p)) / math.sqrt(2)).mean(), rel=1e-8
    )


def test_an_impossible_radius_lends_no_more_than_the_ceiling():
    run = Run(noise="gaussian", n=1000)
    log = changed(made(run, [700, 1000], SIGNIFICANT), radius={0: 9.0})
    log = replace(log, radius_precision=precision(log.radius, SIGNIFICANT))
    honest = others(made(run, [1000, 1000], EXACT), run)["li"]["largest_radius"]
    assert others(log, run)["li"]["largest_radius"] == pytest.approx(honest, rel=1e-9)


@real
@pytest.mark.parametrize("name", ["cifar10_resnet110", "imagenet_resnet50"])
def test_certified_accuracy_of_a_real_log_by_hand(name):
    path = RUNS / "cohen" / f"{name}_gaussian_sigma_0.50.tsv"
    with path.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    right = [Decimal(row["radius"]) for row in rows if row["label"] == row["predict"]]
    asked = ["0", "0.25", "0.486", "1", "1.22", "1.955", "1.96", "2"]
    log = read_log(path)
    for text, found in zip(asked, certified_accuracy(log, asked), strict=True):
        r = Decimal(text)
        assert found["value"] == sum(one >= r for one in right) / 500
        half = [Decimal("0.5").scaleb(one.adjusted() - 2) for one in right]
        pairs = list(zip(right, half, strict=True))
        ties = sum(one - h == r for one, h in pairs)
        low = sum(one - h >= r for one, h in pairs)
        # a radius whose least value is the radius asked for: floats may say either
        assert low - ties <= round(500 * found["lower"]) <= low
        assert found["upper"] == sum(one + h >= r for one, h in pairs) / 500
