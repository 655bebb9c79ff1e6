"""The CSV of a figure: what is written reads back the same, and what is not legal is refused."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from figures.data import FigureData, from_csv, to_csv

names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
columns = st.integers(0, 5).flatmap(
    lambda n: st.dictionaries(names, hnp.arrays(np.float64, n), min_size=1, max_size=3)
)


def same(one: FigureData, other: FigureData) -> bool:
    return (
        one.figure == other.figure
        and dict(one.parameters) == dict(other.parameters)
        and list(one.curves) == list(other.curves)
        and all(
            list(one[curve]) == list(other[curve])
            and all(
                np.array_equal(one[curve][c], other[curve][c], equal_nan=True) for c in one[curve]
            )
            for curve in one.curves
        )
    )


@given(names, st.dictionaries(names, columns, min_size=1, max_size=3))
def test_csv_reads_back_the_same(figure, curves):
    curves = {curve: {f"c{k}": v for k, v in enumerate(c.values())} for curve, c in curves.items()}
    data = FigureData(figure, curves, {"scale": 0.3, "count": 7})
    text = to_csv(data, {"seed": 2**100, "libraries": {"numpy": "2"}})
    again, provenance = from_csv(text)
    assert same(data, again)
    assert provenance == {"seed": 2**100, "libraries": {"numpy": "2"}}
    assert to_csv(again, provenance) == text


def test_any_csv_reader_can_read_it():
    curves = {"a": {"x": np.array([0.1, np.inf]), "y": np.array([1e-300, np.nan])}}
    curves["b"] = {"x": np.array([7.0]), "z": np.array([-0.0])}
    text = to_csv(FigureData("f", curves, {}), {"version": "1"})
    header = [line for line in text.splitlines() if line.startswith("#")]
    assert header[-1] == '# version: "1"'
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    assert rows == [
        ["curve", "x", "y", "z"],
        ["a", "0.1", "1e-300", ""],
        ["a", "inf", "nan", ""],
        ["b", "7.0", "", "-0.0"],
    ]


def test_a_curve_without_points_survives():
    data = FigureData("f", {"crossing": {"x": np.array([])}}, {})
    again, _ = from_csv(to_csv(data, {}))
    assert again["crossing"]["x"].shape == (0,)


def test_data_cannot_be_changed_from_outside():
    x = np.array([1.0, 2.0])
    data = FigureData("f", {"a": {"x": x}}, {})
    x[0] = 9.0
    assert data["a"]["x"][0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        data["a"]["x"][0] = 9.0


@pytest.mark.parametrize(
    "curve",
    [{}, {"x": np.zeros((2, 2))}, {"x": np.zeros(2), "y": np.zeros(3)}, {"x": np.float64(1)}],
)
def test_ragged_curves_are_refused(curve):
    with pytest.raises(ValueError, match="curve 'a' has columns of shapes"):
        FigureData("f", {"a": curve}, {})


@pytest.mark.parametrize("key", ["figure", "parameters", "curves", "two\nlines", "a: b"])
def test_provenance_keys_that_would_break_the_header_are_refused(key):
    with pytest.raises(ValueError, match="provenance key"):
        to_csv(FigureData("f", {"a": {"x": np.zeros(1)}}, {}), {key: 1})


def test_foreign_csv_is_refused():
    with pytest.raises(ValueError, match="the header lacks figure, parameters, curves"):
        from_csv("curve,x\na,1\n")
    text = to_csv(FigureData("f", {"a": {"x": np.zeros(1)}}, {}), {})
    with pytest.raises(ValueError, match="curve 'b' is none of a"):
        from_csv(text + "b,1.0\n")


def test_header_values_are_json():
    text = to_csv(FigureData("f", {"a": {"x": np.zeros(1)}}, {"scale": 0.25}), {"commit": None})
    values = [json.loads(line.split(": ", 1)[1]) for line in text.splitlines()[:4]]
    assert values == ["f", {"scale": 0.25}, {"a": ["x"]}, None]
