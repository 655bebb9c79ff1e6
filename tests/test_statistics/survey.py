"""Every test module that draws pseudo-random numbers, and why its outcome is what it is.

A test is *statistical* where a correct program fails it for some seeds; it is marked so, with its
rate (`tests.statistical`). All other tests of the modules below belong to one of three kinds:

- **every draw**: what is asserted holds for every draw of a correct program;
- **pinned**: the seed is a part of the test, because no bound of the rate is known, or because the
  seed is the default of the program whose answer is asserted. Such a test always has the same
  outcome. It is not repeated, and no rate stands for it in the sum;
- **no draw**: seeds are read, refused, stored or printed, and nothing that is drawn is judged.

A module that draws and is in no group is refused by `test_survey.py`. Hypothesis is not counted: it
looks for a counterexample, and where the asserted property is true there is none to be found.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

EVERY_DRAW, PINNED, NO_DRAW = "every draw", "pinned", "no draw"


@dataclass(frozen=True)
class Group:
    """Modules whose unmarked tests draw for one reason; paths are relative to tests/."""

    kind: str
    reason: str
    modules: tuple[str, ...]


SURVEY = (
    Group(
        EVERY_DRAW,
        "two computations of the same draws are equal to the last bit",
        (
            "test_classifier/test_agreement.py",
            "test_classifier/test_attacks.py",
            "test_classifier/test_batches.py",
            "test_classifier/test_certify_cli.py",
            "test_classifier/test_checkpoints.py",
            "test_classifier/test_models.py",
            "test_classifier/test_noisy_inputs.py",
            "test_classifier/test_noisy_levels.py",
            "test_classifier/test_purposes.py",
            "test_classifier/test_recertify.py",
            "test_classifier/test_sound_regression.py",
            "test_classifier/test_train_cli.py",
            "test_classifier/test_training.py",
            "test_classifier/test_votes.py",
            "test_figures/test_figure_law_of_t.py",
            "test_figures/test_figure_tightness.py",
            "test_gpu/test_classifier_cuda.py",
            "test_gpu/test_philox_cuda.py",
            "test_gpu/test_sums_cuda.py",
            "test_l1cert/test_simulate.py",
            "test_simulations/runs.py",
            "test_simulations/test_axis_cases.py",
            "test_simulations/test_checkpoint.py",
            "test_simulations/test_cluster.py",
            "test_simulations/test_cuda_source.py",
            "test_simulations/test_discrete_exact.py",
            "test_simulations/test_discrete_noise.py",
            "test_simulations/test_execution.py",
            "test_simulations/test_observed_cases.py",
            "test_simulations/test_observed_tightness.py",
            "test_simulations/test_philox.py",
            "test_simulations/test_run.py",
            "test_simulations/test_sampling.py",
            "test_simulations/test_sums.py",
            "test_simulations/test_tally.py",
        ),
    ),
    Group(
        EVERY_DRAW,
        "an identity, an enclosure or a bound of rounding at points that are drawn",
        (
            "bounds/perturbed.py",
            "test_classifier/test_cifar.py",
            "test_classifier/test_datasets.py",
            "test_classifier/test_end_to_end.py",
            "test_classifier/written_sets.py",
            "test_figures/test_audit_accuracy.py",
            "test_figures/test_audit_bounds.py",
            "test_figures/test_figure_certified_accuracy.py",
            "test_figures/test_figure_exact_gain.py",
            "test_l1cert/test_law.py",
            "test_l1cert/test_probes.py",
            "test_simulations/test_binomial_table.py",
            "test_simulations/test_two_tails.py",
            "test_theory/test_axis_sets.py",
            "test_theory/test_certificates.py",
            "test_theory/test_certificates_domain.py",
            "test_theory/test_count_lattice.py",
            "test_theory/test_discrete_laplace.py",
            "test_theory/test_fourier_law.py",
            "test_theory/test_frequency_bounds.py",
            "test_theory/test_noise.py",
            "test_theory/test_ratio_queries.py",
            "test_theory/test_ratio_steps.py",
            "test_theory/test_sectors.py",
            "test_theory/test_simultaneous.py",
            "test_theory/test_tightness.py",
        ),
    ),
    Group(
        EVERY_DRAW,
        "whatever arguments, files or moments are drawn, nothing breaks and nothing is lost",
        (
            "test_audit/test_fuzz_reading.py",
            "test_hardening/commands_harness.py",
            "test_hardening/commands_killing.py",
            "test_hardening/functions_table_face.py",
            "test_hardening/functions_table_simulations.py",
            "test_hardening/test_commands_surroundings.py",
            "test_hardening/test_functions_regressions.py",
            "test_hardening/test_kill.py",
            "test_simulations/test_files.py",
        ),
    ),
    Group(
        PINNED,
        "mutants, other seeds and wrong laws that are seen with the written seed: how often "
        "another seed would not show them is not known exactly",
        (
            "test_benchmarks/test_contenders.py",
            "test_classifier/test_agreement.py",
            "test_classifier/test_attacks.py",
            "test_classifier/test_noisy_inputs.py",
            "test_classifier/test_noisy_levels.py",
            "test_classifier/test_sound_regression.py",
            "test_classifier/test_training.py",
            "test_classifier/test_votes.py",
            "test_figures/test_figure_law_of_t.py",
            "test_gpu/test_sums_cuda.py",
            "test_l1cert/test_independence.py",
            "test_l1cert/test_mutants.py",
            "test_l1cert/test_template.py",
            "test_simulations/test_axis_cases.py",
            "test_simulations/test_certified_bands.py",
            "test_simulations/test_counterexamples.py",
            "test_simulations/test_directional_events.py",
            "test_simulations/test_discrete_exact.py",
            "test_simulations/test_discrete_noise.py",
            "test_simulations/test_half_spaces.py",
            "test_simulations/test_observed_cases.py",
            "test_simulations/test_observed_tightness.py",
            "test_simulations/test_ratio_experiment.py",
            "test_simulations/test_rops.py",
            "test_simulations/test_sampling.py",
            "test_simulations/test_sums.py",
            "test_simulations/test_tightness.py",
        ),
    ),
    Group(
        PINNED,
        "what a run says at its user's error rates, 1e-2 of each run at most: the statistical "
        "tests ask the same at 1e-9",
        (
            "methods.py",
            "test_audit/test_real_logs.py",
            "test_benchmarks/test_audit.py",
            "test_browser/conftest.py",
            "test_classifier/test_agreement.py",
            "test_classifier/test_certification.py",
            "test_classifier/test_certification_audit.py",
            "test_classifier/test_certified_worst_cases.py",
            "test_classifier/test_curves.py",
            "test_classifier/test_end_to_end.py",
            "test_figures/test_figure_law_of_t.py",
            "test_figures/test_figure_tightness.py",
            "test_install/test_installed.py",
            "test_l1cert/conftest.py",
            "test_l1cert/test_audit_cli.py",
            "test_l1cert/test_audit_edges.py",
            "test_l1cert/test_cli.py",
            "test_l1cert/test_examination.py",
            "test_l1cert/test_reproduce.py",
            "test_l1cert/test_rops.py",
            "test_l1cert/test_simulate.py",
            "test_l1cert/test_tightness.py",
            "test_l1cert/test_verdicts.py",
            "test_page/conftest.py",
            "test_simulations/test_counterexamples.py",
            "test_simulations/test_observed_tightness.py",
            "test_simulations/test_rops.py",
            "test_simulations/test_tightness.py",
            "test_theory/test_far_tails.py",
        ),
    ),
    Group(
        PINNED,
        "a search over drawn instances: what is true stays true for every draw, but that it "
        "finds the fault of a mutant is known for the written seed",
        (
            "test_l1cert/test_adversary.py",
            "test_l1cert/test_bound_report.py",
            "test_l1cert/test_check_bound.py",
            "test_l1cert/test_check_cli.py",
            "test_l1cert/test_check_ledger.py",
            "test_l1cert/test_hard_functions.py",
            "test_l1cert/test_known_bounds.py",
            "test_l1cert/test_perturbed_bounds.py",
            "test_l1cert/test_testing_limits.py",
            "test_l1cert/test_testing_properties.py",
            "test_l1cert/test_testing_relations.py",
            "test_theory/test_axis_sets.py",
            "test_theory/test_certified_accuracy.py",
            "test_theory/test_complement_search.py",
            "test_theory/test_diagonal_sets.py",
            "test_theory/test_discrete_laplace.py",
            "test_theory/test_exact_k_search.py",
            "test_theory/test_exact_search.py",
            "test_theory/test_flip_search.py",
            "test_theory/test_least_mean_search.py",
            "test_theory/test_neyman_pearson.py",
            "test_theory/test_ratio_places.py",
            "test_theory/test_realness.py",
            "test_theory/test_sides_search.py",
        ),
    ),
    Group(
        PINNED,
        "that the draws reach what is to be tested, and often enough, is known for the written "
        "seed",
        (
            "test_audit/test_fuzz_reading.py",
            "test_classifier/test_cifar.py",
            "test_classifier/test_votes.py",
            "test_figures/test_figure_exact_gain.py",
            "test_l1cert/test_probes.py",
            "test_simulations/test_execution.py",
        ),
    ),
    Group(
        PINNED,
        "the law of what a device draws: the written seed alone, because no repetition has one",
        ("test_benchmarks/test_device.py",),
    ),
    Group(
        PINNED,
        "made data of a written seed, about which the expected answer is known",
        (
            "test_audit/test_explanations.py",
            "test_audit/test_precision.py",
            "test_classifier/test_attack_cli.py",
            "test_l1cert/test_callables.py",
            "test_simulations/test_observed_tightness.py",
            "test_theory/test_count_lattice.py",
        ),
    ),
    Group(
        PINNED,
        "moments or shares within several standard errors, which is no bound of a law that is not "
        "normal",
        (
            "test_benchmarks/test_certification.py",
            "test_classifier/test_models.py",
            "test_classifier/test_training.py",
            "test_simulations/test_sums.py",
        ),
    ),
    Group(
        NO_DRAW,
        "seeds are read, refused, stored or printed",
        (
            "test_audit/test_summary.py",
            "test_benchmarks/test_rounds.py",
            "test_benchmarks/test_sampling.py",
            "test_classifier/test_certification_errors.py",
            "test_classifier/test_demo.py",
            "test_classifier/test_training_record.py",
            "test_docs/test_sources.py",
            "test_figures/test_data.py",
            "test_figures/test_saving.py",
            "test_page/test_commands.py",
            "test_page/test_document.py",
            "test_page/test_writing.py",
        ),
    ),
)

#: what makes generators, and what draws with a seed of its own where none is given
GENERATORS = {"default_rng", "Philox", "Random", "RandomState", "manual_seed", "PhiloxSource"}
DRAWING = {
    *("assert_monotone", "assert_radius_sound", "assert_radius_tight", "assert_scale_equivariant"),
    *("attack_log", "audit_log", "certify", "check_bound", "evidence_of_rung", "findings_flip"),
    *("rops_simulation", "show", "simulate", "simulate_t", "tightness", "tightness_sweep"),
    *("train", "verify"),
}
COMMANDS = {
    *("agreement", "attack", "audit", "certify", "check", "demo", "report", "reproduce"),
    *("simulate", "tightness", "train", "verify"),
}
#: what runs a command in the tests
RUNNERS = {"Popen", "ended", "invoke", "l1cert", "run"}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _parameters(node: ast.AST) -> set[str]:
    if not isinstance(node, ast.FunctionDef | ast.Lambda):
        return set()
    listed = node.args
    return {one.arg for one in (*listed.posonlyargs, *listed.args, *listed.kwonlyargs)}


def signs_of_draws(source: str) -> set[str]:
    """What in a module's source says that it draws: generators, seeds, calls and commands.

    Tests that take fresh seeds are passed over, and so is a seed that a function is given.

    >>> sorted(signs_of_draws("rng = np.random.default_rng(3)"))
    ['default_rng']
    >>> sorted(signs_of_draws("run('verify', '--json'); draw(law, seed=4)"))
    ['seed', 'verify']
    >>> signs_of_draws("CliRunner().invoke(group, ['reproduce', '--quick'])")
    {'reproduce'}
    >>> signs_of_draws("def test_one(fresh): draw(law, seed=fresh(4))")
    set()
    """
    return _signs(ast.parse(source), frozenset())


def _signs(node: ast.AST, given: frozenset[str]) -> set[str]:
    """The signs in a node, within functions that are given those parameters."""
    parameters = _parameters(node)
    if "fresh" in parameters:
        return set()
    found = _own_signs(node, given)
    for child in ast.iter_child_nodes(node):
        found |= _signs(child, given | parameters)
    return found


def _own_signs(node: ast.AST, given: frozenset[str]) -> set[str]:
    match node:
        case ast.keyword(arg="seed", value=ast.Name(id=name)) if name in given:
            return set()
        case ast.keyword(arg="seed"):
            return {"seed"}
        case ast.Constant(value=("seed" | "--seed") as word):
            return {word}
        case ast.Attribute() | ast.Name() if _name(node) in GENERATORS:
            return {_name(node)}
        case ast.arg(arg="full_report"):
            return {"full_report"}
        case ast.Call(func=called, args=arguments):
            drawing = {_name(called)} & DRAWING
            return drawing | (_words(arguments) & COMMANDS if _name(called) in RUNNERS else set())
    return set()


def _words(arguments: list[ast.expr]) -> set[object]:
    """The constants among the arguments of a call, and in lists and tuples that are arguments."""
    listed = [one.elts if isinstance(one, ast.List | ast.Tuple) else [one] for one in arguments]
    return {one.value for some in listed for one in some if isinstance(one, ast.Constant)}
