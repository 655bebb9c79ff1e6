"""Figure 6 (certified accuracy): every noise level, and every certificate at its best level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from figures import style
from figures.certified_curves import Certified, Empirical, Panel, computed, ordered, titled
from figures.certified_panels import captioned, drawn
from figures.data import FigureData
from theory.claim import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "figure_06_certified_accuracy"


def compute(*, curves: Sequence[Certified], undefended: Sequence[Empirical] = ()) -> FigureData:
    r"""Return the certified accuracies of runs, of any data set.

    .. math:: a(r) = \frac1m \#\{i : \text{row } i \text{ is correct},\; R_i \ge r\}

    For each data set and training: one panel of our certificate (the first of the methods that
    there is) with a curve for each noise level, if there are several, as the paper's Figure 6; and
    one panel of all certificates, each at every radius with its best noise level.

    Parameters
    ----------
    curves : sequence of Certified
        At least one; each method, noise level, training and data set once.
    undefended : sequence of Empirical
        Of the same data sets; others are left out.

    Raises
    ------
    ValueError
        For no curve, an unknown method, or two of the same.

    Examples
    --------
    >>> run = Certified("digits", "type_1", "0.25", "theorem_2", [0.2, 0.7], [True, True])
    >>> data = compute(curves=[run])
    >>> [name for name in data.curves]
    ['a method=theorem_2 sigma=0.25 training=type_1 data=digits', 'a method=frame']
    """
    return computed(NAME, ordered(curves), undefended, _layout)


def _layout(curves: Sequence[Certified]) -> list[Panel]:
    panels = []
    for data, training in dict.fromkeys((one.data, one.training) for one in curves):
        group = [one for one in curves if (one.data, one.training) == (data, training)]
        ours = [one for one in group if one.method == group[0].method]
        title = titled(data, training)
        if len(ours) > 1:
            panels.append(Panel(title, ours))
        several = len({one.sigma for one in group}) > 1
        panels.append(Panel(f"{title}, best level" if several else title, group, best=True))
    return panels


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the panels."""
    return drawn(data, settings)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    return captioned(data, "Approximate certified accuracy")


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: the paper's numbers are of other networks."""
    del data
    return []
