"""The exact law of T against quadrature of SciPy's Laplace law and brute force over patterns."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from theory.likelihood_ratio import MAX_ATOMS, Atom, LikelihoodRatio

STEPS = st.fractions(min_value=-3, max_value=3, max_denominator=6)
SCALES = st.fractions(min_value=Fraction(1, 20), max_value=9, max_denominator=20)
DELTAS = st.lists(STEPS, min_size=1, max_size=6)


def definition(x: list[Fraction], delta: list[Fraction]) -> Fraction:
    """||x - delta||_1 - ||x||_1."""
    return sum(map(abs, (a - b for a, b in zip(x, delta, strict=True))), Fraction(0)) - sum(
        map(abs, x), Fraction(0)
    )


def below(t: float, magnitude: float, scale: float) -> float:
    """P(T_1 <= t) by quadrature of the density over {x: |x - a| - |x| <= t}."""
    law = stats.laplace(scale=scale)

    def integrand(x: float) -> float:
        return float(law.pdf(x)) if abs(x - magnitude) - abs(x) <= t else 0.0

    edges = sorted({-40 * scale, 0.0, (magnitude - t) / 2, magnitude, magnitude + 40 * scale})
    pieces = itertools.pairwise(edges)
    return sum(integrate.quad(integrand, low, high, epsabs=1e-12)[0] for low, high in pieces)


@pytest.mark.parametrize("scale", ["1/4", "1", "3.7"])
@pytest.mark.parametrize("move", ["0.2", "-1.5", "6"])
@pytest.mark.parametrize("share", ["-1.1", "-1", "-0.4", "0", "0.9", "1", "1.2"])
def test_cdf_of_one_coordinate_is_the_integral_of_the_density(
    move: str, scale: str, share: str
) -> None:
    law = LikelihoodRatio.of([0, move, 0], scale=scale)
    place = Fraction(share) * law.norm
    # just inside, so that quadrature does not decide a tie of T with t by round-off
    t = float(place) + 1e-9 * float(law.norm)
    expected = below(t, float(law.norm), float(law.scale))
    assert float(law.cdf(place)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("move", "scale"), [("-0.3", "0.4"), ("2", "5"), ("7/3", "0.6")])
def test_cdf_jumps_by_the_mass_of_each_atom_and_nowhere_else(move: str, scale: str) -> None:
    law = LikelihoodRatio.of([move], scale=scale)
    tiny = Fraction(1, 10**30)
    jumps = {atom.place: float(atom.ball()) for atom in law.atoms()}
    assert len(jumps) == 2
    for share in range(-8, 9):
        place = law.norm * Fraction(share, 8)
        jump = float(law.cdf(place) - law.cdf(place - tiny))
        assert jump == pytest.approx(jumps.get(place, 0.0), rel=1e-12, abs=1e-25)


@pytest.mark.parametrize(
    ("delta", "scale"),
    [(["0.5", "-0.25"], "0.4"), (["1", "1"], "1.3"), (["-0.7", "2.1"], "0.9")],
)
def test_atoms_of_two_coordinates_are_the_jumps_of_a_convolution(
    delta: list[str], scale: str
) -> None:
    law = LikelihoodRatio.of(delta, scale=scale)
    first, second = (float(m) for m in law.magnitudes)
    noise = stats.laplace(scale=float(law.scale))

    def one_below(t: float) -> float:
        if abs(t) > first:
            return float(t > 0)
        return float(noise.sf((first - t) / 2))

    def cdf(t: float) -> float:
        # the first coordinate's c.d.f. averaged over the second: two atoms and a middle
        ends = one_below(t - second) / 2 + one_below(t + second) * float(noise.sf(second))
        cuts = [(second - t + sign * first) / 2 for sign in (-1, 1)]
        edges = sorted({0.0, second, *(min(max(cut, 0.0), second) for cut in cuts)})
        return ends + sum(
            integrate.quad(lambda x: noise.pdf(x) * one_below(t - second + 2 * x), low, high)[0]
            for low, high in itertools.pairwise(edges)
        )

    step = 1e-7
    atoms = {float(atom.place): float(atom.ball()) for atom in law.atoms()}
    for place in [*atoms, 0.37 * float(law.norm), -0.61 * float(law.norm)]:
        jump = cdf(place + step) - cdf(place - step)
        assert jump == pytest.approx(atoms.get(place, 0.0), abs=1e-5)
    # away from the atoms the c.d.f. itself is that convolution
    for share in range(-19, 20, 2):
        place = law.norm * Fraction(share, 20) + Fraction(1, 977)
        assert float(law.cdf(place)) == pytest.approx(cdf(float(place)), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(delta=DELTAS, scale=SCALES)
def test_cdf_of_many_coordinates_jumps_by_the_atoms_and_grows_between(
    delta: list[Fraction], scale: Fraction
) -> None:
    law = LikelihoodRatio(tuple(delta), scale)
    atoms = law.atoms()
    assert bool(law.cdf(atoms[0].place).overlaps(atoms[0].ball()))
    assert law.cdf(law.norm) == 1
    assert float(law.below(-law.norm)) == 0
    for atom in atoms:
        jump = law.cdf(atom.place) - law.below(atom.place)
        assert jump.overlaps(atom.ball())
        assert float(jump) == pytest.approx(float(atom.ball()), rel=1e-12)
    for left, right in itertools.pairwise(atoms):
        middle = (left.place + right.place) / 2
        assert law.cdf(middle).overlaps(law.below(middle))
        assert law.cdf(left.place) < law.cdf(middle) < law.below(right.place)


@pytest.mark.parametrize(
    ("delta", "scale"),
    [(["0.5", "-0.25", "0.1"], "0.4"), (["2"] * 7, "1.3"), (["0.7", "1.4", "1.4", "2.8"], "0.9")],
)
def test_cdf_under_y_is_the_mirror_image_and_the_tilt(delta: list[str], scale: str) -> None:
    # -T has the law of T under Y, whose density against that of X is e^(-T/scale)
    law = LikelihoodRatio.of(delta, scale=scale)
    places = [law.norm * Fraction(n, 400) for n in range(-400, 401)]
    inside = [float(law.cdf(b) - law.cdf(a)) for a, b in itertools.pairwise(places)]
    mirrored = [float(law.below(-a) - law.below(-b)) for a, b in itertools.pairwise(places)]
    for place, under_x, under_y in zip(places, inside, mirrored, strict=False):
        width = float(law.norm / 200 / law.scale)
        tilt = math.exp(-float(place / law.scale))
        # the ratio is between its values at the two ends of the interval
        assert tilt * math.exp(-width) * 0.999999 <= under_y / under_x <= tilt * 1.000001


@settings(max_examples=60)
@given(delta=DELTAS, scale=SCALES)
def test_atoms_are_the_sign_patterns_merged_by_their_exact_value(
    delta: list[Fraction], scale: Fraction
) -> None:
    law = LikelihoodRatio(tuple(delta), scale)
    moving = [entry for entry in delta if entry]
    expected: dict[Fraction, float] = {}
    for past in itertools.product([False, True], repeat=len(moving)):
        x = [2 * d if gone else -d for d, gone in zip(moving, past, strict=True)]
        tails = [math.exp(-abs(d / scale)) if g else 1.0 for d, g in zip(moving, past, strict=True)]
        place = definition(x, moving)
        expected[place] = expected.get(place, 0.0) + math.prod(tails) / 2 ** len(moving)
    atoms = law.atoms()
    assert [atom.place for atom in atoms] == sorted(expected)
    for atom in atoms:
        assert float(atom.ball()) == pytest.approx(expected[atom.place], rel=1e-12)
        assert float(atom.mass) == pytest.approx(expected[atom.place], rel=1e-12)
    assert atoms[-1] == Atom(law.norm, Fraction(1, 2 ** len(moving)), Fraction(0))
    assert float(law.atom_mass()) == pytest.approx(math.fsum(expected.values()), rel=1e-12)
    assert bool(law.atom_mass() < 1) is bool(moving)


@settings(max_examples=60)
@given(data=st.data(), delta=DELTAS, scale=SCALES)
def test_value_is_the_definition_and_reaches_r_on_its_orthant_only(
    data: st.DataObject, delta: list[Fraction], scale: Fraction
) -> None:
    law = LikelihoodRatio.of(delta, scale=scale)
    x = data.draw(st.lists(STEPS, min_size=len(delta), max_size=len(delta)))
    value = law.value_at(x)
    assert value == definition(x, delta)
    assert -law.norm <= value <= law.norm
    assert (value == law.norm) is all(a * b <= 0 for a, b in zip(x, delta, strict=True))


def test_law_does_not_depend_on_signs_order_zeros_or_the_unit() -> None:
    law = LikelihoodRatio.of(["0.3", "1/7", "2"], scale="0.9")
    other = LikelihoodRatio.of([-20, 0, "10/7", -3], scale=9)
    same = [(10 * a.place, a.weight, a.exponent) for a in law.atoms()]
    assert same == [(a.place, a.weight, a.exponent) for a in other.atoms()]


def test_sums_that_floats_keep_apart_are_one_atom() -> None:
    # 0.1 + 0.2 != 0.3 in floats: their T = 0 is two atoms, the decimals' is one
    decimals = LikelihoodRatio.of(["0.1", "0.2", "0.3"], scale="0.4")
    floats = LikelihoodRatio.of([0.1, 0.2, 0.3], scale=0.4)
    assert len(decimals.atoms()) == 7
    assert len(floats.atoms()) == 8
    middle = decimals.atoms()[3]
    assert (middle.place, middle.weight) == (0, Fraction(1, 4))
    assert sp.simplify(middle.mass - sp.exp(sp.Rational(-3, 4)) / 4) == 0


def test_equal_magnitudes_are_binomial_in_any_dimension() -> None:
    law = LikelihoodRatio.of(["0.05"] * 300, scale="0.5")
    atoms = law.atoms()
    assert len(atoms) == 301
    for beyond in (0, 1, 150, 300):
        atom = atoms[300 - beyond]
        assert atom.place == 15 - beyond * Fraction(1, 10)
        assert atom.weight == Fraction(math.comb(300, beyond), 2**300)
        assert atom.exponent == Fraction(beyond, 10)
    total = sum((atom.ball() for atom in atoms), start=0)
    assert total.overlaps(law.atom_mass())
    assert float(law.atom_mass()) == pytest.approx(((1 + math.exp(-0.1)) / 2) ** 300, rel=1e-12)


def test_zero_perturbation_is_constant() -> None:
    law = LikelihoodRatio.of([0, 0.0, "-0"], scale=2)
    assert law.atoms() == (Atom(Fraction(0), Fraction(1), Fraction(0)),)
    assert law.value_at([1, -2, "0.5"]) == 0
    assert [float(law.cdf(t)) for t in ("-1e-9", 0, 3)] == [0.0, 1.0, 1.0]
    assert float(law.atom_mass()) == 1.0


def test_balls_shrink_with_the_precision_and_leave_the_precision_alone() -> None:
    law, before = LikelihoodRatio.of(["1/3", "-5/7"], scale="0.11"), ctx.prec
    for atom in law.atoms():
        wide, narrow = atom.ball(40), atom.ball(400)
        assert wide.overlaps(narrow)
        assert narrow.rad() <= wide.rad()
        assert narrow.rel_accuracy_bits() > 380
    assert law.atom_mass(30).overlaps(law.atom_mass(300))
    assert ctx.prec == before


@pytest.mark.parametrize(
    ("delta", "scale", "message"),
    [
        ([], 1, "delta has 0 coordinates"),
        ([1], 0, r"scale = 0 is outside \(0, inf\)"),
        ([1], "-0.5", r"scale = -0\.5 is outside \(0, inf\)"),
        ([1], math.nan, r"scale = nan is outside \(0, inf\)"),
        ([math.nan], 1, "nan is not a finite number"),
        ([1, math.inf], 1, "inf is not a finite number"),
        ([True], 1, "True is not a finite number"),
    ],
)
def test_values_outside_the_domain_are_named(
    delta: list[float], scale: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LikelihoodRatio.of(delta, scale=scale)


def test_questions_without_an_answer_are_refused() -> None:
    law = LikelihoodRatio.of([1, -2], scale=Fraction(3, 2))
    with pytest.raises(ValueError, match="x has 3 coordinates, legal is 2"):
        law.value_at([1, 2, 3])
    with pytest.raises(ValueError, match="nan is not a finite number"):
        LikelihoodRatio.of([1], scale=2).cdf(math.nan)
    with pytest.raises(ValueError, match=r"scale = -1 is outside \(0, inf\)"):
        LikelihoodRatio((Fraction(1),), Fraction(-1))
    many = LikelihoodRatio.of([2**place for place in range(20)], scale=1)
    with pytest.raises(ValueError, match=f"legal is at most {MAX_ATOMS}"):
        many.atoms()
    with pytest.raises(ValueError, match="20 non-zero coordinates have over"):
        many.cdf(0)


def test_floats_of_numpy_are_exact_inputs() -> None:
    law = LikelihoodRatio.of(np.array([0.1, -0.25]), scale=np.float64(0.3))
    assert law.norm == Fraction(0.1) + Fraction(1, 4)
    assert law.value_at(np.array([0.5, 0.5])) == Fraction(1, 4) - Fraction(0.1)
