"""Pieces of enclosures: what was covered, identities, and the longer ones of single claims."""
