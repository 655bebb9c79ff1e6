"""A run of the likelihood-ratio sampler as data: what it draws, what it counts, who it is.

A run is samples 0, ..., n - 1 of one plan under one seed, and the observables counted on them.
Equal runs have equal fingerprints, on every machine, and every part of a run, a shard, a block of
a cluster or a checkpoint, carries the fingerprint of the whole.
"""

from __future__ import annotations

import hashlib
import json
import operator
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from simulations.likelihood_ratio import SamplingPlan
from simulations.observables import Histogram, IntegerEvent, Observables
from simulations.tally import Tally

#: raised whenever a sample, or how it is counted, changes: old parts do not fit new runs
RUN_FORMAT = 1

#: Python itself writes no number of more than 4300 digits
MOST_DIGITS = 4000
TOO_LARGE = 10**MOST_DIGITS

MOST_SAMPLES = 2**63


@dataclass(frozen=True, eq=False)
class Run:
    """Samples 0, ..., num_samples - 1 of a plan, and what is counted of them.

    Parameters
    ----------
    plan : SamplingPlan
        The perturbation in units of the scale, and the method.
    observables : Observables
        What is counted.
    seed : int
        In [0, 2^64).
    num_samples : int
        In [1, 2^63].

    Raises
    ------
    ValueError
        For a number outside its set, or a magnitude of more than 4000 digits.

    Examples
    --------
    >>> plan = SamplingPlan.of(["0.5", "0.25"], scale=1)
    >>> run = Run.of(plan, seed=1, num_samples=1000)
    >>> Run.from_json(run.to_json()) == run
    True
    >>> run.shard(0, 3), run.shard(2, 3)
    ((0, 333), (666, 1000))
    """

    plan: SamplingPlan
    observables: Observables
    seed: int
    num_samples: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", operator.index(self.seed))
        object.__setattr__(self, "num_samples", operator.index(self.num_samples))
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed = {self.seed} is outside [0, 2^64)")
        if not 1 <= self.num_samples <= MOST_SAMPLES:
            raise ValueError(f"num_samples = {self.num_samples} is outside [1, 2^63]")
        for one in self.plan.magnitudes:
            if max(one.numerator, one.denominator) >= TOO_LARGE:
                raise ValueError(
                    f"|delta_i| / scale = {float(one)} is a ratio of integers of more than "
                    f"{MOST_DIGITS} digits, legal are at most so many"
                )

    @classmethod
    def of(
        cls,
        plan: SamplingPlan,
        *,
        seed: int,
        num_samples: int,
        events: Sequence[IntegerEvent] = (),
        histogram: Histogram | None = None,
    ) -> Run:
        """The run that counts these events, a histogram (that of the plan by default) and moments.

        The centre of the moments is near the mean of W (`observables.rough_moments`).
        """
        return cls(plan, Observables.of(plan, events, histogram), seed, num_samples)

    def tally(self, *, compiled: bool = False) -> Tally:
        """An empty tally of this run."""
        return Tally(self.observables, self.seed, compiled=compiled)

    def shard(self, index: int, number: int) -> tuple[int, int]:
        """(start, stop) of shard `index` of `number`: [n index // number, n (index+1) // number).

        The shards 0, ..., number - 1 are disjoint and cover the run; some are empty where
        number > num_samples.

        Raises
        ------
        ValueError
            Unless 0 <= index < number.
        """
        if number < 1:
            raise ValueError(f"number of shards = {number} is outside [1, inf)")
        if not 0 <= index < number:
            raise ValueError(f"shard = {index} is outside [0, {number})")
        return self.num_samples * index // number, self.num_samples * (index + 1) // number

    def to_json(self) -> dict[str, Any]:
        """The parameters as JSON: integers, and exact ratios as text."""
        pairs = zip(self.plan.magnitudes, self.plan.sizes, strict=True)
        return {
            "format": RUN_FORMAT,
            "delta": [[str(one), size] for one, size in pairs],
            "method": self.plan.method,
            "seed": self.seed,
            "num_samples": self.num_samples,
            **self.observables.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """The inverse of `to_json`.

        Raises
        ------
        ValueError
            For another format, or parameters that are not those of a run.
        """
        if data.get("format") != RUN_FORMAT:
            raise ValueError(f"format of the run = {data.get('format')} is not {RUN_FORMAT}")
        try:
            magnitudes = tuple(Fraction(one) for one, _ in data["delta"])
            sizes = tuple(operator.index(size) for _, size in data["delta"])
            plan = SamplingPlan(magnitudes, sizes, data["method"])
            run = cls(plan, Observables.from_json(data), data["seed"], data["num_samples"])
        except (TypeError, KeyError, ZeroDivisionError) as error:
            raise ValueError(f"the parameters are not those of a run: {error!r}") from None
        if canonical(run.to_json()) != canonical(data):
            raise ValueError("the parameters are not those of a run: they are not as written")
        return run

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the parameters, 64 hexadecimal digits."""
        return hashlib.sha256(canonical(self.to_json()).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.fingerprint == other.fingerprint if isinstance(other, Run) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.fingerprint)


def canonical(value: Any) -> str:
    """One text for one value: JSON in ASCII, sorted keys, no blanks, no NaN.

    >>> canonical({"b": [1, 2], "a": None})
    '{"a":null,"b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def difference(mine: Run, other: Run) -> str:
    """Which parameters of the other run are not mine, in words; empty where the runs are equal.

    >>> plan = SamplingPlan.of([1], scale=1)
    >>> difference(*(Run.of(plan, seed=seed, num_samples=9) for seed in (1, 2)))
    'seed = 2, not 1'
    """
    ours, theirs = mine.to_json(), other.to_json()
    unequal = [key for key in ours if theirs[key] != ours[key]]
    if not unequal:
        return ""
    first, *more = unequal
    yours, own = reprlib.repr(theirs[first]), reprlib.repr(ours[first])
    said = f"{first} = {yours}, not {own}" if yours != own else f"{first} is another"
    return f"{said}; other too: {', '.join(more)}" if more else said
