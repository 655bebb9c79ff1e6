"""Theorem 2 as a case of Theorem 1 by simulation: one half-space, one bound and one tie."""

from __future__ import annotations

from functools import partial

from simulations.experiment import Trial, predicted
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_2_special_case import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: (PA, scale, dimension): every parameter moves
SETTINGS = ((0.58, 1.3, 1), (0.71, 0.35, 6), (0.88, 2.2, 2), (0.97, 0.9, 40))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cB at x (the bound), and of cA at both radii, where cA and cB tie."""
    terms = [numeric_radius(statement[name], p_a=p_a) for name in ("first", "second")]
    radius_of = numeric_radius(statement["radius"], p_a=p_a)
    bound_of = numeric_radius(statement["bound"], p_a=p_a)
    trials = []
    for top, scale, dim in SETTINGS:
        bound = bound_of(top, 0.0, scale)
        theorem_1 = max(term(top, 1 - top, scale) for term in terms)
        n, bias = affordable(num_samples, dim), discretisation_bias(1, boundaries=1)
        noise = Laplace(scale)
        where = f"PA = {top}, lambda = {scale}, d = {dim}"
        counted = partial(
            count_half_space,
            noise,
            float(noise.quantile(top)),
            dim=dim,
            num_samples=n,
            seed=seed,
        )
        place = "theorem_2_special_case"
        others = n - counted(purpose=f"{place}/x/{where}")
        trials.append(
            predicted("hypotheses", f"P(f(X) = cB), {where}", others, n, bound, bias=bias)
        )
        for name, distance in (
            ("Theorem 1's radius", theorem_1),
            ("Theorem 2's radius", radius_of(top, 1 - top, scale)),
        ):
            kept = counted(distance=distance, purpose=f"{place}/{name}/{where}")
            said = f"P(f(Y) = cA) at r = {name}, {where}"
            trials.append(predicted("same_radius", said, kept, n, 0.5, bias=bias))
    return trials
