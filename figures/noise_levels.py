"""One panel for each noise level: the layout of figures 07 and 08."""

from __future__ import annotations

from collections.abc import Sequence

from figures.certified_curves import Certified, Panel, size


def one_panel_for_each(curves: Sequence[Certified]) -> list[Panel]:
    """The curves of one data set by their noise level, ascending.

    Raises
    ------
    ValueError
        For curves of several data sets.
    """
    sets = sorted({one.data for one in curves})
    if len(sets) > 1:
        raise ValueError(f"data sets {', '.join(sets)}: this figure shows one")
    sigmas = sorted({one.sigma for one in curves}, key=size)
    return [
        Panel(rf"{sets[0]}, $\sigma$ = {sigma}", [one for one in curves if one.sigma == sigma])
        for sigma in sigmas
    ]
