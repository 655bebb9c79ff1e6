"""The workbench on the paper's own formulas: the ledger's verdicts, by a path without a formula.

Each verdict follows from fields of the reports alone. The workbench knows the noises' tails and
no formula of a radius: that is shown by its imports, by the functions that it calls, and by
breaking what the ledger's formulas rest on.
"""

import ast
import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

import theory
from l1cert import BoundReport, catalogue, check_bound
from tests.methods import evidence_of_rung
from tests.verdicts import VERDICTS
from theory.claim import Rung, Verdict
from theory.conjectures.dominance import Comparison

HOLDS, CONDITIONALLY, FAILS = Verdict.HOLDS, Verdict.HOLDS_CONDITIONALLY, Verdict.FAILS
ROOT = Path(__file__).parents[2]

# the printed formulas, as a reader would type them
THEOREM_1 = "Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))"
THEOREM_1_BINARY = "Max(lam/2*log(p_a/(1 - p_a)), -lam*log(1 - p_a + (1 - p_a)))"
NEW_TERM = "-lam*log(1 - p_a + (1 - p_a))"
THEOREM_2 = "-lam*log(2*(1 - p_a))"
TIGHT_WITH_PB = "-lam*log(2*Min(p_b, 1 - p_a))"
LECUYER = "lam/2*log(p_a/(1 - p_a))"
COHEN = "sigma*sqrt(2)*erfinv(2*p_a - 1)"
UNIFORM = "2*half_width*(p_a - 1/2)"
OTHER = "Min(p_b, 1 - p_a)"
TOP_OF_3 = f"Max(p_a, 1 - 2*{OTHER})"


def quantile(p: str) -> str:
    return f"Piecewise((log(2*({p})), {p} <= 1/2), (-log(2*(1 - ({p}))), True))"


EXACT = f"lam/2*({quantile('p_a')} - {quantile(OTHER)})"
EXACT_3 = f"lam/2*({quantile(TOP_OF_3)} - {quantile(OTHER)})"


@functools.cache
def checked(
    radius: str, noise: str = "laplace", setting: str = "binary", classes: int | None = None
) -> BoundReport:
    return check_bound(radius, noise=noise, setting=setting, num_classes=classes, samples=1000)


def against(report: BoundReport, name: str) -> Comparison:
    return next(one for one in report.dominance if one.name == name)


# -- what the fields of a report say of a statement ---------------------------------------------


def sound_on_the_closed_ball(report: BoundReport) -> Verdict:
    """Of "g(x + delta) = g(x) for ||delta||_1 <= R", where the open ball is another reading."""
    if not report.sound:
        return FAILS
    return HOLDS if report.closed_ball else CONDITIONALLY


def sound(report: BoundReport) -> Verdict:
    return HOLDS if report.sound else FAILS


def sound_and_tight(report: BoundReport) -> Verdict:
    return HOLDS if report.sound and report.tight else FAILS


def smaller_than_exact(report: BoundReport) -> Verdict:
    """Of "a larger radius is sound": everywhere, or only outside some region, or nowhere."""
    if report.tight or against(report, "exact").relation != "smaller":
        return FAILS
    regions = against(report, "exact").regions
    return CONDITIONALLY if any(one.relation == "equal" for one in regions) else HOLDS


def larger_everywhere(name: str) -> Callable[[BoundReport], Verdict]:
    def verdict(report: BoundReport) -> Verdict:
        regions = against(report, name).regions
        return HOLDS if all(one.relation == "larger" for one in regions) else FAILS

    return verdict


def never_smaller(*names: str) -> Callable[[BoundReport], Verdict]:
    def verdict(report: BoundReport) -> Verdict:
        found = [against(report, name).relation for name in names]
        return HOLDS if all(one in ("equal", "larger") for one in found) else FAILS

    return verdict


def equal_to(name: str) -> Callable[[BoundReport], Verdict]:
    return lambda report: HOLDS if name in report.equals else FAILS


#: (claim, arguments of `check_bound`, what its report says of the claim)
LEDGER = [
    ("theorem_2", (THEOREM_2,), sound_on_the_closed_ball),
    ("theorem_3", (THEOREM_2,), sound_and_tight),
    ("theorem_2_special_case", (THEOREM_1_BINARY,), equal_to("theorem_2")),
    ("binary_term_dominates", (NEW_TERM,), never_smaller("lecuyer")),
    ("ours_beats_lecuyer", (THEOREM_2,), never_smaller("lecuyer")),
    ("table_1_lecuyer", (LECUYER,), sound),
    ("table_1_cohen", (COHEN, "gaussian"), sound),
    ("cohen_is_best_gaussian", (COHEN, "gaussian"), sound_and_tight),
    ("figure_6_always_largest", (THEOREM_2,), never_smaller("lecuyer", "cohen")),
    ("uniform_against_laplace", (UNIFORM, "uniform"), sound_and_tight),
    ("theorem_3_hypothesis", (THEOREM_2, "laplace", "binary-pb"), sound_and_tight),
    (
        *("theorem_2_improves_theorem_1", (THEOREM_2, "laplace", "binary-pb")),
        larger_everywhere("theorem_1"),
    ),
    pytest.param(
        *("theorem_1", (THEOREM_1, "laplace", "multiclass"), sound_on_the_closed_ball),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        *("theorem_1_not_tight", (THEOREM_1, "laplace", "multiclass"), smaller_than_exact),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        *("multiclass_beats_lecuyer", (THEOREM_1, "laplace", "multiclass")),
        larger_everywhere("lecuyer"),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        *("exact_multiclass_radius", (EXACT, "laplace", "multiclass"), sound_and_tight),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        *("exact_multiclass_radius_k", (EXACT_3, "laplace", "k", 3), sound_and_tight),
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("slug", "arguments", "verdict"), LEDGER)
def test_a_report_gives_the_verdict_of_the_ledger(slug, arguments, verdict):
    report = checked(*arguments)
    assert report.sound is not None and report.left == ()
    assert verdict(report) is VERDICTS[slug]


WRONG = [
    ("theorem_2", ("-lam*log(2*(1 - p_a)) + lam/10**6",), sound_on_the_closed_ball),
    ("theorem_3", ("-lam*log(2*(1 - p_a)) - lam/10**6",), sound_and_tight),
    ("theorem_2_special_case", (LECUYER,), equal_to("theorem_2")),
    ("binary_term_dominates", (f"({NEW_TERM})*(1 - 1/10**6)/2",), never_smaller("lecuyer")),
    ("ours_beats_lecuyer", (f"({THEOREM_2})/2",), never_smaller("lecuyer")),
    ("table_1_lecuyer", ("lam*log(p_a/(1 - p_a))",), sound),
    ("table_1_cohen", (COHEN, "laplace"), sound),
    ("cohen_is_best_gaussian", ("sigma*(2*p_a - 1)", "gaussian"), sound_and_tight),
    ("uniform_against_laplace", ("half_width*(p_a - 1/2)", "uniform"), sound_and_tight),
    ("figure_6_always_largest", (f"3*({THEOREM_2})",), never_smaller("lecuyer", "cohen")),
]


@pytest.mark.parametrize(("slug", "arguments", "verdict"), WRONG)
def test_another_formula_has_another_verdict(slug, arguments, verdict):
    assert verdict(checked(*arguments)) is not VERDICTS[slug]


# -- what the ledger says beside its verdicts ---------------------------------------------------


def test_theorem_2_is_tight_on_the_open_ball_alone():
    report = checked(THEOREM_2)
    assert (report.sound, report.tight, report.closed_ball) == (True, True, False)
    assert report.equals == ("theorem_1", "theorem_2", "exact")


@pytest.mark.slow
def test_the_tight_radius_with_a_pb_is_the_one_that_the_ledger_names():
    claim = catalogue.claim("theorem_3_hypothesis")
    assert "-lambda log[2 min(PB, 1 - PA)]" in next(iter(claim.parts)).otherwise
    report = checked(TIGHT_WITH_PB, "laplace", "binary-pb")
    assert (report.sound, report.tight, report.grade) == (True, True, "PROVED")
    assert {"theorem_1", "theorem_2"} <= set(report.dominates) and report.equals == ("exact",)


def test_theorem_2_is_neither_above_nor_below_theorem_1_with_a_pb():
    found = against(checked(THEOREM_2, "laplace", "binary-pb"), "theorem_1")
    assert found.relation == "crosses" and found.proved


def test_gaussian_noise_certifies_the_same_radius_in_the_euclidean_norm():
    report = check_bound(COHEN, noise="gaussian", norm=2, samples=1000)
    assert report.tight and report.norm == 2 and report.as_json()["norm"] == 2


CROSSINGS = [
    ("figure_6_always_largest", "p_star", (THEOREM_2,), "cohen", "0.9535591423"),
    ("uniform_against_laplace", "p_UL", (UNIFORM, "uniform"), "theorem_2", "0.9428963557"),
    ("uniform_against_laplace", "p_UG", (UNIFORM, "uniform"), "cohen", "0.9333391308"),
    ("uniform_against_laplace", "p_GL", (COHEN, "gaussian"), "theorem_2", "0.9535591423"),
]


@pytest.mark.parametrize(("slug", "name", "arguments", "rival", "digits"), CROSSINGS)
def test_a_crossing_is_the_number_of_the_ledger(slug, name, arguments, rival, digits):
    (crossing,) = against(checked(*arguments), rival).crossings
    low, high = map(Decimal, crossing.enclosure)
    ledger_low, ledger_high = map(Decimal, boundaries(slug)[name])
    assert max(low, ledger_low) <= min(high, ledger_high)  # two enclosures of one number
    assert crossing.unique and str(low).startswith(digits) and high - low < Decimal("1e-25")


@functools.cache
def boundaries(slug: str) -> dict[str, tuple[str, str]]:
    claim = catalogue.theory_module(slug)
    found = evidence_of_rung(claim, None, Rung.ENCLOSURE, claim.PRINTED, num_samples=1000)
    return {one.name: one.enclosure for evidence in found for one in evidence.boundaries}


# -- independence -------------------------------------------------------------------------------

#: where the ledger's formulas and proofs are
FOREIGN = (
    *("radius_formulas", "derivation", "steps", "enclosure", "enclosures", "claims", "tightness"),
    *("searches", "neyman_pearson", "likelihood_ratio", "certified_rops", "directional", "rops"),
)
#: of which `theory.conjectures` takes the number of classes alone
SHARED_WITH_CERTIFICATES = {"MOST_CLASSES", "parse_num_classes"}


def is_foreign(module: str) -> bool:
    return any(module == f"theory.{one}" or module.startswith(f"theory.{one}.") for one in FOREIGN)


def source_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def imports(path: Path) -> set[tuple[str, str]]:
    """(module, name) of each import in a file, wherever in it; the name may be empty."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(one.name, "") for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                found.add((inner, "") if source_of(inner) else (node.module, one.name))
    return found


def reached(start: Path) -> set[str]:
    """The modules of theory/ that a file imports, and those in turn; certificates is an end."""
    found: set[str] = set()
    todo = [start]
    while todo:
        for module, _ in imports(todo.pop()):
            path = source_of(module) if module.split(".")[0] in ("theory", "l1cert") else None
            if path is None or module in found:
                continue
            found.add(module)
            if module != "theory.certificates":
                todo.append(path)
    return found


CONJECTURES = sorted((ROOT / "theory" / "conjectures").glob("*.py"))


@pytest.mark.parametrize("path", CONJECTURES, ids=lambda path: path.stem)
def test_the_workbench_imports_none_of_the_ledgers_formulas(path):
    assert not [module for module in reached(path) if is_foreign(module)]
    taken = {name for module, name in imports(path) if module == "theory.certificates"}
    assert taken <= SHARED_WITH_CERTIFICATES


def test_the_walk_of_the_imports_finds_a_foreign_one(tmp_path):
    path = tmp_path / "conjecture.py"
    path.write_text("def f():\n    from theory.claims import theorem_1\n    return theorem_1\n")
    found = reached(path)
    assert "theory.claims.theorem_1" in found and any(map(is_foreign, found))
    path.write_text("from theory import tightness\n")
    assert any(map(is_foreign, reached(path)))


INDEPENDENT = [
    (THEOREM_2, "laplace", "binary"),
    ("lam*log(p_a/(1 - p_a))", "laplace", "binary"),
    (UNIFORM, "uniform", "binary"),
]


def answers() -> list[tuple[object, ...]]:
    found = []
    for radius, noise, setting in INDEPENDENT:
        one = check_bound(radius, noise=noise, setting=setting, samples=1000)
        witness = None if one.witness is None else one.witness.counterexample.as_json()
        found.append((one.sound, one.tight, one.closed_ball, one.dominance, one.grade, witness))
    return found


def forget() -> None:
    """Drop every cached value of theory/ and of the workbench."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("theory", "l1cert"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def broken(*_: object, **__: object) -> object:
    raise AssertionError("the ledger's formulas are not to be asked")


def break_the_ledger(monkeypatch: pytest.MonkeyPatch) -> int:
    """Replace every function and formula that the ledger's claims rest on; how many."""
    names = [one.name for one in pkgutil.walk_packages(theory.__path__, "theory.")]
    count = 0
    for name in [one for one in names if is_foreign(one) or one == "theory.certificates"]:
        module = importlib.import_module(name)
        for key, value in list(vars(module).items()):
            own = getattr(value, "__module__", "") == name
            if own and key not in SHARED_WITH_CERTIFICATES and inspect.isroutine(value):
                monkeypatch.setattr(module, key, broken)
                count += 1
        for key in ("FORMULAS", "PRINTED"):
            if hasattr(module, key):
                monkeypatch.setattr(module, key, {})
                count += 1
    return count


def test_breaking_what_the_ledger_rests_on_changes_no_answer(monkeypatch):
    forget()
    before = answers()
    forget()
    assert break_the_ledger(monkeypatch) > 300
    with pytest.raises((AssertionError, KeyError)):
        importlib.import_module("theory.certificates").theorem_2(0.9, scale=1.0)
    assert answers() == before
    monkeypatch.undo()
    forget()


def test_a_false_density_in_the_ledger_lets_no_proof_change(monkeypatch):
    """The density is the noise itself: of a proof it is no part, and a witness fails without it."""
    densities = importlib.import_module("theory.densities")
    laplace = densities.laplace
    forget()
    monkeypatch.setattr(densities, "laplace", lambda *given: laplace(*given) / 2)
    sound_one = check_bound(THEOREM_2, samples=1000)
    wrong_one = check_bound("lam*log(p_a/(1 - p_a))", samples=1000)
    monkeypatch.undo()
    forget()
    assert (sound_one.sound, sound_one.tight, sound_one.grade) == (True, True, "PROVED")
    assert sound_one.dominance == checked(THEOREM_2).dominance
    assert wrong_one.sound is not True  # never a proof of what is false


@pytest.mark.slow
def test_no_function_of_the_ledger_is_called():
    called: set[tuple[str, str]] = set()

    def record(frame: object, event: str, _: object) -> None:
        if event == "call":
            code = frame.f_code  # type: ignore[attr-defined]
            called.add((code.co_filename, code.co_name))

    forget()
    before = sys.getprofile()
    sys.setprofile(record)
    try:
        check_bound("lam*log(p_a/(1 - p_a))", samples=1000)
    finally:
        sys.setprofile(before)
    inside = {
        (".".join(Path(one).relative_to(ROOT).with_suffix("").parts), name)
        for one, name in called
        if Path(one).is_relative_to(ROOT / "theory")
    }
    modules = {module for module, _ in inside}
    assert "theory.conjectures.proofs" in modules and "theory.conjectures.places" in modules
    assert not [one for one in modules if is_foreign(one)]
    taken = {name for module, name in inside if module == "theory.certificates"}
    assert taken <= SHARED_WITH_CERTIFICATES
