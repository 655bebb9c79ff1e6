"""How certified accuracies are drawn and captioned: what figures 06, 07 and 08 share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.certified_curves import (
    BEST,
    FRAME,
    METHODS,
    OF_PAIRS,
    PAIRED,
    UNDEFENDED,
    fields,
    titled,
)
from figures.data import FigureData
from figures.panels import arrange

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS: Mapping[str, dict[str, Any]] = {
    "theorem_2": {"color": style.BLUE, "linestyle": "-"},
    "theorem_1": {"color": style.BLACK, "linestyle": (0, (1, 2.5))},
    "exact": {"color": style.ORANGE, "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    "lattice": {"color": style.SKY, "linestyle": (0, (2, 1))},
    "lecuyer": {"color": style.VERMILLION, "linestyle": (0, (4, 1.5))},
    "cohen": {"color": style.GREEN, "linestyle": (0, (6, 1.5, 1, 1.5))},
    "uniform": {"color": style.PURPLE, "linestyle": (0, (1, 1.2))},
    UNDEFENDED: {"color": style.BLACK, "linestyle": (0, (3, 2)), "linewidth": 0.9},
}
_SIGMAS: Sequence[dict[str, Any]] = (
    {"color": style.BLUE, "linestyle": "-"},
    {"color": style.VERMILLION, "linestyle": (0, (6, 1.5))},
    {"color": style.GREEN, "linestyle": (0, (6, 1.5, 1, 1.5))},
    {"color": style.PURPLE, "linestyle": (0, (1, 1.2))},
    {"color": style.ORANGE, "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    {"color": style.SKY, "linestyle": (0, (2, 1))},
)
#: a second training of the same method: its line, with marks on it
_MARKED: Mapping[str, Any] = {"marker": "o", "markersize": 2.2, "markevery": 0.13}


#: in inches: where `figures.panels.arrange` takes a figure for a page
_PAGE = 4.5
#: in inches: a line of a legend
_LINE = 0.12
#: between the columns of a legend, in letters
_APART = 1.0
#: in inches: the labels beside an axis, from which the middle of a panel is shifted
_TICKS = 0.25
#: entries of a legend that leave enough of a panel
_FEW = 6
_ABOVE: Mapping[str, Any] = {
    "loc": "lower center",
    "bbox_to_anchor": (0.5, 1.0),
    "columnspacing": _APART,
    "title_fontsize": "medium",
}


def drawn(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw every panel; a legend above each, or one for all if they show the same curves."""
    letters = [name.removeprefix("panel_") for name in data.parameters if name.startswith("panel_")]
    labels = [_labels(data, letter) for letter in letters]
    shared = len(letters) > 1 and all(
        set(one.values()) == set(labels[0].values()) for one in labels
    )
    wide = _rows(letters, 3 if shared else 2)
    with style.blank(settings) as figure:
        if len(wide) > 1 and _is_page(figure):
            figure.set_figheight(len(wide) * figure.get_figheight())
        growth = 1.15 if len(letters) == 1 else float(len(letters))
        panels = arrange(figure, wide=wide, narrow=[[one] for one in letters], growth=growth)
        longest = max(len(one) for one in labels)
        if longest > _FEW and not _is_page(figure):
            # lines of a legend take their height from the axes, unless they bring it along
            figure.set_figheight(figure.get_figheight() + _LINE * (longest - _FEW))
        for (letter, axes), names in zip(panels.items(), labels, strict=True):
            _draw_panel(axes, data, letter, names)
            title = str(data.parameters[f"panel_{letter}"])
            if shared:
                axes.set_title(title)
            else:
                room = figure.get_figwidth() / (len(wide[0]) if _is_page(figure) else 1)
                columns = _columns(list(names.values()), room - _TICKS, 2)
                axes.legend(title=title, ncols=columns, **_ABOVE)
        if shared:
            handles, said = axes.get_legend_handles_labels()
            columns = _columns(said, figure.get_figwidth(), 4)
            figure.legend(handles, said, loc="outside upper center", ncols=columns)
    return figure


def _is_page(figure: Figure) -> bool:
    return bool(figure.get_figwidth() >= _PAGE)


def _columns(labels: Sequence[str], room: float, most: int) -> int:
    """How many columns of a legend fit side by side, in inches, as it is set."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    size = FontProperties(size=rcParams["legend.fontsize"]).get_size_in_points()
    widths = [TextPath((0, 0), one, size=size).get_extents().width for one in labels]
    handle = size * (rcParams["legend.handlelength"] + rcParams["legend.handletextpad"])
    border = 2 * size * rcParams["legend.borderpad"]
    for count in range(min(most, len(labels)), 1, -1):
        # matplotlib fills columns one after the other, the first ones with one label more
        parts = [part.max() for part in np.array_split(widths, count)]
        across = sum(parts) + count * handle + (count - 1) * _APART * size + border
        if across <= 72 * room:
            return count
    return 1


def _rows(letters: Sequence[str], per: int) -> list[list[str]]:
    """Panels side by side; a last row that is not full leaves blanks."""
    per = min(len(letters), per)
    rows = [list(letters[start : start + per]) for start in range(0, len(letters), per)]
    rows[-1] += ["."] * (per - len(rows[-1]))
    return rows


def _labels(data: FigureData, letter: str) -> dict[str, str]:
    """What a panel shows: the names of its curves and how the legend calls them."""
    here = {name: fields(name) for name in data.curves}
    here = {name: said for name, said in here.items() if said["panel"] == letter}
    here = {name: said for name, said in here.items() if said["method"] != "frame"}
    sigmas = _by_sigma(here)
    several = len({said["training"] for said in here.values() if "training" in said}) > 1
    return {
        name: _label(said, by_sigma=bool(sigmas), several=several) for name, said in here.items()
    }


def _by_sigma(here: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The noise levels of a panel of one certificate at several of them; else none."""
    certified = [said for said in here.values() if "sigma" in said]
    sigmas = list(dict.fromkeys(said["sigma"] for said in certified))
    one = len({said["method"] for said in certified}) == 1
    return sigmas if one and len(sigmas) > 1 else []


def _draw_panel(axes: Axes, data: FigureData, letter: str, labels: Mapping[str, str]) -> None:
    here = {name: fields(name) for name in labels}
    sigmas = _by_sigma(here)
    trainings = sorted({said["training"] for said in here.values() if "training" in said})
    for name, said in here.items():
        curve, method = data[name], said["method"]
        look = dict(_LOOKS[method])
        if sigmas and "sigma" in said:
            look = dict(_SIGMAS[min(sigmas.index(said["sigma"]), len(_SIGMAS) - 1)])
        if said.get("training") in trainings[1:]:
            look |= _MARKED
        # between two attacks only the weaker one's accuracy bounds what is robust
        steps = "steps-post" if method == UNDEFENDED else "steps-pre"
        axes.plot(curve["radius"], curve["accuracy"], label=labels[name], drawstyle=steps, **look)
    corners = data[f"{letter} {FRAME}"]
    axes.set(xlim=corners["radius"], ylim=corners["accuracy"])
    axes.set(xlabel=r"$\ell_1$ radius", ylabel="certified accuracy")
    axes.locator_params(nbins=6)


def _label(said: Mapping[str, str], *, by_sigma: bool, several: bool) -> str:
    if said["method"] == UNDEFENDED:
        return "undefended, attacked"
    words = METHODS[said["method"]]
    if by_sigma:
        words = rf"{words}, $\sigma$ = {said['sigma']}"
    return f"{words}, {said['training'].replace('_', ' ')}" if several else words


def captioned(data: FigureData, subject: str) -> str:
    """A caption whose numbers come from the data."""
    here = [(name, fields(name)) for name in data.curves]
    here = [(name, said) for name, said in here if said["method"] != "frame"]
    methods = {said["method"] for _, said in here}
    parts = [
        f"{subject}: the share of all test points that are classified correctly and certified at "
        "the l1 radius; an abstention counts as wrong."
    ]
    seen = set()
    for name, said in here:
        if said["panel"] not in seen:  # the first curve of each panel
            seen.add(said["panel"])
            parts.append(_first(data, name, said))
    if any(said.get("sigma") == BEST for _, said in here):
        parts.append("Best level: at every radius the largest over the noise levels.")
    same = sorted({str(value) for name, value in data.parameters.items() if name[:5] == "same_"})
    if any(same):
        parts.append(f"The same curve as Theorem 2's: {'; '.join(filter(None, same))}.")
    if "theorem_2" in methods and methods & PAIRED:
        parts.append(OF_PAIRS)
    if "cohen" in methods:
        parts.append(
            "Cohen et al. certify an l2 radius under Gaussian noise, which is an l1 radius too: "
            "the l1 ball lies in the l2 ball of its radius."
        )
    if UNDEFENDED in methods:
        parts.append(
            "Dashed black: a classifier without noise under an attack on "
            f"{data.parameters['attacked']}, which bounds its robust accuracy from above up to the "
            "next radius that was attacked."
        )
    if data.parameters["basis"]:
        parts.append(f"Bounds: {data.parameters['basis']}.")
    width = max(float(np.max(data[name]["upper"] - data[name]["lower"])) for name, _ in here)
    level = 100 * (1 - float(str(data.parameters["alpha"])))
    parts.append(
        f"Clopper and Pearson's {level:g} % confidence interval of an accuracy at one radius is at "
        f"most {width:.3f} wide."
    )
    return " ".join(parts)


def _first(data: FigureData, name: str, said: Mapping[str, str]) -> str:
    """A curve in one sentence: where it starts, where it is halved and where it ends."""
    curve = data[name]
    top = curve["accuracy"][0]
    alive = curve["radius"][curve["accuracy"] > 0]
    last = alive[-1] if alive.size else 0.0
    half = curve["radius"][2 * curve["accuracy"] >= top]
    words = f"({said['panel']}) {METHODS[said['method']]}, sigma {said['sigma']}, "
    words += titled(said["data"], said["training"])
    if top == 0:
        return f"{words}: 0 throughout."
    return f"{words}: {top:.3f} at 0, half of it up to {half[-1]:.3g}, none beyond {last:.3g}."
