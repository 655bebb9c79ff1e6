"""Germs: random expressions on boxes up to infinity, against mpmath in 50 digits."""

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from theory.conjectures.evaluation import Evaluation
from theory.conjectures.germs import Germs, Sign
from theory.conjectures.jets import NotRealError, OutsideError
from theory.conjectures.numbers import ZERO, as_ball
from theory.conjectures.polynomials import Polynomial

U, V = sp.symbols("u v", nonnegative=True)
DIGITS = 50


@pytest.fixture(autouse=True, scope="module")
def precision():
    with ctx.workprec(256), mp.workdps(DIGITS):
        yield


# -- expressions: a germ and the same in mpmath -------------------------------------------------

NUMBERS = st.sampled_from([fmpq(1, 2), fmpq(2), fmpq(-1), fmpq(3, 7), fmpq(-5, 3), fmpq(12)])
RATES = st.tuples(*[st.integers(-1, 3)] * 2)
LEAVES = (
    st.sampled_from([("u",), ("v",)])
    | st.tuples(st.just("c"), NUMBERS)
    | st.tuples(st.just("e"), RATES, NUMBERS)
)
TREES = st.recursive(
    LEAVES,
    lambda inside: (
        st.tuples(st.sampled_from(["add", "mul"]), inside, inside)
        | st.tuples(st.sampled_from(["log", "exp", "erf", "sq", "up"]), inside)
        | st.tuples(
            st.just("pow"), inside, st.sampled_from([fmpq(1, 2), fmpq(-1), fmpq(3), fmpq(-3, 2)])
        )
    ),
    max_leaves=5,
)


def germ_of(on, tree):
    head, *rest = tree
    if head in "uv":
        return on.variable("uv".index(head))
    if head == "c":
        return on.constant(rest[0])
    if head == "e":
        decay = Polynomial(2, {((1, 0), 1): fmpq(rest[0][0]), ((0, 1), 1): fmpq(rest[0][1])})
        return on.decaying(Polynomial(2, {k: v for k, v in decay.terms.items() if v != 0}), rest[1])
    parts = [germ_of(on, one) for one in rest if isinstance(one, tuple)]
    if head in ("add", "mul"):
        return (on.add if head == "add" else on.multiply)(*parts)
    if head == "pow":
        return on.power(parts[0], rest[1])
    if head == "sq":
        return on.power(parts[0], fmpq(2))
    if head == "up":  # positive, so that logarithms and roots occur
        return on.add(on.power(parts[0], fmpq(2)), on.constant(fmpq(1, 3)))
    if head == "erf":
        return Evaluation(on, {U: lambda: parts[0]})(sp.erf(U))
    return (on.log if head == "log" else on.exp)(parts[0])


def to_mp(value):
    return mp.mpf(int(value.p)) / int(value.q)


def value_of(tree, u, v):
    head, *rest = tree
    if head in "uv":
        return u if head == "u" else v
    if head == "c":
        return to_mp(rest[0])
    if head == "e":
        return to_mp(rest[1]) * mp.exp(-rest[0][0] * u - rest[0][1] * v)
    parts = [value_of(one, u, v) for one in rest if isinstance(one, tuple)]
    if head == "add":
        return parts[0] + parts[1]
    if head == "mul":
        return parts[0] * parts[1]
    if head == "pow":
        return parts[0] ** to_mp(rest[1])
    if head == "sq":
        return parts[0] ** 2
    if head == "up":
        return parts[0] ** 2 + mp.mpf(1) / 3
    return {"erf": mp.erf, "log": mp.log, "exp": mp.exp}[head](parts[0])


def coefficient(tree, point, index):
    """The Taylor coefficient at a point, or None where the value is not a real number."""
    at = tuple(to_mp(one) for one in point)
    try:
        if not any(index):
            found = value_of(tree, *at)
        else:
            found = mp.diff(lambda u, v: value_of(tree, u, v), at, index)
            found /= mp.factorial(index[0]) * mp.factorial(index[1])
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    if isinstance(found, mp.mpc) and abs(found.imag) > 0:
        return None
    found = mp.re(found)
    return found if mp.isfinite(found) and abs(found) < mp.mpf(10) ** 4000 else None


def at_point(on, germ, point, index):
    """What the germ says of the coefficient at a point: the bounded part is that of the box."""
    here = Germs(tuple((one, one) for one in point), on.orders)
    jet = germ.jet * here.exp_jet(germ.decay) + germ.growth.jet(here.box, on.orders)
    return as_ball(jet.terms.get(index, ZERO))


def lies_in(ball, exact, slack="1e-20", absolute=0):
    if not ball.is_finite():
        return True
    ends = [mp.mpf(end.str(60, radius=False)) for end in (ball.lower(), ball.upper())]
    room = mp.mpf(slack) * (abs(exact) + abs(ends[0]) + abs(ends[1])) + absolute
    return ends[0] - room <= exact <= ends[1] + room


@st.composite
def boxes(draw):
    """A box, unbounded in some variables, and a point of it, perhaps far out."""
    box, point = [], []
    for _ in range(2):
        low = draw(st.sampled_from([fmpq(0), fmpq(0), fmpq(1, 3), fmpq(2), fmpq(9)]))
        width = draw(st.sampled_from([None, fmpq(0), fmpq(1, 50), fmpq(1), fmpq(4)]))
        box.append((low, None if width is None else low + width))
        shares = [fmpq(1, 97), fmpq(1, 2), fmpq(1)]
        far = [fmpq(1, 97), fmpq(1), fmpq(10), fmpq(100), fmpq(10_000)]
        point.append(
            low
            + (
                draw(st.sampled_from(far))
                if width is None
                else width * draw(st.sampled_from(shares))
            )
        )
    return tuple(box), tuple(point)


def evaluated(tree, box, orders):
    on = Germs(box, orders)
    try:
        return on, germ_of(on, tree)
    except (OutsideError, NotRealError):
        return on, None


@settings(max_examples=300)
@given(TREES, boxes())
def test_values_lie_in_the_enclosure(tree, where):
    box, point = where
    on, germ = evaluated(tree, box, (0, 0))
    assume(germ is not None)
    exact = coefficient(tree, point, (0, 0))
    assume(exact is not None)
    assert lies_in(at_point(on, germ, point, (0, 0)), exact)
    try:
        least = on.least(germ)
        if least is not None:
            assert lies_in(as_ball(least).union(arb(10) ** 5000), exact)
        assert lies_in(as_ball(on.collapsed(germ).value), exact)
    except OutsideError:
        assert any(high is None for _, high in box)
    try:
        _check_sign(on.sign(germ), exact)
    except OutsideError:
        assert any(high is None for _, high in box)


def _check_sign(sign, exact):
    small = mp.mpf(10) ** (-DIGITS + 10)
    if sign is Sign.ZERO:
        assert abs(exact) < small
    elif sign is Sign.POSITIVE:
        assert exact > 0 or abs(exact) < small
    elif sign is Sign.NOT_NEGATIVE:
        assert exact > -small


@settings(max_examples=150)
@given(TREES, boxes(), st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(any))
def test_taylor_coefficients_lie_in_the_enclosure(tree, where, index):
    box, point = where
    on, germ = evaluated(tree, box, index)
    assume(germ is not None)
    assume(all(low < at for (low, _), at in zip(box, point, strict=True)))
    exact = coefficient(tree, point, index)
    assume(exact is not None)
    # a difference quotient has lost digits of the value
    lost = mp.mpf("1e-12") * (1 + abs(coefficient(tree, point, (0, 0)) or 0))
    try:
        assert lies_in(at_point(on, germ, point, index), exact, "1e-9", lost)
        if abs(exact) > lost:
            _check_sign(on.sign(germ, index), exact)
    except OutsideError:
        assert any(high is None for _, high in box)


# -- places that random expressions seldom reach ------------------------------------------------


def far_value(expression, box, point):
    """The ball of an expression at a point, and its value in 50 digits."""
    on = Germs(box, (0,) * len(box))
    values = {one: lambda place=place: on.variable(place) for place, one in enumerate((U, V))}
    germ = Evaluation(on, values)(expression)
    here = dict(zip((U, V), (to_mp(one) for one in point), strict=False))
    exact = sp.lambdify(list(here), expression, "mpmath")(*here.values())
    return on, germ, mp.mpf(exact)


HALF_LINE = (fmpq(2), None)
FAR = [fmpq(2), fmpq(3), fmpq(100), fmpq(10_000), fmpq(10**9)]


@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize(
    "expression",
    [
        sp.sqrt(U + 1),
        sp.sqrt(sp.log(2) * U),
        sp.sqrt(sp.pi * U**2 + U),
        sp.sqrt(sp.log(3) * U + U / 2 + sp.exp(-U)),
        sp.sqrt(U * V + sp.pi * V + 1),
        sp.sqrt(3 - sp.exp(-U)),
        sp.log(1 - sp.exp(-U)),
        sp.log(2 + 3 * sp.exp(U)),
        sp.sqrt(1 + sp.exp(2 * U)) * sp.exp(-U),
        U**2 * sp.exp(-U / 3),
        U * V * sp.exp(-U - 2 * V),
        sp.erfcinv(sp.exp(-U) / 2),
        sp.erfcinv(sp.exp(-U * V) / 3),
        sp.exp(-U * sp.log(2)) * 5,
    ],
)
def test_unbounded_boxes_far_out(expression, at):
    on, germ, exact = (
        far_value(expression, (HALF_LINE, (fmpq(1), fmpq(4))), (at, fmpq(3)))
        if "erfcinv" not in str(expression)
        else _inverse(expression, at)
    )
    found = at_point(on, germ, (at, fmpq(3)), (0, 0))
    assert lies_in(found + arb(0, 1e-45), exact)  # the 50 digits are those of 1 - exp(-u)


def _inverse(expression, at):
    box = (HALF_LINE, (fmpq(1), fmpq(4)))
    on = Germs(box, (0, 0))
    values = {U: lambda: on.variable(0), V: lambda: on.variable(1)}
    germ = Evaluation(on, values)(expression)
    y = mp.mpf(expression.args[0].subs({U: sp.Rational(int(at)), V: 3}).evalf(DIGITS))
    # erfc(x) = y: between sqrt(-log y) - 2 and sqrt(-log y)
    top = mp.sqrt(-mp.log(y))
    if y < mp.mpf(10) ** -1000:
        return on, germ, top * (1 - mp.mpf("1e-3"))
    return on, germ, mp.findroot(lambda x: mp.log(mp.erfc(x)) - mp.log(y), (top * 0.8, top))


@pytest.mark.parametrize("rates", [(-1, 2), (-1, 3), (1, 2), (0, 1)])
@pytest.mark.parametrize("point", [(4, fmpq(1, 2)), (4, 1), (0, 1), (2, 30)])
def test_growth_times_what_decays_in_another_variable(rates, point):
    # v exp(-r u - s v) with a rate of either sign in the bounded variable
    on = Germs(((fmpq(0), fmpq(4)), (fmpq(0), None)), (0, 0))
    decay = {((1, 0), 1): fmpq(rates[0]), ((0, 1), 1): fmpq(rates[1])}
    small = on.decaying(Polynomial(2, {k: v for k, v in decay.items() if v != 0}), fmpq(1))
    germ = on.multiply(on.variable(1), small)
    u, v = fmpq(point[0]), fmpq(point[1])
    exact = to_mp(v) * mp.exp(-rates[0] * to_mp(u) - rates[1] * to_mp(v))
    assert lies_in(at_point(on, germ, (u, v), (0, 0)), exact)
    assert lies_in(as_ball(on.collapsed(germ).value), exact)


def test_a_difference_keeps_its_sign_up_to_infinity():
    on = Germs(((fmpq(3), None),), (0,))
    small = on.decaying(on.variable(0).growth, fmpq(1, 2))  # exp(-z)/2
    gap = on.multiply(on.constant(fmpq(-1)), on.log(on.add(on.constant(fmpq(1)), small)))
    assert on.sign(on.multiply(on.constant(fmpq(-1)), gap)) is Sign.POSITIVE
    assert on.sign(gap) is Sign.UNKNOWN
    assert on.sign(on.add(gap, on.multiply(on.constant(fmpq(-1)), gap))) is not Sign.POSITIVE


def test_signs_of_what_is_zero_on_an_edge():
    on = Germs(((fmpq(0), fmpq(1)), (fmpq(0), None)), (0, 0))
    u = on.variable(0)
    assert on.sign(u) is Sign.NOT_NEGATIVE
    assert on.sign(on.add(u, on.multiply(on.constant(fmpq(-1)), u))) is Sign.ZERO
    assert on.sign(on.add(u, on.constant(fmpq(1, 10**40)))) is Sign.POSITIVE
    assert on.sign(on.add(u, on.constant(fmpq(-1, 10**40)))) is Sign.UNKNOWN
    assert on.sign(on.add(on.constant(fmpq(1)), on.multiply(on.constant(fmpq(-1)), u))) is (
        Sign.NOT_NEGATIVE
    )
    assert on.sign(on.multiply(u, on.variable(1))) is Sign.NOT_NEGATIVE
