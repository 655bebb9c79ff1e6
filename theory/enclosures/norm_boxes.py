"""The order of the l1 and the l2 norm, one coordinate joined after the other, by Arb."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box
from theory.enclosures.coverage import over

_z = sp.Symbol("z", nonnegative=True)


def euclidean_against_taxicab(relation: str) -> list[Outcome]:
    """||delta||_2 relation ||delta||_1 (<= or >=) for every delta in every dimension.

    With z the smaller over the larger of the next coordinate's size and the l2 norm so far, the
    squares are 1 + z^2 and (1 + z)^2: apart for z > 0, equal at z = 0.

    >>> [outcome.status for outcome in euclidean_against_taxicab("<=")]
    [True, True]
    """
    surplus, near = (1 + _z) ** 2 - 1 - _z**2, Fraction(1, 16)
    wanted = ">" if relation == "<=" else "<"
    where = (
        "every delta in every dimension, one coordinate joined after the other, z in [0, 1] the "
        "smaller over the larger of |the next one| and the l2 norm so far"
    )
    return [
        over(closed_at(surplus, wanted, _z, sp.Integer(0), near, order=1), where),
        over(sign_on_box(surplus, wanted, {_z: (near, Fraction(1))}), where),
    ]
