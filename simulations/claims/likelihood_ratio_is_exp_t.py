"""The density ratio by simulation: Y from X by rejection, no density in sight.

A draw x of X is kept with probability e^(-r/lambda) mu_Y(x)/mu_X(x) <= 1, so that it is kept and in
A with probability e^(-r/lambda) P(Y in A). The coin is one more Laplace coordinate s, since
P(|s| >= u) = e^(-u/lambda).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Trial, predicted
from simulations.half_spaces import affordable, count_labels
from simulations.paired import Floats, sign_test
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.likelihood_ratio_is_exp_t import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, x

#: (delta / scale, scale, edge of the box / scale): every parameter moves
SETTINGS = (
    ((0.6,), 0.5, 0.2),
    ((0.5, -0.7), 2.0, -0.3),
    ((0.0, 0.4, -0.3, 0.0, 0.2, 0.0, -0.5), 1.3, 0.8),
    ((*(0.0,) * 12, 0.9, -0.1, 0.0, 0.2), 0.2, 0.4),
)

#: a section along a coordinate: the half-line of the event, and where the coin lets T through
_BOUNDARIES = 4

_shift, _total = sp.symbols("v T", real=True)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Kept draws in a box against P(Y in A), and in a half-space against Y itself."""
    return [
        trial
        for shares, scale, edge in SETTINGS
        for trial in _trials(
            statement,
            np.array(shares) * scale,
            Laplace(scale),
            edge * scale,
            seed=seed,
            num_samples=affordable(num_samples, len(shares) + 1),
        )
    ]


def _trials(
    statement: Statement,
    delta: Floats,
    noise: Laplace,
    edge: float,
    *,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    norm, dim = float(np.abs(delta).sum()), len(delta)
    needed = _coin_needed(statement, delta, noise.scale)
    box = np.where(delta != 0.0, edge, np.inf)
    oblique = np.linspace(1.0, 2.0, dim)

    def label(points: Floats) -> NDArray[np.int64]:
        at, coin = points[:, :-1], np.abs(points[:, -1])
        kept = coin >= norm + needed(at)
        boxed = kept & (at <= box).all(axis=1)
        inside = kept & (at @ oblique <= edge)
        moved = (coin >= norm) & ((at + delta) @ oblique <= edge)
        return boxed + 2 * inside.astype(np.int64) + 4 * moved

    found = count_labels(
        label,
        noise,
        num_labels=8,
        dim=dim + 1,
        num_samples=num_samples,
        seed=seed,
        purpose=f"likelihood_ratio_is_exp_t/d={dim}",
    )
    where = f"delta of norm {norm:g}, lambda = {noise.scale}, d = {dim}"
    word = discretisation_bias(dim + 1, boundaries=_BOUNDARIES)
    expected = math.exp(-norm / noise.scale)
    for move in delta[delta != 0.0]:
        expected *= float(noise.cdf(edge - move))
    return [
        predicted(
            "change_of_measure",
            f"X kept and in a box, {where}",
            sum(found[1::2]),
            num_samples,
            expected,
            bias=word,
        ),
        sign_test(
            "change_of_measure",
            f"X kept and in an oblique half-space against Y in it, {where}",
            found[2] + found[3],
            found[4] + found[5],
            num_samples,
            word=word,
        ),
    ]


def _coin_needed(statement: Statement, delta: Floats, scale: float) -> Callable[[Floats], Floats]:
    """-lambda log of the stated ratio at each row."""
    term = sp.lambdify((x, _shift), statement["term"](x, _shift).subs(lam, scale), modules="numpy")
    ratio = sp.lambdify(_total, statement["ratio"](_total, sp.Float(scale)), modules="numpy")

    def needed(points: Floats) -> Floats:
        total = np.broadcast_to(term(points, delta), points.shape).sum(axis=1)
        return np.asarray(-scale * np.log(ratio(total)))

    return needed
