"""Where a result came from: the libraries that are installed, none of them imported for it."""

import json
import subprocess
import sys
from importlib import metadata

import pytest

from l1cert.provenance import LIBRARIES, provenance
from l1cert.reproduction import manifest

CLASSIFIER = {"torch", "safetensors", "scikit-learn"}


def test_the_libraries_are_named_with_their_versions():
    found = provenance()["libraries"]
    assert tuple(found) == LIBRARIES and set(LIBRARIES) >= CLASSIFIER
    assert found == {name: metadata.version(name) for name in LIBRARIES}


def test_no_library_of_the_extra_is_imported():
    code = (
        "import sys; from l1cert.provenance import provenance; provenance(); "
        "print({'torch', 'safetensors', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without the extra named classifier."""
    version = metadata.version

    def of(name: str) -> str:
        if name in CLASSIFIER:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", of)


def test_a_library_that_is_not_installed_is_left_out(core: None):
    found = provenance()["libraries"]
    assert set(found) == set(LIBRARIES) - CLASSIFIER and None not in found.values()


def test_a_reproduction_in_a_core_environment_is_taken_up_there_alone(
    tmp_path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    whole = provenance()
    request.getfixturevalue("core")
    path, one = tmp_path / manifest.FILE, manifest.Outcome("step", "command", 0, 0.1, {}, ())
    path.write_text(manifest.Manifest(provenance(), "sources", (one,)).dumps())
    assert json.loads(path.read_text())["provenance"]["libraries"]["numpy"]
    assert manifest.stored(path, "sources", provenance()) == {"step": one}
    assert manifest.stored(path, "sources", whole) == {}
