"""Section 1: the larger radius is said to always lead to superior empirical results."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory import densities
from theory.balls import value_at
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import recomputable, settled, within
from theory.searches.certified_accuracy import search_ceilings, search_curves, search_ends
from theory.searches.order_search import search_order
from theory.searches.search import numeric_radius
from theory.steps import laplace_steps
from theory.steps.term_pairs import INNER, SHRUNK, homogeneous, shrunk
from theory.symbols import excess, lam, p_a, r

CLAIM = Claim(
    slug="superior_empirical_results",
    source="section 1 (contributions); section 5.1, certified accuracy",
    statement=(
        "The larger radius always leads to superior empirical results on certifying the same "
        "model: for every model and data set the certified accuracy, the share of inputs that are "
        "classified correctly and have a radius of at least r, is at no r > 0 lower and at some "
        "r > 0 higher with -lambda log[2(1 - PA)] than with Lecuyer et al.'s "
        "(lambda/2) log(PA/(1 - PA))."
    ),
    latex=(
        r"\sum_i\xi_i\mathbf 1\{-\lambda\log[2(1-p_i)]\ge r\}\ge\sum_i\xi_i\mathbf 1"
        r"\{\tfrac{\lambda}{2}\log\tfrac{p_i}{1-p_i}\ge r\}\ \forall\,r>0,"
        r"\ \text{ and }>\text{ for some }r>0"
    ),
    variables=(
        Variable("PA", "[0, 1]", "lower bound on the top class's probability at an input"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "(0, oo)", "radius at which the certified accuracy is read"),
    ),
    parts=(
        Part(
            "always_superior",
            "for every model and data set there is an r > 0 at which ours is higher",
            otherwise=(
                "the certified accuracy is never lower with ours, on any data and at any r; it is "
                "higher at r exactly if some correctly classified input has 1 - e^(-r/lambda)/2 <= "
                "PA < 1/(1 + e^(-2 r/lambda)), so at some r exactly if some such input has 1/2 < "
                "PA < 1. Where every correctly classified input has PA <= 1/2, or none is "
                "classified correctly, both are 0 at every r > 0. The stronger reading, higher at "
                "every r > 0, is false on every data set: with n = 100000 samples and alpha = "
                "0.001 both are 0 for r > {ceiling_ours} lambda, and Lecuyer's is 0 for r > "
                "{ceiling_lecuyer} lambda"
            ),
        ),
        Part(
            "never_lower",
            "an input that Lecuyer's radius certifies at r is certified by ours, so the certified "
            "accuracy is never lower; our radius is larger for 1/2 < PA < 1",
            Role.CORRECTION,
        ),
        Part(
            "higher_exactly",
            "an input is certified at r > 0 by ours, and not by Lecuyer's, exactly for "
            "1 - e^(-r/lambda)/2 <= PA < 1/(1 + e^(-2 r/lambda)), which is not empty",
            Role.CORRECTION,
        ),
        Part(
            "ceilings",
            "with n = 100000 samples and alpha = 0.001 the largest radius of ours and of "
            "Lecuyer's, in lambda, lie within the stated brackets",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        '"superior" is read as never lower (part never_lower) and higher at some radius; higher at '
        "every radius would be a stronger reading. Both methods are given the same PA, the "
        "one-sided Clopper-Pearson bound of the same counts, and PB = 1 - PA; an input with "
        "PA < 1/2 is certified by neither. What a trained network attains is not part of this: it "
        "is a matter of where its PA lie"
    ),
    reference="paper, section 1 and section 5.1, eq. (3); Table 1 for both radii",
    absent={
        Rung.FIGURE: "Figures 7 and 8 are drawn from trained networks",
    },
)

_N, _ALPHA, _DIGITS = sp.Integer(100000), sp.Rational(1, 1000), sp.Integer(10) ** 9

PRINTED: Statement = {
    "ours": -lam * sp.log(2 * (1 - p_a)),
    "lecuyer": lam * sp.log(p_a / (1 - p_a)) / 2,
    # our correction: the smallest PA with a radius of at least r, and the largest radii in lambda
    "from_ours": 1 - sp.exp(-r / lam) / 2,
    "from_lecuyer": 1 / (1 + sp.exp(-2 * r / lam)),
    "ceiling_ours": (8887168089 / _DIGITS, 8887168090 / _DIGITS),
    "ceiling_lecuyer": (4790123096 / _DIGITS, 4790123097 / _DIGITS),
}


def _moved(name: str, shift: sp.Rational) -> Statement:
    return {name: tuple(end + shift for end in PRINTED[name])}


_MICRO = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)
_ALWAYS, _NEVER, _EXACTLY, _CEILINGS = (part.name for part in CLAIM.parts)
_SHORTER = {"ours": PRINTED["ours"] - lam * _MICRO}
_DOUBLED = {"lecuyer": 2 * PRINTED["lecuyer"]}
_NO_HALF = {"from_ours": 1 - sp.exp(-r / lam)}
_NO_TWO = {"from_lecuyer": 1 / (1 + sp.exp(-r / lam))}
MUTANTS = (
    Mutant("ours smaller by 1e-6", _SHORTER, _NEVER, _EXACT),
    Mutant("Lecuyer's without its 1/2", _DOUBLED, _NEVER, _ALL),
    Mutant("from 1e-6 more", {"from_ours": PRINTED["from_ours"] + _MICRO}, _EXACTLY, _EXACT),
    Mutant("up to 1e-6 less", {"from_lecuyer": PRINTED["from_lecuyer"] - _MICRO}, _EXACTLY, _EXACT),
    Mutant("no factor 1/2", _NO_HALF, _EXACTLY, _ALL),
    Mutant("no factor 2 in the exponent", _NO_TWO, _EXACTLY, _ALL),
    Mutant("ceiling higher by 1e-6", _moved("ceiling_ours", _MICRO), _CEILINGS, _EXACT),
    Mutant("Lecuyer's lower by 1e-6", _moved("ceiling_lecuyer", -_MICRO), _CEILINGS, _EXACT),
)

_v = sp.Symbol("v", positive=True)
_h = sp.Symbol("h", positive=True)
_z = sp.Symbol("z", positive=True)
_OURS, _LECUYER = sp.Symbol("R_2", nonnegative=True), sp.Symbol("R_Lecuyer", nonnegative=True)
_HALF = sp.Rational(1, 2)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both radii from the density; the PA at which each of them is r; the largest PA of a count."""
    nothing = "both are 0 at every r > 0 where every correctly classified input has PA <= 1/2"
    cases = (
        (_ALWAYS, _nothing_certified(statement), False, nothing),
        (_NEVER, _never_lower(statement), True, "R_2 >= Lecuyer's at every PA in [1/2, 1]"),
        (_EXACTLY, _exactly(statement), True, "both radii rise with PA, and are r at these ends"),
        (_CEILINGS, _ceilings(statement), True, "no count bounds PA by more than n of n"),
    )
    return [
        chain(part, _derived(statement, steps), proves=proves, conclusion=said)
        for part, steps, proves, said in cases
    ]


def _derived(statement: Statement, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps between those that take both radii from the density."""
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    yield from steps
    factor = laplace_steps.dp_factor()
    yield equal(
        1 - factor.subs(r, statement["ours"]) * (1 - p_a),
        _HALF,
        "our radius is the r at which the lower bound 1 - e^(r/lambda)(1 - PA) on P(f(Y) = cA) "
        "is 1/2",
        "1/2 <= PA < 1",
        written=1 - sp.exp(_OURS / lam) * (1 - p_a),
    )
    yield equal(
        p_a / factor.subs(r, statement["lecuyer"]) ** 2,
        1 - p_a,
        "Lecuyer's is the r at which e^(-r/lambda) PA meets e^(r/lambda)(1 - PA)",
        "1/2 <= PA < 1",
        written=p_a * sp.exp(-2 * _LECUYER / lam),
    )


def _shrunk_at(statement: Statement, name: str, power: int, level: sp.Expr) -> sp.Expr:
    """exp(-power R/lambda) at PA = level."""
    return shrunk(statement[name], power, level, sp.S.Zero)


def _nothing_certified(statement: Statement) -> Iterator[Step]:
    """No radius is positive at PA <= 1/2."""
    for name, (power, said, shown) in _NAMES.items():
        value = statement[name].subs(p_a, _HALF)
        yield equal(value, 0, f"{said} certifies no r > 0", "PA = 1/2", written=shown)
        yield compare(
            _shrunk_at(statement, name, power, 1 / (2 + excess)),
            ">",
            1,
            f"{SHRUNK[power]} of {said}: it is negative",
            "every PA < 1/2, PA = 1/(2 + s), s > 0",
            written=sp.exp(-power * shown / lam),
        )


def _never_lower(statement: Statement) -> Iterator[Step]:
    top, domain = INNER
    ratio = _shrunk_at(statement, "lecuyer", 2, top) / _shrunk_at(statement, "ours", 2, top)
    halves = {p_a: _HALF}
    yield compare(
        statement["ours"].subs(halves),
        ">=",
        statement["lecuyer"].subs(halves),
        "our radius against Lecuyer's, both 0",
        "PA = 1/2",
        written=_OURS,
        states=True,
    )
    yield compare(
        sp.factor(ratio),
        ">",
        1,
        "exp(2 (R_2 - Lecuyer's)/lambda), which is 1/[4 PA (1 - PA)]: R_i >= r of Lecuyer's "
        "implies it of ours, input by input, and so for the sum over the correct ones",
        domain,
        written=sp.exp(2 * (_OURS - _LECUYER) / lam),
        states=True,
    )
    for name, shown in (("ours", _OURS), ("lecuyer", _LECUYER)):
        yield equal(
            sp.limit(sp.exp(-2 * statement[name] / lam), p_a, 1, "-"),
            0,
            "infinite, and so certified at every r by both",
            "PA = 1",
            written=sp.Limit(sp.exp(-2 * shown / lam), p_a, 1, "-"),
        )


def _exactly(statement: Statement) -> Iterator[Step]:
    distance = lam * sp.log(1 + excess)
    every = "every r > 0, r = lambda log(1 + s), s > 0"
    levels = {name: sp.factor(statement[f"from_{name}"].subs(r, distance)) for name in _NAMES}
    for name, (power, said, shown) in _NAMES.items():
        yield equal(
            _shrunk_at(statement, name, power, levels[name]),
            1 / (1 + excess) ** power,
            f"{SHRUNK[power]} of {said} at the stated PA is the same of r",
            every,
            written=sp.exp(-power * shown / lam),
            states=True,
        )
        slope = sp.diff(sp.exp(sp.expand(-power * statement[name] / lam)), p_a)
        yield compare(
            sp.factor(sp.simplify(slope)),
            "<",
            0,
            f"and {said} rises with PA, so it is at least r exactly from that PA on",
            "0 < PA < 1",
            written=sp.Derivative(sp.exp(-power * shown / lam), p_a),
        )
    yield compare(
        levels["lecuyer"],
        ">",
        levels["ours"],
        "the interval is not empty: 1/(1 + z^2) - (1 - z/2) = z (1 - z)^2/(2 (1 + z^2)), "
        "z = e^(-r/lambda)",
        every,
        written=sp.Function("P")(r),
        states=True,
    )


_NAMES = {"ours": (1, "our radius", _OURS), "lecuyer": (2, "Lecuyer's radius", _LECUYER)}


def _ceilings(statement: Statement) -> Iterator[Step]:
    law, sides = densities.laplace, {"<": "above", ">": "below"}
    bounds = {
        # P(X_1 <= r): the PA whose radius is r
        "ours": lambda end: densities.mass(law, lam, -sp.oo, lam * end),
        # the PA at which e^(-r/lambda) PA = e^(r/lambda)(1 - PA)
        "lecuyer": lambda end: 1 / (1 + 1 / laplace_steps.dp_factor().subs(r, lam * end) ** 2),
    }
    for name, (_, said, shown) in _NAMES.items():
        for end, relation in zip(statement[f"ceiling_{name}"], ("<", ">"), strict=True):
            level = sp.simplify(bounds[name](end))
            yield compare(
                _N * sp.log(level),
                relation,
                sp.log(_ALPHA),
                f"n log q against log alpha at the PA = q where {said} is {end} lambda: the bound "
                f"PA of n successes in n, PA^n = alpha, is {sides[relation]} q",
                "n = 100000, alpha = 1/1000",
                written=_N * sp.log(sp.Function("q")(shown)),
                states=True,
            )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Signs over PA and r by Arb, with lambda = 1 and z = e^(-r); the ceilings to 30 digits."""
    ours, lecuyer = (statement[name].subs(lam, 1) for name in _NAMES)
    scaled = homogeneous(statement["ours"], statement["lecuyer"])
    below = {p_a: (Fraction(1, 100), Fraction(49, 100))}
    both = []
    for radius, said in ((ours, "our radius"), (lecuyer, "Lecuyer's radius")):
        both.append(over(settled(radius.subs(p_a, _HALF), f"{said} is 0"), "PA = 1/2"))
        both.append(over(sign_on_box(radius, "<", below), f"{said} is negative"))
    return [
        enclosed(
            _ALWAYS,
            [scaled, *both],
            proves=False,
            conclusion="both are 0 at every r > 0 if such a PA is all that is classified correctly",
            witness=_witness(statement),
        ),
        enclosed(
            _NEVER,
            [scaled, *_not_lower(ours, lecuyer)],
            conclusion="exp(-2 Lecuyer's) - exp(-2 ours) is not negative",
        ),
        enclosed(
            _EXACTLY,
            [scaled, *_between(statement, ours, lecuyer)],
            conclusion="exp(-R) falls with PA and is e^(-r) at the stated ends",
        ),
        _enclosed_ceilings(statement, ours, lecuyer),
    ]


_UNIT = (Fraction(0), Fraction(1))


def _not_lower(ours: sp.Expr, lecuyer: sp.Expr) -> Iterator[Outcome]:
    gap = (sp.exp(-2 * lecuyer) - sp.exp(-2 * ours)).subs(p_a, (1 + _h) / 2)
    rest = sp.cancel(sp.simplify(gap) / ((1 - _h) * _h**2))
    where = "1/2 <= PA <= 1, h = 2 PA - 1: the gap over (1 - h) h^2"
    yield over(sign_on_box(rest, ">", {_h: _UNIT}, max_boxes=2000), where)


def _between(statement: Statement, ours: sp.Expr, lecuyer: sp.Expr) -> Iterator[Outcome]:
    at = {lam: 1, r: -sp.log(_z)}
    ends = {name: sp.simplify(statement[f"from_{name}"].subs(at)) for name in _NAMES}
    for (name, (power, said, _)), radius in zip(_NAMES.items(), (ours, lecuyer), strict=True):
        shorter = sp.exp(-power * radius)
        end = sp.simplify(shorter.subs(p_a, ends[name])) - _z**power
        yield over(settled(end, f"{said} is r at the stated PA"), "every r > 0")
        slope = sp.simplify(sp.diff(shorter, p_a))
        falls = sign_on_box(slope, "<", {p_a: (Fraction(1, 2), Fraction(1))}, max_boxes=2000)
        yield over(falls, f"1/2 <= PA <= 1: {SHRUNK[power]} of {said} falls with PA")
    width = sp.cancel((ends["lecuyer"] - ends["ours"]) / (_z * (1 - _z) ** 2))
    where = "every r > 0, z = e^(-r) in (0, 1): the length of the interval over z (1 - z)^2"
    yield over(sign_on_box(width, ">", {_z: _UNIT}, max_boxes=2000), where)


def _enclosed_ceilings(statement: Statement, ours: sp.Expr, lecuyer: sp.Expr) -> Evidence:
    bound = _ALPHA ** (1 / _N)  # Clopper and Pearson's, for n of n
    roots = {}
    for name, radius in zip(_NAMES, (ours, lecuyer), strict=True):
        ball = value_at(radius.subs(p_a, bound), {}, precision=256)
        roots[f"ceiling_{name}"] = Root(ball, "PA = alpha^(1/n)", None)
    return enclosed(
        _CEILINGS,
        [within(root, statement[name], name) for name, root in roots.items()],
        roots=roots,
        conclusion="both radii at PA = alpha^(1/n), the largest bound that n samples can give",
    )


def _witness(statement: Statement) -> dict[str, str]:
    values = {
        f"{said} at PA = {top}": recomputable(sp.simplify(statement[name].subs({lam: 1, p_a: top})))
        for top in (_HALF, sp.Rational(2, 5))
        for name, (_, said, _) in _NAMES.items()
    }
    return {
        "data": "two inputs, both classified correctly, lower bounds PA = 1/2 and PA = 2/5",
        "lambda": "1",
        **values,
        "certified accuracy at every r > 0": "0 with both",
    }


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Certified accuracies on random data at every r; the ends of the interval; SciPy's bound."""
    ours, lecuyer = (numeric_radius(statement[name], p_a=p_a) for name in _NAMES)
    always, curves = search_curves(ours, lecuyer, seed=seed, somewhere=_ALWAYS, never=_NEVER)
    rng = np.random.Generator(np.random.Philox(seed))
    top = np.concatenate([0.5 + 10.0 ** rng.uniform(-9, -0.31, 500), [0.5]])
    formulas = search_order(
        statement["ours"] - statement["lecuyer"],
        ">=",
        {p_a: top, lam: 10.0 ** rng.uniform(-1, 1, len(top))},
        part=_NEVER,
        scope="PA = 1/2 and within 1e-9 of it up to 0.98, lambda 0.1 to 10",
    )
    return [
        always,
        curves if not curves.finding else formulas,
        search_ends(
            [(statement[name], statement[f"from_{name}"]) for name in _NAMES],
            seed=seed,
            part=_EXACTLY,
        ),
        search_ceilings(
            [(ours, statement["ceiling_ours"]), (lecuyer, statement["ceiling_lecuyer"])],
            part=_CEILINGS,
        ),
    ]
