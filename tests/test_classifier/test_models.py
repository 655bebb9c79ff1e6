"""The models: their sizes, their initial weights, their normalisation, and what they refuse."""

from __future__ import annotations

import math
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from simulations.classifier.datasets import DATASETS
from simulations.classifier.models import ARCHITECTURES, build, default_architecture
from simulations.classifier.resnets import CifarResNet, ResidualBlock
from simulations.kernels import MissingBackendError
from simulations.philox import purpose_tag, words

PICTURE = {"mlp": (1, 8, 8), "cnn": (1, 8, 8), "resnet110": (3, 32, 32)}


def parameters(model: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def small(architecture: str, seed: int = 0) -> nn.Module:
    return build(architecture, shape=PICTURE[architecture], num_classes=10, seed=seed)


@pytest.mark.parametrize("architecture", PICTURE)
def test_a_model_maps_inputs_to_finite_float32_logits(architecture):
    model = small(architecture)
    shape = PICTURE[architecture]
    with torch.inference_mode():
        logits = model(torch.rand(3, *shape, generator=torch.Generator().manual_seed(0)))
    assert logits.shape == (3, 10) and logits.dtype == torch.float32
    assert torch.isfinite(logits).all() and logits.std() > 0
    assert not model.training
    assert (model.architecture, model.shape, model.num_classes) == (architecture, shape, 10)


@pytest.mark.parametrize(
    ("architecture", "shape", "num_classes", "expected"),
    [
        ("mlp", (1, 8, 8), 10, 65 * 128 + 129 * 128 + 129 * 10),
        ("mlp", (30,), 2, 31 * 128 + 129 * 128 + 129 * 2),
        ("cnn", (1, 8, 8), 10, 10 * 32 + 289 * 64 + 1025 * 10),
        ("cnn", (3, 32, 32), 10, 28 * 32 + 289 * 64 + 1025 * 10),
        # 1.7 M, as in table 6 of He et al. 2016.
        ("resnet110", (3, 32, 32), 10, 1_727_962),
    ],
)
def test_numbers_of_parameters(architecture, shape, num_classes, expected):
    model = build(architecture, shape=shape, num_classes=num_classes, seed=0)
    assert len(parameters(model)) == expected


@pytest.mark.parametrize(("blocks", "layers"), [(3, 20), (18, 110)])
def test_a_residual_network_has_6_n_plus_2_layers(blocks, layers):
    network = CifarResNet(blocks=blocks, channels=3, num_classes=10)
    weighted = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weighted) == layers
    # Option A: every weight of a convolution is in a 3 x 3 filter, none in a shortcut.
    assert all(m.kernel_size == (3, 3) for m in weighted if isinstance(m, nn.Conv2d))


def test_the_stages_halve_the_picture_and_double_the_filters():
    network = CifarResNet(blocks=3, channels=3, num_classes=10)
    shapes = []
    for block in network.blocks:
        block.register_forward_hook(lambda _m, _i, outputs: shapes.append(tuple(outputs.shape)))
    network(torch.zeros(2, 3, 32, 32))
    assert shapes == [(2, 16, 32, 32)] * 3 + [(2, 32, 16, 16)] * 3 + [(2, 64, 8, 8)] * 3


@pytest.mark.parametrize(("channels", "stride"), [((4, 4), 1), ((4, 8), 2)])
def test_a_block_without_convolutions_is_its_shortcut(channels, stride):
    block = ResidualBlock(*channels, stride).eval()
    nn.init.zeros_(block.conv2.weight)
    inputs = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    expected = torch.zeros(2, channels[1], 6 // stride, 6 // stride)
    new = channels[1] - channels[0]
    expected[:, new // 2 : channels[1] - new // 2] = inputs[:, :, ::stride, ::stride]
    assert torch.equal(block(inputs), expected.relu())


def test_the_initial_weights_are_he_uniform_words_of_philox():
    model = small("mlp", seed=2**40 + 7)
    first, second, last = (m for m in model.modules() if isinstance(m, nn.Linear))
    for layer, module in enumerate((first, second, last)):
        out, fan_in = module.weight.shape
        word = words(
            seed=2**40 + 7,
            tag=purpose_tag("initial weights"),
            first_sample=layer,
            num_samples=1,
            dim=out * fan_in,
        )
        uniform = (word.astype(np.float64) + 0.5) / 2**32
        expected = (math.sqrt(6 / fan_in) * (2 * uniform - 1)).astype(np.float32)
        assert np.array_equal(module.weight.detach().numpy(), expected.reshape(out, fan_in))
        assert not module.bias.any()
    # Its variance is 2 / fan-in: 4 standard deviations of the estimate on 16384 weights.
    variance = second.weight.var().item()
    assert abs(variance / (2 / 128) - 1) < 4 * math.sqrt(0.8 / 16384)


@pytest.mark.parametrize("architecture", PICTURE)
def test_the_seed_alone_decides_the_weights(architecture):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = parameters(small(architecture, 3))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(parameters(small(architecture, 3)), one)
    # torch's own generator takes the seed modulo 2^32.
    for other in (4, 3 + 2**32):
        assert not torch.equal(parameters(small(architecture, other)), one)


def test_the_layers_that_normalise_begin_as_the_identity():
    model = small("resnet110")
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 109
    for norm in norms:
        assert (norm.weight == 1).all() and (norm.bias == 0).all()
        assert (norm.running_mean == 0).all() and (norm.running_var == 1).all()


def recorded(model: nn.Module) -> list[torch.Tensor]:
    """What the body of a model is given, call by call."""
    given: list[torch.Tensor] = []
    model.body.register_forward_pre_hook(lambda _module, inputs: given.append(inputs[0]))
    return given


def test_pictures_are_normalised_and_features_are_not():
    picture = small("cnn")
    given = recorded(picture)
    inputs = torch.tensor([0, 0.25, 0.5, 1, -3, 0.1]).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    picture(inputs)
    expected = [-2, -1, 0, 2, -14, float((np.float32(0.1) - np.float32(0.5)) * np.float32(4))]
    assert given[0][:, 0, 0, 0].tolist() == expected
    features = build("mlp", shape=(3,), num_classes=2, seed=0)
    given = recorded(features)
    features(torch.tensor([[0.0, 0.25, 1.0]]))
    assert given[0].tolist() == [[0.0, 0.25, 1.0]]


@pytest.mark.parametrize("architecture", ["cnn", "resnet110"])
def test_the_memory_format_changes_no_logit_beyond_rounding(architecture):
    model = small(architecture)
    inputs = torch.rand(2, *PICTURE[architecture], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = model(inputs)
        model = model.to(memory_format=torch.channels_last)
        last = model(inputs.to(memory_format=torch.channels_last))
    assert torch.allclose(plain, last, rtol=1e-3, atol=1e-4 * plain.abs().max().item())


@pytest.mark.parametrize("architecture", PICTURE)
def test_a_prediction_does_not_depend_on_the_others_in_the_batch(architecture):
    model = small(architecture)
    inputs = torch.rand(4, *PICTURE[architecture], generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        together = model(inputs)
        alone = torch.cat([model(one[None]) for one in inputs])
    scale = together.abs().max().item()
    # Normalisation by the statistics of the batch, as in training, is another function.
    assert torch.allclose(together, alone, rtol=0, atol=1e-5 * scale)
    if architecture == "resnet110":
        with torch.no_grad():
            trained = model.train()(inputs)
        assert not torch.allclose(together, trained, rtol=0, atol=1e-2 * scale)


@pytest.mark.parametrize(
    "shape", [(64,), (5, 64), (5, 1, 8, 9), (5, 8, 8), (5, 3, 8, 8), (5, 1, 1, 8, 8), ()]
)
def test_inputs_of_another_shape_are_refused(shape):
    for architecture in ("mlp", "cnn"):
        with pytest.raises(ValueError, match=r"the model takes \(B, 1, 8, 8\)$") as caught:
            small(architecture)(torch.zeros(shape))
        assert f"have shape {tuple(shape)}" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"architecture": "lenet"}, "'lenet' is not one of 'mlp', 'cnn', 'resnet110', 'resnet50'"),
        ({"shape": ()}, r"shape = \(\) is not"),
        ({"shape": (1, 0, 8)}, r"shape = \(1, 0, 8\) is not"),
        ({"num_classes": 1}, "num_classes = 1 is below 2"),
        ({"seed": -1}, r"seed = -1 is outside \[0, 2\^64\)"),
        ({"seed": 2**64}, r"seed = 18446744073709551616 is outside"),
        ({"architecture": "cnn", "shape": (64,)}, r"cnn takes pictures .*8, got the shape \(64,\)"),
        ({"architecture": "cnn", "shape": (1, 8, 12)}, "multiples of 8"),
        ({"architecture": "resnet110", "shape": (3, 30, 32)}, "resnet110 takes .*multiples of 4"),
        ({"architecture": "resnet50", "shape": (3, 200, 224)}, "resnet50 takes .*multiples of 32"),
        ({"architecture": "resnet50", "shape": (1, 224, 224)}, "pictures of 3 channels"),
    ],
)
def test_build_refuses(arguments, words):
    given = {"architecture": "mlp", "shape": (1, 8, 8), "num_classes": 10, "seed": 0} | arguments
    with pytest.raises(ValueError, match=words) as caught:
        build(given.pop("architecture"), **given)
    assert "\n" not in str(caught.value)


def test_resnet50_without_torchvision_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(MissingBackendError, match=r"torchvision is not installed: .*torchvision"):
        build("resnet50", shape=(3, 224, 224), num_classes=1000, seed=0)


def test_resnet50_is_torchvisions_without_its_weights(monkeypatch):
    asked = []

    def resnet50(**options):
        asked.append(options)
        layers = [nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*layers, nn.Linear(2, options["num_classes"]))

    package, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    package.models, models.resnet50 = models, resnet50
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    model = build("resnet50", shape=(3, 32, 64), num_classes=7, seed=0)
    assert asked == [{"weights": None, "num_classes": 7}]
    assert model(torch.zeros(2, 3, 32, 64)).shape == (2, 7)
    assert torch.equal(
        parameters(model),
        parameters(build("resnet50", shape=(3, 32, 64), num_classes=7, seed=0)),
    )


def test_parameters_without_a_rule_are_not_left_to_torchs_state(monkeypatch):
    models = ModuleType("torchvision.models")
    models.resnet50 = lambda **_: nn.Sequential(nn.PReLU())
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    with pytest.raises(AssertionError, match=r"no rule for the parameters of .*PReLU"):
        build("resnet50", shape=(3, 32, 32), num_classes=2, seed=0)


def test_every_data_set_has_an_architecture():
    chosen = [default_architecture(name) for name in DATASETS]
    assert chosen == ["mlp", "mlp", "resnet110", "resnet50"]
    assert set(chosen) < set(ARCHITECTURES)
    with pytest.raises(ValueError, match="'mnist' is not one of 'digits'"):
        default_architecture("mnist")
