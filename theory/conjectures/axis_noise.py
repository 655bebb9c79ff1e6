"""The noise of a conjectured radius, along one axis: named, a density, or a scipy distribution.

The coordinates of the noise are independent copies of one even, unimodal law f at unit scale. Let
X have that law and Y = X + r. Among all classifiers whose top class has at least 1 - short at x,
and one other class at most `other`, the worst one along an axis is that of Neyman and Pearson,

    margin(r) = [1 - h_r(short)] - h_r(other),    h_r(q) = max {P(Y in S) : P(X in S) <= q},

and the exact axis radius is the first r with margin(r) <= 0. Where f is log-concave the best S is
a half-line and the radius is (Q(short) + Q(other)) / 2, Q the inverse of P(X > x); elsewhere S is
a level set of f(x - r) / f(x) (see `theory.conjectures.level_sets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike
from scipy import stats

from theory import densities
from theory.conjectures.axis_law import AxisLaw, Floats, WorstSets, half_lines
from theory.conjectures.axis_radius import level_radius
from theory.conjectures.density_checks import (
    density_law,
    frozen,
    is_log_concave,
    scipy_law,
    unit_density,
)
from theory.conjectures.level_sets import level_sets
from theory.exact import describe, to_fraction
from theory.noise import Gaussian, Laplace, Noise, Uniform
from theory.symbols import x

__all__ = ["AxisNoise", "NoiseInput", "WorstSets", "parse_noise"]

NoiseInput: TypeAlias = Any
"""A name, a class or an instance of `theory.noise`, a SymPy density, or a scipy distribution."""

_LEGAL = "laplace, gaussian, uniform, a SymPy density, a scipy law"


@dataclass(frozen=True, eq=False)
class AxisNoise:
    """One coordinate of a noise at unit scale, and what is known of its worst direction.

    Parameters
    ----------
    name : {"laplace", "gaussian", "uniform", "density"}
        What it is.
    text : str
        One line for a report.
    scale : Fraction or None
        The scale of the instance that was given; None: every scale.
    words : mapping of str to sympy.Expr
        The values of "lam", "sigma" and "half_width" in units of the noise's own scale, at equal
        variance. Without a finite variance only "lam" is there. A number that was computed by
        quadrature is a `sympy.Float`.
    own_word : {"lam", "sigma", "half_width"}
        Which of them is the noise's own scale; for a density, lam is what it is dilated by.
    log_concave : bool or None
        None: not decided.
    axis_is_worst : bool
        Whether an axis is known to be the worst l1 direction in every dimension.
    axis_reason : str
        Why, or that it is an assumption.
    density : sympy.Expr or None
        At unit scale, in `theory.symbols.x`; None for a scipy distribution.
    law : AxisLaw
        The same in floats.

    Examples
    --------
    >>> noise = parse_noise("laplace")
    >>> noise.words["sigma"], noise.own_word, noise.log_concave
    (sqrt(2), 'lam', True)
    >>> round(float(noise.radius(0.1, 0.1)), 12)  # log(5)
    1.609437912434
    """

    name: str
    text: str
    scale: Fraction | None
    words: Mapping[str, sp.Expr]
    own_word: str
    log_concave: bool | None
    axis_is_worst: bool
    axis_reason: str
    density: sp.Expr | None
    law: AxisLaw = field(repr=False)

    def pdf(self, x: ArrayLike) -> Floats:
        """The density at x, at unit scale, to nearest up to a few units in the last place.

        >>> float(parse_noise("uniform").pdf(0.25))
        0.5
        """
        return self.law.pdf(np.asarray(x, dtype=np.float64))

    def cdf(self, x: ArrayLike) -> Floats:
        """P(X <= x) = P(X > -x), at unit scale.

        >>> float(parse_noise("uniform").cdf(0.5))
        0.75
        """
        return self.law.survival(-np.asarray(x, dtype=np.float64))

    def survival(self, x: ArrayLike) -> Floats:
        """P(X > x), at unit scale, with its relative accuracy kept in the tail.

        >>> float(parse_noise("gaussian").survival(30.0))
        4.906713927148187e-198
        """
        return self.law.survival(np.asarray(x, dtype=np.float64))

    def inverse_survival(self, q: ArrayLike) -> Floats:
        """The x with P(X > x) = q, at unit scale, for q in [0, 1].

        >>> float(parse_noise("laplace").inverse_survival(5e-301))
        690.7755278982137
        """
        return self.law.inverse_survival(_probabilities("q", q))

    def radius(self, short: ArrayLike, other: ArrayLike) -> Floats:
        """The exact axis radius at unit scale: the first r with margin(r) <= 0.

        Parameters
        ----------
        short : float or array
            1 - pa', the most that X may have outside the top class; in [0, 1].
        other : float or array
            pb', the most that one other class has; in [0, 1], in any order with `short`.

        Returns
        -------
        array
            To nearest: a few units in the last place of the two quantiles where the noise is
            log-concave, else as `theory.conjectures.axis_radius` says. 0 where
            short + other >= 1; inf where one of them is 0 and the support is unbounded.

        Raises
        ------
        ValueError
            If a probability is NaN or outside [0, 1].

        Examples
        --------
        >>> parse_noise("uniform").radius([0.25, 0.5], [0.125, 0.5]).tolist()
        [0.625, 0.0]
        """
        one, two = np.broadcast_arrays(
            _probabilities("short", short), _probabilities("other", other)
        )
        positive = one + two < 1.0
        found = np.zeros(one.shape)
        if self.log_concave:
            above = self.law.inverse_survival(one[positive])
            found[positive] = 0.5 * (above + self.law.inverse_survival(two[positive]))
        else:
            pairs = zip(one[positive].tolist(), two[positive].tolist(), strict=True)
            found[positive] = [level_radius(self.law, a, b) for a, b in pairs]
        return np.maximum(found, 0.0)

    def worst_sets(self, r: float, short: float, other: float) -> WorstSets:
        """The sets of the worst classifier along the axis, at the shift r and at unit scale.

        Parameters
        ----------
        r : float
            The shift, in [0, inf).
        short, other : float
            As for `radius`.

        Returns
        -------
        WorstSets
            Unions of intervals of x, with their masses under X and Y = X + r.

        Raises
        ------
        ValueError
            If r is NaN, infinite or negative, or a probability is outside [0, 1].

        Examples
        --------
        >>> sets = parse_noise("uniform").worst_sets(0.5, 0.25, 0.125)
        >>> sets.not_top, sets.second, sets.margin
        (((0.5, inf),), ((0.75, inf),), 0.125)
        """
        if not 0.0 <= r < np.inf:
            raise ValueError(f"r = {r} is outside [0, inf)")
        pair = (float(_probabilities("short", short)), float(_probabilities("other", other)))
        build = half_lines if self.log_concave else level_sets
        return build(self.law, float(r), *pair)


def _probabilities(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    legal = (array >= 0.0) & (array <= 1.0)
    if not legal.all():
        raise ValueError(f"{name} = {array[~legal].flat[0]} is outside [0, 1]")
    return array


_NAMED: Mapping[str, tuple[type[Noise], str, str]] = {
    "laplace": (
        Laplace,
        "lam",
        "Laplace: P(Y in A) >= F(Q(PA) - r/lambda) for every direction of l1 norm r, with equality "
        "on an axis (claim worst_direction_is_axis)",
    ),
    "gaussian": (
        Gaussian,
        "sigma",
        "Gaussian: the worst case depends on ||delta||_2 alone, which is largest on an axis",
    ),
    "uniform": (
        Uniform,
        "half_width",
        "uniform: the worst case depends on the overlap of two cubes alone, which is least on an "
        "axis, as prod(1 - a_i) >= 1 - sum(a_i)",
    ),
}


def _named_density(name: str) -> sp.Expr:
    if name == "laplace":
        return densities.laplace(x, sp.Integer(1))
    if name == "gaussian":
        return densities.gaussian(x, sp.Integer(1))
    return sp.Piecewise((sp.Rational(1, 2), sp.Abs(x) <= 1), (0, True))


@cache
def _named(name: str, scale: Fraction | None) -> AxisNoise:
    kind, own, reason = _NAMED[name]
    unit: Any = kind
    law = unit(1.0)
    # sigma = sqrt(2) lam = half_width / sqrt(3)
    in_sigma = {"lam": 1 / sp.sqrt(2), "sigma": sp.Integer(1), "half_width": sp.sqrt(3)}
    words = {word: sp.radsimp(value / in_sigma[own]) for word, value in in_sigma.items()}
    title = "uniform" if name == "uniform" else name.capitalize()
    return AxisNoise(
        name=name,
        text=f"{title} noise" + ("" if scale is None else f", {own} = {scale}"),
        scale=scale,
        words=MappingProxyType(words),
        own_word=own,
        log_concave=True,
        axis_is_worst=True,
        axis_reason=reason,
        density=_named_density(name),
        law=AxisLaw(
            log_pdf=law.log_density,
            survival=law.survival,
            inverse_survival=law.inverse_survival,
            half_support=1.0 if name == "uniform" else np.inf,
        ),
    )


_ASSUMED = (
    "assumed: for this density the axis is not known to be the worst l1 direction in d >= 2 "
    "(in d = 1 it is the only one)"
)


def _user_noise(
    text: str, scale: Fraction | None, law: AxisLaw, variance: float, density: sp.Expr | None
) -> AxisNoise:
    words = {"lam": sp.Integer(1)}
    if variance < np.inf:
        sigma = sp.Float(np.sqrt(variance))
        words |= {"sigma": sigma, "half_width": sp.Float(np.sqrt(3.0 * variance))}
    return AxisNoise(
        name="density",
        text=text,
        scale=scale,
        words=MappingProxyType(words),
        own_word="lam",
        log_concave=is_log_concave(law, density),
        axis_is_worst=False,
        axis_reason=_ASSUMED,
        density=density,
        law=law,
    )


@lru_cache(maxsize=64)
def _from_density(expression: sp.Expr) -> AxisNoise:
    density, word = unit_density(expression)
    known = _recognised(density, word)
    if known is not None:
        return known
    law, variance = density_law(density)
    found = _user_noise(
        f"density {describe(density)}", None if word else Fraction(1), law, variance, density
    )
    if word in ("sigma", "half_width") and not abs(float(found.words.get(word, 0)) - 1.0) < 1e-9:
        value = f"{float(found.words[word]):.6g}" if word in found.words else "infinite"
        raise ValueError(
            f"noise has the scale {word}, but at {word} = 1 its {word} (equal variance) is {value}"
            ": name the scale lam, by which the density at scale 1 is dilated"
        )
    return found


def _recognised(density: sp.Expr, word: str | None) -> AxisNoise | None:
    """The named noise that has this density, by its form: its peak tells the scale."""
    peak = density.subs(x, 0)
    if not (peak.is_number and peak.is_positive):
        return None
    scales = {"laplace": 1 / (2 * peak), "gaussian": 1 / (peak * sp.sqrt(2 * sp.pi))}
    for name, scale in scales.items():
        form = densities.laplace if name == "laplace" else densities.gaussian
        if sp.expand(density / form(x, scale), power_exp=False) != 1:
            continue
        if word is not None:
            key = "lam" if word == "lambda" else word
            ratio = sp.N(scale * _named(name, None).words[key], 40)
            fits = abs(ratio - 1) < sp.Float("1e-30", 40)
            return _named(name, None) if fits else None
        return _named(name, Fraction(int(scale.p), int(scale.q))) if scale.is_Rational else None
    return None


_SCIPY = {"laplace": "laplace", "norm": "gaussian", "uniform": "uniform"}


def _from_scipy(distribution: Any) -> AxisNoise:
    distribution = frozen(distribution)
    classic = isinstance(distribution, stats.distributions.rv_frozen)
    if classic and distribution.dist.name in _SCIPY and not distribution.dist.shapes:
        given = dict(zip(("loc", "scale"), distribution.args, strict=False)) | distribution.kwds
        low, scale = float(given.get("loc", 0.0)), float(given.get("scale", 1.0))
        name = _SCIPY[distribution.dist.name]
        low, scale = (low + 0.5 * scale, 0.5 * scale) if name == "uniform" else (low, scale)
        if low == 0.0 < scale:
            return _named(name, to_fraction(scale))
    law, variance = scipy_law(distribution)
    text = describe(distribution)
    if classic:
        words = [str(one) for one in distribution.args]
        words += [f"{key}={one}" for key, one in distribution.kwds.items()]
        text = f"{distribution.dist.name}({', '.join(words)})"
    return _user_noise(f"scipy {text}", Fraction(1), law, variance, None)


def parse_noise(noise: NoiseInput) -> AxisNoise:
    """The noise that a user names, as one coordinate of it at unit scale.

    Parameters
    ----------
    noise : str, Noise class or instance, sympy.Expr, or scipy distribution
        "laplace", "gaussian" or "uniform" in any case; a class or an instance of `theory.noise`;
        a density in one symbol x, with one scale symbol (lam, lambda, sigma or half_width) or
        without; or a frozen continuous distribution of scipy, taken as it is for scale 1.

    Returns
    -------
    AxisNoise
        A name or a class means every scale (`scale` is None), an instance its own.

    Raises
    ------
    ValueError
        If it is none of these, or not the density of an even and unimodal law.

    Examples
    --------
    >>> parse_noise("Gaussian").words["lam"], parse_noise(Laplace(0.5)).scale
    (sqrt(2)/2, Fraction(1, 2))
    >>> parse_noise("cauchy")
    Traceback (most recent call last):
        ...
    ValueError: noise = cauchy is none of laplace, gaussian, uniform, a SymPy density, a scipy law
    """
    if isinstance(noise, AxisNoise):
        return noise
    if isinstance(noise, str) and noise.strip().lower() in _NAMED:
        return _named(noise.strip().lower(), None)
    for name, (kind, own, _) in _NAMED.items():
        if noise is kind:
            return _named(name, None)
        if isinstance(noise, kind):
            word = "scale" if own == "lam" else own
            return _named(name, to_fraction(getattr(noise, word)))
    if isinstance(noise, sp.Expr):
        return _from_density(noise)
    if hasattr(noise, "logpdf") and hasattr(noise, "support"):
        return _from_scipy(noise)
    raise ValueError(f"noise = {describe(noise)} is none of {_LEGAL}")
