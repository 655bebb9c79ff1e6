"""The CUDA source, built for the host: the reference's bits, and mutants that do not give them."""

import functools
import threading
from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from simulations import kernels, likelihood_ratio, philox
from simulations.kernels import cuda_device, numba_cpu, numpy_reference, sums_reference
from simulations.likelihood_ratio import METHODS, SamplingPlan
from tests.test_simulations import cuda_host
from tests.test_simulations.cuda_host import FUSED, HostArray, HostCupy, on_host

# Samples near the counter's two seams, and the last ones of all.
FIRST_SAMPLES = [0, 2**32 - 2, 2**64 - 9]

PLANS = {
    "one coordinate": ["1.5"],
    "one large coordinate": ["40"],
    "equal": ["0.25"] * 16,
    "image": [Fraction(3, 3072)] * 3072,
    "mixed": [Fraction(1, 3)] * 40 + [Fraction(i, 1000) for i in range(1, 200)] + ["2"] * 3,
    "distinct": [Fraction(1, i) for i in range(20, 150)],
}


@functools.lru_cache
def plan_of(name: str, method: str) -> SamplingPlan:
    return SamplingPlan.of(PLANS[name], scale=1, method=method)


def sums(backend: str, plan: SamplingPlan, n: int, *, seed: int, first_sample: int) -> np.ndarray:
    modules = {"cuda": cuda_device, "numpy": sums_reference, "numba": numba_cpu}
    out = np.full(n, -1, np.int64)
    modules[backend].fill_sums(out, plan, seed=seed, first_sample=first_sample)
    return out


@functools.lru_cache
def expected(name: str, method: str, n: int, seed: int, first_sample: int) -> np.ndarray:
    """The NumPy reference's sums."""
    return sums("numpy", plan_of(name, method), n, seed=seed, first_sample=first_sample)


@pytest.fixture(scope="module")
def host() -> Iterator[HostCupy]:
    with on_host(HostCupy()) as double:
        yield double


@pytest.mark.parametrize("first_sample", FIRST_SAMPLES)
@pytest.mark.parametrize("dim", [1, 2, 4, 7, 3072])
def test_words_are_the_references(host: HostCupy, dim: int, first_sample: int) -> None:
    layout = {"seed": 2**40 + dim, "tag": 2**32 - dim, "first_sample": first_sample}
    words = np.zeros((9, dim), np.uint32)
    cuda_device.fill_words(words, **layout)
    np.testing.assert_array_equal(words, philox.words(num_samples=9, dim=dim, **layout))
    folded = np.zeros(9, np.uint32)
    cuda_device.fold_words(folded, 3, **layout)
    whole = philox.words(num_samples=9, dim=12, **layout)
    np.testing.assert_array_equal(folded, np.bitwise_xor.reduce(whole, axis=1))


@pytest.mark.parametrize("parameter", [1.0, 0.1, 37.3, 1e-200])
@pytest.mark.parametrize("kind", numpy_reference.INVERSIONS)
def test_noise_has_the_references_bits(host: HostCupy, kind: str, parameter: float) -> None:
    for dim, first_sample in ((1, 2**32 - 2), (6, 2**64 - 9), (3001, 5)):
        layout = {"seed": 2**63 + dim, "tag": 77, "first_sample": first_sample}
        noise, reference = np.zeros((2, 9, dim))
        cuda_device.fill_noise(noise, kind, parameter, **layout)
        numpy_reference.fill_noise(reference, kind, parameter, **layout)
        np.testing.assert_array_equal(noise.view(np.uint64), reference.view(np.uint64))


# Words where something happens: both ends, the middle, the powers of two and both mantissas' seams.
SPECIAL = np.unique(
    np.concatenate(
        [
            np.arange(300),
            2**31 + np.arange(-300, 300),
            2**32 - 1 - np.arange(300),
            2**30 + np.arange(-100, 100),
            *(2**p + np.arange(-3, 4) for p in range(2, 31)),
            *(int(0.5**0.5 * 2**p) + np.arange(-2, 3) for p in range(3, 32)),
            # AS 241 changes its range where v = 0.15.
            int(0.075 * 2**32) + np.arange(-3, 4),
        ]
    )
).tolist()


def test_special_words_have_the_references_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without its rounds the generator returns the counter: sample i has the word i.
    monkeypatch.setattr(philox, "ROUNDS", 0)
    plan = plan_of("one large coordinate", "direct")
    words = np.array(SPECIAL, np.uint32)
    with on_host(HostCupy()):
        for kind, inversion in numpy_reference.INVERSIONS.items():
            noise = np.zeros((words.size, 1))
            for row, word in zip(noise, SPECIAL, strict=True):
                cuda_device.fill_noise(row[None], kind, 1.3, seed=0, tag=0, first_sample=word)
            reference = inversion(words, 1.3)[:, None]
            np.testing.assert_array_equal(noise.view(np.uint64), reference.view(np.uint64))
        for word in SPECIAL:
            layout = {"seed": 0, "first_sample": word}
            assert sums("cuda", plan, 1, **layout) == sums("numpy", plan, 1, **layout)


@pytest.mark.parametrize("first_sample", FIRST_SAMPLES)
@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("method", METHODS)
def test_sums_are_the_references_and_numbas(
    host: HostCupy, method: str, name: str, first_sample: int
) -> None:
    layout = {"seed": 2**63 + 11, "first_sample": first_sample}
    reference = expected(name, method, 9, **layout)
    for backend in ("cuda", "numba"):
        actual = sums(backend, plan_of(name, method), 9, **layout)
        np.testing.assert_array_equal(actual, reference)


@pytest.mark.parametrize("method", METHODS)
def test_many_samples_in_any_chunks_and_threads(host: HostCupy, method: str) -> None:
    layout = {"seed": 5, "first_sample": 2**32 - 700}
    n, plan = 2000, plan_of("mixed", method)
    reference = expected("mixed", method, n, **layout)
    np.testing.assert_array_equal(sums("cuda", plan, n, **layout), reference)
    out = np.full(n, -1, np.int64)

    def work(start: int, step: int) -> None:
        first = layout["first_sample"] + start
        cuda_device.fill_sums(out[start : start + step], plan, seed=5, first_sample=first)

    starts = [(0, 1), (1, 0), (1, 127), (128, 1000), (1128, 872)]
    threads = [threading.Thread(target=work, args=one) for one in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(out, reference)


@pytest.mark.parametrize(("busy", "least"), [(1, 8), (10**9, 1), (9 * 5, 2)])
def test_any_cut_of_a_sample_gives_the_same_bits(
    host: HostCupy, monkeypatch: pytest.MonkeyPatch, busy: int, least: int
) -> None:
    monkeypatch.setattr(cuda_device, "BUSY_THREADS", busy)
    monkeypatch.setattr(cuda_device, "BLOCKS_OF_A_PART", least)
    layout = {"seed": 2**63 + 11, "first_sample": FIRST_SAMPLES[1]}
    for method, kernel in (("direct", "sums_direct"), ("poisson", "sums_signs")):
        host.launches.clear()
        actual = sums("cuda", plan_of("image", method), 9, **layout)
        np.testing.assert_array_equal(actual, expected("image", method, 9, **layout))
        parts = dict(host.launches)[kernel][1]
        blocks = 768 if method == "direct" else 24
        assert parts == {1: 1, 10**9: blocks, 45: 5}[busy]


# What to change, what instead, and where it must show.
MUTANTS = [
    ("key_0 += PHILOX_WEYL_0;", "key_0 += PHILOX_WEYL_1;", "words"),
    ("(u32)(product_0 >> 32) ^ c3", "(u32)(product_0 >> 32) ^ c1", "words"),
    ("folded ^= w.x ^ w.y ^ w.z ^ w.w;", "folded ^= w.x ^ w.y ^ w.z;", "words"),
    ("z * (1.0 / 13.0 + z", "z * (1.0 / 14.0 + z", "noise"),
    ("(count * LOG_2_LOW - log_mantissa)", "(0.0 - log_mantissa)", "noise"),
    ("word < ~word ? word : ~word", "word < ~word ? word : ~word - 1", "noise"),
    ("if (offset <= CENTRE)", "if (offset <= 0.5 * CENTRE)", "noise"),
    ("(c7 * x + c6) * x + c5", "c6 * x + c5", "direct"),
    ("(float)(i32)nearer + 0.5f", "(float)(i32)nearer + 1.0f", "direct"),
    ("157 - (i32)(bits >> 23)", "158 - (i32)(bits >> 23)", "direct"),
    ("cells > 1 ? cells : 1", "cells > 0 ? cells : 0", "direct"),
    ("cells < length - 1 ? cells : length - 1", "cells < length ? cells : length", "direct"),
    ("word < threshold ? length", "word < threshold / 2 ? length", "direct"),
    ("__popc(word & masks[piece])", "__popc(word)", "poisson"),
    ("wide >> 12", "wide >> 13", "poisson"),
    ("if (coordinate == last_hit) continue;", "", "poisson"),
    ("cell += 1 + gap_of(philox(", "cell += gap_of(philox(", "poisson"),
    ("offset > 1 ? offset : 1", "offset", "poisson"),
    ("(u32)(coordinate / 32) & 3", "(u32)(coordinate / 32) & 1", "poisson"),
    ("(u64)(size - hits)", "(u64)size", "counts"),
    ("place < positive - positive_hits", "place < positive", "counts"),
    ("group & 1 ?", "group & 2 ?", "counts"),
    ("if (index != last_hit) {", "{", "counts"),
    ("cell -= length * size;", "cell -= length;", "counts"),
    ("return layout[0] + (i - begin);", "return i - begin;", "counts"),
]


class Coarse(SamplingPlan):
    """Few cells, so that points often share a coordinate and lie in its first cell."""

    @property
    def unit(self) -> Fraction:
        return self.magnitudes[0] / 8


@functools.lru_cache
def coarse(method: str) -> SamplingPlan:
    magnitudes = tuple(map(Fraction, ("2", "0.85", "0.6", "0.35", "0.1")))
    return Coarse(magnitudes, (3, 20, 1, 50, 90), method)


@functools.lru_cache
def reference_bits(where: str) -> tuple[np.ndarray, ...]:
    return bits(where, "numpy")


def bits(where: str, backend: str) -> tuple[np.ndarray, ...]:
    """What a mutant must change: words, noise of every kind, or sums of some plans."""
    module = cuda_device if backend == "cuda" else numpy_reference
    layout = {"seed": 2**63 + 11, "tag": 2**32 - 5, "first_sample": 2**32 - 50}
    if where == "words":
        words = np.zeros((100, 7), np.uint32)
        module.fill_words(words, **layout)
        if backend == "numpy":
            return words, np.bitwise_xor.reduce(words[:, :4], axis=1)
        folded = np.zeros(100, np.uint32)
        cuda_device.fold_words(folded, 1, **layout)
        return words, folded
    if where == "noise":
        noise = np.zeros((3, 100, 30))
        for out, kind in zip(noise, cuda_device.KINDS, strict=True):
            module.fill_noise(out, kind, 1.3, **layout)
        return tuple(noise.view(np.uint64))
    plans = coarse(where), plan_of("mixed", where), plan_of("image", where)
    counter = {"seed": layout["seed"], "first_sample": layout["first_sample"]}
    return tuple(sums(backend, plan, 100, **counter) for plan in plans)


def agrees(where: str) -> bool:
    pairs = zip(bits(where, "cuda"), reference_bits(where), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("where", ["words", "noise", *METHODS])
def test_the_source_passes_what_the_mutants_fail(host: HostCupy, where: str) -> None:
    assert agrees(where)


@pytest.mark.parametrize(("old", "new", "where"), MUTANTS)
def test_mutants_give_other_bits(old: str, new: str, where: str) -> None:
    assert cuda_device.source().count(old) == 1
    flags = ("-O0", "-ffp-contract=off", "-w")
    with on_host(HostCupy(lambda code: code.replace(old, new), flags)):
        assert not agrees(where)


def test_fused_multiply_add_gives_other_bits() -> None:
    with on_host(HostCupy(flags=FUSED)):
        if not cuda_host.build(cuda_device.source(), FUSED).fuses():
            pytest.skip("this processor has no fused multiply-add")
        assert agrees("words")
        assert not agrees("noise")
        assert not agrees("direct")


def test_the_double_refuses_what_the_kernel_does_not_declare() -> None:
    library = cuda_host.build(cuda_device.source(), cuda_host.STRICT)
    kernel = cuda_host.HostKernel(library, "fold_words")
    assert kernel.signature == ["*u4", "i8", "i8", "u8", "u4", "u4", "u4"]
    one = np.uint32(1)
    good = [
        HostArray(np.zeros(1, np.uint32)),
        np.int64(1),
        np.int64(1),
        np.uint64(1),
        one,
        one,
        one,
    ]
    kernel((1, 1), (1,), tuple(good))
    for place, bad in [(0, HostArray(np.zeros(1))), (1, np.int32(1)), (1, 1), (4, np.float32(1))]:
        with pytest.raises(AssertionError):
            kernel((1, 1), (1,), (*good[:place], bad, *good[place + 1 :]))


def test_empty_buffers_and_bad_samples_launch_nothing(host: HostCupy) -> None:
    host.launches.clear()
    layout = {"seed": 1, "tag": 2, "first_sample": 3}
    cuda_device.fill_words(np.zeros((0, 3), np.uint32), **layout)
    cuda_device.fill_noise(np.zeros((0, 3)), "laplace", 1.0, **layout)
    cuda_device.fold_words(np.zeros(0, np.uint32), 1, **layout)
    sums("cuda", plan_of("equal", "counts"), 0, seed=1, first_sample=2)
    assert not host.launches
    with pytest.raises(ValueError, match="first_sample = -1 is outside"):
        sums("cuda", plan_of("equal", "counts"), 1, seed=1, first_sample=-1)
    assert cuda_device.device_name() == "the processor"


def test_tables_stay_on_the_device(host: HostCupy, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SamplingPlan.of(["0.5", "0.7"], scale=1, method="counts")
    first = sums("cuda", plan, 5, seed=1, first_sample=2)
    monkeypatch.setattr(host, "asarray", lambda _: pytest.fail("a table was copied again"))
    np.testing.assert_array_equal(sums("cuda", plan, 5, seed=1, first_sample=2), first)


def test_without_cupy_or_a_device_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_installed(name: str) -> None:
        raise ModuleNotFoundError(name)

    with monkeypatch.context() as patch:
        patch.setattr(kernels.importlib, "import_module", none_installed)
        with pytest.raises(kernels.MissingBackendError, match=r"pip install 'l1cert\[gpu\]'"):
            kernels.load("cuda")

    def fail() -> int:
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")

    for count, message in ((fail, "cudaErrorNoDevice"), (lambda: 0, "found none")):
        double = HostCupy()
        double.cuda.runtime = SimpleNamespace(CUDARuntimeError=RuntimeError, getDeviceCount=count)
        with on_host(double), pytest.raises(kernels.MissingBackendError, match=message) as error:
            sums("cuda", plan_of("equal", "direct"), 1, seed=1, first_sample=0)
        assert "\n" not in str(error.value)


def test_no_float32_is_subnormal_so_flushing_them_changes_nothing() -> None:
    ends = (likelihood_ratio.SMALLEST_MAGNITUDE, likelihood_ratio.LARGEST_MAGNITUDE)
    largest, smallest = (SamplingPlan((a,), (1,), "direct").cells_per_scale for a in ends)
    words = np.array([0, 2**31 - 1], np.int32)
    top, bottom = sums_reference.word_log(words).astype(float)
    assert bottom * float(smallest) > np.finfo(np.float32).tiny
    assert bottom**2 > np.finfo(np.float32).tiny
    assert top * float(largest) < np.finfo(np.float32).max
