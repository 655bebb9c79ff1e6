"""rs4a's folder of npy files, read without numpy.load: nothing is unpickled or evaluated."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from l1cert.audit.log import Log, Problem
from l1cert.audit.opening import MOST_ROWS, add, entries, opened, refused, said
from l1cert.audit.precision import stored

Numbers: TypeAlias = npt.NDArray[np.generic]

LARGEST_FILE = 1 << 29
#: the radius, by preference; that of l_inf is no radius of the noises that are audited
RADII = ("radius_l1", "radius_l2")

_LONGEST_HEADER = 1 << 16
_HEADER = re.compile(
    r"\s*'(?P<key>descr|fortran_order|shape)'\s*:"
    r"\s*(?:'(?P<descr>[^']*)'|(?P<order>True|False)|\((?P<shape>[0-9L,\s]*)\))\s*(?:,|$)"
)
_DTYPE = re.compile(r"[<>=|]?(?:f[248]|[iu][1248])")


# A signalling NaN that is widened, and an infinity's remainder.
@np.errstate(invalid="ignore")
def read_arrays(path: Path) -> Log:
    """Read labels.npy, preds.npy, radius_l1.npy or radius_l2.npy, and prob_lb.npy if it is there.

    The class is the first of those with most votes, on every row: rs4a does not abstain. A row
    with an entry that cannot be read (a NaN, a label that is no class) is a `Problem` and left out.

    Raises
    ------
    UnreadableLog
        If a file is missing, is no plain array of real numbers, or is not as long as its header
        says; if the arrays do not fit together; or if no row can be read.
    """
    names = _files(path)
    labels = _array(path / "labels.npy", dimensions=1)
    shares = _array(path / "preds.npy", dimensions=2)
    radii = _array(path / f"{names[0]}.npy", dimensions=1)
    bounds = _array(path / "prob_lb.npy", dimensions=1) if "prob_lb" in names else None
    every = {"labels": labels, "preds": shares, names[0]: radii, "prob_lb": bounds}
    for name, array in every.items():
        if array is not None and len(array) != len(labels):
            raise refused(path, f"labels has {len(labels)} rows, {name} has {len(array)}")
    if shares.shape[1] == 0:
        raise refused(path, "preds has no classes")
    if len(labels) == 0:
        raise refused(path, "has no rows")

    label, share, radius = (one.astype(np.float64) for one in (labels, shares, radii))
    bound = None if bounds is None else bounds.astype(np.float64)
    faults = [
        ("labels holds no class", label, ~((label >= 0) & (label < 2.0**63) & (label % 1 == 0))),
        ("preds holds a NaN or an infinity", share, ~np.isfinite(share).all(axis=1)),
        (f"{names[0]} holds a NaN", radius, np.isnan(radius)),
    ]
    if bound is not None:
        faults.append(("prob_lb is not in [0, 1]", bound, ~((bound >= 0) & (bound <= 1))))
    problems = _problems(path, faults)
    broken = np.array([problem.place for problem in problems], dtype=np.int64)
    kept = np.setdiff1d(np.arange(len(label)), broken).astype(np.int64)
    if len(kept) == 0:
        raise refused(path, f"none of its rows can be read; {said(problems[0])}")
    return Log(
        path=str(path),
        format="rs4a",
        place=kept,
        index=kept,
        label=labels[kept].astype(np.int64),
        predict=share[kept].argmax(axis=1).astype(np.int64),
        radius=radius[kept],
        radius_precision=stored(radii[kept]),
        bound=None if bound is None else bound[kept],
        bound_precision=None if bounds is None else stored(bounds[kept]),
        selection=share[kept],
        problems=problems,
    )


def _files(path: Path) -> list[str]:
    """The stems of the npy files that are there and wanted, the radius first."""
    there = {file.stem for file in entries(path) if file.suffix == ".npy"}
    if not there:
        raise refused(path, "is a folder without npy files")
    for name in ("labels", "preds"):
        if name not in there:
            raise refused(path, f"has no {name}.npy")
    radius = next((name for name in RADII if name in there), None)
    if radius is None:
        also = ", only radius_linf.npy" if "radius_linf" in there else ""
        raise refused(path, f"has none of {', '.join(f'{name}.npy' for name in RADII)}{also}")
    return [radius, *(["prob_lb"] if "prob_lb" in there else [])]


def _problems(
    path: Path, faults: list[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.bool_]]]
) -> tuple[Problem, ...]:
    """The rows that have a fault, in order, each with its first one."""
    problems: list[Problem] = []
    for row in np.flatnonzero(np.any([mask for _, _, mask in faults], axis=0)).tolist():
        reason, entries = next((why, entry) for why, entry, mask in faults if mask[row])
        said_there = np.atleast_1d(entries[row])[:8].tolist()
        add(problems, path, row, reason, " ".join(map(repr, said_there)))
    return tuple(problems)


def _array(path: Path, *, dimensions: int) -> Numbers:
    """A plain array of real numbers in native byte order, of exactly as many as its file has."""
    with opened(path, LARGEST_FILE) as file:
        start = file.read(8)
        if start[:6] != b"\x93NUMPY":
            what = "a zip archive, as npz is" if start[:4] == b"PK\x03\x04" else "no npy file"
            raise refused(path, f"is {what}")
        if start[6:] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
            raise refused(path, "is no npy file of version 1, 2 or 3")
        width = 2 if start[6] == 1 else 4
        length = int.from_bytes(file.read(width), "little")
        header = file.read(min(length, _LONGEST_HEADER))
        if len(header) < length:
            raise refused(path, "ends within its header, or has a header above 65536 bytes")
        dtype, fortran, shape = _described(path, header.decode("latin-1"))
        if len(shape) != dimensions:
            raise refused(path, f"has {len(shape)} dimensions instead of {dimensions}")
        if shape[0] > MOST_ROWS:
            raise refused(path, f"claims {shape[0]} rows, above {MOST_ROWS}")
        size = math.prod(shape) * dtype.itemsize
        there = os.fstat(file.fileno()).st_size - file.tell()
        if there != size:
            raise refused(path, f"has {there} bytes of numbers, its shape {shape} takes {size}")
        content = file.read(size)
    if len(content) != size:
        raise refused(path, "was cut off while it was read")
    flat = np.frombuffer(content, dtype=dtype)
    array = flat.reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="), order="C", copy=False)


def _described(path: Path, header: str) -> tuple[np.dtype[np.generic], bool, tuple[int, ...]]:
    """What an npy header says, taken apart by a pattern: it is Python's notation, and others'."""
    inside = header.strip()
    if not (inside.startswith("{") and inside.endswith("}")):
        raise refused(path, "has a header that cannot be read")
    inside, found = inside[1:-1].strip(), {}
    if "'descr'" in inside and re.search(r"'descr'\s*:\s*\[", inside):
        raise refused(path, "holds records, not plain numbers")
    while inside:
        item = _HEADER.match(inside)
        if item is None or item["key"] in found:
            raise refused(path, "has a header that cannot be read")
        group = {"descr": "descr", "fortran_order": "order", "shape": "shape"}[item["key"]]
        found[item["key"]] = item[group]
        inside = inside[item.end() :].strip()
    descr, order, shape = (found.get(key) for key in ("descr", "fortran_order", "shape"))
    if descr is None or order is None or shape is None:
        raise refused(path, "has a header that cannot be read")
    if not _DTYPE.fullmatch(descr):
        what = "pickled objects, which are not read" if "O" in descr else f"{descr!a:.20}"
        raise refused(path, f"holds {what}, not plain numbers of 16 to 64 bits")
    sizes = [part.strip().rstrip("L") for part in shape.split(",")]
    if not sizes[-1]:
        sizes.pop()
    if not all(re.fullmatch("[0-9]{1,18}", size) for size in sizes):
        raise refused(path, "has a header that cannot be read")
    return np.dtype(descr), order == "True", tuple(map(int, sizes))
