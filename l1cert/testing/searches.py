"""What every property does: search for the simplest violation, and say it in one block."""

from __future__ import annotations

from hypothesis import strategies as st

from l1cert.testing.strategies import probabilities, probability_pairs, scales
from l1cert.testing.subjects import Point, Subject
from l1cert.workbench.drawing import shortest

__all__ = ["RadiusError", "points_of", "shortest", "sizes_of"]

#: random pairs keep within it what a formula in floats keeps apart
LEAST, MOST = 1e-280, 1.0 - 2.0**-53


class RadiusError(AssertionError):
    """A property does not hold; the message is the counterexample.

    Parameters
    ----------
    title : str
        What is violated.
    rows : list of (str, str)
        The counterexample.
    witness : object
        For soundness the runnable classifier, with its point and margin: a
        `theory.conjectures.counterexamples.Counterexample` or a `CertifiedPoint`. None elsewhere.
    """

    def __init__(
        self, title: str, rows: list[tuple[str, str]], witness: object | None = None
    ) -> None:
        width = max(len(name) for name, _ in rows)
        super().__init__("\n".join([title, *(f"  {name:<{width}}  {text}" for name, text in rows)]))
        self.rows = dict(rows)
        self.witness = witness


def sizes_of(subject: Subject) -> st.SearchStrategy[float]:
    """Random scales, or the only one."""
    return scales() if subject.only_scale is None else st.just(subject.only_scale)


def points_of(subject: Subject) -> st.SearchStrategy[Point]:
    """Random points of the domain."""
    sizes = sizes_of(subject)
    if not subject.setting.has_p_b:
        return st.builds(Point, probabilities(least=2.0**-50, most=MOST), st.none(), sizes)
    return st.builds(lambda pair, scale: Point(*_tamed(*pair), scale), probability_pairs(), sizes)


def _tamed(p_a: float, p_b: float) -> tuple[float, float]:
    p_a = min(max(p_a, 2.0**-50), MOST)
    return p_a, min(max(p_b, LEAST), p_a)
