"""Values of items as DynamoDB keeps and counts them.

Measured on AWS: paritysuite/dynamodb-conformance, limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.dynamodb import responses
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize
from moto.dynamodb.responses import ProjectionExpressionParser

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.calls.dynamodb.attribute_values import as_stored

_MOST_ACTIONS = 100
_MOST_BYTES = 400 * 1024
"""Of an item.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
_init: Any = DynamoType.__init__
_update: Any = Item.update_with_attribute_updates
_read: Any = ProjectionExpressionParser.__init__
_PLACED = re.compile(r"(#\w+)((?:\[\d+\])+)", re.ASCII)
"""A name with a place in a list, or places in lists within it."""


def item_values_of_dynamodb() -> Replaced:
    """While this is open, moto keeps numbers in the one form that DynamoDB has for each, and values of
    AttributeUpdates in their types, takes items of 400 KB and a hundred actions in a transaction, and leaves
    it to `calls` to say which placeholders are not used."""
    return Replaced(
        Replacement(Item, "update_with_attribute_updates", _with_typed_updates),
        Replacement(DynamoType, "__init__", _with_plain_numbers),
        Replacement(LimitedSizeDict, "__setitem__", _within_the_limit),
        Replacement(responses, "TRANSACTION_MAX_ITEMS", _MOST_ACTIONS),
        Replacement(ProjectionExpressionParser, "__init__", _with_places),
        Replacement(responses, "validate_attributes_used", lambda *_args, **_options: None),
        # moto takes items of one key in two tables for one; what is named twice `calls` says by table.
        Replacement(responses.DynamoHandler, "_contains_duplicates", lambda *_args: False),
    )


def _with_plain_numbers(value: Any, given: Any) -> None:
    _init(value, given)
    # moto keeps the text that was sent, by which `1.0` and `1` are two keys and two members of a set.
    if value.type == "N":
        value.value = as_stored(str(value.value))
    elif value.type == "NS":
        value.value = [as_stored(str(member)) for member in value.value]


def _within_the_limit(attributes: dict[str, Any], name: str, value: Any) -> None:
    # moto stops at 405,000 bytes, and counts what is written over too.
    after = {**attributes, name: value}
    if sum(bytesize(key) + _size(each) for key, each in after.items()) > _MOST_BYTES:
        raise ItemSizeTooLarge
    dict.__setitem__(attributes, name, value)


def _size(value: Any) -> int:
    return int(value.size() if type(value) is DynamoType else bytesize(str(value)))


def _with_typed_updates(item: Any, updates: Mapping[str, Mapping[str, Any]]) -> None:
    put = {
        name: update["Value"]
        for name, update in updates.items()
        if update.get("Value") and update.get("Action", "PUT") == "PUT"
    }
    # moto makes texts of binary values and of truths, lists of sets of them, and drops what is to be null.
    for name, value in put.items():
        item.attrs[name] = DynamoType(value)
    _update(item, {name: update for name, update in updates.items() if name not in put})


def _with_places(parser: Any, expression: str | None, names: Mapping[str, str] | None) -> None:
    # moto looks a name up with its place in a list, `#a[0]`, and does not find it.
    placed = {
        place[0]: f"{names[place[1]]}{place[2]}" for place in _PLACED.finditer(expression or "") if names
    }
    _read(parser, expression, {**(names or {}), **placed})
