"""Comparisons of radii, against the certificates in floats and the claims' own crossing points."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb, fmpq

from theory import certificates
from theory.claims import uniform_against_laplace
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.comparisons import AtMost
from theory.conjectures.crossings import Line, probability_at, trace
from theory.conjectures.dominance import Comparison, compare
from theory.conjectures.expression_text import half_width
from theory.conjectures.rivals import Rival, rivals
from theory.conjectures.sectors import inner, sectors
from theory.conjectures.settings import Setting
from theory.symbols import lam, p_a, p_b, sigma

THEOREM_2 = -lam * sp.log(2 * (1 - p_a))
LECUYER = lam * sp.log(p_a / p_b) / 2
THEOREM_1 = sp.Max(LECUYER, -lam * sp.log(1 - p_a + p_b))
BINARY, PAIRS, MULTI, K = (
    Setting.BINARY,
    Setting.BINARY_PB,
    Setting.MULTICLASS,
    Setting.K_CLASSES,
)


def against(
    radius: sp.Expr,
    name: str,
    setting: Setting = BINARY,
    classes: int | None = 2,
    noise: str = "laplace",
) -> Comparison:
    known = rivals(noise, setting, classes)
    (found,) = compare(radius, noise, setting, classes, {name: known[name]})
    return found


def signs(found: Comparison) -> list[str]:
    return [region.relation for region in found.regions]


def test_an_unknown_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="none of laplace, gaussian, uniform"):
        rivals("cauchy", BINARY, 2)
    with pytest.raises(ValueError, match="none of laplace, gaussian, uniform"):
        compare(THEOREM_2, "cauchy", BINARY, 2, {})


def test_foreign_symbols_and_budgets_are_refused() -> None:
    with pytest.raises(ValueError, match="p_B does not belong to setting = binary"):
        compare(LECUYER, "laplace", BINARY, 2, {})
    with pytest.raises(ValueError, match="max_boxes = 0 is outside"):
        compare(THEOREM_2, "laplace", BINARY, 2, {}, max_boxes=0)


# -- two classes, PA alone -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["theorem_1", "theorem_2", "exact"])
def test_theorem_2_is_theorem_1_and_exact_with_two_classes(name: str) -> None:
    found = against(THEOREM_2, name)
    assert (found.relation, found.proved, signs(found)) == ("equal", True, ["equal"])


@pytest.mark.parametrize("name", ["theorem_1", "theorem_2", "exact"])
@pytest.mark.parametrize("factor, relation", [(1 - 1e-9, "smaller"), (1 + 1e-9, "larger")])
def test_a_billionth_more_or_less_is_seen(name: str, factor: float, relation: str) -> None:
    found = against(THEOREM_2 * sp.Rational(Fraction(factor)), name)
    assert (found.relation, found.proved) == (relation, True)


def test_lecuyer_is_smaller_than_theorem_2_with_two_classes() -> None:
    found = against(lam * sp.log(p_a / (1 - p_a)) / 2, "theorem_2")
    assert (found.relation, found.proved) == ("smaller", True)
    assert signs(found) == ["equal", "smaller"]
    assert against(lam * sp.log(p_a / (1 - p_a)), "theorem_2").relation == "larger"  # no half


def brackets(found: Comparison) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(one.enclosure[0]), Decimal(one.enclosure[1])) for one in found.crossings]


@pytest.mark.parametrize(
    "radius, noise, name, key, order",
    [
        (THEOREM_2, "laplace", "cohen", "p_GL", ["smaller", "larger"]),
        (THEOREM_2, "laplace", "uniform", "p_UL", ["smaller", "larger"]),
        (sigma * sp.sqrt(2) * sp.erfinv(2 * p_a - 1), "gaussian", "theorem_2", "p_GL", None),
        (sigma * sp.sqrt(2) * sp.erfinv(2 * p_a - 1), "gaussian", "uniform", "p_UG", None),
        (half_width * (2 * p_a - 1), "uniform", "cohen", "p_UG", ["larger", "smaller"]),
        (half_width * (2 * p_a - 1), "uniform", "theorem_1", "p_UL", ["larger", "smaller"]),
    ],
)
def test_crossings_are_those_of_the_claim(
    radius: sp.Expr, noise: str, name: str, key: str, order: list[str] | None
) -> None:
    found = against(radius, name, noise=noise)
    ((low, high),) = brackets(found)
    printed = [
        Decimal(int(one.p)) / Decimal(int(one.q)) for one in uniform_against_laplace.PRINTED[key]
    ]
    assert printed[0] < low < high < printed[1]
    assert high - low < Decimal("1e-25")
    assert found.crossings[0].unique
    assert found.relation == "crosses"
    assert found.proved
    assert all(region.proved for region in found.regions)
    if order is not None:
        assert signs(found) == ["equal", *order]


def test_without_the_root_of_two_the_crossing_is_elsewhere() -> None:
    known = rivals("laplace", BINARY, 2)["cohen"].radius
    assert known is not None
    mutant = {"mutant": Rival("mutant", known / sp.sqrt(2))}
    (found,) = compare(THEOREM_2, "laplace", BINARY, 2, mutant)
    # k = Phi^-1(1 - e^-k/2) has one solution: Laplace's radius beyond a smaller PA
    ((low, high),) = brackets(found)
    assert Decimal("0.72487968") < low < high < Decimal("0.72487969")
    double = {"mutant": Rival("mutant", 2 * THEOREM_2)}
    (never,) = compare(THEOREM_2, "laplace", BINARY, 2, double)
    assert (never.relation, never.crossings) == ("smaller", ())


def test_regions_are_in_words_and_rounded_into_themselves() -> None:
    found = against(THEOREM_2, "cohen")
    texts = [region.text for region in found.regions]
    assert texts == [
        "PA in (0, 0.5)",
        "PA in (0.5, 0.9535591423)",
        "PA in (0.9535591424, 1)",
    ]


def test_a_crossing_far_out_is_found_and_its_digits_are_of_the_tail() -> None:
    ahead = THEOREM_2 - lam * 40  # is 40 behind, and twice as fast
    twice = {"line": Rival("line", THEOREM_2 / 2)}
    (found,) = compare(ahead, "laplace", BINARY, 2, twice)
    ((low, high),) = brackets(found)
    tail = Decimal(1) - high
    # k - 40 = k/2 at k = 80: PA = 1 - e^-80/2
    assert tail < Decimal(-80).exp() / 2 < Decimal(1) - low
    assert found.regions[-1].text.startswith("PA in (1 - 9.02")


def test_a_narrow_difference_is_found_by_the_proof_and_not_by_the_grid() -> None:
    inside = sp.And(p_a > sp.Rational(9, 10), p_a < sp.Rational(9001, 10_000))
    more = sp.Piecewise((THEOREM_2 * (1 + sp.Rational(1, 10**6)), inside), (THEOREM_2, True))
    assert against(more, "theorem_2").relation == "larger"
    less = sp.Piecewise((THEOREM_2 * (1 - sp.Rational(1, 10**6)), inside), (THEOREM_2, True))
    assert against(less, "theorem_2").relation == "smaller"


def test_a_radius_that_is_not_real_counts_as_0() -> None:
    root = lam * sp.sqrt(2 * p_a - 1) / 1000  # not real for PA < 1/2
    found = against(root, "theorem_2")
    assert (found.relation, signs(found)) == ("crosses", ["equal", "larger", "smaller"])
    below = {"below": Rival("below", lam * (1 - p_a))}
    (other,) = compare(root, "laplace", BINARY, 2, below)
    assert other.regions[0].relation == "smaller"


# -- more classes ----------------------------------------------------------------------------------


def test_theorem_1_is_between_lecuyer_and_exact() -> None:
    known = rivals("laplace", MULTI, None)
    chosen = {name: known[name] for name in ("theorem_1", "exact", "lecuyer")}
    found = compare(THEOREM_1, "laplace", MULTI, None, chosen)
    assert [(one.relation, one.proved) for one in found] == [
        ("equal", True),
        ("smaller", True),
        ("larger", True),
    ]
    assert all(len(one.regions) == 4 for one in found)


def test_theorem_1_with_a_factor_is_not_below_exact() -> None:
    found = against(THEOREM_1 * sp.Rational(1001, 1000), "exact", MULTI, None)
    assert found.relation == "crosses"  # for PA <= 1/2 Lecuyer's radius is exact


def test_crossings_are_traced_along_slices() -> None:
    found = against(THEOREM_1, "cohen", MULTI, None)
    assert (found.relation, found.proved) == ("crosses", True)
    diagonal = [one for one in found.crossings if one.name.endswith("PB = min(PA, 1 - PA)")]
    binary = against(THEOREM_2, "cohen").crossings
    # at PB = 1 - PA all is as with two classes
    assert diagonal[0].enclosure[0][:25] == binary[0].enclosure[0][:25]
    half = [one for one in found.crossings if one.name.endswith("/2")]
    for one in half:
        middle = Decimal(one.enclosure[0])
        top, other = float(middle), float(min(middle, 1 - middle)) / 2
        ours = certificates.theorem_1(top, other, scale=1)
        theirs = certificates.cohen(top, other, sigma=math.sqrt(2))
        assert float(ours) == pytest.approx(float(theirs), rel=1e-9)
    assert {one.slice for one in found.regions} >= {None, "PB = 1/2", "PB = min(PA, 1 - PA)/2"}


def test_uniform_and_gaussian_radii_of_one_noise_are_equal_to_exact_up_to_1_minus_p_a() -> None:
    quantiles = sp.erfinv(2 * p_a - 1) - sp.erfinv(2 * p_b - 1)
    for radius, noise in (
        (half_width * (p_a - p_b), "uniform"),
        (sigma * quantiles / sp.sqrt(2), "gaussian"),
    ):
        found = against(radius, "exact", MULTI, None, noise)
        assert (found.relation, found.proved) == ("smaller", True)
        assert signs(found) == ["equal", "equal", "smaller", "smaller"]


# -- what is proved already ----------------------------------------------------------------------


def quantile(p: sp.Expr) -> sp.Expr:
    return sp.Piecewise((sp.log(2 * p), p < sp.Rational(1, 2)), (-sp.log(2 - 2 * p), True))


OTHER = sp.Min(p_b, 1 - p_a)
EXACT_3 = lam * (quantile(sp.Max(p_a, 1 - 2 * OTHER)) - quantile(OTHER)) / 2
GAUSSIAN = sigma * (sp.erfinv(2 * p_a - 1) - sp.erfinv(2 * OTHER - 1)) / sp.sqrt(2)


def test_a_case_in_a_quantile_is_one_of_the_coordinates_on_either_side() -> None:
    found = against(GAUSSIAN, "exact", MULTI, None, "gaussian")
    assert (found.relation, found.proved, set(signs(found))) == ("equal", True, {"equal"})
    more = against(GAUSSIAN * sp.Rational(1001, 1000), "exact", MULTI, None, "gaussian")
    assert (more.relation, more.proved) == ("larger", True)


def test_of_a_tight_radius_the_exact_one_is_compared() -> None:
    known = rivals("laplace", K, 3)
    chosen = {name: known[name] for name in ("theorem_1", "exact", "lecuyer")}
    found = compare(EXACT_3, "laplace", K, 3, chosen, max_boxes=100, sound=True, tight=True)
    assert [(one.relation, one.proved) for one in found] == [
        ("larger", True),
        ("equal", True),
        ("larger", True),
    ]
    assert signs(found[2])[1] == "larger"  # two others leave more than PA there


def test_a_tight_radius_crosses_as_its_own_formula_does() -> None:
    known = rivals("uniform", BINARY, 2)
    radius = half_width * (2 * p_a - 1)
    for tight in (False, True):
        found = compare(radius, "uniform", BINARY, 2, known, sound=tight, tight=tight)
        if not tight:
            expected = found
    assert found == expected
    assert {one.relation for one in found} == {"equal", "crosses"}


@pytest.mark.parametrize("setting, classes", [(MULTI, None), (K, 3), (PAIRS, 2)])
def test_what_is_sound_is_at_most_exact_and_its_regions_are_proved(
    setting: Setting, classes: int | None
) -> None:
    chosen = {"exact": rivals("laplace", setting, classes)["exact"]}
    (plain,) = compare(THEOREM_1, "laplace", setting, classes, chosen)
    (known,) = compare(THEOREM_1, "laplace", setting, classes, chosen, sound=True)
    assert plain == known and (known.relation, known.proved) == ("smaller", True)


def test_too_few_boxes_leave_a_comparison_undecided() -> None:
    known = rivals("laplace", MULTI, None)
    (found,) = compare(
        THEOREM_1, "laplace", MULTI, None, {"lecuyer": known["lecuyer"]}, max_boxes=1
    )
    assert (found.relation, found.proved) == ("undecided", False)
    assert {one.relation for one in found.regions if one.slice is None} >= {"undecided"}


# -- proofs and curves ---------------------------------------------------------------------------


def test_a_squared_root_is_not_compared_with_a_negative_right_side() -> None:
    (one, _) = sectors("laplace", BINARY, 2, proportional=True)
    root = sp.sqrt(inner) / 2
    # z/4 <= (k + 1)^2 holds, but the right side is below 0 and counts as 0
    found = AtMost(one, root, -inner - 1).run(max_boxes=40)
    assert found.status is False
    assert AtMost(one, root, inner + 1).run(max_boxes=40).status is True


def test_a_minimum_and_cases_on_the_right() -> None:
    (one, _) = sectors("laplace", BINARY, 2, proportional=True)
    cases = sp.Piecewise((inner + 1, inner < 2), (2 * inner, True))
    assert AtMost(one, inner, sp.Min(cases, inner + sp.exp(-inner))).run().status is True
    assert AtMost(one, inner + 1, sp.Min(cases, inner)).run().status is False


def test_a_maximum_is_bounded_by_its_parts_and_bounds_by_one_of_its_own() -> None:
    (one, _) = sectors("laplace", BINARY, 2, proportional=True)
    low, high = inner / 2 + 1, 2 * inner - 1
    assert AtMost(one, sp.Max(inner, low), sp.Max(low, high, inner)).run().status is True
    assert AtMost(one, inner, sp.Max(low, high) / 3).run().status is False
    assert AtMost(one, sp.Max(inner, low) / 2, sp.Max(low, high)).run().status is True
    # no single part is the larger one everywhere
    assert AtMost(one, inner - sp.Rational(1, 3), sp.Max(low, high)).run().status is True
    assert AtMost(one, sp.Max(inner, high), sp.Max(low, inner)).run().status is False


def test_every_crossing_of_a_line_is_found() -> None:
    (one, _) = sectors("laplace", BINARY, 2, proportional=True)
    cubic = inner + inner * (inner - 1) * (inner - sp.Rational(7, 3)) / 4
    pieces, changes = trace(Line(one, cubic, inner, 100))
    assert [piece.sign for piece in pieces] == [1, -1, 1]
    # a cubic on an unbounded box is beyond the enclosures, and said to be
    assert [piece.proved for piece in pieces[:2]] == [True, True]
    for change, place in zip(changes, (fmpq(1), fmpq(7, 3)), strict=True):
        assert change.low < place < change.high
        assert change.unique
    mutant = cubic + inner / 100
    _, moved = trace(Line(one, mutant, inner, 100))
    assert moved[0].low > 1


def test_a_tie_on_an_interval_is_a_piece_of_its_own() -> None:
    (one, _) = sectors("laplace", BINARY, 2, proportional=True)
    bent = sp.Max(inner, 2 * inner - 3)
    pieces, changes = trace(Line(one, bent, inner, 100))
    assert [(piece.sign, piece.proved) for piece in pieces] == [(0, True), (1, True)]
    assert not changes[0].is_crossing
    assert changes[0].low <= 3 <= changes[0].high


@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
def test_probabilities_are_those_of_the_quantile(noise: str) -> None:
    law = parse_noise(noise)
    unit = math.sqrt(2 * math.pi) if noise == "gaussian" else 1.0
    above, below = sectors(noise, BINARY, 2, proportional=True)
    at = fmpq(3, 4)
    tail = float(law.survival(0.75 * unit))
    assert float(probability_at(above, at, at)) == pytest.approx(1 - tail, rel=1e-14)
    assert float(probability_at(below, at, at)) == pytest.approx(tail, rel=1e-14)
    assert probability_at(above, at, None).contains(arb(1))
