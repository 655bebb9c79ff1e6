"""Conjectured radii with known answers, and the brute force that the answers were checked with."""
