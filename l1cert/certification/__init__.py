"""Certification runs: votes of a classifier under noise, bounds, radii, and a log that lasts.

settings (what a run states), points (votes of one test point, and rows), sampler (draws the
votes; needs torch), bounds (radii of votes), journal and kept (what survives a kill), log (the
tab-separated log and its record), run (`certify`), recertify (other alphas and certificates without
new samples) and summary (what is printed at the end).
"""
