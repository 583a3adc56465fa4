"""`AWS::KMS::*`, made as the resource handlers of AWS make them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.authz.arn import parts_of, root_arn
from pytest_kmslab.backends.moto.stacks.properties import (
    Properties,
    invalid,
    kms_tags,
    policy_text,
    truth,
)
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType, deletion
from pytest_kmslab.calls.api_call import ServiceError

SHORTEST_WAIT, LONGEST_WAIT = 7, 30
"""Days that a key waits for its deletion, and waits where nothing is said."""


def _create_key(where: Deployment, properties: Properties) -> Iterator[Made]:
    metadata = where.call(
        "kms",
        "CreateKey",
        **_given(properties, "Description", "KeySpec", "KeyUsage", "Origin", "MultiRegion"),
        Policy=policy_text(properties.get("KeyPolicy")),
        BypassPolicyLockoutSafetyCheck=properties.get("BypassPolicyLockoutSafetyCheck"),
        Tags=kms_tags(properties.get("Tags")),
    )["KeyMetadata"]
    yield _made(metadata)
    _set_rotation(where, metadata["KeyId"], {}, properties)
    _set_enabled(where, metadata["KeyId"], {}, properties)


def _create_replica(where: Deployment, properties: Properties) -> Iterator[Made]:
    primary = str(properties["PrimaryKeyArn"])
    metadata = where.call(
        "kms",
        "ReplicateKey",
        region=parts_of(primary).region,
        KeyId=primary,
        ReplicaRegion=where.region,
        Description=properties.get("Description"),
        Policy=policy_text(properties["KeyPolicy"]),
        Tags=kms_tags(properties.get("Tags")),
    )["ReplicaKeyMetadata"]
    yield _made(metadata)
    _set_enabled(where, metadata["KeyId"], {}, properties)


def _made(metadata: Mapping[str, Any]) -> Made:
    return Made(metadata["KeyId"], {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})


def _update_key(where: Deployment, key_id: str, old: Properties, new: Properties) -> None:
    # Enabled first and disabled last: the calls between need a key that is enabled.
    if _is_on(new, "Enabled", absent=True):
        _set_enabled(where, key_id, old, new)
    _set_rotation(where, key_id, old, new)
    if old.get("KeyPolicy") != new.get("KeyPolicy"):
        where.call(
            "kms",
            "PutKeyPolicy",
            KeyId=key_id,
            PolicyName="default",
            Policy=policy_text(new.get("KeyPolicy")) or _default_policy(where),
            BypassPolicyLockoutSafetyCheck=new.get("BypassPolicyLockoutSafetyCheck"),
        )
    if old.get("Description") != new.get("Description"):
        description = new.get("Description") or ""
        where.call("kms", "UpdateKeyDescription", KeyId=key_id, Description=description)
    where.set_tags("kms", "Resource", old, new, KeyId=key_id)
    if not _is_on(new, "Enabled", absent=True):
        _set_enabled(where, key_id, old, new)


def _default_policy(where: Deployment) -> str | None:
    """The policy of a key whose template has none any more.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root_arn(where.partition, where.account)},
        "Action": "kms:*",
        "Resource": "*",
    }
    return policy_text({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def _check_key(_where: Deployment, properties: Properties) -> None:
    # CloudFormation's schema of the type has the same range as KMS, which hears of it when the key goes.
    days = int(properties.get("PendingWindowInDays", LONGEST_WAIT))
    if days < SHORTEST_WAIT:
        raise invalid(f"#/PendingWindowInDays: {days} is not greater or equal to {SHORTEST_WAIT}")
    if days > LONGEST_WAIT:
        raise invalid(f"#/PendingWindowInDays: {days} is not less or equal to {LONGEST_WAIT}")
    # badmintoncryer/cdk-preflight, pf-kms-key-rotation.
    if _is_on(properties, "EnableKeyRotation") and not _can_rotate(properties):
        text = "You cannot set the EnableKeyRotation property to true on asymmetric or external keys."
        raise ServiceError("InvalidRequest", f"Invalid request provided: {text}")


def _can_rotate(properties: Properties) -> bool:
    kind = properties.get("KeySpec", "SYMMETRIC_DEFAULT"), properties.get("Origin", "AWS_KMS")
    return kind == ("SYMMETRIC_DEFAULT", "AWS_KMS")


def _set_rotation(where: Deployment, key_id: str, old: Properties, new: Properties) -> None:
    before, after = (
        (_is_on(properties, "EnableKeyRotation"), properties.get("RotationPeriodInDays"))
        for properties in (old, new)
    )
    if before == after:
        return
    if after[0]:
        where.call("kms", "EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=after[1])
    elif before[0]:
        where.call("kms", "DisableKeyRotation", KeyId=key_id)


def _set_enabled(where: Deployment, key_id: str, old: Properties, new: Properties) -> None:
    before, after = (_is_on(properties, "Enabled", absent=True) for properties in (old, new))
    if before != after:
        where.call("kms", "EnableKey" if after else "DisableKey", KeyId=key_id)


def _is_on(properties: Properties, name: str, *, absent: bool = False) -> bool:
    return bool(truth(properties.get(name, absent)))


def _delete_key(where: Deployment, key_id: str, properties: Properties) -> None:
    try:
        where.delete(
            "kms",
            "ScheduleKeyDeletion",
            KeyId=key_id,
            PendingWindowInDays=properties.get("PendingWindowInDays"),
        )
    except ServiceError as error:  # scheduled already: once is enough
        if error.code != "KMSInvalidStateException" or "pending deletion" not in error.message:
            raise


def _create_alias(where: Deployment, properties: Properties) -> Iterator[Made]:
    name = properties["AliasName"]
    where.call("kms", "CreateAlias", AliasName=name, TargetKeyId=properties["TargetKeyId"])
    yield Made(str(name), {})


def _update_alias(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    where.call("kms", "UpdateAlias", AliasName=name, TargetKeyId=new["TargetKeyId"])


def _given(properties: Properties, *names: str) -> dict[str, Any]:
    return {name: properties.get(name) for name in names}


_KEY = frozenset({"Description", "Enabled", "KeyPolicy", "PendingWindowInDays", "Tags"})
_MATERIAL = frozenset({"KeySpec", "KeyUsage", "Origin", "MultiRegion"})
"""What a key is, for good: an update that changes it fails."""

TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        _create_key,
        _update_key,
        _delete_key,
        properties=_KEY
        | _MATERIAL
        | {"BypassPolicyLockoutSafetyCheck", "EnableKeyRotation", "RotationPeriodInDays"},
        fixed=_MATERIAL,
        attributes=frozenset({"Arn", "KeyId"}),
        check=_check_key,
    ),
    ResourceType(
        "AWS::KMS::ReplicaKey",
        _create_replica,
        _update_key,
        _delete_key,
        properties=_KEY | {"PrimaryKeyArn"},
        required=frozenset({"KeyPolicy", "PrimaryKeyArn"}),
        fixed=frozenset({"PrimaryKeyArn"}),
        attributes=frozenset({"Arn", "KeyId"}),
        check=_check_key,
    ),
    ResourceType(
        "AWS::KMS::Alias",
        _create_alias,
        _update_alias,
        deletion("kms", "DeleteAlias", "AliasName"),
        properties=frozenset({"AliasName", "TargetKeyId"}),
        required=frozenset({"AliasName", "TargetKeyId"}),
        replaces=frozenset({"AliasName"}),
    ),
)
