"""Lets a run that is asked to end by SIGTERM or SIGHUP tear down as one that is ended by Ctrl-C does.

CI systems and container runtimes send SIGTERM first and kill some seconds later, a terminal that is closed
sends SIGHUP; pytest itself would be gone at once, and leave everything behind.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that ask for an end; Windows has no SIGHUP."""


class SigtermHandler:
    """Makes KeyboardInterrupt of the first of these signals; later ones change nothing: the run is ending.

    One that comes while something is removed is put off until that is done.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._asked: signal.Signals | None = None
        self._raised = False
        self._busy = 0

    def install(self) -> None:
        """Take over those that nobody else has, `nohup` for one; does nothing outside the main thread."""
        # Python lets only the main thread set a handler.
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Give them back."""
        if threading.current_thread() is threading.main_thread():
            while self._before:
                signal.signal(*self._before.popitem())

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """While this is open a signal waits; raises KeyboardInterrupt at its end if one came."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
        self._end()

    def _handle(self, number: int, _frame: Any) -> None:
        self._asked = self._asked or signal.Signals(number)
        self._end()

    def _end(self) -> None:
        if self._asked is not None and not self._raised and not self._busy:
            self._raised = True
            raise KeyboardInterrupt(f"the run was asked to end ({self._asked.name})")
