"""Steps that derive both terms of Theorem 1 from the Laplace density.

The densities of X and Y differ by a factor of at most exp(r/lambda), so the mass of any event
changes by at most that factor. Lecuyer's term compares cA and cB with it directly; the new term
compares the complement of cA with it instead. A derivation begins with ``bounded_ratio``, then
compares the printed terms, and ends with ``meet``, so that a wrong term is refuted by the
statement about it before the auxiliary steps fail.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.derivation import Step, compare, equal
from theory.steps import laplace_steps
from theory.symbols import lam, p_a, p_b, r

_TRIANGLE = "0 < PB <= PA <= 1"

#: the two terms and what they decide, as a reader writes them
NEW = sp.Symbol("R_new", positive=True)
LECUYER = sp.Symbol("R_Lecuyer", positive=True)
ADVANTAGE = sp.exp(2 * (NEW - LECUYER) / lam)


def bounded_factor() -> sp.Expr:
    """The largest density ratio under a move of l1 norm r, as a formula in r and lambda alone.

    Raises ValueError where it depends on the point at which it is read off, as it does for a
    density whose ratio is not bounded.

    >>> bounded_factor()
    exp(r/lambda)
    """
    factor = laplace_steps.dp_factor()
    others = factor.free_symbols - {r, lam}
    if others:
        raise ValueError(f"the density ratio beyond the move depends on {sorted(map(str, others))}")
    return factor


def meet(new: sp.Expr, lecuyer: sp.Expr) -> Iterator[Step]:
    """Each term is the r at which its two bounds meet, with the factor read off the density.

    Lecuyer: e^(-r/lambda) PA = e^(r/lambda) PB. New: 1 - e^(r/lambda)(1 - PA) = e^(r/lambda) PB.
    Both terms are formulas in p_A, p_B and lambda.
    """
    factor = bounded_factor()
    yield equal(
        p_a / factor.subs(r, lecuyer) ** 2,
        p_b,
        "Lecuyer's term is the r at which the lower bound e^(-r/lambda) PA on P(f(Y) = cA) meets "
        "the upper bound e^(r/lambda) PB on P(f(Y) = cB)",
        _TRIANGLE,
        written=p_a * sp.exp(-2 * LECUYER / lam),
    )
    yield equal(
        factor.subs(r, new) * (1 - p_a + p_b),
        1,
        "the new term is the r at which the lower bound 1 - e^(r/lambda)(1 - PA) on P(f(Y) = cA), "
        "from the complement of {f = cA}, meets the upper bound e^(r/lambda) PB on P(f(Y) = cB)",
        _TRIANGLE,
        written=sp.exp(NEW / lam) * (1 - p_a + p_b),
    )


def bounded_ratio() -> Iterator[Step]:
    """The density ratio stays within the factor and its inverse, and the factor grows with r."""
    yield from laplace_steps.ratio_is_bounded()
    yield compare(
        sp.diff(bounded_factor(), r),
        ">",
        0,
        "the largest density ratio grows with r, so that each pair of bounds meets once",
        "r > 0",
        written=sp.Derivative(bounded_factor(), r),
    )
