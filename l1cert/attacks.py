"""Attacks on classifiers: certificates under attack, and what is left of an undefended one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from l1cert.provenance import provenance

if TYPE_CHECKING:
    from l1cert.audit.log import Floats, Ints, Log
    from l1cert.certification.settings import Settings
    from simulations.classifier.checkpoints import Loaded
    from simulations.classifier.empirical_attack import EmpiricalCurve
    from simulations.classifier.end_to_end import CertifiedPoint, EndToEnd
    from simulations.classifier.examples import Dataset
    from simulations.classifier.l1_ball import Box
    from simulations.classifier.neighbourhoods import Neighbourhood

#: told after each attack: attacks done, and all of them
Progress = Callable[[int, int], None]

#: rows of a log, or test points, that are looked at by default
POINTS = 100
#: multiples of the certified radius: the certificate itself, and where it has to fail
TIMES = (1.0, 3.0)
#: fresh votes of each judgement
SAMPLES = 1000
#: where the accuracy of an undefended classifier is asked for, in the unit of its inputs
RADII = tuple(k / 4 for k in range(13))


@dataclass(frozen=True)
class AttackReport:
    """Certificates of a log under attack.

    Attributes
    ----------
    found
        The check, with its outcome.
    certificate
        Which column of the log the radii are.
    stated
        What the JSON says besides: the log, its noise, the classifier, the box, provenance.
    """

    found: EndToEnd
    certificate: str
    stated: dict[str, Any]

    @property
    def outcome(self) -> str:
        """PASS, FAIL, or UNDECIDED where the attack has shown no power."""
        return self.found.outcome

    def as_json(self) -> dict[str, Any]:
        """The check for a machine, with where it came from."""
        return {**self.found.as_json(), "certificate": self.certificate, **self.stated}

    def terminal(self) -> str:
        """A table of the multiples of R, and the verdict with its error rates."""
        found = self.found
        head = f"{'within':>10}{'attacked':>10}{'lost':>6}{'share':>9}   {'95 % interval':<18}"
        lines = [
            f"{found.points} of {found.rows} rows certified by {self.certificate}, alpha = "
            f"{found.alpha:g}; each attack judged by {found.samples} fresh votes",
            "",
            f"{head}{'median distance':>15}",
            "-" * (len(head) + 15),
        ]
        for one in found.as_json()["times"]:
            low, high = one["interval"]
            share = "" if one["share"] is None else f"{one['share']:.1%}"
            middle = one["median_distance"]
            lines.append(
                f"{one['times']:>8g} R{one['attacked']:>10}{one['lost']:>6}{share:>9}   "
                f"{f'[{low:.3f}, {high:.3f}]':<18}{'' if middle is None else f'{middle:.4f}':>15}"
            )
        return "\n".join([*lines, "", _verdict(found)])


def _verdict(found: EndToEnd) -> str:
    from simulations.classifier.end_to_end import FALSE_FAIL

    text = (
        f"{found.outcome}: {found.lost(1)} classes lost their lead within R, up to {found.allowed} "
        f"are no FAIL (false-fail rate {FALSE_FAIL:g})"
    )
    rate = found.detectable
    text += (
        ";\nso few points that none can FAIL"
        if rate is None
        else f";\na rate of losses from {rate:.3f} on FAILs with probability 0.99"
    )
    lost = ", ".join(str(one.index) for one in found.at(1) if one.p_value <= found.beta)
    if lost:
        text += f"\nlost within R: idx {lost}"
    if found.control is None:
        return f"{text}\nno multiple of R beyond 1: the attack shows no power"
    share, _ = found.share(found.control)
    reached = "none attacked" if math.isnan(share) else f"{share:.1%} lost"
    return f"{text}\npower: {reached} at {found.control:g} R, {found.least_share:.0%} are asked"


def attack_log(
    log: Path | str,
    *,
    checkpoint: Path | str,
    points: int = POINTS,
    times: Sequence[float] = TIMES,
    samples: int = SAMPLES,
    certificate: str | None = None,
    clip: bool = False,
    seed: int = 1,
    folder: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> AttackReport:
    """Attack the certified rows of a log within their radii, and beyond as a control.

    Parameters
    ----------
    log
        Of `l1cert certify`, its record beside it.
    checkpoint
        The classifier that it certified.
    points
        The rows that are looked at, from the first; the certified ones are attacked.
    times
        Multiples of the radius, 1 among them; the largest is the control.
    samples
        Fresh votes of each judgement.
    certificate
        A column of the log; by default its `radius`.
    clip
        Whether perturbed inputs stay in the range of pixels, [0, 1]. Certificates do without.
    seed
        Of the attack's and the judgement's draws, in [0, 2^64).
    folder
        Where the files of cifar10 or imagenet lie.
    device
        "cpu", "cuda" or "cuda:1".
    progress
        progress(attacks done, all of them).

    Raises
    ------
    ValueError
        One line for a parameter outside its set, another classifier or other data.
    MissingBackendError
        If torch is not installed.
    """
    from simulations.classifier.backend import require

    require("torch")
    from l1cert.audit.reading import read_log
    from l1cert.certification.log import read_points
    from simulations.classifier.attacks import Attack
    from simulations.classifier.end_to_end import check
    from simulations.classifier.target import Target

    _check_points(points)
    record, settings, _ = read_points(Path(log))
    rows = read_log(log)
    loaded, data = _classifier(checkpoint, folder, device)
    _check_same(record, loaded, data)
    around = _around(settings, data, seed, _box(data, clip))
    name = certificate or settings.certificate
    looked = min(points, len(rows))
    chosen = _certified(rows, certificate, looked, settings, data)
    found = check(
        Target(loaded.model, around, data.shape, data.num_classes, settings.batch, device),
        chosen,
        rows=looked,
        alpha=float(settings.rate),
        attack=Attack(),
        times=times,
        samples=samples,
        progress=progress,
    )
    return AttackReport(
        found,
        name,
        {
            "log": Path(log).name,
            "noise": settings.noise,
            "sigma": settings.sigma,
            "sound": settings.sound,
            "unit": data.unit,
            "box": around.box,
            **_provenance(loaded, data, seed),
        },
    )


@dataclass(frozen=True)
class UndefendedReport:
    """The accuracy of a classifier without noise under attack.

    ``found``: the counts; ``stated``: what the JSON says besides.
    """

    found: EmpiricalCurve
    stated: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """What `l1cert curves --undefended` reads."""
        return {
            "kind": "empirical attack",
            "radii": list(self.found.radii),
            "correct": list(self.found.correct),
            "points": self.found.points,
            **self.stated,
        }

    def terminal(self) -> str:
        """A table of the radii."""
        head = f"{'l1 radius':>10}{'correct':>9}{'accuracy':>10}"
        lines = [
            f"{self.found.points} points of {self.stated['dataset']} under attack, no noise; the "
            "accuracy is an upper bound of the robust one",
            "",
            head,
            "-" * len(head),
        ]
        for radius, correct in zip(self.found.radii, self.found.correct, strict=True):
            lines.append(f"{radius:>10g}{correct:>9}{correct / self.found.points:>10.1%}")
        return "\n".join(lines)


def attack_undefended(
    checkpoint: Path | str,
    *,
    radii: Sequence[float] = RADII,
    points: int = POINTS,
    clip: bool = False,
    folder: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> UndefendedReport:
    """Attack a classifier without noise: its accuracy on the first test points at each radius.

    Nothing is drawn at random. Parameters are those of `attack_log`; the classifier may be trained
    with noise, too, and `radii` rise from 0 on. So are the errors.
    """
    from simulations.classifier.backend import require

    require("torch")
    from simulations.classifier import empirical_attack

    _check_points(points)
    loaded, data = _classifier(checkpoint, folder, device)
    looked = np.arange(min(points, len(data.test)))
    box = _box(data, clip)
    found = empirical_attack.attack_undefended(
        loaded.model,
        data.test.inputs(looked).reshape(len(looked), -1),
        data.test.labels[looked].tolist(),
        radii=radii,
        shape=data.shape,
        num_classes=data.num_classes,
        box=box,
        device=device,
        progress=progress,
    )
    stated = {
        "unit": data.unit,
        "box": box,
        "attack": empirical_attack.UNDEFENDED.as_json(),
        "training": loaded.record.as_json(),
        **_provenance(loaded, data, None),
    }
    return UndefendedReport(found, stated)


def _check_points(points: int) -> None:
    if points < 1:
        raise ValueError(f"points = {points} is outside [1, inf)")


def _classifier(checkpoint: Path | str, folder: Path | None, device: str) -> tuple[Loaded, Dataset]:
    from simulations.classifier.backend import checked_device
    from simulations.classifier.checkpoints import read
    from simulations.classifier.datasets import load

    checked_device(device)
    loaded = read(Path(checkpoint))
    data = load(loaded.record.dataset, folder=folder)
    loaded.record.check_dataset(data)
    return loaded, data


def _check_same(record: dict[str, Any], loaded: Loaded, data: Dataset) -> None:
    """Refuse a classifier or test labels other than those that the log is about."""
    from simulations.classifier.training_record import labels_digest

    if record["classifier"].get("weights_sha256") != loaded.weights_sha256:
        raise ValueError("the checkpoint's weights are not those that the log certifies")
    if record["data"].get("labels_sha256") != labels_digest(data.test.labels):
        raise ValueError(f"the test split of {data.name} is not the one that the log certifies")


def _box(data: Dataset, clip: bool) -> Box | None:
    if not clip:
        return None
    if data.step is None:
        raise ValueError(f"clip with {data.name}: its features have no range, pixels have")
    return (0.0, 1.0)


def _around(settings: Settings, data: Dataset, seed: int, box: Box | None) -> Neighbourhood:
    from l1cert.certification.sampler import LAWS
    from simulations.classifier.neighbourhoods import Floating, Gridded
    from theory.exact import to_fraction

    if settings.sound:
        if data.step is None:
            raise ValueError(f"{data.name} lies on no grid, the log is of a sound run")
        return Gridded(data.step, settings.exact_scale, seed, box)
    return Floating(LAWS[settings.noise](float(to_fraction(settings.sigma))), seed, box)


def _claims(rows: Log, certificate: str | None) -> tuple[Ints, Floats]:
    """The classes and radii that are attacked: those of the log, or of one of its columns."""
    from l1cert.certified_columns import certified_columns

    if certificate is None:
        return rows.predict, rows.radius
    columns, classes = certified_columns(rows)
    if certificate not in columns:
        raise ValueError(
            f"certificate = {certificate!r} is no column of the log: it has {', '.join(columns)}"
        )
    return classes, columns[certificate]


def _certified(
    rows: Log, certificate: str | None, looked: int, settings: Settings, data: Dataset
) -> list[CertifiedPoint]:
    """The certified ones of the first rows, as the attack has them."""
    from l1cert.audit.log import ABSTAINED
    from simulations.classifier.end_to_end import CertifiedPoint

    chosen = []
    read = data.test.levels if settings.sound else data.test.inputs
    columns = (rows.index, *_claims(rows, certificate))
    for index, label, radius in zip(*(one[:looked].tolist() for one in columns), strict=True):
        if label != ABSTAINED and radius > 0:  # no NaN is
            chosen.append(CertifiedPoint(index, read([index]).reshape(-1), label, radius))
    return chosen


def _provenance(loaded: Loaded, data: Dataset, seed: int | None) -> dict[str, Any]:
    import torch

    return {
        "dataset": data.name,
        "weights_sha256": loaded.weights_sha256,
        "provenance": provenance(
            seed=seed, torch=torch.__version__, threads=torch.get_num_threads()
        ),
    }
