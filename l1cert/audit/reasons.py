"""What would explain a finding, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from figures.audits import SIDES
from l1cert.audit.tables import printable
from l1cert.audit.wording import more_said, value_said, words

_MOST = 240


def telling(
    kind: str, entries: Sequence[Mapping[str, Any]] | None, run: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """The explanations of a finding, but for those whose ceiling is no higher than the stated one.

    They may put other rows on their lattice, and explain none that is above the ceiling.

    >>> run = {"n": 100, "alpha": "0.001"}
    >>> entries = [{"what": "alpha", "n": 100, "alpha": one, "one_sided": False}
    ...            for one in (0.001, 0.01)]
    >>> [one["alpha"] for one in telling("above_ceiling", entries, run)]
    [0.01]
    """
    stated = math.log(Fraction(run["alpha"])) / run["n"]
    return [
        one
        for one in entries or []
        if kind != "above_ceiling"
        or one["what"] not in ("n", "alpha")
        or math.log(one["alpha"] / (1 if one["one_sided"] else 2)) / one["n"] > stated
    ]


def only_rounding(entries: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether the last digits of floats explain every row of a finding.

    >>> only_rounding([{"what": "float32 rounding", "rows": 3, "rows_explained": 3}])
    True
    """
    return any(
        str(one["what"]).endswith("rounding") and one["rows_explained"] == one["rows"]
        for one in entries or ()
    )


def brief(entries: Sequence[Mapping[str, Any]]) -> str:
    """The best explanation, and that another parameter explains as much if one does.

    >>> alpha = {"what": "alpha", "alpha": 0.01, "rows_explained": 5, "rows": 5}
    >>> brief([alpha, {**alpha, "what": "n", "n": 300, "one_sided": False}])
    'alpha = 0.01 would explain all 5 certified rows, and so would n = 300 with two-sided bounds'
    """
    if not entries:
        return ""
    best = entries[0]
    said = _said(best, brief=True)
    for one in entries[1:]:
        what = str(one["what"])
        as_good = one.get("rows_explained") == best.get("rows_explained")
        if what != best["what"] and what in one and as_good:
            sides = "" if one.get("one_sided", True) else " with two-sided bounds"
            return f"{said}, and so would {what} = {value_said(one.get(what))}{sides}"
    return said


def chosen(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The best of the explanations, and the best by another parameter if there is one.

    >>> [one["n"] for one in chosen([{"what": what, "n": n} for what, n in ("a1", "a2", "b3")])]
    ['1', '3']
    """
    return [*entries[:1], *[one for one in entries if one["what"] != entries[0]["what"]][:1]]


def whole(entries: Sequence[Mapping[str, Any]]) -> str:
    """The best of the explanations, the best by another parameter, and how many more there are.

    >>> whole([{"what": "float32 rounding", "rows_explained": 2, "rows": 3, "largest": 4e-8}])
    'float32 rounding would explain 2 of 3 rows; largest = 4e-08'
    """
    said = chosen(entries)
    left = len(entries) - len(said)
    more = f" ({more_said(left, 'explanation')})" if left else ""
    return "; or ".join(_said(one, brief=False) for one in said) + more


def _said(entry: Mapping[str, Any], *, brief: bool) -> str:
    """What would make the rows right, and how many of them; not brief: also all that is left."""
    left = {name: one for name, one in entry.items() if one is not None}
    what = str(left.pop("what", "another parameter"))
    rows, explained = left.pop("rows", None), left.pop("rows_explained", None)
    shown, certified = what, ""
    if what in ("n", "alpha") and what in left:
        shown, certified = f"{what} = {value_said(left[what])}", "certified "
        left = {name: one for name, one in left.items() if name not in ("n", "alpha")}
    interval = left.pop("interval", None)
    if interval is not None and not brief:
        shown += f" (any in {value_said(interval)})"
    if "one_sided" in left:
        sides = "one_sided" if left.pop("one_sided") else "two_sided"
        shown += "" if brief and sides == "one_sided" else f" with {SIDES[sides]} bounds"
    if explained is not None:
        count = f"{explained} of {rows}"
        if rows is None or explained == rows:
            count = f"all {explained}" if rows else str(explained)
        shown += f" would explain {count} {certified}rows"
    if left and not brief:
        shown += "; " + ", ".join(
            f"{words(name)} = {value_said(one)}" for name, one in left.items()
        )
    return printable(shown, _MOST)
