r"""Rows from votes: bounds of PA and PB, and every certificate at them, rounded down.

**Samples of a fixed number** (`Settings.until_radius` None). Two-class certificates (theorem_2,
cohen, uniform) stand at Clopper and Pearson's bound at alpha. With several classes theorem_1, exact
and lecuyer stand at a pair (PA, PB) that holds together (`theory.simultaneous`), alpha/2 each. The
class was selected by other samples.

**Until a radius.** The bound is `theory.confidence_sequences.anytime_lower`, valid at whatever
sample number the run stopped, so a radius may be certified of points that did not reach r, too.
All certificates are those of two classes.

**Sound.** The noise is discrete and drawn within a total-variation distance of its law, which is
taken from alpha once for all n d draws of a point. (The n0 that select a class need no charge: the
others are independent of them, and the bound holds for every class that might be selected.) Arb
proves the bounds, and certificates are whole numbers of steps (`theory.discrete_laplace`); exact,
which is none on a grid, is left out, and so are other noises' certificates.

Printed decimals: p_a has 15 digits, rounded down, and radii are computed at the float that these
are read as; radii have 9, rounded down. So no printed number claims more than was proved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from l1cert.audit.log import ABSTAINED
from l1cert.certification.points import COLUMNS, Outcome, Point, Row
from l1cert.certification.settings import Settings, charged
from l1cert.radii import radius
from theory.confidence import lower, upper
from theory.confidence_sequences import anytime_lower, boundary
from theory.confirmed_bounds import confirmed_lower, confirmed_upper
from theory.discrete_laplace import (
    radius_on_grid,
    steps_lattice,
    steps_lecuyer,
    steps_theorem_1,
    steps_theorem_2,
)
from theory.exact import FIRST_PRECISION, Surd, ceil_float, floor_float, to_fraction
from theory.inverse_radii import needed_probability
from theory.simultaneous import complement

#: below it a float has not so many digits: it is printed as 0, or as this
_LEAST = 1e-280

#: significant digits of printed bounds, and of printed radii
BOUND_DIGITS, RADIUS_DIGITS = 15, 9

#: the certificates of each noise, and those of them that take a bound on PB
BELONGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "laplace": ("theorem_2", "theorem_1", "exact", "lecuyer"),
        "gaussian": ("cohen",),
        "uniform": ("uniform",),
        "sound": ("theorem_2", "theorem_1", "lecuyer", "lattice"),
    }
)
WITH_PB = ("theorem_1", "exact", "lecuyer", "lattice")

_STEPS: Mapping[str, Callable[..., int | float]] = MappingProxyType(
    {"theorem_1": steps_theorem_1, "lecuyer": steps_lecuyer, "lattice": steps_lattice}
)

Json: TypeAlias = Mapping[str, object]


class Bounds(NamedTuple):
    """PA at alpha, and PA and PB that hold together; the latter None with two classes."""

    p_a: float
    pair: tuple[float, float] | None


class Certifier:
    """Turns votes into rows; equal votes are computed once.

    Parameters
    ----------
    settings
        Of the run.
    num_classes
        K, at least 2.
    step
        The grid's step, exact, of a sound run.
    charge
        The total-variation distance of all draws of a point, of a sound run.

    Raises
    ------
    ValueError
        If alpha does not pay for the charge, or a sound run has no step.

    Examples
    --------
    >>> stated = Settings(noise="laplace", sigma="0.5", n=1000)
    >>> point = Point(0, 1, 1, (1, 99, 0), (7, 990, 3), 0.25)
    >>> row = Certifier(stated, 3).row(point)
    >>> row.predict, row.radius, row.p_a, row.radii["cohen"] is None
    (1, 1.07411754, 0.976036187154423, True)
    """

    def __init__(
        self, settings: Settings, num_classes: int, *, step: str | None = None, charge: str = "0"
    ) -> None:
        self.settings = settings
        self.num_classes = num_classes
        self.step = step
        if settings.sound and step is None:
            raise ValueError("a sound run needs data on a grid")
        self.alpha = charged(settings.rate, to_fraction(charge))
        self._certified = lru_cache(maxsize=65536)(self._compute)
        self._reach = None if settings.radius is None else self._needed(settings.radius)

    def row(self, point: Point) -> Row:
        """The row of a point."""
        ours = point.votes[point.selected]
        most = max(count for one, count in enumerate(point.votes) if one != point.selected)
        bounds, radii, steps = self._certified(ours, most, point.num_samples)
        name = self.settings.certificate
        p_a, p_b = bounds.p_a, None
        if name in WITH_PB and bounds.pair is not None:
            p_a, p_b = bounds.pair
        found = radii[name]
        assert found is not None
        abstains = math.isnan(found)
        return Row(
            point,
            ABSTAINED if abstains else point.selected,
            0.0 if abstains else found,
            p_a,
            p_b,
            radii,
            steps,
            None if self._reach is None else self._outcome(ours, point.num_samples),
        )

    def decided(self, ours: int, num_samples: int) -> bool:
        """Whether a run until a radius stops at this look."""
        return self._outcome(ours, num_samples) != "undecided"

    def _needed(self, reach: Fraction) -> tuple[float, float]:
        """Around the PA that a radius takes; on a grid, its whole steps."""
        settings = self.settings
        scale: Fraction | Surd = settings.parameters.scale
        if settings.sound:
            step, scale = to_fraction(self.step or ""), settings.exact_scale
            if reach < step:
                raise ValueError(f"until_radius = {reach} is below a step of the grid, {step}")
            reach = reach // step * step
        method = settings.parameters.certificate
        needed = needed_probability(method, reach, scale=scale, precision=FIRST_PRECISION)
        assert needed is not None  # the settings refuse a radius that nothing gives
        return floor_float(needed), ceiled(ceil_float(needed))

    def _outcome(self, ours: int, num_samples: int) -> Outcome:
        below, reached = self._thresholds(num_samples)
        if ours >= reached:
            return "reached"
        return "not_reached" if ours <= below else "undecided"

    def _thresholds(self, num_samples: int) -> tuple[int, int]:
        assert self._reach is not None
        return _thresholds(num_samples, *self._reach, _down(self.alpha))

    def _compute(
        self, ours: int, most: int, num_samples: int
    ) -> tuple[Bounds, Mapping[str, float | None], int | None]:
        bounds = self._bounds(ours, most, num_samples)
        if self.settings.sound:
            return bounds, *self._sound(bounds)
        return bounds, self._radii(bounds), None

    def _bounds(self, ours: int, most: int, num_samples: int) -> Bounds:
        if self._reach is not None:
            p_a = floored(anytime_lower(ours, num_samples, alpha=_down(self.alpha)))
            if self._outcome(ours, num_samples) == "reached":
                p_a = max(p_a, self._reach[1])
            return Bounds(p_a, None)
        p_a = self._lower(ours, num_samples, self.alpha)
        if self.num_classes == 2 or self.settings.noise != "laplace":
            return Bounds(floored(p_a), None)
        # `theory.simultaneous`: PB by the largest count of the others alone, whatever K is
        half = self.alpha / 2
        low = self._lower(ours, num_samples, half)
        high = min(self._upper(most, num_samples, half), complement(low))
        return Bounds(floored(p_a), (floored(low), ceiled(high)))

    def _lower(self, count: int, num_samples: int, alpha: Fraction) -> float:
        if self.settings.sound:
            return confirmed_lower(count, num_samples, alpha=alpha)
        return lower(count, num_samples, alpha=_down(alpha))

    def _upper(self, count: int, num_samples: int, alpha: Fraction) -> float:
        if self.settings.sound:
            return confirmed_upper(count, num_samples, alpha=alpha)
        return upper(count, num_samples, alpha=_down(alpha))

    def _radii(self, bounds: Bounds) -> Mapping[str, float | None]:
        sigma = self.settings.sigma
        alone = radius(bounds.p_a, sigma=sigma)
        several = alone
        pair = _usable(bounds)
        if pair is not None:
            several = radius(*pair, sigma=sigma)
        found: dict[str, float | None] = dict.fromkeys(COLUMNS)
        for name in BELONGS[self.settings.noise]:
            # without a usable PB nothing is known of several classes
            silent = name in WITH_PB and bounds.pair is not None and pair is None
            value = getattr(several if name in WITH_PB else alone, name)
            found[name] = math.nan if silent else _floored_radius(float(value))
        return MappingProxyType(found)

    def _sound(self, bounds: Bounds) -> tuple[Mapping[str, float | None], int | None]:
        assert self.step is not None
        step, scale = self.step, self.settings.exact_scale
        pair = (bounds.p_a, None) if bounds.pair is None else _usable(bounds)
        steps: dict[str, int | float] = {
            "theorem_2": steps_theorem_2(bounds.p_a, step=step, scale=scale)
        }
        for name, function in _STEPS.items():
            steps[name] = math.nan if pair is None else function(*pair, step=step, scale=scale)
        found: dict[str, float | None] = dict.fromkeys(COLUMNS)
        for name, count in steps.items():
            found[name] = _floored_radius(radius_on_grid(count, step=self.step))
        lattice = steps["lattice"]
        return MappingProxyType(found), lattice if isinstance(lattice, int) else None


@lru_cache(maxsize=4096)
def _thresholds(num_samples: int, low: float, high: float, alpha: float) -> tuple[int, int]:
    """The counts up to which r is out of reach, and from which on it is reached."""
    # the decimal of `high` lies below the next float, which is what is tested
    above = math.nextafter(high, 2.0)
    return (
        boundary(num_samples, low, alpha=alpha, alternative="less"),
        num_samples + 1 if above >= 1 else boundary(num_samples, above, alpha=alpha),
    )


def _usable(bounds: Bounds) -> tuple[float, float] | None:
    """The pair, PB at most 1 - PA as PA says; None where it certifies nothing."""
    if bounds.pair is None:
        return None
    p_a, p_b = bounds.pair
    if p_a >= 0.5:
        p_b = min(p_b, 1 - p_a)  # exact from 1/2 on
    return (p_a, p_b) if p_b <= p_a else None


def _down(value: object) -> float:
    """The largest float that is not above an exact number."""
    exact = to_fraction(value)  # type: ignore[arg-type]
    nearest = float(exact)
    return nearest if to_fraction(nearest) <= exact else math.nextafter(nearest, -math.inf)


def floored(value: float, digits: int = BOUND_DIGITS) -> float:
    """The float of the largest decimal of so many digits that is not above it.

    With at most 15 digits the float's own text is that decimal.

    Examples
    --------
    >>> floored(0.1 + 0.2), floored(2 / 3, 9), floored(1e-320) <= 1e-320
    (0.3, 0.666666666, True)
    """
    return _to_digits(value, digits, math.floor)


def ceiled(value: float, digits: int = BOUND_DIGITS) -> float:
    """The float of the least decimal of so many digits that is not below it, at most 1.

    >>> ceiled(2 / 3, 9), ceiled(1.0)
    (0.666666667, 1.0)
    """
    return min(1.0, _to_digits(value, digits, math.ceil))


def _floored_radius(value: float) -> float:
    return value if math.isnan(value) else floored(value, RADIUS_DIGITS)


def _to_digits(value: float, digits: int, to_integer: Callable[[Fraction], int]) -> float:
    if value == 0 or math.isinf(value):
        return value
    if value < _LEAST:
        return to_integer(Fraction(1, 2)) * _LEAST
    exponent = Decimal(value).adjusted() - digits + 1
    count = to_integer(Fraction(value) / Fraction(10) ** exponent)
    return float(f"{count}e{exponent}")
