"""`l1cert.worst_cases` and `l1cert tightness`: numbers, JSON, exit codes, one-line errors."""

import json
import math
import os
import signal
import subprocess
import sys
import time

import pytest
from scipy import stats

from l1cert import worst_cases
from l1cert.cli import tightness as cli_tightness
from l1cert.worst_cases import tightness, tightness_sweep
from simulations import tightness as drawn
from simulations.tightness import ALPHA
from tests.test_l1cert.test_cli import run

BINARY = ("--pa", "0.9", "--dim", "30", "--samples", "20000", "--scale", "0.5")
SEVERAL = ("--pa", "0.6", "--pb", "0.25", "--dim", "3", "--samples", "20000", "--scale", "2")


def report(*arguments, code=0):
    found, out, err = run("tightness", *arguments, "--json")
    assert (found, err) == (code, "")
    return json.loads(out)


def bits(found):
    return [seen["count"] for one in found["settings"] for seen in one["observations"]]


@pytest.mark.parametrize("arguments", [BINARY, SEVERAL])
def test_json(arguments):
    found = report(*arguments)
    (one,) = found["settings"]
    assert found["consistent"] is found["shown"] is one["flip"] is one["consistent"] is True
    assert one["same_counts_on_the_axis"] is True
    assert found["alpha"] == ALPHA and found["seed"] == 1 and found["backend"] == "numba"
    assert found["power"] == one["power"] >= 0.999
    assert found["coordinates"] == one["dim"] * 20_000 and found["seconds"] > 0
    assert found["provenance"]["version"] and found["provenance"]["seed"] == 1
    assert found["provenance"]["p_a"] == arguments[1]
    assert 0 <= one["axis"]["place"] < one["dim"] and one["axis"]["sign"] in (-1, 1)
    law = stats.laplace(scale=one["scale"])
    p_b = 1 - one["p_a"] if one["p_b"] is None else one["p_b"]
    assert one["radius"] == pytest.approx((law.ppf(one["p_a"]) - law.ppf(p_b)) / 2)
    for seen in one["observations"]:
        assert set(seen) == {
            *("place", "r", "what", "count", "num_samples", "exact", "interval", "consistent"),
        }
        frequency = seen["count"] / seen["num_samples"]
        assert seen["interval"]["lower"] <= frequency <= seen["interval"]["upper"]
        assert seen["exact"]["lower"] <= seen["exact"]["upper"]
        assert abs(frequency - seen["exact"]["lower"]) < 0.03
    beyond = [seen for seen in one["observations"] if seen["place"] == "beyond R"]
    assert beyond[0]["r"] == pytest.approx(one["radius"] + one["excess"])
    last = beyond[-1]
    if one["p_b"] is None:
        assert last["exact"]["upper"] == pytest.approx(
            math.exp(-one["excess"] / one["scale"]) / 2, rel=1e-9
        )


def test_the_same_counts_however_they_are_drawn():
    first = report(*BINARY)
    assert bits(report(*BINARY, "--backend", "numpy")) == bits(first)
    assert bits(report(*BINARY, "--threads", "3")) == bits(first)
    assert bits(report(*BINARY, "--seed", "2")) != bits(first)
    assert bits(report(*BINARY[:-1], "4")) == bits(first)  # lambda is a unit
    face = tightness("0.9", dim=30, num_samples=20_000, scale=0.5)
    assert bits(face.as_json()) == bits(first)


def test_defaults():
    assert cli_tightness.ALPHA == ALPHA
    found = report("--pa", "0.75", "--dim", "20000")
    assert found["settings"][0]["num_samples"] == drawn.samples_for(20_000)
    assert found["settings"][0]["scale"] == 1


def test_tables():
    code, out, err = run("tightness", *BINARY)
    assert (code, err) == (0, "")
    for words in ("R/2, coin", "R/2, S'", "at R", "beyond R", "P(X in A)", "P(Y in A)"):
        assert words in out
    assert "1 of 1 flips shown" in out and "the same counts" in out and "CONTRA" not in out
    code, out, _ = run("tightness", *SEVERAL)
    assert code == 0 and "share of cA" in out and "PB=1/4" in out


def test_too_few_samples_are_undecided():
    found = report("--pa", "0.7", "--dim", "2", "--samples", "500", "--excess", "0.01", code=3)
    assert found["shown"] is None and found["consistent"] is True
    (one,) = found["settings"]
    assert one["excess"] == 0.01 and one["samples_needed"] > 10**5 and one["power"] < 0.01
    needed = str(one["samples_needed"])
    again = report("--pa", "0.7", "--dim", "2", "--samples", needed, "--excess", "0.01")
    assert again["settings"][0]["power"] >= 0.999
    code, out, _ = run(
        *("tightness", "--pa", "0.7", "--dim", "2", "--samples", "500", "--excess", "0.01")
    )
    assert code == 3 and "not shown" in out
    tiny = report("--pa", "0.7", "--dim", "2", "--samples", "3", "--excess", "9", code=3)
    assert tiny["settings"][0]["least_excess"] is None and tiny["consistent"] is None


@pytest.mark.parametrize("digits", [30, 4999])
def test_numbers_of_many_digits(digits):
    arguments = ("tightness", "--pa", "0." + digits * "9", "--dim", "3", "--samples", "900")
    code, out, err = run(*arguments)
    assert (code, err) == (0, "") and max(len(line) for line in out.splitlines()) < 120
    assert out.startswith("PA=1.0 (")
    other = run("tightness", "--pa", f"{arguments[2]}8", *arguments[3:])[1]
    assert other.splitlines()[0] != out.splitlines()[0]


def test_a_class_that_is_rare_leads_far_out():
    arguments = ("--pa", "0.75", "--pb", "1e-300", "--dim", "2", "--samples", "500")
    found = report(*arguments, code=3)  # at R neither class is seen, and no share
    (one,) = found["settings"]
    assert one["flip"] is True and one["excess"] > 300 and one["power"] >= 0.999
    assert found["consistent"] is None


def test_a_contradiction_has_its_own_code(monkeypatch):
    theorem_2 = "simulations.tightness_plans.theorem_2"
    monkeypatch.setattr(theorem_2, lambda *_, scale, **__: 0.4 * scale)  # R is 1.6 scale
    found = report(*BINARY, code=1)
    assert found["shown"] is False and found["consistent"] is False
    code, out, _ = run("tightness", *BINARY)
    assert code == 1 and "CONTRADICTS the exact law" in out


def test_a_sweep_of_few_samples():
    found = report("--sweep", "--samples", "120", "--seed", "5")
    assert len(found["settings"]) == 50 and found["shown"] is True
    assert found["consistent"] is True and found["power"] >= 0.999
    assert found["provenance"]["sweep"] == "full"
    code, out, err = run("tightness", "--sweep", "--samples", "120", "--seed", "5")
    assert (code, err) == (0, "") and "50 of 50 flips shown" in out
    assert sum(line.endswith(" shown") for line in out.splitlines()) == 50


def test_the_face_says_what_is_the_worst_of_many():
    found = tightness_sweep(num_samples=120, scale="0.5", seed=5)
    assert found.shown is found.consistent is True
    assert worst_cases._all([True, None]) is None
    assert worst_cases._all([True, None, False]) is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pa", "1", "--dim", "2"), ("p_a = 1", "[1/2, 1)", "infinite")),
        (("--pa", "0.4", "--dim", "2"), ("p_a = 2/5", "[1/2, 1)")),
        (("--pa", "two", "--dim", "2"), ("p_a = two", "[0, 1]")),
        (("--pa", "1.5", "--dim", "2"), ("p_a = 1.5", "[0, 1]")),
        (("--pa", "0.6"), ("--dim", "--sweep")),
        (("--dim", "3"), ("--pa", "--sweep")),
        (("--sweep", "--pa", "0.6"), ("--pa 0.6", "--sweep")),
        (("--pa", "0.6", "--dim", "2", "--quick"), ("--quick", "--sweep")),
        (("--pa", "0.6", "--dim", "0"), ("dim = 0", "[1, 100000000]")),
        (("--pa", "0.6", "--dim", "x"), ("--dim", "'x'")),
        (("--pa", "0.6", "--dim", "2", "--excess", "0"), ("excess = 0", "(0, inf)")),
        (("--pa", "0.6", "--dim", "2", "--excess", "1e-30"), ("excess = 1e-30", "R")),
        (("--pa", "0.6", "--dim", "2", "--excess", "1e400"), ("excess = 1e400", "e+308")),
        (("--pa", "0.6", "--dim", "2", "--excess", "1e-400"), ("excess = 1e-400", "[5e-324, ")),
        (
            ("--pa", "0.6", "--dim", "2", "--scale", "1e300", "--excess", "1.79769313486231e308"),
            ("excess = 1.79769313486231e+308", "finite"),
        ),
        (("--pa", "1e-5000", "--dim", "2"), ("p_a = 0.0 (", "[1/2, 1)")),
        (("--pa", "0.6", "--dim", "2", "--pb", "0"), ("p_b = 0", "infinite")),
        (("--pa", "0.6", "--dim", "2", "--pb", "0.7"), ("p_b = 7/10", "[0, p_a]")),
        (("--pa", "0.6", "--dim", "2", "--classes", "3"), ("num_classes = 3", "p_b")),
        (("--pa", "0.6", "--dim", "2", "--pb", "0.1", "--classes", "1"), ("num_classes = 1",)),
        (("--pa", "0.6", "--dim", "2", "--samples", "0"), ("num_samples = 0", "[1, ")),
        (("--pa", "0.6", "--dim", "2", "--samples", "9"), ("num_samples = 9", "at least 25")),
        (("--pa", "0.6", "--dim", "2", "--seed", "-1"), ("seed = -1", "[0, 2^64)")),
        (("--pa", "0.6", "--dim", "2", "--alpha", "0"), ("alpha = 0.0", "[1e-240, 1)")),
        (("--pa", "0.6", "--dim", "2", "--alpha", "1e-320"), ("alpha = 1e-320", "[1e-240, 1)")),
        (("--pa", "0.6", "--dim", "2", "--scale", "-1"), ("scale = -1", "(0, inf)")),
        (("--pa", "0.6", "--dim", "2", "--scale", "1e-300"), ("scale = 1e-300", "1e-250")),
        (("--pa", "0.6", "--dim", "2", "--threads", "0"), ("threads = 0", "[1, 4096]")),
        (("--pa", "0.6", "--dim", "2", "--backend", "abacus"), ("'abacus'", "numba")),
    ],
)
def test_usage_errors_are_one_line(arguments, words):
    code, out, err = run("tightness", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ") and err.count("\n") == 1
    for word in words:
        assert word in err


@pytest.mark.slow
def test_an_interrupt_stops_a_long_run():
    arguments = ["tightness", "--pa", "0.9", "--dim", "150528", "--samples", "10000000"]
    code = f"from l1cert.cli import main; main({arguments!r})"
    running = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    time.sleep(8)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, "", "Interrupted.\n")


@pytest.mark.slow
def test_the_whole_sweep():
    found = report("--sweep")
    assert found["shown"] is True and found["consistent"] is True and found["power"] >= 0.999
    sizes = {one["dim"]: one["num_samples"] for one in found["settings"]}
    assert sizes[3072] >= 10**5 and sizes[150528] >= 10**4
    assert report("--sweep", "--quick")["shown"] is True
