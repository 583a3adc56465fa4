"""Rewrites cases statement by statement, leaving the case given as it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from deep.differential.generator import Case

Statement = dict[str, Any]
OfStatement = Callable[[str, Statement], "Statement | None"]
OfCondition = Callable[[Statement, str, str, list[str]], "dict[str, dict[str, Any]] | None"]

_VARIABLE = re.compile(r"\$\{([^}*?$,]+)(,[^}]*)?\}")


def documents(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy document with its kind."""
    for kind, held in case["policies"].items():
        if kind == "identity":
            yield from ((kind, policy["document"]) for policy in held)
        elif kind in ("service_control", "resource_control"):
            yield from ((kind, document) for level in held for document in level)
        elif kind == "session":
            yield from ((kind, document) for document in held)
        else:
            yield kind, held


def rewrite_statements(case: Case, change: OfStatement) -> Case | None:
    """The case with every statement replaced by what `change` makes of it, given the kind of policy.

    None leaves a statement out; where all of a policy's go, one that is about nothing takes their place.
    The answer is None where nothing changed.
    """
    rewritten = copy.deepcopy(case)
    for kind, document in documents(rewritten):
        statements = [change(kind, copy.deepcopy(statement)) for statement in document["Statement"]]
        kept = [statement for statement in statements if statement is not None]
        document["Statement"] = kept or [nothing(kind)]
    return rewritten if rewritten["policies"] != case["policies"] else None


def rewrite_conditions(case: Case, change: OfCondition) -> Case | None:
    """The case with every condition replaced by what `change(statement, operator, key, values)` makes of it:
    a Condition element that takes its place (an empty one leaves it out), or None to keep it.
    """

    def of_statement(_: str, statement: Statement) -> Statement:
        found: dict[str, dict[str, Any]] = {}
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                listed = values if isinstance(values, list) else [values]
                changed = change(statement, operator, key, listed)
                if changed is None or changed == {operator: {key: listed}}:
                    changed = {operator: {key: values}}
                for name, held in changed.items():
                    found.setdefault(name, {}).update(held)
        return {**statement, "Condition": found} if found else _without(statement, "Condition")

    return rewrite_statements(case, of_statement)


def nothing(kind: str) -> Statement:
    """A statement that applies to no request."""
    plain = {"Effect": "Allow", "Action": "nobody:Authorizations", "Resource": "*"}
    return {**plain, "Principal": "*"} if kind in ("resource", "resource_control", "vpc_endpoint") else plain


def context_value(case: Case, key: str) -> Any:
    """The value of a condition key in the request, None where it has none; names have no case."""
    context = case["request"].get("context", {})
    return next((value for name, value in context.items() if name.lower() == key.lower()), None)


def account(arn: str) -> str:
    """The account of an ARN, empty for `*`."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def is_in_one_account(case: Case) -> bool:
    """Whether caller and resource are of the same account."""
    request = case["request"]
    return request["resource"] == "*" or account(request["resource"]) == account(request["principal"])


def has_unresolvable_variable(case: Case, text: str) -> bool:
    """Whether a text holds a policy variable for which the request has no value and the text no default."""
    return any(
        not default and not isinstance(context_value(case, name.strip()), str)
        for name, default in _VARIABLE.findall(text)
    )


def _without(statement: Statement, name: str) -> Statement:
    return {key: value for key, value in statement.items() if key != name}
