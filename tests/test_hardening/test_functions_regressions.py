"""Each fault that the hardening found, as a test of its own: it failed before it was repaired."""

import array
import math
import warnings
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from figures import figure_06_methods
from l1cert.laws import law_report
from l1cert.testing import Ball, HalfSpace, Slab
from simulations.discrete_noise import MOST_PLACE, threshold_table
from simulations.kernels.numpy_reference import INVERSIONS
from simulations.likelihood_ratio import SamplingPlan
from simulations.philox import words
from simulations.sampling import first_word_reaching
from theory import certificates, confidence, flip_power, rops, sample_sizes, simultaneous, tightness
from theory.count_lattice import fitting_alphas
from theory.discrete_laplace import DiscreteLaplace
from theory.exact import describe
from theory.likelihood_ratio import LikelihoodRatio
from theory.noise import Uniform
from theory.parameters import exactly, to_real
from theory.rops_ball import BallPoint, ball_supremum

TAILS = tightness.TwoTails(0, 1, 0.0, 1.0)


def draw_of(word):
    """The draw of a word under uniform noise on [-1, 1]."""
    return float(INVERSIONS["uniform"](np.array([word], np.uint32), 1.0)[0])


@pytest.mark.parametrize("alpha", ["0.2", "1/3", "0.33", "0.333333", "0.05", "0.9"])
def test_the_trade_off_is_enclosed_from_above_where_the_quantile_is_no_atom(alpha):
    # the smaller set's size, rounded up to a float, was above alpha: the upper bound was 1
    found = LikelihoodRatio.of(["0.7", "-0.3"], scale="0.5").trade_off(alpha)
    assert found.upper - found.lower < 1e-12


@pytest.mark.parametrize("scale", [5e-324, "1e-400"])
def test_a_law_whose_norm_is_beyond_every_float_is_answered(scale):
    found = law_report(["0.7", "0.3"], scale=scale, quantile=["0.5"], trade_off=["0.1"])
    assert found.quantile[0].bounds.lower <= 1.0


@pytest.mark.parametrize("bound", [confidence.lower, confidence.upper])
def test_an_error_rate_without_digits_is_refused(bound):
    # lower(3, 10) at 5e-324 was 15 % above the bound: a subnormal tail has one bit
    with pytest.raises(ValueError, match=r"alpha = 5e-324 is outside \(0, 1\), from 2\^-1022 on"):
        bound(3, 10, alpha=5e-324)
    assert 0 <= bound(3, 10, alpha=2.0**-1022) <= 1


@pytest.mark.parametrize("rates", [{"level": 0.1, "false_pass": 2.0**-1022}, {"level": 5e-324}])
def test_rates_that_no_search_ends_for_are_refused(rates):
    with pytest.raises(ValueError, match="is outside"):
        sample_sizes.least_samples(0.1, 0.02, **{"false_pass": 0.1, **rates})


@pytest.mark.parametrize("k", [10**3, 10**18, 10**400])
def test_no_probability_is_rounded_up_beyond_one(k):
    assert DiscreteLaplace("1/16", "1/4").cdf(k, rounding="up") == 1.0


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999"])
def test_a_short_text_of_a_long_number_is_refused_at_once(number):
    with pytest.raises(ValueError, match=f"delta = {number} is not a finite number"):
        SamplingPlan.of([number], scale=1)
    with pytest.raises(ValueError, match=f"scale = {number} is not a finite number"):
        SamplingPlan.of([1], scale=number)


def test_text_is_never_evaluated(tmp_path):
    mark = tmp_path / "ran"
    with pytest.raises(sp.SympifyError):
        tightness.half_line_mass(f"open({str(mark)!r}, 'w')")
    assert not mark.exists()


def test_a_noise_that_is_none_is_not_taken_for_gaussian():
    with pytest.raises(ValueError, match="noise = cauchy is none of laplace, gaussian"):
        ball_supremum("cauchy", BallPoint.of("0.25", dim=2))


@pytest.mark.parametrize("precision", [10**18, 1, math.nan, "80", None])
def test_a_precision_that_no_memory_holds_is_refused(precision):
    with pytest.raises(ValueError, match=r"precision = .* is outside \[2, 1048576\]"):
        certificates.radius_ball("exact", "0.75", scale=1, precision=precision)


def test_counts_beyond_one_of_several_sample_numbers_are_named():
    with pytest.raises(ValueError, match="counts holds 5, outside"):  # it was an IndexError
        fitting_alphas(5, 0.25, 0.5, [1, 2, 3])


@pytest.mark.parametrize("size", [5e-324, 1.7e308])
def test_agreements_at_the_ends_of_the_floats_warn_of_nothing(size):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 <= rops.laplace_agreement(0.25, scale=size) <= 1
        assert 0 < rops.gaussian_agreement(0.25, sigma=size) <= 1


def test_an_object_that_no_message_can_spell_is_still_named():
    class Silent:
        def __str__(self):
            raise RuntimeError

    assert describe(Silent()) == "a Silent"
    with pytest.raises(ValueError, match=r"p_a = a Silent is outside \[0, 1\]"):
        certificates.theorem_2(Silent(), scale=1)


def test_arrays_beyond_the_memory_are_refused():
    with pytest.raises(ValueError, match=r"num_samples = 1000000000000000000 of dim = 3"):
        words(seed=1, tag=1, first_sample=0, num_samples=10**18, dim=3)
    with pytest.raises(ValueError, match="num_points = 1000000000000000000 is not at least 10"):
        figure_06_methods.compute(num_points=10**18)


@pytest.mark.parametrize("rounding", [np.array([]), np.array(["down", "nearest"]), [], None])
def test_a_word_that_is_no_word_is_refused(rounding):
    with pytest.raises(ValueError, match="rounding = "):
        certificates.theorem_2("0.75", scale=1, rounding=rounding)


@pytest.mark.parametrize("counts", [5, True, 0.5, np.array(7)])
def test_votes_that_are_no_sequence_are_refused(counts):
    with pytest.raises(ValueError, match="counts = "):
        simultaneous.parse_votes(counts)


@pytest.mark.parametrize("edges", [(-math.inf, 0.5), (-math.inf, -math.inf), (0.5, math.inf)])
def test_the_masses_of_an_infinite_edge_are_0_and_1(edges):
    # an edge at -inf, which is legal, was an OverflowError
    a, b = tightness.TwoTails(0, 1, *edges).masses(scale=1.0)
    assert (a.upper == 0.0) == (edges[0] == -math.inf)
    assert b.lower == {-math.inf: 1.0, math.inf: 0.0}.get(edges[1], b.lower)
    with pytest.raises(ValueError, match="shift = nan is outside"):
        tightness.TwoTails(0, 1, math.inf, math.inf).masses(math.nan, scale=1.0)


def test_enclosures_of_a_rational_are_of_that_rational():
    # they were of the floats next to it: 1/3 and 1/10 are none
    with mpmath.workdps(40):
        growth = mpmath.exp(mpmath.mpf(3) / 10)
        found = tightness.least_mass("0.75", scale=Fraction(1, 3), r=Fraction(1, 10))
        assert found.lower <= 1 - growth / 4 <= found.upper
        a, _ = TAILS.masses(Fraction(1, 3), scale=Fraction(1, 7))
        assert a.lower <= mpmath.exp(-mpmath.mpf(7) / 3) / 2 <= a.upper
    assert tightness.least_mass(1 - Fraction(1, 2**60), scale=1, r=Fraction(1, 10**400)).lower < 1
    assert tightness.least_mass("0.75", scale=1, r=Fraction(1, 10**400)).lower < 0.75


@pytest.mark.parametrize("draw", [0.25, -0.125])
def test_a_word_reaches_a_rational_exactly(draw):
    # the float next to the rational was compared, which is the draw itself
    word = first_word_reaching(Uniform(1.0), draw)
    assert first_word_reaching(Uniform(1.0), Fraction(draw) - Fraction(1, 10**30)) == word
    at = Fraction(draw_of(word))
    assert first_word_reaching(Uniform(1.0), at) == word
    assert first_word_reaching(Uniform(1.0), at + Fraction(1, 10**30)) == word + 1


@pytest.mark.parametrize("text", ["0.5", b"0.5", bytearray(b"1"), np.str_("0.5"), "inf"])
def test_text_is_no_real_number_wherever_every_number_is_legal(text):
    # all text equals itself, and float reads it
    for make in (
        lambda: tightness.HalfSpace(0, 1, text),
        lambda: tightness.TwoTails(0, 1, text, 1.0),
        lambda: first_word_reaching(Uniform(1.0), text),
    ):
        with pytest.raises(
            ValueError, match=r"(threshold|a_until|x) = .* is outside \[-inf, inf\]"
        ):
            make()


def test_a_region_of_no_numbers_is_refused():
    # NaN was a classifier without an inside, and text was one until it was called
    labels = {"inside": (1.0, 0.0), "outside": (0.0, 1.0)}
    for bad in (math.nan, "a", None):
        with pytest.raises(ValueError, match=f"threshold = {bad} is outside"):
            HalfSpace(normal=(1.0,), threshold=bad, **labels)
        for vector in ((bad,), bad):
            with pytest.raises(ValueError, match=r"^normal = "):
                HalfSpace(normal=vector, threshold=0.0, **labels)
            with pytest.raises(ValueError, match=r"^center = "):
                Ball(center=vector, radius=1.0, norm="l1", **labels)
        with pytest.raises(ValueError, match=r"radius = .* is outside"):
            Ball(center=(0.0,), radius=bad, norm="l1", **labels)
        with pytest.raises(ValueError, match=r"^low = "):
            Slab(normal=(1.0,), low=bad, high=1.0, **labels)


@pytest.mark.parametrize("flag", [np.True_, np.False_])
def test_a_truth_value_of_numpy_is_one(flag):
    found = simultaneous.top_bound([990, 6, 4], alpha=0.001, same_sample=flag)
    assert found == simultaneous.top_bound([990, 6, 4], alpha=0.001, same_sample=bool(flag))
    with pytest.raises(ValueError, match="same_sample = 1 is neither True nor False"):
        simultaneous.top_bound([990, 6, 4], alpha=0.001, same_sample=1)


def test_a_refused_error_rate_is_called_by_its_own_name():
    with pytest.raises(ValueError, match=r"^alpha = 1e-305 is outside \[1e-300, 1\)$"):
        sample_sizes.samples_needed_for("theorem_2", 3, "0.99", alpha="1e-305", scale=1, power=0.9)


def test_a_worst_case_takes_the_exact_number_of_a_text():
    assert tightness.WorstCase("3/4", scale=1.0, r=0.5).p_a == Fraction(3, 4)


@pytest.mark.parametrize("alpha", ["1e-300", 1e-300, Decimal("1e-300"), Fraction(1, 10**300)])
def test_the_least_error_rate_is_legal_however_it_is_written(alpha):
    # the float of this name is above it, and refused what is exact with a range that has it
    needed = {"alpha": alpha, "scale": 1, "power": 0.9}
    found = sample_sizes.samples_needed_for("theorem_2", 3, "0.99", **needed)
    assert found == 123550
    if not isinstance(alpha, str):
        assert 0 < simultaneous.top_bound([9, 1], alpha=alpha).p_a < 1e-30


@pytest.mark.parametrize(
    "value",
    [
        *(np.complex64(0.1 + 3j), np.array(0.1 + 3j), np.timedelta64(0)),
        *(np.array("0.5"), np.array(b"0.5"), np.void(b"12345678")),
        *(array.array("B", b"0.5"), memoryview(b"0.5")),
    ],
)
def test_float_reads_more_than_numbers(value):
    with pytest.raises(ValueError, match=r"x = .* is outside the reals"):
        to_real("x", value, "the reals", lambda number: number == number)


@pytest.mark.parametrize(
    "number",
    [
        *(0.1, np.float64(0.1), Decimal("0.1"), Fraction(1, 10), np.float32(0.1)),
        *(2**70 + 1, np.int64(2**62 + 1), np.array(0.1)),
    ],
)
def test_every_kind_of_number_is_the_rational_that_it_is(number):
    one = number[()] if isinstance(number, np.ndarray) else number
    assert exactly(number) == one
    assert exactly(number) != one + type(one)(1)
    assert to_real("x", number, "(0, inf)", lambda value: 0 < value < math.inf) == float(number)


def test_a_long_double_is_the_rational_that_it_is():
    digits = np.finfo(np.longdouble).nmant
    assert abs(exactly(np.longdouble("0.1")) - Fraction(1, 10)) < Fraction(1, 2**digits)


def test_a_decimal_is_enclosed_as_what_it_says():
    # the floats next to its scale and its distance gave an enclosure beside the true mass
    found = tightness.least_mass("0.6", scale=Decimal("0.1"), r=Decimal("0.3"))
    assert found == tightness.least_mass("0.6", scale=Fraction(1, 10), r=Fraction(3, 10))
    exact = mpmath.exp(-3) / mpmath.mpf("1.6")
    assert found.lower <= exact <= found.upper
    at = draw_of(first_word_reaching(Uniform(1.0), 0.25))
    word = first_word_reaching(Uniform(1.0), at)
    assert first_word_reaching(Uniform(1.0), Decimal(at)) == word
    assert first_word_reaching(Uniform(1.0), Decimal(f"{Decimal(at):f}001")) == word + 1


@pytest.mark.parametrize("masses", [(0.1,), (0.1, 0.1, 0.1), None])
def test_masses_that_are_no_pair_are_refused(masses):
    asked = {"scale": 1, "level": 1e-9, "false_pass": 1e-3}
    with pytest.raises(TypeError, match="does not give two masses"):
        flip_power.smallest_lead_excess(10000, lambda excess: masses, **asked)


def test_both_ends_of_a_drawn_tail_are_legal():
    table = threshold_table(1)
    assert (table.tail(-MOST_PLACE), table.tail(MOST_PLACE)) == (1, 0)
    assert table.tail(-table.largest) + table.tail(table.largest + 1) == 1
