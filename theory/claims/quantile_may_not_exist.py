"""Section 3, Figure 3: the c.d.f. of T skips probabilities, so that its inverse may not exist."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, isolate_root, sign_on_box
from theory.enclosures.coverage import at_point, identical, over, scales_as
from theory.enclosures.identities import within
from theory.likelihood_ratio import LikelihoodRatio
from theory.searches.findings import tried
from theory.steps import dp_terms, laplace_steps
from theory.symbols import lam, r
from theory.tightness import half_line_mass

Witness = dict[str, str]

CLAIM = Claim(
    slug="quantile_may_not_exist",
    source="section 3, Figure 3",
    statement=(
        "As T(x) is a mixed random variable, the inverse of its c.d.f. may not exist at a "
        "probability, such as 0.85."
    ),
    latex=r"\exists\,\delta,\lambda:\quad P(T(X)\le t)\ne 0.85\quad\forall\,t\in\mathbb{R}",
    variables=(
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r > 0"),
        Variable("k", "1, ..., d", "number of non-zero coordinates of delta"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("q", "(0, 1)", "probability to be inverted"),
    ),
    parts=(
        Part(
            "one_coordinate",
            "for every delta on an axis P(T <= t) is below 1/2 for t < r and 1 from r on: every "
            "q in [1/2, 1) is skipped, and 0.85 with them",
        ),
        Part(
            "every_delta",
            "for every delta != 0 the atom at T = r makes the c.d.f. skip [1 - 2^-k, 1), the left "
            "end with it as P(T <= t) < P(T < r) for t < r; 0.85 is in it exactly for k = 1 and 2",
        ),
        Part(
            "three_coordinates",
            "for k = 3 and |delta_i| = x lambda the inverse at 0.85 exists for x >= x_star and "
            "does not for x < x_star",
        ),
    ),
    assumptions=(
        "The inverse exists at q where P(T <= t) = q for some t. That it may not is read as: for "
        "some delta. In d >= 2 delta on an axis still has one non-zero coordinate."
    ),
    reference="paper, section 3 and Figure 3",
    absent={Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part"},
)

_v = sp.Symbol("v", positive=True)
_k = sp.Symbol("k", integer=True, positive=True)
_x = sp.Symbol("x", positive=True)
_a, _y, _z = sp.symbols("a y z", positive=True)
_m, _n = sp.symbols("m n", nonnegative=True)
_HALF = sp.Rational(1, 2)
_T1, _F = sp.Function("T_1"), sp.Function("F")
_R = sp.Rational

PRINTED: Statement = {
    "level": _R(85, 100),
    "below": _HALF,  # the supremum of P(T <= t), t < r, on an axis
    "cdf": sp.Lambda((_v, lam), sp.exp(-_v / lam) / 2),  # P(T <= r - 2v) on an axis, 0 < v <= r
    "top": sp.Lambda(_k, 1 - 2**-_k),  # P(T < r)
    "second": sp.Lambda(_x, sp.exp(-_x) * (7 + 4 * _x + _x**2 / 2) / 8),  # P(T <= r - 2a), k = 3
    "crossing": (_R(66698822, 10**9), _R(66698823, 10**9)),
}

_SHIFT = _R(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)


def _moved(name: str, shift: sp.Expr) -> Statement:
    """The printed formula of that name with something added."""
    printed = PRINTED[name]
    return {name: sp.Lambda(printed.signature, printed.expr + shift)}


_DOUBLED = {"cdf": sp.Lambda((_v, lam), sp.exp(-2 * _v / lam) / 2)}
_NO_ATOM = _moved("second", -3 * sp.exp(-_x) / 8)
_LATER = {"crossing": tuple(end + _SHIFT for end in PRINTED["crossing"])}
MUTANTS = (
    Mutant("c.d.f. larger by 1e-6", _moved("cdf", _SHIFT), "one_coordinate", _FLOATS),
    Mutant("exponent of the c.d.f. doubled", _DOUBLED, "one_coordinate", _ALL),
    Mutant("0.45 for 0.85", {"level": _R(45, 100)}, "one_coordinate", _ALL),
    Mutant("P(T < r) larger by 1e-6", _moved("top", _SHIFT), "every_delta", _FLOATS),
    Mutant("atom of 2^(1-k) at r", _moved("top", -(2**-_k)), "every_delta", _ALL),
    Mutant("P(T <= r - 2a) larger by 1e-6", _moved("second", _SHIFT), "three_coordinates", _FLOATS),
    Mutant("the atom at r - 2a left out", _NO_ATOM, "three_coordinates", _ALL),
    Mutant("x_star larger by 1e-6", _LATER, "three_coordinates", _FLOATS),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The c.d.f. of T below r and at r, from the density, coordinate by coordinate."""
    return [
        chain(
            "one_coordinate",
            _one_coordinate(statement),
            conclusion="P(T <= t) < P(T < r) = 1/2 for t < r, and 1 from r on",
        ),
        chain(
            "every_delta",
            _every_delta(statement),
            conclusion="P(T <= t) < P(T < r) = 1 - 2^-k for t < r, and 1 from r on; "
            "3/4 < 0.85 < 7/8",
        ),
        chain(
            "three_coordinates",
            _three(statement),
            conclusion="P(T <= r - 2a) falls from 7/8 to 0 in x = a/lambda; above 0.85 the atom "
            "at r - 2a jumps over 0.85, and otherwise the c.d.f. passes it between r - 2a and r, "
            "where it has no atom, on its way to 7/8",
        ),
    ]


def _mass(lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    return densities.mass(densities.laplace, lam, lower, upper)


def _shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def _ratio(move: sp.Symbol) -> Iterator[Step]:
    """T of one coordinate: the move before the origin, less than that beyond it."""
    where = f"one coordinate, delta_1 = {move} > 0 (a negative one is the mirror image)"
    far = laplace_steps.log_ratio_at(-_v, move)
    yield equal(far, move, f"T_1 = {move} at x = -v < 0", where, written=_T1(-_v))
    yield equal(
        laplace_steps.log_ratio_at(_m, _m + _n),
        (_m + _n) - 2 * _m,
        f"T_1 = {move} - 2x between the two centres, x = m, {move} = m + n",
        where,
        written=_T1(_m),
    )
    past = laplace_steps.log_ratio_at(move + _v, move)
    yield equal(past, -move, f"T_1 = -{move} beyond the move", where, written=_T1(move + _v))


def _one_coordinate(statement: Statement) -> Iterator[Step]:
    cdf, below, level = statement["cdf"](_v, lam), statement["below"], statement["level"]
    where = "delta = (r, 0, ..., 0), every r > 0"
    yield from _ratio(r)
    zero = laplace_steps.log_ratio_at(_v, sp.Integer(0))
    yield equal(zero, 0, "a zero coordinate adds 0 to T", where, written=sp.Function("T_i")(_v))
    before = f"{where}, 0 < v <= r; for v > r, T <= r - 2v never happens"
    said = "T <= r - 2v says x_1 >= v"
    yield equal(_mass(_v, sp.oo), cdf, said, before, written=_shown(_v, sp.oo), states=True)
    yield compare(
        _mass(_v, sp.oo),
        "<",
        below,
        "so P(T <= t) stays below 1/2 for t < r",
        before,
        along=(_v, sp.Integer(0), 1),
        written=_F(r - 2 * _v),
        states=True,
    )
    limit = "P(T < r) = P(x_1 > 0) is the limit of the c.d.f. from the left"
    yield equal(_mass(0, sp.oo), below, limit, where, written=_shown(0, sp.oo), states=True)
    whole = "P(T <= r) is the whole, as T <= r"
    yield equal(_mass(-sp.oo, sp.oo), 1, whole, where, written=_shown(-sp.oo, sp.oo))
    yield compare(below, "<", level, "0.85 is above all of them", where, states=True)
    yield compare(level, "<", 1, "and is not 1", where, states=True)


def _every_delta(statement: Statement) -> Iterator[Step]:
    top, level, each = statement["top"], statement["level"], "every delta with k >= 1"
    yield from laplace_steps.ratio_is_bounded()
    between = laplace_steps.log_ratio_at(_v, _v + _n)
    yield compare(
        between,
        "<",
        _v + _n,
        "T_1 < a once x > 0, so T = r exactly where every x_i is on the far side of the origin",
        "x = v in (0, a], a = v + n",
        form=-2 * _v,
        written=_T1(_v),
    )
    far = _mass(-sp.oo, 0)
    shown = _shown(-sp.oo, 0)
    one, more = "P(T < r) is what the atom at r leaves", "the coordinates are independent"
    yield equal(1 - far, top(1), one, "k = 1", written=1 - shown, states=True)
    yield equal(1 - top(_k + 1), (1 - top(_k)) * far, more, "k to k + 1", states=True)
    yield compare(
        far ** (_k - 1) * _mass(0, _v),
        ">",
        0,
        "one x_i in (0, v) and the others on the far side have r - 2v < T < r: the c.d.f. at any "
        "t = r - 2v < r is below P(T < r), which it does not attain",
        f"{each}, 0 < v <= |delta_i|",
        along=(_v, sp.Integer(0), 1),
        written=shown ** (_k - 1) * _shown(0, _v),
    )
    said = "P(T <= r) = 1 lies above: [1 - 2^-k, 1) is skipped"
    yield compare(top(_k), "<", 1, said, each, states=True)
    said = "0.85 and P(T < r), the supremum of the c.d.f. below r"
    for size, relation in ((1, "<"), (2, "<"), (3, ">")):
        yield compare(top(size), relation, level, said, f"k = {size}", states=True)
    yield compare(top(_k + 1), ">", top(_k), "and so for every k > 3", each)


def _three(statement: Statement) -> Iterator[Step]:
    second, level = statement["second"], statement["level"]
    low, high = statement["crossing"]
    where = "k = 3, |delta_i| = a = x lambda"
    dp_terms.bounded_factor()  # raises for a density whose integrals below would take minutes
    yield from _ratio(_a)
    far, past = _mass(-sp.oo, 0), _mass(_a, sp.oo)
    near = [_mass(0, _a)]
    for _ in range(2):  # one more positive coordinate, with the sum still below a
        rest = sp.expand(densities.laplace(_y, lam) * near[-1].subs(_a, _a - _y))
        near.append(sp.simplify(sp.integrate(rest, (_y, 0, _a))))
    above = far**3 + 3 * far**2 * near[0] + 3 * far * near[1] + near[2]
    yield equal(
        sp.expand(1 - above).subs(_a, _x * lam),
        second(_x),
        "T > r - 2a exactly where the positive x_i add up to less than a: none, one, two or three",
        where,
        written=_F(r - 2 * _a),
        states=True,
    )
    yield equal(
        3 * far**2 * past.subs(_a, _x * lam),
        3 * sp.exp(-_x) / 8,
        "the atom at r - 2a: one coordinate beyond the move, two on the far side",
        where,
        written=3 * _shown(-sp.oo, 0) ** 2 * _shown(_a, sp.oo),
    )
    yield compare(
        second(_x) - 3 * sp.exp(-_x) / 8,
        "<",
        _HALF,
        "the c.d.f. before the atom, P(T < r - 2a), is below 1/2, so below 0.85",
        f"{where}, every x > 0",
        along=(_x, sp.Integer(0), 1),
    )
    yield compare(sp.diff(second(_x), _x), "<", 0, "P(T <= r - 2a) falls in x", f"{where}, x > 0")
    for end, value, said in (
        (sp.Integer(0), _R(7, 8), "from 7/8, which is P(T < r)"),
        (sp.oo, sp.Integer(0), "to 0"),
    ):
        shown = sp.Limit(second(_x), _x, end)
        yield equal(shown.doit(), value, said, where, written=shown, states=True)
    yield compare(
        second(low), ">", level, "so it is 0.85 once: x_star > x_1", f"x_1 = {low}", states=True
    )
    yield compare(second(high), "<", level, "and x_star < x_2", f"x_2 = {high}", states=True)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same from the half-line masses; three coordinates by Erlang's law, and x_star."""
    level, below, top = statement["level"], statement["below"], statement["top"]
    cdf, far = statement["cdf"], half_line_mass(sp.Integer(0))
    axis = "every r > 0, t = r - 2v < r, z = e^(-v/lambda)"
    some = "P(0 < x_i < v), so that P(T <= t) < P(T < r) for every k and t = r - 2v < r"
    one = [
        scales_as(cdf(_v, lam), 0, _v),
        identical([(cdf(_v, 1), half_line_mass(-_v)), (below, 1 - far)], axis),
        *_above_tail(below, axis),
        over(at_point(level - below, ">"), "0.85 > P(T < r)"),
        over(at_point(1 - level, ">"), "0.85 < P(T <= r)"),
    ]
    masses = [(top(1), 1 - far), (1 - top(_k + 1), (1 - top(_k)) * far)]
    every = [
        identical(masses, "every k >= 1"),
        *_above_tail(far, some),
        over(at_point(level - top(2), ">"), "k = 2, and k = 1 where P(T < r) is smaller"),
        over(at_point(top(3) - level, ">"), "k = 3, and every larger k"),
    ]
    return [
        enclosed("one_coordinate", one, conclusion="P(T <= t) < 1/2 < 0.85 for t < r, 1 from r on"),
        enclosed("every_delta", every, conclusion="P(T < r) = 1 - 2^-k, and P(T <= r) = 1"),
        _three_enclosed(statement),
    ]


def _above_tail(level: sp.Expr, where: str) -> Iterator[Outcome]:
    """level > P(x >= v lambda) for every v > 0, z = e^(-v)."""
    margin, last = level - half_line_mass(-_v).subs(_v, -sp.log(_z)), 1 - Fraction(1, 1024)
    yield over(sign_on_box(margin, ">", {_z: (Fraction(0), last)}), where)
    yield over(closed_at(margin, ">", _z, sp.Integer(1), last, order=1), where)


def _three_enclosed(statement: Statement) -> Evidence:
    level, second = statement["level"], statement["second"](_x)
    far, past = half_line_mass(sp.Integer(0)), half_line_mass(-_x)
    # the positive x_i have the law of Erlang: with j of them, P(sum < x) by a Poisson tail
    short = [1 - sp.exp(-_x) * sum(_x**i / sp.factorial(i) for i in range(j)) for j in range(1, 4)]
    above = far**3 * (1 + 3 * short[0] + 3 * short[1] + short[2])
    falling = sp.expand(sp.simplify(sp.diff(second, _x) * sp.exp(_x)))
    gap, unit = second - level, (Fraction(0), Fraction(1))
    root = isolate_root(gap, _x, (Fraction(1, 64), Fraction(1)))
    before = level - second + 3 * far**2 * past
    every = "k = 3, |delta_i| = x lambda"
    outcomes = [
        identical([(second, 1 - above)], f"{every}, every x > 0"),
        over(sign_on_box(falling, "<", {_x: unit}), f"{every}, slope times e^x, x <= 1"),
        over(
            sign_on_box(sp.expand(falling.subs(_x, 1 / _z) * _z**2), "<", {_z: unit}),
            f"{every}, slope times e^x/x^2, x = 1/z >= 1",
        ),
        over(sign_on_box(before, ">", {_x: unit}), f"{every}, 0.85 - P(T < r - 2a), x <= 1"),
        over(at_point(statement["top"](3) - level, ">"), "k = 3, 0.85 < P(T < r)"),
        within(root, statement["crossing"], "x_star"),
    ]
    return enclosed(
        "three_coordinates",
        outcomes,
        roots={"x_star": root},
        conclusion="P(T <= r - 2a) falls through 0.85 at x_star alone; before it the atom jumps "
        "over 0.85, from there on the c.d.f. passes it between r - 2a and r",
    )


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The exact law of T for one coordinate, its atoms for several, and scipy's Gamma laws."""
    rng = np.random.Generator(np.random.Philox(seed))
    parts = {
        "one_coordinate": (_reached, "30 moves of 0.01 to 30 lambda, t down to 1e-9 from r", 30),
        "every_delta": (_wrong_top, "24 moves with k = 1 to 8", 24),
        "three_coordinates": (_wrong_second, "24 values of x, from 0.001 to 30", 24),
    }
    return tried(statement, parts, rng)


def _reached(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    """A t < r at which the c.d.f. reaches the level, or is not as stated."""
    scale = Fraction(int(rng.integers(1, 40)), 16)
    norm = scale * Fraction(int(10 ** rng.uniform(0, 3.48)), 100)
    law = LikelihoodRatio.of([0] * (number % 3) + [norm * (-1) ** number], scale=scale)
    if not float(law.cdf(norm)) > float(statement["level"]):
        return {"r": str(norm), "scale": str(scale), "t": "r", "P(T <= t)": "1"}
    for share in (Fraction(1, 10**9), Fraction(1, 3), Fraction(1, 2), Fraction(1)):
        value = float(law.cdf(norm - 2 * norm * share))
        stated = float(statement["cdf"](float(norm * share), float(scale)))
        reached = value >= float(statement["level"]) or value > float(statement["below"])
        if reached or abs(value - stated) > 1e-9:
            place = {"r": str(norm), "scale": str(scale), "t": f"r - 2 ({share}) r"}
            return {**place, "P(T <= t)": repr(value), "stated": repr(stated)}
    return None


def _wrong_top(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    """The atom at r, and whether the level lies between P(T < r) and P(T <= r)."""
    size = 1 + number % 8
    delta = [Fraction(int(step), 7) for step in rng.integers(1, 30, size) * rng.choice([-1, 1])]
    law = LikelihoodRatio.of(delta, scale=Fraction(int(rng.integers(1, 40)), 16))
    highest = law.atoms()[-1]
    left, stated = 1.0 - float(highest.ball()), float(statement["top"](size))
    skipped = left < float(statement["level"]) < 1.0
    before = float(law.cdf(law.norm - 2 * min(abs(step) for step in delta)))
    if highest.place != law.norm or not before < left:
        return {"delta": str([str(one) for one in delta]), "P(T < r)": f"{left!r} is reached"}
    if abs(left - stated) < 1e-9 and skipped == (size <= 2):
        return None
    return {"delta": str([str(one) for one in delta]), "P(T < r)": repr(left), "k": str(size)}


def _wrong_second(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    """P(T <= r - 2a) by the number of positive coordinates, and on which side of the level."""
    low, high = (float(end) for end in statement["crossing"])
    near = (low - 1e-7, high + 1e-7)
    ratio = near[number] if number < 2 else float(10 ** rng.uniform(-3, 1.5))
    positive = stats.binom(3, 0.5).pmf([0, 1, 2, 3])
    short = np.append(1.0, stats.gamma([1, 2, 3]).cdf(ratio))
    value, stated = 1.0 - float(positive @ short), float(statement["second"](ratio))
    if abs(value - stated) < 1e-9 and (value > float(statement["level"])) == (ratio < low):
        return None
    return {"x": repr(ratio), "P(T <= r - 2a)": repr(value), "stated": repr(stated)}
