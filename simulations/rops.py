"""The ROPS of Appendix D by counting: inside it the radius is certified, outside it is not.

A base classifier is cA on a region and cB elsewhere; smoothed at x with noise it keeps cA with the
agreement probability P(x + eps in the region). A radius r is certified where that reaches what the
certificate needs, 1 - e^(-r/lambda)/2 for Laplace and Phi(r/sigma) for Gaussian noise. The supremum
of the standard deviations that do is given; noise is drawn a little below and a little above it.

How little is computed from the power: the smallest relative excess, on each side, at which a count
of so many samples shows on which side of the need the agreement is, under the correction for the
whole run. Each count is tested against the exact agreement as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from flint import arb
from numpy.typing import NDArray

from simulations.experiment import FALSE_PASS, Expects, Trial, judge, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias
from theory.claim import Evidence
from theory.confidence import BinomialTest
from theory.noise import Gaussian, Laplace
from theory.rops import gaussian_agreement, laplace_agreement
from theory.rops_ball import BallPoint
from theory.rops_slab import Slab

__all__ = ["Draw", "Region", "RopsRun", "ball_region", "line_region", "simulate", "slab_region"]

Points: TypeAlias = NDArray[np.float64]

_LAWS = {"laplace": Laplace, "gaussian": Gaussian}
_SIDES = {"inside": -1, "outside": 1}
_BITS = 80
#: within it the exact agreement is known in floats
_ERROR = 1e-12
#: noise further from its supremum than this says nothing of the supremum
_MOST = 0.9


@dataclass(frozen=True, slots=True)
class Region:
    """Where f = cA, seen from the point x.

    ``keeps`` takes raw noise, shape (n, dim), and returns whether x + noise is in the region;
    ``agreement`` takes the noise's name and standard deviation and returns its exact probability.
    """

    name: str
    dim: int
    keeps: Callable[[Points], NDArray[np.bool_]]
    agreement: Callable[[str, float], float]


def line_region(x: float) -> Region:
    """|x| <= 1 on the line.

    >>> round(line_region(0.0).agreement("gaussian", 1.4826022185056018), 9)
    0.5
    """

    def agreement(noise: str, deviation: float) -> float:
        if noise == "laplace":
            return float(laplace_agreement(x, scale=deviation / math.sqrt(2)))
        return float(gaussian_agreement(x, sigma=deviation))

    return Region(f"x = {x:g}", 1, lambda eps: np.abs(x + eps[:, 0]) <= 1, agreement)


def slab_region(u: float, slab: Slab) -> Region:
    """|w.x| <= 1 with ||w||_2 = 1, at w.x = u.

    >>> region = slab_region(0.3, Slab.of([1]))
    >>> abs(region.agreement("laplace", 1.5) - line_region(0.3).agreement("laplace", 1.5)) < 1e-15
    True
    """
    given = np.array([float(weight / slab.largest) for weight in slab.weights])
    weights = given / np.linalg.norm(given)

    def agreement(noise: str, deviation: float) -> float:
        if noise == "gaussian":
            return float(gaussian_agreement(u, sigma=deviation))
        ends = ((1 - side * u) * math.sqrt(2) / deviation for side in (-1, 1))
        return 1 - float(sum((slab.tail(arb(end), _BITS) for end in ends), arb(0)).mid())

    name = f"w = ({', '.join(map(str, slab.weights))}), w.x = {u:g}"
    return Region(name, len(given), lambda eps: np.abs(u + eps @ weights) <= 1, agreement)


def ball_region(point: BallPoint) -> Region:
    """||x||_1 <= 1 in d dimensions.

    >>> region = ball_region(BallPoint.of("0.3", dim=1))
    >>> abs(region.agreement("gaussian", 1.5) - line_region(0.3).agreement("gaussian", 1.5)) < 1e-15
    True
    """
    t, moved = float(point.t), point.dim if point.towards == "face" else 1
    near, twice = float(1 - point.t), float(2 * point.t / moved)

    def keeps(eps: Points) -> NDArray[np.bool_]:
        # sum of |b + e| - b, at most 1 - t: noise as small as 1 - t is not rounded away
        grown = np.maximum(eps[:, :moved], -twice - eps[:, :moved]).sum(axis=1)
        return np.asarray(grown + np.abs(eps[:, moved:]).sum(axis=1) <= near)

    def agreement(noise: str, deviation: float) -> float:
        rate = (math.sqrt(2) if noise == "laplace" else 1.0) / deviation
        return 1 - float(point.outside(noise, arb(rate), _BITS).mid())

    name = f"l1 ball, d = {point.dim}, ||x||_1 = {t:g} towards a {point.towards}"
    return Region(name, point.dim, keeps, agreement)


@dataclass(frozen=True, slots=True)
class Draw:
    """One count: noise of a deviation on one side of its supremum.

    ``power`` bounds the probability that the count shows the side if the agreement is exact.
    """

    noise: str
    side: str
    excess: float
    deviation: float
    agreement: float
    needed: float
    power: float
    agreed: Trial
    decided: Trial


@dataclass(frozen=True)
class RopsRun:
    """All counts of a run, judged together at the false-fail rate alpha.

    Parts: "certified" inside, "not_certified" outside, "agreement" as predicted.
    """

    region: str
    radius: float
    num_samples: int
    seed: int
    alpha: float
    draws: tuple[Draw, ...]

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """The judgement of each part, under one Holm correction."""
        trials = [trial for draw in self.draws for trial in (draw.agreed, draw.decided)]
        return tuple(judge({"rops": trials}, alpha=self.alpha)["rops"])

    @property
    def finding(self) -> bool | None:
        """True as expected throughout, False contradicted, None without the power to say."""
        found = {item.finding for item in self.evidence}
        return False if False in found else (None if None in found else True)

    @property
    def false_pass(self) -> float:
        """Bound on the probability that some demonstration fails though all is as computed."""
        return sum(1 - draw.power for draw in self.draws)


def simulate(
    region: Region,
    suprema: Mapping[str, float],
    *,
    radius: float = 0.0,
    num_samples: int,
    seed: int,
    alpha: float = 1e-3,
) -> RopsRun:
    """Draw noise below and above each supremum, and count how often the label is kept.

    Parameters
    ----------
    region : Region
    suprema : mapping of {"laplace", "gaussian"} to float
        The standard deviations that are to be the suprema, for the radius; at least one.
    radius : float
        The l1 radius, in [0, inf).
    num_samples : int
        Samples of each count, in [1, 10^10]; less where all coordinates would exceed 3e8 numbers.
    seed : int
        64 bits.
    alpha : float
        In (0, 1): the probability that a true prediction of the run is called false, at most.

    Raises
    ------
    ValueError
        If a parameter is outside its domain, or so few samples cannot show the sides within a
        factor of 0.1 and 1.9 of a supremum.

    Examples
    --------
    >>> run = simulate(
    ...     line_region(0.0), {"laplace": math.sqrt(2) / math.log(2)}, num_samples=20000, seed=5
    ... )
    >>> run.finding, [draw.side for draw in run.draws], run.draws[0].excess < 0.1
    (True, ['inside', 'outside'], True)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")
    if not suprema or not set(suprema) <= set(_LAWS):
        raise ValueError(
            f"suprema of {', '.join(suprema) or 'nothing'}: legal are laplace, gaussian"
        )
    if not 1 <= num_samples <= 10**10:
        raise ValueError(f"num_samples = {num_samples} is outside [1, 10^10]")
    number = affordable(num_samples, region.dim)
    # two trials for each side, two p-values for each trial: the level that Holm is sure to grant
    level = alpha / (8 * len(suprema))
    escape = FALSE_PASS / (2 * len(suprema))
    draws = tuple(
        _draw(region, noise, side, supremum, radius, number, seed, level, escape)
        for noise, supremum in suprema.items()
        for side in _SIDES
    )
    return RopsRun(region.name, radius, number, seed, alpha, draws)


def needed_agreement(noise: str, deviation: float, radius: float) -> float:
    """The agreement from which on the radius is certified.

    >>> needed_agreement("laplace", 1.0, 0.0), round(needed_agreement("gaussian", 2.0, 1.0), 6)
    (0.5, 0.691462)
    """
    if noise == "laplace":
        return 1 - math.exp(-radius * math.sqrt(2) / deviation) / 2
    return 1 - math.erfc(radius / (math.sqrt(2) * deviation)) / 2


def _draw(
    region: Region,
    noise: str,
    side: str,
    supremum: float,
    radius: float,
    number: int,
    seed: int,
    level: float,
    escape: float,
) -> Draw:
    bias = discretisation_bias(region.dim)

    def at(excess: float) -> tuple[float, float, float, float]:
        """Deviation, agreement, need, and the power to tell them apart."""
        deviation = supremum * (1 + _SIDES[side] * excess)
        truth, need = region.agreement(noise, deviation), needed_agreement(noise, deviation, radius)
        threshold = min(1.0, need + bias) if side == "inside" else max(0.0, need - bias)
        alternative = "greater" if side == "inside" else "less"
        test = BinomialTest(number, threshold, threshold, alternative)
        # drawn noise may agree by that much more or less than exact noise
        drawn = truth - bias - _ERROR if side == "inside" else truth + bias + _ERROR
        return deviation, truth, need, test.power(min(max(drawn, 0.0), 1.0), alpha=level)

    excess = _smallest(lambda one: at(one)[3] >= 1 - escape)
    if excess is None:
        raise ValueError(
            f"num_samples = {number} is too small: {noise} noise {side} the ROPS at {region.name}, "
            f"r = {radius:g}, cannot be told within {_MOST:.0%} of its supremum {supremum:.6g}"
        )
    deviation, truth, need, power = at(excess)
    found = int(
        count(
            region.keeps,
            _LAWS[noise].from_sigma(deviation),
            seed=seed,
            tag=purpose_tag(f"rops/{region.name}/r={radius}/{noise}/{side}"),
            num_samples=number,
            dim=region.dim,
        )
    )
    name = f"agreement at {region.name} under {noise} noise of deviation {deviation:.6g}"
    inside = side == "inside"
    return Draw(
        noise,
        side,
        excess,
        deviation,
        truth,
        need,
        power,
        predicted("agreement", name, found, number, truth, bias=bias, error=_ERROR),
        shown(
            "certified" if inside else "not_certified",
            name,
            found,
            number,
            Expects.ABOVE if inside else Expects.BELOW,
            need,
            bias=bias,
        ),
    )


def _smallest(enough: Callable[[float], bool]) -> float | None:
    """The smallest excess that is enough, to 1 percent of itself; None if 0.9 is not."""
    low, high = 0.0, _MOST
    for tried in (1e-4, 1e-3, 1e-2, 0.1, 0.3):
        if enough(tried):
            high = tried
            break
        low = tried
    else:
        if not enough(_MOST):
            return None
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
