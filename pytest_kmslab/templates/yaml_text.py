"""YAML as CloudFormation reads it: with the short forms of its functions, and the line of each name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import Any

import yaml

YAMLError = yaml.YAMLError

_NO_ALIASES = "YAML aliases are not allowed in CloudFormation templates."
"""Of aliases (`*name`); anchors (`&name`) alone are taken. Recorded by people:
github.com/seeebiii/aws-cloudformation-templates, issue 1."""


class AliasError(yaml.MarkedYAMLError):  # type: ignore[misc]  # PyYAML has no types
    """An alias, which CloudFormation refuses in words of their own."""


NO_PREFIX = frozenset({"Ref", "Condition"})
"""The functions that are no `Fn::`."""

Lines = dict[tuple[str, ...], int]
"""The line that each name of the two outer levels stands in: of `Parameters`, of `Parameters`, `Stage`."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Takes dates for text, as JSON would have them: `Version: 2012-10-17` is no date in a template."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Raises AliasError for an alias: one of a node around it would never end."""
        if self.check_event(yaml.AliasEvent):
            raise AliasError(problem=_NO_ALIASES, problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: Any) -> None:
        """Merges nothing: `<<` is a name like any other, as to CloudFormation."""


def _function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    value = _value(loader, node)
    # The short form takes a text with a dot where the long one takes a list.
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in NO_PREFIX else f"Fn::{name}": value}


def _value(loader: _Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _function)
for _tag in ("merge", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.construct_yaml_str)


def parse(text: str) -> Any:
    """What a text says; raises yaml.YAMLError."""
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise YAMLError("nested too deeply") from None
    except ValueError as error:  # what says that it is a number and is none
        raise YAMLError(str(error)) from None


def lines(text: str) -> Lines:
    """Where the names of a text stand, counted from 1; empty for what is no mapping."""
    line_of_name: Lines = {}
    try:
        # Composed and not constructed: lines need no values, so the short forms need no constructor.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return line_of_name
    for section, name in _members(root):
        line_of_name[section.value,] = section.start_mark.line + 1
        for member, _ in _members(name):
            line_of_name[section.value, member.value] = member.start_mark.line + 1
    return line_of_name


def _members(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def error_line(error: yaml.YAMLError) -> int:
    """The line that an error is about; 0 where it does not say."""
    mark = getattr(error, "problem_mark", None)
    return 0 if mark is None else int(mark.line) + 1


def error_text(error: yaml.YAMLError) -> str:
    """What is wrong, without the place."""
    return str(getattr(error, "problem", None) or error)
