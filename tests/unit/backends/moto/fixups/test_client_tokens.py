"""Requests with a token: done once, and refused where they are another by then.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account
from helpers.asserts import code

MISMATCH = "IdempotentParameterMismatchException"
KEY = {"id": {"S": "1"}}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    client = account.root.client("dynamodb")
    client.create_table(**TABLE)
    client.put_item(TableName="orders", Item={**KEY, "n": {"N": "0"}})
    return client


def count(client: Any) -> str:
    return str(client.get_item(TableName="orders", Key=KEY)["Item"]["n"]["N"])


def by_expression(client: Any, number: int, token: str) -> Any:
    update = {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": {"N": str(number)}},
    }
    return client.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=token)


def by_statement(client: Any, number: int, token: str) -> Any:
    statement = {"Statement": "UPDATE orders SET n=n+? WHERE id='1'", "Parameters": [{"N": str(number)}]}
    return client.execute_transaction(TransactStatements=[statement], ClientRequestToken=token)


@pytest.mark.parametrize("add", [by_expression, by_statement])
def test_a_transaction_is_done_once_for_ten_minutes(add: Any, account: Account, dynamodb: Any) -> None:
    add(dynamodb, 1, "token")
    add(dynamodb, 1, "token")
    assert count(dynamodb) == "1"
    assert code(lambda: add(dynamodb, 2, "token")) == MISMATCH
    add(dynamodb, 2, "another")
    assert count(dynamodb) == "3"

    account.run.clock.advance(601)
    add(dynamodb, 2, "token")
    assert count(dynamodb) == "5"


def test_one_that_was_cancelled_was_not_done(dynamodb: Any) -> None:
    check = {"TableName": "orders", "Key": {"id": {"S": "2"}}, "ConditionExpression": "attribute_exists(id)"}
    transaction = {"TransactItems": [{"ConditionCheck": check}], "ClientRequestToken": "token"}
    assert code(lambda: dynamodb.transact_write_items(**transaction)) == "TransactionCanceledException"
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "2"}})
    dynamodb.transact_write_items(**transaction)


def test_who_may_not_is_denied_and_not_answered_from_memory(account: Account, dynamodb: Any) -> None:
    by_expression(dynamodb, 1, "token")
    nobody = account.user("nobody").client("dynamodb")
    assert code(lambda: by_expression(nobody, 1, "token")) == "AccessDeniedException"


def test_the_token_of_an_import_is_for_one_table(account: Account, dynamodb: Any) -> None:
    account.root.client("s3").create_bucket(Bucket="bucket")

    def load(name: str, token: str) -> Any:
        return dynamodb.import_table(
            ClientToken=token,
            S3BucketSource={"S3Bucket": "bucket"},
            InputFormat="DYNAMODB_JSON",
            TableCreationParameters={**TABLE, "TableName": name},
        )

    begun = load("one", "token")["ImportTableDescription"]["ImportArn"]
    with pytest.raises(ClientError) as refused:
        load("two", "token")
    said = "Import conflict: Duplicate request detected with conflicting parameters"
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ImportConflictException", said)
    assert code(lambda: load("orders", "another")) == "ResourceInUseException"
    load("two", "another")
    assert code(lambda: load("one", "token")) == "ResourceInUseException"
    # Once its table is gone the import is told again, and nothing is made.
    dynamodb.delete_table(TableName="one")
    assert load("one", "token")["ImportTableDescription"]["ImportArn"] == begun
    assert "one" not in dynamodb.list_tables()["TableNames"]
    assert load("one", "new")["ImportTableDescription"]["ImportArn"] != begun
