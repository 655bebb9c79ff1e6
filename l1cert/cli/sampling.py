"""Options that several commands have: of samples, their error rate, and processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

# the same numbers as l1cert.verification's defaults, which importing here would make --help slow;
# a test compares them
SAMPLES, SEED, ALPHA = 100_000, 1, 1e-3

alpha_option = click.option(
    "--alpha",
    type=float,
    default=ALPHA,
    show_default=True,
    metavar="A",
    help="False-fail rate of the whole run, in (0, 1).",
)

workers_option = click.option(
    "--workers",
    type=int,
    metavar="N",
    help="Processes that share out the claims; as many as there are processors by default.",
)


def sampling_options(command: Command) -> Command:
    """Add --samples, --seed and --alpha."""
    options = (
        click.option(
            "--samples",
            "num_samples",
            type=int,
            default=SAMPLES,
            show_default=True,
            metavar="N",
            help="Samples of each count, 1 to 10^10.",
        ),
        click.option(
            "--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed."
        ),
        alpha_option,
    )
    for option in reversed(options):
        command = option(command)
    return command
