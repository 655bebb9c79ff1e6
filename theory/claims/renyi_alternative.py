"""Section 4.1: the second term of Theorem 1 by Renyi divergence, and what finite orders give."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import constant, settled
from theory.searches.renyi_search import (
    certified_radius,
    search_finite,
    search_limit,
    search_two_classes,
)
from theory.searches.search import search_radius
from theory.steps import laplace_steps, renyi_orders, renyi_steps
from theory.steps.renyi_steps import order
from theory.symbols import lam, p_a, p_b, r

CLAIM = Claim(
    slug="renyi_alternative",
    source="section 4.1, the end of the proof sketch of Theorem 1",
    statement=(
        "The second term of Theorem 1, R_2 = -lambda log(1 - PA + PB), also follows from Renyi "
        "divergence, by the certificate of Li et al. (2018): it is that certificate in the limit "
        "of the order alpha -> oo. A finite order certifies more wherever PA + PB < 1, and none "
        "does where PB = 1 - PA."
    ),
    latex=(
        r"D_\alpha(X+\delta\,\|\,X)<-\log\Bigl(1-p_A-p_B+2\bigl(\tfrac12p_A^{1-\alpha}+\tfrac12"
        r"p_B^{1-\alpha}\bigr)^{1/(1-\alpha)}\Bigr)\ \xrightarrow{\alpha\to\infty}\ "
        r"\|\delta\|_1<-\lambda\log(1-p_A+p_B)"
    ),
    variables=(
        Variable("PA", "(0, 1)", "lower bound on the probability of the top class at x"),
        Variable("PB", "(0, PA), PA + PB <= 1", "upper bound on every other class's probability"),
        Variable("alpha", "(1, oo)", "order of the divergence"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part(
            "sound",
            "for every order alpha > 1 and in every dimension, the prediction is kept at every "
            "delta whose norm r has D_alpha(r) below the bound -log(1 - PA - PB + 2M), with "
            "M = ((PA^(1 - alpha) + PB^(1 - alpha))/2)^(1/(1 - alpha)) and, for one coordinate "
            "moved by r, D_alpha(r) = log((alpha e^((alpha - 1) r/lambda) + (alpha - 1) "
            "e^(-alpha r/lambda))/(2 alpha - 1))/(alpha - 1)",
        ),
        Part(
            "order_infinity",
            "as alpha -> oo the divergence tends to r/lambda and the bound to "
            "-log(1 - PA + PB), so the certificate tends to r < R_2: the second term",
        ),
        Part(
            "finite_order",
            "for 0 < PB < PA and PA + PB < 1 the finite order alpha = 1 + 2 (1 + R)/(G R), with "
            "R = R_2/lambda and G = (1 - PA - PB)/(1 - PA + PB), certifies a radius larger than "
            "R_2",
        ),
        Part("two_classes", "for PB = 1 - PA no order alpha > 1 certifies more than R_2"),
    ),
    assumptions=(
        "The text gives no details; it is read as the certificate of Li et al., with PA and PB for "
        "the two largest class probabilities, so PA + PB <= 1 (no class but cA can have more than "
        "1 - PA), and PB > 0. The ball is open, as their inequality is strict. No certificate for "
        "any number of classes exceeds (lambda/2)(Q(PA) - Q(PB)), Q the Laplace quantile, which "
        "is part of theorem_1."
    ),
    reference="paper, section 4.1; Li, Chen, Wang and Carin (2018), Lemma 1 and Theorem 2",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

_SECOND = -sp.log(1 - p_a + p_b)
_REST = (1 - p_a - p_b) / (1 - p_a + p_b)

PRINTED: Statement = {
    "second": lam * _SECOND,
    "bound": -sp.log(
        1 - p_a - p_b + 2 * ((p_a ** (1 - order) + p_b ** (1 - order)) / 2) ** (1 / (1 - order))
    ),
    # of one coordinate moved by r
    "divergence": sp.log(
        order / (2 * order - 1) * sp.exp((order - 1) * r / lam)
        + (order - 1) / (2 * order - 1) * sp.exp(-order * r / lam)
    )
    / (order - 1),
    # an order that certifies more than R_2 where PA + PB < 1; any larger one does too
    "order": 1 + 2 * (1 + _SECOND) / (_REST * _SECOND),
}

_TINY = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_COUNTED = (Rung.DERIVATION, Rung.SEARCH, Rung.SIMULATION)
_ONE_MEAN = ((p_a ** (1 - order) + p_b ** (1 - order)) / 2) ** (1 / (1 - order))
MUTANTS = (
    Mutant(
        "second term larger by 1e-6 lambda",
        {"second": PRINTED["second"] + _TINY * lam},
        "order_infinity",
        _FLOATS,
    ),
    Mutant(
        "bound larger by 1e-6",
        {"bound": PRINTED["bound"] + _TINY},
        "sound",
        (Rung.DERIVATION,),
    ),
    Mutant(
        "bound without the factor 2 of the mean",
        {"bound": -sp.log(1 - p_a - p_b + _ONE_MEAN)},
        "sound",
        _COUNTED,
    ),
    Mutant(
        "divergence smaller by 1e-6",
        {"divergence": PRINTED["divergence"] - _TINY},
        "sound",
        (Rung.DERIVATION,),
    ),
    Mutant("order 2 for every PA and PB", {"order": sp.Integer(2)}, "finite_order", _FLOATS),
    Mutant(
        "second term smaller by 1e-6 lambda",
        {"second": PRINTED["second"] - _TINY * lam},
        "two_classes",
        (Rung.DERIVATION,),
    ),
    Mutant(
        "second term smaller by three tenths",
        {"second": PRINTED["second"] * sp.Rational(7, 10)},
        "two_classes",
        _COUNTED,
    ),
)

_n, _z, _w = (sp.Symbol(name, nonnegative=True) for name in "nzw")
_beta = sp.Symbol("beta", positive=True)
_R, _G = sp.Symbol("R", positive=True), sp.Symbol("G", positive=True)
_x, _y = sp.Symbol("x", positive=True), sp.Symbol("y", positive=True)


#: (PA, PB) in hundredths at which the stated order is tried
_TRIED = ((60, 10), (55, 40), (51, 48), (98, 1), (30, 29))


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The divergence from the density, the bound from tangents of x^alpha, then the orders."""
    second, bound, divergence = (statement[name] for name in ("second", "bound", "divergence"))
    return [
        chain(
            "sound",
            _sound(bound, divergence),
            conclusion=(
                "where cA is tied or behind at x + delta, D_alpha(r) >= D(X + delta || X) >= the "
                "bound, for every order"
            ),
        ),
        chain(
            "order_infinity",
            _order_infinity(second, bound, divergence),
            conclusion="r/lambda < -log(1 - PA + PB), which is r < R_2",
        ),
        chain(
            "finite_order",
            renyi_orders.finite_order_wins(second, bound, divergence, statement["order"]),
            conclusion=(
                "(alpha - 1) (bound - D) > G/4 > 0 at r = R_2 for the order alpha = 1 + "
                "2 (1 + R)/(G R)"
            ),
        ),
        chain(
            "two_classes",
            renyi_orders.two_classes_hold_back(second, bound),
            conclusion="at r = R_2 the half-space of mass PA is moved to 1/2, so D >= bound there",
        ),
    ]


def _sound(bound: sp.Expr, divergence: sp.Expr) -> Iterator[Step]:
    yield from renyi_steps.divergence_from_density(divergence)
    yield from renyi_steps.axis_is_worst()
    yield from renyi_steps.divergence_rises()
    yield from renyi_steps.bound_from_masses(bound)


def _order_infinity(second: sp.Expr, bound: sp.Expr, divergence: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    yield from renyi_orders.orders_to_infinity(bound, divergence)
    yield equal(
        laplace_steps.dp_factor().subs(r, second) * (1 - p_a - p_b + 2 * p_b),
        1,
        "e^(r/lambda) (1 - PA - PB + 2 PB) is 1 at r = R_2: both limits meet at the second term",
        "0 < PB <= PA, PA + PB <= 1",
        written=sp.exp(sp.Symbol("R_2") / lam) * (1 - p_a + p_b),
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Both limits by n = 1/(alpha - 1) in [0, 1]; the stated order by four sharp inequalities.

    With z = e^(-(2 + n) r/(n lambda)) and w = (PB/PA)^(1/n), both in [0, 1], the divergence is
    r/lambda + n log((1 + n + z)/(2 + n)) and M is PB ((1 + w)/2)^(-n). Both brackets are between
    1/4 and 2, so their logarithms are bounded, and n times them tends to 0 with n.
    """
    at = {order: 1 + 1 / _n}
    bound, divergence = statement["bound"].subs(at), statement["divergence"].subs(at)
    z_at = sp.exp(-(2 + _n) * r / (_n * lam))
    w_at = (p_b / p_a) ** (1 / _n)
    spread, mean = (1 + _n + _z) / (2 + _n), (1 + _w) / 2
    unit = Fraction(0), Fraction(1)
    exact = [
        settled(
            (sp.exp(divergence / _n - r / (_n * lam)) - spread.subs(_z, z_at)).subs(_n, 1 / _beta),
            "e^((D - r/lambda)/n) = (1 + n + z)/(2 + n)",
        ),
        settled(
            (sp.exp(-bound) - 1 + p_a + p_b - 2 * p_b * mean.subs(_w, w_at) ** (-_n)).subs(
                _n, 1 / _beta
            ),
            "2M = 2 PB ((1 + w)/2)^(-n)",
        ),
        settled(
            sp.exp(-statement["second"] / lam) - (1 - p_a - p_b + 2 * p_b),
            "R_2 is where r/lambda is the limit of the bound",
        ),
    ]
    limits = [
        sign_on_box(bracket - Fraction(1, 4) if low else bracket - 2, ">" if low else "<", box)
        for bracket, box in ((spread, {_n: unit, _z: unit}), (mean, {_w: unit}))
        for low in (True, False)
    ]
    return [
        enclosed(
            "order_infinity",
            [*exact, *(over(one, "every PA, PB, r; n in [0, 1]") for one in limits)],
            conclusion="D -> r/lambda, M -> PB, and both meet at R_2",
        ),
        enclosed(
            "finite_order",
            [*_tried(statement), *_order_suffices(statement), *exact],
            conclusion="(alpha - 1) (bound - D) > 0 at r = R_2 for the stated order",
        ),
    ]


def _tried(statement: Statement) -> list[Outcome]:
    """bound - D at r = R_2 at exact points: an order that is too small shows there."""
    at = lam * sp.expand(statement["second"] / lam)  # lambda cancels
    margin = statement["bound"] - statement["divergence"].subs(r, at)
    margin = margin.subs(order, statement["order"])
    points = [(Fraction(top, 100), Fraction(low, 100)) for top, low in _TRIED]
    return [sign_on_box(margin, ">", {p_a: (top, top), p_b: (low, low)}) for top, low in points]


def _order_suffices(statement: Statement) -> list[Outcome]:
    """(alpha - 1) (bound - D) > 0 over every PA + PB < 1, by R = R_2/lambda and G in (0, 1).

    G = (1 - PA - PB)/(1 - PA + PB), n = 1/(alpha - 1) = G R/(2 (1 + R)) < 1/2, M < 2^n PB. With
    E = e^(-(2 + n) R/n) it is above G (1 - 2^-n)/n - n/2 - E, by -log(1 - x) > x and
    log(1 + y) < y. Over G: (1 - 2^-n)/n > 1/2, n/(2G) < 1/4, and E/G < e^(-4/G)/G < 1/8.
    """
    near, half = Fraction(1, 64), Fraction(1, 2)
    by_r = {p_a: 1 - sp.exp(-_R) * (1 + _G) / 2, p_b: sp.exp(-_R) * (1 - _G) / 2}
    small = sp.simplify(1 / (statement["order"] - 1).subs(by_r))
    below, above = 1 - (1 - _x) * sp.exp(_x), _x - sp.log(1 + _x)
    chord, zero = 1 - 2 ** (-_n) - _n / 2, sp.Integer(0)
    scaled = sp.exp(-4 * _y) * _y  # y = 1/G in [1, oo), falling as its slope's factor 1 - 4y does
    return [
        settled(small - _G * _R / (2 * (1 + _R)), "n = G R/(2 (1 + R)) for the stated order"),
        settled(
            sp.simplify((1 - p_a - p_b + 2**_n * 2 * p_b).subs(by_r))
            - sp.exp(-_R) * 2**_n * (1 - _G * (1 - 2 ** (-_n))),
            "1 - PA - PB + 2^n 2 PB = e^-R 2^n (1 - G (1 - 2^-n))",
        ),
        over(closed_at(below, ">", _x, zero, near, order=2), "-log(1 - x) > x"),
        over(sign_on_box(below, ">", {_x: (near, Fraction(1))}), "-log(1 - x) > x"),
        over(closed_at(above, ">", _x, zero, near, order=2), "log(1 + x) < x"),
        over(sign_on_box(above, ">", {_x: (near, Fraction(2))}), "log(1 + x) < x"),
        over(closed_at(chord, ">", _n, zero, near, order=1), "1 - 2^-n > n/2"),
        over(sign_on_box(chord, ">", {_n: (near, half)}), "1 - 2^-n > n/2"),
        settled(
            sp.diff(scaled, _y) - sp.exp(-4 * _y) * (1 - 4 * _y), "y e^(-4y) falls for y > 1/4"
        ),
        constant(sp.Rational(1, 8) - scaled.subs(_y, 1), ">", "e^(-4) < 1/8"),
        constant(sp.Rational(1, 2) - sp.Rational(1, 4) - sp.Rational(1, 8), ">", "1/2 > 3/8"),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst classifiers at the radius of several orders; orders with 60 digits."""
    rng = np.random.Generator(np.random.Philox(seed))
    second, bound, divergence = (statement[name] for name in ("second", "bound", "divergence"))
    radius = certified_radius(bound, divergence, (1.1, 1.6, 2.5, 5.0))
    return [
        search_radius(radius, binary=False, seed=seed, part="sound"),
        search_limit(bound, divergence, second, "order_infinity"),
        search_finite(bound, divergence, second, statement["order"], "finite_order", rng),
        search_two_classes(bound, divergence, second, "two_classes", rng),
    ]
