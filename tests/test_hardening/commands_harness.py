"""Commands run in this process under watch: their parameters, made files, what they leave."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import io
import os
import pkgutil
import shutil
import signal
import stat
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

import figures
import l1cert
import simulations
from l1cert import cli
from tests.test_audit.logs import cohen_log, l1cert_log, made_rows, rs4a_folder

#: what a command may end with
CODES = {0, 1, 2, 3, 130}

#: legal calls of each command that are done in a moment, with the files of `make_files`; each
#: leaf command has at least one. OUT stands for an output that is not there yet
SEEDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("verify",): ("theorem_2 --rung derivation --rung enclosure --workers 1 --out OUT",),
    ("list",): ("", "--json"),
    ("show",): ("theorem_2 --samples 10",),
    ("radius",): (
        "--pa 0.99 --scale 1/2",
        "--pa 0.6 --pb 0.1 --classes 3 --sigma 2 --json",
        "--counts 99000,600,400 --alpha 0.001 --bonferroni --top 0 --scale 1",
        "--counts 990,10 --alpha 0.01 --same-sample --classes 2 --sigma 1 --json",
        "--pa 0.9 --direction 0,-2,1 --scale 3",
        "--pa 0.9 --direction-equal 4 --scale 3",
        "--pa 0.9 --direction-file delta.npy --scale 3 --json",
    ),
    ("plan",): (
        "--radius 0.5 --scale 1",
        "--radius 0.5 --sigma 1 --pa 0.9 --alpha 0.01 --power 0.8 --two-sided --json",
        "--radius 1 --scale 1 --n 1000",
    ),
    ("audit",): (
        "ours.tsv --samples 100 --out OUT",
        "cohen.tsv --noise gaussian --sigma 0.5 --n 100000 --alpha 0.001 --samples 0 --json",
        "rs4a --format rs4a --noise uniform --sigma 0.5 --n 100000 --alpha 0.001 --samples 10",
        "run.tsv --certificate theorem_1 --radii 0,0.25 --seed 3 --samples 10",
    ),
    ("train",): (
        "--epochs 1 --seed 1 --threads 1 --out OUT",
        "--dataset breast_cancer --noise gaussian --scale 0.5 --epochs 1 --batch 50 --lr 0.01 "
        "--type 2 --step 0.1 --out OUT --json",
        "--resume --dataset digits --model mlp --noise none --epochs 1 --device cpu --out OUT",
    ),
    ("certify",): (
        "model.safetensors --n0 4 --n 20 --max 2 --batch 16 --out OUT",
        "model.safetensors --n0 4 --n 20 --max 1 --sound --scale 0.25 --skip 7 --out OUT --json",
        "model.safetensors --n0 4 --n 50 --max 1 --until-radius 0.1 --certificate theorem_1 "
        "--alpha 0.01 --seed 5 --out OUT",
        "none.safetensors --noise gaussian --sigma 0.5 --n0 4 --n 20 --max 1 --dataset digits "
        "--device cpu --out OUT",
    ),
    ("recertify",): (
        "run.tsv --out OUT",
        "run.tsv --alpha 0.01 --certificate exact --out OUT --json",
    ),
    ("attack",): (
        "run.tsv --checkpoint model.safetensors --points 1 --samples 10 --out OUT",
        "run.tsv --checkpoint model.safetensors --points 1 --times 1,2 --samples 10 "
        "--certificate theorem_1 --clip --seed 2 --device cpu --json",
        "--undefended none.safetensors --points 1 --radii 0,0.5 --json",
    ),
    ("agreement",): (
        "model.safetensors --sigmas 0.1,0.5 --samples 10 --points 2 --out OUT",
        "model.safetensors --samples 5 --sigmas 0.2 --points 1 --seeds 1,2 --batch 8 --json",
    ),
    ("curves",): (
        "run.tsv --undefended attack.json --out OUT",
        "run.tsv ours.tsv --data digits --radii 0,0.1 --certificates theorem_2 --json",
        "cohen.tsv --noise gaussian --sigma 0.5 --n 100000 --alpha 0.001 --data x "
        "--figure figure_07_cifar",
    ),
    ("check",): (
        "lam*(2*p_a-1) --samples 100",
        "sigma*Phi_inv(p_a) --noise gaussian --against half=sigma*Phi_inv(p_a)/2 --json",
        "lam/2*log(p_a/p_b) --setting k --num-classes 3 --seed 4",
    ),
    ("law",): (
        "--delta 1,0.5 --scale 1 --cdf 0 1 --quantile 0.5 --json",
        "--delta-equal 4 --norm 1 --scale 2 --hockey-stick 0.1 --trade-off 0.25",
        "--delta-file delta.npy --scale 1 --cdf=-1",
    ),
    ("rops",): (
        "--x 0.3 --radius 0.2",
        "--x 0.3 --slab 1,1 --samples 100 --seed 3 --json",
        "--x 0.5 --ball 3 --towards face --alpha 0.01",
    ),
    ("tightness",): (
        "--pa 0.9 --dim 3 --samples 1000 --threads 1 --backend numpy",
        "--pa 0.6 --pb 0.2 --classes 3 --dim 2 --samples 500 --excess 0.5 --json",
        "--sweep --quick --samples 10 --alpha 0.001 --scale 2",
    ),
    ("simulate", "t"): (
        "--delta 1,0.5 --scale 1 --samples 1000 --seed 3 --out OUT",
        "--delta-equal 8 --norm 2 --scale 1/2 --samples 500 --shard 1/2 --method poisson --json",
        "--delta-file delta.npy --scale 1 --samples 100 --event atom+ above:0.1 worst:0.7 "
        "--backend numpy --threads 2 --alpha 0.01",
        "--delta 1,0.5 --scale 1 --samples 1000 --seed 3 --out sim.json",
    ),
    ("merge",): ("shard0.json shard1.json --out OUT", "shard0.json --alpha 0.01 --json"),
    ("figure",): ("figure_06_methods --format svg --out OUT", "--format svg --span page"),
    ("demo",): ("--points 2 --n 20 --alpha 0.01 --sigma 0.25 --seed 2 --out OUT --json",),
    ("report",): ("theorem_2 --samples 10 --workers 1 --out OUT",),
    ("reproduce",): (
        "rops_origin --quick --workers 1 --out OUT",
        "--list --quick",
        "rops_origin --out OUT --json",
    ),
}


def leaves(
    command: click.Command = cli.group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that is no group, with the words that name it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


def outputs(command: click.Command) -> list[click.Parameter]:
    """The options that name what is written."""
    return [one for one in command.params if one.name == "out"]


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: object
    out: str
    err: str


class _Stream(io.TextIOWrapper):
    """A stream as `l1cert.cli.main` leaves it: what its encoding cannot say is escaped."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="")

    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def run(arguments: Sequence[str], *, seconds: float | None = None) -> Answer:
    """Run a command in this process; after so many seconds it is interrupted, as by Ctrl-C."""
    out, err = _Stream(), _Stream()
    before = sys.stdout, sys.stderr, sys.stdin
    sys.stdout, sys.stderr, sys.stdin = out, err, io.StringIO("")
    try:
        with interrupted_after(seconds):
            code = cli.exit_code(list(arguments))
    except KeyboardInterrupt:  # between the command's end and ours
        code = 130
    finally:
        sys.stdout, sys.stderr, sys.stdin = before
    if code == 130:  # a file that a library had open when it was interrupted is no fault of ours
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return Answer(code, out.text(), err.text())


@contextmanager
def interrupted_after(seconds: float | None) -> Iterator[None]:
    """A Ctrl-C that comes by itself."""
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    def unraised(told: Any) -> None:
        # where Python cannot raise it, in a callback of C or a finaliser, it says so
        if told.exc_type is not KeyboardInterrupt:
            hook(told)

    handler, hook = signal.signal(signal.SIGALRM, interrupt), sys.unraisablehook
    sys.unraisablehook = unraised
    # again and again: the first one may be lost in such a callback
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.unraisablehook = hook


def import_everything() -> None:
    """Import what commands import when they need it: half a library is no state to go on from."""
    names = ["matplotlib.pyplot", "sklearn.datasets", "torch", "scipy.stats", "distributed"]
    for package in (l1cert, simulations, figures):
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names += [one.name for one in found if not one.name.endswith(("__main__", "child"))]
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from matplotlib.backends import backend_agg, backend_pdf, backend_svg

    assert backend_agg and backend_pdf and backend_svg


def make_files(folder: Path) -> None:
    """One of every kind of file that a command reads, small and real, and what is none."""
    rng = np.random.default_rng(0)
    cohen_log(folder / "cohen.tsv", made_rows(6))
    l1cert_log(folder / "ours.tsv")
    rs4a_folder(folder / "rs4a", made_rows(6, noise="uniform", sides=2))
    np.save(folder / "delta.npy", np.array([1.0, -0.5, 0.25]))
    np.save(folder / "empty.npy", np.zeros((0,)))
    np.save(folder / "objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    np.savez(folder / "several.npz", a=np.ones(2))
    (folder / "random.bin").write_bytes(rng.bytes(300))
    (folder / "empty").write_bytes(b"")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "line.tsv").write_text("idx\tlabel\tpredict\tradius\n" + "9" * 2_000_000)
    simulated = "simulate t --delta 1,0.5 --scale 1 --samples 1000 --seed 3"
    certified = "--n0 10 --n 100 --max 3 --batch 32"
    for line in (
        f"{simulated} --out sim.json",
        f"{simulated} --shard 0/2 --out shard0.json",
        f"{simulated} --shard 1/2 --out shard1.json",
        "train --epochs 1 --threads 1 --out model.safetensors",
        "train --epochs 1 --threads 1 --noise none --out none.safetensors",
        f"certify model.safetensors {certified} --out run.tsv",
        "attack --undefended none.safetensors --points 2 --radii 0,0.5 --out attack.json",
    ):
        with contextlib.chdir(folder):
            answer = run(line.split())
        assert answer.code == 0, (line, answer)
    (folder / "folder").mkdir()


def odd_files(folder: Path) -> None:
    """What is no file: a pipe that nobody writes to, links in a ring and into nothing."""
    os.mkfifo(folder / "pipe")
    (folder / "ring").symlink_to("ring")
    (folder / "dangling").symlink_to("nowhere/at/all")


def snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    """Every entry below a folder: its kind, and the digest of its content or where it points."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(root, name)
            mode = os.lstat(path).st_mode
            content = ""
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
            elif stat.S_ISLNK(mode):
                content = os.readlink(path)
            found[os.path.relpath(path, folder)] = (stat.S_IFMT(mode), content)
    return found


class Sandbox:
    """A folder with the made files, which is the working folder of what runs in it."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.files, self.outer, self.folder = files, folder, folder / "a" / "work"
        self.fill()

    def fill(self) -> None:
        """Make everything as it was."""
        shutil.rmtree(self.outer, ignore_errors=True)
        self.outer.mkdir()
        shutil.copytree(self.files, self.folder)
        odd_files(self.folder)
        self.before, self._other = snapshot(self.outer), False

    def remember(self) -> None:
        """Take what is there now for the state before."""
        self.before, self._other = snapshot(self.outer), True

    def changes(self) -> set[str]:
        """The entries that are new, gone or other than they were; all is then made as it was."""
        now = snapshot(self.outer)
        found = {name for name in {*now, *self.before} if now.get(name) != self.before.get(name)}
        if found or self._other:
            self.fill()
        return {os.path.relpath(self.outer / name, self.folder) for name in found}

    def run(self, arguments: Sequence[str], *, seconds: float | None = None) -> Answer:
        """Run a command with this as the working folder."""
        with contextlib.chdir(self.folder):
            return run(arguments, seconds=seconds)


@contextmanager
def replaced_everywhere(old: Callable[..., Any], new: Callable[..., Any]) -> Iterator[None]:
    """Put another function in place of one, in every module that has it by name."""
    found = [
        (module, name)
        for module in list(sys.modules.values())
        for name, value in list(getattr(module, "__dict__", {}).items())
        if value is old
    ]
    for module, name in found:
        setattr(module, name, new)
    try:
        yield
    finally:
        for module, name in found:
            setattr(module, name, old)
