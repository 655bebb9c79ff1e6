"""Checkpoints: read whole or refused, and the last good one outlives kills and full disks."""

import json
import random

import pytest

from simulations import checkpoint
from simulations.checkpoint import (
    Checkpoint,
    CheckpointError,
    merge,
    parse,
    read,
    render,
    united,
    write,
)
from simulations.execution import execute
from simulations.likelihood_ratio import SamplingPlan
from simulations.run import Run, canonical
from tests.test_simulations.runs import small_run, tiny_run

TINY = tiny_run()


@pytest.fixture(scope="module")
def half() -> Checkpoint:
    return execute(TINY, stop=500, provenance={"commit": "abc"})


def test_what_is_written_is_read(half, tmp_path):
    path = tmp_path / "run.json"
    write(path, half)
    for again in (read(path), read(str(path), TINY)):
        assert again == half
        assert render(again) == path.read_bytes()
    assert json.loads(path.read_text())["ranges"] == [[0, 500]]
    assert json.loads(path.read_text())["provenance"] == [{"commit": "abc"}]
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]


def test_no_byte_can_change(half):
    content = render(half)
    rng = random.Random(1)
    for at in range(len(content)):
        for mask in (1, 0x20, rng.randrange(1, 256)):
            changed = bytearray(content)
            changed[at] ^= mask
            with pytest.raises(CheckpointError) as caught:
                parse(bytes(changed))
            assert "\n" not in str(caught.value)


def test_no_byte_can_be_lost_or_added(half):
    content = render(half)
    for length in range(len(content)):
        with pytest.raises(CheckpointError):
            parse(content[:length])
    for changed in (content[1:], content + b"\n", b" " + content, content + content, content[5:]):
        with pytest.raises(CheckpointError):
            parse(changed)
    assert parse(content) == half


def sealed(**changes) -> bytes:
    """A checkpoint with other content and the checksum that belongs to it."""
    data = json.loads(render(execute(TINY, stop=500)))
    del data["sha256"]
    data |= changes
    lines = ",\n".join(f'"{key}": {canonical(value)}' for key, value in data.items())
    body = f"{lines}}}\n".encode()
    return checkpoint._first_line(body) + body


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 10**5, "not JSON"),
        (b"[]", "not a checkpoint"),
        (b"7", "not a checkpoint"),
        (b'{"format": 1}', "not a checkpoint"),
        (b'{"format": "l1cert checkpoint 2"}', "format 'l1cert checkpoint 2'"),
        (b'{"format": "l1cert checkpoint 1"}', "checksum"),
        (sealed(fingerprint="0" * 64), "fingerprint"),
        (sealed(ranges=[[0, 499]]), "500 samples, the ranges 499"),
        (sealed(ranges=[[0, 300], [200, 400]]), "\\[200, 300\\)"),
        (sealed(ranges=[[0, 200], [200, 500]]), "ascend"),
        (sealed(ranges=[[600, 1100]]), "\\[0, 1000\\)"),
        (sealed(ranges=[[-100, 400]]), "\\[0, 1000\\)"),
        (sealed(ranges=7), "not a checkpoint"),
        (sealed(run={}), "format of the run = None"),
        (sealed(run=None), "not a checkpoint"),
        (sealed(run=TINY.to_json() | {"seed": 5}), "fingerprint"),
        (sealed(tally={}), "tally has"),
        (sealed(tally=None), "not a checkpoint"),
        (sealed(provenance=None), "not a checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_one_line(content, words, tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words) as caught:
        read(path, TINY)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_seal_of_the_test_is_the_true_one():
    assert parse(sealed()) == execute(TINY, stop=500)


def test_the_parameter_that_differs_is_named(half, tmp_path):
    path = tmp_path / "run.json"
    write(path, half)
    for other, words in (
        (Run.of(TINY.plan, seed=4, num_samples=1000, events=TINY.observables.events), "seed = 3, "),
        (Run(TINY.plan, TINY.observables, 3, 2000), "num_samples = 1000, not 2000"),
        (
            Run(SamplingPlan.of([1, "0.6"], scale=1), TINY.observables, 3, 1000),
            "delta = .*'1/2'.*'3/5'",
        ),
    ):
        with pytest.raises(CheckpointError, match=words) as caught:
            read(path, other)
        assert "another run" in str(caught.value)
    # the difference may lie where a short text of it does not reach
    long = [f"{i}/100" for i in range(1, 40)]
    runs = [
        Run.of(SamplingPlan.of(delta, scale=1), seed=1, num_samples=9)
        for delta in (long, ["1/1000", *long])
    ]
    with pytest.raises(CheckpointError, match="delta is another"):
        parse(render(Checkpoint.empty(runs[0])), runs[1])


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.json"):
        read(tmp_path / "gone.json")


# --- merging


def parts_of(*ranges: tuple[int, int]) -> list[Checkpoint]:
    return [execute(TINY, start=start, stop=stop) for start, stop in ranges]


def test_parts_in_any_order_are_the_whole():
    whole = execute(TINY)
    parts = parts_of((700, 1000), (0, 300), (300, 500), (500, 700), (40, 40))
    merged = merge(parts)
    assert merged == whole
    assert merged.complete
    assert merge([merge(parts[:2]), merge(parts[2:])]) == whole


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        (((0, 500), (499, 1000)), "samples \\[499, 500\\) are both in part 1 and in part 2"),
        (((0, 1000), (200, 300)), "samples \\[200, 300\\) are both in part 1 and in part 2"),
        (((5, 9), (0, 2), (5, 9)), "samples \\[5, 9\\) are both in part 1 and in part 3"),
    ],
)
def test_samples_that_are_there_twice_are_refused(ranges, words):
    with pytest.raises(CheckpointError, match=words):
        merge(parts_of(*ranges))


def test_parts_are_called_by_their_names(half):
    with pytest.raises(CheckpointError, match=r"both in a\.json and in b\.json"):
        merge([half, half], names=["a.json", "b.json"])
    with pytest.raises(CheckpointError, match=r"b\.json is of another run than a\.json: delta"):
        merge([execute(small_run(), stop=9), half], names=["a.json", "b.json"])


def test_nothing_cannot_be_merged():
    with pytest.raises(CheckpointError, match="0 checkpoints"):
        merge([])


def test_a_merged_checkpoint_with_holes_can_be_gone_on_with(tmp_path):
    path = tmp_path / "merged.json"
    write(path, merge(parts_of((100, 300), (900, 1000))))
    assert read(path).missing() == ((0, 100), (300, 900))
    assert execute(TINY, checkpoint=path) == execute(TINY)


def _drops_a_range(ranges, original=united):
    return original(list(ranges)[:1])


def _joins_over_holes(ranges):
    ranges = [one for one in ranges if one[0] != one[1]]
    return ((min(a for a, _ in ranges), max(b for _, b in ranges)),) if ranges else ()


@pytest.mark.parametrize("mutant", [_drops_a_range, _joins_over_holes])
def test_mutants_of_the_union_are_refuted(mutant, monkeypatch):
    parts = parts_of((0, 300), (600, 1000))
    monkeypatch.setattr(checkpoint, "united", mutant)
    with pytest.raises(ValueError, match="the tally has 700 samples"):
        merge(parts)


def test_a_tally_dropped_by_a_merge_is_noticed(monkeypatch):
    parts = parts_of((0, 300), (600, 1000))
    monkeypatch.setattr(checkpoint.Tally, "merge", lambda self, other: None)
    with pytest.raises(ValueError, match="the tally has 0 samples"):
        merge(parts)


@pytest.mark.parametrize(
    ("ranges", "words"),
    [(((0, 5), (4, 9)), "\\[4, 5\\)"), (((5, 4),), "ends before")],
)
def test_ranges_that_are_none(ranges, words):
    with pytest.raises(ValueError, match=words):
        united(ranges)


def test_a_checkpoint_of_another_runs_tally_cannot_be_made(half):
    with pytest.raises(ValueError, match="another run"):
        Checkpoint(small_run(), half.ranges, half.tally)
