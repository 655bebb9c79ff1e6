"""Every method's radius from the votes of one sample: bounds on PA and PB, then `l1cert.radii`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from l1cert.radii import Radii, radius
from theory.binomial_tails import MAX_SAMPLES
from theory.certificates import parse_num_classes
from theory.exact import Exact, describe, to_fraction
from theory.parameters import checked_flag
from theory.simultaneous import (
    MOST_COUNTS,
    VoteBounds,
    parse_votes,
    simultaneous_bounds,
    top_bound,
)


@dataclass(frozen=True, slots=True)
class CountRadii:
    """The radius of every method, and the bounds on PA and PB that they were computed at.

    Attributes
    ----------
    radii
        As `l1cert.radius` gives them. With Bonferroni's bounds everything but `theorem_2` is for
        several classes, and `abstain` says whether that abstains; `theorem_2` is at `theorem_2_p_a`
        and abstains by itself, as a NaN.
    bounds
        p_a, and p_b with Bonferroni's bounds; the top class and what was assumed of it.
    theorem_2_p_a
        The lower bound on PA alone, at the whole of alpha: p_a itself without Bonferroni.
    bonferroni
        Whether the bounds on PA and PB hold together.
    """

    radii: Radii
    bounds: VoteBounds
    theorem_2_p_a: float
    bonferroni: bool

    def as_json(self) -> dict[str, Any]:
        """The radii as `Radii.as_json` says them, and "counts" with the bounds.

        Examples
        --------
        >>> found = radius_of_counts([70, 20, 10], alpha="0.01", scale=1)
        >>> list(found.as_json()["counts"])[:4]
        ['num_samples', 'top', 'alpha', 'p_a']
        """
        return {
            **self.radii.as_json(),
            "counts": {
                "num_samples": self.bounds.num_samples,
                "top": self.bounds.top,
                "alpha": self.bounds.alpha,
                "p_a": self.bounds.p_a,
                "p_b": self.bounds.p_b,
                "bonferroni": self.bonferroni,
                "same_sample": self.bounds.same_sample,
                "theorem_2_p_a": self.theorem_2_p_a,
            },
        }


def radius_of_counts(
    counts: Iterable[int],
    *,
    alpha: Exact,
    scale: Exact | None = None,
    sigma: Exact | None = None,
    bonferroni: bool = False,
    top: int | None = None,
    same_sample: bool = False,
    num_classes: int | None = None,
    direction: Sequence[Exact] | None = None,
) -> CountRadii:
    r"""Return every method's certified l1 radius from the votes of one sample of n.

    .. math:: P(p_a \le P_A \text{ and } P_B \le p_b) \ge 1 - \alpha

    Without `bonferroni` there are two classes: p_a is Clopper and Pearson's one-sided bound at
    alpha, and p_b = 1 - p_a. With it, p_a and p_b hold together (`theory.simultaneous`), the radii
    are for several classes, and Theorem 2 stands beside them at its own p_a at alpha: each is false
    with probability at most alpha, and which one is used is to be chosen before the counts are
    seen. A radius holds only under the noise that the votes were drawn under.

    Parameters
    ----------
    counts : iterable of int
        The votes of each class, >= 0, with a sum n in [1, 10^10]; at most 10^6 of them. Classes
        that are left out had no vote. A single count needs `num_classes`.
    alpha : int, float, Decimal, Fraction or str
        The error rate, in (0, 1).
    scale, sigma : int, float, Decimal, Fraction or str
        Exactly one of the two, in (0, inf): Laplace's lambda, or the standard deviation of one
        coordinate.
    bonferroni : bool
        Bound PA and PB together.
    top : int, optional
        The position, from 0, of the class that another sample selected; by default that of the
        largest count, taken to be what another sample selected.
    same_sample : bool
        The top class is the largest count of these very counts; that is paid for.
    num_classes : int, optional
        K, for `exact_k`; at least the number of counts.
    direction : sequence of int, float, Decimal, Fraction or str, optional
        For `directional`: only without `bonferroni`.

    Returns
    -------
    CountRadii
        Radii rounded down, p_a rounded down, p_b rounded up. Radii abstain (NaN) where p_a < 1/2
        with two classes, where p_b > p_a with several, and where the same sample's lead over the
        runner-up is not significant.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> found = radius_of_counts([99_000, 600, 400], alpha="0.001", scale=1, bonferroni=True)
    >>> round(found.radii.theorem_2, 6), round(found.radii.exact, 6), found.bounds.top
    (3.815744, 4.05025, 0)
    """
    votes = parse_votes(counts)
    _check_classes(votes, num_classes)
    bonferroni = checked_flag("bonferroni", bonferroni)
    if bonferroni and direction is not None:
        raise ValueError(
            f"direction = {describe(direction)} and bonferroni: the directional radius is for two "
            "classes"
        )
    rate = _parse_alpha(alpha)
    alone = top_bound(votes, alpha=rate, top=top, same_sample=same_sample)
    bounds = alone
    if bonferroni:
        bounds = simultaneous_bounds(votes, alpha=rate, top=top, same_sample=same_sample)
    p_a, p_b = bounds.p_a, bounds.p_b
    if p_b is not None and p_b > p_a:
        p_a, p_b = 0.0, None  # nothing is known of PA: every method abstains
    radii = radius(p_a, p_b, scale=scale, sigma=sigma, num_classes=num_classes, direction=direction)
    if bonferroni:
        binary = radius(alone.p_a, scale=scale, sigma=sigma)
        radii = replace(radii, theorem_2=binary.theorem_2)
    return CountRadii(radii, bounds, alone.p_a, bonferroni)


def parse_counts(text: str) -> list[int]:
    """The counts that "99000,600,400" spells; a ValueError of one line for anything else.

    Examples
    --------
    >>> parse_counts("99000, 600, 400")
    [99000, 600, 400]
    >>> parse_counts("1,,2")
    Traceback (most recent call last):
        ...
    ValueError: counts[1] = '' is not an integer: legal are digits, as in 99000,600,400
    """
    if not isinstance(text, str):
        raise ValueError(f"text = {describe(text)} is no text of counts")
    if text.count(",") >= MOST_COUNTS:
        raise ValueError(f"counts has more than {MOST_COUNTS} entries, legal are 1 to that")
    parts = [part.strip() for part in text.split(",")]
    for position, part in enumerate(parts):
        digits = part.removeprefix("-").lstrip("0") or part[-1:]
        if not (part.isascii() and digits.isdecimal()):
            raise ValueError(
                f"counts[{position}] = {describe(part)} is not an integer: legal are digits, as in "
                "99000,600,400"
            )
        # Python turns no more than 4300 digits into an integer.
        if len(digits) > len(str(MAX_SAMPLES)):
            raise ValueError(
                f"counts[{position}] = {describe(part)} is outside the integers in "
                f"[0, {MAX_SAMPLES}]"
            )
    return parse_votes(map(int, parts))


def _parse_alpha(alpha: Exact) -> float:
    """The float nearest to alpha: Clopper and Pearson's bounds have a margin for more than that."""
    try:
        rate = to_fraction(alpha)
    except ValueError:
        rate = to_fraction(0)
    if not 0 < rate < 1:
        raise ValueError(f"alpha = {describe(alpha)} is outside (0, 1)")
    return float(rate)


def _check_classes(votes: list[int], num_classes: int | None) -> None:
    if num_classes is not None and parse_num_classes(num_classes) < len(votes):
        raise ValueError(
            f"num_classes = {describe(num_classes)} is below the number of counts, {len(votes)}: "
            "legal are the integers from that on"
        )
    if len(votes) == 1 and num_classes is None:
        raise ValueError(
            "counts has 1 entry: legal are two classes or more, or num_classes beside it"
        )
