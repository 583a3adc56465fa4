"""The order of a template's resources, and what in them refers to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.templates.functions import VARIABLE
from pytest_kmslab.templates.references import spoken_of

LookUp = Callable[[Mapping[str, Any]], Any]
"""Answers the value of one intrinsic function, and of `Fn::If` the branch that is taken."""


def references(resource: Any) -> list[str]:
    """The resources and parameters that a resource names, by functions or as what it comes after."""
    return [named.name for named in spoken_of("Resources", resource) if named.kind in ("", "Resources")]


def in_order(resources: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The names so that each comes after what it refers to."""
    ordered: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered or name in path:
            return
        for other in references(resources[name]):
            if other in resources:
                visit(other, (*path, name))
        ordered[name] = None

    for name in names:
        visit(name, ())
    wanted = set(names)
    return [name for name in ordered if name in wanted]


def missing_value(value: Any, look_up: LookUp) -> str | None:
    """What of a template refers to nothing: a resource that moto does not make, an attribute it lacks.

    moto leaves out what it cannot resolve, and a condition that is left out restricts nobody.
    """
    if isinstance(value, list):
        return next(filter(None, (missing_value(item, look_up) for item in value)), None)
    if not isinstance(value, dict):
        return None
    if len(value) == 1:
        kind, argument = next(iter(value.items()))
        if kind == "Fn::If":
            # Only the branch that is taken: the other may refer to what another condition leaves out.
            return missing_value(look_up(value), look_up)
        if kind == "Fn::Sub":
            return _missing_in_sub(argument, look_up)
        if kind in ("Ref", "Fn::GetAtt") and argument != "AWS::NoValue":
            return None if look_up(value) is not None else ".".join(map(str, as_list(argument)))
    return missing_value(list(value.values()), look_up)


def _missing_in_sub(value: Any, look_up: LookUp) -> str | None:
    text, own = value if isinstance(value, list) and len(value) == 2 else (value, {})
    if not isinstance(text, str) or not isinstance(own, Mapping):
        return None  # told when it is resolved
    for literal, variable in VARIABLE.findall(str(text)):
        name = str(variable).strip()
        if literal or name in own:
            continue
        function = {"Fn::GetAtt": name.split(".", 1)} if "." in name else {"Ref": name}
        if look_up(function) is None:
            return name
    return missing_value(list(own.values()), look_up)
