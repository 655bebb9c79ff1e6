"""The Renyi certificate by simulation: two tails within its radius, a half-space beyond R_2."""

from __future__ import annotations

from functools import partial

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space, count_two_tails
from simulations.paired import share_bias
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.renyi_alternative import PRINTED
from theory.noise import Laplace
from theory.searches.renyi_search import certified_radius
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: (PA, PB, order, lambda, dimension); what is neither cA nor cB is cut into further classes
TAILS = ((0.6, 0.1, 2.0, 0.7, 1), (0.45, 0.25, 3.0, 2.0, 5), (0.75, 0.2, 1.5, 0.4, 16))

#: (PA, lambda, dimension), with PB = 1 - PA
HALVES = ((0.65, 1.5, 1), (0.8, 0.6, 3), (0.97, 2.2, 24))

#: far enough from each radius that the side is seen
INSIDE, BEYOND = 0.97, 1.15


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """cA ahead at 0.97 of an order's radius (a sign test); the half-space flips at 1.15 R_2."""
    return [
        *_sound(statement, seed=seed, num_samples=num_samples),
        *_two_classes(statement, seed=seed, num_samples=num_samples),
    ]


def _sound(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    trials, part = [], "sound"
    for top, runner_up, order, scale, dim in TAILS:
        radius = certified_radius(statement["bound"], statement["divergence"], (order,))
        noise, n = Laplace(scale), affordable(num_samples, dim)
        counted = partial(
            count_two_tails,
            noise,
            noise.quantile(top),
            -noise.quantile(runner_up),
            dim=dim,
            num_samples=n,
            seed=seed,
        )
        purpose = f"renyi_alternative/PA={top}/order={order}"
        at_x = counted(distance=0.0, purpose=f"{purpose}/x")
        distance = INSIDE * radius(top, runner_up, scale)
        a, b = counted(distance=distance, purpose=f"{purpose}/inside")
        where = f"PA = {top}, PB = {runner_up}, order {order}, lambda = {scale}, d = {dim}"
        word = discretisation_bias(1, boundaries=1)
        share = share_bias(word, a + b, n)
        trials += [
            predicted(part, f"P(f(X) = cA), {where}", at_x[0], n, top, bias=word),
            predicted(part, f"P(f(X) = cB), {where}", at_x[1], n, runner_up, bias=word),
            shown(
                part,
                f"share of cA in cA or cB at 0.97 of the radius, {where}",
                a,
                a + b,
                Expects.ABOVE,
                bias=share,
            ),
        ]
    return trials


def _two_classes(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    second = numeric_radius(statement["second"], p_a=p_a)
    trials, part = [], "two_classes"
    for top, scale, dim in HALVES:
        noise, n = Laplace(scale), affordable(num_samples, dim)
        bias = discretisation_bias(1, boundaries=1)
        counted = partial(
            count_half_space, noise, noise.quantile(top), dim=dim, num_samples=n, seed=seed
        )
        purpose = f"renyi_alternative/two/PA={top}"
        at_x = counted(purpose=f"{purpose}/x")
        distance = BEYOND * second(top, 1 - top, scale)
        moved = counted(distance=distance, purpose=f"{purpose}/beyond")
        where = f"PA = {top}, lambda = {scale}, d = {dim}"
        trials += [
            predicted(part, f"P(f(X) = cA), {where}", at_x, n, top, bias=bias),
            shown(part, f"P(f(Y) = cA) at 1.15 R_2, {where}", moved, n, Expects.BELOW, bias=bias),
        ]
    return trials
