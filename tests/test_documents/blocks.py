"""The code blocks of a Markdown page, by the parser that follows CommonMark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]

#: what a block may be in: what runs, what is parsed, and plain text that is no code
LANGUAGES = ("console", "python", "json", "toml", "tsv", "text", "diff")
#: directives of MyST that would hide code of a language from this parser
_HIDDEN = re.compile(r"\{(code|code-block|code-cell|sourcecode|doctest|testcode|literalinclude)\}")
_BEGIN = re.compile(r"<!-- begin (\S+) -->")
_END = re.compile(r"<!-- end (\S+) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line of its fence, its language and what it says."""

    page: str
    line: int
    language: str
    text: str
    #: the name of the generated block that it is, if any
    generated: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0]


def pages() -> list[str]:
    """Every page whose blocks run: at the root, and below docs/ all that is not made by a build."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    names = [path.relative_to(ROOT) for path in found]
    built = ("generated", "_build")  # `make docs` writes these: claims, and the notebook as a page
    return sorted(name.as_posix() for name in names if not {*name.parts} & {*built})


def read(page: str, root: Path = ROOT) -> list[Block]:
    """The blocks of one of our pages."""
    return list(blocks((root / page).read_text(encoding="utf-8"), page))


def blocks(text: str, page: str, first: int = 1) -> Iterator[Block]:
    """Every block of a Markdown text, in order, those within directives too.

    ValueError, in one line, for a block that is indented or whose language is none of ours: there
    is no block that nobody looks at.
    """
    generated = None
    for token in MarkdownIt("commonmark").parse(text):
        line = first + (token.map[0] if token.map else 0)
        if token.type == "html_block":
            for begun in _BEGIN.findall(token.content):
                generated = begun
            if _END.search(token.content):
                generated = None
        elif token.type == "code_block":
            raise ValueError(f"{page}:{line}: an indented block says no language: fence it")
        elif token.type == "fence":
            info = token.info.strip()
            if _HIDDEN.match(info):
                raise ValueError(f"{page}:{line}: {info!r}: give the language alone")
            if info.startswith("{"):
                # a directive of MyST, built by `make docs`; what it holds is a page in small
                yield from blocks(token.content, page, line + 1)
            elif info not in LANGUAGES:
                legal = ", ".join(LANGUAGES)
                raise ValueError(f"{page}:{line}: language {info!r} is none of {legal}")
            else:
                yield Block(page, line, info, token.content.rstrip("\n"), generated)
