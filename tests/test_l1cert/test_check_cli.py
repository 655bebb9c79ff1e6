"""`l1cert check`: what it passes on, what it prints, its exit codes, its one-line errors."""

import inspect
import json
import math
from fractions import Fraction

import pytest

import l1cert.workbench.check
from l1cert.cli import check
from l1cert.workbench.check import check_bound
from tests.test_l1cert.test_bound_report import KEYS, refuted, report, undecided
from tests.test_l1cert.test_cli import run

THEOREM_2 = "-lam*log(2*(1 - p_a))"


@pytest.fixture
def asked(monkeypatch):
    """What check_bound was called with; it returns a report that was made by hand."""
    calls: list[tuple[object, dict]] = []

    def answer(radius, **options):
        calls.append((radius, options))
        return {"0": undecided(), "1": refuted()}.get(radius, report())

    monkeypatch.setattr(l1cert.workbench.check, "check_bound", answer)
    return calls


def test_the_defaults_are_those_of_the_python_face(asked):
    assert run("check", "p_a")[0] == 0
    ((radius, given),) = asked
    assert radius == "p_a"
    own = {name: one.default for name, one in inspect.signature(check_bound).parameters.items()}
    assert given.pop("against") == {} and not own.pop("against")
    assert given == {name: own[name] for name in given}
    assert set(given) == {"noise", "setting", "num_classes", "samples", "seed"}


def test_every_option_is_passed_on(asked):
    code, _, err = run(
        *("check", "lam/2*log(p_a/p_b)", "--noise", "Gaussian", "--setting", "k"),
        *("--num-classes", "10", "--against", "half=p_a == p_b", "--against", "b.2-x=-lam"),
        *("--samples", "7", "--seed", "-1"),
    )
    assert (code, err) == (0, "")
    ((_, given),) = asked
    assert given == {
        "noise": "Gaussian",
        "setting": "k",
        "num_classes": 10,
        "against": {"half": "p_a == p_b", "b.2-x": "-lam"},
        "samples": 7,
        "seed": -1,
    }


def test_a_density_is_read_as_text(asked):
    assert run("check", "p_a", "--noise", "exp(-abs(x)/lam) / (2*lam)")[0] == 0
    assert run("check", "p_a", "--noise", "-exp(-x)")[0] == 0
    assert [str(given["noise"]) for _, given in asked] == [
        *("exp(-Abs(x)/lambda)/(2*lambda)", "-exp(-x)"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        (THEOREM_2, "--noise", "laplace"),
        ("--noise", "laplace", THEOREM_2),
        ("--noise=laplace", THEOREM_2),
        ("--noise", "laplace", "--", THEOREM_2),
        ("--", THEOREM_2),
        ("--against", "half=-lam", THEOREM_2),
    ],
)
def test_an_expression_may_begin_with_a_minus(asked, arguments):
    assert run("check", *arguments)[0] == 0
    assert asked[0][0] == THEOREM_2


@pytest.mark.parametrize("text", ["-1", "-half_width", "-(p_a)", "--(p_a)", "--lam*p_a", "-x=1"])
def test_whatever_is_no_option_is_an_expression(asked, text):
    assert run("check", text, "--json")[0] == 0
    assert asked[0][0] == text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("p_a", "--foo"), "--foo"),
        (("p_a", "--foo=1"), "--foo"),
        (("--nois", "laplace", "p_a"), "--nois"),
        (("p_a", "-x"), "-x"),
        (("p_a", "p_b"), "p_b"),
        (("p_a", "--noise"), "--noise"),
        (("p_a", "--json=1"), "--json"),
        ((), "EXPR"),
        (("p_a", "--samples", "many"), "many"),
        (("p_a", "--seed", "0.5"), "0.5"),
    ],
)
def test_what_click_refuses_is_one_line(asked, arguments, words):
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "") and words in err
    assert len(err.strip().splitlines()) == 1 and not asked


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--num-classes", "two"), "two"),
        (("--num-classes", "1"), "[2, "),
        (("--against", "p_a"), "'p_a' is not NAME=EXPR"),
        (("--against", "=p_a"), "NAME"),
        (("--against", "\x1b[31m=p_a"), r"\x1b[31m"),
        (("--against", "a" * 41 + "=p_a"), "40 letters"),
        (("--against", "a=p_a", "--against", "a=p_b"), "--against a is given twice"),
        (("--noise", "laplcae"), "laplcae is unknown: legal are laplace, gaussian, uniform"),
        (("--noise", ""), "noise = ''"),
        (("--noise", "exp(-x**2"), "legal are numbers, x, lam, sigma"),
        (("--noise", "x + q"), "q is an unknown name"),
        (("--noise", "p_a*exp(-abs(x))"), "p_a is an unknown name: legal are numbers, x"),
        (("--noise", "__import__('os').system('x')"), "not in the grammar"),
        (("--noise", "x.__class__"), "not in the grammar"),
        (("--noise", "9**9**9*x"), "exponents in [-64, 64]"),
        (("--noise", "9**9**(63*x)"), "the exponent 9**(63*x) varies"),
        (("--noise", "exp(x**64*log(9))"), "has a log under exp"),
        (("--noise", "exp(exp(exp(1000*x**2+x)))"), "grows too fast"),
        (("--noise", "((1+x**64)**64 + 1)**-1"), "is of a degree above 1000"),
    ],
)
def test_what_the_command_refuses_is_one_line(asked, arguments, words):
    code, out, err = run("check", "p_a", *arguments)
    assert (code, out) == (2, "") and words in err
    assert len(err.strip().splitlines()) == 1 and err.isascii() and not asked


@pytest.mark.parametrize(("radius", "exit_code"), [("2", 0), ("1", 0), ("0", 3)])
def test_the_report_is_all_that_is_printed(asked, radius, exit_code):
    made = {"0": undecided(), "1": refuted()}.get(radius, report())
    code, out, err = run("check", radius)
    assert (code, err) == (exit_code, "")
    assert out == "\n".join(made.lines()) + "\n"
    code, out, err = run("check", radius, "--json")
    assert (code, err) == (exit_code, "")
    assert json.loads(out) == json.loads(json.dumps(made.as_json()))
    assert out.isascii()


@pytest.mark.parametrize("error", [ValueError("p = 2 is bad"), ZeroDivisionError("p = 2 is bad")])
def test_what_the_python_face_refuses_is_one_line(monkeypatch, error):
    def refuse(radius, **options):
        raise error

    monkeypatch.setattr(l1cert.workbench.check, "check_bound", refuse)
    assert run("check", "p_a") == (2, "", "Error: p = 2 is bad\n")


def test_the_names_of_the_noises_are_those_that_are_read():
    from theory.conjectures.axis_noise import parse_noise

    for name in check.NOISES:
        assert parse_noise(name).name == name


def found(*arguments: str) -> dict:
    """What the real command says of a radius, as JSON, with its exit code tested."""
    code, out, err = run("check", *arguments, "--samples", "20000", "--json")
    said = json.loads(out)
    assert err == "" and code == (3 if said["sound"] is None else 0)
    assert set(said) == KEYS
    return said


def test_theorem_2_is_sound_and_tight():
    said = found(THEOREM_2, "--against", f"half={THEOREM_2}/2")
    assert (said["sound"], said["tight"], said["grade"]) == (True, True, "PROVED")
    assert said["closed_ball"] is False and said["witness"] is None
    assert said["abstains_below"][0] <= 0.5 <= said["abstains_below"][1]
    assert {"lecuyer", "half"} <= set(said["dominates"]) and "exact" in said["equals"]
    assert said["dominated_by"] == []
    cohen = next(one for one in said["dominance"] if one["name"] == "cohen")
    assert cohen["relation"] == "crosses" and cohen["proved"]
    (crossing,) = (
        one["enclosure"] for one in cohen["crossings"] if float(one["enclosure"][0]) > 0.6
    )
    assert float(crossing[0]) <= 0.9535591423 + 1e-9 and float(crossing[1]) >= 0.9535591423 - 1e-9


@pytest.mark.parametrize("factor", ["2", "1.000001"])
def test_more_than_theorem_2_is_refuted_by_a_classifier(factor):
    said = found(f"{factor}*({THEOREM_2})")
    assert (said["sound"], said["tight"], said["grade"]) == (False, False, "REFUTED")
    shown = said["witness"]
    p_a, scale, r = (float(Fraction(shown[name])) for name in ("p_a", "scale", "r"))
    exact = -scale * math.log(2 * (1 - p_a))
    assert exact < r < float(factor) * exact
    # its classifier, by the Laplace c.d.f.: it meets PA at x, and at x + delta cA has less than 1/2
    (edge,) = (float(Fraction(one)) for one in shown["counterexample"]["edges"].split(", "))
    assert 1 - math.exp(-edge / scale) / 2 >= p_a - 1e-12
    assert (edge - r) / scale < 0 and shown["margin"]["upper"] < 0
    assert sum(shown["simulation"]["counts"]["x + delta"]) == 20000


def test_the_text_of_a_refutation_names_its_place():
    code, out, err = run("check", f"2*({THEOREM_2})", "--samples", "20000")
    assert (code, err) == (0, "") and out.startswith("not sound: refuted at PA = ")
    for words in ("classifier", "margin", "counted", "cB is ahead of cA", "\nrival "):
        assert words in out


def test_lecuyer_is_sound_and_loose_with_any_number_of_classes():
    said = found("lam/2*log(p_a/p_b)", "--setting", "multiclass")
    assert (said["sound"], said["tight"]) == (True, False)
    assert said["grade"] in {"PROVED", "ENCLOSED"}
    assert "exact" in said["dominated_by"] and "lecuyer" in said["equals"]
    assert said["slack"]["value"] > 0.5
    wrong = found("lam*log(p_a/p_b)", "--setting", "multiclass")
    assert wrong["sound"] is False and wrong["witness"]["p_b"] is not None


def test_cohen_is_right_for_gaussian_noise_and_wrong_for_laplace_noise():
    right = found("sigma*Phi_inv(p_a)", "--noise", "gaussian")
    assert (right["sound"], right["tight"]) == (True, True)
    wrong = found("sigma*Phi_inv(p_a)", "--noise", "laplace")
    assert (wrong["sound"], wrong["grade"]) == (False, "REFUTED")
    assert 0.5 < float(Fraction(wrong["witness"]["p_a"])) < 0.9535591424


def test_an_error_at_other_scales_than_1_is_found():
    said = found("-lam**2*log(2*(1 - p_a))")
    assert said["sound"] is False and Fraction(said["witness"]["scale"]) > 1


def test_a_density_is_no_proof_beyond_what_is_known():
    density = "1/(2*(1 + abs(x))**2)"
    wrong = found("50*lam*(p_a - 1/2)", "--noise", density)
    assert wrong["sound"] is False and "assumed" in wrong["axis"]
    open_ = found("lam*(p_a - 1/2)/2", "--noise", density)
    assert open_["sound"] is not False and open_["grade"] in {"CONSISTENT", "UNDECIDED"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("",), "'' cannot be read"),
        (("__import__('os').system('x')",), "not in the grammar"),
        (("p_a.real",), "not in the grammar"),
        (("p_c",), "p_c is an unknown name"),
        (("p_a", "--against", "a=p_c"), "p_c is an unknown name"),
        (("-x",), "x is an unknown name"),
        (("9**9**9",), "exponents in [-64, 64]"),
        (("lam*(p_a - p_b)",), "p_b does not belong"),
        (("lam*p_a", "--against", "a=p_b"), "p_b does not belong"),
        (("num_classes*p_a", "--setting", "multiclass"), "num_classes does not belong"),
        (("p_a - p_b", "--setting", "k"), "num_classes = None"),
        (("p_a", "--num-classes", "3"), "num_classes = 3"),
        (("p_a", "--setting", "binary_pb"), "binary, binary-pb, multiclass, k"),
        (("p_a", "--noise", "exp(-abs(x))"), "integrates to 2"),
        (("p_a", "--noise", "exp(-x)/2"), "not even"),
        (("p_a", "--noise", "exp(-abs(x)/1e3)/2e3+0*q"), "q is an unknown name"),
        (("p_a", "--samples", "0"), "0"),
        (("p_a", "--seed", "-1"), "-1"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "") and words in err
    assert len(err.strip().splitlines()) == 1
