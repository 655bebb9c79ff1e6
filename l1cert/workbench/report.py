"""What the workbench found about a conjectured radius: as an object, as JSON, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from l1cert.provenance import provenance
from l1cert.workbench.report_text import Number, report_lines
from theory.claim import Grade
from theory.conjectures.slabs import exact_text

if TYPE_CHECKING:
    from theory.bounds import Bounds
    from theory.conjectures.counterexamples import Counterexample
    from theory.conjectures.dominance import Comparison

__all__ = ["BoundReport", "Number", "Slack", "Witness"]

#: exit code of `l1cert check` for a radius of which it is not known whether it is sound
_OPEN = 3

_GRADES = {
    True: (Grade.PROVED, Grade.ENCLOSED, Grade.CONSISTENT),
    False: (Grade.REFUTED, Grade.CONSISTENT),
    None: (Grade.UNDECIDED, Grade.CONSISTENT),
}


@dataclass(frozen=True, slots=True)
class Slack:
    """The largest relative slack 1 - R/E of a radius below the exact one that was found.

    Parameters
    ----------
    value : float
        The slack at (p_a, p_b, scale), in [0, 1].
    p_a, scale : Fraction or float
    p_b : Fraction, float or None
        None where the setting has none.
    upper : float or None
        A proved upper bound of the slack over the whole domain, if there is one.
    """

    value: float
    p_a: Number
    p_b: Number | None
    scale: Number
    upper: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Floats; exact numbers as text.

        >>> Slack(0.5, Fraction(9, 10), None, 1.0).as_json()
        {'value': 0.5, 'upper': None, 'p_a': '0.9', 'p_b': None, 'scale': 1.0}
        """
        return _object(
            {
                "value": self.value,
                "upper": self.upper,
                "p_a": self.p_a,
                "p_b": self.p_b,
                "scale": self.scale,
            }
        )


@dataclass(frozen=True, slots=True)
class Witness:
    """A place at which the radius is too large, with the classifier that shows it.

    Parameters
    ----------
    p_a, scale, r : Fraction
        The given bound, the noise's own scale, and ||delta||_1 with r < R(p_a, p_b, scale).
    p_b : Fraction or None
        None where the setting has none.
    radius_above : Fraction
        What R is at least, at that point.
    margin : Bounds
        P(f(Y) = cA) - P(f(Y) = cB) at x + delta, which is negative.
    counterexample : Counterexample
        The base classifier, runnable, with everything that can be recomputed.
    simulation : mapping or None
        The labels counted among samples, as `simulations.counterexamples.simulate` returns it.
    recheck : str
        How anyone computes it again; empty: not said.
    """

    p_a: Fraction
    p_b: Fraction | None
    scale: Fraction
    r: Fraction
    radius_above: Fraction
    margin: Bounds
    counterexample: Counterexample
    simulation: Mapping[str, Any] | None = None
    recheck: str = ""

    def as_json(self) -> dict[str, Any]:
        """Exact numbers as text, and floats on both sides of the margin."""
        return _object(
            {
                "p_a": self.p_a,
                "p_b": self.p_b,
                "scale": self.scale,
                "r": self.r,
                "radius_above": self.radius_above,
                "margin": {
                    "lower": self.margin.lower,
                    "upper": self.margin.upper,
                    "method": self.margin.method,
                    "grade": self.margin.grade,
                },
                "counterexample": self.counterexample.as_json(),
                "simulation": self.simulation,
                "recheck": self.recheck,
            }
        )


@dataclass(frozen=True, slots=True)
class BoundReport:
    """Whether a radius R is sound and tight, where it breaks, and which rivals it beats.

    E is the exact radius along an axis, and R the radius in question.

    Parameters
    ----------
    radius, noise : str
        In words.
    setting : str
    num_classes : int or None
        None: any number.
    norm : int
    sound : bool or None
        Whether R <= E on the whole domain; None: not decided.
    grade : {"PROVED", "ENCLOSED", "CONSISTENT", "REFUTED", "UNDECIDED"}
    detail : str
        How it was decided.
    left : tuple of str
        Where it is not decided.
    closed_ball : bool or None
        Whether r = R is certified too.
    abstains_below : tuple of float or None
        Around the PA below which R <= 0 (two classes without PB).
    tight : bool or None
        Whether R = E wherever E > 0.
    slack : Slack or None
    witness : Witness or None
        Of a radius that is not sound.
    beyond : str
        Where it is not sound, by quantiles, if no witness can be written down: too near to an end.
    dominance : tuple of Comparison
        R against each rival.
    dominates, dominated_by, equals : tuple of str
        The rivals that R is larger than, smaller than and equal to.
    axis : str
        Whether an axis is known to be the worst direction.
    notes : tuple of str
    seconds : float
    parameters : mapping
        What the call was given beyond the above (samples, seed, ...), for the provenance.

    Raises
    ------
    ValueError
        If the grade does not fit the answer, or a refutation has no witness.
    """

    radius: str
    noise: str
    setting: str
    num_classes: int | None
    norm: int
    sound: bool | None
    grade: str
    detail: str
    left: tuple[str, ...] = ()
    closed_ball: bool | None = None
    abstains_below: tuple[float, float] | None = None
    tight: bool | None = None
    slack: Slack | None = None
    witness: Witness | None = None
    beyond: str = ""
    dominance: tuple[Comparison, ...] = ()
    dominates: tuple[str, ...] = ()
    dominated_by: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()
    axis: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        legal = [str(one) for one in _GRADES[self.sound]]
        if self.grade not in legal:
            raise ValueError(
                f"grade = {self.grade} does not fit sound = {self.sound}: "
                f"legal are {', '.join(legal)}"
            )
        shown = self.witness is not None or bool(self.beyond)
        if shown is not (self.sound is False):
            has = "has one" if shown else "has none"
            raise ValueError(f"a witness belongs to sound = False, and sound = {self.sound} {has}")

    @property
    def exit_code(self) -> int:
        """0: decided either way, 3: not decided."""
        return _OPEN if self.sound is None else 0

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can say it: no NaN, no infinity, exact numbers as text."""
        return _object(
            {
                "radius": self.radius,
                "noise": self.noise,
                "setting": self.setting,
                "num_classes": self.num_classes,
                "norm": self.norm,
                "sound": self.sound,
                "grade": str(self.grade),
                "detail": self.detail,
                "left": self.left,
                "closed_ball": self.closed_ball,
                "abstains_below": self.abstains_below,
                "tight": self.tight,
                "slack": None if self.slack is None else self.slack.as_json(),
                "witness": None if self.witness is None else self.witness.as_json(),
                "beyond": self.beyond,
                "dominates": self.dominates,
                "dominated_by": self.dominated_by,
                "equals": self.equals,
                "dominance": [_comparison_json(one) for one in self.dominance],
                "axis": self.axis,
                "notes": self.notes,
                "seconds": round(self.seconds, 3),
                "provenance": provenance(**self.parameters),
            }
        )

    def lines(self) -> list[str]:
        """The answer, then everything else, as text of at most 100 columns.

        What a terminal would not print as it stands is escaped. A command that can be copied is
        one line, however long.
        """
        return report_lines(self)


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    """The value as JSON can say it: exact numbers, infinities and NaN as text.

    >>> _plain({"a": (Fraction(1, 3), math.inf), "b": float("nan")})
    {'a': ['1/3', 'inf'], 'b': 'nan'}
    """
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Fraction):
        return exact_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "relation": comparison.relation,
        "proved": comparison.proved,
        "regions": [
            {"text": one.text, "relation": one.relation, "proved": one.proved, "slice": one.slice}
            for one in comparison.regions
        ],
        "crossings": [
            {"name": one.name, "enclosure": one.enclosure, "unique": one.unique}
            for one in comparison.crossings
        ],
    }
