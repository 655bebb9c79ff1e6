"""Remark 1 by simulation: cA still leads at a large r, if PB is small or PA large enough for it.

Counts reach a few lambda: there the half-lines that lose most are seen to stay ahead, and the
classes that vanish together are seen not to.
"""

from __future__ import annotations

from simulations.experiment import Expects, Trial, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from simulations.two_tails import count_lead
from theory.claim import Statement
from theory.claims.remark_1_divergence import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p_a, r

#: (PA, r/lambda, lambda, dimension): every parameter moves
TO_ZERO = ((0.45, 1.0, 0.6, 1), (0.5, 1.5, 2.0, 4), (0.4, 0.6, 1.1, 16))
#: (r/lambda, lambda, dimension)
TO_ONE = ((1.2, 1.7, 1), (3.0, 0.4, 3), (4.5, 2.2, 12))
#: (PB, lambda, dimension) for PA = 2 PB, at r = lambda/2 > (lambda/2) log 2
TOGETHER = ((0.1, 0.9, 1), (0.03, 2.6, 2), (0.01, 0.5, 5))

#: how far PB stays below, and 1 - PA, what is enough
SHARE = 0.7


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Who leads at r: cA for a small enough PB or a large enough PA, cB for PA = 2 PB."""
    trials = []
    for top, units, scale, dim in TO_ZERO:
        at = {p_a: top, r: units * scale, lam: scale}
        runner_up = SHARE * float(statement["small_b"].subs(at))
        masses = (top, runner_up)
        trials.append(_lead("runner_up_vanishes", masses, units, scale, dim, seed, num_samples))
    for units, scale, dim in TO_ONE:
        lost = SHARE * (1 - float(statement["large_a"].subs({r: units * scale, lam: scale})))
        trials.append(_kept(1 - lost, units, scale, dim, seed, num_samples))
    for runner_up, scale, dim in TOGETHER:
        masses = (2 * runner_up, runner_up)
        trials.append(_lead("both_vanish", masses, 0.5, scale, dim, seed, num_samples, leads=False))
    return trials


def _lead(
    part: str,
    masses: tuple[float, float],
    units: float,
    scale: float,
    dim: int,
    seed: int,
    num_samples: int,
    *,
    leads: bool = True,
) -> Trial:
    """Two tails of masses PA and PB at r = units lambda: whether cA is ahead."""
    where = f"PA = {masses[0]}, PB = {masses[1]:.4g}, lambda = {scale}, d = {dim}"
    lead = count_lead(
        masses,
        Laplace(scale),
        distance=units * scale,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"remark_1_divergence/{part}/{where}",
    )
    expects = Expects.ABOVE if leads else Expects.BELOW
    name = f"share of cA in cA or cB at r = {units} lambda, {where}"
    return shown(part, name, lead.count, lead.either, expects, finding=leads, bias=lead.bias)


def _kept(top: float, units: float, scale: float, dim: int, seed: int, num_samples: int) -> Trial:
    """Two classes, PB = 1 - PA, at r = units lambda: whether cA keeps more than 1/2."""
    noise, n = Laplace(scale), affordable(num_samples, dim)
    where = f"PA = {top:.6g}, lambda = {scale}, d = {dim}"
    kept = count_half_space(
        noise,
        float(noise.quantile(top)),
        distance=units * scale,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"remark_1_divergence/half-space/{where}",
    )
    name = f"P(f(Y) = cA) at r = {units} lambda, PB = 1 - PA, {where}"
    bias = discretisation_bias(1, boundaries=1)
    return shown("top_is_certain", name, kept, n, Expects.ABOVE, bias=bias)
