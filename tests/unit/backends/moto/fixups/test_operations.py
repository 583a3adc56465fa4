"""What moto drops, seen from outside: each of these is a false answer on plain moto."""

from __future__ import annotations

import datetime
import json
from typing import Any

import boto3
import pytest
from helpers.account import ACCOUNT, EVERYTHING, REGION, TABLE, Account, allow
from helpers.asserts import code

from pytest_kmslab.backends.protocol import Credentials

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def session(account: Account, made: dict[str, Any]) -> boto3.Session:
    return account.session(Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))


def role(account: Account, name: str = "reader", *documents: Any) -> str:
    iam = account.root.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    for number, document in enumerate(documents):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document))
    return arn


def test_aws_managed_policies_are_there_when_they_are_asked_for(account: Account) -> None:
    iam = account.root.client("iam")
    account.user("ana")
    arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "dynamodb:*" in json.dumps(document)
    assert len(iam.list_policies(Scope="AWS")["Policies"]) == 1


def test_an_aws_managed_policy_that_aws_does_not_have_is_not_made_up(account: Account) -> None:
    account.user("ana")
    for name in ("NoSuchPolicy", "service-role/AmazonDynamoDBFullAccess"):
        attach = account.root.client("iam").attach_user_policy
        assert code(attach, UserName="ana", PolicyArn=f"arn:aws:iam::aws:policy/{name}") == "NoSuchEntity"


@pytest.mark.parametrize("when", ["made", "put"])
def test_a_users_permissions_boundary_limits_her(account: Account, when: str) -> None:
    iam = account.root.client("iam")
    document = json.dumps(allow("dynamodb:*"))
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    at_once = {"PermissionsBoundary": boundary} if when == "made" else {}
    ana = account.user("ana", EVERYTHING, **at_once)
    if when == "put":
        ana.client("kms").list_keys()
        iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=boundary)
    assert code(ana.client("kms").list_keys) == "AccessDeniedException"
    shown = iam.get_user(UserName="ana")["User"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == boundary
    iam.delete_user_permissions_boundary(UserName="ana")
    ana.client("kms").list_keys()


def test_managed_session_policies_limit_a_role_session(account: Account) -> None:
    ana = account.user("ana", EVERYTHING)
    arn = role(account, "reader", EVERYTHING)
    sts = ana.client("sts")
    made = sts.assume_role(RoleArn=arn, RoleSessionName="session", PolicyArns=[{"arn": READ_ONLY}])[
        "Credentials"
    ]
    reader = session(account, made)
    reader.client("kms").list_keys()
    assert code(reader.client("kms").create_key) == "AccessDeniedException"


def test_session_tags_are_principal_tags(account: Account) -> None:
    tagged = allow("kms:ListKeys", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    ana = account.user("ana", EVERYTHING)
    arn = role(account, "reader", tagged)
    sts = ana.client("sts")
    for team, expected in (("red", True), ("blue", False)):
        made = sts.assume_role(RoleArn=arn, RoleSessionName="session", Tags=[{"Key": "team", "Value": team}])[
            "Credentials"
        ]
        kms = session(account, made).client("kms")
        if expected:
            kms.list_keys()
        else:
            assert code(kms.list_keys) == "AccessDeniedException"


def test_get_session_token_is_the_same_user(account: Account) -> None:
    ana = account.user("ana", allow("kms:ListKeys"))
    token = session(account, ana.client("sts").get_session_token()["Credentials"])
    assert token.client("kms").list_keys()["Keys"] == []
    assert code(token.client("kms").create_key) == "AccessDeniedException"


def test_a_federated_session_is_limited_by_the_policy_passed(account: Account) -> None:
    ana = account.user("ana", EVERYTHING)
    get = ana.client("sts").get_federation_token
    nothing = session(account, get(Name="bob")["Credentials"])
    assert code(nothing.client("kms").list_keys) == "AccessDeniedException"
    some = session(account, get(Name="bob", Policy=json.dumps(allow("kms:ListKeys")))["Credentials"])
    assert some.client("kms").list_keys()["Keys"] == []
    assert code(some.client("kms").create_key) == "AccessDeniedException"


def test_a_user_made_again_under_the_same_name_has_not_the_old_ones_access(account: Account) -> None:
    account.user("ana")
    arn = f"arn:aws:iam::{ACCOUNT}:user/ana"
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = allow("kms:Encrypt", Principal={"AWS": arn})
    policy["Statement"].append(root)
    key = account.key(policy)
    iam = account.root.client("iam")
    for access_key in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="ana", AccessKeyId=access_key["AccessKeyId"])
    iam.delete_user(UserName="ana")
    again = account.user("ana")
    assert code(again.client("kms").encrypt, KeyId=key, Plaintext=b"x") == "AccessDeniedException"
    shown = account.root.client("kms").get_key_policy(KeyId=key)["Policy"]
    assert arn not in shown
    assert '"AIDA' in shown
    put = account.root.client("kms").put_key_policy
    assert code(put, KeyId=key, PolicyName="default", Policy=shown) == "MalformedPolicyDocumentException"


def test_deleting_a_user_with_something_left_is_a_conflict(account: Account) -> None:
    iam = account.root.client("iam")
    account.user("ana")
    assert code(iam.delete_user, UserName="ana") == "DeleteConflict"
    key = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="ana", AccessKeyId=key)
    iam.create_login_profile(UserName="ana", Password="Str0ng-enough!")
    assert code(iam.delete_user, UserName="ana") == "DeleteConflict"
    iam.delete_login_profile(UserName="ana")
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="ana")
    assert code(iam.delete_user, UserName="ana") == "DeleteConflict"
    iam.remove_user_from_group(GroupName="g", UserName="ana")
    iam.delete_user(UserName="ana")


def test_a_key_is_disabled_and_deleted_by_its_arn_too(account: Account) -> None:
    kms, arn = account.root.client("kms"), account.key()
    kms.disable_key(KeyId=arn)
    kms.enable_key(KeyId=arn)
    deleted = kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert (deleted["KeyId"], deleted["KeyState"], deleted["PendingWindowInDays"]) == (
        arn,
        "PendingDeletion",
        7,
    )
    left = deleted["DeletionDate"] - datetime.datetime.now(deleted["DeletionDate"].tzinfo)
    assert datetime.timedelta(days=6, hours=23) < left <= datetime.timedelta(days=7)
    assert kms.cancel_key_deletion(KeyId=arn)["KeyId"] == arn
    assert REGION in arn


def test_the_aws_managed_key_is_open_to_all_through_dynamodb_and_to_none_directly(account: Account) -> None:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    key = dynamodb.describe_table(TableName="orders")["Table"]["SSEDescription"]["KMSMasterKeyArn"]
    ana = account.user("ana", allow("dynamodb:*", "kms:*"))
    assert "Item" not in ana.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "1"}})
    metadata = ana.client("kms").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert (metadata["Arn"], metadata["KeyManager"]) == (key, "AWS")
    assert code(ana.client("kms").encrypt, KeyId=key, Plaintext=b"x") == "AccessDeniedException"


@pytest.mark.parametrize("kept_out_by", ["policy", "boundary"])
def test_a_deny_keeps_out_of_a_table_under_the_aws_managed_key(account: Account, kept_out_by: str) -> None:
    account.root.client("dynamodb").create_table(**TABLE, SSESpecification={"Enabled": True})
    document = allow("kms:*")
    document["Statement"][0]["Effect"] = "Deny"
    boundary = json.dumps({**EVERYTHING, "Statement": [*EVERYTHING["Statement"], *document["Statement"]]})
    made = account.root.client("iam").create_policy(PolicyName="b", PolicyDocument=boundary)["Policy"]["Arn"]
    bob = account.user("bob", EVERYTHING).client("dynamodb")
    bob.get_item(TableName="orders", Key={"id": {"S": "1"}})
    held = ([document], {}) if kept_out_by == "policy" else ([], {"PermissionsBoundary": made})
    ana = account.user("ana", EVERYTHING, *held[0], **held[1]).client("dynamodb")
    assert code(ana.get_item, TableName="orders", Key={"id": {"S": "1"}}) == "AccessDeniedException"
    other = {**TABLE, "TableName": "others", "SSESpecification": {"Enabled": True}}
    assert code(ana.create_table, **other) == "AccessDeniedException"


def test_a_key_without_its_material_is_not_usable(account: Account) -> None:
    kms = account.root.client("kms")
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (
        made["KeyState"]
        == kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["KeyState"]
        == "PendingImport"
    )
    assert code(kms.encrypt, KeyId=made["KeyId"], Plaintext=b"x") == "KMSInvalidStateException"


@pytest.mark.parametrize("days", [6, 31])
def test_a_waiting_period_that_kms_does_not_have_is_refused(account: Account, days: int) -> None:
    kms, key = account.root.client("kms"), account.key()
    assert code(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=days) == "ValidationException"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_renamed_users_keys_are_the_users_and_can_be_deleted(account: Account) -> None:
    iam = account.root.client("iam")
    ana = account.user("ana", allow("kms:ListKeys"))
    iam.update_user(UserName="ana", NewUserName="anna")
    ana.client("kms").list_keys()
    (key,) = iam.list_access_keys(UserName="anna")["AccessKeyMetadata"]
    assert key["UserName"] == "anna"
    iam.update_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert code(ana.client("kms").list_keys) == "UnrecognizedClientException"
    iam.delete_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="anna", PolicyName="p0")
    iam.delete_user(UserName="anna")


def test_names_that_differ_by_case_alone_are_the_same(account: Account) -> None:
    iam = account.root.client("iam")
    account.user("ana")
    role(account)
    iam.create_group(GroupName="readers")
    trust = iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"]
    assert code(iam.create_user, UserName="ANA") == "EntityAlreadyExists"
    assert code(iam.create_group, GroupName="Readers") == "EntityAlreadyExists"
    document = json.dumps(trust)
    assert (
        code(iam.create_role, RoleName="READER", AssumeRolePolicyDocument=document) == "EntityAlreadyExists"
    )


@pytest.mark.parametrize("held_as", ["policy", "boundary"])
def test_a_managed_policy_that_somebody_has_is_not_deleted(account: Account, held_as: str) -> None:
    iam = account.root.client("iam")
    account.user("ana")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("kms:*")))["Policy"]["Arn"]
    if held_as == "policy":
        iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    else:
        iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=arn)
    assert code(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    if held_as == "policy":
        iam.detach_user_policy(UserName="ana", PolicyArn=arn)
    else:
        iam.delete_user_permissions_boundary(UserName="ana")
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256"])
def test_a_data_key_pair_is_made_and_its_private_key_decrypted(account: Account, spec: str) -> None:
    kms, key = account.root.client("kms"), account.key()
    named = {"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": {"a": "b"}}
    made = kms.generate_data_key_pair(**named)
    blob = made["PrivateKeyCiphertextBlob"]
    decrypted = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})
    assert decrypted["Plaintext"] == made["PrivateKeyPlaintext"]
    assert (made["KeyId"], made["KeyPairSpec"]) == (key, spec)
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(**named)
    ana = account.user("ana", allow("kms:GenerateDataKeyPairWithoutPlaintext")).client("kms")
    ana.generate_data_key_pair_without_plaintext(**named)
    assert code(ana.generate_data_key_pair, **named) == "AccessDeniedException"
