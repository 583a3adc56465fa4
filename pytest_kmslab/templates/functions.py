"""CloudFormation's functions in a template, resolved.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol

from pytest_kmslab.templates.problem import TemplateProblemError

NO_VALUE = {"Ref": "AWS::NoValue"}
ZONES = "abcd"
"""The Availability Zones of a Region, as moto has them."""

VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
"""A variable of `Fn::Sub`; with `!` it is none, and stands for itself without that."""


class Values(Protocol):
    """What the functions of a template stand for. Each answers None for what is not known here."""

    @property
    def region(self) -> str:
        """Of the stack."""

    def ref(self, name: str) -> Any:
        """What `Ref` answers of a parameter, resource or pseudo parameter."""

    def attribute(self, name: str, attribute: str) -> Any:
        """What `Fn::GetAtt` answers."""

    def mapping(self, name: str) -> Any:
        """A mapping of the template."""

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""

    def exported(self, name: str) -> Any:
        """The value that another stack exports; raises TemplateProblemError for none."""

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        """An output of another stack, of a Region (empty: this one) and as a role reads it (empty: as who is
        there); raises TemplateProblemError for none."""


def resolve(value: Any, values: Values) -> Any:
    """A value with its functions resolved, without what is `AWS::NoValue` or not known.

    A function that is not known stays. Raises TemplateProblemError where CloudFormation would refuse it.
    """
    if isinstance(value, list):
        # What is not known stays as None in a list: the places of the others count (`Fn::Select`).
        resolved = ((item, resolve(item, values)) for item in value)
        return [item for written, item in resolved if item is not None or written != NO_VALUE]
    if not isinstance(value, Mapping):
        return value
    # A function is a mapping of one member; one of that shape whose name is none is like any other.
    if len(value) == 1:
        ((name, argument),) = value.items()
        function = FUNCTIONS.get(name)
        if function is not None:
            return function(argument, values)
    members = ((name, resolve(item, values)) for name, item in value.items())
    return {name: item for name, item in members if item is not None}


def text_of(value: Any) -> str:
    """A scalar as CloudFormation has it in texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _arguments(function: str, argument: Any, *counts: int) -> list[Any]:
    if not isinstance(argument, list) or len(argument) not in counts:
        wanted = " or ".join(map(str, counts))
        raise TemplateProblemError(f"Template error: every {function} object requires {wanted} parameters.")
    return argument


def _get_att(argument: Any, values: Values) -> Any:
    """A resource and its attribute: a list, or in YAML a text; the attribute may have dots."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        raise TemplateProblemError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name "
            "and the resource attribute"
        )
    name, *attribute = (str(resolve(part, values)) for part in parts)
    return values.attribute(name, ".".join(attribute))


def _if(argument: Any, values: Values) -> Any:
    condition, then, otherwise = _arguments("Fn::If", argument, 3)
    return resolve(then if values.holds(str(condition)) else otherwise, values)


def _join(argument: Any, values: Values) -> Any:
    delimiter, items = _arguments("Fn::Join", argument, 2)
    resolved = resolve(items, values)
    if resolved is None or (isinstance(resolved, list) and None in resolved):
        return None
    if not isinstance(delimiter, str) or not isinstance(resolved, list):
        raise TemplateProblemError(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) "
            "a list of strings to be joined or a function that returns a list of strings (such as "
            "Fn::GetAZs) to be joined."
        )
    return delimiter.join(map(text_of, resolved))


def _split(argument: Any, values: Values) -> Any:
    delimiter, source = _arguments("Fn::Split", argument, 2)
    text = resolve(source, values)
    if not isinstance(delimiter, str) or not delimiter:
        raise TemplateProblemError("Template error: every Fn::Split object requires a delimiter.")
    return None if text is None else text_of(text).split(delimiter)


def _select(argument: Any, values: Values) -> Any:
    place, items = _arguments("Fn::Select", argument, 2)
    index, resolved = resolve(place, values), resolve(items, values)
    if resolved is None:
        return None
    try:
        number = int(index)
        # Python would count from the end, which CloudFormation does not.
        if number < 0:
            raise IndexError
        return resolved[number]
    except (IndexError, KeyError, OverflowError, TypeError, ValueError):
        text = f"Template error: Fn::Select cannot select nonexistent value at index {index}"
        raise TemplateProblemError(text) from None


def _sub(argument: Any, values: Values) -> Any:
    """One pass: what is put in is not looked at again."""
    template, own = _arguments("Fn::Sub", argument, 2) if isinstance(argument, list) else (argument, {})
    if not isinstance(template, str) or not isinstance(own, Mapping):
        raise TemplateProblemError(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. "
            "Specify a string as first argument, and an optional second argument to specify a mapping of "
            "values to replace in the string"
        )
    unknown = []

    def put(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{match[2]}}}"
        if name in own:
            value = resolve(own[name], values)
        else:
            resource, dot, attribute = name.partition(".")
            value = values.attribute(resource, attribute) if dot else values.ref(name)
        if value is None:
            unknown.append(name)
        return text_of(value)

    text = VARIABLE.sub(put, template)
    return None if unknown else text


def _find_in_map(argument: Any, values: Values) -> Any:
    arguments = _arguments("Fn::FindInMap", argument, 3, 4)
    name, *keys = (text_of(resolve(part, values)) for part in arguments[:3])
    found = values.mapping(name)
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    # A default is the fourth: the transform AWS::LanguageExtensions brings it.
    if found is None and len(arguments) == 4 and isinstance(arguments[3], Mapping):
        return resolve(arguments[3].get("DefaultValue"), values)
    if found is None:
        text = f"Template error: Unable to get mapping for {'::'.join([name, *keys])}"
        raise TemplateProblemError(text)
    return found


def _import_value(argument: Any, values: Values) -> Any:
    name = resolve(argument, values)
    return None if name is None else values.exported(text_of(name))


def _get_stack_output(argument: Any, values: Values) -> Any:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html"""
    if (
        not isinstance(argument, Mapping)
        or not {"StackName", "OutputName"} <= argument.keys() <= STACK_OUTPUT
    ):
        raise TemplateProblemError(
            "Template error: every Fn::GetStackOutput object requires StackName and OutputName, and may have "
            "Region and RoleArn."
        )
    parts = {name: resolve(part, values) for name, part in argument.items()}
    if None in parts.values():
        return None
    stack, output, region, role = (text_of(parts.get(name, "")) for name in STACK_OUTPUT)
    return values.stack_output(stack, output, region, role)


STACK_OUTPUT = dict.fromkeys(("StackName", "OutputName", "Region", "RoleArn")).keys()
"""What `Fn::GetStackOutput` takes, in this order."""


def _base64(argument: Any, values: Values) -> Any:
    text = resolve(argument, values)
    return None if text is None else base64.b64encode(text_of(text).encode()).decode()


def _cidr(argument: Any, values: Values) -> Any:
    block, count, *bits = (resolve(part, values) for part in _arguments("Fn::Cidr", argument, 2, 3))
    if block is None:
        return None
    try:
        network = ipaddress.ip_network(text_of(block))
        size = int(bits[0]) if bits else 8
        subnets = network.subnets(new_prefix=network.max_prefixlen - size)
        return [str(subnet) for subnet in islice(subnets, int(count))]
    except (OverflowError, TypeError, ValueError) as error:
        raise TemplateProblemError(
            f"Template error: Fn::Cidr cannot make blocks of {block}: {error}"
        ) from None


def _length(argument: Any, values: Values) -> Any:
    resolved = resolve(argument, values)
    if not isinstance(resolved, list | None):
        raise TemplateProblemError("Template error: every Fn::Length object requires a list.")
    return None if resolved is None else len(resolved)


FUNCTIONS: Mapping[str, Callable[[Any, Values], Any]] = {
    "Ref": lambda argument, values: values.ref(str(resolve(argument, values))),
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    # An empty Region stands for the stack's own.
    "Fn::GetAZs": lambda argument, values: [
        f"{resolve(argument, values) or values.region}{zone}" for zone in ZONES
    ],
    "Fn::GetAtt": _get_att,
    "Fn::GetStackOutput": _get_stack_output,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": lambda argument, values: json.dumps(resolve(argument, values), separators=(",", ":")),
}
"""`Fn::Transform` and `Fn::ForEach` are CloudFormation's own, and nothing that a template resolves."""
