"""Steps about balls: l1 balls in the plane and by one more coordinate at a time, and disks.

The section of an l1 ball of radius rho at x_(d+1) = t is the ball of radius rho - |t| in one
dimension less, and so it is with the overlap of two balls whose centres differ in the first d
coordinates alone. Each volume is therefore an integral of the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.derivation import Step, compare, equal

#: the dimension of a volume, and the length that shrinks from section to section
dim = sp.Symbol("d", integer=True, positive=True)
depth = sp.Symbol("h", positive=True)

_section = sp.Symbol("y", positive=True)
_t = sp.Symbol("t", real=True)
_a, _c = sp.symbols("a c", nonnegative=True)


def joins_coordinate(volume: sp.Lambda, reason: str, domain: str, *, states: bool = False) -> Step:
    """V_(d+1)(h) = int V_d(h - |t|) dt over |t| <= h, for every d.

    Parameters
    ----------
    volume : SymPy Lambda of the dimension and of h
        h is the radius of a ball; for an overlap, the radius less half the norm of the move.
    reason, domain, states
        As for `theory.derivation.equal`.

    Examples
    --------
    >>> ball = sp.Lambda((dim, depth), (2 * depth) ** dim / sp.factorial(dim))
    >>> joins_coordinate(ball, "one coordinate more", "every h > 0").check().status
    True
    """
    sections = sp.expand_power_base(volume(dim, _section))
    whole = 2 * sp.integrate(sections, (_section, 0, depth))
    shown = sp.Integral(volume(dim, depth - sp.Abs(_t)), (_t, -depth, depth))
    return equal(whole, volume(dim + 1, depth), reason, domain, written=shown, states=states)


def l1_ball_volume(volume: sp.Lambda, *, states: bool = False) -> Iterator[Step]:
    """The volume of the l1 ball of radius h in every dimension, by induction from an interval.

    >>> ball = sp.Lambda((dim, depth), (2 * depth) ** dim / sp.factorial(dim))
    >>> [step.check().status for step in l1_ball_volume(ball)]
    [True, True]
    """
    yield equal(
        sp.integrate(sp.Integer(1), (_t, -depth, depth)),
        volume(1, depth),
        "in one dimension the ball of radius h is an interval",
        "d = 1, every h > 0",
        written=sp.Integral(1, (_t, -depth, depth)),
        states=states,
    )
    yield joins_coordinate(
        volume,
        "the section of the ball at x_(d+1) = t is the ball of radius h - |t| in d dimensions",
        "every d >= 1, h > 0",
        states=states,
    )


def triangle(reason: str, domain: str) -> Iterator[Step]:
    """a + c >= |a - c| for a, c >= 0, its two cases.

    >>> [step.check().status for step in triangle("two sides", "a, c >= 0")]
    [True, True]
    """
    for third, left in ((_a - _c, 2 * _c), (_c - _a, 2 * _a)):
        yield compare(_a + _c, ">=", third, reason, domain, form=left)


def l1_ball_is_square() -> Iterator[Step]:
    """In the plane, |x| + |y| <= rho says |u|, |v| <= rho for u = x + y, v = x - y.

    >>> all(step.check().status for step in l1_ball_is_square())
    True
    """
    half = sp.Rational(1, 2)
    yield from triangle(
        "|x| + |y| = max(|u|, |v|) for u = x + y, v = x - y: the l1 ball is the square "
        "|u|, |v| <= rho",
        "|x| = a, |y| = c; their signs only exchange |u| and |v|",
    )
    turn = sp.Matrix([[half, half], [half, -half]])
    yield equal(
        sp.Abs(turn.det()),
        half,
        "the Jacobian of x = (u + v)/2, y = (u - v)/2",
        "every (u, v)",
        written=sp.Abs(sp.Determinant(turn)),
    )


def overlap_of_disks(area: sp.Lambda) -> Iterator[Step]:
    """The overlap of two disks does not feel the direction of the move; its area.

    Parameters
    ----------
    area : SymPy Lambda of rho, phi and theta
        The area for the move 2 rho cos(phi) (cos theta, sin theta), 0 < phi < pi/2.

    Examples
    --------
    >>> rho, phi, theta = sp.symbols("rho phi theta", positive=True)
    >>> lens = sp.Lambda((rho, phi, theta), rho**2 * (2 * phi - sp.sin(2 * phi)))
    >>> all(step.check().status for step in overlap_of_disks(lens))
    True
    """
    x, y, theta, phi = sp.symbols("x y theta phi", real=True)
    rho, m = sp.symbols("rho m", positive=True)
    along, across = sp.symbols("u v", real=True)
    cos, sin = sp.cos(theta), sp.sin(theta)
    turned = (cos * along - sin * across, sin * along + cos * across)
    where = "delta = m (cos theta, sin theta), (x, y) = (u, v) turned by theta"
    yield equal(
        turned[0] ** 2 + turned[1] ** 2,
        along**2 + across**2,
        "the first disk does not feel the turn",
        where,
        written=x**2 + y**2,
    )
    yield equal(
        (turned[0] - m * cos) ** 2 + (turned[1] - m * sin) ** 2,
        (along - m) ** 2 + across**2,
        "and the second has its centre on the axis: theta is gone",
        where,
        written=(x - m * cos) ** 2 + (y - m * sin) ** 2,
    )
    turn = sp.Matrix(turned).jacobian([along, across])
    yield equal(
        sp.simplify(turn.det()),
        1,
        "a rotation keeps areas",
        where,
        written=sp.Determinant(turn),
    )
    yield equal(
        4 * rho**2 * sp.integrate(sp.sin(along) ** 2, (along, 0, phi)),
        area(rho, phi, theta),
        "four times the area under the arc from u = m/2 = rho cos phi to rho, u = rho cos w",
        "m = 2 rho cos phi in (0, 2 rho)",
        written=4 * sp.Integral((rho * sp.sin(along)) ** 2, (along, 0, phi)),
        states=True,
    )


def euclidean_against_taxicab(relation: str) -> Step:
    """The step ||delta||_2 relation ||delta||_1 (<= or >=), by one more coordinate at a time.

    >>> euclidean_against_taxicab("<=").check().status
    True
    """
    return compare(
        _a**2 + _c**2,
        relation,
        (_a + _c) ** 2,
        "sqrt(a^2 + c^2) <= a + c, with a the l2 norm of the coordinates so far and c = |the next "
        "one|: where a is at most the l1 norm so far, this stays so with one coordinate more",
        "a, c >= 0, any dimension (the step joins one more coordinate)",
        form=-2 * _a * _c,
        states=True,
    )
