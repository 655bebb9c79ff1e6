"""Readers: what they make of each kind of log and of each fault, and what they refuse."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from l1cert.audit import opening, text_log
from l1cert.audit.log import UnreadableLog
from l1cert.audit.reading import read_log
from tests.test_audit.logs import COHEN, cohen_log, made_rows, rs4a_folder
from tests.test_audit.real_runs import RUNS, real

SIX = "idx\tlabel\tpredict\tradius\tcorrect\ttime"


def refusal(path: Path, format: str = "auto") -> str:
    with pytest.raises(UnreadableLog) as caught:
        read_log(path, format)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and text.isprintable()
    return text


# Cohen et al.'s TSV


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = made_rows(12, sigma=0.25, alpha=0.01)
    log = read_log(cohen_log(tmp_path / "a.tsv", rows, clock=True))
    assert log.format == "cohen" and not log.problems and log.bound is None
    assert log.place.tolist() == list(range(2, 14))
    assert log.index.tolist() == [row.index for row in rows]
    assert log.label.tolist() == [row.label for row in rows]
    assert log.predict.tolist() == [row.predict for row in rows]
    assert log.radius.tolist() == [float(f"{row.radius:.3}") for row in rows]
    assert log.correct is not None and log.correct.tolist() == [row.correct for row in rows]
    assert log.seconds is not None and log.seconds.tolist() == [row.seconds for row in rows]
    for row, half in zip(rows, log.radius_precision.half_unit, strict=True):
        assert abs(Fraction(float(f"{row.radius:.3}")) - Fraction(row.radius)) <= Fraction(half)


@pytest.mark.parametrize(
    "columns",
    [
        COHEN[::-1],
        ("Radius", "IDX", "Label", "predict"),
        ("idx", "x", "label", "predict", "radius"),
    ],
)
def test_columns_in_any_order_and_case(tmp_path: Path, columns: tuple[str, ...]) -> None:
    whole = read_log(cohen_log(tmp_path / "whole.tsv"))
    log = read_log(cohen_log(tmp_path / "a.tsv", columns=columns))
    for name in ("index", "label", "predict", "radius"):
        np.testing.assert_array_equal(getattr(log, name), getattr(whole, name))
    assert (log.seconds is None) == ("time" not in columns)
    assert (log.correct is None) == ("correct" not in columns)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\t\n", "\t\t\r\n", "\n\n", "\n \t\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("final_end", [True, False])
def test_line_ends_and_a_byte_order_mark_change_nothing(
    tmp_path: Path, end: str, encoding: str, final_end: bool
) -> None:
    log = read_log(cohen_log(tmp_path / "a.tsv", end=end, encoding=encoding, final_end=final_end))
    plain = read_log(cohen_log(tmp_path / "b.tsv"))
    assert not log.problems
    np.testing.assert_array_equal(log.radius, plain.radius)
    apart = 2 if end in ("\n\n", "\n \t\n") else 1
    assert log.place.tolist() == [1 + apart * number for number in range(1, 25)]


def test_mixed_line_ends_count_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(
        f"{SIX}\r0\t1\t1\t0.5\t1\t2\r\n\r\n9\t1\t1\t0.5\t1\t2\nbad\r5\t1\t1\t1\t1\t2".encode()
    )
    log = read_log(path)
    assert log.place.tolist() == [2, 4, 6] and log.index.tolist() == [0, 9, 5]
    assert [(one.place, one.text) for one in log.problems] == [(5, "bad")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1\t2\t3", "3 fields, the header has 6"),
        ("1\t2\t3\t0.5\t1\t2\t3", "7 fields, the header has 6"),
        ("one\t2\t3\t0.5\t1\t2", "idx is no integer"),
        ("1_0\t2\t3\t0.5\t1\t2", "idx is no integer"),
        ("١\t2\t3\t0.5\t1\t2", "idx is no integer"),
        ("0x1\t2\t3\t0.5\t1\t2", "idx is no integer"),
        ("1.0\t2\t3\t0.5\t1\t2", "idx is no integer"),
        ("9223372036854775808\t2\t3\t0.5\t1\t2", "idx is beyond 64 bits"),
        ("-9223372036854775809\t2\t3\t0.5\t1\t2", "idx is below 0"),
        ("-1\t2\t3\t0.5\t1\t2", "idx is below 0"),
        ("1\t-1\t3\t0.5\t1\t2", "label is below 0"),
        ("1\t2\t-2\t0.5\t1\t2", "predict is below -1"),
        ("1\t2\t3\tnan\t1\t2", "radius is a NaN"),
        ("1\t2\t3\t0x1p-1\t1\t2", "radius is no number"),
        ("1\t2\t3\t1_0.5\t1\t2", "radius is no number"),
        ("1\t2\t3\t٠.٥\t1\t2", "radius is no number"),
        ("1\t2\t3\tınf\t1\t2", "radius is no number"),
        ("1\t2\t3\t\t1\t2", "radius is no number"),
        ("1\t2\t3\t1e999\t1\t2", "radius is beyond the largest float"),
        (f"1\t2\t3\t{'1' * 2000}\t1\t2", "radius is no number"),
        ("1\t2\t3\t0.5\t2\t2", "correct is none of 0, 1, True, False"),
        ("1\t2\t3\t0.5\t1\t-2", "time is outside [0, inf)"),
        ("1\t2\t3\t0.5\t1\tinf", "time is outside [0, inf)"),
        ("1\t2\t3\t0.5\t1\t-1 day, 23:59:59", "time is neither seconds nor H:MM:SS"),
        ("1\t2\t3\t0.5\t1\t0:60:00", "time is neither seconds nor H:MM:SS"),
        ("1\t2\t3\t0.5\t1\t2\x00", "time is neither seconds nor H:MM:SS"),
    ],
)
def test_a_malformed_line_is_a_problem_and_the_rest_is_read(
    tmp_path: Path, line: str, reason: str
) -> None:
    log = read_log(cohen_log(tmp_path / "a.tsv", faults={7: line}))
    (problem,) = log.problems
    assert (problem.place, problem.reason) == (7, reason)
    assert 0 < len(problem.text) <= 60 and problem.text.isprintable()
    assert log.place.tolist() == [place for place in range(2, 26) if place != 7]


def test_bytes_that_are_no_text_are_a_problem_of_their_line(tmp_path: Path) -> None:
    path = cohen_log(tmp_path / "a.tsv", faults={5: "1\t2\t3\t0.5\t1\xff\t2"}, encoding="latin-1")
    (problem,) = read_log(path).problems
    assert problem.place == 5 and r"\xff" in problem.text


def test_what_is_unusual_and_yet_data(tmp_path: Path) -> None:
    lines = ["0\t0\t-1\tinf\tTrue\t1 day, 0:00:01", "5\t9\t+3\t-Infinity\tFALSE\t2 days, 1:00:00.5"]
    path = cohen_log(
        tmp_path / "a.tsv", faults={2: lines[0], 3: lines[1], 4: " 7 \t1\t1\t-0.25\t0\t0"}
    )
    log = read_log(path)
    assert not log.problems
    assert log.radius[:3].tolist() == [np.inf, -np.inf, -0.25]
    assert log.correct is not None and log.correct[:3].tolist() == [1, 0, 0]
    assert log.seconds is not None and log.seconds[:3].tolist() == [86401, 176400.5, 0]
    assert log.radius_precision.half_unit[:2].tolist() == [0, 0]


def test_a_line_above_the_limit_is_skipped_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_log, "_LONGEST_LINE", 100)
    log = read_log(cohen_log(tmp_path / "a.tsv", faults={3: "1\t2\t" * 200}))
    (problem,) = log.problems
    assert problem.place == 3 and problem.reason == "longer than 100 characters"
    assert log.place.tolist() == [2, *range(4, 26)]


def test_one_line_of_many_megabytes_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    with open(path, "wb") as file:
        file.write(f"{SIX}\n".encode())
        file.truncate(200_000_000)  # NUL to the end, one line
    tracemalloc.start()
    try:
        assert "longer than" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


# What holds no log


def _gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(f"{SIX}\n0\t1\t1\t0.5\t1\t2\n".encode()))


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.tsv", SIX)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_gzip, "gzip"),
        (_zip, "zip"),
        (lambda path: path.write_text(f"{SIX}\n0\t1\t1\t0.5\t1\t2", encoding="utf-16"), "UTF-16"),
        (lambda path: path.write_text(SIX, encoding="utf-32"), "UTF-32"),
        (lambda path: path.write_text(SIX, encoding="utf-16-le"), "NUL"),
        (lambda path: path.write_bytes(bytes(range(256)) * 9), "NUL"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("\n \n"), "blank"),
        (lambda path: path.write_text(f"{SIX}\n"), "has no rows"),
        (lambda path: path.write_text("0\t1\t1\t0.5\t1\t2\n"), "idx, label, predict, radius"),
        (lambda path: path.write_text("idx,label,predict,radius\n0,1,1,1\n"), "tab-separated"),
        (lambda path: path.write_text(f"{SIX}\tIDX\n"), "column idx twice"),
        (lambda path: path.write_text(f"{SIX}\nx\ny\n"), "none of its lines"),
        (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"), "npy"),
        (lambda path: path.mkdir(), "without npy files"),
        (lambda path: path.symlink_to(path), "symbolic"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
        (os.mkfifo, "not a regular file"),
        (lambda path: None, "no such file"),
    ],
)
def test_what_holds_no_log_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "a.tsv"
    make(path)
    assert says in refusal(path)


@pytest.mark.parametrize("format", ["auto", "cohen", "rs4a", "l1cert"])
@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "\ud800", "x" * 300, "../", "/", "a."])
def test_a_path_of_any_name_is_refused_in_one_line(
    tmp_path: Path, name: str, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refusal(Path(name), format)


def test_folders_files_and_formats_that_do_not_fit(tmp_path: Path) -> None:
    assert "is a folder" in refusal(rs4a_folder(tmp_path / "run"), "cohen")
    assert "no folder" in refusal(cohen_log(tmp_path / "a.tsv"), "rs4a")
    with pytest.raises(ValueError, match=r"^format = tsv is none of auto, cohen, rs4a, l1cert$"):
        read_log(tmp_path / "a.tsv", "tsv")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cohen_log(tmp_path / "a.tsv", faults={2: "x", 3: "y", 4: "z"})
    with monkeypatch.context() as patch:
        patch.setattr(opening, "MOST_PROBLEMS", 2)
        assert "more than 2 lines" in refusal(path)
    with monkeypatch.context() as patch:
        patch.setattr(text_log, "MOST_ROWS", 20)
        assert "more than 20 rows" in refusal(path)
    with monkeypatch.context() as patch:
        patch.setattr(text_log, "LARGEST_FILE", 10)
        assert "above the largest log, 10 bytes" in refusal(path)
    # A file that does not know its size, as those of /proc.
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result([0] * 10))
    monkeypatch.setattr(text_log, "LARGEST_FILE", 100)
    assert "goes on beyond 100 bytes" in refusal(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is permitted to root")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = cohen_log(tmp_path / "a.tsv")
    path.chmod(0)
    assert "permission denied" in refusal(path)


# The real logs


@real
@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("cohen/cifar10_resnet110_gaussian_sigma_0.50.tsv", 500, "3 significant digits"),
        ("cohen/imagenet_resnet50_gaussian_sigma_0.50.tsv", 500, "3 significant digits"),
        ("rs4a_cifar_uniform_0.5", 10_000, "float32"),
    ],
)
def test_the_real_logs(name: str, rows: int, said: str) -> None:
    log = read_log(RUNS / name)
    assert (len(log), log.problems, log.radius_precision.said) == (rows, (), said)
    assert log.format == ("cohen" if rows == 500 else "rs4a")
    if log.bound_precision is not None:
        assert log.bound_precision.said == "float32"
