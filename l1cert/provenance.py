"""Where a result came from: version, commit, seed, parameters, libraries, machine."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

#: the last three come with the extra named classifier
LIBRARIES = (
    *("numpy", "scipy", "sympy", "mpmath", "python-flint", "numba", "matplotlib"),
    *("torch", "safetensors", "scikit-learn"),
)


def provenance(**parameters: Any) -> dict[str, Any]:
    """The provenance of a result, with the parameters that produced it.

    Libraries are those of `LIBRARIES` that are installed; none is imported.

    >>> sorted(provenance(seed=1))
    ['commit', 'libraries', 'machine', 'python', 'seed', 'version']
    """
    return {
        "version": metadata.version("l1cert"),
        "commit": commit(),
        **parameters,
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "processors": os.cpu_count(),
        },
    }


def available_processors() -> int:
    """The processors that this process may use.

    >>> available_processors() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit() -> str | None:
    """The commit of the checkout that the package runs from, with "+changes"; None outside one.

    An installed copy has no commit of its own: a repository that happens to lie around the
    environment is not asked.
    """
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{head}+changes" if changed else head


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    """The installed version, None without one."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
