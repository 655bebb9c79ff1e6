"""Votes of a log certified again: what a run at those parameters would have said, to the byte."""

import json
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from l1cert.audit.run import audit_log
from l1cert.certification import log
from l1cert.certification.bounds import Certifier
from l1cert.certification.points import point_of
from l1cert.certification.recertify import recertify
from l1cert.certification.run import CertificationRun
from l1cert.certification.settings import Settings, sigma_of
from l1cert.cli import group
from theory.confidence_sequences import looks

CLASSES = 4


def settings(**changed):
    return Settings(**{"noise": "laplace", "sigma": "0.5", "n": 2000, "alpha": "0.001", **changed})


SOUND = {"sound": True, "scale": "0.25", "sigma": sigma_of(Fraction(1, 4))}


def saved(path, stated, *, points=12, charge="0"):
    """A log of votes drawn at random, as `certify` writes it."""
    rng = np.random.default_rng(7)
    certifier = Certifier(stated, CLASSES, step="1/16", charge=charge)
    found = []
    for index in range(points):
        shares = rng.dirichlet([12 if one == index % CLASSES else 1 for one in range(CLASSES)])
        selection = rng.multinomial(100, shares)
        votes = rng.multinomial(stated.n, shares)
        if stated.until_radius is not None:
            at = int(selection.argmax())
            for number, before in zip(looks(stated.n), (0, *looks(stated.n)), strict=False):
                drawn = rng.multinomial(number - before, shares)
                votes = drawn if before == 0 else votes + drawn
                if certifier.decided(int(votes[at]), number):
                    break
        found.append(point_of(index, index % CLASSES, 0, selection, votes, 0.125))
    own = {name: kind() for name, kind in log.OWN.items()} | {
        "data": {"num_classes": CLASSES, "step": "1/16"},
        "sampler": {"charge": charge},
        "assumptions": ["Statistical."],
    }
    run = CertificationRun(stated, tuple(map(certifier.row, found)), own)
    run.save(path)
    return run


def faults(path):
    found = audit_log(path, samples=0).as_json()["violations"]
    return [kind for kind, one in found.items() if one["count"]]


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        ({}, {}),
        ({}, {"alpha": "0.05"}),
        ({}, {"certificate": "exact"}),
        ({"certificate": "exact"}, {"certificate": "lecuyer", "alpha": "1e-6"}),
        ({"noise": "gaussian"}, {"alpha": "0.01"}),
        ({"noise": "uniform"}, {"alpha": "0.01"}),
        ({"until_radius": "0.3"}, {"alpha": "0.01"}),
        ({"until_radius": "0.3"}, {"certificate": "exact"}),
        (SOUND, {"certificate": "theorem_1"}),
        ({**SOUND, "until_radius": "0.3"}, {"alpha": "0.01"}),
    ],
)
def test_it_says_what_a_run_would_have_said(tmp_path, first, asked):
    first, again = settings(**first), settings(**{**first, **asked})
    saved(tmp_path / "run.tsv", first, charge="1e-9" if first.sound else "0")
    found = recertify(tmp_path / "run.tsv", out=tmp_path / "again.tsv", **asked)
    certifier = Certifier(again, CLASSES, step="1/16", charge="1e-9" if first.sound else "0")
    wanted = [certifier.row(row.point) for row in found.rows]
    assert (tmp_path / "again.tsv").read_text() == log.text(wanted)
    assert found.settings == again
    assert faults(tmp_path / "run.tsv") == [] and faults(tmp_path / "again.tsv") == []
    # and back again, to the byte
    recertify(
        tmp_path / "again.tsv",
        out=tmp_path / "back.tsv",
        alpha=first.alpha,
        certificate=first.certificate,
    )
    assert (tmp_path / "back.tsv").read_bytes() == (tmp_path / "run.tsv").read_bytes()


def test_an_early_stop_keeps_bounds_that_hold_at_any_time(tmp_path):
    run = saved(tmp_path / "run.tsv", settings(until_radius="0.3"))
    assert len({row.point.num_samples for row in run.rows}) > 1
    found = recertify(tmp_path / "run.tsv", alpha="0.01")
    fixed = Certifier(settings(alpha="0.01"), CLASSES)
    assert all(row.p_a < fixed.row(row.point).p_a for row in found.rows)
    assert any("stopped early" in one for one in found.as_json()["assumptions"])


def test_a_smaller_alpha_never_certifies_more(tmp_path):
    saved(tmp_path / "run.tsv", settings(certificate="exact"))
    runs = [recertify(tmp_path / "run.tsv", alpha=alpha) for alpha in ("0.1", "0.001", "1e-9")]
    for rows in zip(*(run.rows for run in runs), strict=True):
        assert rows[0].radius >= rows[1].radius >= rows[2].radius


def test_the_command(tmp_path):
    saved(tmp_path / "run.tsv", settings())
    arguments = ["recertify", str(tmp_path / "run.tsv"), "--out", str(tmp_path / "new.tsv")]
    done = CliRunner().invoke(group, [*arguments, "--alpha", "0.05", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["alpha"] == "0.05"
    assert json.loads((tmp_path / "new.json").read_text())["settings"]["n"] == 2000
    shown = CliRunner().invoke(group, [*arguments, "--alpha", "0.05"])
    assert shown.exit_code == 0 and "smoothed accuracy" in shown.output
    # another log of the same name is not replaced
    kept = (tmp_path / "new.tsv").read_bytes(), (tmp_path / "new.json").read_bytes()
    done = CliRunner().invoke(group, [*arguments, "--certificate", "exact"])
    assert done.exit_code == 2 and "is another" in done.output and "move it away" in done.output
    assert kept == ((tmp_path / "new.tsv").read_bytes(), (tmp_path / "new.json").read_bytes())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": 3000}, "2000 votes bound the class, n = 3000"),
        ({"n0": 99}, "100 votes select the class, n0 = 99"),
        ({"until_radius": "0.3", "n": 1999}, "2000 votes bound the class: no run of n = 1999"),
    ],
)
def test_votes_of_another_number_are_refused(tmp_path, changed, message):
    """A bound at n samples is none at fewer, whatever the reason why there are fewer."""
    saved(tmp_path / "run.tsv", settings())
    record = json.loads((tmp_path / "run.json").read_text())
    record["settings"].update(changed)
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert message in refusal(tmp_path / "run.tsv", "--out", tmp_path / "new.tsv")


def refusal(*arguments):
    done = CliRunner().invoke(group, ["recertify", *map(str, arguments)])
    assert done.exit_code == 2 and "Traceback" not in done.output
    return " ".join(done.output.split())


def test_bad_input_is_one_line(tmp_path):
    log_file, out = tmp_path / "run.tsv", tmp_path / "new.tsv"
    saved(log_file, settings(**SOUND), charge="1e-9")
    assert "is the log itself" in refusal(log_file, "--out", log_file)
    assert "alpha = 2 is outside (0, 1)" in refusal(log_file, "--out", out, "--alpha", 2)
    assert "does not pay" in refusal(log_file, "--out", out, "--alpha", "1e-9")
    assert "is none of" in refusal(log_file, "--out", out, "--certificate", "cohen")
    assert "is the record's name" in refusal(log_file, "--out", tmp_path / "new.json")
    assert "no such file" in refusal(tmp_path / "nowhere.tsv", "--out", out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("\t2000\t", "\t1999\t", 1), "line 2: num_samples = 1999"),
        (lambda text: text.replace("num_samples", "samples", 1), "has no column 'num_samples'"),
        (lambda text: text.replace("0:", "9:", 1), "line 2: votes 9:"),
        (lambda text: text.rpartition("\t")[0] + "\n", "line 13: 19 fields, the header has 20"),
        (lambda text: text.replace("selected", "picked", 1), "has no column 'selected'"),
        (lambda text: text.splitlines()[0] + "\n", "has no rows"),
        (lambda text: "", "has no rows"),
    ],
)
def test_a_log_that_was_changed_is_one_line(tmp_path, change, message):
    saved(tmp_path / "run.tsv", settings())
    text = (tmp_path / "run.tsv").read_text()
    changed = change(text)
    assert changed != text
    (tmp_path / "run.tsv").write_text(changed)
    assert message in refusal(tmp_path / "run.tsv", "--out", tmp_path / "new.tsv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: {**record, "settings": {}}, "its settings are not those"),
        (lambda record: {**record, "data": {}}, "num_classes = None is outside"),
        (lambda record: {**record, "data": {"num_classes": 1}}, "num_classes = 1 is outside"),
        (lambda record: {**record, "version": 2}, "version = 2 is not 1"),
        (lambda record: {k: v for k, v in record.items() if k != "sampler"}, "it has no sampler"),
        (lambda record: {**record, "assumptions": 3}, "it has no assumptions that is one"),
        (lambda record: {**record, "sampler": {"charge": 0.5}}, "step and charge are no texts"),
    ],
)
def test_a_record_that_was_changed_is_one_line(tmp_path, change, message):
    saved(tmp_path / "run.tsv", settings())
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(change(record)))
    assert message in refusal(tmp_path / "run.tsv", "--out", tmp_path / "new.tsv")
