"""What DynamoDB refuses of expressions and their placeholders, before it looks at a table or a key.

Texts and their order are DynamoDB's: moto's tests that are verified on AWS (test_dynamodb_exceptions,
test_dynamodb_transactions), dynalite's, which were run against AWS, and paritysuite/dynamodb-conformance.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.grammar.checks import check_expression
from pytest_kmslab.calls.validation_messages import ONE_ERROR

NAMES, VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
NEEDED = "can only be specified when using expressions"
_PROJECTION = "ProjectionExpression"

EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "GetItem": (_PROJECTION,),
    "BatchGetItem": (_PROJECTION,),
    "PutItem": ("ConditionExpression",),
    "DeleteItem": ("ConditionExpression",),
    "ConditionCheckItem": ("ConditionExpression",),
    "UpdateItem": ("UpdateExpression", "ConditionExpression"),
    "Scan": ("FilterExpression", _PROJECTION),
    "Query": ("FilterExpression", "KeyConditionExpression", _PROJECTION),
}
"""The expressions of each action, in the order in which an error lists them."""
_READ = ("UpdateExpression", "ConditionExpression", "KeyConditionExpression", "FilterExpression", _PROJECTION)
"""In the order in which DynamoDB reads them."""

EXPRESSION_PARAMETERS = frozenset((*_READ, NAMES, VALUES))
"""A request that has none of these has nothing that is refused here."""

_FORMS = {NAMES: re.compile(r"#\w+", re.ASCII), VALUES: re.compile(r":\w+", re.ASCII)}
_USED = re.compile(r"[#:]\w+", re.ASCII)


def check_placeholders(action: str, params: Params) -> None:
    """Raise the first thing that DynamoDB refuses of a request, or of its part for one item or table."""
    present = {member: params[member] for member in _READ if params.get(member) is not None}
    by_member = {member: params[member] for member in _FORMS if params.get(member) is not None}
    if not present:
        _check_needed(action, by_member)
    for member, placeholders in by_member.items():
        if not placeholders:
            raise _refused(f"{member} must not be empty")
        for placeholder in placeholders:
            if _FORMS[member].fullmatch(placeholder) is None:
                raise _refused(f'{member} contains invalid key: Syntax error; key: "{placeholder}"')
    used: set[str] = set()
    for member, expression in present.items():
        check_expression(member, expression, by_member.get(NAMES, {}), by_member.get(VALUES, {}))
        used.update(placeholders_of(expression))
    if present:
        _check_used(by_member, used)


def check_write(params: Params, action: str) -> None:
    """The same of PutItem, UpdateItem and DeleteItem, whose errors say how many there are.

    No other operation's do (measured in October 2026: paritysuite/dynamodb-conformance, valueLayers;
    before, in some Regions only).
    """
    try:
        check_placeholders(action, params)
    except ServiceError as error:
        text = error.message if NEEDED not in error.message else error.message.partition(": ")[0]
        raise _refused(f"{ONE_ERROR}{text}") from None


def _check_needed(action: str, by_member: Mapping[str, Params]) -> None:
    if NAMES in by_member:
        raise _refused(f"{NAMES} {NEEDED}")
    if VALUES in by_member:
        expressions = [member for member in EXPRESSIONS.get(action, ()) if member != _PROJECTION]
        are = f"{' and '.join(expressions)} {'are' if len(expressions) > 1 else 'is'} null"
        raise _refused(f"{VALUES} {NEEDED}: {are}")


@lru_cache(maxsize=1024)
def placeholders_of(expression: str) -> tuple[str, ...]:
    """The placeholders of an expression, in order."""
    return tuple(_USED.findall(expression))


def _check_used(by_member: Mapping[str, Params], used: set[str]) -> None:
    for member, placeholders in by_member.items():
        unused = [name for name in placeholders if name not in used]
        if unused:
            keys = ", ".join(unused)
            raise _refused(f"Value provided in {member} unused in expressions: keys: {{{keys}}}")


def _refused(text: str) -> ServiceError:
    return ServiceError("ValidationException", text)
