"""Counterexamples drawn: counts against the proved masses, and who leads at x + delta."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from simulations.counterexamples import simulate
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.counterexamples import Counterexample, find_counterexample
from theory.conjectures.settings import Setting
from theory.conjectures.slabs import Slabs

N = 40_000


def example(name: str, *, classes: int = 3, radius: Fraction = Fraction(5)) -> Counterexample:
    p_b = Fraction(3, 10 * (classes - 1))
    found = find_counterexample(
        parse_noise(name),
        Setting.K_CLASSES,
        Fraction(3, 5),
        p_b,
        classes,
        scale=Fraction(3, 2),
        radius_above=radius,
    )
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("classes", [2, 3, 10, 60])
def test_the_counts_fit_the_masses_and_show_the_flip(name, classes):
    drawn = simulate(example(name, classes=classes), num_samples=N, seed=11, dim=3)
    assert drawn["consistent"] is True
    assert drawn["flip"] is True
    assert int(drawn["enough_samples"]) < N
    assert all(sum(counts) == N for counts in drawn["counts"].values())
    assert json.loads(json.dumps(drawn)) == drawn


@pytest.mark.statistical(false_fail=1e-9, reason="Holm at 1e-9 over exact binomial tests")
@pytest.mark.parametrize("name", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("classes", [2, 3, 10, 60])
def test_the_counts_fit_with_any_seed(name, classes, fresh):
    drawn = simulate(example(name, classes=classes), num_samples=N, seed=fresh(11), alpha=1e-9)
    assert drawn["consistent"] is True and drawn["flip"] is not False


def test_the_counts_are_those_of_the_seed():
    found = example("gaussian")
    one, two, other = (simulate(found, num_samples=5000, seed=s, dim=2) for s in (4, 4, 5))
    assert one == two
    assert one["counts"] != other["counts"]


def test_the_shift_is_drawn():
    drawn = simulate(example("laplace"), num_samples=N, seed=2)
    at_x, at_y = drawn["counts"]["x"], drawn["counts"]["x + delta"]
    assert at_x[0] > max(at_x[1:])
    assert at_y[1] > at_y[0]


def wrong(found: Counterexample) -> dict[str, Counterexample]:
    slabs = found.classifier
    by = tuple(edge + Fraction(1, 5) for edge in slabs.edges)
    return {
        "edges": replace(found, classifier=Slabs(0, 1, by, slabs.labels)),
        "scale": replace(found, scale=found.scale * Fraction(11, 10)),
        "shift": replace(found, r=found.r * Fraction(9, 10)),
        "noise": replace(found, noise=parse_noise("gaussian")),
        "sign": replace(found, classifier=replace(slabs, sign=-1)),
        "labels": replace(found, classifier=Slabs(0, 1, slabs.edges, slabs.labels[::-1])),
    }


@pytest.mark.parametrize("what", ["edges", "scale", "shift", "noise", "sign", "labels"])
def test_a_wrong_classifier_is_inconsistent_with_the_masses(what):
    drawn = simulate(wrong(example("laplace"))[what], num_samples=N, seed=7)
    assert drawn["consistent"] is False
    assert "contradicted" in drawn["detail"]


def test_no_flip_is_seen_where_there_is_none():
    found = example("laplace")
    drawn = simulate(replace(found, r=Fraction(1, 100)), num_samples=N, seed=7)
    assert drawn["flip"] is False


def test_a_thin_margin_says_how_many_samples_it_needs():
    # the exact radius is 3/2 log(5) = 2.4142 at PA = 0.9
    found = find_counterexample(
        parse_noise("laplace"),
        Setting.BINARY,
        Fraction(9, 10),
        None,
        2,
        scale=Fraction(3, 2),
        radius_above=Fraction(2416, 1000),
    )
    drawn = simulate(found, num_samples=N, seed=1)
    assert drawn["consistent"] is True
    assert drawn["flip"] is None
    assert int(drawn["enough_samples"]) > 1000 * N


def test_a_margin_below_the_words_is_never_shown():
    found = find_counterexample(
        parse_noise("laplace"),
        Setting.BINARY,
        1 - Fraction(1, 10**300),
        None,
        2,
        scale=Fraction(1),
        radius_above=Fraction(6908, 10),  # 690.0846... is exact
    )
    near = replace(found, margin=replace(found.margin, lower=-1e-12, upper=-1e-12))
    assert simulate(near, num_samples=1000, seed=1)["enough_samples"] == "none"
    assert simulate(found, num_samples=1000, seed=1)["flip"] is True


def test_without_samples_nothing_is_said():
    drawn = simulate(example("laplace"), num_samples=0, seed=1)
    assert (drawn["consistent"], drawn["flip"]) == (None, None)


def test_a_density_is_drawn_by_inverse_survival():
    named = parse_noise("gaussian")
    found = example("gaussian")
    drawn = simulate(replace(found, noise=replace(named, name="density")), num_samples=N, seed=9)
    assert drawn["consistent"] is True
    assert drawn["counts"] == simulate(found, num_samples=N, seed=9)["counts"]


def test_what_is_no_counterexample_is_refused():
    with pytest.raises(ValueError, match="has no masses"):
        simulate(replace(example("laplace"), margin=None), num_samples=10, seed=1)
    with pytest.raises(ValueError, match="dim = 0"):
        simulate(example("laplace"), num_samples=10, seed=1, dim=0)
