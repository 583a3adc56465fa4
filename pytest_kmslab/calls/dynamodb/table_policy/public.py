"""Block Public Access: a policy that lets everybody in, of whatever account, is not taken.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html
"""

from __future__ import annotations

from pytest_kmslab.authz.condition import Condition
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.authz.statement import Statement

UNBOUNDED = (
    "Resource-based policy grants unbounded access in one or more elements. "
    "Please revise the policy to ensure least-privilege form of access"
)
"""Recorded from AWS: ACK-356."""

TRUSTED = frozenset(
    name.lower()
    for name in (
        "aws:Ec2InstanceSourceVpc",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:UserId",
    )
)
"""The condition keys that can bound a statement; `aws:SourceIp` is none of them."""
OF_SERVICES = "aws:principalisawsservice"
"""Bounds a statement too, if it has to be true."""

_FIXING = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
"""The operators that hold a key to values."""
_OPEN = ("*", "?", "${")
"""What makes of a value many: wildcards and variables."""


def is_public(policy: Policy) -> bool:
    """Whether a statement lets everybody in and no condition of it bounds whom."""
    # AWS reasons about the whole policy; here each Allow is looked at by itself (docs/fidelity.md).
    return any(_lets_everybody_in(statement) for statement in policy.statements)


def _lets_everybody_in(statement: Statement) -> bool:
    everybody = statement.principals is not None and statement.principals.everybody
    return everybody and not statement.denies and not any(map(_bounds, statement.conditions))


def _bounds(condition: Condition) -> bool:
    # Whether a condition fails for all but some: `ForAllValues:` and `…IfExists` hold without a value.
    row = condition.row
    if row is None or condition.if_exists or condition.qualifier == "ForAllValues" or not condition.values:
        return False
    if condition.folded_key == OF_SERVICES:
        return row.name == "Bool" and all(value.lower() == "true" for value in condition.values)
    fixed = not any(mark in value for value in condition.values for mark in _OPEN)
    return fixed and row.name in _FIXING and condition.folded_key in TRUSTED
