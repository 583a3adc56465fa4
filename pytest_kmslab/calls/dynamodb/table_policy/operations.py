"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy, and a table made with a policy.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.authorization import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import required_text
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy
from pytest_kmslab.calls.dynamodb.table_policy.target import check_exists, table_behind, target_of

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
