"""What a user, a role or a group is made with: managed policies, inline policies, a permissions boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.attachments import check_number
from pytest_kmslab.calls.rules.iam_documents import check_inline_sizes, check_managed_size
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.errors import PolicyError, ResourceError
from pytest_kmslab.lab.policies.refused import faulty_statement
from pytest_kmslab.lab.policies.sources import (
    InlineSources,
    ManagedPolicy,
    PolicyDocument,
    PolicySource,
    PolicySources,
    named_documents,
    read_inline,
    read_policies,
    read_policy_source,
)

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.creation import Creation

IAM_MEMBERS = {"user": "UserName", "role": "RoleName", "group": "GroupName"}
"""How IAM's operations name whom they are about."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What somebody is made with; all of it was read, and the managed policies are there."""

    managed: tuple[str, ...] = ()
    """The ARNs of the managed policies."""
    inline: tuple[PolicyDocument, ...] = ()
    """Each with a name of its own."""
    boundary: str | PolicyDocument = ""
    """The ARN of the permissions boundary, or the document of one that has to be made; empty for none."""


def read_permissions(
    creation: Creation,
    kind: str,
    policies: PolicySources,
    inline: InlineSources | None = None,
    boundary: PolicySource | None = None,
    *,
    argument: str = "policies",
) -> Permissions:
    """Read what the `create_…` of a `user`, `role` or `group` was given; raises PolicyError or ResourceError,
    and nothing is made.

    A document among the `policies` becomes an inline policy; an error calls them by `argument`.
    """
    policies_read = read_policies(argument, policies)
    documents = [policy for policy in policies_read if isinstance(policy, PolicyDocument)]
    inlined = named_documents([*read_inline("inline", inline), *documents])
    bound = None if boundary is None else read_policy_source("boundary", boundary)
    for document in (*inlined, bound):
        if isinstance(document, PolicyDocument):
            check_taken(document, partition_of(creation.region).name, managed=document is bound)
    try:
        check_inline_sizes(kind, [document.text for document in inlined])
    except ServiceError as error:
        # IAM counts them together: any of them may be the one that is too long.
        where = ", ".join(dict.fromkeys(document.where for document in inlined))
        raise PolicyError(f"{where}: {error.message}") from None
    # Last: to look for managed policies takes calls, and a fault that needs none is told without any.
    arns = tuple(_arn(creation, policy) for policy in policies_read if isinstance(policy, ManagedPolicy))
    if not creation.context.backend.capabilities.enforces:  # AWS raises this quota for whoever asks
        try:
            check_number(kind, len(set(arns)))
        except ServiceError as error:
            raise ResourceError(f"`{argument}`: {error.message}") from None
    return Permissions(
        arns, inlined, _arn(creation, bound) if isinstance(bound, ManagedPolicy) else bound or ""
    )


def check_taken(document: PolicyDocument, partition: str, *, managed: bool = False) -> None:
    """Raise PolicyError for a document that IAM or STS would refuse only once somebody was made for it."""
    check = partial(check_identity_document, partition=partition, managed=managed)
    try:
        check(document.text)
        if managed:
            check_managed_size(document.text)
    except ServiceError as error:
        place = document.place(faulty_statement(document.text, check))
        raise PolicyError(f"{document.where}: {error.message}{f' ({place})' if place else ''}") from None


def _arn(creation: Creation, policy: ManagedPolicy) -> str:
    partition = partition_of(creation.region).name
    return creation.context.managed_policies.arn(creation.client("iam"), policy, partition)


def give_permissions(iam: IAMClient, kind: str, name: str, permissions: Permissions) -> None:
    """Attach the managed policies and put the inline ones on a `user`, a `role` or a `group`."""
    client: Any = iam
    whom: Mapping[str, str] = {IAM_MEMBERS[kind]: name}
    for arn in permissions.managed:
        getattr(client, f"attach_{kind}_policy")(**whom, PolicyArn=arn)
    for document in permissions.inline:
        put = getattr(client, f"put_{kind}_policy")
        put(**whom, PolicyName=document.name, PolicyDocument=document.text)


def attached_policies(iam: Any, kind: str, name: str) -> tuple[str, ...]:
    """The ARNs of the managed policies of a `user`, a `role` or a `group`."""
    pages = iam.get_paginator(f"list_attached_{kind}_policies").paginate(**{IAM_MEMBERS[kind]: name})
    return tuple(policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"])


def take_permissions(iam: IAMClient, kind: str, name: str) -> None:
    """Take all policies from a `role` or a `group`: they block its deletion."""
    client: Any = iam
    whom: Mapping[str, str] = {IAM_MEMBERS[kind]: name}
    for arn in attached_policies(iam, kind, name):
        getattr(client, f"detach_{kind}_policy")(**whom, PolicyArn=arn)
    pages = client.get_paginator(f"list_{kind}_policies").paginate(**whom)
    for inline in [policy for page in pages for policy in page["PolicyNames"]]:
        getattr(client, f"delete_{kind}_policy")(**whom, PolicyName=inline)
