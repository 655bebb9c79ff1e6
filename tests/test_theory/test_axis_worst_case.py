"""The worst half-line along an axis: mass by quadrature, edge, and that nothing is worse."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from scipy import stats

from theory.axis_worst_case import HalfLine, exact_scale, method_and_scale
from theory.certificates import theorem_2, uniform
from theory.exact import Surd
from theory.noise import Gaussian, Laplace, Uniform
from theory.tightness import least_mass

NOISES = [Laplace(scale=0.35), Gaussian(sigma=0.5), Uniform(half_width=1.75)]
PROBABILITIES = [0.03, 0.5 + 1e-9, 0.75, 0.99993, 0.999, 1 - 1e-6]
ids = {"ids": lambda one: type(one).__name__}

#: the densities, apart from everything in the package
DENSITIES = {
    Laplace: lambda x, b: mp.exp(-abs(x) / b) / (2 * b),
    Gaussian: lambda x, s: mp.exp(-((x / s) ** 2) / 2) / (s * mp.sqrt(2 * mp.pi)),
    Uniform: lambda x, w: mp.mpf(abs(x) <= w) / (2 * w),
}
LAWS = {
    Laplace: lambda b: stats.laplace(scale=b),
    Gaussian: lambda s: stats.norm(scale=s),
    Uniform: lambda w: stats.uniform(loc=-w, scale=2 * w),
}


def below(noise, edge):
    """P(u <= edge) by quadrature of the density from the middle."""
    scale = mp.mpf(method_and_scale(noise)[1])
    edge = max(-scale, min(scale, edge)) if isinstance(noise, Uniform) else edge
    steps = mp.linspace(0, edge, 2 + int(abs(edge) / scale))
    return mp.mpf(1) / 2 + mp.quad(lambda x: DENSITIES[type(noise)](x, scale), steps)


def quantile(noise, p):
    """The edge with P(u <= edge) = p, by Newton on the quadrature."""
    law = LAWS[type(noise)](method_and_scale(noise)[1])
    edge, scale = mp.mpf(float(law.ppf(p))), mp.mpf(method_and_scale(noise)[1])
    for _ in range(3):
        edge -= (below(noise, edge) - mp.mpf(p)) / DENSITIES[type(noise)](edge, scale)
    return edge


def within(bounds, value):
    return mp.mpf(bounds.lower) - mp.mpf(10) ** -25 <= value <= bounds.upper + mp.mpf(10) ** -25


@pytest.mark.parametrize("noise", NOISES, **ids)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_mass_is_that_of_quadrature(noise, p):
    with mp.workdps(32):
        edge = quantile(noise, p)
        scale = method_and_scale(noise)[1]
        for r in (0.0, 0.01, 0.6 * scale, 1.3, 2.6 * scale):
            found, value = HalfLine(noise, p).mass(r), below(noise, edge - mp.mpf(r))
            assert within(found, value), (found, value)
            assert found.width <= 3 * math.ulp(found.upper) + 1e-300
            changed = HalfLine(type(noise)(scale * (1 + 1e-6)), p).mass(r)
            # another scale is seen wherever it matters: not at x, nor where all mass is gone
            assert r == 0.0 or found.upper < 1e-6 or not within(changed, value)


@pytest.mark.parametrize("noise", NOISES, **ids)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_edge_is_the_first_float_with_at_least_that_mass(noise, p):
    with mp.workdps(32):
        found = HalfLine(noise, p).threshold
        edge = quantile(noise, p)
        assert math.nextafter(found, -math.inf) < edge <= found + mp.mpf(10) ** -25


@pytest.mark.parametrize("noise", NOISES, **ids)
@pytest.mark.parametrize("p", PROBABILITIES[1:])
def test_it_flips_beyond_its_edge_and_not_before(noise, p):
    line = HalfLine(noise, p)
    assert line.flips(math.nextafter(line.threshold, math.inf)) is True
    assert line.flips(math.nextafter(line.threshold, 0.0)) is False
    assert line.flips(0.0) is False and line.flips(math.inf) is True
    assert line.mass(math.inf).upper == 0.0 and line.mass(1e300).upper < 1e-300


def test_a_tie_is_no_flip():
    line = HalfLine(Uniform(half_width=2.0), "0.75")
    assert (line.threshold, line.flips(1.0), line.mass(1.0).value) == (1.0, False, 0.5)
    assert line.flips(1.0 + 2.0**-52) is True
    middle = HalfLine(Laplace(scale=3.0), Fraction(1, 2))
    assert middle.flips(0.0) is False and middle.flips(5e-324) is True


@pytest.mark.parametrize("noise", NOISES, **ids)
def test_below_one_half_x_itself_is_lost(noise):
    line = HalfLine(noise, "0.4")
    assert line.threshold < 0 and line.flips(0.0) is True
    assert line.mass().value == pytest.approx(0.4, rel=1e-15)


@given(p=st.floats(1e-6, 1 - 1e-6), r=st.floats(0.0, 20.0), scale=st.floats(0.01, 100.0))
def test_laplace_masses_are_those_of_appendix_c(p, r, scale):
    found, other = HalfLine(Laplace(scale), p).mass(r), least_mass(p, scale=scale, r=r)
    assert found.lower <= other.upper and other.lower <= found.upper
    assert found.value == pytest.approx(other.value, rel=1e-14)


def least_on_grid(noise, p, shift, edges):
    """The least mass after the shift of any randomised set of cells with mass p before it."""
    law = LAWS[type(noise)](method_and_scale(noise)[1])

    def cells(move):
        total = np.ones(1)
        for one, by in zip(edges, move, strict=True):
            total = np.multiply.outer(total, np.diff(law.cdf(one - by))).ravel()
        return total

    before, after = cells([0.0] * len(shift)), cells(shift)
    with np.errstate(divide="ignore", invalid="ignore"):
        order = np.argsort(np.where(before > 0, after / before, np.inf), kind="stable")
    room = p - np.concatenate([[0.0], np.cumsum(before[order])[:-1]])
    taken = np.clip(room, 0.0, before[order])
    share = np.divide(taken, before[order], out=np.zeros_like(taken), where=before[order] > 0)
    return float(share @ after[order])


@pytest.mark.parametrize("noise", NOISES, **ids)
@pytest.mark.parametrize("p", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_no_set_of_cells_loses_more_in_any_direction(noise, p, share):
    scale = method_and_scale(noise)[1]
    law, r = LAWS[type(noise)](scale), share * scale
    marks = np.array([0.0, r, float(law.ppf(p))])
    fine = np.unique([-50 * scale, *np.linspace(-4, 4, 81) * scale, *marks, 50 * scale])
    found = HalfLine(noise, p).mass(r).value
    assert least_on_grid(noise, p, [r], [fine]) == pytest.approx(found, abs=1e-12)
    for weight in (0.5, 0.2, -0.7):
        shift = [weight * r, (1 - abs(weight)) * r]
        assert least_on_grid(noise, p, shift, [fine, fine]) >= found - 1e-12
    # the bound is not idle: a longer way loses more, unless all is lost already
    further = least_on_grid(noise, p, [1.2 * r], [np.union1d(fine, 1.2 * r)])
    assert further < found - 1e-3 or found == 0.0


@pytest.mark.parametrize("p", ["0", 1, -0.1, "1.5", math.nan])
def test_a_probability_without_a_half_line_is_refused(p):
    with pytest.raises(ValueError, match=r"is outside \(0, 1\)|not a finite number"):
        HalfLine(Laplace(scale=1.0), p)


@pytest.mark.parametrize("r", [-1e-9, math.nan, -math.inf])
def test_a_distance_outside_its_set_is_refused(r):
    line = HalfLine(Laplace(scale=1.0), "0.75")
    for method in (line.mass, line.flips):
        with pytest.raises(ValueError, match=r"r = .* is outside \[0, inf\]"):
            method(r)


def test_another_noise_is_refused():
    with pytest.raises(TypeError, match="is not Laplace, Gaussian or Uniform"):
        HalfLine("laplace", "0.75")


def test_the_exact_scale_decides_the_last_digit():
    told, wrong = 0, 0
    for k in range(1, 60):
        sigma = Fraction(k, 7)
        for noise, scale, radius in (
            (Laplace.from_sigma(float(sigma)), Surd(sigma / 2, 2), theorem_2),
            (Uniform.from_sigma(float(sigma)), Surd(sigma, 3), uniform),
        ):
            name = "scale" if radius is theorem_2 else "half_width"
            claim = radius(0.9, **{name: scale})  # rounded down: PA implies it
            exact, rounded = HalfLine(noise, 0.9, scale), HalfLine(noise, 0.9)
            assert exact.flips(claim) is False and exact.mass(claim).upper >= 0.5
            assert exact.flips(math.nextafter(claim, math.inf)) is True
            told, wrong = told + 1, wrong + (rounded.flips(claim) is True)
    assert wrong > told / 10  # the float would have refuted many


@pytest.mark.parametrize("scale", [2, "1.0000001", Surd(Fraction(1), 2)])
def test_a_scale_that_is_not_the_noises_is_refused(scale):
    with pytest.raises(ValueError, match=r"scale = .* is not that of the noise, 1\.0"):
        exact_scale(Laplace(scale=1.0), scale)
    with pytest.raises(ValueError, match="scale = "):
        HalfLine(Laplace(scale=1.0), "0.75", scale)
