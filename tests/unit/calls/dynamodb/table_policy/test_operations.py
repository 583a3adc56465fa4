"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy: on what, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import ACCOUNT, FakeAccount, call, outcome, table_arn, user

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.table_policy.written import check_revision

TABLE = table_arn()
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
OPERATIONS = ("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy")
BEGINNING = "One or more parameter values were invalid: "
ANA = user().arn


def document(effect: str, *actions: str, **more: Any) -> str:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": ANA},
        "Action": list(actions),
        "Resource": "*",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


READING = document("Allow", "dynamodb:GetItem")


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders")
    return view


def refusal(operation: str, view: FakeAccount, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        asked(operation, {"Policy": READING, **params}, view)
    return refused.value


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("orders", f"{BEGINNING}ARNs must start with 'arn:': orders"),
        (
            f"{TABLE}/index/ix",
            f"{BEGINNING}Invalid resource arn provided, only table or stream is accepted. "
            f"Provided resource arn: {TABLE}/index/ix",
        ),
        (
            f"{TABLE}/backup/01489173575360-b308cd7d",
            f"{BEGINNING}Provided Arn is not a DynamoDB resource arn: {TABLE}/backup/01489173575360-b308cd7d",
        ),
        (
            "arn:aws:s3:::bucket",
            f"{BEGINNING}Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::bucket",
        ),
        (
            table_arn(region="eu-west-1"),
            f"{BEGINNING}Invalid resource Arn: {table_arn(region='eu-west-1')}",
        ),
        (
            TABLE.replace("arn:aws:", "arn:aws-cn:"),
            f"{BEGINNING}Invalid resource Arn: {TABLE.replace('arn:aws:', 'arn:aws-cn:')}",
        ),
        (
            table_arn(account="999988887777"),
            "This action is only supported by accounts that match the resource owner’s account.",
        ),
    ],
)
def test_what_can_have_no_policy_is_refused_before_anything_is_asked(
    operation: str, arn: str, message: str, view: FakeAccount
) -> None:
    error = refusal(operation, view, ResourceArn=arn)

    assert (error.code, error.message) == ("ValidationException", message)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_table_that_is_not_there(operation: str) -> None:
    error = refusal(operation, FakeAccount(), ResourceArn=TABLE)

    assert error.code == "ResourceNotFoundException"
    assert error.message == "Requested resource not found: Table: orders not found"


def test_a_document_that_cannot_be_put_is_told_before_a_table_that_is_not_there() -> None:
    refused = refusal("PutResourcePolicy", FakeAccount(), ResourceArn=TABLE, Policy="{")
    assert refused.code == "ValidationException"


def test_a_stream_may_outlive_its_table() -> None:
    required_authorizations = asked("GetResourcePolicy", {"ResourceArn": STREAM}, FakeAccount())

    assert pairs(required_authorizations) == [("dynamodb:GetResourcePolicy", STREAM)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_stream_is_named_by_its_whole_arn(operation: str) -> None:
    view = FakeAccount()
    view.add_table("orders", stream_arn=STREAM)
    text = document("Allow", "dynamodb:GetRecords")

    error = refusal(operation, view, ResourceArn=f"{STREAM}1", Policy=text)

    assert error.code == "ResourceNotFoundException"
    assert error.message.endswith("Stream: 2026-01-01T00:00:00.0001 not found for Table: orders")
    assert asked(operation, {"ResourceArn": STREAM, "Policy": text}, view)


def put(view: FakeAccount, text: str, **more: Any) -> str:
    view.allow(user(), {"Action": "dynamodb:*"})
    return outcome(
        call("dynamodb", "PutResourcePolicy", {"ResourceArn": TABLE, "Policy": text, **more}), view
    )


PUT = "dynamodb:PutResourcePolicy"


@pytest.mark.parametrize(
    "text",
    [
        document("Deny", PUT, "dynamodb:DeleteResourcePolicy"),
        document("Deny", "dynamodb:*", Principal="*"),
        document("Deny", PUT, Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": ANA}}),
        document("Deny", PUT, Resource=TABLE),
    ],
)
def test_nobody_locks_themselves_out_unawares(text: str, view: FakeAccount) -> None:
    assert put(view, text) == "AccessDeniedException"
    assert put(view, text, ConfirmRemoveSelfResourceAccess=False) == "AccessDeniedException"
    assert put(view, text, ConfirmRemoveSelfResourceAccess=True) == "allowed"


@pytest.mark.parametrize(
    "text",
    [
        READING,
        document("Deny", "dynamodb:DeleteResourcePolicy", Principal="*"),
        document("Deny", PUT, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}),
        document("Deny", PUT, Resource=table_arn("another")),
        document("Deny", PUT, Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": ANA}}),
    ],
)
def test_what_leaves_the_caller_their_right_is_put(text: str, view: FakeAccount) -> None:
    assert put(view, text) == "allowed"


def test_the_lockout_is_told_in_aws_words(view: FakeAccount) -> None:
    required_authorizations = asked("PutResourcePolicy", {"ResourceArn": TABLE, "Policy": READING}, view)

    (instead,) = [authorization.instead for authorization in required_authorizations if authorization.instead]
    assert (instead.code, instead.status) == ("AccessDeniedException", 400)
    assert instead.message == (
        "The new resource policy will not allow you to update the resource policy in the future."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (READING, "allowed"),
        (document("Deny", PUT), "AccessDeniedException"),
        (document("Allow", "dynamodb:GetItem", Principal="*"), "ValidationException"),
        ("", "ValidationException"),
    ],
)
def test_a_table_is_made_with_what_could_be_put_on_it(text: str, expected: str) -> None:
    view = FakeAccount()
    view.allow(user(), {"Action": "dynamodb:*"})
    made = call("dynamodb", "CreateTable", {"TableName": "orders", "ResourcePolicy": text})

    assert outcome(made, view) == expected


@pytest.mark.parametrize(
    ("expected", "current", "message"),
    [
        (
            "1",
            None,
            "Requested update for policy with revision id 1, but table orders has no associated policy.",
        ),
        (
            "1",
            "2",
            "Requested update for policy with revision id 1, "
            "but the policy associated to target table orders has revision id 2.",
        ),
        (
            "NO_POLICY",
            "2",
            "Requested policy update expecting none to be present for table orders, "
            "but a policy exists with revision id 2.",
        ),
    ],
)
def test_another_revision_than_expected(expected: str, current: str | None, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_revision(expected, current, TABLE)

    assert refused.value.code == "PolicyNotFoundException"
    assert refused.value.message == (
        f"Resource-based policy not found for the provided ResourceArn: {message}"
    )


@pytest.mark.parametrize(
    ("expected", "current"), [(None, None), (None, "1"), ("1", "1"), ("NO_POLICY", None)]
)
def test_the_revision_that_is_expected(expected: str | None, current: str | None) -> None:
    check_revision(expected, current, TABLE)


@pytest.mark.parametrize("operation", ["GetResourcePolicy", "DeleteResourcePolicy", "PutResourcePolicy"])
def test_the_tags_of_the_table_count_for_its_policy_too(operation: str) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html"""
    view = FakeAccount()
    view.add_table("orders", tags={"team": "blue"})
    params = {"ResourceArn": table_arn(), "Policy": READING.replace('"*"}', f'"{table_arn()}"}}')}
    authorization = asked(operation, params, view)[0]
    assert authorization.request.context["aws:ResourceTag/team"] == ("blue",)
