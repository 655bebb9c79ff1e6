"""Rigorous integrals of densities, and the counterexamples that are weighed by them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats
import sympy as sp
from flint import arb, fmpq

from theory.bounds import Bounds
from theory.claim import Grade
from theory.conjectures.axis_law import AxisLaw
from theory.conjectures.axis_noise import AxisNoise, parse_noise
from theory.conjectures.counterexamples import Counterexample, find_counterexample
from theory.conjectures.integration import can_integrate, compile_analytic, inverse_tail, mass
from theory.conjectures.settings import Setting, implied_pair
from theory.conjectures.slabs import Slabs, exact_text, short_between
from theory.conjectures.worst_slabs import quantile
from theory.exact import to_fraction, working_precision
from theory.symbols import x

A = sp.Abs(x)
NAMES = ("laplace", "gaussian", "uniform")
TINY = Fraction(1, 10**300)

#: (setting, PA, PB, number of classes)
PLACES = (
    (Setting.BINARY, Fraction(9, 10), None, 2),
    (Setting.BINARY, 1 - TINY, None, 2),
    (Setting.BINARY, Fraction(1, 2) + Fraction(1, 10**12), None, 2),
    (Setting.BINARY_PB, Fraction(3, 5), Fraction(3, 10), 2),
    (Setting.MULTICLASS, Fraction(3, 5), Fraction(1, 5), None),
    (Setting.MULTICLASS, Fraction(9, 10), TINY, None),
    (Setting.MULTICLASS, Fraction(1, 5), Fraction(1, 10), None),
    (Setting.K_CLASSES, Fraction(3, 5), Fraction(3, 10), 3),
    (Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 10), 3),
    (Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 20), 10),
    (Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 100), 10),
    (Setting.K_CLASSES, Fraction(1, 10), Fraction(1, 10**16), 10**15),
)


def named(place: tuple) -> str:
    setting, p_a, p_b, classes = place
    return f"{setting}-{float(p_a)}-{float(p_b or 0)}-{classes}"


def exact_radius(name: str, place: tuple, scale: Fraction) -> Fraction:
    """The radius (Q(short) + Q(other))/2 of log-concave noise, by the closed quantiles."""
    top, other = implied_pair(*place)
    noise = parse_noise(name)
    both = quantile(noise, 1 - top, 1100) + quantile(noise, other, 1100)
    return scale * both / 2


def found(name: str, place: tuple, scale: Fraction, radius: Fraction) -> Counterexample | None:
    return find_counterexample(parse_noise(name), *place, scale=scale, radius_above=radius)


def closed_tail(name: str, t: Fraction) -> arb:
    ball = arb(fmpq(t.numerator, t.denominator))
    if name == "laplace":
        return (-ball).exp() / 2
    if name == "gaussian":
        return (ball / arb(2).sqrt()).erfc() / 2
    return (1 - ball) / 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("t", [Fraction(0), Fraction(1, 10**9), Fraction(2, 3)])
@pytest.mark.parametrize("bits", [64, 200, 700])
def test_a_tail_is_that_of_the_closed_form(name, t, bits):
    ball = mass(parse_noise(name).density, t, None, bits)
    with working_precision(2 * bits):
        assert ball.overlaps(closed_tail(name, t))
        assert ball.rel_accuracy_bits() >= bits - 8


@pytest.mark.parametrize("name", ["laplace", "gaussian"])
def test_far_tails_keep_their_relative_accuracy(name):
    for t in (Fraction(37), Fraction(690), Fraction(10**5)):
        ball = mass(parse_noise(name).density, t, None, 128)
        with working_precision(256):
            assert ball.overlaps(closed_tail(name, t))
        assert ball.rel_accuracy_bits() > 100


def test_an_interval_across_zero_and_its_reflection():
    density = parse_noise("gaussian").density
    low, high = Fraction(-1, 3), Fraction(7, 5)
    ball = mass(density, low, high, 100)
    with mpmath.workdps(40):
        expected = mpmath.ncdf(mpmath.mpf(7) / 5) - mpmath.ncdf(mpmath.mpf(-1) / 3)
        assert abs(mpmath.mpf(ball.mid().str(35, radius=False)) - expected) < 1e-30
    assert ball.overlaps(mass(density, -high, -low, 100))
    with pytest.raises(ValueError, match=r"low = 7/5 is outside"):
        mass(density, high, low, 100)


DENSITIES = {
    "mixture": sp.exp(-A) / 4 + sp.exp(-A / 3) / 12,
    "logistic": sp.exp(-A) / (1 + sp.exp(-A)) ** 2,
    "student": 2 * sp.sqrt(3) / (3 * sp.pi * (1 + x**2 / 3) ** 2),
    "cauchy": 1 / (sp.pi * (1 + x**2)),
    "power": sp.exp(-(A ** sp.Rational(3, 2))) / (2 * sp.gamma(sp.Rational(5, 3))),
    "triangle": sp.Piecewise((1 - A, A < 1), (0, True)),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_other_densities_integrate_to_one_and_agree_with_quadrature(name):
    density = DENSITIES[name]
    total = mass(density, None, None, 128)
    assert abs(total - 1) < 1e-30
    mutant = mass(density * (1 + sp.Rational(1, 10**9)), None, None, 128)
    with working_precision(128):
        assert abs(mutant - 1 - arb(fmpq(1, 10**9))) < 1e-30
    numeric = sp.lambdify(x, density, "mpmath")
    with mpmath.workdps(30):
        expected = mpmath.quad(numeric, [mpmath.mpf(1) / 3, 1, 4])
        assert abs(float(mass(density, Fraction(1, 3), Fraction(4), 128)) - expected) < 1e-15


@pytest.mark.parametrize("factor", [1 + sp.Rational(1, 10**9), 1 - sp.Rational(1, 10**9)])
@pytest.mark.parametrize("name", ["laplace", "gaussian", "uniform"])
def test_a_factor_of_one_in_1e9_is_told_apart(name, factor):
    noise = parse_noise(name)
    mutant = mass(noise.density * factor, Fraction(1, 2), None, 128)
    assert not mutant.overlaps(mass(noise.density, Fraction(1, 2), None, 128))
    # nor is any counterexample confirmed with it
    place = (Setting.BINARY, Fraction(4, 5), None, 2)
    radius = 2 * exact_radius(name, place, Fraction(1))
    wrong = replace(noise, density=noise.density * factor)
    assert find_counterexample(wrong, *place, scale=Fraction(1), radius_above=radius) is None


def test_a_branch_cut_on_the_path_is_no_trap():
    root = sp.sqrt(A) * sp.exp(-A)
    with working_precision(100):
        expected = arb(fmpq(3, 2)).gamma()
        assert mass(root, Fraction(0), None, 80).overlaps(expected)
    t = sp.Symbol("t", positive=True)
    with pytest.raises(ValueError, match="no integral is known for besselk"):
        compile_analytic(sp.besselk(0, t), t)
    with pytest.raises(ValueError, match="neither a number nor the variable"):
        compile_analytic(sp.exp(-t) * sp.Symbol("y"), t)
    assert not can_integrate(sp.Piecewise((1, sp.sqrt(2) > A), (0, True)))


@pytest.mark.parametrize("q", [Fraction(1, 3), Fraction(1, 10**6), TINY])
def test_newton_finds_the_quantile(q):
    density = parse_noise("laplace").density
    point = inverse_tail(density, q, Fraction(1), 200)
    assert abs(point - quantile(parse_noise("laplace"), q, 300)) < Fraction(1, 10**50)


def test_newton_stays_inside_the_support():
    for start in (Fraction(1, 2), Fraction(1)):
        point = inverse_tail(DENSITIES["triangle"], Fraction(1, 2 * 10**40), start, 200)
        assert abs(1 - point - Fraction(1, 10**20)) < Fraction(1, 10**50)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES, ids=named)
@pytest.mark.parametrize("scale", [Fraction(1), Fraction(7, 3)])
def test_wrong_radii_are_refuted_and_sound_ones_are_not(name, place, scale):
    exact = exact_radius(name, place, scale)
    billionth = Fraction(1, 10**9)
    for radius in (2 * exact, exact * (1 + billionth), exact + Fraction(1, 10**6)):
        shown = found(name, place, scale, radius)
        assert shown is not None
        assert shown.grade is Grade.REFUTED
        assert exact < shown.r < radius
        assert shown.margin.upper < 0
    assert shown.recheck() == ()
    assert found(name, place, scale, exact * (1 - billionth)) is None
    assert found(name, place, scale, Fraction(float(exact) * (1 - 2**-50))) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("room", [Fraction(1, 10**40), Fraction(1, 10**200)])
def test_an_excess_far_below_the_floats_is_refuted(name, room):
    place = (Setting.MULTICLASS, Fraction(3, 5), Fraction(1, 5), None)
    exact = exact_radius(name, place, Fraction(2))
    shown = found(name, place, Fraction(2), exact + room)
    assert -1e-39 < shown.margin.lower < shown.margin.upper < 0
    assert shown.recheck() == ()
    assert found(name, place, Fraction(2), exact - room) is None


@pytest.mark.parametrize("name", NAMES)
def test_any_radius_below_one_half_is_refuted(name):
    for p_a, radius in ((Fraction(2, 5), Fraction(1, 10**7)), (TINY, Fraction(3, 2))):
        shown = found(name, (Setting.BINARY, p_a, None, 2), Fraction(2), radius)
        assert shown.masses_x[0].lower > 0.5
        assert shown.recheck() == ()
    assert found(name, (Setting.BINARY, Fraction(2, 5), None, 2), Fraction(1), Fraction(0)) is None


def test_uniform_noise_near_and_beyond_the_end_of_its_support():
    place = (Setting.BINARY, 1 - Fraction(1, 10**9), None, 2)  # radius 1 - 2e-9
    assert found("uniform", place, Fraction(1), 1 - Fraction(21, 10**10)) is None
    for radius in (1 - Fraction(19, 10**10), Fraction(1), Fraction(5)):
        assert found("uniform", place, Fraction(1), radius).recheck() == ()


def test_an_exact_radius_that_is_rational_is_sound():
    place = (Setting.MULTICLASS, Fraction(3, 5), Fraction(1, 5), None)
    assert found("uniform", place, Fraction(5, 2), Fraction(1)) is None
    assert found("uniform", place, Fraction(5, 2), 1 + TINY) is not None


def test_the_hypotheses_hold_for_every_class():
    place = (Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 20), 10)
    shown = found("laplace", place, Fraction(1), 3 * exact_radius("laplace", place, Fraction(1)))
    assert len(shown.masses_x) == shown.classifier.num_classes <= 10
    assert shown.masses_x[0].lower >= 0.6
    assert all(one.upper <= 0.05 for one in shown.masses_x[1:])
    assert sum(one.value for one in shown.masses_y) == pytest.approx(1.0)


@pytest.fixture(scope="module")
def three() -> Counterexample:
    place = (Setting.K_CLASSES, Fraction(3, 5), Fraction(1, 4), 3)
    return found("laplace", place, Fraction(3, 2), Fraction(2))


def moved(slabs: Slabs, by: Fraction) -> Slabs:
    return replace(slabs, edges=tuple(edge + by for edge in slabs.edges))


TAMPERED = {
    "edge left": lambda c: replace(c, classifier=moved(c.classifier, Fraction(-1))),
    "edge right": lambda c: replace(c, classifier=moved(c.classifier, Fraction(2))),
    "edge by 1e-12": lambda c: replace(c, classifier=moved(c.classifier, Fraction(1, 10**12))),
    "r above the radius": lambda c: replace(c, r=c.radius_above + 1),
    "r below the exact radius": lambda c: replace(c, r=Fraction(1, 10)),
    "p_a": lambda c: replace(c, p_a=Fraction(4, 5)),
    "p_b": lambda c: replace(c, p_b=Fraction(1, 5)),
    "p_b above p_a": lambda c: replace(c, p_b=Fraction(4, 5)),
    "scale": lambda c: replace(c, scale=Fraction(3)),
    "scale 0": lambda c: replace(c, scale=Fraction(0)),
    "noise": lambda c: replace(c, noise=parse_noise("gaussian")),
    "classes": lambda c: replace(c, num_classes=2),
    "sign": lambda c: replace(c, classifier=replace(c.classifier, sign=-1)),
    "axis": lambda c: replace(c, classifier=replace(c.classifier, axis=1)),
    "labels": lambda c: replace(c, classifier=replace(c.classifier, labels=(1, 2, 0))),
    "never cB": lambda c: replace(c, classifier=replace(c.classifier, labels=(0, 2, 2))),
    "mass": lambda c: replace(c, masses_x=(Bounds(0.7, 0.7, "typed"), *c.masses_x[1:])),
    "margin": lambda c: replace(c, margin=Bounds(-0.9, -0.9, "typed")),
    "no margin": lambda c: replace(c, margin=None),
    "masses left out": lambda c: replace(c, masses_y=c.masses_y[:1]),
    "grade": lambda c: replace(c, grade=Grade.PROVED),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(three, what):
    assert three.recheck() == ()
    assert TAMPERED[what](three).recheck() != ()


def test_the_text_has_all_that_is_needed_to_recompute(three):
    words = json.loads(json.dumps(three.as_json()))
    edges = tuple(to_fraction(edge) for edge in words["edges"].split(", "))
    labels = tuple(int(label) for label in words["labels"].split(", "))
    again = replace(
        three,
        p_a=to_fraction(words["p_a"]),
        p_b=to_fraction(words["p_b"]),
        scale=to_fraction(words["scale"]),
        radius_above=to_fraction(words["radius_above"]),
        r=to_fraction(words["r"]),
        classifier=Slabs(0, 1, edges, labels),
    )
    assert again == three
    # another path to the margin that is printed: the closed distribution function
    ends = [float(edge - three.r) / float(three.scale) for edge in edges]
    margin = scipy.stats.laplace.cdf(ends[0]) - scipy.stats.laplace.sf(ends[-1])
    assert float(words["margin"].strip("[]").split(", ")[0]) == pytest.approx(margin, rel=1e-12)
    assert len(three.lines()) >= 8
    assert all(isinstance(line, str) and line for line in three.lines())


def test_bad_input_is_a_line():
    place = (Setting.MULTICLASS, Fraction(1, 5), Fraction(3, 5), None)
    with pytest.raises(ValueError, match="is outside 0 < p_b <= p_a < 1"):
        found("laplace", place, Fraction(1), Fraction(1))
    with pytest.raises(ValueError, match="scale = 0 is outside"):
        found("laplace", PLACES[0], Fraction(0), Fraction(1))


def law_of(scipy_law, end: float = np.inf) -> AxisLaw:
    return AxisLaw(
        scipy_law.logpdf,
        lambda t: np.asarray(scipy_law.sf(t)),
        lambda q: np.asarray(scipy_law.isf(q)),
        end,
    )


def noise_of(density: sp.Expr | None, law: AxisLaw, log_concave: bool | None) -> AxisNoise:
    words = {"lam": sp.Integer(1)}
    return AxisNoise(
        "density", "a density", None, words, "lam", log_concave, False, "assumed", density, law
    )


OTHERS = {
    "student": noise_of(DENSITIES["student"], law_of(scipy.stats.t(3)), False),
    "logistic": noise_of(DENSITIES["logistic"], law_of(scipy.stats.logistic()), True),
    "triangle": noise_of(DENSITIES["triangle"], law_of(scipy.stats.triang(0.5, -1, 2), 1.0), True),
    "scipy": noise_of(None, law_of(scipy.stats.t(4)), False),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("place", [PLACES[0], PLACES[4], PLACES[9]], ids=named)
def test_other_noise_by_level_sets_or_half_lines(name, place):
    noise, scale = OTHERS[name], Fraction(7, 3)
    top, other = implied_pair(*place)
    exact = scale * Fraction(float(noise.radius(float(1 - top), float(other))))
    for factor in (2, 1 + Fraction(1, 10**5)):
        shown = find_counterexample(noise, *place, scale=scale, radius_above=exact * factor)
        assert shown.grade is (Grade.CONSISTENT if name == "scipy" else Grade.REFUTED)
        assert shown.recheck() == ()
    sound = exact * (1 - Fraction(1, 10**5))
    assert find_counterexample(noise, *place, scale=scale, radius_above=sound) is None


def test_a_half_line_is_not_the_worst_of_student_noise():
    noise = OTHERS["student"]
    exact, by_half_lines = float(noise.radius(0.01, 0.01)), scipy.stats.t(3).isf(0.01)
    assert exact < 0.99 * by_half_lines
    radius = Fraction((exact + by_half_lines) / 2)
    place = (Setting.BINARY, Fraction(99, 100), None, 2)
    shown = find_counterexample(noise, *place, scale=Fraction(1), radius_above=radius)
    assert len(shown.classifier.edges) >= 2
    # the half-line of the same hypotheses does not refute it
    edge = Fraction(round(by_half_lines + 0.001, 6))
    assert replace(shown, classifier=Slabs(0, 1, (edge,), (0, 1))).recheck() == (
        "P(f(Y) = cB) > P(f(Y) = cA) is violated",
    )


def test_half_lines_refute_where_the_floats_of_level_sets_give_out():
    noise, place = (
        OTHERS["student"],
        (Setting.MULTICLASS, Fraction(9, 10), Fraction(1, 10**30), None),
    )
    exact = Fraction(float(noise.radius(0.1, 1e-30)))
    far = (scipy.stats.t(3).isf(0.1) + scipy.stats.t(3).isf(1e-30)) / 2
    shown = find_counterexample(
        noise, *place, scale=Fraction(1), radius_above=max(2 * exact, Fraction(1.1 * far))
    )
    assert shown.recheck() == ()


def test_slabs_refuse_what_is_no_partition():
    one, two = Fraction(1), Fraction(2)
    for edges, labels, finer, text in (
        ((two, one), (0, 1, 2), 1, "do not ascend"),
        ((one,), (0, 1, 2), 1, "are not 2 integers"),
        ((one,), (0, -1), 1, "are not 2 integers"),
        ((one,), (0, 1), 5, "finer = 5"),
    ):
        with pytest.raises(ValueError, match=text):
            Slabs(0, 1, edges, labels, finer)
    with pytest.raises(ValueError, match="sign = 0"):
        Slabs(0, 0, (one,), (0, 1))


def test_fine_classes_have_equal_parts_of_the_noise():
    place = (Setting.MULTICLASS, Fraction(1, 10), Fraction(1, 100), None)
    shown = found("gaussian", place, Fraction(2), Fraction(9))
    assert shown.classifier.finer > 80
    points = 2.0 * scipy.stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)[:, None]
    labels = shown.classifier(points)
    parts = np.bincount(labels)[2:]
    assert len(parts) == shown.classifier.finer
    assert np.ptp(parts) <= 2
    assert (np.diff(labels[(labels >= 2)]) >= 0).all()


def test_short_decimals():
    assert short_between(Fraction(1, 10**9), Fraction(2, 10**9)) == Fraction(3, 2 * 10**9)
    assert short_between(Fraction(999), Fraction(2001)) == 2000
    assert short_between(Fraction(-2), Fraction(1)) == 0
    with pytest.raises(ValueError, match=r"low = 2\.0 is outside"):
        short_between(Fraction(2), Fraction(2))
    for value in (Fraction(-7, 8), 1 - TINY, 3 * TINY, Fraction(22, 7), Fraction(-12)):
        assert to_fraction(exact_text(value)) == value
