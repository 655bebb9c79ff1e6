"""The search against the complement step finds what is false, and nothing where all is true."""

import sympy as sp

from theory.claims.theorem_1_proof_complement import PRINTED
from theory.searches.complement_search import lattices, search_complement
from theory.symbols import lam, p, r


def found(**changes):
    stated = {**PRINTED, **changes}
    evidence = search_complement(stated["bound"], stated["shares"], stated["reach"], seed=4)
    return {one.part: one for one in evidence}


def test_the_printed_statement_stands():
    assert all(one.finding for one in found().values())


def test_a_bound_that_is_too_large_is_beaten():
    one = found(bound=1 - sp.exp(r / lam) * (1 - p) + sp.Rational(1, 100))
    assert not one["bound"].finding
    assert set(one["bound"].witness) == {"|delta|", "lambda", "PA", "least", "stated"}


def test_a_bound_that_is_too_small_is_only_not_attained():
    one = found(bound=1 - sp.exp(r / lam) * (1 - p) - sp.Rational(1, 100))
    assert one["bound"].finding
    assert not one["attained"].finding


def test_a_share_that_is_not_allowed_leaves_masses_out():
    assert not found(shares=(sp.Integer(0), sp.Integer(0)))["exists"].finding


def test_the_lattices_have_both_dimensions_and_every_mass():
    tried = lattices(6, seed=4)
    assert {len(one.steps) for one in tried} == {1, 2}
    assert all(one.masses.min() == 0.0 and one.masses.max() == 1.0 for one in tried)
