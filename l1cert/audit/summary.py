"""An audit on one page, for a review: Markdown, LaTeX, or text for a terminal, from its JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from figures.audits import NAMES
from l1cert.audit import latex as _latex
from l1cert.audit import tables
from l1cert.audit.findings import KINDS
from l1cert.audit.parameters import CERTIFICATES, Noise
from l1cert.audit.tables import Block, Code, Command, Heading, Paragraph, Table, printable

Report: TypeAlias = Mapping[str, Any]

#: kinds of finding, the gravest first: a certificate that cannot be true, then a row that is wrong
_GRAVITY = (
    "above_ceiling",
    "bound_above_clopper_pearson",
    "other_bound_below_clopper_pearson",
    "above_own_bound",
    "missed_abstention",
    "wrong_sample_count",
    "off_lattice",
    "negative_radius",
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
_MOST_TEXT = 60
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
    blocks: list[Block] = [Heading(["Audit of ", Code(_cut(report["path"]))])]
    blocks.append(Paragraph([_verdict(report, found)]))
    blocks.append(Paragraph([_what_was_read(report), " ", _stated(run), " ", _limits(report)]))
    if found:
        blocks.append(_findings(found, "row" if report["format"] == "rs4a" else "line"))
    if len(found) > _MOST_KINDS:
        blocks.append(Paragraph([f"And {_more(len(found) - _MOST_KINDS, 'kind')} of finding."]))
    accuracy = report["certified_accuracy"]
    if accuracy:
        blocks.append(_accuracy(accuracy[:_MOST_RADII]))
    if len(accuracy) > _MOST_RADII:
        blocks.append(Paragraph([f"And {_more(len(accuracy) - _MOST_RADII, 'row')}."]))
    blocks.append(Paragraph([_correction(report["corrected"])]))
    blocks += [Paragraph([said]) for said in _others(report["other_certificates"])]
    blocks.append(Paragraph([_tightness(report["tightness"])]))
    blocks += [Paragraph(["To compute it again:"]), Command(_command(report))]
    return [*blocks, Paragraph([" ".join(_origin(report["provenance"]))])]


def _found(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """The kinds that have a row, the gravest first, and after them what is rounding alone."""
    order = {kind: place for place, kind in enumerate(_GRAVITY)}
    found = [(kind, one) for kind, one in report["violations"].items() if one["count"]]
    return sorted(
        found, key=lambda one: (_by_rounding(one[1]), order.get(one[0], len(order)), one[0])
    )


def _by_rounding(finding: Mapping[str, Any]) -> bool:
    """Whether the last digits of floats explain all of it."""
    first = (finding["explained_by"] or [{}])[0]
    every = first.get("rows_explained") == first.get("rows", finding["count"])
    return every and "rounding" in str(first.get("what"))


def _verdict(report: Report, found: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    rows, run = report["rows"], report["parameters"]
    held = f"n = {run['n']} samples at alpha = {run['alpha']}"
    if not rows and not found:
        return "No finding: the log has no rows."
    if not found:
        bound = ", its own probability bound" if report["precision"]["bound"] else ""
        return (
            f"No finding: nothing in {_rows(rows)} contradicts {held}. Checked: every line can be "
            f"read, each radius against the ceiling of n and alpha{bound}, abstentions, correct "
            f"against label and predict, the order of the indices."
        )
    kind, worst = found[0]
    count = worst["count"]
    if kind == "above_ceiling":
        are = "is" if count == 1 else "are"
        said = (
            f"{count} of {rows} radii {are} above what n = {run['n']} samples can certify at "
            f"alpha = {run['alpha']} ({_number(report['ceiling']['value'])})"
        )
    elif kind == "malformed_line":
        said = f"{count} {'line' if count == 1 else 'lines'} beside the {rows} rows: {KINDS[kind]}"
    else:
        said = f"{count} of {_rows(rows)}: {KINDS.get(kind, kind)}"
    reason = _reason(worst["explained_by"][0], brief=True) if worst["explained_by"] else ""
    also = len(found) - 1
    more = f" {also} other {'kind' if also == 1 else 'kinds'} of finding below." if also else ""
    return f"{said}{f'; {reason}' if reason else ''}.{more}"


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _more(count: int, noun: str) -> str:
    return f"{count} more {noun}{'' if count == 1 else 's'}"


def _what_was_read(report: Report) -> str:
    bound = report["precision"]["bound"]
    bounds = f", probability bounds to {bound}" if bound else ""
    return (
        f"{_rows(report['rows'])} ({report['format']}), {report['abstained']} abstained, "
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
    sides = [
        f"{_number(ceiling[side])} with {word} bounds"
        for side, word in _SIDES.items()
        if ceiling[side] is not None
    ]
    if not sides:
        return "So few samples can certify no radius at all."
    taken = _SIDES.get(str(report["interval"]))
    kind = f"; those of the log are {taken}" if taken else ""
    return f"The most that n samples can certify: {', '.join(sides)}{kind}."


def _findings(found: Sequence[tuple[str, Mapping[str, Any]]], place: str) -> Table:
    rows: list[tuple[str, ...]] = []
    for kind, one in found[:_MOST_KINDS]:
        reason = _explanation(one)
        if reason and any(reason == row[-1] for row in rows):
            reason = "the same"
        rows.append((KINDS.get(kind, kind), str(one["count"]), _worst(one["worst"], place), reason))
    return Table(("finding", "rows", "worst", "explained by"), rows, (False, True, False, False))


def _worst(worst: Mapping[str, Any] | None, place: str) -> str:
    """Its numbers; ``place`` is what its "row" counts."""
    shown = {name: one for name, one in (worst or {}).items() if not name.startswith(_LEFT_OUT)}
    said = ", ".join(
        f"{place if name == 'row' else _words(name)} = {_value(one)}" for name, one in shown.items()
    )
    return printable(said, _MOST_WORST)


def _explanation(finding: Mapping[str, Any]) -> str:
    """The best of the explanations, the best by another parameter, and how many more there are."""
    entries = finding["explained_by"] or []
    if not entries:
        return ""
    best = entries[0]
    said = [best, *[one for one in entries if one["what"] != best["what"]][:1]]
    left = len(entries) - len(said)
    more = f" ({_more(left, 'explanation')})" if left else ""
    return "; or ".join(_reason(one, brief=False) for one in said) + more


def _reason(entry: Mapping[str, Any], *, brief: bool) -> str:
    """What would make the rows right, and how many of them; not brief: also all that is left."""
    left = {name: one for name, one in entry.items() if one is not None}
    what = str(left.pop("what", "another parameter"))
    rows, explained = left.pop("rows", None), left.pop("rows_explained", None)
    shown, certified = what, ""
    if what in ("n", "alpha") and what in left:
        shown, certified = f"{what} = {_value(left[what])}", "certified "
        left = {name: one for name, one in left.items() if name not in ("n", "alpha")}
    interval = left.pop("interval", None)
    if interval is not None and not brief:
        shown += f" (any in {_value(interval)})"
    if "one_sided" in left:
        sides = "one_sided" if left.pop("one_sided") else "two_sided"
        shown += "" if brief else f" with {_SIDES[sides]} bounds"
    if explained is not None:
        count = f"{explained} of {rows}"
        if rows is None or explained == rows:
            count = f"all {explained}" if rows else str(explained)
        shown += f" would explain {count} {certified}rows"
    if left and not brief:
        shown += "; " + ", ".join(f"{_words(name)} = {_value(one)}" for name, one in left.items())
    return printable(shown, 2 * _MOST_WORST)


def _accuracy(rows: Sequence[Mapping[str, Any]]) -> Table:
    cells = [
        (
            _number(row["radius"]),
            _share(row["value"]),
            f"{_share(row['lower'])} to {_share(row['upper'])}",
            _share(row["corrected"]),
        )
        for row in rows
    ]
    header = ("radius", "certified accuracy as logged", "within its rounding", "corrected")
    return Table(header, cells, (True,) * 4)


def _correction(corrected: Mapping[str, Any]) -> str:
    changed, added = corrected["rows_changed"], corrected["abstentions_added"]
    if not changed and not added:
        return "Correction: no row changes."
    more = f", {added} of them to abstain" if added else ""
    means = [_number(corrected[f"mean_radius_{when}"]) for when in ("before", "after")]
    return (
        f"Correction: {_rows(changed)} changed, each radius by at most "
        f"{_number(corrected['largest_reduction'])}{more}; mean radius {means[0]} before, "
        f"{means[1]} after."
    )


def _others(others: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The other certificates of the same noise, in one line."""
    if not others:
        return
    said = [
        f"{NAMES.get(name, _words(name))} ({one['norm']}) {_number(one['mean_radius'])} and "
        f"{_number(one['median_radius'])}, at most {_number(one['largest_radius'])}"
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
    out = f"; {_rows(missing)} left out" if missing else ""
    power = "" if found["power"] is None else f", power {_number(found['power'])}"
    return (
        f"Tightness, {found['distinct']} distinct PA at {found['num_samples']} samples each{out}: "
        f"every worst case flips beyond its radius: {answer[found['shown']]}; is kept within: "
        f"{answer[found['kept']]}; all counts agree with the exact law: "
        f"{answer[found['consistent']]} (error rate {_number(found['alpha'])}{power}, seed "
        f"{found['seed']})."
    )


def _command(report: Report) -> str:
    run = report["parameters"]
    options = ["--format", report["format"], "--noise", run["noise"], "--sigma", run["sigma"]]
    options += ["--n", run["n"], "--alpha", run["alpha"]]
    legal = CERTIFICATES.get(_noise(run["noise"]), ())
    if run["certificate"] != next(iter(legal), None):
        options += ["--certificate", run["certificate"]]
    if report["certified_accuracy"]:
        radii = [_exact(row["radius"]) for row in report["certified_accuracy"]]
        options += ["--radii", ",".join(radii)]
    if report["tightness"] is None:
        options += ["--samples", 0]
    else:
        tightness = report["tightness"]
        options += ["--samples", tightness["num_samples"], "--seed", tightness["seed"]]
    path = str(report["path"])
    if path.startswith("-"):
        options.append("--")
    return " ".join(["l1cert audit", *map(_word, options), _word(path)])


def _noise(name: Any) -> Noise:
    found: Noise = name
    return found


def _word(value: Any) -> str:
    """One word of a shell; what cannot be printed as bytes that bash reads in $'...'."""
    text = str(value)
    if text.isprintable():
        return shlex.quote(text)
    plain = (
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}"
        for byte in text.encode(errors="surrogateescape")
    )
    return f"$'{''.join(plain)}'"


def _origin(provenance: Mapping[str, Any]) -> Iterator[str]:
    """What made the report."""
    known = {name: one for name, one in provenance.items() if one not in (None, {}, [])}
    version, commit = known.pop("version", "?"), known.pop("commit", "unknown")
    python = known.pop("python", "?")
    yield f"l1cert {version}, commit {printable(str(commit), _MOST_TEXT)}, Python {python}."
    libraries = known.get("libraries")
    if isinstance(libraries, Mapping):
        said = ", ".join(f"{name} {one}" for name, one in libraries.items())
        yield printable(said, 2 * _MOST_WORST) + "."


def _cut(path: Any) -> str:
    """The end of a path, which says most."""
    plain = printable(str(path))
    return plain if len(plain) <= _MOST_TEXT else "..." + plain[3 - _MOST_TEXT :]


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_value(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _number(value) if isinstance(value, float) else printable(str(value), _MOST_TEXT)


def _number(value: Any) -> str:
    """Six digits; what is no number as it is, and null as a dash."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _share(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else _number(value)


def _exact(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
