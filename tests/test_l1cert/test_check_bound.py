"""`check_bound` as a user calls it: what it refuses, functions, other noises, the witness."""

import functools
import json
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats
import sympy as sp

from l1cert import check_bound
from theory.noise import Laplace
from theory.symbols import lam, p_a, x

THEOREM_2 = "-lam*log(2*(1 - p_a))"
TWICE = "lam*log(p_a/(1 - p_a))"
FEW = {"samples": 500}
MP = mpmath.MPContext()
MP.dps = 60


@functools.cache
def refuted():
    return check_bound(TWICE, samples=20_000, seed=7)


# -- bad input ----------------------------------------------------------------------------------


def constant(value):
    return lambda p_a, lam: value


def raising(p_a, lam):
    raise RuntimeError("out of\nlog tables")


def nan_above(p_a, lam):
    return np.where(p_a > 0.6, np.nan, 0.0) * lam


BAD = [
    # (radius, arguments, what the one line has to hold)
    ("lam*q", {}, ("q", "p_a")),
    ("sp.log(p_a)", {}, ("sp.log",)),
    ("__import__('os')", {}, ("__import__",)),
    (lam * sp.Symbol("z"), {}, ("z", "p_a")),
    ("lam*p_b", {}, ("p_b", "p_a")),
    ("lam*p_a*num_classes", {"setting": "multiclass"}, ("num_classes", "p_b")),
    ("", {}, ()),
    (3.5, {}, ("3.5", "a text, a SymPy expression or a function")),
    (None, {}, ("None",)),
    (constant(float("nan")), {}, ("nan", "[0, inf]")),
    (nan_above, {}, ("nan", "[0, inf]", "p_a")),
    (constant(-1.0), {}, ("-1.0", "[0, inf]")),
    (constant(1j), {}, ("1j", "[0, inf]")),
    (constant("one"), {}, ("str one", "[0, inf]")),
    (constant(None), {}, ("None", "[0, inf]")),
    (raising, {}, ("RuntimeError", "out of", "p_a")),
    (lambda p_a, wrong, lam, more: 0.0, {}, ()),
    (THEOREM_2, {"noise": "cauchy"}, ("cauchy", "laplace")),
    (THEOREM_2, {"noise": 3}, ("3",)),
    (THEOREM_2, {"noise": sp.exp(-sp.Abs(x))}, ("integrates to 2", "1")),
    (THEOREM_2, {"noise": sp.exp(-((x - 1) ** 2)) / sp.sqrt(sp.pi)}, ()),
    (THEOREM_2, {"noise": scipy.stats.norm(1)}, ()),
    (THEOREM_2, {"noise": scipy.stats.expon()}, ()),
    (THEOREM_2, {"setting": "ternary"}, ("ternary", "binary, binary-pb, multiclass, k")),
    (THEOREM_2, {"setting": "k"}, ("num_classes = None", "[2, ")),
    (THEOREM_2, {"setting": "k", "num_classes": 1}, ("1", "[2, ")),
    (THEOREM_2, {"setting": "k", "num_classes": 2.5}, ("2.5", "[2, ")),
    (THEOREM_2, {"num_classes": 3}, ("3", "binary")),
    (THEOREM_2, {"norm": 2}, ("norm = 2", "(1,)")),
    (THEOREM_2, {"norm": 3, "noise": "gaussian"}, ("norm = 3", "(1, 2)")),
    (THEOREM_2, {"samples": 0}, ("samples = 0", "[1, ")),
    (THEOREM_2, {"samples": 10**10}, ("samples = 10000000000", "[1, ")),
    (THEOREM_2, {"samples": 1.5}, ("samples = 1.5", "[1, ")),
    (THEOREM_2, {"samples": True}, ("samples = True", "[1, ")),
    (THEOREM_2, {"seed": -1}, ("seed = -1", "[0, 2^64)")),
    (THEOREM_2, {"seed": 2**64}, ("seed = 18446744073709551616", "[0, 2^64)")),
    (THEOREM_2, {"max_boxes": 0}, ("max_boxes = 0", "[1, ")),
    (THEOREM_2, {"max_boxes": 10**7}, ("max_boxes = 10000000", "[1, ")),
    (THEOREM_2, {"against": {"exact": "lam*p_a"}}, ("exact", "another name")),
    (THEOREM_2, {"against": {"mine": "lam*q"}}, ("q", "p_a")),
]


@pytest.mark.parametrize(("radius", "arguments", "held"), BAD)
def test_bad_input_is_one_line_with_the_value_and_the_legal_set(radius, arguments, held):
    with pytest.raises(ValueError) as caught:
        check_bound(radius, **{**FEW, **arguments})
    text = str(caught.value)
    assert text and "\n" not in text and all(one in text for one in held), text


# -- functions ----------------------------------------------------------------------------------


def theorem_2(p_a, lam):
    with np.errstate(divide="ignore"):
        return np.maximum(-lam * np.log(2 * (1 - p_a)), 0)


def one_by_one(p_a, lam):
    return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0


def wrong_at_one_scale(p_a, lam):
    return theorem_2(p_a, lam) * np.where((lam > 6) & (lam < 8), 1.5, 1.0)


def test_a_sound_function_is_consistent_and_tight():
    found = check_bound(theorem_2, **FEW)
    assert (found.sound, found.tight, found.grade) == (True, True, "CONSISTENT")
    assert found.closed_ball is False and found.witness is None and found.radius == "theorem_2"
    assert not any("not vectorised" in one for one in found.notes)


def test_a_function_of_one_number_is_called_point_by_point_and_says_so():
    found = check_bound(one_by_one, **FEW)
    assert (found.sound, found.tight, found.grade) == (True, True, "CONSISTENT")
    assert any("not vectorised" in one for one in found.notes)


def test_a_function_that_is_wrong_at_one_scale_is_refuted_there():
    found = check_bound(wrong_at_one_scale, **FEW)
    assert found.sound is False and 6 < found.witness.scale < 8
    assert found.witness.counterexample.recheck() == ()


def test_a_wrong_function_is_refuted_by_a_proved_witness():
    found = check_bound(lambda p_a, lam: 1.01 * theorem_2(p_a, lam), **FEW)
    assert found.sound is False and found.grade == "REFUTED"
    assert found.witness.counterexample.recheck() == () and found.witness.margin.upper < 0


# -- noises of the user's -----------------------------------------------------------------------


def student_radius(share):
    law = scipy.stats.t(3)
    return lambda p_a, lam: share * lam * np.maximum(law.ppf(p_a), 0.0)


@pytest.mark.slow
def test_a_wrong_radius_under_another_density_is_refuted_and_the_axis_is_assumed():
    found = check_bound("10*lam*(2*p_a - 1)", noise=scipy.stats.t(3), **FEW)
    assert found.sound is False and found.witness is not None and "assum" in found.axis
    assert found.witness.counterexample.recheck() == ()


@pytest.mark.slow
def test_a_sound_radius_under_another_density_is_consistent():
    found = check_bound("lam*(2*p_a - 1)/2", noise=scipy.stats.t(3), **FEW)
    assert (found.sound, found.grade) == (True, "CONSISTENT") and "assum" in found.axis


@pytest.mark.slow
def test_half_lines_are_no_worst_case_for_heavy_tails():
    assert check_bound(student_radius(1.0), noise=scipy.stats.t(3), **FEW).sound is False


@pytest.mark.slow
def test_the_logistic_quantile_is_sound_for_logistic_noise():
    density = sp.exp(-x) / (1 + sp.exp(-x)) ** 2
    found = check_bound(TWICE, noise=density, **FEW)
    assert found.sound and found.grade == "CONSISTENT" and found.tight
    wrong = check_bound(f"1.02*{TWICE}", noise=density, **FEW)
    assert wrong.sound is False and wrong.witness.counterexample.recheck() == ()


def test_the_axis_is_known_for_the_named_noises():
    assert "assum" not in check_bound("lam*(2*p_a - 1)", **FEW).axis


# -- scales -------------------------------------------------------------------------------------


def test_an_instance_is_one_scale_if_the_radius_names_none():
    radius = "-2*log(2*(1 - p_a))"
    here = check_bound(radius, noise=Laplace(2.0), **FEW)
    assert here.sound and here.tight
    everywhere = check_bound(radius, noise="laplace", **FEW)
    assert everywhere.sound is False and everywhere.witness.scale < 2
    assert any("names no scale" in one for one in everywhere.notes)
    smaller = check_bound(radius, noise=Laplace(1.5), **FEW)
    assert smaller.sound is False and smaller.witness.scale == Fraction(3, 2)


def test_an_instance_is_every_scale_if_the_radius_names_one():
    assert check_bound(f"{THEOREM_2}*Max(1, lam/100)", noise=Laplace(2.0), **FEW).sound is False


# -- rivals of the user's -----------------------------------------------------------------------


def test_other_radii_are_compared_by_name():
    against = {"half": f"({THEOREM_2})/2", "mine": -lam * sp.log(2 - 2 * p_a), "twice": TWICE}
    found = check_bound(THEOREM_2, against=against, **FEW)
    assert "half" in found.dominates and "mine" in found.equals and "twice" in found.dominated_by


# -- the witness and the report -----------------------------------------------------------------


def test_the_witness_is_one():
    witness = refuted().witness
    assert witness.counterexample.recheck() == ()
    assert 0 < witness.r < witness.radius_above and witness.margin.upper < 0
    assert witness.simulation["consistent"] and witness.simulation["flip"]
    top, scale, above, r = (
        MP.mpf(one.numerator) / one.denominator
        for one in (witness.p_a, witness.scale, witness.radius_above, witness.r)
    )
    assert scale * MP.log(top / (1 - top)) > above  # the radius states more there
    exact = -scale * MP.log(2 * (1 - top))
    assert exact < r < above  # and a half-line of mass PA is below 1/2 at that distance
    moved = MP.exp((r - exact) / scale) / 2
    assert moved > MP.mpf(1) / 2


@pytest.mark.statistical(
    false_fail=1e-9, reason="two shares of 100000 draws, off by 0.02 or more: Hoeffding, exp(-80)"
)
def test_the_witness_has_a_classifier_that_runs(fresh):
    witness = refuted().witness
    rng, scale = np.random.default_rng(fresh(5)), float(witness.scale)
    noise = rng.laplace(size=(100_000, 1))
    sides = witness.counterexample.classifier
    at_x = np.asarray(sides(noise))
    moved = np.asarray(sides(noise + float(witness.r) / scale * sides.sign))
    assert at_x.shape == moved.shape == (100_000,)
    share, beyond = float(np.mean(at_x == 0)), float(np.mean(moved == 0))
    assert abs(share - float(witness.p_a)) < 0.02 and beyond < 0.5 + 0.02


def test_the_recheck_command_names_everything():
    command = refuted().witness.recheck
    assert command.startswith("l1cert check") and "--seed 7" in command
    assert "--noise laplace --setting binary" in command and "--samples 20000" in command


@pytest.mark.parametrize("radius", [THEOREM_2, TWICE, "lam*(2*p_a - 1)"])
def test_the_report_is_json(radius):
    report = refuted() if radius == TWICE else check_bound(radius, **FEW)
    text = json.dumps(report.as_json(), allow_nan=False)
    back = json.loads(text)
    assert back["sound"] is report.sound and back["tight"] is report.tight
    assert tuple(back["dominates"]) == report.dominates and back["grade"] == report.grade
    assert (back["witness"] is None) == (report.sound is not False)
    if report.witness is not None:
        assert Fraction(back["witness"]["p_a"]) == report.witness.p_a
        assert Fraction(back["witness"]["r"]) == report.witness.r


def test_the_same_call_has_the_same_answer():
    first = refuted().as_json()
    second = check_bound(TWICE, samples=20_000, seed=7).as_json()
    for one in (first, second):
        del one["seconds"], one["provenance"]
    assert first == second
