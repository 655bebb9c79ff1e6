"""Mutation testing of theory/: small faults put in on purpose, and whether its tests see them."""
