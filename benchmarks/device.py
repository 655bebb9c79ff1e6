"""The contenders on a CUDA device: our kernels, and an unfused CuPy pipeline in float32.

A piece ends when the device has finished. Our sums stay on the device, as those of CuPy do.
"""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import SCALE, Contender, Perturbation, own_methods
from benchmarks.rounds import Piece
from simulations import philox
from simulations.kernels import MissingBackendError

#: Numbers in a block of CuPy's: 4 MB to 1 GB of floats.
DEVICE_BLOCKS = tuple(2**power for power in range(20, 29, 2))


def missing() -> str | None:
    """Why there are no contenders on a device; None if there are."""
    try:
        name()
    except (ImportError, MissingBackendError) as error:
        return str(error)
    return None


def name() -> str:
    """The device's name."""
    from simulations.kernels.cuda_device import device_name

    return device_name()


def _finished(values: Any) -> Any:
    import cupy

    cupy.cuda.runtime.deviceSynchronize()
    return values


def own(case: Perturbation, method: str) -> Contender:
    """One of our methods on the device."""
    from simulations.kernels.cuda_device import device_sums

    plan = case.plan(method)
    unit, total = float(plan.unit), plan.total

    def draw(num_samples: int, seed: int) -> Any:
        return _finished(device_sums(plan, seed=seed, first_sample=0, num_samples=num_samples))

    def ratio(values: Any) -> Any:
        return unit * (total - 2 * values.get())

    kind = ", distinct magnitudes" if case.magnitudes == "distinct" else ""
    title = f"l1cert `{method}`{kind}, {name()}"
    return Contender(title, draw, ratio, {"method": plan.method})


def philox_alone(case: Perturbation) -> Contender:
    """Philox4x32-10 alone on the device; its sums of 4 bytes a sample come back."""
    import numpy as np

    from simulations.kernels.cuda_device import fold_words

    tag = philox.purpose_tag("benchmarks/philox")
    blocks = -(-case.dim // philox.WORDS_PER_BLOCK)

    def draw(num_samples: int, seed: int) -> Any:
        out = np.zeros(num_samples, np.uint32)
        fold_words(out, blocks, seed=seed, tag=tag, first_sample=0)
        return out

    return Contender(f"Philox4x32-10 alone, {name()}", draw, None)


def cupy_pipeline(case: Perturbation, *, block: int) -> Contender:
    """cupy.random.laplace in float32, one fused kernel for the difference of norms, and a sum."""
    import cupy

    delta = cupy.asarray(case.delta, cupy.float32)
    rows = max(1, block // case.dim)
    difference = cupy.ElementwiseKernel(
        "float32 x, float32 move", "float32 y", "y = fabsf(x - move) - fabsf(x)", "norms"
    )

    def draw(num_samples: int, seed: int) -> Any:
        generator = cupy.random.RandomState(seed)
        sums = cupy.empty(num_samples, cupy.float32)
        for start in range(0, num_samples, rows):
            stop = min(start + rows, num_samples)
            x = generator.laplace(0.0, SCALE, (stop - start, case.dim), dtype=cupy.float32)
            difference(x, delta, x).sum(axis=1, out=sums[start:stop])
        return _finished(sums)

    def ratio(values: Any) -> Any:
        return values.get() / SCALE

    title = f"CuPy `random.laplace`, float32, {name()}"
    return Contender(title, draw, ratio, {"block": block})


def contenders(case: Perturbation, *, seconds: float, best_block: Any) -> dict[str, Contender]:
    """Everybody on the device by name; CuPy with its best block where magnitudes are equal."""
    found = {f"device_{method}": own(case, method) for method in own_methods(case)}
    if case.magnitudes != "equal":
        return found

    def piece(block: int) -> Piece:
        return cupy_pipeline(case, block=block).draw

    block = best_block(piece, seconds=seconds, blocks=DEVICE_BLOCKS)
    found["device_cupy"] = cupy_pipeline(case, block=block)
    found["device_philox"] = philox_alone(case)
    return found
