from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.errors import BackendError

ACCOUNT = "123456789012"
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)


def user_with_key(aws: Any, name: str = "ana", path: str = "/") -> tuple[str, dict[str, str]]:
    arn = aws("iam").create_user(UserName=name, Path=path, Tags=[{"Key": "team", "Value": "red"}])["User"][
        "Arn"
    ]
    return arn, aws("iam").create_access_key(UserName=name)["AccessKey"]


def caller(backend: MotoBackend, access_key_id: str) -> Caller:
    credential = backend.view.credential(access_key_id)
    assert credential is not None
    return credential.caller


def test_a_user_is_known_by_its_access_key(backend: MotoBackend, aws: Any) -> None:
    arn, key = user_with_key(aws, path="/people/")
    credential = backend.view.credential(key["AccessKeyId"])
    assert credential is not None
    assert credential.secret_access_key == key["SecretAccessKey"]
    assert credential.active
    assert credential.caller.arn == arn == f"arn:aws:iam::{ACCOUNT}:user/people/ana"
    assert credential.caller.username == "ana"
    assert credential.caller.tags == {"team": "red"}
    assert key["SecretAccessKey"] not in repr(credential)


def test_an_inactive_a_deleted_and_an_unknown_access_key(backend: MotoBackend, aws: Any) -> None:
    _, key = user_with_key(aws)
    aws("iam").update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    credential = backend.view.credential(key["AccessKeyId"])
    assert credential is not None
    assert not credential.active
    aws("iam").delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    assert backend.view.credential(key["AccessKeyId"]) is None
    assert backend.view.credential("AKIAFOREIGN") is None


def test_a_key_of_a_deleted_user_is_nobodys(backend: MotoBackend, aws: Any) -> None:
    _, key = user_with_key(aws)
    aws("iam").delete_user(UserName="ana")
    aws("iam").create_user(UserName="ana")
    assert backend.view.credential(key["AccessKeyId"]) is None


def test_the_root_user_is_not_a_credential_anybody_could_guess(backend: MotoBackend) -> None:
    assert caller(backend, backend.root.access_key_id).arn == f"arn:aws:iam::{ACCOUNT}:root"
    assert MotoBackend("us-east-1").root.access_key_id != backend.root.access_key_id
    for guess in ("test", "FOOBARKEY", "AKIAIOSFODNN7EXAMPLE", ""):
        assert backend.view.credential(guess) is None


def test_a_role_session_carries_the_roles_arn_and_its_session_policy(backend: MotoBackend, aws: Any) -> None:
    role = aws("iam").create_role(RoleName="reader", Path="/apps/", AssumeRolePolicyDocument=TRUST)["Role"]
    session = aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="s1", Policy=ALLOW)["Credentials"]
    credential = backend.view.credential(session["AccessKeyId"])
    assert credential is not None
    assert credential.session_token == session["SessionToken"]
    assert credential.caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
    assert credential.caller.principal_arn == role["Arn"]
    assert [
        policy.policy.statements != () for policy in backend.view.policies(credential.caller, "*").session
    ] == [True]


def test_identity_policies_are_inline_attached_and_the_groups(backend: MotoBackend, aws: Any) -> None:
    iam = aws("iam")
    _, key = user_with_key(aws)
    iam.put_user_policy(UserName="ana", PolicyName="inline", PolicyDocument=ALLOW)
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ana", PolicyArn=managed)
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="group-inline", PolicyDocument=ALLOW)
    iam.create_group(GroupName="others")
    iam.put_group_policy(GroupName="others", PolicyName="not-hers", PolicyDocument=ALLOW)
    iam.add_user_to_group(GroupName="readers", UserName="ana")
    policies = backend.view.policies(caller(backend, key["AccessKeyId"]), "*")
    assert {policy.name for policy in policies.identity} == {"inline", "managed", "group-inline"}


def test_the_default_version_of_a_managed_policy_counts(backend: MotoBackend, aws: Any) -> None:
    iam = aws("iam")
    _, key = user_with_key(aws)
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    deny = ALLOW.replace("Allow", "Deny")
    before = backend.view.policies(caller(backend, key["AccessKeyId"]), "*").identity[0].policy
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=deny, SetAsDefault=True)
    after = backend.view.policies(caller(backend, key["AccessKeyId"]), "*").identity[0].policy
    assert before != after


def test_a_key_is_found_by_every_form_of_its_name(backend: MotoBackend, aws: Any) -> None:
    kms = aws("kms")
    made = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=made["KeyId"])
    alias_arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mine"
    for name in (made["KeyId"], made["Arn"], "alias/mine", alias_arn):
        key = backend.view.key(name, "us-east-1", ACCOUNT)
        assert key is not None
        assert key.arn == made["Arn"]
        assert (key.state, key.spec, key.usage) == ("Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        assert (key.aliases, key.tags, key.manager) == (("alias/mine",), {"a": "b"}, "CUSTOMER")
    for name in ("alias/other", "no-such-id", alias_arn.replace("us-east-1", "eu-west-1"), "arn:aws:s3:::x"):
        assert backend.view.key(name, "us-east-1", ACCOUNT) is None


def test_the_aws_managed_key_is_aws_managed(backend: MotoBackend, aws: Any) -> None:
    key = backend.view.key("alias/aws/dynamodb", "us-east-1", ACCOUNT)
    assert key is not None
    assert key.manager == "AWS"


def test_a_ciphertext_names_its_key(backend: MotoBackend, aws: Any) -> None:
    made = aws("kms").create_key()["KeyMetadata"]
    blob = aws("kms").encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    key = backend.view.key_of_ciphertext(blob, "us-east-1", ACCOUNT)
    assert key is not None
    assert key.arn == made["Arn"]
    assert backend.view.key_of_ciphertext(b"not one of ours", "us-east-1", ACCOUNT) is None
    assert backend.view.key_of_ciphertext(b"", "us-east-1", ACCOUNT) is None


def test_a_table_is_found_by_name_and_by_the_arn_of_its_parts(backend: MotoBackend, aws: Any) -> None:
    arn = aws("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    for name in ("orders", arn, f"{arn}/index/i", f"{arn}/stream/2026"):
        table = backend.view.table(name, "us-east-1", ACCOUNT)
        assert table is not None
        assert (table.arn, table.name, table.hash_key, table.key_arn) == (arn, "orders", "id", None)
    assert backend.view.table("other", "us-east-1", ACCOUNT) is None
    assert backend.view.table("orders", "eu-west-1", ACCOUNT) is None


def test_principals_that_kms_could_resolve(backend: MotoBackend, aws: Any) -> None:
    arn, _ = user_with_key(aws)
    exists = backend.view.principal_exists
    assert exists(arn)
    assert exists(f"arn:aws:iam::{ACCOUNT}:root")
    assert exists(ACCOUNT)
    assert exists("*")
    assert not exists(f"arn:aws:sts::{ACCOUNT}:assumed-role/ghost/s1")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    aws("iam").create_role(RoleName="app", Path="/p/", AssumeRolePolicyDocument=document)
    assert exists(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1")
    assert exists(f"arn:aws:sts::{ACCOUNT}:federated-user/any")
    assert not exists(f"arn:aws:iam::{ACCOUNT}:user/ghost")
    assert not exists(f"arn:aws:iam::{ACCOUNT}:user/other-path/ana")
    assert not exists(f"arn:aws:iam::{ACCOUNT}:group/readers")
    assert not exists("AIDAEXAMPLEEXAMPLEEXA")
    assert not exists("ana")
    assert not exists(f"arn:aws:iam::{ACCOUNT}:policy/p")


def test_a_call_that_moto_does_not_serve_never_leaves_for_aws(backend: MotoBackend) -> None:
    from botocore.hooks import HierarchicalEmitter

    with pytest.raises(BackendError, match="would leave"):
        backend.attach_client(HierarchicalEmitter(), "https://ec2.us-east-1.api.aws/")


@pytest.mark.parametrize(
    ("address", "served"),
    [
        ("https://dynamodb-fips.us-east-1.amazonaws.com", "https://dynamodb.us-east-1.amazonaws.com"),
        ("https://dynamodb.eu-west-1.api.aws/", "https://dynamodb.eu-west-1.amazonaws.com/"),
        ("https://kms-fips.us-east-1.api.aws", "https://kms.us-east-1.amazonaws.com"),
        (
            "https://kms.cn-north-1.api.amazonwebservices.com.cn",
            "https://kms.cn-north-1.amazonaws.com.cn",
        ),
        (
            "https://streams-dynamodb-fips.us-east-1.api.aws",
            "https://streams.dynamodb.us-east-1.amazonaws.com",
        ),
        (
            "https://streams.dynamodb-fips.us-east-1.amazonaws.com",
            "https://streams.dynamodb.us-east-1.amazonaws.com",
        ),
        ("https://iam-fips.amazonaws.com", "https://iam.amazonaws.com"),
        ("https://iam.global.api.aws", "https://iam.amazonaws.com"),
        ("https://sts-fips.us-gov-west-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com"),
        ("https://kms-fips.example.com", "https://kms-fips.example.com"),
        ("https://bucket.s3-fips.us-east-1.amazonaws.com", "https://bucket.s3-fips.us-east-1.amazonaws.com"),
    ],
)
def test_addresses_for_fips_and_ipv6_are_answered_as_the_others(
    backend: MotoBackend, address: str, served: str
) -> None:
    assert backend.served_url(address) == served


def test_starts_nest_and_the_last_stop_forgets_everything(aws: Any, backend: MotoBackend) -> None:
    backend.start()
    aws("kms").create_key()
    backend.stop()
    assert backend.running
    assert aws("kms").list_keys()["Keys"]


def test_a_symmetric_key_costs_no_key_pair_until_somebody_looks(backend: MotoBackend, aws: Any) -> None:
    made = backend.reader.moto_key(aws("kms").create_key()["KeyMetadata"]["Arn"], "", "")
    assert type(made.private_key).__module__ == "pytest_kmslab.backends.moto.patches.performance"
    assert aws("kms").get_public_key(KeyId=made.id)["PublicKey"]
    assert type(made.private_key).__module__ == "moto.kms.utils"


def test_moto_lists_the_methods_of_a_service_once(
    backend: MotoBackend, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws("iam").list_users()["Users"] == []
    monkeypatch.delattr("inspect.getmembers")
    assert aws("iam").list_users()["Users"] == []
