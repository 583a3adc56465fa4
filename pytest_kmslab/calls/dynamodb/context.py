"""The authorizations of DynamoDB's own, and their condition keys, read from the parameters of an operation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.context import Value
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Params
from pytest_kmslab.calls.context_keys import Keys, caller_context, resource_tags
from pytest_kmslab.calls.dynamodb.attribute_values import as_stored, binary_text
from pytest_kmslab.calls.dynamodb.expressions import attributes_of
from pytest_kmslab.calls.dynamodb.key_conditions import key_equalities
from pytest_kmslab.calls.dynamodb.old_parameters import OLD_PARAMETERS, check_old_parameters
from pytest_kmslab.calls.dynamodb.placeholders import EXPRESSION_PARAMETERS, check_placeholders

LEADING_KEYS = ("dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues")
"""Two names of the same values."""
_FURTHER_KEYS = tuple(f"dynamodb:{which}PartitionKeyValues" for which in ("Second", "Third", "Fourth"))
"""Of a global index whose partition key is made of several attributes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html"""
ATTRIBUTES = "dynamodb:Attributes"
SELECT = "dynamodb:Select"
RETURN_VALUES = "dynamodb:ReturnValues"
RETURN_CONSUMED_CAPACITY = "dynamodb:ReturnConsumedCapacity"
ENCLOSING_OPERATION = "dynamodb:EnclosingOperation"
FULL_TABLE_SCAN = "dynamodb:FullTableScan"

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
RETURNING = frozenset({"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"})

_EXPRESSIONS = frozenset(
    (
        "ProjectionExpression",
        "FilterExpression",
        "ConditionExpression",
        "KeyConditionExpression",
        "UpdateExpression",
    )
)
_NAMES = frozenset(
    (
        "Key",
        "Item",
        "Expected",
        "AttributeUpdates",
        "KeyConditions",
        "QueryFilter",
        "ScanFilter",
        "AttributesToGet",
    )
)
"""Parameters that are made of attribute names, or that map them to something."""
Context = dict[str, "Value | Sequence[Value]"]


def authorization(
    call: ApiCall, action: str, resource: str, keys: Keys | None = None, table: Table | None = None
) -> Authorization:
    """Ask for `dynamodb:<action>` on a resource; `table` is the one it belongs to, where it exists."""
    owner = account_of(resource)
    make = partial(_keys, call, resource, owner or call.account, table, keys or {})
    return call.requires(f"dynamodb:{action}", resource, make, owner)


def _keys(call: ApiCall, resource: str, account: str, table: Table | None, keys: Keys) -> Keys:
    context = caller_context(call.caller, call.region, call.time)
    context["aws:ResourceAccount"] = account
    if table is not None:
        context.update(resource_tags(table.tags_of(resource)))
    context.update(keys)
    return context


def item_context(action: str, params: Params, table: Table | None, index: str = "") -> Context:
    """The condition keys of one action on one table.

    `params` are those of the operation, or of its part for that table (an entry of a transaction, of
    `RequestItems`). `dynamodb:Select` and `dynamodb:ReturnValues` always have a value where the action
    knows them: AWS documents `ALL_ATTRIBUTES` and `NONE` as those of a request that names none. Raises
    ServiceError for an expression that cannot be read.
    """
    if not OLD_PARAMETERS.isdisjoint(params):
        check_old_parameters(params)
    if not EXPRESSION_PARAMETERS.isdisjoint(params):
        check_placeholders(action, params)
    context: Context = {RETURN_CONSUMED_CAPACITY: params.get("ReturnConsumedCapacity") or "NONE"}
    attributes, leading = named_attributes(params), leading_keys(params, table, index)
    if attributes:
        context[ATTRIBUTES] = attributes
    if leading:
        context.update(dict.fromkeys(LEADING_KEYS, leading))
    if further_keys_of(table, index):
        equalities = key_equalities(params)
        context.update(further_context(table, index, lambda key: _values_of(equalities, key)))
    if action in READS:
        context[SELECT] = selected(params, index)
    elif action in RETURNING:
        context[RETURN_VALUES] = given_back(params.get("ReturnValues") or "NONE", params)
    return context


def given_back(returned: str, params: Params) -> str:
    """What a write gives back of the item: all of it too where the error of a failed condition has it."""
    # AWS documents no key for that. The policies that it suggests for attributes let nobody have whole items.
    if params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and returned != "ALL_NEW":
        return "ALL_OLD"
    return returned


def selected(params: Params, index: str = "") -> str:
    """The value of Select, with the default that DynamoDB takes."""
    select = params.get("Select")
    if select:
        return str(select)
    if params.get("ProjectionExpression") or params.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"


def named_attributes(params: Params) -> tuple[str, ...]:
    """The top-level attributes that a request names, key attributes included, in order and once each."""
    attributes: dict[str, None] = {}
    for member, value in params.items():
        if member in _NAMES:
            attributes.update(dict.fromkeys(value or ()))
        elif member in _EXPRESSIONS:
            names = params.get("ExpressionAttributeNames") or {}
            attributes.update((names.get(name, name), None) for name in attributes_of(member, value or ""))
    return tuple(attributes)


def leading_keys(params: Params, table: Table | None, index: str = "") -> tuple[str, ...]:
    """The partition key values that a request names; empty where it names none (Scan)."""
    hash_key = hash_key_of(table, index)
    item = params.get("Key") or params.get("Item")
    if item and hash_key in item:
        return value_texts(item[hash_key])
    pairs = [*(params.get("Key") or {}).items(), *key_equalities(params)]
    # Where the key's schema is not known, naming every key value can only make a condition stricter.
    key_values = (value for name, value in pairs if not hash_key or name == hash_key)
    return unique(text for value in key_values for text in value_texts(value))


def leading_context(values: tuple[str, ...]) -> Context:
    """The condition keys for the partition key values that a request names; none where it names none."""
    return dict.fromkeys(LEADING_KEYS, values) if values else {}


def further_context(table: Table | None, index: str, values_of: Callable[[str], Iterable[str]]) -> Context:
    """The condition keys for the values of an index's partition key after the first, given those that a
    request names of an attribute; none where it names none."""
    attributes = further_keys_of(table, index)
    named = {key: tuple(values_of(name)) for key, name in zip(_FURTHER_KEYS, attributes, strict=False)}
    return {key: values for key, values in named.items() if values}


def _values_of(equalities: Iterable[tuple[str, Any]], attribute: str) -> Iterator[str]:
    for name, value in equalities:
        if name == attribute:
            yield from value_texts(value)


def hash_key_of(table: Table | None, index: str = "") -> str:
    """The partition key of a table or of one of its indexes; empty where it is not known."""
    if table is None:
        return ""
    # An index that the table does not have has no key either.
    return table.index_keys.get(index, "") if index else table.hash_key


def further_keys_of(table: Table | None, index: str) -> tuple[str, ...]:
    """The attributes of an index's partition key after the first."""
    return dict(table.further_keys).get(index, ()) if table is not None else ()


def value_text(value: Any) -> str:
    """An attribute value as a condition compares it: a string, a number as sent, binary as base64."""
    if isinstance(value, Mapping):
        value = next(iter(value.values()), "")
    if isinstance(value, (bytes, bytearray)):
        return binary_text(value)
    return str(value)


def value_texts(value: Any) -> tuple[str, ...]:
    """The same of a partition key: a number is there as it was sent and as it is stored, since either way
    it names the item. Which of the two AWS compares is not known."""
    text = value_text(value)
    return unique((text, as_stored(text))) if isinstance(value, Mapping) and "N" in value else (text,)


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Values once each, in order."""
    return tuple(dict.fromkeys(values))
