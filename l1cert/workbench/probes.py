r"""Where a conjectured radius is evaluated, and what counts there as more than rounding.

The exact radius E at unit scale is a function of three probabilities: the top class's least
probability, one minus it, and the other class's most. A formula in floats rounds them and what it
forms of them, so that R is compared with E at probabilities moved by

    p -> p (1 -+ 32 eps) -+ eps,    kept within [p/4, 4p],

and with 32 eps times the two quantiles and the result on top: :math:`E^+ = ` `over` is the least
value that counts as too large, :math:`E^- = ` `under` the largest that counts as slack. So
1 - (p_a - p_b), 2 p_b - 1 and the like may round as they do: near p_a = 1/2 the tolerance is about
1e-14 scale, for moderate probabilities 1e-13 of the radius; at a distance h from 0 or 1 it is
eps/(2h) scale for Laplace noise: at 1e-9 from them an excess of 1e-7 scale is seen, not one of
1e-8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from theory.conjectures.axis_noise import AxisNoise
from theory.conjectures.settings import Setting

__all__ = ["Domain", "Pairs"]

Floats = NDArray[np.float64]

LEAST_SCALE, MOST_SCALE = 1e-6, 1e6
#: Every band of scales [s, 1.01 s] in [1e-6, 1e6] holds a scale of the sweep.
BAND = 1.01
#: Below it 1 - p_b and 2 p_b - 1 no longer know p_b: an infinite radius there is not counted.
DEEP = 2.0**-50
#: The smallest probability: p_b (1 - p_a) is no subnormal number.
_LEAST, _LEAST_PRODUCT = 1e-308, 2.0**-1021
#: Distinct pairs where one exact radius takes a tenth of a second (level sets); it is good to
#: 1e-9 where 1 - short - other is not small, and 1e-7 is asked of an excess.
MOST_SLOW_PAIRS = 32
_SLOW_ACCURACY, _SLOW_ZERO = 1e-7, 1e-9
_ROUNDING_UNITS = 32

_EXACT_SCALES = (
    *(10.0**k for k in range(-6, 7)),
    *(2.0**k for k in range(-19, 20)),
    *(k / 100 for k in (1, 2, 3, 5, 12, 15, 33, 35, 45, 67, 99, 101, 125, 150, 175, 225, 275)),
    *(k / 10 for k in range(1, 40)),
    *(5.0, 6.0, 7.0, 9.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 150.0, 200.0),
    *(250.0, 255.0, 300.0, 500.0, 2e3, 5e3, 1e4 / 3, 1 / 3, 2 / 3, 1 / 6, 4 / 3, 5 / 3, 1 / 255),
    *(2 / 255, 4 / 255, 8 / 255, math.pi, math.e, math.log(2), 1 / math.e, 1 / math.pi),
    *(root**power for root in map(math.sqrt, (2.0, 3.0, 5.0, 6.0)) for power in (1, -1)),
    *(math.sqrt(k) for k in (0.5, 1 / 3, 1 / 6, 2 / 3, 1.5, 10.0)),
    *(math.sqrt(2.0) * k for k in (0.12, 0.25, 2.0, 0.1)),
    *(k / math.sqrt(2.0) for k in (0.12, 0.25, 0.5, 2.0, 0.1)),
    *(k * math.sqrt(0.5) for k in (0.12, 0.25)),
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Probabilities, with the exact radius at unit scale and its tolerance on both sides."""

    p_a: Floats
    p_b: Floats | None
    exact: Floats
    over: Floats
    under: Floats
    weight: Floats  # about the probability that a unit of excess is worth
    deep: NDArray[np.bool_]  # PB < DEEP

    def __len__(self) -> int:
        return len(self.p_a)

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Pairs:
        """Those of the indices, or of the mask."""
        kept = (getattr(self, name) for name in self.__slots__)
        return Pairs(*(None if one is None else one[chosen] for one in kept))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Domain:
    """The domain of a radius and its exact radius.

    Parameters
    ----------
    noise : AxisNoise
        The noise.
    setting : Setting
        What is known of the probabilities.
    num_classes : int or None
        Their number, where it is fixed.
    epsilon : float
        The rounding unit of the formula that is judged.

    Examples
    --------
    >>> from theory.conjectures.axis_noise import parse_noise
    >>> domain = Domain(parse_noise("laplace"), Setting.BINARY, 2, 2.0**-52)
    >>> pairs = domain.pairs(np.array([0.25, 0.75]), None)
    >>> pairs.exact.round(12).tolist(), bool((pairs.over - pairs.exact).max() < 1e-13)
    ([0.0, 0.69314718056], True)
    """

    noise: AxisNoise
    setting: Setting
    num_classes: int | None
    epsilon: float

    @property
    def slow(self) -> bool:
        """Whether an exact radius takes a tenth of a second."""
        return not self.noise.log_concave

    @property
    def firm(self) -> float:
        """The relative tolerance up to which an exact radius is well-conditioned."""
        return 1e-5 if self.slow else 1e-9

    def pairs(self, p_a: Floats, p_b: Floats | None) -> Pairs:
        """The exact radii, vectorised, and their tolerances."""
        top, short, other = self._implied(p_a, p_b)
        weight = np.minimum(short, other)
        deep = np.zeros(len(p_a), dtype=bool) if p_b is None else p_b < DEEP
        unit = _ROUNDING_UNITS * self.epsilon
        if self.slow:
            exact = self.noise.radius(short, other)
            room = (_SLOW_ACCURACY + unit) * exact + _SLOW_ZERO + unit
            under = np.maximum(exact - room, 0.0)
            return Pairs(p_a, p_b, exact, exact + room, under, weight, deep)

        def up(p: Floats) -> Floats:
            return np.minimum(np.minimum(p * (1.0 + unit) + self.epsilon, 4.0 * p), 1.0)

        def down(p: Floats) -> Floats:
            return np.maximum(p * (1.0 - unit) - self.epsilon, p / 4.0)

        (exact, more, less), sizes = self._unit_radius(
            np.stack([top, up(top), down(top)]),
            np.stack([short, down(short), up(short)]),
            np.stack([other, down(other), up(other)]),
        )
        size = sizes[1]
        return Pairs(
            p_a,
            p_b,
            exact,
            over=(more + unit * size) * (1.0 + unit),
            under=np.maximum(less - unit * size, 0.0) * (1.0 - unit),
            weight=weight,
            deep=deep,
        )

    def tolerance(self, p_a: Floats, p_b: Floats | None) -> Floats:
        """The two-sided rounding of a radius at unit scale, without slow exact radii."""
        if self.slow:
            return np.full(len(p_a), _SLOW_ZERO)
        pairs = self.pairs(p_a, p_b)
        return pairs.over - pairs.under

    def _implied(self, p_a: Floats, p_b: Floats | None) -> tuple[Floats, Floats, Floats]:
        """The top class's least probability, one minus it, and the other class's most."""
        if p_b is None:
            short = np.minimum(1.0 - p_a, 0.5)
            return 1.0 - short, short, short
        other = np.minimum(p_b, 1.0 - p_a)
        if self.num_classes is None:
            return p_a, 1.0 - p_a, other
        others = (self.num_classes - 1) * other
        return np.maximum(p_a, 1.0 - others), np.minimum(1.0 - p_a, others), other

    def _unit_radius(self, top: Floats, short: Floats, other: Floats) -> tuple[Floats, Floats]:
        """The exact radius and the size of the quantiles that it is the difference of."""
        # 1 - top would not know a small top
        tails = np.stack([np.where(top < 0.5, top, short), other])
        outer, below = self.noise.inverse_survival(tails)
        above = np.where(top < 0.5, -outer, outer)
        size = 0.5 * (np.abs(above) + np.abs(below))
        return np.maximum(0.5 * (above + below), 0.0), size

    def grid(self, rng: np.random.Generator, most: int) -> Pairs:
        """The structured grid: hard ends, decimals, and every PA band of width 1e-3."""
        if self.slow:
            most = min(most, MOST_SLOW_PAIRS)
        p_a, p_b = self._points(rng)
        if self.slow:
            keep = (p_a < 1 - 1e-9) & (p_a > 0.4 if p_b is None else (p_a > 1e-3) & (p_b > 1e-9))
            p_a, p_b = p_a[keep], None if p_b is None else p_b[keep]
        if len(p_a) > most:
            kept = np.sort(rng.permutation(len(p_a))[:most])
            p_a, p_b = p_a[kept], None if p_b is None else p_b[kept]
        return self.pairs(p_a, p_b)

    def _points(self, rng: np.random.Generator) -> tuple[Floats, Floats | None]:
        fine = fine_probabilities()
        if not self.setting.has_p_b:
            return fine, None
        small = 10.0 ** -np.concatenate([np.linspace(0.5, 15, 700), np.linspace(15.5, 308, 60)])
        second = np.concatenate([small, np.arange(1, 1000) / 1000, (np.arange(999) + 0.5) / 1000])
        of_top = [(fine, q) for q in _companions(fine, rng)]
        of_second = [(q, second) for q in _tops(second, rng)]
        p_a = np.concatenate([p for p, _ in (*of_top, *of_second)])
        p_b = np.concatenate([q for _, q in (*of_top, *of_second)])
        return self.clipped(p_a, p_b)

    def clipped(self, p_a: Floats, p_b: Floats) -> tuple[Floats, Floats]:
        """The points that lie in the domain and are far enough from the floats' own end."""
        least = np.maximum(_LEAST_PRODUCT / np.maximum(1.0 - p_a, 2.0**-53), _LEAST)
        legal = (p_a > 0.0) & (p_a < 1.0) & (p_b >= least) & (p_b <= p_a)
        return p_a[legal], p_b[legal]

    def spread(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats | None]:
        """Random points: half uniform, half uniform in the logarithms of the small parts."""
        logit = special.expit(rng.uniform(-30.0, 36.0, count))
        p_a = np.where(rng.random(count) < 0.5, logit, rng.uniform(0.0, 1.0, count))
        p_a = np.clip(p_a, DEEP, 1.0 - 2.0**-53)
        if not self.setting.has_p_b:
            return p_a, None
        small = np.exp(-rng.uniform(0.0, 30.0, count))
        share = np.where(rng.random(count) < 0.5, rng.random(count), small)
        below_one = np.minimum(p_a, (1.0 - p_a) * (2.0 - share))
        p_b = np.where(rng.random(count) < 0.25, below_one, p_a * share)
        return p_a, np.clip(p_b, np.minimum(DEEP, p_a), p_a)


def fine_probabilities() -> Floats:
    """Values of PA: dyadic ends down to the last float, decimals, Clopper-Pearson's, a grid."""
    k = np.arange(1.0, 54.0)
    tails = 10.0 ** -np.linspace(0.4, 15.9, 300)
    samples = np.array([10.0, 100.0, 1e3, 1e4, 1e5])
    lower = [0.001 ** (1 / samples), 0.05 ** (1 / samples)]
    lower += [special.betaincinv(s * n, n - s * n + 1, 0.001) for s in (0.6, 0.9) for n in samples]
    decimals = np.arange(1, 1000) / 1000
    nines = 1 - np.concatenate([c * 10.0 ** -np.arange(1, 16) for c in (1, 2, 5)])
    parts = [
        *(2.0**-k, 1 - 2.0**-k, 0.5 + 2.0**-k, 0.5 - 2.0 ** -k[1:], tails, 1 - tails, 0.5 + tails),
        *(0.5 - tails, np.array([0.5, np.nextafter(0.5, 0), 1 / 3, 2 / 3, 1 / 7, 5 / 6, 1 / 6])),
        *(np.atleast_1d(one) for one in lower),
        *(decimals, nines, (np.arange(2048) + 0.5) / 2048, 10.0 ** -np.linspace(17, 308, 60)),
    ]
    found = np.unique(np.concatenate(parts))
    return found[(found > 0.0) & (found < 1.0)]


def _companions(p_a: Floats, rng: np.random.Generator) -> list[Floats]:
    """Values of PB for each PA: near it, near 1 - PA, fractions, and near 0."""
    rest = 1.0 - p_a
    k = 2.0 ** -rng.integers(2, 50, len(p_a)).astype(float)
    near = [p_a, np.nextafter(p_a, 0), p_a * (1 - k), p_a - k * np.minimum(p_a, rest)]
    near += [rest, np.nextafter(rest, 0), np.nextafter(rest, 1), rest * (1 - k), rest * (1 + k)]
    parts = [p_a * c for c in (0.99, 0.9, 0.5, 0.1)] + [rest * c for c in (0.99, 0.5, 0.1, 0.01)]
    tiny = [np.full(len(p_a), 10.0**-power) for power in (2, 5, 7, 9, 12, 15)]
    deep = [10.0 ** -rng.uniform(15.5, 308, len(p_a)), np.full(len(p_a), _LEAST)]
    return [*near, *parts, *tiny, *deep, p_a * rng.random(len(p_a)), rest * rng.random(len(p_a))]


def _tops(p_b: Floats, rng: np.random.Generator) -> list[Floats]:
    """Values of PA for each PB."""
    levels = [np.full(len(p_b), p) for p in (0.501, 0.6, 0.75, 0.9, 0.99, 0.99999)]
    near = [np.maximum(1 - p_b, p_b), p_b * 1.01, np.maximum(p_b * 2, 0.5)]
    return [*levels, *near, p_b + (1 - p_b) * rng.random(len(p_b))]


def sweep(rng: np.random.Generator) -> Floats:
    """Scales of [1e-6, 1e6], one in every band of `BAND`, from a random start."""
    step = 0.999 * math.log(BAND)
    start = math.log(LEAST_SCALE) + step * rng.random()
    return np.asarray(np.exp(np.arange(start, math.log(MOST_SCALE), step)))


def exact_scales(factors: tuple[float, ...]) -> Floats:
    """The noise's own scales at which lam, sigma or half_width is one of the listed floats.

    >>> bool(np.any(exact_scales((2.0,)) * 2.0 == 0.25))
    True
    """
    listed = np.unique(np.array(_EXACT_SCALES))
    found = [listed]
    for factor in factors:
        nearest = listed / factor
        found += [np.nextafter(nearest, 0), nearest, np.nextafter(nearest, np.inf)]
        found[-3:] = [one[one * factor == listed] for one in found[-3:]]
    together = np.unique(np.concatenate(found))
    return together[(together >= LEAST_SCALE) & (together <= MOST_SCALE)]
