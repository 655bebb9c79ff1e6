"""What the sampling benchmark writes down: structure and arithmetic, with contenders of no cost."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import fresh_process, machine, report, sampling
from benchmarks.contenders import Contender

HERE = {"features": ["avx512f", "avx2", "sse2"], "processors": 2, "cpu": "A Processor"}


def contender(title, **notes):
    return Contender(title, lambda number, seed: np.zeros(number), None, notes)


@pytest.fixture
def made_up(monkeypatch):
    """Contenders of which each has a fixed speed at d = 3072, but for the one that tires."""
    found = {"numpy": contender("NumPy", block=64), "direct": contender("Direct", method="direct")}
    rates = {"numpy": [2.0, 4.0, 1.0], "direct": [90.0, 120.0, 50.0]}
    monkeypatch.setattr(sampling, "entrants", lambda dim, settings: (found, []))
    monkeypatch.setattr(sampling, "samples_for", lambda piece, seconds: 7)
    monkeypatch.setattr(sampling, "interleaved", lambda pieces, samples, rounds: rates)


def test_ratios_are_taken_within_a_round_and_held_against_the_target(made_up):
    found = sampling.measured(3072, sampling.QUICK, HERE)
    base, direct = found["contenders"]
    assert base["ratio"] == {"median": 1.0, "low": 1.0, "high": 1.0}
    assert direct["ratio"] == {"median": 45.0, "low": 30.0, "high": 50.0}
    assert (direct["target"], direct["met"], direct["samples"]) == (40.0, True, 7)
    assert direct["coordinates_per_second"] == [90.0 * 3072, 120.0 * 3072, 50.0 * 3072]
    assert (base["target"], base["met"], base["block"]) == (None, None, 64)
    few = sampling.measured(3072, sampling.QUICK, HERE | {"processors": 3})["contenders"][1]
    assert (few["target"], few["met"]) == (60.0, False)


def test_the_whole_result_is_json_and_has_a_table(made_up, monkeypatch):
    monkeypatch.setattr(
        fresh_process, "first_use", lambda method: {"cold": 9.0 + len(method), "warm": 0.5}
    )
    monkeypatch.setattr(
        fresh_process,
        "peak_memory",
        lambda method, number: {"before": 10**8, "peak": 2 * 10**8, "samples": number},
    )
    found = sampling.result(sampling.QUICK) | {"benchmark": "sampling", "quick": True}
    text = report.markdown(json.loads(json.dumps(found)))
    assert "| Direct | **45** (30 to 50) | **45** (30 to 50) |" in text
    about = found["provenance"]
    assert {"date", "commit", "libraries", "machine", "settings"} <= set(about)
    assert about["libraries"]["numpy"] == np.__version__
    memory = found["memory"]["bytes"]
    assert memory["poisson"]["samples"] == 20 * memory["direct"]["samples"]


@pytest.mark.parametrize(
    ("method", "dim", "features", "cores", "wanted"),
    [
        ("direct", 3072, ["avx512f", "avx2"], 2, 40.0),
        ("poisson", 150528, ["avx512f", "avx2"], 2, 400.0),
        ("poisson", 3072, ["avx2"], 2, 125.0),
        ("counts", 150528, ["avx512f"], 16, 160000.0),
        ("counts", 16, ["avx512f"], 2, None),
        ("direct", 3072, ["sse2"], 2, None),
        ("auto", 3072, ["avx512f"], 2, None),
    ],
)
def test_targets_go_with_vectors_and_cores(method, dim, features, cores, wanted):
    assert sampling.target(method, dim, features, cores) == wanted


def test_every_method_and_rival_enters(monkeypatch):
    monkeypatch.setattr(sampling.field, "best_block", lambda make, **settings: 2048)
    found, skipped = sampling.entrants(16, sampling.QUICK)
    assert next(iter(found)) == sampling.BASELINE
    own = {"direct", "poisson", "counts", "auto"}
    distinct = {"direct_distinct", "poisson_distinct", "auto_distinct"}
    rivals = {"numpy", "numpy_two_threads", "numba_loop", "philox", "run"}
    assert own | distinct | rivals <= set(found)
    assert "counts_distinct" not in found
    for one in skipped:
        assert one["name"] in {"torch", "device"}
        assert one["reason"]
    present = {name.split("_")[0] for name in found} | {one["name"] for one in skipped}
    assert {"torch", "device"} <= present
    titles = [one.title for one in found.values()]
    assert len(set(titles)) == len(titles)


def test_the_peak_of_memory_is_of_the_process_alone():
    """A parent of 300 MB does not show in its child; a child that takes 300 MB does."""
    hold = np.ones(40_000_000)
    program = (
        "from benchmarks.fresh_process import peak_bytes; import sys; "
        "held = b'x' * int(sys.argv[1]); print(peak_bytes())"
    )

    def peak(size):
        done = subprocess.run(
            [sys.executable, "-c", program, str(size)],
            cwd=fresh_process.ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    assert peak(1) < hold.nbytes / 2
    assert peak(hold.nbytes) >= hold.nbytes
    assert fresh_process.peak_bytes() >= hold.nbytes


def test_the_machine_is_named():
    found = machine.described(seed=3)
    assert found["seed"] == 3
    assert found["machine"]["cpu"]
    assert found["machine"]["processors"] >= 1
    assert set(found["machine"]["features"]) <= set(machine.VECTORS)
    assert machine.slug({"cpu": "Über (R) CPU @ 3GHz", "features": [], "processors": 8}) == (
        "ber_r_cpu_3ghz_8"
    )
