"""How often smoothing keeps the predictions of trained classifiers: the face of `l1cert agreement`.

Imports torch only when classifiers are measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from figures.data import FigureData
from l1cert.audit.tables import Block, Heading, Paragraph, Table, terminal
from l1cert.provenance import provenance
from simulations.classifier.agreement_counts import Classifier, Record
from simulations.classifier.agreement_tests import ALPHA, GAUSSIAN, LAPLACE, NOISES, Comparison
from theory.confidence import interval
from theory.exact import Exact

#: called with points done, with all of them, and with which classifier it is
Progress = Callable[[int, int, str], None]

#: what of a training a record of agreement keeps
_KEPT = (
    "dataset",
    "architecture",
    "noise",
    "sigma",
    "kind",
    "seed",
    "epochs",
    "threads",
    "torch",
    "unit",
    "clean_correct",
    "num_tests",
)


def agreement(
    checkpoints: Sequence[str | os.PathLike[str]],
    *,
    sigmas: Sequence[Exact] | None = None,
    num_samples: int = 1000,
    num_points: int | None = None,
    seeds: Sequence[int] = (1,),
    folder: Path | None = None,
    batch: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Record:
    """Measure trained classifiers under Laplace and Gaussian noise of equal variance.

    Parameters
    ----------
    checkpoints : sequence of path
        Files of ``l1cert train``.
    sigmas : sequence of exact numbers, optional
        Standard deviations of one coordinate; by default ten from 0.05 to 1.
    num_samples : int
        Votes for each point, level and noise.
    num_points : int, optional
        So many test points, evenly spread; by default all.
    seeds : sequence of int
        Of the noise; each classifier is measured under each.
    folder : path, optional
        Where the files of cifar10 or imagenet lie.
    batch, device
        How the network is run; no count depends on the batch.
    progress : callable, optional

    Returns
    -------
    Record
        Integer counts and where they are from; ``as_json()``.

    Raises
    ------
    ValueError
        For no classifier or seed, or a parameter outside its set: one line.
    MissingBackendError
        If torch is not installed.
    """
    from simulations.classifier.backend import require

    require("torch")
    from simulations.classifier import checkpoints as stored
    from simulations.classifier import datasets
    from simulations.classifier.agreement import BATCH, SIGMAS, measure

    if not checkpoints or not seeds:
        missing = "checkpoint" if not checkpoints else "seed"
        raise ValueError(f"no {missing}: at least one is needed")
    loaded = [stored.read(Path(path)) for path in checkpoints]
    found: list[Classifier] = []
    for one in loaded:
        record = one.record
        data = datasets.load(record.dataset, folder=folder)
        record.check_dataset(data)
        training = {name: getattr(record, name) for name in _KEPT} | {
            "weights_sha256": one.weights_sha256
        }
        for seed in seeds:
            said = f"{record.dataset}, {record.architecture}, seed {record.seed}"
            measured = measure(
                one.model,
                data.test,
                shape=data.shape,
                num_classes=data.num_classes,
                sigmas=SIGMAS if sigmas is None else sigmas,
                num_points=num_points,
                num_samples=num_samples,
                seed=seed,
                batch=BATCH if batch is None else batch,
                device=device,
                progress=None if progress is None else _told(progress, said),
            )
            found.append(measured.counts(training, seed=seed))
    whole = Record(num_samples, tuple(found), _origin(device))
    return Record.parse(whole.as_json())  # what is handed out could be read back


def _told(progress: Progress, said: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(done, total, said)


def _origin(device: str) -> dict[str, Any]:
    import torch

    return provenance(torch=torch.__version__, device=device, threads=torch.get_num_threads())


def summary(record: Record) -> str:
    """What a record says, as text: both agreements by level, who keeps more, and the ROPS."""
    return terminal(list(_blocks(record)))


def figure(record: Record) -> FigureData:
    """The data of figure_agreement."""
    from figures import figure_agreement

    return figure_agreement.compute(record=record)


_HEADER = ("sigma", "Laplace", "Gaussian", "one draw", "(Gaussian)", "only L", "only G", "shown")


def _blocks(record: Record) -> Iterator[Block]:
    for one, tests in zip(record.classifiers, record.comparisons(), strict=True):
        yield Heading([one.name])
        rows = [_row(one, k, tests[k], record.num_samples) for k in range(len(one.levels))]
        yield Table(_HEADER, rows, (True,) * 7 + (False,))
        yield Paragraph([_rops(one, tests[-1])])
    yield Paragraph([_note(record)])


def _row(one: Classifier, place: int, test: Comparison, num_samples: int) -> tuple[str, ...]:
    level = one.levels[place]
    shares = [f"{100 * level.kept[noise] / one.points:.1f}" for noise in (LAPLACE, GAUSSIAN)]
    draws = one.points * num_samples
    single = [f"{100 * level.votes[noise] / draws:.2f}" for noise in (LAPLACE, GAUSSIAN)]
    only = [str(level.only[noise]) for noise in (LAPLACE, GAUSSIAN)]
    return (level.sigma, *shares, *single, *only, test.favours(ALPHA) or "")


def _rops(one: Classifier, test: Comparison) -> str:
    favoured = test.favours(ALPHA)
    shown = f"shown to be longer under {favoured.capitalize()} noise" if favoured else "not ordered"
    return (
        f"Empirical ROPS (the levels from the smallest on that keep a point): longer under Laplace "
        f"noise at {test.laplace} of {one.points} points, under Gaussian noise at {test.gaussian}, "
        f"adjusted p-value {test.adjusted:.3g}: {shown}. Kept again beyond it: "
        f"{one.gaps[LAPLACE]} and {one.gaps[GAUSSIAN]} points."
    )


def _note(record: Record) -> str:
    widths = [
        high - low
        for one in record.classifiers
        for level in one.levels
        for low, high in (interval(level.kept[n], one.points, alpha=0.05) for n in NOISES)
    ]
    single = record.single_votes()
    favoured = [one.favours for one in single]
    near = max(one.laplace[1] - one.laplace[0] for one in single)
    return (
        f"In percent of the points: those whose class without noise has most of "
        f"{record.num_samples} votes; the mean probability of that class in one draw; points that "
        f"one noise alone keeps. 95 % intervals of the first, as of a sample of points, are at "
        f"most {100 * max(widths):.1f} wide. Shown: McNemar's exact test, Holm over the whole "
        f"record, error rate {ALPHA:g}. Of single draws, seeds of the noise together, the "
        f"probability is shown to be larger under Laplace noise at {favoured.count(LAPLACE)} of "
        f"{len(single)} levels and under Gaussian noise at {favoured.count(GAUSSIAN)}, by "
        f"intervals at most {100 * near:.2f} wide that hold together with error rate {ALPHA:g}."
    )
