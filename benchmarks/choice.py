"""Measure what `fastest` chooses: `python -m benchmarks.choice [--quick] [--out FILE]`.

For several norms A = ||delta||_1 / scale and dimensions d in multiples of A, every method's speed,
interleaved, and what the choice of the program loses to the fastest of them: the median over the
rounds of the ratio of their speeds. `simulations.likelihood_ratio.fastest` rests on this table.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from benchmarks import machine
from benchmarks.command import run, say
from benchmarks.contenders import Perturbation, own_contender, own_methods
from benchmarks.rounds import Spread, interleaved, samples_for, within_rounds

NORMS = (0.5, 3.0, 20.0)

#: d / A, from where the direct method is the fastest by far to where it is the slowest.
MULTIPLES = (10, 20, 40, 60, 80, 120, 200, 500)
QUICK_MULTIPLES = (20, 60, 200)

ROUNDS, SECONDS = 5, 0.1


def measured(case: Perturbation, *, rounds: int, seconds: float) -> dict[str, Any]:
    """The speeds of our methods, the fastest, the chosen one and what that loses."""
    contenders = {
        method: own_contender(case, method) for method in own_methods(case) if method != "auto"
    }
    pieces = {method: one.draw for method, one in contenders.items()}
    samples = {method: samples_for(piece, seconds) for method, piece in pieces.items()}
    rates = interleaved(pieces, samples, rounds=rounds)
    return verdict(rates, case.plan("auto").method) | {
        "norm": case.norm,
        "dim": case.dim,
        "magnitudes": case.magnitudes,
    }


def verdict(rates: dict[str, list[float]], chosen: str) -> dict[str, Any]:
    """Which method is the fastest by its median, and how much slower the chosen one is.

    >>> found = verdict({"direct": [4.0, 6.0, 5.0], "poisson": [8.0, 9.0, 15.0]}, "direct")
    >>> found["fastest"], found["chosen"], found["loss"]
    ('poisson', 'direct', 2.0)
    """
    medians = {method: Spread.of(found).median for method, found in rates.items()}
    fastest = max(medians, key=lambda method: medians[method])
    loss = Spread.of(within_rounds(rates[fastest], rates[chosen])).median
    return {
        "samples_per_second": {method: float(f"{rate:.4g}") for method, rate in medians.items()},
        "fastest": fastest,
        "chosen": chosen,
        "loss": loss,
    }


def result(multiples: tuple[int, ...], rounds: int, seconds: float) -> dict[str, Any]:
    """The whole measurement as JSON."""
    about = machine.described(rounds=rounds, seconds=seconds)
    rows = []
    for norm, magnitudes, multiple in product(NORMS, ("equal", "distinct"), multiples):
        case = Perturbation(round(norm * multiple), norm, magnitudes)
        say(f"A = {norm:g}, {magnitudes}, d = {case.dim}")
        rows.append(measured(case, rounds=rounds, seconds=seconds))
    return {"provenance": about, "rows": rows}


if __name__ == "__main__":
    run(
        "choice",
        lambda quick: (
            result(QUICK_MULTIPLES, 3, SECONDS / 5) if quick else result(MULTIPLES, ROUNDS, SECONDS)
        ),
    )
