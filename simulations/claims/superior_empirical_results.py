"""Certified accuracies by simulation: random inputs at random depths behind a class boundary.

An input at depth t behind the edge of a half-space classifier has PA = P(X_1 <= t), and no radius
beyond the edge, where t < 0. Data sets are drawn as points, with one coordinate as the depth, and
each input is certified at r by both radii from its PA alone.

Beside this file stand the votes of a trained network: both certified accuracies follow from them at
every radius, and bear on the part "never_lower" for this network and noise alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Trial, predicted
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Evidence, Grade, Rung, Statement
from theory.claims.superior_empirical_results import PRINTED
from theory.confidence import lower
from theory.exact import describe, to_fraction
from theory.noise import Laplace
from theory.symbols import lam, p_a, r

Floats = NDArray[np.float64]
Radii = tuple[Callable[[Floats, float], Floats], Callable[[Floats, float], Floats]]

#: (lambda, r/lambda, scale of the depths in lambda, dimension): every parameter moves
SETTINGS = ((0.5, 0.8, 1.5, 1), (2.0, 1.6, 2.5, 5), (1.2, 2.5, 4.0, 16))

SMALLEST = float(np.nextafter(0.0, 1.0))

#: labels of an input: which radius is at least r
NEITHER, BOTH, ONLY_OURS, ONLY_LECUYER = range(4)


@dataclass(frozen=True, slots=True)
class Certifier:
    """Label the inputs by the radii that certify them at ``distance``.

    The depth of an input behind the edge of its own class is one signed coordinate, or with
    ``beyond`` minus its absolute value: then every input lies beyond the edge, and PA <= 1/2.
    """

    radii: Radii
    noise: Laplace
    distance: float
    axis: Axis
    beyond: bool = False

    def __call__(self, points: Floats) -> NDArray[np.int64]:
        """The label of each row."""
        depth = self.axis.sign * points[:, self.axis.place]
        if self.beyond:
            depth = -np.abs(depth)
        top = self.noise.cdf(depth)
        with np.errstate(divide="ignore"):
            ours, theirs = (radius(top, self.noise.scale) >= self.distance for radius in self.radii)
        one = np.where(ours, ONLY_OURS, np.where(theirs, ONLY_LECUYER, NEITHER))
        return np.where(ours & theirs, BOTH, one)


#: the votes of a trained network by ``l1cert certify``, written by ``docs/make_records.py``
FILE, FORMAT = "superior_empirical_results.json", "l1cert-votes 1"


def stored() -> Mapping[str, Any]:
    """The record of the network that was certified.

    >>> stored()["num_samples"]
    10000
    """
    text = resources.files("simulations.claims").joinpath(FILE).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def experiment(
    record: Mapping[str, Any] | None = None, *, statement: Statement = PRINTED
) -> list[Evidence]:
    """Both certified accuracies of the recorded votes, at every radius at which one of them steps.

    ``votes`` gives, for each number of votes for its label, how many points that were classified
    correctly had it. PA is Clopper and Pearson's lower bound, the same for both radii.
    """
    known = stored() if record is None else record
    votes, points = _checked_votes(known)
    n, alpha = int(known["num_samples"]), float(to_fraction(known["alpha"]))
    bounds = np.array([lower(k, n, alpha=alpha) for k in votes])
    many = np.array(list(votes.values()))[bounds > 0.5]
    scale = float(known["scale"])
    ours, theirs = (
        sp.lambdify([p_a, lam], statement[name], modules="numpy")(bounds[bounds > 0.5], scale)
        for name in ("ours", "lecuyer")
    )
    places = np.unique(np.concatenate([ours, theirs]))
    held = [np.array([many[one >= at].sum() for at in places]) for one in (ours, theirs)]
    higher, lowest = int((held[0] > held[1]).sum()), int((held[0] - held[1]).min(initial=0))
    trained = known["training"]
    scope = (
        f"{trained['dataset']}, {trained['architecture']} trained with {trained['noise']} noise of "
        f"sigma {trained['sigma']}, seed {trained['seed']}; {points} test points, {n} votes each "
        f"under Laplace noise of lambda {scale:.6g}, alpha = {known['alpha']}"
    )
    if not len(places):
        nothing = "no point has a bound above 1/2: nothing is compared"
        return [Evidence(Rung.EXPERIMENT, Grade.UNDECIDED, "never_lower", None, scope, nothing)]
    said = f"at {len(places)} radii ours is higher at {higher}"
    if lowest < 0:
        at = int(np.argmin(held[0] - held[1]))
        witness = {
            "r": repr(float(places[at])),
            "points that ours certifies": str(held[0][at]),
            "points that Lecuyer's certifies": str(held[1][at]),
        }
        detail = f"{said}, and lower by up to {-lowest} points"
        grade, finding = Grade.REFUTED, False
        return [Evidence(Rung.EXPERIMENT, grade, "never_lower", finding, scope, detail, witness)]
    detail = f"{said} and lower at none, the largest gain {_gain(held)} points of {points}"
    return [Evidence(Rung.EXPERIMENT, Grade.CONSISTENT, "never_lower", True, scope, detail)]


def _gain(held: list[NDArray[np.int64]]) -> int:
    return int((held[0] - held[1]).max(initial=0))


def _checked_votes(known: Mapping[str, Any]) -> tuple[dict[int, int], int]:
    """The votes by their number, and the points; a ValueError for impossible ones."""
    if known.get("format") != FORMAT:
        raise ValueError(f"format = {describe(known.get('format'))} is not {FORMAT}")
    points, n = known["points"], known["num_samples"]
    votes = {int(k): many for k, many in known["votes"].items()}
    for k, many in votes.items():
        if not (0 <= k <= n and type(many) is int and many > 0):
            raise ValueError(f"votes = {k}: {describe(many)} are not in [0, {n}], or of no point")
    if sum(votes.values()) > points:
        raise ValueError(f"votes are of {sum(votes.values())} points, there are {points}")
    return votes, points


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Which radii certify the inputs of a spread data set at r, and of a lost one at any r > 0."""
    ours, lecuyer = (
        sp.lambdify([p_a, lam], statement[name], modules="numpy") for name in ("ours", "lecuyer")
    )
    trials: list[Trial] = []
    for scale, units, spread, dim in SETTINGS:
        noise, inputs = Laplace(scale), Laplace(spread * scale)
        n, distance = affordable(num_samples, dim), units * scale
        where = f"lambda = {scale}, r = {units} lambda, d = {dim}"
        purpose = f"superior_empirical_results/{where}"
        axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
        certifier = Certifier((ours, lecuyer), noise, distance, axis)
        # a radius is positive iff it is at least the smallest positive number
        lost = replace(certifier, distance=SMALLEST, beyond=True)
        counted = partial(count_labels, num_labels=4, dim=dim, num_samples=n, seed=seed)
        spread_out = counted(certifier, inputs, purpose=f"{purpose}/spread")
        all_lost = counted(lost, inputs, purpose=f"{purpose}/lost")
        trials += _judged(
            spread_out, all_lost, n, where, _gained(statement, noise, inputs, distance)
        )
    return trials


def _gained(statement: Statement, noise: Laplace, inputs: Laplace, distance: float) -> float:
    """P(an input's PA lies in the stated interval), from its depth."""
    at = {lam: noise.scale, r: distance}
    low, high = (
        inputs.cdf(noise.quantile(float(statement[name].subs(at))))
        for name in ("from_ours", "from_lecuyer")
    )
    return max(0.0, float(high - low))


def _judged(
    spread_out: tuple[int, ...], all_lost: tuple[int, ...], n: int, where: str, gained: float
) -> list[Trial]:
    bias = discretisation_bias(1, boundaries=2)
    only_ours, only_lecuyer = f"certified by ours alone, {where}", f"by Lecuyer's alone, {where}"
    none = f"certified by neither at any r > 0, PA <= 1/2 at all inputs, {where}"
    return [
        predicted("never_lower", only_lecuyer, spread_out[ONLY_LECUYER], n, 0.0, bias=bias),
        predicted("higher_exactly", only_ours, spread_out[ONLY_OURS], n, gained, bias=bias),
        predicted("always_superior", none, all_lost[NEITHER], n, 1.0, finding=False, bias=bias),
    ]
