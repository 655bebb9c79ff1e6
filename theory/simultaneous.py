r"""Bounds on PA and PB together, from the votes that the classes got in one sample of n.

The votes N_1, ..., N_K are multinomial with n trials and unknown class probabilities p_i. A is the
class that is certified, PA = p_A, and PB is the largest p_i of the others. `lower` and `upper` are
Clopper and Pearson's one-sided bounds (`theory.confidence`), which rise with the count.

**A was selected by another sample.** lower(N_A; a) exceeds PA with probability at most a. Let B be
an other class of probability PB: it is a fixed class, and the largest other count M is at least
N_B, so upper(M; b) is at least upper(N_B; b), which is below PB with probability at most b. Both
hold but with probability a + b (Bonferroni), and K does not enter: a = b = alpha/2.

**A is the largest count S of the same sample.** Let 1 be a class of the largest p_i. Where S = 1,
the errors are those above, a + b, because 1 is a fixed class. What is left is S = i with
p_i <= p_1. Nothing is claimed unless the lead over the runner-up is significant: with M the largest
other count, x = N_S, and B_m(x) = P(Bin(m, 1/2) >= x), only where B_(x + M)(x) <= r < 1/2. Then
P(S != 1 and something is claimed) <= 2r, whatever K is (Hung and Fithian 2019):

1. Break ties for the argument by lot; a claim needs x > M, so it is not touched by that. Given
   N_i + N_1 = m and all other counts, M' the largest of them, N_i is Bin(m, p_i/(p_i + p_1)), and
   p_i/(p_i + p_1) <= 1/2. S = i has a weight w(u) in [0, 1] at N_i = u that rises with u. A claim
   is N_i >= x for some x: B_(u + max(m - u, M'))(u) falls as u rises. By the monotone likelihood
   ratio P(claim | S = i) is largest at probability 1/2, where it is B_m(x)/sum_u w(u) Bin(m, u).
2. M' < m/2: w is 1 above m/2 and 1/2 at it, so the sum is 1/2; and B_m(x) <= r, as
   m <= x + max(m - x, M') and B_m rises with m. The quotient is at most 2r.
3. M' = y >= m/2: w is 1 from y + 1 on. C(m', u)/C(m, u) rises with u for m' > m, so
   B_m(x)/B_m(y + 1) <= B_(x + y)(x)/B_(x + y)(y + 1), as m <= 2y < x + y. The numerator is at most
   r (N_1 = m - x < y is not the runner-up), the denominator at least 1/2, as x >= y + 1.
4. P(S = i and claim) <= 2r P(S = i), and the S = i are disjoint.

So a + b + 2r = alpha: `SELECTION` of alpha pays for the selection, the rest for the bounds. For
PA alone, b = 0. (The union over the classes would cost K a. For PA alone, "lower(N_S; a) > 1/2, or
abstain" costs 2a, which is attained at p = (1/2, 1/2): half of alpha instead of a twentieth.)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass

from theory.binomial_tails import LEAST_RATE, LEGAL_RATES, MAX_SAMPLES, at_least
from theory.confidence import lower, upper
from theory.exact import describe
from theory.parameters import checked_flag, to_integer, to_real

#: the share of alpha that pays for a class selected by the same sample
SELECTION = 1 / 20

#: more classes than anyone votes for
MOST_COUNTS = 10**6


@dataclass(frozen=True, slots=True)
class VoteBounds:
    """Bounds that all hold together with probability at least 1 - alpha.

    Attributes
    ----------
    p_a
        Lower bound on the top class's probability, rounded down; 0 where nothing is claimed.
    p_b
        Upper bound on every other class's probability, rounded up; 1 where nothing is claimed,
        None if only p_a was asked for.
    top
        The class that p_a is about: its position among the counts, from 0.
    num_samples, alpha
        n, the sum of the counts, and the error rate.
    same_sample
        What was assumed: the top class is that of the same sample (True), or it was selected
        without looking at these counts (False).
    tied
        The other classes that have as many votes as the top class.
    """

    p_a: float
    p_b: float | None
    top: int
    num_samples: int
    alpha: float
    same_sample: bool
    tied: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """The error rates of the bounds on PA and PB, and r, that of the lead over the runner-up."""

    p_a: float
    p_b: float = 0.0
    lead: float = 1.0


def levels(alpha: float, *, both: bool, same_sample: bool) -> Levels:
    """What alpha is spent on: a + b + 2r = alpha, where r is spent only on the same sample.

    >>> levels(0.08, both=True, same_sample=False)
    Levels(p_a=0.04, p_b=0.04, lead=1.0)
    """
    rest = alpha * (1 - SELECTION) if same_sample else alpha
    lead = alpha * SELECTION / 2 if same_sample else 1.0
    return Levels(rest / 2, rest / 2, lead) if both else Levels(rest, 0.0, lead)


def top_bound(
    counts: Iterable[int], *, alpha: float, top: int | None = None, same_sample: bool = False
) -> VoteBounds:
    """The lower bound on PA alone: two classes, PB <= 1 - PA.

    Selected by another sample, it is Clopper and Pearson's at the whole alpha.

    Parameters
    ----------
    counts
        The votes of each class, integers >= 0 with a sum in [1, 10^10]; at most 10^6 of them.
        Classes that are left out had no vote.
    alpha
        Error rate, in [1e-300, 1).
    top
        The position, from 0, of the class that another sample selected; by default that of the
        largest count, the first of equal ones.
    same_sample
        The top class is the largest count of these very counts, and that is paid for.

    Returns
    -------
    VoteBounds
        With p_b None. Rounded down, as `theory.confidence.lower` is.

    Raises
    ------
    ValueError
        For an argument outside its set, or both `top` and `same_sample`.

    Examples
    --------
    >>> round(top_bound([99_000, 600, 400], alpha=0.001).p_a, 9)
    0.98898934
    >>> round(top_bound([99_000, 600, 400], alpha=0.001, same_sample=True).p_a, 9)
    0.988984245
    """
    return _bounds(counts, alpha, top, same_sample, both=False)


def simultaneous_bounds(
    counts: Iterable[int], *, alpha: float, top: int | None = None, same_sample: bool = False
) -> VoteBounds:
    """The lower bound on PA and the upper bound on PB, which hold together.

    p_b is at most 1 - p_a: that follows from p_a. Where p_b exceeds p_a no radius is certified.
    Parameters and errors are those of `top_bound`; p_a is rounded down, p_b up.

    Examples
    --------
    >>> bounds = simultaneous_bounds([99_000, 600, 400], alpha=0.001)
    >>> round(bounds.p_a, 9), round(bounds.p_b, 9)
    (0.98892208, 0.006846662)
    >>> bounds = simultaneous_bounds([51, 49], alpha=0.001, same_sample=True)
    >>> bounds.p_a, bounds.p_b
    (0.0, 1.0)
    """
    return _bounds(counts, alpha, top, same_sample, both=True)


def _bounds(
    counts: Iterable[int], alpha: float, top: int | None, same_sample: bool, *, both: bool
) -> VoteBounds:
    alpha = to_real("alpha", alpha, LEGAL_RATES, lambda number: LEAST_RATE <= number < 1)
    same_sample = checked_flag("same_sample", same_sample)
    votes = parse_votes(counts)
    if top is not None and same_sample:
        raise ValueError(
            f"top = {describe(top)} and same_sample: the same sample selects its largest count"
        )
    chosen = votes.index(max(votes)) if top is None else parse_top(top, len(votes))
    num_samples, ours = sum(votes), votes[chosen]
    others = votes[:chosen] + votes[chosen + 1 :]
    most = largest_other(others)
    spent = levels(alpha, both=both, same_sample=same_sample)
    p_a, p_b = 0.0, 1.0
    # At r = 1 there is nothing to test: another sample has selected the class.
    if spent.lead == 1 or at_least(ours, ours + most, 0.5) <= spent.lead:
        p_a = lower(ours, num_samples, alpha=spent.p_a)
        if both:
            p_b = min(upper(most, num_samples, alpha=spent.p_b), complement(p_a))
    tied = tuple(i for i, count in enumerate(votes) if count == ours and i != chosen)
    return VoteBounds(
        p_a, p_b if both else None, chosen, num_samples, float(alpha), same_sample, tied
    )


def largest_other(others: list[int]) -> int:
    """The most votes that any class but the top one has; a class that is left out has none.

    >>> largest_other([3, 5]), largest_other([])
    (5, 0)
    """
    return max(others, default=0)


def complement(p_a: float) -> float:
    """1 - p_a, rounded up: what p_a itself says of every other class.

    >>> complement(0.75), complement(1e-30)
    (0.25, 1.0)
    """
    rest = 1 - p_a
    return rest if p_a >= 0.5 else min(1.0, math.nextafter(rest, math.inf))  # exact from 1/2 on


def parse_votes(counts: Iterable[int]) -> list[int]:
    """The votes as integers; a ValueError of one line for what they cannot be.

    >>> parse_votes([3, -1])
    Traceback (most recent call last):
        ...
    ValueError: counts[1] = -1 is outside the integers in [0, 10000000000]
    """
    if not isinstance(counts, Iterable) or getattr(counts, "ndim", 1) == 0:
        raise ValueError(f"counts = {describe(counts)} is no sequence of integers")
    votes: list[int] = []
    for position, count in enumerate(counts):
        if position >= MOST_COUNTS:
            raise ValueError(f"counts has more than {MOST_COUNTS} entries, legal are 1 to that")
        try:
            vote = -1 if isinstance(count, bool) else operator.index(count)
        except TypeError:
            vote = -1
        if not 0 <= vote <= MAX_SAMPLES:
            raise ValueError(
                f"counts[{position}] = {describe(count)} is outside the integers in "
                f"[0, {MAX_SAMPLES}]"
            )
        votes.append(vote)
    if not 1 <= sum(votes) <= MAX_SAMPLES:
        raise ValueError(
            f"counts sum to n = {sum(votes)} ({len(votes)} entries), outside [1, {MAX_SAMPLES}]"
        )
    return votes


def parse_top(top: int | str, num_counts: int) -> int:
    """The position of the top class among the counts, from 0.

    >>> parse_top("2", 3)
    2
    """
    try:
        if isinstance(top, bool):
            raise TypeError
        position = int(top) if isinstance(top, str) else operator.index(top)
    except (TypeError, ValueError):
        position = -1
    num_counts = to_integer("num_counts", num_counts, 1, MOST_COUNTS)
    if not 0 <= position < num_counts:
        raise ValueError(f"top = {describe(top)} is outside the positions 0 to {num_counts - 1}")
    return position
