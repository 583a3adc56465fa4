"""What a read by an index may name, and requests on items that moto cannot read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account, allow
from helpers.asserts import code

KEY = {"id": {"S": "1"}}
ITEM = {**KEY, "team": {"S": "red"}, "weekday": {"S": "monday"}, "secret": {"S": "x"}}


def index(name: str, **projection: Any) -> dict[str, Any]:
    keys = [{"AttributeName": "team", "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": projection}


@pytest.fixture
def db(account: Account) -> Any:
    db = account.root.client("dynamodb")
    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "team", "AttributeType": "S"}]  # type: ignore[misc]
    indexes = [
        index("keys", ProjectionType="KEYS_ONLY"),
        index("some", ProjectionType="INCLUDE", NonKeyAttributes=["weekday"]),
        index("all", ProjectionType="ALL"),
    ]
    db.create_table(**{**TABLE, "AttributeDefinitions": attributes, "GlobalSecondaryIndexes": indexes})
    db.put_item(TableName="orders", Item=ITEM)
    return db


def refusal(db: Any, operation: str, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        getattr(db, operation)(**params)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value.response["Error"]["Message"])


def missing(name: str, *attributes: str) -> str:
    shown = f"[{', '.join(attributes)}]"
    return (
        f"One or more parameter values were invalid: Global secondary index {name} does not project {shown}"
    )


BY_TEAM = {"KeyConditionExpression": "team = :t", "ExpressionAttributeValues": {":t": {"S": "red"}}}
OLD_BY_TEAM = {"KeyConditions": {"team": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "red"}]}}}


def test_a_global_index_answers_what_it_projects(db: Any) -> None:
    query = {"TableName": "orders", **BY_TEAM}
    told = refusal(db, "query", IndexName="keys", ProjectionExpression="id, secret, weekday", **query)
    assert told == missing("keys", "secret", "weekday")
    old = {"TableName": "orders", **OLD_BY_TEAM, "AttributesToGet": ["secret"]}
    assert refusal(db, "query", IndexName="some", **old) == missing("some", "secret")
    scan = {"TableName": "orders", "AttributesToGet": ["secret"]}
    assert refusal(db, "scan", IndexName="some", **scan) == missing("some", "secret")
    assert db.query(IndexName="some", ProjectionExpression="id, weekday", **query)["Count"] == 1
    assert db.query(IndexName="all", ProjectionExpression="secret", **query)["Items"] == [
        {"secret": {"S": "x"}}
    ]


def test_a_statement_answers_what_the_index_projects(db: Any) -> None:
    def told(text: str, **more: Any) -> str:
        return refusal(db, "execute_statement", Statement=text, **more)

    assert told("SELECT secret, id FROM orders.keys") == missing("keys", "secret")
    assert told("SELECT weekday, secret FROM orders.keys WHERE team = 'red'") == missing(
        "keys", "weekday", "secret"
    )
    assert told("SELECT * FROM orders.none") == "The table does not have the specified index"
    consistent = told("SELECT * FROM orders.keys", ConsistentRead=True)
    assert consistent == "Strongly consistent read is not supported on Global Secondary Indexes"
    found = db.execute_statement(Statement="SELECT weekday FROM orders.some WHERE team = 'red'")
    assert found["Items"] == [{"weekday": {"S": "monday"}}]


UNREADABLE = [
    ("query", {**BY_TEAM, "IndexName": "all", "FilterExpression": "((weekday = :t)"}),
    ("scan", {"FilterExpression": "contains(weekday)"}),
    ("scan", {"ProjectionExpression": "a,,b"}),
    (
        "update_item",
        {"Key": KEY, "UpdateExpression": "SET #a = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}},
    ),
]


@pytest.mark.parametrize(("operation", "params"), UNREADABLE)
def test_what_moto_cannot_read_is_an_error_of_the_service(db: Any, operation: str, params: Any) -> None:
    assert refusal(db, operation, TableName="orders", **params)
    assert db.get_item(TableName="orders", Key=KEY)["Item"] == ITEM


def test_time_to_live_is_changed_only_where_it_changes(db: Any) -> None:
    def told(enabled: bool, name: str) -> str:
        asked = {"Enabled": enabled, "AttributeName": name}
        return refusal(db, "update_time_to_live", TableName="orders", TimeToLiveSpecification=asked)

    assert told(False, "until") == "TimeToLive is already disabled"
    on = {"Enabled": True, "AttributeName": "until"}
    db.update_time_to_live(TableName="orders", TimeToLiveSpecification=on)
    assert told(True, "until") == "TimeToLive is already enabled"
    other = "TimeToLive is active on a different AttributeName: current AttributeName is until"
    assert told(True, "other") == other
    assert told(False, "other") == other
    db.update_time_to_live(TableName="orders", TimeToLiveSpecification={**on, "Enabled": False})


def test_an_index_that_there_is_not_and_a_filter_by_the_key(db: Any) -> None:
    no_index = "The table does not have the specified index: none"
    assert refusal(db, "query", TableName="orders", IndexName="none", **BY_TEAM) == no_index
    assert refusal(db, "scan", TableName="orders", IndexName="none") == no_index
    by_key = "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
    filtered = {"TableName": "orders", "FilterExpression": "team = :t", **BY_TEAM}
    assert refusal(db, "query", IndexName="all", **filtered) == f"{by_key}team"
    # The table's key is none of the index, and a Scan is filtered by whatever is there.
    by_id = {"TableName": "orders", "FilterExpression": "attribute_exists(id)"}
    assert db.query(IndexName="all", **by_id, **BY_TEAM)["Count"] == 1
    assert db.scan(**by_id)["Count"] == 1


def several_keys(account: Account) -> None:
    names = ("id", "team", "place")
    keys = [{"AttributeName": name, "KeyType": "HASH"} for name in names[1:]]
    by_both = {**index("both", ProjectionType="ALL"), "KeySchema": keys}
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in names]
    root = account.root.client("dynamodb")
    root.create_table(**{**TABLE, "AttributeDefinitions": attributes, "GlobalSecondaryIndexes": [by_both]})
    root.put_item(TableName="orders", Item={**KEY, "team": {"S": "red"}, "place": {"S": "rome"}})


@pytest.mark.parametrize(("key", "value"), [("First", "red"), ("Second", "rome")])
@pytest.mark.parametrize("operator", ["ForAllValues:StringEquals", "ForAnyValue:StringEquals"])
def test_each_key_of_an_index_counts(account: Account, key: str, value: str, operator: str) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html"""
    several_keys(account)
    only = allow("dynamodb:*", Condition={operator: {f"dynamodb:{key}PartitionKeyValues": value}})
    ana = account.user("ana", only).client("dynamodb")

    def query(team: str, place: str) -> str:
        values = {":t": {"S": team}, ":p": {"S": place}}
        return code(
            ana.query,
            TableName="orders",
            IndexName="both",
            KeyConditionExpression="team = :t AND place = :p",
            ExpressionAttributeValues=values,
        )

    def select(team: str, place: str) -> str:
        statement = f"""SELECT * FROM "orders"."both" WHERE team = '{team}' AND place = '{place}'"""
        return code(ana.execute_statement, Statement=statement)

    other = {"First": ("blue", "rome"), "Second": ("red", "oslo")}[key]
    for read in (query, select):
        assert [read("red", "rome"), read(*other)] == ["allowed", "AccessDeniedException"]


def test_one_key_of_several_is_a_full_scan(account: Account) -> None:
    several_keys(account)
    scans = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    scans["Condition"] = {"Bool": {"dynamodb:FullTableScan": "true"}}  # type: ignore[assignment]
    policy = allow("dynamodb:*")
    policy["Statement"].append(scans)
    denied, root = account.user("ana", policy).client("dynamodb"), account.root.client("dynamodb")
    one = """SELECT * FROM "orders"."both" WHERE team = 'red'"""
    assert code(denied.execute_statement, Statement=one) == "AccessDeniedException"
    assert code(denied.execute_statement, Statement=f"{one} AND place = 'rome'") == "allowed"
    assert len(root.execute_statement(Statement=one)["Items"]) == 1
