"""Ready properties of a radius: that it is sound, and that no larger one is.

Each tries a deterministic list of hard points first (ends, ties, the scales of the literature, a
fine grid where the function takes arrays), and then what Hypothesis draws and shrinks. The hard
points are the same in every run, on every machine, unless the function is slow; what is drawn is
fixed by the seed, the version of Hypothesis and the modules that are loaded, whose constants it
tries. Nothing is written to disk.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from l1cert.testing.certified import NOISES, CertifiedPoint, bounds_at, classifiers, places
from l1cert.testing.classifiers import Classifier, HalfSpace
from l1cert.testing.perturbations import perturbations
from l1cert.testing.searches import RadiusError, points_of, shortest, sizes_of
from l1cert.testing.subjects import Floats, Point, Subject, plainest
from theory.conjectures.axis_noise import NoiseInput
from theory.conjectures.counterexamples import find_counterexample

__all__ = ["assert_radius_sound", "assert_radius_tight"]

#: "just below R": so much below it, relatively, so that rounding x + delta does not leave the ball
_BELOW = 1e-12
#: an infinite radius is tried at so many standard deviations
_FAR = 20.0


def assert_radius_sound(
    radius: Callable[..., object],
    *,
    noise: NoiseInput,
    setting: str = "binary",
    num_classes: int | None = None,
    max_examples: int = 100,
    seed: int = 0,
) -> None:
    """Assert that the prediction is the same within the radius, for every base classifier.

    With (pa', pb') implied by the bounds, the worst classifier along an axis has the margin
    [1 - h_r(1 - pa')] - h_r(pb'), h_r the trade-off of the noise and its translate by r (Neyman
    and Pearson). It must not be negative for r < R(p_a, p_b, scale). Independently of that, random
    classifiers in one to three dimensions are smoothed without sampling, and must predict the same
    class at x and at x + delta, ||delta||_1 just below R, in axis, diagonal, sparse and random
    directions (for Laplace, Gaussian and uniform noise).

    Parameters
    ----------
    radius : callable
        Its parameters by name among p_a, p_b, lam (or scale), sigma, half_width, num_classes, or
        in the order p_a (, p_b), scale. Where it returns 0, nothing is claimed.
    noise : str, Noise, density or scipy distribution
        See `theory.conjectures.axis_noise.parse_noise`. A name means every scale.
    setting : {"binary", "binary-pb", "multiclass", "k"}
        What is known of the probabilities.
    num_classes : int, optional
        For the setting "k".
    max_examples : int
        Random points, and random classifiers, that are drawn after the hard points.
    seed : int
        Of what is drawn.

    Raises
    ------
    RadiusError
        An AssertionError with one counterexample: p_a, p_b, scale, r, delta, the classifier, the
        margin. The rounding of a formula in floats is none.
    ValueError
        If an argument is outside its domain, or the function returns no radius.

    Notes
    -----
    Tried are scales in [1e-6, 1e6] and 0 < p_b <= p_a < 1 down to 1e-280. What differs from the
    exact radius less than `l1cert.workbench.probes` takes for rounding is not seen. Of a function
    that takes a millisecond or more, only as many hard points are tried as half a minute allows.

    Examples
    --------
    >>> def theorem_2(p_a, lam):
    ...     return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0
    >>> assert_radius_sound(theorem_2, noise="laplace")
    """
    subject = Subject.of(radius, noise=noise, setting=setting, num_classes=num_classes)
    for points in subject.hard_points():
        wrong = np.flatnonzero(points.too_large)
        if len(wrong):
            raise _unsound(subject, *plainest(wrong, points))
    search = {"max_examples": max_examples, "seed": seed}
    worst = shortest(
        points_of(subject), lambda point: bool(subject.at_one(point).too_large[0]), **search
    )
    if worst is not None:
        raise _unsound(subject, worst)
    if subject.noise.name in NOISES:
        moved = shortest(_moves(subject), _Move.flips, **search)
        if moved is not None:
            raise moved.error()


def _named(subject: Subject) -> str:
    return f"{subject.noise.text}, setting {subject.setting}"


def _unsound(subject: Subject, point: Point) -> RadiusError:
    """The proved counterexample at a point where the radius is too large."""
    points = subject.at_one(point)
    claimed, exact = float(points.claimed[0]), float(points.pairs.exact[0]) * point.scale
    finite = min(claimed, 2.0 * exact + point.scale)  # far beyond, masses have no floats
    found = find_counterexample(
        subject.noise,
        subject.setting,
        Fraction(point.p_a),
        None if point.p_b is None else Fraction(point.p_b),
        subject.num_classes,
        scale=Fraction(point.scale),
        radius_above=Fraction(finite),
    )
    rows = [*point.rows(subject.noise.own_word), ("radius", repr(claimed)), ("exact", repr(exact))]
    if found is not None and found.margin is not None:
        r = float(found.r)
        rows += [
            ("r", repr(r)),
            ("delta", f"({r!r}, 0, ..., 0), in any dimension"),
            ("classifier", found.classifier.in_words()),
            ("margin", f"{found.margin.value!r} = P(cA) - P(cB) at x + delta, x = 0"),
        ]
    title = f"the radius is not sound: {_named(subject)}"
    return RadiusError(title, rows, found)


@dataclass(frozen=True, slots=True)
class _Move:
    """A smoothed classifier at x with the radius claimed there, and a perturbation within it."""

    at: CertifiedPoint
    point: Point
    delta: Floats

    def flips(self) -> bool:
        """Whether the prediction provably changes."""
        return self.at.margin(self.delta) < -self.at.rounding

    def error(self) -> RadiusError:
        """The counterexample in words."""
        rows = [
            *self.point.rows(),
            ("radius", repr(self.at.radius)),
            ("r", repr(float(np.abs(self.delta).sum()))),
            ("delta", repr(tuple(self.delta.tolist()))),
            ("classifier", repr(self.at.classifier)),
            ("x", repr(self.at.x)),
            (
                "margin",
                f"{self.at.margin(self.delta)!r} of label {self.at.prediction} at x + delta",
            ),
        ]
        title = f"the radius is not sound: {self.at.noise} changes its prediction"
        return RadiusError(title, rows, self.at)


@st.composite
def _borders(draw: st.DrawFn, spread: float) -> HalfSpace:
    """Half-spaces along an axis, cA alone inside and cB alone outside, their border near 0."""
    axis, dim, sign = draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.booleans())
    normal = [0.0] * dim
    normal[axis % dim] = 1.0 if sign else -1.0
    border = draw(places(spread / 4))
    return HalfSpace(tuple(normal), border, inside=(1.0, 0.0), outside=(0.0, 1.0))


@st.composite
def _moves(draw: st.DrawFn, subject: Subject) -> _Move:
    """Random classifiers at random points, moved by a perturbation just below the radius.

    One in three is a half-space along an axis and moved towards its border: the worst case.
    """
    kind: Any = NOISES[subject.noise.name]
    scale = draw(sizes_of(subject))
    law = kind(scale)
    border = draw(_borders(law.sigma)) if draw(st.sampled_from((True, False, False))) else None
    classifier: Classifier
    if border is not None:
        classifier, x = border, (0.0,) * border.dim
    else:
        most = 4 if subject.num_classes is None else min(4, subject.num_classes)
        classes = draw(st.integers(2, most))
        classifier = draw(classifiers(num_classes=classes, spread=law.sigma, exact=True))
        x = draw(st.tuples(*[places(law.sigma)] * classifier.dim))
    top, p_a, p_b = bounds_at(classifier, law, x)
    other = p_b if subject.setting.has_p_b else None
    point = Point(p_a, other, scale)
    found = 0.0
    if 0.0 < p_b < p_a and p_a > 2.0**-50:
        found = float(subject.radius(p_a, other, point.scale))
    norm = found * (1.0 - _BELOW) if found < math.inf else _FAR * law.sigma
    if border is not None:
        delta = np.multiply(border.normal, norm if top == 0 else -norm)
    else:
        delta = draw(perturbations(norm, classifier.dim))
    return _Move(CertifiedPoint(classifier, law, x, top, p_a, p_b, found), point, delta)


def assert_radius_tight(
    radius: Callable[..., object],
    *,
    noise: NoiseInput,
    setting: str = "binary",
    num_classes: int | None = None,
    step: float = 1e-6,
    max_examples: int = 100,
    seed: int = 0,
) -> None:
    """Assert that the worst classifier flips slightly beyond the radius: at r = (1 + step) R.

    That is margin(r) <= 0 with the margin of `assert_radius_sound`, wherever any positive radius
    is sound: also where this one is 0. A radius that is too large passes: with
    `assert_radius_sound` the radius is the exact one, up to `step`.

    Parameters
    ----------
    radius, noise, setting, num_classes, max_examples, seed
        As in `assert_radius_sound`.
    step : float
        The relative step beyond the radius, in (0, 1).

    Raises
    ------
    RadiusError
        An AssertionError with a point where the worst classifier still predicts cA.
    ValueError
        If an argument is outside its domain, or the function returns no radius.

    Examples
    --------
    >>> def theorem_2(p_a, lam):
    ...     return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0
    >>> assert_radius_tight(theorem_2, noise="laplace")
    """
    if not 0.0 < step < 1.0:
        raise ValueError(f"step = {step} is outside (0, 1)")
    subject = Subject.of(radius, noise=noise, setting=setting, num_classes=num_classes)
    for points in subject.hard_points():
        found = np.flatnonzero(points.falls_short(step))
        if len(found):
            raise _loose(subject, *plainest(found, points), step=step)
    drawn = shortest(
        points_of(subject),
        lambda point: bool(subject.at_one(point).falls_short(step)[0]),
        max_examples=max_examples,
        seed=seed,
    )
    if drawn is not None:
        raise _loose(subject, drawn, step=step)


def _loose(subject: Subject, point: Point, *, step: float) -> RadiusError:
    points = subject.at_one(point)
    claimed, exact = float(points.claimed[0]), float(points.pairs.exact[0]) * point.scale
    r = claimed * (1.0 + step)
    rows = [
        *point.rows(subject.noise.own_word),
        ("radius", repr(claimed)),
        ("r", f"{r!r}, where the worst classifier along an axis still predicts cA"),
        ("exact", f"{exact!r}, where it flips"),
    ]
    title = f"the radius is not tight: {_named(subject)}"
    return RadiusError(title, rows)
