"""What else of IAM a template makes: memberships, access keys, instance profiles, providers.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_kmslab.backends.moto.stacks.properties import Properties, without
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType, deletion


def _create_addition(where: Deployment, properties: Properties) -> Iterator[Made]:
    yield Made(where.name, {"Id": where.name})
    where.call_each(
        "iam", "AddUserToGroup", "UserName", properties["Users"], GroupName=properties["GroupName"]
    )


def _update_addition(where: Deployment, addition: str, old: Properties, new: Properties) -> None:
    joined, left = new["Users"], old["Users"]
    # In the same group who stays is left alone; of another group nobody is a member yet.
    if old["GroupName"] == new["GroupName"]:
        joined, left = without(joined, left), without(left, joined)
    where.call_each("iam", "AddUserToGroup", "UserName", joined, GroupName=new["GroupName"])
    where.delete_each("iam", "RemoveUserFromGroup", "UserName", left, GroupName=old["GroupName"])


def _delete_addition(where: Deployment, addition: str, properties: Properties) -> None:
    group, users = properties["GroupName"], properties["Users"]
    where.delete_each("iam", "RemoveUserFromGroup", "UserName", users, GroupName=group)


def _create_access_key(where: Deployment, properties: Properties) -> Iterator[Made]:
    key = where.call("iam", "CreateAccessKey", UserName=properties["UserName"])["AccessKey"]
    yield Made(key["AccessKeyId"], {"SecretAccessKey": key["SecretAccessKey"]})
    _set_status(where, key["AccessKeyId"], {}, properties)


def _set_status(where: Deployment, key_id: str, old: Properties, new: Properties) -> None:
    status, before = new.get("Status", "Active"), old.get("Status", "Active")
    if status != before:
        where.call("iam", "UpdateAccessKey", UserName=new["UserName"], AccessKeyId=key_id, Status=status)


def _delete_access_key(where: Deployment, key_id: str, properties: Properties) -> None:
    where.delete("iam", "DeleteAccessKey", UserName=properties["UserName"], AccessKeyId=key_id)


def _create_profile(where: Deployment, properties: Properties) -> Iterator[Made]:
    name = where.named(properties, "InstanceProfileName", 128)
    path = properties.get("Path")
    made = where.call("iam", "CreateInstanceProfile", InstanceProfileName=name, Path=path)
    # Told before its role is added by another call: where that fails, the profile is removed.
    yield Made(name, {"Arn": made["InstanceProfile"]["Arn"]})
    _set_roles(where, name, [], properties["Roles"])


def _set_roles(where: Deployment, name: str, old: list[str], new: list[str]) -> None:
    # The old role goes first: a profile holds one.
    profile = {"InstanceProfileName": name}
    where.delete_each("iam", "RemoveRoleFromInstanceProfile", "RoleName", without(old, new), **profile)
    for role in without(new, old):
        is_there = ["Cannot exceed quota for InstanceSessionsPerInstanceProfile"]
        where.change("iam", "AddRoleToInstanceProfile", is_there, RoleName=role, **profile)


def _update_profile(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    _set_roles(where, name, old["Roles"], new["Roles"])


def _delete_profile(where: Deployment, name: str, properties: Properties) -> None:
    _set_roles(where, name, properties["Roles"], [])
    where.delete("iam", "DeleteInstanceProfile", InstanceProfileName=name)


def _create_oidc(where: Deployment, properties: Properties) -> Iterator[Made]:
    arn = where.call(
        "iam",
        "CreateOpenIDConnectProvider",
        Url=properties.get("Url"),
        ClientIDList=properties.get("ClientIdList"),
        ThumbprintList=properties.get("ThumbprintList"),
        Tags=properties.get("Tags"),
    )["OpenIDConnectProviderArn"]
    yield Made(arn, {"Arn": arn})


def _update_oidc(where: Deployment, arn: str, old: Properties, new: Properties) -> None:
    provider = {"OpenIDConnectProviderArn": arn}
    before, after = old.get("ClientIdList") or [], new.get("ClientIdList") or []
    added, removed = without(after, before), without(before, after)
    where.call_each("iam", "AddClientIDToOpenIDConnectProvider", "ClientID", added, **provider)
    where.delete_each("iam", "RemoveClientIDFromOpenIDConnectProvider", "ClientID", removed, **provider)
    if old.get("ThumbprintList") != new.get("ThumbprintList"):
        thumbprints = new.get("ThumbprintList")
        where.call("iam", "UpdateOpenIDConnectProviderThumbprint", ThumbprintList=thumbprints, **provider)
    where.set_tags("iam", "OpenIDConnectProvider", old, new, **provider)


def _create_saml(where: Deployment, properties: Properties) -> Iterator[Made]:
    arn = where.call(
        "iam",
        "CreateSAMLProvider",
        Name=where.named(properties, "Name", 128),
        SAMLMetadataDocument=properties.get("SamlMetadataDocument"),
        Tags=properties.get("Tags"),
    )["SAMLProviderArn"]
    yield Made(arn, {"Arn": arn})


def _update_saml(where: Deployment, arn: str, old: Properties, new: Properties) -> None:
    metadata = new.get("SamlMetadataDocument")
    if metadata != old.get("SamlMetadataDocument"):
        where.call("iam", "UpdateSAMLProvider", SAMLProviderArn=arn, SAMLMetadataDocument=metadata)
    where.set_tags("iam", "SAMLProvider", old, new, SAMLProviderArn=arn)


def _create_linked_role(where: Deployment, properties: Properties) -> Iterator[Made]:
    parameters: dict[str, Any] = {
        name: properties.get(name) for name in ("AWSServiceName", "CustomSuffix", "Description")
    }
    role = where.call("iam", "CreateServiceLinkedRole", **parameters)["Role"]
    yield Made(role["RoleName"], {"RoleName": role["RoleName"], "Arn": role["Arn"]})


def _update_linked_role(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    description = new.get("Description", "")
    where.call("iam", "UpdateRole", RoleName=name, Description=description)


_ADDITION = frozenset({"GroupName", "Users"})
_PROFILE = frozenset({"InstanceProfileName", "Path"})
_LINKED = frozenset({"AWSServiceName", "CustomSuffix"})

TYPES = (
    ResourceType(
        "AWS::IAM::UserToGroupAddition",
        _create_addition,
        _update_addition,
        _delete_addition,
        properties=_ADDITION,
        required=_ADDITION,
        attributes=frozenset({"Id"}),
    ),
    ResourceType(
        "AWS::IAM::AccessKey",
        _create_access_key,
        _set_status,
        _delete_access_key,
        properties=frozenset({"Serial", "Status", "UserName"}),
        required=frozenset({"UserName"}),
        replaces=frozenset({"Serial", "UserName"}),
        attributes=frozenset({"SecretAccessKey"}),
    ),
    ResourceType(
        "AWS::IAM::InstanceProfile",
        _create_profile,
        _update_profile,
        _delete_profile,
        properties=_PROFILE | {"Roles"},
        required=frozenset({"Roles"}),
        replaces=_PROFILE,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::OIDCProvider",
        _create_oidc,
        _update_oidc,
        deletion("iam", "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn"),
        properties=frozenset({"ClientIdList", "Tags", "ThumbprintList", "Url"}),
        replaces=frozenset({"Url"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::SAMLProvider",
        _create_saml,
        _update_saml,
        deletion("iam", "DeleteSAMLProvider", "SAMLProviderArn"),
        properties=frozenset({"Name", "SamlMetadataDocument", "Tags"}),
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::ServiceLinkedRole",
        _create_linked_role,
        _update_linked_role,
        deletion("iam", "DeleteServiceLinkedRole", "RoleName"),
        properties=_LINKED | {"Description"},
        required=frozenset({"AWSServiceName"}),
        replaces=_LINKED,
        attributes=frozenset({"RoleName"}),
    ),
)
