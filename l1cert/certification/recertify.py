"""Certifying the votes of a log again, at another error rate or by another certificate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from l1cert.certification.bounds import Certifier
from l1cert.certification.log import OWN, charge_of, read_points
from l1cert.certification.run import CertificationRun
from l1cert.certification.settings import spelled
from l1cert.provenance import provenance
from theory.exact import Exact

#: what holds of the votes of a run that stopped early
EARLY = (
    "The run stopped early: its bounds are those of a confidence sequence, which hold at every "
    "alpha and whenever it stopped; bounds for a fixed number of samples would not."
)
CHOSEN = (
    "Alpha and the certificate are to be chosen without looking at the votes: whoever takes the "
    "best of several pays for all of them."
)


def recertify(
    path: Path | str,
    *,
    out: Path | str | None = None,
    alpha: Exact | None = None,
    certificate: str | None = None,
) -> CertificationRun:
    """Certify the votes that a log keeps again, without a new sample.

    Parameters
    ----------
    path
        A log that `l1cert certify` wrote, its record beside it.
    out
        The new log; by default nothing is kept.
    alpha, certificate
        By default those of the log. A log of a run that stopped early keeps the radius at which it
        stopped, and its bounds stay those of a confidence sequence, at the new alpha.

    Returns
    -------
    CertificationRun
        With the votes and times of the log.

    Raises
    ------
    ValueError
        One line, for another file, a parameter outside its set, an alpha that does not pay for a
        sound sampler, or an `out` that is the log itself.
    """
    source = Path(path)
    if out is not None and Path(out).resolve() == source.resolve():
        raise ValueError(f"out = {str(out)!r} is the log itself: name another file")
    record, settings, points = read_points(source)
    chosen = replace(
        settings,
        alpha=settings.alpha if alpha is None else spelled(alpha),
        certificate=certificate or settings.certificate,
    )
    step, charge = charge_of(record)
    certifier = Certifier(chosen, record["data"]["num_classes"], step=step, charge=charge)
    own = {name: record[name] for name in OWN}
    early = () if chosen.until_radius is None else (EARLY,)
    own["assumptions"] = [*dict.fromkeys((*map(str, record["assumptions"]), *early, CHOSEN))]
    own["provenance"] = provenance(recertified=record["provenance"])
    rows = tuple(certifier.row(point) for point in points)
    found = CertificationRun(chosen, rows, own)
    if out is not None:
        found.save(out)
    return found
