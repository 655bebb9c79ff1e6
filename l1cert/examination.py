"""Every method of one claim, in this process or of many claims in several.

What a method finds does not depend on the process that runs it, so that several processes report
what one would.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING

from l1cert import catalogue
from theory.claim import Evidence, Grade, Rung
from theory.derivation import Chain, evidence_of, remembered

if TYPE_CHECKING:
    from simulations.experiment import Trial

#: progress(slug, rung, evidence): a method is about to run (None) or has finished
Progress = Callable[[str, Rung, Sequence[Evidence] | None], None]


@dataclass(frozen=True, slots=True)
class Examination:
    """What the methods of one claim found; the trials of its simulation are judged elsewhere."""

    slug: str
    chains: list[Chain] = field(default_factory=list)
    found: dict[Rung, list[Evidence]] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    seconds: float = 0.0  # of drawing the trials

    @property
    def evidence(self) -> list[Evidence]:
        """All findings but those of the simulation's trials."""
        return [item for items in self.found.values() for item in items]


def examine(
    slug: str,
    *,
    rungs: Sequence[Rung],
    num_samples: int,
    seed: int,
    progress: Progress | None = None,
) -> Examination:
    """Run the methods of a claim on those rungs that it has one on."""
    told = progress or _silent
    claim, module = catalogue.claim(slug), catalogue.theory_module(slug)
    chains: list[Chain] = []
    trials: list[Trial] = []

    def derive() -> list[Evidence]:
        chains.extend(module.derive())
        return evidence_of(chains)

    def simulate() -> list[Evidence]:
        simulation = catalogue.simulation_module(slug)
        trials.extend(simulation.simulate(seed=seed, num_samples=num_samples))
        return []

    def show() -> list[Evidence]:
        figure = catalogue.figure_module(slug)
        return [] if figure is None else list(figure.check(figure.compute()))

    methods: dict[Rung, Callable[[], list[Evidence]]] = {
        Rung.DERIVATION: derive,
        Rung.ENCLOSURE: lambda: list(module.enclose()),
        Rung.SEARCH: lambda: list(module.search(seed=seed)),
        Rung.SIMULATION: simulate,
        Rung.FIGURE: show,
    }
    found: dict[Rung, list[Evidence]] = {}
    drawing = 0.0
    for rung in rungs:
        if not claim.has(rung):
            continue
        told(slug, rung, None)
        start = time.perf_counter()
        try:
            items = methods[rung]()
        except Exception as error:  # one broken method must not take the others' answers with it
            items = [broken(slug, rung, error)]
        seconds = time.perf_counter() - start
        found[rung] = timed(items, seconds)
        if rung is Rung.SIMULATION:
            drawing = seconds
        told(slug, rung, found[rung])
    return Examination(slug, chains, found, trials, drawing)


def stored(slug: str) -> list[Evidence]:
    """What experiments found whose counts are stored with the claim; nothing is run for it.

    They hold in their own scope, which is never that of the claim: no verdict rests on them.

    >>> stored("theorem_2")
    []
    """
    if Rung.EXPERIMENT in catalogue.claim(slug).absent:
        return []
    try:
        return list(catalogue.simulation_module(slug).experiment())
    except Exception as error:  # a damaged record must not take the others' answers with it
        return [broken(slug, Rung.EXPERIMENT, error)]


def examine_all(
    slugs: Sequence[str],
    *,
    rungs: Sequence[Rung],
    num_samples: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, Examination]:
    """Examine the claims, by slug in the order asked for, in as many processes as workers."""
    job = partial(examine, rungs=rungs, num_samples=num_samples, seed=seed)
    found: dict[str, Examination] = {}
    workers = min(workers, len(slugs))
    if workers > 1:
        try:
            for one in _elsewhere(job, slugs, workers):
                found[one.slug] = one
                for rung, items in one.found.items():
                    (progress or _silent)(one.slug, rung, items)
        except BrokenProcessPool:
            pass  # a process was killed, for memory perhaps: what it had not told is examined here
    for slug in slugs:
        if slug not in found:
            found[slug] = job(slug, progress=progress)
    return {slug: found[slug] for slug in slugs}


def _elsewhere(
    job: Callable[[str], Examination], slugs: Sequence[str], workers: int
) -> Iterator[Examination]:
    # spawned, not forked: a fork copies locks that threads of this process may hold
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_end_with_the_parent, initargs=(stop,)
    )
    try:
        for done in as_completed([pool.submit(_sendable, job, slug) for slug in slugs]):
            yield done.result()
    except BaseException:  # interrupted: nobody waits for the claims that are being examined
        stop.set()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _sendable(job: Callable[[str], Examination], slug: str) -> Examination:
    one = job(slug)
    return replace(one, chains=[remembered(chain) for chain in one.chains])


def _end_with_the_parent(stop: Event) -> None:
    # of an interrupt in silence: the process that was interrupted says so itself
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def watch() -> None:
        parent = parent_process()
        while parent is not None and parent.is_alive() and not stop.wait(timeout=0.5):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def broken(slug: str, rung: Rung, error: Exception) -> Evidence:
    """The UNDECIDED evidence of a method that raised an error."""
    part = catalogue.claim(slug).parts[0].name
    detail = f"the method broke: {type(error).__name__}: {error}"
    return Evidence(rung, Grade.UNDECIDED, part, None, "", detail)


def timed(evidence: Sequence[Evidence], seconds: float) -> list[Evidence]:
    """Share the time of a method among its findings that carry none of their own."""
    blank = [item for item in evidence if item.seconds == 0.0]
    rest = max(0.0, seconds - sum(item.seconds for item in evidence))
    share = rest / len(blank) if blank else 0.0
    return [replace(i, seconds=share) if i.seconds == 0.0 else i for i in evidence]


def _silent(slug: str, rung: Rung, evidence: Sequence[Evidence] | None) -> None:
    pass
