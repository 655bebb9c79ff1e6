"""What the benchmark of the choice writes down."""

import pytest

from benchmarks import choice
from benchmarks.contenders import Perturbation


@pytest.mark.parametrize(
    ("rates", "chosen", "fastest", "loss"),
    [
        ({"direct": [2.0, 3.0, 1.0], "counts": [8.0, 6.0, 7.0]}, "counts", "counts", 1.0),
        ({"direct": [2.0, 3.0, 1.0], "counts": [8.0, 6.0, 7.0]}, "direct", "counts", 4.0),
        # one lucky round of another method does not make it the fastest
        ({"direct": [5.0, 5.0, 5.0], "poisson": [2.0, 50.0, 2.0]}, "poisson", "direct", 2.5),
    ],
)
def test_the_loss_is_that_of_the_choice_to_the_fastest(rates, chosen, fastest, loss):
    found = choice.verdict(rates, chosen)
    assert (found["chosen"], found["fastest"], found["loss"]) == (chosen, fastest, loss)


@pytest.mark.parametrize("magnitudes", ["equal", "distinct"])
def test_every_method_is_measured_and_the_programs_choice_named(monkeypatch, magnitudes):
    monkeypatch.setattr(choice, "samples_for", lambda piece, seconds: 10)
    monkeypatch.setattr(
        choice,
        "interleaved",
        lambda pieces, samples, rounds: {name: [len(name) * 1e3] * rounds for name in pieces},
    )
    case = Perturbation(90, 0.5, magnitudes)
    row = choice.measured(case, rounds=3, seconds=0.1)
    methods = {"direct", "poisson", "counts"} - ({"counts"} if magnitudes == "distinct" else set())
    assert set(row["samples_per_second"]) == methods
    assert row["chosen"] == case.plan("auto").method
    assert row["fastest"] == "poisson"
    assert (row["norm"], row["dim"], row["magnitudes"]) == (0.5, 90, magnitudes)
