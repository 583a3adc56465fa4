"""What the gateway writes: errors and responses in each service's protocol, and requests to a backend."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree.ElementTree import Element, SubElement, tostring
from zlib import crc32

from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.calls.services import SERVICES
from pytest_kmslab.wire.http_message import Headers, Reply

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

    from pytest_kmslab.calls.api_call import ServiceError


# Responses in the XML of the query protocol, which IAM and STS answer in.
# https://smithy.io/2.0/aws/protocols/aws-query-protocol.html


def response_xml(operation: OperationModel, response: Mapping[str, Any], request_id: str) -> bytes:
    """A response as parsed by botocore, written as the service writes it."""
    root = Element(f"{operation.name}Response", xmlns=str(operation.service_model.metadata["xmlNamespace"]))
    shape = operation.output_shape
    if shape is not None:
        wrapper = SubElement(root, str(shape.serialization.get("resultWrapper", f"{operation.name}Result")))
        _structure(wrapper, shape, response)
    SubElement(SubElement(root, "ResponseMetadata"), "RequestId").text = request_id
    return bytes(tostring(root, encoding="utf-8"))


def error_xml(namespace: str, error: ServiceError, request_id: str) -> bytes:
    """An error as the service writes it."""
    root = Element("ErrorResponse", xmlns=namespace)
    element = SubElement(root, "Error")
    SubElement(element, "Type").text = "Receiver" if error.status >= 500 else "Sender"
    SubElement(element, "Code").text = error.code
    SubElement(element, "Message").text = error.message
    SubElement(root, "RequestId").text = request_id
    return bytes(tostring(root, encoding="utf-8"))


def _structure(parent: Element, shape: Any, value: Mapping[str, Any]) -> None:
    # Members that a response does not have are left out, not written empty.
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _write(parent, str(member.serialization.get("name", name)), member, value[name])


def _write(parent: Element, name: str, shape: Shape, value: Any) -> None:
    container = _CONTAINERS.get(shape.type_name)
    if container is None:
        SubElement(parent, name).text = _text(value)
    else:
        container(SubElement(parent, name), shape, value)


def _list(parent: Element, shape: Any, value: Any) -> None:
    for item in value:
        _write(parent, str(shape.member.serialization.get("name", "member")), shape.member, item)


def _map(parent: Element, shape: Any, value: Mapping[str, Any]) -> None:
    for key, item in value.items():
        entry = SubElement(parent, "entry")
        _write(entry, "key", shape.key, key)
        _write(entry, "value", shape.value, item)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_CONTAINERS: Mapping[str, Callable[[Element, Any, Any], None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}


_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_COMMON = "com.amazon.coral.service#"
_VALIDATION = "com.amazon.coral.validate#"
"""What DynamoDB puts before the errors that all JSON services have in common."""


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A request as it goes to a backend after it was allowed: only what was judged, in one form.

    `operation` names what it was judged as; `headers` are all there are, save host and length.
    """

    operation: OperationModel
    region: str
    headers: Headers
    body: bytes


def judged_request(
    operation: OperationModel, params: Mapping[str, Any], region: str, authorization: Headers
) -> JudgedRequest:
    """Write a request anew from the parameters that were judged, or what a backend needs in their place.

    A member that the model lacks, a second `Action`, a header that some backend obeys: nothing of what
    was not judged is in it.
    """
    model = operation.service_model
    if SERVICES[model.service_name].is_json:
        kind = _json_type(model)
        target: Headers = (("X-Amz-Target", f"{model.metadata['targetPrefix']}.{operation.name}"),)
        # JSON has no bytes: a blob is base64 on the wire.
        body = json.dumps(params, default=_base64).encode()
    else:
        kind, target, body = _FORM, (), _form(operation, params)
    return JudgedRequest(operation, region, (("Content-Type", kind), *target, *authorization), body)


def _json_type(model: ServiceModel) -> str:
    return f"application/x-amz-json-{model.metadata['jsonVersion']}"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _form(operation: OperationModel, params: Mapping[str, Any]) -> bytes:
    from botocore.serialize import create_serializer

    serializer = create_serializer("query", include_validation=False)
    return urlencode(serializer.serialize_to_request(dict(params), operation)["body"]).encode()


def error_reply(model: ServiceModel, error: ServiceError) -> Reply:
    """A service's own error on the wire."""
    service, request_id = model.service_name, str(uuid4())
    if SERVICES[service].is_json:
        body: dict[str, Any] = {"__type": _error_type(model, error.code)}
        shape = next((shape for shape in model.error_shapes if shape.name == error.code), None)
        if shape is not None:
            body.update(_json(shape, error.members))
        if error.message:
            body["Message" if error.code == "AccessDeniedException" else "message"] = error.message
        return _reply(model, error.status, json.dumps(body).encode(), request_id)
    namespace = str(model.metadata["xmlNamespace"])
    return _reply(model, error.status, error_xml(namespace, error, request_id), request_id)


def _error_type(model: ServiceModel, code: str) -> str:
    """The `__type` of an error, with the namespace that DynamoDB gives it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """
    own = SERVICES[model.service_name].error_namespace
    if not own:
        return code
    if code == "ValidationException":
        return _VALIDATION + code
    return (own if any(shape.name == code for shape in model.error_shapes) else _COMMON) + code


def response_reply(operation: OperationModel, response: Mapping[str, Any], status: int = 200) -> Reply:
    """A response, as botocore would have parsed it, on the wire."""
    model, request_id = operation.service_model, str(uuid4())
    if SERVICES[model.service_name].is_json:
        shape = operation.output_shape
        body = {} if shape is None else _json(shape, response)
        return _reply(model, status, json.dumps(body).encode(), request_id)
    return _reply(model, status, response_xml(operation, response, request_id), request_id)


def _json(shape: Any, value: Any) -> Any:
    """A parsed value as JSON writes it: blobs in base64, times in epoch seconds."""
    kind = shape.type_name
    if kind == "structure":
        members = shape.members
        return {name: _json(members[name], item) for name, item in value.items() if name in members}
    if kind == "list":
        return [_json(shape.member, item) for item in value]
    if kind == "map":
        return {name: _json(shape.value, item) for name, item in value.items()}
    # Times are epoch seconds in the JSON protocols:
    # https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
    if isinstance(value, datetime):
        return value.timestamp()
    return _base64(value) if isinstance(value, bytes) else value


def _reply(model: ServiceModel, status: int, body: bytes, request_id: str) -> Reply:
    service = SERVICES[model.service_name]
    kind = _json_type(model) if service.is_json else "text/xml"
    headers = [("Content-Type", kind), ("x-amzn-RequestId", request_id)]
    # botocore holds DynamoDB's answers to this checksum, and asks again where it is wrong.
    if service.sends_crc32:
        headers.append(("x-amz-crc32", str(crc32(body))))
    return Reply(status, tuple(headers), body)
