"""Three classes on two tails of an axis: who leads is a sign test among the samples in a tail."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.half_spaces import affordable, count_two_tails
from simulations.paired import share_bias
from simulations.sampling import IsotropicNoise, discretisation_bias


@dataclass(frozen=True, slots=True)
class Lead:
    """How many of the samples that are cA or cB are cA.

    Given the number of both, the count is binomial, and its probability is above 1/2 exactly where
    P(f(Y) = cA) > P(f(Y) = cB). ``bias`` bounds how far the 32-bit words move that probability.
    """

    count: int
    either: int
    bias: float


def count_lead(
    masses: tuple[float, float],
    noise: IsotropicNoise,
    *,
    distance: float,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> Lead:
    """The lead of cA at x + delta, delta of l1 norm ``distance`` along a random signed axis.

    ``masses`` are P(f(X) = cA) and P(f(X) = cB), the lower and the upper tail; all else is a third
    class, which a proof may cut into as many as it likes.

    >>> from theory.noise import Laplace
    >>> lead = count_lead(
    ...     (0.4, 0.2), Laplace(2.0), distance=0.0, dim=3, num_samples=1000, seed=1, purpose="x"
    ... )
    >>> lead.count, lead.either
    (390, 587)
    """
    n = affordable(num_samples, dim)
    a_until = float(noise.quantile(masses[0]))
    in_a, in_b = count_two_tails(
        noise,
        a_until,
        # with two classes both ends are one point, which rounding may cross
        max(a_until, -float(noise.quantile(masses[1]))),
        distance=distance,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=purpose,
    )
    either = in_a + in_b
    return Lead(in_a, either, share_bias(discretisation_bias(1, boundaries=1), either, n))
