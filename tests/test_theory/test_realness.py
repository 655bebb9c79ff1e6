"""What is not real is not stated: it proves nothing, refutes nothing and is equal to nothing."""

from fractions import Fraction

import pytest
import sympy as sp

import l1cert
from tests.bounds.known import PARTS
from theory.conjectures.comparisons import AtMost
from theory.conjectures.realness import demands, is_total
from theory.conjectures.sectors import sectors
from theory.conjectures.settings import Setting
from theory.noise import Laplace
from theory.symbols import p_a, p_b

T2 = "(-lam*log(2*(1 - p_a)))"
#: 0 where it is real, which is for PA > 3/4 alone
NOTHING = "lam*(log((p_a - 3/4)*p_a) - log(p_a) - log(p_a - 3/4))"
BUMP = "lam*exp(-10000000000*(p_a**2 - 0.5233799)**2)"


def answers(text, noise="laplace", setting="binary", num_classes=None):
    found = l1cert.check_bound(
        text.format_map(PARTS),
        noise=noise,
        setting=setting,
        num_classes=num_classes,
        rank=False,
        samples=100,
    )
    return found.sound, found.tight, found.closed_ball


@pytest.mark.parametrize(
    "radius",
    [
        # a formula whose logarithms are split is not real where a squared factor is negative
        f"where(p_b <= 1 - p_a, 0, 0.9*{T2} + {BUMP} + lam/1000*log((1 - p_a - p_b - 1/100)**2))",
        # a condition that is not real does not hold
        "where(sqrt(p_b - 0.3) > -1, lam/2*log(p_a/p_b), 2*lam*log(p_a/p_b))",
        "where(sqrt(p_b - 0.3) < 5, lam/4*log(p_a/p_b), 9*lam)",
    ],
)
def test_no_radius_is_proved_by_what_is_not_real(radius):
    assert answers(radius, setting="multiclass")[0] is not True


@pytest.mark.slow
def test_a_coefficient_is_not_0_because_its_tails_are_hidden():
    inside = "-lam/2*log(4*(1 - p_a)*p_b) + lam*(log(1 + 0.0000000001*(1 - p_a - p_b))"
    inside += " - (1 - p_a - p_b)**2*sqrt(p_a))"
    radius = f"where(p_a < 0.5, 0, where(p_a < 0.6, where(p_b < 1 - p_a, {inside}, 0), 0))"
    assert answers(radius, setting="multiclass")[0] is not True


@pytest.mark.parametrize(
    "radius",
    [
        "lam*(log(p_a - 3/4) - log(2*(p_a - 3/4)*(1 - p_a)))",
        f"{T2} + {NOTHING}",
        "lam*(log(p_a - 1) - log(2*(p_a - 1)*(1 - p_a)))",
    ],
)
def test_what_abstains_somewhere_is_not_tight(radius):
    assert answers(radius)[:2] == (True, False)


@pytest.mark.parametrize(
    "radius",
    [
        f"where(p_a < 3/4, 2*{T2} + {NOTHING}, 0)",
        "2*lam*(log(p_a - 1) - log(2*(p_a - 1)*(1 - p_a)))",
    ],
)
def test_what_is_not_real_refutes_nothing(radius):
    assert answers(radius)[0] is not False


@pytest.mark.parametrize(
    ("radius", "noise"),
    [
        (f"{T2}*Min(0.9, sqrt(p_a - 0.7))", "laplace"),
        (f"where(sqrt(p_a - 0.7) > 0.1, 0.9*{T2}, 0)", "laplace"),
        (f"where(log(p_a - 0.7) > -100, 0.9*{T2}, 0)", "laplace"),
        ("sigma*Phi_inv(p_a)*Max(0.9, 1 - 0.00000001) - sigma*(p_a - 3/4)**2", "gaussian"),
    ],
)
def test_cases_that_are_not_real_somewhere_are_no_error(radius, noise):
    assert answers(radius, noise) == (True, False, True)


def test_a_radius_of_one_scale_and_of_all_scales_in_one():
    # at lam > 1/8 the radius is that of scale 1: too large for lam < 1, whatever the instance
    radius = "where(lam > 1/8, -log(2*(1 - p_a)), -lam*log(2*(1 - p_a)))"
    found = l1cert.check_bound(radius, noise=Laplace(2), rank=False, samples=100)
    assert found.sound is False and Fraction(1, 8) < found.witness.scale < 1
    radius = "where(lam > 2, -2*log(2*(1 - p_a)), -lam*log(2*(1 - p_a)))"
    assert l1cert.check_bound(radius, noise=Laplace(1), rank=False, samples=10).sound is not False


def test_a_contact_where_k_classes_still_certify():
    radius = "where(p_b < 0.05, 0, where(p_a < 0.3, {exact_k}*(1 - (p_a - p_b)), 0))"
    assert answers(radius, setting="k", num_classes=3) == (True, False, False)


@pytest.mark.parametrize(
    ("radius", "setting"),
    [
        ("half_width*(2*p_a - 1)*p_a", "binary"),
        ("half_width*(1 - 2*Min(p_b, 1 - p_a) - p_b**2/9)", "binary-pb"),
    ],
)
def test_an_end_outside_of_the_domain_is_no_contact(radius, setting):
    assert answers(radius, "uniform", setting) == (True, False, True)


def test_one_radius_is_above_another_only_where_both_are_real():
    # log((x - 1/100)^2) is real on both sides of 1/100, its split form on one
    sector = sectors("laplace", Setting.MULTICLASS, None, proportional=True)[2]
    low = -sp.log(2 * (1 - p_a)) / 2
    less = low + sp.log((1 - p_a - p_b - sp.Rational(1, 100)) ** 2) / 1000 - sp.exp(-p_a) / 1000
    statement = AtMost(sector, sector.local(less), sector.local(2 * low))
    assert statement.run(max_boxes=30).status is not False


def test_demands_and_totals():
    x = sp.Symbol("x")
    found = demands(sp.erfinv(x) + sp.erfcinv(x) + sp.exp(x))
    assert set(found) == {1 - x, x + 1, x, 2 - x}
    assert demands(x**3 + sp.sqrt(2)) == ()
    assert is_total(x**2 + sp.sqrt(2) * sp.Max(x, 1)) and not is_total(sp.sqrt(x))
    assert not is_total(sp.erfinv(x)) and not is_total(1 / (1 + x**2))
