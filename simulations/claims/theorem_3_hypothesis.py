"""Theorem 3's hypothesis by simulation: the worst classifier within both bounds, beyond R_2."""

from __future__ import annotations

from functools import partial

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_3_hypothesis import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: (PA, PB, scale, dimension), PA + PB < 1: every parameter moves
SETTINGS = ((0.6, 0.1, 1.4, 1), (0.5, 0.2, 0.3, 6), (0.8, 0.06, 2.3, 18))

#: (R' - R_m)/lambda, and how much of it goes into keeping both bounds strictly
BEYOND, KEPT = 0.4, 0.5


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """The half-space of mass PB as cB at r half-way between R_2 and R_m, at R_m and beyond it."""
    radius_of = numeric_radius(statement["radius"], p_a=p_a)
    tight_of = numeric_radius(statement["tight"], p_a=p_a)
    trials: list[Trial] = []
    for top, runner_up, scale, dim in SETTINGS:
        near = radius_of(top, runner_up, scale)
        tight = tight_of(top, runner_up, scale)
        noise, n = Laplace(scale), affordable(num_samples, dim)
        bias = discretisation_bias(1, boundaries=1)
        where = f"PA = {top}, PB = {runner_up}, lambda = {scale}, d = {dim}"
        kept_at = partial(count_half_space, noise, dim=dim, num_samples=n, seed=seed)
        edge, place = -float(noise.quantile(runner_up)), f"theorem_3_hypothesis/{where}"

        at_x = n - kept_at(edge, purpose=f"{place}/x")
        between = kept_at(edge, distance=(near + tight) / 2, purpose=f"{place}/between")
        said = f"P(f(Y) = cA) at R' half-way from R_2 to R_m, {where}"
        part = "flips_beyond_r_2"
        trials += [
            predicted(part, f"P(f(X) = cB), {where}", at_x, n, runner_up, finding=False, bias=bias),
            shown(part, said, between, n, Expects.ABOVE, finding=False, bias=bias),
        ]

        at_tight = kept_at(edge, distance=tight, purpose=f"{place}/tight")
        said = f"P(f(Y) = cA) at r = R_m, {where}"
        trials.append(predicted("certified_until", said, at_tight, n, 0.5, bias=bias))

        farther = tight + BEYOND * scale
        beyond = tight + KEPT * BEYOND * scale
        at_x = n - kept_at(beyond, purpose=f"{place}/f* at x")
        flipped = kept_at(beyond, distance=farther, purpose=f"{place}/f* moved")
        part = "flips_beyond"
        trials += [
            shown(part, f"P(f*(X) = cB), {where}", at_x, n, Expects.BELOW, runner_up, bias=bias),
            shown(part, f"P(f*(Y) = cA), {where}", flipped, n, Expects.BELOW, bias=bias),
        ]
    return trials
