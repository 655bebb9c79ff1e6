"""The interpreters that this machine has, beside the one that runs the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
#: a Python of some minor version that can make an environment, and nothing less
PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def _answers(python: str | Path, version: str) -> bool:
    """Whether it runs at all (a shim may not), is of that version and can make environments."""
    try:
        ran = subprocess.run(
            [str(python), "-c", PROBE], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0 and ran.stdout.strip() == version


def _managed(version: str) -> list[Path]:
    """The interpreters of that version that pyenv keeps, newest first."""
    if shutil.which("pyenv") is None:
        return []
    asked = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
    folders = Path(asked.stdout.strip() or os.devnull).glob(f"versions/{version}.*/bin/python")
    return sorted(folders, key=lambda path: [*map(_number, path.parts[-3].split("."))])[::-1]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def find_python(version: str) -> str | None:
    """Find an interpreter of a minor version: the running one, one on the path, one of pyenv's."""
    running = [sys.executable] if version == RUNNING else []
    for candidate in (*running, shutil.which(f"python{version}"), *_managed(version)):
        if candidate is not None and _answers(candidate, version):
            return str(candidate)
    return None
