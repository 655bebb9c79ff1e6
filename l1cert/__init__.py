"""l1cert: decides whether a statement about a randomized-smoothing l1 bound is true.

The names that users import::

    import l1cert

    l1cert.radius("0.99", sigma="0.5")     # every method's certified radius, rounded down
    l1cert.rops("0.3", radius="0.4")       # the largest noise that certifies a radius (Appendix D)
    l1cert.verify(["theorem_2"])           # the verdict on a claim, with all its evidence
    l1cert.show("theorem_2")               # the claim, its proof and its witness as text
    l1cert.write_report(l1cert.verify(), "report")  # all of it as one page, and as tables
    l1cert.check_bound("lam*(2*p_a - 1)")  # is a radius of yours sound, tight, better than others?
    l1cert.tightness("0.9", dim=3072)      # the worst-case classifier, run within and beyond R
    l1cert.audit_log("run.tsv", noise="gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    l1cert.plan("2", scale=1, alpha="0.001")  # the samples that a radius takes
    l1cert.radius_of_counts([99_000, 600, 400], alpha="0.001", scale=1)
    l1cert.train("digits", sigma="0.25", out="model.safetensors")  # a base classifier under noise
    l1cert.certify("model.safetensors", out="run.tsv")  # its certified radii, every method's
    l1cert.reproduce("results")            # every claim, figure and simulation into one folder

They are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from l1cert.attacks import AttackReport, attack_log
    from l1cert.audit.report import AuditReport
    from l1cert.audit.run import audit_log
    from l1cert.certification.recertify import recertify
    from l1cert.certification.run import CertificationRun, certify
    from l1cert.counts import CountRadii, radius_of_counts
    from l1cert.page.writing import write_report
    from l1cert.plans import Plan, plan
    from l1cert.presentation import show
    from l1cert.radii import Radii, radius
    from l1cert.rectified import Rops, rops, rops_simulation
    from l1cert.report import Report
    from l1cert.reproduction.running import reproduce
    from l1cert.training import train
    from l1cert.verification import verify
    from l1cert.workbench.check import check_bound
    from l1cert.workbench.report import BoundReport
    from l1cert.worst_cases import TightnessReport, tightness, tightness_sweep

__all__ = [
    "AttackReport",
    "AuditReport",
    "BoundReport",
    "CertificationRun",
    "CountRadii",
    "Plan",
    "Radii",
    "Report",
    "Rops",
    "TightnessReport",
    "attack_log",
    "audit_log",
    "certify",
    "check_bound",
    "plan",
    "radius",
    "radius_of_counts",
    "recertify",
    "reproduce",
    "rops",
    "rops_simulation",
    "show",
    "tightness",
    "tightness_sweep",
    "train",
    "verify",
    "write_report",
]

_HOME = {
    "AttackReport": "l1cert.attacks",
    "attack_log": "l1cert.attacks",
    "AuditReport": "l1cert.audit.report",
    "audit_log": "l1cert.audit.run",
    "CertificationRun": "l1cert.certification.run",
    "certify": "l1cert.certification.run",
    "recertify": "l1cert.certification.recertify",
    "train": "l1cert.training",
    "CountRadii": "l1cert.counts",
    "radius_of_counts": "l1cert.counts",
    "Plan": "l1cert.plans",
    "plan": "l1cert.plans",
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
    "write_report": "l1cert.page.writing",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'l1cert' has no attribute {name!r}; it has {__all__}")


def __dir__() -> list[str]:
    return sorted(__all__)
