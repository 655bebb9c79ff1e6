"""The values that functions are tried with: endpoints, their neighbours, and what is no number.

`HOSTILE` is tried exhaustively, in every argument of every function. The strategies draw legal
values, the ends of each domain and the floats next to them among them.
"""

import math
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from hypothesis import strategies as st

TINY, LARGEST = 5e-324, math.nextafter(math.inf, 0)


class Opaque:
    """An object that is nothing at all, and that no message can spell."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


def _odd_arrays() -> list[object]:
    read_only = np.array([0.25, 0.75])
    read_only.flags.writeable = False
    return [
        np.zeros(0),
        np.zeros((0, 3)),
        np.array(0.75),
        np.array(math.nan),
        np.array([0.5, math.nan]),
        np.array([math.inf, -math.inf]),
        np.array([0.0, -0.0, TINY, LARGEST]),
        np.array([0.5, 0.75], dtype=">f8"),
        np.array([0.5, 0.75], dtype=np.float16),
        np.array([0.5, 0.75], dtype=np.longdouble),
        np.array([[0.5, 0.75], [0.25, 1.0]])[:, ::-1],
        np.array([0.5, 0.0, 0.75, 0.0])[::2],
        read_only,
        np.array([1, 2, 3]),
        np.array([2**64 - 1], dtype=np.uint64),
        np.array([-1, 2**62]),
        np.array([True, False]),
        np.array([0.5 + 1j]),
        np.array(["0.5"]),
        np.array([b"0.5"]),
        np.array([None, 0.5], dtype=object),
        np.array([Fraction(1, 2)], dtype=object),
        np.array(["NaT"], dtype="datetime64[s]"),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.ma.masked_array([0.5, 0.75], mask=[True, False]),
    ]


HOSTILE: tuple[object, ...] = (
    None,
    True,
    False,
    "",
    " ",
    "abc",
    "nan",
    "inf",
    "0.75",
    "1/0",
    "3/4",
    "1e-999999999",
    "1e999999999",
    "0x1p-3",
    "1_000",
    "١",
    "a\nb",
    "\x00",
    "\ud800",
    b"1",
    bytearray(b"0.5"),
    0.5j,
    math.nan,
    -math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    TINY,
    -TINY,
    2.0**-1022,
    LARGEST,
    -LARGEST,
    0.5,
    1.0,
    math.nextafter(1.0, 0.0),
    math.nextafter(1.0, 2.0),
    -1,
    0,
    1,
    2,
    1.5,
    10**6,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**18,
    10**400,
    -(10**400),
    10**5000,
    Fraction(1, 3),
    Fraction(1, 10**400),
    Fraction(10**400, 1),
    Decimal("0.75"),
    Decimal("1e-400"),
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1e999999"),
    sp.Rational(3, 4),
    sp.Integer(1),
    sp.pi,
    sp.oo,
    sp.nan,
    sp.Symbol("x"),
    mpmath.mpf("0.75"),
    mpmath.mpf("nan"),
    mpmath.mpc(1, 1),
    np.float16(0.75),
    np.float32(0.75),
    np.float64(0.75),
    np.longdouble("0.75"),
    np.float64(math.nan),
    np.int8(1),
    np.uint64(2**63),
    np.bool_(True),
    np.complex128(1),
    np.str_("0.75"),
    np.datetime64("2020-01-01"),
    (),
    [],
    [0.5],
    [[1], [2, 3]],
    [None],
    ["a"],
    {},
    {"a": 1},
    set(),
    range(3),
    slice(None),
    object(),
    Opaque(),
    len,
    *_odd_arrays(),
)

#: those of them that no parameter of a picture can be
NO_PARAMETERS: tuple[object, ...] = (
    None,
    "",
    "abc",
    "nan",
    b"1",
    0.5j,
    math.nan,
    math.inf,
    -math.inf,
    -1,
    -LARGEST,
    10**400,
    -(10**400),
    10**5000,
    Decimal("sNaN"),
    sp.Symbol("x"),
    (),
    [],
    [[1], [2, 3]],
    {},
    object(),
    Opaque(),
    np.zeros(0),
    np.array([0.5, math.nan]),
    np.array(["0.5"]),
)


def near(*points: float) -> st.SearchStrategy[float]:
    """Each of the points, and the floats next to it."""
    return st.sampled_from(
        [
            one
            for at in points
            for one in (math.nextafter(at, -math.inf), at, math.nextafter(at, math.inf))
        ]
    )


def within(low: float, high: float, *points: float) -> st.SearchStrategy[float]:
    """Floats of [low, high]: the ends, the named points and their neighbours as often as others."""
    around = near(low, high, *points).filter(lambda one: low <= one <= high)
    return st.one_of(around, st.floats(low, high))


unit_floats = within(0.0, 1.0, 0.5, TINY, 2.0**-1022)
open_floats = unit_floats.filter(lambda p: 0 < p < 1)
sizes = within(TINY, LARGEST, 1.0, 2.0**-1022, 1e-6, 1e6)
everywhere = st.one_of(near(0.0, 1.0, -1.0, LARGEST, -LARGEST), st.floats(allow_nan=False))


def exact_forms(floats: st.SearchStrategy[float]) -> st.SearchStrategy[object]:
    """The same exact numbers as floats, fractions, decimals, strings and numpy scalars."""
    return st.one_of(
        floats,
        floats,
        floats.map(Fraction),
        floats.map(Decimal),
        floats.map(repr),
        floats.map(np.float64),
        floats.map(lambda x: str(Fraction(x))),
    )


def arrays(elements: st.SearchStrategy[float]) -> st.SearchStrategy[object]:
    """Arrays of every form that numpy has for the same numbers, empty ones and lists too."""
    return st.builds(_form, st.lists(elements, max_size=6), st.integers(0, 7))


def _form(values: list[float], form: int) -> object:
    plain = np.array(values, dtype=np.float64)
    if form == 0:
        return values
    if form == 1:
        return np.repeat(plain, 2)[::2]
    if form == 2:
        return plain[::-1]
    if form == 3:
        return plain.astype(">f8")
    if form == 4:
        plain.flags.writeable = False
    if form == 5:
        return plain.reshape(-1, 1)
    if form == 6:
        return np.array(plain[0] if len(plain) else 0.75)
    return plain


def exact(value: object) -> Fraction:
    """The rational that a value stands for, stated independently of `theory.exact`."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_):
        raise TypeError("a truth value is no number")
    if isinstance(value, np.integer):
        return Fraction(int(value))
    if isinstance(value, float | np.floating):
        return Fraction(*value.as_integer_ratio())
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, int | Fraction | Decimal | str):
        return Fraction(value)
    if isinstance(value, mpmath.mpf):
        return Fraction(float(value))
    raise TypeError(f"{type(value).__name__} is no number")
