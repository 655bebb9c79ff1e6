"""Several panels in one figure, arranged for the width that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: names of panels row by row, as `matplotlib.figure.Figure.subplot_mosaic` takes them
Rows: TypeAlias = Sequence[Sequence[str]]

#: in inches, between the widest column and the narrowest page of `figures.style.VENUES`
_WIDE = 4.5


def arrange(
    figure: Figure, *, wide: Rows, narrow: Rows, growth: float = 1.0, **options: Any
) -> dict[str, Axes]:
    """Return the panels by name, as in `wide` on a page and as in `narrow` in a column.

    Parameters
    ----------
    figure : Figure
        Empty, of the size that its style asks for.
    wide, narrow : sequences of sequences of str
    growth : float
        In (0, inf): by how much the figure becomes higher in a column, where panels that are side
        by side on a page stand below each other.
    **options
        For ``subplot_mosaic``; ``height_ratios`` for `narrow` apply to as many rows of `wide`.

    Raises
    ------
    ValueError
        If the growth is outside its domain.

    Examples
    --------
    >>> from figures import style
    >>> rows = {"wide": [["left", "right"]], "narrow": [["left"], ["right"]]}
    >>> with style.blank(style.rc("icml", aspect=0.8)) as figure:
    ...     panels = arrange(figure, growth=1.5, **rows)
    >>> list(panels), round(float(figure.get_figheight()), 6)
    (['left', 'right'], 3.9)
    """
    if not 0 < growth < float("inf"):
        raise ValueError(f"growth = {growth} is outside (0, inf)")
    rows = wide
    if figure.get_figwidth() < _WIDE:
        rows = narrow
        figure.set_figheight(growth * figure.get_figheight())
    if "height_ratios" in options:
        options["height_ratios"] = options["height_ratios"][: len(rows)]
    return dict(figure.subplot_mosaic([list(row) for row in rows], **options))
