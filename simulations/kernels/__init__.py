"""The backends that fill buffers with words, noise and sums: nothing falls back silently."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType


class MissingBackendError(ImportError):
    """A backend was asked for whose package is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend: its module, the package that it stands on, and what installs that package."""

    module: str
    package: str
    requirement: str


BACKENDS: dict[str, Backend] = {
    "cuda": Backend("simulations.kernels.cuda_device", "cupy", "l1cert[gpu]"),
    "numba": Backend("simulations.kernels.numba_cpu", "numba", "l1cert"),
    "numpy": Backend("simulations.kernels.numpy_reference", "numpy", "l1cert"),
}


def _entry(backend: str) -> Backend:
    if not isinstance(backend, str) or backend not in BACKENDS:
        legal = ", ".join(repr(name) for name in sorted(BACKENDS))
        said = repr(backend[:40]) if isinstance(backend, str) else f"a {type(backend).__name__}"
        raise ValueError(f"backend = {said} is not one of {legal}")
    return BACKENDS[backend]


def package_of(backend: str) -> ModuleType:
    """The package that a backend stands on, imported.

    Raises
    ------
    ValueError
        For a name that is not in `BACKENDS`.
    MissingBackendError
        If it cannot be imported; names the extra to install.
    """
    entry = _entry(backend)
    try:
        return importlib.import_module(entry.package)
    except ImportError as error:
        raise MissingBackendError(
            f"backend {backend!r} needs the package {entry.package}: "
            f"python -m pip install '{entry.requirement}'"
        ) from error


def load(backend: str) -> ModuleType:
    """The module of a backend, imported on first use.

    "cuda" also needs a device, and says so when it is first used.

    Raises
    ------
    ValueError
        For a name that is not in `BACKENDS`.
    MissingBackendError
        If the package it stands on cannot be imported; names the extra to install.

    Examples
    --------
    >>> load("abacus")
    Traceback (most recent call last):
    ValueError: backend = 'abacus' is not one of 'cuda', 'numba', 'numpy'
    """
    package_of(backend)
    return importlib.import_module(BACKENDS[backend].module)
