"""Classifiers on disk: what comes back, what is refused, what survives a failing disk."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save as bytes_of

from simulations import checkpoint, files
from simulations.classifier import checkpoints, models
from simulations.classifier.checkpoints import CheckpointError, load, parse, render, save
from simulations.classifier.training_record import FORMAT, TrainingPlan, TrainingRecord, noise_of


def record_of(**changes) -> TrainingRecord:
    sigma, scale = noise_of("laplace", sigma="0.25")
    fields = {
        "architecture": "mlp",
        "dataset": "digits",
        "shape": (1, 8, 8),
        "num_classes": 10,
        "unit": "pixel value in [0, 1]",
        "step": "0.0625",
        "num_examples": 1297,
        "labels_sha256": "0" * 64,
        "inputs_sha256": "1" * 64,
        "noise": "laplace",
        "sigma": sigma,
        "scale": scale,
        "kind": 1,
        "attack_step": None,
        "seed": 3,
        "epochs": 2,
        "batch": 64,
        "optimizer": "adam",
        "learning_rate": 0.003,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "device": "cpu",
        "threads": 1,
        "torch": "2.13.0",
        "loss": 0.5,
        "num_tests": 500,
        "clean_correct": 490,
        "noisy_correct": 450,
        "provenance": {"version": "0"},
    }
    return TrainingRecord(**fields | changes)


def model_of(record: TrainingPlan) -> torch.nn.Module:
    return models.build(
        record.architecture, shape=record.shape, num_classes=record.num_classes, seed=record.seed
    )


def written(path: Path, tensors: dict, said: dict | None = None) -> Path:
    content = {"format": FORMAT, "record": record_of().as_json()} if said is None else said
    path.write_bytes(render(tensors, content))
    return path


@pytest.fixture
def weights() -> dict:
    return dict(model_of(record_of()).state_dict())


def refused(path: Path, match: str) -> None:
    with pytest.raises(CheckpointError, match=match) as caught:
        load(path)
    said = str(caught.value)
    assert "\n" not in said and said.startswith(f"classifier {str(path)!r}")
    assert "train it again" in said or "only files of" in said


@pytest.mark.parametrize("architecture", ["mlp", "cnn", "resnet110"])
def test_what_is_saved_comes_back_bit_for_bit(architecture: str, tmp_path: Path):
    record = record_of(architecture=architecture)
    model = model_of(record).train()
    path = tmp_path / "model.safetensors"
    save(path, model, record)
    loaded = checkpoints.read(path)
    found, own = loaded.model.state_dict(), model.state_dict()
    assert list(found) == list(own)
    assert all(torch.equal(found[name], own[name]) for name in own)
    assert loaded.record == record == load(path)[1] and not loaded.model.training
    assert loaded.weights_sha256 == checkpoints.weights_digest(own)
    x = torch.full((2, 1, 8, 8), 0.5)
    with torch.inference_mode():
        assert torch.equal(loaded.model(x), model.eval()(x))
    save(tmp_path / "again", model, record)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_digest_sees_names_types_shapes_and_bits():
    base = {"a": torch.zeros(2, 3), "b": torch.ones(2)}
    others = [
        {"a": torch.zeros(3, 2), "b": torch.ones(2)},
        {"a": torch.zeros(2, 3), "c": torch.ones(2)},
        {"a": torch.zeros(2, 3), "b": torch.ones(2, dtype=torch.float64)},
        {"a": torch.zeros(2, 3), "b": torch.tensor([1.0, 1.0000001])},
        {"a": -torch.zeros(2, 3), "b": torch.ones(2)},
        {"a": torch.zeros(2, 3)},
    ]
    digests = {checkpoints.weights_digest(one) for one in (base, *others)}
    assert len(digests) == len(others) + 1
    assert checkpoints.weights_digest(dict(reversed(base.items()))) in digests


def test_no_byte_is_cut_or_changed_unnoticed(weights: dict, tmp_path: Path):
    path = written(tmp_path / "model", weights)
    whole = path.read_bytes()
    load(path)
    places = np.random.default_rng(1).integers(0, len(whole), 25)
    head = range(0, 8 + int.from_bytes(whole[:8], "little"), 61)
    for place in [*places.tolist(), *head]:
        path.write_bytes(whole[:place])
        refused(path, "truncated")
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        refused(path, "truncated|changed|no training record|format")
    path.write_bytes(whole + b"0")
    refused(path, "truncated")


def test_a_pickle_is_not_opened(tmp_path: Path):
    path = tmp_path / "model.pt"
    torch.save(model_of(record_of()).state_dict(), path)
    refused(path, "no safetensors file.*train it again")


def test_files_of_others_are_named(weights: dict, tmp_path: Path):
    path = tmp_path / "model"
    for metadata in (None, {"format": "pt"}, {"l1cert": "3"}, {"l1cert": "{}"}):
        path.write_bytes(bytes_of(weights, metadata))
        refused(path, "has no training record")
    path.write_bytes(bytes_of(weights, {"l1cert": "{"}))
    refused(path, "no safetensors file")
    newer = {"format": "l1cert classifier 2", "record": record_of().as_json()}
    refused(written(path, weights, newer), "has format 'l1cert classifier 2', legal is")
    refused(written(path, weights, {"format": FORMAT}), "None is not a JSON object")


def test_tensors_that_are_not_the_architectures_are_refused(weights: dict, tmp_path: Path):
    name = next(iter(weights))
    path = tmp_path / "model"
    refused(written(path, {k: v for k, v in weights.items() if k != name}), f"no weights {name!r}")
    refused(written(path, {**weights, "more": torch.zeros(1)}), "has weights 'more', which")
    refused(written(path, {**weights, name: weights[name][:-1].clone()}), "of shape")
    refused(written(path, {**weights, name: weights[name].double()}), "torch.float64")
    for other in ({"architecture": "cnn"}, {"shape": (1, 16, 16)}, {"num_classes": 9}):
        said = {"format": FORMAT, "record": record_of(**other).as_json()}
        refused(written(path, weights, said), "recorded architecture")
    said = {"format": FORMAT, "record": record_of(architecture="lenet").as_json()}
    refused(written(path, weights, said), "architecture = 'lenet' is not one of")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_neither_written_nor_read(
    value: float, weights: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    record, path = record_of(), tmp_path / "model"
    model = model_of(record)
    with torch.no_grad():
        next(model.parameters())[0, 0] = value
    with pytest.raises(ValueError, match="finite"):
        save(path, model, record)
    with pytest.raises(ValueError, match=f"hold {value}"):
        render(model.state_dict(), {"format": FORMAT})
    assert not path.exists()
    content = {"format": FORMAT, "record": record.as_json()}
    content["sha256"] = checkpoints.weights_digest(model.state_dict())
    content["checksum"] = checkpoints._checksum(content)
    path.write_bytes(bytes_of(dict(model.state_dict()), {"l1cert": json.dumps(content)}))
    refused(path, "not all finite")


def test_a_model_of_another_architecture_is_not_written(tmp_path: Path):
    with pytest.raises(CheckpointError, match="recorded architecture"):
        save(tmp_path / "model", model_of(record_of(architecture="cnn")), record_of())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", ["_write_through", "replace"])
def test_a_failing_disk_leaves_the_old_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "model"
    save(path, model_of(record_of()), record_of())
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, step) if step == "replace" else (files, step)), fail)
    with pytest.raises(OSError, match=f"intact: No space left on device.*{re.escape(str(path))}"):
        save(path, model_of(record_of(seed=4)), record_of(seed=4))
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["model"]


def test_a_device_or_a_pipe_is_refused_and_not_read_for_ever(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        refused(path, "is no regular file")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)


def test_the_error_is_the_checkpoints_one():
    assert CheckpointError is checkpoint.CheckpointError and issubclass(CheckpointError, ValueError)


def test_parse_inverts_render():
    tensors = {"a": torch.arange(3), "b": torch.rand(2, 2, dtype=torch.float64)}
    found, said = parse(render(tensors, {"format": "x", "more": [1]}), "x")
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    assert said["more"] == [1]
    assert parse(render({}, {"format": "x"}), "x")[0] == {}
    assert replace(record_of(), seed=4) != record_of()
