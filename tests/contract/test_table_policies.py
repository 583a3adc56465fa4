"""Policies of tables, by every backend alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.endpoint import Store

from pytest_kmslab.calls.api_call import ServiceError

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
DENY = ALLOW.replace("Allow", "Deny")
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_the_policy_of_a_table(store: Store) -> None:
    arn = store("dynamodb", "CreateTable", TableName="table", **TABLE)["TableDescription"]["TableArn"]
    assert store.view.resource_policy(arn) is None
    store("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=ALLOW)
    for part in (arn, f"{arn}/index/i"):
        assert store.view.resource_policy(part) is not None
    store("dynamodb", "DeleteResourcePolicy", ResourceArn=arn)
    assert store.view.resource_policy(arn) is None
    assert store("dynamodb", "DeleteResourcePolicy", ResourceArn=arn) == {}


def test_the_policy_that_a_table_is_made_with_is_its_own(store: Store) -> None:
    made = store("dynamodb", "CreateTable", TableName="table", **TABLE, ResourcePolicy=DENY)
    arn = made["TableDescription"]["TableArn"]
    assert json.loads(store("dynamodb", "GetResourcePolicy", ResourceArn=arn)["Policy"]) == json.loads(DENY)
    assert store.view.resource_policy(arn) is not None
    store("dynamodb", "DeleteTable", TableName="table")
    store("dynamodb", "CreateTable", TableName="table", **TABLE)
    assert store.view.resource_policy(arn) is None
    with pytest.raises(ServiceError, match="PolicyNotFoundException"):
        store("dynamodb", "GetResourcePolicy", ResourceArn=arn)


POLICY_OPERATIONS = ("put_resource_policy", "get_resource_policy", "delete_resource_policy")


@pytest.fixture
def lacking(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store over an endpoint that has no policies of tables, as a LocalStack without Docker."""
    from moto.core.exceptions import JsonRESTError
    from moto.dynamodb.responses import DynamoHandler

    def lacks(_: Any) -> str:
        raise JsonRESTError("UnknownOperationException", "")

    for name in POLICY_OPERATIONS:
        # Nothing is changed of an endpoint that is elsewhere: it has them, or lacks them by itself.
        monkeypatch.setattr(DynamoHandler, name, lacks)
    return store


def test_the_policy_of_a_stream_is_not_its_tables(lacking: Store) -> None:
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
    made = lacking("dynamodb", "CreateTable", TableName="table", **TABLE, **stream)["TableDescription"]
    arn, stream_arn = made["TableArn"], made["LatestStreamArn"]

    lacking("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=DENY)
    assert lacking.view.resource_policy(stream_arn) is None
    lacking("dynamodb", "PutResourcePolicy", ResourceArn=stream_arn, Policy=ALLOW)
    for resource, text in ((arn, DENY), (stream_arn, ALLOW)):
        document = lacking("dynamodb", "GetResourcePolicy", ResourceArn=resource)["Policy"]
        assert json.loads(document) == json.loads(text)
    lacking("dynamodb", "DeleteResourcePolicy", ResourceArn=stream_arn)
    assert lacking.view.resource_policy(arn) is not None
    assert lacking.view.resource_policy(stream_arn) is None


def test_the_revisions_of_a_tables_policy(store: Store) -> None:
    arn = store("dynamodb", "CreateTable", TableName="table", **TABLE)["TableDescription"]["TableArn"]

    def put(policy: str, **expected: str) -> str:
        put = store("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=policy, **expected)
        return str(put["RevisionId"])

    first = put(ALLOW, ExpectedRevisionId="NO_POLICY")
    assert put(ALLOW) == first
    second = put(DENY, ExpectedRevisionId=first)
    assert second != first
    for stale in (first, "NO_POLICY"):
        with pytest.raises(ServiceError, match="PolicyNotFoundException"):
            put(ALLOW, ExpectedRevisionId=stale)
        with pytest.raises(ServiceError, match="PolicyNotFoundException"):
            store("dynamodb", "DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=stale)
    gone = {"ResourceArn": arn, "ExpectedRevisionId": second}
    assert store("dynamodb", "DeleteResourcePolicy", **gone) == {"RevisionId": second}
    with pytest.raises(ServiceError, match="has no associated policy"):
        store("dynamodb", "DeleteResourcePolicy", **gone)
