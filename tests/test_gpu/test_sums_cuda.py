"""The CUDA kernels on a device: the reference's words, noise and sums, bit for bit.

Run uninstalled on a GPU machine. Without one the same source is tested on the processor:
`tests/test_simulations/test_cuda_source.py`.
"""

import functools
import itertools
import threading
import warnings
from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest

from simulations import philox
from simulations.kernels import MissingBackendError, cuda_device, numpy_reference, sums_reference
from simulations.likelihood_ratio import METHODS, SamplingPlan

pytestmark = pytest.mark.gpu

FIRST_SAMPLES = [0, 2**32 - 40, 2**64 - 300]

# A perturbation and how many samples of it the reference draws within a second or two.
PLANS = {
    "one coordinate": (["1.5"], 300),
    "one large coordinate": (["40"], 300),
    "equal": (["0.25"] * 16, 300),
    "image": ([Fraction(3, 3072)] * 3072, 300),
    "large image": ([Fraction(3, 150528)] * 150528, 10),
    "mixed": (
        [Fraction(1, 3)] * 40 + [Fraction(i, 1000) for i in range(1, 200)] + ["2"] * 3,
        300,
    ),
    "distinct": ([Fraction(1, i) for i in range(20, 3092)], 50),
}


@pytest.fixture(scope="module")
def device() -> ModuleType:
    """The backend, warm; skips without CuPy or a device. What CuPy warns of is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cuda_device.device_name()
        except MissingBackendError as error:
            pytest.skip(str(error))
        cuda_device.fill_words(np.zeros((1, 1), np.uint32), seed=0, tag=0, first_sample=0)
    return cuda_device


@functools.lru_cache
def plan_of(name: str, method: str) -> SamplingPlan:
    return SamplingPlan.of(PLANS[name][0], scale=1, method=method)


def sums(module: ModuleType, plan: SamplingPlan, n: int, *, seed: int, first: int) -> np.ndarray:
    out = np.full(n, -1, np.int64)
    module.fill_sums(out, plan, seed=seed, first_sample=first)
    return out


@pytest.mark.parametrize(("num_samples", "dim"), [(5, 6), (1000, 3072), (100_000, 17)])
@pytest.mark.parametrize("first_sample", [0, 2**32 - 3, 2**63 + 7])
def test_words(device: ModuleType, num_samples: int, dim: int, first_sample: int) -> None:
    layout = {"seed": 2**64 - dim, "tag": 0xDEADBEEF, "first_sample": first_sample}
    out = np.zeros((num_samples, dim), np.uint32)
    device.fill_words(out, **layout)
    np.testing.assert_array_equal(out, philox.words(num_samples=num_samples, dim=dim, **layout))


def test_folded_words(device: ModuleType) -> None:
    layout = {"seed": 3, "tag": 4, "first_sample": 2**32 - 5}
    out = np.zeros(1000, np.uint32)
    device.fold_words(out, 12, **layout)
    words = philox.words(num_samples=1000, dim=48, **layout)
    np.testing.assert_array_equal(out, np.bitwise_xor.reduce(words, axis=1))


@pytest.mark.parametrize("parameter", [1.0, 0.1, 37.3, 1e-200])
@pytest.mark.parametrize("kind", numpy_reference.INVERSIONS)
def test_noise(device: ModuleType, kind: str, parameter: float) -> None:
    for shape in ((1_000_000, 1), (300, 3071)):
        layout = {"seed": 2**63 + shape[1], "tag": 77, "first_sample": 2**32 - 100}
        noise, reference = np.zeros((2, *shape))
        device.fill_noise(noise, kind, parameter, **layout)
        numpy_reference.fill_noise(reference, kind, parameter, **layout)
        np.testing.assert_array_equal(noise.view(np.uint64), reference.view(np.uint64))


@pytest.mark.parametrize("kind", numpy_reference.INVERSIONS)
def test_noise_far_out(device: ModuleType, kind: str) -> None:
    # The outermost of eight million words: beyond one in 2^22 at either end.
    layout = {"seed": 1, "tag": 2, "first_sample": 0}
    noise = np.zeros((2_000_000, 4))
    device.fill_noise(noise, kind, 1.0, **layout)
    words = np.zeros(noise.shape, np.uint32)
    device.fill_words(words, **layout)
    order = np.argsort(words, axis=None, kind="stable")
    outermost = np.concatenate([order[:20_000], order[-20_000:]])
    reference = numpy_reference.INVERSIONS[kind](words.reshape(-1)[outermost], 1.0)
    np.testing.assert_array_equal(
        noise.reshape(-1)[outermost].view(np.uint64), reference.view(np.uint64)
    )


@pytest.mark.parametrize("first_sample", FIRST_SAMPLES)
@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("method", METHODS)
def test_sums(device: ModuleType, method: str, name: str, first_sample: int) -> None:
    plan, n = plan_of(name, method), PLANS[name][1]
    layout = {"seed": 2**63 + 11, "first": first_sample}
    reference = sums(sums_reference, plan, n, **layout)
    np.testing.assert_array_equal(sums(device, plan, n, **layout), reference)


@pytest.mark.parametrize("method", METHODS)
def test_many_samples(device: ModuleType, method: str) -> None:
    plan = plan_of("equal", method)
    layout = {"seed": 5, "first": 2**32 - 100_000}
    reference = sums(sums_reference, plan, 300_000, **layout)
    np.testing.assert_array_equal(sums(device, plan, 300_000, **layout), reference)
    kept = device.device_sums(plan, seed=5, first_sample=layout["first"], num_samples=300_000)
    np.testing.assert_array_equal(kept.get(), reference)


@pytest.mark.parametrize("method", METHODS)
def test_any_chunks_and_threads(device: ModuleType, method: str) -> None:
    plan, out = plan_of("mixed", method), np.full(20_000, -1, np.int64)

    def work(start: int, stop: int) -> None:
        device.fill_sums(out[start:stop], plan, seed=9, first_sample=2**32 - 10_000 + start)

    cuts = [0, 1, 1, 128, 257, 5000, 19_999, 20_000]
    threads = [threading.Thread(target=work, args=one) for one in itertools.pairwise(cuts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = sums(device, plan, 20_000, seed=9, first=2**32 - 10_000)
    np.testing.assert_array_equal(out, whole)


@pytest.mark.parametrize("busy", [1, 10_000, 2**30])
def test_any_cut_of_a_sample(
    device: ModuleType, monkeypatch: pytest.MonkeyPatch, busy: int
) -> None:
    for method in ("direct", "poisson"):
        layout = {"seed": 2**40, "first": 77}
        whole = sums(device, plan_of("large image", method), 100, **layout)
        with monkeypatch.context() as patch:
            patch.setattr(device, "BUSY_THREADS", busy)
            patch.setattr(device, "BLOCKS_OF_A_PART", 1)
            cut = sums(device, plan_of("large image", method), 100, **layout)
        np.testing.assert_array_equal(cut, whole)


def test_wrong_options_would_show(device: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same comparison fails where the compiler may fuse.
    fused = tuple(option.replace("fmad=false", "fmad=true") for option in device.OPTIONS)
    plan = plan_of("one large coordinate", "direct")
    strict = sums(device, plan, 10_000, seed=1, first=2)
    caches = device._module, device._kernel
    with monkeypatch.context() as patch:
        patch.setattr(device, "OPTIONS", fused)
        try:
            for cache in caches:
                cache.cache_clear()
            assert not np.array_equal(sums(device, plan, 10_000, seed=1, first=2), strict)
        finally:
            for cache in caches:
                cache.cache_clear()
