"""Section 5.1: approximate certified accuracy falls with the radius, to 0 beyond a ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, as_value, enclosed, isolate_root, sign_on_box
from theory.enclosures.coverage import over, positive_from_zero, scales_as
from theory.enclosures.identities import settled, within
from theory.enclosures.tail_bounds import tail_below_gaussian
from theory.searches.ceiling_search import search_ceilings
from theory.steps import dp_terms, gaussian_steps, laplace_steps, uniform_steps
from theory.symbols import lam, p, r, u
from theory.tightness import half_line_mass

_NUMBERS = "n = 100000, alpha = 0.001"

CLAIM = Claim(
    slug="certified_accuracy_monotone",
    source="section 5.1, eq. (3)",
    statement=(
        "The approximate certified accuracy, the share of samples that are classified correctly "
        "and certified at a radius of at least r, is non-increasing in r and tends to 0."
    ),
    latex=(
        r"\hat\alpha(r)=\frac1n\sum_{i=1}^n x_i\,1(\hat R_i\ge r),\quad "
        r"r\le r'\Rightarrow\hat\alpha(r)\ge\hat\alpha(r'),\quad "
        r"\lim_{r\to\infty}\hat\alpha(r)=0"
    ),
    variables=(
        Variable("r", "[0, oo)", "radius at which samples are counted"),
        Variable("x_i", "{0, 1}", "1 where sample i is classified correctly"),
        Variable("R_i", "real", "certified radius of sample i, from the lower bound p"),
        Variable("n", "1, 2, 3, ...", "noise draws for one sample's bound, here 100000"),
        Variable("alpha", "(0, 1)", "significance of the bound, here 0.001"),
        Variable(
            "lambda", "(0, oo)", "Laplace scale, sigma = sqrt(2) lambda, Lambda = sqrt(6) lambda"
        ),
    ),
    parts=(
        Part("non_increasing", "no sample counted at r' > r is missing at r"),
        Part(
            "tends_to_zero",
            "no count out of n gives a bound above alpha^(1/n) < 1, so for every n and alpha none "
            "of the four radii is above a finite ceiling, and the share is 0 beyond it",
        ),
        *(
            Part(f"ceiling_{name}", f"for {_NUMBERS} the largest radius of {whose} is {number}")
            for name, whose, number in (
                ("laplace", "Theorem 2", "8.887168 lambda (laplace_ceiling)"),
                ("lecuyer", "Lecuyer et al.", "4.790123 lambda (lecuyer_ceiling)"),
                ("cohen", "Cohen et al.", "5.390213 lambda (cohen_ceiling)"),
                ("uniform", "uniform noise", "2.449151 lambda (uniform_ceiling)"),
            )
        ),
    ),
    assumptions=(
        "The bound is the one-sided one of Clopper and Pearson: the p at which at least as many "
        "successes have the probability alpha. A two-sided interval puts alpha/2 on this side, "
        "which lowers each ceiling to its two_sided value. An abstention certifies no radius."
    ),
    reference="paper, section 5.1; Clopper and Pearson (1934); Cohen et al. (2019), section 3.2",
    absent={
        Rung.EXPERIMENT: "the statement holds for every classifier, so none has to be trained",
        Rung.FIGURE: "Figures 6 to 8 draw measured accuracies of trained networks",
    },
)

_alpha = sp.Symbol("alpha", positive=True)
_n = sp.Symbol("n", integer=True, positive=True)
_R = sp.Rational

PRINTED: Statement = {
    "counted": ">=",  # a sample counts at r where R_i stands in this relation to r
    "bound": sp.Lambda((_alpha, _n), _alpha ** (1 / _n)),  # from n successes out of n
    "laplace": -lam * sp.log(2 * (1 - p)),
    "lecuyer": lam * sp.log(p / (1 - p)) / 2,
    "cohen": 2 * lam * sp.erfinv(2 * p - 1),
    "uniform": 2 * sp.sqrt(6) * lam * (p - _R(1, 2)),
    "laplace_ceiling": (_R(88871680, 10**7), _R(88871681, 10**7)),
    "lecuyer_ceiling": (_R(47901230, 10**7), _R(47901231, 10**7)),
    "cohen_ceiling": (_R(53902135, 10**7), _R(53902136, 10**7)),
    "uniform_ceiling": (_R(24491513, 10**7), _R(24491514, 10**7)),
}

_SHIFT = lam * _R(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)


def _larger(name: str) -> Statement:
    return {name: PRINTED[name] + _SHIFT}


_HALVED = {"bound": sp.Lambda((_alpha, _n), (_alpha / 2) ** (1 / _n))}
_ABOVE = {"bound": sp.Lambda((_alpha, _n), _alpha ** (1 / _n) + _R(1, 10**6))}
_NARROW = {"cohen": PRINTED["cohen"] / sp.sqrt(2)}
_HIGHER = {"laplace_ceiling": tuple(end + _R(1, 10**6) for end in PRINTED["laplace_ceiling"])}
_COUNTED = (Rung.DERIVATION, Rung.SEARCH, Rung.SIMULATION)
MUTANTS = (
    Mutant("counted where R_i <= r", {"counted": "<="}, "non_increasing", _COUNTED),
    Mutant("bound larger by 1e-6", _ABOVE, "tends_to_zero", _FLOATS),
    Mutant("alpha/2 for alpha", _HALVED, "tends_to_zero", _ALL),
    Mutant("Theorem 2 larger by 1e-6", _larger("laplace"), "ceiling_laplace", _FLOATS),
    Mutant("Lecuyer larger by 1e-6", _larger("lecuyer"), "ceiling_lecuyer", _FLOATS),
    Mutant("Cohen larger by 1e-6", _larger("cohen"), "ceiling_cohen", _FLOATS),
    Mutant("uniform larger by 1e-6", _larger("uniform"), "ceiling_uniform", _FLOATS),
    Mutant("Cohen at sigma = lambda", _NARROW, "ceiling_cohen", _ALL),
    Mutant("ceiling larger by 1e-6", _HIGHER, "ceiling_laplace", _FLOATS),
)

_k, _w, _q, _z = sp.symbols("k w q z", positive=True)
_gap, _spare, _far = sp.symbols("g c rho", positive=True)
_point, _radius = sp.Symbol("t", real=True), sp.Function("R")
#: log(1/alpha)/n for the printed numbers: the bound from n successes is e^-w
_W = sp.log(1000) / 100000


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Radii are thresholds of the noise, so a bound below 1 certifies a finite radius."""
    chains = [
        chain(
            "non_increasing",
            _non_increasing(statement),
            conclusion="a sample counted at r' > r is counted at r, and x_i/n >= 0",
        ),
        chain(
            "tends_to_zero",
            _tends_to_zero(statement),
            conclusion="every bound is at most alpha^(1/n) < 1, and each of the four radii is "
            "finite for p < 1",
        ),
    ]
    cases = (("laplace", _laplace), ("lecuyer", _lecuyer), ("cohen", _cohen), ("uniform", _uniform))
    for name, meets in cases:
        steps = _ceiling(statement, meets(statement[name], statement[f"{name}_ceiling"]))
        said = f"reached with n successes out of n, at 1 - p = 1 - e^-w, {_NUMBERS}"
        chains.append(chain(f"ceiling_{name}", steps, conclusion=said))
    return chains


def _indicator(radius: sp.Expr, at: sp.Expr, relation: str) -> sp.Expr:
    """1 where the radius stands in the relation to r."""
    counted = sp.Ge(radius, at) if relation == ">=" else sp.Le(radius, at)
    return sp.Piecewise((1, counted), (0, True))


def _non_increasing(statement: Statement) -> Iterator[Step]:
    relation = statement["counted"]
    said = "R_i >= r says p_i >= P(X_1 <= r): the radius is that threshold, from the density"
    yield _needs("laplace", statement["laplace"], said)
    rising = densities.mass(densities.laplace, lam, -sp.oo, u)
    threshold = "and P(X_1 <= r), which p_i has to reach, rises in r"
    shown = sp.Derivative(densities.integral(densities.laplace, lam, -sp.oo, u), u)
    yield compare(sp.diff(rising, u), ">", 0, threshold, "r = u > 0", written=shown)
    places = (
        ("R_i > r'", r + _gap + _spare),
        ("R_i = r'", r + _gap),
        ("r < R_i < r', r' = r + g + c", r + _gap),
        ("R_i = r", r),
        ("R_i < r = R_i + c", r),
    )
    for place, (where, radius) in enumerate(places):
        low = r + _spare if place == 4 else r
        high = low + _gap + (_spare if place == 2 else 0)
        yield compare(
            _indicator(radius, low, relation),
            ">=",
            _indicator(radius, high, relation),
            "1(R_i >= r) >= 1(R_i >= r') for r < r'",
            where,
            written=sp.Function("1")(sp.Symbol("R_i"), sp.Symbol("r")),
            states=True,
        )


def _tends_to_zero(statement: Statement) -> Iterator[Step]:
    yield from _bound(statement)
    certain = statement["bound"](sp.exp(-_n * _w), _n)
    where, along = "alpha = e^(-n w) in (0, 1)", (_w, sp.Integer(0), 1)
    yield compare(sp.simplify(certain), "<", 1, "so it is below 1", where, along=along)
    yield from laplace_steps.ratio_is_bounded()
    for name, said in (
        ("laplace", "Theorem 2: the p of the radius k lambda, from the density"),
        ("lecuyer", "Lecuyer et al.: it is 1/(1 + 1/c^2), c the largest ratio of the densities"),
        ("cohen", "Cohen et al.: it is P(X_1 <= k lambda), from the Gaussian density"),
    ):
        yield _needs(name, statement[name], said)
        limit = sp.Limit(_level(name)[0], _k, sp.oo)
        every = "p rises from 1/2 to this, so every p in (1/2, 1) is that of a finite radius"
        yield equal(limit.doit(), 1, every, "k -> oo", written=limit)
    yield compare(
        statement["uniform"].subs(p, 1 / (1 + _q)),
        "<",
        uniform_steps.MATCHED,
        "uniform noise: the radius is below Lambda for every p < 1",
        "p = 1/(1 + q), every q > 0",
        written=_radius(p),
    )


def _level(name: str) -> tuple[sp.Expr, sp.Expr]:
    """The p whose radius is k lambda, computed and as a reader writes it."""
    place, sigma, width = lam * _k, gaussian_steps.MATCHED, uniform_steps.MATCHED
    if name == "lecuyer":
        level = 1 / (1 + 1 / dp_terms.bounded_factor().subs(r, place) ** 2)
        return level, level
    if name == "laplace":
        shown = densities.integral(densities.laplace, lam, -sp.oo, place)
        return laplace_steps.threshold_probability(_k), shown
    if name == "cohen":
        shown = densities.integral(densities.gaussian, sigma, -sp.oo, place)
        return gaussian_steps.mass_below(place), shown
    shown = sp.Integral(uniform_steps.density(width), (_point, -width, place))
    return uniform_steps.mass(-width, place, width), shown


def _needs(name: str, radius: sp.Expr, said: str, *, states: bool = False) -> Step:
    """The radius at that p is k lambda."""
    level, shown = _level(name)
    where = "R = k lambda > 0" + (", k < sqrt(6)" if name == "uniform" else "")
    found = sp.simplify(radius.subs(p, level))
    return equal(found, lam * _k, said, where, written=_radius(shown), states=states)


def _bound(statement: Statement) -> Iterator[Step]:
    bound = statement["bound"](_alpha, _n)
    yield equal(
        _n * sp.log(bound),
        sp.log(_alpha),
        "n successes out of n have the probability p^n, which is alpha at the bound",
        "every n >= 1, 0 < alpha < 1",
        written=_n * sp.log(p),
        states=True,
    )
    yield compare(
        (1 / (1 + _q)) ** (_n - 1) * _q / (1 + _q),
        ">",
        0,
        "for k < n successes at least k are more likely than n, by more than p^(n-1) (1 - p) > 0: "
        "they reach alpha at a smaller p, so the largest bound is that of k = n",
        "p = 1/(1 + q) in (0, 1)",
        written=p ** (_n - 1) * (1 - p),
    )


def _ceiling(statement: Statement, meets: Iterator[Step]) -> Iterator[Step]:
    yield from _bound(statement)
    lost, name = 1 - sp.exp(-_w), sp.Symbol("1 - p")
    where = "p = e^(-w) = alpha^(1/n), w = log(1/alpha)/n > 0"
    third = _w - _w**2 / 2 + _w**3 / 6
    upper, lower = "1 - p lies below this", "and above this"
    yield compare(lost, "<", third, upper, where, along=(_w, sp.Integer(0), 4), written=name)
    yield compare(
        lost, ">", third - _w**3 / 6, lower, where, along=(_w, sp.Integer(0), 3), written=name
    )
    yield from meets


def _lost() -> tuple[sp.Expr, sp.Expr]:
    """Bounds on 1 - p for the printed numbers: from below, from above."""
    return _W - _W**2 / 2, _W - _W**2 / 2 + _W**3 / 6


def _bracketed(tail: sp.Expr, bracket: tuple[sp.Expr, sp.Expr], said: str) -> Iterator[Step]:
    """The tail beyond each end of the bracket, against the bounds on 1 - p."""
    lower, upper = _lost()
    low, high = bracket
    shown, where = sp.Function("P"), f"{_NUMBERS}, in units of lambda"
    least = f"{said} has more than 1 - p beyond it: the ceiling is larger"
    most = f"{said} has less than 1 - p beyond it: the ceiling is smaller"
    for place, relation, side, reason in ((low, ">", upper, least), (high, "<", lower, most)):
        yield compare(
            tail.subs(_far, place),
            relation,
            side,
            reason,
            where,
            written=shown(sp.Symbol("X_1") > place),
            states=True,
        )


def _laplace(radius: sp.Expr, bracket: tuple[sp.Expr, sp.Expr]) -> Iterator[Step]:
    said = "the radius is the threshold of mass p, from the density: R > r says 1 - p < P(X_1 > r)"
    yield _needs("laplace", radius, said, states=True)
    tail = densities.mass(densities.laplace, lam, lam * _far, sp.oo)
    yield from _bracketed(tail, bracket, "this threshold")


def _lecuyer(radius: sp.Expr, bracket: tuple[sp.Expr, sp.Expr]) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    factor = dp_terms.bounded_factor()
    yield equal(
        factor.subs(r, radius) ** 2,
        p / (1 - p),
        "at the radius e^(-r/lambda) p meets e^(r/lambda) (1 - p), with the factor read off the "
        "density: R > r says 1 - p < 1/(1 + e^(2 r/lambda))",
        "1/2 < p < 1",
        written=sp.exp(2 * sp.Symbol("R") / lam),
        states=True,
    )
    tail = 1 / (1 + factor.subs(r, lam * _far) ** 2)
    yield from _bracketed(tail, bracket, "a logistic threshold here")


def _cohen(radius: sp.Expr, bracket: tuple[sp.Expr, sp.Expr]) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    said = "the radius is the threshold of mass p, from the Gaussian density of that variance"
    yield _needs("cohen", radius, said, states=True)
    yield from _bracketed(1 - gaussian_steps.mass_below(lam * _far), bracket, "this threshold")


def _uniform(radius: sp.Expr, bracket: tuple[sp.Expr, sp.Expr]) -> Iterator[Step]:
    yield from uniform_steps.same_variance()
    said = "the radius is the threshold of mass p, from the uniform density of that variance"
    yield _needs("uniform", radius, said, states=True)
    width = uniform_steps.MATCHED
    tail = sp.expand(uniform_steps.mass(lam * _far, width, width))
    yield from _bracketed(tail, bracket, "this threshold")


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Each ceiling as the root of n log P(X_1 <= R) = log alpha, with lambda = 1."""
    bound = settled(
        _n * sp.log(statement["bound"](_alpha, _n)) - sp.log(_alpha), "n log p = log alpha"
    )
    every = "every n and alpha = e^(-n w)"
    threshold = {name: _threshold(statement[name], mass) for name, mass, _ in _masses()}
    found = [
        enclosed(
            "tends_to_zero",
            [
                over(bound, "n successes out of n"),
                *positive_from_zero(1 - sp.exp(-_w), _w, f"1 - p, {every}, 0 < w <= 1"),
                over(
                    sign_on_box(1 - _z, ">", {_z: (Fraction(0), Fraction(3, 8))}),
                    f"1 - p, {every}, w > 1, z = e^(-w)",
                ),
                *threshold.values(),
                *_tails(statement["uniform"].subs(lam, 1)),
            ],
            conclusion="the bound e^(-w) is below 1, and each of the four radii is finite there",
        )
    ]
    for name, mass, span in _masses():
        roots: dict[str, Root | None] = {
            f"{name}_{kind}": as_value(isolate_root(100000 * sp.log(mass) + sp.log(odds), _k, span))
            for kind, odds in (("ceiling", 1000), ("two_sided", 2000))
        }
        key = f"{name}_ceiling"
        outcomes = [
            scales_as(statement[name], 1),
            over(bound, "n successes out of n"),
            threshold[name],
            within(roots[key], statement[key], key),
        ]
        said = f"p rises in R, so the root is the only one; {_NUMBERS}"
        found.append(enclosed(f"ceiling_{name}", outcomes, roots=roots, conclusion=said))
    return found


def _tails(uniform: sp.Expr) -> Iterator[Outcome]:
    """1 - p at the radius k tends to 0 with z; the uniform radius is below sqrt(6)."""
    laplace, lecuyer = ((1 - mass).subs(_k, -sp.log(_z)) for _, mass, _ in _masses()[:2])
    yield from positive_from_zero(laplace, _z, "Theorem 2: 1 - p at R = k, z = e^(-k)")
    root = sp.simplify(lecuyer.subs(_z, sp.sqrt(_z)))
    yield from positive_from_zero(root, _z, "Lecuyer et al.: 1 - p at R = k, z = e^(-2 k)")
    where = "Cohen et al.: 1 - p at R = k is erfc(k/2)/2 < e^(-k^2/4)/2, k = 2 t >= 2"
    yield from (over(one, where) for one in tail_below_gaussian())
    left = sp.sqrt(6) - uniform.subs(p, 1 - _z)
    yield from positive_from_zero(left, _z, "uniform noise: sqrt(6) - R, z = 1 - p")


def _masses() -> list[tuple[str, sp.Expr, tuple[Fraction, Fraction]]]:
    """The p that certifies the radius k, in closed form, and where the ceiling is looked for."""
    return [
        ("laplace", half_line_mass(_k), (Fraction(8), Fraction(10))),
        ("lecuyer", 1 / (1 + sp.exp(-2 * _k)), (Fraction(4), Fraction(5))),
        ("cohen", (1 + sp.erf(_k / 2)) / 2, (Fraction(5), Fraction(6))),
        ("uniform", (1 + _k / sp.sqrt(6)) / 2, (Fraction(2), Fraction(5, 2))),
    ]


def _threshold(radius: sp.Expr, mass: sp.Expr) -> Outcome:
    """Whether the printed radius at P(X_1 <= k) is k."""
    found = radius.subs(lam, 1).subs(p, mass)
    return over(settled(sp.simplify(found - _k), "R = k at p = P(X_1 <= k)"), "every k")


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Bounds from scipy's Beta quantiles, counts of random radii, and roots by Brent's method."""
    return search_ceilings(statement, seed=seed)
