"""Noisy inputs are float32(float64(x) + noise) of the sampler's noise, bit for bit."""

import functools
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from simulations.classifier import noisy_inputs
from simulations.classifier.noisy_inputs import (
    DRAWS,
    PURPOSES,
    NoisyInputs,
    checked_purpose,
    sample_index,
)
from simulations.kernels import (
    MissingBackendError,
    cuda_device,
    inputs_numba,
    numba_cpu,
    numpy_reference,
)
from simulations.likelihood_ratio import TAGS
from simulations.sampling import draw
from tests.test_simulations.cuda_host import HostArray, HostCupy, on_host
from theory.noise import Gaussian, Laplace, Uniform

NOISES = {"laplace": Laplace(0.35), "gaussian": Gaussian(0.5), "uniform": Uniform(0.9)}


@functools.cache
def point_of(dim: int) -> np.ndarray:
    return np.random.default_rng(dim).random(dim).astype(np.float32)


def filled(noisy: NoisyInputs, count: int, *, point: int, first: int) -> np.ndarray:
    out = np.full((count, noisy.dim), np.nan, np.float32)
    noisy.fill(out, point=point, first=first)
    return out


def reference(noisy: NoisyInputs, count: int, *, point: int, first: int) -> np.ndarray:
    noise = draw(
        noisy.noise,
        seed=noisy.seed,
        tag=PURPOSES[noisy.purpose],
        first_sample=(point << 36) + first,
        num_samples=count,
        dim=noisy.dim,
        backend="numpy",
    )
    return (noisy.x.astype(np.float64) + noise).astype(np.float32)


def assert_same_bits(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


# 1021 and 1025 end just before and after a strip; draws lie across the counter's 2^32.
@pytest.mark.parametrize("dim", [1, 3, 4, 30, 64, 1021, 1025, 3072])
@pytest.mark.parametrize("kind", NOISES)
def test_bits_are_those_of_the_reference(kind: str, dim: int) -> None:
    noisy = NoisyInputs(point_of(dim), NOISES[kind], seed=2**63 + dim, purpose="estimation")
    count = 1500 if dim < 5 else 37
    for point, first in ((0, 0), (7, 2**32 - 20), (2**28 - 1, DRAWS - count)):
        found = filled(noisy, count, point=point, first=first)
        assert_same_bits(found, reference(noisy, count, point=point, first=first))


@pytest.mark.parametrize("kind", NOISES)
def test_every_range_of_the_words_has_the_references_bits(kind: str) -> None:
    # 300000 draws reach the Gaussian's centre and tail and every exponent down to 2^-18.
    noisy = NoisyInputs(point_of(3), NOISES[kind], seed=5, purpose="check")
    found = filled(noisy, 100_000, point=1, first=0)
    assert_same_bits(found, reference(noisy, 100_000, point=1, first=0))


@pytest.mark.parametrize("kind", NOISES)
def test_special_words_have_the_references_bits(kind: str) -> None:
    """The kernel's own loops on words where something happens: both ends, the middle, seams."""
    near = [0, 2**30, 2**31, 2**32 - 1, int(0.075 * 2**32), int(0.925 * 2**32)]
    words = np.unique(np.clip(np.add.outer(near, np.arange(-300, 301)), 0, 2**32 - 1))
    lanes = words.astype(np.uint64)
    inputs_numba._to_noise(lanes, numba_cpu.KINDS[kind], 1.3)
    expected = numpy_reference.INVERSIONS[kind](words.astype(np.uint32), 1.3)
    np.testing.assert_array_equal(lanes, expected.view(np.uint64))


def test_no_batch_and_no_thread_changes_a_bit() -> None:
    x, noise = point_of(3072), Laplace(0.25)
    one = NoisyInputs(x, noise, seed=3, purpose="selection")
    whole = filled(one, 150, point=2, first=40)
    pieces = [filled(one, n, point=2, first=40 + at) for at, n in ((0, 1), (1, 99), (100, 50))]
    assert_same_bits(np.concatenate(pieces), whole)
    for threads in (2, 5, None):
        many = NoisyInputs(x, noise, seed=3, purpose="selection", threads=threads)
        assert_same_bits(filled(many, 150, point=2, first=40), whole)
    by_numpy = NoisyInputs(x, noise, seed=3, purpose="selection", backend="numpy")
    assert_same_bits(filled(by_numpy, 150, point=2, first=40), whole)


def test_one_thread_is_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    fill = inputs_numba.fill_inputs

    def watched(*arguments: object, **layout: int) -> None:
        seen.add(threading.get_ident())
        fill(*arguments, **layout)

    monkeypatch.setattr(inputs_numba, "fill_inputs", watched)
    noisy = NoisyInputs(point_of(3072), Laplace(1.0), seed=3, purpose="selection")
    filled(noisy, 300, point=0, first=0)
    assert seen == {threading.get_ident()}


@pytest.mark.parametrize("change", ["seed", "purpose", "point", "first"])
def test_everything_that_names_a_draw_changes_it(change: str) -> None:
    given = {"seed": 1, "purpose": "estimation", "point": 0, "first": 0}
    other = given | {"seed": 2, "purpose": "selection", "point": 1, "first": 1}
    found = []
    for one in (given, given | {change: other[change]}):
        noisy = NoisyInputs(point_of(8), Laplace(1.0), seed=one["seed"], purpose=one["purpose"])
        found.append(filled(noisy, 4, point=one["point"], first=one["first"]))
    assert not np.isin(found[1][-1], found[0]).any()


def test_the_sum_is_rounded_once() -> None:
    """Rounding the noise to float32 before it is added gives other inputs: a mutant is seen."""
    noisy = NoisyInputs(point_of(64), Laplace(0.35), seed=1, purpose="estimation")
    found = filled(noisy, 500, point=0, first=0)
    noise = draw(noisy.noise, seed=1, tag=noisy.tag, first_sample=0, num_samples=500, dim=64)
    twice = noisy.x + noise.astype(np.float32)
    assert (twice != found).mean() > 0.01
    assert np.abs(twice - found).max() < 1e-5


@pytest.mark.parametrize("scale", [noisy_inputs.SMALLEST_SCALE, noisy_inputs.LARGEST_SCALE])
@pytest.mark.parametrize("law", [Laplace, Gaussian, Uniform])
def test_no_input_is_subnormal_or_infinite(law: type, scale: float) -> None:
    """At the ends of the legal scales, with the smallest and the largest words."""
    kind = law.__name__.lower()
    words = np.array([0, 2**31 - 1, 2**31, 2**32 - 1], np.uint32)
    noise = numpy_reference.INVERSIONS[kind](words, scale)
    # x that cancel the noise to within the last bit of float32, and none at all
    for x in (np.zeros(4, np.float32), noise.astype(np.float32), -noise.astype(np.float32)):
        seen = (x.astype(np.float64) + noise).astype(np.float32)
        least = np.finfo(np.float32).smallest_normal
        assert np.isfinite(seen).all() and (np.abs(seen)[seen != 0] >= least).all()


def test_tags_are_their_own() -> None:
    tags = [*PURPOSES.values(), *TAGS.values()]
    assert len(set(tags)) == len(tags)
    assert checked_purpose("estimation") == PURPOSES["estimation"] != PURPOSES["selection"]


def test_x_is_copied_and_kept() -> None:
    x = point_of(5).copy()
    noisy = NoisyInputs(x, Laplace(1.0), seed=1, purpose="check")
    before = filled(noisy, 3, point=0, first=0)
    x[:] = 9
    assert_same_bits(filled(noisy, 3, point=0, first=0), before)
    with pytest.raises(ValueError, match="read-only"):
        noisy.x[0] = 1


X = np.zeros(3, np.float32)
WRONG = [
    ({"x": X.astype(float)}, r"x has dtype float64 and shape \(3,\), legal are float32"),
    ({"x": X[None]}, r"x has dtype float32 and shape \(1, 3\), legal"),
    ({"x": X[:0]}, r"x has dtype float32 and shape \(0,\), legal"),
    ({"x": [1.0]}, r"x has <class 'list'>, legal are float32"),
    ({"x": np.array([0, np.nan], np.float32)}, r"x\[1\] = nan is outside"),
    ({"x": np.array([np.inf], np.float32)}, r"x\[0\] = inf is outside"),
    ({"x": np.array([1e31], np.float32)}, r"x\[0\] = .*e\+30 is outside|x\[0\] = 1e\+31"),
    ({"noise": Laplace(1e-13)}, r"scale=1e-13.* is outside .* legal parameters are \[1e-12"),
    ({"noise": Gaussian(1e31)}, r"sigma=1e\+31.* legal parameters are"),
    ({"seed": -1}, r"seed = -1 is outside \[0, 2\^64\)"),
    ({"seed": 2**64}, r"seed = 18446744073709551616 is outside"),
    ({"purpose": "play"}, r"purpose = 'play' is not one of .*selection, estimation"),
    ({"backend": "abacus"}, r"backend = 'abacus' is not one of"),
    ({"threads": 0}, r"threads = 0 is outside \[1, 4096\]"),
]


@pytest.mark.parametrize(("wrong", "line"), WRONG)
def test_bad_input_is_one_line(wrong: dict, line: str) -> None:
    given = {"x": X, "noise": Laplace(1.0), "seed": 1, "purpose": "check"} | wrong
    with pytest.raises(ValueError, match=line) as caught:
        NoisyInputs(given.pop("x"), given.pop("noise"), **given)
    assert "\n" not in str(caught.value)


def test_another_noise_is_refused() -> None:
    with pytest.raises(TypeError, match="not Laplace, Gaussian or Uniform"):
        NoisyInputs(X, 0.5, seed=1, purpose="check")


@pytest.mark.parametrize(
    ("out", "where", "line"),
    [
        (np.zeros((2, 3)), {}, "out has dtype float64"),
        (np.zeros((2, 4), np.float32), {}, r"out has .*\(2, 4\), legal are float32 and \(m, 3\)"),
        (np.zeros((3, 2), np.float32).T, {}, "C-contiguous"),
        (np.zeros((2, 3), np.float32), {"point": -1}, r"point = -1 is outside \[0, 2\^28\)"),
        (np.zeros((2, 3), np.float32), {"point": 2**28}, r"point = 268435456 is outside"),
        (np.zeros((2, 3), np.float32), {"first": -1}, r"draws \[-1, 1\) are outside \[0, 2\^36\)"),
        (np.zeros((2, 3), np.float32), {"first": DRAWS - 1}, r"outside \[0, 2\^36\)"),
    ],
)
def test_bad_buffers_and_draws_are_one_line(out: np.ndarray, where: dict, line: str) -> None:
    noisy = NoisyInputs(X, Laplace(1.0), seed=1, purpose="check")
    with pytest.raises(ValueError, match=line):
        noisy.fill(out, **{"point": 0, "first": 0} | where)


def test_points_and_draws_fill_the_index() -> None:
    assert sample_index(2**28 - 1, DRAWS - 1, 1) == 2**64 - 1
    assert sample_index(1, 0, 5) - sample_index(0, DRAWS - 1, 1) == 1


def test_cuda_without_cupy_or_a_device_says_so() -> None:
    try:
        noisy = NoisyInputs(X, Laplace(1.0), seed=1, purpose="check", backend="cuda")
    except MissingBackendError as error:
        assert "l1cert[gpu]" in str(error)
        return
    assert noisy.dim == 3


@pytest.mark.parametrize("kind", NOISES)
def test_a_devices_path_has_the_same_bits(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CUDA source built for the host, and torch's addition and rounding."""
    torch = pytest.importorskip("torch")
    streams, devices = [], []
    double = HostCupy()
    double.cuda.Device = lambda index: nullcontext(devices.append(index))
    double.cuda.ExternalStream = lambda pointer: nullcontext(streams.append(pointer))
    monkeypatch.setattr(
        HostArray, "__dlpack__", lambda self, **how: self.values.__dlpack__(**how), raising=False
    )
    monkeypatch.setattr(
        HostArray, "__dlpack_device__", lambda self: self.values.__dlpack_device__(), raising=False
    )
    stream = SimpleNamespace(cuda_stream=77)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
    monkeypatch.setattr(noisy_inputs, "package_of", {"cuda": double}.__getitem__)
    monkeypatch.setattr(noisy_inputs, "load", lambda backend: cuda_device)
    with on_host(double):
        for dim, first in ((1, 0), (30, 2**32 - 5)):
            noisy = NoisyInputs(point_of(dim), NOISES[kind], seed=2**40, purpose="estimation")
            out = torch.full((11, dim), np.nan)
            noisy.fill_device(out, point=2, first=first)
            assert_same_bits(out.numpy(), reference(noisy, 11, point=2, first=first))
            noisy.fill_device(out[:0], point=2, first=first)
            with pytest.raises(ValueError, match=r"out has dtype torch.float64"):
                noisy.fill_device(out.double(), point=2, first=first)
    assert streams == [77, 77] and devices == [None, None]
