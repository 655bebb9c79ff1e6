"""Searches about the Renyi certificate: its radius in floats, its orders with 60 digits."""

from __future__ import annotations

import time
from collections.abc import Callable

import mpmath
import numpy as np
import sympy as sp
from scipy import optimize

from theory.claim import Evidence
from theory.searches.findings import searched
from theory.searches.search import FAR, Radius
from theory.steps.renyi_steps import order
from theory.symbols import lam, p_a, p_b, r

_DIGITS = 60

#: an order that is as good as oo to ten digits
_LARGE = 10**12


def certified_radius(bound: sp.Expr, divergence: sp.Expr, orders: tuple[float, ...]) -> Radius:
    """The largest radius that one of the orders certifies: the r at which D meets the bound.

    PB is taken to be 1 - PA at most, as no class can have more, and the radius to be FAR at most.

    >>> bound = -sp.log(1 - p_a + p_b)
    >>> round(certified_radius(bound, r / lam, (2.0,))(0.75, 0.25, 3.0), 6)  # 3 log 2
    2.079442
    """
    level = sp.lambdify([p_a, p_b, order], bound, modules="numpy")
    spread = sp.lambdify([r, order], divergence.subs(lam, 1), modules="numpy")

    def radius(top: float, runner_up: float, scale: float) -> float:
        found = 0.0
        for alpha in orders:
            height = float(level(top, min(runner_up, 1 - top), alpha))
            if not height > 0 or float(spread(FAR, alpha)) < height:
                found = max(found, FAR if height > 0 else 0.0)
                continue

            def over(at: float, alpha: float = alpha, height: float = height) -> float:
                return float(spread(at, alpha)) - height

            found = max(found, optimize.brentq(over, 0.0, FAR, xtol=1e-13))
        return scale * found

    return radius


def search_limit(bound: sp.Expr, divergence: sp.Expr, second: sp.Expr, part: str) -> Evidence:
    """Bound and divergence at the order 10^12 against each other at r = ``second``."""
    start, worst, witness = time.perf_counter(), 0.0, None
    margin = _margin(bound, divergence, second)
    points = [(0.6, 0.1), (0.4, 0.3), (0.5, 1e-6), (0.99, 0.01), (0.51, 0.49), (0.3, 0.2999)]
    for top, runner_up in points:
        off = abs(float(margin(top, runner_up, _LARGE)))
        worst = max(worst, off)
        if off > 1e-9:
            witness = {"PA": repr(top), "PB": repr(runner_up), "bound less D": repr(off)}
            break
    said = f"at r = R_2 the bound and D of the order 10^12 differ by {worst:.1g} at most"
    scope = f"{len(points)} pairs (PA, PB), PB from 1e-6 to 1 - PA"
    return searched(part, scope, said, start=start, witness=witness)


def search_finite(
    bound: sp.Expr,
    divergence: sp.Expr,
    second: sp.Expr,
    chosen: sp.Expr,
    part: str,
    rng: np.random.Generator,
) -> Evidence:
    """Whether the stated order certifies more than ``second``, with 60 digits, near every edge."""
    start, witness, smallest = time.perf_counter(), None, np.inf
    margin = _margin(bound, divergence, second)
    order_of = sp.lambdify([p_a, p_b], chosen, modules="mpmath")
    for _ in range(120):
        # 1 - PA - PB, PA - PB and PB down to 1e-4 of 1
        shares = 10.0 ** rng.uniform(-4, 0, 3)
        _, lead, low = shares / (shares[0] + shares[1] + 2 * shares[2])
        runner_up, top = float(low), float(low + lead)
        with mpmath.workdps(_DIGITS):
            alpha = order_of(mpmath.mpf(top), mpmath.mpf(runner_up))
            gain = (alpha - 1) * margin(top, runner_up, alpha)
        smallest = min(smallest, float(gain))
        if not gain > 0:
            witness = {"PA": repr(top), "PB": repr(runner_up), "order": mpmath.nstr(alpha, 8)}
            break
    scope = "120 pairs (PA, PB) with 1 - PA - PB, PA - PB and PB down to 1e-4"
    said = f"at r = R_2 the bound is above D; (alpha - 1) (bound - D) is at least {smallest:.2g}"
    return searched(part, scope, said, start=start, witness=witness)


def search_two_classes(
    bound: sp.Expr, divergence: sp.Expr, second: sp.Expr, part: str, rng: np.random.Generator
) -> Evidence:
    """Whether D is at or above the bound at r = ``second`` with PB = 1 - PA, with 60 digits."""
    start, witness, closest = time.perf_counter(), None, np.inf
    margin = _margin(bound, divergence, second)
    for gap, beta in zip(
        10.0 ** rng.uniform(-5, 0, 120), 10.0 ** rng.uniform(-4, 4, 120), strict=True
    ):
        top = 0.5 + float(gap) / 2 * (1 - 1e-6)
        with mpmath.workdps(_DIGITS):
            lead = -margin(top, 1 - mpmath.mpf(top), 1 + mpmath.mpf(float(beta)))
        closest = min(closest, float(lead))
        if not lead > 0:
            witness = {"PA": repr(top), "order": repr(1 + float(beta))}
            break
    scope = "120 pairs of PA, 1e-5 from 1/2 to 1e-6 from 1, and of an order from 1.0001 to 10001"
    said = f"at r = R_2 the divergence is above the bound, by {closest:.1g} or more"
    return searched(part, scope, said, start=start, witness=witness)


def _margin(bound: sp.Expr, divergence: sp.Expr, second: sp.Expr) -> Callable[..., mpmath.mpf]:
    """bound - D at r = ``second``, in PA, PB and the order, in the unit of lambda."""
    difference = (bound - divergence.subs(r, second)).subs(lam, 1)
    numeric = sp.lambdify([p_a, p_b, order], difference, modules="mpmath")

    def margin(top: object, runner_up: object, alpha: object) -> mpmath.mpf:
        with mpmath.workdps(_DIGITS):
            return numeric(mpmath.mpf(top), mpmath.mpf(runner_up), mpmath.mpf(alpha))

    return margin
