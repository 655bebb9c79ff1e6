"""Every contender draws T: its empirical law against the exact c.d.f. at places off the atoms.

By the Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant the largest difference exceeds
sqrt(log(2/alpha) / (2 n)) with probability at most alpha, for any law. Here alpha = 1e-9 for each
check and n = 40000: the difference is below 0.0164 but for that, so a contender whose law is off by
twice as much at one of the places fails with probability 1 - 1e-9 at least.
"""

import math

import numpy as np
import pytest

from benchmarks import contenders as field
from benchmarks.contenders import SCALE, Contender, Perturbation
from benchmarks.loops import TILE, fold_words, user_loop
from simulations import philox
from theory.likelihood_ratio import LikelihoodRatio

ALPHA, NUM_SAMPLES = 1e-9, 40_000
ALLOWED = math.sqrt(math.log(2 / ALPHA) / (2 * NUM_SAMPLES))

CASES = [Perturbation(16, 3.0), Perturbation(6, 2.0, "distinct")]
#: So many subsets that two samples at atoms differ all the same
WIDE = Perturbation(200, 3.0, "distinct")

PLACES = (-1.29, -0.51, 0.11, 0.47, 0.93, 1.71)  # of T/scale


def distance(case, ratios):
    """The largest difference of the empirical from the exact c.d.f. at the places."""
    law = LikelihoodRatio.of(case.delta.tolist(), scale=SCALE)
    exact = [float(law.cdf(SCALE * place)) for place in PLACES]
    seen = [np.mean(ratios <= place) for place in PLACES]
    return np.max(np.abs(np.subtract(seen, exact)))


def drawn(contender, *, num_samples=NUM_SAMPLES, seed=11):
    return contender.ratio(contender.draw(num_samples, seed))


def numpy_in(block, threads=1):
    return lambda case: field.numpy_contender(case, block=block, threads=threads)


def torch_in(block):
    def make(case):
        pytest.importorskip("torch", reason="torch is not installed")
        return field.torch_contender(case, block=block)

    return make


def own(method):
    def make(case):
        if method not in field.own_methods(case):
            pytest.skip("counting is measured for equal magnitudes")
        return field.own_contender(case, method)

    return make


EVERYBODY = {
    "numpy": numpy_in(2048),
    "numpy, parts of a sample": numpy_in(5),
    "numpy, two threads": numpy_in(4096, threads=2),
    "numba": field.user_numba_contender,
    "torch": torch_in(4096),
    "torch, parts of a sample": torch_in(5),
    "direct": own("direct"),
    "poisson": own("poisson"),
    "counts": own("counts"),
    "auto": own("auto"),
}


@pytest.mark.statistical(
    false_fail=ALPHA, reason="the inequality of Dvoretzky, Kiefer and Wolfowitz, with Massart's 2"
)
@pytest.mark.parametrize("case", CASES, ids=["equal", "distinct"])
@pytest.mark.parametrize("name", EVERYBODY)
def test_a_contender_draws_the_law_of_the_ratio(name, case, fresh):
    number = NUM_SAMPLES // 20 if "parts" in name else NUM_SAMPLES
    # other people's generators take 32 bits
    ratios = drawn(EVERYBODY[name](case), num_samples=number, seed=fresh(11) % 2**32)
    assert ratios.shape == (number,)
    assert distance(case, ratios) <= ALLOWED * math.sqrt(NUM_SAMPLES / number)


MUTANTS = {
    "the scale is forgotten": lambda ratios: ratios * SCALE,
    "the norms are exchanged": lambda ratios: -ratios,
    "the move is a fifth larger": lambda ratios: None,
    "the samples are one sample": lambda ratios: np.full_like(ratios, ratios[0]),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_check_refutes_another_law(mutant):
    case = CASES[0]
    larger = Perturbation(case.dim, 1.2 * case.norm)
    drawing = larger if "larger" in mutant else case
    ratios = drawn(numpy_in(2048)(drawing))
    changed = MUTANTS[mutant](ratios)
    assert distance(case, ratios if changed is None else changed) > ALLOWED


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_seed_draws_the_same_and_another_seed_something_else(threads):
    contender = field.numpy_contender(WIDE, block=512, threads=threads)
    first, again = (contender.draw(100, seed) for seed in (3, 3))
    assert np.array_equal(first, again)
    assert not np.intersect1d(first, contender.draw(100, 4)).size


def test_threads_share_nothing_out_twice():
    values = field.numpy_contender(WIDE, block=512, threads=2).draw(101, 5)
    assert len(np.unique(values)) == 101


def test_a_users_loop_is_the_same_for_a_seed():
    first, again, other = (user_loop(300, WIDE.delta, SCALE, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.intersect1d(first, other).size


@pytest.mark.parametrize(("seed", "first_sample"), [(5, 0), (2**63 + 9, 2**40 + TILE)])
def test_philox_alone_makes_the_words_of_the_reference(seed, first_sample):
    blocks, tag = 3, 77
    out = np.empty(TILE + 5, np.uint64)
    fold_words(out, first_sample, blocks, tag, seed)
    words = philox.words(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=out.size, dim=4 * blocks
    )
    folded = np.bitwise_xor.reduce(words.reshape(-1, blocks, 4), axis=2)
    assert np.array_equal(out, folded.sum(axis=1, dtype=np.uint64))


def test_philox_alone_draws_one_word_for_each_coordinate_and_no_ratio():
    contender = field.philox_contender(Perturbation(10, 3.0))
    assert contender.ratio is None
    out = np.empty(700, np.uint64)
    fold_words(out, 0, 3, philox.purpose_tag("benchmarks/philox"), 4)
    assert np.array_equal(contender.draw(700, 4), out)


def test_a_run_counts_every_sample():
    tally = field.run_contender(CASES[0]).draw(1000, 2)
    assert tally.num_samples == 1000


@pytest.mark.parametrize("kind", ["equal", "distinct"])
@pytest.mark.parametrize(("dim", "norm"), [(1, 0.5), (16, 3.0), (3072, 7.0)])
def test_a_perturbation_has_its_norm_and_no_zeros(dim, norm, kind):
    case = Perturbation(dim, norm, kind)
    assert case.delta.shape == (dim,)
    assert case.delta.min() > 0
    assert math.isclose(case.delta.sum() / SCALE, norm, rel_tol=1e-12)
    assert len(np.unique(case.delta)) == (1 if kind == "equal" else dim)
    assert math.isclose(case.plan("direct").norm, norm, rel_tol=1e-12)


def test_the_block_with_the_fastest_run_is_taken(monkeypatch):
    monkeypatch.setattr(field, "samples_for", lambda piece, seconds: 10)

    def turns(pieces, samples, *, rounds):
        return {name: [float(piece(samples[name], 0))] * rounds for name, piece in pieces.items()}

    monkeypatch.setattr(field, "interleaved", turns)
    speeds = {64: 3.0, 128: 7.0, 256: 5.0}
    found = field.best_block(
        lambda block: lambda number, seed: speeds[block], seconds=0.1, blocks=tuple(speeds)
    )
    assert found == 128


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3.0), r"^dim = 0 is outside \[1, inf\)$"),
        ((4, 0.0), r"^norm = 0.0 is outside \(0, inf\)$"),
        ((4, math.nan), r"^norm = nan is outside \(0, inf\)$"),
        ((4, 1.0, "mixed"), r"^magnitudes = 'mixed' is not one of equal, distinct$"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Perturbation(*arguments)


def test_a_contender_is_its_draw():
    contender = Contender("ones", lambda number, seed: np.ones(number), lambda values: values)
    assert drawn(contender, num_samples=3).tolist() == [1.0, 1.0, 1.0]
