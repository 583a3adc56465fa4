"""Policy documents with numbers in quotes, dates in UTC, and of the later version.

IAM takes a number without: "Quotation marks are optional for numeric and Boolean values", dates of every
zone, with and without seconds, and inline policies of any version. LocalStack does not.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-json
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.values import read_date
from pytest_kmslab.authz.variables import VERSION
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.rules.iam_documents import INLINE

INLINE_PUTS = tuple(f"iam:{operation}" for operation in INLINE)
MANAGED_PUTS = ("iam:CreatePolicy", "iam:CreatePolicyVersion")

_OF_DATES = re.compile(r"(ForAnyValue:|ForAllValues:)?Date")
_REFUSED_DATE = re.compile(r".*T\d\d:\d\d(?:[Z+-].*|:\d\d(?P<fraction>\.\d+)?-.*)", re.ASCII)
_START = datetime(1970, 1, 1)

Change = Callable[[Any], Any]


def normalized_document(call: ApiCall) -> Mapping[str, Any]:
    """The document to send in place of the one that a call puts; nothing where it may stay as it is."""
    text = str(call.params["PolicyDocument"])
    older = call.name in INLINE_PUTS and _is_older(text)
    try:
        # In the older version `${` stands for itself: the later one writes that `${$}{`.
        document = json.loads(text.replace("${", "${$}{") if older else text)
        changed = isinstance(document, dict) and _change_all(document)
    except (ValueError, RecursionError):
        return {}
    if older:
        document["Version"] = VERSION
    return {"PolicyDocument": json.dumps(document)} if changed or older else {}


def _is_older(text: str) -> bool:
    """Whether a document is of the version without variables, in which `${` stands for itself."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("Version") != VERSION


def _change_all(document: dict[str, Any]) -> bool:
    """Change every statement in place; whether there was anything to change."""
    changed = False
    for statement in as_list(document.get("Statement")):
        for holder, key, change in _places(statement):
            before = holder[key]
            holder[key] = [change(value) for value in before] if isinstance(before, list) else change(before)
            changed |= bool(holder[key] != before)
    return changed


def _places(statement: Any) -> Iterator[tuple[dict[str, Any], str, Change]]:
    """Where a statement has what may be changed, and how."""
    if not isinstance(statement, dict):
        return
    conditions = statement.get("Condition")
    for operator, wanted in conditions.items() if isinstance(conditions, dict) else ():
        change = _dated if _OF_DATES.match(operator) else _quoted
        for key in wanted if isinstance(wanted, dict) else ():
            yield wanted, key, change


def _quoted(value: Any) -> Any:
    # LocalStack refuses numbers; IAM's grammar has quotation marks optional.
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return json.dumps(value) if number else value


def _dated(value: Any) -> Any:
    # The same moment in UTC with seconds, of a date that moto refuses.
    match = _REFUSED_DATE.fullmatch(value) if isinstance(value, str) else None
    seconds = read_date(value) if match else None
    if match is None or seconds is None:
        return _quoted(value)
    try:
        moment = _START + timedelta(seconds=math.floor(seconds))
    except OverflowError:
        return value
    return f"{moment.isoformat()}{match['fraction'] or ''}Z"
