"""Section 4.2 by simulation: B at x + delta, on both sides of PB = 1/2 and of the switch."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.axis_mass_of_b import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p_b, r

#: (PB, scale, dimension, r / scale): every parameter moves
LOW = ((0.12, 0.7, 1, 0.9), (0.4, 2.6, 5, 0.8), (0.27, 1.2, 40, 0.35), (0.5, 0.45, 3, 0.6))
HIGH = ((0.75, 1.5, 2, 0.4), (0.93, 0.3, 24, 0.7))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of B = {x_1 >= b} at x + delta, against the display and our correction of it."""
    trials: list[Trial] = []
    for mass, scale, dim, distance in (*LOW, *HIGH):
        n, noise = affordable(num_samples, dim), Laplace(scale)
        norm, start = distance * scale, -noise.quantile(mass)
        # B looks upwards: on the mirrored axis it is {x_1 >= b}, counted as what is not below b
        below = count_half_space(
            noise,
            start,
            distance=norm,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"axis_mass_of_b/PB={mass}",
        )
        where = f"PB = {mass}, lambda = {scale}, d = {dim}, r = {norm:.4g}"
        at = {p_b: mass, lam: scale, r: norm}
        values = {name: float(one.subs(at)) for name, one in statement.items() if name != "largest"}
        trials += _trials(mass, f"P(Y in B), {where}", n - below, n, values, norm)
    return trials


def _trials(
    mass: float, name: str, found: int, num_samples: int, values: dict[str, float], norm: float
) -> list[Trial]:
    bias = discretisation_bias(1, boundaries=1)
    displayed = values["near" if norm <= values["switch"] else "far"]
    if mass <= 0.5:
        return [predicted("up_to_half", name, found, num_samples, _within(displayed), bias=bias)]
    corrected = _within(values["beyond"])
    # P(Y in B) is the displayed value plus the error
    mended = _within(displayed + values["error"])
    return [
        shown(
            "display",
            name,
            found,
            num_samples,
            Expects.ABOVE,
            _within(displayed),
            finding=False,
            bias=bias,
        ),
        predicted("beyond_half", name, found, num_samples, corrected, bias=bias),
        predicted("largest_error", name, found, num_samples, mended, bias=bias),
    ]


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
