"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import actions, asked
from helpers.fake_account import FakeAccount, table_arn

from pytest_kmslab.calls.api_call import ServiceError

TABLE = table_arn()
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
TAGS = [{"Key": "a", "Value": "1"}]
CALLS = [("TagResource", {"Tags": TAGS}), ("UntagResource", {"TagKeys": ["a"]}), ("ListTagsOfResource", {})]
PREFIX = "ValidationException: One or more parameter values were invalid: "
NOT_ONE = "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
INVALID = "ValidationException: Invalid TableArn: Invalid ResourceArn provided as input "
ABROAD = table_arn(region="eu-west-1")


def said(operation: str, params: dict[str, Any], view: FakeAccount) -> str:
    with pytest.raises(ServiceError) as refused:
        asked(operation, params, view)
    return str(refused.value)


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", tags={f"k{number}": "v" for number in range(50)}, stream_arn=STREAM)
    return view


@pytest.mark.parametrize(("operation", "params"), CALLS)
@pytest.mark.parametrize(
    ("arn", "text"),
    [
        ("orders", f"{PREFIX}ARNs must start with 'arn:': orders"),
        (f"{TABLE}/index/ix", f"{PREFIX}{NOT_ONE}{TABLE}/index/ix"),
        ("arn:aws:s3:::bucket", f"{PREFIX}Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::bucket"),
        (ABROAD, f"{INVALID}{ABROAD}"),
    ],
)
def test_what_can_have_no_tags(
    operation: str, params: dict[str, Any], arn: str, text: str, view: FakeAccount
) -> None:
    assert said(operation, {"ResourceArn": arn, **params}, view) == text


@pytest.mark.parametrize("operation", ["UntagResource", "ListTagsOfResource"])
@pytest.mark.parametrize("arn", [table_arn("others"), STREAM.replace("01T", "02T")])
def test_what_is_not_there_has_none(operation: str, arn: str, view: FakeAccount) -> None:
    params = {"ResourceArn": arn, "TagKeys": ["a"]}
    text = f"ResourceNotFoundException: Requested resource not found: ResourceArn: {arn} not found"
    assert said(operation, params, view) == text


def test_the_tags_that_a_table_has_count(view: FakeAccount) -> None:
    too_many = "ValidationException: Number of Tags exceed the current limit for the provided ResourceArn"
    assert said("TagResource", {"ResourceArn": TABLE, "Tags": TAGS}, view) == too_many
    again = {"ResourceArn": TABLE, "Tags": [{"Key": "k1", "Value": "2"}]}
    assert actions(asked("TagResource", again, view)) == ["dynamodb:TagResource"]


@pytest.mark.parametrize(("operation", "member"), [("TagResource", "Tags"), ("UntagResource", "TagKeys")])
def test_what_has_to_be_said(operation: str, member: str, view: FakeAccount) -> None:
    where = member[0].lower() + member[1:]
    assert said(operation, {"ResourceArn": TABLE}, view) == (
        f"ValidationException: 1 validation error detected: Value null at '{where}' failed to satisfy "
        "constraint: Member must not be null"
    )
