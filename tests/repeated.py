"""Runs the statistical tests again and again with fresh seeds, and writes down what was seen.

    python -m tests.repeated --repetitions 100 --workers 2

``make test-repeated`` calls it. Repetitions run in stretches, whose outcomes are kept under
``build/repeated``, in a folder of their own for every state of the sources: what was interrupted
goes on where it stopped, and a change begins anew. When all of them are there,
``docs/suite_statistics.json`` and the page made from it are written.

It exits with 0 where no test failed, with 1 where one did, which is a fault or a rate that is none,
with 2 where the tests could not be run, and with 130 where it was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from l1cert.provenance import provenance
from tests.repeated_page import DATA, PAGE, markdown
from tests.statistical import BUDGET, OUTCOMES, REPETITIONS
from theory.confidence import upper

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("benchmarks", "figures", "l1cert", "simulations", "tests", "theory")
#: what is repeated: the statistical tests of `make test`
SELECTION = "statistical and not slow and not nightly and not gpu"
#: repetitions that one process runs, which share what it has loaded and compiled
STRETCH = 10
#: of the bound of the share of repetitions with a failure
LEVEL = 0.05

Outcomes = dict[str, Any]


class BrokenRunError(Exception):
    """The tests could not be run, or not all of them."""


def sources_digest(root: Path) -> str:
    """SHA-256 of the names and contents of all Python and kernel sources, and of the settings."""
    digest = hashlib.sha256()
    files = [path for name in FOLDERS for path in (root / name).rglob("*") if path.is_file()]
    kept = [path for path in files if path.suffix in (".py", ".cu", ".cuh", ".json")]
    for path in sorted([*kept, root / "pyproject.toml", root / "constraints.txt"]):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def modules(root: Path) -> list[str]:
    """The test modules that declare a rate: the others need not be imported."""
    found = sorted((root / "tests").glob("test_*/test_*.py"))
    marked = [path for path in found if "mark.statistical" in path.read_text(encoding="utf-8")]
    return [path.relative_to(root).as_posix() for path in marked]


def stretches(repetitions: int, length: int = STRETCH) -> list[tuple[int, int]]:
    """The repetitions 1, ..., n in stretches of that length; the last one may be shorter.

    >>> stretches(25)
    [(1, 10), (11, 20), (21, 25)]
    """
    starts = range(1, repetitions + 1, length)
    return [(start, min(start + length - 1, repetitions)) for start in starts]


def run_pytest(root: Path, out: Path, arguments: Sequence[str], **environment: str) -> Outcomes:
    """Run pytest on the modules, and return what the hooks of `tests.statistical` wrote.

    Raises
    ------
    BrokenRunError
        Where pytest did not come to its end, with the last lines that it said.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-o", "addopts=--strict-config --strict-markers", *arguments, *modules(root)]
    given = {**os.environ, OUTCOMES: str(out), **environment}
    process = subprocess.Popen(
        command, cwd=root, env=given, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        said, _ = process.communicate()
    except BaseException:  # an interrupt: the stretch is not kept
        process.terminate()
        process.wait()
        out.unlink(missing_ok=True)
        raise
    if process.returncode not in (0, 1) or not out.exists():
        out.unlink(missing_ok=True)
        raise BrokenRunError("\n".join(said.splitlines()[-20:]))
    return json.loads(out.read_text(encoding="utf-8"))


def repeated(root: Path, folder: Path, repetitions: int, workers: int) -> list[Outcomes]:
    """The outcomes of all stretches: those that are there already, and the others run now."""
    found = []
    for first, last in stretches(repetitions):
        kept, started = folder / f"{first}-{last}.json", time.monotonic()
        if kept.exists():
            outcomes = json.loads(kept.read_text(encoding="utf-8"))
        else:
            given = {REPETITIONS: f"{first}-{last}"}
            arguments = ["-m", SELECTION, "-n", str(workers)]
            running = folder / "running.json"
            outcomes = run_pytest(root, running, arguments, **given)
            outcomes["seconds"] = round(time.monotonic() - started, 1)
            running.write_text(json.dumps(outcomes, indent=1) + "\n", encoding="utf-8")
            running.replace(kept)  # whole, or not there
        failed = sum(one["outcome"] == "failed" for one in outcomes["seen"])
        print(
            f"repetitions {first}-{last} of {repetitions}: {len(outcomes['seen'])} runs of tests, "
            f"{failed} failed, {outcomes['seconds']:.0f} s",
            flush=True,
        )
        found.append(outcomes)
    return found


def function_of(test: str) -> str:
    """The test function of a case.

    >>> function_of("tests/test_law.py::test_one[3-x]")
    'tests/test_law.py::test_one'
    """
    return test.partition("[")[0]


def result(declared: dict[str, Any], stretches: Sequence[Outcomes], repetitions: int) -> Outcomes:
    """What was declared and what was seen, by test function.

    Raises
    ------
    BrokenRunError
        Where a test did not run exactly once in each of the repetitions.
    """
    seen = [one for outcomes in stretches for one in outcomes["seen"]]
    expected = {test for test, one in declared.items() if not one["kinds"]}
    for number in range(1, repetitions + 1):
        ran = [one["test"] for one in seen if one["repetition"] == number]
        if len(ran) != len(expected) or set(ran) != expected:
            odd = sorted(expected.symmetric_difference(ran))[:3] or ["a test twice"]
            raise BrokenRunError(f"repetition {number} ran {len(ran)} tests: {', '.join(odd)}")
    tests: dict[str, Outcomes] = {}
    for test, one in sorted(declared.items()):
        row = tests.setdefault(
            function_of(test),
            {"cases": 0, "repeated": 0, "rate": 0.0, "passed": 0, "failed": 0, "skipped": 0},
        )
        row["cases"] += 1
        row["repeated"] += test in expected
        row["rate"] += one["rate"]
    for one in seen:
        tests[function_of(one["test"])][one["outcome"]] += 1
    failures = [one for one in seen if one["outcome"] == "failed"]
    bad = len({one["repetition"] for one in failures})
    return {
        "budget": BUDGET,
        "rate": sum(one["rate"] for one in declared.values()),
        "rate_repeated": sum(declared[test]["rate"] for test in expected),
        "cases": len(declared),
        "cases_repeated": len(expected),
        "repetitions": repetitions,
        "selection": SELECTION,
        "runs": sum(one["outcome"] != "skipped" for one in seen),
        "failures": [{"test": one["test"], "repetition": one["repetition"]} for one in failures],
        "repetitions_with_failures": bad,
        "level": LEVEL,
        "share_at_most": upper(bad, repetitions, alpha=LEVEL),
        "tests": tests,
    }


def origin(root: Path, digest: str) -> Outcomes:
    """The commit, whether the tree is that of the commit, and what it ran with."""

    def git(*arguments: str) -> str | None:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    changed = git("status", "--porcelain")
    given = provenance()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": git("rev-parse", "HEAD"),
        "tree": "unknown" if changed is None else "dirty" if changed else "clean",
        "sources": digest,
        "python": platform.python_version(),
        "libraries": given["libraries"],
        "machine": given["machine"],
    }


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run what is missing, write the result and its page; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.repeated", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", action="store_true", help="only write the page again")
    asked = parser.parse_args(arguments)
    if asked.repetitions < 1 or asked.workers < 0:
        parser.error("repetitions has to be at least 1, workers at least 0")
    if asked.page:
        found = json.loads((root / DATA).read_text(encoding="utf-8"))
        (root / PAGE).write_text(markdown(found), encoding="utf-8")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops as an interrupt does
    digest = sources_digest(root)
    folder = root / "build" / "repeated" / digest[:16]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        declared = run_pytest(root, folder / "declared.json", ["--collect-only"])["declared"]
        runs = repeated(root, folder, asked.repetitions, asked.workers)
        if sources_digest(root) != digest:
            raise BrokenRunError("the sources changed while their tests ran: run it again")
        outcome = origin(root, digest) | result(declared, runs, asked.repetitions)
    except BrokenRunError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
    outcome["seconds"] = round(sum(one["seconds"] for one in runs))
    outcome["workers"] = asked.workers
    (root / DATA).write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    (root / PAGE).write_text(markdown(outcome), encoding="utf-8")
    print(
        f"{outcome['runs']} runs in {asked.repetitions} repetitions, {len(outcome['failures'])} "
        f"failed; {DATA} and {PAGE} are written"
    )
    for one in outcome["failures"]:
        print(f"failed in repetition {one['repetition']}: {one['test']}")
    return 1 if outcome["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
