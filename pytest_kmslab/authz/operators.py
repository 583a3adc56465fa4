"""The condition operators: one table, a row for each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.arn import SEGMENTS
from pytest_kmslab.authz.pattern import (
    Matcher,
    Token,
    compile_any,
    compile_segment_tokens,
    compile_segments,
    compile_tokens,
    match_any,
)
from pytest_kmslab.authz.values import read_address, read_bool, read_date, read_network, read_number
from pytest_kmslab.authz.variables import Folded, has_variables, parse_template

Test = Callable[[str], "bool | None"]
"""Whether a value of the request matches one of the policy's values at least; None: it cannot be told."""

Bind = Callable[[Folded], Test]
"""Makes the test for a request, whose context gives the policy variables in the values their values."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator."""

    name: str
    """As policies write it, without `ForAllValues:`, `ForAnyValue:` and `IfExists`."""
    compile: Callable[[Sequence[str], str], Bind]
    """Reads the policy's values, given the version of the document."""
    negated: bool = False
    """Whether it holds where its positive twin does not."""
    reads: Callable[[str], bool] = lambda _: True
    """Whether it can read a value of a policy. AWS refuses a policy with a value that it cannot read."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """Makes operators on text, whose policy values may hold variables.

    What equals or is like a variable without a value? Nothing, so a positive operator does not match.
    Of a negated one AWS's page says both that it matches and that the statement is invalid: it cannot
    be told. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    from_texts: Callable[[Sequence[str]], Matcher]
    """Compiles the values without variables."""
    from_tokens: Callable[[tuple[Token, ...]], Matcher]
    """Compiles a value whose variables have been replaced."""
    wildcards: bool
    """Whether `*` and `?` are wildcards in the policy's values."""
    is_of_type: Callable[[str], bool] | None = None
    """Whether a text, of the policy or of the request, is of the operator's type; None: every text is."""

    def operator(self, name: str, *, negated: bool = False) -> Operator:
        unresolved = None if negated else False
        return Operator(
            name, lambda values, version: self._compile(values, version, unresolved), negated, self._reads
        )

    def _reads(self, value: str) -> bool:
        # What a variable stands for is known with the request only.
        return self.is_of_type is None or "${" in value or self.is_of_type(value)

    def _compile(self, values: Sequence[str], version: str, unresolved: bool | None) -> Bind:
        varying = [value for value in values if has_variables(value, version)]
        fixed = [value for value in values if value not in varying]
        matches_fixed = self.from_texts(fixed)
        templates = [parse_template(value, wildcards=self.wildcards) for value in varying]
        if not templates:
            test = self._test(matches_fixed, fixed, False)
            return lambda _: test

        def bind(context: Folded) -> Test:
            resolved = [template.resolve(context) for template in templates]
            bound = [tokens for tokens in resolved if tokens is not None]
            matches_bound = match_any([matches_fixed, *map(self.from_tokens, bound)])
            otherwise = unresolved if None in resolved else False
            return self._test(matches_bound, [*fixed, *map(_text_of, bound)], otherwise)

        return bind

    def _test(self, matches: Matcher, wanted: Sequence[str], otherwise: bool | None) -> Test:
        """The test of one value; `otherwise` is what a value gets that matches none of those wanted."""
        is_of_type = self.is_of_type
        if is_of_type is None:
            return (lambda value: matches(value) or None) if otherwise is None else matches
        # What is not of the type may match anything: a value that matches none of the others cannot be said
        # to match nothing.
        if not all(map(is_of_type, wanted)):
            otherwise = None
        return lambda value: True if matches(value) else otherwise if is_of_type(value) else None


def _text_of(tokens: tuple[Token, ...]) -> str:
    return "".join(token if isinstance(token, str) else token.value for token in tokens)


def _equal_tokens(tokens: tuple[Token, ...]) -> Matcher:
    return _text_of(tokens).__eq__


def _folding(values: Sequence[str]) -> Matcher:
    folded = frozenset(value.casefold() for value in values)
    return lambda value: value.casefold() in folded


def _folding_tokens(tokens: tuple[Token, ...]) -> Matcher:
    return _folding([_text_of(tokens)])


def _exact(values: Sequence[str]) -> Matcher:
    return frozenset(values).__contains__


def _arns(values: Sequence[str]) -> Matcher:
    return match_any([compile_segments(value) for value in values])


def _typed(
    read_wanted: Callable[[str], Any], read_value: Callable[[str], Any], holds: Callable[[Any, Any], bool]
) -> Callable[[Sequence[str], str], Bind]:
    """An operator on values of a type; what cannot be read as one matches nothing and rules out nothing."""

    def compile_values(values: Sequence[str], _: str) -> Bind:
        read = [read_wanted(value) for value in values]
        wanted = [value for value in read if value is not None]
        otherwise = None if len(wanted) < len(read) else False

        def test(value: str) -> bool | None:
            number = read_value(value)
            if number is None:
                return None
            return True if any(holds(number, want) for want in wanted) else otherwise

        return lambda _: test

    return compile_values


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _within(address: Any, network: Any) -> bool:
    """Of another IP version it never is."""
    return address in network


def _is_arn(text: str) -> bool:
    """Whether it is an ARN with all its parts. IAM takes a bare `*` too, and does not say what it is like."""
    return text.startswith("arn:") and text.count(":") >= SEGMENTS - 1


_EQUAL = _Texts(_exact, _equal_tokens, wildcards=False)
_EQUAL_IGNORING_CASE = _Texts(_folding, _folding_tokens, wildcards=False)
_LIKE = _Texts(compile_any, compile_tokens, wildcards=True)
_ARN = _Texts(_arns, compile_segment_tokens, wildcards=True, is_of_type=_is_arn)
_ADDRESS = _typed(read_network, read_address, _within)


def _read_by(read: Callable[[str], Any]) -> Callable[[str], bool]:
    return lambda value: read(value) is not None


def _ordered(family: str, read: Callable[[str], Any]) -> tuple[Operator, ...]:
    rows = (
        ("Equals", operator.eq),
        ("LessThan", operator.lt),
        ("LessThanEquals", operator.le),
        ("GreaterThan", operator.gt),
        ("GreaterThanEquals", operator.ge),
    )
    reads = _read_by(read)
    # The negated twin compares as Equals does, and Condition turns the answer round.
    unequal = Operator(f"{family}NotEquals", _typed(read, read, operator.eq), negated=True, reads=reads)
    positive = (Operator(f"{family}{name}", _typed(read, read, holds), reads=reads) for name, holds in rows)
    return (unequal, *positive)


OPERATORS = {
    row.name: row
    for row in (
        _EQUAL.operator("StringEquals"),
        _EQUAL.operator("StringNotEquals", negated=True),
        _EQUAL_IGNORING_CASE.operator("StringEqualsIgnoreCase"),
        _EQUAL_IGNORING_CASE.operator("StringNotEqualsIgnoreCase", negated=True),
        _LIKE.operator("StringLike"),
        _LIKE.operator("StringNotLike", negated=True),
        *_ordered("Numeric", read_number),
        *_ordered("Date", read_date),
        Operator("Bool", _typed(read_bool, read_bool, operator.eq)),
        Operator("BinaryEquals", _typed(_bytes, _bytes, operator.eq), reads=_read_by(_bytes)),
        Operator("IpAddress", _ADDRESS, reads=_read_by(read_network)),
        Operator("NotIpAddress", _ADDRESS, negated=True, reads=_read_by(read_network)),
        _ARN.operator("ArnEquals"),
        _ARN.operator("ArnLike"),
        _ARN.operator("ArnNotEquals", negated=True),
        _ARN.operator("ArnNotLike", negated=True),
    )
}
"""Every operator by its name but `Null`, which asks for the key and not for its value."""
