"""`l1cert attack` on logs of `l1cert certify`, and on an undefended classifier."""

import json
import shutil

import pytest

from l1cert import attacks
from l1cert.certification.run import certify
from l1cert.cli import attack, main
from l1cert.training import train

ROWS = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A classifier, a log of it, a sound one, and another classifier."""
    place = tmp_path_factory.mktemp("attack")
    for name, noise in (("laplace", "laplace"), ("none", "none")):
        sigma = None if noise == "none" else "0.25"
        file = place / f"{name}.safetensors"
        train("digits", noise=noise, sigma=sigma, epochs=4, threads=1, out=file)
    for name, sound in (("laplace", False), ("sound", True)):
        log = place / f"{name}.tsv"
        certify(place / "laplace.safetensors", out=log, n=1000, max_points=ROWS, sound=sound)
    return place


def run(capsys, *arguments):
    """The exit code, the output and the error line of a command."""
    with pytest.raises(SystemExit) as left:
        main(["attack", *map(str, arguments)])
    captured = capsys.readouterr()
    return left.value.code or 0, captured.out, captured.err


def enlarged(folder, tmp_path, factor):
    """A copy of the log whose radii are so many times as large."""
    log = tmp_path / "wrong.tsv"
    header, *rows = (folder / "laplace.tsv").read_text().splitlines()
    at = header.split("\t").index("radius")
    lines = [header]
    for row in rows:
        fields = row.split("\t")
        fields[at] = repr(factor * float(fields[at]))
        lines.append("\t".join(fields))
    log.write_text("\n".join(lines) + "\n")
    shutil.copy(folder / "laplace.json", tmp_path / "wrong.json")
    return log


@pytest.mark.parametrize("name", ["laplace", "sound"])
def test_an_honest_log_passes(folder, tmp_path, capsys, name):
    out = tmp_path / "attack.json"
    log, classifier = folder / f"{name}.tsv", folder / "laplace.safetensors"
    code, text, _ = run(
        capsys, log, "--checkpoint", classifier, "--samples", 400, "--times", "1,4", "--out", out
    )
    assert code == 0
    assert "PASS: 0 classes lost their lead within R" in text
    found = json.loads(out.read_text())
    assert (found["outcome"], found["rows"], found["losses"]) == ("PASS", ROWS, 0)
    assert found["sound"] is (name == "sound")
    assert found["control"] == {"times": 4.0, "least_share": 0.2}
    for one in found["attempts"]:
        assert one["distance"] <= one["times"] * one["radius"] * (1 + 1e-12)
        if name == "sound":
            assert (16 * one["distance"]).is_integer()


def test_radii_that_are_too_large_fail(folder, tmp_path, capsys):
    log = enlarged(folder, tmp_path, 5)
    classifier = folder / "laplace.safetensors"
    code, text, _ = run(capsys, log, "--checkpoint", classifier, "--samples", 400)
    assert code == 1
    assert "FAIL: " in text
    assert "lost within R: idx " in text


def test_without_power_nothing_is_decided(folder, capsys):
    log, classifier = folder / "laplace.tsv", folder / "laplace.safetensors"
    asked = (log, "--checkpoint", classifier, "--samples", 200, "--points", 10)
    code, text, _ = run(capsys, *asked, "--times", "1", "--json")
    assert code == 3
    found = json.loads(text)
    assert (found["outcome"], found["rows"], found["control"]["times"]) == ("UNDECIDED", 10, None)
    assert run(capsys, *asked, "--times", "1", "--json")[1] == text  # the same draws again


def test_another_column_of_the_log_can_be_attacked(folder, capsys):
    log, classifier = folder / "laplace.tsv", folder / "laplace.safetensors"
    asked = (log, "--checkpoint", classifier, "--samples", 100, "--points", 6, "--json")
    _, text, _ = run(capsys, *asked, "--certificate", "lecuyer", "--clip")
    found, own = json.loads(text), json.loads(run(capsys, *asked)[1])
    assert (found["certificate"], own["certificate"]) == ("lecuyer", "theorem_2")
    assert (found["box"], own["box"]) == ([0.0, 1.0], None)
    pairs = zip(found["attempts"], own["attempts"], strict=True)
    assert all(one["radius"] < other["radius"] for one, other in pairs)


def test_an_undefended_classifier_loses_its_accuracy(folder, tmp_path, capsys):
    out = tmp_path / "undefended.json"
    asked = ("--undefended", folder / "none.safetensors", "--points", 20)
    code, text, _ = run(capsys, *asked, "--radii", "0,0.5,3", "--out", out)
    assert code == 0
    assert "20 points of digits under attack" in text
    found = json.loads(out.read_text())
    assert (found["kind"], found["radii"], found["points"]) == (
        "empirical attack",
        [0.0, 0.5, 3.0],
        20,
    )
    clean, near, far = found["correct"]
    assert 17 <= clean <= 20
    assert clean >= near > far
    assert far <= 2
    from l1cert.certified_runs import read_attack

    assert read_attack(out).correct == (clean, near, far)


def test_bad_input_is_one_line(folder, tmp_path, capsys):
    log, right = folder / "laplace.tsv", folder / "laplace.safetensors"
    none = folder / "none.safetensors"
    half = tmp_path / "half.safetensors"
    half.write_bytes(right.read_bytes()[:1000])
    cases = [
        ((log, "--checkpoint", none), "weights are not those that the log certifies"),
        ((log, "--checkpoint", half), "truncated"),
        ((log,), "legal are LOG.tsv --checkpoint FILE, or --undefended FILE"),
        ((), "legal are LOG.tsv --checkpoint FILE, or --undefended FILE"),
        ((log, "--undefended", none), "with --undefended: give one of them"),
        ((log, "--checkpoint", right, "--times", "1,x"), "times = '1,x': legal are numbers"),
        ((log, "--checkpoint", right, "--times", "2"), "times = [2.0]: legal are"),
        ((log, "--checkpoint", right, "--points", "0"), "points = 0 is outside [1, inf)"),
        ((log, "--checkpoint", right, "--samples", "0"), "samples = 0 is outside [1, inf)"),
        ((log, "--checkpoint", right, "--certificate", "cohen"), "is no column of the log"),
        ((log, "--checkpoint", right, "--seed", "-1"), "seed = -1 is outside [0, 2^64)"),
        ((log, "--checkpoint", right, "--device", "abacus"), "abacus"),
        ((tmp_path / "gone.tsv", "--checkpoint", right), "gone"),
        ((log, "--checkpoint", tmp_path / "gone"), "gone"),
        (("--undefended", none, "--radii", "2,1"), "radii = [2.0, 1.0]: legal are rising"),
        ((log, "--checkpoint", right, "--out", tmp_path), "is a folder, a file is needed"),
    ]
    for arguments, message in cases:
        code, out, error = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert message in error, (arguments, error)
        assert len(error.strip().splitlines()) == 1, error


def test_defaults_are_those_of_the_python_face():
    assert attack.POINTS == attacks.POINTS
    assert attack.SAMPLES == attacks.SAMPLES
    assert [float(one) for one in attack.TIMES.split(",")] == list(attacks.TIMES)
    first, step, last = attacks.RADII[0], attacks.RADII[1], attacks.RADII[-1]
    assert f"{first:g},{step:g},...,{last:g}" == attack.RADII


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "architecture", "sigma", "times"),
    [("breast_cancer", "mlp", "1.0", (1, 3)), ("digits", "cnn", "0.25", (1, 3))],
)
def test_other_classifiers_and_data_pass_too(tmp_path, dataset, architecture, sigma, times):
    classifier, log = tmp_path / "model.safetensors", tmp_path / "run.tsv"
    train(dataset, architecture=architecture, sigma=sigma, threads=1, out=classifier)
    certify(classifier, out=log, n=10_000, max_points=60)
    report = attacks.attack_log(log, checkpoint=classifier, points=60, times=times)
    assert report.outcome == "PASS"
    assert report.found.lost(1) == 0
