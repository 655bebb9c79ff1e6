"""What every property does: search for the simplest violation, and say it in one block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir, storage_directory
from hypothesis.errors import NoSuchExample

from l1cert.testing.strategies import probabilities, probability_pairs, scales
from l1cert.testing.subjects import Point, Subject

__all__ = ["RadiusError", "points_of", "shortest", "sizes_of"]

Drawn = TypeVar("Drawn")

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


@contextmanager
def _storage_elsewhere() -> Iterator[None]:
    """Give Hypothesis a temporary folder if it has none: it writes even without a database."""
    home = storage_directory(intent_to_write=False).path
    if home.exists():
        yield
        return
    with TemporaryDirectory() as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(home)


def shortest(
    strategy: st.SearchStrategy[Drawn],
    violates: Callable[[Drawn], bool],
    *,
    max_examples: int,
    seed: int,
) -> Drawn | None:
    """The simplest drawn value that violates the property, or None."""
    if max_examples < 1:
        return None
    settings = hypothesis.settings(
        max_examples=max_examples, database=None, deadline=None, derandomize=False
    )

    def search() -> Drawn | None:
        try:
            with _storage_elsewhere():
                return hypothesis.find(strategy, violates, settings=settings, random=Random(seed))
        except NoSuchExample:
            return None

    if not hypothesis.currently_in_test_context():
        return search()
    # Hypothesis refuses one test within another, in one thread.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(search).result()


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
