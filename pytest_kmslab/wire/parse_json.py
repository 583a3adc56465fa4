"""From the wire to parameters: what a request says, read as strictly as the service reads it.

A decoder that understands a request otherwise than the backend does would be a hole, so whatever is
not plainly in the form of the service's model is refused: members given twice, or of another type.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.wire.parse_errors import UnreadableError
from pytest_kmslab.wire.parse_query import read_query

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

Reader = Callable[[Any, str], Any]
Body = bytes | bytearray | str | Mapping[str, Any]

_READERS: dict[tuple[str, str], Reader] = {}  # one for each operation, made at its first call


def decode(operation: OperationModel, body: Body) -> dict[str, Any]:
    """The parameters of a request: blobs as bytes, everything else as the model types it.

    `body` is a JSON text for the JSON services; for the query services an url-encoded text or, as
    botocore makes it, a flat mapping. Members that the model does not have, and JSON nulls, are
    left out. DynamoDB attribute values stay as they are on the wire (a `B` is base64 text): only
    their outermost type is checked. Raises ServiceError: `SerializationException` (JSON) or
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
        raise error.as_service_error(protocol) from None
    except RecursionError:
        raise UnreadableError("the request is nested too deeply").as_service_error(protocol) from None
    raise ServiceError(
        "SerializationException", f"a request in protocol `{protocol}` cannot be read; please report it"
    )


def _read_json(operation: OperationModel, body: bytes | bytearray | str) -> dict[str, Any]:
    name = (operation.service_model.service_name, operation.name)
    reader = _READERS.get(name)
    if reader is None:
        reader = _READERS[name] = _reader(operation.input_shape, ())
    read: dict[str, Any] = reader(_parse(body), "")
    return read


def _parse(body: bytes | bytearray | str) -> Any:
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        parsed = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:  # maybe half of a surrogate pair: not a character at all
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise UnreadableError(f"the request is not JSON: {error}") from None
    return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableError("the request has a member twice in one object")
    return members


def _constant(name: str) -> NoReturn:
    raise UnreadableError(f"the request has the number `{name}`, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _reader(shape: Shape | None, within: tuple[str, ...]) -> Reader:
    """What reads values of a shape; `within` names the shapes around it.

    A later model may hold what is not known here; no request of it is let through.
    """
    if shape is None:
        return _structure_reader({})
    if shape.name == "AttributeValue":
        return _attribute_value
    container = _CONTAINERS.get(shape.type_name)
    if container is not None and shape.name not in within:
        return container(shape, (*within, shape.name))
    if shape.type_name not in _SCALARS:
        raise UnreadableError(
            f"the shape `{shape.name}` of the service's model is not known; please report it"
        )
    return _SCALARS[shape.type_name]


def _structure(shape: StructureShape, within: tuple[str, ...]) -> Reader:
    members = {name: _reader(member, within) for name, member in shape.members.items()}
    return _structure_reader(members)


def _list(shape: ListShape, within: tuple[str, ...]) -> Reader:
    return _list_reader(_reader(shape.member, within))


def _map(shape: MapShape, within: tuple[str, ...]) -> Reader:
    return _map_reader(_reader(shape.value, within))


def _structure_reader(members: Mapping[str, Reader]) -> Reader:
    def read(value: Any, where: str) -> dict[str, Any]:
        _expect(value, dict, where)
        found = {}
        for name, given in value.items():
            reader = members.get(name)
            if reader is not None and given is not None:
                found[name] = reader(given, f"{where}.{name}" if where else name)
        return found

    return read


def _list_reader(item: Reader) -> Reader:
    def read(value: Any, where: str) -> list[Any]:
        _expect(value, list, where)
        return [item(given, where) for given in value]

    return read


def _map_reader(item: Reader) -> Reader:
    def read(value: Any, where: str) -> dict[str, Any]:
        _expect(value, dict, where)
        return {name: item(given, where) for name, given in value.items()}

    return read


def _typed(*types: type) -> Reader:
    def read(value: Any, where: str) -> Any:
        _expect(value, types, where)
        return value

    return read


def _blob(value: Any, where: str) -> bytes:
    _expect(value, str, where)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError(f"`{where}` is not base64") from None


_ATTRIBUTE_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("S", "N", "B"), str),
    **dict.fromkeys(("SS", "NS", "BS", "L"), list),
    **dict.fromkeys(("BOOL", "NULL"), bool),
    "M": dict,
}


def _attribute_value(value: Any, where: str) -> Any:
    _expect(value, dict, where)
    for kind, content in value.items():
        if kind not in _ATTRIBUTE_TYPES or type(content) is not _ATTRIBUTE_TYPES[kind]:
            raise UnreadableError(f"`{where}` holds an attribute value that is not of its type `{kind}`")
    return value


def _expect(value: Any, types: type | tuple[type, ...], where: str) -> None:
    # `type` and not `isinstance`: a JSON true is not the number 1.
    if type(value) is not types and not (isinstance(types, tuple) and type(value) in types):
        raise UnreadableError(f"`{where or 'the request'}` is not of the type that the service expects")


_CONTAINERS: Mapping[str, Callable[[Any, tuple[str, ...]], Reader]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
_SCALARS: Mapping[str, Reader] = {
    "string": _typed(str),
    "character": _typed(str),
    "boolean": _typed(bool),
    "integer": _typed(int),
    "long": _typed(int),
    "float": _typed(int, float),
    "double": _typed(int, float),
    "timestamp": _typed(int, float, str),
    "blob": _blob,
}
