"""Whether a conjectured certified radius is sound, tight, and better than others: `check_bound`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from l1cert.workbench.adversary import attack
from l1cert.workbench.callables import wrap
from l1cert.workbench.float_radius import as_function
from l1cert.workbench.report import BoundReport, Slack, Witness
from l1cert.workbench.report_text import place_text
from simulations.counterexamples import simulate
from theory.claim import Grade
from theory.conjectures.axis_noise import AxisNoise, NoiseInput, parse_noise
from theory.conjectures.counterexamples import find_counterexample
from theory.conjectures.decisions import Decision, decide
from theory.conjectures.dominance import Comparison, compare
from theory.conjectures.expressions import canonical, check_symbols, to_text
from theory.conjectures.measures import abstains_below, largest_slack
from theory.conjectures.places import Place
from theory.conjectures.questions import Question
from theory.conjectures.rivals import NOISES, Rival, rivals
from theory.conjectures.settings import Setting, parse_setting
from theory.exact import describe

__all__ = ["MOST_SAMPLES", "SAMPLES", "SEED", "check_bound"]

SAMPLES, SEED, MOST_SAMPLES = 100_000, 0, 10**9
_MAX_BOXES, _RIVAL_BOXES = 800, 100
RadiusInput: TypeAlias = str | sp.Expr | Callable[..., object]


@dataclass(frozen=True)
class _Asked:
    """The arguments of one call, checked."""

    radius: RadiusInput
    noise: AxisNoise
    setting: Setting
    num_classes: int | None
    samples: int
    seed: int
    max_boxes: int
    rank: bool = True
    against: Mapping[str, sp.Expr] = field(default_factory=dict)

    @property
    def allowed(self) -> list[str]:
        names = ["p_a", *["p_b"] * self.setting.has_p_b, *self.noise.words]
        return [*names, *["num_classes"] * (self.setting is Setting.K_CLASSES)]

    def expression(self, radius: str | sp.Expr) -> sp.Expr:
        """A radius in the published symbols that the setting has."""
        found = canonical(radius)
        check_symbols(found, self.allowed)
        return found


def check_bound(
    radius: RadiusInput,
    *,
    noise: NoiseInput = "laplace",
    setting: str = "binary",
    num_classes: int | None = None,
    norm: int = 1,
    against: Mapping[str, str | sp.Expr] | None = None,
    samples: int = SAMPLES,
    seed: int = SEED,
    max_boxes: int = _MAX_BOXES,
    rank: bool = True,
) -> BoundReport:
    r"""Prove, refute or rank a conjectured certified radius R.

    R is sound where every base classifier that meets the bounds at x keeps its prediction at
    x + delta for all ``||delta||_1 < R``; that is R <= E with the exact radius E, by the
    Neyman-Pearson lemma along an axis, at every place of the domain and at every scale. Where R
    is not positive, or not real, nothing is claimed.

    Parameters
    ----------
    radius : str, SymPy expression or callable
        In p_a, p_b, lam, sigma, half_width, num_classes (see `theory.conjectures.expressions`), or
        a function of some of these by name, or of (p_a[, p_b], scale), of floats or arrays.
    noise : str, Laplace, Gaussian, Uniform, SymPy density in x, or scipy distribution
        A name or a class stands for every scale. So does an instance, if R names a scale;
        otherwise R is about that scale alone.
    setting : {"binary", "binary-pb", "multiclass", "k"}
        PA alone with two classes; PA and PB with two; with any number; with exactly `num_classes`.
    num_classes : int, optional
        In [2, 10^15], for "k".
    norm : {1}
        The norm of delta; 2 as well for Gaussian noise, where the radius is the same.
    against : mapping of str to radius, optional
        Further radii to compare with, by name.
    samples, seed : int
        Of the simulation that a counterexample is put through.
    max_boxes : int
        For each sector of the domain, before it is left undecided.
    rank : bool
        Whether to compare with the known radii, which takes longer than the answer itself.

    Returns
    -------
    BoundReport
        For an expression under Laplace, Gaussian or uniform noise the answer is a proof (PROVED,
        ENCLOSED) or a refutation with an exact witness (REFUTED), or it says what is left
        (UNDECIDED). A function, or another noise, is searched adversarially: CONSISTENT.

    Raises
    ------
    ValueError
        One line, with the value and the legal set: unknown names or functions, a function that
        fails or returns what is no radius, a density that is none.

    Examples
    --------
    >>> found = check_bound("-lam*log(2*(1 - p_a))")
    >>> found.sound, found.tight, found.closed_ball, found.grade
    (True, True, False, 'PROVED')
    >>> wrong = check_bound("lam*log(p_a/(1 - p_a))")
    >>> wrong.sound, wrong.witness.margin.upper < 0
    (False, True)
    """
    start = time.perf_counter()
    asked = replace(
        _checked(radius, noise, setting, num_classes, norm, samples, seed, max_boxes), rank=rank
    )
    others = {name: asked.expression(text) for name, text in (against or {}).items()}
    asked = replace(asked, against=others)
    if isinstance(radius, str | sp.Basic):
        expression = asked.expression(radius)
        exact = asked.noise.name in NOISES
        found = _by_proof(asked, expression) if exact else _by_search(asked, expression)
    else:
        found = _by_search(asked, None)
    fields: dict[str, Any] = {
        "noise": asked.noise.text,
        "setting": str(asked.setting),
        "num_classes": asked.num_classes,
        "norm": norm,
        "axis": asked.noise.axis_reason,
        "seconds": time.perf_counter() - start,
        "parameters": {"samples": samples, "seed": seed, "max_boxes": max_boxes},
    }
    return BoundReport(**{**fields, **found})


def _checked(
    radius: RadiusInput,
    noise: NoiseInput,
    setting: str,
    num_classes: int | None,
    norm: int,
    samples: int,
    seed: int,
    max_boxes: int,
) -> _Asked:
    if not isinstance(radius, str | sp.Basic) and not callable(radius):
        legal = "a text, a SymPy expression or a function"
        raise ValueError(f"radius = {describe(radius)} is not {legal}")
    law = parse_noise(noise)
    legal_norms = (1, 2) if law.name == "gaussian" else (1,)
    if norm not in legal_norms:
        raise ValueError(f"norm = {describe(norm)} is none of {legal_norms} for {law.text}")
    for name, value, most in (("samples", samples, MOST_SAMPLES), ("max_boxes", max_boxes, 10**6)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"{name} = {describe(value)} is outside the integers in [1, {most}]")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise ValueError(f"seed = {describe(seed)} is outside the integers in [0, 2^64)")
    chosen, classes = parse_setting(setting, num_classes)
    return _Asked(radius, law, chosen, classes, samples, seed, max_boxes)


# -- expressions under the three noises: proofs ------------------------------------------------


def _by_proof(asked: _Asked, radius: sp.Expr) -> dict[str, Any]:
    question = Question(
        radius,
        asked.noise.name,
        asked.noise.words,
        asked.setting,
        asked.num_classes,
        asked.noise.scale,
    )
    decision = decide(question, max_boxes=asked.max_boxes)
    notes = []
    if not question.names_scale and radius != 0:
        where = "every scale" if asked.noise.scale is None else f"scale {asked.noise.scale}"
        notes.append(f"the radius names no scale; it is asked about {where}")
    found: dict[str, Any] = {
        "radius": to_text(radius),
        "sound": decision.sound,
        "grade": str(decision.grade),
        "detail": decision.detail,
        "left": tuple(decision.left),
        "closed_ball": decision.closed_ball,
        "tight": decision.tight,
        "abstains_below": abstains_below(question),
    }
    if decision.sound is False:
        found |= _refutation(asked, decision, to_text(radius))
    if decision.sound is True and not decision.tight:
        slack = largest_slack(question)
        if slack is not None:
            at = slack.place
            found["slack"] = Slack(slack.value, at.p_a, at.p_b, at.scale)
    if not asked.rank:
        pass
    elif question.names_scale and question.proportional:
        found |= _ranked(asked, radius, decision)
    else:
        why = "it is not known to be proportional to the scale"
        if not question.names_scale and asked.noise.scale is not None:
            why = "it is about one scale alone"
        notes.append(f"not compared with others: {why}")
    return {**found, "notes": tuple(notes)}


def _refutation(asked: _Asked, decision: Decision, text: str) -> dict[str, Any]:
    place, above = decision.place, decision.radius_above
    if decision.beyond is not None:
        return {"beyond": decision.beyond.text}
    assert place is not None and above is not None
    witness = _witness(asked, place, above, text)
    if witness is None:
        return _unconfirmed(place_text(place.p_a, place.p_b, place.scale))
    return {"witness": witness}


def _unconfirmed(where: str) -> dict[str, Any]:
    return {
        "sound": None,
        "tight": None,
        "closed_ball": None,
        "grade": str(Grade.UNDECIDED),
        "detail": "a radius above the exact one was found, and integration did not confirm it",
        "left": (where,),
    }


def _witness(asked: _Asked, place: Place, above: Fraction, text: str) -> Witness | None:
    """The counterexample at a place where the radius exceeds ``above``, if it is confirmed."""
    found = find_counterexample(
        asked.noise,
        asked.setting,
        place.p_a,
        place.p_b,
        asked.num_classes,
        scale=place.scale,
        radius_above=above,
    )
    if found is None:
        return None
    assert found.margin is not None
    counted = simulate(found, num_samples=asked.samples, seed=asked.seed)
    return Witness(
        p_a=place.p_a,
        p_b=place.p_b,
        scale=place.scale,
        r=found.r,
        radius_above=above,
        margin=found.margin,
        counterexample=found,
        simulation=counted,
        recheck=_command(asked, text) if asked.noise.name in NOISES and text else "",
    )


def _command(asked: _Asked, text: str) -> str:
    words = ["l1cert", "check", text, "--noise", asked.noise.name, "--setting", asked.setting]
    if asked.setting is Setting.K_CLASSES:
        words += ["--num-classes", str(asked.num_classes)]
    words += ["--samples", str(asked.samples), "--seed", str(asked.seed)]
    return shlex.join(map(str, words))


def _ranked(asked: _Asked, radius: sp.Expr, decision: Decision) -> dict[str, Any]:
    known = dict(rivals(asked.noise.name, asked.setting, asked.num_classes))
    taken = [name for name in asked.against if name in known]
    if taken:
        raise ValueError(f"against = {taken[0]} is the name of a known radius: take another name")
    known |= {name: Rival(name, one) for name, one in asked.against.items()}
    found = compare(
        radius,
        asked.noise.name,
        asked.setting,
        asked.num_classes,
        known,
        max_boxes=_RIVAL_BOXES,
        sound=decision.sound,
        tight=decision.tight,
    )
    return {
        "dominance": found,
        "dominates": _with_relation(found, "larger"),
        "dominated_by": _with_relation(found, "smaller"),
        "equals": _with_relation(found, "equal"),
    }


def _with_relation(found: tuple[Comparison, ...], relation: str) -> tuple[str, ...]:
    return tuple(one.name for one in found if one.relation == relation)


# -- functions, and other noises: an adversarial search ----------------------------------------


def _by_search(asked: _Asked, expression: sp.Expr | None) -> dict[str, Any]:
    function: Any = asked.radius
    if expression is not None:
        function = as_function(expression, asked.setting, asked.num_classes)
    wrapped = wrap(
        function,
        setting=asked.setting,
        words=asked.noise.words,
        num_classes=asked.num_classes,
    )
    fixed = None if wrapped.takes_scale or asked.noise.scale is None else float(asked.noise.scale)
    found = attack(
        wrapped, asked.noise, asked.setting, asked.num_classes, seed=asked.seed, scale=fixed
    )
    text = to_text(expression) if expression is not None else _name(function)
    notes = list(found.notes)
    answer: dict[str, Any] = {
        "radius": text,
        "sound": True,
        "grade": str(Grade.CONSISTENT),
        "detail": f"no place was found where it exceeds the exact radius, in {found.evaluations} "
        "evaluations",
        "tight": found.tight,
        "closed_ball": None if found.smallest_slack > 0 else False,
    }
    below = found.shape.abstains_below
    if asked.setting is Setting.BINARY and below is not None:
        answer["abstains_below"] = (below, below)
    if found.refuted:
        answer |= _found_false(asked, found, "" if expression is None else text)
    elif found.loosest is not None and not found.tight:
        at = found.loosest
        answer["slack"] = Slack(found.largest_slack, at.p_a, at.p_b, at.scale)
    return {**answer, "notes": tuple(notes)}


def _found_false(asked: _Asked, found: Any, text: str) -> dict[str, Any]:
    for probe in (found.clearest, found.worst):
        place = Place(
            Fraction(probe.p_a),
            Fraction(probe.p_b) if asked.setting.has_p_b else None,
            Fraction(probe.scale),
        )
        if not place.lies_in(asked.setting, asked.num_classes):
            continue
        stated = min(probe.radius, 1e300)
        witness = _witness(asked, place, Fraction(stated), text)
        if witness is not None:
            return {
                "sound": False,
                "grade": str(witness.counterexample.grade),
                "detail": f"the radius is {stated!r} there, and the exact one {probe.exact!r}",
                "tight": False,
                "closed_ball": False,
                "witness": witness,
            }
    at = found.worst
    return _unconfirmed(place_text(at.p_a, at.p_b, at.scale))


def _name(function: object) -> str:
    return str(getattr(function, "__name__", None) or describe(function))
