"""The directive `commands`: every command of the program with its options, read from the program.

A command, an option or a default that changes is changed here by the next build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from l1cert.cli import COMMANDS, group

PROGRAM = "l1cert"

#: begins a paragraph that click does not fold
_VERBATIM = "\b"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Commands(Directive):
    """One section for each command, in the order of ``l1cert --help``."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        made = sections()
        for one in made:
            self.state.document.note_explicit_target(one)
        return [*made]


def sections() -> list[nodes.section]:
    """The sections of all commands."""
    with click.Context(group, info_name=PROGRAM) as context:
        return [section(name, _command(context, name), context) for name in COMMANDS]


def _command(context: click.Context, name: str) -> click.Command:
    found = group.get_command(context, name)
    assert found is not None
    return found


def section(name: str, command: click.Command, parent: click.Context) -> nodes.section:
    """A command: how it is called, what it says of itself, its options."""
    anchor = nodes.make_id(f"{PROGRAM}-{name}")
    made = nodes.section(ids=[anchor], names=[anchor])
    with click.Context(command, parent=parent, info_name=name) as context:
        made += nodes.title("", "", nodes.literal(text=f"{PROGRAM} {name}"))
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        made += nodes.literal_block(usage, usage, language="text")
        made += list(_paragraphs(command.help or ""))
        made += _options(command, context)
    return made


def _paragraphs(text: str) -> Iterator[nodes.Node]:
    """What a command says of itself, as the terminal folds it."""
    for block in re.split(r"\n\s*\n", text.strip()):
        first, _, rest = block.partition("\n")
        if first.strip() == _VERBATIM:
            yield nodes.literal_block(rest, rest, language="text")
        else:
            yield nodes.paragraph("", "", *inline(" ".join(block.split())))


def inline(text: str) -> Iterator[nodes.Node]:
    """Text with what stands between single backquotes as code.

    >>> [one.astext() for one in inline("see `l1cert merge` for it")]
    ['see ', 'l1cert merge', ' for it']
    """
    for number, piece in enumerate(text.split("`")):
        if piece:
            yield nodes.literal(text=piece) if number % 2 else nodes.Text(piece)


def _options(command: click.Command, context: click.Context) -> nodes.definition_list:
    """Every option with what it takes, what it means and its default."""
    found = nodes.definition_list(classes=["options"])
    for one in command.get_params(context):
        record = one.get_help_record(context)
        if record is None or isinstance(one, click.Argument):
            continue  # the usage line names arguments, and the text explains them
        said = nodes.definition("", nodes.paragraph("", "", *inline(record[1])))
        found += nodes.definition_list_item(
            "", nodes.term("", "", nodes.literal(text=record[0])), said
        )
    return found
