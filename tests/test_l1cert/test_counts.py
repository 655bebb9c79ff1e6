"""`l1cert radius --counts`: radii from votes, by the command and by `radius_of_counts`."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from l1cert.cli import main
from l1cert.counts import parse_counts, radius_of_counts
from l1cert.radii import radius
from theory.confidence import lower

KEYS = ["num_samples", "top", "alpha", "p_a", "p_b", "bonferroni", "same_sample", "theorem_2_p_a"]


@pytest.fixture
def run(capsys):
    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["radius", *arguments])
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return command


def clopper_pearson(count: int, n: int, alpha: float) -> tuple[float, float]:
    """Both one-sided bounds at alpha, by SciPy's beta quantiles."""
    low = beta.ppf(alpha, count, n - count + 1) if count else 0.0
    high = beta.isf(alpha, count + 1, n - count) if count < n else 1.0
    return float(low), float(high)


@pytest.mark.parametrize("alpha", ["0.001", "1/20"])
@pytest.mark.parametrize("counts", [[99_000, 600, 400], [620, 200, 180], [400, 350, 250]])
def test_two_classes_are_what_pa_says(run, alpha, counts):
    n, rate = sum(counts), float(Fraction(alpha))
    arguments = ("--counts", ",".join(map(str, counts)), "--alpha", alpha, "--scale", "3")
    code, out, _ = run(*arguments, "--json")
    values = json.loads(out)
    said = values.pop("counts")
    assert code == 0
    assert list(said) == KEYS
    assert said["p_a"] == said["theorem_2_p_a"] == lower(counts[0], n, alpha=rate)
    assert said["p_a"] == pytest.approx(clopper_pearson(counts[0], n, rate)[0], rel=1e-9)
    assert said["p_b"] is None
    assert (said["num_samples"], said["top"], said["alpha"]) == (n, 0, rate)
    assert (said["bonferroni"], said["same_sample"]) == (False, False)
    _, other, _ = run("--pa", repr(Fraction(said["p_a"]))[9:-1].replace(", ", "/"), "--scale", "3")
    code, table, _ = run(*arguments)
    assert table.endswith(other)
    assert values == radius(said["p_a"], scale=3).as_json()
    assert values["abstain"] is (said["p_a"] < 0.5)


@pytest.mark.parametrize("counts", [[99_000, 600, 400], [150, 450, 300]])
@pytest.mark.parametrize("alpha", [0.001, 0.08])
def test_bonferroni_halves_alpha_and_leaves_theorem_2_the_whole(counts, alpha):
    n, first = sum(counts), max(counts)
    found = radius_of_counts(counts, alpha=alpha, sigma="0.5", bonferroni=True, num_classes=4)
    low, high = clopper_pearson(first, n, alpha / 2)[0], 0.0
    high = clopper_pearson(sorted(counts)[-2], n, alpha / 2)[1]
    assert found.bounds.top == counts.index(first)
    assert found.bounds.p_a == pytest.approx(low, rel=1e-9)
    assert found.bounds.p_b == pytest.approx(high, rel=1e-9)
    wanted = radius(found.bounds.p_a, found.bounds.p_b, sigma="0.5", num_classes=4)
    for name in ("theorem_1", "exact", "exact_k", "lecuyer", "cohen", "uniform", "abstain"):
        assert getattr(found.radii, name) == getattr(wanted, name)
    alone = clopper_pearson(first, n, alpha)[0]
    assert found.theorem_2_p_a == pytest.approx(alone, rel=1e-9)
    lam = 0.5 / math.sqrt(2)
    if alone > 0.5:
        assert found.radii.theorem_2 == pytest.approx(-lam * math.log(2 * (1 - alone)), rel=1e-8)
    else:  # several classes certify where two abstain
        assert math.isnan(found.radii.theorem_2) and found.radii.exact > 0


def test_two_classes_can_certify_where_several_abstain():
    """PA at alpha is above one half and PA at alpha/2 is not."""
    found = radius_of_counts([547, 453], alpha="0.002", scale=1, bonferroni=True)
    assert found.bounds.p_b > found.bounds.p_a
    assert found.radii.theorem_2 > 0
    values = found.as_json()
    assert values["abstain"] is True
    assert values["exact"] is None and values["theorem_1"] is None
    assert values["theorem_2"] == found.radii.theorem_2


@pytest.mark.parametrize("bonferroni", [False, True])
def test_the_same_sample_pays(run, bonferroni):
    counts = ["--counts", "60, 900, 40", "--alpha", "0.02", "--scale", "2"]
    counts += ["--bonferroni"] if bonferroni else []
    _, paid, _ = run(*counts, "--same-sample", "--json")
    _, free, _ = run(*counts, "--top", "1", "--json")
    _, default, _ = run(*counts, "--json")
    paid, free = json.loads(paid), json.loads(free)
    assert free == json.loads(default)
    assert (paid["counts"]["top"], paid["counts"]["same_sample"]) == (1, True)
    level = 0.02 * 0.95 / (2 if bonferroni else 1)
    assert paid["counts"]["p_a"] == pytest.approx(clopper_pearson(900, 1000, level)[0], rel=1e-9)
    assert paid["exact"] < free["exact"]
    assert paid["theorem_2"] < free["theorem_2"]
    _, table, _ = run(*counts, "--same-sample")
    assert "these votes selected the class" in table
    assert "not significant" not in table
    _, table, _ = run(*counts, "--top", "1")
    assert "another sample selected the class\n" in table
    _, table, _ = run(*counts)
    assert "the largest count (else --same-sample)" in table


def test_a_tie_is_said(run):
    _, out, _ = run("--counts", "40,10,40,40", "--alpha", "0.1", "--scale", "1")
    assert "tied with class 2, 3" in out
    assert "abstains" in out
    _, out, _ = run("--counts", "40,10,39", "--alpha", "0.1", "--scale", "1")
    assert "tied" not in out
    _, out, _ = run("--counts", "40,40", "--alpha", "0.1", "--scale", "1", "--same-sample")
    assert "not significant: nothing is claimed" in out
    _, out, _ = run("--counts", ",".join(["7"] * 9), "--alpha", "0.1", "--scale", "1")
    assert "tied with class 1, 2, 3, 4, 5, ...:" in out


def test_the_table_names_every_bound(run):
    arguments = ("--counts", "700,200,100", "--alpha", "0.01", "--sigma", "1", "--bonferroni")
    _, out, _ = run(*arguments, "--classes", "5")
    _, answer, _ = run(*arguments, "--classes", "5", "--json")
    answer = json.loads(answer)
    for said in ("class 0 (from 0)", "n = 1000", "alpha = 0.01", "exact with 5 classes"):
        assert said in out
    for name in ("p_a", "p_b", "theorem_2_p_a"):
        assert str(answer["counts"][name]) in out
    for name in ("exact", "exact_k", "theorem_2", "cohen"):
        assert str(answer[name]) in out
    assert answer["exact_k"] >= answer["exact"] > answer["theorem_2"]
    assert max(map(len, out.splitlines())) <= 100


def test_one_count_with_the_number_of_classes(run):
    code, out, _ = run(
        "--counts", "1000", "--classes", "3", "--alpha", "0.01", "--scale", "2", "--bonferroni",
        "--json",
    )  # fmt: skip
    values = json.loads(out)
    assert code == 0
    assert values["counts"]["p_a"] == pytest.approx(0.005**0.001, rel=1e-9)
    assert values["counts"]["p_b"] == pytest.approx(1 - 0.005**0.001, rel=1e-6)


def test_a_direction_is_for_two_classes(run):
    arguments = ("--counts", "900,60,40", "--alpha", "0.01", "--scale", "2", "--direction", "1,1")
    _, out, _ = run(*arguments, "--json")
    values = json.loads(out)
    assert values["directional"] > values["theorem_2"]
    _, _, err = run(*arguments, "--bonferroni")
    assert "bonferroni: the directional radius is for two classes" in err


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 10**5), min_size=2, max_size=5),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["0.001", "0.3"]),
)
def test_nothing_certifies_more_than_the_shares_would(counts, bonferroni, same_sample, alpha):
    """With the observed shares as if they were the truth every radius is larger."""
    n, first = sum(counts), max(counts)
    if not n:
        return
    found = radius_of_counts(
        counts, alpha=alpha, scale=2, bonferroni=bonferroni, same_sample=same_sample
    )
    second = sorted(counts)[-2]
    text = json.dumps(found.as_json(), allow_nan=False)
    assert "counts" in text
    if found.radii.abstain:
        assert math.isnan(found.radii.exact)
        return
    truth = radius(Fraction(first, n), Fraction(second, n), scale=2)
    if not bonferroni:
        truth = radius(Fraction(first, n), scale=2)
        assert found.radii.theorem_2 == found.radii.exact
    for name in ("theorem_1", "exact", "lecuyer", "cohen", "uniform"):
        assert 0 <= getattr(found.radii, name) <= getattr(truth, name)


@pytest.mark.parametrize(
    ("text", "wanted"), [("1,2", [1, 2]), (" 007 , 0", [7, 0]), ("0000000000003,1", [3, 1])]
)
def test_counts_are_read(text, wanted):
    assert parse_counts(text) == wanted


GOOD = ("--counts", "700,300", "--alpha", "0.01", "--scale", "1")
BAD = [
    (("--counts", "1,,2", "--alpha", "0.1"), ("counts[1] = ''", "integer")),
    (("--counts", "", "--alpha", "0.1"), ("counts[0] = ''", "integer")),
    (("--counts", "3,2.5", "--alpha", "0.1"), ("counts[1] = 2.5", "integer")),
    (("--counts", "3,1e3", "--alpha", "0.1"), ("1e3", "integer")),
    (("--counts", "3,٣", "--alpha", "0.1"), ("counts[1]", "integer")),
    (("--counts", "3,-", "--alpha", "0.1"), ("counts[1] = -", "integer")),
    (("--counts", "3,nan", "--alpha", "0.1"), ("nan", "integer")),
    (("--counts", "-3,5", "--alpha", "0.1"), ("counts[0] = -3", "[0, 10000000000]")),
    (("--counts", "0,0", "--alpha", "0.1"), ("n = 0", "[1, 10000000000]")),
    (("--counts", "10000000000,1", "--alpha", "0.1"), ("n = 10000000001", "10000000000]")),
    (("--counts", "9" * 6000 + ",1", "--alpha", "0.1"), ("99999...", "10000000000]")),
    (("--counts", "3", "--alpha", "0.1"), ("1 entry", "num_classes")),
    (("--counts", "3,4,5", "--alpha", "0.1", "--classes", "2"), ("num_classes = 2", "3")),
    (("--counts", "3,4", "--alpha", "0.1", "--classes", "1"), ("1", "[2, 1000")),
    (("--counts", "3,4", "--alpha", "0.1", "--top", "2"), ("top = 2", "0 to 1")),
    (("--counts", "3,4", "--alpha", "0.1", "--top", "-1"), ("top = -1", "0 to 1")),
    (("--counts", "3,4", "--alpha", "0.1", "--top", "cat"), ("top = cat", "0 to 1")),
    (("--counts", "3,4", "--alpha", "0.1", "--top", "0", "--same-sample"), ("top = 0", "same")),
    (("--counts", "3,4"), ("--alpha", "(0, 1)")),
    (("--counts", "3,4", "--alpha", "0"), ("alpha = 0", "(0, 1)")),
    (("--counts", "3,4", "--alpha", "1"), ("alpha = 1", "(0, 1)")),
    (("--counts", "3,4", "--alpha", "1.5"), ("alpha = 1.5", "(0, 1)")),
    (("--counts", "3,4", "--alpha", "nan"), ("alpha = nan", "(0, 1)")),
    (("--counts", "3,4", "--alpha", "1e-310"), ("alpha = 1e-310", "[1e-300, 1)")),
    (("--counts", "3,4", "--alpha", "0.1", "--pa", "0.9"), ("--pa = 0.9", "--counts")),
    (("--counts", "3,4", "--alpha", "0.1", "--pb", "0.1"), ("--pb = 0.1", "--counts")),
    (("--pa", "0.9", "--alpha", "0.1"), ("--alpha = 0.1", "--counts")),
    (("--pa", "0.9", "--bonferroni"), ("--bonferroni", "--counts")),
    (("--pa", "0.9", "--same-sample"), ("--same-sample", "--counts")),
    (("--pa", "0.9", "--top", "0"), ("--top = 0", "--counts")),
    ((), ("--pa", "--counts")),
    (("--pb", "0.1"), ("--pa", "--counts")),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_one_line(run, arguments, words):
    code, out, err = run(*arguments, "--scale", "1")
    assert (code, out) == (2, "")
    assert err.startswith("Error: ") and err.count("\n") == 1
    assert len(err) < 250
    for word in words:
        assert word in err
    code, _, _ = run(*GOOD)
    assert code == 0


def test_a_size_is_still_needed(run):
    for sizes in ((), ("--scale", "1", "--sigma", "1")):
        code, _, err = run(*GOOD[:4], *sizes)
        assert code == 2
        assert "exactly one must be given" in err


def test_a_huge_list_is_one_line():
    with pytest.raises(ValueError, match=r"^counts has more than 1000000 entries"):
        parse_counts("1," * 10**6 + "1")
    with pytest.raises(ValueError, match=r"^counts\[0\] = 1\.5 is outside the integers"):
        radius_of_counts(np.array([1.5, 2]), alpha=0.1, scale=1)
    assert radius_of_counts(np.array([30, 2]), alpha=0.1, scale=1).bounds.num_samples == 32
