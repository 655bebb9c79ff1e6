"""Eq. (11) by simulation: T on the raw d-vectors beyond R, and the atom on the words within it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Trial, predicted
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.philox import purpose_tag
from simulations.sampling import count_words, discretisation_bias, first_word_reaching
from theory.claim import Statement
from theory.claims.theorem_3_region_mass import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p, r

#: (PA, scale, dimension, (r - R) / scale), r > R: every parameter moves
BEYOND = ((0.5, 0.8, 1, 0.6), (0.7, 2.5, 4, 0.2), (0.93, 0.4, 32, 1.1))
#: (PA, scale, dimension, r / R), r <= R
INSIDE = ((0.66, 1.7, 1, 0.5), (0.82, 0.3, 5, 0.25), (0.97, 4.0, 24, 0.8))
#: of the scale: far above the round-off of T, and too little to move an end of A noticeably
_ROUND_OFF = 1e-10


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """The mass of A for r > R; with S' and as printed, for r <= R."""
    trials = []
    for p_a, scale, dim, distance in BEYOND:
        radius = Laplace(scale).quantile(p_a)
        trials.append(
            _beyond(
                statement,
                p_a,
                Laplace(scale),
                radius + distance * scale,
                dim=dim,
                seed=seed,
                num_samples=affordable(num_samples, dim),
            )
        )
    for p_a, scale, dim, share in INSIDE:
        trials += _inside(
            statement,
            p_a,
            Laplace(scale),
            share * Laplace(scale).quantile(p_a),
            dim=dim,
            seed=seed,
            num_samples=affordable(num_samples, dim),
        )
    return trials


def _value(statement: Statement, name: str, p_a: float, scale: float, norm: float) -> float:
    return float(statement[name].subs({p: p_a, lam: scale, r: norm}))


def _count_above(
    noise: Laplace, norm: float, threshold: float, *, dim: int, num_samples: int, seed: int, of: str
) -> int:
    """How often T >= threshold for delta of that norm along a randomly signed, random axis."""
    purpose = f"theorem_3_region_mass/{of}"
    delta = Axis.drawn(dim=dim, seed=seed, purpose=purpose).displacement(norm, dim=dim)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        moved = np.abs(points - delta)
        moved -= np.abs(points, out=points)
        return np.asarray(moved.sum(axis=1) >= threshold - _ROUND_OFF * noise.scale).astype(
            np.int64
        )

    return count_labels(
        label, noise, num_labels=2, dim=dim, num_samples=num_samples, seed=seed, purpose=purpose
    )[1]


def _beyond(
    statement: Statement,
    p_a: float,
    noise: Laplace,
    norm: float,
    *,
    dim: int,
    seed: int,
    num_samples: int,
) -> Trial:
    high = max(_value(statement, name, p_a, noise.scale, norm) for name in ("first", "second"))
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}, r = {norm:.4g} > R"
    found = _count_above(
        noise, norm, high, dim=dim, num_samples=num_samples, seed=seed, of=f"beyond/{where}"
    )
    wanted = _value(statement, "mass", p_a, noise.scale, norm)
    bias = discretisation_bias(1, boundaries=1)
    name = f"P(X in A), {where}"
    return predicted("beyond_radius", name, found, num_samples, wanted, bias=bias)


def _inside(
    statement: Statement,
    p_a: float,
    noise: Laplace,
    norm: float,
    *,
    dim: int,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}, r = {norm:.4g} <= R"
    s_prime = _value(statement, "s_prime", p_a, noise.scale, norm)
    low = max(_value(statement, name, p_a, noise.scale, norm) for name in ("first", "second"))
    wanted = _value(statement, "mass", p_a, noise.scale, norm)
    with_part = _count_with_part(
        noise, norm, s_prime, dim=dim, num_samples=num_samples, seed=seed, of=where
    )
    printed = _count_above(
        noise, norm, low, dim=dim, num_samples=num_samples, seed=seed, of=f"printed/{where}"
    )
    n, bias = num_samples, discretisation_bias(1, boundaries=2)
    return [
        predicted("with_s_prime", f"P(T > -r or S'), {where}", with_part, n, wanted, bias=bias),
        predicted("as_printed", f"P(T >= -r), {where}", printed, n, 1.0, finding=False),
    ]


def _count_with_part(
    noise: Laplace, norm: float, mass: float, *, dim: int, num_samples: int, seed: int, of: str
) -> int:
    """How often T > -r, or x is in the far end of the atom {T = -r} that has the given mass.

    On the words {x_1 >= r} is exact, so that the atom is not lost to round-off.
    """
    axis = Axis.drawn(dim=dim, seed=seed, purpose=f"theorem_3_region_mass/{of}")
    past = first_word_reaching(noise, norm)
    part = max(past, first_word_reaching(noise, -noise.quantile(min(max(mass, 1e-300), 1 - 1e-16))))

    def event(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
        word = words[:, axis.place].astype(np.int64)
        if axis.sign < 0:  # the mirror image
            word = 2**32 - 1 - word
        return np.asarray((word < past) | (word >= part))

    tag = purpose_tag(f"theorem_3_region_mass/S'/{of}")
    return int(count_words(event, seed=seed, tag=tag, num_samples=num_samples, dim=dim))
