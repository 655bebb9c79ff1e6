"""Rewrite all that is generated from a run: `make readme`.

These are README.md's blocks, docs/errata.md, the ledger that reproductions are held against and
REPRODUCE.md. A block stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; a test compares
everything with a run of its own. `python docs/update_pages.py NAME...` rewrites those blocks alone,
each of which has to be a command's output or a table of measurements, and REPRODUCE.md: that takes
seconds.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from benchmarks.report import block as measured
from figures import table
from figures.table import figure_module
from l1cert import errata, verify
from l1cert.ledger import escaped, markdown
from l1cert.presentation import folded, tally, verdict_line
from l1cert.provenance import available_processors
from l1cert.report import Report
from l1cert.reproduction import expected, pages

README = Path(__file__).resolve().parents[1] / "README.md"
ERRATA = Path(__file__).resolve().parent / "errata.md"
LEDGER = README.parent / "l1cert" / "reproduction" / expected.FILE
REPRODUCE = README.parent / pages.FILE
RESULTS = README.parent / "benchmarks" / "results"
WIDTH = 100
COMMANDS = {
    "help": ["--help"],
    "radius": ["radius", "--pa", "0.99", "--sigma", "0.5"],
    "exact": ["radius", "--pa", "0.6", "--pb", "0.1", "--classes", "3", "--scale", "1"],
    "direction": ["radius", "--pa", "0.9", "--direction", "1,1,0.5", "--scale", "1"],
    "check": ["check", "lam*log(p_a/(1 - p_a))"],
    "law": [
        *("law", "--delta-equal", "3072", "--norm", "3", "--scale", "1"),
        *("--cdf", "0", "--hockey-stick", "0.1", "--quantile", "0.9"),
    ],
    "rops": ["rops", "--x", "0.3", "--radius", "0.6"],
    "simulate": [
        *("simulate", "t", "--delta-equal", "3072", "--norm", "3", "--scale", "1"),
        *("--samples", "1000000", "--event", "below:0", "above:0.1", "worst:0.9"),
        *("--backend", "numba"),
    ],
    "audit": [
        *("audit", "docs/made_log.tsv", "--noise", "gaussian", "--sigma", "0.5"),
        *("--n", "10000", "--alpha", "0.001", "--radii", "0,0.5,1,1.5"),
    ],
    "plan": ["plan", "--radius", "2", "--scale", "1", "--alpha", "0.001", "--pa", "0.99"],
    "counts": [
        *("radius", "--counts", "99000,600,400", "--alpha", "0.001", "--bonferroni"),
        *("--scale", "1"),
    ],
    "tightness": ["tightness", "--pa", "0.9", "--dim", "3072", "--backend", "numba"],
}
#: the table of figures, by the first line of each module
FIGURES = "figures"
#: what `l1cert demo` printed when docs/make_demo.py last ran it
DEMO = "demo"
PRINTED = Path(__file__).resolve().with_name("demo.txt")
#: blocks of `make bench`, by the names of its results
MEASURED = {f"bench-{name}": name for name in ("sampling", "law", "audit", "certification")}
#: the blocks that need no run of `l1cert verify`
QUICK = (*COMMANDS, *MEASURED, FIGURES, DEMO)
#: a line of an output that no other run repeats
SPEED = re.compile(r"\n[^\n]*( a second|, [0-9.]+ s, [^\n]*)(?=\n|$)")


def main_output(report: Report) -> str:
    """What `l1cert verify` prints on a terminal of 100 columns."""
    lines = [part for result in report.results for part in folded(verdict_line(result), WIDTH)]
    return "\n".join(["$ l1cert verify", *lines, *folded(tally(report.results), WIDTH)])


def command_output(arguments: list[str]) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "l1cert", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=README.parent,
    )
    return f"$ l1cert {shlex.join(arguments)}\n{SPEED.sub('', done.stdout.rstrip())}"


def blocks(report: Report) -> dict[str, str]:
    """Every generated block of the README by its name."""
    found = {"verdicts": markdown(report).rstrip(), "verify": _fenced(main_output(report))}
    return found | {name: quick_block(name) for name in QUICK}


def quick_block(name: str) -> str:
    """A block that needs no run of `l1cert verify`; ValueError for another."""
    if name in COMMANDS:
        return _fenced(command_output(COMMANDS[name]))
    if name in MEASURED:
        return measured(RESULTS, MEASURED[name])
    if name == FIGURES:
        return figures()
    if name == DEMO:
        return _fenced(PRINTED.read_text().rstrip())
    raise ValueError(f"block {name!r} is none of {', '.join(QUICK)}")


def figures() -> str:
    """Every figure with what its module says that it shows."""
    said = {name: figure_module(name).__doc__ for name in table.FIGURES}
    rows = [f"| `{name}` | {escaped(text.splitlines()[0])} |" for name, text in said.items()]
    return "\n".join(["| figure | what it shows |", "|---|---|", *rows])


def rewritten(text: str, report: Report) -> str:
    """The README with its blocks made anew; ValueError names a block that is not in it."""
    return replaced(text, blocks(report))


def replaced(text: str, made: dict[str, str]) -> str:
    """The text with these blocks in the place of its own."""
    for name, block in made.items():
        pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md has no block named {name!r}")
        text = pattern.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)
    return text


def _fenced(text: str) -> str:
    return f"```\n{text}\n```"


def main(names: list[str]) -> None:
    """Rewrite these blocks, or everything."""
    if names:
        made = {name: quick_block(name) for name in names}
        README.write_text(replaced(README.read_text(), made))
    else:
        report = verify(workers=available_processors())
        README.write_text(rewritten(README.read_text(), report))
        ERRATA.write_text(errata.markdown(report))
        LEDGER.write_text(expected.dumps(report))
    REPRODUCE.write_text(pages.before(expected.recorded()))


if __name__ == "__main__":
    main(sys.argv[1:])
