"""`l1cert.rops` and `l1cert rops`: other methods find their suprema within the enclosures."""

import json
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import mpmath as mp
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from l1cert.cli import group
from l1cert.rectified import rops, rops_simulation, simulation_json
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball
from theory.rops_ball import BallPoint, ball_supremum
from theory.searches.certified_rops_search import suprema

PLACES = [
    ("0", "0"),
    ("0.3", "0"),
    ("0.3", "0.4"),
    ("0.3", "0.69"),
    ("0.99", "0.005"),
    ("-0.5", "0.25"),
    ("1/3", "1/3"),
]


def inside(value, enclosure, slack=0):
    low, high = (Decimal(end) for end in enclosure)
    return low - slack <= Decimal(mp.nstr(value, 45)) <= high + slack


@pytest.mark.parametrize(("x", "radius"), PLACES)
def test_the_certificate_is_the_radius_at_the_supremum(x, radius):
    # PA by quadrature of the density, and the certificates as the paper states them
    found = rops(x, radius=radius)
    with mp.workdps(60):
        at, r = (mp.mpf(Fraction(one).numerator) / Fraction(one).denominator for one in (x, radius))

        def laplace(deviation):
            scale = deviation / mp.sqrt(2)
            inside = mp.quad(lambda e: mp.exp(-abs(e) / scale) / (2 * scale), [-1 - at, 0, 1 - at])
            return -scale * mp.log(2 * (1 - inside)) - r

        def gaussian(sigma):
            inside = mp.quad(lambda e: mp.npdf(e, 0, sigma), [-1 - at, 0, 1 - at])
            return sigma * mp.sqrt(2) * mp.erfinv(2 * inside - 1) - r

        for certificate, (low, high) in ((laplace, found.laplace), (gaussian, found.gaussian)):
            ends = mp.mpf(low) * (1 - mp.mpf(10) ** -20), mp.mpf(high) * (1 + mp.mpf(10) ** -20)
            assert certificate(ends[0]) > 0 > certificate(ends[1])
            assert mp.mpf(high) / mp.mpf(low) - 1 < mp.mpf(10) ** -27


@given(
    st.floats(0, 0.999, allow_subnormal=False),
    st.floats(1e-6, 1, allow_subnormal=False),
)
def test_floats_agree(x, share):
    gap = min((1 - x) * share, float(1 - Fraction(x)))
    if Fraction(gap) > 1 - Fraction(x):
        gap = math.nextafter(gap, 0)
    found = rops(x, radius=Fraction(1) - Fraction(x) - Fraction(gap))
    for value, enclosure in zip(suprema(x, gap), (found.laplace, found.gaussian), strict=True):
        assert float(enclosure[0]) == pytest.approx(float(value), rel=1e-8)


@pytest.mark.parametrize("supremum", [laplace_supremum_ball, gaussian_supremum_ball])
@given(st.fractions(0, 1, max_denominator=10**6), st.fractions(0, 1, max_denominator=10**6))
def test_more_radius_takes_less_noise(supremum, first, second):
    low, high = sorted((first, second))
    if low == high or high == 1:
        return
    x = Fraction(3, 10)
    at = [supremum(x, radius=one * Fraction(7, 10), precision=80) for one in (low, high)]
    assert at[0] > at[1] > 0


def test_the_order_changes_where_the_ledger_says():
    # Figure 10 at x = 0.974626937, Figure 11 at r = 0.490032906
    def leads(x, radius):
        found = rops(x, radius=radius)
        return Decimal(found.laplace[0]) > Decimal(found.gaussian[1])

    assert leads("0.974626937", 0) and not leads("0.974626938", 0)
    assert leads("0.3", "0.490032906") and not leads("0.3", "0.490032907")


@pytest.mark.parametrize("radius", ["0.7", "0.8", "10", Fraction(7, 10)])
def test_from_the_distance_to_cb_on_it_is_empty(radius):
    found = rops("0.3", radius=radius)
    assert found.laplace is None and found.gaussian is None
    assert rops("0.3", radius="0.6999999999999999999999").laplace is not None


@pytest.mark.parametrize(
    ("x", "radius", "said"),
    [
        ("1", "0", r"x = 1 is outside \(-1, 1\)"),
        ("-1.5", "0", "x = -1.5 is outside"),
        ("0", "-0.1", r"radius = -0.1 is outside \[0, inf\)"),
        ("nan", "0", "nan"),
        ("0", "x", "x"),
    ],
)
def test_bad_input_is_one_line(x, radius, said):
    with pytest.raises(ValueError, match=said):
        rops(x, radius=radius)
    answer = CliRunner().invoke(group, ["rops", "--x", x, "--radius", radius])
    assert answer.exit_code == 2 and "Traceback" not in answer.output


def test_the_json_has_decimal_strings_or_null():
    def answer(*arguments):
        found = CliRunner().invoke(group, ["rops", *arguments, "--json"])
        assert found.exit_code == 0
        return json.loads(found.output)

    full = answer("--x", "0")
    assert inside(mp.sqrt(2) / mp.log(2), full["laplace"]["enclosure"], slack=Decimal("1e-14"))
    assert len(full["gaussian"]["enclosure"][0]) > 20
    empty = answer("--x", "0.3", "--radius", "0.7")
    assert empty["laplace"] == empty["gaussian"] == {"enclosure": None}


def test_the_table_is_for_people():
    found = CliRunner().invoke(group, ["rops", "--x", "0.3"])
    assert found.exit_code == 0 and "Laplace   [1.97503" in found.output
    assert "none" in CliRunner().invoke(group, ["rops", "--x", "0.3", "--radius", "1"]).output


def invoke(*arguments):
    return CliRunner().invoke(group, ["rops", *arguments])


def test_the_plain_json_has_the_same_keys_as_ever():
    answer = json.loads(invoke("--x", "0.3", "--radius", "0.1", "--json").output)
    assert list(answer) == ["x", "radius", "laplace", "gaussian"]
    assert list(answer["laplace"]) == ["enclosure"]


@pytest.mark.parametrize(("x", "radius"), [("0", "0"), ("0.4", "0.2"), ("-0.97", "0.01")])
def test_a_slab_of_one_weight_and_a_ball_of_one_dimension_are_the_line(x, radius):
    line = rops(x, radius=radius)
    slab = rops(x, radius=radius, slab=["0", "-7/3"])
    assert (slab.laplace, slab.gaussian) == (line.laplace, line.gaussian)
    for towards in ("vertex", "face"):
        ball = rops(x, radius=radius, ball=1, towards=towards)
        for wide, sharp in ((ball.laplace, line.laplace), (ball.gaussian, line.gaussian)):
            assert Decimal(wide[0]) <= Decimal(sharp[1]) and Decimal(sharp[0]) <= Decimal(wide[1])
            assert Decimal(wide[1]) / Decimal(wide[0]) - 1 < Decimal("1e-15")


def test_slabs_in_json():
    answer = json.loads(invoke("--x", "0.3", "--slab", "1,1/2,-1", "--json").output)
    assert list(answer) == ["x", "radius", "slab", "laplace", "gaussian"]
    assert answer["slab"] == ["1", "1/2", "-1"]
    # the Gaussian supremum is that of the line for every w, Laplace's is between the two
    line = rops("0.3")
    assert answer["gaussian"]["enclosure"] == [*line.gaussian]
    laplace = answer["laplace"]["enclosure"]
    assert Decimal(line.gaussian[1]) < Decimal(laplace[0]) < Decimal(laplace[1])
    assert Decimal(laplace[1]) < Decimal(line.laplace[0])
    assert Decimal(laplace[1]) / Decimal(laplace[0]) - 1 < Decimal("1e-25")


def test_between_the_l2_and_the_l1_distance_only_laplace_noise_certifies():
    for shape in ({"slab": ["1"] * 4}, {"ball": 4}, {"ball": 4, "towards": "face"}):
        found = rops("0.5", radius="0.4" if "ball" in shape else "0.999", **shape)
        assert found.laplace is not None and found.gaussian is None
        below = rops("0.5", radius="0.15" if "ball" in shape else "0.4999", **shape)
        assert below.gaussian is not None
        beyond = rops("0.5", radius="0.5" if "ball" in shape else "1", **shape)
        assert beyond.laplace is None


@pytest.mark.parametrize("towards", ["vertex", "face"])
def test_balls_in_json(towards):
    arguments = ["--x", "0.5", "--ball", "3", "--towards", towards, "--radius", "0.1"]
    answer = json.loads(invoke(*arguments, "--json").output)
    assert answer["ball"] == {"dim": 3, "towards": towards}
    point = BallPoint.of("0.5", dim=3, towards=towards)
    for noise in ("laplace", "gaussian"):
        low, high = (float(end) for end in answer[noise]["enclosure"])
        assert low == pytest.approx(ball_supremum(noise, point, radius="0.1"), rel=1e-11)
        assert high / low - 1 < 1e-15
    said = invoke(*arguments).output
    assert f"||x||_1 = 0.5 towards a {towards} of the l1 ball, d = 3" in said


def test_the_vertex_is_the_default():
    assert rops("0.5", ball=2).laplace == rops("0.5", ball=2, towards="vertex").laplace
    assert rops("0.5", ball=2).laplace != rops("0.5", ball=2, towards="face").laplace


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--slab", "1,1", "--ball", "2"], "at most one may be given"),
        (["--slab", "0,0"], "weights = 0,0: legal are numbers not all 0"),
        (["--slab", "1,x"], "x is not a finite number"),
        (["--slab", ""], "is not a finite number"),
        (["--ball", "0"], "dim = 0 is no integer in [1, 256]"),
        (["--ball", "-1"], "ball = -1 is no integer in [1, 256]"),
        (["--ball", "1e9"], "ball = 1e9 is no integer in [1, 256]"),
        (["--ball", "300"], "ball = 300 is no integer in [1, 256]"),
        (["--slab", ",".join(["1"] * 129)], "129 weights differ from 0: legal are at most 128"),
        (["--ball", "65", "--towards", "face"], "dim = 65 is no integer in [1, 64]"),
        (["--towards", "face"], "towards = face needs --ball"),
        (["--ball", "4", "--radius", "0.2499"], "radius = 2499/10000 is too near its end"),
        (["--samples", "0"], "num_samples = 0 is outside"),
        (["--samples", "10"], "num_samples = 10 is too small"),
        (["--samples", "1000", "--alpha", "2"], "alpha = 2.0 is outside (0, 1)"),
    ],
)
def test_bad_options_are_one_line(arguments, said):
    answer = invoke("--x", "0.5", *arguments)
    assert answer.exit_code == 2 and "Traceback" not in answer.output
    assert said in " ".join(answer.output.split())


@pytest.mark.parametrize(
    "shape",
    [[], ["--slab", "1,1"], ["--ball", "2", "--towards", "face"]],
)
def test_samples_add_a_simulation(shape):
    base = ["--x", "0.3", "--radius", "0.1", *shape]
    drawn = [*base, "--samples", "20000", "--seed", "5"]
    plain, answer = (json.loads(invoke(*a, "--json").output) for a in (base, drawn))
    simulation = answer.pop("simulation")
    assert answer == plain
    assert simulation["as_expected"] is True
    assert (simulation["samples"], simulation["seed"], simulation["alpha"]) == (20000, 5, 1e-3)
    assert 0 < simulation["false_pass"] <= 1e-3
    for one in simulation["counts"]:
        low, high = (float(end) for end in plain[one["noise"]]["enclosure"])
        assert (one["deviation"] < low) if one["side"] == "inside" else (one["deviation"] > high)
        assert (one["agreement"] > one["needed"]) is (one["side"] == "inside")
        assert abs(one["count"] / 20000 - one["agreement"]) < 0.02
        assert one["p_value_side"] < 1e-3 / 16 and one["power"] > 0.999
    first, second = invoke(*base).output, invoke(*drawn).output
    assert second.startswith(first) and "as expected: certified inside, not outside" in second
    assert second.count("inside") == second.count("outside") == 3


def test_a_simulation_of_an_empty_rops_draws_nothing():
    found = rops("0.3", radius="0.7")
    assert rops_simulation(found, num_samples=100, seed=1) is None
    assert simulation_json(None) is None
    said = invoke("--x", "0.3", "--radius", "0.7", "--samples", "100")
    assert said.exit_code == 0 and "nothing to draw" in said.output


def test_a_simulation_of_one_noise_where_the_other_certifies_nothing():
    found = replace(rops("0.3", slab=["1"] * 2), gaussian=None)
    run = rops_simulation(found, num_samples=20_000, seed=1)
    assert {draw.noise for draw in run.draws} == {"laplace"} and run.finding is True


def test_a_contradiction_has_its_exit_code(monkeypatch):
    from simulations import rops as counting

    right = counting.line_region(0.3)
    wrong = replace(right, keeps=lambda eps: abs(0.3 + eps[:, 0]) > 1)
    monkeypatch.setattr(counting, "line_region", lambda x: wrong)
    said = invoke("--x", "0.3", "--samples", "20000")
    assert said.exit_code == 1 and "CONTRADICTED" in said.output


def test_counts_that_show_no_side_have_their_exit_code(monkeypatch):
    from simulations import rops as counting

    monkeypatch.setattr(counting.RopsRun, "finding", None)
    said = invoke("--x", "0", "--samples", "20000")
    assert said.exit_code == 3 and "undecided" in said.output
