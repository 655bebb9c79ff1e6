"""Interleaving and its statistics, with a clock of our own: nothing here is timed."""

import math

import pytest

from benchmarks.rounds import Spread, interleaved, samples_for, timed, within_rounds


class Machine:
    """A processor whose speed is known: a sample of `name` takes costs[name] seconds."""

    def __init__(self, costs, overhead=0.0):
        self.costs, self.overhead = costs, overhead
        self.now, self.slow = 0.0, 1.0
        self.log = []

    def clock(self):
        return self.now

    def rest(self, seconds):
        self.now += seconds

    def piece(self, name):
        def draw(num_samples, seed):
            self.log.append((name, num_samples, seed))
            self.now += self.slow * (self.overhead + num_samples * self.costs[name])

        return draw

    def pieces(self):
        return {name: self.piece(name) for name in self.costs}


def test_the_contenders_take_turns_and_every_round_has_its_seed():
    machine = Machine({"a": 0.5, "b": 0.25, "c": 2.0})
    numbers = {"a": 4, "b": 8, "c": 1}
    rates = interleaved(machine.pieces(), numbers, rounds=3, clock=machine.clock, rest=machine.rest)
    assert machine.log == [(name, numbers[name], seed) for seed in range(3) for name in "abc"]
    for name, rate in {"a": 2.0, "b": 4.0, "c": 0.5}.items():
        assert rates[name] == pytest.approx([rate] * 3)


def test_a_machine_that_slows_down_between_rounds_moves_no_ratio():
    machine = Machine({"base": 0.125, "fast": 0.03125})

    def rest(seconds):  # after every round of two the machine takes twice as long
        if machine.log and len(machine.log) % 2 == 0:
            machine.slow *= 2

    numbers = {"base": 8, "fast": 8}
    rates = interleaved(machine.pieces(), numbers, rounds=4, clock=machine.clock, rest=rest)
    assert rates["base"] == [8.0, 4.0, 2.0, 1.0]
    assert within_rounds(rates["fast"], rates["base"]) == [4.0] * 4
    # without the rounds, each contender in one go, the ratio would be far off
    assert rates["fast"][0] / rates["base"][-1] == 32.0


@pytest.mark.parametrize("cost", [1e-7, 3e-4, 0.02])
@pytest.mark.parametrize("seconds", [0.05, 0.5])
def test_a_piece_takes_about_as_long_as_asked_for(cost, seconds):
    machine = Machine({"a": cost}, overhead=1e-4)
    found = samples_for(machine.piece("a"), seconds, clock=machine.clock)
    assert machine.log[0] == ("a", 1, 0)  # nothing is compiled or loaded on the clock
    taken = timed(machine.piece("a"), found, seed=1, clock=machine.clock)
    assert seconds / 2 <= taken <= 1.1 * seconds + cost


def test_a_piece_that_takes_longer_than_asked_for_draws_one_sample():
    machine = Machine({"a": 3.0})
    assert samples_for(machine.piece("a"), 0.5, clock=machine.clock) == 1


def test_the_warm_up_is_not_on_the_clock():
    machine = Machine({"a": 0.001})
    draw, compiled = machine.piece("a"), []

    def compiling(num_samples, seed):
        if not compiled:
            compiled.append(True)
            machine.now += 100.0
        draw(num_samples, seed)

    assert 200 <= samples_for(compiling, 0.5, clock=machine.clock) <= 500


def test_a_stumble_of_the_machine_does_not_end_the_search():
    machine = Machine({"a": 1e-6})
    draw = machine.piece("a")

    def stumbling(num_samples, seed):
        if len(machine.log) in (1, 5, 9):
            machine.now += 0.4
        draw(num_samples, seed)

    assert 400_000 <= samples_for(stumbling, 0.5, clock=machine.clock) <= 510_000


@pytest.mark.parametrize(
    ("values", "median", "low", "high"),
    [([2.0], 2.0, 2.0, 2.0), ([5.0, 1.0, 4.0], 4.0, 1.0, 5.0), ([1.0, 9.0, 3.0, 4.0], 3.5, 1, 9)],
)
def test_the_spread_is_the_median_and_the_extremes(values, median, low, high):
    assert Spread.of(values) == Spread(median, low, high)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"^values has 0 entries"):
        Spread.of([])
    with pytest.raises(ValueError, match=r"^rates has 2 rounds, legal is the baseline's 3$"):
        within_rounds([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"^rounds = 0 is outside"):
        interleaved({}, {}, rounds=0)
    for seconds in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=r"^seconds = .* is outside \(0, inf\)$"):
            samples_for(lambda number, seed: None, seconds)
