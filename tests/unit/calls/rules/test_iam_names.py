"""What IAM refuses of names, paths, ARNs and of what is AWS's own, whatever the caller is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, FakeAccount, call, refusal, user

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.attachments import check_attached

OF_AWS = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/own"
READING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}'
TRUST = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}'


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.iam_arns = {
        ("user", "bob"): f"arn:aws:iam::{ACCOUNT}:user/team/bob",
        ("user", "eve"): f"arn:aws:iam::{ACCOUNT}:user/eve",
        ("role", "app"): f"arn:aws:iam::{ACCOUNT}:role/app",
        ("role", "AWSServiceRoleForX"): f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/AWSServiceRoleForX",
        ("role", "AWSReservedSSO_A"): f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso/AWSReservedSSO_A",
        ("group", "devs"): f"arn:aws:iam::{ACCOUNT}:group/devs",
        ("group", "ops"): f"arn:aws:iam::{ACCOUNT}:group/ops",
    }
    return view


def said(view: FakeAccount, operation: str, **params: Any) -> str:
    """What IAM says, every permission given; empty where it does the call."""
    return refusal(call("iam", operation, params, user()), view)


LINKED = "InvalidInput: Paths beginning with '/aws-service-role' are reserved for AWS Service Linked Roles"
RESERVED = "InvalidInput: Paths beginning with '/aws-reserved' are reserved for AWS"

CHANGES: dict[str, dict[str, Any]] = {
    "CreatePolicyVersion": {"PolicyDocument": READING, "SetAsDefault": True},
    "DeletePolicy": {},
    "DeletePolicyVersion": {"VersionId": "v1"},
    "SetDefaultPolicyVersion": {"VersionId": "v1"},
    "TagPolicy": {"Tags": [{"Key": "a", "Value": "b"}]},
    "UntagPolicy": {"TagKeys": ["a"]},
}


@pytest.mark.parametrize("operation", CHANGES)
def test_a_managed_policy_of_aws_cannot_be_changed(view: FakeAccount, operation: str) -> None:
    refused = said(view, operation, PolicyArn=OF_AWS, **CHANGES[operation])
    assert refused == (
        f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: iam:{operation} "
        f"on resource: policy {OF_AWS}"
    )
    assert said(view, operation, PolicyArn=OWN, **CHANGES[operation]) == ""


@pytest.mark.parametrize("operation", ["GetPolicy", "ListPolicyVersions", "ListEntitiesForPolicy"])
def test_it_can_be_read_and_attached(view: FakeAccount, operation: str) -> None:
    assert said(view, operation, PolicyArn=OF_AWS) == ""
    assert said(view, "AttachUserPolicy", UserName="bob", PolicyArn=OF_AWS) == ""


@pytest.mark.parametrize(
    ("arn", "refused"),
    [
        ("longpolicynamebutnoarn", "ValidationError: Invalid ARN:  Could not be parsed!"),
        ("arn:aws:iam::policy/own", "ValidationError: Invalid ARN:  Could not be parsed!"),
        ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "ValidationError: Invalid ARN partition"),
        (ROLE, f"InvalidInput: ARN {ROLE} is not valid."),
        (OWN, ""),
        (OF_AWS, ""),
    ],
)
def test_the_arn_of_a_managed_policy(view: FakeAccount, arn: str, refused: str) -> None:
    assert said(view, "AttachRolePolicy", RoleName="app", PolicyArn=arn) == refused
    assert said(view, "DetachUserPolicy", UserName="bob", PolicyArn=arn) == refused
    assert said(view, "PutRolePermissionsBoundary", RoleName="app", PermissionsBoundary=arn) == refused
    assert said(view, "CreateUser", UserName="new", PermissionsBoundary=arn) == refused


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateUser", {"UserName": "new"}),
        ("CreateGroup", {"GroupName": "new"}),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}),
        ("CreateInstanceProfile", {"InstanceProfileName": "new"}),
        ("CreatePolicy", {"PolicyName": "new", "PolicyDocument": READING}),
    ],
)
def test_paths_that_only_aws_gives(view: FakeAccount, operation: str, params: dict[str, Any]) -> None:
    for path in ("/aws-service-role/", "/aws-service-role/x.amazonaws.com/"):
        assert said(view, operation, Path=path, **params) == LINKED
    assert said(view, operation, Path="/aws-reserved/x/", **params) == RESERVED
    for path in ("/", "/service-role/", "/x/aws-service-role/", "/aws/"):
        assert said(view, operation, Path=path, **params) == ""


def test_nor_is_anybody_moved_there(view: FakeAccount) -> None:
    for path, told in (("/aws-service-role/", LINKED), ("/aws-reserved/", RESERVED)):
        assert said(view, "UpdateUser", UserName="bob", NewPath=path) == told
        assert said(view, "UpdateGroup", GroupName="devs", NewPath=path) == told


@pytest.mark.parametrize("name", ["AWSServiceRoleForDAX", "AWSReservedSSO_Admin_0123", "awsServiceRoleForX"])
def test_names_of_roles_that_only_aws_gives(view: FakeAccount, name: str) -> None:
    made = said(view, "CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert made == f"InvalidInput: The role name {name} is reserved for AWS"
    assert said(view, "CreateUser", UserName=name) == ""


ROLE_CHANGES: dict[str, dict[str, Any]] = {
    "AttachRolePolicy": {"PolicyArn": OWN},
    "DeleteRole": {},
    "DeleteRolePermissionsBoundary": {},
    "DeleteRolePolicy": {"PolicyName": "p"},
    "DetachRolePolicy": {"PolicyArn": OWN},
    "PutRolePermissionsBoundary": {"PermissionsBoundary": OWN},
    "PutRolePolicy": {"PolicyName": "p", "PolicyDocument": READING},
    "UpdateAssumeRolePolicy": {"PolicyDocument": TRUST},
    "UpdateRole": {"MaxSessionDuration": 7200},
    "AddRoleToInstanceProfile": {"InstanceProfileName": "i"},
    "RemoveRoleFromInstanceProfile": {"InstanceProfileName": "i"},
}


@pytest.mark.parametrize("operation", ROLE_CHANGES)
@pytest.mark.parametrize("role", ["AWSServiceRoleForX", "AWSReservedSSO_A"])
def test_a_role_of_aws_cannot_be_changed(view: FakeAccount, operation: str, role: str) -> None:
    assert said(view, operation, RoleName=role, **ROLE_CHANGES[operation]) == (
        f"UnmodifiableEntity: Cannot perform the operation on the protected role '{role}' - "
        "this role is only modifiable by AWS"
    )
    assert said(view, operation, RoleName="app", **ROLE_CHANGES[operation]) == ""


def test_what_can_be_said_of_a_service_linked_role(view: FakeAccount) -> None:
    own, other = {"RoleName": "AWSServiceRoleForX"}, {"RoleName": "AWSReservedSSO_A"}
    tags = {"Tags": [{"Key": "a", "Value": "b"}]}
    for operation, params in (
        ("UpdateRoleDescription", {"Description": "d"}),
        ("UpdateRole", {"Description": "d"}),
        ("TagRole", tags),
    ):
        assert said(view, operation, **own, **params) == ""
        assert said(view, operation, **other, **params) == (
            "UnmodifiableEntity: Cannot perform the operation on the protected role 'AWSReservedSSO_A' - "
            "this role is only modifiable by AWS"
        )
    assert said(view, "DeleteServiceLinkedRole", **own) == ""


def test_only_a_service_linked_role_is_deleted_as_one(view: FakeAccount) -> None:
    refused = "NoSuchEntity: The role with name {} cannot be found."
    for role in ("app", "AWSReservedSSO_A"):
        assert said(view, "DeleteServiceLinkedRole", RoleName=role) == refused.format(role)


@pytest.mark.parametrize(
    ("service", "suffix", "refused"),
    [
        (
            "elasticloadbalancing",
            "",
            "AccessDenied: elasticloadbalancing is not a valid AWS service name (Service Principal)",
        ),
        (
            "notreal.amazonaws.com",
            "",
            "AccessDenied: notreal.amazonaws.com is not a valid AWS service name (Service Principal)",
        ),
        ("dax.amazonaws.com", "x", "InvalidInput: Custom suffix is not allowed for dax.amazonaws.com"),
        ("dax.amazonaws.com", "", ""),
        ("autoscaling.amazonaws.com", "x", ""),
        ("custom-resource.application-autoscaling.amazonaws.com", "", ""),
        ("kafka.application-autoscaling.amazonaws.com", "", ""),
        ("voiceconnector.chime.amazonaws.com", "", ""),
        ("profile.amazonaws.com", "x", ""),
    ],
)
def test_service_linked_roles(view: FakeAccount, service: str, suffix: str, refused: str) -> None:
    more = {"CustomSuffix": suffix} if suffix else {}
    assert said(view, "CreateServiceLinkedRole", AWSServiceName=service, **more) == refused


@pytest.mark.parametrize(
    ("operation", "params", "refused"),
    [
        ("CreateUser", {"UserName": "bob"}, "User with name bob already exists."),
        ("CreateGroup", {"GroupName": "devs"}, "Group with name devs already exists."),
        (
            "CreateRole",
            {"RoleName": "app", "AssumeRolePolicyDocument": TRUST},
            "Role with name app already exists.",
        ),
        ("UpdateUser", {"UserName": "bob", "NewUserName": "eve"}, "User with name eve already exists."),
        ("UpdateGroup", {"GroupName": "devs", "NewGroupName": "ops"}, "Group with name ops already exists."),
        ("UpdateUser", {"UserName": "bob", "NewUserName": "bob"}, ""),
        ("UpdateUser", {"UserName": "bob", "NewUserName": "new"}, ""),
        ("UpdateUser", {"UserName": "bob", "NewPath": "/x/"}, ""),
        ("CreateUser", {"UserName": "devs"}, ""),
    ],
)
def test_a_name_is_given_once(
    view: FakeAccount, operation: str, params: dict[str, Any], refused: str
) -> None:
    assert said(view, operation, **params) == (refused and f"EntityAlreadyExists: {refused}")


def test_how_many_managed_policies_are_attached() -> None:
    for operation, most in (("AttachRolePolicy", 20), ("AttachUserPolicy", 10), ("AttachGroupPolicy", 10)):
        held = [f"{OWN}{number}" for number in range(most)]
        attach = call("iam", operation, {"PolicyArn": OWN}, user())
        check_attached(attach, held[1:])
        with pytest.raises(ServiceError, match=rf"LimitExceeded: Cannot exceed quota for Policies.*: {most}"):
            check_attached(attach, held)


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        (
            {"Url": "http://idp.example.com"},
            "InvalidInput: The URL of an OpenID Connect provider must begin with https://",
        ),
        (
            {"Url": "https://idp.example.com", "ClientIDList": [f"c{n}" for n in range(101)]},
            "LimitExceeded: Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
        ),
        ({"Url": "https://idp.example.com", "ClientIDList": [f"c{n}" for n in range(100)]}, ""),
    ],
)
def test_identity_providers(view: FakeAccount, params: dict[str, Any], refused: str) -> None:
    assert said(view, "CreateOpenIDConnectProvider", **params) == refused


def refused(operation: str, params: dict[str, Any]) -> tuple[str, str, int]:
    view = FakeAccount()
    with pytest.raises(ServiceError) as error:
        list(required_authorizations(call("iam", operation, params), view))
    return error.value.code, error.value.message, error.value.status


def test_identity_providers_that_are_not_made() -> None:
    provider = {"Url": "https://example.com", "ClientIDList": [f"c{number}" for number in range(100)]}
    assert list(required_authorizations(call("iam", "CreateOpenIDConnectProvider", provider), FakeAccount()))
    assert refused("CreateOpenIDConnectProvider", provider | {"Url": "http://example.com"}) == (
        "InvalidInput",
        "The URL of an OpenID Connect provider must begin with https://",
        400,
    )
    more = provider | {"ClientIDList": [*provider["ClientIDList"], "more"]}
    assert refused("CreateOpenIDConnectProvider", more) == (
        "LimitExceeded",
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
        409,
    )


def test_a_policy_of_aws_is_changed_by_nobody() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert refused("DeletePolicy", {"PolicyArn": arn}) == (
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: iam:DeletePolicy "
        f"on resource: policy {arn}",
        403,
    )
