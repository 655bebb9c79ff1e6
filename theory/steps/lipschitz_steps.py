"""Steps that derive the Lipschitz bound on quantiles, and the worst half-lines that attain it.

With q(x) = E h(x + s) for a test h and Q the quantile of unit Laplace noise, Q(q(x)) moves by at
most r/lambda over a distance of l1 norm r, and by exactly that much for a half-space along its
axis. Two half-lines, of masses PA and PB', therefore tie at E = (lambda/2)(Q(PA) - Q(PB')) and no
two classes tie before. Every step starts from the density.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p_a, p_b, r

_HALF = sp.Rational(1, 2)
_q = sp.Symbol("q", positive=True)
_v = sp.Symbol("v", positive=True)
_e = sp.Symbol("e", positive=True)  # how far r is below E
_d = sp.Symbol("delta_i", real=True)
_r1, _r2 = sp.symbols("r_1 r_2", positive=True)

#: the parameter w of a region, PA = 1/2 left out in the second
LEVEL, INNER_LEVEL = sp.Symbol("w", nonnegative=True), sp.Symbol("w", positive=True)

#: in written steps: the quantile, q = E h, and the masses of the two half-lines
QUANTILE, _MEAN = sp.Function("Q"), sp.Function("q")
_z = sp.Symbol("z")
_MOVES = QUANTILE(_MEAN(sp.Symbol("x + delta"))) - QUANTILE(_MEAN(sp.Symbol("x")))


def half_line_quantile(place: sp.Expr) -> sp.Expr:
    """Q(P(X_1 <= lambda place)), the mass integrated from the density.

        Q(p) = log(2p) for p <= 1/2, -log(2(1 - p)) for p >= 1/2

    The sign of ``place`` must follow from its assumptions.

    >>> half_line_quantile(sp.Symbol("k", nonnegative=True))
    k
    """
    below = sp.sympify(place, strict=True).is_nonpositive
    if below:
        mass = densities.mass(densities.laplace, lam, -sp.oo, lam * place)
        return sp.log(sp.simplify(2 * mass))
    mass = densities.mass(densities.laplace, lam, lam * place, sp.oo)
    return -sp.log(sp.simplify(2 * mass))


def moves_at_most() -> Iterator[Step]:
    """|Q(q(x + delta)) - Q(q(x))| <= r/lambda, for every test h, delta and dimension."""
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    factor = laplace_steps.dp_factor()
    yield from _on_one_side(factor)
    yield from _across(factor)
    yield equal(
        sp.limit(factor * _q, _q, 0, "+"),
        0,
        "q(x) = 0 at one x gives q = 0 everywhere: h is 0 almost everywhere, and Q(q) is the "
        "constant -oo; q(x) = 1 is the same for 1 - h",
        "q(x) in {0, 1}",
        written=sp.Limit(factor * _q, _q, 0, "+"),
    )


def _on_one_side(factor: sp.Expr) -> Iterator[Step]:
    yield equal(
        sp.expand_log(sp.log(2 * factor * _q)) - sp.log(2 * _q),
        r / lam,
        "both at most 1/2, where Q = log(2q): integrate mu_Y <= e^(r/lambda) mu_X against h, so "
        "that q(x + delta) <= e^(r/lambda) q(x) and Q rises by at most this; exchange the two "
        "points for a fall",
        "every h, 0 < q(x) <= 1/2, 0 < q(x + delta) <= 1/2",
        written=_MOVES,
    )
    yield equal(
        sp.log(2 * _q) - sp.expand_log(sp.log(2 * _q / factor)),
        r / lam,
        "both at least 1/2, where Q = -log(2(1 - q)): the same for the test 1 - h, whose mean is "
        "1 - q",
        "every h, 1/2 <= q(x) < 1, 1/2 <= q(x + delta) < 1",
        written=_MOVES,
    )


def _across(factor: sp.Expr) -> Iterator[Step]:
    yield equal(
        sp.limit(factor - 1, r, 0, "+"),
        0,
        "q is continuous, as |q(x + delta) - q(x)| <= e^(r/lambda) - 1: where it is below 1/2 at "
        "one end of a segment and above at the other, it is 1/2 at some z between",
        "every h",
        written=sp.Limit(factor - 1, r, 0, "+"),
    )
    yield equal(
        sp.Abs(_d / (1 + _v)) + sp.Abs(_d * _v / (1 + _v)),
        sp.Abs(_d),
        "the l1 norm is additive along the segment: z = x + delta/(1 + v) splits r into r_1 + r_2",
        "every coordinate of delta, every v > 0",
    )
    yield equal(
        sp.log(2 * _HALF) + sp.log(2 * (1 - _HALF)),
        0,
        "Q = 0 at z, by either form",
        "q(z) = 1/2",
        written=QUANTILE(_MEAN(_z)),
    )
    yield equal(
        sp.log(factor.subs(r, _r1)) + sp.log(factor.subs(r, _r2)),
        (_r1 + _r2) / lam,
        "Q moves by at most r_1/lambda up to z, and by at most r_2/lambda from z on",
        "every h, q(x) < 1/2 < q(x + delta) or q(x + delta) < 1/2 < q(x); r = r_1 + r_2",
        written=_MOVES,
    )


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of 0 < PB <= PA < 1: both half-lines, of masses PA and PB' = min(PB, 1 - PA).

    Parameters
    ----------
    where : the piece in words, with its parameters w >= 0 and s > 0.
    top, runner_up : Q(PA) and Q(PB'), the places where the half-lines end, in units of lambda.
    p_a, p_b, capped : PA, PB and PB', integrals of the density.
    """

    where: str
    top: sp.Expr
    runner_up: sp.Expr
    p_a: sp.Expr
    p_b: sp.Expr
    capped: sp.Expr

    @property
    def tie(self) -> sp.Expr:
        """E = (lambda/2)(Q(PA) - Q(PB')), where the half-lines tie.

        >>> region("beyond").tie
        lambda*log(w + 1)
        """
        return lam * (self.top - self.runner_up) / 2

    @property
    def shrunk(self) -> sp.Expr:
        """e^(-2E/lambda), a rational function of the parameters.

        >>> region("low").shrunk
        1/(s + 1)
        """
        return sp.factor(sp.exp(self.runner_up - self.top))

    def shrink(self, radius: sp.Expr) -> sp.Expr:
        """e^(-2R/lambda) in the region, for a radius R given in the published symbols.

        >>> region("low").shrink(lam / 2 * sp.log(p_a / p_b))
        1/(s + 1)
        """
        exponential = sp.exp(sp.expand(-2 * radius / lam))
        return sp.factor(exponential.subs({p_a: self.p_a, p_b: self.p_b}, simultaneous=True))


#: the pieces, by name: which side of 1/2 PA is on, and which side of 1 - PA PB is on
REGIONS = ("low", "across", "beyond")


def region(name: str, *, interior: bool = False) -> Region:
    """The region ``low`` (PA <= 1/2), ``across`` (PB < 1 - PA <= 1/2) or ``beyond`` (PB > 1 - PA).

    ``interior`` leaves out PA = 1/2, where low and across meet. ValueError for another name.

    >>> region("low").p_a
    1/(2*(w + 1))
    """
    w, sign = (INNER_LEVEL, ">") if interior else (LEVEL, ">=")
    every = f"every w {sign} 0, s > 0"
    place, further = sp.log(1 + w), sp.log(1 + excess)
    if name == "low":
        top, runner_up = -place, -place - further
        first, second = _below(top), _below(runner_up)
        where = f"PA = 1/(2(1 + w)) <= 1/2, PB = PA/(1 + s), {every}"
        return Region(where, top, runner_up, first, second, second)
    first, top = sp.factor(1 - _below(-place)), place
    if name == "across":
        runner_up = -place - further
        second = _below(runner_up)
        where = f"PA = 1 - 1/(2(1 + w)) {sign} 1/2, PB = (1 - PA)/(1 + s), {every}"
        return Region(where, top, runner_up, first, second, second)
    if name != "beyond":
        raise ValueError(f"region {name!r} is not one of {list(REGIONS)}")
    second = sp.factor(1 - first + (2 * first - 1) / (1 + excess))
    where = f"PA = 1 - 1/(2(1 + w)) {sign} 1/2, PB = 1 - PA + (2 PA - 1)/(1 + s) up to PA, {every}"
    return Region(where, top, -place, first, second, _below(-place))


def at_edge(name: str) -> Region:
    """The edge s = 0 of a region: PB = PA in low and beyond, PB = 1 - PA in across.

    >>> at_edge("across").shrunk
    (w + 1)**(-2)
    """
    one = region(name)
    edge = {
        field: getattr(one, field).subs(excess, 0)
        for field in ("top", "runner_up", "p_a", "p_b", "capped")
    }
    side = "<=" if name == "low" else ">="
    pair = "PB = 1 - PA" if name == "across" else "PB = PA"
    return replace(one, where=f"{pair}, PA {side} 1/2, every w >= 0", **edge)


def certain_at_the_ends() -> Iterator[Step]:
    """PB = 0 < PA and PA = 1: E = oo, and cA is strictly ahead at every distance."""
    tie, factor = sp.exp(-2 * sp.Symbol("E") / lam), laplace_steps.dp_factor()
    for name, symbol, end in (
        ("low", excess, "PB = 0, 0 < PA <= 1/2"),
        ("across", excess, "PB = 0, 1/2 <= PA < 1"),
        ("across", LEVEL, "PA = 1, PB = 0"),
        ("beyond", LEVEL, "PA = 1, 0 < PB <= 1"),
    ):
        yield equal(
            sp.limit(region(name).shrunk, symbol, sp.oo),
            0,
            "E = oo, which no term exceeds",
            f"{end}, the end {symbol} = oo of its region",
            written=sp.Limit(tie, symbol, sp.oo),
        )
    yield equal(
        sp.limit(factor * _q, _q, 0, "+"),
        0,
        "PB' = 0: q_c = 0 at x gives q_c = 0 at every x + delta, as q_c(x + delta) <= "
        "e^(r/lambda) q_c(x)",
        "PB = 0 or PA = 1, every class c but cA",
        written=sp.Limit(factor * _q, _q, 0, "+"),
    )
    yield compare(
        p_a / factor,
        ">",
        0,
        "and q_A(x + delta) >= e^(-r/lambda) PA: cA is strictly ahead at every r",
        "PB = 0 or PA = 1, PA > 0, every r > 0",
        written=_MEAN(sp.Symbol("x + delta")),
    )


def _below(place: sp.Expr) -> sp.Expr:
    """P(X_1 <= lambda place) for place <= 0; ValueError where it is not rational in w and s.

    The regions are chosen so that it is for the Laplace density.
    """
    mass = sp.factor(densities.mass(densities.laplace, lam, -sp.oo, lam * place))
    if not mass.is_rational_function():
        raise ValueError(f"P(X_1 <= lambda ({place})) = {mass} is not rational in the parameters")
    return mass


def has_quantiles(one: Region) -> Step:
    """The ends of the two half-lines are the quantiles of PA and PB', from the density."""
    return equal(
        half_line_quantile(one.top) - half_line_quantile(one.runner_up),
        one.top - one.runner_up,
        "the masses PA = P(X_1 <= lambda Q(PA)) and PB' = P(X_1 >= -lambda Q(PB')), from the "
        "density, have these quantiles",
        one.where,
        written=QUANTILE(sp.Symbol("PA")) - QUANTILE(sp.Symbol("PB'")),
    )


def half_lines(one: Region) -> Iterator[Step]:
    """f = cA iff x_1 <= lambda Q(PA), cB iff x_1 >= -lambda Q(PB'): they tie at r = E exactly."""
    law = densities.laplace
    yield has_quantiles(one)
    at_tie = sp.expand((one.top + one.runner_up) / 2)
    yield equal(
        densities.mass(law, lam, -sp.oo, lam * at_tie),
        densities.mass(law, lam, -lam * at_tie, sp.oo),
        "f = cA iff x_1 <= lambda Q(PA), f = cB iff x_1 >= -lambda Q(PB'), delta = (E, 0, ..., 0): "
        "Y_1 = X_1 + E, so that {f(Y) = cA} and {f(Y) = cB} have this mass, a tie; the other "
        "coordinates do not matter",
        f"{one.where}; r = E, every dimension",
        written=densities.integral(law, lam, -sp.oo, lam * at_tie),
    )
    yield compare(
        law(_v, lam),
        ">",
        0,
        "the density is positive (and even), so that beyond E the mass of {f(Y) = cA} falls and "
        "that of {f(Y) = cB} rises: cB is strictly ahead at every r > E",
        f"{one.where}; r > E",
    )
    yield compare(
        one.capped,
        "<=",
        one.p_b,
        "PB' <= PB: the hypotheses hold",
        one.where,
    )


def keeps_ahead(one: Region) -> Step:
    """At r < E cA is strictly ahead of every class, by ``moves_at_most``."""
    top, runner_up = sp.symbols("PA PB'", positive=True)
    return compare(
        one.top - (one.tie - _e) / lam - (one.runner_up + (one.tie - _e) / lam),
        ">",
        0,
        "Q(P(f(Y) = cA)) >= Q(PA) - r/lambda, and Q(P(f(Y) = c)) <= Q(PB') + r/lambda for every "
        "other c, whose mass at x is at most PB and at most 1 - PA: at r = E - e the first is "
        "larger, and Q is increasing",
        f"{one.where}; 0 < e <= E; every f, delta and dimension",
        written=QUANTILE(top) - QUANTILE(runner_up) - 2 * r / lam,
    )
