"""`l1cert rops`: the largest noise that certifies a radius at a point (Appendix D)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.sampling import SEED, alpha_option

if TYPE_CHECKING:
    from l1cert.rectified import Rops
    from simulations.rops import RopsRun

#: exit codes of a simulation whose counts contradict the suprema, and of one that shows too little
CONTRADICTION, UNDECIDED = 1, 3

_SAYS = {True: "as expected", False: "CONTRADICTED", None: "undecided"}


@click.command("rops")
@click.option("--x", required=True, metavar="X", help="The point, in (-1, 1); w.x or ||x||_1.")
@click.option("--radius", default="0", metavar="R", help="The certified radius, 0 if not given.")
@click.option("--slab", metavar="W1,W2,...", help="f = cA on |w.x| <= 1; w up to a factor.")
@click.option("--ball", metavar="D", help="f = cA on the unit l1 ball of D dimensions.")
@click.option(
    "--towards",
    type=click.Choice(["vertex", "face"]),
    help="Where the point lies from the ball's centre; vertex if not given.",
)
@click.option("--samples", type=int, metavar="N", help="Also draw N samples of each count.")
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@alpha_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    x: str,
    radius: str,
    slab: str | None,
    ball: str | None,
    towards: str | None,
    samples: int | None,
    seed: int,
    alpha: float,
    as_json: bool,
) -> None:
    """The largest noise that certifies a radius at a point, Laplace against Gaussian.

    The base classifier on the line is cA on [-1, 1] and cB elsewhere (Appendix D). The rectified
    optional parameter space at x holds the noises that certify the radius there; its supremum is
    given as a standard deviation, sqrt(2) lambda and sigma, between two proved decimals. From a
    radius of 1 - |x| on it is empty. Decimals and fractions ("0.3", "1/3") are taken exactly.

    With --slab it is cA where |w.x| <= 1 and X is w.x; w is divided by its l2 norm, so that w.eps
    has the standard deviation of the noise. With --ball it is cA where ||x||_1 <= 1 and X is
    ||x||_1, towards a vertex or the middle of a face.

    --samples draws noise a little below and above each supremum and counts how often the label is
    kept. Exit codes: 0, 1 the counts contradict the suprema, 2 usage, 3 the counts do not show on
    which side of its supremum a noise is.
    """
    from l1cert.rectified import rops, rops_simulation, simulation_json

    with usage_errors():
        if towards is not None and ball is None:
            raise ValueError(f"towards = {towards} needs --ball")
        found = rops(
            x,
            radius=radius,
            slab=None if slab is None else slab.split(","),
            ball=None if ball is None else _dimension(ball),
            towards="face" if towards == "face" else "vertex",
        )
        run = None
        if samples is not None:
            run = rops_simulation(found, num_samples=samples, seed=seed, alpha=alpha)
    if as_json:
        extra = {} if samples is None else {"simulation": simulation_json(run)}
        print_json({**found.as_json(), **extra})
    else:
        _show(found, run, simulated=samples is not None)
    if run is not None and run.finding is not True:
        raise SystemExit(CONTRADICTION if run.finding is False else UNDECIDED)


def _dimension(text: str) -> int:
    """The dimension of a ball, to be checked there: towards a face fewer are legal."""
    from theory.exact import describe
    from theory.rops_ball import MAX_DIM

    if not (text.isascii() and text.isdecimal() and int(text[:9]) <= MAX_DIM):
        raise ValueError(f"ball = {describe(text)} is no integer in [1, {MAX_DIM}]")
    return int(text)


def _show(found: Rops, run: RopsRun | None, *, simulated: bool) -> None:
    where = f"x = {found.x}"
    if found.slab is not None:
        where = f"w.x = {found.x}, w = ({', '.join(found.slab)})/l2 norm"
    elif found.ball is not None:
        ball = found.ball
        where = f"||x||_1 = {found.x} towards a {ball.towards} of the l1 ball, d = {ball.dim}"
    say(
        f"{'noise':<10}supremum of the standard deviation that certifies r = {found.radius} "
        f"at {where}"
    )
    for name, enclosure in (("Laplace", found.laplace), ("Gaussian", found.gaussian)):
        said = "none" if enclosure is None else f"[{enclosure[0]}, {enclosure[1]}]"
        say(f"{name:<10}{said}")
    if not simulated:
        return
    say("")
    if run is None:
        say("nothing to draw: no noise certifies the radius")
        return
    head = (
        f"{'drawn':<20}{'deviation':>12}{'count':>14}{'frequency':>12}{'exact':>12}{'needed':>12}"
    )
    say(f"{run.num_samples} samples of each count, seed {run.seed}")
    say(head)
    for draw in run.draws:
        count = draw.decided.count
        label = f"{draw.noise.capitalize()}, {draw.side}"
        say(
            f"{label:<20}{draw.deviation:>12.7g}{count:>14}{count / run.num_samples:>12.6f}"
            f"{draw.agreement:>12.6f}{draw.needed:>12.6f}"
        )
    say(
        f"{_SAYS[run.finding]}: certified inside, not outside, counts against the exact agreement "
        f"(false-fail rate {run.alpha:g}, false-pass rate {run.false_pass:.2g})"
    )
