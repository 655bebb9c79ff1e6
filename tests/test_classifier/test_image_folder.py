"""ImageNet's folder layout: what is decoded, in which order, and when."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulations.classifier.datasets import load
from simulations.classifier.image_folder import decode
from simulations.kernels import MissingBackendError
from tests.test_classifier.written_sets import write_image_folder


def save(path, pixels, mode=None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.asarray(pixels, np.uint8))
    (picture.convert(mode) if mode else picture).save(path)


def flat(width: int, height: int, colour=(10, 20, 30)) -> np.ndarray:
    return np.tile(np.array(colour, np.uint8), (height, width, 1))


def test_classes_and_pictures_are_sorted_by_name(tmp_path):
    for wnid, name, red in (
        ("n02000000", "b.JPEG", 40),
        ("n02000000", "a.png", 80),
        ("n01000000", "z.jpg", 120),
    ):
        save(tmp_path / "val" / wnid / name, flat(256, 256, (red, red, red)))
    (tmp_path / "val" / "n01000000" / "notes.txt").write_text("no picture")
    (tmp_path / "val" / ".hidden").mkdir()
    data = load("imagenet", folder=tmp_path)
    assert data.class_names == ("n01000000", "n02000000") and data.num_classes == 2
    assert data.test.labels.tolist() == [0, 1, 1] and len(data.train) == 0
    assert data.shape == (3, 224, 224) and data.step == Fraction(1, 255)
    assert data.test.levels([0, 1, 2])[:, 0, 0, 0].tolist() == [120, 80, 40]
    assert data.test.inputs([2]).dtype == np.float32
    assert data.test.inputs([2])[0, 0, 0, 0] == np.float32(40 / 255)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_is_not_that_of_the_file_system(tmp_path, monkeypatch, reverse):
    write_image_folder(tmp_path, classes=3, size=3)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(sorted(listed(path), reverse=reverse)))
    data = load("imagenet", folder=tmp_path)
    assert data.class_names == ("n00000000", "n00000001", "n00000002")
    assert data.test.stored.files[:4] == [
        *(f"n00000000/val_{number}.JPEG" for number in range(3)),
        "n00000001/val_0.JPEG",
    ]


@pytest.mark.parametrize(("width", "height"), [(512, 256), (256, 512)])
def test_the_longer_side_is_cropped_in_the_middle(tmp_path, width, height):
    pixels = flat(width, height, (0, 0, 0))
    if width > height:
        pixels[:, 150:, 0] = 255
        pixels[20:, :, 1] = 255
    else:
        pixels[150:, :, 0] = 255
        pixels[:, 20:, 1] = 255
    save(tmp_path / "picture.png", pixels)
    levels = decode(tmp_path / "picture.png")
    if height > width:
        levels = levels.transpose(0, 2, 1)
    # The longer side keeps 144, ..., 367, the shorter one 16, ..., 239.
    assert levels[0].max(axis=0).tolist() == [0] * 6 + [255] * 218
    assert levels[1].max(axis=1).tolist() == [0] * 4 + [255] * 220
    assert not levels[2].any()


def test_the_shorter_side_is_resized_to_256(tmp_path):
    # 64 x 96: four times as large; the middle of the longer side stays the middle.
    pixels = flat(96, 64, (0, 0, 0))
    pixels[:, 48:] = 255
    save(tmp_path / "picture.png", pixels)
    red = decode(tmp_path / "picture.png")[0].astype(int)
    assert red.shape == (224, 224) and (red == red[0]).all()
    # 384 wide, of which 80, ..., 303 are kept; bilinear, from black to white over four pixels.
    assert red[0, :110].tolist() == [0] * 110 and red[0, 114:].tolist() == [255] * 110
    assert all(red[0, 109 + i] < red[0, 110 + i] for i in range(5))
    assert red[0, 110:114].tolist() == [32, 96, 159, 223]  # 255 (1, 3, 5, 7) / 8


def test_half_a_pixel_is_rounded_to_even(tmp_path):
    # (257 - 224) / 2 = 16.5 and (259 - 224) / 2 = 17.5
    for width, left in ((257, 16), (259, 18)):
        pixels = flat(width, 256, (0, 0, 0))
        pixels[:, left] = 255
        save(tmp_path / "picture.png", pixels)
        assert decode(tmp_path / "picture.png")[0, 0, :2].tolist() == [255, 0]


@pytest.mark.parametrize(
    ("mode", "expected"), [("L", (18, 18, 18)), ("RGBA", (10, 20, 30)), ("CMYK", (10, 20, 30))]
)
def test_every_mode_becomes_three_colours(tmp_path, mode, expected):
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    save(path, flat(256, 256), mode)
    assert np.abs(decode(path)[:, 5, 5].astype(int) - expected).max() <= 3


def test_pictures_are_decoded_when_they_are_asked_for(tmp_path):
    write_image_folder(tmp_path, classes=2, size=2)
    broken = tmp_path / "val" / "n00000001" / "val_0.JPEG"
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    data = load("imagenet", folder=tmp_path)
    assert data.test.levels([0, 1]).shape == (2, 3, 224, 224)
    with pytest.raises(ValueError, match=r"val_0.JPEG' cannot be decoded, replace it: .*trunc"):
        data.test.inputs([2])
    for junk in (b"", b"no picture"):
        broken.write_bytes(junk)
        with pytest.raises(ValueError, match="cannot be decoded, replace it") as caught:
            data.test.inputs([2])
        assert "\n" not in str(caught.value)
    broken.unlink()
    with pytest.raises(ValueError, match=r"cannot be decoded, replace it: .*No such file"):
        data.test.inputs([2])


def test_a_strip_is_refused_before_it_is_resized(tmp_path):
    save(tmp_path / "picture.png", flat(1, 101))
    with pytest.raises(ValueError, match=r"1 x 101 pixels, legal are sides of a ratio up to 100"):
        decode(tmp_path / "picture.png")
    save(tmp_path / "picture.png", flat(1, 100))
    assert decode(tmp_path / "picture.png").shape == (3, 224, 224)


def test_a_train_split_has_the_same_classes(tmp_path):
    write_image_folder(tmp_path, classes=3, size=1, splits=("val", "train"))
    data = load("imagenet", folder=tmp_path)
    assert data.train.labels.tolist() == data.test.labels.tolist() == [0, 1, 2]
    assert not np.array_equal(data.train.levels([0]), data.test.levels([0]))
    save(tmp_path / "train" / "n00000007" / "a.JPEG", flat(30, 30))
    with pytest.raises(ValueError, match=r"val holds 3 classes and train 4, .*; n00000007 is in"):
        load("imagenet", folder=tmp_path)


def test_other_layouts_say_what_to_put_where(tmp_path):
    layout = "put val/<wnid>/[*].JPEG there"
    with pytest.raises(ValueError, match=f"holds no folder 'val': {layout}"):
        load("imagenet", folder=tmp_path)
    (tmp_path / "val").mkdir()
    with pytest.raises(ValueError, match=f"holds 0 class folders, at least 2: {layout}"):
        load("imagenet", folder=tmp_path)
    write_image_folder(tmp_path, classes=1)
    with pytest.raises(ValueError, match=f"holds 1 class folders, at least 2: {layout}"):
        load("imagenet", folder=tmp_path)
    (tmp_path / "val" / "n00000009").mkdir()
    with pytest.raises(ValueError, match=f"n00000009' holds no picture: {layout}"):
        load("imagenet", folder=tmp_path)
    (tmp_path / "val" / "cats").mkdir()
    with pytest.raises(ValueError, match=f"cats' is not named by a wnid, .*: {layout}"):
        load("imagenet", folder=tmp_path)
    save(tmp_path / "val" / "ILSVRC2012_val_00000001.JPEG", flat(30, 30))
    with pytest.raises(ValueError, match=f"holds pictures outside class folders: {layout}"):
        load("imagenet", folder=tmp_path)


def test_without_pillow_it_is_one_line(tmp_path, monkeypatch):
    write_image_folder(tmp_path)
    data = load("imagenet", folder=tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingBackendError, match=r"PIL is not installed: .*pillow"):
        data.test.inputs([0])
