"""`certify`: the CERTIFY procedure of Cohen et al. on a test split, durable and reproducible."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l1cert.certification import log, summary
from l1cert.certification.bounds import Certifier
from l1cert.certification.kept import digests_of, kept, resumed, together
from l1cert.certification.points import Point, Row
from l1cert.certification.settings import Settings, sigma_of, spelled
from l1cert.provenance import provenance
from theory.exact import Exact, describe, to_fraction, to_positive

if TYPE_CHECKING:
    from l1cert.certification.sampler import Sampler
    from simulations.classifier.checkpoints import Loaded
    from simulations.classifier.examples import Dataset

#: told after each point: points done, and all of them
Progress = Callable[[int, int], None]

#: what a certificate rests on, by kind of run
STATISTICAL = (
    "Statistical: noise is drawn as floats, so the certificates assume that the network does not "
    "recognise which floats are reachable; --sound assumes no such thing."
)
IDEAL = (
    "Sound: noise is drawn in integers; every bound is proved, the distance of the sampler from "
    "its law is paid for by alpha, and Philox is taken for ideal randomness."
)
ANYTIME = (
    "Points stopped early: their bounds are those of a confidence sequence, which hold at every "
    "sample number together."
)
FUNCTION = "The network is taken for a function of its input: {}."


@dataclass(frozen=True)
class CertificationRun:
    """A finished run, or one that was certified again.

    Attributes
    ----------
    settings
        What it states.
    rows
        One for each point, in the order of the test split.
    own
        The entries of its record beside the settings and results.
    """

    settings: Settings
    rows: tuple[Row, ...]
    own: Mapping[str, Any]

    @property
    def results(self) -> dict[str, Any]:
        """Accuracies, abstentions, certified accuracy: `summary.results`."""
        return summary.results(self.rows)

    def as_json(self) -> dict[str, Any]:
        """The record that stands beside the log."""
        return {**log.stated(self.settings), **self._own()}

    def save(self, path: Path | str) -> list[Path]:
        """Write the log and its record, each whole or not at all."""
        return log.write(Path(path), self.rows, self.settings, self._own())

    def terminal(self) -> str:
        """The summary for a terminal."""
        return summary.terminal(self.results, self.settings, self.own["assumptions"])

    def _own(self) -> dict[str, Any]:
        return {**self.own, "settings": self.settings.as_json(), "results": self.results}


def certify(
    checkpoint: Path | str,
    *,
    out: Path | str | None = None,
    dataset: str | None = None,
    folder: Path | str | None = None,
    noise: str | None = None,
    sigma: Exact | None = None,
    scale: Exact | None = None,
    n0: int = 100,
    n: int = 100_000,
    alpha: Exact = "0.001",
    batch: int | None = None,
    skip: int = 1,
    max_points: int | None = None,
    seed: int = 1,
    device: str = "cpu",
    certificate: str | None = None,
    until_radius: Exact | None = None,
    sound: bool = False,
    progress: Progress | None = None,
) -> CertificationRun:
    r"""Certify a classifier on a test split: CERTIFY of Cohen et al. (2019), every certificate.

    n0 draws select a class, n fresh ones bound its probability by Clopper and Pearson's one-sided
    bound at alpha (`l1cert.certification.bounds` says which certificate stands at which bound):

    .. math:: P(\text{the smoothed prediction changes within the radius of a point}) \le \alpha

    for each point and each certificate by itself, named before the votes are seen: the points that
    fail are a share alpha at most on average, and the best of several certificates has no such
    guarantee where they stand at different bounds (several classes).

    Parameters
    ----------
    checkpoint
        A file of `l1cert train`.
    out
        The log, tab-separated; its record (.json) and journal (.journal) stand beside it. The same
        call continues a run that was stopped, and no other file is replaced. By default nothing is
        kept.
    dataset, folder
        As for `simulations.classifier.datasets.load`; by default what the checkpoint was trained
        on. A folder where the data set is read from one.
    noise, sigma, scale
        "laplace", "gaussian" or "uniform", and the standard deviation of one coordinate or,
        instead, the law's own parameter (Laplace: lambda); by default those of the training.
    n0, n, alpha
        Samples that select, samples that bound, and the error rate, in (0, 1).
    batch, device
        Inputs that the network is shown at once, by default a fast number; "cpu", "cuda" or
        "cuda:1".
    skip, max_points
        Every so many-th point of the test split, at most so many.
    seed
        In [0, 2^64).
    certificate
        What the log's radius is: theorem_2 (default), theorem_1, exact, lecuyer under Laplace
        noise; cohen; uniform.
    until_radius
        Stop at a point as soon as a confidence sequence decides whether the certificate reaches
        this radius; the guarantee is the same, and PB = 1 - PA. Of a sound run its whole steps.
    sound
        Discrete Laplace noise on a grid, drawn in integers, with proved bounds.
    progress
        progress(points done, all of them).

    Returns
    -------
    CertificationRun
        Radii are rounded down, in their printed decimals too.

    Raises
    ------
    ValueError
        One line for a parameter outside its set, a checkpoint that is none, data of another shape,
        a journal of another command, or a log that is there without one.
    MissingBackendError
        If torch is not installed.
    """
    from simulations.classifier.backend import require

    require("torch")
    from simulations.classifier.checkpoints import read
    from simulations.classifier.datasets import load

    loaded = read(Path(checkpoint))
    data = load(dataset or loaded.record.dataset, folder=None if folder is None else Path(folder))
    loaded.record.check_dataset(data)
    name, size, exact = _noise(loaded, noise, sigma, scale, sound)
    settings = Settings(
        noise=name,
        sigma=size,
        scale=exact,
        n0=n0,
        n=n,
        alpha=spelled(alpha),
        batch=_batch(loaded, data, device, until_radius is not None) if batch is None else batch,
        device=device,
        skip=skip,
        most=max_points,
        seed=seed,
        certificate=certificate or "",
        until_radius=None if until_radius is None else spelled(until_radius),
        sound=sound,
    )
    digest = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
    return run(loaded, data, settings, digest=digest, out=out, progress=progress)


def run(
    loaded: Loaded,
    data: Dataset,
    settings: Settings,
    *,
    digest: str,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> CertificationRun:
    """`certify` with a model and data that are at hand; `digest` is that of the model's file."""
    from l1cert.certification.sampler import Sampler

    sampler = Sampler(loaded.model, data, settings)
    charge = sampler.charge
    certifier = Certifier(
        settings,
        data.num_classes,
        step=None if data.step is None else str(data.step),
        charge=str(charge),
    )
    own = _record(loaded, data, settings, digest, charge)
    indices = list(range(0, len(data.test), settings.skip))[: settings.most]
    points: list[Point] = []
    with kept(out, settings, own) as journal:
        if journal is not None:
            points = resumed(journal, indices, data.num_classes, settings)
        digests = digests_of(journal, sampler, points)
        if out is not None and len(points) < len(indices):
            log.check_new(Path(out))
        for index in indices[len(points) :]:
            _tell(progress, len(points), len(indices))
            digests.append(sampler.digest(index))
            point = sampler.point(
                index, None if settings.until_radius is None else certifier.decided
            )
            if journal is not None:
                journal.append({**point.as_json(), "input": digests[-1]})
            points.append(point)
        _tell(progress, len(points), len(indices))
        found = CertificationRun(
            settings,
            tuple(certifier.row(point) for point in points),
            {
                **own,
                "data": {**own["data"], "inputs_sha256": together(digests)},
                **_observed(sampler, indices[0], settings),
            },
        )
        if out is not None:
            found.save(out)
    return found


def _tell(progress: Progress | None, done: int, whole: int) -> None:
    if progress is not None:
        progress(done, whole)


def _noise(
    loaded: Loaded, noise: str | None, sigma: Exact | None, scale: Exact | None, sound: bool
) -> tuple[str, str, str | None]:
    """The noise's name, sigma and, of a sound run, lambda, all exact."""
    from simulations.classifier.training_record import exact_text, noise_of

    record = loaded.record
    name: str = noise or record.noise
    if sigma is not None and scale is not None:
        raise ValueError(f"sigma = {describe(sigma)} and scale = {describe(scale)}: give one")
    stated: str | None
    own: str | None
    if sound and name != "laplace":
        raise ValueError(f"sound with noise = {describe(name)}: sound runs have laplace noise")
    if sigma is None and scale is None:
        noise_of(name, sigma=1)  # refuses an unknown one
        if record.sigma is None or name != record.noise:
            raise ValueError(
                f"the classifier was trained with noise = {record.noise!r}: say which noise and "
                "sigma to certify with"
            )
        stated, own = record.sigma, record.scale
    else:
        stated, own = noise_of(name, sigma=sigma, scale=scale)
        if stated is None:
            raise ValueError(f"noise = {describe(name)} has no sigma: name another noise")
    if not sound:
        return name, stated, None
    exact = to_fraction(own or "") if scale is None else to_positive("scale", scale)
    return name, sigma_of(exact), exact_text(exact)


def _batch(loaded: Loaded, data: Dataset, device: str, stops_early: bool) -> int:
    """Inputs at once: fewer where a point may stop within a batch, which the network sees whole."""
    from simulations.classifier.backend import checked_device
    from simulations.classifier.votes import default_batch

    checked_device(device)
    fast = default_batch(math.prod(data.shape), device=device, model=loaded.model)
    return max(1, fast // 8) if stops_early else fast


def _record(
    loaded: Loaded, data: Dataset, settings: Settings, digest: str, charge: Fraction
) -> dict[str, Any]:
    """What the record says of the classifier, the data, the sampler and the machine."""
    import torch

    from simulations.classifier.batches import has_onednn
    from simulations.classifier.training_record import labels_digest

    training = loaded.record
    return {
        "classifier": {
            "sha256": digest,
            "weights_sha256": loaded.weights_sha256,
        },
        "training": training.as_json(),
        "dataset": data.name,
        "data": {
            "shape": list(data.shape),
            "num_classes": data.num_classes,
            "unit": data.unit,
            "step": None if data.step is None else str(data.step),
            "labels_sha256": labels_digest(data.test.labels),
        },
        "sampler": {
            "generator": "Philox4x32-10",
            "law": "discrete laplace" if settings.sound else settings.noise,
            "drawn_in": "integers" if settings.sound else "float64",
            "lambda": _lambda(settings),
            "charge": str(charge),
        },
        "provenance": provenance(
            seed=settings.seed,
            torch=torch.__version__,
            threads=torch.get_num_threads(),
            # which code multiplies matrices: logits that nearly tie may depend on it
            linear_layers="oneDNN" if has_onednn() else "torch",
        ),
    }


def _lambda(settings: Settings) -> str | None:
    """Lambda of Laplace noise: exact if it is rational, else to nearest."""
    if settings.noise != "laplace":
        return None
    return settings.scale or repr(float(settings.parameters.scale))


def _observed(sampler: Sampler, index: int, settings: Settings) -> dict[str, Any]:
    """What was seen of the network in other batches, and what the certificates rest on."""
    seen = sampler.independence(index)
    kind = IDEAL if settings.sound else STATISTICAL
    early = () if settings.until_radius is None else (ANYTIME,)
    found = {name: value if value != math.inf else None for name, value in asdict(seen).items()}
    found["others"] = list(seen.others)
    return {"independence": found, "assumptions": [kind, *early, FUNCTION.format(seen.text)]}
