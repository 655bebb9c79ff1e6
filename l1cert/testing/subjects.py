"""A user's radius under test: how it is called, what it is held to, and where it is tried first.

The hard points are tried before any random one, the plainest first, so that what they find is
found at every seed and is easy to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from l1cert.testing.strategies import SIMPLE
from l1cert.workbench.callables import WrappedRadius, wrap
from l1cert.workbench.probes import Domain, Pairs, exact_scales
from l1cert.workbench.search import seconds_each
from theory.conjectures.axis_noise import AxisNoise, NoiseInput, parse_noise
from theory.conjectures.settings import Setting, parse_setting

__all__ = ["Point", "Points", "Subject", "plainest"]

Floats = NDArray[np.float64]

#: Where all pairs are tried; at the other scales only `_KEY_TOPS` are.
_FULL_SCALES = (1.0, 0.25, 37.0)
_KEY_TOPS = (0.75, 0.99, 0.999999)
_TOPS = (
    *SIMPLE,
    *(0.51, 0.55, 0.65, 0.85, 0.95, 0.501, 0.50001, 0.9995, 0.9999, 1 - 1e-5, 1 - 1e-6),
    *(1 - 1e-9, 1 - 1e-12, 0.5 + 2.0**-30, 0.49, 1e-3, 1e-6, 1e-9, 1e-12),
    *(k / 64 for k in range(1, 64)),
    *(1 - 10.0**-k for k in (7, 8, 10, 11)),
)
_NEAR = (1e-2, 1e-3, 1e-4, 1e-6, 1e-9)
_SMALL = (0.1, 0.01, 1e-3, 1e-4, 1e-6, 5e-7, 1e-8, 1e-12, 1e-30, 1e-100, 1e-280)
#: Points of the grid of `Domain` that are tried of a function that takes arrays.
_GRID = 20_000
_GRID_SEED = 1
#: Calls that a property makes at most, nearly, and the seconds that they may take.
_CALLS, _SECONDS = 80_000, 30.0
_ULPS = 8 * 2.0**-52


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the domain; p_b is None without PB, and the scale is the noise's own."""

    p_a: float
    p_b: float | None
    scale: float

    def rows(self, word: str = "") -> list[tuple[str, str]]:
        """Its fields as a report says them; the scale with the word for it."""
        other = [] if self.p_b is None else [("p_b", repr(self.p_b))]
        return [
            ("p_a", repr(self.p_a)),
            *other,
            ("scale", f"{self.scale!r} = {word}" if word else repr(self.scale)),
        ]


@dataclass(frozen=True, slots=True)
class Points:
    """Pairs, a scale for each, and the radius that is claimed there, shapes (n,).

    The radius is NaN, which no comparison holds for, where PB is too small for a formula in floats.
    """

    pairs: Pairs
    scale: Floats
    claimed: Floats

    def __len__(self) -> int:
        return len(self.scale)

    @property
    def too_large(self) -> NDArray[np.bool_]:
        """Where the radius exceeds the exact one by more than a formula's rounding."""
        return self.claimed > self.pairs.over * self.scale * (1 + _ULPS)

    def falls_short(self, step: float) -> NDArray[np.bool_]:
        """Where even (1 + step) times the radius is below the exact one, but for rounding."""
        return self.claimed * (1 + step) < self.pairs.under * self.scale * (1 - _ULPS)

    @property
    def rounding(self) -> Floats:
        """What rounding may do to a formula of these probabilities."""
        spread = np.maximum(self.pairs.over - self.pairs.under, 0.0) * self.scale
        finite = np.where(np.isinf(self.claimed), 0.0, self.claimed)
        return spread + 64 * _ULPS * finite

    def point(self, place: int) -> Point:
        """One of them."""
        p_b = None if self.pairs.p_b is None else float(self.pairs.p_b[place])
        return Point(float(self.pairs.p_a[place]), p_b, float(self.scale[place]))


def plainest(found: NDArray[np.intp], *ends: Points) -> list[Point]:
    """Of the places found, the one that is said in the fewest digits, at all the ends."""

    def digits(place: int) -> int:
        return sum(len(text) for end in ends for _, text in end.point(place).rows())

    best = min(map(int, found), key=digits)
    return [end.point(best) for end in ends]


@dataclass(frozen=True, eq=False)
class Subject:
    """A radius under test.

    Parameters
    ----------
    radius : WrappedRadius
        The function.
    noise : AxisNoise
        The noise, one coordinate at unit scale.
    setting : Setting
        What is known of the probabilities.
    num_classes : int or None
        Their number, where it is fixed.
    """

    radius: WrappedRadius
    noise: AxisNoise
    setting: Setting
    num_classes: int | None

    @classmethod
    def of(
        cls,
        radius: Callable[..., object],
        *,
        noise: NoiseInput,
        setting: str,
        num_classes: int | None,
    ) -> Subject:
        """What a property was called with, checked."""
        chosen, classes = parse_setting(setting, num_classes)
        law = parse_noise(noise)
        wrapped = wrap(radius, setting=chosen, words=law.words, num_classes=classes)
        return cls(wrapped, law, chosen, classes)

    @cached_property
    def domain(self) -> Domain:
        """The domain, with exact radii and tolerances."""
        return Domain(self.noise, self.setting, self.num_classes, self.radius.epsilon)

    @cached_property
    def stride(self) -> int:
        """1, or more for a slow function: each stride-th of the hard points is tried."""
        rng = np.random.default_rng(_GRID_SEED)
        each = seconds_each(self.radius, self.domain, self.only_scale, rng)
        return max(1, int(each * _CALLS / _SECONDS))

    @cached_property
    def only_scale(self) -> float | None:
        """The scale of a noise that was given with one, where the radius names none."""
        if self.noise.scale is None or self.radius.takes_scale:
            return None
        return float(self.noise.scale)

    @property
    def few_scales(self) -> tuple[float, ...]:
        """Those at which all pairs are tried."""
        return _FULL_SCALES if self.only_scale is None else (self.only_scale,)

    @cached_property
    def scales(self) -> Floats:
        """The scales that are tried, 1 first, then those with the fewest digits."""
        if self.only_scale is not None:
            return np.array([self.only_scale])
        found = exact_scales(tuple(float(word) for word in self.noise.words.values())).tolist()
        found.sort(key=lambda scale: (scale != 1.0, len(repr(scale)), -scale))
        return np.array(found)

    def at(self, p_a: Floats, p_b: Floats | None, scale: Floats) -> Points:
        """What is claimed at points of the domain, and what is exact there."""
        return self._points(self.domain.pairs(p_a, p_b), scale)

    def at_one(self, point: Point) -> Points:
        """The same for one point."""
        p_b = None if point.p_b is None else np.array([point.p_b])
        return self.at(np.array([point.p_a]), p_b, np.array([point.scale]))

    def pairs(self) -> Pairs:
        """Hard pairs, the plainest first."""
        p_a = np.array(list(dict.fromkeys(_TOPS)))
        if not self.setting.has_p_b:
            return self._within(p_a, None)
        columns = [self.companions(top) for top in p_a.tolist()]
        pairs = [
            (top, column[place])
            for place in range(max(map(len, columns)))
            for top, column in zip(p_a.tolist(), columns, strict=True)
            if place < len(column)
        ]
        return self._within(*np.array(list(dict.fromkeys(pairs))).T)

    def companions(self, p_a: float) -> list[float]:
        """Values of PB for one PA: its complement and shares of it, the tie, and down to 0."""
        rest = 1.0 - p_a
        shares = [rest, rest / 2, rest / 10, *(rest * (1 + s * 1e-3) for s in (1, -1))]
        if self.num_classes is not None and self.num_classes > 2:
            forced = rest / (self.num_classes - 1)
            shares += [forced, forced * 0.75, forced * 1.25]
        near = [p_a * (1.0 - gap) for gap in _NEAR]
        return [q for q in (*shares, p_a, *near, p_a / 2, *_SMALL) if 0.0 < q <= p_a]

    def _within(self, p_a: Floats, p_b: Floats | None) -> Pairs:
        if p_b is not None:
            p_a, p_b = self.domain.clipped(p_a, p_b)
        if self.domain.slow:
            # level sets: one exact radius takes milliseconds, and knows no tail of the top class
            keep = (p_a > 1e-3) & (p_a < 1 - 1e-9)
            if p_b is not None:
                keep &= p_b > 1e-9
            p_a, p_b = p_a[keep][:60], None if p_b is None else p_b[keep][:60]
        return self.domain.pairs(p_a, p_b)

    def hard_points(self) -> Iterator[Points]:
        """Hard pairs at three scales, few pairs at every hard scale, and a fine grid."""
        pairs = self.pairs()
        some = pairs.take(np.arange(0, len(pairs), self.stride))
        for scale in self.few_scales:
            yield self._points(some, np.full(len(some), scale))
        few = pairs.take(np.isin(pairs.p_a, _KEY_TOPS))
        places = np.tile(np.arange(len(few)), len(self.scales))[:: self.stride]
        yield self._points(few.take(places), np.repeat(self.scales, len(few))[:: self.stride])
        if self.radius.vectorised and not self.domain.slow:
            grid = self.domain.grid(np.random.default_rng(_GRID_SEED), _GRID // self.stride)
            yield self._points(grid, np.full(len(grid), self.few_scales[0]))

    def _points(self, pairs: Pairs, scale: Floats) -> Points:
        claimed, deep = np.full(len(pairs), np.nan), pairs.deep
        if not deep.all():
            claimed[~deep] = self._claimed(pairs.take(~deep), scale[~deep])
        if deep.any():
            # a formula may lose so small a PB altogether: 1 - PB is 1
            try:
                found = self._claimed(pairs.take(deep), scale[deep])
            except ValueError:
                found = np.full(int(deep.sum()), np.nan)
            claimed[deep] = np.where(np.isinf(found), np.nan, found)
        return Points(pairs, scale, claimed)

    def _claimed(self, pairs: Pairs, scale: Floats) -> Floats:
        return self.radius(pairs.p_a, pairs.p_b, scale)
