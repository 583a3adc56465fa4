"""Conditions and rules of a template: whether they hold. All values are compared as texts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.templates.functions import Values, resolve, text_of
from pytest_kmslab.templates.problem import TemplateProblemError


class Conditions:
    """The conditions of one template, each looked at when it is first asked for."""

    def __init__(self, declared: Mapping[str, Any], values: Values) -> None:
        self._declared = declared
        self._values = values
        self._known: dict[str, bool] = {}
        self._path: list[str] = []

    def __getitem__(self, name: str) -> bool:
        """Whether one holds; raises TemplateProblemError for one that is none or goes round in a circle."""
        if name not in self._known:
            if name not in self._declared:
                raise TemplateProblemError(
                    f"Template error: unresolved condition dependency {name} in Fn::If"
                )
            # Conditions name one another: one that is asked for while it is looked at goes round in a circle.
            if name in self._path:
                circle = ", ".join(self._path[self._path.index(name) :])
                raise TemplateProblemError(
                    f"Template error: Circular dependency between conditions: [{circle}]"
                )
            self._path.append(name)
            try:
                self._known[name] = holds(self._declared[name], self._values)
            finally:
                self._path.pop()
        return self._known[name]

    def get(self, name: str, default: bool = False) -> bool:
        """The same; `default` for one that is none."""
        return self[name] if name in self._declared else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)


def holds(condition: Any, values: Values) -> bool:
    """Whether a condition or an assertion holds; raises TemplateProblemError for what is none."""
    if isinstance(condition, Mapping) and len(condition) == 1:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return values.holds(str(argument))
        arguments = as_list(argument)
        if name in TESTS:
            return TESTS[name](arguments, values)
        if name in MEMBERSHIPS:
            return MEMBERSHIPS[name](*_members(name, arguments, values))
    if isinstance(condition, bool) or condition in ("true", "false"):
        return text_of(condition) == "true"
    raise TemplateProblemError(
        f"Template format error: Conditions can only be boolean operations, not {condition}"
    )


def _as_text(value: Any) -> Any:
    """A value whose scalars are texts: `5`, `"5"` and a parameter of type Number are one."""
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _as_text(item) for name, item in value.items()}
    return text_of(value)


def _resolved(value: Any, values: Values) -> Any:
    resolved = resolve(value, values)
    function = (
        next((name for name in resolved if name.startswith("Fn::")), "")
        if isinstance(resolved, Mapping)
        else ""
    )
    # A function that was not resolved is none that a condition may have.
    if resolved is None or function:
        what = function or value
        raise TemplateProblemError(f"Template error: {what} cannot be used in a condition of this template")
    return _as_text(resolved)


def _not(arguments: list[Any], values: Values) -> bool:
    if len(arguments) != 1:
        raise TemplateProblemError("Template error: every Fn::Not object requires a list of 1 condition.")
    return not holds(arguments[0], values)


def _equals(arguments: list[Any], values: Values) -> bool:
    first, second = _two("Fn::Equals", arguments, values)
    return bool(first == second)


def _members(name: str, arguments: list[Any], values: Values) -> list[Any]:
    members, other = _two(name, arguments, values)
    # A part of a text would count as a member of it.
    if not isinstance(members, list) or (name == "Fn::EachMemberIn" and not isinstance(other, list)):
        raise TemplateProblemError(f"Template error: every {name} object requires a list of members.")
    return [members, other]


def _two(name: str, arguments: list[Any], values: Values) -> list[Any]:
    if len(arguments) != 2:
        raise TemplateProblemError(
            f"Template error: every {name} object requires a list of 2 string parameters."
        )
    return [_resolved(argument, values) for argument in arguments]


TESTS: Mapping[str, Callable[[list[Any], Values], bool]] = {
    "Fn::And": lambda conditions, values: all(holds(one, values) for one in conditions),
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": lambda conditions, values: any(holds(one, values) for one in conditions),
}
"""The functions of conditions: of `And` and `Or` what does not count any more is not looked at."""

MEMBERSHIPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Fn::Contains": lambda strings, wanted: wanted in strings,
    "Fn::EachMemberEquals": lambda members, wanted: all(member == wanted for member in members),
    "Fn::EachMemberIn": lambda members, others: all(member in others for member in members),
}
"""Those that only a rule's assertions have, given their two values resolved."""

_NOT_KNOWN = ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")
"""They ask for what is in the account, which is not known here: an assertion with one is taken as held."""


def check_rules(rules: Mapping[str, Any], values: Values) -> None:
    """Raise TemplateProblemError for the first assertion that does not hold."""
    for name, rule in rules.items():
        # A rule without a condition always counts.
        if "RuleCondition" in rule and (
            _asks(rule["RuleCondition"]) or not holds(rule["RuleCondition"], values)
        ):
            continue
        for assertion in rule.get("Assertions") or ():
            asserted = assertion.get("Assert")
            if not _asks(asserted) and not holds(asserted, values):
                told = assertion.get("AssertDescription") or "its assertion does not hold"
                raise TemplateProblemError(f"Template error: rule {name} failed: {told}")


def _asks(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_asks, value))
    if not isinstance(value, Mapping):
        return False
    return any(name in _NOT_KNOWN or _asks(item) for name, item in value.items())
