"""The rectified optional parameter space at a point: how much noise keeps its certificate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from flint import arb

from theory.exact import Exact, decimal_enclosure, describe, to_fraction
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball
from theory.rops_ball import BallPoint, ball_supremum_ball
from theory.rops_slab import Slab, slab_laplace_supremum_ball

if TYPE_CHECKING:
    from simulations.rops import Region, RopsRun

__all__ = ["Rops", "rops", "rops_simulation", "simulation_json"]

#: lower and upper bound, as decimals
Enclosure: TypeAlias = tuple[str, str]

_DIGITS = 30
_FIRST_BITS, _MOST_BITS = 128, 1 << 16
# Each bit of a Gaussian supremum in a ball of 3 or more dimensions costs an integral.
_BALL_BITS, _ENOUGH_BITS = 60, 54


@dataclass(frozen=True, slots=True)
class Rops:
    """The suprema of the standard deviations that certify a radius at a point.

    Each is an interval that is proved to contain sqrt(2) sup lambda or sup sigma, or None where no
    noise certifies the radius. `slab` and `ball` say what f = cA on is, where it is not the line's
    interval.
    """

    x: str
    radius: str
    laplace: Enclosure | None
    gaussian: Enclosure | None
    slab: tuple[str, ...] | None = None
    ball: BallPoint | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the enclosures as decimal strings, null where the ROPS is empty.

        >>> rops("0.3", radius="0.7").as_json()["laplace"]
        {'enclosure': None}
        >>> list(rops("0", ball=2).as_json())
        ['x', 'radius', 'ball', 'laplace', 'gaussian']
        """
        where: dict[str, Any] = {}
        if self.slab is not None:
            where["slab"] = [*self.slab]
        if self.ball is not None:
            where["ball"] = {"dim": self.ball.dim, "towards": self.ball.towards}
        return {
            "x": self.x,
            "radius": self.radius,
            **where,
            "laplace": {"enclosure": None if self.laplace is None else [*self.laplace]},
            "gaussian": {"enclosure": None if self.gaussian is None else [*self.gaussian]},
        }


def rops(
    x: Exact,
    *,
    radius: Exact = 0,
    slab: Sequence[Exact] | None = None,
    ball: int | None = None,
    towards: Literal["vertex", "face"] = "vertex",
) -> Rops:
    r"""Enclose the largest noise that certifies a radius at a point, Laplace and Gaussian.

    The base classifier on the line is cA on ``|x| <= 1`` and cB elsewhere; PA is the probability
    that noise leaves x there, and a radius r is certified where

    .. math:: -\lambda\log[2(1-P_A)] \ge r, \qquad \sigma\,\Phi^{-1}(P_A) \ge r

    Appendix D, Figures 10 (r = 0) and 11 (x = 0.3). The noises that certify r have a supremum, at
    which equality holds; it falls in r and vanishes at r = 1 - |x|.

    With `slab` it is cA on ``|w.x| <= 1`` in the dimension of w, with `ball` on the unit l1 ball.
    Laplace noise then certifies radii up to the l1 distance to cB, (1 - |x|)/||w||_inf or 1 - |x|,
    and Gaussian noise up to the l2 distance, 1 - |x| or (1 - |x|)/sqrt(d).

    Parameters
    ----------
    x : int, float, Decimal, Fraction or str
        The point, an exact number in (-1, 1). In a slab it is w.x, in a ball ||x||_1 with a sign.
    radius : int, float, Decimal, Fraction or str
        An exact number in [0, inf), in the unit of x; in l1.
    slab : sequence of exact numbers, optional
        The weights w, not all 0, up to a factor: ||w||_2 is taken to be 1, so that w.eps has the
        standard deviation of the noise whatever w is.
    ball : int, optional
        The dimension d, in [1, 256], or [1, 64] towards a face. Not together with a slab.
    towards : {"vertex", "face"}
        Whether the point is x e_1 or x (1, ..., 1)/d in a ball.

    Returns
    -------
    Rops
        Standard deviations in the unit of x, sqrt(2) lambda and sigma, each between two decimals of
        30 digits, rounded outward; in a ball they agree to about 17 digits.

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> found = rops("0.3", radius="0.490032906")
    >>> found.laplace[0][:12], found.gaussian[0][:12]
    ('0.9014626515', '0.9014626513')
    >>> rops("0.5", slab=["1", "1"], radius="0.6").gaussian is None
    True
    """
    place, reach = to_fraction(x), to_fraction(radius)
    if abs(place) >= 1:
        raise ValueError(f"x = {describe(x)} is outside (-1, 1)")
    if reach < 0:
        raise ValueError(f"radius = {describe(radius)} is outside [0, inf)")
    words = str(x), str(radius)
    if slab is not None and ball is not None:
        raise ValueError(f"slab = {slab} and ball = {ball}: at most one may be given")
    if ball is not None:
        point = BallPoint.of(x, dim=ball, towards=towards)
        return Rops(*words, *_in_ball(point, reach), ball=point)
    one_dimensional = reach < 1 - abs(place)
    gaussian = None
    if one_dimensional:
        gaussian = _decimals(partial(gaussian_supremum_ball, place, radius=reach))
    if slab is not None:
        band = Slab.of(slab)
        laplace = None
        if band.reaches(1 - abs(place), reach):
            laplace = _decimals(partial(slab_laplace_supremum_ball, place, band, radius=reach))
        return Rops(*words, laplace, gaussian, slab=tuple(str(weight) for weight in slab))
    laplace = None
    if one_dimensional:
        laplace = _decimals(partial(laplace_supremum_ball, place, radius=reach))
    return Rops(*words, laplace, gaussian)


def rops_simulation(
    found: Rops, *, num_samples: int, seed: int, alpha: float = 1e-3
) -> RopsRun | None:
    """Draw noise just below and just above the suprema and count how often f = cA.

    Exact binomial tests under one Holm correction show that the radius is certified below each
    supremum and not above it, and that the counts agree with the exact agreement.

    Parameters
    ----------
    found : Rops
        As `rops` returns it.
    num_samples : int
        Of each of up to 4 counts, in [1, 10^10].
    seed : int
        64 bits.
    alpha : float
        The false-fail rate of the whole run, in (0, 1).

    Returns
    -------
    RopsRun or None
        None where both ROPS are empty.

    Raises
    ------
    ValueError
        If a parameter is outside its domain or so few samples cannot show it.

    Examples
    --------
    >>> rops_simulation(rops("0.3"), num_samples=10000, seed=1).finding
    True
    """
    from simulations.rops import simulate

    named = {"laplace": found.laplace, "gaussian": found.gaussian}
    suprema = {noise: float(ends[0]) for noise, ends in named.items() if ends is not None}
    if not suprema:
        return None
    return simulate(
        _region(found),
        suprema,
        radius=float(to_fraction(found.radius)),
        num_samples=num_samples,
        seed=seed,
        alpha=alpha,
    )


def simulation_json(run: RopsRun | None) -> dict[str, Any] | None:
    """Return a simulation as JSON can say it: every count with its exact probability and power."""
    if run is None:
        return None
    return {
        "samples": run.num_samples,
        "seed": run.seed,
        "alpha": run.alpha,
        "false_pass": run.false_pass,
        "as_expected": run.finding,
        "counts": [
            {
                "noise": draw.noise,
                "side": draw.side,
                "excess": draw.excess,
                "deviation": draw.deviation,
                "count": draw.decided.count,
                "agreement": draw.agreement,
                "needed": draw.needed,
                "p_value_agreement": draw.agreed.p_values[0],
                "p_value_side": draw.decided.p_values[1],
                "power": draw.power,
            }
            for draw in run.draws
        ],
    }


def _region(found: Rops) -> Region:
    from simulations.rops import ball_region, line_region, slab_region

    if found.ball is not None:
        return ball_region(found.ball)
    x = float(to_fraction(found.x))
    return line_region(x) if found.slab is None else slab_region(x, Slab.of(found.slab))


def _in_ball(point: BallPoint, reach: Fraction) -> tuple[Enclosure | None, Enclosure | None]:
    def enclosure(noise: Literal["laplace", "gaussian"]) -> Enclosure | None:
        if not point.has_certificate(noise, reach):
            return None
        ball = partial(ball_supremum_ball, noise, point, radius=reach)
        return _decimals(ball, first=_BALL_BITS, enough=_ENOUGH_BITS)

    return enclosure("laplace"), enclosure("gaussian")


def _decimals(
    ball: Callable[..., arb], *, first: int = _FIRST_BITS, enough: int = 100
) -> Enclosure:
    """Decimals around a ball that is sharp enough; near r = 1 - x that takes more bits."""
    bits = first
    while True:
        found = ball(precision=bits)
        if found.rel_accuracy_bits() > enough or bits >= _MOST_BITS:
            return decimal_enclosure(found, _DIGITS)
        bits *= 2
