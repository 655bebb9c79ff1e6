"""Every method's certified radius side by side, under noise of the same variance."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from theory import certificates
from theory.arguments import FloatArray, Probability
from theory.certificates import Rounding
from theory.exact import Exact, Surd, describe, to_positive

Values: TypeAlias = float | FloatArray
Json: TypeAlias = bool | float | str | list["Json"] | None


@dataclass(frozen=True, slots=True)
class Radii:
    """The radius of every method: floats, or arrays of one shape if an input was an array.

    Each certifies every delta with ``||delta||_1 < radius``; where the binary case abstains it
    is NaN and `abstain` is true. `theorem_2` is None if p_b was given, `exact_k` and `directional`
    if they were not asked for. The rounding is that which `radius` was asked for.
    """

    theorem_1: Values
    theorem_2: Values | None
    exact: Values
    lecuyer: Values
    cohen: Values
    uniform: Values
    abstain: bool | npt.NDArray[np.bool_]
    exact_k: Values | None = None
    directional: float | None = None

    def as_json(self) -> dict[str, Json]:
        """Return the radii under their names, as JSON can say them.

        An abstention is None everywhere and ``"abstain": True``; an infinite radius is "inf"; an
        array is a list. "exact_k" and "directional" are there if they were asked for.

        Examples
        --------
        >>> radius("0.4", scale=2).as_json()["theorem_1"] is None
        True
        >>> radius("1", scale=2).as_json()["theorem_2"]
        'inf'
        """
        asked = {"exact_k": self.exact_k, "directional": self.directional}
        return {
            "theorem_1": _json(self.theorem_1),
            "theorem_2": _json(self.theorem_2),
            "exact": _json(self.exact),
            **{name: _json(value) for name, value in asked.items() if value is not None},
            "lecuyer": _json(self.lecuyer),
            "cohen": _json(self.cohen),
            "uniform": _json(self.uniform),
            "abstain": _json(self.abstain),
        }


def radius(
    p_a: Probability,
    p_b: Probability | None = None,
    *,
    scale: Exact | None = None,
    sigma: Exact | None = None,
    num_classes: int | None = None,
    direction: Sequence[Exact] | None = None,
    rounding: Rounding = "down",
) -> Radii:
    """Return every method's certified l1 radius, under noise of the same variance.

    Laplace noise of parameter lambda, Gaussian noise of standard deviation sqrt(2) lambda and
    uniform noise of half-width sqrt(6) lambda have the same variance (sections 4.3 and 5); the
    square roots are exact until the last rounding. The radii are those of Theorem 1, Theorem 2,
    Table 1, Yang et al. (2020), and the largest ones that Laplace noise certifies: `exact` with
    any number of classes, `exact_k` with `num_classes`, `directional` in one direction.

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction, str, or array of floats
        Lower bound on the top class's probability under the noise, in [0, 1]. A decimal string is
        exactly that decimal; a float is exactly the binary number that it stores.
    p_b : the same, optional
        Upper bound on every other class's probability, in [0, p_a]. Omitted: the binary case,
        1 - p_a, which abstains where p_a < 1/2.
    scale, sigma : int, float, Decimal, Fraction or str
        Exactly one of the two, in (0, inf): Laplace's lambda, or the standard deviation of one
        coordinate, in the unit of the input's coordinates.
    num_classes : int, optional
        The number of classes, at least 2, for `exact_k`.
    direction : sequence of int, float, Decimal, Fraction or str, optional
        A perturbation that is not zero, for `directional`: every multiple of it with a smaller l1
        norm is certified. Only with two classes, so without p_b, and for a single p_a.
    rounding : {"down", "nearest"}
        "down": no radius is above its exact value. "nearest": for plots.

    Returns
    -------
    Radii
        The radii, and where they abstain.

    Raises
    ------
    ValueError
        If an input is outside its domain, not exactly one of `scale` and `sigma` is given, or a
        direction comes with p_b.

    Examples
    --------
    >>> radii = radius("0.9", sigma="1")
    >>> radii.theorem_2, radii.cohen
    (1.1380444617808732, 1.2815515655446004)
    >>> radius("0.6", "0.2", scale=1).theorem_2 is None
    True
    >>> radii = radius("0.6", "0.1", scale=1, num_classes=3)
    >>> radii.theorem_1, radii.exact, radii.exact_k
    (0.8958797346140275, 0.916290731874155, 1.2628643221541276)
    """
    laplace, gaussian, half_width = same_variance(scale, sigma)
    theorem_1 = certificates.theorem_1(p_a, p_b, scale=laplace, rounding=rounding)
    return Radii(
        theorem_1=theorem_1,
        theorem_2=None
        if p_b is not None
        else certificates.theorem_2(p_a, scale=laplace, rounding=rounding),
        exact=certificates.exact(p_a, p_b, scale=laplace, rounding=rounding),
        exact_k=None
        if num_classes is None
        else certificates.exact_k(
            p_a, p_b, num_classes=num_classes, scale=laplace, rounding=rounding
        ),
        lecuyer=certificates.lecuyer(p_a, p_b, scale=laplace, rounding=rounding),
        cohen=certificates.cohen(p_a, p_b, sigma=gaussian, rounding=rounding),
        uniform=certificates.uniform(p_a, p_b, half_width=half_width, rounding=rounding),
        abstain=certificates.is_abstention(theorem_1),
        directional=None
        if direction is None
        else _directional(p_a, p_b, direction, scale=laplace, rounding=rounding),
    )


def _directional(
    p_a: Probability,
    p_b: Probability | None,
    direction: Sequence[Exact],
    *,
    scale: Surd,
    rounding: Rounding,
) -> float:
    from theory.directional import directional_radius

    if p_b is not None:
        raise ValueError(
            f"p_b = {describe(p_b)} and a direction: the directional radius is for two classes"
        )
    if isinstance(direction, str) or not isinstance(direction, Iterable):
        raise ValueError(f"direction = {describe(direction)} is no sequence of numbers")
    if isinstance(p_a, np.ndarray | Sequence) and not isinstance(p_a, str):
        raise ValueError("p_a is an array: the directional radius takes a single exact number")
    return directional_radius(p_a, direction, scale=scale, rounding=rounding)


def same_variance(scale: Exact | None, sigma: Exact | None) -> tuple[Surd, Surd, Surd]:
    """Return lambda, sigma and the half-width of the three noises of one variance."""
    if scale is not None and sigma is None:
        exact = to_positive("scale", scale)
        return Surd(exact), Surd(exact, 2), Surd(exact, 6)
    if sigma is not None and scale is None:
        exact = to_positive("sigma", sigma)
        return Surd(exact / 2, 2), Surd(exact), Surd(exact, 3)
    raise ValueError(
        f"scale = {describe(scale)} and sigma = {describe(sigma)}: exactly one must be given"
    )


def _json(value: object) -> Json:
    if isinstance(value, np.ndarray):
        return _json(value.tolist())
    if isinstance(value, list):
        return [_json(element) for element in value]
    if isinstance(value, bool):
        return value
    if not isinstance(value, float) or math.isnan(value):
        return None
    return "inf" if math.isinf(value) else value
