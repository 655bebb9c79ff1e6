"""Runs every method on the claims and computes their verdicts: the main job of the program."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence

from l1cert import catalogue
from l1cert.examination import Examination, Progress, broken, examine_all, stored, timed
from l1cert.provenance import provenance
from l1cert.report import ClaimResult, Report
from theory.claim import Evidence, Grade, Rung, decide

#: The rungs that `verify` can climb. An experiment is stored evidence and is never run here.
RUNGS: tuple[Rung, ...] = (
    Rung.DERIVATION,
    Rung.ENCLOSURE,
    Rung.SEARCH,
    Rung.SIMULATION,
    Rung.FIGURE,
)

DEFAULT_SAMPLES = 100_000
DEFAULT_ALPHA = 1e-3
DEFAULT_SEED = 1
MAX_SAMPLES = 10**10


def verify(
    slugs: Iterable[str] | None = None,
    *,
    rungs: Iterable[Rung | str] | None = None,
    num_samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    alpha: float = DEFAULT_ALPHA,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Decide claims of the paper, each by every method there is.

    Parameters
    ----------
    slugs : str or iterable of str, optional
        The claims, one or several; all of them by default.
    rungs : str or iterable of str, optional
        The kinds of method to run, one or several; all of them by default. A verdict needs two
        methods, but a single rung asked for decides alone, if it is rigorous.
    num_samples : int
        Samples for each count of the simulations, in [1, 10^10]; counts in high dimension take
        fewer and say so.
    seed : int
        The 64-bit key of all randomness, in [0, 2^64).
    alpha : float
        Probability that a true prediction is called false anywhere in the run, in (0, 1).
    workers : int
        Processes that share out the claims, at least 1; they find what one would find. More than
        one starts new interpreters, so a script that asks for them needs the usual
        ``if __name__ == "__main__":``.
    progress : callable, optional
        Called before (with one worker) and after each method.

    Returns
    -------
    Report
        ``report["theorem_2"].decision.verdict`` and the evidence behind it; ``as_json()``.

    Raises
    ------
    ValueError
        An unknown slug or rung, or a number outside its domain; nothing has run then.
    TypeError
        A number of samples or a seed that is no integer.

    Examples
    --------
    >>> report = verify(["theorem_2"], rungs=["derivation", "enclosure"])
    >>> report["theorem_2"].decision.verdict.value
    'holds_conditionally'
    """
    chosen = catalogue.select(slugs)
    climbed = _rungs(rungs)
    num_samples, seed, alpha = operator.index(num_samples), operator.index(seed), float(alpha)
    workers = operator.index(workers)
    _check_parameters(num_samples, seed, alpha, workers)
    examined = examine_all(
        chosen,
        rungs=climbed,
        num_samples=num_samples,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    counted = _judged(examined, alpha=alpha, progress=progress or _silent)
    results = [_result(one, counted.get(slug, []), climbed) for slug, one in examined.items()]
    origin = provenance(
        seed=seed, alpha=alpha, samples=num_samples, rungs=[rung.value for rung in climbed]
    )
    return Report(origin, tuple(results))


def count_methods(
    slugs: Iterable[str] | None = None, *, rungs: Iterable[Rung | str] | None = None
) -> int:
    """How many methods `verify` runs with these arguments.

    >>> count_methods(["theorem_2"], rungs=["derivation", "search", "figure"])
    2
    """
    climbed = _rungs(rungs)
    claims = [catalogue.claim(slug) for slug in catalogue.select(slugs)]
    return sum(claim.has(rung) for claim in claims for rung in climbed)


def _judged(
    examined: Mapping[str, Examination], *, alpha: float, progress: Progress
) -> dict[str, list[Evidence]]:
    """The findings of the simulations: all trials of a run are judged together."""
    from simulations.experiment import judge

    drawn = {slug: one for slug, one in examined.items() if one.trials}
    try:
        found = judge({slug: one.trials for slug, one in drawn.items()}, alpha=alpha)
    except Exception as error:  # the other methods' answers are not lost
        found = {slug: [broken(slug, Rung.SIMULATION, error)] for slug in drawn}
    found = {slug: timed(items, drawn[slug].seconds) for slug, items in found.items()}
    for slug, items in found.items():
        progress(slug, Rung.SIMULATION, items)
    return found


def _result(one: Examination, counted: Sequence[Evidence], rungs: Sequence[Rung]) -> ClaimResult:
    claim = catalogue.claim(one.slug)
    found = {**one.found, Rung.SIMULATION: [*one.found.get(Rung.SIMULATION, []), *counted]}
    evidence = [item for rung in rungs for item in found.get(rung, [])]
    decision = decide(claim, evidence, min_methods=min(2, len(rungs)))
    # what was counted elsewhere is said beside the decision, and what no method looked at with its
    # reason
    skipped = [
        Evidence(rung, Grade.SKIPPED, "", None, "", reason) for rung, reason in claim.absent.items()
    ]
    said = (*evidence, *stored(one.slug), *skipped)
    return ClaimResult(claim, decision, said, tuple(one.chains))


def _rungs(asked: Iterable[Rung | str] | None) -> tuple[Rung, ...]:
    legal = ", ".join(RUNGS)
    wanted = set()
    for one in [asked] if isinstance(asked, str) else asked or RUNGS:
        if one not in RUNGS:
            raise ValueError(f"unknown rung {str(one)!r}; the rungs are {legal}")
        wanted.add(Rung(one))
    return tuple(rung for rung in RUNGS if rung in wanted)


def _check_parameters(num_samples: int, seed: int, alpha: float, workers: int) -> None:
    if not 1 <= num_samples <= MAX_SAMPLES:
        raise ValueError(f"samples = {num_samples} is outside [1, {MAX_SAMPLES}]")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed = {seed} is outside [0, 2^64)")
    if workers < 1:
        raise ValueError(f"workers = {workers} is outside [1, inf)")
    if not (math.isfinite(alpha) and 0 < alpha < 1):
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")


def _silent(slug: str, rung: Rung, evidence: Sequence[Evidence] | None) -> None:
    pass
