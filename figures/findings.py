"""What plotted data say of a part of a claim: how a figure words its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from figures.data import Column
from figures.order import plainest
from theory.claim import Evidence, Grade, Rung


def judged(
    part: str,
    at: Column,
    fault: Column,
    *,
    scope: str,
    agreed: str,
    witness: Callable[[int], Mapping[str, str]],
    trusted: bool = True,
) -> Evidence:
    """Return REFUTED at a point of a positive fault, CONSISTENT where there is none.

    Parameters
    ----------
    part : str
        The part of the claim.
    at, fault : array of float, shape (n,)
        The plotted points, and by how much the part fails there; 0 or negative: it does not. NaN:
        nobody knows, and unless it fails elsewhere the answer is UNDECIDED.
    scope, agreed : str
        What was looked at, and what to say if no point has a fault.
    witness : callable
        What is to be shown of the point of this index.
    trusted : bool
        Whether the data are good enough to say anything; with none, or no point: UNDECIDED.

    Examples
    --------
    >>> rising = judged(
    ...     "rises", np.array([0.5, 0.75]), np.array([0.0, 0.25]), scope="two points",
    ...     agreed="it rises", witness=lambda k: {"index": str(k)},
    ... )
    >>> rising.grade.value, rising.witness, rising.detail
    ('REFUTED', {'index': '1'}, 'not so at 1 of 2 plotted points')
    """
    if not trusted or not at.size:
        detail = "the plotted values do not fit those beside them" if at.size else "no points"
        return Evidence(Rung.FIGURE, Grade.UNDECIDED, part, None, scope, detail)
    worst = plainest(at, fault)
    unknown = np.count_nonzero(np.isnan(fault))
    if worst is None and unknown:
        detail = f"no number at {unknown} of {len(at)} plotted points"
        return Evidence(Rung.FIGURE, Grade.UNDECIDED, part, None, scope, detail)
    if worst is None:
        return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, agreed)
    detail = f"not so at {np.count_nonzero(fault > 0)} of {len(at)} plotted points"
    return Evidence(
        Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=dict(witness(worst))
    )
