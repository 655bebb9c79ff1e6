"""Figure 11: at x = 0.3 Laplace's ROPS is larger for every certified radius. It is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import ctx
from scipy import optimize

from theory.balls import rational_ball
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
_X = _R(3, 10)
_TOP = 0.7  # 1 - x, in floats

#: where the largest loss lies, and the radii at which it is reached
_LOSS, _PLACE = (_R(1889, 10**4), _R(189, 10**3)), (_R(695, 1000), _R(699, 1000))

CLAIM = Claim(
    slug="figure_11_laplace_larger",
    source="Figure 11, Appendix D",
    statement=(
        "For f = cA on |x| <= 1 and cB elsewhere on the line, smoothed at x = 0.3, the supremum "
        "of sqrt(2) lambda for which Laplace noise certifies the radius r is larger than the "
        "supremum of sigma for which Gaussian noise does, for every certified radius r in "
        "[0, 0.7)."
    ),
    latex=r"\sup\Lambda_r(0.3)>\sup\Sigma_r(0.3)\quad\forall\,r\in[0,0.7)",
    variables=(
        Variable("r", "[0, 0.7)", "certified radius; 0.7 = 1 - x is the distance to cB"),
        Variable("lambda", "(0, oo)", "Laplace scale; sqrt(2) lambda is the standard deviation"),
        Variable("sigma", "(0, oo)", "standard deviation of the Gaussian noise"),
    ),
    parts=(
        Part(
            "every_radius",
            "Laplace's supremum is the larger one for every r in [0, 0.7), where a scale "
            "certifies r if the noise's own certificate at x is at least r",
            otherwise=(
                "it holds exactly for r < {r_star}; at r = {r_star} the two suprema are equal, and "
                "on ({r_star}, 0.7) the Gaussian one is larger, by at most "
                f"{float(_LOSS[1])} in standard deviations (more than {float(_LOSS[0])} is "
                f"reached, for an r between {float(_PLACE[0])} and {float(_PLACE[1])}) and by a "
                "factor that grows without bound as r -> 0.7"
            ),
        ),
        Part(
            "every_exact_radius",
            "the same, where a scale certifies r if the smoothed classifier keeps cA on all of "
            "[x - r, x + r]",
            otherwise=(
                "with the exact distance in the place of the certificate it holds exactly for "
                "r < {r_exact}, beyond which the Gaussian supremum is larger"
            ),
        ),
        Part(
            "one_crossing",
            "there is one r_star in [0, 0.7), within the stated bracket, such that Laplace's "
            "supremum is larger for r < r_star and the Gaussian one for r > r_star",
            Role.CORRECTION,
        ),
        Part(
            "largest_loss",
            "the largest excess of the Gaussian supremum over Laplace's, over all r in "
            "[r_star, 0.7), lies within the stated bracket, and above its lower end only for r "
            "within the other one",
            Role.CORRECTION,
        ),
        Part(
            "unbounded_factor",
            "the ratio of the Gaussian supremum to Laplace's exceeds every bound as r -> 0.7",
            Role.CORRECTION,
        ),
        Part(
            "one_exact_crossing",
            "with the exact distance there is one such r, within its stated bracket",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "The text does not say what it certifies with. Read first with the certificates "
        "-lambda log[2(1 - PA)] and sigma Phi^-1(PA), where PA is the agreement P(|x + eps| <= 1), "
        "and then with the true distance to the nearest point at which the smoothed classifier "
        "says cB. At r >= 0.7, which the figure's axis includes, no scale certifies r and both "
        "sets are empty. Whether the tie counts changes no supremum."
    ),
    reference="paper, Appendix D and Figure 11; figure_10_laplace_larger for r = 0 at every x",
    absent={Rung.EXPERIMENT: "the base classifier of Appendix D is given, nothing is trained"},
)

PRINTED: Statement = {
    # our correction: brackets of r_star, of the largest loss and its place, and of the r at which
    # the exact distances cross; the ratio has no bound
    "crossing": (_R(490032906, 10**9), _R(490032907, 10**9)),
    "loss": _LOSS,
    "place": _PLACE,
    "factor": sp.oo,
    "exact": (_R(674626937, 10**9), _R(674626938, 10**9)),
}


def _moved(name: str, shift: sp.Rational) -> Statement:
    return {name: tuple(end + shift for end in PRINTED[name])}


_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_SEARCHED = (Rung.ENCLOSURE, Rung.SEARCH)
_EVERY = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_HIGHER, _LOWER = _moved("crossing", _R(1, 10**6)), _moved("crossing", -_R(3, 10))
_EXACT_HIGHER, _EXACT_LOWER = _moved("exact", _R(1, 10**6)), _moved("exact", -_R(1, 5))
MUTANTS = (
    Mutant("crossing higher by 1e-6", _HIGHER, "one_crossing", (*_PROOFS, Rung.SEARCH)),
    Mutant("crossing lower by three tenths", _LOWER, "one_crossing", _EVERY),
    Mutant("loss larger by a hundredth", _moved("loss", _R(1, 100)), "largest_loss", _SEARCHED),
    Mutant("loss smaller by a fiftieth", _moved("loss", -_R(1, 50)), "largest_loss", _SEARCHED),
    Mutant("place lower by a tenth", _moved("place", -_R(1, 10)), "largest_loss", _SEARCHED),
    Mutant(
        "ratio at most 4",
        {"factor": sp.Integer(4)},
        "unbounded_factor",
        (Rung.DERIVATION, Rung.SEARCH),
    ),
    Mutant("exact crossing higher by 1e-6", _EXACT_HIGHER, "one_exact_crossing", _PROOFS),
    Mutant("exact crossing lower by a fifth", _EXACT_LOWER, "one_exact_crossing", _EVERY),
)

_WITNESS = {"x": _X, "r": _R(69, 100), "standard deviation": _R(2, 5)}
_EXACT_WITNESS = {"x": _X, "r": _R(69, 100), "standard deviation": _R(3, 4)}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both certificates from the densities; at Laplace's tie the sign of the Gaussian M decides."""
    return [
        chain(
            "every_radius",
            _printed_fails(),
            proves=False,
            conclusion=(
                "at x = 3/10, r = 69/100 and standard deviation 2/5 Gaussian noise still "
                "certifies r, Laplace noise does not"
            ),
        ),
        chain(
            "every_exact_radius",
            _exact_fails(),
            proves=False,
            conclusion=(
                "at x = 3/10, r = 69/100 and standard deviation 3/4 the Gaussian classifier keeps "
                "cA up to x + r, the Laplace one does not"
            ),
        ),
        chain(
            "one_crossing",
            _one_crossing(statement["crossing"]),
            conclusion=(
                "M(k, 3k/10), as k = 1/(2 lambda) rises and r with it, falls from a positive value "
                "and is negative from k = 1 on: one zero, inside the bracket"
            ),
        ),
        chain(
            "unbounded_factor",
            _unbounded(statement["factor"]),
            conclusion="at C times Laplace's supremum Gaussian noise certifies r near 0.7, every C",
        ),
        chain(
            "one_exact_crossing",
            _one_exact_crossing(statement["exact"]),
            conclusion=(
                "a ball of radius r around x is kept iff x + r is, where the sign of the Gaussian "
                "excess changes once, inside the bracket"
            ),
        ),
    ]


def _printed_fails() -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.laplace_scales_are_an_interval()
    ours, theirs = steps.margins(*_WITNESS.values())
    where = "x = 3/10, r = 69/100, standard deviation 2/5"
    names = [sp.Function(name)(_WITNESS["standard deviation"]) for name in ("F_L", "F_G")]
    said = "F = P(eps > r) - P(|x + eps| > 1): Laplace noise does not certify r, it is beyond its "
    said += "supremum"
    yield compare(ours, "<", 0, said, where, written=names[0], states=True)
    said = "Gaussian noise certifies r with a margin, it is below its supremum"
    yield compare(theirs, ">", 0, said, where, written=names[1], states=True)


def _exact_fails() -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    yield from steps.agreement_falls_from_the_origin()
    x, r, deviation = _EXACT_WITNESS.values()
    ours, theirs = rops_steps.agreements(x + r, deviation)
    first, second = rops_steps.written_agreements(x + r, deviation)
    where = "x + r = 99/100, standard deviation 3/4"
    said = "Laplace noise says cB at x + r"
    yield compare(ours, "<", _R(1, 2), said, where, written=first, states=True)
    said = "Gaussian noise says cA at x + r, and so on the whole ball"
    yield compare(theirs, ">", _R(1, 2), said, where, written=second, states=True)


def _one_crossing(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.certified_scales_are_intervals()
    yield from certified_rops_order.one_crossing_on_every_ray()
    yield from steps.certified_larger_at_the_ends(_X, bracket)


def _one_exact_crossing(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    yield from steps.agreement_falls_from_the_origin()
    yield from certified_rops_order.one_location()
    low, high = bracket
    yield from rops_steps.larger_at_the_ends((_X + low, _X + high))


def _unbounded(factor: sp.Expr) -> Iterator[Step]:
    yield from steps.certificates()
    yield from steps.laplace_scales_are_an_interval()
    yield from certified_rops_order.grows_without_bound(_X, factor)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """M(k), the Gaussian excess at Laplace's tie, over all k; the loss over all lambda; by Arb."""
    _, crossed = boxes.crossing(_X, (Fraction(3, 4), Fraction(1)))
    constants, witness = _witnessed()
    lost = enclosed(
        "every_radius",
        constants,
        proves=False,
        witness=witness,
        conclusion="the Gaussian supremum is above this standard deviation, Laplace's below",
    )
    one = enclosed(
        "one_crossing",
        [*boxes.order_along_the_ray(_X, {}), within(crossed, statement["crossing"], "r_star")],
        roots={"r_star": crossed},
        conclusion="M has one zero; before it M > 0, Laplace's supremum is the larger one",
    )
    at = (Fraction(13, 100), Fraction(17, 100))
    loss = boxes.Loss(_X, *statement["loss"], *statement["place"])
    most = enclosed(
        "largest_loss",
        loss.outcomes(_R(153945, 10**6), at, Fraction(7, 10)),
        conclusion=(
            "the Gaussian supremum exceeds Laplace's by more than the lower end at one r, by less "
            "than it outside the bracket of r, and by less than the upper end at every r"
        ),
    )
    every = "every r in [0, 0.7), as k = 1/(2 lambda) in (0, oo) at Laplace's tie"
    scales = "every r in [r_star, 0.7), as lambda in (0, 7/10] at Laplace's tie, where k >= 5/7"
    return [
        covering("x = 3/10, r = 69/100", lost),
        covering(every, one),
        covering(scales, most),
        *_enclosed_exact(statement["exact"]),
    ]


def _enclosed_exact(bracket: tuple[sp.Rational, sp.Rational]) -> list[Evidence]:
    """The exact distance: the crossing of Figure 10 less x."""
    place, signs = boxes.location_crossing()
    crossed = None
    if place is not None:
        with ctx.workprec(256):
            crossed = Root(place.ball - rational_ball(_X), "r in [0, 0.7)", place.unique)
    constants, witness = _exact_witnessed()
    lost = enclosed(
        "every_exact_radius",
        constants,
        proves=False,
        witness=witness,
        conclusion="at x + r the Gaussian noise keeps cA, the Laplace noise does not",
    )
    one = enclosed(
        "one_exact_crossing",
        [*signs, within(crossed, bracket, "r_exact")],
        roots={"r_exact": crossed},
        conclusion="D has one zero, at x + r = x_star; the agreement falls away from the origin",
    )
    every = "every x + r in [0, 1), as z in (0, 1]"
    return [covering("x + r = 99/100", lost), covering(every, one)]


def _witnessed() -> tuple[list[Outcome], dict[str, str]]:
    x, r, deviation = _WITNESS.values()
    scale, spread = deviation / sp.sqrt(2), sp.sqrt(2) * deviation
    ours = -scale * sp.log(sp.exp(-(1 - x) / scale) + sp.exp(-(1 + x) / scale))
    theirs = spread * sp.erfcinv(sp.erfc((1 - x) / spread) + sp.erfc((1 + x) / spread))
    names = ("certified by Laplace noise", "certified by Gaussian noise")
    return _apart(_WITNESS, {names[0]: ours, names[1]: theirs}, r)


def _exact_witnessed() -> tuple[list[Outcome], dict[str, str]]:
    x, r, deviation = _EXACT_WITNESS.values()
    scale, spread, at = deviation / sp.sqrt(2), sp.sqrt(2) * deviation, x + r
    ours = 1 - (sp.exp(-(1 - at) / scale) + sp.exp(-(1 + at) / scale)) / 2
    theirs = 1 - (sp.erfc((1 - at) / spread) + sp.erfc((1 + at) / spread)) / 2
    kept = "P(f(x + r + eps) = cA)"
    names = {f"{kept}, Laplace": ours, f"{kept}, Gaussian": theirs}
    return _apart(_EXACT_WITNESS, names, _R(1, 2))


def _apart(
    place: Mapping[str, sp.Rational], values: Mapping[str, sp.Expr], needed: sp.Rational
) -> tuple[list[Outcome], dict[str, str]]:
    """That Laplace's value is below what is needed and the Gaussian one above, and the witness."""
    outcomes = [
        constant(value - needed, sign, f"{name} {sign} {needed}")
        for (name, value), sign in zip(values.items(), "<>", strict=True)
    ]
    shown = {name: str(value) for name, value in place.items()}
    return outcomes, {**shown, **{name: recomputable(value) for name, value in values.items()}}


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Both suprema by bisection in floats, for r up to 0.7 - 1e-12, and over locations."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    gaps = np.concatenate([rng.uniform(1e-3, _TOP, 150), 10.0 ** rng.uniform(-12, -3, 150), [_TOP]])
    gaps = np.sort(gaps)[::-1]
    x = float(_X)
    ours, theirs = suprema(x, gaps)
    # the exact distance: certified iff kept at x + r, the supremum there at radius 0
    exact_ours, exact_theirs = suprema(1 - gaps, gaps)
    loses, exact_loses = theirs > ours * (1 + 1e-9), exact_theirs > exact_ours * (1 + 1e-9)
    crossed = _crossing(lambda gap: suprema(x, gap))
    exactly = _crossing(lambda gap: suprema(1 - gap, gap))
    most = optimize.minimize_scalar(
        lambda log_gap: float(np.subtract(*suprema(x, np.exp(log_gap)))),
        bounds=(np.log(1e-4), np.log(0.1)),
        options={"xatol": 1e-9},
    )
    low, high, first, last = (float(end) for end in (*statement["loss"], *statement["place"]))
    held = low < -most.fun < high and first < _TOP - np.exp(most.x) < last
    ratio = theirs / ours
    bounded = float(statement["factor"]) < ratio[-1] or not np.all(np.diff(ratio) > -1e-9)
    report = {
        "every_radius": (gaps[loses], "suprema compared"),
        "every_exact_radius": (gaps[exact_loses], "suprema compared"),
        "one_crossing": _one(gaps, loses, crossed, statement["crossing"]),
        "largest_loss": (
            np.exp([most.x])[:0] if held else np.exp([most.x]),
            f"largest loss {-most.fun:.9f} at r = {_TOP - np.exp(most.x):.6f}",
        ),
        "unbounded_factor": (gaps[-1:] if bounded else gaps[:0], f"ratio up to {ratio[-1]:.4g}"),
        "one_exact_crossing": _one(gaps, exact_loses, exactly, statement["exact"]),
    }
    where = "301 values of r in [0, 0.7), 0.7 - r from 0.7 down to 1e-12"
    return [
        searched(
            part,
            where,
            detail,
            start=start,
            witness={"0.7 - r": repr(float(at[0]))} if len(at) else None,
        )
        for part, (at, detail) in report.items()
    ]


def _crossing(pair: Callable[[float], tuple[Floats, Floats]]) -> float:
    """The 0.7 - r at which the two suprema are equal."""
    return float(optimize.brentq(lambda gap: float(np.subtract(*pair(gap))), 1e-3, _TOP))


def _one(
    gaps: Floats, loses: np.ndarray, crossed: float, bracket: tuple[sp.Rational, sp.Rational]
) -> tuple[Floats, str]:
    """Where the crossing is outside the bracket or the order changes back, as r rises."""
    r, (low, high) = _TOP - crossed, (float(end) for end in bracket)
    again = gaps[1:][loses[:-1] & ~loses[1:]]
    outside = np.array([crossed]) if not low - 1e-9 < r < high + 1e-9 else gaps[:0]
    return np.concatenate([outside, again]), f"the suprema cross at r = {r:.9f}"
