"""Policy documents with the numbers of their conditions in quotes.

IAM takes a number without: "Quotation marks are optional for numeric and Boolean values". moto, and with it
LocalStack, does not.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.apicall import ApiCall

PUTTING = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
)


def quoted_document(call: ApiCall) -> Mapping[str, Any]:
    """The document to send in place of the one that a call puts; nothing where it may stay as it is."""
    text = str(call.params["PolicyDocument"])
    try:
        document = json.loads(text)
        changed = isinstance(document, dict) and _quote_all(document)
    except (ValueError, RecursionError):
        return {}
    return {"PolicyDocument": json.dumps(document)} if changed else {}


def _quote_all(document: dict[str, Any]) -> bool:
    """Put the numbers of every condition in quotes, in place; whether there was one."""
    changed = False
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        conditions = statement.get("Condition") if isinstance(statement, dict) else None
        for wanted in conditions.values() if isinstance(conditions, dict) else ():
            for key, value in wanted.items() if isinstance(wanted, dict) else ():
                wanted[key] = _quoted(value)
                changed |= bool(wanted[key] != value)
    return changed


def _quoted(value: Any) -> Any:
    if isinstance(value, list):
        return [_quoted(one) for one in value]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return json.dumps(value) if number else value
