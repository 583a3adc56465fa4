"""The parameters of a template: which types there are, and what a value breaks of its declaration.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_kmslab.templates.functions import text_of

Parameter = Mapping[str, Any]
"""A declaration."""

STORE = "AWS::SSM::Parameter::"
"""What types begin with whose value is in the parameter store, or is the name of one there."""
NAME_IN_STORE = f"{STORE}Name"

_OF_ACCOUNT = (
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
)
_LISTS = ("CommaDelimitedList", "List<Number>", "List<String>", *(f"List<{name}>" for name in _OF_ACCOUNT))
_IN_STORE = ("String", *(one for one in _LISTS if one != "List<Number>"), *_OF_ACCOUNT)
TYPES = frozenset(
    (
        "String",
        "Number",
        NAME_IN_STORE,
        *_LISTS,
        *_OF_ACCOUNT,
        *(f"{STORE}Value<{name}>" for name in _IN_STORE),
    )
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html"""


class Broken(NamedTuple):
    """What a value breaks."""

    constraint: str
    """`AllowedValues`, `AllowedPattern`, `MinLength`, `MaxLength`, `MinValue` or `MaxValue`; `Number`."""
    limit: str
    """What stands there."""
    value: str
    """The value; of a list the item."""


def is_list(kind: str) -> bool:
    """Whether a parameter of this type is a list."""
    return kind in _LISTS or (
        kind.startswith(f"{STORE}Value<") and kind[len(f"{STORE}Value<") : -1] in _LISTS
    )


def is_in_store(kind: str) -> bool:
    """Whether a parameter of this type has its value in the parameter store."""
    return kind.startswith(STORE) and kind != NAME_IN_STORE


def is_secret(parameter: Parameter) -> bool:
    """Whether its values are shown to nobody."""
    return text_of(parameter.get("NoEcho", "")).lower() == "true"


def items_of(text: str) -> list[str]:
    """The items of a list; blanks around them do not count, and nothing is an empty list."""
    return [item.strip() for item in text.split(",")] if text else []


def broken_constraint(parameter: Parameter, text: str) -> Broken | None:
    """The first constraint that a value breaks; None where it keeps all.

    The value of a parameter in the store is looked at when it is read.
    """
    kind = str(parameter.get("Type"))
    # What is given is a name in the store: the constraints hold for what stands there.
    if is_in_store(kind):
        return None
    items = items_of(text) if is_list(kind) else [text]
    return next((broken for item in items for broken in _broken(parameter, kind, item)), None)


def _broken(parameter: Parameter, kind: str, value: str) -> Iterator[Broken]:
    allowed, pattern = parameter.get("AllowedValues"), parameter.get("AllowedPattern")
    # A list in YAML may hold numbers and truths, where what is given is a text.
    if isinstance(allowed, list) and value not in map(text_of, allowed):
        yield Broken("AllowedValues", ", ".join(map(text_of, allowed)), value)
    if isinstance(pattern, str) and not _fits(pattern, value):
        yield Broken("AllowedPattern", pattern, value)
    if kind not in ("Number", "List<Number>"):
        yield from _outside(parameter, value, len(value), ("MinLength", "MaxLength"))
    elif not _NUMBER.fullmatch(value):
        yield Broken("Number", "", value)
    else:
        yield from _outside(parameter, value, float(value), ("MinValue", "MaxValue"))


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # Java's, which Python does not read: CloudFormation will say


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _outside(parameter: Parameter, value: str, size: float, names: tuple[str, str]) -> Iterator[Broken]:
    least, most = (parameter.get(name) for name in names)
    if least is not None and size < float(least):
        yield Broken(names[0], text_of(least), value)
    if most is not None and size > float(most):
        yield Broken(names[1], text_of(most), value)
