"""The radii with which a conjectured one is compared, in published symbols.

    theorem_1    max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)}    eq. (1)
    theorem_2    -lambda log(2 (1 - PA)), with two classes               eq. (2)
    exact        the largest radius that this noise certifies            `Sector.exact`
    lecuyer      (lambda/2) log(PA/PB)                                   Table 1
    cohen        (sigma/2) (Phi^-1(PA) - Phi^-1(PB))                     Table 1
    uniform      half_width (PA - PB)                                    Yang et al. (2020)

Each belongs to a noise of its own, and all these noises have one variance:
sigma = sqrt(2) lambda = half_width/sqrt(3). In the binary setting PB is 1 - PA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from theory.conjectures.expression_text import half_width
from theory.conjectures.sectors import Candidate, Sector, inner, tail_a, tail_b
from theory.conjectures.settings import Setting
from theory.exact import describe
from theory.symbols import lam, p_a, p_b, sigma

__all__ = ["Rival", "exact_on", "exact_on_slice", "rivals"]

NOISES = ("laplace", "gaussian", "uniform")


@dataclass(frozen=True, slots=True)
class Rival:
    """A radius to compare with.

    Parameters
    ----------
    name : str
        As in a report.
    radius : sympy.Expr or None
        In published symbols and proportional to its scale; None for the exact radius of the noise,
        which `exact_on` and `exact_on_slice` state in the coordinates of a sector.
    """

    name: str
    radius: sp.Expr | None


def _quantile(p: sp.Expr) -> sp.Expr:
    return sp.sqrt(2) * sp.erfinv(2 * p - 1)


def rivals(noise_name: str, setting: Setting, num_classes: int | None) -> Mapping[str, Rival]:
    """The known radii of a setting, by name.

    Parameters
    ----------
    noise_name : {"laplace", "gaussian", "uniform"}
        The noise of the conjectured radius, whose own exact radius is among them.
    setting : Setting
        Theorem 2 is about two classes, and among the rivals in the two binary settings only.
    num_classes : int or None
        As `parse_setting` returns it.

    Returns
    -------
    mapping of str to Rival

    Raises
    ------
    ValueError
        If the noise is none of the three.

    Examples
    --------
    >>> known = rivals("laplace", Setting.BINARY, 2)
    >>> list(known)
    ['theorem_1', 'theorem_2', 'exact', 'lecuyer', 'cohen', 'uniform']
    >>> known["theorem_2"].radius
    -lambda*log(2 - 2*p_A)
    >>> "theorem_2" in rivals("laplace", Setting.K_CLASSES, 3)
    False
    """
    check_noise(noise_name)
    other = p_b if setting.has_p_b else 1 - p_a
    lecuyer = lam * sp.log(p_a / other) / 2
    cohen = sigma * (_quantile(p_a) - _quantile(p_b)) / 2
    found: dict[str, sp.Expr | None] = {
        "theorem_1": sp.Max(lecuyer, -lam * sp.log(1 - p_a + other)),
        "theorem_2": -lam * sp.log(2 * (1 - p_a)),
        "exact": None,
        "lecuyer": lecuyer,
        "cohen": cohen if setting.has_p_b else sigma * _quantile(p_a),
        "uniform": half_width * (p_a - other),
    }
    if setting in (Setting.MULTICLASS, Setting.K_CLASSES) and num_classes != 2:
        del found["theorem_2"]
    return {name: Rival(name, radius) for name, radius in found.items()}


def check_noise(noise_name: str) -> None:
    """ValueError for a noise that has no sectors.

    >>> check_noise("cauchy")
    Traceback (most recent call last):
        ...
    ValueError: noise = 'cauchy' is none of laplace, gaussian, uniform
    """
    if noise_name not in NOISES:
        raise ValueError(f"noise = {describe(noise_name)!r} is none of {', '.join(NOISES)}")


def exact_on(
    sector: Sector, setting: Setting, num_classes: int | None, noise: str | None = None
) -> sp.Expr:
    """The exact radius of a noise, by default the sector's, in the sector's own symbols.

    A candidate with a guard is about the top class's share when K - 1 others have PB each. It is
    the larger one only where that is more than PA, so there it is taken: its logarithm is
    then real.

    >>> from theory.conjectures.sectors import sectors
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> exact_on(one, Setting.BINARY, 2), exact_on(one, Setting.BINARY, 2, "uniform")
    (k, 1 - 2*t_a)
    """
    if noise is not None and noise != sector.noise:
        candidates = _candidates(sector, setting, num_classes, noise)
    else:
        candidates = sector.exact
    plain = [one.radius for one in candidates if not one.guards]
    guarded = [_where_it_counts(sector, one, num_classes) for one in candidates if one.guards]
    arms = [*plain, *guarded]
    return arms[0] if len(arms) == 1 else sp.Max(*arms, evaluate=False)


def _candidates(
    sector: Sector, setting: Setting, num_classes: int | None, noise: str
) -> tuple[Candidate, ...]:
    """As `Sector.exact`, of a noise whose quantiles are not the sector's coordinates."""
    upper, unit = _UPPER[noise], sector.quantile_unit
    if not sector.certifies:
        return (Candidate(sp.Integer(0)),)
    if sector.size_b is None or sector.size_b.subs(inner, 0) == 0:
        return (Candidate(upper(tail_a) / unit),)
    outer = upper(tail_b)
    if setting is Setting.BINARY_PB or num_classes == 2:
        return (Candidate(outer / unit),)
    free = Candidate((sector.sign_a * upper(tail_a) + outer) / 2 / unit)
    if num_classes is None:
        return (free,)
    y = (num_classes - 1) * tail_b  # PA is at least 1 - y
    if noise != "laplace":
        return free, Candidate((outer + upper(y)) / 2 / unit, (1 - y,))
    far = Candidate((outer + upper(y)) / 2 / unit, (1 - 2 * y,))
    return free, far, Candidate((outer - upper(1 - y)) / 2 / unit, (1 - y,))


def _where_it_counts(sector: Sector, one: Candidate, num_classes: int | None) -> sp.Expr:
    assert num_classes is not None
    top, other = sector.places[p_a], sector.places[p_b]
    forced = sp.expand(1 - (num_classes - 1) * other - top)
    conditions = [guard >= 0 for guard in one.guards] + [forced >= 0]
    return sp.Piecewise((one.radius, sp.And(*conditions)), (sp.Integer(0), True))


def exact_on_slice(
    sector: Sector,
    setting: Setting,
    num_classes: int | None,
    share: sp.Rational | None,
    noise: str | None = None,
) -> sp.Expr:
    """The exact radius of a noise, by default the sector's, where PB = share * min(PA, 1 - PA).

    Parameters
    ----------
    sector : Sector
        Of the binary setting: its coordinate is PA's quantile.
    setting, num_classes
        A setting with PB.
    share : sympy.Rational or None
        In (0, 1]; None: PB = 1/2 and PA at least that.

    Returns
    -------
    sympy.Expr
        In the sector's own symbols, with Q the quantile function: (Q(PA') - Q(PB))/2 with
        PA' = max(PA, 1 - (K - 1) PB); -Q(PB) with two classes; Q(PA) where PB = 1/2.

    Examples
    --------
    >>> from theory.conjectures.sectors import sectors
    >>> one = sectors("laplace", Setting.BINARY, 2, proportional=True)[0]
    >>> exact_on_slice(one, Setting.MULTICLASS, None, sp.Rational(1, 2))
    k/2 - log(t_a)/2
    """
    unit, upper = sector.quantile_unit, _UPPER[noise or sector.noise]
    at = inner if noise in (None, sector.noise) else upper(tail_a) / unit
    if share is None:
        return at
    outer = upper(share * tail_a) / unit
    if setting is Setting.BINARY_PB or num_classes == 2:
        return outer
    if num_classes is None:
        return (sector.sign_a * at + outer) / 2
    forced = (num_classes - 1) * share
    if sector.sign_a > 0 or forced <= 1:
        nearer = sector.sign_a > 0 and forced >= 1
        return ((at if nearer else upper(forced * tail_a) / unit) + outer) / 2
    above = forced * tail_a  # PA is tail_a here, and PA' = 1 - above where that is more
    top = sp.Piecewise(
        (upper(above) / unit, above <= sp.Rational(1, 2)),
        (-upper(1 - above) / unit, above + tail_a <= 1),
        (-at, True),
    )
    return (top + outer) / 2


#: the x with P(X > x) = q, for q <= 1/2
_UPPER: Mapping[str, Callable[[sp.Expr], sp.Expr]] = {
    "laplace": lambda q: -sp.log(2 * q),
    "gaussian": lambda q: sp.sqrt(2) * sp.erfcinv(2 * q),
    "uniform": lambda q: 1 - 2 * q,
}
