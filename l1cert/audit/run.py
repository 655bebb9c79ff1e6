"""The audit of a run log, whole: read, held against its parameters, corrected, drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from l1cert.audit import accuracy, bound_checks, corrections
from l1cert.audit.log import ABSTAINED, Floats, Log
from l1cert.audit.opening import shown
from l1cert.audit.parameters import CERTIFICATES, Parameters
from l1cert.audit.probabilities import implied_by
from l1cert.audit.reading import read_log, record_of
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
        Standard deviation of one coordinate of the noise, in [1e-249, 1e299], for every noise.
    num_samples : int
        n, in [1, 10^10].
    alpha : int, float, Decimal, Fraction or str
        Error rate of each certificate, in [2e-250, 1).
    certificate : str, optional
        What the radii are: one of `CERTIFICATES` of that noise.
    radii : sequence of exact numbers, optional
        Where certified accuracy is asked for, each in [0, 1.8e308].
    samples : int
        Of the worst-case classifier of each distinct PA; 0 draws none.
    seed : int
        In [0, 2^64).
    progress : callable, optional
        progress(classifiers drawn, all of them).

    Noise, sigma, num_samples, alpha and certificate may be left out if the log's own record states
    them. What is given goes before what is stated, which the report then says; but probabilities
    of one noise enter no formula of another, so the noise that a record states is not changed.

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
    given = None if radii is None else tuple(map(accuracy.checked_radius, radii))
    log = read_log(path, format)
    run = _parameters(log, noise, sigma, num_samples, alpha, certificate)
    asked = tuple(accuracy.default_radii(log)) if given is None else given
    implied = implied_by(log, run)
    corrected = corrections.correct(log, run, implied)
    findings = (*row_findings(log), *bound_checks.bound_findings(log, run, implied))
    tightness = None
    if samples and corrected.bound is not None:
        tightness = observed_tightness.run(
            _noise(run),
            corrected.bound,
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
        raise ValueError(f"{options} missing: {shown(Path(log.path))} does not state it")
    stated = log.record.get("noise", found["noise"])
    if found["noise"] in CERTIFICATES and found["noise"] != stated:
        raise ValueError(
            f"noise = {describe(found['noise'])} is not that of the log, whose record "
            f"{shown(record_of(Path(log.path)))} states {stated}"
        )
    if not _LEAST_SIGMA <= to_fraction(found["sigma"]) <= _LARGEST_SIGMA:  # type: ignore[arg-type]
        raise ValueError(f"sigma = {describe(found['sigma'])} is outside [1e-249, 1e299]")
    if 0 < to_fraction(found["alpha"]) < _LEAST_ALPHA:  # type: ignore[arg-type]
        raise ValueError(f"alpha = {describe(found['alpha'])} is outside [2e-250, 1)")
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
#: what every scale of noise, and every certificate, takes
_LEAST_SIGMA, _LARGEST_SIGMA = Fraction(1, 10**249), Fraction(10**299)
#: two-sided bounds have half of it
_LEAST_ALPHA = Fraction(2, 10**250)


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
    return np.where(silent, np.nan, bound_checks.least_radius(log))
