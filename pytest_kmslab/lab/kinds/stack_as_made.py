"""Whether an emulator made of a template what the template says of permissions and encryption.

Emulators make stacks by themselves and drop what they do not know: a policy that is lost would allow, or
deny, what the template does not. What a function of CloudFormation stands for is not known here: it fits all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_kmslab.lab.kinds.key import POLICY_NAME
from pytest_kmslab.lab.kinds.stack_members import Member
from pytest_kmslab.lab.permissions import IAM_MEMBERS
from pytest_kmslab.lab.resource_kind import Client

Properties = Mapping[str, Any]


JUDGED = ("AWS::DynamoDB::", "AWS::IAM::", "AWS::KMS::")
"""How the types begin of what decisions are made from."""


def differences(client: Client, resources: Mapping[str, Any], members: list[Member]) -> Iterator[str]:
    """What of a stack is otherwise than its template says, a line each."""
    made = {member.logical_id: member for member in members if member.physical_id}
    for name, resource in resources.items():
        if name not in made:
            if resource["Type"].startswith(JUDGED) and "Condition" not in resource:
                yield f"`{name}` ({resource['Type']}) is not there"
            continue
        check = CHECKS.get(resource["Type"])
        if check is None:
            continue
        properties = resource.get("Properties") or {}
        for lost in check(client, properties, made[name].physical_id):
            yield f"`{name}` ({resource['Type']}) is without its `{lost}`"
    yield from _attached_policies(client, resources, made)


def fits(said: Any, made: Any) -> bool:
    """Whether what was made is what a template says, as far as that is known here."""
    if _is_function(said):
        return True
    if isinstance(said, Mapping):
        return isinstance(made, Mapping) and all(fits(one, made.get(name)) for name, one in said.items())
    if isinstance(said, list) or isinstance(made, list):
        return _lists_fit(_as_list(said), _as_list(made))
    return said is None or (made is not None and _plain(said) == _plain(made))


def _lists_fit(said: list[Any], made: list[Any]) -> bool:
    if any(map(_is_function, said)):
        return len(made) > 0
    return len(said) == len(made) and all(any(fits(one, other) for other in made) for one in said)


def _is_function(said: Any) -> bool:
    return isinstance(said, Mapping) and len(said) == 1 and str(next(iter(said))).startswith(("Fn::", "Ref"))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(client: Client, properties: Properties, physical_id: str) -> Iterator[str]:
    text = client("kms").get_key_policy(KeyId=physical_id, PolicyName=POLICY_NAME)["Policy"]
    if not fits(properties.get("KeyPolicy"), json.loads(text)):
        yield "KeyPolicy"


def _table(client: Client, properties: Properties, physical_id: str) -> Iterator[str]:
    table = client("dynamodb").describe_table(TableName=physical_id)["Table"]
    said = properties.get("SSESpecification") or {}
    if "KMSMasterKeyId" in said and "KMSMasterKeyArn" not in table.get("SSEDescription", {}):
        yield "SSESpecification"


def _holder(kind: str) -> Callable[[Client, Properties, str], Iterator[str]]:
    """For a `user`, a `role` or a `group`."""

    def check(client: Client, properties: Properties, physical_id: str) -> Iterator[str]:
        iam, whom = client("iam"), {IAM_MEMBERS[kind]: physical_id}
        entity = getattr(iam, f"get_{kind}")(**whom)[kind.capitalize()]
        trust = properties.get("AssumeRolePolicyDocument")
        if trust is not None and not fits(trust, entity.get("AssumeRolePolicyDocument")):
            yield "AssumeRolePolicyDocument"
        if "PermissionsBoundary" in properties and "PermissionsBoundary" not in entity:
            yield "PermissionsBoundary"
        attached = getattr(iam, f"list_attached_{kind}_policies")(**whom)["AttachedPolicies"]
        arns = properties.get("ManagedPolicyArns") or []
        if isinstance(arns, list) and len(attached) < len(arns):
            yield "ManagedPolicyArns"
        for policy in _as_list(properties.get("Policies") or []):
            if not _is_function(policy) and not _has_inline(iam, kind, physical_id, policy):
                yield "Policies"

    return check


def _has_inline(iam: Any, kind: str, name: str, policy: Properties) -> bool:
    whom = {IAM_MEMBERS[kind]: name}
    names = getattr(iam, f"list_{kind}_policies")(**whom)["PolicyNames"]
    said = policy.get("PolicyName")
    there = [one for one in names if _is_function(said) or one == said]
    get = getattr(iam, f"get_{kind}_policy")
    documents = (get(**whom, PolicyName=one)["PolicyDocument"] for one in there)
    return any(fits(policy.get("PolicyDocument"), document) for document in documents)


CHECKS: Mapping[str, Callable[[Client, Properties, str], Iterator[str]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::Group": _holder("group"),
    "AWS::IAM::Role": _holder("role"),
    "AWS::IAM::User": _holder("user"),
    "AWS::KMS::Key": _key,
}


def _attached_policies(
    client: Client, resources: Mapping[str, Any], made: Mapping[str, Member]
) -> Iterator[str]:
    """Policies that name by `Ref` whom of the same template they are for."""
    for name, resource in resources.items():
        if resource["Type"] != "AWS::IAM::Policy" or name not in made:
            continue
        properties = resource.get("Properties") or {}
        for kind in IAM_MEMBERS:
            for whom in _as_list(properties.get(f"{kind.capitalize()}s") or []):
                member = made.get(str(whom.get("Ref"))) if isinstance(whom, Mapping) else None
                if member and not _has_inline(client("iam"), kind, member.physical_id, properties):
                    yield f"`{name}` (AWS::IAM::Policy) is not on {kind} `{member.logical_id}`"
