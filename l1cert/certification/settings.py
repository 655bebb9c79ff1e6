"""What a certification run states: its noise, samples, error rate and certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import Any

from flint import arb

from l1cert.audit.parameters import CERTIFICATES, Parameters
from theory.binomial_tails import MAX_SAMPLES
from theory.exact import (
    Exact,
    Surd,
    ceil_float,
    decimal_enclosure,
    describe,
    to_fraction,
    to_positive,
)

#: the certificates that hold on a grid under discrete noise and that an audit can read
SOUND = ("theorem_2", "theorem_1", "lecuyer")

#: digits of the standard deviation that a rational lambda has
_DIGITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameters of a run; two runs of equal settings and weights give equal rows.

    Attributes
    ----------
    noise
        "laplace", "gaussian" or "uniform".
    sigma
        The standard deviation of one coordinate, an exact decimal or ratio; of a sound run that of
        lambda, rounded up in its 40th digit.
    scale
        Of a sound run lambda, exact; None otherwise.
    n0, n
        Samples that select a class, and samples that bound it.
    alpha
        Error rate of each certificate, exact.
    batch, device
        How the network is run.
    skip, most
        Every so many-th test point, and at most so many of them; None for all.
    seed
        In [0, 2^64).
    certificate
        What the column `radius` is.
    until_radius
        Where a point is decided early; None for runs of n samples each.
    sound
        Whether noise is discrete, drawn in integers, and every bound proved.
    """

    noise: str
    sigma: str
    n0: int = 100
    n: int = 100_000
    alpha: str = "0.001"
    batch: int = 512
    device: str = "cpu"
    skip: int = 1
    most: int | None = None
    seed: int = 1
    certificate: str = field(default="")
    scale: str | None = None
    until_radius: str | None = None
    sound: bool = False

    def __post_init__(self) -> None:
        _check_integer("n0", self.n0, 1, MAX_SAMPLES)
        _check_integer("n", self.n, 1, MAX_SAMPLES)
        _check_integer("batch", self.batch, 1, 2**31 - 1)
        _check_integer("skip", self.skip, 1, 2**31 - 1)
        if self.most is not None:
            _check_integer("max", self.most, 1, 2**31 - 1)
        _check_integer("seed", self.seed, 0, 2**64 - 1)
        if not self.certificate and self.noise in CERTIFICATES:
            object.__setattr__(self, "certificate", CERTIFICATES[self.parameters.noise][0])
        parameters = self.parameters
        if float(parameters.alpha) < _LEAST_ALPHA:
            raise ValueError(f"alpha = {describe(self.alpha)} is outside [{_LEAST_ALPHA}, 1)")
        if self.until_radius is not None:
            self._check_radius(parameters)
        if self.sound and self.certificate not in SOUND:
            raise ValueError(
                f"sound with noise = {self.noise} and certificate = {self.certificate}: sound are "
                f"{', '.join(SOUND)} under laplace noise"
            )
        if (self.scale is not None) is not self.sound:
            raise ValueError(f"scale = {describe(self.scale)} with sound = {self.sound}")

    def _check_radius(self, parameters: Parameters) -> None:
        radius = to_positive("until_radius", self.until_radius or "")
        size = parameters.scale
        if self.noise == "uniform" and radius**2 >= size.coefficient**2 * size.radicand:
            raise ValueError(
                f"until_radius = {describe(self.until_radius)} is outside (0, {float(size)}): "
                "uniform noise certifies nothing beyond its half-width"
            )

    @property
    def parameters(self) -> Parameters:
        """What an audit holds the log against."""
        return Parameters.parse(
            self.noise,
            sigma=self.sigma,
            num_samples=self.n,
            alpha=self.alpha,
            certificate=self.certificate or None,
        )

    @property
    def rate(self) -> Fraction:
        """The error rate, exact."""
        return to_fraction(self.alpha)

    @property
    def radius(self) -> Fraction | None:
        """The radius at which points are decided, exact."""
        return None if self.until_radius is None else to_fraction(self.until_radius)

    @property
    def exact_scale(self) -> Fraction:
        """Lambda of a sound run."""
        if self.scale is None:
            raise ValueError("a run that is not sound has no rational lambda")
        return to_fraction(self.scale)

    def as_json(self) -> dict[str, Any]:
        """Every parameter, as JSON can say it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: object) -> Settings:
        """The inverse of `as_json`; a ValueError of one line for anything else.

        Examples
        --------
        >>> stated = Settings(noise="gaussian", sigma="0.5")
        >>> Settings.from_json(stated.as_json()) == stated, stated.certificate
        (True, 'cohen')
        """
        names = {one.name for one in fields(cls)}
        if not isinstance(content, Mapping) or set(content) != names:
            raise ValueError("its settings are not those of a certification run")
        if type(content["sound"]) is not bool:
            raise ValueError(f"sound = {describe(content['sound'])} is neither true nor false")
        for name in ("noise", "sigma", "alpha", "device", "certificate"):
            if not isinstance(content[name], str):
                raise ValueError(f"{name} = {describe(content[name])} is no text")
        return cls(**content)


#: below it, Clopper and Pearson's bounds are no longer computed to many digits
_LEAST_ALPHA = 1e-200


def sigma_of(scale: Fraction) -> str:
    """The standard deviation sqrt(2) lambda of a rational lambda, rounded up in its 40th digit.

    >>> sigma_of(Fraction(1, 4))
    '0.3535533905932737622004221810524245196425'
    """
    return decimal_enclosure(Surd(scale, 2).ball(256), _DIGITS)[1]


def spelled(number: Exact) -> str:
    """An exact number as a text that stands for just this number, as short as a float's own.

    >>> spelled("0.5"), spelled(Fraction(1, 3)), spelled(0.001)
    ('0.5', '1/3', '0.001')
    """
    if isinstance(number, float):
        # who writes 0.001 in a program means this decimal, not the float's binary digits
        return repr(number) if math.isfinite(number) else str(to_fraction(number))
    return str(to_fraction(number)) if isinstance(number, Fraction) else str(number)


def charged(alpha: Fraction, charge: Fraction) -> Fraction:
    """What is left of alpha for the bounds once a total-variation distance is paid for.

    If the draws' joint law is within `charge` of the law that the certificate is about, an event
    of probability at most alpha - charge under the latter has at most alpha under the former.

    Raises
    ------
    ValueError
        If nothing is left.

    Examples
    --------
    >>> charged(Fraction(1, 1000), Fraction(1, 10**6))
    Fraction(999, 1000000)
    """
    if not 0 <= charge < alpha:
        spent = ceil_float(arb(charge.numerator) / charge.denominator)
        raise ValueError(f"alpha = {alpha} does not pay for the sampler's {spent:.3g}: raise it")
    return alpha - charge


def _check_integer(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} = {describe(value)} is outside the integers in [{least}, {most}]")
