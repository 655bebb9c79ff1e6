"""`l1cert law`: the exact law of T(x), with a bound on both sides of every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from l1cert.cli.many_values import ManyValues
from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.perturbation import perturbation, perturbation_options

if TYPE_CHECKING:
    from l1cert.laws import Entry, LawReport

#: how each function is written, for people
SYMBOLS = {
    "cdf": "P(T <= {})",
    "hockey_stick": "H({})",
    "quantile": "quantile {}",
    "trade_off": "f({})",
}


@click.command("law", cls=ManyValues)
@perturbation_options
@click.option("--scale", required=True, metavar="L", help="Laplace scale lambda.")
@click.option("--cdf", multiple=True, metavar="T...", help="P(T <= t).")
@click.option("--hockey-stick", multiple=True, metavar="EPS...", help="E[(1 - e^(eps - T/L))_+].")
@click.option("--quantile", multiple=True, metavar="P...", help="The t where P(T <= t) reaches p.")
@click.option("--trade-off", multiple=True, metavar="ALPHA...", help="Least type II error.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with up to 1000 atoms.")
def command(
    delta: str | None,
    delta_equal: str | None,
    norm: str | None,
    delta_file: str | None,
    scale: str,
    cdf: tuple[str, ...],
    hockey_stick: tuple[str, ...],
    quantile: tuple[str, ...],
    trade_off: tuple[str, ...],
    as_json: bool,
) -> None:
    """The exact law of T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise.

    Any delta, any dimension: give it as --delta, as --delta-equal K --norm R, or as --delta-file.
    Every number comes with a proved lower and upper bound. An option takes all the numbers that
    follow it, parted by spaces or commas; decimals and fractions are taken exactly.

    T/L is the privacy loss of the Laplace mechanism: H(eps) is the delta of (eps, delta)-privacy,
    and the least type II error at type I error alpha is the trade-off function.
    """
    from l1cert.laws import law_report

    with usage_errors():
        report = law_report(
            perturbation(delta, delta_equal, norm, delta_file),
            scale=scale,
            cdf=cdf,
            hockey_stick=hockey_stick,
            quantile=quantile,
            trade_off=trade_off,
        )
        if as_json:
            print_json(report.as_json())
            return
        say(_table(report))


def _table(report: LawReport) -> str:
    from l1cert.laws import as_float

    law = report.law
    atoms = report.atoms_json(listed=3)
    count = atoms["count"]
    low, high = atoms["log2_count"]
    many = str(count) if count is not None else f"2^{low} to 2^{high}"
    lines = [
        f"{len(law.magnitudes)} non-zero coordinates of {len(law.delta)}, "
        f"||delta||_1 = {as_float(law.norm):.17g}, scale {as_float(law.scale):.17g}",
        f"{many} atoms, together {_number(atoms['total_mass']['value'])}",
    ]
    for atom in atoms["heaviest"] or ():
        lines.append(f"  P(T = {_number(atom['at'])}) = {_number(atom['value'])}")
    if atoms["heaviest"] is None:
        lines.append(f"  none heavier than {_number(atoms['heaviest_mass_bound'])}")
    head = f"{'':<22}{'value':>24}{'lower bound':>26}{'upper bound':>26}  method"
    lines += ["", head, "-" * len(head)]
    for name, bounds in (("E T", law.mean()), ("Var T", law.variance())):
        lines.append(_row(name, bounds.value, bounds.lower, bounds.upper, bounds.method))
    for name, symbol in SYMBOLS.items():
        entries: list[Entry] = getattr(report, name)
        for entry in entries:
            found = entry.bounds
            note = f"{found.method}, an atom" if entry.atom else found.method
            said = symbol.format(entry.text)
            lines.append(_row(said, found.value, found.lower, found.upper, note))
    return "\n".join(lines)


def _row(name: str, value: float, lower: float, upper: float, method: str) -> str:
    return f"{name:<22}{value!r:>24}{lower!r:>26}{upper!r:>26}  {method}"


def _number(value: float) -> str:
    return f"{value:.12g}"
