"""Who draws T = ||x - delta||_1 - ||x||_1: our three methods, and what a user would write.

A contender draws `num_samples` values from a seed with all the processors that the process may use,
but for the NumPy ones, which say how many threads they have. Every one of them works in blocks that
fit the cache; `best_block` finds the size for those whose speed depends on it, so that nobody loses
for a size that suits another. The noise, the two norms and their difference are all that is timed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import Piece, interleaved, samples_for
from l1cert.provenance import available_processors
from simulations import philox
from simulations.execution import default_chunk, draw_range
from simulations.kernels import load
from simulations.likelihood_ratio import METHODS, SamplingPlan
from simulations.run import Run
from simulations.streaming import Ranges, share

#: lambda of every contender: not 1, so that a forgotten scale shows in the tests
SCALE = 0.5

#: Numbers in a block, tried by `best_block`: 16 kB to 8 MB of doubles.
BLOCKS = tuple(2**power for power in range(11, 21))

#: Words that a thread takes at a time where nothing but words are drawn: whole tiles of samples.
_WORDS = 1 << 22

Values = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """What all contenders draw T for: ||delta||_1 / scale = norm, equal or distinct magnitudes.

    Parameters
    ----------
    dim : int
        Coordinates, all non-zero.
    norm : float
        A = ||delta||_1 / scale.
    magnitudes : {"equal", "distinct"}
        "distinct" are uniform on (0, 1), from a fixed seed, and scaled to the norm.
    """

    dim: int
    norm: float
    magnitudes: str = "equal"
    delta: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"dim = {self.dim} is outside [1, inf)")
        if not self.norm > 0:
            raise ValueError(f"norm = {self.norm} is outside (0, inf)")
        if self.magnitudes == "equal":
            shape = np.ones(self.dim)
        elif self.magnitudes == "distinct":
            shape = np.random.default_rng(2020).uniform(size=self.dim)
        else:
            raise ValueError(f"magnitudes = {self.magnitudes!r} is not one of equal, distinct")
        object.__setattr__(self, "delta", shape * (self.norm * SCALE / shape.sum()))

    def plan(self, method: str) -> SamplingPlan:
        """The sampling plan of a method of ours, "auto" included."""
        return _plan(tuple(self.delta.tolist()), method)


@lru_cache(maxsize=16)
def _plan(delta: tuple[float, ...], method: str) -> SamplingPlan:
    return SamplingPlan.of(delta, scale=SCALE, method=method)


@dataclass(frozen=True, eq=False)
class Contender:
    """One way to draw T.

    Parameters
    ----------
    title : str
        For people.
    draw : callable
        draw(num_samples, seed) -> array of as many values.
    ratio : callable or None
        The values as T/scale; None if they are not T but words alone.
    notes : dict
        What was chosen for it, such as its block.
    """

    title: str
    draw: Callable[[int, int], Values]
    ratio: Callable[[Values], Values] | None
    notes: dict[str, Any] = field(default_factory=dict)


def _per_scale(values: Values) -> Values:
    return values / SCALE


def best_block(
    make: Callable[[int], Piece],
    *,
    seconds: float,
    rounds: int = 3,
    blocks: tuple[int, ...] = BLOCKS,
) -> int:
    """The block size with the fastest run, of a piece that `make` makes for a block size."""
    pieces = {str(block): make(block) for block in blocks}
    samples = {name: samples_for(piece, seconds) for name, piece in pieces.items()}
    rates = interleaved(pieces, samples, rounds=rounds)
    return int(max(rates, key=lambda name: max(rates[name])))


# --- NumPy, as users run it ----------------------------------------------------------------------


def numpy_draws(delta: Values, block: int, num_samples: int, seed: Any) -> Values:
    """T by NumPy on one thread: a block holds whole samples, or a part of one if d is above it."""
    rng = np.random.default_rng(seed)
    dim = delta.size
    rows, columns = max(1, block // dim), min(dim, block)
    sums = np.zeros(num_samples)
    for start in range(0, num_samples, rows):
        stop = min(start + rows, num_samples)
        for left in range(0, dim, columns):
            move = delta[left : left + columns]
            x = rng.laplace(0.0, SCALE, size=(stop - start, move.size))
            moved = x - move
            np.abs(moved, out=moved)
            np.abs(x, out=x)
            moved -= x
            sums[start:stop] += moved.sum(axis=1)
    return sums


def numpy_contender(case: Perturbation, *, block: int, threads: int = 1) -> Contender:
    """NumPy's Laplace generator, float64; with several threads one generator for each."""

    def draw(num_samples: int, seed: int) -> Values:
        def one(number: int, child: np.random.SeedSequence) -> Values:
            return numpy_draws(case.delta, block, number, child)

        return _on_threads(one, num_samples, seed, threads)

    count = "1 thread" if threads == 1 else f"{threads} threads"
    return Contender(f"NumPy `laplace`, float64, {count}", draw, _per_scale, {"block": block})


def _on_threads(
    draw: Callable[[int, np.random.SeedSequence], Values],
    num_samples: int,
    seed: int,
    threads: int,
) -> Values:
    """Each thread draws its share, from a seed of its own, as NumPy's manual has it."""
    seeds = np.random.SeedSequence(seed).spawn(threads)
    shares = [len(part) for part in np.array_split(np.empty(num_samples, bool), threads)]
    if threads == 1:
        return draw(num_samples, seeds[0])
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(draw, shares, seeds)))


# --- torch ---------------------------------------------------------------------------------------


def torch_missing() -> str | None:
    """Why there is no torch contender; None if there is."""
    return None if importlib.util.find_spec("torch") else "torch is not installed"


def torch_contender(case: Perturbation, *, block: int) -> Contender:
    """torch in float32: the Laplace noise of torch.distributions, in place, on every core.

    A uniform u on (-1, 1) and x = -scale sign(u) log(1 - |u|); the two norms in float32, as a user
    has them. torch draws its random numbers on one core, so every core has a generator of its own,
    which is faster than torch's own threads.
    """
    import torch

    delta = torch.from_numpy(case.delta).to(torch.float32)
    smallest = torch.finfo(torch.float32).eps - 1
    dim, threads = case.dim, available_processors()
    rows, columns = max(1, block // dim), min(dim, block)

    def one(number: int, child: np.random.SeedSequence) -> Values:
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(int(child.generate_state(1, np.uint64)[0] >> 1))
        sums = torch.zeros(number)
        noise, moved = torch.empty(rows * columns), torch.empty(rows * columns)
        for start in range(0, number, rows):
            stop = min(start + rows, number)
            for left in range(0, dim, columns):
                move = delta[left : left + columns]
                size = (stop - start) * move.numel()
                x, y = (each[:size].view(stop - start, -1) for each in (noise, moved))
                x.uniform_(smallest, 1, generator=generator)
                torch.abs(x, out=y)
                y.neg_().log1p_().mul_(-SCALE)
                x.sign_().mul_(y)
                torch.sub(x, move, out=y)
                y.abs_().sub_(x.abs_())
                sums[start:stop] += y.sum(dim=1)
        values: Values = sums.numpy()
        return values

    def draw(num_samples: int, seed: int) -> Values:
        return _on_threads(one, num_samples, seed, threads)

    return Contender("torch, float32 Laplace, all cores", draw, _per_scale, {"block": block})


# --- Numba, as users run it, and the bare generator ----------------------------------------------


def user_numba_contender(case: Perturbation) -> Contender:
    """A user's own parallel loop over the samples with np.random.laplace."""
    from benchmarks.loops import user_loop

    def draw(num_samples: int, seed: int) -> Values:
        return user_loop(num_samples, case.delta, SCALE, seed)

    return Contender("Numba, `prange` and `np.random.laplace`", draw, _per_scale)


def philox_contender(case: Perturbation) -> Contender:
    """Philox4x32-10 alone, one word for each coordinate: what the direct method cannot exceed."""
    from benchmarks.loops import TILE, fold_words

    tag = philox.purpose_tag("benchmarks/philox")
    blocks = -(-case.dim // philox.WORDS_PER_BLOCK)
    rows = max(1, _WORDS // case.dim // TILE) * TILE

    def draw(num_samples: int, seed: int) -> Values:
        out = np.empty(num_samples, np.uint64)

        def work(ranges: Ranges) -> None:
            for start, stop in ranges:
                fold_words(out[start:stop], start, blocks, tag, seed)

        share(work, num_samples=num_samples, rows=rows, threads=None)
        return out

    return Contender("Philox4x32-10 alone, words only", draw, None)


# --- ours ----------------------------------------------------------------------------------------


def sums(plan: SamplingPlan, num_samples: int, seed: int, *, backend: str = "numba") -> Values:
    """The integers W of the first samples, by a backend and on all cores."""
    kernels = load(backend)
    out = np.empty(num_samples, np.int64)

    def work(ranges: Ranges) -> None:
        for start, stop in ranges:
            kernels.fill_sums(out[start:stop], plan, seed=seed, first_sample=start)

    share(work, num_samples=num_samples, rows=default_chunk(plan, backend), threads=None)
    return out


def own_contender(case: Perturbation, method: str, *, backend: str = "numba") -> Contender:
    """One of our methods, or "auto": the one that the program chooses."""
    plan = case.plan(method)
    unit, total = float(plan.unit), plan.total

    def draw(num_samples: int, seed: int) -> Values:
        return sums(plan, num_samples, seed, backend=backend)

    def ratio(values: Values) -> Values:
        return unit * (total - 2 * values)

    return Contender(_title(case, method), draw, ratio, {"method": plan.method})


def own_methods(case: Perturbation) -> tuple[str, ...]:
    """Our methods that are measured: counting needs equal magnitudes."""
    return (*(m for m in METHODS if m != "counts" or case.magnitudes == "equal"), "auto")


def run_contender(case: Perturbation, method: str = "auto") -> Contender:
    """A whole run, as users of the program have it: its histogram and its moments counted."""
    plan = case.plan(method)

    def draw(num_samples: int, seed: int) -> Any:
        run = Run.of(plan, seed=seed, num_samples=num_samples)
        return draw_range(run, 0, num_samples, backend="numba", threads=None, chunk=None)

    title = f"{_title(case, method)}, histogram and moments counted"
    return Contender(title, draw, None, {"method": plan.method})


def _title(case: Perturbation, method: str) -> str:
    return f"l1cert `{method}`" + (", distinct magnitudes" if case.magnitudes == "distinct" else "")
