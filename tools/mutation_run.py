"""Changes the engine a little in thousands of ways, and counts how many the tests notice (mutmut).

    python tools/mutation_run.py [--work folder] [--processes 1] [pattern …]

A pattern names mutants, such as `pytest_kmslab.authz.grant*`; without one all of authz is mutated, which
takes about half an hour on one core. Survivors are printed as diffs. Exit 0 if 90 % are killed, 1 if
fewer, 2 if mutmut could not run.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST = Path(__file__).with_name("mutation_conftest.py")
PACKAGE = "pytest_kmslab"
COPIED = (
    f"{PACKAGE}/errors.py",
    f"{PACKAGE}/authz",
    "tests/unit/authz",
    "tests/corpus",
    "pyproject.toml",
)
"""The engine needs no more, and neither do its tests."""

BAR = 90.0
LOG = "mutmut.log"
KILLED, SURVIVED, UNTESTED, ENDLESS = "killed", "survived", "untested", "ran for too long"
FATES = {0: SURVIVED, 5: UNTESTED, 33: UNTESTED} | dict.fromkeys((24, 36, 152, 255, -24), ENDLESS)
"""By exit code, as mutmut has it; any other is a kill. An endless loop is noticed, so it counts as one."""

# Random tests are left out where they take seconds: there are thousands of runs. So is the corpus, which
# comes before all others (mutation_conftest.py), and what is said of the caches, which are not there.
CONFIGURATION = """[mutmut]
source_paths=pytest_kmslab
only_mutate=pytest_kmslab/authz/*
timeout_multiplier=4
timeout_constant=20
pytest_add_cli_args_test_selection=tests/unit/authz
pytest_add_cli_args=
  -p
  no:cacheprovider
  --ignore=tests/unit/authz/test_theorems.py
  --ignore=tests/unit/authz/test_mutants_corpus.py
  --deselect=tests/unit/authz/test_explain.py::test_what_is_said_to_allow_a_request_does
  --deselect=tests/unit/authz/test_explain.py::test_the_same_arguments_give_the_same_text
  --deselect=tests/unit/authz/test_policy.py::test_a_document_is_read_once_for_each_text
  --deselect=tests/unit/authz/test_policy.py::test_a_printed_policy_reads_as_itself
  --deselect=tests/unit/authz/test_policy.py::test_whatever_a_document_holds_it_is_read_or_denies
  -o
  addopts=--import-mode=importlib
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description="count the mutants of the engine that the tests kill")
    parser.add_argument("patterns", nargs="*", help="which mutants")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutation", help="where it happens")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    prepare(options.work)
    ran = mutate(options.work, options.processes, options.patterns)
    found = results(options.work)
    if not ran or not found:
        print(f"mutmut did not run to its end: see {options.work / LOG}", file=sys.stderr)
        return 2
    return report(options.work, found)


def prepare(work: Path) -> None:
    """A copy of what is mutated and of its tests, in a folder of its own."""
    shutil.rmtree(work, ignore_errors=True)
    for name in COPIED:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, work / name)
    (work / PACKAGE / "__init__.py").touch()
    shutil.copy(FIRST, work / "tests" / "conftest.py")
    for path in (work / PACKAGE / "authz").glob("*.py"):
        path.write_text(laid_open(path.read_text(encoding="utf-8")), encoding="utf-8")
    (work / "setup.cfg").write_text(CONFIGURATION, encoding="utf-8")


def laid_open(text: str) -> str:
    """The module as it means the same to its tests, with the functions bare that mutmut would leave alone.

    It mutates none that is decorated: caches are taken off, and a property is made of a function beside it.
    """
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: -node.lineno):
        for decorator in reversed(node.decorator_list):
            written = ast.unparse(decorator)
            at, indent = decorator.lineno - 1, " " * node.col_offset
            if written == "property":
                lines.insert(node.end_lineno or 0, f"{indent}{node.name} = property(_read_{node.name})")
                lines[node.lineno - 1] = lines[node.lineno - 1].replace("def ", "def _read_", 1)
            if written == "property" or written.startswith("lru_cache("):
                lines[at] = ""
    return "\n".join(lines) + "\n"


def mutate(work: Path, processes: int, patterns: Sequence[str]) -> bool:
    """Run mutmut; whether it came to its end."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(processes), *patterns]
    with (work / LOG).open("a", encoding="utf-8") as log:
        return subprocess.run(command, cwd=work, stdout=log, stderr=log, check=False).returncode == 0


def results(work: Path) -> dict[str, str]:
    """What became of each mutant that was tried, by name."""
    found: dict[str, str] = {}
    for path in sorted((work / "mutants" / PACKAGE / "authz").glob("*.meta")):
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            if code is not None:
                found[name] = FATES.get(code, KILLED)
    return found


def report(work: Path, found: dict[str, str]) -> int:
    """Print what became of the mutants; the exit code."""
    left = [name for name, fate in found.items() if fate not in (KILLED, ENDLESS)]
    for name in left:
        show = [sys.executable, "-m", "mutmut", "show", name]
        shown = subprocess.run(show, cwd=work, capture_output=True, text=True, check=False)
        print(f"\n{found[name]}: {shown.stdout.strip() or name}")
    killed = 100 * (len(found) - len(left)) / len(found)
    endless = list(found.values()).count(ENDLESS)
    print(f"\n{len(found)} mutants, {len(left)} left, {endless} ran for too long")
    print(f"{killed:.1f} % killed (bar: {BAR:g} %)")
    return 0 if killed >= BAR else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
