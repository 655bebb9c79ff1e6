"""The worst test against a move along one axis, by Neyman-Pearson's dual, from closed forms.

In units of lambda. The enclosures' way to the Lipschitz bound on quantiles: for X Laplace noise and
Y = X + (r, 0, ..., 0) with likelihood ratio L = mu_Y/mu_X, every test h and every t >= 0 satisfy
E h(Y) <= t E h(X) + E(L - t)_+, with equality for a half-line. A delta of l1 norm r is a sequence
of moves along axes whose lengths add up to r, so the bound on one axis holds for every delta.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from theory.enclosure import Box, Outcome, closed_at, sign_on_box, vanishes
from theory.enclosures.coverage import identical, over
from theory.tightness import half_line_mass

_k, _r, _t, _z = sp.symbols("k r t z", positive=True)
_m, _n = sp.symbols("m n", nonnegative=True)
_ONE, _LAST = sp.Integer(1), 1 - Fraction(1, 1024)

#: what the enclosures write below the bound for every delta
PATH = "every delta: moves along the axes add up to r, and so do the bounds"


def largest_mean(place: str) -> tuple[sp.Expr, sp.Expr]:
    """The dual bound on E h(Y) at the best t, and F(Q(q) + r), for q = E h(X) = P(X_1 >= c).

    ``place`` says where c = -Q(q) lies: "before" (c <= 0), "between" (0 <= c <= r) or "beyond".

    >>> bound, worst = largest_mean("beyond")
    >>> sp.simplify(bound - worst)
    0
    """
    if place == "before":  # c = -m; L > t = e^-r on x > 0
        t, above_x, above_y = sp.exp(-_r), half_line_mass(sp.Integer(0)), half_line_mass(_r)
        return t * half_line_mass(_m) + above_y - t * above_x, half_line_mass(_m + _r)
    if place == "between":  # c = n, r = m + n; L > t = e^(n - m) on x > c
        t, above_x, above_y = sp.exp(_n - _m), half_line_mass(-_n), half_line_mass(_m)
        return t * half_line_mass(-_n) + above_y - t * above_x, half_line_mass(_m)
    if place == "beyond":  # c = r + m; L never exceeds t = e^r
        return sp.exp(_r) * half_line_mass(-_r - _m), half_line_mass(-_m)
    raise ValueError(f"place = {place!r} is not one of ['before', 'between', 'beyond']")


def likelihood_ratios() -> list[tuple[sp.Expr, sp.Expr]]:
    """L before, between and beyond the two centres, by the slopes of the half-line masses.

    It rises with x, so that {L > t} is a half-line.

    >>> [value for _, value in likelihood_ratios()]
    [exp(-r), exp(-m + n), exp(r)]
    """

    def slope(place: sp.Expr) -> sp.Expr:
        return sp.diff(half_line_mass(place), _t)

    # x = -t; x = t, where the slope in t is the density; and x = n + t with r = m + n + 2t
    before = slope(-_t - _r) / slope(-_t)
    between = slope(-_m - _t) / -slope(_n + _t)
    beyond = slope(_t) / slope(_r + _t)
    ratio = sp.exp(2 * (_n + _t) - (_m + _n + 2 * _t))
    return [(before, sp.exp(-_r)), (between, ratio), (beyond, sp.exp(_r))]


def strictly_between() -> list[Outcome]:
    """e^-r < L < e^r between the two centres: L e^r = e^(2x) and e^r/L = e^(2(r - x)).

    >>> [one.status for one in strictly_between()]
    [True, True, True]
    """
    ratio = likelihood_ratios()[1][0]
    reach = sp.exp(_m + _n + 2 * _t)  # e^r, with x = n + t and r - x = m + t
    pairs = [(ratio * reach, sp.exp(2 * (_n + _t))), (reach / ratio, sp.exp(2 * (_m + _t)))]
    where = "every 0 < x < r, z = e^-x or e^-(r - x)"
    return [
        over(identical(pairs, "L e^r and e^r/L"), where),
        over(sign_on_box(1 - _z**2, ">", {_z: (Fraction(0), _LAST)}), where),
        over(closed_at(1 - _z**2, ">", _z, _ONE, _LAST, order=1), where),
    ]


def axis_bound() -> list[Outcome]:
    """E h(Y) <= F(Q(q) + r) for every test of mean q in (0, 1) and every move of l1 norm r.

    >>> [one.status for one in axis_bound()]
    [True, True, True]
    """
    places = ("before", "between", "beyond")
    duals = [largest_mean(place) for place in places]
    slope = sp.diff(half_line_mass(-_t), _t).subs(_t, -sp.log(_z)) * -1
    return [
        over(identical(likelihood_ratios(), "L rises with x_1"), "every x and every move on axes"),
        over(
            identical(duals, "E h(Y) <= t q + E(L - t)_+ = F(Q(q) + r) at t = L(-Q(q))"),
            f"every q in (0, 1), every r > 0; {PATH}",
        ),
        over(
            sign_on_box(slope / _z, ">", {_z: (Fraction(0), Fraction(1))}),
            "F is strictly increasing: density at every t > 0, z = e^-t, over z",
        ),
    ]


def against_tie(
    radius: sp.Expr, tie: sp.Expr, relation: str, box: Box, where: str, witness: str
) -> Outcome:
    """Whether radius relation tie (>= or <=): an identity by SymPy, or else a sign over the box.

    The box only has to refute: a strict inequality on it alone proves nothing beyond it.

    >>> box = {_k: (Fraction(1, 8), Fraction(8))}
    >>> against_tie(sp.log(sp.exp(_k)), _k, "<=", box, "k > 0", "").status
    True
    >>> against_tie(_k + sp.Rational(1, 10**6), _k, "<=", box, "k > 0", "f").witness["classifier"]
    'f'
    """
    gap = sp.simplify(radius - tie)
    if vanishes(gap).status is True:
        return over(vanishes(gap), where)
    inside = sign_on_box(gap, ">" if relation == ">=" else "<", box, max_boxes=1000)
    outcome = over(inside, where, whole=False)
    if outcome.witness is None:
        return outcome
    named = {str(symbol): str(low) for symbol, (low, _) in box.items()}
    return replace(outcome, witness={**named, **outcome.witness, "classifier": witness})


def beyond_tie() -> Iterator[Outcome]:
    """1/2 < F(e) for every e > 0, and F(k) < F(k + e): a half-line's mass moves with its end.

    >>> all(one.status for one in beyond_tie())
    True
    """
    step = -sp.log(_z)
    gains = {
        "F(e) > 1/2 for every e > 0, z = e^-e": half_line_mass(_t) - half_line_mass(-_t),
        "F(k + e) > F(k) for every k >= 0, e > 0, z = e^-e, over e^-k": sp.simplify(
            (half_line_mass(_m + _t) - half_line_mass(_m)) * sp.exp(_m)
        ),
    }
    for where, gain in gains.items():
        at_step = sp.simplify(gain.subs(_t, step))
        yield over(sign_on_box(at_step, ">", {_z: (Fraction(0), _LAST)}), where)
        yield over(closed_at(at_step, ">", _z, _ONE, _LAST, order=1), where)
