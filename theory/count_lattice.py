"""The lattice of certified bounds: the values lower(k, n, alpha) for the counts k = 0, ..., n.

A lower confidence bound (Clopper and Pearson 1934) is the p with P(X >= k; n, p) = alpha: given n
and alpha it takes n + 1 values and no other. It grows with k, so a bound known to lie in [p, q]
belongs to the counts k with P(X >= k; n, p) <= alpha <= P(X >= k; n, q), a range that bisection
finds without the lattice. Such a count fits exactly the error rates between the two tails.

What is said to be outward is so by two margins: a bound counts as reaching an end that it misses by
2^-39 of itself (`theory.confidence.lower` rounds down by 2^-40), a tail as reaching alpha where it
is within 2^-30 of it (`theory.binomial_tails`), near 1 within 2^-30 of 1 - alpha and 2^-50 more.
Neighbouring bounds are about 1/n apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from theory import confidence
from theory.binomial_tails import EXTREME, MARGIN, MAX_SAMPLES
from theory.parameters import to_float_array, to_integer_array

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

#: what an end of an interval of bounds is moved by, of itself
END_MARGIN = 2.0**-39
#: counts on either side of the one that the normal law finds
_NEAR = 8


def upper_tails(counts: ArrayLike, num_samples: ArrayLike, probabilities: ArrayLike) -> Floats:
    """P(X >= k) for X binomial(n, p), to nearest: I_p(k, n - k + 1).

    Parameters
    ----------
    counts
        k, in [0, n + 1].
    num_samples, probabilities
        n, in [1, 10^10], and p, in [0, 1]; all three broadcast.

    Returns
    -------
    ndarray
        In [0, 1]; within 2^-32 of itself where above 1e-250. 1 for k = 0, 0 for k = n + 1.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> upper_tails([0, 1, 2, 3], 2, 0.5)
    array([1.  , 0.75, 0.25, 0.  ])
    """
    n, p = _checked_samples(num_samples), _checked_probabilities("probabilities", probabilities)
    k = to_integer_array("counts", counts, 0, MAX_SAMPLES + 1)
    above = k > n + 1
    if above.any():
        raise ValueError(
            f"counts holds {np.broadcast_to(k, above.shape)[above][0]}, outside [0, n + 1]"
        )
    return _tails(k, n, p)


def least_counts(probabilities: ArrayLike, num_samples: ArrayLike, *, alpha: ArrayLike) -> Ints:
    """The least k with lower(k, n, alpha) >= p, that is with P(X >= k; n, p) <= alpha.

    A tail within the margin of alpha counts as at most alpha: where p is lower(k, n, alpha) to the
    last bit or two of a double, the count is k.

    Parameters
    ----------
    probabilities
        p, in [0, 1].
    num_samples
        n, in [1, 10^10].
    alpha
        Error rate, in [1e-250, 1); all three broadcast.

    Returns
    -------
    ndarray
        int64, in [0, n + 1]: 0 for p = 0, n + 1 where not even k = n has so high a bound.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> least_counts([0.0, 0.5, 0.999930, 0.999931], 100_000, alpha=0.001)
    array([     0,  50490, 100000, 100001])
    """
    p = _checked_probabilities("probabilities", probabilities)
    n, level = _checked_samples(num_samples), _checked_alpha(alpha)
    return np.where(p > 0, _first(p, n, level + _slack(level)), 0)


def greatest_counts(probabilities: ArrayLike, num_samples: ArrayLike, *, alpha: ArrayLike) -> Ints:
    """The greatest k with lower(k, n, alpha) <= p, that is with P(X >= k; n, p) >= alpha.

    A tail within the margin of alpha counts as at least alpha. Parameters and errors are those of
    `least_counts`; lower(0) = 0, so there always is one.

    Examples
    --------
    >>> greatest_counts([0.0, 0.5, 0.999930, 0.999931], 100_000, alpha=0.001)
    array([     0,  50489,  99999, 100000])
    """
    p = _checked_probabilities("probabilities", probabilities)
    n, level = _checked_samples(num_samples), _checked_alpha(alpha)
    return _first(p, n, level - _slack(level)) - 1


def lower_bounds(counts: ArrayLike, num_samples: int, *, alpha: float) -> Floats:
    """`theory.confidence.lower` of every count.

    Parameters
    ----------
    counts
        k, in [0, n], any shape.
    num_samples, alpha
        n, in [1, 10^10], and the error rate, in (0, 1).

    Returns
    -------
    ndarray
        In [0, 1), rounded down.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> lower_bounds([0, 600, 1000], 1000, alpha=0.01).round(6)
    array([0.      , 0.563118, 0.995405])
    """
    k = to_integer_array("counts", counts, 0, MAX_SAMPLES)
    found, which = np.unique(k, return_inverse=True)
    bounds = [confidence.lower(k, num_samples, alpha=alpha) for k in found.tolist()]
    return np.array(bounds, np.float64)[which]


def counts_between(
    lower: ArrayLike, upper: ArrayLike, num_samples: ArrayLike, *, alpha: ArrayLike
) -> tuple[Ints, Ints]:
    """All counts whose bound lies in [lower, upper], outward: none that fits is left out.

    Parameters
    ----------
    lower, upper
        0 <= lower <= upper <= 1.
    num_samples, alpha
        As for `least_counts`; all four broadcast.

    Returns
    -------
    tuple of ndarray
        The least and the greatest; the former is above the latter where no count fits.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> counts_between([0.5, 0.99994], [0.5001, 1.0], 100_000, alpha=0.001)
    (array([ 50490, 100001]), array([ 50499, 100000]))
    """
    low, high = _checked_probabilities("lower", lower), _checked_probabilities("upper", upper)
    if np.any(low > high):
        low, high = np.broadcast_arrays(low, high)
        wrong = np.flatnonzero(low > high)[0]
        raise ValueError(f"lower = {low.flat[wrong]} is outside [0, upper = {high.flat[wrong]}]")
    return (
        least_counts(low * (1 - END_MARGIN), num_samples, alpha=alpha),
        greatest_counts(np.minimum(high * (1 + END_MARGIN), 1.0), num_samples, alpha=alpha),
    )


def on_lattice(
    lower: ArrayLike, upper: ArrayLike, num_samples: ArrayLike, *, alpha: ArrayLike
) -> Bools:
    """Whether a bound that lies in [lower, upper] can be that of a count, as `counts_between` says.

    False is certain up to the margins there. Parameters and errors are those of `counts_between`.

    Examples
    --------
    >>> on_lattice([0.5, 0.9, 0.99994], [0.5001, 0.9 + 1e-7, 1.0], 100_000, alpha=0.001)
    array([ True, False, False])
    """
    low, high = counts_between(lower, upper, num_samples, alpha=alpha)
    return np.asarray(low <= high)


def fitting_alphas(
    counts: ArrayLike, lower: ArrayLike, upper: ArrayLike, num_samples: ArrayLike
) -> tuple[Floats, Floats]:
    """The error rates at which the bound of a count lies in [lower, upper], outward.

    From P(X >= k; lower) to P(X >= k; upper): the bound of k grows with alpha.

    Parameters
    ----------
    counts
        k, in [0, n + 1].
    lower, upper, num_samples
        As for `counts_between`; all four broadcast.

    Returns
    -------
    tuple of ndarray
        The ends, in [0, 1], which are (0, 0) for n + 1. The bound of 0 is 0 at every error rate:
        (0, 1) where lower is 0, elsewhere (1, 1), which no error rate is.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> low, high = fitting_alphas([99_999, 100_000], 0.99995, 0.99996, 100_000)
    >>> low.round(6), high.round(6)
    (array([0.040424, 0.006737]), array([0.091574, 0.018314]))
    """
    low, high = _checked_probabilities("lower", lower), _checked_probabilities("upper", upper)
    least = upper_tails(counts, num_samples, low * (1 - END_MARGIN))
    most = upper_tails(counts, num_samples, np.minimum(high * (1 + END_MARGIN), 1.0))
    none = np.asarray(counts) == 0
    return (
        np.asarray(np.where(none, np.where(low > 0, 1.0, 0.0), least - _slack(least))),
        np.asarray(np.minimum(most + _slack(most), 1.0)),
    )


def fitting_samples(
    misses: ArrayLike, lower: ArrayLike, upper: ArrayLike, *, alpha: ArrayLike
) -> tuple[Ints, Ints]:
    """The n at which the bound of n - j successes lies in [lower, upper], outward.

    From the least n with P(X >= n - j; n, lower) <= alpha to the greatest with
    P(X >= n - j; n, upper) >= alpha: the bound grows with n, and both tails fall.

    Parameters
    ----------
    misses
        j, in [0, 10^10].
    lower, upper, alpha
        As for `counts_between`; all four broadcast.

    Returns
    -------
    tuple of ndarray
        int64, in [j, 10^10 + 1]; the former is above the latter where no n fits.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> fitting_samples([0, 1], 0.99995, 0.99996, alpha=0.001)
    (array([138152, 184665]), array([172690, 230831]))
    """
    low, high = _checked_probabilities("lower", lower), _checked_probabilities("upper", upper)
    j, level = to_integer_array("misses", misses, 0, MAX_SAMPLES), _checked_alpha(alpha)
    least = _first_samples(j, low * (1 - END_MARGIN), level + _slack(level))
    most = _first_samples(j, np.minimum(high * (1 + END_MARGIN), 1.0), level - _slack(level)) - 1
    return np.asarray(np.where(low > 0, least, np.maximum(j, 1))), most


def _slack(tails: Floats) -> Floats:
    """By how much a tail may be off: near 1 what is missing has its digits too, down to 2^-50."""
    return np.asarray(MARGIN * np.minimum(tails, 1 - tails + 2.0**-20))


def _first_samples(j: Ints, p: Floats, level: Floats) -> Ints:
    """The least n > j with P(X >= n - j; n, p) <= level; 10^10 + 1 if there is none."""
    shape = np.broadcast_shapes(j.shape, p.shape, level.shape)
    j = np.broadcast_to(j, shape).reshape(-1)
    p = np.broadcast_to(p, shape).reshape(-1)
    level = np.broadcast_to(level, shape).reshape(-1)
    most, q = np.minimum(level, 1.0), 1 - p
    with np.errstate(divide="ignore", invalid="ignore"):
        # few misses: Wise's (1950) gamma law for the beta, -(n - j/2) log p; else the normal law
        few = special.gammainccinv(j + 1.0, most) / -np.log(p) + j / 2
        z, spread = special.ndtri(most), np.sqrt(q * p)
        least = np.maximum(j + 0.5 - (z**2 - 1) * (1 - 2 * q) / 6, 0.0)
        many = ((np.sqrt(z**2 * q * p + 4 * q * least) - z * spread) / (2 * q)) ** 2
    near = np.nan_to_num(np.clip(np.where(q < 0.02, few, many), 0, MAX_SAMPLES)).astype(np.int64)
    above = np.clip(near - _NEAR, j, MAX_SAMPLES)
    small = np.clip(near + _NEAR, np.minimum(j, MAX_SAMPLES) + 1, MAX_SAMPLES + 1)
    wrong = (above > j) & (_tails(above - j, above, p) <= level)
    wrong |= (small <= MAX_SAMPLES) & (_tails(small - j, small, p) > level)
    above = np.where(wrong, j, above)
    small = np.where(wrong, MAX_SAMPLES + 1, small)
    found = _bisected(lambda m, one: _tails(m - j[one], m, p[one]) <= level[one], above, small)
    return found.reshape(shape)


def _first(p: Floats, n: Ints, level: Floats) -> Ints:
    """The least k in [1, n + 1] with P(X >= k) <= level."""
    shape = np.broadcast_shapes(p.shape, n.shape, level.shape)
    p = np.broadcast_to(p, shape).reshape(-1)
    n = np.broadcast_to(n, shape).reshape(-1)
    level = np.broadcast_to(level, shape).reshape(-1)
    # the normal law with its first correction; where it is off by more, every count is tried
    z = -special.ndtri(np.minimum(level, 1 - 2.0**-53))
    guess = n * p + z * np.sqrt(n * p * (1 - p)) + (z**2 - 1) * (1 - 2 * p) / 6
    guess = guess.astype(np.int64)
    above = np.clip(guess - _NEAR, 0, n)
    small = np.clip(guess + _NEAR, 1, n + 1)
    wrong = ((above > 0) & (_tails(above, n, p) <= level)) | (_tails(small, n, p) > level)
    above, small = np.where(wrong, 0, above), np.where(wrong, n + 1, small)
    found = _bisected(lambda k, one: _tails(k, n[one], p[one]) <= level[one], above, small)
    return found.reshape(shape)


def _bisected(fits: Callable[[Ints, Ints], Bools], above: Ints, small: Ints) -> Ints:
    """The least number that fits, from one that does not and one that does, for each place."""
    while (places := np.flatnonzero(small - above > 1)).size:
        middle = (above[places] + small[places]) // 2
        fit = fits(middle, places)
        small[places[fit]] = middle[fit]
        above[places[~fit]] = middle[~fit]
    return small


def _tails(k: Ints, n: Ints, p: Floats) -> Floats:
    """P(X >= k), 0 <= k <= n + 1, to nearest."""
    inside = special.betainc(np.maximum(k, 1), np.maximum(n - k + 1, 1), p)
    return np.asarray(np.where(k <= 0, 1.0, np.where(k > n, 0.0, inside)))


def _checked_samples(values: ArrayLike) -> Ints:
    return to_integer_array("num_samples", values, 1, MAX_SAMPLES)


def _checked_probabilities(name: str, values: ArrayLike) -> Floats:
    p = to_float_array(name, values)
    outside = p[~((p >= 0) & (p <= 1))]
    if outside.size:
        raise ValueError(f"{name} = {outside.flat[0]} is outside [0, 1]")
    return p


def _checked_alpha(values: ArrayLike) -> Floats:
    level = to_float_array("alpha", values)
    outside = level[~((level >= EXTREME) & (level < 1))]
    if outside.size:
        raise ValueError(f"alpha = {outside.flat[0]} is outside [{EXTREME}, 1)")
    return level
