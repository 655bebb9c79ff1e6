"""Exact counts and moments of the samples W of a run.

Whatever is counted of a sample is a sum over samples of exact integers. So a tally depends neither
on the order of the samples nor on how they were cut into chunks, shared among threads or sent to
other machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.likelihood_ratio import TAGS
from simulations.observables import Coin, IntegerEvent, Observables
from simulations.philox import WORDS_PER_BLOCK, philox4x32
from theory.parameters import checked_flag, describe, to_integer

#: |W - centre| is cut into limbs of 22 bits: 2^16 products of two of them add up below 2^63
LIMB_BITS = 22
LIMB = (1 << LIMB_BITS) - 1

#: samples counted at once: fits the cache of one core; fastest of 2^12, ..., 2^16
PIECE = 1 << 15

#: events, bins, (first, second moment), (minimum, maximum)
Counts = tuple[Sequence[int], NDArray[np.int64], tuple[int, int], tuple[int, int]]


def coin_words(seed: int, samples: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """The coin word of each of these samples."""
    counter = np.zeros((len(samples), WORDS_PER_BLOCK), np.uint32)
    counter[:, 0] = samples & np.uint64(2**32 - 1)
    counter[:, 1] = samples >> np.uint64(32)
    counter[:, 3] = TAGS["coin"]
    key = np.array([seed % 2**32, seed // 2**32], np.uint32)
    return philox4x32(counter, key)[:, 0]


def exact_moments(
    w: NDArray[np.int64], centre: int, smallest: int, largest: int
) -> tuple[int, int]:
    """sum (W - centre) and sum (W - centre)^2, exactly, of at most 2^16 samples in [0, 2^63).

    With x = W - centre = x_0 + 2^22 x_1 + 2^44 x_2, the lower limbs in [0, 2^22) and the last
    one within +- 2^22, every sum of products of two limbs is below 2^16 2^44 < 2^63.

    >>> exact_moments(np.array([2**62, 5]), 7, 5, 2**62) == (2**62 - 9, (2**62 - 7) ** 2 + 4)
    True
    """
    x = w - centre
    bound = max(largest - centre, centre - smallest)
    limbs = []
    while bound > LIMB:
        limbs.append(x & LIMB)
        x = x >> LIMB_BITS
        bound >>= LIMB_BITS
    limbs.append(x)
    first = sum(int(limb.sum()) << LIMB_BITS * i for i, limb in enumerate(limbs))
    second = 0
    for i, one in enumerate(limbs):
        for j in range(i, len(limbs)):
            product = int(one @ limbs[j]) << LIMB_BITS * (i + j)
            second += product if i == j else 2 * product
    return first, second


def _inside(w: NDArray[np.int64], event: IntegerEvent, smallest: int, largest: int) -> int:
    """How many W are in the interval; a half line costs one comparison."""
    if event.low > largest or event.high < smallest or event.low > event.high:
        return 0
    if event.high >= largest:
        return len(w) if event.low <= smallest else int(np.count_nonzero(w >= event.low))
    if event.low <= smallest:
        return int(np.count_nonzero(w <= event.high))
    return int(np.count_nonzero((w >= event.low) & (w <= event.high)))


def _kernel_for(seen: Observables, seed: int) -> Callable[[NDArray[np.int64], int], Counts]:
    """The Numba kernel, told what to count."""
    from simulations.kernels.tally_numba import count_piece

    # what no W in [0, 2^63) can reach is cut off, and an empty interval stays empty
    kept = [(max(one.low, 0), min(one.high, 2**63 - 1)) for one in seen.events]
    intervals = [(low, high) if low <= high else (1, 0) for low, high in kept]
    coins = [one.coin or Coin(0, 0) for one in seen.events]
    coins = [one if 0 <= one.at < 2**63 else Coin(0, 0) for one in coins]
    layout: dict[str, Any] = {
        "seed": seed,
        "tag": TAGS["coin"],
        "intervals": np.array(intervals, np.int64).reshape(-1, 2),
        "atoms": np.array([one.at for one in coins], np.int64),
        "faces": np.array([one.words for one in coins], np.uint64),
        "edges": np.array(seen.histogram.edges, np.int64),
        "shift": -1 if seen.histogram.shift is None else seen.histogram.shift,
        "centre": seen.centre,
        "bits": LIMB_BITS,
    }

    def count(w: NDArray[np.int64], first_sample: int) -> Counts:
        events, bins, sums, ends = count_piece(w, first_sample=first_sample, **layout)
        s0, s1, s2, s00, s01, s02, s11, s12, s22 = sums
        first = s0 + (s1 << LIMB_BITS) + (s2 << 2 * LIMB_BITS)
        second = s00 + (2 * s01 << LIMB_BITS) + (2 * s02 + s11 << 2 * LIMB_BITS)
        second += (2 * s12 << 3 * LIMB_BITS) + (s22 << 4 * LIMB_BITS)
        return events.tolist(), bins, (first, second), ends

    return count


def _check_sums(data: Mapping[str, Any]) -> None:
    """Refuse the numbers of a tally that no samples have."""
    n = data["num_samples"]
    counts = [n, *data["events"], *data["histogram"]]
    if not 0 <= min(counts) <= max(counts) <= n < 2**64 or sum(data["histogram"]) != n:
        raise ValueError(f"the counts of the tally do not add up to num_samples = {n}")
    if data["first_moment"] ** 2 > n * data["second_moment"]:
        raise ValueError("the moments of the tally are those of no samples")
    if (data["minimum"] is None or data["maximum"] is None) != (n == 0):
        raise ValueError(f"num_samples = {n} of the tally do not fit its minimum and maximum")


class Tally:
    """Exact counts and moments of the samples added so far.

    Parameters
    ----------
    observables : Observables
        What is counted.
    seed : int
        In [0, 2^64): of the coins.
    compiled : bool
        Count by the Numba kernel: several times faster with many threads, with equal results.

    Attributes
    ----------
    num_samples : int
    event_counts : list of int
        For each event of the observables.
    histogram_counts : ndarray
        uint64, one for each bin.
    first_moment, second_moment : int
        sum (W - centre) and sum (W - centre)^2, exactly.
    minimum, maximum : int or None
        None where there is no sample.

    Examples
    --------
    >>> from simulations.observables import Histogram
    >>> seen = Observables((IntegerEvent("at most 4", 0, 4),), Histogram((3, 5)), centre=4)
    >>> tally = Tally(seen, seed=1)
    >>> tally.add(np.array([2, 3, 9]), first_sample=0)
    >>> tally.event_counts, tally.histogram_counts.tolist(), tally.second_moment
    ([2], [1, 1, 1], 30)
    >>> tally.mean(), tally.variance()
    (Fraction(14, 3), Fraction(86, 9))
    """

    def __init__(self, observables: Observables, seed: int, *, compiled: bool = False) -> None:
        if not isinstance(observables, Observables):
            raise TypeError(f"observables = {describe(observables)} are no Observables")
        compiled = checked_flag("compiled", compiled)
        self.observables = observables
        self.seed = to_integer("seed", seed, 0, 2**64 - 1, "[0, 2^64)")
        self._kernel = _kernel_for(observables, seed) if compiled else None
        self.num_samples = 0
        self.event_counts = [0] * len(observables.events)
        self.histogram_counts = np.zeros(len(observables.histogram.edges) + 1, np.uint64)
        self.first_moment = 0
        self.second_moment = 0
        self.minimum: int | None = None
        self.maximum: int | None = None

    def add(self, w: NDArray[np.int64], first_sample: int) -> None:
        """Count samples first_sample, first_sample + 1, ... with these W.

        Raises
        ------
        ValueError
            Unless w is int64 of shape (n,) and not negative, and all indices are below 2^64.
        """
        if not isinstance(w, np.ndarray):
            raise ValueError(f"w = {describe(w)} is no array: legal are int64 and (n,)")
        if w.dtype != np.int64 or w.ndim != 1:
            raise ValueError(f"w has dtype {w.dtype} and shape {w.shape}, legal are int64 and (n,)")
        most = 2**64 - len(w)
        first_sample = to_integer("first_sample", first_sample, 0, most, f"[0, 2^64 - {len(w)}]")
        count = self._counted if self._kernel is None else self._kernel
        for start in range(0, len(w), PIECE):
            self._take(
                len(w[start : start + PIECE]),
                *count(w[start : start + PIECE], first_sample + start),
            )

    def _take(
        self,
        num_samples: int,
        events: Sequence[int],
        bins: NDArray[np.int64],
        moments: tuple[int, int],
        ends: tuple[int, int],
    ) -> None:
        if ends[0] < 0:
            raise ValueError(f"W = {ends[0]} is outside [0, 2^63)")
        self.event_counts = [mine + n for mine, n in zip(self.event_counts, events, strict=True)]
        self.histogram_counts += bins.astype(np.uint64)
        self.first_moment += moments[0]
        self.second_moment += moments[1]
        self._widen(*ends)
        self.num_samples += num_samples

    def _counted(self, w: NDArray[np.int64], first_sample: int) -> Counts:
        """The reference: events, bins, moments and ends of a piece of samples by NumPy."""
        seen = self.observables
        ends = int(w.min()), int(w.max())
        events = [
            _inside(w, event, *ends) + self._coins(w, event, first_sample) for event in seen.events
        ]
        return events, seen.histogram.counts(w), exact_moments(w, seen.centre, *ends), ends

    def _coins(self, w: NDArray[np.int64], event: IntegerEvent, first_sample: int) -> int:
        if event.coin is None or not 0 <= event.coin.at < 2**63:
            return 0
        hits = np.flatnonzero(w == event.coin.at)
        words = coin_words(self.seed, hits.astype(np.uint64) + np.uint64(first_sample))
        return int(np.count_nonzero(words.astype(np.uint64) < np.uint64(event.coin.words)))

    def _widen(self, smallest: int, largest: int) -> None:
        self.minimum = smallest if self.minimum is None else min(self.minimum, smallest)
        self.maximum = largest if self.maximum is None else max(self.maximum, largest)

    def merge(self, other: Tally) -> None:
        """Add the samples of another tally; they must be others than those counted here.

        Raises
        ------
        ValueError
            If the other counted something else, or under another seed.
        """
        if self.seed != other.seed:
            raise ValueError(f"a tally of seed = {other.seed} is not one of seed = {self.seed}")
        if self.observables != other.observables:
            raise ValueError("the tallies count different events, bins or moments")
        pairs = zip(self.event_counts, other.event_counts, strict=True)
        self.event_counts = [mine + theirs for mine, theirs in pairs]
        self.histogram_counts = self.histogram_counts + other.histogram_counts
        self.first_moment += other.first_moment
        self.second_moment += other.second_moment
        if other.minimum is not None and other.maximum is not None:
            self._widen(other.minimum, other.maximum)
        self.num_samples += other.num_samples

    def mean(self) -> Fraction:
        """The mean of W over the samples, exactly."""
        self._not_empty()
        return self.observables.centre + Fraction(self.first_moment, self.num_samples)

    def variance(self) -> Fraction:
        """The mean of (W - mean)^2 over the samples, exactly."""
        self._not_empty()
        return Fraction(self.second_moment, self.num_samples) - (
            Fraction(self.first_moment, self.num_samples) ** 2
        )

    def _not_empty(self) -> None:
        if not self.num_samples:
            raise ValueError("num_samples = 0 is outside [1, inf)")

    def count(self, name: str) -> int:
        """How many samples are in the event of that name."""
        for event, number in zip(self.observables.events, self.event_counts, strict=True):
            if isinstance(name, str) and event.name == name:
                return number
        known = ", ".join(repr(event.name) for event in self.observables.events)
        raise ValueError(f"event = {describe(name)} is none of {known}")

    def to_json(self) -> dict[str, Any]:
        """As JSON: exact integers."""
        return {
            "num_samples": self.num_samples,
            "events": list(self.event_counts),
            "histogram": self.histogram_counts.tolist(),
            "first_moment": self.first_moment,
            "second_moment": self.second_moment,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], observables: Observables, seed: int) -> Tally:
        """The inverse of `to_json`.

        Raises
        ------
        ValueError
            For numbers that no samples have: a missing one, a bin less, counts that do not add up.
        """
        tally = cls(observables, seed)
        legal = tally.to_json()
        if set(data) != set(legal):
            raise ValueError(f"the tally has {sorted(data)}, legal are {sorted(legal)}")
        for key, want in legal.items():
            numbers = data[key] if isinstance(want, list) else [data[key]]
            if isinstance(want, list) and (
                not isinstance(numbers, list) or len(numbers) != len(want)
            ):
                raise ValueError(f"{key} of the tally is not a list of {len(want)} numbers")
            for number in numbers:
                if type(number) is not int and not (number is None and want is None):
                    raise ValueError(f"{key} of the tally holds {number!r}, not an integer")
        _check_sums(data)
        tally.num_samples = data["num_samples"]
        tally.event_counts = list(data["events"])
        tally.histogram_counts = np.array(data["histogram"], np.uint64)
        tally.first_moment, tally.second_moment = data["first_moment"], data["second_moment"]
        tally.minimum, tally.maximum = data["minimum"], data["maximum"]
        return tally

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return (
            self.seed == other.seed
            and self.observables == other.observables
            and self.to_json() == other.to_json()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Tally({self.to_json()})"
