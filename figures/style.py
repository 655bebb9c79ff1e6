"""How a figure looks: widths of the venues, and one colour and dash pattern for each thing drawn.

A style is a plain dict of matplotlib settings from a pure function. It is applied around the
drawing and the saving of one figure and never to the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Span: TypeAlias = Literal["column", "page"]
Settings: TypeAlias = Mapping[str, Any]

STYLE_FILE = Path(__file__).with_name("l1cert.mplstyle")


@dataclass(frozen=True, slots=True)
class Venue:
    """Widths in inches: of one column, and of the whole text.

    Where the text has a single column, "column" is one of two figures that stand side by side.
    """

    column: float
    page: float


VENUES: Mapping[str, Venue] = MappingProxyType(
    {
        "aistats": Venue(3.25, 6.75),
        "cvpr": Venue(3.25, 6.875),
        "iclr": Venue(2.65, 5.5),
        "icml": Venue(3.25, 6.75),
        "jmlr": Venue(2.9, 6.0),
        "neurips": Venue(2.65, 5.5),
        "tmlr": Venue(3.15, 6.5),
        "uai": Venue(3.25, 6.75),
    }
)
"""Every venue whose widths are known."""

_ASPECTS: Mapping[str, float] = MappingProxyType({"column": 0.82, "page": 0.5})

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"

LINES: Mapping[str, Settings] = MappingProxyType(
    {
        "theorem_2": {"color": BLUE, "linestyle": "-"},
        "laplace": {"color": BLUE, "linestyle": "-"},
        "lecuyer": {"color": VERMILLION, "linestyle": (0, (4, 1.5))},
        "cohen": {"color": GREEN, "linestyle": (0, (6, 1.5, 1, 1.5))},
        "gaussian": {"color": GREEN, "linestyle": (0, (6, 1.5, 1, 1.5))},
        "uniform": {"color": PURPLE, "linestyle": (0, (1, 1.2))},
    }
)
"""Colour (Okabe and Ito's) and dashes of each method and noise, the same in every figure."""

CROSSING: Settings = MappingProxyType(
    {
        "color": BLACK,
        "linestyle": "none",
        "marker": "o",
        "markersize": 3.5,
        "markerfacecolor": "white",
        "markeredgewidth": 0.9,
        "zorder": 5,
    }
)
"""The mark of a point where the order of two curves changes."""


def rc(
    venue: str = "iclr", span: Span = "column", *, aspect: float | None = None
) -> dict[str, Any]:
    """Return the matplotlib settings of a figure for one venue.

    Parameters
    ----------
    venue : str
        A key of `VENUES`.
    span : {"column", "page"}
        Whether the figure fills one column or the whole width of the text.
    aspect : float, optional
        Height over width, in (0, inf); 0.82 for a column and 0.5 for a page unless given.

    Returns
    -------
    dict
        A new dict for `matplotlib.rc_context`; nothing global changes.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> rc("icml", "column", aspect=0.8)["figure.figsize"]
    (3.25, 2.6)
    >>> rc("neurips")["pdf.fonttype"], rc("neurips")["svg.fonttype"]
    (42, 'none')
    >>> rc("nature")
    Traceback (most recent call last):
        ...
    ValueError: venue = 'nature' is none of aistats, cvpr, iclr, icml, jmlr, neurips, tmlr, uai
    """
    from matplotlib import rc_params_from_file

    if venue not in VENUES:
        raise ValueError(f"venue = {venue!r} is none of {', '.join(VENUES)}")
    parse_span(span)
    if aspect is not None and not 0 < aspect < float("inf"):
        raise ValueError(f"aspect = {aspect} is outside (0, inf)")
    width: float = getattr(VENUES[venue], span)
    ratio = _ASPECTS[span] if aspect is None else aspect
    look: Any = rc_params_from_file(STYLE_FILE, use_default_template=False)
    settings: dict[str, Any] = dict(look)
    settings["figure.figsize"] = (width, round(width * ratio, 4))
    return settings


def parse_span(text: str) -> Span:
    """Return a width to fill by its name.

    Examples
    --------
    >>> parse_span("text")
    Traceback (most recent call last):
        ...
    ValueError: span = 'text' is neither column nor page
    """
    for span in get_args(Span):
        if text == span:
            return cast("Span", span)
    raise ValueError(f"span = {text!r} is neither column nor page")


@contextmanager
def blank(settings: Settings | None = None) -> Iterator[Figure]:
    """Hand out an empty figure, and keep its style in force while it is drawn.

    Parameters
    ----------
    settings : mapping, optional
        Matplotlib settings, as from `rc`; ``rc()`` unless given.

    Examples
    --------
    >>> with blank(rc("icml")) as figure:
    ...     float(figure.get_figwidth())
    3.25
    """
    import matplotlib
    from matplotlib.figure import Figure

    chosen: Any = dict(rc() if settings is None else settings)
    with matplotlib.rc_context(chosen):
        # Not by pyplot: nothing global keeps the figure, and no window system is asked for.
        yield Figure()
