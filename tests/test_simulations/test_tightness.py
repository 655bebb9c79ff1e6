"""Runs of the worst cases: every flip shown, and every mutant of construction or law refuted."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from simulations import tightness, tightness_plans
from simulations.axis_cases import Case
from simulations.tightness import SWEEP_DIMS, SWEEP_P_A, Setting, run, samples_for, sweep
from simulations.tightness_plans import moved_masses, num_trials, plan_for
from theory.bounds import Bounds
from theory.flip_power import flip_power
from theory.tightness import TwoTails, WorstCase, least_mass

N = 20_000


def two(p_a="0.8", dim=5, scale=1.0, n=N, **options):
    return Setting(Fraction(p_a), dim, n, scale, **options)


def several(p_a="0.6", p_b="0.25", dim=5, scale=1.0, n=N, **options):
    return Setting(Fraction(p_a), dim, n, scale, Fraction(p_b), **options)


SETTINGS = [
    two("0.5", 1, 0.7),
    two("0.501", 3, 2.0),
    two("0.8", 16),
    two("0.999", 200, 0.1),
    several("0.45", "0.25", 2, 3.0),
    several("0.9", "0.04", 16, 0.4),
    several("0.7", "0.45", 7),
    several("0.6", "0.1", 4, num_classes=3),
    several("0.3", "0.3", 4),
]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_the_flip_is_shown_and_nothing_contradicts(setting):
    (found,) = run([setting], seed=4)
    assert (found.consistent, found.flip, found.recount) == (True, True, True)
    assert found.power >= 0.999 and found.samples_needed <= N
    assert found.least_excess < found.excess < 1.001 * found.least_excess
    law = stats.laplace(scale=setting.scale)
    top, other = (float(one) for one in setting.pair)
    assert found.radius == pytest.approx((law.ppf(top) - law.ppf(other)) / 2, abs=1e-12)
    for seen in found.observations:
        low, high = seen.interval
        assert low <= seen.count / seen.num_samples <= high
        assert low <= seen.exact.value <= high  # simultaneously, at alpha = 1e-6
        moved = 0.0 if seen.what == "P(X in A)" else seen.r
        in_a, in_b = law.cdf(law.ppf(top) - moved), law.cdf(law.ppf(other) + moved)
        share = in_a / (in_a + in_b)
        expected = {"P(cB)": in_b, "share of cA": share}.get(seen.what, in_a)
        assert seen.exact.value == pytest.approx(expected, rel=1e-12)
    assert len(found.observations) + 1 == num_trials(setting)
    assert found.observations[-1].r == pytest.approx(found.radius + found.excess)


@pytest.mark.statistical(
    false_fail=2e-9, reason="Holm at 1e-9; with two classes a flip that is shown but for 1e-9"
)
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_the_flip_is_shown_with_any_seed(setting, monkeypatch, fresh):
    if setting.p_b is None:
        monkeypatch.setattr(tightness, "FALSE_PASS", 1e-9)
    (found,) = run([setting], seed=fresh(4), alpha=1e-9)
    assert (found.consistent, found.recount) == (True, True)
    assert found.flip is True if setting.p_b is None else found.flip is not False


def test_a_setting_alone_is_what_it_is_among_others_on_its_noise():
    alone = run([two(dim=64)], seed=4)[0]
    first = run([two(dim=64), two("0.9", dim=64), several(dim=3)], seed=4)[0]
    counts = [[seen.count for seen in one.observations[:8]] for one in (alone, first)]
    assert counts[0] == counts[1]
    other = run([two(dim=64)], seed=5)[0]
    assert [seen.count for seen in other.observations[:8]] != counts[0]


def test_flips_look_at_different_coordinates_or_noise():
    settings = [two(p_a, 2) for p_a in SWEEP_P_A]
    plans = [plan_for(one, seed=1, level=1e-9, false_pass=1e-3) for one in settings]
    groups = tightness._streams(plans, seed=1)
    assert sum(len(members) for members in groups.values()) == len(plans)
    for members in groups.values():
        places = [plan.axis.place for plan in members]
        assert len(set(places)) == len(places)
    assert {plan.axis.sign for plan in plans} == {-1, 1}
    line = [two("0.7", 1), two("0.8", 1, scale=2.0), two("0.9", 1, n=100)]
    alone = [plan_for(one, seed=1, level=1e-9, false_pass=1e-3) for one in line]
    tags = [stream.tag for stream in tightness._streams(alone, seed=1)]
    assert len(set(tags)) == 3  # another scale or size alone would give the same words
    found = run(settings, seed=1)
    assert len({one.observations[-1].count for one in found}) > 3


def test_power_is_stated_at_the_level_that_holm_is_sure_to_grant():
    settings = [two(n=3000), several(n=3000)]
    found = run(settings, seed=2)
    level = tightness.ALPHA / (2 * (11 + 12))
    one = found[0]
    truth = 0.5 * math.exp(-one.excess)
    assert one.power == pytest.approx(flip_power(3000, truth, level=level, bias=2.0**-31), abs=1e-9)
    assert all(one.power >= 1 - 1e-3 / 2 for one in found)


@pytest.mark.parametrize(("p_a", "p_b"), [("0.6", "0.4"), ("0.45", "0.25")])
@pytest.mark.parametrize("n", [31, 45, 1001, 12_345])
def test_no_more_samples_are_asked_for_than_show_it(p_a, p_b, n):
    plan = plan_for(several(p_a, p_b, n=n), seed=1, level=1e-6 / 24, false_pass=1e-3)
    assert plan.power(1e-6 / 24) >= 0.999
    assert plan.samples_needed(1e-6 / 24, 1e-3) <= n


@pytest.mark.parametrize("setting", [two(), several()], ids=["two", "several"])
def test_every_trial_is_charged_with_the_words(setting):
    plan = plan_for(setting, seed=1, level=1e-9, false_pass=1e-3)
    seen = np.array([N - 900, 900, 0] if setting.p_b is None else [400, 500, N - 900])
    trials = tightness._trials(plan, {case: seen for case in plan.cases})
    shares = set() if setting.p_b is None else {2, 5, 8, 11}
    for number, trial in enumerate(trials):
        assert trial.bias == pytest.approx((4 * N / 900 if number in shares else 1) * 2.0**-31)
    assert trials[-1].num_samples == (900 if shares else N)


def test_an_excess_too_small_to_show_is_undecided():
    for setting in (two(n=500, excess=0.01), several(n=500, excess=0.01)):
        (found,) = run([setting], seed=3)
        assert found.flip is None and found.consistent is True
        assert found.power < 0.01 and found.samples_needed > 10**5
        assert found.least_excess > 0.2
    (hopeless,) = run([two(n=500, excess=1e-9)], seed=3)
    assert hopeless.flip is None and hopeless.samples_needed is None


def test_a_long_excess_is_shown():
    first, second = run([two(n=500, excess=30.0), several(n=500, excess=30.0)], seed=3)
    assert first.flip is second.flip is True
    assert first.observations[-1].count == 0
    assert [seen.count for seen in second.observations[-2:]] == [0, 500]


def doubled(p_a, *, scale, r):
    return least_mass(p_a, scale=scale, r=2 * r)


def of_the_gaussian(p_a, *, scale, r):
    law = stats.norm(scale=math.sqrt(2) * scale)
    value = float(law.cdf(law.ppf(float(p_a)) - r))
    return Bounds(value, value, "Gaussian noise of the same variance")


@pytest.mark.parametrize("law", [doubled, of_the_gaussian])
@pytest.mark.parametrize("setting", [two(), several()], ids=["two", "several"])
def test_another_law_is_refuted(monkeypatch, law, setting):
    monkeypatch.setattr(tightness_plans, "least_mass", law)
    monkeypatch.setattr(tightness_plans, "_smallest", lambda *_: 0.1)  # has a cache
    (found,) = run([Setting(**{**_fields(setting), "excess": 0.5})], seed=4)
    assert found.consistent is False


def _fields(setting):
    return {name: getattr(setting, name) for name in setting.__dataclass_fields__}


def broken(name):
    """The construction with one fault."""
    share, call, tails = WorstCase._share, WorstCase.__call__, TwoTails.__call__
    faults = {
        "gamma": (WorstCase, "_share", lambda self: 1 - (1 - share(self)) / 2),
        "no coin": (WorstCase, "__call__", lambda self, x, coins=None: call(self, x, 0 * coins)),
        "mirrored": (WorstCase, "__call__", lambda self, x, coins=None: call(self, -x, coins)),
        "tails": (TwoTails, "__call__", lambda self, x: (tails(self, x) + 1) % 3),
    }
    return faults[name]


@pytest.mark.parametrize("fault", ["gamma", "no coin", "mirrored", "tails"])
def test_another_construction_is_refuted(monkeypatch, fault):
    monkeypatch.setattr(*broken(fault))
    (found,) = run([several() if fault == "tails" else two()], seed=4)
    assert found.consistent is False
    assert found.recount is (fault == "gamma")  # a wrong coin is wrong on the words too


@pytest.mark.parametrize(("factor", "flip"), [(0.6, False), (1.0, True)])
def test_a_smaller_radius_does_not_flip(monkeypatch, factor, flip):
    of = tightness_plans.theorem_2
    monkeypatch.setattr(
        tightness_plans, "theorem_2", lambda *args, **options: factor * of(*args, **options)
    )
    (found,) = run([two("0.9")], seed=4)
    assert found.flip is flip and found.consistent is flip


def test_counts_that_the_words_do_not_give_are_a_contradiction(monkeypatch):
    tally = Case.tally

    def off_by_one(self, points, coins):
        counts = tally(self, points, coins)
        return counts + np.array([1, -1, 0]) if counts[1] else counts

    monkeypatch.setattr(Case, "tally", off_by_one)
    (found,) = run([two()], seed=4)
    assert found.recount is False and found.consistent is False


def test_sizes():
    assert [samples_for(dim) for dim in SWEEP_DIMS] == [10**6, 10**6, 10**6, 162_760, 10**4]
    assert samples_for(3072) >= 10**5 and samples_for(150528) >= 10**4
    assert [samples_for(dim, quick=True) for dim in SWEEP_DIMS] == [10**5] * 3 + [6510, 1000]
    asked = {(str(float(one.p_a)), one.dim) for one in sweep() if one.p_b is None}
    assert asked == {(p_a, dim) for p_a in SWEEP_P_A for dim in SWEEP_DIMS}
    assert SWEEP_DIMS == (1, 2, 16, 3072, 150528)
    assert [float(one) for one in SWEEP_P_A] == [0.501, 0.6, 0.7, 0.8, 0.9, 0.99, 0.999]
    assert {one.scale for one in sweep(scale=3.0)} == {3.0}


def check_sweep(settings, seed):
    seen = []
    found = run(settings, seed=seed, progress=lambda *now: seen.append(now))
    assert len(found) == 50
    for one in found:
        assert (one.flip, one.consistent, one.recount) == (True, True, True), one.setting.name
        assert one.power >= 1 - 1e-3 / 50
        assert one.samples_needed <= one.setting.num_samples
    done, total = seen[-1]
    assert done == total
    assert [now for now, _ in seen] == sorted(now for now, _ in seen)


def test_a_small_sweep_shows_every_flip():
    check_sweep(sweep(num_samples=150, scale=0.5), seed=11)


@pytest.mark.slow
def test_the_sweep_shows_every_flip():
    check_sweep(sweep(), seed=1)
    check_sweep(sweep(quick=True), seed=2)


def test_moved_masses_are_bounds_of_each_other():
    a, b = moved_masses(two("0.7"), 0.4)
    assert a.lower + b.upper == pytest.approx(1, abs=1e-15)
    assert a.lower <= 1 - b.upper + 2e-16 and b.upper - b.lower < 1e-15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two("0.4"), r"p_a = 2/5 is outside \[1/2, 1\)"),
        (lambda: two("1"), r"p_a = 1 is outside \[1/2, 1\): .* nothing flips"),
        (lambda: two(num_classes=3), "num_classes = 3 needs p_b"),
        (lambda: two(n=0), r"num_samples = 0 is outside \[1, 10000000000\]"),
        (lambda: two(dim=0), r"dim = 0 is outside \[1, 100000000\]"),
        (lambda: two(scale=0.0), "scale = 0.0 is outside"),
        (lambda: two(excess=0.0), r"excess = 0.0 is outside \(0, inf\)"),
        (lambda: several("0.6", "0.7"), "p_b = 7/10 is outside"),
        (lambda: several("0.6", "0"), "the radius is infinite"),
        (lambda: several(num_classes=1), "num_classes = 1 is outside"),
        (lambda: run([], seed=1), r"settings = \[\]: legal is one or more"),
        (lambda: run([two(), two()], seed=1), "each of another name"),
        (lambda: run([two()], seed=1, alpha=1.0), r"alpha = 1.0 is outside \[1e-240, 1\)"),
        (lambda: run([two(n=10)], seed=1), r"num_samples = 10 shows no flip.*at least 25"),
        (lambda: run([several(n=10)], seed=1), "num_samples = 10 shows no flip"),
        (lambda: run([two(excess=1e-30)], seed=1), r"excess = 1e-30 is outside \["),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_25_samples_are_enough():
    (found,) = run([two(n=25)], seed=1)
    assert found.flip is True
