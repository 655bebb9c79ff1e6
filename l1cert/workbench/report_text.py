"""A report of the workbench as text that people read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from theory.claim import Grade
from theory.conjectures.settings import Setting
from theory.conjectures.slabs import short_text

if TYPE_CHECKING:
    from l1cert.workbench.report import BoundReport, Witness
    from theory.bounds import Bounds
    from theory.claim import Boundary
    from theory.conjectures.dominance import Comparison, Region

__all__ = ["Number", "place_text", "report_lines"]

Number: TypeAlias = Fraction | float

WIDTH = 100

#: the column where the values begin
_INDENT = 15
_LONGEST = 30
_DIGITS = 12
#: the columns of the table of rivals: name, relation, proof
_NAME, _RELATION, _PROOF = 20, 11, 8

_BEYOND = (
    "none is written down: F is the distribution function of the noise at scale 1, and these are "
    "too near to an end of the domain"
)

_SOUND = {
    Grade.PROVED: "sound for every r < R: proved",
    Grade.ENCLOSED: "sound for every r < R: proved, by an enclosure of the whole domain",
    Grade.CONSISTENT: "sound for every r < R as far as a search can tell, which is no proof",
}


def report_lines(report: BoundReport) -> list[str]:
    """The answer, then what is known of it, the counterexample, the rivals and the notes."""
    return list(_lines(report))


def _lines(report: BoundReport) -> Iterator[str]:
    yield from _wrapped(_answer(report), "", 2)
    yield ""
    for label, text in _facts(report):
        yield from _row(label, text)
    if report.witness is not None:
        yield ""
        yield "counterexample"
        for label, text in _witness_facts(report.witness):
            yield from _row(f"  {label}", text)
        if report.witness.recheck:  # whole, to be copied
            yield f"{'  recheck':<{_INDENT}}{_printable(report.witness.recheck)}"
    if report.dominance:
        yield ""
        yield from _rivals(report.dominance)
    if report.notes:
        yield ""
        for note in report.notes:
            yield from _wrapped(note, "note: ", 6)


def _answer(report: BoundReport) -> str:
    if report.sound:
        return _SOUND[Grade(report.grade)]
    if report.witness is not None:
        found = report.witness
        how = "refuted" if report.grade == Grade.REFUTED else "refuted in floats, no proof,"
        place = place_text(found.p_a, found.p_b, found.scale)
        return f"not sound: {how} at {place}, r = {_shown(found.r)}"
    if report.beyond:
        return f"not sound: refuted at {report.beyond}"
    if report.grade == Grade.CONSISTENT:
        return "not decided: a search found nothing against it, which is no proof"
    return "not decided: neither a proof nor a counterexample was found"


def _facts(report: BoundReport) -> Iterator[tuple[str, str]]:
    yield "radius", f"R = {report.radius}"
    yield "noise", report.noise
    yield "setting", _setting(report)
    yield "grade", f"{report.grade}: {report.detail}"
    for place in report.left:
        yield "left", place
    if report.beyond:
        yield "witness", _BEYOND
    searched = ", as far as a search can tell" if report.grade == Grade.CONSISTENT else ""
    yield "tight", _tight(report) + (searched if report.tight is not None else "")
    yield "closed ball", _closed(report) + (searched if report.closed_ball is not None else "")
    if report.abstains_below is not None:
        low, high = report.abstains_below
        where = f"{low!r}" if low == high else f"a point in [{low!r}, {high!r}]"
        yield "abstains", f"R <= 0 for PA below {where}"
    if report.axis:
        yield "axis", report.axis


def _setting(report: BoundReport) -> str:
    number = report.num_classes
    classes = "any number of classes" if number is None else f"{number} classes"
    given = "PA" if report.setting == Setting.BINARY else "PA and PB"
    return f"{report.setting}: {classes}, {given} given, l{report.norm} norm"


def _tight(report: BoundReport) -> str:
    if report.tight:
        return "yes: R is the exact radius E wherever E > 0"
    said = "not decided" if report.tight is None else "no"
    slack = report.slack
    if slack is None or not slack.value > 0.0:
        return said
    said += f": 1 - R/E = {slack.value:.6g} at {place_text(slack.p_a, slack.p_b, slack.scale)}"
    return said if slack.upper is None else f"{said}, and it is nowhere above {slack.upper!r}"


def _closed(report: BoundReport) -> str:
    if report.closed_ball is None:
        return "not decided"
    return "yes: r = R is certified too" if report.closed_ball else "no: r = R is not certified"


def _witness_facts(witness: Witness) -> Iterator[tuple[str, str]]:
    found = witness.counterexample
    yield "point", place_text(witness.p_a, witness.p_b, witness.scale)
    yield "delta", f"({_shown(witness.r)}, 0, ..., 0), of norm r below R, in any dimension"
    yield "radius", f"R is at least {_shown(witness.radius_above)} there"
    yield "classifier", found.classifier.in_words()
    for place, masses in (("x", found.masses_x), ("x + delta", found.masses_y)):
        names = _labels(len(masses), found.classifier.finer)
        each = (f"{name} {one.value:.12g}" for name, one in zip(names, masses, strict=True))
        yield f"at {place}", "probability of " + ", ".join(each)
    how = "proved" if found.grade is Grade.REFUTED else "in floats"
    yield "margin", f"P(cA) - P(cB) at x + delta: {_interval(witness.margin)}, negative ({how})"
    if witness.simulation is not None:
        yield from _counted(witness.simulation, found.classifier.finer)


def _counted(simulation: Mapping[str, Any], finer: int) -> Iterator[tuple[str, str]]:
    for place, counts in simulation["counts"].items():
        names = _labels(len(counts), finer)
        each = (f"{name} {number}" for name, number in zip(names, counts, strict=True))
        yield "counted", f"{place}: {', '.join(each)} of {simulation['num_samples']} samples"
    agrees = {
        True: "consistent with these masses",
        False: "CONTRADICTS these masses",
        None: "too few to tell",
    }[simulation["consistent"]]
    ahead = {
        True: "cB is ahead of cA at x + delta",
        False: "cB is behind cA at x + delta",
        None: f"whether cB is ahead needs more samples ({simulation['enough_samples']} are enough)",
    }[simulation["flip"]]
    yield "", f"{agrees}; {ahead}"


def _labels(number: int, finer: int) -> list[str]:
    further = [f"class {label}" for label in range(2, number)]
    return ["cA", "cB", *(["further classes together"] if finer > 1 else further)][:number]


def _rivals(rivals: tuple[Comparison, ...]) -> Iterator[str]:
    head = f"{'rival':<{_NAME}}{'R is':<{_RELATION}}{'proved':<{_PROOF}}where"
    yield head
    yield "-" * len(head)
    for rival in rivals:
        proved = "-" if rival.relation == "undecided" else "yes" if rival.proved else "no"
        name = _printable(rival.name)
        if len(name) >= _NAME:
            yield from _wrapped(name, "", 2)
            name = ""
        start = f"{name:<{_NAME}}{rival.relation:<{_RELATION}}{proved:<{_PROOF}}"
        where = [
            *(_region(one, rival) for one in rival.regions),
            *(_crossing(one) for one in rival.crossings),
        ]
        for place in where or [""]:
            yield from _wrapped(place, start, _NAME + _RELATION + _PROOF)
            start = " " * (_NAME + _RELATION + _PROOF)


def _region(region: Region, rival: Comparison) -> str:
    same = region.relation == rival.relation != "crosses"
    said = region.text if same else f"{region.relation}: {region.text}"
    said += f", {region.slice}" if region.slice else ""
    return said if region.proved or not rival.proved else f"{said} (not proved)"


def _crossing(crossing: Boundary) -> str:
    """The place with twelve digits, rounded outward."""
    ends = [
        Context(prec=_DIGITS, rounding=way).create_decimal(end)
        for way, end in zip((ROUND_FLOOR, ROUND_CEILING), crossing.enclosure, strict=True)
    ]
    return f"crossing in [{ends[0]}, {ends[1]}]{crossing.uniqueness}: {crossing.name}"


def place_text(p_a: Number, p_b: Number | None, scale: Number) -> str:
    """PA, PB and the scale in words.

    >>> place_text(Fraction(9, 10), None, 1.0)
    'PA = 0.9, scale = 1.0'
    """
    given = {"PA": p_a, "PB": p_b, "scale": scale}
    return ", ".join(f"{name} = {_shown(one)}" for name, one in given.items() if one is not None)


def _shown(number: Number) -> str:
    """Exactly if that is short, or as its distance from 1; else to a few digits.

    >>> _shown(Fraction(1, 3)), _shown(1 - Fraction(1, 10**40)), _shown(Fraction(2**200, 3**150))
    ('1/3', '1 - 1e-40', 'about 4.34321096265e-12')
    """
    if isinstance(number, float):
        return repr(number)
    return short_text(number, longest=_LONGEST)


def _interval(bounds: Bounds) -> str:
    if bounds.lower == bounds.upper:
        return repr(bounds.lower)
    return f"in [{bounds.lower!r}, {bounds.upper!r}]"


def _row(label: str, text: str) -> list[str]:
    return _wrapped(text, f"{label:<{_INDENT}}", _INDENT)


def _wrapped(text: str, start: str, indent: int) -> list[str]:
    """The text behind its start, folded at spaces under an indent."""
    if not text:
        return [start.rstrip()]
    return textwrap.wrap(
        _printable(" ".join(text.split())),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    r"""The text with what a terminal would act on written out.

    >>> _printable("a \x1b[31m b")
    'a \\x1b[31m b'
    """
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
