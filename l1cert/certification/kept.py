"""What a run keeps beside its log, and takes over when it is given again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l1cert.audit.reading import record_of
from l1cert.certification import log
from l1cert.certification.journal import Journal, JournalError
from l1cert.certification.points import Point
from l1cert.certification.settings import Settings
from simulations.files import locked

if TYPE_CHECKING:
    from l1cert.certification.sampler import Sampler


def journal_of(out: Path | str) -> Path:
    """Where the journal of a log stands: beside it, its name with .journal behind.

    >>> journal_of("runs/laplace.tsv").name
    'laplace.tsv.journal'
    """
    path = Path(out)
    return path.with_name(f"{path.name}.journal")


@contextmanager
def kept(
    out: Path | str | None, settings: Settings, own: Mapping[str, Any]
) -> Iterator[Journal | None]:
    """The journal of a log, None without one; a log that stands there without one is refused."""
    if out is None:
        yield None
        return
    log.check_path(Path(out))
    if not journal_of(out).exists():
        log.check_new(Path(out))
    made = own["provenance"]
    parameters = {
        "settings": settings.as_json(),
        **{name: own[name] for name in ("classifier", "dataset", "data", "sampler")},
        "torch": made["torch"],
        "l1cert": made["version"],
    }
    with Journal(journal_of(out), parameters) as journal:
        try:
            # the journal's own lock keeps out who certifies, this one whoever writes such a file
            with locked(out, record_of(Path(out))):
                yield journal
        except BaseException:
            journal.drop_if_empty()
            raise


def resumed(
    journal: Journal, indices: Sequence[int], num_classes: int, settings: Settings
) -> list[Point]:
    """The points of a journal, which are the first of the run."""
    place = repr(str(journal.path))
    try:
        points = [Point.from_json(entry, num_classes) for entry in journal.entries]
        for point in points:
            log.check_samples(point, settings)
    except ValueError as error:
        raise JournalError(f"journal {place} has an entry that is no point: {error}") from None
    for position, point in enumerate(points):
        if position >= len(indices) or point.index != indices[position]:
            raise JournalError(f"journal {place} has point {point.index} out of its order")
    return points


def digests_of(journal: Journal | None, sampler: Sampler, points: Sequence[Point]) -> list[str]:
    """The digests of the inputs of a journal's points, which the data have to have still."""
    if journal is None:
        return []
    found = []
    for point, entry in zip(points, journal.entries, strict=True):
        found.append(sampler.digest(point.index))
        if entry.get("input") != found[-1]:
            raise JournalError(
                f"journal {str(journal.path)!r} is of other data: the input of point "
                f"{point.index} is another one; name another --out, or remove it"
            )
    return found


def together(digests: Sequence[str]) -> str:
    """One digest of all inputs, in their order."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()
