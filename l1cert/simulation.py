"""T simulated against its exact law, as a report: counts, probabilities, p-values, provenance."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from l1cert.laws import as_float
from l1cert.provenance import provenance
from simulations import ratio_experiment
from simulations.checkpoint import Checkpoint, CheckpointError, merge, read, render, write
from simulations.cluster import execute_on
from simulations.execution import execute
from simulations.files import locked
from simulations.kernels import MissingBackendError, load
from simulations.likelihood_ratio import SamplingPlan, lattice_error
from simulations.ratio_experiment import DEFAULT_EVENTS, Band, RatioEvent
from simulations.run import Run
from theory.exact import Exact, to_positive
from theory.likelihood_ratio import LikelihoodRatio

Progress = Callable[[int, int], None]

#: False-fail rate of a run by default.
ALPHA = 1e-3


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """A run, or a part of it, judged against the exact law.

    ``seconds`` and ``drawn`` are of this call alone: 0 samples where a file had them all.
    """

    state: Checkpoint
    events: tuple[RatioEvent, ...]
    law: LikelihoodRatio
    band: Band
    alpha: float
    backend: str
    drawn: int
    seconds: float

    @property
    def counts(self) -> list[int]:
        """The exact count of each event."""
        return list(self.state.tally.event_counts)

    @property
    def p_values(self) -> list[float]:
        """One for each event, then that of the c.d.f.'s band."""
        number = self.state.tally.num_samples
        pairs = zip(self.events, self.counts, strict=True)
        return [*(event.p_value(count, number) for event, count in pairs), self.band.p_value]

    @property
    def consistent(self) -> bool:
        """Whether nothing contradicts the exact law: false with probability at most alpha."""
        return ratio_experiment.consistent(self.p_values, alpha=self.alpha)

    @property
    def rate(self) -> float | None:
        """Samples drawn in a second by this call, None if it drew none."""
        return self.drawn / self.seconds if self.drawn and self.seconds else None

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can say it."""
        run, tally, plan = self.state.run, self.state.tally, self.state.run.plan
        error = lattice_error(plan)
        unit = plan.unit * self.law.scale
        rows = zip(self.events, self.counts, self.p_values[:-1], strict=True)
        return {
            "events": [
                {
                    "name": event.name,
                    "count": count,
                    "exact": {"lower": event.exact.lower, "upper": event.exact.upper},
                    "tested": {"lower": event.tested[0], "upper": event.tested[1]},
                    "p_value": p_value,
                }
                for event, count, p_value in rows
            ],
            "num_samples": tally.num_samples,
            "method": plan.method,
            "backend": self.backend,
            "rate": self.rate,
            "coordinate_rate": None if self.rate is None else self.rate * plan.dim,
            "consistent": self.consistent,
            "alpha": self.alpha,
            "ecdf": {
                "edges": self.band.edges,
                "deviation": self.band.deviation,
                "p_value": self.band.p_value,
            },
            "histogram": self._histogram(),
            "mean": {
                "sample": as_float(unit * (plan.total - 2 * tally.mean())),
                **_ends(self.law.mean()),
            },
            "variance": {
                "sample": as_float(4 * tally.variance() * unit**2),
                **_ends(self.law.variance()),
            },
            "lattice": {
                "probability": error.probability,
                "shift": as_float(error.shift * self.law.scale),
            },
            "seed": run.seed,
            "run_samples": run.num_samples,
            "missing": [list(one) for one in self.state.missing()],
            "fingerprint": run.fingerprint,
            "scale": as_float(self.law.scale),
            "norm": as_float(self.law.norm),
            "nonzero": plan.dim,
            "provenance": list(self.state.origins),
        }

    def _histogram(self) -> dict[str, list[Any]]:
        """Edges of T, ascending, and how many samples lie below, between and above them.

        The i-th count is that of edge i - 1 < T <= edge i.
        """
        tally, plan = self.state.tally, self.state.run.plan
        edges = reversed(tally.observables.histogram.edges)
        return {
            "edges": [as_float(plan.ratio_at(int(edge)) * self.law.scale) for edge in edges],
            "counts": [int(count) for count in reversed(tally.histogram_counts)],
        }


def simulate_t(
    delta: Sequence[Exact],
    *,
    scale: Exact,
    num_samples: int,
    seed: int,
    backend: str = "auto",
    method: str = "auto",
    events: Iterable[str] = DEFAULT_EVENTS,
    shard: tuple[int, int] = (0, 1),
    out: Path | None = None,
    threads: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    alpha: float = ALPHA,
    progress: Progress | None = None,
) -> SimulationReport:
    """Draw T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise and judge the counts.

    Parameters
    ----------
    delta : sequence of int, float, Decimal, Fraction or str
        The perturbation, not zero, in any dimension.
    scale : int, float, Decimal, Fraction or str
        The Laplace scale lambda, in (0, inf), in the unit of delta.
    num_samples : int
        In [1, 2^63].
    seed : int
        In [0, 2^64); with the perturbation and the number of samples it decides every bit.
    backend : {"auto", "numba", "cuda", "numpy"}
        "auto" is a GPU where there is one, else numba.
    method : {"auto", "direct", "poisson", "counts"}
        How T is drawn; each method has its own bits.
    events : iterable of str
        As `simulations.ratio_experiment` names them.
    shard : (int, int)
        (i, N): only the i-th of N equal parts.
    out : Path, optional
        The file that keeps the run: written every half a minute, gone on from if it is there.
    threads, workers, cluster
        Speed only: threads of this process; or processes of a local Dask cluster; or the address
        of one.
    alpha : float
        False-fail rate of the whole run, in (0, 1).
    progress : callable, optional
        progress(done, total).

    Raises
    ------
    ValueError
        If an input is outside its domain, or the file is not one of this run.
    MissingBackendError
        If a backend or Dask is not installed.

    Examples
    --------
    >>> found = simulate_t([1, "0.5"], scale=1, num_samples=10_000, seed=7, events=["atom+"])
    >>> found.counts, found.consistent
    ([2472], True)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")
    given = {"threads": threads, "workers": workers, "cluster": cluster}
    said = [f"{name} = {value}" for name, value in given.items() if value is not None]
    if len(said) > 1:
        raise ValueError(f"{' and '.join(said)}: at most one may be given")
    law = LikelihoodRatio.of(delta, scale=scale)
    plan = SamplingPlan.of(law.delta, scale=law.scale, method=method)
    wanted = ratio_experiment.events_of(tuple(events), law, plan)
    run = Run.of(plan, seed=seed, num_samples=num_samples, events=[one.event for one in wanted])
    start, stop = run.shard(*shard)
    chosen = available_backend() if backend == "auto" else backend
    before = _known(out, run, law) if out is not None and out.is_file() else 0
    options: dict[str, Any] = {
        "start": start,
        "stop": stop,
        "backend": chosen,
        "checkpoint": out,
        "progress": progress,
        "provenance": provenance(scale=str(law.scale), backend=chosen),
    }
    alone = workers is None and cluster is None
    if alone and start < stop:  # what is compiled or loaded once is no part of the rate
        execute(run, start=start, stop=start + 1, backend=chosen, threads=1)
    began = perf_counter()
    if alone:
        state = execute(run, threads=threads, **options)
    else:
        state = execute_on(run, address=cluster, workers=workers, **options)
    seconds = perf_counter() - began
    return _judged(state, wanted, law, chosen, alpha, state.covered - before, seconds)


def merged(
    paths: Sequence[Path], *, out: Path | None = None, alpha: float = ALPHA
) -> SimulationReport:
    """Unite the files of shards, or of other parts, of one run, and judge the union.

    Raises
    ------
    ValueError
        For a file that is none, is of another run, or has samples that another one has too.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")
    with locked(out):  # before the parts are read: the output may be one of them
        state = merge([read(path) for path in paths], [str(path) for path in paths])
        scales = {str(origin.get("scale")) for origin in state.origins}
        if len(scales) != 1:
            raise CheckpointError(
                f"the parts were drawn with the scales {', '.join(sorted(scales))}, legal is one"
            )
        scale, plan = to_positive("scale", scales.pop()), state.run.plan
        pairs = zip(plan.magnitudes, plan.sizes, strict=True)
        law = LikelihoodRatio(tuple(one * scale for one, size in pairs for _ in range(size)), scale)
        named = state.run.observables.events
        wanted = ratio_experiment.events_of([one.name for one in named], law, plan)
        if tuple(one.event for one in wanted) != tuple(named):
            raise CheckpointError(f"{paths[0]} counts other events than those that it names")
        if out is not None:
            own = os.path.realpath(out) in [os.path.realpath(path) for path in paths]
            if (
                out.exists()
                and not own
                and not (
                    out.is_file()
                    and out.read_bytes() == render(state)  # of the same command before
                )
            ):
                raise CheckpointError(f"{out} is there already, and is none of the parts")
            write(out, state)
    backends = sorted({str(origin.get("backend")) for origin in state.origins})
    return _judged(state, wanted, law, ", ".join(backends), alpha, 0, 0.0)


def available_backend() -> str:
    """The fastest backend there is: "cuda" where a GPU answers, else "numba"."""
    try:
        load("cuda").device_name()
    except MissingBackendError:
        return "numba"
    return "cuda"


def _judged(
    state: Checkpoint,
    events: tuple[RatioEvent, ...],
    law: LikelihoodRatio,
    backend: str,
    alpha: float,
    drawn: int,
    seconds: float,
) -> SimulationReport:
    if not state.covered:
        raise ValueError("0 samples were drawn: legal is a shard of at least one sample")
    found = ratio_experiment.band(state.tally, law, state.run.plan)
    return SimulationReport(state, events, law, found, alpha, backend, drawn, seconds)


def _known(path: Path, run: Run, law: LikelihoodRatio) -> int:
    """How many samples a file of this run has; it must be of this scale, which names thresholds."""
    state = read(path, run)
    for origin in state.origins:
        if origin.get("scale") != str(law.scale):
            raise CheckpointError(
                f"{path} was drawn with scale = {origin.get('scale')}, not {law.scale}"
            )
    return state.covered


def _ends(bounds: Any) -> dict[str, float]:
    return {"lower": bounds.lower, "upper": bounds.upper}
