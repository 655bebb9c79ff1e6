"""What a report of `l1cert.check_bound` says otherwise than the known answer."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from tests.bounds.brute_force import Place, far_ratio, ratio
from tests.bounds.known import Case
from tests.bounds.noises import MP, survival


def disagreements(case: Case, report: Any) -> list[str]:
    """One line for each; none if the report decides the case rightly.

    A witness is evaluated by the brute force. What is not sound is not called tight either.
    """
    found = []
    if report.sound is not case.sound:
        found.append(f"sound = {report.sound}, and is {case.sound}: {case.why}")
    for field in ("tight", "closed_ball"):
        said, known = getattr(report, field), getattr(case, field)
        if said is not known:
            found.append(f"{field} = {said}, and is {known}: {case.why}")
    legal = ("PROVED", "ENCLOSED") if case.sound else ("REFUTED",)
    if str(report.grade) not in legal:
        found.append(f"grade = {report.grade} is none of {', '.join(legal)}")
    if report.beyond:
        if case.sound or not violates_beyond(case, report.beyond):
            found.append(f"beyond = {report.beyond}, where nothing is violated")
    elif case.sound is not (report.witness is None):
        found.append(f"witness = {report.witness} of a bound that is sound: {case.sound}")
    elif report.witness is not None and not violates(case, report.witness):
        found.append(f"witness = {report.witness} violates nothing")
    return found


def violates(case: Case, witness: Any) -> bool:
    """Whether the radius is above the exact one at the witness, which is of the domain."""
    p_b = None if case.setting == "binary" else Fraction(witness.p_b)
    place = Place(Fraction(witness.p_a), p_b, Fraction(witness.scale))
    if not 0 < place.p_a < 1 or not place.scale > 0:
        return False
    if p_b is not None and not 0 < p_b <= place.p_a:
        return False
    return bool(ratio(case.radius, case.noise, case.setting, case.num_classes, place) > 0)


def violates_beyond(case: Case, where: str) -> bool:
    """Whether the radius is above the exact one at PA = F(x), PB = F(-y), as a report says it."""
    points = dict(re.findall(r"(P[AB]) = F\((-?[\d/]+)\)", where))
    rest = survival(case.noise, MP.mpf(points["PA"]))
    p_b = None if case.setting == "binary" else survival(case.noise, -MP.mpf(points["PB"]))
    found = far_ratio(case.radius, case.noise, case.setting, case.num_classes, rest, p_b)
    return bool(found > 0)
