"""Proofs that one radius is at most another, where both may have cases and may abstain.

A radius below 0 counts as 0, and so does one that is not real, as the bound abstains there; a
maximum passes over a part that is not real.
"""

from __future__ import annotations

import sympy as sp
from flint import ctx, fmpq

from theory.balls import PRECISION
from theory.conjectures.branches import All, AnyOf, Plain, Tree
from theory.conjectures.closing import AbstainsError, Lower, Memory
from theory.conjectures.germs import Germs, Sign
from theory.conjectures.jets import Index, NotRealError, OutsideError
from theory.conjectures.polynomials import Box
from theory.conjectures.proofs import Prover
from theory.conjectures.sectors import Candidate, Sector

__all__ = ["AtMost", "Memory"]

_ZERO = sp.Integer(0)


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
        self._second = Prover(sector, sp.Max(second, 0, evaluate=False), (), memory)
        self._second._evaluations = self._evaluations

    def _germs(self, box: Box, orders: Index) -> Germs:
        # what is not real counts as 0 here: a root must not stand for the part where it is real
        return Germs(box, orders, partial_roots=False)

    def _plain(self, left: Plain, box: Box) -> Lower:
        if self._is_unreal(left.formula, box):
            return Lower(True, strict=True, abstains=True)
        try:
            tree, faces = self._second._cases(box)
        except OutsideError:
            tree, faces = Plain(_ZERO), []
        # a face on which a case of the second one ends is looked at by itself
        proved = self._is_below(left.formula, tree, box)
        return Lower(proved and all(self._on(face).proved for face in faces))

    def _is_below(self, first: sp.Expr, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All | AnyOf) and tree.parts:
            several = any if isinstance(tree, All) and tree.largest else all
            return several(self._is_below(first, one, box) for one in tree.parts)
        second = tree.formula if isinstance(tree, Plain) else _ZERO
        plain = self._margin(first, second, squared=False)
        try:
            if self._at_least(plain, box, self._none, 1).proved:
                return True
            # c sqrt(z) <= E is c^2 z <= E^2 where E is not negative
            squared = self._margin(first, second, squared=True)
            if squared == plain:
                return False
            positive = second == 0 or self._at_least((second,), box, self._none, 1).proved
            return positive and self._at_least(squared, box, self._none, 1).proved
        except AbstainsError:
            return False

    def _is_unreal(self, formula: sp.Expr, box: Box) -> bool:
        try:
            self._at(box, self._none)(formula)
        except NotRealError:
            return True
        except OutsideError:
            return False
        return False

    def _tree_false(self, tree: Tree, box: Box) -> bool:
        if isinstance(tree, Plain):
            return self._is_above(tree.formula, self._second._cases(box)[0], box)
        return super()._tree_false(tree, box)

    def _is_above(self, first: sp.Expr, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All | AnyOf) and tree.parts:
            return all(self._is_above(first, one, box) for one in tree.parts)
        second = tree.formula if isinstance(tree, Plain) else _ZERO  # no case: nothing is stated
        try:
            forms = self._margin(first, second, squared=False)
            return self._sign(forms, box, self._none, -1) is Sign.POSITIVE
        except AbstainsError:
            return not self._is_unreal(first, box)

    def rises(self, low: fmpq, high: fmpq, sign: int) -> bool:
        """Whether sign * (second - first) is proved to increase strictly on an interval.

        The sector has one variable. Both sides must be one positive formula each there.
        """
        box = ((low, high),)
        with ctx.workprec(PRECISION):
            self._evaluations.clear()
            try:
                first, second = self._cases(box)[0], self._second._cases(box)[0]
                if not (isinstance(first, Plain) and isinstance(second, Plain)):
                    return False
                forms = self._margin(first.formula, second.formula, squared=False)
                if self._sign((first.formula,), box, (0,), 1) is not Sign.POSITIVE:
                    return False  # below 0 the first one counts as 0, and does not vary
                return self._sign(forms, box, (1,), sign) is Sign.POSITIVE
            except (OutsideError, AbstainsError):
                return False
