"""The precision of a column is never finer than the printer that made it, whichever it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1cert.audit import precision
from l1cert.audit.log import Precision
from l1cert.audit.precision import DECIMAL, Printed, stored

Printer = Callable[[float], str]

#: each way to print a number, with how many digits it may be asked for
PRINTERS: dict[str, tuple[Callable[[int], Printer], int, int]] = {
    "%.Nf": (lambda digits: lambda x: f"{x:.{digits}f}", 0, 20),
    "{:.N}": (lambda digits: lambda x: f"{x:.{digits}}", 1, 17),
    "%.Ne": (lambda digits: lambda x: f"{x:.{digits}e}", 0, 17),
    "%.Ng": (lambda digits: lambda x: f"{x:.{digits}g}", 1, 17),
    "round": (lambda digits: lambda x: repr(round(x, digits)), 1, 9),
    "float32": (lambda _: lambda x: str(np.float32(x)), 0, 0),
    "float64 of float32": (lambda _: lambda x: repr(float(np.float32(x))), 0, 0),
    "float64": (lambda _: repr, 0, 0),
}

REALS = st.one_of(
    st.floats(0, 4),
    st.floats(-1, 1),
    st.floats(-3e4, 3e4),
    st.floats(0, 1e-4),
    st.integers(-40, 400).map(lambda k: k / 16),
    st.sampled_from([0.0, 0.5, 1.0, 0.0625, 9.9999, 0.99951, 1.9607, 1e5]),
)


def column(texts: Sequence[str]) -> Printed:
    found = Printed()
    for text in texts:
        found.add(float(text), None if "inf" in text else DECIMAL.fullmatch(text))
    return found


def holds(numbers: Sequence[float], found: Precision, entries: Sequence[float]) -> bool:
    """Whether every number lies in its interval, in exact arithmetic."""
    return all(
        abs(Fraction(number) - Fraction(entry)) <= Fraction(half)
        for number, entry, half in zip(numbers, entries, found.half_unit.tolist(), strict=True)
    )


def spread(count: int) -> list[float]:
    """Radii as in a run, an abstention now and then, none of them with few digits."""
    draws = np.random.default_rng(7).random(count)
    return [0.0 if draw < 0.15 else float(2 * draw**2) for draw in draws]


@pytest.mark.parametrize("name", PRINTERS)
@given(data=st.data())
def test_no_printer_is_taken_for_a_finer_one(name: str, data: st.DataObject) -> None:
    make, least, most = PRINTERS[name]
    printer = make(data.draw(st.integers(least, most), label="digits"))
    numbers = data.draw(st.lists(REALS, min_size=1, max_size=8), label="numbers")
    texts = [printer(number) for number in numbers]
    found = column(texts).precision()
    assert holds(numbers, found, [float(text) for text in texts]), (texts, found)
    assert np.isfinite(found.half_unit).all() and (found.half_unit >= 0).all()


@pytest.mark.parametrize(
    ("name", "digits", "said", "factor"),
    [
        ("%.Nf", 4, "4 decimals", 0.95),
        ("{:.N}", 3, "3 significant digits", 0.95),
        ("%.Ne", 2, "3 significant digits", 0.95),
        ("float32", 0, "float32", 0.9),
        ("float64 of float32", 0, "float32", 0.9),
    ],
)
def test_a_long_column_is_recognised_and_its_half_unit_is_needed(
    name: str, digits: int, said: str, factor: float
) -> None:
    numbers = spread(4000)
    texts = [PRINTERS[name][0](digits)(number) for number in numbers]
    entries = [float(text) for text in texts]
    found = column(texts).precision()
    assert found.said == said
    assert holds(numbers, found, entries)
    # A twentieth less, and one of 4000 evenly spread remainders lies outside.
    assert not holds(numbers, Precision(found.half_unit * factor, said), entries)


def test_shortest_texts_of_float64_are_those_numbers() -> None:
    numbers = spread(200)
    found = column([repr(number) for number in numbers]).precision()
    assert found.said == "float64" and not found.half_unit.any()
    # Seventeen digits that are not the shortest may have been anything within them.
    seventeen = column([f"{number:.16e}" for number in numbers]).precision()
    assert (
        seventeen.said == "17 significant digits"
        and seventeen.half_unit[numbers.index(max(numbers))]
    )


@pytest.mark.parametrize(
    ("texts", "said", "half"),
    [
        (["0.486", "1.22", "0.0", "0.0125"], "3 significant digits", [5e-4, 5e-3, 5e-5, 5e-5]),
        (["0.486", "1.2", "0.5"], "3 significant digits", [5e-4, 5e-3, 5e-4]),
        (["0.486", "1.220", "0.0"], "3 decimals", [5e-4, 5e-4, 5e-4]),
        (["0.5", "1.2", "0.0"], "1 decimal", [5e-2, 5e-2, 5e-2]),
        (["1.2"], "1 decimal", [5e-2]),
        (["0.0", "0.0"], "1 decimal", [5e-2, 5e-2]),
        (["0.000"], "3 decimals", [5e-4]),
        (["0.5", "0.486", "0.25", "0.125", "12.345"], "3 decimals", [5e-4] * 5),
        (["1.23e-05", "4.50e+02"], "3 significant digits", [5e-8, 5e-1]),
        (["3", "14"], "0 decimals", [5e-1, 5e-1]),
        (["0.48", "inf", "1.22"], "2 decimals", [5e-3, 0, 5e-3]),
    ],
)
def test_short_columns_by_hand(texts: list[str], said: str, half: list[float]) -> None:
    found = column(texts).precision()
    assert found.said == said
    np.testing.assert_allclose(found.half_unit, half, rtol=1e-10)
    assert all(
        Fraction(got) >= Fraction(str(need))
        for got, need in zip(found.half_unit, half, strict=True)
    )


def test_a_tie_is_within_the_interval_although_neither_end_is_a_float() -> None:
    # 1/16 prints as 0.062, whose float is a little below it: 0.0005 alone would miss by 4e-19.
    found = column(["0.062", "0.486"]).precision()
    assert Fraction(1, 16) - Fraction(0.062) > Fraction(5, 10_000)
    assert holds([0.0625], Precision(found.half_unit[:1], ""), [0.062])


@pytest.mark.parametrize("dropped", ["decimals", "float32"])
def test_each_part_of_the_rule_is_needed(dropped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the largest number of decimals, or without float32, an interval misses its number."""
    if dropped == "decimals":
        numbers = [0.3456, 12.3456]
        texts = [repr(round(number, 3)) for number in numbers]
        monkeypatch.setattr(np, "minimum", lambda _, other: other)
    else:
        numbers = spread(50)
        texts = [str(np.float32(number)) for number in numbers]
        monkeypatch.setattr(precision, "_SINGLE", (53, -1074))
    entries = [float(text) for text in texts]
    assert not holds(numbers, column(texts).precision(), entries)
    monkeypatch.undo()
    assert holds(numbers, column(texts).precision(), entries)


@pytest.mark.parametrize(
    ("kind", "said"), [("f2", "float16"), ("f4", "float32"), ("f8", "float64")]
)
def test_a_stored_column(kind: str, said: str) -> None:
    numbers = np.array(spread(300))
    array = numbers.astype(kind)
    found = stored(array)
    assert found.said == said
    assert holds(numbers.tolist(), found, array.astype(float).tolist())
    if said != "float64":
        shrunk = Precision(found.half_unit * 0.9, said)
        assert not holds(numbers.tolist(), shrunk, array.astype(float).tolist())
    widened = stored(array.astype(np.float64))
    assert widened.said == ("float32" if kind != "f8" else "float64")


def test_a_stored_infinity_and_a_float_beyond_single_precision() -> None:
    found = stored(np.array([np.inf, -np.inf, 0.5, 0.0]))
    assert found.said == "float32" and found.half_unit.tolist() == [0, 0, 2.0**-25, 2.0**-150]
    assert stored(np.array([1e300, np.inf, 0.5])).said == "float64"


@pytest.mark.parametrize(
    "text",
    [
        "1e-99999999999999999999",
        "0e99999999999999",
        "1e308",
        "9" * 309 + "e-5",
        "0." + "0" * 900 + "1",
    ],
)
def test_absurd_exponents_leave_finite_half_units(text: str) -> None:
    for texts in ([text], [text, "0.25"], ["1.5e-300", text]):
        found = column(texts).precision()
        assert np.isfinite(found.half_unit).all() and (found.half_unit > 0).all()


def test_seventeen_decimals_are_not_taken_for_shortest_texts() -> None:
    """Below 0.1 they are sixteen digits, which may be the shortest text of a neighbour."""
    draws = np.random.default_rng(11).uniform(0.01, 0.1, 4000).tolist()
    small = next(
        one
        for one in draws
        if one != float(f"{one:.17f}") and repr(float(f"{one:.17f}")) == f"{one:.17f}"
    )
    large = next(10 * one for one in draws if len(repr(10 * one)) == 19 and one > 0.02)
    texts = [f"{small:.17f}", f"{large:.17f}"]
    assert all(repr(float(text)) == text for text in texts)
    found = column(texts).precision()
    assert found.said == "17 decimals"
    assert holds([small, large], found, [float(text) for text in texts])
