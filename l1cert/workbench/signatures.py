"""What a function's parameters say of the quantities that it wants."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

__all__ = ["SCALE_WORDS", "Call", "calls"]

Quantities: TypeAlias = Mapping[str, Any]

SCALE_WORDS = ("lam", "sigma", "half_width")
_QUANTITIES = {
    "p_a": "p_a",
    "pa": "p_a",
    "p": "p_a",
    "p_b": "p_b",
    "pb": "p_b",
    "lam": "lam",
    "scale": "lam",
    "sigma": "sigma",
    "half_width": "half_width",
    "num_classes": "num_classes",
    "k": "num_classes",
}
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Call:
    """Which quantity goes where.

    >>> Call(("p_a",), {"s": "lam"})(lambda p, s: p * s, {"p_a": 0.5, "lam": 3.0})
    1.5
    """

    positional: tuple[str, ...] = ()
    keywords: Mapping[str, str] = field(default_factory=dict)

    @property
    def quantities(self) -> tuple[str, ...]:
        """Everything that is handed over."""
        return (*self.positional, *self.keywords.values())

    def __call__(self, radius: Callable[..., object], at: Quantities) -> object:
        """The function's value with these quantities."""
        named = {name: at[quantity] for name, quantity in self.keywords.items()}
        return radius(*(at[quantity] for quantity in self.positional), **named)


def calls(
    radius: Callable[..., object], order: list[str], legal: list[str]
) -> tuple[list[Call], tuple[str, ...]]:
    """The ways to call it, the first that works to be taken."""
    anything = [Call(tuple(order[:count])) for count in range(len(order), 0, -1)]
    if isinstance(radius, np.ufunc):
        if radius.nin <= len(order) and radius.nout == 1:
            return [Call(tuple(order[: radius.nin]))], ()
        raise ValueError(
            f"radius = {radius} takes {radius.nin} arrays: legal are {', '.join(legal)}"
        )
    told = radius.pyfunc if isinstance(radius, np.vectorize) else radius
    try:
        parameters = [*inspect.signature(told).parameters.values()]
    except (TypeError, ValueError):
        return anything, ()
    own = [one for one in parameters if one.kind not in _VARIADIC]
    variadic = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters)
    if variadic and not any(_QUANTITIES.get(one.name.lower()) in SCALE_WORDS for one in own):
        return anything, ()
    return _by_name(own, order, legal)


def _by_name(
    own: list[inspect.Parameter], order: list[str], legal: list[str]
) -> tuple[list[Call], tuple[str, ...]]:
    meant = {one.name: _QUANTITIES.get(one.name.lower(), "") for one in own}
    required = [one for one in own if one.default is inspect.Parameter.empty]
    fits = len({*meant.values()} - {""}) == len([*filter(None, meant.values())])
    if required and fits and all(meant[one.name] in legal for one in required):
        passed = [one for one in own if meant[one.name] in legal]
        first = [one for one in passed if one.kind is inspect.Parameter.POSITIONAL_ONLY]
        keywords = {one.name: meant[one.name] for one in passed if one not in first}
        # a positional-only parameter behind one that is left at its default cannot be passed
        if own[: len(first)] == first:
            ambiguous = "lam" not in order and any(one.name.lower() == "scale" for one in passed)
            notes = ("scale is taken as lam, at equal variance",) if ambiguous else ()
            return [Call(tuple(meant[one.name] for one in first), keywords)], notes
    names = [one.name for one in required]
    anonymous = 0 < len(names) <= len(order) and not any(
        one.kind is inspect.Parameter.KEYWORD_ONLY for one in required
    )
    if anonymous and all(
        not meant[name] or meant[name] == quantity or {meant[name], quantity} <= {*SCALE_WORDS}
        for name, quantity in zip(names, order, strict=False)
    ):
        taken = [meant[name] or quantity for name, quantity in zip(names, order, strict=False)]
        if set(taken) <= {*legal}:
            note = ", ".join(f"{a} as {b}" for a, b in zip(names, taken, strict=True))
            return [Call(tuple(taken))], (note.replace(" as", " is taken as", 1),)
    shown = ", ".join(f"{one}" for one in own) or "none"
    raise ValueError(f"the parameters of radius are {shown}: legal are {', '.join(legal)}")
