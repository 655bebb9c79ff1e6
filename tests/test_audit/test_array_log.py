"""rs4a's folder: what is read of it, and the arrays and headers that are refused."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from l1cert.audit import array_log
from l1cert.audit.log import UnreadableLog
from l1cert.audit.reading import read_log
from tests.test_audit.logs import rs4a_folder


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableLog) as caught:
        read_log(path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and text.isprintable()
    return text


def npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    width = "<H" if version == 1 else "<I"
    size = struct.pack(width, len(header) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header.encode() + b"\n" + content


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("noise", "sigma", "classes"), [("uniform", 0.5, 10), ("gaussian", 1.0, 3)]
)
def test_arrays_are_read_as_they_were_written(
    tmp_path: Path, noise: str, sigma: float, classes: int
) -> None:
    path = rs4a_folder(tmp_path, noise=noise, sigma=sigma, classes=classes)
    log = read_log(path)
    assert log.format == "rs4a" and not log.problems and log.correct is None
    preds = np.load(path / "preds.npy")
    name = "radius_l2" if noise == "gaussian" else "radius_l1"
    np.testing.assert_array_equal(log.selection, preds)
    np.testing.assert_array_equal(
        log.predict, [max(range(classes), key=row.__getitem__) for row in preds]
    )
    np.testing.assert_array_equal(log.label, np.load(path / "labels.npy"))
    np.testing.assert_array_equal(log.bound, np.load(path / "prob_lb.npy"))
    np.testing.assert_array_equal(log.radius, np.load(path / f"{name}.npy"))
    assert log.place.tolist() == log.index.tolist() == list(range(24))
    assert log.radius.min() < 0 and log.radius_precision.said == "float32"
    assert read_log(rs4a_folder(tmp_path / "b", single=False)).radius_precision.said == "float64"


def test_the_first_of_tied_classes_is_taken(tmp_path: Path) -> None:
    shares = np.zeros((24, 4))
    shares[:, [1, 3]] = 0.5
    log = read_log(rs4a_folder(tmp_path, faults={"preds": shares}))
    assert set(log.predict.tolist()) == {1}


@pytest.mark.parametrize("kind", [">f8", "<f4", ">f4", "<f2", "<i8", ">i4", "|u1", "<u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_other_numbers_and_orders(tmp_path: Path, kind: str, order: Any) -> None:
    plain = read_log(rs4a_folder(tmp_path / "plain"))
    shares = np.load(tmp_path / "plain" / "preds.npy")
    faults: dict[str, Any] = {"labels": np.load(tmp_path / "plain" / "labels.npy").astype(kind)}
    if "f" in kind:
        faults["preds"] = np.array(shares.astype(kind), order=order)
        faults["radius_l1"] = plain.radius.astype(kind)
    log = read_log(rs4a_folder(tmp_path / "other", faults=faults))
    np.testing.assert_array_equal(log.label, plain.label)
    np.testing.assert_array_equal(log.predict, plain.predict)
    said = {"2": "float16"}.get(kind[2] if "f" in kind else "", "float32")
    assert log.radius_precision.said == said
    if said == "float16":
        assert np.all(np.abs(log.radius - plain.radius) <= log.radius_precision.half_unit)


def test_the_bound_is_optional_and_l1_goes_before_l2(tmp_path: Path) -> None:
    twice = np.full(24, 7.0)
    log = read_log(rs4a_folder(tmp_path, faults={"prob_lb": None, "radius_l2": twice}))
    assert log.bound is None and log.bound_precision is None and 7.0 not in log.radius


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("labels", np.nan, "labels holds no class"),
        ("labels", 1.5, "labels holds no class"),
        ("labels", -1.0, "labels holds no class"),
        ("labels", np.inf, "labels holds no class"),
        ("labels", 2.0**63, "labels holds no class"),
        ("preds", np.nan, "preds holds a NaN or an infinity"),
        ("preds", -np.inf, "preds holds a NaN or an infinity"),
        ("radius_l1", np.nan, "radius_l1 holds a NaN"),
        ("prob_lb", np.nan, "prob_lb is not in [0, 1]"),
        ("prob_lb", 1.0000001, "prob_lb is not in [0, 1]"),
    ],
)
def test_an_entry_that_cannot_be_read_leaves_out_its_row(
    tmp_path: Path, name: str, value: float, reason: str
) -> None:
    array = np.load(rs4a_folder(tmp_path) / f"{name}.npy")
    array[[5, 9]] = value
    log = read_log(rs4a_folder(tmp_path, faults={name: array}))
    assert [(one.place, one.reason) for one in log.problems] == [(5, reason), (9, reason)]
    assert log.place.tolist() == [row for row in range(24) if row not in (5, 9)]
    assert len(log.radius_precision.half_unit) == 22


def test_infinite_radii_are_data(tmp_path: Path) -> None:
    radius = np.full(24, np.inf)
    log = read_log(rs4a_folder(tmp_path, faults={"radius_l1": radius}))
    assert not log.problems and log.radius.tolist() == radius.tolist()


class _Trap:
    """A pickle that makes a file where it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    mark = tmp_path / "opened"
    trap = pickle.dumps(_Trap(mark))
    array = npy("{'descr': '|O', 'fortran_order': False, 'shape': (24,), }", trap)
    path = rs4a_folder(tmp_path / "run", faults={"labels": array})
    (path / "args.pkl").write_bytes(trap)
    assert "pickled objects" in refusal(path)
    (path / "labels.npy").write_bytes(trap)
    assert "no npy file" in refusal(path)
    assert len(read_log(rs4a_folder(path))) == 24
    assert not mark.exists()
    pickle.loads(trap)
    assert mark.exists()  # it would have told


PLAIN = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (np.zeros(24, dtype=complex), "plain numbers"),
        (np.zeros(24, dtype="U3"), "plain numbers"),
        (np.zeros(24, dtype="S3"), "plain numbers"),
        (np.zeros(24, dtype=bool), "plain numbers"),
        (np.zeros(24, dtype=[("a", "f8")]), "records"),
        (np.zeros(24, dtype="M8[s]"), "plain numbers"),
        (np.zeros(24, dtype=np.longdouble), "plain numbers"),
        (np.float64(3), "0 dimensions"),
        (np.zeros((24, 1)), "2 dimensions"),
        (np.zeros(23), "labels has 23 rows"),
        (np.zeros(0), "labels has 0 rows"),
        (saved(np.zeros(24))[:-1], "bytes of numbers"),
        (saved(np.zeros(24)) + b"\x00", "bytes of numbers"),
        (saved(np.zeros(24))[:40], "within its header"),
        (b"\x93NUMPY\x07\x00" + bytes(200), "version 1, 2 or 3"),
        (b"PK\x03\x04" + bytes(200), "npz"),
        (b"", "no npy file"),
        (npy(PLAIN.format("<f8", "(1000000000000,)")), "claims 1000000000000 rows"),
        (npy(PLAIN.format("<f8", "(1000, 999999999999)")), "2 dimensions"),
        (npy(PLAIN.format("<f8", f"({'9' * 5000},)")), "header that cannot be read"),
        (npy(PLAIN.format("<f8", "(-1,)")), "header that cannot be read"),
        (npy(PLAIN.format("<f8", "(1 for x in y)")), "header that cannot be read"),
        (npy("(" * 9000), "header that cannot be read"),
        (npy("{'descr': '<f8', 'shape': (24,), }"), "header that cannot be read"),
        (npy("{'shape': (2,), 'shape': (24,), }"), "header that cannot be read"),
        (npy(PLAIN.format("<f8", "(24,)") + " " * 70_000, version=2), "above 65536"),
        (npy(PLAIN.format("<f8", "(24,)"), version=3), "bytes of numbers"),
    ],
)
def test_what_is_no_plain_array_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    assert says in refusal(rs4a_folder(tmp_path, faults={"labels": content}))


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ({"labels": None}, "has no labels.npy"),
        ({"preds": None}, "has no preds.npy"),
        ({"radius_l1": None}, "has none of radius_l1.npy, radius_l2.npy"),
        ({"radius_l1": None, "radius_linf": np.zeros(24)}, "only radius_linf.npy"),
        ({"preds": np.zeros((24, 0))}, "no classes"),
        ({"preds": npy(PLAIN.format("<f8", "(24, 999999999999999999)"))}, "bytes of numbers"),
        ({"labels": np.full(24, np.nan)}, "none of its rows can be read"),
        (
            {"labels": [], "preds": np.zeros((0, 3)), "radius_l1": [], "prob_lb": []},
            "has no rows",
        ),
    ],
)
def test_folders_that_hold_no_run(tmp_path: Path, faults: dict[str, Any], says: str) -> None:
    assert says in refusal(rs4a_folder(tmp_path, faults=faults))


def test_headers_of_other_writers(tmp_path: Path) -> None:
    plain = read_log(rs4a_folder(tmp_path / "plain"))
    content = plain.label.astype("<f8").tobytes()
    headers = [
        "{'shape': (24,), 'descr': '<f8', 'fortran_order': False}",
        "{'descr':'<f8','fortran_order':True,'shape':(24L,),}",
    ]
    for version, header in zip((2, 3), headers, strict=True):
        path = rs4a_folder(
            tmp_path / str(version), faults={"labels": npy(header, content, version)}
        )
        np.testing.assert_array_equal(read_log(path).label, plain.label)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rs4a_folder(tmp_path)
    monkeypatch.setattr(array_log, "LARGEST_FILE", 500)
    assert "above the largest log" in refusal(path)
