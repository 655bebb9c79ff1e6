"""The classifiers by name: mlp, cnn, resnet110, resnet50, each a map from inputs to logits.

Every model takes inputs in the unit of its data set and normalises them itself, by constants that
depend on the shape alone: pictures, whose pixels lie in [0, 1], as (x - 1/2) / (1/4), features as
they are (the data set standardises them). So noise, radii and attacks are all in that unit.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from simulations.classifier.backend import require
from simulations.classifier.resnets import CifarResNet
from simulations.philox import purpose_tag, words

Shape = tuple[int, ...]

#: (x - CENTRE) / SPREAD for pictures: powers of two, so that the subtraction alone rounds
CENTRE = 0.5
SPREAD = 0.25

#: units of each of the two hidden layers of the mlp
HIDDEN = 128

#: of the first convolution of the cnn; the second has twice as many
FILTERS = 32

INITIAL_WEIGHTS = purpose_tag("initial weights")


class Classifier(nn.Module):
    """A model that checks the shape of its inputs and normalises them.

    Parameters
    ----------
    architecture
        Its name in `ARCHITECTURES`.
    shape
        The shape of one input.
    num_classes
        The number of logits.
    body
        What maps normalised inputs (B, *shape) to logits (B, num_classes).
    """

    def __init__(self, architecture: str, shape: Shape, num_classes: int, body: nn.Module) -> None:
        super().__init__()
        self.architecture = architecture
        self.shape = shape
        self.num_classes = num_classes
        self.body = body

    def forward(self, inputs: Tensor) -> Tensor:
        """The logits (B, num_classes) of inputs (B, *shape).

        Raises
        ------
        ValueError
            For inputs of another shape.
        """
        checked_shape(inputs.shape, self.shape)
        if len(self.shape) == 3:
            inputs = (inputs - CENTRE) * (1 / SPREAD)
        logits: Tensor = self.body(inputs)
        return logits


def checked_shape(found: torch.Size | Shape, shape: Shape) -> None:
    """Raise ValueError unless `found` is (B, *shape).

    Examples
    --------
    >>> checked_shape((5, 1, 8, 8), (1, 8, 8))
    >>> checked_shape((5, 64), (1, 8, 8))
    Traceback (most recent call last):
    ValueError: the inputs have shape (5, 64), the model takes (B, 1, 8, 8)
    """
    if tuple(found[1:]) != shape or len(found) == 0:
        takes = ", ".join(str(n) for n in shape)
        raise ValueError(f"the inputs have shape {tuple(found)}, the model takes (B, {takes})")


def _mlp(shape: Shape, num_classes: int) -> nn.Module:
    """Two hidden layers with ReLU, for inputs of any shape."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, num_classes),
    )


def _cnn(shape: Shape, num_classes: int) -> nn.Module:
    """Two convolutions with ReLU, then averages of a 4 x 4 grid, then one linear layer."""
    channels, height, width = _picture("cnn", shape, multiple=8)
    return nn.Sequential(
        nn.Conv2d(channels, FILTERS, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(FILTERS, 2 * FILTERS, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AvgPool2d((height // 8, width // 8)),
        nn.Flatten(),
        nn.Linear(2 * FILTERS * 4 * 4, num_classes),
    )


def _resnet110(shape: Shape, num_classes: int) -> nn.Module:
    channels, _, _ = _picture("resnet110", shape, multiple=4)
    return CifarResNet(blocks=18, channels=channels, num_classes=num_classes)


def _resnet50(shape: Shape, num_classes: int) -> nn.Module:
    channels, _, _ = _picture("resnet50", shape, multiple=32)
    if channels != 3:
        raise ValueError(f"resnet50 takes pictures of 3 channels, got the shape {shape}")
    require("torchvision")
    from torchvision.models import resnet50

    model: nn.Module = resnet50(weights=None, num_classes=num_classes)
    return model


def _picture(architecture: str, shape: Shape, *, multiple: int) -> tuple[int, int, int]:
    """(channels, height, width), if that is what the shape is."""
    if len(shape) != 3 or shape[1] % multiple or shape[2] % multiple:
        raise ValueError(
            f"{architecture} takes pictures (channels, height, width), height and width multiples "
            f"of {multiple}, got the shape {shape}"
        )
    return shape[0], shape[1], shape[2]


_BODIES: dict[str, Callable[[Shape, int], nn.Module]] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "resnet110": _resnet110,
    "resnet50": _resnet50,
}

ARCHITECTURES = tuple(_BODIES)

_DEFAULTS = {
    "digits": "mlp",
    "breast_cancer": "mlp",
    "cifar10": "resnet110",
    "imagenet": "resnet50",
}


def default_architecture(dataset_name: str) -> str:
    """The architecture that a data set gets unless another one is named.

    Raises
    ------
    ValueError
        For a name that is no data set's.

    Examples
    --------
    >>> default_architecture("digits"), default_architecture("cifar10")
    ('mlp', 'resnet110')
    """
    if dataset_name not in _DEFAULTS:
        legal = ", ".join(repr(name) for name in _DEFAULTS)
        raise ValueError(f"dataset = {dataset_name!r} is not one of {legal}")
    return _DEFAULTS[dataset_name]


def build(architecture: str, *, shape: Shape, num_classes: int, seed: int) -> Classifier:
    """A classifier with initial weights that depend on the seed alone, on the processor.

    Weight e of layer i (convolutions and linear layers, in the order of the model's modules) is
    b (2 u - 1) with b = sqrt(6 / fan-in), of variance 2 / fan-in (He et al., "Delving deep into
    rectifiers", ICCV 2015), and u = (w + 1/2) / 2^32, w the Philox word of this seed, sample i
    and coordinate e: the same on every machine and with every version of torch. Biases and shifts
    are 0, the scales of normalisations 1. torch's own random state stays as it is.

    Parameters
    ----------
    architecture
        One of `ARCHITECTURES`. "resnet50" needs torchvision.
    shape
        The shape of one input: any for "mlp", (channels, height, width) for the others, with
        height and width multiples of 8 ("cnn"), 4 ("resnet110") or 32 ("resnet50").
    num_classes
        At least 2.
    seed
        In [0, 2^64).

    Returns
    -------
    Classifier
        float32, in evaluation mode.

    Raises
    ------
    ValueError
        For another architecture, a shape that it does not take, fewer than two classes, or a
        seed outside [0, 2^64).
    MissingBackendError
        For "resnet50" without torchvision.

    Examples
    --------
    >>> model = build("mlp", shape=(1, 8, 8), num_classes=10, seed=0)
    >>> model(torch.zeros(3, 1, 8, 8)).shape
    torch.Size([3, 10])
    >>> build("lenet", shape=(1, 8, 8), num_classes=10, seed=0)
    Traceback (most recent call last):
    ValueError: architecture = 'lenet' is not one of 'mlp', 'cnn', 'resnet110', 'resnet50'
    """
    if architecture not in _BODIES:
        legal = ", ".join(repr(name) for name in ARCHITECTURES)
        raise ValueError(f"architecture = {architecture!r} is not one of {legal}")
    shape = tuple(operator.index(n) for n in shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"shape = {shape} is not a tuple of positive integers")
    if operator.index(num_classes) < 2:
        raise ValueError(f"num_classes = {num_classes} is below 2")
    # The constructors draw weights of their own, from torch's state, which is put back.
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        body = _BODIES[architecture](shape, num_classes).to(torch.float32)
        model = Classifier(architecture, shape, num_classes, body)
    _initialise(model, seed)
    return model.eval()


@torch.no_grad()
def _initialise(model: nn.Module, seed: int) -> None:
    """Set every parameter as `build` says."""
    layers = 0
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(_weights(tuple(module.weight.shape), seed=seed, layer=layers))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
            layers += 1
        elif next(module.parameters(recurse=False), None) is not None:
            # Else torch's own state would decide, and the seed alone would not.
            raise AssertionError(f"no rule for the parameters of {type(module)}")


def _weights(shape: Shape, *, seed: int, layer: int) -> Tensor:
    """The initial weights of one layer."""
    drawn = words(
        seed=seed, tag=INITIAL_WEIGHTS, first_sample=layer, num_samples=1, dim=math.prod(shape)
    )
    uniform = (drawn[0].astype(np.float64) + 0.5) / 2**32
    bound = math.sqrt(6 / math.prod(shape[1:]))
    return torch.from_numpy((bound * (2 * uniform - 1)).astype(np.float32)).reshape(shape)
