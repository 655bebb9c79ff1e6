"""T drawn and counted against its exact law: named events, their exact probabilities, p-values.

    atom+       T = r, the largest value: no coordinate is moved towards
    atom-       T = -r, the smallest: every coordinate is beyond the move
    above:X     T > X, in the unit of delta
    below:X     T < X
    worst:P     the worst-case classifier's set for the top class, P(X in A) = P: {T > t} and a part
                of {T = t} (Neyman and Pearson; T small is where Y = X + delta is likelier)

An event is counted on integers. What the lattice of `simulations.likelihood_ratio` and 32-bit words
may do to its probability widens the interval that its count is tested against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulations.likelihood_ratio import LatticeError, SamplingPlan, lattice_error
from simulations.observables import COIN_FACES, Coin, IntegerEvent, ratio_above
from simulations.tally import Tally
from theory.bounds import Bounds
from theory.confidence import BinomialTest, holm
from theory.exact import to_fraction
from theory.likelihood_ratio import LikelihoodRatio

#: What is counted where nothing is asked for
DEFAULT_EVENTS = ("atom+", "atom-", "worst:0.5", "worst:0.9")

#: Beyond, binomial tails are bounded by Chernoff's inequality
_MOST_EXACT = 10**10

#: Up to so many sums of subsets, an atom's place on the lattice is looked up.
_MOST_SUMS = 1 << 14

#: So many edges of the histogram are compared with the exact c.d.f.
BAND_EDGES = 32


@dataclass(frozen=True, slots=True)
class RatioEvent:
    """An event of T: as a set of integers W, and what its probability is.

    ``exact`` encloses the probability under the exact law of T, ``tested`` that under the drawn
    one, which is wider by the lattice's error.
    """

    event: IntegerEvent
    exact: Bounds
    tested: tuple[float, float]

    @property
    def name(self) -> str:
        """The event as it was asked for."""
        return self.event.name

    def p_value(self, count: int, num_samples: int) -> float:
        """Of "the probability is within ``tested``", two-sided and rounded up."""
        low, high = self.tested
        if num_samples <= _MOST_EXACT:
            return BinomialTest(num_samples, low, high).p_value(count)
        share = min(max(count / num_samples, low), high)  # the likeliest point of the interval
        return min(1.0, 2 * math.exp(-num_samples * _divergence(count / num_samples, share)))


@dataclass(frozen=True, slots=True)
class Band:
    """The largest deviation of the empirical c.d.f. from the exact one, over edges of bins."""

    edges: int
    deviation: float
    p_value: float


def events_of(
    names: Sequence[str], law: LikelihoodRatio, plan: SamplingPlan
) -> tuple[RatioEvent, ...]:
    """The events of these names.

    Parameters
    ----------
    names : sequence of str
        See the head of the module.
    law : LikelihoodRatio
        The law of T.
    plan : SamplingPlan
        Of the same perturbation and scale.

    Raises
    ------
    ValueError
        For another name, a threshold that is not finite, or a P outside (0, 1).

    Examples
    --------
    >>> delta = ["0.5", "0.5"]
    >>> law = LikelihoodRatio.of(delta, scale=1)
    >>> plan = SamplingPlan.of(delta, scale=1)
    >>> events_of(["atom+", "above:0.2"], law, plan)[0].exact.value
    0.25
    """
    error = lattice_error(plan)
    found = []
    for name in dict.fromkeys(names):
        kind, _, text = name.partition(":")
        if name in ("atom+", "atom-"):
            found.append(_atom(name, law, plan, error))
        elif kind in ("above", "below") and text:
            found.append(_side(name, to_fraction(text), law, plan, error))
        elif kind == "worst" and text:
            found.append(_worst(name, to_fraction(text), law, plan, error))
        else:
            raise ValueError(
                f"event = {name!r} is not one of atom+, atom-, above:X, below:X and worst:P"
            )
    return tuple(found)


def _widened(low: float, high: float, error: LatticeError) -> tuple[float, float]:
    return max(0.0, low - error.probability), min(1.0, high + error.probability)


def _atom(name: str, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError) -> RatioEvent:
    if name == "atom+":
        exact, place = Bounds(*_power_of_half(plan.dim), "closed form"), 0
    else:
        lowest = law.cdf_bounds(-law.norm)
        least = _power_of_half(plan.dim, float(plan.norm))
        exact = Bounds(max(lowest.lower, least[0]), min(lowest.upper, least[1]), "closed form")
        place = plan.total
    # the lattice moves the length of the Poisson process, and with it the mass of the last atom
    moved = float(error.shift)
    tested = _widened(exact.lower * math.exp(-moved), exact.upper * math.exp(moved), error)
    return RatioEvent(IntegerEvent(name, place, place), exact, tested)


def _power_of_half(dim: int, norm: float = 0.0) -> tuple[float, float]:
    """2^-k e^-A, rounded outward."""
    middle = math.exp(-norm) * 2.0 ** -min(dim, 2000)
    slack = 1 + (norm + 4) * 2.0**-48 if norm else 1.0
    return middle / slack, min(1.0, max(middle * slack, 5e-324))


def _side(
    name: str, place: Fraction, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError
) -> RatioEvent:
    ratio, shift = place / law.scale, error.shift * law.scale
    at = _cell_of_atom(plan, ratio, error)
    upto, below = law.cdf_bounds(place), law.below_bounds(place)
    # how likely T is to be moved past the threshold from either side; its atom stays on its side
    from_above = from_below = 0.0
    if shift:
        far_up, far_down = law.cdf_bounds(place + shift), law.below_bounds(place - shift)
        from_above, from_below = far_up.upper - upto.lower, below.upper - far_down.lower
        if at is None:  # an atom, if there is one, may lie on either side of the threshold
            from_above = from_below = far_up.upper - far_down.lower
    if name.startswith("below"):
        least = ratio_above(name, plan, ratio, closed=True).high if at is None else at
        event = IntegerEvent(name, max(least + 1, 0), plan.total)
        exact = below
        moved = from_below, from_above
    else:
        most = ratio_above(name, plan, ratio).high if at is None else at - 1
        event = IntegerEvent(name, 0, most)
        exact = Bounds(
            _around(1 - Fraction(upto.upper))[0],
            _around(1 - Fraction(upto.lower))[1],
            upto.method,
        )
        moved = from_above, from_below
    return RatioEvent(event, exact, _widened(exact.lower - moved[0], exact.upper + moved[1], error))


def _cell_of_atom(plan: SamplingPlan, ratio: Fraction, error: LatticeError) -> int | None:
    """The W of the atom at T/scale = ratio, if all its subsets have one; None too for no atom."""
    if not error.shift or len(plan.sizes) == 1:
        at = (plan.total - ratio / plan.unit) / 2
        return int(at) if at.denominator == 1 else None
    wanted, found = (plan.norm - ratio) / 2, {Fraction(0): frozenset([0])}
    pairs = zip(plan.magnitudes, plan.lengths.tolist(), plan.sizes, strict=True)
    for magnitude, cells, size in pairs:
        for _ in range(size):
            joined = dict(found)
            for total, places in found.items():
                if total + magnitude <= wanted:
                    more = frozenset(place + cells for place in places)
                    joined[total + magnitude] = joined.get(total + magnitude, frozenset()) | more
            found = joined
        if len(found) > _MOST_SUMS:
            return None
    places = found.get(wanted, frozenset())
    return min(places) if len(places) == 1 else None


def _worst(
    name: str, p_a: Fraction, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError
) -> RatioEvent:
    if not 0 < p_a < 1:
        raise ValueError(f"event = {name!r}: {p_a} is outside (0, 1)")
    found = law.quantile_set(1 - p_a)
    place = found.lower if found.atom else (found.lower + found.upper) / 2
    side = _side(name, place * law.scale, law, plan, error)
    at = _cell_of_atom(plan, place, error) if found.atom else None
    if at is None:
        return side
    # {T = t} takes what is missing, by a coin of 32 bits
    below = law.below_bounds(place * law.scale)
    mass = 1 - below.value - side.exact.value
    words = round(min(max((float(p_a) - side.exact.value) / mass, 0.0), 1.0) * COIN_FACES)
    given = Bounds(*_around(p_a), "the coin's choice")
    slack = mass / COIN_FACES + below.width + side.exact.width
    moved = side.exact.lower - side.tested[0], side.tested[1] - side.exact.upper
    tested = max(0.0, given.lower - slack - moved[0]), min(1.0, given.upper + slack + moved[1])
    event = IntegerEvent(name, side.event.low, side.event.high, Coin(at, words))
    return RatioEvent(event, given, tested)


def _around(value: Fraction) -> tuple[float, float]:
    """The floats below and above a number: twice the same where it is one."""
    nearest = float(value)
    if Fraction(nearest) == value:
        return nearest, nearest
    if Fraction(nearest) < value:
        return nearest, math.nextafter(nearest, math.inf)
    return math.nextafter(nearest, -math.inf), nearest


def band(tally: Tally, law: LikelihoodRatio, plan: SamplingPlan) -> Band:
    """The empirical c.d.f. at edges of the histogram against the exact one (Dvoretzky et al.).

    P(sup |F_n - F| > e) <= 2 exp(-2 n e^2) (P. Massart, "The tight constant in the Dvoretzky-
    Kiefer-Wolfowitz inequality", 1990), also for a supremum over some places only. Deviations
    count from the ends of an interval that holds the drawn law's c.d.f.
    """
    error, total = lattice_error(plan), tally.num_samples
    edges = tally.observables.histogram.edges
    # bin i counts edges[i - 1] <= W < edges[i], so before edge i lie the bins 0, ..., i
    below_edge = np.cumsum(tally.histogram_counts.astype(object))
    chosen = np.unique(np.linspace(0, len(edges) - 1, min(BAND_EDGES, len(edges))).astype(int))
    worst = 0.0
    for index in chosen.tolist():
        share = int(below_edge[index]) / total  # of {W < edge} = {T > its place}
        place = plan.ratio_at(int(edges[index])) * law.scale
        above = _side("above", place, law, plan, error)
        low, high = above.tested
        if above.event.high != int(edges[index]) - 1:  # an atom has its cell on the other side
            jump = law.cdf_bounds(place).upper - law.below_bounds(place).lower
            low, high = low - jump, high + jump
        worst = max(worst, share - high, low - share)
    p_value = min(1.0, 2 * math.exp(-2 * total * worst**2))
    return Band(len(chosen), worst, p_value)


def consistent(p_values: Sequence[float], *, alpha: float) -> bool:
    """Whether no p-value of a run is small, by Holm's correction at level alpha.

    A correct sampler is called wrong with probability at most alpha.
    """
    return not p_values or float(min(holm(list(p_values)))) > alpha


def _divergence(seen: float, given: float) -> float:
    """The Kullback-Leibler divergence of two coins."""
    if seen == given:
        return 0.0
    total = 0.0
    for one, other in ((seen, given), (1 - seen, 1 - given)):
        if one > 0:
            if other <= 0:
                return math.inf
            total += one * math.log(one / other)
    return total
