"""The result of a run: read from what the tool left, kept as JSON, told on a page."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
RESULT, PAGE = ROOT / "docs" / "mutation.json", ROOT / "docs" / "mutation.md"
EXPLANATIONS = Path(__file__).with_name("explanations.json")
LEAST_SCORE = 0.9

SURVIVED, KILLED = {0, 5, 33}, {1, 3}  # 5 and 33: no test reaches the function
TIMED_OUT = {-24, 24, 36, 152, 255}  # the processor time or the time ran out
NOT_TESTED = {2, 4, 34}  # interrupted, no such test, left out: nobody has noticed anything

Result = dict[str, Any]


class Change(NamedTuple):
    """What a mutant changed: the identity of a survivor, whatever its number."""

    module: str
    function: str
    before: str
    after: str


class Explanation(NamedTuple):
    """Why a survivor is no gap in the tests, or why the gap is left."""

    equivalent: bool  # no test can see it, as nothing that is promised changes
    why: str


def module_result(mutated: Path, module: str) -> tuple[Result, Counter[Change]]:
    """The numbers of one module and its survivors, from the folder of the mutated tree.

    Raises ValueError where a mutant was not run.
    """
    codes = json.loads((mutated / f"{module}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    if None in codes.values():
        raise ValueError(f"{module}: {list(codes.values()).count(None)} mutants were not run yet")
    found = Counter(map(outcome, codes.values()))
    survivors = Counter(
        change(mutated, module, name) for name, code in codes.items() if code in SURVIVED
    )
    kinds = ("killed", "timeouts", "crashed", "survived")
    numbers = {kind: found[kind] for kind in kinds}
    return {"module": module, "mutants": len(codes)} | numbers, survivors


def outcome(code: int) -> str:
    """What became of a mutant, by the exit code of its tests.

    Raises ValueError for a mutant that no test has met to its end.

    >>> [outcome(code) for code in (0, 1, 36, -11)]
    ['survived', 'killed', 'timeouts', 'crashed']
    """
    if code in NOT_TESTED:
        raise ValueError(f"exit code {code}: the tests of a mutant were not run to their end")
    if code in SURVIVED:
        return "survived"
    return "killed" if code in KILLED else "timeouts" if code in TIMED_OUT else "crashed"


def change(mutated: Path, module: str, name: str) -> Change:
    """The change that the mutant of this name makes to the lines of its function."""
    spans = json.loads((mutated / f"{module}.spans").read_text(encoding="utf-8"))["spans"]
    lines = (mutated / module).read_text(encoding="utf-8").splitlines()
    mutant = name.rpartition(".")[2]
    plain = mutant.partition("__mutmut_")[0]
    function = plain.removeprefix("x_") if plain.startswith("x_") else plain[2:].replace("ǁ", ".")
    own = function.rpartition(".")[2]
    texts = []
    for copy in (f"{plain}__mutmut_orig", mutant):
        first, last = spans[copy]
        texts.append([one.strip().replace(copy, own) for one in lines[first - 1 : last]])
    before, after = changed_lines(*texts)
    return Change(module, function, before, after)


def changed_lines(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The lines that differ, joined.

    >>> changed_lines(["a = 1", "b = 2"], ["a = 1", "b = 3"])
    ('b = 2', 'b = 3')
    """
    steps = list(difflib.ndiff(before, after))
    return tuple(  # type: ignore[return-value]
        " ".join(step[2:] for step in steps if step.startswith(sign)) for sign in "-+"
    )


def survivors_of(result: Result) -> Iterator[tuple[Change, int]]:
    """Each survivor of a stored result, with how many mutants make this change."""
    for one in result["survivors"]:
        yield Change(one["module"], one["function"], one["before"], one["after"]), one["number"]


def explanations() -> dict[Change, Explanation]:
    """The explanations by what they explain.

    Raises ValueError where one change is explained twice.
    """
    found: dict[Change, Explanation] = {}
    for one in json.loads(EXPLANATIONS.read_text(encoding="utf-8")):
        for after in one["after"]:
            key = Change(one["module"], one["function"], one["before"], after)
            if key in found:
                raise ValueError(f"{key} is explained twice")
            found[key] = Explanation(one["equivalent"], one["why"])
    return found


def score(numbers: Mapping[str, int]) -> float:
    """The share of mutants that the tests noticed: by a failure, a crash, or by not ending.

    >>> score({"mutants": 20, "survived": 2})
    0.9
    """
    return 1 - numbers["survived"] / numbers["mutants"]


def totals(result: Result) -> dict[str, int]:
    """The numbers of all modules together."""
    keys = ("mutants", "killed", "timeouts", "crashed", "survived")
    return {key: sum(one[key] for one in result["modules"]) for key in keys}


def page(result: Result, known: Mapping[Change, Explanation]) -> str:
    """The page in Markdown: the numbers, then every survivor with its explanation."""
    both = totals(result)
    equivalent = sum(n for one, n in survivors_of(result) if one in known and known[one].equivalent)
    run_on = f"commit `{result['commit'][:12]}`"
    if result["changed"]:
        run_on += f" with changes to {len(result['changed'])} files (see `mutation.json`)"
    lines = [
        "# Mutation testing of theory/",
        "",
        "Written by `make test-mutation` into this page and `mutation.json`; do not edit it.",
        "",
        "A mutant is the source with one small fault put in on purpose: a sign, a comparison, a",
        "constant, an argument, a text. It is killed where a test fails on it. Mutated are the",
        "functions, methods and properties of the modules below; docstrings, annotations,",
        "decorators and constants at the top of a module are not. Each mutant meets the tests",
        "of `tests/mutation/modules.py` that reach its function, up to the first failure.",
        "",
        f"{result['tool']}, Python {result['python']}, {run_on};",
        f"{result['minutes']} minutes with {result['workers']} processes.",
        "",
        "| Module | Mutants | Killed | Out of time | Crashed | Survived | Score |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(f"`{one['module']}`", one) for one in result["modules"]),
        _row("together", both),
        "",
        f"**Score: {_percent(score(both))}** ({_percent(LEAST_SCORE)} is asked for), where every",
        "survivor counts against it. Out of time and crashed count as noticed.",
        f"{equivalent} of the {both['survived']} survivors are equivalent: nothing that is",
        "promised changes, so that no test could tell. Of all mutants but these",
        f"{_percent(_without(both, equivalent))} are noticed.",
        "",
        "## Survivors",
        "",
    ]
    for place, one in enumerate(sorted(survivors_of(result)), start=1):
        lines += _survivor(place, *one, known)
    return "\n".join(lines).rstrip("\n") + "\n"


def _without(numbers: Mapping[str, int], equivalent: int) -> float:
    return score({key: numbers[key] - equivalent for key in ("mutants", "survived")})


def _row(name: str, one: Mapping[str, Any]) -> str:
    keys = ("mutants", "killed", "timeouts", "crashed", "survived")
    return f"| {name} | {' | '.join(str(one[key]) for key in keys)} | {_percent(score(one))} |"


def _percent(share: float) -> str:
    """A percentage rounded down, so that 90.0 % is 90 % or more.

    >>> _percent(0.89999), _percent(1.0)
    ('89.9 %', '100.0 %')
    """
    return f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def _survivor(
    place: int, one: Change, number: int, known: Mapping[Change, Explanation]
) -> list[str]:
    explained = known.get(one)
    label, why = "**unexplained**", ""
    if explained is not None:
        label = "equivalent" if explained.equivalent else "not seen by a test"
        why = explained.why
    times = f", {number} mutants" if number > 1 else ""
    return [
        f"{place}. `{one.module}`, `{one.function}` ({label}{times}). {why}".rstrip(),
        "",
        "   ```diff",
        f"   - {one.before}",
        f"   + {one.after}",
        "   ```",
        "",
    ]
