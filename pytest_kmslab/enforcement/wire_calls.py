"""Requests as they stand on the wire, taken through the pipeline: for the gateway and for moto's door.

What is sent on is written anew from what was judged, so nothing of a request that was not judged is in it.
What goes wrong in here is never a pass.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError
from pytest_kmslab.calls.services import SERVICES, SIGNING_NAMES
from pytest_kmslab.enforcement import sigv4
from pytest_kmslab.enforcement.authentication import access_key_to_send
from pytest_kmslab.enforcement.pipeline import Incoming, PendingCall, Pipeline
from pytest_kmslab.errors import BackendError
from pytest_kmslab.wire.credential_scope import check_region
from pytest_kmslab.wire.http_message import Headers, Reply, WireRequest
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.parse_request import read_operation, read_params
from pytest_kmslab.wire.parsed_response import ParsedResponse
from pytest_kmslab.wire.writing import JudgedRequest, error_reply, judged_request, response_reply

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.backends.protocol import Credentials


class UpstreamError(Exception):
    """The backend did not answer, or not in HTTP; the message says what happened."""


@dataclass(frozen=True, slots=True)
class WireCalls:
    """Takes requests of one service after the other through a pipeline to a backend."""

    pipeline: Pipeline
    send: Callable[[JudgedRequest], Reply]
    """Does a request that was allowed; raises UpstreamError where the backend does not answer."""
    takes_account: bool
    """Whether the backend does a request in the account that a header says, whoever signed it."""
    now: Callable[[], float]
    """Answers epoch seconds, by which signatures expire."""

    def answer(
        self, service: str, receive: Callable[[], WireRequest], connection: Any = None, explanation: str = ""
    ) -> Reply:
        """One call of an enforced service; whatever goes wrong is an error in the service's protocol.

        `explanation` is added to what is said to somebody who is not known.
        """
        model = service_model(service)
        try:
            if not self.pipeline.active:
                raise UpstreamError("the backend is not running")
            return _WireCall(self, service, receive(), connection, explanation).answer()
        except ServiceError as error:
            return error_reply(model, error)
        except Exception as error:
            status, text = _failure(error)
            return error_reply(model, ServiceError(SERVICES[service].internal, text, status))


def _failure(error: Exception) -> tuple[int, str]:
    """The HTTP status and the text of what is not the service's own refusal."""
    if isinstance(error, UpstreamError):
        return 502, str(error)
    if isinstance(error, (BotoCoreError, ClientError, BackendError)):
        return 502, f"the backend does not tell what a decision needs: {error}"
    if isinstance(error, NotImplementedError):
        return 501, str(error)
    traceback.print_exception(error, file=sys.stderr)
    return 500, f"pytest-kmslab failed: {type(error).__name__}: {error}; please report it"


class _WireCall:
    """One request on its way."""

    def __init__(
        self, calls: WireCalls, service: str, request: WireRequest, connection: Any, explanation: str
    ) -> None:
        self._calls = calls
        self._pipeline = calls.pipeline
        self._service = service
        self._connection = connection
        self._explanation = explanation
        self._signature = self._claimed(request)
        self._request = sigv4.without_signature(request)
        self._signed = request
        self._reply: Reply | None = None

    def answer(self) -> Reply:
        operation = read_operation(self._request, service_model(self._service))
        incoming = Incoming(
            self._service,
            operation.name,
            self._pipeline.backend.region if self._signature is None else self._signature.region,
            self._authenticate,
            lambda: read_params(self._request, operation),
            self._connection,
        )
        response = self._pipeline.run(incoming, lambda pending: self._send(operation, pending))
        if self._reply is None:
            return response_reply(operation, response or {})
        if isinstance(response, ParsedResponse) and response.changed:
            return response_reply(operation, response, self._reply.status)
        return self._reply

    def _claimed(self, request: WireRequest) -> sigv4.Signature | None:
        """What a request says of its signature; unreadable it counts as none where nothing is enforced."""
        try:
            signature = sigv4.parse_signature(request, self._service)
            # A signature for another Region than that of the address is good nowhere.
            if signature is not None:
                check_region(request.header("host"), signature.region, self._service)
            return signature
        except ServiceError as error:
            if self._pipeline.enforcing:
                raise self._explained(error) from None
            return None

    def _authenticate(self) -> Caller:
        try:
            caller = self._pipeline.caller(self._proven(), self._service)
        except ServiceError as error:
            raise self._explained(error) from None
        # The connection's own address: a header could name any.
        return replace(caller, address=self._request.address, secure_transport=self._request.is_secure)

    def _proven(self) -> Credentials | None:
        if self._signature is None:
            return None
        try:
            view, now = self._pipeline.backend.view, self._calls.now()
            return sigv4.verify_signature(self._signed, self._service, self._signature, view, now)
        except ServiceError:
            if self._pipeline.enforcing:
                raise
            return None

    def _explained(self, error: ServiceError) -> ServiceError:
        text = f"{error.message} {self._explanation}" if self._explanation else error.message
        return ServiceError(error.code, text, error.status, members=error.members)

    def _send(self, operation: OperationModel, pending: PendingCall) -> Any:
        """Do a call that was allowed; None where the backend refused it, whose reply is passed on."""
        call = pending.call
        headers = (*self._authorization(call), *pending.headers.items())
        params: Params = {**call.params, **pending.replaced}
        self._reply = self._calls.send(judged_request(operation, params, call.region, headers))
        return ParsedResponse(operation, self._reply) if self._reply.status < 300 else None

    def _authorization(self, call: ApiCall) -> Headers:
        """The headers by which the backend tells the account and the Region of a call."""
        backend, signature = self._pipeline.backend, self._signature
        # Nobody signed: let through it was as the root user, or as a call that AWS takes of nobody.
        if signature is None:
            return unproven(backend.root.access_key_id, call)
        # Where no header says the account, what is not at home is done as that account's root user.
        access_key = None if self._calls.takes_account else access_key_to_send(call, backend)
        return signature.headers if access_key is None else unproven(access_key, call)


def unproven(access_key_id: str, call: ApiCall) -> Headers:
    """The headers of somebody whose secret is not at hand: no emulator verifies a signature."""
    scope = "20000101", call.region, SIGNING_NAMES[call.service]
    return sigv4.Signature(access_key_id, *scope, ("host",), "0" * 64, "", "").headers
