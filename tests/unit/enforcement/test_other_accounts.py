"""Tables and keys of another account: decided by both accounts' policies, and found where they are."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, TABLE, Account, allow
from helpers.asserts import code
from helpers.other_account import OTHER, other_account

BOB = f"arn:aws:iam::{OTHER}:user/bob"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
KEY = {"id": {"S": "1"}}
THROUGH = {
    "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
    "kms:CallerAccount": OTHER,
    "kms:EncryptionContext:aws:dynamodb:tableName": "orders",
    "kms:EncryptionContext:aws:dynamodb:subscriberId": ACCOUNT,
}


def policy(principal: str, action: str, resource: str = "*") -> str:
    own = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": resource},
        *([] if resource != "*" else [{"Effect": "Allow", "Principal": own, "Action": "*", "Resource": "*"}]),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def key(account: Account) -> str:
    return account.key()


@pytest.fixture
def table(account: Account, key: str) -> Any:
    """A table under the key, with one item, whose policy lets the other account in."""
    dynamodb = account.root.client("dynamodb")
    encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb.create_table(**TABLE, SSESpecification=encryption)
    dynamodb.put_item(TableName="orders", Item={**KEY, "who": {"S": ACCOUNT}})
    dynamodb.put_resource_policy(
        ResourceArn=TABLE_ARN, Policy=policy(f"arn:aws:iam::{OTHER}:root", "dynamodb:*", TABLE_ARN)
    )
    return dynamodb


@pytest.fixture
def elsewhere(account: Account) -> boto3.Session:
    """An administrator of the other account, who has a table of the same name."""
    session = other_account(account)
    dynamodb = session.client("dynamodb")
    dynamodb.create_table(**TABLE)
    dynamodb.put_item(TableName="orders", Item={**KEY, "who": {"S": OTHER}})
    return session


def bob_of(account: Account, elsewhere: boto3.Session, *documents: Any) -> boto3.Session:
    return account.user_in(elsewhere, "bob", *documents)


def test_an_item_is_read_from_the_other_accounts_table(
    account: Account, key: str, table: Any, elsewhere: boto3.Session
) -> None:
    bob = bob_of(
        account, elsewhere, allow("dynamodb:*"), allow("kms:Decrypt", Condition={"StringEquals": THROUGH})
    )
    dynamodb = bob.client("dynamodb")
    assert code(dynamodb.get_item, TableName=TABLE_ARN, Key=KEY) == "AccessDeniedException"
    kms = account.root.client("kms")
    kms.put_key_policy(KeyId=key, Policy=policy(f"arn:aws:iam::{OTHER}:root", "kms:Decrypt"))
    assert dynamodb.get_item(TableName=TABLE_ARN, Key=KEY)["Item"]["who"] == {"S": ACCOUNT}
    assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"]["who"] == {"S": OTHER}
    kms.put_key_policy(KeyId=key, Policy=policy(f"arn:aws:iam::{ACCOUNT}:root", "kms:*"))
    assert code(dynamodb.get_item, TableName=TABLE_ARN, Key=KEY) == "AccessDeniedException"


def test_batches_and_transactions_too(account: Account, table: Any, elsewhere: boto3.Session) -> None:
    account.root.client("dynamodb").update_table(TableName="orders", SSESpecification={"Enabled": False})
    dynamodb = bob_of(account, elsewhere, allow("dynamodb:*")).client("dynamodb")
    read = dynamodb.batch_get_item(RequestItems={TABLE_ARN: {"Keys": [KEY]}})["Responses"]
    assert [item["who"]["S"] for items in read.values() for item in items] == [ACCOUNT]
    put = {"Put": {"TableName": TABLE_ARN, "Item": {**KEY, "who": {"S": "bob"}}}}
    dynamodb.transact_write_items(TransactItems=[put])
    assert table.get_item(TableName="orders", Key=KEY)["Item"]["who"] == {"S": "bob"}
    assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"]["who"] == {"S": OTHER}


def test_tables_of_two_accounts_in_one_call_are_not_mixed_up(
    account: Account, table: Any, elsewhere: boto3.Session
) -> None:
    account.root.client("dynamodb").update_table(TableName="orders", SSESpecification={"Enabled": False})
    table.create_table(**TABLE | {"TableName": "mine"})
    dynamodb = bob_of(account, elsewhere, allow("dynamodb:*")).client("dynamodb")
    both = {TABLE_ARN: {"Keys": [KEY]}, "mine": {"Keys": [KEY]}}
    assert code(dynamodb.batch_get_item, RequestItems=both) == "ResourceNotFoundException"


def test_what_does_not_cross_accounts_is_denied(
    account: Account, table: Any, elsewhere: boto3.Session
) -> None:
    dynamodb = bob_of(account, elsewhere, allow("dynamodb:*")).client("dynamodb")
    assert dynamodb.describe_table(TableName=TABLE_ARN)["Table"]["TableArn"] == TABLE_ARN
    statement = f'SELECT * FROM "{TABLE_ARN}"'
    assert code(dynamodb.execute_statement, Statement=statement) in (
        "AccessDeniedException",
        "ValidationException",
    )
    assert code(dynamodb.create_backup, TableName=TABLE_ARN, BackupName="stolen") == "AccessDeniedException"
    assert code(dynamodb.put_resource_policy, ResourceArn=TABLE_ARN, Policy="{}") == "ValidationException"


def test_a_table_under_the_aws_managed_key_is_closed_to_other_accounts(
    account: Account, table: Any, elsewhere: boto3.Session
) -> None:
    dynamodb = bob_of(account, elsewhere, allow("*")).client("dynamodb")
    table.update_table(TableName="orders", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    assert code(dynamodb.get_item, TableName=TABLE_ARN, Key=KEY) == "AccessDeniedException"
    table.update_table(TableName="orders", SSESpecification={"Enabled": False})
    assert dynamodb.get_item(TableName=TABLE_ARN, Key=KEY)["Item"]["who"] == {"S": ACCOUNT}


def test_the_key_of_another_account_is_used_directly(
    account: Account, key: str, elsewhere: boto3.Session
) -> None:
    kms = bob_of(account, elsewhere, allow("kms:*")).client("kms")
    account.root.client("kms").put_key_policy(KeyId=key, Policy=policy(BOB, "kms:*"))
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert account.root.client("kms").decrypt(CiphertextBlob=blob)["KeyId"] == key
    grant = kms.create_grant(KeyId=key, GranteePrincipal=BOB, Operations=["Decrypt"], RetiringPrincipal=BOB)
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key)["Grants"]] == [grant["GrantId"]]
    kms.retire_grant(GrantToken=grant["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert code(kms.disable_key, KeyId=key) == "AccessDeniedException"


def test_an_aws_managed_session_policy_is_there_in_the_roles_account(
    account: Account, elsewhere: boto3.Session
) -> None:
    trust = policy(f"arn:aws:iam::{OTHER}:root", "sts:AssumeRole", "").replace('"Resource": ""', '"Sid": "a"')
    iam = account.root.client("iam")
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=json.dumps(allow("*")))
    passed = [{"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}]
    made = elsewhere.client("sts").assume_role(RoleArn=role, RoleSessionName="session", PolicyArns=passed)
    session = account.temporary(made)
    session.client("kms").list_aliases()
    assert code(session.client("kms").create_key) == "AccessDeniedException"


def test_iam_tells_another_account_nothing(account: Account, elsewhere: boto3.Session) -> None:
    ana = account.user("ana", allow("kms:*"))
    iam = account.root.client("iam")
    policy_arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("kms:*")))["Policy"]["Arn"]
    bob = bob_of(account, elsewhere, allow("iam:*")).client("iam")
    arn = f"arn:aws:iam::{ACCOUNT}:user/ana"
    for caller in (bob, elsewhere.client("iam")):
        assert code(caller.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["kms:Decrypt"]) == (
            "AccessDenied"
        )
        assert code(caller.get_context_keys_for_principal_policy, PolicySourceArn=arn) == "AccessDenied"
        assert code(caller.list_entities_for_policy, PolicyArn=policy_arn) == "AccessDenied"
        key = ana.get_credentials().access_key
        with pytest.raises(ClientError) as refused:
            caller.get_access_key_last_used(AccessKeyId=key)
        assert refused.value.response["Error"]["Code"] == "NoSuchEntity"
        assert "ana" not in str(refused.value)
    assert bob.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]["PolicyName"]


def test_another_accounts_alias_names_its_key_and_not_ones_own_of_that_name(
    account: Account, key: str, elsewhere: boto3.Session
) -> None:
    kms: Any = account.root.client("kms")
    kms.create_alias(AliasName="alias/shared", TargetKeyId=key)
    own = elsewhere.client("kms").create_key()["KeyMetadata"]["Arn"]
    elsewhere.client("kms").create_alias(AliasName="alias/shared", TargetKeyId=own)
    kms.put_key_policy(KeyId=key, Policy=policy(f"arn:aws:iam::{OTHER}:root", "kms:*"))
    bob: Any = bob_of(account, elsewhere, allow("kms:*")).client("kms")
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    alias = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/shared"
    for name, expected in ((alias, arn), ("alias/shared", own)):
        assert bob.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == expected
        made = bob.encrypt(KeyId=name, Plaintext=b"x")
        assert made["KeyId"] == expected
        assert bob.generate_data_key(KeyId=name, KeySpec="AES_256")["KeyId"] == expected
        again = bob.re_encrypt(CiphertextBlob=made["CiphertextBlob"], DestinationKeyId=name)
        assert again["KeyId"] == expected
