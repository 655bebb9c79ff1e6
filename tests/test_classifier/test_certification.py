"""Rows from votes: bounds by other code, printed decimals that claim no more, the sound mode."""

import json
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

import l1cert
from l1cert.audit.log import ABSTAINED
from l1cert.certification import bounds, log, summary
from l1cert.certification.bounds import Certifier, ceiled, floored
from l1cert.certification.points import COLUMNS, Point, dense, sparse
from l1cert.certification.settings import Settings, charged, sigma_of, spelled
from theory.confidence_sequences import anytime_lower, boundary
from theory.discrete_laplace import steps_lattice, steps_theorem_2

LAPLACE = {"noise": "laplace", "sigma": "0.5", "n": 1000}
SOUND = {
    "noise": "laplace",
    "sigma": sigma_of(Fraction(1, 4)),
    "scale": "0.25",
    "sound": True,
    "n": 1000,
}


def point(*votes, index=0, label=0, base=0, selected=0):
    selection = [0] * len(votes)
    selection[selected] = 100
    return Point(index, label, base, tuple(selection), votes, 0.25)


def clopper_pearson(count, n, alpha):
    return proportion_confint(count, n, alpha=2 * alpha, method="beta")[0]


# Bounds and radii.


def test_two_class_certificates_stand_at_the_whole_alpha():
    row = Certifier(Settings(**LAPLACE), 3).row(point(950, 30, 20))
    exact = clopper_pearson(950, 1000, 0.001)
    assert row.p_a == pytest.approx(exact, rel=1e-11) and row.p_a <= exact
    size = 0.5 / math.sqrt(2)
    assert row.radius == pytest.approx(-size * math.log(2 * (1 - exact)), rel=1e-8)
    assert row.radius == row.radii["theorem_2"] and row.p_b is None
    assert row.predict == 0 and row.correct
    assert row.radii["cohen"] is None and row.radii["uniform"] is None


def test_several_classes_stand_at_a_pair_of_half_the_alpha_each():
    row = Certifier(Settings(**LAPLACE, certificate="exact"), 3).row(point(700, 200, 100))
    p_a = clopper_pearson(700, 1000, 0.0005)
    p_b = proportion_confint(200, 1000, alpha=0.001, method="beta")[1]
    assert (row.p_a, row.p_b) == (pytest.approx(p_a, rel=1e-10), pytest.approx(p_b, rel=1e-10))
    assert row.p_a <= p_a and row.p_b >= p_b
    size = 0.5 / math.sqrt(2)
    law = stats.laplace(scale=size)
    assert row.radius == pytest.approx((law.ppf(p_a) - law.ppf(p_b)) / 2, rel=1e-7)
    assert row.radii["lecuyer"] == pytest.approx(size / 2 * math.log(p_a / p_b), rel=1e-7)


@pytest.mark.parametrize(
    "votes", [(4802, 3, 33, 18, 3, 10, 76, 55), (990, 2, 2, 2, 2, 2), (900, 50, 50), (999, 0, 1)]
)
@pytest.mark.parametrize("sound", [False, True])
def test_the_other_classes_do_not_count_as_one(votes, sound):
    """PB is bounded by the largest of them, however many votes all of them have together."""
    stated = {**(SOUND if sound else LAPLACE), "n": sum(votes)}
    row = Certifier(Settings(**stated), len(votes), step="1/16").row(point(*votes))
    size = {"scale": "0.25"} if sound else {"sigma": "0.5"}
    whole = l1cert.radius_of_counts(votes, alpha="0.001", bonferroni=True, top=0, **size)
    if sound:
        grid = {"step": "1/16", "scale": "0.25"}
        p_a, p_b = whole.bounds.p_a, whole.bounds.p_b
        assert row.radii["lattice"] == steps_lattice(p_a, p_b, **grid) / 16
    else:
        for name in ("theorem_1", "exact", "lecuyer"):
            assert row.radii[name] == pytest.approx(getattr(whole.radii, name), rel=1e-8)


@pytest.mark.parametrize("votes", [(600, 150, 130, 120), (400, 60, *[60] * 9), (1000, 0, 0, 0)])
@pytest.mark.parametrize("sound", [False, True])
def test_the_other_bound_is_of_the_most_frequent_other_class(votes, sound):
    """And not of all others together, which are more where there are many of them."""
    stated = Settings(**(SOUND if sound else LAPLACE), certificate="theorem_1")
    row = Certifier(stated, len(votes), step="1/16").row(point(*votes))
    most = proportion_confint(votes[1], 1000, alpha=0.001, method="beta")[1]
    assert row.p_b == pytest.approx(most, rel=1e-10) and row.p_b >= most * (1 - 1e-12)
    assert row.p_a == pytest.approx(clopper_pearson(votes[0], 1000, 0.0005), rel=1e-10)


@pytest.mark.parametrize(
    ("noise", "name", "radius"),
    [
        ("gaussian", "cohen", lambda p: 0.5 * stats.norm.ppf(p)),
        ("uniform", "uniform", lambda p: 0.5 * math.sqrt(3) * (2 * p - 1)),
    ],
)
def test_other_noises_have_their_own_certificate_only(noise, name, radius):
    row = Certifier(Settings(noise=noise, sigma="0.5", n=1000), 3).row(point(950, 30, 20))
    assert row.radius == pytest.approx(radius(clopper_pearson(950, 1000, 0.001)), rel=1e-8)
    assert [column for column in COLUMNS if row.radii[column] is not None] == [name]


def test_below_one_half_two_classes_abstain_and_several_may_not():
    certifier = Certifier(Settings(**LAPLACE), 4)
    row = certifier.row(point(480, 260, 260, 0))
    assert row.predict == ABSTAINED and row.radius == 0 and not row.correct
    assert math.isnan(row.radii["theorem_2"]) and row.radii["exact"] > 0
    tied = certifier.row(point(300, 290, 290, 120))
    assert all(math.isnan(tied.radii[name]) for name in ("theorem_1", "exact", "lecuyer"))


def test_with_two_classes_there_is_no_bound_on_the_other():
    row = Certifier(Settings(**LAPLACE, certificate="lecuyer"), 2).row(point(950, 50))
    assert row.p_b is None
    assert row.p_a == pytest.approx(clopper_pearson(950, 1000, 0.001), rel=1e-10)


def test_the_class_is_that_of_the_selection_not_of_the_votes():
    row = Certifier(Settings(**LAPLACE), 2).row(point(950, 50, selected=1))
    assert row.predict == ABSTAINED and row.p_a < 0.1


# Printed decimals.


@pytest.mark.parametrize("value", [0.1, 1 / 3, 2 / 3, 1e-7 / 3, 123.456789123456789, 5e-324])
@pytest.mark.parametrize("digits", [9, 15])
def test_printed_decimals_are_below(value, digits):
    text = repr(floored(value, digits))
    assert Decimal(text) <= Decimal(value)
    assert value < 1e-280 or Decimal(value) - Decimal(text) < Decimal(value).scaleb(1 - digits)
    assert Decimal(repr(ceiled(min(value, 1.0), digits))) >= Decimal(min(value, 1.0)) or value > 1


def test_what_is_printed_of_a_row_is_below_what_was_computed():
    certifier = Certifier(Settings(**LAPLACE), 2)
    for count in range(600, 1001, 37):
        row = certifier.row(point(count, 1000 - count))
        exact = Fraction(1, 2) ** 2 * 2  # sigma^2 / 2 = lambda^2, to be compared in squares
        assert Decimal(repr(row.p_a)) <= Decimal(bounds.confirmed_lower(count, 1000, alpha="0.001"))
        claimed = math.exp(-row.radius / math.sqrt(float(exact) / 4)) / 2
        assert row.radius == 0 or claimed >= (1 - row.p_a) * (1 - 1e-12)


# Until a radius.


def test_until_a_radius_bounds_hold_at_any_time():
    certifier = Certifier(Settings(**LAPLACE, until_radius="0.2"), 3)
    row = certifier.row(point(280, 10, 10))
    assert row.outcome == "reached" and row.radius >= 0.2
    assert row.p_a <= anytime_lower(280, 300, alpha=0.001) < clopper_pearson(280, 300, 0.001)
    assert row.radii["exact"] == row.radii["theorem_2"] and row.p_b is None


def test_the_outcomes_follow_the_boundaries():
    certifier = Certifier(Settings(**LAPLACE, until_radius="0.2"), 2)
    needed = 1 - math.exp(-0.2 * math.sqrt(2) / 0.5) / 2
    above = boundary(400, needed, alpha=0.001)
    below = boundary(400, needed, alpha=0.001, alternative="less")
    found = {
        count: certifier.row(point(count, 400 - count)).outcome
        for count in (below, below + 1, above - 1, above)
    }
    assert list(found.values()) == ["not_reached", "undecided", "undecided", "reached"]
    assert not certifier.decided(above - 1, 400) and certifier.decided(above, 400)


@pytest.mark.parametrize("radius", ["0.05", "0.2", "0.37", "0.8"])
@pytest.mark.parametrize("certificate", ["theorem_2", "lecuyer"])
def test_a_radius_that_was_reached_is_printed_whole(radius, certificate):
    stated = Settings(**LAPLACE, until_radius=radius, certificate=certificate)
    certifier = Certifier(stated, 2)
    for num_samples in (100, 333, 1000):
        least = next(
            (k for k in range(num_samples + 1) if certifier.decided(k, num_samples) and k > 60),
            None,
        )
        counts = range(num_samples // 2, num_samples + 1, 4)
        rows = [certifier.row(point(k, num_samples - k)) for k in counts]
        reached = [row for row in rows if row.outcome == "reached"]
        assert least is not None
        assert all(row.radius >= float(radius) for row in reached)
        assert all(row.radius < float(radius) for row in rows if row.outcome == "not_reached")


# Sound.


def test_sound_certificates_are_whole_steps():
    row = Certifier(Settings(**SOUND), 3, step="1/16", charge="1e-10").row(point(950, 30, 20))
    steps = steps_theorem_2(row.p_a, step="1/16", scale="0.25")
    assert row.radius == floored(steps / 16, 9)
    assert row.radii["exact"] is None and row.radii["cohen"] is None
    p_a = bounds.confirmed_lower(950, 1000, alpha=(Fraction(1, 1000) - Fraction(1, 10**10)) / 2)
    p_b = bounds.confirmed_upper(30, 1000, alpha=(Fraction(1, 1000) - Fraction(1, 10**10)) / 2)
    assert row.steps == steps_lattice(floored(p_a), ceiled(p_b), step="1/16", scale="0.25")
    assert row.radii["lattice"] == floored(row.steps / 16, 9)


def test_the_charge_is_taken_from_alpha():
    free, paid = (
        Certifier(Settings(**SOUND), 3, step="1/16", charge=charge).row(point(950, 30, 20)).p_a
        for charge in ("0", "0.0009")
    )
    assert free == pytest.approx(clopper_pearson(950, 1000, 0.001), rel=1e-10)
    assert paid == pytest.approx(clopper_pearson(950, 1000, 0.0001), rel=1e-10)
    with pytest.raises(ValueError, match=r"alpha = 1/1000 does not pay for the sampler's 0.001"):
        Certifier(Settings(**SOUND), 3, step="1/16", charge="0.001")


def test_until_a_radius_on_a_grid_means_its_whole_steps():
    stated = Settings(**SOUND, until_radius="0.2")
    certifier = Certifier(stated, 2, step="1/16", charge="0")
    row = certifier.row(point(900, 100))
    assert row.outcome == "reached" and row.radius >= 3 / 16
    needed = 1 - math.exp(-3 / 16 / 0.25) / 2
    assert certifier.decided(boundary(500, needed * (1 + 1e-14), alpha=0.001), 500)
    with pytest.raises(ValueError, match=r"until_radius = 1/20 is below a step of the grid, 1/16"):
        Certifier(Settings(**SOUND, until_radius="0.05"), 2, step="1/16")


# What is stated.


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": 0}, r"n = 0 is outside the integers in \[1, 10000000000\]"),
        ({"n0": 0}, r"n0 = 0 is outside the integers in \[1, 10000000000\]"),
        ({"batch": 0}, r"batch = 0 is outside the integers"),
        ({"skip": 0}, r"skip = 0 is outside the integers"),
        ({"most": 0}, r"max = 0 is outside the integers"),
        ({"seed": -1}, r"seed = -1 is outside the integers"),
        ({"alpha": "0"}, r"alpha = 0 is outside \(0, 1\)"),
        ({"alpha": "1"}, r"alpha = 1 is outside \(0, 1\)"),
        ({"alpha": "1e-250"}, r"alpha = 1e-250 is outside \[1e-200, 1\)"),
        ({"alpha": "nan"}, r"nan is not a finite number"),
        ({"sigma": "0"}, r"sigma = 0 is outside \(0, inf\)"),
        ({"noise": "cauchy"}, r"noise = cauchy is none of laplace, gaussian, uniform"),
        ({"certificate": "cohen"}, r"certificate = cohen is none of theorem_2, theorem_1"),
        ({"until_radius": "0"}, r"until_radius = 0 is outside \(0, inf\)"),
        ({"noise": "uniform", "until_radius": "0.9"}, r"until_radius = 0.9 is outside \(0, 0.86"),
        ({"sound": True}, r"scale = None with sound = True"),
        ({"sound": True, "scale": "1", "certificate": "exact"}, "sound are theorem_2, theorem_1"),
        ({"sound": True, "scale": "1", "noise": "gaussian"}, "sound with noise = gaussian"),
    ],
)
def test_bad_settings_are_one_line(changed, message):
    with pytest.raises(ValueError, match=message) as caught:
        Settings(**{**LAPLACE, **changed})
    assert "\n" not in str(caught.value)


def test_settings_are_read_back():
    for stated in (Settings(**LAPLACE), Settings(**SOUND, until_radius="1/3", most=5)):
        assert Settings.from_json(json.loads(json.dumps(stated.as_json()))) == stated
    with pytest.raises(ValueError, match="its settings are not those of a certification run"):
        Settings.from_json({"noise": "laplace"})
    with pytest.raises(ValueError, match="sound = 1 is neither true nor false"):
        Settings.from_json({**Settings(**LAPLACE).as_json(), "sound": 1})


def test_exact_numbers_stay_exact():
    assert Fraction(sigma_of(Fraction(1, 4))) ** 2 >= Fraction(2, 16)
    assert Fraction(sigma_of(Fraction(1, 4))) ** 2 < Fraction(2, 16) * (1 + Fraction(1, 10**38))
    assert spelled(0.001) == "0.001" and spelled("1e-3") == "1e-3"
    assert charged(Fraction(1, 2), Fraction(1, 4)) == Fraction(1, 4)


def test_votes_are_read_back():
    votes = (0, 99_990, 3, 0, 7)
    assert dense(sparse(votes), 5) == votes
    for text in ("", "1", "1:2,1:3", "5:1", "-1:2", "0:1e3", "0:99999999999", "0:0", "x:1"):
        with pytest.raises(ValueError, match="votes"):
            dense(text, 5)


# The log and the summary.


def test_the_columns_of_a_log():
    certifier = Certifier(Settings(**LAPLACE), 3)
    rows = [certifier.row(point(950, 30, 20)), certifier.row(point(400, 300, 300, index=1))]
    lines = [line.split("\t") for line in log.text(rows).splitlines()]
    assert lines[0][:6] == ["idx", "label", "predict", "radius", "correct", "time"]
    first, second = (dict(zip(lines[0], line, strict=True)) for line in lines[1:])
    assert first["votes"] == "0:950,1:30,2:20" and first["selection"] == "0:100"
    assert first["num_samples"] == "1000" and first["cohen"] == "" and first["p_b"] == ""
    assert second["predict"] == "-1" and second["radius"] == "0.0" and second["theorem_2"] == ""
    assert "steps" not in first and "outcome" not in first
    sound = Certifier(Settings(**SOUND, until_radius="0.2"), 3, step="1/16")
    names = log.text([sound.row(point(950, 30, 20))]).splitlines()[0].split("\t")
    assert names[-3:] == ["selection", "steps", "outcome"]


def test_a_log_is_not_its_own_record(tmp_path):
    with pytest.raises(ValueError, match="is the record's name: the log has another suffix"):
        log.check_path(tmp_path / "run.json")


def test_certified_accuracy_counts_right_classes_only():
    certifier = Certifier(Settings(noise="gaussian", sigma="1", n=1000), 2)
    rows = [
        certifier.row(point(999, 1)),
        certifier.row(point(999, 1, label=1, base=1)),
        certifier.row(point(500, 500)),
    ]
    found = summary.results(rows)
    assert (found["base_correct"], found["smoothed_correct"], found["abstentions"]) == (3, 1, 1)
    assert found["certified"]["cohen"][0] == 1 and found["points"] == 3
    largest = max(row.radius for row in rows)
    assert found["radii"][0] == 0 and found["radii"][-1] <= largest
    text = summary.terminal(found, certifier.settings, ["Statistical."])
    assert "abstentions              0.3333" in text and text.endswith("Statistical.")


def test_radii_of_the_table_are_few_and_within():
    for scale in (1e-6, 0.03, 0.5, 7.0, 1234.0):
        certifier = Certifier(Settings(noise="gaussian", sigma=repr(scale), n=1000), 2)
        rows = [certifier.row(point(count, 1000 - count)) for count in (600, 999)]
        radii = summary.results(rows)["radii"]
        assert 2 < len(radii) <= 6 and radii[-1] <= rows[1].radius < 2 * radii[-1]


@pytest.mark.parametrize("mutant", ["share", "rate"])
def test_a_wrong_bound_is_refuted_by_the_audit(tmp_path, mutant, monkeypatch):
    """What the certifier must not do: print the share of the votes, or a bound at a larger rate."""
    from l1cert.audit.run import audit_log

    def wrong(count, num_samples, *, alpha):
        if mutant == "rate":
            return honest(count, num_samples, alpha=100 * alpha)
        return count / num_samples

    honest = bounds.lower
    own = {name: kind() for name, kind in log.OWN.items()}
    stated = Settings(**LAPLACE)
    votes = [point(k, 1000 - k, index=i) for i, k in enumerate(range(700, 960, 40))]
    found = []
    for change in (False, True):
        if change:
            monkeypatch.setattr(bounds, "lower", wrong)
        certifier = Certifier(stated, 2)
        file = tmp_path / f"{change}.tsv"
        log.write(file, [certifier.row(one) for one in votes], stated, own)
        violations = audit_log(file, samples=0).as_json()["violations"]
        found.append(violations["bound_above_clopper_pearson"]["count"])
    assert found == [0, len(votes)]
