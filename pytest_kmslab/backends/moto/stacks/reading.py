"""How moto reads templates and parameters while stacks are made by calls: as CloudFormation does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any
from unittest.mock import patch

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError

from pytest_kmslab.backends.moto.stacks.outputs import parse_output
from pytest_kmslab.backends.moto.stacks.parameters import shown
from pytest_kmslab.backends.moto.stacks.template_check import NO_RESOURCES
from pytest_kmslab.backends.moto.stacks.values import clean_json
from pytest_kmslab.templates import yaml_text


def parse_template(text: Any) -> Any:
    """A template as a mapping; raises moto's ValidationError for a text that is none."""
    if not isinstance(text, str):
        return text
    if text.lstrip().startswith("{"):
        # What is no JSON may still be YAML, whose flow form has braces too.
        with suppress(json.JSONDecodeError, RecursionError):
            return _with_resources(json.loads(text))
    try:
        template = yaml_text.parse(text)
    except yaml_text.AliasError as error:
        raise ValidationError(message=f"Template error: {yaml_text.error_text(error)}") from None
    except yaml_text.YAMLError as error:
        where = f"line {yaml_text.error_line(error)}, {yaml_text.error_text(error)}"
        raise ValidationError(message=f"Template format error: YAML not well-formed. ({where})") from None
    if not isinstance(template, Mapping):
        raise ValidationError(message="Template format error: unsupported structure.")
    return _with_resources(template)


def _with_resources(template: Any) -> Any:
    # Without anything it would pass for a stack that a change set is to make.
    if not template:
        raise ValidationError(message=NO_RESOURCES)
    try:
        json.dumps(template, ensure_ascii=False, default=str).encode()
    except (RecursionError, UnicodeEncodeError):
        # Half of a surrogate pair is no character; the text is inferred.
        raise ValidationError(message="Template format error: unsupported structure.") from None
    return template


def _read_change_set(change_set: Any) -> None:
    change_set.template_dict = parse_template(change_set.template)


def _texts(stack: Any) -> Any:
    return stack.resource_map.parameter_texts


def _shown(stack: Any) -> list[dict[str, str]]:
    return shown(_texts(stack))


def _updated(
    original: Callable[..., Any], instance: Any, incoming_params: list[dict[str, Any]]
) -> dict[str, str]:
    """The parameters of an update: a previous value may be the default."""
    if not isinstance(instance, models.Stack):
        values: dict[str, str] = original(instance, incoming_params)
        return values
    previous = _texts(instance)
    names = {
        parameter["ParameterKey"] for parameter in incoming_params if parameter.get("UsePreviousValue", False)
    }
    unknown = sorted(names - previous.keys())
    if unknown:
        text = (
            f"Invalid input for parameter key {unknown[0]}. Cannot specify usePreviousValue as true for a "
            "parameter key not in the previous template"
        )
        raise ValidationError(message=text)
    new_values = {
        parameter["ParameterKey"]: parameter["ParameterValue"]
        for parameter in incoming_params
        if "ParameterValue" in parameter
    }
    return {**new_values, **{name: previous[name] for name in names}}


@contextmanager
def templates_as_cloudformation_reads_them() -> Iterator[None]:
    """While this is open moto reads them so."""
    original = models.CloudFormationBackend._resolve_update_parameters

    def _previous_values(
        backend: Any, instance: Any, incoming_params: list[dict[str, Any]]
    ) -> dict[str, str]:
        return _updated(partial(original, backend), instance, incoming_params)

    shows = {**responses.CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER}
    shows["DescribeChangeSetOutput.Parameters"] = shown
    replaced: tuple[tuple[Any, str, Any], ...] = (
        (parsing, "clean_json", clean_json),
        (parsing, "parse_output", parse_output),
        (models.Stack, "parse_template", staticmethod(parse_template)),
        (models.Stack, "parameter_list", property(_shown)),
        (models.Stack, "stack_parameters", property(_texts)),
        (models.ChangeSet, "_parse_template", _read_change_set),
        (models.CloudFormationBackend, "_resolve_update_parameters", _previous_values),
        (responses.CloudFormationResponse, "RESPONSE_KEY_PATH_TO_TRANSFORMER", shows),
    )
    with ExitStack() as patches:
        for owner, name, value in replaced:
            patches.enter_context(patch.object(owner, name, value))
        yield
