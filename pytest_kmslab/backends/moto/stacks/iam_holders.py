"""`AWS::IAM::User`, `Role` and `Group`, made as the resource handlers of AWS make them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.backends.moto.stacks.properties import Properties, policy_text, without
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType
from pytest_kmslab.calls.api_call import ServiceError


@dataclass(frozen=True, slots=True)
class Holder:
    """A kind of entity that has policies: its operations are named after it (`PutUserPolicy` …)."""

    kind: str
    longest: int
    """The longest name."""

    @property
    def member(self) -> str:
        """The parameter and property with its name."""
        return f"{self.kind}Name"

    def call(self, where: Deployment, operation: str, name: str, **params: Any) -> dict[str, Any]:
        """Make a call on one entity of the kind: `{}` in the operation is the kind."""
        return where.call("iam", operation.format(self.kind), **{self.member: name}, **params)

    def delete(self, where: Deployment, operation: str, name: str, **params: Any) -> None:
        """The same for what may be gone already."""
        where.delete("iam", operation.format(self.kind), **{self.member: name}, **params)

    def set_policies(self, where: Deployment, name: str, old: Properties, new: Properties) -> None:
        """Bring the policies from one set of properties to another; what is new comes first."""
        before, after = _inline(old), _inline(new)
        managed_before, managed = _listed(old, "ManagedPolicyArns"), _listed(new, "ManagedPolicyArns")
        for arn in (arn for arn in managed if arn not in managed_before):
            self.call(where, "Attach{}Policy", name, PolicyArn=arn)
        for policy, text in after.items():
            if policy not in before or text != before[policy]:
                self.call(where, "Put{}Policy", name, PolicyName=policy, PolicyDocument=text)
        self.drop_policies(where, name, old, keep=new)

    def drop_policies(self, where: Deployment, name: str, old: Properties, keep: Properties) -> None:
        """Remove the policies of some properties, save those of others."""
        kept = _listed(keep, "ManagedPolicyArns")
        for arn in (arn for arn in _listed(old, "ManagedPolicyArns") if arn not in kept):
            self.delete(where, "Detach{}Policy", name, PolicyArn=arn)
        for policy in (policy for policy in _inline(old) if policy not in _inline(keep)):
            self.delete(where, "Delete{}Policy", name, PolicyName=policy)

    def delete_with_policies(self, where: Deployment, name: str, properties: Properties) -> None:
        """Delete an entity, which IAM refuses while it has policies."""
        self.drop_policies(where, name, properties, keep={})
        self.delete(where, "Delete{}", name)

    def set_boundary(self, where: Deployment, name: str, old: Properties, new: Properties) -> None:
        """Put or delete the permissions boundary where it changed."""
        before, after = old.get("PermissionsBoundary"), new.get("PermissionsBoundary")
        if after and after != before:
            self.call(where, "Put{}PermissionsBoundary", name, PermissionsBoundary=after)
        elif before and not after:
            self.delete(where, "Delete{}PermissionsBoundary", name)


def _inline(properties: Properties) -> dict[str, str | None]:
    return {
        policy["PolicyName"]: policy_text(policy.get("PolicyDocument"))
        for policy in properties.get("Policies") or ()
    }


def _listed(properties: Properties, name: str) -> list[Any]:
    """A list of a template without what stands in it twice, which handlers take once."""
    return list(dict.fromkeys(properties.get(name) or ()))


USER, ROLE, GROUP = Holder("User", 64), Holder("Role", 64), Holder("Group", 128)


def _create_user(where: Deployment, properties: Properties) -> Iterator[Made]:
    name = where.named(properties, "UserName", USER.longest)
    user = USER.call(
        where,
        "Create{}",
        name,
        Path=properties.get("Path"),
        PermissionsBoundary=properties.get("PermissionsBoundary"),
        Tags=properties.get("Tags"),
    )["User"]
    yield Made(name, {"Arn": user["Arn"]})
    USER.set_policies(where, name, {}, properties)
    _set_groups(where, name, {}, properties)
    _set_login(where, name, {}, properties)


def _set_groups(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    before, after = _listed(old, "Groups"), _listed(new, "Groups")
    joined, left = without(after, before), without(before, after)
    where.call_each("iam", "AddUserToGroup", "GroupName", joined, UserName=name)
    where.delete_each("iam", "RemoveUserFromGroup", "GroupName", left, UserName=name)


def _set_login(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    before, after = old.get("LoginProfile"), new.get("LoginProfile")
    if after and after != before:
        try:
            USER.call(where, "UpdateLoginProfile" if before else "CreateLoginProfile", name, **after)
        except ServiceError:
            if not where.is_going_back:
                raise
            # It was never made, or never deleted.
            USER.call(where, "CreateLoginProfile" if before else "UpdateLoginProfile", name, **after)
    elif before and not after:
        USER.delete(where, "DeleteLoginProfile", name)


def _update_user(where: Deployment, name: str, old: Properties, new: Properties) -> Made | None:
    USER.set_boundary(where, name, old, new)
    USER.set_policies(where, name, old, new)
    _set_groups(where, name, old, new)
    _set_login(where, name, old, new)
    where.set_tags("iam", "User", old, new, UserName=name)
    return _moved(where, USER, name, old, new)


def _moved(where: Deployment, holder: Holder, name: str, old: Properties, new: Properties) -> Made | None:
    # Another path is another ARN.
    if old.get("Path") == new.get("Path"):
        return None
    holder.call(where, "Update{}", name, NewPath=new.get("Path") or "/")
    return Made(name, {"Arn": holder.call(where, "Get{}", name)[holder.kind]["Arn"]})


def _delete_user(where: Deployment, name: str, properties: Properties) -> None:
    _set_groups(where, name, properties, {})
    if properties.get("LoginProfile"):
        USER.delete(where, "DeleteLoginProfile", name)
    USER.delete_with_policies(where, name, properties)


def _create_role(where: Deployment, properties: Properties) -> Iterator[Made]:
    name = where.named(properties, "RoleName", ROLE.longest)
    role = ROLE.call(
        where,
        "Create{}",
        name,
        AssumeRolePolicyDocument=policy_text(properties["AssumeRolePolicyDocument"]),
        **{member: properties.get(member) for member in ("Path", "Description", "MaxSessionDuration")},
        PermissionsBoundary=properties.get("PermissionsBoundary"),
        Tags=properties.get("Tags"),
    )["Role"]
    yield Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})
    ROLE.set_policies(where, name, {}, properties)


def _update_role(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    trust = policy_text(new["AssumeRolePolicyDocument"])
    if trust != policy_text(old["AssumeRolePolicyDocument"]):
        ROLE.call(where, "UpdateAssumeRolePolicy", name, PolicyDocument=trust)
    # A property that leaves the template takes its default again.
    described = {"Description": "", "MaxSessionDuration": 3600}
    if any(old.get(member) != new.get(member) for member in described):
        ROLE.call(
            where, "Update{}", name, **{member: new.get(member, none) for member, none in described.items()}
        )
    ROLE.set_boundary(where, name, old, new)
    ROLE.set_policies(where, name, old, new)
    where.set_tags("iam", "Role", old, new, RoleName=name)


def _create_group(where: Deployment, properties: Properties) -> Iterator[Made]:
    name = where.named(properties, "GroupName", GROUP.longest)
    group = GROUP.call(where, "Create{}", name, Path=properties.get("Path"))["Group"]
    yield Made(name, {"Arn": group["Arn"]})
    GROUP.set_policies(where, name, {}, properties)


def _update_group(where: Deployment, name: str, old: Properties, new: Properties) -> Made | None:
    GROUP.set_policies(where, name, old, new)
    return _moved(where, GROUP, name, old, new)


_POLICIES = frozenset({"ManagedPolicyArns", "Path", "Policies"})

TYPES = (
    ResourceType(
        "AWS::IAM::User",
        _create_user,
        _update_user,
        _delete_user,
        properties=_POLICIES | {"Groups", "LoginProfile", "PermissionsBoundary", "Tags", "UserName"},
        replaces=frozenset({"UserName"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::Role",
        _create_role,
        _update_role,
        ROLE.delete_with_policies,
        properties=_POLICIES
        | {
            "AssumeRolePolicyDocument",
            "Description",
            "MaxSessionDuration",
            "PermissionsBoundary",
            "RoleName",
            "Tags",
        },
        required=frozenset({"AssumeRolePolicyDocument"}),
        replaces=frozenset({"Path", "RoleName"}),
        attributes=frozenset({"Arn", "RoleId"}),
    ),
    ResourceType(
        "AWS::IAM::Group",
        _create_group,
        _update_group,
        GROUP.delete_with_policies,
        properties=_POLICIES | {"GroupName"},
        replaces=frozenset({"GroupName"}),
        attributes=frozenset({"Arn"}),
    ),
)
"""The types of the entities that have policies."""

HOLDERS: Mapping[str, Holder] = {"Users": USER, "Roles": ROLE, "Groups": GROUP}
"""By the property of a policy that lists them."""
