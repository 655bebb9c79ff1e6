"""What a function's parameters say of the quantities that it wants."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from theory.exact import describe

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
    "lambda_": "lam",
    "scale": "lam",
    "sigma": "sigma",
    "half_width": "half_width",
    "num_classes": "num_classes",
    "k": "num_classes",
}
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY,)
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
    # what functools.partial has fixed is its author's choice
    frozen = told.keywords if isinstance(told, partial) else {}
    own = [one for one in parameters if one.kind not in _VARIADIC and one.name not in frozen]
    known = {_meaning(name) for name in (*(one.name for one in own), *frozen)}
    kinds = {one.kind for one in parameters}
    if inspect.Parameter.VAR_POSITIONAL in kinds and not known & {*SCALE_WORDS}:
        return anything, ()
    if known & {*SCALE_WORDS}:
        known |= {*SCALE_WORDS}
    takes_more = inspect.Parameter.VAR_KEYWORD in kinds
    return _by_name(own, order, legal, [one for one in order if takes_more and one not in known])


def _meaning(name: str) -> str:
    return _QUANTITIES.get(name.lower(), "")


def _by_name(
    own: list[inspect.Parameter], order: list[str], legal: list[str], more: list[str]
) -> tuple[list[Call], tuple[str, ...]]:
    """By the names of its parameters, with `more` in its ** if it has any; or else by order."""
    meant = {one.name: _meaning(one.name) for one in own}
    required = [one for one in own if one.default is inspect.Parameter.empty]
    fits = len({*meant.values()} - {""}) == len([*filter(None, meant.values())])
    named = required or more or "p_a" in meant.values()
    if named and fits and all(meant[one.name] in legal for one in required):
        passed = [one for one in own if meant[one.name] in legal]
        first = [one for one in passed if one.kind is inspect.Parameter.POSITIONAL_ONLY]
        keywords = {one.name: meant[one.name] for one in passed if one not in first}
        # a positional-only parameter behind one that is left at its default cannot be passed
        if own[: len(first)] == first:
            ambiguous = "lam" not in order and any(one.name.lower() == "scale" for one in passed)
            notes = ("scale is taken as lam, at equal variance",) if ambiguous else ()
            positional = tuple(meant[one.name] for one in first)
            ways = [
                Call(positional, keywords | {name: name for name in more[:count]})
                for count in range(len(more), -1 if passed else 0, -1)
            ]
            return ways, (*notes, *_kept(own, passed, {*meant.values()}))
    return _by_order(own, order, legal)


def _by_order(
    own: list[inspect.Parameter], order: list[str], legal: list[str]
) -> tuple[list[Call], tuple[str, ...]]:
    meant = {one.name: _meaning(one.name) for one in own}
    required = [one for one in own if one.default is inspect.Parameter.empty]
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
            told = {*taken, *SCALE_WORDS} if {*taken} & {*SCALE_WORDS} else {*taken}
            optional = [one for one in own if one not in required and one.kind not in _BY_PLACE]
            added = [one for one in optional if meant[one.name] in {*legal} - told]
            notes = (note.replace(" as", " is taken as", 1), *_kept(own, [*required, *added], told))
            return [Call(tuple(taken), {one.name: meant[one.name] for one in added})], notes
    shown = ", ".join(f"{one}" for one in own) or "none"
    raise ValueError(f"the parameters of radius are {shown}: legal are {', '.join(legal)}")


def _kept(
    own: list[inspect.Parameter], passed: list[inspect.Parameter], told: set[str]
) -> tuple[str, ...]:
    """What keeps its default, where that might be meant for the scale."""
    left = [f"{one.name} = {describe(one.default)}" for one in own if one not in passed]
    return (f"not handed over: {', '.join(left)}",) if left and not told & {*SCALE_WORDS} else ()
