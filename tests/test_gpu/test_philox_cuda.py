"""The Philox rounds compiled for a CUDA device give the reference's words, bit for bit.

Run uninstalled on a GPU machine, or on Numba's simulator with NUMBA_ENABLE_CUDASIM=1.
"""

import numpy as np
import pytest

from simulations import philox

pytestmark = pytest.mark.gpu

cuda = pytest.importorskip("numba.cuda", reason="numba is not installed")

SIMULATED = bool(pytest.importorskip("numba.core.config").ENABLE_CUDASIM)
# The simulator runs a Python thread for each sample.
SIZES = [(5, 6)] if SIMULATED else [(5, 6), (1000, 3072), (100_000, 17)]


def compiled_fill():
    """A kernel of one thread a sample around `philox.permute`; skips without a device."""
    if not cuda.is_available():
        pytest.skip("no CUDA device is available")
    permute = cuda.jit(device=True)(philox.permute)
    low, width = philox.LOW, philox.WIDTH

    @cuda.jit
    def fill(out, first_sample, tag, key_0, key_1):
        i = cuda.grid(1)
        if i < out.shape[0]:
            sample = first_sample + np.uint64(i)
            for block in range((out.shape[1] + 3) // 4):
                words = permute(sample & low, sample >> width, np.uint64(block), tag, key_0, key_1)
                for lane in range(min(4, out.shape[1] - 4 * block)):
                    out[i, 4 * block + lane] = words[lane]

    return fill


@pytest.mark.parametrize(("num_samples", "dim"), SIZES)
@pytest.mark.parametrize(
    ("seed", "tag", "first_sample"),
    [(0, 0, 0), (0x0123456789ABCDEF, 0xDEADBEEF, 2**32 - 3), (2**64 - 1, 2**32 - 1, 2**63 + 7)],
)
@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaPerformanceWarning")
def test_device_words_are_the_references(
    num_samples: int, dim: int, seed: int, tag: int, first_sample: int
) -> None:
    fill = compiled_fill()
    out = cuda.to_device(np.zeros((num_samples, dim), np.uint32))
    threads = 4 if SIMULATED else 128
    fill[-(-num_samples // threads), threads](
        out,
        np.uint64(first_sample),
        np.uint64(tag),
        np.uint64(seed % 2**32),
        np.uint64(seed // 2**32),
    )
    expected = philox.words(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    np.testing.assert_array_equal(out.copy_to_host(), expected)
