import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1cert.audit.findings import KINDS
from l1cert.audit.log import ABSTAINED, Problem
from l1cert.audit.row_checks import row_findings
from tests.test_audit.made_logs import Run, changed, made

COUNTS = [400, 700, 800, 900, 950, 990, 1000]


def log_of(**columns):
    log = made(Run(), COUNTS)
    right = (log.label == log.predict).astype(np.int64)
    return replace(log, correct=right, **columns)


def kinds(log):
    found = {one.kind: one for one in row_findings(log)}
    assert set(found) <= set(KINDS)
    return found


def test_a_log_in_order_is_of_no_kind():
    assert log_of().predict[0] == ABSTAINED
    assert kinds(log_of()) == {}


def only(log, kind, rows):
    found = kinds(log)
    assert set(found) == {kind}
    assert found[kind].rows.tolist() == rows
    assert found[kind].worst["row"] in rows
    return found[kind].worst


def test_a_negative_radius():
    worst = only(changed(log_of(), radius={2: -0.5, 4: -0.75}), "negative_radius", [4, 6])
    assert (worst["row"], worst["index"], worst["radius"]) == (6, 80, -0.75)
    # an abstention may say by how much it failed, and minus zero is zero
    assert kinds(changed(log_of(), radius={0: -0.5, 1: -0.0})) == {}


def test_an_abstention_with_a_radius():
    worst = only(changed(log_of(), radius={0: 0.25}), "abstained_with_radius", [2])
    assert worst["radius"] == 0.25


@pytest.mark.parametrize("row", range(len(COUNTS)))
def test_correct_against_label_and_predict(row):
    log = log_of()
    worst = only(changed(log, correct={row: 1 - log.correct[row]}), "wrong_correct", [row + 2])
    assert (worst["label"], worst["predict"]) == (log.label[row], log.predict[row])
    assert worst["correct"] == 1 - log.correct[row]


def test_an_abstention_is_never_right():
    log = changed(log_of(), label={0: ABSTAINED}, correct={0: 1})
    only(log, "wrong_correct", [2])


def test_no_column_of_correct_no_check():
    assert kinds(replace(log_of(), correct=None)) == {}


def test_an_index_that_came_before():
    log = changed(log_of(), index={4: 60, 5: 60})
    found = kinds(log)
    assert found["duplicate_index"].rows.tolist() == [6, 7]
    assert found["duplicate_index"].worst["first_row"] == 5
    # the indices 80 and 100 are gone with it
    assert found["index_gap"].worst["missing_in_all"] == 2
    assert set(found) == {"duplicate_index", "index_gap"}


def test_a_gap_says_its_step_and_how_much_is_missing():
    log = log_of()
    index = np.array([0, 20, 40, 100, 120, 140, 220])
    worst = only(replace(log, index=index), "index_gap", [5, 8])
    assert (worst["step"], worst["missing_in_all"], worst["missing"]) == (20, 5, 3)
    assert (worst["row"], worst["index"], worst["previous"]) == (8, 220, 140)


def test_no_regular_sequence_has_no_gaps():
    assert kinds(replace(log_of(), index=np.array([1, 2, 4, 8, 16, 32, 64]))) == {}


def test_an_index_below_the_one_before():
    log = changed(log_of(), index={2: 60, 3: 40})
    worst = only(log, "wrong_order", [5])
    assert (worst["index"], worst["previous"]) == (40, 60)


def test_indices_of_64_bits():
    ends = np.iinfo(np.int64)
    index = np.array([ends.min, 0, 1, 2, 3, 4, ends.max])
    found = kinds(replace(log_of(), index=index))["index_gap"]
    assert found.rows.tolist() == [3, 8]
    assert found.worst["missing_in_all"] == pytest.approx(2.0**64)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=25))
def test_duplicates_order_and_gaps_by_brute_force(indices):
    log = made(Run(), [900] * len(indices))
    found = kinds(replace(log, index=np.array(indices)))
    rows = {kind: one.rows.tolist() for kind, one in found.items()}
    twice = [i + 2 for i, one in enumerate(indices) if one in indices[:i]]
    order = [i + 2 for i in range(1, len(indices)) if indices[i] < indices[i - 1]]
    assert rows.get("duplicate_index", []) == twice
    assert rows.get("wrong_order", []) == order
    distinct = sorted(set(indices))
    steps = [b - a for a, b in pairwise(distinct)]
    common = max(steps, key=steps.count, default=0)
    if 2 * steps.count(common) <= len(steps):
        assert "index_gap" not in rows
        return
    after = [b for (b, step) in zip(distinct[1:], steps, strict=True) if step > common]
    assert sorted(rows.get("index_gap", [])) == sorted(indices.index(one) + 2 for one in after)
    if after:
        regular = sum(-(-step // common) - 1 for step in steps)
        assert found["index_gap"].worst["missing_in_all"] == regular


def selection(*last):
    shares = np.zeros((len(COUNTS), 4))
    shares[:] = [0.5, 0.25, 0.25, 0.0]
    shares[-1] = last
    return log_of(selection=shares)


@pytest.mark.parametrize(
    ("shares", "kind"),
    [
        ((0.5, 0.25, 0.25, 0.0), None),
        ((0.5, 0.25, 0.25 + 5e-7, 0.0), None),
        ((0.5, 0.25, 0.25 + 2e-6, 0.0), "not_a_distribution"),
        ((0.5, 0.25, 0.0, 0.0), "not_a_distribution"),
        ((1.25, -0.25, 0.0, 0.0), "not_a_distribution"),
        ((0.75, 0.5, -0.25, 0.0), "not_a_distribution"),
        ((0.0, 0.0, 0.0, 0.0), "not_a_distribution"),
        ((math.nan, 0.5, 0.5, 0.0), "not_a_distribution"),
        ((0.5, 0.5, 0.0, 0.0), "tied_selection"),
        ((0.25, 0.25, 0.25, 0.25), "tied_selection"),
    ],
)
def test_shares_of_the_votes_that_select(shares, kind):
    log = selection(*shares)
    if kind is None:
        assert kinds(log) == {}
        return
    worst = only(log, kind, [8])
    if kind == "tied_selection":
        assert worst["classes"] == [i for i, one in enumerate(shares) if one == max(shares)]
        assert worst["share"] == max(shares)


def test_lines_that_could_not_be_read():
    problems = (Problem(9, "radius is a NaN", "a"), Problem(11, "3 fields, the header has 4", "b"))
    found = kinds(replace(log_of(), problems=problems))
    assert found["missing_value"].rows.tolist() == [9]
    assert found["malformed_line"].rows.tolist() == [11]
    assert found["malformed_line"].worst == {"row": 11, "reason": problems[1].reason, "text": "b"}


def test_an_empty_log():
    assert kinds(replace(made(Run(), []), selection=np.zeros((0, 3)))) == {}


def test_infinite_radii_can_be_said_in_json():
    found = kinds(changed(log_of(), radius={3: -math.inf}))
    assert found["negative_radius"].worst["radius"] is None
