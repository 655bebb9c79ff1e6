"""Commands killed at any moment: what they leave is old, or new, or lets the next call go on.

One table, of every command that writes; `commands_killing.Killer` kills at the n-th call that
writes, which is every moment that can matter to a file, and at random moments, which are stated.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from simulations.checkpoint import read
from tests.test_hardening.commands_disk import Disk
from tests.test_hardening.commands_harness import run
from tests.test_hardening.commands_killing import Killer
from tests.test_hardening.commands_outputs import WRITERS, essences, is_temporary

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

SEED = 20261123


class Case(NamedTuple):
    """How a command starts, how it goes on, and what it may leave besides whole files."""

    start: str
    #: what is added to the same call to go on
    more: str = ""
    #: whether a file is a part of the work that can be gone on with, by its name; None: no file is
    part: Callable[[Path], bool] | None = None


def _is_state(path: Path) -> bool:
    from simulations.classifier.training_state import read_progress

    return path.name == "new.state" and read_progress(path)[1] > 0


CASES = {words: Case(call) for words, (call, _) in WRITERS.items()} | {
    ("simulate", "t"): Case(
        WRITERS["simulate", "t"][0], part=lambda path: read(path).covered <= 1000
    ),
    ("train",): Case("--epochs 3 --seed 1 --threads 1 --out OUT", "--resume", _is_state),
    ("certify",): Case(WRITERS[("certify",)][0], part=lambda path: path.name == "new.journal"),
    ("reproduce",): Case(
        "rops_origin rops_line --quick --workers 2 --out OUT",
        part=lambda path: path.suffix in {".json", ".md"},
    ),
    ("demo",): Case(WRITERS[("demo",)][0], part=lambda path: True),
}

#: killed at every call and at random moments by the ordinary run, too
ASKED = [("simulate", "t"), ("train",), ("certify",), ("merge",), ("agreement",)]
#: with processes of their own, or of a minute
LONG = {("demo",), ("reproduce",), ("report",), ("verify",)}


class Whole(NamedTuple):
    """What an undisturbed command leaves, and how often it writes."""

    files: dict[str, str]
    calls: int


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As the server has: a record states the threads of its votes."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as one:
        yield one


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, made: Path
) -> Callable[[tuple[str, ...]], Whole]:
    known: dict[tuple[str, ...], Whole] = {}

    def found(words: tuple[str, ...]) -> Whole:
        if words not in known:
            out = tmp_path_factory.mktemp("whole")
            with contextlib.chdir(made), Disk(None).in_place() as disk:
                answer = run(call(words, out))
            assert answer.code in (0, 1, 3), answer
            known[words] = Whole(essences(out), disk.calls)
        return known[words]

    return found


def call(words: tuple[str, ...], out: Path, more: str = "") -> list[str]:
    """The command, its output in a folder."""
    return [*words, *CASES[words].start.replace("OUT", str(out / "new")).split(), *more.split()]


def held_to_it(words: tuple[str, ...], out: Path, made: Path, whole: dict[str, str]) -> None:
    """After a kill: whole files, or parts to go on with; then the same as undisturbed."""
    for name, found in essences(out).items():
        if is_temporary(name) or whole.get(name) == found:
            continue
        part = CASES[words].part
        assert part is not None and part(out / name), name
    with contextlib.chdir(made):
        answer = run(call(words, out, CASES[words].more))
    assert answer.code in (0, 1, 3), answer
    assert essences(out) == whole  # no file is left over, half written or other


def killed_at(
    words: tuple[str, ...], number: int, place: Path, made: Path, killer: Killer, whole: Whole
) -> None:
    out = place / f"call_{number}"
    out.mkdir()
    assert killer.run(made, call(words, out), call=number) == -9
    held_to_it(words, out, made, whole.files)
    shutil.rmtree(out)


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_killed_at_some_calls_that_write(
    words: tuple[str, ...],
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    found = whole(words)
    chosen = random.Random(SEED).sample(range(1, found.calls + 1), 2)
    for number in chosen:
        killed_at(words, number, tmp_path, made, killer, found)


@pytest.mark.slow
@pytest.mark.parametrize("words", [one for one in CASES if one not in LONG], ids=" ".join)
def test_killed_at_any_call_that_writes(
    words: tuple[str, ...],
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    found = whole(words)
    assert found.calls >= 3
    for number in range(1, found.calls + 1):
        killed_at(words, number, tmp_path, made, killer, found)


@pytest.mark.parametrize(
    "words", [("verify",), ("agreement",), ("attack",), ("figure",)], ids=" ".join
)
def test_killed_at_some_call_the_old_file_or_the_new_one_is_there(
    words: tuple[str, ...],
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    found = whole(words)
    for name in found.files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    old = essences(tmp_path)
    assert killer.run(made, call(words, tmp_path), call=found.calls // 2) == -9
    left = {name: one for name, one in essences(tmp_path).items() if not is_temporary(name)}
    assert set(left) == set(old)
    assert all(one in (old[name], found.files[name]) for name, one in left.items())


def moments(words: tuple[str, ...], number: int) -> list[float]:
    """Parts of an undisturbed run's seconds, at random and always the same."""
    drawn = random.Random(f"{SEED} {words}")
    return [drawn.random() for _ in range(number)]


def killed_within(
    words: tuple[str, ...],
    number: int,
    place: Path,
    made: Path,
    killer: Killer,
    whole: Whole,
) -> None:
    """Killed in one folder at moment after moment, never begun anew, it ends as undisturbed."""
    began = time.monotonic()
    assert killer.run(made, call(words, place)) in (0, 1, 3)
    seconds = time.monotonic() - began
    assert essences(place) == whole.files
    kills = 0
    for part in moments(words, number):
        out = place / f"moment_{part}"
        out.mkdir()
        for again in range(3):
            more = CASES[words].more if again else ""
            code = killer.run(made, call(words, out, more), seconds=part * seconds / (again + 1))
            assert code in (-9, 0, 1, 3), code
            kills += code == -9
        held_to_it(words, out, made, whole.files)
        shutil.rmtree(out)
    assert kills >= number / 2


@pytest.mark.parametrize("words", ASKED[:3], ids=" ".join)
def test_killed_at_random_moments(
    words: tuple[str, ...],
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    killed_within(words, 1, tmp_path, made, killer, whole(words))


@pytest.mark.slow
def test_a_reproduction_killed_at_random_moments(
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    words = ("reproduce",)
    killed_within(words, 4, tmp_path, made, killer, whole(words))


@pytest.mark.nightly
@pytest.mark.parametrize("words", list(CASES), ids=" ".join)
def test_killed_at_many_random_moments(
    words: tuple[str, ...],
    tmp_path: Path,
    made: Path,
    killer: Killer,
    whole: Callable[[tuple[str, ...]], Whole],
) -> None:
    number = 5 if words in LONG else 40
    killed_within(words, number, tmp_path, made, killer, whole(words))


def test_a_file_written_in_place_would_be_found(
    tmp_path: Path, made: Path, whole: Callable[[tuple[str, ...]], Whole]
) -> None:
    """A mutant: what a writer without `replace_file` leaves when it is killed half way."""
    words = ("merge",)
    found = whole(words)
    with contextlib.chdir(made):
        assert run(call(words, tmp_path)).code == 0
    new = tmp_path / "new"
    new.write_bytes(new.read_bytes()[:100])
    with pytest.raises(AssertionError):
        held_to_it(words, tmp_path, made, found.files)
