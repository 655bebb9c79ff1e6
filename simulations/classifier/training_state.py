"""A training in progress: the model, its optimizer, how far it is, and its file.

The file lies beside the one that the training is for, is replaced as a whole after each epoch, and
holds what the next epoch starts from to the bit; the order, the noise and the learning rate of an
epoch follow from the plan and the epoch's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from simulations.checkpoint import CheckpointError
from simulations.classifier.checkpoints import file_bytes, fit, parse, render
from simulations.classifier.models import build
from simulations.classifier.training_record import TrainingPlan
from simulations.files import replace_file

#: the layout of a state's file
STATE_FORMAT = "l1cert training state 1"

MODEL, OPTIMIZER = "model.", "optimizer."

ADVICE = "remove it to begin anew"


@dataclass
class TrainingState:
    """A model and its optimizer after `epochs` epochs, the last of which had this mean loss."""

    plan: TrainingPlan
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    epochs: int = 0
    loss: float = 0.0

    @classmethod
    def initial(cls, plan: TrainingPlan, device: torch.device) -> TrainingState:
        """The state before the first epoch."""
        made = build(
            plan.architecture, shape=plan.shape, num_classes=plan.num_classes, seed=plan.seed
        )
        model = made.to(device)
        return cls(plan, model, optimizer_of(plan, model))

    def _tensors(self) -> dict[str, torch.Tensor]:
        """All that the next epoch starts from, by name."""
        tensors = {MODEL + name: value for name, value in self.model.state_dict().items()}
        for number, entries in self.optimizer.state_dict()["state"].items():
            for name, value in entries.items():
                if isinstance(value, torch.Tensor):
                    tensors[f"{OPTIMIZER}{number}.{name}"] = value
        return tensors

    def overflow(self) -> str:
        """Which weights, or moments of the optimizer, are not finite; empty if all are."""
        for name, value in self._tensors().items():
            if not bool(value.isfinite().all()):
                return f"{name} holds {value[~value.isfinite()][0].item()}"
        return ""

    def save(self, path: Path) -> None:
        """Write the state's file.

        Raises
        ------
        ValueError
            For weights that are not finite.
        OSError
            If it cannot be written: what was there before is intact.
        """
        said = {"plan": self.plan.as_json(), "epochs": self.epochs, "loss": self.loss}
        content = render(self._tensors(), {"format": STATE_FORMAT, **said})
        replace_file(path, content, "training state")

    def restore(self, path: Path) -> None:
        """Go on where a file of the same plan stopped.

        Raises
        ------
        CheckpointError
            One line with the path, for a file of another plan, or one that `save` did not write.
        OSError
            If it cannot be read.
        """
        try:
            tensors, said = parse(file_bytes(path), STATE_FORMAT, advice=ADVICE)
            other, epochs, loss = _content(said)
            if other != self.plan:
                raise CheckpointError(
                    f"is of another training: {self.plan.difference(other)}; "
                    f"give the same options, or {ADVICE}"
                )
            fit(self.model, _part(tensors, MODEL), advice=ADVICE)
            self._fit_optimizer(_part(tensors, OPTIMIZER))
        except CheckpointError as error:
            raise CheckpointError(f"training state {str(path)!r} {error}") from None
        self.epochs, self.loss = epochs, loss

    def _fit_optimizer(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put tensors into the optimizer, if they are those that it keeps of each parameter."""
        names = ("exp_avg", "exp_avg_sq", "step") if self.plan.optimizer == "adam" else ()
        if self.plan.optimizer == "sgd" and self.plan.momentum:
            names = ("momentum_buffer",)
        wanted = {
            f"{number}.{name}": torch.Size(()) if name == "step" else parameter.shape
            for number, parameter in enumerate(self.model.parameters())
            for name in names
        }
        if {key: value.shape for key, value in tensors.items()} != wanted:
            raise CheckpointError(f"does not hold the state of its optimizer: {ADVICE}")
        entries: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            number, _, name = key.partition(".")
            entries.setdefault(int(number), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": entries, "param_groups": groups})


def state_path(out: Path) -> Path:
    """Where the state of a training for a file lies: beside it, and no other file's is there.

    >>> state_path(Path("digits.safetensors")).name
    'digits.safetensors.state'
    """
    return out.with_name(f"{out.name}.state")


def read_progress(path: Path) -> tuple[TrainingPlan, int]:
    """The plan of a state's file, and the epochs that it has behind it.

    Raises
    ------
    CheckpointError
        For a file that `TrainingState.save` did not write.
    OSError
        If it cannot be read.
    """
    try:
        plan, epochs, _ = _content(parse(file_bytes(path), STATE_FORMAT, advice=ADVICE)[1])
    except CheckpointError as error:
        raise CheckpointError(f"training state {str(path)!r} {error}") from None
    return plan, epochs


def _content(said: dict[str, object]) -> tuple[TrainingPlan, int, float]:
    """The plan, the epochs and the loss in a file's metadata."""
    try:
        plan = TrainingPlan.parse(said.get("plan"))
    except ValueError as error:
        raise CheckpointError(f"has a plan that is not legal: {error}; {ADVICE}") from None
    epochs, loss = said.get("epochs"), said.get("loss")
    if type(epochs) is not int or not 1 <= epochs <= plan.epochs or type(loss) is not float:
        raise CheckpointError(
            f"is after epoch {epochs} of {plan.epochs} with loss {loss}: {ADVICE}"
        )
    return plan, epochs, loss


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def optimizer_of(plan: TrainingPlan, model: torch.nn.Module) -> torch.optim.Optimizer:
    """The optimizer of a plan, before its first step."""
    if plan.optimizer == "adam":
        return torch.optim.Adam(
            model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
    return torch.optim.SGD(
        model.parameters(),
        lr=plan.learning_rate,
        momentum=plan.momentum,
        weight_decay=plan.weight_decay,
    )
