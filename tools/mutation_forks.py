"""A pytest plugin that puts every mutant to the tests, each in a fork of the process that collected them.

Asked for by tools/mutation_run.py, in the folder that mutmut wrote: MUTANTS names a file with the
mutants' names, MUTANT_FATES the file in which what became of each is written, a line of JSON each. A
mutant is put to a part of the corpus first, then to the tests that come by its function, then to the rest of
the corpus; without MUTANTS_DECIDE to the tests only.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

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
SECONDS = 30
"""Processor time of one mutant."""
MEMORY = 2 << 30

# The random tests draw few examples, the same for every mutant.
settings.register_profile("mutation", deadline=None, max_examples=30, derandomize=True, database=None)
settings.load_profile("mutation")


def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of pytest's own: the tests once, to see who comes by which function, then the mutants."""
    mutants = Path(os.environ["MUTANTS"]).read_text(encoding="utf-8").split()
    tests = tests_by_function(session.items)
    with Path(os.environ["MUTANT_FATES"]).open("a", encoding="utf-8") as fates:
        for name in mutants:
            fate = put_to_the_tests(name, tests.get(mangled_name_from_mutant_name(name), []))
            fates.write(json.dumps([name, fate]) + "\n")
            fates.flush()
    return True


def tests_by_function(items: Sequence[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Which tests come by which function, the quick ones first; they must all pass without a mutant."""
    passed_by: dict[str, list[tuple[float, pytest.Item]]] = {}
    seen: set[str] = set()
    trampoline.record_trampoline_hit = lambda name, caller=None: seen.add(name)
    trampoline.set_mutant_under_test("stats")
    for item in items:
        seen.clear()
        reports = runtestprotocol(item, log=False, nextitem=None)
        if failed := [report for report in reports if report.failed]:
            pytest.exit(f"{item.nodeid} fails without a mutant:\n{failed[0].longreprtext}", returncode=2)
        seconds = sum(report.duration for report in reports)
        for function in seen:
            passed_by.setdefault(function, []).append((seconds, item))
    return {
        function: [item for _, item in sorted(timed, key=lambda one: one[0])]
        for function, timed in passed_by.items()
    }


def put_to_the_tests(mutant: str, items: Sequence[pytest.Item]) -> str:
    """What becomes of a mutant: `killed`, `survived`, or `endless` where it ran out of processor time."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return "endless" if os.WIFSIGNALED(status) else ("survived", "killed")[os.WEXITSTATUS(status)]
    noticed = True
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        trampoline.get_mutant_under_test = lambda: mutant
        noticed = any(signs(items))
    finally:  # whatever a mutant raises, it is noticed by
        os._exit(noticed)


def signs(items: Sequence[pytest.Item]) -> Iterator[bool]:
    """Whether something is otherwise, test after test."""
    return chain(
        (True for _ in otherwise(DECIDING[:FIRST])),
        (report.failed for item in items for report in runtestprotocol(item, log=False, nextitem=None)),
        (True for _ in otherwise(DECIDING[FIRST:])),
    )
