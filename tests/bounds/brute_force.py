"""Whether a conjectured radius is sound, by brute force: mpmath at 240 digits on a hard grid.

Nothing here is shared with theory/: the grammar is read by its own walker, the noise is stated by
its own tail, and the exact radius is the root of the Neyman-Pearson margin of half-lines, proved
by the margin's signs on both sides of it. Probabilities are exact fractions, so that a distance of
10^-50 to an end is exact too. At the worst of these places the results keep 60 digits and more.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from tests.bounds.noises import (
    AGREE,
    HALF,
    MP,
    NAN,
    OWN_WORD,
    UNIT_SIGMA,
    WORDS,
    Real,
    gaussian_tail_point,
    quantile,
    real,
    survival,
    upper_point,
)

Value = Callable[[dict[str, Real]], Real]


# --- the exact radius -------------------------------------------------------------------------


def worst_pair(
    setting: str, num_classes: int | None, p_a: Fraction, p_b: Fraction | None
) -> tuple[Fraction, Fraction]:
    """The least mass of the top class and the most of another; all masses sum to 1."""
    if setting == "binary":
        return max(p_a, HALF), min(1 - p_a, HALF)
    assert p_b is not None
    other = min(p_b, 1 - p_a)
    classes = 2 if setting == "binary-pb" else num_classes
    return (p_a if classes is None else max(p_a, 1 - (classes - 1) * other)), other


def margin(noise: str, top: Fraction, other: Fraction, r: Real) -> Real:
    """What the worst half-lines leave the top class above the other after a move by r.

    The top class keeps P(X <= Q(top) - r), and the other one gets P(X > -Q(other) - r).
    """
    kept = survival(noise, r - quantile(noise, top))
    return kept - survival(noise, -quantile(noise, other) - r)


@cache
def unit_radius(noise: str, top: Fraction, other: Fraction) -> Real:
    """The first r at which the margin is not positive, for the noise at scale 1.

    The proposed root is half the quantiles' distance; that the margin, which falls in r, is
    positive just before it and negative just after it proves it to 110 digits.
    """
    if top <= other:
        return MP.mpf(0)
    root = (quantile(noise, top) - quantile(noise, other)) / 2
    assert margin(noise, top, other, root * (1 - AGREE)) > 0, (noise, top, other)
    assert margin(noise, top, other, root * (1 + AGREE)) < 0, (noise, top, other)
    return root


class Place(NamedTuple):
    """Where a radius is evaluated; the scale is the noise's own (lam, sigma or half_width)."""

    p_a: Fraction
    p_b: Fraction | None
    scale: Fraction


def exact_radius(noise: str, setting: str, num_classes: int | None, place: Place) -> Real:
    """The largest radius that is certified at a place. The noise dilates, and so does it."""
    top, other = worst_pair(setting, num_classes, place.p_a, place.p_b)
    return real(place.scale) * unit_radius(noise, top, other)


# --- the grammar ------------------------------------------------------------------------------


def _log(x: Real) -> Real:
    return MP.log(x) if x > 0 else (-MP.inf if x == 0 else NAN)


def _erf_inv(y: Real) -> Real:
    if y < 0:
        return -_erf_inv(-y)
    return gaussian_tail_point((1 - y) / 2) / MP.sqrt(2) if y < 1 else NAN


def _normal_quantile(p: Real) -> Real:
    if not 0 < p < 1:
        return NAN
    return gaussian_tail_point(1 - p) if 2 * p > 1 else -gaussian_tail_point(p)


def _power(base: Real, exponent: Real) -> Real:
    if base < 0 and exponent != MP.floor(exponent):
        return NAN
    return NAN if base == 0 and exponent < 0 else base**exponent


FUNCTIONS: dict[str, Callable[..., Real]] = {
    "log": _log,
    "exp": MP.exp,
    "sqrt": lambda x: MP.sqrt(x) if x >= 0 else NAN,
    "Abs": abs,
    "Min": min,
    "Max": max,
    "erf": MP.erf,
    "erfinv": _erf_inv,
    "Phi": lambda x: MP.erfc(-x / MP.sqrt(2)) / 2,
    "Phi_inv": _normal_quantile,
}
OPERATIONS: dict[type, Callable[[Real, Real], Real]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b != 0 else NAN,
    ast.Pow: _power,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def _compiled(node: ast.expr, text: str) -> Value:
    """A node of the grammar as a function of the names' values; only the taken branch is run."""
    match node:
        case ast.Constant():
            number = real(Fraction(ast.get_source_segment(text, node) or ""))
            return lambda names: number
        case ast.Name(id=name):
            return lambda names: names[name]
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id="p_a")):
            return lambda names: names["1 - p_a"]  # exact, where 1 - PA is lost beside PA
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = _compiled(inner, text)
            return lambda names: -value(names)
        case (
            ast.BinOp(left=left, op=op, right=right)
            | ast.Compare(left=left, ops=[op], comparators=[right])
        ):
            first, second = _compiled(left, text), _compiled(right, text)
            apply = OPERATIONS[type(op)]
            return lambda names: apply(first(names), second(names))
        case ast.Call(func=ast.Name(id="where"), args=[condition, yes, no]):
            chosen, then, other = (_compiled(part, text) for part in (condition, yes, no))
            return lambda names: then(names) if chosen(names) else other(names)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            function, parts = FUNCTIONS[name], [_compiled(one, text) for one in arguments]
            return lambda names: function(*(part(names) for part in parts))
    raise ValueError(f"{ast.unparse(node)!r} is not of the grammar")


@cache
def compiled(radius: str) -> Value:
    """A radius as a function of the names' values."""
    return _compiled(ast.parse(radius, mode="eval").body, radius)


def conjectured_radius(radius: str, noise: str, num_classes: int | None, place: Place) -> Real:
    """The radius at a place; nan where it is not a real number, which is to abstain."""
    p_b = None if place.p_b is None else real(place.p_b)
    given = real(place.p_a), real(1 - place.p_a), p_b
    return radius_of_reals(radius, noise, num_classes, *given, real(place.scale))


def radius_of_reals(
    radius: str, noise: str, num_classes: int | None, p_a: Real, rest: Real, p_b: Real, scale: Real
) -> Real:
    """The radius at PA = 1 - rest."""
    sigma = scale * UNIT_SIGMA[noise]
    names = {word: sigma * value for word, value in WORDS.items()}
    names |= {OWN_WORD[noise]: scale, "p_a": p_a, "1 - p_a": rest}
    if p_b is not None:
        names["p_b"] = p_b
    if num_classes is not None:
        names["num_classes"] = MP.mpf(num_classes)
    return compiled(radius)(names)


# --- the grid ---------------------------------------------------------------------------------

DISTANCES = tuple(Fraction(1, 10**k) for k in (*range(1, 11), 12, 15, 20, 30, 40, 50))
FEW = tuple(Fraction(1, 10**k) for k in (1, 3, 6, 20, 50))
DECADES = tuple(Fraction(10) ** k for k in range(-6, 7))


def literals(radius: str) -> list[Fraction]:
    """Every number of the text: a place or a scale at which something may change hides there."""
    return sorted({Fraction(one) for one in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", radius)})


def around(points: Iterable[Fraction], distances: Iterable[Fraction]) -> Iterator[Fraction]:
    """Each point of (0, 1) and both sides of it, nearer and nearer."""
    for point in points:
        yield point
        for distance in distances:
            room = min(point, 1 - point) * distance
            yield point - room
            yield point + room


def between(points: Iterable[Fraction], number: int) -> Iterator[Fraction]:
    """Evenly spaced points in every gap of the given ones."""
    for low, high in pairwise(sorted(set(points))):
        yield from (low + (high - low) * Fraction(j, number + 1) for j in range(1, number + 1))


def marks(radius: str) -> list[Fraction]:
    """Probabilities named in the text, and their complements."""
    inside = [one for one in literals(radius) if 0 < one < 1]
    return sorted({HALF, *inside, *(1 - one for one in inside)})


def binary_places(radius: str) -> list[tuple[Fraction, None]]:
    """Values of PA: both ends, the middle and the text's own numbers, from both sides."""
    ends = [end for d in DISTANCES for end in (d, 1 - d)]
    inner = between([Fraction(0), Fraction(1), *marks(radius)], 9)
    near = [*around([HALF], DISTANCES), *around(marks(radius), FEW)]
    return [(p_a, None) for p_a in sorted({*ends, *inner, *near})]


def pair_places(radius: str, classes: int | None) -> list[tuple[Fraction, Fraction]]:
    """Pairs: PB near 0, near PA, near 1 - PA and near (1 - PA) / (K - 1), from both sides."""
    named = marks(radius)
    p_as = {*around([HALF], FEW), *around(named, FEW[1:3]), *(1 - d for d in FEW), *FEW}
    for points, number in (([], 9), (named, 2)):
        p_as |= set(between([Fraction(0), *points, Fraction(1)], number))
    if classes is not None:
        p_as |= set(around([Fraction(1, classes)], FEW[1:3]))
    pairs = set()
    for p_a in p_as:
        rest, least = 1 - p_a, min(p_a, 1 - p_a)
        p_bs = {*around([rest], FEW), *around([one for one in named if one < p_a], FEW[1:3])}
        p_bs |= {p_a, *(p_a * (1 - d) for d in FEW), *(p_a * d for d in FEW)}
        p_bs |= {*between([Fraction(0), least, p_a], 3)}
        if classes is not None and classes > 2:
            p_bs |= set(around([rest / (classes - 1)], FEW[1:4]))
        pairs |= {(p_a, p_b) for p_b in p_bs if 0 < p_b <= p_a}
    return sorted(pairs)


def special_scales(radius: str, noise: str) -> list[Fraction]:
    """Scales at which some scale word takes a number of the text, its sides and the middles."""
    words = [word for word in WORDS if re.search(rf"\b{word}\b", radius)]
    named = [one for one in literals(radius) if one > 0]
    found = set()
    for word in words:
        factor = WORDS[word] * UNIT_SIGMA[noise]
        inverse = Fraction(int(MP.mpf(10) ** 60 / factor), 10**60)
        at = [one * (1 if word == OWN_WORD[noise] else inverse) for one in named]
        found |= {one * side for one in at for side in (1, 1 - FEW[1], 1 + FEW[1])}
        found |= set(between(at, 1))
    return sorted(found)


def places(radius: str, noise: str, setting: str, num_classes: int | None) -> Iterator[Place]:
    """The whole grid at scale 1, and some 25 places of it at every other scale."""
    classes = 2 if setting == "binary-pb" else num_classes
    pairs: list[Any]
    pairs = binary_places(radius) if setting == "binary" else pair_places(radius, classes)
    yield from (Place(p_a, p_b, Fraction(1)) for p_a, p_b in pairs)
    for scale in sorted({*DECADES, *special_scales(radius, noise)} - {Fraction(1)}):
        yield from (Place(p_a, p_b, scale) for p_a, p_b in pairs[3 :: max(1, len(pairs) // 25)])


# --- far beyond the grid ---------------------------------------------------------------------

#: 10^-10000 to 10^-(10^11): a factor 1 + 10^-9 takes a slack of lower order so far to eat up
FAR = tuple(MP.mpf(10) ** -(10**k) for k in (4, 6, 8, 10, 11))


def far_ratio(
    radius: str, noise: str, setting: str, num_classes: int | None, rest: Real, p_b: Real
) -> Real:
    """As `ratio`, at scale 1 and PA = 1 - rest, where that is below what a fraction can be."""
    classes = 2 if setting == "binary-pb" else num_classes
    other = rest if p_b is None else min(p_b, rest)
    top = rest if classes is None else min(rest, (classes - 1) * other)
    exact = (upper_point(noise, top) + upper_point(noise, other)) / 2
    found = radius_of_reals(radius, noise, num_classes, 1 - rest, rest, p_b, MP.mpf(1))
    # where 2 - 2*p_a is lost, nothing is seen
    return found / exact - 1 if 0 < found < MP.inf else NAN


def far_ratios(radius: str, noise: str, setting: str, num_classes: int | None) -> Iterator[Real]:
    """The ratios at places far beyond the grid."""
    for rest in (*FAR, MP.mpf(10) ** -8, MP.mpf("0.4")):
        for p_b in (None,) if setting == "binary" else (rest, *FAR):
            if p_b is not None or rest <= FAR[0]:
                found = far_ratio(radius, noise, setting, num_classes, rest, p_b)
                if found == found:  # no nan
                    yield found


# --- the verdict ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """What the grid shows; ratios are radius / exact radius - 1, inf where the exact one is 0."""

    sound: bool
    tight: bool  # sound, and nowhere below the exact radius
    closed_ball: bool  # sound, and nowhere equal to a positive exact radius
    most: Real
    most_place: Place
    least: Real
    least_place: Place
    far: Real  # the largest ratio far beyond the grid


def ratio(radius: str, noise: str, setting: str, num_classes: int | None, place: Place) -> Real:
    """The radius over the exact one, minus 1; -1 where it abstains, nan where nothing is asked."""
    exact = exact_radius(noise, setting, num_classes, place)
    conjectured = conjectured_radius(radius, noise, num_classes, place)
    # "not >" and not "<=": a nan abstains.
    if not conjectured > real(place.scale) * AGREE * MP.mpf(10) ** -5:
        return MP.mpf(-1) if exact > 0 else NAN
    return conjectured / exact - 1 if exact > 0 else MP.inf


def truth(radius: str, *, noise: str, setting: str, num_classes: int | None = None) -> Truth:
    """The verdict on a radius over the grid."""
    most, least = (-MP.inf, None), (MP.inf, None)
    for place in places(radius, noise, setting, num_classes):
        found = ratio(radius, noise, setting, num_classes, place)
        if found > most[0]:
            most = found, place
        if found < least[0]:
            least = found, place
    assert most[1] is not None and least[1] is not None
    far = max(far_ratios(radius, noise, setting, num_classes), default=-MP.inf)
    sound = bool(most[0] <= AGREE) and bool(far <= AGREE)
    return Truth(
        sound=sound,
        tight=sound and bool(least[0] >= -AGREE),
        closed_ball=sound and bool(most[0] < -AGREE),
        most=most[0],
        most_place=most[1],
        least=least[0],
        least_place=least[1],
        far=far,
    )
