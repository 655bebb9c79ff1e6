"""Cases of a radius: the tree of plain formulas means the radius, at every point of the box."""

import itertools
import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.conjectures.branches import All, AnyOf, Plain, branches
from theory.conjectures.jets import OutsideError

U = sp.Symbol("u", positive=True)
V = sp.Symbol("v", nonnegative=True)
GRID = [sp.Rational(i, 4) for i in range(9)]
BOX = list(itertools.product(GRID[1:], GRID))


def number(expression, point):
    """The value as a float, or None where it is not real."""
    found = expression.subs(dict(zip((U, V), point, strict=True)))
    if found is sp.nan or found.has(sp.zoo, sp.nan, sp.oo):
        return None
    found = complex(found)
    return found.real if abs(found.imag) < 1e-12 else None


def known_on(points):
    """What a perfect enclosure would know on these points; a part that is not real says nothing."""

    def is_at_least(difference, strict):
        values = [value_of(difference, point) for point in points]
        if None in values:
            return False
        return all(value > 0 if strict else value >= 0 for value in values)

    return is_at_least


def nothing(difference, strict):
    return False


def holds(tree, point, bound):
    """Whether a proof by the tree may find that the radius is at most a bound at a point.

    Of a formula that is not real nothing is asked, and it answers for none of several (None); of
    one that is not stated there nothing has to be shown either.
    """
    if isinstance(tree, All):
        return all(holds(one, point, bound) is not False for one in tree.parts)
    if isinstance(tree, AnyOf):
        answers = [holds(one, point, bound) for one in tree.parts]
        return True if True in answers else (None if set(answers) == {None} else False)
    if any((number(one, point) or 0.0) < -1e-12 for one in tree.where):
        return True  # not stated here
    value = number(tree.formula, point)
    return None if value is None else value <= bound + 1e-12


def value_of(radius, point):
    if any(number(one.args[0], point) is None for one in radius.atoms(sp.Abs)):
        return None  # the modulus of a complex number is no radius
    try:
        return number(radius, point)
    except (TypeError, ValueError):  # a condition on something that is not real
        return None


LINES = [
    U,
    V,
    U - V,
    V - sp.Rational(1, 2),
    1 - U,
    sp.Integer(1),
    U * V,
    sp.Rational(1, 2) - V / 4,
]
CONDITIONS = [
    U >= 1,
    U > 1,
    V < 1,
    V <= 1,
    sp.And(sp.Rational(1, 2) < U, V <= U),
    sp.Or(U <= V, sp.Rational(3, 2) <= V),
    sp.Not(sp.And(U >= 1, V >= 1)),
    sp.Eq(U, V),
    sp.Ne(V, 1),
    sp.Max(U, V) > 1,
    sp.Min(U, 1 - V) >= 0,
]


@st.composite
def radii(draw, depth=2):
    if depth == 0:
        return draw(st.sampled_from(LINES))
    kind = draw(
        st.sampled_from(
            [
                "line",
                "Max",
                "Min",
                "Abs",
                "cases",
                "log",
                "minus",
                "square",
                "root",
                "exp",
                "product",
                "over",
            ]
        )
    )
    inside = draw(radii(depth=depth - 1))
    other = draw(radii(depth=depth - 1))
    third = draw(st.sampled_from(LINES))
    if kind in ("Max", "Min"):
        return getattr(sp, kind)(inside, other, third)
    if kind == "cases":
        condition = draw(st.sampled_from(CONDITIONS))
        between = draw(st.sampled_from(CONDITIONS))
        return sp.Piecewise((inside, condition), (third, between), (other, True))
    return {
        "line": inside + other,
        "Abs": abs(inside),
        "log": sp.log(inside),
        "minus": third - 2 * inside,
        "square": inside**2 + third,
        "root": sp.sqrt(inside),
        "exp": inside * sp.exp(-inside),
        "product": inside * third,
        "over": 1 / sp.sqrt(inside),
    }[kind]


@settings(max_examples=80)
@given(radii(), st.sampled_from([nothing, known_on(BOX), known_on(BOX[:20]), known_on(BOX[40:60])]))
def test_the_tree_means_the_radius(radius, known):
    points = {nothing: BOX}.get(known) or BOX
    _check(radius, known, points[:: max(1, len(points) // 9)] if known is nothing else points[::8])


def _check(radius, known, points):
    if known is not nothing:
        points = [one for one in points if one in _box_of(known)]
    try:
        tree = branches(radius, known)
    except OutsideError:  # too many cases
        return
    for point in points:
        value = value_of(radius, point)
        if value is None:
            continue  # the bound abstains
        for bound in (value - 1e-6 * (1 + abs(value)), value + 1e-6 * (1 + abs(value))):
            answer = holds(tree, point, bound)
            # a tree may ask for more than the radius, never for less
            assert not (answer is not False and bound < value), (radius, tree, point)


def _box_of(known):
    return known.__closure__[0].cell_contents


@pytest.mark.parametrize(
    ("radius", "kind"),
    [
        (sp.Max(U, V), All),
        (sp.Min(U, V), AnyOf),
        (-sp.Max(U, V), AnyOf),
        (-sp.Min(U, V), All),
        (sp.log(sp.Max(U, V)), All),
        (-sp.log(sp.Max(U, V)), AnyOf),
        (1 - 2 * sp.log(sp.Min(U, V)), All),
        (1 / sp.sqrt(sp.Max(U, V)), AnyOf),
        (sp.sqrt(sp.Min(U, V)), AnyOf),
        (sp.erfcinv(sp.Max(U, V)), AnyOf),
        (sp.erfinv(sp.Max(U, V)), All),
        (sp.exp(-sp.Min(U, V)), All),
        (U * sp.Min(U, V), AnyOf),
        (-U * sp.Min(U, V), All),
        # the sign of the slope is not known: both cases
        ((1 - U) * sp.Min(U, V), All),
        (sp.Max(U, V) ** 2, All),
        (sp.Min(U, V) ** 2, All),
        (sp.Min(U, V) ** 3, All),
        (1 / sp.Min(U, V), All),
        ((U - V) * sp.Max(U, V), All),
        (sp.Abs(U - V), All),
        (-sp.Abs(U - V), AnyOf),
    ],
)
def test_which_cases_are_asked_for(radius, kind):
    tree = branches(radius, nothing)
    assert isinstance(tree, kind)
    if kind is AnyOf:
        assert len(tree.parts) == 2


@pytest.mark.parametrize(
    "radius",
    [
        sp.Min(U, V) * sp.exp(-sp.Min(U, V)),
        sp.Min(U, V) - sp.exp(sp.Min(U, V)) / 2,
        sp.exp(sp.Min(U, V) - 1) + sp.exp(1 - sp.Min(U, V)),
        -sp.Max(U, V) + sp.Max(U, V) ** 2,
        sp.log(sp.Max(U, V)) - sp.Max(U, V),
    ],
)
def test_a_case_that_occurs_twice_has_no_polarity(radius):
    _check(radius, nothing, BOX[::3])


def test_cases_that_the_box_excludes_are_left_out():
    larger = branches(sp.Max(U, V), lambda one, strict: sp.expand(one - (U - V)) == 0)
    assert larger == Plain(U)
    smaller = branches(sp.Min(U, V), lambda one, strict: sp.expand(one - (U - V)) == 0)
    assert smaller == Plain(V)


def formulas(tree):
    return {tree.formula} if isinstance(tree, Plain) else set().union(*map(formulas, tree.parts))


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        # U >= 1 on the box: U > 1 may still fail at U = 1
        (U > 1, (U - 1, False), {U, V}),
        (U >= 1, (U - 1, False), {U}),
        (U > 1, (U - 1, True), {U}),
        # U <= 1 on the box: U >= 1 may still hold at U = 1
        (U >= 1, (1 - U, False), {U, V}),
        (U > 1, (1 - U, False), {V}),
        (U < 1, (1 - U, False), {U, V}),
        (U <= 1, (1 - U, False), {U}),
        (U >= 1, (1 - U, True), {V}),
        (sp.Eq(U, 1), (U - 1, False), {U, V}),
        (sp.Eq(U, 1), (U - 1, True), {V}),
        (sp.Ne(U, 1), (1 - U, True), {U}),
        (sp.And(U >= 1, V > 0), (U - 1, False), {U, V}),
        (sp.Or(U >= 1, V > 0), (U - 1, False), {U}),
    ],
)
def test_conditions_at_the_edge_of_a_box(condition, known, expected):
    difference, strictly = known

    def is_at_least(one, strict):
        return sp.expand(one - difference) == 0 and (strictly or not strict)

    radius = sp.Piecewise((U, condition), (V, True))
    assert formulas(branches(radius, is_at_least)) == expected


def test_conditions_are_the_guards_of_their_cases():
    tree = branches(sp.Piecewise((U, V >= 1), (V, True)), nothing)
    assert {one.where for one in tree.parts} == {(V - 1,), (1 - V,)}


def test_no_guard_from_a_smallest_part():
    # Min(a, b) <= a everywhere, and not only where a is the smaller one
    tree = branches(sp.Min(U, V), nothing)
    assert all(not one.where for one in tree.parts)
    tree = branches(-sp.Max(U, V), nothing)
    assert all(not one.where for one in tree.parts)


def test_too_many_cases():
    radius = sum((sp.Max(U, V / i) for i in range(1, 9)), start=sp.Integer(0))
    with pytest.raises(OutsideError):
        branches(radius, nothing)


def test_a_radius_without_cases_is_itself():
    assert branches(sp.log(U), nothing) == Plain(sp.log(U))
    assert math.isclose(number(sp.log(U), (sp.Integer(2), 0)), math.log(2))
