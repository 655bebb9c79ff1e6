r"""Counts of how often smoothing keeps the prediction of a base classifier, and what they say.

A point is *kept* at a noise level if, of n noisy votes, the class that the base classifier f
predicts without noise has more than every other class. Two noises of one variance are compared at
the same points, as `simulations.classifier.agreement_tests` says. The empirical ROPS of a point
(Appendix D) is the number of levels, from the smallest on, that keep it without a gap.

Nothing here needs torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from simulations.classifier.agreement_tests import (
    ALPHA,
    GAUSSIAN,
    LAPLACE,
    NOISES,
    Comparison,
    SingleVotes,
    mean_interval,
    sign_test,
)
from theory.confidence import holm
from theory.exact import describe, to_positive

FORMAT, VERSION = "l1cert-agreement", 1
#: what names a trained classifier in a record, beside whatever else its training states
NAMED = ("dataset", "architecture", "noise", "sigma", "seed")


@dataclass(frozen=True, slots=True)
class Level:
    """The counts at one standard deviation, exact, of one coordinate; mappings are by noise.

    Attributes
    ----------
    kept, tied
        Points at which f's class has more votes than every other, and as many as the best other.
    only
        Points that this noise keeps and the other does not.
    correct
        Points whose label has more votes than every other class.
    votes
        Votes for f's class at all points together.
    """

    sigma: str
    kept: Mapping[str, int]
    tied: Mapping[str, int]
    only: Mapping[str, int]
    correct: Mapping[str, int]
    votes: Mapping[str, int]

    @property
    def discordant(self) -> int:
        """The points that one of the noises alone keeps."""
        return sum(self.only.values())


@dataclass(frozen=True, slots=True)
class Classifier:
    """The counts of one trained classifier under one seed of the noise.

    Attributes
    ----------
    training
        What it was trained on and how: at least `NAMED`; sigma None for training without noise.
    seed
        Of the noise here.
    points, correct
        Test points, and at how many f predicts the label.
    levels
        In ascending order of sigma.
    rops
        By noise: at index k the number of points whose empirical ROPS has k levels.
    longer
        By noise: the points whose ROPS is longer under it.
    gaps
        By noise: the points that are kept at some level beyond their ROPS, which is no interval.
    """

    training: Mapping[str, Any]
    seed: int
    points: int
    correct: int
    levels: tuple[Level, ...]
    rops: Mapping[str, tuple[int, ...]]
    longer: Mapping[str, int]
    gaps: Mapping[str, int]

    @property
    def name(self) -> str:
        """Data set, network, training noise and both seeds in words."""
        known = self.training
        noise = "no noise" if known["noise"] == "none" else f"{known['noise']} {known['sigma']}"
        return (
            f"{known['dataset']}, {known['architecture']} trained with {noise}, "
            f"training seed {known['seed']}, noise seed {self.seed}"
        )

    def tests(self) -> Iterator[tuple[str, int, int]]:
        """What each comparison is about, and the points for Laplace and for Gaussian noise."""
        for level in self.levels:
            yield f"agreement at sigma = {level.sigma}", level.only[LAPLACE], level.only[GAUSSIAN]
        yield "ROPS", self.longer[LAPLACE], self.longer[GAUSSIAN]


@dataclass(frozen=True, slots=True)
class Record:
    """Every classifier of a run, n votes for each point and level, and where the counts are from.

    Examples
    --------
    >>> level = {"sigma": "0.5", "kept": {"laplace": 7, "gaussian": 5}}
    >>> level |= {"tied": {"laplace": 0, "gaussian": 1}, "only": {"laplace": 2, "gaussian": 0}}
    >>> level |= {"correct": {"laplace": 6, "gaussian": 5}}
    >>> level |= {"votes": {"laplace": 700, "gaussian": 600}}
    >>> training = {"dataset": "digits", "architecture": "mlp", "noise": "none", "sigma": None}
    >>> one = {"training": training | {"seed": 1}, "seed": 2, "points": 9, "correct": 8}
    >>> one |= {"levels": [level], "longer": {"laplace": 2, "gaussian": 0}}
    >>> one |= {"rops": {"laplace": [2, 7], "gaussian": [4, 5]}}
    >>> one |= {"gaps": {"laplace": 0, "gaussian": 0}}
    >>> whole = {"format": "l1cert-agreement", "version": 1, "num_samples": 100}
    >>> record = Record.parse(whole | {"classifiers": [one], "provenance": {}})
    >>> first, rops = record.comparisons()[0]
    >>> first.what, first.laplace, first.gaussian, round(first.p_value, 6), first.favours(0.01)
    ('agreement at sigma = 0.5', 2, 0, 0.5, None)
    """

    num_samples: int
    classifiers: tuple[Classifier, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, whole: object) -> Record:
        """Check and take what JSON says; a ValueError of one line for anything impossible."""
        return _record(whole)

    @classmethod
    def loads(cls, text: str) -> Record:
        """The record in a JSON text."""
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("the record is no JSON") from None
        return _record(whole)

    def as_json(self) -> dict[str, Any]:
        """The record as JSON can say it: integers and what training states."""
        classifiers = [asdict(one) for one in self.classifiers]
        head = {"format": FORMAT, "version": VERSION, "num_samples": self.num_samples}
        return {**head, "classifiers": classifiers, "provenance": dict(self.provenance)}

    def single_votes(self, *, alpha: float = ALPHA) -> list[SingleVotes]:
        """Single noisy predictions by network and level, the noise seeds of a network together.

        All intervals hold together with probability 1 - alpha (Bonferroni), at these points.
        """
        networks: dict[str, list[Classifier]] = {}
        for one in self.classifiers:
            key = json.dumps([dict(one.training), one.points], sort_keys=True)
            networks.setdefault(key, []).append(one)
        asked = sum(len(group[0].levels) for group in networks.values())
        found = []
        for group in networks.values():
            # votes of one network may be added where its runs asked about the same levels
            if len({tuple(level.sigma for level in one.levels) for one in group}) > 1:
                raise ValueError(f"{group[0].name}: its runs are of different noise levels")
            for place, level in enumerate(group[0].levels):
                bounds = [
                    mean_interval(
                        sum(one.levels[place].votes[noise] for one in group),
                        group[0].points * len(group),
                        self.num_samples,
                        alpha=alpha / (2 * asked),
                    )
                    for noise in NOISES
                ]
                found.append(SingleVotes(group[0], level.sigma, *bounds))
        return found

    def comparisons(self) -> list[list[Comparison]]:
        """For each classifier its tests, corrected over the whole record."""
        asked = [list(one.tests()) for one in self.classifiers]
        raw = [sign_test(ours, theirs) for tests in asked for _, ours, theirs in tests]
        adjusted = iter(holm(raw).tolist())
        values = iter(raw)
        return [
            [
                Comparison(what, ours, theirs, next(values), next(adjusted))
                for what, ours, theirs in tests
            ]
            for tests in asked
        ]


def _record(whole: object) -> Record:
    if not isinstance(whole, Mapping) or whole.get("format") != FORMAT:
        raise ValueError(f"the record's format is not {FORMAT}")
    version = whole.get("version")
    if type(version) is not int or version != VERSION:
        raise ValueError(f"version = {describe(version)} is not {VERSION}")
    num_samples = _whole("num_samples", whole.get("num_samples"), 1, math.inf)
    entries = whole.get("classifiers")
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise ValueError("classifiers is no list, or an empty one")
    origin = whole.get("provenance", {})
    if not isinstance(origin, Mapping):
        raise ValueError(f"provenance = {describe(origin)} is no object")
    found = tuple(_classifier(one, num_samples) for one in entries)
    seen = set()
    for one in found:
        # the same draws twice are not so many more votes
        key = json.dumps([dict(one.training), one.seed, one.points], sort_keys=True, default=str)
        if key in seen:
            raise ValueError(f"{one.name}: it is there twice")
        seen.add(key)
    return Record(num_samples, found, origin)


def _classifier(entry: object, num_samples: int) -> Classifier:
    if not isinstance(entry, Mapping):
        raise ValueError(f"classifier = {describe(entry)} is no object")
    training = entry.get("training")
    if not isinstance(training, Mapping) or any(name not in training for name in NAMED):
        raise ValueError(f"training = {describe(training)} lacks one of {', '.join(NAMED)}")
    points = _whole("points", entry.get("points"), 1, math.inf)
    levels = tuple(_level(one, points, num_samples) for one in entry.get("levels") or ())
    sigmas = [to_positive("sigma", level.sigma) for level in levels]
    if not levels or any(low >= high for low, high in pairwise(sigmas)):
        raise ValueError(f"sigma = {[level.sigma for level in levels]} does not ascend")
    rops = {name: _histogram(entry.get("rops"), name, len(levels), points) for name in NOISES}
    found = Classifier(
        dict(training),
        _whole("seed", entry.get("seed"), 0, 2**64 - 1),
        points,
        _whole("correct", entry.get("correct"), 0, points),
        levels,
        rops,
        _by_noise(entry, "longer", points),
        _by_noise(entry, "gaps", points),
    )
    _check_together(found)
    return found


def _check_together(one: Classifier) -> None:
    """What the counts of a classifier owe each other."""
    for noise in NOISES:
        histogram = one.rops[noise]
        for place, level in enumerate(one.levels):
            beyond = level.kept[noise] - sum(histogram[place + 1 :])
            if not 0 <= beyond <= one.gaps[noise]:
                raise ValueError(
                    f"kept = {level.kept[noise]} under {noise} noise at sigma = {level.sigma} does "
                    f"not fit the ROPS of {sum(histogram[place + 1 :])} points that reach it"
                )
    if sum(one.longer.values()) > one.points:
        raise ValueError(f"longer = {dict(one.longer)} are more than {one.points} points")


def _level(entry: object, points: int, num_samples: int) -> Level:
    if not isinstance(entry, Mapping):
        raise ValueError(f"level = {describe(entry)} is no object")
    sigma = entry.get("sigma")
    if not isinstance(sigma, str):
        raise ValueError(f"sigma = {describe(sigma)} is no text of a number")
    level = Level(
        sigma,
        _by_noise(entry, "kept", points),
        _by_noise(entry, "tied", points),
        _by_noise(entry, "only", points),
        _by_noise(entry, "correct", points),
        _by_noise(entry, "votes", points * num_samples),
    )
    both = {name: level.kept[name] - level.only[name] for name in NOISES}
    if both[LAPLACE] != both[GAUSSIAN] or both[LAPLACE] < 0:
        raise ValueError(
            f"kept = {dict(level.kept)} and only = {dict(level.only)} at sigma = {sigma} leave "
            "different numbers of points that both keep"
        )
    for name in NOISES:
        if level.kept[name] + level.tied[name] > points:
            raise ValueError(f"kept and tied at sigma = {sigma} are more than {points} points")
    return level


def _by_noise(entry: Mapping[str, Any], name: str, most: float) -> dict[str, int]:
    counts = entry.get(name)
    if not isinstance(counts, Mapping) or set(counts) != set(NOISES):
        raise ValueError(f"{name} = {describe(counts)} is not one count for each of {NOISES}")
    return {noise: _whole(f"{name}.{noise}", counts[noise], 0, most) for noise in NOISES}


def _histogram(counts: object, noise: str, levels: int, points: int) -> tuple[int, ...]:
    given = counts.get(noise) if isinstance(counts, Mapping) else None
    if not isinstance(given, Sequence) or len(given) != levels + 1:
        raise ValueError(f"rops.{noise} = {describe(given)} is no list of {levels + 1} counts")
    found = tuple(_whole(f"rops.{noise}", one, 0, points) for one in given)
    if sum(found) != points:
        raise ValueError(f"rops.{noise} counts {sum(found)} points, there are {points}")
    return found


def _whole(name: str, value: object, least: int, most: float) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} = {describe(value)} is no integer in [{least}, {most}]")
    return value
