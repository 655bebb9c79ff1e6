"""Does smoothing keep the prediction of the base classifier? Votes at every point and level.

Appendix D of the paper: g(x; sigma), the most likely class of f(x + noise), against f(x). Both
noises, and all levels, are drawn from the same random words: a point's votes change with the level
and the noise alone, and points share no draw. So levels and noises are dependent, points are not,
which is what `simulations.classifier.agreement_tests` needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.classifier.agreement_counts import Classifier, Level
from simulations.classifier.agreement_tests import GAUSSIAN, LAPLACE, NOISES
from simulations.classifier.backend import checked_device
from simulations.classifier.examples import Examples
from simulations.classifier.noisy_inputs import NoisyInputs
from simulations.classifier.votes import count_votes
from theory.exact import Exact, describe, to_fraction, to_positive
from theory.noise import Gaussian, Laplace

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: progress(points done, of how many)
Progress = Callable[[int, int], None]

LAWS = {LAPLACE: Laplace, GAUSSIAN: Gaussian}
#: standard deviations asked about by default, in the unit of the inputs
SIGMAS = ("0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.4", "0.5", "0.75", "1.0")
BATCH = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The votes of one classifier at every point, by noise and level.

    Attributes
    ----------
    sigmas
        Ascending, as they were asked for.
    points, labels, base
        Places in the test split, their labels, and f's classes without noise: shape (m,).
    num_samples
        n, the votes for each point and level.
    for_base, best_other, for_label, best_beside
        Votes for f's class and for the best other one, for the label and for the best other one:
        by noise, shape (levels, m).
    """

    sigmas: tuple[str, ...]
    points: Ints
    labels: Ints
    base: Ints
    num_samples: int
    for_base: Mapping[str, Ints]
    best_other: Mapping[str, Ints]
    for_label: Mapping[str, Ints]
    best_beside: Mapping[str, Ints]

    def kept(self, noise: str) -> Bools:
        """Where f's class has more votes than every other: shape (levels, m)."""
        return self.for_base[noise] > self.best_other[noise]

    def rops(self, noise: str) -> Ints:
        """The empirical ROPS of every point: how many levels from the smallest on keep it."""
        return np.logical_and.accumulate(self.kept(noise), axis=0).sum(axis=0, dtype=np.int64)

    def counts(self, training: Mapping[str, Any], *, seed: int) -> Classifier:
        """The counts, for a record: of f trained as stated, under noise of that seed."""
        kept = {noise: self.kept(noise) for noise in NOISES}
        rops = {noise: self.rops(noise) for noise in NOISES}
        other = {LAPLACE: GAUSSIAN, GAUSSIAN: LAPLACE}
        levels = tuple(
            Level(
                sigma,
                {noise: int(kept[noise][k].sum()) for noise in NOISES},
                {noise: _ties(self, noise, k) for noise in NOISES},
                {noise: int((kept[noise][k] & ~kept[other[noise]][k]).sum()) for noise in NOISES},
                {
                    noise: int((self.for_label[noise][k] > self.best_beside[noise][k]).sum())
                    for noise in NOISES
                },
                {noise: int(self.for_base[noise][k].sum()) for noise in NOISES},
            )
            for k, sigma in enumerate(self.sigmas)
        )
        most = len(self.sigmas)
        return Classifier(
            dict(training),
            seed,
            len(self.points),
            int((self.base == self.labels).sum()),
            levels,
            {n: tuple(np.bincount(rops[n], minlength=most + 1).tolist()) for n in NOISES},
            {noise: int((rops[noise] > rops[other[noise]]).sum()) for noise in NOISES},
            {noise: int((kept[noise].sum(axis=0) > rops[noise]).sum()) for noise in NOISES},
        )


def _ties(found: Agreement, noise: str, level: int) -> int:
    return int((found.for_base[noise][level] == found.best_other[noise][level]).sum())


def measure(
    model: torch.nn.Module,
    examples: Examples,
    *,
    shape: Sequence[int],
    num_classes: int,
    sigmas: Sequence[Exact] = SIGMAS,
    num_points: int | None = None,
    num_samples: int,
    seed: int,
    batch: int = BATCH,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Agreement:
    """Count the votes of a classifier under both noises at every level.

    Parameters
    ----------
    model
        f: logits of a batch of inputs of that shape.
    examples
        Of the test split. With `num_points` as many of them, evenly spread, else all.
    shape, num_classes
        Of one input, and of the logits.
    sigmas
        Standard deviations of one coordinate, in (0, inf), each once; they are sorted.
    num_samples
        Votes for each point, level and noise: at least 1.
    seed
        The 64-bit key of the noise.
    batch, device
        As for `simulations.classifier.votes.count_votes`.
    progress
        Called with points done and their number.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        For a parameter outside its set, or logits that are not finite.

    Examples
    --------
    >>> from simulations.classifier import datasets, models
    >>> data = datasets.load("breast_cancer")
    >>> model = models.build("mlp", shape=data.shape, num_classes=2, seed=1)
    >>> found = measure(
    ...     model, data.test, shape=data.shape, num_classes=2, sigmas=["0.5", "0.1"],
    ...     num_points=3, num_samples=50, seed=1,
    ... )
    >>> found.sigmas, found.for_base["laplace"].shape
    (('0.1', '0.5'), (2, 3))
    """
    asked = _levels(sigmas)
    points = _points(len(examples), num_points)
    checked_device(device)
    if num_samples < 1:
        raise ValueError(f"samples = {num_samples} is outside [1, inf)")
    base = predictions(model, examples, points, shape=shape, batch=batch, device=device)
    labels = np.asarray(examples.labels, dtype=np.int64)[points]
    tallies = {noise: np.zeros((4, len(asked), len(points)), dtype=np.int64) for noise in NOISES}
    for at, point in enumerate(points.tolist()):
        x = examples.inputs([point]).reshape(-1)
        for noise, tally in tallies.items():
            for level, sigma in enumerate(asked):
                law = LAWS[noise].from_sigma(float(to_fraction(sigma)))
                votes = count_votes(
                    model,
                    NoisyInputs(x, law, seed=seed, purpose="agreement"),
                    shape=tuple(shape),
                    num_classes=num_classes,
                    point=point,
                    start=0,
                    stop=num_samples,
                    batch=batch,
                    device=device,
                )
                tally[:2, level, at] = _split(votes, base[at])
                tally[2:, level, at] = _split(votes, labels[at])
        if progress is not None:
            progress(at + 1, len(points))
    columns = [{noise: tally[k] for noise, tally in tallies.items()} for k in range(4)]
    return Agreement(asked, points, labels, base, num_samples, *columns)


def predictions(
    model: torch.nn.Module,
    examples: Examples,
    points: Ints,
    *,
    shape: Sequence[int],
    batch: int = BATCH,
    device: str = "cpu",
) -> Ints:
    """The classes that f predicts without noise; of equal logits the first."""
    model.eval()
    model.to(device)
    found = []
    with torch.inference_mode():
        for start in range(0, len(points), batch):
            inputs = examples.inputs(points[start : start + batch]).reshape(-1, *shape)
            logits = model(torch.from_numpy(np.ascontiguousarray(inputs)).to(device))
            if not bool(torch.isfinite(logits).all()):
                raise ValueError(
                    "the model has logits that are not finite, of inputs without noise"
                )
            found.append(logits.argmax(dim=1).cpu().numpy())
    return np.concatenate(found).astype(np.int64)


def _split(votes: Ints, chosen: int) -> tuple[int, int]:
    """The votes for a class, and for the best of the others."""
    return int(votes[chosen]), int(np.delete(votes, chosen).max())


def _levels(sigmas: Sequence[Exact]) -> tuple[str, ...]:
    """Ascending and distinct, each as a text of its exact value."""
    exact = sorted((to_positive("sigma", one), str(one)) for one in sigmas)
    if not exact:
        raise ValueError("sigmas is empty, at least one level is needed")
    for (one, said), (other, _) in pairwise(exact):
        if one == other:
            raise ValueError(f"sigma = {said} is asked for twice")
    return tuple(said for _, said in exact)


def _points(count: int, num_points: int | None) -> Ints:
    """All places of a split, or so many evenly spread."""
    if num_points is None:
        return np.arange(count, dtype=np.int64)
    if not isinstance(num_points, int) or not 1 <= num_points <= count:
        raise ValueError(f"points = {describe(num_points)} is outside [1, {count}]")
    return np.arange(num_points, dtype=np.int64) * count // num_points
