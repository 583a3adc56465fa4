"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy, and a table made with a policy.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.authz.arn import parts_of, table_arn_of
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import (
    invalid,
    kind_of,
    missing_table,
    required_text,
)
from pytest_kmslab.calls.dynamodb.sse.specification import refused
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy

# What the three operations on resource-based policies name: a table or a stream of the caller's.
# Texts recorded from AWS (docs/fidelity.md, ACK-212). AWS looks at the ARN before it asks for permission:
# of another account's table even an administrator is told that it is not theirs.

TARGETS = ("table", "stream")
_NOT_OWN_ACCOUNT = "This action is only supported by accounts that match the resource owner’s account."
NOT_A_TARGET = "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "


def target_of(call: ApiCall) -> str:
    """The ARN that ResourceArn holds; raises ValidationException for one that can have no policy.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
    """
    arn = table_or_stream(call)
    if not is_here(call, arn):
        raise refused(f"Invalid resource Arn: {arn}")
    # AWS looks at the ARN before it asks for permission: even an administrator of the other account.
    if parts_of(arn).account != call.account:
        raise invalid(_NOT_OWN_ACCOUNT)
    return arn


def table_or_stream(call: ApiCall) -> str:
    """The ARN that ResourceArn holds; raises ValidationException unless it is of a table or a stream."""
    arn = required_text(call.params, "ResourceArn")
    if not arn.startswith("arn:"):
        raise refused(f"ARNs must start with 'arn:': {arn}")
    kind = kind_of(arn)
    if kind == "index":
        raise refused(f"{NOT_A_TARGET}{arn}")
    if kind not in TARGETS:
        raise refused(f"Provided Arn is not a DynamoDB resource arn: {arn}")
    return arn


def is_here(call: ApiCall, arn: str) -> bool:
    """Whether an ARN is of the partition and the Region of a call: the two operations word it differently."""
    target = parts_of(arn)
    return (target.partition, target.region) == (call.partition, call.region)


def table_behind(call: ApiCall, view: AccountView, arn: str) -> Table | None:
    """The table that an ARN is of, None where there is none."""
    return view.table(table_arn_of(arn), call.region, call.account)


def check_exists(arn: str, table: Table | None) -> None:
    """Raise ResourceNotFoundException for a table that is not there, or a stream that is not its latest.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-attach-resource-policy-streams.html
    """
    if kind_of(arn) == "stream":
        # A stream outlives its table, and so does its policy: that is left to the backend.
        if table is not None and table.stream_arn != arn:
            raise missing_stream(arn)
    elif table is None:
        raise missing_table(arn)


def missing_stream(arn: str) -> ServiceError:
    """What DynamoDB answers to an operation on the policy of a stream that is not there."""
    _, table, _, label = parts_of(arn).resource.split("/", 3)
    text = f"Requested resource not found: Stream: {label} not found for Table: {table}"
    return ServiceError("ResourceNotFoundException", text)


_LOCKOUT = "The new resource policy will not allow you to update the resource policy in the future."


def on_policy(call: ApiCall, view: AccountView) -> Authorizations:
    """GetResourcePolicy, DeleteResourcePolicy: on the table or stream."""
    arn = target_of(call)
    table = table_behind(call, view, arn)
    yield authorization(call, call.operation, arn, None, table)
    check_exists(arn, table)


def put_policy(call: ApiCall, view: AccountView) -> Authorizations:
    """PutResourcePolicy: on the table or stream; then the policy is looked at."""
    arn = target_of(call)
    table = table_behind(call, view, arn)
    asked = authorization(call, call.operation, arn, None, table)
    yield asked
    policy = read_table_policy(required_text(call.params, "Policy"), arn, view)
    if call.params.get("ConfirmRemoveSelfResourceAccess") is not True:
        yield lockout_check(asked, policy)
    check_exists(arn, table)


def new_table_policy(call: ApiCall, view: AccountView, arn: str) -> Authorizations:
    """CreateTable with a ResourcePolicy: PutResourcePolicy too, and the policy is looked at."""
    text = call.params.get("ResourcePolicy")
    if text is None:
        return
    asked = authorization(call, "PutResourcePolicy", arn)
    yield asked
    # CreateTable cannot say that its caller wants to be locked out.
    yield lockout_check(asked, read_table_policy(required_text(call.params, "ResourcePolicy"), arn, view))


def lockout_check(asked: Authorization, policy: Policy) -> Authorization:
    """The question whether the caller could put the policy again, once `policy` is in force."""
    # Recorded from AWS (ACK-210): a Deny of PutResourcePolicy that reaches the caller is refused, whatever it
    # depends on; one of DeleteResourcePolicy alone is not.
    return asked._replace(resource_policy=policy, instead=ServiceError("AccessDeniedException", _LOCKOUT))
