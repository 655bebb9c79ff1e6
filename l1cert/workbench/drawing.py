"""The simplest value that hypothesis draws with some property, without a trace on the disk."""

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

from theory.exact import describe

__all__ = ["shortest"]

Drawn = TypeVar("Drawn")


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
    """The simplest drawn value that violates the property, or None; ValueError for bad numbers."""
    if not isinstance(max_examples, int) or max_examples < 0:
        raise ValueError(f"max_examples = {describe(max_examples)} is no integer of at least 0")
    if not isinstance(seed, int):
        raise ValueError(f"seed = {describe(seed)} is no integer")
    if not max_examples:
        return None
    # nothing is left to the profile that is loaded: it may draw nothing, or not shrink
    settings = hypothesis.settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        backend="hypothesis",
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
