"""The command line that every benchmark has: measure, write the JSON, print the table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.report import markdown

RESULTS = Path(__file__).with_name("results")


def run(benchmark: str, measure: Callable[[bool], dict[str, Any]]) -> None:
    """Read the options, call measure(quick), and tell the result.

    A full run is written to `RESULTS`, named after the benchmark and the machine, or to --out; a
    quick one to --out alone.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{benchmark}")
    parser.add_argument("--quick", action="store_true", help="a minute or so; not for quoting")
    parser.add_argument("--out", type=Path, help="by default benchmarks/results/, if not --quick")
    options = parser.parse_args()
    found = measure(options.quick) | {"benchmark": benchmark, "quick": options.quick}
    out = options.out
    if out is None and not options.quick:
        out = RESULTS / f"{benchmark}_{machine.slug(found['provenance']['machine'])}.json"
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(found, indent=1) + "\n")
        say(f"written: {out}")
    print(markdown(found))


def say(text: str) -> None:
    """Tell what is being measured, beside the output."""
    print(text, file=sys.stderr, flush=True)
