"""What an attack on a conjectured radius has seen so far: its largest excess and its slacks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from l1cert.workbench.callables import WrappedRadius
from l1cert.workbench.probes import DEEP, LEAST_SCALE, MOST_SCALE, Domain, Pairs

__all__ = ["Probe", "Search", "seconds_each"]

Floats = NDArray[np.float64]

_FEW = 8


@dataclass(frozen=True, slots=True)
class Probe:
    """One evaluated point: exact floats, the radius there and the exact one."""

    p_a: float
    p_b: float | None
    scale: float  # the noise's own
    radius: float
    exact: float

    @property
    def relative_excess(self) -> float:
        """(R - E) / E; inf where E = 0 < R.

        >>> Probe(0.75, None, 1.0, radius=3.0, exact=2.0).relative_excess
        0.5
        """
        if self.exact > 0.0:
            return (self.radius - self.exact) / self.exact
        return math.inf if self.radius > 0.0 else 0.0


@dataclass
class Best:
    """The point of the largest key so far."""

    key: float
    probe: Probe | None = None


@dataclass
class Search:
    """The state of one attack: what was asked, and the records of what was seen."""

    wrapped: WrappedRadius
    domain: Domain
    scale: float | None
    rng: np.random.Generator
    budget: int
    worst: Best = field(default_factory=lambda: Best(0.0))
    clearest: Best = field(default_factory=lambda: Best(0.0))
    loosest: Best = field(default_factory=lambda: Best(0.0))
    loosest_below_one: Best = field(default_factory=lambda: Best(0.0))
    tightest: Best = field(default_factory=lambda: Best(-math.inf))
    notes: list[str] = field(default_factory=list)

    def measure(self, pairs: Pairs, scale: Floats | float) -> Floats:
        """(R - E+) / E+ at each point, after its records."""
        shallow = ~pairs.deep
        if shallow.all():
            return self._measure(pairs, np.broadcast_to(scale, shallow.shape))
        score = np.full(len(pairs), -1.0)
        scales = np.broadcast_to(scale, shallow.shape)
        if shallow.any():
            score[shallow] = self._measure(pairs.take(shallow), scales[shallow])
        try:
            score[pairs.deep] = self._measure(pairs.take(pairs.deep), scales[pairs.deep])
        except ValueError as error:
            self._note(f"not judged for PB below {DEEP:.0e}: {error}", "not judged")
        return score

    def _note(self, text: str, once: str) -> None:
        if not any(note.startswith(once) for note in self.notes):
            self.notes.append(text)

    def _measure(self, pairs: Pairs, scale: Floats) -> Floats:
        radius = self.wrapped(pairs.p_a, pairs.p_b, scale)
        lost = pairs.deep & np.isinf(radius)
        if lost.any():
            i = int(np.argmax(lost))
            p_b = "" if pairs.p_b is None else f", p_b = {float(pairs.p_b[i])!r}"
            where = f"p_a = {float(pairs.p_a[i])!r}{p_b}"
            self._note(f"infinite at {where}, where 1 - p_b is 1 in floats: not judged", "infinite")
        radius = np.where(lost, 0.0, radius)
        exact, over = scale * pairs.exact, scale * pairs.over
        under = scale * pairs.under
        score: Floats = (radius - over) / over
        excess = np.where(score > 0.0, np.minimum((radius - over) / scale, 1.0), 0.0)
        # a lower bound of (E - R) / E, which it is where E is known to many digits
        safe = np.where(under > 0.0, under, 1.0)
        slack = np.where(~lost & (radius < under), (under - radius) / safe, 0.0)
        firm = ~lost & (radius <= over) & (under > exact * (1.0 - self.domain.firm))

        def keep(best: Best, keys: Floats) -> None:
            i = int(np.argmax(keys))
            if keys[i] > best.key:
                p_b = None if pairs.p_b is None else float(pairs.p_b[i])
                found = (float(scale[i]), float(radius[i]), float(exact[i]))
                best.key, best.probe = float(keys[i]), Probe(float(pairs.p_a[i]), p_b, *found)

        keep(self.worst, score)
        keep(self.clearest, excess * pairs.weight)
        keep(self.loosest, slack)
        if pairs.p_b is not None:
            keep(self.loosest_below_one, np.where(pairs.p_a + pairs.p_b <= 1.0, slack, 0.0))
        keep(self.tightest, np.where(firm, -slack, -math.inf))
        return score

    def own_scales(self, scales: Floats) -> Floats:
        """The scales, or the only one."""
        return scales if self.scale is None else np.array([self.scale])

    def product(self, pairs: Pairs, scales: Floats, each: int) -> None:
        """At every scale `each` of the pairs, a different choice every time."""
        if not len(scales):
            return
        each = max(1, min(each, len(pairs)))
        chosen = self.rng.integers(0, len(pairs), (len(scales), each)).ravel()
        self.measure(pairs.take(chosen), np.repeat(scales, each))

    def random_scales(self, count: int) -> Floats:
        """Log-uniform scales, or the only one."""
        if self.scale is not None:
            return np.full(count, self.scale)
        return _log_uniform(self.rng, count)


def _log_uniform(rng: np.random.Generator, count: int) -> Floats:
    return np.exp(rng.uniform(math.log(LEAST_SCALE), math.log(MOST_SCALE), count))


def seconds_each(
    wrapped: WrappedRadius, domain: Domain, scale: float | None, rng: np.random.Generator
) -> float:
    """What one value takes: the shorter of two tries, at few places that are new to it."""
    taken = []
    for _ in range(2):
        pairs = domain.spread(rng, _FEW)
        sizes = _log_uniform(rng, _FEW) if scale is None else np.full(_FEW, scale)
        start = time.perf_counter()
        wrapped(*pairs, sizes)
        taken.append((time.perf_counter() - start) / _FEW)
    return min(taken)
