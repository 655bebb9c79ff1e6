"""A binary radius from both sides: the half-space of Theorem 3 and the worst f, below and beyond R.

Masses of A = {x_1 <= R} come from scipy, the least P(f(Y) = cA) over all f from linear programming.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from theory.claim import Evidence
from theory.neyman_pearson import grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, Radius

Witness = Mapping[str, str]

#: of masses computed in floats
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Side:
    """PA, a scale and the radius that is stated for them.

    >>> one = Side(0.75, 1.0, float(np.log(2.0)))
    >>> round(one.mass(0.0), 12), round(one.worst(one.radius), 6)
    (0.75, 0.5)
    """

    top: float
    scale: float
    radius: float

    def mass(self, distance: float) -> float:
        """P(Y in A) at delta = (distance, 0, ..., 0); P(X in A) at distance 0."""
        return float(stats.laplace(scale=self.scale).cdf(self.radius - distance))

    def worst(self, distance: float) -> float:
        """The least P(f(Y) = cA) with P(f(X) = cA) >= PA, in R or along an axis of R^2."""
        delta = (distance,) if self.top > 0.75 else (distance, 0.0)
        return (1.0 + worst_case(grid_for(delta, self.scale, (self.radius,)), self.top).margin) / 2

    def misplaced(self) -> Witness | None:
        """A witness that A does not have the mass PA under X."""
        rest = float(stats.laplace(scale=self.scale).sf(self.radius))
        if abs(rest - (1.0 - self.top)) <= _CLOSE * (1.0 - self.top):
            return None
        return self._witness(0.0, mass_of_A=self.mass(0.0))

    def below(self, relation: str, threshold: float) -> Witness | None:
        """A distance up to R at which P(Y in A) is not as stated, or some f undercuts it."""
        for share in (0.5, 1.0):
            distance = share * self.radius
            mass, worst = self.mass(distance), self.worst(distance)
            lead = mass - threshold if relation.startswith(">") else threshold - mass
            if lead < -_CLOSE or worst < mass - TOLERANCE:
                return self._witness(distance, mass_of_A=mass, worst=worst)
        return self.misplaced()

    def safe(self, threshold: float) -> Witness | None:
        """r = 3 R/4 where no f flips although rho = R/2 keeps the threshold."""
        distance, rho = 0.75 * self.radius, 0.5 * self.radius
        if self.radius <= 0.0 or self.mass(rho) < threshold:
            return None
        worst = self.worst(distance)
        if worst <= 0.5 + TOLERANCE:
            return None
        return self._witness(distance, rho=rho, mass_of_A_at_rho=self.mass(rho), worst=worst)

    def unlike(self, beyond: Callable[[float, float], float]) -> Witness | None:
        """A distance beyond R at which P(Y in A) is not as stated, or nothing flips."""
        for step in (1e-3, 1.0):
            distance = self.radius + step * self.scale
            mass, stated = self.mass(distance), beyond(step * self.scale, self.scale)
            worst = self.worst(distance)
            if not (abs(mass - stated) <= _CLOSE and mass < 0.5 and worst <= mass + TOLERANCE):
                return self._witness(distance, mass_of_A=mass, stated=stated, worst=worst)
        return self.misplaced()

    def _witness(self, distance: float, **found: float) -> Witness:
        named = {name: repr(value) for name, value in found.items()}
        return {"PA": repr(self.top), "lambda": repr(self.scale), "r": repr(distance), **named}


def sides(radius: Radius, *, seed: int) -> list[Side]:
    """PA = 1/2, within 1e-6 of it and of 1, and between; scales from 0.1 to 10.

    >>> sides(lambda *at: 0.0, seed=1)[0].top
    0.5
    """
    rng = np.random.Generator(np.random.Philox(seed))
    near = 10.0 ** rng.uniform(-6, -0.4, 8)
    tops = [0.5, *(0.5 + near[:4]), *(1.0 - near[4:]), *rng.uniform(0.51, 0.99, 4)]
    scales = 10.0 ** rng.uniform(-1, 1, len(tops))
    return [
        Side(top, scale, radius(top, 1.0 - top, scale))
        for top, scale in zip(map(float, tops), map(float, scales), strict=True)
    ]


def search_sides(
    radius: Radius,
    *,
    relation: str,
    threshold: float,
    beyond: Callable[[float, float], float],
    seed: int,
) -> list[Evidence]:
    """Evidence on the parts inequality, inference and beyond_radius of theorem_3_proof_direction.

    Parameters
    ----------
    radius : as stated.
    relation, threshold : of P(Y in A) for r <= R, as stated.
    beyond : P(Y in A) at r = R + s as stated, of s and the scale.
    """
    tried = sides(radius, seed=seed)
    both = "masses of A to 1e-9, the worst f to 1e-6"
    faults = {
        "inequality": ((one.below(relation, threshold) for one in tried), both),
        "inference": (
            (one.safe(threshold) for one in tried),
            "the worst f at r = 3 R/4, where the inequality holds at rho = R/2",
        ),
        "beyond_radius": ((one.unlike(beyond) for one in tried), both),
    }
    found = []
    for part, (wrong, detail) in faults.items():
        start = time.perf_counter()
        witness = next((one for one in wrong if one is not None), None)
        where = "13 values of PA from 1/2 to 1 - 1e-6, lambda from 0.1 to 10, d = 1, 2"
        found.append(searched(part, where, detail, start=start, witness=witness))
    return found
