"""A claim and everything known of it as text that people read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import sympy as sp

from l1cert import catalogue
from l1cert.report import ClaimResult
from l1cert.verification import DEFAULT_ALPHA, DEFAULT_SAMPLES, DEFAULT_SEED, verify
from theory.claim import Decision, Evidence, Grade, Rung
from theory.derivation import Chain, Check, Step, numbered

WIDTH = 96

#: behind the name of a part: what evidence found of it
IS = {True: " is true", False: " is false", None: ""}

#: the column of the slugs
SLUG_WIDTH = max(map(len, catalogue.SLUGS)) + 2


def show(
    slug: str,
    *,
    num_samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    alpha: float = DEFAULT_ALPHA,
) -> str:
    """Everything about one claim as text: statement, verdict, proof, enclosure, counts, witness.

    Runs every method of the claim (`verify` with one slug) and renders what they found.

    Raises
    ------
    ValueError
        An unknown slug, or a number outside its domain.

    Examples
    --------
    >>> show("theorem_2", num_samples=1000).splitlines()[0]
    'theorem_2 (Theorem 2, eq. (2))'
    """
    report = verify([slug], num_samples=num_samples, seed=seed, alpha=alpha)
    return render(report[slug])


def render(result: ClaimResult) -> str:
    """The result of one claim as text.

    Lines are at most 96 characters wide, but for formulas.
    """
    return "\n".join(_lines(result)) + "\n"


def summary(decision: Decision) -> str:
    """What the verdict rests on in one line: the condition, the correction or a disagreement."""
    if decision.contradictions:
        return "the methods disagree: " + "; ".join(decision.contradictions)
    if decision.unsettled:
        return "not settled: " + ", ".join(decision.unsettled)
    return decision.condition or decision.correction or ""


def witness_line(decision: Decision) -> str:
    """The witness of a verdict in one line, or nothing."""
    if not decision.witness:
        return ""
    return "witness: " + ", ".join(f"{name} = {value}" for name, value in decision.witness.items())


def verdict_line(result: ClaimResult) -> str:
    """One line: slug, verdict, place in the paper, rungs and grades, condition or witness."""
    claim, decision = result.claim, result.decision
    head = f"{claim.slug:<{SLUG_WIDTH}}{decision.verdict.value:<21}{claim.source}"
    said = summary(decision) or witness_line(decision)
    return "; ".join(filter(None, [head, grades(result.evidence), said]))


def tally(results: Sequence[ClaimResult]) -> str:
    """How many claims there are of each verdict."""
    counted = [result.decision.verdict.value for result in results]
    parts = ", ".join(f"{counted.count(one)} {one}" for one in dict.fromkeys(counted))
    noun = "claim" if len(counted) == 1 else "claims"
    return f"{len(counted)} {noun}: {parts}. `l1cert show SLUG` gives proof and witness."


def folded(line: str, width: int) -> list[str]:
    """A long line folded at spaces for a terminal, continued under an indent."""
    return textwrap.wrap(
        line,
        max(width, 40),
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def grades(evidence: Iterable[Evidence]) -> str:
    """The rungs that spoke, each with its grades; an experiment takes no part in the verdict.

    >>> grades([])
    ''
    """
    heard: dict[Rung, list[Grade]] = {}
    for item in evidence:
        if item.grade is not Grade.SKIPPED:
            heard.setdefault(item.rung, []).append(item.grade)
    said = {rung: f"{rung} {'/'.join(dict.fromkeys(found))}" for rung, found in heard.items()}
    if Rung.EXPERIMENT in said:
        said[Rung.EXPERIMENT] = f"beside it {said[Rung.EXPERIMENT]}"
    return ", ".join(said.values())


def _lines(result: ClaimResult) -> Iterator[str]:
    claim, decision = result.claim, result.decision
    yield f"{claim.slug} ({claim.source})"
    yield ""
    yield from _wrapped(claim.statement)
    yield from _wrapped(f"LaTeX: {claim.latex}")
    yield ""
    for variable in claim.variables:
        yield from _wrapped(f"{variable.symbol} in {variable.domain}: {variable.meaning}", "  ")
    if claim.assumptions:
        yield from _wrapped(f"Read as: {claim.assumptions}", "  ")
    yield ""
    yield f"VERDICT: {decision.verdict}"
    if summary(decision):
        yield from _wrapped(summary(decision), "  ")
    for boundary in decision.boundaries:
        low, high = boundary.enclosure
        yield f"  {boundary.name} in [{low}, {high}]{boundary.uniqueness}"
    if decision.witness:
        yield from _wrapped(witness_line(decision), "  ")
    yield ""
    yield "PARTS"
    for part in claim.parts:
        yield from _wrapped(f"{part.name} ({part.role}): {part.statement}", "  ")
    for chain in result.chains:
        yield ""
        yield from _proof(chain)
    yield ""
    yield "EVIDENCE"
    for item in result.evidence:
        yield from _evidence(item)


def _proof(chain: Chain) -> Iterator[str]:
    about = "that it is true" if chain.proves else "that it is false"
    yield f"DERIVATION of {chain.part}, {about}: {chain.grade}"
    for number, step, check in numbered(chain.steps):
        yield from _step(number, step, check)
    if chain.broken is not None:
        yield from _wrapped(chain.broken, "  ")
    yield from _wrapped(f"Therefore: {chain.conclusion}.", "  ")


def _step(number: int, step: Step, check: Check) -> Iterator[str]:
    mark = {True: "checked", False: "FALSE", None: "not settled"}[check.status]
    yield from _wrapped(f"{number}. {step.reason} [{step.domain}]", "  ")
    pretty = sp.pretty(step.formula, use_unicode=True, wrap_line=False)
    yield from textwrap.indent(pretty, "       ").splitlines()
    yield from _wrapped(f"{mark}: {check.how}", "     ")


def _evidence(item: Evidence) -> Iterator[str]:
    about = f" {item.part}{IS[item.finding]}" if item.part else ""
    yield from _wrapped(f"{item.rung} {item.grade}:{about}", "  ")
    if item.scope:
        yield from _wrapped(f"scope: {item.scope}", "    ")
    yield from _wrapped(item.detail, "    ")
    if item.false_fail is not None:
        yield f"    false-fail rate {item.false_fail:g}, false-pass rate {item.false_pass:g}"
    if item.witness:
        yield "    witness: " + ", ".join(f"{name} = {v}" for name, v in item.witness.items())


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
