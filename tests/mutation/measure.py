"""Run the mutation tests in a copy of the tree: ``python -m tests.mutation.measure``.

The copy is in build/mutation; a run that was stopped goes on there, unless a file changed since.
Nothing is mutated in the tree itself. Results go to docs/mutation.json and docs/mutation.md.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from tests.mutation.modules import MODULES, TESTS
from tests.mutation.prepared import prepared
from tests.mutation.result import (
    LEAST_SCORE,
    PAGE,
    RESULT,
    ROOT,
    Result,
    explanations,
    module_result,
    page,
    score,
    survivors_of,
    totals,
)

SCRATCH = ROOT / "build" / "mutation"
# a change of any of these starts anew
COPIED = (
    *("theory", "pyproject.toml", "tests/__init__.py", "tests/conftest.py"),
    *("tests/statistical.py", "tests/mutation", "tests/test_theory/__init__.py", *TESTS),
)
MEMORY = 8 << 30  # bytes of one process: a mutant must not fill the machine
SETTINGS = {
    "source_paths": ["theory"],
    "only_mutate": list(MODULES),
    "also_copy": ["originals"],
    "pytest_add_cli_args": ["-p", "no:cacheprovider"],
    "pytest_add_cli_args_test_selection": list(TESTS),
    # of the time that the tests take unmutated, and a second: a loaded machine kills no mutant
    "timeout_multiplier": 15.0,
    "timeout_constant": 1.0,
    "use_git_change_detection": False,
}


def files() -> list[str]:
    """The Python files that the tests need, tracked or new, relative to the root."""
    listed = _git("ls-files", "-co", "--exclude-standard", "-z", "--", *COPIED).split("\0")
    told = {f"tests/mutation/{name}.py" for name in ("measure", "result", "test_result")}
    return sorted(
        one
        for one in listed
        if one.endswith((".py", ".toml")) and (ROOT / one).is_file() and one not in told
    )


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def digest(listed: Sequence[str]) -> str:
    """A hash of the settings and of every copied file."""
    total = hashlib.sha256(repr((SETTINGS, platform.python_version())).encode())
    for name in listed:
        kept = (ROOT / name).read_bytes()
        if name == "pyproject.toml":  # of which only pytest's own settings matter here
            kept = repr(tomllib.loads(kept.decode())["tool"]["pytest"]).encode()
        total.update(name.encode() + b"\0" + hashlib.sha256(kept).digest())
    return total.hexdigest()


def changed(listed: Sequence[str]) -> list[str]:
    """The files that are not as the last commit has them."""
    status = _git("status", "--porcelain", "-z", "--no-renames", "--", *COPIED).split("\0")
    return sorted({one[3:] for one in status} & {*listed} - {"pyproject.toml"})


def set_up(listed: Sequence[str]) -> bool:
    """Copy the tree unless the copy is of the same files; whether an earlier run goes on."""
    stamp, now = SCRATCH / "digest", digest(listed)
    origin = json.dumps({"commit": _git("rev-parse", "HEAD").strip(), "changed": changed(listed)})
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == now and all(map(_whole, MODULES)):
        _write(SCRATCH / "origin", origin)  # the same files, perhaps committed since
        return True
    shutil.rmtree(SCRATCH, ignore_errors=True)
    for name in listed:
        text = (ROOT / name).read_text(encoding="utf-8")
        if name in MODULES:
            _write(SCRATCH / "originals" / name, text)
            text = prepared(text)
        elif name == "pyproject.toml":
            lines = (f"{key} = {json.dumps(value)}" for key, value in SETTINGS.items())
            text += "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"
        _write(SCRATCH / name, text)
    _write(SCRATCH / "seconds", "0")
    _write(SCRATCH / "origin", origin)
    _write(stamp, now)
    return False


def _whole(module: str) -> bool:
    """Whether what the tool keeps of a module can be read: it writes in place."""
    kept = SCRATCH / "mutants" / f"{module}.meta"
    try:
        return not kept.exists() or bool(json.loads(kept.read_text(encoding="utf-8")))
    except ValueError:
        return False


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run(workers: int, minutes: float, lock: int) -> bool:
    """Run what is left of the mutants; whether all were run within the minutes."""
    environment = os.environ | {
        # derandomised examples, one thread for each process, the same order of sets every time
        **{"CI": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
    }
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(workers)]
    start, spent = time.monotonic(), float((SCRATCH / "seconds").read_text(encoding="utf-8"))
    with (SCRATCH / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=SCRATCH,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),  # held as long as a process of this run lives
            preexec_fn=_limited,
        )
        ended = None
        try:
            while (ended := process.poll()) is None and time.monotonic() - start < 60 * minutes:
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    print(progress(), flush=True)
        finally:
            _stop(process)
            _write(SCRATCH / "seconds", str(spent + time.monotonic() - start))
    return ended == 0


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and & had it ignored


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the tool and its workers, with time to keep what it knows."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    with contextlib.suppress(ProcessLookupError):  # of the whole group, whoever is left of it
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def progress() -> str:
    """How many mutants were run, on one line."""
    done, left = Counter[bool](), 0
    for module in MODULES:
        try:
            text = (SCRATCH / "mutants" / f"{module}.meta").read_text(encoding="utf-8")
            codes = json.loads(text)["exit_code_by_key"].values()
        except (OSError, ValueError):  # not there yet, or just being written
            continue
        left += list(codes).count(None)
        done.update(code == 0 for code in codes if code is not None)
    return f"{done.total()} of {done.total() + left} mutants, {done[True]} survived"


def collect(workers: int) -> Result:
    """The result of a complete run."""
    found = [module_result(SCRATCH / "mutants", module) for module in MODULES]
    survivors = sum((one for _, one in found), Counter())
    seconds = float((SCRATCH / "seconds").read_text(encoding="utf-8"))
    return {
        **json.loads((SCRATCH / "origin").read_text(encoding="utf-8")),
        "tool": f"mutmut {metadata.version('mutmut')}",
        "python": platform.python_version(),
        "workers": workers,
        "minutes": round(seconds / 60, 1),
        "modules": [numbers for numbers, _ in found],
        "survivors": [
            {**one._asdict(), "number": number} for one, number in sorted(survivors.items())
        ],
    }


def tell(result: Result) -> int:
    """Write both files from a result; 0 where it is good enough and every survivor explained."""
    known = explanations()
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(result, known), encoding="utf-8")
    survivors = {one for one, _ in survivors_of(result)}
    for one in sorted(survivors - set(known)):
        print(f"unexplained: {one.module} {one.function}\n  - {one.before}\n  + {one.after}")
    for one in sorted(set(known) - survivors):
        print(f"explained, but no survivor: {one.module} {one.function}: {one.after}")
    print(f"{totals(result)}, score {score(totals(result)):.4f}, see {PAGE.relative_to(ROOT)}")
    return int(score(totals(result)) < LEAST_SCORE or not survivors <= set(known))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, collect and tell; 1 where the score is too low or a survivor is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so many")
    parser.add_argument("--page", action="store_true", help="only rewrite the page")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the tool is stopped too
    if given.page and not RESULT.is_file():
        parser.error(f"{RESULT.relative_to(ROOT)} is not there yet: run without --page")
    if given.page:
        return tell(json.loads(RESULT.read_text(encoding="utf-8")))
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with SCRATCH.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another run is going on in {SCRATCH.relative_to(ROOT)}")
            return 1
        print("going on with an earlier run" if set_up(files()) else "starting in a new copy")
        if not run(given.workers, given.minutes, lock.fileno()):
            print(f"not complete ({progress()}): start it again to go on")
            said = (SCRATCH / "log").read_text(encoding="utf-8").splitlines()
            print("the last that the tool said:", *said[-6:], sep="\n  ")
            return 1
    return tell(collect(given.workers))


if __name__ == "__main__":
    sys.exit(main())
