"""Certified-accuracy curves: made logs, logs of a real run, tables, files, bad input."""

import csv
import io
import json
import re
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from figures.table import figure_module
from l1cert.certified_runs import read_attack
from l1cert.cli.curves import command
from l1cert.curves import FIGURES, curves
from theory import certificates
from theory.confidence import interval, lower

COHEN = "idx\tlabel\tpredict\tradius\tcorrect\ttime\n"


def written(folder, name, rows, header="idx\tlabel\tpredict\tradius", record=None):
    """A log, and a record beside it."""
    file = folder / f"{name}.tsv"
    file.write_text("\n".join([header, *("\t".join(map(str, row)) for row in rows)]) + "\n")
    if record is not None:
        (folder / f"{name}.json").write_text(json.dumps(record))
    return file


def stated(**more):
    record = {
        "format": "l1cert-log",
        "version": 1,
        "noise": "laplace",
        "sigma": "0.5",
        "num_samples": 1000,
        "alpha": "0.001",
        "certificate": "theorem_2",
        "printed": "float64",
        "bounds": "fixed",
        "dataset": "digits",
        "training": {"kind": 1},
    }
    return record | more


HEADER = "idx\tlabel\tpredict\tradius\tselected\ttheorem_2\texact\tlecuyer\tcohen"
#: right twice, wrong once, and once an abstention of which only exact says something
ROWS = (
    (0, 3, 3, 0.75, 3, 0.75, 0.875, 0.5, ""),
    (1, 4, 4, 0.25, 4, 0.25, 0.25, 0.125, ""),
    (2, 5, 1, 0.75, 1, 0.75, 0.75, 0.5, ""),
    (3, 6, -1, 0.0, 6, "", 0.125, "", ""),
)


@pytest.fixture
def log(tmp_path):
    return written(tmp_path, "laplace", ROWS, HEADER, stated())


def accuracy(found, method, sigma="0.5"):
    (row,) = [row for row in found.rows if (row["certificate"], row["sigma"]) == (method, sigma)]
    return row


def test_each_certificate_by_counting(log):
    found = curves([log], radii=["0", "0.125", "0.25", "0.3", "0.75", "0.875", "0.9"])
    assert accuracy(found, "theorem_2")["correct"] == [2, 2, 2, 1, 1, 0, 0]
    assert accuracy(found, "exact")["correct"] == [3, 3, 2, 1, 1, 1, 0]
    assert accuracy(found, "lecuyer")["correct"] == [2, 2, 1, 1, 0, 0, 0]
    assert {row["certificate"] for row in found.rows} == {"theorem_2", "exact", "lecuyer"}
    row = accuracy(found, "exact")
    assert row["accuracy"] == [0.75, 0.75, 0.5, 0.25, 0.25, 0.25, 0.0]
    assert [row["lower"][0], row["upper"][0]] == list(interval(3, 4, alpha=0.05))
    (run,) = found.runs
    assert (run.data, run.training, run.abstained) == ("digits", "type_1", 1)
    assert found.pictured == ("theorem_2", "exact", "lecuyer")


def test_an_abstention_is_never_counted_and_a_wrong_class_neither(tmp_path):
    rows = [(0, 3, -1, 9.0), (1, 3, 4, 9.0), (2, 3, 3, 1.0)]
    found = curves(
        [written(tmp_path, "a", rows)], noise="gaussian", sigma="1", radii=["0", "1", "1.1"]
    )
    assert found.rows[0]["correct"] == [1, 1, 0]
    assert found.rows[0]["points"] == 3


def test_the_best_level_is_taken_at_each_radius(tmp_path):
    small = [(k, 1, 1, 0.5) for k in range(8)] + [(8, 1, 0, 0.5), (9, 1, -1, 0.0)]
    large = [(k, 1, 1, 2.0) for k in range(5)] + [(k, 1, 0, 2.0) for k in range(5, 10)]
    logs = [
        written(
            tmp_path, name, rows, record=stated(sigma=sigma, noise="gaussian", certificate="cohen")
        )
        for name, rows, sigma in (("small", small, "0.25"), ("large", large, "1"))
    ]
    found = curves(logs, radii=["0.5", "1", "3"])
    assert accuracy(found, "cohen", "best")["correct"] == [8, 5, 0]
    assert accuracy(found, "cohen", "best")["accuracy"] == [0.8, 0.5, 0.0]
    shared = [interval(k, 10, alpha=0.025) for k in (8, 5)]
    assert accuracy(found, "cohen", "best")["lower"][0] == max(low for low, _ in shared)
    text = " ".join(found.terminal().split())
    assert "best: at each radius the largest over the noise levels" in text
    assert "An l2 radius under Gaussian noise is taken as an l1 radius" in text


def test_without_columns_the_other_certificates_are_those_of_the_votes(tmp_path):
    # 990 of 1000 votes: every certificate from their Clopper-Pearson bound
    p_a = lower(990, 1000, alpha=0.001)
    scale = 0.5 / np.sqrt(2)
    header = "idx\tlabel\tpredict\tradius\tvotes"
    radius = certificates.theorem_2(p_a, scale=scale) * 0.999999
    file = written(tmp_path, "a", [(0, 1, 1, radius, "1:990,2:10")], header, stated())
    found = curves([file], radii=["0"])
    (run,) = found.runs
    assert set(run.radii) == {"theorem_2", "theorem_1", "exact", "lecuyer"}
    expected = certificates.lecuyer(p_a, scale=scale)
    assert run.radii["lecuyer"][0] == pytest.approx(expected, rel=1e-9)
    assert run.radii["lecuyer"][0] != pytest.approx(radius, rel=1e-2)
    assert found.pictured == ("theorem_2", "exact", "lecuyer")
    asked = curves([file], certificates=["theorem_1", "theorem_2"])
    assert asked.pictured == ("theorem_2", "theorem_1")


def test_sound_runs_are_another_training_and_long_levels_are_short(tmp_path):
    sigma = "0.2500000000000000000000000000000000000001"
    record = stated(sigma=sigma, settings={"sound": True}, training={"kind": 2})
    found = curves([written(tmp_path, "a", ROWS, HEADER, record)])
    (run,) = found.runs
    assert (run.training, run.sigma) == ("type_2_sound", "0.25")
    assert found.as_json()["logs"][0]["sigma"] == sigma
    assert "digits, type 2 sound" in found.markdown()


def test_tables_and_files(log, tmp_path):
    attack = tmp_path / "attack.json"
    content = {"kind": "empirical attack", "dataset": "digits", "points": 8}
    attack.write_text(json.dumps(content | {"radii": [0, 0.25, 1], "correct": [8, 4, 0]}))
    found = curves([log], undefended=[attack], radii=["0", "0.3", "0.75"])
    rows = list(csv.DictReader(io.StringIO(found.csv())))
    assert len(rows) == 3 * len(found.rows)
    for row in rows:
        exact = Fraction(int(row["correct"]), int(row["points"]))
        assert float(row["accuracy"]) == float(exact)
        assert float(row["lower"]) <= float(exact) <= float(row["upper"])
    assert "| Theorem 2 | 0.5 | 50.0 | 25.0 | 25.0 |" in found.markdown()
    # the largest attack up to the radius: what is left at a larger one is no more
    assert "| undefended |  | 100.0 | 50.0 | 50.0 |" in found.markdown()
    with pytest.raises(ValueError, match="two attacks are on one data set: legal is one"):
        curves([log], undefended=[attack, attack])
    latex = found.latex()
    assert r"\toprule" in latex
    assert r"Theorem 2 & 0.5 & 50.0 & 25.0 & 25.0 \\" in latex
    assert [found.figure(figure).figure for figure in FIGURES] == list(FIGURES)
    out, figure = tmp_path / "out", FIGURES[1]
    names = {path.name for path in found.save(out, figure=figure)}
    assert {"curves.csv", "curves.md", "curves.tex", "curves.json"} < names
    assert {f"{figure}.{end}" for end in ("pdf", "svg", "png", "csv", "txt")} < names
    content = json.loads((out / "curves.json").read_text())
    assert content["undefended"][0]["correct"] == [8, 4, 0]
    assert "undefended" in (out / f"{figure}.csv").read_text()


def test_lines_are_counted_as_the_log_itself_is_read(tmp_path):
    """A mark of the order of bytes, blank lines, both ends of lines and a tab too many."""
    file = written(tmp_path, "a", ROWS, HEADER, stated())
    plain = curves([file]).rows
    head, *lines = file.read_text().splitlines()
    text = "\r\n\r\n".join([f"\ufeff{head.upper()}", *(f"{line}\t" for line in lines)])
    file.write_text(text.replace("LABEL", " label"), newline="")
    assert curves([file]).rows == plain


def test_default_radii_reach_the_largest_of_any_certificate(log):
    found = curves([log])
    assert [float(one) for one in found.radii] == [round(0.1 * k, 1) for k in range(9)]


def test_the_command(log, tmp_path):
    runner = CliRunner()
    out = tmp_path / "out"
    done = runner.invoke(command, [str(log), "--radii", "0, 0.5", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Theorem 2" in done.output
    assert str(out / "figure_06_certified_accuracy.pdf") in done.output
    done = runner.invoke(command, [str(log), "--radii", "0.25", "--json"])
    content = json.loads(done.output)
    assert content["radii"] == [0.25]
    assert content["certified_accuracy"][0]["accuracy"] == [0.5]
    assert content["provenance"]["version"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no log: at least one is needed"),
        (["nowhere.tsv"], "nowhere.tsv: cannot be read"),
        (["{log}", "--radii", "-1"], "radius = -1 is outside"),
        (["{log}", "--certificates", "best"], "certificate = best is none of theorem_2"),
        (["{log}", "--certificates", "cohen"], "has none of the certificates cohen"),
        (["{log}", "--figure", "figure_99"], "figure = figure_99 is none of figure_06"),
        (["{log}", "{log}"], "are both of theorem_2, digits, type_1, sigma = 0.5: legal is one"),
        (["{log}", *2 * ["--undefended", "{digits}"]], "two attacks are on one data set"),
        (["{log}", "--undefended", "{log}"], "is no JSON"),
        (["{log}", "--undefended", "{toys}"], "the attack is on toys, the logs are of digits"),
        (["{cohen}"], "--noise missing: .*cohen.tsv does not state it"),
        (["{cohen}", "--noise", "gaussian"], "--sigma missing"),
        (["{cohen}", "--noise", "gaussian", "--sigma", "-1"], "sigma = -1 is outside"),
        (["{log}", "--out", "{log}"], "is a file, a folder is needed"),
    ],
)
def test_bad_input_is_one_line(arguments, message, log, tmp_path):
    cohen = written(tmp_path, "cohen", [(0, 1, 1, 0.5)])
    toys = tmp_path / "toys.json"
    attack = {"kind": "empirical attack", "dataset": "toys", "points": 8}
    toys.write_text(json.dumps(attack | {"radii": [0], "correct": [8]}))
    digits = tmp_path / "digits.json"
    digits.write_text(toys.read_text().replace("toys", "digits"))
    known = {"{log}": log, "{cohen}": cohen, "{toys}": toys, "{digits}": digits}
    known = {name: str(path) for name, path in known.items()}
    done = CliRunner().invoke(command, [known.get(one, one) for one in arguments])
    assert done.exit_code == 2
    (line,) = [one for one in done.output.splitlines() if one.startswith("Error")]
    assert re.search(message, line), line


@pytest.mark.parametrize(
    ("cell", "message"),
    [("x", "line 2: lecuyer = 'x' is no radius"), ("-1", "lecuyer = '-1'"), ("nan", "'nan'")],
)
def test_a_damaged_column_is_refused_with_its_line(cell, message, tmp_path):
    rows = [(*ROWS[0][:7], cell, "")]
    file = written(tmp_path, "a", rows, HEADER, stated())
    with pytest.raises(ValueError, match=message):
        curves([file])
    for name in ("cat", "-1", "²", ""):
        rows = [(*ROWS[0][:4], name, *ROWS[0][5:])]
        with pytest.raises(ValueError, match=r"b\.tsv: .* 2: selected is (no integer|below 0)"):
            curves([written(tmp_path, "b", rows, HEADER, stated())])
    twice = HEADER.replace("exact", "lecuyer")
    with pytest.raises(ValueError, match="has the column lecuyer twice"):
        curves([written(tmp_path, "c", ROWS, twice, stated())])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "attack"},
        {"radii": [0, 0]},
        {"radii": [0, "x"]},
        {"radii": [0, -1]},
        {"correct": [9, 3]},
        {"correct": [5]},
        {"points": 0},
        {"radii": None, "correct": None},
        {"radii": ["0", 1]},
        {"correct": [7.9, 3]},
        {"correct": [True, 0]},
        {"points": 8.5},
        {"points": 1e400},
        {"dataset": 5},
    ],
)
def test_a_damaged_attack_is_refused(change, tmp_path):
    content = {"kind": "empirical attack", "dataset": "d", "points": 8}
    content |= {"radii": [0, 1], "correct": [8, 3]}
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    assert read_attack(file).correct == (8, 3)
    file.write_text(json.dumps(content | change))
    with pytest.raises(ValueError, match=r"a\.json: is no record of an attack"):
        read_attack(file)


def test_one_level_written_twice_is_one_level(log, tmp_path):
    for sigma in ("0.50", "1/2", "0.5000000000"):
        other = written(tmp_path, "other", ROWS, HEADER, stated(sigma=sigma))
        with pytest.raises(ValueError, match=r"other\.tsv are both of theorem_2.*: legal is one"):
            curves([log, other])


def test_the_best_of_different_points_is_refused(log, tmp_path):
    rows = [(row[0] + 1, *row[1:]) for row in ROWS[:3]]
    rows = [(at, {1: 4, 2: 5, 3: 6}[at], *rest) for at, _, *rest in rows]
    other = written(tmp_path, "other", rows, HEADER, stated(sigma="1"))
    with pytest.raises(ValueError, match="theorem_2, digits, type_1, on different points"):
        curves([log, other])
    # of another certificate there is no best, but that they differ is said
    record = stated(sigma="1", noise="gaussian", certificate="cohen", num_samples=500)
    header, rows = "idx\tlabel\tpredict\tradius", [(1, 4, 4, 0.5), (7, 4, 4, 0.5)]
    found = curves([log, written(tmp_path, "gaussian", rows, header, record)])
    said = "n = 500, alpha = 0.001, 2 points from 1 to 7"
    assert said in found.as_json()["differences"]
    assert said in " ".join(found.markdown().split())
    for figure in FIGURES:
        caption = figure_module(figure, from_log=True).caption(found.figure(figure))
        assert f"{said} (Cohen et al. at sigma 1, digits, type 1)" in caption
        assert "n = 1000, alpha = 0.001, 4 points from 0 to 3 (Theorem 2 at sigma 0.5" in caption


def test_the_same_points_at_the_same_n_need_no_word(log, tmp_path):
    found = curves([log, written(tmp_path, "other", ROWS, HEADER, stated(sigma="1"))])
    assert found.as_json()["differences"] == ""
    caption = figure_module(FIGURES[0], from_log=True).caption(found.figure())
    assert "Bounds: n = 1000, alpha = 0.001, 4 points from 0 to 3." in caption
    assert "alike" not in caption


def test_labels_that_differ_are_of_different_data(log, tmp_path):
    rows = [(row[0], row[1] + 1, *row[2:]) for row in ROWS]
    other = written(tmp_path, "other", rows, HEADER, stated(sigma="1"))
    with pytest.raises(ValueError, match="label point 0 of digits as 3 and 4"):
        curves([log, other])
    named = written(tmp_path, "other", rows, HEADER, stated(sigma="1", dataset="toys"))
    assert len({row["data"] for row in curves([log, named]).rows}) == 2


def test_a_line_that_is_no_row_or_a_point_twice_would_change_every_share(tmp_path):
    file = written(tmp_path, "a", [*ROWS, (4, 7)], HEADER, stated())
    with pytest.raises(ValueError, match=r"a\.tsv: line 6 cannot be read: 2 fields"):
        curves([file])
    file = written(tmp_path, "a", [*ROWS, ROWS[1]], HEADER, stated())
    with pytest.raises(ValueError, match=r"a\.tsv: point 1 stands in 2 rows"):
        curves([file])
    with pytest.raises(ValueError, match="has no rows"):
        curves([written(tmp_path, "a", [], HEADER, stated())])


def test_a_real_run_gives_what_certify_itself_says(tmp_path):
    from l1cert.certification.run import certify
    from l1cert.training import train

    checkpoint = tmp_path / "mlp.safetensors"
    train("digits", noise="laplace", sigma="0.25", epochs=3, seed=3, threads=1, out=checkpoint)
    file = tmp_path / "run.tsv"
    run = certify(checkpoint, out=file, n0=20, n=300, skip=25, seed=2)
    found = curves([file], radii=["0", "0.2"])
    for row in found.rows:
        for at, radius in enumerate((0.0, 0.2)):
            held = 0
            for one in run.rows:
                reach = one.radii[row["certificate"]]
                held += one.point.selected == one.point.label and reach >= radius
            assert row["correct"][at] == held
            assert row["points"] == len(run.rows) == 20
    assert accuracy(found, "theorem_2", "0.25")["correct"][0] > 10
