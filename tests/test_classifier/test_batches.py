"""The state in which votes are counted: whose layers, whose threads, and one caller at a time."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from simulations.classifier import batches
from simulations.classifier.batches import channels_last, linear_by_onednn
from simulations.classifier.models import build
from simulations.classifier.noisy_inputs import NoisyInputs
from simulations.classifier.votes import count_votes
from theory.noise import Laplace


def test_linear_layers_go_another_way_and_come_back() -> None:
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10, bias=False))
    double = nn.Linear(64, 10).double()
    own = {id(module): module.forward.__func__ for module in (*model, double)}
    inputs = torch.from_numpy(np.random.default_rng(3).random((50, 64), np.float32))
    with torch.inference_mode():
        expected = model(inputs)
        with linear_by_onednn(model), linear_by_onednn(double):
            assert {"forward"} <= vars(model[0]).keys() & vars(model[2]).keys()
            assert "forward" not in vars(double) and "forward" not in vars(model[1])
            found = model(inputs)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert all(own[id(module)] is module.forward.__func__ for module in (*model, double))
    with pytest.raises(ZeroDivisionError), linear_by_onednn(model):
        raise ZeroDivisionError
    assert not any("forward" in vars(module) for module in model)


def test_weights_of_convolutions_are_channels_last_and_come_back() -> None:
    model = build("cnn", shape=(1, 8, 8), num_classes=10, seed=0)
    weights = [one.weight for one in model.modules() if isinstance(one, nn.Conv2d)]
    before = [(weight.data_ptr(), weight.stride(), weight.clone()) for weight in weights]
    with channels_last(model):
        assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)
        assert weights[1].stride() != before[1][1]
        assert all(torch.equal(w, kept) for w, (_, _, kept) in zip(weights, before, strict=True))
    with pytest.raises(ZeroDivisionError), channels_last(model):
        raise ZeroDivisionError
    for weight, (place, stride, kept) in zip(weights, before, strict=True):
        assert (weight.data_ptr(), weight.stride()) == (place, stride)
        assert torch.equal(weight, kept)
    with channels_last(torch.nn.Linear(2, 2)), channels_last(lambda inputs: inputs):
        pass


def test_without_onednn_layers_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(nn.Linear(64, 10))

    def other(*arguments: object) -> Tensor:
        raise TypeError("a torch whose operator takes other arguments")

    def wrong(inputs: Tensor, weight: Tensor, *rest: object) -> Tensor:
        return inputs @ weight.T

    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    for operators in (
        SimpleNamespace(),
        *(SimpleNamespace(_linear_pointwise=f) for f in (other, wrong)),
    ):
        batches.has_onednn.cache_clear()
        with monkeypatch.context() as without:
            without.setattr(torch.ops, "mkldnn", operators)
            with linear_by_onednn(model):
                assert "forward" not in vars(model[0])
    batches.has_onednn.cache_clear()
    with monkeypatch.context() as without:
        without.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        with linear_by_onednn(model):
            assert "forward" not in vars(model[0])
    batches.has_onednn.cache_clear()


def test_two_callers_wait_for_each_other() -> None:
    """Else the first to end gives the model and torch their state back while the other counts."""
    x = np.random.default_rng(64).random(64).astype(np.float32)
    noisy = NoisyInputs(x, Laplace(0.5), seed=11, purpose="estimation")
    model = build("mlp", shape=(1, 8, 8), num_classes=10, seed=5)
    how = {"shape": (1, 8, 8), "num_classes": 10, "point": 3, "start": 0, "stop": 10, "batch": 10}
    inside = threading.Event()
    seen: list[bool] = []

    class Slow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, inputs: Tensor) -> Tensor:
            inside.set()
            other.join(0.3)  # the other caller cannot end before this one
            seen.append(other.is_alive())
            return self.model(inputs)

    def also() -> None:
        inside.wait()
        count_votes(model, noisy, **how)

    other = threading.Thread(target=also)
    other.start()
    alone = count_votes(Slow(), noisy, threads=1, **how)
    other.join()
    assert seen == [True]
    assert alone.sum() == 10
    assert not any("forward" in vars(module) for module in model.modules())
