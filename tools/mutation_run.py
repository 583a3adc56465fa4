"""Changes a package a little in thousands of ways, and counts how many the tests notice (mutmut).

    python tools/mutation_run.py [--package authz|calls] [--work folder] [pattern …]

A pattern names mutants, such as `pytest_kmslab.authz.grant*`; without one all of the package is mutated,
which takes about a quarter of an hour on one core for authz. Survivors are printed as diffs. Exit 0 if the
package's bar is kept, 1 if not, 2 if the mutants could not be made or tried.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = Path(__file__).with_name("mutation_forks.py")
PACKAGE = "pytest_kmslab"

# Left out of authz's tests: the corpus, to which the plugin puts every mutant; random tests that take
# seconds; what is said of the caches, which are not there; and the schema, which needs a package more.
AUTHZ_TESTS = """tests/unit/authz
tests/unit/cases
--ignore-glob=tests/unit/cases/test_corpus*
--ignore=tests/unit/cases/test_schema.py
--ignore=tests/unit/authz/test_theorems.py
--ignore=tests/unit/authz/test_whole_corpus.py
--deselect=tests/unit/cases/test_write.py::test_every_case_of_the_corpus_survives_printing
--deselect=tests/unit/authz/explain/test_explanation.py::test_what_is_said_to_allow_a_request_does
--deselect=tests/unit/authz/explain/test_explanation.py::test_the_same_arguments_give_the_same_text
--deselect=tests/unit/authz/test_policy.py::test_a_document_is_read_once_for_each_text
--deselect=tests/unit/authz/test_policy.py::test_a_printed_policy_reads_as_itself
--deselect=tests/unit/authz/test_policy.py::test_whatever_a_document_holds_it_is_read_or_denies
"""
AUTHZ_COPIED = ("tests/unit/authz", "tests/unit/cases", "tests/helpers")


@dataclass(frozen=True)
class Target:
    """A package that is mutated."""

    folder: str
    """Its folder in the package."""
    copied: tuple[str, ...]
    """What it and its tests need of the checkout."""
    tests: str
    """The tests that every mutant is put to, as pytest's arguments."""
    decides: bool
    """Whether the corpus tells its mutants apart."""
    bar: float
    """Per cent of the mutants that the tests must kill."""


TARGETS = {
    "authz": Target(
        folder="authz",
        copied=(*(f"{PACKAGE}/{name}" for name in ("errors.py", "authz", "cases")), *AUTHZ_COPIED),
        tests=AUTHZ_TESTS,
        decides=True,
        bar=98.0,
    ),
    "calls": Target(
        folder="calls",
        copied=(PACKAGE, "tests/unit/calls", "tests/helpers"),
        tests="tests/unit/calls",
        decides=False,
        bar=90.0,
    ),
}
ALWAYS_COPIED = ("tests/corpus", "pyproject.toml")

CONFIGURATION = """[mutmut]
source_paths=pytest_kmslab
only_mutate=pytest_kmslab/{folder}/*
"""
MAKE = """
from mutmut.__main__ import create_mutants
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir
copy_src_dir()
copy_also_copy_files()
create_mutants(1)
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description="count the mutants of a package that the tests kill")
    parser.add_argument("patterns", nargs="*", default=["*"], help="which mutants")
    parser.add_argument("--package", choices=TARGETS, default="authz", help="what is mutated")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutation", help="where it happens")
    options = parser.parse_args(arguments)
    work, target = options.work.resolve(), TARGETS[options.package]
    prepare(work, target)
    if subprocess.run(
        [sys.executable, "-c", MAKE], cwd=work, stdout=subprocess.DEVNULL, check=False
    ).returncode:
        return 2
    names = made(work, target)
    chosen = [name for name in names if any(fnmatch(name, pattern) for pattern in options.patterns)]
    if not chosen or not tried(work, target, chosen):
        print(f"the {len(chosen)} mutants could not be tried", file=sys.stderr)
        return 2
    return report(work, target)


def prepare(work: Path, target: Target) -> None:
    """A copy of what is mutated and of its tests, in a folder of its own."""
    shutil.rmtree(work, ignore_errors=True)
    for name in (*target.copied, *ALWAYS_COPIED):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, work / name)
    if PACKAGE not in target.copied:  # its own __init__ imports what was not copied
        (work / PACKAGE / "__init__.py").touch()
    configuration = CONFIGURATION.format(folder=target.folder)
    (work / "setup.cfg").write_text(configuration, encoding="utf-8")
    for path in (work / PACKAGE / target.folder).rglob("*.py"):
        path.write_text(laid_open(path.read_text(encoding="utf-8")), encoding="utf-8")


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


def made(work: Path, target: Target) -> list[str]:
    """The names of the mutants that there are."""
    files = sorted((work / "mutants" / PACKAGE / target.folder).rglob("*.meta"))
    return [name for file in files for name in json.loads(file.read_text("utf-8"))["exit_code_by_key"]]


def tried(work: Path, target: Target, mutants: Sequence[str]) -> bool:
    """Put the mutants to the tests; whether that came to its end."""
    names = work / "mutants.txt"
    names.write_text("\n".join(mutants), encoding="utf-8")
    told = {"MUTANTS": str(names), "MUTANT_FATES": str(work / "fates.txt")}
    told["MUTANTS_DECIDE"] = "yes" if target.decides else ""
    told["PYTHONPATH"] = os.pathsep.join(map(str, (work / "mutants", PLUGIN.parent, work / "mutants/tests")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN.stem, "-p", "no:cacheprovider"]
    command += ["-p", "no:kmslab", "-o", "addopts=--import-mode=importlib", *target.tests.split()]
    done = subprocess.run(command, cwd=work / "mutants", env=os.environ | told, check=False)
    return done.returncode in (0, 5)  # 5: pytest counts no test of its own


def report(work: Path, target: Target) -> int:
    """Print what became of the mutants; the exit code."""
    fates = [json.loads(line) for line in (work / "fates.txt").read_text(encoding="utf-8").splitlines()]
    for name in [name for name, fate in fates if fate == "survived"]:
        show = [sys.executable, "-m", "mutmut", "show", name]
        shown = subprocess.run(show, cwd=work, capture_output=True, text=True, check=False)
        print(f"\n{shown.stdout.strip() or name}")
    print()
    modules = sorted({module_of(name) for name, _ in fates})
    for module in [*modules, ""]:
        count = Counter(fate for name, fate in fates if module in ("", module_of(name)))
        killed = 100 * (1 - count["survived"] / count.total())
        print(
            f"{module or 'all':24} {count.total():5} mutants, {count['survived']:4} left, "
            f"{count['endless']:3} ran for too long: {killed:5.1f} % killed"
        )
    return 0 if killed >= target.bar else 1


def module_of(name: str) -> str:
    """The module that a mutant is of, within its package."""
    return ".".join(name.split(".")[2:-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
