"""Overlaps of balls with their translates, measured by qhull, HiGHS and quadrature.

Nothing here knows a formula for an overlap: an l1 ball is 2^d half-spaces, and an l2 disk is its
chords.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, optimize
from scipy.spatial import ConvexHull, HalfspaceIntersection

from theory.claim import Evidence, Statement
from theory.searches.findings import searched

Floats = NDArray[np.float64]
Witness = Mapping[str, str]


def l1_overlap(radius: float, delta: Sequence[float] | Floats) -> float:
    """The volume of an l1 ball's overlap with its translate by delta, in two dimensions or more.

    Parameters
    ----------
    radius : float
        Of both balls, > 0.
    delta : sequence of float
        The move, at least two coordinates.

    Returns
    -------
    float
        To nearest, with qhull's round-off (about 1e-12 of the ball); 0 where HiGHS finds no
        interior point.

    Examples
    --------
    >>> round(l1_overlap(1.0, (0.0, 0.0)), 9), l1_overlap(1.0, (2.5, 0.0))
    (2.0, 0.0)
    """
    move = np.asarray(delta, dtype=np.float64)
    normals = np.array(list(itertools.product((1.0, -1.0), repeat=len(move))))
    # both balls have these normals: of two parallel half-spaces the nearer one counts
    offsets = radius + np.minimum(0.0, normals @ move)
    centre = _deepest(normals, offsets)
    if centre is None:
        return 0.0
    corners = HalfspaceIntersection(np.column_stack([normals, -offsets]), centre).intersections
    return float(ConvexHull(corners).volume)


def _deepest(normals: Floats, offsets: Floats) -> Floats | None:
    """The centre of the largest inscribed ball, None where there is no room for one."""
    lengths = np.linalg.norm(normals, axis=1)[:, None]
    size = normals.shape[1]
    found = optimize.linprog(
        np.append(np.zeros(size), -1.0),
        A_ub=np.hstack([normals, lengths]),
        b_ub=offsets,
        bounds=[(None, None)] * size + [(0.0, None)],
        method="highs",
    )
    if not found.success or found.x[-1] <= 1e-9:
        return None
    return np.asarray(found.x[:-1])


def l2_overlap(radius: float, delta: tuple[float, float]) -> float:
    """The area of a disk's overlap with its translate by delta, its vertical chords added up.

    >>> round(l2_overlap(1.0, (0.0, 0.0)) / math.pi, 5)
    1.0
    """
    across, up = delta

    def chord(x: float) -> float:
        first = math.sqrt(max(radius**2 - x**2, 0.0))
        second = math.sqrt(max(radius**2 - (x - across) ** 2, 0.0))
        return max(0.0, min(first, up + second) - max(-first, up - second))

    low, high = max(-radius, across - radius), min(radius, across + radius)
    if low >= high:
        return 0.0
    # Gauss's rule on many pieces: a chord has kinks, and roots at its ends
    pieces = np.linspace(low, high, 65)
    return math.fsum(
        integrate.fixed_quad(np.vectorize(chord), *ends, n=12)[0]
        for ends in itertools.pairwise(pieces)
    )


def search_overlaps(statement: Statement, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each part of `overlap_depends_on_direction`."""
    rng = np.random.Generator(np.random.Philox(seed))
    parts = {
        "areas": (_wrong_area, 36, "36 moves in the plane, some beyond 2 rho"),
        "direction_matters": (_wrong_order, 20, "20 pairs of directions in the plane"),
        "every_dimension": (_wrong_volume, 15, "15 moves in d = 2, 3, 4"),
        "axis_is_smallest": (_smaller, 15, "15 random directions in d = 2, 3, 4"),
        "l2_by_length_alone": (_wrong_lens, 10, "10 disks, random angles"),
    }
    found = []
    for part, (fault, count, scope) in parts.items():
        start = time.perf_counter()
        faults = (fault(statement, number, rng) for number in range(count))
        witness = next((one for one in faults if one is not None), None)
        measured = "by chords" if part == "l2_by_length_alone" else "by qhull"
        found.append(searched(part, scope, f"measured {measured}", start=start, witness=witness))
    return found


def _wrong_area(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    radius, norm = rng.uniform(0.1, 9), rng.uniform(0.02, 0.98)
    norm = radius * (2 * norm if number % 6 else 2.01 + norm)
    share = [0.0, 0.5, rng.uniform()][number % 3]
    delta = rng.choice([-1, 1], 2) * norm * np.array([1 - share, share])
    measured = l1_overlap(radius, delta)
    printed = float(statement["area"](*map(float, (radius, *delta))))
    return _unequal(radius, delta, measured, printed)


def _wrong_order(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    radius, norm = rng.uniform(0.1, 9), rng.uniform(0.02, 0.98)
    near, far = np.sort(rng.uniform(0, 0.5, 2)) if number % 4 else (0.0, 0.5)
    moves = [2 * radius * norm * np.array([1 - share, share]) for share in (near, far)]
    first, second = (l1_overlap(radius, move) for move in moves)
    if (first < second) == (statement["order"] == "<"):
        return None
    return {"rho": repr(radius), "delta": str(moves[0]), "other": str(moves[1])}


def _wrong_volume(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    size, radius = 2 + number % 3, rng.uniform(0.3, 3)
    norm = 2 * radius * rng.uniform(0.05, 0.9)
    delta = np.zeros(size)
    delta[0] = norm
    axis = float(statement["axis"](size, radius, norm))
    wrong = _unequal(radius, delta, l1_overlap(radius, delta), axis)
    delta[:2] = norm / 2
    other = axis + float(statement["gain"](size, radius, norm))
    return wrong or _unequal(radius, delta, l1_overlap(radius, delta), other)


def _smaller(_: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    size, radius = 2 + number % 3, rng.uniform(0.3, 3)
    norm = 2 * radius * rng.uniform(0.05, 0.9)
    axis = np.eye(size)[0] * norm
    delta = norm * rng.dirichlet(np.full(size, 0.5)) * rng.choice([-1, 1], size)
    least, other = (l1_overlap(radius, move) for move in (axis, delta))
    if other >= least * (1 - 1e-9):
        return None
    return {"rho": repr(radius), "delta": str(delta), "volume": repr(other), "axis": repr(least)}


def _wrong_lens(statement: Statement, _: int, rng: np.random.Generator) -> Witness | None:
    radius, half_angle, angle = rng.uniform(0.3, 3), rng.uniform(0.2, 1.4), rng.uniform(0, 6.28)
    length = 2 * radius * np.cos(half_angle)
    delta = (length * np.cos(angle), length * np.sin(angle))
    printed = float(statement["lens"](radius, half_angle, angle))
    return _unequal(radius, np.array(delta), l2_overlap(radius, delta), printed, within=1e-4)


def _unequal(
    radius: float, delta: Floats, measured: float, printed: float, *, within: float = 1e-9
) -> Witness | None:
    if abs(measured - printed) <= within * radius ** len(delta):
        return None
    found = {"rho": repr(radius), "delta": str(delta)}
    return {**found, "measured": repr(measured), "printed": repr(printed)}
