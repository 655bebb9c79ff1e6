"""The plain data of a pickle, read without executing anything that is in it.

`pickle.load` runs whatever a file tells it to. Here the opcodes are read one by one (pickletools)
by a stack machine that knows literals, containers and uint8 arrays of NumPy, and no way to call,
import or build anything else: every other opcode and every other global name is refused.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


class PickleError(ValueError):
    """A pickle that holds something else than plain data; one line that says what."""


@dataclass
class _Dtype:
    """A NumPy dtype, of which only the name is kept: it has to be u1, whose byte order is none."""

    name: Any


@dataclass
class _Array:
    """A NumPy array before, and with `values` after, its state is set."""

    values: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class _Global:
    """A name that the pickle asks for; one of `_CALLS`, or ndarray, which is only passed on."""

    name: str


def _text_bytes(text: Any, encoding: Any) -> bytes:
    """Bytes as protocol 2 of Python 3 spells them: their latin-1 text."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise PickleError("encodes something else than latin-1 text")
    return text.encode("latin-1")


def _new_dtype(name: Any, *_flags: Any) -> _Dtype:
    return _Dtype(name.decode("latin-1") if isinstance(name, bytes) else name)


def _new_array(kind: Any, *_shape: Any) -> _Array:
    if kind != _Global("numpy ndarray"):
        raise PickleError("reconstructs something else than an array")
    return _Array()


#: what each callable of a pickled array comes to here; none of them is looked up
_CALLS: dict[str, Callable[..., Any]] = {
    "_codecs encode": _text_bytes,
    "numpy dtype": _new_dtype,
    "numpy.core.multiarray _reconstruct": _new_array,
    "numpy._core.multiarray _reconstruct": _new_array,
}


def _set_state(value: Any, state: Any) -> None:
    """BUILD: give an array its shape and bytes, as NumPy's __setstate__ would."""
    if isinstance(value, _Dtype):
        return
    if not (isinstance(value, _Array) and isinstance(state, tuple) and len(state) == 5):
        raise PickleError("sets the state of something else than an array")
    _, shape, dtype, fortran_order, raw = state
    if not (isinstance(dtype, _Dtype) and dtype.name == "u1"):
        raise PickleError("holds an array of another dtype than uint8")
    if not (isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)):
        raise PickleError("holds an array whose shape is no tuple of integers")
    if not isinstance(raw, bytes):
        raise PickleError("holds an array whose values are no bytes")
    values = np.frombuffer(raw, np.uint8)
    try:
        value.values = values.reshape(shape, order="F" if fortran_order else "C")
    except (ValueError, OverflowError) as error:
        raise PickleError(f"holds an array with {len(values)} values for another shape") from error


@dataclass
class _Machine:
    """The stack machine of the pickle format, for literals, containers and arrays."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        """Pop everything above the last mark."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def store(self, pairs: list[Any]) -> None:
        """Put keys and values, alternating, into the dict on top."""
        target = self.stack[-1]
        keys = pairs[::2]
        if type(target) is not dict or len(pairs) % 2:
            raise PickleError("stores keys and values in something else than a dict")
        if not all(isinstance(key, str | bytes) for key in keys):
            raise PickleError("has a key that is no text")
        target.update(zip(keys, pairs[1::2], strict=True))

    def extend(self, items: list[Any]) -> None:
        """Append to the list on top."""
        if type(self.stack[-1]) is not list:
            raise PickleError("appends to something else than a list")
        self.stack[-1].extend(items)

    def find(self, name: str) -> None:
        """Push a name, if it is one of those that a pickled array needs."""
        if name not in _CALLS and name != "numpy ndarray":
            raise PickleError(f"asks for {name.replace(' ', '.')!r}, which no plain data needs")
        self.stack.append(_Global(name))

    def call(self, target: Any, arguments: Any) -> None:
        """Push what a known name comes to."""
        known = isinstance(target, _Global) and target.name in _CALLS
        if not known or not isinstance(arguments, tuple):
            raise PickleError("calls something that no plain data needs")
        try:
            self.stack.append(_CALLS[target.name](*arguments))
        except TypeError as error:
            raise PickleError(f"calls {target.name!r} with other arguments") from error

    def step(self, opcode: str, argument: Any) -> None:
        """One opcode."""
        stack = self.stack
        if opcode in _LITERALS:
            stack.append(_LITERALS[opcode](argument))
        elif opcode in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif opcode == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif opcode in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif opcode == "MARK":
            self.marks.append(len(stack))
        elif opcode == "TUPLE":
            stack.append(tuple(self.since_mark()))
        elif opcode in ("TUPLE1", "TUPLE2", "TUPLE3"):
            length = int(opcode[-1])
            stack[-length:] = [tuple(stack[-length:])]
        elif opcode in ("APPEND", "APPENDS"):
            self.extend([stack.pop()] if opcode == "APPEND" else self.since_mark())
        elif opcode == "SETITEM":
            value, key = stack.pop(), stack.pop()
            self.store([key, value])
        elif opcode == "SETITEMS":
            self.store(self.since_mark())
        elif opcode == "GLOBAL":
            self.find(argument)
        elif opcode == "STACK_GLOBAL":
            name, module = stack.pop(), stack.pop()
            if not (isinstance(module, str) and isinstance(name, str)):
                raise PickleError("asks for a name that is no text")
            self.find(f"{module} {name}")
        elif opcode == "REDUCE":
            arguments, target = stack.pop(), stack.pop()
            self.call(target, arguments)
        elif opcode == "BUILD":
            state = stack.pop()
            _set_state(stack[-1], state)
        elif opcode not in ("PROTO", "FRAME", "STOP"):
            raise PickleError(f"uses the opcode {opcode}, which no plain data needs")


_LITERALS: dict[str, Callable[[Any], Any]] = {
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    # Python 2's text, which pickletools gives as latin-1.
    **dict.fromkeys(("SHORT_BINSTRING", "BINSTRING"), lambda text: text.encode("latin-1")),
    **dict.fromkeys(
        ("BININT", "BININT1", "BININT2", "LONG1", "SHORT_BINUNICODE", "BINUNICODE"), lambda v: v
    ),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8"), lambda v: v),
}


def read_literals(content: bytes) -> dict[str, Any]:
    """The dict that a pickle holds, with text keys: plain data and uint8 arrays.

    Parameters
    ----------
    content
        The pickle, of protocol 2 to 5; of 5 without arrays, which NumPy builds from buffers there.

    Returns
    -------
    dict
        Its values under the keys as text. Arrays are read-only.

    Raises
    ------
    PickleError
        For a truncated or damaged pickle, one that holds no dict, and one that asks for anything
        but literals, lists, tuples, dicts and uint8 arrays. Nothing in it is ever executed.

    Examples
    --------
    >>> import pickle
    >>> read_literals(pickle.dumps({b"labels": [3, 1]}, protocol=2))
    {'labels': [3, 1]}
    >>> try:
    ...     read_literals(pickle.dumps({b"labels": print}, protocol=2))
    ... except ValueError as error:
    ...     print(error)
    asks for '__builtin__.print', which no plain data needs
    """
    machine = _Machine()
    try:
        with warnings.catch_warnings():
            # Of a damaged name, an escape sequence that there is not: it is refused anyway.
            warnings.simplefilter("ignore")
            for opcode, argument, _ in pickletools.genops(content):
                machine.step(opcode.name, argument)
        result = machine.stack.pop()
    except PickleError:
        raise
    except (ValueError, IndexError, KeyError) as error:
        raise PickleError("is no whole pickle: truncated or damaged") from error
    if type(result) is not dict or machine.stack:
        raise PickleError("holds something else than one dict")
    named: dict[str, Any] = {}
    for key, value in result.items():
        text = key.decode("latin-1") if isinstance(key, bytes) else key
        named[text] = value.values if isinstance(value, _Array) else value
    return named
