"""Proofs that one radius is at most another on a whole sector, by boxes that reach infinity.

A box on which an enclosure shows no sign is closed at a face by Taylor's theorem: the coefficients
of order 0, ..., s - 1 in the distance from the face are not negative on the face (each is proved
in the same way, with one variable less) and the one of order s is not negative on the box. What is
left is bisected, and a midpoint at which the statement is false refutes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import sympy as sp
from flint import ctx, fmpq

from theory.balls import PRECISION
from theory.conjectures.branches import UNDEFINED, All, AnyOf, Plain, Tree, branches
from theory.conjectures.evaluation import Evaluation
from theory.conjectures.germs import Germs, Sign
from theory.conjectures.jets import Index, NotRealError, OutsideError
from theory.conjectures.logarithms import factored, split_logarithms
from theory.conjectures.polynomials import Box
from theory.conjectures.sectors import Candidate, Sector, tail_a, tail_b

__all__ = ["Proof", "Prover"]

#: the highest order of a Taylor coefficient at a face
_ORDERS = (1, 2, 3)
#: boxes that a coefficient on a face may take
_FACE_BOXES = 24
#: an unbounded side is cut here beyond its start, then ever farther
_FIRST_CUT = fmpq(4)
#: no cut beyond this many units: what is left there is undecided
_LAST_CUT = fmpq(2**14)


#: a Taylor coefficient where all tails are 1/2, by formula
Memory = dict[tuple[sp.Expr, Index], Sign]

Aim = Literal["proved", "strict", "zero"]

#: a margin in equal forms; the last is as the radius was written
Forms = tuple[sp.Expr, ...]


class AbstainsError(ArithmeticError):
    """No real radius is stated anywhere on the box."""


@dataclass(frozen=True, slots=True)
class Lower:
    """Whether a function is at least 0 on a box, and positive there but on noted faces."""

    proved: bool
    strict: bool = False
    zero: bool = False
    #: positive on the whole box, noted faces or not
    everywhere: bool = False
    #: no real radius is stated there at all
    abstains: bool = False


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


class Prover:
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
    effort = 150

    def __init__(
        self,
        sector: Sector,
        left: sp.Expr,
        candidates: Sequence[Candidate],
        memory: Memory | None = None,
    ) -> None:
        self._sector, self._left, self._candidates = sector, left, tuple(candidates)
        self._margins: dict[tuple[sp.Expr, sp.Expr, bool], Forms] = {}
        self._evaluations: dict[tuple[Box, Index], Evaluation] = {}
        self._contacts: list[Box] = []
        self._origins = {} if memory is None else memory
        self._effort = 0

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
            parts = [] if spent else _halves(box)
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
            tree, faces = self._cases(box)
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

    def _cases(self, box: Box) -> tuple[Tree, list[Box]]:
        """The cases inside the box, and the faces on which a strict condition ends."""
        faces: list[Box] = []

        def is_at_least(difference: sp.Expr, strict: bool) -> bool:
            kept, self._contacts = self._contacts, []
            try:
                found = self._at_least((difference,), box, self._none, 1)
                ends, self._contacts = self._contacts, kept
            except AbstainsError:
                self._contacts = kept
                return False
            if strict and found.strict:
                faces.extend(ends)
            return found.strict if strict else found.proved

        return branches(self._left, is_at_least), faces

    @property
    def _none(self) -> Index:
        return (0,) * len(self._sector.variables)

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
            # a root is squared away where the right side is not negative
            squared = self._guarded(candidate.radius, left, box)
            margin = self._margin(left.formula, candidate.radius, squared=squared)
            try:
                found = self._at_least(margin, box, self._none, 1)
            except AbstainsError:
                return Lower(True, strict=True, abstains=True)
            if found.zero and not self._is_exact(candidate, left, box):
                found = Lower(True)
            if found.strict or found.zero:
                return found
            weak = found if found.proved else weak
        return weak

    def _is_exact(self, candidate: Candidate, left: Plain, box: Box) -> bool:
        """Whether the candidate is the largest wherever the formula is stated on the box."""
        tops = [candidate.top - one.top for one in self._candidates if one.top != candidate.top]
        return all(self._guarded(one, left, box) for one in (*tops, *candidate.exact_where))

    def _guarded(self, guard: sp.Expr, left: Plain, box: Box) -> bool:
        # where the formula is stated at all, one of its own conditions may be the guard
        if any(_is_multiple(guard, one) for one in left.where):
            return True
        try:
            at = self._at(box, self._none)
            return at.germs.sign(at(guard)).is_proof
        except (OutsideError, NotRealError):
            return False

    def _margin(self, left: sp.Expr, right: sp.Expr, *, squared: bool) -> Forms:
        """Right - left, or c^2 z against the square of the right for c sqrt(z) on the left.

        With logarithms split, as a product, and as it is written.
        """
        key = (left, right, squared)
        if key not in self._margins:
            # a case that was chosen may stand in a quantile
            left = self._sector.with_quantiles(left)
            factor, root = _root(left) if squared else (left, None)
            plain = right - left if root is None else right**2 - factor**2 * root
            self._margins[key] = tuple(
                dict.fromkeys([split_logarithms(plain), factored(plain), plain])
            )
        return self._margins[key]

    # -- one plain margin ----------------------------------------------------------------------

    def _at(self, box: Box, orders: Index) -> Evaluation:
        key = (box, orders)
        if key not in self._evaluations:
            germs = self._germs(box, orders)
            self._evaluations[key] = Evaluation(germs, self._sector.values(germs))
        return self._evaluations[key]

    def _germs(self, box: Box, orders: Index) -> Germs:
        return Germs(box, orders)

    def _sign(self, margin: Forms, box: Box, index: Index, factor: int) -> Sign:
        """The best that the forms of the margin say of factor * the Taylor coefficient."""
        best = Sign.OUTSIDE
        self._effort += 1
        for form in self._on_box(margin, box, index):
            at = self._at(box, index)
            try:
                germ = at(form)
                if factor < 0:
                    germ = at.germs.multiply(at.germs.constant(fmpq(-1)), germ)
                sign = at.germs.sign(germ, index)
            except OutsideError:
                continue
            except NotRealError as error:
                # of a split logarithm this says nothing
                if form == margin[-1]:
                    raise AbstainsError(str(error)) from None
                continue
            if sign in (Sign.ZERO, Sign.POSITIVE):
                return sign
            best = best if best.is_proof else sign
        if not best.is_proof and all(low == 0 and high == 0 for low, high in box):
            return self._at_origin(margin[-1], index)
        return best

    def _on_box(self, margin: Forms, box: Box, index: Index) -> Forms:
        # where both tails are one number all over the box, they are one symbol
        place = self._sector.same_tails
        if place is None or any(end != 0 for end in box[place]) or index[place]:
            return margin
        return tuple(form.xreplace({tail_b: tail_a}) for form in margin)

    def _at_origin(self, form: sp.Expr, index: Index) -> Sign:
        """A Taylor coefficient where all tails are 1/2: by SymPy, for roots of rationals."""
        if sum(index) > 2 or self._sector.scale_sign:
            return Sign.UNKNOWN
        key = (form, index)
        if key not in self._origins:
            value = self._sector.derivative(form, index)
            zero = self._sector.at_origin(value) == 0
            self._origins[key] = Sign.ZERO if zero else Sign.UNKNOWN
        return self._origins[key]

    def _at_least(self, margin: Forms, box: Box, index: Index, factor: int) -> Lower:
        """Whether factor * the Taylor coefficient is at least 0 on the box, without bisection."""
        sign = self._sign(margin, box, index, factor)
        if sign is Sign.ZERO:
            return Lower(True, zero=True)
        if sign is Sign.POSITIVE:
            return Lower(True, strict=True, everywhere=True)
        if sign is Sign.OUTSIDE:
            return Lower(False)
        # where nothing vanishes at an edge a derivative's sign or smaller boxes will do
        best = Lower(sign.is_proof)
        orders = (
            _ORDERS[:1] if self._is_positive_at_corners(margin, box, index, factor) else _ORDERS
        )
        for place, (low, high) in enumerate(box):
            if low == high:
                continue
            for end, side in ((low, 1), (high, -1)):
                if end is None:
                    continue
                found = self._from_face(margin, box, index, factor, place, end, side, orders)
                if found.strict:
                    return found
                best = found if found.proved else best
        return best

    def _is_positive_at_corners(self, margin: Forms, box: Box, index: Index, factor: int) -> bool:
        if any(high is None for _, high in box):
            return False
        corners = product(*({low, high} for low, high in box if high is not None))
        points = [tuple((one, one) for one in corner) for corner in corners]
        try:
            signs = (self._sign(margin, point, index, factor) for point in points)
            return all(sign is Sign.POSITIVE for sign in signs)
        except AbstainsError:
            return False

    def _from_face(
        self,
        margin: Forms,
        box: Box,
        index: Index,
        factor: int,
        place: int,
        end: fmpq,
        side: int,
        orders: Sequence[int],
    ) -> Lower:
        face = (*box[:place], (end, end), *box[place + 1 :])
        on_face: Lower | None = None
        positive, weak, noted = False, Lower(False), len(self._contacts)
        for order in orders:
            above = _raised(index, place, order)
            sign = self._sign(margin, box, above, factor * side**order)
            if on_face is None and (sign.is_proof or order == 1):
                on_face = self._on_face(margin, face, index, factor)
                if not on_face.proved:
                    return weak
                if on_face.zero and not any(index):
                    self._contacts.append(face)
                    noted += 1
            if sign.is_proof:
                weak = Lower(True)
                # what vanishes on a part of the face may do so beyond it, if it does not rise there
                alone = on_face is not None and on_face.strict and len(self._contacts) == noted
                if positive or sign is Sign.POSITIVE or alone:
                    return Lower(True, strict=self._noted(on_face))
            if on_face is not None and on_face.strict:
                return weak  # nothing vanishes on the face: a smaller box will do
            below = self._on_face(margin, face, above, factor * side**order)
            if not below.proved:
                return weak
            positive = positive or below.everywhere
        return weak

    @staticmethod
    def _noted(on_face: Lower | None) -> bool:
        return on_face is not None and (on_face.strict or on_face.zero)

    def _on_face(self, margin: Forms, face: Box, index: Index, factor: int) -> Lower:
        """The same on a face, with bisection."""
        waiting, seen, strict, zero, everywhere = [face], 0, True, True, True
        while waiting:
            box = waiting.pop()
            seen += 1
            try:
                one = self._at_least(margin, box, index, factor)
            except AbstainsError:  # on the face, and so not on the whole box
                return Lower(False)
            if one.proved:
                strict, zero = strict and (one.strict or one.zero), zero and one.zero
                everywhere = everywhere and one.everywhere
                if one.zero and not any(index):
                    self._contacts.append(box)
                continue
            parts = _halves(box)
            if seen >= _FACE_BOXES or not parts or self._is_negative(margin, box, index, factor):
                return Lower(False)
            waiting.extend(parts)
        return Lower(True, strict=strict and not zero, zero=zero, everywhere=everywhere)

    def _is_negative(self, margin: Forms, box: Box, index: Index, factor: int) -> bool:
        point = tuple((one, one) for one in _middle(box))
        try:
            return self._sign(margin, point, index, -factor) is Sign.POSITIVE
        except AbstainsError:
            return False

    # -- refutation ----------------------------------------------------------------------------

    def _false_near(self, box: Box) -> tuple[fmpq, ...] | None:
        for point in (_middle(box), tuple(low for low, _ in box)):
            if self.is_false_at(point):
                return point
        return None

    def is_false_at(self, point: Sequence[fmpq]) -> bool:
        """Whether left > right at a point of the sector, proved at that point."""
        box = tuple((one, one) for one in point)
        with ctx.workprec(PRECISION):
            try:
                return self._tree_false(self._cases(box)[0], box)
            except (OutsideError, AbstainsError):
                return False

    def _tree_false(self, tree: Tree, box: Box) -> bool:
        if isinstance(tree, All):
            # at a point whose case is not certain every case has to be false
            return bool(tree.parts) and all(self._tree_false(one, box) for one in tree.parts)
        if isinstance(tree, AnyOf):
            return all(self._tree_false(one, box) for one in tree.parts)
        possible = [one for one in self._candidates if self._may_hold(one, box)]
        margins = [self._margin(tree.formula, one.radius, squared=False) for one in possible]
        return bool(possible) and all(
            self._sign(margin, box, self._none, -1) is Sign.POSITIVE for margin in margins
        )

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


def _root(left: sp.Expr) -> tuple[sp.Expr, sp.Expr | None]:
    """The factor c and the radicand z of a positive c sqrt(z), or None for z.

    c sqrt(z) <= E is c^2 z <= E^2 where E is not negative.
    """
    half = sp.Rational(1, 2)
    factors = sp.Mul.make_args(left)
    roots = [one for one in factors if one.is_Pow and one.args[1] == half and one.free_symbols]
    if len(roots) != 1:
        return left, None
    factor = sp.Mul(*(one for one in factors if one is not roots[0]))
    if factor.free_symbols or not factor.is_positive:
        return left, None
    return factor, roots[0].args[0]


def _is_multiple(guard: sp.Expr, condition: sp.Expr) -> bool:
    if condition.count_ops() > 30 or not condition.is_polynomial() or not guard.is_polynomial():
        return False
    ratio = sp.cancel(guard / condition)
    return bool(ratio.is_Rational and ratio > 0)


def _raised(index: Index, place: int, order: int) -> Index:
    return tuple(i + order * (p == place) for p, i in enumerate(index))


def _middle(box: Box) -> tuple[fmpq, ...]:
    return tuple(low + 1 if high is None else (low + high) / 2 for low, high in box)


def _halves(box: Box) -> list[Box]:
    """The box in two along its widest side; none where it is a point or beyond the last cut."""
    widths = [
        # of two unbounded sides the one that was cut less
        fmpq(0)
        if low == high
        else (2 + 1 / (1 + low) if high is None else (high - low) / (1 + low))
        for low, high in box
    ]
    place = max(range(len(box)), key=lambda one: widths[one])
    low, high = box[place]
    if widths[place] <= fmpq(1, 2**60):
        return []
    if high is None and low >= _LAST_CUT:
        finite = [one for one, (_, top) in enumerate(box) if top is not None and widths[one] > 0]
        if not finite:
            return []
        place = max(finite, key=lambda one: widths[one])
        low, high = box[place]
    cut = 2 * low + _FIRST_CUT if high is None else (low + high) / 2
    first = (*box[:place], (low, cut), *box[place + 1 :])
    second = (*box[:place], (cut, high), *box[place + 1 :])
    return [second, first]
