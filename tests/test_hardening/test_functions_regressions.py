"""Each fault that the hardening found, as a test of its own: it failed before it was repaired."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from figures import figure_06_methods
from l1cert.laws import law_report
from simulations.likelihood_ratio import SamplingPlan
from simulations.philox import words
from theory import certificates, confidence, rops, sample_sizes, simultaneous, tightness
from theory.count_lattice import fitting_alphas
from theory.discrete_laplace import DiscreteLaplace
from theory.exact import describe
from theory.likelihood_ratio import LikelihoodRatio
from theory.rops_ball import BallPoint, ball_supremum


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
    with pytest.raises(ValueError, match=f"delta = '{number}' is not a finite number"):
        SamplingPlan.of([number], scale=1)
    with pytest.raises(ValueError, match=f"scale = '{number}' is not a finite number"):
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


def test_a_worst_case_takes_the_exact_number_of_a_text():
    assert tightness.WorstCase("3/4", scale=1.0, r=0.5).p_a == Fraction(3, 4)
