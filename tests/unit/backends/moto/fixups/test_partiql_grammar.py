"""Statements laid out as DynamoDB takes them are decided and done as they say, on moto."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import TABLE, Account, allow
from helpers.owned_items import ITEMS, WAYS, error, held

LAID_OUT = (
    "FROM orders WHERE id = 'mine' AND r = '1' SET v = 'new'",
    "from orders\twhere r = '1' and id = 'mine' set v = 'new'",
    "-- one\nFROM orders /* two */ WHERE id = 'mine' -- three\nAND r = '1' SET v = 'new' /**/",
    "UPDATE orders SET v = 'new' -- WHERE id = 'yours'\nWHERE id = 'mine' AND r = '1'",
    "FROM orders WHERE id = 'mine' AND r = '1' AND attribute_exists(n) = true AND v IS STRING SET v = 'new'",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", LAID_OUT)
def test_an_update_is_laid_out_as_aws_takes_it(root: Any, mine: Any, text: str, way: str) -> None:
    """Measured on AWS: paritysuite/dynamodb-conformance, partiql/fromFirstUpdate and partiql/grammar."""
    WAYS[way](mine, text)

    assert [item["v"]["S"] for item in held(root)] == ["new", "yours"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", LAID_OUT)
def test_and_is_decided_by_the_item_it_names(root: Any, mine: Any, text: str, way: str) -> None:
    others = text.replace("'yours'", "'theirs'").replace("'mine'", "'yours'")

    assert error(lambda: WAYS[way](mine, others))[0] == "AccessDeniedException"
    assert held(root) == ITEMS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FROM orders SET v = 'x'", "ValidationException"),
        ("FROM orders WHERE v = 'mine' REMOVE v", "ValidationException"),
        ("FROM orders WHERE id = 'mine' AND r = '1' SET id = 'yours'", "ValidationException"),
        ("FROM orders WHERE id = 'mine' AND r = '9' SET v = 'x'", "ConditionalCheckFailedException"),
        (
            "FROM orders WHERE id = 'mine' AND r = '1' AND n = 4 SET v = 'x'",
            "ConditionalCheckFailedException",
        ),
        ("FROM nowhere WHERE id = 'mine' SET v = 'x'", "ResourceNotFoundException"),
    ],
)
def test_an_update_with_its_table_first_reaches_one_item(root: Any, text: str, code: str) -> None:
    assert error(lambda: root.execute_statement(Statement=text))[0] == code
    assert held(root) == ITEMS


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders WHERE v = ' FROM secret WHERE '",
        'SELECT "x FROM secret" FROM orders',
        "SELECT * FROM orders -- FROM secret",
        "SELECT preselect FROM\torders WHERE\rid IN ['yours', 'mine']",
    ],
)
def test_words_in_names_texts_and_comments_name_no_table(account: Account, root: Any, text: str) -> None:
    root.create_table(**{**TABLE, "TableName": "secret"})
    root.put_item(TableName="secret", Item={"id": {"S": "secret"}})
    orders = "arn:aws:dynamodb:*:*:table/orders"
    may = account.user("reader", allow("dynamodb:PartiQLSelect", Resource=orders))

    found = may.client("dynamodb").execute_statement(Statement=text)["Items"]

    assert {"id": {"S": "secret"}} not in found


@pytest.mark.parametrize(
    ("where", "owners"),
    [
        ("attribute_exists(n)", ["mine", "yours"]),
        ("NOT attribute_exists(n)", []),
        ("attribute_not_exists(nowhere) = true", ["mine", "yours"]),
        ("attribute_exists(n) = false", []),
        ("v IS STRING", ["mine", "yours"]),
        ("v IS BOOL", []),
        ("n IS NOT STRING", ["mine", "yours"]),
        ("n = .3e1", ["mine", "yours"]),
        ("n = 30E-1", ["mine", "yours"]),
    ],
)
def test_conditions_as_measured(root: Any, where: str, owners: list[str]) -> None:
    """Measured on AWS: paritysuite/dynamodb-conformance, partiql/whereFunctions and partiql/grammar."""
    found = root.execute_statement(Statement=f"SELECT * FROM orders WHERE {where}")["Items"]

    assert sorted(item["id"]["S"] for item in found) == owners


def test_a_transaction_says_which_statement_cannot_be_read(root: Any) -> None:
    texts = ["SELECT * FROM orders WHERE id = 'mine' AND r = '1'", "SELECT * FROM orders WHERE"]

    def act() -> Any:
        return root.execute_transaction(TransactStatements=[{"Statement": text} for text in texts])

    told = "Statement wasn't well formed, can't be processed: Unexpected term"
    assert error(act) == ("ValidationException", f"Validation failed in TransactStatements[1]: {told}")
