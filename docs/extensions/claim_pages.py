"""A page for each claim, made when the documentation is built: statement, verdict, parts, proofs.

The proofs are derived anew and every step is checked; the verdicts are those of the stored ledger
(`l1cert/reproduction/expected.json`), which a test compares with a run of every method.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from l1cert import catalogue
from l1cert.examination import examine_all
from l1cert.page.mathematics import mathml
from l1cert.provenance import available_processors
from l1cert.reproduction.expected import FILE, Decided, recorded, shown
from theory.claim import Claim, Role, Rung, Verdict
from theory.derivation import Chain, Check, Step, numbered

ROOT = Path(__file__).resolve().parents[2]

#: under docs/, ignored by git, as everything is that is made anew by a build
FOLDER = Path("generated")

#: what the sources were when the pages were made: equal sources, equal pages
STAMP = ".sources"

WORDS = {
    Verdict.HOLDS: "holds as printed",
    Verdict.HOLDS_CONDITIONALLY: "holds under a condition that the text does not state",
    Verdict.FAILS: "fails as printed",
    Verdict.UNDECIDED: "undecided",
    Verdict.NOT_CHECKABLE: "not checkable here",
}
ROLES = {
    Role.BODY: "what the text says",
    Role.READING: "an endpoint or a reading that the text leaves open",
    Role.CORRECTION: "our correction",
}
FOUND = {True: "true", False: "false", None: "not decided by a proof"}
#: characters of a formula that may be wider than a telephone
_LONG = 36

CHECKED = {True: "Checked", False: "FALSE", None: "Not settled"}

_LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages before Sphinx looks for them."""
    app.connect("builder-inited", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def make(app: Sphinx) -> None:
    """Derive every claim and write its page, unless the sources are those of the last time."""
    folder = Path(app.srcdir, FOLDER, "claims")
    stamp, current = folder.parent / STAMP, sources()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == current:
        return
    _LOGGER.info("deriving %d claims ...", len(catalogue.SLUGS))
    examined = examine_all(
        catalogue.SLUGS,
        rungs=[Rung.DERIVATION],
        num_samples=1,
        seed=1,
        workers=available_processors(),
    )
    ledger = recorded()
    stamp.unlink(missing_ok=True)
    for slug, one in examined.items():
        broken = [chain.part for chain in one.chains if chain.grade != "PROVED"]
        if broken:
            raise ExtensionError(f"the derivation of {slug} is not PROVED: {', '.join(broken)}")
        put(folder / f"{slug}.md", page(catalogue.claim(slug), ledger[slug], one.chains))
    put(folder.parent / "claims.md", contents(catalogue.SLUGS))
    stamp.write_text(current, encoding="utf-8")


def sources() -> str:
    """SHA-256 of all that the pages follow from."""
    found = hashlib.sha256()
    parts = [*(ROOT / "theory").rglob("*.py"), *(ROOT / "l1cert" / "page").glob("*.py")]
    for path in sorted([*parts, Path(__file__), ROOT / "l1cert" / "reproduction" / FILE]):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def put(path: Path, text: str) -> None:
    """Write a page; an equal one keeps its date, so that Sphinx does not read it again."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> plain("||delta||_1 < R*")
    '‖delta‖\\_1 \\< R\\*'
    """
    marks = "".join(set(string.punctuation) - set(",.;:'()/=?%\""))
    escaped = re.sub(rf"([{re.escape(marks)}])", r"\\\1", text.replace("||", "‖"))
    # a number that begins a paragraph would begin a list
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", " ".join(escaped.split()))


def contents(slugs: Sequence[str]) -> str:
    """The list of all claims, in the order of the paper."""
    ledger = recorded()
    blocks = ["# All claims", _table("Of the paper", catalogue.PAPER, slugs, ledger)]
    blocks.append(_table("Beyond the paper", catalogue.BEYOND, slugs, ledger))
    pages = "\n".join(f"claims/{slug}" for slug in slugs)
    blocks.append(f"```{{toctree}}\n:hidden:\n\n{pages}\n```")
    return "\n\n".join(blocks) + "\n"


def _table(
    title: str, group: Iterable[str], slugs: Sequence[str], ledger: dict[str, Decided]
) -> str:
    rows = [
        f"| [`{slug}`](claims/{slug}.md) | {plain(catalogue.claim(slug).source)} "
        f"| {ledger[slug].verdict.replace('_', ' ')} |"
        for slug in group
        if slug in slugs
    ]
    return "\n".join([f"## {title}", "", "| claim | where | verdict |", "|---|---|---|", *rows])


def page(claim: Claim, decided: Decided, chains: Sequence[Chain]) -> str:
    """The page of a claim, as MyST Markdown."""
    return "\n\n".join([*_stated(claim), *_decided(claim, decided), *_proved(claim, chains)]) + "\n"


def _stated(claim: Claim) -> Iterator[str]:
    yield f"# `{claim.slug}`"
    yield f"{plain(claim.source)}."
    yield f"> {plain(claim.statement)}"
    yield f"```{{math}}\n{claim.latex}\n```"
    rows = [
        f"| {plain(one.symbol)} | {plain(one.domain)} | {plain(one.meaning)} |"
        for one in claim.variables
    ]
    if rows:
        yield "\n".join(["| symbol | domain | meaning |", "|---|---|---|", *rows])
    if claim.assumptions:
        yield f"*Read as:* {plain(claim.assumptions)}"


def _decided(claim: Claim, decided: Decided) -> Iterator[str]:
    verdict = Verdict(decided.verdict)
    yield "## Verdict"
    said = WORDS[verdict][0].upper() + WORDS[verdict][1:]
    repair = plain(_repair(claim, decided)).rstrip(".")
    yield f"**{said}**: {repair}." if repair else f"**{said}**."
    for name, (low, high) in decided.boundaries.items():
        yield f"- {plain(name)} in [{low}, {high}]".replace("[", "\\[")
    yield (
        "The verdict is that of the stored ledger, which rests on several methods; "
        f"`l1cert verify {claim.slug}` computes it anew, `l1cert show {claim.slug}` prints "
        "the evidence of each."
    )
    if claim.parts:
        yield "## Parts"
    for part in claim.parts:
        found = FOUND[decided.parts[part.name]]
        yield f"- **{plain(part.name)}** ({ROLES[part.role]}): {plain(part.statement)}: *{found}*."


def _repair(claim: Claim, decided: Decided) -> str:
    """The condition or the correction, or why the claim cannot be checked."""
    if claim.not_checkable is not None:
        return claim.not_checkable
    corrections = [one.name for one in claim.parts if one.role is Role.CORRECTION]
    if any(decided.parts[name] is not True for name in corrections):
        return ""  # what was not proved is not shown as what is true
    role = Role.BODY if decided.verdict == Verdict.FAILS else Role.READING
    false = [one for one in claim.parts if one.role is role and decided.parts[one.name] is False]
    said = "; ".join(one.otherwise for one in false if one.otherwise)
    for name, enclosure in decided.boundaries.items():
        said = said.replace(f"{{{name}}}", shown(enclosure))
    return said


def _proved(claim: Claim, chains: Sequence[Chain]) -> Iterator[str]:
    for chain in chains:
        aim = "true" if chain.proves else "false"
        yield f"## Derivation: {plain(chain.part)} is {aim}"
        for number, step, check in numbered(chain.steps):
            yield _step(number, step, check)
        yield f"Therefore: {plain(chain.conclusion)}."
    if not chains:
        reason = claim.not_checkable or claim.absent.get(Rung.DERIVATION, "")
        yield f"There is no derivation: {plain(reason)}."
    others = {rung: why for rung, why in claim.absent.items() if rung is not Rung.DERIVATION}
    if others:
        yield "## What no method looked at"
        yield "\n".join(f"- {rung}: {plain(why)}" for rung, why in others.items())
    if claim.reference:
        yield f"Source: {plain(claim.reference)}."


def _step(number: int, step: Step, check: Check) -> str:
    # three paragraphs, one of them a formula that scrolls by itself where it is wide
    formula = " ".join(mathml(step.formula).split())
    # what can scroll has to be reached by the keyboard
    focus = ' tabindex="0"' if len(re.sub(r"<[^>]*>", "", formula)) > _LONG else ""
    return "\n".join(
        [
            ":::{container} step",
            f"**{number}.** {plain(step.reason)} ({plain(step.domain)})",
            "",
            f'<div class="formula"{focus}>{formula}</div>',
            "",
            f"{CHECKED[check.status]}: {plain(check.how)}.",
            ":::",
        ]
    )
