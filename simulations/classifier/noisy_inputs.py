"""Inputs under noise: what a smoothed classifier is shown, draw by draw.

The noise of draw i at point p for a purpose is that of `simulations.sampling.draw` for the sample

    index = p 2^36 + i,    tag = PURPOSES[purpose],

so every certificate's votes can be drawn again alone, on any machine: no batch, thread or device
has any influence on a bit. The noisy input is float32(float64(x) + noise), rounded once.

Here noise is a float, and a classifier could recognise which floats are reachable from x: what is
certified on such inputs is statistical. Sound are the integers of `noisy_levels`.
"""

from __future__ import annotations

import operator
from dataclasses import KW_ONLY, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.kernels import load, package_of
from simulations.philox import checked_layout, purpose_tag
from simulations.sampling import IsotropicNoise, _kind
from simulations.streaming import Chunking, Ranges, share

#: The tag of everything that is drawn about a classifier: two purposes share no draw.
PURPOSES = {
    name: purpose_tag(f"classifier/{name}")
    for name in (
        "order",
        "training",
        "validation",
        "selection",
        "estimation",
        "attack",
        "check",
        "agreement",
        "independence",
    )
}

#: Draws of a point, and points: together they fill the 64 bits of a sample's index.
DRAW_BITS = 36
DRAWS, POINTS = 2**DRAW_BITS, 2 ** (64 - DRAW_BITS)

#: Inside, no noisy input overflows or is subnormal, which a GPU may flush to 0: noise is at least
#: 2^-33 scale, so x + noise is 0 or a multiple of 2^-86 scale; and it is below 22.2 scale.
SMALLEST_SCALE, LARGEST_SCALE = 1e-12, 1e30
LARGEST_INPUT = 1e30


class Perturber(Protocol):
    """An input x together with a law of noise: gives the noisy inputs of any draws.

    `dim` is the number of coordinates.
    """

    @property
    def dim(self) -> int:
        """The number of coordinates of an input."""
        ...

    def fill(self, out: NDArray[np.float32], *, point: int, first: int) -> None:
        """Write the noisy inputs of draws first, first + 1, ... at a point into (m, dim)."""
        ...


def sample_index(point: int, first: int, count: int) -> int:
    """The index of draw `first` at a point: point 2^36 + first.

    Parameters
    ----------
    point
        In [0, 2^28): for a test point its position in the test split.
    first, count
        Draws first, ..., first + count - 1, all in [0, 2^36).

    Raises
    ------
    ValueError
        For a point or a draw outside its set.

    Examples
    --------
    >>> sample_index(2, 5, 10) == 2 * 2**36 + 5
    True
    >>> sample_index(0, 2**36 - 3, 4)
    Traceback (most recent call last):
    ValueError: draws [68719476733, 68719476737) are outside [0, 2^36)
    """
    point, first, count = (operator.index(value) for value in (point, first, count))
    if not 0 <= point < POINTS:
        raise ValueError(f"point = {point} is outside [0, 2^{64 - DRAW_BITS})")
    if not 0 <= first <= first + count <= DRAWS:
        raise ValueError(f"draws [{first}, {first + count}) are outside [0, 2^{DRAW_BITS})")
    return (point << DRAW_BITS) + first


def checked_purpose(purpose: str) -> int:
    """The tag of a purpose of `PURPOSES`.

    >>> checked_purpose("fun")
    Traceback (most recent call last):
    ValueError: purpose = 'fun' is not one of order, training, validation, selection, estimation, \
attack, check, agreement, independence
    """
    if purpose not in PURPOSES:
        raise ValueError(f"purpose = {purpose!r} is not one of {', '.join(PURPOSES)}")
    return PURPOSES[purpose]


def checked_out(out: NDArray[Any], dim: int) -> None:
    """Refuse a buffer that is not float32 (m, dim) and C-contiguous, in one line."""
    legal = out.dtype == np.float32 and out.ndim == 2 and out.shape[1] == dim
    if not (legal and out.flags.c_contiguous):
        raise ValueError(
            f"out has dtype {out.dtype} and shape {out.shape}, "
            f"legal are float32 and (m, {dim}), C-contiguous"
        )


def _law(noise: IsotropicNoise) -> tuple[str, float]:
    """The name of the law and its parameter, which bounds a draw by 22.2 times itself."""
    kind, parameter = _kind(noise)
    if not SMALLEST_SCALE <= parameter <= LARGEST_SCALE:
        raise ValueError(
            f"noise = {noise!r} is outside what float32 inputs hold, "
            f"legal parameters are [{SMALLEST_SCALE}, {LARGEST_SCALE}]"
        )
    return kind, parameter


def _checked_input(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """A copy of x that nobody can change, once it is float32 (dim,) and finite."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.ndim != 1 or x.size == 0:
        found = f"dtype {x.dtype} and shape {x.shape}" if isinstance(x, np.ndarray) else type(x)
        raise ValueError(f"x has {found}, legal are float32 and (dim,), dim >= 1")
    outside = ~(np.abs(x) <= LARGEST_INPUT)
    if outside.any():
        j = int(np.argmax(outside))
        raise ValueError(f"x[{j}] = {x[j]} is outside [-{LARGEST_INPUT}, {LARGEST_INPUT}]")
    kept = x.copy()
    kept.flags.writeable = False
    return kept


@dataclass(frozen=True, eq=False)
class NoisyInputs:
    """x + noise for any draws of any point: a `Perturber`.

        out[i, j] = float32(float64(x[j]) + noise[i, j]),

    noise[i] that of `simulations.sampling.draw` at sample point 2^36 + first + i.

    Parameters
    ----------
    x
        float32, shape (dim,), each |x[j]| <= 1e30, in the unit in which noise is added; copied.
    noise
        `theory.noise` Laplace, Gaussian or Uniform, its parameter in [1e-12, 1e30].
    seed
        In [0, 2^64).
    purpose
        A name of `PURPOSES`.
    backend
        For `fill`: "numba", "numpy" (the reference, slow) or "cuda". Equal bits.
    threads
        For `fill`, >= 1, or None for one on each core that the process may use; without influence
        on a bit. By default one, because `votes` gives every batch a core of its own.

    Raises
    ------
    ValueError
        For a parameter outside its set.
    TypeError
        For another kind of noise.

    Examples
    --------
    >>> from theory.noise import Laplace
    >>> x = np.array([0.0, 1.0], np.float32)
    >>> noisy = NoisyInputs(x, Laplace(scale=0.5), seed=7, purpose="estimation")
    >>> out = np.empty((2, 2), np.float32)
    >>> noisy.fill(out, point=3, first=10)
    >>> out
    array([[ 1.3481934 , -0.63518775],
           [-0.41455474,  0.95535713]], dtype=float32)
    """

    x: NDArray[np.float32]
    noise: IsotropicNoise
    _: KW_ONLY
    seed: int
    purpose: str
    backend: str = "numba"
    threads: int | None = 1

    def __post_init__(self) -> None:
        checked_purpose(self.purpose)
        _law(self.noise)
        object.__setattr__(self, "x", _checked_input(self.x))
        checked_layout(seed=self.seed, tag=0, first_sample=0, num_samples=0, dim=self.dim)
        Chunking(threads=self.threads)
        load(self.backend)

    @property
    def dim(self) -> int:
        """The number of coordinates of x."""
        return self.x.size

    @property
    def tag(self) -> int:
        """The tag of the purpose."""
        return PURPOSES[self.purpose]

    def fill(self, out: NDArray[np.float32], *, point: int, first: int) -> None:
        """Write the noisy inputs of draws first, ..., first + m - 1 at a point.

        Parameters
        ----------
        out
            float32, shape (m, dim), C-contiguous.
        point, first
            See `sample_index`.

        Raises
        ------
        ValueError
            For a parameter outside its set.
        """
        checked_out(out, self.dim)
        start_index = sample_index(point, first, out.shape[0])
        kind, parameter = _law(self.noise)
        rows = Chunking(threads=self.threads).rows(np.float32, self.dim)
        fill = _fill_numba if self.backend == "numba" else _fill_by_draws(self.backend)

        def work(ranges: Ranges) -> None:
            for start, stop in ranges:
                index = start_index + start
                fill(
                    out[start:stop],
                    self.x,
                    kind,
                    parameter,
                    seed=self.seed,
                    tag=self.tag,
                    first_sample=index,
                )

        share(work, num_samples=out.shape[0], rows=rows, threads=self.threads)

    def fill_device(self, out: Any, *, point: int, first: int) -> None:
        """As `fill`, into a CUDA tensor of torch: the noise is made there and stays there.

        Parameters
        ----------
        out
            torch.float32, shape (m, dim), contiguous, on a CUDA device.
        point, first
            See `sample_index`.

        Raises
        ------
        ValueError
            For a parameter outside its set.
        MissingBackendError
            If CuPy is not installed or finds no device.
        """
        import torch

        legal = out.dtype == torch.float32 and out.ndim == 2 and out.shape[1] == self.dim
        if not (legal and out.is_contiguous()):
            raise ValueError(
                f"out has dtype {out.dtype} and shape {tuple(out.shape)}, "
                f"legal are torch.float32 and (m, {self.dim}), contiguous"
            )
        index = sample_index(point, first, out.shape[0])
        if out.shape[0] == 0:
            return
        kind, parameter = _law(self.noise)
        cupy = package_of("cuda")
        # On torch's own stream: its memory is used in the order in which it was asked for.
        stream = torch.cuda.current_stream(out.device).cuda_stream
        with cupy.cuda.Device(out.device.index), cupy.cuda.ExternalStream(stream):
            noise = torch.from_dlpack(
                load("cuda").device_noise(
                    out.shape,
                    kind,
                    parameter,
                    seed=self.seed,
                    tag=self.tag,
                    first_sample=index,
                )
            )
            x = torch.from_numpy(self.x.astype(np.float64)).to(out.device)
            # One addition in float64 and one rounding to float32, as on a processor.
            out.copy_(noise.add_(x))


def _fill_numba(*arguments: Any, **layout: int) -> None:
    """The fused kernel, compiled on first use."""
    from simulations.kernels.inputs_numba import fill_inputs

    fill_inputs(*arguments, **layout)


def _fill_by_draws(backend: str) -> Any:
    """The same in two passes, from a backend's float64 noise."""
    kernels = load(backend)

    def fill(
        out: NDArray[np.float32],
        x: NDArray[np.float32],
        kind: str,
        parameter: float,
        **layout: int,
    ) -> None:
        noise = np.empty(out.shape)
        kernels.fill_noise(noise, kind, parameter, **layout)
        noise += x
        out[...] = noise

    return fill
