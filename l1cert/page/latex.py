r"""The LaTeX in which claims are printed, as MathML.

Not all of LaTeX: the mathematics that statements are written in. A command that is not in the
tables here is an error, and never left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from l1cert.page.elements import Markup, element, joined
from l1cert.page.names import GREEK

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)

_SPACES = MappingProxyType(
    {
        "\\ ": "0.33em",
        "~": "0.33em",
        "\\,": "0.17em",
        "\\;": "0.28em",
        "\\quad": "1em",
        "\\qquad": "2em",
    }
)

_OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        **{"\\le": "≤", "\\ge": "≥", "\\ne": "≠", "\\sim": "∼", "\\to": "→"},
        **{"\\in": "∈", "\\subset": "⊂", "\\cap": "∩", "\\cup": "∪"},
        **{"\\forall": "∀", "\\exists": "∃", "\\#": "#"},
        **{"\\Rightarrow": "⇒", "\\Longrightarrow": "⟹", "\\Leftrightarrow": "⇔", "\\iff": "⟺"},
        **{"-": "−", "*": "∗"},
    }
)

_FENCES: Mapping[str, str] = MappingProxyType(
    {"(": "(", ")": ")", "[": "[", "]": "]", "|": "|", "\\|": "‖", "\\{": "{", "\\}": "}"}
)

_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        **{f"\\{name}": letter for name, letter in GREEK.items() if name != "eps"},
        **{"\\infty": "∞", "\\ell": "ℓ", "\\ldots": "…"},
    }
)

_FUNCTIONS = frozenset({"\\log", "\\exp"})

_THIN = element("mspace", width="0.17em")

#: a minus after one of these is a sign, and no difference
_BEFORE_A_SIGN = frozenset("=<>,:;([{+") | {"\\{"}

#: their lower limits stand beneath them, where there is room
_LIMITS: Mapping[str, str] = MappingProxyType(
    {"\\sum": "∑", "\\max": "max", "\\min": "min", "\\sup": "sup", "\\lim": "lim"}
)

_ALPHABETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "\\mathbb": {"R": "ℝ", "Z": "ℤ", "E": "𝔼"},
        "\\mathbf": {"1": "𝟏"},
        "\\mathcal": {"L": "ℒ"},
    }
)

_SIZES: Mapping[str, str] = MappingProxyType(
    {
        **{f"\\{size}": "1.2em" for size in ("big", "bigl", "bigr")},
        **{f"\\{size}": "1.8em" for size in ("Big", "Bigl", "Bigr")},
    }
)

#: what holds other things, and its end: a space in between is no place to break a line
_DEEPER, _HIGHER = {"{", "\\left", "\\begin"}, {"}", "\\right", "\\end"}

_NEGATED: Mapping[str, str] = MappingProxyType({"\\subset": "⊄", "\\in": "∉"})


def latex_mathml(source: str, *, display: bool = True) -> Markup:
    r"""A formula in LaTeX as a ``<math>`` element.

    Raises
    ------
    ValueError
        For a command that is not known here, or groups that do not close.

    Examples
    --------
    >>> latex_mathml(r"\frac12\le p_A", display=False).removeprefix("<math>")
    '<mfrac><mn>1</mn><mn>2</mn></mfrac><mo>≤</mo><msub><mi>p</mi><mi>A</mi></msub></math>'
    >>> latex_mathml(r"\foo")
    Traceback (most recent call last):
        ...
    ValueError: '\\foo': there is no MathML for '\\foo'
    """
    parser = _Parser(source)
    shown = parser.row(lambda token: False)
    if parser.peek() is not None:
        raise parser.error(parser.next())
    return element("math", shown, display="block" if display else None)


def latex_pieces(source: str) -> list[str]:
    r"""The parts of a formula between its wide spaces, where a line may break.

    >>> latex_pieces(r"a\le b,\quad\max\{c,\ d\}\qquad e")
    ['a\\le b,', '\\max\\{c,\\ d\\}', 'e']
    """
    pieces, depth = [""], 0
    for token in _TOKEN.findall(source):
        depth += (token in _DEEPER) - (token in _HIGHER)
        if depth == 0 and token in {"\\quad", "\\qquad"}:
            pieces.append("")
        else:
            pieces[-1] += token
    return [piece for piece in map(str.strip, pieces) if piece]


@dataclass
class _Atom:
    """Something that may have scripts, which stand above and below it if `limits` says so."""

    shown: Markup
    limits: bool = False


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = _TOKEN.findall(source)
        self._at = 0

    def error(self, token: str | None) -> ValueError:
        return ValueError(f"{self._source!r}: there is no MathML for {token!r}")

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def next(self) -> str:
        token = self.peek()
        if token is None:
            raise ValueError(f"{self._source!r} ends too early")
        self._at += 1
        return token

    def row(self, ends: Callable[[str], bool]) -> Markup:
        """Everything up to a token that ends it, which is left."""
        parts: list[Markup] = []
        first = True  # of the row, or after a relation or an opening bracket
        while (token := self.peek()) is not None and not ends(token):
            if token.isspace():
                self.next()
                continue
            if token in "}&" or token in {"\\\\", "\\right", "\\end"}:
                raise self.error(token)
            if token == "-" and first:
                self.next()
                parts.append(element("mo", "−", form="prefix"))
            else:
                if token in _FUNCTIONS and not first:
                    parts.append(_THIN)
                parts.append(self._scripted(self._atom()))
                if token in _FUNCTIONS and not self._opens():
                    parts.append(_THIN)
            first = token in _BEFORE_A_SIGN or token in _OPERATORS or token in _SPACES
        return joined(*parts)

    def _opens(self) -> bool:
        """Whether a bracket is next."""
        rest = (token for token in self._tokens[self._at :] if not token.isspace())
        return next(rest, "") in {*_FENCES, *_SIZES, "\\left"}

    def _scripted(self, atom: _Atom) -> Markup:
        below: Markup | None = None
        above: list[Markup] = []
        while (token := self.peek()) is not None:
            if token == "_" and below is None:
                self.next()
                below = self._argument()
            elif token == "^":
                self.next()
                above.append(self._argument())
            elif token == "'":
                self.next()
                above.append(element("mo", "′"))
            else:
                break
        if not above and below is None:
            return atom.shown
        top = element("mrow", *above) if len(above) > 1 else joined(*above)
        under, over, both = (
            ("munder", "mover", "munderover") if atom.limits else ("msub", "msup", "msubsup")
        )
        if below is None:
            return element(over, atom.shown, top)
        return element(both, atom.shown, below, top) if above else element(under, atom.shown, below)

    def _argument(self) -> Markup:
        """What a command takes: a group, or one token."""
        while (token := self.peek()) is not None and token.isspace():
            self.next()
        if token is not None and token.isdigit() and len(token) > 1:
            self._tokens[self._at : self._at + 1] = list(token)  # \tfrac12: one digit alone
        return self._atom().shown

    def _group(self) -> Markup:
        shown = self.row(lambda token: token == "}")
        self._expect("}")
        return element("mrow", shown)

    def _raw(self) -> str:
        """The text of a group, as it stands."""
        self._expect("{")
        words = []
        while (token := self.next()) != "}":
            words.append(token)
        return "".join(words)

    def _expect(self, wanted: str) -> None:
        token = self.next()
        if token != wanted:
            raise self.error(token)

    def _atom(self) -> _Atom:
        token = self.next()
        if token == "{":
            return _Atom(self._group())
        if token[0].isdigit():
            return _Atom(element("mn", token))
        if token.isalpha() or token in _LETTERS:
            return _Atom(element("mi", _LETTERS.get(token, token)))
        if token in _FENCES:
            # as tall as it is typed, unless \left and \right or a size say otherwise
            close = "0" if token in {"|", "\\|"} else None
            sign = _FENCES[token]
            return _Atom(element("mo", sign, stretchy="false", lspace=close, rspace=close))
        if token in _LIMITS:
            return _Atom(element("mo", _LIMITS[token], movablelimits="false"), limits=True)
        if token in _FUNCTIONS:
            return _Atom(element("mi", token[1:]))
        if token in _SPACES:
            return _Atom(element("mspace", width=_SPACES[token]))
        if token in _OPERATORS or token in set("+=<>,:;!/."):
            return _Atom(element("mo", _OPERATORS.get(token, token)))
        return _Atom(self._command(token))

    def _command(self, token: str) -> Markup:
        if token in {"\\frac", "\\tfrac"}:
            fraction = element("mfrac", self._argument(), self._argument())
            small = token == "\\tfrac"
            return element("mstyle", fraction, displaystyle="false") if small else fraction
        if token == "\\int":
            return element("mo", "∫")
        if token == "\\sqrt":
            return element("msqrt", self._argument())
        if token == "\\hat":
            return element("mover", self._argument(), element("mo", "^"), accent="true")
        if token == "\\xrightarrow":
            return element("mover", element("mo", "→"), self._argument())
        if token == "\\text":
            return element("mtext", self._raw().replace(" ", "\u00a0"))
        if token in _ALPHABETS:
            return self._letter(token)
        if token in _SIZES:
            fence, size = _FENCES.get(self.next()), _SIZES[token]
            if fence is None:
                raise self.error(token)
            return element("mo", fence, stretchy="true", minsize=size, maxsize=size)
        if token == "\\not" and self.peek() in _NEGATED:
            return element("mo", _NEGATED[self.next()])
        if token == "\\left":
            return self._fenced()
        if token == "\\begin":
            return self._cases()
        raise self.error(token)

    def _letter(self, alphabet: str) -> Markup:
        while (token := self.next()).isspace():
            pass
        if token == "{":
            token = self.next()
            self._expect("}")
        if token not in _ALPHABETS[alphabet]:
            raise self.error(f"{alphabet}{{{token}}}")
        return element("mn" if token.isdigit() else "mi", _ALPHABETS[alphabet][token])

    def _fenced(self) -> Markup:
        opening = self._fence()
        inside = self.row(lambda token: token == "\\right")
        self._expect("\\right")
        return element("mrow", opening, element("mrow", inside), self._fence())

    def _fence(self) -> Markup | None:
        token = self.next()
        if token == ".":
            return None
        if token not in _FENCES:
            raise self.error(token)
        return element("mo", _FENCES[token])

    def _cases(self) -> Markup:
        if self._raw() != "cases":
            raise self.error("\\begin")
        rows, cells = [], []
        while True:
            cells.append(self.row(lambda token: token in {"&", "\\\\", "\\end"}))
            token = self.next()
            if token == "&":
                continue
            rows.append(element("mtr", *(element("mtd", cell) for cell in cells)))
            cells = []
            if token == "\\end":
                break
        if self._raw() != "cases":
            raise self.error("\\end")
        return element("mrow", element("mo", "{"), element("mtable", *rows, class_="cases"))
