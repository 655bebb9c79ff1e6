"""Theorem 1 by simulation: three classes on two tails, labels counted inside R and at R."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_two_tails
from simulations.paired import share_bias
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_1 import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p_a, p_b

#: (term, PA, PB, scale, dimension); with 1 - PA - PB <= PB, so that cC may be a third class
SETTINGS = (
    ("first", 0.45, 0.3, 0.5, 1),
    ("first", 0.5, 0.26, 2.0, 16),
    ("second", 0.75, 0.25, 1.3, 2),
    ("second", 0.7, 0.2, 0.4, 3),
    ("second", 0.9, 0.1, 3.0, 64),
)

#: a shorter way than R, so that the lead is seen; a radius 30 % too large leads beyond R
FRACTION = 0.8


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA and cB at x (PA and PB), at 0.8 R_i (cA ahead) and at R_i (a sign test).

    The sign test counts cA among the samples that are cA or cB: given their number it is
    binomial, and its probability is above 1/2 exactly where cA is ahead of cB.
    """
    radii = {term: numeric_radius(statement[term], p_a=p_a, p_b=p_b) for term in PRINTED}
    return [
        trial
        for term, top, runner_up, scale, dim in SETTINGS
        for trial in _trials(
            term,
            (top, runner_up),
            Laplace(scale),
            radii[term](top, runner_up, scale),
            dim=dim,
            seed=seed,
            num_samples=affordable(num_samples, dim),
        )
    ]


def _trials(
    term: str,
    masses: tuple[float, float],
    noise: Laplace,
    radius: float,
    *,
    dim: int,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    at_x, inside, at_edge = (
        _count_labels(
            masses,
            noise,
            distance=distance,
            dim=dim,
            num_samples=num_samples,
            seed=seed,
            purpose=f"theorem_1/{term}/{place}/PA={masses[0]}",
        )
        for place, distance in (("x", 0.0), ("inside", FRACTION * radius), ("edge", radius))
    )
    where = f"PA = {masses[0]}, PB = {masses[1]}, lambda = {noise.scale}, d = {dim}"
    part, word = f"{term}_term", discretisation_bias(1, boundaries=1)
    trials = [
        predicted(part, f"P(f(X) = {name}), {where}", found, num_samples, mass, bias=word)
        for name, found, mass in zip(("cA", "cB"), at_x, masses, strict=True)
    ]
    lead = f"share of cA in cA or cB at r = {FRACTION} R ({term} term), {where}"
    bias = share_bias(word, sum(inside), num_samples)
    trials.append(shown(part, lead, inside[0], sum(inside), Expects.ABOVE, bias=bias))
    if masses[0] <= 0.5 or sum(masses) == 1:
        tied = f"share of cA in cA or cB at r = R ({term} term), {where}"
        bias = share_bias(word, sum(at_edge), num_samples)
        trials.append(
            predicted("closed_ball", tied, at_edge[0], sum(at_edge), 0.5, finding=False, bias=bias)
        )
    return trials


def _count_labels(
    masses: tuple[float, float],
    noise: Laplace,
    *,
    distance: float,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, int]:
    """Counts of cA and cB at x + delta, delta along a random signed axis; all d coordinates."""
    a_until = noise.quantile(masses[0])
    return count_two_tails(
        noise,
        a_until,
        # with two classes both ends are one point, which rounding may cross
        max(a_until, -noise.quantile(masses[1])),
        distance=distance,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=purpose,
    )
