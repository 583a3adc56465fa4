"""The query protocol of IAM and STS: a flat form, read as the nested parameters it stands for.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from pytest_kmslab.wire.models import UnreadableError

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

MAX_DEPTH = 16
MAX_FIELDS = 10_000

Tree = dict[str, Any]
"""A form by the parts of its names: leaves are the texts."""


def read_query(operation: OperationModel, body: Any) -> dict[str, Any]:
    """The parameters of a form, nested as the operation's model nests them; raises UnreadableError."""
    form = _form(body)
    if form.get("Action") != operation.name:
        raise UnreadableError(f"the form's `Action` is not `{operation.name}`")
    shape = operation.input_shape
    members = {} if shape is None else shape.members
    tree: Tree = {}
    for name, text in form.items():
        parts = name.split(".")
        if parts[0] in members:
            _plant(tree, parts, text, name)
    return {} if shape is None else _structure(shape, tree, "")


def _form(body: Any) -> Mapping[str, str]:
    pairs = list(body.items()) if isinstance(body, Mapping) else _url_decoded(body)
    form: dict[str, str] = {}
    for name, value in pairs:
        # Of a field that comes twice one backend takes the first, another the last.
        if not isinstance(name, str) or name in form:
            raise UnreadableError(f"the form has `{name}` twice, or not as a text")
        form[name] = _text(value, name)
    return form


def _url_decoded(body: Any) -> list[tuple[str, str]]:
    try:
        text = body if isinstance(body, str) else bytes(body).decode("utf-8")
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except (TypeError, ValueError) as error:
        raise UnreadableError(f"the request is not a form: {error}") from None


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise UnreadableError(f"`{name}` is not a text")


def _plant(tree: Tree, parts: list[str], text: str, name: str) -> None:
    # A form nests as deep as its names have dots.
    if len(parts) > MAX_DEPTH:
        raise UnreadableError(f"`{name[:80]}…` is nested too deeply")
    for part in parts[:-1]:
        branch = tree.setdefault(part, {})
        if not isinstance(branch, dict):
            raise UnreadableError(f"`{name}` is given as a text and as a structure")
        tree = branch
    if parts[-1] in tree:
        raise UnreadableError(f"`{name}` is given as a text and as a structure")
    tree[parts[-1]] = text


def _read(shape: Shape, node: Any, where: str) -> Any:
    container = _CONTAINERS.get(shape.type_name)
    if container is not None:
        return container(shape, node, where)
    if not isinstance(node, str) or shape.type_name not in _SCALARS:
        raise UnreadableError(f"`{where}` is not a text, or of a type that is not known")
    return _SCALARS[shape.type_name](node, where)


def _structure(shape: StructureShape, node: Any, where: str) -> dict[str, Any]:
    branches = _branches(node, where)
    members = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    unknown = branches.keys() - members.keys()
    if unknown:
        raise UnreadableError(f"`{where}` has no member `{min(unknown)}`")
    values = {
        members[key]: _read(shape.members[members[key]], child, f"{where}.{key}" if where else key)
        for key, child in branches.items()
    }
    for name in shape.required_members:  # a form cannot say that a structure is there, but empty
        if name not in values and shape.members[name].type_name == "structure":
            values[name] = _structure(cast("StructureShape", shape.members[name]), {}, name)
    return values


def _list(shape: ListShape, node: Any, where: str) -> list[Any]:
    if node == "":  # an empty list, as botocore sends it
        return []
    items = _numbered(_branches(node, where, "member")["member"], where)
    return [_read(shape.member, item, f"{where}.member") for item in items]


def _map(shape: MapShape, node: Any, where: str) -> dict[str, Any]:
    if node == "":
        return {}
    values: dict[str, Any] = {}
    for entry in _numbered(_branches(node, where, "entry")["entry"], where):
        pair = _branches(entry, where, "key", "value")
        key = _read(shape.key, pair["key"], f"{where}.key")
        if key in values:
            raise UnreadableError(f"`{where}` has the key `{key}` twice")
        values[key] = _read(shape.value, pair["value"], f"{where}.value")
    return values


def _branches(node: Any, where: str, *exactly: str) -> Tree:
    """The node's branches, which are no others than those named, where any are."""
    if not isinstance(node, dict) or (exactly and set(node) != set(exactly)):
        raise UnreadableError(f"`{where}` is not in the form that the service expects")
    return node


def _numbered(node: Any, where: str) -> list[Any]:
    branches = _branches(node, where)
    names = [str(number) for number in range(1, len(branches) + 1)]
    # A gap would shift the items for a backend that counts, and end the list for one that looks for the next.
    if set(names) != set(branches):
        raise UnreadableError(f"`{where}` is not numbered from 1 without a gap")
    return [branches[name] for name in names]


def _string(text: str, where: str) -> str:
    return text


def _boolean(text: str, where: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UnreadableError(f"`{where}` is neither true nor false")
    return text.lower() == "true"


def _integer(text: str, where: str) -> int:
    # Python's `int` also reads `1_000` and digits of other scripts.
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise UnreadableError(f"`{where}` is not a number")
    return int(text)


_CONTAINERS: Mapping[str, Callable[[Any, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
_SCALARS: Mapping[str, Callable[[str, str], Any]] = {
    "string": _string,
    "timestamp": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
}
