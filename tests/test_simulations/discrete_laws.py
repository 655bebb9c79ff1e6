"""What the tests of discrete Laplace noise share: chi-square against the exact law."""

import math
from fractions import Fraction

import numpy as np
from scipy import stats

#: of one chi-square test with a fixed seed; fewer than 20 are made, so that a correct sampler with
#: another seed fails any of them with probability below 2e-8
FALSE_FAIL = 1e-9


def p_value(draws: np.ndarray, rate: Fraction) -> float:
    """Pearson's chi-square of draws against the exact law; cells of at least 20 expected."""
    q, n = math.exp(-float(rate)), draws.size
    last = 0
    while n * (1 - q) / (1 + q) * q ** (last + 1) >= 20:
        last += 1
    cells = np.clip(draws, -last - 1, last + 1) + last + 1
    k = np.arange(-last, last + 1)
    tail = q ** (last + 1) / (1 + q)
    expected = n * np.concatenate([[tail], (1 - q) / (1 + q) * q ** np.abs(k), [tail]])
    return float(stats.chisquare(np.bincount(cells, minlength=2 * last + 3), expected).pvalue)
