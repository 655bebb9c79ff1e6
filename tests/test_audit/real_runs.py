"""Where the logs of others lie, which do not come with the repository."""

from pathlib import Path

import pytest

RUNS = Path(__file__).resolve().parents[3] / "shared" / "runs"
real = pytest.mark.skipif(
    not RUNS.is_dir(), reason="the real run logs do not come with the repository"
)
