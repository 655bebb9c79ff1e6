"""A short document of headings, paragraphs, tables and commands: as Markdown and for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 96

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$&#!])")
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Code:
    """A name or a path, set as it is typed."""

    text: str


#: text, with names in it
Line: TypeAlias = Sequence[str | Code]


@dataclass(frozen=True, slots=True)
class Heading:
    """What the document is about."""

    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences."""

    line: Line


@dataclass(frozen=True, slots=True)
class Command:
    """A line for a shell, set as it is typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Cells under their names.

    Attributes
    ----------
    header, rows
        Every row has as many cells as the header.
    numeric
        Whether each column is of numbers, and so stands flush right.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]


Block: TypeAlias = Heading | Paragraph | Command | Table


def printable(text: str, most: int = 10_000) -> str:
    r"""Text on one line: what no terminal or page prints is escaped, and the end may be cut off.

    Examples
    --------
    >>> printable("a\tb\n\x1b[31m"), printable("a long name", most=9)
    ('a\\tb\\n\\x1b[31m', 'a long...')
    """
    plain = "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode()
        for one in text
    )
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def markdown(blocks: Sequence[Block]) -> str:
    r"""The document in Markdown, as GitHub renders it: one line for each paragraph.

    Examples
    --------
    >>> print(markdown([Heading(["Of ", Code("a|b")]), Paragraph(["2 * 3 < 7"])]), end="")
    ## Of `a|b`
    <BLANKLINE>
    2 \* 3 \< 7
    """
    return "\n\n".join("\n".join(_as_markdown(block)) for block in blocks) + "\n"


def _as_markdown(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"## {_marked(block.line)}"
    elif isinstance(block, Paragraph):
        yield _marked(block.line)
    elif isinstance(block, Command):
        fence = "`" * max(3, _longest_run(block.text) + 1)
        yield from (fence, printable(block.text), fence)
    else:
        yield _cells(block.header)
        yield f"|{'|'.join('---:' if number else '---' for number in block.numeric)}|"
        yield from (_cells(row) for row in block.rows)


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in row)} |"


def _marked(line: Line) -> str:
    return "".join(_span(one.text) if isinstance(one, Code) else _escaped(one) for one in line)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", printable(text))


def _span(text: str) -> str:
    """A code span, fenced by more backticks than it holds."""
    plain = printable(text)
    if not plain.strip(" `"):
        return _escaped(f"'{plain}'")  # no code span holds only blanks, or only backticks
    fence = "`" * (_longest_run(plain) + 1)
    pad = " " if plain[0] in " `" or plain[-1] in " `" else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def terminal(blocks: Sequence[Block], width: int = WIDTH) -> str:
    """The document for a terminal: at most so many columns, but for a command and long words.

    A table that is wider is given row by row.

    Examples
    --------
    >>> print(terminal([Table(["radius", "share"], [["0.5", "7 %"]], [True, True])]), end="")
      radius  share
         0.5    7 %
    """
    return "\n\n".join("\n".join(_as_text(block, width)) for block in blocks) + "\n"


def _as_text(block: Block, width: int) -> Iterator[str]:
    if isinstance(block, Heading | Paragraph):
        yield from _wrapped("".join(map(_plain, block.line)), width)
    elif isinstance(block, Command):
        yield _GAP + printable(block.text)
    else:
        yield from _as_columns(block, width)


def _plain(one: str | Code) -> str:
    return printable(one.text if isinstance(one, Code) else one)


def _as_columns(table: Table, width: int) -> Iterator[str]:
    rows = [[printable(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(_GAP) * len(widths) > width:
        yield from (line for row in rows[1:] for line in _stacked(table, row, width))
        return
    for row in rows:
        cells = [
            cell.rjust(size) if number else cell.ljust(size)
            for cell, size, number in zip(row, widths, table.numeric, strict=True)
        ]
        yield (_GAP + _GAP.join(cells)).rstrip()


def _stacked(table: Table, row: Sequence[str], width: int) -> Iterator[str]:
    """The first cell with all the numbers, then the texts that there are, each under its name."""
    numbers: list[str] = []
    texts: list[str] = []
    for name, cell, number in list(zip(table.header, row, table.numeric, strict=True))[1:]:
        if cell:
            (numbers if number else texts).append(f"{name}: {cell}")
    head = ", ".join(numbers)
    yield from _wrapped(f"{row[0]} ({head})" if head else row[0], width, _GAP)
    for text in texts:
        yield from _wrapped(text, width, 2 * _GAP)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + _GAP if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
