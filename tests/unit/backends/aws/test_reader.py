"""What is read of a real account: a gateway of our own stands in for AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from helpers.served import ACCOUNT, REGION, Served, served

from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.backends.aws.reader import AwsAccountReader
from pytest_kmslab.backends.protocol import Administrator, Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.operations import READS
from pytest_kmslab.errors import UnreadError

PERMISSIONS = Path(__file__).parents[4] / "docs" / "observe-permissions.json"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}
ADMIN = Caller(
    f"arn:aws:iam::{ACCOUNT}:user/operator", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/operator", "", "User"
)


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    with served() as account:
        yield account


@pytest.fixture(scope="module")
def operator(account: Served) -> Credentials:
    return Credentials(*account.administrator())


def facts_for(account: Served, credentials: Credentials) -> AwsAccountReader:
    session: Any = Session()
    session.set_credentials(credentials.access_key_id, credentials.secret_access_key)
    administrator = Administrator("operator", ADMIN.arn, credentials, session)
    return AwsAccountReader(administrator, ACCOUNT, REGION, account.url)


@pytest.fixture
def view(account: Served, operator: Credentials) -> AwsAccountReader:
    return facts_for(account, operator)


@pytest.fixture
def ana(account: Served) -> Iterator[Credentials]:
    """A user with a policy of each kind, in a group that has two."""
    iam = account.client("iam")
    iam.create_user(UserName="ana", Path="/people/", Tags=[{"Key": "team", "Value": "red"}])
    iam.put_user_policy(UserName="ana", PolicyName="inline", PolicyDocument=json.dumps(ALLOW))
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")
    mine = iam.create_policy(PolicyName="mine", PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=mine)
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="of-group", PolicyDocument=json.dumps(ALLOW))
    iam.attach_group_policy(GroupName="readers", PolicyArn=mine)
    iam.add_user_to_group(GroupName="readers", UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.remove_user_from_group(GroupName="readers", UserName="ana")
    iam.delete_user_permissions_boundary(UserName="ana")
    iam.detach_group_policy(GroupName="readers", PolicyArn=mine)
    iam.delete_group_policy(GroupName="readers", PolicyName="of-group")
    iam.delete_group(GroupName="readers")
    iam.delete_policy(PolicyArn=mine)
    iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="ana", PolicyName="inline")
    iam.detach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")
    iam.delete_user(UserName="ana")


def learn(view: AwsAccountReader, operation: str, response: dict[str, Any], **params: Any) -> None:
    service, _, name = operation.partition(":")
    view.learn(ApiCall(service, name, params, REGION, ADMIN), response)


def test_sts_says_whose_unknown_credentials_are(view: AwsAccountReader, ana: Credentials) -> None:
    caller = view.caller(ana)
    assert caller.arn == caller.principal_arn == f"arn:aws:iam::{ACCOUNT}:user/people/ana"
    assert (caller.kind, caller.username, caller.tags) == ("User", "ana", {"team": "red"})
    assert caller.user_id


def test_an_access_key_that_was_seen_made_needs_no_asking(view: AwsAccountReader, ana: Credentials) -> None:
    made = {"AccessKey": {"AccessKeyId": "AKIANEW", "SecretAccessKey": "s", "UserName": "ana"}}
    learn(view, "iam:CreateAccessKey", made)
    assert view.caller(Credentials("AKIANEW", "s")).arn == f"arn:aws:iam::{ACCOUNT}:user/people/ana"


def test_credentials_that_aws_does_not_know_are_its_error(view: AwsAccountReader) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        view.caller(Credentials("AKIANOBODY", "secret"))


def test_policies_of_a_user_and_of_its_groups(view: AwsAccountReader, ana: Credentials) -> None:
    policies = AccountView(view).policies(view.caller(ana), "*")
    names = [named.name for named in policies.identity]
    assert sorted(names) == ["AmazonDynamoDBReadOnlyAccess", "inline", "mine", "of-group"]
    assert all(named.policy.statements for named in policies.identity)
    assert policies.permissions_boundary is not None
    assert policies.permissions_boundary.name == f"arn:aws:iam::{ACCOUNT}:policy/mine"


def test_a_change_through_the_seam_is_seen_at_once(
    view: AwsAccountReader, account: Served, ana: Credentials
) -> None:
    caller = view.caller(ana)
    assert len(AccountView(view).policies(caller, "*").identity) == 4
    iam = account.client("iam")
    iam.put_user_policy(UserName="ana", PolicyName="more", PolicyDocument=json.dumps(ALLOW))
    view.forget(ApiCall("iam", "PutUserPolicy", {"UserName": "Ana"}, REGION, ADMIN))
    assert len(AccountView(view).policies(caller, "*").identity) == 5
    iam.delete_user_policy(UserName="ana", PolicyName="more")


def test_a_role_s_session_is_known_by_sts_and_by_the_seam(
    view: AwsAccountReader, account: Served, operator: Credentials
) -> None:
    iam = account.client("iam")
    role = iam.create_role(RoleName="reader", Path="/app/", AssumeRolePolicyDocument=json.dumps(TRUST))[
        "Role"
    ]
    sts = account.client("sts", operator.access_key_id, operator.secret_access_key)
    params = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
    made = sts.assume_role(**params, Policy=json.dumps(ALLOW))
    given = made["Credentials"]
    session = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    told = view.caller(session)
    learn(view, "sts:AssumeRole", made, **params, Policy=json.dumps(ALLOW))
    seen = view.caller(session)
    for caller in (told, seen):
        assert caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
        assert (caller.principal_arn, caller.kind) == (role["Arn"], "AssumedRole")
        assert AccountView(view).resource_policy(role["Arn"]) is not None
    assert (told.session_policies, seen.session_policies) == ((), (json.dumps(ALLOW),))
    iam.delete_role(RoleName="reader")


@pytest.fixture(scope="module")
def key_of_books(account: Served) -> dict[str, Any]:
    """The key of a table `books`, of which DynamoDB has its grants."""
    kms, dynamodb = account.client("kms"), account.client("dynamodb")
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"])
    dynamodb.create_table(
        TableName="books",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"},
    )
    return key


def test_a_table_and_the_key_it_is_under(view: AwsAccountReader, key_of_books: dict[str, Any]) -> None:
    key = key_of_books
    table = view.table("books", REGION, ACCOUNT)
    assert table is not None
    assert (table.key_arn, table.hash_key) == (key["Arn"], "id")
    read = view.key("alias/mine", REGION, ACCOUNT)
    assert read is not None
    assert (read.arn, read.aliases, read.tags) == (key["Arn"], ("alias/mine",), {"a": "b"})
    assert AccountView(view).key_policy(key["Arn"]) is not None
    assert len(view.grants(key["Arn"])) == 2
    assert view.table("films", REGION, ACCOUNT) is None


def test_a_ciphertext_that_was_seen_made_has_its_key(view: AwsAccountReader, account: Served) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    blob = b"\x01\x02 as AWS makes them"
    assert view.key_of_ciphertext(blob, REGION, ACCOUNT) is None
    learn(view, "kms:Encrypt", {"CiphertextBlob": blob, "KeyId": key})
    found = view.key_of_ciphertext(blob, REGION, ACCOUNT)
    assert found is not None
    assert found.arn == key


def test_an_aws_managed_key_is_not_made_by_looking(view: AwsAccountReader, account: Served) -> None:
    with pytest.raises(UnreadError, match="alias/aws/sqs"):
        view.key("alias/aws/sqs", REGION, ACCOUNT)
    aliases = account.client("kms").list_aliases()["Aliases"]
    assert not any(one["AliasName"] == "alias/aws/sqs" and "TargetKeyId" in one for one in aliases)


@pytest.mark.parametrize(
    "key_id", ["arn:aws:kms:us-east-1:444455556666:key/x", "arn:aws:kms:us-east-1:444455556666:alias/x"]
)
def test_another_account_s_key_cannot_be_read(view: AwsAccountReader, key_id: str) -> None:
    with pytest.raises(UnreadError, match="account `444455556666`"):
        view.key(key_id, REGION, ACCOUNT)


def test_who_is_behind_a_unique_id_cannot_be_told(view: AwsAccountReader) -> None:
    with pytest.raises(UnreadError):
        view.principal_exists("AIDAEXAMPLE000000001")


@pytest.mark.parametrize(
    ("principal", "exists"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/operator", True),
        (f"arn:aws:iam::{ACCOUNT}:user/nobody", False),
        (f"arn:aws:iam::{ACCOUNT}:user/elsewhere/operator", False),
        (f"arn:aws:iam::{ACCOUNT}:root", True),
        ("*", True),
    ],
)
def test_principals_are_looked_up_by_name(view: AwsAccountReader, principal: str, exists: bool) -> None:
    assert view.principal_exists(principal) is exists


def test_what_may_not_be_read_is_aws_s_error(account: Served) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="blind")
    key = iam.create_access_key(UserName="blind")["AccessKey"]
    blind = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="not authorized to perform: iam:GetUser"):
        facts_for(account, blind).caller(blind)


@pytest.mark.usefixtures("key_of_books")
def test_reading_needs_the_documented_permissions_and_no_others(
    account: Served, ana: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.client import BaseClient

    done: set[str] = set()
    make = BaseClient._make_api_call

    def noted(client: Any, operation: str, params: Any) -> Any:
        done.add(f"{client.meta.service_model.service_name}:{operation}")
        return make(client, operation, params)

    view = facts_for(account, reader(account))
    role = a_role_with_a_policy(account)
    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    AccountView(view).policies(view.caller(ana), "*")
    AccountView(view).policies(Caller(role, ACCOUNT, role, "", "AssumedRole"), role)
    table = view.table("books", REGION, ACCOUNT)
    assert table is not None
    assert table.key_arn is not None
    AccountView(view).resource_policy(table.arn)
    AccountView(view).key_policy(table.key_arn)
    view.grants(table.key_arn)
    documented = set(json.loads(PERMISSIONS.read_text("utf-8"))["Statement"][0]["Action"])
    assert done - {"sts:GetCallerIdentity"} == documented
    assert [one for one in documented if not one.partition(":")[2].startswith(READS)] == []


def reader(account: Served) -> Credentials:
    """A user with the documented permissions only."""
    iam = account.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=PERMISSIONS.read_text("utf-8"))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def a_role_with_a_policy(account: Served) -> str:
    iam = account.client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
    return str(role["Arn"])
