"""What a template speaks of is in it: CloudFormation refuses it otherwise, and emulators do not.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple, Protocol

from pytest_kmslab.errors import TemplateError

_VARIABLE = re.compile(r"\$\{\s*([^!}\s][^}]*?)\s*\}")
"""A variable of `Fn::Sub`; `${!Literal}` is none."""
_PSEUDO = "AWS::"
"""What the names of pseudo parameters begin with."""


class Reading(Protocol):
    """A template that is being read."""

    @property
    def content(self) -> Mapping[str, Any]:
        """What it says."""

    def error(self, text: str, *path: str) -> TemplateError:
        """An error about what stands at a path."""


class Named(NamedTuple):
    """Something that a template speaks of."""

    kind: str
    """The section that has to have it: `Resources`, `Conditions`, `Mappings`; empty for what `Ref` takes."""
    name: str


def check_references(template: Reading) -> None:
    """Raise TemplateError where a template speaks of what it does not have, or goes round in a circle.

    Macros and modules make what others speak of, so nothing is known of a template that has them.
    """
    if _is_expanded_later(template):
        return
    declared = {section: set(_section(template, section)) for section in _SECTIONS}
    declared[""] = declared["Resources"] | declared["Parameters"]
    for section in ("Conditions", "Resources", "Outputs"):
        for name, value in _section(template, section).items():
            for named in _spoken_of(section, value):
                if named.name not in declared[named.kind]:
                    text = (
                        f"`{name}` speaks of {_WORDS[named.kind]} `{named.name}`, which the template has not"
                    )
                    raise template.error(text, section, name)
    _check_order(template)


_SECTIONS = ("Parameters", "Resources", "Conditions", "Mappings")
_WORDS = {
    "": "a resource or parameter",
    "Resources": "a resource",
    "Conditions": "a condition",
    "Mappings": "a mapping",
}


def _is_expanded_later(template: Reading) -> bool:
    resources = _section(template, "Resources").values()
    if "Transform" in template.content or not all(isinstance(resource, Mapping) for resource in resources):
        return True  # a loop of Fn::ForEach is a list
    return any(str(resource["Type"]).endswith("::MODULE") for resource in resources)


def _section(template: Reading, name: str) -> Mapping[str, Any]:
    section = template.content.get(name)
    return section if isinstance(section, Mapping) else {}


def _check_order(template: Reading) -> None:
    """A condition may take a resource away, and with it a circle: that is left to CloudFormation."""
    if "Conditions" in template.content:
        return
    resources = _section(template, "Resources")
    needed = {
        name: {named.name for named in _spoken_of("Resources", resource)} & resources.keys()
        for name, resource in resources.items()
    }
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        names = ", ".join(f"`{name}`" for name in circle)
        raise template.error(f"{names} can be made only after one another", "Resources", circle[0]) from None


def _spoken_of(section: str, value: Any) -> Iterator[Named]:
    if section != "Conditions" and isinstance(value, Mapping):
        if isinstance(value.get("Condition"), str):
            yield Named("Conditions", value["Condition"])
        after = value.get("DependsOn", ())
        yield from (Named("Resources", str(name)) for name in ([after] if isinstance(after, str) else after))
    yield from _functions(value, in_conditions=section == "Conditions")


def _functions(value: Any, *, in_conditions: bool) -> Iterator[Named]:
    """What the functions in a value name."""
    if isinstance(value, list):
        for member in value:
            yield from _functions(member, in_conditions=in_conditions)
    if not isinstance(value, Mapping):
        return
    if len(value) == 1:
        ((function, argument),) = value.items()
        yield from _of_function(str(function), argument, in_conditions=in_conditions)
    for member in value.values():
        yield from _functions(member, in_conditions=in_conditions)


def _of_function(function: str, argument: Any, *, in_conditions: bool) -> Iterator[Named]:
    first = argument[0] if isinstance(argument, list) and argument else argument
    if not isinstance(first, str):
        return
    if function == "Ref" and not first.startswith(_PSEUDO):
        yield Named("", first)
    elif function == "Fn::GetAtt":
        yield Named("Resources", first.partition(".")[0])
    elif function == "Fn::If" or (in_conditions and function == "Condition"):
        yield Named("Conditions", first)
    elif function == "Fn::FindInMap":
        yield Named("Mappings", first)
    elif function == "Fn::Sub":
        own = argument[1] if isinstance(argument, list) and isinstance(argument[-1], Mapping) else {}
        for variable in _VARIABLE.findall(first):
            if variable not in own and not variable.startswith(_PSEUDO):
                name, dot, _ = variable.partition(".")
                yield Named("Resources" if dot else "", name)
