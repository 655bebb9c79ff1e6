"""A radius given as an expression, as a function of float arrays: for noises without a proof."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import special

from theory.conjectures.expressions import half_width
from theory.conjectures.expressions import num_classes as classes_symbol
from theory.conjectures.settings import Setting
from theory.symbols import lam, p_a, p_b, sigma

__all__ = ["as_function"]

Floats = NDArray[np.float64]

_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    sp.exp: np.exp,
    sp.log: np.log,
    sp.erf: special.erf,
    sp.erfc: special.erfc,
    sp.erfinv: special.erfinv,
    sp.erfcinv: special.erfcinv,
    sp.sinh: np.sinh,
    sp.cosh: np.cosh,
    sp.tanh: np.tanh,
    sp.acosh: np.arccosh,
    sp.Abs: np.abs,
    sp.Add: lambda *parts: sum(parts),
    sp.Mul: lambda *parts: np.prod(np.broadcast_arrays(*parts), axis=0),
    sp.Pow: lambda base, power: np.power(base, power),
    sp.Max: lambda *parts: np.maximum.reduce(np.broadcast_arrays(*parts)),
    sp.Min: lambda *parts: np.minimum.reduce(np.broadcast_arrays(*parts)),
    sp.Gt: np.greater,
    sp.Ge: np.greater_equal,
    sp.Lt: np.less,
    sp.Le: np.less_equal,
    sp.Eq: np.equal,
    sp.Ne: np.not_equal,
    sp.And: lambda *parts: np.logical_and.reduce(np.broadcast_arrays(*parts)),
    sp.Or: lambda *parts: np.logical_or.reduce(np.broadcast_arrays(*parts)),
    sp.Not: np.logical_not,
}


def as_function(
    radius: sp.Expr, setting: Setting, num_classes: int | None
) -> Callable[..., Floats]:
    """A function of (p_a[, p_b], lam, sigma) that takes arrays; 0 where the radius is not real.

    >>> f = as_function(lam * sp.log(2 * p_a), Setting.BINARY, 2)
    >>> f(p_a=np.array([0.25, 0.5]), lam=2.0).tolist()
    [0.0, 0.0]
    """
    named: dict[str, sp.Symbol] = {"p_a": p_a}
    if setting.has_p_b:
        named["p_b"] = p_b
    scales = {"lam": lam, "sigma": sigma, "half_width": half_width}
    named |= {name: one for name, one in scales.items() if one in radius.free_symbols}

    def function(**given: Any) -> Floats:
        values = {named[name]: np.asarray(value, dtype=float) for name, value in given.items()}
        if num_classes is not None:
            values[classes_symbol] = np.asarray(float(num_classes))
        with np.errstate(all="ignore"):
            found = np.asarray(_evaluate(radius, values), dtype=float)
        found = np.broadcast_to(found, np.broadcast_shapes(*(v.shape for v in values.values())))
        # what is not real, or negative, states nothing
        return np.where(np.isnan(found), 0.0, np.maximum(found, 0.0))

    return _with_signature(function, list(named))


def _with_signature(function: Callable[..., Floats], names: list[str]) -> Callable[..., Floats]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    signature = inspect.Signature(parameters)

    def bound(*args: Any, **kwargs: Any) -> Floats:
        return function(**signature.bind(*args, **kwargs).arguments)

    bound.__signature__ = signature  # type: ignore[attr-defined]
    return bound


def _evaluate(node: sp.Basic, values: Mapping[sp.Symbol, Floats]) -> Any:
    if node in values:
        return values[node]
    if isinstance(node, sp.Piecewise):
        pairs = [(_evaluate(c, values), _evaluate(v, values)) for v, c in node.args]
        found: Any = np.nan
        for condition, value in reversed(pairs):
            found = np.where(condition, value, found)
        return found
    if node in (sp.true, sp.false):
        return bool(node)
    if not node.args:
        return float(node)
    known = _FUNCTIONS.get(node.func)
    if known is None:
        raise ValueError(f"{node.func.__name__} has no value in floats")
    return known(*(_evaluate(one, values) for one in node.args))
