r"""Certificates under attack: no certified class may lose its lead within its radius.

Each of N rows of a certification run is certified with error rate alpha, or not at all. The
certified ones are attacked at 0.999 R, with draws of their own, and judged by fresh votes: the
class c has lost its lead significantly if for some other class k the exact binomial test of
p_c >= p_k, on the votes that are for c or k, rejects at beta/(K - 1). So for each row

.. math:: P(\text{certified, and lost significantly}) \le \alpha + \beta,

whatever the attack does, since the draws of certification, attack and judgement are independent;
and so are rows. The number F of losses is stochastically below Binomial(N, alpha + beta), and the
check FAILs where P(Binomial(N, alpha + beta) >= F) <= 1e-6. N counts every row that could have been
certified: which rows are certified depends on the draws that may have gone wrong. (On a grid the
votes of a judgement are within total variation 1e-9 or so of their law: `NoisyLevels.charge`; that
is nothing beside beta.)

An attack that is too weak refutes nothing. The check PASSes only if the same attack at the largest
multiple of R, three times it say, takes the lead from a stated share of the classes, and if so many
losses as make it FAIL are possible at all; otherwise it is UNDECIDED.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, TypeAlias

from simulations.classifier.attacks import Attack, strike
from simulations.classifier.neighbourhoods import INSIDE
from simulations.classifier.noisy_inputs import LARGEST_INPUT
from simulations.classifier.target import Target
from theory.binomial_tails import at_least
from theory.confidence import checked_open, interval, upper

__all__ = ["Attempt", "CertifiedPoint", "EndToEnd", "check", "loss_p_value"]

Outcome: TypeAlias = Literal["PASS", "FAIL", "UNDECIDED"]

#: level of the test of each row
BETA = 1e-4
#: P(FAIL) where every certificate holds with probability 1 - alpha, at most
FALSE_FAIL = 1e-6
#: P(not FAIL) at the rate of losses that `EndToEnd.detectable` states
FALSE_PASS = 1e-2
#: share of the classes that the attack has to defeat at the largest multiple of R
LEAST_SHARE = 0.2
#: level of the intervals of shares, which decide nothing
_INTERVAL_ALPHA = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedPoint:
    """A row of a certification run that is certified.

    ``index``: its position in the test split, which numbers its noise draws; ``x``: the input as
    the `Neighbourhood` has it; ``label``: the certified class; ``radius``: R, in (0, 1e30].
    """

    index: int
    x: Any
    label: int
    radius: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack on one point, judged by fresh votes.

    ``times``: the multiple of R, of which 0.999 is used; ``distance``: of the attacked input,
    exact, rounded up; ``votes``: of the certified class and of the most frequent other one;
    ``p_value``: of "the certified class leads", corrected for the choice of the other one;
    ``possible``: whether the radius allows any perturbation.
    """

    index: int
    label: int
    radius: float
    times: float
    distance: float
    method: str
    votes: tuple[int, int]
    p_value: float
    possible: bool


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """What a check found; `outcome` is its verdict.

    ``rows``: N, the rows that the points are the certified ones of; ``alpha``: the error rate of
    each certificate; ``samples``: votes of each attempt.
    """

    attempts: tuple[Attempt, ...]
    rows: int
    alpha: float
    beta: float
    samples: int
    times: tuple[float, ...]
    least_share: float
    attack: Attack
    seed: int

    @property
    def points(self) -> int:
        """The certified rows."""
        return len(self.attempts) // len(self.times)

    def at(self, times: float) -> list[Attempt]:
        """The attempts at a multiple of R that could move the input."""
        return [one for one in self.attempts if one.times == times and one.possible]

    def lost(self, times: float) -> int:
        """How many classes have lost their lead significantly at a multiple of R."""
        return sum(one.p_value <= self.beta for one in self.at(times))

    def share(self, times: float) -> tuple[float, tuple[float, float]]:
        """The share of them among the attacked ones, and its 95 % interval (Clopper-Pearson)."""
        lost, attacked = self.lost(times), len(self.at(times))
        if attacked == 0:
            return math.nan, (0.0, 1.0)
        return lost / attacked, interval(lost, attacked, alpha=_INTERVAL_ALPHA)

    @property
    def p_value(self) -> float:
        """P(Binomial(N, alpha + beta) >= F), rounded up."""
        return at_least(self.lost(1), self.rows, min(1.0, self.alpha + self.beta))

    @property
    def allowed(self) -> int:
        """The most losses within R that are no FAIL."""
        rate = min(1.0, self.alpha + self.beta)
        return next(
            k for k in range(self.rows + 1) if at_least(k + 1, self.rows, rate) <= FALSE_FAIL
        )

    @property
    def detectable(self) -> float | None:
        """The least rate of losses within R that FAILs with probability 0.99; None if none does.

        Each attacked point loses significantly with at least that probability, independently.
        """
        attacked = len(self.at(1))
        if attacked <= self.allowed:
            return None
        rate = upper(self.allowed, attacked, alpha=FALSE_PASS)
        return rate if rate < 1 else None

    @property
    def control(self) -> float | None:
        """The multiple of R at which the attack has to show its power; None without one."""
        return max(self.times) if max(self.times) > 1 else None

    @property
    def powerful(self) -> bool:
        """Whether the attack defeats the stated share at the control, and a FAIL is possible."""
        if self.control is None or self.detectable is None:
            return False
        attacked = len(self.at(self.control))
        return attacked > 0 and self.lost(self.control) >= self.least_share * attacked

    @property
    def outcome(self) -> Outcome:
        """FAIL, PASS, or UNDECIDED where the attack has shown no power."""
        if self.lost(1) > self.allowed:
            return "FAIL"
        return "PASS" if self.powerful else "UNDECIDED"

    def as_json(self) -> dict[str, Any]:
        """The check for a machine: its verdict, its rates, and every attempt."""
        return {
            "kind": "end-to-end check",
            "outcome": self.outcome,
            "rows": self.rows,
            "points": self.points,
            "alpha": self.alpha,
            "beta": self.beta,
            "false_fail": FALSE_FAIL,
            "losses": self.lost(1),
            "allowed": self.allowed,
            "p_value": self.p_value,
            "detectable": {"rate": self.detectable, "false_pass": FALSE_PASS},
            "control": {"times": self.control, "least_share": self.least_share},
            "times": [self._multiple(times) for times in self.times],
            "samples": self.samples,
            "inside": float(INSIDE),
            "attack": self.attack.as_json(),
            "seed": self.seed,
            "attempts": [self._attempt(one) for one in self.attempts],
        }

    def _multiple(self, times: float) -> dict[str, Any]:
        share, (low, high) = self.share(times)
        attacked = self.at(times)
        return {
            "times": times,
            "attacked": len(attacked),
            "lost": self.lost(times),
            "share": share if attacked else None,
            "interval": [low, high],
            "median_distance": median(one.distance for one in attacked) if attacked else None,
        }

    def _attempt(self, one: Attempt) -> dict[str, Any]:
        return {
            "idx": one.index,
            "label": one.label,
            "radius": one.radius,
            "times": one.times,
            "distance": one.distance,
            "method": one.method,
            "votes": list(one.votes),
            "p_value": one.p_value,
            "lost": one.possible and one.p_value <= self.beta,
        }


def loss_p_value(counts: Sequence[int], label: int) -> float:
    r"""The p-value of "the label's probability is at least that of every other class".

    .. math:: \min\{1, (K - 1) \min_{k \ne c} P(\mathrm{Bin}(n_c + n_k, 1/2) \ge n_k)\}

    Given that a vote is for c or k it is for k with probability at most 1/2 under the null, and
    the K - 1 tests are corrected by Bonferroni.

    Parameters
    ----------
    counts
        Votes of each of the K >= 2 classes.
    label
        c, in [0, K).

    Returns
    -------
    float
        Rounded up.

    Raises
    ------
    ValueError
        For a label that is no class.

    Examples
    --------
    >>> loss_p_value([10, 10], 0) > 0.5, round(loss_p_value([400, 600], 0), 12)
    (True, 1.36e-10)
    """
    votes = [int(count) for count in counts]
    if not 0 <= label < len(votes) or len(votes) < 2:
        raise ValueError(f"label = {label} is outside [0, {len(votes)}), or the only class")
    own = votes[label]
    others = [count for k, count in enumerate(votes) if k != label]
    smallest = min(at_least(count, own + count, 0.5) for count in others)
    return min(1.0, len(others) * smallest)


def check(
    target: Target,
    points: Sequence[CertifiedPoint],
    *,
    rows: int,
    alpha: float,
    attack: Attack,
    times: Sequence[float] = (1.0, 3.0),
    samples: int = 1000,
    beta: float = BETA,
    least_share: float = LEAST_SHARE,
    progress: Callable[[int, int], None] | None = None,
) -> EndToEnd:
    """Attack certified points at multiples of their radii and judge them by fresh votes.

    Parameters
    ----------
    target
        The classifier with the noise of its certificates.
    points
        The certified rows of a run, each index once; without any it is UNDECIDED.
    rows
        N: the rows of the run that the points are the certified ones of.
    alpha
        The error rate of each certificate, in (0, 1).
    attack
        How hard the attack tries.
    times
        Multiples of R, 1 among them; the largest is the control.
    samples
        Votes of each judgement, at least 1.
    beta
        Level of each judgement, in (0, 1).
    least_share
        Of the classes that have to lose their lead at the control, in (0, 1].
    progress
        Called with the attempts done and the whole.

    Raises
    ------
    ValueError
        For a parameter outside its set.
    """
    multiples = _checked(points, rows, alpha, times, samples, beta, least_share)
    attempts: list[Attempt] = []
    for point in points:
        for number, factor in enumerate(multiples):
            draws = range(number * samples, (number + 1) * samples)
            attempts.append(_attempt(target, point, factor, attack, draws))
            if progress is not None:
                progress(len(attempts), len(points) * len(multiples))
    seed = target.around.seed
    return EndToEnd(
        tuple(attempts), rows, alpha, beta, samples, multiples, least_share, attack, seed
    )


def _attempt(
    target: Target, point: CertifiedPoint, factor: float, attack: Attack, draws: range
) -> Attempt:
    """Attack one point at one multiple of its radius, and judge it by those draws."""
    budget = target.around.budget(point.radius, factor)
    struck = strike(
        target, point.x, label=point.label, radius=budget, point=point.index, attack=attack
    )
    votes = target.votes(
        struck.moved, purpose="check", point=point.index, start=draws.start, stop=draws.stop
    )
    return Attempt(
        point.index,
        point.label,
        point.radius,
        factor,
        struck.distance,
        struck.method,
        (votes[point.label], max(votes[: point.label] + votes[point.label + 1 :])),
        loss_p_value(votes, point.label),
        target.around.reach(budget) > 0,
    )


def _checked(
    points: Sequence[CertifiedPoint],
    rows: int,
    alpha: float,
    times: Sequence[float],
    samples: int,
    beta: float,
    least_share: float,
) -> tuple[float, ...]:
    """The multiples of R in order; a ValueError for a parameter outside its set."""
    checked_open("alpha", alpha)
    checked_open("beta", beta)
    if not 0 < least_share <= 1:
        raise ValueError(f"least_share = {least_share} is outside (0, 1]")
    if samples < 1:
        raise ValueError(f"samples = {samples} is outside [1, inf)")
    if rows < max(1, len(points)):
        raise ValueError(f"rows = {rows}, points = {len(points)}: legal are rows >= 1, points")
    indices = Counter(point.index for point in points)
    for point in points:
        if indices[point.index] > 1:
            raise ValueError(f"idx = {point.index} is there twice: its draws are not independent")
        if not 0 < point.radius <= LARGEST_INPUT:
            where = f"at idx {point.index} is outside (0, {LARGEST_INPUT}]"
            raise ValueError(f"radius = {point.radius} {where}")
    multiples = tuple(sorted({float(factor) for factor in times}))
    if 1.0 not in multiples or not all(0 < factor < math.inf for factor in multiples):
        raise ValueError(f"times = {list(times)}: legal are positive numbers, 1 among them")
    return multiples
