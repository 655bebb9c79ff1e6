"""A conjectured radius against others, region by region, with enclosed crossing points.

All radii are compared under one variance, and one below 0 counts as 0. "Larger" is: at least the
other one everywhere, and more somewhere. Where PB is given, regions are sectors of the domain, and
crossings are traced along the slices PB = t min(PA, 1 - PA).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import sympy as sp
from flint import arb, ctx, fmpq

from theory.claim import Boundary
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.closing import Memory
from theory.conjectures.comparisons import AtMost
from theory.conjectures.crossings import Change, Line, Piece, probability_at, trace
from theory.conjectures.expression_text import half_width
from theory.conjectures.expressions import num_classes as classes_symbol
from theory.conjectures.rivals import Rival, check_noise, exact_on, exact_on_slice
from theory.conjectures.sectors import Sector, sectors, tail_a
from theory.conjectures.settings import Setting
from theory.exact import decimal_enclosure
from theory.symbols import lam, p_a, p_b, sigma

__all__ = ["Comparison", "Region", "Relation", "compare"]

Relation = Literal["equal", "larger", "smaller", "crosses", "undecided"]

_HALF = sp.Rational(1, 2)
_INVERSES = (sp.erf, sp.erfc, sp.erfinv, sp.erfcinv)
#: coordinates at which the signs in a sector are looked at before anything is proved
_LOOKS: Mapping[str, tuple[fmpq, ...]] = {
    "laplace": (fmpq(1, 8), fmpq(1), fmpq(3), fmpq(16)),
    "gaussian": (fmpq(1, 16), fmpq(1, 2), fmpq(3, 2), fmpq(4)),
    "uniform": (fmpq(1, 16), fmpq(3, 8), fmpq(3, 4), fmpq(63, 64)),
}
_MAX_BOXES = 400
_BY_SIGN: Mapping[int, Relation] = {1: "larger", -1: "smaller", 0: "equal"}
#: whether R <= S and S <= R
_BY_STATUS: Mapping[tuple[bool, bool], Relation] = {
    (True, True): "equal",
    (True, False): "smaller",
    (False, True): "larger",
    (False, False): "crosses",
}
_FEW_BOXES = 24
_SLICE_BOXES = 32
_BITS = 4200


@dataclass(frozen=True, slots=True)
class Slice:
    """The curve PB = share * min(PA, 1 - PA); without a share PB = 1/2 <= PA."""

    share: sp.Rational | None

    @property
    def text(self) -> str:
        """As in a report.

        >>> Slice(sp.Rational(1, 10)).text, Slice(None).text
        ('PB = min(PA, 1 - PA)/10', 'PB = 1/2')
        """
        if self.share is None:
            return "PB = 1/2"
        return "PB = min(PA, 1 - PA)" + ("" if self.share == 1 else f"/{1 / self.share}")


SLICES = (Slice(sp.Rational(1, 100)), Slice(_HALF), Slice(sp.Rational(1)), Slice(None))


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the domain in words, and how the two radii compare on it.

    ``proved`` is about the whole region, both its ends included. ``slice`` is the curve on which
    an interval of PA lies, and None for a part of the whole domain.
    """

    text: str
    relation: Relation
    proved: bool
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a radius compares with another: "larger" if it is at least the other one everywhere.

    ``proved`` says that the relation is; "crosses" is proved by two points. ``crossings`` holds
    PA, and the slice in its name, where the sign of the difference changes.
    """

    name: str
    relation: Relation
    proved: bool
    regions: tuple[Region, ...]
    crossings: tuple[Boundary, ...]


def compare(
    radius: sp.Expr,
    noise_name: str,
    setting: Setting,
    num_classes: int | None,
    rivals: Mapping[str, Rival],
    *,
    max_boxes: int = _MAX_BOXES,
    sound: bool | None = None,
    tight: bool | None = None,
) -> tuple[Comparison, ...]:
    """Compare a radius with others on the whole domain, under equal variance.

    Parameters
    ----------
    radius : sympy.Expr
        In published symbols, and proportional to the scale (which is not checked: it is 1 here).
    noise_name : {"laplace", "gaussian", "uniform"}
        Its noise.
    setting : Setting
        What is known at x.
    num_classes : int or None
        As `parse_setting` returns it.
    rivals : mapping of str to Rival
        As from `theory.conjectures.rivals.rivals`; others may be added.
    max_boxes : int
        For each proof on one sector or one piece of a curve; at least 1.
    sound, tight : bool, optional
        True if it is proved that the radius is at most the exact one wherever it is positive, and
        that it is the exact one wherever that is positive. Neither is proved again, and of a tight
        radius the exact one's own formula is compared.

    Returns
    -------
    tuple of Comparison
        In the order of ``rivals``. Crossings are enclosed outward, and found along a grid: they
        are all of them if every region is proved and every crossing unique.

    Raises
    ------
    ValueError
        For an unknown noise, max_boxes < 1, and a symbol that the setting does not have.

    Examples
    --------
    >>> from theory.conjectures.rivals import rivals
    >>> two = -lam * sp.log(2 * (1 - p_a))
    >>> known = rivals("laplace", Setting.BINARY, 2)
    >>> (one,) = compare(two, "laplace", Setting.BINARY, 2, {"cohen": known["cohen"]})
    >>> one.relation, [region.text for region in one.regions]
    ('crosses', ['PA in (0, 0.5)', 'PA in (0.5, 0.9535591423)', 'PA in (0.9535591424, 1)'])
    """
    check_noise(noise_name)
    if max_boxes < 1:
        raise ValueError(f"max_boxes = {max_boxes} is outside [1, inf)")
    problem = _Problem(noise_name, setting, num_classes, max_boxes)
    own = problem.at_unit_scale(radius)
    stated = _Stated(own, bool(sound), bool(tight))
    return tuple(problem.against(stated, name, rival) for name, rival in rivals.items())


@dataclass(frozen=True, slots=True)
class _Stated:
    """The conjectured radius at unit scale, and what is proved of it."""

    radius: sp.Expr
    sound: bool
    tight: bool


@dataclass(frozen=True, slots=True)
class _Problem:
    noise: str
    setting: Setting
    num_classes: int | None
    max_boxes: int
    points: int = 10

    def at_unit_scale(self, radius: sp.Expr) -> sp.Expr:
        words = parse_noise(self.noise).words
        symbols = {lam: words["lam"], sigma: words["sigma"], half_width: words["half_width"]}
        found = radius.subs(symbols, simultaneous=True)
        legal = {p_a, p_b, classes_symbol} if self.setting.has_p_b else {p_a}
        if found.free_symbols - legal:
            name = min(str(one) for one in found.free_symbols - legal)
            raise ValueError(f"{name} does not belong to setting = {self.setting}")
        return found

    def against(self, stated: _Stated, name: str, rival: Rival) -> Comparison:
        other = None if rival.radius is None else self.at_unit_scale(rival.radius)
        own = None if stated.tight else stated.radius
        coordinates = self._coordinates(own, other)
        if not self.setting.has_p_b:
            lines = [
                Line(one, self._local(one, own), self._local(one, other), self.max_boxes)
                for one in self._sectors(coordinates)
            ]
            regions, crossings = _along(lines, name, None)
            relation = _overall(regions)
            return Comparison(name, relation, relation != "undecided", (*regions,), (*crossings,))
        is_below = stated.sound and other is None
        regions = self._on_sectors(self._sectors(coordinates), own, other, is_below)
        crossings = []
        if _overall(regions) in ("crosses", "undecided"):
            for curve in SLICES:
                lines = self._lines(coordinates, own, other, curve)
                some, found = _along(lines, name, curve.text, self.points)
                regions += some
                crossings += found
        relation = _overall(regions)
        return Comparison(name, relation, relation != "undecided", (*regions,), (*crossings,))

    def _coordinates(self, own: sp.Expr | None, other: sp.Expr | None) -> str:
        """The noise whose quantiles are coordinates in which both formulas are simple."""
        if other is None:
            return self.noise  # of which the exact radius is a sum of quantiles
        forms = {self.noise if one is None else _form(one) for one in (own, other)}
        return next((one for one in ("laplace", "gaussian") if one in forms), self.noise)

    def _sectors(self, coordinates: str) -> list[Sector]:
        return sectors(coordinates, self.setting, self.num_classes, proportional=True)

    def _local(self, sector: Sector, radius: sp.Expr | None) -> sp.Expr:
        if radius is None:
            return exact_on(sector, self.setting, self.num_classes, self.noise)
        return sector.local(radius)

    def _on_sectors(
        self, parts: Sequence[Sector], own: sp.Expr | None, other: sp.Expr | None, is_below: bool
    ) -> list[Region]:
        found: list[tuple[Sector, _Pair]] = []
        for one in parts:
            first, second = self._local(one, own), self._local(one, other)
            found.append((one, _Pair(one, first, second, is_below)))
        # where it is already known that they cross, proofs about the other sectors cost little
        crosses = all(any(pair.false[side] for _, pair in found) for side in (0, 1))
        boxes = min(self.max_boxes, _FEW_BOXES) if crosses else self.max_boxes
        regions = []
        for sector, pair in found:
            relation = pair.relation(boxes)
            if relation == "undecided":  # and so is the whole: what is left may cost little too
                boxes = min(boxes, _FEW_BOXES)
            regions.append(Region(sector.name, relation, relation != "undecided"))
        return regions

    def _lines(
        self, coordinates: str, own: sp.Expr | None, other: sp.Expr | None, curve: Slice
    ) -> list[Line]:
        found = []
        for one in sectors(coordinates, Setting.BINARY, 2, proportional=True):
            if one.sign_a < 0 and curve.share is None:
                continue
            places = {
                p_a: one.places[p_a],
                p_b: _HALF if curve.share is None else curve.share * tail_a,
            }
            if self.num_classes is not None:
                places[classes_symbol] = sp.Integer(self.num_classes)
            sector = replace(one, places=places)
            first, second = (
                exact_on_slice(one, self.setting, self.num_classes, curve.share, self.noise)
                if radius is None
                else _near(sector.local(radius))
                for radius in (own, other)
            )
            found.append(Line(sector, first, second, min(self.max_boxes, _SLICE_BOXES)))
        return found


class _Pair:
    """Two radii on one sector: whether the first is at most the second, and the other way."""

    def __init__(self, sector: Sector, first: sp.Expr, second: sp.Expr, is_below: bool) -> None:
        memory = Memory()
        self._both = (
            AtMost(sector, first, second, memory),
            AtMost(sector, second, first, memory),
        )
        same = first == second
        self._known = (same or is_below, same)
        looks = [*product(_LOOKS[sector.noise], repeat=2)]
        #: at some point
        self.false = [
            not known and any(one.is_false_at(at) for at in looks)
            for one, known in zip(self._both, self._known, strict=True)
        ]

    def relation(self, max_boxes: int) -> Relation:
        """What is proved with so many boxes."""
        found = []
        for one, known, false in zip(self._both, self._known, self.false, strict=True):
            status = known or (False if false else one.run(max_boxes=max_boxes).status)
            if status is None:
                return "undecided"
            found.append(status)
        below, above = found
        return _BY_STATUS[below, above]


def _form(radius: sp.Expr) -> str | None:
    """The noise whose quantiles a radius is made of; None for a rational function."""
    if radius.has(sp.log):
        return "laplace"
    return "gaussian" if radius.has(*_INVERSES) else None


def _near(radius: sp.Expr) -> sp.Expr:
    """erfinv near 1 and -1 by erfcinv, which does not lose the tail's digits."""

    def by_tail(node: sp.Expr) -> sp.Expr:
        for sign in (1, -1):
            rest = sp.expand(1 - sign * node.args[0])
            if rest.coeff(tail_a) == rest / tail_a:
                return sign * sp.erfcinv(rest)
        return node

    return radius.replace(lambda one: one.func is sp.erfinv, by_tail)


def _along(
    lines: Sequence[Line], name: str, slice_text: str | None, points: int = 24
) -> tuple[list[Region], list[Boundary]]:
    """The regions and crossings of one curve, from PA = 0 to PA = 1."""
    parts: list[tuple[Sector, Piece]] = []
    crossings: list[Boundary] = []
    for line in sorted(lines, key=lambda one: one.sector.sign_a):
        pieces, changes = trace(line, points)
        forward = line.sector.sign_a > 0
        parts += [(line.sector, one) for one in (pieces if forward else reversed(pieces))]
        for change in changes if forward else reversed(changes):
            if change.is_crossing:
                crossings.append(_boundary(line.sector, change, name, slice_text))
    return [*_merged(parts, slice_text)], crossings


def _boundary(sector: Sector, change: Change, name: str, slice_text: str | None) -> Boundary:
    place = "" if slice_text is None else f", {slice_text}"
    with ctx.workprec(_BITS):
        ball = probability_at(sector, change.low, change.high)
        return Boundary(
            f"PA where R = {name}{place}", decimal_enclosure(ball, _digits(ball)), change.unique
        )


def _digits(ball: arb) -> int:
    """Enough digits to tell 1 - PA."""
    short = arb((1 - ball).abs_lower())
    return 32 + (int((-short.log() / arb(10).log()).floor().unique_fmpz() or 0) if short > 0 else 0)


def _merged(parts: Iterable[tuple[Sector, Piece]], slice_text: str | None) -> list[Region]:
    joined: list[tuple[str, str, int, bool]] = []
    for sector, piece in parts:
        low, high = _ends(sector, piece)
        if joined and joined[-1][2:] == (piece.sign, piece.proved):
            joined[-1] = (joined[-1][0], high, piece.sign, piece.proved)
        else:
            joined.append((low, high, piece.sign, piece.proved))
    return [
        Region(f"PA in ({low}, {high})", _BY_SIGN[sign], proved, slice_text)
        for low, high, sign, proved in joined
    ]


def _ends(sector: Sector, piece: Piece) -> tuple[str, str]:
    upper = sector.sign_a > 0
    last = "1" if upper else "0"
    start = _short(probability_at(sector, piece.low, piece.low), above=upper)
    if piece.high is None or (sector.noise == "uniform" and piece.high == 1):
        end = last
    else:
        end = _short(probability_at(sector, piece.high, piece.high), above=not upper)
    return (start, end) if upper else (end, start)


def _short(ball: arb, *, above: bool) -> str:
    """Ten digits of a probability, rounded into the interval, or of 1 - PA where that is small."""
    if ball > 0.999999:
        with ctx.workprec(_BITS):
            return f"1 - {decimal_enclosure(1 - ball, 10)[not above]}"
    return decimal_enclosure(ball, 10)[above]


def _overall(regions: Sequence[Region]) -> Relation:
    found = {one.relation for one in regions} - {"equal"}
    # a sign is seen at a point, and so is certain, where a proof of the whole region is not
    if "crosses" in found or {"larger", "smaller"} <= found:
        return "crosses"
    whole = [one for one in regions if one.slice is None]
    if not all(one.proved for one in whole):
        return "undecided"
    relations = {one.relation for one in whole} - {"equal"}
    return relations.pop() if relations else "equal"
