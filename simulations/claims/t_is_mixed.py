"""The atoms of T by simulation: counted on the integer words, so that none is lost to round-off.

T == r in floats misses the atom wherever |x - delta| - |x| is rounded. On the words a coordinate
is before the origin, between or beyond the move exactly, and atoms are told apart by integers.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import (
    count,
    count_words,
    discretisation_bias,
    first_word_reaching,
)
from theory.claim import Statement
from theory.claims.t_is_mixed import PRINTED
from theory.noise import Laplace

#: At most so many atoms of one delta are compared, the heaviest ones
ATOMS = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """delta = steps * unit with Laplace noise of the given scale; steps are integers."""

    steps: tuple[int, ...]
    unit: Fraction
    scale: Fraction

    @property
    def moving(self) -> tuple[int, ...]:
        """The sizes of the non-zero steps."""
        return tuple(abs(step) for step in self.steps if step)

    @property
    def norm(self) -> int:
        """r in units."""
        return sum(self.moving)

    @property
    def name(self) -> str:
        """delta, lambda and d, in words."""
        entries = dict.fromkeys(str(step * self.unit) for step in self.steps)
        return f"delta of {', '.join(entries)}, lambda = {self.scale}, d = {len(self.steps)}"


#: one coordinate; unequal; coinciding sums (1 + 2 = 3); equal ones among zeros; all equal
SETTINGS = (
    Setting((-3,), Fraction(1, 10), Fraction(2, 5)),
    Setting((2, -1), Fraction(1, 4), Fraction(3, 2)),
    Setting((1, -2, 3), Fraction(1, 10), Fraction(1, 4)),
    Setting((0, 2, 0, 0, -2, 0, 2, *(0,) * 9), Fraction(1, 5), Fraction(5, 4)),
    Setting((1, -1) * 8, Fraction(1, 20), Fraction(1, 2)),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of every part: |T| <= r, T = r, the heaviest other atoms, all atoms, and delta = 0."""
    trials = [
        trial
        for setting in SETTINGS
        for trial in _trials(
            statement,
            setting,
            seed=seed,
            num_samples=affordable(num_samples, len(setting.steps)),
        )
    ]
    return [*trials, _at_zero(seed=seed, num_samples=num_samples)]


def _trials(statement: Statement, setting: Setting, *, seed: int, num_samples: int) -> list[Trial]:
    counts = _count_atoms(setting, seed=seed, num_samples=num_samples)
    size, where, n = len(setting.moving), setting.name, num_samples
    bias = discretisation_bias(size, boundaries=2)
    top = float(statement["top"](size))
    trials = [
        predicted(
            "bounded",
            f"P(|T| above the bound), {where}",
            _count_outside(statement, setting, seed=seed, num_samples=n),
            n,
            0.0,
        ),
        predicted("atom_at_r", f"P(T = r), {where}", counts[setting.norm], n, top, bias=bias),
    ]
    printed = _printed_atoms(statement, setting)
    below = sorted((a for a in printed if a != setting.norm), key=lambda a: -printed[a])
    for place in below[:ATOMS]:
        name = f"P(T = {place * setting.unit}), {where}"
        at = counts[int(place)] if place.denominator == 1 else 0
        trials.append(predicted("atoms", name, at, n, printed[place], bias=bias))
    whole = math.prod(
        float(statement["total"](_number(step * setting.unit), _number(setting.scale)))
        for step in setting.moving
    )
    on_atoms = sum(counts.values())
    name = f"P(T at an atom), {where}"
    expects = Expects.BELOW if statement["relation"] == "<" else Expects.ABOVE
    return [
        *trials,
        predicted("atoms", name, on_atoms, n, whole, bias=bias),
        shown("continuous_part", name, on_atoms, n, expects, 1.0),
    ]


def _printed_atoms(statement: Statement, setting: Setting) -> dict[Fraction, float]:
    """Place (in units) and mass of the printed atoms, those of one place added."""
    subsets = Counter({0: 1})
    for step in setting.moving:
        subsets += Counter({total + step: number for total, number in subsets.items()})
    masses: dict[Fraction, float] = {}
    for total, number in subsets.items():
        place = statement["place"](sp.Integer(setting.norm), sp.Integer(total))
        one = statement["mass"](
            len(setting.moving), _number(total * setting.unit), _number(setting.scale)
        )
        at = Fraction(int(place.p), int(place.q))
        masses[at] = masses.get(at, 0.0) + number * float(one)
    return masses


def _count_atoms(setting: Setting, *, seed: int, num_samples: int) -> Counter[int]:
    """How often T is at each integer number of units with every coordinate at an atom of its own.

    T is added up from the coordinates: +|step| before the origin, -|step| beyond the move.
    """
    noise, norm = Laplace(float(setting.scale)), setting.norm
    origin = np.uint32(2**31)
    # beyond the move: from this word on for a positive step, before it for a negative one
    moving = [
        (place, step, _first_past(noise, step * setting.unit))
        for place, step in enumerate(setting.steps)
        if step
    ]

    def label(words: NDArray[np.uint32]) -> NDArray[np.int32]:
        held = np.ones(len(words), dtype=np.bool_)
        value = np.full(len(words), norm, dtype=np.int32)  # T + r, in units
        for place, step, past in moving:
            word = words[:, place]
            far = word < origin if step > 0 else word >= origin
            held &= far | (word >= past if step > 0 else word < past)
            value += np.where(far, np.int32(abs(step)), np.int32(-abs(step)))
        value[~held] = 2 * norm + 1
        return value

    found = np.asarray(
        count_words(
            label,
            seed=seed,
            tag=purpose_tag(f"t_is_mixed/{setting.name}"),
            num_samples=num_samples,
            dim=len(setting.steps),
            num_labels=2 * norm + 2,
        )
    )
    return Counter({place - norm: int(found[place]) for place in range(2 * norm + 1)})


def _first_past(noise: Laplace, move: Fraction) -> int:
    if move >= 0:
        return first_word_reaching(noise, float(move))
    return first_word_reaching(noise, math.nextafter(float(move), math.inf))


def _count_outside(statement: Statement, setting: Setting, *, seed: int, num_samples: int) -> int:
    """How often |T| exceeds the bound by more than round-off, on the drawn noise."""
    delta = np.array([float(step * setting.unit) for step in setting.steps])
    norm = _number(setting.norm * setting.unit)
    bound = float(statement["bound"](norm, _number(setting.scale))) + 1e-9

    def outside(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        moved = np.abs(points - delta)
        moved -= np.abs(points, out=points)
        return np.asarray(np.abs(moved.sum(axis=1)) > bound)

    noise, tag = Laplace(float(setting.scale)), purpose_tag(f"t_is_mixed/bound/{setting.name}")
    found = count(
        outside, noise, seed=seed, tag=tag, num_samples=num_samples, dim=len(setting.steps)
    )
    return int(found)


def _at_zero(*, seed: int, num_samples: int) -> Trial:
    """How often T = 0 at delta = 0: always, so that T has no continuous part there."""

    def constant(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray((np.abs(points - 0.0) - np.abs(points)).sum(axis=1) == 0.0)

    tag = purpose_tag("t_is_mixed/zero")
    found = count(constant, Laplace(0.75), seed=seed, tag=tag, num_samples=num_samples, dim=3)
    where = "P(T = 0) at delta = 0, lambda = 0.75, d = 3"
    return predicted("delta_zero", where, int(found), num_samples, 1.0, finding=False)


def _number(value: Fraction | int) -> sp.Rational:
    exact = Fraction(value)
    return sp.Rational(exact.numerator, exact.denominator)
