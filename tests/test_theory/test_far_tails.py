"""Counterexamples whose probabilities, scales or radii are beyond the floats."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import replace
from fractions import Fraction

import pytest
import scipy.stats
import sympy as sp

from simulations.counterexamples import simulate
from theory.bounds import Bounds
from theory.claim import Grade
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.counterexamples import Counterexample, find_counterexample
from theory.conjectures.integration import mass
from theory.conjectures.settings import Setting
from theory.conjectures.slabs import exact_text, short_between, short_text
from theory.symbols import x

HALF = Fraction(1, 2)


def tiny(places: int) -> Fraction:
    return Fraction(1, 10**places)


@pytest.mark.parametrize("places", [5_000, 100_000])
def test_no_text_is_longer_than_a_line(places):
    far = tiny(places)
    for number, text in (
        (far, f"1e-{places}"),
        (-32 * far, f"-3.2e-{places - 1}"),
        (1 - far, f"1 - 1e-{places}"),
        (HALF + 2 * far, f"0.5 + 2e-{places}"),
        (HALF - far / 3, f"0.5 - about 3.33333333333e-{places + 1}"),
        (1 / far, f"1e+{places}"),
        (1 / far + 1, f"about 1e+{places}"),
        (Fraction(7, 3) + far, "about 2.33333333333"),
    ):
        assert exact_text(number) == short_text(number) == text
    assert exact_text(1 - tiny(300)) == "0." + "9" * 300
    assert short_text(1 - tiny(300)) == "1 - 1e-300"


def test_a_short_decimal_is_found_at_once_in_a_narrow_interval():
    far = tiny(100_000)
    assert short_between(far, 3 * far) == 2 * far
    assert short_between(1 / far, 3 / far) == 2 / far


@functools.cache  # one question is asked in every repetition
def shown(noise, setting, p_a, p_b, classes, scale, radius) -> Counterexample:
    found = find_counterexample(
        parse_noise(noise), setting, p_a, p_b, classes, scale=scale, radius_above=radius
    )
    assert found is not None
    assert found.grade is Grade.REFUTED
    assert found.recheck() == ()
    assert max(map(len, found.lines())) < 200
    # an exact number of 4000 bits may still stand in JSON
    assert max(map(len, json.loads(json.dumps(found.as_json())).values())) < 310
    return found


RADII = {  # above the exact ones where one of the probabilities is 10^-places
    "laplace": lambda places: Fraction(round(3 * places)),
    "gaussian": lambda places: Fraction(round(2 * math.sqrt(5 * places))),
    "uniform": lambda places: Fraction(3, 2),
}


@pytest.mark.statistical(false_fail=1e-9, reason="Holm at 1.6e-10 over the counts of six runs")
@pytest.mark.parametrize("name", RADII)
@pytest.mark.parametrize("places", [5_000, 100_000])
def test_probabilities_that_python_does_not_write(name, places, fresh):
    far, radius = tiny(places), RADII[name](places)
    binary = shown(name, Setting.BINARY, 1 - far, None, 2, Fraction(7, 3), radius * Fraction(7, 3))
    assert f"PA = 1 - 1e-{places}" in binary.lines()[0]
    drawn = simulate(binary, num_samples=4_000, seed=fresh(1), alpha=1.6e-10)
    assert drawn["consistent"] is not False
    assert drawn["flip"] is not False
    for setting, p_a, p_b, classes in (
        (Setting.BINARY, HALF + far, None, 2),
        (Setting.BINARY, far, None, 2),
        (Setting.K_CLASSES, 1 - far, far / 2, 3),
        (Setting.MULTICLASS, Fraction(3, 5), far, None),
        (Setting.MULTICLASS, 2 * far, far, None),
    ):
        found = shown(name, setting, p_a, p_b, classes, Fraction(1), radius)
        drawn = simulate(found, num_samples=1_000, seed=fresh(1), alpha=1.6e-10)
        assert drawn["consistent"] is not False


@pytest.mark.parametrize("power", [5_000, -5_000, -100_000])
def test_scales_beyond_the_floats_are_found_and_drawn(power):
    scale = Fraction(10) ** power
    found = shown("laplace", Setting.BINARY, Fraction(3, 4), None, 2, scale, 2 * scale)
    drawn = simulate(found, num_samples=4_000, seed=1, dim=2)
    assert (drawn["consistent"], drawn["flip"]) == (True, True)


@pytest.mark.parametrize("name", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("places", [300, 100_000])
def test_a_radius_far_beyond_the_exact_one_costs_no_more(name, places):
    radius = 1 / tiny(places)
    found = shown(name, Setting.BINARY, Fraction(3, 4), None, 2, Fraction(1), radius)
    assert found.r < 10


def test_masses_up_to_far_ends_are_those_of_the_tail():
    density = parse_noise("laplace").density
    for end in (10**300, 10**5_000):
        assert abs(mass(density, Fraction(0), Fraction(end), 128) - 0.5) < 1e-30
        assert abs(mass(density, Fraction(-end), Fraction(1, 2), 128) - 0.5 - 0.1967346701) < 1e-9


def test_a_scipy_law_with_a_shift_beyond_the_floats_has_no_traceback():
    noise = parse_noise(scipy.stats.t(3))
    found = find_counterexample(
        noise,
        Setting.BINARY,
        Fraction(3, 4),
        None,
        2,
        scale=Fraction(1),
        radius_above=Fraction(9),
    )
    assert found.recheck() == ()
    far = replace(found, r=Fraction(10**5_000), radius_above=Fraction(10**5_001)).weighed()
    assert far.recheck() == ()
    assert far.margin.upper < 0.0


def three() -> Counterexample:
    return shown(
        "laplace",
        Setting.MULTICLASS,
        Fraction(2, 5),
        Fraction(3, 10),
        None,
        Fraction(1),
        Fraction(2),
    )


@pytest.mark.parametrize(
    ("setting", "classes"),
    [(Setting.BINARY, None), (Setting.BINARY_PB, None), (Setting.K_CLASSES, None)],
)
def test_a_classifier_of_more_classes_refutes_no_radius_for_two(setting, classes):
    moved = replace(three(), setting=setting, num_classes=classes)
    assert moved.recheck() == (f"num_classes = None does not go with setting = {setting}",)


def test_a_stated_mass_that_says_less_than_the_found_one_is_a_fault():
    found = three()
    wide = Bounds(-0.9, 0.9, "typed")
    assert len(replace(found, margin=wide).recheck()) == 1
    touching = Bounds(found.margin.upper, 0.5, "typed")
    assert len(replace(found, margin=touching).recheck()) == 1


def test_bad_numbers_are_said_in_one_short_line():
    laplace, far = parse_noise("laplace"), tiny(5_000)
    for p_a, scale, text in (
        (1 + far, Fraction(1), r"\(p_a, p_b\) = \(1 \+ 1e-5000, None\) is outside"),
        (Fraction(3, 4), -far, "scale = -1e-5000 is outside"),
    ):
        with pytest.raises(ValueError, match=text):
            find_counterexample(
                laplace, Setting.BINARY, p_a, None, 2, scale=scale, radius_above=Fraction(1)
            )
    found = replace(three(), scale=-far, r=1 / far, p_a=1 + far)
    assert found.recheck()[:3] == (
        "scale = -1e-5000 is outside (0, inf)",
        "r = 1e+5000 is outside (0, 2)",
        "(PA, PB) = (1 + 1e-5000, 0.3) is outside the domain",
    )


def test_terms_with_zeros_are_not_bounded_by_their_slope():
    # the slope of exp(-t) cos(t) has poles, and 1/x is no way to its tail either
    density = sp.Rational(4, 9) * sp.exp(-sp.Abs(x)) * (1 + sp.cos(x) / 4)
    for start in (Fraction(3, 2), Fraction(11, 7)):
        t = float(start)
        tail = 4 / 9 * math.exp(-t) * (1 + (math.cos(t) - math.sin(t)) / 8)
        assert abs(mass(density, start, None, 100) - tail) < 1e-14
