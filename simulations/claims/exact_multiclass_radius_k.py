"""Exactly K classes by simulation: all K are counted at x, cA and cB inside and beyond R."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.paired import share_bias
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.exact_multiclass_radius_k import PRINTED, K
from theory.noise import Laplace
from theory.searches.exact_k_search import radius_k

#: (K, PA, PB, lambda, dimension): every piece of the radius
SETTINGS = (
    (4, 0.4, 0.25, 0.8, 1),
    (3, 0.65, 0.2, 1.5, 4),
    (10, 0.75, 0.4, 0.3, 2),
    (10, 0.12, 0.08, 2.0, 3),
    (3, 0.3, 0.15, 0.6, 16),
    (2, 0.5, 0.2, 1.1, 2),
)

#: a shorter way than R, and a longer one, so that the lead is seen
INSIDE, OUTSIDE = 0.75, 1.25


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Masses of the K classes at x; shares of cA among cA and cB at 0.75 R, R and 1.25 R."""
    radius_of = radius_k(statement, K)
    trials = []
    for classes, top, runner_up, scale, dim in SETTINGS:
        radius = scale * radius_of(classes, top, runner_up)
        capped = min(runner_up, 1 - top)
        raised = max(top, 1 - (classes - 1) * capped)
        n, noise = affordable(num_samples, dim), Laplace(scale)
        ends = _ends(classes, raised, capped, noise)
        where = f"K = {classes}, PA = {top}, PB = {runner_up}, lambda = {scale}, d = {dim}"
        counts = {
            said: _count(
                ends,
                noise,
                distance,
                dim=dim,
                num_samples=n,
                seed=seed,
                purpose=f"exact_multiclass_k/{classes}/{top}/{said}",
            )
            for said, distance in (
                ("x", 0.0),
                ("0.75 R", INSIDE * radius),
                ("R", radius),
                ("1.25 R", OUTSIDE * radius),
            )
        }
        word = discretisation_bias(1, boundaries=2)
        between = (1 - raised - capped) / max(classes - 2, 1)
        masses = (raised, *(between,) * (classes - 2), capped)
        trials += [
            predicted("attained", f"P(f(X) = class {c}), {where}", found, n, mass, bias=word)
            for c, (found, mass) in enumerate(zip(counts["x"], masses, strict=True))
            if c in {0, 1, classes - 1}
        ]
        for part, said, expects in (
            ("sound", "0.75 R", Expects.ABOVE),
            ("attained", "1.25 R", Expects.BELOW),
            ("attained", "R", Expects.INSIDE),
        ):
            in_a, in_b = counts[said][0], counts[said][-1]
            either, name = in_a + in_b, f"share of cA among cA and cB at {said}, {where}"
            # the words' bias over the mass of both, of which a quarter is taken
            bias = share_bias(word, either, n)
            trials.append(
                predicted(part, name, in_a, either, 0.5, bias=bias)
                if expects is Expects.INSIDE
                else shown(part, name, in_a, either, expects, bias=bias)
            )
    return trials


def _ends(classes: int, top: float, capped: float, noise: Laplace) -> NDArray[np.float64]:
    """Where the classes end along the axis, from cA up to cB: K - 1 places."""
    until = noise.quantile(top)
    # with two classes both ends are one point, which rounding may cross
    start = max(until, -noise.quantile(capped))
    levels = np.linspace(top, 1 - capped, classes - 1)[1:-1]
    inner = [noise.quantile(float(level)) for level in levels]
    return np.array([until] if classes == 2 else [until, *inner, start])


def _count(
    ends: NDArray[np.float64],
    noise: Laplace,
    distance: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, ...]:
    """How often each class occurs at x + delta, delta along a random signed axis."""
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    delta = axis.displacement(distance, dim=dim)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        points += delta
        return np.searchsorted(ends, axis.sign * points[:, axis.place], side="left")

    return count_labels(
        label,
        noise,
        num_labels=len(ends) + 1,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=purpose,
    )
