"""The one table of public functions: how each is hardened, or why it need not be.

A module of the four floors is either listed here with every public name in the table (or in
`UNTABLED` with a reason), or in `INTERNAL` with the reason why no caller's value reaches it. A new
module or a new public function without an entry fails `test_functions_public`.
"""

import importlib
import inspect
import pkgutil
from functools import cache

import figures
import l1cert
import simulations
import theory
from tests.test_hardening.functions_harness import Subject
from tests.test_hardening.functions_table_certificates import CERTIFICATES
from tests.test_hardening.functions_table_counts import count_subjects
from tests.test_hardening.functions_table_face import faces, figure_subjects
from tests.test_hardening.functions_table_laws import law_subjects
from tests.test_hardening.functions_table_simulations import simulation_subjects
from tests.test_hardening.functions_table_worst import worst_and_rops_subjects


@cache
def subjects() -> tuple[Subject, ...]:
    """Every entry but the pictures', which take a second each."""
    return (
        *CERTIFICATES,
        *law_subjects(),
        *worst_and_rops_subjects(),
        *count_subjects(),
        *simulation_subjects(),
        *faces(),
    )


@cache
def pictures() -> tuple[Subject, ...]:
    """The entries of the pictures."""
    return tuple(figure_subjects())


_PROOF = "proofs about our own expressions: no caller's number reaches it"
_SUMS = "sums of a law whose arguments its callers in theory/ have checked"
_RUN = "the parts of a run: what a caller passes is checked where the run starts"
_FILES = "reads and writes files: fuzzed with files and commands, see the tests of commands"
_DRAW = "draws data that `compute` made; a file of data is checked by FigureData"
_CLI = "called by the command line with what it has parsed: fuzzed there"

#: modules, or packages of modules, into which no caller's value comes unchecked
INTERNAL = {
    "theory.claims": _PROOF,
    "theory.steps": _PROOF,
    "theory.searches": _PROOF,
    "theory.enclosures": _PROOF,
    "theory.conjectures": "the workbench: its text and callables have fuzz tests of their own",
    "theory.arguments": "parsers: every certificate's entry tries them",
    "theory.parameters": "parsers: every other entry tries them",
    "theory.exact": "parsers and roundings: every entry tries them",
    "theory.atoms": _SUMS,
    "theory.axis_worst_case": _SUMS,
    "theory.balls": _SUMS,
    "theory.bounds": _SUMS,
    "theory.characteristic": _SUMS,
    "theory.claim": _PROOF,
    "theory.compensated": "arithmetic on pairs of floats of theory.noise",
    "theory.densities": _PROOF,
    "theory.derivation": _PROOF,
    "theory.directional_series": _SUMS,
    "theory.enclosure": _PROOF,
    "theory.equal_law": _SUMS,
    "theory.fair_coins": _SUMS,
    "theory.fourier_law": _SUMS,
    "theory.frequency_bounds": _SUMS,
    "theory.frequency_table": _SUMS,
    "theory.magnitude_sums": _SUMS,
    "theory.neyman_pearson": "grids of the searches: their marks are our own",
    "theory.radius_formulas": _SUMS,
    "theory.ratio_laws": _SUMS,
    "theory.ratio_moments": _SUMS,
    "theory.ratio_queries": _SUMS,
    "theory.rops_tie": _SUMS,
    "theory.smoothing": _SUMS,
    "theory.subset_law": _SUMS,
    "theory.symbols": _PROOF,
    "theory.symmetric_noise": "the base of theory.noise, whose laws are in the table",
    "theory.tie_search": _SUMS,
    "simulations.claims": "the claims' own simulations: seed and number are checked by their parts",
    "simulations.classifier": _FILES,
    "simulations.kernels": _RUN,
    "simulations.axis_cases": _RUN,
    "simulations.certified_bands": _RUN,
    "simulations.checkpoint": _FILES,
    "simulations.files": _FILES,
    "simulations.cluster": _RUN,
    "simulations.counterexamples": _RUN,
    "simulations.directional_events": _RUN,
    "simulations.execution": _RUN,
    "simulations.observed_cases": _RUN,
    "simulations.observed_findings": _RUN,
    "simulations.observed_plans": _RUN,
    "simulations.observed_tightness": _RUN,
    "simulations.paired": _RUN,
    "simulations.ratio_experiment": _RUN,
    "simulations.rops": _RUN,
    "simulations.run": _RUN,
    "simulations.second_moments": _RUN,
    "simulations.streaming": _RUN,
    "simulations.tightness": _RUN,
    "simulations.tightness_plans": _RUN,
    "simulations.two_tails": _RUN,
    "figures.audits": _DRAW,
    "figures.certified_curves": _DRAW,
    "figures.certified_panels": _DRAW,
    "figures.data": _DRAW,
    "figures.figure_06_certified_accuracy": "of a log: the readers of logs check it",
    "figures.figure_07_cifar": "of a log: the readers of logs check it",
    "figures.figure_08_imagenet": "of a log: the readers of logs check it",
    "figures.figure_agreement": "of a record: the readers of records check it",
    "figures.figure_audit_accuracy": "of a log: the readers of logs check it",
    "figures.figure_audit_bounds": "of a log: the readers of logs check it",
    "figures.findings": _DRAW,
    "figures.noise_levels": _DRAW,
    "figures.order": _DRAW,
    "figures.panels": _DRAW,
    "figures.rops_curves": _DRAW,
    "figures.saving": _FILES,
    "figures.style": _DRAW,
    "figures.table": _DRAW,
    "l1cert.__main__": _CLI,
    "l1cert.agreement": _FILES,
    "l1cert.attacks": _FILES,
    "l1cert.audit": _FILES,
    "l1cert.catalogue": "names of claims: a wrong one is an error that lists them",
    "l1cert.certification": _FILES,
    "l1cert.certified_columns": _FILES,
    "l1cert.certified_runs": _FILES,
    "l1cert.cli": _CLI,
    "l1cert.curves": _FILES,
    "l1cert.demo": _CLI,
    "l1cert.errata": _DRAW,
    "l1cert.examination": _RUN,
    "l1cert.ledger": _DRAW,
    "l1cert.page": _FILES,
    "l1cert.presentation": _DRAW,
    "l1cert.provenance": "takes nothing that it looks at",
    "l1cert.report": _DRAW,
    "l1cert.reproduction": _CLI,
    "l1cert.simulation": _CLI,
    "l1cert.testing.certified": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.classifiers": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.perturbations": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.properties": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.relations": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.searches": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.strategies": "behind l1cert.testing, whose names are in the table",
    "l1cert.testing.subjects": "behind l1cert.testing, whose names are in the table",
    "l1cert.training": _FILES,
    "l1cert.verification": _CLI,
    "l1cert.workbench": "text and callables, with fuzz tests of their own",
    "l1cert.worst_cases": _RUN,
}

_MADE = "made by a function of the table, not by a caller"
_REPORT = "what a function of l1cert returns"
_RUNS = "takes a file, a name or minutes: fuzzed as a command"

#: public names of listed modules without an entry
UNTABLED = {
    "theory.directional.DirectionalRadius": _MADE,
    "theory.directional.certified_norms": "of a law of theory/, whose own callers are in the table",
    "theory.directional.dual_bound": "of a law of theory/, whose own callers are in the table",
    "theory.directional.primal_bound": "of a law of theory/, whose own callers are in the table",
    "theory.binomial_tails.geometric_bound": "behind `at_least`, which is in the table",
    "theory.binomial_tails.nearest_at_least": "behind `at_least`, which is in the table",
    "theory.binomial_tails.nearest_at_most": "behind `at_most`, which is in the table",
    "theory.binomial_tails.up": "behind `at_least`, which is in the table",
    "theory.simultaneous.Levels": _MADE,
    "theory.simultaneous.VoteBounds": _MADE,
    "theory.simultaneous.levels": "alpha is checked by its only callers, which are in the table",
    "theory.simultaneous.largest_other": "votes that `parse_votes` has checked",
    "theory.simultaneous.complement": "a bound that `lower` gave",
    "theory.tightness.half_line_mass": "of an expression; text is refused, as SymPy's strict does",
    "simulations.discrete_exact.PhiloxSource": "the source of `draw_exact`, which is in the table",
    "simulations.discrete_exact.Source": "a protocol",
    "simulations.discrete_exact.discrete_laplace": "of a source: `draw_exact` is in the table",
    "simulations.discrete_noise.ThresholdTable": _MADE,
    "simulations.experiment.Expects": "an enumeration",
    "simulations.half_spaces.Axis": _MADE,
    "simulations.half_spaces.count_half_space": _RUN,
    "simulations.half_spaces.count_labels": _RUN,
    "simulations.half_spaces.count_two_tails": _RUN,
    "simulations.likelihood_ratio.LatticeError": _MADE,
    "simulations.likelihood_ratio.checked_plan": "every entry of a plan calls it",
    "simulations.likelihood_ratio.exact_number": "a parser: every entry of a plan calls it",
    "simulations.likelihood_ratio.fastest": "of groups that `SamplingPlan.of` made",
    "simulations.likelihood_ratio.SamplingPlan": "`SamplingPlan.of` is in the table",
    "simulations.observables.Observables": "of events that are in the table",
    "simulations.observables.rough_moments": "of a plan that is in the table",
    "simulations.philox.checked_size": "of numbers that `checked_layout` has checked",
    "simulations.philox.permute": "the rounds alone: `philox4x32` is in the table",
    "simulations.tally.coin_words": "of counters that `Tally.add` has checked",
    "simulations.tally.exact_moments": "of counters that `Tally.add` has checked",
    "l1cert.counts.CountRadii": _REPORT,
    "l1cert.laws.Entry": _REPORT,
    "l1cert.laws.LawReport": _REPORT,
    "l1cert.plans.MethodPlan": _REPORT,
    "l1cert.plans.Plan": _REPORT,
    "l1cert.radii.Radii": _REPORT,
    "l1cert.rectified.Rops": _REPORT,
    "l1cert.rectified.rops_simulation": "of what `rops` returned",
    "l1cert.rectified.simulation_json": "of what `rops_simulation` returned",
    "l1cert.AttackReport": _REPORT,
    "l1cert.AuditReport": _REPORT,
    "l1cert.BoundReport": _REPORT,
    "l1cert.CertificationRun": _REPORT,
    "l1cert.CountRadii": _REPORT,
    "l1cert.Plan": _REPORT,
    "l1cert.Radii": _REPORT,
    "l1cert.Report": _REPORT,
    "l1cert.Rops": _REPORT,
    "l1cert.TightnessReport": _REPORT,
    "l1cert.attack_log": _RUNS,
    "l1cert.audit_log": _RUNS,
    "l1cert.certify": _RUNS,
    "l1cert.check_bound": "text and callables, with fuzz tests of their own",
    "l1cert.recertify": _RUNS,
    "l1cert.reproduce": _RUNS,
    "l1cert.rops_simulation": "of what `rops` returned",
    "l1cert.show": _RUNS,
    "l1cert.tightness": _RUNS,
    "l1cert.tightness_sweep": _RUNS,
    "l1cert.train": _RUNS,
    "l1cert.verify": _RUNS,
    "l1cert.write_report": _RUNS,
    "l1cert.testing.CertifiedPoint": _MADE,
    "l1cert.testing.RadiusError": "an exception",
}

_FLOORS = (theory, simulations, figures, l1cert)
#: of a picture only `compute` takes what a caller says
_OF_A_PICTURE = {"compute"}
#: where a public name of `l1cert` lives, which is the one in the table
_ALIASES = {
    "l1cert.counts.radius_of_counts": "l1cert.radius_of_counts",
    "l1cert.plans.plan": "l1cert.plan",
    "l1cert.radii.radius": "l1cert.radius",
    "l1cert.rectified.rops": "l1cert.rops",
}


def internal(module: str) -> bool:
    """Whether a module, or a package that it is in, is listed with its reason."""
    return any(module == one or module.startswith(f"{one}.") for one in INTERNAL)


def modules() -> list[str]:
    """Every module of the four floors."""
    return [
        info.name
        for floor in _FLOORS
        for info in pkgutil.walk_packages(
            floor.__path__, f"{floor.__name__}.", onerror=lambda name: None
        )
    ]


def public_names() -> list[str]:
    """Every public function and class of the listed modules, and of `l1cert` and its testing."""
    found = [f"l1cert.{name}" for name in l1cert.__all__]
    for name in modules():
        if internal(name):
            continue
        module = importlib.import_module(name)
        if name == "l1cert.testing":
            found += [f"{name}.{one}" for one in module.__all__]
            continue
        for one, value in vars(module).items():
            ours = getattr(value, "__module__", None) == name
            if one.startswith("_") or not ours or not callable(value):
                continue
            if not (inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value))):
                continue
            if ".figure_" in name and one not in _OF_A_PICTURE:
                continue
            found.append(_ALIASES.get(f"{name}.{one}", f"{name}.{one}"))
    return found


def tabled_names() -> set[str]:
    """The names in the table, and the classes of which a method is there."""
    names = {one.name for one in (*subjects(), *pictures())}
    return names | {name.rpartition(".")[0] for name in names}
