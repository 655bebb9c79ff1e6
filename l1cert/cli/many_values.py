"""Options that take every number that follows them: `--cdf -1 0 0.5`."""

from __future__ import annotations

from collections.abc import Sequence

import click


class ManyValues(click.Command):
    """A command whose options with ``multiple`` take all values up to the next option.

    A comma parts values as well, and an option may be given more than once. Click itself would take
    a negative number after the first one for an option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each value its own option, then parse as usual."""
        greedy = {
            name
            for parameter in self.params
            if isinstance(parameter, click.Option) and parameter.multiple
            for name in parameter.opts
        }
        return super().parse_args(ctx, spread(args, greedy))


def spread(args: Sequence[str], greedy: set[str]) -> list[str]:
    """Repeat the name of a greedy option before each of its values.

    >>> spread(["--cdf", "-1", "0,2", "--json"], {"--cdf"})
    ['--cdf=-1', '--cdf=0', '--cdf=2', '--json']
    """
    found: list[str] = []
    owner, waiting = "", False
    for token in args:
        name, sign, value = token.partition("=")
        if name not in greedy and owner and not _is_option(token):
            found += [f"{owner}={one}" for one in token.split(",")]
            waiting = False
            continue
        if waiting:
            found.append(owner)  # it was given no value, and click will say so
        owner, waiting = (name, not sign) if name in greedy else ("", False)
        if name not in greedy:
            found.append(token)
        elif sign:
            found += [f"{owner}={one}" for one in value.split(",")]
    return [*found, owner] if waiting else found


def _is_option(token: str) -> bool:
    return token.startswith("-") and not token[1:2].isdecimal() and token[1:2] != "."
