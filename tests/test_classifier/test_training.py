"""Training: what is trained on, weights that do not depend on a stop, others' files left alone."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from simulations.classifier import datasets, models, training, training_state
from simulations.classifier.checkpoints import CheckpointError, load, parse, render, weights_digest
from simulations.classifier.examples import Dataset, Examples, inputs_digest
from simulations.classifier.noisy_inputs import PURPOSES, NoisyInputs
from simulations.classifier.training import count_correct, perturbed, train
from simulations.classifier.training_noise import (
    ExampleNoise,
    epoch_order,
    training_samples,
    validation_samples,
)
from simulations.classifier.training_plans import RECIPES, training_plan
from simulations.classifier.training_state import TrainingState, read_progress, state_path
from simulations.sampling import draw
from theory.confidence import BinomialTest
from theory.noise import Gaussian, Laplace, Uniform

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return datasets.load("digits")


def small(data: Dataset, count: int = 150) -> Dataset:
    """The first examples of a data set: an epoch takes no time."""

    def first(examples: Examples) -> Examples:
        return Examples(examples.labels[:count], examples.levels(range(count)), examples.step)

    fields = {name: getattr(data, name) for name in ("name", "shape", "num_classes", "unit")}
    return Dataset(
        **fields,
        class_names=data.class_names,
        step=data.step,
        train=first(data.train),
        test=first(data.test),
    )


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    return small(digits)


def stopped(data: Dataset, out: Path, **choices) -> Path:
    """Train one epoch and stop; the state's file."""

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, **choices, out=out, progress=stop)
    return state_path(out)


def digest(model: torch.nn.Module) -> str:
    return weights_digest(model.state_dict())


# What is trained on.


@pytest.mark.parametrize("law", [Laplace(scale=0.3), Gaussian(sigma=0.3), Uniform(half_width=0.3)])
def test_the_noise_is_the_engines(law: object):
    kind = type(law).__name__.lower()
    x = np.linspace(-1, 1, 3 * 70, dtype=np.float32).reshape(3, 70)
    samples = [2**40 + 5, 0, 2**40 + 4]
    found = ExampleNoise(kind, 0.3, seed=2**63 + 9, purpose="training").added(x, samples)
    tag = PURPOSES["training"]
    for row, sample in enumerate(samples):
        noise = draw(law, seed=2**63 + 9, tag=tag, first_sample=sample, num_samples=1, dim=70)
        wanted = (x[row].astype(np.float64) + noise[0]).astype(np.float32)
        assert np.array_equal(found[row], wanted)
        # the next sample, the other sign and another scale are others
        other = draw(law, seed=2**63 + 9, tag=tag, first_sample=sample + 1, num_samples=1, dim=70)
        for mutant in (other[0], -noise[0], 1.01 * noise[0]):
            mutated = (x[row].astype(np.float64) + mutant).astype(np.float32)
            assert not np.array_equal(found[row], mutated)


def test_the_noise_does_not_depend_on_the_batch(few: Dataset):
    plan = training_plan(few, seed=5)
    noise = ExampleNoise.of(plan, "training")
    numbers = np.arange(12)
    inputs = few.train.inputs(numbers)
    whole = noise.added(inputs, training_samples(7, numbers, len(few.train)))
    for order in (numbers[::-1], np.array([3]), np.array([8, 2, 11])):
        samples = training_samples(7, order, len(few.train))
        assert np.array_equal(noise.added(inputs[order], samples), whole[order])
    assert ExampleNoise.of(training_plan(few, seed=5, noise="none"), "training") is None


def test_no_two_draws_of_a_training_are_the_same_sample():
    drawn = [training_samples(e, np.arange(5), 5).tolist() for e in range(4)]
    assert sorted(itertools.chain(*drawn)) == list(range(20))


def test_the_noisy_look_is_draw_0_of_the_point(few: Dataset):
    x = few.test.inputs(range(3))
    noise = ExampleNoise("laplace", 0.25, seed=4, purpose="validation")
    found = noise.added(x, validation_samples(np.arange(3)))
    for point in range(3):
        perturber = NoisyInputs(
            x[point].reshape(-1), Laplace(scale=0.25), seed=4, purpose="validation"
        )
        out = np.empty((1, 64), np.float32)
        perturber.fill(out, point=point, first=0)
        assert np.array_equal(found[point].reshape(1, -1), out)


def test_orders_are_permutations_that_differ():
    orders = [epoch_order(seed=s, epoch=e, num_examples=50) for s in (1, 2) for e in range(5)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == len(orders)
    assert np.array_equal(orders[0], epoch_order(seed=1, epoch=0, num_examples=50))


@pytest.mark.statistical(false_fail=1e-9, reason="36 exact binomial tests at 1e-9/36")
def test_every_place_is_as_likely_for_every_example(fresh):
    # 600 orders of 6 examples: a count is binomial(600, 1/6), of standard deviation 9.1
    orders = np.array([epoch_order(seed=fresh(3), epoch=e, num_examples=6) for e in range(600)])
    counts = [int(np.sum(orders[:, i] == j)) for j in range(6) for i in range(6)]
    test = BinomialTest(600, 1 / 6 - 1e-9, 1 / 6 + 1e-9)
    assert min(test.p_value(count) for count in counts) > 1e-9 / 36
    assert test.p_value(300) < 1e-9 / 36  # one place in two


def test_an_epoch_shows_each_example_once_with_its_noise(few: Dataset):
    plan = training_plan(few, seed=5, batch=64, sigma="0.5")
    batches = list(training._batches(plan, few, 3))
    assert [len(labels) for _, labels in batches] == [64, 64, 22]
    order = epoch_order(seed=5, epoch=3, num_examples=150)
    inputs, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert np.array_equal(labels, few.train.labels[order])
    noise = inputs - few.train.inputs(order)
    assert abs(float(noise.std()) / 0.5 - 1) < 0.05 and abs(float(noise.mean())) < 0.03
    wanted = ExampleNoise.of(plan, "training").added(few.train.inputs(order), 3 * 150 + order)
    assert np.array_equal(inputs, wanted)
    plain = list(training._batches(training_plan(few, seed=5, noise="none"), few, 3))
    assert np.array_equal(np.concatenate([x for x, _ in plain]), few.train.inputs(order))


def test_what_is_made_ahead_is_the_same_and_errors_pass():
    assert list(training.ahead(iter(range(7)))) == list(range(7))
    assert list(training.ahead(iter([]))) == []

    def broken():
        yield 1
        raise ValueError("image 7 is truncated")

    with pytest.raises(ValueError, match="image 7"):
        list(training.ahead(broken()))


def test_the_rate_falls_by_half_a_cosine(few: Dataset, monkeypatch: pytest.MonkeyPatch):
    plan = training_plan(few, seed=1, batch=50, epochs=4, learning_rate=0.01)
    state, rates = TrainingState.initial(plan, CPU), []
    step = state.optimizer.step

    def spy() -> None:
        rates.append(state.optimizer.param_groups[0]["lr"])
        step()

    monkeypatch.setattr(state.optimizer, "step", spy)
    training._advance(state, few, CPU, None, None)
    assert len(rates) == 12 and rates[0] == 0.01 and rates == sorted(rates, reverse=True)
    assert rates[6] == pytest.approx(0.005) and rates[3] == pytest.approx(0.01 * 0.8535533905932737)
    assert 0 < rates[-1] == pytest.approx(0.01 * math.sin(math.pi / 24) ** 2)


def test_the_loss_is_the_mean_over_the_examples(few: Dataset):
    # batches of 64, 64 and 22: a mean of means would be another number
    plan = training_plan(few, seed=1, batch=64, epochs=1, learning_rate=1e-30)
    state = TrainingState.initial(plan, CPU)
    losses = [
        cross_entropy(
            state.model(torch.from_numpy(x)), torch.from_numpy(y), reduction="none"
        ).detach()
        for x, y in training._batches(plan, few, 0)
    ]
    wanted = float(torch.cat(losses).double().mean())
    training._advance(state, few, CPU, None, None)
    assert state.loss == pytest.approx(wanted, rel=1e-6) and state.epochs == 1
    mutant = sum(float(one.mean()) for one in losses) / 3
    assert mutant != pytest.approx(wanted, rel=1e-5)


# Type 2.


def test_the_perturbation_is_the_sign_of_the_gradient_at_the_noisy_input(few: Dataset):
    model = models.build("cnn", shape=few.shape, num_classes=10, seed=1)
    x = torch.from_numpy(few.train.inputs(range(20))).double().requires_grad_()
    model = model.double()
    y = torch.tensor(few.train.labels[:20])
    losses = cross_entropy(model(x), y, reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), x)
    found = perturbed(model, x.detach(), y, 0.01)
    assert torch.allclose(found - x.detach(), 0.01 * gradient.sign(), atol=1e-12)
    # up, and a step of the other sign down, for each example
    after = cross_entropy(model(found), y, reduction="none")
    mutant = cross_entropy(model(2 * x - found), y, reduction="none")
    assert bool((after > losses).all()) and bool((mutant < losses).all())
    assert model.training and all(p.grad is None for p in model.parameters())
    assert not found.requires_grad


def test_the_gradient_leaves_the_running_means_alone(few: Dataset):
    model = models.build("resnet110", shape=few.shape, num_classes=10, seed=1).train()
    before = digest(model)
    x = torch.from_numpy(few.train.inputs(range(2)))
    perturbed(model, x, torch.zeros(2, dtype=torch.int64), 0.01)
    assert digest(model) == before


def test_type_2_trains_on_its_perturbations(few: Dataset, monkeypatch: pytest.MonkeyPatch):
    seen = []

    def spy(model, x, y, step):
        assert model.training
        seen.append((x.clone(), step))
        return perturbed(model, x, y, step)

    monkeypatch.setattr(training, "perturbed", spy)
    choices = {"seed": 2, "epochs": 2, "batch": 50}
    two, record = train(few, **choices, kind=2, attack_step="1/8")
    assert len(seen) == 6 and {step for _, step in seen} == {0.125}
    first = next(training._batches(record.plan, few, 0))[0]
    assert np.array_equal(seen[0][0].numpy(), first)
    one, _ = train(few, **choices)
    assert len(seen) == 6 and digest(one) != digest(two)


# Plans.


def test_plans_fill_in_the_defaults(digits: Dataset):
    plan = training_plan(digits, seed=0)
    assert (plan.architecture, plan.noise, plan.sigma, plan.kind) == ("mlp", "laplace", "0.25", 1)
    assert plan.step == "0.0625" and plan.unit == digits.unit and plan.device == "cpu"
    assert plan.torch == torch.__version__ and type(plan.torch) is str
    for name, recipe in RECIPES.items():
        if name != "resnet50":
            plan = training_plan(digits, seed=0, architecture=name)
            assert (plan.optimizer, plan.epochs) == (recipe.optimizer, recipe.epochs)
    assert set(RECIPES) == set(models.ARCHITECTURES)


def test_small_models_have_one_thread_and_residual_networks_torchs(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("simulations.classifier.training_plans.get_num_threads", lambda: 7)
    threads = {
        name: training_plan(digits, seed=0, architecture=name).threads
        for name in ("mlp", "cnn", "resnet110")
    }
    assert threads == {"mlp": 1, "cnn": 1, "resnet110": 7}
    for name in threads:
        assert training_plan(digits, seed=0, architecture=name, threads=3).threads == 3


def test_a_plan_knows_its_data(few: Dataset, tmp_path: Path):
    plan = training_plan(few, seed=1, epochs=2)
    levels = few.train.levels(range(len(few.train)))
    for dtype, place, same in (
        (np.uint8, None, True),
        (np.int64, None, True),
        (np.int64, 3, False),
    ):
        changed = levels.astype(dtype)
        if place is not None:
            changed[place, 0, 4, 4] ^= 1
        data = Dataset(**{**vars(few), "train": Examples(few.train.labels, changed, few.step)})
        assert (training_plan(data, seed=1, epochs=2) == plan) is same
    stopped(few, tmp_path / "model", seed=1, epochs=2)
    with pytest.raises(CheckpointError, match="another training: inputs_sha256 = "):
        train(data, seed=1, epochs=2, out=tmp_path / "model", resume=True)
    features = datasets.load("breast_cancer").train
    changed = features.inputs(range(len(features)))
    assert inputs_digest(features) == inputs_digest(Examples(features.labels, changed))
    changed[5, 7] = np.nextafter(changed[5, 7], np.float32(9))
    assert inputs_digest(features) != inputs_digest(Examples(features.labels, changed))


def test_numpys_numbers_are_numbers(few: Dataset):
    plan = training_plan(few, seed=1, epochs=2, batch=5, learning_rate=1.0, sigma=0.5)
    same = training_plan(
        few,
        seed=np.uint64(1),
        epochs=np.int64(2),
        batch=np.int32(5),
        learning_rate=1,
        sigma=np.float32(0.5),
    )
    assert same == plan and same.as_json() == plan.as_json()
    for wrong in ("x", True, 2.5):
        with pytest.raises(ValueError, match=f"epochs = {wrong!r} is not an integer"):
            training_plan(few, seed=1, epochs=wrong)
    with pytest.raises(ValueError, match="learning_rate = 'x' is not a number"):
        training_plan(few, seed=1, learning_rate="x")


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"architecture": "lenet"}, "architecture = 'lenet' is not one of"),
        ({"noise": "cauchy"}, "noise = 'cauchy' is not one of"),
        ({"sigma": 0}, "sigma = 0 is outside"),
        ({"sigma": "nan"}, "sigma = nan is outside"),
        ({"scale": -2}, "scale = -2 is outside"),
        ({"kind": 0}, "kind = 0 is not 1 or 2"),
        ({"attack_step": 1}, "step = 1 with type 1"),
        ({"kind": 2, "attack_step": 0}, "attack_step = 0 is outside"),
        ({"kind": 2, "attack_step": "nan"}, "attack_step = nan is outside"),
        ({"kind": 2, "noise": "none"}, "type 2 without noise needs a step"),
        ({"epochs": 0}, "epochs = 0 is not"),
        ({"batch": -1}, "batch = -1 is not"),
        ({"learning_rate": math.nan}, "learning_rate = nan is not"),
        ({"seed": 2**64}, "seed = 18446744073709551616 is"),
        ({"device": "cuda:99"}, "device = 'cuda:99'"),
        ({"device": "tpu"}, "device = 'tpu' is not one of"),
        ({"threads": 0}, "threads = 0 is not"),
    ],
)
def test_bad_choices_are_one_line_and_nothing_is_written(
    few: Dataset, choices: dict, said: str, tmp_path: Path
):
    with pytest.raises(ValueError, match=said) as caught:
        train(few, out=tmp_path / "model", **{"seed": 1, **choices})
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_without_training_examples_there_is_nothing_to_train(few: Dataset):
    none = Examples(few.train.labels[:0], few.train.levels([]), few.train.step)
    empty = Dataset(**{**vars(few), "train": none})
    with pytest.raises(ValueError, match="digits has no training examples"):
        train(empty, seed=1)


def test_a_step_too_large_is_said_and_leaves_nothing(few: Dataset, tmp_path: Path):
    with pytest.raises(ValueError, match=r"loss is (nan|inf).*learning_rate = 1e\+30 is too large"):
        train(few, seed=1, learning_rate=1e30, epochs=3, out=tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_weights_or_moments_that_overflow_are_said_too(few: Dataset, tmp_path: Path):
    # The loss of the last step is finite; the square of its gradient is not.
    for out in (None, tmp_path / "model"):
        with pytest.raises(
            ValueError, match=r"holds inf in epoch 1: .*scale = 1e\+25, att"
        ) as said:
            train(few, seed=1, noise="gaussian", sigma=1e25, epochs=2, out=out)
        assert "\n" not in str(said.value) and not list(tmp_path.iterdir())


def test_a_loss_that_is_lost_later_leaves_no_state(
    few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out, losses = tmp_path / "model", iter([1.5, math.nan])

    def epoch(*_):
        assert state_path(out).exists() is (len(seen) == 1)
        seen.append(next(losses))
        return seen[-1]

    seen: list[float] = []
    monkeypatch.setattr(training, "_epoch", epoch)
    with pytest.raises(ValueError, match="the loss is nan in epoch 2"):
        train(few, seed=1, architecture="mlp", noise="none", epochs=3, out=out)
    assert len(seen) == 2 and not list(tmp_path.iterdir())


# The same weights, whatever happens.


@pytest.mark.parametrize(
    "choices",
    [
        {"noise": "gaussian"},
        {"noise": "uniform", "kind": 2, "architecture": "cnn"},
        {"noise": "none", "kind": 2, "attack_step": "0.05"},
        {"kind": 2, "batch": 40, "sgd": True},
    ],
)
def test_a_stop_changes_no_bit(
    choices: dict, few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if choices.pop("sgd", False):
        monkeypatch.setitem(RECIPES, "mlp", RECIPES["resnet110"])
    choices |= {"seed": 8, "epochs": 3}
    whole, record = train(few, **choices, out=tmp_path / "whole")
    assert [one.name for one in tmp_path.iterdir()] == ["whole"]
    out = tmp_path / "model"
    for stop in (1, 3):  # after the last one only the file is missing

        def interrupt(done: int, epochs: int, said: str, stop: int = stop) -> None:
            assert epochs == 3 and said.startswith("loss ")
            if done == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(few, **choices, out=out, resume=True, progress=interrupt)
        assert not out.exists() and read_progress(state_path(out)) == (record.plan, stop)
    model, again = train(few, **choices, out=out, resume=True)
    assert digest(model) == digest(whole) and again == record
    assert out.read_bytes() == (tmp_path / "whole").read_bytes()
    assert not state_path(out).exists()
    assert digest(train(few, **choices)[0]) == digest(whole)
    assert digest(train(few, **{**choices, "seed": 9})[0]) != digest(whole)


def test_each_part_of_the_state_is_needed(few: Dataset, tmp_path: Path):
    out = tmp_path / "model"
    whole, record = train(few, seed=1, epochs=3)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, seed=1, epochs=3, out=out, progress=stop)
    path = state_path(out)
    state = path.read_bytes()
    tensors, said = parse(state, training_state.STATE_FORMAT)
    moment = next(name for name in tensors if name.endswith("exp_avg"))
    weight = next(name for name in tensors if name.startswith("model."))
    # mutants: other weights, another momentum, another count of epochs end elsewhere
    for name in (moment, weight):
        changed = {**tensors, name: tensors[name] + 0.01}
        path.write_bytes(render(changed, said))
        assert digest(train(few, seed=1, epochs=3, out=out, resume=True)[0]) != digest(whole)
        out.unlink()
    path.write_bytes(render(tensors, {**said, "epochs": 2}))
    assert digest(train(few, seed=1, epochs=3, out=out, resume=True)[0]) != digest(whole)
    out.unlink()
    path.write_bytes(state)
    model, again = train(few, seed=1, epochs=3, out=out, resume=True)
    assert digest(model) == digest(whole) and again == record


def test_torchs_own_state_is_left_alone(few: Dataset):
    torch.manual_seed(4)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    used = []

    def look(*_):
        used.append((torch.get_num_threads(), torch.backends.cudnn.deterministic))

    train(few, seed=1, epochs=1, threads=2, progress=look)
    assert used == [(2, True)]
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads
    assert not torch.backends.cudnn.deterministic


def test_a_resumed_training_takes_the_recorded_threads(few: Dataset, tmp_path: Path):
    out = tmp_path / "model"

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, seed=1, epochs=2, threads=2, out=out, progress=stop)
    with pytest.raises(CheckpointError, match="threads = 2, not 1"):
        train(few, seed=1, epochs=2, threads=1, out=out, resume=True)
    _, record = train(few, seed=1, epochs=2, out=out, resume=True)
    assert record.threads == 2 and train(few, seed=1, epochs=2, out=out)[1] == record
    with pytest.raises(ValueError, match="another training: threads = 2, not 1"):
        train(few, seed=1, epochs=2, threads=1, out=out)


# Files that are there already.


def test_another_training_is_not_overwritten(few: Dataset, tmp_path: Path):
    out = tmp_path / "model"
    model, record = train(few, seed=1, epochs=1, out=out, provenance={"version": "1"})
    before = out.read_bytes()
    again, found = train(few, seed=1, epochs=1, out=out)
    assert digest(again) == digest(model) and found == record
    assert found.provenance == {"version": "1"}
    for other in ({"epochs": 2}, {"sigma": 1}, {"kind": 2}, {"noise": "none"}):
        for resume in (False, True):
            with pytest.raises(ValueError, match="holds a classifier of another training") as said:
                train(few, **{"seed": 1, "epochs": 1, **other}, out=out, resume=resume)
            assert "\n" not in str(said.value)
    out.write_bytes(before[:-1])
    with pytest.raises(CheckpointError, match="truncated"):
        train(few, seed=1, epochs=1, out=out)
    assert out.read_bytes() == before[:-1]


def test_a_state_is_neither_dropped_nor_taken_for_another(few: Dataset, tmp_path: Path):
    out = tmp_path / "model.safetensors"

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, seed=1, epochs=2, out=out, progress=stop)
    path = state_path(out)
    state = path.read_bytes()
    with pytest.raises(ValueError, match="stopped after epoch 1 of 2: resume it"):
        train(few, seed=1, epochs=2, out=out)
    with pytest.raises(CheckpointError, match=r"another training: sigma = 0\.25, not 0\.5"):
        train(few, seed=1, epochs=2, sigma="0.5", out=out, resume=True)
    assert path.read_bytes() == state and not out.exists()
    # the state of another training stays, whatever lies at the file
    train(few, seed=2, epochs=1, out=tmp_path / "other")
    out.write_bytes((tmp_path / "other").read_bytes())
    train(few, seed=2, epochs=1, out=out)
    assert path.read_bytes() == state
    path.write_bytes(state[:-1])
    train(few, seed=2, epochs=1, out=out)
    path.write_bytes(state)
    # killed after the file was written and before its state went
    (tmp_path / "other").unlink()
    train(few, seed=1, epochs=2, out=tmp_path / "other")
    out.write_bytes((tmp_path / "other").read_bytes())
    train(few, seed=1, epochs=2, out=out)
    assert not path.exists()


def test_two_files_have_two_states(few: Dataset, tmp_path: Path):
    # Names such as these are all that tells two noise levels apart.
    outs = [tmp_path / f"laplace_{sigma}" for sigma in ("0.25", "0.50")]
    paths = [
        stopped(few, out, seed=1, epochs=2, sigma=sigma)
        for out, sigma in zip(outs, ("0.25", "0.50"), strict=True)
    ]
    assert [read_progress(path)[0].sigma for path in paths] == ["0.25", "0.5"]
    names = ("a", "a.safetensors", "a.state", "a.b.safetensors", "a.b.c")
    assert len({state_path(Path(name)) for name in names}) == len(names)


def test_states_that_are_none(few: Dataset, tmp_path: Path):
    out = tmp_path / "model"

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, seed=1, epochs=2, out=out, progress=stop)
    path = state_path(out)
    whole = path.read_bytes()
    tensors, said = parse(whole, training_state.STATE_FORMAT)
    some = next(name for name in tensors if name.startswith("optimizer.0."))
    cases = [
        (whole[:-5], "truncated"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), "changed"),
        (render(tensors, {**said, "epochs": 3}), "after epoch 3 of 2"),
        (render(tensors, {**said, "plan": {}}), "plan that is not legal"),
        (render({k: v for k, v in tensors.items() if k != some}, said), "optimizer"),
        (render({**tensors, some: torch.zeros(3, 3)}, said), "optimizer"),
        (render({**tensors, "optimizer.99.step": torch.zeros(())}, said), "optimizer"),
        (render({**tensors, "optimizer.x": torch.zeros(())}, said), "optimizer"),
        (render({"model.x": torch.zeros(1)}, said), "recorded architecture"),
    ]
    for content, match in cases:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=match) as caught:
            train(few, seed=1, epochs=2, out=out, resume=True)
        said = str(caught.value)
        assert "\n" not in said and "remove it to begin anew" in said
        assert path.read_bytes() == content


def test_the_file_of_a_classifier_is_no_state(few: Dataset, tmp_path: Path):
    out = tmp_path / "model"
    train(few, seed=1, epochs=1, out=out)
    with pytest.raises(CheckpointError, match="format 'l1cert classifier 1', legal is"):
        read_progress(out)
    TrainingState.initial(training_plan(few, seed=1), CPU).save(tmp_path / "state")
    with pytest.raises(CheckpointError, match="legal is 'l1cert classifier 1'"):
        load(tmp_path / "state")


# What comes of it.


def test_accuracies_are_counts_on_the_test_split(few: Dataset):
    class Echo(torch.nn.Module):
        """Says class 1 where the first pixel is above 1/2, else class 0."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first = x.flatten(1)[:, :1]
            return torch.cat([0.5 - first, first - 0.5, first.expand(-1, 8) * 0 - 9], dim=1)

    levels = np.zeros((600, 1, 8, 8), np.int64)
    levels[:, 0, 0, 0] = np.where(np.arange(600) % 3 == 0, 16, 0)
    labels = np.arange(600) % 2
    data = Dataset(**{**vars(few), "test": Examples(labels, levels, few.step)})
    wanted = sum((i % 3 == 0) == (i % 2 == 1) for i in range(600))
    assert count_correct(Echo(), data) == wanted == 300
    tiny, wide = (ExampleNoise("laplace", s, seed=1, purpose="validation") for s in (1e-6, 10.0))
    assert count_correct(Echo(), data, noise=tiny) == wanted
    data = Dataset(**{**vars(few), "test": Examples(levels[:, 0, 0, 0] // 16, levels, few.step)})
    assert count_correct(Echo(), data) == 600
    # P(flip) = P(noise > 1/2) = exp(-1/20)/2 = 0.476: within 5 standard deviations of 12.2
    assert abs(count_correct(Echo(), data, noise=wide) - 600 * (1 - math.exp(-0.05) / 2)) < 62


def test_the_record_counts_on_the_test_split_with_a_noise_of_its_own(few: Dataset):
    model, record = train(few, seed=1, epochs=6, sigma="0.5")
    noisy = {
        purpose: count_correct(model, few, noise=ExampleNoise.of(record.plan, purpose))
        for purpose in ("validation", "training", "estimation")
    }
    assert (record.num_tests, record.clean_correct) == (150, count_correct(model, few))
    assert record.noisy_correct == noisy.pop("validation")
    # so short a training that another draw has another count
    assert record.noisy_correct not in noisy.values()


def test_the_optimizer_is_the_plans(few: Dataset, monkeypatch: pytest.MonkeyPatch):
    for name in ("adam", "sgd"):
        recipe = replace(RECIPES["mlp"], optimizer=name, momentum=0.7, weight_decay=0.01)
        monkeypatch.setitem(RECIPES, "mlp", recipe)
        plan = training_plan(few, seed=1, learning_rate=0.25)
        optimizer = TrainingState.initial(plan, CPU).optimizer
        kept = optimizer.state_dict()["param_groups"][0]
        assert type(optimizer).__name__.lower() == name
        assert (kept["lr"], kept["weight_decay"]) == (0.25, 0.01)
        assert kept.get("momentum", 0.7) == 0.7
    assert kept["momentum"] == 0.7 and kept["dampening"] == 0 and not kept["nesterov"]


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["laplace", "gaussian", "uniform"])
def test_the_defaults_learn(noise: str, digits: Dataset):
    _, record = train(digits, seed=1, noise=noise)
    assert record.clean_correct >= 485 and record.noisy_correct >= 465


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("digits", {"epochs": 15}),
        ("digits", {"noise": "none", "epochs": 8}),
        ("digits", {"kind": 2, "noise": "gaussian", "epochs": 14}),
        ("breast_cancer", {"epochs": 10}),
    ],
)
def test_short_trainings_learn(name: str, choices: dict):
    model, record = train(datasets.load(name), seed=1, **choices)
    assert record.clean_correct >= 0.95 * record.num_tests
    assert 0.9 * record.num_tests <= record.noisy_correct <= record.num_tests
    assert not model.training and record.loss < 0.5
    if record.noise == "none":
        assert record.noisy_correct == record.clean_correct


@pytest.mark.slow
@pytest.mark.parametrize("choices", [{}, {"kind": 2}, {"noise": "uniform"}, {"sigma": "0.12"}])
def test_the_cnn_learns(choices: dict, digits: Dataset):
    _, record = train(digits, seed=1, architecture="cnn", **choices)
    assert record.clean_correct >= 475 and record.noisy_correct >= 450


@pytest.mark.slow
def test_a_residual_network_resumes_to_the_same_bits(few: Dataset, tmp_path: Path):
    choices = {"seed": 1, "architecture": "resnet110", "epochs": 2, "batch": 75}
    whole, _ = train(few, **choices)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, **choices, out=tmp_path / "model", progress=stop)
    model, _ = train(few, **choices, out=tmp_path / "model", resume=True)
    assert digest(model) == digest(whole)
