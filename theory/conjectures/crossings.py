"""Where one radius overtakes another along a curve with one coordinate, enclosed and proved.

The coordinate is a quantile, from PA = 1/2 outward. The sign of the difference is looked at on a
grid, each change of it is bracketed by bisection with certain signs, and what lies between two
brackets is proved with boxes; a point at which such a proof fails joins the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import sympy as sp
from flint import arb, ctx, fmpq

from theory.conjectures.closing import Memory
from theory.conjectures.comparisons import AtMost
from theory.conjectures.sectors import Sector

__all__ = ["Change", "Line", "Piece", "probability_at", "trace"]

#: a bracket is narrower than this times its place
_NARROW = fmpq(1, 2**96)
#: of a change from "equal", which is proved at no single point
_COARSE = fmpq(1, 2**40)
_ROUNDS = 6
#: how many changes are told apart
_MOST_CHANGES = 12
_BITS = 4200


#: a sign, and the first and the last of the points that have it
Run = tuple[int, fmpq, fmpq]


@dataclass(frozen=True)
class Line:
    """Two radii on a sector with one variable, and whether PA is 1 - tail (1) or tail (-1)."""

    sector: Sector
    first: sp.Expr
    second: sp.Expr
    max_boxes: int
    memory: Memory = field(default_factory=dict)

    def at_most(self, sign: int, low: fmpq, high: fmpq | None) -> AtMost:
        """The statement first <= second (sign -1) or second <= first (sign 1), on a part."""
        one, other = (self.first, self.second) if sign < 0 else (self.second, self.first)
        return AtMost(replace(self.sector, box=((low, high),)), one, other, self.memory)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the line: sign 1 where the first is larger, -1 where it is smaller, 0: equal."""

    low: fmpq
    high: fmpq | None
    sign: int
    proved: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A bracket in which the sign changes, from ``before`` to ``after`` in the coordinate."""

    low: fmpq
    high: fmpq
    before: int
    after: int
    unique: bool

    @property
    def is_crossing(self) -> bool:
        """Whether each of the two radii is certainly larger at one end."""
        return self.before * self.after < 0


def probability_at(sector: Sector, low: fmpq, high: fmpq | None) -> arb:
    """A ball around PA on an interval of the coordinate; to 0 or 1 where it has no end.

    >>> from theory.conjectures.sectors import sectors
    >>> from theory.conjectures.settings import Setting
    >>> one = sectors("uniform", Setting.BINARY, 2, proportional=True)[0]
    >>> probability_at(one, fmpq(1, 2), fmpq(1, 2))
    0.750000000000000
    """
    with ctx.workprec(_BITS):
        tail = _tail(sector.noise, low)
        tail = tail.union(arb(0) if high is None else _tail(sector.noise, high))
        return 1 - tail if sector.sign_a > 0 else tail


def _tail(noise: str, at: fmpq) -> arb:
    if noise == "uniform":
        return arb((1 - at) / 2)
    if noise == "laplace":
        return (-arb(at)).exp() / 2
    return (arb.pi().sqrt() * arb(at)).erfc() / 2


def grid(noise: str, points: int) -> list[fmpq]:
    """Coordinates from near 0 to far out, about 3 * ``points`` of them.

    >>> [len(grid(noise, 10)) for noise in ("laplace", "uniform")]
    [30, 26]
    """
    if noise == "uniform":
        middle = [fmpq(i, points + 1) for i in range(1, points + 1)]
        steps = [fmpq(1, 2 ** (4 * i)) for i in range(1, 9)]
        return sorted({*middle, *steps, *(1 - one for one in steps)})[: 3 * points]
    top = 8 if noise == "laplace" else 3
    near = [fmpq(1, 8) / 2**i for i in range(1, points + 1)]
    middle = [fmpq(1, 8) + fmpq(top * i, points) for i in range(points)]
    far = [(top + 1) * fmpq(3, 2) ** i for i in range(points)]
    far = [one for one in far if one < (4000 if noise == "laplace" else 40)]
    return sorted([*near, *middle, *far])


def trace(line: Line, points: int = 24) -> tuple[list[Piece], list[Change]]:
    """The pieces of a line with their signs, and the changes between them.

    Parameters
    ----------
    line : Line
        The sector has one variable.
    points : int
        The grid has about three times as many.

    Returns
    -------
    pieces, changes : lists
        In the order of the coordinate; every change lies between two pieces. A change is unique
        if the difference is proved to be monotone in its bracket.

    Examples
    --------
    >>> from theory.conjectures.sectors import inner, sectors
    >>> from theory.conjectures.settings import Setting
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> pieces, (change,) = trace(Line(one, inner**2, inner, 60))
    >>> [(piece.sign, piece.proved) for piece in pieces], change.low < 1 < change.high
    ([(-1, True), (1, True)], True)
    """
    return _Tracer(line, points).trace()


class _Tracer:
    def __init__(self, line: Line, points: int) -> None:
        self._line = line
        self._start, self._end = line.sector.box[0]
        self._provers = {sign: line.at_most(-sign, self._start, self._end) for sign in (1, -1)}
        self._signs: dict[fmpq, int] = {}
        self._last = 1  # the sign that was seen last is tried first
        self._proofs: dict[tuple[int, fmpq, fmpq | None], tuple[bool, list[fmpq]]] = {}
        for one in grid(line.sector.noise, points):
            self._sign(one)

    def _sign(self, at: fmpq) -> int:
        """The certain sign of first - second at a point, 0 where there is none."""
        if at not in self._signs:
            signs = sorted(self._provers, key=lambda one: one != self._last)
            found = next((one for one in signs if _is_false(self._provers[one], at)), 0)
            self._signs[at], self._last = found, found or self._last
        return self._signs[at]

    def trace(self) -> tuple[list[Piece], list[Change]]:
        for _ in range(_ROUNDS):
            runs = self._runs()
            changes = self._changes(runs)
            pieces, refuting = self._pieces(runs, changes)
            new = [one for one in refuting if one not in self._signs]
            if not new or len(changes) >= _MOST_CHANGES:
                break
            for one in new:
                self._sign(one)
        return pieces, changes

    def _runs(self) -> list[Run]:
        """Maximal runs of one sign; a single point without a sign belongs to none."""
        runs: list[Run] = []
        for at, sign in sorted(self._signs.items()):
            if runs and runs[-1][0] == sign:
                runs[-1] = (sign, runs[-1][1], at)
            else:
                runs.append((sign, at, at))
        kept: list[Run] = []
        for run in runs:
            if run[0] == 0 and (run[1] == run[2] or not self._is_equal(run[1], run[2])):
                continue
            if kept and kept[-1][0] == run[0]:
                kept[-1] = (run[0], kept[-1][1], run[2])
            else:
                kept.append(run)
        return kept

    def _is_equal(self, low: fmpq, high: fmpq) -> bool:
        return all(self._proof(sign, low, high)[0] for sign in (1, -1))

    def _proof(self, sign: int, low: fmpq, high: fmpq | None) -> tuple[bool, list[fmpq]]:
        key = (sign, low, high)
        if key not in self._proofs:
            found = self._line.at_most(sign, low, high).run(max_boxes=self._line.max_boxes)
            refuting = [] if found.point is None else [found.point[0]]
            self._proofs[key] = (found.status is True, refuting)
        return self._proofs[key]

    def _changes(self, runs: Sequence[Run]) -> list[Change]:
        found = []
        for one, other in list(pairwise(runs))[:_MOST_CHANGES]:
            low, high = self._bisected(one[0], one[2], other[0], other[1])
            unique = one[0] * other[0] < 0 and self._is_monotone(low, high, other[0])
            found.append(Change(low, high, one[0], other[0], unique))
        return found

    def _is_monotone(self, low: fmpq, high: fmpq, after: int) -> bool:
        # the two provers hold one difference each: second - first and first - second
        return any(one.rises(low, high, -sign * after) for sign, one in self._provers.items())

    def _bisected(self, before: int, low: fmpq, after: int, high: fmpq) -> tuple[fmpq, fmpq]:
        narrow = _NARROW if before * after else _COARSE
        while high - low > narrow * high:
            for share in (fmpq(1, 2), fmpq(7, 16), fmpq(9, 17)):
                middle = low + _short((high - low) * share)
                sign = self._sign(middle)
                if sign in (before, after):
                    break
            else:
                return low, high
            low, high = (middle, high) if sign == before else (low, middle)
        return low, high

    def _pieces(
        self, runs: Sequence[Run], changes: Sequence[Change]
    ) -> tuple[list[Piece], list[fmpq]]:
        ends = [self._start, *(one.high for one in changes)]
        tops = [*(one.low for one in changes), self._end]
        signs = [runs[0][0] if runs else 0, *(one.after for one in changes)]
        pieces, refuting = [], []
        for low, high, sign in zip(ends, tops, signs, strict=True):
            outcomes = [self._proof(one, low, high) for one in ([sign] if sign else [1, -1])]
            pieces.append(Piece(low, high, sign, all(proved for proved, _ in outcomes)))
            refuting += [at for _, points in outcomes for at in points]
        return pieces, refuting


def _is_false(prover: AtMost, at: fmpq) -> bool:
    prover._evaluations.clear()
    return prover.is_false_at((at,))


def _short(width: fmpq) -> fmpq:
    """At most the width, with few digits, so that the brackets do not gain digits without need."""
    exponent = int(width.p).bit_length() - int(width.q).bit_length()
    scale = fmpq(2) ** (exponent - 8)
    ratio = width / scale
    return fmpq(int(ratio.p) // int(ratio.q)) * scale
