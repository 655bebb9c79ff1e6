"""The exact multi-class radius by simulation: two half-lines inside it, at it and beyond it."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_two_tails
from simulations.paired import share_bias
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.exact_multiclass_radius import PRINTED
from theory.noise import Laplace
from theory.searches.exact_search import exact_radius
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: (PA, PB, lambda, dimension): PA <= 1/2; PB < 1 - PA; PB > 1 - PA
SETTINGS = (
    (0.45, 0.25, 0.6, 1),
    (0.75, 0.1, 1.7, 3),
    (0.9, 0.04, 0.4, 16),
    (0.7, 0.45, 2.5, 2),
)

#: where Theorem 1 is far below: (PA, PB, lambda, dimension)
FAR = ((0.8, 0.05, 1.2, 2), (0.75, 0.6, 0.8, 5))

#: a shorter way than R, and a longer one, so that the lead is seen
INSIDE, OUTSIDE = 0.8, 1.2


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Shares of cA among cA and cB at 0.8 R (ahead), at R (a tie) and at 1.2 R (behind).

    Given the number of both, the count of cA is binomial, and its probability exceeds 1/2 exactly
    where cA is ahead of cB.
    """
    radius_of = exact_radius(statement)
    trials = []
    for top, runner_up, scale, dim in SETTINGS:
        radius = radius_of(top, runner_up, scale)
        shares = {
            "sound": (INSIDE * radius, Expects.ABOVE),
            "attained": (OUTSIDE * radius, Expects.BELOW),
        }
        for part, (distance, expects) in shares.items():
            trials.append(
                _share(
                    part,
                    (top, runner_up),
                    scale,
                    dim,
                    distance,
                    expects,
                    seed=seed,
                    num_samples=num_samples,
                )
            )
        tie = _share(
            "attained",
            (top, runner_up),
            scale,
            dim,
            radius,
            Expects.INSIDE,
            seed=seed,
            num_samples=num_samples,
        )
        trials.append(tie)
    terms = [numeric_radius(statement[name], p_a=p_a) for name in ("first", "second")]
    for top, runner_up, scale, dim in FAR:
        radius = radius_of(top, runner_up, scale)
        printed = max(term(top, runner_up, scale) for term in terms)
        # beyond Theorem 1, and still inside the exact radius
        distance = (2 * printed + radius) / 3
        trials.append(
            _share(
                "strictly_larger",
                (top, runner_up),
                scale,
                dim,
                distance,
                Expects.ABOVE,
                seed=seed,
                num_samples=num_samples,
            )
        )
    return trials


def _share(
    part: str,
    masses: tuple[float, float],
    scale: float,
    dim: int,
    distance: float,
    expects: Expects,
    *,
    seed: int,
    num_samples: int,
) -> Trial:
    """The share of cA among cA and cB at a distance along a random signed axis."""
    noise, n = Laplace(scale), affordable(num_samples, dim)
    top, capped = masses[0], min(masses[1], 1 - masses[0])
    until = noise.quantile(top)
    found = count_two_tails(
        noise,
        until,
        # with two classes both ends are one point, which rounding may cross
        max(until, -noise.quantile(capped)),
        distance=distance,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"exact_multiclass/{part}/{expects}/{masses}",
    )
    either = sum(found)
    # the share moves by the words' bias over the mass of both, of which a quarter is taken
    bias = share_bias(discretisation_bias(1, boundaries=1), either, n)
    name = f"share of cA at r = {distance:.4g}, PA = {top}, PB = {masses[1]}, lambda = {scale}"
    name += f", d = {dim}"
    if expects is Expects.INSIDE:
        return predicted(part, name, found[0], either, 0.5, bias=bias)
    return shown(part, name, found[0], either, expects, bias=bias)
