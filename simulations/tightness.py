"""Tightness, drawn: the worst-case classifiers inside, at and beyond the radius, judged together.

At every setting the worst-case classifier runs on raw d-vectors, at x and at x + delta, delta along
a randomly signed, random axis. Its counts are held against its exact masses, and beyond the radius
they must show the flip: P(f(Y) = cA) < 1/2 with two classes, cB ahead of cA with several. One Holm
correction covers every count of a run, and all flips of a run are shown together with probability
1 - 1e-3 where the excess is the default, the smallest that the samples can show so reliably.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any, TypeAlias

from numpy.typing import NDArray

from simulations.axis_cases import Case, NoiseStream, count_cases, recount_cases
from simulations.experiment import FALSE_PASS, Expects, Trial, judge, shown
from simulations.half_spaces import Axis
from simulations.paired import share_bias
from simulations.streaming import Progress
from simulations.tightness_plans import WORD, Plan, Question, Setting, num_trials, plan_for
from theory.bounds import Bounds
from theory.claim import Evidence
from theory.confidence import interval

__all__ = ["Observation", "Setting", "Tightness", "run", "samples_for", "sweep"]

#: the counts of cA, cB and neither, by case
Counts: TypeAlias = Mapping[Case, NDArray[Any]]

#: False-fail rate of a run: Holm over all its counts keeps it.
ALPHA = 1e-6
#: A smaller one asks for tails that are not computed to a relative error (theory.binomial_tails).
SMALLEST_ALPHA = 1e-240

#: The settings of the sweep that the tightness of Theorem 3 is shown on.
SWEEP_P_A = ("0.501", "0.6", "0.7", "0.8", "0.9", "0.99", "0.999")
SWEEP_DIMS = (1, 2, 16, 3072, 150528)

SWEEP_PAIRS = (("0.45", "0.25"), ("0.6", "0.3"), ("0.9", "0.04"))

#: (coordinates drawn in a dimension, fewest samples, most samples)
FULL, QUICK = (5 * 10**8, 10**4, 10**6), (2 * 10**7, 10**3, 10**5)


def samples_for(dim: int, *, quick: bool = False) -> int:
    """The samples that a run takes in a dimension when nobody says how many.

    >>> [samples_for(dim) for dim in SWEEP_DIMS]
    [1000000, 1000000, 1000000, 162760, 10000]
    """
    coordinates, fewest, most = QUICK if quick else FULL
    return max(fewest, min(most, coordinates // dim))


def sweep(
    *, scale: float = 1.0, num_samples: int | None = None, quick: bool = False
) -> list[Setting]:
    """The settings of the sweep: PA from 0.501 to 0.999, and pairs, in 1 to 150528 dimensions.

    >>> len(sweep()), sweep()[0].num_samples
    (50, 1000000)
    """
    settings = []
    for dim in SWEEP_DIMS:
        n = samples_for(dim, quick=quick) if num_samples is None else num_samples
        settings += [Setting(Fraction(p_a), dim, n, scale) for p_a in SWEEP_P_A]
        settings += [Setting(Fraction(a), dim, n, scale, Fraction(b)) for a, b in SWEEP_PAIRS]
    return settings


@dataclass(frozen=True, slots=True)
class Observation:
    """One count at one place, the exact probability, and a simultaneous confidence interval.

    ``what`` is a probability, or the share of cA among what is cA or cB. ``consistent`` is False
    where the count contradicts ``exact``, and None where so few samples contradict nothing.
    """

    place: str
    r: float
    what: str
    count: int
    num_samples: int
    exact: Bounds
    interval: tuple[float, float]
    consistent: bool | None


@dataclass(frozen=True, slots=True)
class Tightness:
    """What a run found at one setting.

    ``excess`` is r - R as asked for or chosen, and ``power`` the probability that the flip is shown
    there; ``least_excess`` is the smallest that so many samples show with the wanted power (inf if
    none), and ``samples_needed`` the least number that shows this one, None beyond 10^10.
    ``flip``: whether it was shown (True), the opposite was (False), or neither (None).
    ``recount``: whether the words of the one coordinate alone give the same counts.
    """

    setting: Setting
    axis: Axis
    radius: float
    excess: float
    least_excess: float
    power: float
    samples_needed: int | None
    observations: tuple[Observation, ...]
    flip: bool | None
    recount: bool

    @property
    def consistent(self) -> bool | None:
        """Whether nothing contradicts the exact law: the masses, the flip and the recount."""
        found = [one.consistent for one in self.observations]
        if not self.recount or self.flip is False or False in found:
            return False
        return None if None in found else True


def run(
    settings: Sequence[Setting],
    *,
    seed: int,
    alpha: float = ALPHA,
    backend: str = "numba",
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Tightness]:
    """Draw and judge every setting.

    Settings of one dimension share a noise where their axes are different coordinates of it, and
    take another one where they are not: their flips are independent.

    Parameters
    ----------
    settings
        At least one, with different names.
    seed
        In [0, 2^64); with the settings it decides every count.
    alpha
        The probability, at most, that any true prediction of the run is called false, or any flip
        shown that is none; in [1e-240, 1).
    backend, threads
        Speed only.
    progress
        progress(coordinates drawn, all of them).

    Returns
    -------
    list of Tightness
        In the order of the settings.

    Raises
    ------
    ValueError
        For a parameter outside its set, or samples too few to show any flip at all.
    MissingBackendError
        If the backend's package or device is missing.

    Examples
    --------
    >>> setting = Setting(Fraction(3, 4), dim=5, num_samples=20_000, scale=2.0)
    >>> (found,) = run([setting], seed=7)
    >>> found.flip, found.consistent, round(found.radius, 6), round(found.excess, 6)
    (True, True, 1.386294, 0.123049)
    """
    if not SMALLEST_ALPHA <= alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside [{SMALLEST_ALPHA}, 1)")
    names = [one.name for one in settings]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"settings = {names}: legal is one or more, each of another name")
    level = alpha / (2 * sum(num_trials(one) for one in settings))
    short = FALSE_PASS / len(settings)
    plans = [plan_for(one, seed=seed, level=level, false_pass=short) for one in settings]
    groups = _streams(plans, seed)
    counts: dict[str, Counts] = {}
    recounts: dict[str, bool] = {}
    total = sum(stream.dim * stream.num_samples for stream in groups)
    done = 0
    for stream, members in groups.items():
        cases = [case for plan in members for case in plan.cases]
        watch = None if progress is None else _watch(progress, done, stream.dim, total)
        found = count_cases(cases, stream, backend=backend, threads=threads, progress=watch)
        agrees = (found == recount_cases(cases, stream)).all(axis=1)
        rows = iter(zip(found, agrees, strict=True))
        for plan in members:
            own = {case: next(rows) for case in plan.cases}
            counts[plan.setting.name] = {case: row for case, (row, _) in own.items()}
            recounts[plan.setting.name] = all(bool(same) for _, same in own.values())
        done += stream.dim * stream.num_samples
    return _judged(plans, counts, recounts, alpha=alpha, level=level, false_pass=short)


def _streams(plans: Sequence[Plan], seed: int) -> dict[NoiseStream, list[Plan]]:
    """Which noise each plan is asked on: no words of one coordinate are asked about twice."""
    groups: dict[NoiseStream, list[Plan]] = {}
    taken: set[tuple[int, int, int]] = set()  # streams of another scale or size share their words
    for plan in plans:
        one, place = plan.setting, plan.axis.place
        replica = next(k for k in count() if (one.dim, k, place) not in taken)
        taken.add((one.dim, replica, place))
        stream = NoiseStream(one.scale, one.dim, one.num_samples, seed, replica)
        groups.setdefault(stream, []).append(plan)
    return groups


def _watch(progress: Progress, before: int, dim: int, total: int) -> Progress:
    def report(done: int, _: int) -> None:
        progress(before + dim * done, total)

    return report


def _judged(
    plans: Sequence[Plan],
    counts: Mapping[str, Counts],
    recounts: Mapping[str, bool],
    *,
    alpha: float,
    level: float,
    false_pass: float,
) -> list[Tightness]:
    trials = {plan.setting.name: _trials(plan, counts[plan.setting.name]) for plan in plans}
    verdicts = judge(trials, alpha=alpha)
    each = alpha / sum(len(plan.questions) for plan in plans)
    found = []
    for plan in plans:
        name = plan.setting.name
        *_, flip = verdicts[name]
        pairs = zip(plan.questions, trials[name], verdicts[name], strict=False)
        found.append(
            Tightness(
                plan.setting,
                plan.axis,
                plan.setting.radius,
                plan.excess,
                plan.least_excess,
                plan.power(level),
                plan.samples_needed(level, false_pass),
                tuple(_observed(*one, alpha=each) for one in pairs),
                flip.finding,
                recounts[name],
            )
        )
    return found


def _trials(plan: Plan, counts: Counts) -> list[Trial]:
    """A trial of each question, each a part of its own, and that of the flip."""
    setting, trials = plan.setting, []
    for number, one in enumerate(plan.questions):
        count, n = _counted(one, counts, setting.num_samples)
        low, high = one.exact.lower, one.exact.upper
        bias = WORD if one.label is not None else share_bias(WORD, n, setting.num_samples)
        name = f"{one.what}, {one.place}, {setting.name}"
        trials.append(Trial(f"{number}", name, count, n, Expects.INSIDE, low, high, bias=bias))
    in_a, in_b, _ = (int(number) for number in counts[plan.flip])
    either = in_a + in_b
    bias = WORD if setting.p_b is None else share_bias(WORD, either, setting.num_samples)
    name = f"flip, {setting.name}"
    trials.append(shown("flip", name, in_a, either, Expects.BELOW, bias=bias))
    return trials


def _counted(question: Question, counts: Counts, num_samples: int) -> tuple[int, int]:
    in_a, in_b, _ = (int(number) for number in counts[question.case])
    if question.label is None:
        return in_a, in_a + in_b
    return (in_a, in_b)[question.label], num_samples


def _observed(question: Question, trial: Trial, verdict: Evidence, *, alpha: float) -> Observation:
    n = trial.num_samples
    return Observation(
        question.place,
        question.r,
        question.what,
        trial.count,
        n,
        question.exact,
        interval(trial.count, n, alpha=alpha) if n else (0.0, 1.0),
        verdict.finding,
    )
