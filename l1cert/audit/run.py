"""The audit of a run log, whole: read, held against its parameters, corrected, drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from l1cert.audit import accuracy, bound_checks, corrections
from l1cert.audit.log import ABSTAINED, Floats, Log
from l1cert.audit.parameters import Parameters
from l1cert.audit.probabilities import implied_by
from l1cert.audit.reading import read_log
from l1cert.audit.report import AuditReport
from l1cert.audit.row_checks import row_findings
from l1cert.provenance import provenance
from simulations import observed_tightness
from simulations.sampling import IsotropicNoise
from theory.exact import Exact, describe, to_fraction
from theory.noise import Gaussian, Laplace, Uniform

#: samples of the worst-case classifier of each PA
SAMPLES = 100_000

Progress = Callable[[int, int], None]


def audit_log(
    path: Path | str,
    *,
    format: str = "auto",
    noise: str | None = None,
    sigma: Exact | None = None,
    num_samples: int | None = None,
    alpha: Exact | None = None,
    certificate: str | None = None,
    radii: Sequence[Exact] | None = None,
    samples: int = SAMPLES,
    seed: int = 1,
    progress: Progress | None = None,
) -> AuditReport:
    r"""Hold a certification log against what its own parameters allow.

    Parameters
    ----------
    path : path
        A log of Cohen et al. (TSV), a folder of rs4a, or a log in our own format.
    format : {"auto", "cohen", "rs4a", "l1cert"}
    noise : {"laplace", "gaussian", "uniform"}
    sigma : int, float, Decimal, Fraction or str
        Standard deviation of one coordinate of the noise, in (0, inf), for every noise.
    num_samples : int
        n, in [1, 10^10].
    alpha : int, float, Decimal, Fraction or str
        Error rate of each certificate, in (0, 1).
    certificate : str, optional
        What the radii are: one of `CERTIFICATES` of that noise.
    radii : sequence of exact numbers, optional
        Where certified accuracy is asked for, each >= 0.
    samples : int
        Of the worst-case classifier of each distinct PA; 0 draws none.
    seed : int
        In [0, 2^64).
    progress : callable, optional
        progress(classifiers drawn, all of them).

    Noise, sigma, num_samples, alpha and certificate may be left out if the log's own record states
    them; what is given goes before what is stated.

    Raises
    ------
    UnreadableLog
        A ValueError of one line: there is no log at that path.
    ValueError
        For a parameter outside its set, or one that neither the call nor the log states.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.tsv")
    ...     text = "idx\tlabel\tpredict\tradius\n0\t3\t3\t1.91\n1\t7\t7\t1.96\n"
    ...     written = file.write_text(text)
    ...     stated = dict(noise="gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    ...     report = audit_log(file, **stated)
    >>> found = report.as_json()["violations"]["above_ceiling"]
    >>> found["count"], found["rows"], found["explained_by"][0]["alpha"]
    (1, [3], 0.01)
    """
    if not isinstance(samples, int) or samples < 0:
        raise ValueError(f"samples = {describe(samples)} is outside [0, inf)")
    log = read_log(path, format)
    run = _parameters(log, noise, sigma, num_samples, alpha, certificate)
    asked = tuple(accuracy.default_radii(log) if radii is None else map(_radius, radii))
    implied = implied_by(log, run)
    corrected = corrections.correct(log, run, implied)
    findings = (*row_findings(log), *bound_checks.bound_findings(log, run, implied))
    tightness = None
    if samples and corrected.bound is not None:
        tightness = observed_tightness.run(
            _noise(run),
            np.where(corrected.predict == ABSTAINED, 0.0, corrected.bound),
            seed=seed,
            num_samples=samples,
            claimed=_claimed(log),
            scale=run.scale,
            progress=progress,
        )
    origin = provenance(seed=seed, samples=samples)
    return AuditReport(log, run, implied, findings, corrected, tightness, asked, origin)


def _parameters(
    log: Log,
    noise: str | None,
    sigma: Exact | None,
    num_samples: int | None,
    alpha: Exact | None,
    certificate: str | None,
) -> Parameters:
    """What was given, or else what the log states of itself."""
    given = {"noise": noise, "sigma": sigma, "num_samples": num_samples, "alpha": alpha}
    found = {
        name: log.record.get(name) if value is None else value for name, value in given.items()
    }
    missing = [name for name, value in found.items() if value is None]
    if missing:
        options = ", ".join(f"--{_OPTIONS.get(name, name)}" for name in missing)
        raise ValueError(f"{options} missing: {describe(log.path)} does not state it")
    chosen = certificate
    if chosen is None and found["noise"] == log.record.get("noise"):
        chosen = log.record.get("certificate")
    return Parameters.parse(
        str(found["noise"]),
        sigma=found["sigma"],  # type: ignore[arg-type]
        num_samples=found["num_samples"],  # type: ignore[arg-type]
        alpha=found["alpha"],  # type: ignore[arg-type]
        certificate=chosen,
    )


_OPTIONS = {"num_samples": "n"}


def _noise(run: Parameters) -> IsotropicNoise:
    sigma = float(run.sigma)
    if run.noise == "laplace":
        return Laplace.from_sigma(sigma)
    return Gaussian.from_sigma(sigma) if run.noise == "gaussian" else Uniform.from_sigma(sigma)


def _claimed(log: Log) -> Floats:
    """The least radius that each printed one may stand for, NaN where two classes say nothing."""
    silent = log.predict == ABSTAINED
    if log.other_bound is not None:
        silent |= ~np.isnan(log.other_bound)
    return np.where(silent, np.nan, log.radius - log.radius_precision.half_unit)


def _radius(value: Exact) -> Exact:
    found = to_fraction(value)
    if found < 0:
        raise ValueError(f"radius = {describe(value)} is outside [0, inf)")
    return found
