"""Steps about the exact multi-class radius and Theorem 1 beside it, from the density.

The radius is given by its pieces, ``low`` (PA <= 1/2), ``across`` (PB <= 1 - PA <= 1/2) and
``beyond`` (PB >= 1 - PA), in the published symbols; each is compared in its region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from theory.derivation import Step, compare, equal
from theory.steps import lipschitz_steps
from theory.steps.lipschitz_steps import INNER_LEVEL, LEVEL, REGIONS, at_edge, region
from theory.symbols import excess, lam, p_a

Pieces = Mapping[str, sp.Expr]

_v = sp.Symbol("v", nonnegative=True)
_R, _TERM = sp.symbols("R R_i", positive=True)


def at_most_tie(radius: Pieces) -> Iterator[Step]:
    """The radius is at most the tie E of the two half-lines, piece by piece."""
    for name, formula in radius.items():
        for one in (region(name), at_edge(name)):
            yield compare(
                one.shrink(formula),
                ">=",
                one.shrunk,
                "necessary: R is at most E = (lambda/2)(Q(PA) - Q(PB')), where the half-lines tie; "
                "as e^(-2R/lambda)",
                one.where,
                written=sp.exp(-2 * _R / lam),
                states=True,
            )
        yield lipschitz_steps.has_quantiles(region(name))


def within_tie(radius: Pieces) -> Iterator[Step]:
    """Soundness: the radius is at most the tie E, and cA is ahead of every class before it."""
    yield from at_most_tie(radius)
    for name in radius:
        yield lipschitz_steps.keeps_ahead(region(name))
    yield from lipschitz_steps.moves_at_most()


def at_least_tie(radius: Pieces) -> Iterator[Step]:
    """The radius is at least the tie E of the two half-lines, piece by piece."""
    for name, formula in radius.items():
        for one in (region(name), at_edge(name)):
            yield compare(
                one.shrink(formula),
                "<=",
                one.shrunk,
                "R is at least E = (lambda/2)(Q(PA) - Q(PB')); as e^(-2R/lambda)",
                one.where,
                written=sp.exp(-2 * _R / lam),
                states=True,
            )


def reaches_tie(radius: Pieces) -> Iterator[Step]:
    """Tightness: the radius is at least the tie E, beyond which cB is ahead of cA."""
    yield from at_least_tie(radius)
    for name in radius:
        yield from lipschitz_steps.half_lines(region(name))


def orders(terms: Pieces, radius: Pieces, relation: str, names: tuple[str, ...]) -> Iterator[Step]:
    """Both terms of Theorem 1 against the radius in some regions; ``>`` leaves out PA = 1/2."""
    for name in names:
        one = region(name, interior=relation == ">")
        for term in ("first", "second"):
            said = "(lambda/2) log(PA/PB)" if term == "first" else "-lambda log(1 - PA + PB)"
            yield compare(
                one.shrink(terms[term]),
                relation,
                one.shrink(radius[name]),
                f"R_i = {said} against R, as e^(-2R_i/lambda) and e^(-2R/lambda)",
                one.where,
                written=sp.exp(-2 * _TERM / lam),
                states=True,
            )
        yield lipschitz_steps.has_quantiles(one)


def never_below(terms: Pieces, radius: Pieces) -> Iterator[Step]:
    """The radius is at least each term, everywhere."""
    yield from orders(terms, radius, ">=", REGIONS)
    one = region("across")
    yield equal(
        sp.factor(one.shrink(terms["second"]).subs(excess, 0)),
        sp.factor(one.shrink(radius["across"]).subs(excess, 0)),
        "both sides are continuous: at PB = 1 - PA the second term is R; at PB = PA <= 1/2 all "
        "three are 0, at PB = 0 and PA = 1 R = oo",
        "PB = 1 - PA, the edge s = 0",
        written=sp.exp(-2 * _TERM / lam),
    )


def strictly_larger(terms: Pieces, radius: Pieces) -> Iterator[Step]:
    """The radius is strictly larger for PA > 1/2 and PB != 1 - PA, PA = 1 included."""
    yield from orders(terms, radius, ">", ("across", "beyond"))
    beyond = region("beyond")
    where = "PA = 1, the edge w = oo, where PB = 1/(1 + s)"
    yield equal(
        sp.limit(beyond.shrink(radius["beyond"]), LEVEL, sp.oo),
        0,
        "R = oo, whatever PB > 0 is",
        where,
        written=sp.exp(-2 * _R / lam),
    )
    for term in ("first", "second"):
        yield compare(
            sp.limit(beyond.shrink(terms[term]), LEVEL, sp.oo),
            ">",
            0,
            "both terms are finite; PB = 0 makes the first of them infinite as well",
            where,
            written=sp.exp(-2 * _TERM / lam),
        )


def equal_elsewhere(terms: Pieces, radius: Pieces) -> Iterator[Step]:
    """The first term is the radius for PA <= 1/2, the second for PB = 1 - PA."""
    low, across = region("low"), region("across")
    yield equal(
        low.shrink(terms["first"]),
        low.shrink(radius["low"]),
        "not larger for PA <= 1/2, where the first term is R",
        low.where,
        written=sp.exp(-2 * _TERM / lam),
        states=True,
    )
    yield equal(
        sp.factor(across.shrink(terms["second"]).subs(excess, 0)),
        sp.factor(across.shrink(radius["across"]).subs(excess, 0)),
        "not larger for PB = 1 - PA, where the second term is R",
        "PB = 1 - PA <= 1/2, the edge s = 0",
        written=sp.exp(-2 * _TERM / lam),
        states=True,
    )


def gain(terms: Pieces, radius: Pieces, bound: sp.Expr) -> Iterator[Step]:
    """The supremum of the ratio of the radius to Theorem 1 on PA + PB <= 1, not attained."""
    one, w = region("across", interior=True), INNER_LEVEL
    first, second = one.shrink(terms["first"]), one.shrink(terms["second"])
    exact = one.shrink(radius["across"])
    where = "PB = (1 - PA)^2/PA, s = 2w, PA -> 1 as w -> oo"
    curve = {excess: 2 * w}
    logarithms = (sp.expand_log(sp.log(sp.factor(e.subs(curve)))) for e in (exact, first))
    yield equal(
        sp.limit(next(logarithms) / next(logarithms), w, sp.oo),
        bound,
        "on the curve on which both terms agree, the ratio tends to the gain, so that no smaller "
        "one bounds it; the next steps show that none larger is needed",
        where,
        written=sp.Limit(_R / _TERM, p_a, 1, "-"),
        states=True,
    )
    yield equal(
        sp.factor(second.subs(curve)),
        sp.factor(first.subs(curve)),
        "both terms agree on the curve",
        where,
        written=sp.exp(-2 * _TERM / lam),
    )
    yield lipschitz_steps.has_quantiles(one)
    # a = 1 - PA = t/((1 + t)(1 + v)) with t = PB/a = 1/(1 + s) is every PB >= a^2/PA
    place = {w: (2 + excess) * (1 + _v) / 2 - 1}
    yield compare(
        sp.factor((second**3 / exact**2).subs(place)),
        "<",
        1,
        "R < (3/2) R_2, where the second term is the larger one",
        "PB >= (1 - PA)^2/PA, PB < 1 - PA < 1/2: PB = (1 - PA)/(1 + s), "
        "1 - PA = 1/((2 + s)(1 + v)), every s > 0, v >= 0",
        written=sp.exp(-6 * _TERM / lam + 4 * _R / lam),
    )
    # PB = a^2/((1 - a)(1 + v))
    place = {excess: (1 + 2 * w) * (1 + _v) - 1}
    yield compare(
        sp.factor((first**3 / exact**2).subs(place)),
        "<",
        1,
        "R < (3/2) R_1, where the first term is the larger one",
        "PB <= (1 - PA)^2/PA, PA > 1/2: PB = (1 - PA)^2/(PA (1 + v)), every v >= 0",
        written=sp.exp(-6 * _TERM / lam + 4 * _R / lam),
    )
    low = region("low")
    yield equal(
        low.shrink(terms["first"]),
        low.shrink(radius["low"]),
        "for PA <= 1/2 the ratio is 1, and so it is for PB = 1 - PA (strictly_larger)",
        low.where,
        written=sp.exp(-2 * _TERM / lam),
    )


def unbounded_beyond(terms: Pieces, radius: Pieces) -> Iterator[Step]:
    """On PA + PB > 1 the ratio exceeds every bound as PB -> PA."""
    one = region("beyond", interior=True)
    for term in ("first", "second"):
        yield equal(
            sp.limit(one.shrink(terms[term]), excess, 0, "+"),
            1,
            "the term tends to 0 as PB -> PA",
            f"{one.where}; PB -> PA is s -> 0",
            written=sp.exp(-2 * _TERM / lam),
        )
    yield compare(
        sp.limit(one.shrink(radius["beyond"]), excess, 0, "+"),
        "<",
        1,
        "R tends to a positive limit, so that the ratio exceeds every bound",
        f"{one.where}; PB -> PA is s -> 0",
        written=sp.exp(-2 * _R / lam),
        states=True,
    )
    yield lipschitz_steps.has_quantiles(one)
