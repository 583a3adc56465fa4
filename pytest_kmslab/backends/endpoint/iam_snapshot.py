"""An endpoint's IAM as one snapshot: users, roles, groups and customer managed policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.context_keys import tags_by_key

PAGE = 1000
FILTER = ("User", "Role", "Group", "LocalManagedPolicy")
"""Without AWS's own policies: there are some 1,400, and LocalStack takes a second to list them."""

ID_PREFIX = {"user": "AIDA", "role": "AROA", "group": "AGPA"}


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, role or group. `inline` are texts by name, `attached` ARNs of managed policies."""

    kind: str
    name: str
    arn: str
    unique_id: str
    tags: Mapping[str, str]
    inline: Mapping[str, str]
    attached: tuple[str, ...]
    groups: tuple[str, ...] = ()
    trust: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything by ARN, and the default version of each customer managed policy by its ARN."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)

    def named(self, kind: str, name: str) -> Entity | None:
        """A user, role or group by its name."""
        # IAM compares names without case.
        wanted = name.lower()
        return next(
            (
                entity
                for entity in self.entities.values()
                if entity.kind == kind and entity.name.lower() == wanted
            ),
            None,
        )

    def behind(self, arn: str) -> Entity | None:
        """The user or role of an ARN, of a session its role."""
        kind, _, session = parts_of(arn).resource.partition("/")
        if kind == "assumed-role":
            return self.named("role", session.partition("/")[0])
        return self.entities.get(arn)

    def of_id(self, unique_id: str) -> Entity | None:
        """A user or role by its unique id."""
        return next((entity for entity in self.entities.values() if entity.unique_id == unique_id), None)


def read_snapshot(iam: Any) -> Snapshot:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html."""
    entities: dict[str, Entity] = {}
    documents: dict[str, str] = {}
    for page in _pages(iam):
        for kind, listed in (("user", "User"), ("role", "Role"), ("group", "Group")):
            for detail in page.get(f"{listed}DetailList") or ():
                entities[detail["Arn"]] = _entity(kind, listed, detail)
        for policy in page.get("Policies") or ():
            for version in policy.get("PolicyVersionList") or ():
                if version.get("IsDefaultVersion"):
                    documents[policy["Arn"]] = as_text(version.get("Document"))
    return Snapshot(entities, documents)


def _pages(iam: Any) -> Iterator[Mapping[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        page = iam.get_account_authorization_details(Filter=list(FILTER), MaxItems=PAGE, **marker)
        yield page
        if not page.get("IsTruncated"):
            return
        marker = {"Marker": page["Marker"]}


def _entity(kind: str, listed: str, detail: Mapping[str, Any]) -> Entity:
    return Entity(
        kind=kind,
        name=detail[f"{listed}Name"],
        arn=detail["Arn"],
        unique_id=with_prefix(kind, detail.get(f"{listed}Id", "")),
        tags=tags_of(detail),
        inline={
            policy["PolicyName"]: as_text(policy.get("PolicyDocument"))
            for policy in detail.get(f"{listed}PolicyList") or ()
        },
        attached=tuple(policy["PolicyArn"] for policy in detail.get("AttachedManagedPolicies") or ()),
        groups=tuple(detail.get("GroupList") or ()),
        trust=as_text(detail.get("AssumeRolePolicyDocument")),
    )


def with_prefix(kind: str, unique_id: str) -> str:
    """A unique id as AWS forms it."""
    # moto's lack the prefix that tells a user's from a role's.
    upper, prefix = unique_id.upper(), ID_PREFIX[kind]
    return upper if upper.startswith(prefix) else prefix + upper


def as_text(document: Any) -> str:
    """The text of a policy document."""
    # IAM answers it quoted as for a URL.
    text = str(document or "")
    return text if text.lstrip().startswith("{") else unquote(text)


def tags_of(holder: Mapping[str, Any]) -> dict[str, str]:
    """IAM's and DynamoDB's list of tags as a mapping."""
    return tags_by_key(holder.get("Tags"))
