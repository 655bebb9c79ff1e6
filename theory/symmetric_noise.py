"""What the noise laws have in common: a law symmetric about 0, stated by its upper tail.

A law states P(X > x) for x >= 0, and `Noise` derives the distribution function, the survival
function, their logarithms and their inverses from it.

Every returned value is within 4 units in the last place of the exact value for the very floats
passed in (1.6 is the most that was seen). Below the smallest normal float, 2.2e-308, the spacing
of the floats is constant and the error is absolute: a few multiples of 2**-1074. The direction
of rounding is "nearest": a certificate that needs a bound must round outward by itself. A value
beyond the largest float is infinite.

1 - p is an argument of its own (`Noise.inverse_survival`): the upper tail is as exact as the
lower one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from theory.compensated import Array, log_one_plus, two_sum
from theory.parameters import describe, to_float_array

__all__ = ["ArrayInput", "Noise"]

ArrayInput: TypeAlias = NDArray[Any] | Sequence[float]


def _outside(name: str, values: Array, legal: NDArray[np.bool_], domain: str) -> None:
    if not legal.all():
        raise ValueError(f"{name} = {values[~legal].flat[0]} is outside {domain}")


def _returned(result: Array) -> float | Array:
    """A float for a scalar argument; adding 0 turns -0 into 0."""
    return float(result) + 0.0 if result.ndim == 0 else result + 0.0


def _at(function: Callable[[Array], Array], x: float | ArrayInput) -> float | Array:
    values = to_float_array("x", x)
    _outside("x", values, ~np.isnan(values), "[-inf, inf]")
    # 0 and inf are the right roundings of what is too small or too large for a float.
    with np.errstate(all="ignore"):
        return _returned(np.asarray(function(values)))


def _at_probability(
    name: str, function: Callable[[Array], Array], p: float | ArrayInput
) -> float | Array:
    values = to_float_array(name, p)
    _outside(name, values, (values >= 0.0) & (values <= 1.0), "[0, 1]")
    with np.errstate(all="ignore"):
        return _returned(np.asarray(function(values)))


class Noise(ABC):
    """A symmetric one-dimensional noise law X.

    A law states P(X > x) and its logarithm for x >= 0, the inverse for q <= 1/2, and its
    density; P(X <= -x) = P(X > x) gives the rest. A scalar argument gives a float, anything else
    an array of float64 of the same shape; an empty array gives an empty array.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def sigma(self) -> float:
        """The standard deviation, to nearest."""

    @classmethod
    @abstractmethod
    def from_sigma(cls, sigma: float) -> Self:
        """The law of standard deviation sigma, its parameter rounded to nearest.

        Raises
        ------
        ValueError
            If sigma, or the parameter it leads to, is outside (0, inf).

        Examples
        --------
        >>> from theory.noise import Laplace, Uniform
        >>> Laplace.from_sigma(1.0), Uniform.from_sigma(1.0)
        (Laplace(scale=0.7071067811865476), Uniform(half_width=1.7320508075688772))
        """

    @abstractmethod
    def _tail(self, x: Array) -> tuple[Array, Array]:
        """P(X > x) for x >= 0, as hi + lo."""

    @abstractmethod
    def _log_tail(self, x: Array) -> Array:
        """The logarithm of P(X > x) for x >= 0."""

    @abstractmethod
    def _tail_quantile(self, q: Array) -> Array:
        """The x >= 0 with P(X > x) = q, for q in [0, 1/2]."""

    @abstractmethod
    def _log_density(self, x: Array) -> Array:
        """The logarithm of the density at x >= 0."""

    @classmethod
    def with_sigma_of(cls, other: Noise) -> Self:
        """The law of this kind with the same variance as another: section 5, "equal variance".

        sigma = sqrt(2) scale = half_width / sqrt(3), both conversions to nearest.

        Parameters
        ----------
        other : Noise
            Any law; its sigma is matched.

        Raises
        ------
        ValueError
            If the parameter it leads to is outside (0, inf).

        Examples
        --------
        >>> from theory.noise import Gaussian, Laplace
        >>> Gaussian.with_sigma_of(Laplace(2.0))
        Gaussian(sigma=2.8284271247461903)
        """
        if not isinstance(other, Noise):
            raise TypeError(f"other = {describe(other)} is no law of theory.noise")
        return cls.from_sigma(other.sigma)

    def _survival(self, x: Array) -> Array:
        hi, lo = self._tail(np.abs(x))
        rest, rest_lo = two_sum(1.0, -hi)
        return np.where(x >= 0.0, hi + lo, rest + (rest_lo - lo))

    def _log_survival(self, x: Array) -> Array:
        outward = np.abs(x)
        hi, lo = self._tail(outward)
        return np.where(x >= 0.0, self._log_tail(outward), log_one_plus(-hi, -lo))

    def _inverse_survival(self, q: Array) -> Array:
        # 1 - q is exact for q >= 1/2.
        upper = self._tail_quantile(np.minimum(q, 1.0 - np.maximum(q, 0.5)))
        return np.where(q <= 0.5, upper, -upper)

    @overload
    def cdf(self, x: float) -> float: ...
    @overload
    def cdf(self, x: ArrayInput) -> Array: ...
    def cdf(self, x: float | ArrayInput) -> float | Array:
        """The distribution function, P(X <= x) = P(X > -x).

        Parameters
        ----------
        x : float or array
            In [-inf, inf], in the unit of the noise.

        Returns
        -------
        float or array
            To nearest, within 4 units in the last place.

        Raises
        ------
        ValueError
            If x is NaN.

        Examples
        --------
        >>> from theory.noise import Laplace, Uniform
        >>> Laplace(scale=2.0).cdf(-2.0), Uniform(half_width=2.0).cdf(-1.0)
        (0.18393972058572117, 0.25)
        """
        return _at(lambda values: self._survival(-values), x)

    @overload
    def survival(self, x: float) -> float: ...
    @overload
    def survival(self, x: ArrayInput) -> Array: ...
    def survival(self, x: float | ArrayInput) -> float | Array:
        """The survival function, P(X > x) = 1 - P(X <= x), accurate where that cancels.

        Parameters, returned value and exceptions are those of `cdf`.

        Examples
        --------
        >>> from theory.noise import Gaussian
        >>> Gaussian(sigma=2.0).survival(20.0), 1.0 - Gaussian(sigma=2.0).cdf(20.0)
        (7.619853024160525e-24, 0.0)
        """
        return _at(self._survival, x)

    @overload
    def log_cdf(self, x: float) -> float: ...
    @overload
    def log_cdf(self, x: ArrayInput) -> Array: ...
    def log_cdf(self, x: float | ArrayInput) -> float | Array:
        """The logarithm of P(X <= x), accurate near 0 and where P(X <= x) is below every float.

        Parameters, returned value and exceptions are those of `cdf`; -inf where P(X <= x) = 0.

        Examples
        --------
        >>> from theory.noise import Gaussian, Laplace
        >>> Gaussian(sigma=0.5).log_cdf(-100.0), Laplace(scale=0.5).log_cdf(30.0)
        (-20006.21728089819, -4.37825538134826e-27)
        """
        return _at(lambda values: self._log_survival(-values), x)

    @overload
    def log_survival(self, x: float) -> float: ...
    @overload
    def log_survival(self, x: ArrayInput) -> Array: ...
    def log_survival(self, x: float | ArrayInput) -> float | Array:
        """The logarithm of P(X > x), as `log_cdf` of -x.

        Parameters, returned value and exceptions are those of `log_cdf`.

        Examples
        --------
        >>> from theory.noise import Laplace
        >>> Laplace(scale=2.0).log_survival(4000.0)
        -2000.69314718056
        """
        return _at(self._log_survival, x)

    @overload
    def log_density(self, x: float) -> float: ...
    @overload
    def log_density(self, x: ArrayInput) -> Array: ...
    def log_density(self, x: float | ArrayInput) -> float | Array:
        """The logarithm of the density at x (Definition 1 with d = 1, for Laplace).

        Laplace: -|x|/scale - log(2 scale). Gaussian: -x^2/(2 sigma^2) - log(sigma sqrt(2 pi)).
        Uniform: -log(2 half_width) on [-half_width, half_width], -inf outside.

        Parameters and exceptions are those of `cdf`. Within 4 units in the last place also where
        the two terms cancel: their difference is formed from three floats each.

        Examples
        --------
        >>> from theory.noise import Laplace
        >>> Laplace(scale=0.25).log_density(0.17328679513998632)
        2.3190468138462996e-17
        """
        return _at(lambda values: self._log_density(np.abs(values)), x)

    @overload
    def quantile(self, p: float) -> float: ...
    @overload
    def quantile(self, p: ArrayInput) -> Array: ...
    def quantile(self, p: float | ArrayInput) -> float | Array:
        """The x with P(X <= x) = p.

        Parameters
        ----------
        p : float or array
            A probability in [0, 1]. 0 and 1 give the ends of the support.

        Returns
        -------
        float or array
            To nearest, within 4 units in the last place; 0.0 at p = 1/2.

        Raises
        ------
        ValueError
            If p is NaN or outside [0, 1].

        Examples
        --------
        >>> from theory.noise import Laplace
        >>> Laplace(scale=2.0).quantile([0.0, 0.25, 0.5, 1.0]).tolist()
        [-inf, -1.3862943611198906, 0.0, inf]
        """
        return _at_probability("p", lambda values: -self._inverse_survival(values), p)

    @overload
    def inverse_survival(self, q: float) -> float: ...
    @overload
    def inverse_survival(self, q: ArrayInput) -> Array: ...
    def inverse_survival(self, q: float | ArrayInput) -> float | Array:
        """The x with P(X > x) = q: the quantile at 1 - q, for 1 - q too close to 1 to be a float.

        Parameters
        ----------
        q : float or array
            A probability in [0, 1], carried separately from p = 1 - q.

        Returns, raises: as `quantile`.

        Examples
        --------
        >>> from theory.noise import Gaussian, Laplace
        >>> Laplace(scale=2.0).inverse_survival(5e-301), Gaussian(sigma=2.0).inverse_survival(0.0)
        (1381.5510557964274, inf)
        """
        return _at_probability("q", self._inverse_survival, q)
