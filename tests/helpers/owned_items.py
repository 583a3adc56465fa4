"""A table with an item of each of two owners, and what tests of PartiQL do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.account import TABLE, Account, allow

MINE = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}
SORTED: dict[str, Any] = {
    **TABLE,
    "KeySchema": [*TABLE["KeySchema"], {"AttributeName": "r", "KeyType": "RANGE"}],  # type: ignore[misc]
    "AttributeDefinitions": [
        *TABLE["AttributeDefinitions"],  # type: ignore[misc]
        {"AttributeName": "r", "AttributeType": "S"},
    ],
}
ITEMS = [
    {"id": {"S": owner}, "r": {"S": "1"}, "v": {"S": owner}, "n": {"N": "3"}} for owner in ("mine", "yours")
]


def filled(account: Account) -> Any:
    """The root user's client, on a table with an item of each owner."""
    root = account.root.client("dynamodb")
    root.create_table(**SORTED)
    for item in ITEMS:
        root.put_item(TableName="orders", Item=item)
    return root


def owner_of_mine(account: Account) -> Any:
    """Somebody who may do everything with the items of `mine`."""
    return account.user("me", allow("dynamodb:*", Condition=MINE)).client("dynamodb")


def error(act: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def held(root: Any) -> list[Any]:
    return sorted(root.scan(TableName="orders")["Items"], key=lambda item: item["id"]["S"])


WAYS: dict[str, Callable[[Any, str], Any]] = {
    "alone": lambda db, text: db.execute_statement(Statement=text),
    "in a transaction": lambda db, text: db.execute_transaction(TransactStatements=[{"Statement": text}]),
}
