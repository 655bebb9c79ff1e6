"""`l1cert certify` on a small classifier: a plain loop, audits of all modes, kills, bad input."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from l1cert.certification.kept import journal_of
from l1cert.certification.run import certify, run
from l1cert.certification.settings import Settings, sigma_of
from l1cert.cli import group
from l1cert.training import train
from simulations.classifier.checkpoints import load, read
from simulations.classifier.datasets import load as load_data
from simulations.classifier.examples import Examples
from simulations.classifier.noisy_inputs import PURPOSES
from simulations.discrete_noise import draw as draw_integers
from simulations.discrete_noise import threshold_table
from simulations.sampling import draw
from theory.noise import Gaussian, Laplace, Uniform

SMALL = {"n0": 20, "n": 300, "batch": 64}
LAWS = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A classifier of digits after two epochs."""
    path = tmp_path_factory.mktemp("classifier") / "digits.safetensors"
    train("digits", noise="laplace", sigma="0.25", epochs=2, seed=1, out=path)
    return path


def invoke(*arguments):
    return CliRunner().invoke(group, ["certify", *map(str, arguments)])


def stripped(path):
    """The log without its times."""
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    at = lines[0].index("time")
    return [line[:at] + line[at + 1 :] for line in lines]


@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
def test_the_votes_are_those_of_a_plain_loop(model, noise):
    found = certify(model, noise=noise, sigma="0.3", skip=150, max_points=3, seed=5, **SMALL)
    network, _ = load(model)
    test = load_data("digits").test
    assert [row.point.index for row in found.rows] == [0, 150, 300]
    for row in found.rows:
        x = test.inputs([row.point.index]).astype(np.float64).reshape(1, -1)
        for purpose, votes in (("selection", row.point.selection), ("estimation", row.point.votes)):
            noisy = x + draw(
                LAWS[noise].from_sigma(0.3),
                seed=5,
                tag=PURPOSES[purpose],
                first_sample=row.point.index << 36,
                num_samples=sum(votes),
                dim=64,
            )
            shown = torch.from_numpy(noisy.astype(np.float32)).reshape(-1, 1, 8, 8)
            with torch.inference_mode():
                classes = network(shown).argmax(1)
            assert votes == tuple(torch.bincount(classes, minlength=10).tolist())
        assert row.point.label == test.labels[row.point.index]


def test_a_sound_run_adds_integers(model):
    found = certify(model, sound=True, scale="0.25", max_points=1, seed=5, **SMALL)
    network, _ = load(model)
    levels = load_data("digits").test.levels([0]).reshape(1, -1)
    noise = draw_integers(
        threshold_table(Fraction(1, 4)),
        seed=5,
        tag=PURPOSES["estimation"],
        first_sample=0,
        num_samples=300,
        dim=64,
    )
    shown = ((levels + noise) / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    with torch.inference_mode():
        classes = network(torch.from_numpy(shown)).argmax(1)
    assert found.rows[0].point.votes == tuple(torch.bincount(classes, minlength=10).tolist())
    record = found.as_json()
    assert record["sampler"]["lambda"] == "0.25" and record["settings"]["scale"] == "0.25"
    assert 0 < Fraction(record["sampler"]["charge"]) < Fraction(1, 10**9)
    assert record["assumptions"][0].startswith("Sound")


def test_stopped_at_any_point_it_ends_with_the_same_log(model, tmp_path):
    class StopError(Exception):
        pass

    def stopping(after):
        def progress(done, whole):
            if done == after:
                raise StopError

        return progress

    whole = certify(model, out=tmp_path / "whole.tsv", max_points=5, **SMALL)
    for after in range(6):
        with pytest.raises(StopError):
            out = tmp_path / "run.tsv"
            certify(model, out=out, max_points=5, progress=stopping(after), **SMALL)
        assert not out.exists()
        if after:
            assert journal_of(out).read_bytes().count(b"\n") == 1 + after
        else:  # there is nothing to go on with
            assert not journal_of(out).exists()
    journal = journal_of(out).read_bytes()
    journal_of(out).write_bytes(journal[:-5])  # killed within the last line
    again = certify(model, out=out, max_points=5, **SMALL)
    assert stripped(out) == stripped(tmp_path / "whole.tsv")
    times = [row.point.seconds for row in again.rows]
    finished = certify(model, out=out, max_points=5, **SMALL)
    assert [row.point.seconds for row in finished.rows] == times
    assert [row.point.votes for row in finished.rows] == [row.point.votes for row in whole.rows]


def test_no_other_file_is_replaced(model, tmp_path):
    """A log without its journal, a record's namesake, and what came later into a log's place."""
    out, beside = tmp_path / "run.tsv", tmp_path / "run.json"
    told = (model, "--out", out, "--max", 2, "--n0", 20, "--n", 300, "--batch", 64)
    for other in (out, beside):
        other.write_text("hours of work")
        done = invoke(*told)
        assert (
            done.exit_code == 2 and f"{str(other)!r} is there, and not of this run" in done.output
        )
        assert other.read_text() == "hours of work" and list(tmp_path.iterdir()) == [other]
        other.unlink()
    assert invoke(*told).exit_code == 0
    whole = out.read_bytes()
    for other in (out, beside):
        kept = other.read_bytes()
        other.write_text('{"format": "l1cert-log"}')
        done = invoke(*told)
        assert done.exit_code == 2 and f"{str(other)!r} is another" in done.output
        assert other.read_text() == '{"format": "l1cert-log"}'
        other.write_bytes(kept)
    journal = journal_of(out).read_bytes()
    journal_of(out).write_bytes(journal[: journal.rindex(b"\n", 0, -1) + 1])
    assert "is there, and not of this run" in invoke(*told).output
    journal_of(out).write_bytes(journal)
    out.unlink()  # killed between the record and the log
    assert invoke(*told).exit_code == 0 and out.read_bytes() == whole
    assert invoke(*told).exit_code == 0 and out.read_bytes() == whole


def test_other_pixels_of_equal_labels_do_not_go_on(model, tmp_path):
    data = load_data("digits")
    pixels = data.test.levels(range(len(data.test))).copy()
    pixels[1, 0, 3, 3] ^= 1
    other = replace(data, test=Examples(data.test.labels, pixels, step=data.step))
    out = tmp_path / "run.tsv"
    for stated in (
        Settings(noise="laplace", sigma="1", most=2, **SMALL),
        Settings(
            noise="laplace", sigma=sigma_of(Fraction(1)), scale="1", sound=True, most=2, **SMALL
        ),
    ):
        found = run(read(model), data, stated, digest="", out=out)
        with pytest.raises(ValueError, match=r"of other data: the input of point 1 is another one"):
            run(read(model), other, stated, digest="", out=out)
        changed = run(read(model), other, stated, digest="")
        digests = [one.as_json()["data"]["inputs_sha256"] for one in (found, changed)]
        assert digests[0] != digests[1]
        for file in tmp_path.iterdir():
            file.unlink()


def test_inputs_for_which_there_is_no_memory_are_one_line(model, tmp_path):
    stated = ("--max", 1, "--n0", 20, "--n", 300)
    done = invoke(model, "--out", tmp_path / "run.tsv", *stated, "--batch", 2**31 - 1)
    assert done.exit_code == 2 and "no memory for inputs of shape" in done.output
    assert not (tmp_path / "run.tsv").exists()
    # nothing is left, and another batch may begin there
    assert invoke(model, "--out", tmp_path / "run.tsv", *stated).exit_code == 0


def test_another_command_does_not_go_on(model, tmp_path):
    out = tmp_path / "run.tsv"
    certify(model, out=out, max_points=1, **SMALL)
    kept = out.read_bytes(), journal_of(out).read_bytes()
    done = invoke(model, "--out", out, "--max", 1, "--n0", 20, "--n", 301, "--batch", 64)
    assert done.exit_code == 2 and "of another command: its n is 300, not 301" in done.output
    assert (out.read_bytes(), journal_of(out).read_bytes()) == kept


def test_the_command_prints_a_summary(model, tmp_path):
    out = tmp_path / "run.tsv"
    done = invoke(model, "--out", out, "--max", 4, "--n0", 20, "--n", 200, "--skip", 3)
    assert done.exit_code == 0, done.output
    for said in ("base accuracy", "smoothed accuracy", "abstentions", "theorem_2", "Statistical"):
        assert said in done.output
    assert [line[0] for line in stripped(out)[1:]] == ["0", "3", "6", "9"]
    told = invoke(model, "--out", out, "--max", 4, "--n0", 20, "--n", 200, "--skip", 3, "--json")
    assert json.loads(told.output) == json.loads((tmp_path / "run.json").read_text())


def test_the_record_says_where_a_log_came_from(model, tmp_path):
    certify(model, out=tmp_path / "run.tsv", max_points=1, **SMALL)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["classifier"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert record["training"]["sigma"] == record["sigma"] == "0.25"
    assert float(record["sampler"]["lambda"]) == pytest.approx(0.25 / 2**0.5)
    assert record["dataset"] == "digits" and record["data"]["unit"] == "pixel value in [0, 1]"
    assert record["provenance"]["torch"] == torch.__version__
    assert record["provenance"]["seed"] == 1
    seen = record["independence"]
    assert seen["inputs"] == 300 and seen["batch"] == 64
    assert record["assumptions"][0].startswith("Statistical")
    assert record["assumptions"][-1].startswith("The network is taken for a function of its input")
    assert record["results"]["base_correct"] in (0, 1)


class Decoded:
    """Pictures that are read when they are asked for; the second one is broken."""

    shape = (3, 1, 8, 8)

    def __getitem__(self, indices):
        found = np.full((len(indices), 1, 8, 8), 0.5)
        found[np.asarray(indices) == 1] = np.nan
        return found


def test_a_broken_input_is_one_line_and_the_points_before_it_are_kept(model, tmp_path):
    data = load_data("digits")
    test = Examples(np.array([1, 2, 3]), Decoded())
    empty = Examples(np.zeros(0, np.int64), np.zeros((0, 1, 8, 8)))
    broken = replace(data, test=test, train=empty, step=None)
    out = tmp_path / "run.tsv"
    with pytest.raises(ValueError, match="example 1 has the feature nan") as caught:
        run(read(model), broken, Settings(noise="laplace", sigma="1", **SMALL), digest="", out=out)
    assert "\n" not in str(caught.value)
    assert journal_of(out).read_bytes().count(b"\n") == 2 and not out.exists()
    sound = Settings(noise="laplace", sigma=sigma_of(Fraction(1)), scale="1", sound=True, **SMALL)
    with pytest.raises(ValueError, match="sound: digits lies on no grid"):
        run(read(model), broken, sound, digest="")


def test_an_interrupt_says_how_to_go_on(model, tmp_path, monkeypatch):
    from l1cert.certification.sampler import Sampler

    def interrupted(self, index, decided):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sampler, "point", interrupted)
    done = invoke(model, "--out", tmp_path / "run.tsv", "--max", 2)
    assert isinstance(done.exception, KeyboardInterrupt) or done.exit_code in (1, 130)
    assert "The finished points are kept: the same command goes on." in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--n", "0"], "n = 0 is outside the integers in [1, 10000000000]"),
        (["--n0", "-3"], "n0 = -3 is outside the integers"),
        (["--alpha", "1"], "alpha = 1 is outside (0, 1)"),
        (["--alpha", "small"], "small is not a finite number"),
        (["--sigma", "0"], "sigma = 0 is outside (0, inf)"),
        (["--sigma", "1", "--scale", "1"], "sigma = 1 and scale = 1: give one"),
        (["--noise", "gaussian"], "say which noise and sigma to certify with"),
        (["--noise", "none", "--sigma", "1"], "noise = 'none'"),
        (["--max", "0"], "--max = 0 is neither -1 nor a positive number"),
        (["--batch", "0"], "batch = 0 is outside the integers"),
        (["--device", "tpu"], "device = 'tpu' is not one of"),
        (["--certificate", "cohen"], "certificate = cohen is none of theorem_2"),
        (["--until-radius", "-1"], "until_radius = -1 is outside (0, inf)"),
        (["--sound", "--until-radius", "1/32"], "is below a step of the grid, 1/16"),
        (["--sound", "--certificate", "exact"], "sound are theorem_2, theorem_1, lecuyer"),
        (["--sound", "--noise", "gaussian", "--sigma", "1"], "sound runs have laplace noise"),
        (["--dataset", "breast_cancer"], "the model was trained on digits with shape"),
        (["--dataset", "cifar10"], "cifar10 needs a folder"),
    ],
)
def test_bad_input_is_one_line(model, tmp_path, options, message):
    done = invoke(model, "--out", tmp_path / "run.tsv", *options)
    assert done.exit_code == 2
    assert message in done.output and "Traceback" not in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_a_device_that_is_not_there_is_one_line(model, tmp_path):
    done = invoke(model, "--out", tmp_path / "run.tsv", "--device", "cuda")
    assert done.exit_code == 2 and "device = 'cuda'" in done.output


def test_what_is_no_classifier_is_one_line(model, tmp_path):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(model.read_bytes()[:-100])
    (tmp_path / "run.tsv.journal").mkdir()
    for path in (cut, tmp_path / "nowhere", tmp_path):
        done = invoke(path, "--out", tmp_path / "run.tsv")
        assert done.exit_code == 2, done.output
        assert repr(str(path)) in done.output and "Traceback" not in done.output
    done = invoke(model, "--out", tmp_path / "run.tsv", "--max", 1)
    assert done.exit_code == 2 and "run.tsv.journal' cannot be read or written" in done.output
    done = invoke(model, "--out", tmp_path / "no" / "run.tsv")
    assert done.exit_code == 2 and "there is no folder" in done.output
    done = invoke(model, "--out", tmp_path / "run.json", "--max", 1)
    assert done.exit_code == 2 and "is the record's name" in done.output
    done = invoke(model, "--out", os.devnull, "--max", 1)
    assert done.exit_code == 2 and "is no file: name one" in done.output


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no such signal on Windows")
def test_killed_and_given_again_it_ends_with_the_same_log(model, tmp_path):
    out, whole = tmp_path / "run.tsv", tmp_path / "whole.tsv"
    options = ["--n0", "20", "--n", "4000", "--batch", "64", "--max", "40"]
    command = [sys.executable, "-m", "l1cert", "certify", str(model), "--out", str(out), *options]
    for lines in (3, 8, 15):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None:
            journal = journal_of(out)
            if journal.exists() and journal.read_bytes().count(b"\n") > lines:
                child.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        child.wait()
        assert child.returncode == -signal.SIGKILL and not out.exists()
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert invoke(model, "--out", whole, *options).exit_code == 0
    assert stripped(out) == stripped(whole)
