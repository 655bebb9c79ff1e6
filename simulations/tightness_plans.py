"""What a run of the worst-case classifiers asks: settings, places around the radius, questions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from simulations.axis_cases import Case, NoiseStream
from simulations.half_spaces import Axis
from simulations.sampling import discretisation_bias
from theory.binomial_tails import MAX_SAMPLES
from theory.bounds import Bounds
from theory.certificates import exact, exact_k, theorem_2
from theory.flip_power import (
    flip_power,
    lead_power,
    lead_samples_needed,
    samples_needed,
    smallest_excess,
    smallest_lead_excess,
)
from theory.tightness import TwoTails, WorstCase, implied_pair, least_mass, worst_tails

#: bound on what 32-bit words move a mass by: those of a coordinate and of a coin
WORD = discretisation_bias(2, boundaries=1)

#: a sample is held in memory as a whole
MOST_COORDINATES = 10**8

#: a default excess is so much longer than the smallest: r is a rounded sum
_ROUNDING = 1e-6

# no dimension enters: a sweep asks the same again in each
_flip_samples = lru_cache(maxsize=256)(samples_needed)
_lead_samples = lru_cache(maxsize=256)(lead_samples_needed)

_Share = TypeVar("_Share")

_BEYOND = "beyond R"
#: places with two classes (as a share of R, and whether a coin decides on the atom) and several
_TWO = {
    "R/2, coin": (0.5, True),
    "R/2, S'": (0.5, False),
    "0.99 R, coin": (0.99, True),
    "at R": (1.0, True),
}
_SEVERAL = {"x": 0.0, "R/2": 0.5, "at R": 1.0}


@dataclass(frozen=True, slots=True)
class Setting:
    """One worst case: probabilities, dimension, scale, samples, and how far beyond the radius.

    Parameters
    ----------
    p_a
        PA: in [1/2, 1) with two classes (p_b None), otherwise with a finite radius.
    dim
        d, in [1, 10^8].
    p_b, num_classes
        PB and K of the multi-class radius; K None is any number of classes.
    scale
        lambda, in [1e-250, 1e300].
    num_samples
        In [1, 10^10].
    excess
        r - R beyond the radius, in (0, inf); None is the smallest that the samples can show.

    Raises
    ------
    ValueError
        For a parameter outside its set; `run` finds what only shows together.
    """

    p_a: Fraction
    dim: int
    num_samples: int
    scale: float = 1.0
    p_b: Fraction | None = None
    num_classes: int | None = None
    excess: float | None = None

    def __post_init__(self) -> None:
        if self.p_b is None and not Fraction(1, 2) <= self.p_a < 1:
            raise ValueError(
                f"p_a = {_text(self.p_a)} is outside [1/2, 1): below 1/2 nothing is certified, and "
                "at 1 the radius is infinite and nothing flips"
            )
        if self.p_b is None and self.num_classes not in (None, 2):
            raise ValueError(f"num_classes = {self.num_classes} needs p_b; without it there are 2")
        if self.excess is not None and not 0 < self.excess < math.inf:
            raise ValueError(f"excess = {self.excess} is outside (0, inf)")
        if not 1 <= self.num_samples <= MAX_SAMPLES:
            raise ValueError(f"num_samples = {self.num_samples} is outside [1, {MAX_SAMPLES}]")
        if not 1 <= self.dim <= MOST_COORDINATES:
            raise ValueError(f"dim = {self.dim} is outside [1, {MOST_COORDINATES}]")
        NoiseStream(self.scale, self.dim, self.num_samples, seed=0)
        if self.p_b is not None:  # refuse an infinite radius
            implied_pair(self.p_a, self.p_b, self.num_classes)

    @property
    def name(self) -> str:
        """What sets the setting apart in a run, and its random axis with it."""
        words = [f"PA={_text(self.p_a)}", f"d={self.dim}"]
        if self.p_b is not None:
            words += [f"PB={_text(self.p_b)}", f"K={self.num_classes or 'any'}"]
        return ", ".join(words)

    @property
    def radius(self) -> float:
        """R, the float nearest to it."""
        if self.p_b is None:
            found = theorem_2(self.p_a, scale=self.scale, rounding="nearest")
        elif self.num_classes is None:
            found = exact(self.p_a, self.p_b, scale=self.scale, rounding="nearest")
        else:
            found = exact_k(
                self.p_a,
                self.p_b,
                num_classes=self.num_classes,
                scale=self.scale,
                rounding="nearest",
            )
        return float(found)

    @property
    def pair(self) -> tuple[Fraction, Fraction]:
        """PA' and PB': with two classes PA and 1 - PA."""
        if self.p_b is None:
            return self.p_a, 1 - self.p_a
        return implied_pair(self.p_a, self.p_b, self.num_classes)

    def tails(self, axis: Axis) -> TwoTails:
        """The worst case of several classes, which is the same for every r."""
        top, other = self.pair
        return worst_tails(top, other, scale=self.scale, axis=axis.place, sign=axis.sign)


@dataclass(frozen=True, slots=True)
class Question:
    """How likely a case says the given label, or, of cA and cB, cA (``label`` None).

    ``exact`` is what the paper's formula, or Neyman and Pearson's bound, says; not what the masses
    of the classifier are, which must be the same.
    """

    place: str
    r: float
    what: str
    case: Case
    exact: Bounds
    label: int | None = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A setting with its axis, its excess, its questions, and the case that has to flip.

    ``least_excess`` is the smallest that the samples show; inf where they show none. ``moved``
    holds P(f(Y) = cA), rounded up, and P(f(Y) = cB), rounded down, of the case that has to flip.
    """

    setting: Setting
    axis: Axis
    excess: float
    least_excess: float
    questions: tuple[Question, ...]
    flip: Case
    moved: tuple[float, float]

    @property
    def cases(self) -> list[Case]:
        """All cases, each once."""
        return list(dict.fromkeys(one.case for one in self.questions))

    def power(self, level: float) -> float:
        """The probability that the flip is shown, rounded down."""
        (a, b), n = self.moved, self.setting.num_samples
        if self.setting.p_b is None:
            return flip_power(n, a, level=level, bias=WORD)
        return lead_power(n, a, b, level=level, word=WORD)

    def samples_needed(self, level: float, false_pass: float) -> int | None:
        """The least number of samples that show this flip with power 1 - false_pass."""
        a, b = self.moved
        if self.setting.p_b is None:
            return _flip_samples(a, level=level, false_pass=false_pass, bias=WORD)
        return _lead_samples(a, b, level=level, false_pass=false_pass, word=WORD)


def _text(p: Fraction) -> str:
    """A name of the number: p itself, or, where that is long, the float nearest and a checksum."""
    return str(p) if p.denominator < 10**20 else f"{float(p)!r} ({hash(p):x})"


def num_trials(setting: Setting) -> int:
    """The questions of a setting, and its flip.

    >>> num_trials(Setting(Fraction(3, 4), dim=2, num_samples=100))
    11
    """
    if setting.p_b is None:
        return 2 * (1 + len(_places(_TWO, setting))) + 1
    return 3 * (1 + len(_places(_SEVERAL, setting)))


def plan_for(setting: Setting, *, seed: int, level: float, false_pass: float) -> Plan:
    """The plan of a setting, with an excess that the samples show at that level and power.

    Raises
    ------
    ValueError
        If no excess is given and the samples are too few for any, or if it is lost to rounding.
    """
    axis = Axis.drawn(dim=setting.dim, seed=seed, purpose=f"tightness/{setting.name}")
    line = replace(setting, dim=1)  # the dimension does not enter
    least = _smallest(line, level, false_pass)
    if setting.excess is None and math.isinf(least):
        fewest = _flip_samples(0.0, level=level, false_pass=false_pass, bias=WORD)
        raise ValueError(
            f"num_samples = {setting.num_samples} shows no flip, however far beyond R: legal is at "
            f"least {fewest}" + ("" if setting.p_b is None else " of cA or cB")
        )
    excess = least * (1 + _ROUNDING) if setting.excess is None else setting.excess
    r = setting.radius + excess
    if math.isinf(r):
        raise ValueError(f"excess = {excess} is too long: r = R + excess has to be a finite float")
    if not r > setting.radius:
        raise ValueError(
            f"excess = {excess} is outside [{math.ulp(setting.radius)}, inf): r = R + excess is "
            f"rounded to R = {setting.radius}"
        )
    asked = _two(setting, axis, r) if setting.p_b is None else _several(setting, axis, r)
    moved = moved_masses(setting, r)
    ends = moved[0].upper, moved[1].lower
    return Plan(setting, axis, excess, least, asked, asked[-1].case, ends)


def moved_masses(setting: Setting, r: float) -> tuple[Bounds, Bounds]:
    """The least P(f(Y) = cA) and the most P(f(Y) = cB) over all f and all delta of l1 norm r.

    >>> a, b = moved_masses(Setting(Fraction(3, 4), dim=2, num_samples=100), 1.0)
    >>> round(a.value, 6), round(b.value, 6)
    (0.367879, 0.632121)
    """
    top, other = setting.pair
    a = least_mass(top, scale=setting.scale, r=r)
    kept = least_mass(1 - other, scale=setting.scale, r=r)
    # 1 - x to nearest: within half a unit of 1, outward
    low, high = 1 - kept.upper - 2.0**-54, 1 - kept.lower + 2.0**-54
    return a, Bounds(max(low, 0.0), min(high, 1.0), kept.method)


def _places(shares: Mapping[str, _Share], setting: Setting) -> Mapping[str, _Share]:
    """The places of a setting but the last; at R = 0 every shorter way is none."""
    return shares if setting.radius else {"at R": shares["at R"]}


def _two(setting: Setting, axis: Axis, beyond: float) -> tuple[Question, ...]:
    places = {
        name: (share * setting.radius, coin)
        for name, (share, coin) in _places(_TWO, setting).items()
    }
    asked = []
    for name, (r, coin) in {**places, _BEYOND: (beyond, True)}.items():
        worst = WorstCase(setting.p_a, setting.scale, r, axis.place, axis.sign, coin)
        before, after = (moved_masses(setting, norm)[0] for norm in (0.0, r))
        asked.append(Question(name, r, "P(X in A)", Case(worst), before))
        asked.append(Question(name, r, "P(Y in A)", Case(worst, r), after))
    return tuple(asked)


def _several(setting: Setting, axis: Axis, beyond: float) -> tuple[Question, ...]:
    places = {name: share * setting.radius for name, share in _places(_SEVERAL, setting).items()}
    tails, asked = setting.tails(axis), []
    for name, r in {**places, _BEYOND: beyond}.items():
        case, (a, b) = Case(tails, r), moved_masses(setting, r)
        asked.append(Question(name, r, "P(cA)", case, a))
        asked.append(Question(name, r, "P(cB)", case, b, 1))
        if name != _BEYOND:  # where the share has to show the flip
            asked.append(Question(name, r, "share of cA", case, _share(a, b), None))
    return tuple(asked)


def _share(a: Bounds, b: Bounds) -> Bounds:
    """a/(a + b): floats add and divide to nearest, and so two more units outward."""
    low = a.lower / (a.lower + b.upper) * (1 - 2.0**-50)
    high = a.upper / (a.upper + b.lower) * (1 + 2.0**-50)
    return Bounds(low, min(high, 1.0), a.method)


@lru_cache(maxsize=256)
def _smallest(setting: Setting, level: float, false_pass: float) -> float:
    """The smallest excess whose flip the samples show; inf if there is none."""
    radius, n, scale = setting.radius, setting.num_samples, setting.scale
    if setting.p_b is None:
        return smallest_excess(n, scale=scale, level=level, false_pass=false_pass, bias=WORD)

    def moved(excess: float) -> tuple[float, float]:
        a, b = moved_masses(setting, radius + excess)
        return a.upper, b.lower

    return smallest_lead_excess(
        n, moved, scale=scale, level=level, false_pass=false_pass, word=WORD
    )
