"""The whole run on classifiers whose law is known: false certificates are at most a share alpha.

On the line, a class above a threshold and one below it, a third between them: the smoothed
classifier's decision boundary is known exactly, and the certificates are tight there.
"""

import math
from fractions import Fraction
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats

from l1cert.certification import bounds
from l1cert.certification.points import Point
from l1cert.certification.run import run
from l1cert.certification.settings import Settings, sigma_of
from simulations.classifier.examples import Dataset, Examples
from theory import confidence

#: error rate, points, and what a right program exceeds with probability 1e-6 at most
ALPHA, POINTS = "0.2", 400


def most(points=POINTS):
    return int(stats.binom.isf(1e-6, points, float(ALPHA)))


MOST = most()


class Line(torch.nn.Module):
    """Class 0 up to `low`, class 1 from `high` on, class 2 (if there is room) between."""

    def __init__(self, low, high):
        super().__init__()
        self.ends = low, high

    def forward(self, x):
        z = x.reshape(len(x))
        zero, one = z <= self.ends[0], z > self.ends[1]
        seen = [zero, one, ~(zero | one)][: 2 if self.ends[0] == self.ends[1] else 3]
        return torch.stack(seen, dim=1).float()

    @property
    def num_classes(self):
        return 2 if self.ends[0] == self.ends[1] else 3


def certified(model, *, points=POINTS, step=None, **stated):
    """Rows at the origin, each of noise of its own; lambda is 1."""
    size = sigma_of(Fraction(1))
    kind = np.int64 if step is not None else np.float32
    test = Examples(np.zeros(points, np.int64), np.zeros((points, 1), kind), step=step)
    names = ("zero", "one", "two")[: model.num_classes]
    train = Examples(np.zeros(0, np.int64), np.zeros((0, 1), kind), step=step)
    data = Dataset("line", (1,), model.num_classes, names, train, test, step, "1")
    loaded = SimpleNamespace(
        model=model, weights_sha256="", record=SimpleNamespace(as_json=lambda: {})
    )
    settings = {"noise": "laplace", "sigma": size, "alpha": ALPHA, "batch": 64, "seed": 9}
    return run(loaded, data, Settings(**{**settings, **stated}), digest="").rows


def false_radii(rows, name, boundary):
    """Rows whose certificate reaches beyond the boundary of class 0, or is of another class."""
    found = [(row.point.selected, row.radii[name]) for row in rows]
    return sum(radius > (boundary if one == 0 else 0) for one, radius in found)  # no NaN is


@pytest.mark.parametrize(("threshold", "n0"), [(0.0, 1), (0.1, 4), (0.6, 4)])
def test_two_classes(threshold, n0):
    rows = certified(Line(threshold, threshold), n0=n0, n=50)
    for name in ("theorem_2", "theorem_1", "exact", "lecuyer"):
        assert false_radii(rows, name, threshold) <= MOST
    assert false_radii(rows, "theorem_2", threshold) > POINTS / 20  # tight: it can fail


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.6), (-0.05, 0.5), (-0.2, 0.2)])
def test_several_classes(low, high):
    law = stats.laplace()
    p_a, p_b = law.cdf(low), law.sf(high)
    boundary = (low + high) / 2
    rows = certified(Line(low, high), n0=20, n=50, certificate="exact")
    for name in ("theorem_2", "theorem_1", "exact", "lecuyer"):
        assert false_radii(rows, name, boundary) <= MOST
    ours = [row for row in rows if row.point.selected == 0]
    broken = sum(row.p_a > p_a or row.p_b < p_b for row in ours)
    assert POINTS / 50 < broken <= MOST


def test_gaussian_noise():
    rows = certified(Line(0.5, 0.5), noise="gaussian", n0=4, n=50)
    assert POINTS / 20 < false_radii(rows, "cohen", 0.5) <= MOST


def test_uniform_noise():
    rows = certified(Line(0.5, 0.5), noise="uniform", n0=4, n=50)
    assert POINTS / 20 < false_radii(rows, "uniform", 0.5) <= MOST


@pytest.mark.parametrize(
    ("n", "points"), [(150, 200), pytest.param(1500, 2000, marks=pytest.mark.slow)]
)
def test_until_a_radius_that_is_just_out_of_reach(n, points):
    rows = certified(Line(0.3, 0.3), points=points, n0=4, n=n, until_radius="0.3000001")
    assert sum(row.outcome == "reached" for row in rows) <= most(points)
    assert false_radii(rows, "theorem_2", 0.3) <= most(points)
    assert sum(row.point.num_samples < n for row in rows) > points / 50


@pytest.mark.parametrize(
    ("n", "points"), [(150, 200), pytest.param(1500, 2000, marks=pytest.mark.slow)]
)
def test_until_a_radius_that_is_just_within_reach(n, points):
    rows = certified(Line(0.3, 0.3), points=points, n0=9, n=n, until_radius="0.2999999")
    ours = [row for row in rows if row.point.selected == 0]
    assert sum(row.outcome == "not_reached" for row in ours) <= most(points)


@pytest.mark.parametrize(("level", "until"), [(0, None), (2, None), (1, "0.5")])
def test_a_grid(level, until):
    """Class 0 up to a level: that many steps of 1/4 leave it, one more does not."""
    step = Fraction(1, 4)
    line = Line(level / 4, level / 4)
    rows = certified(line, step=step, sound=True, scale="1", n0=4, n=60, until_radius=until)
    for name in ("theorem_2", "theorem_1", "lecuyer", "lattice"):
        assert false_radii(rows, name, level / 4) <= MOST
    assert false_radii(rows, "lattice", level / 4) > 0


# What such a test refutes.


@pytest.mark.slow
def test_a_bound_for_a_fixed_number_is_refuted_where_a_run_stops_early(monkeypatch):
    """Clopper and Pearson's at every look, until one of them reaches the radius."""
    needed = 1 - math.exp(-0.3000001) / 2

    @lru_cache
    def least(num_samples):
        return stats.binom.isf(float(ALPHA), num_samples, needed) + 1

    def decided(self, ours, num_samples):
        return ours >= least(num_samples)

    for n in (64, 300):
        assert confidence.lower(int(least(n)), n, alpha=float(ALPHA)) > needed
        assert confidence.lower(int(least(n)) - 1, n, alpha=float(ALPHA)) < needed
    monkeypatch.setattr(bounds.Certifier, "decided", decided)
    rows = certified(Line(0.3, 0.3), points=300, n0=9, n=600, until_radius="0.3000001")
    ours = [row.point for row in rows if row.point.selected == 0]
    assert sum(decided(None, one.votes[0], one.num_samples) for one in ours) > most(300)


def test_a_class_selected_by_the_votes_that_bound_it_is_refuted():
    rows = certified(Line(0.0, 0.0), n0=1, n=50)
    certifier = bounds.Certifier(
        Settings(noise="laplace", sigma=sigma_of(Fraction(1)), alpha=ALPHA, n=50), 2
    )
    again = [
        certifier.row(Point(row.point.index, 0, 0, row.point.votes, row.point.votes, 0.0))
        for row in rows
    ]
    assert sum(row.radius > 0 for row in again) > 1.2 * float(ALPHA) * POINTS
