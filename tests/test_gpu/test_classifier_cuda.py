"""A CUDA device sees the noisy inputs of a processor, bit for bit, and votes as it does.

Run uninstalled on a GPU machine with numpy, scipy, numba, cupy, torch and pytest.
"""

import time
import warnings

import numpy as np
import pytest

pytestmark = pytest.mark.gpu

torch = pytest.importorskip("torch", reason="torch is not installed")

from simulations.classifier.batches import Evaluator, voting  # noqa: E402
from simulations.classifier.models import build  # noqa: E402
from simulations.classifier.noisy_inputs import DRAWS, NoisyInputs  # noqa: E402
from simulations.classifier.votes import (  # noqa: E402
    batch_independent,
    count_until,
    count_votes,
    default_batch,
)
from simulations.kernels import MissingBackendError, cuda_device  # noqa: E402
from theory.noise import Gaussian, Laplace, Uniform  # noqa: E402

NOISES = [Laplace(0.35), Gaussian(0.5), Uniform(0.9)]
SHAPES = {"mlp": (1, 8, 8), "cnn": (3, 32, 32)}


@pytest.fixture(scope="module", autouse=True)
def device():
    """CuPy warm, or a skip without it or a device; what CuPy warns of is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cuda_device.device_name()
        except MissingBackendError as error:
            pytest.skip(str(error))
        if not torch.cuda.is_available():
            pytest.skip("torch sees no CUDA device")
        cuda_device.fill_words(np.zeros((1, 1), np.uint32), seed=0, tag=0, first_sample=0)


@pytest.fixture(autouse=True)
def exact_float32():
    """Products in float32, not in TF32, as on a processor."""
    matmul, cudnn = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = matmul, cudnn


def noisy_of(dim: int, noise: object, purpose: str = "estimation") -> NoisyInputs:
    x = np.random.default_rng(dim).random(dim).astype(np.float32)
    return NoisyInputs(x, noise, seed=2**63 + dim, purpose=purpose)


def on_host(noisy: NoisyInputs, count: int, *, point: int, first: int) -> np.ndarray:
    out = np.empty((count, noisy.dim), np.float32)
    noisy.fill(out, point=point, first=first)
    return out


@pytest.mark.parametrize("dim", [1, 3, 64, 3072])
@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: type(noise).__name__)
def test_noisy_inputs_are_bitwise_those_of_a_processor(noise: object, dim: int) -> None:
    noisy = noisy_of(dim, noise)
    for point, first in ((0, 0), (7, 2**32 - 20), (2**28 - 1, DRAWS - 500)):
        out = torch.full((500, dim), float("nan"), device="cuda")
        noisy.fill_device(out, point=point, first=first)
        expected = on_host(noisy, 500, point=point, first=first)
        np.testing.assert_array_equal(out.cpu().numpy().view(np.uint32), expected.view(np.uint32))


def test_a_stream_of_torch_sees_whole_noise() -> None:
    noisy = noisy_of(3072, Laplace(0.35))
    expected = on_host(noisy, 200, point=1, first=0)
    with torch.cuda.stream(torch.cuda.Stream()):
        for _ in range(20):
            out = torch.empty((200, 3072), device="cuda")
            noisy.fill_device(out, point=1, first=0)
            assert np.array_equal(out.cpu().numpy(), expected)


def test_another_buffer_is_one_line() -> None:
    noisy = noisy_of(3, Laplace(0.35))
    wrong = torch.zeros((2, 3), dtype=torch.float64, device="cuda")
    with pytest.raises(ValueError, match=r"out has dtype torch.float64 .* legal are torch.float32"):
        noisy.fill_device(wrong, point=0, first=0)


def logits_of_votes(
    model: torch.nn.Module, noisy: NoisyInputs, draws: int, *, shape: tuple[int, ...], device: str
) -> torch.Tensor:
    """The very logits that are voted on, in batches of 500."""
    how = {"shape": shape, "num_classes": 10, "point": 0, "batch": 500, "device": device}
    evaluator = Evaluator(model, noisy, **how)
    buffer, inputs = evaluator.room()
    found = []
    with voting(model), torch.inference_mode():
        for first in range(0, draws, 500):
            evaluator.fill(buffer, first)
            found.append(evaluator.logits(inputs).cpu())
    return torch.cat(found)


@pytest.mark.parametrize("architecture", SHAPES)
def test_votes_agree_but_where_logits_nearly_tie(architecture: str) -> None:
    shape, draws = SHAPES[architecture], 20_000
    noisy = noisy_of(int(np.prod(shape)), Laplace(0.35))
    how = {"shape": shape, "num_classes": 10, "point": 0, "start": 0, "stop": draws}
    model = build(architecture, shape=shape, num_classes=10, seed=0)
    host = count_votes(model, noisy, batch=500, **how)
    logits = logits_of_votes(model, noisy, draws, shape=shape, device="cpu")
    device = count_votes(model, noisy, batch=500, device="cuda", **how)
    moved = logits_of_votes(model, noisy, draws, shape=shape, device="cuda")
    for votes, own in ((host, logits), (device, moved)):
        assert votes.tolist() == torch.bincount(own.argmax(1), minlength=10).tolist()
    error = (moved - logits).abs().max()
    two = logits.topk(2).values
    ties = int((two[:, 0] - two[:, 1] <= 2 * error).sum())
    print(f"\n{architecture}: logits differ by up to {error:.2g}, {ties} of {draws} nearly tie")
    assert error < 1e-3
    assert np.abs(device - host).sum() <= 2 * ties
    assert host.sum() == device.sum() == draws


def test_looks_are_prefixes_on_a_device() -> None:
    noisy = noisy_of(64, Gaussian(0.5))
    how = {"shape": (1, 8, 8), "num_classes": 10, "point": 0, "batch": 512, "device": "cuda"}
    model = build("mlp", shape=(1, 8, 8), num_classes=10, seed=0)
    counts = count_until(model, noisy, looks=[100, 3000], stop=lambda n: n.sum() > 99, **how)
    assert counts.tolist() == count_votes(model, noisy, start=0, stop=100, **how).tolist()


def test_what_other_batches_do_is_told() -> None:
    noisy = noisy_of(64, Laplace(0.35), purpose="independence")
    how = {"shape": (1, 8, 8), "num_classes": 10, "batch": 512, "device": "cuda"}
    model = build("mlp", shape=(1, 8, 8), num_classes=10, seed=0)
    found = batch_independent(model, noisy, **how)
    print(f"\n{found.text}")
    assert found.inputs >= 2000 and found.largest_difference < 1e-3


@pytest.mark.parametrize("architecture", SHAPES)
def test_throughput_is_told(architecture: str) -> None:
    shape, draws = SHAPES[architecture], 1_000_000
    noisy = noisy_of(int(np.prod(shape)), Laplace(0.35))
    batch = default_batch(noisy.dim, device="cuda")
    how = {"shape": shape, "num_classes": 10, "point": 0, "batch": batch, "device": "cuda"}
    model = build(architecture, shape=shape, num_classes=10, seed=0)
    count_votes(model, noisy, start=0, stop=batch, **how)
    start = time.perf_counter()
    votes = count_votes(model, noisy, start=0, stop=draws, **how)
    seconds = time.perf_counter() - start
    print(f"\n{architecture} {shape}: {draws / seconds:.3g} votes a second, batch {batch}")
    assert votes.sum() == draws
