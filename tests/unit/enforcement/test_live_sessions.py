"""What a session reads anew whenever it is used, and what goes by the clock.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code

from pytest_kmslab.calls.sts.mfa import one_time_password

TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    },
}
BLUE = allow("kms:ListKeys", Condition={"StringEquals": {"aws:PrincipalTag/dept": "blue"}})


def role(account: Account, name: str, *documents: Any, **more: Any) -> str:
    iam = account.root.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)
    for number, document in enumerate(documents):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def assumed(account: Account, who: boto3.Session, arn: str, **more: Any) -> boto3.Session:
    made = who.client("sts").assume_role(RoleArn=arn, RoleSessionName="s1", **more)
    return account.temporary(made)


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.mark.parametrize("key", ["dept", "Dept", "DEPT"])
def test_a_session_tag_wins_over_the_roles_whatever_its_case(account: Account, key: str) -> None:
    user = account.user("u", allow("sts:*"))
    arn = role(account, "r", BLUE, Tags=tags(Dept="red"))
    assert code(assumed(account, user, arn).client("kms").list_keys) == "AccessDeniedException"
    session = assumed(account, user, arn, Tags=tags(**{key: "blue"}))
    assert code(session.client("kms").list_keys) == "allowed"


@pytest.mark.parametrize("transitive", ["dept", "DEPT"])
def test_a_tag_is_handed_on_whatever_the_case_of_its_key(account: Account, transitive: str) -> None:
    user = account.user("u", allow("sts:*"))
    first = role(account, "first", allow("sts:*"))
    second = role(account, "second", BLUE)
    session = assumed(account, user, first, Tags=tags(dept="blue"), TransitiveTagKeys=[transitive])
    assert code(assumed(account, session, second).client("kms").list_keys) == "allowed"


def test_the_tags_of_a_user_with_temporary_credentials_are_the_users_now(account: Account) -> None:
    iam = account.root.client("iam")
    user = account.user("u", BLUE, allow("sts:*"))
    session = account.temporary(user.client("sts").get_session_token()).client("kms")
    assert code(session.list_keys) == "AccessDeniedException"
    iam.tag_user(UserName="u", Tags=tags(dept="blue"))
    assert code(session.list_keys) == "allowed"
    iam.untag_user(UserName="u", TagKeys=["dept"])
    assert code(session.list_keys) == "AccessDeniedException"


def test_so_are_those_of_who_made_a_federated_user(account: Account) -> None:
    iam = account.root.client("iam")
    user = account.user("u", BLUE, allow("sts:*"))
    made = user.client("sts").get_federation_token(Name="fed", Policy=json.dumps(allow("kms:*")))
    kms = account.temporary(made).client("kms")
    assert code(kms.list_keys) == "AccessDeniedException"
    iam.tag_user(UserName="u", Tags=tags(dept="blue"))
    assert code(kms.list_keys) == "allowed"


def test_a_session_made_before_its_account_joins_an_organization(account: Account) -> None:
    organizations = account.root.client("organizations")
    inside = allow("kms:ListKeys", Condition={"Null": {"aws:PrincipalOrgID": "false"}})
    user = account.user("u", inside, allow("sts:*"))
    kms = account.temporary(user.client("sts").get_session_token()).client("kms")
    assert code(kms.list_keys) == "AccessDeniedException"
    organizations.create_organization(FeatureSet="ALL")
    assert code(kms.list_keys) == "allowed"


def test_sessions_end_by_the_clock_that_is_moved(account: Account) -> None:
    user = account.user("u", allow("kms:ListKeys", "sts:*"))
    arn = role(account, "r", allow("kms:ListKeys"))
    sts = user.client("sts")
    short = [
        assumed(account, user, arn, DurationSeconds=900),
        account.temporary(sts.get_session_token(DurationSeconds=900)),
        account.temporary(
            sts.get_federation_token(Name="fed", DurationSeconds=900, Policy=json.dumps(allow("kms:*")))
        ),
    ]
    longer = assumed(account, user, arn, DurationSeconds=3600)
    assert [code(one.client("kms").list_keys) for one in (*short, longer)] == ["allowed"] * 4
    account.run.clock.advance(901)
    assert {code(one.client("kms").list_keys) for one in short} == {"ExpiredTokenException"}
    assert code(longer.client("kms").list_keys) == "allowed"
    later = assumed(account, user, arn, DurationSeconds=900)
    assert code(later.client("kms").list_keys) == "allowed"
    account.run.clock.advance(901)
    assert code(later.client("kms").list_keys) == "ExpiredTokenException"
    assert code(user.client("kms").list_keys) == "allowed"


def test_a_key_past_its_deletion_date_is_gone(account: Account) -> None:
    kms = account.root.client("kms")
    due, later = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=due, PendingWindowInDays=7)
    kms.schedule_key_deletion(KeyId=later, PendingWindowInDays=30)
    account.run.clock.advance(8 * 86_400)
    assert code(kms.cancel_key_deletion, KeyId=due) == "NotFoundException"
    assert code(kms.cancel_key_deletion, KeyId=later) == "allowed"
    kms.schedule_key_deletion(KeyId=later, PendingWindowInDays=7)
    account.run.clock.advance(6 * 86_400)
    assert code(kms.describe_key, KeyId=later) == "allowed"


def test_a_one_time_password_is_taken_once(account: Account) -> None:
    user, iam = account.user("u", allow("sts:*")), account.root.client("iam")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="u")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()
    given = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, **given)
    sts, now = user.client("sts"), int(time.time())
    shown = {"SerialNumber": serial, "TokenCode": one_time_password(seed, now)}
    assert code(sts.get_session_token, **shown) == "allowed"
    assert code(sts.get_session_token, **shown) == "AccessDenied"
    shown["TokenCode"] = one_time_password(seed, now - 30)
    assert code(sts.get_session_token, **shown) == "allowed"


def test_grants_show_whom_they_name_now(account: Account) -> None:
    kms, iam = account.root.client("kms"), account.root.client("iam")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    users = {name: iam.create_user(UserName=name)["User"] for name in ("gone", "old")}
    for user in users.values():
        grant = {"GranteePrincipal": user["Arn"], "RetiringPrincipal": user["Arn"]}
        kms.create_grant(KeyId=key, Operations=["DescribeKey"], **grant)
    iam.delete_user(UserName="gone")
    iam.update_user(UserName="old", NewUserName="new")
    new = f"arn:aws:iam::{ACCOUNT}:user/new"
    shown = kms.list_grants(KeyId=key)["Grants"]
    named = {(one["GranteePrincipal"], one["RetiringPrincipal"]) for one in shown}
    assert named == {(users["gone"]["UserId"],) * 2, (new, new)}
    iam.create_user(UserName="gone")
    assert {one["GranteePrincipal"] for one in kms.list_grants(KeyId=key)["Grants"]} == {
        users["gone"]["UserId"],
        new,
    }
    access_key = iam.create_access_key(UserName="new")["AccessKey"]
    session = boto3.Session(access_key["AccessKeyId"], access_key["SecretAccessKey"], region_name="us-east-1")
    assert code(session.client("kms").describe_key, KeyId=key) == "allowed"
