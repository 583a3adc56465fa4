"""botocore's models, and parameters made up from them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer

SERVICES = ("kms", "dynamodb", "dynamodbstreams", "iam", "sts")


@lru_cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def operation(service: str, name: str) -> OperationModel:
    return service_model(service).operation_model(name)


def every_operation() -> list[tuple[str, str]]:
    return [(service, name) for service in SERVICES for name in service_model(service).operation_names]


def wire(model: OperationModel, params: dict[str, Any]) -> Any:
    """The body that botocore makes of parameters, in the form in which `before-call` shows it."""
    serializer = create_serializer(model.service_model.resolved_protocol, include_validation=False)
    return serializer.serialize_to_request(params, model)["body"]


def parameters(model: OperationModel, full: bool) -> dict[str, Any]:
    """Made-up parameters of an operation: all members that it has, or only those that it requires."""
    return {} if model.input_shape is None else _value(model.input_shape, full, ())


def _value(shape: Shape, full: bool, within: tuple[str, ...]) -> Any:
    if shape.name == "AttributeValue":
        return {"S": "text"}
    if shape.type_name == "structure":
        wanted = shape.members if full else shape.required_members
        inside = (*within, shape.name)
        return {
            name: _value(shape.members[name], full, inside)
            for name in wanted
            if shape.members[name].name not in inside
        }
    if shape.type_name == "list":
        return [_value(shape.member, full, within)] * 2
    if shape.type_name == "map":
        return {"key": _value(shape.value, full, within)}
    if shape.type_name == "string" and shape.enum:
        return shape.enum[0]
    return _SCALARS[shape.type_name]


_SCALARS: dict[str, Any] = {
    "string": "text",
    "boolean": True,
    "integer": 7,
    "long": 7,
    "float": 1.5,
    "double": 1.5,
    "timestamp": 1700000000,
    "blob": b"\x00\xffblob",
}
