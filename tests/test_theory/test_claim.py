"""Verdicts: a table of them, every combination of findings against a second rule, and traps."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.claim import (
    Boundary,
    Claim,
    Evidence,
    Grade,
    Part,
    Role,
    Rung,
    Verdict,
    decide,
)

PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
SILENT = (Grade.UNDECIDED, Grade.SKIPPED)


def claim_of(*parts: Part, not_checkable: str | None = None) -> Claim:
    return Claim("slug", "Theorem 0", "s", "s", (), parts, not_checkable=not_checkable)


def says(
    part: str,
    finding: bool | None,
    rung: Rung = Rung.DERIVATION,
    grade: Grade | None = None,
    *,
    witness: dict[str, str] | None = None,
    boundaries: tuple[Boundary, ...] = (),
) -> Evidence:
    if grade is None:
        named = {Rung.DERIVATION: Grade.PROVED, Rung.ENCLOSURE: Grade.ENCLOSED}
        grade = Grade.UNDECIDED if finding is None else named.get(rung, Grade.CONSISTENT)
    return Evidence(rung, grade, part, finding, "", "why", witness, boundaries)


def proved(part: str, finding: bool) -> list[Evidence]:
    return [says(part, finding, rung) for rung in PROOFS]


BODY = Part("body", "b", Role.BODY, "corrected")
READING = Part("reading", "r", Role.READING, "on the open ball")
CORRECTION = Part("ours", "c", Role.CORRECTION)


@pytest.mark.parametrize(
    ("body", "reading", "correction", "verdict"),
    [
        (True, True, True, Verdict.HOLDS),
        (True, False, True, Verdict.HOLDS_CONDITIONALLY),
        (False, True, True, Verdict.FAILS),
        (False, False, True, Verdict.FAILS),
        (False, True, None, Verdict.FAILS),
        (True, True, None, Verdict.UNDECIDED),
        (True, None, True, Verdict.UNDECIDED),
        (None, False, True, Verdict.UNDECIDED),
        (True, True, False, Verdict.UNDECIDED),
        (False, True, False, Verdict.UNDECIDED),
    ],
)
def test_verdict(body, reading, correction, verdict):
    found = {"body": body, "reading": reading, "ours": correction}
    evidence = [e for name, f in found.items() if f is not None for e in proved(name, f)]
    decision = decide(claim_of(BODY, READING, CORRECTION), evidence)
    assert decision.verdict is verdict
    assert decision.condition == ("on the open ball" if verdict.endswith("conditionally") else None)
    known = verdict is Verdict.FAILS and correction is True
    assert decision.correction == ("corrected" if known else None)
    assert bool(decision.contradictions) == (correction is False)


def settled_by_hand(part: Part, evidence: list[Evidence], min_methods: int) -> bool | None:
    """The rule once more, in other words: all say so, enough of them, and one of them proves it."""
    about = [e for e in evidence if e.part == part.name and e.grade not in SILENT]
    for truth in (True, False):
        if (
            about
            and all(e.finding is truth for e in about)
            and len({e.rung for e in about}) >= min_methods
            and {e.grade for e in about if e.rung in PROOFS} - {Grade.CONSISTENT}
        ):
            return truth
    return None


parts = st.lists(st.sampled_from(list(Role)), min_size=1, max_size=4).map(
    lambda roles: [Part(f"part{i}", "p", role, f"c{i}") for i, role in enumerate(roles)]
)


@given(parts=parts, data=st.data(), min_methods=st.integers(1, 3))
def test_a_verdict_needs_every_part_settled_by_enough_methods(parts, data, min_methods):
    findings = st.tuples(
        st.sampled_from([p.name for p in parts]),
        st.sampled_from([True, True, True, False, None]),
        st.sampled_from(list(Rung)),
    )
    evidence = [says(*f) for f in data.draw(st.lists(findings, max_size=14))]
    decision = decide(claim_of(*parts), evidence, min_methods=min_methods)
    settled = {p.name: settled_by_hand(p, evidence, min_methods) for p in parts}
    mixed = any({True, False} <= {e.finding for e in evidence if e.part == p.name} for p in parts)
    betrayed = any(p.role is Role.CORRECTION and settled[p.name] is False for p in parts)
    assert bool(decision.contradictions) == (mixed or betrayed)
    lost = {p.role for p in parts if settled[p.name] is False}
    if mixed or betrayed:
        expected = Verdict.UNDECIDED
    elif Role.BODY in lost:
        expected = Verdict.FAILS
    elif None in settled.values():
        expected = Verdict.UNDECIDED
    else:
        expected = Verdict.HOLDS_CONDITIONALLY if lost else Verdict.HOLDS
    assert decision.verdict is expected
    # the order in which the methods answer is nobody's vote
    assert decide(claim_of(*parts), evidence[::-1], min_methods=min_methods).verdict is expected


def test_one_method_that_repeats_itself_is_one_method():
    evidence = [says("body", True)] * 5
    assert decide(claim_of(BODY), evidence).verdict is Verdict.UNDECIDED
    assert decide(claim_of(BODY), evidence).unsettled == ("body",)
    assert decide(claim_of(BODY), evidence, min_methods=1).verdict is Verdict.HOLDS


def test_no_number_of_simulations_and_searches_is_a_proof():
    soft = [r for r in Rung if r not in PROOFS]
    refuting = [
        says("body", False, rung, Grade.REFUTED, witness={"at": "1"})
        for rung in (Rung.SEARCH, Rung.SIMULATION)
    ]
    for evidence in ([says("body", True, rung) for rung in soft], refuting):
        assert decide(claim_of(BODY), evidence).verdict is Verdict.UNDECIDED
    # a derivation that only found nothing against it proves nothing either
    weak = [says("body", True, r, Grade.CONSISTENT) for r in Rung]
    assert decide(claim_of(BODY), weak).verdict is Verdict.UNDECIDED


def test_undecided_and_skipped_never_count_as_a_method():
    for silent in SILENT:
        evidence = [says("body", True), says("body", None, Rung.ENCLOSURE, silent)]
        assert decide(claim_of(BODY), evidence).verdict is Verdict.UNDECIDED


def test_two_methods_that_differ_are_not_outvoted():
    evidence = [*proved("body", True), says("body", True, Rung.SEARCH)]
    evidence.append(says("body", False, Rung.SIMULATION))
    decision = decide(claim_of(BODY), evidence)
    assert decision.verdict is Verdict.UNDECIDED
    assert decision.contradictions == (
        "body: derivation, enclosure, search say true; simulation say false",
    )


def test_without_parts_nothing_holds():
    assert decide(claim_of(), []).verdict is Verdict.UNDECIDED


def test_not_checkable_names_its_reason():
    decision = decide(claim_of(not_checkable="needs CIFAR"), [])
    assert (decision.verdict, decision.condition) == (Verdict.NOT_CHECKABLE, "needs CIFAR")


def test_an_exact_witness_comes_before_a_simulated_one():
    simulated = says("body", False, Rung.SIMULATION, Grade.REFUTED, witness={"count": "3 of 9"})
    exact = says("body", False, Rung.ENCLOSURE, Grade.REFUTED, witness={"PA": "3/4"})
    other = says("reading", False, Rung.DERIVATION, Grade.REFUTED, witness={"PA": "1/2"})
    decision = decide(claim_of(BODY, READING), [simulated, other, exact])
    assert decision.verdict is Verdict.FAILS
    assert decision.witness == {"PA": "3/4"}


def located(text: str, *enclosures: tuple[str, str]) -> str | None:
    boundaries = tuple(Boundary(f"b{i}", e, True) for i, e in enumerate(enclosures))
    part = Part("body", "b", Role.READING, text)
    evidence = [*proved("body", False), says("body", False, boundaries=boundaries)]
    return decide(claim_of(part), evidence).condition


@pytest.mark.parametrize(
    ("enclosure", "shown"),
    [
        (("0.7071067811865475", "0.7071067811865476"), "0.7071067811..."),
        (("-1.25", "-1.24"), "-1.2..."),
        (("2.5", "2.5"), "2.5"),
        (("1.234e-9", "1.239e-9"), "1.23...e-9"),
        (("9.9e-9", "1.1e-8"), "[9.9e-9, 1.1e-8]"),
        (("0.9999", "1.0001"), "[0.9999, 1.0001]"),
        (("10.5", "100.7"), "[10.5, 100.7]"),
        (("1234567890123456.5", "1234567890123456.7"), "1234567890123456..."),
    ],
)
def test_a_boundary_in_prose_shows_only_digits_that_are_known(enclosure, shown):
    assert located("from {b0} on", enclosure) == f"from {shown} on"


def test_other_braces_in_prose_stand_for_themselves():
    text = "on {f = cA}, for p in {0.5: 1}, below {b0} and {b1!r}"
    assert located(text, ("3.25", "3.25")) == text.replace("{b0}", "3.25")


@given(
    st.decimals(-1000, 1000, allow_nan=False, places=6), st.decimals(0, "1e-3", places=6), st.data()
)
def test_enclosures_of_one_boundary_must_meet(middle, radius, data):
    shift = data.draw(st.decimals(-1, 1, places=6))
    one, two = (
        Boundary("b0", (str(c - radius), str(c + radius)), True) for c in (middle, middle + shift)
    )
    evidence = [
        says("body", True, Rung.DERIVATION, boundaries=(one,)),
        says("body", True, Rung.ENCLOSURE, boundaries=(two,)),
    ]
    decision = decide(claim_of(BODY), evidence)
    apart = abs(shift) > 2 * radius
    assert bool(decision.contradictions) == apart
    assert decision.verdict is (Verdict.UNDECIDED if apart else Verdict.HOLDS)
    assert [Decimal(end) for end in decision.boundaries[0].enclosure] == [
        middle - radius,
        middle + radius,
    ]


@pytest.mark.parametrize("grade", list(Grade))
def test_a_grade_fits_its_finding(grade):
    for finding in (True, False, None):
        if (grade in SILENT) == (finding is None):
            assert says("p", finding, grade=grade, witness={}).finding is finding
        else:
            with pytest.raises(ValueError, match=f"grade {grade} does not fit finding {finding}"):
                says("p", finding, grade=grade, witness={})


def test_evidence_without_a_witness_or_a_reason_is_refused():
    with pytest.raises(ValueError, match="REFUTED needs a witness"):
        says("p", False, grade=Grade.REFUTED)
    with pytest.raises(ValueError, match="needs a detail"):
        Evidence(Rung.SEARCH, Grade.SKIPPED, "p", None, "", "")


def test_only_a_proof_is_rigorous():
    for rung, grade in product(Rung, set(Grade) - set(SILENT)):
        strong = rung in PROOFS and grade is not Grade.CONSISTENT
        assert says("p", False, rung, grade, witness={}).rigorous == strong


def test_unknown_parts_twice_named_parts_and_no_methods_are_refused():
    with pytest.raises(KeyError, match="has no part 'bod'"):
        decide(claim_of(BODY), [says("bod", True)])
    with pytest.raises(ValueError, match="two parts of one name"):
        claim_of(BODY, Part("body", "again"))
    with pytest.raises(ValueError, match="min_methods = 0 is not at least 1"):
        decide(claim_of(BODY), [], min_methods=0)
