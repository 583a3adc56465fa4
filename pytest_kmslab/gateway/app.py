"""The seam for other processes and languages: a WSGI application in front of a backend.

Every request of an enforced service is read, proven and decided by the same code as in process, and
written anew for the backend from what was judged. Everything else passes through unchanged.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from http.client import responses
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.calls.services import SERVICES, SIGNING_NAMES
from pytest_kmslab.enforcement import sigv4
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.forms import form_fields, read_body
from pytest_kmslab.gateway.pages import page, refused_path, told
from pytest_kmslab.gateway.upstreams.protocol import StartResponse, Upstream, UpstreamError
from pytest_kmslab.wire import parse_request as wire_read
from pytest_kmslab.wire import writing as wire_write
from pytest_kmslab.wire.http_message import (
    Environ,
    Headers,
    RefusedError,
    Reply,
    WireRequest,
    request_of,
)
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.parsed_response import ParsedResponse
from pytest_kmslab.wire.routing import route

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from pytest_kmslab.backends.protocol import Credentials
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.enforcement.trail import Trail


class Gateway:
    """The application. `now` answers epoch seconds, by which signatures expire."""

    def __init__(
        self, pipeline: Pipeline, upstream: Upstream, trail: Trail, now: Callable[[], float] = time.time
    ) -> None:
        self._enforcer = pipeline
        self._upstream = upstream
        self._trail = trail
        self._now = now

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        own = page(environ, self._enforcer, self._upstream.name, self._trail) or refused_path(environ)
        if own is not None:
            return _written(own, start_response)
        try:
            request = request_of(environ)
            service = route(request, form_fields(environ))
            if service is None:
                return self._upstream.forward(environ, start_response)
            reply = self._answer(environ, request, service)
        except RefusedError as refused:
            reply = wire_write.error_reply(service_model(refused.service), refused.error)
        except ServiceError as error:
            reply = told(error.status, error.message)
        except UpstreamError as error:
            reply = told(502, str(error))
        return _written(reply, start_response)

    def before_call(self) -> None:
        """Read the models of the enforced services now, which takes some 0.1 s, not at the first call."""
        for service in self._enforcer.services:
            service_model(service)

    def _answer(self, environ: Environ, request: WireRequest, service: str) -> Reply:
        """One call of an enforced service; what goes wrong in here is never a pass."""
        model = service_model(service)
        try:
            if not self._enforcer.active:
                raise UpstreamError("the backend is not running")
            whole = replace(request, body=read_body(environ))
            return self._decided(whole, model, environ.get("werkzeug.socket"))
        except ServiceError as error:
            return wire_write.error_reply(model, error)
        except UpstreamError as error:
            return wire_write.error_reply(model, ServiceError(SERVICES[service].internal, str(error), 502))
        except (BotoCoreError, ClientError, BackendError) as error:
            text = f"the backend does not tell what a decision needs: {error}"
            return wire_write.error_reply(model, ServiceError(SERVICES[service].internal, text, 502))
        except NotImplementedError as error:
            return wire_write.error_reply(model, ServiceError(SERVICES[service].internal, str(error), 501))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            text = f"pytest-kmslab failed: {type(error).__name__}: {error}; please report it"
            return wire_write.error_reply(model, ServiceError(SERVICES[service].internal, text, 500))

    def _decided(self, request: WireRequest, model: ServiceModel, connection: Any) -> Reply:
        operation = wire_read.read_operation(request, model)
        auth_header, given = self._signed(request, model.service_name)
        region = self._enforcer.backend.region if auth_header is None else auth_header.region
        with self._upstream.exclusive():
            caller = replace(self._enforcer.caller(given, model.service_name), address=request.address)
            params = wire_read.read_params(request, operation)
            call = ApiCall(model.service_name, operation.name, params, region, caller, self._enforcer.now())
            self._enforcer.authorize_call(call, connection)
            replaced = self._enforcer.backend.before_call(call)
            answer = self._enforcer.emulate(call)
            if answer is not None:
                self._enforcer.after_call(call, answer)
                return wire_write.response_reply(operation, answer)
            headers = (
                *self._authorization(request, auth_header, call),
                *self._enforcer.backend.extra_headers(call).items(),
            )
            judged = wire_write.judged_request(operation, {**params, **replaced}, region, headers)
            reply = self._upstream.send(judged)
            return self._settled(call, operation, reply)

    def _signed(
        self, request: WireRequest, service: str
    ) -> tuple[sigv4.AuthorizationHeader | None, Credentials | None]:
        """What a request claims and the credentials that it proves; where nothing is enforced, a signature
        that does not hold counts as none."""
        auth_header: sigv4.AuthorizationHeader | None = None
        try:
            auth_header = sigv4.parse_authorization(request, service)
            if auth_header is None:
                return None, None
            return auth_header, sigv4.verify_signature(
                request, service, auth_header, self._enforcer.backend.view, self._now()
            )
        except ServiceError:
            if self._enforcer.enforcing:
                raise
            return auth_header, None

    def _authorization(
        self, request: WireRequest, auth_header: sigv4.AuthorizationHeader | None, call: ApiCall
    ) -> Headers:
        """Backends tell the account and Region by these headers. A caller without any goes as root; where
        the account cannot be said otherwise, whatever is not at home is done as the account's root user."""
        backend = self._enforcer.backend
        if auth_header is None:
            return _unproven(backend.root.access_key_id, call)
        if not self._upstream.takes_account:
            account = account_of_call(call, backend.view)
            if not account == call.account == backend.account:
                return _unproven(backend.root.access_key_id if account == backend.account else account, call)
        headers = [("Authorization", auth_header.header)]
        for name in ("X-Amz-Date", "X-Amz-Security-Token"):
            if request.header(name.lower()):
                headers.append((name, request.header(name.lower())))
        return tuple(headers)

    def _settled(self, call: ApiCall, operation: OperationModel, reply: Reply) -> Reply:
        """The backend's reply, or what is made of it where something was mended."""
        if reply.status >= 300:
            return reply
        response = ParsedResponse(operation, reply)
        self._enforcer.after_call(call, response)  # type: ignore[arg-type]
        return wire_write.response_reply(operation, response, reply.status) if response.changed else reply


def _unproven(access_key_id: str, call: ApiCall) -> Headers:
    """The Authorization header of somebody whose secret is not at hand: no emulator verifies it."""
    auth_header = sigv4.AuthorizationHeader(
        access_key_id, "20000101", call.region, SIGNING_NAMES[call.service], ("host",), "0" * 64
    )
    return (("Authorization", auth_header.header),)


def _written(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    start_response(f"{reply.status} {responses.get(reply.status, '')}", headers)
    return (reply.body,)
