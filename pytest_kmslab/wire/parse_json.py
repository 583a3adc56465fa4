"""From the wire to parameters: what a request says, read as strictly as the service reads it.

A decoder that understands a request otherwise than the backend does would be a hole, so whatever is
not plainly in the form of the service's model is refused: members given twice, or of another type.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.wire.json_types import AS_FIELD, AS_VALUE, Members, other_type
from pytest_kmslab.wire.models import UnreadableError
from pytest_kmslab.wire.parse_query import read_query

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

Body = bytes | bytearray | str | Mapping[str, Any]
Convert = Callable[[Any, str], Any]
"""Makes of a value what the model types it; its second argument is where it stands."""
ValuePlan = tuple[frozenset[type], "Convert | None"]
"""Of which types a value is, as the JSON decoder has them, and what is made of it; None: it stays."""

_PLANS: dict[tuple[str, str], Convert] = {}  # one for each operation, made at its first call


def decode(operation: OperationModel, body: Body) -> dict[str, Any]:
    """The parameters of a request: blobs as bytes, everything else as the model types it.

    `body` is a JSON text for the JSON services; for the query services an url-encoded text or, as
    botocore makes it, a flat mapping. Members that the model does not have, and JSON nulls, are
    left out. DynamoDB attribute values stay as they are on the wire (a `B` is base64 text): only
    their types are checked. Raises ServiceError: `SerializationException` (JSON) or
    `MalformedInput` (query) for what cannot be read. What is missing `wire.constraints` says.
    https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
    """
    protocol = operation.service_model.resolved_protocol
    try:
        if protocol == "query":
            return read_query(operation, body)
        if protocol == "json" and not isinstance(body, Mapping):
            return _read_json(operation, body)
    except UnreadableError as error:
        raise error.as_service_error(protocol, operation.service_model.service_name) from None
    except RecursionError:
        raise UnreadableError("the request is nested too deeply").as_service_error(protocol) from None
    raise ServiceError(
        "SerializationException", f"a request in protocol `{protocol}` cannot be read; please report it"
    )


def _read_json(operation: OperationModel, body: bytes | bytearray | str) -> dict[str, Any]:
    name = (operation.service_model.service_name, operation.name)
    plan = _PLANS.get(name)
    if plan is None:
        plan = _PLANS[name] = _plan_of(operation.input_shape)
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        parsed = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:  # maybe half of a surrogate pair: not a character at all
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise UnreadableError(f"the request is not JSON: {error}") from None
    if type(parsed) is not Members:
        raise UnreadableError("the request is not of the type that the service expects")
    read: dict[str, Any] = plan(parsed, "")
    return read


def _constant(name: str) -> NoReturn:
    raise UnreadableError(f"the request has the number `{name}`, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_constant=_constant)


def _each_once(members: Members) -> dict[str, Any]:
    # Of two members of one name one reader takes the first, another the last: what was decided could be
    # something else than what the backend does.
    members_once: dict[str, Any] = dict(members)
    if len(members_once) != len(members):
        raise UnreadableError("the request has a member twice in one object")
    return members_once


def _plain(value: Any) -> Any:
    """A value as Python has it, where the model says nothing of what is in it."""
    if type(value) is Members:
        return {name: _plain(member) for name, member in _each_once(value).items()}
    if type(value) is list:
        return [_plain(item) for item in value]
    return value


def _of_another_type(where: str, value: Any, wanted: frozenset[type], of_object: str) -> UnreadableError:
    text = f"`{where}` is not of the type that the service expects"
    return UnreadableError(text, other_type(value, wanted, of_object))


def _plan_of(shape: Shape | None) -> Convert:
    """How the input of an operation is read: a plan made once, of the shapes of its members."""
    return _structure(shape, ()) if shape is not None else _members_reader({})  # type: ignore[arg-type]


def _value_plan(shape: Shape, within: tuple[str, ...]) -> ValuePlan:
    """How values of a shape are read; `within` names the shapes around it.

    A later model may hold what is not known here; no request of it is let through.
    """
    if shape.name == "AttributeValue":
        return _OBJECT, _attribute_value
    container = _CONTAINERS.get(shape.type_name)
    if container is not None and shape.name not in within:
        types, make = container
        return types, make(shape, (*within, shape.name))
    if shape.type_name not in _SCALARS:
        raise UnreadableError(
            f"the shape `{shape.name}` of the service's model is not known; please report it"
        )
    return _SCALARS[shape.type_name]


def _structure(shape: StructureShape, within: tuple[str, ...]) -> Convert:
    within = within or (shape.name,)
    return _members_reader({name: _value_plan(member, within) for name, member in shape.members.items()})


def _members_reader(plans: Mapping[str, ValuePlan]) -> Convert:
    def read(value: Any, where: str) -> dict[str, Any]:
        members: dict[str, Any] = dict(value)
        # A member that stands there twice is read by one decoder as the first, by another as the last.
        if len(members) != len(value):
            _each_once(value)
        values = {}
        for name, member in members.items():
            plan = plans.get(name)
            if plan is None:
                _plain(member)  # unknown to the model: looked at, and left out
            elif member is not None:
                types, convert = plan
                inner = f"{where}.{name}" if where else name
                if type(member) not in types:
                    raise _of_another_type(inner, member, types, AS_FIELD)
                values[name] = member if convert is None else convert(member, inner)
        return values

    return read


def _list(shape: ListShape, within: tuple[str, ...]) -> Convert:
    types, convert = _value_plan(shape.member, within)

    def read(value: Any, where: str) -> list[Any]:
        for member in value:
            if type(member) not in types:
                raise _of_another_type(where, member, types, AS_VALUE)
        return value if convert is None else [convert(member, where) for member in value]

    return read


def _map(shape: MapShape, within: tuple[str, ...]) -> Convert:
    types, convert = _value_plan(shape.value, within)

    def read(value: Any, where: str) -> dict[str, Any]:
        entries: dict[str, Any] = dict(value)
        if len(entries) != len(value):
            _each_once(value)
        for name, member in entries.items():
            if type(member) not in types:
                raise _of_another_type(where, member, types, AS_VALUE)
            if convert is not None:
                entries[name] = convert(member, where)
        return entries

    return read


def _blob(value: Any, where: str) -> bytes:
    # Python's decoder passes over what is not base64 unless it is told not to.
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError(f"`{where}` is not base64") from None


def _timestamp(value: float, where: str) -> float:
    """Seconds since 1970, of a year that has four digits.

    https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#shape-serialization
    """
    try:
        datetime.fromtimestamp(value, timezone.utc)
    except (OSError, OverflowError, ValueError):
        raise UnreadableError(f"`{where}` is not a time") from None
    return value


_SETS = ("SS", "NS", "BS")
_BINARY = frozenset(("B", "BS"))
_NOT_BASE64 = "Invalid last non-pad Base64 character dectected"
"""As dynalite recorded it."""
_ATTRIBUTE_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("S", "N", "B"), str),
    **dict.fromkeys((*_SETS, "L"), list),
    **dict.fromkeys(("BOOL", "NULL"), bool),
    "M": Members,
}


def _attribute_value(value: Any, where: str) -> Any:
    attribute: dict[str, Any] = dict(value)
    if len(attribute) != len(value):
        _each_once(value)
    for kind, content in attribute.items():
        wanted = _ATTRIBUTE_TYPES.get(kind)
        if type(content) is not wanted:
            text = f"`{where}` holds an attribute value that is not of its type `{kind}`"
            told = "" if wanted is None or kind == "B" else other_type(content, frozenset({wanted}), AS_FIELD)
            raise UnreadableError(text, told)
        if type(content) in _NESTING:
            attribute[kind] = _nested(kind, content, where)
        if kind in _BINARY:
            binaries: Any = [content] if kind == "B" else content
            for binary in binaries:
                _check_base64(binary, where)
    return attribute


def _check_base64(text: str, where: str) -> None:
    # Not kept: attribute values stay as they are on the wire.
    try:
        decoded = _blob(text, where)
    except UnreadableError as error:
        told = f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}"
        raise UnreadableError(error.message, told if len(text) % 4 else _NOT_BASE64) from None
    # Python's decoder drops the bits of the last character that stand for nothing: `YR==` would name the item
    # of `YQ==`, and no condition by that.
    if base64.b64encode(decoded).decode() != text:
        raise UnreadableError(f"`{where}` is not base64", _NOT_BASE64)


def _nested(kind: str, content: Any, where: str) -> Any:
    """What a list, a map or a set holds: values as deep as they are nested, or texts."""
    if kind == "M":
        named = _each_once(content)
        return dict(zip(named, _nested("L", named.values(), where), strict=True))
    wanted = _TEXT if kind in _SETS else _OBJECT
    for member in content:
        if type(member) not in wanted:
            raise _of_another_type(where, member, wanted, AS_VALUE)
    return content if kind in _SETS else [_attribute_value(member, where) for member in content]


# A backend's client, and moto, have binary values as bytes.


def with_bytes(operation: OperationModel, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request, as `decode` reads them, with all binary values as bytes."""
    shape = operation.input_shape
    read: dict[str, Any] = dict(params) if shape is None else _in_bytes(shape, params)
    return read


def _in_bytes(shape: Any, value: Any) -> Any:
    if shape.name == "AttributeValue":
        return _value_in_bytes(value)
    if shape.type_name == "structure":
        members = shape.members
        return {
            name: _in_bytes(members[name], item) if name in members else item for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_in_bytes(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {name: _in_bytes(shape.value, item) for name, item in value.items()}
    return value


def _value_in_bytes(value: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: _BYTES[kind](content) if kind in _BYTES else content for kind, content in value.items()}


def _bytes(content: str | bytes) -> bytes:
    # What is made of an answer of the backend's is in bytes already.
    return base64.b64decode(content) if isinstance(content, str) else content


_BYTES: Mapping[str, Callable[[Any], Any]] = {
    "B": _bytes,
    "BS": lambda members: [_bytes(member) for member in members],
    "L": lambda members: [_value_in_bytes(member) for member in members],
    "M": lambda members: {name: _value_in_bytes(member) for name, member in members.items()},
}


# Types are compared and not tested with `isinstance`: a JSON true is not the number 1.
_OBJECT: frozenset[type] = frozenset({Members})
_LIST: frozenset[type] = frozenset({list})
_TEXT: frozenset[type] = frozenset({str})
_NESTING = _OBJECT | _LIST
_CONTAINERS: Mapping[str, tuple[frozenset[type], Callable[[Any, tuple[str, ...]], Convert]]] = {
    "structure": (_OBJECT, _structure),
    "list": (_LIST, _list),
    "map": (_OBJECT, _map),
}
_SCALARS: Mapping[str, ValuePlan] = {
    "string": (_TEXT, None),
    "character": (_TEXT, None),
    "boolean": (frozenset({bool}), None),
    "integer": (frozenset({int}), None),
    "long": (frozenset({int}), None),
    "float": (frozenset({int, float}), None),
    "double": (frozenset({int, float}), None),
    "timestamp": (frozenset({int, float}), _timestamp),
    "blob": (_TEXT, _blob),
}
