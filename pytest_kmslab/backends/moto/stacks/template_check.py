"""What CloudFormation refuses of a template as a whole, before it makes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.backends.moto.stacks.values import StackValues, as_mapping
from pytest_kmslab.templates.conditions import check_rules
from pytest_kmslab.templates.form import FOR_EACH, malformed
from pytest_kmslab.templates.functions import resolve
from pytest_kmslab.templates.problem import TemplateProblemError
from pytest_kmslab.templates.references import circle, spoken_of, unresolved, unresolved_text

NO_TEXT = "Template format error: The Value field of every Outputs member must evaluate to a String."
NO_RESOURCES = "Template format error: At least one Resources member must be defined."

KNOWN_TRANSFORMS = (
    "AWS::CodeDeployBlueGreen",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-",
    "AWS::Serverless-",
)
"""How the names of transforms begin without which a template says the same to us: what SAM would expand is
refused by its types, a loop by its name, and what is added to functions is not decided."""


def check_form(template: Mapping[str, Any]) -> None:
    """Raise TemplateProblemError for a template that CloudFormation would not take, whatever is given."""
    resources = template.get("Resources")
    if not isinstance(resources, Mapping) or not resources:
        raise TemplateProblemError(NO_RESOURCES)
    for text in _problems(template, resources):
        raise TemplateProblemError(text)


def _problems(template: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    for name in _transforms(template.get("Transform")):
        if not name.startswith(KNOWN_TRANSFORMS):
            yield _transform_refusal(name)
    for name, resource in resources.items():
        if str(name).startswith(FOR_EACH):
            yield f"pytest-kmslab: `{name}` is a loop, which moto does not write out: give what it stands for"
        elif not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            what = "Every Resources object must contain a Type member."
            yield f"Template format error: [/Resources/{name}] {what}"
        elif "Fn::Transform" in resource:
            yield f"pytest-kmslab: moto does not expand `Fn::Transform`, which `{name}` has"
    for output in as_mapping(template.get("Outputs")).values():
        if "Value" not in as_mapping(output):
            yield "Template format error: Every Outputs member must contain a Value object"
    yield from (problem.text for problem in malformed(template))
    yield from (problem.text for problem in unresolved(template))


def _transforms(transform: Any) -> Iterator[str]:
    for entry in as_list(transform):
        if entry is not None:
            yield str(entry.get("Name") if isinstance(entry, Mapping) else entry)


def _transform_refusal(name: str) -> str:
    """No macro can be registered with moto, and what AWS's own would do is not done."""
    if name.startswith("AWS::"):
        return (
            f"pytest-kmslab: moto does not expand the transform {name}: deploy what it makes of the template"
        )
    return f"No transform named {name} found."


def check_stack(template: Mapping[str, Any], resources: Any) -> None:
    """Raise TemplateProblemError for a template that cannot be made with these parameters and conditions."""
    values = StackValues(resources)
    check_rules(as_mapping(template.get("Rules")), values)
    wanted = {name: part for name, part in template["Resources"].items() if _is_wanted(part, values)}
    for part in wanted.values():
        # A function may say it: what it says is not looked at for the first time when the stack is deleted.
        resolve([part.get(attribute) for attribute in ("DeletionPolicy", "UpdateReplacePolicy")], values)
    left_out = template["Resources"].keys() - wanted.keys()
    outputs = as_mapping(template.get("Outputs"))
    shown = {name: part for name, part in outputs.items() if _is_wanted(part, values)}
    for output in shown.values():
        _check_output(output, template["Resources"], values)
    for section, members in (("Resources", wanted), ("Outputs", shown)):
        for value in members.values():
            _check_left_out(section, value, left_out, values)
    names = circle(wanted, values.holds)
    if names:
        raise TemplateProblemError(f"Circular dependency between resources: [{', '.join(names)}]")


def _check_output(output: Any, resources: Mapping[str, Any], values: StackValues) -> None:
    """Of an output that no resource is in, value and export are known before anything is made."""
    for value in (output["Value"], as_mapping(output.get("Export")).get("Name")):
        named = spoken_of("Outputs", {"Value": value}, values.holds)
        if not any(reference.name in resources for reference in named):
            check_text(resolve(value, values))


def check_text(value: Any) -> None:
    """Raise TemplateProblemError for the value of an output that is no text."""
    if isinstance(value, list | dict):
        raise TemplateProblemError(NO_TEXT)


def _is_wanted(member: Any, values: StackValues) -> bool:
    condition = as_mapping(member).get("Condition")
    return not isinstance(condition, str) or values.holds(condition)


def _check_left_out(section: str, value: Any, left_out: Any, values: StackValues) -> None:
    """Raise TemplateProblemError where something is made of what a condition leaves out. To come after it is
    no matter."""
    own = {name: member for name, member in as_mapping(value).items() if name != "DependsOn"}
    for reference in spoken_of(section, own, values.holds):
        if reference.kind != "Conditions" and reference.name in left_out:
            raise TemplateProblemError(unresolved_text(reference.name, section))
