"""What DynamoDB refuses of the key that a Query or Scan is to begin after.

Texts and their order are DynamoDB's, as dynalite's tests of Query and Scan have them, which were run against
AWS. Whether a key is of a parallel Scan's segment is not looked at: how items are spread is not known.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError
from pytest_kmslab.calls.dynamodb.grammar.operand_types import sortable
from pytest_kmslab.calls.dynamodb.item_keys import NOT_THE_KEY
from pytest_kmslab.calls.dynamodb.key_conditions import Operands, all_conditions, schema_of
from pytest_kmslab.calls.validation_messages import invalid

MEMBER = "ExclusiveStartKey"
_INVALID = "The provided starting key is invalid"
_OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
_NO_MATCH = "The provided starting key does not match the range key predicate"
_ONE_ROW = "The query can return at most one row and cannot be restarted"


def check_start_key(call: ApiCall, table: Table | None, index: str) -> None:
    """Raise ValidationException for a key that is none of the table or index that is read."""
    start = call.params.get(MEMBER)
    if start is None or table is None or not table.key_types:
        return
    own = dict(zip(table.key_attributes, table.key_types, strict=False))
    schema = schema_of(table, index)
    if len(start) != len(own.keys() | schema.keys()):
        raise _invalid(NOT_THE_KEY if call.operation == "Scan" and not index else "")
    if call.operation == "Query" or index:
        _check_attributes(start, schema)
    if any(not _is_of(kind, start.get(name)) for name, kind in own.items()):
        raise _invalid(NOT_THE_KEY)


def _check_attributes(start: Mapping[str, Any], schema: Mapping[str, str]) -> None:
    for name, kind in schema.items():
        if name not in start:
            raise _invalid()
        if not _is_of(kind, start[name]):
            raise invalid(NOT_THE_KEY)


def _is_of(kind: str, value: Any) -> bool:
    return isinstance(value, Mapping) and kind in value


def _invalid(why: str = "") -> ServiceError:
    return invalid(f"{_INVALID}: {why}" if why else _INVALID)


def check_bounds(params: Params, table: Table, index: str) -> None:
    """Raise ValidationException for a key that is none of those that a Query's conditions hold for."""
    start, schema = params.get(MEMBER), list(schema_of(table, index))
    # Of an index with keys of several attributes each it is not known what AWS says.
    if start is None or not 1 <= len(schema) <= 2:
        return
    conditions = all_conditions(params)
    hash_key = schema[0]
    is_same = hash_key in conditions and _holds("=", start[hash_key], conditions[hash_key][1])
    condition = conditions.get(schema[1]) if len(schema) > 1 else None
    if condition is None:
        if not is_same:
            raise invalid(_OUTSIDE)
        return
    if not _holds(condition[0], start[schema[1]], condition[1]):
        raise invalid(_NO_MATCH)
    if not is_same:
        raise invalid(_ONE_ROW)


def _holds(operator: str, value: Mapping[str, Any], operands: Operands) -> bool:
    """Whether a comparison is true of a value of a key."""
    ((kind, content),) = value.items()
    if not operands or any(kind not in operand for operand in operands):
        return False
    mine, (first, *others) = sortable(kind, content), [sortable(kind, each[kind]) for each in operands]
    if operator in ("BEGINS_WITH", "begins_with"):
        return bool(mine[: len(first)] == first)
    if operator == "BETWEEN":
        return bool(first <= mine <= others[0])
    results = {
        "=": mine == first,
        "<": mine < first,
        "<=": mine <= first,
        ">": mine > first,
        ">=": mine >= first,
    }
    return bool(results[operator])
