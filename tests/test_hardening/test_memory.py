"""Memory is bounded: by a chunk where something is counted, by the input where it is transformed.

Each bound says what it is made of. It is several times what was measured, and several times below
what the unbounded variant takes, which is measured as well: the measurement sees it.
"""

import pytest

from tests.test_hardening.memory_peaks import growth

MIB = 2**20

COUNT = """
from simulations.sampling import count
from theory.noise import Laplace

def run(num_samples, dim, **how):
    return count(lambda x: x[:, 0] <= 0, Laplace(1.0), seed=1, tag=3, num_samples=num_samples,
                 dim=dim, threads=1, **how)

def small():
    run(2, 1000)

def large():
    run({num_samples}, {dim}, {how})
"""

#: a chunk holds 2^19 bytes, or one sample where that is more, with what the event makes of it
ONE_ROW = 10**6 * 8
COUNTED = 4 * ONE_ROW


def test_a_count_in_a_million_dimensions_holds_one_sample_at_a_time():
    # measured: 8 MiB, one row of noise; all twelve rows are 92 MiB
    assert growth(COUNT.format(num_samples=12, dim=10**6, how="")) < COUNTED


def test_a_count_that_held_all_its_samples_is_seen():
    # chunks of 4 GiB: all twelve rows at once
    assert growth(COUNT.format(num_samples=12, dim=10**6, how="chunk_bytes=2**32")) > 2 * COUNTED


@pytest.mark.slow
def test_a_count_of_a_million_samples_holds_one_chunk():
    # measured: 1 MiB; all samples are 76 MiB
    assert growth(COUNT.format(num_samples=10**6, dim=10, how="")) < 16 * MIB


RUN = """
from fractions import Fraction
from simulations.execution import execute
from simulations.likelihood_ratio import SamplingPlan
from simulations.run import Run

def run(num_samples, dim):
    plan = SamplingPlan((Fraction(3, dim),), (dim,), "{method}")
    return execute(Run.of(plan, seed=1, num_samples=num_samples), threads=1)

def small():
    run(100, 10)

def large():
    run({num_samples}, {dim})
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "num_samples", "dim", "most"),
    [
        # two tables of 4 bytes a coordinate, repeated while they are made; samples: 4 GB
        ("direct", 1_000, 10**6, 10**6 * 32 + 32 * MIB),
        # tables of the group alone, and chunks; coordinates: 40 MB a sample
        ("counts", 100_000, 10**7, 64 * MIB),
        ("poisson", 100_000, 10**6, 10**6 * 32 + 32 * MIB),
    ],
)
def test_a_simulation_holds_tables_of_its_perturbation_and_chunks(method, num_samples, dim, most):
    assert growth(RUN.format(method=method, num_samples=num_samples, dim=dim)) < most


ARRAY = """
import numpy as np
from theory.certificates import theorem_1
from theory.noise import Gaussian

def probabilities(number):
    return np.linspace(0.5, 1.0, 500)[np.arange(number) % 500]

def rounded_down(number):
    return theorem_1(probabilities(number), scale=1.0)

def nearest(number):
    return theorem_1(probabilities(number), scale=1.0, rounding="nearest")

def tails(number):
    return Gaussian(1.0).cdf(probabilities(number))

def one_by_one(number):
    from theory.arguments import Arguments
    points = [Arguments.parse(p, None, "scale", 1.0).points() for p in probabilities(number)]
    return len(points)

def small():
    {function}(10)

def large():
    {function}({number})
"""


@pytest.mark.parametrize(
    ("function", "bytes_each"),
    [
        ("rounded_down", 200),  # measured 80: indices and inverses of the distinct numbers
        pytest.param("nearest", 200, marks=pytest.mark.slow),  # measured 70: eight temporaries
        pytest.param("tails", 600, marks=pytest.mark.slow),  # measured 290: pairs of floats
    ],
)
def test_a_million_numbers_take_temporaries_of_their_own_size(function, bytes_each):
    assert growth(ARRAY.format(function=function, number=10**6)) < 10**6 * bytes_each


@pytest.mark.slow
def test_an_object_for_each_number_is_seen():
    number = 10**5
    # measured: 500, and more than twice what a number may take above
    assert growth(ARRAY.format(function="one_by_one", number=number)) > number * 2 * 200


LAW = """
from theory.likelihood_ratio import LikelihoodRatio

def run(dim):
    return LikelihoodRatio.of([1] * dim, scale=dim).cdf_bounds("0.5")

def small():
    run(3)

def large():
    run(10**5)
"""


@pytest.mark.slow
def test_the_law_of_a_hundred_thousand_coordinates_is_that_of_its_groups():
    # measured: 12 MiB, a rational for each coordinate; subsets are 2^100000
    assert growth(LAW) < 64 * MIB


AUDIT = """
import tempfile
from pathlib import Path

from l1cert import audit_log

def run(rows):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.tsv")
        with file.open("w") as out:
            out.write("idx\\tlabel\\tpredict\\tradius\\n")
            for row in range(rows):
                out.write(f"{{row}}\\t3\\t3\\t{{1 + row % 997 / 1000:.3f}}\\n")
        audit_log(file, noise="gaussian", sigma="0.5", num_samples=100_000, alpha="0.001",
                  samples=0)

def small():
    run(100)

def large():
    run({rows})
"""


@pytest.mark.slow
def test_an_audit_takes_columns_and_no_objects_for_its_rows():
    # measured: 240 bytes a row, the text of the log among them; a dict for each is over 1000
    assert growth(AUDIT.format(rows=10**5)) < 10**5 * 700


JOURNAL = """
import tempfile
from pathlib import Path

from l1cert.certification.journal import Journal

def run(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "journal")
        with Journal(path, {{"seed": 1}}) as journal:
            for row in range(rows):
                journal.append({{"idx": row, "counts": [row, 100, 1], "radius": 0.5}})
        assert path.stat().st_size < 300 * (rows + 10)

def small():
    run(10)

def large():
    run({rows})
"""


@pytest.mark.slow
def test_a_journal_takes_an_entry_for_each_row():
    # the entries are kept, because the log is written of them: under 2000 bytes each, and a line of
    # at most 300 bytes on the disk
    assert growth(JOURNAL.format(rows=1_000)) < 1_000 * 2_000 + 2 * MIB
