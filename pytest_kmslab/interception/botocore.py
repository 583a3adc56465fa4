"""One call of a botocore client, decided."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pytest_kmslab.backends.addresses import is_plain_http, origin_of
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import SIGNING_NAMES, protocol_of
from pytest_kmslab.calls.tagging_api import SERVICE as TAGGING_API
from pytest_kmslab.enforcement.authentication import WRONG_SECRET, access_key_to_send
from pytest_kmslab.enforcement.entry import TAKER
from pytest_kmslab.enforcement.pipeline import Incoming
from pytest_kmslab.interception.signers import (
    before_sending,
    before_sending_unasked,
    check_served,
    events_of,
    is_async,
    sign_as,
    signing_credentials,
    signing_region,
)
from pytest_kmslab.wire.credential_scope import SignedAs, check_region
from pytest_kmslab.wire.models import keep_model, service_model
from pytest_kmslab.wire.parse_json import decode
from pytest_kmslab.wire.writing import error_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from botocore.awsrequest import AWSRequest
    from botocore.model import OperationModel

    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.enforcement.pipeline import PendingCall, Pipeline
    from pytest_kmslab.interception.door import RunDoorkeeper, Ticket
    from pytest_kmslab.interception.tagging_calls import TaggingCalls
    from pytest_kmslab.interception.unasked_requests import UnaskedRequests
    from pytest_kmslab.wire.http_message import Reply

Response = tuple[AWSResponse, dict[str, Any]]

CHANGED = (
    f"{WRONG_SECRET} (pytest-kmslab: a handler of one of botocore's events changed the request after it had "
    "been decided)"
)


def intercept(
    attach: Callable[[CallInterception, AbstractContextManager[None] | None], None],
    pipeline: Pipeline,
    keeper: RunDoorkeeper | None,
) -> None:
    """Take calls through a pipeline: attach to botocore's hooks what decides them."""
    interception = CallInterception(pipeline, keeper)
    # Behind moto's door a request is looked at once more; to an endpoint it goes as it is sent.
    attach(interception, interception.sending() if keeper is None else None)


class CallInterception:
    """Decides the calls that botocore's events bring.

    A call that was let through is kept in botocore's request context under this very object: a pytest run
    inside a pytest run has two, and neither may take the other's.
    """

    def __init__(self, pipeline: Pipeline, keeper: RunDoorkeeper | None = None) -> None:
        self._pipeline = pipeline
        self._keeper = keeper
        self._unasked: UnaskedRequests | None = None
        self._tagging: TaggingCalls | None = None
        self._comes_here: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
        """Whether a client's calls go to the backend, by its signer, of which each client has one."""

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """Decide one call: None lets it go on, a response ends it here."""
        pipeline = self._pipeline
        if not pipeline.backend.running:
            return None
        url, service = params["url"], model.service_model.service_name
        comes_here = self._comes_here.get(signer)
        if comes_here is None:
            comes_here = self._connect(signer, url)
            if service in pipeline.services:
                keep_model(model.service_model)
        # Also of what is not decided: a run inside this one has nothing to do with it.
        if comes_here:
            context[TAKER] = pipeline.backend
        if service not in pipeline.services:
            if comes_here:
                pipeline.undecided.let_through(service, model.name)
                if service == TAGGING_API:
                    return self._tag(model, params, signer, context)
            return None
        if not comes_here:
            pipeline.record_undecided(origin_of(url))
            return None
        try:
            credentials = signing_credentials(signer, context)
            pending = pipeline.begin(self._incoming(model, params, signer, context, credentials))
        except ServiceError as error:
            return _refusal(url, error)
        # moto cannot be awaited: the request would leave the process.
        if pending.response is None and pipeline.backend.endpoint_url is None and is_async(signer):
            check_served()
        return self._let_through(pending, params, context, credentials)

    def _tag(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """Decide what a call to an endpoint's tagging API asks of keys and tables; moto's own does that."""
        endpoint = self._pipeline.backend.endpoint_url
        if endpoint is None:
            return None
        if self._tagging is None:
            # Loaded with the first such call: most runs have none.
            from pytest_kmslab.interception.tagging_calls import TaggingCalls

            self._tagging = TaggingCalls(self._pipeline, endpoint)
        try:
            answer = self._tagging.answer(model, params, signer, context)
        except ServiceError as error:
            return _refusal(params["url"], error)
        return None if answer is None else _response(params["url"], 200, answer)

    def signs_as_root(self, signer: Any, context: dict[Any, Any]) -> bool:
        """Whether a call is signed by the root user of this run's backend."""
        # aiobotocore tells credentials only to who awaits them, which nobody can here.
        if is_async(signer):
            return False
        credentials = signing_credentials(signer, context)
        return credentials is not None and credentials == self._pipeline.backend.root

    def request_created(self, request: AWSRequest) -> None:
        """Mark an attempt to send a call that was let through, where there is a door to pass."""
        context: dict[Any, Any] = request.context
        ticket: Ticket | None = context.get(self)
        if ticket is not None and self._keeper is not None:
            self._keeper.mark(ticket, request.headers)

    def before_send(self, request: Any) -> AWSResponse | None:
        """Decide a request to an endpoint of which no call told; moto's door judges those to moto."""
        endpoint = self._pipeline.backend.endpoint_url
        if self._keeper is not None or endpoint is None or not self._pipeline.backend.running:
            return None
        if self._unasked is None:
            # Loaded with the first such request: most runs have none.
            from pytest_kmslab.interception.unasked_requests import UnaskedRequests

            self._unasked = UnaskedRequests(self._pipeline, endpoint)
        return self._unasked.answer(request)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While this is open, look at what is sent to an endpoint once more."""
        with before_sending(self.before_sending), before_sending_unasked(self.before_send):
            yield

    def before_sending(self, context: dict[Any, Any], request: Any) -> Reply | None:
        """Refuse to send another request than the one that was judged: handlers of botocore's events may have
        changed it. moto's door judges such a request anew; an endpoint has no door."""
        from pytest_kmslab.interception.door import is_judged

        ticket: Ticket | None = context.get(self)
        if ticket is None or not self._pipeline.enforcing or is_judged(request, ticket):
            return None
        call = ticket.pending.call
        return error_reply(
            service_model(call.service), protocol_of(call.service).bad_signature.error(CHANGED)
        )

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """After a call that was let through and succeeded: keep what the backend dropped."""
        ticket = self._forget(context)
        if self._tagging is not None and http_response.status_code < 300:
            self._tagging.add_failed(parsed, context)
        # What somebody else answered in the backend's place has changed nothing there.
        if ticket is not None and ticket.arrived and http_response.status_code < 300:
            self._pipeline.finish(ticket.pending, parsed)

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """No answer came."""
        self._forget(context)

    def _forget(self, context: dict[Any, Any]) -> Ticket | None:
        ticket: Ticket | None = context.pop(self, None)
        if ticket is not None and self._keeper is not None:
            self._keeper.forget(ticket)
        return ticket

    def _connect(self, signer: Any, url: str) -> bool:
        """Once for each client, lead it to the backend; whether its calls come there."""
        backend, events = self._pipeline.backend, events_of(signer)
        comes_here = backend.owns_url(url)
        if backend.endpoint_url is not None or not is_async(signer):
            backend.attach_client(events, url)
        # By the signer, as no event of botocore's brings the client itself.
        self._comes_here[signer] = comes_here
        return comes_here

    def _incoming(
        self,
        model: OperationModel,
        params: dict[str, Any],
        signer: Any,
        context: dict[Any, Any],
        credentials: Credentials | None,
    ) -> Incoming:
        service, region = model.service_model.service_name, signing_region(signer, context)
        authenticate = partial(self._pipeline.caller, credentials, service)
        if _is_plain_address(params["url"], region, service):
            authenticate = partial(self._caller_without_tls, credentials, service)
        parse = partial(decode, model, params["body"])
        return Incoming(service, model.name, region, authenticate, parse, signer)

    def _caller_without_tls(self, credentials: Credentials | None, service: str) -> Caller:
        return replace(self._pipeline.caller(credentials, service), secure_transport=False)

    def _let_through(
        self,
        pending: PendingCall,
        params: dict[str, Any],
        context: dict[Any, Any],
        credentials: Credentials | None,
    ) -> Response | None:
        from pytest_kmslab.interception.door import Ticket

        backend = self._pipeline.backend
        params["url"] = backend.served_url(params["url"])
        # moto in this process takes the account from the caller's own key.
        access_key = None if backend.endpoint_url is None else access_key_to_send(pending.call, backend)
        if access_key is not None and credentials is not None:
            sign_as(context, Credentials(access_key, backend.root.secret_access_key))
        _replace(params, pending.replaced)
        params["headers"].update(pending.headers)
        body = params["body"]
        # From here on handlers of botocore's events may change the request: what was judged is kept apart.
        context[self] = Ticket(
            pending,
            params["url"],
            params["headers"].get("X-Amz-Target", ""),
            dict(body) if isinstance(body, dict) else body,
            None if credentials is None else _signature(access_key or credentials.access_key_id, pending),
            arrived=self._keeper is None or pending.response is not None,
        )
        return None if pending.response is None else _response(params["url"], 200, pending.response)


def _signature(access_key_id: str, pending: PendingCall) -> SignedAs:
    return SignedAs(access_key_id, pending.call.region, SIGNING_NAMES[pending.call.service])


@lru_cache(maxsize=1024)
def _is_plain_address(url: str, region: str, service: str) -> bool:
    """Whether an address of AWS is called without TLS; raises ServiceError where the address is of another
    Region than the request is signed for."""
    check_region(urlsplit(url).hostname or "", region, service)
    return is_plain_http(url)


def _refusal(url: str, error: ServiceError) -> Response:
    # botocore takes a response for the service's answer, and makes of it what it makes of AWS's.
    kind = "Receiver" if error.status >= 500 else "Sender"
    refusal = {"Type": kind, "Code": error.code, "Message": error.message}
    return _response(url, error.status, {**error.members, "Error": refusal})


def _replace(params: dict[str, Any], replacements: Any) -> None:
    if not replacements:
        return
    # Of a form's fields only whole ones can be replaced: no structure has to be.
    if isinstance(params["body"], dict):
        params["body"].update(replacements)
        return
    params["body"] = json.dumps({**json.loads(params["body"]), **replacements}).encode()


def _response(url: str, status: int, body: dict[str, Any]) -> Response:
    request_id = str(uuid4())
    headers = {"x-amzn-requestid": request_id}
    metadata = {"RequestId": request_id, "HTTPStatusCode": status, "HTTPHeaders": headers, "RetryAttempts": 0}
    return AWSResponse(url, status, HTTPHeaders.from_dict(headers), None), {
        **body,
        "ResponseMetadata": metadata,
    }
