"""The tilted characteristic function, its bounds over many frequencies, and the smoothing."""

import cmath
import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb

from theory import characteristic, frequency_bounds
from theory.balls import rational_ball
from theory.characteristic import (
    Frequency,
    Magnitudes,
    characteristic_function,
    log_coefficients,
    power_sums,
    tilted_values,
)
from theory.exact import working_precision
from theory.frequency_bounds import FrequencyBounds, bound_frequencies
from theory.smoothing import ORDER, Smoothing

Groups = dict[Fraction, int]

FEW = {Fraction(2, 5): 1, Fraction(1, 3): 1, Fraction(1, 7): 1}
ODD = {Fraction(1, 100): 301}


def exponential_mean(size: float, s: complex) -> complex:
    """E e^(s T) for one magnitude: two atoms and a density, by quadrature."""
    smooth = mpmath.quad(lambda x: mpmath.exp(s * (size - 2 * x) - x) / 2, [0, size])
    atoms = cmath.exp(s * size) / 2 + math.exp(-size) * cmath.exp(-s * size) / 2
    return complex(smooth) + atoms


def test_characteristic_functions_by_quadrature() -> None:
    groups = {Fraction(1, 5): 2, Fraction(5, 3): 1, Fraction(1, 60): 3}
    for y in (Fraction(0), Fraction(1, 3), Fraction(7), Fraction(31)):
        wanted = math.prod(exponential_mean(float(a), 1j * y) ** n for a, n in groups.items())
        found = characteristic_function(groups, y)
        assert complex(found.real, found.imag) == pytest.approx(wanted, abs=1e-13)
        place = y / Fraction(math.pi)  # the float's value: y is off by 1e-16
        [tilted] = tilted_values(Magnitudes.of(groups), [Frequency(place, place)])
        s = complex(-0.5, float(y))
        wanted = math.prod(exponential_mean(float(a), s) ** n for a, n in groups.items())
        assert float(tilted) == pytest.approx(wanted.real, abs=1e-13)
        assert abs(wanted.imag) < 1e-13


@pytest.mark.parametrize("terms", [3, 5, 12])
def test_the_remainder_covers_what_is_left_out(terms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Magnitudes.of({Fraction(j, 40): j for j in range(1, 9)})
    places = [Fraction(0), Fraction(1, 9), Fraction(2, 3), Fraction(2)]
    asked = [Frequency(y, y) for y in places]
    shifted = [Frequency(40 + v, v, 1) for v in (Fraction(1, 3), Fraction(-3, 2))]
    with working_precision(128):
        monkeypatch.setattr(characteristic, "_order", lambda ratio, size: terms)
        short = tilted_values(known, [*asked, *shifted])
        monkeypatch.setattr(characteristic, "_RATIO", 0.0)
        direct = tilted_values(known, [*asked, *shifted])
        unshifted = tilted_values(known, [Frequency(at.place, at.place) for at in shifted])
    for one, other in zip(short, [*direct[:4], *unshifted], strict=True):
        assert one.overlaps(other)
    # the ball is not much wider than what it must cover
    assert max(float(one.rad()) for one in short[:2]) < {3: 1e-2, 5: 1e-3, 12: 1e-6}[terms]


def test_power_sums_hold_the_exact_ones() -> None:
    groups = {Fraction(1, 3): 4, Fraction(22, 7): 2, Fraction(1, 10**9): 5}
    with working_precision(96):
        for j, found in enumerate(power_sums(Magnitudes.of(groups), 12), 1):
            wanted = sum((a / 4) ** j * n for a, n in groups.items())
            assert found.contains(rational_ball(wanted))
            assert found.rel_accuracy_bits() > 44


def test_log_coefficients_are_the_power_sums_of_the_zeros() -> None:
    slope, order = 0.7, 9
    zeros = [-math.atan(1 / slope) + k * math.pi for k in range(-40_000, 40_000)]
    found = log_coefficients(arb(slope), order)
    for j in range(2, order + 1):
        wanted = -math.fsum(zero**-j for zero in zeros) / j
        assert float(found[j - 1]) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("groups", "period", "ranges"),
    [
        ({Fraction(j * j + 1, 97): 1 for j in range(1, 9)}, 8, [(3, 40), (900, 960)]),
        ({Fraction(1, 64): 40}, 2, [(20, 300), (1000, 1100)]),
        ({Fraction(j, 300): 1 for j in range(1, 130)}, 64, [(20, 400), (9000, 9700)]),
    ],
)
def test_sums_over_frequencies_are_bounded(
    groups: Groups, period: int, ranges: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, length = Magnitudes.of(groups), Fraction(period)

    def short_of(start: int, stop: int, level: float) -> bool:
        found = bound_frequencies(known, length, start, stop, level=level)
        assert found.end == stop
        ends = [*found.first[1:].astype(int).tolist(), stop]
        short = False
        for first, end, total in zip(found.first.astype(int), ends, found.total, strict=True):
            places = [Fraction(2 * int(n)) / length for n in range(first, end)]
            values = tilted_values(known, [Frequency(y, y) for y in places])
            short |= math.fsum(abs(float(one)) for one in values) > total
        return short

    for (start, stop), level in itertools.product(ranges, (0.0, 1e-6)):
        assert not short_of(start, stop, level)
    monkeypatch.setattr(frequency_bounds, "_SECOND", 1.03 * frequency_bounds._SECOND)
    assert any(short_of(start, stop, 0.0) for start, stop in ranges)
    monkeypatch.undo()
    # each cell taken for its middle
    kept = frequency_bounds._products
    monkeypatch.setattr(
        frequency_bounds,
        "_products",
        lambda low, high, turns, length: kept((low + high) / 2, (low + high) / 2, turns, length),
    )
    monkeypatch.setattr(frequency_bounds, "_RELATIVE_CELL", 4)
    assert period != 64 or any(short_of(start, stop, 0.0) for start, stop in ranges)


def test_wide_cells_bound_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(8).random(700)
    known = Magnitudes.of(drawn * (2 / drawn.sum()))
    period, start, stop = Fraction(17, 4), 60_000, 66_000
    monkeypatch.setattr(frequency_bounds, "_SLOW", 10)
    monkeypatch.setattr(frequency_bounds, "_SPREAD", 2.0)
    used = []
    kept = frequency_bounds._split
    monkeypatch.setattr(frequency_bounds, "_split", lambda *a: used.append(a) or kept(*a))
    wide = bound_frequencies(known, period, start, stop, level=1e-2)
    assert used and any(len(low) for low, *_ in used)
    steps = np.arange(start, stop) * (2 * math.pi / float(period))
    sizes = np.repeat(known.values, known.counts)
    factors = np.cos(np.outer(steps, sizes)) + np.sin(np.outer(steps, sizes)) / (2 * steps[:, None])
    total = math.fsum(np.abs(np.prod(factors * np.exp(-sizes / 2), axis=1)))
    assert total <= wide.total.sum() < 1e-2 * (stop - start)


def test_the_coordinates_left_out_count_as_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    known, period = Magnitudes.of({Fraction(2, 3): 9, Fraction(1): 7}), Fraction(32)
    places = [Fraction(2 * n) / period for n in range(5)]
    values = [float(one) for one in tilted_values(known, [Frequency(y, y) for y in places])]
    monkeypatch.setattr(frequency_bounds, "_CHOICES", (1, 3))

    def found(level: float) -> FrequencyBounds:
        return bound_frequencies(known, period, 1, 5, level=level)

    for level in (1.0, 0.38, 0.0):
        assert found(level).most >= values[0]
        assert all(found(level).total >= np.abs(values[1:]))
    assert found(0.0).total.sum() < found(0.38).total.sum() < found(1.0).total.sum()
    assert found(1.0).total[0] == pytest.approx(found(1.0).most)
    kept = frequency_bounds._exponential
    monkeypatch.setattr(frequency_bounds, "_exponential", lambda *sums: 0.8 * kept(*sums))
    assert found(0.0).most < values[0]
    assert found(0.0).total[0] < values[1]


def test_sums_above_the_largest_leave_coordinates_out() -> None:
    known, period = Magnitudes.of({Fraction(30): 20, Fraction(40): 20}), Fraction(3000)
    found = bound_frequencies(known, period, 20, 60, level=0.0)
    places = [Fraction(2 * n) / period for n in range(20, 60)]
    values = tilted_values(known, [Frequency(y, y) for y in places])
    assert all(found.total >= [abs(float(one)) for one in values])
    assert len(found.total) == 40 and found.total.max() < 1e-80


def test_gaps_are_left_out() -> None:
    known, period = Magnitudes.of(ODD), Fraction(13, 2)
    whole = bound_frequencies(known, period, 200, 900)
    parts = bound_frequencies(known, period, 200, 900, gaps=[(100, 150), (300, 350), (880, 950)])
    assert parts.end == 951 and whole.end == 900
    assert not any(300 <= first <= 350 or first >= 880 for first in parts.first)
    assert parts.total.sum() < whole.total.sum()
    with pytest.raises(ValueError, match="legal is from 951 on"):
        parts.joined(whole)
    assert len(whole.joined(FrequencyBounds(np.array([900.0]), np.array([1.0]), 901)).first) > 1


def test_weights_are_above_the_sums_that_they_replace() -> None:
    bounds = FrequencyBounds(np.array([5.0, 9.0]), np.array([2.0, 0.5]), 12)
    period, step = Fraction(3), Fraction(1, 5)
    for order, power in ((ORDER, 0), (ORDER, 1), (ORDER, 2)):
        y = np.arange(5, 20_000) * (2 * math.pi / 3)
        weights = np.minimum(1, 2 / (y * 0.2)) ** order / y**power
        # 2 and 1/2 shared out in the worst way, 1 each from n = 12 on
        wanted = 2 * weights[0] + 0.5 * weights[4] + weights[7:].sum()
        found = bounds.weighted(period, step, order, power)
        assert wanted <= found < 6 * wanted


@pytest.mark.parametrize("step", [Fraction(1, 50), Fraction(1), Fraction(3)])
def test_smoothing_bounds_the_kink_and_the_jump(step: Fraction) -> None:
    smooth = Smoothing(step)
    width, reach = float(step), float(smooth.reach)
    # the density of Z by repeated convolution on a fine grid
    cells = 200
    box = np.full(cells, 1 / cells)
    mass = box
    for _ in range(ORDER - 1):
        mass = np.convolve(mass, box)
    z = (np.arange(len(mass)) - (len(mass) - 1) / 2) * width / cells
    density = mass / (width / cells)
    factor, kink = float(smooth.factor), float(smooth.kink)
    assert float(np.sum(mass * np.exp(z / 2))) == pytest.approx(factor, rel=1e-3 * width)
    for y in (0.3 / width, 4 / width):
        wanted = float(np.sum(mass * np.cos(y * z)))
        assert float(smooth.transform(arb(y))) == pytest.approx(wanted, rel=1e-3)
        assert abs(wanted) <= float(smooth.decay(arb(y))) * 1.001
    lacking = []
    for x in np.linspace(0, reach, 41):
        lost = math.exp(-x / 2) - float(np.sum(mass * np.exp(-np.abs(x + z) / 2))) / factor
        b = float(np.interp(x, z, density))
        assert -1e-4 * kink / width <= lost <= kink * b + 1e-4 * kink / width
        lacking.append(lost - 0.9 * kink * b)
    # at the kink itself little is given away, so a smaller kappa fails
    assert lacking[0] > 0 or step >= 1
    for x in np.linspace(-3 * reach, 3 * reach, 61):
        exact = math.exp(x / 2) if x <= 0 else 0.0
        for sign in (1, -1):
            moved = x - sign * reach - z
            mean = float(np.sum(mass * np.where(moved <= 1e-12, np.exp(moved / 2), 0.0)))
            bound = math.exp(sign * reach / 2) * mean / factor
            assert sign * (bound - exact) >= -1e-3 * width


def test_other_bad_input_is_named() -> None:
    known = Magnitudes.of(FEW)
    with pytest.raises(ValueError, match=r"frequencies 0\.\.4"):
        bound_frequencies(known, Fraction(4), 0, 4)
    with pytest.raises(ValueError, match="not the value of a float"):
        bound_frequencies(known, Fraction(10, 3), 1, 4)
    with pytest.raises(ValueError, match="step = 0"):
        Smoothing(Fraction(0))
