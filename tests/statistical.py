"""Tests that a correct program may fail by chance: their rates, their sum, and fresh seeds.

Where a test judges random draws, a correct program fails it for some seeds. The test says so:

    @pytest.mark.statistical(false_fail=1e-9, reason="exact binomial test at that level")
    def test_the_law(fresh):
        assert p_value(draws(seed=fresh(12))) > 1e-9

``false_fail`` is an upper bound, proven and not estimated, of the probability that a correct
program fails the test when the test's seeds are drawn afresh; a test with several assertions has
the sum of their rates, whether they are independent or not. Each case of a parametrised test
counts. The rates of the whole suite add up to at most `BUDGET`, or the suite is not run.

``fresh(written)`` is the written seed. Where the environment names repetitions,
``L1CERT_REPETITIONS=3`` or ``1-20``, the test runs once in each, and ``fresh(written)`` is 64 bits
of SHA-256 of the repetition, the test's name and the written seed: another one for every
repetition, test and written seed, and the same one again when the repetition is run again.
``make test-repeated`` runs a hundred of them.

Only the standard library and pytest are imported: a machine with a GPU may have little else.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

#: of all rates together; see `docs/suite_statistics.md`
BUDGET = 1e-6

#: the repetitions that seeds are drawn for, and the file that the outcomes are written to
REPETITIONS, OUTCOMES = "L1CERT_REPETITIONS", "L1CERT_OUTCOMES"

#: the property of a report that holds the test's name and repetition
_SEEN = "statistical"

#: tests with these marks are run by other commands than `make test`
RARE = ("slow", "nightly", "gpu")

#: of this process: what tests declare, and what became of them
_declared: dict[str, dict[str, Any]] = {}
_seen: list[dict[str, Any]] = []


def repetitions() -> range:
    """The repetitions that the environment names; none where it names none.

    Raises
    ------
    pytest.UsageError
        Where it names what is neither k nor i-k with 1 <= i <= k.
    """
    text = os.environ.get(REPETITIONS)
    if text is None:
        return range(0)
    first, dash, last = text.partition("-")
    ends = (first, last) if dash else (first, first)
    if all(one.isascii() and one.isdigit() for one in ends) and 1 <= int(first) <= int(ends[1]):
        return range(int(first), int(ends[1]) + 1)
    raise pytest.UsageError(f"{REPETITIONS} = {text!r} is outside k or i-k, 1 <= i <= k")


def fresh_seed(written: int, *, test: str, repetition: int) -> int:
    """The seed of a test in a repetition; the written one in repetition 0.

    >>> fresh_seed(7, test="tests/test_law.py::test_one", repetition=0)
    7
    >>> fresh_seed(7, test="tests/test_law.py::test_one", repetition=1)
    6626305429764581825
    """
    if repetition == 0:
        return written
    named = f"{repetition}\n{test}\n{written}".encode()
    return int.from_bytes(hashlib.sha256(named).digest()[:8], "big")


def in_every_repetition(name: str, number: int) -> str:
    """The name of a test without the repetition that it runs in.

    >>> in_every_repetition("test_law.py::test_one[repetition12]", 12)
    'test_law.py::test_one'
    >>> in_every_repetition("test_law.py::test_one[3-repetition12-x]", 12)
    'test_law.py::test_one[3-x]'
    """
    test, bracket, case = name.partition("[")
    kept = [one for one in case.removesuffix("]").split("-") if one != f"repetition{number}"]
    return f"{test}[{'-'.join(kept)}]" if bracket and any(kept) else test


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """The written seed in an ordinary run, one of its own in every repetition."""
    if rate_of(request.node) is None:
        pytest.fail("the fixture `fresh` is for tests that are marked statistical", pytrace=False)
    number = getattr(request, "param", 0)
    test = in_every_repetition(request.node.nodeid, number)
    return lambda written: fresh_seed(written, test=test, repetition=number)


def rate_of(item: pytest.Item) -> float | None:
    """The declared rate of a test, or None where it declares none.

    Raises
    ------
    pytest.UsageError
        Where the marker has no rate in (0, 1) or no reason, or the test takes no fresh seed.
    """
    marker = item.get_closest_marker("statistical")
    if marker is None:
        return None
    rate, reason = marker.kwargs.get("false_fail"), marker.kwargs.get("reason")
    if marker.args or set(marker.kwargs) != {"false_fail", "reason"}:
        raise pytest.UsageError(f"{item.nodeid}: statistical() takes false_fail= and reason= alone")
    if not (isinstance(rate, float) and 0 < rate < 1):
        raise pytest.UsageError(f"{item.nodeid}: false_fail = {rate!r} is outside (0, 1)")
    if not (isinstance(reason, str) and reason.strip()):
        raise pytest.UsageError(f"{item.nodeid}: reason = {reason!r} is no reason")
    if "fresh" not in getattr(item, "fixturenames", ()):
        raise pytest.UsageError(f"{item.nodeid} is marked statistical and takes no fixture `fresh`")
    return rate


def within_budget(rates: Iterable[tuple[str, float]]) -> float:
    """The sum of the rates of named tests, which has to be at most `BUDGET`.

    Raises
    ------
    pytest.UsageError
        Where it is not, with the largest of them.
    """
    listed = sorted(rates, key=lambda one: -one[1])
    total = math.fsum(rate for _, rate in listed)
    if total > BUDGET:
        largest = ", ".join(f"{name} ({rate:.3g})" for name, rate in listed[:3])
        raise pytest.UsageError(
            f"the declared false-fail rates of {len(listed)} tests add up to {total:.3g}, "
            f"over {BUDGET:g}: {largest}, ..."
        )
    return total


# --- what pytest calls, through tests/conftest.py -------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes fresh seeds once in each of the repetitions."""
    if (chosen := repetitions()) and "fresh" in metafunc.fixturenames:
        names = [f"repetition{number}" for number in chosen]
        metafunc.parametrize("fresh", chosen, indirect=True, ids=names)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add up the rates of all that was collected, before any of it is left out."""
    try:
        repetitions()  # a name that is none is said before anything runs
        for item in items:
            _declare(item)
        within_budget((test, one["rate"]) for test, one in _declared.items())
    except pytest.UsageError as error:
        for item in items[:1]:  # of what a worker of xdist raises, the words are lost
            item.session.shouldfail = str(error)
        raise


def _declare(item: pytest.Item) -> None:
    """Note the rate of a test, and what its report will be known by."""
    if (rate := rate_of(item)) is not None:
        number = item.callspec.params.get("fresh", 0) if hasattr(item, "callspec") else 0
        test = in_every_repetition(item.nodeid, number)
        kinds = [one for one in RARE if item.get_closest_marker(one)]
        _declared[test] = {"rate": rate, "kinds": kinds}
        item.user_properties.append((_SEEN, (test, number)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a statistical test, in the process that reports."""
    found = dict(report.user_properties).get(_SEEN)
    if found is not None and (report.when == "call" or not report.passed):
        test, number = found
        _seen.append({"test": test, "repetition": number, "outcome": report.outcome})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write rates and outcomes to the file that the environment names, whole or not at all."""
    path = os.environ.get(OUTCOMES)
    if path is None or hasattr(session.config, "workerinput"):
        return
    written = Path(path).with_suffix(".part")
    written.write_text(json.dumps({"declared": _declared, "seen": _seen}, indent=1) + "\n")
    written.replace(path)
