"""The roles that a request has DynamoDB hand to Application Auto Scaling.

AWS's pages on these operations do not speak of them: that `iam:PassRole` is asked for, as wherever a service
is given a role, is inferred. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import account_of, partition_of
from pytest_kmslab.calls.api_call import ApiCall, AuthorizationPlan, Authorizations
from pytest_kmslab.calls.context_keys import caller_context
from pytest_kmslab.calls.iam.context import tags_of

_ROLE = "AutoScalingRoleArn"


def passing_roles(plan: AuthorizationPlan) -> AuthorizationPlan:
    """A plan, and iam:PassRole on each role that the request names for scaling."""

    def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
        yield from plan(call, view)
        service = f"application-autoscaling.{partition_of(call.region).dns_suffix}"
        for role in dict.fromkeys(_roles(call.params)):
            owner = account_of(role) or call.account
            keys = {
                **caller_context(call.caller, call.region, call.time),
                **tags_of(view, role),
                "iam:PassedToService": service,
                "aws:ResourceAccount": owner,
            }
            yield call.requires("iam:PassRole", role, keys, owner)

    return required_authorizations


def _roles(value: Any) -> Iterator[str]:
    """Those named anywhere in a request: for a table, an index, a replica or an index of one."""
    if isinstance(value, dict):
        if value.get(_ROLE):
            yield str(value[_ROLE])
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _roles(part)
