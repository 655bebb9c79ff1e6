"""The workbench's report: what it refuses, what its JSON holds, what its text says."""

import dataclasses
import json
import math
import re
from fractions import Fraction
from functools import cache

import pytest

import l1cert
from l1cert.workbench.report import BoundReport, Slack, Witness
from simulations.counterexamples import simulate
from theory.claim import Boundary
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.counterexamples import Counterexample, find_counterexample
from theory.conjectures.dominance import Comparison, Region
from theory.conjectures.settings import Setting

KEYS = {
    *("radius", "noise", "setting", "num_classes", "norm", "sound", "grade", "detail", "left"),
    *("closed_ball", "abstains_below", "tight", "slack", "witness", "beyond", "dominates"),
    *("dominated_by", "equals", "dominance", "axis", "notes", "seconds", "provenance"),
}
LECUYER = Comparison("lecuyer", "larger", True, (Region("PA in (0.5, 1)", "larger", True),), ())
COHEN = Comparison(
    "cohen",
    "crosses",
    True,
    (
        Region("PA in (0.5, 0.9535591423)", "smaller", True),
        Region("PA in (0.9535591423, 1)", "larger", False, "PB = 1 - PA"),
    ),
    (Boundary("PA where R = cohen", ("0.95355914230123456789", "0.95355914230123456790"), True),),
)
OTHER = Comparison("other", "undecided", False, (), ())


@cache
def counterexample(setting: Setting = Setting.BINARY) -> Counterexample:
    p_b, num_classes = {
        Setting.BINARY: (None, 2),
        Setting.K_CLASSES: (Fraction(1, 100), 5),
        Setting.MULTICLASS: (Fraction(1, 1000), None),
    }[setting]
    found = find_counterexample(
        parse_noise("laplace"),
        setting,
        Fraction(3, 4),
        p_b,
        num_classes,
        scale=Fraction(2),
        radius_above=Fraction(10),
    )
    assert found is not None
    return found


def witness(setting: Setting = Setting.BINARY, **changes: object) -> Witness:
    found = counterexample(setting)
    assert found.margin is not None
    fields: dict = {
        "p_a": found.p_a,
        "p_b": found.p_b,
        "scale": found.scale,
        "r": found.r,
        "radius_above": found.radius_above,
        "margin": found.margin,
        "counterexample": found,
        "simulation": simulate(found, num_samples=4096, seed=3),
        "recheck": "python -c 'print(1)'",
    }
    return Witness(**(fields | changes))


def report(**changes: object) -> BoundReport:
    """A sound and tight radius, but for the changes."""
    fields: dict = {
        "radius": "-lam*log(2 - 2*p_a)",
        "noise": "Laplace noise",
        "setting": "binary",
        "num_classes": 2,
        "norm": 1,
        "sound": True,
        "grade": "PROVED",
        "detail": "R and the exact radius are one expression",
        "closed_ball": False,
        "abstains_below": (0.5, 0.5),
        "tight": True,
        "dominance": (LECUYER, COHEN, OTHER),
        "dominates": ("lecuyer",),
        "axis": "known for Laplace noise",
        "notes": ("proportional to the scale",),
        "seconds": 0.25,
        "parameters": {"samples": 4096, "seed": 3},
    }
    return BoundReport(**(fields | changes))


def refuted(**changes: object) -> BoundReport:
    fields: dict = {"sound": False, "grade": "REFUTED", "tight": False, "witness": witness()}
    return report(**(fields | changes))


def undecided(**changes: object) -> BoundReport:
    fields: dict = {"sound": None, "grade": "UNDECIDED", "tight": None, "closed_ball": None}
    return report(**(fields | {"left": ("PA in (0.999, 1)", "PA near 1/2")} | changes))


def value(made: BoundReport, label: str) -> str:
    """What stands behind a label, unfolded."""
    lines = made.lines()
    start = next(i for i, line in enumerate(lines) if line[:15].strip() == label)
    end = start + 1
    while end < len(lines) and lines[end].startswith(" " * 15):
        end += 1
    return " ".join(" ".join(lines[start:end]).strip()[len(label) :].split())


def told(made: BoundReport) -> str:
    """The whole text, unfolded."""
    return " ".join(" ".join(made.lines()).split())


@pytest.mark.parametrize("make", [report, refuted, undecided])
def test_the_json_is_json_and_holds_every_key(make):
    made = make()
    said = json.loads(json.dumps(made.as_json(), allow_nan=False))
    assert set(said) == KEYS
    assert said["sound"] is made.sound and said["tight"] is made.tight
    assert said["grade"] == made.grade and said["closed_ball"] is made.closed_ball
    assert said["abstains_below"] == [0.5, 0.5] and said["dominates"] == ["lecuyer"]
    assert said["provenance"]["seed"] == 3 and said["provenance"]["version"]
    assert said["dominance"][1] == {
        "name": "cohen",
        "relation": "crosses",
        "proved": True,
        "regions": [
            {
                "text": "PA in (0.5, 0.9535591423)",
                "relation": "smaller",
                "proved": True,
                "slice": None,
            },
            {
                "text": "PA in (0.9535591423, 1)",
                "relation": "larger",
                "proved": False,
                "slice": "PB = 1 - PA",
            },
        ],
        "crossings": [
            {
                "name": "PA where R = cohen",
                "enclosure": ["0.95355914230123456789", "0.95355914230123456790"],
                "unique": True,
            }
        ],
    }


def test_exact_numbers_are_text_and_infinities_too():
    made = report(
        tight=False,
        slack=Slack(0.5, Fraction(1, 3), 1e-300, Fraction(1, 8), upper=math.inf),
        abstains_below=(float("-inf"), 0.25),
    ).as_json()
    assert made["slack"] == {
        **{"value": 0.5, "upper": "inf", "p_a": "1/3", "p_b": 1e-300, "scale": "0.125"}
    }
    assert made["abstains_below"] == ["-inf", 0.25]
    json.dumps(made, allow_nan=False)


def test_the_witness_in_json_can_be_recomputed():
    said = refuted().as_json()["witness"]
    assert (said["p_a"], said["p_b"], said["scale"]) == ("0.75", None, "2")
    assert 0 < Fraction(said["r"]) < Fraction(said["radius_above"]) == 10
    assert said["margin"]["lower"] <= said["margin"]["upper"] < 0
    assert said["counterexample"]["r"] == said["r"] and said["counterexample"]["edges"]
    assert sum(said["simulation"]["counts"]["x"]) == said["simulation"]["num_samples"] == 4096


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grade": "REFUTED"}, "PROVED, ENCLOSED, CONSISTENT"),
        ({"sound": None}, "UNDECIDED, CONSISTENT"),
        ({"sound": False, "grade": "PROVED"}, "REFUTED, CONSISTENT"),
        ({"sound": False, "grade": "REFUTED"}, "has none"),
        ({"grade": "SKIPPED"}, "SKIPPED"),
    ],
)
def test_a_grade_that_does_not_fit_is_refused(changes: dict, words: str):
    with pytest.raises(ValueError, match=words):
        report(**changes)


def test_a_sound_radius_has_no_witness():
    with pytest.raises(ValueError, match="sound = True has one"):
        report(witness=witness())


def test_the_first_line_is_the_answer():
    assert report().lines()[0] == "sound for every r < R: proved"
    assert "enclosure" in report(grade="ENCLOSED").lines()[0]
    assert "no proof" in report(grade="CONSISTENT").lines()[0]
    said = refuted().lines()[0]
    r = refuted().witness.counterexample.as_json()["r"]
    assert said == f"not sound: refuted at PA = 0.75, scale = 2, r = {r}"
    assert "in floats, no proof" in refuted(grade="CONSISTENT").lines()[0]
    assert undecided().lines()[0].startswith("not decided: neither")
    assert "no proof" in undecided(grade="CONSISTENT").lines()[0]
    several = refuted(witness=witness(Setting.K_CLASSES), setting="k", num_classes=5)
    assert "PA = 0.75, PB = 0.01, scale = 2, r = " in several.lines()[0]


def test_exit_codes():
    assert (report().exit_code, refuted().exit_code, undecided().exit_code) == (0, 0, 3)


def test_the_facts_are_in_words():
    made = report()
    assert value(made, "radius") == "R = -lam*log(2 - 2*p_a)"
    assert value(made, "setting") == "binary: 2 classes, PA given, l1 norm"
    assert value(made, "grade").startswith("PROVED: R and")
    assert value(made, "tight") == "yes: R is the exact radius E wherever E > 0"
    assert value(made, "closed ball") == "no: r = R is not certified"
    assert value(made, "abstains") == "R <= 0 for PA below 0.5"
    assert value(made, "axis") == "known for Laplace noise"
    assert value(report(closed_ball=True), "closed ball") == "yes: r = R is certified too"
    assert value(report(closed_ball=None), "closed ball") == "not decided"
    assert "[0.4, 0.5]" in value(report(abstains_below=(0.4, 0.5)), "abstains")
    assert not any("abstains" in line for line in report(abstains_below=None).lines())
    several = report(setting="multiclass", num_classes=None)
    assert (
        value(several, "setting") == "multiclass: any number of classes, PA and PB given, l1 norm"
    )
    assert [line for line in undecided().lines() if line.startswith("left")] == [
        "left           PA in (0.999, 1)",
        "left           PA near 1/2",
    ]


def test_the_slack_is_told_with_its_place():
    slack = Slack(0.25, Fraction(3, 5), None, 1.0)
    made = report(tight=False, slack=slack)
    assert value(made, "tight") == "no: 1 - R/E = 0.25 at PA = 0.6, scale = 1.0"
    proved = report(tight=False, slack=dataclasses.replace(slack, upper=0.5))
    assert value(proved, "tight").endswith("and it is nowhere above 0.5")
    assert value(report(tight=False), "tight") == "no"
    searched = report(grade="CONSISTENT", closed_ball=None)
    assert value(searched, "tight").endswith("wherever E > 0, as far as a search can tell")
    assert value(searched, "closed ball") == "not decided"
    assert value(report(tight=None, slack=slack), "tight").startswith("not decided: 1 - R/E")


def test_the_counterexample_is_told():
    made = refuted()
    found = counterexample()
    assert "counterexample" in made.lines()
    assert value(made, "point") == "PA = 0.75, scale = 2"
    assert value(made, "classifier") == found.classifier.in_words()
    assert value(made, "margin").endswith("negative (proved)")
    assert f"{found.margin.upper!r}]" in value(made, "margin")
    assert value(made, "recheck") == "python -c 'print(1)'"
    counts = made.witness.simulation["counts"]
    text = told(made)
    for place in ("x", "x + delta"):
        first, second = counts[place]
        assert f"{place}: cA {first}, cB {second} of 4096 samples" in text
    assert "consistent with these masses; cB is ahead of cA at x + delta" in text


@pytest.mark.parametrize(
    ("consistent", "flip", "words"),
    [
        (False, True, "CONTRADICTS these masses; cB is ahead"),
        (None, None, "too few to tell; whether cB is ahead needs more samples"),
        (True, False, "cB is behind"),
    ],
)
def test_what_the_counts_say(consistent, flip, words):
    drawn = dict(witness().simulation) | {"consistent": consistent, "flip": flip}
    assert words in told(refuted(witness=witness(simulation=drawn)))


def test_further_classes_have_their_own_names():
    several = refuted(witness=witness(Setting.K_CLASSES), setting="k", num_classes=5)
    assert ", class 2 0.0088" in value(several, "at x")
    counted = r"x: cA 39.., cB .., class 2 .., class 3 .., class 4 .. of 4096 samples"
    assert re.fullmatch(counted, value(several, "counted"))
    many = refuted(witness=witness(Setting.MULTICLASS), setting="multiclass", num_classes=None)
    number = many.witness.counterexample.classifier.finer
    assert number > 100
    assert f"{number} further classes of equal probability" in told(many)
    assert "further classes together 0.22" in value(many, "at x")
    assert "further classes together 9" in value(many, "counted")


def test_a_witness_need_not_be_simulated():
    assert "counted" not in told(refuted(witness=witness(simulation=None)))


def test_the_table_of_rivals():
    lines = report().lines()
    start = next(i for i, line in enumerate(lines) if line.startswith("rival "))
    assert lines[start + 2 : start + 8] == [
        "lecuyer             larger     yes     PA in (0.5, 1)",
        "cohen               crosses    yes     smaller: PA in (0.5, 0.9535591423)",
        " " * 39 + "larger: PA in (0.9535591423, 1), PB = 1 - PA (not proved)",
        " " * 39 + "crossing in [0.953559142301, 0.953559142302], the only one:",
        " " * 39 + "PA where R = cohen",
        "other               undecided  -",
    ]
    assert not any(line.startswith("rival") for line in report(dominance=()).lines())


def test_lines_fit_and_hold_nothing_that_a_terminal_acts_on():
    nasty = "\x1b[31mred\x07 [bold]\u202e " + "long " * 60
    made = refuted(
        radius=nasty,
        noise=nasty,
        detail=nasty,
        axis=nasty,
        left=(nasty,),
        notes=(nasty, "x" * 300),
        dominance=(Comparison(nasty, "larger", True, (Region(nasty, "larger", True),), ()),),
        slack=Slack(0.25, Fraction(3**90, 7**80), Fraction(1, 10**400), Fraction(1)),
    )
    lines = made.lines()
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "\\x1b[31mred\\x07 [bold]\\u202e" in text
    assert "PB = 1e-400" in text and "PA = about " in text


def test_a_place_next_to_one_keeps_its_distance():
    slack = Slack(0.25, 1 - Fraction(1, 10**400), Fraction(1, 10**400) / 7, Fraction(1, 2**5000))
    said = value(report(tight=False, slack=slack), "tight")
    assert "PA = 1 - 1e-400, PB = about 1.42857142857e-401, scale = about " in said


def test_a_refutation_beyond_all_witnesses_says_where() -> None:
    found = l1cert.check_bound(
        "(-lam*log(2*(1 - p_a)) - lam/100)*(1 + 1/10**8)", rank=False, samples=10
    )
    assert found.sound is False and found.witness is None and found.exit_code == 0
    assert found.as_json()["beyond"] == found.beyond
    text = "\n".join(found.lines())
    assert text.startswith(f"not sound: refuted at {found.beyond}")
    assert "none is written down" in text
    with pytest.raises(ValueError, match="a witness belongs to sound = False"):
        dataclasses.replace(found, sound=True, grade="PROVED")
