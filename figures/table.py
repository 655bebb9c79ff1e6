"""Every figure by its name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.data import FigureData
    from figures.style import Settings
    from theory.claim import Evidence

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "figure_04_regions": "figures.figure_04_regions",
        "figure_06_methods": "figures.figure_06_methods",
        "figure_10_rops_location": "figures.figure_10_rops_location",
        "figure_certified_set": "figures.figure_certified_set",
    }
)
"""The module of each figure, imported only when it is asked for."""

CLAIMS: Mapping[str, str] = MappingProxyType(
    {
        "remark_2_region": "figure_04_regions",
        "figure_6_always_largest": "figure_06_methods",
        "figure_10_laplace_larger": "figure_10_rops_location",
        "directional_radius": "figure_certified_set",
    }
)
"""The figure whose plotted data bear on a claim."""


class FigureModule(Protocol):
    """What the module of a figure offers."""

    def compute(self, **parameters: Any) -> FigureData:
        """Return the data; keywords are the figure's parameters, each with a default."""

    def draw(self, data: FigureData, settings: Settings | None = None) -> Figure:
        """Draw the data as they are."""

    def caption(self, data: FigureData) -> str:
        """Return a caption whose numbers come from the data."""

    def check(self, data: FigureData) -> list[Evidence]:
        """Return what the plotted data say of the figure's claim."""


def figure_module(name: str) -> FigureModule:
    """Import a figure's module.

    Raises
    ------
    ValueError
        If `name` is not a key of `FIGURES`.

    Examples
    --------
    >>> figure_module("figure_7")
    Traceback (most recent call last):
        ...
    ValueError: figure = 'figure_7' is none of figure_04_regions, figure_06_methods, \
figure_10_rops_location, figure_certified_set
    """
    if name not in FIGURES:
        raise ValueError(f"figure = {name!r} is none of {', '.join(FIGURES)}")
    return cast("FigureModule", import_module(FIGURES[name]))
