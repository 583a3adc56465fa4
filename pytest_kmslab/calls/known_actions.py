"""The actions of the services whose calls are decided, so that a misspelt one is told at once.

An action that nobody can ask for is never denied nor allowed: an assertion about it would prove nothing.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from pytest_kmslab.calls.operations import OPERATIONS
from pytest_kmslab.calls.services import ACTION_PREFIXES

PERMISSIONS_ONLY: Mapping[str, str] = {
    "dynamodb": (
        "AssociateTableReplica ConditionCheckItem CreateGlobalTableWitness CreateTableReplica "
        "DeleteGlobalTableWitness DeleteTableReplica DescribeReservedCapacity "
        "DescribeReservedCapacityOfferings DisassociateTableReplica GetAbacStatus InjectError PartiQLDelete "
        "PartiQLInsert PartiQLSelect PartiQLUpdate PurchaseReservedCapacityOfferings ReadDataForReplication "
        "ReplicateSettings RestoreTableFromAwsBackup StartAwsBackupJob UpdateAbacStatus "
        "UpdateGlobalTableVersion WriteDataForReplication"
    ),
    "iam": (
        "DeleteCloudFrontPublicKey GetAccountEmailAddress GetAccountName GetCloudFrontPublicKey "
        "ListCloudFrontPublicKeys ListSTSRegionalEndpointsStatus PassRole SetSTSRegionalEndpointStatus "
        "UpdateAccountEmailAddress UpdateAccountName UpdateCloudFrontPublicKey UploadCloudFrontPublicKey"
    ),
    "kms": "ReEncryptFrom ReEncryptTo SynchronizeMultiRegionKey",
    "sts": "GetServiceBearerToken SetContext SetSourceIdentity TagGetWebIdentityToken TagSession",
}
"""The actions that have no operation of their name, as AWS's reference listed them on 2026-10-27."""

ASKS_FOR: Mapping[str, str] = {
    "dynamodb:BatchExecuteStatement": "dynamodb:PartiQLSelect and the other actions of PartiQL",
    "dynamodb:ExecuteStatement": "dynamodb:PartiQLSelect and the other actions of PartiQL",
    "dynamodb:ExecuteTransaction": "dynamodb:PartiQLSelect and the other actions of PartiQL",
    "dynamodb:TransactGetItems": "dynamodb:GetItem",
    "dynamodb:TransactWriteItems": (
        "dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem and dynamodb:ConditionCheckItem"
    ),
    "kms:ReEncrypt": "kms:ReEncryptFrom and kms:ReEncryptTo",
}
"""The operations that are no actions, and which actions they ask for."""


def unknown_action_text(action: str) -> str:
    """What is wrong with an action (`service:Operation`, in any case), with the one that may be meant; empty
    where it is one that calls ask for."""
    service = action.partition(":")[0].lower()
    if service not in ACTION_PREFIXES:
        return (
            f"calls to `{service}` are not decided, so nobody is allowed or denied `{action}`: "
            f"only those to {', '.join(ACTION_PREFIXES)} are"
        )
    known = _known()
    if action.lower() in known:
        return ""
    for operation, asked in ASKS_FOR.items():
        if operation.lower() == action.lower():
            return f"`{operation}` is an operation and no action: it asks for {asked}"
    names = {name.partition(":")[2]: name for name in known if name.startswith(f"{service}:")}
    near = get_close_matches(action.lower().partition(":")[2], names, n=1)
    meant = f": did you mean `{known[names[near[0]]]}`?" if near else ""
    return f"`{action}` is no action of {service}{meant}"


def as_aws_spells(action: str) -> str:
    """An action in AWS's own spelling, whichever case it is in; as it is where it is none that is known."""
    return _known().get(action.lower(), action)


@cache
def _known() -> Mapping[str, str]:
    """Every action as AWS spells it, by its spelling in small letters."""
    names = [f"{prefix}:{name}" for prefix, listed in PERMISSIONS_ONLY.items() for name in listed.split()]
    for service, operations in OPERATIONS.items():
        prefix = "dynamodb" if service == "dynamodbstreams" else service
        names.extend(f"{prefix}:{operation}" for operation in operations)
    return {name.lower(): name for name in names if name not in ASKS_FOR}
