"""KMS grants, seen from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def arn_of(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def denied(call: Any, **params: Any) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return True
    return False


def test_a_grant_allows_what_no_policy_does_until_it_is_revoked(account: Account, kms: Any) -> None:
    key, ana = account.key(), account.user("ana").client("kms")
    assert denied(ana.encrypt, KeyId=key, Plaintext=b"x")
    grant = kms.create_grant(KeyId=key, GranteePrincipal=arn_of("ana"), Operations=["Encrypt"])["GrantId"]
    assert not denied(ana.encrypt, KeyId=key, Plaintext=b"x")
    assert denied(ana.describe_key, KeyId=key)
    kms.revoke_grant(KeyId=key, GrantId=grant)
    assert denied(ana.encrypt, KeyId=key, Plaintext=b"x")


def test_a_grants_encryption_context_is_exact(account: Account, kms: Any) -> None:
    key, ana = account.key(), account.user("ana").client("kms")
    constraints = {"EncryptionContextSubset": {"team": "red"}}
    kms.create_grant(
        KeyId=key, GranteePrincipal=arn_of("ana"), Operations=["Encrypt"], Constraints=constraints
    )
    for context, refused in (({}, True), ({"team": "Red"}, True), ({"team": "red", "more": "x"}, False)):
        assert denied(ana.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context) is refused


def test_a_deny_beats_a_grant(account: Account, kms: Any) -> None:
    document = allow("kms:Encrypt")
    document["Statement"][0]["Effect"] = "Deny"
    key, ana = account.key(), account.user("ana", document).client("kms")
    kms.create_grant(KeyId=key, GranteePrincipal=arn_of("ana"), Operations=["Encrypt"])
    assert denied(ana.encrypt, KeyId=key, Plaintext=b"x")


def test_the_retiring_principal_retires_and_others_do_not(account: Account, kms: Any) -> None:
    key = account.key()
    ana, bob = account.user("ana").client("kms"), account.user("bob").client("kms")
    grant = kms.create_grant(
        KeyId=key, GranteePrincipal=arn_of("ana"), RetiringPrincipal=arn_of("bob"), Operations=["Encrypt"]
    )["GrantId"]
    assert denied(ana.retire_grant, KeyId=key, GrantId=grant)
    assert not denied(bob.retire_grant, KeyId=key, GrantId=grant)
    assert denied(ana.encrypt, KeyId=key, Plaintext=b"x")


def test_a_grant_token_names_its_grant(account: Account, kms: Any) -> None:
    key, ana = account.key(), account.user("ana").client("kms")
    made = kms.create_grant(KeyId=key, GranteePrincipal=arn_of("ana"), Operations=["Encrypt", "RetireGrant"])
    with pytest.raises(ClientError, match="InvalidGrantToken"):
        ana.retire_grant(GrantToken="not-a-token")
    assert denied(account.user("bob").client("kms").retire_grant, GrantToken=made["GrantToken"])
    ana.retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_the_list_says_who_issued_a_grant(account: Account, kms: Any) -> None:
    key = account.key()
    kms.create_grant(KeyId=key, GranteePrincipal=ROOT, Operations=["Encrypt"])
    assert [grant["IssuingAccount"] for grant in kms.list_grants(KeyId=key)["Grants"]] == [ROOT]
    assert [grant["KeyId"] for grant in kms.list_grants(KeyId=key.rpartition("/")[2])["Grants"]] == [key]


@pytest.mark.parametrize("member", ["GranteePrincipal", "RetiringPrincipal"])
@pytest.mark.parametrize("nobody", ["user/nobody", "role/nobody", "group/admins"])
def test_a_grant_to_nobody_is_refused(account: Account, kms: Any, member: str, nobody: str) -> None:
    """Or it would be that of whoever is given the name later."""
    account.user("ana")
    key = account.key()
    params = {"GranteePrincipal": arn_of("ana"), member: f"arn:aws:iam::{ACCOUNT}:{nobody}"}
    with pytest.raises(ClientError) as refused:
        kms.create_grant(KeyId=key, Operations=["Decrypt"], **params)
    assert refused.value.response["Error"]["Code"] == "InvalidArnException"
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_named_grant_is_made_once_and_revoked_once(account: Account, kms: Any) -> None:
    key, ana = account.key(), account.user("ana").client("kms")
    params = {"KeyId": key, "GranteePrincipal": arn_of("ana"), "Name": "retried"}
    first = kms.create_grant(Operations=["Encrypt"], **params)["GrantId"]
    assert kms.create_grant(Operations=["Encrypt"], **params)["GrantId"] == first
    assert kms.create_grant(Operations=["Encrypt", "Decrypt"], **params)["GrantId"] != first
    kms.revoke_grant(KeyId=key, GrantId=first)
    assert not denied(ana.encrypt, KeyId=key, Plaintext=b"x")
    again = kms.create_grant(Operations=["Encrypt"], **params)["GrantId"]
    for grant in kms.list_grants(KeyId=key)["Grants"]:
        kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert again != first
    assert denied(ana.encrypt, KeyId=key, Plaintext=b"x")


def test_grants_of_one_grantee_are_listed_by_it(account: Account, kms: Any) -> None:
    key = account.key()
    for name in ("ana", "bob"):
        account.user(name)
        kms.create_grant(KeyId=key, GranteePrincipal=arn_of(name), Operations=["Encrypt"])
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 2
    (found,) = kms.list_grants(KeyId=key, GranteePrincipal=arn_of("bob"))["Grants"]
    assert found["GranteePrincipal"] == arn_of("bob")


def test_a_grant_to_a_service_is_listed(account: Account, kms: Any) -> None:
    shape = kms.meta.service_model.operation_model("CreateGrant").input_shape
    if "GranteeServicePrincipal" not in shape.members:
        pytest.skip("this botocore does not know grants to services")
    key, service = account.key(), "dynamodb.amazonaws.com"
    kms.create_grant(
        KeyId=key,
        GranteeServicePrincipal=service,
        RetiringServicePrincipal=service,
        Operations=["Decrypt"],
        Constraints={"SourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"},
    )
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert grant["GranteePrincipal"] == service


def test_grants_on_keys_of_other_accounts_are_listed_to_who_may_retire_them(
    account: Account, kms: Any
) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html"""
    other = account.session(replace(account.run.backend.root, access_key_id="444455556666"))
    eve = "arn:aws:iam::444455556666:user/eve"
    client = account.user_in(other, "eve", allow("kms:ListRetirableGrants")).client("kms")
    grantee = {"GranteePrincipal": eve, "RetiringPrincipal": eve, "Operations": ["Decrypt"]}
    grant = kms.create_grant(KeyId=account.key(), **grantee)["GrantId"]
    listed = client.list_retirable_grants(RetiringPrincipal=eve)["Grants"]
    assert [row["GrantId"] for row in listed] == [grant]
    # Of one's own account only.
    assert denied(kms.list_retirable_grants, RetiringPrincipal=eve)
