"""The best set of a given X-mass by linear programming, and the diagonal sets by quadrature."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy import integrate, stats

from theory.claim import Statement
from theory.neyman_pearson import grid_for, worst_case
from theory.steps.diagonal_steps import h
from theory.symbols import lam, p_b


def best_on_grid(delta: tuple[float, ...], scale: float, mass: float) -> float:
    """The largest P(Y in B) over (randomised) sets of cells with P(X in B) <= mass, by HiGHS.

    >>> round(best_on_grid((1.0,), 1.0, 0.1), 6) == round(float(np.exp(1) * 0.1), 6)
    True
    """
    law = stats.laplace(scale=scale)
    grid = grid_for(delta, scale, (float(law.isf(mass)),))
    return (1.0 - worst_case(grid, 1.0 - mass).margin) / 2


def diagonal_masses(norm: float, short: float) -> tuple[float, float]:
    """P(X in B) and P(Y in B) for B = {T <= -r + 2 short}, delta = (r/2, r/2), unit scale.

    Given x_1, the other coordinate lies beyond a threshold, which scipy weighs; short <= r/2.

    >>> before, after = diagonal_masses(2.0, 1e-12)
    >>> round(before * np.exp(2), 9), round(after, 9)
    (np.float64(0.25), 0.25)
    """
    move = norm / 2
    masses = []
    for shift in (0.0, move):
        law = stats.laplace(loc=shift)
        past = float(law.sf(move))

        def joint(x: float, law: stats.rv_continuous = law) -> float:
            return float(law.pdf(x) * law.sf(move - (short - (move - x))))

        rest, _ = integrate.quad(joint, move - short, move, epsabs=1e-13, epsrel=1e-13)
        masses.append(past * float(law.sf(move - short)) + float(rest))
    return masses[0], masses[1]


def search_diagonal(statement: Statement, rng: np.random.Generator) -> dict[str, dict[str, str]]:
    """Counterexamples: to ``level`` and ``best`` (as "diagonal"), and to tightness in ``range``.

    The second, as "every_direction", is a norm in the range at which the best set of its X-mass
    stays below e^r times that mass.
    """
    wrong: dict[str, dict[str, str]] = {}
    end_of = sp.lambdify([p_b, lam], statement["range"], "math")
    level_of, best_of = (sp.lambdify([h], statement[name], "math") for name in ("level", "best"))
    for _ in range(12):
        short = float(10 ** rng.uniform(-2, -0.45))
        norm = 2 * short + float(10 ** rng.uniform(-1.5, 0.3))
        before, after = diagonal_masses(norm, short)
        seen = {"lambda": "1", "delta": repr((norm / 2, norm / 2)), "PB": repr(before)}
        seen["P(Y in B)"] = repr(after)
        stated = level_of(short) * np.exp(-norm), best_of(short)
        found = best_on_grid((norm / 2, norm / 2), 1.0, before)
        if max(abs(before - stated[0]), abs(after - stated[1])) > 1e-9 or found > after + 1e-6:
            wrong.setdefault("diagonal", seen)
        if norm <= end_of(before, 1.0) and after < np.exp(norm) * before - 1e-6:
            wrong.setdefault("every_direction", seen)
    return wrong
