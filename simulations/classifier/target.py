"""A classifier under attack: the network, the noise around its inputs, and the votes of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from simulations.classifier.backend import checked_device
from simulations.classifier.neighbourhoods import Neighbourhood
from simulations.classifier.votes import count_votes

__all__ = ["Target"]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What an attack and a check ask.

    Parameters
    ----------
    model
        Maps float32 (B, *shape) to logits (B, K); it is moved to the
        device and put into evaluation mode.
    around
        The inputs that an attack may choose, and the noise on them.
    shape
        Of one input of the model.
    num_classes
        K, at least 2.
    batch, device
        Inputs at once, which are part of the definition of the votes (`votes`), and where.

    Raises
    ------
    ValueError
        For a shape that is none, fewer than two classes, an empty batch, or no such device.
    """

    model: torch.nn.Module
    around: Neighbourhood
    shape: tuple[int, ...]
    num_classes: int
    batch: int = 1000
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.shape or min(self.shape) < 1:
            raise ValueError(f"shape = {self.shape}: legal is one size >= 1 for each axis")
        if self.num_classes < 2:
            raise ValueError(f"num_classes = {self.num_classes} is outside [2, inf)")
        if self.batch < 1:
            raise ValueError(f"batch = {self.batch} is outside [1, inf)")
        self.model.to(checked_device(self.device)).eval()

    @property
    def dim(self) -> int:
        """The coordinates of an input."""
        return math.prod(self.shape)

    def check_label(self, label: int) -> None:
        """Refuse what is no class, in one line."""
        if not 0 <= label < self.num_classes:
            raise ValueError(f"label = {label} is outside [0, {self.num_classes})")

    def votes(self, x: Any, *, purpose: str, point: int, start: int, stop: int) -> tuple[int, ...]:
        """The votes of draws start, ..., stop - 1 around x, of each class.

        Raises
        ------
        ValueError
            Without noise: there are no votes to count.
        """
        perturber = self.around.noisy(x, purpose=purpose)
        if perturber is None:
            raise ValueError("the classifier has no noise: only a smoothed one has votes")
        counts = count_votes(
            self.model,
            perturber,
            shape=self.shape,
            num_classes=self.num_classes,
            point=point,
            start=start,
            stop=stop,
            batch=self.batch,
            device=self.device,
        )
        return tuple(counts.tolist())

    def predict(self, x: Any) -> int:
        """The class of an input without noise."""
        seen = np.array(self.around.seen(x))
        with torch.inference_mode():
            one = torch.from_numpy(seen).reshape(1, *self.shape).to(self.device)
            return int(self.model(one).argmax(1))
