"""Hypothesis strategies for the arguments of a radius: probabilities, pairs of them, scales.

Each favours the places where radii break (ties, the two ends, PA + PB = 1, the values of the
literature) over a uniform draw, has a documented domain that it never leaves, and shrinks towards
a simple value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st

from theory.conjectures.settings import Setting, parse_setting
from theory.parameters import checked_flag, describe

__all__ = ["probabilities", "probability_pairs", "scales"]

#: the probabilities that papers print, the plainest first: where shrinking ends
SIMPLE = (0.5, 0.75, 0.9, 0.99, 0.999, 0.25, 0.1, 0.01, 0.6, 0.8, 0.7, 0.4, 0.3, 0.2)

#: distances to an end of [0, 1] or to a tie, relative or absolute
CLOSE = (1e-3, 1e-4, 1e-6, 1e-9, 1e-12, 2.0**-53, *(2.0**-k for k in range(2, 53)))

#: distances to 0 alone, where floats go on
TINY = (1e-16, 1e-30, 1e-100, 1e-200, 1e-280, 2.0**-1022, 5e-324)

#: both ends and the last places before them, which a hundred draws should not miss
_LAST = (1.0, 0.0, 1.0 - 2.0**-53, 1.0 - 1e-9, 1e-9, 1e-300, 5e-324)

#: standard deviations of Cohen et al. (2019) and of Yang et al. (2020), and plain numbers
LITERATURE = (1.0, 2.0, 0.5, 0.25, 0.12, 0.15, 0.75, 1.25, 1.5, 1.75, 2.25, 2.5, 3.0, 3.5)

#: the factors between lam, sigma and half_width at equal variance
_FACTORS = (1.0, math.sqrt(2), math.sqrt(3), math.sqrt(6))


def _interval(name: str, least: float, most: float, low: float, high: float, legal: str) -> None:
    # Python's own numbers: a half-precision end would take every other number down with it
    numbers = all(type(end) in (int, float) or isinstance(end, np.float64) for end in (least, most))
    if not (numbers and low <= least <= most <= high):
        ends = f"[{describe(least)}, {describe(most)}]"
        raise ValueError(f"{name} in {ends} is no interval within {legal}")


def _plain_listed_or_drawn(
    plain: Iterable[float],
    listed: Iterable[float],
    least: float,
    most: float,
    drawn: st.SearchStrategy[float],
) -> st.SearchStrategy[float]:
    """The plain values within the interval, those or the listed ones, or any that is drawn."""
    first = [value for value in plain if least <= value <= most]
    every = [*first, *(value for value in listed if least <= value <= most)]
    parts = [st.sampled_from(list(dict.fromkeys(one))) for one in (first, every) if one]
    return st.one_of(*parts, drawn)


def probabilities(*, least: float = 0.0, most: float = 1.0) -> st.SearchStrategy[float]:
    """Probabilities: printed values, both ends and their tails, near 1/2, and any float between.

    Parameters
    ----------
    least, most : float
        The domain is [least, most], within [0, 1], its ends included. Tails reach 5e-324 and
        1 - 2^-53. It shrinks towards 1/2, then to the other values that papers print.

    Raises
    ------
    ValueError
        If [least, most] is not an interval within [0, 1].

    Examples
    --------
    >>> from hypothesis import find
    >>> find(probabilities(), lambda p: True)
    0.5
    >>> find(probabilities(least=0.2, most=0.3), lambda p: True)
    0.25
    """
    _interval("a probability", least, most, 0.0, 1.0, "[0, 1]")
    ends = [end for end in (least, most, *_LAST) if least <= end <= most]
    near_half = (0.5 + sign * gap for gap in CLOSE for sign in (1, -1))
    listed = [*(1.0 - gap for gap in CLOSE), *CLOSE, *TINY, *near_half, 1.0, 0.0]
    drawn = st.one_of(st.sampled_from(list(dict.fromkeys(ends))), st.floats(least, most))
    return _plain_listed_or_drawn(SIMPLE, listed, least, most, drawn)


@st.composite
def _pairs(
    draw: st.DrawFn, least_a: float, open_ends: bool, exceed_one: bool
) -> tuple[float, float]:
    smallest, largest = (5e-324, 1.0 - 2.0**-53) if open_ends else (0.0, 1.0)
    p_a = draw(probabilities(least=max(least_a, smallest), most=largest))
    rest = 1.0 - p_a  # exact from 1/2 on
    close = st.sampled_from(CLOSE)
    p_b = draw(
        st.one_of(
            st.just(rest),
            close.map(lambda gap: rest * (1.0 - gap)),
            close.map(lambda gap: rest * (1.0 + gap)),
            st.just(p_a),
            close.map(lambda gap: p_a * (1.0 - gap)),
            probabilities(least=smallest, most=p_a),
            st.sampled_from((*TINY, 0.0)),
            st.floats(0.0, 1.0).map(lambda part: part * min(p_a, rest)),
        )
    )
    # below 1/2 the order alone keeps the sum within 1
    most = p_a if exceed_one or p_a < 0.5 else min(p_a, rest)
    return p_a, min(max(p_b, smallest), most)


def probability_pairs(
    setting: str = "multiclass",
    *,
    num_classes: int | None = None,
    endpoints: bool = True,
    exceed_one: bool = True,
) -> st.SearchStrategy[tuple[float, float]]:
    """Pairs (p_a, p_b) with 0 <= p_b <= p_a <= 1, as lower and upper bounds on probabilities.

    Ties p_b = p_a and pairs near them, pairs on and near p_a + p_b = 1, tails of both (5e-324,
    1 - 2^-53), and any floats between.

    Parameters
    ----------
    setting : {"binary", "binary-pb", "multiclass", "k"}
        "binary": p_a in [1/2, 1] and p_b = 1 - p_a, which is exact. The others: any pair.
    num_classes : int, optional
        For "k"; pairs with p_a + (K - 1) p_b < 1 are drawn too (the top class then has more).
    endpoints : bool
        Whether p_b = 0 and p_a = 1 are drawn; otherwise 0 < p_b <= p_a < 1.
    exceed_one : bool
        Whether p_a + p_b may exceed 1, as bounds of confidence may; otherwise it is at most 1
        exactly.

    Returns
    -------
    SearchStrategy
        It shrinks towards (0.5, 0.5), then to other p_a that papers print with p_b = 1 - p_a.

    Raises
    ------
    ValueError
        For an unknown setting, or a number of classes that does not go with it.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(probability_pairs(), lambda pair: pair[0] > pair[1])
    (0.75, 0.25)
    >>> find(probability_pairs(exceed_one=False), lambda pair: True)
    (0.5, 0.5)
    """
    chosen, _ = parse_setting(setting, num_classes)
    endpoints = checked_flag("endpoints", endpoints)
    exceed_one = checked_flag("exceed_one", exceed_one)
    if chosen is Setting.BINARY:
        most = 1.0 if endpoints else 1.0 - 2.0**-53
        return probabilities(least=0.5, most=most).map(lambda p_a: (p_a, 1.0 - p_a))
    return _pairs(0.0, not endpoints, exceed_one)


def scales(*, least: float = 1e-6, most: float = 1e6) -> st.SearchStrategy[float]:
    """Scales of a noise: those of the literature, and log-uniform ones.

    The literature's standard deviations are drawn as they are and divided by sqrt(2), sqrt(3) and
    sqrt(6), so that each of lam, sigma and half_width takes each value at equal variance.

    Parameters
    ----------
    least, most : float
        The domain is [least, most], within (0, inf), its ends included. It shrinks towards 1.

    Raises
    ------
    ValueError
        If [least, most] is not an interval within (0, inf).

    Examples
    --------
    >>> from hypothesis import find
    >>> find(scales(), lambda scale: True), find(scales(least=4), lambda scale: True)
    (1.0, 4)
    """
    _interval("a scale", least, most, 5e-324, math.nextafter(math.inf, 0.0), "(0, inf)")
    ends = math.log2(least), math.log2(most)
    spread = st.floats(*ends).map(lambda power: min(max(2.0**power, least), most))
    converted = [one for value in LITERATURE for f in _FACTORS for one in (value * f, value / f)]
    listed = [least, most, *converted]
    return _plain_listed_or_drawn(LITERATURE, listed, least, most, spread)
