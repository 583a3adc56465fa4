"""A pytest run inside a pytest run whose lab is open: pytester in process, in a test of somebody's plugin.

Both are on the one moto of the process, and a client may know the hooks of the outer run only: one that was
made when a module was imported, say. So the outer run lets the runs inside it have what is theirs: the
innermost one takes a call that has its backend running, and its blocks of `environ` count.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from pytest_kmslab.interception.ambient import EnvironBlocks
from pytest_kmslab.interception.hooks import BotocoreHooks
from pytest_kmslab.session.current import open_runs


@runtime_checkable
class Seamed(Protocol):
    """A run by whose hooks calls come."""

    interceptor: BotocoreHooks
    """By which every call is reached."""
    blocks: EnvironBlocks
    """The blocks of `environ` that it has open."""


def lead_calls_inwards() -> None:
    """Have the open runs around this code look for runs inside them, as one is about to begin."""
    for run in open_runs():
        if isinstance(run, Seamed):
            _look_within(run)


def _look_within(run: Seamed) -> None:
    # In a function of its own: in the loop both would go by whichever run came last.
    run.interceptor.runs_within = lambda: [within.interceptor for within in _within(run)]
    run.blocks.runs_within = lambda: [within.blocks for within in _within(run)]


def _within(run: Seamed) -> list[Seamed]:
    """The runs inside a run that the code which asks belongs to, innermost first."""
    runs: list[Seamed] = [other for other in open_runs() if isinstance(other, Seamed)]
    return runs[: runs.index(run) : -1] if run in runs else []
