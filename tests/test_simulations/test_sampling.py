"""Noise: equal bits everywhere, its laws by exact counts, and mutants that those counts refute."""

import builtins
import math
import sys
import threading

import mpmath
import numpy as np
import pytest

from simulations import kernels, philox
from simulations.kernels import numba_cpu, numpy_reference
from simulations.sampling import count, count_words, discretisation_bias, draw, first_word_reaching
from simulations.streaming import Chunking
from theory.confidence import BinomialTest
from theory.noise import Gaussian, Laplace, Uniform

LAWS = [Laplace(scale=0.7), Laplace(scale=31.0), Gaussian(sigma=1.9), Uniform(half_width=0.25)]
NEGATIVE_HALF = 2**31

# Words where something happens: both ends, the middle, the powers of two and the mantissa's seam.
SPECIAL = np.unique(
    np.concatenate(
        [
            np.arange(40),
            2**31 + np.arange(-40, 40),
            2**32 - 1 - np.arange(40),
            (2.0 ** np.arange(2, 31)).astype(np.int64),
            (2.0 ** np.arange(2, 31) - 1).astype(np.int64),
            (math.sqrt(0.5) * 2.0 ** np.arange(2, 32)).astype(np.int64),
            (math.sqrt(0.5) * 2.0 ** np.arange(2, 32)).astype(np.int64) + 1,
            # AS 241 changes its range where v = 0.15.
            int(0.075 * 2**32) + np.arange(-3, 4),
        ]
    )
).astype(np.uint32)


def all_words() -> np.ndarray:
    random = philox.words(seed=1, tag=2, first_sample=3, num_samples=1, dim=4000)[0]
    return np.concatenate([SPECIAL, random])


def ulps(value: float, exact: mpmath.mpf) -> float:
    """The error in units of the last place of the exact value."""
    return float(abs(mpmath.mpf(float(value)) - exact) / math.ulp(float(exact)))


def through_numba(words: np.ndarray, kind: str, parameter: float) -> np.ndarray:
    """The kernel's transformation alone, on words of our choice."""
    lanes = words.astype(np.uint64)
    transform = getattr(numba_cpu, f"_to_{kind}")
    transform(lanes, parameter)
    return lanes.view(np.float64)


def test_log_is_accurate_at_both_ends_and_in_between() -> None:
    m = numpy_reference.odd_numerators(all_words())
    with mpmath.workdps(40):
        for power in (32, 33):
            values = numpy_reference.negative_log(m, power=power)
            exact = [-mpmath.log(mpmath.mpf(int(k)) / 2**power) for k in m]
            worst = max(ulps(v, e) for v, e in zip(values, exact, strict=True))
            assert worst < 3


def test_gaussian_quantile_is_accurate() -> None:
    words = all_words()[:900]
    values = numpy_reference.gaussian_from_words(words, 1.0)
    with mpmath.workdps(40):
        for word, value in zip(words.tolist(), values.tolist(), strict=True):
            # One Newton step from 16 digits leaves more than 30.
            p, x = (mpmath.mpf(word) + 0.5) / 2**32, mpmath.mpf(value)
            exact = x - (mpmath.ncdf(x) - p) / mpmath.npdf(x)
            assert abs(x / exact - 1) < 1e-15


@pytest.mark.parametrize("kind", numpy_reference.INVERSIONS)
def test_inversions_are_odd_increasing_and_never_zero(kind: str) -> None:
    words = np.sort(all_words())
    noise = numpy_reference.INVERSIONS[kind](words, 1.3)
    assert (np.diff(noise[np.append(True, np.diff(words.astype(np.int64)) > 0)]) > 0).all()
    np.testing.assert_array_equal(noise <= 0, words < NEGATIVE_HALF)
    mirrored = numpy_reference.INVERSIONS[kind](2**32 - 1 - words, 1.3)
    np.testing.assert_array_equal(mirrored, -noise)
    assert (noise != 0).all()


@pytest.mark.parametrize("parameter", [1.0, 0.1, 37.3, 1e-200])
@pytest.mark.parametrize("kind", numpy_reference.INVERSIONS)
def test_compiled_inversion_gives_the_references_bits(kind: str, parameter: float) -> None:
    words = all_words()
    expected = numpy_reference.INVERSIONS[kind](words, parameter)
    actual = through_numba(words, kind, parameter)
    np.testing.assert_array_equal(actual.view(np.uint64), expected.view(np.uint64))


def test_compiled_code_contracts_nothing() -> None:
    lanes = np.arange(64, dtype=np.uint64)
    for transform in (numba_cpu._to_laplace, numba_cpu._to_gaussian, numba_cpu._to_uniform):
        transform(lanes.copy(), 1.5)
        assembly = "\n".join(transform.inspect_asm().values())
        assert "mul" in assembly
        assert "fmadd" not in assembly and "fmsub" not in assembly and "fnmadd" not in assembly


@pytest.mark.parametrize("noise", LAWS, ids=repr)
@pytest.mark.parametrize("dim", [1, 3, 16, 1030])
def test_draw_gives_equal_bits_on_every_backend_thread_and_offset(noise, dim: int) -> None:
    layout = {"seed": 2**50 + dim, "tag": 77, "dim": dim}
    start, size = 2**32 - 20, 300
    whole = draw(noise, first_sample=start, num_samples=size, backend="numpy", **layout)
    for threads in (1, 2, 5):
        same = draw(noise, first_sample=start, num_samples=size, threads=threads, **layout)
        np.testing.assert_array_equal(same.view(np.uint64), whole.view(np.uint64))
    out = np.full((7, dim), np.nan)
    assert draw(noise, first_sample=start + 25, num_samples=7, out=out, **layout) is out
    np.testing.assert_array_equal(out, whole[25:32])


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_counts_do_not_depend_on_chunks_threads_or_windows(backend: str) -> None:
    layout = {"seed": 5, "tag": 6, "dim": 5}
    noise = Laplace(scale=0.7)
    x = draw(noise, first_sample=40, num_samples=2000, **layout)
    by_hand = np.bincount((x > 0.3).sum(axis=1), minlength=6)
    for chunk_bytes in (1, 999, 2**14, 2**30):
        for threads in (1, 3):
            options = {"chunk_bytes": chunk_bytes, "threads": threads, "backend": backend}
            hits = count(
                lambda x: x.sum(axis=1) > 0.5,
                noise, num_samples=2000, first_sample=40, **layout, **options,
            )  # fmt: skip
            assert hits == np.count_nonzero(x.sum(axis=1) > 0.5)
            assert isinstance(hits, int)
            labels = [
                count(
                    lambda x: (x > 0.3).sum(axis=1),
                    noise, num_samples=size, first_sample=first, num_labels=6, **layout, **options,
                )
                for first, size in ((40, 700), (740, 1300))
            ]  # fmt: skip
            assert labels[0].dtype == np.int64
            np.testing.assert_array_equal(labels[0] + labels[1], by_hand)


def test_words_are_the_ones_behind_the_noise() -> None:
    layout = {"seed": 9, "tag": 10, "num_samples": 5000, "dim": 3}
    noise = Laplace(scale=2.5)
    for x in (-30.0, -1.0, 0.0, 0.4, 11.0):
        threshold = first_word_reaching(noise, x)
        assert count_words(lambda w, t=threshold: (w >= t).all(axis=1), **layout) == count(
            lambda v, x=x: (v >= x).all(axis=1), noise, **layout
        )
    assert count(lambda v: v[:, 1] <= 0, noise, **layout) == count_words(
        lambda w: w[:, 1] < NEGATIVE_HALF, **layout
    )


@pytest.mark.parametrize("noise", LAWS, ids=repr)
def test_first_word_reaching_has_the_laws_probability(noise) -> None:
    for z in (-4.1, -1.0, -1e-6, 1e-9, 0.2, 0.9, 3.0):
        x = z * float(noise.sigma)
        word = first_word_reaching(noise, x)
        # Half a word, as the bound derives, and not more.
        assert abs((2**32 - word) / 2**32 - float(noise.survival(x))) <= 2.0**-33 * (1 + 1e-5)
    assert first_word_reaching(noise, 0.0) == NEGATIVE_HALF
    assert first_word_reaching(noise, math.inf) == 2**32
    assert first_word_reaching(noise, -math.inf) == 0


#: the level of each exact test below
ALPHA = 1e-9


@pytest.mark.statistical(false_fail=ALPHA, reason="one exact binomial test; the mutant is pinned")
@pytest.mark.parametrize("noise", [LAWS[1], LAWS[2], LAWS[3]], ids=repr)
@pytest.mark.parametrize("z", [-1.6, 0.01, 0.7])
def test_noise_has_its_law_and_a_wrong_scale_has_not(noise, z: float, fresh) -> None:
    """P(x_2 <= z sigma), by counting; a scale that is 4 % off passes with 1e-3 at most."""
    num_samples, x = 400_000, z * float(noise.sigma)
    p, bias = float(noise.cdf(x)), discretisation_bias(1, boundaries=1)
    test = BinomialTest(num_samples, p - bias, p + bias)
    layout = {"tag": philox.purpose_tag(f"law {z}"), "dim": 3, "num_samples": num_samples}
    hits = count(lambda v: v[:, 2] <= x, noise, seed=fresh(20), **layout)
    assert test.p_value(hits) > ALPHA
    if abs(z) > 0.5:
        mutant = float(noise.cdf(x / 1.04))
        assert test.false_pass(mutant, alpha=ALPHA) < 1e-3
        wrong = type(noise)(**{name: getattr(noise, name) * 1.04 for name in noise.__slots__})
        hits = count(lambda v: v[:, 2] <= x, wrong, seed=20, **layout)
        assert test.p_value(hits) < ALPHA


@pytest.mark.statistical(false_fail=ALPHA, reason="four exact binomial tests at a quarter each")
def test_coordinates_and_tags_are_independent(fresh) -> None:
    """Sign agreement of pairs is a fair coin."""
    num_samples = 200_000
    test = BinomialTest(num_samples, 0.5, 0.5)
    pairs = [(0, 1), (3, 4), (0, 4)]
    for i, j in pairs:
        agree = count_words(
            lambda w, i=i, j=j: (w[:, i] >> 31) == (w[:, j] >> 31),
            seed=fresh(31), tag=1, num_samples=num_samples, dim=5,
        )  # fmt: skip
        assert test.p_value(agree) > ALPHA / 4
    a, b = (
        draw(LAWS[0], seed=fresh(31), tag=tag, first_sample=0, num_samples=num_samples, dim=1)
        for tag in (1, 2)
    )
    assert test.p_value(int(np.count_nonzero((a > 0) == (b > 0)))) > ALPHA / 4
    # The mutant, one word for both: every sign agrees.
    assert test.p_value(num_samples) < 1e-300


def test_discretisation_bias() -> None:
    assert discretisation_bias(1, boundaries=1) == 2.0**-32
    assert discretisation_bias(3072) == 3072 * 2.0**-31
    assert discretisation_bias(2**31) == 1.0
    with pytest.raises(ValueError, match="num_words = -1 is outside"):
        discretisation_bias(-1)
    with pytest.raises(ValueError, match="boundaries = -2 is outside"):
        discretisation_bias(1, boundaries=-2)


def test_progress_ends_at_the_total_and_never_falls() -> None:
    seen: list[tuple[int, int]] = []
    count(
        lambda x: x[:, 0] > 0, LAWS[0], seed=1, tag=1, num_samples=1000, dim=2,
        chunk_bytes=160, threads=3, progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[-1] == (1000, 1000)
    assert [done for done, _ in seen] == list(range(10, 1001, 10))


def test_nothing_to_count() -> None:
    layout = {"seed": 1, "tag": 1, "num_samples": 0, "dim": 2}
    assert count(lambda x: x[:, 0] > 0, LAWS[0], **layout) == 0
    assert draw(LAWS[0], first_sample=0, **layout).shape == (0, 2)
    np.testing.assert_array_equal(count_words(lambda w: w[:, 0], num_labels=3, **layout), [0] * 3)


def test_an_error_in_an_event_stops_every_thread() -> None:
    calls = []

    def event(x: np.ndarray) -> np.ndarray:
        calls.append(threading.get_ident())
        raise RuntimeError("no verdict")

    with pytest.raises(RuntimeError, match="no verdict"):
        count(event, LAWS[0], seed=1, tag=1, num_samples=10**6, dim=1, chunk_bytes=80, threads=2)
    assert len(calls) <= 2


@pytest.mark.parametrize(
    ("event", "num_labels", "message"),
    [
        (lambda x: x[:, 0], None, r"dtype float64 and shape \(4,\), legal are bool and \(4,\)"),
        (lambda x: x > 0, None, r"dtype bool and shape \(4, 2\)"),
        (lambda x: x[:, 0] > 0, 2, "dtype bool and shape .* legal are integer"),
        (lambda x: np.full(len(x), 2), 2, r"label 2, outside \[0, 2\)"),
        (lambda x: np.full(len(x), -1), 2, r"label -1, outside \[0, 2\)"),
        (lambda x: np.zeros(len(x), int), 0, "num_labels = 0 is outside"),
    ],
)
def test_what_an_event_may_return(event, num_labels, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        count(event, LAWS[0], seed=1, tag=1, num_samples=4, dim=2, num_labels=num_labels)


def test_bad_arguments_are_named() -> None:
    layout = {"seed": 1, "tag": 1, "first_sample": 0, "num_samples": 4, "dim": 2}
    with pytest.raises(TypeError, match="noise = 'laplace' is not"):
        draw("laplace", **layout)
    with pytest.raises(ValueError, match=r"scale = 1e-300 is outside \[1e-250, 1e\+300\]"):
        draw(Laplace(scale=1e-300), **layout)
    with pytest.raises(ValueError, match=r"out has dtype float32 and shape \(4, 2\)"):
        draw(LAWS[0], out=np.zeros((4, 2), np.float32), **layout)
    with pytest.raises(ValueError, match="C-contiguous"):
        draw(LAWS[0], out=np.zeros((2, 4)).T, **layout)
    with pytest.raises(ValueError, match="threads = 0 is outside"):
        draw(LAWS[0], threads=0, **layout)
    with pytest.raises(ValueError, match="chunk_bytes = 0 is outside"):
        Chunking(chunk_bytes=0)
    with pytest.raises(ValueError, match="x = nan is outside"):
        first_word_reaching(LAWS[0], math.nan)
    with pytest.raises(ValueError, match="'abacus' is not one of 'cuda', 'numba', 'numpy'"):
        draw(LAWS[0], backend="abacus", **layout)


def test_a_missing_backend_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_numba(name: str, *args, **kwargs):
        if name == "numba":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(kernels.importlib, "import_module", without_numba)
    with pytest.raises(kernels.MissingBackendError, match="pip install 'l1cert'"):
        draw(LAWS[0], seed=1, tag=1, first_sample=0, num_samples=1, dim=1)


def test_a_mutant_log_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log 2 too large by 3 %: noise about 3 % too wide, which passes with 1e-3 at most."""
    num_samples, noise = 200_000, Laplace(scale=0.7)
    test = BinomialTest(num_samples, *[2 * float(noise.survival(2.1))] * 2)
    assert test.false_pass(2 * float(noise.survival(2.1 / 1.03)), alpha=1e-6) < 1e-3
    layout = {"seed": 4, "tag": 4, "num_samples": num_samples, "dim": 1, "backend": "numpy"}

    def outside(x: np.ndarray) -> np.ndarray:
        return np.abs(x[:, 0]) > 2.1

    assert test.p_value(count(outside, noise, **layout)) > 1e-6
    monkeypatch.setattr(numpy_reference, "LOG_2_HIGH", 1.03 * numpy_reference.LOG_2_HIGH)
    assert test.p_value(count(outside, noise, **layout)) < 1e-6
