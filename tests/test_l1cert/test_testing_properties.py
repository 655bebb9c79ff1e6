"""The ready properties of `l1cert.testing` pass what is right, and each catches its mutants."""

import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from l1cert.testing import (
    CertifiedPoint,
    RadiusError,
    assert_monotone,
    assert_radius_sound,
    assert_radius_tight,
    assert_scale_equivariant,
    properties,
)
from l1cert.testing.subjects import Subject
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.counterexamples import Counterexample
from theory.noise import Gaussian, Uniform

FEW = {"max_examples": 15}


# --- radii that are right, as their authors write them ------------------------------------------


def theorem_2(p_a, lam):
    return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0


def theorem_2_vectorised(p_a, lam):
    return np.where(p_a > 0.5, -lam * np.log(2 * (1 - p_a)), 0.0)


def theorem_2_by_sigma(p_a, sigma):
    return -sigma / math.sqrt(2) * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0


def lecuyer(p_a, p_b, lam):
    return lam / 2 * np.log(p_a / p_b)


def theorem_1(p_a, p_b, lam):
    return np.maximum(lam / 2 * np.log(p_a / p_b), -lam * np.log(1 - p_a + p_b))


def laplace_quantile(p, rest):
    return np.where(p <= 0.5, np.log(2 * p), -np.log(2 * rest))


def exact(p_a, p_b, lam):
    p_b = np.minimum(p_b, 1 - p_a)
    return lam / 2 * (laplace_quantile(p_a, 1 - p_a) - laplace_quantile(p_b, 1 - p_b))


def exact_k(p_a, p_b, lam, num_classes):
    p_b = np.minimum(p_b, 1 - p_a)
    rest = np.minimum(1 - p_a, (num_classes - 1) * p_b)
    top = np.maximum(p_a, 1 - (num_classes - 1) * p_b)
    return lam / 2 * (laplace_quantile(top, rest) - laplace_quantile(p_b, 1 - p_b))


def cohen(p_a, p_b, sigma):
    return sigma / 2 * (special.ndtri(p_a) - special.ndtri(p_b))


def cohen_binary(p_a, sigma):
    return np.maximum(sigma * special.ndtri(p_a), 0.0)


def yang(p_a, p_b, half_width):
    return half_width * (p_a - p_b)


def yang_binary(p_a, half_width):
    return 2 * half_width * np.maximum(p_a - 0.5, 0.0)


def case(radius, noise, setting="binary", num_classes=None):
    kwargs = {"noise": noise, "setting": setting, "num_classes": num_classes}
    return pytest.param(radius, kwargs, id=f"{radius.__name__}-{noise}-{setting}")


SOUND = [
    case(theorem_2, "laplace"),
    case(theorem_2_vectorised, "laplace"),
    case(theorem_2_by_sigma, "laplace"),
    case(lecuyer, "laplace", "multiclass"),
    case(theorem_1, "laplace", "multiclass"),
    case(theorem_1, "laplace", "binary-pb"),
    case(exact, "laplace", "multiclass"),
    case(exact_k, "laplace", "k", 4),
    case(cohen, "gaussian", "multiclass"),
    case(cohen_binary, "gaussian"),
    case(yang, "uniform", "multiclass"),
    case(yang_binary, "uniform"),
    case(yang_binary, Uniform(0.3)),
]
TIGHT = [
    case(theorem_2, "laplace"),
    case(theorem_2_by_sigma, "laplace"),
    case(exact, "laplace", "multiclass"),
    case(exact_k, "laplace", "k", 4),
    case(cohen_binary, "gaussian"),
    case(yang_binary, "uniform"),
]


@pytest.mark.parametrize(("radius", "kwargs"), SOUND)
def test_what_is_sound_passes(radius, kwargs):
    assert_radius_sound(radius, **kwargs, **FEW)


@pytest.mark.parametrize(("radius", "kwargs"), TIGHT)
def test_what_is_tight_passes(radius, kwargs):
    assert_radius_tight(radius, **kwargs, **FEW)


# --- soundness: mutants -------------------------------------------------------------------------


def scaled(radius, factor, *, where=lambda **_: True):
    """The radius times a factor at the places where it is wrong."""

    def mutant(p_a, p_b, lam):
        own = (p_a, lam) if radius is theorem_2 else (p_a, p_b, lam)
        return radius(*own) * (factor if where(p_a=p_a, p_b=p_b, lam=lam) else 1.0)

    if radius is theorem_2:
        return lambda p_a, lam: mutant(p_a, None, lam)
    return mutant


WRONG = {
    "everywhere": lambda **_: True,
    "top-0.999": lambda p_a, **_: p_a > 0.999,
    "scale-0.25": lambda lam, **_: lam == 0.25,
    "scale-0.12": lambda lam, **_: lam == 0.12,
    "small-scales": lambda lam, **_: lam < 1e-5,
    "near-half": lambda p_a, **_: 0.5 < p_a < 0.501,
    "last-1e-9": lambda p_a, **_: p_a > 1 - 1e-9,
    "both": lambda p_a, lam, **_: p_a > 0.999 and lam == 0.25,
}
WRONG_BY_PB = {
    **WRONG,
    "pb-1e-6": lambda p_b, **_: p_b < 1e-6,
    "pb-1e-99": lambda p_b, **_: p_b < 1e-99,
    "tie": lambda p_a, p_b, **_: p_b > 0.9999 * p_a and p_a < 0.5,
    "complement": lambda p_a, p_b, **_: p_a + p_b == 1,
    "beyond-one": lambda p_a, p_b, **_: p_a + p_b > 1,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_radius_too_large_by_a_thousandth_is_caught(name):
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(scaled(theorem_2, 1.001, where=WRONG[name]), noise="laplace")
    assert_proved(caught.value, theorem_2)


@pytest.mark.parametrize("name", WRONG_BY_PB)
def test_a_radius_of_a_pair_too_large_by_a_thousandth_is_caught(name):
    # what 1 - p_b loses of so small a p_b is worth log(2) scale, and counts as rounding
    mutant = scaled(exact, 1.02 if name == "pb-1e-99" else 1.001, where=WRONG_BY_PB[name])
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(mutant, noise="laplace", setting="multiclass")
    assert_proved(caught.value, exact)


def assert_proved(error, right):
    """The block is a proved counterexample, at a place where the right radius is smaller."""
    rows, witness = error.rows, error.witness
    assert list(rows) == [
        *[name for name in ("p_a", "p_b", "scale") if name in rows],
        *("radius", "exact", "r", "delta", "classifier", "margin"),
    ]
    assert str(error).count("\n") == len(rows)
    assert isinstance(witness, Counterexample)
    assert witness.recheck() == ()
    at = [float(rows[name].split()[0]) for name in ("p_a", "p_b", "scale") if name in rows]
    assert right(*at) == pytest.approx(float(rows["exact"]), rel=1e-9)
    assert float(rows["exact"]) <= float(rows["r"]) < float(rows["radius"])
    assert float(rows["margin"].split()[0]) < 0.0


UNSOUND = [
    case(lambda p_a, lam: -lam * math.log(2 * (1 - p_a)) + 1e-9 * lam, "laplace"),
    case(lambda p_a, lam: lam * p_a, "laplace"),
    case(cohen_binary, "laplace"),
    case(theorem_2_by_sigma, "gaussian"),
    case(lecuyer, "gaussian", "multiclass"),
    case(lambda p_a, p_b, half_width: 1.001 * half_width * (p_a - p_b), "uniform", "multiclass"),
    case(lambda p_a, lam: 0.01, "laplace"),
    case(lambda p_a: 0.01 if p_a > 0.6 else 0.0, "gaussian"),
    case(exact_k, "laplace", "k", 4),
    case(lambda p_a, lam: math.inf if p_a > 0.99 else 0.0, "laplace"),
    case(lambda p_a: 0.61 * (p_a - 0.5) * 2, Uniform(0.6)),
]
UNSOUND[8] = pytest.param(
    lambda p_a, p_b, lam: exact_k(p_a, p_b, lam, 4),
    {"noise": "laplace", "setting": "k", "num_classes": 5},
    id="four-for-five-classes",
)


@pytest.mark.parametrize(("radius", "kwargs"), UNSOUND)
def test_other_noises_and_wrong_radii_are_caught(radius, kwargs):
    with pytest.raises(RadiusError, match="the radius is not sound") as caught:
        assert_radius_sound(radius, **kwargs)
    assert caught.value.witness.recheck() == ()


def test_a_radius_for_one_scale_is_judged_at_that_scale():
    """0.35 (2 p - 1) is right at half_width 0.4 and not at 0.3, nor for every uniform noise."""

    def fixed(p_a):
        return 0.35 * max(2 * p_a - 1, 0.0)

    assert_radius_sound(fixed, noise=Uniform(0.4), **FEW)
    for noise in (Uniform(0.3), "uniform"):
        with pytest.raises(RadiusError):
            assert_radius_sound(fixed, noise=noise, **FEW)


def no_points(_):
    return iter(())


@pytest.mark.parametrize("mutant", ["everywhere", "top-0.999", "scale-0.25", "pb-1e-6", "tie"])
def test_drawn_points_alone_catch_mutants_too(mutant, monkeypatch):
    monkeypatch.setattr(Subject, "hard_points", no_points)
    wrong = scaled(exact, 1.001, where=WRONG_BY_PB[mutant])
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(wrong, noise="laplace", setting="multiclass", max_examples=1000)
    assert isinstance(caught.value.witness, Counterexample)


@pytest.mark.parametrize(
    ("right", "noise"),
    [(theorem_2, "laplace"), (cohen_binary, "gaussian"), (yang_binary, "uniform")],
)
def test_random_classifiers_alone_catch_a_radius(right, noise, monkeypatch):
    monkeypatch.setattr(Subject, "hard_points", no_points)
    monkeypatch.setattr(properties, "points_of", lambda _: st.nothing())
    names = {"laplace": "lam", "gaussian": "sigma", "uniform": "half_width"}
    wrong = {
        "lam": lambda p_a, lam: 1.1 * right(p_a, lam),
        "sigma": lambda p_a, sigma: 1.1 * right(p_a, sigma),
        "half_width": lambda p_a, half_width: 1.1 * right(p_a, half_width),
    }[names[noise]]
    search = properties.shortest

    def classifiers_only(strategy, violates, **kwargs):
        return None if strategy.is_empty else search(strategy, violates, **kwargs)

    monkeypatch.setattr(properties, "shortest", classifiers_only)
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(wrong, noise=noise, max_examples=60)
    point, delta = caught.value.witness, np.array(eval_floats(caught.value.rows["delta"]))
    assert isinstance(point, CertifiedPoint)
    assert point.margin(delta) < -point.rounding
    assert sum(map(Fraction, np.abs(delta).tolist())) < Fraction(point.radius)
    assert_radius_sound(right, noise=noise, max_examples=60)


def eval_floats(text):
    return [float(one) for one in text.strip("()").split(",") if one.strip()]


# --- tightness ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRONG_BY_PB)
def test_a_slack_of_a_thousandth_is_caught(name):
    mutant = scaled(exact, 0.98 if name == "pb-1e-99" else 0.999, where=WRONG_BY_PB[name])
    with pytest.raises(RadiusError, match="the radius is not tight") as caught:
        assert_radius_tight(mutant, noise="laplace", setting="multiclass")
    rows = caught.value.rows
    assert float(rows["r"].split(",")[0]) < float(rows["exact"].split(",")[0])


@pytest.mark.parametrize(
    ("radius", "kwargs"),
    [
        case(lecuyer, "laplace", "multiclass"),
        case(cohen_binary, "uniform"),
        case(lambda p_a, lam: 0.0, "laplace"),
        case(lambda p_a, lam: theorem_2(p_a, lam) if p_a > 0.501 else 0.0, "laplace"),
        case(lambda p_a, lam: (1 - 1e-5) * theorem_2(p_a, lam), "laplace"),
    ],
)
def test_what_is_loose_is_caught(radius, kwargs):
    with pytest.raises(RadiusError, match="the radius is not tight"):
        assert_radius_tight(radius, **kwargs)


def test_the_step_is_the_slack_that_passes():
    def slack(p_a, lam):
        return theorem_2(p_a, lam) * 0.9995

    assert_radius_tight(slack, noise="laplace", step=1e-3, **FEW)
    with pytest.raises(RadiusError):
        assert_radius_tight(slack, noise="laplace", step=1e-4, **FEW)
    with pytest.raises(ValueError, match=r"step = 0.0 is outside \(0, 1\)"):
        assert_radius_tight(slack, noise="laplace", step=0.0)


# --- how they are called ------------------------------------------------------------------------

CHECKS = [assert_radius_sound, assert_radius_tight, assert_monotone, assert_scale_equivariant]


@given(st.sampled_from([0.5, 1.0]))
@settings(max_examples=2, database=None, derandomize=True, deadline=None)
def test_they_may_be_called_within_ones_own_given(factor):
    assert_radius_sound(lambda p, lam: factor * theorem_2(p, lam), noise="laplace", **FEW)
    with pytest.raises(RadiusError):
        assert_radius_sound(lambda p, lam: 3 * factor * theorem_2(p, lam), noise="laplace", **FEW)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_says_the_same(seed, monkeypatch):
    monkeypatch.setattr(Subject, "hard_points", no_points)
    said = set()
    for _ in range(2):
        with pytest.raises(RadiusError) as caught:
            assert_radius_sound(scaled(theorem_2, 1.5), noise="laplace", seed=seed, max_examples=50)
        said.add(str(caught.value))
    assert len(said) == 1


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("radius", "kwargs", "message"),
    [
        (theorem_2, {"noise": "cauchy"}, "noise = cauchy is none of"),
        (theorem_2, {"noise": "laplace", "setting": "two"}, "setting = two is none of"),
        (lambda p_a, lam: math.nan, {"noise": "laplace"}, "radius = nan at"),
        (lambda p_a, lam: 1 / 0, {"noise": "laplace"}, "ZeroDivisionError"),
        ("-log(2)", {"noise": "laplace"}, "is not callable"),
    ],
)
def test_bad_arguments_are_errors_and_no_counterexamples(check, radius, kwargs, message):
    with pytest.raises(ValueError, match=message) as caught:
        check(radius, **kwargs)
    assert "\n" not in str(caught.value)


def test_nothing_is_left_on_disk(tmp_path):
    script = "\n".join(
        [
            "import math",
            "from l1cert.testing import assert_radius_sound",
            "def radius(p_a, lam): return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0",
            "assert_radius_sound(radius, noise='laplace', max_examples=5)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_noise_that_is_not_known_to_be_log_concave_is_judged_by_level_sets():
    noise = replace(parse_noise("laplace"), log_concave=None, name="density")
    few = {"noise": noise, "max_examples": 2}
    assert_radius_sound(theorem_2, **few)
    assert_radius_tight(theorem_2, **few)
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(lambda p_a, lam: 1.001 * theorem_2(p_a, lam), **few)
    assert caught.value.witness.recheck() == ()
    with pytest.raises(RadiusError):
        assert_radius_tight(lambda p_a, lam: 0.999 * theorem_2(p_a, lam), **few)


def test_a_noise_class_is_every_scale():
    assert_radius_sound(cohen_binary, noise=Gaussian, **FEW)
    with pytest.raises(RadiusError):
        assert_radius_sound(lambda p_a: 0.01, noise=Gaussian, **FEW)
