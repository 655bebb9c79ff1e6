"""The law of T: its exact c.d.f. with the atoms, against simulated T, from 1 to 3072 dimensions."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData
from figures.findings import judged
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_integer, to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulations.likelihood_ratio import SamplingPlan

NAME = "figure_law_of_t"

#: dimensions of the panels; their moves have the same l1 norm
DIMS = (1, 2, 16, 3072)

_EXACT: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "linewidth": 1.2}
_DRAWN: dict[str, Any] = {
    "color": style.VERMILLION,
    "linestyle": (0, (1.5, 1.5)),
    "linewidth": 1.2,
}
_AWAY: dict[str, Any] = {"color": style.VERMILLION, "linestyle": "-", "linewidth": 0.7}
_BAND: dict[str, Any] = {"facecolor": "0.88", "edgecolor": "none", "linewidth": 0}

_HEIGHTS = {"law": r"$P(T \leq t)$", "away": "difference"}

#: what is shown, in standard deviations from the mean of T and at most all of [-r, r]
_REACH = 4.5
#: about so many places in each panel, atoms among them
_PLACES = 128

# Two floats this close are no evidence against an exact value.
_TIE = 1e-9


def compute(
    norm: float = 3.0,
    num_samples: int = 1_000_000,
    seed: int = 1,
    false_alarm: float = 0.001,
) -> FigureData:
    r"""Return the c.d.f. of T/lambda, exact and simulated, at the same places, in four dimensions.

    .. math:: T = \sum_i |X_i - a| - |X_i|,\quad a = r/d, \qquad
              P\Big(T = r - \frac{2 j r}{d}\Big) = \binom{d}{j}\, 2^{-d} e^{-j r / (d\lambda)}

    delta has d equal coordinates. Places are the atoms that are shown and, where these are few,
    points between them; exact values are enclosed (`theory.ratio_laws`), simulated ones are counts
    of integers (`simulations.likelihood_ratio`), which tell an atom exactly.

    Parameters
    ----------
    norm : float
        r/lambda, in [0.01, 50].
    num_samples : int
        For each dimension, in {100, ..., 10^9}.
    seed : int
        Of the samples, in [0, 2^64).
    false_alarm : float
        With at most this probability some simulated c.d.f. leaves its band, in (0, 1): by the
        inequality of Dvoretzky, Kiefer, Wolfowitz and Massart for a quarter of it in each panel.

    Returns
    -------
    FigureData
        For each dimension "law_D" (t; below: P(T < t); upto: P(T <= t); drawn_below, drawn_upto:
        the shares of the samples; atom: the mass at t by its closed form, 0 at other places),
        "band_D" (t: the ends of the panel; half_width: with what the samples' lattice may add),
        and "steps_D" (t, exact, drawn, away: what is drawn, with away in half widths).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_samples=1000)
    >>> law = data["law_1"]
    >>> law["t"][[0, -1]].tolist(), float(law["upto"][-1] - law["below"][-1])
    ([-3.0, 3.0], 0.5)
    """
    _check_domain(norm, num_samples, seed, false_alarm)
    massart = math.sqrt(math.log(2 * len(DIMS) / false_alarm) / (2 * num_samples))
    curves: dict[str, Curve] = {}
    for dim in DIMS:
        law, allowance = _law(dim, norm, num_samples, seed)
        half_width = massart + allowance
        shown = law["t"][[0, -1]]
        ends = shown + 0.04 * (shown[1] - shown[0]) * np.array([-1, 1])
        band = {"t": ends, "half_width": np.full(2, half_width)}
        curves[f"law_{dim}"], curves[f"band_{dim}"] = law, band
        curves[f"steps_{dim}"] = _steps(law, band, norm)
    counted = {"num_samples": num_samples, "seed": seed}
    return FigureData(NAME, curves, {"norm": norm, **counted, "false_alarm": false_alarm})


def _check_domain(norm: float, num_samples: int, seed: int, false_alarm: float) -> None:
    to_real("norm", norm, "[0.01, 50]", lambda norm: 0.01 <= norm <= 50)
    legal = "100, ..., 10^9"
    to_integer("num_samples", num_samples, 100, 10**9, legal)
    to_integer("seed", seed, 0, 2**64 - 1, "0, ..., 2^64 - 1")
    to_real("false_alarm", false_alarm, "(0, 1)", lambda false_alarm: 0 < false_alarm < 1)


def _law(dim: int, norm: float, num_samples: int, seed: int) -> tuple[Curve, float]:
    """Both laws at the same places, and how far the lattice may move the simulated one."""
    from simulations.execution import execute
    from simulations.likelihood_ratio import SamplingPlan, lattice_error
    from simulations.observables import Histogram
    from simulations.run import Run

    size = Fraction(norm) / dim
    plan = SamplingPlan.of([size] * dim, scale=1)
    places = _places(plan)
    # {W >= w} is {T <= t} and {W >= w + 1} is {T < t}, where t is the place of W = w
    histogram = Histogram(tuple(sorted({w + more for w in places for more in (0, 1)})))
    run = Run.of(plan, seed=seed, num_samples=num_samples, histogram=histogram)
    counts = execute(run).tally.histogram_counts.astype(np.int64)
    reached = dict(zip(histogram.edges, (num_samples - np.cumsum(counts)[:-1]), strict=True))
    at = [plan.ratio_at(w) for w in places]
    below, upto = _exact(plan, at)
    law = {
        "t": np.array([float(t) for t in at]),
        "below": below,
        "upto": upto,
        "drawn_below": np.array([reached[w + 1] for w in places]) / num_samples,
        "drawn_upto": np.array([reached[w] for w in places]) / num_samples,
        "atom": np.array([_atom(plan, w) for w in places]),
    }
    error = lattice_error(plan)
    allowance = error.probability
    if error.shift:
        # an atom is drawn where it is: what the shift may carry over a place lies beside it
        above, beneath = ([t + side * error.shift for t in at] for side in (1, -1))
        allowance += float(np.max(_exact(plan, above)[1] - upto))
        allowance += float(np.max(below - _exact(plan, beneath)[0]))
    return law, allowance


def _places(plan: SamplingPlan) -> list[int]:
    """Values of W, descending as T rises: the atoms j a that are shown, and points between."""
    from theory.likelihood_ratio import LikelihoodRatio

    (cells,), dim = plan.lengths.tolist(), plan.dim
    law = LikelihoodRatio.of([plan.magnitudes[0]] * dim, scale=1)
    mean, reach = law.mean().value, _REACH * math.sqrt(law.variance().value)
    per_cell = float(plan.magnitudes[0])
    # T = (d - 2 j) a at the j-th atom
    first = max(0, math.floor((dim - (mean + reach) / per_cell) / 2))
    last = min(dim, math.ceil((dim - (mean - reach) / per_cell) / 2))
    between = 1 << max(0, math.ceil(math.log2(_PLACES / (last - first))))
    step = cells // between
    return [*range(last * cells, first * cells - 1, -step)]


def _exact(plan: SamplingPlan, at: list[Fraction]) -> tuple[Column, Column]:
    """P(T < t) and P(T <= t), the floats next to balls of 64 bits."""
    from theory.ratio_laws import BallLaw, law_of_v

    (size,), dim = plan.magnitudes, plan.dim
    law = law_of_v({size: dim})
    if law is None:
        raise ArithmeticError(f"the law of {dim} equal coordinates is not summed in balls")
    balls = BallLaw(law, plan.norm)
    pairs = [balls.jump(t, 64) for t in at]
    below, upto = (np.array([float(pair[side]) for pair in pairs]) for side in (0, 1))
    return below, upto


def _atom(plan: SamplingPlan, w: int) -> float:
    """P(W = j a) = binom(d, j) 2^-d e^(-j a), 0 at a place between."""
    (cells,), (size,), dim = plan.lengths.tolist(), plan.magnitudes, plan.dim
    number, rest = divmod(w, cells)
    if rest:
        return 0.0
    share = Fraction(math.comb(dim, number), 2**dim)
    return float(share) * math.exp(-number * float(size))


def _steps(law: Curve, band: Curve, norm: float) -> dict[str, Column]:
    """Each place twice, before and after its jump, so that atoms are drawn upright."""
    # beyond -r and r both c.d.f. are 0 and 1
    beyond = band["t"][np.abs(law["t"][[0, -1]]) == norm]
    exact, drawn = (
        np.column_stack([law[f"{kind}below"], law[f"{kind}upto"]]).ravel()
        for kind in ("", "drawn_")
    )
    t = np.concatenate([np.repeat(law["t"], 2), beyond])
    exact, drawn = (np.concatenate([one, beyond > 0]) for one in (exact, drawn))
    order = np.argsort(t, kind="stable")
    return {
        "t": t[order],
        "exact": exact[order],
        "drawn": drawn[order],
        "away": (drawn - exact)[order] / band["half_width"][0],
    }


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw both c.d.f. of each dimension, and below them their difference in its band."""
    wide = [[f"law_{dim}" for dim in DIMS], [f"away_{dim}" for dim in DIMS]]
    narrow = [
        [f"{kind}_{dim}" for dim in pair]
        for pair in (DIMS[:2], DIMS[2:])
        for kind in ("law", "away")
    ]
    with style.blank(settings) as figure:
        panels = arrange(
            figure, wide=wide, narrow=narrow, growth=1.7, height_ratios=[1.6, 1, 1.6, 1]
        )
        for dim in DIMS:
            _draw_law(panels[f"law_{dim}"], data, dim)
            _draw_away(panels[f"away_{dim}"], data, dim)
        for name, panel in panels.items():
            where = panel.get_subplotspec()
            if where is not None and where.is_first_col():
                panel.set_ylabel(_HEIGHTS[name.partition("_")[0]])
        handles, labels = panels["law_1"].get_legend_handles_labels()
        bands, names = panels["away_1"].get_legend_handles_labels()
        figure.legend([*handles, *bands], [*labels, *names], loc="outside upper center", ncols=3)
    return figure


def _draw_law(axes: Axes, data: FigureData, dim: int) -> None:
    steps = data[f"steps_{dim}"]
    axes.plot(steps["t"], steps["exact"], label="exact", **_EXACT)
    axes.plot(steps["t"], steps["drawn"], label="simulated", **_DRAWN)
    axes.set(title=f"$d = {dim}$", xlim=data[f"band_{dim}"]["t"], ylim=(-0.04, 1.04))
    axes.tick_params(labelbottom=False)
    axes.set_yticks([0, 0.5, 1])
    axes.locator_params(axis="x", nbins=4, steps=[1, 2, 4, 10])


def _draw_away(axes: Axes, data: FigureData, dim: int) -> None:
    steps = data[f"steps_{dim}"]
    axes.axhspan(-1, 1, label="band", **_BAND)
    axes.axhline(0, color=style.BLACK, linewidth=0.5)
    axes.plot(steps["t"], steps["away"], **_AWAY)
    axes.set(xlim=data[f"band_{dim}"]["t"], ylim=(-1.25, 1.25), xlabel=r"$t / \lambda$")
    axes.locator_params(axis="x", nbins=4, steps=[1, 2, 4, 10])
    # small numbers as multiples of a power of ten: long labels meet
    axes.ticklabel_format(axis="x", scilimits=(-2, 3))


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    given = data.parameters
    said = []
    for dim in DIMS:
        steps, law = data[f"steps_{dim}"], data[f"law_{dim}"]
        said.append(
            f"d = {dim}: atoms of {law['atom'].sum():.4g} together are shown, the largest of "
            f"{law['atom'].max():.3g}; difference at most {np.abs(steps['away']).max():.2f}"
        )
    band = data[f"band_{DIMS[0]}"]["half_width"][0]
    return (
        f"C.d.f. of T/lambda, T = ||X - delta||_1 - ||X||_1, X Laplace noise of scale lambda, "
        f"delta of d equal coordinates and of the norm {given['norm']:g} lambda: exact, with its "
        f"atoms, and of {given['num_samples']} samples (seed {given['seed']}). Below: simulated "
        f"minus exact, in half widths of the band (about {band:.2g}); with probability at most "
        f"{given['false_alarm']:g} any of the four leaves its band. {'; '.join(said)}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted c.d.f. with the atoms' closed form, claim ``t_is_mixed``.

    At an atom the exact c.d.f. has to jump by its mass, to 1e-9, and by nothing elsewhere; on both
    sides of the jump the simulated one has to be within its band. Between neighbouring places the
    exact one has to rise. Steps that are not those of the c.d.f. beside them say nothing.
    """
    norm, trusted = float(str(data.parameters["norm"])), True
    found: dict[str, list[tuple[Column, Column]]] = {}
    for dim in DIMS:
        law, band, steps = (data[f"{name}_{dim}"] for name in ("law", "band", "steps"))
        fitting = _steps(law, band, norm).items()
        trusted = trusted and all(np.array_equal(steps[name], one) for name, one in fitting)
        jump = np.abs(law["upto"] - law["below"] - law["atom"]) - _TIE
        sides = [np.abs(law[f"drawn_{name}"] - law[name]) for name in ("below", "upto")]
        fault = np.maximum(jump, np.max(sides, axis=0) - band["half_width"][0])
        top = law["t"] == norm
        rise = law["below"][1:] - law["upto"][:-1]
        for part, at, wrong in (
            ("atom_at_r", law["t"][top], fault[top]),
            ("atoms", law["t"], fault),
            ("continuous_part", law["t"][1:], np.where(rise > 0, 0.0, 1 - rise)),
        ):
            found.setdefault(part, []).append((at, wrong))
    return [_verdict(data, part, pairs, trusted=trusted) for part, pairs in found.items()]


def _verdict(
    data: FigureData, part: str, pairs: list[tuple[Column, Column]], *, trusted: bool
) -> Evidence:
    dims = np.repeat(DIMS, [len(at) for at, _ in pairs])
    at, fault = (np.concatenate(column) for column in zip(*pairs, strict=True))
    given = data.parameters
    return judged(
        part,
        at,
        fault,
        scope=f"{len(at)} plotted places, d in {DIMS}, ||delta||_1 = {given['norm']:g} lambda; "
        f"{given['num_samples']} samples for each d, seed {given['seed']}; "
        f"all within the band but with probability {given['false_alarm']:g}",
        agreed="the exact c.d.f. is as stated, and the simulated one within its band",
        witness=lambda k: {"d": str(dims[k]), "t/lambda": repr(float(at[k]))},
        trusted=trusted,
    )
