"""What is given with a template: parameters and capabilities, held to what the template says of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pytest_kmslab.errors import TemplateError
from pytest_kmslab.lab.templates.template import Template

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
"""What `cdk deploy` acknowledges for whoever calls it."""

IAM_TYPES = frozenset(
    f"AWS::IAM::{name}"
    for name in (
        "AccessKey",
        "Group",
        "InstanceProfile",
        "ManagedPolicy",
        "Policy",
        "Role",
        "User",
        "UserToGroupAddition",
    )
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""

NAMES = frozenset({"GroupName", "InstanceProfileName", "ManagedPolicyName", "RoleName", "UserName"})
"""The properties by which such a resource has a name of its own."""

NAMED_TYPES = IAM_TYPES - {f"AWS::IAM::{name}" for name in ("AccessKey", "Policy", "UserToGroupAddition")}

ParameterValue = str | int | float | bool | Iterable[Any]


def stack_parameters(
    template: Template, parameters: Mapping[str, ParameterValue] | None
) -> list[dict[str, str]]:
    """The parameters as CreateStack takes them; raises TemplateError for what the template does not take."""
    values = dict(parameters or {})
    declared = template.parameters
    for name in values:
        if name not in declared:
            raise template.error(
                f"`parameters[{name!r}]` is no parameter of the template{_near(name, declared)}"
            )
    for name, parameter in declared.items():
        if name not in values and "Default" not in parameter:
            text = f"`parameters` has no `{name}`, for which the template has no default"
            raise template.error(text, "Parameters", name)
    texts = {name: _text(name, value) for name, value in values.items()}
    for name, text in texts.items():
        _check(template, name, text)
    return [{"ParameterKey": name, "ParameterValue": text} for name, text in texts.items()]


def _near(name: str, declared: Iterable[str]) -> str:
    near = get_close_matches(name, declared, 1)
    known = ", ".join(f"`{one}`" for one in declared) or "none"
    return f": did you mean `{near[0]}`?" if near else f", which has {known}"


def _text(name: str, value: Any) -> str:
    """A value as CloudFormation takes it: a list with commas, `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        return ",".join(_text(name, one) for one in value)
    kind = type(value).__name__
    raise TemplateError(f"`parameters[{name!r}]` must be a text, a number or a list of them, not a `{kind}`")


def _check(template: Template, name: str, text: str) -> None:
    """Raise TemplateError for a value that the template refuses; a secret one is not told."""
    parameter = template.parameters[name]
    if str(parameter["Type"]).startswith("AWS::SSM::"):
        return  # the value is the name of a parameter in the store
    of_list = parameter["Type"] == "CommaDelimitedList" or str(parameter["Type"]).startswith("List<")
    for value in text.split(",") if of_list else [text]:
        broken = _broken_constraint(parameter, value.strip() if of_list else value)
        if broken:
            secret = str(parameter.get("NoEcho")).lower() == "true"
            told = "" if secret else f" `{value}`"
            raise template.error(f"`parameters[{name!r}]`{told} {broken}", "Parameters", name)


def _broken_constraint(parameter: Mapping[str, Any], value: str) -> str:
    """What a value breaks of its parameter's declaration; empty where it keeps all."""
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list) and value not in map(_plain, allowed):
        return f"is none of the `AllowedValues` {', '.join(f'`{_plain(one)}`' for one in allowed)}"
    pattern = parameter.get("AllowedPattern")
    if isinstance(pattern, str) and not _fits(pattern, value):
        return str(parameter.get("ConstraintDescription") or f"does not fit the `AllowedPattern` `{pattern}`")
    if parameter["Type"] in ("Number", "List<Number>"):
        return _broken_number(parameter, value)
    limits = parameter.get("MinLength"), parameter.get("MaxLength")
    return _outside(len(value), limits, ("shorter than its `MinLength`", "longer than its `MaxLength`"))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # Java's, which Python does not read: CloudFormation will say


def _broken_number(parameter: Mapping[str, Any], value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return "is no number"
    limits = parameter.get("MinValue"), parameter.get("MaxValue")
    return _outside(number, limits, ("less than its `MinValue`", "more than its `MaxValue`"))


def _outside(size: float, limits: tuple[Any, Any], words: tuple[str, str]) -> str:
    least, most = (None if limit is None else float(limit) for limit in limits)
    if least is not None and size < least:
        return f"is {words[0]}"
    return f"is {words[1]}" if most is not None and size > most else ""


def stack_capabilities(template: Template, names: Iterable[str] | str) -> list[str]:
    """The capabilities as CreateStack takes them; raises TemplateError where one lacks that is needed."""
    capabilities = [names] if isinstance(names, str) else list(names)
    for capability in capabilities:
        if capability not in CAPABILITIES:
            known = ", ".join(f"`{one}`" for one in CAPABILITIES)
            raise TemplateError(f"`capabilities` has `{capability}`, which is none of {known}")
    _check_iam(template, capabilities)
    if "Transform" in template.content and "CAPABILITY_AUTO_EXPAND" not in capabilities:
        text = "the template has a `Transform`, for which `capabilities` needs `CAPABILITY_AUTO_EXPAND`"
        raise template.error(text, "Transform")
    return capabilities


def _check_iam(template: Template, capabilities: list[str]) -> None:
    for name, resource in template.resources.items():
        if resource["Type"] not in IAM_TYPES:
            continue
        properties = resource.get("Properties")
        named = (
            resource["Type"] in NAMED_TYPES and isinstance(properties, Mapping) and NAMES & set(properties)
        )
        needed = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}
        if not needed & set(capabilities):
            text = f"`{name}` is of IAM, for which `capabilities` needs `{min(needed)}`"
            raise template.error(text, "Resources", name)
