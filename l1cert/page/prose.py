"""The prose of claims with its typed notation set as mathematics: ``||delta||_1 <= R`` as ‖δ‖₁ ≤ R.

Only signs and names are replaced, never words: what a sentence says is what the claim's module
says. Slugs become links to their sections.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from l1cert.page.elements import Markup, element, joined
from l1cert.page.names import GREEK

#: names that also are words
_KEPT = {"Alpha", "Beta", "Gamma", "iota", "Iota"}

_WORDS = {
    **{name: letter for name, letter in GREEK.items() if name not in _KEPT},
    "oo": "∞",
}

_SIGNS = {
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "||": "‖",
    "=>": "⇒",
    ")_+": ")₊",
    "-+": "∓",
    "+-": "±",
    "->": "→",
}

_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_MINUS = re.compile(r"(?:(?<=[\s(\[=^/,∞])|^)-(?!-)")
#: not within a name of several words, such as that of a part: delta_zero; no option: --delta
_WORD = re.compile(rf"(?<![A-Za-z0-9_])(?<!--)({'|'.join(_WORDS)})(?![A-Za-z0-9]|_[A-Za-z]{{3}})")

_ROOT = re.compile(r"\bsqrt\((\w+)\)")

#: of a letter, such as S' or PB', and of a word, such as Cohen's
_PRIME = re.compile(r"(?<![A-Za-z0-9_'])([A-Za-zα-ωΑ-Ωϵ]|[Pc][ABC])'(?![A-Za-z'])")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])'(?=[a-z])")
#: 2*x as 2 x, and so where a scale is a factor; the star of f*(x) and delta* is one of a name
_TIMES = re.compile(r"(?<=[\dλσ)])\*(?=[A-Za-zα-ωΑ-Ωϵ√(])|(?<=[A-Za-z])\*(?=[λσ√])")

#: what stands lower or higher. A letter with its foot: x_1, a_S, ‖_1, and
#: PA, cB and l1, whose feet are not marked as such
_SHIFTED = re.compile(
    r"""(?:
        (?<![A-Za-z_'])(?<![A-Za-z_]\d)(?:
            (?P<base>[A-Za-zα-ωΑ-Ωϵ])_
          | (?P<bare>[Pc])(?=[ABC](?![A-Za-z]))
          | (?P<space>l)(?=[012](?!\w))
        )
      | (?P<norm>‖)_
    )(?:(?P<foot>[A-Za-z0-9]{1,2})(?![A-Za-z0-9_])|\((?P<below>[^()]*)\))
    # an exponent: a number or a name, or what stands in brackets, with two more pairs inside;
    # behind a minus these brackets are shown, and bars are everywhere
  | \^(?:
        (?P<power>−?[A-Za-zα-ωΑ-Ωϵ0-9*]+|−\((?:[^()]|\([^()]*\))*\)|\|\w+\|)
      | \((?P<inside>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)
    )""",
    re.VERBOSE,
)


def prose(text: str, slugs: Collection[str] = ()) -> Markup:
    """Text with its notation set, and with links to the sections of the slugs that it names.

    >>> prose("every delta with ||delta||_1 <= R = -lambda log[2(1 - PA)]")
    'every δ with ‖δ‖<sub>1</sub> ≤ R = −λ log[2(1 − P<sub>A</sub>)]'
    >>> prose("see theorem_2 & Co", ["theorem_2"])
    'see <a href="#theorem_2"><code>theorem_2</code></a> &amp; Co'
    >>> prose("e^(-2R_i/lambda) and R^d, not delta_zero or a2R_i")
    'e<sup>−2R<sub>i</sub>/λ</sup> and R<sup>d</sup>, not delta_zero or a2R_i'
    """
    if not slugs:
        return _set(text)
    named = re.compile(rf"(?<![\w])({'|'.join(sorted(map(re.escape, slugs), reverse=True))})(?!\w)")
    parts = named.split(text)  # text and slugs in turn
    return joined(*(slug_link(one) if place % 2 else _set(one) for place, one in enumerate(parts)))


def slug_link(slug: str) -> Markup:
    """A link to the section of a claim.

    >>> slug_link("theorem_2")
    '<a href="#theorem_2"><code>theorem_2</code></a>'
    """
    return element("a", element("code", slug), href=f"#{slug}")


def plain(text: str) -> str:
    """Text with its signs and letters set, for where no markup can stand.

    >>> plain("||delta||_1 <= lambda")
    '‖δ‖_1 ≤ λ'
    """
    text = _ROOT.sub(r"√\1", text.replace("**", "^"))
    text = _SIGN.sub(lambda found: _SIGNS[found.group()], text)
    text = _WORD.sub(lambda found: _WORDS[found.group()], text)
    text = _APOSTROPHE.sub("’", _PRIME.sub(r"\1′", text))
    return _MINUS.sub("−", _TIMES.sub(" ", text))


def _set(text: str) -> Markup:
    text = plain(text)
    parts: list[str] = []
    at = 0
    for found in _SHIFTED.finditer(text):
        base = found["base"] or found["norm"] or found["bare"] or (found["space"] and "ℓ")
        above = found["power"] or found["inside"]
        below = found["foot"] or found["below"]
        shifted = _shifted("sup", above) if above else _shifted("sub", below)
        parts += [text[at : found.start()], base or "", shifted]
        at = found.end()
    return joined(*parts, text[at:])


def _shifted(tag: str, text: str) -> Markup:
    # so close to its letter a hyphen is a minus
    return element(tag, _set(text.replace("-", "−")))
