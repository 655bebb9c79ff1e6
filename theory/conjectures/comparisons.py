"""Proofs that one radius is at most another, where both may have cases and may abstain.

A radius below 0 counts as 0, and so does one that is not real, as the bound abstains there; a
maximum passes over a part that is not real.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from flint import ctx, fmpq

from theory.balls import PRECISION
from theory.conjectures.branches import All, AnyOf, Plain, Tree
from theory.conjectures.closing import AbstainsError, Forms, Lower, Memory
from theory.conjectures.germs import Sign
from theory.conjectures.jets import Index, NotRealError, OutsideError
from theory.conjectures.polynomials import Box
from theory.conjectures.proofs import Prover
from theory.conjectures.sectors import Candidate, Sector

__all__ = ["AtMost", "Memory", "arms"]

_ZERO = sp.Integer(0)


def arms(radius: sp.Expr) -> tuple[sp.Expr, ...]:
    """The expressions whose largest the radius is, as far as its form shows.

    >>> x, y = sp.symbols("x y")
    >>> arms(2 * sp.Max(x, y)), arms(x - sp.Max(x, y))
    ((2*x, 2*y), (x - Max(x, y),))
    """
    factor, rest = radius.as_independent(*radius.free_symbols, as_Add=False)
    if not isinstance(rest, sp.Max) or not factor.is_positive:
        return (radius,)
    inside = (one for arm in rest.args for one in arms(arm))
    return tuple(dict.fromkeys(factor * one for one in inside))


class AtMost(Prover):
    """The statement max(first, 0) <= max(second, 0) on a sector.

    Parameters
    ----------
    sector : Sector
        The coordinates and the box.
    first, second : sympy.Expr
        In the sector's local symbols; cases are allowed in both.
    memory : dict, optional
        To be shared by statements on parts of one sector.

    Examples
    --------
    >>> from theory.conjectures.sectors import inner, sectors
    >>> from theory.conjectures.settings import Setting
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> AtMost(one, sp.Min(inner, inner**2), sp.Max(inner, 1 - inner)).run().status
    True
    >>> AtMost(one, sp.Integer(1), sp.sqrt(-1 - inner)).run().status
    False
    """

    #: a rival is not worth as much as the answer
    effort = 60

    def __init__(
        self, sector: Sector, first: sp.Expr, second: sp.Expr, memory: Memory | None = None
    ) -> None:
        memory = {} if memory is None else memory
        super().__init__(sector, first, (Candidate(_ZERO),), memory)
        # what is not real counts as 0 here: a root must not stand for the part where it is real
        self._partial_roots = False
        self._second = self._sharing(sp.Max(second, 0, evaluate=False), memory)
        # the largest of several is at most the largest of others: each of them by itself
        self._lefts = [self._sharing(one, memory) for one in arms(first)]
        self._rights = [self._sharing(one, memory) for one in arms(second)]
        self._plain_forms: dict[sp.Expr, sp.Expr] = {}

    def _sharing(self, radius: sp.Expr, memory: Memory) -> _Side:
        found = _Side(self._sector, radius, (), memory)
        found.share(self)
        return found

    def _on(self, box: Box) -> Lower:
        return Lower(all(self._is_bounded(one, box) for one in self._lefts))

    def _is_bounded(self, left: _Side, box: Box) -> bool:
        try:
            tree, faces = left.cases(box)
        except OutsideError:
            return False
        # a face on which a case ends is looked at by itself
        return self._tree(tree, box).proved and all(self._on(face).proved for face in faces)

    def _plain(self, left: Plain, box: Box) -> Lower:
        if self._is_unreal(left.formula, box):
            return Lower(True, strict=True, abstains=True)
        bounded = any(self._is_below(left.formula, one, box) for one in self._rights)
        return Lower(bounded or self._is_below_case(left.formula, Plain(_ZERO), box))

    def _is_below(self, first: sp.Expr, right: _Side, box: Box) -> bool:
        try:
            tree, faces = right.cases(box)
        except OutsideError:
            return False
        proved = self._is_below_case(first, tree, box)
        return proved and all(self._on(face).proved for face in faces)

    def _is_below_case(self, first: sp.Expr, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All | AnyOf) and tree.parts:
            several = any if isinstance(tree, All) and tree.largest else all
            return several(self._is_below_case(first, one, box) for one in tree.parts)
        second = self._stated(tree)
        plain = self._margins.forms(first, second, squared=False)
        try:
            if self._at_least(plain, box, self._none, 1).proved:
                return True
            # c sqrt(z) <= E is c^2 z <= E^2 where E is not negative
            squared = self._margins.forms(first, second, squared=True)
            if squared == plain:
                return False
            positive = second == 0 or self._at_least((second,), box, self._none, 1).proved
            return positive and self._at_least(squared, box, self._none, 1).proved
        except AbstainsError:
            return False

    def _stated(self, tree: Tree) -> sp.Expr:
        """The formula of the second radius in a case: 0 where nothing is stated."""
        if not isinstance(tree, Plain):
            return _ZERO
        if tree.formula not in self._plain_forms:
            # a case that was chosen may stand in a quantile
            self._plain_forms[tree.formula] = self._sector.with_quantiles(tree.formula)
        return self._plain_forms[tree.formula]

    def _is_unreal(self, formula: sp.Expr, box: Box) -> bool:
        try:
            self._at(box, self._none)(formula)
        except NotRealError:
            return True
        except OutsideError:
            return False
        return False

    # -- refutation ----------------------------------------------------------------------------

    def is_false_at(self, point: Sequence[fmpq]) -> bool:
        """Whether max(first, 0) > max(second, 0) at a point of the sector, proved at that point."""
        box = tuple((one, one) for one in point)
        with ctx.workprec(PRECISION):
            return any(self._is_false_on(one, box) for one in self._lefts)

    def _is_false_on(self, left: _Side, box: Box) -> bool:
        try:
            return self._tree_false(left.cases(box)[0], box)
        except (OutsideError, AbstainsError):
            return False

    def _tree_false(self, tree: Tree, box: Box) -> bool:
        if isinstance(tree, Plain):
            trees = [Plain(_ZERO), *(one.cases(box)[0] for one in self._rights)]
            return all(self._is_above(tree.formula, one, box) for one in trees)
        return super()._tree_false(tree, box)

    def _is_above(self, first: sp.Expr, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All | AnyOf) and tree.parts:
            return all(self._is_above(first, one, box) for one in tree.parts)
        try:
            forms = self._margins.forms(first, self._stated(tree), squared=False)
            return self._is_negative_at(forms, box)
        except AbstainsError:
            return self._is_unreal(self._stated(tree), box)  # then it counts as 0

    def rises(self, low: fmpq, high: fmpq, sign: int) -> bool:
        """Whether sign * (second - first) is proved to increase strictly on an interval.

        The sector has one variable. Both sides must be one positive formula each there.
        """
        box = ((low, high),)
        with ctx.workprec(PRECISION):
            self._evaluations.clear()
            try:
                first, second = self.cases(box)[0], self._second.cases(box)[0]
                if not (isinstance(first, Plain) and isinstance(second, Plain)):
                    return False
                forms = self._margins.forms(first.formula, self._stated(second), squared=False)
                if self._sign((first.formula,), box, (0,), 1) is not Sign.POSITIVE:
                    return False  # below 0 the first one counts as 0, and does not vary
                return self._sign(forms, box, (1,), sign) is Sign.POSITIVE
            except (OutsideError, AbstainsError):
                return False


class _Side(Prover):
    """One radius, or one of several whose largest it is, by its cases on a box."""

    def share(self, statement: AtMost) -> None:
        """Work for a statement: with its values, and at its expense."""
        self._evaluations, self._statement = statement._evaluations, statement
        self._partial_roots = statement._partial_roots

    def _sign(self, margin: Forms, box: Box, index: Index, factor: int) -> Sign:
        self._statement._effort += 1
        return super()._sign(margin, box, index, factor)
