"""The strategies of `l1cert.testing`: domains, hard places, exact norms, certified points."""

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from l1cert.testing import (
    Ball,
    Cells,
    HalfSpace,
    Slab,
    certified_points,
    classifiers,
    exact_norm,
    perturbations,
    probabilities,
    probability_pairs,
    scales,
    smoothed,
)
from l1cert.testing.certified import NOISES, bounds_at, certified_radius
from l1cert.testing.classifiers import rounding_of_smoothed
from theory import certificates
from theory.noise import Gaussian, Laplace, Uniform

steady = settings(database=None, derandomize=True, max_examples=60)
LABELS = ((1.0, 0.0), (0.0, 1.0))


def reached(strategy, condition, *, most: int = 20_000) -> bool:
    unshrunk = settings(steady, max_examples=most, phases=[Phase.generate])
    try:
        find(strategy, condition, settings=unshrunk)
    except NoSuchExample:
        return False
    return True


# --- probabilities and scales -------------------------------------------------------------------


@given(st.data())
@steady
def test_probabilities_stay_in_their_interval(data):
    least = data.draw(st.floats(0.0, 1.0))
    most = data.draw(st.floats(least, 1.0))
    assert least <= data.draw(probabilities(least=least, most=most)) <= most


@pytest.mark.parametrize("value", [0.0, 1.0, 5e-324, 1 - 2.0**-53, 0.5, 0.999])
def test_probabilities_reach_the_ends_and_their_tails(value):
    assert reached(probabilities(), lambda p: p == value)


def test_everything_shrinks_towards_simple_values():
    assert find(probabilities(), lambda _: True, settings=steady) == 0.5
    assert find(probability_pairs(), lambda _: True, settings=steady) == (0.5, 0.5)
    assert find(scales(), lambda _: True, settings=steady) == 1.0


@pytest.mark.parametrize("setting", ["binary-pb", "multiclass", "k"])
@given(st.data())
@steady
def test_pairs_are_ordered_and_keep_what_is_asked(setting, data):
    classes = 5 if setting == "k" else None
    p_a, p_b = data.draw(probability_pairs(setting, num_classes=classes))
    assert 0.0 <= p_b <= p_a <= 1.0
    p_a, p_b = data.draw(probability_pairs(setting, num_classes=classes, endpoints=False))
    assert 0.0 < p_b <= p_a < 1.0
    p_a, p_b = data.draw(probability_pairs(setting, num_classes=classes, exceed_one=False))
    assert 0.0 <= p_b <= p_a
    assert Fraction(p_a) + Fraction(p_b) <= 1


@given(probability_pairs("binary"))
@steady
def test_binary_pairs_are_exact_complements(pair):
    assert Fraction(pair[0]) + Fraction(pair[1]) == 1
    assert pair[0] >= 0.5


@pytest.mark.parametrize(
    "place",
    [
        lambda a, b: a == b < 1,
        lambda a, b: 0 < a - b < 1e-9,
        lambda a, b: a + b == 1 and b > 0,
        lambda a, b: 0 < abs(a + b - 1) < 1e-9,
        lambda a, b: a + b > 1.5,
        lambda a, b: b == 5e-324,
        lambda a, b: b == 0,
        lambda a, b: a == 1 > b,
        lambda a, b: a == 1 - 2.0**-53,
        lambda a, b: 0.999 < a < 1 and b < 1e-6,
    ],
)
def test_pairs_reach_the_hard_places(place):
    assert reached(probability_pairs(), lambda pair: place(*pair))


def test_what_is_left_out_is_not_reached():
    assert not reached(
        probability_pairs(exceed_one=False), lambda pair: sum(pair) > 1 + 1e-9, most=300
    )
    assert not reached(probability_pairs(endpoints=False), lambda pair: pair[1] == 0.0, most=300)


@given(st.data())
@steady
def test_scales_stay_in_their_interval(data):
    assert 1e-6 <= data.draw(scales()) <= 1e6
    assert 0.2 <= data.draw(scales(least=0.2, most=0.3)) <= 0.3


@pytest.mark.parametrize("value", [0.25, 0.12, 1e-6, 1e6])
def test_scales_reach_the_literature_and_both_ends(value):
    assert reached(scales(), lambda scale: scale == value)
    assert reached(scales(), lambda scale: scale == value or scale == value / math.sqrt(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: probabilities(least=-0.5), r"a probability in \[-0.5, 1.0\] is no interval"),
        (lambda: probabilities(least=0.5, most=0.25), r"\[0.5, 0.25\] is no interval"),
        (lambda: scales(least=0.0), r"a scale in \[0.0, 1000000.0\] is no interval"),
        (lambda: scales(most=math.inf), r"\[1e-06, inf\] is no interval"),
        (lambda: probability_pairs("ternary"), "setting = ternary is none of"),
        (lambda: probability_pairs("k"), "num_classes = None: the setting k needs"),
        (lambda: perturbations(-1.0, 2), r"norm = -1.0 is outside \[0, inf\)"),
        (lambda: perturbations(math.nan, 2), "norm = nan is outside"),
        (lambda: perturbations(1.0, 0), "dim = 0 is no integer of at least 1"),
        (lambda: perturbations(1.0, 2.5), "dim = 2.5 is no integer"),
        (lambda: perturbations(1.0, 2, kinds=[]), r"kinds = \[\]: legal are"),
        (lambda: perturbations(1.0, 2, kinds=["up"]), r"kinds = \['up'\]: legal are"),
        (lambda: classifiers(dim=4), "dim = 4 is none of 1, 2, 3"),
        (lambda: classifiers(num_classes=1), "num_classes = 1 is no integer of at least 2"),
        (lambda: classifiers(dim=1.5), "dim = 1.5 is none of 1, 2, 3"),
        (lambda: classifiers(kinds=["trees"]), r"kinds = \['trees'\]: legal are"),
        (lambda: classifiers(spread=0.0), r"spread = 0.0 is outside \(0, inf\)"),
        (lambda: certified_points("cauchy"), "noise = cauchy is none of laplace"),
        (lambda: certified_points(3.0), "noise = 3.0 is none of laplace"),
    ],
)
def test_bad_parameters_are_named_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


# --- perturbations ------------------------------------------------------------------------------


def spare(delta: np.ndarray, norm: float) -> Fraction:
    """How far the exact norm is below the wanted one, in its last place."""
    return (Fraction(norm) - exact_norm(delta)) / Fraction(math.ulp(norm))


@given(st.data(), st.floats(1e-300, 1e300), st.integers(1, 24))
@steady
def test_norms_are_exact_but_for_the_stated_rounding_down(data, norm, dim):
    for kind, most in {"axis": 0, "diagonal": 2, "sparse": 1, "random": 1}.items():
        delta = data.draw(perturbations(norm, dim, kinds=[kind]))
        assert delta.shape == (dim,)
        assert delta.dtype == np.float64
        assert 0 <= spare(delta, norm) <= most, kind


@given(perturbations(0.1, 3072))
@settings(steady, max_examples=20)
def test_norms_in_many_dimensions(delta):
    assert 0 <= spare(delta, 0.1) <= 2


@pytest.mark.parametrize("norm", [0.0, 5e-324, 1e-320])
@given(st.data())
@settings(steady, max_examples=30)
def test_subnormal_norms_are_never_exceeded(norm, data):
    delta = data.draw(perturbations(norm, 7))
    assert Fraction(norm) - 7 * Fraction(5e-324) <= exact_norm(delta) <= Fraction(norm)


@given(st.data())
@steady
def test_kinds_are_what_they_say(data):
    axis = data.draw(perturbations(2.0, 5, kinds=["axis"]))
    sparse = data.draw(perturbations(2.0, 5, kinds=["sparse"]))
    diagonal = data.draw(perturbations(2.0, 5, kinds=["diagonal"]))
    full = data.draw(perturbations(2.0, 5, kinds=["random"]))
    assert np.count_nonzero(axis) == 1
    assert 2 <= np.count_nonzero(sparse) <= 4
    assert len(set(np.abs(diagonal))) == 1
    assert np.count_nonzero(full) == 5


def test_signs_and_places_vary():
    for dim in (3, 40):
        every = perturbations(1.0, dim, kinds=["axis"])
        assert reached(every, lambda delta: delta[2] == -1.0)
        sparse = perturbations(1.0, dim, kinds=["sparse"])
        assert reached(sparse, lambda delta: delta[0] == 0.0 and delta[-1] < 0.0)


# --- classifiers --------------------------------------------------------------------------------


@given(st.data(), classifiers())
@steady
def test_classifiers_give_label_probabilities(data, classifier):
    points = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=12, max_size=12)))
    found = classifier(points[: 12 // classifier.dim * classifier.dim].reshape(-1, classifier.dim))
    assert found.shape == (12 // classifier.dim, classifier.num_classes)
    assert (found >= 0.0).all()
    assert (found.sum(axis=1) == 1.0).all()
    assert 1 <= classifier.dim <= 3


@given(st.data(), classifiers(exact=True))
@steady
def test_boxes_are_the_classifier_itself(data, classifier):
    # thirds: never on a border, which is at an eighth or at a float of its own
    place = st.integers(-300, 300).map(lambda k: k / 30 + 1 / 299)
    point = np.array([data.draw(st.tuples(*[place] * classifier.dim))])
    assert (classifier(point) == classifier.as_cells()(point)).all()


@pytest.mark.parametrize("kind", ["half_spaces", "slabs", "balls", "cells"])
def test_every_kind_is_drawn_in_every_dimension(kind):
    wanted = {"half_spaces": HalfSpace, "slabs": Slab, "balls": Ball, "cells": Cells}[kind]
    for dim in (1, 2, 3):
        drawn = classifiers(dim=dim, kinds=[kind])
        assert not reached(drawn, lambda found: not isinstance(found, wanted), most=20)
        assert not reached(drawn.map(lambda found: found.dim), lambda own, d=dim: own != d, most=20)


def exact_mass(noise, low, high):
    """P(low <= X < high), from the density's own integral at 50 digits."""
    with mpmath.workdps(50):
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        if isinstance(noise, Uniform):
            width = mpmath.mpf(noise.half_width)
            return max(min(high, width) - max(low, -width), mpmath.mpf(0)) / (2 * width)
        if isinstance(noise, Gaussian):
            root = noise.sigma * mpmath.sqrt(2)
            return (mpmath.erf(high / root) - mpmath.erf(low / root)) / 2
        # from -inf to t: e^t/2 below 0, 1 - e^-t/2 above
        ends = [
            mpmath.exp(t / noise.scale) / 2 if t < 0 else 1 - mpmath.exp(-t / noise.scale) / 2
            for t in (low, high)
        ]
        return ends[1] - ends[0]


@pytest.mark.parametrize("noise", [Laplace(0.75), Gaussian(1.25), Uniform(2.5)], ids=str)
@given(st.data())
@settings(steady, max_examples=40)
def test_smoothed_is_the_integral_within_its_stated_rounding(noise, data):
    classifier = data.draw(classifiers(exact=True, kinds=["cells", "balls", "slabs"]))
    x = data.draw(st.tuples(*[st.floats(-3, 3)] * classifier.dim))
    cells = classifier.as_cells()
    with mpmath.workdps(50):
        total = [mpmath.mpf(1)]
        for cuts, place in zip(cells.edges, x, strict=True):
            ends = [-mpmath.inf, *(mpmath.mpf(cut) - mpmath.mpf(place) for cut in cuts), mpmath.inf]
            sides = [exact_mass(noise, *two) for two in pairwise(ends)]
            total = [mass * side for mass in total for side in sides]
        exact = [
            mpmath.fsum(mass * label[c] for mass, label in zip(total, cells.labels, strict=True))
            for c in range(cells.num_classes)
        ]
        found = smoothed(classifier, noise, x)
        worst = max(abs(one - mpmath.mpf(two)) for one, two in zip(exact, found, strict=True))
        assert worst <= rounding_of_smoothed(classifier)


@pytest.mark.parametrize("noise", [Laplace(0.75), Gaussian(1.25), Uniform(2.5)], ids=str)
def test_smoothed_keeps_far_tails(noise):
    half = HalfSpace((-1.0,), -2.4, inside=(0.0, 1.0), outside=(1.0, 0.0))
    far = smoothed(half, noise, [0.0])[1]
    assert far == pytest.approx(noise.survival(2.4), rel=1e-15)
    assert smoothed(half, noise, [-1e6])[1] == noise.survival(1e6 + 2.4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Cells(((1.0, 0.0),), LABELS * 2), "are not finite and strictly increasing"),
        (lambda: Cells(((0.0,),), LABELS[:1]), "1 labels for 2 boxes"),
        (lambda: Cells(((),), ((0.5, 0.25),)), "are not probabilities"),
        (lambda: Cells(((0.0,),), ((1.0, 0.0), (1.0, 0.0, 0.0))), "are not of 2 classes"),
        (lambda: HalfSpace((0.0,), 0.0, *LABELS), "normal = "),
        (lambda: Slab((1.0,), 1.0, 1.0, *LABELS), "low = 1.0 is not below high = 1.0"),
        (lambda: Ball((0.0,), 0.0, "l1", *LABELS), r"radius = 0.0 is outside \(0, inf\)"),
        (lambda: Ball((0.0,), 1.0, "l3", *LABELS), "norm = 'l3' is none of"),
        (lambda: HalfSpace((1.0,), 0.0, *LABELS)(np.zeros((2, 2))), r"legal is \(n, 1\)"),
        (lambda: smoothed(HalfSpace((1.0, 2.0), 0.0, *LABELS), Laplace(1.0), [0, 0]), "no closed"),
        (lambda: smoothed(Ball((0.0, 0.0), 1.0, "l1", *LABELS), Laplace(1.0), [0, 0]), "no closed"),
    ],
)
def test_bad_classifiers_are_named_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


# --- certified points ---------------------------------------------------------------------------


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("dim", [1, 2, 3])
@given(st.data())
@settings(steady, max_examples=40)
def test_the_prediction_is_one_within_the_certified_radius(noise, dim, data):
    point = data.draw(certified_points(noise, dim=dim))
    assert isinstance(point.noise, NOISES[noise])
    assert point.radius > 0.0
    assert point.margin(np.zeros(dim)) > 0.0
    part = data.draw(st.sampled_from([1.0, 0.999, 0.5]))
    delta = data.draw(perturbations(part * point.radius, dim))
    assert point.margin(delta) > -point.rounding


@pytest.mark.parametrize("noise", NOISES)
def test_a_radius_too_large_by_one_percent_is_seen_through(noise):
    """The test above can fail: from 1.01 radii on some drawn classifier changes its prediction."""

    @st.composite
    def moved(draw):
        point = draw(certified_points(noise, dim=1, num_classes=2))
        return point, draw(perturbations(1.01 * point.radius, len(point.x)))

    assert reached(moved(), lambda pair: pair[0].margin(pair[1]) < -pair[0].rounding)


@pytest.mark.parametrize("noise", [Laplace(2.0), Gaussian(2.0), Uniform(2.0)], ids=str)
def test_the_certified_radius_is_that_of_its_theorem(noise):
    own = {
        Laplace: lambda: certificates.exact_k(0.6, 0.1, num_classes=3, scale=2.0),
        Gaussian: lambda: certificates.cohen(0.6, 0.1, sigma=2.0),
        Uniform: lambda: certificates.uniform(0.6, 0.1, half_width=2.0),
    }[type(noise)]
    assert certified_radius(noise, 0.6, 0.1, 3) == own()


@given(certified_points())
@steady
def test_the_bounds_at_a_point_hold_outward(point):
    found = smoothed(point.classifier, point.noise, point.x)
    top, p_a, p_b = bounds_at(point.classifier, point.noise, point.x)
    off = rounding_of_smoothed(point.classifier)
    assert (top, p_a, p_b) == (point.prediction, point.p_a, point.p_b)
    assert p_a < found[top] - off / 2
    assert (np.delete(found, top) + off / 2 < p_b).all()


def test_a_noise_of_its_own_scale_is_kept():
    assert not reached(certified_points(Uniform(0.3)), lambda p: p.noise != Uniform(0.3), most=30)
