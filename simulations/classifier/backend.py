"""What has to be installed, and the device that a model runs on: one line says what is missing.

Imports no third-party package itself, so that a user without torch gets the line and not a
traceback.
"""

from __future__ import annotations

import importlib
import re
from types import ModuleType
from typing import TYPE_CHECKING

from simulations.kernels import MissingBackendError

if TYPE_CHECKING:
    import torch

#: what installs each import name; torchvision and Pillow are for ImageNet's models and pictures
REQUIREMENTS: dict[str, str] = {
    "PIL": "pillow",
    "safetensors": "l1cert[classifier]",
    "sklearn": "l1cert[classifier]",
    "torch": "l1cert[classifier]",
    "torchvision": "torchvision",
}


def require(package: str) -> ModuleType:
    """The package of that import name, imported.

    Parameters
    ----------
    package
        A key of `REQUIREMENTS`.

    Raises
    ------
    ValueError
        For a name that is not in `REQUIREMENTS`.
    MissingBackendError
        If it cannot be imported; one line that says what to install.

    Examples
    --------
    >>> require("torch").__name__
    'torch'
    >>> require("abacus")
    Traceback (most recent call last):
    ValueError: package = 'abacus' is not one of PIL, safetensors, sklearn, torch, torchvision
    """
    if package not in REQUIREMENTS:
        legal = ", ".join(sorted(REQUIREMENTS))
        raise ValueError(f"package = {package!r} is not one of {legal}")
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise MissingBackendError(
            f"the package {error.name} is not installed: "
            f"python -m pip install '{REQUIREMENTS[package]}'"
        ) from error
    except (ImportError, OSError, RuntimeError) as error:
        # A torchvision that was built for another torch ends in a RuntimeError.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingBackendError(
            f"the package {package} is installed, but broken ({reason}): "
            f"python -m pip install --force-reinstall '{REQUIREMENTS[package]}'"
        ) from error


def checked_device(name: str) -> torch.device:
    """The torch device of a name, seen to exist.

    Parameters
    ----------
    name
        "cpu", "cuda" (the current CUDA device) or "cuda:K" (device number K, from 0).

    Raises
    ------
    ValueError
        For another name, or a CUDA device that torch does not see.
    MissingBackendError
        If torch is not installed.

    Examples
    --------
    >>> checked_device("cpu")
    device(type='cpu')
    >>> checked_device("tpu")
    Traceback (most recent call last):
    ValueError: device = 'tpu' is not one of 'cpu', 'cuda', 'cuda:0', 'cuda:1', ...
    """
    torch = require("torch")
    match = re.fullmatch(r"cpu|cuda(?::(0|[1-9][0-9]{0,3}))?", name)
    if match is None:
        raise ValueError(f"device = {name!r} is not one of 'cpu', 'cuda', 'cuda:0', 'cuda:1', ...")
    if name != "cpu":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(match[1] or 0) >= found:
            raise ValueError(
                f"device = {name!r}: torch {torch.__version__} sees {found} CUDA devices here; "
                f"'cpu' always works"
            )
    return torch.device(name)
