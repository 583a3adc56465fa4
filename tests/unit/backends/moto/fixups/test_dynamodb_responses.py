"""DynamoDB's answers on moto, with what AWS's recordings have of them and no more."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account
from helpers.tables import PROVISIONED, UNITS, index, indexed, table

KEY = {"id": {"S": "1"}}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    return account.root.client("dynamodb")


def test_a_provisioned_table_is_described(dynamodb: Any) -> None:
    made = dynamodb.create_table(**table(**PROVISIONED))["TableDescription"]
    described = dynamodb.describe_table(TableName="orders")["Table"]
    both = {
        *("AttributeDefinitions", "CreationDateTime", "DeletionProtectionEnabled", "ItemCount", "KeySchema"),
        *("ProvisionedThroughput", "TableArn", "TableId", "TableName", "TableSizeBytes", "TableStatus"),
    }
    assert set(made) == both
    assert set(described) == {*both, "WarmThroughput"}
    assert described["WarmThroughput"] == {
        "ReadUnitsPerSecond": 5,
        "WriteUnitsPerSecond": 5,
        "Status": "ACTIVE",
    }
    gone = dynamodb.delete_table(TableName="orders")["TableDescription"]
    assert set(gone) == both - {"AttributeDefinitions", "CreationDateTime", "KeySchema"}
    assert made["TableId"] == described["TableId"] == gone["TableId"]


def test_a_table_billed_by_request_is_described(dynamodb: Any) -> None:
    made = dynamodb.create_table(**indexed(index()))["TableDescription"]
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    units = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    shown = {
        "IndexArn": f"{made['TableArn']}/index/ix1",
        "IndexName": "ix1",
        "IndexSizeBytes": 0,
        "IndexStatus": "ACTIVE",
        "ItemCount": 0,
        "KeySchema": index()["KeySchema"],
        "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": units,
    }
    assert made["GlobalSecondaryIndexes"] == [shown]
    assert "LocalSecondaryIndexes" not in made
    described = dynamodb.describe_table(TableName="orders")["Table"]
    assert (
        described["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == described["CreationDateTime"]
    )
    warm = {"ReadUnitsPerSecond": 12000, "Status": "ACTIVE", "WriteUnitsPerSecond": 4000}
    assert described["GlobalSecondaryIndexes"] == [{**shown, "WarmThroughput": warm}]


def test_warmth_that_is_asked_for_is_still_to_come(dynamodb: Any) -> None:
    warm = {"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 1200}
    made = dynamodb.create_table(**table(**PROVISIONED, WarmThroughput=warm))["TableDescription"]
    assert made["WarmThroughput"] == {**warm, "Status": "UPDATING"}
    assert dynamodb.describe_table(TableName="orders")["Table"]["WarmThroughput"] == {
        **warm,
        "Status": "ACTIVE",
    }


def test_another_table_of_that_name_has_another_id(dynamodb: Any) -> None:
    ids = set()
    for _ in range(2):
        ids.add(dynamodb.create_table(**table())["TableDescription"]["TableId"])
        dynamodb.delete_table(TableName="orders")
    assert len(ids) == 2


def test_what_is_consumed_is_said_to_who_asks(dynamodb: Any) -> None:
    dynamodb.create_table(**TABLE)
    put = {"PutRequest": {"Item": KEY}}
    quiet: dict[str, Any] = {
        "batch_write_item": {"RequestItems": {"orders": [put]}},
        "batch_get_item": {"RequestItems": {"orders": {"Keys": [KEY]}}},
        "transact_write_items": {"TransactItems": [{"Put": {"TableName": "orders", "Item": KEY}}]},
        "update_item": {"TableName": "orders", "Key": KEY},
    }
    for operation, params in quiet.items():
        answer = getattr(dynamodb, operation)(**params)
        assert not {"ConsumedCapacity", "ItemCollectionMetrics"} & set(answer), operation
    answer = dynamodb.batch_write_item(RequestItems={"orders": [put]}, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"][0]["TableName"] == "orders"


def test_a_stream_records_changes(account: Account, dynamodb: Any) -> None:
    arn = dynamodb.create_table(**table(**STREAM))["TableDescription"]["LatestStreamArn"]
    for value in ("x", "x", "y"):
        dynamodb.put_item(TableName="orders", Item={**KEY, "v": {"S": value}})
    change = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}
    dynamodb.update_item(TableName="orders", Key=KEY, **change)
    dynamodb.delete_item(TableName="orders", Key=KEY)
    streams = account.root.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    more = streams.describe_stream(StreamArn=arn, ExclusiveStartShardId=shard)["StreamDescription"]
    assert more["Shards"] == []
    found = records(account, arn)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    assert {(record["eventVersion"], record["awsRegion"]) for record in found} == {("1.1", "us-east-1")}


def refusal(act: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_streaming_destination_comes_and_goes(dynamodb: Any) -> None:
    made = dynamodb.create_table(**table(**PROVISIONED))["TableDescription"]
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/one"
    on = {"TableName": "orders", "StreamArn": arn}
    for operation in ("enable", "disable"):
        act = getattr(dynamodb, f"{operation}_kinesis_streaming_destination")
        text = "Requested resource not found: Table: none not found"
        assert refusal(act, TableName="none", StreamArn=arn) == ("ResourceNotFoundException", text)
    enabled = dynamodb.enable_kinesis_streaming_destination(**on)
    assert (enabled["DestinationStatus"], enabled["EnableKinesisStreamingConfiguration"]) == ("ENABLING", {})
    assert refusal(dynamodb.enable_kinesis_streaming_destination, **on)[0] == "ValidationException"
    shown = dynamodb.describe_kinesis_streaming_destination(TableName="orders")[
        "KinesisDataStreamDestinations"
    ]
    assert shown == [{"StreamArn": arn, "DestinationStatus": "ACTIVE"}]
    finer = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"}}
    update = dynamodb.update_kinesis_streaming_destination
    assert refusal(update, **on)[1].endswith("cannot be null or contain only null values")
    other = {**on, "StreamArn": f"{arn}x"}
    assert "No streaming destination with streamArn" in refusal(update, **other, **finer)[1]
    assert update(**on, **finer)["DestinationStatus"] == "UPDATING"
    text = "Invalid Request: Precision is already set to the desired value of MICROSECOND for tableId: "
    text += f"{made['TableId']}, kdsArn: {arn}"
    assert refusal(update, **on, **finer) == ("ValidationException", text)
    assert dynamodb.disable_kinesis_streaming_destination(**on)["DestinationStatus"] == "DISABLING"
    assert refusal(dynamodb.disable_kinesis_streaming_destination, **on)[0] == "ValidationException"


def test_nobody_enables_contributor_insights(dynamodb: Any) -> None:
    dynamodb.create_table(**indexed(index(ProvisionedThroughput=UNITS), **PROVISIONED))
    answer = dynamodb.describe_contributor_insights(TableName="orders")
    assert (answer["TableName"], answer["ContributorInsightsStatus"]) == ("orders", "DISABLED")


@pytest.mark.parametrize("called", ["name", "arn"])
def test_a_transaction_that_fails_changes_nothing(account: Account, dynamodb: Any, called: str) -> None:
    made = dynamodb.create_table(**TABLE, **STREAM)["TableDescription"]
    table = made["TableName" if called == "name" else "TableArn"]
    streams = account.root.client("dynamodbstreams")
    stream = {"StreamArn": made["LatestStreamArn"], "ShardIteratorType": "TRIM_HORIZON"}
    shard = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"][0][
        "ShardId"
    ]
    iterator = streams.get_shard_iterator(ShardId=shard, **stream)["ShardIterator"]
    check = {"TableName": table, "Key": {"id": {"S": "2"}}, "ConditionExpression": "attribute_exists(id)"}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": table, "Item": KEY}}, {"ConditionCheck": check}]
        )
    assert "Item" not in dynamodb.get_item(TableName="orders", Key=KEY)
    # An iterator that was given out before reads on: nothing of the transaction, and what came after it.
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "3"}})
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["dynamodb"]["Keys"] for record in records] == [{"id": {"S": "3"}}]


def test_a_transaction_of_writes_answers_nothing(dynamodb: Any) -> None:
    dynamodb.create_table(**TABLE)
    statement = {"Statement": "INSERT INTO orders VALUE {'id': '1'}"}
    assert dynamodb.execute_transaction(TransactStatements=[statement])["Responses"] == []


def records(account: Account, arn: str) -> list[Any]:
    streams = account.root.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return list(streams.get_records(ShardIterator=start["ShardIterator"])["Records"])


def test_a_batch_writes_in_order_and_an_update_inserts_once(account: Account, dynamodb: Any) -> None:
    arn = dynamodb.create_table(**table(**STREAM))["TableDescription"]["LatestStreamArn"]
    other = {"id": {"S": "2"}}
    dynamodb.put_item(TableName="orders", Item=KEY)
    writes = [{"DeleteRequest": {"Key": KEY}}, {"PutRequest": {"Item": other}}]
    assert dynamodb.batch_write_item(RequestItems={"orders": writes})["UnprocessedItems"] == {}
    change = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}
    dynamodb.update_item(TableName="orders", Key=KEY, **change)
    found = records(account, arn)
    assert [record["eventName"] for record in found] == ["INSERT", "REMOVE", "INSERT", "INSERT"]
    assert found[-1]["dynamodb"]["NewImage"] == {**KEY, "v": {"S": "y"}}


def test_a_batch_names_an_item_once(dynamodb: Any) -> None:
    dynamodb.create_table(**TABLE)
    twice = [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]
    told = ("ValidationException", "Provided list of item keys contains duplicates")
    assert refusal(dynamodb.batch_write_item, RequestItems={"orders": twice}) == told
    assert refusal(dynamodb.batch_get_item, RequestItems={"orders": {"Keys": [KEY, KEY]}}) == told


def test_tables_are_listed_by_name(dynamodb: Any) -> None:
    """paritysuite/dynamodb-conformance, listTables."""
    for name in ("orders", "a-table", "zoo"):
        dynamodb.create_table(**TABLE | {"TableName": name})
    pages = list(dynamodb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["TableNames"] for page in pages] == [["a-table", "orders"], ["zoo"]]
    assert dynamodb.list_tables(ExclusiveStartTableName="bbb")["TableNames"] == ["orders", "zoo"]


def test_a_collection_is_measured_where_it_is_asked(dynamodb: Any) -> None:
    """paritysuite/dynamodb-conformance, itemCollectionMetrics."""
    local = {
        "IndexName": "local",
        "KeySchema": [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "day", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    names = ("id", "r", "day")
    dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "r", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[local],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"id": {"S": "1"}, "r": {"S": "x"}}
    asked = {"TableName": "orders", "ReturnItemCollectionMetrics": "SIZE"}
    shown = {"ItemCollectionKey": {"id": {"S": "1"}}, "SizeEstimateRangeGB": [0.0, 1.0]}
    answers = [
        dynamodb.put_item(**asked, Item=key),
        dynamodb.update_item(**asked, Key=key),
        dynamodb.delete_item(**asked, Key=key),
    ]
    assert [answer["ItemCollectionMetrics"] for answer in answers] == [shown] * 3
    assert "ItemCollectionMetrics" not in dynamodb.put_item(TableName="orders", Item=key)
