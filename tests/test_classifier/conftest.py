"""One thread: torch's results depend on their number, and the suite shares out the processors."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Keep torch to one thread in this process."""
    torch.set_num_threads(1)
