"""The options that name a perturbation: a list, equal coordinates, or a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from theory.exact import Exact

Command = TypeVar("Command", bound=Callable[..., Any])

#: more coordinates than any model's input has
MOST_COORDINATES = 10**7


def perturbation_options(command: Command) -> Command:
    """Add --delta, --delta-equal, --norm and --delta-file."""
    options = (
        click.option("--delta", metavar="D1,D2,...", help="The perturbation."),
        click.option("--delta-equal", metavar="K", help="K equal coordinates, with --norm."),
        click.option("--norm", metavar="R", help="Their l1 norm."),
        click.option("--delta-file", metavar="F.npy", help="The perturbation as a NumPy array."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def perturbation(
    delta: str | None, equal: str | None, norm: str | None, file: str | None
) -> Sequence[Exact]:
    """The coordinates that the options name.

    Raises
    ------
    ValueError
        Unless exactly one of them is given, and for what is not a perturbation.

    Examples
    --------
    >>> perturbation(None, "4", "1", None)
    [Fraction(1, 4), Fraction(1, 4), Fraction(1, 4), Fraction(1, 4)]
    """
    given = [name for name, value in _named(delta, equal, file).items() if value is not None]
    if len(given) != 1:
        raise ValueError(
            f"{' and '.join(given) or 'no perturbation'} given: exactly one of --delta, "
            "--delta-equal and --delta-file is needed"
        )
    if (norm is None) == (equal is not None):
        raise ValueError(f"--norm = {norm}: it belongs to --delta-equal, which needs it")
    if delta is not None:
        return [part.strip() for part in delta.split(",")]
    if file is not None:
        return coordinates_of(Path(file))
    return equal_coordinates(str(equal), str(norm))


def equal_coordinates(count: str, norm: str) -> list[Fraction]:
    """K coordinates that share an l1 norm equally.

    Raises ValueError for a K outside the integers in [1, 10^7] or a norm outside (0, inf).
    """
    from theory.exact import to_positive

    number = parse_count("delta-equal", count)
    return [to_positive("norm", norm) / number] * number


def parse_count(name: str, text: str) -> int:
    """A number of coordinates, 1 to 10^7.

    >>> parse_count("delta-equal", "3072")
    3072
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_COORDINATES):
        raise ValueError(f"{name} = {text} is outside the integers in [1, {MOST_COORDINATES}]")
    return int(text)


def coordinates_of(path: Path) -> list[Exact]:
    """The numbers of a .npy file, flattened; nothing in it is ever executed (no pickles).

    Raises
    ------
    ValueError
        If the file is not an array of finite real numbers with at least one entry.
    """
    import numpy as np

    from simulations.files import regular_bytes

    try:
        array = np.load(io.BytesIO(regular_bytes(path)), allow_pickle=False)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is not a .npy file"
        raise ValueError(f"the file {str(path)!r} cannot be read: {reason}") from error
    except ValueError as error:
        raise ValueError(f"the file {str(path)!r} is not a .npy array of numbers") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.size == 0:
        kind = getattr(array, "dtype", "no array")
        raise ValueError(
            f"the file {str(path)!r} holds {kind} of {getattr(array, 'size', 0)} entries, "
            "legal is one or more real numbers"
        )
    flat = array.ravel()
    wrong = flat[~np.isfinite(flat)]
    if wrong.size:
        raise ValueError(f"the file {str(path)!r} holds {wrong[0]}, legal are finite numbers")
    found: list[Exact] = flat.tolist()
    return found


def _named(delta: str | None, equal: str | None, file: str | None) -> dict[str, str | None]:
    return {"--delta": delta, "--delta-equal": equal, "--delta-file": file}
