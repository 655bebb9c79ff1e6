"""Figure 1: the overlap of an l1 ball with its translate depends on the direction of the move."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Box, Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import identical, over
from theory.searches.ball_overlaps import search_overlaps
from theory.steps.ball_steps import (
    depth,
    dim,
    joins_coordinate,
    l1_ball_is_square,
    l1_ball_volume,
    overlap_of_disks,
    triangle,
)
from theory.symbols import excess, r, x

CLAIM = Claim(
    slug="overlap_depends_on_direction",
    source="section 1, Figure 1",
    statement=(
        "For ||delta||_1 = r fixed, the overlap of the l1 ball of radius rho with its translate "
        "by delta may have different shapes and sizes, by the direction of delta; the overlap of "
        "l2 balls depends on ||delta||_2 alone."
    ),
    latex=(
        r"|B_1(0,\rho)\cap B_1(\delta,\rho)|=\tfrac12(2\rho-|\delta_1+\delta_2|)_+"
        r"(2\rho-|\delta_1-\delta_2|)_+\quad(d=2)"
    ),
    variables=(
        Variable("rho", "(0, oo)", "radius of both balls"),
        Variable("r", "(0, oo)", "norm of the move delta"),
        Variable("t", "[0, r/2]", "the smaller |delta_i| in two dimensions, (r - t, t)"),
        Variable("d", "1, 2, 3, ...", "dimension"),
    ),
    parts=(
        Part(
            "areas",
            "for d = 2 the overlap has the area (2 rho - |delta_1 + delta_2|)_+ "
            "(2 rho - |delta_1 - delta_2|)_+ / 2 for every delta: (2 rho - r)^2/2 on an axis, "
            "rho (2 rho - r) on a diagonal, 0 for r >= 2 rho",
        ),
        Part(
            "direction_matters",
            "for d = 2 and every r in (0, 2 rho) the area rises strictly from the axis to the "
            "diagonal",
        ),
        Part(
            "every_dimension",
            "for every d >= 2 and r in (0, 2 rho) the volume on an axis is (2 rho - r)^d / d!, and "
            "for delta = (r/2, r/2, 0, ..., 0) it is larger by "
            "r (2 rho - r)^(d-1) / (2 (d-1)!)",
        ),
        Part(
            "axis_is_smallest",
            "in every dimension no direction has a smaller overlap than the axes",
        ),
        Part(
            "l2_by_length_alone",
            "the overlap of two l2 balls depends on the length of delta alone; in the plane it is "
            "rho^2 (2 phi - sin 2 phi), cos phi = ||delta||_2/(2 rho)",
        ),
    ),
    assumptions=(
        "That the sizes may differ is read as: for every r in (0, 2 rho) two directions give "
        "different volumes. For r >= 2 rho every overlap is empty or flat, and for d = 1 the two "
        "moves r and -r are mirror images. The l0 case, which the figure leaves out, is left out."
    ),
    reference="paper, Figure 1",
    absent={Rung.EXPERIMENT: "two balls are compared, no classifier takes part"},
    without_laplace="the statement is about balls, no noise takes part",
)

_y, _phi, _theta = (sp.Symbol(name, real=True) for name in ("y", "phi", "theta"))
_rho = sp.Symbol("rho", positive=True)
_t, _m = sp.symbols("t m", nonnegative=True)
_c = sp.Symbol("c", nonnegative=True)
_v = sp.Symbol("v", real=True)
_q, _w = sp.symbols("q w", positive=True)
_HALF = sp.Rational(1, 2)
_SHIFT = sp.Rational(1, 10**6)

PRINTED: Statement = {
    "area": sp.Lambda(
        (_rho, x, _y),
        sp.Max(0, 2 * _rho - sp.Abs(x + _y)) * sp.Max(0, 2 * _rho - sp.Abs(x - _y)) / 2,
    ),
    "order": "<",
    "axis": sp.Lambda((dim, _rho, r), (2 * _rho - r) ** dim / sp.factorial(dim)),
    "gain": sp.Lambda(
        (dim, _rho, r), r * (2 * _rho - r) ** (dim - 1) / (2 * sp.factorial(dim - 1))
    ),
    "lens": sp.Lambda((_rho, _phi, _theta), _rho**2 * (2 * _phi - sp.sin(2 * _phi))),
}

_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_COUNTED = (Rung.SEARCH, Rung.SIMULATION)
_ALL = (*_PROOFS, *_COUNTED)


def _changed(name: str, change: sp.Expr, factor: sp.Expr | int = 1) -> Statement:
    """The printed formula of that name, times a factor and with something added."""
    printed = PRINTED[name]
    return {name: sp.Lambda(printed.variables, factor * printed.expr + change)}


MUTANTS = (
    Mutant("area larger by 1e-6", _changed("area", _SHIFT * _rho**2), "areas", _PROOFS),
    Mutant("Jacobian 1/2 dropped", _changed("area", sp.Integer(0), 2), "areas", _ALL),
    Mutant("flipped order", {"order": ">"}, "direction_matters", _ALL),
    Mutant(
        "volume on the axis larger by one part in 1e6",
        _changed("axis", sp.Integer(0), 1 + _SHIFT),
        "every_dimension",
        _PROOFS,
    ),
    Mutant(
        "d! dropped", _changed("axis", sp.Integer(0), sp.factorial(dim)), "every_dimension", _ALL
    ),
    Mutant("gain dropped by half", _changed("gain", sp.Integer(0), _HALF), "every_dimension", _ALL),
    Mutant(
        "lens that depends on the angle",
        _changed("lens", sp.Integer(0), 1 + sp.cos(_theta) ** 2 / 5),
        "l2_by_length_alone",
        _COUNTED,
    ),
)

#: rho = h + r/2, r = 2t + m and delta = (t + m, t): every move with 0 <= delta_2 <= delta_1
_RHO, _R = depth + _t + _m / 2, 2 * _t + _m
_WHERE = "delta = (t + m, t), so r = 2t + m; rho = h + r/2, h > 0"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Rotated by 45 degrees two l1 balls are two squares; further coordinates by sections."""
    return [
        chain(
            "areas",
            _areas(statement["area"]),
            conclusion="in u = x + y, v = x - y the overlap is a rectangle of the sides 2 rho - "
            "|delta_1 + delta_2| and 2 rho - |delta_1 - delta_2|",
        ),
        chain(
            "direction_matters",
            _direction(statement),
            conclusion="(2 rho - r)(2 rho - r + 2t)/2 rises in t in [0, r/2], from the axis to "
            "the diagonal, by the factor 2 rho/(2 rho - r) in all",
        ),
        chain(
            "every_dimension",
            _every_dimension(statement),
            conclusion="both volumes by induction from d = 2, where their difference is "
            "r (2 rho - r)/2 > 0",
        ),
        chain(
            "axis_is_smallest",
            _smallest(statement["axis"]),
            conclusion="every overlap contains the ball of radius rho - r/2 around delta/2, whose "
            "volume is that of the overlap on an axis",
        ),
        chain(
            "l2_by_length_alone",
            overlap_of_disks(statement["lens"]),
            conclusion="a rotation turns delta onto the axis and keeps both disks; in d dimensions "
            "plane by plane",
        ),
    ]


def _rectangle(across: sp.Expr, along: sp.Expr, radius: sp.Expr = _RHO) -> sp.Expr:
    """The area of the overlap whose move has u = across and v = along, both in [0, 2 rho)."""
    inner = sp.integrate(_HALF, (_v, along - radius, radius))
    return sp.expand(sp.integrate(inner, (_y, across - radius, radius)))


def _shown(across: sp.Expr, along: sp.Expr) -> sp.Integral:
    return sp.Integral(_HALF, (_v, along - _rho, _rho), (_y, across - _rho, _rho))


def _areas(area: sp.Lambda) -> Iterator[Step]:
    yield from l1_ball_is_square()
    yield equal(
        _rectangle(_R, _m),
        area(_RHO, _t + _m, _t),
        "the squares |u|, |v| <= rho around (0, 0) and (r, m) overlap in a rectangle",
        _WHERE,
        written=_shown(r, _m),
        states=True,
    )
    yield equal(
        area(_t + _m / 2 - _c / 2, _t + _m, _t),
        0,
        "for r = 2 rho + c >= 2 rho no interval of u is left between r - rho and rho",
        "delta = (t + m, t), r = 2t + m >= 2 rho",
        written=sp.Function("A")(_t + _m, _t),
        states=True,
    )
    for moved in ((-x, _y), (_y, x)):
        yield equal(
            area(_rho, *moved),
            area(_rho, x, _y),
            "the ball is symmetric in the sign and the order of its coordinates",
            "every delta",
            written=sp.Function("A")(*moved),
            states=True,
        )


def _direction(statement: Statement) -> Iterator[Step]:
    yield from l1_ball_is_square()
    along, radius = _m + 2 * excess, depth + _t + excess + _m / 2
    norm = 2 * _t + along
    yield compare(
        _rectangle(norm, along, radius),
        statement["order"],
        _rectangle(norm, _m, radius),
        "delta = (r - t, t) against (r - t - s, t + s), which is nearer to the diagonal",
        "r = 2t + 2s + m in (0, 2 rho), s > 0, 0 <= t, t + s <= r/2",
        form=-2 * depth * excess,
        written=sp.Function("A")(r - _t, _t),
        states=True,
    )
    ends = _rectangle(r, sp.Integer(0), depth + r / 2) / _rectangle(r, r, depth + r / 2)
    yield equal(
        ends,
        (2 * depth + r) / (2 * depth),
        "diagonal over axis: 2 rho/(2 rho - r), near 1 for small moves and without bound as r "
        "approaches 2 rho",
        "0 < r < 2 rho, 2 rho = r + 2h",
    )


def _every_dimension(statement: Statement) -> Iterator[Step]:
    axis, gain = (_in_depth(statement[name]) for name in ("axis", "gain"))
    yield from l1_ball_is_square()
    move, radius = "r in (0, 2 rho), rho = h + r/2", depth + r / 2
    on_axis, on_diagonal = _rectangle(r, r, radius), _rectangle(r, sp.Integer(0), radius)
    yield equal(
        on_axis,
        axis(2, depth),
        "two dimensions, delta on an axis: u = v = r",
        move,
        written=_shown(r, r),
        states=True,
    )
    yield equal(
        on_diagonal - on_axis,
        gain(2, depth),
        "two dimensions, delta = (r/2, r/2), where u = r and v = 0, against the axis",
        move,
        written=_shown(r, sp.Integer(0)) - _shown(r, r),
        states=True,
    )
    for volume, name in ((axis, "the volume on an axis"), (gain, "the difference")):
        yield joins_coordinate(
            volume,
            f"{name}: the section at x_(d+1) = t is the same overlap with the radius rho - |t|, "
            "so with h - |t| for h, and it is empty for |t| >= h",
            f"every d >= 2, {move}",
            states=True,
        )
    yield compare(gain(dim + 1, depth), ">", 0, "the difference is positive", f"every d, {move}")


def _in_depth(volume: sp.Lambda) -> sp.Lambda:
    """A volume of d, rho and r, as one of d and h = rho - r/2."""
    return sp.Lambda((dim, depth), volume(dim, depth + r / 2, r))


def _smallest(axis: sp.Lambda) -> Iterator[Step]:
    yield from triangle(
        "|w + e| <= |w| + |e| for w = x_i - delta_i/2 and e = delta_i/2 or -delta_i/2 (with equal "
        "signs both sides are equal); added over i, ||x - delta/2||_1 <= h gives "
        "||x||_1 <= h + r/2 = rho and ||x - delta||_1 <= rho",
        "w and e of opposite signs, |w| = a, |e| = c; every d",
    )
    yield from l1_ball_volume(_in_depth(axis))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The corners of the overlap and the shoelace formula; volumes by their slopes in h.

    With rho = 1 by scaling (areas are quadratic in h, t and m), r = 2q and t = q w, the sides of
    the overlap are where |x + y| and |x - y| of one ball or the other are at their bound.
    """
    area, order = statement["area"](_RHO, _t + _m, _t), statement["order"]
    inside = (Fraction(1, 1024), 1 - Fraction(1, 1024))
    unit = {depth: 1 - _q, _t: _q * _w, _m: 2 * _q * (1 - _w)}
    slope = sp.factor(sp.diff(_shoelace().subs(unit, simultaneous=True), _w))
    slope = slope if order == "<" else -slope
    widths = {_w: (Fraction(0), Fraction(1))} if slope.has(_w) else {}
    rises = "rho = 1, every r = 2q in (0, 2) and t = q w, 0 <= w <= 1"
    corners = [
        (corner[0] + sign * corner[1], bound)
        for corner, bounds in _corners()
        for sign, bound in zip((1, -1), bounds, strict=True)
    ]
    room = 2 - 2 * _q
    return [
        enclosed(
            "areas",
            [
                identical([*corners, (_shoelace(), area)], _WHERE),
                over(sign_on_box(room, ">", {_q: (Fraction(0), inside[1])}), "side 2 rho - r > 0"),
                over(
                    closed_at(room, ">", _q, sp.Integer(1), inside[1], order=1),
                    "side 2 rho - r > 0",
                ),
            ],
            conclusion="the corners lie on the bounds of x + y and x - y of both balls, and the "
            "shoelace formula gives the printed area",
        ),
        enclosed(
            "direction_matters",
            [
                over(sign_on_box(slope, ">", {_q: inside, **widths}), rises),
                over(_closed(slope, sp.Integer(0), inside[0], widths), rises),
                over(_closed(slope, sp.Integer(1), inside[1], widths), rises),
            ],
            conclusion="the area has the slope 2q(1 - q) > 0 in w, from the axis to the diagonal",
        ),
        enclosed(
            "every_dimension",
            [identical(_volumes(statement), "every d >= 2, r in (0, 2 rho), rho = h + r/2")],
            conclusion="both volumes vanish at h = 0 and have the slope of twice the one in a "
            "dimension less; the difference is r h for d = 2 and its 2h/d-fold in each next one",
        ),
    ]


def _closed(slope: sp.Expr, edge: sp.Expr, reach: Fraction, others: Box) -> Outcome:
    return closed_at(slope, ">", _q, edge, reach, order=1, others=others)


def _corners() -> list[tuple[tuple[sp.Expr, sp.Expr], tuple[sp.Expr, sp.Expr]]]:
    """The corners (x, y) in order, each with the x + y and x - y that it should have."""
    right, left = (_RHO, _R - _RHO), (_RHO, _m - _RHO)
    return [
        ((_RHO, sp.Integer(0)), (right[0], left[0])),
        ((_m / 2, _RHO - _m / 2), (right[0], left[1])),
        ((_m + _t - _RHO, _t), (right[1], left[1])),
        ((_t + _m / 2, _t + _m / 2 - _RHO), (right[1], left[0])),
    ]


def _shoelace() -> sp.Expr:
    corners = [corner for corner, _ in _corners()]
    turned = zip(corners, [*corners[1:], corners[0]], strict=True)
    return sp.expand(sum(a[0] * b[1] - a[1] * b[0] for a, b in turned) / 2)


def _volumes(statement: Statement) -> list[tuple[sp.Expr, sp.Expr]]:
    """Volumes in d dimensions from the plane, for small d by number and then for every d."""
    axis, gain = (_in_depth(statement[name]) for name in ("axis", "gain"))
    on_axis = _shoelace().subs({_t: 0, _m: r}, simultaneous=True)
    on_diagonal = _shoelace().subs({_t: r / 2, _m: 0}, simultaneous=True)
    pairs = [
        (axis(2, depth), on_axis),
        (gain(2, depth), on_diagonal - on_axis),
        (gain(2, depth), r * depth),
    ]
    for size in (2, 3, 4, dim + 1):
        for volume in (axis, gain):
            pairs += [
                (sp.diff(volume(size + 1, depth), depth), 2 * volume(size, depth)),
                (volume(size + 1, sp.Integer(0)), sp.Integer(0)),
            ]
        pairs.append((size * gain(size + 1, depth), 2 * depth * gain(size, depth)))
    return pairs


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Overlaps measured by qhull in two to four dimensions, and disks by their chords."""
    return search_overlaps(statement, seed=seed)
