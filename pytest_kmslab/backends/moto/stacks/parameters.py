"""The parameters of a stack: held to the template's declarations, as CloudFormation holds them, and resolved.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from pytest_kmslab.templates.functions import text_of
from pytest_kmslab.templates.parameters import (
    Broken,
    Parameter,
    broken_constraint,
    is_in_store,
    is_list,
    is_secret,
    items_of,
)

SECRET = "****"
"""What CloudFormation shows of a parameter with `NoEcho`."""

Stored = Callable[[str, str], Any]
"""The value in the parameter store, given what names it there and the parameter's type."""


class ParameterTexts(dict[str, str]):
    """Values by the names of parameters; those in `secret` are shown to nobody."""

    secret: frozenset[str] = frozenset()


def parameter_texts(declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> ParameterTexts:
    """The value of each parameter as a text: what is given, or the default.

    Raises moto's ValidationError as CloudFormation refuses what does not fit.
    """
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [
        name for name, declaration in declared.items() if name not in given and "Default" not in declaration
    ]
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    texts = ParameterTexts(
        {
            name: _text(given[name] if name in given else declaration["Default"])
            for name, declaration in declared.items()
        }
    )
    texts.secret = frozenset(name for name, declaration in declared.items() if is_secret(declaration))
    for name, text in texts.items():
        broken = broken_constraint(declared[name], text)
        if broken is not None:
            raise ValidationError(message=_refusal(name, declared[name], broken))
    return texts


def _text(value: Any) -> str:
    """A value as CloudFormation takes it; a list, of a nested stack, with commas."""
    return ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def _refusal(name: str, parameter: Parameter, broken: Broken) -> str:
    described = parameter.get("ConstraintDescription")
    if described:
        return f"Parameter {name} failed to satisfy constraint: {described}"
    return f"Parameter '{name}' {_TEXTS[broken.constraint].format(broken.limit)}"


_TEXTS = {
    "AllowedPattern": "must match pattern {}",
    "AllowedValues": "must be one of AllowedValues",
    "MaxLength": "must contain at most {} characters",
    "MaxValue": "must be a number not greater than {}",
    "MinLength": "must contain at least {} characters",
    "MinValue": "must be a number not less than {}",
    "Number": "must be a number",
}


def resolved(declared: Mapping[str, Parameter], texts: Mapping[str, str], stored: Stored) -> dict[str, Any]:
    """What `Ref` answers of each parameter."""
    return {name: _resolved(str(declared[name].get("Type")), text, stored) for name, text in texts.items()}


def _resolved(kind: str, text: str, stored: Stored) -> Any:
    if is_in_store(kind):
        return stored(text, kind)
    if is_list(kind):
        items = items_of(text)
        return list(map(_number, items)) if kind == "List<Number>" else items
    return _number(text) if kind == "Number" else text


def _number(text: str) -> Any:
    """A number where it is written as Python would write it: moto's models take no texts for some."""
    return int(text) if text.lstrip("-").isdecimal() and str(int(text)) == text else text


def shown(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Parameters as CloudFormation describes them."""
    secret: Iterable[str] = getattr(texts, "secret", ())
    return [
        {"ParameterKey": name, "ParameterValue": SECRET if name in secret else text}
        for name, text in texts.items()
    ]
