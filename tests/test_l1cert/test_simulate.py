"""`l1cert simulate t` and `l1cert merge`: counts, files, exit codes, one-line errors."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from l1cert import simulation
from l1cert.cli import sampling
from l1cert.cli import simulate as cli_simulate
from simulations.ratio_experiment import DEFAULT_EVENTS
from tests.test_l1cert.test_cli import run

PAIR = ("--delta", "0.7,-0.3", "--scale", "0.8")
# what says nothing of the samples themselves
SPEED = ("rate", "coordinate_rate", "provenance", "backend")


def simulate(*arguments: str) -> dict:
    code, out, err = run("simulate", "t", *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def bits(report: dict) -> dict:
    return {key: value for key, value in report.items() if key not in SPEED}


def test_the_schema():
    found = simulate(*PAIR, "--samples", "20000", "--event", "atom+", "above:0.1", "worst:0.8")
    assert [event["name"] for event in found["events"]] == ["atom+", "above:0.1", "worst:0.8"]
    for event in found["events"]:
        assert set(event) == {"name", "count", "exact", "tested", "p_value"}
        assert event["exact"]["lower"] <= event["exact"]["upper"]
        assert abs(event["count"] / 20000 - event["exact"]["lower"]) < 0.02
        assert 0 < event["p_value"] <= 1
    assert found["num_samples"] == 20000 and found["backend"] == "numba"
    assert found["method"] == "direct" and found["rate"] > 0 and found["consistent"] is True
    assert found["provenance"][0]["version"] and found["missing"] == []
    assert found["mean"]["lower"] - 0.02 < found["mean"]["sample"] < found["mean"]["upper"] + 0.02
    histogram = found["histogram"]
    assert histogram["edges"] == sorted(histogram["edges"])
    assert len(histogram["counts"]) == len(histogram["edges"]) + 1
    assert sum(histogram["counts"]) == 20000
    middle = len(histogram["edges"]) // 2
    _, out, _ = run("law", *PAIR, "--cdf", repr(histogram["edges"][middle]), "--json")
    exact = json.loads(out)["cdf"][0]["value"]
    assert abs(sum(histogram["counts"][: middle + 1]) / 20000 - exact) < 0.02
    assert found["variance"]["sample"] == pytest.approx(found["variance"]["upper"], rel=0.05)


def test_defaults_are_those_of_the_python_face():
    assert sampling.ALPHA == simulation.ALPHA
    assert cli_simulate.EVENTS == DEFAULT_EVENTS


@pytest.mark.parametrize("method", ["direct", "poisson", "counts"])
def test_the_same_bits_whatever_draws_them(method: str, tmp_path: Path):
    arguments = ("--delta-equal", "60", "--norm", "1", "--scale", "2", "--samples", "3000")
    arguments += ("--method", method, "--seed", "9")
    plain = bits(simulate(*arguments))
    assert bits(simulate(*arguments, "--backend", "numpy")) == plain
    assert bits(simulate(*arguments, "--threads", "3")) == plain
    assert bits(simulate(*arguments, "--out", str(tmp_path / "run.json"))) == plain
    again = simulate(*arguments, "--out", str(tmp_path / "run.json"))
    assert again["rate"] is None and bits(again) == plain
    for part in range(3):
        shard = simulate(
            *arguments, "--shard", f"{part}/3", "--out", str(tmp_path / f"{part}.json")
        )
        assert shard["num_samples"] == 1000 and len(shard["missing"]) in (1, 2)
    parts = [str(tmp_path / f"{part}.json") for part in (2, 0, 1)]
    code, out, _ = run("merge", *parts, "--json", "--out", str(tmp_path / "all.json"))
    assert code == 0 and bits(json.loads(out)) == plain
    code, out, _ = run("merge", str(tmp_path / "all.json"), "--json")
    assert code == 0 and bits(json.loads(out)) == plain
    other = bits(simulate(*arguments[:-1], "10"))
    assert [one["count"] for one in other["events"]] != [one["count"] for one in plain["events"]]


def test_the_table_says_what_is_missing(tmp_path: Path):
    path = str(tmp_path / "part.json")
    code, out, _ = run("simulate", "t", *PAIR, "--samples", "1000", "--shard", "1/4", "--out", path)
    assert code == 0 and "250 samples of 2 non-zero" in out
    assert "750 samples of the run are still missing" in out and "consistent with" in out
    code, out, _ = run("merge", path)
    assert code == 0 and "750 samples" in out


def test_counts_that_contradict_the_law_exit_with_1(monkeypatch):
    true = simulation.ratio_experiment.events_of

    def wrong(names, law, plan):
        return true(names, type(law).of([one * 2 for one in law.delta], scale=law.scale), plan)

    monkeypatch.setattr(simulation.ratio_experiment, "events_of", wrong)
    code, out, _ = run("simulate", "t", *PAIR, "--samples", "100000", "--event", "above:0.2")
    assert code == 1 and "CONTRADICTS" in out


def test_an_interrupt_keeps_the_file_and_the_bits(tmp_path: Path):
    path = tmp_path / "run.json"
    arguments = ["simulate", "t", "--delta-equal", "3072", "--norm", "3", "--scale", "1"]
    arguments += ["--samples", "100000", "--method", "direct", "--out", str(path)]
    # the slow backend is stopped, and the fast one goes on from its file
    command = [sys.executable, "-m", "l1cert", *arguments, "--backend", "numpy"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=120)
    if started.returncode != 0:  # it had not finished yet
        assert started.returncode == 130 and out == ""
        assert err.strip() == "Interrupted."
    resumed = simulate(*arguments[2:])
    path.unlink()
    assert bits(simulate(*arguments[2:])) == bits(resumed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*PAIR, "--samples", "0"], "[1, 2^63]"),
        ([*PAIR, "--samples", str(2**63 + 1)], "[1, 2^63]"),
        ([*PAIR, "--samples", "10", "--seed", "-1"], "[0, 2^64)"),
        ([*PAIR, "--samples", "10", "--backend", "abacus"], "abacus"),
        ([*PAIR, "--samples", "10", "--method", "guess"], "guess"),
        ([*PAIR, "--samples", "10", "--event", "beyond"], "beyond"),
        ([*PAIR, "--samples", "10", "--event", "worst:2"], "(0, 1)"),
        ([*PAIR, "--samples", "10", "--shard", "3/3"], "3/3"),
        ([*PAIR, "--samples", "10", "--shard", "1"], "I/N"),
        ([*PAIR, "--samples", "2", "--shard", "0/5"], "0 samples"),
        ([*PAIR, "--samples", "10", "--alpha", "1"], "(0, 1)"),
        ([*PAIR, "--samples", "10", "--threads", "0"], "threads = 0"),
        ([*PAIR, "--samples", "10", "--threads", "1", "--workers", "2"], "at most one"),
        (["--delta", "1e400", "--scale", "1", "--samples", "10"], "[2^-90, 2^90]"),
        (["--delta", "1e300", "--scale", "1e300", "--samples", "9", "--json"], "range of floats"),
        (["--delta", "0,0", "--scale", "1", "--samples", "10"], "other than 0"),
        (["--delta", "nan", "--scale", "1", "--samples", "10"], "nan"),
        (["--delta", "inf", "--scale", "1", "--samples", "10"], "inf"),
        (["--delta", "1", "--scale", "-2", "--samples", "10"], "-2"),
        (["--delta", "1", "--samples", "10"], "--scale"),
        ([*PAIR, "--samples", "10", "--out", "nowhere/run.json"], "nowhere"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], words: str):
    code, out, err = run("simulate", "t", *arguments)
    assert code == 2 and out == "" and words in err
    assert len(err.strip().splitlines()) == 1


def test_a_device_that_is_not_there_is_named():
    try:
        found = simulation.available_backend()
    except Exception as error:
        pytest.fail(f"looking for a device raised {error!r}")
    if found == "cuda":
        pytest.skip("there is a device")
    code, _, err = run("simulate", "t", *PAIR, "--samples", "10", "--backend", "cuda")
    assert code == 2 and "cuda" in err and len(err.strip().splitlines()) == 1


def test_foreign_and_broken_files_are_refused_and_kept(tmp_path: Path):
    path = tmp_path / "run.json"
    simulate(*PAIR, "--samples", "1000", "--out", str(path))
    content = path.read_bytes()
    code, _, err = run(
        "simulate", "t", *PAIR, "--samples", "1000", "--seed", "2", "--out", str(path)
    )
    assert code == 2 and "seed" in err and path.read_bytes() == content
    path.write_bytes(content.replace(b"num_samples", b"num_sample5", 1))
    code, _, err = run("simulate", "t", *PAIR, "--samples", "1000", "--out", str(path))
    assert code == 2 and str(path) in err and len(err.strip().splitlines()) == 1
    code, _, err = run("merge", str(path))
    assert code == 2 and str(path) in err
    code, _, err = run("merge", str(tmp_path / "none.json"))
    assert code == 2 and "none.json" in err and len(err.strip().splitlines()) == 1
    path.write_bytes(content)
    code, _, err = run("merge", str(path), str(path))
    assert code == 2 and "both" in err
    code, _, err = run(
        *("simulate", "t", "--delta", "1.4,-0.6", "--scale", "1.6", "--samples", "1000"),
        *("--out", str(path)),
    )
    assert code == 2 and "scale" in err and path.read_bytes() == content
    part = tmp_path / "part.json"
    simulate(*PAIR, "--samples", "1000", "--shard", "0/2", "--out", str(part))
    before = path.read_bytes()
    code, _, err = run("merge", str(part), "--out", str(path))
    assert code == 2 and "is there already" in err and path.read_bytes() == before
    other = tmp_path / "other.json"
    simulate("--delta", "1.4,-0.6", "--scale", "1.6", "--samples", "1000", "--out", str(other))
    code, _, err = run("merge", str(path), str(other))
    assert code == 2 and len(err.strip().splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path):
    tmp_path.chmod(0o500)
    code, _, err = run("simulate", "t", *PAIR, "--samples", "10", "--out", str(tmp_path / "r.json"))
    assert code == 2 and len(err.strip().splitlines()) == 1


def test_memory_stays_bounded():
    code = (
        "import resource, sys\n"
        "from l1cert.simulation import simulate_t\n"
        "simulate_t([1.0], scale=1, num_samples=1000, seed=1, events=['atom+'])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "simulate_t([1.0], scale=1, num_samples=40_000_000, seed=1, events=['atom+'])\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print((after - before) / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # 40 million samples are 320 MB of integers; ru_maxrss is in KiB on Linux
    assert float(done.stdout) < 100


def test_a_cluster_of_two_processes_gives_the_same_bits(tmp_path: Path):
    delta = tmp_path / "delta.npy"
    np.save(delta, np.linspace(0.001, 0.002, 200))
    arguments = ("--delta-file", str(delta), "--scale", "0.3", "--samples", "20000")
    assert bits(simulate(*arguments, "--workers", "2")) == bits(simulate(*arguments))
