"""Items whose attributes are keys of an index: moto takes any type, and refuses an update that reads a key.

Measured by dynalite's tests, which run against AWS too. Of an empty value the texts are moto's.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from moto.dynamodb.exceptions import EmptyKeyAttributeException, MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import ast_nodes, validators

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement

_nodes: Any = ast_nodes
_Traverser: Any = validators.DepthFirstTraverser  # type: ignore[attr-defined]
_put: Any = Table.put_item
_update: Any = DynamoDBBackend.update_item
_processors: Any = validators.UpdateExpressionValidator.get_ast_processors
_EMPTY_KINDS = {"S": "string", "B": "binary"}


class _Key(NamedTuple):
    """An attribute that is a key of an index."""

    name: str
    kind: str
    """Its type, `S`, `N` or `B`."""
    of: str
    """The name of the index."""


def checked_index_keys() -> Replaced:
    """While this is open, moto refuses a value that a key of an index cannot have, and lets an update read
    the table's key: that none is changed is looked at before moto is asked."""
    return Replaced(
        Replacement(Table, "put_item", _checked_put),
        Replacement(DynamoDBBackend, "update_item", _checked_update),
        Replacement(validators.UpdateExpressionValidator, "get_ast_processors", _checking_processors),
    )


def _checked_put(table: Any, item_attrs: Mapping[str, Mapping[str, Any]], *given: Any, **named: Any) -> Any:
    for key in _keys(table):
        if key.name in item_attrs:
            _check(key, *next(iter(item_attrs[key.name].items())))
    return _put(table, item_attrs, *given, **named)


def _checked_update(backend: Any, table_name: str, *given: Any, **named: Any) -> Any:
    updates: Mapping[str, Any] = named.get("attribute_updates") or {}
    for key in _keys(backend.get_table(table_name)) if updates else ():
        update = updates.get(key.name) or {}
        if update.get("Value") and update.get("Action", "PUT") == "PUT":
            _check(key, *next(iter(update["Value"].items())))
    return _update(backend, table_name, *given, **named)


def _checking_processors(validator: Any) -> list[Any]:
    processors = [
        one for one in _processors(validator) if not isinstance(one, validators.UpdateHashRangeKeyValidator)
    ]
    keys = {key.name: key for key in _keys(validator.table)}
    # Once the values are worked out; moto looks at them too, by the names in the expression alone.
    checker = _SetKeys(keys, validator.expression_attribute_names or {})
    place = next(at for at, one in enumerate(processors) if isinstance(one, validators.TypeMismatchValidator))
    return [*processors[:place], checker, *processors[place:]]


class _SetKeys(_Traverser):  # type: ignore[misc]
    def __init__(self, keys: Mapping[str, _Key], names: Mapping[str, str]) -> None:
        self._keys, self._names = keys, names

    def _processing_map(self) -> dict[type, Callable[[Any], Any]]:
        return dict.fromkeys(
            (_nodes.UpdateExpressionSetAction, _nodes.UpdateExpressionAddAction), self._look_at
        )

    def _look_at(self, node: Any) -> Any:
        path, value = node.children[0].children, node.children[1].children[0]
        name = path[0].children[0]
        key = self._keys.get(self._names.get(name, name))
        if key is not None and len(path) == 1:
            _check_kind(key, value.type)
            if value.type in _EMPTY_KINDS and not value.value:
                raise EmptyKeyAttributeException(key_in_index=True)
        return node


def _keys(table: Any) -> Iterator[_Key]:
    indexes = (*table.indexes, *table.global_indexes)
    kinds = {one["AttributeName"]: one["AttributeType"] for one in table.attr} if indexes else {}
    own = (table.hash_key_attr, table.range_key_attr)
    for index in indexes:
        for key in index.schema:
            name = key["AttributeName"]
            if name in kinds and name not in own:
                yield _Key(name, kinds[name], index.name)


def _check_kind(key: _Key, kind: str) -> None:
    if kind != key.kind:
        raise MockValidationException(
            f"One or more parameter values were invalid: Type mismatch for Index Key {key.name} "
            f"Expected: {key.kind} Actual: {kind} IndexName: {key.of}"
        )


def _check(key: _Key, kind: str, value: Any) -> None:
    _check_kind(key, kind)
    if kind in _EMPTY_KINDS and not value:
        raise MockValidationException(
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
            f"supported. The AttributeValue for a key attribute cannot contain an empty {_EMPTY_KINDS[kind]} "
            f"value. IndexName: {key.of}, IndexKey: {key.name}"
        )
