"""What is given with a template: parameters and capabilities, held to what the template says of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pytest_kmslab.arguments import check_text, wrong_type
from pytest_kmslab.errors import TemplateError
from pytest_kmslab.lab.arguments import names_of
from pytest_kmslab.lab.templates.template import Template
from pytest_kmslab.templates.form import STACK_NAME
from pytest_kmslab.templates.parameters import broken_constraint, is_secret

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

DEFAULT_NAME = "kmslab-stack"
LONGEST_NAME = 128 - 24
"""Characters of a name that is to be made unique:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""

ParameterValue = str | int | float | bool | Iterable[Any]


def stack_name(name: str | None) -> str:
    """The name of a stack before it is made unique; raises TemplateError for one that no stack can have."""
    if name is None:
        return DEFAULT_NAME
    if not STACK_NAME.fullmatch(check_text("name", name)) or len(name) > LONGEST_NAME:
        raise TemplateError(
            f"`name` `{name}` is no name of a stack: letters, digits and hyphens, a letter first, at most "
            f"{LONGEST_NAME}"
        )
    return name


def stack_parameters(
    template: Template, parameters: Mapping[str, ParameterValue] | None
) -> list[dict[str, str]]:
    """The parameters as CreateStack takes them; raises TemplateError for what the template does not take."""
    if parameters is not None and not isinstance(parameters, Mapping):
        raise wrong_type("parameters", "a dict of the template's parameters", parameters)
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
    defaults = {name: _text(name, one["Default"]) for name, one in declared.items() if "Default" in one}
    for name, text in {**defaults, **texts}.items():
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
    broken = broken_constraint(parameter, text)
    if broken:
        told = "" if is_secret(parameter) else f" `{broken.value}`"
        # A pattern says little to a person: whoever wrote the template may have said it in words.
        described = broken.constraint == "AllowedPattern" and parameter.get("ConstraintDescription")
        words = str(described) if described else _WORDS[broken.constraint].format(broken.limit)
        raise template.error(f"`parameters[{name!r}]`{told} {words}", "Parameters", name)


_WORDS = {
    "AllowedPattern": "does not fit the `AllowedPattern` `{}`",
    "AllowedValues": "is none of the `AllowedValues` {}",
    "MaxLength": "is longer than its `MaxLength` {}",
    "MaxValue": "is more than its `MaxValue` {}",
    "MinLength": "is shorter than its `MinLength` {}",
    "MinValue": "is less than its `MinValue` {}",
    "Number": "is no number",
}


def stack_capabilities(template: Template, names: Iterable[str] | str | None) -> list[str]:
    """The capabilities as CreateStack takes them, all for None; raises TemplateError where one lacks."""
    capabilities = list(CAPABILITIES if names is None else names_of("capabilities", names))
    for capability in capabilities:
        if capability not in CAPABILITIES:
            known = ", ".join(f"`{one}`" for one in CAPABILITIES)
            near = get_close_matches(str(capability).upper(), CAPABILITIES, 1)
            hint = f": did you mean `{near[0]}`?" if near else ""
            raise TemplateError(f"`capabilities` has `{capability}`, which is none of {known}{hint}")
    _check_iam(template, capabilities)
    # What macros make of a template is acknowledged before anybody has seen it:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
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
        # Of the two the stronger one is enough for what has no name of its own.
        needed = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}
        if not needed & set(capabilities):
            text = f"`{name}` is of IAM, for which `capabilities` needs `{min(needed)}`"
            raise template.error(text, "Resources", name)
