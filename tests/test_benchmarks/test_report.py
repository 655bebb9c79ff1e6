"""The tables say what the JSON says: made-up results with numbers that occur once."""

import copy
import json

import pytest

from benchmarks import report
from benchmarks.command import RESULTS


def row(name, title, rates, ratio, *, wanted=None, **notes):
    low, median, high = ratio
    return {
        "name": name,
        "title": title,
        **notes,
        "coordinates_per_second": rates,
        "ratio": {"low": low, "median": median, "high": high},
        "target": wanted,
        "met": None if wanted is None else median >= wanted,
    }


BASE = ("numpy", "NumPy")
SAMPLING = {
    "benchmark": "sampling",
    "baseline": "numpy",
    "quick": False,
    "provenance": {
        "date": "2026-03-04T05:06:07+00:00",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "python": "3.12.1",
        "norm": 2.5,
        "settings": {"rounds": 13},
        "libraries": {"numpy": "2.4.6", "numba": "0.68.1"},
        "machine": {"cpu": "A Processor", "features": ["avx2", "sse2"], "processors": 6},
    },
    "dims": [
        {
            "dim": 16,
            "contenders": [
                row(*BASE, [7e7, 6e7, 8e7], (1, 1, 1)),
                row("direct", "Direct", [3e9], (30.2, 41.6, 52.7)),
                row("auto", "Auto", [3e9], (1.23, 4.56, 7.89), method="direct"),
            ],
            "skipped": [{"name": "torch", "reason": "torch is not installed"}],
        },
        {
            "dim": 3072,
            "contenders": [
                row(*BASE, [9.1e7, 9.3e7], (1, 1, 1)),
                row("direct", "Direct", [3e9], (35, 39.4, 45.2), wanted=40.0),
                row("counts", "Counts", [3e10], (700.1, 812.4, 913.6), wanted=700.0),
                row("auto", "Auto", [3e10], (801.2, 817.6, 991.5), method="counts"),
                row("auto_distinct", "Auto, distinct", [3e10], (61, 62, 63), method="poisson"),
            ],
            "skipped": [{"name": "torch", "reason": "torch is not installed"}],
        },
    ],
    "first_use": {"dim": 3072, "seconds": {"direct": {"cold": 11.4, "warm": 0.642}}},
    "memory": {
        "dim": 3072,
        "bytes": {"direct": {"samples": 2_000_000, "before": 143e6, "peak": 157e6}},
    },
}

LAW = {
    "benchmark": "law",
    "quick": False,
    "provenance": SAMPLING["provenance"],
    "rows": [
        {
            "dim": 3072,
            "magnitudes": "equal",
            "question": "c.d.f.",
            "first_seconds": 0.123,
            "again_seconds": 0.0456,
            "width": 2.31e-16,
            "grade": "ENCLOSED",
            "method": "middle coordinates",
        },
        {"dim": 5, "magnitudes": "distinct", "question": "hockey-stick", "failed": "too much"},
    ],
}


def cells(text, title):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {title} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_table_has_every_ratio_in_its_place():
    text = report.markdown(SAMPLING)
    assert "| | d = 16 | d = 3072 |\n|---|---|---|\n" in text
    assert cells(text, "NumPy") == ["1: 70 million/s (60 to 80)", "1: 92 million/s (91 to 93)"]
    assert cells(text, "Direct") == ["**42** (30 to 53)", "**39** (35 to 45)"]
    assert cells(text, "Counts") == ["–", "**812** (700 to 914)"]
    assert cells(text, "Auto") == ["**4.6** (1.2 to 7.9) `direct`", "**818** (801 to 992) `counts`"]
    assert cells(text, "Auto, distinct") == ["–", "**62** (61 to 63) `poisson`"]
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {4}


def test_the_notes_tell_machine_targets_absences_first_use_and_memory():
    text = report.markdown(SAMPLING)
    assert text.startswith(
        "A Processor, 6 cores, avx2; 2026-03-04, commit 0123456789, Python 3.12.1, "
        "numba 0.68.1, numpy 2.4.6.\n"
    )
    assert "`||delta||_1 / scale = 2.5`" in text
    assert "of 13 rounds" in text
    assert (
        "Targets: `direct` at d = 3072 39 of 40, missed; `counts` at d = 3072 812 of 700, met."
        in text
    )
    assert text.count("Not measured: torch (torch is not installed).") == 1
    assert "`direct` 11 s, later 0.64 s." in text
    assert "2.0 million samples by `direct` 157 MB, of which 143 MB were taken before" in text


def test_a_quick_run_and_an_uncommitted_tree_say_so():
    result = copy.deepcopy(SAMPLING)
    result["quick"] = True
    result["provenance"]["commit"] += "+changes"
    text = report.markdown(result)
    assert text.startswith("A quick run, no figures to quote. A Processor")
    assert "commit 0123456789 with changes" in text
    result["provenance"]["commit"] = None
    assert "no commit, Python" in report.markdown(result)


def test_a_machine_without_targets_has_no_word_of_them():
    result = copy.deepcopy(SAMPLING)
    for dim in result["dims"]:
        for one in dim["contenders"]:
            one["target"] = one["met"] = None
    assert "Targets" not in report.markdown(result)


def test_the_law_has_times_widths_and_failures():
    text = report.markdown(LAW)
    assert (
        "| d = 3072, equal | c.d.f. | 0.12, 0.046 | 2.3e-16 | ENCLOSED | middle coordinates |"
        in text
    )
    assert "| d = 5, distinct | hockey-stick | too much | | | |" in text


def test_the_choice_has_every_speed_and_what_it_loses():
    row = {
        "norm": 0.5,
        "dim": 60,
        "magnitudes": "distinct",
        "samples_per_second": {"direct": 3.14e6, "poisson": 41.5e6},
        "fastest": "poisson",
        "chosen": "direct",
        "loss": 13.2,
    }
    result = SAMPLING | {"benchmark": "choice", "rows": [row]}
    lines = report.markdown(result).splitlines()
    assert lines[-1] == "| 0.5 | 60 | distinct | 3.1 | **42** | – | `direct` 13 |"
    assert len({line.count("|") for line in lines[-3:]}) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012"),
        (0.996, "1.0"),
        (9.96, "10"),
        (1.0, "1.0"),
        (99.4, "99"),
        (99.7, "100"),
        (450.0, "450"),
        (999.6, "1000"),
        (20449.0, "20400"),
    ],
)
def test_numbers_keep_two_or_three_digits(value, text):
    assert report.significant(value) == text


def test_the_block_is_of_every_full_result(tmp_path):
    with pytest.raises(ValueError, match=r"has 0 results of 'sampling', legal is at least 1$"):
        report.block(tmp_path, "sampling")
    other = copy.deepcopy(SAMPLING)
    other["provenance"]["machine"]["cpu"] = "Another"
    for name, result in (("sampling_b", SAMPLING), ("sampling_a", other), ("law_a", LAW)):
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    both = (report.markdown(other), report.markdown(SAMPLING))
    assert report.block(tmp_path, "sampling") == "\n\n".join(both)
    assert report.block(tmp_path, "law") == report.markdown(LAW)
    (tmp_path / "sampling_c.json").write_text(json.dumps(SAMPLING | {"quick": True}))
    with pytest.raises(ValueError, match=r"^sampling_c\.json is of a quick run, legal is a full"):
        report.block(tmp_path, "sampling")


def test_bad_input_is_named():
    legal = "sampling, law, choice, audit, certification"
    with pytest.raises(ValueError, match=rf"^benchmark = 'x' is not one of {legal}$"):
        report.markdown(SAMPLING | {"benchmark": "x"})
    for value in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"^value = .* is outside \(0, inf\)$"):
            report.significant(value)


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: file.stem)
def test_a_result_that_is_kept_makes_a_table(file):
    result = json.loads(file.read_text())
    assert not result["quick"]
    assert file.stem.startswith(f"{result['benchmark']}_")
    text = report.markdown(result)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) >= 5
    assert len({line.count("|") for line in rows}) == 1
