"""A table's policy as DynamoDB writes it: what GetResourcePolicy answers, and what makes two documents one.

Recorded from AWS: ACK-207, 208, 351 to 355. Without blanks, in a fixed order, lists of one as their one,
accounts as the ARN of their root user. AWS takes a document without Version for another than one of
2008-10-17, though it reads back so; here the two are one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import root_arn
from pytest_kmslab.calls.rules.policy_texts import listed

_TOP = ("Version", "Id", "Statement")
_STATEMENT = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
)
_SINGLE = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_ACCOUNT = re.compile(r"[0-9]{12}")
VERSION_IF_NONE = "2008-10-17"


def as_written(text: str, partition: str) -> str:
    """The document as DynamoDB writes it; `partition` is the table's. It is a policy that can be read."""
    document = json.loads(text)
    statements = document["Statement"]
    written = {
        **document,
        "Version": document.get("Version", VERSION_IF_NONE),
        "Statement": [_statement(statement, partition) for statement in listed(statements)],
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
        root_arn(partition, name) if _ACCOUNT.fullmatch(str(name)) else name for name in listed(principals)
    ]
    return _one(list(dict.fromkeys(whole)))


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _ordered(members: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    # Known members in AWS's order, then others as they came.
    return {name: members[name] for name in (*order, *members) if name in members}
