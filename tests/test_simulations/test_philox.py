"""Philox4x32-10: known answers, the counter's layout, and mutants that the known answers refute."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulations import philox
from simulations.kernels import numba_cpu, numpy_reference
from simulations.philox import philox4x32, purpose_tag, words

ROOT = Path(__file__).parents[2]

# Random123's known-answer vectors for philox4x32 with 10 rounds: counter, key, block.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def parse(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], np.uint32)


def agrees_with_known_answers() -> bool:
    return all(
        np.array_equal(philox4x32(parse(counter), parse(key)), parse(block))
        for counter, key, block in KNOWN_ANSWERS
    )


def fill(module, num_samples: int, dim: int, *, seed: int, tag: int, first_sample: int):
    out = np.empty((num_samples, dim), np.uint32)
    module.fill_words(out, seed=seed, tag=tag, first_sample=first_sample)
    return out


def test_known_answers() -> None:
    assert agrees_with_known_answers()
    counters, keys, blocks = (
        np.stack([parse(t) for t in c]) for c in zip(*KNOWN_ANSWERS, strict=True)
    )
    np.testing.assert_array_equal(philox4x32(counters, keys), blocks)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROUNDS", 9),
        ("ROUNDS", 11),
        ("MULTIPLIER_0", np.uint64(0xD2511F51)),
        ("MULTIPLIER_1", philox.MULTIPLIER_0),
        ("WEYL_0", philox.WEYL_1),
        ("WEYL_1", np.uint64(0)),
    ],
)
def test_mutants_fail_the_known_answers(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(philox, name, value)
    assert not agrees_with_known_answers()


def test_swapped_halves_fail_the_known_answers() -> None:
    counter, key, block = (parse(text) for text in KNOWN_ANSWERS[2])
    assert not np.array_equal(philox4x32(counter, key[::-1]), block)
    assert not np.array_equal(philox4x32(counter[[1, 0, 2, 3]], key), block)
    assert not np.array_equal(philox4x32(counter[[0, 1, 3, 2]], key), block)


def test_the_stream_is_not_numpys() -> None:
    # numpy.random.Philox is 4x64: same name, other numbers.
    theirs = np.random.Philox(counter=0, key=0).random_raw(2).astype(np.uint64)
    assert not set(theirs.view(np.uint32).tolist()) & set(parse(KNOWN_ANSWERS[0][2]).tolist())


@pytest.mark.parametrize("module", [numpy_reference, numba_cpu])
def test_layout_is_sample_block_tag_and_seed(module) -> None:
    # The third known answer, at the place that the layout gives it.
    seed, tag, block = 0x299F31D0A4093822, 0x03707344, 5
    sample = 0x85A308D3243F6A88
    row = fill(module, 1, 4 * block + 4, seed=seed, tag=tag, first_sample=sample)[0]
    for j in range(4 * block + 4):
        counter = np.array([0x243F6A88, 0x85A308D3, j // 4, tag], np.uint32)
        key = np.array([0xA4093822, 0x299F31D0], np.uint32)
        assert row[j] == philox4x32(counter, key)[j % 4]


@pytest.mark.parametrize("first_sample", [0, 2**32 - 2, 2**64 - 5])
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 16, 1023, 1025, 3072])
def test_kernel_gives_the_references_words(dim: int, first_sample: int) -> None:
    layout = {"seed": 2**40 + dim, "tag": 2**32 - dim, "first_sample": first_sample}
    expected = words(num_samples=5, dim=dim, **layout)
    np.testing.assert_array_equal(fill(numba_cpu, 5, dim, **layout), expected)


def test_an_offset_only_moves_the_window() -> None:
    layout = {"seed": 11, "tag": 12, "dim": 7}
    whole = words(first_sample=2**32 - 10, num_samples=30, **layout)
    for offset, size in ((0, 30), (4, 9), (10, 1), (29, 1), (30, 0)):
        part = words(first_sample=2**32 - 10 + offset, num_samples=size, **layout)
        np.testing.assert_array_equal(part, whole[offset : offset + size])


def test_fewer_coordinates_are_a_prefix() -> None:
    layout = {"seed": 3, "tag": 4, "first_sample": 5, "num_samples": 6}
    whole = words(dim=23, **layout)
    for dim in range(1, 23):
        np.testing.assert_array_equal(words(dim=dim, **layout), whole[:, :dim])


def test_every_sample_coordinate_tag_and_seed_has_its_own_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No two places share a (block, lane), for counters of all tags and seeds together."""
    seen: list[tuple[int, ...]] = []

    def record(c0, c1, c2, c3, k0, k1):
        shape = np.broadcast_shapes(*(np.shape(lane) for lane in (c0, c1, c2, c3, k0, k1)))
        lanes = [np.broadcast_to(lane, shape).ravel() for lane in (c0, c1, c2, c3, k0, k1)]
        seen.extend(zip(*(lane.tolist() for lane in lanes), strict=True))
        return c0, c1, c2, c3

    monkeypatch.setattr(philox, "permute", record)
    tags = [purpose_tag(name) for name in ("t_is_mixed", "theorem_3", "figure_6")]
    seeds = (0, 1, 2**32, 2**32 + 1)
    for seed in seeds:
        for tag in tags:
            words(seed=seed, tag=tag, first_sample=2**32 - 8, num_samples=16, dim=18)
    assert len(seen) == len(seeds) * len(tags) * 16 * 5
    assert len(set(seen)) == len(seen)


@pytest.mark.statistical(false_fail=1e-10, reason="binomial: 3e-12 for two pairs, 2e-11 for six")
def test_words_of_two_tags_differ_and_repeat_no_more_than_by_chance(fresh) -> None:
    layout = {"seed": fresh(8), "first_sample": 0, "num_samples": 1000, "dim": 10}
    a, b = (words(tag=tag, **layout) for tag in (1, 2))
    # 1e4 pairs at 2^-32 each: two coincidences have probability (1e4/2^32)^2/2 at most
    assert np.count_nonzero(a == b) < 2
    both = np.concatenate([a.ravel(), b.ravel()])
    # word i repeats an earlier one with probability i/2^32 at most, whatever those are: the number
    # is below a sum of such coins, of mean m = 2e8/2^32, and 6 or more with m^6/6! at most
    assert both.size - np.unique(both).size < 6


def test_purpose_tags() -> None:
    assert purpose_tag("123456789") == 0xCBF43926  # the check value of CRC-32
    with pytest.raises(ValueError, match="the purpose's name is ''"):
        purpose_tag("")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed = -1 is outside"),
        ({"seed": 2**64}, "seed = 18446744073709551616 is outside"),
        ({"tag": 2**32}, "tag = 4294967296 is outside"),
        ({"dim": 0}, "dim = 0 is outside"),
        ({"num_samples": -1}, "num_samples = -1 is outside"),
        ({"first_sample": 2**64 - 1}, "first_sample = 18446744073709551615 is outside"),
        ({"first_sample": -1}, "first_sample = -1 is outside"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(change: dict[str, int], message: str) -> None:
    layout = {"seed": 1, "tag": 2, "first_sample": 3, "num_samples": 4, "dim": 5}
    with pytest.raises(ValueError, match=message):
        words(**(layout | change))
    with pytest.raises(TypeError):
        words(**(layout | {"seed": 1.0}))  # type: ignore[arg-type]


def test_counters_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="counter has dtype int64"):
        philox4x32(np.zeros(4, np.int64), np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match=r"key has dtype uint32 and shape \(3,\)"):
        philox4x32(np.zeros(4, np.uint32), np.zeros(3, np.uint32))


def test_the_reference_needs_numpy_alone() -> None:
    script = (
        "import sys; import simulations.philox; "
        "print(sorted({'numba', 'scipy', 'flint', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_device_kernel_on_numbas_simulator() -> None:
    """The test of the GPU machine, run by Numba's CUDA simulator at a small size."""
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/test_gpu/test_philox_cuda.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
