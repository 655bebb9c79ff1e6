"""Figures 6, 7 and 8 of certified accuracies: every step by counting rows, panels, files."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import (
    certified_curves,
    figure_06_certified_accuracy,
    figure_07_cifar,
    figure_08_imagenet,
    saving,
)
from figures.certified_curves import Certified, Empirical, accuracy_steps, fields
from figures.data import from_csv
from figures.style import rc
from figures.table import FROM_LOGS, figure_module
from tests.test_figures.test_audit_accuracy import looks_right
from theory.confidence import interval

MODULES = (figure_06_certified_accuracy, figure_07_cifar, figure_08_imagenet)
ATTACK = Empirical("digits", (0.0, 0.25, 0.5, 1.0), (97, 80, 40, 3), 100)


def made(trainings=("type_1", "type_2"), sigmas=("0.25", "0.5", "1"), data="digits", rows=120):
    """Runs whose radii grow with sigma, by method."""
    generator = np.random.Generator(np.random.Philox(8))
    found = []
    for training in trainings:
        for sigma in sigmas:
            for method, size in (("theorem_2", 1.0), ("lecuyer", 0.5), ("cohen", 0.8)):
                radius = np.round(float(Fraction(sigma)) * size * generator.gamma(2, 1, rows), 3)
                radius[::9] = np.nan
                right = generator.random(rows) < 0.95
                found.append(Certified(data, training, sigma, method, radius, right))
    return found


def level_at(curve, r, column="accuracy"):
    """The plotted level at r: the first vertex at or beyond it, as "steps-pre" draws it."""
    for at, level in zip(curve["radius"], curve[column], strict=True):
        if r <= at:
            return level
    raise AssertionError(r)


def counted(run, r):
    pairs = zip(run.radius, run.is_correct, strict=True)
    held = sum(bool(right) and radius >= r for radius, right in pairs)
    return Fraction(held, len(run.radius))


def agrees(curve, runs):
    """Whether it is the largest count of the runs, at every radius and both its neighbours."""
    places = {0.0, *(float(r) for run in runs for r in run.radius if r >= 0)}
    places = {one for at in places for one in (at, np.nextafter(at, 9), np.nextafter(at, -1))}
    places = [one for one in places if 0 <= one <= curve["radius"][-1]]
    return all(level_at(curve, r) == float(max(counted(run, r) for run in runs)) for r in places)


numbers = st.one_of(
    st.floats(-1, 3, allow_nan=False),
    st.integers(0, 6).map(lambda k: k / 4),
    st.sampled_from([np.nan, 0.0]),
)
tables = st.lists(st.tuples(numbers, st.booleans()), min_size=1, max_size=12)


@given(tables, tables)
def test_every_step_and_the_best_of_two_levels_are_the_counts(first, second):
    runs = [
        Certified("digits", "type_1", sigma, "theorem_2", *map(np.array, zip(*rows, strict=True)))
        for sigma, rows in (("0.25", first), ("0.5", second))
    ]
    data = figure_06_certified_accuracy.compute(curves=runs)
    for panel, sigma, of in (("a", "0.25", runs[:1]), ("a", "0.5", runs[1:]), ("b", "best", runs)):
        name = f"{panel} method=theorem_2 sigma={sigma} training=type_1 data=digits"
        assert agrees(data[name], of)


def test_the_count_refutes_other_steps():
    run = Certified("d", "t", "1", "exact", [0.25, 0.5, 0.5, 1.0, np.nan], [1, 1, 0, 1, 1])
    curve = accuracy_steps(np.array(run.radius), np.array(run.is_correct, dtype=bool), 1.5)
    assert agrees(curve, [run])
    for name, change in (
        ("accuracy", lambda a: a * 5 / 4),  # abstentions left out of the number of points
        ("accuracy", lambda a: np.append(a[1:], 0)),  # > in the place of >=
        ("radius", lambda r: np.nextafter(r, 2)),
    ):
        assert not agrees({**curve, name: change(curve[name])}, [run])


def test_the_best_level_is_no_average():
    runs = made(trainings=("type_1",), sigmas=("0.25", "1"))
    data = figure_06_certified_accuracy.compute(curves=runs)
    ours = [run for run in runs if run.method == "theorem_2"]
    best = data["b method=theorem_2 sigma=best training=type_1 data=digits"]
    assert agrees(best, ours)
    assert not agrees(best, ours[:1])
    assert not agrees(best, ours[1:])


def test_intervals_are_clopper_and_pearson_and_shared_by_the_levels():
    runs = made(trainings=("type_1",), sigmas=("0.25", "1"))
    data = figure_06_certified_accuracy.compute(curves=runs)
    alone = data["a method=theorem_2 sigma=1 training=type_1 data=digits"]
    best = data["b method=theorem_2 sigma=best training=type_1 data=digits"]
    ours = [run for run in runs if run.method == "theorem_2"]
    for r in (0.1, 0.7, 1.5):
        hits = [int(counted(run, r) * len(run.radius)) for run in ours]
        low, high = interval(hits[1], 120, alpha=0.05)
        assert (level_at(alone, r, "lower"), level_at(alone, r, "upper")) == (low, high)
        shared = [interval(k, 120, alpha=0.05 / 2) for k in hits]
        assert level_at(best, r, "lower") == max(low for low, _ in shared)
        assert level_at(best, r, "upper") == max(high for _, high in shared)
        assert level_at(best, r, "upper") > max(interval(k, 120, alpha=0.05)[1] for k in hits)


def test_panels_of_figure_6():
    data = figure_06_certified_accuracy.compute(curves=made(), undefended=[ATTACK])
    titles = [data.parameters[f"panel_{letter}"] for letter in "abcd"]
    assert titles == [
        "digits, type 1",
        "digits, type 1, best level",
        "digits, type 2",
        "digits, type 2, best level",
    ]
    named = [fields(name) for name in data.curves]
    first = [one for one in named if one["panel"] == "a" and "sigma" in one]
    assert [(one["method"], one["sigma"]) for one in first] == [
        ("theorem_2", "0.25"),
        ("theorem_2", "0.5"),
        ("theorem_2", "1"),
    ]
    second = [one for one in named if one["panel"] == "b" and "sigma" in one]
    assert [one["method"] for one in second] == ["theorem_2", "lecuyer", "cohen"]
    assert {one["sigma"] for one in second} == {"best"}
    attacked = data["a method=undefended data=digits"]
    assert attacked["accuracy"].tolist() == [0.97, 0.8, 0.4, 0.03]
    other = figure_06_certified_accuracy.compute(curves=made(data="toys"), undefended=[ATTACK])
    assert not any("undefended" in name for name in other.curves)


@pytest.mark.parametrize("module", MODULES[1:])
def test_panels_of_figures_7_and_8_go_by_level(module):
    data = module.compute(curves=made(sigmas=("1", "0.25", "1/2")))
    assert [data.parameters[f"panel_{letter}"] for letter in "abc"] == [
        r"digits, $\sigma$ = 0.25",
        r"digits, $\sigma$ = 1/2",
        r"digits, $\sigma$ = 1",
    ]
    with pytest.raises(ValueError, match="data sets digits, toys: this figure shows one"):
        module.compute(curves=made() + made(data="toys"))


def test_a_curve_that_is_theorem_2s_is_named_and_not_drawn():
    run = made(trainings=("type_1",), sigmas=("0.5",))[0]
    twin = Certified("digits", "type_1", "0.5", "exact", run.radius, run.is_correct)
    data = figure_06_certified_accuracy.compute(curves=[run, twin])
    assert data.parameters["same_a"] == "exact"
    assert not any("exact" in name for name in data.curves)
    assert "The same curve as Theorem 2's: exact." in figure_06_certified_accuracy.caption(data)
    other = Certified("digits", "type_1", "0.5", "exact", run.radius + 1e-9, run.is_correct)
    data = figure_06_certified_accuracy.compute(curves=[run, other])
    assert data.parameters["same_a"] == ""


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
@pytest.mark.parametrize("many", [False, True])
def test_axes_legends_and_lines(module, venue, span, many):
    settings = rc(venue, span)
    runs = made() if many else made(trainings=("type_1",), sigmas=("0.5",))
    data = module.compute(curves=runs, undefended=[ATTACK])
    figure = module.draw(data, settings)
    looks_right(figure, settings)
    assert len(figure.axes) == sum(name.startswith("panel_") for name in data.parameters)
    drawn = 0
    for axes in figure.axes:
        assert axes.get_ylim() == (0, 1.02)
        for line in axes.lines:
            attacked = line.get_label() == "undefended, attacked"
            assert line.get_drawstyle() == ("steps-post" if attacked else "steps-pre")
            drawn += 1
        looks = {
            (line.get_color(), str(line._dash_pattern), line.get_marker()) for line in axes.lines
        }
        assert len(looks) == len(axes.lines)
        labels = {line.get_label() for line in axes.lines}
        assert len(labels) == len(axes.lines)
    assert drawn == sum("method=frame" not in name for name in data.curves)


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_long_names_take_fewer_columns_of_a_legend(venue, span):
    settings = rc(venue, span)
    runs = made(trainings=("type_1", "type_1_sound"), sigmas=("0.25", "0.5"))
    for module in MODULES[:2]:  # the last two have one layout
        for some in (runs, [run for run in runs if run.sigma == "0.5"]):
            figure = module.draw(module.compute(curves=some, undefended=[ATTACK]), settings)
            looks_right(figure, settings)


@pytest.mark.parametrize("module", MODULES)
def test_files_are_drawn_from_the_csv_alone(module, tmp_path):
    data = module.compute(curves=made(sigmas=("0.5",)), undefended=[ATTACK])
    # how the other formats are written does not depend on the figure
    first = saving.save_data(data, ("svg",), tmp_path / "a", provenance={"seed": 1})
    read, provenance = from_csv(first[0].read_text())
    second = saving.save_data(read, ("svg",), tmp_path / "b", provenance=provenance)
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]
    assert figure_module(module.NAME, from_log=True) is module
    assert module.NAME in FROM_LOGS
    assert module.check(data) == []


def test_captions_say_what_was_counted():
    run = Certified("digits", "type_1", "0.5", "cohen", [0.5, 1.0, 2.0, np.nan], [1, 1, 0, 1])
    data = figure_06_certified_accuracy.compute(curves=[run], undefended=[ATTACK])
    said = figure_06_certified_accuracy.caption(data)
    assert "digits, type 1: 0.500 at 0, half of it up to 1, none beyond 1." in said
    assert "the l1 ball lies in the l2 ball of its radius" in said
    assert "without noise under an attack" in said
    low, high = interval(2, 4, alpha=0.05)
    assert f"at most {high - low:.3f} wide" in said
    nothing = Certified("digits", "type_1", "0.5", "cohen", [np.nan, 0.5], [1, 0])
    data = figure_06_certified_accuracy.compute(curves=[nothing])
    assert "0 throughout." in figure_06_certified_accuracy.caption(data)
    looks_right(figure_06_certified_accuracy.draw(data, rc()), rc())


@pytest.mark.parametrize(
    ("curves", "undefended", "message"),
    [
        ([], [], "no curves: at least one certified run is needed"),
        (
            [Certified("d", "t", "1", "best", [1], [1])],
            [],
            "method = 'best' is none of theorem_2, theorem_1, exact, lattice, lecuyer",
        ),
        (
            [Certified("d", "t", "1", "exact", [1, 2], [1])],
            [],
            r"is_correct has shape \(1,\), legal is \(2,\)",
        ),
        (made()[:1] * 2, [], "two runs are of method=theorem_2 sigma=0.25 .* legal is one"),
        (
            [*made(sigmas=("0.5",))[:1], *made(sigmas=("1/2",))[:1]],
            [],
            "two runs are of method=theorem_2 sigma=1/2 .* legal is one",
        ),
        (made()[:1], [ATTACK, ATTACK], "two attacks are on one data set: legal is one"),
        (made()[:1], [Empirical("digits", (0.0, 0.5), (3,), 9)], "2 ascending radii, 1 counts"),
        (made()[:1], [Empirical("digits", (0.5, 0.5), (3, 2), 9)], "legal is one count"),
        (made()[:1], [Empirical("digits", (0.5,), (10,), 9)], r"count in \[0, points\]"),
    ],
)
def test_bad_arguments(curves, undefended, message):
    with pytest.raises(ValueError, match=message):
        figure_06_certified_accuracy.compute(curves=curves, undefended=undefended)


def test_method_names_are_those_of_the_log_columns():
    from l1cert.certification.points import COLUMNS

    assert set(certified_curves.METHODS) == set(COLUMNS)
