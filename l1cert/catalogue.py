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

#: the statements of the paper
PAPER: tuple[str, ...] = (
    "outside_is_adversarial",
    "overlap_depends_on_direction",
    "laplace_mixes_l1_balls",
    "multiclass_beats_lecuyer",
    "superior_empirical_results",
    "likelihood_ratio_is_exp_t",
    "t_is_mixed",
    "quantile_may_not_exist",
    "lemma_3_1",
    "theorem_1",
    "remark_1_divergence",
    "remark_2_region",
    "renyi_alternative",
    "theorem_1_not_tight",
    "theorem_2_improves_theorem_1",
    "theorem_2",
    "theorem_2_special_case",
    "binary_term_dominates",
    "theorem_3",
    "theorem_3_hypothesis",
    "axis_mass_of_b",
    "dp_inequality_tight",
    "worst_direction_is_axis",
    "figure_5_moved_set",
    "figure_6_always_largest",
    "table_1_lecuyer",
    "table_1_cohen",
    "cohen_is_best_gaussian",
    "ours_beats_lecuyer",
    "certified_accuracy_monotone",
    "equal_variance",
    "lemma_3_1_proof_signs",
    "theorem_1_proof_complement",
    "theorem_3_region_mass",
    "theorem_3_shifted_mass",
    "theorem_3_proof_direction",
    "scale_less_sensitive",
    "rops_at_origin",
    "figure_10_laplace_larger",
    "figure_11_laplace_larger",
    "clean_agreement",
    "rops_is_interval",
    "figure_11_other_x",
)

#: our own, in the same form
BEYOND: tuple[str, ...] = (
    "quantile_is_lipschitz",
    "exact_multiclass_radius",
    "exact_multiclass_radius_k",
    "directional_radius",
    "uniform_against_laplace",
    "discrete_laplace_radius",
)

SLUGS = PAPER + BEYOND


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
