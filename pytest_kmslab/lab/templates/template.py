"""A CloudFormation template as somebody gives it: a file, a dict, JSON or YAML text.

It is read before anything is made, and an error names the argument, the file, and the line where there is
one. CloudFormation gets the text as it was given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_kmslab.arguments import refusal_text
from pytest_kmslab.cases.input_file import read_input
from pytest_kmslab.errors import TemplateError
from pytest_kmslab.templates.form import FOR_EACH, malformed
from pytest_kmslab.templates.references import circle, is_expanded_later, section_of, unresolved

TemplateSource = Path | Mapping[str, Any] | str
"""A template: the file of one, a dict, or JSON or YAML text."""

TEMPLATE = "the `pathlib.Path` of a template, a dict, or JSON or YAML text"

LARGEST_BODY = 51_200
"""Bytes of a template that is sent and not kept in a bucket.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

DELETING = "Delete"
"""The policy of what goes with its stack, and of what has none:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""


@dataclass(frozen=True)
class Template:
    """A template that was read."""

    where: str
    """How an error calls it: the argument, and the file if it is one."""
    text: str
    content: Mapping[str, Any]
    has_lines: bool
    """Whether somebody wrote the text, so that its lines say something."""

    @property
    def body(self) -> str:
        """What CloudFormation is sent: the text, or the same in fewer bytes where it would be too long."""
        if len(self.text.encode()) <= LARGEST_BODY:
            return self.text
        return json.dumps(self.content, separators=(",", ":"))

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """What it declares under `Parameters`, by name."""
        declared = section_of(self.content, "Parameters").items()
        return {str(name): one for name, one in declared if isinstance(one, Mapping)}

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """What it declares under `Resources`, by logical id."""
        declared = section_of(self.content, "Resources").items()
        return {str(name): one for name, one in declared if isinstance(one, Mapping)}

    @property
    def retained(self) -> frozenset[str]:
        """The logical ids of what may outlive the stack: by a function it may, too.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/function-refs-in-policy-attributes.html
        """
        policies = ("DeletionPolicy", "UpdateReplacePolicy")
        return frozenset(
            name
            for name, resource in self.resources.items()
            if any((resource.get(policy) or DELETING) != DELETING for policy in policies)
        )

    @cached_property
    def _lines(self) -> Mapping[tuple[str, ...], int]:
        from pytest_kmslab.templates import yaml_text

        return yaml_text.lines(self.text) if self.has_lines else {}

    def error(self, text: str, *path: str) -> TemplateError:
        """An error about what stands at a path: `Parameters`, `Stage`."""
        line = self._lines.get(path, 0)
        return TemplateError(f"{self.where}{f', line {line}' if line else ''}: {text}")


def read_template(source: TemplateSource) -> Template:
    """The template of an argument; raises TemplateError for what is none."""
    where, text = "`template`", source
    if isinstance(source, Path):
        where += f", file `{source}`"
        text = read_input(source, lambda why: TemplateError(f"{where}: {why}"))
    elif isinstance(source, Mapping):
        try:
            text = json.dumps(dict(source))
        except (TypeError, ValueError) as error:
            raise TemplateError(f"{where}: {error}") from None
    if not isinstance(text, str):
        raise TemplateError(refusal_text("template", TEMPLATE, source))
    content = _parsed(where, text)
    if not isinstance(content, Mapping):
        if not isinstance(source, Path):
            raise TemplateError(refusal_text("template", TEMPLATE, source))
        raise TemplateError(f"{where} is no template but a `{type(content).__name__}`")
    template = Template(where, text, content, not isinstance(source, Mapping))
    _check(template)
    return template


def _check(template: Template) -> None:
    resources = template.content.get("Resources")
    if not isinstance(resources, Mapping) or not resources:
        raise template.error("has no `Resources`, of which a template needs one at least", "Resources")
    for name, resource in resources.items():
        if str(name).startswith(FOR_EACH):
            continue
        if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            raise template.error(f"resource `{name}` has no `Type`", "Resources", str(name))
    parameters = template.content.get("Parameters") or {}
    if not isinstance(parameters, Mapping):
        raise template.error("`Parameters` is no object", "Parameters")
    for name, parameter in parameters.items():
        if not isinstance(parameter, Mapping) or not isinstance(parameter.get("Type"), str):
            raise template.error(f"parameter `{name}` has no `Type`", "Parameters", str(name))
    for found in malformed(template.content):
        raise template.error(found.text, *found.path)
    _check_references(template)


_WORDS = {
    "": "a resource or parameter",
    "Resources": "a resource",
    "Conditions": "a condition",
    "Mappings": "a mapping",
}


def _check_references(template: Template) -> None:
    """Raise TemplateError where a template speaks of what it does not have, or goes round in a circle."""
    if is_expanded_later(template.content):
        return
    for missing in unresolved(template.content):
        what = f"{_WORDS[missing.named.kind]} `{missing.named.name}`"
        text = f"`{missing.by}` speaks of {what}, which the template has not"
        raise template.error(text, missing.section, missing.by)
    # A condition may take a resource away, and with it a circle: that is left to CloudFormation.
    names = [] if "Conditions" in template.content else circle(template.resources)
    if names:
        told = ", ".join(f"`{name}`" for name in names)
        raise template.error(f"{told} can be made only after one another", "Resources", names[0])


def _parsed(where: str, text: str) -> Any:
    # YAML may begin with a brace too. What is neither was meant as JSON, whose error says more.
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            not_json = TemplateError(f"{where}, line {error.lineno}: {error.msg}")
        except RecursionError:
            raise TemplateError(f"{where}: nested too deeply") from None
        try:
            return _of_yaml(where, text)
        except TemplateError:
            raise not_json from None
    return _of_yaml(where, text)


def _of_yaml(where: str, text: str) -> Any:
    from pytest_kmslab.templates import yaml_text

    try:
        return yaml_text.parse(text)
    except yaml_text.YAMLError as error:
        line = yaml_text.error_line(error)
        message = f"{where}{f', line {line}' if line else ''}: {yaml_text.error_text(error)}"
        raise TemplateError(message) from None
