"""Measure how fast T is drawn: `python -m benchmarks.sampling [--quick] [--out FILE]`.

Samples times coordinates per second, for ||delta||_1 / scale = 3 and three dimensions, of our
methods and of what a user would write. The unit is NumPy on one thread in the same round. The
result is JSON with the machine, the versions and the commit in it, every round's speed, and our
targets beside what was reached; `benchmarks.report` makes a table of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import contenders as field
from benchmarks import device, fresh_process, machine
from benchmarks.command import run, say
from benchmarks.contenders import Contender, Perturbation
from benchmarks.rounds import Spread, interleaved, samples_for, within_rounds
from simulations.likelihood_ratio import METHODS

NORM = 3.0
BASELINE = "numpy"

#: Ratios to the baseline that two cores with AVX-512 are to reach, by method and dimension.
TARGETS = {
    "direct": {3072: 40.0, 150528: 40.0},
    "poisson": {3072: 250.0, 150528: 400.0},
    "counts": {3072: 700.0, 150528: 20000.0},
}
TARGET_CORES = 2

#: The share of the targets that a processor is to reach, by the widest vectors it has.
TARGET_SHARE = {"avx512f": 1.0, "avx2": 0.5}


@dataclass(frozen=True, slots=True)
class Settings:
    """How long is measured.

    Parameters
    ----------
    dims : tuple of int
        Dimensions of the noise.
    rounds : int
        Of the interleaved contenders.
    seconds : float
        Of one contender in one round, about.
    block_seconds : float
        Of one trial of a block size.
    memory_samples : int
        Drawn where the peak of the memory is measured.
    """

    dims: tuple[int, ...] = (16, 3072, 150528)
    rounds: int = 7
    seconds: float = 0.5
    block_seconds: float = 0.1
    memory_samples: int = 20_000_000


QUICK = Settings((16, 3072), rounds=5, seconds=0.05, block_seconds=0.02, memory_samples=100_000)


def target(method: str, dim: int, features: list[str], cores: int) -> float | None:
    """The ratio to the baseline that a method is to reach on so many cores; None if none is set.

    >>> target("direct", 3072, ["avx512f", "avx2"], 2), target("counts", 3072, ["avx2"], 4)
    (40.0, 700.0)
    """
    share = next((TARGET_SHARE[name] for name in features if name in TARGET_SHARE), None)
    stated = TARGETS.get(method, {}).get(dim)
    return None if share is None or stated is None else stated * share * cores / TARGET_CORES


def entrants(dim: int, settings: Settings) -> tuple[dict[str, Contender], list[dict[str, str]]]:
    """Everybody by name, the baseline first, and who is not there with the reason."""
    equal, distinct = (Perturbation(dim, NORM, kind) for kind in ("equal", "distinct"))
    skipped = []

    def block_of(make: Any) -> int:
        return field.best_block(
            lambda block: make(equal, block=block).draw, seconds=settings.block_seconds
        )

    block = block_of(field.numpy_contender)
    found = {
        BASELINE: field.numpy_contender(equal, block=block),
        "numpy_two_threads": field.numpy_contender(equal, block=block, threads=2),
        "numba_loop": field.user_numba_contender(equal),
    }
    if reason := field.torch_missing():
        skipped.append({"name": "torch", "reason": reason})
    else:
        block = block_of(field.torch_contender)
        found["torch"] = field.torch_contender(equal, block=block)
    found["philox"] = field.philox_contender(equal)
    for case, suffix in ((equal, ""), (distinct, "_distinct")):
        for method in field.own_methods(case):
            found[method + suffix] = field.own_contender(case, method)
    found["run"] = field.run_contender(equal)
    if reason := device.missing():
        skipped.append({"name": "device", "reason": reason})
        return found, skipped
    seconds, search = settings.block_seconds, field.best_block
    found |= device.contenders(equal, seconds=seconds, best_block=search)
    others = device.contenders(distinct, seconds=seconds, best_block=search)
    return found | {f"{name}_distinct": one for name, one in others.items()}, skipped


def measured(dim: int, settings: Settings, here: dict[str, Any]) -> dict[str, Any]:
    """Everybody's speed in one dimension."""
    found, skipped = entrants(dim, settings)
    pieces = {name: one.draw for name, one in found.items()}
    samples = {}
    for name, piece in pieces.items():
        say(f"d = {dim}: warming up {name}")
        samples[name] = samples_for(piece, settings.seconds)
    say(f"d = {dim}: {settings.rounds} rounds of {len(pieces)}")
    rates = interleaved(pieces, samples, rounds=settings.rounds)
    rows = []
    for name, one in found.items():
        ratios = within_rounds(rates[name], rates[BASELINE])
        wanted = target(name, dim, here["features"], here["processors"])
        spread = Spread.of(ratios)
        rows.append(
            {
                "name": name,
                "title": one.title,
                **one.notes,
                "samples": samples[name],
                "coordinates_per_second": [_rounded(rate * dim) for rate in rates[name]],
                "ratio": asdict(spread),
                "target": wanted,
                "met": None if wanted is None else spread.median >= wanted,
            }
        )
    return {"dim": dim, "contenders": rows, "skipped": skipped}


def result(settings: Settings) -> dict[str, Any]:
    """The whole measurement as JSON."""
    about = machine.described(norm=NORM, scale=field.SCALE, settings=asdict(settings))
    say("fresh processes: first use and memory")
    first = {method: fresh_process.first_use(method) for method in METHODS}
    memory = {
        method: fresh_process.peak_memory(method, _memory_samples(method, settings))
        for method in METHODS
    }
    dims = [measured(dim, settings, about["machine"]) for dim in settings.dims]
    return {
        "baseline": BASELINE,
        "provenance": about,
        "dims": dims,
        "first_use": {"dim": fresh_process.DIM, "seconds": first},
        "memory": {"dim": fresh_process.DIM, "bytes": memory},
        "load_after": machine.load(),
    }


def _memory_samples(method: str, settings: Settings) -> int:
    """The direct method takes one word for each coordinate: fewer samples in the same time."""
    return settings.memory_samples // 20 if method == "direct" else settings.memory_samples


def _rounded(value: float) -> float:
    """Five digits: a file for people, too."""
    return float(f"{value:.5g}")


if __name__ == "__main__":
    run("sampling", lambda quick: result(QUICK if quick else Settings()))
