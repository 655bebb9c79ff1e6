"""An argument that may begin with a minus: `l1cert check "-lam*log(2*(1 - p_a))"`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import click

#: what a long option looks like; a text with an operator or a bracket in it is none
_LONG = re.compile(r"--[A-Za-z][A-Za-z0-9-]*(=.*)?", re.DOTALL)


class ExpressionCommand(click.Command):
    """A command whose arguments are expressions: `-x` is one, and `--x` is an option.

    Click by itself would take an expression that begins with a minus for a row of short options.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the expressions behind a `--`, then parse as usual."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        valued = {name for one in options if not one.is_flag for name in one.opts}
        plain = {name for one in options if one.is_flag for name in one.opts}
        return super().parse_args(ctx, expressions_last(args, valued, plain))


def expressions_last(
    args: Sequence[str], valued: Collection[str], plain: Collection[str]
) -> list[str]:
    """The options with their values, a `--`, and everything else.

    >>> expressions_last(["-lam*2", "--seed", "-1", "--json"], {"--seed"}, {"--json"})
    ['--seed', '-1', '--json', '--', '-lam*2']
    >>> expressions_last(["p_a", "--foo", "--seed"], {"--seed"}, {"--json"})
    ['--foo', '--seed']
    """
    found: list[str] = []
    expressions: list[str] = []
    waiting = list(reversed(args))
    while waiting:
        token = waiting.pop()
        if token == "--":
            expressions += reversed(waiting)
            break
        if token in valued:
            if not waiting:  # click says so, and it must not take the -- for the value
                return [*found, token]
            found += [token, waiting.pop()]
        elif token in plain or _LONG.fullmatch(token):
            found.append(token)
        else:
            expressions.append(token)
    return [*found, "--", *expressions]
