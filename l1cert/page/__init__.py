"""The page of a run: every claim with its verdict, proof, counts and picture, in one file."""
