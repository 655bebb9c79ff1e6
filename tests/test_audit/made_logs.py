"""Honest logs as arrays, by statsmodels and SciPy: what no check of the audit may accuse."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from l1cert.audit.log import ABSTAINED, Log, Precision
from l1cert.audit.parameters import Parameters

EXACT, DECIMALS, SIGNIFICANT, SINGLE = "float64", "4 decimals", "3 significant digits", "float32"


@dataclass(frozen=True)
class Run:
    """The parameters of a run, and its radius and bounds by other code than the audit's."""

    noise: str = "gaussian"
    sigma: str = "0.5"
    n: int = 1000
    alpha: str = "0.01"
    sides: int = 1
    certificate: str | None = None

    @property
    def parameters(self):
        return Parameters.parse(
            self.noise,
            sigma=self.sigma,
            num_samples=self.n,
            alpha=self.alpha,
            certificate=self.certificate,
        )

    def bounds(self, counts):
        level = 2 * float(Fraction(self.alpha)) / self.sides
        counts = np.asarray(counts, np.int64)
        return np.asarray(proportion_confint(counts, self.n, alpha=level, method="beta")[0])

    def radius(self, p):
        sigma = float(Fraction(self.sigma))
        if self.noise == "gaussian":
            return sigma * stats.norm.ppf(p)
        if self.noise == "laplace":
            return sigma / math.sqrt(2) * stats.laplace.ppf(p)
        return sigma * math.sqrt(3) * (2 * np.asarray(p) - 1)


def units(values, said):
    """The unit of the last digit of each entry."""
    values = np.abs(np.asarray(values, np.float64))
    if said == EXACT:
        return np.zeros(len(values))
    if said == DECIMALS:
        return np.full(len(values), 1e-4)
    if said == SINGLE:
        return np.spacing(values.astype(np.float32)).astype(np.float64)
    exponents = np.floor(np.log10(np.where(values > 0, values, 1.0)))
    return 10.0 ** (exponents - 2)


def printed(values, said, *, down=False):
    """Numbers as they are printed, to nearest or rounded down."""
    values = np.asarray(values, np.float64)
    if down:
        # what SciPy may be too high by, then what the last digit may
        values = values - 2.0**-44 * np.abs(values)
        values = values - 0.5 * units(values, said)
    if said == EXACT:
        return values
    if said == SINGLE:
        return values.astype(np.float32).astype(np.float64)
    form = "{:.4f}" if said == DECIMALS else "{:.3}"
    return np.array([float(form.format(one)) for one in values])


def precision(values, said):
    values = np.asarray(values, np.float64)
    half = 0.5 * units(np.where(np.isfinite(values), values, 0.0), said) * np.isfinite(values)
    return Precision(half * (1 + 2.0**-40) + (half > 0) * 2.0**-50, said)


def made(run, counts, said=EXACT, *, bound=False, votes=False, down=False):
    """A log of the counts; `bound` prints a column of bounds too."""
    counts = np.asarray(counts, np.int64)
    p = shown = run.bounds(counts)
    if bound:
        shown = np.clip(printed(p, said, down=down), 0.0, 1.0)
    if said in (EXACT, SINGLE):
        p = shown  # what is stored is computed with; what is printed is not read again
    certified = p >= 0.5
    radius = np.where(certified, printed(run.radius(np.maximum(p, 0.5)), said, down=down), 0.0)
    radius = np.maximum(radius, 0.0)
    place = np.arange(len(counts))
    predict = np.where(certified, 3, ABSTAINED)
    log = Log(
        path="made",
        format="l1cert",
        place=place + 2,
        index=20 * place,
        label=np.where(place % 3 == 2, 4, 3),
        predict=predict,
        radius=radius,
        radius_precision=precision(radius, said),
    )
    if bound:
        log = replace(log, bound=shown, bound_precision=precision(shown, said))
    if votes:
        log = replace(log, votes=counts, num_samples=np.full(len(counts), run.n))
    return log


def changed(log, **columns):
    """The log with single entries changed: {name: {row: value}}."""
    arrays = {}
    for name, entries in columns.items():
        array = getattr(log, name).copy()
        for row, value in entries.items():
            array[row] = value
        arrays[name] = array
    return replace(log, **arrays)
