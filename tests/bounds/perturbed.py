"""Sound radii times 1 + 10^-k or 1 - 10^-k, on all or on a part of the domain: 200, from a seed.

Less is always sound. More is sound exactly where the base's own slack is larger, in the whole of
the part; most parts are placed where the two are about equal. `ANSWERS_TABLE` holds what the
brute force says of each, and tests/test_bounds_truth.py computes it again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from tests.bounds.known import PARTS, Case

SEED, NUMBER = 20200423, 200
Choice = TypeVar("Choice")

#: name, noise, setting (and number of classes), radius. "{d}" is the perturbation's own 10^-k.
BASES = (
    ("theorem_2", "laplace", "binary", "{t2}"),
    ("exact", "laplace", "multiclass", "{exact}"),
    ("linear", "laplace", "binary", "(lam*(2*p_a - 1))"),
    ("cohen", "gaussian", "binary", "{cohen}"),
    ("theorem_1", "laplace", "multiclass", "Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))"),
    ("lecuyer", "laplace", "binary", "{lecuyer}"),
    ("binary_pb", "laplace", "binary-pb", "(-lam*log(2*{other}))"),
    ("uniform", "uniform", "binary", "{uniform}"),
    ("shrunk", "laplace", "binary", "((1 - {d})*{t2})"),
    ("exact_k3", "laplace", "k=3", "{exact_k}"),
    ("square_root", "laplace", "binary", "(2*lam*(1 - sqrt(2*(1 - p_a))))"),
    ("exact_gaussian", "gaussian", "multiclass", "{exact_gaussian}"),
    ("shifted", "laplace", "binary", "({t2} - 0.01*lam)"),
    ("lecuyer_pairs", "laplace", "multiclass", "(lam/2*log(p_a/p_b))"),
    ("renyi_2", "gaussian", "binary", "where(p_a > 1/2, sigma*sqrt(-log(4*p_a*(1 - p_a))), 0)"),
    ("uniform_pairs", "uniform", "multiclass", "(half_width*(p_a - p_b))"),
    ("theorem_2_pairs", "laplace", "multiclass", "{t2}"),
    ("law_of_uniform", "uniform", "binary", "(half_width*(1 - exp(1 - 2*p_a)))"),
    ("theorem_1_k3", "laplace", "k=3", "Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))"),
    ("cohen_pairs", "gaussian", "multiclass", "(sigma/2*(Phi_inv(p_a) - Phi_inv(p_b)))"),
    ("nine_tenths", "laplace", "binary", "(0.9*{t2})"),
    ("exact_uniform", "uniform", "multiclass", "{exact_uniform}"),
    ("second_term", "laplace", "multiclass", "(-lam*log(1 - p_a + p_b))"),
    ("shrunk_k3", "gaussian", "k=3", "((1 - {d})*{exact_k_gaussian})"),
    ("theorem_2_of_pb", "laplace", "binary-pb", "(-lam*log(2*p_b))"),
    ("exact_in_k10", "laplace", "k=10", "{exact}"),
    ("exponential", "laplace", "binary", "(lam*(1 - exp(1 - 2*p_a)))"),
    ("binary_pb_uniform", "uniform", "binary-pb", "(half_width*(1 - 2*{other}))"),
    ("shrunk_pairs", "uniform", "multiclass", "((1 - {d})*{exact_uniform})"),
)
PARTS_OF_BINARY = ("all", "band", "upper", "middle", "edge", "edge", "edge", "scale")
PARTS_OF_PAIRS = ("all", "band", "upper", "edge", "pb_band", "pb_small", "pb_rest", "pb_beyond")

#: t(ight), (t)o(uching), s(trict) or w(rong), in the order of `PERTURBED`.
ANSWERS_TABLE = """
tswoowwtswsoswswwwooswwsowswsoowwwswoswsowoswwwwws
wwsooswswwstwswwswswwwswwswwsooswososwswwoswwswsww
wsowwwwswwsoososwwswowwwsowwwosooswwswoswwwwswwwoo
swtsoswswsowswwswwswowwsowwwwswwssswsoswowwwswwsww
"""
LETTERS = {"t": "tight", "o": "touching", "s": "strict", "w": "wrong"}


def pick(draw: random.Random, options: Sequence[Choice]) -> Choice:
    """One of the options; `random.random` is the same in every version of Python."""
    return options[int(draw.random() * len(options))]


def power_of_ten(k: int) -> str:
    """10^-k as a literal.

    >>> power_of_ten(9)
    '0.000000001'
    """
    return format(Decimal(1).scaleb(-k), "f")


def conditions(part: str, k: int, draw: random.Random) -> tuple[str, ...]:
    """What holds in a part of the domain, each comparison by itself."""
    low = int(draw.random() * 90) + 5
    width = pick(draw, ("0.00001", "0.001", "0.02", "0.04"))
    band = format(Decimal(low) / 100, "f"), format(Decimal(low) / 100 + Decimal(width), "f")
    near = power_of_ten(1 + int(draw.random() * 8))
    # The slack of some bases is about the distance to PA = 1/2; take it about 10^-k.
    edge = format(Decimal("0.5") + Decimal(pick(draw, (3, 1))).scaleb(-k) * Decimal("0.9"), "f")
    small = format(Decimal(edge) - Decimal("0.5"), "f")
    return {
        "all": (),
        "band": (f"{band[0]} < p_a", f"p_a < {band[1]}"),
        "upper": (f"p_a > 1 - {near}",),
        "middle": (f"p_a < 1/2 + {near}",),
        "edge": (f"p_a > {edge}",),
        "scale": (f"lam > {low}", f"lam < {low + 1}"),
        "pb_band": (f"{band[0]} < p_b", f"p_b < {band[1]}"),
        "pb_small": (f"p_b < {near}",),
        "pb_rest": ("p_b > 1 - p_a",),
        "pb_beyond": (f"p_b > 1 - p_a + {small}",),
    }[part]


def perturbations() -> Iterator[tuple[str, str, str, str, int | None, str]]:
    """Name, radius, noise, setting, number of classes and part of each, in order."""
    draw = random.Random(SEED)
    for i in range(NUMBER):
        base, noise, words, text = BASES[i % len(BASES)]
        setting, _, classes = words.partition("=")
        k = 1 + i % 9
        sign = "-" if draw.random() < 0.25 else "+"
        part = pick(draw, PARTS_OF_BINARY if setting == "binary" else PARTS_OF_PAIRS)
        factor = f"1 {sign} {power_of_ten(k)}"
        for condition in reversed(conditions(part, k, draw)):
            factor = f"where({condition}, {factor}, 1)"
        radius = f"{text.format_map({**PARTS, 'd': power_of_ten(k)})}*({factor})"
        name = f"{i:03d}_{base}_{part}_{sign}{k}"
        yield name, radius, noise, setting, int(classes) if classes else None, part


def cases() -> Iterator[Case]:
    """The perturbations, with their answers."""
    letters = ANSWERS_TABLE.replace("\n", "")
    for letter, one in zip(letters, perturbations(), strict=True):
        name, radius, noise, setting, classes, part = one
        yield Case(name, radius, noise, setting, classes, LETTERS[letter], "brute force", part)


PERTURBED = tuple(cases())
