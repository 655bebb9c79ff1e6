"""Beyond which radius every instance has a classifier that flips."""

import math

import pytest

from theory.claim import Grade
from theory.searches.flip_search import search_flips


def tight(p_a: float, p_b: float, scale: float) -> float:
    return -scale * math.log(2 * p_b)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_instance_flips_beyond_the_tight_radius(seed):
    found = search_flips(tight, seed=seed, part="body", count=12)
    assert (found.grade, found.finding) == (Grade.CONSISTENT, True)


def test_short_of_it_some_instance_does_not():
    found = search_flips(lambda *at: 0.5 * tight(*at), seed=1, part="body", count=12)
    assert (found.grade, found.finding) == (Grade.REFUTED, False)
    assert set(found.witness) == {"PA", "scale", "delta"}
