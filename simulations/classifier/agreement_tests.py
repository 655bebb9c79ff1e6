r"""The two readings of counts of agreement, each with a test: smoothed and single predictions.

*Smoothed*: McNemar's exact test at each level. Of the points that only one of the noises keeps, the
number that Laplace keeps is binomial with 1/2, given how many there are, if a random point is as
likely to be kept by Laplace noise alone as by Gaussian noise alone. This needs pairs that are
independent from point to point: the points are a sample of their population, and no two of them
share a draw. Within a point both noises may share their random words; the test has more power then,
and the same level. The empirical ROPS is compared in the same way, by sign. All tests of a record
are corrected together by Holm's method, which holds under any dependence: levels, networks and
seeds may share points and words.

*Single*: the mean probability, at these points, that one noisy prediction is the base classifier's,
by intervals that hold together (Bonferroni, again under any dependence). A noise has the larger one
where the intervals are apart.

Each reading has the error rate `ALPHA`, so that both together have 2 `ALPHA`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from theory.confidence import BinomialTest, checked_open, interval

if TYPE_CHECKING:
    from simulations.classifier.agreement_counts import Classifier

NOISES = ("laplace", "gaussian")
LAPLACE, GAUSSIAN = NOISES
#: family-wise error rate of each of the two readings of a record
ALPHA = 0.005


@dataclass(frozen=True, slots=True)
class Comparison:
    """One exact test of Laplace against Gaussian noise on paired points.

    ``laplace`` and ``gaussian`` count the points that speak for either; ``p_value`` is two-sided,
    ``adjusted`` by Holm over the whole record.
    """

    what: str
    laplace: int
    gaussian: int
    p_value: float
    adjusted: float

    def favours(self, alpha: float) -> str | None:
        """The noise that is shown to keep more at family-wise error rate alpha, or None."""
        if self.adjusted > checked_open("alpha", alpha):
            return None
        return LAPLACE if self.laplace > self.gaussian else GAUSSIAN

    def share(self, alpha: float) -> tuple[float, float]:
        """Clopper and Pearson's interval of Laplace's share of the discordant points."""
        count = self.laplace + self.gaussian
        return interval(self.laplace, count, alpha=alpha) if count else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SingleVotes:
    """The mean probability of f's class in one noisy prediction, at the points of one network.

    ``laplace`` and ``gaussian`` are intervals that hold together with those of all levels and
    networks of the record.
    """

    network: Classifier
    sigma: str
    laplace: tuple[float, float]
    gaussian: tuple[float, float]

    @property
    def favours(self) -> str | None:
        """The noise whose mean probability is shown to be larger: the intervals are apart."""
        if self.laplace[0] > self.gaussian[1]:
            return LAPLACE
        return GAUSSIAN if self.gaussian[0] > self.laplace[1] else None


def mean_interval(
    votes: int, points: int, num_samples: int, *, alpha: float
) -> tuple[float, float]:
    r"""An interval for the mean probability, over the points, that one noisy prediction is f's.

    .. math:: \bar p = \frac1m \sum_i P(f(x_i+\epsilon)=f(x_i))

    The votes are a sum of independent Bernoulli variables whose probabilities differ. From one
    beyond its mean on, a tail of it is at most that of a binomial of the same mean (Hoeffding
    1956). Clopper and Pearson's bound errs only there, as a binomial of mean above 1 reaches its
    mean with probability above 1/4 (Greenberg and Mohri 2014): its error rate holds if the mean
    numbers of votes for f's class and against it both exceed 1.

    Parameters
    ----------
    votes
        For f's class, of all points.
    points, num_samples
        m, and the votes of each.
    alpha
        In (0, 1/2).

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> low, high = mean_interval(700, 10, 100, alpha=0.01)
    >>> round(low, 4), round(high, 4)
    (0.6613, 0.7368)
    """
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha = {alpha} is outside (0, 1/2)")
    return interval(votes, points * num_samples, alpha=alpha)


def sign_test(ours: int, theirs: int) -> float:
    """Two-sided, exact: with no discordant points nothing speaks against equality."""
    count = ours + theirs
    return BinomialTest(count, 0.5, 0.5).p_value(ours) if count else 1.0
