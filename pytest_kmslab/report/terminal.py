"""What pytest's terminal shows of a run: the header, and the lines at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.options import Settings

SERVICES = ("kms", "dynamodb", "dynamodbstreams", "iam", "sts")
"""The enforced services. Written here once more, and tested to be the same, so that the header of a run
that uses none of this does not load the tables of their operations."""

NOBODY_DENIED = "nobody is denied anything"


@dataclass(slots=True)
class Tally:
    """How many decisions were made, and how many of them were denials, in this process or in workers."""

    decisions: int = 0
    denials: int = 0

    def add(self, decisions: int, denials: int) -> None:
        """Count what a trail or a worker counted."""
        self.decisions += decisions
        self.denials += denials


def count(trail: Trail) -> tuple[int, int]:
    """Decisions of a trail, and the denials among those that it still holds."""
    return trail.mark(), len(trail.denials())


def header(settings: Settings) -> str:
    """The line that says what this run enforces, and where."""
    if settings.enforcement == "off":
        return f"kmslab: backend {settings.backend}, enforcement OFF: {NOBODY_DENIED}"
    services = " ".join(SERVICES)
    return f"kmslab: backend {settings.backend}, enforcement {settings.enforcement}, services {services}"


def summarize(reporter: pytest.TerminalReporter, settings: Settings, tally: Tally) -> None:
    """Write how much was decided, and loudly that nothing was where enforcement is off."""
    if settings.enforcement == "off":
        reporter.section("kmslab: enforcement OFF", yellow=True, bold=True)
        reporter.line(f"In this run {NOBODY_DENIED}: that a test passed proves nothing about permissions.")
    elif tally.decisions:
        reporter.line(f"kmslab: {tally.decisions} decisions, {tally.denials} denied")
