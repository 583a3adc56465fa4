"""A value as AWS's errors show it: what `toString` of Java makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.validation_messages import wire_name

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

_REDACTED = "***Sensitive Data Redacted***"
_ATTRIBUTE_VALUE = "com.amazonaws.dynamodb.v20120810.AttributeValue@0"
"""DynamoDB shows an address in memory here."""


def shown(value: Any, shape: Shape) -> str:
    """A value in its quotes, as AWS's error shows it."""
    text = _text(value, shape)
    # What Latin-1 does not have is a question mark, as was seen of KMS and DynamoDB (cdk-preflight:
    # pf-kms-key-policy-charset, pf-dynamodb-table-name-format).
    return f"'{text.encode('latin-1', 'replace').decode('latin-1')}'"


def is_sensitive(shape: Shape) -> bool:
    """Whether no error shows values of the shape."""
    return bool(shape.metadata.get("sensitive"))


def _text(value: Any, shape: Shape) -> str:
    if value is None:
        return "null"
    if is_sensitive(shape):
        return _REDACTED
    if shape.name == "AttributeValue":
        return _ATTRIBUTE_VALUE
    show = _CONTAINERS.get(shape.type_name)
    return _scalar(value) if show is None else show(value, shape)


def _structure(value: dict[str, Any], shape: StructureShape) -> str:
    """`KeySchemaElement(attributeName=id, keyType=HASH)`: members that are not set are null."""
    members = (
        f"{wire_name(name)}={_text(value.get(name), member)}" for name, member in shape.members.items()
    )
    return f"{shape.name}({', '.join(members)})"


def _list(value: list[Any], shape: ListShape) -> str:
    return f"[{', '.join(_text(item, shape.member) for item in value)}]"


def _map(value: dict[str, Any], shape: MapShape) -> str:
    return f"{{{', '.join(f'{key}={_text(item, shape.value)}' for key, item in value.items())}}}"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A ByteBuffer shows its bounds, and nothing of what is in it.
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


_CONTAINERS: Mapping[str, Callable[[Any, Any], str]] = {"structure": _structure, "list": _list, "map": _map}
