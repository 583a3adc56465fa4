"""What a smallest policy holds a KMS request to: the service it comes through, the data, the grant.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pytest_kmslab.authz.request import Request

_VIA = "kms:ViaService"
_CONTEXT = "kms:EncryptionContext:"
_FOR_AWS = "kms:GrantIsForAWSResource"
OPERATIONS = "kms:GrantOperations"
_OF_GRANT = (
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:RetiringPrincipal",
    "kms:RetiringServicePrincipal",
    "kms:GrantConstraintType",
    "kms:GrantConstraintSourceArn",
)
"""What a grant is besides its operations, each one value."""
_HOLDING = tuple(f"ForAnyValue:{one}" for one in ("StringEquals", "StringLike", "StringEqualsIgnoreCase"))
"""Operators that mean the same of the name of an operation: it is one of the values of the request."""


class Condition(NamedTuple):
    """One condition of a statement."""

    operator: str
    """The operator as policies write it."""
    key: str
    """The condition key."""
    values: tuple[str, ...]
    """The values, in order."""


Conditions = tuple[Condition, ...]
"""The conditions of a statement, in the order of their operators and keys."""


def conditions_of(request: Request) -> Conditions:
    """What a request of KMS is held to; none for other services.

    A request that a service makes is held to that service, and one with an encryption context to its pairs. A
    grant is held to be an AWS service's own, or to whom it is for, who retires it, how it is constrained and
    what it allows.
    """
    if not request.action.startswith("kms:"):
        return ()
    context = request.context
    via = context.get(_VIA)
    through = [Condition("StringEquals", _VIA, via)] if via else []
    # Two pairs whose names differ in case only are one condition key, which no statement can hold to both
    # values: those are left out.
    about = [
        Condition("StringEquals", name, values)
        for name, values in context.pairs()
        if name.startswith(_CONTEXT) and len(context[name]) == 1
    ]
    return tuple(sorted((*through, *about, *_grant(request))))


def _grant(request: Request) -> Iterator[Condition]:
    context = request.context
    if request.action != "kms:CreateGrant":
        return
    # To whom and for what a service makes a grant is its own choice, which this key leaves to it:
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
    if context.get(_FOR_AWS) == ("true",):
        yield Condition("Bool", _FOR_AWS, ("true",))
        return
    for key in _OF_GRANT:
        if values := context.get(key):
            yield Condition("StringEquals", key, values)
    yield from _operations(tuple(sorted(context.get(OPERATIONS) or ())))


def _operations(operations: tuple[str, ...]) -> Iterator[Condition]:
    """These operations and no others; of more than there are operators for, fewer of them too.

    `ForAllValues` alone is met by some of them too. An operator stands once in a statement, and to hold a
    request to several values takes one for each.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    if operations:
        yield Condition("ForAllValues:StringEquals", OPERATIONS, operations)
    for operator, operation in zip(_HOLDING, operations if len(operations) > 1 else (), strict=False):
        yield Condition(operator, OPERATIONS, (operation,))


def merged(one: Conditions, other: Conditions) -> Conditions | None:
    """One set of conditions that allows exactly what either of two allows; None where there is none.

    There is one where the two differ in the values of a single condition that any one of its values meets.
    """
    if [part[:2] for part in one] != [part[:2] for part in other]:
        return None
    different = [index for index, part in enumerate(one) if part != other[index]]
    if len(different) != 1 or one[different[0]].operator != "StringEquals":
        return None
    index = different[0]
    # StringEquals is met by any one of its values: both sets together allow no third thing.
    values = tuple(sorted({*one[index].values, *other[index].values}))
    return (*one[:index], one[index]._replace(values=values), *one[index + 1 :])


def element_of(conditions: Iterable[Condition]) -> dict[str, Any]:
    """The Condition element of a statement."""
    element: dict[str, dict[str, Any]] = {}
    for operator, key, values in conditions:
        texts = [literal(value) for value in values]
        element.setdefault(operator, {})[key] = texts[0] if len(texts) == 1 else texts
    return element


def literal(text: str) -> str:
    """A text as a policy writes it, so that nothing in it is a policy variable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    # `${$}` is how a policy writes a dollar sign; `*` and `?` are plain in StringEquals.
    return text.replace("$", "${$}")
