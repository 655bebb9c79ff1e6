"""The memory that a call takes at its peak, measured in a process of its own.

A process starts with what importing takes, runs a small call of the same kind (which loads and
compiles what it needs), and then the call. Linux keeps a process's peak, and forgets it when told
so: the growth from what is held before the call to its peak is what the call itself needed at its
worst. Without forgetting, the peak of a compilation would hide it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import gc, json, re, sys
from pathlib import Path
{preparation}

def held(what):
    status = Path("/proc/self/status").read_text()
    return int(re.search(what + r":\\s+([0-9]+) kB", status)[1])

small()
gc.collect()
Path("/proc/self/clear_refs").write_text("5")
before = held("VmRSS")
large()
print(json.dumps((held("VmHWM") - before) * 1024))
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
