"""Make docs/demo.txt, what `l1cert demo` prints: `python docs/make_demo.py`, a minute.

docs/how-to/experimenter.md shows it. No test repeats it bit for bit, because a network's votes may
differ by a few where its logits nearly tie, from one processor to another; the slow test of the
demo holds its outcome.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = Path(__file__).with_name("demo.txt")

#: what no other run repeats
_TIME = re.compile(r"\ntime of a point[^\n]*|; \d+ seconds(?=\n)")


def text() -> str:
    """The output, without its times."""
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "l1cert", "demo"],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    return _TIME.sub("", f"$ l1cert demo\n{done.stdout}")


if __name__ == "__main__":
    FILE.write_text(text())
