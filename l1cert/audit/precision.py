r"""How far a printed or stored column may be from the numbers that were computed.

A column of decimals does not say how it was printed. With d the digits after the point of an
entry v, s its significant digits, and D and S the largest of each in the column,

.. math:: |x - v| \le \tfrac12 10^{-\min(D,\; d + S - s)}

holds for the number x behind v if the column was printed with N decimals ("%.3f", or rounded to
one or more and with trailing zeros dropped: then D <= N), and also if it was printed with N
significant digits ("%.3e", "%.3g", or "{:.3}", which drops trailing zeros: then S <= N, and
N - s + d decimals of v count). Short columns show fewer digits than were printed, which only makes
the bound larger. To both comes the distance of v's decimal from the float that it is read as.

Digits that are shortest for float32 are no rounded decimals: x is then within half a float32
spacing of the float32 that they stand for, and where the column can be such a one the larger of
both holds. A column with 17 significant digits, not all with as many decimals, whose every entry
is the shortest text of its float64 is that float64.
"""

from __future__ import annotations

import re
from array import array
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from l1cert.audit.log import Floats, Ints, Precision

DECIMAL = re.compile(
    r"[+-]?(?:(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]*))?|\.(?P<only>[0-9]+))"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+))?"
)
"""A decimal in ASCII digits: no underscores, blanks, hexadecimal, infinity or NaN."""

# Digits after the point that a nonzero float64 can take part in; zeros may claim others.
_FEWEST, _MOST = -308, 1100

# Bits of the mantissa, exponent of the smallest subnormal.
_HALF, _SINGLE, _DOUBLE = (11, -24), (24, -149), (53, -1074)
_LARGEST_SINGLE = float(np.finfo(np.float32).max)


class Printed:
    """The entries of a printed column, one after the other, and what they show of its format."""

    def __init__(self) -> None:
        self._values = array("d")
        self._decimals = array("h")
        self._significant = array("h")
        # Whether every entry so far is the shortest text of a float64, or of a float32, or is the
        # float64 of a float32.
        self._shortest = self._shortest_single = self._single = True

    def __len__(self) -> int:
        """The number of entries."""
        return len(self._values)

    def add(self, value: float, match: re.Match[str] | None) -> None:
        """The next entry: the float nearest to it, and its digits; None for an infinity."""
        decimals, significant = (0, 0) if match is None else _digits(match)
        self._values.append(value)
        self._decimals.append(decimals)
        self._significant.append(significant)
        if match is None:
            return
        if significant == 0:
            return  # however a zero is written
        text = match.string.lower().lstrip("+")
        if self._shortest:
            self._shortest = repr(value) == text
        if self._single or self._shortest_single:
            single = np.float32(value if abs(value) <= _LARGEST_SINGLE else np.nan)
            self._single = self._single and float(single) == value
            if self._shortest_single and str(single) != text:
                # As others write the same digits: "2" for "2.0", "1e-5" for "1e-05".
                same = value != 0 and Decimal(str(single)) == Decimal(text)
                self._shortest_single = same

    @property
    def values(self) -> Floats:
        """The entries as floats."""
        return np.array(self._values, dtype=np.float64)

    def precision(self, *, shortest: bool = False) -> Precision:
        """Half a unit of each entry, rounded up, by the module's rule; 0 for an infinity.

        `shortest` says that the format is one that prints the shortest text of a float64; it is
        believed where every entry is such a text.

        Examples
        --------
        >>> column = Printed()
        >>> for text in ("0.486", "1.2", "0.0"):
        ...     column.add(float(text), DECIMAL.fullmatch(text))
        >>> found = column.precision()
        >>> found.said, [f"{half:.2g}" for half in found.half_unit]
        ('3 significant digits', ['0.0005', '0.005', '0.0005'])
        """
        values = self.values
        if shortest and self._shortest:
            return Precision(np.zeros(len(values)), "float64")
        decimals = np.array(self._decimals, dtype=np.int64)
        significant = np.array(self._significant, dtype=np.int64)
        nonzero = significant > 0
        most = int(significant.max(initial=0))
        if nonzero.any():
            shown = decimals[nonzero]
            fixed, largest = bool(shown.min() == shown.max()), int(shown.max())
        else:
            # Only zeros: the one with the fewest decimals says the least.
            finite = decimals[np.isfinite(values)]
            fixed, largest = True, max(0, int(finite.min(initial=_MOST))) if len(finite) else 0
        if self._shortest and most >= 17 and not fixed:
            return stored(values)
        kept = np.where(nonzero, np.minimum(largest, decimals + most - significant), largest)
        half = _half_units(kept, values)
        if self._shortest_single or self._single:
            spacing = _from_single(values)
            if np.any(spacing > half):
                return Precision(np.maximum(half, spacing), "float32")
        full = np.sum(significant == most), np.sum(nonzero & (decimals == largest))
        if fixed or full[0] < full[1]:
            return Precision(half, f"{largest} decimal{'' if largest == 1 else 's'}")
        return Precision(half, f"{most} significant digit{'' if most == 1 else 's'}")


def stored(values: npt.NDArray[np.generic]) -> Precision:
    """The precision of an array as it was stored: half a spacing of float16, float32, or 0.

    float64 entries that are all float32 numbers were computed in float32, or may have been.

    Examples
    --------
    >>> found = stored(np.array([0.75, float(np.float32(0.1))]))
    >>> found.said, found.half_unit
    ('float32', array([2.98023224e-08, 3.72529030e-09]))
    """
    entries = values.astype(np.float64)
    if values.dtype.itemsize == 2:
        return Precision(_half_spacing(entries, _HALF), "float16")
    finite = entries[np.isfinite(entries)]
    fits = bool(np.all(np.abs(finite) <= _LARGEST_SINGLE))
    if fits and np.array_equal(finite.astype(np.float32).astype(np.float64), finite):
        return Precision(_half_spacing(entries, _SINGLE), "float32")
    return Precision(np.zeros(len(entries)), "float64")


def _digits(match: re.Match[str]) -> tuple[int, int]:
    """Digits after the point (less the exponent), and significant ones; (., 0) for a zero."""
    whole, part = match["whole"] or "", match["part"] or match["only"] or ""
    # An exponent of many digits belongs to a zero, or underflows to one.
    exponent = int((match["exponent"] or "0")[:8])
    decimals = min(max(len(part) - exponent, _FEWEST), _MOST)
    return decimals, min(len((whole + part).lstrip("0")), _MOST)


def _half_units(decimals: Ints, values: Floats) -> Floats:
    """Half of 10^-decimals, and the distance of each float from its decimal, rounded up."""
    powers = {one: float(f"5e{-one - 1}") for one in np.unique(decimals).tolist()}
    half = np.array([powers[one] for one in decimals.tolist()], dtype=np.float64)
    total = np.nextafter(half, np.inf) + _half_spacing(values, _DOUBLE)
    return np.where(np.isfinite(values), np.nextafter(total, np.inf), 0.0)


def _from_single(values: Floats) -> Floats:
    """How far a number may be that was rounded to float32 and then to that one's shortest text."""
    single = values.astype(np.float32).astype(np.float64)
    finite = np.isfinite(values)
    apart = np.abs(np.subtract(values, single, out=np.zeros_like(values), where=finite))
    half = _half_spacing(single, _SINGLE)
    return np.where(apart > 0, np.nextafter(half + apart, np.inf), half)


def _half_spacing(values: Floats, kind: tuple[int, int]) -> Floats:
    """Half the spacing at each entry of floats of so many bits and such a least exponent."""
    digits, least = kind
    finite = np.isfinite(values)
    mantissa, exponent = np.frexp(np.where(finite, values, 0.0))
    unit = np.where(mantissa == 0, least, np.maximum(exponent - digits, least))
    return np.where(finite, np.ldexp(0.5, unit), 0.0)
