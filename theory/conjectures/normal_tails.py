"""The Gaussian tail as a germ: Phi(-z) = exp(-pi w^2) M(z) at z = sqrt(2 pi) w, M being bounded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flint import arb, fmpq

from theory.conjectures.germs import Germ, Germs
from theory.conjectures.jets import OutsideError
from theory.conjectures.numbers import ZERO, Number, add, as_ball, is_zero, multiply, up_to
from theory.conjectures.polynomials import Polynomial

__all__ = ["normal_tail"]

#: up to here the tail is not much less than 1/2, and its own series is the sharper one
_NEAR = fmpq(1, 2)
#: from here on Mills' ratio is bounded by its asymptotic series
_FAR = 10_000


def normal_tail(germs: Germs, at: Polynomial) -> Germ:
    """Phi(-z) at z = sqrt(2 pi) w, for w = ``at``: exp(-pi w^2) M(z); exp(-c w^2) far out.

    In these units its derivative at 0 is -1 and its second derivative 0, exactly.
    """
    square = (at * at).times_pi()
    if at.greatest(germs.box) is not None:
        jet = at.jet(germs.box, germs.orders)
        if is_zero(jet.value):
            return germs.bounded(jet.apply(_central_series))
        if as_ball(jet.value) <= _NEAR:
            return germs.bounded(jet.apply(_near_series))
        return germs.decaying(square, jet.apply(_mills_series))
    low = as_ball(at.least(germs.box))
    if not low >= 1:
        raise OutsideError("a normal tail on an unbounded box before 1")
    if any(germs.orders):
        changes = at.jet(germs.box, germs.orders, derivatives_only=True)
        return germs.bounded(changes.apply(partial(_far_series, low)))
    # -log M(z)/z^2 falls for z >= 2, as M(z) < 1/(z sqrt(2 pi)): it is between 0 and its start
    z = low * _unit_ball()
    far = -(_mills(z).log()) / z**2
    return germs.decaying((at * at).times(arb.pi() * (1 + 2 * up_to(far))), fmpq(1))


def _far_series(low: arb, _: Number, highest: int) -> Sequence[Number]:
    # Phi(-z) and its derivatives in w, all of which decay from w = 1 on
    pi = arb.pi()
    density = (-pi * low**2).exp()
    known: list[Number] = [
        up_to(density * _mills(low * _unit_ball())),
        -up_to(density),
        up_to(pi * low * density),
        -up_to(2 * pi**2 / 3 * low**2 * density),
    ]
    if highest >= len(known):
        raise OutsideError("a derivative of high order")
    return known[: highest + 1]


def _unit_ball() -> arb:
    return (2 * arb.pi()).sqrt()


def _mills(z: arb) -> arb:
    if z > _FAR:  # (1 - 1/z^2)/(z sqrt(2 pi)) < M(z) < 1/(z sqrt(2 pi)); exp(z^2) may overflow
        return arb(1).union(1 - 1 / z**2) / (z * _unit_ball())
    return (z / arb(2).sqrt()).erfc() * (z**2 / 2).exp() / 2


def _mills_series(at: Number, highest: int) -> Sequence[Number]:
    # M' = z M - 1/sqrt(2 pi) in z, and so m_(n+1) = 2 pi (w m_n + m_(n-1))/(n + 1) in w
    ball = as_ball(at)
    low, high = arb(ball.lower()), arb(ball.upper())
    found = [_mills(high * _unit_ball()).union(_mills(low * _unit_ball()))]  # M decreases
    if highest:
        found.append(2 * arb.pi() * ball * found[0] - 1)
    for order in range(1, highest):
        found.append(2 * arb.pi() * (ball * found[order] + found[order - 1]) / (order + 1))
    return found


def _near_series(at: Number, highest: int) -> Sequence[Number]:
    # the density exp(-pi w^2) has e_(n+1) = -2 pi (w e_n + e_(n-1))/(n + 1), and is -tail'
    ball = as_ball(at)
    low, high = arb(ball.lower()), arb(ball.upper())
    low = low if low > 0 else arb(0)
    tails = [(z * _unit_ball() / arb(2).sqrt()).erfc() / 2 for z in (low, high)]
    density: list[Number] = [(-arb.pi() * low**2).exp().union((-arb.pi() * high**2).exp())]
    before: Number = ZERO
    for order in range(highest - 1):
        total = add(multiply(ball, density[order]), before)
        before = density[order]
        density.append(multiply(-2 * arb.pi() / (order + 1), total))
    slopes = [multiply(fmpq(-1, order + 1), one) for order, one in enumerate(density)]
    return [tails[0].union(tails[1]), *slopes[:highest]]


def _central_series(_: Number, highest: int) -> Sequence[Number]:
    # Phi(-z) = 1/2 - w + pi w^3/3 - pi^2 w^5/10 + ...
    third, fifth = arb.pi() / 3, -(arb.pi() ** 2) / 10
    known = [fmpq(1, 2), fmpq(-1), ZERO, third, ZERO, fifth, ZERO]
    if highest >= len(known):
        raise OutsideError("a derivative of high order")
    return known[: highest + 1]
