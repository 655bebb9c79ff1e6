"""Settings for every test; only the standard library and pytest may be imported at the top.

A GPU machine runs ``make test-gpu`` with numpy, scipy, numba, cupy, torch and pytest alone, so
whatever else the tests use is set up only where it is installed.
"""

import linecache
import os

from tests.statistical import (  # noqa: F401 - pytest finds them here
    fresh,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_runtest_logreport,
    pytest_sessionfinish,
)

# No test opens a window, and matplotlib reads this when it is first imported.
os.environ["MPLBACKEND"] = "Agg"

_checkcache = linecache.checkcache


def _checkcache_again(filename: str | None = None) -> None:
    """`linecache.checkcache`, begun again where its cache shrinks under it.

    The debugger within doctest calls it, and SymPy takes the lines of a function that it has made
    out of that cache when the garbage collector comes by, which may be right then.
    """
    while True:
        try:
            return _checkcache(filename)
        except KeyError:
            continue


linecache.checkcache = _checkcache_again

try:
    import hypothesis
except ModuleNotFoundError:
    pass
else:
    # No deadline: a loaded machine is not a bug. In CI the same examples every time.
    hypothesis.settings.register_profile(
        "l1cert", deadline=None, derandomize="CI" in os.environ, print_blob=True
    )
    hypothesis.settings.load_profile("l1cert")
