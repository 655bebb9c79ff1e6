"""Searches for counterexamples with other people's numerics: scipy, HiGHS, qhull, mpmath."""
