"""The document told as a story while it is walked through: what was done, what AWS says to it, and why."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any

import pytest

from pytest_kmslab import Decision, Denial, TrailEntry

PROPERTY = "kmslab_story"
"""Lines are kept with the report of the test, so that a worker's reach the terminal too."""
DONE, SAID = "{number}  {text}", "     {text}"


class Story:
    """What the walkthrough tells."""

    def __init__(self, keep: Callable[[str, object], None]) -> None:
        self._keep = keep

    def step(self, number: int, text: str) -> None:
        """A step of the document, and what was done in it."""
        self._keep(PROPERTY, DONE.format(number=number, text=text))

    def says(self, text: str) -> None:
        """What AWS says to that, or what is so now."""
        self._keep(PROPERTY, SAID.format(text=text))

    def refuses(self, denial: Denial, decided: Sequence[TrailEntry]) -> None:
        """AWS's own words for a denial, and what had to allow it, if that was decided here and not on AWS."""
        sentence = denial.message.partition(" (Service: ")[0].rpartition("Exception: ")[2]
        self.says(f"{denial.operation}: AccessDeniedException: {sentence}.")
        for entry in decided[-1:]:
            self.says(f"Why: the key policy does not name the user, and {why(entry.decision)}.")


def why(decision: Decision) -> str:
    """The reason of a decision, in a clause."""
    reason = decision.reasons[0]
    if decision.allowed:
        return f"`{reason.statement}` of the {reason.policy_type.value} allows it"
    return f"no {reason.policy_type.value} allows it"


class StoryTeller:
    """Lets the walkthrough come first, and writes its lines when it has ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: dict[str, int] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The story, and after it the tests that try each of its sentences in all ways."""
        items.sort(key=lambda item: "story" not in getattr(item, "fixturenames", ()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what is new to the terminal, if there is one: a subtest reports what came before it too."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or self._config.get_verbosity() < 0:
            return
        lines = [str(value) for name, value in report.user_properties if name == PROPERTY]
        for text in lines[self._told.get(report.nodeid, 0) :]:
            reporter.ensure_newline()
            for line in folded(text):
                reporter.write_line(line)
        self._told[report.nodeid] = max(len(lines), self._told.get(report.nodeid, 0))


def folded(text: str) -> list[str]:
    """A line as wide as the terminal; what goes on is set in."""
    indent, width = " " * (7 if text.startswith(" ") else 3), shutil.get_terminal_size().columns
    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
