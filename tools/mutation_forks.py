"""A pytest plugin that puts every mutant to the tests, each in a fork of the process that collected them.

Asked for by tools/mutation_run.py, in the folder that mutmut wrote: MUTANTS names a file with the
mutants' names, MUTANT_FATES the file in which what became of each is written, a line of JSON each. A
mutant is put to the tests that come by its function: to the package's own, and if they leave it to those of
what uses the package. With MUTANTS_DECIDE a part of the corpus comes before them, and the rest after. What
runs when a module is imported is a mutant's only where the modules are imported anew: such a fork does so,
and gives the tests the new modules' objects.
"""

from __future__ import annotations

import gc
import importlib
import json
import mmap
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import pytest
from _pytest.runner import runtestprotocol
from helpers.corpus import CASES, otherwise
from hypothesis import settings
from mutmut.mutation import trampoline
from mutmut.utils.format_utils import mangled_name_from_mutant_name

DECIDING = CASES if os.environ.get("MUTANTS_DECIDE") else []
"""The cases that every mutant is put to: none where the corpus tells no mutants of the package apart."""
FIRST = 150
"""Cases of the corpus that come before the tests."""
WORTH = float(os.environ.get("MUTANTS_WORTH", "5"))
"""Processor time that the tests of a mutant take without it, at most; where it is short, tests of a function
that most of them come by are left out."""
SECONDS = 25 + WORTH
"""Processor time of one mutant: an endless one is so by its change."""
MEMORY = 2 << 30

# The random tests draw few examples, the same for every mutant.
settings.register_profile("mutation", deadline=None, max_examples=30, derandomize=True, database=None)
settings.load_profile("mutation")

seen: set[str] = set()
trampoline.record_trampoline_hit = lambda name, caller=None: seen.add(name)
trampoline.set_mutant_under_test("stats")  # before the tests are collected: what runs at import is seen too


class Bare:
    """In a fork: a report says no more than whether the test passed; its text takes longer than the test."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        """A report without a text; pytest's own where the test is skipped."""
        if call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception):
            return None
        outcome = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when, duration=0)


class Tried:
    """What is known of the tests, and of those that noticed a mutant."""

    def __init__(self, at_import: frozenset[str]) -> None:
        self.items: list[pytest.Item] = []
        self.at_import = at_import
        """Functions that run when modules are imported."""
        self.seconds: list[float] = []
        """Processor time of each test."""
        self.by_function: dict[str, list[int]] = defaultdict(list)
        """Which tests come by which function, the quick ones first."""
        self.noticing: dict[str, list[int]] = defaultdict(list)
        """Of a function, the tests that noticed mutants of it, the last first: the next meets them first."""

    def try_out(self, items: Sequence[pytest.Item]) -> None:
        """See who comes by which function; the tests must all pass without a mutant."""
        trampoline.set_mutant_under_test("stats")
        for number, item in enumerate(items):
            seen.clear()
            began = time.process_time()
            reports = runtestprotocol(item, log=False, nextitem=None)
            if failed := [report for report in reports if report.failed]:
                pytest.exit(f"{item.nodeid} fails without a mutant:\n{failed[0].longreprtext}", returncode=2)
            self.items.append(item)
            self.seconds.append(time.process_time() - began)
            for function in seen:
                self.by_function[function].append(number)
        for found in self.by_function.values():
            found.sort(key=lambda one: self.seconds[one])

    def tests_of(self, function: str) -> list[int]:
        """The tests to put a mutant of the function to, by their numbers."""
        return self._affordable([*self.noticing[function], *self.by_function.get(function, ())])

    def tests_near(self, function: str) -> list[int]:
        """The tests of the folder that mirrors the function's module, and those that come by the module."""
        module = function.rpartition(".")[0]
        folder = "/".join(["tests/unit", *module.split(".")[1:-1], ""])
        by = [found for name, found in self.by_function.items() if name.rpartition(".")[0] == module]
        near = [number for number, item in enumerate(self.items) if item.nodeid.startswith(folder)]
        near.sort(key=lambda one: self.seconds[one])
        return self._affordable([*self.noticing[function], *chain(*by), *near])

    def _affordable(self, numbers: Sequence[int]) -> list[int]:
        chosen, left = [], WORTH
        for number in dict.fromkeys(numbers):
            left -= self.seconds[number]
            if left >= 0:
                chosen.append(number)
        return chosen

    def noticed(self, function: str, number: int) -> None:
        """Remember which test noticed a mutant of the function."""
        known = self.noticing[function]
        if number in known:
            known.remove(number)
        known.insert(0, number)


def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of pytest's own: the mutants meet the tests of the package, then those of what uses it."""
    left = Path(os.environ["MUTANTS"]).read_text(encoding="utf-8").split()
    own = tuple(os.environ["MUTANTS_OWN_TESTS"].split())
    near = [item for item in session.items if item.nodeid.startswith(own)]
    bare, at_import = Bare(), frozenset(seen)
    with Path(os.environ["MUTANT_FATES"]).open("a", encoding="utf-8") as fates:
        for items in (near, [item for item in session.items if item not in near]):
            if not left or (not items and not DECIDING):
                continue
            tried = Tried(at_import)
            tried.try_out(items)
            session.config.pluginmanager.register(bare)
            gc.collect()
            gc.freeze()  # what a fork does not touch need not be copied
            left = [name for name in left if lives(name, tried, fates)]
            session.config.pluginmanager.unregister(bare)
        fates.writelines(json.dumps([name, "survived"]) + "\n" for name in left)
    return True


def lives(mutant: str, tried: Tried, fates: TextIO) -> bool:
    """Whether the tests leave a mutant; the fate of any other is written down."""
    fate = fate_of(mutant, tried)
    if fate != "survived":
        fates.write(json.dumps([mutant, fate]) + "\n")
        fates.flush()
    return fate == "survived"


def fate_of(mutant: str, tried: Tried) -> str:
    """What becomes of a mutant: `killed`, `survived`, or `endless` where it ran out of processor time."""
    function = mangled_name_from_mutant_name(mutant)
    fate = put_to_the_tests(mutant, function, tried.tests_of(function), tried)
    if fate == "survived" and function in tried.at_import:
        near = tried.tests_near(function)
        return put_to_the_tests(mutant, function, near, tried, anew=True)
    return fate


def put_to_the_tests(
    mutant: str, function: str, numbers: Sequence[int], tried: Tried, anew: bool = False
) -> str:
    """The fate of a mutant by these tests."""
    if not numbers and not DECIDING:
        return "survived"
    with mmap.mmap(-1, 4) as told:  # shared with the fork: the number of the test that noticed the mutant

        def is_noticed() -> bool:
            if anew:
                imported_anew()
            for sign in signs([(number, tried.items[number]) for number in numbers]):
                told[:] = (sign + 1).to_bytes(4, "little")
                return True
            return False

        fate = forked(mutant, is_noticed)
        if number := int.from_bytes(told[:], "little"):
            tried.noticed(function, number - 1)
        return fate


def forked(mutant: str, is_noticed: Callable[[], bool]) -> str:
    """What becomes of a mutant in a fork of this process, where it alone is active."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return "endless" if os.WIFSIGNALED(status) else ("survived", "killed")[os.WEXITSTATUS(status)]
    noticed = True
    try:
        gc.disable()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        trampoline.get_mutant_under_test = lambda: mutant
        noticed = is_noticed()
    finally:  # whatever a mutant raises, it is noticed by
        os._exit(noticed)


def signs(items: Sequence[tuple[int, pytest.Item]]) -> Iterator[int]:
    """What is otherwise, test after test: its number, or -1 for the corpus."""
    yield from (-1 for _ in otherwise(DECIDING[:FIRST]))
    for number, item in items:
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=None)):
            yield number
    yield from (-1 for _ in otherwise(DECIDING[FIRST:]))


def imported_anew() -> None:
    """Import all modules of the mutated package once more, and put what they hold where the old was imported.

    What a test module made of it at its own import stays as it was: a mutant of it may then go unnoticed.
    """
    folder = os.environ["MUTANTS_OF"]
    old = {name: module for name, module in sys.modules.items() if name.startswith(folder)}
    for name in old:
        del sys.modules[name]
    new = {name: importlib.import_module(name) for name in old}
    held: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for name, module in old.items():
        for attribute, value in vars(module).items():
            held[attribute].append((value, vars(new[name]).get(attribute)))
    here = f"{Path.cwd()}{os.sep}"
    for module in [module for name, module in sys.modules.items() if name not in new]:
        if (getattr(module, "__file__", None) or "").startswith(here):
            for attribute, value in list(vars(module).items()):
                for before, after in held.get(attribute, ()):
                    if value is before and not attribute.startswith("__"):
                        setattr(module, attribute, after)
                        break
