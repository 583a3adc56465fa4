"""Tables that DynamoDB does not make are not made on moto, and those that it makes are.

What is refused, and in which words, is in tests/unit/calls/rules/test_new_tables.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import REGION
from helpers.tables import ARN, Params, error
from unit.calls.rules.test_new_tables import REFUSED, TAKEN

OF_MOTO: dict[str, tuple[Params, str]] = {
    "a replica from its side": (
        {"TableName": "made", "GlobalTableSourceArn": ARN.replace(REGION, "eu-west-1")},
        "pytest-kmslab makes no table on moto from a table elsewhere: leave `GlobalTableSourceArn` out",
    ),
    **{
        name: REFUSED[name]
        for name in (
            *("no keys", "three keys", "key that is not defined", "no global indexes"),
            *("another SSEType", "a reserved tag", "another Region's ARN"),
        )
    },
}


@pytest.mark.parametrize(("params", "text"), OF_MOTO.values(), ids=OF_MOTO)
def test_no_such_table_is_made(unchecked: Any, params: Params, text: str) -> None:
    assert error(unchecked.create_table, params) == ("ValidationException", text)
    assert unchecked.list_tables()["TableNames"] == []


@pytest.mark.parametrize("params", TAKEN.values(), ids=TAKEN)
def test_such_a_table_is_made(unchecked: Any, params: Params) -> None:
    unchecked.create_table(**params)
    assert unchecked.list_tables()["TableNames"] == ["orders"]
