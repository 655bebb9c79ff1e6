"""Lecuyer's binary radius by simulation: both inequalities attained, and soundness at R."""

from __future__ import annotations

import math

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space, count_two_tails
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.table_1_lecuyer import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (PA, scale, dimension): every parameter moves
SETTINGS = ((0.64, 1.6, 1), (0.78, 0.35, 4), (0.9, 2.2, 20))

#: the shorter and the longer way, in units of R, on which the three-class classifier is judged
INSIDE, OUTSIDE = 0.6, 1.4


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Three classes that attain both inequalities around R; two classes at R."""
    radius_of = numeric_radius(statement["radius"], p_a=p)
    trials = []
    for top, scale, dim in SETTINGS:
        radius = radius_of(top, 1 - top, scale)
        n = affordable(num_samples, dim)
        trials += _attained(top, scale, dim, radius, n, seed)
        trials += _at_the_radius(top, scale, dim, radius, n, seed)
    return trials


def _attained(top: float, scale: float, dim: int, radius: float, n: int, seed: int) -> list[Trial]:
    """Two far tails as cA and cB, of probabilities in the ratio PA : 1 - PA at x.

    Their counts at r = R are equal; cA leads below R and cB above it. Which of the two leads is a
    yes-no question about the samples that fall into either tail.
    """
    noise = Laplace(scale)
    share = (1 - top) / top / 2  # the cB tail begins beyond every move that is tried
    until = noise.quantile(share * top)
    beyond = -noise.quantile(share * (1 - top))
    where = f"PA = {top}, lambda = {scale}, d = {dim}"
    trials = []
    for units, expects in ((INSIDE, Expects.ABOVE), (1.0, None), (OUTSIDE, Expects.BELOW)):
        purpose = f"table_1_lecuyer/two_tails/{units}/PA={top}"
        in_a, in_b = count_two_tails(
            noise,
            until,
            beyond,
            distance=units * radius,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=purpose,
        )
        name = f"share of cA among cA and cB at r = {units} R, {where}"
        # two boundaries of 2^-32 each, in a share of the two tails' mass
        bias = discretisation_bias(1, boundaries=2) / share / (1 - top)
        if in_a + in_b == 0:  # too few samples for even one to fall into a tail
            continue
        if expects is None:
            trials.append(
                predicted("from_the_inequalities", name, in_a, in_a + in_b, 0.5, bias=bias)
            )
        else:
            trials.append(
                shown("from_the_inequalities", name, in_a, in_a + in_b, expects, bias=bias)
            )
    return trials


def _at_the_radius(
    top: float, scale: float, dim: int, radius: float, n: int, seed: int
) -> list[Trial]:
    """The half-space, which attains the second inequality, still says cA at r = R."""
    noise = Laplace(scale)
    kept = count_half_space(
        noise,
        noise.quantile(top),
        distance=radius,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"table_1_lecuyer/half_space/PA={top}",
    )
    where = f"PA = {top}, lambda = {scale}, d = {dim}"
    bias = discretisation_bias(1, boundaries=1)
    lost = min((1 - top) * math.exp(radius / scale), 1.0)
    return [
        shown("sound", f"P(f(Y) = cA) at r = R, {where}", kept, n, Expects.ABOVE, bias=bias),
        predicted(
            "sound",
            f"P(f(Y) = cB) = e^(r/lambda)(1 - PA) at r = R, {where}",
            n - kept,
            n,
            lost,
            bias=bias,
        ),
    ]
