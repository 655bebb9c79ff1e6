"""Statements in two coordinates that are about one: the outer quantile alone.

Beyond PB = 1 - PA, and with two classes, the exact radius is the outer quantile. Where a
conjectured one depends on that alone too, the inner quantile can be anything, and is left out.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp
from flint import ctx

from theory.balls import PRECISION
from theory.conjectures.branches import Plain
from theory.conjectures.jets import OutsideError
from theory.conjectures.proofs import Prover
from theory.conjectures.sectors import Candidate, Sector, inner, outer_more, tail_a, tail_b

__all__ = ["reduced"]


def reduced(sector: Sector, left: sp.Expr) -> Prover:
    """The prover of left <= exact on a sector, in one coordinate less where that is enough.

    >>> from theory.conjectures.sectors import sectors
    >>> from theory.conjectures.settings import Setting
    >>> beyond = sectors("laplace", Setting.MULTICLASS, None, proportional=True)[2]
    >>> prover = reduced(beyond, sp.log((1 - tail_a) / tail_a) / 2)
    >>> prover.run().sector.variables
    (k,)
    """
    prover = Prover(sector, left, sector.exact)
    if outer_more not in sector.variables or len(sector.exact) != 1:
        return prover
    with ctx.workprec(PRECISION):
        try:
            tree, faces = prover.cases(sector.box)
        except OutsideError:
            return prover
    if not isinstance(tree, Plain) or tree.where or faces:
        return prover
    formula = _of_outer(sector, tree.formula)
    if formula is None:
        return prover
    part = _where_equal(sector)
    return Prover(part, formula, part.exact)


def _of_outer(sector: Sector, formula: sp.Expr) -> sp.Expr | None:
    """The formula with the outer size as the only coordinate left, if it depends on that alone."""
    other = inner
    if sector.noise != "uniform":
        # k + n is the outer size: call it k
        formula, other = formula.subs(inner, inner - outer_more), outer_more
        formula = sp.expand(formula, log=False, power_base=False, power_exp=False)
    strange = tail_a if sector.a_is_inner else tail_b
    return None if formula.free_symbols & {other, strange} else formula


def _where_equal(sector: Sector) -> Sector:
    """The part of a sector where both quantiles have one size: its outer edge."""
    outer, other = (outer_more, inner) if sector.noise == "uniform" else (inner, outer_more)
    kept = [one for one in zip(sector.variables, sector.box, strict=True) if one[0] != other]
    return replace(
        sector,
        variables=tuple(name for name, _ in kept),
        box=tuple(side for _, side in kept),
        size_a=outer,
        size_b=outer,
        exact=(Candidate(outer),),
    )
