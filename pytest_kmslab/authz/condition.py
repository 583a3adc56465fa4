"""The Condition element: which requests a statement is meant for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.context import text_of
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.operators import OPERATORS, Bind, Operator, Test
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
    """One operator on one key."""

    operator: str
    """The operator as written, with its qualifier."""
    key: str
    """The condition key as written."""
    values: tuple[str, ...]
    """The policy's values, which say what is wanted."""
    row: Operator | None = field(compare=False, repr=False)
    """The operator; None for `Null`, which asks for the key and not for its value."""
    bind: Bind = field(compare=False, repr=False)
    """Gives the test of one value, for which it needs the request only where the values hold variables."""
    qualifier: str
    """`ForAllValues`, `ForAnyValue` or empty."""
    if_exists: bool
    """Whether the operator ends in `IfExists`."""
    folded_key: str
    """The key in lower case: condition keys compare without case."""
    unreadable: bool
    """Whether the operator cannot read one of the values."""

    def holds(self, context: Folded) -> bool | None:
        """Whether the request meets the condition. None: AWS documents no outcome.

        That is so for a value that is not of the operator's type, an operator without values, an operator
        without `ForAllValues:` or `ForAnyValue:` on a key that has several values, and
        `kms:ResourceAliases` of a KMS key that has more aliases than its quota.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
        """
        values = context.get(self.folded_key)
        row = self.row
        if row is None:
            # IAM takes `ForAllValues:Null`; AWS documents no outcome where the two parts of it disagree.
            is_plain = bool(values) or not self.qualifier
            return self._null_holds(values) if is_plain else self._null_holds(None) or None
        # With a qualifier a key that has only empty texts is as good as absent, says AWS's page.
        if not values or (self.qualifier and not any(values)):
            return self._holds_without_value(present=values is not None, negated=row.negated)
        # AWS does not document an operator without values. With a qualifier or IfExists nothing can match.
        if not self.values:
            return False if self.qualifier or self.if_exists else None
        test = self.bind(context)
        if self.qualifier:
            return self._holds_for_set(values, test, negated=row.negated)
        # AWS warns of an operator for one value on a key that has several, and does not say what it does.
        if len(values) > 1:
            return None
        matched = test(values[0])
        return matched if matched is None else matched is not row.negated

    def _holds_without_value(self, *, present: bool, negated: bool) -> bool | None:
        """Of `ForAnyValue:…IfExists` on an absent key AWS's pages say both: any operator with IfExists holds
        then, and `ForAnyValue:` does not. An Allow was seen not to apply.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        """
        if self.unreadable:
            return None
        if self.qualifier == _ALL:
            return True
        if self.qualifier == _ANY:
            return None if self.if_exists and not present else False
        return self.if_exists or negated

    def _holds_for_set(self, values: Sequence[str], test: Test, *, negated: bool) -> bool | None:
        """Of several values, each or one must hold by itself."""
        if len(values) > MOST_ALIASES and self.folded_key == RESOURCE_ALIASES:
            return None
        deciding = self.qualifier == _ANY
        results = [test(value) for value in values]
        # One value is enough to decide: for ForAnyValue one that holds, for ForAllValues one that does not.
        if any(matched is not None and (matched is not negated) is deciding for matched in results):
            return deciding
        return None if None in results else not deciding

    def _null_holds(self, values: Sequence[str] | None) -> bool | None:
        """Whether a key with only empty texts is absent cannot be told: AWS's page says so, and people have
        seen otherwise."""
        wanted = [read_bool(value) for value in self.values]
        over_quota = values is not None and len(values) > MOST_ALIASES and self.folded_key == RESOURCE_ALIASES
        if values and (over_quota or not any(values)):
            return None
        # `Null: true` asks that the key is absent, and a list of both always holds.
        if (not values) in wanted:
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
    # Condition keys compare without case: of two that differ only by it AWS documents no reading.
    if len({key.lower() for key in keys}) < len(keys):
        raise PolicyError(f"Condition.{name}: two condition keys differ only by case: keep one")
    return list(keys.items())


def _parse_condition(name: str, key: str, element: Any, version: str) -> Condition:
    try:
        qualifier, row, if_exists = _parse_operator(name)
        if not key:
            raise PolicyError("the condition key has no name")
        values = _parse_values(element)
        bind = row.compile(values, version) if row else _bind_nothing
    except PolicyError as error:
        raise PolicyError(f"Condition.{name}.{key}: {error}") from None
    return Condition(
        operator=name,
        key=key,
        values=values,
        row=row,
        bind=bind,
        qualifier=qualifier,
        if_exists=if_exists,
        folded_key=key.lower(),
        unreadable=row is not None and not all(map(row.reads, values)),
    )


def _bind_nothing(_: Folded) -> Test:
    """The test of `Null`, which is never asked."""
    return lambda _: None


def _parse_operator(name: str) -> tuple[str, Operator | None, bool]:
    qualifier, colon, base = name.rpartition(":")
    if colon and qualifier not in (_ALL, _ANY):
        raise PolicyError(f"unknown qualifier `{qualifier}`: write {_ALL} or {_ANY}")
    if base == "Null" and qualifier != _ANY:
        return qualifier, None, False
    plain = base.removesuffix(_IF_EXISTS)
    row = OPERATORS.get(plain)
    if row is None:
        raise PolicyError(f"unknown condition operator `{name}`")
    return qualifier, row, plain != base


def _parse_values(element: Any) -> tuple[str, ...]:
    values = as_list(element)
    for value in values:
        # Numbers and booleans may stand without quotes:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
        if not isinstance(value, (str, bool, int, float)):
            raise PolicyError(f"a value is {_kind(value)}, not text, a number or a boolean")
    return tuple(text_of(value) for value in values)


def _kind(value: Any) -> str:
    return "null" if value is None else "a list" if isinstance(value, list) else "an object"
