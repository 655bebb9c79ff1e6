"""The machine that a figure was measured on, and how quiet it was."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from l1cert.provenance import available_processors, commit

#: From the widest: the first that the processor has is what its kernels are compiled for.
VECTORS = ("avx512f", "avx2", "sse2")

#: Whose versions a figure depends on
PACKAGES = ("cupy-cuda13x", "l1cert", "llvmlite", "numba", "numpy", "python-flint", "torch")


def described(**parameters: Any) -> dict[str, Any]:
    """Where a measurement came from: date, commit, versions, processor, load, parameters.

    Unlike `l1cert.provenance.provenance` it serves uninstalled, as on machines with a GPU.
    """
    versions = ((name, _version(name)) for name in PACKAGES)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        **parameters,
        "python": platform.python_version(),
        "libraries": {name: version for name, version in versions if version},
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cpu": cpu_model(),
            "features": vector_features(),
            "processors": available_processors(),
            "caches": _caches(),
            "load_before": load(),
        },
    }


def cpu_model() -> str:
    """The processor as it names itself."""
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def vector_features() -> list[str]:
    """Which of `VECTORS` the processor has, by LLVM: what Numba compiles for."""
    try:
        from llvmlite import binding  # type: ignore[import-untyped]
    except ImportError:
        return []
    features = binding.get_host_cpu_features()
    return [name for name in VECTORS if features.get(name)]


def slug(machine: dict[str, Any]) -> str:
    """The machine as a part of a file's name.

    >>> slug({"cpu": "AMD EPYC (TM) 9B14", "features": ["avx2", "sse2"], "processors": 2})
    'amd_epyc_tm_9b14_avx2_2'
    """
    words = [machine["cpu"], *machine["features"][:1], str(machine["processors"])]
    return re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")


def _caches() -> dict[str, str]:
    """Sizes of the caches of the first core, such as {"L2": "1024K"}."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if _read(folder / "type").strip() != "Instruction":
            found[f"L{_read(folder / 'level').strip()}"] = _read(folder / "size").strip()
    return found


def load() -> float | None:
    """How many processes wanted a processor over the last minute; None where unknown."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
