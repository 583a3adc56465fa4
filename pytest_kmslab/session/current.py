"""The run that an assertion belongs to: the one exception to the rule that there are no globals.

A test says `denied("kms:Decrypt")` without naming the lab. A pytest run inside a pytest run (pytester in
process) is a run of its own, so the innermost one counts of those that are open around the code that asks. A
thread that a test starts knows of none: there the innermost counts of all that are open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from pytest_kmslab.enforcement.trail import Trail

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.enforcement.entry import Mode
    from pytest_kmslab.report.evidence.recorder import Recorder


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


_OPEN: list[CurrentRun] = []
"""All that are open, in the order in which they began."""

_AROUND: ContextVar[tuple[CurrentRun, ...]] = ContextVar("kmslab_runs", default=())
"""The runs around this code, innermost last; closed ones may still be among them."""


@contextmanager
def run_is_current(run: CurrentRun) -> Iterator[None]:
    """Let assertions belong to this run for as long as the block lasts."""
    _AROUND.set((*open_runs(), run))
    _OPEN.append(run)
    try:
        yield
    finally:
        _OPEN.remove(run)


def open_runs() -> tuple[CurrentRun, ...]:
    """The open runs that this code belongs to, innermost last; none outside pytest."""
    return tuple(run for run in _AROUND.get() if run in _OPEN) or tuple(_OPEN)


def current_run() -> CurrentRun | None:
    """The innermost of these runs; None outside pytest."""
    return next(reversed(open_runs()), None)
