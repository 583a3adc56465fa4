"""A read answers what it names and no more: what it names is what was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account, allow

KEY = {"id": {"S": "1"}}
ITEM: dict[str, Any] = {**KEY, "team": {"S": "red"}, "secret": {"M": {"a": {"S": "x"}, "b": {"S": "y"}}}}
SOME = {
    "ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "team"]},
    "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
}
BY_ID = {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}}
GET = {"TableName": "orders", "Key": KEY}
BY_PLACEHOLDER = {"ProjectionExpression": "#k", "ExpressionAttributeNames": {"#k": "id"}}
STATEMENT = "SELECT id FROM orders WHERE id = '1'"
READS: dict[str, Callable[[Any], Any]] = {
    "GetItem": lambda db: db.get_item(**GET, AttributesToGet=["id"])["Item"],
    "GetItem by expression": lambda db: db.get_item(**GET, ProjectionExpression="id")["Item"],
    "Query": lambda db: db.query(TableName="orders", KeyConditions=BY_ID, AttributesToGet=["id"])["Items"][0],
    "Scan": lambda db: db.scan(TableName="orders", AttributesToGet=["id"])["Items"][0],
    "BatchGetItem": lambda db: db.batch_get_item(
        RequestItems={"orders": {"Keys": [KEY], "AttributesToGet": ["id"]}}
    )["Responses"]["orders"][0],
    "TransactGetItems": lambda db: db.transact_get_items(TransactItems=[{"Get": {**GET, **BY_PLACEHOLDER}}])[
        "Responses"
    ][0]["Item"],
    "ExecuteStatement": lambda db: db.execute_statement(Statement=STATEMENT)["Items"][0],
}


@pytest.fixture
def root(account: Account) -> Any:
    root = account.root.client("dynamodb")
    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "team", "AttributeType": "S"}]  # type: ignore[misc]
    index = {
        "IndexName": "by-team",
        "KeySchema": [{"AttributeName": "team", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    root.create_table(**{**TABLE, "AttributeDefinitions": attributes}, GlobalSecondaryIndexes=[index])
    root.put_item(TableName="orders", Item=ITEM)
    return root


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_nothing_more_comes_back_than_is_named(
    account: Account, root: Any, read: Callable[[Any], Any]
) -> None:
    assert read(account.user("ana", allow("dynamodb:*", Condition=SOME)).client("dynamodb")) == KEY


def test_all_comes_back_where_nothing_is_named(root: Any) -> None:
    assert root.get_item(**GET)["Item"] == ITEM
    assert root.transact_get_items(TransactItems=[{"Get": GET}])["Responses"][0]["Item"] == ITEM
    assert root.scan(TableName="orders")["Items"] == [ITEM]


def test_a_nested_part_of_a_transaction(root: Any) -> None:
    get = {**GET, "ProjectionExpression": "secret.a"}
    none = {**get, "Key": {"id": {"S": "2"}}}
    answer = root.transact_get_items(TransactItems=[{"Get": get}, {"Get": none}])["Responses"]
    assert answer == [{"Item": {"secret": {"M": {"a": {"S": "x"}}}}}, {}]


@pytest.mark.parametrize(
    "statement", ['SELECT * FROM "orders"."by-team"', 'SELECT * FROM "orders"."by-team" WHERE team = \'red\'']
)
def test_a_statement_reads_what_the_index_carries(root: Any, statement: str) -> None:
    assert root.execute_statement(Statement=statement)["Items"] == [{**KEY, "team": {"S": "red"}}]


def test_a_request_without_tls_says_so(account: Account, root: Any) -> None:
    shut = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = allow("dynamodb:*")
    session = account.user("ana", {**policy, "Statement": [*policy["Statement"], shut]})
    session.client("dynamodb").get_item(**GET)
    for way in ({"use_ssl": False}, {"endpoint_url": "http://dynamodb.us-east-1.amazonaws.com"}):
        with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
            session.client("dynamodb", **way).get_item(**GET)  # type: ignore[call-overload]


def test_dynamodb_asks_kms_by_tls(account: Account) -> None:
    key = account.key()
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    account.root.client("dynamodb").create_table(**TABLE, SSESpecification=specification)
    tls = {"Bool": {"aws:SecureTransport": "true"}}
    session = account.user("ana", allow("dynamodb:*"), allow("kms:Decrypt", Condition=tls))
    session.client("dynamodb", use_ssl=False).get_item(**GET)


def test_a_reserved_word_is_refused_in_a_transaction_too(root: Any) -> None:
    read = {**GET, "ProjectionExpression": "id, set"}
    with pytest.raises(ClientError, match="reserved keyword: set") as alone:
        root.get_item(**read)
    with pytest.raises(ClientError, match="reserved keyword: set") as together:
        root.transact_get_items(TransactItems=[{"Get": read}])
    assert [error.value.response["Error"]["Code"] for error in (alone, together)] == [
        "ValidationException"
    ] * 2
