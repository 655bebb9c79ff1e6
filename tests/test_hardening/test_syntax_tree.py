"""No pickle, no eval, no shell anywhere on user data: every module's syntax tree is walked."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.test_hardening.syntax_rules import Finding, findings

ROOT = Path(__file__).parents[2]
FOLDERS = ("theory", "simulations", "figures", "l1cert", "benchmarks", "docs")

PRINTED = "of the claim's own SymPy expressions, which are stated in its file"

#: (folder or file, form): why it is there; a folder's entry is for the files in it
ALLOWED = {
    ("theory/claims/", "sympy.lambdify"): PRINTED,
    ("theory/searches/", "sympy.lambdify"): PRINTED,
    ("simulations/claims/", "sympy.lambdify"): PRINTED,
    ("docs/template/", "sympy.lambdify"): PRINTED,
    ("theory/conjectures/density_checks.py", "sympy.lambdify"): (
        "of what our own grammar read (theory.conjectures.expressions): numbers, one symbol and a "
        "closed list of functions"
    ),
    ("simulations/classifier/backend.py", "importlib.import_module"): "of a constant's modules",
    ("simulations/discrete_noise.py", "importlib.import_module"): "a value of BACKENDS",
    ("simulations/kernels/__init__.py", "importlib.import_module"): "values of BACKENDS",
    ("figures/table.py", "importlib.import_module"): "a value of the table of figures",
    ("l1cert/__init__.py", "importlib.import_module"): "a value of the table of public names",
    ("l1cert/catalogue.py", "importlib.import_module"): "a slug of the catalogue",
    ("l1cert/cli/__init__.py", "importlib.import_module"): "a value of the table of commands",
    ("l1cert/curves.py", "importlib.import_module"): "one of three modules, by name",
    ("simulations/classifier/pickle_literals.py", "pickletools"): (
        "lists the opcodes of CIFAR's files and runs none of them"
    ),
    ("simulations/classifier/batches.py", "ctypes"): (
        "the C library's mallopt, with constants: no pointer and no data"
    ),
    ("simulations/cluster.py", "distributed"): (
        "the user's own scheduler, whose processes may run anything anyway"
    ),
    ("l1cert/examination.py", "multiprocessing"): "slugs to our own processes, evidence back",
    ("l1cert/examination.py", "concurrent.futures.ProcessPoolExecutor"): "the same processes",
    ("benchmarks/certification.py", "multiprocessing"): "numbers between our own processes",
    ("benchmarks/law.py", "multiprocessing"): "numbers between our own processes",
    ("benchmarks/law.py", "concurrent.futures.ProcessPoolExecutor"): "the same processes",
    ("benchmarks/fresh_process.py", "subprocess.run"): "this interpreter with constant arguments",
    ("l1cert/provenance.py", "subprocess.run"): "git with constant arguments, no shell",
    ("l1cert/reproduction/running.py", "asyncio.create_subprocess_exec"): (
        "this interpreter with the arguments of the table of steps, no shell"
    ),
    ("docs/make_demo.py", "subprocess.run"): "l1cert with constant arguments, no shell",
    ("docs/make_records.py", "subprocess.run"): "l1cert with constant arguments, no shell",
    ("docs/update_pages.py", "subprocess.run"): "l1cert with constant arguments, no shell",
    ("docs/run_notebook.py", "compile"): "the repository's own notebook",
    ("docs/run_notebook.py", "exec"): "the repository's own notebook",
    ("l1cert/page/pictures.py", "xml"): "the SVG that matplotlib just wrote, never a user's file",
}


@cache
def found_in_modules() -> dict[str, list[Finding]]:
    """The forbidden forms of every module that is shipped or builds what is."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): findings(path.read_text(encoding="utf-8"))
        for path in paths
    }


def entry_of(name: str, form: str) -> tuple[str, str] | None:
    """The entry of the list that allows a form in a file."""
    folder = name[: name.rindex("/") + 1]
    return next((key for key in ((name, form), (folder, form)) if key in ALLOWED), None)


def test_no_module_runs_what_data_say():
    found = [
        f"{name}:{one.line} {one.form} ({one.why})"
        for name, forms in found_in_modules().items()
        for one in forms
        if entry_of(name, one.form) is None
    ]
    assert not found, "\n".join(found)


def test_every_allowance_is_used_and_has_a_reason():
    used = Counter(
        entry_of(name, one.form) for name, forms in found_in_modules().items() for one in forms
    )
    assert [key for key in ALLOWED if not used[key]] == []
    assert all(reason.strip() for reason in ALLOWED.values())


def test_every_folder_has_modules():
    names = list(found_in_modules())
    assert all(any(one.startswith(f"{folder}/") for one in names) for folder in FOLDERS)
    assert len(names) > 400


MUTANTS = [
    ("import pickle", "pickle"),
    ("import pickle as safe", "pickle"),
    ("from pickle import loads", "pickle"),
    ("def f():\n    import dill", "dill"),
    ("import marshal", "marshal"),
    ("import shelve", "shelve"),
    ("from joblib import load", "joblib"),
    ("import xml.etree.ElementTree as tree", "xml"),
    ("import yaml", "yaml"),
    ("import ctypes", "ctypes"),
    ("eval(text)", "eval"),
    ("run = eval", "eval"),
    ("list(map(eval, texts))", "eval"),
    ("exec(text)", "exec"),
    ("import builtins\nbuiltins.exec(text)", "exec"),
    ("from builtins import eval as read", "eval"),
    ("compile(text, 'a', 'eval')", "compile"),
    ("__import__(name)", "__import__"),
    ("import os\nos.system(line)", "os.system"),
    ("from os import system as quiet\nquiet(line)", "os.system"),
    ("import os as o\no.popen(line)", "os.popen"),
    ("import os\nos.spawnvpe(0, line, [], {})", "os.spawnvpe"),
    ("import os\nos.posix_spawnp(line, [], {})", "os.posix_spawnp"),
    ("from os import *\nsystem(line)", "import *"),
    ("import timeit\ntimeit.timeit(text)", "timeit.timeit"),
    ("import os\ngetattr(os, 'system')(line)", "os.system"),
    ("import subprocess\nsubprocess.run(line)", "subprocess.run"),
    ("import subprocess\nsubprocess.getoutput(line)", "subprocess.getoutput"),
    ("start(line, shell=True)", "shell="),
    ("start(line, shell=wanted)", "shell="),
    ("import numpy as np\nnp.load(path)", "numpy.load"),
    ("import numpy as np\nnp.load(path, allow_pickle=True)", "numpy.load"),
    ("import numpy as np\nnp.load(path, allow_pickle=maybe)", "numpy.load"),
    ("from numpy import load\nload(path)", "numpy.load"),
    ("import numpy as np\nread = np.load", "numpy.load"),
    ("import torch\ntorch.load(path)", "torch.load"),
    ("import torch\ntorch.load(path, weights_only=False)", "torch.load"),
    ("import sympy as sp\nsp.sympify(text)", "sympy.sympify"),
    ("import sympy as sp\nsp.S(text)", "sympy.S"),
    (
        "from sympy.parsing.sympy_parser import parse_expr\nparse_expr(t)",
        "sympy.parsing.sympy_parser.parse_expr",
    ),
    ("import sympy as sp\nsp.lambdify(x, text)", "sympy.lambdify"),
    ("import tempfile\ntempfile.mktemp()", "tempfile.mktemp"),
    ("from importlib import import_module\nimport_module(name)", "importlib.import_module"),
    ("import asyncio\nasyncio.create_subprocess_shell(line)", "asyncio.create_subprocess_shell"),
]


@pytest.mark.parametrize(("source", "form"), MUTANTS)
def test_every_forbidden_form_is_found(source, form):
    assert form in {one.form for one in findings(source)}, source


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile(text)",
        "model.eval()",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "import torch\ntorch.load(path, weights_only=True)",
        "import sympy as sp\nsp.sympify(value, strict=True)",
        "import sympy as sp\nsp.S.Infinity",
        "start(line, shell=False)",
        "import os\ngetattr(os, 'sched_getaffinity', None)",
        "'eval(text)'",
    ],
)
def test_what_is_harmless_is_not_found(source):
    assert findings(source) == []
