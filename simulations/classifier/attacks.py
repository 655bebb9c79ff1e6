r"""Attacks within an l1 ball on a classifier, smoothed by noise or without any.

With p_k(y) the mean over noise draws of the softmax probability of class k at y, an attack on the
label c looks for a delta with ||delta||_1 <= r and a small

.. math:: m(\delta) = \log p_c(x + \delta) - \log \max_{k \ne c} p_k(x + \delta).

1. Sparse attacks: one coordinate moved by the whole of r, in both signs. In few dimensions each is
   tried, else those with the largest gradients; the best are also combined, r shared among them.
2. Projected steepest descent: in the l1 norm the steepest step goes along the coordinates with the
   largest gradients (one, or a share of them), and is projected back onto the ball. Starts: 0, and
   the best of 1.
3. What was found is rounded to inputs inside the ball (`Neighbourhood.inside`), and these compete
   by votes on one sample.

Every draw has the purpose "attack": what the attack learns from them says nothing about the draws
that judge it later. The work is cut into pieces of a constant size, so the result depends on the
seed, the input and the settings alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from simulations.classifier.batches import logits_of
from simulations.classifier.l1_ball import check_radius, project
from simulations.classifier.target import Target

__all__ = ["Attack", "Struck", "strike"]

#: rows of a batch of the network, and their coordinates, at most: constants, so that no setting of
#: speed changes what is found
_ROWS, _COORDINATES = 2048, 2**20

#: coordinates among which the budget is shared in the combined sparse attacks
_COMBINED = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Attack:
    """How hard an attack tries.

    Parameters
    ----------
    steps
        Of the descent; 0 for none.
    restarts
        Descents for each entry of ``sparsities``: the first from 0, the others from the best
        sparse attacks.
    sparsities
        Shares of the coordinates that a step moves, in [0, 1]; at least one coordinate moves.
    draws
        Noise draws of each gradient, fresh ones in each step.
    screened
        Coordinates tried by themselves, at most; 0 for none.
    screen_draws
        Noise draws of each of those trials.
    finalists
        The best single coordinates that compete with the rest.
    final_draws
        Noise draws of that competition.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> Attack(draws=0)
    Traceback (most recent call last):
    ValueError: draws = 0 is outside [1, 2^20]
    """

    steps: int = 12
    restarts: int = 2
    sparsities: tuple[float, ...] = (0.0, 0.05, 0.3)
    draws: int = 16
    screened: int = 512
    screen_draws: int = 4
    finalists: int = 4
    final_draws: int = 64

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            least = 1 if one.name.endswith("draws") else 0
            if isinstance(value, int) and not least <= value <= 2**20:
                raise ValueError(f"{one.name} = {value} is outside [{least}, 2^20]")
        for share in self.sparsities:
            if not 0 <= share <= 1:
                raise ValueError(f"sparsities has {share}, outside [0, 1]")

    def as_json(self) -> dict[str, Any]:
        """The settings by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Struck:
    """What an attack found: the input ``moved``, its exact distance from x, and how it was found.

    ``lead`` is how many votes of the final competition the best other class had more than the
    label; below 0 the attack does not expect a flip. ``method`` is "none" where nothing could
    move.
    """

    moved: Any
    distance: float
    method: str
    lead: int


def strike(
    target: Target,
    x: Any,
    *,
    label: int,
    radius: float | Fraction,
    point: int,
    attack: Attack,
) -> Struck:
    """Attack the label of one input within an l1 ball.

    Parameters
    ----------
    target
        The classifier.
    x
        As its neighbourhood has it: float32, or int32 levels, shape (d,).
    label
        The class that the attack has to move away from.
    radius
        Of the ball, in [0, inf), in the unit of the input.
    point
        The number of the point in the layout of the noise draws.
    attack
        How hard it tries.

    Returns
    -------
    Struck
        The best input found; x itself where nothing can move, or no attack was asked for.

    Raises
    ------
    ValueError
        If the radius, the label or the size of x is outside its set.

    Examples
    --------
    >>> from simulations.classifier.neighbourhoods import Floating
    >>> from simulations.classifier.worst_case_module import AxisClassifier
    >>> target = Target(AxisClassifier([1.0], axis=2), Floating(None, 0), (4,), 2)
    >>> x = np.zeros(4, np.float32)
    >>> found = strike(target, x, label=0, radius=1.5, point=0, attack=Attack())
    >>> target.predict(x), target.predict(found.moved), found.distance <= 1.5
    (0, 1, True)
    """
    target.check_label(label)
    check_radius(float(radius))
    reach = target.around.reach(radius)
    session = _Session(target, x, label, point, attack)
    found: list[_Found] = []
    if reach > 0:
        found += session.sparse(reach)
        found += session.descend(reach, found)
    if not found:
        return Struck(x, 0.0, "none", session.leads(torch.zeros_like(session.origin)[None])[0][0])
    return session.best(found, radius)


@dataclass(frozen=True, slots=True)
class _Found:
    method: str
    delta: torch.Tensor


@dataclass(slots=True, eq=False)
class _Session:
    """One input under attack, with its noise draws."""

    target: Target
    x: Any
    label: int
    point: int
    attack: Attack
    origin: torch.Tensor = field(init=False)
    _perturber: Any = field(init=False)
    _drawn: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        seen = self.target.around.seen(self.x)
        if seen.shape != (self.target.dim,):
            raise ValueError(f"x has shape {seen.shape}, legal is ({self.target.dim},)")
        self.origin = torch.from_numpy(seen.copy()).to(self.device)
        self._perturber = self.target.around.noisy(self.x, purpose="attack")

    @property
    def device(self) -> str:
        """Where the model is."""
        return self.target.device

    def draw(self, count: int) -> torch.Tensor:
        """The next noisy inputs around x, shape (count, d); x alone where there is no noise."""
        if self._perturber is None:
            return self.origin[None]
        out = np.empty((count, len(self.origin)), np.float32)
        self._perturber.fill(out, point=self.point, first=self._drawn)
        self._drawn += count
        return torch.from_numpy(out).to(self.device)

    def log_probabilities(self, noisy: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
        """Of each class at each delta and draw: shape (deltas, draws, classes)."""
        inputs = (noisy[None] + delta[:, None]).reshape(-1, *self.target.shape)
        # a gradient needs all of its draws at once, votes do not
        rows = len(inputs) if torch.is_grad_enabled() else self.rows
        classes, model = self.target.num_classes, self.target.model
        logits = torch.cat([logits_of(model, part, classes) for part in inputs.split(rows)])
        return torch.log_softmax(logits, 1).reshape(len(delta), len(noisy), logits.shape[1])

    def margin(self, noisy: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
        """m(delta), up to the noise of the draws: shape (deltas,)."""
        return _margin(self.log_probabilities(noisy, delta), self.label)

    def gradient(self, noisy: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
        """The gradient of the margin at each delta; 0 where the network gives none."""
        at = delta.detach().requires_grad_()
        with torch.enable_grad():
            total = self.margin(noisy, at).sum()
            (found,) = torch.autograd.grad(total, at)
        return torch.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)

    @property
    def rows(self) -> int:
        """Inputs of a batch of the network, at most, but for the draws of one gradient."""
        return max(1, min(_ROWS, _COORDINATES // len(self.origin)))

    def pieces(self, delta: torch.Tensor, draws: int) -> tuple[torch.Tensor, ...]:
        """Deltas, so many at a time that a batch of the network stays small."""
        return delta.split(max(1, self.rows // draws))

    def sparse(self, reach: float) -> list[_Found]:
        """The best attacks on one coordinate, best first, and those on a few of the best."""
        attack = self.attack
        if attack.screened == 0:
            return []
        places = self.candidates().repeat(2)
        signs = torch.ones(len(places), device=self.device)
        signs[len(places) // 2 :] = -1
        noisy = self.draw(attack.screen_draws)
        margins = []
        with torch.inference_mode():
            for part in self.pieces(torch.arange(len(places), device=self.device), len(noisy)):
                one_each = self.along(places[part], reach * signs[part])
                margins.append(self.margin(noisy, one_each))
        order = torch.cat(margins).nan_to_num(nan=math.inf).sort(stable=True).indices
        ahead = self.along(places[order[: attack.finalists]], reach * signs[order])
        found = [_Found("one coordinate", delta) for delta in ahead]
        _, first = np.unique(places[order].numpy(force=True), return_index=True)
        distinct = order[torch.from_numpy(np.sort(first)).to(self.device)]
        for few in _COMBINED:
            if few <= len(distinct):
                chosen = distinct[:few]
                delta = self.along(places[chosen], reach * signs[chosen] / few).sum(0)
                found.append(_Found(f"{few} coordinates", delta))
        return found

    def candidates(self) -> torch.Tensor:
        """The coordinates that are tried: all, or those with the largest gradients."""
        most = self.attack.screened
        if len(self.origin) <= most:
            return torch.arange(len(self.origin), device=self.device)
        noisy = self.draw(self.attack.draws)
        slope = self.gradient(noisy, torch.zeros_like(self.origin)[None])[0]
        return slope.abs().sort(descending=True, stable=True).indices[:most]

    def along(self, places: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """One delta for each place, of that signed length: shape (places, d)."""
        delta = torch.zeros(len(places), len(self.origin), device=self.device)
        return delta.scatter_(1, places[:, None], lengths[: len(places), None])

    def descend(self, reach: float, sparse: list[_Found]) -> list[_Found]:
        """Projected steepest descent from 0 and from the best sparse attacks."""
        attack, d = self.attack, len(self.origin)
        if attack.steps * attack.restarts * len(attack.sparsities) == 0:
            return []
        starts = [torch.zeros_like(self.origin), *(one.delta for one in reversed(sparse))]
        rows = [start for start in starts[: attack.restarts] for _ in attack.sparsities]
        moving = [max(1, math.ceil(share * d)) for share in attack.sparsities]
        moving *= len(rows) // len(moving)
        delta = torch.stack(rows)
        for step in range(attack.steps):
            noisy = self.draw(attack.draws)
            pieces = self.pieces(delta, len(noisy))
            slope = torch.cat([self.gradient(noisy, piece) for piece in pieces])
            # the first step is as long as the radius, the last about 2/steps of it
            length = 2 * reach / (step + 2)
            delta = project(delta - length * _steepest(slope, moving), reach)
            delta = self.cut(delta)
        return [_Found("descent", one) for one in delta]

    def cut(self, delta: torch.Tensor) -> torch.Tensor:
        """The deltas that stay in the box."""
        if self.target.around.box is None:
            return delta
        return (self.origin + delta).clamp(*self.target.around.box) - self.origin

    def best(self, found: list[_Found], radius: float | Fraction) -> Struck:
        """The found attack with the most votes against the label, once it is an input."""
        moved = [
            self.target.around.inside(self.x, one.delta.double().numpy(force=True), radius)
            for one in found
        ]
        places = np.stack([self.target.around.seen(one) for one in moved])
        leads = self.leads(torch.from_numpy(places).to(self.device) - self.origin)
        # of equal leads the first
        winner = max(range(len(found)), key=lambda i: leads[i])
        length = self.target.around.distance(self.x, moved[winner])
        return Struck(moved[winner], length, found[winner].method, leads[winner][0])

    def leads(self, delta: torch.Tensor) -> list[tuple[int, float]]:
        """Votes of the best other class beyond the label's, and minus the margin, at each delta."""
        noisy = self.draw(self.attack.final_draws)
        found = []
        with torch.inference_mode():
            for piece in self.pieces(delta, len(noisy)):
                each = self.log_probabilities(noisy, piece)
                votes = torch.nn.functional.one_hot(each.argmax(2), each.shape[2]).sum(1)
                own = votes[:, self.label].clone()
                votes[:, self.label] = -1
                margins = _margin(each, self.label).nan_to_num(nan=math.inf)
                lead = (votes.amax(1) - own).tolist()
                found += zip(lead, (-margins).tolist(), strict=True)
        return found


def _margin(log_probabilities: torch.Tensor, label: int) -> torch.Tensor:
    """The log of the label's mean probability minus that of the best other class, over draws."""
    sums = log_probabilities.logsumexp(1)  # the mean's 1/n falls out of the difference
    others = sums.clone()
    others[:, label] = -math.inf
    return sums[:, label] - others.amax(1)


def _steepest(slope: torch.Tensor, moving: Sequence[int]) -> torch.Tensor:
    """Signs at each row's largest entries, so many as its number says, of l1 norm 1."""
    rank = slope.abs().argsort(dim=1, descending=True, stable=True).argsort(dim=1, stable=True)
    count = torch.tensor(moving, device=slope.device)[:, None]
    return torch.where(rank < count, slope.sign() / count, torch.zeros_like(slope))
