"""What a certification needs before it starts: the bound on PA, the samples, the radius they give.

Too few samples make every input abstain at a radius however sure the classifier is, and days of
sampling pass before it shows. Two classes, one-sided Clopper-Pearson bounds unless told otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from l1cert.audit.parameters import FUNCTIONS
from l1cert.radii import same_variance
from theory.binomial_tails import MAX_SAMPLES
from theory.confidence import upper
from theory.exact import (
    FIRST_PRECISION,
    Exact,
    Surd,
    ceil_float,
    describe,
    to_fmpq,
    to_fraction,
    working_precision,
)
from theory.inverse_radii import needed_complement, needed_probability
from theory.parameters import checked_flag, to_integer
from theory.radius_formulas import Method
from theory.sample_sizes import (
    count_reached,
    largest_radius,
    level_of,
    samples_needed_for,
    unanimous_samples,
)

ALPHA = "0.001"
POWER = "0.9"

_LEAST, _MOST = Fraction(1, 10**300), Fraction(10**300)


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """What one certificate takes to reach the radius; None where there is none, and `why` in words.

    Attributes
    ----------
    p_a_needed
        The probability whose radius it is, rounded up: the bound on PA has to reach it.
    n_unanimous
        The least n for which any input is certified at the radius, if all its samples agree.
    n_needed
        The least n whose bound reaches the radius with the stated power, at the stated PA.
    largest_radius
        The radius when all n samples agree, rounded down, n being `samples`.
    radius_with_power
        The radius that n samples reach or exceed with the stated power at the stated PA, rounded
        down.
    samples
        n: the stated one, or `n_needed`, or `n_unanimous`, the first that there is.
    why
        Why something is None, or the radius out of reach; one phrase each.
    """

    p_a_needed: float | None
    n_unanimous: int | None
    n_needed: int | None
    largest_radius: float | None
    radius_with_power: float | None
    samples: int | None
    why: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The numbers under their names, None where there is none, with n and the words for why."""
        return {
            "p_a_needed": self.p_a_needed,
            "n_unanimous": self.n_unanimous,
            "n_needed": self.n_needed,
            "largest_radius": self.largest_radius,
            "radius_with_power": self.radius_with_power,
            "samples": self.samples,
            "why": list(self.why),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked, and each certificate's plan; `scale` is lambda of the same variance."""

    radius: float
    scale: float
    alpha: float
    two_sided: bool
    p_a: float | None
    power: float
    n: int | None
    methods: Mapping[Method, MethodPlan]

    def as_json(self) -> dict[str, Any]:
        """What was asked, and under "methods" each certificate's numbers."""
        return {
            "radius": self.radius,
            "scale": self.scale,
            "alpha": self.alpha,
            "two_sided": self.two_sided,
            "p_a": self.p_a,
            "power": self.power,
            "n": self.n,
            "methods": {name: one.as_json() for name, one in self.methods.items()},
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    radius: Fraction
    rate: Fraction
    p_a: Fraction | None
    power: float
    n: int | None


def plan(
    radius: Exact,
    *,
    scale: Exact | None = None,
    sigma: Exact | None = None,
    alpha: Exact = ALPHA,
    p_a: Exact | None = None,
    num_samples: int | None = None,
    power: Exact = POWER,
    two_sided: bool = False,
) -> Plan:
    """Return what each certificate takes to reach a radius, under noise of the same variance.

    Laplace noise of parameter lambda, Gaussian noise of standard deviation sqrt(2) lambda and
    uniform noise of half-width sqrt(6) lambda; Theorem 2, Lecuyer et al., Cohen et al. and Yang et
    al., each with two classes. The class's probability is another under each noise: a stated PA is
    taken for that of every one.

    Parameters
    ----------
    radius : int, float, Decimal, Fraction or str
        R, in [1e-300, 1e300), in the unit of the input's coordinates.
    scale, sigma : int, float, Decimal, Fraction or str
        Exactly one of the two, in [1e-300, 1e300), as for `l1cert.radius`.
    alpha : int, float, Decimal, Fraction or str
        Error rate of each certificate, in [1e-300, 1).
    p_a : int, float, Decimal, Fraction or str, optional
        PA, the probability itself and not a bound on it, in (1/2, 1].
    num_samples : int, optional
        n, in [1, 10^10].
    power : int, float, Decimal, Fraction or str
        The probability with which the radius is to be reached, in (alpha, 1).
    two_sided : bool
        The bounds are those of an interval, alpha/2 on either side.

    Returns
    -------
    Plan
        Numbers of samples are exact where all agree; elsewhere as `theory.sample_sizes` rounds.

    Raises
    ------
    ValueError
        If an input is outside its domain, or not exactly one of `scale` and `sigma` is given.

    Examples
    --------
    >>> found = plan(3, scale=1, p_a="0.99").methods["theorem_2"]
    >>> found.n_unanimous, found.n_needed, round(found.p_a_needed, 6)
    (275, 1520, 0.975106)
    >>> plan(3, scale=1).methods["uniform"].why
    ('no n: uniform noise certifies less than 2.44949',)
    """
    given = {"scale": scale, "sigma": sigma}
    laplace, gaussian, half_width = same_variance(
        *(None if value is None else _in_range(name, value) for name, value in given.items())
    )
    if num_samples is not None:
        num_samples = to_integer("n", num_samples, 1, MAX_SAMPLES)
    two_sided = checked_flag("two_sided", two_sided)
    rate = _in_range("alpha", alpha, below=Fraction(1))
    asked = _Asked(
        radius=_in_range("radius", radius),
        rate=rate / 2 if two_sided else rate,
        p_a=None if p_a is None else _top(p_a),
        power=_power(power, rate / 2 if two_sided else rate),
        n=num_samples,
    )
    scales: dict[Method, Surd] = {
        "theorem_2": laplace,
        "lecuyer": laplace,
        "cohen": gaussian,
        "uniform": half_width,
    }
    return Plan(
        radius=float(asked.radius),
        scale=float(laplace),
        alpha=float(rate),
        two_sided=two_sided,
        p_a=None if asked.p_a is None else float(asked.p_a),
        power=asked.power,
        n=num_samples,
        methods={name: _of_method(name, asked, one) for name, one in scales.items()},
    )


def _of_method(method: Method, asked: _Asked, scale: Surd) -> MethodPlan:
    needed = needed_probability(method, asked.radius, scale=scale, precision=FIRST_PRECISION)
    unanimous = unanimous_samples(method, asked.radius, alpha=asked.rate, scale=scale)
    why = [_no_unanimity(needed, scale)] if unanimous is None else []
    enough = None
    if asked.p_a is not None:
        enough = samples_needed_for(
            method, asked.radius, asked.p_a, alpha=asked.rate, scale=scale, power=asked.power
        )
        if enough is None and unanimous is not None:
            why.append(_no_sample_size(method, asked.p_a, asked.radius, scale))
    n = next((one for one in (asked.n, enough, unanimous) if one is not None), None)
    most = reached = None
    if n is not None:
        most = largest_radius(method, n, alpha=asked.rate, scale=scale).lower or None
        reached = None if asked.p_a is None else _reached(method, asked.p_a, asked, scale, n)
    if asked.n is not None and unanimous is not None and asked.n < unanimous:
        why.append(f"n = {asked.n} is too few: every input abstains at this radius")
    return MethodPlan(
        p_a_needed=None if needed is None else min(1.0, ceil_float(needed)),
        n_unanimous=unanimous,
        n_needed=enough,
        largest_radius=most,
        radius_with_power=reached,
        samples=n,
        why=tuple(why),
    )


def _reached(method: Method, p_a: Fraction, asked: _Asked, scale: Surd, n: int) -> float | None:
    """The radius of the bound at the count that is reached with the power; None if it abstains."""
    if n > MAX_SAMPLES:
        return None
    count = count_reached(n, p_a, power=asked.power)
    if count == n:
        return largest_radius(method, n, alpha=asked.rate, scale=scale).lower or None
    # lower(count) is 1 - upper(n - count), and the misses keep their digits however few they are
    bound = 1 - Fraction(upper(n - count, n, alpha=level_of(asked.rate)))
    function, name = FUNCTIONS[method]
    found = function(bound, **{name: scale})
    return None if math.isnan(found) else float(found)


def _no_unanimity(needed: arb | None, scale: Surd) -> str:
    if needed is None or needed == 1:
        return f"no n: uniform noise certifies less than {float(scale):.7g}"
    return "no n up to 10^15: the bound needed is too close to 1"


def _no_sample_size(method: Method, p_a: Fraction, radius: Fraction, scale: Surd) -> str:
    misses = needed_complement(method, radius, scale=scale, precision=FIRST_PRECISION)
    with working_precision(FIRST_PRECISION):
        above = misses is not None and arb(to_fmpq(1 - p_a)) < misses
    if above:
        return "PA is above the bound needed, but so little that it takes more than 10^10 samples"
    return "PA is below the bound needed: no n shows it"


def _in_range(name: str, value: Exact, *, below: Fraction = _MOST) -> Fraction:
    try:
        number = to_fraction(value)
    except ValueError:
        number = Fraction(0)
    if not _LEAST <= number < below:
        raise ValueError(f"{name} = {describe(value)} is outside [1e-300, {float(below):g})")
    return number


def _top(p_a: Exact) -> Fraction:
    try:
        number = to_fraction(p_a)
    except ValueError:
        number = Fraction(0)
    if not Fraction(1, 2) < number <= 1:
        raise ValueError(f"p_a = {describe(p_a)} is outside (1/2, 1]")
    return number


def _power(power: Exact, rate: Fraction) -> float:
    try:
        number = to_fraction(power)
    except ValueError:
        number = Fraction(0)
    if not (rate < number < 1 and float(number) < 1):
        raise ValueError(f"power = {describe(power)} is outside (alpha, 1), alpha = {float(rate)}")
    return float(number)
