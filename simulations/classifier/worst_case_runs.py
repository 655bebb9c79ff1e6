"""Worst-case classifiers, certified and voted on by the very code that certifies any network.

The networks and their radius R are those of `worst_case_module`. A run certifies one at x = 0 from
its votes, and the certificate may not exceed R; fresh votes just within and just beyond R have to
show who leads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.end_to_end import loss_p_value
from simulations.classifier.neighbourhoods import Floating, Gridded
from simulations.classifier.noisy_levels import NoisyLevels
from simulations.classifier.target import Target
from simulations.classifier.worst_case_module import AxisClassifier
from simulations.sampling import IsotropicNoise
from theory.axis_worst_case import AxisNoise, HalfLine, method_and_scale
from theory.binomial_tails import at_least
from theory.certificates import cohen, exact, theorem_2, uniform
from theory.discrete_laplace import DiscreteLaplace, radius_on_grid, steps_lattice
from theory.flip_power import lead_power, smallest_lead_excess
from theory.simultaneous import simultaneous_bounds, top_bound
from theory.tightness import worst_tails

__all__ = ["WorstCaseRun", "lead_p_value", "run_worst_case", "run_worst_case_on_grid"]

#: levels of the two tests of a run: who leads within R, and who leads beyond it
LEVEL = 1e-6
#: the probability that one of the tests shows nothing
FALSE_PASS = 1e-6


def lead_p_value(counts: Sequence[int], label: int) -> float:
    r"""The p-value of "the label does not lead": p_c is at most that of some other class.

    .. math:: \max_{k \ne c} P(\mathrm{Bin}(n_c + n_k, 1/2) \ge n_c)

    The null is a union over k, and each part is rejected by itself: no correction.

    >>> lead_p_value([500, 500, 0], 0) > 0.5, round(lead_p_value([600, 400, 9], 0), 12)
    (True, 1.36e-10)
    """
    votes = [int(count) for count in counts]
    own = votes[label]
    others = [count for k, count in enumerate(votes) if k != label]
    return max(at_least(own, own + count, 0.5) for count in others)


@dataclass(frozen=True, slots=True)
class WorstCaseRun:
    """A worst-case classifier, certified at x and voted on just within and just beyond R.

    Attributes
    ----------
    radius
        R of the edges that the network stores.
    certified
        The radius that the votes at x certify, rounded down; nan for an abstention.
    excess
        How far within and beyond R the votes were taken; on a grid, at R and a step beyond.
    within, beyond
        Votes there, of each class in the order of the axis.
    level
        Of each of the two tests.
    """

    noise: str
    p_a: float
    p_b: float | None
    radius: float
    certified: float
    alpha: float
    excess: float
    within: tuple[int, ...]
    beyond: tuple[int, ...]
    level: float

    @property
    def sound(self) -> bool:
        """Whether the certificate is at most R; false with probability at most alpha."""
        return not self.certified > self.radius

    @property
    def leads(self) -> bool:
        """Whether cA leads significantly just within R."""
        return lead_p_value(self.within, 0) <= self.level

    @property
    def flips(self) -> bool:
        """Whether another class leads significantly just beyond R."""
        return loss_p_value(self.beyond, 0) <= self.level


def run_worst_case(
    noise: AxisNoise,
    p_a: str,
    p_b: str | None = None,
    *,
    dim: int,
    axis: int,
    sign: int,
    num_samples: int,
    seed: int,
    alpha: float = 1e-3,
    claimed: float = 1.0,
    batch: int = 10_000,
    device: str = "cpu",
) -> WorstCaseRun:
    """Certify the worst-case network at x = 0 and take votes just within and just beyond R.

    Parameters
    ----------
    noise
        Laplace, Gaussian or Uniform of `theory.noise`.
    p_a, p_b
        PA, an exact number in (1/2, 1) with two classes; PB, under Laplace noise alone.
    dim, axis, sign
        Of the input, and the axis along which the classes lie.
    num_samples
        Votes of the certificate, and of each place.
    seed
        In [0, 2^64).
    alpha
        Error rate of the certificate.
    claimed
        The certified radius is multiplied by this; other than 1 it is a mistake on purpose.
    batch, device
        Speed.

    Raises
    ------
    ValueError
        For a parameter outside its set, or so few samples that no excess shows the flip.

    Examples
    --------
    >>> from theory.noise import Laplace
    >>> run = run_worst_case(
    ...     Laplace(scale=0.5), "0.8", dim=4, axis=2, sign=-1, num_samples=4000, seed=1
    ... )
    >>> run.sound, run.leads, run.flips
    (True, True, True)
    """
    edges = _edges(noise, p_a, p_b)
    model = AxisClassifier(edges, axis=axis, sign=sign)
    first, last = float(model.edges[0]), float(model.edges[-1])
    radius = (first + last) / 2
    classes = len(edges) + 1

    def masses(excess: float) -> tuple[float, float]:
        half = (last - first) / 2
        return noise.cdf(-half - excess), noise.cdf(-half + excess)

    # loss_p_value divides the level among the other classes
    excess = smallest_lead_excess(
        num_samples,
        masses,
        scale=noise.sigma,
        level=LEVEL / (classes - 1),
        false_pass=FALSE_PASS,
    )
    if not excess < radius:
        raise ValueError(f"num_samples = {num_samples} show no flip near R = {radius:.6g}")

    around = Floating(noise, seed)
    votes = _Votes(Target(model, around, (dim,), classes, batch, device), num_samples)

    def place(at: float) -> NDArray[np.float32]:
        x = np.zeros(dim, np.float32)
        x[axis] = sign * at
        return x

    counts, selected = votes.certifying(place(0.0))
    return WorstCaseRun(
        type(noise).__name__.lower(),
        float(p_a),
        None if p_b is None else float(p_b),
        radius,
        claimed * _certified(noise, counts, selected, alpha=alpha, both=p_b is not None),
        alpha,
        excess,
        votes.judging(place(radius - excess), 0),
        votes.judging(place(radius + excess), 1),
        LEVEL,
    )


def run_worst_case_on_grid(
    p_a: str,
    *,
    step: Fraction,
    scale: Fraction,
    dim: int,
    axis: int,
    sign: int,
    num_samples: int,
    seed: int,
    alpha: float = 1e-3,
    claimed_steps: int = 0,
    batch: int = 10_000,
    device: str = "cpu",
) -> WorstCaseRun:
    """The same on a grid under discrete Laplace noise: R is a whole number of steps.

    cA is {k <= t} with the least t of mass PA or more. It leads t steps away, where its mass is
    P(K <= 0) > 1/2, and is behind at t + 1 steps. The votes are taken at R itself and a step
    beyond, and certify `theory.discrete_laplace.steps_lattice`, alpha less the sampler's charge.

    Parameters
    ----------
    p_a
        PA, in (1/2, 1).
    step, scale
        h and lambda.
    claimed_steps
        Steps added to the certificate; other than 0 they are a mistake on purpose.

    The others are those of `run_worst_case`, and so are the errors.

    Examples
    --------
    >>> run = run_worst_case_on_grid("0.8", step=Fraction(1, 16), scale=Fraction(1, 4), dim=4,
    ...     axis=2, sign=-1, num_samples=8000, seed=1)
    >>> run.radius, run.sound, run.leads, run.flips
    (0.25, True, True, True)
    """
    _check_majority(p_a)
    law = DiscreteLaplace(step, scale)
    edge = next(k for k in count() if law.cdf(k, rounding="down") >= float(p_a))
    beyond = law.cdf(-1)
    if lead_power(num_samples, beyond, 1 - beyond, level=LEVEL) < 1 - FALSE_PASS:
        raise ValueError(f"num_samples = {num_samples} show no flip a step beyond R")
    # between two points of the grid, wherever float32 puts it
    model = AxisClassifier([float(step * (2 * edge + 1) / 2)], axis=axis, sign=sign)
    target = Target(model, Gridded(step, scale, seed), (dim,), 2, batch, device)
    votes = _Votes(target, num_samples)

    def place(steps: int) -> NDArray[np.int32]:
        levels = np.zeros(dim, np.int32)
        levels[axis] = sign * steps
        return levels

    counts, selected = votes.certifying(place(0))
    charge = NoisyLevels(place(0), step=step, scale=scale, seed=seed, purpose="estimation").charge(
        num_samples
    )
    if not charge < alpha:
        raise ValueError(f"alpha = {alpha} does not pay for the sampler's {charge:.3g}")
    bound = top_bound(counts, alpha=(alpha - charge) * (1 - 2.0**-50), top=selected).p_a
    steps = steps_lattice(bound, step=step, scale=scale) + claimed_steps
    return WorstCaseRun(
        "discrete laplace",
        float(p_a),
        None,
        radius_on_grid(edge, step=step),
        radius_on_grid(steps, step=step),
        alpha,
        float(step),
        votes.judging(place(edge), 0),
        votes.judging(place(edge + 1), 1),
        LEVEL,
    )


@dataclass(frozen=True, slots=True)
class _Votes:
    """The votes of a run: every count has draws of its own."""

    target: Target
    num_samples: int

    def certifying(self, x: Any) -> tuple[list[int], int]:
        """The votes that bound the class, and the class that 100 others selected."""
        selected = int(np.argmax(self._count(x, "selection", 0, 100)))
        return list(self._count(x, "estimation", 0, self.num_samples)), selected

    def judging(self, x: Any, number: int) -> tuple[int, ...]:
        """Fresh votes, the numbered run of them."""
        return self._count(x, "check", number * self.num_samples, self.num_samples)

    def _count(self, x: Any, purpose: str, first: int, size: int) -> tuple[int, ...]:
        return self.target.votes(x, purpose=purpose, point=0, start=first, stop=first + size)


def _check_majority(p_a: str) -> None:
    if not 0.5 < float(p_a) < 1:
        raise ValueError(f"p_a = {p_a} is outside (1/2, 1)")


def _edges(noise: IsotropicNoise, p_a: str, p_b: str | None) -> list[float]:
    """Where the classes end along the axis, at x = 0."""
    if p_b is None:
        _check_majority(p_a)
        return [HalfLine(noise, p_a).threshold]
    name, scale = method_and_scale(noise)
    if name != "theorem_2":
        raise ValueError(f"p_b = {p_b} with {name}: legal is Laplace noise alone")
    tails = worst_tails(p_a, p_b, scale=scale)
    low, high = noise.cdf(tails.a_until), noise.cdf(tails.b_from)
    cells = math.ceil((high - low) / float(p_b) - 1e-9)
    between = [noise.quantile(low + (high - low) * i / cells) for i in range(1, cells)]
    return [tails.a_until, *between, tails.b_from]


def _certified(
    noise: IsotropicNoise, counts: Sequence[int], selected: int, *, alpha: float, both: bool
) -> float:
    """The radius that the votes certify, rounded down; nan for an abstention."""
    name, scale = method_and_scale(noise)
    if both:
        bounds = simultaneous_bounds(counts, alpha=alpha, top=selected)
        if bounds.p_b is None or bounds.p_b >= bounds.p_a:
            return math.nan
        return float(exact(bounds.p_a, bounds.p_b, scale=scale))
    p_a = top_bound(counts, alpha=alpha, top=selected).p_a
    if p_a <= 0.5:
        return math.nan
    if name == "theorem_2":
        return float(theorem_2(p_a, scale=scale))
    return float(cohen(p_a, sigma=scale) if name == "cohen" else uniform(p_a, half_width=scale))
