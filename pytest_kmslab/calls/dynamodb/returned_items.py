"""What a read answers: no attribute that the request does not name.

`dynamodb:Attributes` is decided by what a request names. A backend that ignores how it is named would answer
attributes that nobody was asked about.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import ApiCall, Params
from pytest_kmslab.calls.dynamodb.expressions import attributes_of
from pytest_kmslab.calls.validation_messages import invalid, refused

Response = dict[str, Any]
_Pairs = Iterator[tuple[Params, Any]]
"""A request or a part of it, and an item that it answers."""


def keep_named_attributes(call: ApiCall, response: Response) -> None:
    """Take from the items of a response what its request does not name, where it names anything."""
    pairs = _ITEMS.get(call.name)
    if pairs is None:
        return
    for part, item in pairs(call.params, response):
        attributes = answered_attributes(part)
        for attribute in [name for name in item if attributes and name not in attributes]:
            del item[attribute]


def answered_attributes(part: Params) -> tuple[str, ...]:
    """The top-level attributes that a request names to be answered, in order; empty where it names none."""
    names = part.get("ExpressionAttributeNames") or {}
    expression = part.get("ProjectionExpression") or ""
    projected = (names.get(name, name) for name in attributes_of("ProjectionExpression", expression))
    # A request has one of the two: with both it is refused before anybody asks.
    return tuple(dict.fromkeys((*projected, *(part.get("AttributesToGet") or ()))))


def _one(params: Params, response: Response) -> _Pairs:
    if response.get("Item"):
        yield params, response["Item"]


def _several(params: Params, response: Response) -> _Pairs:
    for item in response.get("Items") or ():
        yield params, item


def _by_table(params: Params, response: Response) -> _Pairs:
    for table, items in (response.get("Responses") or {}).items():
        for item in items:
            yield params["RequestItems"].get(table) or {}, item


def _transacted(params: Params, response: Response) -> _Pairs:
    parts = [part["Get"] for part in params["TransactItems"]]
    for part, answer in zip(parts, response.get("Responses") or (), strict=False):
        if answer.get("Item"):
            yield part, answer["Item"]


_ITEMS: Mapping[str, Callable[[Params, Response], _Pairs]] = {
    "dynamodb:BatchGetItem": _by_table,
    "dynamodb:GetItem": _one,
    "dynamodb:Query": _several,
    "dynamodb:Scan": _several,
    "dynamodb:TransactGetItems": _transacted,
}


# What DynamoDB refuses of a read by an index: a global index answers what it projects and nothing more.
# Measured on AWS: paritysuite/dynamodb-conformance, executeStatementIndex and indexReads. A local index
# fetches the other attributes from the table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Projections


def check_projected(table: Table | None, index: str, attributes: Iterable[str]) -> None:
    """Raise what DynamoDB answers where a request names attributes that the global index does not project."""
    projected = dict(table.projected).get(index) if table is not None and index else None
    if table is None or projected is None:
        return
    missing = [name for name in attributes if name not in projected and name not in table.key_attributes]
    if missing:
        raise refused(f"Global secondary index {index} does not project [{', '.join(missing)}]")


def check_index(table: Table | None, index: str) -> None:
    """Raise what DynamoDB answers to a read by an index that the table has not."""
    # As dynalite's tests have it, which run against AWS too; in PartiQL no name is told.
    if table is not None and table.key_attributes and index and index not in table.index_keys:
        raise invalid(f"The table does not have the specified index: {index}")


def check_filter(params: Params, keys: Iterable[str]) -> None:
    """Raise what DynamoDB refuses of a Query's filter: it names no attribute of the key that is queried.

    Measured by dynalite's tests, which run against AWS too.
    """
    names = params.get("ExpressionAttributeNames") or {}
    expression = params.get("FilterExpression") or ""
    filtered = [names.get(name, name) for name in attributes_of("FilterExpression", expression)]
    for what, named in (("Filter Expression", filtered), ("QueryFilter", params.get("QueryFilter") or {})):
        for key in [name for name in keys if name in named]:
            text = "can only contain non-primary key attributes: Primary key attribute"
            raise invalid(f"{what} {text}: {key}")


def check_consistent(table: Table | None, index: str) -> None:
    """Raise what DynamoDB answers to a statement that reads a global index consistently."""
    if table is not None and index in table.index_keys and index not in table.local_indexes:
        # Measured on AWS: paritysuite/dynamodb-conformance, indexReads.
        raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
