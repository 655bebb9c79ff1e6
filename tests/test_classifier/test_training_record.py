"""Training records: what is legal, what comes back from JSON, which laws they name."""

import json
from fractions import Fraction

import pytest

from simulations.classifier import datasets
from simulations.classifier.noisy_inputs import LARGEST_SCALE, SMALLEST_SCALE
from simulations.classifier.training_plans import training_plan
from simulations.classifier.training_record import (
    LARGEST,
    NOISE_NAMES,
    NOISES,
    SIGMAS,
    SMALLEST,
    TrainingPlan,
    TrainingRecord,
    exact_text,
    noise_of,
)
from tests.test_classifier.test_checkpoints import record_of
from theory.noise import Gaussian, Laplace, Uniform


@pytest.mark.parametrize("value", ["1/4", "0.3", "1/3", "-7/6", "1e20", "1e-9", "123.0625", "7/40"])
def test_exact_text_reads_back(value: str):
    assert Fraction(exact_text(Fraction(value))) == Fraction(value)
    assert exact_text(Fraction("0.050")) == "0.05" and exact_text(Fraction(-3, 2)) == "-1.5"


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_laws_have_the_standard_deviation(sigma: str):
    for name, law in NOISES.items():
        found, scale = noise_of(name, sigma=sigma)
        assert Fraction(found) == Fraction(sigma)
        noise = record_of(noise=name, sigma=found, scale=scale).law
        assert isinstance(noise, law) and noise == law.from_sigma(float(sigma))
        assert noise.sigma == pytest.approx(float(sigma), rel=1e-15)
    lam = float(noise_of("laplace", sigma=sigma)[1])
    assert lam * 2**0.5 == pytest.approx(float(sigma), rel=1e-15)
    assert float(noise_of("uniform", sigma=sigma)[1]) == pytest.approx(float(sigma) * 3**0.5)


def test_a_scale_is_the_laws_own_parameter():
    assert record_of(**law_of("laplace", scale="0.2")).law == Laplace(scale=0.2)
    assert record_of(**law_of("gaussian", scale="0.2")).law == Gaussian(sigma=0.2)
    assert record_of(**law_of("uniform", scale="0.2")).law == Uniform(half_width=0.2)
    assert record_of(**law_of("none")).law is None
    assert SMALLEST_SCALE < SMALLEST and 2 * LARGEST < LARGEST_SCALE


def law_of(name: str, **given) -> dict:
    sigma, scale = noise_of(name, **given)
    return {"noise": name, "sigma": sigma, "scale": scale}


@pytest.mark.parametrize("value", [0, -1, "nan", "inf", "1e-40", "1e400", "x", True, float("nan")])
@pytest.mark.parametrize("name", ["sigma", "scale"])
def test_bad_sizes_of_noise(name: str, value: object):
    with pytest.raises(ValueError, match=f"{name} = .* is outside") as caught:
        noise_of("laplace", **{name: value})
    assert "\n" not in str(caught.value)


def test_the_ends_of_the_range_are_legal():
    # As floats 1e-9 lies above 10^-9, and 1e29 below 10^29.
    for value in ("1e-9", "1e29"):
        assert record_of(kind=2, attack_step=value).attack_step == value
        assert record_of(**law_of("gaussian", sigma=value)).law == Gaussian(sigma=float(value))
    for value in ("9e-10", "1.1e29", "-1", "x"):
        with pytest.raises(ValueError, match="attack_step = "):
            record_of(kind=2, attack_step=value)


def test_a_number_without_end_is_one_short_line():
    for name in ("sigma", "scale"):
        with pytest.raises(ValueError, match=rf"^{name} = 9+\.\.\. is outside \[1e-09, 1e\+29\]$"):
            noise_of("laplace", **{name: "9" * 5000})


def test_a_law_and_its_text_differ_by_rounding_alone():
    for name, square in (("laplace", Fraction(2)), ("uniform", Fraction(1, 3)), ("gaussian", 1)):
        for i in range(1, 200):
            for given, power in (("sigma", -1), ("scale", 1)):
                found = noise_of(name, **{given: f"{i}/137"})[given == "sigma"]
                exact = Fraction(i, 137) ** 2 * Fraction(square) ** power
                assert abs(Fraction(float(found)) ** 2 / exact - 1) < 2 * 2 * Fraction(1, 2**52)


def test_one_size_for_one_law():
    with pytest.raises(ValueError, match="give one of them"):
        noise_of("laplace", sigma=1, scale=1)
    with pytest.raises(ValueError, match="scale = 1 with noise = 'none'"):
        noise_of("none", scale=1)
    with pytest.raises(ValueError, match="noise = 'cauchy' is not one of 'laplace'"):
        noise_of("cauchy")
    assert noise_of("none") == (None, None) and noise_of("laplace")[0] == "0.25"


@pytest.mark.parametrize("name", NOISE_NAMES)
def test_json_and_back(name: str):
    record = record_of(**law_of(name), kind=2, attack_step="1/3")
    again = TrainingRecord.parse(json.loads(json.dumps(record.as_json())))
    assert again == record and again.plan == record.plan
    assert TrainingPlan.parse(record.plan.as_json()) == record.plan
    assert type(record.plan) is TrainingPlan and not hasattr(record.plan, "loss")


BAD = {
    "shape": [(), (0,), (1.0,), "8x8", None],
    "num_classes": [1, 2.0, True, None],
    "step": ["-1", 0.5, ""],
    "num_examples": [0, -1],
    "labels_sha256": ["", "12", None],
    "inputs_sha256": ["", "12", 0],
    "noise": ["cauchy", None, 1],
    "sigma": ["0.5", None, 0.25],
    "scale": ["0.25", None, "nan"],
    "kind": [2, 3, 1.0, True],
    "attack_step": ["0.1", "-1", "1e400"],
    "seed": [-1, 2**64, 1.0],
    "epochs": [0, 1.5, 2**40],
    "batch": [0],
    "optimizer": ["lbfgs"],
    "learning_rate": [0.0, -1.0, float("nan"), float("inf"), 1],
    "momentum": [-0.1],
    "weight_decay": [-1e-9],
    "device": ["cuda:1", "tpu"],
    "threads": [0],
    "torch": [""],
    "loss": [float("nan"), -1.0],
    "num_tests": [0, 449],
    "clean_correct": [501, -1],
    "noisy_correct": [501, 0.5],
    "provenance": [None, "x"],
    "architecture": ["", None],
    "unit": [""],
}


@pytest.mark.parametrize("name", BAD)
def test_fields_outside_their_sets(name: str):
    for value in BAD[name]:
        with pytest.raises(ValueError, match=name) as caught:
            TrainingRecord.parse(record_of().as_json() | {name: value})
        assert "\n" not in str(caught.value)


def test_fields_are_neither_missing_nor_unknown():
    for name in record_of().as_json():
        rest = {key: value for key, value in record_of().as_json().items() if key != name}
        with pytest.raises(ValueError, match=f"the field '{name}' is missing"):
            TrainingRecord.parse(rest)
    with pytest.raises(ValueError, match="the field 'more' is unknown"):
        TrainingRecord.parse(record_of().as_json() | {"more": 1})
    with pytest.raises(ValueError, match="is not a JSON object"):
        TrainingRecord.parse([1])


def test_the_data_set_has_to_be_of_the_same_kind():
    data = datasets.load("digits")
    plan = training_plan(data, seed=1)
    plan.check_dataset(data)
    plan = training_plan(datasets.load("breast_cancer"), seed=1)
    with pytest.raises(ValueError, match=r"shape = .30,., digits has .1, 8, 8."):
        plan.check_dataset(data)
    for change in ({"unit": "level"}, {"step": "1/255"}, {"num_classes": 9}, {"step": None}):
        with pytest.raises(ValueError, match=next(iter(change))):
            record_of(**change).check_dataset(data)


def test_differences_in_words():
    plan = record_of().plan
    assert plan.difference(record_of(loss=0.1).plan) == ""
    assert plan.difference(record_of(seed=4, epochs=9)) == "seed = 4, not 3, epochs = 9, not 2"
