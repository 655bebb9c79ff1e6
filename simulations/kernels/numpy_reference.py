"""Noise from random words by inversion, readable and in NumPy: the bits that every kernel gives.

A word w, uniform on {0, ..., 2^32 - 1}, stands for the probability (w + 1/2) / 2^32, and the noise
is the quantile there. It is worked out from the nearer end, k = min(w, 2^32 - 1 - w):

    v = (2 k + 1) / 2^32 in (0, 1),    P(|X| >= |x|) = v,    x < 0 exactly when w < 2^31,

so that the law is symmetric to the last bit, no draw is 0, x grows strictly with w, and "x <= 0" is
"w < 2^31", of probability exactly 1/2.

Every step is one IEEE 754 operation (+, -, *, /, square root, integer arithmetic) in a fixed order
and no library's log, so compiled kernels give equal bits. They compile the polynomials from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulations import philox

if TYPE_CHECKING:
    from simulations.likelihood_ratio import SamplingPlan

HALF_RANGE = 2**31  # the words below it are the negative draws

# log 2 in two parts. The first has 32 bits, so its product with an exponent is exact.
LOG_2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# Subtracting these bits before the exponent is cut off leaves a mantissa in [sqrt(1/2), sqrt(2)).
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA_BITS = 52

# M. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
# Statistics 37 (1988), PPND16: numerators and denominators from the constant term upwards. Its
# third range, p < exp(-25), lies beyond the outermost word, which has p = 2^-33.
CENTRE = 0.425
CENTRE_SQUARED = 0.180625
CENTRE_NUMERATOR = (
    3.3871328727963666080,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
CENTRE_DENOMINATOR = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
TAIL_SHIFT = 1.6
TAIL_NUMERATOR = (
    1.42343711074968357734,
    4.63033784615654529590,
    5.76949722146069140550,
    3.64784832476320460504,
    1.27045825245236838258,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
TAIL_DENOMINATOR = (
    1.0,
    2.05319162663775882187,
    1.67638483018380384940,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)


def log_series(z: Any) -> Any:
    """atanh(s)/s - 1 = z/3 + z^2/5 + ... + z^10/21 at z = s^2, for |s| <= 3 - 2 sqrt(2).

    The first term left out is below 2^-60 of atanh(s)/s.
    """
    tail = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z * (1.0 / 21.0)))
    tail = 1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * tail))
    return z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * tail)))


def degree_seven(c: tuple[float, ...], x: Any) -> Any:
    """The polynomial c[0] + c[1] x + ... + c[7] x^7, by Horner's rule."""
    upper = ((c[7] * x + c[6]) * x + c[5]) * x + c[4]
    return (((upper * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0]


def odd_numerators(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """2 k + 1 with k = min(w, 2^32 - 1 - w): v = (2 k + 1) / 2^32.

    >>> odd_numerators(np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 1], np.uint32))
    array([         1,          3, 4294967295, 4294967295,          1])
    """
    wide = words.astype(np.int64)
    return 2 * np.minimum(wide, 2**32 - 1 - wide) + 1


def negative_log(numerators: NDArray[np.int64], *, power: int) -> NDArray[np.float64]:
    """-log(m / 2^power) for integers 1 <= m < 2^53 with m <= 2^power.

    With m = 2^e f, f in [sqrt(1/2), sqrt(2)) and s = (f - 1)/(f + 1), it is
    (power - e) log 2 - 2 atanh(s). Nothing cancels: where power = e the first term is exactly 0,
    and elsewhere the sum is at least half of it.

    Parameters
    ----------
    numerators
        m, any shape.
    power
        32, 33 or 53: the denominator is 2^power.

    Returns
    -------
    ndarray
        float64, nearest, with a relative error below 4 units in the last place.

    Examples
    --------
    >>> negative_log(np.array([1, 2**31, 2**32 - 1]), power=32)
    array([2.21807098e+01, 6.93147181e-01, 2.32830644e-10])
    """
    bits = numerators.astype(np.float64).view(np.int64)
    exponent = (bits - SQRT_HALF_BITS) >> MANTISSA_BITS
    mantissa = (bits - (exponent << MANTISSA_BITS)).view(np.float64)
    centred = mantissa - 1.0
    s = centred / (mantissa + 1.0)
    twice = s + s
    log_mantissa = twice + twice * log_series(s * s)
    count = (power - exponent).astype(np.float64)
    log: NDArray[np.float64] = count * LOG_2_HIGH + (count * LOG_2_LOW - log_mantissa)
    return log


def laplace_from_words(words: NDArray[np.uint32], scale: float) -> NDArray[np.float64]:
    """Laplace noise of the given scale: |x| = scale (-log v) (the quantile, two-ended).

    >>> laplace_from_words(np.array([0, 2**31 - 1, 2**31, 2**32 - 1], np.uint32), 2.0)
    array([-4.43614196e+01, -4.65661287e-10,  4.65661287e-10,  4.43614196e+01])
    """
    size = scale * negative_log(odd_numerators(words), power=32)
    return np.where(words < HALF_RANGE, -size, size)


def gaussian_from_words(words: NDArray[np.uint32], sigma: float) -> NDArray[np.float64]:
    """Gaussian noise of the given standard deviation: |x| = sigma Phi^-1(1 - v/2) (AS 241).

    The relative error of the quantile is below 1e-15.

    >>> gaussian_from_words(np.array([0, 2**30, 2**31, 2**32 - 1], np.uint32), 1.0)
    array([-6.33795775e+00, -6.74489750e-01,  2.91809937e-10,  6.33795775e+00])
    """
    m = odd_numerators(words)
    offset = (2**32 - m).astype(np.float64) * 2.0**-33  # (1 - v)/2, exact
    r = CENTRE_SQUARED - offset * offset
    centre = offset * degree_seven(CENTRE_NUMERATOR, r) / degree_seven(CENTRE_DENOMINATOR, r)
    r = np.sqrt(negative_log(m, power=33)) - TAIL_SHIFT
    tail = degree_seven(TAIL_NUMERATOR, r) / degree_seven(TAIL_DENOMINATOR, r)
    size: NDArray[np.float64] = sigma * np.where(offset <= CENTRE, centre, tail)
    return np.where(words < HALF_RANGE, -size, size)


def uniform_from_words(words: NDArray[np.uint32], half_width: float) -> NDArray[np.float64]:
    """Uniform noise on (-half_width, half_width): |x| = half_width (1 - v), 1 - v exact.

    >>> uniform_from_words(np.array([0, 2**30, 2**31, 2**32 - 1], np.uint32), 1.0)
    array([-1.00000000e+00, -5.00000000e-01,  2.32830644e-10,  1.00000000e+00])
    """
    size = half_width * ((2**32 - odd_numerators(words)).astype(np.float64) * 2.0**-32)
    return np.where(words < HALF_RANGE, -size, size)


INVERSIONS = {
    "laplace": laplace_from_words,
    "gaussian": gaussian_from_words,
    "uniform": uniform_from_words,
}


def fill_words(out: NDArray[np.uint32], *, seed: int, tag: int, first_sample: int) -> None:
    """Fill a uint32 (num_samples, dim) buffer with the words of consecutive samples."""
    num_samples, dim = out.shape
    out[...] = philox.words(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )


def fill_noise(
    out: NDArray[np.float64],
    kind: str,
    parameter: float,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill a float64 (num_samples, dim) buffer with noise of a kind in `INVERSIONS`.

    `parameter` is the Laplace scale, the Gaussian sigma or the uniform half width.
    """
    num_samples, dim = out.shape
    words = philox.words(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    out[...] = INVERSIONS[kind](words, parameter)


def fill_sums(out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int) -> None:
    """Fill an int64 (num_samples,) buffer with W: see `sums_reference`, which stands on this."""
    from simulations.kernels import sums_reference

    sums_reference.fill_sums(out, plan, seed=seed, first_sample=first_sample)
