"""Agreement with the base classifier as stored: counts of trained networks, each in its own scope.

The printed percentages are those of a network that nobody has, so that nothing here confirms or
denies them. What is stored beside this file was counted by ``l1cert agreement`` on networks that
``l1cert train`` made, as ``docs/make_records.py`` repeats: it bears on the part "larger" for these
networks and levels, and for no other. Nothing is trained or drawn when it is read.

The part is about smoothed predictions. A second reading, of single noisy predictions, was added
after a first record (training seeds 1, 2, 3) had shown no order of smoothed ones at any of its 120
levels, and Laplace noise ahead in single ones at 17 of 72. Both readings and what they pay were
fixed before the networks of the record here, of other seeds, were trained and measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import resources
from typing import TypeVar

from simulations.classifier.agreement_counts import Classifier, Record
from simulations.classifier.agreement_tests import (
    ALPHA,
    GAUSSIAN,
    LAPLACE,
    Comparison,
    SingleVotes,
)
from theory.claim import Evidence, Grade, Rung

#: beside this file, written by ``docs/make_records.py``
FILE = "clean_agreement.json"
PART = "larger"

_SECOND = (
    "the claim does not state this reading: it was added after a first record, of training seeds "
    "1, 2, 3, had shown no order of smoothed predictions at any of 120 levels, and was fixed "
    "before the networks here were trained"
)

Tests = Sequence[Comparison]
T = TypeVar("T")


def stored() -> Record:
    """The record of the networks that were measured.

    >>> stored().num_samples
    1000
    """
    text = resources.files("simulations.claims").joinpath(FILE).read_text(encoding="utf-8")
    return Record.loads(text)


def experiment(record: Record | None = None) -> list[Evidence]:
    """What the counts say of the part "larger", in the scope of these networks and levels.

    Two readings, one answer each: the points that keep their smoothed prediction (McNemar's exact
    test, Holm over all tests of the record) and the mean probability that one noisy prediction is
    kept (intervals that hold together), each with the family-wise error rate `ALPHA`. Where
    Gaussian noise is shown to keep more at any level the part is false in this scope; where Laplace
    noise is at some and Gaussian noise at none it is consistent; else undecided. Neither answer is
    lent to the other reading.
    """
    found = stored() if record is None else record
    tested = list(zip(found.classifiers, found.comparisons(), strict=True))
    return [_smoothed(found, tested), _single(found)]


def _smoothed(record: Record, tested: Sequence[tuple[Classifier, Tests]]) -> Evidence:
    # the last test of a classifier is of the ROPS; the part is about the agreement
    levels = [(one, test) for one, tests in tested for test in tests[:-1]]
    against = [(one, test) for one, test in levels if test.favours(ALPHA) == GAUSSIAN]
    one, test = min(against or levels, key=lambda pair: pair[1].p_value)
    witness = {
        "network": one.name,
        "compared": test.what,
        "points that Laplace noise alone keeps": str(test.laplace),
        "points that Gaussian noise alone keeps": str(test.gaussian),
        "adjusted p-value": f"{test.adjusted:.3g}",
    }
    discordant = [test.laplace + test.gaussian for _, test in levels]
    # all discordant points of one noise: the least p-value, and Holm's first step
    asked = sum(len(tests) for _, tests in tested)
    fewest = math.ceil(1 + math.log2(asked / ALPHA))
    enough = sum(count >= fewest for count in discordant)
    rops = [tests[-1].favours(ALPHA) for _, tests in tested]
    detail = (
        f"{_tally(levels, lambda pair: pair[0], lambda pair: pair[1].favours(ALPHA))}. An order "
        f"could not be shown where fewer than {fewest} points are kept by one noise alone: there "
        f"are as many at {enough} levels, {max(discordant)} at most. The empirical ROPS is shown "
        f"to be longer under Laplace noise in {rops.count(LAPLACE)} and under Gaussian noise in "
        f"{rops.count(GAUSSIAN)} of {len(rops)} runs. McNemar's exact test, the points as a sample "
        "of their population; Holm over all runs, levels and the ROPS"
    )
    favoured = [test.favours(ALPHA) for _, test in levels]
    return _evidence("smoothed predictions", favoured, record, detail, witness)


def _single(record: Record) -> Evidence:
    found = record.single_votes()
    worst = max(found, key=lambda one: one.gaussian[0] - one.laplace[1])
    witness = {
        "network": worst.network.name,
        "compared": f"single predictions at sigma = {worst.sigma}",
        "kept under Laplace noise": f"at most {worst.laplace[1]:.6g}",
        "kept under Gaussian noise": f"at least {worst.gaussian[0]:.6g}",
    }
    width = max(high - low for one in found for low, high in [_both(one)])
    detail = (
        f"{_tally(found, lambda one: one.network, lambda one: one.favours)}; {_SECOND}. The mean "
        "probability over these points alone, noise seeds of a network together; a lead of either "
        f"noise above {100 * width:.2g} percentage points would be shown at any level with "
        f"probability {1 - ALPHA:g} or more. Clopper and Pearson's intervals that hold together"
    )
    favoured = [one.favours for one in found]
    return _evidence("single noisy predictions", favoured, record, detail, witness)


def _both(one: SingleVotes) -> tuple[float, float]:
    """An interval as wide as both together: intervals farther apart than that are disjoint."""
    return one.laplace[0] - one.gaussian[1], one.laplace[1] - one.gaussian[0]


def _tally(
    compared: Sequence[T], network: Callable[[T], Classifier], favours: Callable[[T], str | None]
) -> str:
    """How often either noise is shown to keep more, in all and by network."""
    groups: dict[str, list[str | None]] = {}
    for one in compared:
        groups.setdefault(_network(network(one)), []).append(favours(one))
    every = [favoured for group in groups.values() for favoured in group]
    words = "neither order is shown" if not any(every) else "shown to keep more"
    by = "; ".join(
        f"{name} {group.count(LAPLACE)} and {group.count(GAUSSIAN)} of {len(group)}"
        for name, group in groups.items()
    )
    return (
        f"{words}: Laplace noise at {every.count(LAPLACE)} and Gaussian noise at "
        f"{every.count(GAUSSIAN)} of {len(every)} levels ({by})"
    )


def _evidence(
    reading: str,
    favoured: Sequence[str | None],
    record: Record,
    detail: str,
    witness: dict[str, str],
) -> Evidence:
    """A reading's answer; either error rate is that of showing an order that is not there."""
    grade, finding = Grade.UNDECIDED, None
    if GAUSSIAN in favoured:
        grade, finding = Grade.REFUTED, False
    elif LAPLACE in favoured:
        grade, finding = Grade.CONSISTENT, True
    return Evidence(
        Rung.EXPERIMENT,
        grade,
        PART,
        finding,
        f"{reading}: {_scope(record)}",
        f"{reading}: {detail}",
        witness if grade is Grade.REFUTED else None,
        false_fail=ALPHA,
        false_pass=ALPHA,
    )


def _network(one: Classifier) -> str:
    return f"{one.training['dataset']}, {one.training['architecture']}"


def _scope(record: Record) -> str:
    """Data set, network, training, levels and seeds: what was looked at, and nothing else."""
    groups: dict[str, list[Classifier]] = {}
    for one in record.classifiers:
        groups.setdefault(_network(one), []).append(one)
    parts = []
    for name, group in groups.items():
        trained = sorted({_trained(one) for one in group})
        seeds = sorted({int(one.training["seed"]) for one in group})
        sigmas = [level.sigma for level in group[0].levels]
        parts.append(
            f"{name} trained with {' or '.join(trained)}, {group[0].points} test points, "
            f"{len(sigmas)} sigma from {sigmas[0]} to {sigmas[-1]}, training seeds "
            f"{', '.join(map(str, seeds))}, {len({one.seed for one in group})} of the noise"
        )
    return "; ".join([*parts, f"{record.num_samples} votes for each point, level and seed"])


def _trained(one: Classifier) -> str:
    known = one.training
    if known["noise"] == "none":
        return "no noise"
    return f"{known['noise']} noise of sigma {known['sigma']}"
