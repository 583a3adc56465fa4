"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.botocore_models import parameters, service_model
from helpers.fake_account import ACCOUNT, FakeAccount, call, outcome, policy, role_session, root, user

from pytest_kmslab.account.model import Caller, Credential
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.calls.api_call import Authorization, ServiceError
from pytest_kmslab.calls.iam.actions import ACTIONS
from pytest_kmslab.calls.iam.implicit_user import OF_ONESELF

READING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}'

TRUST = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}'
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"


def arn(resource: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{resource}"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.iam_arns = {
        ("user", "bob"): arn("user/team/bob"),
        ("role", "app"): arn("role/svc/app"),
        ("group", "devs"): arn("group/g/devs"),
        ("instance-profile", "web"): arn("instance-profile/p/web"),
        ("server-certificate", "tls"): arn("server-certificate/prod/tls"),
    }
    return view


def asked(
    view: FakeAccount, operation: str, params: dict[str, Any], caller: Any = None
) -> list[tuple[str, str]]:
    found = required_authorizations(call("iam", operation, params, caller), view)
    return [(authorization.request.action, authorization.request.resource) for authorization in found]


def first(view: FakeAccount, operation: str, params: dict[str, Any]) -> Authorization:
    return next(required_authorizations(call("iam", operation, params), view))


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("GetUser", {"UserName": "bob"}, arn("user/team/bob")),
        ("DeleteUser", {"UserName": "nobody"}, arn("user/nobody")),
        ("GetRole", {"RoleName": "app"}, arn("role/svc/app")),
        (
            "PutGroupPolicy",
            {"GroupName": "devs", "PolicyName": "p", "PolicyDocument": READING},
            arn("group/g/devs"),
        ),
        ("AddUserToGroup", {"GroupName": "devs", "UserName": "bob"}, arn("group/g/devs")),
        ("GetInstanceProfile", {"InstanceProfileName": "web"}, arn("instance-profile/p/web")),
        ("GetPolicy", {"PolicyArn": BOUNDARY}, BOUNDARY),
        ("CreateUser", {"UserName": "new", "Path": "/x/"}, arn("user/x/new")),
        ("CreateUser", {"UserName": "new"}, arn("user/new")),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}, arn("role/new")),
        ("CreateGroup", {"GroupName": "new", "Path": "/x/y/"}, arn("group/x/y/new")),
        (
            "CreatePolicy",
            {"PolicyName": "new", "PolicyDocument": READING, "Path": "/x/"},
            arn("policy/x/new"),
        ),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"}, arn("mfa/phone")),
        ("DeleteVirtualMFADevice", {"SerialNumber": "GAHT12345678"}, arn("mfa/GAHT12345678")),
        ("DeleteVirtualMFADevice", {"SerialNumber": arn("mfa/phone")}, arn("mfa/phone")),
        ("CreateSAMLProvider", {"Name": "idp", "SAMLMetadataDocument": ""}, arn("saml-provider/idp")),
        (
            "CreateOpenIDConnectProvider",
            {"Url": "https://token.actions.githubusercontent.com/"},
            arn("oidc-provider/token.actions.githubusercontent.com"),
        ),
        ("GetServerCertificate", {"ServerCertificateName": "c"}, arn("server-certificate/c")),
        ("DeleteServerCertificate", {"ServerCertificateName": "tls"}, arn("server-certificate/prod/tls")),
        (
            "CreateServiceLinkedRole",
            {"AWSServiceName": "dax.amazonaws.com"},
            arn("role/aws-service-role/dax.amazonaws.com/AWSServiceRoleFor*"),
        ),
        (
            "GetServiceLinkedRoleDeletionStatus",
            {"DeletionTaskId": "task/aws-service-role/dax.amazonaws.com/AWSServiceRoleForDAX/1-2-3"},
            arn("role/aws-service-role/dax.amazonaws.com/AWSServiceRoleForDAX"),
        ),
        (
            "SimulatePrincipalPolicy",
            {"PolicySourceArn": arn("user/team/bob"), "ActionNames": []},
            arn("user/team/bob"),
        ),
        ("GenerateServiceLastAccessedDetails", {"Arn": arn("role/svc/app")}, arn("role/svc/app")),
        ("UpdateDelegationRequest", {"DelegationRequestId": "d1"}, arn("delegation-request/d1")),
        ("ListUsers", {}, "*"),
        ("GetAccountSummary", {}, "*"),
        ("SimulateCustomPolicy", {"PolicyInputList": [], "ActionNames": []}, "*"),
        ("CreateAccountAlias", {"AccountAlias": "a"}, "*"),
        ("ListServiceSpecificCredentials", {"AllUsers": True}, arn("user/*")),
        ("ListServiceSpecificCredentials", {"UserName": "bob"}, arn("user/team/bob")),
        ("ListServiceSpecificCredentials", {}, arn("user/ana")),
    ],
)
def test_what_an_operation_is_about(
    view: FakeAccount, operation: str, params: dict[str, Any], resource: str
) -> None:
    assert asked(view, operation, params) == [(f"iam:{operation}", resource)]


SELF = (
    "GetUser",
    "CreateAccessKey",
    "ListAccessKeys",
    "ListMFADevices",
    "DeleteLoginProfile",
    "ChangePassword",
)


@pytest.mark.parametrize("operation", SELF)
def test_a_user_name_left_out_is_the_callers(view: FakeAccount, operation: str) -> None:
    assert asked(view, operation, {}) == [(f"iam:{operation}", arn("user/ana"))]
    authorization = next(required_authorizations(call("iam", operation, {}, root()), view))
    assert (authorization.request.action, authorization.request.resource) == (f"iam:{operation}", arn("root"))


@pytest.mark.parametrize("operation", SELF)
def test_a_session_has_no_user_name_to_leave_out(view: FakeAccount, operation: str) -> None:
    with pytest.raises(ServiceError, match="ValidationError: Must specify userName"):
        asked(view, operation, {}, role_session())


def test_the_holder_of_an_access_key(view: FakeAccount) -> None:
    bob = user("bob")
    view.credentials["AKIABOB"] = Credential("AKIABOB", "secret", bob)
    key = {"AccessKeyId": "AKIABOB"}
    assert asked(view, "GetAccessKeyLastUsed", key) == [("iam:GetAccessKeyLastUsed", bob.arn)]
    unknown = asked(view, "GetAccessKeyLastUsed", {"AccessKeyId": "AKIANO"})
    assert unknown == [("iam:GetAccessKeyLastUsed", arn("user/*"))]
    view.credentials["AKIAEVE"] = Credential("AKIAEVE", "secret", user("eve", "999988887777"))
    with pytest.raises(ServiceError) as refused:
        asked(view, "GetAccessKeyLastUsed", {"AccessKeyId": "AKIAEVE"})
    told = ("NoSuchEntity", "The Access Key with id AKIAEVE cannot be found.", 404)
    assert (refused.value.code, refused.value.message, refused.value.status) == told


@pytest.mark.parametrize(
    ("operation", "params", "tagging"),
    [
        ("CreateUser", {"UserName": "new"}, "iam:TagUser"),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}, "iam:TagRole"),
        ("CreatePolicy", {"PolicyName": "new", "PolicyDocument": READING}, "iam:TagPolicy"),
    ],
)
def test_making_something_with_tags_needs_the_permission_to_tag_it(
    view: FakeAccount, operation: str, params: dict[str, Any], tagging: str
) -> None:
    tags = [{"Key": "Team", "Value": "blue"}]
    actions = [action for action, _ in asked(view, operation, {**params, "Tags": tags})]
    assert actions == [f"iam:{operation}", tagging]
    context = first(view, operation, {**params, "Tags": tags}).request.context
    assert context["aws:RequestTag/Team"] == ("blue",)
    assert context["aws:TagKeys"] == ("Team",)


@pytest.mark.parametrize(
    ("operation", "params", "resources"),
    [
        ("UpdateUser", {"UserName": "bob", "NewUserName": "rob"}, ["user/team/bob", "user/team/rob"]),
        ("UpdateUser", {"UserName": "bob", "NewPath": "/"}, ["user/team/bob", "user/bob"]),
        ("UpdateUser", {"UserName": "bob"}, ["user/team/bob"]),
        (
            "UpdateGroup",
            {"GroupName": "devs", "NewPath": "/h/", "NewGroupName": "ops"},
            ["group/g/devs", "group/h/ops"],
        ),
        (
            "UpdateServerCertificate",
            {"ServerCertificateName": "c", "NewPath": "/x/"},
            ["server-certificate/c", "server-certificate/x/c"],
        ),
        (
            "UpdateServerCertificate",
            {"ServerCertificateName": "tls", "NewServerCertificateName": "old"},
            ["server-certificate/prod/tls", "server-certificate/prod/old"],
        ),
    ],
)
def test_renaming_needs_the_old_and_the_new_name(
    view: FakeAccount, operation: str, params: dict[str, Any], resources: list[str]
) -> None:
    assert asked(view, operation, params) == [(f"iam:{operation}", arn(resource)) for resource in resources]


def test_a_role_put_into_an_instance_profile_is_passed_to_ec2(view: FakeAccount) -> None:
    params = {"InstanceProfileName": "web", "RoleName": "app"}
    _, passing = required_authorizations(call("iam", "AddRoleToInstanceProfile", params), view)
    assert (passing.request.action, passing.request.resource) == ("iam:PassRole", arn("role/svc/app"))
    assert passing.request.context["iam:PassedToService"] == ("ec2.amazonaws.com",)


def test_ec2_has_another_name_in_china(view: FakeAccount) -> None:
    asked = call("iam", "AddRoleToInstanceProfile", {"InstanceProfileName": "web", "RoleName": "app"})
    there = replace(asked.caller, arn=asked.caller.arn.replace("arn:aws:", "arn:aws-cn:"))
    _, passing = required_authorizations(asked._replace(caller=there), view)
    assert passing.request.context["iam:PassedToService"] == ("ec2.amazonaws.com.cn",)


@pytest.mark.parametrize(
    ("operation", "params", "key", "value"),
    [
        ("AttachUserPolicy", {"UserName": "bob", "PolicyArn": BOUNDARY}, "iam:PolicyARN", BOUNDARY),
        (
            "CreateUser",
            {"UserName": "new", "PermissionsBoundary": BOUNDARY},
            "iam:PermissionsBoundary",
            BOUNDARY,
        ),
        (
            "PutRolePermissionsBoundary",
            {"RoleName": "app", "PermissionsBoundary": BOUNDARY},
            "iam:PermissionsBoundary",
            BOUNDARY,
        ),
        (
            "CreateServiceLinkedRole",
            {"AWSServiceName": "dax.amazonaws.com"},
            "iam:AWSServiceName",
            "dax.amazonaws.com",
        ),
        ("UntagUser", {"UserName": "bob", "TagKeys": ["Team"]}, "aws:TagKeys", "Team"),
    ],
)
def test_condition_keys_of_the_request(
    view: FakeAccount, operation: str, params: dict[str, Any], key: str, value: str
) -> None:
    assert first(view, operation, params).request.context[key] == (value,)


def test_the_boundary_that_a_user_has_counts_where_the_request_sets_none(view: FakeAccount) -> None:
    bounded = Policies(permissions_boundary=NamedPolicy(BOUNDARY, policy({"Action": "*"})))
    view.policies_by_resource[arn("user/team/bob")] = bounded
    params = {"UserName": "bob", "PolicyName": "p", "PolicyDocument": READING}
    assert first(view, "PutUserPolicy", params).request.context["iam:PermissionsBoundary"] == (BOUNDARY,)
    params["UserName"] = "nobody"
    assert "iam:PermissionsBoundary" not in first(view, "PutUserPolicy", params).request.context


def test_whose_boundary_it_is_is_asked_by_kind(view: FakeAccount) -> None:
    """A reader looks for a user among the users, and for a role among the roles."""
    asked: list[Caller] = []
    answer = view.policies

    def policies(caller: Caller, resource: str) -> Policies:
        asked.append(caller)
        return answer(caller, resource)

    view.policies = policies  # type: ignore[method-assign]
    named = {"PolicyName": "p", "PolicyDocument": READING}
    for operation, params in (("PutUserPolicy", {"UserName": "bob"}), ("PutRolePolicy", {"RoleName": "app"})):
        first(view, operation, {**params, **named})
    assert [(caller.kind, caller.arn, caller.principal_arn) for caller in asked] == [
        ("User", arn("user/team/bob"), arn("user/team/bob")),
        ("AssumedRole", arn("role/svc/app"), arn("role/svc/app")),
    ]


def test_tags_of_users_and_roles_have_two_names(view: FakeAccount) -> None:
    view.tags_by_arn[arn("user/team/bob")] = {"Team": "blue"}
    context = first(view, "GetUser", {"UserName": "bob"}).request.context
    assert context["aws:ResourceTag/Team"] == ("blue",)
    assert context["iam:ResourceTag/Team"] == ("blue",)


def test_an_aws_managed_policy_belongs_to_no_other_account(view: FakeAccount) -> None:
    ana = user()
    view.allow(ana, {"Action": "iam:GetPolicy"})
    assert outcome(call("iam", "GetPolicy", {"PolicyArn": BOUNDARY}, ana), view) == "allowed"


@pytest.mark.parametrize("operation", sorted(ACTIONS.keys() & set(service_model("iam").operation_names)))
def test_a_resource_type_always_leads_to_a_resource(view: FakeAccount, operation: str) -> None:
    params = parameters(service_model("iam").operation_model(operation), full=True)
    named = {"PolicyArn": arn("policy/p"), "PermissionsBoundary": BOUNDARY}
    params |= {member: value for member, value in named.items() if member in params}
    resource = first(view, operation, params).request.resource
    assert (resource != "*") is bool(ACTIONS[operation].kinds or operation == "UpdateDelegationRequest")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DeleteAccessKey", {"AccessKeyId": "AKIABOB"}),
        ("UpdateAccessKey", {"AccessKeyId": "AKIABOB", "Status": "Inactive"}),
        ("DeleteSigningCertificate", {"CertificateId": "C1"}),
        ("DeactivateMFADevice", {"SerialNumber": "GAHT1"}),
        ("GetLoginProfile", {}),
    ],
)
def test_what_root_names_without_a_user_is_not_taken_from_one(
    view: FakeAccount, operation: str, params: dict[str, Any]
) -> None:
    assert outcome(call("iam", operation, params, root()), view) == "NoSuchEntity"
    assert outcome(call("iam", operation, {**params, "UserName": "bob"}, root()), view) == "allowed"


def test_operations_about_oneself_are_those_whose_user_may_be_left_out() -> None:
    model = service_model("iam")
    optional = {
        name
        for name in ACTIONS.keys() & set(model.operation_names)
        if (shape := model.operation_model(name).input_shape) is not None
        and "UserName" in shape.members
        and "UserName" not in shape.required_members
    }
    assert optional - OF_ONESELF <= {"GetMFADevice"}  # told by its serial number
    assert optional >= OF_ONESELF & set(model.operation_names)
