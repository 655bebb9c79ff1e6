"""The commands of `l1cert demo`: the whole path on scikit-learn's digits, each our own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

#: the noises that classifiers are trained under; without any, for the undefended one
TRAINED = ("laplace", "gaussian", "none")

#: each log: the classifier that it certifies, and what `l1cert certify` is told besides
RUNS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "laplace": ("laplace", ()),
        "gaussian": ("gaussian", ()),
        "sound": ("laplace", ("--sound",)),
    }
)

#: what the run leaves besides the commands' own files
SUMMARY = "demo.json"
#: the outcome of an attack that refuted nothing and had the power to
PASS = "PASS"


@dataclass(frozen=True, slots=True)
class Stage:
    """One command, and the file where its answer is looked up afterwards, if any."""

    name: str
    arguments: tuple[str, ...]
    answer: Path | None = None

    def command(self) -> str:
        """The command as one types it.

        >>> Stage("train", ("train", "--out", "my file")).command()
        "l1cert train --out 'my file'"
        """
        return f"l1cert {shlex.join(self.arguments)}"


def stages(
    folder: Path, *, points: int, num_samples: int, alpha: str, sigma: str, seed: int
) -> tuple[Stage, ...]:
    """The commands in their order.

    Examples
    --------
    >>> given = dict(points=200, num_samples=10_000, alpha="0.001", sigma="0.25", seed=1)
    >>> [one.name for one in stages(Path("demo"), **given)][3:7]
    ['certify laplace', 'certify gaussian', 'certify sound', 'attack laplace']
    """
    seeded = ("--seed", str(seed))
    sizes = ("--n", str(num_samples), "--alpha", alpha, "--max", str(points))

    def file(name: str) -> str:
        return str(folder / name)

    def model(noise: str) -> str:
        return file(f"{noise}.safetensors")

    found = []
    for noise in TRAINED:
        law = () if noise == "none" else ("--sigma", sigma)
        train = ("train", "--noise", noise, *law, "--out", model(noise), *seeded)
        found.append(Stage(f"train {noise}", train))
    for run, (noise, more) in RUNS.items():
        certify = ("certify", model(noise), "--out", file(f"{run}.tsv"), *sizes, *seeded, *more)
        found.append(Stage(f"certify {run}", certify))
    for run, (noise, _) in RUNS.items():
        answer = folder / f"attack_{run}.json"
        attack = ("attack", file(f"{run}.tsv"), "--checkpoint", model(noise))
        found.append(Stage(f"attack {run}", (*attack, "--out", str(answer), *seeded), answer))
    left = file("undefended.json")
    undefended = ("attack", "--undefended", model("none"), "--out", left, *seeded)
    found.append(Stage("attack undefended", undefended))
    logs = [file(f"{noise}.tsv") for noise in TRAINED if noise in RUNS]
    curves = ("curves", *logs, "--undefended", left, "--out", file("curves"))
    return (*found, Stage("curves", curves))
