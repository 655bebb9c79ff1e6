"""Figure 10: Laplace's ROPS is larger for every x in [0, 1). It is not, near x = 1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import ctx
from scipy import optimize, special

from theory import gaussian_steps, rops_steps
from theory.balls import compile_ball, interval_ball
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, closed_at, enclosed, isolate_root, sign_on_box
from theory.findings import searched
from theory.gaussian_steps import MATCHED
from theory.identities import constant, settled, within
from theory.symbols import b as _b
from theory.symbols import lam
from theory.tail_bounds import erf_above_identity, erf_below_tangent, tail_below_gaussian

_R = sp.Rational

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
                "exactly for x < {x_star}; at x = {x_star} the two suprema are equal, and on "
                "({x_star}, 1) the Gaussian one is larger, by at most {loss} in standard "
                "deviations and by a factor that grows without bound as x -> 1"
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
    "loss": (_R(185443, 10**6), _R(185444, 10**6)),
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
_B, _C = sp.symbols("B C", positive=True)
_HALF = _R(1, 2)
_PLACE = _R(13787, 1000)  # where the loss is largest, nearly: any place gives a lower bound
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
                "D falls from 0 for v + w > 4 and rises to D(1/2) > 0 for v + w < 4: one zero, "
                "inside the bracket"
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
    yield compare(ours, "<", _HALF, "beyond Laplace's supremum", where, states=True)
    yield compare(theirs, ">", _HALF, "below the Gaussian supremum", where, states=True)


def _one_crossing(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    margin = 1 - 2 * rops_steps.gaussian_agreement(lam * _w, lam * _v, MATCHED)
    slope = -sp.exp(_v) * sp.diff(margin, _v) + sp.exp(_w) * sp.diff(margin, _w)
    rise, fall = _v - _v**2 / 4, _w - _w**2 / 4
    yield equal(
        sp.sqrt(sp.pi) * slope,
        sp.exp(rise) - sp.exp(fall),
        "D = 1 - 2 P_G at Laplace's supremum is positive where Laplace's is the larger one; its "
        "derivative along the tie (dv/db = -e^v, dw/db = e^w)",
        "0 < b <= 1/2",
    )
    for sum_of_both, relation, form in ((4 - _a, ">", _g * _a / 4), (4 + _a, "<", -_g * _a / 4)):
        at = {_v: (sum_of_both + _g) / 2, _w: (sum_of_both - _g) / 2}
        reason = f"so D has a derivative {relation} 0 where v + w = {sum_of_both}, v - w = g"
        yield compare(rise.subs(at), relation, fall.subs(at), reason, "g, a > 0", form=form)
    # b = 1/(2 + y): y = 0 is x = 0, y -> oo is x -> 1
    far, near = sp.log(2 + _y), sp.log(1 + 1 / (1 + _y))
    domain = "b = 1/(2 + y), y > 0"
    yield equal(sp.exp(-far) + sp.exp(-near), 1, "the tie in y", domain)
    yield compare(sp.diff(far, _y), ">", 0, "v rises in y,", domain)
    yield compare(sp.diff(near, _y), "<", 0, "w falls, so x = (v - w)/(v + w) rises,", domain)
    yield equal(sp.limit(near / far, _y, sp.oo), 0, "from x = 0 to x -> 1,", "y -> oo")
    yield compare(sp.diff(far + near, _y), ">", 0, "and v + w rises", domain)
    yield compare((far + near).subs(_y, 0), "<", 4, "from log 4 < 4", "x = 0")
    yield equal(sp.limit(1 / (far + near), _y, sp.oo), 0, "to oo", "y -> oo")
    yield compare(margin.subs({_v: sp.log(2), _w: sp.log(2)}), ">", 0, "D > 0", "x = 0")
    yield equal(sp.limit(margin.subs(_w, 0), _v, sp.oo), 0, "D -> 0", "x -> 1")
    yield from _at_ends(bracket)


def _at_ends(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    for x, sign, larger in zip(bracket, (1, -1), ("Laplace", "Gaussian"), strict=True):
        deviation = rops_steps.between(x)
        ours, theirs = (sign * (value - _HALF) for value in rops_steps.agreements(x, deviation))
        domain = f"x = {x}, standard deviation {deviation}"
        reason = f"the {larger} supremum is the larger one at this end of the bracket"
        # any deviation is below the larger supremum or above the other one
        yield compare(sp.Max(ours, -theirs), ">", 0, reason, domain, states=True)
        yield compare(sp.Min(ours, -theirs), ">", 0, f"{reason}: it is between both", domain)


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
        "the Gaussian agreement at C times Laplace's supremum: its excess over 1/2 is "
        "(erf(w/2C) - erfc(v/2C))/2",
        "every C",
    )
    yield equal(
        sp.limit(far * sp.exp(_v), _v, sp.oo),
        0,
        "erfc(v/2C), below this by Mills' bound, is o(b), b = e^(-v)",
        "x -> 1",
    )
    yield compare(
        sp.limit(sp.erf(-sp.log(1 - _b) / (2 * times)) / _b, _b, 0),
        relation,
        0,
        "erf(w/2C) is of the order of b, so the agreement is above 1/2 near x = 1",
        "x -> 1",
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
    return [
        enclosed(
            "every_x",
            _witnessed(),
            proves=False,
            conclusion="the Gaussian supremum is above this standard deviation, Laplace's below",
            witness={name: str(value) for name, value in _WITNESS.items()},
        ),
        enclosed(
            "one_crossing",
            signs,
            roots={"x_star": crossing},
            conclusion="D(b) has one zero; D < 0 (the Gaussian supremum is larger) below it",
        ),
        _enclosed_loss(*statement["loss"]),
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


def _witnessed() -> list[Outcome]:
    x, deviation = _WITNESS.values()
    scale, spread = deviation / sp.sqrt(2), sp.sqrt(2) * deviation
    ours = sp.exp(-(1 - x) / scale) + sp.exp(-(1 + x) / scale) - 1
    theirs = sp.erfc((1 - x) / spread) + sp.erfc((1 + x) / spread) - 1
    return [
        constant(ours, ">", "Laplace noise agrees with f with probability below 1/2"),
        constant(theirs, "<", "Gaussian noise agrees with f with probability above 1/2"),
    ]


def _enclosed_loss(low: sp.Rational, high: sp.Rational) -> Evidence:
    """Whether Laplace's supremum plus M is above the Gaussian one, for all v in [3, oo)."""
    said = f"at v = {_PLACE} the loss is above {low}"
    reached = constant(_surplus(low).subs(_v, _PLACE), "<", said)
    if reached.status is False and any(one.status is not True for one in _never(low)):
        reached = Outcome(None, reached.scope, f"not {said}, but perhaps elsewhere")
    outcomes = [reached, *_never(high)]
    with ctx.workprec(256):
        bounds = interval_ball(*(Fraction(int(end.p), int(end.q)) for end in (low, high)))
    proved = all(outcome.status is True for outcome in outcomes)
    return enclosed(
        "largest_loss",
        outcomes,
        roots={"loss": Root(bounds, "x in [x_star, 1)", True)} if proved else None,
        conclusion="b = e^(-v) <= e^(-3) covers every x >= x_star",
    )


def _surplus(more: sp.Rational) -> sp.Expr:
    """log(erfc(B)/erf(A)) at Laplace's supremum plus M: above 0 iff Gaussian agreement is < 1/2.

    (1 + x)/(sqrt(2) sigma) = B and (1 - x)/(sqrt(2) sigma) = A, sigma = sqrt(2) lambda + M.
    """
    near = -sp.log(1 - sp.exp(-_v))
    both = 2 + more * (_v + near) / sp.sqrt(2)
    return sp.log(sp.erfc(_v / both)) - sp.log(sp.erf(near / both))


def _never(more: sp.Rational) -> list[Outcome]:
    """The loss is below M for every v >= 3: boxes to v = 11, then a lower bound in one variable.

    With b = e^(-v): w < b + b^2, erf(A) < 2A/sqrt(pi) and B < B' = v/(2 + v M/sqrt(2)). In B' the
    lower bound of the surplus falls and then rises; between, |B' - place| <= reach, it is at least
    its value at the place less reach times the largest slope there.
    """
    rate = more / sp.sqrt(2)
    distance = 2 * _B / (1 - rate * _B)  # v
    lower = sp.log(sp.erfc(_B)) + distance - sp.exp(-distance)
    lower += sp.log(sp.pi) / 2 - sp.log(1 - rate * _B)
    slope, here = sp.diff(lower, _B), lower.subs(_B, _R(36206, 10**4))
    place, reach = Fraction(36206, 10**4), Fraction(1, 1000)
    near, steepest = {_B: (place - reach, place + reach)}, here * 1000
    # v >= 80: (1 + x)/sigma < 2/M and erf((1 - x)/(sqrt(2) sigma)) < 2 sqrt(2) e^(-v)/M
    rest = sp.erfc(sp.sqrt(2) / more) - 2 * sp.sqrt(2) * sp.exp(-sp.Integer(80)) / more
    small = _b + _b**2 + sp.log(1 - _b)
    return [
        constant(_surplus(more).subs(_v, _PLACE), ">", f"at v = {_PLACE} the loss is below {more}"),
        sign_on_box(_surplus(more), ">", {_v: (Fraction(3), Fraction(11))}),
        _or_unknown(constant(11 - distance.subs(_B, 3), ">", "B' = 3 is before v = 11")),
        _or_unknown(constant(distance.subs(_B, _R(13, 2)) - 80, ">", "B' = 13/2 is past v = 80")),
        closed_at(small, ">", _b, sp.Integer(0), Fraction(1, 16), order=2),
        *erf_below_tangent(),
        _or_unknown(sign_on_box(slope, "<", {_B: (Fraction(3), place - reach)})),
        _or_unknown(sign_on_box(steepest + slope, ">", near)),
        _or_unknown(sign_on_box(steepest - slope, ">", near)),
        _or_unknown(sign_on_box(slope, ">", {_B: (place + reach, Fraction(13, 2))})),
        constant(rest, ">", f"the loss is below {more} for v >= 80"),
    ]


def _or_unknown(outcome: Outcome) -> Outcome:
    # a wrong slope breaks this argument; it does not refute the bracket
    return Outcome(outcome.status or None, outcome.scope, outcome.detail, boxes=outcome.boxes)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Both suprema by root finding in floats, down to 1 - x = 1e-300."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    gaps = np.concatenate([rng.uniform(1e-3, 1.0, 150), 10.0 ** rng.uniform(-300, -3, 150)])
    gaps = np.sort(gaps)[::-1]
    pairs = np.array([_tie(gap) for gap in gaps])
    ours, theirs = np.sqrt(2) / pairs[:, 0], np.sqrt(0.5) / pairs[:, 1]
    loses, ratio = theirs > ours * (1 + 1e-9), float(np.max(theirs / ours))
    low, first = 1 - float(statement["crossing"][0]), float(np.max(gaps[loses], initial=0.0))
    wrong = (loses != (gaps < low)) & (abs(gaps - low) > 1e-6)

    def lost(log_gap: float) -> float:
        laplace, gaussian = _tie(float(np.exp(log_gap)))
        return float(np.sqrt(2) / laplace - np.sqrt(0.5) / gaussian)

    most = -optimize.minimize_scalar(lost, bounds=(-30, -5), options={"xatol": 1e-9}).fun
    bracket = [float(end) for end in statement["loss"]]
    off = not bracket[0] - 1e-9 < most < bracket[1] + 1e-9
    bounded = float(statement["factor"]) < ratio or not np.all(np.diff(theirs / ours) > -1e-9)

    def one(part: str, at: np.ndarray, detail: str) -> Evidence:
        witness = {"1 - x": repr(float(at[0]))} if len(at) else None
        return searched(part, "300 values of x", detail, start=start, witness=witness)

    return [
        one("every_x", gaps[loses], "suprema compared"),
        one("one_crossing", gaps[wrong], f"Laplace's is smaller from x = {1 - first:.6f} on"),
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
