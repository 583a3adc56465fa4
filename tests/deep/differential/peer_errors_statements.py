"""Known errors of the peers about what a statement covers: resources, addresses, dates, variables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from deep.differential.generator import Case
from deep.differential.rewriting import (
    Statement,
    context_value,
    has_unresolvable_variable,
    rewrite_conditions,
    rewrite_statements,
)

Element = dict[str, dict[str, Any]]
"""A Condition element."""


def wildcard_in_resource_type_matches(case: Case) -> Case | None:
    """`table` may be written `tab*e` in `Resource`: the peer matches wildcards after the slash only.

    "You can use wildcard characters (* and ?) within any ARN segment (the parts separated by colons)":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    resource = case["request"]["resource"]

    def spelled_out(pattern: str) -> str:
        kind = pattern.split(":", 5)[5].partition("/")[0] if pattern.count(":") > 4 else ""
        wild = ("*" in kind or "?" in kind) and "${" not in pattern
        return resource if wild and _matches_by_part(pattern, resource) else pattern

    return _rewrite_resources(case, spelled_out)


def _rewrite_resources(case: Case, change: Callable[[str], str]) -> Case | None:
    def of_statement(_: str, statement: Statement) -> Statement:
        for name in ("Resource", "NotResource"):
            held = statement.get(name)
            if isinstance(held, str):
                statement[name] = change(held)
            elif held is not None:
                statement[name] = [change(pattern) for pattern in held]
        return statement

    return rewrite_statements(case, of_statement)


def _matches_by_part(pattern: str, arn: str) -> bool:
    pairs = zip(pattern.split(":", 5), arn.split(":", 5), strict=False)
    return arn.count(":") > 4 and all(re.fullmatch(_regex(wanted), part) for wanted, part in pairs)


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def range_of_all_addresses_holds_every_address(case: Case) -> Case | None:
    """`0.0.0.0/0` is every IPv4 address, in "standard CIDR format": the peer finds none in it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """

    def change(_: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        if "IpAddress" not in operator or "0.0.0.0/0" not in values:
            return None
        halves = ["0.0.0.0/1", "128.0.0.0/1"]
        return {operator: {key: [*halves, *(value for value in values if value != "0.0.0.0/0")]}}

    return rewrite_conditions(case, change)


def address_without_prefix_is_not_one_of_the_other_family(case: Case) -> Case | None:
    """NotIpAddress with an IPv4 address, written without a prefix, holds for an IPv6 request.

    "NotIpAddress: all IP addresses except the specified IP address or range"; the peer gets it right of
    `/32`, the "default prefix value" of an address without one:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """

    def change(_: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        if "NotIpAddress" not in operator or ":" not in str(context_value(case, key)):
            return None
        return {operator: {key: [value if set("/:") & set(value) else f"{value}/32" for value in values]}}

    return rewrite_conditions(case, change)


def seconds_since_1970_are_a_date(case: Case) -> Case | None:
    """A date in a policy may be seconds since 1970: the peer compares such a one with no ISO date.

    "You must specify date/time values with one of the W3C implementations of the ISO 8601 date formats or in
    epoch (UNIX) time":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """

    def change(_: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        if not re.search(r"\bDate", operator):
            return None
        return {operator: {key: [_iso(value) for value in values]}}

    return rewrite_conditions(case, change)


def _iso(text: str) -> str:
    if len(text) < 9 or not text.isdigit():
        return text
    return datetime.fromtimestamp(int(text), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def allow_with_for_any_value_if_exists_on_absent_key_is_void(case: Case) -> Case | None:
    """An Allow under `ForAnyValue:…IfExists` is void where the request has no such key: ministack's is not.

    AWS's pages contradict each other. "If the key is not present, evaluate the condition element as true",
    of every operator but Null; and of ForAnyValue "if the key does not exist, the condition returns false",
    which is what was seen (repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w):
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    never = {"StringEquals": {"aws:PrincipalTag/of-nobody": "nobody"}}
    return _without_for_any_value_if_exists(case, "Allow", never)


def deny_with_for_any_value_if_exists_on_absent_key_stands(case: Case) -> Case | None:
    """A Deny under `ForAnyValue:…IfExists` applies where the request has no such key: iam-simulate drops it.

    AWS's pages contradict each other, as above; ours is the strict reading of both.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return _without_for_any_value_if_exists(case, "Deny", {})


def _without_for_any_value_if_exists(case: Case, effect: str, instead: Element) -> Case | None:
    def change(statement: Statement, operator: str, key: str, _: list[str]) -> Element | None:
        if context_value(case, key) is not None or statement["Effect"] != effect:
            return None
        return instead if operator.startswith("ForAnyValue:") and operator.endswith("IfExists") else None

    return rewrite_conditions(case, change)


def variable_may_hold_a_whole_arn(case: Case) -> Case | None:
    """`"ArnEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}` compares two ARNs: the peer finds no ARN in it.

    "You can use a policy variable with the ARN condition operator", without a limit to parts of the ARN:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """

    def change(_: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        if "Arn" not in operator:
            return None
        return {operator: {key: [_whole_value(case, value) for value in values]}}

    return rewrite_conditions(case, change)


def _whole_value(case: Case, text: str) -> str:
    """What a text that is one variable stands for, where that is a text without wildcards."""
    found = re.fullmatch(r"\$\{([\w:]+)\}", text)
    value = context_value(case, found.group(1)) if found else None
    return value if isinstance(value, str) and not set(value) & set("*?$") else text


def allow_with_unresolvable_variable_is_void(case: Case) -> Case | None:
    """An Allow does not hold where a variable without a value stands in an ARN under a negated operator.

    AWS: "If AWS cannot resolve a variable, this might cause the entire statement to be invalid". The peer
    does not come to the variable where an earlier part of the ARN differs; "might" leaves it open, and ours
    is the strict reading.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    def change(statement: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        negated = "ArnNot" in operator and statement["Effect"] == "Allow"
        if not negated or not context_value(case, key):
            return None
        open_ = any(has_unresolvable_variable(case, value) for value in values)
        return {"StringEquals": {"aws:PrincipalTag/of-nobody": "nobody"}} if open_ else None

    return rewrite_conditions(case, change)


def deny_with_unresolvable_variable_stands(case: Case) -> Case | None:
    """A Deny holds where a variable without a value stands under a negated operator or in NotResource.

    AWS: "If AWS cannot resolve a variable, this might cause the entire statement to be invalid". The peer
    drops the Deny; "might" leaves it open, and ours is the strict reading.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    def of_condition(statement: Statement, operator: str, key: str, values: list[str]) -> Element | None:
        resolved = [value for value in values if not has_unresolvable_variable(case, value)]
        if statement["Effect"] == "Allow" or "Not" not in operator or resolved == values:
            return None
        if not context_value(case, key):
            return None  # decided without a look at the variable
        return {operator: {key: resolved}} if resolved else {}

    def of_statement(_: str, statement: Statement) -> Statement:
        held = statement.get("NotResource", [])
        patterns = [held] if isinstance(held, str) else held
        if statement["Effect"] == "Allow" or not any(
            has_unresolvable_variable(case, one) for one in patterns
        ):
            return statement
        resolved = [one for one in patterns if not has_unresolvable_variable(case, one)]
        return {**statement, "NotResource": resolved or "arn:aws:nothing:::here"}

    changed = rewrite_conditions(case, of_condition)
    return rewrite_statements(changed or case, of_statement) or changed
