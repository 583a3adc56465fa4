"""The run that an assertion belongs to: the one exception to the rule that there are no globals.

A test says `denied("kms:Decrypt")` without naming the lab. A pytest run inside a pytest run (pytester in
process) has runs of its own, so the innermost one that is open counts; a thread that a test starts sees the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, Protocol

from pytest_kmslab.enforcement.trail import Trail

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.report.evidence.recorder import Recorder

Mode = Literal["enforce", "observe", "off"]


class CurrentRun(Protocol):
    """What an assertion asks of a run."""

    trail: Trail
    recorder: Recorder | None
    """Takes note of what is asserted; None where nobody wants a report."""

    @property
    def in_lab(self) -> bool:
        """Whether a lab is open."""

    @property
    def view(self) -> AccountView:
        """What is known of the account of the lab."""

    @property
    def mode(self) -> Mode:
        """Whether calls are decided, predicted and compared with AWS's answers, or neither."""


# The default is one list for all threads: a thread begins with an empty context, and finds this.
_RUNS: ContextVar[list[CurrentRun]] = ContextVar("kmslab_runs", default=[])  # noqa: B039


@contextmanager
def run_is_current(run: CurrentRun) -> Iterator[None]:
    """Let assertions belong to this run for as long as the block lasts."""
    runs = _RUNS.get()
    runs.append(run)
    try:
        yield
    finally:
        runs.remove(run)


def current_run() -> CurrentRun | None:
    """The innermost run that is open; None outside pytest."""
    runs = _RUNS.get()
    return runs[-1] if runs else None
