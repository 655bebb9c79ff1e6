"""The claims that the program decides, in the order of the paper, and where each one lives.

A slug names the module of the claim on every floor: ``theory.claims.SLUG``,
``simulations.claims.SLUG`` and, where the paper draws one, a figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from types import ModuleType

from figures import table
from theory.claim import Claim

SLUGS: tuple[str, ...] = (
    "t_is_mixed",
    "theorem_1",
    "remark_2_region",
    "theorem_2",
    "binary_term_dominates",
    "theorem_3",
    "table_1_lecuyer",
    "table_1_cohen",
    "ours_beats_lecuyer",
    "figure_6_always_largest",
    "rops_at_origin",
    "figure_10_laplace_larger",
)


def theory_module(slug: str) -> ModuleType:
    """The claim's module of exact mathematics: CLAIM, PRINTED, MUTANTS, derive, enclose, search."""
    return import_module(f"theory.claims.{_known(slug)}")


def simulation_module(slug: str) -> ModuleType:
    """The claim's module of counts: simulate."""
    return import_module(f"simulations.claims.{_known(slug)}")


def figure_module(slug: str) -> table.FigureModule | None:
    """The module of the figure that shows the claim: compute, draw, check; or None."""
    name = table.CLAIMS.get(_known(slug))
    return None if name is None else table.figure_module(name)


def claim(slug: str) -> Claim:
    """The claim of that slug.

    >>> claim("theorem_2").source
    'Theorem 2, eq. (2)'
    """
    found = theory_module(slug).CLAIM
    assert isinstance(found, Claim)
    return found


def select(slugs: Iterable[str] | None) -> tuple[str, ...]:
    """The slugs asked for (one or several), in paper order; all of them for None or nothing.

    Raises ValueError that names an unknown slug and the known ones.

    >>> select(["theorem_3", "theorem_1"])
    ('theorem_1', 'theorem_3')
    >>> select("theorem_3")
    ('theorem_3',)
    """
    asked = {_known(slug) for slug in ([slugs] if isinstance(slugs, str) else slugs or ())}
    return tuple(slug for slug in SLUGS if slug in asked) if asked else SLUGS


def _known(slug: str) -> str:
    if slug not in SLUGS:
        raise ValueError(f"unknown slug {slug!r}; the claims are {', '.join(SLUGS)}")
    return slug
