"""The slack of a loose radius and the end of abstention: known values, and mutants of them."""

import math
from fractions import Fraction

import pytest

from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.decisions import Question
from theory.conjectures.expressions import parse_expression
from theory.conjectures.measures import abstains_below, largest_slack
from theory.conjectures.settings import Setting

BINARY, BINARY_PB, MULTICLASS, K = Setting
CLASSES = {BINARY: 2, BINARY_PB: 2, MULTICLASS: None, K: 3}


def question(text, noise="laplace", setting=BINARY, scale=None):
    words = parse_noise(noise).words
    return Question(parse_expression(text), noise, words, setting, CLASSES[setting], scale)


@pytest.mark.parametrize("share", ["1/2", "999/1000", "(1 - 1/10**9)"])
@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("-lam*log(2*(1 - p_a))", "laplace"),
        ("sigma*sqrt(2)*erfinv(2*p_a - 1)", "gaussian"),
        ("half_width*(2*p_a - 1)", "uniform"),
    ],
)
def test_a_share_of_the_exact_radius_has_its_complement_as_slack(share, text, noise):
    found = largest_slack(question(f"{share}*({text})", noise))
    wanted = {"1/2": 0.5, "999/1000": 1e-3, "(1 - 1/10**9)": 1e-9}[share]
    assert found.value <= wanted and found.value == pytest.approx(wanted, rel=1e-12)


def test_the_exact_radius_has_no_slack():
    assert largest_slack(question("-lam*log(2*(1 - p_a))")).value < 1e-15


def test_lecuyer_loses_half_at_the_end():
    found = largest_slack(question("lam/2*log(p_a/(1 - p_a))"))
    # E/R -> 2 as PA -> 1: log(PA/(1 - PA))/2 against log(1/(1 - PA)) - log 2, and 1 - R/E < 1/2;
    # near PA = 1/2 both are 2(PA - 1/2) to first order
    expected = max(
        1 - math.log(p / (1 - p)) / 2 / -math.log(2 * (1 - p)) for p in (0.9, 0.99, 0.999, 1 - 1e-9)
    )
    assert expected < found.value < 0.5 and found.place.p_a > Fraction(99, 100)


def test_a_radius_that_abstains_where_something_is_certified_loses_all():
    found = largest_slack(question("Piecewise((0, p_a < 9/10), (-lam*log(2*(1 - p_a)), True))"))
    assert found.value == 1.0 and Fraction(1, 2) < found.place.p_a < Fraction(9, 10)


def test_a_radius_that_is_not_real_somewhere_loses_all_there():
    found = largest_slack(question("lam*log(10*p_a - 8)"))
    assert found.value == 1.0 and Fraction(1, 2) < found.place.p_a <= Fraction(9, 10)


def test_a_radius_of_zero_where_something_is_certified_loses_all():
    with_pb = largest_slack(question("lam/2*log(p_a/p_b)", setting=MULTICLASS))
    # it is 0 at PA = PB, where PB' = 1 - PA still certifies something if PA > 1/2
    assert with_pb.value == 1.0
    place = with_pb.place
    assert place.lies_in(MULTICLASS, None) and place.p_a == place.p_b > Fraction(1, 2)


def test_the_slack_shows_at_the_scale_at_which_it_is():
    found = largest_slack(question("-lam*log(2*(1 - p_a))*lam/(1 + lam)"))
    assert found.value == pytest.approx(1.0, abs=2e-6) and found.place.scale == Fraction(1, 10**6)
    fixed = largest_slack(question("-3*log(2*(1 - p_a))", scale=Fraction(6)))
    assert fixed.value == pytest.approx(0.5, rel=1e-15) and fixed.place.scale == 6


ENDS = [
    ("-lam*log(2*(1 - p_a))", 0.5),
    ("lam*(p_a - 2/3)", 2 / 3),
    ("-lam*log(5*(1 - p_a))", 0.8),
    ("lam*log(10*p_a - 8)", 0.9),
    ("Piecewise((lam, p_a > 0.7), (0, True))", 0.7),
    ("lam*(p_a**2 - 1/2)", math.sqrt(0.5)),
]


@pytest.mark.parametrize(("text", "end"), ENDS, ids=[one for one, _ in ENDS])
def test_the_end_of_abstention_is_enclosed(text, end):
    low, high = abstains_below(question(text))
    assert low <= end <= high or min(abs(low - end), abs(high - end)) < 2e-16
    assert high - low <= 5e-16


def test_a_radius_positive_everywhere_or_nowhere():
    assert abstains_below(question("lam*p_a")) == (0.0, 0.0)
    assert abstains_below(question("-lam*p_a")) == (1.0, 1.0)
    assert abstains_below(question("0*lam")) == (1.0, 1.0)


def test_only_the_binary_setting_and_proportional_radii_have_an_end():
    assert abstains_below(question("lam*p_a*p_b", setting=MULTICLASS)) is None
    assert abstains_below(question("lam**2*p_a")) is None
