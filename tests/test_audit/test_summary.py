"""The one-page summary: what it says, and that it renders whatever a log or a path is called."""

import copy
import re
import shlex
import subprocess

import pytest
from hypothesis import given

from l1cert.audit.findings import KINDS
from l1cert.audit.latex import latex
from l1cert.audit.summary import _GRAVITY
from l1cert.audit.summary import latex as latex_summary
from l1cert.audit.summary import markdown as markdown_summary
from l1cert.audit.summary import terminal as terminal_summary
from l1cert.audit.tables import Code, Command, Heading, Paragraph, terminal
from l1cert.cli.audit import command as audit_command
from tests.test_audit.test_tables import balanced, cells, hostile

ALL = (markdown_summary, latex_summary, terminal_summary)
ALPHA = {
    "what": "alpha",
    "n": 100000,
    "alpha": 0.01,
    "interval": [0.00999, 0.01],
    "one_sided": True,
    "rows_explained": 418,
    "rows": 418,
    "rows_at_ceiling": 88,
}
MORE_SAMPLES = {**ALPHA, "what": "n", "n": 153000, "alpha": 0.001, "rows_explained": 412}
ROUNDING = {"what": "float32 rounding", "rows_explained": 7, "rows": 7, "largest": 4e-8}


def finding(count, worst=None, explained_by=None):
    return {
        "count": count,
        "rows": list(range(count)),
        "worst": worst,
        "explained_by": explained_by,
    }


def report(**more):
    """A report of a Gaussian log without a finding; keywords replace its entries."""
    return {
        "path": "runs/cifar.tsv",
        "format": "cohen",
        "rows": 500,
        "abstained": 82,
        "correct": 300,
        "parameters": {
            "noise": "gaussian",
            "sigma": "0.5",
            "scale": 0.5,
            "n": 100000,
            "alpha": "0.001",
            "certificate": "cohen",
        },
        "interval": "one_sided",
        "precision": {"radius": "3 significant digits", "bound": None},
        "violations": {kind: finding(0) for kind in KINDS},
        "ceiling": {"value": 1.9057283, "one_sided": 1.9057283, "two_sided": 1.8938794},
        "certified_accuracy": [
            {"radius": 0.25, "value": 0.55, "lower": 0.54, "upper": 0.56, "corrected": 0.53}
        ],
        "other_certificates": {},
        "corrected": {
            "rows_changed": 0,
            "largest_reduction": 0.0,
            "abstentions_added": 0,
            "mean_radius_before": 0.6,
            "mean_radius_after": 0.6,
        },
        "tightness": None,
        "provenance": {
            "version": "1.2",
            "commit": None,
            "python": "3.11",
            "libraries": {"numpy": "2"},
        },
        **more,
    }


def found(**kinds):
    return report(violations={**report()["violations"], **kinds})


def crowded(text="a|b"):
    """Every kind of finding, and more radii and certificates than a page has room for."""
    worst = {"row": 1, "text": text, text: [1.5, {text: 2}], "radius": 1.96}
    # no kind of explanation is called so: those have entries of their own
    entries = [{"what": f"{text} kind", "interval": [1, 2], text: text, "rows_explained": 3}] * 3
    row = {"radius": 0.5, "value": 0.5, "lower": 0.4, "upper": 0.6, "corrected": None}
    other = {"norm": text, "mean_radius": 0.5, "median_radius": 0.4, "largest_radius": None}
    return report(
        path=text,
        violations={kind: finding(k + 1, worst, entries) for k, kind in enumerate(KINDS)},
        certified_accuracy=[{**row, "radius": k / 4} for k in range(40)],
        other_certificates={f"{text}{k}": other for k in range(9)},
        corrected={**report()["corrected"], "rows_changed": 9, "abstentions_added": 2},
        provenance={"version": text, "commit": text, "python": text, "libraries": {text: text}},
    )


def verdict(one):
    return markdown_summary(one).split("\n\n")[1].replace("\\", "")


def test_the_verdict_of_a_log_above_its_ceiling():
    above = finding(88, {"row": 7, "radius": 1.96}, [ALPHA, MORE_SAMPLES])
    one = found(above_ceiling=above, off_lattice=finding(95, {"row": 7}, [ALPHA]))
    assert verdict(one) == (
        "88 of 500 radii are above what n = 100000 samples can certify at alpha = 0.001 "
        "(1.90573); alpha = 0.01 would explain all 418 certified rows. 1 other kind of finding "
        "below."
    )
    one = found(above_ceiling=finding(1, None, [MORE_SAMPLES]))
    assert verdict(one) == (
        "1 of 500 radii is above what n = 100000 samples can certify at alpha = 0.001 (1.90573); "
        "n = 153000 would explain 412 of 418 certified rows."
    )
    assert verdict(found(above_ceiling=finding(2))).endswith("(1.90573).")


def test_the_verdict_owns_up_to_an_explanation_that_is_as_good():
    samples = {**MORE_SAMPLES, "n": 178000, "one_sided": False, "rows_explained": 418}
    above = finding(88, {"row": 7}, [ALPHA, {**ALPHA, "alpha": 0.02, "one_sided": False}, samples])
    assert verdict(found(above_ceiling=above)).endswith(
        "; alpha = 0.01 would explain all 418 certified rows, and so would n = 178000 with "
        "two-sided bounds."
    )
    worse = {**samples, "rows_explained": 417}
    assert "and so would" not in verdict(found(above_ceiling=finding(88, None, [ALPHA, worse])))


def test_no_explanation_of_an_excess_has_a_lower_ceiling():
    # the two-sided reading of the stated alpha, as nearest to what nothing explains
    two_sided = {**ALPHA, "alpha": 0.001, "one_sided": False, "rows_explained": 3}
    one = found(above_ceiling=finding(88, {"row": 7}, [two_sided]))
    assert verdict(one).endswith("(1.90573).")
    assert "would explain" not in markdown_summary(one)
    off = found(off_lattice=finding(88, {"row": 7}, [two_sided]))
    both = {"above_ceiling": finding(88, None, [ALPHA, two_sided])}
    both["off_lattice"] = finding(95, None, [ALPHA, two_sided])
    assert "| the same |" in markdown_summary(found(**both))
    assert verdict(off).endswith(
        "; alpha = 0.001 with two-sided bounds would explain 3 of 418 certified rows."
    )


def test_a_correction_within_the_rounding_is_no_change_and_is_said():
    none = report()["corrected"]
    assert "Correction: no row changes.\n" in markdown_summary(report())
    small = report(corrected={**none, "largest_reduction": 0.004})
    assert "no row changes by more than the rounding of its radius;" in markdown_summary(small)
    infinite = {**none, "rows_changed": 1, "largest_reduction": None, "mean_radius_before": None}
    said = markdown_summary(report(corrected=infinite))
    assert "each radius by at most not finite; mean radius of all rows not finite before" in said


def test_the_verdict_names_the_gravest_and_what_is_rounding_last():
    rounding = finding(7, {"row": 1}, [ROUNDING])
    one = found(bound_above_clopper_pearson=rounding, negative_radius=finding(3))
    assert verdict(one) == (
        "3 of 500 rows: negative radius: should have abstained. 1 other kind of finding below."
    )
    alone = found(above_own_bound=rounding)
    assert verdict(alone) == (
        "7 of 500 rows: radius above the exact value at its own probability bound; float32 "
        "rounding would explain all 7 rows."
    )
    some = found(above_own_bound=finding(9, None, [ROUNDING | {"rows": 9}]), wrong_order=finding(1))
    assert "float32 rounding would explain 7 of 9 rows. 1 other kind" in verdict(some)
    assert verdict(found(malformed_line=finding(1))).startswith("1 line beside the 500 rows:")
    assert set(_GRAVITY) == set(KINDS)
    everything = {kind: finding(1) for kind in KINDS}
    assert "radii is above what n" in verdict(found(**everything))
    assert f"{len(KINDS) - 1} other kinds of finding" in verdict(found(**everything))


def test_no_finding_says_what_was_checked():
    said = verdict(report())
    assert said.startswith("No finding: nothing in 500 rows contradicts n = 100000 samples at")
    assert "each radius against the ceiling of n and alpha, abstentions" in said
    bounded = report(precision={"radius": "float32", "bound": "float32"})
    assert "ceiling of n and alpha, its own probability bound, abstentions" in verdict(bounded)
    assert verdict(report(rows=0)) == "No finding: the log has no rows."
    assert "| finding |" not in markdown_summary(report())


def test_the_findings_table():
    above = finding(88, {"row": 7, "index": 500, "radius": 1.96}, [ALPHA, MORE_SAMPLES])
    one = found(above_ceiling=above, off_lattice=finding(95, {"row": 7}, [ALPHA, MORE_SAMPLES]))
    lines = markdown_summary(one).replace("\\", "").splitlines()
    place = lines.index("| finding | rows | worst | explained by |")
    assert lines[place + 1] == "|---|---:|---|---|"
    assert lines[place + 2] == (
        f"| {KINDS['above_ceiling']} | 88 | line = 7, radius = 1.96 | alpha = 0.01 (any in "
        "[0.00999, 0.01]) with one-sided bounds would explain all 418 certified rows; rows at "
        "ceiling = 88; or n = 153000 (any in [0.00999, 0.01]) with one-sided bounds would explain "
        "412 of 418 certified rows; rows at ceiling = 88 |"
    )
    assert lines[place + 3] == f"| {KINDS['off_lattice']} | 95 | line = 7 | the same |"
    assert lines[place + 4] == ""


def test_more_than_two_explanations_are_counted():
    third = {**MORE_SAMPLES, "n": 200000}
    text = markdown_summary(
        found(above_ceiling=finding(1, {"row": 3}, [ALPHA, MORE_SAMPLES, third]))
    )
    assert "n = 153000" in text
    assert "n = 200000" not in text
    assert "(1 more explanation)" in text


def test_accuracy_correction_tightness_and_provenance():
    corrected = {
        "rows_changed": 15,
        "largest_reduction": 0.0542717,
        "abstentions_added": 2,
        "mean_radius_before": 0.607743,
        "mean_radius_after": 0.605499,
    }
    tightness = {
        "num_samples": 1000,
        "distinct": 324,
        "left_out": {"p_a = 1": 3, "p_a <= 1/2": 80},
        "shown": True,
        "kept": None,
        "consistent": False,
        "power": 0.99,
        "alpha": 1e-6,
        "seed": 9,
    }
    other = {"norm": "l1", "mean_radius": 0.25, "median_radius": 0.125, "largest_radius": 2.0}
    one = report(corrected=corrected, tightness=tightness, other_certificates={"lecuyer": other})
    for summary in ALL:
        text = " ".join(summary(one).split())
        for cell in ("0.25", "0.5500", "0.5400 to 0.5600", "0.5300"):
            assert cell in text
        assert "15 rows changed, each radius by at most 0.0542717, 2 of them to abstain" in text
        assert "mean radius of all rows 0.607743 before, 0.605499 after (an abstention" in text
        assert "324 distinct PA at 1000 samples each; 83 rows left out" in text
        assert "beyond its radius: yes; is kept within: not settled" in text
        assert "exact law: no (error rate 1e-06, power 0.99, seed 9)" in text
        assert "Lecuyer et al. (l1) 0.25 and 0.125, at most 2" in text
        # a screen is told nothing of where it came from: the files are
        origin = "l1cert 1.2, commit unknown, Python 3.11. numpy 2."
        assert (origin in text) == (summary is not terminal_summary)
    text = markdown_summary(report())
    assert "Correction: no row changes." in text
    assert "Tightness: not simulated." in text
    few = report(ceiling={"value": None, "one_sided": None, "two_sided": None})
    assert "So few samples can certify no radius at all." in markdown_summary(few)


def test_the_same_report_gives_the_same_text_and_is_not_changed():
    one = crowded()
    before = copy.deepcopy(one)
    for summary in ALL:
        assert summary(one) == summary(copy.deepcopy(one))
    assert one == before


def test_a_page_is_a_page():
    for one in (report(), crowded(), crowded("a long name " * 40)):
        assert len(markdown_summary(one).splitlines()) <= 60
        assert len(latex_summary(one).splitlines()) <= 60
        for line in terminal_summary(one).splitlines():
            assert len(line) <= 96 or line.startswith("  l1cert audit ")
    text = markdown_summary(crowded())
    assert f"And {len(KINDS) - 7} more kinds of finding." in text
    assert "And 30 more rows." in text
    assert "; and 5 more." in text


@given(hostile)
def test_latex_documents_close_what_they_open(text):
    made = latex_summary(crowded(text))
    assert made.isascii()
    assert balanced(made)
    rows = made.split("\\midrule\n")[1].split("\n\\bottomrule")[0].splitlines()
    assert len(rows) == 7
    for row in rows:
        assert row.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", row)) == 3
        assert not re.search(r"(?<!\\)%", row)
    assert "\n\n" not in made.split("\\begin{center}")[1].split("\\end{center}")[0]


@given(hostile)
def test_every_table_keeps_its_cells(text):
    rows = [line for line in markdown_summary(crowded(text)).splitlines() if line[:2] == "| "]
    assert len(rows) == 1 + 7 + 1 + 10
    assert all(len(cells(row)) == 4 for row in rows)


def test_what_is_open_is_refuted():
    made = latex_summary(crowded())
    assert balanced(made)
    for old, new in (("}", ""), ("{", ""), (r"\end{center}", ""), (r"\end{tabular}", r"\end{x}")):
        assert not balanced(made.replace(old, new, 1)), old


@given(hostile)
def test_no_text_reaches_a_terminal_as_a_command_to_it(text):
    for summary in ALL:
        made = summary(crowded(text))
        assert all(one.isprintable() or one == "\n" for one in made)
        made.encode()
    for block in (Heading([text]), Paragraph([text, Code(text)]), Command(text)):
        assert all(one.isprintable() for one in terminal([block]).replace("\n", ""))
        assert balanced(latex([block]))


# --- the command --------------------------------------------------------------------------


def typed(one):
    return markdown_summary(one).split("```")[1].strip()


def test_the_command_is_that_of_the_report():
    tightness = {
        "num_samples": 1000, "distinct": 1, "left_out": {}, "shown": True, "kept": True,
        "consistent": True, "power": None, "alpha": 1e-6, "seed": 9,
    }  # fmt: skip
    assert typed(report(tightness=tightness)) == (
        "l1cert audit --format cohen --noise gaussian --sigma 0.5 --n 100000 --alpha 0.001 "
        "--radii 0.25 --samples 1000 --seed 9 runs/cifar.tsv"
    )
    run = {**report()["parameters"], "noise": "laplace", "certificate": "lecuyer"}
    plain = typed(report(parameters=run, certified_accuracy=[]))
    assert plain.endswith("--alpha 0.001 --certificate lecuyer --samples 0 runs/cifar.tsv")
    assert "--certificate" not in typed(report(parameters={**run, "certificate": "theorem_2"}))
    legal = {option for parameter in audit_command.params for option in parameter.opts}
    words = shlex.split(typed(report(tightness=tightness, parameters=run)))
    assert {word for word in words if word.startswith("--")} <= legal


@pytest.mark.parametrize(
    "path",
    [
        "a b.tsv",
        "it's.tsv",
        "-n",
        "a\nb\\'\t\x1b.tsv",
        "caf\u00e9.tsv",
        "\udc80\u2028\x856",
        "$(x)`y`",
    ],
)
def test_a_shell_reads_the_path_back(path):
    made = terminal_summary(report(path=path)).splitlines()
    (line,) = [one for one in made if one.startswith("  l1cert audit ")]
    assert line.isprintable()
    given = line.removeprefix("  l1cert audit ")
    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {given}"], capture_output=True, check=True
    ).stdout
    words = shown.decode(errors="surrogateescape").split("\0")
    assert words[-2] == path
    assert (words[-3] == "--") == path.startswith("-")
