"""What DynamoDB refuses of a table's tags and of ARNs, and the neighbours that it takes.

The texts are AWS's: see pytest_kmslab/calls/rules/table_tags.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import REGION, TABLE, Account, allow
from helpers.asserts import code
from helpers.tables import (
    ARN,
    P,
    error,
    table,
)


def tag(name: str, value: str | None = "x") -> dict[str, str]:
    return {"Key": name, **({} if value is None else {"Value": value})}


TAGS: dict[str, tuple[list[dict[str, str]], str]] = {
    "none": ([], "Atleast one Tag needs to be provided as Input."),
    "reserved": ([tag("good"), tag("aws:x")], "Tag Key cannot be prefixed with aws:, Key: aws:x"),
    "reserved in capitals": ([tag("AWS:x")], "Tag Key cannot be prefixed with aws:, Key: AWS:x"),
    "no key": ([tag("")], "The Tag Key provided is invalid, Key: "),
    "long key": ([tag("k" * 129)], f"The Tag Key provided is invalid, Key: {'k' * 129}"),
    "long value": ([tag("k", "v" * 257)], f"The Tag Value provided is invalid, Value: {'v' * 257}"),
    "no value": ([tag("k", None)], "The Tag Value provided is invalid, Value: null"),
    "sign in a key": ([tag("bad#char")], "The Tag Key provided is invalid, Key: bad#char"),
    "sign in a value": ([tag("k", "100%")], "The Tag Value provided is invalid, Value: 100%"),
    "twice": (
        [tag("dup"), tag("dup", "y")],
        "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup",
    ),
    "too many": (
        [tag(f"k{n}") for n in range(50)],
        "Number of Tags exceed the current limit for the provided ResourceArn",
    ),
}


@pytest.mark.parametrize(("tags", "text"), TAGS.values(), ids=TAGS)
def test_no_such_tags_are_put(unchecked: Any, tags: list[dict[str, str]], text: str) -> None:
    unchecked.create_table(**table(Tags=[tag("held")]))
    assert error(unchecked.tag_resource, {"ResourceArn": ARN, "Tags": tags}) == ("ValidationException", text)
    assert unchecked.list_tags_of_resource(ResourceArn=ARN)["Tags"] == [tag("held")]


def test_tags_that_are_there_may_change(unchecked: Any) -> None:
    unchecked.create_table(**table(Tags=[tag(f"k{n}") for n in range(50)]))
    unchecked.tag_resource(ResourceArn=ARN, Tags=[tag(f"k{n}", "y") for n in range(50)])
    tags = (
        unchecked.get_paginator("list_tags_of_resource").paginate(ResourceArn=ARN).build_full_result()["Tags"]
    )
    assert sorted(tags, key=str) == sorted([tag(f"k{n}", "y") for n in range(50)], key=str)
    unchecked.untag_resource(ResourceArn=ARN, TagKeys=["k1", "none"])
    unchecked.tag_resource(ResourceArn=ARN, Tags=[tag("myaws:foo", "v" * 256)])


def test_tags_are_taken_off_by_their_keys(unchecked: Any) -> None:
    unchecked.create_table(**table())
    for names, text in (
        ([], "Atleast one Tag Key needs to be provided as Input."),
        (["aws:x"], "Tag Key cannot be prefixed with aws:, Key: aws:x"),
        (["k" * 129], f"The Tag Key provided is invalid, Key: {'k' * 129}"),
        (
            [f"k{n}" for n in range(51)],
            "Number of Tags exceed the current limit for the provided ResourceArn",
        ),
    ):
        told = error(unchecked.untag_resource, {"ResourceArn": ARN, "TagKeys": names})
        assert told == ("ValidationException", text)


def test_a_stream_has_tags_of_its_own(account: Account, unchecked: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html"""
    enabled = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    made = unchecked.create_table(**table(Tags=[tag("team")], StreamSpecification=enabled))
    stream = made["TableDescription"]["LatestStreamArn"]
    only_tagged = {"StringEquals": {"aws:ResourceTag/stage": "test"}}
    ana = account.user("ana", allow("dynamodb:DescribeStream", Condition=only_tagged))
    describe = ana.client("dynamodbstreams").describe_stream
    assert code(describe, StreamArn=stream) == "AccessDeniedException"
    unchecked.tag_resource(ResourceArn=stream, Tags=[tag("stage"), tag("other")])
    unchecked.tag_resource(ResourceArn=stream, Tags=[tag("stage", "test")])
    unchecked.untag_resource(ResourceArn=stream, TagKeys=["other", "team"])
    assert unchecked.list_tags_of_resource(ResourceArn=stream)["Tags"] == [tag("stage", "test")]
    assert unchecked.list_tags_of_resource(ResourceArn=ARN)["Tags"] == [tag("team")]
    assert code(describe, StreamArn=stream) == "allowed"


ARNS: dict[str, tuple[str, str, str]] = {
    "a stream that is not there": (
        f"{ARN}/stream/2026-01-01T00:00:00.000",
        "ResourceNotFoundException",
        f"Requested resource not found: ResourceArn: {ARN}/stream/2026-01-01T00:00:00.000 not found",
    ),
    "missing": (
        ARN.replace("/orders", "/none"),
        "ResourceNotFoundException",
        f"Requested resource not found: ResourceArn: {ARN.replace('/orders', '/none')} not found",
    ),
    "a name": ("t", "ValidationException", f"{P}ARNs must start with 'arn:': t"),
    "another Region": (
        ARN.replace(REGION, "eu-west-1"),
        "ValidationException",
        f"Invalid TableArn: Invalid ResourceArn provided as input {ARN.replace(REGION, 'eu-west-1')}",
    ),
    "an index": (
        f"{ARN}/index/ix1",
        "ValidationException",
        f"{P}Invalid resource arn provided, only table or stream is accepted. "
        f"Provided resource arn: {ARN}/index/ix1",
    ),
    "a backup": (
        f"{ARN}/backup/01489173575360-b308cd7d",
        "ValidationException",
        f"{P}Provided Arn is not a DynamoDB resource arn: {ARN}/backup/01489173575360-b308cd7d",
    ),
}


@pytest.mark.parametrize("operation", ["tag_resource", "untag_resource", "list_tags_of_resource"])
@pytest.mark.parametrize(("arn", "refused", "text"), ARNS.values(), ids=ARNS)
def test_what_has_no_tags(unchecked: Any, operation: str, arn: str, refused: str, text: str) -> None:
    unchecked.create_table(**table())
    more = {"tag_resource": {"Tags": [tag("k")]}, "untag_resource": {"TagKeys": ["k"]}}.get(operation, {})
    assert error(getattr(unchecked, operation), {"ResourceArn": arn, **more}) == (refused, text)


@pytest.mark.parametrize("operation", ["describe_table", "delete_table", "describe_time_to_live", "scan"])
def test_a_table_of_another_region_is_not_reached(account: Account, unchecked: Any, operation: str) -> None:
    account.root.client("dynamodb", region_name="eu-west-1").create_table(**TABLE)
    for old, new, what in ((REGION, "eu-west-1", "region"), ("arn:aws:", "arn:aws-cn:", "partition")):
        arn = ARN.replace(old, new)
        assert error(getattr(unchecked, operation), {"TableName": arn}) == (
            "ValidationException",
            f"1 validation error detected: Invalid AWS {what} in '{arn}'",
        )
