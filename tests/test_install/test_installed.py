"""l1cert in an environment of its own: a wheel, its pinned dependencies, and nothing of ours.

The running Python's environment is marked slow, those of the other Pythons nightly;
``make test-install`` runs them all.
"""

import importlib.metadata
import json
import subprocess
import tomllib

import pytest

from l1cert import catalogue
from tests.test_install.checks import (
    Installed,
    different_files,
    foreign_homes,
    not_one_line,
    site_packages,
)
from tests.test_install.pythons import RUNNING, VERSIONS, find_python
from tests.wheels import PACKAGES, ROOT, build_wheel, shipped, wheel_contents

#: the running Python, whichever it is, in a few minutes; the others at night
CHOSEN = [
    pytest.param(version, marks=pytest.mark.slow if version == RUNNING else pytest.mark.nightly)
    for version in sorted({*VERSIONS, RUNNING})
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling (extra: dev)")
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=CHOSEN)
def installed(request, wheel, tmp_path_factory):
    """An environment of one Python with the wheel and what constraints.txt pins for it."""
    python = find_python(request.param)
    if python is None:
        pytest.skip(f"this machine has no Python {request.param} with the venv module")
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    (folder / "elsewhere").mkdir()
    environment = Installed(folder / "venv", folder / "elsewhere")
    options = ["--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    command = [environment.python, "-m", "pip", "install", *options, wheel]
    # not through Installed.run: pip may be configured in the home folder
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return environment


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): version for name, version in pairs}


def test_the_environment_holds_the_core_alone_as_it_is_pinned(installed):
    listed = installed.run(installed.python, "-m", "pip", "list", "--format", "json")
    assert listed.returncode == 0, listed.stderr
    versions = {
        entry["name"].lower().replace("_", "-"): entry["version"]
        for entry in json.loads(listed.stdout)
    }
    own = {"l1cert", "pip", "setuptools"}
    assert {name: pins().get(name) for name in set(versions) - own} == {
        name: version for name, version in versions.items() if name not in own
    }
    assert not {"torch", "pytest", "scikit-learn", "dask", "hatchling"} & set(versions)


def test_the_four_packages_come_from_the_environment(installed):
    assert foreign_homes(installed) == []


def test_packages_of_the_checkout_are_found_out(installed):
    leaking = Installed(installed.folder, installed.work, (("PYTHONPATH", str(ROOT)),))
    assert foreign_homes(leaking) == [
        f"{name} comes from {ROOT / name / '__init__.py'}" for name in PACKAGES
    ]


def test_all_files_are_installed(installed, wheel):
    built = {
        name: text for name, text in wheel_contents(wheel).items() if name.split("/")[0] in PACKAGES
    }
    found = shipped(site_packages(installed))
    assert different_files(built, found) == []
    del found["l1cert/reproduction/expected.json"]
    assert different_files(built, found) == ["l1cert/reproduction/expected.json is missing"]


def test_version(installed):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ran = installed.l1cert("--version")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split()[-1] == project["version"] == importlib.metadata.version("l1cert")


def test_list_by_command_and_by_module(installed):
    by_command = installed.l1cert("list")
    by_module = installed.run(installed.python, "-m", "l1cert", "list")
    assert (by_command.returncode, by_command.stderr) == (0, "")
    assert [slug for slug in catalogue.SLUGS if slug not in by_command.stdout] == []
    assert (by_module.returncode, by_module.stdout) == (0, by_command.stdout)


def test_radius(installed):
    ran = installed.l1cert("radius", "--pa", "0.99", "--scale", "2", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    from l1cert import radius

    assert json.loads(ran.stdout) == radius("0.99", scale="2").as_json()


def test_verify_says_no_warning_either(installed):
    command = ("-W", "error", "-m", "l1cert", "verify", "theorem_2", "--json", "--workers", "1")
    ran = installed.run(installed.python, *command)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    (claim,) = json.loads(ran.stdout)["claims"]
    assert (claim["slug"], claim["verdict"]) == ("theorem_2", "holds_conditionally")
    assert "Warning" not in ran.stderr


def test_report(installed):
    ran = installed.l1cert("report", "theorem_2", "--out", "page")
    assert ran.returncode == 0, ran.stderr
    pages = [path.read_text("utf-8") for path in (installed.work / "page").rglob("*.html")]
    assert len(pages) == 1
    assert 'id="theorem_2"' in pages[0] and "<math" in pages[0] and "<style" in pages[0]


def test_a_figure_in_the_shipped_style(installed):
    options = ("--format", "svg", "--out", "pictures")
    ran = installed.l1cert("figure", "figure_04_regions", *options)
    assert ran.returncode == 0, ran.stderr
    assert [path.suffix for path in sorted((installed.work / "pictures").iterdir())] == [
        ".csv",
        ".svg",
        ".txt",
    ]


def test_the_stored_decisions_are_read(installed):
    code = "from l1cert.reproduction.expected import recorded; print(*recorded())"
    ran = installed.run(installed.python, "-c", code)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split() == [*catalogue.SLUGS]


def test_training_without_torch_is_one_clear_line(installed):
    ran = installed.l1cert("train", "--out", "model.safetensors")
    assert (ran.returncode, ran.stdout, not_one_line(ran.stderr)) == (2, "", [])
    assert "the package torch is not installed" in ran.stderr
    assert "l1cert[classifier]" in ran.stderr
    assert [*installed.work.glob("model*")] == []
