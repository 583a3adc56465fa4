"""What botocore gives no public way to: a client's signer, its credentials and events, a session's proxy, and
a request just before it is sent.

All private use of botocore is in this file.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.backends.straight import OURS, going_straight, is_straight
from pytest_kmslab.enforcement.entry import ASKED, CONTEXT, TAKER
from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception.wrapped_methods import Wrap, WrappedMethods
from pytest_kmslab.wire.http_message import Reply

ASYNC = (
    "aiobotocore does not reach a backend that is in this process: give its client the address of fixture "
    "`kmslab_endpoint` as `endpoint_url`, or start `aiomoto` before the client is made"
)


def signing_region(signer: Any, context: dict[Any, Any]) -> str:
    """The Region a request is signed for: a global service (IAM) has its own."""
    return str((context.get("signing") or {}).get("region") or signer.region_name)


def signing_credentials(signer: Any, context: dict[Any, Any]) -> Credentials | None:
    """What the request will be signed with; None for an unsigned one.

    The request may have credentials of its own in its signing context; otherwise those of its client count.
    """
    credentials = (context.get("signing") or {}).get("request_credentials") or signer._credentials
    unsigned = context.get("auth_type") == "none" or context["client_config"].signature_version is UNSIGNED
    if credentials is None or unsigned:
        return None
    frozen = credentials.get_frozen_credentials()
    if inspect.iscoroutine(frozen):
        frozen = _done(frozen)
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def sign_as(context: dict[Any, Any], credentials: Credentials) -> None:
    """Have one request signed with other credentials than its client's."""
    from botocore.credentials import Credentials as Signing

    keys = credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    # botocore signs one request so for S3 Express, whose buckets have credentials of their own.
    context["signing"] = {**(context.get("signing") or {}), "request_credentials": Signing(*keys)}


def own_credentials(client: Any) -> Any:
    """The credentials that a client was made with; None where there were none."""
    return client._request_signer._credentials


def is_unsigned(client: Any) -> bool:
    """Whether a client was made to sign nothing."""
    return client.meta.config.signature_version is UNSIGNED


def events_of(signer: Any) -> Any:
    """The events of the client whose signer this is."""
    return signer._event_emitter


def goes_through_proxy(http_session: Any, url: str) -> bool:
    """Whether botocore's own HTTP session sends a request to an address through a proxy."""
    return bool(http_session._proxy_config.proxy_url_for(url))


def is_async(signer: Any) -> bool:
    """Whether a client is one of aiobotocore's, which awaits what it is answered."""
    # By name, which needs no import: aiobotocore is not there in most runs.
    return type(signer).__module__.partition(".")[0] == "aiobotocore"


def check_served() -> None:
    """Raise BackendError where a call of aiobotocore would leave this process: moto cannot be awaited, but by
    aiomoto, which puts a guard of its own before what aiobotocore sends with."""
    if "aiomoto" in sys.modules:
        from aiobotocore.endpoint import AioEndpoint

        if AioEndpoint._send.__module__.partition(".")[0] == "aiomoto":
            return
    raise BackendError(ASYNC)


def _done(coroutine: Any) -> Any:
    """What a coroutine of aiobotocore answers that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as answered:
        return answered.value
    coroutine.close()
    raise BackendError("credentials of aiobotocore that are renewed cannot be read here: use lasting ones")


def received(url: str, reply: Reply, kind: type[AWSResponse] = AWSResponse) -> AWSResponse:
    """A reply as botocore has it that was received from an address; `kind` is another library's class."""
    response = kind(url, reply.status, HTTPHeaders.from_dict(dict(reply.headers)), None)
    vars(response)["_content"] = reply.body
    return response


CheckSent = Callable[[dict[Any, Any], Any], "Reply | None"]
"""What to answer to a request of a call, by the call's context; None for one that may go."""


def before_sending(check: CheckSent) -> WrappedMethods:
    """While this is open, ask once no handler of an event can change a request any more; what is answered is
    taken for the service's response. What may go, and was decided as a call, goes straight to an endpoint."""

    def prepare(original: Any, endpoint: Any, request: Any) -> Any:
        prepared = original(endpoint, request)
        setattr(prepared, CONTEXT, request.context)
        return prepared

    def send(original: Any, endpoint: Any, request: Any) -> Any:
        context = getattr(request, CONTEXT, {})
        reply = check(context, request)
        if reply is not None:
            return received(request.url, reply)
        with _on_its_way(context):
            return original(endpoint, request)

    async def send_awaited(original: Any, endpoint: Any, request: Any) -> Any:
        from aiobotocore.awsrequest import AioAWSResponse

        context = getattr(request, CONTEXT, {})
        reply = check(context, request)
        if reply is not None:
            return received(request.url, reply, AioAWSResponse)
        with _on_its_way(context):
            return await original(endpoint, request)

    # Of all that botocore does with a request only `_send` comes after the last event.
    return WrappedMethods(
        Wrap("botocore.endpoint", "Endpoint", "prepare_request", prepare),
        Wrap("botocore.endpoint", "Endpoint", "_send", send),
        Wrap("aiobotocore.endpoint", "AioEndpoint", "_send", send_awaited),
    )


def before_sending_unasked(answer: Callable[[Any], AWSResponse | None]) -> WrappedMethods:
    """While this is open, ask what to answer to what is given to botocore's HTTP sessions by hand: they keep
    connections that decided calls went by."""

    def send(original: Any, session: Any, request: Any) -> Any:
        if is_straight() or hasattr(request, ASKED):
            return original(session, request)
        answered = answer(request)
        if answered is not None:
            return answered
        with going_straight():
            return original(session, request)

    return WrappedMethods(Wrap("botocore.httpsession", "URLLib3Session", "send", send))


def _on_its_way(context: dict[Any, Any]) -> AbstractContextManager[None]:
    """Send straight to the endpoint what was decided as a call, and what the plugin's own clients send."""
    return going_straight() if TAKER in context or OURS in context else nullcontext()
