"""The Condition element: which requests a statement is meant for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.context import text_of
from pytest_kmslab.authz.operators import OPERATORS, Operator, Test
from pytest_kmslab.authz.values import read_bool
from pytest_kmslab.authz.variables import Folded
from pytest_kmslab.errors import PolicyError

_IF_EXISTS = "IfExists"
_ALL = "ForAllValues"
_ANY = "ForAnyValue"

RESOURCE_ALIASES = "kms:resourcealiases"
"""A condition key of IAM policies only."""
MOST_ALIASES = 50
"""Of one key. `kms:ResourceAliases` "is effective only when the KMS key conforms to this quota".
https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html#aliases-per-key"""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. `operator` is written as in the policy, `values` are the wanted ones.

    `holds` answers None where it cannot be told, because AWS documents no outcome: a value that is not
    of the operator's type, an operator without values, an operator without `ForAllValues:` or
    `ForAnyValue:` on a key that has several values, `kms:ResourceAliases` of a KMS key that has more
    aliases than its quota. The statement then counts against the caller: an
    Allow does not apply, a Deny does.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html

    With `ForAllValues:` and `ForAnyValue:` a key that has only empty texts is as good as absent; whether it
    is to `Null` cannot be told, since AWS's page says so and people have seen otherwise. Nor can
    `ForAnyValue:…IfExists` on an absent key: any operator with IfExists holds then, `ForAnyValue:` does
    not, say AWS's pages; an Allow was seen not to apply.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """

    operator: str
    key: str
    values: tuple[str, ...]
    row: Operator | None = field(compare=False, repr=False)
    test: Test = field(compare=False, repr=False)
    qualifier: str = ""
    if_exists: bool = False
    folded_key: str = ""
    unreadable: bool = False
    """Whether a value is one that the operator cannot read."""

    def holds(self, context: Folded) -> bool | None:
        """Whether the request meets the condition."""
        given = context.get(self.folded_key)
        if self.row is None:
            return self._null(given)
        if not given or (self.qualifier and not any(given)):
            return self._without_value(present=given is not None, negated=self.row.negated)
        if not self.values:
            return False if self.qualifier or self.if_exists else None
        if self.qualifier:
            return self._set(given, context, negated=self.row.negated)
        if len(given) > 1:
            return None
        matched = self.test(given[0], context)
        return matched if matched is None else matched is not self.row.negated

    def _without_value(self, *, present: bool, negated: bool) -> bool | None:
        if self.unreadable:
            return None
        if self.qualifier == _ALL:
            return True
        if self.qualifier == _ANY:
            return None if self.if_exists and not present else False
        return self.if_exists or negated

    def _set(self, given: Sequence[str], context: Folded, *, negated: bool) -> bool | None:
        """Of several values, each or one must hold by itself."""
        if self._over_quota(given):
            return None
        deciding = self.qualifier == _ANY
        told = [self.test(value, context) for value in given]
        if any(matched is not None and (matched is not negated) is deciding for matched in told):
            return deciding
        return None if None in told else not deciding

    def _over_quota(self, given: Sequence[str]) -> bool:
        return len(given) > MOST_ALIASES and self.folded_key == RESOURCE_ALIASES

    def _null(self, given: Sequence[str] | None) -> bool | None:
        wanted = [read_bool(value) for value in self.values]
        if given and (not any(given) or self._over_quota(given)):
            return None
        if (not given) in wanted:
            return True
        return None if None in wanted else False


def parse_conditions(element: Any, version: str) -> tuple[Condition, ...]:
    """Read a Condition element; raises PolicyError, whose message begins with the place in it."""
    if not isinstance(element, Mapping):
        raise PolicyError("Condition: not an object of operators")
    return tuple(
        _parse_condition(name, key, values, version)
        for name, keys in element.items()
        for key, values in _keys(name, keys)
    )


def _keys(name: str, keys: Any) -> list[tuple[str, Any]]:
    if not isinstance(keys, Mapping):
        raise PolicyError(f"Condition.{name}: not an object of condition keys")
    if len({key.lower() for key in keys}) < len(keys):
        raise PolicyError(f"Condition.{name}: two condition keys differ only by case: keep one")
    return list(keys.items())


def _parse_condition(name: str, key: str, element: Any, version: str) -> Condition:
    try:
        qualifier, row, if_exists = _parse_operator(name)
        if not key:
            raise PolicyError("the condition key has no name")
        values = _parse_values(element)
        test = row.compile(values, version) if row else _untested
    except PolicyError as error:
        raise PolicyError(f"Condition.{name}.{key}: {error}") from None
    unreadable = row is not None and not all(map(row.reads, values))
    return Condition(name, key, values, row, test, qualifier, if_exists, key.lower(), unreadable)


def _untested(_: str, __: Folded) -> None:
    return None


def _parse_operator(name: str) -> tuple[str, Operator | None, bool]:
    qualifier, colon, base = name.rpartition(":")
    if colon and qualifier not in (_ALL, _ANY):
        raise PolicyError(f"unknown qualifier `{qualifier}`: write {_ALL} or {_ANY}")
    if name == "Null":
        return "", None, False
    plain = base.removesuffix(_IF_EXISTS)
    row = OPERATORS.get(plain)
    if row is None:
        raise PolicyError(f"unknown condition operator `{name}`")
    return qualifier, row, plain != base


def _parse_values(element: Any) -> tuple[str, ...]:
    values = element if isinstance(element, list) else [element]
    for value in values:
        if not isinstance(value, (str, bool, int, float)):
            raise PolicyError(f"a value is {_kind(value)}, not text, a number or a boolean")
    return tuple(text_of(value) for value in values)


def _kind(value: Any) -> str:
    return "null" if value is None else "a list" if isinstance(value, list) else "an object"
