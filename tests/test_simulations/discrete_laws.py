"""What the tests of discrete Laplace noise share: exact binomial tests against the exact law."""

import math
from fractions import Fraction

import numpy as np
from scipy import stats

#: of one comparison with the law, over the choice of the seed
FALSE_FAIL = 1e-9
#: what tables of 64 bits and floats move the probability of a cell by, at most
BIAS = 1e-12


def p_value(draws: np.ndarray, rate: Fraction) -> float:
    """The least p-value of the cells, two-sided and exact, times their number.

    By the union bound it is at most a with probability at most a, for draws of the law of that
    rate. A chi-square would only approximate that. Each cell expects at least 20 draws.
    """
    q, n = math.exp(-float(rate)), draws.size
    last = 0
    while n * (1 - q) / (1 + q) * q ** (last + 1) >= 20:
        last += 1
    cells = np.clip(draws, -last - 1, last + 1) + last + 1
    k = np.arange(-last, last + 1)
    tail = q ** (last + 1) / (1 + q)
    law = np.concatenate([[tail], (1 - q) / (1 + q) * q ** np.abs(k), [tail]])
    counts = np.bincount(cells, minlength=2 * last + 3)
    more = stats.binom.sf(counts - 1, n, np.minimum(law + BIAS, 1.0))
    less = stats.binom.cdf(counts, n, np.maximum(law - BIAS, 0.0))
    return min(1.0, 2 * counts.size * float(min(more.min(), less.min())))
