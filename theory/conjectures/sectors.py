"""The domain of a conjectured radius, cut into sectors on which everything is a germ.

With quantiles a = Q(PA) and b = -Q(PB) the domain 0 < PB <= PA < 1 is a + b >= 0, and the exact
radius is linear: (a + b)/2 for b >= |a| (PB <= 1 - PA) and a for a >= |b|. Each sector has one
of them outside the other, and a sign for the inner one. No quantile function is evaluated: a, b are
the coordinates, and the probabilities are the tails there, so that no digit is lost near 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

import sympy as sp
from flint import arb, fmpq

from theory.conjectures.evaluation import Evaluation, elementary
from theory.conjectures.expressions import num_classes as classes_symbol
from theory.conjectures.germs import Germ, Germs, Sign
from theory.conjectures.jets import Index, NotRealError, OutsideError
from theory.conjectures.normal_tails import normal_tail
from theory.conjectures.numbers import as_ball
from theory.conjectures.polynomials import Box, Monomial, Polynomial
from theory.conjectures.settings import Setting
from theory.symbols import p_a, p_b

__all__ = ["Sector", "sectors"]

#: coordinates: the inner quantile (or its share of the outer one) and what the outer one is more
inner, outer_more = sp.symbols("k n", nonnegative=True)
#: the tails P(X > |a|) and P(X > |b|), at most 1/2
tail_a, tail_b = sp.symbols("t_a t_b", positive=True)
#: how much the tails are below 1/2
short_a, short_b = sp.symbols("u_a u_b", nonnegative=True)
#: |log(scale)|, where a radius is not proportional to the scale
log_scale = sp.Symbol("l", nonnegative=True)
#: larger formulas are not made fractions: that must stay cheap whatever a user writes
_MOST_NODES = 200
#: the scale itself
unit = sp.Symbol("s", positive=True)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lower bound of the exact radius, on the part of a sector where the guards are positive.

    Of several candidates one is the exact radius where its ``top``, the least probability of the
    top class that it counts on, is the largest, and ``exact_where`` are not negative.
    """

    radius: sp.Expr
    guards: tuple[sp.Expr, ...] = ()
    top: sp.Expr = sp.S.Zero
    exact_where: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class Sector:
    """A part of the domain, with its coordinates.

    ``exact`` holds candidates whose largest is the exact radius at scale 1; it is 0 where nothing
    can be certified. ``size_a`` and ``size_b`` are |a| and |b| in the coordinates.
    """

    name: str
    noise: str
    variables: tuple[sp.Symbol, ...]
    box: Box
    size_a: sp.Expr
    size_b: sp.Expr | None
    sign_a: int
    sign_b: int
    exact: tuple[Candidate, ...]
    scale_sign: int = 0
    places: Mapping[sp.Expr, sp.Expr] = field(default_factory=dict)

    @property
    def certifies(self) -> bool:
        """Whether the exact radius is positive inside."""
        return any(one.radius != 0 for one in self.exact)

    @property
    def a_is_inner(self) -> bool:
        """Whether |a| <= |b| on the whole sector (the other way round if not)."""
        if self.size_b is None:
            return True
        half = sp.Rational(1, 2)
        return bool((self.size_b - self.size_a).subs({inner: half, outer_more: half}) >= 0)

    def local(self, radius: sp.Expr) -> sp.Expr:
        """A radius in the published symbols, in those of the sector and in its unit of radius."""
        placed = elementary(radius.subs(dict(self.places), simultaneous=True))
        return self.with_quantiles(placed) / self.quantile_unit

    @property
    def quantile_unit(self) -> sp.Expr:
        """The unit of the coordinates, and of `exact`: sqrt(2 pi) for Gaussian noise, or 1."""
        return sp.sqrt(2 * sp.pi) if self.noise == "gaussian" else sp.Integer(1)

    def with_quantiles(self, radius: sp.Expr) -> sp.Expr:
        """A radius in local symbols with the quantiles and logarithms of the tails recognised."""
        found = radius.replace(
            lambda one: one.func in {sp.erfinv, sp.erfcinv}, self._normal_quantile
        )
        if self.noise != "laplace":
            return found
        return found.replace(lambda one: one.func is sp.log, self._tail_logarithm)

    def with_explicit_tails(self, form: sp.Expr) -> sp.Expr:
        """A formula with the tails in the coordinates, where they are polynomials in them."""
        if self.noise != "uniform":
            return form
        sizes = {tail_a: self.size_a, tail_b: self.size_b}
        return form.subs({tail: (1 - size) / 2 for tail, size in sizes.items() if size is not None})

    def _tail_logarithm(self, node: sp.Expr) -> sp.Expr:
        """log(c t^m) of a tail t = exp(-|z|)/2, as log(c) - m (|z| + log 2)."""
        factors = sp.Mul.make_args(node.args[0])
        sizes = {tail_a: self.size_a, tail_b: self.size_b}
        total, rest = sp.Integer(0), sp.Integer(1)
        for factor in factors:
            base, power = factor.as_base_exp()
            if base in sizes and sizes[base] is not None and power.is_Rational:
                total -= power * (sizes[base] + sp.log(2))
            else:
                rest *= factor
        if total == 0 or (rest.is_number and not rest.is_positive):
            return node
        return sp.expand_log(sp.log(rest)) + total

    def _normal_quantile(self, node: sp.Expr) -> sp.Expr:
        """erfinv(1 - 2t) and erfcinv(2t) at a tail t: |z|/sqrt(2) for Gaussian noise."""
        argument = sp.expand(node.args[0])
        lower = 1 - argument if node.func is sp.erfinv else argument
        for tail, size in ((tail_a, self.size_a), (tail_b, self.size_b)):
            for sign, twice in ((1, 2 * tail), (-1, 2 - 2 * tail)):
                if sp.expand(lower - twice) == 0:
                    near = sp.erfcinv(2 * tail)
                    if self.noise == "gaussian":
                        near = size * self.quantile_unit / sp.sqrt(2)
                    return sign * near
        # of what is near 1 the distance to 1 is exact
        return sp.erfcinv(lower) if node.func is sp.erfinv and lower.is_Mul else node

    def values(self, germs: Germs) -> Mapping[sp.Symbol, Callable[[], Germ]]:
        """What gives the germ of each symbol of the sector on a box."""
        found: dict[sp.Symbol, Callable[[], Germ]] = {
            one: partial(germs.variable, place) for place, one in enumerate(self.variables)
        }
        found[tail_a] = partial(self._tail, germs, self.size_a)
        if self.size_b is not None:
            found[tail_b] = partial(self._tail, germs, self.size_b)
        for short, tail in ((short_a, tail_a), (short_b, tail_b)):
            if tail in found:
                found[short] = partial(_below_half, germs, found[tail])
        if self.scale_sign:
            place = self.variables.index(log_scale)
            exponent = Polynomial.variable(germs.size, place).times(fmpq(-self.scale_sign))
            found[unit] = partial(germs.decaying, exponent, fmpq(1))
        return found

    def tail_at(self, point: Mapping[sp.Symbol, fmpq], side: str) -> arb | None:
        """The tail of PA (side "a") or PB ("b") at a point: a ball; None for no PB."""
        size = self.size_a if side == "a" else self.size_b
        if size is None:
            return None
        box = tuple((point[one], point[one]) for one in self.variables)
        germs = Germs(box, (0,) * len(self.variables))
        return as_ball(germs.collapsed(self._tail(germs, size)).value)

    def is_certified_at(self, point: Sequence[fmpq]) -> bool:
        """Whether the exact radius is certainly positive at a point: by one of its candidates."""
        germs = Germs(tuple((one, one) for one in point), (0,) * len(point))
        at = Evaluation(germs, self.values(germs))

        def is_positive(candidate: Candidate) -> bool:
            try:
                counts = all(germs.sign(at(guard)).is_proof for guard in candidate.guards)
                return counts and germs.sign(at(candidate.radius)) is Sign.POSITIVE
            except (NotRealError, OutsideError):
                return False

        return any(map(is_positive, self.exact))

    def is_outside(self, box: Box) -> bool:
        """Whether PA = 1 or PB = 0 on a box: uniform noise has finite quantiles there."""
        if self.noise != "uniform":
            return False
        outer = outer_more if outer_more in self.variables else inner
        return all(end == 1 for end in box[self.variables.index(outer)])

    @property
    def same_tails(self) -> int | None:
        """The place of the variable at whose 0 the sizes of a and b are equal, if there is one."""
        if self.size_b is None or outer_more not in self.variables or self.noise == "uniform":
            return None
        return self.variables.index(outer_more)

    def derivative(self, form: sp.Expr, index: Index) -> sp.Expr:
        """The Taylor coefficient of a plain formula, the tails being functions of the variables."""
        for variable, order in zip(self.variables, index, strict=True):
            for count in range(1, order + 1):
                total = sp.diff(form, variable)
                for tail, size in ((tail_a, self.size_a), (tail_b, self.size_b)):
                    if size is not None:
                        slope = -self._density(tail, size) * sp.diff(size, variable)
                        total += sp.diff(form, tail) * slope
                form = total / count
        return form

    def _density(self, tail: sp.Expr, size: sp.Expr) -> sp.Expr:
        if self.noise == "laplace":
            return tail
        return sp.exp(-sp.pi * size**2) if self.noise == "gaussian" else sp.Rational(1, 2)

    def at_origin(self, form: sp.Expr) -> sp.Expr:
        """A plain formula where every variable is 0 and every tail 1/2."""
        zeros = dict.fromkeys(self.variables, sp.Integer(0))
        half = sp.Rational(1, 2)
        return form.subs({**zeros, tail_a: half, tail_b: half}, simultaneous=True)

    def at_edge(self, form: sp.Expr) -> sp.Expr:
        """A plain formula where both sizes are equal, as a fraction; a large one as it is."""
        met = form.subs({outer_more: sp.Integer(0), tail_b: tail_a}, simultaneous=True)
        if met.count_ops() > _MOST_NODES or met.has(sp.log, sp.erfcinv, sp.erfinv):
            return met
        return sp.cancel(met.replace(lambda one: one.func is sp.exp, _named_exponential))

    def _tail(self, germs: Germs, size: sp.Expr) -> Germ:
        at = self._polynomial(germs, size)
        half = fmpq(1, 2)
        if self.noise == "uniform":
            return germs.polynomial(Polynomial.constant(germs.size, half) + at.times(-half))
        if self.noise == "laplace":
            return germs.decaying(at, half)
        return normal_tail(germs, at)

    def _polynomial(self, germs: Germs, size: sp.Expr) -> Polynomial:
        return Polynomial(germs.size, dict(_terms(size, self.variables)))


@lru_cache(maxsize=512)
def _terms(size: sp.Expr, variables: tuple[sp.Symbol, ...]) -> Mapping[Monomial, fmpq]:
    """The terms of a polynomial in the coordinates, those that are not 0."""
    return {
        (tuple(map(int, powers)), 1): fmpq(int(value.p), int(value.q))
        for powers, value in sp.Poly(size, *variables).terms()
        if value
    }


def _named_exponential(exponential: sp.Expr) -> sp.Expr:
    return sp.Symbol(str(exponential), positive=True)


def _below_half(germs: Germs, tail: Callable[[], Germ]) -> Germ:
    return germs.add(germs.constant(fmpq(1, 2)), germs.negative(tail()))


def sectors(
    noise: str, setting: Setting, num_classes: int | None, *, proportional: bool
) -> list[Sector]:
    """The sectors of a setting, for noise "laplace", "gaussian" or "uniform".

    ``proportional`` says that radii are proportional to the scale, which is then 1; otherwise each
    sector comes twice, for scales up to 1 and from 1 on, and radii are to be divided by the scale.

    >>> [one.name for one in sectors("laplace", Setting.BINARY, 2, proportional=True)]
    ['PA >= 1/2', 'PA <= 1/2']
    """
    plain = _binary(noise) if setting is Setting.BINARY else _pairs(noise, setting, num_classes)
    if proportional:
        return plain
    return [_scaled(one, sign) for one in plain for sign in (-1, 1)]


def _scaled(one: Sector, sign: int) -> Sector:
    return Sector(
        f"{one.name}, scale {'<=' if sign < 0 else '>='} 1",
        one.noise,
        (*one.variables, log_scale),
        (*one.box, (fmpq(0), None)),
        one.size_a,
        one.size_b,
        one.sign_a,
        one.sign_b,
        one.exact,
        sign,
        one.places,
    )


def _side(noise: str) -> tuple[fmpq, fmpq | None]:
    return (fmpq(0), fmpq(1) if noise == "uniform" else None)


def _binary(noise: str) -> list[Sector]:
    box = (_side(noise),)
    above, below = {p_a: 1 - tail_a}, {p_a: tail_a}
    exact, nothing = (Candidate(inner),), (Candidate(sp.Integer(0)),)
    return [
        Sector("PA >= 1/2", noise, (inner,), box, inner, None, 1, 1, exact, places=above),
        Sector("PA <= 1/2", noise, (inner,), box, inner, None, -1, 1, nothing, places=below),
    ]


def _pairs(noise: str, setting: Setting, num_classes: int | None) -> list[Sector]:
    # Laplace, Gaussian: inner = k, outer = k + n; uniform: outer = n in [0, 1], inner = k n
    small, large = inner, inner + outer_more
    if noise == "uniform":
        small, large = inner * outer_more, outer_more
    box = (_side(noise),) * 2
    found = []
    for b_outside in (True, False):
        for sign in (1, -1):
            size_a, size_b = (small, large) if b_outside else (large, small)
            sign_a, sign_b = (sign, 1) if b_outside else (1, sign)
            top = 1 - tail_a if sign_a > 0 else tail_a
            exact = _exact(noise, setting, num_classes, b_outside, large, sign * small, top)
            places = {
                p_a: 1 - tail_a if sign_a > 0 else tail_a,
                p_b: tail_b if sign_b > 0 else 1 - tail_b,
            }
            if num_classes is not None:
                places[classes_symbol] = sp.Integer(num_classes)
            words = [
                "PB <= 1 - PA" if b_outside else "PB >= 1 - PA",
                ("PA" if b_outside else "PB")
                + (" >= 1/2" if (sign > 0) == b_outside else " <= 1/2"),
            ]
            one = Sector(
                ", ".join(words),
                noise,
                (inner, outer_more),
                box,
                size_a,
                size_b,
                sign_a,
                sign_b,
                exact,
                places=places,
            )
            found.append(one)
    return found


def _exact(
    noise: str,
    setting: Setting,
    num_classes: int | None,
    b_outside: bool,
    large: sp.Expr,
    signed: sp.Expr,
    top: sp.Expr,
) -> tuple[Candidate, ...]:
    # beyond PB = 1 - PA, and with two classes, the radius is the larger quantile
    if not b_outside or setting is Setting.BINARY_PB or num_classes == 2:
        return (Candidate(large),)
    free = Candidate(sp.expand((large + signed) / 2), top=top)
    if num_classes is None:
        return (free,)
    # PA is at least 1 - y, y = (K - 1) PB: the quantile of 1 - y in the place of a
    y = (num_classes - 1) * tail_b
    if noise == "laplace":
        # -log(2y) from y = 1/2 down, and log(2(1 - y)) from there on, which is never the larger
        far = Candidate((large - sp.log(2 * y)) / 2, (1 - 2 * y,), 1 - y)
        near = Candidate((large + sp.log(2 * (1 - y))) / 2, (1 - y,), 1 - y, (2 * y - 1,))
        return free, far, near
    if noise == "gaussian":
        forced = sp.erfcinv(2 * y) / sp.sqrt(sp.pi)
        return free, Candidate((large + forced) / 2, (1 - y,), 1 - y)
    # beyond y = 1 it is less than the other
    return free, Candidate((large + 1 - 2 * y) / 2, (), 1 - y)
