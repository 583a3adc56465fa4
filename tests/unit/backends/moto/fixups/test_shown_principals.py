"""Whom trust policies and policies of tables name, after a change of name and after deletion.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.account import ACCOUNT, TABLE, Account

ARN = f"arn:aws:iam::{ACCOUNT}:user/"


def trusting(principal: str, action: str = "sts:AssumeRole", **more: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal_of(document: Any) -> str:
    return str(document["Statement"][0]["Principal"]["AWS"])


def shown_in_trust(iam: Any) -> set[str]:
    """The principal of the trust policy, as every operation shows it that shows roles."""
    shown = [
        iam.get_role(RoleName="r")["Role"],
        *iam.list_roles()["Roles"],
        *iam.get_account_authorization_details()["RoleDetailList"],
        iam.update_role_description(RoleName="r", Description="d")["Role"],
        *iam.get_instance_profile(InstanceProfileName="i")["InstanceProfile"]["Roles"],
        *iam.list_instance_profiles()["InstanceProfiles"][0]["Roles"],
        *iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"][0]["Roles"],
    ]
    assert len(shown) == 7
    return {principal_of(one["AssumeRolePolicyDocument"]) for one in shown}


def test_trust_policies_show_whom_they_name_now(account: Account) -> None:
    iam = account.root.client("iam")
    identifier = iam.create_user(UserName="ana")["User"]["UserId"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(f"{ARN}ana"))
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    assert shown_in_trust(iam) == {f"{ARN}ana"}
    iam.update_user(UserName="ana", NewUserName="bea")
    assert shown_in_trust(iam) == {f"{ARN}bea"}
    iam.delete_user(UserName="bea")
    assert shown_in_trust(iam) == {identifier}
    iam.create_user(UserName="bea")
    assert shown_in_trust(iam) == {identifier}


def test_a_role_made_with_a_unique_id_shows_the_arn(account: Account) -> None:
    iam = account.root.client("iam")
    identifier = iam.create_user(UserName="ana")["User"]["UserId"]
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(identifier))["Role"]
    assert principal_of(made["AssumeRolePolicyDocument"]) == f"{ARN}ana"


@pytest.mark.parametrize("given", ["TableArn", "LatestStreamArn"])
def test_policies_of_tables_and_streams_show_whom_they_name_now(account: Account, given: str) -> None:
    iam, db = account.root.client("iam"), account.root.client("dynamodb")
    identifier = iam.create_user(UserName="ana")["User"]["UserId"]
    streaming = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    arn = db.create_table(**TABLE, StreamSpecification=streaming)["TableDescription"][given]
    action = "dynamodb:GetItem" if given == "TableArn" else "dynamodb:GetRecords"
    put = trusting(f"{ARN}ana", action, Resource=arn)
    db.put_resource_policy(ResourceArn=arn, Policy=put)
    assert db.get_resource_policy(ResourceArn=arn)["Policy"] == json.dumps(
        json.loads(put), separators=(",", ":")
    )
    for change, params, shown in (
        (iam.update_user, {"UserName": "ana", "NewUserName": "bea"}, f"{ARN}bea"),
        (iam.delete_user, {"UserName": "bea"}, identifier),
    ):
        change(**params)
        assert principal_of(json.loads(db.get_resource_policy(ResourceArn=arn)["Policy"])) == shown
