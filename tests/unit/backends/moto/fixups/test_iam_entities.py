"""Users, groups and roles through moto, where it keeps less of them than IAM.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code

TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
OF_AWS = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize("change", [{"NewUserName": "eve"}, {"NewPath": "/x/"}])
def test_tags_go_with_a_user_who_is_renamed(account: Account, change: dict[str, str]) -> None:
    iam = account.root.client("iam")
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    barred = allow("kms:ListKeys", Condition=tagged) | {}
    kms = account.user("bob", barred, Tags=[{"Key": "team", "Value": "blue"}]).client("kms")
    kms.list_keys()
    iam.update_user(UserName="bob", **change)
    kms.list_keys()
    name = change.get("NewUserName", "bob")
    assert iam.list_user_tags(UserName=name)["Tags"] == [{"Key": "team", "Value": "blue"}]
    if name == "eve":
        iam.create_user(UserName="bob")
        assert iam.list_user_tags(UserName="bob")["Tags"] == []


def test_a_path_that_reads_like_another_kind_says_nothing(account: Account) -> None:
    iam = account.root.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_user(UserName="bob", Path="/x:role/")
    assert iam.get_user(UserName="bob")["User"]["Path"] == "/x:role/"
    iam.create_role(RoleName="app", Path="/x:role/aws-service-role/", AssumeRolePolicyDocument=trust)
    iam.update_role(RoleName="app", MaxSessionDuration=7200)
    assert code(iam.delete_service_linked_role, RoleName="app") == "NoSuchEntity"


def test_a_user_takes_nobody_elses_name(account: Account) -> None:
    iam = account.root.client("iam")
    for name in ("bob", "eve"):
        iam.create_user(UserName=name)
        iam.create_group(GroupName=name)
    for taken in ("eve", "EVE"):
        assert code(iam.update_user, UserName="bob", NewUserName=taken) == "EntityAlreadyExists"
        assert code(iam.update_group, GroupName="bob", NewGroupName=taken) == "EntityAlreadyExists"
        assert code(iam.create_user, UserName=taken) == "EntityAlreadyExists"
    iam.update_user(UserName="bob", NewUserName="Bob")
    assert iam.get_user(UserName="Bob")["User"]["UserName"] == "Bob"


MADE_ONCE: dict[str, tuple[str, dict[str, Any], str]] = {
    "certificate": (
        "upload_server_certificate",
        {"ServerCertificateName": "tls", "CertificateBody": "x", "PrivateKey": "x"},
        "The Server Certificate with name tls already exists.",
    ),
    "OIDC": (
        "create_open_id_connect_provider",
        {"Url": "https://id.example.com"},
        "Provider with url https://id.example.com already exists.",
    ),
    "SAML": (
        "create_saml_provider",
        {"Name": "idp", "SAMLMetadataDocument": "x" * 1000},
        "Provider with name idp already exists.",
    ),
}


@pytest.mark.parametrize(("operation", "params", "text"), MADE_ONCE.values(), ids=MADE_ONCE)
def test_what_is_there_is_not_made_anew(
    account: Account, operation: str, params: dict[str, Any], text: str
) -> None:
    iam = account.root.client("iam")
    make = getattr(iam, operation)
    make(**params)
    with pytest.raises(ClientError) as refused:
        make(**params)
    assert refused.value.response["Error"]["Code"] == "EntityAlreadyExists"
    assert refused.value.response["Error"]["Message"] == text
    name = next(iter(params))
    make(**{**params, name: f"{params[name]}2"})


SPELLED = {"/idp": "/x/idp", "idp": "/idp", ":iam:": ":sts:", "iam::": "iam:us-east-1:", "arn:": "ARN:"}


@pytest.mark.parametrize(("kind", "name"), [("mfa", "mfa_device"), ("saml-provider", "saml_provider")])
def test_nothing_is_reached_by_another_spelling_of_its_arn(account: Account, kind: str, name: str) -> None:
    iam, arn = account.root.client("iam"), f"arn:aws:iam::{ACCOUNT}:{kind}/idp"
    iam.create_virtual_mfa_device(VirtualMFADeviceName="idp")
    iam.create_saml_provider(Name="idp", SAMLMetadataDocument="x" * 1000)
    barred = allow("iam:*")
    barred["Statement"].append({"Effect": "Deny", "Action": "iam:*", "Resource": arn})
    ana = account.user("ana", barred).client("iam")
    member = {"mfa": "SerialNumber", "saml-provider": "SAMLProviderArn"}[kind]
    tags = [{"Key": "team", "Value": "red"}]
    delete = getattr(ana, f"delete_{'virtual_' if kind == 'mfa' else ''}{name}")
    for old, new in SPELLED.items():
        other = {member: arn.replace(old, new, 1)}
        assert code(getattr(ana, f"tag_{name}"), **other, Tags=tags) == "NoSuchEntity"
        assert code(delete, **other) == "NoSuchEntity"
    assert getattr(iam, f"list_{name}_tags")(**{member: arn})["Tags"] == []


def test_a_certificate_has_a_path_which_changes_with_its_name(account: Account) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServerCertificate.html"""
    iam, tags = account.root.client("iam"), [{"Key": "team", "Value": "red"}]
    body = {"CertificateBody": "x", "PrivateKey": "x"}
    iam.upload_server_certificate(ServerCertificateName="tls", Path="/prod/", Tags=tags, **body)
    iam.upload_server_certificate(ServerCertificateName="other", **body)
    barred = allow("iam:*")
    prod = f"arn:aws:iam::{ACCOUNT}:server-certificate/prod/*"
    barred["Statement"].append({"Effect": "Deny", "Action": "iam:*", "Resource": prod})
    ana = account.user("ana", barred).client("iam")
    for operation in (ana.delete_server_certificate, ana.update_server_certificate):
        assert code(operation, ServerCertificateName="tls") == "AccessDenied"
        assert code(operation, ServerCertificateName="TLS") == "AccessDenied"
    assert (
        code(ana.update_server_certificate, ServerCertificateName="other", NewPath="/prod/") == "AccessDenied"
    )
    rename = {"ServerCertificateName": "tls", "NewServerCertificateName": "other"}
    assert code(iam.update_server_certificate, **rename) == "EntityAlreadyExists"
    rename["NewServerCertificateName"] = "old"
    assert code(iam.update_server_certificate, **rename, NewPath="/test/") == "allowed"
    assert code(iam.update_server_certificate, **rename) == "NoSuchEntity"
    assert iam.list_server_certificate_tags(ServerCertificateName="old")["Tags"] == tags
    assert code(ana.delete_server_certificate, ServerCertificateName="old") == "allowed"


def test_a_group_is_moved(account: Account) -> None:
    iam = account.root.client("iam")
    iam.create_group(GroupName="devs")
    iam.update_group(GroupName="devs", NewPath="/x/")
    assert iam.get_group(GroupName="devs")["Group"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/x/devs"


def test_a_managed_policy_of_aws_stays_as_it_is(account: Account) -> None:
    iam = account.root.client("iam")
    iam.get_policy(PolicyArn=OF_AWS)
    evil = json.dumps(allow("*"))
    put = {"PolicyArn": OF_AWS, "PolicyDocument": evil, "SetAsDefault": True}
    assert code(iam.create_policy_version, **put) == "AccessDenied"
    assert code(iam.delete_policy, PolicyArn=OF_AWS) == "AccessDenied"
    assert iam.get_policy(PolicyArn=OF_AWS)["Policy"]["DefaultVersionId"] != "v2"


def test_a_policy_that_is_not_there_is_not_deleted(account: Account) -> None:
    none = f"arn:aws:iam::{ACCOUNT}:policy/none"
    with pytest.raises(ClientError, match=f"Policy {none} was not found."):
        account.root.client("iam").delete_policy(PolicyArn=none)


def test_a_role_has_twenty_managed_policies(account: Account) -> None:
    iam = account.root.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": TRUST})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    document = json.dumps(allow("kms:*"))
    arns = [
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document)["Policy"]["Arn"] for n in range(21)
    ]
    for arn in arns[:20]:
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert code(iam.attach_role_policy, RoleName="r", PolicyArn=arns[20]) == "LimitExceeded"


def test_a_service_linked_role_is_its_services(account: Account) -> None:
    iam = account.root.client("iam")
    made = iam.create_service_linked_role(AWSServiceName="dax.amazonaws.com")["Role"]
    name = made["RoleName"]
    document = json.dumps(allow("kms:*"))
    assert code(iam.put_role_policy, RoleName=name, PolicyName="p", PolicyDocument=document) == (
        "UnmodifiableEntity"
    )
    assert code(iam.attach_role_policy, RoleName=name, PolicyArn=OF_AWS) == "UnmodifiableEntity"
    assert code(iam.create_service_linked_role, AWSServiceName="elasticloadbalancing") == "AccessDenied"


def made_with(iam: Any, kind: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    """A tagged thing of a kind, as the member by which an operation names it."""
    if kind == "Policy":
        document = json.dumps(allow("kms:*"))
        made = iam.create_policy(PolicyName="p", PolicyDocument=document, Tags=tags)
        return {"PolicyArn": made["Policy"]["Arn"]}
    if kind == "InstanceProfile":
        iam.create_instance_profile(InstanceProfileName="i", Path="/x/", Tags=tags)
        return {"InstanceProfileName": "i"}
    if kind == "MFADevice":
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName="d", Tags=tags)
        return {"SerialNumber": made["VirtualMFADevice"]["SerialNumber"]}
    if kind == "OpenIDConnectProvider":
        made = iam.create_open_id_connect_provider(Url="https://idp.example.com", Tags=tags)
        return {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    if kind == "SAMLProvider":
        made = iam.create_saml_provider(Name="idp", SAMLMetadataDocument="x" * 1000, Tags=tags)
        return {"SAMLProviderArn": made["SAMLProviderArn"]}
    iam.upload_server_certificate(
        ServerCertificateName="c", CertificateBody="body", PrivateKey="key", Tags=tags
    )
    return {"ServerCertificateName": "c"}


KINDS = (
    "Policy",
    "InstanceProfile",
    "MFADevice",
    "OpenIDConnectProvider",
    "SAMLProvider",
    "ServerCertificate",
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tags_of_what_iam_has_are_condition_keys(account: Account, kind: str) -> None:
    root = account.root.client("iam")
    protected = [{"Key": "protected", "Value": "true"}]
    named = made_with(root, kind, protected)
    operation = {"MFADevice": "VirtualMFADevice"}.get(kind, kind)
    delete = {"OpenIDConnectProvider": "open_id_connect_provider", "SAMLProvider": "saml_provider"}
    delete |= {"MFADevice": "virtual_mfa_device", "ServerCertificate": "server_certificate"}
    delete |= {"Policy": "policy", "InstanceProfile": "instance_profile"}
    when = {"StringEquals": {"aws:ResourceTag/protected": "true"}}
    barred = allow(f"iam:Delete{operation}", Condition=when)
    barred["Statement"][0]["Effect"] = "Deny"
    iam = account.user("u", allow("iam:*"), barred).client("iam")
    tags = delete[kind].replace("virtual_", "")
    shown = getattr(root, f"list_{tags}_tags")(**named)["Tags"]
    assert shown == protected
    assert code(getattr(iam, f"delete_{delete[kind]}"), **named) == "AccessDenied"
    getattr(root, f"untag_{tags}")(**named, TagKeys=["protected"])
    assert getattr(root, f"list_{tags}_tags")(**named)["Tags"] == []
    getattr(root, f"tag_{tags}")(**named, Tags=[{"Key": "protected", "Value": "no"}])
    getattr(iam, f"delete_{delete[kind]}")(**named)


@pytest.mark.parametrize(
    "service", ["autoscaling.amazonaws.com", "dynamodb.application-autoscaling.amazonaws.com"]
)
def test_a_service_has_one_linked_role_of_each_suffix(account: Account, service: str) -> None:
    iam = account.root.client("iam")
    name = iam.create_service_linked_role(AWSServiceName=service)["Role"]["RoleName"]
    with pytest.raises(ClientError) as raised:
        iam.create_service_linked_role(AWSServiceName=service)
    assert raised.value.response["Error"]["Code"] == "InvalidInput"
    assert raised.value.response["Error"]["Message"] == (
        f"Service role name {name} has been taken in this account, please try a different suffix."
    )
    iam.delete_service_linked_role(RoleName=name)
    iam.create_service_linked_role(AWSServiceName=service)


def test_a_managed_policy_has_its_name_alone(account: Account) -> None:
    iam = account.root.client("iam")
    text = json.dumps(allow("s3:Get*"))
    iam.create_policy(PolicyName="reading", PolicyDocument=text)
    iam.create_policy(PolicyName="ReadOnlyAccess", PolicyDocument=text)  # AWS has one of that name
    for name in ("reading", "READING"):
        assert code(iam.create_policy, PolicyName=name, Path="/a/", PolicyDocument=text) == (
            "EntityAlreadyExists"
        )


def test_all_users_are_shown_with_their_boundaries(account: Account) -> None:
    iam = account.root.client("iam")
    iam.create_user(UserName="ana", PermissionsBoundary=OF_AWS)
    iam.create_user(UserName="bob")
    shown = iam.get_account_authorization_details()["UserDetailList"]
    boundaries = {user["UserName"]: user.get("PermissionsBoundary") for user in shown}
    assert boundaries["ana"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": OF_AWS}
    assert boundaries["bob"] is None


def test_a_tag_replaces_one_whose_key_differs_by_case(account: Account) -> None:
    iam = account.root.client("iam")
    made = {"Tags": [{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": "y"}]}
    iam.create_user(UserName="u", **made)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": TRUST}), **made)
    iam.create_instance_profile(InstanceProfileName="i", **made)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="m", **made)["VirtualMFADevice"]
    for kind, named in {
        "user": {"UserName": "u"},
        "role": {"RoleName": "r"},
        "instance_profile": {"InstanceProfileName": "i"},
        "mfa_device": {"SerialNumber": device["SerialNumber"]},
    }.items():

        def tags(kind: str = kind, named: dict[str, str] = named) -> dict[str, str]:
            shown = getattr(iam, f"list_{kind}_tags")(**named)["Tags"]
            return {tag["Key"].lower(): tag["Value"] for tag in shown} | {"": str(len(shown))}

        getattr(iam, f"tag_{kind}")(**named, Tags=[{"Key": "TEAM", "Value": "red"}])
        assert tags() == {"team": "red", "x": "y", "": "2"}
        getattr(iam, f"untag_{kind}")(**named, TagKeys=["Team"])
        assert tags() == {"x": "y", "": "1"}
