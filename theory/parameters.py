"""Single parameters that are no exact rationals: whole numbers, floats, words, arrays of floats.

What a caller passes may be anything: None, text, an array, a number beyond every float. Each
function returns the value as what it has to be, or raises a ValueError of one line that names the
parameter, the value and the legal set. Exact rationals have `theory.exact.to_fraction`.

Only numpy and the standard library are imported: the noise laws are used without FLINT.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from theory.exact import Exact

__all__ = [
    "MOST_BITS",
    "MOST_ROOT_BITS",
    "check_direction",
    "checked_flag",
    "checked_precision",
    "coordinate_of",
    "describe",
    "exactly",
    "is_word",
    "to_exact_vector",
    "to_float_array",
    "to_integer",
    "to_integer_array",
    "to_real",
]

#: more bits of a sum over many terms would take the memory, or a day
MOST_BITS = 1 << 16
#: and of a root that is searched for
MOST_ROOT_BITS = 1 << 12
_MOST_AXIS = 2**62
_NO_NUMBERS = (complex, np.complexfloating, np.timedelta64, np.void, np.ndarray, str, bytes)


def describe(value: object) -> str:
    """Return `value` on one short line, for an error message.

    Examples
    --------
    >>> describe("1.50"), describe(""), describe(10**60)
    ('1.50', "''", '1000000000000000000000000000000000000...')
    """
    try:
        text = " ".join(str(value).split())
    except ValueError:  # of an integer that Python does not spell
        return f"a number of more than {sys.get_int_max_str_digits()} digits"
    except Exception:  # the caller's own class may do anything, and this is its error message
        return f"a {type(value).__name__}"
    if not text or not text.isprintable():
        text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."


def to_real(name: str, value: object, domain: str, legal: Callable[[Any], bool]) -> float:
    """Return `value` as the nearest float, once it and that float are legal.

    Parameters
    ----------
    name, domain : str
        What the error calls the parameter and its legal set.
    value : object
        A number of any type that compares with floats; text is none.
    legal : callable
        Whether a number is legal; NaN must not be.

    Raises
    ------
    ValueError
        For what is no single number, is not legal, or is not as a float (1e-400 in (0, 1)).

    Examples
    --------
    >>> to_real("alpha", 0.5, "(0, 1)", lambda x: 0 < x < 1)
    0.5
    >>> to_real("alpha", None, "(0, 1)", lambda x: 0 < x < 1)
    Traceback (most recent call last):
        ...
    ValueError: alpha = None is outside (0, 1)
    """
    try:
        scalar = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
        if _is_number(scalar) and legal(scalar):
            number = float(scalar)  # type: ignore[arg-type]
            if legal(number):
                return number
    except (TypeError, ValueError, ArithmeticError):
        pass  # said in one form below, whatever the kind of the value
    raise ValueError(f"{name} = {describe(value)} is outside {domain}")


def _is_number(value: object) -> bool:
    """Whether float takes it for one number; it reads text as well, and what lies in a buffer."""
    if isinstance(value, _NO_NUMBERS):
        return False
    return hasattr(value, "__float__") or hasattr(value, "__index__")


def exactly(value: Any) -> Fraction:
    """Return a number that `to_real` has passed as the rational that it is, whatever its type.

    What is enclosed is that of the number that was passed: the float next to 1/3 is another one.
    Only of a type that says nothing exact is it the float next to it.

    >>> from decimal import Decimal
    >>> exactly(Fraction(1, 3)), exactly(0.5), exactly(Decimal("0.1"))
    (Fraction(1, 3), Fraction(1, 2), Fraction(1, 10))
    """
    value = value[()] if isinstance(value, np.ndarray) else value
    if hasattr(value, "as_integer_ratio"):
        return Fraction(*value.as_integer_ratio())
    if hasattr(value, "__index__"):
        return Fraction(operator.index(value))
    return Fraction(float(value))


def to_integer(name: str, value: object, least: int, most: int, legal: str = "") -> int:
    """Return `value` as an int in [least, most]; Python's and NumPy's integers are whole numbers.

    Raises
    ------
    TypeError
        For what is no integer; 1.0 is none.
    ValueError
        For an integer outside [least, most]; ``legal`` is the legal set in words, where the two
        numbers do not say it.

    Examples
    --------
    >>> to_integer("dim", np.int8(3), 1, 10)
    3
    >>> to_integer("dim", 11, 1, 10)
    Traceback (most recent call last):
        ...
    ValueError: dim = 11 is outside [1, 10]
    """
    legal = legal or f"[{least}, {most}]"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} = {describe(value)} is no integer in {legal}") from None
    if not least <= number <= most:
        raise ValueError(f"{name} = {describe(value)} is outside {legal}")
    return number


def to_exact_vector(name: str, entries: Iterable[Exact]) -> tuple[Fraction, ...]:
    """Return every entry as the exact rational that it stands for.

    Raises
    ------
    ValueError
        For text, for what has no entries to go through, or for an entry that is no finite number.

    Examples
    --------
    >>> to_exact_vector("delta", ["0.5", 2])
    (Fraction(1, 2), Fraction(2, 1))
    >>> to_exact_vector("delta", 3)
    Traceback (most recent call last):
        ...
    ValueError: delta = 3 is no sequence of exact numbers
    """
    from theory.exact import to_fraction

    if isinstance(entries, str | bytes) or not isinstance(entries, Iterable):
        raise ValueError(f"{name} = {describe(entries)} is no sequence of exact numbers")
    try:
        listed = list(entries)
    except TypeError:  # an array without dimensions
        raise ValueError(f"{name} = {describe(entries)} is no sequence of exact numbers") from None
    if all(type(one) is Fraction for one in listed):
        return tuple(listed)  # type: ignore[arg-type]
    found: list[Fraction] = []
    for place, one in enumerate(listed):
        try:
            found.append(to_fraction(one))
        except ValueError as error:
            raise ValueError(f"{name}[{place}] = {error}") from None
    return tuple(found)


def checked_precision(bits: int, name: str = "precision", most: int = MOST_BITS) -> int:
    """Return a number of bits in [2, most]: what is asked of a whole sum, not of one evaluation.

    Examples
    --------
    >>> checked_precision(80)
    80
    """
    return to_integer(name, bits, 2, most)


def is_word(value: object, words: Collection[str]) -> bool:
    """Whether `value` is one of the words: a list, an array or NaN is none, and no error.

    Examples
    --------
    >>> is_word("down", ("down", "nearest")), is_word([], ("down", "nearest"))
    (True, False)
    """
    return isinstance(value, str) and value in words


def checked_flag(name: str, value: object) -> bool:
    """Return a truth value, Python's or NumPy's; a ValueError for anything else, 0 and 1 too.

    >>> checked_flag("same_sample", np.True_)
    True
    >>> checked_flag("same_sample", 1)
    Traceback (most recent call last):
        ...
    ValueError: same_sample = 1 is neither True nor False
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} = {describe(value)} is neither True nor False")
    return bool(value)


def to_float_array(name: str, value: object) -> NDArray[np.float64]:
    """Return numbers of any shape as float64, each to nearest; a new array only where it must be.

    Raises
    ------
    ValueError
        For text, complex numbers, dates, records, ragged lists, and numbers beyond every float.

    Examples
    --------
    >>> to_float_array("x", [1, 2.5])
    array([1. , 2.5])
    >>> to_float_array("x", "0.5")
    Traceback (most recent call last):
        ...
    ValueError: x = 0.5 holds no real numbers: legal are floats and arrays of floats
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind in "biuf" or (array.dtype.kind == "O" and not _holds_text(array)):
            with np.errstate(over="ignore"):  # a long double beyond the floats is inf, or refused
                return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, ArithmeticError):
        pass  # said in one form below, whatever the kind of the value
    raise ValueError(
        f"{name} = {describe(value)} holds no real numbers: legal are floats and arrays of floats"
    )


def check_direction(axis: int, sign: int) -> None:
    """A ValueError unless axis is a coordinate's number and sign is 1 or -1.

    >>> check_direction(0, -1)
    """
    to_integer("axis", axis, 0, _MOST_AXIS, "[0, dim)")
    if to_integer("sign", sign, -1, 1, "-1 and 1") == 0:
        raise ValueError(f"sign = {describe(sign)} is neither -1 nor 1")


def coordinate_of(points: object, axis: int) -> NDArray[np.float64]:
    """Return one coordinate of points of shape (n, d); a ValueError for another shape.

    >>> coordinate_of([[1, 2], [3, 4]], 1)
    array([2., 4.])
    """
    array = to_float_array("points", points)
    if array.ndim != 2 or array.shape[1] <= axis:
        raise ValueError(f"points has shape {array.shape}, legal is (n, d) with d > axis = {axis}")
    return array[:, axis]


def _holds_text(array: NDArray[Any]) -> bool:
    return any(one is None or isinstance(one, str | bytes) for one in array.ravel())


def to_integer_array(name: str, value: object, least: int, most: int) -> NDArray[np.int64]:
    """Return whole numbers of any shape, all in [least, most], as int64.

    Raises
    ------
    ValueError
        For what holds no integers (1.0 is none), or one outside; ``most`` is below 2^63.

    Examples
    --------
    >>> to_integer_array("counts", [0, 3], 0, 10)
    array([0, 3])
    >>> to_integer_array("counts", [0, 11], 0, 10)
    Traceback (most recent call last):
        ...
    ValueError: counts = 11 is outside [0, 10]
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.size and array.dtype.kind not in "iu":  # an empty list has float64
        legal = f"is no integer in [{least}, {most}], nor an array of them"
        raise ValueError(f"{name} = {describe(value)} {legal}")
    outside = array[(array < least) | (array > most)] if array.size else array
    if outside.size:
        raise ValueError(f"{name} = {outside.flat[0]} is outside [{least}, {most}]")
    return array.astype(np.int64)
