"""Theorem 3's worst-case classifiers through `l1cert certify`'s own run, which end at their radius.

What a run certifies is at most the true radius and close to it, and fresh votes just beyond that
radius show another class ahead.
"""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from l1cert.certification.run import run
from l1cert.certification.settings import Settings, sigma_of
from simulations.classifier.end_to_end import loss_p_value
from simulations.classifier.examples import Dataset, Examples
from simulations.classifier.neighbourhoods import Floating, Gridded
from simulations.classifier.target import Target
from simulations.classifier.worst_case_module import AxisClassifier
from simulations.classifier.worst_case_runs import _certified, _edges, lead_p_value
from theory.discrete_laplace import DiscreteLaplace
from theory.noise import Gaussian, Laplace, Uniform

SIGMA, DIM, AXIS, SIGN, N, ALPHA = 0.5, 5, 3, -1, 20_000, "1e-6"
#: share of sigma by which the votes are taken within and beyond R; power above 1 - 1e-3 each
EXCESS = 0.1
#: level of each test of who leads
LEVEL = 1e-6
#: how far along the axis the certified inputs lie, in steps of 1/16
PLACES = np.array([0, 2, -1], np.int32)


def along(values, kind):
    """Inputs on the signed axis."""
    x = np.zeros((len(values), DIM), kind)
    x[:, AXIS] = SIGN * np.asarray(values)
    return x


def rows_of(model, stored, step=None, **stated):
    """The rows of a run on those inputs."""
    classes = len(model.edges) + 1
    test = Examples(np.zeros(len(stored), np.int64), stored, step=step)
    train = Examples(np.zeros(0, np.int64), stored[:0], step=step)
    names = tuple(f"cell {k}" for k in range(classes))
    data = Dataset("axis", (DIM,), classes, names, train, test, step, "1")
    record = SimpleNamespace(as_json=lambda: {})
    loaded = SimpleNamespace(model=model, weights_sha256="", record=record)
    settings = Settings(
        **{"sigma": str(SIGMA), "n": N, "alpha": ALPHA, "seed": 3, "batch": 1000, **stated}
    )
    return run(loaded, data, settings, digest="").rows


def judged(target, x, point, number):
    """Fresh votes: another purpose and seed than the run's."""
    draws = {"start": number * N, "stop": (number + 1) * N}
    return target.votes(x, purpose="check", point=point, **draws)


@pytest.mark.parametrize(
    ("noise", "p_a", "p_b", "name"),
    [
        (Laplace.from_sigma(SIGMA), "0.9", None, "theorem_2"),
        (Laplace.from_sigma(SIGMA), "0.9", None, "exact"),
        (Gaussian.from_sigma(SIGMA), "0.9", None, "cohen"),
        (Uniform.from_sigma(SIGMA), "0.9", None, "uniform"),
        (Laplace.from_sigma(SIGMA), "0.6", "0.15", "exact"),
        (Laplace.from_sigma(SIGMA), "0.48", "0.2", "exact"),
    ],
    ids=str,
)
def test_a_run_certifies_up_to_the_radius_and_no_further(noise, p_a, p_b, name):
    model = AxisClassifier(_edges(noise, p_a, p_b), axis=AXIS, sign=SIGN)
    ahead = float(model.edges[0] + model.edges[-1]) / 2
    stored = along(PLACES / 16, np.float32)
    law = type(noise).__name__.lower()
    target = Target(model, Floating(noise, 77), (DIM,), len(model.edges) + 1)
    for row in rows_of(model, stored, noise=law, certificate=name):
        at, point = PLACES[row.point.index] / 16, row.point.index
        radius = ahead - at
        assert row.predict == 0
        assert 0.9 * radius - 0.05 * SIGMA < row.radius <= radius
        # `run_worst_case` certifies as the run does, but for the digits that a log prints
        again = _certified(noise, row.point.votes, 0, alpha=float(ALPHA), both=p_b is not None)
        assert row.radius <= again * (1 + 1e-15) and row.radius == pytest.approx(again, rel=1e-8)
        moved = along([at + row.radius, ahead - EXCESS * SIGMA, ahead + EXCESS * SIGMA], np.float32)
        certified, within, beyond = (judged(target, x, point, i) for i, x in enumerate(moved))
        assert loss_p_value(certified, 0) > LEVEL
        assert lead_p_value(within, 0) <= LEVEL
        assert loss_p_value(beyond, 0) <= LEVEL


@pytest.mark.parametrize("name", ["theorem_2", "lattice"])
def test_a_sound_run_certifies_up_to_the_last_step_and_no_further(name):
    step, scale = Fraction(1, 16), Fraction(1, 4)
    law = DiscreteLaplace(step, scale)
    edge = next(k for k in range(100) if law.cdf(k, rounding="down") >= 0.9)
    model = AxisClassifier([float(step * (2 * edge + 1) / 2)], axis=AXIS, sign=SIGN)
    stated = {"noise": "laplace", "sigma": sigma_of(scale), "scale": "1/4", "sound": True}
    target = Target(model, Gridded(step, scale, 77), (DIM,), 2)
    for row in rows_of(model, along(PLACES, np.int32), step, **stated):
        last = edge - int(PLACES[row.point.index])
        steps = row.radii[name] / float(step)
        assert steps.is_integer() and last - 2 <= steps <= last
        for number, lead in enumerate((True, False)):
            moved = along(np.array([edge + number], np.int32), np.int32)[0]
            votes = judged(target, moved, row.point.index, number)
            assert (lead_p_value(votes, 0) <= LEVEL) is lead
            assert (loss_p_value(votes, 0) <= LEVEL) is not lead
