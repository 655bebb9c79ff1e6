"""ROPS by counting: true suprema come out as expected, moved ones do not, powers are stated."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from simulations import rops as counting
from simulations.rops import (
    ball_region,
    line_region,
    needed_agreement,
    simulate,
    slab_region,
)
from theory.claim import Grade, Rung
from theory.confidence import BinomialTest
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball
from theory.rops_ball import BallPoint, ball_supremum
from theory.rops_slab import Slab, slab_laplace_supremum_ball

NOISES = ("laplace", "gaussian")
WAY = {"inside": "greater", "outside": "less"}


def on_the_line(x, radius):
    balls = (supremum(x, precision=60, radius=radius) for supremum in SUPREMA)
    return {noise: float(ball.mid()) for noise, ball in zip(NOISES, balls, strict=True)}


SUPREMA = (laplace_supremum_ball, gaussian_supremum_ball)


def cases():
    slab = Slab.of(["1", "1", "-2"])
    laplace = float(slab_laplace_supremum_ball("0.4", slab, precision=60, radius="0.2").mid())
    gaussian = on_the_line("0.4", "0.2")["gaussian"]
    yield slab_region(0.4, slab), {"laplace": laplace, "gaussian": gaussian}, 0.2
    for point, radius in ((BallPoint.of("0.5", dim=2), 0.1), (BallPoint.of("0.7", dim=5), 0.0)):
        yield (
            ball_region(point),
            {n: ball_supremum(n, point, radius=radius) for n in NOISES},
            radius,
        )
    face = BallPoint.of("0.9", dim=3, towards="face")
    yield ball_region(face), {n: ball_supremum(n, face) for n in NOISES}, 0.0
    for x, radius in ((0.0, 0.0), (0.3, 0.0), (-0.3, 0.4), (0.9, 0.0)):
        yield line_region(x), on_the_line(x, radius), radius


@pytest.mark.parametrize(("region", "suprema", "radius"), list(cases()))
def test_true_suprema_come_out_as_expected(region, suprema, radius):
    run = simulate(region, suprema, radius=radius, num_samples=40_000, seed=1)
    assert run.finding is True
    assert {item.part for item in run.evidence} == {"agreement", "certified", "not_certified"}
    for item in run.evidence:
        assert (item.rung, item.grade) == (Rung.SIMULATION, Grade.CONSISTENT)
        assert item.false_fail == 1e-3
    assert 0 < run.false_pass <= 1e-3
    assert [(draw.noise, draw.side) for draw in run.draws] == [
        (noise, side) for noise in NOISES for side in ("inside", "outside")
    ]
    for draw in run.draws:
        sign = -1 if draw.side == "inside" else 1
        assert draw.deviation == suprema[draw.noise] * (1 + sign * draw.excess)
        assert (draw.agreement > draw.needed) is (draw.side == "inside")


@pytest.mark.statistical(
    false_fail=2e-9, reason="Holm at 1e-9, and sides that are shown but for 1e-9, exact powers"
)
@pytest.mark.parametrize(("region", "suprema", "radius"), list(cases()))
def test_true_suprema_are_shown_with_any_seed(region, suprema, radius, monkeypatch, fresh):
    monkeypatch.setattr(counting, "FALSE_PASS", 1e-9)
    asked = {"radius": radius, "num_samples": 40_000, "alpha": 1e-9}
    assert simulate(region, suprema, seed=fresh(1), **asked).finding is True


@pytest.mark.parametrize(("region", "suprema", "radius"), list(cases())[::2])
@pytest.mark.parametrize("noise", NOISES)
def test_a_moved_supremum_leaves_too_little_power_or_is_refuted(region, suprema, radius, noise):
    # the exact agreement beside a wrong supremum is on the wrong side: no excess has the power, or
    # only one that also passes the true supremum
    for factor in (0.8, 1.25):
        wrong = {**suprema, noise: factor * suprema[noise]}
        try:
            run = simulate(region, wrong, radius=radius, num_samples=40_000, seed=1)
        except ValueError as error:
            assert "too small" in str(error)
            continue
        side = "outside" if factor < 1 else "inside"
        (draw,) = [d for d in run.draws if (d.noise, d.side) == (noise, side)]
        assert draw.excess > 0.2


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("shift", [-0.03, 0.03])
def test_wrong_agreements_are_refuted(noise, shift):
    right = line_region(0.3)

    def wrong(name, deviation):
        return right.agreement(name, deviation) + (shift if name == noise else 0.0)

    suprema = on_the_line(0.3, 0)
    run = simulate(replace(right, agreement=wrong), suprema, num_samples=100_000, seed=9)
    assert run.finding is False
    assert "agreement" in {item.part for item in run.evidence if item.finding is False}


def test_counts_of_the_other_side_are_refuted():
    # the classifier keeps its label where it should lose it
    right = line_region(0.3)
    flipped = replace(right, keeps=lambda eps: np.abs(0.3 + eps[:, 0]) > 1)
    run = simulate(flipped, on_the_line(0.3, 0), num_samples=40_000, seed=9)
    assert run.finding is False
    assert {item.finding for item in run.evidence} == {False}


def test_more_samples_take_less_excess():
    region, suprema = line_region(0.3), on_the_line(0.3, 0.2)
    few, many = (
        simulate(region, suprema, radius=0.2, num_samples=n, seed=1) for n in (5_000, 500_000)
    )
    for one, other in zip(few.draws, many.draws, strict=True):
        assert 6 < one.excess / other.excess < 16  # about the root of the samples' ratio


def test_the_power_is_that_of_the_exact_binomial():
    run = simulate(line_region(0.3), on_the_line(0.3, 0.2), radius=0.2, num_samples=5_000, seed=1)
    level = run.alpha / 16
    for draw in run.draws:
        if draw.side == "inside":
            cut = stats.binom.isf(level, 5_000, draw.needed) + 1
            power = stats.binom.sf(cut - 1, 5_000, draw.agreement)
        else:
            cut = stats.binom.ppf(level, 5_000, draw.needed) - 1
            power = stats.binom.cdf(cut, 5_000, draw.agreement)
        assert draw.power == pytest.approx(power, abs=1e-6)
        assert draw.power >= 1 - 1e-3 / 4


def test_the_same_seed_gives_the_same_counts_and_another_does_not():
    def counts(seed):
        run = simulate(line_region(0.1), on_the_line(0.1, 0), num_samples=3_000, seed=seed)
        return [draw.decided.count for draw in run.draws]

    assert counts(4) == counts(4) != counts(5)


@pytest.mark.statistical(
    false_fail=2e-9,
    reason="four exact tests at 2.5e-10; 80000 draws within a rounding of an edge: below 1e-9",
)
@pytest.mark.parametrize("deviation", [0.4, 1.3])
@pytest.mark.parametrize("noise", NOISES)
def test_regions_by_counting_anew(noise, deviation, fresh):
    rng = np.random.Generator(np.random.Philox(fresh(11)))
    regions = [
        (line_region(-0.6), np.array([-0.6]), lambda x: np.abs(x[:, 0]) <= 1),
        (
            slab_region(0.5, Slab.of(["3", "4"])),
            np.array([0.5 * 0.6, 0.5 * 0.8]),
            lambda x: np.abs(x @ [0.6, 0.8]) <= 1,
        ),
        (
            ball_region(BallPoint.of("0.5", dim=3, towards="face")),
            np.full(3, 0.5 / 3),
            lambda x: np.abs(x).sum(axis=1) <= 1,
        ),
        (
            ball_region(BallPoint.of("0.5", dim=2)),
            np.array([0.5, 0.0]),
            lambda x: np.abs(x).sum(axis=1) <= 1,
        ),
    ]
    for region, x, inside in regions:
        shape = (20_000, len(x))
        law = rng.laplace if noise == "laplace" else rng.normal
        eps = law(scale=deviation / (math.sqrt(2) if noise == "laplace" else 1), size=shape)
        kept = inside(x + eps)
        assert (region.keeps(eps) == kept).all()
        exact = region.agreement(noise, deviation)
        assert stats.binomtest(int(kept.sum()), shape[0], exact).pvalue > 2.5e-10


@pytest.mark.parametrize("weights", [["1e-400", "-1e-400"], ["1e200", "1e200"], ["1e400", "0"]])
def test_weights_of_any_size_are_normalised(weights):
    # squares, and the weights themselves, are beyond the floats
    region = slab_region(0.3, Slab.of(weights))
    eps = np.random.Generator(np.random.Philox(5)).normal(size=(1000, 2))
    w = np.array([1.0, 0.0]) if "0" in weights else np.array([1.0, 1.0]) / math.sqrt(2)
    w[1] *= -1 if weights[1].startswith("-") else 1
    assert (region.keeps(eps) == (np.abs(0.3 + eps @ w) <= 1)).all()


@pytest.mark.statistical(
    false_fail=2e-9,
    reason="an exact test at 1e-9; 20000 draws within a rounding of an edge: below 1e-9",
)
def test_noise_as_small_as_the_distance_to_a_vertex_is_not_rounded_away(fresh):
    # beside x = 1 - 1e-18, which is 1.0 in floats, 1 is a million times this noise
    gap = Fraction(1, 10**18)
    region = ball_region(BallPoint.of(1 - gap, dim=3))
    eps = 1e-18 * np.random.Generator(np.random.Philox(fresh(5))).laplace(size=(20_000, 3))
    kept = region.keeps(eps)
    assert (kept == (eps[:, 0] + np.abs(eps[:, 1:]).sum(axis=1) <= 1e-18)).all()
    agreement = region.agreement("laplace", math.sqrt(2) * 1e-18)
    assert stats.binomtest(int(kept.sum()), 20_000, agreement).pvalue > 1e-9


@pytest.mark.parametrize("side", ["inside", "outside"])
def test_the_power_allows_for_the_bias_of_drawn_noise(side, monkeypatch):
    def powers():
        run = simulate(line_region(0.3), on_the_line(0.3, 0), num_samples=5_000, seed=1)
        return [(d.excess, d.agreement, d.needed, d.power) for d in run.draws if d.side == side]

    monkeypatch.setattr(counting, "discretisation_bias", lambda dim: 0.01)
    for excess, agreement, needed, power in powers():
        # both the threshold and the drawn agreement may be off by 0.01
        test = BinomialTest(5_000, *[needed + (0.01 if side == "inside" else -0.01)] * 2, WAY[side])
        drawn = agreement + (-0.01 if side == "inside" else 0.01)
        assert power == pytest.approx(test.power(drawn, alpha=1e-3 / 16), abs=1e-6)
        assert excess > 0.05 and power >= 1 - 1e-3 / 4


def test_what_a_certificate_needs():
    for radius in (0.0, 0.3, 2.0):
        for deviation in (0.2, 1.0):
            p = needed_agreement("laplace", deviation, radius)
            if p < 1 - 1e-6:
                scale = deviation / math.sqrt(2)
                assert -scale * math.log(2 * (1 - p)) == pytest.approx(radius, abs=1e-9)
            q = needed_agreement("gaussian", deviation, radius)
            assert q == pytest.approx(stats.norm.cdf(radius / deviation), rel=1e-14)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"alpha": 0.0}, r"alpha = 0.0 is outside \(0, 1\)"),
        ({"alpha": 1.0}, "alpha = 1.0 is outside"),
        ({"num_samples": 0}, r"num_samples = 0 is outside \[1, 10\^10\]"),
        ({"num_samples": 20}, "num_samples = 20 is too small: laplace noise inside the ROPS"),
        ({"suprema": {}}, "suprema of nothing: legal are laplace, gaussian"),
        ({"suprema": {"uniform": 1.0}}, "suprema of uniform"),
    ],
)
def test_bad_input(changed, said):
    arguments = {"suprema": on_the_line(0.3, 0), "num_samples": 1000, "seed": 1, **changed}
    with pytest.raises(ValueError, match=said):
        simulate(line_region(0.3), **arguments)
