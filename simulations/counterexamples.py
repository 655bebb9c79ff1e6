"""Counterexamples to a conjectured radius, drawn with all d coordinates and counted.

The masses of a counterexample are proved (`theory.conjectures.counterexamples`); here its
classifier is run on raw d-vectors of noise, at x and at x + delta, and the counts are held against
those masses by exact binomial tests. Whether cB is ahead of cA at x + delta is a sign test among
the samples that are either: a thin margin needs more samples than there are, and then says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import FALSE_PASS, Expects, Trial, judge, shown
from simulations.half_spaces import affordable
from simulations.paired import share_bias
from simulations.philox import checked_layout, purpose_tag
from simulations.sampling import WORD_RANGE, count, count_words, discretisation_bias
from theory.bounds import Bounds
from theory.confidence import interval
from theory.conjectures.axis_noise import AxisNoise
from theory.conjectures.counterexamples import Counterexample
from theory.conjectures.slabs import CLASS_A, CLASS_B, FURTHER, Slabs
from theory.noise import Gaussian, Laplace, Uniform

#: False-fail rate of a simulation: Holm over all its counts keeps it.
ALPHA = 1e-6

_NAMED = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}
_PURPOSES = {"x": "counterexample/x", "x + delta": "counterexample/x + delta"}


def simulate(
    counterexample: Counterexample,
    *,
    num_samples: int,
    seed: int,
    dim: int = 1,
    alpha: float = ALPHA,
) -> dict[str, Any]:
    """Count the labels of a counterexample's classifier at x and at x + delta, and judge them.

    Parameters
    ----------
    counterexample : Counterexample
        Its stated masses are what the counts are held against.
    num_samples : int
        At x, and again, other samples, at x + delta; fewer in high dimension (`affordable`).
    seed : int
        In [0, 2^64); the counts depend on it, on `num_samples` and on `dim` alone.
    dim : int
        The dimension; delta is on the first axis.
    alpha : float
        Probability at most that a true counterexample is called inconsistent.

    Returns
    -------
    dict
        Ready for JSON. ``counts`` and ``intervals`` by place and label (Clopper and Pearson, each
        at level `alpha`); ``consistent``: False if a count contradicts its stated mass, None if so
        few samples contradict nothing; ``flip``: whether cB is significantly ahead of cA at
        x + delta (True), behind (False), or neither (None); ``enough_samples``: by Hoeffding's
        inequality, for the flip to be shown with probability 1 - 1e-3, or "none" where the margin
        is below what 32-bit words resolve.

    Raises
    ------
    ValueError
        If the counterexample has no masses, or a parameter is outside its set.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from theory.conjectures.axis_noise import parse_noise
    >>> from theory.conjectures.counterexamples import find_counterexample
    >>> from theory.conjectures.settings import Setting
    >>> found = find_counterexample(
    ...     parse_noise("laplace"), Setting.BINARY, Fraction(3, 4), None, 2,
    ...     scale=Fraction(1, 2), radius_above=Fraction(1, 2),
    ... )
    >>> drawn = simulate(found, num_samples=20_000, seed=3, dim=2)
    >>> drawn["counts"]["x + delta"], drawn["consistent"], drawn["flip"]
    ([8225, 11775], True, True)
    """
    if counterexample.margin is None:
        raise ValueError("the counterexample has no masses: take that of find_counterexample")
    checked_layout(seed=seed, tag=0, first_sample=0, num_samples=num_samples, dim=dim)
    n = affordable(num_samples, dim)
    expected = {"x": counterexample.masses_x, "x + delta": counterexample.masses_y}
    # in units of the scale, which may be no float
    shifts = {"x": 0.0, "x + delta": float(counterexample.r / counterexample.scale)}
    counts = {
        place: _counts(counterexample, shifts[place], _PURPOSES[place], n, seed, dim)
        for place in expected
    }
    cells = len(counterexample.classifier.labels)
    word = discretisation_bias(1, boundaries=cells)
    trials = [
        _mass_trial(f"{place}, label {label}", number, n, bounds, word)
        for place in expected
        for label, (number, bounds) in enumerate(zip(counts[place], expected[place], strict=True))
    ]
    moved = counts["x + delta"]
    either = moved[CLASS_A] + moved[CLASS_B]
    bias = share_bias(word, either, n)
    trials.append(shown("flip", "share of cA", moved[CLASS_A], either, Expects.BELOW, bias=bias))
    by_part = {
        one.part: one for one in judge({"counterexample": trials}, alpha=alpha)["counterexample"]
    }
    return {
        "num_samples": n,
        "dim": dim,
        "seed": seed,
        "generator": "Philox4x32-10",
        "purposes": dict(_PURPOSES),
        "false_fail": alpha,
        "false_pass": FALSE_PASS,
        "counts": counts,
        "intervals": {place: _intervals(own, n, alpha) for place, own in counts.items()},
        "consistent": by_part["masses"].finding,
        "flip": by_part["flip"].finding,
        "enough_samples": _enough(counterexample, word, alpha / (2 * len(trials))),
        "detail": "; ".join(one.detail for one in by_part.values()),
    }


def _intervals(counts: Sequence[int], n: int, alpha: float) -> list[list[float]]:
    return [list(interval(number, n, alpha=alpha)) if n else [0.0, 1.0] for number in counts]


def _mass_trial(name: str, number: int, n: int, bounds: Bounds, word: float) -> Trial:
    low, high = max(bounds.lower, 0.0), min(bounds.upper, 1.0)
    return Trial("masses", name, number, n, Expects.INSIDE, low, high, bias=word)


def _counts(
    counterexample: Counterexample, shift: float, purpose: str, n: int, seed: int, dim: int
) -> list[int]:
    """How often each label occurs; further classes that are cut finely count as one."""
    noise, classifier = counterexample.noise, _at_unit_scale(counterexample)
    labels = max(classifier.labels) + 1
    delta = np.zeros(dim)
    delta[0] = shift

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        return _grouped(classifier, points + delta)

    layout = {
        "seed": seed,
        "tag": purpose_tag(purpose),
        "num_samples": n,
        "dim": dim,
        "num_labels": labels,
    }
    if noise.name in _NAMED:
        found = count(label, _NAMED[noise.name](1.0), **layout)
    else:
        found = count_words(lambda words: label(_inverted(noise, words)), **layout)
    return [int(number) for number in np.asarray(found)]


def _at_unit_scale(counterexample: Counterexample) -> Slabs:
    """The same classifier of x / scale."""
    own = counterexample.classifier
    edges = tuple(edge / counterexample.scale for edge in own.edges)
    return replace(own, edges=edges, survival=counterexample.noise.survival)


def _grouped(classifier: Slabs, points: NDArray[np.float64]) -> NDArray[np.int64]:
    found = classifier(points)
    return np.minimum(found, FURTHER) if classifier.finer > 1 else found


def _inverted(noise: AxisNoise, words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Noise of a density: the point with P(X <= x) = (w + 1/2)/2^32 for the word w, as `draw`."""
    level = (words.astype(np.float64) + 0.5) / WORD_RANGE
    return -noise.inverse_survival(level.ravel()).reshape(level.shape)


def _enough(counterexample: Counterexample, word: float, level: float) -> str:
    """Samples of which the sign test of the flip needs no more, by Hoeffding's inequality.

    With masses a < b of cA and cB, the share a/(a + b) has to be told from 1/2 less the bias of
    4 word/(a + b): m samples in either do where sqrt(m) times the distance between the two is
    sqrt(log(1/level)/2) + sqrt(log(1/FALSE_PASS)/2), and n = m/(a + b) have so many on average.
    """
    assert counterexample.margin is not None  # simulate
    a, b = (counterexample.masses_y[label].upper for label in (CLASS_A, CLASS_B))
    lead = -counterexample.margin.upper - 8.0 * word
    if lead <= 0.0:
        return "none"
    reach = sum(math.sqrt(-math.log(rate) / 2.0) for rate in (level, FALSE_PASS))
    enough = 4.0 * (a + b) * (reach / lead) ** 2
    return str(math.ceil(enough))
