"""Proofs by Arb: exact polynomials and mpmath say what is true, and nothing false is passed."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.claim import Grade, Rung
from theory.enclosure import (
    Outcome,
    Root,
    closed_at,
    covers,
    describe,
    enclosed,
    isolate_root,
    sign_on_box,
    vanishes,
)

X, Y = sp.symbols("x y", real=True)
Z = sp.Symbol("z")
F = Fraction
FEW = 150

fractions = st.fractions(-4, 4, max_denominator=12)
polynomials = st.lists(st.fractions(-5, 5, max_denominator=4), min_size=2, max_size=5).map(
    lambda c: sum(sp.Rational(a) * X**i for i, a in enumerate(c))
)


@settings(max_examples=25)
@given(polynomial=polynomials, ends=st.tuples(fractions, fractions), relation=st.sampled_from("<>"))
def test_sign_of_a_polynomial(polynomial, ends, relation):
    low, high = sorted(ends)
    outcome = sign_on_box(polynomial, relation, {X: (low, high)}, max_boxes=FEW)
    sign = 1 if relation == ">" else -1
    roots = [] if polynomial.is_number else sp.Poly(polynomial, X).real_roots()
    inside = [root for root in roots if sp.Rational(low) <= root <= sp.Rational(high)]
    everywhere = not inside and sign * polynomial.subs(X, sp.Rational(low)) > 0
    if outcome.status is True:
        assert everywhere
    elif outcome.status is False:
        at = Fraction(outcome.witness["x"])
        assert low <= at <= high
        assert sign * polynomial.subs(X, sp.Rational(at)) <= 0
    if everywhere:
        assert outcome.status is not False
    assert 1 <= outcome.boxes <= FEW


@pytest.mark.parametrize("scale", [F(1), F(1, 10**6), F(10**9)])
@pytest.mark.parametrize("shift", [F(0), F(1, 10**6), F(-1, 10**6)])
def test_a_shift_of_a_millionth_is_seen(scale, shift):
    # the minimum is 1e-7 + shift, at x = s
    gap = (X / sp.Rational(scale) - 1) ** 2 + sp.Rational(1, 10**7) + sp.Rational(shift)
    outcome = sign_on_box(gap, ">", {X: (F(0), 3 * scale)})
    assert outcome.status is (shift >= 0)
    assert sign_on_box(-gap, "<", {X: (F(0), 3 * scale)}).status is (shift >= 0)


def test_two_dimensions_and_a_witness():
    box = {X: (F(-1), F(1)), Y: (F(1, 2), F(3))}
    gap = sp.exp(X) * Y - sp.Rational(1, 6)
    assert sign_on_box(gap, ">", box).status is True
    false = sign_on_box(gap - sp.Rational(1, 10), ">", box)
    at = {s: sp.Rational(false.witness[str(s)]) for s in box}
    assert float((gap - sp.Rational(1, 10)).subs(at)) <= 0
    assert false.scope == describe(box) == "x in [-1, 1], y in [1/2, 3]"


@pytest.mark.parametrize(
    ("gap", "box"),
    [
        ((X - sp.Rational(1, 3)) ** 2, (F(0), F(1))),  # touches zero off the dyadic points
        (X, (F(0), F(1))),  # an equality at the edge
        (sp.log(X) ** 2 + 1, (F(-2), F(-1))),  # undefined
        (sp.sqrt(X) + 1, (F(-2), F(-1))),
        (1 / X**2, (F(-1), F(2))),  # a pole inside
        (sp.exp(X) - sp.exp(X), (F(0), F(1))),
    ],
    ids=str,
)
def test_what_bisection_cannot_settle_is_not_passed(gap, box):
    outcome = sign_on_box(gap, ">", {X: box}, max_boxes=FEW)
    assert outcome.status is not True
    if gap != 0:
        assert outcome.status is None
        assert "undecided" in outcome.detail


def test_constants_need_no_symbol():
    assert sign_on_box(sp.pi - 3, ">", {}).status is True
    assert sign_on_box(3 - sp.pi, ">", {}).status is False
    hidden = sp.sqrt(2 + sp.sqrt(3)) - sp.sqrt(sp.Rational(3, 2)) - sp.sqrt(sp.Rational(1, 2))
    assert sign_on_box(hidden, ">", {}).status is None
    with pytest.raises(ValueError, match="relation '>=' is not one of"):
        sign_on_box(X, ">=", {X: (F(0), F(1))})


EDGES = [
    (sp.cosh(X) - 1, 0, F(2), 2),
    (sp.cosh(X) - 1, 0, F(-2), 2),
    (sp.exp(X) - 1, 0, F(3), 1),
    (1 - sp.exp(X), 0, F(-3), 1),
    (sp.exp(X) - 1 - X - X**2 / 2, 0, F(3, 2), 3),
    (X - 1 - sp.log(X), 1, F(3), 2),
    (X - 1 - sp.log(X), 1, F(1, 3), 2),
    (sp.erf(X - sp.Rational(1, 2)), sp.Rational(1, 2), F(2), 1),
]


@pytest.mark.parametrize(("gap", "edge", "reach", "order"), EDGES, ids=str)
def test_an_edge_is_closed_and_its_mutants_are_not(gap, edge, reach, order):
    def closing(expression, relation=">", at=edge, n=order):
        return closed_at(expression, relation, X, at, reach, order=n).status

    assert closing(gap) is True
    assert closing(-gap, "<") is True
    assert closing(gap, "<") is None
    assert closing(gap - sp.Rational(1, 10**6)) is False  # below zero at the edge itself
    assert closing(gap + sp.Rational(1, 10**6)) is None  # true, but not by this argument
    assert closing(gap, n=order + 1) is None
    assert closing(gap, at=edge + sp.Rational(1, 100)) is not True
    # below zero at the end of the reach
    steep = gap - 2 * abs(gap.subs(X, reach)) * ((X - edge) / (sp.S(reach) - edge)) ** (2 * order)
    assert closing(steep) is not True


def test_an_edge_with_other_symbols():
    others = {Y: (F(1, 2), F(2))}
    gap = sp.exp(X * Y) - 1
    assert closed_at(gap, ">", X, 0, F(1), order=1, others=others).status is True
    assert closed_at(gap * (Y - 1), ">", X, 0, F(1), order=1, others=others).status is None
    mixed = closed_at(gap + Y - 1, ">", X, 0, F(1), order=1, others=others)
    assert mixed.status is None  # it is false for y < 1 only
    false = closed_at(gap - Y, ">", X, 0, F(1), order=1, others=others)
    assert false.status is False
    assert false.witness == {"x": "0 and near it", "y": "5/4"}


@pytest.mark.parametrize(
    ("gap", "order"),
    [
        # the derivative is 1, or 2, throughout; the functions jump or bend at x = 1
        (Z - 5 * (sp.sqrt((Z - 1) ** 2) / (Z - 1) + 1), 1),
        (Z**2 - 10 * (sp.sqrt((Z - 1) ** 2) + (Z - 1)), 2),
        (Z * sp.log(Z), 1),
        (1 / Z - 1 / Z**2, 1),
    ],
)
def test_taylor_needs_continuity_up_to_the_edge(gap, order):
    assert closed_at(gap, ">", Z, 0, F(2), order=order).status is None


def test_identities():
    p = sp.Symbol("p", positive=True)
    true = (sp.log(p**2) - 2 * sp.log(p), (X + 1) ** 2 - X**2 - 2 * X - 1)
    assert vanishes(*true).status is True
    for false in (sp.Rational(1, 10**30), X - Y, sp.log(Z**2) - 2 * sp.log(Z), sp.Float(0.0) + X):
        assert vanishes(*true, false).status is None


ROOTS = [
    (X**2 - 2, (F(1), F(2)), lambda mp: mp.sqrt(2)),
    (X - sp.Rational(1, 2), (F(0), F(1)), lambda mp: mp.mpf(1) / 2),
    (3 * X - 1, (F(-5), F(1, 2)), lambda mp: mp.mpf(1) / 3),
    (sp.exp(-X) - X, (F(0), F(3)), lambda mp: mp.lambertw(1).real),
    (sp.log(X) + 20, (F(1, 10**12), F(1)), lambda mp: mp.exp(-20)),
    (sp.erfc(X) - sp.Rational(1, 10**6), (F(1), F(6)), lambda mp: mp.erfinv(1 - mp.mpf(10) ** -6)),
    (X**3 - 10**15, (F(10), F(10**6)), lambda mp: mp.mpf(10) ** 5),
]


@pytest.mark.parametrize(
    ("function", "interval", "exact"), ROOTS, ids=[str(root[0]) for root in ROOTS]
)
def test_roots_against_mpmath(function, interval, exact):
    with mpmath.workdps(80), ctx.workprec(300):
        value = arb(mpmath.nstr(exact(mpmath.mp), 70))
        value += arb(0, 1e-68) * value
        root = isolate_root(function, X, interval)
        mirrored = isolate_root(-function.subs(X, -X), X, (-interval[1], -interval[0]))
    assert root.unique
    with ctx.workprec(300):
        assert root.ball.overlaps(value)
        assert mirrored.ball.overlaps(-value)
        assert not (root.ball + arb(1e-34) * value).overlaps(value)
    low, high = (Fraction(end) for end in root.boundary("b").enclosure)
    assert high - low <= F(1, 10**30) * max(abs(low), abs(high))
    with ctx.workprec(300):
        assert not arb(fmpq(low.numerator, low.denominator)) > value
        assert not arb(fmpq(high.numerator, high.denominator)) < value


@pytest.mark.parametrize(
    ("function", "interval"),
    [
        (X**2 - 2, (F(-2), F(2))),  # two of them
        (X**2 - 2, (F(3, 2), F(2))),  # none
        (X**2, (F(-1), F(1))),  # a double one
        (X**3, (F(-1), F(1))),  # one, but the derivative vanishes there
        (X - 1, (F(1), F(2))),  # at the end
        (1 / X, (F(-1, 2), F(1))),  # a change of sign at a pole
        (Z + sp.sqrt(Z**2) / Z, (F(-1, 2), F(1, 2))),  # slope 1 throughout, and a jump over zero
        (Z + sp.sqrt(Z**2) / Z, (F(-1, 2), F(1, 3))),
        (sp.log(X), (F(-1), F(2))),
        (sp.Integer(1), (F(0), F(1))),
    ],
    ids=str,
)
def test_no_root_is_claimed_without_proof(function, interval):
    symbol = Z if function.has(Z) else X
    assert isolate_root(function, symbol, interval) is None


TRUE = Outcome(True, "x in [0, 1]", "3 boxes")
FALSE = Outcome(False, "x in [1, 2]", "the value there is -1", {"x": "3/2"})
OPEN = Outcome(None, "x in [2, 3]", "undecided after 9 boxes")


@pytest.mark.parametrize(
    ("outcomes", "proves", "grade", "finding"),
    [
        ([TRUE, TRUE], True, Grade.ENCLOSED, True),
        ([TRUE], False, Grade.ENCLOSED, False),
        ([TRUE, OPEN], True, Grade.UNDECIDED, None),
        ([OPEN, FALSE], True, Grade.REFUTED, False),
        ([TRUE, FALSE], False, Grade.UNDECIDED, None),  # a lost counterexample
        ([], True, Grade.UNDECIDED, None),
        ([], False, Grade.UNDECIDED, None),
    ],
)
def test_evidence_from_outcomes(outcomes, proves, grade, finding):
    found = enclosed("part", iter(outcomes), conclusion="c", proves=proves, witness={"x": "0"})
    assert (found.grade, found.finding, found.part) == (grade, finding, "part")
    assert found.rung is Rung.ENCLOSURE
    if grade is Grade.REFUTED:
        assert found.witness == FALSE.witness


def test_a_root_that_is_not_isolated_leaves_it_undecided():
    root = Root(arb("0.5", "1e-40"), "x in [0, 1]", True)
    good = enclosed("p", [TRUE], conclusion="c", roots={"b": root})
    lost = enclosed("p", [TRUE], conclusion="c", roots={"b": root, "c": None})
    assert (good.grade, good.finding) == (Grade.ENCLOSED, True)
    assert (lost.grade, lost.detail) == (Grade.UNDECIDED, "c is not isolated")
    assert [b.name for b in good.boundaries] == ["b"]


eighths = st.integers(0, 16).map(lambda n: F(n, 8))


@given(
    st.lists(st.tuples(eighths, eighths).map(lambda e: (min(e), max(e))), max_size=5),
    st.tuples(eighths, eighths).map(lambda e: (min(e), max(e))),
)
def test_covers(pieces, whole):
    # pieces end on eighths, so the eighths and the points between them tell
    points = [F(n, 16) for n in range(33) if whole[0] <= F(n, 16) <= whole[1]]
    everywhere = all(any(low <= point <= high for low, high in pieces) for point in points)
    assert covers(pieces, whole) == everywhere
