"""Integer noise on levels: the floats that a classifier sees are functions of the integer sum."""

from fractions import Fraction

import numpy as np
import pytest

from simulations import discrete_noise
from simulations.classifier.examples import level_values
from simulations.classifier.noisy_inputs import PURPOSES, sample_index
from simulations.classifier.noisy_levels import NoisyLevels

PIXEL, DIGIT = Fraction(1, 255), Fraction(1, 16)
SETTING = {"step": PIXEL, "scale": Fraction(1, 4), "seed": 20_26, "purpose": "estimation"}


def noisy_levels(levels, **changes) -> NoisyLevels:
    return NoisyLevels(np.asarray(levels, np.int32), **{**SETTING, **changes})


def filled(noisy: NoisyLevels, num_draws: int, *, point: int = 0, first: int = 0) -> np.ndarray:
    out = np.full((num_draws, noisy.dim), np.nan, np.float32)
    noisy.fill(out, point=point, first=first)
    return out


def noise_of(noisy: NoisyLevels, num_draws: int, *, point: int, first: int) -> np.ndarray:
    """K of the same draws, by the integer sampler."""
    return discrete_noise.draw(
        noisy.table,
        seed=noisy.seed,
        tag=PURPOSES[noisy.purpose],
        first_sample=sample_index(point, first, num_draws),
        num_samples=num_draws,
        dim=noisy.dim,
        backend="numpy",
    )


def correctly_rounded(value: Fraction) -> np.float32:
    """The float32 nearest to a rational, ties to even, by exact comparisons."""
    start = np.float32(float(value))
    near = [
        np.nextafter(start, np.float32(-np.inf)),
        start,
        np.nextafter(start, np.float32(np.inf)),
    ]
    return min(near, key=lambda x: (abs(Fraction(float(x)) - value), int(x.view(np.uint32)) % 2))


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("dim", [1, 2, 3, 64, 1025, 3072])
@pytest.mark.parametrize("step", [PIXEL, DIGIT, Fraction(7, 3)])
def test_inputs_are_the_levels_values_of_the_integer_sums(step, dim: int, backend: str) -> None:
    levels = np.random.default_rng(dim).integers(0, 256, dim)
    noisy = noisy_levels(levels, step=step, scale=20 * step, backend=backend)
    draws = {"point": 2**28 - 1, "first": 2**36 - 7}
    sums = levels + noise_of(noisy, 7, **draws)
    np.testing.assert_array_equal(filled(noisy, 7, **draws), level_values(sums, step))
    assert (filled(noisy, 7, **draws) != level_values(sums + 1, step)).all()


def test_the_largest_levels_are_rounded_correctly() -> None:
    step = Fraction(2**21 - 1, 2**28 - 57)
    table = discrete_noise.threshold_table(Fraction(1, 3))
    ends = np.array([2**31 - 1 - table.largest, -(2**31) + table.largest], np.int32)
    noisy = noisy_levels(ends, step=step, scale=3 * step)
    sums = ends.astype(np.int64) + noise_of(noisy, 300, point=0, first=0)
    expected = [[correctly_rounded(int(n) * step) for n in row] for row in sums]
    np.testing.assert_array_equal(filled(noisy, 300), expected)
    assert sums[:, 0].max() > 2**31 - 1 - table.largest and sums.max() < 2**31


def sums_seen(level: int, compute) -> dict[int, set[float]]:
    """The floats that come of each integer sum z + K, K from -300 to 300."""
    noise = np.arange(-300, 301)
    seen: dict[int, set[float]] = {}
    for total, value in zip(level + noise, compute(level, noise), strict=True):
        seen.setdefault(int(total), set()).add(float(value))
    return seen


def is_function_of_the_sum(compute) -> bool:
    merged: dict[int, set[float]] = {}
    for level in range(0, 256, 15):
        for total, values in sums_seen(level, compute).items():
            merged.setdefault(total, set()).update(values)
    return all(len(values) == 1 for values in merged.values())


def added_in_float32(level: int, noise: np.ndarray) -> np.ndarray:
    return level_values(level, PIXEL) + level_values(noise, PIXEL)


def test_a_float_is_a_function_of_the_integer_alone() -> None:
    assert is_function_of_the_sum(lambda z, noise: level_values(z + noise, PIXEL))
    assert not is_function_of_the_sum(added_in_float32)
    # By the kernel itself: the same noise at two levels, ten steps apart.
    low, high = noisy_levels([5]), noisy_levels([15])
    noise = noise_of(low, 20_000, point=3, first=4)[:, 0]
    by_sum: dict[int, float] = {}
    for noisy, level in ((low, 5), (high, 15)):
        values = filled(noisy, 20_000, point=3, first=4)[:, 0]
        for total, value in zip((level + noise).tolist(), values.tolist(), strict=True):
            assert by_sum.setdefault(total, value) == value


def test_batches_threads_points_and_purposes() -> None:
    levels = np.arange(37) % 17
    noisy = noisy_levels(levels, step=DIGIT)
    whole = filled(noisy, 30_000, point=5, first=100)
    shared = noisy_levels(levels, step=DIGIT, threads=4)
    np.testing.assert_array_equal(filled(shared, 30_000, point=5, first=100), whole)
    for start, stop in ((0, 1), (27, 29), (999, 2500), (29_999, 30_000)):
        part = filled(noisy, stop - start, point=5, first=100 + start)
        np.testing.assert_array_equal(part, whole[start:stop])
    assert filled(noisy, 0).shape == (0, 37)
    others = [filled(noisy, 50, point=6, first=100), filled(noisy, 50, point=5, first=101)]
    for change in ({"seed": 1}, {"purpose": "selection"}):
        changed = noisy_levels(levels, step=DIGIT, **change)
        others.append(filled(changed, 50, point=5, first=100))
    assert all((other != whole[:50]).any() for other in others)


def test_levels_are_copied_and_the_charge_is_the_tables() -> None:
    levels = np.array([3, 4], np.int32)
    noisy = NoisyLevels(levels, **SETTING)
    levels[0] = 9
    assert noisy.levels.tolist() == [3, 4] and not noisy.levels.flags.writeable
    assert noisy.table is discrete_noise.threshold_table(Fraction(4, 255))
    assert noisy.charge(1000) == noisy.table.total_variation(2000)
    assert (noisy.dim, noisy.tag) == (2, PURPOSES["estimation"])


LARGEST = discrete_noise.threshold_table(Fraction(4, 255)).largest


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.zeros(2), r"levels have dtype float64 and shape \(2,\), legal are int32"),
        (np.zeros((1, 2), np.int32), r"levels have dtype int32 and shape \(1, 2\), legal"),
        (np.zeros(0, np.int32), r"levels have shape \(0,\), legal is \(dim,\)"),
        ([1, 2], "levels have <class 'list'>, legal are int32"),
        (np.array([0, 2**31 - LARGEST], np.int32), rf"levels\[1\] = {2**31 - LARGEST} is outside"),
        (np.array([LARGEST - 2**31 - 1], np.int32), r"levels\[0\] = -\d+ is outside"),
    ],
)
def test_levels_outside_their_set_are_refused(levels, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        NoisyLevels(levels, **SETTING)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": Fraction(0)}, "step = 0 is not a fraction"),
        ({"step": 0.1}, "step = 0.1 is not a fraction"),
        ({"scale": Fraction(-1, 4)}, r"scale = -1/4 is not a Fraction in \(0, inf\)"),
        ({"scale": 0.25}, r"scale = 0.25 is not a Fraction in \(0, inf\)"),
        (
            {"scale": Fraction(1000)},
            r"scale = 1000 is outside \(0, 4000/51\]: 20000 steps of 1/255",
        ),
        ({"seed": 2**64}, "seed = 18446744073709551616 is outside"),
        ({"purpose": "fun"}, "purpose = 'fun' is not one of"),
        ({"backend": "cuda"}, "backend = 'cuda' is not one of 'numba', 'numpy'"),
        ({"threads": 0}, "threads = 0 is outside"),
    ],
)
def test_parameters_outside_their_set_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        noisy_levels([1], **changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("out", "draws", "message"),
    [
        (np.zeros((2, 2), np.float64), {}, "out has dtype float64"),
        (np.zeros((2, 3), np.float32), {}, r"out has dtype float32 and shape \(2, 3\)"),
        (np.zeros((2, 2), np.float32).T[:, ::-1], {}, "C-contiguous"),
        (np.zeros((2, 2), np.float32), {"point": 2**28}, "point = 268435456 is outside"),
        (np.zeros((2, 2), np.float32), {"first": 2**36 - 1}, "are outside"),
    ],
)
def test_buffers_and_draws_outside_their_set_are_refused(out, draws: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        noisy_levels([1, 2]).fill(out, **{"point": 0, "first": 0, **draws})
