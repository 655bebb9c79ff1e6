"""What `l1cert audit` makes of the logs of `l1cert certify`, in every mode."""

import json

import pytest
from click.testing import CliRunner

from l1cert.audit.run import audit_log
from l1cert.certification.run import certify
from l1cert.cli import group
from l1cert.radii import radius
from l1cert.training import train
from theory import confidence
from theory.confidence_sequences import anytime_lower

SMALL = {"n0": 20, "n": 300, "batch": 64}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A classifier of digits after one epoch."""
    path = tmp_path_factory.mktemp("classifier") / "digits.safetensors"
    train("digits", noise="laplace", sigma="0.25", epochs=1, seed=1, out=path)
    return path


def faults(path):
    found = audit_log(path, samples=0).as_json()["violations"]
    return {kind: one for kind, one in found.items() if one["count"]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"certificate": "exact"},
        {"certificate": "theorem_1"},
        {"certificate": "lecuyer", "until_radius": "0.1"},
        {"noise": "gaussian", "sigma": "0.25"},
        {"noise": "uniform", "sigma": "0.25"},
        {"until_radius": "0.2"},
        {"noise": "gaussian", "sigma": "0.25", "until_radius": "0.1"},
        {"sound": True},
        {"sound": True, "certificate": "theorem_1"},
        {"sound": True, "until_radius": "0.2"},
    ],
)
def test_the_audit_finds_nothing_in_an_honest_run(model, tmp_path, options):
    found = certify(model, out=tmp_path / "run.tsv", max_points=12, **SMALL, **options)
    assert faults(tmp_path / "run.tsv") == {}
    record = json.loads((tmp_path / "run.json").read_text())
    assert record == found.as_json()
    anytime = "until_radius" in options
    assert record["bounds"] == ("anytime" if anytime else "fixed")
    assert any(row.predict >= 0 for row in found.rows)
    if anytime:
        assert any(row.point.num_samples < 300 for row in found.rows)


@pytest.mark.parametrize(
    ("options", "others"),
    [
        ({}, {"theorem_1", "exact", "lecuyer", "exact_simultaneous"}),
        ({"until_radius": "0.2"}, {"theorem_1", "exact", "lecuyer"}),
        ({"sound": True}, {"theorem_1", "lecuyer"}),
        ({"sound": True, "certificate": "theorem_1"}, {"theorem_2", "lecuyer"}),
    ],
)
def test_the_audit_names_no_certificate_that_does_not_hold(model, tmp_path, options, others):
    certify(model, out=tmp_path / "run.tsv", max_points=4, **SMALL, **options)
    found = audit_log(tmp_path / "run.tsv", samples=0).as_json()
    assert set(found["other_certificates"]) == others


def test_a_corrected_log_still_says_how_it_was_sampled(model, tmp_path):
    options = {"until_radius": "0.2", "sound": True}
    certify(model, out=tmp_path / "run.tsv", max_points=4, **SMALL, **options)
    found = audit_log(tmp_path / "run.tsv", samples=0)
    assert found.log.anytime and found.log.discrete
    written = found.save(tmp_path / "audit")
    (corrected,) = (file for file in written if file.suffix == ".tsv")
    again = audit_log(corrected, samples=0).log
    assert again.anytime and again.discrete
    assert faults(corrected) == {}


def test_the_audit_says_which_bounds_it_holds_an_early_stop_against(model, tmp_path):
    found = certify(model, out=tmp_path / "run.tsv", max_points=6, until_radius="0.1", **SMALL)
    told = audit_log(tmp_path / "run.tsv", samples=0)
    most = radius(anytime_lower(300, 300, alpha=0.001), sigma="0.25").theorem_2
    report = told.as_json()
    assert report["bounds"] == "anytime" and report["ceiling"]["value"] == pytest.approx(most)
    text = " ".join(told.terminal().split())
    assert "by bounds that hold at any number of samples" in text and "-sided" not in text
    lines = (tmp_path / "run.tsv").read_text().splitlines()
    at = lines[0].split("\t").index("p_a")
    row = next(i for i, one in enumerate(found.rows, start=1) if one.predict >= 0)
    fields = lines[row].split("\t")
    fields[at] = repr(float(fields[at]) * 1.001)
    lines[row] = "\t".join(fields)
    (tmp_path / "run.tsv").write_text("\n".join(lines) + "\n")
    text = " ".join(audit_log(tmp_path / "run.tsv", samples=0).terminal().split())
    assert "probability bound above that of its count at any number of samples" in text
    assert "bound above its count's" in text and "pearson" not in text.lower()


def test_an_early_stop_is_held_against_its_own_ceiling(model, tmp_path):
    """Between what n samples certify by a confidence sequence, and what by a fixed number."""
    certify(model, out=tmp_path / "run.tsv", max_points=6, until_radius="0.1", **SMALL)
    most = (anytime_lower(300, 300, alpha=0.001) + confidence.lower(300, 300, alpha=0.001)) / 2
    lines = [line.split("\t") for line in (tmp_path / "run.tsv").read_text().splitlines()]
    at = lines[0].index("radius")
    lines[1][at] = repr(float(radius(most, sigma="0.25").theorem_2))
    lines[1][lines[0].index("predict")] = lines[1][lines[0].index("selected")]
    (tmp_path / "run.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
    assert "above_ceiling" in faults(tmp_path / "run.tsv")


def test_an_early_stop_without_votes_is_no_log(model, tmp_path):
    certify(model, out=tmp_path / "run.tsv", max_points=3, until_radius="0.1", **SMALL)
    lines = [line.split("\t") for line in (tmp_path / "run.tsv").read_text().splitlines()]
    at = lines[0].index("votes")
    lines = [line[:at] + line[at + 1 :] for line in lines]
    (tmp_path / "run.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
    done = CliRunner().invoke(group, ["audit", str(tmp_path / "run.tsv"), "--samples", "0"])
    assert done.exit_code == 2 and "need a column of votes" in " ".join(done.output.split())


def test_an_early_stop_that_says_it_is_none_is_refuted(model, tmp_path):
    certify(model, out=tmp_path / "run.tsv", max_points=6, until_radius="0.1", **SMALL)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**record, "bounds": "fixed"}))
    assert "wrong_sample_count" in faults(tmp_path / "run.tsv")


def test_bounds_of_a_fixed_number_are_refuted_in_an_early_stop(model, tmp_path):
    """The audit's own bound of such a row is the confidence sequence's."""
    certify(model, out=tmp_path / "run.tsv", max_points=6, **SMALL)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**record, "bounds": "anytime"}))
    assert "bound_above_clopper_pearson" in faults(tmp_path / "run.tsv")
