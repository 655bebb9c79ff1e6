"""l1cert: decides whether a statement about a randomized-smoothing l1 bound is true.

The names that users import::

    import l1cert

    l1cert.radius("0.99", sigma="0.5")     # every method's certified radius, rounded down
    l1cert.rops("0.3", radius="0.4")       # the largest noise that certifies a radius (Appendix D)
    l1cert.verify(["theorem_2"])           # the verdict on a claim, with all its evidence
    l1cert.show("theorem_2")               # the claim, its proof and its witness as text
    l1cert.check_bound("lam*(2*p_a - 1)")  # is a radius of yours sound, tight, better than others?
    l1cert.tightness("0.9", dim=3072)      # the worst-case classifier, run within and beyond R
    l1cert.reproduce("results")            # every claim, figure and simulation into one folder

They are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from l1cert.presentation import show
    from l1cert.radii import Radii, radius
    from l1cert.rectified import Rops, rops, rops_simulation
    from l1cert.report import Report
    from l1cert.reproduction.running import reproduce
    from l1cert.verification import verify
    from l1cert.workbench.check import check_bound
    from l1cert.workbench.report import BoundReport
    from l1cert.worst_cases import TightnessReport, tightness, tightness_sweep

__all__ = [
    "BoundReport",
    "Radii",
    "Report",
    "Rops",
    "TightnessReport",
    "check_bound",
    "radius",
    "reproduce",
    "rops",
    "rops_simulation",
    "show",
    "tightness",
    "tightness_sweep",
    "verify",
]

_HOME = {
    "BoundReport": "l1cert.workbench.report",
    "check_bound": "l1cert.workbench.check",
    "Radii": "l1cert.radii",
    "Report": "l1cert.report",
    "Rops": "l1cert.rectified",
    "radius": "l1cert.radii",
    "reproduce": "l1cert.reproduction.running",
    "rops": "l1cert.rectified",
    "rops_simulation": "l1cert.rectified",
    "show": "l1cert.presentation",
    "TightnessReport": "l1cert.worst_cases",
    "tightness": "l1cert.worst_cases",
    "tightness_sweep": "l1cert.worst_cases",
    "verify": "l1cert.verification",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'l1cert' has no attribute {name!r}; it has {__all__}")


def __dir__() -> list[str]:
    return sorted(__all__)
