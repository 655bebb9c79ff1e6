"""Tightness at observed probabilities: the worst case of every PA of a run log, drawn at one go.

At each distinct PA in (1/2, 1 - 2^-31] the worst-case half-space of mass PA along a randomly signed
axis (`theory.axis_worst_case`) is asked at x, inside its radius R(PA) and beyond it. The counts are
held against their exact masses, and must show the flip beyond, P(f(Y) = cA) < 1/2, and that the
prediction is kept inside. One Holm correction covers every question of every PA; it holds under any
dependence, so one draw of noise serves them all.

Beyond R the mass is F(R - r), which depends on r - R alone. One excess therefore serves every PA,
and PAs that drew the same signed axis ask about the same event of the noise: more rows are not
more evidence of the noise's law, only of each row's edge and radius. The law along the axis is all
that these classifiers see. So ``dim`` is small, and all of its coordinates are drawn.

A radius that a log claims at a PA is judged exactly: if the worst case has flipped at that distance
(by Arb), PA does not imply the claim. Where n samples can show that, it is drawn too.
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt

from simulations.experiment import Expects
from simulations.observed_cases import (
    Cases,
    Floats,
    Ints,
    count_cases,
    p_values,
    recount_raw,
    recount_words,
)
from simulations.observed_findings import ClaimedRadii, Findings, ObservedTightness
from simulations.observed_plans import WORD, Plan, claims_for, distinct, plan_for, reasons
from simulations.philox import checked_layout, purpose_tag, words
from simulations.sampling import IsotropicNoise, draw
from simulations.streaming import Progress
from simulations.tightness import ALPHA, SMALLEST_ALPHA
from theory.axis_worst_case import HalfLine, exact_scale
from theory.confidence import holm
from theory.exact import Exact, Surd

__all__ = ["ClaimedRadii", "ObservedTightness", "run"]

#: a draw is held in memory as a whole
MOST_COORDINATES = 5 * 10**7

#: nearer to 1, a word of 32 bits does not tell PA from 1
LARGEST_P_A = 1 - 2.0**-31

#: cases whose raw d-vectors are classified one by one
RAW_CASES = 48

_TAG, _CHOICE = purpose_tag("observed/noise"), purpose_tag("observed/recount")

_BELOW = "p_a <= 1/2: nothing is certified, and nothing can flip"
_ABOVE = "1 - 2^-31 < p_a < 1: 32-bit words do not tell it from 1"
_ONE = "p_a = 1: the radius is infinite, and nothing flips"


class Layout(TypedDict):
    """Which words are drawn."""

    seed: int
    tag: int
    num_samples: int
    dim: int


def run(
    noise: IsotropicNoise,
    probabilities: npt.ArrayLike,
    *,
    seed: int,
    num_samples: int = 10**5,
    alpha: float = ALPHA,
    dim: int = 16,
    claimed: npt.ArrayLike | None = None,
    scale: Exact | Surd | None = None,
    backend: str = "numba",
    threads: int | None = None,
    progress: Progress | None = None,
) -> ObservedTightness:
    """Draw and judge the worst case of every distinct probability, and of every claimed radius.

    Parameters
    ----------
    noise
        Laplace, Gaussian or Uniform of `theory.noise`.
    probabilities
        PA of each row, shape (rows,), in [0, 1]; a float is the dyadic rational that it stores.
    seed
        In [0, 2^64); with the other parameters it decides every count.
    num_samples
        n: enough to show a flip at all, and n dim <= 5 * 10^7.
    alpha
        The probability, at most, that any true prediction of the run is called false, or anything
        shown that is not so; in [1e-240, 1).
    dim
        d: each PA draws one of the 2 d signed axes, and all d coordinates are drawn.
    claimed
        A radius of each row, shape (rows,), in [-inf, inf]; NaN where none is claimed. It is held
        against PA alone: what was certified from a bound on PB besides may be larger, and is NaN.
    scale
        The exact scale that the noise's float was rounded from, such as lambda = sigma/sqrt(2):
        claims are judged to their last digit. None is the float itself.
    backend, threads
        Speed only.
    progress
        progress(cases counted, all of them).

    Returns
    -------
    ObservedTightness
        Counts are exact, probabilities rounded outward, radii to nearest.

    Raises
    ------
    ValueError
        For a parameter outside its set, or samples too few to show any flip at all.
    TypeError
        For another kind of noise.
    MissingBackendError
        If the backend's package or device is missing.

    Examples
    --------
    >>> from theory.noise import Laplace
    >>> found = run(Laplace(scale=2.0), [0.75, 0.9, 0.75, 1.0], seed=7, claimed=[1.4, 3.2, 1.5, 9])
    >>> found.p_a.tolist(), found.rows.tolist(), found.radius.round(6).tolist()
    ([0.75, 0.9], [2, 1], [1.386294, 3.218876])
    >>> round(found.excess, 6), found.shown, found.kept, found.consistent
    (0.057401, True, True, True)
    >>> found.claims.claimed.tolist(), found.claims.refuted, found.claims.shown
    ([1.4, 1.5, 3.2], (True, True, False), (None, True, None))
    """
    exact = exact_scale(noise, scale)
    p = _column("probabilities", probabilities, 0.0, 1.0)
    _check_draw(num_samples, dim, seed, alpha)
    proper = np.unique(p[(p > 0) & (p < 1)])
    half_lines = {one: HalfLine(noise, one, exact) for one in proper.tolist()}
    (p_a,), position, rows = distinct([p], (p > 0.5) & (p <= LARGEST_P_A))
    claims = None if claimed is None else claims_for(p, _claimed(claimed, p), half_lines)
    plan = plan_for(noise, p_a, claims, half_lines, num_samples=num_samples, alpha=alpha)
    cases = plan.cases(dim=dim, seed=seed)
    layout = Layout(seed=seed, tag=_TAG, num_samples=num_samples, dim=dim)
    counts, recount = _counted(cases, noise, layout, backend, threads, progress)
    at_x, inside, beyond, flipped = np.split(counts, np.cumsum([len(p_a)] * 3))
    findings = _judged(plan, (at_x, inside, beyond, flipped), num_samples, alpha)
    return ObservedTightness(
        noise=noise,
        num_samples=num_samples,
        dim=dim,
        seed=seed,
        alpha=alpha,
        p_a=p_a,
        rows=rows,
        radius=plan.radius,
        inside=plan.inside,
        beyond=plan.beyond,
        excess=plan.excess,
        power=plan.power(num_samples),
        count_at_x=at_x,
        count_inside=inside,
        count_beyond=beyond,
        exact_inside=plan.exact_inside,
        exact_beyond=plan.exact_beyond,
        flips=findings["flip"],
        keeps=findings["keep"],
        agrees=findings["agree"],
        recount=recount,
        position=position,
        left_out=reasons({_BELOW: p <= 0.5, _ABOVE: (p > LARGEST_P_A) & (p < 1), _ONE: p == 1}),
        claims=plan.claimed(flipped, findings["claim"]),
    )


def _column(name: str, values: npt.ArrayLike, low: float, high: float) -> Floats:
    column = np.asarray(values, np.float64)
    if column.ndim != 1:
        raise ValueError(f"{name} has shape {column.shape}, legal is (rows,)")
    outside = column[~((column >= low) & (column <= high))]
    if outside.size:
        raise ValueError(f"{name} holds {outside[0]}, outside [{low:g}, {high:g}]")
    return column


def _claimed(values: npt.ArrayLike, p: Floats) -> Floats:
    claimed = np.asarray(values, np.float64)
    if claimed.shape != p.shape:
        raise ValueError(f"claimed has shape {claimed.shape}, legal is that of p: {p.shape}")
    return claimed


def _check_draw(num_samples: int, dim: int, seed: int, alpha: float) -> None:
    checked_layout(seed=seed, tag=_TAG, first_sample=0, num_samples=num_samples, dim=dim)
    if not 1 <= num_samples <= MOST_COORDINATES // dim:
        raise ValueError(
            f"num_samples = {num_samples} is outside [1, {MOST_COORDINATES} / dim], dim = {dim}"
        )
    if not SMALLEST_ALPHA <= alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside [{SMALLEST_ALPHA}, 1)")


def _counted(
    cases: Cases,
    noise: IsotropicNoise,
    layout: Layout,
    backend: str,
    threads: int | None,
    progress: Progress | None,
) -> tuple[Ints, bool | None]:
    """The counts of all cases, and whether both recounts agree; None where nothing was asked."""
    if not len(cases):
        return np.zeros(0, np.int64), None
    points = draw(noise, first_sample=0, backend=backend, threads=threads, **layout)
    found = count_cases(cases, points, progress=progress)
    order = words(seed=layout["seed"], tag=_CHOICE, first_sample=0, num_samples=len(cases), dim=1)
    rows = np.argsort(order[:, 0], kind="stable")[:RAW_CASES].tolist()
    same_raw = np.array_equal(recount_raw(cases, points, rows), found[rows])
    return found, same_raw and np.array_equal(recount_words(cases, noise, **layout), found)


def _judged(
    plan: Plan, counts: tuple[Ints, Ints, Ints, Ints], num_samples: int, alpha: float
) -> dict[str, Findings]:
    """All findings under one Holm correction, as `simulations.experiment.judge` has them."""
    at_x, inside, beyond, claimed = counts
    half, far = np.full(len(at_x), 0.5), np.full(len(claimed), 0.5)
    asked = (
        (at_x, plan.p_a, plan.p_a, Expects.INSIDE),
        (inside, plan.exact_inside[:, 0], plan.exact_inside[:, 1], Expects.INSIDE),
        (beyond, plan.exact_beyond[:, 0], plan.exact_beyond[:, 1], Expects.INSIDE),
        (inside, half, half, Expects.ABOVE),
        (beyond, half, half, Expects.BELOW),
        (claimed, far, far, Expects.BELOW),
    )
    found = [p_values(k, num_samples, low, high, how, bias=WORD) for k, low, high, how in asked]
    adjusted = holm(np.concatenate(found).ravel()).reshape(-1, 2)
    parts = np.split(adjusted, np.cumsum([len(one) for one in found])[:-1])
    agree = np.all([one[:, 0] > alpha for one in parts[:3]], axis=0)
    kept, flipped, refuted = (_shown(one, alpha) for one in parts[3:])
    return {"agree": tuple(agree.tolist()), "keep": kept, "flip": flipped, "claim": refuted}


def _shown(adjusted: Floats, alpha: float) -> Findings:
    """True where the opposite is rejected, False where the prediction is, None where neither."""
    against, opposite = (adjusted <= alpha).T
    return tuple(
        False if lost else (True if shown else None)
        for lost, shown in zip(against.tolist(), opposite.tolist(), strict=True)
    )
