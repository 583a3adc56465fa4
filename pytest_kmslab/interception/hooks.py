"""The events of botocore by which every client made in the process is reached, with any credentials.

`before-call` fires before a request is signed or sent; answering it makes botocore raise an ordinary
ClientError, so that a denied call never reaches the backend. `request-created` fires for each attempt to
send it, and `before-send` last; some who use botocore's clients fire that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from pytest_kmslab.enforcement.entry import ASKED, CONTEXT, TAKER

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest, AWSResponse
    from botocore.model import OperationModel

    from pytest_kmslab.interception.botocore import Response


class CallHandler(Protocol):
    """What is done with the calls of clients."""

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """A call is about to be made: None lets it go on, a response ends it here."""

    def signs_as_root(self, signer: Any, context: dict[Any, Any]) -> bool:
        """Whether a call is signed by the root user whom this run alone knows."""

    def request_created(self, request: AWSRequest) -> None:
        """An attempt to send it is about to be made."""

    def before_send(self, request: Any) -> AWSResponse | None:
        """A request is about to be sent of which no call told: None lets it go, a response ends it here."""

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """It was answered."""

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """No answer came."""


class Onlooker:
    """The rest of a handler that only looks at calls as they go out, and does nothing with them."""

    def signs_as_root(self, signer: Any, context: dict[Any, Any]) -> bool:
        """No: whose account this is nobody can say here."""
        return False

    def request_created(self, request: AWSRequest) -> None:
        """Nothing is done with a request: it goes on as it is."""

    def before_send(self, request: Any) -> AWSResponse | None:
        """Nor with one of which no call told."""
        return None

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """Nothing is done with an answer."""

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """Nothing is done where none came."""


class BotocoreHooks:
    """Handlers of botocore's events; while nothing is attached they do nothing at all."""

    def __init__(self) -> None:
        self._handlers: tuple[CallHandler, ...] = ()
        self._gateways: list[str] = []
        self._watching = ExitStack()
        self.runs_within: Callable[[], Sequence[BotocoreHooks]] | None = None
        """Answers the hooks of the runs inside this one, innermost first; None where there never was any."""

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        return (
            ("before-call", self.before_call),
            ("request-created", self.request_created),
            ("before-send", self.before_send),
            ("after-call", self.after_call),
            ("after-call-error", self.after_call_error),
        )

    def attach(self, handler: CallHandler, watching: AbstractContextManager[None] | None = None) -> None:
        """Give calls to this handler from now on; `watching` is open meanwhile."""
        self._handlers = (handler,)
        self._watching.enter_context(watching or nullcontext())

    def detach(self) -> None:
        """Do nothing with calls any more; clients made meanwhile keep working."""
        self._handlers = ()
        self._watching.close()

    @contextmanager
    def leaving_to(self, gateway: str) -> Iterator[None]:
        """While this is open, calls to a gateway's address are left to it: none is decided twice."""
        self._gateways.append(gateway)
        try:
            yield
        finally:
            self._gateways.remove(gateway)

    def before_call(
        self,
        model: OperationModel,
        params: dict[str, Any],
        request_signer: Any,
        context: dict[Any, Any],
        **_: Any,
    ) -> Response | None:
        """A call is about to be made: the innermost run takes it whose backend it goes to."""
        if self.runs_within is None:
            return self._ask(model, params, request_signer, context)
        hooks = [*self.runs_within(), self]

        def is_of_another(run: BotocoreHooks) -> bool:
            # Each run makes up a root user of its own: who signs as root belongs to one run only.
            return not any(handler.signs_as_root(request_signer, context) for handler in run._handlers)

        answers = (
            run._ask(model, params, request_signer, context) for run in sorted(hooks, key=is_of_another)
        )
        return next((answer for answer in answers if answer is not None), None)

    def _ask(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """Let this run take a call that no other has taken; once, though a client may know several runs."""
        if not self._handlers or TAKER in context or self in context:
            return None
        context[self] = True
        if self._gateways and self.is_gateways(params["url"]):
            context[TAKER] = None
            return None
        return self._handlers[0].before_call(model, params, signer, context)

    def request_created(self, request: AWSRequest, **_: Any) -> None:
        """An attempt to send it is about to be made."""
        for handler in self._of_all_runs():
            handler.request_created(request)

    def before_send(self, request: Any, **_: Any) -> AWSResponse | None:
        """A request is about to be sent: one of whose call nobody was told is decided now."""
        context = getattr(request, CONTEXT, None)
        # Where it is not known there is a door behind (moto), or nothing is decided so late (aiobotocore).
        if context is None or TAKER in context or any(isinstance(key, BotocoreHooks) for key in context):
            return None
        # Once, though a client may know several runs.
        if hasattr(request, ASKED) or self.is_gateways(request.url):
            return None
        setattr(request, ASKED, True)
        runs = self._of_all_runs()
        return next((answer for run in runs if (answer := run.before_send(request)) is not None), None)

    def after_call(
        self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any], **_: Any
    ) -> None:
        """It was answered."""
        for handler in self._of_all_runs():
            handler.after_call(http_response, parsed, context)

    def after_call_error(self, context: dict[Any, Any], **_: Any) -> None:
        """No answer came."""
        for handler in self._of_all_runs():
            handler.after_call_error(context)

    def _of_all_runs(self) -> tuple[CallHandler, ...]:
        """Of this run and of those in it: whichever has taken a call knows it."""
        if self.runs_within is None:
            return self._handlers
        return tuple(handler for hooks in (*self.runs_within(), self) for handler in hooks._handlers)

    def is_gateways(self, url: str) -> bool:
        """Whether an address is that of a gateway which is open."""
        return any(_place(url) == _place(gateway) for gateway in self._gateways)


@lru_cache(maxsize=1024)
def _place(url: str) -> tuple[str, int | None]:
    """Host and port of an address; this machine has many names, and a gateway listens on one of them."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return "this machine" if _is_this_machine(host) else host, parts.port


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".localhost.localstack.cloud")):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost.localstack.cloud"
    return address.is_loopback or address.is_unspecified
