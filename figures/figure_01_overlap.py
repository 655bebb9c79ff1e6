"""Figure 1: the overlap of a ball with its translate, by the direction of the move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.findings import judged
from theory.claim import Evidence
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_01_overlap"

#: the panel of each direction that is drawn, by the share of delta_1 in |delta_1| + |delta_2|
DIRECTIONS = {"a": 1.0, "b": 0.75, "c": 0.5}
#: the norms of the curves, over the radius
SIZES = {"short": 0.5, "middle": 1.0, "long": 1.5}

_BALL: dict[str, Any] = {"color": "0.25", "linestyle": "-", "linewidth": 0.9}
_MOVED: dict[str, Any] = {"color": "0.25", "linestyle": (0, (3, 1.5)), "linewidth": 0.9}
_ARROW: dict[str, Any] = {
    "arrowstyle": "-|>,head_width=0.12,head_length=0.25",
    "color": style.BLACK,
    "linewidth": 0.9,
    "shrinkA": 0,
    "shrinkB": 0,
}
_FILLS = {"l1": style.SKY, "l2": style.ORANGE}
_LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "l1": (r"$\ell_1$", {"color": style.BLUE, "linestyle": "-"}),
    "l2": (r"$\ell_2$", {"color": style.VERMILLION, "linestyle": (0, (4, 1.5))}),
}
_MARK: dict[str, Any] = {**style.CROSSING, "markersize": 3.0, "clip_on": False}
_TITLE: dict[str, Any] = {"pad": 2}

# Two floats this close, relatively, are a tie and no evidence that one is larger.
_TIE = 1e-9


def compute(radius: float = 1.0, norm: float = 1.0, num_points: int = 41) -> FigureData:
    r"""Return balls of l1 and of l2 in the plane, their translates and the overlaps' areas.

    The l1 overlap is a rectangle in u = x + y and v = x - y; its area is the shoelace formula of
    the plotted corners. The l2 overlap is enclosed by two arcs; its area is the integral of
    (x dy - y dx)/2 over them. Figure 1 of the paper.

    Parameters
    ----------
    radius : float
        The radius rho of all balls, in [1e-100, 1e100].
    norm : float
        The length of the drawn moves, in (0, 2 rho): in l1 for the l1 balls, in l2 for the disks.
        The curves are of the norms rho/2, rho and 3 rho/2.
    num_points : int
        Directions of a curve from an axis to the diagonal, at least 3 and odd, so that the drawn
        ones are among them.

    Returns
    -------
    FigureData
        With d in a, b, c: "ball", "ball_d" (x, y: outlines in l1) and "overlap_d"; "disk",
        "disk_d" and "lens_d" in l2; for "l1" and "l2" the panels' areas (norm, share, delta_1,
        delta_2, area, part) and the curves "l1_short", "l1_middle", "l1_long" and so on (norm,
        share, area, part). The share is delta_1 over delta_1 + delta_2, the part is that of the
        ball's area. Corners of what the panels a to d show: "frame_a" to "frame_d".

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute()
    >>> data["l1"]["area"].tolist()
    [0.5, 0.75, 1.0]
    >>> [round(area, 12) for area in data["l2"]["area"].tolist()]  # 2 pi/3 - sqrt(3)/2
    [1.228369698609, 1.228369698609, 1.228369698609]
    """
    radius = to_real("radius", radius, "[1e-100, 1e100]", lambda radius: 1e-100 <= radius <= 1e100)
    legal = f"(0, 2 radius) = (0, {2 * radius})"
    norm = to_real("norm", norm, legal, lambda norm: 0 < norm < 2 * radius)
    check_points(num_points, 3)
    if num_points % 2 == 0:
        raise ValueError(f"num_points = {num_points} is not odd and at least 3")
    shares = np.array(list(DIRECTIONS.values()))
    moves = {kind: _move(kind, shares, norm) for kind in _FILLS}
    curves = _outlines(moves, radius)
    for kind, move in moves.items():
        moved = {"share": shares, "delta_1": move[0], "delta_2": move[1]}
        curves[kind] = {"norm": np.full(3, norm), **moved, **_areas(kind, move, radius)}
    many = np.linspace(1.0, 0.5, num_points)
    for size, ratio in SIZES.items():
        for kind in _FILLS:
            areas = _areas(kind, _move(kind, many, ratio * radius), radius)
            same = np.full_like(many, ratio * radius)
            curves[f"{kind}_{size}"] = {"norm": same, "share": many, **areas}
    return FigureData(NAME, curves, {"radius": radius, "norm": norm, "num_points": num_points})


def _outlines(moves: dict[str, Column], radius: float) -> dict[str, Curve]:
    """The balls, their translates, what is in both, and what part of the plane a panel shows."""
    turns = np.linspace(0, 2 * np.pi, 181)
    corners = radius * np.array([[1.0, 0, -1, 0, 1], [0.0, 1, 0, -1, 0]])
    circle = radius * np.array([np.cos(turns), np.sin(turns)])
    curves: dict[str, Curve] = {"ball": _outline(corners), "disk": _outline(circle)}
    for k, panel in enumerate(DIRECTIONS):
        along, across = moves["l1"][:, k : k + 1], moves["l2"][:, k : k + 1]
        curves[f"ball_{panel}"] = _outline(corners + along)
        curves[f"overlap_{panel}"] = _outline(_corners(along, radius)[:, [0, 1, 2, 3, 0], 0])
        curves[f"disk_{panel}"] = _outline(circle + across)
        curves[f"lens_{panel}"] = _outline(_lens(across, radius))
        curves[f"frame_{panel}"] = _outline(along / 2 + _window(moves, radius))
    curves["frame_d"] = _outline(
        moves["l2"].max(axis=1, keepdims=True) / 2 + _window(moves, radius)
    )
    return curves


def _outline(points: Column) -> Curve:
    return {"x": points[0], "y": points[1]}


def _window(moves: dict[str, Column], radius: float) -> Column:
    """The lower left and the upper right corner, around 0, of what holds any panel; (2, 2)."""
    farthest = np.max([move.max(axis=1) for move in moves.values()], axis=0)
    found: Column = 1.02 * np.outer(radius + farthest / 2, [-1.0, 1.0])
    return found


def _move(kind: str, share: Column, norm: float) -> Column:
    """Delta of that length, shape (2, n): in l1 or l2, delta_1 : delta_2 = share : 1 - share."""
    direction = np.array([share, 1 - share])
    length = 1.0 if kind == "l1" else np.sqrt(share**2 + (1 - share) ** 2)
    found: Column = norm * direction / length
    return found


def _corners(move: Column, radius: float) -> Column:
    """The corners of the overlap of two l1 balls, shape (2, 4, n), against the clock."""
    u, v = move[0] + move[1], move[0] - move[1]
    left, right, low = u - radius, np.full_like(u, radius), v - radius
    first, second = np.array([right, right, left, left]), np.array([low, right, right, low])
    return np.array([(first + second) / 2, (first - second) / 2])[:, ::-1]


def _lens(move: Column, radius: float) -> Column:
    """The two arcs around the overlap of two disks, shape (2, 122)."""
    half, turn = _arc(move, radius)
    steps = np.linspace(-1, 1, 61) * half
    near = radius * np.array([np.cos(turn + steps), np.sin(turn + steps)])
    far = move - radius * np.array([np.cos(turn + steps), np.sin(turn + steps)])
    return np.concatenate([near, far], axis=1)


def _arc(move: Column, radius: float) -> tuple[Column, Column]:
    """Half the angle of either arc, and the direction of delta."""
    return np.arccos(np.hypot(*move) / (2 * radius)), np.arctan2(move[1], move[0])


def _areas(kind: str, move: Column, radius: float) -> dict[str, Column]:
    if kind == "l1":
        x, y = _corners(move, radius)
        after = np.roll(x, -1, axis=0), np.roll(y, -1, axis=0)
        area = np.sum(x * after[1] - after[0] * y, axis=0) / 2
        return {"area": area, "part": area / (2 * radius**2)}
    half, turn = _arc(move, radius)
    # (x dy - y dx)/2 over an arc around c: (angle rho^2 + rho c x (its end - its start)) / 2
    ends = -2 * np.sin(half) * np.array([-np.sin(turn), np.cos(turn)])
    area = radius / 2 * (4 * half * radius + move[0] * ends[1] - move[1] * ends[0])
    return {"area": area, "part": area / (np.pi * radius**2)}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw three l1 overlaps, the same three of disks over each other, and both by direction."""
    with style.blank(settings) as figure:
        grid = figure.add_gridspec(2, 1, height_ratios=[1.05, 1.2])
        above, below = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
        panels = above.subplot_mosaic([[*DIRECTIONS]])
        panels |= below.subplot_mosaic([["d", "e"]], width_ratios=[1, 2])
        for panel, area in zip(DIRECTIONS, data["l1"]["area"], strict=True):
            _draw_balls(panels[panel], data, panel)
            panels[panel].set_title(f"({panel}) area {area:.3g}", **_TITLE)
        _draw_disks(panels["d"], data)
        _draw_curves(panels["e"], data)
    return figure


def _draw_balls(axes: Axes, data: FigureData, panel: str) -> None:
    overlap, moved = data[f"overlap_{panel}"], data[f"ball_{panel}"]
    axes.fill(overlap["x"], overlap["y"], facecolor=_FILLS["l1"], edgecolor="none")
    axes.plot(data["ball"]["x"], data["ball"]["y"], **_BALL)
    axes.plot(moved["x"], moved["y"], **_MOVED)
    _draw_move(axes, data, "l1", panel)
    _frame(axes, data, panel)


def _draw_disks(axes: Axes, data: FigureData) -> None:
    for panel in DIRECTIONS:
        lens, moved = data[f"lens_{panel}"], data[f"disk_{panel}"]
        axes.fill(lens["x"], lens["y"], facecolor=_FILLS["l2"], alpha=0.3, edgecolor="none")
        axes.plot(lens["x"], lens["y"], color="0.25", linewidth=0.6)
        axes.plot(moved["x"], moved["y"], **_MOVED)
        _draw_move(axes, data, "l2", panel)
    axes.plot(data["disk"]["x"], data["disk"]["y"], **_BALL)
    axes.set_title(f"(d) area {data['l2']['area'][0]:.3g}", **_TITLE)
    _frame(axes, data, "d")


def _draw_move(axes: Axes, data: FigureData, kind: str, panel: str) -> None:
    where = [*DIRECTIONS].index(panel)
    end = (data[kind]["delta_1"][where], data[kind]["delta_2"][where])
    axes.annotate("", end, (0, 0), arrowprops=_ARROW)


def _frame(axes: Axes, data: FigureData, panel: str) -> None:
    frame = data[f"frame_{panel}"]
    axes.set(xlim=frame["x"], ylim=frame["y"], aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_curves(axes: Axes, data: FigureData) -> None:
    for kind, (label, look) in _LINES.items():
        for size in SIZES:
            curve = data[f"{kind}_{size}"]
            named = label if size == "middle" else None
            axes.plot(curve["share"], curve["part"], label=named, **look)
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center"}
    for size in SIZES:
        curve = data[f"l1_{size}"]
        end = (curve["share"][-1], curve["part"][-1])
        axes.annotate(f"{curve['norm'][-1]:.3g}", end, (5, 0), **beside)
        if size == "short":
            axes.annotate(r"$\|\delta\|$", end, (5, 10), **beside)
    shown = data["l1"]
    axes.plot(shown["share"], shown["part"], **_MARK)
    for panel, share, part in zip(DIRECTIONS, shown["share"], shown["part"], strict=True):
        axes.annotate(panel, (share, part), (0, 6), ha="center", **beside)
    # room above 1 for the letters of short moves
    axes.set(
        xlim=(1.03, 0.47), ylim=(0, 1.25), ylabel="overlap / ball", xlabel=r"share of $\delta_1$"
    )
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_xticks([1, 0.75, 0.5], ["1: axis", "0.75", "0.5: diagonal"])
    axes.set_title("(e)", loc="left", **_TITLE)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the plotted data."""
    radius, norm = (f"{data.parameters[name]:g}" for name in ("radius", "norm"))
    l1, l2 = data["l1"], data["l2"]
    shown = "; ".join(
        f"({panel}) delta = ({l1['delta_1'][k]:.4g}, {l1['delta_2'][k]:.4g}): area "
        f"{l1['area'][k]:.4g}, {l1['part'][k]:.1%} of the ball"
        for k, panel in enumerate(DIRECTIONS)
    )
    norms = ", ".join(f"{data[f'l1_{size}']['norm'][0]:.4g}" for size in SIZES)
    lengths = [data[f"l2_{size}"]["area"] for size in SIZES]
    alone = all(_constant(area) for area in lengths)
    disks = (
        f"all of them have the area {l2['area'][0]:.4g}, {l2['part'][0]:.1%} of the disk"
        if _constant(l2["area"])
        else f"their areas are {', '.join(f'{area:.4g}' for area in l2['area'])}"
    )
    return (
        f"Overlap of the ball of radius {radius} around 0 (solid) with its translate by delta "
        f"(dashed; arrow: delta), in the plane. In l1 with ||delta||_1 = {norm}, to one scale: "
        f"{shown}. (d) The l2 disks moved in the same directions with ||delta||_2 = {norm}: "
        f"{disks}. "
        f"(e) The overlap, as a part of the ball's area, for every direction from an axis to the "
        f"diagonal, by the share of delta_1 in |delta_1| + |delta_2|, and for the norms {norms}: "
        f"in l1 (solid) it rises by the factor "
        f"{', '.join(f'{_rise(data, size):.4g}' for size in SIZES)}, in l2 (dashed) the length "
        f"{'alone counts' if alone else 'is not all that counts'}. Circles: the panels (a) to (c), "
        f"of the norm {norm}."
    )


def _constant(area: Column) -> bool:
    return float(np.ptp(area)) <= _TIE * float(area.max())


def _rise(data: FigureData, size: str) -> float:
    area = data[f"l1_{size}"]["area"]
    return float(area[-1] / area[0])


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted overlaps with claim ``overlap_depends_on_direction``, in the plane.

    The areas of the panels and the curves with the printed formula, their order from an axis to the
    diagonal, that none is below the axis's, and the disks' with their formula. A difference within
    1e-9 of the ball's area is a tie. Of other dimensions the figure says nothing.
    """
    square = float(data.parameters["radius"] or 0) ** 2
    areas, round_ = [], []
    for suffix in (*(f"_{size}" for size in SIZES), ""):
        flat, disks = data[f"l1{suffix}"], data[f"l2{suffix}"]
        areas.append((flat, _off(flat, _printed(data, flat), 2 * square)))
        round_.append((disks, _off(disks, _printed_lens(data, disks), np.pi * square)))
    rises, least = [], []
    for curve, _ in areas[: len(SIZES)]:
        area = curve["area"]
        rise = np.diff(area, prepend=0.0)  # the first has none before it
        rises.append((curve, _TIE * area - rise))
        least.append((curve, 1 - area / area[0] - _TIE))
    return [
        _judge(data, "areas", areas),
        _judge(data, "direction_matters", rises),
        _judge(data, "axis_is_smallest", least),
        _judge(data, "l2_by_length_alone", round_),
    ]


def _off(curve: Curve, printed: Column, ball: float) -> Column:
    """By how much an area, or what is drawn of it, is not the printed one, as parts of the ball."""
    apart = [curve["area"] / ball - printed / ball, curve["part"] - printed / ball]
    found: Column = np.max(np.abs(apart), axis=0) - _TIE
    return found


def _printed(data: FigureData, curve: Curve) -> Column:
    """(2 rho - |delta_1 + delta_2|)_+ (2 rho - |delta_1 - delta_2|)_+ / 2."""
    width = 2 * float(data.parameters["radius"] or 0)
    norm, share = curve["norm"], curve["share"]
    between = np.abs(2 * share - 1) * norm
    found: Column = np.maximum(width - norm, 0) * np.maximum(width - between, 0) / 2
    return found


def _printed_lens(data: FigureData, curve: Curve) -> Column:
    """rho^2 (2 phi - sin 2 phi), cos phi = ||delta||_2/(2 rho)."""
    radius = float(data.parameters["radius"] or 0)
    twice = 2 * np.arccos(curve["norm"] / (2 * radius))
    found: Column = radius**2 * (twice - np.sin(twice))
    return found


def _judge(data: FigureData, part: str, pairs: list[tuple[Curve, Column]]) -> Evidence:
    norm, share, area = (
        np.concatenate([curve[name] for curve, _ in pairs]) for name in ("norm", "share", "area")
    )
    rho = f"{data.parameters['radius']:g}"
    norms = ", ".join(f"{one:g}" for one in np.unique(norm))
    return judged(
        part,
        share,
        np.concatenate([fault for _, fault in pairs]),
        scope=f"d = 2, rho = {rho}, norms {norms}, {share.size} plotted areas from an axis to the "
        f"diagonal",
        agreed="every area is as stated",
        witness=lambda k: {
            "rho": rho,
            "||delta||": repr(float(norm[k])),
            "share of delta_1": repr(float(share[k])),
            "area": repr(float(area[k])),
        },
    )
