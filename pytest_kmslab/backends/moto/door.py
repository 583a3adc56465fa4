"""moto's door: where every request meets on its way to moto's backends in this process.

Requests come by botocore's `before-send` event, by moto's mock of the `responses` library, by moto's own
server or by its proxy. They all end in `BaseResponse._dispatch`, so that is where the guard stands. What was
decided comes by botocore's event, where its mark is taken off before moto sees it. moto has one account store
in the process, so it has one door, one lock and one revision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock, local
from typing import Any, Protocol
from unittest.mock import patch

GUARDED = {
    "moto.kms.responses": "kms",
    "moto.dynamodb.responses": "dynamodb",
    "moto.dynamodb_v20111205.responses": "dynamodb",
    "moto.dynamodbstreams.responses": "dynamodbstreams",
    "moto.iam.responses": "iam",
    "moto.sts.responses": "sts",
}
"""Where moto answers each enforced service. Its DynamoDB of 2011 has tables of its own, of which nothing is
known here: what comes there is an unknown operation."""

Response = tuple[int, dict[str, Any], str | bytes]
"""What moto's handlers answer: status, headers, body."""


class Decided(Protocol):
    """A call that a run's pipeline let through, at the door."""

    def act(self, do: Callable[[], Response]) -> Response:
        """Do it, unless the account changed since in a way that forbids it; the service's answer."""


class Doorkeeper(Protocol):
    """One run's guard."""

    @property
    def enforcing(self) -> bool:
        """Whether an undecided request is stopped; otherwise it is counted and let pass."""

    def claim(self, request: Any) -> Decided | None:
        """Take this run's mark off a request; None where it has none, or not for this content."""

    def signs_as_root(self, request: Any) -> bool:
        """Whether a request names the access key of the root user whom this run alone knows."""

    def judge(self, service: str, request: Any) -> Response:
        """Decide a request without a mark by its signature, and do or refuse it."""

    def count(self, request: Any) -> None:
        """Count a request without a mark that is let pass."""


class MotoDoor:
    """The door of the process; without a doorkeeper it is not there at all."""

    def __init__(self) -> None:
        self.lock = RLock()
        """Held while a decision is made, and while moto acts on it; never across botocore's own code."""
        self.revision = 0
        """Grows with whatever may change what decisions are made on."""
        self._keepers: list[Doorkeeper] = []
        self._patches = ExitStack()
        self._arrival = _Arrival()

    @contextmanager
    def guarded_by(self, keeper: Doorkeeper) -> Iterator[None]:
        """While this is open, nothing of an enforced service passes but by this doorkeeper, or another's."""
        with self.lock:
            if not self._keepers:
                self._install()
            self._keepers.append(keeper)
        try:
            yield
        finally:
            self.dismiss(keeper)

    def dismiss(self, keeper: Doorkeeper) -> None:
        """Let a doorkeeper go, whose run is over."""
        with self.lock:
            if keeper in self._keepers:
                self._keepers.remove(keeper)
            if not self._keepers:
                self._patches.close()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """For the next request that this thread hands to moto: it is written by us, from what was decided."""
        self._arrival.decided = _BY_US
        try:
            yield
        finally:
            self._arrival.decided = ()

    def _install(self) -> None:
        from moto.core.botocore_stubber import BotocoreStubber
        from moto.core.responses import BaseResponse

        answer, dispatch = BotocoreStubber.__call__, BaseResponse._dispatch

        def answer_event(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
            with self._received(request):
                return answer(stubber, event_name, request, **more)

        def guarded_dispatch(response: Any, *arguments: Any, **more: Any) -> Any:
            return self._dispatched(dispatch, response, *arguments, **more)

        self._patches = ExitStack()
        self._patches.enter_context(patch.object(BotocoreStubber, "__call__", answer_event))
        self._patches.enter_context(patch.object(BaseResponse, "_dispatch", guarded_dispatch))

    @contextmanager
    def _received(self, request: Any) -> Iterator[None]:
        """A request of botocore's: the marks that it bears are taken off, and known until moto answered."""
        # moto and the handlers of others must not see a mark: who has one could use it again.
        claims = [keeper.claim(request) for keeper in self._keepers]
        self._arrival.decided = tuple(decided for decided in claims if decided is not None)
        try:
            yield
        finally:
            self._arrival.decided = ()

    def _dispatched(
        self, dispatch: Callable[..., Response], response: Any, *arguments: Any, **more: Any
    ) -> Response:
        """A request at the response class of its service."""
        decided, self._arrival.decided = self._arrival.decided, ()  # for one request only

        def act() -> Response:
            return dispatch(response, *arguments, **more)

        service = GUARDED.get(type(response).__module__)
        if service is None:
            return self._act_unguarded(act)
        if decided is _BY_US:
            return act()
        request = arguments[0] if arguments else more["request"]
        return self._guarded(service, decided, request, act)

    def _act_unguarded(self, act: Callable[[], Response]) -> Response:
        # Other services may change the account too: CloudFormation makes keys, the tagging API tags them.
        try:
            return act()
        finally:
            self.revision += 1

    def _guarded(self, service: str, decided: Claims, request: Any, act: Callable[[], Response]) -> Response:
        if decided:
            with self.lock:
                return decided[0].act(act)
        # Of a pytest run inside a pytest run, unless it is signed by the root user whom another alone knows.
        keeper = next(
            (candidate for candidate in self._keepers if candidate.signs_as_root(request)), self._keepers[-1]
        )
        if keeper.enforcing:
            return keeper.judge(service, request)
        keeper.count(request)
        return self._act_unguarded(act)


Claims = tuple[Decided, ...]
"""One call: a run inside a run takes a call, or leaves it to the run around it."""


class _ByUs(tuple[Any, ...]):
    """Marks a request of our own; nothing that comes from outside is this very object."""

    __slots__ = ()


_BY_US: Claims = _ByUs()


class _Arrival(local):
    """What is known of the request that this thread is handing to moto."""

    decided: Claims = ()


DOOR = MotoDoor()
"""moto's account store belongs to the process, so does its door."""
