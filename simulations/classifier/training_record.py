"""What a classifier was trained on and how: the plan that fixes its weights, and what came of it.

A record stands in the file of the weights (`simulations.classifier.checkpoints`) and is plain JSON.
Imports no torch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.examples import Dataset
from simulations.sampling import IsotropicNoise
from theory.exact import Exact, describe, to_positive
from theory.noise import Gaussian, Laplace, Uniform

#: raised whenever a field changes its meaning; another format is refused by name
FORMAT = "l1cert classifier 1"

#: the laws of the training noise; "none" trains without
NOISES: dict[str, type[Laplace] | type[Gaussian] | type[Uniform]] = {
    "laplace": Laplace,
    "gaussian": Gaussian,
    "uniform": Uniform,
}
NOISE_NAMES = (*NOISES, "none")

#: the standard deviations of Cohen et al. (2019) and of the paper; any positive one is legal
SIGMAS = ("0.12", "0.25", "0.50", "1.00")
DEFAULT_SIGMA = "0.25"

#: inside, what `simulations.classifier.noisy_inputs` asks of a law's parameter holds
SMALLEST, LARGEST = 1e-9, 1e29

OPTIMIZERS = ("adam", "sgd")


def exact_text(value: Fraction) -> str:
    """A rational as a decimal where it has a finite one, else as a ratio: nothing is rounded.

    >>> exact_text(Fraction(1, 4)), exact_text(Fraction(12)), exact_text(Fraction(-1, 3))
    ('0.25', '12', '-1/3')
    """
    rest, places = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        places = max(places, power)
    if rest != 1:
        return str(value)
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    sign = "-" if value < 0 else ""
    whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{sign}{whole}.{decimals}" if places else f"{sign}{whole}"


def labels_digest(labels: NDArray[np.int64]) -> str:
    """SHA-256 of the labels, in order.

    >>> labels_digest(np.array([0, 1, 1]))[:16]
    'ccb1ac866b7d8de3'
    """
    return hashlib.sha256(np.ascontiguousarray(labels, np.dtype("<i8")).tobytes()).hexdigest()


def noise_of(
    name: str, *, sigma: Exact | None = None, scale: Exact | None = None
) -> tuple[str | None, str | None]:
    """(sigma, scale) of a training noise as a record writes them.

    Parameters
    ----------
    name
        One of `NOISE_NAMES`.
    sigma
        The standard deviation of one coordinate, in (0, inf); `DEFAULT_SIGMA` if neither is given.
    scale
        Instead of sigma, the law's own parameter: the Laplace scale lambda = sigma / sqrt(2), the
        Gaussian sigma, the uniform half width sqrt(3) sigma.

    Returns
    -------
    tuple
        Both None for "none". sigma: the exact value if it was given, else that of the law with
        this scale. scale: the float64 with which the noise is drawn, as text that reads back as
        that float64. Where one comes of the other it is within two units in its last place.

    Raises
    ------
    ValueError
        For another name, both or a value outside (0, inf), or one with the noise "none".

    Examples
    --------
    >>> noise_of("laplace", sigma="0.5")
    ('0.5', '0.3535533905932738')
    >>> noise_of("gaussian", scale="1/3")
    ('0.3333333333333333', '0.3333333333333333')
    >>> noise_of("laplace", sigma=-1)
    Traceback (most recent call last):
    ValueError: sigma = -1 is outside (0, inf)
    """
    if name not in NOISE_NAMES:
        raise ValueError(f"noise = {name!r} is not one of {_listed(NOISE_NAMES)}")
    if sigma is not None and scale is not None:
        raise ValueError(f"sigma = {sigma} and scale = {scale}: give one of them")
    if name == "none":
        if sigma is not None or scale is not None:
            given = f"sigma = {sigma}" if scale is None else f"scale = {scale}"
            raise ValueError(f"{given} with noise = 'none': leave it out")
        return None, None
    law = NOISES[name]
    if scale is not None:
        parameter = _in_range("scale", scale)
        return repr(law(parameter).sigma), repr(parameter)
    chosen = DEFAULT_SIGMA if sigma is None else sigma
    made = law.from_sigma(_in_range("sigma", chosen))
    return exact_text(to_positive("sigma", chosen)), repr(_parameter(made))


def _in_range(name: str, given: Exact) -> float:
    """The nearest float, if noise of that size can be added to float32 inputs."""
    exact = to_positive(name, given)
    value = float(exact) if exact < 2**1000 else math.inf
    if not SMALLEST <= value <= LARGEST:
        raise ValueError(f"{name} = {describe(given)} is outside [{SMALLEST}, {LARGEST}]")
    return value


def _parameter(law: IsotropicNoise) -> float:
    """A law's own parameter."""
    return float(getattr(law, fields(law)[0].name))


def _listed(legal: tuple[str, ...]) -> str:
    return ", ".join(repr(one) for one in legal)


def _is_exact(value: Any) -> bool:
    """Whether it is the text of a positive rational."""
    try:
        return isinstance(value, str) and to_positive("value", value) > 0
    except ValueError:
        return False


def _is_size(value: Any) -> bool:
    """Whether it is the text of a rational in [SMALLEST, LARGEST], to the nearest float."""
    try:
        return isinstance(value, str) and _in_range("value", value) > 0
    except ValueError:
        return False


def _integer(least: int, below: float) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value < below


def _number(least: float, above: bool) -> Callable[[Any], bool]:
    """Whether it is a finite float, >= least, or > least where that is asked."""

    def legal(value: Any) -> bool:
        if type(value) is not float or not math.isfinite(value):
            return False
        return value > least if above else value >= least

    return legal


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64


def _one_of(legal: tuple[Any, ...]) -> Callable[[Any], bool]:
    return lambda value: type(value) in {type(one) for one in legal} and value in legal


def _checked(what: str, legal: Callable[[Any], bool], **more: Any) -> Any:
    """A field whose value has to be legal; `what` says in words what is."""
    return field(metadata={"legal": legal, "what": what}, **more)


def _optional(legal: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or legal(value)


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Everything that fixes the weights: equal plans give equal weights on one machine.

    Parameters
    ----------
    architecture, dataset : str
        Names of `simulations.classifier.models` and `simulations.classifier.datasets`.
    shape : tuple of int
        Of one input.
    num_classes : int
        At least 2.
    unit : str
        What 1 means in the inputs, and so in sigma, scale and attack_step.
    step : str or None
        The exact step of the grid on which the inputs lie; None if they lie on none.
    num_examples : int
        Examples of the training split.
    labels_sha256, inputs_sha256 : str
        `labels_digest` and `examples.inputs_digest` of them, the latter None of picture files.
    noise : str
        One of `NOISE_NAMES`.
    sigma, scale : str or None
        From `noise_of`: the standard deviation, and the law's own parameter (Laplace: lambda).
    kind : int
        1: inputs + noise. 2: inputs + noise + perturbation.
    attack_step : str or None
        a of the perturbation a sign(gradient), exact; None for kind 1.
    seed : int
        In [0, 2^64): of the initial weights, the noise and the order of the examples.
    epochs, batch : int
        Passes over the examples, and examples of one step.
    optimizer, learning_rate, momentum, weight_decay : str, float
        One of `OPTIMIZERS`, and its choices; the rate falls to 0 by half a cosine.
    device : str
        "cpu" or "cuda".
    threads : int
        Of torch, on the processor: sums are grouped by them.
    torch : str
        Its version.

    Raises
    ------
    ValueError
        For a field outside its set.
    """

    architecture: str = _checked("a name", _text)
    dataset: str = _checked("a name", _text)
    shape: tuple[int, ...] = _checked(
        "positive integers",
        lambda shape: isinstance(shape, tuple) and shape and all(map(_integer(1, 2**31), shape)),
    )
    num_classes: int = _checked("an integer in [2, 2^31)", _integer(2, 2**31))
    unit: str = _checked("a text", _text)
    step: str | None = _checked("None or a positive rational", _optional(_is_exact))
    num_examples: int = _checked("an integer in [1, 2^31)", _integer(1, 2**31))
    labels_sha256: str = _checked("a SHA-256", _is_digest)
    inputs_sha256: str | None = _checked("None or a SHA-256", _optional(_is_digest))
    noise: str = _checked(_listed(NOISE_NAMES), _one_of(NOISE_NAMES))
    sigma: str | None = _checked("None or a positive rational", _optional(_is_exact))
    scale: str | None = _checked("None or a positive rational", _optional(_is_exact))
    kind: int = _checked("1 or 2", _one_of((1, 2)))
    attack_step: str | None = _checked(
        f"None or a rational in [{SMALLEST}, {LARGEST}]", _optional(_is_size)
    )
    seed: int = _checked("an integer in [0, 2^64)", _integer(0, 2**64))
    epochs: int = _checked("an integer in [1, 2^31)", _integer(1, 2**31))
    batch: int = _checked("an integer in [1, 2^31)", _integer(1, 2**31))
    optimizer: str = _checked(_listed(OPTIMIZERS), _one_of(OPTIMIZERS))
    learning_rate: float = _checked("a number in (0, inf)", _number(0.0, above=True))
    momentum: float = _checked("a number in [0, inf)", _number(0.0, above=False))
    weight_decay: float = _checked("a number in [0, inf)", _number(0.0, above=False))
    device: str = _checked("'cpu' or 'cuda'", _one_of(("cpu", "cuda")))
    threads: int = _checked("an integer in [1, 2^15)", _integer(1, 2**15))
    torch: str = _checked("a text", _text)

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if "legal" in one.metadata and not one.metadata["legal"](value):
                raise ValueError(f"{one.name} = {value!r} is not {one.metadata['what']}")
        if not self._one_noise():
            raise ValueError(
                f"noise = {self.noise!r} with sigma = {self.sigma} and scale = {self.scale}: "
                f"they are not of one law"
            )
        if (self.kind == 2) is not (self.attack_step is not None):
            raise ValueError(
                f"kind = {self.kind} with attack_step = {self.attack_step}: kind 2 has one, 1 none"
            )

    def _one_noise(self) -> bool:
        """Whether `noise_of` made sigma and scale, from the one or from the other."""
        found = (self.sigma, self.scale)
        if self.noise == "none" or None in found:
            return self.noise == "none" and found == (None, None)
        return found in (
            noise_of(self.noise, sigma=self.sigma),
            noise_of(self.noise, scale=self.scale),
        )

    @property
    def law(self) -> IsotropicNoise | None:
        """The law of the training noise, None without."""
        return None if self.scale is None else NOISES[self.noise](float(Fraction(self.scale)))

    def as_json(self) -> dict[str, Any]:
        """Every field, as JSON can say it."""
        content = {one.name: getattr(self, one.name) for one in fields(self)}
        return content | {"shape": list(self.shape)}

    @classmethod
    def parse(cls, content: Any) -> Self:
        """The inverse of `as_json`.

        Raises
        ------
        ValueError
            For anything else: a field that is missing, unknown or outside its set.
        """
        if not isinstance(content, Mapping):
            raise ValueError(f"{content!r} is not a JSON object")
        names = [one.name for one in fields(cls)]
        for name in [*names, *content]:
            if name not in content or name not in names:
                said = "is missing" if name in names else "is unknown"
                raise ValueError(f"the field {name!r} {said}")
        shape = content["shape"]
        return cls(**content | {"shape": tuple(shape) if isinstance(shape, list) else shape})

    def difference(self, other: TrainingPlan) -> str:
        """Which fields of another plan are not this one's, in words; empty where they are equal."""
        pairs = [
            (name, getattr(other, name), getattr(self, name))
            for name in (one.name for one in fields(TrainingPlan))
        ]
        return ", ".join(
            f"{name} = {yours}, not {own}" for name, yours, own in pairs if yours != own
        )

    def check_dataset(self, dataset: Dataset) -> None:
        """ValueError unless a model of this plan takes this data set's inputs, in its unit."""
        step = None if dataset.step is None else exact_text(dataset.step)
        found = (dataset.shape, dataset.num_classes, dataset.unit, step)
        for name, mine, yours in zip(
            ("shape", "num_classes", "unit", "step"),
            (self.shape, self.num_classes, self.unit, self.step),
            found,
            strict=True,
        ):
            if mine != yours:
                raise ValueError(
                    f"the model was trained on {self.dataset} with {name} = {mine}, "
                    f"{dataset.name} has {yours}: give it the data that it was trained on"
                )


@dataclass(frozen=True, kw_only=True)
class TrainingRecord(TrainingPlan):
    """A plan, and what came of it.

    Parameters
    ----------
    loss : float
        Mean cross-entropy over the last epoch, as trained on.
    num_tests : int
        Examples of the test split.
    clean_correct : int
        How many of them are classified correctly without noise: the base accuracy.
    noisy_correct : int
        How many with one draw of the training noise each; as without where there is no noise.
    provenance : mapping
        Versions, commit and machine, as JSON.

    Raises
    ------
    ValueError
        For a field outside its set, or more correct than there are tests.
    """

    loss: float = _checked("a number in [0, inf)", _number(0.0, above=False))
    num_tests: int = _checked("an integer in [1, 2^31)", _integer(1, 2**31))
    clean_correct: int = _checked("an integer in [0, 2^31)", _integer(0, 2**31))
    noisy_correct: int = _checked("an integer in [0, 2^31)", _integer(0, 2**31))
    provenance: Mapping[str, Any] = _checked(
        "a JSON object", lambda value: isinstance(value, Mapping), default_factory=dict
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("clean_correct", "noisy_correct"):
            if getattr(self, name) > self.num_tests:
                raise ValueError(
                    f"{name} = {getattr(self, name)} is outside [0, num_tests], "
                    f"num_tests = {self.num_tests}"
                )

    @property
    def plan(self) -> TrainingPlan:
        """What fixed the weights, without what came of it."""
        return TrainingPlan(**{one.name: getattr(self, one.name) for one in fields(TrainingPlan)})
