"""`l1cert audit`, from the file to the files: what it says, writes, refuses and survives."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import l1cert
from l1cert.audit import run as audit_run
from l1cert.audit.findings import KINDS
from l1cert.cli import audit as audit_command
from tests.test_audit.logs import cohen_log, l1cert_log, made_rows, rs4a_folder
from tests.test_l1cert.test_cli import run

GAUSSIAN = ("--noise", "gaussian", "--sigma", "0.5", "--n", "100000", "--alpha", "0.001")
DOCS = Path(__file__).resolve().parents[2] / "docs"


def kinds(report):
    return {kind for kind, found in report["violations"].items() if found["count"]}


def test_the_default_samples_are_those_of_the_python_face():
    assert audit_command.SAMPLES == audit_run.SAMPLES


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("noise", ["gaussian", "laplace", "uniform"])
def test_an_honest_log_has_no_finding(tmp_path, noise, sides):
    log = cohen_log(tmp_path / "run.tsv", made_rows(30, noise=noise, sides=sides))
    code, out, err = run("audit", str(log), *GAUSSIAN, "--noise", noise, "--json")
    report = json.loads(out)
    assert (code, err, kinds(report)) == (0, "", set())
    assert set(report["violations"]) == set(KINDS)
    assert report["rows"] == 30
    assert report["tightness"]["shown"] is True
    for before in report["certified_accuracy"]:
        assert before["lower"] <= before["corrected"] <= before["upper"]


def test_our_own_log_states_its_parameters_and_round_trips(tmp_path):
    log = l1cert_log(tmp_path / "ours.tsv")
    code, out, _ = run("audit", str(log), "--json", "--out", str(tmp_path / "out"))
    report = json.loads(out)
    assert (code, report["format"], kinds(report)) == (0, "l1cert", set())
    assert report["parameters"]["noise"] == "laplace"
    assert "exact_simultaneous" in report["other_certificates"]
    code, out, _ = run("audit", str(tmp_path / "out" / "corrected.tsv"), "--json")
    assert (code, kinds(json.loads(out))) == (0, set())


def crowded_rows(alpha):
    """Rows whose votes crowd at the ceiling, where a lattice tells its alpha."""
    rows = []
    for misses, row in enumerate(made_rows(80)[-40:]):
        votes = 100_000 - misses
        bound = float(stats.beta.ppf(alpha, votes, misses + 1))
        radius = 0.5 * float(stats.norm.ppf(bound))
        rows.append(replace(row, bound=bound, radius=radius, predict=row.selected))
    return rows


@pytest.mark.parametrize("alpha", ["0.02", "0.3"])
def test_a_log_made_with_another_alpha_is_found_and_corrected(tmp_path, alpha):
    rows = crowded_rows(float(alpha))
    log = cohen_log(tmp_path / "run.tsv", rows)
    code, out, _ = run("audit", str(log), *GAUSSIAN, "--json", "--out", str(tmp_path / "out"))
    report = json.loads(out)
    assert code == 0
    assert "above_ceiling" in kinds(report)
    best = report["violations"]["above_ceiling"]["explained_by"][0]
    assert best["what"] == "alpha"
    assert best["interval"][0] <= float(alpha) <= best["interval"][1]
    assert best["rows_explained"] == best["rows"] == len(rows)
    code, out, _ = run("audit", str(tmp_path / "out" / "corrected.tsv"), "--json")
    assert (code, kinds(json.loads(out))) == (0, set())


def test_everything_is_written(tmp_path):
    log = cohen_log(tmp_path / "run.tsv", made_rows(20))
    code, out, _ = run("audit", str(log), *GAUSSIAN, "--out", str(tmp_path / "out"))
    assert code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    pictures = {
        f"figure_audit_{name}.{end}"
        for name in ("accuracy", "bounds")
        for end in ("csv", "txt", "pdf", "svg", "png")
    }
    texts = {"audit.json", "audit.md", "audit.tex", "corrected.tsv", "corrected.json"}
    assert names == pictures | texts
    assert all(str(tmp_path / "out" / name) in out for name in names)
    report = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert report["provenance"]["seed"] == 1
    assert "No finding" in (tmp_path / "out" / "audit.md").read_text()


def test_a_folder_of_arrays(tmp_path):
    folder = rs4a_folder(tmp_path / "run", made_rows(40, noise="uniform", sides=2))
    code, out, _ = run("audit", str(folder), *GAUSSIAN, "--noise", "uniform", "--json")
    report = json.loads(out)
    assert (code, report["format"], report["interval"]) == (0, "rs4a", "two_sided")
    assert kinds(report) <= {
        "above_own_bound",
        "bound_above_clopper_pearson",
        "negative_radius",
        "missed_abstention",
    }


def test_a_claim_beyond_its_bound_is_refuted_by_the_worst_case(tmp_path):
    rows = made_rows(20, noise="uniform", sides=2)
    honest = rs4a_folder(tmp_path / "honest", rows)
    radius = np.load(honest / "radius_l1.npy")
    radius[-1] *= 1.05
    folder = rs4a_folder(tmp_path / "run", rows, faults={"radius_l1": radius})
    report = l1cert.audit_log(folder, noise="uniform", sigma="0.5", num_samples=10**5, alpha="1e-3")
    found = report.as_json()
    assert found["violations"]["above_own_bound"]["worst"]["row"] == 19
    claims = found["tightness"]["claims"]
    (place,) = [i for i, claimed in enumerate(claims["claimed"]) if claimed == radius[-1]]
    assert claims["refuted"][place] is True
    assert claims["exact_upper"][place] < 0.5


def test_the_example_of_the_readme_is_made_by_its_script():
    spec = importlib.util.spec_from_file_location("make_log", DOCS / "make_log.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.text() == script.FILE.read_text()
    report = l1cert.audit_log(
        script.FILE, noise="gaussian", sigma="0.5", num_samples=10_000, alpha="0.001", samples=0
    ).as_json()
    best = report["violations"]["above_ceiling"]["explained_by"][0]
    assert (best["what"], best["alpha"], best["n"]) == ("alpha", script.ALPHA, script.NUM_SAMPLES)


def test_the_same_seed_gives_the_same_json(tmp_path):
    log = cohen_log(tmp_path / "run.tsv", made_rows(20))
    first, second, third = (
        run("audit", str(log), *GAUSSIAN, "--json", "--seed", seed)[1] for seed in ("3", "3", "4")
    )
    assert first == second != third


BAD = [
    (("missing.tsv", *GAUSSIAN), "missing.tsv"),
    (("run.tsv",), "--noise, --sigma, --n, --alpha missing"),
    (("run.tsv", *GAUSSIAN, "--noise", "cauchy"), "laplace, gaussian, uniform"),
    (("run.tsv", *GAUSSIAN, "--sigma", "0"), "sigma"),
    (("run.tsv", *GAUSSIAN, "--sigma", "nan"), "nan"),
    (("run.tsv", *GAUSSIAN, "--n", "0"), "n = 0 is outside"),
    (("run.tsv", *GAUSSIAN, "--n", "1e5"), "1e5"),
    (("run.tsv", *GAUSSIAN, "--alpha", "1"), "alpha"),
    (("run.tsv", *GAUSSIAN, "--certificate", "theorem_2"), "theorem_2"),
    (("run.tsv", *GAUSSIAN, "--format", "csv"), "csv"),
    (("run.tsv", *GAUSSIAN, "--radii", "0,,1"), "finite number"),
    (("run.tsv", *GAUSSIAN, "--radii", "-1"), "-1"),
    (("run.tsv", *GAUSSIAN, "--samples", "-1"), "samples = -1"),
    (("run.tsv", *GAUSSIAN, "--samples", "7"), "7"),
    (("run.tsv", *GAUSSIAN, "--seed", "-1"), "-1"),
    (("run.tsv", *GAUSSIAN, "--out", "run.tsv"), "run.tsv"),
    (("empty.tsv", *GAUSSIAN), "empty"),
    ((".", *GAUSSIAN), "."),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_input_is_one_line(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    cohen_log(tmp_path / "run.tsv", made_rows(5))
    (tmp_path / "empty.tsv").touch()
    before = (tmp_path / "run.tsv").read_bytes()
    code, out, err = run("audit", *arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err
    assert (tmp_path / "run.tsv").read_bytes() == before


def test_broken_lines_are_counted_and_the_rest_is_audited(tmp_path):
    faults = {3: "20\t7\t7", 5: "60\t7\t7\tnan\t1\t16.4", 7: "1e3\t0\t0\t0.5\t1\t1"}
    log = cohen_log(tmp_path / "run.tsv", made_rows(12), faults=faults)
    code, out, _ = run("audit", str(log), *GAUSSIAN, "--json", "--samples", "0")
    report = json.loads(out)
    assert (code, report["rows"]) == (0, 9)
    violations = report["violations"]
    broken = violations["malformed_line"]["rows"] + violations["missing_value"]["rows"]
    assert sorted(broken) == [3, 5, 7]


@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_log_ends_in_a_traceback(tmp_path, data):
    """Bytes cut, changed and put in at random, whole audits with all their files."""
    path = cohen_log(tmp_path / "run.tsv", made_rows(8))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        junk = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"nan", b"-inf", b"1e999", b"\t", b"\r", b"\xef\xbb\xbf", b"9" * 40]
                ),
            )
        )
        content[place : place + data.draw(st.integers(0, 12))] = junk
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    code, out, err = run(
        "audit",
        str(path),
        *GAUSSIAN,
        "--json",
        "--samples",
        data.draw(st.sampled_from(["0", "1000"])),
    )
    if code:
        assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    else:
        report = json.loads(out)
        assert report["rows"] >= 1


def test_extreme_rows_survive_the_whole_way(tmp_path):
    rows = made_rows(6)
    wild = [1e308, -1e308, 5e-324, float("inf"), float("-inf"), 0.0]
    rows = [replace(row, radius=radius) for row, radius in zip(rows, wild, strict=True)]
    rows = [replace(row, predict=row.selected) for row in rows]
    for form in ("{:.3}", "{!r}", "{:.6f}"):
        log = cohen_log(tmp_path / "run.tsv", rows, form=form)
        code, out, err = run("audit", str(log), *GAUSSIAN, "--json", "--out", str(tmp_path / "out"))
        assert (code, err) == (0, "")
        report = json.loads(out)
        assert {"above_ceiling", "negative_radius"} <= kinds(report)
        for arguments in (("--json",), ()):
            again = run("audit", str(tmp_path / "out" / "corrected.tsv"), *arguments)
            assert again[0] == 0
