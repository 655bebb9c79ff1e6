"""Derivations on the page: every step with its formula, its domain, its reason and its check."""

from __future__ import annotations

from collections.abc import Collection

from l1cert.page.elements import Markup, element, joined
from l1cert.page.mathematics import mathml
from l1cert.page.prose import prose
from theory.claim import Grade
from theory.derivation import Chain, Check, Step

#: a longer derivation is folded on the screen; in print it is not
SHORT = 4

_MARKS = {
    True: ("checked", "✓ checked"),
    False: ("false", "✗ FALSE"),
    None: ("open", "? not settled"),
}


def scrolling(label: str, *children: Markup) -> Markup:
    """What may be wider than the page, in a frame that scrolls by keyboard as by finger."""
    return element("div", *children, class_="scroll", role="region", tabindex=0, aria_label=label)


def derivation(slug: str, chain: Chain, slugs: Collection[str] = ()) -> Markup:
    """One chain: folded if it is long and proved, open if it is short or something is wrong."""
    proved = chain.grade is Grade.PROVED
    about = "true" if chain.proves else "false"
    count = len(chain.steps)
    head = element(
        "summary",
        element("code", chain.part),
        f" is {about}: ",
        grade(chain.grade),
        f", {count} {'step' if count == 1 else 'steps'}",
    )
    steps = [_step(step, check, slugs) for step, check in chain.steps]
    body = scrolling(
        f"Derivation that {chain.part} of {slug} is {about}", element("ol", *steps, class_="steps")
    )
    broken = None if chain.broken is None else element("p", prose(chain.broken), class_="alarm")
    therefore = element("p", element("strong", "Therefore: "), prose(chain.conclusion, slugs), ".")
    return element(
        "details",
        head,
        body if steps else None,
        broken,
        therefore,
        class_="derivation",
        open=count <= SHORT or not proved,
    )


def grade(found: Grade) -> Markup:
    """The grade of a piece of evidence, with a class of its own."""
    return element("span", found.value, class_=f"grade {found.value.lower()}")


def _step(step: Step, check: Check, slugs: Collection[str]) -> Markup:
    kind, said = _MARKS[check.status]
    return element(
        "li",
        element("p", prose(step.reason, slugs), class_="reason"),
        element("div", Markup(mathml(step.formula)), class_="formula"),
        element(
            "p",
            element("span", joined("for ", prose(step.domain, slugs)), class_="domain"),
            " ",
            element("span", said, class_=f"check {kind}"),
            joined(": ", prose(_typed(check.how))),
            class_="how",
        ),
    )


def _typed(how: str) -> str:
    """What a check says of an expression, in the notation of the claims instead of Python's."""
    return how.replace("**", "^").replace("*", " ")
