"""What an audit found of one kind, as every check hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l1cert.audit.log import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Rows that share a fault.

    Attributes
    ----------
    kind
        Its name, as in "above_ceiling"; a key of `KINDS`.
    rows
        Where they stand in the log: `Log.place` of each, or lines that could not be read.
    worst
        The row that shows it best, with its numbers as JSON can say them; None without rows.
    explained_by
        What would make the rows right, as JSON can say it, best first; empty where nothing would,
        or nothing was looked for.
    """

    kind: str
    rows: Ints
    worst: Mapping[str, Any] | None = None
    explained_by: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """{"count", "rows", "worst", "explained_by"}; the last is null where nothing explains."""
        return {
            "count": len(self.rows),
            "rows": self.rows.tolist(),
            "worst": None if self.worst is None else dict(self.worst),
            "explained_by": [dict(one) for one in self.explained_by] or None,
        }


#: every kind of finding, with what it says for people
KINDS: Mapping[str, str] = {
    "malformed_line": "could not be read",
    "missing_value": "holds a NaN",
    "above_ceiling": "radius above all that n samples can certify at alpha",
    "off_lattice": "no count of n samples has this Clopper-Pearson bound, or radius, at alpha",
    "above_own_bound": "radius above the exact value at its own probability bound",
    "bound_above_clopper_pearson": "probability bound above the exact one of its count",
    "other_bound_below_clopper_pearson": "PB below the exact bound of its count",
    "wrong_sample_count": "votes that do not fit the stated number of samples",
    "negative_radius": "negative radius: should have abstained",
    "missed_abstention": "certified although its bound is below 1/2",
    "abstained_with_radius": "abstained, and yet has a radius",
    "wrong_correct": "correct does not say whether predict is the label",
    "duplicate_index": "index that an earlier row has",
    "index_gap": "index that is missing from a regular sequence",
    "wrong_order": "index below the one before",
    "not_a_distribution": "votes that do not sum to 1, or lie outside [0, 1]",
    "tied_selection": "two classes tied in the sample that selects the class",
}
