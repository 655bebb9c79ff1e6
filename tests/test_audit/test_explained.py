"""What a finding names as its explanation explains a row of it."""

import numpy as np
import pytest

from l1cert.audit.bound_checks import bound_findings
from l1cert.audit.probabilities import implied_by
from tests.test_audit.made_logs import EXACT, Run, changed, made


def findings(log, run):
    found = bound_findings(log, run.parameters, implied_by(log, run.parameters))
    return {one.kind: one for one in found}


def exact(sides):
    run = Run(noise="laplace", sigma="0.5", n=1000, alpha="0.001", sides=sides)
    counts = np.linspace(600, 1000, 60).astype(int)
    return made(run, counts, EXACT, bound=True, down=True), run


@pytest.mark.parametrize("sides", [1, 2])
def test_the_lattice_that_a_log_is_on_explains_no_row_that_is_off_it(sides):
    log, run = exact(sides)
    off = {row: 0.97 * log.bound[row] for row in range(9, 60, 10)}
    one = findings(changed(log, bound=off), run)["off_lattice"]
    assert (len(one.rows), one.explained_by) == (len(off), ())


def test_no_parameter_is_named_whose_ceiling_is_no_higher():
    log, run = exact(2)
    one = findings(changed(log, radius={59: log.radius[59] + 0.5}, bound={3: 0.61}), run)
    assert (len(one["above_ceiling"].rows), one["above_ceiling"].explained_by) == (1, ())


@pytest.mark.parametrize("sides", [1, 2])
def test_the_parameter_that_was_used_is_named(sides):
    log, _ = exact(sides)
    stated = Run(noise="laplace", sigma="0.5", n=1000, alpha="0.0001", sides=sides)
    found = findings(log, stated)
    for kind in ("above_ceiling", "off_lattice"):
        best = found[kind].explained_by[0]
        assert best["alpha"] / (1 if best["one_sided"] else 2) == 0.001 / sides
        assert best["rows_explained"] == best["rows"]
