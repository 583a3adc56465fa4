"""Temporary credentials, and principals that were deleted and made again under their old name."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, REGION, TABLE, Account, allow
from helpers.asserts import code

from pytest_kmslab.backends.protocol import Credentials

USER = f"arn:aws:iam::{ACCOUNT}:user/u"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def temporary(account: Account, response: Any) -> boto3.Session:
    given = response["Credentials"]
    return account.session(Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))


def make_role(account: Account, principal: str, *policies: Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    iam = account.root.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    for number, policy in enumerate(policies):
        iam.put_role_policy(RoleName="r", PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))


def make_user_again(account: Account, *documents: Any) -> boto3.Session:
    iam = account.root.client("iam")
    for key in iam.list_access_keys(UserName="u")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"])
    for name in iam.list_user_policies(UserName="u")["PolicyNames"]:
        iam.delete_user_policy(UserName="u", PolicyName=name)
    iam.delete_user(UserName="u")
    return account.user("u", *documents)


def assume(session: boto3.Session) -> Any:
    return session.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")


def test_a_session_of_a_deleted_role_is_none_of_the_role_made_again(account: Account) -> None:
    make_role(account, ROOT, allow("kms:*"))
    session = temporary(account, assume(account.user("u", allow("sts:AssumeRole"))))
    session.client("kms").list_keys()
    iam = account.root.client("iam")
    iam.delete_role_policy(RoleName="r", PolicyName="p0")
    iam.delete_role(RoleName="r")
    make_role(account, ROOT, allow("kms:*"))
    assert code(session.client("kms").list_keys) == "UnrecognizedClientException"


@pytest.mark.parametrize("operation", ["get_session_token", "get_federation_token"])
def test_a_token_of_a_deleted_user_is_none_of_the_user_made_again(account: Account, operation: str) -> None:
    sts = account.user("u", EVERYTHING).client("sts")
    more = {"Name": "bob", "Policy": json.dumps(EVERYTHING)} if "federation" in operation else {}
    session = temporary(account, getattr(sts, operation)(**more))
    session.client("kms").list_keys()
    make_user_again(account, EVERYTHING)
    assert code(session.client("kms").list_keys) == "UnrecognizedClientException"


def test_a_grant_to_a_deleted_user_is_none_to_the_user_made_again(account: Account) -> None:
    key = account.key()
    user = account.user("u")
    account.root.client("kms").create_grant(KeyId=key, GranteePrincipal=USER, Operations=["DescribeKey"])
    user.client("kms").describe_key(KeyId=key)
    again = make_user_again(account).client("kms")
    assert code(lambda: again.describe_key(KeyId=key)) == "AccessDeniedException"


def test_a_role_does_not_trust_a_user_made_again(account: Account) -> None:
    user = account.user("u")
    make_role(account, USER)
    assume(user)
    again = make_user_again(account)
    assert code(lambda: assume(again)) == "AccessDenied"


def test_a_tables_policy_does_not_name_a_user_made_again(account: Account) -> None:
    user = account.user("u")
    dynamodb = account.root.client("dynamodb")
    arn = dynamodb.create_table(**TABLE)["TableDescription"]["TableArn"]
    statement = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "dynamodb:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy)
    user.client("dynamodb").scan(TableName="orders")
    again = make_user_again(account).client("dynamodb")
    assert code(lambda: again.scan(TableName="orders")) == "AccessDeniedException"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("assume_role", {"RoleArn": ROLE, "RoleSessionName": "one"}),
        ("get_federation_token", {"Name": "fed"}),
    ],
)
def test_the_managed_policies_that_are_passed_limit_a_session(
    account: Account, operation: str, params: Any
) -> None:
    make_role(account, ROOT, EVERYTHING)
    iam = account.root.client("iam")
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=json.dumps(allow(action)))["Policy"]["Arn"]
        for number, action in enumerate(("kms:ListKeys", "dynamodb:ListTables"))
    ]
    sts = account.user("u", EVERYTHING).client("sts")
    made = getattr(sts, operation)(**params, PolicyArns=[{"arn": arn} for arn in arns])
    session = temporary(account, made)
    session.client("kms").list_keys()
    session.client("dynamodb").list_tables()
    assert code(session.client("kms").list_aliases) == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["get_session_token", "get_federation_token"])
def test_temporary_credentials_do_not_prolong_themselves(account: Account, operation: str) -> None:
    make_role(account, ROOT, EVERYTHING)
    user = account.user("u", EVERYTHING)
    more = {"Name": "bob"} if "federation" in operation else {}
    for given in (assume(user), user.client("sts").get_session_token()):
        sts = temporary(account, given).client("sts")
        assert code(lambda sts=sts: getattr(sts, operation)(**more)) == "AccessDenied"


def test_a_session_token_without_mfa_is_not_for_iam(account: Account) -> None:
    user = account.user("u", EVERYTHING)
    session = temporary(account, user.client("sts").get_session_token())
    assert code(session.client("iam").list_users) == "InvalidClientTokenId"


def test_the_root_user_assumes_no_role(account: Account) -> None:
    make_role(account, ROOT)
    assert code(lambda: assume(account.root)) == "AccessDenied"


@pytest.mark.parametrize(
    "condition",
    [
        {"DateLessThan": {"aws:TokenIssueTime": "2999-01-01T00:00:00Z"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    ],
    ids=["sessions revoked", "no MFA"],
)
def test_a_deny_of_sessions_applies_to_a_session(account: Account, condition: Any) -> None:
    make_role(account, ROOT, allow("kms:*"))
    user = account.user("u", allow("sts:AssumeRole", "kms:*"))
    session = temporary(account, assume(user))
    session.client("kms").list_keys()
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam = account.root.client("iam")
    iam.put_role_policy(RoleName="r", PolicyName="revoke", PolicyDocument=document)
    iam.put_user_policy(UserName="u", PolicyName="revoke", PolicyDocument=document)
    assert code(session.client("kms").list_keys) == "AccessDeniedException"
    user.client("kms").list_keys()


def test_a_renamed_user_keeps_its_access_key(account: Account) -> None:
    user = account.user("u", allow("kms:*"))
    account.root.client("iam").update_user(UserName="u", NewUserName="v")
    user.client("kms").list_keys()
    assert user.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/v"


@pytest.mark.parametrize("change", [{"NewUserName": "v"}, {"NewPath": "/team/"}])
def test_so_do_its_sessions(account: Account, change: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"""
    user = account.user("u", allow("kms:*", "sts:*"))
    everything = json.dumps(allow("kms:*"))
    sts = user.client("sts")
    own = temporary(account, sts.get_session_token())
    federated = temporary(account, sts.get_federation_token(Name="fed", Policy=everything))
    account.root.client("iam").update_user(UserName="u", **change)
    if "NewUserName" in change:
        account.user("u")  # another user, whose sessions these are not
    for session in (own, federated):
        session.client("kms").list_keys()
    now = f"arn:aws:iam::{ACCOUNT}:user{change.get('NewPath', '/')}{change.get('NewUserName', 'u')}"
    assert own.client("sts", region_name=REGION).get_caller_identity()["Arn"] == now
    named = allow("kms:*", Condition={"StringEquals": {"aws:username": change.get("NewUserName", "u")}})
    account.root.client("iam").put_user_policy(
        UserName=change.get("NewUserName", "u"), PolicyName="p0", PolicyDocument=json.dumps(named)
    )
    own.client("kms").list_keys()


def test_the_identity_of_a_session_token_is_its_users(account: Account) -> None:
    user = account.user("u")
    session = temporary(account, user.client("sts").get_session_token())
    assert session.client("sts", region_name=REGION).get_caller_identity()["Arn"] == USER


def test_a_role_trusts_nobody_who_is_not_there(account: Account) -> None:
    """Or it would trust whoever is given the name later."""
    with pytest.raises(ClientError) as refused:
        make_role(account, f"{USER}-nobody")
    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert f'Invalid principal in policy: "AWS":"{USER}-nobody"' in str(refused.value)
    make_role(account, ROOT)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"{ROLE}-nobody"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = account.root.client("iam")
    changing = {"RoleName": "r", "PolicyDocument": document}
    assert code(lambda: iam.update_assume_role_policy(**changing)) == "MalformedPolicyDocument"


def test_a_session_policy_that_cannot_be_read_makes_no_session(account: Account) -> None:
    make_role(account, ROOT)
    sts = account.user("u", allow("sts:*")).client("sts")
    for act in (
        lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="session", Policy="{}"),
        lambda: sts.get_federation_token(Name="bob", Policy="{"),
    ):
        assert code(act) == "MalformedPolicyDocument"


def test_transitive_tags_and_the_source_identity_go_down_a_chain_of_roles(account: Account) -> None:
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    trust = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = account.root.client("iam")
    wanted = {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "ana"}
    policies = (allow("sts:*"), allow("kms:ListKeys", Condition={"StringEquals": wanted}))
    for name in ("first", "last"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        for number, policy in enumerate(policies):
            iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))
    arn = ROLE.removesuffix("r")
    sts = account.user("u", allow("sts:*")).client("sts")
    tags = [{"Key": "team", "Value": "red"}, {"Key": "shift", "Value": "day"}]
    made = sts.assume_role(
        RoleArn=f"{arn}first",
        RoleSessionName="one",
        Tags=tags,
        TransitiveTagKeys=["team"],
        SourceIdentity="ana",
    )
    chained = temporary(account, made).client("sts").assume_role(RoleArn=f"{arn}last", RoleSessionName="two")
    temporary(account, chained).client("kms").list_keys()
    narrower = json.dumps({"Version": "2012-10-17", "Statement": [trust | {"Action": actions[0]}]})
    iam.update_assume_role_policy(RoleName="last", PolicyDocument=narrower)
    next_one = temporary(account, made).client("sts")
    assert code(lambda: next_one.assume_role(RoleArn=f"{arn}last", RoleSessionName="two")) == "AccessDenied"


def test_a_principal_can_be_named_by_the_unique_id_that_iam_shows(account: Account) -> None:
    user = account.user("u", allow("dynamodb:*", "kms:*"))
    iam, kms = account.root.client("iam"), account.root.client("kms")
    shown = iam.get_user(UserName="u")["User"]["UserId"]
    assert shown.startswith("AIDA")
    assert user.client("sts").get_caller_identity()["UserId"] == shown
    deny = {"Effect": "Deny", "Principal": {"AWS": shown}, "Action": "kms:DescribeKey", "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    key = account.key({"Version": "2012-10-17", "Statement": [deny, trust]})
    assert code(lambda: user.client("kms").describe_key(KeyId=key)) == "AccessDeniedException"
    assert USER in kms.get_key_policy(KeyId=key)["Policy"]


def test_a_conditions_value_stays_as_written_when_the_principal_is_deleted(account: Account) -> None:
    account.user("u", allow("kms:*"))
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": [ROOT, USER]}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:DescribeKey",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalArn": USER}},
        },
    ]
    key = account.key({"Version": "2012-10-17", "Statement": statements})
    again = make_user_again(account, allow("kms:*")).client("kms")
    assert code(lambda: again.describe_key(KeyId=key)) == "AccessDeniedException"
    again.list_grants(KeyId=key)


def test_an_update_that_says_nothing_of_the_duration_leaves_it(account: Account) -> None:
    make_role(account, ROOT)
    user, iam = account.user("u", allow("sts:AssumeRole")).client("sts"), account.root.client("iam")
    long = {"RoleArn": ROLE, "RoleSessionName": "long", "DurationSeconds": 7200}
    assert code(lambda: user.assume_role(**long)) == "ValidationError"
    iam.update_role(RoleName="r", MaxSessionDuration=7200, Description="long")
    user.assume_role(**long)
    iam.update_role(RoleName="r", Description="longer")
    user.assume_role(**long)
    iam.update_role(RoleName="r", MaxSessionDuration=43200)
    assert iam.get_role(RoleName="r")["Role"]["Description"] == "longer"
