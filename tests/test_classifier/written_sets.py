"""Small data sets in the published formats, written byte by byte: CIFAR-10 and ImageNet's folders.

`python_batch` emits the opcodes that Python 2's cPickle left in the published archive, which no
Python 3 writes any more: text as BINSTRING, and NumPy 1's name of the array's constructor.
"""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PIXELS = 3 * 32 * 32
FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


def _text(value: bytes) -> bytes:
    if len(value) < 256:
        return b"U" + bytes([len(value)]) + value
    return b"T" + struct.pack("<i", len(value)) + value


def _integer(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"J" + struct.pack("<i", value)


def python_batch(
    labels: Iterable[int], data: NDArray[np.uint8], *, fortran_order: bool = False
) -> bytes:
    """A batch of the python version."""
    labels = list(labels)
    dtype = b"cnumpy\ndtype\n" + _text(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + _text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85"
    array += _text(b"b") + b"\x87R("
    array += b"K\x01" + b"".join(_integer(n) for n in data.shape) + b"\x86" + dtype
    array += (b"\x88" if fortran_order else b"\x89") + _text(
        data.tobytes(order="F" if fortran_order else "C")
    )
    names = b"".join(_text(b"picture_%d.png" % i) for i in range(len(labels)))
    return b"".join(
        [
            b"\x80\x02}q\x01(",
            _text(b"batch_label") + b"q\x02" + _text(b"training batch 1 of 5") + b"q\x03",
            _text(b"labels") + b"q\x04]q\x05(" + b"".join(map(_integer, labels)) + b"e",
            _text(b"data") + b"q\x06" + array + b"tb",
            _text(b"filenames") + b"]q\x09(" + names + b"e",
            b"u.",
        ]
    )


def binary_batch(labels: Iterable[int], data: NDArray[np.uint8]) -> bytes:
    """A batch of the binary version."""
    column = np.array(list(labels), np.uint8)[:, None]
    return np.hstack([column, data]).astype(np.uint8).tobytes()


def batches(size: int = 3, seed: int = 0) -> dict[str, tuple[list[int], NDArray[np.uint8]]]:
    """Labels and levels of the six files, `size` pictures in each."""
    random = np.random.default_rng(seed)
    return {
        name: (
            [int(label) for label in random.integers(0, 10, size)],
            random.integers(0, 256, (size, PIXELS), dtype=np.uint8),
        )
        for name in FILES
    }


def cifar_files(version: str, size: int = 3, seed: int = 0) -> dict[str, bytes]:
    """The six files of the version "py" or "bin", by name."""
    made = batches(size, seed)
    if version == "py":
        return {name: python_batch(*batch) for name, batch in made.items()}
    return {f"{name}.bin": binary_batch(*batch) for name, batch in made.items()}


def write_cifar(folder: Path, version: str = "py", size: int = 3, seed: int = 0) -> Path:
    """Write folder/cifar-10-batches-py (or -bin); returns `folder`, for `load`."""
    inner = folder / f"cifar-10-batches-{version}"
    inner.mkdir(parents=True)
    for name, content in cifar_files(version, size, seed).items():
        (inner / name).write_bytes(content)
    return folder


def write_cifar_archive(folder: Path, version: str = "py", size: int = 3, seed: int = 0) -> Path:
    """Write the published archive of a version into `folder`; returns the archive."""
    name = {"py": "python", "bin": "binary"}[version]
    archive = folder / f"cifar-10-{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as members:
        for file, content in cifar_files(version, size, seed).items():
            entry = tarfile.TarInfo(f"cifar-10-batches-{version}/{file}")
            entry.size = len(content)
            members.addfile(entry, io.BytesIO(content))
    return archive


def write_image_folder(
    folder: Path, *, classes: int = 2, size: int = 2, splits: Iterable[str] = ("val",)
) -> Path:
    """Write folder/val/<wnid>/*.JPEG, of random pictures; returns `folder`, for `load`."""
    random = np.random.default_rng(0)
    for split in splits:
        for wnid in range(classes):
            inner = folder / split / f"n{wnid:08d}"
            inner.mkdir(parents=True)
            for number in range(size):
                pixels = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(inner / f"{split}_{number}.JPEG")
    return folder
