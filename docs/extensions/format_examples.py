"""The directive `example NAME`: a file as the program writes it, made when the pages are built.

Lists and texts are cut for the page, where "..." stands; nothing else is edited.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from figures.data import to_csv
from figures.table import figure_module
from l1cert.audit.run import audit_log
from l1cert.certification import log
from l1cert.certification.bounds import Certifier
from l1cert.certification.journal import Journal
from l1cert.certification.points import Point, Row
from l1cert.certification.settings import Settings
from l1cert.certification.summary import results
from l1cert.provenance import provenance
from l1cert.reproduction.expected import dumps
from l1cert.reproduction.running import reproduce
from l1cert.simulation import simulate_t
from l1cert.verification import verify

HERE = Path(__file__).resolve().parents[1]

_CUT = "..."
_LONGEST_TEXT = 60


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("example", Example)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Example(Directive):
    """One of `EXAMPLES` as a block of code."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The block; an unknown name is an error that lists the legal ones."""
        name = self.arguments[0]
        if name not in EXAMPLES:
            raise self.error(f"example {name!r} is none of {', '.join(EXAMPLES)}")
        text, language = EXAMPLES[name]()
        return [nodes.literal_block(text, text, language=language)]


def cut(value: Any, most: int = 2) -> Any:
    """JSON with its lists and texts cut to a length that a page can hold.

    >>> cut({"counts": [1, 2, 3, 4]})
    {'counts': [1, 2, '...']}
    """
    if isinstance(value, Mapping):
        return {key: cut(one, most) for key, one in value.items()}
    if isinstance(value, list | tuple):
        rest = [_CUT] if len(value) > most else []
        return [cut(one, most) for one in value[:most]] + rest
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[: _LONGEST_TEXT - len(_CUT)] + _CUT
    return value


def _json(value: Any, most: int = 2) -> tuple[str, str]:
    return json.dumps(cut(value, most), indent=1), "json"


def _lines(text: str, most: int = 8, width: int = 96) -> str:
    kept = [one if len(one) <= width else one[: width - 3] + _CUT for one in text.splitlines()]
    return "\n".join(kept[:most] + ([_CUT] if len(kept) > most else []))


@lru_cache(maxsize=1)
def verified() -> dict[str, Any]:
    """The report of a small run of `l1cert verify`."""
    return verify(["theorem_2"], num_samples=1000).as_json()


@lru_cache(maxsize=1)
def counts_file() -> str:
    """The file of a small run of `l1cert simulate t`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "run.json")
        chosen: dict[str, Any] = {"events": ["atom+", "worst:0.9"], "backend": "numpy", "out": out}
        simulate_t([1, "0.5"], scale=1, num_samples=1000, seed=1, **chosen)
        return out.read_text(encoding="ascii")


SETTINGS = Settings(noise="gaussian", sigma="0.5", n=1000, n0=10)


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Two rows of a certification, from votes that were made up."""
    certifier = Certifier(SETTINGS, 2)
    points = [Point(0, 1, 1, (0, 10), (4, 996), 0.25), Point(1, 0, 1, (3, 7), (480, 520), 0.25)]
    return tuple(certifier.row(point) for point in points)


@lru_cache(maxsize=1)
def journal() -> str:
    """A journal with one point."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.tsv.journal")
        with Journal(path, {"settings": SETTINGS.as_json()}) as found:
            found.append({**rows()[0].point.as_json(), "input": "0" * 64})
        return path.read_text(encoding="ascii")


def figure() -> str:
    """The CSV of a figure."""
    return to_csv(figure_module("figure_06_methods").compute(num_points=10), provenance())


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    """The manifest of a reproduction of one step."""
    with tempfile.TemporaryDirectory() as folder:
        return reproduce(folder, names=["rops_origin"], workers=1).as_json()


@lru_cache(maxsize=1)
def ledger() -> dict[str, Any]:
    """What the ledger stores of a run."""
    found = verify(["figure_6_always_largest"], num_samples=1000)
    stored: dict[str, Any] = json.loads(dumps(found))
    return stored


@lru_cache(maxsize=1)
def audited() -> dict[str, Any]:
    """The audit of the log that the README shows."""
    stated: dict[str, Any] = {"noise": "gaussian", "sigma": "0.5", "num_samples": 10_000}
    report = audit_log(HERE / "made_log.tsv", **stated, alpha="0.001", samples=0)
    return report.as_json() | {"path": "made_log.tsv"}


def _counts() -> tuple[str, str]:
    first, *rest = counts_file().splitlines()
    shown = cut(json.loads(first + "".join(rest)), 3)
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in shown.items()]
    return "{" + ",\n".join(lines) + "}", "json"


#: by name: the text and its language
EXAMPLES: Mapping[str, Callable[[], tuple[str, str]]] = {
    "verify": lambda: _json(verified(), 1),
    "ledger": lambda: _json(ledger(), 2),
    "counts": _counts,
    "log": lambda: (log.text(rows()).rstrip(), "text"),
    "record": lambda: _json({**log.stated(SETTINGS), "results": results(rows())}, 4),
    "journal": lambda: (_lines(journal(), width=400), "text"),
    "figure": lambda: (_lines(figure(), most=14, width=120), "text"),
    "manifest": lambda: _json(manifest(), 2),
}

#: by name: what the tables of the page have to name
KEYS: Mapping[str, Callable[[], Iterable[str]]] = {
    "provenance": provenance,
    "verify": verified,
    "verify claim": lambda: verified()["claims"][0],
    "verify evidence": lambda: verified()["claims"][0]["evidence"][0],
    "manifest": manifest,
    "manifest outcome": lambda: manifest()["outcomes"][0],
    "counts": lambda: json.loads(counts_file()),
    "counts run": lambda: json.loads(counts_file())["run"],
    "counts tally": lambda: json.loads(counts_file())["tally"],
    "log": lambda: [*log.text(rows()).splitlines()[0].split("\t"), "steps", "outcome"],
    "record": lambda: [*log.stated(SETTINGS), *log.OWN],
    "journal": lambda: json.loads(journal().splitlines()[1].partition(" ")[2]),
    "figure": lambda: from_header(figure()),
    "audit": audited,
}


def from_header(text: str) -> list[str]:
    """The keys of the lines above a figure's table."""
    lines = [one for one in text.splitlines() if one.startswith("# ")]
    return [one[2:].partition(": ")[0] for one in lines]
