"""Runs every method on the claims and computes their verdicts: the main job of the program."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from l1cert import catalogue
from l1cert.provenance import provenance
from l1cert.report import ClaimResult, Report
from theory.claim import Evidence, Grade, Rung, decide
from theory.derivation import Chain, evidence_of

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

#: progress(slug, rung, evidence): a method is about to run (None) or has finished
Progress = Callable[[str, Rung, Sequence[Evidence] | None], None]


def verify(
    slugs: Iterable[str] | None = None,
    *,
    rungs: Iterable[Rung | str] | None = None,
    num_samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    alpha: float = DEFAULT_ALPHA,
    progress: Progress | None = None,
) -> Report:
    """Decide claims of the paper, each by every method there is.

    Parameters
    ----------
    slugs : the claims, by slug, one or several; all of them by default.
    rungs : the kinds of method to run, one or several; all of them by default. A
        verdict needs two methods, but a single rung asked for decides alone, if it is rigorous.
    num_samples : samples for each count of the simulations, in [1, 10^10]; counts in high
        dimension take fewer and say so.
    seed : the 64-bit key of all randomness, in [0, 2^64).
    alpha : probability that a true prediction is called false anywhere in the run, in (0, 1).
    progress : called before and after each method.

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
    _check_parameters(num_samples, seed, alpha)
    run = _Run(climbed, num_samples, seed, alpha, progress or _silent)
    results = run.results(chosen)
    origin = provenance(
        seed=seed, alpha=alpha, samples=num_samples, rungs=[rung.value for rung in climbed]
    )
    return Report(origin, tuple(results))


class _Run:
    """One run of verify: the methods in order, simulations judged together at the end."""

    def __init__(
        self,
        rungs: Sequence[Rung],
        num_samples: int,
        seed: int,
        alpha: float,
        progress: Progress,
    ) -> None:
        self.rungs = rungs
        self.num_samples = num_samples
        self.seed = seed
        self.alpha = alpha
        self.progress = progress

    def results(self, slugs: Sequence[str]) -> list[ClaimResult]:
        chains: dict[str, list[Chain]] = {slug: [] for slug in slugs}
        evidence: dict[str, list[Evidence]] = {slug: [] for slug in slugs}
        for slug in slugs:
            module = catalogue.theory_module(slug)
            for rung in self._climbed(slug):
                if rung is Rung.DERIVATION:
                    evidence[slug] += self._method(slug, rung, self._derive(module, chains[slug]))
                elif rung is Rung.ENCLOSURE:
                    evidence[slug] += self._method(slug, rung, module.enclose)
                elif rung is Rung.SEARCH:
                    evidence[slug] += self._method(slug, rung, self._search(module))
        simulated = [slug for slug in slugs if Rung.SIMULATION in self._climbed(slug)]
        for slug, found in self._simulations(simulated).items():
            evidence[slug] += found
        for slug in slugs:
            if Rung.FIGURE in self._climbed(slug):
                evidence[slug] += self._figure(slug)
        return [self._result(slug, evidence[slug], chains[slug]) for slug in slugs]

    def _climbed(self, slug: str) -> list[Rung]:
        """The rungs of this run that the claim has a method on."""
        claim = catalogue.claim(slug)
        return [rung for rung in self.rungs if claim.has(rung)]

    def _derive(self, module: Any, chains: list[Chain]) -> Callable[[], list[Evidence]]:
        def run() -> list[Evidence]:
            chains.extend(module.derive())
            return evidence_of(chains)

        return run

    def _search(self, module: Any) -> Callable[[], list[Evidence]]:
        return lambda: list(module.search(seed=self.seed))

    def _method(
        self, slug: str, rung: Rung, method: Callable[[], list[Evidence]]
    ) -> list[Evidence]:
        self.progress(slug, rung, None)
        start = time.perf_counter()
        try:
            found = list(method())
        except Exception as error:  # one broken method must not take the others' answers with it
            found = [_broken(slug, rung, error)]
        found = _timed(found, time.perf_counter() - start)
        self.progress(slug, rung, found)
        return found

    def _simulations(self, slugs: Sequence[str]) -> dict[str, list[Evidence]]:
        from simulations.experiment import Trial, judge

        trials: dict[str, list[Trial]] = {}
        evidence: dict[str, list[Evidence]] = {}
        seconds: dict[str, float] = {}
        for slug in slugs:
            self.progress(slug, Rung.SIMULATION, None)
            start = time.perf_counter()
            try:
                module = catalogue.simulation_module(slug)
                trials[slug] = module.simulate(seed=self.seed, num_samples=self.num_samples)
            except Exception as error:
                evidence[slug] = [_broken(slug, Rung.SIMULATION, error)]
            seconds[slug] = time.perf_counter() - start
        try:
            evidence |= judge(trials, alpha=self.alpha)
        except Exception as error:
            evidence |= {slug: [_broken(slug, Rung.SIMULATION, error)] for slug in trials}
        for slug in slugs:
            evidence[slug] = _timed(evidence[slug], seconds[slug])
            self.progress(slug, Rung.SIMULATION, evidence[slug])
        return evidence

    def _figure(self, slug: str) -> list[Evidence]:
        module = catalogue.figure_module(slug)
        if module is None:
            return []
        return self._method(slug, Rung.FIGURE, lambda: list(module.check(module.compute())))

    def _result(self, slug: str, evidence: list[Evidence], chains: list[Chain]) -> ClaimResult:
        claim = catalogue.claim(slug)
        decision = decide(claim, evidence, min_methods=min(2, len(self.rungs)))
        # what no method looked at is said as well, with its reason
        skipped = [
            Evidence(rung, Grade.SKIPPED, "", None, "", reason)
            for rung, reason in claim.absent.items()
        ]
        return ClaimResult(claim, decision, tuple(evidence + skipped), tuple(chains))


def _timed(evidence: Sequence[Evidence], seconds: float) -> list[Evidence]:
    """Share the time of a method among its findings that carry none of their own."""
    blank = [item for item in evidence if item.seconds == 0.0]
    rest = max(0.0, seconds - sum(item.seconds for item in evidence))
    share = rest / len(blank) if blank else 0.0
    return [replace(i, seconds=share) if i.seconds == 0.0 else i for i in evidence]


def _broken(slug: str, rung: Rung, error: Exception) -> Evidence:
    part = catalogue.claim(slug).parts[0].name
    detail = f"the method broke: {type(error).__name__}: {error}"
    return Evidence(rung, Grade.UNDECIDED, part, None, "", detail)


def _rungs(asked: Iterable[Rung | str] | None) -> tuple[Rung, ...]:
    legal = ", ".join(RUNGS)
    wanted = set()
    for one in [asked] if isinstance(asked, str) else asked or RUNGS:
        if one not in RUNGS:
            raise ValueError(f"unknown rung {str(one)!r}; the rungs are {legal}")
        wanted.add(Rung(one))
    return tuple(rung for rung in RUNGS if rung in wanted)


def _check_parameters(num_samples: int, seed: int, alpha: float) -> None:
    if not 1 <= num_samples <= MAX_SAMPLES:
        raise ValueError(f"samples = {num_samples} is outside [1, {MAX_SAMPLES}]")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed = {seed} is outside [0, 2^64)")
    if not (math.isfinite(alpha) and 0 < alpha < 1):
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")


def _silent(slug: str, rung: Rung, evidence: Sequence[Evidence] | None) -> None:
    pass
