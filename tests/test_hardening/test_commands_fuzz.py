"""Every command under random arguments and files: an exit code of ours, and one line for a fault.

What is drawn comes from click's own parameters, so a new command, and a new option, is covered as
it is; legal calls (`commands_harness.SEEDS`) are changed in a few places, so that faults deep
behind the parser are reached. Long work is interrupted, which is an outcome as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l1cert import cli
from l1cert.cli.output import one_line
from tests.test_hardening.commands_harness import (
    CODES,
    SEEDS,
    Answer,
    Sandbox,
    import_everything,
    leaves,
    outputs,
    replaced_everywhere,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")

COMMANDS = dict(leaves())

NUMBERS = (
    "0", "-0", "1", "2", "3", "-1", "10", "0.5", "-0.5", "1/2", "2/3", "1/0", "0/0", "-1/3",
    "1e-3", "0.999", "nan", "-nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400",
    "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "1e999999999999",
    "1e-999999999999", "9" * 30, "-" + "9" * 30, "9" * 5000, "1/" + "9" * 5000,
    "0." + "0" * 400 + "1", "2147483647", "2147483648", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "10000000000",
    "10000000001", "1_000", "0x10", "1e5", "٣", "½", "Ⅷ", "1,2", "1,,2", ",", "1,nan", "0,0",
    "1;2", " 1 ", "+1", "1e", "1.", ".5", "1j", "0/1", "1/1", "3/2", "7/9", ",".join(["1"] * 300),
    "",
)  # fmt: skip

TEXTS = (
    "", " ", "-", "--", "---", "-x", "-1x", "--no-such-option", "--=", "=", "-h", "--help", "auto",
    "none", "laplace", "gaussian", "uniform", "theorem_1", "theorem_2", "exact", "cohen",
    "lecuyer", "cpu", "cuda", "cuda:0", "cuda:99", "cuda:-1", "mps", "numpy", "numba", "digits",
    "cifar10", "imagenet", "breast_cancer", "mlp", "cnn", "resnet50", "atom+", "above:",
    "below:inf", "worst:2", "worst:0.5", "above:1e400", "poisson", "direct", "counts", "enclosure",
    "figure", "experiment", "derivation", "theorem_1", "figure_07_cifar", "figure_08_imagenet",
    "rops_origin", "verify", "x", "x=1", "a=p_a,b", "=p_a", "p_a", "lam*log(p_a)", "(" * 300,
    "p_a**p_a**p_a", "lam**99999999", "1/0", "where(p_a>1,2,3)", "__import__('os')",
    "p_a.__class__", "zoo", "nan*lam", "exp(-abs(x))/2", "x" * 5000, "🦊" * 30, "\u202eabc", "a\nb",
    "a\rb", "a\tb", "\x1b[31m", "\x7f", "\ud800", "\udcff\udc80", "e\u0301", "%s%n{}{0}",
    "$(touch touched)", "`id`", ";", "*", "~", "'", '"', "\\", "tcp://127.0.0.1:1",
    "localhost:99999",
)  # fmt: skip

#: read or written, and never more than this folder; the odd ones are made by `odd_files`
PLACES = (
    "", ".", "absent", "absent/deeper", "folder", "folder/new", "empty", "empty/below",
    "random.bin", "pipe", "ring", "ring/below", "dangling", "deep.json", "line.tsv", "cohen.tsv",
    "ours.tsv", "ours.json", "rs4a", "rs4a/preds.npy", "delta.npy", "empty.npy", "objects.npy",
    "several.npz", "sim.json", "shard0.json", "shard1.json", "model.safetensors",
    "none.safetensors", "run.tsv", "run.json", "run.tsv.journal", "attack.json", "/dev/null",
    "/dev/zero", "/dev/full", "/dev/stdin", "/proc/self/mem", "/proc/none/x", "new", "new.json",
    "new/", "./new", "a b", "a\nb", "\udcff.tsv", "🦊.json", "n" * 250, "n" * 300, "-", "--out",
    "nul\0",
)  # fmt: skip

#: the files that are changed at random
READ = (
    "cohen.tsv", "ours.tsv", "ours.json", "rs4a/preds.npy", "rs4a/labels.npy",
    "rs4a/radius_l1.npy", "delta.npy", "sim.json", "shard0.json", "shard1.json",
    "model.safetensors", "none.safetensors", "run.tsv", "run.json", "run.tsv.journal",
    "attack.json",
)  # fmt: skip

#: put in place of some bytes of a file
PIECES = (
    b"", b"\0", b"\xff", b"\n", b"\r\n", b"\r", b"\t", b",", b'"', b"{", b"}", b"[", b"]", b"null",
    b"true", b"NaN", b"-Infinity", b"1e400", b"-1", b"0", b"0.5", b"9" * 25, b"9" * 5000,
    b"1e999999", b'""', b"{}", b"[]", b"\xef\xbb\xbf", b"\xd9\xa3", b"1/0", b"'", b"[" * 2000,
    b'{"a":' * 2000, b'"\\ud800"', b"\xed\xa0\x80",
)  # fmt: skip


@st.composite
def changed_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """A file cut short, in another encoding, or with other bytes in a few places."""
    kind = draw(st.sampled_from(("places", "places", "places", "cut", "encoding", "ends", "twice")))
    if kind == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if kind == "encoding":
        text = content.decode("latin-1")
        return text.encode(
            draw(st.sampled_from(("utf-16", "utf-32", "utf-8-sig", "cp037"))), "replace"
        )
    if kind == "ends":
        return content.replace(b"\n", draw(st.sampled_from((b"\r\n", b"\r", b"\n\n", b" ", b""))))
    if kind == "twice":
        return content + content
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        stop = draw(st.integers(start, min(len(content), start + 12)))
        content = content[:start] + draw(st.sampled_from(PIECES)) + content[stop:]
    return content


def values(parameter: click.Parameter | None) -> st.SearchStrategy[str]:
    """What might be typed where a parameter's value is expected."""
    numbers, texts = st.sampled_from(NUMBERS), st.sampled_from(TEXTS)
    if parameter is None:
        return st.one_of(numbers, texts, st.sampled_from(PLACES), st.text(max_size=8))
    if isinstance(parameter.type, click.Path) or "file" in (parameter.name or ""):
        return st.one_of(st.sampled_from(PLACES), st.sampled_from(PLACES), texts.filter(_inside))
    if isinstance(parameter.type, click.Choice):
        return st.one_of(st.sampled_from(list(map(str, parameter.type.choices))), texts)
    if parameter.type in (click.INT, click.FLOAT):
        return st.one_of(numbers, numbers, st.integers().map(str), st.floats().map(repr), texts)
    return st.one_of(numbers, numbers, texts, st.floats().map(repr), st.text(max_size=8))


def _inside(text: str) -> bool:
    """Whether a path stays where it is taken from."""
    return not text.startswith(("/", "~")) and ".." not in text


@st.composite
def calls(draw: st.DrawFn, words: tuple[str, ...], command: click.Command) -> list[str]:
    """The arguments of a call of a command: a legal one, or a bare one, changed in a few places."""
    seeds = SEEDS.get(words, ())
    bare = [x for one in command.params if one.required for x in _given(draw, one)]
    drawn = draw(st.sampled_from((*seeds, None)))
    tokens = bare if drawn is None else drawn.replace("OUT", draw(st.sampled_from(OUTS))).split()
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(("value", "value", "value", "option", "drop", "twice", "junk")))
        at = draw(st.integers(0, max(0, len(tokens) - 1)))
        if kind == "option":
            tokens += _given(draw, draw(st.sampled_from(command.params or [None])))
        elif kind == "junk":
            tokens.insert(at, draw(values(None).filter(_inside)))
        elif tokens and kind == "drop":
            del tokens[at]
        elif tokens and kind == "twice":
            tokens[at:at] = tokens[at : at + draw(st.integers(1, 2))]
        elif tokens:
            tokens[at] = draw(values(_owner(tokens, at, command)))
    return [*words, *tokens]


OUTS = (
    "new",
    "new.json",
    "new",
    "folder/new",
    "folder",
    "absent/new",
    "sim.json",
    "/dev/null",
    "pipe",
)


def _given(draw: st.DrawFn, parameter: click.Parameter | None) -> list[str]:
    """A parameter as it is typed."""
    if isinstance(parameter, click.Option):
        name = draw(st.sampled_from(parameter.opts))
        if parameter.is_flag:
            return [name]
        value = draw(values(parameter))
        return [f"{name}={value}"] if draw(st.booleans()) else [name, value]
    return [draw(values(parameter))]


def _owner(tokens: Sequence[str], at: int, command: click.Command) -> click.Parameter | None:
    """Which parameter the token at a place is the value of."""
    for one in command.params:
        if isinstance(one, click.Option) and at and tokens[at - 1] in one.opts and not one.is_flag:
            return one
    return next((one for one in command.params if isinstance(one, click.Argument)), None)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Sandbox:
    import_everything()
    return Sandbox(tmp_path_factory.mktemp("sandbox") / "outer", made)


@pytest.fixture(autouse=True)
def short() -> Iterator[None]:
    """Cut what would start processes, or a run of all claims."""
    from l1cert import examination
    from l1cert.reproduction import running
    from simulations import cluster

    whole = examination.examine_all

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def one_claim(slugs: Sequence[str], **more: object) -> object:
        if len(slugs) > 1:
            raise KeyboardInterrupt
        return whole(slugs, **more)  # type: ignore[arg-type]

    with (
        replaced_everywhere(whole, one_claim),
        replaced_everywhere(cluster.execute_on, interrupted),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(running._Run, "_call", interrupted)
        yield


def hold_to_contract(
    sandbox: Sandbox, arguments: Sequence[str], answer: Answer, command: click.Command
) -> None:
    """Exit code, streams and files are as every command promises."""
    changed = sandbox.changes()
    assert answer.code in CODES, answer
    assert "Traceback" not in answer.err + answer.out and "Exception ignored" not in answer.err
    assert answer.err.replace("\n", "").isprintable(), answer
    if answer.code == 2 and not answer.err.startswith("Usage: "):  # a group's help
        lines = answer.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("Error: ") and len(lines[0]) > 12, answer
        assert len(lines[0]) <= 1007 and names_it(lines[0], arguments, command), (arguments, answer)
        assert not changed, (arguments, answer, changed)
    elif answer.code in (0, 1, 3) and "--json" in arguments and answer.out.startswith(("{", "[")):
        json.loads(answer.out, parse_constant=pytest.fail)
    own = [one for parameter in outputs(command) for one in (parameter.default, "new")]
    own += [token.removeprefix("--out=") for token in arguments]
    places = [Path(str(one)) for one in own if isinstance(one, str | Path) and str(one)]
    for name in map(Path, changed):
        assert any(_of(name, one) for one in places), (arguments, answer, name)


def _of(name: Path, place: Path) -> bool:
    """Whether an entry is an output, lies in it or leads to it, or stands beside it by its name."""
    beside = name.parent == place.parent and bool(place.stem) and place.stem in name.name
    return beside or name == place or place in name.parents or name in place.parents


def names_it(line: str, arguments: Sequence[str], command: click.Command) -> bool:
    """Whether a refusal names an option, a parameter or a value that was given."""
    named = [one for parameter in command.params for one in (*parameter.opts, parameter.name or "")]
    named += [one.metavar for one in command.params if one.metavar]
    said = [one.strip("-").lower() for one in named]
    said += [one.removesuffix("s") for one in said]
    said += [one.replace("_", "-") for one in said] + [one.replace("-", "_") for one in said]
    given = [part for token in arguments for part in (token, token.partition("=")[2]) if part]
    given += [os.path.normpath(token) for token in given]  # "./new" is "new"
    given += [ascii(token)[1:-1] for token in given] + [repr(one)[1:-1] for one in given]
    begins = [one_line(token)[:20] for token in given]
    begins += [token[:2] for token in arguments if token[:1] == "-"]  # a row of short options
    begins += [token[1:] for token in arguments if token[:1] == "-"]  # -0
    begins += ["()", "''", "'.'"] if "" in arguments or any("=" in one for one in arguments) else []
    return any(one.lower() in line.lower() for one in (*said, *begins) if one)


def fuzzed(sandbox: Sandbox, words: tuple[str, ...], data: st.DataObject, seconds: float) -> None:
    command = COMMANDS[words]
    arguments = data.draw(calls(words, command))
    if data.draw(st.integers(0, 2)) == 0:
        place = data.draw(st.sampled_from(READ))
        content = (sandbox.files / place).read_bytes()
        (sandbox.folder / place).write_bytes(data.draw(changed_bytes(content)))
        sandbox.remember()
    answer = sandbox.run(arguments, seconds=seconds)
    hold_to_contract(sandbox, arguments, answer, command)


OWN = {"suppress_health_check": list(HealthCheck), "deadline": None}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@settings(max_examples=6, **OWN)
@given(data=st.data())
def test_any_call_ends_well(sandbox: Sandbox, words: tuple[str, ...], data: st.DataObject) -> None:
    fuzzed(sandbox, words, data, seconds=1.0)


@pytest.mark.nightly
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@settings(max_examples=int(os.environ.get("L1CERT_EXAMPLES", "600")), **OWN)
@given(data=st.data())
def test_any_call_ends_well_many_times(
    sandbox: Sandbox, words: tuple[str, ...], data: st.DataObject
) -> None:
    fuzzed(sandbox, words, data, seconds=4.0)


def test_every_command_has_legal_calls() -> None:
    assert {words[0] for words in COMMANDS} == set(cli.COMMANDS)
    assert set(SEEDS) <= set(COMMANDS)
    assert set(COMMANDS) - set(SEEDS) == set()
    assert all(SEEDS.values())
