"""Loaded by tox, for three things that it does not do by itself.

The interpreters that pyenv installed are found, although its shims hide all but one. The lowest and the
newest of those that are here run the whole suite, those between them a share of it. And a run ends with the
minutes that each environment took, longest first.

`python toxfile.py` prints the search path with the interpreters in it, for a script that wants the same; it
needs no tox.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tox.execute.api import Outcome
    from tox.tox_env.api import ToxEnv


def pyenv_root() -> Path | None:
    """Where pyenv keeps what it installed, None where there is no pyenv."""
    if root := os.environ.get("PYENV_ROOT"):
        return Path(root)
    if shutil.which("pyenv") is None:
        return None
    asked = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip()) if asked.returncode == 0 else None


def search_path() -> str:
    """PATH with pyenv's interpreters behind everything that is there already."""
    root = pyenv_root()
    folders = sorted(root.glob("versions/3.*/bin")) if root else []
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])


VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def starts(program: Path) -> bool:
    """Whether an interpreter runs; a shim of pyenv may be there and not run."""
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0


def is_here(version: str) -> bool:
    """Whether a Python of this version is on the search path."""
    programs = (Path(folder) / f"python{version}" for folder in search_path().split(os.pathsep))
    return any(program.is_file() and starts(program) for program in programs)


def tests_of(here: Sequence[str], long: str, share: str) -> dict[str, str]:
    """For tox.ini: the arguments of each Python that does not run every test.

    One between the lowest and the newest runs the share; the newest alone runs those that take long.
    """
    arguments = dict.fromkeys(here[:1], long) | dict.fromkeys(here[1:], f"{share} {long}")
    return {
        f"TESTS_ON_py{version.replace('.', '')}": " ".join(arguments[version].split())
        for version in here[:-1]
    }


def tests_here() -> dict[str, str]:
    """The same, of this machine."""
    tox = ConfigParser(interpolation=None)
    tox.read(Path(__file__).with_name("tox.ini"), encoding="utf-8")
    return tests_of(list(filter(is_here, VERSIONS)), tox["tests"]["long"], tox["tests"]["share"])


STARTED: dict[str, float] = {}
"""When an environment was first seen: at its first installation, or its first command."""
TOOK: dict[str, float] = {}
"""The seconds of each environment whose commands have ended."""


def minutes_of(took: dict[str, float]) -> str:
    """A table of environments and their minutes, longest first."""
    rows = sorted(took.items(), key=lambda row: -row[1])
    lines = [f"  {seconds / 60:6.1f}  {name}" for name, seconds in rows]
    return "\n".join(["minutes of each environment (two that run at once share the processors):", *lines])


def print_minutes() -> None:
    """At the end of a run of several environments."""
    if len(TOOK) > 1:
        print(minutes_of(TOOK))


if __name__ == "__main__":
    print(search_path())
else:
    os.environ["PATH"] = search_path()
    os.environ.update(tests_here())
    atexit.register(print_minutes)
    from tox.plugin import impl

    @impl
    def tox_on_install(tox_env: ToxEnv, arguments: object, section: str, of_type: str) -> None:
        """Note when the first installation into an environment begins."""
        STARTED.setdefault(tox_env.conf.name, time.monotonic())

    @impl
    def tox_before_run_commands(tox_env: ToxEnv) -> None:
        """The same for an environment that is there already."""
        STARTED.setdefault(tox_env.conf.name, time.monotonic())

    @impl
    def tox_after_run_commands(tox_env: ToxEnv, exit_code: int, outcomes: Sequence[Outcome]) -> None:
        """Note how long it took."""
        TOOK[tox_env.conf.name] = time.monotonic() - STARTED[tox_env.conf.name]
