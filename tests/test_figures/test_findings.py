"""How plotted data are judged: a fault refutes, none agrees, and doubtful data say nothing."""

import numpy as np
import pytest

from figures.findings import judged
from theory.claim import Grade, Rung

AT = np.array([0.8, 0.85, 0.9])


def verdict(fault, at=AT, **options):
    return judged(
        "part",
        at,
        np.array(fault),
        scope="three points",
        agreed="as stated",
        witness=lambda k: {"at": repr(float(at[k]))},
        **options,
    )


def test_no_fault_agrees():
    found = verdict([0.0, -1.0, -np.inf])
    assert (found.rung, found.grade, found.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
    assert (found.part, found.scope, found.detail) == ("part", "three points", "as stated")
    assert found.witness is None


def test_a_fault_refutes_at_the_plainest_point():
    found = verdict([0.1, 0.5, 0.2])
    assert (found.grade, found.finding) == (Grade.REFUTED, False)
    assert found.witness == {"at": "0.9"}
    assert found.detail == "not so at 3 of 3 plotted points"
    assert verdict([0.0, 0.5, 0.0]).witness == {"at": "0.85"}


def test_what_is_no_number_agrees_with_nothing_and_hides_no_fault():
    found = verdict([0.0, np.nan, np.nan])
    assert (found.grade, found.finding, found.witness) == (Grade.UNDECIDED, None, None)
    assert found.detail == "no number at 2 of 3 plotted points"
    assert verdict([0.0, np.nan, 0.5]).grade is Grade.REFUTED


@pytest.mark.parametrize(
    ("options", "detail"),
    [({"trusted": False}, "do not fit those beside them"), ({"at": AT[:0]}, "no points")],
)
def test_doubtful_data_say_nothing(options, detail):
    found = verdict([1.0] * len(options.get("at", AT)), **options)
    assert (found.grade, found.finding, found.witness) == (Grade.UNDECIDED, None, None)
    assert detail in found.detail
