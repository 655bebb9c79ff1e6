"""Data of a figure with one column changed, which its check has to notice."""

from dataclasses import replace


def changed(data, name, column, values):
    return replace(data, curves={**data.curves, name: {**data[name], column: values}})


def with_entry(values, where, value):
    values = values.copy()
    values[where] = value
    return values
