"""Conjectured radii whose answers are known by mathematics; `brute_force` confirms every one.

The answers are tight (sound, and equal to the exact radius wherever that is positive), touching
(sound and loose, but equal to the exact radius somewhere, so that the closed ball is not
certified), strict (sound, and below the exact radius wherever it is positive) and wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bounds.sound_radii import SOUND
from tests.bounds.wrong_radii import WRONG

ANSWERS = {  # sound, tight, closed_ball
    "tight": (True, True, False),
    "touching": (True, False, False),
    "strict": (True, False, True),
    "wrong": (False, False, False),
}
#: Formulas of which the records are made. "other" is the most that another class can have.
OTHER = "Min(p_b, 1 - p_a)"


def top(others: str) -> str:
    """The least mass of the top class, where so many others have at most `OTHER` each."""
    return f"Max(p_a, 1 - ({others})*{OTHER})"


def laplace_k(others: str) -> str:
    """Half the distance of the Laplace quantiles of `top` and `OTHER`."""
    t = top(others)
    return f"(lam/2*(where({t} < 1/2, log(2*{t}), -log(2 - 2*{t})) - log(2*{OTHER})))"


def gaussian_k(others: str) -> str:
    """The same for Gaussian noise."""
    return f"(sigma/2*(Phi_inv({top(others)}) - Phi_inv({OTHER})))"


PARTS = {
    "other": OTHER,
    "top": top("num_classes - 1"),
    "t2": "(-lam*log(2*(1 - p_a)))",
    "cohen": "(sigma*Phi_inv(p_a))",
    "uniform": "(half_width*(2*p_a - 1))",
    "lecuyer": "(lam/2*log(p_a/(1 - p_a)))",
    "exact": f"(lam/2*(where(p_a < 1/2, log(2*p_a), -log(2 - 2*p_a)) - log(2*{OTHER})))",
    "exact_gaussian": f"(sigma/2*(Phi_inv(p_a) - Phi_inv({OTHER})))",
    "exact_uniform": f"(half_width*(p_a - {OTHER}))",
    "exact_k": laplace_k("num_classes - 1"),
    "exact_k_gaussian": gaussian_k("num_classes - 1"),
    "one_more": laplace_k("num_classes"),
    "one_more_gaussian": gaussian_k("num_classes"),
    "one_fewer": laplace_k("num_classes - 2"),
    "one_fewer_gaussian": gaussian_k("num_classes - 2"),
}


@dataclass(frozen=True)
class Case:
    """A conjectured radius, and what is true of it."""

    name: str
    radius: str
    noise: str
    setting: str
    num_classes: int | None
    answer: str
    why: str
    kind: str

    @property
    def sound(self) -> bool:
        """Whether every base classifier is certified within every r < R."""
        return ANSWERS[self.answer][0]

    @property
    def tight(self) -> bool:
        """Whether R is sound, and the exact radius wherever that one is positive."""
        return ANSWERS[self.answer][1]

    @property
    def closed_ball(self) -> bool:
        """Whether r = R is certified too, wherever R is positive."""
        return ANSWERS[self.answer][2]


RECORDS = {**SOUND, **WRONG}


def cases() -> Iterator[Case]:
    """The records, parsed."""
    for kind, block in RECORDS.items():
        lines = block.strip().split("\n")
        for head, radius, why in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
            name, noise, words, answer = head.split()
            setting, _, classes = words.partition("=")
            yield Case(
                name=name,
                radius=radius.strip().format_map(PARTS),
                noise=noise,
                setting=setting,
                num_classes=int(classes) if classes else None,
                answer=answer,
                why=why.strip(),
                kind=kind,
            )


KNOWN = tuple(cases())
