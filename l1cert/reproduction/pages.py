"""The table of a reproduction as Markdown: REPRODUCE.md before it ran, and the folder's after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from l1cert.ledger import escaped
from l1cert.reproduction.expectations import TOLERANCE
from l1cert.reproduction.expected import Ledger
from l1cert.reproduction.manifest import Manifest
from l1cert.reproduction.steps import STEPS, Step

#: in the folder of a reproduction, and with what is expected alone in the checkout
FILE = "REPRODUCE.md"

_INTRODUCTION = f"""# Reproduce

`l1cert reproduce` runs the commands below into one folder and holds what comes out against what
the ledger of claims decided; `--quick` draws fewer samples and takes a few minutes. Stop it at
any moment and give the same command again: what is done is kept. `manifest.json` in the folder has
every result with its exit code, its minutes and the SHA-256 sums of its files, and `REPRODUCE.md`
beside it this table with what was obtained.

A number of a figure has to be within {TOLERANCE:g} of the ledger's enclosure, which is given to 30
digits by `l1cert show SLUG`. Every claim alone: `l1cert verify SLUG`. Some of the steps alone:
`l1cert reproduce STEP...`.
"""


def before(ledger: Ledger) -> str:
    """What is going to be run, and what has to come out of it."""
    head = _head("step", "claim or figure", "command", "in a quick run", "expected")
    return "\n".join([_INTRODUCTION, *head, *_planned(ledger), ""])


def after(manifest: Manifest) -> str:
    """What was run, and what came out of it."""
    origin = manifest.provenance
    rows = [row for outcome in manifest.outcomes for row in outcome.rows]
    agree = sum(row.agrees for row in rows)
    total = sum(outcome.minutes for outcome in manifest.outcomes)
    said = (
        f"l1cert {origin['version']}, commit {origin['commit'] or 'unknown'}, "
        f"Python {origin['python']}. {agree} of {len(rows)} results are as expected; "
        f"{total:.1f} minutes of commands."
    )
    said += "".join(f" `{name}` was left out: {why}." for name, why in manifest.left_out.items())
    head = _head("claim or figure", "command", "expected", "obtained", "minutes")
    return "\n".join(["# Reproduced", "", said, "", *head, *_done(manifest), ""])


def _head(*names: str) -> list[str]:
    return [_line(names), _line("---" for _ in names)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _planned(ledger: Ledger) -> Iterator[str]:
    for step in STEPS:
        first = (f"`{step.name}`", _command(step, quick=False), _faster(step))
        for one in step.expectations or (None,):
            subject = "" if one is None else f"`{one.subject}`"
            expected = "it ends well" if one is None else escaped(one.expected(ledger))
            yield _line((first[0], subject, *first[1:], expected))
            first = ("", "", "")


def _command(step: Step, *, quick: bool) -> str:
    return f"`{step.command(quick=quick)}`"


def _faster(step: Step) -> str:
    return "the same" if step.quick is None else _command(step, quick=True)


def _done(manifest: Manifest) -> Iterator[str]:
    for outcome in manifest.outcomes:
        command, minutes = f"`{outcome.command}`", f"{outcome.minutes:.2f}"
        for row in outcome.rows:
            obtained = escaped(row.obtained) if row.agrees else f"**{escaped(row.obtained)}**"
            yield _line((f"`{row.subject}`", command, escaped(row.expected), obtained, minutes))
            command = minutes = ""
