"""Runs as data: their fingerprints, their parameters and their shards."""

import json

import pytest

from simulations.likelihood_ratio import SamplingPlan
from simulations.observables import Histogram, IntegerEvent, Observables
from simulations.run import Run, canonical, difference
from tests.test_simulations.runs import small_run

PLAN = SamplingPlan.of(["1.5", "0.3"], scale=1)


def test_shards_cover_a_run_of_any_size():
    for size in (1, 5, 2**63):
        run = small_run(num_samples=size)
        for number in (1, 2, 3, 7, 1000):
            ends = [run.shard(i, number) for i in range(number)]
            assert [a for a, _ in ends] == [0, *(b for _, b in ends)][:-1]
            assert ends[-1][1] == size
            assert max(b - a for a, b in ends) - min(b - a for a, b in ends) <= 1


def test_the_fingerprint_knows_every_parameter():
    run = small_run()
    seen = run.observables
    others = [
        small_run(seed=4),
        small_run(num_samples=5001),
        small_run(method="poisson"),
        small_run(scale="0.7000001"),
        Run(SamplingPlan(run.plan.magnitudes, run.plan.sizes, "poisson"), seen, 3, 5000),
        Run(SamplingPlan(run.plan.magnitudes, (1, 1, 3, 1), "direct"), seen, 3, 5000),
        Run(run.plan, Observables(seen.events[1:], seen.histogram, seen.centre), 3, 5000),
        Run(run.plan, Observables(seen.events, Histogram((1, 2)), seen.centre), 3, 5000),
        Run(run.plan, Observables(seen.events, seen.histogram, seen.centre + 1), 3, 5000),
        Run.of(run.plan, seed=3, num_samples=5000, events=[IntegerEvent("middle", 1, 2)]),
    ]
    assert len({run.fingerprint, *(other.fingerprint for other in others)}) == len(others) + 1
    for other in others:
        assert other != run
        assert difference(run, other)
    assert difference(run, small_run()) == ""
    assert (
        difference(run, small_run(seed=4, num_samples=7))
        == "seed = 4, not 3; other too: num_samples"
    )
    assert hash(run) == hash(small_run())


def test_the_order_and_signs_of_a_perturbation_do_not_make_another_run():
    one = SamplingPlan.of([1, "0.5", 0, "0.5"], scale=2)
    other = SamplingPlan.of(["-0.5", "0.5", -1], scale=2)
    assert Run.of(one, seed=1, num_samples=9) == Run.of(other, seed=1, num_samples=9)


def test_a_fingerprint_written_down():
    run = Run.of(PLAN, seed=5, num_samples=10**6)
    assert json.loads(canonical(run.to_json()))["delta"] == [["3/2", 1], ["3/10", 1]]
    assert run.fingerprint == FINGERPRINT


FINGERPRINT = "53b7c0baa75d05817aa0693f87c63247dc4a231c37cbf7e0c289af98093145c6"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"seed": 1.0},
        {"seed": True},
        {"delta": [["3/2", 1], ["0.3", 1]]},
        {"delta": [["3/2", "1"]]},
        {"delta": [["1/0", 1]]},
        {"delta": 5},
        {"method": "guess"},
        {"events": None},
        {"surplus": 1},
        {"edges": [3, 2]},
    ],
    ids=str,
)
def test_parameters_of_no_run_are_refused(change):
    data = Run.of(PLAN, seed=1, num_samples=9).to_json()
    with pytest.raises(ValueError) as caught:
        Run.from_json(data | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Run.of(PLAN, seed=-1, num_samples=9), "seed = -1"),
        (lambda: Run.of(PLAN, seed=2**64, num_samples=9), "2\\^64"),
        (lambda: Run.of(PLAN, seed=1, num_samples=0), "num_samples = 0"),
        (lambda: Run.of(PLAN, seed=1, num_samples=2**63 + 1), "2\\^63"),
        (
            lambda: Run.of(SamplingPlan.of([1, "1e-4000"], scale=1), seed=1, num_samples=9),
            "4000 digits",
        ),
        (lambda: small_run().shard(3, 3), "shard = 3 "),
        (lambda: small_run().shard(-1, 3), "shard = -1 "),
        (lambda: small_run().shard(0, 0), "shards = 0 "),
    ],
)
def test_one_line_for_a_bad_value(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
