"""Rational points at which the density ratio is compared with a level, T exactly.

T and its level are fractions, so that T = beta is decided and not rounded; the ratio comes from
scipy's log-densities. Used to look for a point at which a stated sign of mu_Y/mu_X - t is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from theory.searches.atom_patterns import ratio_at

#: of a logarithm of densities computed in floats, or of T in floats
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """A point z with a perturbation delta, a scale and a level beta, all rational.

    ``taken`` says whether S' takes z where T(z) = beta, ``weight`` is h(1|z).

    >>> half = Fraction(1, 2)
    >>> Place((half / 2,), (2 * half,), 2 * half, 0 * half, True, 0.5).gap() < -0.49
    True
    """

    z: tuple[Fraction, ...]
    delta: tuple[Fraction, ...]
    scale: Fraction
    beta: Fraction
    taken: bool
    weight: float

    def gap(self) -> float:
        """log(mu_Y(z)/mu_X(z)) - log t, where t = e^(-beta/scale)."""
        law = stats.laplace(scale=float(self.scale))
        z, delta = np.array(self.z, dtype=float), np.array(self.delta, dtype=float)
        return float(np.sum(law.logpdf(z - delta) - law.logpdf(z))) + float(self.beta / self.scale)

    def inside(self, toward: int) -> bool:
        """Whether z is in S = {T > beta} + S' (toward 1) or {T < beta} + S' (toward -1)."""
        beyond = toward * (ratio_at(self.z, self.delta) - self.beta)
        return beyond > 0 or (beyond == 0 and self.taken)

    def missigned(self, signs: Sequence[str], toward: int) -> Mapping[str, str] | None:
        """A witness that the ratio is not as stated against t, or None.

        Parameters
        ----------
        signs : the stated relation of mu_Y/mu_X to t on S and outside; and, if there is a third,
            of both integrands of eq. (4) to 0: h(1|z)(mu_Y - t mu_X) outside S, and
            -h(0|z)(mu_Y - t mu_X) on S.
        toward : as for ``inside``.
        """
        gap, inside = self.gap(), self.inside(toward)
        if not stands(gap, signs[0] if inside else signs[1]):
            return self._witness(log_of_ratio_over_t=gap, in_S=inside)
        lead = math.expm1(gap)
        integrand = -(1 - self.weight) * lead if inside else self.weight * lead
        if len(signs) > 2 and not stands(integrand, signs[2]):
            return self._witness(integrand_over_t=integrand, in_S=inside)
        return None

    def misplaced(self, level: Callable[[float, float], float]) -> Mapping[str, str] | None:
        """A witness that mu_Y/mu_X <= t is not T >= level(t, scale), or >= not <=; or None."""
        t = math.exp(-self.beta / self.scale)
        beyond = float(ratio_at(self.z, self.delta)) - level(t, float(self.scale))
        gap = self.gap()
        if (stands(gap, "<="), stands(gap, ">=")) == (stands(beyond, ">="), stands(beyond, "<=")):
            return None
        return self._witness(log_of_ratio_over_t=gap, T_less_level=beyond)

    def _witness(self, **found: float) -> Mapping[str, str]:
        shown = {name: ", ".join(map(str, getattr(self, name))) for name in ("z", "delta")}
        named = {name: repr(value) for name, value in found.items()}
        return {**shown, "lambda": str(self.scale), "beta": str(self.beta), **named}


def stands(gap: float, relation: str) -> bool:
    """Whether ``gap relation 0`` for a gap known to SLACK; an equality counts as one within it.

    >>> stands(1e-12, ">="), stands(1e-12, ">"), stands(-0.1, "<")
    (True, False, True)
    """
    oriented = gap if relation.startswith(">") else -gap
    return oriented >= -SLACK if "=" in relation else oriented > SLACK


def rational_places(count: int, *, seed: int) -> Iterator[Place]:
    """Random places in one to five dimensions; T = beta exactly at every fourth.

    >>> one = next(rational_places(1, seed=1))
    >>> ratio_at(one.z, one.delta) == one.beta
    True
    """
    rng = np.random.Generator(np.random.Philox(seed))
    for number in range(count):
        steps, at, other = rng.integers(-12, 13, (3, 1 + number % 5))
        unit = Fraction(1, int(rng.integers(1, 9)))
        delta, z, elsewhere = (tuple(int(v) * unit for v in row) for row in (steps, at, other))
        beta = ratio_at(z if number % 4 == 0 else elsewhere, delta)
        scale = Fraction(int(rng.integers(2, 40)), 7)
        yield Place(z, delta, scale, beta, bool(rng.random() < 0.5), float(rng.uniform(0.1, 0.9)))
