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

from theory import laplace_steps
from theory.derivation import Step, compare, equal
from theory.symbols import lam, p_a, p_b, r

_TRIANGLE = "0 < PB <= PA <= 1"


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
        p_a / factor.subs(r, lecuyer),
        factor.subs(r, lecuyer) * p_b,
        "the lower bound on P(f(Y) = cA) and the upper bound on P(f(Y) = cB) meet at r = "
        "Lecuyer's term",
        _TRIANGLE,
    )
    yield equal(
        1 - factor.subs(r, new) * (1 - p_a),
        factor.subs(r, new) * p_b,
        "the bound on the complement of {f = cA} and the bound on P(f(Y) = cB) meet at r = the "
        "new term",
        _TRIANGLE,
    )


def bounded_ratio() -> Iterator[Step]:
    """The density ratio stays within the factor and its inverse, and the factor grows with r."""
    yield from laplace_steps.ratio_is_bounded()
    yield compare(
        sp.diff(bounded_factor(), r),
        ">",
        0,
        "the factor grows with r, so that each pair of bounds meets once",
        "r > 0",
    )
