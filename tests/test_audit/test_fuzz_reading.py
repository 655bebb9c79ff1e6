"""Broken logs end in a `Log` that keeps its word or in one line, and in nothing else.

The suite turns every warning into an error, so a warning of a reader fails these tests too.
"""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1cert.audit import text_log
from l1cert.audit.log import ABSTAINED, Log, UnreadableLog
from l1cert.audit.reading import read_log
from tests.test_audit.logs import cohen_log, l1cert_log, made_rows, rs4a_folder

FORMATS = ("auto", "cohen", "rs4a", "l1cert")

#: what is put in place of a field or of some bytes
TOKENS = [
    b"nan", b"-nan", b"inf", b"-inf", b"1e309", b"-1e-400", b"9" * 40, b"-" + b"9" * 19, b"0x10",
    b"1_000", b"1e", b".", b"-", b"", b"\t", b"\t\t\t", b"\r", b"\n", b"\r\n", b"\x00", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x1f\x8b", b"PK\x03\x04",
    b"0e99999999999", b"5" * 5000, b"True", b"-1 day, 1:00:00", b"99999 days, 1:00:00", b"25:61:61",
    b"1:2,3", b"0:0", b"selected:1,rest:0", b"0:9223372036854775807,1:1", b"\xd9\xa1",
    b"1e-99999999999", b"=1+1", b"'1'",
]  # fmt: skip

ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037", "utf-7")


def assert_sound(log: Log) -> None:
    """What every `Log` promises."""
    rows = len(log)
    assert rows > 0
    assert np.all(np.diff(log.place) > 0)
    assert not set(log.place.tolist()) & {one.place for one in log.problems}
    places = [one.place for one in log.problems]
    assert places == sorted(set(places))
    for one in log.problems:
        assert one.reason.isprintable() and one.text.isprintable() and len(one.text) <= 60
    for column in (log.index, log.label, log.predict):
        assert column.dtype == np.int64 and column.shape == (rows,)
    assert log.index.min() >= 0 and log.label.min() >= 0 and log.predict.min() >= ABSTAINED
    assert log.radius.dtype == np.float64 and not np.isnan(log.radius).any()
    for precision in (log.radius_precision, log.bound_precision):
        if precision is not None:
            assert precision.half_unit.shape == (rows,) and precision.half_unit.min() >= 0
            assert np.isfinite(precision.half_unit).all() and precision.said.isprintable()
    if log.correct is not None:
        assert set(log.correct.tolist()) <= {0, 1}
    if log.seconds is not None:
        assert log.seconds.min() >= 0 and np.isfinite(log.seconds).all()
    assert (log.bound is None) == (log.bound_precision is None)
    if log.bound is not None:
        assert log.bound.min() >= 0 and log.bound.max() <= 1
    if log.votes is not None and log.runner_up is not None and log.num_samples is not None:
        assert log.votes.min() >= 0 and log.runner_up.min() >= 0 and log.num_samples.min() > 0
        assert np.all(log.num_samples - log.votes >= log.runner_up)
    if log.selection is not None:
        assert log.selection.shape[0] == rows and np.isfinite(log.selection).all()


def outcome(path: Path, format: str = "auto") -> Log | None:
    """The log, checked, or None where it was refused in one line."""
    try:
        log = read_log(path, format)
    except UnreadableLog as error:
        text = str(error)
        assert text and len(text.splitlines()) == 1 and text.isprintable()
        return None
    assert_sound(log)
    return log


def broken(content: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four faults."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.randint(0, len(content)) for _ in range(2))
        kind = rng.randrange(9)
        if kind == 0:
            content = content[:place]
        elif kind == 1:
            flipped = bytearray(content)
            if flipped:
                flipped[place % len(flipped)] ^= 1 << rng.randrange(8)
            content = bytes(flipped)
        elif kind == 2:
            content = content[:place] + rng.choice(TOKENS) + content[place:]
        elif kind == 3:
            content = content[:place] + content[min(end, place + 40) :]
        elif kind == 4:
            lines = content.split(b"\n")
            lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
            content = b"\n".join(lines)
        elif kind == 5:
            fields = content.split(b"\t")
            fields[rng.randrange(len(fields))] = rng.choice(TOKENS)
            content = b"\t".join(fields)
        elif kind == 6:
            ends = rng.choice([b"\r", b"\r\n", b"\n\n", b"\t\n", b"\x0b"])
            content = content[:place] + content[place:end].replace(b"\n", ends) + content[end:]
        elif kind == 7:
            content = content[:place] + rng.randbytes(rng.randint(0, 30)) + content[place:]
        elif rng.random() < 0.2:
            content = rng.choice([gzip.compress, _recoded(rng.choice(ENCODINGS))])(content)
    return content


def _recoded(encoding: str) -> Callable[[bytes], bytes]:
    return lambda content: content.decode("latin-1").encode(encoding, "replace")


@pytest.mark.parametrize("kind", ["cohen", "l1cert", "record"])
def test_broken_text_logs(tmp_path: Path, kind: str) -> None:
    rng = random.Random(kind)
    rows = made_rows(8, noise="laplace", exact=True)
    path = tmp_path / "a.tsv"
    maker = cohen_log if kind == "cohen" else l1cert_log
    changed = maker(path, rows) if kind != "record" else maker(path, rows).with_suffix(".json")
    good = changed.read_bytes()
    read, with_problems, refused = 0, 0, 0
    for _ in range(400):
        changed.write_bytes(broken(good, rng))
        log = outcome(path, rng.choice(FORMATS) if rng.random() < 0.2 else "auto")
        refused += log is None
        read += log is not None
        with_problems += log is not None and bool(log.problems)
    # The faults reach past the header: all three ends are met.
    assert min(read, refused) > 50
    assert kind == "record" or with_problems > 50


def test_broken_arrays(tmp_path: Path) -> None:
    rng = random.Random(7)
    path = rs4a_folder(tmp_path / "run", made_rows(6, noise="uniform", sides=2))
    good = {file: file.read_bytes() for file in sorted(path.iterdir())}
    read = refused = 0
    for _ in range(400):
        file = rng.choice(list(good))
        content = bytearray(good[file])
        if rng.random() < 0.5:  # numbers of the right length
            for _ in range(rng.randint(1, 16)):
                content[rng.randint(128, len(content) - 1)] = rng.choice([0, 127, 255, 240, 192, 1])
            file.write_bytes(content)
        else:
            file.write_bytes(broken(bytes(content), rng))
        log = outcome(path)
        refused += log is None
        read += log is not None
        file.write_bytes(good[file])
    assert min(read, refused) > 50


HEADERS = st.builds(
    "{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}".format,
    st.sampled_from(["'<f8'", "'>f4'", "'|O'", "'<f2'", "'<c16'", "'<U4'", "[('a', '<f8')]", "''"]),
    st.sampled_from(["True", "False", "None", "1"]),
    st.one_of(
        st.lists(st.integers(-1, 10**20), max_size=3).map(tuple).map(str),
        st.lists(st.integers(0, 9), max_size=2).map(tuple).map(str),
        st.text("(),L0123456789 ", max_size=12),
    ),
)


@given(
    header=st.one_of(HEADERS, st.text(max_size=40), HEADERS.map(lambda text: text * 3)),
    version=st.integers(0, 4),
    length=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    content=st.binary(max_size=80),
    name=st.sampled_from(["labels", "preds", "prob_lb", "radius_l1"]),
)
def test_any_npy_header(
    header: str,
    version: int,
    length: int | None,
    content: bytes,
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    raw = header.encode("utf-8", "replace")
    width = 2 if version == 1 else 4
    size = len(raw) if length is None else length % 256**width
    whole = b"\x93NUMPY" + bytes([version, 0]) + size.to_bytes(width, "little") + raw + content
    path = tmp_path_factory.mktemp("run")
    outcome(rs4a_folder(path, made_rows(3), faults={name: whole}))


@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_any_bytes(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("log") / "a.tsv"
    header = b"idx\tlabel\tpredict\tradius\n"
    for start in (b"", header, header + b"0\t1\t1\t0.5\n"):
        path.write_bytes(start + content)
        log = outcome(path)
        assert log is not None or not start.endswith(b"0.5\n") or content


FIELDS = st.one_of(
    st.sampled_from([token.decode("latin-1") for token in TOKENS]),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=8),
)


@given(
    names=st.permutations(["idx", "label", "predict", "radius", "p_a", "p_b", "votes", "time"]),
    table=st.lists(st.lists(FIELDS, min_size=8, max_size=8), max_size=5),
)
def test_any_fields(
    names: list[str], table: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A row of any fields leaves the good row after it alone, unless a field has a line end."""
    good = {"idx": 0, "label": 1, "predict": 1, "radius": 0.5, "p_a": 0.9, "p_b": 0.1, "time": 3}
    good_line = "\t".join(str({**good, "votes": "1:90,2:10"}[name]) for name in names)
    lines = ["\t".join(names), *map("\t".join, table), good_line]
    path = tmp_path_factory.mktemp("log") / "a.tsv"
    path.write_bytes("\n".join(lines).encode("utf-8", "replace"))
    log = outcome(path)
    if not any({"\x00"} & set(field) for row in table for field in row):
        assert log is not None and log.radius[-1] == 0.5
        assert log.bound is not None and log.bound[-1] == 0.9


def test_megabytes_of_garbage_take_little_memory(tmp_path: Path) -> None:
    path = cohen_log(tmp_path / "a.tsv")
    good = path.read_bytes()
    rng = random.Random(3)
    junk = {
        "tabs": b"\t" * 4_000_000,
        "carriage returns": b"\r" * 50_000,
        "digits": b"9" * 4_000_000,
        "lines": b"x\n" * 100_001,
        "random": rng.randbytes(300_000),
    }
    for name, content in junk.items():
        path.write_bytes(good + content)
        tracemalloc.start()
        try:
            log = outcome(path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (log is None) == (name == "lines"), name
        assert peak < 100_000_000, (name, peak)


@pytest.mark.parametrize("fault", ["bare error", "half unit"])
def test_the_checks_can_fail(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that lets an exception through, or a column that is no number, is noticed."""
    path = l1cert_log(tmp_path / "a.tsv", faults={3: "x"})
    readers = dict(text_log._READERS)
    if fault == "bare error":
        readers["idx"] = int
        expected: type[Exception] = ValueError
        path = l1cert_log(tmp_path / "a.tsv", faults={3: "x" + "\t" * 9})
    else:
        readers["radius"] = lambda text: text_log._Float(float("nan"), None)
        expected = AssertionError
    monkeypatch.setattr(text_log, "_READERS", readers)
    with pytest.raises(expected) as caught:
        outcome(path)
    assert not isinstance(caught.value, UnreadableLog)


def test_a_gzip_named_tsv_and_an_npz_are_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(gzip.compress(cohen_log(tmp_path / "b.tsv").read_bytes()))
    with pytest.raises(UnreadableLog, match="gzip"):
        read_log(path)
    archive = io.BytesIO()
    np.savez(archive, np.zeros(3))
    with pytest.raises(UnreadableLog, match="npz"):
        read_log(rs4a_folder(tmp_path / "run", faults={"preds": archive.getvalue()}))
