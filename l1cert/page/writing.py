"""The files of a report: the page, the ledger as Markdown and as LaTeX, and the JSON."""

from __future__ import annotations

from pathlib import Path

from figures.saving import write_atomically
from l1cert import ledger
from l1cert.page.document import document
from l1cert.page.pictures import Picture, picture
from l1cert.report import Report

PAGE = "index.html"


def write_report(report: Report, out: Path | str) -> list[Path]:
    r"""Write a report for readers: one page, and the tables beside it.

    Parameters
    ----------
    report : Report
        Of a run of `l1cert.verify`, over all claims or some.
    out : path
        The folder, made if there is none; files of the same names are replaced, each at once.

    Returns
    -------
    list of Path
        ``index.html`` (self-contained: it loads nothing and needs no script), ``ledger.md``,
        ``ledger.tex`` (a longtable with booktabs rules, for ``\input``) and ``report.json``. The
        same report gives the same bytes.

    Raises
    ------
    OSError
        If a file cannot be written; those that were there before are intact.

    Examples
    --------
    >>> import tempfile
    >>> from l1cert.verification import verify
    >>> report = verify(["theorem_2"], rungs=["derivation"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_report(report, folder)]
    ['index.html', 'ledger.md', 'ledger.tex', 'report.json']
    """
    drawn = {one.claim.slug: _drawn(one.claim.slug) for one in report.results}
    files = {
        PAGE: document(report, {slug: found for slug, found in drawn.items() if found}),
        "ledger.md": ledger.markdown(report) + "\n",
        "ledger.tex": ledger.latex(report),
        "report.json": report.dumps() + "\n",
    }
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in files]


def _drawn(slug: str) -> Picture | str | None:
    try:
        return picture(slug)
    except Exception as error:  # one broken figure must not take the page with it
        return f"it could not be drawn ({type(error).__name__}: {error})."
