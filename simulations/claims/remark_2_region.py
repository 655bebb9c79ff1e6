"""Remark 2 by simulation: half way between the two terms, which guarantee still stands.

cB is a half-space of mass PB at x; moved by r it gains exactly what the differential-privacy
bound allows, so its count under Y tells which of the two lower bounds on P(f(Y) = cA),
1 - e^(r/lambda)(1 - PA) for the new term and e^(-r/lambda) PA for Lecuyer's, is still above it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.remark_2_region import PRINTED
from theory.noise import Laplace
from theory.searches.search import Radius, numeric_radius
from theory.symbols import p_a

#: (PA, where PB lies in the interval, scale, dimension): every parameter moves
INSIDE = ((0.7, 0.3, 0.6, 1), (0.8, 0.05, 2.4, 3), (0.9, 0.08, 1.1, 16))
#: (PA, PB as a part of the lower root, scale, dimension), PA below 1/2 as well
OUTSIDE = ((0.72, 0.55, 1.9, 1), (0.8, 0.6, 0.4, 6), (0.4, 0.5, 3.0, 12))


@dataclass(frozen=True, slots=True)
class Setting:
    """The half-space of mass p_b as cB, and how it is drawn."""

    p_a: float
    p_b: float
    scale: float
    dim: int
    num_samples: int
    seed: int

    @property
    def where(self) -> str:
        """The setting in words."""
        return f"PA = {self.p_a}, PB = {self.p_b:.4f}, lambda = {self.scale}, d = {self.dim}"

    def count_b(self, distance: float, name: str) -> int:
        """How often f(Y) = cB at r = distance."""
        noise = Laplace(self.scale)
        others = count_half_space(
            noise,
            -float(noise.quantile(self.p_b)),
            distance=distance,
            dim=self.dim,
            num_samples=self.num_samples,
            seed=self.seed,
            purpose=f"remark_2_region/{name}/{self.where}",
        )
        return self.num_samples - others


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Both bounds against the count of cB, inside and outside; equal terms at the lower root."""
    new, lecuyer, lower_of, upper_of = (
        numeric_radius(statement[name], p_a=p_a) for name in ("new", "lecuyer", "lower", "upper")
    )
    terms = new, lecuyer
    better = statement["relation"].startswith(">")
    trials: list[Trial] = []
    for top, share, scale, dim in INSIDE:
        lower, upper = lower_of(top, 0.0, 1.0), upper_of(top, 0.0, 1.0)
        runner_up = lower + share * (min(upper, top) - lower)
        here = Setting(top, runner_up, scale, dim, affordable(num_samples, dim), seed)
        trials += _which_stands(here, "inside", *_reaches(here, terms), new_stands=better)
        at_root = Setting(top, lower, scale, dim, affordable(num_samples, dim), seed)
        trials += _equal_terms(at_root, *_reaches(at_root, terms))
    for top, share, scale, dim in OUTSIDE:
        runner_up = share * lower_of(top, 0.0, 1.0)
        here = Setting(top, runner_up, scale, dim, affordable(num_samples, dim), seed)
        trials += _which_stands(here, "outside", *_reaches(here, terms), new_stands=not better)
    return trials


def _reaches(here: Setting, terms: tuple[Radius, Radius]) -> tuple[float, float]:
    new, lecuyer = (term(here.p_a, here.p_b, here.scale) for term in terms)
    return new, lecuyer


def _which_stands(
    here: Setting, part: str, new: float, lecuyer: float, *, new_stands: bool
) -> list[Trial]:
    """At r half way between the terms: the larger term's bound stands, the smaller's has fallen."""
    r = (new + lecuyer) / 2
    factor = math.exp(r / here.scale)
    bounds = {
        "1 - e^(r/lambda)(1 - PA)": (1 - factor * (1 - here.p_a), new_stands),
        "e^(-r/lambda) PA": (here.p_a / factor, not new_stands),
    }
    count = here.count_b(r, part)
    return [
        shown(
            part,
            f"P(f(Y) = cB) against {name} half way between the terms, {here.where}",
            count,
            here.num_samples,
            Expects.BELOW if stands else Expects.ABOVE,
            min(max(bound, 0.0), 1.0),
            bias=discretisation_bias(1, boundaries=1),
        )
        for name, (bound, stands) in bounds.items()
    ]


def _equal_terms(here: Setting, new: float, lecuyer: float) -> list[Trial]:
    """At the lower root both terms are the r at which P(f(Y) = cB) has risen to 1 - PA."""
    return [
        predicted(
            "strict",
            f"P(f(Y) = cB) at r = {name}, PB = the lower root, {here.where}",
            here.count_b(r, f"lower root, {name}"),
            here.num_samples,
            1 - here.p_a,
            finding=False,
            bias=discretisation_bias(1, boundaries=1),
        )
        for name, r in (("the new term", new), ("Lecuyer's term", lecuyer))
    ]
