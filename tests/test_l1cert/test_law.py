"""`l1cert law`, and the directions of `l1cert radius` beyond a few coordinates."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import l1cert
from l1cert.cli.many_values import spread
from tests.test_l1cert.test_cli import run


def law(*arguments: str) -> dict:
    code, out, err = run("law", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_every_number_has_two_bounds_and_a_grade():
    found = law(
        *("--delta", "0.7,-0.3,0", "--scale", "0.8", "--cdf", "-0.4", "0", "0.9"),
        *("--hockey-stick", "0,0.5", "--quantile", "0.9", "0.1", "--trade-off", "0.2"),
    )
    assert [entry["at"] for entry in found["cdf"]] == [-0.4, 0.0, 0.9]
    assert [entry["at"] for entry in found["quantile"]] == [0.9, 0.1]
    entries = [
        entry for key in ("cdf", "hockey_stick", "quantile", "trade_off") for entry in found[key]
    ]
    for entry in [*entries, found["mean"], found["variance"], found["atoms"]["total_mass"]]:
        assert entry["lower"] <= entry["value"] <= entry["upper"] <= entry["lower"] + 1e-12
        assert entry["grade"] == "ENCLOSED"
    assert found["atoms"]["count"] == 4 and len(found["atoms"]["heaviest"]) == 4
    assert found["quantile"][0]["atom"] is True
    assert (found["dim"], found["nonzero"], found["norm"]) == (3, 2, 1.0)
    assert found["provenance"]["version"]


def test_the_scale_and_the_signs_matter_as_they_should():
    arguments = ("--cdf", "0.2", "--hockey-stick", "0.3", "--quantile", "0.5")
    plain = law("--delta", "0.7,0.3", "--scale", "1", *arguments)
    signs = law("--delta", "-0.3,0.7,0", "--scale", "1", *arguments)
    scaled = law("--delta", "1.4,0.6", "--scale", "2", "--cdf", "0.4", *arguments[2:])
    for key in ("cdf", "hockey_stick", "quantile"):
        assert plain[key][0]["value"] == signs[key][0]["value"]
    assert scaled["cdf"][0]["value"] == plain["cdf"][0]["value"]
    assert scaled["quantile"][0]["value"] == pytest.approx(2 * plain["quantile"][0]["value"])
    assert scaled["variance"]["value"] == pytest.approx(4 * plain["variance"]["value"])


@pytest.mark.parametrize("dim", [3072, 150528])
def test_equal_coordinates_of_images(dim: int):
    found = law(
        *("--delta-equal", str(dim), "--norm", "3", "--scale", "1"),
        *("--hockey-stick", "0", "0.01", "--cdf", "0", "0.01"),
    )
    for entry in [*found["hockey_stick"], *found["cdf"]]:
        assert entry["upper"] - entry["lower"] <= 1e-12
    # T is nearly normal with variance twice its mean: total variation 2 Phi(sigma/2) - 1
    spread_of_t = math.sqrt(found["variance"]["value"])
    assert found["mean"]["value"] == pytest.approx(spread_of_t**2 / 2, rel=1e-3)
    assert found["hockey_stick"][0]["value"] == pytest.approx(
        math.erf(spread_of_t / 2 / math.sqrt(2)), rel=2e-3
    )
    assert found["atoms"]["count"] == dim + 1


def test_a_file_of_different_coordinates(tmp_path: Path):
    path = tmp_path / "delta.npy"
    delta = np.random.default_rng(3).normal(size=(3, 32, 32)).astype(np.float32) / 500
    np.save(path, delta)
    found = law("--delta-file", str(path), "--scale", "0.5", "--hockey-stick", "0.2", "--cdf", "0")
    entry = found["hockey_stick"][0]
    assert 0 < entry["lower"] <= entry["value"] <= entry["upper"] <= entry["lower"] + 1e-8
    assert found["cdf"][0]["upper"] - found["cdf"][0]["lower"] <= 1e-6
    assert found["atoms"]["count"] is None and found["atoms"]["heaviest"] is None
    assert found["norm"] == pytest.approx(float(np.abs(delta).sum(dtype=float)), rel=1e-12)


def test_the_table_names_what_it_prints():
    code, out, _ = run("law", "--delta", "1,1", "--scale", "2", "--cdf", "0", "--quantile", "0.99")
    assert code == 0
    for words in ("3 atoms", "P(T <= 0)", "quantile 0.99", "E T", "Var T", "an atom"):
        assert words in out
    code, out, _ = run("law", "--delta", ",".join(f"1/{n}" for n in range(11, 90)), "--scale", "1")
    assert code == 0 and "none heavier than" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--delta", "nan", "--scale", "1"], "nan"),
        (["--delta", "0.1,inf", "--scale", "1"], "inf"),
        (["--delta", "0.1", "--scale", "-1"], "-1"),
        (["--delta", "0.1", "--scale", "0"], "(0, inf)"),
        (["--delta", "0.1,", "--scale", "1"], "''"),
        (["--scale", "1"], "exactly one"),
        (["--delta", "1", "--delta-equal", "3", "--norm", "1", "--scale", "1"], "exactly one"),
        (["--delta", "1", "--norm", "2", "--scale", "1"], "--norm"),
        (["--delta-equal", "3", "--scale", "1"], "--norm"),
        (["--delta-equal", "0", "--norm", "1", "--scale", "1"], "[1, 10000000]"),
        (["--delta-equal", "3", "--norm", "-1", "--scale", "1"], "-1"),
        (["--delta-file", "nowhere.npy", "--scale", "1"], "nowhere.npy"),
        (["--delta", "1", "--scale", "1", "--quantile", "1"], "(0, 1)"),
        (["--delta", "1", "--scale", "1", "--trade-off", "0"], "(0, 1)"),
        (["--delta", "1", "--scale", "1", "--cdf"], "--cdf"),
        (["--delta", "1", "--scale", "1", "--cdf", "x"], "x"),
        (["--delta", "1,2", "--scale", "1", "--cdf", "1e400"], "1e400"),
        (["--delta", "1,2", "--scale", "1", "--hockey-stick", "1e5000"], "1e5000"),
        (["--delta", "1e400,1", "--scale", "1"], "range of floats"),
        (["--delta-equal", "100000000", "--norm", "1", "--scale", "1"], "[1, 10000000]"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], words: str):
    code, out, err = run("law", *arguments)
    assert code == 2 and out == "" and words in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("content", ["text", "pickle", "complex", "empty", "nan", "bytes"])
def test_a_file_that_is_no_perturbation_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "delta.npy"
    arrays = {
        "pickle": np.array([{"a": 1}], dtype=object),
        "complex": np.array([1j]),
        "empty": np.array([]),
        "nan": np.array([1.0, np.nan]),
        "text": np.array(["a"]),
    }
    if content == "bytes":
        path.write_bytes(b"\x93NUMPY\x01\x00garbage")
    else:
        np.save(path, arrays[content], allow_pickle=content == "pickle")
    code, _, err = run("law", "--delta-file", str(path), "--scale", "1")
    assert code == 2 and "delta.npy" in err and len(err.strip().splitlines()) == 1


def test_values_of_an_option_end_at_the_next_option():
    greedy = {"--cdf", "--quantile"}
    assert spread(["--cdf", "-.5", "1", "--json", "x"], greedy) == [
        *("--cdf=-.5", "--cdf=1", "--json", "x"),
    ]
    assert spread(["--cdf=1,2", "3", "--quantile"], greedy) == [
        *("--cdf=1", "--cdf=2", "--cdf=3", "--quantile"),
    ]
    assert spread(["--cdf", "--json"], greedy) == ["--cdf", "--json"]


def test_radius_in_any_dimension(tmp_path: Path):
    def directional(*arguments: str) -> float:
        code, out, err = run("radius", "--pa", "0.9", "--scale", "2", *arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)["directional"]

    equal = directional("--direction-equal", "3072")
    # nearly a Gaussian mechanism: r / (lambda sqrt(d)) = Phi^-1(PA), up to terms of order d^-1/2
    assert equal == pytest.approx(2 * 1.2815515655446004 * math.sqrt(3072), rel=0.02)
    path = tmp_path / "direction.npy"
    np.save(path, np.linspace(1, 2, 300))
    spread_out = directional("--direction-file", str(path))
    shares = np.linspace(1, 2, 300)
    assert spread_out == pytest.approx(
        2 * 1.2815515655446004 * shares.sum() / np.sqrt((shares**2).sum()), rel=0.06
    )
    assert spread_out > l1cert.radius("0.9", scale=2).theorem_2
    code, _, err = run(
        "radius", "--pa", "0.9", "--scale", "1", "--direction", "1", "--direction-file", str(path)
    )
    assert code == 2 and "at most one" in err
