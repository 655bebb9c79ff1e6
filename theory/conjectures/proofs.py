"""Proofs that one radius is at most another on a whole sector, by boxes that reach infinity.

On each box the cases of the left side are told apart (`theory.conjectures.branches`), and each
margin is bounded by its enclosure or closed at a face (`theory.conjectures.closing`). What is left
is bisected, and a midpoint at which the statement is false refutes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import sympy as sp
from flint import ctx, fmpq

from theory.balls import PRECISION
from theory.conjectures.branches import UNDEFINED, All, AnyOf, Plain, Tree, branches
from theory.conjectures.closing import (
    AbstainsError,
    Forms,
    Lower,
    Memory,
    halves,
    middle,
)
from theory.conjectures.conditions import Conditional
from theory.conjectures.germs import Sign
from theory.conjectures.jets import NotRealError, OutsideError
from theory.conjectures.margins import Margins, is_multiple
from theory.conjectures.polynomials import Box
from theory.conjectures.sectors import Candidate, Sector

__all__ = ["Proof", "Prover"]

Aim = Literal["proved", "strict", "zero"]


@dataclass
class Proof:
    """What was found about a sector.

    Attributes
    ----------
    status : bool or None
        True: left <= right on the whole sector. False: not at ``point``. None: boxes are left.
    point : the coordinates at which it is false.
    identical : left = right on the whole sector.
    strict : left < right on the whole sector, but on ``contacts``.
    contacts : boxes on which left = right.
    left : boxes that are undecided.
    boxes : how many were looked at.
    """

    sector: Sector
    status: bool | None = True
    point: tuple[fmpq, ...] | None = None
    identical: bool = True
    strict: bool = True
    contacts: list[Box] = field(default_factory=list)
    left: list[Box] = field(default_factory=list)
    boxes: int = 0


class Prover(Conditional):
    """Statements ``left <= max(candidates)`` on one sector.

    Parameters
    ----------
    sector : Sector
        The coordinates and the box.
    left : SymPy expression
        In the sector's local symbols (see `Sector.local`); cases are allowed.
    candidates : sequence of Candidate
        Plain formulas, whose largest is the right side where their guards are not negative.
    memory : dict, optional
        To be shared by statements on parts of one sector.

    Examples
    --------
    >>> from theory.conjectures.sectors import inner, sectors, tail_a
    >>> from theory.conjectures.settings import Setting
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> lecuyer = sp.log((1 - tail_a) / tail_a) / 2
    >>> found = Prover(one, lecuyer, one.exact).run()
    >>> found.status, found.identical, Prover(one, 2 * lecuyer, one.exact).run().status
    (True, False, False)
    """

    #: enclosures that a box may take on the average
    effort = 40

    def __init__(
        self,
        sector: Sector,
        left: sp.Expr,
        candidates: Sequence[Candidate],
        memory: Memory | None = None,
    ) -> None:
        super().__init__(sector, memory)
        self._left, self._candidates = left, tuple(candidates)
        self._is_exact_radius = self._candidates == sector.exact
        self._margins = Margins(sector)

    def run(self, *, max_boxes: int = 400, aim: Aim = "proved") -> Proof:
        """Decide the statement, or say what is left after so many boxes.

        Boxes are bisected until the statement is "proved" on each; until it is "strict" there, but
        on noted contacts; or until it is an equality on each ("zero").
        """
        with ctx.workprec(PRECISION):
            return self._run(max_boxes, aim)

    def _run(self, max_boxes: int, aim: Aim) -> Proof:
        found = Proof(self._sector)
        self._effort = 0
        waiting = [self._sector.box]
        while waiting:
            box = waiting.pop()
            if self._effort > 2 * self.effort * max_boxes:
                found.left.append(box)
                continue
            found.boxes += 1
            self._evaluations.clear()
            self._contacts = []
            lower = self._on(box)
            reached = aim == "proved" or lower.zero or (aim == "strict" and lower.strict)
            if lower.proved and reached:
                found.identical = found.identical and lower.zero
                found.strict = found.strict and (lower.strict or lower.zero)
                found.contacts += [box] if lower.zero else self._contacts
                continue
            point = self._false_near(box)
            if point is not None:
                found.status, found.point, found.identical = False, point, False
                return found
            allowed = self.effort * max_boxes
            spent = found.boxes + len(waiting) >= max_boxes or self._effort > allowed
            parts = [] if spent else halves(box)
            if parts:
                waiting.extend(parts)
            else:
                found.left.append(box)
        if found.left:
            found.status, found.identical, found.strict = None, False, False
        return found

    def _on(self, box: Box) -> Lower:
        """Whether the statement holds on a box, and on those of its faces where a case ends."""
        try:
            tree, faces = self.cases(box)
        except OutsideError:
            return Lower(False)
        found = self._tree(tree, box)
        for face in faces:
            if not found.proved:
                break
            other = self._on(face)
            found = Lower(
                other.proved,
                found.strict and (other.strict or other.zero),
                found.zero and other.zero,
            )
        return found

    def cases(self, box: Box) -> tuple[Tree, list[Box]]:
        """The cases inside the box, and the faces on which a strict condition ends."""
        faces: list[Box] = []

        def is_at_least(difference: sp.Expr, strict: bool) -> bool:
            if not strict and self._margins.is_known(difference):
                return True
            kept = self._contacts, self._partial_roots
            # a condition that is not real does not hold
            self._contacts, self._partial_roots = [], False
            try:
                found = self._at_least((difference,), box, self._none, 1)
                ends = self._contacts
            except AbstainsError:
                return False
            finally:
                self._contacts, self._partial_roots = kept
            if strict and found.strict:
                faces.extend(ends)
            return found.strict if strict else found.proved

        return branches(self._left, is_at_least), faces

    def _tree(self, tree: Tree, box: Box) -> Lower:
        if tree is UNDEFINED:
            return Lower(True, strict=True, abstains=True)
        if isinstance(tree, All):
            parts = [self._tree(one, box) for one in tree.parts]
            return Lower(
                all(one.proved for one in parts),
                all(one.strict for one in parts),
                (any if tree.largest else all)(one.zero for one in parts),
            )
        if isinstance(tree, AnyOf):
            parts = [self._tree(one, box) for one in tree.parts]
            # what is not real bounds nothing that is
            proved = [one for one in parts if one.proved and not one.abstains]
            nothing = all(one.abstains for one in parts)
            return Lower(
                bool(proved) or nothing,
                nothing or any(one.strict for one in proved),
                all(one.zero for one in parts),
                abstains=nothing,
            )
        return self._plain(tree, box)

    def _plain(self, left: Plain, box: Box) -> Lower:
        weak = Lower(False)
        for candidate in self._candidates:
            if not all(self._guarded(one, left, box) for one in candidate.guards):
                continue
            # the exact radius is never negative, and above any part of it where it is positive
            if self._is_exact_radius and self._margins.is_share(left.formula, candidate.radius):
                return Lower(True, strict=True)
            # a root is squared away where the right side is not negative
            squared = self._guarded(candidate.radius, left, box)
            margin = self._margins.forms(left.formula, candidate.radius, squared=squared)
            try:
                found = self._by_arguments(left.formula, candidate.radius, box)
                if not found.proved:
                    found = self._at_least(margin, box, self._none, 1)
            except AbstainsError:
                return Lower(True, strict=True, abstains=True)
            if found.zero and not self._is_exact(candidate, left, box):
                found = Lower(True)
            if found.strict or found.zero:
                return found
            if not found.proved:
                found = self._by_conditions(margin, left.where, box)
            weak = found if found.proved else weak
        return weak

    def _by_arguments(self, left: sp.Expr, right: sp.Expr, box: Box) -> Lower:
        form = self._margins.by_arguments(left, right)
        return Lower(False) if form is None else self._at_least((form,), box, self._none, 1)

    def _is_exact(self, candidate: Candidate, left: Plain, box: Box) -> bool:
        """Whether the candidate is the largest wherever the formula is stated on the box."""
        tops = [candidate.top - one.top for one in self._candidates if one.top != candidate.top]
        return all(self._guarded(one, left, box) for one in (*tops, *candidate.exact_where))

    def _guarded(self, guard: sp.Expr, left: Plain, box: Box) -> bool:
        # where the formula is stated at all, one of its own conditions may be the guard
        if any(is_multiple(guard, one) for one in left.where):
            return True
        try:
            at = self._at(box, self._none)
            return at.germs.sign(at(guard)).is_proof
        except (OutsideError, NotRealError):
            return False

    # -- refutation ----------------------------------------------------------------------------

    def _false_near(self, box: Box) -> tuple[fmpq, ...] | None:
        for point in (middle(box), tuple(low for low, _ in box)):
            if self.is_false_at(point):
                return point
        return None

    def is_strict_at(self, box: Box) -> bool:
        """Whether left < right at the middle of a box, proved at that point."""
        point = tuple((one, one) for one in middle(box))
        with ctx.workprec(PRECISION):
            self._contacts = []
            found = self._on(point)
            return found.strict and not self._contacts

    def is_false_at(self, point: Sequence[fmpq]) -> bool:
        """Whether left > right at a point of the sector, proved at that point."""
        box = tuple((one, one) for one in point)
        with ctx.workprec(PRECISION):
            try:
                return self._tree_false(self.cases(box)[0], box)
            except (OutsideError, AbstainsError):
                return False

    def _tree_false(self, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All):
            # at a point whose case is not certain every case has to be false
            return bool(tree.parts) and all(self._tree_false(one, box) for one in tree.parts)
        if isinstance(tree, AnyOf):
            return all(self._tree_false(one, box) for one in tree.parts)
        possible = [one for one in self._candidates if self._may_hold(one, box)]
        margins = [self._margins.forms(tree.formula, one.radius, squared=False) for one in possible]
        return bool(possible) and all(self._is_negative_at(margin, box) for margin in margins)

    def _is_negative_at(self, margin: Forms, box: Box) -> bool:
        # a form may be real where the radius, as it is written, is not
        negative = self._sign(margin, box, self._none, -1) is Sign.POSITIVE
        return negative and self._is_real(margin[-1], box)

    def _may_hold(self, candidate: Candidate, box: Box) -> bool:
        # a candidate whose guard is certainly negative says nothing at the point
        for guard in candidate.guards:
            try:
                at = self._at(box, self._none)
                if at.germs.sign(at(-guard)) is Sign.POSITIVE:
                    return False
            except (OutsideError, NotRealError):
                return False
        return True
