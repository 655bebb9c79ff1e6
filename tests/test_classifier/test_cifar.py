"""CIFAR-10 in both published versions, packed and unpacked, and everything that is none of them."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from simulations.classifier import cifar
from simulations.classifier.datasets import load
from simulations.classifier.pickle_literals import PickleError, read_literals
from tests.test_classifier.written_sets import (
    FILES,
    PIXELS,
    batches,
    binary_batch,
    cifar_files,
    python_batch,
    write_cifar,
    write_cifar_archive,
)

DATA = np.arange(2 * PIXELS, dtype=np.uint64).astype(np.uint8).reshape(2, PIXELS)


def test_the_written_batches_are_what_pickle_reads():
    # What the tests write has to be the published format, whatever this project reads.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # numpy.core, of NumPy 1
        for order in (False, True):
            content = python_batch([7, 3], DATA, fortran_order=order)
            batch = pickle.loads(content, encoding="bytes")
            assert set(batch) == {b"batch_label", b"labels", b"data", b"filenames"}
            assert batch[b"labels"] == [7, 3] and np.array_equal(batch[b"data"], DATA)


@pytest.mark.parametrize("version", ["py", "bin"])
@pytest.mark.parametrize("form", ["packed", "unpacked", "the folder itself"])
def test_every_published_form_is_read(tmp_path, version, form):
    (write_cifar_archive if form == "packed" else write_cifar)(tmp_path, version)
    inner = f"cifar-10-batches-{version}" if form == "the folder itself" else "."
    data = load("cifar10", folder=tmp_path / inner)
    made = batches()
    assert (data.shape, data.num_classes, data.step) == ((3, 32, 32), 10, Fraction(1, 255))
    assert data.class_names[0] == "airplane" and data.class_names[9] == "truck"
    for examples, names in ((data.train, FILES[:5]), (data.test, FILES[5:])):
        labels = [label for name in names for label in made[name][0]]
        levels = np.concatenate([made[name][1] for name in names]).reshape(-1, 3, 32, 32)
        assert examples.labels.tolist() == labels
        assert np.array_equal(examples.levels(range(len(labels))), levels)


def test_colours_and_rows_lie_where_they_belong(tmp_path):
    write_cifar(tmp_path)
    row = np.zeros((1, PIXELS), np.uint8)
    row[0, 0], row[0, 1024 + 1], row[0, 2048 + 32] = 255, 51, 102
    content = python_batch([4], row)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(content)
    test = load("cifar10", folder=tmp_path).test
    picture = test.inputs([0])[0]
    # Red at the corner, green to the right of it, blue below it.
    assert picture[0, 0, 0] == 1 and picture[1, 0, 1] == np.float32(0.2)
    assert picture[2, 1, 0] == np.float32(0.4) and np.count_nonzero(picture) == 3
    assert test.labels.tolist() == [4]


def test_fortran_order_is_followed():
    labels, data = cifar.python_batch(python_batch([1, 2], DATA, fortran_order=True))
    assert np.array_equal(data, DATA) and labels.tolist() == [1, 2]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_batches_pickled_anew_are_read(protocol):
    content = pickle.dumps({b"labels": [1, 2], b"data": DATA}, protocol=protocol)
    if protocol == 5:
        # NumPy pickles by a buffer here, which is no published form.
        with pytest.raises(PickleError, match="frombuffer"):
            read_literals(content)
        return
    assert np.array_equal(cifar.python_batch(content)[1], DATA)


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("place", ["value", "label", "whole"])
def test_a_pickle_is_never_executed(tmp_path, protocol, place):
    harm = Malicious(tmp_path / "harm")
    content = {
        "value": {b"labels": [1], b"data": harm},
        "label": {b"labels": [1, harm], b"data": b""},
        "whole": harm,
    }[place]
    stored = pickle.dumps(content, protocol=protocol)
    with pytest.raises(PickleError) as caught:
        cifar.python_batch(stored)
    assert "\n" not in str(caught.value)
    assert not harm.path.exists()
    # pickle itself would have executed it: the file is harmful indeed.
    pickle.loads(stored)
    assert harm.path.is_dir()


def test_the_loader_refuses_a_malicious_batch(tmp_path):
    write_cifar(tmp_path)
    harm = Malicious(tmp_path / "harm")
    bad = pickle.dumps({b"labels": [1], b"data": harm}, protocol=2)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(bad)
    with pytest.raises(ValueError, match=r"test_batch of .* asks for '(posix|nt).mkdir'"):
        load("cifar10", folder=tmp_path)
    assert not harm.path.exists()


def nested(depth: int) -> bytes:
    """A tuple that holds itself's predecessor twice, `depth` times: 2^depth leaves, few bytes."""
    return b"\x80\x02)" + b"".join(
        b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(depth)
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no whole pickle"),
        (b"\x80\x02}", "no whole pickle"),
        (b"\x80\x02.", "no whole pickle"),
        (b"\x80\x02K\x01.", "something else than one dict"),
        (b"\x80\x02K\x01}.", "something else than one dict"),
        (b"\x80\x02e.", "no whole pickle"),
        (b"\x80\x02K\x01K\x02a.", "appends to something else"),
        (b"\x80\x02K\x01K\x02K\x03s.", "stores keys and values in something else"),
        (b"\x80\x02}K\x02K\x03s.", "a key that is no text"),
        (b"\x80\x02}(K\x02u.", "stores keys and values in something else"),
        (nested(100) + b"}" + b"h\x63K\x01s.", "a key that is no text"),
        (nested(100) + b"h\x63\x93.", "asks for a name that is no text"),
        (b"\x80\x02cos\nsystem\n.", "asks for 'os.system'"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "calls something"),
        (b"\x80\x02cnumpy\ndtype\n]R.", "calls something"),
        (b"\x80\x02cnumpy\ndtype\n)R.", "with other arguments"),
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nK\x01\x85R.", "than an array"),
        (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00utf-8\x86R.", "latin-1"),
        (b"\x80\x02}}b.", "sets the state of something else"),
        (b"\x80\x02(cos\nsystem\no.", "asks for 'os.system'"),
        (b"\x80\x02(ios\nsystem\n.", "opcode INST"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
        (b"\x80\x02}Pname\n.", "opcode PERSID"),
    ],
)
def test_what_is_no_plain_data_is_refused(content, words):
    with pytest.raises(PickleError, match=words) as caught:
        read_literals(content)
    assert "\n" not in str(caught.value)


def array_pickle(state: tuple[object, ...], dtype: bytes = b"u1") -> bytes:
    """The published opcodes with other parts of the array's state in them."""
    content = python_batch([1], np.zeros((1, PIXELS), np.uint8))
    shape, raw = state
    assert isinstance(shape, bytes) and isinstance(raw, bytes)
    before = b"R(K\x01" + b"K\x01J\x00\x0c\x00\x00\x86"
    assert content.count(before) == 1 and content.count(b"U\x02u1") == 1
    old = b"T\x00\x0c\x00\x00" + bytes(PIXELS)
    assert content.count(old) == 1
    return (
        content.replace(before, b"R(K\x01" + shape)
        .replace(b"U\x02u1", b"U\x02" + dtype)
        .replace(old, raw)
    )


GOOD_SHAPE = b"K\x01J\x00\x0c\x00\x00\x86"
GOOD_RAW = b"T\x00\x0c\x00\x00" + bytes(PIXELS)


@pytest.mark.parametrize(
    ("shape", "raw", "dtype", "words"),
    [
        (GOOD_SHAPE, b"U\x01a", b"u1", "1 values for another shape"),
        (GOOD_SHAPE, GOOD_RAW, b"i1", "dtype than uint8"),
        (GOOD_SHAPE, GOOD_RAW, b"O8", "dtype than uint8"),
        (b"K\x01J\xff\xff\xff\xff\x86", GOOD_RAW, b"u1", "no tuple of integers"),
        (b"K\x01", GOOD_RAW, b"u1", "no tuple of integers"),
        (b"\x88J\x00\x0c\x00\x00\x86", GOOD_RAW, b"u1", "no tuple of integers"),
        (GOOD_SHAPE, b"K\x01", b"u1", "no bytes"),
        (
            b"K\x00\x8a\x09" + bytes(8) + b"\x40\x86",
            b"U\x00",
            b"u1",
            "0 values for another shape",
        ),
        (b"J\x00\x0c\x00\x00K\x01\x86", GOOD_RAW, b"u1", r"shape \(3072, 1\) under 'data'"),
    ],
)
def test_other_arrays_are_refused(shape, raw, dtype, words):
    with pytest.raises(ValueError, match=words):
        cifar.python_batch(array_pickle((shape, raw), dtype))


def test_the_array_as_published_is_not_refused():
    labels, data = cifar.python_batch(array_pickle((GOOD_SHAPE, GOOD_RAW)))
    assert labels.tolist() == [1] and data.shape == (1, PIXELS)


def test_no_damaged_byte_ends_in_a_traceback():
    row = np.zeros((1, 7), np.uint8)
    content = python_batch([1], row)
    random = np.random.default_rng(5)
    refused = 0
    for _ in range(4000):
        damaged = bytearray(content)
        for _ in range(random.integers(1, 4)):
            damaged[random.integers(len(content))] = random.integers(256)
        try:
            read_literals(bytes(damaged[: random.integers(1, len(content) + 1)]))
        except PickleError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 3000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps([1], protocol=2), "something else than one dict"),
        (pickle.dumps({b"labels": 3}, protocol=2), "no list of integers under 'labels'"),
        (pickle.dumps({b"labels": [1.0]}, protocol=2), "opcode BINFLOAT"),
        (pickle.dumps({b"labels": ["1"]}, protocol=2), "no list of integers"),
        (pickle.dumps({b"labels": [True]}, protocol=2), "no list of integers"),
        (pickle.dumps({b"labels": [1]}, protocol=2), "no array under 'data'"),
        (pickle.dumps({b"fine_labels": [1], b"data": DATA}, protocol=2), "no list of integers"),
        (python_batch([1], DATA), r"shape \(2, 3072\) under 'data', legal is a uint8 array \(1,"),
        (python_batch([1, 10], DATA), "the label 10, legal are 0, ..., 9"),
        (python_batch([-1, 1], DATA), "the label -1, legal are 0, ..., 9"),
        (pickle.dumps({b"labels": [2**70, 1], b"data": DATA}, protocol=2), f"label {2**70}"),
    ],
)
def test_other_python_batches_are_refused(tmp_path, content, words):
    write_cifar(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(content)
    with pytest.raises(ValueError, match=f"data_batch_3 of .*{words}") as caught:
        load("cifar10", folder=tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has 0 bytes"),
        (binary_batch([1, 2], DATA)[:-1], "has 6145 bytes, legal are multiples of 3073"),
        (binary_batch([1, 10], DATA), "the label 10, legal are 0, ..., 9"),
    ],
)
def test_other_binary_batches_are_refused(tmp_path, content, words):
    write_cifar(tmp_path, "bin")
    (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(content)
    with pytest.raises(ValueError, match=f"test_batch.bin of .*{words}"):
        load("cifar10", folder=tmp_path)


@pytest.mark.parametrize("version", ["py", "bin"])
def test_a_truncated_python_batch_or_a_missing_one_is_named(tmp_path, version):
    inner = write_cifar(tmp_path, version) / f"cifar-10-batches-{version}"
    name = {"py": "data_batch_2", "bin": "data_batch_2.bin"}[version]
    content = (inner / name).read_bytes()
    (inner / name).write_bytes(content[:-100])
    with pytest.raises(ValueError, match=f"{name} of .*truncated"):
        load("cifar10", folder=tmp_path)
    (inner / name).unlink()
    with pytest.raises(ValueError, match=rf"lacks {name}: put cifar-10-python.tar.gz or "):
        load("cifar10", folder=tmp_path)


def test_a_folder_without_data_says_what_to_put_there(tmp_path):
    with pytest.raises(ValueError, match=r"holds no CIFAR-10 files: put cifar-10-python.tar.gz"):
        load("cifar10", folder=tmp_path)
    with pytest.raises(ValueError, match=r"is no folder: put cifar-10-python.tar.gz"):
        load("cifar10", folder=tmp_path / "none")
    with pytest.raises(ValueError, match=r"tar.gz' is a file: name the folder that it is in"):
        load("cifar10", folder=write_cifar_archive(tmp_path))


def test_a_folder_in_place_of_a_file_is_one_line(tmp_path):
    inner = write_cifar(tmp_path) / "cifar-10-batches-py"
    (inner / "test_batch").unlink()
    (inner / "test_batch").mkdir()
    with pytest.raises(ValueError, match=r"test_batch': Is a directory"):
        load("cifar10", folder=tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 1000, -20])
def test_a_truncated_archive_is_one_line(tmp_path, keep):
    archive = write_cifar_archive(tmp_path)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"tar.gz' is no whole tar archive: download it again"):
        load("cifar10", folder=tmp_path)


def test_an_archive_with_a_byte_changed_is_refused(tmp_path):
    archive = write_cifar_archive(tmp_path)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 255
    archive.write_bytes(content)
    with pytest.raises(ValueError, match=r"no whole tar archive|truncated"):
        load("cifar10", folder=tmp_path)


def test_an_archive_is_not_extracted_and_its_size_is_bounded(tmp_path, monkeypatch):
    write_cifar_archive(tmp_path)
    load("cifar10", folder=tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["cifar-10-python.tar.gz"]
    monkeypatch.setattr(cifar, "LARGEST_FILE", 1000)
    with pytest.raises(ValueError, match=r"data_batch_1 has .* bytes, legal are at most 1000"):
        load("cifar10", folder=tmp_path)


def test_an_archive_with_two_batches_of_a_name_is_refused(tmp_path):
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as members:
        for folder, seed in (("cifar-10-batches-bin", 0), ("old", 1)):
            for name, content in cifar_files("bin", seed=seed).items():
                entry = tarfile.TarInfo(f"{folder}/{name}")
                entry.size = len(content)
                members.addfile(entry, io.BytesIO(content))
    with pytest.raises(ValueError, match=r"tar.gz' holds data_batch_1.bin twice"):
        load("cifar10", folder=tmp_path)


def test_an_archive_without_a_batch_is_refused(tmp_path):
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as members:
        for name, content in list(cifar_files("py").items())[:-1]:
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            members.addfile(entry, io.BytesIO(content))
        # A link of the right name is no file.
        link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        members.addfile(link)
    with pytest.raises(ValueError, match="lacks test_batch"):
        load("cifar10", folder=tmp_path)
