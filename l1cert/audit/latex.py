r"""A short document as LaTeX, to be read by ``\input``: it needs booktabs, before 2020 textcomp."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from l1cert.audit.tables import Block, Code, Command, Heading, Line, Paragraph, Table, printable

#: what each character that LaTeX reads otherwise is written as; a bracket
#: or a star at the start of a row would belong to the end of the row before
_WRITTEN = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
}

#: what LaTeX sets as one sign
_JOINED = re.compile("(-)(?=-)|(,)(?=,)")

#: of the width of the text, shared by the columns that are no numbers
_TEXT = 0.78


def latex(blocks: Sequence[Block]) -> str:
    r"""The document in LaTeX, in ASCII: another character is written as Python escapes it.

    Examples
    --------
    >>> print(latex([Heading(["Of ", Code("a_b")]), Paragraph(["5 % & more"])]), end="")
    % \usepackage{booktabs} in the preamble
    \subsection*{Of \texttt{a\_b}}
    <BLANKLINE>
    \noindent 5 \% \& more
    """
    parts = ["\n".join(_as_latex(block)) for block in blocks]
    head = "% \\usepackage{booktabs} in the preamble\n"
    return head + "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Text as LaTeX prints it, whatever it holds; hyphens and commas never join.

    Examples
    --------
    >>> print(escaped("100% of a_b, --n [1]"))
    100\% of a\_b, -{}-n {[}1{]}
    """
    ascii_only = printable(text).encode("ascii", "backslashreplace").decode()
    apart = _JOINED.sub("\\g<0>\0", ascii_only)  # no printable text holds a NUL
    return "".join(_WRITTEN.get(one, one) for one in apart).replace("\0", "{}")


def _as_latex(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield rf"\subsection*{{{_line(block.line)}}}"
    elif isinstance(block, Paragraph):
        yield rf"\noindent {_line(block.line)}"
    elif isinstance(block, Command):
        yield r"\begin{quote}\raggedright\small"
        yield _typed(block.text)
        yield r"\end{quote}"
    else:
        yield from _table(block)


def _line(line: Line) -> str:
    return "".join(_typed(one.text) if isinstance(one, Code) else escaped(one) for one in line)


def _typed(text: str) -> str:
    return rf"\texttt{{{escaped(text)}}}"


def _table(table: Table) -> Iterator[str]:
    texts = len(table.numeric) - sum(table.numeric)
    share = f"{_TEXT / texts:.2f}" if texts else ""
    column = rf"p{{{share}\linewidth}}"
    yield r"\begin{center}\small"
    yield rf"\begin{{tabular}}{{{''.join('r' if one else column for one in table.numeric)}}}"
    yield r"\toprule"
    yield _row(table.header)
    yield r"\midrule"
    yield from map(_row, table.rows)
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{center}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
