"""`l1cert train`: its record, its one-line errors, stops of every kind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from l1cert import training as face
from l1cert.cli import sampling
from simulations.classifier import training
from simulations.classifier.checkpoints import load, read, weights_digest
from simulations.classifier.training_record import TrainingRecord
from simulations.classifier.training_state import read_progress, state_path
from tests.test_l1cert.test_cli import run

SHORT = ("--epochs", "3", "--seed", "2")


def train(out: Path, *arguments: str) -> dict:
    code, printed, error = run("train", *SHORT, *arguments, "--out", str(out), "--json")
    assert (code, error) == (0, "")
    return json.loads(printed)


def bits(path: Path) -> str:
    return weights_digest(load(path)[0].state_dict())


def test_the_record_is_printed_and_kept(tmp_path: Path):
    out = tmp_path / "model.safetensors"
    found = train(out, "--type", "2", "--sigma", "0.50")
    assert found.pop("file") == str(out)
    shares = {name: found.pop(name) for name in ("clean_accuracy", "noisy_accuracy")}
    record = TrainingRecord.parse(found)
    assert record == read(out).record
    assert (record.kind, record.sigma, record.attack_step) == (2, "0.5", "0.05")
    assert record.unit == "pixel value in [0, 1]" and record.step == "0.0625"
    assert float(record.scale) * 2**0.5 == pytest.approx(0.5, rel=1e-15)
    assert shares == {
        "clean_accuracy": record.clean_correct / 500,
        "noisy_accuracy": record.noisy_correct / 500,
    }
    assert {"version", "commit", "libraries", "machine"} <= set(record.provenance)
    assert record.torch == torch.__version__ and record.threads == 1
    assert [one.name for one in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "law"),
    [
        ((), "laplace noise of sigma 0.25 (lambda 0.1767766952966369)"),
        (("--scale", "0.5"), "laplace noise of sigma 0.7071067811865476 (lambda 0.5)"),
        (("--noise", "gaussian"), "gaussian noise of sigma 0.25"),
        (("--noise", "uniform"), "uniform noise of sigma 0.25 (half width 0.4330127018922193)"),
        (("--noise", "none"), "no noise"),
        (("--type", "2", "--step", "1/64"), "sign-gradient step 0.015625"),
    ],
)
def test_the_table(arguments: tuple[str, ...], law: str, tmp_path: Path):
    out = tmp_path / "model"
    code, printed, error = run("train", *SHORT, *arguments, "--out", str(out))
    assert (code, error) == (0, "")
    record = load(out)[1]
    assert law in printed
    assert "pixel value in [0, 1]" in printed and f"kept in {out}" in printed
    for correct in (record.clean_correct, record.noisy_correct):
        assert f"{correct} of 500   {correct / 5:.2f}%" in printed


def test_the_same_command_again_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "model"
    first = train(out)
    monkeypatch.setattr(training, "_epoch", None)
    assert train(out) == first == train(out, "--resume")
    before = out.read_bytes()
    for other in (("--sigma", "0.5"), ("--lr", "0.01"), ("--noise", "none", "--resume")):
        code, printed, error = run("train", *SHORT, *other, "--out", str(out))
        assert code == 2 and not printed and error.count("\n") == 1
        assert "holds a classifier of another training" in error
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dataset", "mnist"), "dataset = 'mnist' is not one of"),
        (("--dataset", "cifar10"), "cifar10"),
        (("--dataset", "cifar10", "--folder", "/nowhere"), "/nowhere"),
        (("--folder", "."), "comes with scikit-learn"),
        (("--model", "lenet"), "'lenet' is not one of"),
        (("--model", "resnet50"), "resnet50 takes pictures"),
        (("--noise", "cauchy"), "'cauchy' is not one of"),
        (("--sigma", "0"), "sigma = 0 is outside"),
        (("--sigma", "nan"), "sigma = nan is outside"),
        (("--scale", "-1"), "scale = -1 is outside"),
        (("--sigma", "1", "--scale", "1"), "give one of them"),
        (("--type", "3"), "kind = 3 is not 1 or 2"),
        (("--step", "0.1"), "only type 2 takes one"),
        (("--type", "2", "--step", "x"), "attack_step = x is outside"),
        (("--epochs", "0"), "epochs = 0"),
        (("--batch", "0"), "batch = 0"),
        (("--lr", "nan"), "learning_rate = nan"),
        (("--lr", "1e30"), "learning_rate = 1e+30 is too large"),
        (("--seed", "-1"), "seed = -1"),
        (("--threads", "0"), "threads = 0"),
        (("--device", "cuda:99"), "device = 'cuda:99'"),
        (("--device", "tpu"), "device = 'tpu'"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path):
    code, printed, error = run("train", *arguments, "--out", str(tmp_path / "model"))
    assert code == 2 and not printed and error.count("\n") == 1 and said in error
    assert not list(tmp_path.iterdir())


def test_the_file_has_to_be_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training, "_epoch", None)  # nothing is trained before
    for out in (tmp_path, tmp_path / "no" / "model"):
        code, _, error = run("train", *SHORT, "--out", str(out))
        assert code == 2 and error.count("\n") == 1 and "folder" in error
    (tmp_path / "model").write_bytes(b"something else")
    code, _, error = run("train", *SHORT, "--out", str(tmp_path / "model"))
    assert code == 2 and error.count("\n") == 1 and "no safetensors file" in error
    assert (tmp_path / "model").read_bytes() == b"something else"


@pytest.mark.parametrize("package", ["torch", "safetensors", "sklearn"])
def test_without_its_packages_it_says_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, package, None)
    code, printed, error = run("train", "--out", str(tmp_path / "model"))
    assert code == 2 and not printed and error.count("\n") == 1
    assert f"the package {package} is not installed" in error and "'l1cert[classifier]'" in error


def test_an_interrupted_training_says_where_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    train(tmp_path / "whole")
    out, epoch = tmp_path / "model", training._epoch

    def interrupted(state, *others):
        if state.epochs == 2:
            raise KeyboardInterrupt
        return epoch(state, *others)

    monkeypatch.setattr(training, "_epoch", interrupted)
    code, printed, error = run("train", *SHORT, "--out", str(out))
    assert code == 130 and not printed and not out.exists()
    assert str(state_path(out)) in error and "--resume" in error and "Interrupted." in error
    assert read_progress(state_path(out))[1] == 2
    monkeypatch.undo()
    code, _, error = run("train", *SHORT, "--out", str(out))
    assert code == 2 and "stopped after epoch 2 of 3" in error and error.count("\n") == 1
    train(out, "--resume")
    assert bits(out) == bits(tmp_path / "whole") and not state_path(out).exists()
    assert load(out)[1].plan == load(tmp_path / "whole")[1].plan


def test_interrupted_before_the_first_epoch_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_epoch", interrupted)
    code, _, error = run("train", *SHORT, "--out", str(tmp_path / "model"))
    assert (code, error) == (130, "Interrupted.\n") and not list(tmp_path.iterdir())


def test_the_python_face_is_the_same(tmp_path: Path):
    train(tmp_path / "cli")
    calls = []
    model, record = face.train(
        epochs=3, seed=2, out=tmp_path / "face", progress=lambda *said: calls.append(said[:2])
    )
    assert weights_digest(model.state_dict()) == bits(tmp_path / "cli")
    assert record.plan == load(tmp_path / "cli")[1].plan
    assert calls == [(1, 3), (2, 3), (3, 3)] and face.unfinished(tmp_path / "face") is None
    assert face.train.__kwdefaults__["seed"] == sampling.SEED


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_any_moment_it_ends_with_the_same_weights(number: int, tmp_path: Path):
    arguments = ("--epochs", "150", "--seed", "3", "--threads", "1", "--json")
    command = [sys.executable, "-m", "l1cert", "train", *arguments, "--resume", "--out"]
    whole, out = tmp_path / "whole", tmp_path / "model"
    subprocess.run([*command, str(whole)], check=True, stdout=subprocess.DEVNULL)
    seen = [0]
    for delay in (0.0, 0.13, 0.31, 0.52):
        with subprocess.Popen(
            [*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            before = seen[-1]
            deadline = time.monotonic() + 120
            while running.poll() is None and time.monotonic() < deadline:
                if state_path(out).exists() and read_progress(state_path(out))[1] > before:
                    break
                time.sleep(0.002)
            time.sleep(delay)
            if running.poll() is None:
                os.kill(running.pid, number)
        if out.exists():
            break
        # whenever it was killed there is a whole state, and it is not the older one
        seen.append(read_progress(state_path(out))[1])
    assert len(seen) > 2 and seen == sorted(seen)
    subprocess.run([*command, str(out)], check=True, stdout=subprocess.DEVNULL)
    assert bits(out) == bits(whole) and load(out)[1].plan == load(whole)[1].plan
    left = {one.name for one in tmp_path.iterdir() if not one.name.startswith(".")}
    assert left == {"whole", "model"}
