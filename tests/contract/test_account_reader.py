"""What every reader of an account answers."""

from __future__ import annotations

import json
import time

from helpers.endpoint import REGION, Store

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
DENY = ALLOW.replace("Allow", "Deny")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_the_root_user_is_known(store: Store) -> None:
    assert store.root.arn == f"arn:aws:iam::{store.account}:root"
    assert store.root.kind == "Account"


def test_a_user_is_known_by_its_access_key(store: Store) -> None:
    arn, key = store.user(path="/people/")
    credential = store.view.credential(key["AccessKeyId"])
    assert credential is not None
    assert credential.secret_access_key == key["SecretAccessKey"]
    assert credential.active
    assert credential.caller.arn == arn == f"arn:aws:iam::{store.account}:user/people/ana"
    assert credential.caller.user_id.startswith("AIDA")
    assert (credential.caller.username, credential.caller.tags) == ("ana", {"team": "red"})


def test_an_inactive_a_deleted_and_an_unknown_access_key(store: Store) -> None:
    _, key = store.user()
    parameters = {"UserName": "ana", "AccessKeyId": key["AccessKeyId"]}
    store("iam", "UpdateAccessKey", **parameters, Status="Inactive")
    credential = store.view.credential(key["AccessKeyId"])
    assert credential is not None
    assert not credential.active
    store("iam", "DeleteAccessKey", **parameters)
    for unknown in (key["AccessKeyId"], "AKIAFOREIGN", "not an id", "../x", ""):
        assert store.view.credential(unknown) is None


def test_identity_policies_are_inline_attached_and_the_groups(store: Store) -> None:
    _, key = store.user()
    policy = {"PolicyDocument": ALLOW}
    store("iam", "PutUserPolicy", UserName="ana", PolicyName="inline", **policy)
    managed = store("iam", "CreatePolicy", PolicyName="managed", **policy)["Policy"]["Arn"]
    store("iam", "AttachUserPolicy", UserName="ana", PolicyArn=managed)
    for group in ("readers", "others"):
        store("iam", "CreateGroup", GroupName=group)
        store("iam", "PutGroupPolicy", GroupName=group, PolicyName=f"of {group}"[:2] + group, **policy)
    store("iam", "AddUserToGroup", GroupName="readers", UserName="ana")
    policies = store.view.policies(store.caller(key), "*")
    assert {policy.name for policy in policies.identity} == {"inline", "managed", "ofreaders"}
    assert policies.permissions_boundary is None
    assert all(len(policy.policy.statements) == 1 for policy in policies.identity)


def test_the_default_version_of_a_managed_policy_counts(store: Store) -> None:
    _, key = store.user()
    arn = store("iam", "CreatePolicy", PolicyName="managed", PolicyDocument=ALLOW)["Policy"]["Arn"]
    store("iam", "AttachUserPolicy", UserName="ana", PolicyArn=arn)
    before = store.view.policies(store.caller(key), "*").identity[0].policy
    store("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DENY, SetAsDefault=True)
    assert store.view.policies(store.caller(key), "*").identity[0].policy != before


def test_a_role_session_has_the_roles_arn_its_tags_and_its_session_policy(store: Store) -> None:
    made = store(
        "iam",
        "CreateRole",
        RoleName="reader",
        Path="/apps/",
        AssumeRolePolicyDocument=TRUST,
        Tags=[{"Key": "of", "Value": "role"}],
    )["Role"]
    tags = [{"Key": "of", "Value": "session"}]
    session = store("sts", "AssumeRole", RoleArn=made["Arn"], RoleSessionName="s1", Policy=ALLOW, Tags=tags)[
        "Credentials"
    ]
    credential = store.view.credential(session["AccessKeyId"])
    assert credential is not None
    caller = credential.caller
    assert credential.session_token == session["SessionToken"]
    assert credential.expires_at > time.time()
    assert caller.arn == f"arn:aws:sts::{store.account}:assumed-role/reader/s1"
    assert (caller.principal_arn, caller.kind, caller.tags) == (made["Arn"], "AssumedRole", {"of": "session"})
    assert len(store.view.policies(caller, "*").session) == 1
    assert store.view.iam_arn("role", "reader", store.account, "aws") == made["Arn"]
    assert store.view.iam_tags(made["Arn"]) == {"of": "role"}
    assert store.view.resource_policy(made["Arn"]) is not None
    store("iam", "DeleteRole", RoleName="reader")
    gone = store.view.credential(session["AccessKeyId"])
    assert gone is None or not gone.active


def test_a_key_is_found_by_every_form_of_its_name(store: Store) -> None:
    made = store("kms", "CreateKey", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    store("kms", "CreateAlias", AliasName="alias/mine", TargetKeyId=made["KeyId"])
    alias_arn = f"arn:aws:kms:{REGION}:{store.account}:alias/mine"
    for name in (made["KeyId"], made["Arn"], "alias/mine", alias_arn):
        key = store.view.key(name, REGION, store.account)
        assert key is not None
        assert key.arn == made["Arn"]
        assert (key.state, key.spec, key.usage) == ("Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        assert (key.aliases, key.tags, key.manager) == (("alias/mine",), {"a": "b"}, "CUSTOMER")
    for name in ("alias/other", "no-such-id", alias_arn.replace(REGION, "eu-west-1"), "arn:aws:s3:::x"):
        assert store.view.key(name, REGION, store.account) is None
    assert store.view.key(made["KeyId"], REGION, "111122223333") is None
    store("kms", "DisableKey", KeyId=made["KeyId"])
    disabled = store.view.key(made["KeyId"], REGION, store.account)
    assert disabled is not None
    assert disabled.state == "Disabled"


def test_the_aws_managed_key_has_the_fixed_policy(store: Store) -> None:
    key = store.view.key("alias/aws/dynamodb", REGION, store.account)
    assert key is not None
    assert key.manager == "AWS"
    policy = store.view.key_policy(key.arn)
    assert policy is not None
    assert len(policy.statements) == 2


def test_a_ciphertext_names_its_key(store: Store) -> None:
    made = store("kms", "CreateKey")["KeyMetadata"]
    blob = store("kms", "Encrypt", KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    key = store.view.key_of_ciphertext(blob, REGION, store.account)
    assert key is not None
    assert key.arn == made["Arn"]
    for foreign in (b"not one of ours", b"", b"\xff" * 60):
        assert store.view.key_of_ciphertext(foreign, REGION, store.account) is None


def test_a_key_policy_names_a_deleted_user_by_its_unique_id(store: Store) -> None:
    arn, key = store.user()
    unique_id = store.caller(key).user_id
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = store("kms", "CreateKey", Policy=text)["KeyMetadata"]
    assert store("kms", "GetKeyPolicy", KeyId=made["KeyId"])["Policy"] == text
    store("iam", "DeleteAccessKey", UserName="ana", AccessKeyId=key["AccessKeyId"])
    store("iam", "DeleteUser", UserName="ana")
    store.user()
    shown = store("kms", "GetKeyPolicy", KeyId=made["KeyId"])["Policy"]
    assert shown == text.replace(arn, unique_id)
    assert not store.view.principal_exists(unique_id)


def test_grants_by_key_by_grantee_and_by_token(store: Store) -> None:
    arn, access_key = store.user()
    made = store("kms", "CreateKey")["KeyMetadata"]
    context = {"EncryptionContextSubset": {"a": "b"}}
    common = {"KeyId": made["Arn"], "Operations": ["Decrypt"]}
    answer = store("kms", "CreateGrant", GranteePrincipal=arn, Constraints=context, Name="mine", **common)
    store("kms", "CreateGrant", GranteePrincipal=f"arn:aws:iam::{store.account}:user/bob", **common)
    assert len(store.view.grants(made["Arn"])) == 2
    (grant,) = store.view.grants_to(made["Arn"], store.caller(access_key))
    assert (grant.grant_id, grant.name, grant.operations) == (answer["GrantId"], "mine", {"Decrypt"})
    assert grant.encryption_context_subset == {"a": "b"}
    assert grant.issuing_account == f"arn:aws:iam::{store.account}:root"
    key_and_grant = store.view.grant_of_token(answer["GrantToken"], REGION, store.account)
    assert key_and_grant is not None
    assert (key_and_grant[0].arn, key_and_grant[1].grant_id) == (made["Arn"], answer["GrantId"])
    assert store.view.grant_of_token(answer["GrantToken"], "eu-west-1", store.account) is None
    assert store.view.grant_of_token("no token", REGION, store.account) is None
    store("kms", "RevokeGrant", KeyId=made["Arn"], GrantId=answer["GrantId"])
    assert store.view.grants_to(made["Arn"], store.caller(access_key)) == ()
    assert store.view.grant_of_token(answer["GrantToken"], REGION, store.account) is None


def test_a_table_is_found_by_name_and_by_the_arn_of_its_parts(store: Store) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    arn = store("dynamodb", "CreateTable", TableName="table", Tags=tags, **TABLE)["TableDescription"][
        "TableArn"
    ]
    for name in ("table", arn, f"{arn}/index/i", f"{arn}/stream/2026"):
        table = store.view.table(name, REGION, store.account)
        assert table is not None
        assert (table.arn, table.name, table.hash_key, table.key_arn) == (arn, "table", "id", None)
        assert table.tags == {"a": "b"}
    assert store.view.table("other", REGION, store.account) is None
    assert store.view.table("table", "eu-west-1", store.account) is None


def test_the_key_of_a_table_is_kept_and_goes_with_it(store: Store) -> None:
    key = store("kms", "CreateKey")["KeyMetadata"]["Arn"]
    arn = store("dynamodb", "CreateTable", TableName="table", **TABLE)["TableDescription"]["TableArn"]
    store.backend.set_table_key(arn, key)
    store.backend.add_table_grants(arn, key)
    table = store.view.table("table", REGION, store.account)
    assert table is not None
    assert table.key_arn == key
    assert {grant.grantee_principal for grant in store.view.grants(key)} == {
        f"dynamodb.{REGION}.amazonaws.com"
    }
    changes = store.backend.encryption_changes(arn)
    assert changes is not None
    changes.changes.append(5.0)
    again = store.backend.encryption_changes(arn)
    assert again is not None
    assert (list(again.changes), again.created) == ([5.0], changes.created)
    store.backend.retire_table_grants(arn)
    assert store.view.grants(key) == ()
    store("dynamodb", "DeleteTable", TableName="table")
    assert store.view.table("table", REGION, store.account) is None
    store("dynamodb", "CreateTable", TableName="table", **TABLE)
    made_again = store.view.table("table", REGION, store.account)
    assert made_again is not None
    assert made_again.key_arn is None


def test_principals_that_kms_could_resolve(store: Store) -> None:
    arn, _ = store.user()
    exists = store.view.principal_exists
    for there in (arn, f"arn:aws:iam::{store.account}:root", store.account, "*"):
        assert exists(there)
    for missing in (
        f"arn:aws:iam::{store.account}:user/ghost",
        f"arn:aws:iam::{store.account}:user/other-path/ana",
        f"arn:aws:iam::{store.account}:group/readers",
        f"arn:aws:iam::{store.account}:policy/p",
        "AIDAEXAMPLEEXAMPLEEXA",
        "ana",
    ):
        assert not exists(missing)


def test_how_long_a_roles_sessions_last_at_most(store: Store) -> None:
    short, long = (
        store("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST, **more)["Role"]["Arn"]
        for name, more in (("short", {}), ("long", {"MaxSessionDuration": 7200}))
    )
    assert store.view.max_session_duration(short) == 3600
    assert store.view.max_session_duration(long) == 7200
    assert store.view.max_session_duration(f"arn:aws:iam::{store.account}:role/none") == 3600
    store("iam", "UpdateRole", RoleName="long", MaxSessionDuration=10_800)
    assert store.view.max_session_duration(long) == 10_800
