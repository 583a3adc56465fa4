"""A backend whose account outlives the lab, and which others use at the same time: an endpoint, or AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_kmslab.calls.api_call import ApiCall


class SharedAccountBackend:
    """What is alike for every such account: nothing of it is held, reset or thrown away."""

    revision = 0
    """Nobody asks for it: what an account elsewhere is like is not known without asking."""
    exclusive: AbstractContextManager[Any] = nullcontext()
    """Nothing is held: others use the account as well."""
    discards_account = False
    """The account stays, with what others have in it."""

    def __init__(self) -> None:
        self._started = 0
        self.running = False

    def start(self) -> None:
        """Make sure that the account is there and may be used; raises BackendError where it must not be."""
        self._make_sure()
        self._started += 1
        self.running = True

    def _make_sure(self) -> None:
        """Raise BackendError where the account is not there, or must not be used."""
        raise NotImplementedError

    def stop(self) -> None:
        """Undo one `start`; the account stays as it is."""
        self._started -= 1
        self.running = self._started > 0

    def note_change(self) -> None:
        """What was read is forgotten call by call."""

    def served_url(self, url: str) -> str:
        """The same: what is at an address is served there."""
        return url

    def extra_headers(self, call: ApiCall) -> Mapping[str, str]:
        """None: the account is told by the access key."""
        return {}

    def go_by(self, now: Callable[[], float]) -> None:
        """The account has a clock of its own, which nobody here moves."""

    def pass_time(self, now: float) -> None:
        """Nothing of it is let go of."""

    def check_stacks(self) -> None:
        """Nothing: CloudFormation is a service there."""
