"""Searches along an axis with scipy's Laplace law: sets of a given mass, moved by delta.

Formulas of a claim are compared with what scipy says of explicit sets, close to every point at
which the sets change: probabilities near 0, 1/2 and 1, and norms near the radius.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy import optimize, stats

from theory.claim import Evidence, Statement
from theory.searches.findings import searched
from theory.symbols import lam, p, p_b, r

#: formulas as functions of (probability, norm, scale)
Formulas = Mapping[str, Callable[[float, float, float], float]]


@dataclass(frozen=True, slots=True)
class Place:
    """A probability and a scale to look at, with scipy's law of one coordinate."""

    mass: float
    scale: float
    law: Any  # scipy's frozen distribution

    @property
    def upper(self) -> float:
        """The b with P(X_1 >= b) = mass."""
        return float(self.law.isf(self.mass))

    def moved(self, start: float, norm: float) -> float:
        """P(Y_1 >= start), where Y_1 = X_1 + norm."""
        return float(stats.laplace(loc=norm, scale=self.scale).sf(start))

    def seen(self, norm: float, symbol: str, **found: float) -> dict[str, str]:
        """A witness: where it is, and what was found there."""
        named = {symbol: self.mass, "lambda": self.scale, "r": norm, **found}
        return {name: repr(float(value)) for name, value in named.items()}


def numeric(statement: Statement) -> Formulas:
    """The formulas of a statement in PA or PB, r and lambda, for floats.

    >>> numeric({"double": 2 * r})["double"](0.5, 1.5, 1.0)
    3.0
    """
    probability = (
        p_b if any(sp.sympify(one, strict=True).has(p_b) for one in statement.values()) else p
    )
    return {
        name: sp.lambdify([probability, r, lam], one, "math") for name, one in statement.items()
    }


def places(
    count: int, centres: Sequence[tuple[float, int]], rng: np.random.Generator
) -> Iterator[Place]:
    """Probabilities that approach each centre from one side (-1 or 1), down to 1e-4.

    >>> rng = np.random.Generator(np.random.Philox(1))
    >>> [one.mass > 0.5 for one in places(2, [(0.5, 1), (0.5, -1)], rng)]
    [True, False]
    """
    for number in range(count):
        centre, side = centres[number % len(centres)]
        scale = float(10 ** rng.uniform(-1, 1))
        mass = float(centre + side * 10 ** rng.uniform(-4, -0.31))
        yield Place(mass, scale, stats.laplace(scale=scale))


def with_part(
    place: Place, norm: float, mass: float, rng: np.random.Generator
) -> tuple[float, float]:
    """P(X in A) and P(Y in A) for A = {x_1 < norm} + S', S' two random pieces of {x_1 >= norm}.

    The pieces have the X-mass ``mass`` together, or what of it the half-line has.

    >>> rng = np.random.Generator(np.random.Philox(1))
    >>> before, after = with_part(Place(0.75, 1.0, stats.laplace()), 0.5, 0.05, rng)
    >>> bool(np.isclose(before, 1 - np.exp(-0.5) / 2 + 0.05))
    True
    """
    law = place.law
    atom = float(law.sf(norm))
    gap = float(rng.uniform(0, 1)) * max(atom - mass, 0.0)
    share = float(rng.uniform(0, 1)) * mass
    ends = law.isf(np.clip([share, 0.0, mass + gap, share + gap], 0.0, atom))
    before, after = float(law.cdf(norm)), float(law.cdf(0.0))
    for low, high in ((ends[0], ends[1]), (ends[2], ends[3])):
        before += float(law.sf(low) - law.sf(high))
        after += float(law.sf(low - norm) - law.sf(high - norm))
    return before, after


def meeting_point(of: Formulas, rng: np.random.Generator) -> dict[str, str] | None:
    """Where ``near`` and ``far`` touch, at the value 1/2, against ``switch``; None if all agree."""
    near, far, switch = of["near"], of["far"], of["switch"]
    for mass in rng.uniform(0.01, 0.49, 20).tolist():

        def gap(norm: float, mass: float = mass) -> float:
            return near(mass, norm, 1.0) - 0.5

        meets = float(optimize.brentq(gap, 0.0, 10.0, xtol=1e-12))
        apart = abs(far(mass, meets, 1.0) - 0.5)
        if abs(meets - switch(mass, meets, 1.0)) > 1e-9 or apart > 1e-9:
            return {"PB": repr(mass), "the branches meet at r =": repr(meets)}
    return None


def largest_loss(far: Callable[[float, float, float], float]) -> tuple[float, list[float]]:
    """The largest P(Y_1 >= b) less ``far`` for PB in [1/2, 1 - 1e-9], r >= 1e-9, and where it is.

    >>> largest_loss(lambda mass, norm, scale: 1.0)[0] < 0
    True
    """

    def loss(place: np.ndarray) -> float:
        mass, norm = place.tolist()
        return far(mass, norm, 1.0) - float(stats.laplace.sf(stats.laplace.isf(mass) - norm))

    bounds = [(0.5, 1 - 1e-9), (1e-9, 5.0)]
    best = optimize.minimize(loss, np.array([0.8, 0.5]), bounds=bounds, method="L-BFGS-B")
    return -float(best.fun), best.x.tolist()


def reported(
    details: Mapping[str, str], wrong: Mapping[str, Mapping[str, str]], scope: str, *, start: float
) -> list[Evidence]:
    """Evidence about several parts: what was looked at, and the counterexamples by part."""
    return [
        searched(part, scope, detail, start=start, witness=wrong.get(part))
        for part, detail in details.items()
    ]
