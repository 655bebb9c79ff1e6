"""An audit on one page, for a review: Markdown, LaTeX, or text for a terminal, from its JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from figures.audits import NAMES, rows_said
from l1cert.audit import latex as _latex
from l1cert.audit import reasons, tables
from l1cert.audit.accuracy import NORMS
from l1cert.audit.corrections import CHANGE
from l1cert.audit.findings import KINDS
from l1cert.audit.invocation import command
from l1cert.audit.tables import Block, Code, Command, Heading, Paragraph, Table, printable
from l1cert.audit.wording import MOST_TEXT, end_of, more_said, number, share, value_said, words

Report: TypeAlias = Mapping[str, Any]

#: kinds of finding, the gravest first: a certificate that cannot be true, then a row that is wrong
_GRAVITY = (
    "above_ceiling",
    "bound_above_clopper_pearson",
    "other_bound_below_clopper_pearson",
    "above_own_bound",
    "negative_radius",
    "missed_abstention",
    "wrong_sample_count",
    "off_lattice",
    "abstained_with_radius",
    "wrong_correct",
    "not_a_distribution",
    "malformed_line",
    "missing_value",
    "duplicate_index",
    "index_gap",
    "wrong_order",
    "tied_selection",
)
_MOST_KINDS = 7
_MOST_RADII = 10
_MOST_OTHERS = 4
_MOST_PLACES = 5
_MOST_WORST = 120
#: of a worst row: the place says which it is, and the JSON says the rest
_LEFT_OUT = ("index", "interval", "float32")
_SIDES = {"one_sided": "one-sided", "two_sided": "two-sided"}


def markdown(report: Report) -> str:
    """The summary in Markdown.

    Parameters
    ----------
    report : mapping
        The JSON of an audit.

    Returns
    -------
    str
        At most 60 lines, the same for the same report: the verdict in one sentence, the findings,
        certified accuracy before and after correction, tightness, the command, where it came from.

    Raises
    ------
    KeyError
        For a report that lacks a key.

    Examples
    --------
    >>> report = {
    ...     "path": "a_b.tsv", "format": "cohen", "rows": 2, "abstained": 0, "correct": 1,
    ...     "parameters": {"noise": "gaussian", "sigma": "0.5", "scale": "0.5", "n": 100,
    ...                    "alpha": "0.001", "certificate": "cohen"},
    ...     "interval": "one_sided", "precision": {"radius": "3 significant digits", "bound": None},
    ...     "violations": {}, "ceiling": {"value": 0.75, "one_sided": 0.75, "two_sided": 0.72},
    ...     "certified_accuracy": [], "other_certificates": {}, "tightness": None,
    ...     "corrected": {"rows_changed": 0, "largest_reduction": 0.0, "abstentions_added": 0,
    ...                   "mean_radius_before": 0.5, "mean_radius_after": 0.5},
    ...     "provenance": {"version": "1.0", "commit": None, "python": "3.11"},
    ... }
    >>> print(markdown(report).splitlines()[0])
    ## Audit of `a_b.tsv`
    >>> print(terminal(report).splitlines()[2])
    No finding: nothing in 2 rows contradicts n = 100 samples at alpha = 0.001. Checked: every line
    """
    return tables.markdown(_page(report))


def latex(report: Report) -> str:
    r"""The summary in LaTeX, to be read by ``\input``; of packages it needs booktabs alone.

    Parameters, length and errors are those of `markdown`; it is ASCII.
    """
    return _latex.latex(_page(report))


def terminal(report: Report) -> str:
    """The summary for a terminal, of at most 96 columns but for the command and long names.

    Parameters and errors are those of `markdown`.
    """
    # without its origin, which does not fit a screen and stands in every file
    return tables.terminal(_page(report)[:-1])


def _page(report: Report) -> list[Block]:
    run, found = report["parameters"], _found(report)
    blocks: list[Block] = [Heading(["Audit of ", Code(end_of(report["path"]))])]
    blocks.append(Paragraph([_verdict(report, found)]))
    blocks.append(Paragraph([_what_was_read(report), " ", _stated(run), " ", _limits(report)]))
    blocks.append(Paragraph([_overridden(report), _assumed(report)]))
    place = "row" if report["format"] == "rs4a" else "line"
    if found:
        named = {kind: _said(kind, report) for kind, _ in found}
        blocks += [_findings(found, run, place, named)]
        blocks.append(Paragraph([_places(found, place, _anytime(report))]))
    accuracy = report["certified_accuracy"]
    if accuracy:
        blocks.append(_accuracy(accuracy[:_MOST_RADII]))
    left = len(accuracy) - _MOST_RADII
    more = f"And {more_said(left, 'row')}. " if left > 0 else ""
    blocks.append(Paragraph([more, _correction(report)]))
    blocks += [Paragraph([said]) for said in _others(report["other_certificates"])]
    blocks.append(Paragraph([_tightness(report["tightness"])]))
    blocks += [Paragraph(["To compute it again:"]), Command(command(report))]
    return [*blocks, Paragraph([" ".join(_origin(report["provenance"]))])]


def _found(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """The kinds that have a row, the gravest first, and after them what is rounding alone."""
    order = {kind: place for place, kind in enumerate(_GRAVITY)}
    found = [(kind, one) for kind, one in report["violations"].items() if one["count"]]
    return sorted(
        found,
        key=lambda one: (
            reasons.only_rounding(one[1]["explained_by"]),
            order.get(one[0], len(order)),
            one[0],
        ),
    )


def _verdict(report: Report, found: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    rows, run = report["rows"], report["parameters"]
    held = f"n = {run['n']} samples at alpha = {run['alpha']}"
    if not rows and not found:
        return "No finding: the log has no rows."
    if not found:
        bound = ", its own probability bound" if report["precision"]["bound"] else ""
        return (
            f"No finding: nothing in {rows_said(rows)} contradicts {held}. Checked: every line can "
            f"be read, each radius against the ceiling of n and alpha{bound}, abstentions, correct "
            f"against label and predict, the order of the indices."
        )
    kind, worst = found[0]
    count = worst["count"]
    if kind == "above_ceiling":
        are = "is" if count == 1 else "are"
        said = (
            f"{count} of {rows} radii {are} above what n = {run['n']} samples can certify at "
            f"alpha = {run['alpha']} ({number(report['ceiling']['value'])})"
        )
    elif kind == "malformed_line":
        said = f"{count} {'line' if count == 1 else 'lines'} beside the {rows} rows: {KINDS[kind]}"
    else:
        said = f"{count} of {rows_said(rows)}: {_said(kind, report)}"
    reason = reasons.brief(reasons.telling(kind, worst["explained_by"], run))
    also = len(found) - 1
    more = f" {also} other {'kind' if also == 1 else 'kinds'} of finding below." if also else ""
    return f"{said}{f'; {reason}' if reason else ''}.{more}"


def _anytime(report: Report) -> bool:
    return report.get("bounds") == "anytime"


def _said(kind: str, report: Report) -> str:
    """What a kind of finding says; its key is the same whatever the bounds are."""
    if kind == "bound_above_clopper_pearson" and _anytime(report):
        return "probability bound above that of its count at any number of samples"
    return KINDS.get(kind, kind)


def _overridden(report: Report) -> str:
    """Where the audit was asked to hold a log against another parameter than it states itself."""
    said = [
        f"{name} = {printable(str(one), MOST_TEXT)}"
        for name, one in (report.get("overridden") or {}).items()
    ]
    return f"The log's own record states otherwise: {', '.join(said)}. " if said else ""


def _assumed(report: Report) -> str:
    """What no log shows, and a certificate rests on."""
    norm = NORMS.get(report["parameters"]["noise"], "its")
    classes = "" if report.get("uses_p_b") else ", PB = 1 - PA"
    recovered = report["precision"]["bound"] is None and report.get("source") != "votes"
    from_radius = " PA is not in the log: it was recovered from the radius." if recovered else ""
    return (
        f"Assumed, as no log shows it: independent samples of this noise, another sample that "
        f"selected the class{classes}, radii in the {norm} norm.{from_radius}"
    )


def _places(found: Sequence[tuple[str, Mapping[str, Any]]], place: str, anytime: bool) -> str:
    """The first places of each finding of the table."""
    said = []
    for kind, one in found[:_MOST_KINDS]:
        name = words(kind).replace("clopper pearson", "its count's") if anytime else words(kind)
        said.append(f"{name}: {', '.join(map(str, one['rows'][:_MOST_PLACES]))}")
    counted = "lines, the header being 1" if place == "line" else "rows, from 0"
    left = len(found) - _MOST_KINDS
    also = f" And {more_said(left, 'kind')} of finding." if left > 0 else ""
    return f"Where ({counted}; the JSON has those beyond {_MOST_PLACES}): {'; '.join(said)}.{also}"


def _what_was_read(report: Report) -> str:
    bound = report["precision"]["bound"]
    bounds = f", probability bounds to {bound}" if bound else ""
    return (
        f"{rows_said(report['rows'])} ({report['format']}), {report['abstained']} abstained, "
        f"{report['correct']} correct; radii to {report['precision']['radius']}{bounds}."
    )


def _stated(run: Mapping[str, Any]) -> str:
    noise = str(run["noise"])
    name = noise.capitalize() if noise in ("laplace", "gaussian") else noise
    certificate = NAMES.get(run["certificate"], run["certificate"])
    return (
        f"Stated: {name} noise, radii by {certificate}, sigma = {run['sigma']}, n = {run['n']}, "
        f"alpha = {run['alpha']}."
    )


def _limits(report: Report) -> str:
    ceiling = report["ceiling"]
    if _anytime(report):
        return (
            f"The most that n samples can certify by bounds that hold at any number of samples, "
            f"as those of the log are taken to do: {number(ceiling['value'])}."
        )
    sides = [
        f"{number(ceiling[side])} with {word} bounds"
        for side, word in _SIDES.items()
        if ceiling[side] is not None
    ]
    if not sides:
        return "So few samples can certify no radius at all."
    taken = _SIDES.get(str(report["interval"]))
    kind = f"; those of the log are taken for {taken}" if taken else ""
    return f"The most that n samples can certify: {', '.join(sides)}{kind}."


def _findings(
    found: Sequence[tuple[str, Mapping[str, Any]]],
    run: Mapping[str, Any],
    place: str,
    named: Mapping[str, str],
) -> Table:
    rows: list[tuple[str, ...]] = []
    before: list[list[Mapping[str, Any]]] = []
    for kind, one in found[:_MOST_KINDS]:
        entries = reasons.telling(kind, one["explained_by"], run)
        best = reasons.chosen(entries)
        reason = "the same" if best and best in before else reasons.whole(entries)
        before.append(best)
        rows.append((named[kind], str(one["count"]), _worst(one["worst"], place), reason))
    return Table(("finding", "rows", "worst", "explained by"), rows, (False, True, False, False))


def _worst(worst: Mapping[str, Any] | None, place: str) -> str:
    """Its numbers; ``place`` is what its "row" counts."""
    shown = {name: one for name, one in (worst or {}).items() if not name.startswith(_LEFT_OUT)}
    said = ", ".join(
        f"{place if name == 'row' else words(name)} = {value_said(one)}"
        for name, one in shown.items()
    )
    return printable(said, _MOST_WORST)


def _accuracy(rows: Sequence[Mapping[str, Any]]) -> Table:
    cells = [
        (
            number(row["radius"]),
            share(row["value"]),
            f"{share(row['lower'])} to {share(row['upper'])}",
            share(row["corrected"]),
        )
        for row in rows
    ]
    header = ("radius", "certified accuracy as logged", "within its rounding", "corrected")
    return Table(header, cells, (True,) * 4)


def _correction(report: Report) -> str:
    corrected = report["corrected"]
    changed, added = corrected["rows_changed"], corrected["abstentions_added"]
    if not changed and not added:
        if not corrected["largest_reduction"]:
            return "Correction: no row changes."
        return (
            "Correction: no row changes by more than the rounding of its radius; the corrected "
            "column takes the least radius that the printed digits may stand for."
        )
    more = f", {added} of them to abstain" if added else ""
    names = ("largest_reduction", "mean_radius_before", "mean_radius_after")
    most, *means = (value_said(corrected[name]) for name in names)
    return (
        f"Correction: {rows_said(changed)} changed, each radius by at most "
        f"{most}{more}; mean radius of all rows {means[0]} before, {means[1]} after (an "
        "abstention or a negative radius as 0)."
    )


def _others(others: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The other certificates of the same noise, in one line."""
    if not others:
        return
    said = [
        f"{NAMES.get(name, words(name))} ({one['norm']}) {number(one['mean_radius'])} and "
        f"{number(one['median_radius'])}, at most {number(one['largest_radius'])}"
        for name, one in list(others.items())[:_MOST_OTHERS]
    ]
    more = f"; and {len(others) - _MOST_OTHERS} more" if len(others) > _MOST_OTHERS else ""
    yield f"Other certificates of this noise, mean and median radius: {'; '.join(said)}{more}."


def _tightness(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "Tightness: not simulated."
    left = found["left_out"]
    missing = sum(left.values()) if isinstance(left, Mapping) else int(left or 0)
    answer = {True: "yes", False: "no", None: "not settled"}
    out = f"; {rows_said(missing)} left out" if missing else ""
    power = "" if found["power"] is None else f", power {number(found['power'])}"
    return (
        f"Tightness, {found['distinct']} distinct PA at {found['num_samples']} samples each{out}: "
        f"every worst case flips beyond its radius: {answer[found['shown']]}; is kept within: "
        f"{answer[found['kept']]}; all counts agree with the exact law: "
        f"{answer[found['consistent']]} (error rate {number(found['alpha'])}{power}, seed "
        f"{found['seed']}).{_refuted(found.get('claims'))}"
    )


def _refuted(claims: Mapping[str, Any] | None) -> str:
    """How many rows claim more than their corrected PA implies, by more than a millionth."""
    if not claims:
        return ""
    columns = (claims[name] for name in ("refuted", "rows", "claimed", "implied"))
    beyond = [
        (rows, math.inf if claimed is None else claimed - most)
        for no, rows, claimed, most in zip(*columns, strict=True)
        if no and (claimed is None or claimed - most > CHANGE * most)
    ]
    if not beyond:
        return ""
    return (
        f" In {rows_said(sum(rows for rows, _ in beyond))} the worst case of the corrected PA has "
        f"flipped before the logged radius, by {number(max(far for _, far in beyond))} at most."
    )


def _origin(provenance: Mapping[str, Any]) -> Iterator[str]:
    """What made the report."""
    known = {name: one for name, one in provenance.items() if one not in (None, {}, [])}
    version, commit = known.pop("version", "?"), known.pop("commit", "unknown")
    python = known.pop("python", "?")
    yield f"l1cert {version}, commit {printable(str(commit), MOST_TEXT)}, Python {python}."
    libraries = known.get("libraries")
    if isinstance(libraries, Mapping):
        said = ", ".join(f"{name} {one}" for name, one in libraries.items())
        yield printable(said, 2 * _MOST_WORST) + "."
