"""The certified set in the plane: what Theorem 2's l1 ball leaves out in every other direction."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData
from figures.findings import judged
from theory.certificates import theorem_2
from theory.claim import Evidence
from theory.directional import directional_enclosure
from theory.parameters import to_integer, to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_certified_set"

_LOOKS: dict[float, dict[str, Any]] = {
    0.75: {"color": style.BLUE, "linestyle": (0, (1, 0.8))},
    0.9: {"color": style.VERMILLION, "linestyle": "-"},
    0.97: {"color": style.GREEN, "linestyle": (0, (7, 1.2))},
}
_BALL: dict[str, Any] = {"color": "0.25", "linestyle": (0, (3, 1.5)), "linewidth": 0.8}

#: PA of each set, from the smallest to the largest
LEVELS = tuple(_LOOKS)
#: directions (delta_1 : delta_2) at which the plotted floats are compared with proved ones
CHECKED = ((1, 0), (9, 1), (3, 1), (1, 1))

_STEPS = 60
# So many directions are told from an axis: the lead falls with the angle, to 1e-8 of the radius.
_MOST = 10_000

# Two floats this close, relatively, are a tie and no evidence that one is larger.
_TIE = 1e-9


def compute(scale: float = 1.0, num_points: int = 41) -> FigureData:
    r"""Return the boundary of the certified set in the plane, for three PA, and the l1 balls.

    In the direction of delta the exact radius is the r at which the worst classifier ties
    (`theory.directional`). The curves are computed in floats from T's law for two coordinates; a
    few points beside them are proved.

    Parameters
    ----------
    scale : float
        The Laplace parameter lambda, in [1e-100, 1e100].
    num_points : int
        Directions from an axis to the diagonal, in {5, ..., 10000}, the proved ones in addition;
        the others are mirror images.

    Returns
    -------
    FigureData
        For each PA "certified_PA" (x, y, share, radius: the closed curve, with the share of the
        norm that delta_1 takes) and "ball_PA" (x, y); and "proved" (p_a, share, plotted, lower,
        upper), radii in the l1 norm with floats below and above that are proved.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=5)
    >>> [round(float(data[f"certified_{p_a}"]["radius"].max()), 6) for p_a in LEVELS]
    [1.035999, 1.958733, 3.162706]
    """
    legal = f"5, ..., {_MOST}"
    num_points = to_integer("num_points", num_points, 5, _MOST, legal)
    scale = to_real("scale", scale, "[1e-100, 1e100]", lambda scale: 1e-100 <= scale <= 1e100)
    chosen = [max(direction) / sum(direction) for direction in CHECKED]
    even = 0.5 + 0.5 * np.sin(np.linspace(0, np.pi / 2, num_points)) ** 2
    octant = np.unique(np.append(even, chosen))  # shares, 1/2 to 1
    curves: dict[str, Curve] = {}
    proved: dict[str, list[float]] = {k: [] for k in ("p_a", "share", "plotted", "lower", "upper")}
    for level in LEVELS:
        radius = scale * _radius(level, octant)
        curves[f"certified_{level}"] = _closed(octant, radius)
        ball = float(theorem_2(level, scale=scale, rounding="nearest"))
        corners = np.array([ball, 0.0, -ball, 0.0, ball])
        curves[f"ball_{level}"] = {"x": corners, "y": np.roll(corners[:-1], 1)[[0, 1, 2, 3, 0]]}
        for direction, share in zip(CHECKED, chosen, strict=True):
            found = directional_enclosure(Fraction(str(level)), direction, scale=scale)
            plotted = radius[np.searchsorted(octant, share)]
            row = (level, share, plotted, found.lower, found.upper)
            for name, value in zip(proved, row, strict=True):
                proved[name].append(float(value))
    curves["proved"] = {name: np.array(values) for name, values in proved.items()}
    return FigureData(NAME, curves, {"scale": scale, "num_points": num_points})


def _closed(octant: Column, radius: Column) -> Curve:
    """The closed curve of all directions from those between an axis and the diagonal."""
    share = np.concatenate([octant[::-1], 1 - octant[1:]])  # from one axis to the other
    ahead = np.concatenate([radius[::-1], radius[1:]])
    x, y = share * ahead, (1 - share) * ahead
    turns = [(x, y), (-y, x), (-x, -y), (y, -x)]
    return {
        "x": np.concatenate([*(one for one, _ in turns), x[:1]]),
        "y": np.concatenate([*(one for _, one in turns), y[:1]]),
        "share": np.concatenate([*([share, 1 - share] * 2), share[:1]]),
        "radius": np.concatenate([*([ahead] * 4), ahead[:1]]),
    }


def _radius(level: float, share: Column) -> Column:
    """The radius in units of lambda, by bisection between R and R over the larger share."""
    ball = -np.log(2 * (1 - level))
    low, high = np.full_like(share, ball), ball / share
    for _ in range(_STEPS):
        middle = (low + high) / 2
        early = _lost(middle, share) > 1 - level
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    found: Column = (low + high) / 2
    return found


def _lost(norm: Column, share: Column) -> Column:
    """The least P(X in B) of a set B with P(Y in B) = 1/2, delta = (share, 1 - share) norm."""
    low, high = np.zeros_like(norm), norm / 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        early = _above(middle, norm, share) > 0.5
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    # a hair above the median, so that an atom there is inside both sets
    v = high + 1e-14 * norm
    part: Column = np.exp(2 * v - norm) * (_above(v, norm, share) - 0.5)
    return _above(norm - v, norm, share) + part


def _above(w: Column, norm: Column, share: Column) -> Column:
    """P(W > w) for W = (r - T)/2 and 0 <= w < r, in units of lambda (`theory.subset_law`)."""
    first, second = share * norm, (1 - share) * norm
    # an axis has one move only: the tail is e^(-w)/2
    passed = np.where(w >= first, 1 + w - first, 0.0) + np.where(w >= second, 1 + w - second, 0.0)
    tail: Column = np.exp(-w) * np.where(second > 0, (3 + w - passed) / 4, 0.5)
    return tail


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw each set and its ball, the largest first."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        for level in reversed(LEVELS):
            _draw_set(axes, data, level)
        unit = "" if data.parameters["scale"] == 1 else rf" ($\lambda$ = {data.scale})"
        axes.set(xlabel=rf"$\delta_1${unit}", ylabel=rf"$\delta_2${unit}", aspect="equal")
        handles, labels = axes.get_legend_handles_labels()
        # the smallest set first, and the ball last
        order = [*reversed(range(len(labels)))]
        figure.legend(
            [handles[k] for k in order],
            [labels[k] for k in order],
            loc="outside upper center",
            ncols=2,
        )
    return figure


def _draw_set(axes: Axes, data: FigureData, level: float) -> None:
    look = _LOOKS[level]
    outline, ball = data[f"certified_{level}"], data[f"ball_{level}"]
    label = r"$\ell_1$ ball of radius $R$" if level == max(_LOOKS) else None
    axes.plot(ball["x"], ball["y"], label=label, **_BALL)
    axes.plot(outline["x"], outline["y"], label=f"$P_A = {level:g}$", **look)
    axes.fill(outline["x"], outline["y"], facecolor="white", edgecolor="none")
    axes.fill(outline["x"], outline["y"], facecolor=look["color"], alpha=0.25, edgecolor="none")
    axes.fill(ball["x"], ball["y"], facecolor="white", edgecolor="none")


def _area(curve: Curve) -> float:
    """The area inside a closed curve."""
    x, y = curve["x"], curve["y"]
    return float(abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the plotted data."""
    said = []
    for level in LEVELS:
        outline, ball = data[f"certified_{level}"], data[f"ball_{level}"]
        corner = float(ball["x"].max())
        more = _area(outline) / _area(ball) - 1
        gain = float(_polar(outline)[0].max()) / corner - 1
        said.append(f"PA = {level:g}: R = {corner:.4g}, {gain:.0%} farther, {more:.0%} larger")
    return (
        f"Perturbations of two coordinates that cannot change the prediction of any classifier of "
        f"which only P(f(X) = cA) >= PA is known, two classes, Laplace noise of scale lambda = "
        f"{data.scale}. Thin dashes: the l1 ball of Theorem 2, of radius R. Thick lines: the "
        f"exact set, which meets the ball at its corners; shaded: the difference. How much farther "
        f"the set reaches in its best direction (in the l1 norm), and by how much the area in its "
        f"drawn outline is larger: {'; '.join(said)}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted radii with the ball's, claim ``directional_radius``.

    The points as they are drawn. A relative difference within 1e-9 is a tie. Outlines that leave a
    proved pair of floats say nothing.
    """
    trusted = bool(_away(data) <= _TIE)
    radius, ball, share = (np.concatenate(part) for part in zip(*_points(data), strict=True))
    axis = (share == 0) | (share == 1)
    lead = radius / ball - 1
    faults = (
        ("never_smaller", share, -_TIE - lead),
        ("larger_off_axes", share[~axis], _TIE - lead[~axis]),
        ("equal_on_axes", share[axis], np.abs(lead[axis]) - _TIE),
    )
    return [_judge(data, part, at, fault, trusted=trusted) for part, at, fault in faults]


def _polar(outline: Curve) -> tuple[Column, Column]:
    """The l1 norm of each drawn point, and the share of it that delta_1 takes."""
    norm: Column = np.abs(outline["x"]) + np.abs(outline["y"])
    return norm, np.abs(outline["x"]) / norm


def _away(data: FigureData) -> float:
    """How far a drawn radius is outside the proved floats of its direction, relatively.

    Or from the radius and the share that stand beside it.
    """
    found = []
    proved = data["proved"]
    names = ("p_a", "share", "plotted", "lower", "upper")
    for p_a, larger, plotted, low, high in zip(*(proved[name] for name in names), strict=True):
        radius, share = _polar(data[f"certified_{p_a}"])
        drawn = radius[np.isclose(np.maximum(share, 1 - share), larger, rtol=1e-12)]
        either = np.append(drawn if drawn.size else np.nan, plotted)
        found.append(np.max(np.maximum(low - either, either - high)) / low)
    for p_a in LEVELS:
        outline = data[f"certified_{p_a}"]
        radius, share = _polar(outline)
        found += [np.max(np.abs(outline["radius"] / radius - 1))]
        found += [np.max(np.abs(outline["share"] - share))]
    return float(np.max(found))


def _points(data: FigureData) -> list[tuple[Column, Column, Column]]:
    found = []
    for level in LEVELS:
        radius, share = _polar(data[f"certified_{level}"])
        ball = _polar(data[f"ball_{level}"])[0]
        found.append((radius, np.full_like(radius, ball.max()), share))
    return found


def _judge(data: FigureData, part: str, share: Column, fault: Column, *, trusted: bool) -> Evidence:
    return judged(
        part,
        share,
        fault,
        scope=f"{len(share)} plotted directions, PA in {LEVELS}, lambda = {data.scale}",
        agreed="every plotted radius is as stated, and between the proved ones where those are",
        witness=lambda k: {"share of delta_1": repr(float(share[k])), "lambda": data.scale},
        trusted=trusted,
    )
