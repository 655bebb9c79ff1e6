"""`l1cert plan` and `l1cert.plans`: numbers by another path, JSON, words, one-line errors."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize, special, stats
from statsmodels.stats.proportion import proportion_confint

from l1cert import plans, radius
from l1cert.cli import plan as cli_plan
from l1cert.plans import plan
from tests.test_l1cert.test_cli import run

METHODS = ("theorem_2", "lecuyer", "cohen", "uniform")
KNOWN = {"theorem_2": 8.887168, "lecuyer": 4.790123, "cohen": 5.390214, "uniform": 2.449151}


def planned(*arguments: str) -> dict:
    code, out, err = run("plan", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def radius_of(method: str, p: float, scale: float) -> float:
    """Each two-class radius in floats, lambda = scale, equal variance."""
    q = 1 - p
    return {
        "theorem_2": lambda: -scale * math.log(2 * q),
        "lecuyer": lambda: scale / 2 * math.log(p / q),
        "cohen": lambda: math.sqrt(2) * scale * special.ndtri(p),
        "uniform": lambda: math.sqrt(6) * scale * (2 * p - 1),
    }[method]()


def test_json_has_its_keys():
    found = planned("--radius", "1.5", "--scale", "2", "--alpha", "0.01")
    assert set(found) == {
        *("radius", "scale", "alpha", "two_sided", "p_a", "power", "n", "methods"),
    }
    assert (found["radius"], found["scale"], found["alpha"]) == (1.5, 2.0, 0.01)
    assert (found["two_sided"], found["p_a"], found["power"], found["n"]) == (
        False,
        None,
        0.9,
        None,
    )
    assert tuple(found["methods"]) == METHODS
    for one in found["methods"].values():
        assert set(one) == {
            *("p_a_needed", "n_unanimous", "n_needed", "largest_radius", "radius_with_power"),
            *("samples", "why"),
        }
        assert one["n_needed"] is one["radius_with_power"] is None
    face = plan("1.5", scale=2, alpha="0.01").as_json()
    assert face == found


@pytest.mark.parametrize("method", METHODS)
def test_the_known_ceilings(method):
    found = planned("--radius", "1", "--scale", "1", "--n", "100000")["methods"][method]
    assert found["largest_radius"] == pytest.approx(KNOWN[method], abs=5e-7)
    found = planned("--radius", "1", "--scale", "3", "--n", "100000")["methods"][method]
    assert found["largest_radius"] == pytest.approx(3 * KNOWN[method], abs=2e-6)


def test_sigma_is_the_deviation_of_every_noise():
    by_sigma = planned("--radius", "1", "--sigma", "0.5", "--n", "100000")
    assert by_sigma["scale"] == pytest.approx(0.5 / math.sqrt(2))
    largest = {name: one["largest_radius"] for name, one in by_sigma["methods"].items()}
    assert largest["cohen"] == pytest.approx(1.905728, abs=5e-7)
    assert largest["theorem_2"] == pytest.approx(KNOWN["theorem_2"] * 0.5 / math.sqrt(2), abs=1e-6)
    assert largest["uniform"] < math.sqrt(3) / 2 < 1
    sides = planned("--radius", "1", "--sigma", "0.5", "--n", "100000", "--two-sided")
    assert sides["two_sided"] is True and sides["alpha"] == 0.001
    assert sides["methods"]["cohen"]["largest_radius"] == pytest.approx(1.893879, abs=5e-7)
    halved = planned("--radius", "1", "--sigma", "0.5", "--n", "100000", "--alpha", "0.0005")
    assert halved["methods"] == sides["methods"]


CASES = [
    ("1.5", "1", "0.001", "0.95", "0.9"),
    ("0.7", "0.5", "0.02", "0.97", "0.5"),
    ("2", "1.3", "0.001", "0.93", "0.99"),
]


def needed(method: str, asked: float, scale: float) -> float | None:
    """The probability that gives a radius, by bisection; None where none does."""
    if method == "uniform" and asked >= math.sqrt(6) * scale:
        return None
    return float(
        optimize.brentq(
            lambda p: radius_of(method, p, scale) - asked, 0.5, 1 - 1e-15, xtol=1e-15, rtol=1e-15
        )
    )


def reaching(method: str, p_a: float, asked: float, scale: float, alpha: float, n: int) -> float:
    """P(the radius of the statsmodels bound of n samples is at least that)."""
    least = needed(method, asked, scale)
    if least is None:
        return 0.0
    counts = np.arange(math.floor(n * least), n + 1)  # a bound is below its share
    bounds, _ = proportion_confint(counts, n, alpha=2 * alpha, method="beta")
    return float(stats.binom.pmf(counts, n, p_a)[bounds >= least].sum())


def first_unanimous(method: str, radius: float, scale: float, alpha: float) -> int:
    n = 1
    while alpha ** (1 / n) <= 0.5 or radius_of(method, alpha ** (1 / n), scale) < radius:
        n += 1
    return n


def agrees(case: tuple[str, ...]) -> bool:
    """Whether every number of a plan comes out when each n is tried in turn."""
    asked, scale, alpha, p_a, power = (float(one) for one in case)
    found = plan(case[0], scale=case[1], alpha=case[2], p_a=case[3], power=case[4])
    right = []
    for name, one in found.methods.items():
        assert one.n_unanimous is not None and one.p_a_needed is not None
        right.append(one.n_unanimous == first_unanimous(name, asked, scale, alpha))
        right.append(radius_of(name, one.p_a_needed, scale) == pytest.approx(asked, rel=1e-12))
        certified = getattr(radius(one.p_a_needed, scale=case[1]), name)
        right.append(certified >= asked * (1 - 1e-15))
        n = one.n_needed
        if n is None:
            right.append(one.p_a_needed > p_a)
            continue
        right.append(one.p_a_needed < p_a)
        right.append(reaching(name, p_a, asked, scale, alpha, n) >= power)
        right.append(
            all(reaching(name, p_a, asked, scale, alpha, m) < power for m in range(n // 2, n))
        )
        ceiling = radius_of(name, alpha ** (1 / n), scale)
        right.append(one.largest_radius == pytest.approx(ceiling, rel=1e-9))
        reached = one.radius_with_power or 0.0
        right.append(asked <= reached <= ceiling * (1 + 1e-12))
        right.append(reaching(name, p_a, reached * (1 - 1e-9), scale, alpha, n) >= power)
        right.append(reaching(name, p_a, reached * (1 + 1e-9), scale, alpha, n) < power)
    return all(right)


@pytest.mark.parametrize("case", CASES)
def test_every_n_tried_in_turn(case):
    assert agrees(case)


def more(n: int | None, step: int) -> int | None:
    return None if n is None else n + step


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("count_reached", lambda right: lambda *a, **k: right(*a, **k) - 1),
        ("count_reached", lambda right: lambda *a, **k: right(*a, **k) + 1),
        ("samples_needed_for", lambda right: lambda *a, **k: more(right(*a, **k), 1)),
        ("samples_needed_for", lambda right: lambda *a, **k: more(right(*a, **k), -1)),
        ("unanimous_samples", lambda right: lambda *a, **k: right(*a, **k) - 1),
        ("same_variance", lambda right: lambda *a: (right(*a)[0], *right(*a)[::2])),
    ],
)
def test_a_wrong_piece_is_refuted(monkeypatch, name, change):
    monkeypatch.setattr(plans, name, change(getattr(plans, name)))
    assert not agrees(CASES[0])


def test_the_radius_of_n_samples():
    """n given: what they can reach, whether or not that is the radius asked for."""
    for n in (60, 500):
        found = plan("1", scale=1, p_a="0.93", num_samples=n, power="0.8")
        assert found.n == n
        for name, one in found.methods.items():
            assert one.samples == n and one.largest_radius is not None
            reached = one.radius_with_power
            assert reached is not None and reached < one.largest_radius
            assert reaching(name, 0.93, reached * (1 - 1e-9), 1.0, 0.001, n) >= 0.8
            assert reaching(name, 0.93, reached * (1 + 1e-9), 1.0, 0.001, n) < 0.8


def test_a_sure_class_takes_what_unanimity_takes():
    found = planned("--radius", "20", "--scale", "1", "--pa", "1")["methods"]["theorem_2"]
    assert found["n_needed"] == found["n_unanimous"] == 6702804877
    assert 20 <= found["radius_with_power"] == found["largest_radius"] < 20.0000001


def test_floats_and_decimals_are_exact():
    assert plan(Fraction(3, 2), scale="1/2").as_json() == plan("1.5", scale=0.5).as_json()
    found = plan("1e-300", scale="9e299")
    assert {one.n_unanimous for one in found.methods.values()} == {10}
    assert {one.p_a_needed for one in found.methods.values()} == {math.nextafter(0.5, 1)}


def lines(*arguments: str) -> list[str]:
    code, out, err = run("plan", *arguments)
    assert (code, err) == (0, "") and max(len(line) for line in out.splitlines()) < 120
    return out.splitlines()


def test_the_table_and_its_words():
    assert (cli_plan.ALPHA, cli_plan.POWER) == (plans.ALPHA, plans.POWER)
    table = lines("--radius", "3", "--scale", "1")
    assert table[0] == "R = 3, lambda = 1, alpha = 0.001 one-sided"
    assert table[1].split("  ")[0] == "method" and "n needed" not in table[1]
    assert table[2].split()[-3:] == ["0.9751065", "275", "3.003512"]
    assert table[5].split()[-3:] == ["none", "none", "none"]
    assert table[6] == "Yang et al. (uniform): no n: uniform noise certifies less than 2.44949"
    assert len(table) == 7
    table = lines("--radius", "3", "--sigma", "1.5", "--pa", "0.99", "--n", "300", "--two-sided")
    assert table[0].endswith("alpha = 0.001 two-sided, PA = 0.99, power 0.9, n = 300")
    assert "R reached" in table[1]
    words = "\n".join(table[6:])
    assert "Lecuyer et al. (Laplace): PA is below the bound needed: no n shows it" in words
    assert "Cohen et al. (Gaussian): n = 300 is too few: every input abstains" in words
    assert "(Laplace, two classes): n" not in words.replace("= 300", "")


def test_words_for_what_is_too_close():
    table = lines("--radius", "20", "--scale", "1", "--pa", "0.9999999999")
    assert table[2].split()[-6:-1] == ["-", "1.03e-9", "6702804877", "none", "20.00000"]
    assert "takes more than 10^10 samples" in table[6]
    assert table[7].endswith("no n up to 10^15: the bound needed is too close to 1")
    at_the_end = plan(3, sigma=3, p_a=1).methods["uniform"]  # 3 < 3 sqrt(3)
    assert at_the_end.why == () and at_the_end.n_needed == at_the_end.n_unanimous
    close = plan("5.1961524227066318805", sigma=3).methods["uniform"]
    assert close.p_a_needed == 1.0 and close.n_unanimous is None
    assert close.why == ("no n up to 10^15: the bound needed is too close to 1",)
    few = plan(3, scale=1, num_samples=9, p_a="0.99").methods["theorem_2"]
    assert few.largest_radius is None and few.radius_with_power is None and few.n_needed == 1520
    assert few.why == ("n = 9 is too few: every input abstains at this radius",)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--radius", "0", "--scale", "1"), "radius = 0 is outside [1e-300, 1e+300)"),
        (("--radius", "-2", "--scale", "1"), "radius = -2 is outside [1e-300, 1e+300)"),
        (("--radius", "nan", "--scale", "1"), "radius = nan is outside [1e-300, 1e+300)"),
        (("--radius", "inf", "--scale", "1"), "radius = inf is outside [1e-300, 1e+300)"),
        (("--radius", "1e400", "--scale", "1"), "radius = 1e400 is outside [1e-300, 1e+300)"),
        (("--radius", "1e9999999", "--scale", "1"), "radius = 1e9999999 is outside"),
        (("--radius", "two", "--scale", "1"), "radius = two is outside [1e-300, 1e+300)"),
        (("--radius", "1", "--scale", "0"), "scale = 0 is outside [1e-300, 1e+300)"),
        (("--radius", "1", "--sigma", "1e-301"), "sigma = 1e-301 is outside [1e-300, 1e+300)"),
        (("--radius", "1"), "scale = None and sigma = None: exactly one must be given"),
        (
            ("--radius", "1", "--scale", "1", "--sigma", "2"),
            "scale = 1 and sigma = 2: exactly one must be given",
        ),
        (("--scale", "1"), "Missing option '--radius'."),
        *(
            (
                ("--radius", "1", "--scale", "1", "--alpha", alpha),
                f"alpha = {alpha} is outside [1e-300, 1)",
            )
            for alpha in ("0", "1", "-0.1", "nan", "1e-301", "x")
        ),
        *(
            (("--radius", "1", "--scale", "1", "--pa", p), f"p_a = {p} is outside (1/2, 1]")
            for p in ("0.5", "1.01", "nan", "-3", "most")
        ),
        *(
            (
                ("--radius", "1", "--scale", "1", "--n", n),
                f"n = {n} is outside [1, 10000000000]",
            )
            for n in ("0", "-5", "10000000001")
        ),
        (
            ("--radius", "1", "--scale", "1", "--n", "1e5"),
            "Invalid value for '--n': '1e5' is not a valid integer.",
        ),
        *(
            (
                ("--radius", "1", "--scale", "1", "--power", power),
                f"power = {power} is outside (alpha, 1), alpha = 0.001",
            )
            for power in ("0", "1", "0.001", "nan", "1e400")
        ),
        (
            ("--radius", "1", "--scale", "1", "--two-sided", "--power", "0.0004"),
            "power = 0.0004 is outside (alpha, 1), alpha = 0.0005",
        ),
        (
            (
                *("--radius", "1", "--scale", "1", "--pa", "0.9"),
                *("--alpha", "1e-300", "--power", "1e-299"),
            ),
            "power = 1e-299 is outside (alpha, 1), alpha = 1/1000000",
        ),
    ],
)
def test_one_line_for_bad_input(arguments, line):
    code, out, err = run("plan", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {line}") and err.count("\n") == 1 and len(err) < 140
