"""T(x) = ||x - delta||_1 - ||x||_1 as an integer: what every sampler of T draws, exactly stated.

Under Laplace noise a coordinate with a = |delta_i|/scale > 0 takes part through one number,

    D = min(max(E, 0), a),    E = -log(2u), u uniform on (0, 1),

which is 0 with probability 1/2 and a with probability e^-a/2, and T/scale = sum_i (a_i - 2 D_i).
Zero coordinates take no part and cost nothing. The samplers count D in cells of one unit: with
u = max_i a_i / 2^25 a coordinate has ``l_i = round(a_i / u)`` cells (at least 2), D is an integer
in {0, ..., l_i}, and

    W = sum_i D_i,    T/scale = u (L - 2 W),    L = sum_i l_i.

D is 0 or l_i exactly where the exact variable is at its atom, so that T is at its largest or its
smallest value exactly where W is 0 or L: an atom is an event on integers. A sample is its W, and
whatever is counted, binned or averaged is a function of these integers.

Three methods draw W, all from the counters of `simulations.philox`, all functions of the seed and
the sample's index alone:

direct
    one word for each coordinate.
poisson
    one bit for each coordinate tells whether D > 0, and a Poisson process of unit rate on [0, A],
    A = sum_i a_i, cut into one segment for each coordinate, gives the values: the first point of a
    segment lies Exp(1) behind its start, and a segment without one has D = a_i.
counts
    as poisson, but where m coordinates are equal only the number of positive ones is drawn,
    binomial(m, 1/2), and each segment hit is positive with the chance that the rest leaves it.

Nothing but numpy is needed: GPU machines use this file uninstalled.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.philox import purpose_tag
from theory.parameters import describe

METHODS = ("direct", "poisson", "counts")

#: the largest magnitude in cells: 32 of them add up within 31 bits
CELLS = 1 << 25

#: largest magnitudes in units of the scale: within, no float of a sampler over- or underflows
SMALLEST_MAGNITUDE, LARGEST_MAGNITUDE = Fraction(1, 1 << 90), Fraction(1 << 90)

#: coordinates of one group whose number of positive ones is drawn: a table holds its law
MOST_COUNTED = 1 << 24

#: the purposes of the counters: poisson and counts share their points, and nothing else is shared
TAGS = {
    name: purpose_tag(f"likelihood_ratio/{name}")
    for name in ("direct", "signs", "points", "counts", "coin")
}

#: of a decimal that is taken exactly, as in `theory.exact`
MOST_EXPONENT = 5_000

_DECIMALS = Context(prec=40, Emin=-(10**6), Emax=10**6)


@dataclass(frozen=True, eq=False)
class SamplingPlan:
    """A perturbation in cells, and the method that draws its W.

    `SamplingPlan.of` makes it of a perturbation. Equal magnitudes are one group, groups descend,
    and the coordinates of W are numbered group by group: neither the order nor the signs of delta
    change a bit.

    Parameters
    ----------
    magnitudes : tuple of Fraction
        The distinct a_i = |delta_i|/scale > 0, descending.
    sizes : tuple of int
        How many coordinates have each of them.
    method : {"direct", "poisson", "counts"}
        How W is drawn.

    Examples
    --------
    >>> plan = SamplingPlan.of(["0.7", "-0.35", 0, "0.7"], scale="0.5")
    >>> [str(a) for a in plan.magnitudes], plan.sizes, plan.method
    (['7/5', '7/10'], (2, 1), 'direct')
    >>> plan.lengths.tolist() == [2**25, 2**24], plan.total == 2**26 + 2**24
    (True, True)
    """

    magnitudes: tuple[Fraction, ...]
    sizes: tuple[int, ...]
    method: str

    def __post_init__(self) -> None:
        if not isinstance(self.method, str) or self.method not in METHODS:
            legal = ", ".join(METHODS)
            raise ValueError(f"method = {describe(self.method)} is not one of {legal}")
        if not self.magnitudes:
            raise ValueError("delta has no coordinate other than 0, legal is at least one")
        if self.method == "counts" and max(self.sizes) > MOST_COUNTED:
            raise ValueError(
                f"method = 'counts' with {max(self.sizes)} equal coordinates, "
                f"legal are at most {MOST_COUNTED}"
            )
        largest = self.magnitudes[0]
        if not SMALLEST_MAGNITUDE <= largest <= LARGEST_MAGNITUDE:
            raise ValueError(f"max |delta_i| / scale = {_shown(largest)} is outside [2^-90, 2^90]")

    @classmethod
    def of(cls, delta: Iterable[Any], *, scale: Any, method: str = "auto") -> SamplingPlan:
        """The plan of a perturbation.

        Parameters
        ----------
        delta : iterable of int, float, Decimal, Fraction or str
            The perturbation, taken exactly.
        scale : int, float, Decimal, Fraction or str
            The Laplace scale, in (0, inf), in the unit of delta.
        method : {"auto", "direct", "poisson", "counts"}
            "auto" takes what `fastest` says.

        Raises
        ------
        ValueError
            For a number that is not finite, a scale outside (0, inf), a perturbation of zeros, or
            an unknown method.
        """
        width = exact_number("scale", scale)
        if not width > 0:
            raise ValueError(f"scale = {describe(scale)} is outside (0, inf)")
        number = Counter(_entries(delta))
        groups: Counter[Fraction] = Counter()
        for entry, count in number.items():
            groups[abs(exact_number("delta", entry)) / width] += count
        del groups[Fraction(0)]
        magnitudes = tuple(sorted(groups, reverse=True))
        sizes = tuple(groups[one] for one in magnitudes)
        chosen = method
        if isinstance(method, str) and method == "auto":
            chosen = fastest(magnitudes, sizes)
        return cls(magnitudes, sizes, chosen)

    @property
    def dim(self) -> int:
        """The number of non-zero coordinates k."""
        return sum(self.sizes)

    @cached_property
    def norm(self) -> Fraction:
        """A = ||delta||_1 / scale."""
        pairs = zip(self.magnitudes, self.sizes, strict=True)
        return sum((one * size for one, size in pairs), Fraction(0))

    @property
    def unit(self) -> Fraction:
        """The cell u, in units of the scale."""
        return self.magnitudes[0] / CELLS

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """The cells l of one coordinate of each group, shape (groups,), from 2 to 2^25."""
        unit = self.unit
        return np.array([max(2, round(one / unit)) for one in self.magnitudes], np.int64)

    @cached_property
    def group_sizes(self) -> NDArray[np.int64]:
        """The sizes as an array, shape (groups,)."""
        return np.array(self.sizes, np.int64)

    @cached_property
    def coordinate_lengths(self) -> NDArray[np.int32]:
        """The cells of every non-zero coordinate in order, shape (dim,)."""
        return np.repeat(self.lengths, self.group_sizes).astype(np.int32)

    @cached_property
    def total(self) -> int:
        """L, the cells of all coordinates together: the largest W."""
        return int(self.lengths @ self.group_sizes)

    @cached_property
    def thresholds(self) -> NDArray[np.uint32]:
        """For each group the number of words w with D = l: w < round(2^31 e^-a)."""
        return np.array([_far_words(one) for one in self.magnitudes], np.uint32)

    @cached_property
    def coordinate_thresholds(self) -> NDArray[np.uint32]:
        """The same for every non-zero coordinate in order, shape (dim,)."""
        return np.repeat(self.thresholds, self.group_sizes)

    @property
    def cells_per_scale(self) -> np.float32:
        """1/u rounded to a float32: what the direct method multiplies E by."""
        return np.float32(_nearest_float(1 / self.unit))

    @property
    def cells_per_scale_double(self) -> np.float64:
        """1/u rounded to a float64: what the Poisson process multiplies its gaps by."""
        return np.float64(_nearest_float(1 / self.unit))

    def ratio_at(self, w: int) -> Fraction:
        """T/scale where W = w, exactly: u (L - 2 w)."""
        return self.unit * (self.total - 2 * w)


@dataclass(frozen=True, slots=True)
class LatticeError:
    """How far the drawn law of T/scale is from the exact one: P(T <= t) is off by both together.

    P(T <= t - shift) - probability <= P(drawn <= t) <= P(T <= t + shift) + probability.
    """

    probability: float
    shift: Fraction


def lattice_error(plan: SamplingPlan) -> LatticeError:
    """Bounds on what words of 32 bits, cells and rounding do to the law of T, at every threshold.

    With l cells of unit u in place of a, T/scale moves by at most |a - l u| at every sample, and
    the shift adds that over the coordinates.

    Direct: exchange the exact coordinates for drawn ones one by one. Events {W >= w} are half lines
    in each coordinate, and for one coordinate P(D >= c) is off by half a word (2^-33) and by the
    rounding of E, which is within E 2^-21 + u of the exact one, at a density of e^-c/2.

    Poisson: the occupied cells are those of an exact process but for the rounding of a gap E/u by
    a few units in its last place, which moves it by one cell with probability at most 2^-48/u, and
    a moved point enters another segment only within that many cells of an end. Counts add 2^-32 for
    each hit (whether it is positive). D is counted in whole cells, at most one off: a shift of 2u
    for each hit and its displacement, with a number of hits that is exceeded with probability 2^-40
    (Chernoff's bound for a Poisson variable of mean A).

    Returns
    -------
    LatticeError
        ``probability`` at most 1, rounded up.

    Examples
    --------
    >>> error = lattice_error(SamplingPlan.of([Fraction(3, 3072)] * 3072, scale=1, method="direct"))
    >>> error.probability < 2e-6, error.shift
    (True, Fraction(0, 1))
    """
    unit, norm = checked_plan(plan).unit, float(plan.norm)
    groups = list(zip(plan.magnitudes, plan.sizes, plan.lengths.tolist(), strict=True))
    shift = sum((abs(a - cells * unit) * size for a, size, cells in groups), Fraction(0))
    if plan.method == "direct":
        rounding = sum(min(float(a), 1.0) * size for a, size, _ in groups) * 2.0**-21
        off = plan.dim * (2.0**-33 + float(unit)) + rounding
        return LatticeError(min(1.0, off * (1 + 2.0**-20)), shift)
    points = norm + 2
    moved = min(1.0, 2.0**-48 / float(unit))
    density = plan.dim / plan.total  # segments for each cell
    off = 2.0**-40 + points * 2.0**-50 + 2 * density * points**2 * moved
    if plan.method == "counts":
        off += points * 2.0**-32 + len(groups) * 2.0**-50
    most = _most_points(norm)
    return LatticeError(min(1.0, off), shift + 2 * unit * most * (most + 1))


def _most_points(mean: float) -> int:
    """A number that a Poisson variable exceeds with probability at most 2^-40."""
    number = max(1, math.ceil(mean))
    while mean - number + number * math.log(number / mean) < 40 * math.log(2):
        number += max(1, number // 64)
    return number


def fastest(magnitudes: tuple[Fraction, ...], sizes: tuple[int, ...]) -> str:
    """The fastest method for these groups, as measured (`benchmarks.choice`).

    The Poisson process has about A + 1 points in a sample, each as dear as some twenty words, so
    that it pays where the coordinates are many for their norm; counting needs large groups.

    >>> fastest((Fraction(3, 1000),), (1000,)), fastest((Fraction(1),), (3,))
    ('counts', 'direct')
    """
    dim = sum(sizes)
    norm = sum((one * size for one, size in zip(magnitudes, sizes, strict=True)), Fraction(0))
    if dim < 20 * norm + 8:
        return "direct"
    return "counts" if 50 * len(sizes) <= dim and max(sizes) <= MOST_COUNTED else "poisson"


def _entries(delta: Iterable[Any]) -> list[Any] | tuple[Any, ...]:
    """What delta holds, once every entry can be counted."""
    single = isinstance(delta, str | bytes) or getattr(delta, "ndim", 1) == 0
    if single or not isinstance(delta, Iterable):
        raise ValueError(f"delta = {describe(delta)} is no sequence of numbers")
    entries = delta if isinstance(delta, list | tuple) else list(delta)
    for entry in entries:
        try:
            hash(entry)
        except TypeError:  # of a list, of a decimal that signals
            raise ValueError(f"delta = {describe(entry)} is not a finite number") from None
    return entries


def checked_plan(plan: SamplingPlan) -> SamplingPlan:
    """The plan, or a TypeError of one line where it is none.

    >>> checked_plan(None)
    Traceback (most recent call last):
    TypeError: plan = None is no SamplingPlan
    """
    if not isinstance(plan, SamplingPlan):
        raise TypeError(f"plan = {describe(plan)} is no SamplingPlan")
    return plan


def exact_number(name: str, value: Any) -> Fraction:
    """The exact rational that a number or a text stands for, without FLINT.

    >>> exact_number("scale", "0.1")
    Fraction(1, 10)
    """
    try:
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, str) and "/" not in plain:
            plain = Decimal(plain)
        # 1e999999999 is a short text, and a number that fills the memory
        if isinstance(plain, Decimal) and plain and abs(plain.adjusted()) > MOST_EXPONENT:
            raise ValueError("too large, or too small, to write out")
        if not isinstance(plain, bool):
            return Fraction(plain)
    except (ValueError, TypeError, ArithmeticError):
        pass  # said in one form below, whatever the kind of the value
    raise ValueError(f"{name} = {describe(value)} is not a finite number")


def _shown(value: Fraction) -> str:
    """A number of any size in six digits."""
    return f"{_DECIMALS.divide(Decimal(value.numerator), Decimal(value.denominator)):.6g}"


def _nearest_float(value: Fraction) -> float:
    return value.numerator / value.denominator


def _far_words(magnitude: Fraction) -> int:
    """round(2^31 e^-a); `decimal` rounds its exponential correctly, on every machine alike."""
    if magnitude > 32:
        return 0
    exponent = _DECIMALS.divide(Decimal(-magnitude.numerator), Decimal(magnitude.denominator))
    return math.floor(Fraction(_DECIMALS.exp(exponent)) * 2**31 + Fraction(1, 2))
