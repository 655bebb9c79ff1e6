"""Measure an audit: `python -m benchmarks.audit [--quick] [--out FILE]`.

A made log of 10000 rows under each noise is audited from the file to the report, the worst case of
every distinct PA drawn with 10^5 samples. Beside the draws stands what a user would write with
NumPy: fresh noise for each PA, moved to each of the three places, compared and counted. Both take
turns; the ratio of PAs a second is that of a round.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks import machine
from benchmarks.command import run, say
from benchmarks.rounds import Spread, interleaved, within_rounds
from l1cert.audit.run import audit_log
from simulations import observed_tightness
from theory.noise import Gaussian, Laplace, Uniform

NOISES = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}
ROWS, SAMPLES, SIGMA, NUM_SAMPLES, ALPHA = 10_000, 100_000, 0.5, 100_000, 0.001
ROUNDS, LOOPED = 5, 100

Floats = NDArray[np.float64]


def bounds(rows: int) -> Floats:
    """The bounds of as many inputs, their votes spread as real ones are: many near n."""
    rng = np.random.default_rng(1)
    misses = np.round(NUM_SAMPLES / 2 * rng.beta(0.4, 1.6, rows)).astype(np.int64)
    votes = NUM_SAMPLES - misses
    found: Floats = stats.beta.ppf(ALPHA, votes, misses + 1)
    return found


def radii(noise: str, p_a: Floats) -> Floats:
    """The radius of two classes, in floats."""
    if noise == "laplace":
        return -SIGMA / math.sqrt(2) * np.log(2 * (1 - p_a))
    if noise == "gaussian":
        return SIGMA * np.asarray(stats.norm.ppf(p_a))
    return math.sqrt(3) * SIGMA * (2 * p_a - 1)


def write(path: Path, noise: str, rows: int) -> Floats:
    """A log as Cohen et al. write theirs, with six decimals; its distinct bounds above 1/2."""
    p_a = bounds(rows)
    lines = ["idx\tlabel\tpredict\tradius\tcorrect\ttime"]
    for row, radius in enumerate(radii(noise, p_a)):
        known = f"{row % 10}\t{radius:.6f}\t1" if radius >= 0 else "-1\t0.0\t0"
        lines.append(f"{row}\t{row % 10}\t{known}\t1.0")
    path.write_text("\n".join(lines) + "\n")
    return np.unique(p_a[p_a > 0.5])


def looped(noise: str, p_a: Floats, seed: int, *, samples: int, excess: float) -> int:
    """What NumPy does for each PA: draw, move, compare, count; at x, inside and beyond."""
    rng = np.random.default_rng(seed)
    law = NOISES[noise].from_sigma(SIGMA)
    total = 0
    for p, radius in zip(p_a, radii(noise, p_a), strict=True):
        edge = float(law.quantile(p))
        if noise == "laplace":
            drawn = rng.laplace(scale=SIGMA / math.sqrt(2), size=samples)
        elif noise == "gaussian":
            drawn = rng.normal(scale=SIGMA, size=samples)
        else:
            drawn = rng.uniform(-math.sqrt(3) * SIGMA, math.sqrt(3) * SIGMA, size=samples)
        for shift in (0.0, radius - excess, radius + excess):
            total += int(np.count_nonzero(drawn + shift <= edge))
    return total


def measured(noise: str, *, rows: int, samples: int, rounds: int) -> dict[str, Any]:
    """The seconds of whole audits, and the PAs a second of the draws beside NumPy's."""
    law = NOISES[noise].from_sigma(SIGMA)
    with TemporaryDirectory() as folder:
        file = Path(folder, "run.tsv")
        distinct = write(file, noise, rows)
        stated = {"sigma": str(SIGMA), "num_samples": NUM_SAMPLES, "alpha": str(ALPHA)}
        seconds = []
        for seed in range(rounds):
            start = time.perf_counter()
            report = audit_log(file, noise=noise, samples=samples, seed=seed, **stated)
            seconds.append(time.perf_counter() - start)
    assert report.tightness is not None and report.tightness.excess is not None
    excess, some = report.tightness.excess, distinct[:: max(1, len(distinct) // LOOPED)]
    rates = interleaved(
        {
            "numpy": lambda _, seed: looped(noise, some, seed, samples=samples, excess=excess),
            "ours": lambda _, seed: observed_tightness.run(
                law, distinct, seed=seed, num_samples=samples
            ),
        },
        {"numpy": len(some), "ours": len(distinct)},
        rounds=rounds,
    )
    return {
        "noise": noise,
        "rows": rows,
        "distinct": len(report.tightness.p_a),
        "samples": samples,
        "seconds": spread(seconds),
        "ratio": spread(within_rounds(rates["ours"], rates["numpy"])),
        "per_second": {name: Spread.of(found).median for name, found in rates.items()},
        "violations": {one.kind: len(one.rows) for one in report.findings},
        "shown": report.tightness.shown,
    }


def spread(values: list[float]) -> dict[str, float]:
    """The median, the smallest and the largest, to four digits.

    >>> spread([1.0, 3.0, 2.00001])
    {'median': 2.0, 'low': 1.0, 'high': 3.0}
    """
    found = Spread.of(values)
    each = {"median": found.median, "low": found.low, "high": found.high}
    return {name: float(f"{value:.4g}") for name, value in each.items()}


def result(*, rows: int, samples: int, rounds: int) -> dict[str, Any]:
    """The whole measurement as JSON."""
    about = machine.described(rounds=rounds)
    found = []
    for noise in NOISES:
        say(f"{noise}: {rows} rows")
        found.append(measured(noise, rows=rows, samples=samples, rounds=rounds))
    return {"provenance": about, "rows": found}


if __name__ == "__main__":
    run(
        "audit",
        lambda quick: result(
            rows=ROWS // 10 if quick else ROWS, samples=SAMPLES, rounds=2 if quick else ROUNDS
        ),
    )
