"""Whether an emulator made of a template what the template says of permissions and encryption.

Emulators make stacks by themselves and drop what they do not know: a policy that is lost would allow, or
deny, what the template does not. What a function of CloudFormation stands for is not known here: it fits all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from pytest_kmslab.authz.arn import parse_arn
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.lab.kinds.kms.key import POLICY_NAME
from pytest_kmslab.lab.kinds.stacks.fits import Made, Properties, fits, tags_fit
from pytest_kmslab.lab.kinds.stacks.iam_as_made import IAM_CHECKS
from pytest_kmslab.lab.kinds.stacks.members import Member
from pytest_kmslab.lab.resource_kind import Client

JUDGED = ("AWS::DynamoDB::", "AWS::IAM::", "AWS::KMS::")
"""How the types begin of what decisions are made from."""


def differences(client: Client, resources: Mapping[str, Any], members: list[Member]) -> Iterator[str]:
    """What of a stack is otherwise than its template says, a line each."""
    made = {member.logical_id: member for member in members if member.physical_id}
    for name, resource in resources.items():
        kind = resource["Type"]
        if name not in made:
            if kind.startswith(JUDGED) and "Condition" not in resource:
                yield f"`{name}` ({kind}) is not there"
        elif kind.startswith(JUDGED) and kind not in CHECKS:
            yield f"`{name}` is of type {kind}, of which nothing can be looked at"
        elif kind in CHECKS:
            for lost in lost_of(resource, Made(client, made, made[name].physical_id)):
                yield f"`{name}` ({kind}) is without its `{lost}`"


def lost_of(resource: Mapping[str, Any], made: Made) -> Iterator[str]:
    """The names of the properties that a resource is without."""
    return CHECKS[resource["Type"]](made, resource.get("Properties") or {})


def _key(made: Made, properties: Properties) -> Iterator[str]:
    kms, key_id = made.client("kms"), made.physical_id
    text = kms.get_key_policy(KeyId=key_id, PolicyName=POLICY_NAME)["Policy"]
    if not fits(properties.get("KeyPolicy"), json.loads(text)):
        yield "KeyPolicy"
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    for name in ("Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"):
        if not fits(properties.get(name), metadata.get(name)):
            yield name
    if properties.get("Tags"):
        tags = kms.list_resource_tags(KeyId=key_id)["Tags"]
        if not tags_fit(properties["Tags"], {tag["TagKey"]: tag["TagValue"] for tag in tags}):
            yield "Tags"


def _alias(made: Made, properties: Properties) -> Iterator[str]:
    try:
        # By use: DescribeKey takes an alias, and fails for one that leads to no key.
        made.client("kms").describe_key(KeyId=made.physical_id)
    except ClientError:
        yield "TargetKeyId"


def _table(made: Made, properties: Properties) -> Iterator[str]:
    table = made.client("dynamodb").describe_table(TableName=made.physical_id)["Table"]
    yield from _lost_of_table(made, properties, table, properties.get("SSESpecification") or {})


def _global_table(made: Made, properties: Properties) -> Iterator[str]:
    table = made.client("dynamodb").describe_table(TableName=made.physical_id)["Table"]
    region = parse_arn(table["TableArn"]).region
    # A lab works in one Region: what became of replicas elsewhere is not looked at.
    for replica in properties.get("Replicas") or ():
        if isinstance(replica, Mapping) and replica.get("Region") in (region, {"Ref": "AWS::Region"}):
            yield from _lost_of_table(made, replica, table, replica.get("SSESpecification") or {})


def _lost_of_table(made: Made, properties: Properties, table: Any, encryption: Any) -> Iterator[str]:
    arn, dynamodb = table["TableArn"], made.client("dynamodb")
    if "KMSMasterKeyId" in encryption and "KMSMasterKeyArn" not in table.get("SSEDescription", {}):
        yield "SSESpecification"
    if properties.get("ResourcePolicy") and not _has_policy(dynamodb, arn, properties["ResourcePolicy"]):
        yield "ResourcePolicy"
    if properties.get("Tags"):
        tags = dynamodb.list_tags_of_resource(ResourceArn=arn).get("Tags", ())
        if not tags_fit(properties["Tags"], tags_by_key(tags)):
            yield "Tags"


def _has_policy(dynamodb: Any, arn: str, said: Any) -> bool:
    try:
        text = dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    except ClientError:
        return False
    document = said.get("PolicyDocument") if isinstance(said, Mapping) else None
    return fits(document, json.loads(text))


CHECKS: Mapping[str, Callable[[Made, Properties], Iterator[str]]] = {
    **IAM_CHECKS,
    "AWS::DynamoDB::GlobalTable": _global_table,
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _key,
}
"""A type of these services that is not here fails the stack: nothing is known of what became of it."""
