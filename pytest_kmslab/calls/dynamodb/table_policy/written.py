"""A table's policy as DynamoDB keeps it: its text, what makes two documents one, and its revisions.

Recorded from AWS: ACK-207, 208, 351 to 355. Without blanks, in a fixed order, lists of one as their one,
accounts as the ARN of their root user. AWS takes a document without Version for another than one of
2008-10-17, though it reads back so; here the two are one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import ACCOUNT_ID, parts_of, root_arn
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.names import kind_of

_TOP = ("Version", "Id", "Statement")
_STATEMENT = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
)
_SINGLE = frozenset({"Action", "NotAction", "Resource", "NotResource"})
VERSION_IF_NONE = "2008-10-17"


def as_written(text: str, partition: str) -> str:
    """The document as DynamoDB writes it; `partition` is the table's. It is a policy that can be read."""
    document = json.loads(text)
    statements = document["Statement"]
    written = {
        **document,
        "Version": document.get("Version", VERSION_IF_NONE),
        "Statement": [_statement(statement, partition) for statement in as_list(statements)],
    }
    return json.dumps(_ordered(written, _TOP), separators=(",", ":"), ensure_ascii=False)


def _statement(statement: Mapping[str, Any], partition: str) -> dict[str, Any]:
    written = dict(_ordered(statement, _STATEMENT))
    for member, value in written.items():
        if member in _SINGLE:
            written[member] = _one(value)
        elif member == "Effect":
            written[member] = str(value).capitalize()
        elif member in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
            written[member] = {kind: _principals(principals, partition) for kind, principals in value.items()}
    return written


def _principals(principals: Any, partition: str) -> Any:
    # AWS writes an account as the ARN of its root user, each principal once.
    whole = [
        root_arn(partition, name) if ACCOUNT_ID.fullmatch(str(name)) else name for name in as_list(principals)
    ]
    return _one(list(dict.fromkeys(whole)))


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _ordered(members: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    # Known members in AWS's order, then others as they came.
    return {name: members[name] for name in (*order, *members) if name in members}


# ExpectedRevisionId of PutResourcePolicy and DeleteResourcePolicy.
# Code and beginnings of the texts are recorded from AWS: ACK-205, 209.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html

NO_POLICY = "NO_POLICY"
_BEGINNING = "Resource-based policy not found for the provided ResourceArn: "


def policy_not_found(text: str) -> ServiceError:
    """DynamoDB's PolicyNotFoundException."""
    return ServiceError("PolicyNotFoundException", f"{_BEGINNING}{text}")


def check_revision(expected: str | None, current: str | None, arn: str) -> None:
    """Raise PolicyNotFoundException unless the policy on `arn` has the revision that a call expects.

    `current` is None where there is no policy, which `NO_POLICY` expects.
    """
    # Who expects nothing changes whatever is there.
    if expected is None or expected == (current or NO_POLICY):
        return
    # A stream is named by its label, a table by its name.
    what = f"{kind_of(arn)} {parts_of(arn).name}"
    if current is None:
        wanted = f"Requested update for policy with revision id {expected}"
        raise policy_not_found(f"{wanted}, but {what} has no associated policy.")
    # Who expects none would overwrite the policy of somebody else.
    if expected == NO_POLICY:
        wanted = f"Requested policy update expecting none to be present for {what}"
        raise policy_not_found(f"{wanted}, but a policy exists with revision id {current}.")
    wanted = f"Requested update for policy with revision id {expected}"
    raise policy_not_found(f"{wanted}, but the policy associated to target {what} has revision id {current}.")
