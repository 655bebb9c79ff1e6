"""The table: every command that reproduces something, and what has to come out of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from figures.table import BESIDE, CLAIMS, FIGURES
from l1cert.catalogue import SLUGS
from l1cert.demo import PASS, RUNS, SUMMARY, TRAINED
from l1cert.reproduction.expectations import (
    FIGURE_FOLDER,
    Agreement,
    Enclosed,
    Expectation,
    Plotted,
    Says,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One command, run in the folder of the reproduction.

    ``quick`` replaces the arguments where a fast run takes others. What the command prints goes to
    the file ``output``, if one is named; ``files`` are all that it writes besides. A step that
    uses every processor runs ``alone``; one that ``needs`` packages of an extra is left out where
    they are not installed, unless it is asked for by name.
    """

    name: str
    arguments: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    output: str | None = None
    files: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = None
    alone: bool = field(default=False, kw_only=True)
    needs: tuple[str, ...] = field(default=(), kw_only=True)

    def chosen(self, *, quick: bool) -> tuple[str, ...]:
        """The arguments of a quick or of a full run."""
        return self.quick if quick and self.quick is not None else self.arguments

    def command(self, *, quick: bool) -> str:
        """The command as one types it.

        >>> step("rops_origin").command(quick=True)
        'l1cert rops --x 0 --json > rops_origin.json'
        """
        redirected = f" > {self.output}" if self.output else ""
        return f"l1cert {shlex.join(self.chosen(quick=quick))}{redirected}"

    @property
    def left_out(self) -> str | None:
        """Why it cannot run here; None if it can."""
        missing = [name for name in self.needs if find_spec(name) is None]
        return f"needs {', '.join(missing)}: pip install 'l1cert[classifier]'" if missing else None

    @property
    def results(self) -> tuple[str, ...]:
        """All files that the step leaves."""
        return (*self.files, *((self.output,) if self.output else ()))


def _verify() -> Step:
    file = "verify.json"
    return Step(
        "verify",
        ("verify", "--samples", "1000000", "--out", file),
        tuple(Verdict(slug, file) for slug in SLUGS),
        "verify.txt",
        (file,),
        ("verify", "--out", file),
        alone=True,
    )


#: numbers of the figures' data that the ledger encloses: claim, boundary, curve, column, row
_NUMBERS: dict[str, tuple[tuple[str, str, str, str, int], ...]] = {
    "figure_03_mixed_cdf": (("quantile_may_not_exist", "x_star", "boundary", "a", 0),),
    "figure_06_methods": (("figure_6_always_largest", "p_star", "crossing", "p_a", 0),),
    "figure_10_rops_location": (
        ("figure_10_laplace_larger", "x_star", "crossing", "x", 0),
        ("rops_at_origin", "laplace_supremum", "laplace", "deviation", 0),
        ("rops_at_origin", "gaussian_supremum", "gaussian", "deviation", 0),
    ),
    "figure_11_rops_radius": (
        ("figure_11_laplace_larger", "r_star", "crossing", "r", 0),
        ("figure_11_laplace_larger", "r_exact", "crossing_exact", "r", 0),
    ),
    # the second of PA, in the fourth of the checked directions
    "figure_certified_set": (("directional_radius", "diagonal_radius", "proved", "plotted", 7),),
    "figure_directional_growth": (
        ("directional_radius", "diagonal_radius", "radius_0.9", "radius", 1),
    ),
    "figure_equal_variance": tuple(
        ("uniform_against_laplace", name, name, "p_a", 0) for name in ("p_UG", "p_UL", "p_GL")
    ),
    # d = 1 is the paper's own figure
    "figure_rops_dimension": (("figure_10_laplace_larger", "x_star", "slab_crossing_1", "x", 0),),
    "figure_rops_region": (
        ("figure_11_other_x", "r_0", "marks", "r", 0),
        ("figure_11_laplace_larger", "r_star", "marks", "r", 1),
        ("figure_11_other_x", "x_star", "marks", "x", -1),
    ),
}


def _figure(name: str) -> Step:
    claims = [slug for slug, figure in CLAIMS.items() if figure == name]
    plotted = [Plotted(name, *number) for number in _NUMBERS.get(name, ())]
    if name in BESIDE:
        claims.append(BESIDE[name])
    agreements = [Agreement(name, slug) for slug in claims]
    formats = ("csv", "txt", "pdf", "svg", "png")
    return Step(
        name,
        ("figure", name, "--out", FIGURE_FOLDER),
        (*plotted, *agreements),
        files=tuple(f"{FIGURE_FOLDER}/{name}.{extension}" for extension in formats),
    )


def _rops_at_origin() -> Step:
    file = "rops_origin.json"
    return Step(
        "rops_origin",
        ("rops", "--x", "0", "--json"),
        tuple(
            Enclosed("rops_at_origin", f"{noise}_supremum", file, (noise, "enclosure"))
            for noise in ("laplace", "gaussian")
        ),
        file,
    )


def _rops_drawn(name: str, *place: str) -> Step:
    """Noise drawn a little below and a little above the suprema of a place."""
    file = f"{name}.json"
    path = ("simulation", "as_expected")
    said = Says(name, "certified inside, not outside", file, path, True)
    return Step(
        name,
        ("rops", *place, "--samples", "1000000", "--json"),
        (said,),
        file,
        (),
        ("rops", *place, "--samples", "100000", "--json"),
    )


def _law(dim: int) -> Step:
    """T simulated in d dimensions, with its atoms, against its exact law."""
    file = f"simulate_t_{dim}.json"
    arguments = ("simulate", "t", "--delta-equal", str(dim), "--norm", "3", "--scale", "1")
    said = Says("likelihood_ratio_is_exp_t", "consistent", file, ("consistent",), True)
    return Step(
        f"simulate_t_{dim}",
        (*arguments, "--samples", "100000000", "--json"),
        (said,),
        file,
        (),
        (*arguments, "--samples", "1000000", "--json"),
        alone=True,
    )


def _tightness() -> Step:
    """Every flip of the sweep, with its power, and no count that contradicts the exact masses."""
    file = "tightness.json"
    arguments = ("tightness", "--sweep", "--json")
    return Step(
        "tightness",
        arguments,
        (
            Says("theorem_3", "every flip is shown", file, ("shown",), True),
            Says(
                "theorem_3_shifted_mass", "every count is consistent", file, ("consistent",), True
            ),
        ),
        file,
        (),
        (*arguments, "--quick"),
        alone=True,
    )


#: a log of `l1cert certify` with what stands beside it
_LOG = ("tsv", "tsv.journal", "json")


def _demo() -> Step:
    """Classifiers trained and certified; attacks inside their radii, and beyond them."""
    folder, file = "demo", f"demo/{SUMMARY}"
    bears_on = ("theorem_2", "table_1_cohen", "discrete_laplace_radius")
    attacked = dict(zip(RUNS, bears_on, strict=True))
    return Step(
        "demo",
        ("demo", "--out", folder, "--json"),
        tuple(
            Says(slug, f"no certificate of the {run} run is refuted", file, ("attacks", run), PASS)
            for run, slug in attacked.items()
        ),
        files=(
            file,
            *(f"{folder}/{one}.safetensors" for one in TRAINED),
            *(f"{folder}/{run}.{end}" for run in attacked for end in _LOG),
            *(f"{folder}/attack_{run}.json" for run in attacked),
            f"{folder}/undefended.json",
            f"{folder}/curves/curves.csv",
        ),
        alone=True,
        needs=("sklearn", "safetensors", "torch"),
    )


STEPS: tuple[Step, ...] = (
    _verify(),
    *(_figure(name) for name in FIGURES),
    _rops_at_origin(),
    _rops_drawn("rops_line", "--x", "0.3", "--radius", "0.4"),
    _rops_drawn("rops_slab", "--x", "0.3", "--slab", "1,1"),
    _rops_drawn("rops_ball", "--x", "0.5", "--ball", "3", "--towards", "face"),
    *(_law(dim) for dim in (1, 2, 16, 3072)),
    _tightness(),
    _demo(),
)


def step(name: str) -> Step:
    """The step of that name.

    >>> step("figure_12")
    Traceback (most recent call last):
        ...
    ValueError: step 'figure_12' is unknown; `l1cert reproduce --list` names the steps
    """
    for one in STEPS:
        if one.name == name:
            return one
    raise ValueError(f"step {name!r} is unknown; `l1cert reproduce --list` names the steps")


def select(names: Sequence[str] = ()) -> tuple[Step, ...]:
    """These steps, in the order of the table; all of them if none is named.

    >>> [one.name for one in select(["rops_origin", "verify"])]
    ['verify', 'rops_origin']
    """
    wanted = {step(name).name for name in names}
    return tuple(one for one in STEPS if not wanted or one.name in wanted)
