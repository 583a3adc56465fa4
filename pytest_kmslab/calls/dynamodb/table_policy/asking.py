"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy, and a table made with a policy.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.base import ApiCall, Ask, Asks, ServiceError
from pytest_kmslab.calls.dynamodb.names import required_text
from pytest_kmslab.calls.dynamodb.request import ask
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy
from pytest_kmslab.calls.dynamodb.table_policy.target import check_exists, table_behind, target_of
from pytest_kmslab.facts import Facts

_LOCKOUT = "The new resource policy will not allow you to update the resource policy in the future."


def on_policy(call: ApiCall, facts: Facts) -> Asks:
    """GetResourcePolicy, DeleteResourcePolicy: on the table or stream."""
    arn = target_of(call)
    table = table_behind(call, facts, arn)
    yield ask(call, call.operation, arn, None, table)
    check_exists(arn, table)


def put_policy(call: ApiCall, facts: Facts) -> Asks:
    """PutResourcePolicy: on the table or stream; then the policy is looked at."""
    arn = target_of(call)
    table = table_behind(call, facts, arn)
    asked = ask(call, call.operation, arn, None, table)
    yield asked
    policy = read_table_policy(required_text(call.params, "Policy"), arn, facts)
    if call.params.get("ConfirmRemoveSelfResourceAccess") is not True:
        yield lockout_check(asked, policy)
    check_exists(arn, table)


def new_table_policy(call: ApiCall, facts: Facts, arn: str) -> Asks:
    """CreateTable with a ResourcePolicy: PutResourcePolicy too, and the policy is looked at.

    CreateTable cannot say that its caller wants to be locked out.
    """
    text = call.params.get("ResourcePolicy")
    if text is None:
        return
    asked = ask(call, "PutResourcePolicy", arn)
    yield asked
    yield lockout_check(asked, read_table_policy(required_text(call.params, "ResourcePolicy"), arn, facts))


def lockout_check(asked: Ask, policy: Policy) -> Ask:
    """The question whether the caller could put the policy again, once `policy` is in force.

    Recorded from AWS (ACK-210): a Deny of PutResourcePolicy that reaches the caller is refused, whatever
    it depends on; one of DeleteResourcePolicy alone is not.
    """
    return asked._replace(resource_policy=policy, instead=ServiceError("AccessDeniedException", _LOCKOUT))
