"""Runs the commands of a page, as far as they can be run without a network, a real account and an hour.

The first word of a command says how it is held to the code; one that is in no row is an error.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from functools import cache
from itertools import pairwise
from pathlib import Path

from documents.options import check_options

ROOT = Path(__file__).parents[2]
ELSEWHERE = ("--real-aws", "--kmslab-backend", "--kmslab-endpoint", "localstack", "ministack", "aws")
"""What a command holds that needs an account, or an emulator that somebody started."""
EXAMPLE = ROOT / "docs" / "examples" / "test_three_lines.py"


def run_commands(text: str) -> None:
    """Every command of a block without output."""
    for line in text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|;", line.partition("  #")[0]):
            if command.strip() and command.strip()[0] != "#":
                run_command(shlex.split(command, comments=True))


def run_session(text: str) -> None:
    """Every command of a session, and what it prints; `…` stands for what differs from run to run."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        printed = run_command(shlex.split(command))
        if shown.strip() and printed is not None:
            assert is_shown(printed, shown), f"`{command}` prints\n{printed}\nand the page shows\n{shown}"


def is_shown(printed: str, shown: str) -> bool:
    """Whether the lines that a page shows are what was printed, but for what `…` stands for."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def run_command(words: list[str]) -> str | None:
    """What the command prints, or None where it was looked at and not run."""
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        check_options([words[0].partition("=")[0]])
        words = words[1:]
    program = words[0] if words else "export"
    check_options(word.partition("=")[0] for word in words)
    assert program in COMMANDS, f"no check for `{program}`: add a row to COMMANDS"
    return COMMANDS[program](words)


def run_kmslab(words: list[str]) -> str | None:
    """Run it, unless it would not end or needs what is elsewhere: then its help must know the options."""
    if words[1] in ("record", "serve", "sweep") or set(words) & set(ELSEWHERE):
        usage = output([*module("pytest_kmslab.cli.main"), words[1], "--help"], (0,))
        flags = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [flag for flag in flags if flag not in usage] == []
        return None
    return output([*module("pytest_kmslab.cli.main"), *words[1:]], (0, 1))


def run_pytest(words: list[str]) -> str | None:
    """Run it on an example, which is put where the command names a path that is not there."""
    if any(word.partition("=")[0] in ELSEWHERE for word in words):
        return None
    for path in [Path(word) for word in words[1:] if "/" in word or word.endswith(".py")]:
        if "=" not in str(path) and not path.exists():
            put_example(path)
    fails = "--kmslab-enforcement=off" in words
    here = [] if any("/" in word or word.endswith(".py") for word in words[1:]) else [str(EXAMPLE)]
    return output([*module("pytest"), *words[1:], *here], (1,) if fails else (0,))


def run_failing(words: list[str]) -> str | None:
    """`! COMMAND`: what is run must fail, and `run_pytest` knows by itself which does."""
    return run_command(words[1:])


def put_example(path: Path) -> None:
    target = path if path.suffix == ".py" else path / EXAMPLE.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(EXAMPLE, target)


def check_tox(words: list[str]) -> None:
    """The environments that it names are in tox.ini."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    there = {name.removeprefix("testenv:") for name in tox.sections()}
    named = [name for flag, name in pairwise(words) if flag == "-e"]
    assert [name for name in named if name not in there and not re.fullmatch(r"py31[0-3]", name)] == []


def run_python_command(words: list[str]) -> str | None:
    """`python -m pip install` names extras that are there; a script that is named is there."""
    if words[1:3] == ["-m", "pip"]:
        extras = re.findall(r"pytest-kmslab\[([\w,]+)\]", " ".join(words))
        known = re.findall(
            r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
        )
        assert {extra for names in extras for extra in names.split(",")} <= set(known)
    elif words[1] not in ("-m", "-c"):
        assert (ROOT / words[1]).exists()
    return None


def only_named(words: list[str]) -> None:
    """Not run: it needs a network, an account, a container engine or another project."""


def module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def output(command: list[str], good: tuple[int, ...]) -> str:
    """What a program prints; it ends with one of these statuses."""
    return output_once(tuple(command), good, Path.cwd())


@cache
def output_once(command: tuple[str, ...], good: tuple[int, ...], folder: Path) -> str:
    """The same; a command that several pages show is run once."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode in good, f"exit status {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


COMMANDS: dict[str, Callable[[list[str]], str | None]] = {
    "!": run_failing,
    "kmslab": run_kmslab,
    "pytest": run_pytest,
    "tox": check_tox,
    "python": run_python_command,
    ".ci/run": only_named,
    "aws": only_named,
    "cdk": only_named,
    "curl": only_named,
    "docker": only_named,
    "export": only_named,
    "sam": only_named,
}
