"""CIFAR-10 from its published archives: the python and the binary version, packed or unpacked.

Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009. 50000
pictures to train and 10000 to test, 32 x 32 pixels of three colours, levels 0, ..., 255.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.examples import Dataset, Examples
from simulations.classifier.pickle_literals import PickleError, read_literals
from simulations.files import regular_bytes

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
STEP = Fraction(1, 255)
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)

TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE = "test_batch"

#: a published batch has 31 MB: a larger member of an archive is not unpacked into memory
LARGEST_FILE = 2**27

Batch = tuple[NDArray[Any], NDArray[np.uint8]]


#: what its folder holds
FILES = (
    "cifar-10-python.tar.gz or cifar-10-binary.tar.gz, or the folder that one of them unpacks to"
)


def _advice(folder: Path) -> str:
    return f"put {FILES}, into {str(folder)!r}"


def python_batch(content: bytes) -> Batch:
    """The labels and the levels of one file of the python version.

    A pickled dict with 'labels', a list of integers, and 'data', a uint8 array of shape (m, 3072):
    1024 levels of red, 1024 of green, 1024 of blue, row by row. It is read by `read_literals`,
    which executes nothing.

    Raises
    ------
    ValueError
        For anything else.
    """
    batch = read_literals(content)
    labels, data = batch.get("labels"), batch.get("data")
    if not isinstance(labels, list) or any(type(label) is not int for label in labels):
        raise PickleError("holds no list of integers under 'labels'")
    if not isinstance(data, np.ndarray) or data.shape != (len(labels), PIXELS):
        found = f"shape {data.shape}" if isinstance(data, np.ndarray) else "no array"
        raise PickleError(
            f"holds {found} under 'data', legal is a uint8 array ({len(labels)}, {PIXELS}), "
            f"one row a label"
        )
    # Python integers have any size; a label that no array holds is out of every range.
    outside = next((label for label in labels if not 0 <= label < len(CLASSES)), None)
    if outside is not None:
        raise PickleError(f"holds the label {outside}, legal are 0, ..., {len(CLASSES) - 1}")
    return np.array(labels, np.int64), data


def binary_batch(content: bytes) -> Batch:
    """The labels and the levels of one file of the binary version.

    Records of 3073 bytes: the label, then the levels as in `python_batch`.

    Raises
    ------
    ValueError
        For an empty file, another length, or a label above 9.
    """
    if not content or len(content) % (1 + PIXELS):
        raise ValueError(
            f"has {len(content)} bytes, legal are multiples of {1 + PIXELS} above 0: "
            f"the file is truncated or no CIFAR-10 batch"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, 1 + PIXELS)
    labels = records[:, 0]
    if labels.max() >= len(CLASSES):
        raise ValueError(f"holds the label {labels.max()}, legal are 0, ..., {len(CLASSES) - 1}")
    return labels.astype(np.int64), records[:, 1:]


class _Version:
    """One published version: how its files are called, packed and read."""

    def __init__(self, name: str, suffix: str, read: Callable[[bytes], Batch]) -> None:
        self.folder = f"cifar-10-batches-{name}"
        self.suffix = suffix
        self.read = read
        self.files = tuple(f"{file}{suffix}" for file in (*TRAIN_FILES, TEST_FILE))


PYTHON = _Version("py", "", python_batch)
BINARY = _Version("bin", ".bin", binary_batch)


def _find(folder: Path) -> tuple[Path, _Version]:
    """The folder or archive to read, and its version: what is unpacked goes first."""
    for version in (PYTHON, BINARY):
        for candidate in (folder, folder / version.folder):
            if any((candidate / name).is_file() for name in version.files):
                return candidate, version
    for archive, version in (
        (folder / "cifar-10-python.tar.gz", PYTHON),
        (folder / "cifar-10-binary.tar.gz", BINARY),
    ):
        if archive.is_file():
            return archive, version
    if folder.is_file():
        raise ValueError(f"folder = {str(folder)!r} is a file: name the folder that it is in")
    state = "holds no CIFAR-10 files" if folder.is_dir() else "is no folder"
    raise ValueError(f"folder = {str(folder)!r} {state}: {_advice(folder)}")


def _unpacked(folder: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file of a folder."""
    for name in version.files:
        try:
            yield name, regular_bytes(folder / name)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ValueError(f"{str(folder / name)!r}: {reason}") from error


def _packed(archive: Path, version: _Version) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file of a tar archive, of which nothing is extracted."""
    try:
        with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                name = Path(member.name).name
                if not member.isfile() or name not in version.files:
                    continue
                if member.size > LARGEST_FILE:
                    raise ValueError(
                        f"{str(archive)!r}: {name} has {member.size} bytes, "
                        f"legal are at most {LARGEST_FILE}"
                    )
                content = members.extractfile(member)
                assert content is not None  # of a regular file there is one
                yield name, content.read()
            # To the end, where gzip compares its checksum.
            while stream.read(2**20):
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"{str(archive)!r} is no whole tar archive: download it again ({error})"
        ) from error


def cifar10(folder: Path) -> Dataset:
    """CIFAR-10 from the published files: inputs are level / 255, in [0, 1].

    Parameters
    ----------
    folder
        A folder with cifar-10-batches-py, cifar-10-batches-bin, cifar-10-python.tar.gz or
        cifar-10-binary.tar.gz in it (the first of them is read), or one of the first two itself.

    Returns
    -------
    Dataset
        The five training batches in their order, and the test batch: an example's number in a
        log is its place there, as in other work.

    Raises
    ------
    ValueError
        For a folder without the files, or a file that is missing, truncated or something else:
        one line that says what to put where.
    """
    path, version = _find(folder)
    batches: dict[str, Batch] = {}
    for name, content in (_unpacked if path.is_dir() else _packed)(path, version):
        batch = name.removesuffix(version.suffix)
        if batch in batches:
            raise ValueError(f"{str(path)!r} holds {name} twice: download it again")
        try:
            batches[batch] = version.read(content)
        except ValueError as error:
            raise ValueError(f"{name} of {str(path)!r} {error}") from error
    missing = [name for name in version.files if name.removesuffix(version.suffix) not in batches]
    if missing:
        raise ValueError(f"{str(path)!r} lacks {', '.join(missing)}: {_advice(folder)}")
    return Dataset(
        name="cifar10",
        shape=SHAPE,
        num_classes=len(CLASSES),
        class_names=CLASSES,
        train=_examples([batches[name] for name in TRAIN_FILES]),
        test=_examples([batches[TEST_FILE]]),
        step=STEP,
        unit="pixel value in [0, 1]",
    )


def _examples(batches: list[Batch]) -> Examples:
    """Batches one behind the other."""
    labels = np.concatenate([batch[0] for batch in batches])
    levels = np.concatenate([batch[1] for batch in batches])
    return Examples(labels, levels.reshape(-1, *SHAPE), STEP)
