"""A search against the order of the l1 and the l2 norm, with numpy's norms."""

from __future__ import annotations

import time

import numpy as np

from theory.claim import Evidence
from theory.searches.findings import searched

DIMENSIONS, EACH = (1, 2, 3, 50, 3072), 20


def search_norms(part: str, relation: str, rng: np.random.Generator) -> Evidence:
    """Look for a delta that violates ||delta||_2 relation ||delta||_1 (<= or >=).

    The entries are Cauchy, so that a few of them make up most of the norm or all of them do.

    >>> search_norms("inside", "<=", np.random.Generator(np.random.Philox(1))).grade.value
    'CONSISTENT'
    """
    start, witness = time.perf_counter(), None
    side = 1.0 if relation == "<=" else -1.0
    for dim in DIMENSIONS:
        delta = np.round(rng.standard_cauchy((EACH, dim)), 2)
        taxicab = np.linalg.norm(delta, ord=1, axis=1)
        wrong = side * (np.linalg.norm(delta, axis=1) - taxicab) > 1e-12 * taxicab
        if wrong.any():
            witness = {"delta": str(delta[wrong][0].tolist())}
            break
    said = f"looked for a violation of ||delta||_2 {relation} ||delta||_1"
    scope = f"{EACH} vectors in each of d = {', '.join(map(str, DIMENSIONS))}"
    return searched(part, scope, said, start=start, witness=witness)
