"""Figure 6 by simulation: which noise of the same variance certifies a given l1 radius at a PA.

No radius formula decides a trial. A noise fails to certify r at PA if some half-space has more
than PA at x and less than 1/2 at distance r; for a half-space, the worst case of both noises, it
certifies r if one of mass below PA still has more than 1/2 there.
"""

from __future__ import annotations

from functools import partial

from simulations.experiment import Expects, Trial, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import IsotropicNoise, discretisation_bias
from theory.claim import Statement
from theory.claims.figure_6_always_largest import PRINTED
from theory.noise import Gaussian, Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (PA, lambda, dimension, r/lambda, Laplace threshold/lambda, Gaussian threshold/lambda): r lies
#: between the two radii; the thresholds were chosen so that 100000 samples show every inequality
SETTINGS = (
    (0.75, 1.0, 1, 0.82, 0.77, 0.90),
    (0.85, 2.5, 3, 1.33, 1.29, 1.40),
    (0.99, 0.4, 2, 3.60, 3.68, 3.45),
    (0.999, 1.7, 8, 5.30, 5.45, 4.90),
)

#: (PA, lambda, dimension, Laplace threshold/lambda): Laplace certifies 1.08 times Lecuyer's radius
LECUYER = ((0.75, 0.7, 2, 0.65), (0.95, 3.0, 1, 2.20))
FARTHER = 1.08


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Two half-spaces for each PA: the winner, by the side of the stated crossing, certifies r."""
    trials = []
    crossing = float(statement["crossing"][0])
    for p_a, scale, dim, distance, at_laplace, at_gaussian in SETTINGS:
        laplace = Laplace(scale)
        pair = partial(
            _pair, p_a=p_a, dim=dim, distance=distance * scale, seed=seed, num_samples=num_samples
        )
        ours = partial(pair, noise=laplace, threshold=at_laplace * scale)
        theirs = partial(pair, noise=Gaussian.with_sigma_of(laplace), threshold=at_gaussian * scale)
        below = p_a < crossing
        part = "beats_cohen_from_crossing"
        trials += ours(part, certifies=not below) + theirs(part, certifies=below)
        if p_a in (0.75, 0.85):
            part = "largest_of_three"
            trials += ours(part, certifies=False, finding=False)
            trials += theirs(part, certifies=True, finding=False)
    lecuyer = numeric_radius(statement["lecuyer"], p_a=p)
    for p_a, scale, dim, threshold in LECUYER:
        trials += _pair(
            "beats_lecuyer_everywhere",
            noise=Laplace(scale),
            threshold=threshold * scale,
            certifies=True,
            p_a=p_a,
            dim=dim,
            distance=FARTHER * lecuyer(p_a, 1 - p_a, scale),
            seed=seed,
            num_samples=num_samples,
        )
    return trials


def _pair(
    part: str,
    *,
    noise: IsotropicNoise,
    threshold: float,
    certifies: bool,
    p_a: float,
    dim: int,
    distance: float,
    seed: int,
    num_samples: int,
    finding: bool = True,
) -> list[Trial]:
    """The half-space at x against PA, and at the distance against 1/2."""
    n, bias = affordable(num_samples, dim), discretisation_bias(1, boundaries=1)
    counted = partial(count_half_space, noise, threshold, dim=dim, num_samples=n, seed=seed)
    place = f"figure_6/{part}/{noise}/PA={p_a}"
    at_x = counted(purpose=f"{place}/x")
    moved = counted(distance=distance, purpose=f"{place}/moved")
    before, after = Expects.ABOVE, Expects.BELOW
    if certifies:
        before, after = after, before
    name = f"{noise}, d = {dim}, r = {distance:.4g}: P(f(X) = cA) against PA = {p_a}"
    then = f"{noise}, d = {dim}, r = {distance:.4g}: P(f(Y) = cA)"
    return [
        shown(part, name, at_x, n, before, p_a, finding=finding, bias=bias),
        shown(part, then, moved, n, after, finding=finding, bias=bias),
    ]
