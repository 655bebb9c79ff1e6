"""What the benchmark of certification measures and writes down."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks import certification  # noqa: E402
from benchmarks.certification_table import certification_markdown  # noqa: E402
from simulations.classifier.models import build  # noqa: E402
from simulations.classifier.noisy_inputs import NoisyInputs  # noqa: E402
from simulations.classifier.votes import count_votes  # noqa: E402
from theory.noise import Laplace  # noqa: E402


def test_the_published_loop_votes_on_the_same_classifier() -> None:
    """Shares of the votes agree within six standard errors; one class has more than all others."""
    shape, samples = (1, 8, 8), 20_000
    model = build("mlp", shape=shape, num_classes=certification.CLASSES, seed=0)
    x = np.random.default_rng(0).random(64).astype(np.float32)
    torch.manual_seed(1)
    theirs = np.array(
        certification.published(model, torch.from_numpy(x).view(shape), samples, batch=999)
    )
    noisy = NoisyInputs(x, Laplace.from_sigma(0.5), seed=1, purpose="estimation")
    how = {"shape": shape, "num_classes": certification.CLASSES, "point": 0, "batch": 500}
    ours = count_votes(model, noisy, start=0, stop=samples, **how)
    assert theirs.sum() == ours.sum() == samples
    error = np.sqrt(2 * np.maximum(ours, 10) * (1 - ours / samples))
    assert (np.abs(theirs - ours) < 6 * error).all()
    other = NoisyInputs(x, Laplace.from_sigma(1.0), seed=1, purpose="estimation")
    moved = count_votes(model, other, start=0, stop=samples, **how)
    assert (np.abs(theirs - moved) > 6 * error).any()


@pytest.mark.parametrize("threshold", certification.THRESHOLDS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_early_stopping_saves_what_is_wanted(threshold: float, sign: int) -> None:
    p_a = round(threshold + sign * certification.DISTANCE, 2)
    found = certification.stopped(threshold, p_a, points=4)
    assert found["met"] and found["fewer"] >= certification.EARLIER


def test_at_the_threshold_nothing_is_saved() -> None:
    assert certification.until_decided(0.75, 0.75, point=0) == certification.SAMPLES


def test_a_quick_measurement_makes_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certification, "SETTINGS", certification.SETTINGS[:1])
    monkeypatch.setattr(certification, "THRESHOLDS", (0.75,))
    found = certification.result(samples=600, rounds=1, points=2)
    found |= {"benchmark": "certification", "quick": True}
    assert found["rows"][0]["per_second"].keys() == {"published", "ours"}
    text = certification_markdown(found)
    assert text.startswith("A quick run")
    assert "| mlp, 1 x 8 x 8 |" in text and "| 0.75 | 0.8 |" in text


RESULT = {
    "benchmark": "certification",
    "quick": False,
    "provenance": {
        "date": "2026-03-04T05:06:07+00:00",
        "commit": "0123456789abcdef",
        "python": "3.12.1",
        "alpha": 0.001,
        "num_samples": 100000,
        "libraries": {"numpy": "2.4.6"},
        "machine": {"cpu": "A Processor", "features": ["avx2"], "processors": 6},
    },
    "rows": [
        {
            "architecture": "cnn",
            "shape": [3, 32, 32],
            "per_second": {"published": 1230.0, "ours": 45600.0},
            "ratio": {"median": 2.1, "low": 1.9, "high": 3.4},
            "target": 2.0,
            "met": True,
        }
    ],
    "early": [
        {
            "threshold": 0.75,
            "p_a": 0.7,
            "samples": {"mean": 1234.0},
            "fewer": 81.0,
            "target": 20.0,
            "met": True,
        }
    ],
}


def test_the_table_says_what_the_json_says() -> None:
    text = certification_markdown(RESULT)
    assert "| cnn, 3 x 32 x 32 | 1230 | 45600 | **2.1** (1.9 to 3.4) | 2.0: met |" in text
    assert "| 0.75 | 0.7 | 1234 | **81** | 20: met |" in text
    assert "n = 100000, alpha = 0.001" in text
    missed = copy.deepcopy(RESULT)
    missed["rows"][0]["met"] = False
    assert "2.0: missed" in certification_markdown(missed)
