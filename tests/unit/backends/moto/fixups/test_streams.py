"""Records of a table's stream stay under the table's key, whatever becomes of the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def under(key: str) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def answer(streams: Any, iterator: str) -> str:
    try:
        return f"{len(streams.get_records(ShardIterator=iterator)['Records'])} records"
    except ClientError as error:
        return str(error.response["Error"]["Code"])


@pytest.fixture
def key(account: Account) -> str:
    return account.key()


@pytest.fixture
def reader(account: Account) -> Any:
    """Somebody who may do everything with tables and streams, and nothing with the key."""
    return account.user("reader", allow("dynamodb:*")).client("dynamodbstreams")


@pytest.fixture
def iterator(account: Account, key: str, reader: Any) -> str:
    """Of a stream that holds a record, in a table under the key."""
    root = account.root.client("dynamodb")
    made = root.create_table(**TABLE, SSESpecification=under(key), StreamSpecification=SPECIFICATION)
    root.put_item(TableName="orders", Item={"id": {"S": "1"}})
    stream = made["TableDescription"]["LatestStreamArn"]
    shard = reader.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    return str(
        reader.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
    )


def test_records_of_a_deleted_table_need_its_key(
    account: Account, key: str, reader: Any, iterator: str
) -> None:
    assert answer(reader, iterator) == "AccessDeniedException"
    account.root.client("dynamodb").delete_table(TableName="orders")
    assert answer(reader, iterator) == "AccessDeniedException"
    assert answer(account.root.client("dynamodbstreams"), iterator) == "1 records"
    account.root.client("kms").disable_key(KeyId=key)
    assert answer(account.root.client("dynamodbstreams"), iterator) == "ValidationException"


def test_the_key_of_the_next_table_of_that_name_opens_no_old_record(
    account: Account, reader: Any, iterator: str
) -> None:
    own = account.key()
    root = account.root.client("dynamodb")
    root.delete_table(TableName="orders")
    root.create_table(**TABLE, SSESpecification=under(own), StreamSpecification=SPECIFICATION)
    document = {**allow("kms:Decrypt"), "Statement": [{**allow("kms:*")["Statement"][0], "Resource": own}]}
    account.root.client("iam").put_user_policy(
        UserName="reader", PolicyName="own", PolicyDocument=json.dumps(document)
    )
    assert answer(reader, iterator) == "AccessDeniedException"


def test_streams_answer_at_the_address_with_the_account_in_it(account: Account, iterator: str) -> None:
    address = f"https://{ACCOUNT}.streams-ddb.{REGION}.amazonaws.com"
    assert answer(account.root.client("dynamodbstreams", endpoint_url=address), iterator) == "1 records"


def test_an_iterator_that_nobody_was_given_is_refused(account: Account, iterator: str) -> None:
    made_up = f"{iterator.partition('|')[0]}|1|made-up"
    assert answer(account.root.client("dynamodbstreams"), made_up) == "ValidationException"


@pytest.mark.parametrize(
    ("old", "new"), [(REGION, "eu-west-1"), ("arn:aws:", "arn:aws-cn:"), ("T", "S"), (ACCOUNT, "9" * 12)]
)
@pytest.mark.parametrize("operation", ["describe_stream", "get_shard_iterator"])
def test_a_stream_goes_by_its_whole_arn(account: Account, operation: str, old: str, new: str) -> None:
    made = account.root.client("dynamodb").create_table(**TABLE, StreamSpecification=SPECIFICATION)
    elsewhere = account.root.client("dynamodb", region_name="eu-west-1")
    elsewhere.create_table(**TABLE, StreamSpecification=SPECIFICATION)
    stream = made["TableDescription"]["LatestStreamArn"]
    denied = {
        **allow("dynamodb:*"),
        "Statement": [
            *allow("dynamodb:*")["Statement"],
            {"Effect": "Deny", "Action": "*", "Resource": stream},
        ],
    }
    streams = account.user("ana", denied).client("dynamodbstreams")
    more = {"ShardId": "x" * 28, "ShardIteratorType": "LATEST"} if operation != "describe_stream" else {}
    wrong = stream.replace(old, new)
    with pytest.raises(ClientError) as caught:
        getattr(streams, operation)(StreamArn=wrong, **more)
    told = caught.value.response["Error"]
    assert wrong != stream
    if new == "9" * 12:
        assert told["Code"] in ("AccessDeniedException", "ResourceNotFoundException")
    else:
        assert (told["Code"], told["Message"]) == (
            "ResourceNotFoundException",
            f"Requested resource not found: Stream: {wrong} not found",
        )
    with pytest.raises(ClientError) as caught:
        getattr(streams, operation)(StreamArn=stream, **more)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.fixture
def stream(account: Account) -> str:
    """The stream of a table, which holds a record."""
    root = account.root.client("dynamodb")
    made = root.create_table(**TABLE, StreamSpecification=SPECIFICATION)
    root.put_item(TableName="orders", Item={"id": {"S": "1"}})
    return str(made["TableDescription"]["LatestStreamArn"])


def test_a_stream_that_is_off_is_read_and_written_no_more(account: Account, stream: str) -> None:
    root, streams = account.root.client("dynamodb"), account.root.client("dynamodbstreams")
    root.update_table(TableName="orders", StreamSpecification={"StreamEnabled": False})
    root.put_item(TableName="orders", Item={"id": {"S": "2"}})
    described = streams.describe_stream(StreamArn=stream)["StreamDescription"]
    assert (described["StreamStatus"], described["StreamViewType"]) == ("DISABLED", "NEW_IMAGE")
    start = {"ShardId": described["Shards"][0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(StreamArn=stream, **start)["ShardIterator"]
    assert answer(streams, iterator) == "1 records"


def test_a_place_in_a_stream_is_one_of_its_shards(account: Account, stream: str) -> None:
    streams = account.root.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]
    first = shard["SequenceNumberRange"]["StartingSequenceNumber"]

    def at(number: str | None, kind: str = "AT_SEQUENCE_NUMBER", name: str = shard["ShardId"]) -> str:
        more = {"SequenceNumber": number} if number else {}
        try:
            made = streams.get_shard_iterator(StreamArn=stream, ShardId=name, ShardIteratorType=kind, **more)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return answer(streams, made["ShardIterator"])

    assert at(first) == "1 records"
    assert at(first, "AFTER_SEQUENCE_NUMBER") == "0 records"
    assert at("0" * 21) == "TrimmedDataAccessException"
    assert at(None) == "ValidationException"
    assert at(first, name="shardId-00000000000000000000-00000000") == "ResourceNotFoundException"
