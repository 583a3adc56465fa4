"""Calls of services whose calls are not decided: counted, and refused where a run asks for that."""

from __future__ import annotations

from pytest_kmslab.calls.services import ACTION_PREFIXES
from pytest_kmslab.enforcement.entry import ORIGIN, Origin
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import BackendError


class UndecidedCalls:
    """What becomes of such calls; those that the lab makes for itself go through uncounted."""

    def __init__(self, trail: Trail, *, refuse: bool = False) -> None:
        self._trail = trail
        self._refuse = refuse

    def let_through(self, service: str, operation: str = "") -> None:
        """Count a call; raises BackendError where the run lets none through."""
        if ORIGIN.get() is Origin.LAB:
            return
        if self._refuse:
            call = f"{service}:{operation}" if operation else f"a call to {service}"
            raise BackendError(
                f"`{call}` is not decided, and --kmslab-undecided=error refuses it: pytest-kmslab decides "
                f"calls to {', '.join(ACTION_PREFIXES)} only"
            )
        self._trail.count_undecided(service)
