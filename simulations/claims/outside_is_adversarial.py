"""Points outside the ball by simulation: one off the axes, where no f flips, and on the axes."""

from __future__ import annotations

import math

import sympy as sp
from scipy.special import lambertw

from simulations.directional_events import count_lost
from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.outside_is_adversarial import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (PA, scale, dimension, (r - R)/scale) on an axis
AXES = ((0.6, 2.0, 1, 0.3), (0.9, 0.5, 4, 0.5))
#: (scale, dimension, delta_1/scale) at PA = 1/2
AT_HALF = ((0.4, 2, 0.3), (1.5, 9, 0.8))
#: (a, t, scale, dimension): one coordinate's move and the threshold of log L, in units of scale
PROFILES = ((1.0, 0.2, 0.7, 1), (2.2, 0.2, 3.0, 3), (1.6, -0.8, 1.0, 6))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of the worst set at the point off the axes, and of half-spaces on them."""
    return [
        *_off_axes(statement, seed=seed, num_samples=num_samples),
        *_on_axes(statement, seed=seed, num_samples=num_samples),
        *_at_half(seed=seed, num_samples=num_samples),
        *_profiles(statement, seed=seed, num_samples=num_samples),
    ]


def _off_axes(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    """The set that loses the most, {W > r - g} of probability 1 - PA: below 1/2 at x + delta."""
    level, norm = float(statement["level"]), float(statement["norm"])
    trials = []
    for scale, dim in ((1.0, 2), (2.5, 7)):
        n, bias = affordable(num_samples, dim + 1), discretisation_bias(dim + 1)
        # (1 + g) e^(g - r)/4 = 1 - PA, for g up to either move
        width = float(lambertw(4 * math.e * (1 - level) * math.exp(norm)).real) - 1
        at_x, moved = count_lost(
            Laplace(scale),
            [norm / 2 * scale] * 2 + [0.0] * (dim - 2),
            (2 * width - norm) * scale,
            num_samples=n,
            seed=seed,
            purpose=f"outside_is_adversarial/off/{dim}",
        )
        where = f"PA = {level}, lambda = {scale}, delta = (r/2, r/2), r = {norm} lambda, d = {dim}"
        lost = predicted(
            "every_point",
            f"P(X in B), {where}",
            at_x,
            n,
            1 - level,
            finding=False,
            bias=bias,
            error=1e-8,
        )
        name = f"P(Y in B) of the worst B, {where}"
        kept = shown("every_point", name, moved, n, Expects.BELOW, finding=False, bias=bias)
        side = Expects.BELOW if statement["relation"] == ">" else Expects.ABOVE
        name = f"P(Y in B) of the worst B at r > R, {where}"
        trials += [lost, kept, shown("off_axes", name, moved, n, side, bias=bias)]
    return trials


def _on_axes(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    radius_of, trials = numeric_radius(statement["radius"], p_a=p), []
    bias = discretisation_bias(1, boundaries=1)
    for p_a, scale, dim, beyond in AXES:
        n, noise = affordable(num_samples, dim), Laplace(scale)
        norm = radius_of(p_a, 1 - p_a, scale) + beyond * scale
        edge = norm - beyond * scale / 2
        at_x, moved = (
            count_half_space(
                noise,
                edge,
                distance=distance,
                dim=dim,
                num_samples=n,
                seed=seed,
                purpose=f"outside_is_adversarial/axis/{p_a}/{distance > 0}",
            )
            for distance in (0.0, norm)
        )
        where = f"PA = {p_a}, lambda = {scale}, r = R + {beyond} lambda on an axis, d = {dim}"
        name = f"P(f(X) = cA), {where}"
        trials.append(shown("on_axes", name, at_x, n, Expects.ABOVE, p_a, bias=bias))
        name = f"P(f(Y) = cA), {where}"
        trials.append(shown("on_axes", name, moved, n, Expects.BELOW, bias=bias))
    return trials


def _at_half(*, seed: int, num_samples: int) -> list[Trial]:
    trials, bias = [], discretisation_bias(1, boundaries=1)
    for scale, dim, move in AT_HALF:
        n = affordable(num_samples, dim)
        moved = count_half_space(
            Laplace(scale),
            0.0,
            distance=move * scale,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"outside_is_adversarial/half/{dim}",
        )
        name = f"P(f(Y) = cA), PA = 1/2, lambda = {scale}, delta_1 = {move} lambda, d = {dim}"
        trials.append(shown("at_half", name, moved, n, Expects.BELOW, bias=bias))
    return trials


def _profiles(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    """P(Y_1 > c), c = (a + t)/2, is the printed E(L - e^t)_+ and e^t P(X_1 > c)."""
    profile = statement["profile"]
    value = sp.lambdify(profile.variables, profile.expr)
    trials, bias = [], discretisation_bias(1, boundaries=1)
    for move, level, scale, dim in PROFILES:
        n, edge = affordable(num_samples, dim), (move + level) / 2
        below = count_half_space(
            Laplace(scale),
            edge * scale,
            distance=move * scale,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"outside_is_adversarial/profile/{move}/{level}",
        )
        above = float(value(move, level)) + math.exp(level) * Laplace(1.0).survival(edge)
        name = f"P(Y_1 > c), a = {move}, t = {level}, lambda = {scale}, d = {dim}"
        stated = min(max(above, 0.0), 1.0)
        trials.append(predicted("longer_multiples", name, n - below, n, stated, bias=bias))
    return trials
