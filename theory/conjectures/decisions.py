"""Whether a conjectured radius is sound, tight and closed, decided over its whole domain.

The proof (`theory.conjectures.proofs`) uses the noise's tails and no formula of a radius; a false
radius is refuted at a rational place, where it exceeds the exact one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import sympy as sp
from flint import arb, ctx, fmpq

from theory.balls import PRECISION, Ball
from theory.claim import Grade
from theory.conjectures.closing import corners
from theory.conjectures.jets import OutsideError
from theory.conjectures.logarithms import split_logarithms
from theory.conjectures.places import FarPlace, Place, named_numbers, symbolic_radius, to_sympy
from theory.conjectures.polynomials import Box
from theory.conjectures.proofs import Proof
from theory.conjectures.questions import Question
from theory.conjectures.reductions import reduced
from theory.conjectures.sectors import Sector, log_scale, sectors, unit
from theory.exact import floor_float, to_fmpq
from theory.symbols import p_a

__all__ = ["Decision", "Question", "decide"]

_DIGITS = (3, 6, 9, 12, 16, 24, 40, 60)
_MAX_BOXES = 800
#: a scale or a tail beyond exp(+-_FAR) is too far to be written down
_FAR = 30_000


@dataclass
class Decision:
    """What was found: see `l1cert.workbench.BoundReport` for the meaning of each.

    ``place`` is where a radius that is not sound exceeds the exact one, and ``radius_above`` a
    rational that the radius exceeds there and the exact one does not. It is None, and ``beyond``
    says where, if that is too near to an end of the domain for rationals of a few digits.
    """

    sound: bool | None
    grade: Grade
    detail: str
    tight: bool | None = None
    closed_ball: bool | None = None
    place: Place | None = None
    radius_above: Fraction | None = None
    beyond: FarPlace | None = None
    left: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)


def decide(question: Question, *, max_boxes: int = _MAX_BOXES) -> Decision:
    """Decide whether the radius is at most the exact one at every place of the domain.

    >>> from theory.conjectures.settings import Setting
    >>> from theory.symbols import lam, p_a
    >>> theorem_2 = -lam * sp.log(2 * (1 - p_a))
    >>> words = {"lam": sp.Integer(1)}
    >>> one = decide(Question(theorem_2, "laplace", words, Setting.BINARY, 2))
    >>> one.sound, one.tight, one.closed_ball
    (True, True, False)
    """
    with ctx.workprec(PRECISION):
        cases = question.by_scale()
        if not cases:
            return _Decider(question, max_boxes).decide()
        return _of_all([(_Decider(one, max_boxes).decide(), scale) for one, scale in cases])


def _of_all(found: Sequence[tuple[Decision, Fraction | None]]) -> Decision:
    """What is true of a radius that is another one at other scales, from what is true of each."""
    for one, scale in found:
        if one.beyond is not None and scale is not None:
            size = sp.log(to_sympy(scale))
            return replace(one, beyond=replace(one.beyond, log_scale=size))
        if one.sound is False and scale is not None:
            assert one.place is not None and one.radius_above is not None
            above = one.radius_above * scale / one.place.scale
            return replace(one, place=replace(one.place, scale=scale), radius_above=above)
    every = [one for one, _ in found]
    proofs = [proof for one in every for proof in one.proofs]
    if any(one.sound is not True for one in every):
        left = [words for one in every for words in one.left]
        detail = "no counterexample was found at a rational scale, and boxes are left over"
        return Decision(None, Grade.UNDECIDED, detail, left=left, proofs=proofs)
    tight, closed = (
        False if False in answers else None if None in answers else True
        for answers in ([one.tight for one in every], [one.closed_ball for one in every])
    )
    where = f"for each of {len(every)} radii, by the scale ({_boxes(proofs)})"
    return _proved(where, tight, closed, proofs)


def _proved(where: str, tight: bool | None, closed: bool | None, proofs: list[Proof]) -> Decision:
    how = "equal to the exact radius, exactly" if tight else "at most the exact radius"
    grade = Grade.PROVED if tight else Grade.ENCLOSED
    detail = f"{how}, {where}"
    return Decision(True, grade, detail, tight=tight, closed_ball=closed, proofs=proofs)


def _boxes(proofs: Sequence[Proof]) -> str:
    return f"{sum(proof.boxes for proof in proofs)} boxes"


class _Decider:
    def __init__(self, question: Question, max_boxes: int) -> None:
        self._question, self._max_boxes = question, max_boxes
        radius = question.over_unit()
        parts = sectors(
            question.noise,
            question.setting,
            question.num_classes,
            proportional=question.proportional,
        )
        self._provers = {sector.name: reduced(sector, sector.local(radius)) for sector in parts}

    def decide(self) -> Decision:
        worst = self._worst(self._places())
        if worst is not None:
            return self._refuted(worst)
        proofs = []
        for prover in self._provers.values():
            proof = prover.run(max_boxes=self._max_boxes)
            proofs.append(proof)
            if proof.status is False and proof.point is not None:
                place = self._rational(proof.sector, proof.point)
                if place is not None:
                    return self._refuted(self._worst(self._around(place)) or place)
                if self._is_far(proof.sector, proof.point):
                    return _refuted_beyond(proof)
                proof.status = None
                proof.left.append(tuple((one, one) for one in proof.point))
        if any(proof.status is None for proof in proofs):
            left = [words for proof in proofs for words in _left(proof)]
            detail = "no counterexample was found, and boxes are left over without a proof"
            return Decision(None, Grade.UNDECIDED, detail, left=left, proofs=proofs)
        return self._sound(proofs)

    def _sound(self, proofs: list[Proof]) -> Decision:
        inside = [proof for proof in proofs if proof.sector.certifies]
        tight: bool | None = all(proof.identical for proof in inside)
        if not tight:
            tight = False if self._is_below_somewhere() else self._is_equal(inside)
        where = f"on the whole domain ({_boxes(proofs)} in {len(proofs)} sectors)"
        return _proved(where, tight, self._closed(inside), proofs)

    def _is_equal(self, inside: Sequence[Proof]) -> bool | None:
        # cases may meet within a box: smaller boxes tell them apart
        for proof in inside:
            if not proof.identical:
                prover = self._provers[proof.sector.name]
                if not prover.run(max_boxes=self._max_boxes, aim="zero").identical:
                    return None
        return True

    def _closed(self, inside: Sequence[Proof]) -> bool | None:
        if self._touches():
            return False
        certain = True
        for proof in inside:
            prover = self._provers[proof.sector.name]
            for again in (False, True):
                if again and proof.strict:
                    break
                one = prover.run(max_boxes=self._max_boxes, aim="strict") if again else proof
                places = [box for box in one.contacts if _is_positive(proof.sector, box)]
                # of several cases one may touch, and the radius be another
                if any(not prover.is_strict_at(box) for box in places):
                    return False
                certain = certain and not places and (proof.strict or not again or _is_strict(one))
        return True if certain else None

    def _touches(self) -> bool:
        """Whether the radius is the exact one, and positive, at a place: by SymPy."""
        question = self._question
        numbers = named_numbers(question.radius)
        if question.setting.has_p_b or not question.proportional:
            return False
        scale = self._scale(Fraction(1))
        for number in numbers:
            if not Fraction(1, 2) < number < 1:
                continue
            formula = question.values.formula_at(Place(number, None, scale))
            if formula is not None:
                at = {p_a: to_sympy(number), unit: to_sympy(scale)}
                stated = formula.subs(at) / to_sympy(scale)
                if split_logarithms(symbolic_radius(question.noise, number) - stated) == 0:
                    return True
        return False

    # -- places --------------------------------------------------------------------------------

    def _places(self) -> Iterable[Place]:
        question = self._question
        yield from question.places()
        if not question.proportional:
            factors = {_near_fraction(value) for value in question.words.values()}
            for number in named_numbers(question.radius):
                for factor in factors:
                    for top in (Fraction(3, 4), Fraction(99, 100)):
                        other = (1 - top) / 2 if question.setting.has_p_b else None
                        yield Place(top, other, number / factor)

    def _around(self, place: Place) -> Iterable[Place]:
        """The place itself, and others nearby of fewer digits: the excess may be larger there."""
        yield place
        for share in (Fraction(1, 2), Fraction(2), Fraction(1, 10), Fraction(10)):
            short = (1 - place.p_a) * share
            if 0 < short < 1:
                yield Place(1 - short, place.p_b, place.scale)

    def _excess(self, place: Place) -> tuple[Ball, Ball] | None:
        """The radius and the exact one at a place where the first is certainly larger."""
        try:
            stated = self._question.values(place)
        except OutsideError:
            return None
        if stated is None or not stated.is_finite():
            return None
        exact = self._question.exact_at(place)
        return (stated, exact) if stated > exact and stated > 0 else None

    def _worst(self, places: Iterable[Place]) -> Place | None:
        best, largest = None, arb(0)
        for place in places:
            if not place.lies_in(self._question.setting, self._question.num_classes):
                continue
            found = self._excess(place)
            if found is None:
                continue
            ratio = _worth(*found, place)
            if best is None or ratio > largest:
                best, largest = place, ratio
        return best

    def _is_below_somewhere(self) -> bool:
        for place in self._places():
            try:
                stated = self._question.values(place)
            except OutsideError:
                continue
            exact = self._question.exact_at(place)
            if exact > 0 and (stated is None or stated < exact):
                return True
        return False

    def _rational(self, sector: Sector, point: Sequence[fmpq]) -> Place | None:
        """A place of few digits near the point at which the radius exceeds the exact one."""
        with ctx.workprec(8 * PRECISION):
            tails = self._tails(sector, point)
            for digits in _DIGITS:
                short = [_rounded(one, digits) for one in tails]
                if None in short:
                    return None
                a, *others, size = (one for one in short if one is not None)
                b = others[0] if others else None
                place = Place(
                    1 - a if sector.sign_a > 0 else a,
                    None if b is None else (b if sector.sign_b > 0 else 1 - b),
                    self._scale(size),
                )
                question = self._question
                inside = place.lies_in(question.setting, question.num_classes)
                if inside and self._excess(place) is not None:
                    return place
        return None

    def _tails(self, sector: Sector, point: Sequence[fmpq]) -> list[Ball]:
        """The tails of PA and of PB, if there is one, and the scale."""
        at = dict(zip(sector.variables, point, strict=True))
        tails = [sector.tail_at(at, side) for side in ("a", "b")]
        exponent = arb(at.get(log_scale, fmpq(0))) * sector.scale_sign
        return [one for one in (*tails, exponent.exp()) if one is not None]

    def _is_far(self, sector: Sector, point: Sequence[fmpq]) -> bool:
        """Whether no short rational is near: a place that is not far has to show what is said."""
        return any(_rounded(one, _DIGITS[0]) is None for one in self._tails(sector, point))

    def _scale(self, found: Fraction) -> Fraction:
        question = self._question
        if question.proportional:
            return question.scale or Fraction(1)
        return found

    def _refuted(self, place: Place) -> Decision:
        found = self._excess(place)
        assert found is not None
        stated, exact = found
        above = _between(stated, exact)
        detail = f"the radius exceeds the exact one there: {_short(stated)} > {_short(exact)}"
        return Decision(
            False,
            Grade.REFUTED,
            detail,
            tight=False,
            closed_ball=False,
            place=place,
            radius_above=above,
        )


def _refuted_beyond(proof: Proof) -> Decision:
    """The statement is false at a point of the sector, and no rational place near it shows it."""
    sector = proof.sector
    assert proof.point is not None
    at = {
        name: sp.Rational(int(value.p), int(value.q))
        for name, value in zip(sector.variables, proof.point, strict=True)
    }
    quantile_a = sector.sign_a * sector.size_a.subs(at) * sector.quantile_unit
    quantile_b = None
    if sector.size_b is not None:
        quantile_b = -sector.sign_b * sector.size_b.subs(at) * sector.quantile_unit
    where = FarPlace(quantile_a, quantile_b, sector.scale_sign * at.get(log_scale, sp.S.Zero))
    return Decision(
        False,
        Grade.REFUTED,
        "the radius exceeds the exact one there, by balls; no witness is written down",
        tight=False,
        closed_ball=False,
        beyond=where,
        proofs=[proof],
    )


def _worth(stated: Ball, exact: Ball, place: Place) -> Ball:
    """How much an excess is worth as a witness: in units of the scale, less in the far tails."""
    rare = min(place.p_a, 1 - place.p_a)
    if place.p_b is not None:
        rare = min(rare, place.p_b)
    excess = (stated - exact) / arb(to_fmpq(place.scale))
    return excess.min(arb(2)) * (2 * arb(to_fmpq(rare))).root(4)


def _between(stated: Ball, exact: Ball) -> Fraction:
    """A rational below the stated radius and above the exact one, close to the stated."""
    low = arb(stated.lower())
    high = arb(exact.upper())
    near = low - (low - high) / 2**20
    mantissa, exponent = near.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _rounded(ball: Ball, digits: int) -> Fraction | None:
    """A rational of so many digits near a positive ball; None if it has no short one."""
    if not ball > 0:
        return None
    middle = arb(ball.mid())
    if not abs(middle.log()) < _FAR:
        return None
    power = int((middle.log() / arb(10).log()).floor().unique_fmpz() or 0)
    scaled = middle * arb(10) ** (digits - 1 - power)
    whole = (scaled + arb(1) / 2).floor().unique_fmpz()
    if whole is None or whole == 0:
        return None
    return Fraction(int(whole)) * Fraction(10) ** (power - digits + 1)


def _is_strict(proof: Proof) -> bool:
    return proof.status is True and proof.strict


def _is_positive(sector: Sector, box: Box) -> bool:
    """Whether the exact radius is positive somewhere on a box of coordinates: at a corner."""
    if sector.is_outside(box):
        return False
    return any(map(sector.is_certified_at, corners(box, reach=1)))


def _left(proof: Proof) -> list[str]:
    found = []
    for box in proof.left[:3]:
        sides = [
            f"{name} in [{_number(low)}, {'oo' if high is None else _number(high)}]"
            for name, (low, high) in zip(proof.sector.variables, box, strict=True)
        ]
        found.append(f"{proof.sector.name}: {', '.join(sides)}")
    if len(proof.left) > 3:
        found.append(f"{proof.sector.name}: {len(proof.left) - 3} boxes more")
    return found


def _number(value: fmpq) -> str:
    return f"{float(int(value.p) / int(value.q)):.6g}"


def _near_fraction(value: sp.Expr) -> Fraction:
    return Fraction(str(sp.N(value, 12)))


def _short(ball: Ball) -> str:
    return f"{floor_float(ball):.12g}"
