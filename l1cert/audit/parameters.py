"""What a log is held against: its noise, the samples, the error rate and the certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from theory import certificates
from theory.arguments import Probability
from theory.binomial_tails import MAX_SAMPLES
from theory.certificates import Radius, Rounding
from theory.exact import Exact, Surd, describe, to_fraction, to_positive
from theory.radius_formulas import Method

Noise: TypeAlias = Literal["laplace", "gaussian", "uniform"]

#: each certificate, with what it calls the scale of its noise
FUNCTIONS: Mapping[Method, tuple[Callable[..., Radius], str]] = MappingProxyType(
    {
        "theorem_1": (certificates.theorem_1, "scale"),
        "theorem_2": (certificates.theorem_2, "scale"),
        "exact": (certificates.exact, "scale"),
        "lecuyer": (certificates.lecuyer, "scale"),
        "cohen": (certificates.cohen, "sigma"),
        "uniform": (certificates.uniform, "half_width"),
    }
)

#: the certificates that may be evaluated under each noise, the log's own by default first; a
#: probability measured under one noise never enters a formula of another
CERTIFICATES: Mapping[Noise, tuple[Method, ...]] = MappingProxyType(
    {
        "laplace": ("theorem_2", "theorem_1", "exact", "lecuyer"),
        "gaussian": ("cohen",),
        "uniform": ("uniform",),
    }
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The stated parameters of a run.

    Parameters
    ----------
    noise : {"laplace", "gaussian", "uniform"}
    sigma : int, float, Decimal, Fraction or str
        Standard deviation of one coordinate of the noise, in (0, inf), any noise.
    num_samples : int
        n, the samples of each bound, in [1, 10^10].
    alpha : int, float, Decimal, Fraction or str
        Error rate of each certificate, in (0, 1).
    certificate : str, optional
        What the radius column is; by default the first of `CERTIFICATES`.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> run = Parameters.parse("uniform", sigma="0.5", num_samples=100_000, alpha="0.001")
    >>> run.certificate, float(run.scale), run.radius(0.75)
    ('uniform', 0.8660254037844386, 0.4330127018922193)
    """

    noise: Noise
    sigma: Fraction
    num_samples: int
    alpha: Fraction
    certificate: Method

    @classmethod
    def parse(
        cls,
        noise: str,
        *,
        sigma: Exact,
        num_samples: int,
        alpha: Exact,
        certificate: str | None = None,
    ) -> Parameters:
        """Check every parameter; a ValueError of one line for what is outside its set."""
        found = next((one for one in get_args(Noise) if one == noise), None)
        if found is None:
            raise ValueError(f"noise = {describe(noise)} is none of {', '.join(get_args(Noise))}")
        legal = CERTIFICATES[found]
        chosen = legal[0] if certificate is None else certificate
        method = next((one for one in legal if one == chosen), None)
        if method is None:
            raise ValueError(
                f"certificate = {describe(certificate)} is none of {', '.join(legal)}, which are "
                f"those of {found} noise"
            )
        if not 1 <= num_samples <= MAX_SAMPLES:
            raise ValueError(f"n = {describe(num_samples)} is outside [1, {MAX_SAMPLES}]")
        rate = to_fraction(alpha)
        if not 0 < rate < 1:
            raise ValueError(f"alpha = {describe(alpha)} is outside (0, 1)")
        return cls(found, to_positive("sigma", sigma), num_samples, rate, method)

    @property
    def scale(self) -> Surd:
        """The noise's own scale: lambda = sigma/sqrt(2), sigma, or half_width = sqrt(3) sigma."""
        if self.noise == "laplace":
            return Surd(self.sigma / 2, 2)
        return Surd(self.sigma, 3 if self.noise == "uniform" else 1)

    def radius(
        self,
        p_a: Probability,
        p_b: Probability | None = None,
        *,
        method: Method | None = None,
        rounding: Rounding = "down",
    ) -> Radius:
        """The radius at bounds PA and PB, of the log's certificate or another of the same noise.

        Parameters, rounding and special values are those of `theory.certificates`: floats or
        arrays, NaN where two classes have PA below 1/2. Theorem 2 is for two classes: no p_b.
        """
        function, name = FUNCTIONS[method or self.certificate]
        bounds = (p_a,) if p_b is None else (p_a, p_b)
        found: Radius = function(*bounds, **{name: self.scale}, rounding=rounding)
        return found
