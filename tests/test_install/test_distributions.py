"""What is built to be installed: every file of the packages, and the same from either source."""

import shutil
import stat
import sys
import tarfile
from pathlib import Path

import pytest

from tests.test_install.checks import different_files, not_one_line
from tests.test_install.pythons import RUNNING, find_python
from tests.wheels import PACKAGES, ROOT, build_sdist, build_wheel, shipped, wheel_contents

pytest.importorskip("hatchling", reason="distributions are built by hatchling (extra: dev)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return wheel_contents(build_wheel(ROOT, tmp_path_factory.mktemp("wheel")))


def packages_of(wheel: dict[str, bytes]) -> dict[str, bytes]:
    return {name: text for name, text in wheel.items() if name.split("/")[0] in PACKAGES}


def test_the_wheel_holds_the_files_of_the_packages_and_no_other(wheel):
    tree = shipped(ROOT)
    assert {Path(name).suffix for name in tree} >= {".py", ".css", ".mplstyle", ".json", ".cu"}
    assert different_files(tree, packages_of(wheel)) == []


def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    with tarfile.open(build_sdist(ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (tmp_path / "again").mkdir()
    again = wheel_contents(build_wheel(unpacked, tmp_path / "again"))
    assert different_files(wheel, again) == []


def small_tree(folder: Path, settings: str) -> Path:
    """A tree with what a build reads, and settings of the wheel that leave something out."""
    (folder / "src").mkdir()
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / "src" / package, ignore=ignore)
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "src" / name)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    mark = "[tool.hatch.build.targets.wheel]\n"
    assert mark in text
    changed = text.replace(mark, mark + settings)
    (folder / "src" / "pyproject.toml").write_text(changed, encoding="utf-8")
    return folder / "src"


def test_a_wheel_without_its_styles_is_found_out(tmp_path):
    tree = small_tree(tmp_path, 'exclude = ["*.mplstyle"]\n')
    poor = packages_of(wheel_contents(build_wheel(tree, tmp_path)))
    styles = [name for name in shipped(ROOT) if name.endswith(".mplstyle")]
    assert different_files(shipped(tree), poor) == [f"{name} is missing" for name in styles] != []


def test_a_changed_and_an_added_file_are_found_out():
    assert different_files({"a": b"1"}, {"a": b"2", "b": b""}) == [
        "b is not in the tree",
        "a differs",
    ]


@pytest.mark.parametrize("text", ["", "Error: a\nb\n", "Traceback (most recent call last):\n"])
def test_what_is_not_one_line_is_found_out(text):
    assert not_one_line(text)
    assert not not_one_line("Error: the package torch is not installed\n")


def test_the_running_python_is_found():
    assert find_python(RUNNING) == sys.executable
    assert find_python("3.999") is None


def test_a_shim_that_cannot_answer_is_no_python(tmp_path, monkeypatch):
    shim = tmp_path / "python3.999"
    shim.write_text("#!/bin/sh\necho 3.999: command not found >&2\nexit 127\n", encoding="ascii")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python("3.999") is None
    # the same file is one as soon as it answers
    shim.write_text("#!/bin/sh\necho 3.999\n", encoding="ascii")
    assert find_python("3.999") == str(shim)
