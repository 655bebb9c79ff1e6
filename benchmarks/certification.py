"""Measure certification: `python -m benchmarks.certification [--quick] [--out FILE]`.

The votes of one point are counted by the published loop of Cohen et al. (2019), with Laplace noise
(`x.repeat`, a fresh noise tensor of torch, `argmax(1)`, a count of the predictions in Python; its
batch of 1000) and by `count_votes`, with the same model and dtype. Both take turns, each in a
process of its own: `count_votes` tells the allocator to keep what is freed, and the loop is to run
as it is published. The ratio of votes a second is that of a round. Beside them: how many samples a
run until a radius takes where PA is 0.05 away from the threshold, by the looks and boundaries that
`l1cert certify` uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.audit import spread
from benchmarks.command import run, say
from benchmarks.rounds import Spread, interleaved, within_rounds
from simulations.classifier.models import build
from simulations.classifier.noisy_inputs import NoisyInputs
from simulations.classifier.votes import count_until, count_votes, default_batch
from theory.confidence_sequences import boundary, looks
from theory.noise import Laplace

SIGMA, CLASSES, PUBLISHED_BATCH = 0.5, 10, 1000
SAMPLES, ALPHA, DISTANCE, ROUNDS, POINTS = 100_000, 0.001, 0.05, 7, 100

#: how many times the published loop's votes a second are wanted
WANTED = {"mlp": 3.0, "cnn": 2.0}

#: architecture, shape, and the share of `SAMPLES` that a round takes
SETTINGS = (
    ("mlp", (1, 8, 8), 1.0),
    ("cnn", (1, 8, 8), 1.0),
    ("mlp", (3, 32, 32), 0.1),
    ("cnn", (3, 32, 32), 0.1),
)

#: thresholds of PA: those of two classes and radii 0, 0.245 and 0.569 of sigma 0.5
THRESHOLDS = (0.5, 0.75, 0.9)
EARLIER = 20.0


def published(model: torch.nn.Module, x: torch.Tensor, samples: int, *, batch: int) -> list[int]:
    """The votes of Cohen et al.'s loop, under Laplace noise.

    >>> sum(published(torch.nn.Identity(), torch.zeros(CLASSES), 250, batch=100))
    250
    """
    law = torch.distributions.Laplace(0.0, SIGMA / math.sqrt(2))
    counts = np.zeros(CLASSES, dtype=int)
    with torch.no_grad():
        while samples > 0:
            rows = min(batch, samples)
            samples -= rows
            repeated = x.repeat((rows, *(1 for _ in x.shape)))
            predictions = model(repeated + law.sample(repeated.shape)).argmax(1)
            for label in predictions.cpu().numpy():
                counts[label] += 1
    return counts.tolist()


def classifier(
    architecture: str, shape: tuple[int, ...]
) -> tuple[torch.nn.Module, NDArray[np.float32]]:
    """The model and the point that both loops count votes of."""
    x = np.random.default_rng(0).random(math.prod(shape)).astype(np.float32)
    return build(architecture, shape=shape, num_classes=CLASSES, seed=0), x


def serve(orders: Connection, architecture: str, shape: tuple[int, ...]) -> None:
    """Run the published loop for each (count, seed) that comes, until the other end is closed."""
    model, x = classifier(architecture, shape)
    point = torch.from_numpy(x).view(shape)
    with suppress(EOFError):
        while True:
            count, seed = orders.recv()
            torch.manual_seed(seed)
            orders.send(sum(published(model, point, count, batch=PUBLISHED_BATCH)))


@contextmanager
def elsewhere(architecture: str, shape: tuple[int, ...]) -> Iterator[Callable[[int, int], None]]:
    """The published loop in another process, as a function of a count and a seed."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, architecture, shape), daemon=True)
    process.start()
    there.close()

    def count_there(count: int, seed: int) -> None:
        here.send((count, seed))
        here.recv()

    try:
        yield count_there
    finally:
        here.close()
        process.join()


def compared(
    architecture: str, shape: tuple[int, ...], *, samples: int, rounds: int
) -> dict[str, Any]:
    """Votes a second of both, taking turns on one model and one point."""
    model, x = classifier(architecture, shape)
    batch = default_batch(x.size, model=model)

    def ours(count: int, seed: int) -> None:
        noisy = NoisyInputs(x, Laplace.from_sigma(SIGMA), seed=seed, purpose="estimation")
        how = {"shape": shape, "num_classes": CLASSES, "point": 0, "batch": batch}
        count_votes(model, noisy, start=0, stop=count, **how)

    with elsewhere(architecture, shape) as theirs:
        pieces = {"published": theirs, "ours": ours}
        for piece in pieces.values():
            piece(2 * PUBLISHED_BATCH, 0)
        rates = interleaved(pieces, dict.fromkeys(pieces, samples), rounds=rounds)
    ratio = spread(within_rounds(rates["ours"], rates["published"]))
    return {
        "architecture": architecture,
        "shape": list(shape),
        "samples": samples,
        "batch": batch,
        "per_second": {name: float(f"{Spread.of(r).median:.4g}") for name, r in rates.items()},
        "ratio": ratio,
        "target": WANTED[architecture],
        "met": ratio["median"] >= WANTED[architecture],
    }


@lru_cache(maxsize=4096)
def bounds(num_samples: int, threshold: float) -> tuple[int, int]:
    """The counts at and above, and at and below, which a look decides; alpha/2 for each side."""
    how: dict[str, Any] = {"alpha": ALPHA / 2}
    return (
        boundary(num_samples, threshold, **how),
        boundary(num_samples, threshold, alternative="less", **how),
    )


def until_decided(threshold: float, p_a: float, *, point: int) -> int:
    """The samples of a classifier of known PA, x + noise <= its quantile, until it is decided.

    >>> until_decided(0.5, 0.99, point=0) < 200
    True
    """
    law = Laplace.from_sigma(SIGMA)
    edge = float(np.float32(law.quantile(p_a)))
    noisy = NoisyInputs(np.zeros(1, np.float32), law, seed=1, purpose="estimation")
    how: dict[str, Any] = {"shape": (1,), "num_classes": 2, "point": point, "batch": 64}

    def half_line(inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat([edge - inputs, inputs - edge], dim=1)

    def decided(counts: np.ndarray) -> bool:
        above, below = bounds(int(counts.sum()), threshold)
        return bool(counts[0] >= above or counts[0] <= below)

    return int(
        count_until(half_line, noisy, looks=looks(SAMPLES), stop=decided, threads=1, **how).sum()
    )


def stopped(threshold: float, p_a: float, *, points: int) -> dict[str, Any]:
    """How much less than n samples the points of one PA took."""
    taken = [until_decided(threshold, p_a, point=point) for point in range(points)]
    mean = sum(taken) / points
    return {
        "threshold": threshold,
        "p_a": p_a,
        "points": points,
        "samples": spread([float(n) for n in taken]) | {"mean": float(f"{mean:.4g}")},
        "fewer": float(f"{SAMPLES / mean:.4g}"),
        "target": EARLIER,
        "met": SAMPLES / mean >= EARLIER,
    }


def result(*, samples: int, rounds: int, points: int) -> dict[str, Any]:
    """The whole measurement as JSON."""
    about = machine.described(rounds=rounds, sigma=SIGMA, alpha=ALPHA, num_samples=SAMPLES)
    about["torch_threads"] = torch.get_num_threads()
    rows = []
    for architecture, shape, share in SETTINGS:
        say(f"{architecture} {shape}")
        rows.append(
            compared(architecture, shape, samples=max(1, int(samples * share)), rounds=rounds)
        )
    early = []
    for threshold in THRESHOLDS:
        for p_a in (threshold - DISTANCE, threshold + DISTANCE):
            say(f"PA = {p_a:.2f} until it is on one side of {threshold}")
            early.append(stopped(threshold, round(p_a, 2), points=points))
    return {"provenance": about, "rows": rows, "early": early}


if __name__ == "__main__":
    run(
        "certification",
        lambda quick: result(
            samples=SAMPLES // 10 if quick else SAMPLES,
            rounds=2 if quick else ROUNDS,
            points=POINTS // 10 if quick else POINTS,
        ),
    )
