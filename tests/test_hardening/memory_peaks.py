"""The memory that a call takes at its peak, measured in a process of its own.

A process starts with what importing takes, runs a small call of the same kind (which loads and
compiles what it needs), and then the call: `ru_maxrss` is the process's peak in KiB on Linux, so
that the growth between the two is what the call itself needed at its worst.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import json, resource, sys
{preparation}
small()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
large()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps((after - before) * 1024))
"""


def growth(preparation: str) -> int:
    """Bytes by which `large()` raised the peak beyond `small()`, both defined by the text."""
    program = _PROGRAM.format(preparation=preparation)
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return int(json.loads(done.stdout.splitlines()[-1]))
