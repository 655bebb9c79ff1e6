"""The law of T: exact values by other formulas, counts by another count, and the band."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from figures import figure_law_of_t as law_of_t
from figures.style import rc
from simulations.kernels.sums_reference import fill_sums
from simulations.likelihood_ratio import SamplingPlan
from theory.claim import Grade, Rung
from theory.equal_law import EqualLaw
from theory.fourier_law import FourierLaw
from theory.ratio_laws import BallLaw

CLAIM_PARTS = ["atom_at_r", "atoms", "continuous_part"]


@pytest.fixture(scope="module")
def data():
    return law_of_t.compute(norm=2.5, num_samples=20_000, seed=7)


def test_one_dimension_against_the_printed_law(data):
    law = data["law_1"]
    inside = 0.5 * np.exp(-(2.5 - law["t"]) / 2)
    assert law["t"][[0, -1]].tolist() == [-2.5, 2.5]
    assert law["upto"] == pytest.approx(np.where(law["t"] < 2.5, inside, 1), rel=1e-12)
    assert law["below"] == pytest.approx(np.where(law["t"] > -2.5, inside, 0), rel=1e-12)


def test_two_dimensions_by_quadrature(data):
    law, a = data["law_2"], 1.25
    one = {-a: np.exp(-a) / 2, a: 0.5}  # atoms of one coordinate

    def upto(t):
        """P(T_1 <= t): the density is e^-(a - t)/2 over 4 on (-a, a)."""
        return 0.0 if t < -a else 1.0 if t >= a else 0.5 * np.exp(-(a - t) / 2)

    for t, found in zip(law["t"][::9], law["upto"][::9], strict=True):
        kinks = [kink for kink in (t - a, t + a) if -a < kink < a]
        body, _ = quad(
            lambda s, t=t: 0.25 * np.exp(-(a - s) / 2) * upto(t - s),
            -a,
            a,
            points=kinks or None,
            epsabs=1e-13,
        )
        total = body + sum(mass * upto(t - at) for at, mass in one.items())
        assert found == pytest.approx(total, abs=1e-10)


def test_sixteen_dimensions_by_another_sum(data):
    law, other = data["law_16"], BallLaw(EqualLaw(16), Fraction(2.5))
    for place in range(0, len(law["t"]), 11):
        below, upto = other.jump(Fraction(float(law["t"][place])), 96)
        assert law["below"][place] == pytest.approx(float(below), rel=1e-12)
        assert law["upto"][place] == pytest.approx(float(upto), rel=1e-12)


def test_3072_dimensions_by_fourier_series(data):
    law, series = data["law_3072"], FourierLaw.of({Fraction(2.5) / 3072: 3072})
    for place in range(5, len(law["t"]), 60):
        found = series.cdf(Fraction(float(law["t"][place])))
        # a float beside an atom may miss the atom
        assert found.lower - 1e-9 <= law["upto"][place]
        assert law["below"][place] <= found.upper + 1e-9
        assert law["upto"][place] - law["below"][place] < 0.005


def test_atoms_against_binomial_probabilities(data):
    for dim in law_of_t.DIMS:
        law = data[f"law_{dim}"]
        number = dim * (2.5 - law["t"]) / 5
        at = np.abs(number - np.round(number)) < 1e-6
        mass = binom.pmf(np.round(number), dim, 0.5) * np.exp(-number * 2.5 / dim)
        assert law["atom"] == pytest.approx(np.where(at, mass, 0), rel=1e-9)
        assert law["upto"] - law["below"] == pytest.approx(law["atom"], abs=1e-12)
        assert at.sum() == (dim + 1 if dim <= 16 else len(at))


@pytest.mark.parametrize("dim", [1, 2, 16])
def test_shares_are_those_of_the_samples(data, dim):
    plan = SamplingPlan.of([Fraction(2.5) / dim] * dim, scale=1)
    drawn = np.empty(20_000, dtype=np.int64)
    fill_sums(drawn, plan, seed=7, first_sample=0)
    t = np.array([float(plan.ratio_at(int(w))) for w in drawn])
    law = data[f"law_{dim}"]
    for place in range(0, len(law["t"]), 5):
        assert law["drawn_upto"][place] == np.mean(t <= law["t"][place])
        assert law["drawn_below"][place] == np.mean(t < law["t"][place])


def test_the_band(data):
    massart = np.sqrt(np.log(2 * 4 / 0.001) / (2 * 20_000))
    for dim in law_of_t.DIMS:
        width = data[f"band_{dim}"]["half_width"]
        assert (massart <= width).all()
        assert (width < 1.01 * massart).all()
        steps, law = data[f"steps_{dim}"], data[f"law_{dim}"]
        assert steps["away"] * width[0] == pytest.approx(steps["drawn"] - steps["exact"], abs=1e-15)
        assert np.abs(steps["away"]).max() < 1
        assert (np.diff(steps["t"]) >= 0).all()
        assert (np.diff(steps["exact"]) >= 0).all()
        assert (np.diff(steps["drawn"]) >= 0).all()
        first, size = int(np.searchsorted(steps["t"], law["t"][0])), 2 * len(law["t"])
        inner = slice(first, first + size)
        for kind, name in (("", "exact"), ("drawn_", "drawn")):  # upright at every place
            both = steps[name][inner].reshape(-1, 2).T
            assert np.array_equal(both, [law[f"{kind}below"], law[f"{kind}upto"]])
        assert np.array_equal(steps["t"][inner], np.repeat(law["t"], 2))
        if dim <= 16:  # to the ends of the panel, where both are 0 and 1
            assert steps["t"][[0, -1]].tolist() == data[f"band_{dim}"]["t"].tolist()
            for name in ("exact", "drawn"):
                assert steps[name][[0, -1]].tolist() == [0, 1]


def test_another_seed_draws_others_and_the_same_seed_the_same(data):
    same, other = (law_of_t.compute(norm=2.5, num_samples=20_000, seed=s) for s in (7, 8))
    for dim in law_of_t.DIMS:
        name = f"law_{dim}"
        assert np.array_equal(same[name]["drawn_upto"], data[name]["drawn_upto"])
        assert not np.array_equal(other[name]["drawn_upto"], data[name]["drawn_upto"])
        assert np.array_equal(other[name]["upto"], data[name]["upto"])


@pytest.mark.statistical(
    false_fail=1e-9, reason="the four bands of Dvoretzky, Kiefer and Wolfowitz together"
)
@pytest.mark.parametrize("norm", [0.05, 2.5, 30.0])
def test_the_plotted_data_agree_with_the_claim(norm, fresh):
    asked = {"num_samples": 5000, "seed": fresh(1), "false_alarm": 1e-9}
    found = law_of_t.check(law_of_t.compute(norm=norm, **asked))
    assert [item.part for item in found] == CLAIM_PARTS
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert f"||delta||_1 = {norm:g} lambda; 5000 samples" in item.scope


def changed(data, dim, name, values):
    law, band = {**data[f"law_{dim}"], name: values}, data[f"band_{dim}"]
    steps = law_of_t._steps(law, band, data.parameters["norm"])
    return replace(data, curves={**data.curves, f"law_{dim}": law, f"steps_{dim}": steps})


def refuted(data):
    found = law_of_t.check(data)
    for item in found:
        assert item.grade is (Grade.CONSISTENT if item.finding else Grade.REFUTED)
    return {item.part for item in found if item.finding is False}


def test_the_check_flips_with_the_data(data):
    law = data["law_2"]
    middle = law["t"] == 0
    assert refuted(changed(data, 2, "atom", law["atom"] * np.where(middle, 1.0001, 1))) == {"atoms"}
    top = law["t"] == 2.5
    moved = changed(data, 2, "atom", law["atom"] * np.where(top, 2, 1))
    assert refuted(moved) == {"atoms", "atom_at_r"}
    assert law_of_t.check(moved)[0].witness == {"d": "2", "t/lambda": "2.5"}
    assert refuted(changed(data, 2, "drawn_below", law["drawn_below"] + 0.02)) == {
        "atoms",
        "atom_at_r",
    }
    assert refuted(changed(data, 16, "drawn_upto", data["law_16"]["drawn_upto"] - 0.02)) == {
        "atoms",
        "atom_at_r",
    }
    flat = np.concatenate([[0], law["upto"][:-1]])  # it jumps from place to place
    assert "continuous_part" in refuted(changed(data, 2, "below", flat))


def test_drawn_steps_that_are_not_of_the_law_say_nothing(data):
    for dim in law_of_t.DIMS:
        for name, values in data[f"steps_{dim}"].items():
            for other in (values + 1e-6, values * np.nan):
                steps = {**data[f"steps_{dim}"], name: other}
                moved = replace(data, curves={**data.curves, f"steps_{dim}": steps})
                assert [item.grade for item in law_of_t.check(moved)] == [Grade.UNDECIDED] * 3


def test_what_is_no_number_agrees_with_nothing(data):
    for name in ("below", "upto", "drawn_below", "drawn_upto", "atom"):
        values = data["law_2"][name].copy()
        values[5] = np.nan
        law = {**data["law_2"], name: values}
        moved = replace(data, curves={**data.curves, "law_2": law})
        assert [item.finding for item in law_of_t.check(moved)][1] is None


def test_caption_numbers_come_from_the_data(data):
    text = law_of_t.caption(data)
    assert "of the norm 2.5 lambda" in text
    assert "of 20000 samples (seed 7)" in text
    assert "with probability at most 0.001 any of the four leaves its band." in text
    largest = np.abs(data["steps_16"]["away"]).max()
    assert f"d = 16: atoms of {data['law_16']['atom'].sum():.4g} together" in text
    assert f"difference at most {largest:.2f}; d = 3072" in text
    steps = {**data["steps_16"], "away": 3 * data["steps_16"]["away"]}
    other = replace(data, curves={**data.curves, "steps_16": steps})
    assert f"difference at most {3 * largest:.2f}; d = 3072" in law_of_t.caption(other)


@pytest.mark.parametrize(
    ("venue", "span", "first"),
    [("iclr", "column", {0, 2, 4, 6}), ("icml", "page", {0, 4})],
)
def test_axes_and_legend(data, venue, span, first):
    figure = law_of_t.draw(data, rc(venue, span))
    panels = {axes.get_label(): axes for axes in figure.axes}
    assert set(panels) == {f"{kind}_{dim}" for kind in ("law", "away") for dim in law_of_t.DIMS}
    for dim in law_of_t.DIMS:
        steps = data[f"steps_{dim}"]
        upper, lower = panels[f"law_{dim}"], panels[f"away_{dim}"]
        assert upper.get_title() == f"$d = {dim}$"
        assert lower.get_xlabel() == r"$t / \lambda$"
        assert upper.get_xlim() == lower.get_xlim() == tuple(data[f"band_{dim}"]["t"])
        for line, name in zip(upper.lines, ("exact", "drawn"), strict=True):
            assert np.array_equal(line.get_xdata(), steps["t"])
            assert np.array_equal(line.get_ydata(), steps[name])
        assert np.array_equal(lower.lines[-1].get_ydata(), steps["away"])
        (band,) = lower.patches
        assert (band.get_y(), band.get_height()) == (-1, 2)
    heights = {k: axes.get_ylabel() for k, axes in enumerate(figure.axes) if axes.get_ylabel()}
    assert set(heights) == first
    assert set(heights.values()) == {r"$P(T \leq t)$", "difference"}
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["exact", "simulated", "band"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"norm": 0.0}, r"norm = 0.0 is outside \[0.01, 50\]"),
        ({"norm": float("nan")}, "norm = nan is outside"),
        ({"num_samples": 99}, r"num_samples = 99 is outside 100, ..., 10\^9"),
        ({"seed": -1}, "seed = -1 is outside"),
        ({"seed": 2**64}, "seed = 18446744073709551616 is outside"),
        ({"false_alarm": 1.0}, r"false_alarm = 1.0 is outside \(0, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        law_of_t.compute(**arguments)
