"""Files of a figure: the picture in each format, its data as CSV, and its caption.

The same data give the same bytes: no file holds a date, and what a format would number at random
is salted with a constant.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from figures import style
from figures.data import FigureData, to_csv
from figures.table import figure_module
from simulations.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "png")
"""Vector formats for print, PNG for screens."""

# What a format says of itself besides the picture; None takes a default entry away.
_METADATA: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {
        "pdf": {"Creator": "l1cert", "Producer": None, "CreationDate": None},
        "svg": {"Creator": "l1cert", "Date": None},
        "png": {"Software": "l1cert"},
    }
)


def save(
    name: str,
    formats: Sequence[str] = FORMATS,
    out: Path | str = ".",
    *,
    provenance: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    settings: style.Settings | None = None,
) -> list[Path]:
    """Compute a figure, draw it and write its files.

    Parameters
    ----------
    name : str
        A key of `figures.table.FIGURES`.
    formats : sequence of {"pdf", "svg", "png"}
    out : path
        The folder, made if there is none; files of the same names are replaced, each at once.
    provenance : mapping
        Version, commit, seed and libraries, for the header of the CSV file.
    parameters : mapping, optional
        Keywords for the figure's ``compute``.
    settings : mapping, optional
        Matplotlib settings, as from `figures.style.rc`.

    Returns
    -------
    list of Path
        NAME.csv, NAME.txt (the caption), then one picture for each format.

    Raises
    ------
    ValueError
        If a name or a format is unknown, or the provenance has a key of the data's own.
    """
    check_formats(formats)
    data = figure_module(name).compute(**(parameters or {}))
    return save_data(data, formats, out, provenance=provenance, settings=settings)


def save_data(
    data: FigureData,
    formats: Sequence[str] = FORMATS,
    out: Path | str = ".",
    *,
    provenance: Mapping[str, Any],
    settings: style.Settings | None = None,
) -> list[Path]:
    """Draw data that are at hand, as computed or as read from a CSV file; else like `save`."""
    check_formats(formats)
    module = figure_module(data.figure, from_log=True)
    caption = module.caption(data)
    files = {
        "csv": to_csv(data, provenance).encode(),
        "txt": f"{caption}\n".encode(),
    }
    if formats:
        settings = style.rc() if settings is None else settings
        figure = module.draw(data, settings)
        for extension in formats:
            files[extension] = render(figure, extension, settings, title=data.figure)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for extension, content in files.items():
        path = folder / f"{data.figure}.{extension}"
        write_atomically(path, content)
        written.append(path)
    return written


def check_formats(formats: Sequence[str]) -> None:
    """Raise a ValueError that names the first unknown format.

    Examples
    --------
    >>> check_formats(["pdf", "gif"])
    Traceback (most recent call last):
        ...
    ValueError: format = 'gif' is none of pdf, svg, png
    """
    for extension in formats:
        if extension not in FORMATS:
            raise ValueError(f"format = {extension!r} is none of {', '.join(FORMATS)}")


def render(figure: Figure, extension: str, settings: style.Settings, *, title: str) -> bytes:
    """Return the bytes of a picture, the same for the same figure on every run.

    Fonts are looked up when a figure is rendered, so its settings have to be in force again.
    """
    import matplotlib

    check_formats([extension])
    buffer = io.BytesIO()
    chosen: Any = dict(settings)
    with matplotlib.rc_context(chosen):
        figure.savefig(buffer, format=extension, metadata={**_METADATA[extension], "Title": title})
    return buffer.getvalue()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under another name and then rename it: a reader never sees half of it.

    A device or a pipe is written to, not replaced, and a link keeps pointing where it points. A
    pipe that nobody reads from is an OSError: to wait for a reader might take forever.
    """
    if path.exists() and not path.is_file():
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "wb", buffering=0) as file:
            os.set_blocking(descriptor, True)
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
        return
    replace_file(path, content, forced=False)
