"""Batches of noisy inputs through a model: whole, each on one core, and checked.

What `votes` counts and `batch_independence` compares is made here, so that both look at the very
same arithmetic: evaluation mode, no gradients, one core a batch, linear layers by oneDNN, pictures
channels-last. Elsewhere the logits of the same model may differ in their last bits.
"""

from __future__ import annotations

import ctypes
import math
import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from simulations.classifier.backend import checked_device
from simulations.classifier.noisy_inputs import DRAWS, Perturber, sample_index

Shape = tuple[int, ...]
Model = Callable[[Tensor], Tensor]

#: Coordinates of a batch that stay in a core's cache with what the first layers make of them, and
#: its rows: fewer leave the matrix products too thin, more gain nothing.
BATCH_COORDINATES, FEWEST_ROWS, MOST_ROWS = 2**17, 8, 2048
#: The same with convolutions, which make more of an input than it has coordinates
MOST_ROWS_CONVOLVED = 256

#: Held while votes are counted: torch's number of threads and the model's state are everybody's.
_VOTING = RLock()

#: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's mallopt, and their sizes: the largest legal one
_TRIM_FROM, _MAP_FROM = (-1, 2**30), (-3, 2**25)

#: Rows of a batch on a GPU, and its coordinates (1 GiB of float64 noise)
DEVICE_ROWS, DEVICE_COORDINATES = 4096, 2**27


def default_batch(dim: int, *, device: str = "cpu", model: Model | None = None) -> int:
    """Rows of a batch that a device is fast with: a power of two.

    Parameters
    ----------
    dim
        Coordinates of an input, >= 1.
    device
        As for `count_votes`.
    model
        What is to be run: with convolutions fewer rows are faster on a processor.

    Raises
    ------
    ValueError
        If dim is below 1.

    Examples
    --------
    >>> [default_batch(dim) for dim in (64, 3 * 32**2, 3 * 224**2)]
    [2048, 32, 8]
    >>> default_batch(64, model=nn.Conv2d(1, 32, 3))
    256
    """
    if dim < 1:
        raise ValueError(f"dim = {dim} is outside [1, inf)")
    if device == "cpu":
        most = MOST_ROWS_CONVOLVED if _convolutions(model) else MOST_ROWS
        rows = min(most, max(FEWEST_ROWS, BATCH_COORDINATES // dim))
    else:
        rows = min(DEVICE_ROWS, max(FEWEST_ROWS, DEVICE_COORDINATES // dim))
    return 1 << (rows.bit_length() - 1)


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """The model in evaluation mode, every module put back into its own mode afterwards."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    training = [module for module in modules if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def one_core() -> Iterator[None]:
    """Torch's own threads switched off, also for threads that begin meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def has_onednn() -> bool:
    """Whether this torch has oneDNN's linear layer, and it does what is asked: it is not public."""
    if not torch.backends.mkldnn.is_available():
        return False
    weight, inputs = torch.tensor([[1.0, -2.0]]), torch.tensor([[3.0, 4.0], [0.5, 0.0]])
    try:
        with torch.inference_mode():
            for bias, expected in ((None, [[-5.0], [0.5]]), (torch.ones(1), [[-4.0], [1.5]])):
                found = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
                if found.tolist() != expected:
                    return False
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False
    return True


def _onednn(weight: Tensor, bias: Tensor | None) -> Model:
    """x -> x weight' + bias by oneDNN; inputs that do not fit meet torch's own error."""
    linear = torch.ops.mkldnn._linear_pointwise
    width = weight.shape[1]

    def forward(inputs: Tensor) -> Tensor:
        if inputs.dtype != torch.float32 or inputs.ndim != 2 or inputs.shape[1] != width:
            return nn.functional.linear(inputs, weight, bias)
        found: Tensor = linear(inputs, weight, bias, "none", [], "")
        return found

    return forward


def _is_plain(module: nn.Module) -> bool:
    """Whether a module is a linear layer in float32 on a processor, and nothing else."""
    if type(module) is not nn.Linear or "forward" in vars(module):
        return False
    return module.weight.dtype == torch.float32 and module.weight.device.type == "cpu"


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Let glibc keep what torch frees; False where there is no such allocator.

    Otherwise the activations of each batch go back to the system and come again page by page,
    which takes a small CNN half of its time. It is for the process and for good; a result never
    depends on it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(*_TRIM_FROM)) and bool(mallopt(*_MAP_FROM))


@contextmanager
def linear_by_onednn(model: Model) -> Iterator[None]:
    """Linear layers by oneDNN instead of MKL, where torch has it; the same sums in another order.

    MKL keeps to half of the vector unit on processors that are not its maker's. Layers get their
    own forward back; what is no plain float32 layer on a processor keeps it. All votes are counted
    so: those that certify, those that judge an attack and those of `batch_independence`.
    """
    modules = model.modules() if isinstance(model, nn.Module) and has_onednn() else ()
    changed = [module for module in modules if _is_plain(module)]
    for module in changed:
        module.__dict__["forward"] = _onednn(module.weight, module.bias)
    try:
        yield
    finally:
        for module in changed:
            del module.__dict__["forward"]


def _convolutions(model: Model | None) -> list[nn.Conv2d]:
    modules = model.modules() if isinstance(model, nn.Module) else ()
    return [one for one in modules if isinstance(one, nn.Conv2d)]


@contextmanager
def channels_last(model: Model) -> Iterator[None]:
    """The weights of convolutions channels-last, and then as they were.

    It is they that choose the layout where an input of one channel has no layout of its own.
    """
    before = [(one.weight, one.weight.data) for one in _convolutions(model)]
    for weight, data in before:
        weight.data = data.contiguous(memory_format=torch.channels_last)
    try:
        yield
    finally:
        for weight, data in before:
            weight.data = data


@contextmanager
def voting(model: Model) -> Iterator[None]:
    """Torch and the model in the state in which votes are counted, by one caller at a time."""
    keep_freed_memory()
    with _VOTING, evaluating(model), one_core(), linear_by_onednn(model), channels_last(model):
        yield


def logits_of(model: Model, inputs: Tensor, num_classes: int) -> Tensor:
    """The logits of a batch, seen to be (B, num_classes) floats.

    Raises
    ------
    ValueError
        If the model fails on the batch, or returns something else.
    """
    try:
        logits = model(inputs)
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"the model fails on inputs of shape {tuple(inputs.shape)}: {reason}"
        ) from error
    legal = (inputs.shape[0], num_classes)
    if not isinstance(logits, Tensor) or not logits.is_floating_point() or logits.shape != legal:
        found = (
            f"{logits.dtype} of shape {tuple(logits.shape)}"
            if isinstance(logits, Tensor)
            else type(logits).__name__
        )
        raise ValueError(f"the model returns {found}, legal are float logits of shape {legal}")
    return logits


class Evaluator:
    """A model on the noisy inputs of one point: logits and labels of whole batches of draws.

    Parameters are those of `count_votes`. Use `room` once a thread.

    Raises
    ------
    ValueError
        For a parameter outside its set.
    """

    def __init__(
        self,
        model: Model,
        perturber: Perturber,
        *,
        shape: Shape,
        num_classes: int,
        point: int,
        batch: int,
        device: str,
    ) -> None:
        self.shape = tuple(operator.index(n) for n in shape)
        self.num_classes, self.batch = operator.index(num_classes), operator.index(batch)
        if math.prod(self.shape) != perturber.dim or min(self.shape, default=0) < 1:
            raise ValueError(
                f"shape = {self.shape} has not the {perturber.dim} coordinates of the noisy inputs"
            )
        if self.num_classes < 1:
            raise ValueError(f"num_classes = {num_classes} is outside [1, inf)")
        if not 1 <= self.batch <= DRAWS:
            raise ValueError(f"batch = {batch} is outside [1, {DRAWS}]")
        self.device = checked_device(device)
        sample_index(point, 0, 0)
        self.point, self.perturber = point, perturber
        self.model = model.to(self.device) if isinstance(model, nn.Module) else model

    @property
    def on_cpu(self) -> bool:
        """Whether a processor evaluates the model."""
        return self.device.type == "cpu"

    def room(self) -> tuple[Any, Tensor]:
        """A buffer for a batch of flat inputs, and the same memory as inputs (B, *shape)."""
        flat = (self.batch, self.perturber.dim)
        if self.on_cpu:
            buffer = np.empty(flat, np.float32)
            tensor = torch.from_numpy(buffer)
        else:
            buffer = tensor = torch.empty(flat, dtype=torch.float32, device=self.device)
        return buffer, tensor.view(flat[0], *self.shape)

    def fill(self, buffer: Any, first: int) -> None:
        """Write the noisy inputs of draws first, ... into a buffer of `room`."""
        if isinstance(buffer, np.ndarray):
            self.perturber.fill(buffer, point=self.point, first=first)
        elif hasattr(self.perturber, "fill_device"):
            self.perturber.fill_device(buffer, point=self.point, first=first)
        else:
            on_host = np.empty(tuple(buffer.shape), np.float32)
            self.perturber.fill(on_host, point=self.point, first=first)
            buffer.copy_(torch.from_numpy(on_host))

    def logits(self, inputs: Tensor) -> Tensor:
        """The logits of inputs (B, *shape)."""
        if inputs.ndim == 4:
            # What convolutions are fastest with; 3 channels make the copy a small price.
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return logits_of(self.model, inputs, self.num_classes)

    def labels(self, inputs: Tensor, first: int) -> NDArray[np.int64]:
        """The class of the largest logit of each input, the smallest class of those that tie.

        Raises
        ------
        ValueError
            If a logit is NaN.
        """
        largest, label = self.logits(inputs).max(dim=1)
        missing = largest.isnan()
        if bool(missing.any()):
            draw = first + int(missing.to(torch.uint8).argmax())
            raise ValueError(f"the model gives NaN for draw {draw} of point {self.point}, no vote")
        found: NDArray[np.int64] = label.cpu().numpy()
        return found
