"""The events of botocore by which every client made in the process is reached, with any credentials.

`before-call` fires before a request is signed or sent; answering it makes botocore raise an ordinary
ClientError, so that a denied call never reaches the backend. `request-created` fires for each attempt to
send it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.model import OperationModel

    from pytest_kmslab.interception.botocore import Response


class CallHandler(Protocol):
    """What is done with the calls of clients."""

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """A call is about to be made: None lets it go on, a response ends it here."""

    def request_created(self, request: AWSRequest) -> None:
        """An attempt to send it is about to be made."""

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """It was answered."""

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """No answer came."""


class BotocoreHooks:
    """Handlers of botocore's events; while nothing is attached they do nothing at all."""

    def __init__(self) -> None:
        self._handler: CallHandler | None = None
        self._gateways: list[str] = []

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        return (
            ("before-call", self.before_call),
            ("request-created", self.request_created),
            ("after-call", self.after_call),
            ("after-call-error", self.after_call_error),
        )

    def attach(self, handler: CallHandler) -> None:
        """Give calls to this handler from now on."""
        self._handler = handler

    def detach(self) -> None:
        """Do nothing with calls any more; clients made meanwhile keep working."""
        self._handler = None

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
        """A call is about to be made."""
        handler = self._handler
        if handler is None or (self._gateways and self.is_gateways(params["url"])):
            return None
        return handler.before_call(model, params, request_signer, context)

    def request_created(self, request: AWSRequest, **_: Any) -> None:
        """An attempt to send it is about to be made."""
        if self._handler is not None:
            self._handler.request_created(request)

    def after_call(
        self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any], **_: Any
    ) -> None:
        """It was answered."""
        if self._handler is not None:
            self._handler.after_call(http_response, parsed, context)

    def after_call_error(self, context: dict[Any, Any], **_: Any) -> None:
        """No answer came."""
        if self._handler is not None:
            self._handler.after_call_error(context)

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
