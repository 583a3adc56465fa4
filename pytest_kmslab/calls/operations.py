"""Every operation of every enforced service, what it asks for, and the actions that there are."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import ApiCall, AuthorizationPlan, Authorizations
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB, STREAMS
from pytest_kmslab.calls.iam.operations import IAM
from pytest_kmslab.calls.kms.operations import KMS
from pytest_kmslab.calls.services import ACTION_PREFIXES, protocol_of
from pytest_kmslab.calls.sts.operations import STS

OPERATIONS: Mapping[str, Mapping[str, AuthorizationPlan]] = {
    "kms": KMS,
    "dynamodb": DYNAMODB,
    "dynamodbstreams": STREAMS,
    "iam": IAM,
    "sts": STS,
}
"""By botocore's name of the service, then by the operation's."""

ENFORCED_SERVICES = frozenset(OPERATIONS)
"""The services whose calls are decided; calls to others go through."""


PLANS: Mapping[str, AuthorizationPlan] = {
    f"{service}:{operation}": plan
    for service, plans in OPERATIONS.items()
    for operation, plan in plans.items()
}
"""By `service:Operation`."""


def deny_unknown(call: ApiCall, view: AccountView) -> Authorizations:
    """Raise ServiceError, an access denied, for an operation of an enforced service that is not known: what
    cannot be judged is not let through."""
    raise protocol_of(call.service).denied.error(
        f"pytest-kmslab does not know the operation `{call.name}`, and denies what it cannot judge: "
        "please report it to the project"
    )


# Which calls change what decisions are made on.

READS = ("Get", "List", "Describe", "Query", "Scan", "Batch", "Transact", "Execute", "Simulate")
USES = ("Encrypt", "Decrypt", "Generate", "ReEncrypt", "Sign", "Verify", "Derive")
ITEMS = frozenset({"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"})


def changes_account(call: ApiCall) -> bool:
    """Whether a call may change what decisions are made from: all but reading, and using a key or items."""
    # What STS gives out is a new credential, and changes nothing that was read before.
    return call.service != "sts" and not call.operation.startswith(READS + USES) and call.name not in ITEMS


# The actions of the services whose calls are decided, so that a misspelt one is told at once.
# An action that nobody can ask for is never denied nor allowed: an assertion about it would prove nothing.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

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
