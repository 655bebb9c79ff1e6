"""How far the Gaussian supremum of Appendix D exceeds Laplace's near x = 1: an upper bound by Arb.

At Laplace's supremum v = (1 + x)/lambda and w = (1 - x)/lambda satisfy e^(-v) + e^(-w) = 1; v runs
over [log 2, oo) as x does over [0, 1). The loss is the Gaussian supremum less Laplace's, both as
standard deviations; it is below M where Gaussian noise whose standard deviation is Laplace's
supremum plus M agrees with f with probability below 1/2.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box
from theory.enclosures.coverage import proof_only
from theory.enclosures.identities import constant
from theory.enclosures.tail_bounds import erf_below_tangent
from theory.symbols import b as _b

v = sp.Symbol("v", positive=True)
_B = sp.Symbol("B", positive=True)

#: Where the loss is largest, nearly: any place gives a lower bound.
PLACE = sp.Rational(13787, 1000)


def surplus(more: sp.Rational) -> sp.Expr:
    """log(erfc(B)/erf(A)) at Laplace's supremum plus M: above 0 iff Gaussian agreement is < 1/2.

    B = (1 + x)/(sqrt(2) sigma) and A = (1 - x)/(sqrt(2) sigma), at sigma = sqrt(2) lambda + M.

    >>> surplus(sp.Integer(0)).subs(v, sp.log(2)).evalf(4)  # x = 0, Laplace's is the larger one
    0.5067
    """
    near = -sp.log(1 - sp.exp(-v))
    both = 2 + more * (v + near) / sp.sqrt(2)
    return sp.log(sp.erfc(v / both)) - sp.log(sp.erf(near / both))


def loss_below(more: sp.Rational) -> list[Outcome]:
    """The loss is below M for every v >= 3: boxes to v = 11, a lower bound to 80, a cruder beyond.

    With b = e^(-v): w < b + b^2, erf(A) < 2A/sqrt(pi) and B < B' = v/(2 + v M/sqrt(2)). In B' the
    lower bound of the surplus falls and then rises; between, |B' - place| <= reach, it is at least
    its value at the place less reach times the largest slope there.

    >>> {outcome.status for outcome in loss_below(sp.Rational(185444, 10**6))}
    {True}
    """
    rate = more / sp.sqrt(2)
    distance = 2 * _B / (1 - rate * _B)  # v
    lower = sp.log(sp.erfc(_B)) + distance - sp.exp(-distance)
    lower += sp.log(sp.pi) / 2 - sp.log(1 - rate * _B)
    slope, here = sp.diff(lower, _B), lower.subs(_B, sp.Rational(36206, 10**4))
    place, reach = Fraction(36206, 10**4), Fraction(1, 1000)
    near, steepest = {_B: (place - reach, place + reach)}, here * 1000
    # v >= 80: (1 + x)/sigma < 2/M and erf((1 - x)/(sqrt(2) sigma)) < 2 sqrt(2) e^(-v)/M
    rest = sp.erfc(sp.sqrt(2) / more) - 2 * sp.sqrt(2) * sp.exp(-sp.Integer(80)) / more
    small = _b + _b**2 + sp.log(1 - _b)
    return [
        constant(surplus(more).subs(v, PLACE), ">", f"at v = {PLACE} the loss is below {more}"),
        sign_on_box(surplus(more), ">", {v: (Fraction(3), Fraction(11))}),
        proof_only(constant(11 - distance.subs(_B, 3), ">", "B' = 3 is before v = 11")),
        proof_only(
            constant(distance.subs(_B, sp.Rational(13, 2)) - 80, ">", "B' = 13/2 is past v = 80")
        ),
        closed_at(small, ">", _b, sp.Integer(0), Fraction(1, 16), order=2),
        *erf_below_tangent(),
        proof_only(sign_on_box(slope, "<", {_B: (Fraction(3), place - reach)})),
        proof_only(sign_on_box(steepest + slope, ">", near)),
        proof_only(sign_on_box(steepest - slope, ">", near)),
        proof_only(sign_on_box(slope, ">", {_B: (place + reach, Fraction(13, 2))})),
        proof_only(constant(rest, ">", f"the loss is below {more} for v >= 80")),
    ]
