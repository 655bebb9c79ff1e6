"""`l1cert figure`: the paper's figures, each with a CSV of its curves."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import file_errors, hold, say, usage_errors


@click.command("figure")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--format",
    "formats",
    default="pdf,svg,png",
    show_default=True,
    metavar="F,...",
    help="Picture formats, separated by commas.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("l1cert-figures"),
    show_default=True,
    metavar="DIR",
    help="Folder for the pictures and the CSV files; made if it is missing.",
)
@click.option(
    "--venue",
    default="iclr",
    show_default=True,
    metavar="V",
    help="Whose widths: aistats, cvpr, iclr, icml, jmlr, neurips, tmlr, uai.",
)
@click.option(
    "--span",
    default="column",
    show_default=True,
    metavar="S",
    help="The width to fill: column or page.",
)
def command(names: tuple[str, ...], formats: str, out: Path, venue: str, span: str) -> None:
    """Draw the figures (all of them, or the NAMEs given) and save their data.

    Each leaves its pictures, a CSV of every curve with its provenance, and a caption made from the
    data (.txt). The same data give the same bytes.
    """
    from figures import style
    from figures.saving import FORMATS, check_formats, save
    from figures.table import FIGURES, figure_module
    from l1cert.provenance import provenance
    from simulations.files import made_folder

    wanted = tuple(dict.fromkeys(part.strip() for part in formats.split(",")))
    chosen = tuple(dict.fromkeys(names)) or tuple(FIGURES)
    with usage_errors():
        check_formats(wanted)
        settings = style.rc(venue, style.parse_span(span))
        for name in chosen:
            figure_module(name)
    origin = provenance()
    with file_errors(out):
        click.get_current_context().with_resource(made_folder(out))
    for name in chosen:
        files = [out / f"{name}.{end}" for end in ("csv", "txt", *FORMATS)]
        hold(files[0], *files[1:])  # not the folder, which others may draw into at the same time
        with file_errors(out):
            written = save(name, wanted, out, provenance=origin, settings=settings)
        say("\n".join(str(path) for path in written))
