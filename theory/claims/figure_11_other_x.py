"""Figure 11: other x give results similar to x = 0.3. In neither sense do they, for every x."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import optimize

from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare
from theory.enclosure import Outcome, Root, enclosed
from theory.enclosures import certified_rops_boxes as boxes
from theory.enclosures.identities import constant, recomputable, within
from theory.searches.certified_rops_search import Floats, suprema
from theory.searches.findings import covering, searched
from theory.steps import certified_rops_order, rops_steps
from theory.steps import certified_rops_steps as steps

_R = sp.Rational
_HALF = _R(1, 2)

CLAIM = Claim(
    slug="figure_11_other_x",
    source="Figure 11, Appendix D",
    statement=(
        "For f = cA on |x| <= 1 and cB elsewhere on the line, the comparison of the largest "
        "sqrt(2) lambda and the largest sigma that certify a radius r at x gives results at "
        "other x in [0, 1) that are similar to those at x = 0.3."
    ),
    latex=r"\sup\Lambda_r(x)>\sup\Sigma_r(x)\quad\forall\,x\in[0,1),\ r\in[0,1-x)",
    variables=(
        Variable("x", "[0, 1)", "point at which the base classifier is smoothed"),
        Variable("r", "[0, 1 - x)", "certified radius"),
        Variable("lambda", "(0, oo)", "Laplace scale; sqrt(2) lambda is the standard deviation"),
        Variable("sigma", "(0, oo)", "standard deviation of the Gaussian noise"),
    ),
    parts=(
        Part(
            "larger_everywhere",
            "as the caption says of x = 0.3: at every x in [0, 1) Laplace's supremum is the larger "
            "one for every r in [0, 1 - x)",
            otherwise=(
                "it holds at no x in [0, 1): for x < {x_star} there is an r*(x) in (0, 1 - x), "
                "such as r*(0) = {r_0} and r*(1/2) = {r_half}, such that Laplace's supremum is the "
                "larger one exactly for r < r*(x) and the Gaussian one exactly for r > r*(x)"
            ),
        ),
        Part(
            "larger_at_first",
            "as it is at x = 0.3 (figure_11_laplace_larger): at every x in [0, 1) Laplace's "
            "supremum is the larger one from r = 0 up to some radius",
            otherwise=(
                "it is the larger one from r = 0 up to some radius exactly for x < {x_star}; at "
                "every x > {x_star} the Gaussian supremum is the larger one for every r in "
                "[0, 1 - x)"
            ),
        ),
        Part(
            "one_crossing",
            "there is an x_star, within the stated bracket, such that at every x < x_star "
            "Laplace's supremum is the larger one up to one r*(x) in (0, 1 - x) and the Gaussian "
            "one beyond it, and at every x > x_star the Gaussian one is for every r in [0, 1 - x) "
            "(at x_star the two are equal for r = 0, and the Gaussian one is larger for r > 0)",
            Role.CORRECTION,
        ),
        Part(
            "examples",
            "r*(0) and r*(1/2) lie within their stated brackets",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "A radius is certified by -lambda log[2(1 - PA)] and sigma Phi^-1(PA), where PA is the "
        "agreement P(|x + eps| <= 1). With the exact distance in their place a radius r at x is "
        "the radius 0 at x + r, and Laplace's supremum is the larger one exactly where x + r is "
        "below the same x_star (figure_10_laplace_larger). Similar is read in two ways: as what "
        "the caption says of x = 0.3, and as what is true there."
    ),
    reference="paper, Appendix D and Figure 11; x -> -x is a mirror image",
    absent={Rung.EXPERIMENT: "the base classifier of Appendix D is given, nothing is trained"},
)

PRINTED: Statement = {
    # our correction: brackets of x_star, r*(0) and r*(1/2)
    "location": (_R(974626937, 10**9), _R(974626938, 10**9)),
    "at 0": (_R(555820112, 10**9), _R(555820113, 10**9)),
    "at 1/2": (_R(381849271, 10**9), _R(381849272, 10**9)),
}


def _moved(name: str, shift: sp.Rational) -> Statement:
    return {name: tuple(end + shift for end in PRINTED[name])}


_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EVERY = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_SEEN = (*_PROOFS, Rung.SEARCH)
_TINY = _R(1, 10**6)
MUTANTS = (
    Mutant("x_star higher by 1e-6", _moved("location", _TINY), "one_crossing", _SEEN),
    Mutant("x_star lower by a fifth", _moved("location", -_R(1, 5)), "one_crossing", _EVERY),
    Mutant("r*(0) higher by 1e-6", _moved("at 0", _TINY), "examples", _SEEN),
    Mutant("r*(0) lower by three tenths", _moved("at 0", -_R(3, 10)), "examples", _EVERY),
    Mutant("r*(1/2) lower by a fifth", _moved("at 1/2", -_R(1, 5)), "examples", _EVERY),
)

#: the radius 48/100 at x = 1/2, and the radius 0 at x = 99/100
_WITNESS = {"x": _HALF, "r": _R(48, 100), "standard deviation": _R(57, 100)}
_LATE = {"x": _R(99, 100), "r": sp.Integer(0), "standard deviation": _R(3, 4)}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """At Laplace's tie, the sign of the Gaussian M along each x, and at r = 0 along all x."""
    said = "Gaussian noise still certifies r, Laplace noise does not"
    return [
        chain(
            "larger_everywhere",
            _fails(_WITNESS),
            proves=False,
            conclusion=f"at x = 1/2, r = 48/100 and standard deviation 57/100 {said}",
        ),
        chain(
            "larger_at_first",
            _fails(_LATE),
            proves=False,
            conclusion=f"at x = 99/100, r = 0 and standard deviation 3/4 {said}",
        ),
        chain(
            "one_crossing",
            _one_crossing(statement["location"]),
            conclusion=(
                "at every x, M falls in k from a positive value and is negative from k = 1 on; the "
                "k of r = 0 is before its one zero iff D > 0, which is so iff x < x_star"
            ),
        ),
        chain(
            "examples",
            _examples(statement),
            conclusion="the order changes once at each x, and it does so inside the brackets",
        ),
    ]


def _fails(at: dict[str, sp.Rational]) -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.laplace_scales_are_an_interval()
    where = ", ".join(f"{name} {value}" for name, value in at.items())
    names = [sp.Function(name)(at["standard deviation"]) for name in ("F_L", "F_G")]
    ours, theirs = steps.margins(*at.values())
    said = "F = P(eps > r) - P(|x + eps| > 1): Laplace noise does not certify r, it is beyond its "
    said += "supremum"
    yield compare(ours, "<", 0, said, where, written=names[0], states=True)
    said = "Gaussian noise certifies r with a margin, it is below its supremum"
    yield compare(theirs, ">", 0, said, where, written=names[1], states=True)


def _one_crossing(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.certified_scales_are_intervals()
    yield from certified_rops_order.one_crossing_on_every_ray()
    yield from certified_rops_order.one_location()
    yield from rops_steps.larger_at_the_ends(bracket)


def _examples(statement: Statement) -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.certified_scales_are_intervals()
    yield from certified_rops_order.one_crossing_on_every_ray()
    yield from steps.certified_larger_at_the_ends(sp.Integer(0), statement["at 0"])
    yield from steps.certified_larger_at_the_ends(_HALF, statement["at 1/2"])


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """M(k, x) over all k > 0 and x in [0, 1], and D over all locations, by Arb."""
    x = sp.Symbol("x", positive=True)
    order = boxes.order_along_the_ray(x, {x: (Fraction(0), Fraction(1))})
    place, signs = boxes.location_crossing()
    one = enclosed(
        "one_crossing",
        [*order, *signs, within(place, statement["location"], "x_star")],
        roots={"x_star": place},
        conclusion=(
            "at every x, M has at most one zero, before which Laplace's supremum is the larger "
            "one; at r = 0 it is positive exactly for x < x_star"
        ),
    )
    reach = (Fraction(3, 4), Fraction(1))
    roots: dict[str, Root | None] = {
        name: boxes.crossing(at, reach)[1]
        for name, at in (("r_0", sp.Integer(0)), ("r_half", _HALF))
    }
    inside = [
        within(roots["r_0"], statement["at 0"], "r*(0)"),
        within(roots["r_half"], statement["at 1/2"], "r*(1/2)"),
    ]
    both = enclosed(
        "examples",
        [
            *(one for at in (sp.Integer(0), _HALF) for one in boxes.order_along_the_ray(at, {})),
            *inside,
        ],
        roots=roots,
        conclusion="the zero of M at x = 0 and at x = 1/2",
    )
    every = "every x in [0, 1) and r in [0, 1 - x), as k = 1/(2 lambda) in (0, oo) at Laplace's tie"
    return [
        *(
            _lost(part, at)
            for part, at in (("larger_everywhere", _WITNESS), ("larger_at_first", _LATE))
        ),
        covering(every, one),
        covering("x = 0 and x = 1/2", both),
    ]


def _lost(part: str, at: dict[str, sp.Rational]) -> Evidence:
    """The Gaussian certificate is above r and Laplace's below, at one standard deviation."""
    x, r, deviation = at.values()
    scale, spread = deviation / sp.sqrt(2), sp.sqrt(2) * deviation
    ours = -scale * sp.log(sp.exp(-(1 - x) / scale) + sp.exp(-(1 + x) / scale))
    theirs = spread * sp.erfcinv(sp.erfc((1 - x) / spread) + sp.erfc((1 + x) / spread))
    outcomes: list[Outcome] = [
        constant(ours - r, "<", "-lambda log[2(1 - PA)] < r"),
        constant(theirs - r, ">", "sigma Phi^-1(PA) > r"),
    ]
    witness = {name: str(value) for name, value in at.items()}
    witness["-lambda log[2(1 - PA)]"] = recomputable(ours)
    witness["sigma Phi^-1(PA)"] = recomputable(theirs)
    found = enclosed(
        part,
        outcomes,
        proves=False,
        witness=witness,
        conclusion="the Gaussian supremum is above this standard deviation, Laplace's below",
    )
    return covering(f"x = {x}, r = {r}", found)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Both suprema in floats, over x in [0, 1) and 1 - x - r down to 1e-12 of 1 - x."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    near = np.concatenate([[1.0, 0.5], rng.uniform(1e-3, 1, 40), 10.0 ** rng.uniform(-6, -3, 8)])
    shares = np.concatenate(
        [[1.0], 1 - 10.0 ** rng.uniform(-6, 0, 25), 10.0 ** rng.uniform(-7, 0, 25)]
    )
    shares = np.sort(shares)[::-1]
    ours, theirs = suprema(1 - near[:, None], near[:, None] * shares)
    leads = ours > theirs * (1 + 1e-9)
    crossed = 1 - _crossing(lambda gap: (1 - gap, gap), 1.0)
    stated = [float(end) for end in statement["location"]]
    # the order changes back somewhere, or the first radius is on the wrong side of x_star
    back = (~leads[:, :-1] & leads[:, 1:]).any(axis=1)
    wrong = back | (leads[:, 0] != (1 - near < stated[0]))
    at = {
        "at 0": 1.0 - _crossing(lambda gap: (0.0, gap), 1.0),
        "at 1/2": 0.5 - _crossing(lambda gap: (0.5, gap), 0.5),
    }
    off = [name for name, r in at.items() if not _inside(r, statement[name])]
    report: dict[str, tuple[list[str], str]] = {
        "larger_everywhere": (_shown(1 - near[~leads.all(axis=1)]), "suprema compared"),
        "larger_at_first": (_shown(1 - near[~leads[:, 0]]), "suprema compared at r = 0"),
        "one_crossing": (
            _shown(1 - near[wrong]) or ([] if _inside(crossed, stated) else [repr(crossed)]),
            f"the suprema at r = 0 cross at x = {crossed:.9f}",
        ),
        "examples": (off, ", ".join(f"r* {name} is {r:.9f}" for name, r in at.items())),
    }
    where = f"{near.size} x in [0, 1) with {shares.size} r each, to within 1e-7 of 1 - x"
    return [
        searched(part, where, detail, start=start, witness={"x": bad[0]} if bad else None)
        for part, (bad, detail) in report.items()
    ]


def _crossing(place: Callable[[float], tuple[float, float]], top: float) -> float:
    """The 1 - x - r at which the suprema at the place, (x, 1 - x - r), are equal."""
    return float(optimize.brentq(lambda gap: float(np.subtract(*suprema(*place(gap)))), 1e-3, top))


def _shown(at: Floats) -> list[str]:
    return [repr(float(x)) for x in at]


def _inside(value: float, bracket: Sequence[sp.Rational | float]) -> bool:
    low, high = (float(end) for end in bracket)
    return low - 1e-9 < value < high + 1e-9
