"""The atoms of T by brute force over sign patterns, on random rational perturbations.

T is computed from its definition in exact rationals; the probability of a pattern comes from
scipy's Laplace law. What the claim `t_is_mixed` prints, and what `theory.likelihood_ratio` lists,
are compared with that.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import stats

from theory.claim import Evidence, Grade, Rung, Statement
from theory.likelihood_ratio import LikelihoodRatio

#: Of masses computed in floats; far below the 1e-6 by which the mutants are shifted
TOLERANCE = 1e-12

Witness = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A rational delta with a rational scale, and rational points at which to look at T."""

    delta: tuple[Fraction, ...]
    scale: Fraction
    points: tuple[tuple[Fraction, ...], ...]

    @property
    def moving(self) -> tuple[Fraction, ...]:
        """|delta_i| of the coordinates that move."""
        return tuple(abs(entry) for entry in self.delta if entry != 0)

    def witness(self, **found: object) -> Witness:
        """What identifies it, and what was found there."""
        shown = ", ".join(str(entry) for entry in self.delta)
        named = {name: str(value) for name, value in found.items()}
        return {"delta": f"({shown})", "scale": str(self.scale), **named}


def ratio_at(x: Sequence[Fraction], delta: Sequence[Fraction]) -> Fraction:
    """T(x) = ||x - delta||_1 - ||x||_1, from its definition, exactly.

    >>> ratio_at([Fraction(1, 3)], [Fraction(1, 2)])
    Fraction(-1, 6)
    """
    return sum((abs(a - b) - abs(a) for a, b in zip(x, delta, strict=True)), Fraction(0))


def pattern_masses(one: Perturbation) -> dict[Fraction, float]:
    """P(T = t) for every atom t: each moving coordinate lies before the origin or past the move.

    The place of a pattern is T at a point of it, so that coinciding patterns merge exactly.
    """
    law = stats.laplace(scale=float(one.scale))
    before = float(law.cdf(0.0))
    beyond = law.sf([float(move) for move in one.moving]).tolist()
    sides = [((-m, before), (2 * m, out)) for m, out in zip(one.moving, beyond, strict=True)]
    masses: dict[Fraction, float] = defaultdict(float)
    for pattern in itertools.product(*sides):
        at, shares = zip(*pattern, strict=True)
        masses[ratio_at(at, one.moving)] += math.prod(shares)
    return dict(masses)


def printed_masses(statement: Statement, one: Perturbation) -> dict[Fraction, float]:
    """The atoms as the statement prints them: one for each subset, merged where places coincide."""
    mass = sp.lambdify(statement["mass"].variables, statement["mass"].expr, modules="math")
    norm, count = sum(one.moving, Fraction(0)), len(one.moving)
    masses: dict[Fraction, float] = defaultdict(float)
    for size in range(count + 1):
        for chosen in itertools.combinations(one.moving, size):
            total = sum(chosen, Fraction(0))
            place = _exactly(statement["place"](_number(norm), _number(total)))
            masses[place] += mass(count, float(total), float(one.scale))
    return dict(masses)


def perturbations(count: int, *, seed: int) -> list[Perturbation]:
    """Random delta in one to six dimensions, on a coarse lattice, so that sums often coincide."""
    rng = np.random.Generator(np.random.Philox(seed))
    chosen = []
    for number in range(count):
        dim = 1 + number % 6
        steps = rng.integers(-4, 5, size=dim)
        if not steps.any():
            steps[0] = 1 + number % 3
        delta = tuple(Fraction(int(step), 1 + number % 7) for step in steps)
        scale = Fraction(int(rng.integers(1, 40)), int(rng.integers(5, 20)))
        points = tuple(tuple(_near(d, rng) for d in delta) for _ in range(40))
        chosen.append(Perturbation(delta, scale, points))
    return chosen


def search_atoms(statement: Statement, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each part of `t_is_mixed`, from the same perturbations."""
    start = time.perf_counter()
    tried = perturbations(24, seed=seed)
    parts = {
        "bounded": ("|T| <= r exactly", _unbounded),
        "atom_at_r": ("T = r exactly on its orthant, and P(T = r) as printed", _wrong_top),
        "atoms": ("places and masses as printed, and as the exact law lists them", _wrong_atoms),
        "continuous_part": ("a free coordinate moves T, and the atoms weigh as said", _no_rest),
    }
    found = []
    for part, (fine, fault) in parts.items():
        faults = (fault(statement, one) for one in tried)
        witness = next((one for one in faults if one is not None), None)
        seconds, start = time.perf_counter() - start, time.perf_counter()
        found.append(_evidence(part, fine, witness, len(tried), seconds))
    return [*found, _constant(tried)]


def _unbounded(statement: Statement, one: Perturbation) -> Witness | None:
    norm = sum(one.moving, Fraction(0))
    bound = _exactly(statement["bound"](_number(norm), _number(one.scale)))
    for x in one.points:
        value = ratio_at(x, one.delta)
        if not -bound <= value <= bound:
            return one.witness(x=_text(x), T=value, bound=bound)
    return None


def _wrong_top(statement: Statement, one: Perturbation) -> Witness | None:
    norm, count = sum(one.moving, Fraction(0)), len(one.moving)
    for x in one.points:
        on_orthant = all(a * b <= 0 for a, b in zip(x, one.delta, strict=True))
        if (ratio_at(x, one.delta) == norm) != on_orthant:
            return one.witness(x=_text(x), T=ratio_at(x, one.delta), r=norm)
    mass, printed = pattern_masses(one)[norm], float(statement["top"](count))
    return None if math.isclose(mass, printed, rel_tol=TOLERANCE) else one.witness(mass=mass)


def _wrong_atoms(statement: Statement, one: Perturbation) -> Witness | None:
    counted, printed = pattern_masses(one), printed_masses(statement, one)
    listed = {a.place: float(a.ball()) for a in LikelihoodRatio(one.delta, one.scale).atoms()}
    for place in sorted({*counted, *printed, *listed}):
        masses = [table.get(place, 0.0) for table in (counted, printed, listed)]
        if not all(math.isclose(masses[0], other, rel_tol=TOLERANCE) for other in masses):
            return one.witness(place=place, counted=masses[0], printed=masses[1], law=masses[2])
    whole = math.prod(float(statement["total"](_number(a), _number(one.scale))) for a in one.moving)
    together = math.fsum(counted.values())
    if not math.isclose(whole, together, rel_tol=TOLERANCE):
        return one.witness(counted=together, printed=whole)
    return None


def _no_rest(statement: Statement, one: Perturbation) -> Witness | None:
    together = math.fsum(pattern_masses(one).values())
    lighter = together < 1 - TOLERANCE
    if lighter != (statement["relation"] == "<"):
        return one.witness(atoms=together)
    # between its two centres a coordinate moves T: no value there is held
    place = next(place for place, move in enumerate(one.delta) if move != 0)
    moved = list(one.points[0])
    values = set()
    for share in range(1, 8):
        moved[place] = one.delta[place] * share / 8
        values.add(ratio_at(moved, one.delta))
    return None if len(values) == 7 else one.witness(x=_text(moved))


def _constant(tried: Sequence[Perturbation]) -> Evidence:
    start = time.perf_counter()
    points = [x for one in tried for x in one.points]
    other = next((x for x in points if ratio_at(x, [Fraction(0)] * len(x)) != 0), None)
    scope = f"delta = 0, {len(points)} rational points in d = 1 to 6"
    seconds = time.perf_counter() - start
    if other is not None:
        detail = f"T is not 0 at x = {_text(other)}"
        return Evidence(
            Rung.SEARCH, Grade.CONSISTENT, "delta_zero", True, scope, detail, seconds=seconds
        )
    return Evidence(
        Rung.SEARCH,
        Grade.CONSISTENT,
        "delta_zero",
        False,
        scope,
        "T is 0 at every point, exactly",
        witness={"delta": "0", "T": "0 everywhere"},
        seconds=seconds,
    )


def _evidence(
    part: str, fine: str, witness: Witness | None, count: int, seconds: float
) -> Evidence:
    scope = f"{count} rational perturbations in d = 1 to 6, with coinciding sums"
    grade, detail = Grade.CONSISTENT, fine
    if witness is not None:
        grade, detail = Grade.REFUTED, f"not so: {fine}"
    finding = witness is None
    return Evidence(
        Rung.SEARCH, grade, part, finding, scope, detail, witness=witness, seconds=seconds
    )


def _near(move: Fraction, rng: np.random.Generator) -> Fraction:
    """A point before, at, between, at and beyond the two centres 0 and move."""
    free = Fraction(int(rng.integers(-60, 61)), 17)
    choices = (-abs(move) - 1, Fraction(0), move / 3, move, 2 * move, free, -move)
    return choices[int(rng.integers(len(choices)))]


def _number(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _exactly(value: sp.Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _text(x: Sequence[Fraction]) -> str:
    return "(" + ", ".join(str(entry) for entry in x) + ")"
