"""Interleaved timing: every contender in every round, and ratios within a round.

A shared or warming processor changes its speed from second to second. So the contenders take turns,
A B C A B C ..., and a speed is compared with the baseline's of the same round alone; the median
over the rounds and the smallest and largest ratio are what is reported.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: Draws this many samples, from this seed.
Piece = Callable[[int, int], object]
Clock = Callable[[], float]

#: Between two pieces: thread pools that spin for work after their own have gone to sleep by then.
REST_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of a few values, and the smallest and the largest.

    >>> Spread.of([3.0, 1.0, 2.0, 10.0])
    Spread(median=2.5, low=1.0, high=10.0)
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value.

        Raises
        ------
        ValueError
            If there is none.
        """
        if not values:
            raise ValueError("values has 0 entries, legal is at least 1")
        return cls(statistics.median(values), min(values), max(values))


def within_rounds(rates: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Each round's speed in units of the baseline's in the same round.

    >>> within_rounds([8.0, 6.0], [4.0, 2.0])
    [2.0, 3.0]

    Raises
    ------
    ValueError
        If the two have not the same number of rounds.
    """
    if len(rates) != len(baseline):
        raise ValueError(f"rates has {len(rates)} rounds, legal is the baseline's {len(baseline)}")
    return [rate / base for rate, base in zip(rates, baseline, strict=True)]


def samples_for(piece: Piece, seconds: float, *, clock: Clock = time.perf_counter) -> int:
    """The number of samples that a piece draws in about `seconds`.

    Called once without the clock first, so that nothing is compiled or loaded in a timed piece. The
    best of three times counts: one stumble of the machine would leave next to nothing to measure.

    Raises
    ------
    ValueError
        If `seconds` is outside (0, inf).
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds = {seconds} is outside (0, inf)")
    piece(1, 0)
    num_samples = 1
    while True:
        taken = min(timed(piece, num_samples, seed=seed, clock=clock) for seed in range(3))
        if taken >= seconds / 4:
            return max(1, math.ceil(num_samples * seconds / taken))
        num_samples *= 4


def timed(piece: Piece, num_samples: int, *, seed: int, clock: Clock = time.perf_counter) -> float:
    """The seconds that a piece takes to draw so many samples."""
    start = clock()
    piece(num_samples, seed)
    return clock() - start


def interleaved(
    pieces: Mapping[str, Piece],
    num_samples: Mapping[str, int],
    *,
    rounds: int,
    clock: Clock = time.perf_counter,
    rest: Callable[[float], None] = time.sleep,
) -> dict[str, list[float]]:
    """Samples per second of every piece in every round, the pieces taking turns.

    Parameters
    ----------
    pieces
        In the order of a round. Round i draws from seed i.
    num_samples
        What each piece draws in a round.
    rounds
        At least 1.
    clock, rest
        Seconds now, and a pause of so many seconds.

    Raises
    ------
    ValueError
        If `rounds` is below 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds = {rounds} is outside [1, inf)")
    rates: dict[str, list[float]] = {name: [] for name in pieces}
    for seed in range(rounds):
        for name, piece in pieces.items():
            rest(REST_SECONDS)
            taken = timed(piece, num_samples[name], seed=seed, clock=clock)
            rates[name].append(num_samples[name] / taken)
    return rates
