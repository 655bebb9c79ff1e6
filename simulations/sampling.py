"""Noise by the billion, and exact integer counts of events on it.

`draw` returns noise, `count` streams it through an event in chunks that fit the cache, and
`count_words` does so with the raw words. What is drawn depends on the seed, the purpose tag, the
sample's index and the coordinate alone (`simulations.philox`), so every result is the same for any
chunk size, number of threads and backend, bit for bit.

Noise is made of 32-bit words (`simulations.kernels.numpy_reference`), so it reaches 22.18 scales
for Laplace and 6.34 sigma for Gaussian noise, and probabilities move by at most
`discretisation_bias`. An atom (a point of positive probability, such as T = r) is an event on the
words: count it with `count_words` and `first_word_reaching`, not by comparing sums of floats.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulations.kernels import load
from simulations.kernels.numpy_reference import INVERSIONS
from simulations.philox import checked_layout, checked_size
from simulations.streaming import (
    CHUNK_BYTES,
    Chunking,
    Event,
    Progress,
    Ranges,
    count_events,
    share,
)
from theory.noise import Gaussian, Laplace, Uniform
from theory.parameters import describe, exactly, to_integer, to_real

IsotropicNoise = Laplace | Gaussian | Uniform

WORD_RANGE = 2**32

# Inside, no draw overflows and none underflows to 0, so its sign is always its word's.
SMALLEST_SCALE, LARGEST_SCALE = 1e-250, 1e300
MOST_COUNTED = 2**64


def _kind(noise: IsotropicNoise) -> tuple[str, float]:
    """The name of the inversion and its parameter."""
    if isinstance(noise, Laplace):
        kind, name, value = "laplace", "scale", float(noise.scale)
    elif isinstance(noise, Gaussian):
        kind, name, value = "gaussian", "sigma", float(noise.sigma)
    elif isinstance(noise, Uniform):
        kind, name, value = "uniform", "half_width", float(noise.half_width)
    else:
        legal = "Laplace, Gaussian or Uniform of theory.noise"
        raise TypeError(f"noise = {describe(noise)!r} is not {legal}")
    if not SMALLEST_SCALE <= value <= LARGEST_SCALE:
        raise ValueError(f"{name} = {value} is outside [{SMALLEST_SCALE}, {LARGEST_SCALE}]")
    return kind, value


def discretisation_bias(num_words: int, *, boundaries: int = 2) -> float:
    """Bound on |P(event on the drawn noise) - P(event on exact noise)|.

        num_words * boundaries * 2^-32

    Covers every event that looks at `num_words` coordinates and of which each section along one of
    them (all others held fixed) is a union of intervals with at most `boundaries` finite end
    points: 1 for a half line, 2 for an interval. Events like {T <= t}, {||x||_1 <= t}, half
    spaces, balls and boxes are covered; a parity of many coordinates is not.

    One coordinate: the draw of word w is the quantile of (w + 1/2)/2^32, so P(draw <= t) is a
    multiple of 2^-32 within 2^-33 of F(t). Every finite end point costs at most 2^-33, half of what
    is charged. The other half pays for rounding: neighbouring draws differ by far more than the
    few units in the last place by which one of them is off, so `draw` misplaces an end point by
    less than 2^-20 of a word, and the event's own arithmetic is covered as long as it moves an end
    point by less than 2^-33 scale (Laplace), 2^-33 sigma or 2^-33 half_width.

    Many coordinates: exchange the exact coordinates for drawn ones one after the other. They are
    independent, so each exchange changes the probability by at most the bound of one coordinate,
    averaged over the sections: hence the factor `num_words`.

    Parameters
    ----------
    num_words
        Coordinates that the event looks at, in [0, 2^64].
    boundaries
        Finite end points of a section along one coordinate, in [0, 2^64].

    Returns
    -------
    float
        Rounded up; at most 1.

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> discretisation_bias(3072, boundaries=1) == 3072 * 2.0**-32
    True
    >>> discretisation_bias(0)
    0.0
    """
    total = 1
    for name, value in (("num_words", num_words), ("boundaries", boundaries)):
        total *= to_integer(name, value, 0, MOST_COUNTED, "[0, 2^64]")
    if total >= WORD_RANGE:
        return 1.0
    return total / WORD_RANGE  # below 2^32 over a power of two: exact


def first_word_reaching(noise: IsotropicNoise, x: float) -> int:
    """The smallest word whose draw is >= x; 2^32 if there is none.

    Draws grow with their words, so {draw >= x} = {word >= first_word_reaching(noise, x)}, exactly
    and for the floats as drawn: its probability under the generator is 1 - word / 2^32.

    Parameters
    ----------
    noise
        Laplace, Gaussian or Uniform.
    x
        Any number but NaN, in the unit of the noise; inf and -inf too, and no others beyond the
        floats.

    Returns
    -------
    int
        In [0, 2^32].

    Raises
    ------
    ValueError
        For NaN, and for what is no single number or beyond the floats.

    Examples
    --------
    >>> first_word_reaching(Laplace(scale=0.5), 0.0) == 2**31
    True
    """
    nearest = to_real("x", x, "[-inf, inf]", lambda number: number == number)
    # compared as it is: the float next to it may be a draw that is below it
    place = nearest if math.isinf(nearest) else exactly(x)
    kind, parameter = _kind(noise)
    low, high = 0, WORD_RANGE
    while low < high:
        middle = (low + high) // 2
        drawn = INVERSIONS[kind](np.array([middle], np.uint32), parameter)[0]
        low, high = (low, middle) if float(drawn) >= place else (middle + 1, high)
    return low


def draw(
    noise: IsotropicNoise,
    *,
    seed: int,
    tag: int,
    first_sample: int,
    num_samples: int,
    dim: int,
    out: NDArray[np.float64] | None = None,
    backend: str = "numba",
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Noise of samples first_sample, ..., first_sample + num_samples - 1, iid coordinates.

    Entry (i, j) is the quantile of (w + 1/2)/2^32 for the Philox word w of that sample and
    coordinate; x <= 0 exactly when w < 2^31.

    Parameters
    ----------
    noise
        `theory.noise` Laplace, Gaussian or Uniform.
    seed, tag, first_sample, num_samples, dim
        As for `simulations.philox.words`.
    out
        A C-contiguous float64 array of shape (num_samples, dim) to fill; by default a new one.
    backend
        "numba", "numpy" (the reference, slow) or "cuda" (a GPU): equal bits.
    threads
        By default one for each core that the process may use. Without influence on the result.

    Returns
    -------
    ndarray
        float64, shape (num_samples, dim), in the unit of the noise; nearest, to a few units in the
        last place of the quantile.

    Raises
    ------
    ValueError
        For a parameter outside its set.
    TypeError
        For another kind of noise.
    MissingBackendError
        If the backend's package is not installed.

    Examples
    --------
    >>> draw(Laplace(scale=0.5), seed=7, tag=3, first_sample=10, num_samples=2, dim=2)
    array([[ 1.18691518,  0.58977002],
           [-0.27953119,  2.10404572]])
    """
    seed, tag, first_sample, num_samples, dim = checked_layout(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    checked_size(num_samples, dim)
    kind, parameter = _kind(noise)
    rows = Chunking(threads=threads).rows(np.float64, dim)
    kernels = load(backend)
    shape = (num_samples, dim)
    if out is None:
        out = np.empty(shape)
    elif not isinstance(out, np.ndarray):
        raise ValueError(f"out = {describe(out)} is no array of float64 and shape {shape}")
    elif (
        out.shape != shape
        or out.dtype != np.float64
        or not (out.flags.c_contiguous and out.flags.writeable)
    ):
        raise ValueError(
            f"out has dtype {out.dtype} and shape {out.shape}, "
            f"legal are float64 and {shape}, C-contiguous and writeable"
        )
    filled = out

    def work(ranges: Ranges) -> None:
        for start, stop in ranges:
            first = first_sample + start
            kernels.fill_noise(
                filled[start:stop], kind, parameter, seed=seed, tag=tag, first_sample=first
            )

    share(work, num_samples=num_samples, rows=rows, threads=threads)
    return filled


def count(
    event: Event,
    noise: IsotropicNoise,
    *,
    seed: int,
    tag: int,
    num_samples: int,
    dim: int,
    num_labels: int | None = None,
    first_sample: int = 0,
    chunk_bytes: int = CHUNK_BYTES,
    threads: int | None = None,
    backend: str = "numba",
    progress: Progress | None = None,
) -> int | NDArray[np.int64]:
    """How often an event, or each label, occurs among samples of noise: exact integers.

    Parameters
    ----------
    event
        Takes float64 (n, dim) raw noise and returns bool (n,), or with `num_labels` integers (n,)
        in [0, num_labels). It is called from several threads at once and must be a function of its
        argument alone; the buffer is reused, so it may be overwritten and must not be kept.
    noise
        `theory.noise` Laplace, Gaussian or Uniform.
    seed, tag, num_samples, dim, first_sample
        As for `simulations.philox.words`.
    num_labels
        Number of labels, in [1, 2^26]; None for a yes-no event.
    chunk_bytes, threads, backend
        Speed only: the result depends on none of them.
    progress
        Called as progress(samples_done, num_samples) after each chunk, by one thread at a time.

    Returns
    -------
    int or ndarray
        The count, or int64 counts of shape (num_labels,). P(event) of exact noise differs from that
        of drawn noise by at most `discretisation_bias`.

    Raises
    ------
    ValueError
        For a parameter outside its set or an event that returns something else.
    TypeError
        For another kind of noise.
    MissingBackendError
        If the backend's package is not installed.

    Examples
    --------
    >>> count(lambda x: x[:, 0] <= 0, Laplace(scale=0.5), seed=7, tag=3, num_samples=1000, dim=2)
    477
    """
    kind, parameter = _kind(noise)
    seed, tag, first_sample, num_samples, dim = checked_layout(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    kernels = load(backend)

    def fill(chunk: NDArray[np.float64], start: int) -> None:
        kernels.fill_noise(
            chunk, kind, parameter, seed=seed, tag=tag, first_sample=first_sample + start
        )

    return count_events(
        event,
        fill,
        np.float64,
        num_samples=num_samples,
        dim=dim,
        num_labels=num_labels,
        chunking=Chunking(chunk_bytes, threads),
        progress=progress,
    )


def count_words(
    event: Event,
    *,
    seed: int,
    tag: int,
    num_samples: int,
    dim: int,
    num_labels: int | None = None,
    first_sample: int = 0,
    chunk_bytes: int = CHUNK_BYTES,
    threads: int | None = None,
    backend: str = "numba",
    progress: Progress | None = None,
) -> int | NDArray[np.int64]:
    """How often an event on the integer words occurs: for atoms, and for exact probabilities.

    As `count`, but the event takes uint32 (n, dim) words, the very ones behind the noise that
    `count` would draw. An event on words has an exactly known probability under the generator, a
    rational with denominator 2^(32 dim); with `first_word_reaching` it says "the draw is >= x"
    without a float.

    Examples
    --------
    >>> all_negative = lambda words: (words < 2**31).all(axis=1)
    >>> count_words(all_negative, seed=7, tag=3, num_samples=1000, dim=2)
    243
    """
    seed, tag, first_sample, num_samples, dim = checked_layout(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    kernels = load(backend)

    def fill(chunk: NDArray[np.uint32], start: int) -> None:
        kernels.fill_words(chunk, seed=seed, tag=tag, first_sample=first_sample + start)

    return count_events(
        event,
        fill,
        np.uint32,
        num_samples=num_samples,
        dim=dim,
        num_labels=num_labels,
        chunking=Chunking(chunk_bytes, threads),
        progress=progress,
    )
