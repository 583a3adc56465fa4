"""A policy document that is about to be put on a table or stream, as DynamoDB checks it.

Codes and texts are recorded from AWS where docs/fidelity.md says so: ACK-210, 211, 212, 356.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.authz.condition import Condition
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.policy import Policy, parse_policy
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.names import invalid, kind_of
from pytest_kmslab.calls.dynamodb.sse.specification import refused
from pytest_kmslab.calls.dynamodb.table_policy.actions import invalid_actions
from pytest_kmslab.calls.rules.identity_documents import texts
from pytest_kmslab.calls.rules.policy_texts import WILD_VENDOR, action_fault, statements_of
from pytest_kmslab.calls.rules.principals import names_somebody, unknown_principals, unknown_services
from pytest_kmslab.errors import PolicyError

# Block Public Access: a policy that lets everybody in, of whatever account, is not taken.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html

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
    return any(
        statement.principals is not None
        and statement.principals.everybody
        and not statement.denies
        and not any(map(_bounds, statement.conditions))
        for statement in policy.statements
    )


def _bounds(condition: Condition) -> bool:
    # Whether a condition fails for all but some: `ForAllValues:` and `…IfExists` hold without a value.
    row = condition.row
    if row is None or condition.if_exists or condition.qualifier == "ForAllValues" or not condition.values:
        return False
    if condition.folded_key == OF_SERVICES:
        return row.name == "Bool" and all(value.lower() == "true" for value in condition.values)
    fixed = not any(mark in value for value in condition.values for mark in _OPEN)
    return fixed and row.name in _FIXING and condition.folded_key in TRUSTED


MAX_BYTES = 20_480
"""Blanks count."""
_EFFECTS = ("Allow", "Deny")
_FIELDS = (
    ("Effect",),
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
)
"""What every statement must have, one of each row."""


def read_table_policy(text: str, target: str, view: AccountView) -> Policy:
    """The policy, fit to be put on the table or stream of an ARN; raises ValidationException."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refused(f"Maximum policy size of {MAX_BYTES} bytes exceeded")
    policy = _parsed(text)
    sids = [sid for sid in (statement.source.get("Sid") for statement in policy.statements) if sid]
    if len(set(sids)) < len(sids):
        raise _malformed("The Statement Ids in the policy are not unique")
    # Which mistake AWS reports first is not known, but that an action comes before a resource
    # (aws/aws-cdk#32230).
    kind = kind_of(target) or ""
    if unknown_actions := invalid_actions(policy, kind):
        shown = ", ".join(f'"{name}"' for name in unknown_actions)
        raise _malformed(f"The following action names are invalid: {shown}")
    _check_resources(policy, kind)
    partition = parts_of(target).partition
    for statement in statements_of(text):
        unknown = (*unknown_principals(statement, view, partition), *unknown_services(statement, partition))
        if unknown or not names_somebody(statement):
            raise refused("Invalid principal in policy document.")
    if is_public(policy):
        raise invalid(UNBOUNDED)
    return policy


def _malformed(message: str) -> ServiceError:
    return refused(f"Invalid policy document: {message}")


def _parsed(text: str) -> Policy:
    document = _loaded(text)
    if isinstance(document, dict) and document.get("Statement") == []:
        raise _malformed("Could not parse the policy: Statement is empty!")
    # Seen of Resource; that the others are asked for in the same words is inferred.
    for statement in statements_of(text):
        for names in _FIELDS:
            if not any(name in statement for name in names):
                raise _malformed(f"Missing required field {names[0]}")
    # A wildcard for the service names no action of DynamoDB's.
    for statement in statements_of(text):
        actions = (*texts(statement.get("Action")), *texts(statement.get("NotAction")))
        for action in (action for action in actions if action_fault(action) == WILD_VENDOR):
            raise _malformed(f'The following action names are invalid: "{action}"')
    try:
        return parse_policy(as_stored(text))
    except PolicyError as error:
        raise _malformed(str(error)) from None


def as_stored(text: str) -> str:
    """A table's policy as DynamoDB keeps it."""
    document = _loaded(text)
    changed = False
    for statement in _statements_in(document):
        # It takes an Effect in any case of letters, and keeps `Allow`. Measured by cdk-preflight
        # (rules/dynamodb).
        effect = statement.get("Effect")
        if isinstance(effect, str) and effect.capitalize() in _EFFECTS and effect not in _EFFECTS:
            statement["Effect"], changed = effect.capitalize(), True
    return json.dumps(document) if changed else text


def _statements_in(document: Any) -> list[dict[str, Any]]:
    statements = as_list(document.get("Statement")) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed("This policy contains invalid Json") from None


def _check_resources(policy: Policy, kind: str) -> None:
    for arn in (
        arn for statement in policy.statements if statement.resources for arn in statement.resources.patterns
    ):
        relative = arn.split(":", 5)[-1]
        # A stream has its own policy: a table's cannot name it, and its own can name nothing else.
        # Whether the ARN is of the table that the policy hangs on is not looked at (ACK-211).
        if relative.startswith("table/") and _of_stream(relative) is (kind != "stream"):
            raise _malformed(f'The relative-id "{relative}" is invalid for ARN "{arn}"')


def _of_stream(relative: str) -> bool | None:
    """Whether a path is that of streams; None where its wildcards reach streams and others."""
    if relative.split("/")[2:3] == ["stream"]:
        return True
    return None if "*" in relative or "?" in relative else False
