"""Responses in the XML of the query protocol, which IAM and STS answer in.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

    from pytest_kmslab.calls.api_call import ServiceError


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
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_CONTAINERS: Mapping[str, Callable[[Element, Any, Any], None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
