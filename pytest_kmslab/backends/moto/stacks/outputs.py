"""The outputs of a stack: texts, as CloudFormation wants them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnsupportedAttribute, ValidationError

from pytest_kmslab.backends.moto.stacks.template_check import check_text
from pytest_kmslab.backends.moto.stacks.types import TYPES
from pytest_kmslab.backends.moto.stacks.values import as_mapping, clean_json
from pytest_kmslab.templates.functions import text_of
from pytest_kmslab.templates.problem import TemplateProblemError


def parse_output(name: str, output: Any, resources: Any) -> Any:
    """moto's object of an output; None for one that a condition leaves out, and of what moto did not make.

    Raises moto's ValidationError for a value that is no text.
    """
    if "Condition" in output and not resources.lazy_condition_map[output["Condition"]]:
        return None
    value = clean_json(output["Value"], resources)
    if value is None:
        return None
    try:
        check_text(value)
    except TemplateProblemError as error:
        raise ValidationError(message=error.text) from error
    description: Any = output.get("Description")
    return parsing.Output(name, text_of(value), description)


def check_outputs(stack: Any) -> None:
    """Raise moto's ValidationError for outputs that cannot be told, or two exports of one name."""
    for output in stack.output_map.values():
        assert output is None or isinstance(output.value, str)
    names = [export.name for export in stack.exports]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValidationError(message=f"Template format error: Export with name {twice} is there twice")


def check_attributes(resources: Any) -> None:
    """Raise moto's error for an output that is an attribute which its resource does not have."""
    raws = as_mapping(resources._template.get("Resources"))
    for output in as_mapping(resources._template.get("Outputs")).values():
        name, _, attribute = _named(as_mapping(output).get("Value")).partition(".")
        condition = output.get("Condition")
        # An output whose condition does not hold is not made, whatever it names.
        is_made = condition is None or resources.lazy_condition_map[condition]
        if name not in raws or not attribute or not is_made:
            continue
        kind = raws[name]["Type"]
        if not _has(kind, attribute):
            raise UnsupportedAttribute(resource=kind.rpartition(":")[2], attr=attribute)


def _named(value: Any) -> str:
    """The resource and the attribute that a value is, with a dot between; empty for any other value."""
    said = as_mapping(value).get("Fn::GetAtt", "")
    return ".".join(map(str, said)) if isinstance(said, list) else str(said)


def _has(type_name: str, attribute: str) -> bool:
    """Whether resources of a type have an attribute; of what moto does not make nothing is known."""
    if type_name in TYPES:
        return attribute in TYPES[type_name].attributes
    model = parsing.get_model_map().get(type_name)
    return model is None or bool(model.has_cfn_attr(attribute))
