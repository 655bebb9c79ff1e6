"""Measure the exact law of T: `python -m benchmarks.law [--quick] [--out FILE]`.

Seconds and widths of the c.d.f. and of the hockey-stick divergence for ||delta||_1 / scale = 3, by
whatever method the program takes. The first answer makes what later ones share, so both times are
told: "first" for a law made anew in a fresh process, "again" the median of other thresholds there.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import product
from multiprocessing import get_context
from typing import Any

from benchmarks import machine
from benchmarks.command import run, say
from benchmarks.contenders import SCALE, Perturbation
from benchmarks.sampling import NORM
from theory.likelihood_ratio import LikelihoodRatio

DIMS = (16, 3072, 150528)
QUICK_DIMS = (16, 3072)

#: Thresholds in standard deviations of T/scale, about; the first is asked of the law made anew.
PLACES = (Fraction(1, 2), Fraction(-1), Fraction(0), Fraction(2), Fraction(3))

Question = Callable[[LikelihoodRatio, Fraction], Any]

#: By name: the c.d.f. is asked in the unit of delta, the divergence in units of the scale.
QUESTIONS: dict[str, Question] = {
    "c.d.f.": lambda law, place: law.cdf_bounds(place * law.scale),
    "hockey-stick": lambda law, place: law.hockey_stick(abs(place)),
}


def thresholds(dim: int) -> list[Fraction]:
    """The places in units of the scale: T/scale has a standard deviation of about A / sqrt(d).

    >>> [round(float(place), 2) for place in thresholds(16)]
    [0.38, -0.75, 0.0, 1.5, 2.25]
    """
    deviation = Fraction(round(2**20 * NORM / math.sqrt(dim)), 2**20)
    return [place * deviation for place in PLACES]


def measured(case: Perturbation, question: str) -> dict[str, Any]:
    """Seconds, width, grade and method of one question about one law."""
    ask, places = QUESTIONS[question], thresholds(case.dim)
    row: dict[str, Any] = {
        "dim": case.dim,
        "magnitudes": case.magnitudes,
        "question": question,
    }
    delta = case.delta.tolist()
    start = time.perf_counter()
    law = LikelihoodRatio.of(delta, scale=SCALE)
    try:
        answers = [ask(law, places[0])]
        first, again = time.perf_counter() - start, []
        for place in places[1:]:
            start = time.perf_counter()
            answers.append(ask(law, place))
            again.append(time.perf_counter() - start)
    except ValueError as error:
        return row | {"failed": str(error)}
    widest = max(answers, key=lambda bounds: bounds.upper - bounds.lower)
    return row | {
        "first_seconds": first,
        "again_seconds": statistics.median(again),
        "width": widest.upper - widest.lower,
        "grade": str(widest.grade),
        "method": widest.method,
    }


def result(dims: tuple[int, ...]) -> dict[str, Any]:
    """The whole measurement as JSON; every law in a process of its own."""
    about = machine.described(norm=NORM, scale=SCALE)
    rows = []
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for dim, magnitudes, question in product(dims, ("equal", "distinct"), QUESTIONS):
            say(f"d = {dim}, {magnitudes}: {question}")
            case = Perturbation(dim, NORM, magnitudes)
            rows.append(pool.submit(measured, case, question).result())
    return {"provenance": about, "rows": rows}


if __name__ == "__main__":
    run("law", lambda quick: result(QUICK_DIMS if quick else DIMS))
