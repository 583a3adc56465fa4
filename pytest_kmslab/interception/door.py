"""The doorkeeper of one run: what was let through passes moto's door by a mark, all else is judged there.

A mark is a secret made for one attempt to send one call. It stands for what was judged: method, address,
target, body, who signs and in which account. It is good once, for exactly that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode, urlsplit

from pytest_kmslab.backends.addresses import is_plain_http, origin_of
from pytest_kmslab.backends.moto.door import DOOR, Response
from pytest_kmslab.backends.moto.patches.request_scope import ACCOUNT_HEADER
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.operations import changes_account
from pytest_kmslab.enforcement.pipeline import PendingCall, Pipeline
from pytest_kmslab.enforcement.wire_calls import WireCalls
from pytest_kmslab.gateway.upstreams.moto import MotoUpstream
from pytest_kmslab.wire.credential_scope import SignedAs, signed_as
from pytest_kmslab.wire.http_message import Reply, WireRequest, request_of
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.writing import error_reply

WHY = (
    "(pytest-kmslab: while a lab is open every request to moto is decided; this one did not come from a "
    "boto3 client that could be asked, so it goes by its signature.)"
)
"""What is added to what AWS says to somebody who is not known."""


@dataclass(slots=True)
class Ticket:
    """A call that was let through, until it is answered."""

    pending: PendingCall
    url: str
    target: str
    body: Any
    """As botocore has it: bytes, or the fields of a form."""
    signature: SignedAs | None
    """Who signs, and for which Region; None where nobody need."""
    mark: str = ""
    """Of the attempt that is being made."""
    arrived: bool = False
    """Whether it passed the door: only then the answer is that of this call."""


class RunDoorkeeper:
    """Guards moto's door for one run's pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._header = f"X-Kmslab-Mark-{token_hex(4)}"  # a run in a run has a header of its own
        self._tickets: dict[str, Ticket] = {}
        self._calls = WireCalls(pipeline, MotoUpstream().send, takes_account=True, now=time.time)

    @property
    def enforcing(self) -> bool:
        """Whether an undecided request is stopped."""
        return self._pipeline.enforcing

    def close(self) -> None:
        """The run is over: nothing is guarded for it any more."""
        DOOR.dismiss(self)

    def mark(self, ticket: Ticket, headers: Any) -> None:
        """Mark the request of one attempt; the mark of the attempt before is good no more."""
        self.forget(ticket)
        # Not to be guessed: who knows a mark passes the door.
        ticket.mark = token_hex(16)
        self._tickets[ticket.mark] = ticket
        headers[self._header] = ticket.mark

    def forget(self, ticket: Ticket) -> None:
        """The call is answered, or will be no more."""
        self._tickets.pop(ticket.mark, None)

    def claim(self, request: Any) -> DecidedCall | None:
        """Take this run's mark off a request; None where it has none, or not for this content."""
        mark = _text(request.headers.get(self._header))
        if not mark:
            return None
        # Good once: whoever sends the same request again is judged anew.
        del request.headers[self._header]
        ticket = self._tickets.pop(mark, None)
        if ticket is None or not _is_of(request, ticket):
            return None
        ticket.arrived = True
        return DecidedCall(self._pipeline, ticket.pending)

    def signs_as_root(self, request: Any) -> bool:
        """Whether a request names the access key of the root user whom this run alone knows."""
        root = self._pipeline.backend.root.access_key_id
        return root in _text(request.headers.get("Authorization")) or root in str(request.url)

    def judge(self, service: str, request: Any) -> Response:
        """Decide a request without a mark by its signature, as the gateway does, and do or refuse it."""
        reply = self._calls.answer(service, lambda: as_received(request), explanation=WHY)
        self._pipeline.record_decided(origin_of(request.url))
        return _response(reply)

    def count(self, request: Any) -> None:
        """Count a request without a mark that is let pass."""
        self._pipeline.record_undecided(origin_of(request.url))


@dataclass(frozen=True, slots=True)
class DecidedCall:
    """A call with its mark, at the door."""

    pipeline: Pipeline
    pending: PendingCall

    def act(self, do: Callable[[], Response]) -> Response:
        """Do it, unless the account changed since in a way that forbids it; the service's answer."""
        call = self.pending.call
        try:
            self.pipeline.confirm(self.pending)
        except ServiceError as error:
            return _response(error_reply(service_model(call.service), error))
        try:
            return do()
        finally:
            # Also where moto failed, which may have changed half.
            if changes_account(call):
                self.pipeline.backend.note_change()


def _is_of(request: Any, ticket: Ticket) -> bool:
    """Whether a request is the one that was judged: handlers of botocore's events may have changed it."""
    return request.url == ticket.url and is_judged(request, ticket)


def is_judged(request: Any, ticket: Ticket) -> bool:
    """Whether a request asks for what was judged, in its account and Region, whichever host it goes to."""
    headers = request.headers
    body = urlencode(ticket.body, doseq=True) if isinstance(ticket.body, dict) else ticket.body
    return (
        request.method == "POST"
        and _text(headers.get("X-Amz-Target")) == ticket.target
        and _bytes(request.body) == _bytes(body)
        and _target_of(request.url) == _target_of(ticket.url)
        and _text(headers.get(ACCOUNT_HEADER)) == ticket.pending.headers.get(ACCOUNT_HEADER, "")
        and (ticket.signature is None or signed_as(_text(headers.get("Authorization"))) == ticket.signature)
    )


def _target_of(url: str) -> str:
    """Path and query of a URL."""
    return url.partition("://")[2].partition("/")[2]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def as_received(request: Any) -> WireRequest:
    """A request as it came: one of a server's, or botocore's own, as older versions of moto hand it on and as
    it is before it is sent."""
    parts, is_secure = urlsplit(request.url), not is_plain_http(request.url)
    environ = getattr(request, "environ", None)
    if environ is None:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.setdefault("host", parts.netloc)
        body = _bytes(request.body)
        return WireRequest(request.method, parts.path or "/", parts.query, headers, body, is_secure=is_secure)
    received = request_of(environ, request.get_data())
    # Where moto made the request itself, its environment has the query string in one place only.
    return replace(received, query=request.query_string.decode("latin-1"), is_secure=is_secure)


def _response(reply: Reply) -> Response:
    return reply.status, dict(reply.headers), reply.body
