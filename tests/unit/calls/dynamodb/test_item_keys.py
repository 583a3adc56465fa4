"""What DynamoDB refuses of the key of an item: measured, paritysuite/dynamodb-conformance, error-messages."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount

from pytest_kmslab.calls.api_call import ServiceError

KEY = {"id": {"S": "a"}, "r": {"N": "1"}}
PREFIX = "One or more parameter values were invalid: "
NOT_THE_KEY = "The provided key element does not match the schema"
EMPTY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
    "empty string value. Key: id"
)
EMPTY_BINARY = EMPTY.replace("string", "binary")
NOT_PINNED = "Where clause does not contain a mandatory equality on all key attributes"
WHERE = "WHERE id = 'a' AND r = 1"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", hash_key="id", range_key="r", key_types=("S", "N"), index_keys={"by-day": "day"})
    return view


def refused(operation: str, params: dict[str, Any], view: FakeAccount) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        asked(operation, params, view)
    return error.value


WRONG_KEYS = [
    ({"id": {"S": "a"}}, NOT_THE_KEY),
    ({**KEY, "x": {"S": "y"}}, NOT_THE_KEY),
    ({"id": {"S": "a"}, "x": {"N": "1"}}, NOT_THE_KEY),
    ({"id": {"N": "1"}, "r": {"N": "1"}}, NOT_THE_KEY),
    ({"id": "a", "r": {"N": "1"}}, NOT_THE_KEY),
    ({"id": {"S": ""}, "r": {"N": "1"}}, EMPTY),
    ({"id": {"B": b""}, "r": {"N": "1"}}, EMPTY_BINARY),
]
LONG_HASH = f"{PREFIX}Size of hashkey has exceeded the maximum size limit of2048 bytes"
LONG_SORT = f"{PREFIX}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
WRONG_ITEMS = [
    ({"id": {"S": "a"}}, f"{PREFIX}Missing the key r in the item"),
    ({"r": {"N": "1"}, "v": {"S": "x"}}, f"{PREFIX}Missing the key id in the item"),
    ({**KEY, "r": {"S": "1"}}, f"{PREFIX}Type mismatch for key r expected: N actual: S"),
    ({**KEY, "id": {"S": ""}}, EMPTY),
]


@pytest.mark.parametrize(("key", "text"), WRONG_KEYS)
@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
def test_a_key_is_the_tables_key(operation: str, key: Any, text: str, view: FakeAccount) -> None:
    error = refused(operation, {"TableName": "orders", "Key": key}, view)
    assert (error.code, error.message) == ("ValidationException", text)
    assert asked(operation, {"TableName": "orders", "Key": KEY}, view)


@pytest.mark.parametrize(("item", "text"), WRONG_ITEMS)
def test_an_item_has_its_key(item: Any, text: str, view: FakeAccount) -> None:
    error = refused("PutItem", {"TableName": "orders", "Item": item}, view)
    assert (error.code, error.message) == ("ValidationException", text)
    assert asked("PutItem", {"TableName": "orders", "Item": {**KEY, "v": {"S": ""}}}, view)


@pytest.mark.parametrize(
    ("write", "text"),
    [
        *(({"DeleteRequest": {"Key": key}}, text) for key, text in WRONG_KEYS),
        ({"PutRequest": {"Item": {"id": {"S": "a"}}}}, NOT_THE_KEY),
        ({"PutRequest": {"Item": {**KEY, "id": {"S": ""}}}}, EMPTY),
    ],
)
def test_the_parts_of_a_batch(write: Any, text: str, view: FakeAccount) -> None:
    error = refused("BatchWriteItem", {"RequestItems": {"orders": [write]}}, view)
    assert (error.code, error.message) == ("ValidationException", text)


@pytest.mark.parametrize(
    "parts",
    [
        [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}],
        [{"DeleteRequest": {"Key": KEY}}, {"DeleteRequest": {"Key": KEY}}],
    ],
)
def test_a_batch_names_an_item_once(parts: list[Any], view: FakeAccount) -> None:
    twice = "Provided list of item keys contains duplicates"
    assert refused("BatchWriteItem", {"RequestItems": {"orders": parts}}, view).message == twice
    read = {"RequestItems": {"orders": {"Keys": [KEY, KEY]}}}
    assert refused("BatchGetItem", read, view).message == twice
    other = {"id": {"S": "b"}, "r": {"N": "1"}}
    assert asked(
        "BatchWriteItem", {"RequestItems": {"orders": [parts[0], {"PutRequest": {"Item": other}}]}}, view
    )


def test_a_part_that_does_not_fit_cancels_the_transaction(view: FakeAccount) -> None:
    parts = [
        {"Put": {"TableName": "orders", "Item": KEY}},
        {"Delete": {"TableName": "orders", "Key": {"id": {"S": "a"}}}},
    ]
    error = refused("TransactWriteItems", {"TransactItems": parts}, view)
    assert (error.code, error.message) == (
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ValidationError]",
    )
    reasons = [{"Code": "None"}, {"Code": "ValidationError", "Message": NOT_THE_KEY}]
    assert error.members == {"CancellationReasons": reasons}


@pytest.mark.parametrize(
    "change",
    [
        {"UpdateExpression": "SET id = :i", "ExpressionAttributeValues": {":i": {"S": "b"}}},
        {
            "UpdateExpression": "SET #k = :i",
            "ExpressionAttributeNames": {"#k": "id"},
            "ExpressionAttributeValues": {":i": {"S": "b"}},
        },
        {"AttributeUpdates": {"id": {"Action": "PUT", "Value": {"S": "b"}}}},
    ],
)
def test_a_key_is_not_changed(change: dict[str, Any], view: FakeAccount) -> None:
    text = f"{PREFIX}Cannot update attribute id. This attribute is part of the key"
    assert refused("UpdateItem", {"TableName": "orders", "Key": KEY, **change}, view).message == text


@pytest.mark.parametrize(
    ("statement", "values", "text"),
    [
        ("DELETE FROM orders WHERE id = 'a'", [], NOT_PINNED),
        ("UPDATE orders SET v = 1 WHERE r = 1", [], NOT_PINNED),
        (
            f"UPDATE orders SET id = 'b' {WHERE}",
            [],
            f"{PREFIX}Cannot update attribute id. This attribute is part of the key",
        ),
        (f'DELETE FROM orders."by-day" {WHERE}', [], "This operation is not supported on an index"),
        ("DELETE FROM orders WHERE id = '' AND r = 1", [], EMPTY),
        ("DELETE FROM orders WHERE id = ? AND r = 1", [{"S": ""}], EMPTY),
        ("INSERT INTO orders VALUE {'id': 'a'}", [], f"{PREFIX}Missing the key r in the item"),
        ("INSERT INTO orders VALUE {'id': '', 'r': 1}", [], EMPTY),
        ("INSERT INTO orders VALUE ?", [{"M": {"id": {"S": "a"}}}], f"{PREFIX}Missing the key r in the item"),
        ("INSERT INTO orders VALUE ?", [{"S": "x"}], f"{PREFIX}Missing the key id in the item"),
        (
            "SELECT * FROM orders WHERE id = ?",
            [],
            "Number of parameters in request and statement don't match.",
        ),
        (
            "EXISTS(SELECT * FROM orders WHERE id = 'a' AND r = 1 AND v = 2)",
            [],
            "EXISTS can only be used in ExecuteTransaction write requests.",
        ),
    ],
)
def test_statements(statement: str, values: list[Any], text: str, view: FakeAccount) -> None:
    given = {"Statement": statement, **({"Parameters": values} if values else {})}
    error = refused("ExecuteStatement", given, view)
    assert (error.code, error.message) == ("ValidationException", text)


ONE_READ = "Select statements within ExecuteTransaction must specify the primary key in the where clause."


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        ([f"SELECT * FROM orders {WHERE}", "SELECT * FROM orders WHERE id = 'a'"], f"[1]: {ONE_READ}"),
        ([f"SELECT * FROM orders {WHERE} AND v = 1"], f"[0]: {ONE_READ}"),
        (
            [f'SELECT * FROM orders."by-day" {WHERE}'],
            "[0]: Reads on indices are not supported within transactions.",
        ),
        (
            [f"EXISTS(SELECT * FROM orders {WHERE})"],
            "[0]: EXISTS() must contain a single item read with additional condition",
        ),
        (
            ["EXISTS(SELECT * FROM orders WHERE id = 'a' AND v = 1)"],
            "[0]: EXISTS() must contain a single item read with additional condition",
        ),
        (
            [f'EXISTS(SELECT * FROM orders."by-day" {WHERE} AND v = 1)'],
            "[0]: Operations on indices are not supported in transactions",
        ),
    ],
)
def test_statements_of_a_transaction(statements: list[str], text: str, view: FakeAccount) -> None:
    entries = [{"Statement": statement} for statement in statements]
    error = refused("ExecuteTransaction", {"TransactStatements": entries}, view)
    assert error.message == f"Validation failed in TransactStatements{text}"


def test_a_transaction_reads_or_writes(view: FakeAccount) -> None:
    read, write = f"SELECT * FROM orders {WHERE}", f"DELETE FROM orders {WHERE}"
    check = f"EXISTS(SELECT * FROM orders {WHERE} AND v = 1)"

    def entries(*texts: str) -> dict[str, Any]:
        return {"TransactStatements": [{"Statement": text} for text in texts]}

    error = refused("ExecuteTransaction", entries(read, write), view)
    assert error.message.startswith("A transaction is made of reads or of writes")
    assert len(asked("ExecuteTransaction", entries(read, read), view)) == 2
    assert len(asked("ExecuteTransaction", entries(check, write), view)) == 2


@pytest.mark.parametrize(
    ("sort", "key", "text"),
    [
        ("S", {"id": {"S": "x" * 2048}, "r": {"S": "y" * 1024}}, ""),
        ("B", {"id": {"S": "\u00e9" * 1024}, "r": {"B": b"y" * 1024}}, ""),
        ("B", {"id": {"S": "a"}, "r": {"B": "eXl5" * 341}}, ""),
        ("S", {"id": {"S": "x" * 2049}, "r": {"S": "y"}}, LONG_HASH),
        ("S", {"id": {"S": "\u00e9" * 1025}, "r": {"S": "y"}}, LONG_HASH),
        ("S", {"id": {"S": "a"}, "r": {"S": "y" * 1025}}, LONG_SORT),
        ("B", {"id": {"S": "a"}, "r": {"B": b"y" * 1025}}, LONG_SORT),
        ("B", {"id": {"S": "a"}, "r": {"B": "eXl5" * 342}}, LONG_SORT),
    ],
)
@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem", "TransactGetItems", "PutItem"])
def test_a_key_has_so_many_bytes(operation: str, sort: str, key: Any, text: str) -> None:
    """The texts are dynalite's, whose tests were run against AWS; moto looks at writes only."""
    view = FakeAccount()
    view.add_table("orders", hash_key="id", range_key="r", key_types=("S", sort))
    forms = {
        "GetItem": {"TableName": "orders", "Key": key},
        "BatchGetItem": {"RequestItems": {"orders": {"Keys": [key]}}},
        "TransactGetItems": {"TransactItems": [{"Get": {"TableName": "orders", "Key": key}}]},
        "PutItem": {"TableName": "orders", "Item": key},
    }
    if text:
        assert refused(operation, forms[operation], view).message == text
    else:
        assert asked(operation, forms[operation], view)


SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
WITH_KEY = {"TableName": "orders", "Key": KEY}
BY_KEY = {"TableName": "orders", "KeyConditionExpression": "id = :a"}
VALUE = {"ExpressionAttributeValues": {":a": {"S": "a"}}}
NAME = {"ExpressionAttributeNames": {"#i": "id"}}


@pytest.mark.parametrize(
    ("operation", "params", "of"),
    [
        ("GetItem", {**WITH_KEY, "ProjectionExpression": "#i.b", **NAME}, "Key: id"),
        ("GetItem", {**WITH_KEY, "ProjectionExpression": "team[0]"}, "IndexKey: team"),
        (
            "BatchGetItem",
            {"RequestItems": {"orders": {"Keys": [KEY], "ProjectionExpression": "r[1]"}}},
            "Key: r",
        ),
        ("Scan", {"TableName": "orders", "FilterExpression": "attribute_exists(id.b.c)"}, "Key: id"),
        ("Query", {**BY_KEY, **VALUE, "FilterExpression": "team[1] = :a"}, "IndexKey: team"),
        ("UpdateItem", {**WITH_KEY, "UpdateExpression": "SET team.x = :a", **VALUE}, "IndexKey: team"),
        ("UpdateItem", {**WITH_KEY, "UpdateExpression": "SET v = team[1]"}, "IndexKey: team"),
        ("UpdateItem", {**WITH_KEY, "UpdateExpression": "SET v.id = :a, w = team", **VALUE}, ""),
        ("GetItem", {**WITH_KEY, "ProjectionExpression": "id, v.id, v.team[0]"}, ""),
    ],
)
def test_a_key_has_no_parts(operation: str, params: dict[str, Any], of: str) -> None:
    """As dynalite's tests have it, which were run against AWS."""
    view = FakeAccount()
    schemas = (("by-team", (("team", "S"),)),)
    view.add_table("orders", hash_key="id", range_key="r", key_types=("S", "N"), index_schemas=schemas)
    if of:
        assert refused(operation, params, view).message == f"{SCALARS}{of}"
    else:
        assert asked(operation, params, view)
