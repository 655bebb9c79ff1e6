"""Tightness, run: the worst-case classifiers of Theorem 3 as a report, with its provenance."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from l1cert.provenance import provenance
from l1cert.simulation import available_backend
from simulations import tightness as drawn
from simulations.experiment import FALSE_PASS
from simulations.tightness import ALPHA, Observation, Setting, Tightness
from theory.certificates import parse_num_classes
from theory.exact import Exact, describe, to_fraction, to_positive

__all__ = ["TightnessReport", "tightness", "tightness_sweep"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TightnessReport:
    """Worst-case classifiers drawn at one setting or at many, judged together.

    Each of ``settings`` has its radius, excess, power, counts and findings; ``seconds`` is the time
    of the draws and the judgement.
    """

    settings: tuple[Tightness, ...]
    alpha: float
    seed: int
    backend: str
    seconds: float
    provenance: dict[str, Any]

    @property
    def consistent(self) -> bool | None:
        """Whether no count contradicts the exact law; None where too few samples say nothing."""
        return _all(one.consistent for one in self.settings)

    @property
    def shown(self) -> bool | None:
        """Whether every flip was shown; False if the opposite of one was, None if some was not."""
        return _all(one.flip for one in self.settings)

    @property
    def power(self) -> float:
        """The probability, at least, that all flips are shown."""
        return max(0.0, 1.0 - sum(1.0 - one.power for one in self.settings))

    @property
    def coordinates(self) -> int:
        """Coordinates that the classifiers have seen."""
        return sum(one.setting.dim * one.setting.num_samples for one in self.settings)

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can say it.

        >>> found = tightness("0.8", dim=3, num_samples=1000).as_json()
        >>> found["settings"][0]["flip"], found["settings"][0]["observations"][0]["what"]
        (True, 'P(X in A)')
        """
        return {
            "settings": [_setting(one) for one in self.settings],
            "consistent": self.consistent,
            "shown": self.shown,
            "power": self.power,
            "alpha": self.alpha,
            "false_pass": FALSE_PASS,
            "seed": self.seed,
            "generator": "Philox4x32-10",
            "backend": self.backend,
            "coordinates": self.coordinates,
            "seconds": self.seconds,
            "provenance": self.provenance,
        }


def tightness(
    p_a: Exact,
    *,
    dim: int,
    p_b: Exact | None = None,
    num_classes: int | None = None,
    scale: Exact = 1,
    excess: Exact | None = None,
    num_samples: int | None = None,
    seed: int = 1,
    alpha: float = ALPHA,
    backend: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> TightnessReport:
    """Run the classifier that attains the radius, inside, at and beyond it, on raw d-vectors.

    Two classes: A of Appendix C, P(f(X) = cA) = PA, whose P(f(Y) = cA) is the least possible and
    falls below 1/2 beyond R = -lambda log[2(1 - PA)] (Theorem 3). With p_b: cA on a lower tail and
    cB on an upper one, where cB overtakes cA beyond the exact multi-class radius. Every probability
    is drawn with all d coordinates along a randomly signed, random axis, recounted on that axis
    alone, and compared with its proved value.

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction or str
        PA, an exact number in [1/2, 1); with p_b any that has a finite radius.
    dim : int
        d, in [1, 10^8].
    p_b : the same as p_a, optional
        PB, in (0, p_a].
    num_classes : int, optional
        K >= 2, with p_b; by default as many as it takes.
    scale : int, float, Decimal, Fraction or str
        lambda, in [1e-250, 1e300]; rounded to a float.
    excess : the same as scale, optional
        r - R beyond the radius, in (0, inf), in the unit of the scale. By default the smallest
        whose flip the samples show with probability 1 - 1e-3.
    num_samples : int, optional
        In [1, 10^10]; by default 10^6, and fewer from 500 dimensions on, down to 10^4.
    seed : int
        In [0, 2^64); the counts are the same on every backend and number of threads.
    alpha : float
        Probability at most that the exact law is called false, in [1e-240, 1).
    backend : {"auto", "numba", "cuda", "numpy"}
        "auto" is a GPU where there is one, else numba.
    threads : int, optional
        Speed only.
    progress : callable, optional
        progress(coordinates drawn, all of them).

    Raises
    ------
    ValueError
        If an input is outside its domain, or so few samples can show no flip.
    MissingBackendError
        If a backend is not installed.

    Examples
    --------
    >>> found = tightness("0.9", dim=16, scale=2, num_samples=10_000)
    >>> found.consistent, found.shown, round(found.settings[0].least_excess, 6)
    (True, True, 0.176164)
    """
    classes = None if num_classes is None else parse_num_classes(num_classes)
    setting = Setting(
        _probability("p_a", p_a),
        dim,
        drawn.samples_for(max(dim, 1)) if num_samples is None else num_samples,
        _size("scale", scale),
        None if p_b is None else _probability("p_b", p_b),
        classes,
        None if excess is None else _size("excess", excess),
    )
    said = {name: None if one is None else str(one) for name, one in (("p_a", p_a), ("p_b", p_b))}
    return _run(
        [setting], said, seed=seed, alpha=alpha, backend=backend, threads=threads, watch=progress
    )


def tightness_sweep(
    *,
    scale: Exact = 1,
    num_samples: int | None = None,
    quick: bool = False,
    seed: int = 1,
    alpha: float = ALPHA,
    backend: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> TightnessReport:
    """Run PA = 0.501, 0.6, ..., 0.999, and some pairs (PA, PB), in 1 to 150528 dimensions.

    One Holm correction covers all of it, and all flips are shown together with probability
    1 - 1e-3, each at the smallest excess that allows it.

    Parameters
    ----------
    scale, num_samples, seed, alpha, backend, threads, progress
        As for `tightness`; `num_samples` in every dimension.
    quick : bool
        Fewer samples: from 10^5 down to 1000 at d = 150528.

    Raises
    ------
    ValueError, MissingBackendError
        As `tightness`.

    Examples
    --------
    >>> found = tightness_sweep(num_samples=100)
    >>> found.consistent, found.shown, len(found.settings)
    (True, True, 50)
    """
    settings = drawn.sweep(scale=_size("scale", scale), num_samples=num_samples, quick=quick)
    return _run(
        settings,
        {"sweep": "quick" if quick else "full"},
        seed=seed,
        alpha=alpha,
        backend=backend,
        threads=threads,
        watch=progress,
    )


def _run(
    settings: Sequence[Setting],
    said: dict[str, str | None],
    *,
    seed: int,
    alpha: float,
    backend: str,
    threads: int | None,
    watch: Progress | None,
) -> TightnessReport:
    chosen = available_backend() if backend == "auto" else backend
    began = perf_counter()
    found = drawn.run(
        settings, seed=seed, alpha=alpha, backend=chosen, threads=threads, progress=watch
    )
    seconds = perf_counter() - began
    origin = provenance(**said, scale=settings[0].scale, seed=seed, backend=chosen)
    return TightnessReport(tuple(found), alpha, seed, chosen, seconds, origin)


def _probability(name: str, value: Exact) -> Any:
    try:
        found = to_fraction(value)
    except ValueError:
        found = None
    if found is None or not 0 <= found <= 1:
        raise ValueError(f"{name} = {describe(value)} is outside [0, 1]")
    return found


def _size(name: str, value: Exact) -> float:
    exact = to_positive(name, value)
    try:
        found = float(exact)
    except OverflowError:
        found = math.inf
    if not 0 < found < math.inf:
        legal = f"[{math.ulp(0.0)}, {sys.float_info.max}]"
        raise ValueError(f"{name} = {describe(value)} is outside {legal}")
    return found


def _all(findings: Any) -> bool | None:
    found = list(findings)
    return False if False in found else None if None in found else True


def _setting(one: Tightness) -> dict[str, Any]:
    asked = one.setting
    return {
        "p_a": float(asked.p_a),
        "p_b": None if asked.p_b is None else float(asked.p_b),
        "num_classes": asked.num_classes,
        "dim": asked.dim,
        "scale": asked.scale,
        "num_samples": asked.num_samples,
        "axis": {"place": one.axis.place, "sign": one.axis.sign},
        "radius": one.radius,
        "excess": one.excess,
        "least_excess": None if math.isinf(one.least_excess) else one.least_excess,
        "samples_needed": one.samples_needed,
        "power": one.power,
        "flip": one.flip,
        "consistent": one.consistent,
        "same_counts_on_the_axis": one.recount,
        "observations": [_observation(seen) for seen in one.observations],
    }


def _observation(seen: Observation) -> dict[str, Any]:
    return {
        "place": seen.place,
        "r": seen.r,
        "what": seen.what,
        "count": seen.count,
        "num_samples": seen.num_samples,
        "exact": {"lower": seen.exact.lower, "upper": seen.exact.upper},
        "interval": {"lower": seen.interval[0], "upper": seen.interval[1]},
        "consistent": seen.consistent,
    }
