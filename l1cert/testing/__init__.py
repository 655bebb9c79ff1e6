"""Property tests of a certified radius, for a theorist's own test suite.

Four properties, each of which takes a radius as a function; p_a, p_b, lam (or scale), sigma,
half_width and num_classes are recognised by name. Three lines each:

>>> import math
>>> from l1cert.testing import assert_radius_sound
>>> def radius(p_a, lam): return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0
>>> assert_radius_sound(radius, noise="laplace")

>>> from l1cert.testing import assert_radius_tight
>>> def radius(p_a, lam): return -lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0
>>> assert_radius_tight(radius, noise="laplace")

>>> from l1cert.testing import assert_monotone
>>> def radius(p_a, p_b, lam): return lam / 2 * math.log(p_a / p_b)
>>> assert_monotone(radius, setting="multiclass")

>>> from l1cert.testing import assert_scale_equivariant
>>> def radius(p_a, p_b, half_width): return half_width * (p_a - p_b)
>>> assert_scale_equivariant(radius, setting="multiclass")

A property that does not hold raises `RadiusError`, an AssertionError whose message is one
counterexample:

>>> def too_large(p_a, lam): return -1.001 * lam * math.log(2 * (1 - p_a)) if p_a > 0.5 else 0.0
>>> assert_radius_sound(too_large, noise="laplace")
Traceback (most recent call last):
    ...
l1cert.testing.searches.RadiusError: the radius is not sound: Laplace noise, setting binary
  p_a         0.9
  scale       1.0 = lam
  radius      1.6110473503465343
  exact       1.6094379124341005
  r           1.611
  delta       (1.611, 0, ..., 0), in any dimension
  classifier  with t = x[0]: cA for t <= 1.6095; cB for 1.6095 < t
  margin      -0.0014988755622891256 = P(cA) - P(cB) at x + delta, x = 0

They are plain calls, to be made in a test function or within one's own ``@given``; they give the
same verdict in every run, and leave no files. To write properties of one's own there are
Hypothesis strategies: `probabilities`, `probability_pairs`, `scales`, `perturbations`,
`classifiers` and `certified_points`, and `smoothed`, the probabilities of a classifier of boxes
under noise without sampling.
"""

from l1cert.testing.certified import CertifiedPoint, certified_points, classifiers
from l1cert.testing.classifiers import Ball, Cells, HalfSpace, Slab, smoothed
from l1cert.testing.perturbations import exact_norm, perturbations
from l1cert.testing.properties import assert_radius_sound, assert_radius_tight
from l1cert.testing.relations import assert_monotone, assert_scale_equivariant
from l1cert.testing.searches import RadiusError
from l1cert.testing.strategies import probabilities, probability_pairs, scales

__all__ = [
    "Ball",
    "Cells",
    "CertifiedPoint",
    "HalfSpace",
    "RadiusError",
    "Slab",
    "assert_monotone",
    "assert_radius_sound",
    "assert_radius_tight",
    "assert_scale_equivariant",
    "certified_points",
    "classifiers",
    "exact_norm",
    "perturbations",
    "probabilities",
    "probability_pairs",
    "scales",
    "smoothed",
]
