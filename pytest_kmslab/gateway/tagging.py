"""Requests to the Resource Groups Tagging API of an endpoint, as they stand on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.tagging_api import FAILED, OPERATIONS, SERVICE, SIGNED_FOR
from pytest_kmslab.enforcement.resource_tagging import ResourceTagging, Tagged
from pytest_kmslab.enforcement.sigv4 import parse_signature
from pytest_kmslab.wire.http_message import Reply, WireRequest
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.routing import signed_services
from pytest_kmslab.wire.writing import JudgedRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_kmslab.enforcement.pipeline import Pipeline

KIND = "application/x-amz-json-1.1"


def is_tagging(request: WireRequest) -> bool:
    """Whether a request is one that an endpoint takes for the tagging API's."""
    named = f"{request.header('x-amz-target')} {request.path if request.header('smithy-protocol') else ''}"
    return SERVICE in named.lower() or SIGNED_FOR in signed_services(request)


class WireTagging:
    """Decides the part of such requests that is about keys and tables, and does it."""

    def __init__(self, pipeline: Pipeline, send: Callable[[JudgedRequest], Reply]) -> None:
        self._pipeline = pipeline
        self._send = send
        self._tagging = ResourceTagging(pipeline, send)

    def answer(self, request: WireRequest) -> Reply | None:
        """What a request is answered; None for one that is about no key and no table, and goes on as it came.

        Raises ServiceError where nobody known asks, or an endpoint could read something else in it.
        """
        is_json = not request.header("smithy-protocol")
        named = request.header("x-amz-target").rpartition(".") if is_json else request.path.rpartition("/")
        operation = named[2]
        if operation not in OPERATIONS:
            return None
        if not is_json or request.header("content-encoding") not in ("", "identity"):
            raise _unreadable()
        try:
            params = json.loads(request.body)
        except (ValueError, RecursionError):
            # An endpoint might read it.
            raise _unreadable() from None
        signature = parse_signature(request, SIGNED_FOR)
        region = self._pipeline.backend.region if signature is None else signature.region
        tagged = self._tagging.tag(operation, params, region, lambda: self._tagging.caller_of(request))
        return None if tagged is None else self._with_rest(request, operation, tagged)

    def _with_rest(self, request: WireRequest, operation: str, tagged: Tagged) -> Reply:
        answer: dict[str, Any] = {}
        if tagged.rest is not None:
            reply = self._send(_written(request, operation, tagged))
            if reply.status >= 300:
                return reply
            answer = json.loads(reply.body)
        answer[FAILED] = {**answer.get(FAILED, {}), **tagged.failed}
        return Reply(200, (("Content-Type", KIND),), json.dumps(answer).encode())


def _unreadable() -> ServiceError:
    return ServiceError("SerializationException", "a request that tags is read in JSON, as it is, only")


def _written(request: WireRequest, operation: str, tagged: Tagged) -> JudgedRequest:
    """The request about the other resources."""
    model = service_model(SERVICE).operation_model(operation)
    names = "authorization", "x-amz-date", "x-amz-security-token", "x-amz-target"
    kept = tuple((name, request.header(name)) for name in names if request.header(name))
    headers = (("Content-Type", KIND), *kept)
    return JudgedRequest(model, "", headers, json.dumps(tagged.rest).encode())


def refusal(error: ServiceError) -> Reply:
    """An error as this API writes it."""
    body = {"__type": error.code, "message": error.message}
    return Reply(
        error.status, (("Content-Type", KIND), ("x-amzn-ErrorType", error.code)), json.dumps(body).encode()
    )
