"""Calls that a service of the backend makes in somebody's name: decided, done and recorded like any other.

On moto this is CloudFormation, whose resources are made by calls of other services, and the tagging API; at
endpoints the latter alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import SERVICE as SERVICE_CALLER
from pytest_kmslab.calls.context_keys import Keys, caller_context
from pytest_kmslab.calls.iam.context import tags_of
from pytest_kmslab.enforcement import sigv4
from pytest_kmslab.enforcement.authentication import access_key_to_send, check_service
from pytest_kmslab.enforcement.pipeline import Incoming, PendingCall
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.enforcement.wire_calls import unproven
from pytest_kmslab.wire.http_message import Reply, WireRequest, request_of
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.parsed_response import ParsedResponse
from pytest_kmslab.wire.writing import JudgedRequest, judged_request

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.pipeline import Pipeline

SERVICE = "cloudformation.amazonaws.com"
_SESSION = "AWSCloudFormation"
"""What CloudFormation calls its sessions."""


class EnforcedServiceCalls:
    """The pipeline of one backend, as other services use it."""

    def __init__(self, pipeline: Pipeline, send: Callable[[JudgedRequest], Reply]) -> None:
        self._pipeline = pipeline
        self._send = send

    def signer(self, request: Any, service: str) -> Caller:
        """Who signed a request to a service; raises ServiceError where nobody known did."""
        return self.caller_of(request_of(request.environ, request.get_data()), service)

    def caller_of(self, received: WireRequest, service: str) -> Caller:
        """The same of a request as it stands on the wire."""
        return self._pipeline.caller(self._proven(received, service), service)

    def _proven(self, received: WireRequest, service: str) -> Credentials | None:
        """The credentials that a request proves; where nothing is enforced, a bad signature is none."""
        pipeline = self._pipeline
        try:
            signature = sigv4.parse_signature(received, service)
            if signature is None:
                return None
            # Clients sign by the machine's clock, whatever a test has moved.
            return sigv4.verify_signature(received, service, signature, pipeline.backend.view, time.time())
        except ServiceError:
            if pipeline.enforcing:
                raise
            return None

    def perform(self, call: ApiCall) -> dict[str, Any]:
        """Decide a call and do it; answers its response, raises the service's refusal as ServiceError."""

        def authenticate() -> Caller:
            check_service(call.caller, call.service)
            return call.caller

        incoming = Incoming(call.service, call.operation, call.region, authenticate, lambda: call.params)
        return self._pipeline.run(incoming, self._sent) or {}

    def _sent(self, pending: PendingCall) -> dict[str, Any]:
        """What the backend answers to a call that was allowed."""
        call = pending.call
        operation = service_model(call.service).operation_model(call.operation)
        headers = (*unproven(self._access_key(call), call), *pending.headers.items())
        params = {**call.params, **pending.replaced}
        try:
            reply = self._send(judged_request(operation, params, call.region, headers))
        except Exception as error:  # moto raises whatever it meets; the stack fails for it
            text = f"the backend does not do this: {type(error).__name__}: {error}"
            raise ServiceError("InternalFailure", text, 500) from error
        response = ParsedResponse(operation, reply).data
        if reply.status >= 300:
            refusal = response.get("Error") or {}
            raise ServiceError(str(refusal.get("Code")), str(refusal.get("Message")), reply.status)
        return response

    def _access_key(self, call: ApiCall) -> str:
        """The access key to send a call with: moto in this process is told the account by a header."""
        backend = self._pipeline.backend
        root = backend.root.access_key_id
        return root if backend.endpoint_url is None else access_key_to_send(call, backend) or root

    def now(self) -> datetime:
        """The time that calls are made at."""
        return self._pipeline.now()

    def note_stack(self, stack_id: str) -> None:
        """Know that a call of this run made a stack, whoever sent it."""
        self._pipeline.creations.note(stack_id, stack_id)

    def check_pass_role(self, call: ApiCall, role_arn: str, resource_arn: str) -> None:
        """Raise ServiceError where the caller of CloudFormation may not pass it a role.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        """
        owner = account_of(role_arn) or call.account
        keys: Keys = {
            **caller_context(call.caller, call.region, self._pipeline.now()),
            **tags_of(self._pipeline.backend.view, role_arn),
            "iam:PassedToService": SERVICE,
            "aws:ResourceAccount": owner,
        }
        if resource_arn:
            keys["iam:AssociatedResourceArn"] = resource_arn
        self._pipeline.require(call, call.requires("iam:PassRole", role_arn, keys, owner))

    def can_assume(self, role_arn: str, keys: Mapping[str, str]) -> bool:
        """Whether CloudFormation may assume a role: its AssumeRole is decided, and not written down."""
        parameters = {"RoleArn": role_arn, "RoleSessionName": _SESSION}
        region = self._pipeline.backend.region
        call = _of_service(SERVICE, account_of(role_arn), region, parameters, keys)
        return self._pipeline.judge(call, Trail()).refusal is None


def _of_service(
    service: str, account: str, region: str, parameters: Mapping[str, Any], keys: Mapping[str, str]
) -> ApiCall:
    """AssumeRole of a service that acts by itself: its condition keys say in whose name."""
    caller = Caller(service, account, service, user_id="", kind=SERVICE_CALLER, context=keys)
    return ApiCall("sts", "AssumeRole", dict(parameters), region, caller)


def assume_as_service(
    pipeline: Pipeline,
    send: Callable[[JudgedRequest], Reply],
    service: str,
    parameters: Mapping[str, Any],
    keys: Mapping[str, str],
) -> dict[str, Any]:
    """Call AssumeRole as a service does; raises ServiceError where the role does not trust it so."""
    backend = pipeline.backend
    call = _of_service(service, backend.account, backend.region, parameters, keys)
    return EnforcedServiceCalls(pipeline, send).perform(call)


def connect_services(pipeline: Pipeline) -> Pipeline:
    """Let a backend whose services call others do so by this pipeline; the same pipeline."""
    backend: Any = pipeline.backend
    # Only moto's services call one another in this process: an endpoint's do so unseen.
    if hasattr(backend, "connect_services"):
        backend.connect_services(EnforcedServiceCalls(pipeline, backend.send))
    return pipeline
