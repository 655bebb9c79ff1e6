"""Which noise certifies a radius longer, by Arb: f = cA on |x| <= 1 and cB elsewhere on the line.

With k = 1/(2 lambda), Laplace's tie is at r = 1 - x - log(1 + z)/(2k), z = e^(-4xk); there the
Gaussian noise of the same variance misses r by half of

    M = erfc((1-x) k) + erfc((1+x) k) - erfc((1-x) k - log(1 + z)/2),

so that Laplace's supremum is the larger one where M > 0 and the Gaussian one where M < 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import ctx

from theory.balls import compile_ball
from theory.enclosure import Box, Interval, Outcome, Root, closed_at, isolate_root, sign_on_box
from theory.enclosures.coverage import over, proof_only
from theory.enclosures.identities import constant, settled
from theory.enclosures.tail_bounds import erf_above_identity, tail_below_gaussian

k = sp.Symbol("k", positive=True)
_t, _z = sp.symbols("t z", positive=True)
_lam = sp.Symbol("lambda", positive=True)
_ROOT = sp.sqrt(sp.pi)
_NEAR = Fraction(1, 64)


def excess(x: sp.Expr) -> sp.Expr:
    """M as a formula in k.

    >>> excess(sp.Integer(0)).subs(k, 1).evalf(3)
    -0.0408
    """
    near = (1 - x) * k
    return sp.erfc(near) + sp.erfc((1 + x) * k) - sp.erfc(near - sp.log(1 + _power(x)) / 2)


def crossing(x: sp.Rational, interval: Interval) -> tuple[Root | None, Root | None]:
    """The zero of M in an interval of k, and the radius of Laplace's tie there.

    >>> crossing(sp.Integer(0), (Fraction(3, 4), Fraction(1)))[1].boundary("r", 12).enclosure
    ('0.555820112709', '0.55582011271')
    """
    root = isolate_root(excess(x), k, interval)
    if root is None:
        return None, None
    with ctx.workprec(256):
        ball = compile_ball(1 - x - sp.log(1 + _power(x)) / (2 * k), [k])([root.ball])
    return root, Root(ball, "r in [0, 1 - x)", root.unique)


def order_along_the_ray(x: sp.Expr, others: Box) -> list[Outcome]:
    """M falls in k up to 1 and is negative beyond (r >= 0): at most one zero, below 1.

    Up to k = 3/2 by boxes, elsewhere by a bound: Mills' on erfc((1+x) k) and the slope of erfc
    give sqrt(pi) e^((1-x)^2 k^2) M < z^k/((1+x) k) - log(1 + z), and z^k <= z for k >= 1.

    Parameters
    ----------
    x : a number in [0, 1), or a symbol.
    others : the box of that symbol, if it is one.
    """
    middle, high = _cut(others)
    ends = (Fraction(1), Fraction(3, 2), Fraction(2))
    bound = sp.log(1 + _power(x)) / _power(x) - 1 / ((1 + x) * k)
    pieces = [
        ("M falls in k", _slope(x), ">", {k: (Fraction(0), ends[0]), **others}),
        ("M < 0", excess(x), "<", {k: ends[:2], **middle}),
        ("M < 0, by the bound", bound, ">", {k: ends[1:], **others}),
    ]
    if others:
        pieces.append(("M < 0, by the bound", bound, ">", {k: ends[:2], **high}))
    scaled = sp.exp(((1 - x) * k) ** 2) * sp.diff(excess(x), k)
    said = "the slope of M, scaled by a negative factor"
    return [
        settled(sp.expand(-_ROOT / 2 * scaled - _slope(x)), said),
        *(over(sign_on_box(one, sign, box), where) for where, one, sign, box in pieces),
        *_bound_holds(),
        *_beyond_two(),
    ]


def _cut(others: Box) -> tuple[Box, Box]:
    """The box of x cut at 1/4, if there is one."""
    at = Fraction(1, 4)
    low = {symbol: (side[0], min(side[1], at)) for symbol, side in others.items()}
    return low, {symbol: (at, side[1]) for symbol, side in others.items()}


def _slope(x: sp.Expr) -> sp.Expr:
    """-sqrt(pi)/2 e^((1-x)^2 k^2) times the slope of M in k."""
    z, q = _power(x), sp.log(1 + _power(x)) / 2
    lost = (1 - x + 2 * x * z / (1 + z)) * sp.exp(q * (2 * k * (1 - x) - q))
    return 1 - x + (1 + x) * sp.exp(-4 * x * k**2) - lost


def _power(x: sp.Expr) -> sp.Expr:
    return sp.exp(-4 * x * k)


def _bound_holds() -> list[Outcome]:
    surplus = sp.exp(-(_t**2)) / (_t * _ROOT) - sp.erfc(_t)
    falls = sp.diff(surplus, _t) + sp.exp(-(_t**2)) / (_ROOT * _t**2)
    slope = sp.diff(sp.erfc(_t), _t) + 2 * sp.exp(-(_t**2)) / _ROOT
    return [
        settled(sp.limit(surplus, _t, sp.oo), "Mills' bound less erfc(t) tends to 0"),
        settled(falls, "and its slope is -exp(-t^2)/(sqrt(pi) t^2) < 0"),
        settled(slope, "erfc falls at the rate 2 exp(-t^2)/sqrt(pi), less steeply further out"),
    ]


def _beyond_two() -> list[Outcome]:
    """For k >= 2 the bound is below z/2 - log(1 + z) < 0, at every x and z = e^(-4xk) in (0, 1]."""
    margin, small = sp.log(1 + _z) - _z / 2, Fraction(1, 16)
    where = "every k >= 2 and x, where 1/((1+x) k) <= 1/2, z in (0, 1]"
    return [
        over(closed_at(margin, ">", _z, sp.Integer(0), small, order=1), where),
        over(sign_on_box(margin, ">", {_z: (small, Fraction(1))}), where),
    ]


def location_crossing() -> tuple[Root | None, list[Outcome]]:
    """The x at which both suprema are equal at r = 0, and the sign of M on either side of it.

    There k = s + q, with z = e^(-4s) in (0, 1], q = log(1 + z)/2 and x = s/(s + q), which falls
    in z; M is D(z) = erfc(q) + erfc(2s + q) - 1, positive for larger z and negative for smaller.

    >>> location_crossing()[0].boundary("x", 12).enclosure
    ('0.974626937027', '0.974626937028')
    """
    s, q = -sp.log(_z) / 4, sp.log(1 + _z) / 2
    lead = sp.erfc(q) + sp.erfc(2 * s + q) - 1
    root = isolate_root(lead, _z, (Fraction(1, 32), Fraction(1, 16)))
    crossed = None
    if root is not None:
        with ctx.workprec(256):
            place = compile_ball(s / (s + q), [_z])([root.ball])
        crossed = Root(place, "x in [0, 1)", root.unique)
    small, zero = Fraction(1, 4096), sp.Integer(0)
    slope = sp.diff(q / s, _z) - (1 / (2 * s * (1 + _z)) + q / (4 * _z * s**2))
    return crossed, [
        settled(sp.simplify(slope), "q/s rises in z, so that x = 1/(1 + q/s) falls"),
        over(sign_on_box(lead, ">", {_z: (Fraction(1, 16), Fraction(1))}), "D > 0"),
        over(sign_on_box(lead, "<", {_z: (small, Fraction(1, 32))}), "D < 0"),
        # z <= 1/4096: erfc(2s + q) < e^(-4s^2) = z^(-log(z)/4) <= z^2, and erf(q) > q > z/4
        *tail_below_gaussian(),
        *erf_above_identity(),
        constant(sp.log(4096) - 8, ">", "-log z >= 8 for z <= 1/4096"),
        closed_at(q - _z / 4, ">", _z, zero, small, order=1),
        closed_at(_z**2 - _z / 4, "<", _z, zero, small, order=1),
    ]


@dataclass(frozen=True, slots=True)
class Loss:
    """The Gaussian supremum less Laplace's, at the radius r whose Laplace tie is lambda.

    It is below M where Gaussian noise of Laplace's supremum plus M does not certify r. With
    S = 2 lambda + sqrt(2) M, w = 1 - x - r, A = (1 - x)/S and D = w/S that is so where
    erfc((1 + x)/S) > erfc(A - D) - erfc(A), and the right side is at most
    (2/sqrt(pi)) e^(-A^2) (e^(2AD) - 1)/(2A).

    Parameters
    ----------
    x : the point.
    low, high : the stated bracket of the largest loss.
    first, last : the stated bracket of the radii at which it is above the lower end.
    """

    x: sp.Rational
    low: sp.Rational
    high: sp.Rational
    first: sp.Rational
    last: sp.Rational

    def outcomes(self, place: sp.Rational, sides: Interval, until: Fraction) -> list[Outcome]:
        """The loss exceeds the lower end at the place only near it, and the upper end nowhere.

        ``sides`` are two lambda around the place, ``until`` is one at which it is negative.
        """
        left, right = (sp.Rational(side.numerator, side.denominator) for side in sides)
        at = f"at lambda = {place} the loss is "
        said = {more: f"the loss is below {more}" for more in (self.low, self.high)}
        upper, lower = self._margin(self.high), self._margin(self.low)
        boxes = (
            (self.high, upper, sides),
            (self.low, lower, (_NEAR, sides[0])),
            (self.low, lower, (sides[1], until)),
        )
        return [
            constant(self._surplus(self.low, place), "<", f"{at}above {self.low}"),
            constant(self._surplus(self.high, place), ">", f"{at}below {self.high}"),
            constant(self.radius(right) - self.first, ">", f"r > {self.first} at {right}"),
            constant(self.last - self.radius(left), ">", f"r < {self.last} at {left}"),
            *(
                proof_only(over(sign_on_box(margin, ">", {_lam: box}), said[more]))
                for more, margin, box in boxes
            ),
            proof_only(self._near_end()),
        ]

    def radius(self, scale: sp.Expr) -> sp.Expr:
        """The radius whose Laplace tie is ``scale``; it falls in the scale."""
        return 1 - self.x - scale * sp.log(1 + sp.exp(-2 * self.x / scale))

    def _surplus(self, more: sp.Rational, scale: sp.Rational) -> sp.Expr:
        """Above 0 where the loss is below M."""
        spread = 2 * scale + sp.sqrt(2) * more
        ends = sp.erfc((1 - self.x) / spread) + sp.erfc((1 + self.x) / spread)
        return ends - sp.erfc(self.radius(scale) / spread)

    def _margin(self, more: sp.Rational) -> sp.Expr:
        """Above 0 only where the loss is below M: the logarithms, with the bound."""
        spread = 2 * _lam + sp.sqrt(2) * more
        near, gap = (1 - self.x) / spread, (1 - self.x - self.radius(_lam)) / spread
        grown = sp.log(sp.exp(2 * near * gap) - 1) - sp.log(_ROOT * near) - near**2
        return sp.log(sp.erfc((1 + self.x) / spread)) - grown

    def _near_end(self) -> Outcome:
        """The loss is below the lower end for lambda <= 1/64.

        There w < lambda e^(-2x/lambda) < e^(-128 x)/64, S lies between sqrt(2) M and that plus
        1/32, and the right side is at most (2/sqrt(pi)) D e^(-(A - D)^2).
        """
        small = sp.exp(-128 * self.x) / 64
        least, most = sp.sqrt(2) * self.low, sp.sqrt(2) * self.low + sp.Rational(1, 32)
        right = 2 / _ROOT * small / least * sp.exp(-(((1 - self.x - small) / most) ** 2))
        said = f"the loss is below {self.low} for lambda <= {_NEAR}"
        return constant(sp.erfc((1 + self.x) / least) - right, ">", said)
