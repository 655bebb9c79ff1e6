"""What the benchmark of the law writes down, with a law of our own and no clock."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from benchmarks import law as benchmark
from benchmarks.contenders import SCALE, Perturbation
from theory.bounds import Bounds


@dataclass
class MadeUp:
    """A law whose bounds widen by 1/64 from question to question."""

    scale: Fraction
    asked: list

    def cdf_bounds(self, t):
        self.asked.append(t)
        return Bounds(0.25, 0.25 + len(self.asked) / 64, "made up")

    def hockey_stick(self, eps):
        if eps == 0:
            raise ValueError("eps = 0 is outside (0, inf)")
        self.asked.append(eps)
        return Bounds(0.5, 0.5, "made up")


@pytest.fixture
def made_up(monkeypatch):
    law = MadeUp(Fraction(SCALE), [])

    class Laws:
        @staticmethod
        def of(delta, *, scale):
            assert (len(delta), scale) == (16, SCALE)
            return law

    monkeypatch.setattr(benchmark, "LikelihoodRatio", Laws)
    return law


def test_the_widest_answer_is_told_and_every_threshold_is_asked(made_up):
    row = benchmark.measured(Perturbation(16, 3.0), "c.d.f.")
    assert made_up.asked == [place * Fraction(SCALE) for place in benchmark.thresholds(16)]
    assert (row["dim"], row["magnitudes"], row["question"]) == (16, "equal", "c.d.f.")
    assert row["width"] == len(benchmark.PLACES) / 64
    assert (row["grade"], row["method"]) == ("ENCLOSED", "made up")
    assert row["first_seconds"] > 0
    assert row["again_seconds"] > 0


def test_an_answer_that_is_refused_is_told(made_up):
    row = benchmark.measured(Perturbation(16, 3.0, "distinct"), "hockey-stick")
    assert row == {
        "dim": 16,
        "magnitudes": "distinct",
        "question": "hockey-stick",
        "failed": "eps = 0 is outside (0, inf)",
    }


@pytest.mark.parametrize("magnitudes", ["equal", "distinct"])
@pytest.mark.parametrize("question", benchmark.QUESTIONS)
def test_the_law_answers(question, magnitudes):
    row = benchmark.measured(Perturbation(16, 3.0, magnitudes), question)
    assert 0 <= row["width"] < 0.01
    assert row["grade"] in ("ENCLOSED", "CONSISTENT")
    assert row["method"]
