"""Rewrite all that is generated from a run: `make readme`.

These are the blocks of README.md and of the pages below docs/, docs/errata.md, the ledger that
reproductions are held against, and REPRODUCE.md. A block stands between `<!-- begin NAME -->` and
`<!-- end NAME -->`, on the pages that `PLACES` names; tests compare everything with runs of their
own. `python docs/update_pages.py NAME...` rewrites those blocks alone, each of which has to be a
command's output or a table of measurements, and REPRODUCE.md: that takes seconds.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
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

ROOT = Path(__file__).resolve().parents[1]
ERRATA = ROOT / "docs" / "errata.md"
LEDGER = ROOT / "l1cert" / "reproduction" / expected.FILE
REPRODUCE = ROOT / pages.FILE
RESULTS = ROOT / "benchmarks" / "results"
WIDTH = 100
#: what the pages show is what a terminal of this width shows, without colours and progress bars
TERMINAL = {
    **{"TTY_COMPATIBLE": "1", "TERM": "dumb", "NO_COLOR": "1"},
    **{"COLUMNS": str(WIDTH), "LINES": "40"},
}
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
#: the pages on which each block stands
_THEORIST, _REVIEWER = "docs/how-to/theorist.md", "docs/how-to/reviewer.md"
_EXPERIMENTER, _REPRODUCIBILITY = "docs/how-to/experimenter.md", "docs/reproducibility.md"
PLACES: Mapping[str, tuple[str, ...]] = {
    "verdicts": ("README.md",),
    "verify": ("README.md",),
    "help": ("README.md",),
    "radius": ("README.md", "docs/tour.md"),
    "check": (_THEORIST,),
    "exact": (_THEORIST,),
    "direction": (_THEORIST,),
    "law": (_THEORIST,),
    "bench-law": (_THEORIST,),
    "audit": (_REVIEWER,),
    "bench-audit": (_REVIEWER,),
    "tightness": (_REVIEWER,),
    "rops": (_REVIEWER,),
    FIGURES: (_REVIEWER,),
    DEMO: (_EXPERIMENTER,),
    "plan": (_EXPERIMENTER,),
    "counts": (_EXPERIMENTER,),
    "bench-certification": (_EXPERIMENTER,),
    "simulate": (_REPRODUCIBILITY,),
    "bench-sampling": (_REPRODUCIBILITY,),
}
#: a line of an output that no other run repeats
SPEED = re.compile(r"\n[^\n]*( a second|, [0-9.]+ s, [^\n]*)(?=\n|$)")
#: what stands for such lines
LEFT_OUT = "\n..."


def main_output(report: Report) -> str:
    """What `l1cert verify` prints on a terminal of 100 columns."""
    lines = [part for result in report.results for part in folded(verdict_line(result), WIDTH)]
    return "\n".join(["$ l1cert verify", *lines, *folded(tally(report.results), WIDTH)])


def command_output(arguments: list[str]) -> str:
    """What a command prints, with three dots for a line that no other run repeats."""
    done = subprocess.run(
        [sys.executable, "-m", "l1cert", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **TERMINAL},
    )
    return f"{command_line(arguments)}\n{SPEED.sub(LEFT_OUT, done.stdout.rstrip())}"


def command_line(arguments: list[str]) -> str:
    """The first line of a command's block."""
    return f"$ l1cert {shlex.join(arguments)}"


def blocks(report: Report, *, commands: bool = True) -> dict[str, str]:
    """Every generated block by its name; without those of commands where nobody wants them."""
    found = {"verdicts": markdown(report).rstrip(), "verify": _fenced(main_output(report))}
    names = [name for name in QUICK if commands or name not in COMMANDS]
    return found | {name: quick_block(name) for name in names}


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


def rewritten(made: Mapping[str, str], root: Path = ROOT) -> dict[Path, str]:
    """Every page that shows one of these blocks, with them made anew."""
    named = dict.fromkeys(page for name in made for page in PLACES[name])
    return {root / page: replaced((root / page).read_text(), made, page=page) for page in named}


def replaced(text: str, made: Mapping[str, str], *, page: str) -> str:
    """The text of a page with its blocks among these in the place of its own.

    ValueError names a block that should stand on the page and does not.
    """
    for name, block in made.items():
        if page not in PLACES[name]:
            continue
        pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"{page} has no block named {name!r}")
        text = pattern.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)
    return text


def _fenced(text: str) -> str:
    return f"```console\n{text}\n```"


def _write(made: Iterable[tuple[Path, str]]) -> None:
    for path, text in made:
        path.write_text(text)


def main(names: list[str]) -> None:
    """Rewrite these blocks, or everything."""
    if names:
        _write(rewritten({name: quick_block(name) for name in names}).items())
    else:
        report = verify(workers=available_processors())
        _write(rewritten(blocks(report)).items())
        ERRATA.write_text(errata.markdown(report))
        LEDGER.write_text(expected.dumps(report))
    REPRODUCE.write_text(pages.before(expected.recorded()))


if __name__ == "__main__":
    main(sys.argv[1:])
