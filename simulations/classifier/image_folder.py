"""ImageNet's folder layout, val/<wnid>/*.JPEG: pictures are decoded when they are asked for.

Source: O. Russakovsky et al., "ImageNet large scale visual recognition challenge", IJCV 2015. The
published validation pictures lie in one folder; here each lies in the folder of its class.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.backend import require
from simulations.classifier.examples import Dataset, Examples
from simulations.files import regular_bytes

#: the shorter side after resizing, and the side of the square in the centre that is kept
RESIZED = 256
CROPPED = 224

#: of the longer side after resizing: a thin strip would take gigabytes
LONGEST = 100 * RESIZED

SHAPE = (3, CROPPED, CROPPED)
STEP = Fraction(1, 255)
SUFFIXES = (".jpeg", ".jpg", ".png")
WNID = re.compile(r"n[0-9]{8}")

LAYOUT = "put val/<wnid>/*.JPEG there, a folder for each class, such as val/n01440764"


def decode(path: Path) -> NDArray[np.uint8]:
    """The levels of a picture, shape (3, 224, 224): red, green, blue.

    The shorter side is resized to 256 (bilinear, over the whole of each pixel's preimage), the
    longer one to 256 longer / shorter, rounded down; the 224 x 224 pixels in the centre are kept,
    half a pixel rounded to even. It is what torchvision's Resize(256) and CenterCrop(224) do.

    Raises
    ------
    ValueError
        For a file that cannot be decoded: one line with its name.
    MissingBackendError
        If Pillow is not installed.
    """
    require("PIL")
    from PIL import Image

    try:
        with Image.open(io.BytesIO(regular_bytes(path))) as opened:
            picture = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{str(path)!r} cannot be decoded, replace it: {reason}") from error
    width, height = picture.size
    shorter = min(width, height)
    size = (RESIZED * width // shorter, RESIZED * height // shorter)
    if max(size) > LONGEST:
        raise ValueError(
            f"{str(path)!r} has {width} x {height} pixels, legal are sides of a ratio up to "
            f"{LONGEST // RESIZED}"
        )
    resized = picture.resize(size, Image.Resampling.BILINEAR)
    left, top = (round((side - CROPPED) / 2) for side in size)
    cropped = resized.crop((left, top, left + CROPPED, top + CROPPED))
    return np.moveaxis(np.asarray(cropped, np.uint8), -1, 0)


@dataclass(frozen=True)
class Pictures:
    """Picture files, decoded when they are indexed.

    Parameters
    ----------
    folder
        Where they lie.
    files
        Paths below it.
    """

    folder: Path
    files: Sequence[str]

    @property
    def shape(self) -> tuple[int, ...]:
        """(number of pictures, 3, 224, 224)."""
        return (len(self.files), *SHAPE)

    def __getitem__(self, indices: NDArray[np.int64], /) -> NDArray[Any]:
        """The levels of these pictures, stacked."""
        levels = np.empty((len(indices), *SHAPE), np.uint8)
        for row, index in zip(levels, indices, strict=True):
            row[:] = decode(self.folder / self.files[index])
        return levels


def _classes(split: Path) -> tuple[str, ...]:
    """The names of the class folders of a split, sorted."""
    entries = sorted(entry for entry in split.iterdir() if not entry.name.startswith("."))
    for entry in entries:
        if entry.is_file() and entry.suffix.lower() in SUFFIXES:
            raise ValueError(f"{str(split)!r} holds pictures outside class folders: {LAYOUT}")
        if entry.is_dir() and not WNID.fullmatch(entry.name):
            raise ValueError(
                f"{str(entry)!r} is not named by a wnid, 'n' and eight digits: {LAYOUT}"
            )
    return tuple(entry.name for entry in entries if entry.is_dir())


def _examples(split: Path, wnids: Sequence[str]) -> Examples:
    """The pictures of a split, class by class and each class by name; only the names are read."""
    files: list[str] = []
    counts = []
    for wnid in wnids:
        names = (entry.name for entry in (split / wnid).iterdir() if not entry.name.startswith("."))
        found = sorted(name for name in names if Path(name).suffix.lower() in SUFFIXES)
        if not found:
            raise ValueError(f"{str(split / wnid)!r} holds no picture: {LAYOUT}")
        files += [f"{wnid}/{name}" for name in found]
        counts.append(len(found))
    labels = np.repeat(np.arange(len(wnids), dtype=np.int64), np.array(counts, np.int64))
    return Examples(labels, Pictures(split, files), STEP)


def imagenet(folder: Path) -> Dataset:
    """Pictures in ImageNet's folder layout: inputs are level / 255, in [0, 1].

    Class k is the k-th wnid in sorted order, which is the order of torchvision's models too. The
    test split is val/, the train split train/ if there is one, and otherwise empty. Pictures are
    decoded when they are asked for (`decode`).

    Parameters
    ----------
    folder
        A folder with val/<wnid>/*.JPEG in it, for at least two classes, and maybe train/ with the
        same classes.

    Raises
    ------
    ValueError
        For a folder of another layout, a class without pictures, or classes that differ between
        val/ and train/: one line that says what to put where.
    """
    val, train = folder / "val", folder / "train"
    if not val.is_dir():
        raise ValueError(f"folder = {str(folder)!r} holds no folder 'val': {LAYOUT}")
    wnids = _classes(val)
    if len(wnids) < 2:
        raise ValueError(f"{str(val)!r} holds {len(wnids)} class folders, at least 2: {LAYOUT}")
    if train.is_dir() and (of_train := _classes(train)) != wnids:
        odd = min(set(of_train) ^ set(wnids))
        raise ValueError(
            f"{str(folder)!r}: val holds {len(wnids)} classes and train {len(of_train)}, "
            f"legal are the same classes; {odd} is in one of them only"
        )
    return Dataset(
        name="imagenet",
        shape=SHAPE,
        num_classes=len(wnids),
        class_names=wnids,
        train=_examples(train, wnids if train.is_dir() else ()),
        test=_examples(val, wnids),
        step=STEP,
        unit="pixel value in [0, 1]",
    )
