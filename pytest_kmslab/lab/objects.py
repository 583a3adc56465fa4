"""The lab's objects for what somebody else made: a stack of the lab, or the code under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.kinds.alarm import ALARM
from pytest_kmslab.lab.kinds.iam.group import GROUP, IamGroup
from pytest_kmslab.lab.kinds.iam.permissions import attached_policies
from pytest_kmslab.lab.kinds.iam.policy import POLICY
from pytest_kmslab.lab.kinds.iam.role import ROLE, IamRole
from pytest_kmslab.lab.kinds.iam.user import USER, IamUser
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY, KmsKey, aliases_of
from pytest_kmslab.lab.kinds.stacks.members import NESTED, Member, look
from pytest_kmslab.lab.kinds.stacks.removal import described
from pytest_kmslab.lab.kinds.stacks.stack import STACK, stack_of
from pytest_kmslab.lab.kinds.table import TABLE, Clients, DynamoDBTable
from pytest_kmslab.lab.resource_kind import ResourceKind, ResourceRef

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.acting.assuming import RoleAssumption
    from pytest_kmslab.lab.acting.principals import Principals
    from pytest_kmslab.lab.creation import Creation


@dataclass(frozen=True, slots=True)
class AwsResource:
    """A resource that the lab has no class of."""

    type: str
    """CloudFormation's: `AWS::IAM::ManagedPolicy` …"""
    name: str
    """What `Ref` says of it in a template."""
    arn: str = ""
    """Empty where the name does not tell it."""


class UserMadeElsewhere(IamUser):
    """A user whom the lab did not make itself: an access key is made when somebody first acts as the user."""

    def __init__(self, name: str, arn: str, iam: IAMClient, policies: tuple[str, ...]) -> None:
        # The class is frozen, and `credentials` is left out: the property below makes them.
        fields = {"name": name, "arn": arn, "_iam": iam, "policies": policies, "console": None}
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IamUser) and other.arn == self.arn

    def __hash__(self) -> int:
        return hash(self.arn)

    def __repr__(self) -> str:
        return f"IamUser(name={self.name!r}, arn={self.arn!r})"

    @cached_property
    @for_the_lab
    def credentials(self) -> Credentials:
        """Its access key."""
        access_key = self._iam.create_access_key(UserName=self.name)["AccessKey"]
        return Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])


@dataclass(frozen=True, slots=True)
class LabObjects:
    """Gives the lab's object for a resource that is there."""

    _creation: Creation
    """In the resource's own Region."""
    _principals: Principals
    """Learns of every user that it gives: the lab can act as them."""
    _assumption: RoleAssumption

    @for_the_lab
    def of_member(self, member: Member) -> Any:
        """The object for a resource of a stack; raises KeyError for one that is gone."""
        if member.type == NESTED:
            return self._stack(member.physical_id)
        resource = look(self._creation.client, member, self._creation.region)
        ref = None if resource is None else resource.ref
        if ref is None and member.kind is not None:
            raise KeyError(f"`{member.logical_id}` of the stack, `{member.physical_id}`, is gone")
        if ref is not None and ref.kind in MAKERS:
            return self.of(ref)
        is_arn = member.physical_id.startswith("arn:")
        arn = ref.arn if ref is not None else member.physical_id if is_arn else ""
        return AwsResource(member.type, member.physical_id, arn)

    def of(self, ref: ResourceRef) -> Any:
        """The object for a resource of a kind of the lab's."""
        if ref.kind is STACK:
            return self._stack(ref.arn)
        if ref.kind in MAKERS:
            return MAKERS[ref.kind](self, ref)
        return AwsResource(TYPES[ref.kind], ref.name, ref.arn)

    def _key(self, ref: ResourceRef) -> KmsKey:
        kms = self._creation.client("kms")
        creation, view = self._creation, self._creation.context.backend.view
        key = KmsKey(kms, creation.waiter, name_in(ref.arn), ref.arn, probers=self._principals, view=view)
        key.alias = next(aliases_of(kms, ref.arn), "")
        return key

    def _role(self, ref: ResourceRef) -> IamRole:
        iam = self._creation.client("iam")
        return IamRole(ref.name, ref.arn, iam, self._assumption, attached_policies(iam, "role", ref.name))

    def _user(self, ref: ResourceRef) -> IamUser:
        iam = self._creation.client("iam")
        user = UserMadeElsewhere(ref.name, ref.arn, iam, attached_policies(iam, "user", ref.name))
        self._principals.add(user)
        return user

    def _stack(self, stack: str) -> Any:
        description = described(self._creation.client("cloudformation"), stack)
        if not description:
            raise KeyError(f"stack `{stack}` is gone")
        return stack_of(self._creation, description, self.of_member)


MAKERS: Mapping[ResourceKind, Callable[[LabObjects, ResourceRef], Any]] = {
    KMS_KEY: LabObjects._key,
    TABLE: lambda lab, ref: DynamoDBTable(
        Clients.of(lab._creation.client), lab._creation.waiter, ref.name, ref.arn
    ),
    ROLE: LabObjects._role,
    USER: LabObjects._user,
    GROUP: lambda lab, ref: IamGroup(ref.name, ref.arn, lab._creation.client("iam")),
}
"""The kinds that the lab has a class of."""

TYPES: Mapping[ResourceKind, str] = {ALARM: "AWS::CloudWatch::Alarm", POLICY: "AWS::IAM::ManagedPolicy"}
"""What CloudFormation calls the others."""
