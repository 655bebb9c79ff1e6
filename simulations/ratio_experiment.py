"""T drawn and counted against its exact law: named events, their exact probabilities, p-values.

::

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
from theory.balls import rational_ball
from theory.bounds import Bounds
from theory.confidence import BinomialTest, holm
from theory.exact import ceil_float, floor_float, to_fraction, working_precision
from theory.likelihood_ratio import LikelihoodRatio

#: What is counted where nothing is asked for
DEFAULT_EVENTS = ("atom+", "atom-", "worst:0.5", "worst:0.9")

#: Beyond, binomial tails are bounded by Chernoff's inequality
_MOST_EXACT = 10**10

#: Up to so many sums of subsets, an atom's place on the lattice is looked up.
_MOST_SUMS = 1 << 14

#: for the cells of a sum whose subsets have not all the same
_SEVERAL = -1

#: Sums are counted in a common unit if that has so many bits at most.
_MOST_BITS = 2048

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
        return _chernoff(count, num_samples, Fraction(low), Fraction(high))


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
            found.append(_side(name, to_fraction(text), law, plan, error).judged())
        elif kind == "worst" and text:
            found.append(_worst(name, to_fraction(text), law, plan, error))
        else:
            raise ValueError(
                f"event = {name!r} is not one of atom+, atom-, above:X, below:X and worst:P"
            )
    return tuple(found)


def _widened(low: float, high: float, off: float) -> tuple[float, float]:
    return max(0.0, low - off), min(1.0, high + off)


def _atom(name: str, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError) -> RatioEvent:
    """An end of the support, which no rounding of cells moves: it is an event on words.

    Directly drawn, each of its k words has its probability to within half a word; the signs are
    exact, and a Poisson process has no point on [0, A] with probability e^-A.
    """
    if name == "atom+":
        exact, place = Bounds(*_power_of_half(plan.dim), "closed form"), 0
        off = error.probability if plan.method == "counts" else 0.0
        return RatioEvent(IntegerEvent(name, 0, 0), exact, _widened(exact.lower, exact.upper, off))
    lowest = law.cdf_bounds(-law.norm)
    least = _power_of_half(plan.dim, plan.norm)
    exact = Bounds(max(lowest.lower, least[0]), min(lowest.upper, least[1]), "closed form")
    place, low, high, off = plan.total, exact.lower, exact.upper, plan.dim * 2.0**-33
    if plan.method != "direct":  # the cells are as long as A but for the shift
        moved = min(float(min(error.shift, Fraction(700))), 700.0)
        low, high, off = low * math.exp(-moved), high * math.exp(moved), error.probability
    return RatioEvent(IntegerEvent(name, place, place), exact, _widened(low, high, off))


def _power_of_half(dim: int, norm: Fraction = Fraction(0)) -> tuple[float, float]:
    """2^-k e^-A, rounded outward."""
    with working_precision(128):
        ball = (-rational_ball(norm)).exp() * rational_ball(2) ** -dim
        return max(0.0, floor_float(ball)), min(1.0, ceil_float(ball))


@dataclass(frozen=True, slots=True)
class _Side:
    """{T > X} or {T < X}, and how far below and above the exact probability the drawn one is."""

    event: IntegerEvent
    exact: Bounds
    below: float
    above: float

    def judged(self) -> RatioEvent:
        low, high = self.exact.lower - self.below, self.exact.upper + self.above
        return RatioEvent(self.event, self.exact, _widened(low, high, 0.0))


def _side(
    name: str, place: Fraction, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError
) -> _Side:
    ratio = place / law.scale
    at = _cell_of_atom(plan, ratio, error)
    # the event is cut where the atom is drawn, and T is drawn within the shift of where it is
    apart = Fraction(0) if at is None else abs(plan.ratio_at(at) - ratio)
    shift = (error.shift + apart) * law.scale
    upto, below = law.cdf_bounds(place), law.below_bounds(place)
    # how likely T is to be moved past the threshold from either side; its atom stays on its side
    from_above = from_below = error.probability
    if shift:
        far_up, far_down = law.cdf_bounds(place + shift), law.below_bounds(place - shift)
        if at is None:  # an atom, if there is one, may lie on either side of the threshold
            from_above += far_up.upper - far_down.lower
            from_below += far_up.upper - far_down.lower
        else:
            from_above += far_up.upper - upto.lower
            from_below += below.upper - far_down.lower
    if name.startswith("below"):
        least = ratio_above(name, plan, ratio, closed=True).high if at is None else at
        event = IntegerEvent(name, max(least + 1, 0), plan.total)
        return _Side(event, below, from_below, from_above)
    most = ratio_above(name, plan, ratio).high if at is None else at - 1
    lower, upper = (1 - Fraction(end) for end in (upto.upper, upto.lower))
    exact = Bounds(_around(lower)[0], _around(upper)[1], upto.method)
    return _Side(IntegerEvent(name, 0, most), exact, from_above, from_below)


def _cell_of_atom(plan: SamplingPlan, ratio: Fraction, error: LatticeError) -> int | None:
    """The W of the atom at T/scale = ratio, if all its subsets have one; None too for no atom."""
    if not error.shift or len(plan.sizes) == 1:
        at = (plan.total - ratio / plan.unit) / 2
        return int(at) if at.denominator == 1 else None
    wanted, *magnitudes = _whole([(plan.norm - ratio) / 2, *plan.magnitudes])
    #: the cells of the subsets of each sum
    found: dict[Fraction | int, int] = {0: 0}
    for magnitude, cells, size in zip(magnitudes, plan.lengths.tolist(), plan.sizes, strict=True):
        if len(found) * (size + 1) > _MOST_SUMS:
            return None
        joined: dict[Fraction | int, int] = {}
        for total, place in found.items():
            for number in range(size + 1):
                more = total + number * magnitude
                if more > wanted:
                    break
                moved = place if place == _SEVERAL else place + number * cells
                if joined.setdefault(more, moved) != moved:
                    joined[more] = _SEVERAL
        found = joined
    place = found.get(wanted, _SEVERAL)
    return None if place == _SEVERAL else place


def _whole(numbers: Sequence[Fraction]) -> Sequence[Fraction | int]:
    """The numbers times one that makes them whole, which sums are quick of; as they are if long."""
    unit = 1
    for one in numbers:
        unit = math.lcm(unit, one.denominator)
        if unit.bit_length() > _MOST_BITS:
            return numbers
    return [one.numerator * (unit // one.denominator) for one in numbers]


def _worst(
    name: str, p_a: Fraction, law: LikelihoodRatio, plan: SamplingPlan, error: LatticeError
) -> RatioEvent:
    if not 0 < p_a < 1:
        raise ValueError(f"event = {name!r}: {p_a} is outside (0, 1)")
    found = law.quantile_set(1 - p_a)
    place = found.lower if found.atom else (found.lower + found.upper) / 2
    side = _side(name, place * law.scale, law, plan, error)
    at = _cell_of_atom(plan, place, error) if found.atom else None
    below = law.below_bounds(place * law.scale)
    mass = 1 - below.value - side.exact.value
    if at is None or mass <= 0:
        return side.judged()
    # {T = t} takes what is missing, by a coin of 32 bits
    words = round(min(max((float(p_a) - side.exact.value) / mass, 0.0), 1.0) * COIN_FACES)
    given = Bounds(*_around(p_a), "the coin's choice")
    slack = mass / COIN_FACES + below.width + side.exact.width
    tested = _widened(given.lower - side.below, given.upper + side.above, slack)
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
        low, high = above.exact.lower - above.below, above.exact.upper + above.above
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


def _chernoff(count: int, number: int, low: Fraction, high: Fraction) -> float:
    """2 exp(-n KL(count/n, q)) at the likeliest q in [low, high], rounded up: no tail is larger."""
    seen = Fraction(count, number)
    given = min(max(seen, low), high)
    if seen == given:
        return 1.0
    with working_precision(256):
        divergence = rational_ball(0)
        for one, other in ((seen, given), (1 - seen, 1 - given)):
            if one > 0 and other <= 0:
                return 0.0
            if one > 0:
                divergence += rational_ball(one) * rational_ball(one / other).log()
        return min(1.0, ceil_float(2 * (-number * divergence).exp()))
