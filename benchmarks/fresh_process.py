"""What only a fresh process can tell: the time to the first samples, and the peak of the memory.

`python -m benchmarks.fresh_process first METHOD` and `... memory METHOD SAMPLES` print one line of
JSON; `first_use` and `peak_memory` run them.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

#: A sample's noise alone would come to 24 kB.
DIM = 3072
NORM = 3.0


def first_use(method: str) -> dict[str, float]:
    """Seconds until the first sample is there: nothing compiled before, and compiled before.

    Returns
    -------
    dict
        "cold" with an empty cache of compiled kernels, and "warm", the median of three processes
        with the cache that this left; from a process's first import of ours to its first sample.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        cold, *warm = (_child(["first", method], environment)["seconds"] for _ in range(4))
    return {"cold": cold, "warm": statistics.median(warm)}


def peak_memory(method: str, num_samples: int) -> dict[str, int]:
    """Peak resident bytes of a process that draws and counts so many samples.

    Returns
    -------
    dict
        "before" the run with everything imported and compiled, "peak" after it, and "samples".
    """
    found: dict[str, int] = _child(["memory", method, str(num_samples)], dict(os.environ))
    return found


def _child(arguments: list[str], environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fresh_process", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _first(method: str) -> dict[str, float]:
    start = time.perf_counter()
    from benchmarks.contenders import Perturbation, own_contender

    own_contender(Perturbation(DIM, NORM), method).draw(1, 1)
    return {"seconds": time.perf_counter() - start}


def _memory(method: str, num_samples: int) -> dict[str, int]:
    from benchmarks.contenders import Perturbation, run_contender

    contender = run_contender(Perturbation(DIM, NORM), method)
    contender.draw(1, 1)
    before = peak_bytes()
    contender.draw(num_samples, 1)
    return {"before": before, "peak": peak_bytes(), "samples": num_samples}


def peak_bytes() -> int:
    """The peak of this process's resident memory so far.

    Linux hands ru_maxrss of the parent on to the child that it becomes; VmHWM starts anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    if sys.argv[1] == "first":
        print(json.dumps(_first(sys.argv[2])))
    else:
        print(json.dumps(_memory(sys.argv[2], int(sys.argv[3]))))
