"""What the labs of a run have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.sessions import Sessions
from pytest_kmslab.lab.teardown.ledger import Ledger, NoLedger
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.trail import Trail


@dataclass(frozen=True, slots=True)
class LabContext:
    """What the labs of a run have in common. `csv_directory` gives the place for credentials files."""

    backend: Backend
    settings: Settings
    trail: Trail
    naming: Naming
    sessions: Sessions
    waiter: Waiter
    csv_directory: Callable[[], Path]
    ledger: Ledger
    put_off: Callable[[], AbstractContextManager[object]]

    @classmethod
    def of(
        cls,
        backend: Backend,
        settings: Settings,
        trail: Trail,
        naming: Naming,
        csv_directory: Callable[[], Path],
        ledger: Ledger | None = None,
        put_off: Callable[[], AbstractContextManager[object]] = nullcontext,
        waiter: Waiter | None = None,
    ) -> LabContext:
        """A site on a backend that need not be started yet; without a ledger nothing is written down.

        `put_off` is open while things are removed: what would end the run waits. Without a waiter nobody is
        told of a wait.
        """
        waiter = waiter or Waiter(backend.capabilities.is_strongly_consistent)
        sessions, ledger = Sessions(backend, waiter), ledger or NoLedger()
        return cls(backend, settings, trail, naming, sessions, waiter, csv_directory, ledger, put_off)
