"""Numbers, names and counts as a page says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l1cert.audit.tables import printable

#: characters of a name or a value
MOST_TEXT = 60


def more_said(count: int, noun: str) -> str:
    """How many are left out.

    >>> more_said(1, "kind"), more_said(2, "kind")
    ('1 more kind', '2 more kinds')
    """
    return f"{count} more {noun}{'' if count == 1 else 's'}"


def end_of(path: Any) -> str:
    """The end of a path, which says most."""
    plain = printable(str(path))
    return plain if len(plain) <= MOST_TEXT else "..." + plain[3 - MOST_TEXT :]


def words(name: str) -> str:
    """A key of the JSON in words.

    >>> words("above_ceiling")
    'above ceiling'
    """
    return str(name).replace("_", " ")


def value_said(value: Any) -> str:
    """Whatever a finding holds, on one line; JSON has null for what is infinite.

    >>> value_said({"one_sided": [0.1234567, 2]}), value_said(None)
    ('one sided [0.123457, 2]', 'not finite')
    """
    if value is None:
        return "not finite"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(name)} {value_said(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_said, value))}]"
    return number(value) if isinstance(value, float) else printable(str(value), MOST_TEXT)


def number(value: Any) -> str:
    """Six digits; what is no number as it is, and null as a dash."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def share(value: Any) -> str:
    """A share of all rows, to four decimals.

    >>> share(0.12345), share(None)
    ('0.1235', '-')
    """
    return f"{value:.4f}" if isinstance(value, int | float) else number(value)
