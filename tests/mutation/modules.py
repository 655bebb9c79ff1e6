"""What is mutated, and which tests must see it."""

MODULES = (
    "theory/certificates.py",
    "theory/likelihood_ratio.py",
    "theory/neyman_pearson.py",
    "theory/rops.py",
)
"""The mutated modules: what every certified radius and every verdict on one rests on."""

TESTS = (
    "tests/mutation/doctests.py",
    "tests/test_theory/test_certificates.py",
    "tests/test_theory/test_certificates_domain.py",
    "tests/test_theory/test_likelihood_ratio.py",
    "tests/test_theory/test_mutants_killed_certificates.py",
    "tests/test_theory/test_mutants_killed_likelihood_ratio.py",
    "tests/test_theory/test_mutants_killed_neyman_pearson.py",
    "tests/test_theory/test_mutants_killed_rops.py",
    "tests/test_theory/test_neyman_pearson.py",
    "tests/test_theory/test_rops.py",
)
"""Their tests: a mutant that only other tests would see counts as a survivor."""
