"""Classifiers on disk: the weights in the safetensors format, their training record beside them.

No pickle is written or read. A file holds the weights, the record, and the SHA-256 of both,
so that no byte changes unnoticed; it is replaced as a whole, never in part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of

from simulations.checkpoint import CheckpointError
from simulations.classifier.models import build
from simulations.classifier.training_record import FORMAT, TrainingPlan, TrainingRecord
from simulations.files import regular_bytes, replace_file
from simulations.run import canonical

__all__ = [
    "CheckpointError",
    "Loaded",
    "TrainingPlan",
    "TrainingRecord",
    "load",
    "read",
    "save",
    "weights_digest",
]

Tensors = Mapping[str, torch.Tensor]

#: the one key of a file's metadata: a single one, since safetensors keeps no order among several
KEY = "l1cert"


def weights_digest(tensors: Tensors) -> str:
    """SHA-256 of tensors: of their names in order, types, shapes and bytes.

    Parameters
    ----------
    tensors
        Such as a model's ``state_dict()``, on any device.

    Examples
    --------
    >>> weights_digest({"bias": torch.zeros(2)})[:16]
    'ba0b67743bc9545b'
    """
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = _plain(tensors[name])
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return total.hexdigest()


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu").contiguous()


def render(tensors: Tensors, content: Mapping[str, Any]) -> bytes:
    """The bytes of a file: the tensors, and what is said of them, with their digest.

    Raises
    ------
    ValueError
        For a tensor with a value that is not finite.
    """
    plain = {name: _plain(tensor) for name, tensor in tensors.items()}
    for name, tensor in plain.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            worst = tensor[~tensor.isfinite()][0].item()
            raise ValueError(f"the weights {name!r} hold {worst}, legal are finite numbers")
    said = {**content, "sha256": weights_digest(plain)}
    said["checksum"] = _checksum(said)
    return bytes_of(plain, {KEY: canonical(said)})


def _checksum(said: Mapping[str, Any]) -> str:
    """SHA-256 of what is said besides it, the weights' digest among it."""
    rest = {key: value for key, value in said.items() if key != "checksum"}
    # not `canonical`: a NaN in a file that somebody wrote by hand is no reason for a traceback
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("ascii")).hexdigest()


def file_bytes(path: Path | str) -> bytes:
    """The bytes of a file, if it is one: a device or a pipe might never end.

    Raises
    ------
    CheckpointError
        For a device, a pipe or a socket.
    OSError
        If it cannot be read.
    """
    try:
        return regular_bytes(path)
    except ValueError as error:
        raise CheckpointError(f"{error}: name another; only files of `l1cert train` fit") from None


def parse(
    content: bytes, file_format: str, *, advice: str = "train it again"
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The inverse of `render`: tensors, and what is said of them.

    Parameters
    ----------
    content
        The bytes of a file.
    file_format
        The one that it has to have.
    advice
        What to do about a file that is refused.

    Raises
    ------
    CheckpointError
        For bytes that `render` did not write, or of another format.
    """
    try:
        tensors = tensors_of(content)
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        said = json.loads(header.get("__metadata__", {}).get(KEY, "null"))
    except (SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise CheckpointError(f"is truncated, or no safetensors file ({error}): {advice}") from None
    if not isinstance(said, dict) or not isinstance(said.get("format"), str):
        raise CheckpointError("has no training record: only files of `l1cert train` have one")
    if said["format"] != file_format:
        raise CheckpointError(
            f"has format {said['format']!r}, legal is {file_format!r}: "
            f"{advice}, or use the version that wrote it"
        )
    if said.get("checksum") != _checksum(said) or said.get("sha256") != weights_digest(tensors):
        raise CheckpointError(
            f"does not have the checksums of its content: it was changed, {advice}"
        )
    return tensors, said


def fit(model: torch.nn.Module, tensors: Tensors, *, advice: str = "train it again") -> None:
    """Put tensors into a model, if they are its own: names, shapes, types and finite values.

    Raises
    ------
    CheckpointError
        Otherwise: the first tensor that is missing, unknown, of another shape or type, not finite;
        and the advice.
    """
    own = model.state_dict()
    for name in [*own, *tensors]:
        wrong = _misfit(name, own, tensors)
        if wrong:
            raise CheckpointError(f"has {wrong}: {advice}")
    model.load_state_dict(dict(tensors))


def _misfit(name: str, own: Tensors, tensors: Tensors) -> str:
    """Why the tensor of that name does not fit, in words; empty if it does."""
    if name not in tensors:
        return f"no weights {name!r}, which the recorded architecture has"
    if name not in own:
        return f"weights {name!r}, which the recorded architecture has not"
    mine, yours = own[name], tensors[name]
    if (mine.shape, mine.dtype) != (yours.shape, yours.dtype):
        return (
            f"weights {name!r} of shape {tuple(yours.shape)} and {yours.dtype}, the "
            f"recorded architecture has {tuple(mine.shape)} and {mine.dtype}"
        )
    if yours.is_floating_point() and not bool(yours.isfinite().all()):
        return f"weights {name!r} that are not all finite"
    return ""


@dataclass(frozen=True)
class Loaded:
    """A classifier from a file: the model, its record, and the digest of its weights."""

    model: torch.nn.Module
    record: TrainingRecord
    weights_sha256: str


def save(path: Path | str, model: torch.nn.Module, record: TrainingRecord) -> None:
    """Write a classifier and its record; an old file is replaced as a whole, at the end.

    Raises
    ------
    ValueError
        For weights that are not finite.
    CheckpointError
        For a model that is not of the recorded architecture.
    OSError
        If it cannot be written, with the path: what was there before is intact.
    """
    weights = model.state_dict()
    fit(_blank(record), weights)
    content = render(weights, {"format": FORMAT, "record": record.as_json()})
    replace_file(path, content, "classifier")


def load(path: Path | str) -> tuple[torch.nn.Module, TrainingRecord]:
    """The classifier in a file, on the processor and in evaluation mode, and its record.

    Parameters
    ----------
    path
        A file that `save` wrote.

    Raises
    ------
    CheckpointError
        One line with the path, for any other file: truncated, changed, of another format, with
        tensors that are not those of the recorded architecture and shape, or not finite.
    MissingBackendError
        If the recorded architecture needs a package that is not installed.
    OSError
        If the file cannot be read.
    """
    loaded = read(path)
    return loaded.model, loaded.record


def read(path: Path | str) -> Loaded:
    """As `load`, with the digest of the weights, by which another record can name them."""
    try:
        tensors, said = parse(file_bytes(path), FORMAT)
        try:
            record = TrainingRecord.parse(said.get("record"))
            model = _blank(record)
        except ValueError as error:
            raise CheckpointError(
                f"has a training record that is not legal ({error}): train it again"
            ) from None
        fit(model, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"classifier {str(path)!r} {error}") from None
    return Loaded(model.eval(), record, said["sha256"])


def _blank(record: TrainingPlan) -> torch.nn.Module:
    """A model of the recorded architecture, with weights that are to be replaced."""
    return build(
        record.architecture, shape=record.shape, num_classes=record.num_classes, seed=record.seed
    )
