"""`l1cert check`: whether a conjectured radius is sound, tight, and better than others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from l1cert.cli.expression_argument import ExpressionCommand
from l1cert.cli.output import print_json, say, usage_errors

if TYPE_CHECKING:
    import sympy as sp

# l1cert.workbench.check.check_bound's defaults, which importing here would make --help slow; a test
# compares them
SAMPLES, SEED = 100_000, 0

NOISES = ("laplace", "gaussian", "uniform")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


@click.command("check", cls=ExpressionCommand)
@click.argument("expression", metavar="EXPR")
@click.option(
    "--noise",
    default="laplace",
    show_default=True,
    metavar="NOISE",
    help='laplace|gaussian|uniform, or an even density in x: "exp(-abs(x))/2".',
)
@click.option(
    "--setting",
    default="binary",
    show_default=True,
    metavar="S",
    help="binary (PA), binary-pb, multiclass or k (PA and PB).",
)
@click.option("--num-classes", metavar="K", help="Number of classes, with --setting k.")
@click.option("--against", multiple=True, metavar="NAME=EXPR", help="A further rival; repeatable.")
@click.option(
    "--samples",
    type=int,
    default=SAMPLES,
    show_default=True,
    metavar="N",
    help="Samples that a counterexample is simulated with.",
)
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(
    expression: str,
    noise: str,
    setting: str,
    num_classes: str | None,
    against: tuple[str, ...],
    samples: int,
    seed: int,
    as_json: bool,
) -> None:
    """Prove, refute or rank a certified l1 radius R that you conjecture.

    EXPR is R in p_a, p_b, lam, sigma, half_width (scales of equal variance) and num_classes, with
    + - * / **, log, exp, sqrt, abs, min, max, erf, erfc, erfinv, erfcinv, sinh, cosh, tanh, acosh,
    Phi, Phi_inv, pi, e and where(condition, a, b). It is sound where no base classifier that meets
    the bounds PA and PB loses its class at any r < R; R <= 0 claims nothing.

    \b
      l1cert check "-lam*log(2*(1 - p_a))"
      l1cert check "lam/2*log(p_a/p_b)" --setting multiclass --json
      l1cert check "sigma*Phi_inv(p_a)" --noise gaussian --against "half=sigma*Phi_inv(p_a)/2"

    Exit codes: 0 decided either way, 2 usage, 3 not decided, 130 interrupted.
    """  # noqa: D301
    from l1cert.workbench.check import check_bound
    from theory.certificates import parse_num_classes

    with usage_errors(), _watch(as_json):
        report = check_bound(
            expression,
            noise=_noise(noise),
            setting=setting,
            num_classes=None if num_classes is None else parse_num_classes(num_classes),
            against=_rivals(against),
            samples=samples,
            seed=seed,
        )
    if as_json:
        print_json(report.as_json())
    else:
        say("\n".join(report.lines()))
    raise SystemExit(report.exit_code)


def _noise(text: str) -> str | sp.Expr:
    """The noise by its name, or its density."""
    if text.strip().lower() in NOISES:
        return text
    from theory.conjectures.density_text import parse_density

    return parse_density(text)


def _rivals(given: Sequence[str]) -> dict[str, str]:
    """The radii to compare with, by their names."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, expression = text.partition("=")
        if not (sign and _NAME.fullmatch(name.strip())):
            legal = "a NAME of up to 40 letters, digits and _ . -, which begins with a letter"
            raise ValueError(f"--against {text!a} is not NAME=EXPR with {legal}")
        if name.strip() in found:
            raise ValueError(f"--against {name.strip()} is given twice: every NAME is its own")
        found[name.strip()] = expression
    return found


def _watch(as_json: bool) -> AbstractContextManager[object]:
    # what runs is told on standard error, and only to a person
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return console.status("checking") if console.is_terminal and not as_json else nullcontext()
