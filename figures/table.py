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
        "figure_01_overlap": "figures.figure_01_overlap",
        "figure_03_mixed_cdf": "figures.figure_03_mixed_cdf",
        "figure_04_regions": "figures.figure_04_regions",
        "figure_05_moved_set": "figures.figure_05_moved_set",
        "figure_06_methods": "figures.figure_06_methods",
        "figure_10_rops_location": "figures.figure_10_rops_location",
        "figure_11_rops_radius": "figures.figure_11_rops_radius",
        "figure_certified_set": "figures.figure_certified_set",
        "figure_directional_growth": "figures.figure_directional_growth",
        "figure_equal_variance": "figures.figure_equal_variance",
        "figure_exact_gain": "figures.figure_exact_gain",
        "figure_law_of_t": "figures.figure_law_of_t",
        "figure_rops_dimension": "figures.figure_rops_dimension",
        "figure_rops_region": "figures.figure_rops_region",
        "figure_tightness": "figures.figure_tightness",
    }
)
"""The module of each figure, imported only when it is asked for."""

FROM_LOGS: Mapping[str, str] = MappingProxyType(
    {
        "figure_06_certified_accuracy": "figures.figure_06_certified_accuracy",
        "figure_07_cifar": "figures.figure_07_cifar",
        "figure_08_imagenet": "figures.figure_08_imagenet",
        "figure_agreement": "figures.figure_agreement",
        "figure_audit_accuracy": "figures.figure_audit_accuracy",
        "figure_audit_bounds": "figures.figure_audit_bounds",
    }
)
"""Figures of somebody's log: they have nothing to show without one."""

CLAIMS: Mapping[str, str] = MappingProxyType(
    {
        "overlap_depends_on_direction": "figure_01_overlap",
        "quantile_may_not_exist": "figure_03_mixed_cdf",
        "remark_2_region": "figure_04_regions",
        "figure_5_moved_set": "figure_05_moved_set",
        "figure_6_always_largest": "figure_06_methods",
        "figure_10_laplace_larger": "figure_10_rops_location",
        "figure_11_laplace_larger": "figure_11_rops_radius",
        "figure_11_other_x": "figure_rops_region",
        "directional_radius": "figure_certified_set",
        "exact_multiclass_radius": "figure_exact_gain",
        "t_is_mixed": "figure_law_of_t",
        "uniform_against_laplace": "figure_equal_variance",
    }
)
"""The figure whose plotted data bear on a claim: evidence of `l1cert verify`."""

BESIDE: Mapping[str, str] = MappingProxyType(
    {
        "figure_directional_growth": "directional_radius",
        "figure_tightness": "theorem_3_shifted_mass",
    }
)
"""The claim of a further figure, which takes longer to compute than `l1cert verify` waits."""


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


def figure_module(name: str, *, from_log: bool = False) -> FigureModule:
    """Import a figure's module; with `from_log`, also that of a figure of a log.

    Raises
    ------
    ValueError
        If `name` is not a key of `FIGURES`, or of either table.

    Examples
    --------
    >>> figure_module("figure_7")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: figure = 'figure_7' is none of figure_01_overlap, figure_03_mixed_cdf, ...
    """
    modules = {**FIGURES, **FROM_LOGS} if from_log else FIGURES
    if name not in modules:
        raise ValueError(f"figure = {name!r} is none of {', '.join(modules)}")
    return cast("FigureModule", import_module(modules[name]))
