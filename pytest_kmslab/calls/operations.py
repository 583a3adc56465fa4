"""Every operation of every enforced service, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, AuthorizationPlan, Authorizations, ServiceError
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


def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
    """The questions that a call stands for, in order; see `Authorizations`.

    Raises ServiceError, an access denied, for an operation of an enforced service that is not known:
    what cannot be judged is not let through.
    """
    authorization_plan = OPERATIONS.get(call.service, {}).get(call.operation)
    if authorization_plan is None:
        raise _unknown(call)
    return authorization_plan(call, view)


def _unknown(call: ApiCall) -> ServiceError:
    return protocol_of(call.service).denied.error(
        f"pytest-kmslab does not know the operation `{call.name}`, and denies what it cannot judge: "
        "please report it to the project"
    )
