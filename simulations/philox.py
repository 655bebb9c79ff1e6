"""Philox4x32-10, the counter-based generator behind every sample: its readable NumPy reference.

Sample i, coordinate j is word j mod 4 of the block with

    counter = (i mod 2^32, i div 2^32, j div 4, purpose tag),   key = (seed mod 2^32, seed div 2^32)

and nothing else: never the thread, the tile, the chunk or the backend. Any sample can be drawn
again alone, on any machine.

Source: J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC 2011. ``numpy.random.Philox`` is Philox4x64, another stream.

Nothing but numpy is needed: GPU machines use this file uninstalled.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.parameters import describe, to_integer

# Every 32-bit number lives in a 64-bit lane, so that a product of two is exact and a vector unit
# has one width to deal with. NumPy scalars, because compilers would take plain ints for signed.
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)  # 2^32 / golden ratio
WEYL_1 = np.uint64(0xBB67AE85)  # 2^32 (sqrt(3) - 1)
LOW = np.uint64(0xFFFFFFFF)
WIDTH = np.uint64(32)
ROUNDS = 10

WORDS_PER_BLOCK = 4

#: more than 16 GiB of words in one array is a mistake, or a case for `simulations.sampling.count`
MOST_NUMBERS = 2**32


def permute(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """One block: the ten rounds of Philox4x32-10 on a counter and a key (Salmon et al., section 3).

    With (hi0, lo0) = MULTIPLIER_0 c0 and (hi1, lo1) = MULTIPLIER_1 c2, a round is

        (c0, c1, c2, c3) <- (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0),   k <- k + WEYL mod 2^32.

    The only statement of the rounds: NumPy runs it on arrays, and Numba compiles this function for
    processors and GPUs.

    Parameters
    ----------
    c0, c1, c2, c3, k0, k1
        uint64 arrays or scalars that hold values below 2^32.

    Returns
    -------
    tuple
        The four words of the block, values below 2^32 in uint64.
    """
    for _ in range(ROUNDS):
        product_0 = MULTIPLIER_0 * c0
        product_1 = MULTIPLIER_1 * c2
        c0 = (product_1 >> WIDTH) ^ c1 ^ k0
        c1 = product_1 & LOW
        c2 = (product_0 >> WIDTH) ^ c3 ^ k1
        c3 = product_0 & LOW
        k0 = (k0 + WEYL_0) & LOW
        k1 = (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


def philox4x32(counter: NDArray[np.uint32], key: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The Philox4x32-10 block of each counter under each key (Salmon et al., section 3).

    Parameters
    ----------
    counter
        uint32, shape (..., 4).
    key
        uint32, shape (..., 2); its leading shape broadcasts against the counter's.

    Returns
    -------
    ndarray
        uint32, shape (..., 4): four words a block.

    Raises
    ------
    ValueError
        For another dtype or last length.

    Examples
    --------
    >>> zeros = philox4x32(np.zeros(4, np.uint32), np.zeros(2, np.uint32))
    >>> [f"{word:08x}" for word in zeros]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    for name, array, length in (("counter", counter, 4), ("key", key, 2)):
        legal = f"legal are uint32 and (..., {length})"
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} = {describe(array)} is no array: {legal}")
        if array.dtype != np.uint32 or array.shape[-1:] != (length,):
            raise ValueError(f"{name} has dtype {array.dtype} and shape {array.shape}, {legal}")
    lanes = [counter[..., i].astype(np.uint64) for i in range(4)]
    keys = [key[..., i].astype(np.uint64) for i in range(2)]
    return np.stack(permute(*lanes, *keys), axis=-1).astype(np.uint32)


def purpose_tag(name: str) -> int:
    """The 32-bit purpose tag of a name, its CRC-32: streams of two tags share no counter.

    Two names may collide (chance 2^-32 a pair): a table of purposes has to be checked for that.

    >>> hex(purpose_tag("theorem_3 flip"))
    '0x87fbe978'
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"the purpose's name is {describe(name)}, legal is any non-empty text")
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def checked_size(num_samples: int, dim: int) -> None:
    """A ValueError where so many numbers are no array for a machine's memory.

    >>> checked_size(10**6, 3072)
    """
    if num_samples * dim > MOST_NUMBERS:
        raise ValueError(
            f"num_samples = {num_samples} of dim = {dim} are more than 2^32 numbers: legal is less "
            "in one array"
        )


def checked_layout(
    *, seed: int, tag: int, first_sample: int, num_samples: int, dim: int
) -> tuple[int, int, int, int, int]:
    """(seed, tag, first_sample, num_samples, dim) as ints that the counter can hold.

    Raises
    ------
    ValueError
        Unless 0 <= seed < 2^64, 0 <= tag < 2^32, 1 <= dim <= 2^34 and
        0 <= first_sample <= first_sample + num_samples <= 2^64.

    Examples
    --------
    >>> checked_layout(seed=3, tag=2**32, first_sample=0, num_samples=5, dim=2)
    Traceback (most recent call last):
    ValueError: tag = 4294967296 is outside [0, 2^32)
    """
    seed = to_integer("seed", seed, 0, 2**64 - 1, "[0, 2^64)")
    tag = to_integer("tag", tag, 0, 2**32 - 1, "[0, 2^32)")
    dim = to_integer("dim", dim, 1, 2**34, "[1, 2^34]")
    num_samples = to_integer("num_samples", num_samples, 0, 2**64, "[0, 2^64]")
    legal = f"[0, 2^64 - num_samples], num_samples = {num_samples}"
    first_sample = to_integer("first_sample", first_sample, 0, 2**64 - num_samples, legal)
    return seed, tag, first_sample, num_samples, dim


def words(
    *, seed: int, tag: int, first_sample: int, num_samples: int, dim: int
) -> NDArray[np.uint32]:
    """The words of samples first_sample, ..., first_sample + num_samples - 1, by the reference.

    Entry (i, j) is word j mod 4 of the block with the counter of sample first_sample + i and
    coordinate j (see the module's layout), uniform on {0, ..., 2^32 - 1}.

    Parameters
    ----------
    seed
        In [0, 2^64): the key.
    tag
        In [0, 2^32): the purpose, from `purpose_tag`.
    first_sample, num_samples
        Sample indices, all below 2^64.
    dim
        Coordinates of a sample, in [1, 2^34].

    Returns
    -------
    ndarray
        uint32, shape (num_samples, dim).

    Raises
    ------
    ValueError
        For a parameter outside its set, or more than 2^32 numbers.

    Examples
    --------
    >>> words(seed=7, tag=purpose_tag("demo"), first_sample=10, num_samples=2, dim=3)
    array([[1883160622, 1519820662, 1601505837],
           [ 347530695,  974769349, 1939783340]], dtype=uint32)
    """
    seed, tag, first_sample, num_samples, dim = checked_layout(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=dim
    )
    checked_size(num_samples, dim)
    num_blocks = -(-dim // WORDS_PER_BLOCK)
    # The sum wraps nowhere: checked_layout keeps every index below 2^64.
    sample = np.arange(num_samples, dtype=np.uint64) + np.uint64(first_sample % 2**64)
    counter = np.empty((num_samples, num_blocks, 4), np.uint32)
    counter[..., 0] = (sample & LOW)[:, None]
    counter[..., 1] = (sample >> WIDTH)[:, None]
    counter[..., 2] = np.arange(num_blocks)
    counter[..., 3] = tag
    key = np.array([seed % 2**32, seed // 2**32], np.uint32)
    return philox4x32(counter, key).reshape(num_samples, 4 * num_blocks)[:, :dim]
