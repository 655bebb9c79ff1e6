"""The attack on a conjectured radius that cannot be enclosed: where is it too large, if at all.

A search proves nothing. What it is sure to find is written here: an error, beyond the tolerance of
`l1cert.workbench.probes`, that shows

* in a band of scales [s, 1.01 s] within [1e-6, 1e6], at most probabilities;
* at one exact scale of a list (powers of 2 and 10, decimals, the literature's, their multiples by
  roots, each as a value of every word for the scale that the function takes);
* in a band of PA of width 1e-3, down to the last float below 1 and around 1/2;
* for PB near 0, near PA, or near 1 - PA from either side.

For noise that is not known to be log-concave this holds for the scales alone: its exact radius is
taken at 32 pairs of probabilities. Elsewhere differential evolution, a local search from its best
place and hypothesis, which knows the floats that programs get wrong, look for the largest relative
excess beyond that.

A function of which so many values would take minutes is tried at random ones of these places
alone, as many as half a minute allows, and the notes say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize

from l1cert.workbench.callables import WrappedRadius
from l1cert.workbench.drawing import shortest
from l1cert.workbench.probes import (
    DEEP,
    LEAST_SCALE,
    MOST_SCALE,
    Domain,
    Pairs,
    exact_scales,
    sweep,
)
from l1cert.workbench.search import Probe, Search, seconds_each
from l1cert.workbench.shape import Shape, shape_of
from theory.conjectures.axis_noise import AxisNoise
from theory.conjectures.settings import Setting

__all__ = ["POINTWISE_BUDGET", "VECTORISED_BUDGET", "Attack", "Probe", "attack"]

Floats = NDArray[np.float64]

#: Evaluations of a function that takes arrays, and of one that does not.
VECTORISED_BUDGET, POINTWISE_BUDGET = 500_000, 60_000
MOST_BUDGET, LEAST_BUDGET = 10_000_000, 20_000
_GENERATIONS, _POLISHING, _EXAMPLES, _SPOTS = 40, 150, 150, 200
_SPOT_AGREEMENT = 1e-10
#: Seconds that a search may take by the first few values; beyond it, that of a hurried one.
_MOST_SECONDS, _HURRIED_SECONDS = 60.0, 30.0
_LEAST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Attack:
    """What the attack found; nothing in it is a proof that the radius is sound.

    Parameters
    ----------
    refuted : bool
        Whether R exceeds E somewhere by more than rounding.
    worst : Probe or None
        Where refuted: the largest relative excess over the exact radius and its tolerance.
    clearest : Probe or None
        Where refuted: the excess that is worth most probability, for a witness.
    tight : bool
        Whether R was E up to rounding everywhere.
    tight_below_one : bool
        The same on PA + PB <= 1 alone: beyond it E is that of PB = 1 - PA.
    loosest, tightest : Probe or None
        The largest and the smallest relative slack (E - R) / E; None if none was seen, or
        R > E wherever E is well-conditioned.
    largest_slack, smallest_slack : float
        These slacks, in [0, 1]; 0 where R is E up to rounding.
    shape : Shape
        Abstention, equivariance and monotonicity.
    evaluations : int
        Points at which the function was called.
    vectorised : bool
        Whether it was called with arrays.
    notes : tuple of str
        How it was called, and what was left out.
    """

    refuted: bool
    worst: Probe | None
    clearest: Probe | None
    tight: bool
    tight_below_one: bool
    loosest: Probe | None
    tightest: Probe | None
    largest_slack: float
    smallest_slack: float
    shape: Shape
    evaluations: int
    vectorised: bool
    notes: tuple[str, ...]


@np.errstate(all="ignore")
def attack(
    wrapped: WrappedRadius,
    noise: AxisNoise,
    setting: Setting,
    num_classes: int | None,
    *,
    seed: int,
    budget: int | None = None,
    scale: float | None = None,
) -> Attack:
    """Search the whole domain for a place where R exceeds the exact axis radius E.

    Parameters
    ----------
    wrapped : WrappedRadius
        The radius.
    noise : AxisNoise
        Its exact radius is taken as `noise.radius`, or from the same quantiles where they alone
        keep it accurate.
    setting : Setting
        What is known of the probabilities.
    num_classes : int or None
        Their number, where it is fixed.
    seed : int
        The same seed gives the same attack, unless the function is so slow.
    budget : int, optional
        About how many evaluations; 500000 for a function that takes arrays, else 60000, and
        fewer where they would take more than a minute.
    scale : float, optional
        The only scale; without it, all of [1e-6, 1e6].

    Returns
    -------
    Attack
        Its numbers are to nearest: an excess counts beyond the tolerance only.

    Raises
    ------
    ValueError
        If the function misbehaves at a point of the domain, or answers one point in two ways; or
        for a budget outside [20000, 10^7] or a scale outside (0, inf).

    Examples
    --------
    >>> from theory.conjectures.axis_noise import parse_noise
    >>> from l1cert.workbench.callables import wrap
    >>> noise = parse_noise("laplace")
    >>> def squared(p_a, lam):  # wrong at every scale but 1
    ...     return -lam**2 * np.log(2 * (1 - p_a))
    >>> wrapped = wrap(squared, setting=Setting.BINARY, words=noise.words, num_classes=2)
    >>> found = attack(wrapped, noise, Setting.BINARY, 2, seed=1)
    >>> found.refuted, found.worst.scale > 1
    (True, True)
    """
    hurried = budget is None
    if budget is None:
        budget = VECTORISED_BUDGET if wrapped.vectorised else POINTWISE_BUDGET
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise ValueError(f"budget = {budget} is outside [{LEAST_BUDGET}, {MOST_BUDGET}]")
    if scale is not None and not 0.0 < scale < math.inf:
        raise ValueError(f"scale = {scale} is outside (0, inf)")
    domain = Domain(noise, setting, num_classes, wrapped.epsilon)
    before, rng = wrapped.calls, np.random.default_rng(seed)
    search = Search(wrapped, domain, scale, rng, budget)
    grid = domain.grid(rng, budget // 4)
    if not wrapped.takes_scale and scale is None:
        search.notes.append("it is handed no scale, and asked about every scale")
    other = np.random.default_rng([seed, 2])
    each = seconds_each(wrapped, domain, scale, other) if hurried else 0.0
    if each * budget > _MOST_SECONDS:
        _hurry(search, grid, each)
        _same_again(search)
        return _found(search, Shape(None, None, None, None), wrapped.calls - before)
    arrays = wrapped.vectorised
    _spot_check(search, grid)
    if arrays and not wrapped.vectorised:
        again = min(budget, POINTWISE_BUDGET)
        return attack(wrapped, noise, setting, num_classes, seed=seed, budget=again, scale=scale)
    _structured(search, grid)
    if domain.slow:
        few = f"the exact radius by level sets was taken at {len(grid)} pairs of probabilities"
        search.notes.append(f"{few} alone, and no further search was made")
    else:
        _evolve(search, np.random.default_rng([seed, 1]))
        if search.worst.probe is None:
            _weird(search, seed)
    shape = shape_of(wrapped, domain, scale, rng)
    _same_again(search)
    return _found(search, shape, wrapped.calls - before)


def _found(search: Search, shape: Shape, evaluations: int) -> Attack:
    sound = search.worst.probe is None
    with_p_b = search.domain.setting.has_p_b
    below_one = search.loosest_below_one if with_p_b else search.loosest
    return Attack(
        refuted=not sound,
        worst=search.worst.probe,
        clearest=search.clearest.probe,
        tight=sound and search.loosest.probe is None,
        tight_below_one=sound and below_one.probe is None,
        loosest=search.loosest.probe,
        tightest=search.tightest.probe,
        largest_slack=search.loosest.key,
        smallest_slack=max(-search.tightest.key, 0.0) if search.tightest.probe else 0.0,
        shape=shape,
        evaluations=evaluations,
        vectorised=search.wrapped.vectorised,
        notes=(*search.wrapped.notes, *search.notes),
    )


def _hurry(search: Search, grid: Pairs, each: float) -> None:
    """As many places of the grid as there is time for: at scale 1, at hard scales, at others."""
    places = max(_LEAST_PLACES, int(_HURRIED_SECONDS / each))
    search.notes.append(
        f"a value takes {each:.2g} s: {places} places of the grid were tried, and nothing further"
    )
    listed = exact_scales(tuple(search.wrapped.factors.values()))
    rest = places - places // 3
    scale = np.ones(places) if search.scale is None else np.full(places, search.scale)
    if search.scale is None:
        scale[:rest] = search.random_scales(rest)
        scale[: rest // 2] = search.rng.choice(listed, rest // 2)
    search.measure(grid.take(search.rng.integers(0, len(grid), places)), scale)


def _spot_check(search: Search, grid: Pairs) -> None:
    """At random places, whether a call with arrays is worth its single calls."""
    firm = grid.take(~grid.deep)
    some = firm.take(search.rng.integers(0, len(firm), _SPOTS))
    search.wrapped.check_arrays(some.p_a, some.p_b, search.random_scales(_SPOTS))


def _structured(search: Search, grid: Pairs) -> None:
    """The grid at scale 1 and at random ones, the sweep of scales, the exact scales."""
    rng, budget = search.rng, search.budget
    search.measure(grid, 1.0 if search.scale is None else search.scale)
    for _ in range(0 if search.scale is not None else max(1, min(3, budget // (5 * len(grid))))):
        search.measure(grid, search.random_scales(len(grid)))
    firm = grid.take(grid.under > 0.5 * grid.exact)
    if not search.wrapped.takes_scale and search.scale is None:
        search.measure(firm, LEAST_SCALE)  # a radius that knows no scale is too large there
    swept = search.own_scales(sweep(rng))
    search.product(firm, swept, budget // 8 // len(swept))
    listed = search.own_scales(exact_scales(tuple(search.wrapped.factors.values())))
    search.product(firm, listed, budget // 8 // len(listed))
    if search.domain.slow:
        return
    random = search.domain.pairs(*search.domain.spread(rng, budget // 8))
    search.measure(random, search.random_scales(len(random)))


def _bounds(search: Search) -> list[tuple[float, float]]:
    """The box of the global search: logit of PA, log(PA / PB), log of the scale."""
    with_p_b = search.domain.setting.has_p_b
    box = [(-30.0 if with_p_b else 0.0, 36.0), *[(0.0, 34.0)] * with_p_b]
    scales = (math.log(LEAST_SCALE), math.log(MOST_SCALE))
    return [*box, *[scales] * (search.scale is None)]


def _evolve(search: Search, rng: np.random.Generator) -> None:
    """Differential evolution for the relative excess, then Nelder and Mead from the worst place."""
    box = _bounds(search)
    with_p_b = search.domain.setting.has_p_b

    def loss(at: Floats) -> Any:
        points = at.reshape(len(box), -1)
        rest = 1.0 / (1.0 + np.exp(points[0]))
        p_a = np.clip(np.where(points[0] > 0.0, 1.0 - rest, rest * np.exp(points[0])), DEEP, 1)
        p_a = np.minimum(p_a, 1.0 - 2.0**-53)
        p_b = np.clip(p_a * np.exp(-points[1]), DEEP, p_a) if with_p_b else None
        scale = np.exp(points[-1]) if search.scale is None else np.full(len(p_a), search.scale)
        found = -np.minimum(search.measure(search.domain.pairs(p_a, p_b), scale), 1e100)
        return found if at.ndim > 1 else float(found[0])

    kind: dict[str, Any] = {"vectorized": True, "updating": "deferred", "polish": False, "tol": 0.0}
    found = optimize.differential_evolution(
        loss, box, maxiter=_GENERATIONS, popsize=15, rng=rng, **kind
    )
    starts = [found.x]
    if search.worst.probe is not None:
        starts.append(_coordinates(search.worst.probe, search, box))
    for start in starts:
        options = {"maxfev": _POLISHING}
        optimize.minimize(loss, start, method="Nelder-Mead", bounds=box, options=options)


def _coordinates(probe: Probe, search: Search, box: list[tuple[float, float]]) -> Floats:
    at = [math.log(probe.p_a) - math.log1p(-probe.p_a)]
    if probe.p_b is not None:
        at.append(math.log(probe.p_a) - math.log(probe.p_b))
    if search.scale is None:
        at.append(math.log(probe.scale))
    return np.asarray(np.clip(at, *np.transpose(box)))


def _weird(search: Search, seed: int) -> None:
    """Hypothesis: floats that a grid does not hold, and constants of the loaded modules.

    As those depend on more than the seed, only a refutation is taken from here.
    """
    apart = Search(search.wrapped, search.domain, search.scale, search.rng, search.budget)
    with_p_b = search.domain.setting.has_p_b
    open_unit = {"exclude_min": True, "exclude_max": True, "allow_subnormal": False}
    unit = st.floats(0.0, 1.0, **open_unit)  # type: ignore[arg-type]
    scales = st.floats(LEAST_SCALE, MOST_SCALE)
    points = st.tuples(unit, unit, scales if search.scale is None else st.just(search.scale))

    def exceeds(point: tuple[float, float, float]) -> bool:
        p_a = np.array([max(point[0], DEEP)])
        p_b = np.clip(point[1], DEEP, p_a) if with_p_b else None
        pairs = search.domain.pairs(p_a, p_b)
        return bool(apart.measure(pairs, point[2])[0] > 0.0)

    if shortest(points, exceeds, max_examples=_EXAMPLES, seed=seed) is not None:
        search.worst, search.clearest = apart.worst, apart.clearest


def _same_again(search: Search) -> None:
    """The extreme places once more, alone: a function with a state would answer otherwise."""
    for probe in (search.worst.probe, search.loosest.probe):
        if probe is None:
            continue
        p_b = None if probe.p_b is None else np.array([probe.p_b])
        again = float(search.wrapped([probe.p_a], p_b, [probe.scale])[0])
        near = _SPOT_AGREEMENT * max(probe.scale, abs(probe.radius))
        if not (again == probe.radius or abs(again - probe.radius) <= near):
            two = f"{probe.radius!r} and then {again!r}"
            at = f"p_a = {probe.p_a!r}" + ("" if p_b is None else f", p_b = {probe.p_b!r}")
            raise ValueError(
                f"radius = {two} at {at}, scale {probe.scale!r}: legal is a function of its "
                "arguments alone"
            )
