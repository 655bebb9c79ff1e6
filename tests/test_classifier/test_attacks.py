"""The l1 ball, what lies in it, and whether attacks find what there is to find."""

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from simulations.classifier.attacks import Attack, strike
from simulations.classifier.empirical_attack import attack_undefended
from simulations.classifier.l1_ball import distance, nearby, project, steps_within, whole_steps
from simulations.classifier.neighbourhoods import Floating, Gridded
from simulations.classifier.target import Target
from simulations.classifier.worst_case_module import AxisClassifier
from theory.noise import Gaussian, Laplace

SPARSE = Attack(steps=0)
DESCENT = Attack(screened=0, restarts=1)


def exactly(x, y):
    """The l1 distance in rational arithmetic."""
    return sum(
        (abs(Fraction(float(a)) - Fraction(float(b))) for a, b in zip(x, y, strict=True)),
        Fraction(0),
    )


def linear(weights):
    """Two classes whose logits are 0 and w x + 1/2: class 1 where that is positive."""
    layer = torch.nn.Linear(len(weights), 2)
    with torch.no_grad():
        layer.weight.copy_(torch.stack([torch.zeros(len(weights)), torch.tensor(weights)]))
        layer.bias.copy_(torch.tensor([0.0, 0.5]))
    return layer


# ---------------------------------------------------------------- the ball


@pytest.mark.parametrize("radius", [0.0, 0.3, 2.0, 100.0])
def test_the_projection_is_the_nearest_point(radius):
    rows = torch.from_numpy(np.random.default_rng(1).laplace(size=(40, 12)))
    found = project(rows, radius).numpy()
    for row, near in zip(rows.numpy(), found, strict=True):
        size = np.abs(row)
        if size.sum() <= radius:
            expected = row
        elif radius == 0:
            expected = 0 * row
        else:
            theta = brentq(lambda t: np.maximum(size - t, 0).sum() - radius, 0, size.max())  # noqa: B023
            expected = np.sign(row) * np.maximum(size - theta, 0)
        assert near == pytest.approx(expected, abs=1e-9)


def test_scaling_into_the_ball_is_not_the_projection():
    """The mutant r delta / ||delta||_1 is in the ball, and farther."""
    row = torch.tensor([[3.0, 1.0, -0.25]])
    near, scaled = project(row, 2.0), row * (2.0 / row.abs().sum())
    assert near.tolist() == [[2.0, 0.0, 0.0]]
    assert (row - near).norm() < (row - scaled).norm() - 0.1


def test_distances_are_exact_and_rounded_up():
    random = np.random.default_rng(2)
    for _ in range(50):
        x = random.normal(size=30).astype(np.float32)
        y = (x + random.normal(size=30) * 10.0 ** random.integers(-8, 3)).astype(np.float32)
        found, exact = distance(x, y), exactly(x, y)
        assert Fraction(found) >= exact > Fraction(np.nextafter(found, 0.0)) or found == exact


def test_inputs_stay_inside_the_ball_where_rounding_would_leave_it():
    random = np.random.default_rng(3)
    left = 0
    for _ in range(100):
        x = random.uniform(size=20).astype(np.float32)
        delta = random.laplace(size=20)
        delta *= 1e-3 / np.abs(delta).sum()
        left += exactly(x, (x + delta).astype(np.float32)) > Fraction(1e-3)
        moved = nearby(x, delta, 1e-3, box=None)
        assert 0.99e-3 < exactly(x, moved) <= Fraction(1e-3)
    assert left > 10  # plain rounding, the mutant, leaves it


def test_an_input_keeps_to_its_box():
    x = np.float32([0.0, 0.95, 0.5])
    moved = nearby(x, np.array([-0.2, 0.2, 0.1]), 0.5, box=(0.0, 1.0))
    assert moved == pytest.approx([0.0, 1.0, 0.6])
    assert nearby(x, np.array([-0.2, 0.2, 0.1]), 0.5, box=None)[0] == pytest.approx(-0.2)
    with pytest.raises(ValueError, match=r"^x has values in \[0.0, 0.9\d*\], outside the box"):
        nearby(x, np.zeros(3), 0.5, box=(0.25, 1.0))


def test_whole_steps_use_the_budget_and_no_more():
    random = np.random.default_rng(4)
    for most in (0, 1, 7, 100):
        delta = random.laplace(size=15)
        delta *= (most + 0.3) / np.abs(delta).sum()
        steps = whole_steps(delta, most)
        assert np.abs(steps).sum() == most
        assert np.all(steps * delta >= 0)
        assert np.all(np.abs(steps - delta * most / (most + 0.3)) < 1 + 1e-9)


def test_steps_are_counted_exactly():
    step = Fraction(1, 255)
    assert steps_within(67 * step, step) == 67
    assert steps_within(float(67 * step) - 1e-15, step) == 66
    # the certificate's radius is 67 steps, rounded down to a float
    around = Gridded(step, Fraction(1), seed=1)
    assert around.budget(0.26274509803921564, 1) == 67 * step
    assert around.budget(0.2627, 1) == 66 * step


@pytest.mark.parametrize("step", [Fraction(1, 255), Fraction(1, 16), Fraction(7, 1000)])
def test_the_digits_of_a_log_lose_no_step(step):
    """A log prints nine digits, rounded down: the attack has all the steps that are certified."""
    around = Gridded(step, Fraction(1), seed=1)
    for steps in (*range(1, 300), 999_999, 10**7 + 1):
        radius = Decimal(steps) * step.numerator / step.denominator
        last = Decimal(1).scaleb(radius.adjusted() - 8)
        printed = float(radius.quantize(last, rounding=ROUND_FLOOR))
        assert around.budget(printed, 1) == steps * step
        assert around.budget(printed, 3) == 3 * steps * step


# ---------------------------------------------------------------- attacks


@pytest.mark.parametrize("attack", [Attack(), SPARSE, DESCENT], ids=["both", "sparse", "descent"])
@pytest.mark.parametrize("noise", [None, Laplace(0.25), Gaussian(0.25)], ids=str)
def test_each_attack_flips_beyond_the_radius_and_none_within(attack, noise):
    model = AxisClassifier([0.75], axis=5, sign=-1)
    target = Target(model, Floating(noise, 3), (3, 3), 2)
    x = np.full(9, 0.25, np.float32)  # the coordinate is 1 away from the edge
    for radius, flips in ((0.8, False), (1.3, True)):
        found = strike(target, x, label=0, radius=radius, point=2, attack=attack)
        assert exactly(x, found.moved) <= Fraction(found.distance) <= Fraction(radius)
        assert (found.lead > 0) is flips
        if noise is None:
            assert (target.predict(found.moved) == 1) is flips


@pytest.mark.parametrize("attack", [SPARSE, DESCENT], ids=["sparse", "descent"])
def test_the_best_attack_on_a_linear_model_is_its_largest_weight(attack):
    weights = [0.3, -2.0, 0.5, 1.0]
    target = Target(linear(weights), Floating(None, 0), (4,), 2)
    x = np.zeros(4, np.float32)
    # w x + 1/2 falls by at most 2 r
    for radius, flips in ((0.24, False), (0.26, True)):
        found = strike(target, x, label=1, radius=radius, point=0, attack=attack)
        assert (target.predict(found.moved) == 0) is flips
    assert found.moved[1] > 0.25


def test_in_many_dimensions_the_gradient_chooses_the_coordinates():
    model = linear([0.01] * 700 + [1.0] + [0.01] * 300)
    target = Target(model, Floating(None, 0), (1001,), 2)
    x = np.zeros(1001, np.float32)
    attack = Attack(steps=0, screened=5, finalists=1)
    found = strike(target, x, label=1, radius=0.6, point=0, attack=attack)
    assert found.method == "one coordinate"
    assert np.flatnonzero(found.moved).tolist() == [700]


def test_on_a_grid_an_attack_moves_whole_steps():
    model = AxisClassifier([0.9], axis=1)
    around = Gridded(Fraction(1, 8), Fraction(1, 4), seed=5)
    target = Target(model, around, (4,), 2)
    x = np.array([3, 0, 5, 16], np.int32)
    for steps, flips in ((7, False), (9, True)):
        found = strike(target, x, label=0, radius=Fraction(steps, 8), point=0, attack=Attack())
        assert found.moved.dtype == np.int32
        assert np.abs(found.moved - x).sum() <= steps
        assert (found.lead > 0) is flips
    assert strike(target, x, label=0, radius=0.124, point=0, attack=Attack()).method == "none"


def test_a_box_holds_the_attack():
    model = AxisClassifier([1.5], axis=0)
    x = np.zeros(4, np.float32)
    free = Target(model, Floating(None, 0), (4,), 2)
    boxed = Target(model, Floating(None, 0, (0.0, 1.0)), (4,), 2)
    for target, flips in ((free, True), (boxed, False)):
        found = strike(target, x, label=0, radius=2.0, point=0, attack=Attack())
        assert (target.predict(found.moved) == 1) is flips
    assert found.moved.max() <= 1


def test_an_attack_of_no_steps_moves_nothing():
    target = Target(AxisClassifier([0.1], axis=0), Floating(Laplace(1.0), 1), (2,), 2)
    x = np.zeros(2, np.float32)
    for attack in (Attack(steps=0, screened=0), Attack(restarts=0, screened=0)):
        found = strike(target, x, label=0, radius=9.0, point=0, attack=attack)
        assert (found.method, found.distance, found.moved.tolist()) == ("none", 0.0, [0.0, 0.0])


def test_the_result_depends_on_the_seed_and_not_on_the_batch():
    torch.manual_seed(4)
    model = torch.nn.Sequential(torch.nn.Linear(20, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    x = np.linspace(-1, 1, 20, dtype=np.float32)

    def found(seed, batch):
        target = Target(model, Floating(Laplace(0.5), seed), (20,), 3, batch)
        label = target.predict(x)
        struck = strike(target, x, label=label, radius=0.5, point=1, attack=Attack())
        return struck.moved.tolist(), struck.lead

    assert found(1, 7) == found(1, 1000)
    assert len({found(seed, 64)[1] for seed in range(1, 5)}) > 1


def test_an_attack_draws_for_its_own_purpose_alone():
    asked = set()

    class Recorded(Floating):
        def noisy(self, x, *, purpose):
            asked.add(purpose)
            return Floating.noisy(self, x, purpose=purpose)

    target = Target(AxisClassifier([0.1], axis=0), Recorded(Laplace(1.0), 1), (2,), 2)
    strike(target, np.zeros(2, np.float32), label=0, radius=1.0, point=0, attack=Attack())
    assert asked == {"attack"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 2}, r"^label = 2 is outside \[0, 2\)$"),
        ({"label": -1}, r"^label = -1 is outside \[0, 2\)$"),
        ({"radius": -1.0}, r"^radius = -1.0 is outside \[0, inf\)$"),
        ({"radius": float("nan")}, r"^radius = nan is outside \[0, inf\)$"),
        ({"x": np.zeros(3, np.float32)}, r"^x has shape \(3,\), legal is \(4,\)$"),
    ],
)
def test_bad_input_is_one_line(change, message):
    target = Target(AxisClassifier([0.5], axis=0), Floating(None, 0), (4,), 2)
    asked = {"x": np.zeros(4, np.float32), "label": 0, "radius": 1.0, **change}
    with pytest.raises(ValueError, match=message):
        strike(target, asked.pop("x"), point=0, attack=Attack(), **asked)


def test_a_model_of_other_classes_is_one_line():
    target = Target(AxisClassifier([0.5], axis=0), Floating(Laplace(1.0), 0), (4,), 3)
    with pytest.raises(ValueError, match=r"^the model returns .*\(\d+, 2\), legal are"):
        strike(target, np.zeros(4, np.float32), label=2, radius=1.0, point=0, attack=Attack())


@pytest.mark.parametrize("dim", [64, 2**18])
def test_no_batch_of_the_network_is_large(dim):
    """Large inputs are shown a few at a time, but for the draws of one gradient."""
    seen = []

    class Watched(AxisClassifier):
        def forward(self, inputs):
            seen.append(inputs.numel())
            return AxisClassifier.forward(self, inputs)

    target = Target(Watched([0.5], axis=1), Floating(Laplace(0.1), 0), (dim,), 2)
    attack = Attack(steps=1, restarts=1, draws=2, screened=2, screen_draws=2, final_draws=5)
    strike(target, np.zeros(dim, np.float32), label=0, radius=1.0, point=0, attack=attack)
    assert max(seen) <= 2**20


def test_bad_targets_are_one_line():
    model, around = AxisClassifier([0.5], axis=0), Floating(None, 0)
    for change, message in (
        ({"shape": ()}, r"^shape = \(\): "),
        ({"num_classes": 1}, r"^num_classes = 1 is outside \[2, inf\)$"),
        ({"batch": 0}, r"^batch = 0 is outside \[1, inf\)$"),
    ):
        asked = {"shape": (4,), "num_classes": 2, **change}
        with pytest.raises(ValueError, match=message):
            Target(model, around, **asked)
    with pytest.raises(ValueError, match="no noise"):
        Target(model, around, (4,), 2).votes(
            np.zeros(4, np.float32), purpose="check", point=0, start=0, stop=1
        )
    with pytest.raises(ValueError, match=r"^sparsities has 1.5, outside \[0, 1\]$"):
        Attack(sparsities=(1.5,))


# ---------------------------------------------------------------- the undefended classifier


def test_the_accuracy_left_is_that_of_the_distances_to_the_edge():
    edge = np.array([0.2, 0.5, 0.9, -0.3])  # the last is misclassified from the start
    inputs = np.zeros((4, 6), np.float32)
    inputs[:, 2] = 1 - edge
    found = attack_undefended(
        AxisClassifier([1.0], axis=2),
        inputs,
        [0] * 4,
        radii=[0.0, 0.19, 0.21, 0.49, 0.51, 0.95],
        shape=(2, 3),
        num_classes=2,
    )
    assert found.correct == (3, 3, 2, 2, 1, 0)
    assert found.points == 4


@pytest.mark.parametrize("radii", [[], [0.5, 0.5], [1.0, 0.5], [-1.0], [float("inf")]])
def test_radii_have_to_rise(radii):
    with pytest.raises(ValueError, match=r"legal are rising|is outside"):
        attack_undefended(
            AxisClassifier([1.0], axis=0),
            np.zeros((1, 2), np.float32),
            [0],
            radii=radii,
            shape=(2,),
            num_classes=2,
        )
