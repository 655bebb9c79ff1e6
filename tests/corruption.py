"""Corrupting the functions of theory/, and recording which methods of a claim call which.

A function that only one method of a claim calls can spoil that method alone, and the others then
disagree. What has to be tried are the functions that several methods share.
"""

import functools
import importlib
import inspect
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from fractions import Fraction
from types import GeneratorType, ModuleType

import numpy as np
import sympy as sp
from flint import arb

import theory
from theory.claim import Evidence
from theory.derivation import Chain, Check, Step

#: theory.claim weighs the evidence and finds none: it is the jury, not a witness
JURY = {"theory.claim"}


@dataclass(frozen=True)
class Target:
    """A function or method of theory/ that can be replaced."""

    owner: ModuleType | type
    name: str
    original: Callable

    def __str__(self) -> str:
        within = "" if isinstance(self.owner, ModuleType) else f"{self.owner.__module__}."
        return f"{within}{self.owner.__name__}.{self.name}"


def theory_modules() -> list[ModuleType]:
    """Every module of theory/ but the jury."""
    names = [info.name for info in pkgutil.walk_packages(theory.__path__, "theory.")]
    return [importlib.import_module(name) for name in names if name not in JURY]


def targets() -> list[Target]:
    """Every function and every method defined in theory/, private ones too."""
    found = []
    for module in theory_modules():
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(inspect.unwrap(value)) and callable(value):
                found.append(Target(module, name, value))
            elif inspect.isclass(value):
                found += [
                    Target(value, method, function)
                    for method, function in vars(value).items()
                    if inspect.isfunction(function) and not method.startswith("__")
                ]
    return found


@contextmanager
def replaced(target: Target, substitute: Callable) -> Iterator[None]:
    """The substitute wherever the function is known by name, in every loaded module."""
    places = [target.owner]
    if isinstance(target.owner, ModuleType):
        places = [module for module in rooms() if vars(module).get(target.name) is target.original]
    for place in places:
        setattr(place, target.name, substitute)
    try:
        yield
    finally:
        for place in places:
            setattr(place, target.name, target.original)


def rooms() -> list[ModuleType]:
    """The loaded modules of the house, where a function of theory/ may be known by name."""
    house = {"theory", "simulations", "figures"}
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] in house]


@contextmanager
def recorded(all_targets: list[Target], called: set[str]) -> Iterator[None]:
    """Add the name of every target that is called inside to the set."""
    # one pass over the house: there are many targets, and `replaced` looks into every room for each
    recorders = {id(target.original): _recorder(target, called) for target in all_targets}
    owners = [*rooms(), *(t.owner for t in all_targets if not isinstance(t.owner, ModuleType))]
    places = [
        (owner, name, value)
        for owner in dict.fromkeys(owners)
        for name, value in vars(owner).items()
        if id(value) in recorders
    ]
    for owner, name, value in places:
        setattr(owner, name, recorders[id(value)])
    try:
        yield
    finally:
        for owner, name, value in places:
            setattr(owner, name, value)


def _recorder(target: Target, called: set[str]) -> Callable:
    label = str(target)

    @functools.wraps(target.original)
    def record(*arguments, **keywords):
        called.add(label)
        return target.original(*arguments, **keywords)

    return record


def corrupted(target: Target) -> Callable:
    """The function with what it returns distorted."""

    @functools.wraps(target.original)
    def wrong(*arguments, **keywords):
        return distort(target.original(*arguments, **keywords))

    return wrong


def distort(value):
    """Something of the same kind, and wrong: numbers move, answers flip, checks accept all."""
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, Evidence):
        return value if value.finding is None else replace(value, finding=not value.finding)
    if isinstance(value, Chain):
        return replace(value, proves=not value.proves)
    if isinstance(value, Step):
        return replace(value, check=lambda: Check(True, "corrupted"))
    if is_dataclass(value) and hasattr(value, "status"):
        return replace(value, status=not value.status)
    if isinstance(value, np.ndarray):
        return ~value if value.dtype == bool else value + np.asarray(0.01).astype(value.dtype)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return 1.01 * value + 0.01
    if isinstance(value, Fraction):
        return value + Fraction(1, 100)
    if isinstance(value, sp.Expr):
        return value + sp.Rational(1, 100)
    if isinstance(value, arb):
        return value + arb(1) / 100
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        return type(value)(distort(one) for one in value)
    if isinstance(value, dict):
        return {key: distort(one) for key, one in value.items()}
    if isinstance(value, GeneratorType):
        return (distort(one) for one in value)
    if inspect.isfunction(value):
        return lambda *arguments: distort(value(*arguments))
    return value


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Stop what a corrupted function has sent into an endless loop."""

    def stop(*_):
        raise TimeoutError(f"not finished after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
