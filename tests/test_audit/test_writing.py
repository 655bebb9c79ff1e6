"""Our own format: what is written is read back, and no broken record passes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import saving
from l1cert.audit.log import ABSTAINED, Log, Precision, UnreadableLog
from l1cert.audit.reading import read_log
from l1cert.audit.writing import write_log
from tests.test_audit.logs import FURTHER, cohen_log, l1cert_log, made_rows, rs4a_folder
from theory.exact import to_fraction

STATED: Mapping[str, Any] = {
    "noise": "laplace",
    "sigma": "0.5",
    "num_samples": 100_000,
    "alpha": "0.001",
    "provenance": {"commit": "abc"},
}
KEPT = ("index", "label", "predict", "radius", "correct", "seconds", "bound", "other_bound")
COUNTS = ("votes", "runner_up", "num_samples")


def refusal(path: Path, format: str = "auto") -> str:
    with pytest.raises(UnreadableLog) as caught:
        read_log(path, format)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and text.isprintable()
    return text


def assert_same(one: Log, other: Log) -> None:
    for name in KEPT + COUNTS:
        mine, its = getattr(one, name), getattr(other, name)
        assert (mine is None) == (its is None), name
        if mine is not None:
            np.testing.assert_array_equal(mine, its, err_msg=name)


def test_a_made_log_is_read(tmp_path: Path) -> None:
    rows = made_rows(noise="laplace", exact=True)
    log = read_log(l1cert_log(tmp_path / "a.tsv", rows))
    assert log.format == "l1cert" and not log.problems
    assert log.radius.tolist() == [row.radius for row in rows]
    assert log.bound is not None and log.bound.tolist() == [row.bound for row in rows]
    for precision in (log.radius_precision, log.bound_precision):
        assert precision is not None and precision.said == "float64"
        assert not precision.half_unit.any()
    assert log.votes is not None and log.votes.tolist() == [row.votes for row in rows]
    others = [
        max([n for c, n in row.counts.items() if c != row.selected], default=0) for row in rows
    ]
    assert log.runner_up is not None and log.runner_up.tolist() == others
    assert log.num_samples is not None and set(log.num_samples.tolist()) == {100_000}
    assert log.other_bound is None and log.predict[0] == ABSTAINED
    assert dict(log.record) == {
        "noise": "laplace",
        "sigma": "0.5",
        "num_samples": 100_000,
        "alpha": "0.001",
        "certificate": "theorem_2",
    }


@pytest.mark.parametrize("further", [(), FURTHER[:1], FURTHER[1:2], FURTHER[::-1], FURTHER[2:]])
@pytest.mark.parametrize("record", [{}, None])
def test_what_tells_our_format(tmp_path: Path, further: tuple[str, ...], record: Any) -> None:
    path = l1cert_log(tmp_path / "a.tsv", further=further, record=record)
    log = read_log(path)
    assert log.format == ("l1cert" if further or record is not None else "cohen")
    assert (log.bound is None) == ("p_a" not in further)
    assert (log.votes is None) == ("votes" not in further)
    assert bool(log.record) == (record is not None)
    assert read_log(path, "l1cert").format == "l1cert"
    # As Cohen et al.'s, none of it counts.
    cohen = read_log(path, "cohen")
    assert cohen.format == "cohen" and cohen.bound is None and not cohen.record


def test_another_json_beside_a_log_of_cohen_is_not_a_record(tmp_path: Path) -> None:
    path = cohen_log(tmp_path / "a.tsv")
    for text in ("{}", "[", '{"rows": 3}'):
        (tmp_path / "a.json").write_text(text)
        assert read_log(path).format == "cohen"
        refusal(path, "l1cert")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("", "no JSON"),
        ('{"format": "l1cert-log", "version": 1', "no JSON"),
        ('["l1cert-log"]', "format"),
        ('{"format": "l1cert-log", "a": ' + "[" * 100_000, "no JSON"),
        ({"format": "other"}, "format"),
        ({"version": 2}, "version = 2 is not 1"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"noise": "cauchy"}, "noise = cauchy is none of laplace"),
        ({"noise": ["laplace"]}, "noise"),
        ({"sigma": "0"}, "sigma = 0 is outside"),
        ({"sigma": None}, "sigma = None is no number"),
        ({"sigma": True}, "sigma = True is no number"),
        ({"sigma": "wide"}, "wide"),
        ({"sigma": float("nan")}, "NaN"),
        ({"num_samples": 0}, "num_samples = 0"),
        ({"num_samples": 1.5}, "num_samples = 1.5"),
        ({"num_samples": 10**30}, "num_samples"),
        ({"alpha": 1}, "alpha = 1 is outside (0, 1)"),
        ({"alpha": -0.5}, "alpha = -0.5 is outside (0, 1)"),
        ({"alpha": {}}, "alpha"),
        ({"certificate": "theorem_9"}, "certificate = theorem_9"),
    ],
)
def test_a_broken_record_is_refused(tmp_path: Path, record: Any, says: str) -> None:
    assert says in refusal(l1cert_log(tmp_path / "a.tsv", record=record))


def test_numbers_of_a_record_are_exact(tmp_path: Path) -> None:
    path = l1cert_log(
        tmp_path / "a.tsv", record={"sigma": 0.1, "alpha": "1/3", "num_samples": "1e5"}
    )
    assert to_fraction(read_log(path).record["sigma"]) == Fraction(1, 10)
    assert read_log(path).record["alpha"] == "1/3" and read_log(path).record["num_samples"] == 10**5


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("", "votes is empty, and not in every row"),
        ("3", "votes is no list of class:samples"),
        ("3:4,", "votes is no list of class:samples"),
        ("3:x", "votes is no integer"),
        ("-3:4", "votes is below 0"),
        ("3:4,3:5", "votes has the class 3 twice"),
        ("3:4,03:5", "votes has the class 3 twice"),
        ("3:4,rest:5", "votes names some classes and others not"),
        ("3:0", "votes has no samples, or more than 9223372036854775807"),
        ("3:9223372036854775807,4:1", "votes has no samples, or more than 9223372036854775807"),
    ],
)
def test_votes_that_cannot_be_read(tmp_path: Path, field: str, reason: str) -> None:
    line = f"0\t3\t3\t0.5\t1\t2.0\t3\t0.9\t0.1\t{field}"
    (problem,) = read_log(l1cert_log(tmp_path / "a.tsv", faults={4: line})).problems
    assert (problem.place, problem.reason) == (4, reason)


@pytest.mark.parametrize(
    ("selected", "predict", "votes", "expected"),
    [
        ("3", "3", "3:70,1:20,2:10", (70, 20, 100)),
        ("1", "-1", "3:70,1:20,2:10", (20, 70, 100)),
        ("5", "5", "3:70", (0, 70, 70)),
        (None, "2", "3:70,1:20,2:10", (10, 70, 100)),
        (None, "-1", "1:20,3:70,2:70", (70, 70, 160)),
        (None, "2", "selected:10,second:70,rest:20", (10, 70, 100)),
    ],
)
def test_counts_from_votes(
    tmp_path: Path, selected: str | None, predict: str, votes: str, expected: tuple[int, ...]
) -> None:
    path = tmp_path / "a.tsv"
    more = ("", "") if selected is None else ("\tselected", f"\t{selected}")
    path.write_text(
        f"idx\tlabel\tpredict\tradius\tvotes{more[0]}\n0\t3\t{predict}\t0.5\t{votes}{more[1]}\n"
    )
    log = read_log(path)
    assert tuple(int(getattr(log, name)[0]) for name in COUNTS) == expected


def test_an_empty_other_bound_is_a_nan_beside_others(tmp_path: Path) -> None:
    lines = {
        2: "0\t3\t3\t0.5\t1\t2.0\t3\t0.9\t0.05\t3:9",
        3: "0\t3\t3\t0.5\t1\t2.0\t3\t0.9\t2\t3:9",
    }
    log = read_log(l1cert_log(tmp_path / "a.tsv", faults=lines))
    assert log.other_bound is not None
    assert log.other_bound[0] == 0.05 and np.isnan(log.other_bound[1:]).all()
    assert [one.reason for one in log.problems] == ["p_b is outside [0, 1]"]


@pytest.mark.parametrize("kind", ["cohen", "l1cert", "rs4a"])
def test_every_log_is_read_back(tmp_path: Path, kind: str) -> None:
    makers = {"cohen": cohen_log, "l1cert": l1cert_log, "rs4a": rs4a_folder}
    log = read_log(makers[kind](tmp_path / "a.tsv"))
    files = write_log(tmp_path / "new" / "b.tsv", log, **STATED)
    assert [file.name for file in files] == ["b.tsv", "b.json"]
    back = read_log(files[0])
    assert back.format == "l1cert" and not back.problems
    assert_same(log, back)
    # how far a number is rounded is kept, too
    for name in ("radius_precision", "bound_precision"):
        before, after = getattr(log, name), getattr(back, name)
        assert (before is None) == (after is None)
        if before is not None:
            assert before.said == after.said
            assert np.array_equal(before.half_unit, after.half_unit)
    record = json.loads(files[1].read_text())
    assert record["commit"] == "abc" and record["certificate"] == "theorem_2"
    again = write_log(tmp_path / "c.tsv", back, **STATED)
    assert again[0].read_bytes() == files[0].read_bytes()


INTEGERS = st.integers(0, 2**40)
ROWS = st.tuples(
    INTEGERS,
    INTEGERS,
    st.integers(-1, 10),
    st.floats(allow_nan=False),
    st.floats(0, 1),
    st.one_of(st.just(np.nan), st.floats(0, 1)),
    st.integers(0, 1),
    st.floats(0, 1e9),
    st.tuples(INTEGERS, INTEGERS, INTEGERS).filter(any),
)


@given(
    rows=st.lists(ROWS, min_size=1, max_size=6), sigma=st.floats(1e-3, 1e3), kept=st.integers(0, 15)
)
def test_arrays_are_read_back_bit_by_bit(
    rows: list[Any], sigma: float, kept: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    index, label, predict, radius, bound, other, correct, seconds, votes = map(
        np.array, zip(*rows, strict=True)
    )
    none = Precision(np.zeros(len(rows)), "float64")
    log = Log("", "l1cert", index, index, label, predict, radius, none)
    if kept & 1:
        log = replace(log, bound=bound, bound_precision=none)
    if kept & 2:
        log = replace(log, correct=correct, seconds=seconds)
    if kept & 4 and not np.isnan(other).all():
        log = replace(log, other_bound=other)
    if kept & 8:
        total = votes.sum(axis=1)
        log = replace(log, votes=votes[:, 0], runner_up=votes[:, 1], num_samples=total)
    path = tmp_path_factory.mktemp("log") / "a.tsv"
    back = read_log(write_log(path, log, **{**STATED, "sigma": sigma})[0])
    assert not back.problems
    assert_same(log, back)
    assert np.array_equal(np.signbit(log.radius), np.signbit(back.radius))
    assert to_fraction(back.record["sigma"]) == Fraction(sigma)


@pytest.mark.parametrize(
    "sigma", ["0.5", "1/3", 2, 0.1, Decimal("0.25"), Fraction(1, 7), np.float32(0.1), np.int64(3)]
)
def test_parameters_are_written_exactly(tmp_path: Path, sigma: Any) -> None:
    log = read_log(cohen_log(tmp_path / "a.tsv"))
    files = write_log(tmp_path / "b.tsv", log, **{**STATED, "sigma": sigma})
    assert to_fraction(read_log(files[0]).record["sigma"]) == to_fraction(sigma)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sigma": -1}, "sigma = -1"),
        ({"noise": "cauchy"}, "noise = cauchy"),
        ({"alpha": 2}, "alpha = 2"),
        ({"certificate": "cohen"}, "certificate = cohen"),
        ({"provenance": {"noise": 1}}, "provenance has noise"),
        ({"provenance": {"wall": float("nan")}}, "JSON"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, change: Any, says: str) -> None:
    log = read_log(cohen_log(tmp_path / "a.tsv"))
    with pytest.raises(ValueError, match=says):
        write_log(tmp_path / "b.tsv", log, **{**STATED, **change})
    assert not list(tmp_path.glob("b.*"))


def test_logs_that_cannot_be_written(tmp_path: Path) -> None:
    log = read_log(l1cert_log(tmp_path / "a.tsv"))
    none = np.zeros(0, dtype=np.int64)
    empty = Log("", "l1cert", none, none, none, none, none * 0.5, Precision(none * 0.5, ""))
    few = replace(log, num_samples=np.ones(len(log), dtype=np.int64))
    nan = replace(log, radius=np.full(len(log), np.nan))
    high = replace(log, bound=np.full(len(log), np.nan))
    for wrong, says in (
        (empty, "no rows"),
        (few, "more votes than samples"),
        (nan, "NaN as radius"),
        (high, r"bound outside \[0, 1\]"),
    ):
        with pytest.raises(ValueError, match=says):
            write_log(tmp_path / "b.tsv", wrong, **STATED)
    with pytest.raises(ValueError, match="another suffix"):
        write_log(tmp_path / "b.json", log, **STATED)
    assert not list(tmp_path.glob("b.*"))


def test_a_log_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = l1cert_log(tmp_path / "a.tsv")
    log, before = read_log(path), path.read_bytes()
    monkeypatch.setattr(saving.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_log(path, replace(log, radius=log.radius / 2), **STATED)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_a_log_of_others_in_our_columns_is_as_exact_as_it_is_printed(tmp_path: Path) -> None:
    """A radius "0.9" is no float64 unless its record says so: it may stand for 0.86."""
    rows = [replace(row, radius=round(row.radius, 2)) for row in made_rows(noise="uniform")]
    said = read_log(l1cert_log(tmp_path / "a.tsv", rows, noise="uniform"))
    silent = read_log(l1cert_log(tmp_path / "b.tsv", rows, noise="uniform", record=None))
    assert not said.radius_precision.half_unit.any()
    assert silent.radius_precision.said == "2 decimals"
    assert silent.radius_precision.half_unit.max() > 0.0049


def test_an_empty_column_of_votes_is_none(tmp_path: Path) -> None:
    header = "idx\tlabel\tpredict\tradius\tp_a\tvotes"
    rows = ["0\t1\t1\t0.5\t0.9\t", "1\t1\t1\t0.25\t0.8\t", "2\t1\tx\t0.25\t0.8\t"]
    path = tmp_path / "a.tsv"
    path.write_text("\n".join([header, *rows]))
    log = read_log(path)
    assert (len(log), log.votes, log.runner_up, log.num_samples) == (2, None, None, None)
    assert [one.place for one in log.problems] == [4]


def test_rows_without_votes_are_left_out_where_others_have_them(tmp_path: Path) -> None:
    header = "idx\tlabel\tpredict\tradius\tp_a\tvotes"
    rows = ["0\t1\t1\t0.5\t0.9\t", "1\t1\t1\t0.25\t0.8\t1:90,2:10", "x", "3\t1\t1\t0.5\t0.9\t"]
    path = tmp_path / "a.tsv"
    path.write_text("\n".join([header, *rows, "4\t1\t1\t0.125\t0.7\t1:80"]))
    log = read_log(path)
    assert log.votes is not None and log.num_samples is not None and log.bound is not None
    assert (log.index.tolist(), log.place.tolist()) == ([1, 4], [3, 6])
    assert (log.votes.tolist(), log.num_samples.tolist()) == ([90, 80], [100, 80])
    assert (log.radius.tolist(), log.bound.tolist()) == ([0.25, 0.125], [0.8, 0.7])
    assert len(log.radius_precision.half_unit) == 2
    assert [one.place for one in log.problems] == [2, 4, 5]
    assert log.problems[0].reason == "votes is empty, and not in every row"
