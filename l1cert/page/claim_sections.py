"""A claim and everything known of it as a section of the page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l1cert.page.commands import drawn_by, shown_by
from l1cert.page.elements import Markup, element, joined, listed
from l1cert.page.latex import latex_mathml, latex_pieces
from l1cert.page.names import GREEK
from l1cert.page.pictures import Picture
from l1cert.page.proofs import derivation, grade, scrolling
from l1cert.page.prose import prose
from l1cert.page.verdicts import badge
from l1cert.presentation import IS
from l1cert.report import ClaimResult
from theory.claim import Boundary, Evidence, Grade, Part, Role, Rung, Verdict

_TITLES = {
    Rung.DERIVATION: "Derivation",
    Rung.ENCLOSURE: "Enclosure",
    Rung.SEARCH: "Search",
    Rung.SIMULATION: "Simulation",
    Rung.EXPERIMENT: "Experiment",
    Rung.FIGURE: "What the figure shows",
}

_ROLES = {
    Role.BODY: "what the claim says",
    Role.READING: "one reading of it",
    Role.CORRECTION: "our correction",
}

_FIRST_WORD = re.compile(r"(?:[a-z]{2,}|a(?= [a-z]{2}))(?![A-Za-z0-9_(])")
_FUNCTIONS = {"log", "exp", "erf", "erfc", "max", "min", "sup", "inf"}

_FINDINGS = {True: "true", False: "false", None: "no finding"}

#: an experiment is stored evidence, which `theory.claim.decide` is not given
_BESIDE = "; a stored experiment stands beside the verdict and takes no part in it"

_COUNTS = (
    "Counts, held against what the claim predicts. The false-fail rate is that of all counts of "
    "the run together, the false-pass rate that of missing the difference that is named."
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a section needs of the rest of the page."""

    slugs: Collection[str]
    provenance: Mapping[str, Any]


def section(
    result: ClaimResult, around: Surroundings, picture: Picture | str | None = None
) -> Markup:
    """The section of one claim; ``picture`` is its figure, or why that is missing."""
    claim, decision = result.claim, result.decision
    slug = claim.slug
    head = element(
        "header",
        element("p", prose(_sentence(claim.source)), class_="source"),
        element("h3", element("code", slug), id=f"{slug}-title"),
        badge(decision.verdict),
    )
    return element(
        "section",
        head,
        *_alarms(result),
        _statement(result, around),
        _truth(result, around),
        _parts(result),
        *_evidence(result, around, picture),
        _absent(result, around),
        class_="claim",
        id=slug,
        data_verdict=decision.verdict.value,
        aria_labelledby=f"{slug}-title",
    )


def _sentence(text: str) -> str:
    """With a capital, where the first word is one: f and lambda stay small."""
    word = _FIRST_WORD.match(text)
    small = word is None or word.group() in GREEK or word.group() in _FUNCTIONS
    return text if small else text[:1].upper() + text[1:]


def _heading(text: str) -> Markup:
    return element("h4", text)


def _alarms(result: ClaimResult) -> Iterator[Markup]:
    """What must not be overlooked, before all else."""
    decision = result.decision
    if decision.contradictions:
        items = [element("li", prose(one)) for one in decision.contradictions]
        said = element("strong", "The methods contradict each other.")
        yield element("div", element("p", said), element("ul", *items), class_="alarm")
    if decision.unsettled:
        names = listed(element("code", name) for name in decision.unsettled)
        said = element("strong", "Not settled: ")
        no_pass = decision.verdict is Verdict.UNDECIDED
        so = "Undecided is no pass." if no_pass else "The verdict does not rest on it."
        yield element("p", said, names, f". {so}", class_="alarm")


def _statement(result: ClaimResult, around: Surroundings) -> Markup:
    claim = result.claim
    variables = [
        joined(
            element("dt", prose(one.symbol)),
            element("dd", "in ", prose(one.domain), ": ", prose(one.meaning, around.slugs)),
        )
        for one in claim.variables
    ]
    return joined(
        element("blockquote", element("p", prose(claim.statement, around.slugs))),
        _formula(result),
        element("dl", *variables, class_="variables") if variables else None,
        _labelled("Read as", claim.assumptions, around),
        _labelled("Source", claim.reference, around),
    )


def _formula(result: ClaimResult) -> Markup | None:
    """The printed formula; what cannot be set is left to the prose, which says the same."""
    claim = result.claim
    try:
        pieces = [latex_mathml(piece) for piece in latex_pieces(claim.latex)]
    except ValueError:
        return None
    if not pieces:
        return None
    return scrolling(f"Formula of {claim.slug}", element("div", *pieces, class_="pieces"))


def _labelled(label: str, text: str | None, around: Surroundings) -> Markup | None:
    if not text:
        return None
    shown = prose(_sentence(text), around.slugs)
    return element("p", element("strong", f"{label}: "), shown, class_="labelled")


def _truth(result: ClaimResult, around: Surroundings) -> Markup | None:
    """Condition or correction, the boundaries and the witness."""
    decision = result.decision
    label = {
        Verdict.HOLDS_CONDITIONALLY: "Condition",
        Verdict.NOT_CHECKABLE: "Why it cannot be checked",
    }.get(decision.verdict, "What is true")
    said = decision.condition or decision.correction
    blocks = [
        _labelled(label, said, around),
        _boundaries(decision.boundaries),
        _witness(result, around),
    ]
    found = [block for block in blocks if block is not None]
    return element("div", *found, class_="truth") if found else None


def _boundaries(boundaries: Sequence[Boundary]) -> Markup | None:
    if not boundaries:
        return None
    rows = [
        joined(
            element("dt", element("code", one.name)),
            element(
                "dd",
                element("span", f"[{one.enclosure[0]},", class_="end"),
                " ",
                element("span", f"{one.enclosure[1]}]{one.uniqueness}", class_="end"),
            ),
        )
        for one in boundaries
    ]
    head = element("p", element("strong", "Numbers, enclosed: "), class_="labelled")
    return joined(head, element("dl", *rows, class_="boundaries"))


def _witness(result: ClaimResult, around: Surroundings) -> Markup | None:
    witness = result.decision.witness
    if not witness:
        return None
    command = shown_by(result.claim.slug, around.provenance)
    return element(
        "div",
        element("p", element("strong", "Witness"), class_="labelled"),
        _pairs(witness),
        element("p", "Computed anew by ", element("code", command, class_="command"), "."),
        class_="witness",
    )


def _pairs(witness: Mapping[str, str]) -> Markup:
    rows = [
        joined(element("dt", prose(name)), element("dd", prose(value)))
        for name, value in witness.items()
    ]
    return element("dl", *rows, class_="pairs")


def _parts(result: ClaimResult) -> Markup | None:
    """Which method found what about which part."""
    claim = result.claim
    heard = [rung for rung in Rung if any(_speaks(e) and e.rung is rung for e in result.evidence)]
    if not heard:
        return None
    beside = Rung.EXPERIMENT in heard
    names = ("part", "role", *(rung.value for rung in heard))
    rows = [
        element(
            "tr",
            element("th", element("code", part.name), scope="row"),
            element("td", _ROLES[part.role]),
            *(element("td", *_found(result, part, rung)) for rung in heard),
        )
        for part in claim.parts
    ]
    table = element(
        "table",
        element("caption", f"What each method found, part by part{_BESIDE if beside else ''}"),
        element("thead", element("tr", *(element("th", one, scope="col") for one in names))),
        element("tbody", *rows),
        class_="parts",
    )
    meanings = [
        joined(element("dt", element("code", part.name)), element("dd", prose(part.statement)))
        for part in claim.parts
    ]
    return joined(
        _heading("Parts"),
        element("dl", *meanings, class_="meanings"),
        scrolling(f"Findings about {claim.slug}", table),
    )


def _speaks(item: Evidence) -> bool:
    return item.grade is not Grade.SKIPPED


def _found(result: ClaimResult, part: Part, rung: Rung) -> list[Markup | str]:
    items = [
        item
        for item in result.evidence
        if item.rung is rung and item.part == part.name and _speaks(item)
    ]
    said: dict[Markup, None] = {}
    for item in items:
        said[joined(_FINDINGS[item.finding], " ", grade(item.grade))] = None
    return [*said] or [element("span", "silent", class_="silent")]


def _evidence(
    result: ClaimResult, around: Surroundings, picture: Picture | str | None
) -> Iterator[Markup]:
    for rung, title in _TITLES.items():
        items = [item for item in result.evidence if item.rung is rung and _speaks(item)]
        if rung is Rung.DERIVATION:
            if result.chains:
                yield _heading(title)
                yield from (derivation(result.claim.slug, c, around.slugs) for c in result.chains)
                items = [item for item in items if _says_more(item, result)]
            if items:
                yield joined(None if result.chains else _heading(title), _findings(items, around))
        elif items:
            yield _heading(title)
            if rung is Rung.SIMULATION:
                yield _simulations(result.claim.slug, items)
            else:
                yield _findings(items, around)
        if rung is Rung.FIGURE and picture is not None:
            yield _figure(picture)


def _says_more(item: Evidence, result: ClaimResult) -> bool:
    """Whether it is of no chain that is shown: of a derivation that broke altogether."""
    return item.part not in {chain.part for chain in result.chains}


def _findings(items: Sequence[Evidence], around: Surroundings) -> Markup:
    return element("ul", *(_finding(item, around) for item in items), class_="findings")


def _finding(item: Evidence, around: Surroundings) -> Markup:
    own = item.witness if item.finding is False else None
    return element(
        "li",
        element(
            "p",
            *((element("code", item.part), f"{IS[item.finding]}: ") if item.part else ()),
            grade(item.grade),
            class_="finding",
        ),
        element("p", prose(_sentence(item.detail), around.slugs), "."),
        element("p", "Over: ", prose(item.scope), class_="how") if item.scope else None,
        _rates(item),
        _pairs(own) if own else None,
    )


def _rates(item: Evidence) -> Markup | None:
    if item.false_fail is None or item.false_pass is None:
        return None
    said = f"False-fail rate {item.false_fail:g}, false-pass rate {item.false_pass:g}."
    return element("p", said, class_="how")


def _simulations(slug: str, items: Sequence[Evidence]) -> Markup:
    names = ("part", "finding", "counts", "one of them", "false-fail rate", "false-pass rate")
    rows = [
        element(
            "tr",
            element("th", element("code", item.part), scope="row"),
            element("td", _FINDINGS[item.finding], " ", grade(item.grade)),
            element("td", prose(item.scope), class_="counts"),
            element("td", prose(item.detail), class_="wide"),
            *(
                element("td", "" if rate is None else f"{rate:g}", class_="number")
                for rate in (item.false_fail, item.false_pass)
            ),
        )
        for item in items
    ]
    table = element(
        "table",
        element("caption", _COUNTS),
        element("thead", element("tr", *(element("th", one, scope="col") for one in names))),
        element("tbody", *rows),
    )
    return scrolling(f"Simulations of {slug}", table)


def _figure(picture: Picture | str) -> Markup:
    if isinstance(picture, str):
        return element("p", element("strong", "No figure: "), picture, class_="alarm")
    again = element("code", drawn_by(picture.name), class_="command")
    return element(
        "figure",
        element("div", picture.svg, class_="picture"),
        element(
            "figcaption", prose(picture.caption), " Drawn again, with its data, by ", again, "."
        ),
    )


def _absent(result: ClaimResult, around: Surroundings) -> Markup | None:
    skipped = [item for item in result.evidence if not _speaks(item)]
    if not skipped:
        return None
    rows = [
        joined(
            element("dt", item.rung.value),
            element("dd", prose(_sentence(item.detail), around.slugs), "."),
        )
        for item in skipped
    ]
    return joined(_heading("Not looked at by"), element("dl", *rows, class_="absent"))
