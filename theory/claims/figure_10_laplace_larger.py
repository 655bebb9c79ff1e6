"""Figure 10: Laplace's ROPS is larger for every x in [0, 1). It is not, near x = 1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import ctx
from scipy import optimize, special

from theory.balls import compile_ball
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, closed_at, enclosed, isolate_root, sign_on_box
from theory.enclosures.identities import constant, recomputable, settled, within
from theory.enclosures.rops_loss import PLACE, loss_below, surplus, v
from theory.enclosures.tail_bounds import erf_above_identity, tail_below_gaussian
from theory.searches.findings import covering, searched
from theory.steps import gaussian_steps, rops_steps
from theory.steps.gaussian_steps import MATCHED
from theory.symbols import b as _b
from theory.symbols import lam

_R = sp.Rational

#: the largest loss lies between these; proved below, and the second one stands in the correction
_LOSS = (_R(185443, 10**6), _R(185444, 10**6))

CLAIM = Claim(
    slug="figure_10_laplace_larger",
    source="Figure 10, Appendix D",
    statement=(
        "For f = cA on |x| <= 1 and cB elsewhere on the line, the supremum of sqrt(2) lambda for "
        "which Laplace noise keeps g(x) = f(x) is larger than the supremum of sigma for which "
        "Gaussian noise does, for every x in [0, 1)."
    ),
    latex=r"\sup\Lambda(x)>\sup\Sigma(x)\quad\forall\,x\in[0,1)",
    variables=(
        Variable("x", "[0, 1)", "point at which the base classifier is smoothed"),
        Variable("lambda", "(0, oo)", "Laplace scale; sqrt(2) lambda is the standard deviation"),
        Variable("sigma", "(0, oo)", "standard deviation of the Gaussian noise"),
    ),
    parts=(
        Part(
            "every_x",
            "Laplace's supremum is the larger one at every x in [0, 1)",
            otherwise=(
                "it holds exactly for x < {x_star}; at x = {x_star} the two suprema are equal, and "
                "on ({x_star}, 1) the Gaussian one is larger, by less than "
                f"{float(_LOSS[1])} in standard deviations and by a factor that grows without "
                "bound as x -> 1"
            ),
        ),
        Part(
            "one_crossing",
            "there is one x_star in [0, 1), within the stated bracket, such that Laplace's "
            "supremum is larger for x < x_star and the Gaussian one for x > x_star",
            Role.CORRECTION,
        ),
        Part(
            "largest_loss",
            "the largest excess of the Gaussian supremum over Laplace's, over all x in "
            "[x_star, 1), lies within the stated bracket",
            Role.CORRECTION,
        ),
        Part(
            "unbounded_factor",
            "the ratio of the Gaussian supremum to Laplace's exceeds every bound as x -> 1",
            Role.CORRECTION,
        ),
    ),
    assumptions="Whether the tie P = 1/2 counts as g(x) = f(x) changes no supremum.",
    reference="paper, Appendix D and Figure 10; x -> -x is a mirror image",
    absent={Rung.EXPERIMENT: "the base classifier of Appendix D is given, nothing is trained"},
)

PRINTED: Statement = {
    # our correction: brackets of x_star and of the largest loss; the ratio has no bound
    "crossing": (_R(974626937, 10**9), _R(974626938, 10**9)),
    "loss": _LOSS,
    "factor": sp.oo,
}


def _moved(name: str, shift: sp.Rational) -> Statement:
    return {name: tuple(end + shift for end in PRINTED[name])}


_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_SEARCHED = (Rung.ENCLOSURE, Rung.SEARCH)
_EVERY = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_HIGHER, _LOWER = _moved("crossing", _R(1, 10**6)), _moved("crossing", -_R(1, 5))
_MORE, _LESS = _moved("loss", _R(1, 10**6)), _moved("loss", -_R(1, 50))
_BOUNDED = (Rung.DERIVATION, Rung.SEARCH)
MUTANTS = (
    Mutant("crossing higher by 1e-6", _HIGHER, "one_crossing", _PROOFS),
    Mutant("crossing lower by a fifth", _LOWER, "one_crossing", _EVERY),
    Mutant("loss larger by 1e-6", _MORE, "largest_loss", (Rung.ENCLOSURE,)),
    Mutant("loss smaller by a fiftieth", _LESS, "largest_loss", _SEARCHED),
    Mutant("ratio at most 4", {"factor": sp.Integer(4)}, "unbounded_factor", _BOUNDED),
)

_v, _w, _g, _a, _y = sp.symbols("v w g a y", positive=True)
_C = sp.Symbol("C", positive=True)
_D = sp.Function("D")
_HALF = _R(1, 2)
_WITNESS = {"x": _R(99, 100), "standard deviation": _R(3, 4)}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Agreement from both densities; at Laplace's tie the sign of the Gaussian margin D decides.

    v = (1 + x)/lambda and w = (1 - x)/lambda, so x = (v - w)/(v + w). Laplace's tie is
    e^(-v) + e^(-w) = 1: e^(-v) = b in (0, 1/2] and e^(-w) = 1 - b, where b = 1/2 is x = 0 and
    b -> 0 is x -> 1.
    """
    return [
        chain(
            "every_x",
            _printed_fails(),
            proves=False,
            conclusion=(
                "at x = 99/100 and standard deviation 3/4 Gaussian noise still agrees with f with "
                "probability above 1/2, Laplace noise does not"
            ),
        ),
        chain(
            "one_crossing",
            _one_crossing(statement["crossing"]),
            conclusion=(
                "D, as b rises from 0 to 1/2, falls from 0 while v + w > 4 and then rises to "
                "D(1/2) > 0: one zero, inside the bracket"
            ),
        ),
        chain(
            "unbounded_factor",
            _unbounded(statement["factor"]),
            conclusion=(
                "at C times Laplace's supremum the Gaussian agreement exceeds 1/2 by about "
                "b/(2 C sqrt(pi)) as b -> 0, for every C"
            ),
        ),
    ]


def _printed_fails() -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    ours, theirs = rops_steps.agreements(*_WITNESS.values())
    where = "x = 99/100, standard deviation 3/4"
    first, second = rops_steps.written_agreements(*_WITNESS.values())
    said = "Laplace noise keeps the label with probability below 1/2: beyond its supremum"
    yield compare(ours, "<", _HALF, said, where, written=first, states=True)
    said = "Gaussian noise keeps it with probability above 1/2: below its supremum"
    yield compare(theirs, ">", _HALF, said, where, written=second, states=True)


def _one_crossing(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    margin = 1 - 2 * rops_steps.gaussian_agreement(lam * _w, lam * _v, MATCHED)
    slope = -sp.exp(_v) * sp.diff(margin, _v) + sp.exp(_w) * sp.diff(margin, _w)
    rise, fall = _v - _v**2 / 4, _w - _w**2 / 4
    yield equal(
        sp.sqrt(sp.pi) * slope,
        sp.exp(rise) - sp.exp(fall),
        "D = 1 - 2 P_G, with P_G the Gaussian agreement at Laplace's supremum, is positive where "
        "Laplace's is the larger one; its derivative along the tie (dv/db = -e^v, dw/db = e^w)",
        "0 < b <= 1/2, v = -log b, w = -log(1 - b)",
        written=sp.sqrt(sp.pi) * sp.Derivative(_D(_b), _b),
    )
    for sum_of_both, relation, form in ((4 - _a, ">", _g * _a / 4), (4 + _a, "<", -_g * _a / 4)):
        at = {_v: (sum_of_both + _g) / 2, _w: (sum_of_both - _g) / 2}
        reason = f"so dD/db {relation} 0 where v + w = {sum_of_both}, v - w = g"
        yield compare(rise.subs(at), relation, fall.subs(at), reason, "g, a > 0", form=form)
    yield from rops_steps.tie_runs_over_every_x()
    yield compare(
        margin.subs({_v: sp.log(2), _w: sp.log(2)}),
        ">",
        0,
        "so on the way from x = 0 to x -> 1, D falls from this value until v + w = 4 ...",
        "x = 0, b = 1/2",
        written=_D(_HALF),
    )
    yield equal(
        sp.limit(margin.subs(_w, 0), _v, sp.oo),
        0,
        "... and rises to 0 from there on: it is below 0 at v + w = 4, with one zero before",
        "x -> 1, b -> 0",
        written=sp.Limit(_D(_b), _b, 0),
    )
    yield from rops_steps.larger_at_the_ends(bracket)


def _unbounded(factor: sp.Expr) -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    yield from gaussian_steps.mills_bound()
    times = _C if factor is sp.oo else factor
    relation = ">" if factor is sp.oo else "<="
    beyond = rops_steps.gaussian_agreement(lam * _w, lam * _v, times * MATCHED)
    far = gaussian_steps.tail_bound(_v / (2 * times))
    yield equal(
        beyond,
        (1 + sp.erf(_w / (2 * times)) - (1 - sp.erf(_v / (2 * times)))) / 2,
        "P_G, the Gaussian agreement at C times Laplace's supremum: with erf = 1 - erfc it is "
        "1/2 + (erf(w/(2C)) - erfc(v/(2C)))/2",
        "every C > 0, v = (1 + x)/lambda, w = (1 - x)/lambda",
        written=sp.Function("P_G")(sp.Symbol("C") * sp.sqrt(2) * lam),
    )
    yield equal(
        sp.limit(far * sp.exp(_v), _v, sp.oo),
        0,
        "erfc(v/(2C)), below this by Mills' bound, is o(b), b = e^(-v)",
        "x -> 1, which is v -> oo",
        written=sp.Limit(far * sp.exp(_v), _v, sp.oo),
    )
    close = sp.erf(-sp.log(1 - _b) / (2 * times)) / _b
    yield compare(
        sp.limit(close, _b, 0),
        relation,
        0,
        "erf(w/(2C)) is of the order of b, so P_G > 1/2 near x = 1: C times Laplace's supremum is "
        "below the Gaussian one",
        "x -> 1, which is b -> 0",
        written=sp.Limit(close, _b, 0),
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """D(b), the Gaussian margin at Laplace's supremum, over all b in (0, 1/2], by Arb."""
    far, near = -sp.log(_b), -sp.log(1 - _b)
    margin = sp.erfc(near / 2) + sp.erfc(far / 2) - 1
    root = isolate_root(margin, _b, (Fraction(1, 32), Fraction(1, 16)))
    crossing = None
    if root is not None:
        with ctx.workprec(256):
            crossing = Root(
                compile_ball((far - near) / (far + near), [_b])([root.ball]),
                "x in [0, 1)",
                root.unique,
            )
    signs = [
        *_near_one(near),
        sign_on_box(margin, "<", {_b: (Fraction(1, 4096), Fraction(1, 32))}),
        sign_on_box(margin, ">", {_b: (Fraction(1, 16), Fraction(1, 2))}),
        settled(sp.diff(far, _b) + 1 / _b, "v falls in b"),
        settled(sp.diff(near, _b) - 1 / (1 - _b), "w rises in b, so x = (v - w)/(v + w) falls"),
        within(crossing, statement["crossing"], "x_star"),
    ]
    constants, witness = _witnessed()
    lost = enclosed(
        "every_x",
        constants,
        proves=False,
        witness=witness,
        conclusion="the Gaussian supremum is above this standard deviation, Laplace's below",
    )
    crossed = enclosed(
        "one_crossing",
        signs,
        roots={"x_star": crossing},
        conclusion="D(b) has one zero, in [1/32, 1/16]; below it D < 0, the Gaussian one is larger",
    )
    every = "every x in [0, 1), written x = (v - w)/(v + w), e^(-v) = b, e^(-w) = 1 - b, 0 < b <= "
    tail = (
        "every x in [x_star, 1), where v = (1 + x)/lambda at Laplace's supremum is above 3: v in "
        "[3, 11], then B = v/(2 + v M/sqrt(2)) up to v = 80 with M the upper end, then v >= 80"
    )
    return [
        covering("x = 99/100", lost),
        covering(f"{every}1/2", crossed),
        covering(tail, _enclosed_loss(*statement["loss"])),
    ]


def _near_one(near: sp.Expr) -> list[Outcome]:
    """D < 0 for 0 < b <= 1/4096: v >= 8, so erfc(v/2) < e^(-v^2/4) <= b^2, and erf(w/2) > b/2."""
    small, zero = Fraction(1, 4096), sp.Integer(0)
    return [
        *tail_below_gaussian(),
        *erf_above_identity(),
        constant(sp.log(4096) - 8, ">", "v >= 8 for b <= 1/4096"),
        closed_at(near - _b, ">", _b, zero, small, order=2),
        closed_at(_b**2 - _b / 2, "<", _b, zero, small, order=1),
    ]


def _witnessed() -> tuple[list[Outcome], dict[str, str]]:
    x, deviation = _WITNESS.values()
    scale, spread = deviation / sp.sqrt(2), sp.sqrt(2) * deviation
    ours = sp.exp(-(1 - x) / scale) + sp.exp(-(1 + x) / scale) - 1
    theirs = sp.erfc((1 - x) / spread) + sp.erfc((1 + x) / spread) - 1
    constants = [
        constant(ours, ">", "Laplace noise agrees with f with probability below 1/2"),
        constant(theirs, "<", "Gaussian noise agrees with f with probability above 1/2"),
    ]
    witness = {
        "x": str(x),
        "standard deviation": str(deviation),
        "P(f(x + eps) = cA), Laplace": recomputable((1 - ours) / 2),
        "P(f(x + eps) = cA), Gaussian": recomputable((1 - theirs) / 2),
    }
    return constants, witness


def _enclosed_loss(low: sp.Rational, high: sp.Rational) -> Evidence:
    """Whether Laplace's supremum plus M is above the Gaussian one, for all v in [3, oo)."""
    said = f"at v = {PLACE} the loss is above {low}"
    reached = constant(surplus(low).subs(v, PLACE), "<", said)
    if reached.status is False and any(one.status is not True for one in loss_below(low)):
        reached = Outcome(None, reached.scope, f"not {said}, but perhaps elsewhere")
    said = "at v = 3 Laplace's supremum is still the larger one, so v > 3 for every x >= x_star"
    outcomes = [reached, constant(surplus(sp.Integer(0)).subs(v, 3), ">", said), *loss_below(high)]
    return enclosed(
        "largest_loss",
        outcomes,
        conclusion=(
            "the Gaussian supremum exceeds Laplace's by more than the lower end at one v and by "
            "less than the upper end at every v"
        ),
    )


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Both suprema by root finding in floats, down to 1 - x = 1e-300."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    gaps = np.concatenate([rng.uniform(1e-3, 1.0, 150), 10.0 ** rng.uniform(-300, -3, 150)])
    gaps = np.sort(gaps)[::-1]
    pairs = np.array([_tie(gap) for gap in gaps])
    ours, theirs = np.sqrt(2) / pairs[:, 0], np.sqrt(0.5) / pairs[:, 1]
    loses, ratio = theirs > ours * (1 + 1e-9), float(np.max(theirs / ours))
    low = 1 - float(statement["crossing"][0])
    wrong = (loses != (gaps < low)) & (abs(gaps - low) > 1e-6)

    def lost(log_gap: float) -> float:
        laplace, gaussian = _tie(float(np.exp(log_gap)))
        return float(np.sqrt(2) / laplace - np.sqrt(0.5) / gaussian)

    crossed = 1 - np.exp(optimize.brentq(lost, np.log(1e-3), np.log(0.5)))
    most = -optimize.minimize_scalar(lost, bounds=(-30, -5), options={"xatol": 1e-9}).fun
    bracket = [float(end) for end in statement["loss"]]
    off = not bracket[0] - 1e-9 < most < bracket[1] + 1e-9
    bounded = float(statement["factor"]) < ratio or not np.all(np.diff(theirs / ours) > -1e-9)

    def one(part: str, at: np.ndarray, detail: str) -> Evidence:
        witness = {"1 - x": repr(float(at[0]))} if len(at) else None
        where = "300 values of x in [0, 1), 1 - x from 1 down to 1e-300"
        return searched(part, where, detail, start=start, witness=witness)

    return [
        one("every_x", gaps[loses], "suprema compared"),
        one("one_crossing", gaps[wrong], f"the suprema cross at x = {crossed:.9f}"),
        one("largest_loss", gaps[:1] if off else gaps[:0], f"largest loss {most:.9f}"),
        one("unbounded_factor", gaps[-1:] if bounded else gaps[:0], f"ratio rises to {ratio:.4g}"),
    ]


def _tie(gap: float) -> tuple[float, float]:
    """1/lambda and 1/(sqrt(2) sigma) at the suprema, for x = 1 - gap, in logarithms."""
    far = 2.0 - gap
    laplace = optimize.brentq(
        lambda t: np.log(-np.expm1(-gap * t)) + far * t, 0.1, 400.0, xtol=1e-13
    )
    gaussian = optimize.brentq(
        lambda t: np.log(special.erf(gap * t)) - np.log(2) - special.log_ndtr(-far * t * 2**0.5),
        0.1,
        40.0,
        xtol=1e-14,
    )
    return float(laplace), float(gaussian)
