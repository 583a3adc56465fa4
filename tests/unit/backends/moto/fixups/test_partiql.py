"""PartiQL and UpdateItem write the item that was decided on and no other, and read as they were decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.owned_items import ITEMS, WAYS, error, held

NOT_PINNED = "Where clause does not contain a mandatory equality on all key attributes"
KEY_CHANGED = (
    "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"
)


UNPINNED = (
    "UPDATE orders SET v = 'x'",
    "UPDATE orders SET v = 'x' WHERE id = 'mine'",
    "UPDATE orders SET v = 'x' WHERE r = '1'",
    "UPDATE orders SET v = 'x' WHERE id = 'mine' OR r = '1'",
    "UPDATE orders SET v = 'x' WHERE id = 'mine' AND r > '0'",
    "UPDATE orders SET v = 'x' WHERE id IN ['mine'] AND r = '1'",
    "UPDATE orders SET v = 'x' WHERE NOT id = 'mine' AND r = '1'",
    "UPDATE orders REMOVE v WHERE id = 'mine' AND begins_with(r, '1')",
    "DELETE FROM orders",
    "DELETE FROM orders WHERE id BETWEEN 'a' AND 'z'",
    "DELETE FROM orders WHERE id = 'mine'",
    "DELETE FROM orders WHERE id <> 'mine' AND r = '1'",
    "DELETE FROM orders WHERE (id = 'mine' AND r = '1') OR (id = 'yours' AND r = '1')",
    "DELETE FROM orders WHERE id = 'mine' AND id = 'yours' AND r = '1'",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", UNPINNED)
def test_a_write_names_one_whole_key(root: Any, way: str, text: str) -> None:
    assert error(lambda: WAYS[way](root, text)) == ("ValidationException", NOT_PINNED)
    assert held(root) == ITEMS


@pytest.mark.parametrize("text", UNPINNED)
def test_a_write_of_a_batch_names_one_whole_key(root: Any, text: str) -> None:
    good = "UPDATE orders SET w = 'x' WHERE id = 'mine' AND r = '1'"
    answer = root.batch_execute_statement(Statements=[{"Statement": text}, {"Statement": good}])["Responses"]
    assert answer[0]["Error"] == {"Code": "ValidationError", "Message": NOT_PINNED}
    assert "Error" not in answer[1]
    assert held(root) == [{**ITEMS[0], "w": {"S": "x"}}, ITEMS[1]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "change", ["SET id = 'yours'", "SET v = 'x', id = 'yours'", "SET v = 'x' SET \"id\" = ?", "REMOVE id"]
)
def test_a_statement_changes_no_key(root: Any, mine: Any, way: str, change: str) -> None:
    text = f"UPDATE orders {change.replace('?', chr(39) + 'yours' + chr(39))} WHERE id = 'mine' AND r = '1'"
    for client in (root, mine):
        assert error(lambda client=client: WAYS[way](client, text)) == ("ValidationException", KEY_CHANGED)
    assert held(root) == ITEMS


def test_a_name_of_another_case_is_another_attribute(root: Any) -> None:
    root.execute_statement(Statement="UPDATE orders SET ID = 'yours' WHERE id = 'mine' AND r = '1'")
    assert held(root) == [{**ITEMS[0], "ID": {"S": "yours"}}, ITEMS[1]]


KEY = {"id": {"S": "mine"}, "r": {"S": "1"}}
UPDATES: dict[str, dict[str, Any]] = {
    "by old parameter": {"AttributeUpdates": {"id": {"Action": "PUT", "Value": {"S": "yours"}}}},
    "by old parameter, deleted": {"AttributeUpdates": {"id": {"Action": "DELETE"}}},
    "set": {"UpdateExpression": "SET v = :v, id = :v", "ExpressionAttributeValues": {":v": {"S": "yours"}}},
    "set by a placeholder": {
        "UpdateExpression": "set #k=:v",
        "ExpressionAttributeNames": {"#k": "id"},
        "ExpressionAttributeValues": {":v": {"S": "yours"}},
    },
    "removed": {"UpdateExpression": "REMOVE v, id"},
    "added to": {"UpdateExpression": "ADD id :v", "ExpressionAttributeValues": {":v": {"N": "1"}}},
    "set after a function": {
        "UpdateExpression": "SET v = if_not_exists(v, :v), id = :v",
        "ExpressionAttributeValues": {":v": {"S": "yours"}},
    },
}


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
def test_update_item_changes_no_key(root: Any, mine: Any, update: dict[str, Any]) -> None:
    for client in (root, mine):
        assert error(lambda client=client: client.update_item(TableName="orders", Key=KEY, **update)) == (
            "ValidationException",
            KEY_CHANGED,
        )
    assert held(root) == ITEMS


def test_an_update_of_a_transaction_changes_no_key(root: Any) -> None:
    update = {"TableName": "orders", "Key": KEY, **UPDATES["set"]}
    assert error(lambda: root.transact_write_items(TransactItems=[{"Update": update}]))[0] in (
        "ValidationException",
        "TransactionCanceledException",
    )
    assert held(root) == ITEMS


@pytest.mark.parametrize(
    "key", [{"id": {"S": "mine"}}, {**KEY, "v": {"S": "mine"}}, {"id": {"S": "mine"}, "v": {"S": "1"}}]
)
@pytest.mark.parametrize("operation", ["get_item", "delete_item", "update_item"])
def test_a_key_is_the_whole_key(root: Any, operation: str, key: dict[str, Any]) -> None:
    told = error(lambda: getattr(root, operation)(TableName="orders", Key=key))
    assert told == ("ValidationException", "The provided key element does not match the schema")
    assert held(root) == ITEMS


INSERT = "INSERT INTO orders VALUE {'id': 'yours', 'r': '1', 'v': 'x'}"
DUPLICATE = "Duplicate primary key exists in table"


def test_insert_leaves_an_item_that_is_there(root: Any) -> None:
    assert error(lambda: root.execute_statement(Statement=INSERT)) == ("DuplicateItemException", DUPLICATE)
    answer = root.batch_execute_statement(Statements=[{"Statement": INSERT}])["Responses"]
    assert answer[0]["Error"] == {"Code": "DuplicateItem", "Message": DUPLICATE}
    told = error(lambda: root.execute_transaction(TransactStatements=[{"Statement": INSERT}]))
    assert told[0] == "TransactionCanceledException"
    assert "[DuplicateItem]" in told[1]
    assert held(root) == ITEMS


@pytest.mark.parametrize(
    "item",
    ["{'r': '1'}", "{'id': 'x'}", "{'id': 'm' || 'ine', 'r': '1'}", "{'id': 'mine', 'id': 'x', 'r': '1'}"],
)
def test_insert_names_the_whole_key(root: Any, item: str) -> None:
    assert (
        error(lambda: root.execute_statement(Statement=f"INSERT INTO orders VALUE {item}"))[0]
        == "ValidationException"
    )
    assert held(root) == ITEMS


def test_what_aws_takes(root: Any, mine: Any) -> None:
    run = mine.execute_statement
    run(
        Statement="INSERT INTO orders VALUE "
        "{'id': 'mine', 'r': '2', 'tags': <<'a', 'b'>>, 'l': [1, {'m': TRUE}]}"
    )
    made = {"id": {"S": "mine"}, "r": {"S": "2"}}
    found = root.get_item(TableName="orders", Key=made)["Item"]
    assert sorted(found.pop("tags")["SS"]) == ["a", "b"]
    assert found == {**made, "l": {"L": [{"N": "1"}, {"M": {"m": {"BOOL": True}}}]}}
    run(Statement="INSERT INTO orders VALUE ?", Parameters=[{"M": {"id": {"S": "mine"}, "r": {"S": "3"}}}])
    run(Statement="UPDATE orders SET v = 20 WHERE r = '1' AND id = 'mine'")
    run(
        Statement='UPDATE "orders" SET n = n + 1, v = ? SET w = \'y\' REMOVE u WHERE ("id" = ? AND r = ?)',
        Parameters=[{"S": "x"}, {"S": "mine"}, {"S": "1"}],
    )
    item = {"id": {"S": "mine"}, "r": {"S": "1"}, "v": {"S": "x"}, "n": {"N": "4"}, "w": {"S": "y"}}
    assert root.get_item(TableName="orders", Key=KEY)["Item"] == item
    answer = run(
        Statement="UPDATE orders SET n = 5 WHERE ((id='mine') AND (r='1') AND v <> 'y') "
        "RETURNING MODIFIED NEW *"
    )
    assert answer["Items"] == [{"n": {"N": "5"}}]
    text = "DELETE FROM orders WHERE id = 'mine' AND '2' = r RETURNING ALL OLD *"
    assert run(Statement=text)["Items"][0]["r"] == {"S": "2"}
    run(Statement=text)
    assert [(item["id"]["S"], item["r"]["S"]) for item in held(root)] == [
        ("mine", "1"),
        ("mine", "3"),
        ("yours", "1"),
    ]


def test_a_condition_that_fails_changes_nothing(root: Any) -> None:
    for text in (
        "UPDATE orders SET v = 'x' WHERE id = 'mine' AND r = '1' AND n > 5",
        "UPDATE orders SET v = 'x' WHERE id = 'mine' AND r = '1' AND u IS NOT MISSING",
        "UPDATE orders SET v = 'x' WHERE id = 'mine' AND r = '9'",
        "DELETE FROM orders WHERE id = 'mine' AND r = '1' AND NOT contains(v, 'mi')",
    ):
        assert error(lambda text=text: root.execute_statement(Statement=text)) == (
            "ConditionalCheckFailedException",
            "The conditional request failed",
        )
    assert held(root) == ITEMS


def test_a_transaction_of_statements_is_one(root: Any) -> None:
    texts = [
        "UPDATE orders SET v = 'x' WHERE id = 'mine' AND r = '1'",
        "UPDATE orders SET v = 'x' WHERE id = 'no' AND r = '1'",
    ]
    told = error(lambda: root.execute_transaction(TransactStatements=[{"Statement": text} for text in texts]))
    assert told[0] == "TransactionCanceledException"
    assert held(root) == ITEMS
    check = "EXISTS(SELECT * FROM orders WHERE id = 'yours' AND r = '1' AND n = 3)"
    root.execute_transaction(TransactStatements=[{"Statement": text} for text in (texts[0], check)])
    assert held(root)[0]["v"] == {"S": "x"}


@pytest.mark.parametrize(
    ("where", "owners"),
    [
        ("id = 'mine'", ["mine"]),
        ("('mine' = id)", ["mine"]),
        ("(('mine' = id) AND n = 3)", ["mine"]),
        ("id IN ['mine', 'x']", ["mine"]),
        ("id = 'mine' AND n BETWEEN 4 AND 9", []),
        ("id = 'mine' AND size(v) = 4", ["mine"]),
        ("n = 3 AND NOT id = 'mine'", ["yours"]),
        ("begins_with(\"id\", 'y')", ["yours"]),
        ("v IS MISSING OR n < 4", ["mine", "yours"]),
    ],
)
def test_a_select_reads_what_its_condition_says(root: Any, where: str, owners: list[str]) -> None:
    items = root.execute_statement(Statement=f"SELECT id, v FROM orders WHERE {where}")["Items"]
    assert sorted(items, key=str) == [{"id": {"S": owner}, "v": {"S": owner}} for owner in owners]


def test_a_select_in_pages(root: Any) -> None:
    first = root.execute_statement(Statement="SELECT id FROM orders", Limit=1)
    rest = root.execute_statement(Statement="SELECT id FROM orders", Limit=1, NextToken=first["NextToken"])
    assert sorted(item["id"]["S"] for item in first["Items"] + rest["Items"]) == ["mine", "yours"]
    assert "NextToken" not in rest


ONE_READ = "Select statements within {} must specify the primary key in the where clause."
WHOLE_KEY = "WHERE id = 'mine' AND r = '1'"
REFUSED = {
    "EXISTS(SELECT * FROM orders WHERE id = 'mine' AND r = '1' AND v = 'mine')": (
        "EXISTS can only be used in ExecuteTransaction write requests."
    ),
    "SELECT size(v) FROM orders": "Unexpected path component at 1:8:4",
    "SELECT COUNT(*) FROM orders": "Unexpected path component at 1:8:5",
    "SELECT id, * FROM orders": "Other attributes should not be present in the projection when '*' is used.",
    f"DELETE FROM orders.byn {WHOLE_KEY}": "This operation is not supported on an index",
    f"UPDATE orders.byn SET v = 'x' {WHOLE_KEY}": "This operation is not supported on an index",
    f"UPDATE orders SET v = ? {WHOLE_KEY}": "Number of parameters in request and statement don't match.",
    "INSERT INTO orders VALUE << {'id': 'mine', 'r': '2'} >>": (
        "Unsupported operation: Inserting multiple items in a single statement is not supported, "
        'use "INSERT INTO tableName VALUE item" instead'
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_statement_is_refused_in_the_words_of_dynamodb(root: Any, text: str) -> None:
    assert error(lambda: root.execute_statement(Statement=text)) == ("ValidationException", REFUSED[text])
    assert held(root) == ITEMS


def transact(db: Any, *texts: str) -> Any:
    return db.execute_transaction(TransactStatements=[{"Statement": text} for text in texts])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM orders WHERE id = 'mine'", ONE_READ.format("ExecuteTransaction")),
        (f"SELECT * FROM orders {WHOLE_KEY} AND v = 'x'", ONE_READ.format("ExecuteTransaction")),
        (f"SELECT * FROM orders.byn {WHOLE_KEY}", "Reads on indices are not supported within transactions."),
        (
            f"EXISTS(SELECT * FROM orders {WHOLE_KEY})",
            "EXISTS() must contain a single item read with additional condition",
        ),
    ],
)
def test_a_transaction_reads_single_items(root: Any, text: str, told: str) -> None:
    assert error(lambda: transact(root, f"SELECT * FROM orders {WHOLE_KEY}", text)) == (
        "ValidationException",
        f"Validation failed in TransactStatements[1]: {told}",
    )


def test_a_transaction_reads_or_writes(root: Any) -> None:
    read, write = f"SELECT * FROM orders {WHOLE_KEY}", f"UPDATE orders SET w = 'x' {WHOLE_KEY}"
    assert error(lambda: transact(root, read, write))[0] == "ValidationException"
    assert held(root) == ITEMS
    assert transact(root, read)["Responses"] == [{"Item": ITEMS[0]}]
    check = "EXISTS(SELECT * FROM orders WHERE id = 'yours' AND r = '1' AND v = 'yours')"
    assert transact(root, check, write)["Responses"] == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders WHERE id = 'mine'",
        f"SELECT * FROM orders {WHOLE_KEY} AND v = 'x'",
        f"SELECT * FROM orders.byn {WHOLE_KEY}",
    ],
)
def test_a_batch_reads_single_items(root: Any, text: str) -> None:
    (answer,) = root.batch_execute_statement(Statements=[{"Statement": text}])["Responses"]
    message = ONE_READ.format("BatchExecuteStatement")
    assert answer == {"Error": {"Code": "ValidationError", "Message": message}}


def test_a_batch_answers_a_statement_that_is_refused_in_its_place(root: Any) -> None:
    texts = ("SELECT * FROM orders t WHERE id = 'mine'", f"SELECT * FROM orders {WHOLE_KEY}")
    refused, read = root.batch_execute_statement(Statements=[{"Statement": text} for text in texts])[
        "Responses"
    ]
    assert refused == {"Error": {"Code": "ValidationError", "Message": "Aliasing is not supported"}}
    assert read == {"TableName": "orders", "Item": ITEMS[0]}


NAMELESS = {"id": {"S": ""}, "r": {"S": "1"}}
TO_NOBODY: dict[str, Callable[[Any], Any]] = {
    "GetItem": lambda db: db.get_item(TableName="orders", Key=NAMELESS),
    "PutItem": lambda db: db.put_item(TableName="orders", Item=NAMELESS),
    "UpdateItem": lambda db: db.update_item(TableName="orders", Key=NAMELESS),
    "DeleteItem": lambda db: db.delete_item(TableName="orders", Key=NAMELESS),
    "BatchGetItem": lambda db: db.batch_get_item(RequestItems={"orders": {"Keys": [NAMELESS]}}),
    "BatchWriteItem": lambda db: db.batch_write_item(
        RequestItems={"orders": [{"PutRequest": {"Item": NAMELESS}}]}
    ),
    "TransactWriteItems": lambda db: db.transact_write_items(
        TransactItems=[{"Put": {"TableName": "orders", "Item": NAMELESS}}]
    ),
    "INSERT": lambda db: db.execute_statement(Statement="INSERT INTO orders VALUE {'id': '', 'r': '1'}"),
    "INSERT of a parameter": lambda db: db.execute_statement(
        Statement="INSERT INTO orders VALUE ?", Parameters=[{"M": NAMELESS}]
    ),
    "DELETE": lambda db: db.execute_statement(
        Statement="DELETE FROM orders WHERE id = ? AND r = '1'", Parameters=[{"S": ""}]
    ),
}


@pytest.mark.parametrize("act", TO_NOBODY.values(), ids=TO_NOBODY)
def test_an_empty_key_is_nobodys(root: Any, mine: Any, act: Callable[[Any], Any]) -> None:
    text = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id"  # noqa: E501
    assert error(lambda: act(mine)) == ("ValidationException", text)
    assert held(root) == ITEMS


OTHER_TYPE = {"id": {"S": "mine"}, "r": {"N": "1"}}
NOT_THE_KEY = "The provided key element does not match the schema"


@pytest.mark.parametrize("key", [OTHER_TYPE, {"id": {"S": "mine"}}, {**ITEMS[0]}])
def test_a_key_of_another_shape_cancels_a_transaction(root: Any, key: Any) -> None:
    writes = [
        {"Put": {"TableName": "orders", "Item": ITEMS[1]}},
        {"Delete": {"TableName": "orders", "Key": key}},
    ]
    with pytest.raises(root.exceptions.TransactionCanceledException) as caught:
        root.transact_write_items(TransactItems=writes)
    reasons = caught.value.response["CancellationReasons"]
    assert reasons == [{"Code": "None"}, {"Code": "ValidationError", "Message": NOT_THE_KEY}]
    for act in (root.get_item, root.delete_item, root.update_item):
        assert error(lambda act=act: act(TableName="orders", Key=key)) == ("ValidationException", NOT_THE_KEY)


def test_an_item_whose_key_is_of_another_type_is_refused(root: Any) -> None:
    text = "One or more parameter values were invalid: Type mismatch for key r expected: S actual: N"
    assert error(lambda: root.put_item(TableName="orders", Item=OTHER_TYPE)) == ("ValidationException", text)
