"""No module of tests draws without having been looked at, and none stands in the survey in vain."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.test_statistics.survey import (
    DRAWING,
    EVERY_DRAW,
    NO_DRAW,
    PINNED,
    SURVEY,
    signs_of_draws,
)

TESTS = Path(__file__).resolve().parents[1]
PACKAGES = ("benchmarks", "figures", "l1cert", "simulations", "theory")
#: the figures' function, of which two draw: a name that says nothing
COMPUTE = "compute"
#: what speaks about draws and makes none that a test of the program judges
OWN = ("statistical.py", "test_statistics/")
SURVEYED = {module for group in SURVEY for module in group.modules}


def sources() -> dict[str, str]:
    """The test modules, but for those of this mechanism."""
    found = {path.relative_to(TESTS).as_posix(): path for path in TESTS.rglob("*.py")}
    return {
        name: path.read_text() for name, path in sorted(found.items()) if not name.startswith(OWN)
    }


def unsurveyed(modules: Mapping[str, str]) -> list[str]:
    """The modules that draw without fresh seeds and are in no group."""
    return [
        f"{name}: {', '.join(sorted(signs))}"
        for name, source in modules.items()
        if (signs := signs_of_draws(source)) and name not in SURVEYED
    ]


def test_every_module_that_draws_is_surveyed():
    found = unsurveyed(sources())
    assert not found, "name them in tests/test_statistics/survey.py: " + "; ".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "def test_one():\n    assert np.random.default_rng(3).random() < 0.999",
        "def test_one():\n    assert verify('theorem_2').exit_code == 0",
        "def test_one():\n    assert run('tightness', '--pa', '0.6')[0] == 0",
        "def test_one():\n    assert invoke(main, ['report', '--out', 'x']).exit_code == 0",
        "def test_one():\n    assert_monotone(radius, samples=500)",
        "def test_one(full_report):\n    assert full_report.exit_code == 0",
        "def test_one(fresh):\n    draw(seed=fresh(1))\ndef test_two():\n    draw(seed=1)",
        "def test_one():\n    for seed in range(9):\n        draw(seed=seed)",
        "@parametrize('seed', [1])\ndef test_one(seed):\n    draw(seed=seed)",
    ],
)
def test_a_new_module_that_draws_is_refused(source):
    assert unsurveyed({"test_theory/test_new.py": source})


@pytest.mark.parametrize(
    "source",
    [
        "def test_one(fresh):\n    draw(seed=fresh(1))",
        "def drawn(seed):\n    return draw(seed=seed)\ndef test_one(fresh):\n    drawn(fresh(1))",
        "def test_one():\n    assert 1 + 1 == 2",
    ],
)
def test_a_new_module_with_fresh_seeds_alone_needs_no_place(source):
    assert not unsurveyed({"test_theory/test_new.py": source})


def with_a_seed_of_their_own(tree: ast.AST) -> Iterator[str]:
    """The functions that draw with a default seed where none is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = node.args
            last = (*given.posonlyargs, *given.args)[::-1]
            pairs = [*zip(last, given.defaults[::-1], strict=False)]
            pairs += [*zip(given.kwonlyargs, given.kw_defaults, strict=True)]
            if any(one.arg == "seed" and default is not None for one, default in pairs):
                yield node.name


def test_every_function_with_a_seed_of_its_own_is_known_to_draw():
    paths = [path for name in PACKAGES for path in (TESTS.parent / name).rglob("*.py")]
    found = {one for path in paths for one in with_a_seed_of_their_own(ast.parse(path.read_text()))}
    assert {"verify", COMPUTE} < found
    assert found - {COMPUTE} <= DRAWING


def test_every_surveyed_module_draws():
    modules = sources()
    assert modules.keys() >= SURVEYED
    idle = {name for name in SURVEYED if not signs_of_draws(modules[name])}
    assert idle == set()


def test_the_groups_are_of_a_kind_and_name_a_module_once():
    for group in SURVEY:
        assert group.kind in (EVERY_DRAW, PINNED, NO_DRAW)
        assert group.reason and list(group.modules) == sorted(set(group.modules))
    quiet = {name for group in SURVEY if group.kind == NO_DRAW for name in group.modules}
    others = {name for group in SURVEY if group.kind != NO_DRAW for name in group.modules}
    assert not quiet & others
