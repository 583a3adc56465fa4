"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import FakeAccount, call, key_arn, role_session, root, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.context_keys import SERVICE, caller_context, request_tags


def test_an_iam_user() -> None:
    keys = caller_context(user(tags={"Team": "blue"}), "eu-west-1")
    assert keys == {
        "aws:PrincipalArn": "arn:aws:iam::123456789012:user/ana",
        "aws:PrincipalAccount": "123456789012",
        "aws:PrincipalType": "User",
        "aws:userid": "AIDAEXAMPLEANA",
        "aws:username": "ana",
        "aws:PrincipalTag/Team": "blue",
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": True,
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": False,
    }


def test_a_role_session_is_known_by_its_role_and_has_no_user_name() -> None:
    keys = caller_context(role_session(), "us-east-1")
    assert keys["aws:PrincipalArn"] == "arn:aws:iam::123456789012:role/app"
    assert keys["aws:userid"] == "AROAEXAMPLE:s1"
    assert "aws:username" not in keys


def test_the_root_user() -> None:
    keys = caller_context(root(), "us-east-1")
    assert (keys["aws:PrincipalType"], keys["aws:userid"]) == ("Account", "123456789012")
    assert "aws:username" not in keys


def test_the_time_is_there_only_if_given() -> None:
    assert "aws:CurrentTime" not in caller_context(user(), "us-east-1")
    noon = datetime(2026, 1, 2, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    keys = caller_context(user(), "us-east-1", noon)
    assert (keys["aws:CurrentTime"], keys["aws:EpochTime"]) == ("2026-01-02T12:00:00Z", 1767355200)


def test_one_callers_keys_are_not_anothers() -> None:
    keys = caller_context(user(), "us-east-1")
    keys["kms:ViaService"] = "dynamodb.us-east-1.amazonaws.com"
    assert "kms:ViaService" not in caller_context(user(), "us-east-1")


def test_tags_of_a_request() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b"}]
    assert request_tags(tags) == {"aws:RequestTag/a": "1", "aws:RequestTag/b": "", "aws:TagKeys": ("a", "b")}
    assert request_tags([]) == {}


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("kms", "DescribeKey", {"KeyId": key_arn()}),
        ("kms", "ListKeys", {}),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}),
        ("iam", "CreateUser", {"UserName": "bo"}),
        ("sts", "GetFederationToken", {"Name": "carol"}),
    ],
)
def test_a_call_of_a_known_time_says_it(service: str, operation: str, params: dict[str, object]) -> None:
    """The key is in every request: a Deny from a date on must not be missed."""
    at_noon = call(service, operation, params)._replace(time=datetime(2026, 1, 2, 12, tzinfo=timezone.utc))
    view = FakeAccount()
    view.add_key()
    authorization = next(required_authorizations(at_noon, view))
    assert authorization.request.context["aws:CurrentTime"] == ("2026-01-02T12:00:00Z",)
    assert authorization.request.context["aws:EpochTime"] == ("1767355200",)


def test_temporary_credentials_say_since_when_and_that_no_password_was_asked_for() -> None:
    keys = caller_context(role_session(token_issued="2026-01-02T11:59:00Z"), "us-east-1")
    assert keys["aws:TokenIssueTime"] == "2026-01-02T11:59:00Z"
    assert keys["aws:MultiFactorAuthPresent"] is False
    lasting = caller_context(user(), "us-east-1")
    assert not {"aws:TokenIssueTime", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"} & set(lasting)


def test_the_age_of_multi_factor_authentication_is_that_of_the_session() -> None:
    """In seconds: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
    known = {"aws:MultiFactorAuthPresent": "true"}
    caller = role_session(token_issued="2026-01-02T11:59:00Z", context=known)
    keys = caller_context(caller, "us-east-1", datetime(2026, 1, 2, 12, 1, 0, tzinfo=timezone.utc))
    assert (keys["aws:MultiFactorAuthPresent"], keys["aws:MultiFactorAuthAge"]) == ("true", 120)
    assert "aws:MultiFactorAuthAge" not in caller_context(caller, "us-east-1")


def test_the_network_that_a_request_came_by() -> None:
    keys = caller_context(user(address="192.0.2.7", secure_transport=False), "us-east-1")
    assert (keys["aws:SourceIp"], keys["aws:SecureTransport"]) == ("192.0.2.7", False)
    assert "aws:SourceIp" not in caller_context(user(), "us-east-1")


def test_what_else_is_known_of_a_caller_is_said() -> None:
    keys = caller_context(user(context={"aws:PrincipalOrgID": "o-example"}), "us-east-1")
    assert keys["aws:PrincipalOrgID"] == "o-example"


def test_a_service_that_acts_by_itself_has_no_account() -> None:
    name = "dynamodb.amazonaws.com"
    service = Caller(name, "", name, "", SERVICE, context={"aws:SourceAccount": "123456789012"})
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    assert caller_context(service, "eu-west-1", noon) == {
        "aws:PrincipalIsAWSService": True,
        "aws:PrincipalServiceName": name,
        "aws:PrincipalServiceNamesList": (name,),
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": True,
        "aws:ViaAWSService": False,
        "aws:SourceAccount": "123456789012",
        "aws:CurrentTime": "2026-01-02T12:00:00Z",
        "aws:EpochTime": 1767355200,
    }
