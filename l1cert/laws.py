"""The law of T as a report: every number with its two-sided bound, its method and its grade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from l1cert.provenance import provenance
from theory.bounds import Bounds
from theory.exact import Exact, describe, to_fraction
from theory.likelihood_ratio import LikelihoodRatio
from theory.parameters import to_exact_vector

#: A number of atoms up to here is printed in full.
_PRINTED_COUNT = 10**15


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a function of the law, with where it was taken, as text and as a float."""

    text: str
    at: float
    bounds: Bounds
    atom: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """{"at", "value", "lower", "upper", "method", "grade"}; "atom" too for a quantile."""
        found = {"at": self.at, **_json(self.bounds)}
        return found if self.atom is None else {**found, "atom": self.atom}


@dataclass(frozen=True, slots=True)
class LawReport:
    """What was asked of the law of T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise."""

    law: LikelihoodRatio
    cdf: list[Entry] = field(default_factory=list)
    hockey_stick: list[Entry] = field(default_factory=list)
    quantile: list[Entry] = field(default_factory=list)
    trade_off: list[Entry] = field(default_factory=list)

    def atoms_json(self, listed: int) -> dict[str, Any]:
        """How many atoms there are, what they weigh together, and the heaviest."""
        least, most = self.law.atom_count()
        total = Bounds.of_ball(self.law.atom_mass(), "closed form", least=0.0, most=1.0)
        heavy = self.law.heaviest_atoms(listed)
        scale = self.law.scale
        return {
            "count": least if least == most and most <= _PRINTED_COUNT else None,
            "log2_count": [least.bit_length() - 1, (most - 1).bit_length()],
            "total_mass": _json(total),
            "heaviest": None
            if heavy is None
            else [{"at": as_float(one.place * scale), **_json(one.mass)} for one in heavy],
            "heaviest_mass_bound": self.law.heaviest_atom_bound(),
        }

    def as_json(self, listed: int = 1000) -> dict[str, Any]:
        """Everything, as JSON can say it; at most ``listed`` atoms."""
        return {
            "cdf": [entry.as_json() for entry in self.cdf],
            "hockey_stick": [entry.as_json() for entry in self.hockey_stick],
            "quantile": [entry.as_json() for entry in self.quantile],
            "trade_off": [entry.as_json() for entry in self.trade_off],
            "atoms": self.atoms_json(listed),
            "mean": _json(self.law.mean()),
            "variance": _json(self.law.variance()),
            "norm": as_float(self.law.norm),
            "scale": as_float(self.law.scale),
            "dim": len(self.law.delta),
            "nonzero": len(self.law.magnitudes),
            "provenance": provenance(),
        }


def law_report(
    delta: Iterable[Exact],
    *,
    scale: Exact,
    cdf: Iterable[Exact] = (),
    hockey_stick: Iterable[Exact] = (),
    quantile: Iterable[Exact] = (),
    trade_off: Iterable[Exact] = (),
) -> LawReport:
    """The law of T(x) = ||x - delta||_1 - ||x||_1 at the places asked for (section 3).

    Parameters
    ----------
    delta : iterable of int, float, Decimal, Fraction or str
        The perturbation, in any dimension; taken exactly.
    scale : int, float, Decimal, Fraction or str
        The Laplace scale lambda, in (0, inf), in the unit of delta.
    cdf : iterable of the same
        Thresholds t of P(T <= t), in the unit of delta.
    hockey_stick : iterable of the same
        Orders eps of E[(1 - e^(eps - T/lambda))_+].
    quantile, trade_off : iterable of the same
        Levels in (0, 1).

    Returns
    -------
    LawReport
        Bounds are rounded outward.

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> found = law_report(["0.7", "0.3"], scale=1, cdf=["0.4"], quantile=["0.5"])
    >>> found.cdf[0].bounds.value
    0.6111750320624172
    """
    law = LikelihoodRatio.of(delta, scale=scale)
    cdf, hockey_stick, quantile, trade_off = (
        _places(name, places)
        for name, places in (
            ("cdf", cdf),
            ("hockey_stick", hockey_stick),
            ("quantile", quantile),
            ("trade_off", trade_off),
        )
    )
    quantiles = []
    for p in quantile:
        found = law.quantile_set(p)
        quantiles.append(Entry(str(p), as_float(p), found.bounds(law.scale), found.atom))
    return LawReport(
        law,
        [Entry(str(t), as_float(t), law.cdf_bounds(t)) for t in cdf],
        [Entry(str(eps), as_float(eps), law.hockey_stick(eps)) for eps in hockey_stick],
        quantiles,
        [Entry(str(alpha), as_float(alpha), law.trade_off(alpha)) for alpha in trade_off],
    )


def _places(name: str, places: Iterable[Exact]) -> list[Exact]:
    """The places as they were written, once each is a number."""
    single = isinstance(places, str | bytes) or getattr(places, "ndim", 1) == 0
    listed = [] if single or not isinstance(places, Iterable) else list(places)
    to_exact_vector(name, listed or places)
    return listed


def _json(bounds: Bounds) -> dict[str, Any]:
    return {
        "value": bounds.value,
        "lower": bounds.lower,
        "upper": bounds.upper,
        "method": bounds.method,
        "grade": str(bounds.grade),
    }


def as_float(value: Exact) -> float:
    """The nearest float; ValueError for what is larger than any."""
    exact = to_fraction(value)
    try:
        return float(exact)
    except OverflowError:
        raise ValueError(f"{describe(value)} is outside the range of floats") from None
