"""What a template speaks of, and what of that it does not have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from pytest_kmslab.templates.functions import VARIABLE

_PSEUDO = "AWS::"
"""What the names of pseudo parameters begin with."""
_SECTIONS = ("Parameters", "Resources", "Conditions", "Mappings")

Holds = Callable[[str], bool]
"""Whether a condition holds."""


class Named(NamedTuple):
    """Something that a template speaks of."""

    kind: str
    """The section that has to have it: `Resources`, `Conditions`, `Mappings`; empty for what `Ref` takes."""
    name: str


class Unresolved(NamedTuple):
    """Something that a template speaks of and does not have."""

    section: str
    """Where it speaks of it: `Resources` …"""
    by: str
    """The name of what speaks of it."""
    named: Named

    @property
    def text(self) -> str:
        """What CloudFormation says of it."""
        kind, name = self.named
        if kind == "Mappings":
            where = "in the 'Mappings' section of template."
            return f"Template error: Mapping named '{name}' is not present {where}"
        if kind == "Conditions":
            what = f"Unresolved condition dependency {name} in the {self.section} block of the template"
            return f"Template format error: {what}"
        return unresolved_text(name, self.section)


def unresolved_text(name: str, section: str) -> str:
    """What CloudFormation says of a resource or parameter that a section speaks of and nobody makes."""
    what = f"Unresolved resource dependencies [{name}] in the {section} block of the template"
    # Of outputs it was recorded without those words: moto's verified tests, terraform-provider-aws's.
    return what if section == "Outputs" else f"Template format error: {what}"


def is_expanded_later(content: Mapping[str, Any]) -> bool:
    """Whether macros or modules make what others speak of, so that nothing is known of a template."""
    resources = section_of(content, "Resources").values()
    if "Transform" in content or not all(isinstance(one, Mapping) for one in resources):
        return True  # a loop of Fn::ForEach is a list
    return any(str(one.get("Type")).endswith("::MODULE") for one in resources)


def section_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A section of a template; an empty one where it has none."""
    section = content.get(name)
    return section if isinstance(section, Mapping) else {}


def unresolved(content: Mapping[str, Any]) -> Iterator[Unresolved]:
    """All that a template speaks of and does not have."""
    declared = {section: set(section_of(content, section)) for section in _SECTIONS}
    # `Ref` takes either, and does not say which it means.
    declared[""] = declared["Resources"] | declared["Parameters"]
    for section in ("Conditions", "Resources", "Outputs"):
        for name, value in section_of(content, section).items():
            for named in spoken_of(section, value):
                if named.name not in declared[named.kind]:
                    yield Unresolved(section, str(name), named)


def circle(resources: Mapping[str, Any], holds: Holds | None = None) -> list[str]:
    """Resources that can be made only after one another; none where there is an order.

    With `holds` only the branches of `Fn::If` that are taken count.
    """
    needed = {
        name: {named.name for named in spoken_of("Resources", one, holds)} & resources.keys()
        for name, one in resources.items()
    }
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        # graphlib tells the circle with its first name at both ends.
        return list(dict.fromkeys(error.args[1]))
    return []


def spoken_of(section: str, value: Any, holds: Holds | None = None) -> Iterator[Named]:
    """What a condition, a resource or an output names."""
    if section != "Conditions" and isinstance(value, Mapping):
        if isinstance(value.get("Condition"), str):
            yield Named("Conditions", value["Condition"])
        after = value.get("DependsOn", ())
        yield from (Named("Resources", str(one)) for one in ([after] if isinstance(after, str) else after))
    yield from _functions(value, section == "Conditions", holds)


def _functions(value: Any, in_conditions: bool, holds: Holds | None) -> Iterator[Named]:
    """What the functions in a value name."""
    if isinstance(value, list):
        for one in value:
            yield from _functions(one, in_conditions, holds)
    if not isinstance(value, Mapping):
        return
    if len(value) == 1:
        ((function, argument),) = value.items()
        yield from _of_function(str(function), argument, in_conditions)
        if function == "Fn::If" and holds is not None and isinstance(argument, list) and len(argument) == 3:
            yield from _functions(argument[1 if holds(str(argument[0])) else 2], in_conditions, holds)
            return
    for one in value.values():
        yield from _functions(one, in_conditions, holds)


def _of_function(function: str, argument: Any, in_conditions: bool) -> Iterator[Named]:
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
        # A variable that the function brings itself refers to nothing.
        own = argument[1] if isinstance(argument, list) and isinstance(argument[-1], Mapping) else {}
        for literal, variable in VARIABLE.findall(first):
            name = variable.strip()
            if not literal and name not in own and not name.startswith(_PSEUDO):
                resource, dot, _ = name.partition(".")
                yield Named("Resources" if dot else "", resource)
