"""Policy documents of identities: what IAM says of each, as it was measured or recorded on AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.rules.resource_arns import resource_fault

ALLOW = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}
LEGACY = "The policy failed legacy parsing"
SYNTAX = "Syntax errors in policy."
VENDOR = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."
NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
REGEX = "Resource vendor must be fully qualified and cannot contain regexes."


def fault(document: Any, *, managed: bool = False) -> str:
    """What IAM says; empty where it takes the document."""
    try:
        check_identity_document(json.dumps(document), "aws", managed=managed)
    except ServiceError as error:
        return str(error).removeprefix("MalformedPolicyDocument: ")
    return ""


def statement(without: str = "", **more: Any) -> dict[str, Any]:
    """A policy of one statement."""
    kept = {name: value for name, value in ALLOW.items() if name != without}
    return {"Version": "2012-10-17", "Statement": {**kept, **more}}


def conditioned(operator: str, value: Any) -> dict[str, Any]:
    return statement(Condition={operator: {"aws:x": value}})


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("*:GetObject", VENDOR),
        ("*:*", VENDOR),
        ("s3*:GetObject", VENDOR),
        ("s3?:Get", VENDOR),
        (["s3:Get*", "k*:Decrypt"], VENDOR),
        ("GetObject", NO_VENDOR),
        ("", NO_VENDOR),
        ("s3:Get:Object", "Actions/Condition can contain only one colon."),
        ("a a:ListBucket", "Vendor a a is not valid"),
        ([], "Policy statement must contain actions."),
        ([[]], SYNTAX),
        ({}, SYNTAX),
        ("s3:Get*", ""),
        ("s3:*", ""),
        ("s3:?et*", ""),
        ("*", ""),
        ("service-prefix:action-name", ""),
        ("s3.s:ListBucket", ""),
    ],
)
@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_actions(element: str, action: Any, said: str) -> None:
    assert fault(statement("Action", **{element: action})) == said


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("my-bucket", 'Resource my-bucket must be in ARN format or "*".'),
        ("", 'Resource  must be in ARN format or "*".'),
        ("arn:aws:s3:b", LEGACY),
        ("arn:aws:s3::b", LEGACY),
        ("arn:aws:dynamodb:table/t", LEGACY),
        ("arn:aws:dynamodb:us-east-1:table/t", LEGACY),
        ("arn:aws::fdsasf", LEGACY),
        ("arn:aws:s3:my-bucket", "Resource arn:aws:s3:my-bucket:*:* can not contain region information."),
        ("arn:aws:s3:us-east-1::b", "Resource arn:aws:s3:us-east-1::b can not contain region information."),
        ("arn:aws:s3::111122223333:b", "Resource arn:aws:s3::111122223333:b cannot contain an account id."),
        (
            "arn:aws:s3::111122223333:b/key",
            "Resource arn:aws:s3::111122223333:b/key cannot contain an account id.",
        ),
        (
            "arn:aws:iam:us-east-1:111122223333:role/r",
            "IAM resource arn:aws:iam:us-east-1:111122223333:role/r cannot contain region information.",
        ),
        (
            "arn:aws:route53:us-east-1::hostedzone/z",
            "Resource arn:aws:route53:us-east-1::hostedzone/z can not contain region information.",
        ),
        ("arn:aws:*:::b", REGEX),
        ("arn:aws:s3*:::b", REGEX),
        ("arn:aws", REGEX),
        ("arn:aws-cn:s3:::b", 'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".'),
        ("arn:AWS:s3:::b", 'Partition "AWS" is not valid for resource "arn:AWS:s3:::b".'),
        ("a:bsdfdsafsad", 'Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*".'),
        ("aws:s3:::b", 'Partition "s3" is not valid for resource "arn:s3:::b:*".'),
        (["*", "adf"], 'Resource adf must be in ARN format or "*".'),
        ([], "Policy statement must contain resources."),
        ({"a": "arn:aws:s3:::b"}, SYNTAX),
        ("*", ""),
        ("arn:*:s3:::b", ""),
        ("arn:aws:s3:::b*", ""),
        ("arn:aws:s3:*:*:b", ""),
        ("arn:aws:sqs", ""),
        ("arn:aws:kms:us-east-1", ""),
        ("arn:aws:dynamodb:*:111122223333", ""),
        ("arn:aws:dynamodb:eu-????-1:11112222????", ""),
        ("arn:aws:ec2:region:account-id:instance/*", ""),
        ("arn:aws:s3:us-east-1:111122223333:accesspoint/ap", ""),
        ("arn:aws:iam::111122223333:root", ""),
        ("arn:aws:iam::*:user/${aws:username}", ""),
        ("arn:aws:dynamodb:*:${aws:PrincipalAccount}:table/t", ""),
        ("arn:aws:cloudfront:us-east-1:111122223333:distribution/d", ""),
    ],
)
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_resources(element: str, resource: Any, said: str) -> None:
    assert fault(statement("Resource", **{element: resource})) == said


def test_what_iam_has_is_named_by_its_kind() -> None:
    said = fault(statement(Resource="arn:aws:iam:::example_bucket"))
    assert said.startswith('IAM resource path must either be "*" or start with user/, federated-user/, role/')


def test_the_partition_is_that_of_the_account() -> None:
    assert resource_fault("arn:aws-cn:s3:::b", "aws-cn") == ""
    assert resource_fault("arn:aws:s3:::b", "aws-cn").startswith('Partition "aws" is not valid')


@pytest.mark.parametrize(
    ("operator", "value", "said"),
    [
        *(
            ("ArnLike", value, LEGACY)
            for value in ("nope", "arn:aws:s3:b", "arn:aws:s3::b", "${aws:PrincipalArn}", "")
        ),
        *(("ArnNotLike", value, "") for value in ("arn:*:s3:::b", "arn:aws:*:*:*:*", "*")),
        ("ForAnyValue:ArnEqualsIfExists", ["arn:aws:s3:::b", "nope"], LEGACY),
        *(("NumericLessThan", value, "") for value in ("10", 10, "10.5", "-1", "1e3")),
        *(("NumericNotEquals", value, LEGACY) for value in ("abc", " 10", "0x10", True)),
        *(
            ("DateGreaterThan", value, "")
            for value in ("2026", "2026-01", "2026-01-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00.000Z")
        ),
        *(
            ("DateLessThan", value, "")
            for value in ("2026-01-01T00:00+09:00", "1767225600", "01T", "2016-12-13t2:00:00.593194+23")
        ),
        *(
            ("DateLessThan", value, LEGACY)
            for value in ("tomorrow", "2026/01/01", "2026-13-45", "Thu, 01 Jan 2026 00:00:00 GMT", "234-13")
        ),
        ("DateLessThan", "2016-12-13t2:00:00.593194+1", LEGACY),
        ("DateLessThan", "9223372036854775808", LEGACY),
        *(
            ("IpAddress", value, "")
            for value in (
                "203.0.113.0/24",
                "203.0.113.5",
                "0.0.0.0/0",
                "2001:db8::/32",
                "2001:db8::1",
                "::/0",
            )
        ),
        *(
            ("NotIpAddress", value, LEGACY)
            for value in ("203.0.113.999/24", "example.com", "1.2.3", "10.0.0.0/33", "10.0.0.1 ")
        ),
        ("IpAddress", "10.0.0.0/255.0.0.0", LEGACY),
        *(("BinaryEquals", value, SYNTAX) for value in ("!!!", "abc", "YWJj==")),
        *(("BinaryEquals", value, "") for value in ("YWJj", "YWJjZA==")),
        ("StringEqualz", "a", SYNTAX),
        ("NullIfExists", "true", SYNTAX),
        ("ForAnyValue::StringEquals", "a", SYNTAX),
        ("Null", "true", ""),
        ("ForAllValues:Null", "true", ""),
        ("ForAnyValue:Null", "true", SYNTAX),
        ("StringEquals", {"a": "b"}, SYNTAX),
        ("StringEquals", ["a", {}], SYNTAX),
        ("StringLike", ["", "home/${aws:userid}/*"], ""),
        ("DateGreaterThan", [], ""),
    ],
)
def test_conditions(operator: str, value: Any, said: str) -> None:
    assert fault(conditioned(operator, value)) == said


@pytest.mark.parametrize(
    "condition", [[], "a", {"a": "b"}, {"x": {"a": "1"}}, [{"StringEquals": {"a": "b"}}]]
)
def test_a_condition_of_another_form(condition: Any) -> None:
    assert fault(statement(Condition=condition)) == SYNTAX


@pytest.mark.parametrize("condition", [{}, {"DateGreaterThan": {}}, {"x": {}, "y": {}}])
def test_a_condition_without_keys_is_taken(condition: Any) -> None:
    assert fault(statement(Condition=condition)) == ""


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"Version": "2012-10-17"}, SYNTAX),
        ({"Version": "2012-10-17", "Statement": []}, SYNTAX),
        ({"Version": "2012-10-17", "Statement": ["afd"]}, SYNTAX),
        ({**statement(), "Version": "2012-10-18"}, SYNTAX),
        ({**statement(), "Description": "d"}, SYNTAX),
        ({**statement(), "version": "2012-10-17"}, SYNTAX),
        ({**statement(), "Id": {}}, SYNTAX),
        ({**statement(), "Id": "i"}, ""),
        (statement("Effect"), SYNTAX),
        (statement(Effect="invalid"), SYNTAX),
        (statement(Effect="allow"), LEGACY),
        (statement(Effects="Allow"), SYNTAX),
        (statement(NotAction="s3:*"), SYNTAX),
        (statement(NotResource="*"), SYNTAX),
        (statement("Action"), "Policy statement must contain actions."),
        (statement("Resource"), "Policy statement must contain resources."),
        (statement(Sid={}), SYNTAX),
        (statement(Principal="*"), "Policy document should not specify a principal."),
        (statement(NotPrincipal={"AWS": "*"}), "Policy document should not specify a principal."),
        (
            {"Version": "2012-10-17", "Statement": [{**ALLOW, "Sid": "a"}, {**ALLOW, "Sid": "a"}]},
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        ({"Version": "2012-10-17", "Statement": [{**ALLOW, "Sid": ""}, {**ALLOW, "Sid": ""}]}, ""),
        # which of two faults is told
        ({**statement(Principal="*"), "Description": "d"}, SYNTAX),
        ({**statement(Principal="*"), "Version": "2012-10-18"}, SYNTAX),
        (statement("Action", Effect="denY", Resource="arn:aws:s3:us-east-1::b"), LEGACY),
        (statement(Action="s:3:ListBucket", Resource="sdf"), 'Resource sdf must be in ARN format or "*".'),
        (statement("Resource", Action="invalid"), NO_VENDOR),
    ],
)
def test_documents(document: Any, said: str) -> None:
    assert fault(document) == said


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_only_a_managed_policy_has_to_be_of_the_later_version(version: str | None) -> None:
    document = {name: value for name, value in {**statement(), "Version": version}.items() if value}
    assert fault(document) == ""
    assert fault(document, managed=True) == "Policy document must be version 2012-10-17 or greater."
