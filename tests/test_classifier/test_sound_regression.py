"""Float noise certifies a classifier that flips a pixel step away; integer noise does not.

The float32 sampler of torch.distributions and the float64 one of `simulations.sampling`, whose runs
are therefore called statistical, are broken by a classifier that recognises their reachable floats.
The same adversary, given the sound mode's own reachable set, is certified and keeps its promise.
"""

import functools
from fractions import Fraction

import numpy as np
import pytest
import torch

from simulations.classifier import float_adversary as adversary
from simulations.classifier.examples import level_values
from simulations.classifier.noisy_inputs import NoisyInputs
from simulations.classifier.noisy_levels import NoisyLevels
from simulations.classifier.votes import count_votes
from simulations.discrete_noise import threshold_table
from simulations.sampling import draw
from theory.certificates import theorem_2
from theory.confidence import lower
from theory.discrete_laplace import steps_lattice, steps_theorem_2
from theory.noise import Laplace

N, ALPHA = 100_000, 0.001
STEP = Fraction(1, 255)
PIXEL = float(STEP)
SCALE = 0.25
GRID_SCALE = Fraction(1, 4)
# Of "flips": the votes at the other input would be so one-sided with this probability at most.
FALSE_FAIL = 1e-9


def recognised(model: torch.nn.Module, perturber, num_draws: int = N, batch: int = 20_000) -> int:
    """The votes of class 1."""
    counts = count_votes(
        model,
        perturber,
        shape=(perturber.dim,),
        num_classes=2,
        point=0,
        start=0,
        stop=num_draws,
        batch=batch,
    )
    assert counts.sum() == num_draws
    return int(counts[1])


def certified_radius(votes: int, num_draws: int = N, alpha: float = ALPHA) -> float:
    """Theorem 2's radius of class 1 from its votes, Clopper-Pearson's bound; NaN abstains."""
    return float(theorem_2(lower(votes, num_draws, alpha=alpha), scale=SCALE))


def flipped(votes: int, num_draws: int = N) -> bool:
    """Whether class 0 is the smoothed prediction, beyond doubt."""
    return lower(num_draws - votes, num_draws, alpha=FALSE_FAIL) > 0.5


@functools.cache
def torch_values() -> np.ndarray:
    return adversary.torch_laplace_values(SCALE)


def torch_points(x: float) -> np.ndarray:
    """The floats reachable from x, repeated as they come."""
    return np.float32(x) + torch_values()


@functools.cache
def torch_share(x: float) -> float:
    """P(x + noise is reachable from 0), exactly, over the sampler's own 2^24 values."""
    return float(adversary.in_set(torch_points(0.0))(torch_points(x)).mean())


def torch_noise(x: float, seed: int = 7) -> adversary.TorchLaplaceInputs:
    return adversary.TorchLaplaceInputs(np.array([x], np.float32), scale=SCALE, seed=seed)


# torch.distributions.Laplace in float32.


@pytest.mark.statistical(
    false_fail=1e-9, reason="100000 draws of an exact share, off by 0.011 or more: Hoeffding"
)
def test_a_float32_sampler_certifies_a_classifier_that_flips_one_pixel_step_away(fresh) -> None:
    reached = adversary.in_set(torch_points(0.0))
    model = adversary.Recogniser(reached)
    votes = recognised(model, torch_noise(0.0, fresh(7)))
    assert votes == N  # every draw is in the computed set
    radius = certified_radius(votes)
    assert radius > 8 * SCALE > 500 * PIXEL
    moved = recognised(model, torch_noise(PIXEL, fresh(7)))
    assert flipped(moved)
    assert moved < 0.3 * N
    # Exactly, not only among these draws.
    assert torch_share(0.0) == 1.0 and torch_share(PIXEL) < 0.25
    assert abs(moved / N - torch_share(PIXEL)) < 0.011


@pytest.mark.statistical(
    false_fail=1e-9,
    reason="Clopper and Pearson's bound at that level, beside which the rest is nil",
)
def test_a_classifier_that_recognises_nothing_special_does_not_flip(fresh) -> None:
    # A half line, Theorem 3's worst case, one pixel step inside its radius: no false alarm.
    half_line = adversary.Recogniser(lambda inputs: inputs <= 0.5)
    votes = recognised(half_line, torch_noise(0.0, fresh(7)))
    assert PIXEL < certified_radius(votes, alpha=9e-10) < 0.5
    assert not flipped(recognised(half_line, torch_noise(PIXEL, fresh(7))))


# The engine's own float64 noise, of 32-bit words.


def engine_reached(x: float, num_draws: int, *, first: int) -> int:
    """How many of so many x + noise, in float64, the recogniser of 0 + noise takes for its own."""
    noise = draw(
        Laplace(scale=SCALE), seed=3, tag=4, first_sample=first, num_samples=num_draws, dim=1
    )
    return int(adversary.reached_by_engine(x + noise, 0.0, SCALE).sum())


def test_our_float64_sampler_is_broken_too() -> None:
    votes = engine_reached(0.0, N, first=0)
    assert votes == N and certified_radius(votes) > 8 * SCALE
    assert flipped(engine_reached(PIXEL, N, first=N))


def test_our_float32_inputs_are_broken_in_300_coordinates() -> None:
    dim, num_draws = 300, 2000

    def reached(inputs: np.ndarray) -> np.ndarray:
        return adversary.reached_by_engine(inputs, 0.0, SCALE)

    model = adversary.Recogniser(reached)

    def votes(x: float, purpose: str) -> int:
        image = np.full(dim, x, np.float32)
        noisy = NoisyInputs(image, Laplace(scale=SCALE), seed=5, purpose=purpose)
        return recognised(model, noisy, num_draws, batch=500)

    certified = votes(0.0, "estimation")
    assert certified == num_draws
    # Every pixel one level brighter is inside the radius, and flips.
    assert certified_radius(certified, num_draws) > dim * PIXEL
    assert flipped(votes(PIXEL, "check"), num_draws)


# The sound mode: integers.


def grid_noise(level: int, **changes) -> NoisyLevels:
    setting = {"step": STEP, "scale": GRID_SCALE, "seed": 7, "purpose": "estimation", **changes}
    return NoisyLevels(np.array([level], np.int32), **setting)


TABLE = threshold_table(STEP / GRID_SCALE)


NOISE = np.arange(-TABLE.largest, TABLE.largest + 1)
# P(K = k) 2^64, whole numbers.
CELLS = np.array([int((TABLE.tail(k) - TABLE.tail(k + 1)) * 2**64) for k in NOISE.tolist()], object)


def probability(reached, level: int) -> Fraction:
    """P(float32(h (level + K)) is recognised), exactly, for the noise that is drawn."""
    hits = reached(level_values(level + NOISE, STEP)[:, None])[:, 0]
    return Fraction(int(CELLS[hits].sum()), 2**64)


def test_the_cells_are_all_of_the_drawn_law() -> None:
    assert CELLS.sum() == 2**64 and (CELLS >= 0).all()
    assert Fraction(int(CELLS[NOISE >= 7].sum()), 2**64) == TABLE.tail(7)


@pytest.mark.statistical(
    false_fail=1e-9, reason="200000 draws, an end of the table among them with 1e-15 each at most"
)
def test_the_sound_mode_survives_the_strongest_recogniser(fresh) -> None:
    reached = adversary.in_set(adversary.grid_points(0, STEP, TABLE))
    model = adversary.Recogniser(reached)
    votes = recognised(model, grid_noise(0, seed=fresh(7)))
    assert votes == N
    p_a = lower(votes, N, alpha=ALPHA - grid_noise(0).charge(N))
    steps = steps_theorem_2(p_a, step=STEP, scale=GRID_SCALE)
    assert steps == steps_lattice(p_a, step=STEP, scale=GRID_SCALE)
    assert steps * STEP > 8 * GRID_SCALE and steps > 500
    assert probability(reached, 0) == 1
    for moved in range(1, steps + 1):
        # Neighbours reach the same integers but for the ends, which are as good as never drawn.
        assert probability(reached, moved) == 1 - TABLE.tail(TABLE.largest - moved + 1)
        assert probability(reached, moved) > 1 - Fraction(1, 10**6)
    assert TABLE.tail(TABLE.largest - steps + 1) < Fraction(1, 10**15)
    for moved in (1, steps):
        assert recognised(model, grid_noise(moved, purpose="check", seed=fresh(7))) == N


def kept(reached, level: int, moved: int) -> Fraction:
    """The least probability, `moved` steps to either side, of the class that wins at the level."""
    at_level = probability(reached, level)
    moved_shares = [probability(reached, level + sign * moved) for sign in (-1, 1)]
    if 2 * at_level > 1:
        return min(moved_shares)
    return 1 - max(moved_shares)


def certified_steps(reached, level: int) -> int:
    """Theorem 2's steps for the winner, from its probability under the exact law or less."""
    at_level = probability(reached, level)
    p_a = max(at_level, 1 - at_level) - TABLE.distance
    return int(steps_theorem_2(p_a, step=STEP, scale=GRID_SCALE))


@pytest.mark.parametrize("level", [0, 128])
def test_every_certificate_of_the_float_adversary_holds_in_the_sound_mode(level: int) -> None:
    """The classifier that broke the float sampler, under integer noise, by exact probabilities."""
    reached = adversary.in_set(torch_points(level * PIXEL))
    steps = certified_steps(reached, level)
    assert steps >= 1
    for moved in range(steps + 1):
        assert kept(reached, level, moved) + TABLE.distance > Fraction(1, 2)


@pytest.mark.parametrize("quantile", [0, 1, 3, 20, 60, 200, 400, 900])
def test_every_half_line_keeps_its_certificate_and_no_more(quantile: int) -> None:
    """Theorem 3's worst cases on the grid; one step more, and the mutant flips."""
    threshold = np.float32(level_values(100 + quantile, STEP))

    def reached(inputs: np.ndarray) -> np.ndarray:
        return inputs <= threshold

    assert probability(reached, 100) == 1 - TABLE.tail(quantile + 1)
    steps = certified_steps(reached, 100)
    assert steps == quantile
    for moved in range(steps + 1):
        assert kept(reached, 100, moved) + TABLE.distance > Fraction(1, 2)
    assert kept(reached, 100, steps + 1) + TABLE.distance < Fraction(1, 2)


def test_noise_of_the_grid_added_in_floats_would_be_broken() -> None:
    """The mutant: the same integers, but float32(h z) + float32(h K), rounded where it lands."""
    dim, num_draws = 64, 2000
    noise = level_values(np.arange(-TABLE.largest, TABLE.largest + 1), STEP)
    level = 100

    def added(z: int) -> np.ndarray:
        return level_values(z, STEP) + noise

    reached = adversary.in_set(added(level))
    model = adversary.Recogniser(reached)
    # One step in every coordinate: from the draws of the integers, added in the wrong way.
    sums = np.empty((num_draws, dim), np.float32)
    zeros = NoisyLevels(
        np.zeros(dim, np.int32), step=STEP, scale=GRID_SCALE, seed=7, purpose="estimation"
    )
    zeros.fill(sums, point=0, first=0)
    votes = [
        int(model(torch.from_numpy(level_values(z, STEP) + sums)).argmax(dim=1).sum())
        for z in (level, level + 1)
    ]
    assert votes[0] == num_draws
    assert certified_radius(votes[0], num_draws) > dim * PIXEL
    assert flipped(votes[1], num_draws)
    # Added as integers the same neighbours are never told apart.
    sound = adversary.Recogniser(adversary.in_set(adversary.grid_points(level, STEP, TABLE)))
    image = np.full(dim, level + 1, np.int32)
    noisy = NoisyLevels(image, step=STEP, scale=GRID_SCALE, seed=7, purpose="check")
    assert recognised(sound, noisy, num_draws) == num_draws


# The adversary's own parts.


def test_bad_input_of_the_adversary() -> None:
    with pytest.raises(ValueError, match=r"scale = 0 is outside \(0, inf\)"):
        adversary.torch_laplace_values(0)
    with pytest.raises(ValueError, match="x has dtype float64"):
        adversary.TorchLaplaceInputs(np.zeros(2), scale=1.0, seed=0)
    with pytest.raises(ValueError, match=r"seed = -1 is outside \[0, inf\)"):
        adversary.TorchLaplaceInputs(np.zeros(2, np.float32), scale=1.0, seed=-1)
    with pytest.raises(ValueError, match="the set of points is empty"):
        adversary.in_set(np.zeros(0, np.float32))


def test_the_naive_sampler_leaves_torchs_generator_alone_and_repeats_itself() -> None:
    state = torch.random.get_rng_state()
    noisy, out = torch_noise(0.5), np.empty((5, 1), np.float32)
    noisy.fill(out, point=1, first=2)
    assert torch.equal(torch.random.get_rng_state(), state)
    again = np.empty_like(out)
    noisy.fill(again, point=1, first=2)
    np.testing.assert_array_equal(again, out)
    noisy.fill(again, point=2, first=2)
    assert (again != out).all()
