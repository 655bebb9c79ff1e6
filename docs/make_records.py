"""Make the counts that claims are shown with: `python docs/make_records.py [CLAIM...]`.

    clean_agreement             nine networks without noise, and their votes: ten minutes
    superior_empirical_results  one network, certified: a minute

Trains, counts and writes the JSON beside simulations/claims/CLAIM.py; the commands that are run are
those that the record then states. Nothing is edited by hand.

The counts repeat bit for bit where torch computes as it did: a network's votes may differ by a few
where its logits nearly tie, from one processor to another.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = ROOT / "simulations" / "claims"

#: networks of a data set, and how they are measured. The seeds are new ones: those of an earlier
#: record, 1, 2 and 3 of training and 1 and 2 of the noise, had shown what to look at
TRAINING_SEEDS = (4, 5, 6)
LEVELS = "--sigmas 0.1,0.25,0.5,0.75,1,1.5,2,3 --samples 1000"
MEASURED = (
    (("digits", "mlp"), ("breast_cancer", "mlp"), f"--seeds 3,4 {LEVELS}"),
    (("digits", "cnn"), f"--seeds 3 --points 250 {LEVELS}"),
)
CERTIFIED = (
    "l1cert train --dataset digits --model mlp --noise laplace --sigma 0.25 --seed 1 --threads 1 "
    "--out laplace.safetensors",
    "l1cert certify laplace.safetensors --n 10000 --seed 1 --batch 1000 --out laplace.tsv",
)


def run(command: str, folder: Path) -> None:
    """Run a command line of l1cert in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", *shlex.split(command)]
    subprocess.run(words, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def measuring() -> list[str]:
    """The command lines of the record of agreement, each part after its networks."""
    commands: list[str] = []
    for number, (*networks, options) in enumerate(MEASURED):
        files = []
        for dataset, model in networks:
            for seed in TRAINING_SEEDS:
                files.append(f"{dataset}_{model}_{seed}.safetensors")
                commands.append(
                    f"l1cert train --dataset {dataset} --model {model} --noise none "
                    f"--seed {seed} --threads 1 --out {files[-1]}"
                )
        commands.append(f"l1cert agreement {' '.join(files)} {options} --out part_{number}.json")
    return commands


def clean_agreement(folder: Path) -> dict[str, Any]:
    """The record of every network, in the order of the commands."""
    commands = measuring()
    for command in commands:
        run(command, folder)
    texts = [(folder / f"part_{number}.json").read_text() for number in range(len(MEASURED))]
    whole, *others = map(json.loads, texts)
    for part in others:
        whole["classifiers"] += part["classifiers"]
    whole["provenance"] |= {"made_by": "python docs/make_records.py", "commands": commands}
    return dict(whole)


def superior_empirical_results(folder: Path) -> dict[str, Any]:
    """How many points that were classified correctly had how many votes for their label."""
    for command in CERTIFIED:
        run(command, folder)
    stated = json.loads((folder / "laplace.json").read_text())
    head, *lines = (folder / "laplace.tsv").read_text().splitlines()
    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    right = [row for row in rows if row["selected"] == row["label"]]
    votes = Counter(_votes(row["votes"], row["label"]) for row in right)
    kept = "dataset architecture noise sigma scale kind seed epochs threads torch"
    training = {
        name: stated["training"][name] for name in f"{kept} clean_correct num_tests".split()
    }
    training["weights_sha256"] = stated["classifier"]["weights_sha256"]
    return {
        "format": "l1cert-votes 1",
        "training": training,
        "noise": stated["noise"],
        "scale": training["scale"],
        "num_samples": stated["num_samples"],
        "alpha": stated["alpha"],
        "points": len(rows),
        "votes": {str(count): many for count, many in sorted(votes.items())},
        "provenance": stated["provenance"]
        | {"made_by": "python docs/make_records.py", "commands": list(CERTIFIED)},
    }


def _votes(text: str, label: str) -> int:
    counts = dict(pair.split(":") for pair in text.split(","))
    return int(counts.get(label, 0))


RECORDS = {one.__name__: one for one in (clean_agreement, superior_empirical_results)}


def main(names: Sequence[str]) -> None:
    """Make the records named, or all of them."""
    for name in names or RECORDS:
        with tempfile.TemporaryDirectory() as folder:
            record = RECORDS[name](Path(folder))
        text = json.dumps(record, indent=1, allow_nan=False) + "\n"
        (CLAIMS / f"{name}.json").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
