"""Where perturbed inputs lie and how noise is put on them: among the floats, or on a grid.

An attack and a check know inputs only through a `Neighbourhood`: which inputs lie within a radius,
what the network sees of them, and the noisy inputs that a purpose draws around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.examples import level_values
from simulations.classifier.l1_ball import (
    Box,
    Floats,
    Levels,
    check_box,
    distance,
    nearby,
    steps_within,
    whole_steps,
)
from simulations.classifier.noisy_inputs import NoisyInputs, Perturber
from simulations.sampling import IsotropicNoise

__all__ = ["INSIDE", "Floating", "Gridded", "Neighbourhood"]

#: an attack among floats stays strictly inside the radius that it tests
INSIDE = Fraction(999, 1000)
#: more than the nine digits of a log lose when they are rounded down, at most one part in 10^8, and
#: less than a step as long as there are fewer than 2^26 of them
_ROUNDED = Fraction(1, 2**26)


class Neighbourhood(Protocol):
    """Inputs around an input, and the noise on them; the sets are those of `Floating`."""

    @property
    def seed(self) -> int:
        """Of the noise."""

    @property
    def box(self) -> Box | None:
        """The least and the largest value of a perturbed input; None for no limit."""

    def inside(self, x: Any, delta: NDArray[np.float64], radius: float | Fraction) -> Any:
        """An input near x + delta whose exact l1 distance from x is at most the radius."""

    def budget(self, radius: float, times: float) -> Fraction:
        """How far an attack on a certified radius, or on a multiple of it, may go."""

    def reach(self, radius: float | Fraction) -> float:
        """The largest l1 norm that a perturbation within the radius can have."""

    def distance(self, x: Any, y: Any) -> float:
        """The l1 distance of two inputs, rounded up."""

    def seen(self, x: Any) -> Floats:
        """What a network is given of an input without noise: float32, shape (d,)."""

    def noisy(self, x: Any, *, purpose: str) -> Perturber | None:
        """The noisy inputs around x; None where there is no noise."""


@dataclass(frozen=True, slots=True)
class Floating:
    """Float32 inputs, and noise of a continuous law; a box bounds what an attack may reach.

    Parameters
    ----------
    noise
        Of `theory.noise`; None for a classifier without noise.
    seed
        In [0, 2^64).
    box
        The least and the largest value that a perturbed input may have; None, as certificates
        have it: they hold without a box.

    Examples
    --------
    >>> around = Floating(None, seed=1)
    >>> y = around.inside(np.float32([0.5, 0.5]), np.array([0.25, 0.0]), 0.125)
    >>> y.tolist(), around.distance(np.float32([0.5, 0.5]), y)
    ([0.625, 0.5], 0.125)
    """

    noise: IsotropicNoise | None
    seed: int
    box: Box | None = None

    def inside(self, x: Floats, delta: NDArray[np.float64], radius: float | Fraction) -> Floats:
        """An input near x + delta whose exact l1 distance from x is at most the radius."""
        return nearby(x, delta, float(radius), box=self.box)

    def budget(self, radius: float, times: float) -> Fraction:
        """0.999 of so many radii: an attack stays strictly inside."""
        return INSIDE * Fraction(radius) * Fraction(times)

    def reach(self, radius: float | Fraction) -> float:
        """The radius itself."""
        return float(radius)

    def distance(self, x: Floats, y: Floats) -> float:
        """The l1 distance of two inputs, rounded up."""
        return distance(x, y)

    def seen(self, x: Floats) -> Floats:
        """The input itself."""
        return x

    def noisy(self, x: Floats, *, purpose: str) -> Perturber | None:
        """The noisy inputs around x."""
        if self.noise is None:
            return None
        return NoisyInputs(x, self.noise, seed=self.seed, purpose=purpose)


@dataclass(frozen=True, slots=True)
class Gridded:
    """Inputs h k with integer levels k (int32), noise added in integers: the sound mode.

    Perturbations are whole steps, and distances h times a number of steps.

    Parameters
    ----------
    step
        h, positive.
    scale
        lambda, exact and positive, in the unit of h.
    seed, box
        As in `Floating`; the box is in the unit of h, too.

    Examples
    --------
    >>> around = Gridded(Fraction(1, 4), Fraction(1), seed=1)
    >>> x = np.array([3, 4], np.int32)
    >>> y = around.inside(x, np.array([0.0, -0.7]), 0.6)
    >>> y.tolist(), around.distance(x, y), around.seen(y).tolist()
    ([3, 2], 0.5, [0.75, 0.5])
    """

    step: Fraction
    scale: Fraction
    seed: int
    box: Box | None = None

    def inside(self, x: Levels, delta: NDArray[np.float64], radius: float | Fraction) -> Levels:
        """Levels near x + delta, at most floor(r/h) steps away in all."""
        levels = x.astype(np.int64)
        steps = whole_steps(delta / float(self.step), steps_within(radius, self.step))
        moved = levels + steps
        if self.box is not None:
            bounds = (-int(-Fraction(self.box[0]) // self.step), self._floor(self.box[1]))
            check_box(levels, bounds)
            moved = np.clip(moved, *bounds)
        return moved.astype(np.int32)

    def _floor(self, value: float) -> int:
        return int(Fraction(value) // self.step)

    def budget(self, radius: float, times: float) -> Fraction:
        """So many times the certified steps m; the radius is h m, rounded down to nine digits.

        A certificate on a grid holds at m steps too.

        >>> Gridded(Fraction(1, 255), Fraction(1), seed=1).budget(0.262745098, 3) * 255
        Fraction(201, 1)
        """
        certified = steps_within(Fraction(radius) * (1 + _ROUNDED), self.step)
        return self.step * int(certified * Fraction(times))

    def reach(self, radius: float | Fraction) -> float:
        """The whole steps that fit into the radius, as a length."""
        return float(self.step * steps_within(radius, self.step))

    def distance(self, x: Levels, y: Levels) -> float:
        """The l1 distance of two inputs, rounded up."""
        steps = int(np.abs(x.astype(np.int64) - y.astype(np.int64)).sum())
        exact = self.step * steps
        nearest = float(exact)
        return nearest if Fraction(nearest) >= exact else float(np.nextafter(nearest, np.inf))

    def seen(self, x: Levels) -> Floats:
        """Float32 of h k, rounded once."""
        return level_values(x, self.step)

    def noisy(self, x: Levels, *, purpose: str) -> Perturber:
        """The noisy inputs around x."""
        # its table is proved by Arb, which machines that only run networks need not have
        from simulations.classifier.noisy_levels import NoisyLevels

        return NoisyLevels(x, step=self.step, scale=self.scale, seed=self.seed, purpose=purpose)
