"""What a reproduction left: its rows, its outcomes, and the file that keeps them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulations.files import regular_bytes

FILE = "manifest.json"
SCHEMA = 1

#: where the packages lie
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("theory", "simulations", "figures", "l1cert")

#: what of the provenance a result may depend on besides the sources
_LIBRARIES = ("version", "python", "libraries")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the manifest: what was expected of a step, and what came out."""

    subject: str
    expected: str
    obtained: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step left: its exit code, its minutes, its files' SHA-256 sums and its rows."""

    step: str
    command: str
    exit_code: int
    minutes: float
    files: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything came out as expected."""
        return self.exit_code == 0 and all(row.agrees for row in self.rows)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All outcomes in a folder, in the order of the table, and where they came from."""

    provenance: Mapping[str, Any]
    #: SHA-256 sum of the program's sources
    sources: str
    outcomes: tuple[Outcome, ...]
    #: the steps that could not run here, each with the reason: neither a pass nor a difference
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether everything came out as expected."""
        return all(outcome.agrees for outcome in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """The manifest in the published schema."""
        return {"schema": SCHEMA, **asdict(self)}

    def dumps(self) -> str:
        """The text of the file."""
        return json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n"


def sources() -> str:
    """SHA-256 sum of the sources of the four packages.

    >>> len(sources())
    64
    """
    found = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def stored(path: Path, current: str, origin: Mapping[str, Any]) -> dict[str, Outcome]:
    """The outcomes of an earlier run of the same sources with the same libraries."""
    if not path.exists():
        return {}
    try:
        manifest = json.loads(regular_bytes(path))
        if manifest["sources"] != current:
            return {}
        if any(manifest["provenance"][key] != origin[key] for key in _LIBRARIES):
            return {}
        outcomes = [
            Outcome(**{**entry, "rows": tuple(Row(**row) for row in entry["rows"])})
            for entry in manifest["outcomes"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no manifest of l1cert: legal is a folder without one, or with its own"
        ) from error
    return {outcome.step: outcome for outcome in outcomes}
