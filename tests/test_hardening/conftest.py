"""Made files of every kind that a command reads, shared by the tests that run commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of every kind of file; nothing writes into it."""
    from tests.test_hardening.commands_harness import make_files

    folder = tmp_path_factory.mktemp("made")
    make_files(folder)
    return folder


@pytest.fixture
def place(tmp_path: Path, made: Path) -> Path:
    """A folder with copies of the made files in `in`, and an empty one, `out`."""
    shutil.copytree(made, tmp_path / "in")
    (tmp_path / "out").mkdir()
    return tmp_path
