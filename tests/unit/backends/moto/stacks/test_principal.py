"""In whose name a stack's calls are made, and what they carry."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account, allow

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

from .conftest import Stacks, one

KEY = ("AWS::KMS::Key", {"Description": "k"})
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def as_user(account: Account, *documents: Any) -> Stacks:
    return Stacks(account, account.user("ana", *documents))


def deny(action: str, key: str, value: Any, operator: str = "Bool") -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Action": action,
        "Resource": "*",
        "Condition": {operator: {key: value}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(
    account: Account,
    *actions: str,
    service: str = "cloudformation.amazonaws.com",
    name: str = "deployer",
    **more: Any,
) -> None:
    iam = account.root.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    policy = json.dumps(allow(*actions))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)


def test_a_stack_makes_what_its_caller_may_make(account: Account) -> None:
    made = as_user(account, allow("kms:CreateKey", "cloudformation:*")).one(*KEY)
    assert made.status == "CREATE_COMPLETE"


def test_a_stack_does_not_make_what_its_caller_may_not(account: Account) -> None:
    made = as_user(account, allow("cloudformation:*")).one(*KEY)
    assert made.status == "ROLLBACK_COMPLETE"
    text = made.failures["One"]
    assert f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: kms:CreateKey" in text
    assert "HandlerErrorCode: AccessDenied" in text
    assert not account.root.client("kms").list_keys()["Keys"]


def test_a_right_that_a_later_call_needs(account: Account) -> None:
    """CreateKey alone is not enough for a key with rotation: nothing is left of it."""
    made = as_user(account, allow("kms:CreateKey", "kms:ScheduleKeyDeletion")).one(
        "AWS::KMS::Key", {"EnableKeyRotation": True}
    )
    assert "kms:EnableKeyRotation" in made.failures["One"]
    kms = account.root.client("kms")
    states = [kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"]["KeyState"] for k in kms.list_keys()["Keys"]]
    assert states == ["PendingDeletion"]


@pytest.mark.parametrize(
    "denial",
    [
        deny("kms:CreateKey", "aws:ViaAWSService", "true"),
        deny("kms:*", "aws:CalledVia", "cloudformation.amazonaws.com", "ForAnyValue:StringEquals"),
        deny("kms:*", "aws:CalledViaFirst", "cloudformation.amazonaws.com", "StringEquals"),
    ],
)
def test_calls_carry_that_cloudformation_makes_them(account: Account, denial: Any) -> None:
    stacks = as_user(account, EVERYTHING, denial)
    assert "explicit deny" in stacks.one(*KEY).failures["One"]
    key = account.root.client("iam").create_access_key(UserName="ana")["AccessKey"]
    session = account.session(Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    session.client("kms").create_key()


def test_what_only_cloudformation_may_do_for_its_caller(account: Account) -> None:
    only = allow("kms:*")
    only["Statement"][0]["Condition"] = {
        "ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
    }
    user = account.user("ana", only)
    assert Stacks(account, user).one(*KEY).status == "CREATE_COMPLETE"
    with pytest.raises(ClientError):
        user.client("kms").create_key()


def test_dynamodb_calls_kms_in_turn(account: Account) -> None:
    """Both services stand in `aws:CalledVia`, in order."""
    key = account.key()
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    }
    first = deny("kms:*", "aws:CalledViaFirst", "cloudformation.amazonaws.com", "StringEquals")
    last = deny("kms:*", "aws:CalledViaLast", "cloudformation.amazonaws.com", "StringEquals")
    user = account.user("ana", EVERYTHING, first)
    assert Stacks(account, user).one("AWS::DynamoDB::Table", table).status == "ROLLBACK_COMPLETE"
    account.root.client("iam").put_user_policy(
        UserName="ana", PolicyName="p1", PolicyDocument=json.dumps(last)
    )
    assert Stacks(account, user).one("AWS::DynamoDB::Table", table, "t").status == "CREATE_COMPLETE"


def test_a_role_makes_what_its_passer_may_not(account: Account) -> None:
    role(account, "kms:CreateKey", "kms:ScheduleKeyDeletion")
    stacks = as_user(account, allow("iam:PassRole"))
    stacks.client.create_stack(StackName="s", TemplateBody=json.dumps(one(*KEY)), RoleARN=ROLE)
    assert stacks.look("s").status == "CREATE_COMPLETE"
    assert stacks.delete().status == "DELETE_COMPLETE"  # the stack keeps its role


def test_a_role_may_do_only_what_it_may(account: Account) -> None:
    role(account, "kms:DescribeKey")
    made = Stacks(account).deploy(one(*KEY), RoleARN=ROLE)
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/AWSCloudFormation"
    assert f"User: {who} is not authorized to perform: kms:CreateKey" in made.failures["One"]


def test_calls_of_a_role_are_forwarded_too(account: Account) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html"""
    role(account, "kms:*")
    document = json.dumps(deny("kms:CreateKey", "aws:ViaAWSService", "true"))
    account.root.client("iam").put_role_policy(RoleName="deployer", PolicyName="d", PolicyDocument=document)
    assert "explicit deny" in Stacks(account).deploy(one(*KEY), RoleARN=ROLE).failures["One"]


def refused(stacks: Stacks, text: str, **more: Any) -> None:
    with pytest.raises(ClientError) as raised:
        stacks.deploy(one(*KEY), **more)
    assert text in str(raised.value)
    assert not stacks.account.root.client("kms").list_keys()["Keys"]


def test_a_role_has_to_be_passed(account: Account) -> None:
    role(account, "kms:*")
    refused(as_user(account, allow("kms:*")), "not authorized to perform: iam:PassRole", RoleARN=ROLE)


def test_a_role_may_be_passed_to_cloudformation_only(account: Account) -> None:
    role(account, "kms:*")
    passing = allow("iam:PassRole")
    passing["Statement"][0]["Condition"] = {
        "StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}
    }
    user = account.user("ana", passing)
    assert Stacks(account, user).deploy(one(*KEY), RoleARN=ROLE).status == "CREATE_COMPLETE"
    passing["Statement"][0]["Condition"]["StringEquals"]["iam:PassedToService"] = "ec2.amazonaws.com"
    other = account.user("bob", passing)
    with pytest.raises(ClientError, match="iam:PassRole"):
        Stacks(account, other).deploy(one(*KEY), "t", RoleARN=ROLE)


@pytest.mark.parametrize("key", ["aws:ResourceTag/kept", "iam:ResourceTag/kept", "aws:ResourceAccount"])
def test_a_role_is_passed_by_its_tags_and_account(account: Account, key: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"""
    role(account, "kms:*")
    account.root.client("iam").tag_role(RoleName="deployer", Tags=[{"Key": "kept", "Value": ACCOUNT}])
    user = account.user("ana", allow("iam:*"), deny("iam:PassRole", key, ACCOUNT, "StringEquals"))
    refused(Stacks(account, user), "explicit deny", RoleARN=ROLE)
    only = allow("iam:PassRole", Condition={"StringEquals": {key: ACCOUNT}})
    passer = Stacks(account, account.user("bob", only))
    assert passer.deploy(one(*KEY), RoleARN=ROLE).status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "condition",
    [
        {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}},
        {"StringEquals": {"sts:RoleSessionName": "AWSCloudFormation"}},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    ],
    ids=["time", "session", "account"],
)
def test_what_a_trust_policy_asks_of_cloudformation(account: Account, condition: Any) -> None:
    role(account, "kms:*", Condition=condition)
    assert Stacks(account).deploy(one(*KEY), RoleARN=ROLE).status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "more",
    [
        {"service": "lambda.amazonaws.com"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}},
    ],
)
def test_a_role_has_to_trust_cloudformation(account: Account, more: dict[str, Any]) -> None:
    role(account, "kms:*", **more)
    refused(Stacks(account), f"Role {ROLE} is invalid or cannot be assumed", RoleARN=ROLE)


def test_a_role_may_trust_cloudformation_for_the_account(account: Account) -> None:
    role(account, "kms:*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    assert Stacks(account).deploy(one(*KEY), RoleARN=ROLE).status == "CREATE_COMPLETE"


def test_a_role_that_is_not_there(account: Account) -> None:
    refused(Stacks(account), "is invalid or cannot be assumed", RoleARN=ROLE)


@pytest.mark.parametrize("secret", ["wrong", None])
def test_who_signs_wrongly_is_nobody(account: Account, secret: str | None) -> None:
    account.user("ana", EVERYTHING)
    key = account.root.client("iam").create_access_key(UserName="ana")["AccessKey"]
    given = (key["AccessKeyId"], secret) if secret else ("AKIAAAAAAAAAAAAAAAAA", "x")
    stacks = Stacks(account, account.session(Credentials(*given)))
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|InvalidClientTokenId"):
        stacks.client.create_stack(StackName="s", TemplateBody=json.dumps(one(*KEY)))
    assert not account.root.client("kms").list_keys()["Keys"]


@pytest.mark.parametrize("by", ["botocore", "requests"])
def test_who_does_not_sign_is_nobody(account: Account, by: str) -> None:
    body = {"Action": "CreateStack", "Version": "2010-05-15", "StackName": "s"}
    template = json.dumps(one(*KEY))
    if by == "requests":
        url = "https://cloudformation.us-east-1.amazonaws.com/"
        answer = requests.post(url, data={**body, "TemplateBody": template}, timeout=9)
        assert "MissingAuthenticationToken" in answer.text
    else:
        client = account.root.client("cloudformation", config=Config(signature_version=UNSIGNED))
        with pytest.raises(ClientError, match="MissingAuthenticationToken"):
            client.create_stack(StackName="s", TemplateBody=template)
    assert not account.root.client("kms").list_keys()["Keys"]


def test_a_session_without_mfa_makes_nothing_of_iam(account: Account) -> None:
    """IAM takes no credentials of GetSessionToken without multi-factor authentication."""
    user = account.user("ana", EVERYTHING)
    session = account.temporary(user.client("sts").get_session_token())
    made = Stacks(account, session).one("AWS::IAM::User", {"UserName": "bob"})
    assert made.status == "ROLLBACK_COMPLETE"
    assert Stacks(account, session).one(*KEY, name="t").status == "CREATE_COMPLETE"


def test_a_stack_goes_by_the_clock_that_a_test_moves(account: Account) -> None:
    ana = account.user("ana", EVERYTHING)
    session = account.temporary(ana.client("sts").get_session_token(DurationSeconds=900))
    account.run.clock.advance(3600)
    earlier = datetime.fromtimestamp(account.run.clock.now() - 60, timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    role(account, "kms:*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    revoked = deny("*", "aws:TokenIssueTime", earlier, "DateLessThan")
    iam = account.root.client("iam")
    iam.put_role_policy(RoleName="deployer", PolicyName="revoked", PolicyDocument=json.dumps(revoked))
    assert Stacks(account, ana).one(*KEY).status == "CREATE_COMPLETE"
    assert Stacks(account, ana).deploy(one(*KEY), "t", RoleARN=ROLE).status == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="ExpiredToken"):
        Stacks(account, session).one(*KEY, name="u")


def test_every_call_of_a_stack_is_in_the_trail(account: Account) -> None:
    as_user(account, EVERYTHING).one("AWS::KMS::Key", {"EnableKeyRotation": True})
    recorded = [(entry.request.principal, entry.request.action) for entry in account.run.trail.since()]
    ana = f"arn:aws:iam::{ACCOUNT}:user/ana"
    assert recorded[-1] == (ana, "kms:EnableKeyRotation")
    assert (ana, "kms:CreateKey") in recorded


@pytest.mark.parametrize("given", [Credentials("AKIAAAAAAAAAAAAAAAAA", "x"), None])
def test_without_enforcement_anybody_makes_anything(given: Credentials | None) -> None:
    """Save what KMS refuses for another reason."""
    run = Run(Settings(enforcement="off"))
    run.install()
    run.backend.start()
    try:
        account = Account(run)
        stacks = Stacks(account, account.session(given) if given else account.user("ana"))
        assert stacks.one(*KEY).status == "CREATE_COMPLETE"
        assert stacks.one("AWS::KMS::Key", {"KeyPolicy": {}}, "t").status == "ROLLBACK_COMPLETE"
    finally:
        run.backend.stop()
        run.close()
