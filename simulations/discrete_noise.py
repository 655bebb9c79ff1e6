r"""Discrete Laplace noise, drawn from a table whose distance to the exact law is proven.

K has the law P(K = k) = (1 - q)/(1 + q) q^{|k|} on the integers, with q = exp(-rate) for a rational
rate. One word of 64 bits draws it by inversion (`simulations.kernels.discrete_reference`), with

.. math:: s_m = \mathrm{round}(2^{64} q^m / (1 + q)), \qquad P(K \ge m) = q^m / (1 + q), m \ge 0.

Every threshold is a proven integer, and so is a bound of the total variation between the law that
is drawn and the exact one. Independent draws add it up, so whatever is done with n vectors of d
draws, n d times the bound covers the difference: `ThresholdTable.charge`.

Assumption, stated here and nowhere else: Philox4x32-10 is taken for ideal randomness, its words for
independent and uniform. The bounds compare laws under that assumption.

There is no CUDA kernel: a machine with a GPU draws on its processors and copies.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from types import ModuleType

import numpy as np
from flint import arb
from numpy.typing import NDArray

from simulations.kernels import load
from simulations.kernels.discrete_guide import Guide, guide_of
from simulations.philox import checked_layout, checked_size
from simulations.streaming import Chunking, Ranges, share
from theory.exact import Exact, ceil_float, describe, to_fmpq, to_positive, working_precision
from theory.parameters import is_word, to_integer

WORD_RANGE = 2**64
# At most 20000 steps of the grid in the scale: the table has at most 901 262 thresholds.
LEAST_RATE = Fraction(1, 20_000)
BACKENDS = {
    "numba": "simulations.kernels.discrete_numba",
    "numpy": "simulations.kernels.discrete_reference",
}
_PRECISION = 256
MOST_PLACE = 2**200


def checked_rate(rate: Exact) -> Fraction:
    """The rate, step / scale, as a rational that a table can be made for.

    Raises
    ------
    ValueError
        Unless it is a number in [1/20000, inf).

    Examples
    --------
    >>> checked_rate("0.01")
    Fraction(1, 100)
    >>> checked_rate(Fraction(1, 30000))
    Traceback (most recent call last):
    ValueError: rate = 1/30000 is outside [1/20000, inf)
    """
    exact = to_positive("rate", rate)
    if exact < LEAST_RATE:
        raise ValueError(f"rate = {describe(exact)} is outside [{LEAST_RATE}, inf)")
    return exact


@dataclass(frozen=True, eq=False)
class ThresholdTable:
    """The law that is drawn, and how far it is from the discrete Laplace law.

    Parameters
    ----------
    rate : Fraction
        -log q.
    thresholds : ndarray
        uint64, descending, read-only: entry m - 1 is round(2^64 q^m / (1 + q)) >= 1.
    distance : Fraction
        At least the total variation between the two laws.
    """

    rate: Fraction
    thresholds: NDArray[np.uint64]
    distance: Fraction

    @property
    def largest(self) -> int:
        """The largest |K| that is ever drawn."""
        return int(self.thresholds.size)

    @cached_property
    def guide(self) -> Guide:
        """Where the kernels look a word up."""
        return guide_of(self.thresholds)

    def tail(self, m: int) -> Fraction:
        """P(K >= m) under the law that is drawn, exactly.

        >>> table = threshold_table(1)
        >>> table.tail(-3) + table.tail(4), table.tail(0) + table.tail(1), table.tail(45)
        (Fraction(1, 1), Fraction(1, 1), Fraction(0, 1))
        """
        m = to_integer("m", m, -MOST_PLACE, MOST_PLACE)
        place = m if m > 0 else 1 - m
        words = int(self.thresholds[place - 1]) if place <= self.largest else 0
        return Fraction(words if m > 0 else WORD_RANGE - words, WORD_RANGE)

    def total_variation(self, num_draws: int) -> float:
        r"""Bound of the total variation between so many draws and as many exact ones.

        .. math:: \min\{1, n \, \mathrm{TV}\}

        The distance of two products is at most the sum of the distances: exchange the exact
        coordinates for drawn ones one after the other. Nothing that is computed from the draws is
        farther apart than they are.

        Parameters
        ----------
        num_draws : int
            Coordinates in all, in [0, 2^128].

        Returns
        -------
        float
            Rounded up.

        Raises
        ------
        ValueError
            For a number outside its set.

        Examples
        --------
        >>> threshold_table("0.1").total_variation(1) < 3e-17
        True
        >>> threshold_table("0.1").total_variation(-1)
        Traceback (most recent call last):
        ValueError: num_draws = -1 is outside [0, 2^128]
        """
        num_draws = to_integer("num_draws", num_draws, 0, 2**128, "[0, 2^128]")
        exact = min(num_draws * self.distance, Fraction(1))
        nearest = float(exact)
        return nearest if Fraction(nearest) >= exact else float(np.nextafter(nearest, np.inf))

    def charge(self, num_samples: int, dim: int) -> float:
        """What a bound of error rate alpha has to give up: `total_variation` of all draws.

        A procedure that errs with probability at most alpha - charge on exact noise errs with
        probability at most alpha on the noise that is drawn. Only the draws that the bound is
        computed from count: a class that other draws select may have any law.

        Parameters
        ----------
        num_samples : int
            Noise vectors in all, in [0, 2^64].
        dim : int
            Coordinates of each, in [1, 2^64].

        Examples
        --------
        >>> threshold_table(Fraction(1, 45)).charge(100_000, 3072) < 1e-7
        True
        """
        each = to_integer("dim", dim, 1, 2**64, "[1, 2^64]")
        return self.total_variation(
            each * to_integer("num_samples", num_samples, 0, 2**64, "[0, 2^64]")
        )


def threshold_table(rate: Exact) -> ThresholdTable:
    """The table of the discrete Laplace law with q = exp(-rate); equal rates share one.

    Parameters
    ----------
    rate : int, Fraction, float, Decimal or str
        In [1/20000, inf), exact: the step of the grid over the scale of the noise.

    Raises
    ------
    ValueError
        For a rate outside its set.

    Examples
    --------
    >>> table = threshold_table("0.5")
    >>> table.largest, int(table.thresholds[0]) / 2**64
    (89, 0.37754066879814546)
    """
    return _table(checked_rate(rate))


@lru_cache(maxsize=32)
def _table(rate: Fraction) -> ThresholdTable:
    precision = _PRECISION
    while (found := _rounded(rate, precision)) is None:
        precision *= 2  # ends: 2^64 q^m / (1 + q) is transcendental, so never a half-integer
    thresholds, distance = found
    array = np.array(thresholds, np.uint64)
    array.setflags(write=False)
    return ThresholdTable(rate, array, distance)


def _rounded(rate: Fraction, precision: int) -> tuple[list[int], Fraction] | None:
    """The thresholds and the bound; None if the precision leaves a threshold open.

    With e_m = s_m / 2^64 - q^m / (1 + q), m >= 1, and s_m = 0 for m > M, the cell of m differs by
    e_m - e_(m+1) from the exact one, that of 0 by -2 e_1, and beyond M all of q^(M+1) / (1 + q) is
    missing on either side. Half of the sum over both signs is

        |e_1| + |e_1 - e_2| + ... + |e_M - e_(M+1)| + q^(M+1) / (1 + q).
    """
    with working_precision(precision):
        q = (-arb(to_fmpq(rate))).exp()
        tail = q / (1 + q)
        thresholds: list[int] = []
        distance, error = arb(0), arb(0)
        while True:
            integer = (tail * WORD_RANGE + arb(0.5)).floor().unique_fmpz()
            if integer is None:
                return None
            last, error = error, arb(int(integer)) / WORD_RANGE - tail
            distance += abs(error - last)  # the first one is |e_1 - 0|
            if integer == 0:
                return thresholds, Fraction(ceil_float(distance + tail))
            thresholds.append(int(integer))
            tail *= q


def kernels(backend: str) -> ModuleType:
    """The module that fills buffers with discrete noise.

    Raises
    ------
    ValueError
        For another name than "numba" and "numpy".
    MissingBackendError
        If the backend's package is not installed.

    Examples
    --------
    >>> kernels("cuda")
    Traceback (most recent call last):
    ValueError: backend = 'cuda' is not one of 'numba', 'numpy'
    """
    if not is_word(backend, BACKENDS):
        legal = ", ".join(repr(name) for name in sorted(BACKENDS))
        raise ValueError(f"backend = {describe(backend)!r} is not one of {legal}")
    load(backend)
    return importlib.import_module(BACKENDS[backend])


def checked_draws(
    *, seed: int, tag: int, first_sample: int, num_samples: int, dim: int
) -> tuple[int, int, int, int, int]:
    """`checked_layout` of samples that take two words a coordinate.

    Raises
    ------
    ValueError
        Unless 1 <= dim <= 2^33 and the rest is as for `simulations.philox.words`.
    """
    return checked_layout(
        seed=seed,
        tag=tag,
        first_sample=first_sample,
        num_samples=num_samples,
        dim=to_integer("dim", dim, 1, 2**33, "[1, 2^33]"),
    )


def draw(
    table: ThresholdTable,
    *,
    seed: int,
    tag: int,
    first_sample: int,
    num_samples: int,
    dim: int,
    backend: str = "numba",
    threads: int | None = None,
) -> NDArray[np.int32]:
    """Discrete noise of samples first_sample, ..., first_sample + num_samples - 1.

    Entry (i, j) is the quantile of the 64-bit word that words 2j and 2j + 1 of that sample make.

    Parameters
    ----------
    table : ThresholdTable
        From `threshold_table`.
    seed, tag, first_sample, num_samples, dim
        As for `simulations.philox.words`; dim is at most 2^33.
    backend : str
        "numba", or "numpy" (the reference, slow): equal integers.
    threads : int, optional
        By default one for each core that the process may use. Without influence on the result.

    Returns
    -------
    ndarray
        int32, shape (num_samples, dim).

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> draw(threshold_table("0.1"), seed=7, tag=3, first_sample=10, num_samples=2, dim=3)
    array([[ 24, -11,   1],
           [ -6, -27, -39]], dtype=int32)
    """
    seed, tag, first_sample, num_samples, dim = checked_draws(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    checked_size(num_samples, dim)
    if not isinstance(table, ThresholdTable):
        raise TypeError(f"table = {describe(table)} is no ThresholdTable")
    fill = kernels(backend).fill_noise
    thresholds, guide = table.thresholds, table.guide
    rows = Chunking(threads=threads).rows(np.int64, dim)
    out = np.empty((num_samples, dim), np.int32)

    def work(ranges: Ranges) -> None:
        for start, stop in ranges:
            first = first_sample + start
            fill(out[start:stop], thresholds, guide, seed=seed, tag=tag, first_sample=first)

    share(work, num_samples=num_samples, rows=rows, threads=threads)
    return out
