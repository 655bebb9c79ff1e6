"""What is built, installed and promised: the wheel, the pins, the extras and the make targets."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import tomllib

import pytest

from tests.wheels import PACKAGES, ROOT, build_wheel, wheel_contents

CORE = {
    "click",
    "hypothesis",
    "matplotlib",
    "mpmath",
    "numba",
    "numpy",
    "python-flint",
    "rich",
    "scipy",
    "sympy",
}
EXTRAS = {
    "gpu": {"cupy-cuda13x"},
    "classifier": {"torch", "scikit-learn", "safetensors"},
    "cluster": {"dask", "distributed"},
    "testing": {"pytest", "pytest-xdist"},
    "docs": {"furo", "latex2mathml", "myst-parser", "sphinx"},
    "dev": {"hatchling", "import-linter", "mypy", "ruff"},
    "browser": {"selenium"},
    "mutation": {"mutmut"},
}
TARGETS = (
    *("verify", "test", "test-slow", "test-nightly", "test-gpu", "bench"),
    *("test-browser", "test-install", "test-mutation", "test-repeated"),
    *("lint", "format", "readme", "docs", "clean", "help"),
)
# Split, so that this file does not hold what it looks for.
FORBIDDEN = re.compile("--(extra-)?" + "index-url|--find" + "-links|PIP_(EXTRA_)?" + "INDEX")


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in requirements}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the names of the files in a wheel built from this tree."""
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling (extra: dev)")
    return [*wheel_contents(build_wheel(ROOT, tmp_path_factory.mktemp("wheel")))]


def test_wheel_holds_the_four_packages_and_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert tops == {*PACKAGES, f"l1cert-{project()['version']}.dist-info"}


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_each_module_type_marker_and_style(wheel: list[str], package: str) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".mplstyle", ".css", ".cu"} or path.name == "py.typed"
    }
    assert {f"{package}/__init__.py", f"{package}/py.typed"} <= wanted
    assert wanted - set(wheel) == set()


def test_wheel_has_the_command(wheel: list[str]) -> None:
    assert project()["scripts"] == {"l1cert": "l1cert.cli:main"}
    assert f"l1cert-{project()['version']}.dist-info/entry_points.txt" in wheel


def test_installed_version_is_the_stated_one() -> None:
    try:
        installed = importlib.metadata.version("l1cert")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("l1cert is not installed here, so no version is recorded")
    assert installed == project()["version"]


def test_nothing_is_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in project()["classifiers"]


def test_core_holds_no_torch_and_each_extra_what_it_promises() -> None:
    assert names(project()["dependencies"]) == CORE
    extras = {name: names(lines) for name, lines in project()["optional-dependencies"].items()}
    assert set(EXTRAS) <= set(extras)
    for extra, wanted in EXTRAS.items():
        assert wanted <= extras[extra], extra


def test_ranges_in_pyproject_and_exact_pins_in_constraints() -> None:
    extras = project()["optional-dependencies"]
    own = {f"l1cert[{name}]" for name in extras}  # an extra that brings another one
    groups = [project()["dependencies"], *extras.values()]
    lines = [line for group in groups for line in group if line not in own]
    assert [line for line in lines if "==" in line or ">=" not in line] == []
    assert names(lines) - {name.lower() for name in pins()} == set()
    assert pins()["torch"] == "2.13.0"


def test_constraints_are_pins_alone() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pin = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*")
    assert [line for line in lines if not pin.fullmatch(line)] == []
    assert "://" not in text
    assert "--" not in text
    assert "@" not in text


@pytest.mark.parametrize(
    "line", ["--index" + "-url x", "--extra" + "-index-url=x", "PIP_EXTRA" + "_INDEX_URL=x"]
)
def test_the_search_for_index_addresses_can_fail(line: str) -> None:
    assert FORBIDDEN.search(line)


def test_no_file_of_the_repository_names_an_index() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of tracked files")
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    assert ROOT / "pyproject.toml" in paths
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file() and FORBIDDEN.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert guilty == []


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target_and_says_what_it_does(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## \S", makefile, flags=re.MULTILINE)


def test_ci_runs_the_linters_and_the_tests_and_stops_at_a_failure() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    steps = {"make lint", "make docs", "make test-browser", "make test"}
    assert {"set -euo pipefail", *steps} <= set(lines)


def test_the_map_of_theory_names_every_room():
    import theory

    paths = [path for path in (ROOT / "theory").rglob("*.py") if path.parent.name != "claims"]
    rooms = {path.stem for path in paths} - {"__init__"}
    words = set(re.findall(r"\w+", theory.__doc__))
    assert rooms <= words
