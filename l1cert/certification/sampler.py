"""Drawing the votes of a test point: selection, then estimation by fresh draws (Cohen et al.)."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from l1cert.certification.points import Point, point_of
from l1cert.certification.settings import Settings
from simulations.classifier.backend import checked_device
from simulations.classifier.batch_independence import (
    INPUTS,
    BatchIndependence,
    batch_independent,
)
from simulations.classifier.examples import Dataset, level_values
from simulations.classifier.noisy_inputs import DRAWS, NoisyInputs, Perturber
from simulations.classifier.noisy_levels import NoisyLevels
from simulations.classifier.votes import count_until, count_votes
from simulations.sampling import IsotropicNoise
from theory.confidence_sequences import looks
from theory.exact import to_fraction
from theory.noise import Gaussian, Laplace, Uniform

Counts = npt.NDArray[np.int64]

#: coordinates of the noisy inputs that are shown in other batches, too, and fewest inputs
_COORDINATES, _FEWEST = 2**20, 64

#: of the noises that are drawn as floats
LAWS: Mapping[str, Callable[[float], IsotropicNoise]] = {
    "laplace": Laplace.from_sigma,
    "gaussian": Gaussian.from_sigma,
    "uniform": Uniform.from_sigma,
}


class Sampler:
    r"""The votes of any test point of a data set under the noise of a run.

    Parameters
    ----------
    model
        Maps float32 (B, \*shape) to logits (B, num_classes).
    dataset
        Its test split is certified.
    settings
        Of the run.

    Raises
    ------
    ValueError
        If there is no such device, more draws than a point has, or, of a sound run, no grid.
    """

    def __init__(self, model: torch.nn.Module, dataset: Dataset, settings: Settings) -> None:
        self._settings, self._dataset = settings, dataset
        self._device = checked_device(settings.device)
        self._model = model.to(self._device).eval()
        if max(settings.n, settings.n0) > DRAWS:
            raise ValueError(f"n = {settings.n} is outside [1, {DRAWS}]: a point has so many draws")
        if settings.sound and dataset.step is None:
            raise ValueError(
                f"sound: {dataset.name} lies on no grid; sound runs need data such as pixels"
            )
        self._law = None if settings.sound else LAWS[settings.noise](_number(settings.sigma))

    @property
    def charge(self) -> Fraction:
        """The total-variation distance of a point's n draws from their law; 0 if not sound."""
        if not self._settings.sound:
            return Fraction(0)
        noisy = self._perturber(0, "estimation")
        assert isinstance(noisy, NoisyLevels)
        return Fraction(noisy.charge(self._settings.n))

    def point(self, index: int, decided: Callable[[int, int], bool] | None) -> Point:
        """The votes at one test point.

        Parameters
        ----------
        index
            Position in the test split.
        decided
            decided(votes of the selected class, samples), asked at `looks(n)`; None to draw all n.
        """
        start = time.perf_counter()
        settings = self._settings
        with self._enough_memory():
            base = self._base(index)
            selection = self._count(index, "selection", settings.n0)
            if decided is None:
                votes = self._count(index, "estimation", settings.n)
            else:
                selected, stop = int(selection.argmax()), decided
                votes = count_until(
                    self._model,
                    self._perturber(index, "estimation"),
                    looks=looks(settings.n),
                    stop=lambda counts: stop(int(counts[selected]), int(counts.sum())),
                    **self._layout(index),
                )
        label = int(self._dataset.test.labels[index])
        seconds = round(time.perf_counter() - start, 6)
        return point_of(index, label, base, selection, votes, seconds)

    def digest(self, index: int) -> str:
        """SHA-256 of the input that is certified: its levels of a sound run, else its floats."""
        test = self._dataset.test
        if self._law is None:
            seen: npt.NDArray[Any] = test.levels([index]).astype("<i4")
        else:
            seen = test.inputs([index]).astype("<f4")
        return hashlib.sha256(seen.tobytes()).hexdigest()

    def independence(self, index: int) -> BatchIndependence:
        """Whether the network's answers at a point were seen to depend on the batch."""
        how = self._layout(index)
        most = max(_FEWEST, _COORDINATES // math.prod(self._dataset.shape))
        return batch_independent(
            self._model,
            self._perturber(index, "independence"),
            inputs=min(INPUTS, most, self._settings.n),
            **how,
        )

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        try:
            yield
        except (MemoryError, torch.cuda.OutOfMemoryError):
            shape = (self._settings.batch, *self._dataset.shape)
            raise ValueError(
                f"batch = {self._settings.batch}: no memory for inputs of shape {shape}, ask for "
                "fewer at once"
            ) from None

    def _count(self, index: int, purpose: str, count: int) -> Counts:
        return count_votes(
            self._model,
            self._perturber(index, purpose),
            start=0,
            stop=count,
            **self._layout(index),
        )

    def _layout(self, index: int) -> dict[str, Any]:
        return {
            "shape": self._dataset.shape,
            "num_classes": self._dataset.num_classes,
            "point": index,
            "batch": self._settings.batch,
            "device": self._settings.device,
        }

    def _perturber(self, index: int, purpose: str) -> Perturber:
        seed, test = self._settings.seed, self._dataset.test
        if self._law is None:
            assert self._dataset.step is not None
            return NoisyLevels(
                test.levels([index]).reshape(-1),
                step=self._dataset.step,
                scale=self._settings.exact_scale,
                seed=seed,
                purpose=purpose,
            )
        return NoisyInputs(test.inputs([index]).reshape(-1), self._law, seed=seed, purpose=purpose)

    def _base(self, index: int) -> int:
        """The class that the network predicts without noise."""
        test = self._dataset.test
        if self._law is None:
            assert self._dataset.step is not None
            seen = level_values(test.levels([index]), self._dataset.step)
        else:
            seen = test.inputs([index])
        with torch.inference_mode():
            logits = self._model(torch.from_numpy(np.array(seen)).to(self._device))
        return int(logits.argmax(dim=1).item())


def _number(exact: str) -> float:
    return float(to_fraction(exact))
