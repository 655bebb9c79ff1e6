"""Tightness: both branches by quadrature, counts by another count, the excess by brute force."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from figures import figure_tightness as tight
from figures.style import rc
from simulations.axis_cases import Case, NoiseStream, recount_cases
from simulations.half_spaces import Axis
from theory.claim import Grade, Rung
from theory.claims.theorem_3_shifted_mass import CLAIM
from theory.tightness import WorstCase

PARTS = ["first_branch", "second_branch", "half_at_radius"]
RADII = {dim: -np.log(2 * (1 - float(p_a))) for p_a, dim in tight.SERIES}


@pytest.fixture(scope="module")
def data():
    return tight.compute(num_samples=300, seed=7)


def test_branches_by_quadrature(data):
    for name in ("inside", "beyond"):
        branch = data[name]
        for offset, found in zip(branch["offset"][::9], branch["probability"][::9], strict=True):
            # Y <= R, Y the noise moved by r = R + offset
            value, _ = quad(lambda u: 0.5 * np.exp(-abs(u)), -60, -offset, points=[0.0])
            assert found == pytest.approx(value, abs=1e-9)
    assert data["inside"]["offset"][[0, -1]].tolist() == [-3, 0]
    assert data["beyond"]["offset"][[0, -1]].tolist() == [0, 2]
    assert data["inside"]["probability"][-1] == data["beyond"]["probability"][0] == 0.5


def test_places_and_exact_values(data):
    places = []
    for dim, radius in RADII.items():
        seen = data[f"drawn_{dim}"]
        assert (seen["offset"] >= -radius).all()
        assert seen["exact"] == pytest.approx(stats.laplace.cdf(-seen["offset"]), rel=1e-12)
        assert (seen["low"] <= seen["frequency"]).all()
        assert (seen["frequency"] <= seen["high"]).all()
        assert seen["frequency"] - seen["below"] == pytest.approx(seen["low"])
        assert seen["frequency"] + seen["above"] == pytest.approx(seen["high"])
        places += seen["offset"].tolist()
        assert any(seen["offset"] <= 0) and any(seen["offset"] > 0)
    assert np.diff(np.sort(places)).min() > 0.1
    assert len(places) == 33


def test_frequencies_are_those_of_the_words(data):
    for p_a, dim in tight.SERIES:
        axis = Axis.drawn(dim=dim, seed=7, purpose=f"{tight.NAME}/d={dim}")
        seen, cases = data[f"drawn_{dim}"], []
        for offset in seen["offset"]:
            r = RADII[dim] + offset
            worst = WorstCase(Fraction(p_a), 1.0, r, axis.place, axis.sign)
            cases.append(Case(worst, r))
        counts = recount_cases(cases, NoiseStream(1.0, dim, 300, seed=7))[:, 0]
        assert (counts == np.round(300 * seen["frequency"])).all()


def test_intervals_are_clopper_and_pearsons(data):
    for dim in RADII:
        seen = data[f"drawn_{dim}"]
        count = np.round(300 * seen["frequency"])
        tail = 0.001 / 33 / 2
        assert seen["low"] == pytest.approx(
            stats.beta.ppf(tail, count, 301 - count), rel=1e-8, nan_ok=True
        )
        assert seen["high"] == pytest.approx(stats.beta.isf(tail, count + 1, 300 - count), rel=1e-8)


def test_excess_by_brute_force(data):
    excess = data["excess"]
    assert excess["num_samples"][[0, -1]].tolist() == [100, 10**6]
    for n, least in zip(excess["num_samples"], excess["two"], strict=True):
        critical = stats.binom.ppf(0.001, n, 0.5) - 1
        assert stats.binom.cdf(critical, n, 0.5) <= 0.001
        powers = stats.binom.cdf(critical, n, 0.5 * np.exp(-least * np.array([1 + 1e-5, 1 - 1e-5])))
        assert powers[0] > 0.999 > powers[1]
    assert (np.diff(excess["two"]) < 0).all() and (np.diff(excess["several"]) < 0).all()
    # far out both are those of the normal law
    z = 2 * stats.norm.isf(0.001)
    middle = (stats.laplace.ppf(0.9) + stats.laplace.ppf(0.04)) / 2
    both = 2 * stats.laplace.cdf(middle)
    assert excess["two"][-1] == pytest.approx(z / 1e3, rel=0.02)
    # the share is 1/2 - excess/2, from so many samples in either
    assert excess["several"][-1] == pytest.approx(z / np.sqrt(both * 1e6), rel=0.02)


def test_samples_too_few_have_no_excess():
    few = tight.compute(num_samples=100, false_alarm=1e-35)
    assert np.isnan(few["excess"]["two"][0]) and few["excess"]["two"][-1] > 0


@pytest.mark.statistical(
    false_fail=1.1e-9,
    reason="Clopper and Pearson's intervals of all places, and the words of 32 bits",
)
@pytest.mark.parametrize("written", [3, 2**64 - 1])
def test_the_plotted_data_agree_with_the_claim(written, fresh):
    seed = fresh(written)
    found = tight.check(tight.compute(num_samples=100, seed=seed, false_alarm=1e-9))
    assert [item.part for item in found] == PARTS
    assert {item.part for item in found} < {part.name for part in CLAIM.parts}
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
    assert f"100 samples in d = 1 to 150528, seed {seed}" in found[0].scope


def changed(data, curve, **columns):
    return replace(data, curves={**data.curves, curve: {**data[curve], **columns}})


def refuted(data):
    found = tight.check(data)
    for item in found:
        assert item.grade is (Grade.CONSISTENT if item.finding else Grade.REFUTED)
        assert item.finding is True or item.witness
    return {item.part for item in found if item.finding is False}


def test_the_check_flips_with_the_data(data):
    seen = data["drawn_3072"]
    within = seen["offset"] <= 0
    assert not refuted(data)
    off = seen["exact"] + 1e-8 * within
    assert refuted(changed(data, "drawn_3072", exact=off)) == {"first_branch"}
    off = seen["exact"] * np.where(within, 1, 1.001)
    assert refuted(changed(data, "drawn_3072", exact=off)) == {"second_branch"}
    assert refuted(changed(data, "drawn_3072", low=seen["high"])) == {
        "first_branch",
        "second_branch",
    }
    narrow = np.where(within, seen["high"], seen["exact"] - 1e-6)
    assert refuted(changed(data, "drawn_3072", high=narrow)) == {"second_branch"}
    lower = data["beyond"]["probability"] + 0.01
    assert refuted(changed(data, "beyond", probability=lower)) == {"half_at_radius"}
    inside = data["inside"]["probability"]
    for wrong in (1 - inside, np.full(len(inside), 0.5)):  # below 1/2, or there and nowhere above
        assert refuted(changed(data, "inside", probability=wrong)) == {"half_at_radius"}


def test_caption_numbers_come_from_the_data(data):
    text = tight.caption(data)
    assert "on 300 raw d-vectors (seed 7)" in text and "0.999 at d = 150528" in text
    assert "level 0.001 with power 0.999; at n = 1000000 it is 0.0062 lambda" in text
    excess = {**data["excess"], "two": 2 * data["excess"]["two"]}
    other = replace(data, curves={**data.curves, "excess": excess})
    assert "it is 0.0124 lambda" in tight.caption(other)


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_axes_and_legends(data, venue, span):
    figure = tight.draw(data, rc(venue, span))
    flip, excess = figure.axes
    assert flip.get_xlabel() == r"$(r - R) / \lambda$" and flip.get_ylim() == (0, 1.02)
    assert flip.get_ylabel() == "$P(f(Y) = c_A)$" and flip.get_xlim() == (-3.15, 2.15)
    assert excess.get_xscale() == excess.get_yscale() == "log"
    assert excess.get_xlim() == (100, 10**6)
    assert excess.get_ylabel() == r"smallest excess $(r - R) / \lambda$"
    drawn = {line.get_label(): line for line in flip.lines}
    for name, label in (("inside", r"exact, $r \leq R$"), ("beyond", "exact, $r > R$")):
        assert np.array_equal(drawn[label].get_xdata(), data[name]["offset"])
        assert np.array_equal(drawn[label].get_ydata(), data[name]["probability"])
    for (_, dim), bars in zip(tight.SERIES, flip.containers, strict=True):
        points, _, (segments,) = bars
        seen = data[f"drawn_{dim}"]
        assert np.array_equal(points.get_xdata(), seen["offset"])
        assert np.array_equal(points.get_ydata(), seen["frequency"])
        ends = np.array([[low[1], high[1]] for low, high in segments.get_segments()])
        assert ends == pytest.approx(np.column_stack([seen["low"], seen["high"]]))
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 6
    assert "$P_A = 0.99$, $d = 3072$" in [text.get_text() for text in legend.get_texts()]
    pair = [text.get_text() for text in excess.get_legend().get_texts()]
    assert pair == ["two classes", "$P_A = 0.9$, $P_B = 0.04$"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": 99}, r"num_samples = 99 is outside 100, ..., 10\^6"),
        ({"num_samples": 10**7}, "num_samples = 10000000 is outside"),
        ({"seed": -1}, "seed = -1 is outside"),
        ({"seed": 2**64}, "seed = 18446744073709551616 is outside"),
        ({"false_alarm": 0.5}, r"false_alarm = 0.5 is outside \(0, 0.5\)"),
        ({"false_pass": 0.0}, r"false_pass = 0.0 is outside \(0, 0.5\)"),
        ({"false_pass": float("nan")}, "false_pass = nan is outside"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        tight.compute(**arguments)
