"""Changes a package a little in thousands of ways, and counts how many the tests notice (mutmut).

    python tools/mutation_run.py [--package NAME] [--sample N] [--most N] … [pattern …]

A pattern names mutants, such as `pytest_kmslab.authz.grant*`; without one all of the package is mutated,
which takes about a quarter of an hour on one core. With --sample N mutants of each module are drawn, and with
--most so many of these are tried; what they say of a module is printed with its 95 % interval, and of all
with each module as large as it is. Survivors are printed as diffs. Exit 0 if the package's bar is kept, 1 if
not, 2 if the mutants could not be made or tried.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from fnmatch import fnmatch
from functools import cache
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
--ignore=tests/unit/cases/test_input_file.py
--ignore=tests/unit/authz/test_theorems.py
--ignore=tests/unit/authz/test_whole_corpus.py
--deselect=tests/unit/cases/test_write.py::test_every_case_of_the_corpus_survives_printing
--deselect=tests/unit/authz/explain/test_explanation.py::test_what_is_said_to_allow_a_request_does
--deselect=tests/unit/authz/explain/test_explanation.py::test_the_same_arguments_give_the_same_text
--deselect=tests/unit/authz/test_policy.py::test_a_document_is_read_once_for_each_text
--deselect=tests/unit/authz/test_policy.py::test_a_printed_policy_reads_as_itself
--deselect=tests/unit/authz/test_policy.py::test_whatever_a_document_holds_it_is_read_or_denies
"""
# Calls' own tests, but for the one that has a lab made, for which the plugin itself would have to be there;
# then those of what uses calls, but for what takes seconds or is about what comes after a decision.
CALLS_TESTS = """tests/unit/calls
tests/unit/backends/moto/fixups
tests/unit/enforcement/test_constraints.py
tests/unit/enforcement/test_decided_resources.py
tests/unit/enforcement/test_implicit_user.py
tests/unit/enforcement/test_other_accounts.py
tests/unit/enforcement/test_table_encryption.py
tests/unit/enforcement/test_temporary_credentials.py
tests/unit/matrix/test_policy_directory.py
tests/unit/report/test_policy_check.py
--deselect=tests/unit/calls/test_known_actions.py::test_all_that_take_an_action_say_it
--ignore=tests/unit/backends/moto/fixups/kms
"""
# Threads are left out: a fork has one. After enforcement's own come those of what adapts to the pipeline.
ENFORCEMENT_TESTS = """tests/unit/enforcement
tests/unit/backends/moto/fixups
tests/unit/backends/moto/stacks
tests/unit/assertions
tests/unit/interception/test_door.py
tests/unit/interception/test_presigned.py
tests/unit/gateway/test_accounts.py
tests/unit/gateway/test_answers.py
tests/unit/gateway/test_pass_through.py
tests/unit/gateway/test_routing.py
tests/unit/gateway/test_signatures.py
--deselect=tests/unit/gateway/test_accounts.py::test_in_a_lab_of_a_test_no_number_is_a_root_user
--ignore=tests/unit/enforcement/test_threads.py
--ignore=tests/unit/enforcement/test_turns.py
"""
MOTO_TESTS = """tests/unit/backends/moto/fixups
tests/unit/enforcement
--ignore=tests/unit/enforcement/test_threads.py
--ignore=tests/unit/enforcement/test_turns.py
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
    own: str
    """Where those are that it is put to before the others: folders of tests of the package itself."""
    decides: bool
    """Whether the corpus tells its mutants apart."""
    bar: float
    """Per cent of the mutants that the tests must kill."""


WHOLE = (PACKAGE, "tests/unit", "tests/helpers", "examples/policies")
"""For a package that imports most of the others."""

TARGETS = {
    "authz": Target(
        folder="authz",
        copied=(*(f"{PACKAGE}/{name}" for name in ("errors.py", "authz", "cases")), *AUTHZ_COPIED),
        tests=AUTHZ_TESTS,
        own="tests/unit/authz tests/unit/cases",
        decides=True,
        bar=98.0,
    ),
    "calls": Target(
        folder="calls",
        copied=WHOLE,
        tests=CALLS_TESTS,
        own="tests/unit/calls",
        decides=False,
        bar=90.0,
    ),
    "enforcement": Target(
        folder="enforcement",
        copied=WHOLE,
        tests=ENFORCEMENT_TESTS,
        own="tests/unit/enforcement",
        decides=False,
        bar=70.0,
    ),
    "moto": Target(
        folder="backends/moto/fixups",
        copied=WHOLE,
        tests=MOTO_TESTS,
        own="tests/unit/backends/moto/fixups",
        decides=False,
        bar=70.0,
    ),
}
ALWAYS_COPIED = ("tests/corpus", "pyproject.toml")

MAKING = "_make_"
"""Begins the name of a function for what a module names at its top."""
TABLE = f".x_{MAKING}"
"""Is in the names of its mutants."""

CONFIGURATION = """[mutmut]
source_paths=pytest_kmslab
only_mutate=pytest_kmslab/{folder}/*
also_copy=examples
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
    parser.add_argument("--sample", type=int, metavar="N", help="draw so many mutants of each module")
    parser.add_argument("--most", type=int, metavar="N", help="try so many of those that were drawn")
    parser.add_argument("--seed", default="1", metavar="S", help="what the sample is drawn by")
    parser.add_argument("--worth", default="5", metavar="S", help="seconds of tests that one is put to")
    parser.add_argument("--tables", action="store_true", help="mutate what modules name at their top instead")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutation", help="where it happens")
    options = parser.parse_args(arguments)
    work, target = options.work.resolve(), TARGETS[options.package]
    prepare(work, target, options.tables)
    if subprocess.run(
        [sys.executable, "-c", MAKE], cwd=work, stdout=subprocess.DEVNULL, check=False
    ).returncode:
        return 2
    names = made(work, target)
    named = [name for name in names if any(fnmatch(name, pattern) for pattern in options.patterns)]
    if options.tables:
        named = [name for name in named if TABLE in name]
    chosen = drawn(named, options.sample, options.seed)[: options.most]
    os.environ["MUTANTS_WORTH"] = options.worth
    if not chosen or not tried(work, target, chosen):
        print(f"the {len(chosen)} mutants could not be tried", file=sys.stderr)
        return 2
    sizes = Counter(map(module_of, named))
    return report(work, target, {module: sizes[module] for module in set(map(module_of, chosen))})


def drawn(names: Sequence[str], most: int | None, seed: str) -> list[str]:
    """At most so many mutants of each module, in a random order that the seed alone decides."""
    taken = []
    for module in sorted(set(map(module_of, names))):
        of_module = sorted(name for name in names if module_of(name) == module)
        random.Random(f"{seed} {module}").shuffle(of_module)
        taken += of_module[:most]
    random.Random(seed).shuffle(taken)
    return taken


def prepare(work: Path, target: Target, tables: bool) -> None:
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
        text = laid_open(path.read_text(encoding="utf-8"))
        path.write_text(with_tables_made(text) if tables else text, encoding="utf-8")


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


def with_tables_made(text: str) -> str:
    """The module with a function for each value that it names: mutmut mutates functions alone."""
    lines = text.splitlines()
    for node in reversed(ast.parse(text).body):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.expr):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id != "__all__":
                value = ast.get_source_segment(text, node.value)
                kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
                making = f"def {MAKING}{target.id}():\n    return (\n{value}\n)\n"
                lines[node.lineno - 1 : node.end_lineno] = [
                    *making.splitlines(),
                    f"{target.id}{kind} = {MAKING}{target.id}()",
                ]
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
    told["MUTANTS_OF"] = f"{PACKAGE}.{target.folder.replace('/', '.')}"
    told["MUTANTS_OWN_TESTS"] = target.own
    told["MUTANTS_DECIDE"] = "yes" if target.decides else ""
    told["PYTHONPATH"] = os.pathsep.join(map(str, (work / "mutants", PLUGIN.parent, work / "mutants/tests")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN.stem, "-p", "no:cacheprovider"]
    command += ["-p", "no:kmslab", "-o", "addopts=--import-mode=importlib", *target.tests.split()]
    done = subprocess.run(command, cwd=work / "mutants", env=os.environ | told, check=False)
    return done.returncode in (0, 5)  # 5: pytest counts no test of its own


def report(work: Path, target: Target, made_of: Mapping[str, int]) -> int:
    """Print what became of the mutants; the exit code. `made_of` counts each module's, drawn or not."""
    fates = [json.loads(line) for line in (work / "fates.txt").read_text(encoding="utf-8").splitlines()]
    for name in sorted(name for name, fate in fates if fate == "survived"):
        print(f"\n{name}\n{change(work / 'mutants', name)}")
    print()
    counts = {
        module: Counter(fate for name, fate in fates if module_of(name) == module) for module in made_of
    }
    print("| module | mutants | tried | survivors | killed, per cent |")
    for module, count in sorted(counts.items()):
        low, high = (100 * bound for bound in interval(count, made_of[module]))
        within = "" if low == high else f" ({low:.0f} to {high:.0f})"
        row = (f"`{module}`", made_of[module], count.total(), count["survived"])
        print(f"| {' | '.join(map(str, row))} | {100 * killed(count):.1f}{within} |")
    every = sum(made_of.values())
    share = 100 * sum(killed(counts[module]) * made_of[module] for module in made_of) / every
    tried = sum(count.total() for count in counts.values())
    print(
        f"| all | {every} | {tried} | {sum(count['survived'] for count in counts.values())} | {share:.1f} |"
    )
    return 0 if share >= target.bar else 1


def change(folder: Path, mutant: str) -> str:
    """What the mutant changed, as a diff."""
    module, _, name = mutant.rpartition(".")
    functions = functions_of(folder / f"{module.replace('.', os.sep)}.py")
    original = functions[f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"]
    return "\n".join(list(unified_diff(original, functions[name], n=1, lineterm=""))[3:])


@cache
def functions_of(path: Path) -> dict[str, list[str]]:
    """The lines of each function of a file that mutmut wrote."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: lines[node.lineno : node.end_lineno] for node in nodes}


def killed(count: Counter[str]) -> float:
    """The share of the mutants that were tried which did not survive."""
    return 1 - count["survived"] / count.total()


def interval(count: Counter[str], made: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the share killed, narrower as nearly all that were made were tried."""
    tried, share = count.total(), killed(count)
    if tried >= made:
        return share, share
    size, z = tried * (made - 1) / (made - tried), 1.96
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return middle - half, middle + half


def module_of(name: str) -> str:
    """The module that a mutant is of, within its package."""
    return ".".join(name.split(".")[2:-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
