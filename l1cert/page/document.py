"""The whole page: what it is, the verdicts at a glance, every claim, and where it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from l1cert import catalogue
from l1cert.page.claim_sections import Surroundings, section
from l1cert.page.commands import written_by
from l1cert.page.elements import Markup, element, joined, listed
from l1cert.page.pictures import Picture
from l1cert.page.proofs import scrolling
from l1cert.page.prose import prose, slug_link
from l1cert.page.verdicts import VERDICTS, badge
from l1cert.presentation import summary
from l1cert.report import ClaimResult, Report
from theory.claim import Verdict

PAPER = "l_1 Adversarial Robustness Certificates: a Randomized Smoothing Approach"
TITLE = "The paper’s claims, decided"

#: nothing is loaded from anywhere, whatever a statement may hold
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

#: the radio button that shows every claim
_ALL = "all"


def document(report: Report, pictures: Mapping[str, Picture | str] | None = None) -> str:
    """The page of a report as HTML: the same text for the same report.

    Parameters
    ----------
    report : Report
        Of a run of `l1cert.verify`, over all claims or some.
    pictures : mapping of str to Picture or str, optional
        The figures by slug; a text says why there is none.

    Returns
    -------
    str
        One file: it loads nothing, and it is complete without scripts.
    """
    around = Surroundings([one.claim.slug for one in report.results], report.provenance)
    body = element(
        "body",
        element("a", "Skip to the claims", href="#claims", class_="skip"),
        _header(report),
        element("div", _filter(report), _contents(report), class_="sidebar"),
        element(
            "main",
            *_alarm(report),
            _verdicts(report, around),
            *_claims(report, around, pictures or {}),
            _provenance(report),
        ),
        _footer(report),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{TITLE} · l1cert"),
        element("link", rel="icon", href="data:,"),
        *(element("style", Markup(sheet)) for sheet in sheets()),
    )
    page = element("html", head, body, lang="en")
    return f"<!doctype html>\n{page}\n"


def sheets() -> tuple[str, ...]:
    """The style sheets of the page: the filter's, which stands alone for speed, and the others."""
    folder = resources.files("l1cert.page")
    names = ("filter.css", "page.css")
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def style() -> str:
    """All rules of style of the page."""
    return "".join(sheets())


def _header(report: Report) -> Markup:
    counts = _counts(report.results)
    total = sum(counts.values())
    unknown, undecided = counts[Verdict.NOT_CHECKABLE], counts[Verdict.UNDECIDED]
    decided = total - unknown - undecided
    left = [(undecided, "left undecided"), (unknown, "not checkable here")]
    others = "".join(f", {_are(count)} {said}" for count, said in left if count)
    return element(
        "header",
        element("p", "l1cert", class_="mark"),
        element("h1", TITLE),
        element(
            "p",
            "Every statement below is from ",
            element("cite", prose(PAPER)),
            " (submitted to ICLR 2020), or is one of our own beyond it. The methods are symbolic "
            "proof, rigorous enclosure, a search for counterexamples and simulation, and each "
            "section says which of them looked at its statement. ",
            "A verdict is computed from what these methods found and is never typed in: a "
            "statement fails only where a counterexample meets everything that is printed, and two "
            "methods that disagree are reported, not outvoted. ",
            f"Of {_counted(total, 'statement')} {_are(decided)} decided{others}. Where something "
            "is false, a witness stands with the command that computes it anew.",
            class_="lead",
        ),
        class_="top",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _are(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'}"


def _alarm(report: Report) -> Iterator[Markup]:
    wrong = [one.claim.slug for one in report.results if one.decision.contradictions]
    left = [one.claim.slug for one in report.results if one.decision.verdict is Verdict.UNDECIDED]
    for slugs, said in ((wrong, "The methods contradict each other on "), (left, "Undecided: ")):
        if slugs:
            links = listed(slug_link(slug) for slug in slugs)
            yield element("p", element("strong", said), links, ".", class_="alarm")


def _filter(report: Report) -> Markup:
    counts = _counts(report.results)
    choices = [(_ALL, "all", len(report.results))]
    choices += [(one.value, words, counts[one]) for one, (_, words, _) in VERDICTS.items()]
    radios = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name="verdict",
                value=value,
                id=f"filter-{value}",
                checked=value == _ALL,
            ),
            element("span", f" {words} "),
            element("span", str(count), class_="count"),
        )
        for value, words, count in choices
    ]
    fields = element("fieldset", element("legend", "Show verdicts"), *radios)
    return element("section", fields, class_="filter", aria_label="Filter by verdict")


def _counts(results: Sequence[ClaimResult]) -> dict[Verdict, int]:
    found = [one.decision.verdict for one in results]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def _contents(report: Report) -> Markup:
    groups = []
    for name, title, results in _groups(report):
        items = [
            element(
                "li",
                element(
                    "a",
                    element("code", _breakable(one.claim.slug)),
                    " ",
                    _sign(one.decision.verdict),
                    href=f"#{one.claim.slug}",
                ),
                data_verdict=one.decision.verdict.value,
            )
            for one in results
        ]
        link = element("a", title, href=f"#{name}")
        groups.append(element("li", link, element("ol", *items)))
    return element(
        "nav",
        element("h2", "Contents", id="contents-title"),
        element(
            "ol",
            element("li", element("a", "Verdicts", href="#verdicts")),
            *groups,
            element("li", element("a", "Where it came from", href="#provenance")),
        ),
        id="contents",
        aria_labelledby="contents-title",
    )


def _breakable(slug: str) -> Markup:
    """A slug that may break after its underscores."""
    words = slug.split("_")
    return joined(words[0], *(part for word in words[1:] for part in ("_", Markup("<wbr>"), word)))


def _sign(verdict: Verdict) -> Markup:
    sign, words, _ = VERDICTS[verdict]
    return element(
        "span",
        element("span", sign, aria_hidden="true"),
        element("span", f"({words})", class_="spoken"),
        class_=f"sign {verdict.value}",
    )


def _groups(report: Report) -> Iterator[tuple[str, str, list[ClaimResult]]]:
    """The id, the title and the claims of each group that has any."""
    beyond = [one for one in report.results if one.claim.slug in catalogue.BEYOND]
    paper = [one for one in report.results if one.claim.slug not in catalogue.BEYOND]
    if paper:
        yield "paper", "The paper’s statements", paper
    if beyond:
        yield "beyond", "Beyond the paper", beyond


def _verdicts(report: Report, around: Surroundings) -> Markup:
    counts = _counts(report.results)
    tiles = [
        element(
            "li",
            element("span", str(counts[verdict]), class_="count"),
            badge(verdict),
            element("span", meaning, class_="meaning"),
            data_verdict=verdict.value,
        )
        for verdict, (_, _, meaning) in VERDICTS.items()
        if counts[verdict]
    ]
    names = ("claim", "place", "verdict", "what is true")
    rows = [_row(one, around.slugs) for one in report.results]
    head = [element("th", one, scope="col", role="columnheader") for one in names]
    table = element(
        "table",
        element("caption", "Every claim with its verdict"),
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        element("tbody", *rows, role="rowgroup"),
        class_="ledger",
        role="table",
    )
    return element(
        "section",
        element("h2", "Verdicts", id="verdicts-title"),
        element("ul", *tiles, class_="tiles"),
        *_nothing(counts),
        table,
        id="verdicts",
        aria_labelledby="verdicts-title",
    )


def _nothing(counts: Mapping[Verdict, int]) -> Iterator[Markup]:
    """What the filter shows where it leaves no claim."""
    for verdict, count in counts.items():
        if count == 0:
            said = f"No claim of this run has the verdict “{VERDICTS[verdict][1]}”."
            yield element("p", said, class_="nothing", data_verdict=verdict.value)


def _row(result: ClaimResult, slugs: Collection[str]) -> Markup:
    claim, decision = result.claim, result.decision
    said = summary(decision)
    if not said:
        said = "as printed" if decision.verdict is Verdict.HOLDS else ""
    link = element("a", element("code", _breakable(claim.slug)), href=f"#{claim.slug}")
    return element(
        "tr",
        element("th", link, scope="row", role="rowheader"),
        element("td", prose(claim.source), role="cell", class_="place"),
        element("td", badge(decision.verdict), role="cell"),
        element("td", prose(said, slugs), role="cell"),
        role="row",
        data_verdict=decision.verdict.value,
    )


def _claims(
    report: Report, around: Surroundings, pictures: Mapping[str, Picture | str]
) -> Iterator[Markup]:
    yield element("div", id="claims", tabindex=-1)
    for name, title, results in _groups(report):
        yield element(
            "section",
            element("h2", title, id=f"{name}-title"),
            *(section(one, around, pictures.get(one.claim.slug)) for one in results),
            class_="group",
            id=name,
            aria_labelledby=f"{name}-title",
        )


def _provenance(report: Report) -> Markup:
    rows = [
        element("tr", element("th", name, scope="row"), element("td", value))
        for name, value in _origin(report.provenance)
    ]
    return element(
        "section",
        element("h2", "Where it came from", id="provenance-title"),
        element(
            "p",
            "The same version, claims, seed and samples draw the same random words everywhere. ",
            element("code", "report.json"),
            " beside this page holds all of it for programs, ",
            element("code", "ledger.md"),
            " and ",
            element("code", "ledger.tex"),
            " the table of verdicts.",
        ),
        element(
            "p",
            "This page is written anew by ",
            element("code", written_by(report), class_="command"),
            ".",
        ),
        scrolling(
            "Parameters and versions",
            element(
                "table",
                element("caption", "What was run, and with what"),
                element("tbody", *rows),
                class_="origin",
            ),
        ),
        id="provenance",
        aria_labelledby="provenance-title",
    )


#: of the provenance: what is said of each key, in order; the machine is not what the page is about
_ORIGIN = {
    "version": "version of l1cert",
    "commit": "commit",
    "seed": "seed",
    "samples": "samples of each count",
    "alpha": "false-fail rate of the whole run",
    "rungs": "methods",
    "python": "Python",
}


def _origin(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, said in _ORIGIN.items():
        if key in provenance:
            value = provenance[key]
            if isinstance(value, list | tuple):
                value = ", ".join(map(str, value))
            yield said, "not known" if value is None else str(value)
    yield from ((name, str(found)) for name, found in provenance.get("libraries", {}).items())


def _footer(report: Report) -> Markup:
    version = report.provenance.get("version", "")
    said = f"Written by l1cert {version}".rstrip() + ". No network and no script is needed to read."
    return element("footer", element("p", said))
