"""Cases on shared noise: counts against loops over the reference's noise, and the recount."""

from fractions import Fraction

import numpy as np
import pytest

from simulations import axis_cases
from simulations.axis_cases import Case, NoiseStream, count_cases, recount_cases
from simulations.kernels.numpy_reference import laplace_from_words
from simulations.philox import words
from theory.tightness import TwoTails, WorstCase, worst_tails

THIRD = Fraction(2, 3)


def cases_on(place, sign, scale):
    """One of each kind: beyond, the coin, S', and three labels; at x and moved."""
    worst = [
        WorstCase(THIRD, scale, r * scale, place, sign, coin)
        for r, coin in ((0.9, True), (0.2, True), (0.2, False))
    ]
    tails = worst_tails("0.5", "0.2", scale=scale, axis=place, sign=sign)
    return [
        *(Case(one, shift) for one in worst for shift in (0.0, one.r)),
        *(Case(tails, shift * scale) for shift in (0.0, 0.4, 2.5)),
    ]


def by_loops(cases, stream):
    """All noise by the reference, a copy moved by a dense delta, one Python label a row."""
    layout = {"seed": stream.seed, "first_sample": 0, "num_samples": stream.num_samples}
    noise = laplace_from_words(words(tag=stream.tag, dim=stream.dim, **layout), stream.scale)
    coins = words(tag=stream.coin_tag, dim=1, **layout)[:, 0]
    found = []
    for case in cases:
        one, delta = case.classifier, np.zeros(stream.dim)
        delta[one.axis] = one.sign * case.shift
        counts = [0, 0, 0]
        for row, coin in zip(noise + delta, coins, strict=True):
            u = one.sign * row[one.axis]
            if isinstance(one, TwoTails):
                label = 0 if u <= one.a_until else 1 if u >= one.b_from else 2
            elif one.heads is None:
                label = 0 if u <= one.threshold else 1
            else:
                label = 0 if u < one.r or coin < one.heads else 1
            counts[label] += 1
        found.append(counts)
    return found


@pytest.mark.parametrize(
    ("dim", "place", "sign", "scale"),
    [(1, 0, 1, 1.0), (1, 0, -1, 0.3), (6, 5, -1, 2.0), (40, 18, 1, 7.5), (3072, 3001, -1, 1.0)],
)
def test_counts_are_those_of_loops_and_of_the_words(dim, place, sign, scale):
    cases = cases_on(place, sign, scale)
    stream = NoiseStream(scale, dim, 700, seed=2**63 + 11, replica=dim % 3)
    found = count_cases(cases, stream)
    assert found.tolist() == by_loops(cases, stream)
    assert (found.sum(axis=1) == 700).all()
    assert recount_cases(cases, stream).tolist() == found.tolist()


def test_the_same_on_every_backend_and_number_of_threads():
    cases = [*cases_on(7, 1, 1.5), *cases_on(2, -1, 1.5)]
    stream = NoiseStream(1.5, 9, 40_000, seed=5)
    found = count_cases(cases, stream).tolist()
    seen = []
    assert count_cases(cases, stream, backend="numpy", threads=1).tolist() == found
    parallel = count_cases(cases, stream, threads=3, progress=lambda *now: seen.append(now))
    assert parallel.tolist() == found
    assert seen[-1] == (40_000, 40_000) and [one for one, _ in seen] == sorted(
        one for one, _ in seen
    )
    assert count_cases(cases, NoiseStream(1.5, 9, 40_000, seed=6)).tolist() != found
    assert count_cases(cases, NoiseStream(1.5, 9, 40_000, seed=5, replica=1)).tolist() != found


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_draw_on_an_edge_is_told_alike(sign):
    stream = NoiseStream(1.0, 3, 200, seed=9)
    layout = {"seed": 9, "tag": stream.tag, "first_sample": 0, "num_samples": 200, "dim": 3}
    edge = sign * float(laplace_from_words(words(**layout), 1.0)[17, 2])
    tails = [
        TwoTails(2, sign, *ends) for ends in ((edge, edge), (edge, edge + 1), (edge - 1, edge))
    ]
    cases = [Case(one) for one in tails]
    found = count_cases(cases, stream).tolist()
    assert found == by_loops(cases, stream) == recount_cases(cases, stream).tolist()
    assert found[0][0] == found[1][0] and found[0][1] + 1 == found[2][1]  # cA first, then cB


def test_recounts_go_on_over_many_blocks(monkeypatch):
    cases, stream = cases_on(3, -1, 1.0), NoiseStream(1.0, 5, 1000, seed=8)
    whole = recount_cases(cases, stream).tolist()
    monkeypatch.setattr(axis_cases, "_RECOUNTED", 333)
    assert recount_cases(cases, stream).tolist() == whole


def test_noise_is_as_before_after_a_tally():
    points = np.random.default_rng(1).laplace(size=(50, 4))
    before, coins = points.copy(), np.zeros(50, np.uint32)
    for case in cases_on(2, -1, 1.0):
        case.tally(points, coins)
        assert (points == before).all()


def test_noise_that_is_not_put_back_is_seen(monkeypatch):
    def careless(self, points, coins):
        points[:, self.classifier.axis] += self.classifier.sign * self.shift
        return tally(Case(self.classifier), points, coins)

    tally = Case.tally
    cases, stream = cases_on(2, -1, 1.0), NoiseStream(1.0, 4, 500, seed=8)
    monkeypatch.setattr(Case, "tally", careless)
    assert count_cases(cases, stream).tolist() != recount_cases(cases, stream).tolist()


def test_streams_share_no_counter():
    streams = [
        NoiseStream(1.0, dim, 10, seed=1, replica=replica)
        for dim in (1, 2, 16, 3072, 150528)
        for replica in range(12)
    ]
    tags = [tag for one in streams for tag in (one.tag, one.coin_tag)]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoiseStream(0.0, 2, 10, seed=1), "scale = 0.0 is outside"),
        (lambda: NoiseStream(1e301, 2, 10, seed=1), r"scale = 1e\+301 is outside"),
        (lambda: NoiseStream(1.0, 0, 10, seed=1), "dim = 0 is outside"),
        (lambda: NoiseStream(1.0, 2, 0, seed=1), "num_samples = 0 is outside"),
        (lambda: NoiseStream(1.0, 2, 10, seed=-1), "seed = -1 is outside"),
        (
            lambda: count_cases(cases_on(2, 1, 1.0), NoiseStream(1.0, 2, 10, seed=1)),
            r"axis = 2 is outside \[0, dim = 2\)",
        ),
        (
            lambda: recount_cases(cases_on(2, 1, 1.0), NoiseStream(1.0, 2, 10, seed=1)),
            r"axis = 2 is outside \[0, dim = 2\)",
        ),
        (
            lambda: count_cases([], NoiseStream(1.0, 2, 10, seed=1), backend="abacus"),
            "backend = 'abacus' is not one of",
        ),
        (
            lambda: count_cases([], NoiseStream(1.0, 2, 10, seed=1), threads=0),
            "threads = 0 is outside",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
