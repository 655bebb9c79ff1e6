"""Every SymPy symbol of the claims, with its domain and a few exact points of it.

A step of a proof that SymPy cannot reduce to zero is tried at these points: if the two sides
differ there, the step is refuted with the point as witness, and is not merely undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

__all__ = [
    "SAMPLES",
    "b",
    "excess",
    "kappa",
    "lam",
    "p",
    "p_a",
    "p_b",
    "r",
    "sample_points",
    "sigma",
    "tau",
    "u",
    "x",
]

x = sp.Symbol("x", real=True)
r = sp.Symbol("r", positive=True)  # ||delta||_1
lam = sp.Symbol("lambda", positive=True)  # the Laplace scale
sigma = sp.Symbol("sigma", positive=True)  # standard deviation of one coordinate
p_a = sp.Symbol("p_A", positive=True)  # lower bound on the top class's probability
p_b = sp.Symbol("p_B", positive=True)  # upper bound on every other class's probability
p = sp.Symbol("p", positive=True)  # p_A where there are two classes
u = sp.Symbol("u", positive=True)
b = sp.Symbol("b", positive=True)
tau = sp.Symbol("tau", positive=True)
kappa = sp.Symbol("kappa", positive=True)
excess = sp.Symbol("s", positive=True)  # a distance in radius, however small

#: Exact points of each symbol's domain. The smallest excess is far below the 1e-6 by which the
#: mutants are shifted: a shift is seen only from closer than itself.
SAMPLES: Mapping[sp.Symbol, tuple[sp.Rational, ...]] = {
    r: (sp.Rational(1, 3), sp.Rational(7, 5), sp.Rational(5, 2)),
    lam: (sp.Rational(3, 5), sp.Rational(7, 4), sp.Rational(2, 9)),
    sigma: (sp.Rational(3, 7), sp.Rational(5, 4), sp.Rational(8, 3)),
    p_a: (sp.Rational(7, 10), sp.Rational(19, 20), sp.Rational(3, 5)),
    p_b: (sp.Rational(1, 5), sp.Rational(1, 50), sp.Rational(2, 5)),
    p: (sp.Rational(7, 10), sp.Rational(19, 20), sp.Rational(51, 100)),
    excess: (sp.Rational(1, 10**12), sp.Rational(1, 10**9), sp.Rational(1, 4)),
}
_DEFAULT = (sp.Rational(2, 7), sp.Rational(9, 8), sp.Rational(12, 5))


def sample_points(symbols: Iterable[sp.Symbol]) -> list[dict[sp.Symbol, sp.Rational]]:
    """Exact points at which to try a statement in the given symbols.

    A negative symbol takes the negated default points, an integer one integers; where no default
    fits the assumptions on a symbol there are no points at all. Every symbol moves at once and at
    its own pace, so that no two of them are tied together.

    >>> sorted(sample_points([lam])[0].values())
    [3/5]
    """
    ordered = sorted(symbols, key=lambda s: s.name)
    choices = [_values(symbol, place) for place, symbol in enumerate(ordered)]
    if not all(choices):
        return []
    return [
        {
            symbol: choices[place][(start + stride * place) % len(choices[place])]
            for place, symbol in enumerate(ordered)
        }
        for start in range(3)
        for stride in (1, 2)
    ]


def _values(symbol: sp.Symbol, place: int) -> tuple[sp.Rational, ...]:
    if symbol in SAMPLES:
        return SAMPLES[symbol]
    # only three paces are different: symbols further on take other values instead
    factor = 1 + place // 3
    for values in (_DEFAULT, (1, 2, 5), (2, 4, 10)):
        for sign in (1, -1):
            fitting = tuple(
                v
                for v in (sp.sympify(sign * factor * w, strict=True) for w in values)
                if _fits(v, symbol)
            )
            if fitting:
                return fitting
    return ()


def _fits(value: sp.Rational, symbol: sp.Symbol) -> bool:
    assumed = symbol.assumptions0.items()
    return all(getattr(value, f"is_{name}") is truth for name, truth in assumed)
