"""Binomial trials of what a claim predicts, and the judgement of a whole run of them.

A simulation never proves. It reports counts, and what they are worth: the false-fail rate (a true
claim called false) and the false-pass rate (a claim that is off by the stated amount let through).
Every p-value of a run enters one Holm correction, so that the rates hold for the run as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from theory.binomial_tails import MAX_SAMPLES
from theory.claim import Evidence, Grade, Rung
from theory.confidence import BinomialTest, checked_open, detectable_shift, holm
from theory.parameters import describe, to_integer, to_real

#: A deviation of the detectable size escapes a trial with at most this probability.
FALSE_PASS = 1e-3


class Expects(StrEnum):
    """What the claim says of a probability."""

    INSIDE = "inside"  # it lies in [low, high]
    BELOW = "below"  # it is smaller than low (= high), and the run must show that
    ABOVE = "above"  # it is larger than low (= high), and the run must show that


@dataclass(frozen=True, slots=True)
class Trial:
    """One count of n independent events, with what the claim predicts of their probability.

    ``finding`` is what the trial says of its part when it comes out as expected. When it does not,
    a part that was to be true is false, and a part that was to be false is undecided: its
    counterexample is lost, but there may be another. ``bias`` bounds how far the 32-bit words move
    the probability; the prediction is widened by it.
    """

    part: str
    name: str
    count: int
    num_samples: int
    expects: Expects
    low: float
    high: float
    finding: bool = True
    bias: float = 0.0

    def __post_init__(self) -> None:
        number = to_integer("num_samples", self.num_samples, 0, MAX_SAMPLES)
        to_integer("count", self.count, 0, number)
        for name in ("low", "high"):
            end = to_real(name, getattr(self, name), "[0, 1]", lambda one: 0.0 <= one <= 1.0)
            object.__setattr__(self, name, end)
        if not self.low <= self.high:
            raise ValueError(f"[{self.low}, {self.high}] is not an interval within [0, 1]")
        bias = to_real("bias", self.bias, "[0, inf)", lambda one: 0.0 <= one < math.inf)
        object.__setattr__(self, "bias", bias)
        if not isinstance(self.expects, Expects):
            raise TypeError(f"expects = {describe(self.expects)} is none of {', '.join(Expects)}")
        if self.expects is not Expects.INSIDE and self.low != self.high:
            raise ValueError(f"{self.expects} needs one threshold, not [{self.low}, {self.high}]")

    @property
    def p_values(self) -> tuple[float, float]:
        """The p-value that must not be small, and the one that must be (1 where there is none).

        First: of the claim's prediction itself. Second: of the prediction's opposite, which a
        demonstration has to reject.
        """
        if not self.num_samples:
            return 1.0, 1.0  # nothing was drawn, and nothing is said
        low, high = max(self.low - self.bias, 0.0), min(self.high + self.bias, 1.0)
        test = BinomialTest(self.num_samples, low, high)
        if self.expects is Expects.INSIDE:
            return test.p_value(self.count), 1.0
        more = replace(test, alternative="greater").p_value(self.count)
        less = replace(test, alternative="less").p_value(self.count)
        return (more, less) if self.expects is Expects.BELOW else (less, more)


def predicted(
    part: str,
    name: str,
    count: int,
    num_samples: int,
    probability: float,
    *,
    finding: bool = True,
    bias: float = 0.0,
    error: float = 1e-12,
) -> Trial:
    """A trial of a predicted probability, up to the ``error`` of computing it in floats."""
    error = to_real("error", error, "[0, inf)", lambda one: 0.0 <= one < math.inf)
    # what was computed in floats may lie beyond an end by its error
    probability = to_real(
        "probability", probability, "[0, 1]", lambda one: -error <= one <= 1.0 + error
    )
    low, high = max(probability - error, 0.0), min(probability + error, 1.0)
    return Trial(part, name, count, num_samples, Expects.INSIDE, low, high, finding, bias)


def shown(
    part: str,
    name: str,
    count: int,
    num_samples: int,
    expects: Expects,
    threshold: float = 0.5,
    *,
    finding: bool = True,
    bias: float = 0.0,
) -> Trial:
    """A trial that has to show its probability to be below or above a threshold."""
    return Trial(part, name, count, num_samples, expects, threshold, threshold, finding, bias)


def judge(trials: Mapping[str, Sequence[Trial]], *, alpha: float) -> dict[str, list[Evidence]]:
    """Judge the trials of a whole run, by claim; one Holm correction over all their p-values.

    The probability that any true prediction of the run is called false is at most ``alpha``, and
    so is the probability that any false demonstration is accepted.
    """
    alpha = checked_open("alpha", alpha)
    if not isinstance(trials, Mapping):
        raise TypeError(f"trials = {describe(trials)} is no mapping of claims to their trials")
    adjusted = iter(
        holm([p for series in trials.values() for trial in series for p in trial.p_values])
    )
    family = 2 * sum(len(series) for series in trials.values())
    verdicts = {
        slug: [(trial, _outcome(next(adjusted), next(adjusted), trial, alpha)) for trial in series]
        for slug, series in trials.items()
    }
    return {
        slug: [
            _evidence(part, [pair for pair in pairs if pair[0].part == part], alpha, family)
            for part in dict.fromkeys(trial.part for trial, _ in pairs)
        ]
        for slug, pairs in verdicts.items()
    }


def _outcome(against: float, opposite: float, trial: Trial, alpha: float) -> bool | None:
    """True as expected, False contradicted, None: a demonstration without enough power."""
    if against <= alpha:
        return False
    if trial.expects is Expects.INSIDE:
        return True
    return True if opposite <= alpha else None


def _evidence(
    part: str, pairs: Sequence[tuple[Trial, bool | None]], alpha: float, family: int
) -> Evidence:
    smallest = alpha / family
    shifts = [_shift(trial, smallest) for trial, _ in pairs]
    scope = f"{len(pairs)} counts of {_range([t.num_samples for t, _ in pairs])} samples"
    found = {trial.finding for trial, outcome in pairs if outcome}
    undecided = [trial for trial, outcome in pairs if outcome is None]
    contradicted = [trial for trial, outcome in pairs if outcome is False]
    against = [trial for trial in contradicted if trial.finding]
    powerless = [
        trial
        for (trial, _), shift in zip(pairs, shifts, strict=True)
        if trial.expects is Expects.INSIDE and math.isinf(shift)
    ]
    witness: dict[str, str] | None = None
    if against:
        first = against[0]
        grade, finding = Grade.REFUTED, False
        witness = {"count": f"{first.count} of {first.num_samples}", "of": first.name}
        detail = f"contradicted: {_describe(first)}"
    elif contradicted:
        grade, finding = Grade.UNDECIDED, None
        detail = f"the counterexample is none: {_describe(contradicted[0])}"
    elif undecided or powerless:
        grade, finding = Grade.UNDECIDED, None
        detail = f"too few samples to show: {_describe((undecided or powerless)[0])}"
    elif len(found) != 1:
        grade, finding = Grade.UNDECIDED, None
        detail = "the trials speak for both answers"
    else:
        grade, finding = Grade.CONSISTENT, found.pop()
        worst = max(shifts)
        detail = (
            f"{_describe(pairs[0][0])}; a probability off by {worst:.2g} would be refuted "
            f"(Holm over {family} p-values)"
        )
    return Evidence(
        Rung.SIMULATION,
        grade,
        part,
        finding,
        scope,
        detail,
        witness=witness,
        false_fail=alpha,
        false_pass=max(FALSE_PASS, alpha),
    )


def _shift(trial: Trial, alpha: float) -> float:
    if not trial.num_samples:
        return math.inf
    middle = (trial.low + trial.high) / 2
    bias = trial.bias + (trial.high - trial.low) / 2
    return detectable_shift(
        trial.num_samples, middle, alpha=alpha, false_pass=FALSE_PASS, bias=bias
    )


def _describe(trial: Trial) -> str:
    frequency = trial.count / trial.num_samples if trial.num_samples else math.nan
    if trial.expects is Expects.INSIDE:
        return f"{trial.name}: {frequency:.5f}, predicted {(trial.low + trial.high) / 2:.5f}"
    return f"{trial.name}: {frequency:.5f}, to be {trial.expects} {trial.low:g}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
