"""Counterexamples to a conjectured radius, which anyone can recompute from their fields.

A radius that is too large anywhere is refuted by one base classifier: constant on slabs across the
first axis, with rational edges, so that it meets the bounds at x, predicts cA there, and gives cB
more than cA at x + delta for a rational ||delta||_1 = r below the radius. That it does is proved by
integrating the density over the slabs in Arb (`theory.conjectures.integration`), and by none of the
formulas that found it. The slabs see one coordinate, so one counterexample serves in every
dimension.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from flint import arb

from theory.balls import Ball, rational_ball
from theory.bounds import Bounds
from theory.claim import Grade
from theory.conjectures.axis_noise import AxisNoise
from theory.conjectures.settings import Setting, implied_pair, in_domain, parse_setting
from theory.conjectures.slabs import (
    CLASS_A,
    CLASS_B,
    FURTHER,
    Cell,
    Slabs,
    exact_text,
    short_text,
)
from theory.conjectures.worst_slabs import (
    FLOAT_ERROR,
    PRECISIONS,
    cell_mass,
    is_provable,
    worst_slabs,
)
from theory.exact import decimal_enclosure, working_precision

__all__ = ["Counterexample", "find_counterexample"]

_DIGITS, _MOST_BITS = 30, 4_000
_BALLS = "integral of the density in Arb balls"
_FLOATS = "quadrature and survival function in floats, to 1e-10"


@dataclass(frozen=True, slots=True)
class _Weights:
    """The mass of every label under X and Y, of all but cA under X, and the margin, in balls."""

    at_x: tuple[Ball, ...]
    at_y: tuple[Ball, ...]
    short: Ball
    margin: Ball


@dataclass(frozen=True)
class Counterexample:
    r"""A base classifier, a point PA, PB of the domain and a delta that refute a radius.

    With noise X and Y = X + delta, delta = (r, 0, ..., 0), it meets

        P(f(X) = cA) >= PA,   P(f(X) = c) <= PB for every other class c (where PB is given),
        P(f(X) = cA) > P(f(X) = c),   P(f(Y) = cB) > P(f(Y) = cA),   r < radius_above,

    so that the smoothed classifier is cA at x and is not cA at x + delta, inside the radius.

    Parameters
    ----------
    setting : Setting
    num_classes : int or None
        None: any number.
    noise : AxisNoise
    p_a : Fraction
        The given lower bound.
    p_b : Fraction or None
        The given upper bound, where the setting has one.
    scale : Fraction
        The noise's own scale.
    radius_above : Fraction
        What the conjectured radius is at least, at (p_a, p_b, scale).
    r : Fraction
        ||delta||_1.
    classifier : Slabs
        In the unit of the noise, not of its scale.
    masses_x, masses_y : tuple of Bounds
        The probability of each label under X and Y. Where the classifier's ``finer`` is above 1,
        the last entry is that of all further classes together, of which each has an equal part
        under X.
    short : Bounds
        P(f(X) != cA), which says more than its complement where that is near 1.
    margin : Bounds
        P(f(Y) = cA) - P(f(Y) = cB), negative; it is proved so before it is rounded to floats.
    grade : Grade
        REFUTED: every inequality proved. CONSISTENT: checked in floats, for want of a density.
    """

    setting: Setting
    num_classes: int | None
    noise: AxisNoise
    p_a: Fraction
    p_b: Fraction | None
    scale: Fraction
    radius_above: Fraction
    r: Fraction
    classifier: Slabs
    masses_x: tuple[Bounds, ...] = field(default=())
    masses_y: tuple[Bounds, ...] = field(default=())
    short: Bounds | None = None
    margin: Bounds | None = None
    grade: Grade = Grade.UNDECIDED

    def weighed(self) -> Counterexample:
        """The same with its masses, margin and grade computed anew; UNDECIDED if it is none."""
        weights, faults = self._judged
        if weights is None:
            return replace(self, masses_x=(), masses_y=(), short=None, margin=None)
        best = Grade.CONSISTENT if not is_provable(self.noise) else Grade.REFUTED
        return replace(
            self,
            masses_x=tuple(self._bounds(ball, 0.0) for ball in weights.at_x),
            masses_y=tuple(self._bounds(ball, 0.0) for ball in weights.at_y),
            short=self._bounds(weights.short, 0.0),
            margin=self._bounds(weights.margin, -1.0),
            grade=Grade.UNDECIDED if faults else best,
        )

    def _bounds(self, ball: Ball, least: float) -> Bounds:
        if not is_provable(self.noise):
            return replace(
                Bounds.of_ball(ball, _FLOATS, least=least, most=1.0), grade=Grade.CONSISTENT
            )
        return Bounds.of_ball(ball, _BALLS, least=least, most=1.0)

    def recheck(self) -> tuple[str, ...]:
        """What is wrong with it: everything is recomputed from the fields, in Arb.

        Returns
        -------
        tuple of str
            One line for each fault; empty for a counterexample. That the conjectured radius is
            at least ``radius_above`` is the one thing that is not looked at.
        """
        weights, faults = self._judged
        if faults or weights is None:
            return faults
        again = self.weighed()
        stated = (*self.masses_x, *self.masses_y, self.short, self.margin)
        found = (*again.masses_x, *again.masses_y, again.short, again.margin)
        if len(stated) != len(found) or self.grade is not again.grade:
            return ("the masses, or the grade, are not those of the classifier",)
        return tuple(
            f"a stated mass or margin is [{one.lower}, {one.upper}], not [{two.lower}, {two.upper}]"
            if one is not None
            else "a mass or the margin is missing"
            for one, two in zip(stated, found, strict=True)
            if two is not None and (one is None or not _agree(one, two))
        )

    @cached_property
    def _judged(self) -> tuple[_Weights | None, tuple[str, ...]]:
        faults = tuple(self._faults_of_fields())
        if faults:
            return None, faults
        weights = None
        for bits in PRECISIONS[: None if is_provable(self.noise) else 1]:
            weights = self._weigh(bits)
            with working_precision(bits):
                decided = {name: _above(*pair) for name, *pair in self._inequalities(weights)}
            if None not in decided.values():
                break
        said = {False: "is violated", None: "is not decided"}
        return weights, tuple(
            f"{name} {said[truth]}" for name, truth in decided.items() if truth is not True
        )

    def _faults_of_fields(self) -> Iterator[str]:
        if not self.scale > 0:
            yield f"scale = {short_text(self.scale)} is outside (0, inf)"
        if not 0 < self.r < self.radius_above:
            yield f"r = {short_text(self.r)} is outside (0, {short_text(self.radius_above)})"
        if not in_domain(self.setting, self.p_a, self.p_b, self.num_classes):
            yield f"(PA, PB) = {_pair(self.p_a, self.p_b)} is outside the domain"
        own = {Setting.BINARY: 2, Setting.BINARY_PB: 2, Setting.MULTICLASS: None}
        if self.num_classes != own.get(self.setting, self.num_classes or 0):
            yield f"num_classes = {self.num_classes} does not go with setting = {self.setting}"
        if self.classifier.axis != 0:
            yield f"the classifier looks at axis {self.classifier.axis}, and delta is on axis 0"
        if not {CLASS_A, CLASS_B} <= set(self.classifier.labels):
            yield "the classifier is never cA, or never cB"
        classes = self.classifier.num_classes
        if self.num_classes is not None and classes > self.num_classes:
            number = short_text(Fraction(classes))
            yield f"the classifier has {number} classes, not {self.num_classes}"

    def _weigh(self, bits: int) -> _Weights:
        labels = range(max(self.classifier.labels) + 1)
        at_x = tuple(self._mass(label, Fraction(0), bits) for label in labels)
        at_y = tuple(self._mass(label, self.r, bits) for label in labels)
        with working_precision(bits):
            return _Weights(at_x, at_y, sum(at_x[1:], arb(0)), at_y[CLASS_A] - at_y[CLASS_B])

    def _mass(self, label: int, shift: Fraction, bits: int) -> Ball:
        """P(f(X + shift) = label): X lies in a cell moved back."""
        total = arb(0)
        for low, high in self.classifier.cells(label):
            cell = _moved(low, high, shift * self.classifier.sign, self.scale)
            part = cell_mass(self.noise, *cell, bits)
            with working_precision(bits):
                total += part
        return total

    def _inequalities(self, weights: _Weights) -> Iterator[tuple[str, Ball, bool]]:
        """(name, ball, strict): each ball has to be above zero, or at least not below it."""
        top = weights.at_x[CLASS_A]
        # a tail is sharp and its complement is not: PA may be within 1e-300 of 1, or of 0
        spare = top - rational_ball(self.p_a)
        if 2 * self.p_a > 1:
            spare = rational_ball(1 - self.p_a) - weights.short
        yield "P(f(X) = cA) >= PA", spare, False
        for label, ball in enumerate(weights.at_x[1:], 1):
            each = ball / self.classifier.finer if label == FURTHER else ball
            name = {CLASS_B: "cB"}.get(label, f"class {label}")
            if self.p_b is not None:
                yield f"P(f(X) = {name}) <= PB", rational_ball(self.p_b) - each, False
            yield f"P(f(X) = cA) > P(f(X) = {name})", top - each, True
        yield "P(f(Y) = cB) > P(f(Y) = cA)", -weights.margin, True
        off = arb(2.0**-60 if is_provable(self.noise) else 16 * FLOAT_ERROR)
        yield "the density integrates to 1", off - abs(weights.short + top - 1), True

    def as_json(self) -> dict[str, str]:
        """Every field as text: exact numbers, and decimals around each mass, rounded outward."""
        weights, _ = self._judged
        given = {
            "setting": str(self.setting),
            "num_classes": "any" if self.num_classes is None else str(self.num_classes),
            "noise": self.noise.text,
            "density": str(self.noise.density or "in floats"),
            "scale": exact_text(self.scale),
            "p_a": exact_text(self.p_a),
            "one_minus_p_a": exact_text(1 - self.p_a),
            "p_b": "none" if self.p_b is None else exact_text(self.p_b),
            "radius_above": exact_text(self.radius_above),
            "norm": "l1",
            "r": exact_text(self.r),
            "delta": f"({exact_text(self.r)}, 0, ..., 0)",
            "classifier": self.classifier.in_words(),
            "edges": ", ".join(exact_text(edge) for edge in self.classifier.edges),
            "labels": ", ".join(str(label) for label in self.classifier.labels),
            "finer": exact_text(Fraction(self.classifier.finer)),
        }
        if weights is not None:
            for place, balls in (("X", weights.at_x), ("Y", weights.at_y)):
                for label, ball in enumerate(balls):
                    given[f"P(f({place}) = {self._name(label)})"] = _decimals(ball)
            given["P(f(X) != cA)"] = _decimals(weights.short)
            given["margin"] = _decimals(weights.margin)
        return {**given, "grade": str(self.grade)}

    def _name(self, label: int) -> str:
        if label == FURTHER and self.classifier.finer > 1:
            return "any further class"
        return ("cA", "cB")[label] if label < FURTHER else f"class {label}"

    def lines(self) -> list[str]:
        """The counterexample in words, for a report."""
        words = self.as_json()
        place = f"scale {short_text(self.scale)}, PA = {short_text(self.p_a)}"
        if self.p_b is not None:
            place += f", PB = {short_text(self.p_b)}"
        r = short_text(self.r)
        return [
            f"{words['noise']}, {place}: the radius is above {r}",
            f"delta = ({r}, 0, ..., 0) in any dimension, ||delta||_1 = {r}",
            f"the base classifier, {words['classifier']}",
            *(f"{name}: {text}" for name, text in words.items() if name.startswith("P(")),
            f"P(f(Y) = cA) - P(f(Y) = cB): {words['margin']} < 0" if "margin" in words else "",
        ]


def find_counterexample(
    noise: AxisNoise,
    setting: Setting,
    p_a: Fraction,
    p_b: Fraction | None,
    num_classes: int | None,
    *,
    scale: Fraction,
    radius_above: Fraction,
) -> Counterexample | None:
    """A proved counterexample to a radius of at least ``radius_above``, or None.

    Parameters
    ----------
    noise : AxisNoise
    setting : Setting
    p_a, p_b, num_classes
        A point of the setting's domain; p_b is None where the setting has none.
    scale : Fraction
        The noise's own scale, in (0, inf).
    radius_above : Fraction
        A proved lower bound of the conjectured radius there.

    Returns
    -------
    Counterexample or None
        None where nothing was confirmed: always if ``radius_above`` is at most the exact radius.

    Raises
    ------
    ValueError
        If the point is outside the domain, or the scale is not positive.

    Examples
    --------
    >>> from theory.conjectures.axis_noise import parse_noise
    >>> laplace, nine_tenths = parse_noise("laplace"), Fraction(9, 10)  # exact radius log(5)
    >>> found = find_counterexample(
    ...     laplace, Setting.BINARY, nine_tenths, None, 2,
    ...     scale=Fraction(1), radius_above=Fraction(17, 10),
    ... )
    >>> found.classifier.in_words(), str(found.r), found.margin.upper < 0, found.recheck()
    ('with t = x[0]: cA for t <= 1.62; cB for 1.62 < t', '42/25', True, ())
    >>> find_counterexample(
    ...     laplace, Setting.BINARY, nine_tenths, None, 2,
    ...     scale=Fraction(1), radius_above=Fraction(16, 10),
    ... )
    """
    if not in_domain(setting, p_a, p_b, num_classes):
        raise ValueError(f"(p_a, p_b) = {_pair(p_a, p_b)} is outside 0 < p_b <= p_a < 1")
    if scale <= 0:
        raise ValueError(f"scale = {short_text(scale)} is outside (0, inf)")
    setting, num_classes = parse_setting(setting, num_classes)
    top, other = implied_pair(setting, p_a, p_b, num_classes)
    for r, classifier in worst_slabs(noise, 1 - top, other, scale=scale, radius=radius_above):
        found = Counterexample(
            setting, num_classes, noise, p_a, p_b, scale, radius_above, r, classifier
        ).weighed()
        if found.grade is not Grade.UNDECIDED:
            return found
    return None


def _agree(stated: Bounds, found: Bounds) -> bool:
    """Whether the two overlap, and the stated one is not much wider."""
    room = 2.0 * (found.upper - found.lower)
    overlap = stated.lower <= found.upper and found.lower <= stated.upper
    return overlap and stated.upper - stated.lower <= room


def _pair(p_a: Fraction, p_b: Fraction | None) -> str:
    return f"({short_text(p_a)}, {'None' if p_b is None else short_text(p_b)})"


def _decimals(ball: Ball) -> str:
    if ball != 0 and abs(ball) < arb(2) ** -_MOST_BITS:
        return str(ball.str(_DIGITS))  # an enclosure too, and no power of ten is written out
    low, high = decimal_enclosure(ball, _DIGITS)
    return low if low == high else f"[{low}, {high}]"


def _moved(low: Fraction | None, high: Fraction | None, shift: Fraction, scale: Fraction) -> Cell:
    ends = [None if end is None else (end - shift) / scale for end in (low, high)]
    return ends[0], ends[1]


def _above(ball: Ball, strict: bool) -> bool | None:
    """Whether the number is above zero (or not below it); None if the ball does not tell."""
    if ball > 0 or (not strict and ball >= 0):
        return True
    if ball < 0 or (strict and ball <= 0):
        return False
    return None
