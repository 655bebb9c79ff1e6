"""Figure 7 (CIFAR-10): certified accuracy of every certificate, one panel for each noise level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from figures import style
from figures.certified_curves import Certified, Empirical, computed, ordered
from figures.certified_panels import captioned, drawn
from figures.data import FigureData
from figures.noise_levels import one_panel_for_each
from theory.claim import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "figure_07_cifar"


def compute(*, curves: Sequence[Certified], undefended: Sequence[Empirical] = ()) -> FigureData:
    r"""Return the certified accuracies of runs in the form of the paper's Figure 7.

    .. math:: a(r) = \frac1m \#\{i : \text{row } i \text{ is correct},\; R_i \ge r\}

    One panel for each noise level, with a curve for each certificate and type of training. The
    networks and images are whatever the runs are of: the figure says which.

    Parameters
    ----------
    curves : sequence of Certified
        At least one, all of one data set.
    undefended : sequence of Empirical
        Of that data set; others are left out.

    Raises
    ------
    ValueError
        For no curve, several data sets, an unknown method, or two of the same.

    Examples
    --------
    >>> run = Certified("cifar10", "type_1", "0.25", "theorem_2", [0.2, 0.7], [True, True])
    >>> compute(curves=[run]).parameters["panel_a"]
    'cifar10, $\\sigma$ = 0.25'
    """
    return computed(NAME, ordered(curves), undefended, one_panel_for_each)


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the panels."""
    return drawn(data, settings)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    return captioned(data, "Approximate certified accuracy by noise level and type of training")


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: the paper's numbers are of other networks."""
    del data
    return []
