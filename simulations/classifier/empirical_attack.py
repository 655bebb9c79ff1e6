"""An undefended classifier under attack: how much of its accuracy is left at each radius."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.classifier.attacks import Attack, strike
from simulations.classifier.l1_ball import Box, check_radius
from simulations.classifier.neighbourhoods import Floating
from simulations.classifier.target import Target

__all__ = ["UNDEFENDED", "EmpiricalCurve", "attack_undefended"]

#: without noise a draw is the input itself, so there is time for more steps
UNDEFENDED = Attack(steps=20, draws=1, screen_draws=1, final_draws=1)


@dataclass(frozen=True, slots=True)
class EmpiricalCurve:
    """How many inputs an attack leaves right within each radius, an upper bound of the truth.

    ``correct[i]`` of ``points`` inputs keep their label within ``radii[i]``.
    """

    radii: tuple[float, ...]
    correct: tuple[int, ...]
    points: int


def attack_undefended(
    model: torch.nn.Module,
    inputs: NDArray[np.float32],
    labels: Sequence[int],
    *,
    radii: Sequence[float],
    shape: Sequence[int],
    num_classes: int,
    attack: Attack = UNDEFENDED,
    box: Box | None = None,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> EmpiricalCurve:
    """Attack a classifier without noise at rising radii, up to the first that breaks each input.

    The prediction is that at the very float32 input that the attack found, inside the ball. A
    smaller ball lies in a larger one: an input that is broken stays broken.

    Parameters
    ----------
    model
        Maps float32 (B, *shape) to logits (B, K).
    inputs, labels
        Shape (m, d), and the right classes.
    radii
        Rising, in [0, inf); 0 is the accuracy without an attack.
    shape, num_classes
        Of the model's inputs, and K.
    attack, box, device
        As in `strike` and `Floating`.
    progress
        Called with the inputs done and the whole.

    Returns
    -------
    EmpiricalCurve
        The counts, falling.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> from simulations.classifier.worst_case_module import AxisClassifier
    >>> x = np.zeros((2, 4), np.float32)
    >>> model = AxisClassifier([1.0], axis=2)
    >>> attack_undefended(model, x, [0, 1], radii=[0, 0.99, 1.01], shape=(4,), num_classes=2)
    EmpiricalCurve(radii=(0.0, 0.99, 1.01), correct=(1, 1, 0), points=2)
    """
    wanted = [float(radius) for radius in radii]
    for radius in wanted:
        check_radius(radius)
    if not wanted or any(a >= b for a, b in pairwise(wanted)):
        raise ValueError(f"radii = {wanted}: legal are rising numbers, at least one")
    if len(inputs) != len(labels) or len(inputs) == 0:
        raise ValueError(f"{len(inputs)} inputs, {len(labels)} labels: legal is one label for each")
    target = Target(model, Floating(None, 0, box), tuple(shape), num_classes, device=device)
    correct = [0] * len(wanted)
    for number, (x, label) in enumerate(zip(inputs, labels, strict=True)):
        if target.predict(x) == label:
            for place, radius in enumerate(wanted):
                found = strike(target, x, label=label, radius=radius, point=0, attack=attack)
                if target.predict(found.moved) != label:
                    break
                correct[place] += 1
        if progress is not None:
            progress(number + 1, len(inputs))
    return EmpiricalCurve(tuple(wanted), tuple(correct), len(inputs))
