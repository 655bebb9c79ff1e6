"""Holm's correction by statsmodels."""

import gc
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
from statsmodels.stats.multitest import multipletests


def holm_by_statsmodels(
    p_values: Sequence[float], alpha: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """Which hypotheses are rejected at alpha, and the adjusted p-values."""
    # every call collects garbage, a tenth of a second in a process that has loaded everything
    with patch.object(gc, "collect"):
        rejected, adjusted, _, _ = multipletests(p_values, alpha=alpha, method="holm")
    return rejected, adjusted
