"""What the benchmark of audits measures and writes down."""

import numpy as np
import pytest

from benchmarks import audit
from benchmarks.report import markdown
from l1cert.audit.run import audit_log
from theory import certificates

SCALES = {
    "laplace": (certificates.theorem_2, {"scale": audit.SIGMA / np.sqrt(2)}),
    "gaussian": (certificates.cohen, {"sigma": audit.SIGMA}),
    "uniform": (certificates.uniform, {"half_width": audit.SIGMA * np.sqrt(3)}),
}


@pytest.mark.parametrize("noise", audit.NOISES)
def test_the_made_log_is_honest(tmp_path, noise):
    file = tmp_path / "run.tsv"
    distinct = audit.write(file, noise, 300)
    function, scale = SCALES[noise]
    assert audit.radii(noise, distinct) == pytest.approx(
        function(distinct, **scale, rounding="nearest"), abs=1e-12
    )
    stated = {"sigma": "0.5", "num_samples": audit.NUM_SAMPLES, "alpha": "0.001"}
    report = audit_log(file, noise=noise, samples=0, **stated)
    assert report.findings == ()
    assert np.count_nonzero(report.implied.certified) == np.sum(audit.bounds(300) > 0.5) > 200


@pytest.mark.parametrize("noise", audit.NOISES)
def test_the_loop_counts_the_worst_case(noise):
    p_a, samples, excess = np.array([0.75, 0.9]), 40_000, 0.05
    found = audit.looped(noise, p_a, 3, samples=samples, excess=excess)
    # at x P(f(X) = cA) = PA, and inside and beyond it is close to 1/2, on either side of it
    expected = sum(p + 1.0 for p in p_a) * samples
    assert abs(found - expected) < 0.02 * samples * 2


def test_a_quick_measurement_makes_a_table(monkeypatch):
    monkeypatch.setattr(audit, "LOOPED", 2)
    found = audit.result(rows=40, samples=2000, rounds=1) | {"benchmark": "audit", "quick": True}
    assert [row["noise"] for row in found["rows"]] == list(audit.NOISES)
    assert all(row["violations"] == {} and row["shown"] for row in found["rows"])
    text = markdown(found)
    assert "40 rows, uniform" in text
    assert text.startswith("A quick run")
