"""The contenders on a device: absent with a reason, or with the law of T.

Two empirical laws of n samples each differ at a place by more than twice sqrt(log(4/alpha) / (2 n))
with probability at most alpha (Dvoretzky, Kiefer, Wolfowitz, Massart): alpha = 1e-9 a check.
"""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import device
from benchmarks.contenders import Perturbation, numpy_contender, own_methods

NUM_SAMPLES = 40_000
ALLOWED = 2 * math.sqrt(math.log(4e9) / (2 * NUM_SAMPLES))
CASES = [Perturbation(16, 3.0), Perturbation(6, 2.0, "distinct")]


def test_there_is_a_device_or_a_reason():
    reason = device.missing()
    assert (reason is None) == _has_device()
    assert reason is None or "cu" in reason


def _has_device():
    try:
        import cupy

        return cupy.cuda.runtime.getDeviceCount() > 0
    except Exception:
        return False


class Array(np.ndarray):
    """An array that a host has to fetch."""

    def get(self):
        return np.asarray(self)


def kernel(inputs, output, operation, name):
    """The C expression of an elementwise kernel, by NumPy."""
    names = [one.split()[1] for one in inputs.split(", ")]
    left, expression = operation.split(" = ")
    assert output == f"float32 {left}"

    def run(*arrays):
        *given, out = arrays
        found = eval(expression, {"fabsf": np.abs}, dict(zip(names, given, strict=True)))
        out[...] = found
        return out

    return run


class Generator:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def laplace(self, loc, scale, size, dtype):
        return self.rng.laplace(loc, scale, size).astype(dtype).view(Array)


@pytest.fixture
def on_the_host(monkeypatch):
    """CuPy's names, by NumPy, and whether the device was waited for."""
    waited = []
    runtime = SimpleNamespace(deviceSynchronize=lambda: waited.append(True))
    cupy = SimpleNamespace(
        float32=np.float32,
        asarray=lambda values, dtype: np.asarray(values, dtype).view(Array),
        empty=lambda size, dtype: np.full(size, np.nan, dtype).view(Array),
        random=SimpleNamespace(RandomState=Generator),
        ElementwiseKernel=kernel,
        cuda=SimpleNamespace(runtime=runtime),
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(device, "name", lambda: "a device")
    return waited


@pytest.mark.statistical(
    false_fail=2e-9,
    reason="two empirical laws are so far apart with 1e-9, and so is a mutant that is farther",
)
@pytest.mark.parametrize("block", [5, 48, 2**20])
@pytest.mark.parametrize("case", CASES, ids=["equal", "distinct"])
def test_the_pipeline_of_cupy_is_the_ratio_and_waits_for_the_device(
    on_the_host, case, block, fresh
):
    contender = device.cupy_pipeline(case, block=block)
    baseline = numpy_contender(case, block=4096)
    ratios = contender.ratio(contender.draw(NUM_SAMPLES // 4, fresh(3) % 2**32))
    assert on_the_host == [True]
    others = baseline.ratio(baseline.draw(NUM_SAMPLES // 4, fresh(4) % 2**32))
    assert _difference(ratios, others) <= 2 * ALLOWED
    assert _difference(-ratios, others) > 2 * ALLOWED


def _difference(one, other):
    """The largest difference of two empirical c.d.f.s at places off the atoms."""
    places = (-1.29, -0.51, 0.11, 0.47, 0.93, 1.71)
    return max(abs(np.mean(one <= place) - np.mean(other <= place)) for place in places)


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES, ids=["equal", "distinct"])
def test_everybody_on_the_device_draws_the_law_of_the_ratio(case):
    if reason := device.missing():
        pytest.skip(reason)
    found = device.contenders(case, seconds=0.01, best_block=lambda make, **settings: 2**20)
    assert {f"device_{method}" for method in own_methods(case)} <= set(found)
    baseline = numpy_contender(case, block=4096)
    expected = baseline.ratio(baseline.draw(NUM_SAMPLES, 3))
    for contender in found.values():
        values = contender.draw(NUM_SAMPLES, 3)
        assert values.shape == (NUM_SAMPLES,)
        if contender.ratio is not None:
            assert _difference(contender.ratio(values), expected) <= ALLOWED
