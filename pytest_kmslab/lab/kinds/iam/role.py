"""IAM roles, and the sessions in which somebody acts as one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pytest_kmslab.authz.arn import partition_of, root_arn
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.rules.trust_documents import check_trust_document
from pytest_kmslab.lab.arguments import naming_arguments
from pytest_kmslab.lab.kinds.iam.entity import IamEntityKind
from pytest_kmslab.lab.kinds.iam.permissions import Permissions, give_permissions, take_permissions
from pytest_kmslab.lab.kinds.iam.requests import bounded_by, check_iam_request
from pytest_kmslab.lab.policies.refused import naming_policy
from pytest_kmslab.lab.policies.sources import PolicyDocument, PolicySources
from pytest_kmslab.lab.resource_kind import (
    Client,
    ResourceRef,
    tag_list,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.creation import Creation

# Tags and a source identity are passed on only where the trust policy allows that too:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
ASSUME_ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


@dataclass(frozen=True, slots=True)
class Assumer:
    """Who is to assume a role, where that was said."""

    via: Any = None
    """A principal of the lab, or whoever can be acted as."""
    service: str | None = None
    """The principal of a service (`lambda.amazonaws.com`)."""
    source_arn: str | None = None
    """`aws:SourceArn`, the resource in whose name the service acts."""


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A session of a role: somebody to act as, with the credentials that STS gave out."""

    arn: str
    """The session's, as `sts:GetCallerIdentity` answers it."""
    name: str
    """The RoleSessionName."""
    credentials: Credentials = field(repr=False)
    """What to sign with, the session token among it."""
    expires: datetime
    """When STS lets it end."""


class AssumesRoles(Protocol):
    """Assumes the roles of a lab (`RoleAssumption`), which takes everybody whom the lab can act as."""

    def parameters(
        self,
        role_arn: str,
        name: str | None,
        policy: PolicySources,
        tags: Mapping[str, str] | None,
        duration: int | None,
    ) -> dict[str, Any]:
        """What AssumeRole is called with; raises PolicyError for a session policy that STS does not take."""

    def assume(self, parameters: Mapping[str, Any], assumer: Assumer) -> RoleSession:
        """A new session; raises ResourceError where the trust policy lets nobody in who was tried."""


@dataclass(frozen=True, slots=True)
class IamRole:
    """An IAM role; the methods let the services' own errors through."""

    name: str
    arn: str
    _iam: IAMClient = field(repr=False, compare=False)
    _assumption: AssumesRoles = field(repr=False, compare=False)
    policies: tuple[str, ...] = ()
    """The ARNs of the managed policies it was made with."""

    def session(
        self,
        name: str | None = None,
        *,
        policy: PolicySources = (),
        tags: Mapping[str, str] | None = None,
        duration: int | None = None,
        via: Any = None,
        service: str | None = None,
        source_arn: str | None = None,
    ) -> RoleSession:
        """Assume the role, anew each time.

        Somebody `via` whom it is assumed must be let by the trust policy and by their own policies; without,
        it is the lab's administrator, and for a role that only a service may assume that service. `policy`
        is the session policy: names and ARNs are passed as managed policies, a document inline. `duration` is
        in seconds. Raises ResourceError where the trust policy lets none of them.
        """
        parameters = self._assumption.parameters(self.arn, name, policy, tags, duration)
        with naming_arguments({"duration": "Duration", "tags": r"\btags?\b", "policy": "policy"}):
            return self._assumption.assume(parameters, Assumer(via, service, source_arn))

    def trust(self) -> dict[str, Any]:
        """The trust policy, parsed."""
        document: Any = self._iam.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"]
        return dict(document)

    def delete(self) -> None:
        """Delete the role with everything that blocks it; one that is gone is no error."""
        delete_role(self._iam, self.name)


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """What a role is made with."""

    permissions: Permissions
    trust: PolicyDocument
    tags: Mapping[str, str]
    """Beside the run's own, which win."""
    path: str
    max_session: int
    """Seconds for which a session may be asked at most."""


def account_trust(account: str, region: str) -> Mapping[str, Any]:
    """The trust policy that leaves it to the account's IAM policies who may assume a role."""
    root = root_arn(partition_of(region).name, account)
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": list(ASSUME_ACTIONS)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def create_role(creation: Creation, base: str, request: RoleRequest, assumption: AssumesRoles) -> IamRole:
    """Make a role with its policies."""
    more = {"Path": ("path", request.path), "MaxSessionDuration": ("max_session", request.max_session)}
    check_iam_request(creation, "role", base, request.tags, **more)
    iam: IAMClient = creation.client("iam")
    view = creation.context.backend.view
    check = partial(check_trust_document, view=view, partition=partition_of(creation.region).name)
    with (
        bounded_by(creation, base, request.permissions.boundary) as boundary,
        creation.of(ROLE, base) as made,
    ):
        # Not around what follows, which may be refused for another policy.
        with naming_policy(request.trust, check):
            answer = iam.create_role(
                RoleName=made.name,
                Path=request.path,
                AssumeRolePolicyDocument=request.trust.text,
                MaxSessionDuration=request.max_session,
                Tags=tag_list({**request.tags, **made.tags}),
                **boundary,
            )
        give_permissions(iam, "role", made.name, request.permissions)
    role = IamRole(made.name, answer["Role"]["Arn"], iam, assumption, request.permissions.managed)
    made.confirm(role.arn, role.delete)
    return role


def delete_role(iam: IAMClient, name: str) -> None:
    """Remove what blocks the deletion of a role, and delete it; a role that is gone is no error."""
    with suppress(iam.exceptions.NoSuchEntityException):
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html lists what has to go first.
        take_permissions(iam, "role", name)
        for profiles in iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=name):
            for profile in profiles["InstanceProfiles"]:
                iam.remove_role_from_instance_profile(
                    RoleName=name, InstanceProfileName=profile["InstanceProfileName"]
                )
        iam.delete_role(RoleName=name)


class RoleKind(IamEntityKind):
    """IAM roles."""

    name = "iam-role"
    title = "IAM role"
    entity = "Role"
    create_operation = "CreateRole"
    removal_commands = (
        "iam list-attached-role-policies --role-name {name}",
        "iam detach-role-policy --policy-arn POLICY-ARN --role-name {name}",
        "iam list-role-policies --role-name {name}",
        "iam delete-role-policy --policy-name POLICY-NAME --role-name {name}",
        "iam delete-role --role-name {name}",
    )

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The role and all that blocks it."""
        delete_role(client("iam"), ref.name)


ROLE = RoleKind()
