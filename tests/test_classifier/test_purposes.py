"""No two purposes of the project share a tag: what is drawn for one is drawn for no other."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulations import claims, likelihood_ratio, philox
from simulations.classifier import datasets, models, noisy_inputs
from simulations.philox import purpose_tag

ROOT = Path(__file__).resolve().parents[2]

#: the names that stand in a table or a text of their own, by the form of the call that tags them
FORMS = {
    "likelihood_ratio/{}": [f"likelihood_ratio/{name}" for name in likelihood_ratio.TAGS],
    "classifier/{}": [f"classifier/{name}" for name in noisy_inputs.PURPOSES],
    "split of {}": [f"split of {name}" for name in datasets.DATASETS],
    "tightness/noise/d={}/{}": [f"tightness/noise/d={d}/{i}" for d in range(1, 9) for i in "012"],
    "tightness/coin/d={}/{}": [f"tightness/coin/d={d}/{i}" for d in range(1, 9) for i in "012"],
}

#: forms of a purpose that a claim gives: these are recorded while the claims draw
GIVEN = {"{}", "{}/axis", "{}/{}", "rops/{}/r={}/{}/{}"}


def form(argument: ast.expr) -> str:
    """The text of a name, with {} for what is put in when it runs."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in argument.values
        )
    return "{}"


def forms(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every call of purpose_tag below a folder."""
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "purpose_tag(" in text else ():
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
                if "purpose_tag" in (called, getattr(called, "id", None)):
                    yield path, form(node.args[0])


def collisions(names: Iterable[str]) -> list[set[str]]:
    """The sets of several names that have one tag."""
    tagged: dict[int, set[str]] = {}
    for name in names:
        tagged.setdefault(purpose_tag(name), set()).add(name)
    return [same for same in tagged.values() if len(same) > 1]


def drawn_by_the_claims(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that the claims' simulations tag, each of one sample."""
    found: set[str] = set()

    def crc32(name: bytes) -> int:
        found.add(name.decode())
        return zlib.crc32(name)

    with monkeypatch.context() as patched:
        patched.setattr(philox, "zlib", SimpleNamespace(crc32=crc32))
        for entry in pkgutil.iter_modules(claims.__path__):
            module = importlib.import_module(f"simulations.claims.{entry.name}")
            if hasattr(module, "simulate"):
                list(module.simulate(seed=1, num_samples=1))
    return found


def written_names() -> list[str]:
    """The names that stand in the sources and in the tables, but for those that a claim gives."""
    written, unknown = set(), []
    for package in ("theory", "simulations", "figures", "l1cert", "benchmarks"):
        for path, said in forms(ROOT / package):
            if "{}" not in said:
                written.add(said)
            elif said not in {*FORMS, *GIVEN} and path.parent.name != "claims":
                unknown.append((path, said))
    # a form that is new has to be listed here, with its names
    assert unknown == [] and "initial weights" in written
    return [*written, *(name for listed in FORMS.values() for name in listed)]


def test_no_two_purposes_share_a_tag():
    names = written_names()
    assert {"initial weights", "classifier/training", "split of digits"} <= set(names)
    assert collisions(names) == []
    # of two names of one CRC-32 it is seen
    assert collisions([*names, "plumless", "buckeroo"]) == [{"plumless", "buckeroo"}]


@pytest.mark.slow
def test_no_claim_draws_with_the_tag_of_another(monkeypatch: pytest.MonkeyPatch):
    drawn = drawn_by_the_claims(monkeypatch)
    assert len(drawn) > 900
    assert collisions([*written_names(), *drawn]) == []


def test_the_tags_are_those_of_the_names():
    assert purpose_tag("initial weights") == models.INITIAL_WEIGHTS
    for name, tag in noisy_inputs.PURPOSES.items():
        assert tag == purpose_tag(f"classifier/{name}")
