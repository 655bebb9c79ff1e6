"""The page about the statistics of the test suite, from the file that `tests.repeated` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.test_statistics.survey import NO_DRAW, SURVEY

ROOT = Path(__file__).resolve().parents[1]
#: relative to the root of the repository
DATA, PAGE = "docs/suite_statistics.json", "docs/suite_statistics.md"
#: rows of the table of rates
LARGEST = 12

COUNTED = """\
A test that judges pseudo-random draws fails a correct program for some seeds. How often, over the
choice of its seeds, is its *false-fail rate*. A test of that kind is marked
`@pytest.mark.statistical(false_fail=..., reason=...)` and takes its seeds from the fixture `fresh`.
The rate is an upper bound that is derived and not measured: an exact binomial tail, Clopper and
Pearson's interval, the inequality of Hoeffding or that of Dvoretzky, Kiefer, Wolfowitz and Massart.
Normal approximations and chi-square tests are no bounds, and none is used there. A test that
asserts several things has the sum of their rates, by the union bound: nothing is taken to be
independent.
Where it also asserts that a mutant is seen, the probability that the mutant escapes is in the sum,
or the mutant has a seed of its own that does not change. What is assumed is that the words of
Philox4x32-10, and of NumPy's and torch's generators where a test uses them, are independent and
uniform.

pytest adds the rates up when it collects the tests and runs none of them where the sum exceeds the
budget. A marked test without a rate, a reason or a fresh seed is refused. A test module that shows
signs of draws (a generator, a seed, a function or a command that draws) outside marked tests and is
not in the survey (`tests/test_statistics/survey.py`) fails a test."""

BUDGETED = """\
Seeds are written down, so that a passing test stays one: the rate is that of the choice of the
seeds, which is made again when a seed, a stream or a generator changes. With a budget of {budget}
a hundred such choices of all seeds of the suite make a correct program fail with probability
{hundred} at most, so that a failure means a fault."""

REPEATED = """\
In repetition k every seed is replaced by 64 bits of SHA-256 of k, the test's name and the written
seed, so that tests and repetitions have seeds of their own, and each can be run again:
`L1CERT_REPETITIONS={repetitions} pytest -m "{selection}" tests`
runs the last one. `make test-repeated` ran the {cases_repeated} statistical tests of `make test` in
each of the repetitions 1, ..., {repetitions};
the other {others}, which are slow or nightly, have their rates in the sum and were not repeated.

| | |
| --- | --- |
| repetitions | {repetitions} |
| runs of tests | {runs}, and {skipped} that were skipped |
| failed | {failed} |
| sum of the rates over all runs, at most | {expected:.2g} |
| repetitions with a failure | {bad} of {repetitions} |
| their share, at most ({confidence:.0%} confidence, Clopper and Pearson) | {share:.2g} |
| commit | {commit} |
| tree | {tree} |
| SHA-256 of the sources | `{sources}` |
| date | {date} |
| Python, NumPy, SciPy, Numba | {versions} |
| time | {minutes:.0f} minutes with {workers} workers |

The repetitions are a check of the rates and not their source: {repetitions} of them bound the share
of failing ones by {share:.2g}, which is far above the sum that is derived. They would show a test
that passes with its written seed alone, and a sampler that is wrong for most seeds; a rate of 1e-5
in the place of 1e-9 they would not."""

PINNED = """\
Other tests that draw have no rate, are not in the sum and are not repeated. Where what is asserted
holds for every draw, a correct program cannot fail. Where the seed is pinned, the outcome is always
the same, but a change of the streams would draw it anew, and then a correct program fails some of
these tests with probabilities that are not small: they are looked at one by one when that happens.
"No failure by chance" is said of the statistical tests alone."""

REST = """\
Doctests that draw show the numbers of a written seed: they are pinned, too. Benchmarks measure, and
judge no draw. Hypothesis is not counted either: it looks for a counterexample, and where what is
asserted is true there is none to be found."""


def markdown(found: Mapping[str, Any]) -> str:
    """The page, whole.

    Parameters
    ----------
    found : what `tests.repeated` writes to `DATA`.
    """
    budget = found["budget"]
    parts = [
        "# Statistics of the test suite",
        "<!-- written by `make test-repeated`; edit tests/repeated_page.py -->",
        f"The declared false-fail rates of the {found['cases']} statistical tests add up to "
        f"**{found['rate']:.3g}**; the budget is {budget:g}.",
        "## What is counted",
        COUNTED,
        "## The budget",
        BUDGETED.format(budget=f"{budget:g}", hundred=f"{100 * budget:g}"),
        f"The {LARGEST} test functions with the largest sums:",
        _table(found["tests"]),
        "## Repeated with fresh seeds",
        _repeated(found),
        *_failures(found["failures"]),
        "## What is not counted",
        PINNED,
        _groups(),
        REST,
    ]
    return "\n\n".join(parts) + "\n"


def _repeated(found: Mapping[str, Any]) -> str:
    versions = [found["python"], *(found["libraries"][one] for one in ("numpy", "scipy", "numba"))]
    return REPEATED.format(
        repetitions=found["repetitions"],
        cases_repeated=found["cases_repeated"],
        others=found["cases"] - found["cases_repeated"],
        selection=found["selection"],
        runs=found["runs"],
        skipped=sum(row["skipped"] for row in found["tests"].values()),
        failed=len(found["failures"]),
        expected=found["repetitions"] * found["rate_repeated"],
        bad=found["repetitions_with_failures"],
        confidence=1 - found["level"],
        share=found["share_at_most"],
        commit=f"`{found['commit']}`" if found["commit"] else "none: no checkout",
        tree=_tree(found["tree"]),
        sources=found["sources"],
        date=found["date"],
        versions=", ".join(versions),
        minutes=found["seconds"] / 60,
        workers=found["workers"],
    )


def _tree(said: str) -> str:
    return {
        "clean": "clean: the sources are those of the commit",
        "dirty": "dirty: the sources are not those of the commit",
    }.get(said, said)


def _table(tests: Mapping[str, Mapping[str, Any]]) -> str:
    rows = sorted(tests.items(), key=lambda one: (-one[1]["rate"], one[0]))[:LARGEST]
    lines = ["| test | cases | sum of the rates |", "| --- | --- | --- |"]
    for name, row in rows:
        module, _, function = name.partition("::")
        lines.append(
            f"| `{Path(module).name}`, `{function}` | {row['cases']} | {row['rate']:.2g} |"
        )
    return "\n".join(lines)


def _failures(failures: Sequence[Mapping[str, Any]]) -> list[str]:
    if not failures:
        return []
    lines = [f"- `{one['test']}`, repetition {one['repetition']}" for one in failures]
    return ["**Failed, which is a fault or a rate that is none:**", "\n".join(lines)]


def _groups() -> str:
    lines = [f"- *{group.kind}*: {group.reason}" for group in SURVEY if group.kind != NO_DRAW]
    return "\n".join(lines)
