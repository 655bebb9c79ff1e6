"""Votes are exact, add up, and depend on nothing but their draws and the batch."""

import functools
import itertools
import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from simulations.classifier.batches import (
    DEVICE_ROWS,
    Evaluator,
    evaluating,
    one_core,
)
from simulations.classifier.models import build
from simulations.classifier.noisy_inputs import DRAWS, NoisyInputs
from simulations.classifier.votes import (
    batch_independent,
    checked_looks,
    count_until,
    count_votes,
    default_batch,
)
from theory.noise import Laplace

SHAPE = (1, 8, 8)
HOW = {"shape": SHAPE, "num_classes": 10, "point": 3}


@functools.cache
def noisy_of(dim: int = 64) -> NoisyInputs:
    x = np.random.default_rng(dim).random(dim).astype(np.float32)
    return NoisyInputs(x, Laplace(0.5), seed=11, purpose="estimation")


@functools.cache
def model_of(architecture: str) -> nn.Module:
    return build(architecture, shape=SHAPE, num_classes=10, seed=5)


def shown(noisy: NoisyInputs, count: int, *, first: int = 0, point: int = 3) -> np.ndarray:
    out = np.empty((count, noisy.dim), np.float32)
    noisy.fill(out, point=point, first=first)
    return out


class Watching(nn.Module):
    """Ten classes by the first ten coordinates; remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []
        self.threads: set[int] = set()

    def forward(self, inputs: Tensor) -> Tensor:
        assert not self.training and torch.is_inference_mode_enabled()
        assert torch.get_num_threads() == 1
        self.shapes.append(tuple(inputs.shape))
        self.threads.add(threading.get_ident())
        return inputs.flatten(1)[:, :10]


def of_batch(inputs: Tensor) -> Tensor:
    """Logits that depend on the other inputs of the batch."""
    flat = inputs.flatten(1)[:, :10]
    return flat - flat.mean(0) + 0.3 * flat[:1]


@pytest.mark.parametrize("architecture", ["mlp", "cnn"])
def test_votes_are_those_of_the_model(architecture: str) -> None:
    model, noisy = model_of(architecture), noisy_of()
    votes = count_votes(model, noisy, start=0, stop=500, batch=128, **HOW)
    with torch.no_grad():
        logits = model(torch.from_numpy(shown(noisy, 500)).view(-1, *SHAPE)).numpy()
    assert np.diff(np.sort(logits, axis=1)[:, -2:], axis=1).min() > 1e-4
    expected = np.bincount(logits.argmax(axis=1), minlength=10)
    assert votes.dtype == np.int64 and votes.tolist() == expected.tolist()
    assert np.count_nonzero(votes) > 1


@pytest.mark.parametrize("batch", [1, 7, 100, 5000])
def test_votes_do_not_depend_on_cores_or_cuts(batch: int) -> None:
    """Even of a model that looks at the whole batch: batches begin at multiples of their size."""
    noisy = noisy_of()
    votes = functools.partial(count_votes, of_batch, noisy, batch=batch, **HOW)
    stop = 90 if batch == 1 else 1234
    whole = votes(start=0, stop=stop, threads=1)
    assert whole.sum() == stop
    for threads in (2, 4, None):
        assert votes(start=0, stop=stop, threads=threads).tolist() == whole.tolist()
    cuts = [0, 1, 13, 14, stop // 2, stop // 2, stop]
    parts = [votes(start=a, stop=b) for a, b in itertools.pairwise(cuts)]
    assert np.sum(parts, axis=0).tolist() == whole.tolist()
    assert parts[4].tolist() == [0] * 10


def test_the_batch_is_part_of_what_a_batch_dependent_model_votes() -> None:
    votes = [
        count_votes(of_batch, noisy_of(), start=0, stop=1000, batch=batch, **HOW).tolist()
        for batch in (10, 100)
    ]
    assert votes[0] != votes[1]


def test_batches_are_whole_and_several_cores_work() -> None:
    model = Watching()
    count_votes(model, noisy_of(), start=130, stop=1001, batch=100, threads=3, **HOW)
    assert model.shapes == [(100, *SHAPE)] * 10
    assert threading.get_ident() not in model.threads


def test_ties_go_to_the_smallest_class() -> None:
    def tied(inputs: Tensor) -> Tensor:
        return torch.tensor([0.0, 2.0, 1.0, 2.0]).expand(len(inputs), 4)

    how = HOW | {"num_classes": 4}
    votes = count_votes(tied, noisy_of(), start=0, stop=60, batch=25, **how)
    assert votes.tolist() == [0, 60, 0, 0]


def test_infinite_logits_vote() -> None:
    def infinite(inputs: Tensor) -> Tensor:
        return torch.tensor([-np.inf, np.inf, 1.0, -np.inf]).expand(len(inputs), 4)

    how = HOW | {"num_classes": 4}
    assert count_votes(infinite, noisy_of(), start=0, stop=9, batch=4, **how)[1] == 9


LOOKS = [5, 100, 101, 350, 1000]


@pytest.mark.parametrize("batch", [1, 30, 512])
def test_a_look_is_a_prefix(batch: int) -> None:
    noisy, seen = noisy_of(), []
    last = 101 if batch == 1 else 1000
    looks = [look for look in LOOKS if look <= last]

    def stop(counts: np.ndarray) -> bool:
        seen.append(counts)
        return False

    votes = count_until(of_batch, noisy, looks=looks, stop=stop, batch=batch, **HOW)
    assert [one.sum() for one in seen] == looks
    for look, counts in zip(looks, seen, strict=True):
        prefix = count_votes(of_batch, noisy, start=0, stop=look, batch=batch, **HOW)
        assert counts.tolist() == prefix.tolist()
    assert votes.tolist() == seen[-1].tolist()


def test_it_stops_at_the_first_look_that_says_so_and_shows_no_draw_twice() -> None:
    model = Watching()
    votes = count_until(
        model, noisy_of(), looks=LOOKS, stop=lambda n: n.sum() > 100, batch=30, **HOW
    )
    assert votes.sum() == 101
    assert len(model.shapes) == 4  # draws 0, ..., 119
    model = Watching()
    count_until(model, noisy_of(), looks=LOOKS, stop=lambda n: n.sum() > 99, batch=100, **HOW)
    assert len(model.shapes) == 1


def test_the_callers_counts_are_its_own() -> None:
    def spoil(counts: np.ndarray) -> bool:
        counts[:] = 0
        return False

    votes = count_until(of_batch, noisy_of(), looks=[10, 20], stop=spoil, batch=8, **HOW)
    assert votes.sum() == 20


def test_the_model_and_torch_get_their_state_back() -> None:
    model = nn.Sequential(Watching(), nn.Dropout(), nn.BatchNorm1d(10)).train()
    model[2].eval()
    count_votes(model, noisy_of(), start=0, stop=50, batch=50, **HOW)
    assert [module.training for module in (model, *model)] == [True, True, True, False]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for error in (KeyboardInterrupt, ZeroDivisionError):
            with pytest.raises(error), evaluating(model), one_core():
                assert not model.training and torch.get_num_threads() == 1
                raise error
            assert model.training and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupt_ends_every_thread(threads: int) -> None:
    calls = []

    def interrupted(inputs: Tensor) -> Tensor:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return inputs.flatten(1)[:, :10]

    alive = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        count_votes(interrupted, noisy_of(), start=0, stop=10**6, batch=10, threads=threads, **HOW)
    assert threading.active_count() == alive
    assert len(calls) < 5 + 3 * threads + 100
    again = count_votes(of_batch, noisy_of(), start=0, stop=100, batch=10, **HOW)
    assert again.sum() == 100


def wrong_logits(change: str) -> object:
    def model(inputs: Tensor) -> object:
        logits = inputs.flatten(1)[:, :10].clone()
        if change == "nan":
            logits[7, 3] = np.nan
        return {
            "nan": logits,
            "classes": logits[:, :9],
            "rows": logits[1:],
            "flat": logits.reshape(-1),
            "numpy": logits.numpy(),
            "labels": logits.argmax(1, keepdim=True).expand(-1, 10),
        }[change]

    return model


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("nan", r"the model gives NaN for draw 27 of point 3, no vote"),
        ("classes", r"torch.float32 of shape \(20, 9\), legal are float logits of .*\(20, 10\)"),
        ("rows", r"the model returns torch.float32 of shape \(19, 10\), legal"),
        ("flat", r"the model returns torch.float32 of shape \(200,\), legal"),
        ("numpy", "the model returns ndarray, legal are float logits"),
        ("labels", r"the model returns torch.int64 of shape \(20, 10\), legal"),
    ],
)
def test_wrong_logits_are_one_line(change: str, line: str) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        count_votes(wrong_logits(change), noisy_of(), start=20, stop=40, batch=20, **HOW)
    assert "\n" not in str(caught.value)


def test_a_model_for_other_inputs_is_one_line() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(63, 10))
    with pytest.raises(ValueError, match=r"fails on inputs of shape \(20, 1, 8, 8\): mat1") as e:
        count_votes(model, noisy_of(), start=0, stop=40, batch=20, **HOW)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"shape": (1, 8, 7)}, r"shape = \(1, 8, 7\) has not the 64 coordinates"),
        ({"shape": (-8, -8)}, r"shape = \(-8, -8\) has not"),
        ({"num_classes": 0}, r"num_classes = 0 is outside \[1, inf\)"),
        ({"batch": 0}, r"batch = 0 is outside \[1, "),
        ({"point": -1}, r"point = -1 is outside \[0, 2\^28\)"),
        ({"start": -1}, r"draws \[-1, 10\) in batches of 10 are outside"),
        ({"start": 11}, r"draws \[11, 10\) in batches of 10 are outside"),
        ({"stop": DRAWS}, r"in batches of 10 are outside \[0, 68719476736\]"),
        ({"threads": 0}, r"threads = 0 is outside \[1, 4096\]"),
        ({"device": "tpu"}, r"device = 'tpu' is not one of"),
    ],
)
def test_bad_input_is_one_line(wrong: dict, line: str) -> None:
    given = HOW | {"start": 0, "stop": 10, "batch": 10} | wrong
    with pytest.raises(ValueError, match=line) as caught:
        count_votes(of_batch, noisy_of(), **given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("looks", "line"),
    [([], "0 entries"), ([0, 3], r"looks\[0\] = 0"), ([3, 5, 4], r"looks\[2\] = 4 is not above")],
)
def test_looks_increase(looks: list[int], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        checked_looks(looks)


def test_a_device_has_larger_batches() -> None:
    assert default_batch(64, device="cuda") == DEVICE_ROWS > default_batch(64)
    assert default_batch(3072, device="cuda:1") == DEVICE_ROWS
    with pytest.raises(ValueError, match="dim = 0 is outside"):
        default_batch(0)


def test_a_perturber_that_knows_no_device_is_copied() -> None:
    """What a GPU does with the integers of `noisy_levels`, on memory that is no NumPy array's."""
    evaluator = Evaluator(of_batch, noisy_of(), batch=6, device="cpu", **HOW)
    buffer = torch.zeros(6, 64)

    class HostOnly:
        dim = 64
        fill = noisy_of().fill

    evaluator.perturber = HostOnly()
    evaluator.fill(buffer, 12)
    np.testing.assert_array_equal(buffer.numpy(), shown(noisy_of(), 6, first=12))


INDEPENDENCE = {"shape": SHAPE, "num_classes": 10, "inputs": 300, "batch": 64}


def plain(inputs: Tensor) -> Tensor:
    return inputs.flatten(1)[:, :10]


def by_row(inputs: Tensor) -> Tensor:
    """The logits move with the row by less than the gaps of the inputs."""
    return plain(inputs) + 1e-6 * torch.arange(len(inputs))[:, None]


def first_row(inputs: Tensor) -> Tensor:
    """Another vote in row 0 of batches of 64 alone."""
    return plain(inputs) * torch.where(
        (torch.arange(len(inputs)) == 0) & (len(inputs) == 64), -1, 1
    ).view(-1, 1)


def alone(inputs: Tensor) -> Tensor:
    """Another vote for inputs that are alone in their batch."""
    return -plain(inputs) if len(inputs) == 1 else plain(inputs)


def test_the_same_logits_everywhere_are_seen() -> None:
    found = batch_independent(plain, noisy_of(), **INDEPENDENCE)
    assert found.bitwise_equal and found.argmax_equal and found.largest_difference == 0
    two = np.sort(shown(noisy_of(), 300, point=0)[:, :10].astype(float), axis=1)[:, -2:]
    assert found.smallest_gap == (two[:, 1] - two[:, 0]).min()
    assert "equal to the last bit in batches of 1, 7, 64" in found.text
    assert "observed on these, assumed of all others" in found.text


def test_logits_that_move_by_less_than_the_gaps_are_told() -> None:
    found = batch_independent(by_row, noisy_of(), **INDEPENDENCE)
    assert not found.bitwise_equal and found.argmax_equal
    assert found.largest_difference == pytest.approx(63e-6, rel=0.02)
    assert "logits moved by up to 6.3e-05" in found.text and "votes of 300" in found.text


@pytest.mark.parametrize("model", [of_batch, first_row, alone])
def test_votes_that_change_are_counted(model: object) -> None:
    found = batch_independent(model, noisy_of(), **INDEPENDENCE)
    assert not found.argmax_equal and not found.bitwise_equal
    # Row 0 has draws 0, 64, ...; shifted 32, 96, ..., 288; and reversed 63, ..., 255.
    assert found.differing_votes == {first_row: 14, alone: 300}.get(model, found.differing_votes)
    assert f"{found.differing_votes} of the votes of 300 noisy inputs changed" in found.text
    assert "whole batches of 64" in found.text


def test_a_real_network_is_compared_to_the_last_bit() -> None:
    found = batch_independent(model_of("mlp"), noisy_of(), **INDEPENDENCE)
    assert found.argmax_equal and found.largest_difference < 1e-4 < found.smallest_gap


def test_one_class_never_ties() -> None:
    found = batch_independent(
        lambda inputs: plain(inputs)[:, :1], noisy_of(), **INDEPENDENCE | {"num_classes": 1}
    )
    assert found.smallest_gap == np.inf and found.argmax_equal


def test_independence_refuses_nan_and_no_inputs() -> None:
    with pytest.raises(ValueError, match="NaN for draw 7 of point 0"):
        batch_independent(wrong_logits("nan"), noisy_of(), others=[], **INDEPENDENCE)
    with pytest.raises(ValueError, match=r"inputs = 0 is outside \[1, inf\)"):
        batch_independent(plain, noisy_of(), **INDEPENDENCE | {"inputs": 0})
