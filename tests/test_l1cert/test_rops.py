"""`l1cert.rops` and `l1cert rops`: other methods find their suprema within the enclosures."""

import json
import math
from decimal import Decimal
from fractions import Fraction

import mpmath as mp
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from l1cert.cli import group
from l1cert.rectified import rops
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball
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
