"""The adversary of floating-point noise: a classifier that recognises which floats are reachable.

A sampler in floating point makes finitely many values, and x + noise rounds to a set of floats that
depends on x. The classifier "class 1 if the input is one of the floats reachable from x" then sees
class 1 with probability 1 at x, is certified with the largest radius that n samples give, and sees
class 0 for most draws a pixel step away: the certificate is false, though not one line of the
theory is. Mironov (2012) broke differentially private sums in the same way.

`torch_laplace_values` lists what torch.distributions.Laplace makes in float32, and
`reached_by_engine` decides it for `simulations.sampling.draw`, with its 32-bit words. Against
`noisy_levels` the same adversary has `grid_points`, the strongest such set on a grid, and fails:
reachable from two neighbours are the same integers, but for ends that are as good as never drawn.

Source: I. Mironov, "On significance of the least significant bits for differential privacy",
CCS 2012.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.classifier.examples import level_values
from simulations.classifier.noisy_inputs import checked_out, sample_index
from simulations.discrete_noise import ThresholdTable
from simulations.kernels.numpy_reference import laplace_from_words

#: Which entries of inputs (m, dim) are reachable from x: bool (m, dim).
Reached = Callable[[NDArray[np.float32]], NDArray[np.bool_]]

UNIFORMS = 2**24  # torch draws as many different float32 uniforms
_CHUNK = 2**20
_LAST_WORD = 2**32 - 1

# torch.distributions draws from torch's global generator, and votes may be counted by threads.
_GLOBAL_GENERATOR = threading.Lock()


def _checked_scale(scale: float) -> float:
    if not 0 < scale < float("inf"):
        raise ValueError(f"scale = {scale} is outside (0, inf)")
    return scale


def torch_laplace_values(scale: float) -> NDArray[np.float32]:
    """The noise of torch.distributions.Laplace(0, scale) in float32 on a CPU, for each uniform.

    torch draws r in {0, ..., 2^24 - 1}, u = float32(r 2^-24 (2 - eps) + eps - 1) with
    eps = 2^-23, and returns -scale sign(u) log1p(-|u|) in float32. All values are equally likely,
    so the share of them in a set is its probability, exactly.

    Parameters
    ----------
    scale
        lambda > 0, finite.

    Returns
    -------
    ndarray
        float32, shape (2^24,), one for each r, by torch's own operations.

    Raises
    ------
    ValueError
        For a scale outside its set.
    """
    rounded = torch.tensor(_checked_scale(scale))
    low, values = torch.finfo(torch.float32).eps - 1, np.empty(UNIFORMS, np.float32)
    for start in range(0, UNIFORMS, _CHUNK):
        r = np.arange(start, start + _CHUNK)
        u = torch.from_numpy((r * 2.0**-24 * (1 - low) + low).astype(np.float32))
        chunk = -rounded * u.sign() * torch.log1p(-u.abs())
        values[start : start + _CHUNK] = chunk.numpy()
    return values


class TorchLaplaceInputs:
    """x plus noise of torch.distributions.Laplace, as published loops add it: a `Perturber`.

    Here the draws depend on the batch, as they do there; they are a function of the seed, the
    point, the first draw and the number of draws asked for.

    Parameters
    ----------
    x
        float32, shape (dim,).
    scale
        lambda > 0, finite.
    seed
        >= 0.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> noisy = TorchLaplaceInputs(np.zeros(3, np.float32), scale=0.5, seed=1)
    >>> out = np.empty((10_000, 3), np.float32)
    >>> noisy.fill(out, point=0, first=0)
    >>> round(float(np.abs(out).mean()), 2)
    0.5
    """

    def __init__(self, x: NDArray[np.float32], *, scale: float, seed: int) -> None:
        if x.dtype != np.float32 or x.ndim != 1:
            raise ValueError(
                f"x has dtype {x.dtype} and shape {x.shape}, legal are float32 and (dim,)"
            )
        if seed < 0:
            raise ValueError(f"seed = {seed} is outside [0, inf)")
        self._x, self._seed = torch.from_numpy(x.copy()), seed
        self._noise = torch.distributions.Laplace(torch.tensor(0.0), _checked_scale(scale))

    @property
    def dim(self) -> int:
        """The number of coordinates of x."""
        return len(self._x)

    def fill(self, out: NDArray[np.float32], *, point: int, first: int) -> None:
        """Write x + noise for draws first, first + 1, ... at a point into (m, dim).

        Raises
        ------
        ValueError
            For a parameter outside its set.
        """
        checked_out(out, self.dim)
        index = sample_index(point, first, len(out))
        state = np.random.SeedSequence([self._seed, index]).generate_state(1, np.uint64)
        with _GLOBAL_GENERATOR, torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(state[0]))
            torch.from_numpy(out)[...] = self._x + self._noise.sample(out.shape)


def in_set(points: NDArray[np.float32]) -> Reached:
    """Membership in a set of floats, one set for every coordinate.

    Parameters
    ----------
    points
        float32, not empty; in any order, repeated or not.

    Raises
    ------
    ValueError
        For an empty set.

    Examples
    --------
    >>> in_set(np.array([0.5, 2.0, 0.5], np.float32))(np.array([[0.5, 1.0, 3.0]], np.float32))
    array([[ True, False, False]])
    """
    if points.size == 0:
        raise ValueError("the set of points is empty, legal is one point at least")
    ascending = np.unique(points)

    def reached(inputs: NDArray[np.float32]) -> NDArray[np.bool_]:
        place = np.searchsorted(ascending, inputs)
        hit: NDArray[np.bool_] = ascending[np.minimum(place, ascending.size - 1)] == inputs
        return hit

    return reached


def reached_by_engine(
    inputs: NDArray[np.floating], x: NDArray[np.floating], scale: float
) -> NDArray[np.bool_]:
    """Which inputs are x + noise for some 32-bit word of `simulations.sampling.draw`.

    x + noise is summed in float64 and rounded to the type of the inputs. Draws grow with their
    words, and the numbers that round to an input are an interval around it: if the draw of any
    word lies in there, so does one of the two draws next to the input. Their words are found from
    the quantile, and two more on each side are tried, for its rounding.

    Parameters
    ----------
    inputs
        float32 or float64, shape (m, dim).
    x
        Shape (dim,) or a number.
    scale
        lambda of the Laplace noise, > 0 and finite.

    Returns
    -------
    ndarray
        bool, shape (m, dim).

    Raises
    ------
    ValueError
        For a scale outside its set.

    Examples
    --------
    >>> from simulations.sampling import draw
    >>> from theory.noise import Laplace
    >>> noise = draw(Laplace(scale=0.5), seed=1, tag=2, first_sample=0, num_samples=4, dim=1)
    >>> reached_by_engine(noise, 0.0, 0.5).ravel(), reached_by_engine(0.1 + noise, 0.0, 0.5).ravel()
    (array([ True,  True,  True,  True]), array([False, False, False, False]))
    """
    origin = np.asarray(x, np.float64)
    noise = inputs.astype(np.float64) - origin
    # P(|X| >= |x|) = (2 k + 1) / 2^32 for the k-th word from the nearer end.
    k = np.rint((2.0**32 * np.exp(-np.abs(noise) / _checked_scale(scale)) - 1) / 2)
    word = np.where(noise < 0, k, _LAST_WORD - k)
    found = np.zeros(inputs.shape, np.bool_)
    for shift in range(-3, 4):
        near = np.clip(word + shift, 0, _LAST_WORD).astype(np.uint32)
        found |= (origin + laplace_from_words(near, scale)).astype(inputs.dtype) == inputs
    return found


def grid_points(level: int, step: Fraction, table: ThresholdTable) -> NDArray[np.float32]:
    """Every float that `noisy_levels` can make of an input of this level: float32(h (z + K)).

    Examples
    --------
    >>> from simulations.discrete_noise import threshold_table
    >>> grid_points(8, Fraction(1, 16), threshold_table(20))
    array([0.375 , 0.4375, 0.5   , 0.5625, 0.625 ], dtype=float32)
    """
    return level_values(np.arange(level - table.largest, level + table.largest + 1), step)


class Recogniser(torch.nn.Module):
    """Class 1 where every coordinate is reachable, else class 0.

    Parameters
    ----------
    reached
        Which entries of float32 (m, dim) are reachable.

    Examples
    --------
    >>> model = Recogniser(in_set(np.array([0.5], np.float32)))
    >>> model(torch.tensor([[0.5, 0.5], [0.5, 0.25]]))
    tensor([[0., 1.],
            [1., 0.]])
    """

    def __init__(self, reached: Reached) -> None:
        super().__init__()
        self._reached = reached

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (m, 2) of inputs (m, ...)."""
        flat = inputs.detach().cpu().numpy().reshape(len(inputs), -1)
        recognised = torch.from_numpy(self._reached(flat).all(axis=1))
        return torch.stack([~recognised, recognised], dim=1).float().to(inputs.device)
