"""What every public function owes its caller, whatever it is called with, and how that is judged.

A call ends in one of two ways. It raises a documented error, one line that names an argument or its
value; or it returns a value that an oracle accepts. Nothing else is allowed: no other exception, no
warning, no changed argument, and no call that does not end within `LIMIT` seconds of this process's
own processor time (not of the clock: a loaded machine fails nothing; the slowest call of the table
takes about one second).
"""

import importlib
import inspect
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.test_hardening.functions_values import HOSTILE
from theory.exact import describe

LIMIT = 20.0
#: an error longer than this is no line that anybody reads
LONGEST = 400

Arguments = dict[str, Any]
Check = Callable[[Any, Arguments], None]


class ContractError(AssertionError):
    """A call that broke the contract."""


class Unbounded(BaseException):
    """A call that did not end; no `except Exception` on its way may swallow it."""


def accept_anything(result: Any, arguments: Arguments) -> None:
    """For what is checked by its type alone: there is no value to compare."""


def holds(truth: bool) -> None:
    """An assertion where a lambda needs one."""
    assert truth


def shape_of(result: Any, *arguments: object) -> None:
    """The result has the shape that the arguments broadcast to, and is a float for scalars."""
    shape = np.broadcast_shapes(*(np.shape(one) for one in arguments))
    assert np.shape(result) == shape, (np.shape(result), shape)
    assert shape or isinstance(result, float), type(result)


@dataclass(frozen=True)
class Subject:
    """One public function: a legal call of it, strategies around it, and the oracle of its values.

    ``plain`` is a legal value of each argument that is tried; ``legal`` draws legal values,
    endpoints among them, of each. Where all are legal and ``joint`` (what they must satisfy
    together) holds, the call must not be refused.
    """

    name: str
    plain: Mapping[str, Any]
    legal: Mapping[str, st.SearchStrategy] = field(default_factory=dict)
    check: Check = accept_anything
    joint: Callable[[Arguments], bool] = lambda arguments: True
    call: Callable[..., Any] | None = None
    positional: tuple[str, ...] = ()
    #: legal and so large that the answer takes as long as is asked for: not called
    costly: Callable[[Arguments], bool] = lambda arguments: False
    #: errors that are a report of several lines
    several_lines: tuple[type[Exception], ...] = ()
    #: other hostile values than `functions_values.HOSTILE`
    hostile: tuple[object, ...] | None = None
    #: what else than its arguments an error may name
    names: tuple[str, ...] = ()
    errors: tuple[type[Exception], ...] = (ValueError, TypeError)

    def run(self, arguments: Arguments) -> Any:
        """Call the function."""
        function = self.call or resolve(self.name)
        rest = dict(arguments)
        first = [rest.pop(name) for name in self.positional]
        return function(*first, **rest)

    def drawn(self) -> st.SearchStrategy[tuple[Arguments, bool]]:
        """Legal arguments, and whether all of them are; one in three has a hostile one."""
        fixed = {name: self.legal.get(name, st.just(value)) for name, value in self.plain.items()}
        legal = st.fixed_dictionaries(fixed).map(lambda a: (a, True))
        if not self.plain or not self.hostile_values():
            return legal

        @st.composite
        def hostile(draw: st.DrawFn) -> tuple[Arguments, bool]:
            arguments = dict(draw(st.fixed_dictionaries(fixed)))
            place = draw(st.sampled_from(sorted(self.plain)))
            arguments[place] = draw(st.sampled_from(self.hostile_values()))
            return arguments, False

        return st.one_of(legal, legal, hostile())

    def hostile_values(self) -> tuple[object, ...]:
        """What is tried in every argument."""
        return HOSTILE if self.hostile is None else self.hostile


def resolve(name: str) -> Any:
    """The object of a dotted name; of a function and a module of one name, the function."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def hold(subject: Subject, arguments: Arguments, *, all_legal: bool) -> str:
    """Call the subject and hold it to the contract: "value" or "error", or a `ContractError`."""
    if subject.costly(arguments):
        return "not called"
    before = fingerprint(arguments)
    said = {name: describe_safely(value) for name, value in arguments.items()}
    where = f"{subject.name}({', '.join(f'{k}={v}' for k, v in said.items())})"
    try:
        with warnings.catch_warnings(), limited(LIMIT):
            warnings.simplefilter("error")
            result = subject.run(arguments)
            if inspect.isgenerator(result):
                result = list(result)
    except subject.errors as error:
        if not isinstance(error, subject.several_lines):
            judge_error(error, arguments, where, subject.names)
        if all_legal and subject.joint(arguments):
            raise ContractError(f"{where} is legal and was refused: {error}") from error
        outcome = "error"
    except Unbounded:
        raise ContractError(f"{where} did not end") from None
    except Exception as error:
        raise ContractError(f"{where}: {type(error).__name__}: {error}") from error
    else:
        outcome = "value"
    if fingerprint(arguments) != before:
        raise ContractError(f"{where} changed its arguments")
    if outcome == "value":
        try:
            subject.check(result, arguments)
        except Exception as error:
            raise ContractError(f"{where} = {describe_safely(result)}: {error!r}") from error
    return outcome


def judge_error(
    error: Exception, arguments: Arguments, where: str, others: tuple[str, ...] = ()
) -> None:
    """A `ContractError` unless the message is one line that names an argument or its value."""
    text = str(error)
    if not text.strip() or "\n" in text or len(text) > LONGEST:
        raise ContractError(f"{where}: not one clear line: {type(error).__name__}: {text[:600]!r}")
    named = [*others, *arguments, *(describe_safely(value) for value in arguments.values())]
    # numpy spells a scalar with its type, and the elements of an array stand for it
    named += [str(one) for value in arguments.values() for one in elements(value)]
    if not any(name and name in text for name in named):
        raise ContractError(
            f"{where}: names neither an argument nor its value: {text!r}"
        ) from error


def elements(value: Any) -> list[Any]:
    """What an array or a sequence holds, as far as it is short."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[:64].tolist()
    return list(value)[:64] if isinstance(value, list | tuple) else []


def describe_safely(value: Any) -> str:
    """One short line for any object at all."""
    try:
        return describe(value)
    except Exception:
        return f"<{type(value).__name__}>"


def fingerprint(value: Any) -> Any:
    """What must be the same after a call as before it."""
    if isinstance(value, Mapping):
        return {key: fingerprint(one) for key, one in value.items()}
    if isinstance(value, np.ndarray) and value.dtype != object:
        return (value.tobytes(), value.shape, value.strides, value.dtype.str, value.flags.writeable)
    if isinstance(value, list | tuple):
        return [fingerprint(one) for one in value]
    return describe_safely(value), id(value)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Unbounded` after so many seconds of this process's processor time."""

    def stop(*_: object) -> None:
        raise Unbounded

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
