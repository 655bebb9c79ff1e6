"""The shell command that makes an audit again, from its JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from l1cert.audit.parameters import CERTIFICATES, Noise


def command(report: Mapping[str, Any]) -> str:
    """One line for bash that says every parameter, those of a log's own record too.

    Examples
    --------
    >>> run = {"noise": "uniform", "sigma": "0.5", "n": 9, "alpha": "0.1", "certificate": "uniform"}
    >>> report = {"path": "a b.tsv", "format": "cohen", "parameters": run, "tightness": None}
    >>> words = command(report | {"certified_accuracy": []}).split(" --")
    >>> words[:3], words[-1]
    (['l1cert audit', 'format cohen', 'noise uniform'], "samples 0 'a b.tsv'")
    """
    run = report["parameters"]
    options = ["--format", report["format"], "--noise", run["noise"], "--sigma", run["sigma"]]
    options += ["--n", run["n"], "--alpha", run["alpha"]]
    legal = CERTIFICATES.get(_noise(run["noise"]), ())
    # the record beside a log of ours may state another than the default
    if report["format"] == "l1cert" or run["certificate"] != next(iter(legal), None):
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


def _exact(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
