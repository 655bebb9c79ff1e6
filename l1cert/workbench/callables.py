"""A conjectured radius that is a Python function: how it is called, and what it may return.

A function says by the names of its parameters what it takes; an anonymous one takes p_a (, p_b)
and the noise's own scale in this order. It is called with arrays where it can take them, which a
small probe decides by comparison with single calls, and point by point elsewhere.
"""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from l1cert.workbench.signatures import SCALE_WORDS, Call, calls
from theory.conjectures.settings import Setting
from theory.exact import describe

__all__ = ["WrappedRadius", "wrap"]

Floats = NDArray[np.float64]

LEGAL_VALUES = "[0, inf]; return 0 where nothing is certified"

#: Down to -2^-40 scale a negative value is the rounding of 0.
_ROUNDED_ZERO = 2.0**-40
_PROBE_P_A = (0.7, 0.95, 0.5009765625, 0.3, 0.999, 0.6, 0.85, 0.1)
_PROBE_SHARE = (0.5, 0.03, 0.9, 0.25, 1e-4, 0.6, 0.125, 0.75)
_PROBE_SCALE = (1.0, 0.25, 3.0, 0.5, 1.0, 7.0, 0.125, 2.0)
_AGREEMENT = 1e-10  # array functions and scalar ones differ by their rounding


@dataclass(eq=False)
class WrappedRadius:
    """A function as a radius: float64 arrays in, float64 radii in [0, inf] out.

    Made by `wrap`. Where nothing can be certified (PA <= 1/2 without PB, PA <= PB with it) NaN,
    a negative and a complex value mean what 0 means: the bound abstains.

    Parameters
    ----------
    radius : callable
        The user's function.
    call : Call
        Which of its parameters gets what.
    setting : Setting
        What is known of the probabilities.
    num_classes : int or None
        Their number, where it is fixed.
    factors : mapping of str to float
        "lam", "sigma", "half_width" in units of the noise's own scale; only those it takes.
    vectorised : bool
        Whether it is called with whole arrays.
    notes : tuple of str
        What a report should say of how it was called.
    calls : int
        Points that were evaluated so far.
    epsilon : float
        The rounding unit of what it returns: 2^-52, or that of a shorter float type.
    one_element_arrays : bool
        Whether a single call needs arrays: the function takes no plain floats.
    """

    radius: Callable[..., object]
    call: Call
    setting: Setting
    num_classes: int | None
    factors: Mapping[str, float]
    vectorised: bool = True
    notes: tuple[str, ...] = ()
    calls: int = 0
    epsilon: float = float(np.finfo(np.float64).eps)
    one_element_arrays: bool = False

    @property
    def takes_scale(self) -> bool:
        """Whether any scale of the noise is handed to it."""
        return bool(self.factors)

    def __call__(self, p_a: ArrayLike, p_b: ArrayLike | None, scale: ArrayLike) -> Floats:
        """The radius at each point, in the unit of the scale.

        Parameters
        ----------
        p_a, p_b, scale : float or array
            Points of the domain, broadcast together; p_b is None without PB. `scale` is the
            noise's own.

        Returns
        -------
        array
            float64, in [0, inf]; what the function returned, not rounded further.

        Raises
        ------
        ValueError
            If the function raises, returns what is no real number, or returns NaN or a negative
            value where something could be certified.

        Examples
        --------
        >>> import sympy as sp
        >>> from theory.conjectures.settings import Setting
        >>> def theorem_2(p_a, lam):
        ...     return -lam * np.log(2 * (1 - p_a))
        >>> wrapped = wrap(theorem_2, setting=Setting.BINARY, words={"lam": sp.Integer(1)})
        >>> wrapped([0.75, 0.25], None, 2.0).tolist()
        [1.3862943611198906, 0.0]
        """
        given = [p_a, scale] if p_b is None else [p_a, scale, p_b]
        arrays = [np.asarray(one, dtype=np.float64) for one in np.broadcast_arrays(*given)]
        shape, flat = arrays[0].shape, [np.array(one.ravel()) for one in arrays]
        found = self._evaluate(flat[0], flat[2] if len(flat) > 2 else None, flat[1])
        return found.reshape(shape)

    def check_arrays(self, p_a: Floats, p_b: Floats | None, scale: Floats) -> None:
        """Compare one call with arrays with single calls, and give arrays up if they differ.

        So is a function found out that looks at its first element, or at the largest.

        Parameters
        ----------
        p_a, p_b, scale : array
            Points of the domain, one-dimensional.

        Raises
        ------
        ValueError
            As a single call raises.
        """
        if not self.vectorised:
            return
        together = self._together(p_a, p_b, scale)
        if together is None:
            return
        self.vectorised = False
        alone = self(p_a, p_b, scale)
        self.vectorised = True
        apart = together != alone  # infinite values may be equal
        allowed = _AGREEMENT * (alone[apart] + scale[apart])
        if not (np.abs(together[apart] - alone[apart]) <= allowed).all():
            self.call_point_by_point()

    def _together(self, p_a: Floats, p_b: Floats | None, scale: Floats) -> Floats | None:
        """The values from one call with arrays; None if that call gave arrays up."""
        try:
            values = self(p_a, p_b, scale)
        except ValueError:
            return np.full(len(p_a), np.nan)
        return values if self.vectorised else None

    def _evaluate(self, p_a: Floats, p_b: Floats | None, scale: Floats) -> Floats:
        if not len(p_a):
            return np.zeros(0)
        self.calls += len(p_a)
        with _quiet():
            values = self._as_arrays(p_a, p_b, scale) if self.vectorised else None
            if values is None:
                values = self._point_by_point(p_a, p_b, scale)
        certifiable = p_a > (0.5 if p_b is None else p_b)
        unreal = np.isnan(values.real) | (values.imag != 0.0)
        rounding = max(_ROUNDED_ZERO, 32 * self.epsilon) * scale
        wrong = certifiable & (unreal | (values.real < -rounding))
        if wrong.any():
            first = int(np.argmax(wrong))
            where = self._where(_at(p_a, p_b, scale, first))
            value = _shown(complex(values[first]))
            raise ValueError(f"radius = {value} {where} is outside {LEGAL_VALUES}")
        # adding 0 turns -0 into 0
        return np.where(unreal | (values.real < 0.0), 0.0, values.real) + 0.0

    def _quantities(self, p_a: Any, p_b: Any, scale: Any) -> dict[str, Any]:
        at = {"p_a": p_a, "p_b": p_b, "num_classes": self.num_classes}
        # one rounding, or none where the word is the noise's own
        return at | {word: scale * factor for word, factor in self.factors.items()}

    def _as_arrays(
        self, p_a: Floats, p_b: Floats | None, scale: Floats
    ) -> NDArray[np.complex128] | None:
        """The values from one call; None, and never again, if it cannot take arrays."""
        at = self._quantities(p_a.copy(), None if p_b is None else p_b.copy(), scale)
        try:
            returned: Any = self.call(self.radius, at)
            result = np.asarray(np.ma.filled(returned, np.nan))
        except Exception:
            self.call_point_by_point()
            return None
        # whole numbers may be cut: numpy.vectorize takes the type of all from the first value
        if result.shape != p_a.shape or result.dtype.kind != "f":
            self.call_point_by_point()
            return None
        self._short_floats(result.dtype)
        return result.astype(np.complex128)

    def call_point_by_point(self) -> None:
        """From now on, never with arrays, and say so."""
        self.vectorised = False
        self.notes = (*self.notes, "not vectorised: called point by point")

    def _short_floats(self, dtype: np.dtype[Any]) -> None:
        epsilon = float(np.finfo(dtype).eps)
        if epsilon > self.epsilon:  # never for a longer type, which is cut to float64
            self.epsilon = epsilon
            self.notes = (*self.notes, f"returns {dtype}: judged at its rounding, {epsilon:.1e}")

    def _point_by_point(
        self, p_a: Floats, p_b: Floats | None, scale: Floats
    ) -> NDArray[np.complex128]:
        values = np.empty(len(p_a), dtype=np.complex128)
        for i in range(len(p_a)):
            values[i] = self._at_point(_at(p_a, p_b, scale, i))
        return values

    def _at_point(self, point: tuple[float, float | None, float]) -> complex:
        form = _one_element if self.one_element_arrays else _plain
        try:
            result = self.call(self.radius, self._quantities(*map(form, point)))
        except Exception as error:
            kind, where = type(error).__name__, self._where(point)
            raise ValueError(f"radius raised {kind}: {describe(error)} {where}") from error
        if isinstance(result, np.floating | np.ndarray) and result.dtype.kind == "f":
            self._short_floats(result.dtype)
        return self._number(result, point)

    def _number(self, result: object, point: tuple[float, float | None, float]) -> complex:
        try:
            return _number(result)
        except Exception:  # its own conversion may raise anything
            kind = f"{type(result).__name__} {describe(result)}"
        where = self._where(point)
        raise ValueError(f"radius = {kind} {where} is no number: legal are {LEGAL_VALUES}")

    def _where(self, point: tuple[float, float | None, float]) -> str:
        at = self._quantities(*point)
        taken = ["p_a"] + (["p_b"] if point[1] is not None else []) + list(self.factors)
        return "at " + ", ".join(f"{name} = {at[name]!r}" for name in taken)


def wrap(
    radius: Callable[..., object],
    *,
    setting: Setting,
    words: Mapping[str, sp.Expr],
    num_classes: int | None = None,
) -> WrappedRadius:
    """A user's function as a radius, after a probe of a few points.

    Parameters
    ----------
    radius : callable
        Its parameters may be named, in any order: p_a (pa, p), p_b (pb), lam (scale), sigma,
        half_width, num_classes (k, K). Under other names its parameters without defaults are
        taken in the order p_a (, p_b), own scale (, num_classes in the setting k), as far as
        there are any; so is a function that does not tell its parameters. Where ** is taken, the
        rest of these are in it by name; what `functools.partial` has fixed stays fixed.
    setting : Setting
        What is known of the probabilities.
    words : mapping of str to sympy.Expr
        "lam", "sigma" and "half_width" in units of the noise's own scale, which one of them is
        (`theory.conjectures.axis_noise.AxisNoise.words`).
    num_classes : int, optional
        The number of classes, where it is fixed.

    Returns
    -------
    WrappedRadius
        Nothing is rounded but the scale that the function is handed.

    Raises
    ------
    ValueError
        If the parameters are other ones; if two equal calls differ; or as a call raises.

    Examples
    --------
    >>> import math
    >>> wrapped = wrap(
    ...     lambda p, s: s * math.log(p / (1 - p)) / 2 if p > 0.5 else 0,
    ...     setting=Setting.BINARY,
    ...     words={"lam": sp.Integer(1)},
    ... )
    >>> wrapped.notes
    ('p is taken as p_a, s as lam', 'not vectorised: called point by point')
    """
    if not callable(radius):
        raise ValueError(f"radius = {describe(radius)} is not callable: legal are functions")
    known = [name for name in SCALE_WORDS if name in words]
    own_word = next(name for name in known if words[name] == 1)
    probabilities = ["p_a", "p_b"] if setting.has_p_b else ["p_a"]
    order = [*probabilities, own_word, *["num_classes"] * (setting is Setting.K_CLASSES)]
    legal = [*probabilities, *known, *["num_classes"] * (num_classes is not None)]
    ways, notes = calls(radius, order, legal)
    failed: ValueError | None = None
    for call in ways:
        factors = {word: float(words[word]) for word in known if word in call.quantities}
        wrapped = WrappedRadius(radius, call, setting, num_classes, factors, notes=notes)
        try:
            _probe(wrapped)
        except ValueError as error:
            failed = failed or error
        else:
            return wrapped
    assert failed is not None
    raise failed


def _probe(wrapped: WrappedRadius) -> None:
    """Few points on both sides of likely branches: arrays against single calls, and twice."""
    p_a, scale = np.array(_PROBE_P_A), np.array(_PROBE_SCALE)
    p_b = p_a * np.array(_PROBE_SHARE) if wrapped.setting.has_p_b else None
    wrapped.vectorised = False
    failed: ValueError | None = None
    for wrapped.one_element_arrays in (False, True):
        try:
            first, again = (wrapped(p_a, p_b, scale) for _ in range(2))
        except ValueError as error:
            failed = failed or error  # plain floats are what its author thought of
        else:
            break
    else:
        assert failed is not None
        raise failed
    differs = ~np.isclose(first, again, rtol=_AGREEMENT, atol=0.0)
    if differs.any():
        i = int(np.argmax(differs))
        where = wrapped._where(_at(p_a, p_b, scale, i))
        two = f"{float(first[i])!r} and then {float(again[i])!r}"
        raise ValueError(f"radius = {two} {where}: legal is a function of its arguments alone")
    wrapped.vectorised = True
    wrapped.check_arrays(p_a, p_b, scale)


def _at(
    p_a: Floats, p_b: Floats | None, scale: Floats, i: int
) -> tuple[float, float | None, float]:
    return float(p_a[i]), None if p_b is None else float(p_b[i]), float(scale[i])


def _plain(value: float | None) -> Any:
    return value


def _shown(value: complex) -> str:
    if np.isnan(value.imag):
        return f"complex({value.real})"
    return f"{value if value.imag else value.real}"


def _one_element(value: float | None) -> Any:
    return None if value is None else np.array([value])


def _number(result: object) -> complex:
    """A number of any kind as a complex one; raises TypeError or ValueError for anything else."""
    if isinstance(result, np.ndarray):
        # what is masked is no value; ValueError unless it has one element
        result = np.ma.filled(result, np.nan).item()
    if isinstance(result, bool | np.bool_ | str | bytes) or result is None:
        raise TypeError
    if isinstance(result, sp.Basic):
        if not isinstance(result, sp.Expr) or result is sp.zoo or result.free_symbols:
            raise TypeError
        return complex(result)
    if isinstance(result, numbers.Complex) and not isinstance(result, numbers.Real):
        value = complex(result)
        # a complex number is none that certifies anything, though its imaginary part be 0
        return value if value.imag else complex(value.real, np.nan)
    number: Any = result
    if not isinstance(result, numbers.Number | Decimal) and not hasattr(result, "__float__"):
        raise TypeError
    try:
        return complex(float(number))
    except OverflowError:
        return complex(np.inf if number > 0 else -np.inf)
    except TypeError:
        return complex(number)  # mpmath's complex numbers


@contextmanager
def _quiet() -> Iterator[None]:
    """Warnings of the user's function are no errors of ours."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
