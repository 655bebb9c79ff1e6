"""The known radii: as the certificates state them, and the exact one in every coordinates."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from scipy import special

from theory import certificates
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.expression_text import half_width
from theory.conjectures.rivals import exact_on, exact_on_slice, rivals
from theory.conjectures.sectors import inner, sectors, tail_a, tail_b
from theory.conjectures.settings import Setting
from theory.symbols import lam, p_a, p_b, sigma

BINARY, PAIRS, MULTI, K = Setting


def value_at(expression: sp.Expr, at: dict[sp.Symbol, float]) -> float:
    names = {"erfcinv": special.erfcinv}
    return float(sp.lambdify([*at], expression, modules=[names, "math"])(*at.values()))


@pytest.mark.parametrize("name", ["theorem_1", "lecuyer", "cohen", "uniform"])
@pytest.mark.parametrize("pair", [("0.7", "0.1"), ("0.9", "0.3"), ("0.4", "0.39"), ("0.8", None)])
def test_rivals_are_the_certificates(name: str, pair: tuple[str, str | None]) -> None:
    setting = BINARY if pair[1] is None else MULTI
    radius = rivals("laplace", setting, None)[name].radius
    assert radius is not None
    values = {p_a: sp.Rational(pair[0]), lam: 3, sigma: 3, half_width: 3}
    if pair[1] is not None:
        values[p_b] = sp.Rational(pair[1])
    word = {"cohen": "sigma", "uniform": "half_width"}.get(name, "scale")
    expected = getattr(certificates, name)(*pair, **{word: 3}, rounding="nearest")
    assert float(sp.N(radius.subs(values), 30)) == pytest.approx(expected, rel=1e-12)


def test_theorem_2_is_among_the_rivals_of_two_classes() -> None:
    radius = rivals("gaussian", PAIRS, 2)["theorem_2"].radius
    assert radius is not None
    value = float(radius.subs({p_a: sp.Rational(9, 10), lam: 2}))
    assert value == pytest.approx(certificates.theorem_2("0.9", scale=2), rel=1e-12)
    assert "theorem_2" not in rivals("laplace", MULTI, None)
    assert "theorem_2" in rivals("laplace", K, 2)


@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("setting, classes", [(PAIRS, 2), (MULTI, None), (K, 3), (K, 10)])
@pytest.mark.parametrize("share", ["1/100", "1/2", "1"])
def test_the_exact_radius_on_a_slice_is_that_of_the_noise(
    noise: str, setting: Setting, classes: int | None, share: str
) -> None:
    law, part = parse_noise(noise), sp.Rational(share)
    unit = math.sqrt(2 * math.pi) if noise == "gaussian" else 1.0
    for sector in sectors(noise, BINARY, 2, proportional=True):
        radius = exact_on_slice(sector, setting, classes, part)
        for tail in (0.03, 0.2, 0.45):
            size = float(law.inverse_survival(tail))
            top = 1 - tail if sector.sign_a > 0 else tail
            other = float(part) * tail
            implied = top if classes is None else max(top, 1 - (classes - 1) * other)
            expected = float(law.radius(1 - implied, other))
            found = value_at(radius, {inner: size / unit, tail_a: tail}) * unit
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("coordinates", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize(
    "setting, classes", [(BINARY, 2), (PAIRS, 2), (MULTI, None), (K, 3), (K, 10)]
)
def test_the_exact_radius_is_one_in_all_coordinates(
    noise: str, coordinates: str, setting: Setting, classes: int | None
) -> None:
    law, own = parse_noise(noise), parse_noise(coordinates)
    unit = math.sqrt(2 * math.pi) if coordinates == "gaussian" else 1.0
    for sector in sectors(coordinates, setting, classes, proportional=True):
        for point in ((0.3, 0.2), (0.1, 0.6), (0.02, 0.15))[: 1 if setting is BINARY else 3]:
            values = dict(zip(sector.variables, point, strict=False))
            sizes = [float(one.subs(values)) for one in (sector.size_a, sector.size_b) if one]
            tails = [float(own.survival(size * unit)) for size in sizes]
            symbols = dict(zip((tail_a, tail_b), tails, strict=False))
            top = 1 - tails[0] if sector.sign_a > 0 else tails[0]
            other = 1 - top if len(tails) == 1 else tails[1] if sector.sign_b > 0 else 1 - tails[1]
            other = min(other, 1 - top)
            implied = top if classes is None else max(top, 1 - (classes - 1) * other)
            expected = max(0.0, float(law.radius(1 - implied, other)))
            radius = exact_on(sector, setting, classes, noise)
            assert value_at(radius, values | symbols) * unit == pytest.approx(expected, abs=1e-9)


def test_the_exact_radius_on_a_sector_is_its_largest_candidate() -> None:
    for sector in sectors("laplace", K, 3, proportional=True)[:2]:
        u, n = 0.3, 0.9
        small, large = u, u + n
        tails = {"a": math.exp(-small) / 2, "b": math.exp(-large) / 2}
        at = dict(zip(sector.variables, (u, n), strict=True))
        symbols = {one: tails[one.name[-1]] for one in exact_on(sector, K, 3).free_symbols - {*at}}
        top = 1 - tails["a"] if sector.sign_a > 0 else tails["a"]
        other = tails["b"]
        expected = float(parse_noise("laplace").radius(1 - max(top, 1 - 2 * other), other))
        assert value_at(exact_on(sector, K, 3), at | symbols) == pytest.approx(expected, rel=1e-12)
