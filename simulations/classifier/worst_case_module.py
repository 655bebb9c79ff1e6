r"""The worst-case classifiers as networks, to be put through any network's votes and certificates.

Along one signed axis, u, the line is cut into classes: cA up to a, cB from b on, between them as
many further classes as it takes for none to exceed PB (two classes: a = b). Under noise that is
symmetric about x = 0,

.. math:: P(f(x + r e) = cA) = F(a - r), \qquad P(f(x + r e) = cB) = F(r - b),

so cB overtakes cA exactly beyond r = R = (a + b)/2, and no certificate may exceed R. With
a = Q(PA), b = -Q(PB) under Laplace noise this is the largest radius that PA and PB imply
(`theory.certificates.exact`), and with two classes under any of the three noises Q(PA)
(`theory.axis_worst_case`). So a certificate from enough votes comes close to R, and votes just
within and just beyond R show who leads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

__all__ = ["AxisClassifier"]


class AxisClassifier(torch.nn.Module):
    """Classes 0, 1, ..., K - 1 in the order of the cells of a signed coordinate.

    Class k where edges[k - 1] < sign x[axis] <= edges[k] (edges[-1] = -inf, edges[K - 1] = inf).
    A class's logit is the distance to the border of its cell, plus 1 within and minus it and 1
    outside: there are no ties, and the gradient points to the nearest border.

    Parameters
    ----------
    edges
        K - 1 rising numbers; float32 is what is kept, rounded up.
    axis
        The coordinate, of an input of any shape as if it were flat.
    sign
        1 or -1.

    Raises
    ------
    ValueError
        For edges that do not rise, or another sign or axis.

    Examples
    --------
    >>> model = AxisClassifier([0.5, 2.0], axis=1, sign=-1)
    >>> model(torch.tensor([[9.0, 0.0], [9.0, -1.0], [9.0, -2.5]])).argmax(1).tolist()
    [0, 1, 2]
    """

    def __init__(self, edges: Sequence[float], *, axis: int, sign: int = 1) -> None:
        super().__init__()
        if sign not in (-1, 1) or axis < 0:
            raise ValueError(f"axis = {axis}, sign = {sign}: legal are axis >= 0, sign 1 or -1")
        kept = np.asarray(edges, np.float64)
        rounded = kept.astype(np.float32)
        below = rounded < kept
        rounded[below] = np.nextafter(rounded[below], np.float32(np.inf))
        if rounded.size == 0 or not np.isfinite(rounded).all() or (np.diff(rounded) <= 0).any():
            raise ValueError(
                f"edges = {list(edges)}: legal are rising finite numbers, at least one"
            )
        self.axis, self.sign = axis, sign
        self.edges: torch.Tensor
        self.register_buffer("edges", torch.from_numpy(rounded))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (B, K) of inputs (B, ...)."""
        along = self.sign * inputs.reshape(len(inputs), -1)[:, self.axis]
        # positive where the coordinate is beyond an edge; not a single float32 in between is lost
        beyond = along[:, None] - self.edges
        side = torch.where(along[:, None] > self.edges, beyond + 1, beyond - 1)
        first, last = -side[:, :1], side[:, -1:]
        between = torch.minimum(side[:, :-1], -side[:, 1:])
        return torch.cat([first, between, last], 1)
