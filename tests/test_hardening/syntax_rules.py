"""What no module may do with data: forms that run what a file, a word or a caller tells them to.

Names are resolved through the imports of their own module, whatever they are called there, and a
forbidden function may not even be mentioned: an alias of it would be called unseen.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

#: modules that execute what they read, or are a shell's or another language's door
MODULES = {
    "pickle": "runs what a file says",
    "_pickle": "runs what a file says",
    "cPickle": "runs what a file says",
    "cloudpickle": "runs what a file says",
    "dill": "runs what a file says",
    "joblib": "unpickles what it loads",
    "pickletools": "reads pickles",
    "marshal": "crashes on what a file says",
    "shelve": "unpickles what it loads",
    "code": "runs text",
    "codeop": "compiles text",
    "runpy": "runs files",
    "imp": "runs files",
    "pty": "starts a shell",
    "ctypes": "reads memory by address",
    "cffi": "reads memory by address",
    "xml": "expands entities without end",
    "lxml": "reads other files for an entity",
    "xmlrpc": "reads XML of a peer",
    "yaml": "builds any object",
    "ruamel": "builds any object",
    "dask": "unpickles what its peers send",
    "distributed": "unpickles what its peers send",
    "multiprocessing": "unpickles what its children send",
}

#: functions that may not be mentioned
NAMES = {
    "eval": "runs text",
    "exec": "runs text",
    "compile": "compiles text",
    "__import__": "imports by text",
    "breakpoint": "opens a debugger",
    "os.system": "a shell",
    "os.popen": "a shell",
    "subprocess.getoutput": "a shell",
    "subprocess.getstatusoutput": "a shell",
    "asyncio.create_subprocess_shell": "a shell",
    "asyncio.create_subprocess_exec": "a program",
    "subprocess.run": "a program",
    "subprocess.Popen": "a program",
    "subprocess.call": "a program",
    "subprocess.check_call": "a program",
    "subprocess.check_output": "a program",
    "pandas.read_pickle": "unpickles",
    "torch.jit.load": "runs what a file says",
    "torch.hub.load": "runs what a host sends",
    "tempfile.mktemp": "another process may take the name",
    "sympy.parse_expr": "evaluates text",
    "sympy.parsing.sympy_parser.parse_expr": "evaluates text",
    "sympy.S": "evaluates text",
    "sympy.lambdify": "runs the code that it writes",
    "sympy.utilities.lambdify.lambdify": "runs the code that it writes",
    "sympy.utilities.autowrap.autowrap": "compiles the code that it writes",
    "sympy.autowrap": "compiles the code that it writes",
    "importlib.import_module": "imports by name",
    "importlib.util.spec_from_file_location": "runs a file",
    "concurrent.futures.ProcessPoolExecutor": "unpickles what its children send",
    **{
        f"os.exec{suffix}": "a program"
        for suffix in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
    },
    **{
        f"os.spawn{suffix}": "a program"
        for suffix in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
    },
    "os.posix_spawn": "a program",
    "os.posix_spawnp": "a program",
    "os.startfile": "a program",
    "timeit.timeit": "runs text",
    "timeit.repeat": "runs text",
    "timeit.Timer": "runs text",
}

#: functions that have to be called with this very keyword, spelled out
KEYWORDS = {
    "numpy.load": ("allow_pickle", False),
    "numpy.lib.format.read_array": ("allow_pickle", False),
    "numpy.lib.npyio.NpzFile": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
    "sympy.sympify": ("strict", True),
    "sympy.core.sympify.sympify": ("strict", True),
}


@dataclass(frozen=True)
class Finding:
    """A form that is forbidden, and where it is."""

    form: str
    line: int
    why: str


def findings(source: str) -> list[Finding]:
    """Every forbidden form of a module."""
    tree = ast.parse(source)
    return sorted(_walk(tree), key=lambda one: (one.line, one.form))


def _walk(tree: ast.Module) -> Iterator[Finding]:
    known = dict(_imports(tree))
    yield from _forbidden_imports(tree)
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }  # the front part of a longer name
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = _resolved(node, known)
            if name in NAMES and (
                id(node) in called if name == "sympy.S" else id(node) not in inner
            ):
                yield Finding(name, node.lineno, NAMES[name])
            elif name in KEYWORDS:
                yield from _without_keyword(name, node, called.get(id(node)))
        if isinstance(node, ast.Call):
            yield from _by_getattr(node, known)
            yield from _through_a_shell(node)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each imported name stands for; builtins for themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.asname:
                    yield one.asname, one.name
                else:
                    yield one.name.split(".")[0], one.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names:
                yield one.asname or one.name, f"{node.module}.{one.name}"


def _forbidden_imports(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        for name in names:
            first = name.split(".")[0]
            if first in MODULES:
                yield Finding(first, node.lineno, MODULES[first])
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                if one.name == "*":
                    yield Finding("import *", node.lineno, "hides what is called")
                name = f"{node.module}.{one.name}".removeprefix("builtins.")
                if name in NAMES and name != "sympy.S":
                    yield Finding(name, node.lineno, NAMES[name])


def _resolved(node: ast.expr, known: dict[str, str]) -> str:
    """The full name of an expression that is one, or the empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    front = known.get(node.id, node.id)
    return ".".join([front.removeprefix("builtins."), *parts]).removeprefix("builtins.")


def _without_keyword(name: str, node: ast.expr, call: ast.Call | None) -> Iterator[Finding]:
    keyword, value = KEYWORDS[name]
    given = [] if call is None else [one for one in call.keywords if one.arg == keyword]
    if not any(isinstance(g.value, ast.Constant) and g.value.value is value for g in given):
        yield Finding(name, node.lineno, f"without {keyword}={value}")


def _by_getattr(node: ast.Call, known: dict[str, str]) -> Iterator[Finding]:
    """`getattr(os, "system")` is os.system."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) >= 2):
        return
    owner, attribute = node.args[0], node.args[1]
    if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
        name = f"{_resolved(owner, known)}.{attribute.value}".removeprefix("builtins.")
        if name in NAMES or name in KEYWORDS:
            yield Finding(name, node.lineno, "by getattr")


def _through_a_shell(node: ast.Call) -> Iterator[Finding]:
    for one in node.keywords:
        shut = isinstance(one.value, ast.Constant) and one.value.value is False
        if one.arg == "shell" and not shut:
            yield Finding("shell=", node.lineno, "a shell")
