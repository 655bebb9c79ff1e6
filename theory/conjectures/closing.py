"""Signs of one margin over boxes, closed at faces by Taylor's theorem.

A box on which an enclosure shows no sign is closed at a face: the coefficients of order 0, ...,
s - 1 in the distance from the face are not negative on the face (each is proved in the same way,
with one variable less) and the one of order s is not negative on the box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import sympy as sp
from flint import arb, fmpq

from theory.conjectures.evaluation import Evaluation
from theory.conjectures.germs import Germs, Sign
from theory.conjectures.jets import Index, NotRealError, OutsideError
from theory.conjectures.numbers import as_ball
from theory.conjectures.polynomials import Box
from theory.conjectures.realness import demands
from theory.conjectures.sectors import Sector, short_a, short_b, tail_a, tail_b

__all__ = ["AbstainsError", "Closing", "Forms", "Lower", "Memory", "corners", "halves", "middle"]

#: the highest order of a Taylor coefficient at a face
_ORDERS = (1, 2, 3)
#: boxes that a coefficient on a face may take
_FACE_BOXES = 24
#: an unbounded side is cut here beyond its start, then at twice that, and from _SQUARES on squared
_FIRST_CUT, _SQUARES = fmpq(4), fmpq(100)
#: no cut beyond this many units: what is left there is undecided
_LAST_CUT = fmpq(2**40)
#: a Taylor coefficient where all tails are equal, by formula
Memory = dict[tuple[str, sp.Expr, Index], Sign]

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


class _Evaluations:
    """Evaluations by box, and of one box by orders and whether roots are partial."""

    def __init__(self) -> None:
        self._by_box: dict[Box, dict[tuple[Index, bool], Evaluation]] = {}
        self._last: tuple[Box | None, dict[tuple[Index, bool], Evaluation]] = (None, {})

    def clear(self) -> None:
        """Forget all of them."""
        self._by_box.clear()
        self._last = (None, {})

    def on(self, box: Box) -> dict[tuple[Index, bool], Evaluation]:
        """Those on a box."""
        if self._last[0] is not box:  # to hash rationals is slow
            self._last = box, self._by_box.setdefault(box, {})
        return self._last[1]


class Closing:
    """Lower bounds of margins on boxes of one sector.

    Parameters
    ----------
    sector : Sector
        The coordinates.
    memory : dict, optional
        To be shared by statements on parts of one sector.

    Examples
    --------
    >>> from theory.conjectures.sectors import inner, sectors
    >>> from theory.conjectures.settings import Setting
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> Closing(one).at_least((inner - 1 + sp.exp(-inner),), one.box)  # 0 at 0, of order two
    Lower(proved=True, strict=True, zero=False, everywhere=False, abstains=False)
    """

    def __init__(self, sector: Sector, memory: Memory | None = None) -> None:
        self._sector = sector
        self._evaluations = _Evaluations()
        #: whether a root may stand for the part of a box where it is real
        self._partial_roots = True
        self._contacts: list[Box] = []
        self._formulas = {} if memory is None else memory
        self._effort = 0

    @property
    def _none(self) -> Index:
        return (0,) * len(self._sector.variables)

    def at_least(self, margin: Forms, box: Box) -> Lower:
        """Whether a margin is at least 0 on a box, without bisection of the box itself."""
        return self._at_least(margin, box, self._none, 1)

    def _at(self, box: Box, orders: Index) -> Evaluation:
        known, key = self._evaluations.on(box), (orders, self._partial_roots)
        found = known.get(key)
        if found is None:
            germs = Germs(box, orders, partial_roots=self._partial_roots)
            found = known[key] = Evaluation(germs, self._sector.values(germs))
        return found

    def _sign(self, margin: Forms, box: Box, index: Index, factor: int) -> Sign:
        """The best that the forms of the margin say of factor * the Taylor coefficient."""
        best = Sign.OUTSIDE
        self._effort += 1
        for form in self._on_box(margin, box, index):
            at = self._at(box, index)
            try:
                germ = at(form) if factor > 0 else at.germs.negative(at(form))
                sign = at.germs.sign(germ, index)
            except OutsideError:
                continue
            except NotRealError as error:
                # of a split logarithm this says nothing
                if form == margin[-1]:
                    raise AbstainsError(str(error)) from None
                continue
            if sign is Sign.ZERO and form != margin[-1] and not self._is_real(margin[-1], box):
                sign = Sign.NOT_NEGATIVE  # or nothing is stated there
            if sign in (Sign.ZERO, Sign.POSITIVE):
                return sign
            best = best if best.is_proof else sign
        if best.is_proof:
            return best
        if all(low == 0 and high == 0 for low, high in box):
            return self._by_formula(margin[-1], index, self._sector.at_origin)
        if self._is_edge(box):
            return self._by_formula(margin[-1], index, self._sector.at_edge)
        return best

    def _is_real(self, form: sp.Expr, box: Box) -> bool:
        """Whether a formula is known to be real on the whole box."""
        at = self._at(box, self._none)
        try:
            return all(at.germs.sign(at(one)).is_proof for one in demands(form))
        except (OutsideError, NotRealError):
            return False

    def _on_box(self, margin: Forms, box: Box, index: Index) -> Forms:
        # where both tails are one number all over the box, they are one symbol
        place = self._sector.same_tails
        if place is None or not self._is_edge(box) or index[place]:
            return margin
        return tuple(map(_with_one_tail, margin))

    def _is_edge(self, box: Box) -> bool:
        """Whether both tails are one number all over the box."""
        place = self._sector.same_tails
        return place is not None and all(end == 0 for end in box[place])

    def _by_formula(self, form: sp.Expr, index: Index, place: Callable[[sp.Expr], sp.Expr]) -> Sign:
        """Whether a Taylor coefficient is 0 where tails are equal: by SymPy, for rationals."""
        if sum(index) > 2 or self._sector.scale_sign:
            return Sign.UNKNOWN
        key = (place.__name__, form, index)
        if key not in self._formulas:
            zero = place(self._sector.derivative(form, index)) == 0
            self._formulas[key] = Sign.ZERO if zero else Sign.UNKNOWN
        return self._formulas[key]

    def _at_least(self, margin: Forms, box: Box, index: Index, factor: int) -> Lower:
        """Whether factor * the Taylor coefficient is at least 0 on the box, without bisection."""
        sign = self._sign(margin, box, index, factor)
        if sign is Sign.ZERO:
            return Lower(True, zero=True)
        if sign is Sign.POSITIVE:
            return Lower(True, strict=True, everywhere=True)
        if sign is Sign.OUTSIDE:
            return Lower(False)
        best = Lower(sign.is_proof)
        ends = self._at_corners(margin, box, index, factor)
        if ends is False:
            return best
        if ends and self._by_mean_value(margin, box, index, factor):
            return Lower(True, strict=True, everywhere=True)
        # where nothing vanishes at an edge a derivative's sign or smaller boxes will do
        orders = _ORDERS[:1] if ends else _ORDERS
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

    def _at_corners(self, margin: Forms, box: Box, index: Index, factor: int) -> bool | None:
        """True: positive at all corners of a bounded box. False: negative at one of any box."""
        bounded = all(high is not None for _, high in box)
        positive = True
        for corner in corners(box, reach=0):
            point = tuple((one, one) for one in corner)
            try:
                if self._sign(margin, point, index, factor) is Sign.POSITIVE:
                    continue
                positive = False
                if self._sign(margin, point, index, -factor) is Sign.POSITIVE:
                    return False
            except AbstainsError:
                positive = False
        return True if positive and bounded else None

    def _by_mean_value(self, margin: Forms, box: Box, index: Index, factor: int) -> bool:
        """Whether the value at the middle is more than all slopes can take from it."""
        self._effort += 1
        point = tuple((one, one) for one in middle(box))
        for form in self._on_box(margin, box, index):
            try:
                least = as_ball(self._least(form, point, index, factor))
                for place, (low, high) in enumerate(box):
                    if high is None or low == high:
                        continue
                    above = _raised(index, place, 1)
                    fall, rise = (-self._least(form, box, above, sign) for sign in (1, -1))
                    least -= fall.max(rise) * above[place] * arb(high - low) / 2
            except (OutsideError, NotRealError):
                continue
            if least > 0:
                return True
        return False

    def _least(self, form: sp.Expr, box: Box, index: Index, factor: int) -> arb:
        """A lower bound of factor * the Taylor coefficient; OutsideError if there is none."""
        at = self._at(box, index)
        germ = at(form) if factor > 0 else at.germs.negative(at(form))
        least = at.germs.least(germ, index)
        if least is None:
            raise OutsideError("a coefficient that is not bounded")
        return as_ball(least)

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
                somewhere = any(index) and not on_face.everywhere
                if not somewhere and len(self._contacts) == noted:
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
            parts = halves(box)
            if seen >= _FACE_BOXES or not parts or self._is_negative(margin, box, index, factor):
                return Lower(False)
            waiting.extend(parts)
        return Lower(True, strict=strict and not zero, zero=zero, everywhere=everywhere)

    def _is_negative(self, margin: Forms, box: Box, index: Index, factor: int) -> bool:
        point = tuple((one, one) for one in middle(box))
        try:
            return self._sign(margin, point, index, -factor) is Sign.POSITIVE
        except AbstainsError:
            return False


@lru_cache(maxsize=4096)
def _with_one_tail(form: sp.Expr) -> sp.Expr:
    return form.xreplace({tail_b: tail_a, short_b: short_a})


def _raised(index: Index, place: int, order: int) -> Index:
    return tuple(i + order * (p == place) for p, i in enumerate(index))


def middle(box: Box) -> tuple[fmpq, ...]:
    """A point of the box: its middle, or one unit from the start of an unbounded side."""
    return tuple(low + 1 if high is None else (low + high) / 2 for low, high in box)


def corners(box: Box, *, reach: int) -> Iterator[tuple[fmpq, ...]]:
    """The corners of the box; an unbounded side ends so many units from its start.

    >>> sorted(corners(((fmpq(0), fmpq(2)), (fmpq(3), None)), reach=0))
    [(0, 3), (2, 3)]
    """
    return product(*({low, low + reach if high is None else high} for low, high in box))


def halves(box: Box) -> list[Box]:
    """The box in two along its widest side; none where it is a point or beyond the last cut."""
    widths = [
        fmpq(0) if low == high else _far_width(low) if high is None else (high - low) / (1 + low)
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
    cut = _beyond(low) if high is None else (low + high) / 2
    first = (*box[:place], (low, cut), *box[place + 1 :])
    second = (*box[:place], (cut, high), *box[place + 1 :])
    return [second, first]


def _far_width(low: fmpq) -> fmpq:
    """What an unbounded side counts for: less and less, so that the others are cut too."""
    return fmpq(4, 1 + int(low.floor()).bit_length())


def _beyond(low: fmpq) -> fmpq:
    return 2 * low + _FIRST_CUT if low < _SQUARES else low**2
