"""Verdicts as a page shows them: by a word and a sign, and only then by a colour."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from l1cert.page.elements import Markup, element
from theory.claim import Verdict

#: sign, words and what they mean, in the order in which a reader asks for them
VERDICTS: Mapping[Verdict, tuple[str, str, str]] = MappingProxyType(
    {
        Verdict.FAILS: ("✗", "fails", "false as printed"),
        Verdict.HOLDS_CONDITIONALLY: (
            "◐",
            "holds conditionally",
            "true under a condition that the text does not state",
        ),
        Verdict.UNDECIDED: ("?", "undecided", "the evidence does not settle it"),
        Verdict.NOT_CHECKABLE: ("–", "not checkable", "not checkable from the paper alone"),
        Verdict.HOLDS: ("✓", "holds", "true as stated"),
    }
)


def badge(verdict: Verdict) -> Markup:
    """A verdict with its sign.

    >>> badge(Verdict.FAILS)
    '<span class="badge fails"><span aria-hidden="true">✗</span> fails</span>'
    """
    sign, words, _ = VERDICTS[verdict]
    hidden = element("span", sign, aria_hidden="true")
    return element("span", hidden, f" {words}", class_=f"badge {verdict.value}")
