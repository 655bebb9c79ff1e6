"""`l1cert audit` where a reviewer stumbles: odd parameters, odd places, nothing but faults."""

import json
import os
from dataclasses import replace
from fractions import Fraction

import pytest

import l1cert
from l1cert.audit.report import check_folder
from tests.test_audit.logs import cohen_log, l1cert_log, made_rows
from tests.test_l1cert.test_cli import run

GAUSSIAN = ("--noise", "gaussian", "--sigma", "0.5", "--n", "100000", "--alpha", "0.001")
QUICK = ("--samples", "0")


def strict(text):
    def refuse(name):
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--radii", "1e400"), "radius = 1e400 is outside the finite numbers in [0, 1.8e308]"),
        (("--radii", "0.5,"), "radius = '' is outside the finite numbers in [0, 1.8e308]"),
        (("--sigma", "1e400"), "sigma = 1e400 is outside [1e-249, 1e299]"),
        (("--sigma", "1e-400"), "sigma = 1e-400 is outside [1e-249, 1e299]"),
        (("--sigma", "1e-300"), "sigma = 1e-300 is outside [1e-249, 1e299]"),
        (("--alpha", "1e-250"), "alpha = 1e-250 is outside [2e-250, 1)"),
        (("--alpha", "0"), "alpha = 0 is outside"),
    ],
)
def test_a_parameter_out_of_range_is_named_as_it_was_typed(tmp_path, options, said):
    log = cohen_log(tmp_path / "run.tsv", made_rows(4))
    code, out, err = run("audit", str(log), *GAUSSIAN, *QUICK, *options)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
@pytest.mark.parametrize("sigma", ["1e-249", "1e299"])
def test_the_ends_of_the_range_are_audited(tmp_path, noise, sigma):
    log = cohen_log(tmp_path / "run.tsv", made_rows(4))
    options = ("--noise", noise, "--sigma", sigma, "--samples", "1000", "--json")
    code, out, err = run("audit", str(log), *GAUSSIAN, *options)
    assert (code, err) == (0, "")
    assert float(strict(out)["parameters"]["sigma"]) == float(sigma)


def test_a_tiny_alpha_is_written_shortly(tmp_path):
    log = cohen_log(tmp_path / "run.tsv", made_rows(4))
    code, out, _ = run("audit", str(log), *GAUSSIAN, *QUICK, "--alpha", "1e-249")
    assert code == 0
    assert "--alpha 1e-249 " in out
    widths = [len(line) for line in out.splitlines() if not line.startswith("  l1cert audit")]
    assert max(widths) <= 96


@pytest.mark.parametrize("radius", ["inf", "-inf", "0.0", "-0.5"])
@pytest.mark.parametrize("samples", ["0", "1000"])
def test_a_log_of_one_kind_of_row(tmp_path, radius, samples):
    rows = [replace(row, predict=row.selected, radius=float(radius)) for row in made_rows(4)]
    log = cohen_log(tmp_path / "run.tsv", rows)
    out = tmp_path / "out"
    options = ("--samples", samples, "--json", "--out", str(out))
    code, text, err = run("audit", str(log), *GAUSSIAN, *options)
    assert (code, err) == (0, "")
    report = strict(text)
    assert report == strict((out / "audit.json").read_text())
    wrong = {"inf": "above_ceiling", "-inf": "negative_radius", "-0.5": "negative_radius"}
    for kind in ("above_ceiling", "negative_radius"):
        assert report["violations"][kind]["count"] == 4 * (wrong.get(radius) == kind)
    corrected = report["corrected"]
    # a zero with one decimal may have been below zero
    assert (corrected["rows_changed"], corrected["abstentions_added"]) == (
        (4, 0) if radius == "inf" else (4, 4)
    )
    page = (out / "audit.md").read_text()
    assert ("each radius by at most not finite" in page) == (radius == "inf")
    assert "None" not in page
    caption = (out / "figure_audit_accuracy.txt").read_text()
    right = sum(row.label == row.selected for row in rows)
    assert (f"moves {right} rows by more" in caption) == (radius == "inf")


# --- the folder of the report ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["corrected.tsv", "audit.json", "figure_audit_bounds.csv"])
def test_no_report_replaces_its_log(tmp_path, name):
    log = cohen_log(tmp_path / name, made_rows(4))
    before = log.read_bytes()
    code, out, err = run("audit", str(log), *GAUSSIAN, *QUICK, "--out", str(tmp_path))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert f"its {name} would replace" in err
    assert (log.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (before, [name])
    report = l1cert.audit_log(
        log, noise="gaussian", sigma="0.5", num_samples=10**5, alpha="0.001", samples=0
    )
    with pytest.raises(ValueError, match="would replace"):
        report.save(tmp_path)
    assert log.read_bytes() == before


def test_no_report_replaces_its_log_under_another_name(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    log = cohen_log(out / "corrected.tsv", made_rows(4))
    for link in (tmp_path / "soft.tsv", tmp_path / "hard.tsv"):
        (link.symlink_to if link.stem == "soft" else link.hardlink_to)(log)
        code, _, err = run("audit", str(link), *GAUSSIAN, *QUICK, "--out", str(out))
        assert (code, "would replace" in err) == (2, True)


@pytest.mark.parametrize("ring", ["log", "out"])
def test_links_in_a_ring_are_no_path(tmp_path, ring):
    (tmp_path / ring).symlink_to(tmp_path / ring)
    if ring == "out":
        cohen_log(tmp_path / "log", made_rows(4))
    paths = str(tmp_path / "log"), "--out", str(tmp_path / "out")
    code, out, err = run("audit", *paths, *GAUSSIAN, *QUICK)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize("kept", [True, False])
def test_no_report_becomes_the_record_of_its_log(tmp_path, kept):
    log = l1cert_log(tmp_path / "audit.tsv")
    record = tmp_path / "audit.json"
    if not kept:
        record.unlink()
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    code, _, err = run("audit", str(log), *GAUSSIAN, "--noise", "laplace", "--out", str(tmp_path))
    assert (code, "its audit.json would be the record of" in err) == (2, True)
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before
    check_folder(tmp_path / "out", log)


@pytest.mark.parametrize("name", ["run.tsv", "run.tsv/out"])
def test_a_file_is_no_folder_for_a_report(tmp_path, name):
    log = cohen_log(tmp_path / "run.tsv", made_rows(4))
    code, out, err = run("audit", str(log), *GAUSSIAN, *QUICK, "--out", str(tmp_path / name))
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_a_second_run_replaces_the_first_and_nothing_else(tmp_path):
    log, out = cohen_log(tmp_path / "run.tsv", made_rows(6)), tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for alpha in ("0.001", "0.01"):
        assert (
            run("audit", str(log), *GAUSSIAN, *QUICK, "--alpha", alpha, "--out", str(out))[0] == 0
        )
        assert f"alpha = {alpha}" in (out / "audit.md").read_text()
        assert json.loads((out / "corrected.json").read_text())["alpha"] == alpha
    assert (out / "notes.txt").read_text() == "mine"
    assert not [one for one in os.listdir(out) if one.startswith(".")]


def test_what_is_written_is_listed_on_a_line_each(tmp_path):
    log, out = cohen_log(tmp_path / "run.tsv", made_rows(4)), tmp_path / "odd\n\x1b[31m"
    code, text, _ = run("audit", str(log), *GAUSSIAN, *QUICK, "--out", str(out))
    assert code == 0
    assert all(one.isprintable() for one in text.splitlines())
    assert len([line for line in text.splitlines() if "odd" in line]) == 15


# --- what a log states of itself ------------------------------------------------------------


def test_a_parameter_beside_the_record_s_is_taken_and_said(tmp_path):
    log = l1cert_log(tmp_path / "ours.tsv")
    _, text, _ = run("audit", str(log), *QUICK)
    assert "states otherwise" not in text
    same = ("--alpha", "1e-3", "--sigma", "1/2", "--certificate", "theorem_2")
    report = strict(run("audit", str(log), *QUICK, *same, "--json")[1])
    assert report["overridden"] == {}
    other = ("--alpha", "0.002", "--certificate", "exact")
    report = strict(run("audit", str(log), *QUICK, *other, "--json")[1])
    assert report["overridden"] == {"alpha": "0.001", "certificate": "theorem_2"}
    assert Fraction(report["parameters"]["alpha"]) == Fraction(2, 1000)
    text = " ".join(run("audit", str(log), *QUICK, *other)[1].split())
    assert "The log's own record states otherwise: alpha = 0.001, certificate = theorem_2." in text
    assert " --certificate exact " in text


def test_the_command_keeps_a_certificate_that_the_record_does_not_state(tmp_path):
    log = l1cert_log(tmp_path / "ours.tsv")
    record = tmp_path / "ours.json"
    record.write_text(record.read_text().replace("theorem_2", "exact"))
    text = run("audit", str(log), *QUICK, "--certificate", "theorem_2")[1]
    assert " --certificate theorem_2 " in text


def test_no_noise_but_the_record_s(tmp_path):
    log = l1cert_log(tmp_path / "ours.tsv")
    code, out, err = run("audit", str(log), *QUICK, "--noise", "gaussian")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "noise = gaussian is not that of the log" in err
    assert "states laplace" in err
    assert run("audit", str(log), *QUICK, "--noise", "laplace")[0] == 0
    assert "none of laplace" in run("audit", str(log), *QUICK, "--noise", "cauchy")[2]


def test_the_page_says_what_was_assumed_and_where_the_rows_are(tmp_path):
    rows = [replace(row, predict=row.selected, radius=2.5) for row in made_rows(7)]
    log = cohen_log(tmp_path / "run.tsv", rows)
    text = " ".join(run("audit", str(log), *GAUSSIAN, *QUICK)[1].split())
    assert "another sample that selected the class, PB = 1 - PA, radii in the l2 norm." in text
    assert "it was recovered from the radius" in text
    assert "the JSON has those beyond 5): above ceiling: 2, 3, 4, 5, 6;" in text
    text = " ".join(run("audit", str(l1cert_log(tmp_path / "ours.tsv")), *QUICK)[1].split())
    assert "PB = 1 - PA, radii in the l1 norm." in text
    assert "recovered" not in text


def test_a_claim_that_its_worst_case_refutes_is_told(tmp_path):
    rows = [replace(row, predict=row.selected, radius=2.5) for row in made_rows(3)]
    log = cohen_log(tmp_path / "run.tsv", rows)
    text = " ".join(run("audit", str(log), *GAUSSIAN, "--samples", "1000")[1].split())
    assert "In 3 rows the worst case of the corrected PA has flipped before the logged" in text
    honest = cohen_log(tmp_path / "honest.tsv", made_rows(20))
    assert "has flipped before" not in run("audit", str(honest), *GAUSSIAN)[1]


def test_a_pb_without_its_pa_stays_out_of_the_corrected_log(tmp_path):
    rows = [row for row in made_rows(20, noise="laplace") if row.predict >= 0]
    lines = [f"{i}\t{row.label}\t{row.predict}\t{row.radius!r}\t1e-3" for i, row in enumerate(rows)]
    log = tmp_path / "ours.tsv"
    log.write_text("\n".join(["idx\tlabel\tpredict\tradius\tp_b", *lines, ""]))
    options = (*GAUSSIAN, *QUICK, "--noise", "laplace", "--certificate", "exact")
    code, out, _ = run("audit", str(log), *options, "--out", str(tmp_path / "out"), "--json")
    report = strict(out)
    assert (code, report["source"], report["uses_p_b"]) == (0, "radius", False)
    assert not any(one["count"] for one in report["violations"].values())
    corrected = tmp_path / "out" / "corrected.tsv"
    assert "p_b" not in corrected.read_text()
    again = strict(run("audit", str(corrected), *QUICK, "--json")[1])
    assert not any(one["count"] for one in again["violations"].values())
    assert again["interval"] == "one_sided"


@pytest.mark.filterwarnings("error")
def test_the_largest_radii_have_no_mean(tmp_path):
    rows = [replace(row, predict=row.selected, radius=1.5e308) for row in made_rows(4)]
    log = cohen_log(tmp_path / "run.tsv", rows)
    report = strict(run("audit", str(log), *GAUSSIAN, *QUICK, "--json")[1])
    assert report["corrected"]["mean_radius_before"] is None
    assert report["corrected"]["largest_reduction"] == 1.5e308


@pytest.mark.parametrize("certificate", ["theorem_1", "exact", "lecuyer"])
def test_no_sample_shows_that_the_other_classes_are_impossible(tmp_path, certificate):
    log = tmp_path / "ours.tsv"
    lines = ["0\t1\t1\t9\t0.99\t0", "1\t1\t1\t0.1\t0.75\t0.2"]
    log.write_text("\n".join(["idx\tlabel\tpredict\tradius\tp_a\tp_b", *lines, ""]))
    options = (*GAUSSIAN, *QUICK, "--noise", "laplace", "--certificate", certificate)
    code, out, _ = run("audit", str(log), *options, "--out", str(tmp_path / "out"), "--json")
    report = strict(out)
    assert (code, report["uses_p_b"]) == (0, True)
    again = strict(run("audit", str(tmp_path / "out" / "corrected.tsv"), *QUICK, "--json")[1])
    assert again["violations"]["above_ceiling"]["count"] == 0
    lines = (tmp_path / "out" / "corrected.tsv").read_text().splitlines()
    found = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
    # no vote among n = 100000, at alpha/2: 1 - 0.0005^(1/n)
    assert float(found["p_b"]) == pytest.approx(1 - 0.0005**1e-5, rel=1e-9)
