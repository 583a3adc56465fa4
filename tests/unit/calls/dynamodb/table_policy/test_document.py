"""Policies that DynamoDB does not take for a table or stream, in its words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.fake_account import ACCOUNT, FakeAccount, table_arn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.table_policy.document import MAX_BYTES, read_table_policy

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
TABLE = table_arn()
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
BEGINNING = "One or more parameter values were invalid: "
MALFORMED = f"{BEGINNING}Invalid policy document: "
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": ANA},
    "Action": "dynamodb:GetItem",
    "Resource": TABLE,
}
UNBOUNDED = (
    "Resource-based policy grants unbounded access in one or more elements. "
    "Please revise the policy to ensure least-privilege form of access"
)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(text: str, target: str = TABLE, view: FakeAccount | None = None) -> str:
    """What DynamoDB says of a policy; nothing of one that it takes."""
    try:
        read_table_policy(text, target, view or FakeAccount())
    except ServiceError as error:
        return error.message if (error.code, error.status) == ("ValidationException", 400) else repr(error)
    return ""


def without(element: str) -> dict[str, Any]:
    return {name: value for name, value in STATEMENT.items() if name != element}


def everybody(**more: Any) -> str:
    return document(STATEMENT | {"Principal": {"AWS": "*"}} | more)


def when(operator: str, key: str, *values: str) -> str:
    return everybody(Condition={operator: {key: list(values)}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", f"{MALFORMED}This policy contains invalid Json"),
        ("", f"{MALFORMED}This policy contains invalid Json"),
        ("[" * 100_000, f"{BEGINNING}Maximum policy size of 20480 bytes exceeded"),
        ("[" * 20_000, f"{MALFORMED}This policy contains invalid Json"),
        (document(), f"{MALFORMED}Could not parse the policy: Statement is empty!"),
        (document(without("Resource")), f"{MALFORMED}Missing required field Resource"),
        (document(without("Action")), f"{MALFORMED}Missing required field Action"),
        (document(without("Principal")), f"{MALFORMED}Missing required field Principal"),
        (document(without("Effect")), f"{MALFORMED}Missing required field Effect"),
        (
            document(STATEMENT | {"Sid": "A"}, STATEMENT | {"Sid": "A"}),
            f"{MALFORMED}The Statement Ids in the policy are not unique",
        ),
        (document(STATEMENT).ljust(MAX_BYTES + 1), f"{BEGINNING}Maximum policy size of 20480 bytes exceeded"),
        ("\ud800", f"{MALFORMED}This policy contains invalid Json"),
        (
            document(STATEMENT | {"Action": "*:GetItem"}),
            f'{MALFORMED}The following action names are invalid: "*:GetItem"',
        ),
        (
            document(without("Action") | {"NotAction": ["dynamodb:GetItem", "d*:PutItem"]}),
            f'{MALFORMED}The following action names are invalid: "d*:PutItem"',
        ),
        (
            document(STATEMENT | {"Principal": {"Service": "nosuch.amazonaws.com"}}),
            f"{BEGINNING}Invalid principal in policy document.",
        ),
        *(
            (document(STATEMENT | {"Principal": nobody}), f"{BEGINNING}Invalid principal in policy document.")
            for nobody in ({}, {"AWS": []}, {"Federated": []}, {"CanonicalUser": "79a5"})
        ),
        (
            document(STATEMENT | {"Resource": STREAM}),
            f'{MALFORMED}The relative-id "{STREAM.split(":", 5)[-1]}" is invalid for ARN "{STREAM}"',
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_cannot_be_put_is_said(text: str, message: str) -> None:
    assert refusal(text) == message


def test_other_mistakes_are_said_in_words_of_ours() -> None:
    assert refusal(document(STATEMENT | {"Principal": ACCOUNT})).startswith(MALFORMED)
    assert refusal("[]").startswith(MALFORMED)


def test_blanks_count_up_to_the_limit() -> None:
    assert refusal(document(STATEMENT).ljust(MAX_BYTES)) == ""


@pytest.mark.parametrize(
    "more",
    [
        {"Resource": "*"},
        {"Resource": table_arn("another")},
        {"Resource": [f"{TABLE}/index/ix", f"{TABLE}/index/*", f"{TABLE}/*"]},
        {"Action": "dynamodb:getitem"},
        {"Effect": "allow"},
        {"Effect": "DENY"},
        {"Principal": {"Service": "redshift.amazonaws.com"}},
        {"Action": ["dynamodb:*", "dynamodb:Get*", "dynamodb:PartiQLSelect", "dynamodb:ConditionCheckItem"]},
        {"Action": "*"},
        {"Principal": {"AWS": ACCOUNT}},
        {"Principal": {"Service": "replication.dynamodb.amazonaws.com"}},
    ],
    ids=str,
)
def test_what_can_be_put(more: dict[str, Any]) -> None:
    assert refusal(document(STATEMENT | more)) == ""


def test_not_action_takes_the_place_of_action() -> None:
    assert refusal(document(without("Action") | {"NotAction": "dynamodb:DeleteTable"})) == ""
    assert "action names" in refusal(document(without("Action") | {"NotAction": "dynamodb:ListStreams"}))


def test_sids_that_are_left_out_are_not_the_same() -> None:
    assert refusal(document(STATEMENT, STATEMENT)) == ""


@pytest.mark.parametrize(
    "action",
    [
        "dynamodb:GetRecords",
        "dynamodb:ListStreams",
        "dynamodb:ExecuteStatement",
        "dynamodb:RestoreTableFromBackup",
        "dynamodb:CreateTable",
        "dynamodb:Nonsense",
        "dynamodb:Nonsense*",
        "s3:GetObject",
        "kms:*",
    ],
)
def test_actions_that_a_table_cannot_give_are_named(action: str) -> None:
    text = document(STATEMENT | {"Action": ["dynamodb:Scan", action]}, STATEMENT | {"Action": action})

    assert refusal(text) == f'{MALFORMED}The following action names are invalid: "{action}"'


def test_all_of_them_are_named_in_order() -> None:
    text = document(STATEMENT | {"Action": ["dynamodb:GetRecords", "dynamodb:DescribeStream"]})

    names = '"dynamodb:GetRecords", "dynamodb:DescribeStream"'
    assert refusal(text) == f"{MALFORMED}The following action names are invalid: {names}"


def test_a_stream_has_actions_and_a_name_of_its_own() -> None:
    own = STATEMENT | {"Action": "dynamodb:GetRecords", "Resource": STREAM}

    assert refusal(document(own), STREAM) == ""
    assert refusal(document(own | {"Resource": "*"}), STREAM) == ""
    assert "dynamodb:GetItem" in refusal(document(own | {"Action": "dynamodb:GetItem"}), STREAM)
    assert 'The relative-id "table/orders" is invalid' in refusal(document(own | {"Resource": TABLE}), STREAM)


def test_a_principal_who_is_not_there() -> None:
    view = FakeAccount(unknown_principals={ANA})

    assert refusal(document(STATEMENT), view=view) == f"{BEGINNING}Invalid principal in policy document."


@pytest.mark.parametrize(
    "text",
    [
        everybody(),
        everybody(Principal="*"),
        everybody(Principal={"AWS": [ANA, "*"]}),
        document(STATEMENT, STATEMENT | {"Principal": "*"}),
        everybody(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        when("StringEquals", "aws:ResourceAccount", ACCOUNT),
        when("StringEquals", "dynamodb:LeadingKeys", "1"),
        when("StringNotEquals", "aws:PrincipalAccount", ACCOUNT),
        when("StringEqualsIfExists", "aws:SourceVpce", "vpce-1"),
        when("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/"),
        when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*"),
        when("StringLike", "aws:PrincipalOrgID", "o-?"),
        when("StringEquals", "aws:PrincipalArn", ANA, "*"),
        when("StringEquals", "aws:UserId", "${aws:userid}"),
        when("StringEquals", "aws:PrincipalAccount"),
        when("Null", "aws:PrincipalAccount", "false"),
        when("Bool", "aws:PrincipalIsAWSService", "false"),
        when("StringEquals", "aws:PrincipalIsAWSService", "true"),
    ],
)
def test_everybody_is_not_let_in(text: str) -> None:
    assert refusal(text) == UNBOUNDED


@pytest.mark.parametrize(
    "text",
    [
        when("StringEquals", "aws:PrincipalArn", ANA),
        when("ArnEquals", "AWS:principalarn", ANA),
        when("ArnLike", "aws:SourceArn", TABLE),
        when("StringEquals", "aws:SourceVpc", "vpc-91237329"),
        when("StringEqualsIgnoreCase", "aws:PrincipalOrgID", "o-1"),
        when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/"),
        when("Bool", "aws:PrincipalIsAWSService", "true"),
        everybody(Effect="Deny"),
        everybody(
            Condition={
                "StringEquals": {"aws:PrincipalAccount": ACCOUNT},
                "IpAddress": {"aws:SourceIp": "0.0.0.0/0"},
            }
        ),
    ],
)
def test_everybody_within_bounds_is(text: str) -> None:
    assert refusal(text) == ""
