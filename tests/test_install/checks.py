"""What an installed l1cert must show; each check returns the faults that it found."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.wheels import PACKAGES

#: what would let the checkout, or this process's own settings, into the installed program
LEAKS = ("PYTHON", "PYENV_VERSION", "VIRTUAL_ENV", "MPL", "XDG_", "COVERAGE", "PYTEST")
HOMES = """
import importlib
for name in {packages!r}:
    print(name, importlib.import_module(name).__file__)
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with l1cert, and an empty folder to run it in, away from the checkout."""

    folder: Path
    work: Path
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment as a stranger would: own home, nothing of ours set."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(LEAKS)}
        settings = {"HOME": str(self.work), "OMP_NUM_THREADS": "1", **dict(self.extra)}
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.work,
            env={**kept, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def l1cert(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return self.run(self.folder / "bin" / "l1cert", *arguments)


def foreign_homes(installed: Installed) -> list[str]:
    """List the packages that are imported from elsewhere than the environment."""
    ran = installed.run(installed.python, "-c", HOMES.format(packages=PACKAGES))
    assert ran.returncode == 0, ran.stderr
    homes = dict(line.split(" ", 1) for line in ran.stdout.splitlines())
    assert set(homes) == set(PACKAGES)
    library = installed.folder.resolve()
    return [
        f"{name} comes from {home}"
        for name, home in homes.items()
        if not Path(home).resolve().is_relative_to(library) or "site-packages" not in home
    ]


def site_packages(installed: Installed) -> Path:
    """The folder into which the environment installs."""
    (folder,) = (installed.folder / "lib").glob("python3.*/site-packages")
    return folder


def different_files(wanted: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """List the files that are missing, changed or beyond what is wanted."""
    return [
        *(f"{name} is missing" for name in sorted(set(wanted) - set(found))),
        *(f"{name} is not in the tree" for name in sorted(set(found) - set(wanted))),
        *(
            f"{name} differs"
            for name in sorted(set(wanted) & set(found))
            if wanted[name] != found[name]
        ),
    ]


def not_one_line(error: str) -> list[str]:
    """Say why a text on standard error is not the one line of an error, if it is not."""
    lines = error.splitlines()
    if len(lines) == 1 and lines[0].startswith("Error: "):
        return []
    return [f"{len(lines)} lines on standard error: {error[:2000]}"]
