"""Lets a run that is asked to end by SIGTERM tear down as one that is ended by Ctrl-C does.

CI systems and container runtimes send SIGTERM first and kill some seconds later; pytest itself would be
gone at once, and leave everything behind.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SigtermHandler:
    """Makes KeyboardInterrupt of the first SIGTERM; later ones change nothing, for the run is ending.

    One that comes while something is removed is put off until that is done.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._installed = False
        self._asked = False
        self._raised = False
        self._busy = 0

    def install(self) -> None:
        """Take SIGTERM over, unless somebody else has; does nothing outside the main thread."""
        # Python lets only the main thread set a handler.
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._before = signal.signal(signal.SIGTERM, self._handle)
            self._installed = True

    def restore(self) -> None:
        """Give it back."""
        if self._installed and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._before)
            self._installed = False

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """While this is open a SIGTERM waits; raises KeyboardInterrupt at its end if one came."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
        self._end()

    def _handle(self, _number: int, _frame: Any) -> None:
        self._asked = True
        self._end()

    def _end(self) -> None:
        if self._asked and not self._raised and not self._busy:
            self._raised = True
            raise KeyboardInterrupt("the run was asked to end (SIGTERM)")
