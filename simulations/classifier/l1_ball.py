"""The l1 ball around an input: its nearest point, and perturbed inputs whose distance is exact.

An attack searches in floats, and a certificate speaks of the input that the network is given. So
what an attack finds is rounded towards the input x, coordinate by coordinate, and the distance
that is reported is that of the stored numbers, rounded up: no rounding carries an attack out of
the ball.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Levels = NDArray[np.int32]
Box = tuple[float, float]

#: each retry asks for a budget smaller by this
_SHRINK = 1 - 2.0**-20
_RETRIES = 20


def project(delta: torch.Tensor, radius: float) -> torch.Tensor:
    r"""The nearest point of the l1 ball to each row, in the l2 norm.

    .. math:: \mathrm{sign}(\delta_j) (|\delta_j| - \theta)_+ \text{ with } \theta \ge 0
        \text{ such that } \sum_j (|\delta_j| - \theta)_+ = r

    for rows outside the ball; the others stay as they are. Of the sizes in falling order, the k
    largest are above theta where k s_k > s_1 + ... + s_k - r (Duchi et al. 2008).

    Parameters
    ----------
    delta
        Shape (m, d), finite.
    radius
        r, in [0, inf).

    Returns
    -------
    Tensor
        Of the same shape and dtype; its norms are at most r up to rounding.

    Raises
    ------
    ValueError
        For another radius.

    Examples
    --------
    >>> project(torch.tensor([[3.0, -1.0, 0.5], [0.25, 0.0, 0.25]]), 1.0).tolist()
    [[1.0, -0.0, 0.0], [0.25, 0.0, 0.25]]
    >>> project(torch.tensor([[2.0, -1.0]]), 2.0).tolist()
    [[1.5, -0.5]]
    """
    check_radius(radius)
    if radius == 0:
        return torch.zeros_like(delta)
    size = delta.abs()
    ordered = size.sort(dim=1, descending=True).values
    excess = ordered.cumsum(1) - radius
    ranks = torch.arange(1, delta.shape[1] + 1, dtype=delta.dtype, device=delta.device)
    above = (ordered * ranks > excess).sum(1, keepdim=True).clamp(min=1)
    threshold = (excess.gather(1, above - 1) / above).clamp(min=0)
    shrunk = delta.sign() * (size - threshold).clamp(min=0)
    return torch.where(size.sum(1, keepdim=True) <= radius, delta, shrunk)


def check_radius(radius: float) -> None:
    """Refuse what is no radius of a ball, in one line."""
    if not 0 <= radius < math.inf:
        raise ValueError(f"radius = {radius} is outside [0, inf)")


def distance(x: Floats, y: Floats) -> float:
    """The l1 distance of two float32 vectors, exactly, then rounded up to a float64.

    >>> distance(np.float32([0.0, 1.0]), np.float32([0.5, 0.75]))
    0.75
    """
    upper = np.maximum(x, y).astype(np.float64).tolist()
    lower = np.minimum(x, y).astype(np.float64).tolist()
    terms = upper + [-one for one in lower]
    # fsum rounds the exact sum once; what it left out says in which direction
    total = math.fsum(terms)
    return math.nextafter(total, math.inf) if math.fsum([*terms, -total]) > 0 else total


def nearby(x: Floats, delta: NDArray[np.float64], radius: float, *, box: Box | None) -> Floats:
    """The float32 input nearest to x + delta on x's side, at an exact l1 distance of at most r.

    Parameters
    ----------
    x
        float32, shape (d,), in the box.
    delta
        Shape (d,), finite; what of it is longer than r is scaled down.
    radius
        r, in [0, inf).
    box
        The least and the largest value that an input may have, or None.

    Raises
    ------
    ValueError
        For another radius, or an x outside the box.

    Examples
    --------
    >>> nearby(np.float32([0.5, 0.9]), np.array([0.0, 0.3]), 0.2, box=(0.0, 1.0)).tolist()
    [0.5, 1.0]
    """
    check_radius(radius)
    check_box(x, box)
    start = x.astype(np.float64)
    size = float(np.abs(delta).sum())
    wanted = delta if size <= radius else delta * (radius / size)
    for _ in range(_RETRIES):
        ends = start + wanted
        if box is not None:
            ends = np.clip(ends, *box)
        moved = ends.astype(np.float32)
        # where rounding went away from x: one float32 back
        beyond = np.abs(moved.astype(np.float64) - start) > np.abs(ends - start)
        moved[beyond] = np.nextafter(moved[beyond], x[beyond])
        if distance(x, moved) <= radius:
            return moved
        wanted = wanted * _SHRINK
    return x.copy()


def check_box(x: NDArray[np.generic], box: Box | None) -> None:
    """Refuse an x outside the box: cutting to the box would then move it away from x."""
    if box is None:
        return
    low, high = box
    if not low < high:
        raise ValueError(f"box = {box}: legal is a least value below a largest one")
    least, largest = float(x.min()), float(x.max())
    if least < low or largest > high:
        raise ValueError(f"x has values in [{least}, {largest}], outside the box {box}")


def whole_steps(delta: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """A vector of integers near ``delta`` (in grid steps), sum of sizes at most ``most``.

    Rounded towards 0; what is left of the budget goes to the largest fractions, a step each.

    >>> whole_steps(np.array([1.75, -2.5, 0.25]), 4).tolist()
    [2, -2, 0]
    """
    size = float(np.abs(delta).sum())
    wanted = delta if size <= most else delta * (most / size)
    steps = np.trunc(wanted).astype(np.int64)
    left = most - int(np.abs(steps).sum())
    if left < 0:  # a rounded scale: a step too many somewhere
        return whole_steps(delta * _SHRINK, most)
    fractions = np.abs(wanted - steps)
    order = np.argsort(-fractions, kind="stable")[:left]
    order = order[fractions[order] > 0]
    steps[order] += np.sign(wanted[order]).astype(np.int64)
    return steps


def steps_within(radius: float | Fraction, step: Fraction) -> int:
    """The grid steps that fit into a radius, exactly: floor(r/h).

    >>> steps_within(0.75, Fraction(1, 4)), steps_within(0.7499, Fraction(1, 4))
    (3, 2)
    """
    if step <= 0:
        raise ValueError(f"step = {step} is outside (0, inf)")
    check_radius(float(radius))
    return int(Fraction(radius) // step)
