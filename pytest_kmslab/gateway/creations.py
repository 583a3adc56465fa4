"""What passes a gateway undecided and makes something that a lab can adopt: alarms and stacks.

Such a request goes on as it came; it is looked at before, and its answer after. CloudWatch speaks three
protocols: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.enforcement.creations import CREATE_CALLS, Creations, looked_for
from pytest_kmslab.gateway.forms import peeked_body
from pytest_kmslab.gateway.upstreams.protocol import StartResponse
from pytest_kmslab.wire.http_message import Environ, WireRequest
from pytest_kmslab.wire.routing import Fields

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend

Exists = Callable[[str, str, str], bool]
"""Whether a service has an alarm or a stack of a name in a Region already."""
Forward = Callable[[Environ, StartResponse], Iterable[bytes]]

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([\w-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)
_STACK_ID = re.compile(rb"<StackId>([^<]+)</StackId>")
ALARM_TARGET = "GraniteServiceVersion20100801"
ALARM_CALL = "PutMetricAlarm"
SIGNED_FOR = {"monitoring": "cloudwatch", "cloudformation": "cloudformation"}
"""What requests are signed for that are looked at, and botocore's names of the services."""


class _Call(NamedTuple):
    """A call that makes something."""

    service: str
    operation: str
    params: Mapping[str, Any]
    region: str
    access_key: str

    @property
    def may_find(self) -> str:
        """The name of what may be there already; empty where the call would fail then."""
        alarm = str(self.params.get("AlarmName") or "")
        return alarm if self.service == "cloudwatch" else looked_for(*self[:3])


class PassedCreations:
    """Notes what calls through one gateway make."""

    def __init__(self, creations: Creations, backend: Backend, exists: Exists) -> None:
        self._creations = creations
        self._backend = backend
        self._exists = exists

    def forward(
        self,
        environ: Environ,
        request: WireRequest,
        form: Fields,
        start_response: StartResponse,
        forward: Forward,
    ) -> Iterable[bytes]:
        """Pass a request on, and note what it made, if it is one that makes something."""
        call = _call_of(environ, request, form)
        if call is None:
            return forward(environ, start_response)
        name = call.may_find
        # Looked for before the request goes on: afterwards it is there in any case.
        is_there = bool(name) and self._exists(call.service, name, call.region)
        status, answer = _answered(environ, start_response, forward)
        if status.startswith("2") and not is_there:
            self._note(call, answer)
        return (answer,)

    def _note(self, call: _Call, answer: bytes) -> None:
        if call.service == "cloudwatch":
            known = self._backend.view.credential(call.access_key)
            if known is not None:  # otherwise nobody knows in which account the alarm is
                partition, account = partition_of(call.region).name, known.caller.account
                name = call.params["AlarmName"]
                self._creations.note(f"arn:{partition}:cloudwatch:{call.region}:{account}:alarm:{name}", "")
            return
        found = _STACK_ID.search(answer)
        if found is not None:
            self._creations.note_answer(*call[:3], {"StackId": found[1].decode()})


def _answered(environ: Environ, start_response: StartResponse, forward: Forward) -> tuple[str, bytes]:
    """The status and the whole body of an answer, whose head is passed on."""
    statuses: list[str] = []

    def started(status: str, headers: Any, *more: Any) -> Any:
        statuses.append(status)
        return start_response(status, headers, *more)

    # Read whole, as the id of a stack stands in the answer; these answers are short.
    pieces: Any = forward(environ, started)
    try:
        return "".join(statuses[-1:]), b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()


def _call_of(environ: Environ, request: WireRequest, form: Fields) -> _Call | None:
    """The call of a request, if it makes an alarm or a stack."""
    scope = _SCOPE.search(request.header("authorization"))
    if scope is None or scope[3] not in SIGNED_FOR:
        return None
    service, params = SIGNED_FOR[scope[3]], dict(form)
    operation = params.pop("Action", "")
    if not operation and service == "cloudwatch" and _is_alarm_call(request):
        operation, params = ALARM_CALL, _params(environ, request)
    makes = operation == ALARM_CALL if service == "cloudwatch" else (service, operation) in CREATE_CALLS
    return _Call(service, operation, params, scope[2], scope[1]) if makes else None


def _is_alarm_call(request: WireRequest) -> bool:
    if request.header("smithy-protocol"):
        return request.path.endswith(f"/service/{ALARM_TARGET}/operation/{ALARM_CALL}")
    return request.header("x-amz-target") == f"{ALARM_TARGET}.{ALARM_CALL}"


def _params(environ: Environ, request: WireRequest) -> dict[str, Any]:
    """The parameters in a body, which is left to be read again; none of one that cannot be read."""
    body = peeked_body(environ)
    try:
        params = _of_cbor(body) if request.header("smithy-protocol") else json.loads(body)
    except Exception:  # botocore raises whatever it meets; the backend will say
        return {}
    return params if isinstance(params, dict) else {}


def _of_cbor(body: bytes) -> Any:
    # botocore has no public reader of CBOR: the parser of its newest protocol is asked for one item, which is
    # all that the body of a request is.
    from botocore.parsers import RpcV2CBORParser

    parser: Any = RpcV2CBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))
