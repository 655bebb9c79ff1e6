"""Every sampler of T against the exact law, with one false-fail rate, and samplers that are wrong.

`ALPHA` is the false-fail rate of each test of a sampler below, by Holm over its p-values, over the
choice of its seed. Mutants must be seen at the same number of samples, with the seed that is
written.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np
import pytest

from simulations import likelihood_ratio, ratio_experiment
from simulations.execution import execute
from simulations.kernels import sums_reference
from simulations.likelihood_ratio import METHODS, LatticeError, SamplingPlan, lattice_error
from simulations.ratio_experiment import band, consistent, events_of
from simulations.run import Run
from theory.likelihood_ratio import LikelihoodRatio

ALPHA = 1e-9

statistical = pytest.mark.statistical(
    false_fail=ALPHA, reason="Holm over exact tests and a band of Dvoretzky, Kiefer and Wolfowitz"
)

# without a common unit that matters: the exact law is quicker
RANDOM = np.random.default_rng(11).random(3072) / 1000

# name: perturbation, scale, samples of a count in CI
SETTINGS = {
    "axis": (["-1.3"], "0.8", 4_000_000),
    "deep": (["20", "17"], 1, 2_000_000),
    "two": (["0.7", "-0.3"], 1, 4_000_000),
    "coinciding": (["0.1", "0.2", "0.3", "0"], "0.25", 4_000_000),
    "nearly equal": (["0.1", "0.1000001"], "0.05", 4_000_000),
    "equal": ([Fraction(3, 16)] * 16, "1", 2_000_000),
    "mixed": (["1"] * 3 + ["0.01"] * 40 + ["0.003"], "1.5", 1_000_000),
    "distinct": ([Fraction(n, 40) for n in range(1, 31)], "4", 1_000_000),
    "3072 equal": ([Fraction(3, 3072)] * 3072, "1", 400_000),
    "3072 distinct": ([Fraction(one) for one in RANDOM], "1.2", 100_000),
}
QUICK = {"3072 equal": {"direct": 60_000}, "3072 distinct": {"direct": 60_000, "counts": 0}}
EVENTS = ("atom+", "atom-", "worst:0.5", "worst:0.9", "worst:0.01")


class AskedOnce(LikelihoodRatio):
    """An exact law that keeps its answers: it is asked the same for every sampler."""

    __eq__, __hash__ = object.__eq__, object.__hash__
    cdf_bounds = functools.cache(LikelihoodRatio.cdf_bounds)
    below_bounds = functools.cache(LikelihoodRatio.below_bounds)
    quantile_set = functools.cache(LikelihoodRatio.quantile_set)


@functools.cache
def law_of(name: str) -> LikelihoodRatio:
    delta, scale, _ = SETTINGS[name]
    return AskedOnce.of(delta, scale=scale)


def judged(
    name: str,
    method: str,
    *,
    samples: int,
    seed: int = 1,
    backend: str = "numba",
    counted: tuple[str, ...] = EVENTS,
) -> tuple[list[float], ratio_experiment.Band]:
    delta, scale, _ = SETTINGS[name]
    law = law_of(name)
    plan = SamplingPlan.of(delta, scale=scale, method=method)
    events = events_of([*counted, f"above:{law.norm / 7}", "below:0"], law, plan)
    run = Run.of(plan, seed=seed, num_samples=samples, events=[one.event for one in events])
    tally = execute(run, backend=backend).tally
    p_values = [
        event.p_value(count, samples)
        for event, count in zip(events, tally.event_counts, strict=True)
    ]
    found = band(tally, law, plan)
    return [*p_values, found.p_value], found


@statistical
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SETTINGS)
def test_samplers_agree_with_the_exact_law(name: str, method: str, fresh) -> None:
    samples = QUICK.get(name, {}).get(method, SETTINGS[name][2])
    if not samples:
        pytest.skip("counting groups of one is the slowest way, and tested with fewer of them")
    p_values, found = judged(name, method, samples=samples, seed=fresh(1))
    assert consistent(p_values, alpha=ALPHA), p_values
    assert found.edges >= 16


@statistical
@pytest.mark.nightly
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SETTINGS)
def test_samplers_agree_with_the_exact_law_at_1e8(name: str, method: str, fresh) -> None:
    big = name.startswith("3072")
    if name == "3072 distinct" and method == "counts":
        pytest.skip("counting groups of one is the slowest way, and tested with fewer of them")
    samples = 10**7 if big and method == "direct" else 10**8
    p_values, _ = judged(name, method, samples=samples, seed=fresh(2))
    assert consistent(p_values, alpha=ALPHA), p_values


@statistical
@pytest.mark.nightly
@pytest.mark.parametrize("method", METHODS)
def test_samplers_agree_with_the_exact_law_of_images(method: str, monkeypatch, fresh) -> None:
    equal = [Fraction(3, 150528)] * 150528
    monkeypatch.setitem(SETTINGS, "150528 equal", (equal, "1", 0))
    samples = {"direct": 10**6, "poisson": 10**7, "counts": 10**8}[method]
    p_values, _ = judged("150528 equal", method, samples=samples, seed=fresh(1))
    assert consistent(p_values, alpha=ALPHA), p_values


def seen(
    name: str, method: str, samples: int, counted: tuple[str, ...] = ("worst:0.5", "worst:0.9")
) -> bool:
    found, _ = judged(name, method, samples=samples, backend="numpy", counted=counted)
    return not consistent(found, alpha=ALPHA)


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_scale_is_seen(method: str, monkeypatch) -> None:
    # the law of 1.1 delta: a standard deviation of T moves by a tenth
    plan_of = SamplingPlan.of

    def longer(delta, *, scale, method="auto"):
        return plan_of(
            [Fraction(one) * Fraction(11, 10) for one in delta], scale=scale, method=method
        )

    monkeypatch.setattr(SamplingPlan, "of", longer)
    assert seen("equal", method, 100_000)


def test_a_wrong_threshold_of_the_atom_is_seen(monkeypatch) -> None:
    true = likelihood_ratio._far_words
    monkeypatch.setattr(likelihood_ratio, "_far_words", lambda a: int(true(a) * 1.05))
    assert seen("axis", "direct", 400_000, ("atom-",))


def test_a_biased_coin_is_seen(monkeypatch) -> None:
    monkeypatch.setattr(ratio_experiment, "COIN_FACES", 2**32 - 2**29)
    assert seen("axis", "direct", 100_000)


@pytest.mark.parametrize("method", METHODS)
def test_an_atom_off_by_a_cell_is_seen(method: str, monkeypatch) -> None:
    true = ratio_experiment.events_of

    def shifted(names, law, plan):
        first, *rest = true(names, law, plan)
        moved = type(first.event)(first.event.name, first.event.low + 1, first.event.high)
        return (type(first)(moved, first.exact, first.tested), *rest)

    monkeypatch.setitem(globals(), "events_of", shifted)
    assert seen("two", method, 1000, ("atom+",))


def test_events_have_their_exact_probabilities() -> None:
    law = LikelihoodRatio.of(["0.5", "0.25"], scale=1)
    plan = SamplingPlan.of(law.delta, scale=1)
    events = {
        one.name: one
        for one in events_of(
            ["atom+", "atom-", "above:0.25", "below:0.25", "worst:0.75", "above:9"], law, plan
        )
    }
    assert events["atom+"].exact.value == 0.25
    assert events["atom-"].exact.value == pytest.approx(math.exp(-0.75) / 4, rel=1e-12)
    jump = 1 - events["above:0.25"].exact.value - events["below:0.25"].exact.value
    assert jump == pytest.approx(math.exp(-0.25) / 4, rel=1e-12)
    assert events["worst:0.75"].exact.value == 0.75
    assert events["above:9"].exact.upper == 0
    for one in events.values():
        assert one.tested[0] <= one.exact.lower and one.exact.upper <= one.tested[1]
        assert one.tested[1] - one.tested[0] < 1e-5


def test_an_atom_of_rounded_cells_stays_on_its_side() -> None:
    # 0.3/0.7 is no multiple of a cell: the atoms' cells are sums of rounded ones
    law = LikelihoodRatio.of(["0.7", "-0.3", "0.4"], scale="0.5")
    plan = SamplingPlan.of(law.delta, scale="0.5")
    assert lattice_error(plan).shift > 0
    for place in ("0.8", "0", "-0.6", "1.4"):
        above, below = events_of([f"above:{place}", f"below:{place}"], law, plan)
        assert below.event.low - above.event.high == 2  # one cell between: the atom's
        assert above.tested[1] - above.tested[0] < 1e-5
    # two subsets of one sum with different cells: the threshold is tested with both in doubt
    law = LikelihoodRatio.of(["0.1", "0.2", "0.3"], scale=1)
    plan = SamplingPlan.of(law.delta, scale=1)
    cells = plan.lengths.tolist()
    (event,) = events_of(["above:0"], law, plan)
    wide = cells[0] != cells[1] + cells[2]
    assert (event.tested[1] - event.tested[0] > 1e-3) is wide


@pytest.mark.parametrize(
    ("delta", "places"),
    [
        (["0.7", "-0.3", "0.4"], ("0.8", "0", "-0.6", "1.4", "0.1")),
        (["0.1", "0.2", "0.3"], ("0", "0.2", "0.4")),
        ([1, Fraction(1, 3), Fraction(1, 3), Fraction(1, 7)], ("1/7", "17/21", "38/21")),
    ],
)
def test_sums_in_whole_units_and_in_fractions_find_the_same_cells(delta, places, monkeypatch):
    law, plan = LikelihoodRatio.of(delta, scale="0.5"), SamplingPlan.of(delta, scale="0.5")
    names = [f"{side}:{place}" for side in ("above", "below") for place in places]
    found = events_of(names, law, plan)
    monkeypatch.setattr(ratio_experiment, "_MOST_BITS", 0)
    assert events_of(names, law, plan) == found
    # without the sums no atom is found: the comparison is not of nothing
    monkeypatch.setattr(ratio_experiment, "_MOST_SUMS", 0)
    assert events_of(names, law, plan) != found


@pytest.mark.statistical(false_fail=ALPHA, reason="Holm over exact binomial tests")
def test_atoms_that_cells_move_past_each_other_are_not_held_against_a_sampler(fresh) -> None:
    # two entries share their cells; the threshold's atom is drawn two cells from its place
    delta = ["1", Fraction(1677721649, 3355443200), Fraction(1677721551, 3355443200)]
    law, plan = LikelihoodRatio.of(delta, scale=1), SamplingPlan.of(delta, scale=1)
    names = [f"above:{Fraction(1677721551, 1677721600)}", "worst:0.6"]
    events = events_of(names, law, plan)
    run = Run.of(plan, seed=fresh(1), num_samples=100_000, events=[one.event for one in events])
    counts = execute(run).tally.event_counts
    p_values = [one.p_value(c, 100_000) for one, c in zip(events, counts, strict=True)]
    assert consistent(p_values, alpha=ALPHA), p_values


def test_ends_of_the_support_are_tested_sharply_however_large_delta_is() -> None:
    law, plan = LikelihoodRatio.of([10**9], scale=1), SamplingPlan.of([10**9], scale=1)
    upper, lower = events_of(["atom+", "atom-"], law, plan)
    assert upper.tested == (0.5, 0.5) and lower.tested[1] < 1e-9
    assert upper.p_value(480_000, 10**6) < 1e-100


def test_thresholds_of_large_groups_are_not_looked_up_one_by_one() -> None:
    delta = ["0.001"] * 600 + ["0.0007"] * 600
    law, plan = LikelihoodRatio.of(delta, scale=1), SamplingPlan.of(delta, scale=1)
    (event,) = events_of(["above:0"], law, plan)
    assert event.tested[0] <= event.exact.lower


def test_p_values_of_more_samples_than_binomial_tails_take() -> None:
    law = LikelihoodRatio.of([1], scale=1)
    (event,) = events_of(["atom+"], law, SamplingPlan.of([1], scale=1))
    n = 10**12
    half = n // 2
    assert event.p_value(half, n) == 1.0
    deviation = 10 * math.sqrt(n / 4)  # ten standard deviations beyond what the words may do
    far = event.p_value(int(n * event.tested[1] + deviation), n)
    assert 0 < far < 2 * math.exp(-49)
    near = event.p_value(int(n * event.tested[1] + deviation / 10), n)
    assert near > 0.5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("atom", "atom"),
        ("above:", "above:"),
        ("above:nan", "nan"),
        ("beyond:1", "beyond:1"),
        ("worst:0", "outside (0, 1)"),
        ("worst:1.5", "outside (0, 1)"),
    ],
)
def test_events_that_are_none_are_named(name: str, words: str) -> None:
    law = LikelihoodRatio.of([1], scale=1)
    with pytest.raises(ValueError) as caught:
        events_of([name], law, SamplingPlan.of([1], scale=1))
    assert words in str(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_the_lattice_error_covers_the_exact_law_of_the_words(method: str) -> None:
    # one coordinate, direct: the drawn law is known exactly, a count of words
    plan = SamplingPlan.of(["0.001"], scale=1, method=method)
    error = lattice_error(plan)
    assert isinstance(error, LatticeError) and 0 < error.probability < 1e-6
    if method == "direct":
        far = int(plan.thresholds[0]) / 2**32
        assert abs(far - math.exp(-0.001) / 2) <= error.probability
    many = lattice_error(SamplingPlan.of(["0.001"] * 2000, scale=1, method=method))
    assert many.probability > error.probability and many.probability < 1e-4
    rounded = SamplingPlan.of([1, Fraction(1, 3)], scale=1, method=method)
    assert lattice_error(rounded).shift >= abs(
        Fraction(1, 3) - int(rounded.lengths[1]) * rounded.unit
    )


def test_the_drawn_law_of_one_coordinate_is_within_the_lattice_error(monkeypatch) -> None:
    # every word of a strided set through the reference: P(D >= c) against the exact law
    words = np.arange(0, 2**32, 2**12 + 1, dtype=np.uint64).astype(np.uint32)

    def given(plan, seed, purpose, first, number, dim):
        return words[first : first + number, None]

    monkeypatch.setattr(sums_reference, "_words", given)
    plan = SamplingPlan.of([Fraction(7, 2)], scale=1, method="direct")
    cells = np.empty(len(words), np.int64)
    sums_reference.fill_sums(cells, plan, seed=0, first_sample=0)
    allowed = lattice_error(plan).probability + 1 / len(words)
    for place in (0.001, 0.2, 1.0, 2.0, 3.4):
        share = np.count_nonzero(cells >= place / float(plan.unit)) / len(words)
        assert abs(share - math.exp(-place) / 2) < allowed
        assert abs(share - math.exp(-1.0001 * place) / 2) < allowed or place > 0.01
