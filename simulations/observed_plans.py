"""What a run at observed probabilities asks: each PA at three distances, and each claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulations.experiment import FALSE_PASS
from simulations.half_spaces import Axis
from simulations.observed_cases import Bools, Cases, Floats, Ints
from simulations.observed_findings import ClaimedRadii, Findings
from simulations.sampling import IsotropicNoise, discretisation_bias
from theory.axis_worst_case import HalfLine
from theory.certificates import cohen, theorem_2, uniform
from theory.flip_power import flip_power, samples_needed, smallest_excess
from theory.noise import Gaussian, Laplace

#: bound on what the words move the mass of a half-line by
WORD = discretisation_bias(1, boundaries=1)

#: each PA's: three masses that agree, one that is kept, one that flips
QUESTIONS = 5

#: an excess is so much longer than the smallest: r is a rounded sum
_ROUNDING = 1e-6

_NO_RADIUS = "claimed <= 0: nothing is claimed"
_NO_WORST = "p_a = 0 or 1: no half-line has that mass"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where each PA and each claim is asked about, and at which level."""

    p_a: Floats
    radius: Floats
    edge: Floats
    inside: Floats
    beyond: Floats
    exact_inside: Floats
    exact_beyond: Floats
    excess: float | None
    level: float
    claims: ClaimedRadii | None

    def cases(self, *, dim: int, seed: int) -> Cases:
        """x, inside and beyond of every PA, on the one axis of each, then the claims drawn."""

        def axes(names: Sequence[str]) -> tuple[Axis, ...]:
            return tuple(Axis.drawn(dim=dim, seed=seed, purpose=f"observed/{it}") for it in names)

        claims: tuple[Axis, ...] = ()
        implied, claimed = np.zeros((2, 0))
        if self.claims is not None:
            pairs = (self.claims.p_a, self.claims.claimed, self.claims.implied)
            p_a, claimed, implied = (one[self.claims.drawn] for one in pairs)
            claims = axes(
                [f"{p!r}/{r!r}" for p, r in zip(p_a.tolist(), claimed.tolist(), strict=True)]
            )
        return Cases(
            axes([repr(p) for p in self.p_a.tolist()]) * 3 + claims,
            np.concatenate([np.tile(self.edge, 3), implied]),
            np.concatenate([np.zeros_like(self.edge), self.inside, self.beyond, claimed]),
        )

    def power(self, num_samples: int) -> float | None:
        """A lower bound on the probability that all that is to be shown is shown."""
        if self.excess is None:
            return None
        away = self.radius > self.excess
        lost = [self.exact_beyond[:, 1], 1 - self.exact_inside[away, 0]]
        if self.claims is not None:
            lost.append(self.claims.exact[self.claims.drawn, 1])
        missed = 0.0
        for masses in (one for one in lost if len(one)):
            worst = float(masses.max())
            power = flip_power(num_samples, worst, level=self.level, bias=WORD)
            missed += len(masses) * (1 - power)
        return max(0.0, 1 - missed)

    def claimed(self, count: Ints, shown: Findings) -> ClaimedRadii | None:
        """The claims, with what was drawn of them."""
        if self.claims is None:
            return None
        all_counts = np.zeros(len(self.claims.p_a), np.int64)
        all_counts[self.claims.drawn] = count
        found = iter(shown)
        all_shown = tuple(next(found) if drawn else None for drawn in self.claims.drawn)
        return replace(self.claims, count=all_counts, shown=all_shown)


def distinct(columns: Sequence[Floats], wanted: Bools) -> tuple[list[Floats], Ints, Ints]:
    """The distinct rows of what is wanted, which one each entry is (or -1), and how many are it."""
    position = np.full(wanted.shape, -1, np.int64)
    keys = np.stack([one[wanted] for one in columns], axis=1)
    found, which, number = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    position[wanted] = which.ravel()
    return list(found.T), position, number.astype(np.int64)


def reasons(masks: Mapping[str, Bools]) -> dict[str, int]:
    """How many entries each reason leaves out, without those that leave out none."""
    counts = {reason: int(np.count_nonzero(mask)) for reason, mask in masks.items()}
    return {reason: number for reason, number in counts.items() if number}


def claims_for(p: Floats, claimed: Floats, half_lines: Mapping[float, HalfLine]) -> ClaimedRadii:
    """Every claim against its exact mass; nothing is drawn yet."""
    proper = (p > 0) & (p < 1)
    (p_a, radius), position, rows = distinct([p, claimed], proper & (claimed > 0))
    pairs = list(zip(p_a.tolist(), radius.tolist(), strict=True))
    return ClaimedRadii(
        p_a=p_a,
        claimed=radius,
        rows=rows,
        implied=np.array([half_lines[p].threshold for p, _ in pairs]),
        exact=_masses([half_lines[p] for p, _ in pairs], radius),
        refuted=tuple(half_lines[p].flips(r) for p, r in pairs),
        drawn=np.zeros(len(pairs), np.bool_),
        count=np.zeros(len(pairs), np.int64),
        shown=(None,) * len(pairs),
        position=position,
        left_out=reasons({_NO_RADIUS: claimed <= 0, _NO_WORST: ~proper & (claimed > 0)}),
    )


def plan_for(
    noise: IsotropicNoise,
    p_a: Floats,
    claims: ClaimedRadii | None,
    half_lines: Mapping[float, HalfLine],
    *,
    num_samples: int,
    alpha: float,
) -> Plan:
    """The plan of a run: one level for its questions, one excess for its probabilities.

    Raises
    ------
    ValueError
        If the samples are too few to show a flip, however far beyond R.
    """
    refuted = 0 if claims is None else claims.refuted.count(True)
    asked, shows = QUESTIONS * len(p_a) + refuted, 2 * len(p_a) + refuted
    excess, level = None, alpha
    if asked:
        level = alpha / (2 * asked)
        excess = _smallest(noise, num_samples, level, FALSE_PASS / shows)
        if claims is not None:
            far = np.isfinite(claims.claimed) & (claims.claimed >= claims.implied + excess)
            told = np.array([one is True for one in claims.refuted], np.bool_)
            claims = replace(claims, drawn=far & told)
    reach = excess or 0.0
    radius, own = _radii(noise, p_a), [half_lines[one] for one in p_a.tolist()]
    inside = np.where(radius > reach, radius - reach, radius / 2)
    beyond = radius + reach
    return Plan(
        p_a=p_a,
        radius=radius,
        edge=np.array([one.threshold for one in own]),
        inside=inside,
        beyond=beyond,
        exact_inside=_masses(own, inside),
        exact_beyond=_masses(own, beyond),
        excess=excess,
        level=level,
        claims=claims,
    )


def _masses(half_lines: Sequence[HalfLine], distances: Floats) -> Floats:
    """P(f(Y) = cA) at a distance of each, rounded outward, shape (half-lines, 2)."""
    found = [one.mass(r) for one, r in zip(half_lines, distances.tolist(), strict=True)]
    return np.array([(one.lower, one.upper) for one in found]).reshape(-1, 2)


def _radii(noise: IsotropicNoise, p_a: Floats) -> Floats:
    """R(PA) of the certificates, to nearest: in floats, apart from the classifier's edge in Arb."""
    if isinstance(noise, Laplace):
        return np.asarray(theorem_2(p_a, scale=noise.scale, rounding="nearest"))
    if isinstance(noise, Gaussian):
        return np.asarray(cohen(p_a, sigma=noise.sigma, rounding="nearest"))
    return np.asarray(uniform(p_a, half_width=noise.half_width, rounding="nearest"))


def _smallest(noise: IsotropicNoise, num_samples: int, level: float, false_pass: float) -> float:
    """The smallest excess that the samples show so reliably, whatever PA is.

    For unit Laplace noise `smallest_excess` is -log(2 q), q the largest mass that is told from 1/2;
    under any noise it is -Q(q).
    """
    # where these samples show q = 0, a count of each kind refutes something
    fewest = samples_needed(0.0, level=level / 2, false_pass=false_pass, bias=WORD)
    rates = {"level": level, "false_pass": false_pass, "bias": WORD}
    unit = smallest_excess(num_samples, scale=1.0, **rates)
    if fewest is None or num_samples < fewest or math.isinf(unit):
        raise ValueError(
            f"num_samples = {num_samples} shows no flip, however far beyond R: legal is at least "
            f"{fewest}"
        )
    return -float(noise.quantile(math.exp(-unit) / 2)) * (1 + _ROUNDING)
