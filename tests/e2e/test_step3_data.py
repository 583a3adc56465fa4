"""Step 3: an item, seen by those who may, without a word about encryption."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from e2e.item_calls import ITEM, ITEM_CALLS

from pytest_kmslab import DynamoDBTable, IamUser, allowed

Client = Callable[[IamUser, str], Any]


def test_a_key_user_adds_an_item_and_sees_it(
    encrypted_table: DynamoDBTable, client: Client, key_user: IamUser
) -> None:
    dynamodb = client(key_user, "dynamodb")
    with allowed():
        dynamodb.put_item(TableName=encrypted_table.name, Item=ITEM)
        assert ITEM_CALLS["Scan"](dynamodb, encrypted_table.name)["Items"] == [ITEM]
        assert ITEM_CALLS["Query"](dynamodb, encrypted_table.name)["Items"] == [ITEM]
        assert ITEM_CALLS["GetItem"](dynamodb, encrypted_table.name)["Item"] == ITEM


@pytest.mark.usefixtures("encrypted_item")
def test_a_key_user_may_do_everything_with_items(
    encrypted_table: DynamoDBTable, client: Client, key_user: IamUser, subtests: pytest.Subtests
) -> None:
    for operation, call in ITEM_CALLS.items():
        with subtests.test(operation), allowed():
            call(client(key_user, "dynamodb"), encrypted_table.name)
