"""Every operation of every enforced service, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, AuthorizationPlan, Authorizations
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB, STREAMS
from pytest_kmslab.calls.iam.operations import IAM
from pytest_kmslab.calls.kms.operations import KMS
from pytest_kmslab.calls.services import protocol_of
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
