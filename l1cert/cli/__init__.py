"""The command line: one file per command, each a thin skin over the Python face.

Exit codes: 0 all decided, 1 the evidence contradicts itself, 2 usage, 3 something asked for is
undecided, 130 interrupted. An error is one line on standard error, never a traceback.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from l1cert.cli.output import USAGE, abandon_output, one_line

#: the module of each command, in the order in which --help lists them
COMMANDS = (
    "verify",
    "list",
    "show",
    "report",
    "radius",
    "plan",
    "audit",
    "train",
    "certify",
    "recertify",
    "attack",
    "agreement",
    "curves",
    "check",
    "law",
    "rops",
    "tightness",
    "simulate",
    "merge",
    "figure",
    "demo",
    "reproduce",
)


class LazyCommands(click.Group):
    """A group that imports a command's file only when the command is named or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return [*COMMANDS]  # importing the command called list hides the builtin in this module

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"l1cert.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is named with the legal ones."""
        if args and args[0] not in COMMANDS:
            raise click.UsageError(
                f"unknown command {args[0]!r}; the commands are {', '.join(COMMANDS)}"
            )
        return super().resolve_command(ctx, args)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="l1cert")
def group() -> None:
    """Decide which statements about randomized-smoothing l1 bounds are true.

    The statements are those of "l1 Adversarial Robustness Certificates: a Randomized Smoothing
    Approach" (ICLR 2020 submission). `l1cert verify` decides them, each by at least two
    independent methods; `l1cert show SLUG` gives the proof and the witness of one. `l1cert demo`
    trains, certifies and attacks real classifiers.

    Exit codes: 0 all decided (a refuted claim is a result), 1 the evidence contradicts itself,
    2 usage, 3 something asked for is undecided, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # a formula that the terminal's encoding cannot say is no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(exit_code(sys.argv[1:] if arguments is None else arguments))


def exit_code(arguments: Sequence[str]) -> int:
    """Run one command in this process: its exit code, once an error is one line on stderr."""
    for argument in arguments:
        if "\0" in argument:  # no system passes it on, and no file has such a name
            return _refusal(f"the argument {argument!r} has a NUL character")
    # not group.main(): click answers an interrupt and a closed pipe in its own way, the latter
    # with exit code 1, which here means a contradiction
    try:
        with group.make_context("l1cert", [*arguments]) as context:
            group.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else USAGE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return USAGE
    except click.ClickException as error:
        return _refusal(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        abandon_output()
    except OSError as error:
        return _refusal(str(error) if _has_working_folder() else "the working folder is gone")
    except MemoryError as error:
        return _refusal(f"there is not enough memory for what was asked {error}".rstrip())
    except RecursionError:
        return _refusal("what was given is nested too deeply")
    return 0


def _has_working_folder() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False


def _refusal(reason: str) -> int:
    """Say on one line what is wrong; the exit code of a usage error."""
    click.echo(f"Error: {one_line(reason)}", err=True)
    return USAGE
