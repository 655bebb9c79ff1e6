"""Every public function under everything: one clear error, or the right value.

The sweep tries hostile values in every argument: a share of them in the ordinary run, another one
for each argument, and every one of them in the slow run. The draws mix legal values of
all arguments, the ends of the domains and their neighbours among them, and hold the values against
their oracles; in the ordinary run they are the same in every process, in the nightly one fresh.
"""

import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_hardening.functions_harness import Subject, hold
from tests.test_hardening.functions_table import pictures, subjects

#: of each entry, in the ordinary run and in the nightly one
ORDINARY, NIGHTLY = 6, 3_000
#: one in so many hostile values is tried in the ordinary run, every one in the slow one
SHARE = 6


def _id(subject: Subject) -> str:
    return f"{subject.name}({','.join(subject.plain)})"


ENTRIES = pytest.mark.parametrize("subject", subjects(), ids=_id)


@ENTRIES
def test_the_plain_call_is_answered(subject):
    assert hold(subject, dict(subject.plain), all_legal=True) == "value"


def _swept(subject: Subject, step: int) -> None:
    """Every hostile value, or each so many-th from a place that is the entry's own."""
    values = subject.hostile_values()
    outcomes = set()
    for name in subject.plain:
        first = zlib.crc32(f"{subject.name}.{name}".encode()) % step
        for value in values[first::step]:
            outcomes.add(hold(subject, {**subject.plain, name: value}, all_legal=False))
    assert not values or "error" in outcomes


@ENTRIES
def test_what_is_no_legal_value_is_refused_in_one_line_or_answered_rightly(subject):
    _swept(subject, SHARE)


@pytest.mark.slow
@ENTRIES
def test_every_hostile_value_in_every_argument(subject):
    _swept(subject, 1)


def _drawn(subject: Subject, examples: int, *, fresh: bool) -> None:
    @settings(
        max_examples=examples,
        derandomize=not fresh,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def holds(data):
        arguments, all_legal = data.draw(subject.drawn())
        hold(subject, arguments, all_legal=all_legal)

    holds()


@ENTRIES
def test_drawn_arguments(subject):
    _drawn(subject, ORDINARY, fresh=False)


@pytest.mark.nightly
@ENTRIES
def test_many_more_drawn_arguments(subject):
    _drawn(subject, NIGHTLY, fresh=True)


@pytest.mark.slow
@pytest.mark.parametrize("subject", pictures(), ids=_id)
def test_a_picture_of_no_legal_parameter_is_refused(subject):
    for name in subject.plain:
        for value in subject.hostile_values():
            hold(subject, {**subject.plain, name: value}, all_legal=False)
