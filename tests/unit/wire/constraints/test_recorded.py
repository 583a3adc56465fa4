"""Refusals and acceptances that were seen on AWS, or that its documentation has and no model."""

from __future__ import annotations

import pytest
from helpers.botocore_models import operation
from helpers.fake_account import user
from unit.wire.constraints import recorded_json_services, recorded_query_services
from unit.wire.constraints.recorded_json_services import KEY, TABLE, table
from unit.wire.constraints.recorded_query_services import FAILED, Params, tagged

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.wire.constraints import check_constraints
from pytest_kmslab.wire.constraints.checkers import Compiler

ROLE = "arn:aws:iam::123456789012:role/app"
REFUSED = [*recorded_json_services.REFUSED, *recorded_query_services.REFUSED]


def check(name: str, params: Params) -> None:
    service, _, called = name.partition(":")
    check_constraints(ApiCall(service, called, params, "us-east-1", user()))


@pytest.mark.parametrize(("name", "params", "code", "message"), REFUSED)
def test_refused_as_aws_words_it(name: str, params: Params, code: str, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check(name, params)
    assert (refused.value.code, refused.value.message, refused.value.status) == (code, message, 400)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "a/b"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "*"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": ""}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ab\n"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "é1"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "SourceIdentity": "a/b"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "SourceIdentity": "*"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "ExternalId": "a b"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "Policy": "x" * 2049}),
        ("sts:GetFederationToken", {"Name": "a/b"}),
        ("sts:GetFederationToken", {"Name": "*"}),
        ("sts:GetFederationToken", {"Name": "a" * 33}),
        ("iam:CreateUser", {"UserName": "u", "Tags": tagged("aws:x")}),
        ("iam:CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}", "Tags": tagged("aws:x")}),
        ("iam:TagPolicy", {"PolicyArn": "arn:aws:iam::123456789012:policy/p", "Tags": tagged("aws:x")}),
        ("kms:CreateAlias", {"AliasName": "alias/a b", "TargetKeyId": "k"}),
        ("kms:CreateGrant", {"KeyId": "k", "GranteePrincipal": ROLE, "Operations": ["Read"]}),
        ("kms:ReplicateKey", {"KeyId": "k", "ReplicaRegion": "nowhere"}),
        ("kms:Decrypt", {"CiphertextBlob": b""}),
        *(
            ("kms:CreateGrant", {"KeyId": "k", "Operations": ["Decrypt"], member: principal})
            for member in ("GranteePrincipal", "RetiringPrincipal")
            for principal in ("*", "", f"{ROLE}*", "a b")
        ),
        *(("kms:PutKeyPolicy", {"KeyId": "k", "Policy": text}) for text in ("Ж", "一", "\x0b", "\x1f", "")),
        *(
            ("iam:PutUserPolicy", {"UserName": "u", "PolicyName": "p", "PolicyDocument": text})
            for text in ("Ж", "一", "\x0b", "")
        ),
        *(("sts:GetFederationToken", {"Name": "fed", "Policy": text}) for text in ("一", "a" * 2049, "")),
        ("dynamodb:BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}] * 26}}),
        ("dynamodb:GetItem", {"TableName": "t", "Key": KEY, "ReturnConsumedCapacity": "ALL"}),
    ],
)
def test_refused_in_whatever_words(name: str, params: Params) -> None:
    with pytest.raises(ServiceError) as refused:
        check(name, params)
    assert refused.value.code in ("ValidationException", "ValidationError", "InvalidInput")


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s_1+=,.@-"}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "SourceIdentity": "a" * 256}),
        ("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "Tags": tagged("Größe", "café 1")}),
        ("sts:AssumeRole", {"RoleArn": "arn:aws-cn:iam::123456789012:role/a/b", "RoleSessionName": "s1"}),
        ("iam:CreateUser", {"UserName": "a_1+=,.@-", "Path": "/"}),
        ("iam:CreateUser", {"UserName": "a", "Path": "/a/b!$/"}),
        ("iam:ListUsers", {"PathPrefix": "/a"}),
        ("iam:TagUser", {"UserName": "u", "Tags": tagged("awsthing", "")}),
        ("iam:TagUser", {"UserName": "u", "Tags": tagged("ok_.:/=+-@ key", "ключ")}),
        ("iam:TagUser", {"UserName": "u", "Tags": tagged("é" * 128, "é" * 256)}),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
        (
            "iam:TagPolicy",
            {"PolicyArn": "arn:aws:iam::123456789012:policy/p", "Tags": [*tagged("Dup"), *tagged("dup")]},
        ),
        ("iam:GetUser", {}),
        (
            "iam:CreateUser",
            {"UserName": "u", "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        ),
        (
            "iam:AttachUserPolicy",
            {"UserName": "u", "PolicyArn": "arn:aws:iam::aws:policy/job-function/Billing"},
        ),
        ("kms:CreateKey", {"Description": "", "Tags": []}),
        ("kms:CreateKey", {"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}),
        ("dynamodbstreams:GetRecords", {"ShardIterator": "x", "Limit": 1000}),
        ("dynamodbstreams:ListStreams", {"Limit": 100}),
        ("kms:ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 7}),
        ("kms:ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 30}),
        ("kms:DescribeKey", {"KeyId": "fake-key-id"}),
        ("kms:GenerateRandom", {}),
        ("kms:Decrypt", {"DryRun": True}),
        ("dynamodb:GetItem", {"TableName": TABLE, "Key": KEY}),
        ("dynamodb:GetItem", {"TableName": "ab", "Key": KEY}),
        ("dynamodb:CreateTable", table(Tags=[])),
        ("dynamodb:CreateTable", table(Tags=[*tagged("a", ""), *tagged("A")])),
        ("dynamodb:CreateTable", table(SSESpecification={"SSEType": "AES256"})),
        ("dynamodb:Query", {"TableName": "orders", "Limit": 1}),
    ],
)
def test_taken_as_aws_takes_it(name: str, params: Params) -> None:
    check(name, params)


def test_at_most_ten_errors_are_told() -> None:
    with pytest.raises(ServiceError) as refused:
        check("dynamodb:CreateTable", table(LocalSecondaryIndexes=[{}] * 9))
    assert refused.value.message.startswith("10 validation errors detected: ")
    assert refused.value.message.endswith(
        f"Value null at 'localSecondaryIndexes.4.member.indexName' {FAILED} not be null"
    )


def test_of_a_union_exactly_one_member_is_set() -> None:
    arn = "arn:aws:iam::123456789012:policy/p"
    simulated = {"PolicySourceArn": ROLE, "ActionNames": ["kms:Decrypt"]}
    shape = operation("iam", "SimulatePrincipalPolicy").input_shape
    assert shape is not None
    if "PolicyExclusionList" not in shape.members:
        pytest.skip("the installed botocore has no union in a request")
    check("iam:SimulatePrincipalPolicy", {**simulated, "PolicyExclusionList": [{"PolicyArn": arn}]})
    checker = Compiler("iam").checker(shape)
    assert checker is not None
    for wrong in ({}, {"PolicyArn": arn, "PolicyType": "AWS"}):
        violation = checker({**simulated, "PolicyExclusionList": [wrong]})[0]
        assert violation.path == "policyExclusionList.1.member"


def test_an_operation_that_botocore_does_not_know_is_left_to_the_authorization() -> None:
    check("kms:Frobnicate", {"KeyId": 1})
    check("s3:GetObject", {"Key": ""})
