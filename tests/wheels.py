"""Builds the wheel and the source distribution of a tree, for the tests that look at them."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("theory", "simulations", "figures", "l1cert")


def _run(command: list[str], folder: Path) -> None:
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


def build_wheel(source: Path, out: Path) -> Path:
    """Build the wheel of a source tree into a folder; nothing is downloaded."""
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(out)]
    _run([sys.executable, "-m", "pip", "wheel", *options, str(source)], out)
    (path,) = out.glob("l1cert-*.whl")
    return path


def build_sdist(source: Path, out: Path) -> Path:
    """Build the source distribution of a tree into a folder."""
    _run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(out)], source)
    (path,) = out.glob("l1cert-*.tar.gz")
    return path


def wheel_contents(wheel: Path) -> dict[str, bytes]:
    """Every file of a wheel, by its name in it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def shipped(tree: Path) -> dict[str, bytes]:
    """Every file of the four packages, by its path in the tree: code, data and markers alike."""
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for package in PACKAGES
        for path in sorted((tree / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
