"""Whether a request keeps the limits of its service's model, as AWS looks at it before anything else.

Checkers are made of botocore's shapes, once for each operation. What a model says nothing of costs nothing: a
shape without any limit has no checker.
https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.attribute_values import refusal_of_value
from pytest_kmslab.calls.validation_messages import ONE_ERROR, wire_name
from pytest_kmslab.wire.constraints.known_otherwise import KEPT, ROWS, Row
from pytest_kmslab.wire.constraints.limits import Broken, Limits, limits_of
from pytest_kmslab.wire.constraints.requests import REQUEST_CHECKS, Check
from pytest_kmslab.wire.constraints.shown import is_sensitive, shown
from pytest_kmslab.wire.models import operation_model

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

_ABSENT: Any = object()
_NULL = Broken("required", "Member must not be null")
_A_VALUE = "Member must be a value that DynamoDB can hold"
_ONE_MEMBER = Broken("members", "Member must have exactly one of its members set")


class Violation(NamedTuple):
    """A limit that a request breaks."""

    path: str
    """Where, as AWS names it: `tags.1.member.key`."""
    value: Any
    shape: Shape
    constraint: str
    said: str = ""
    """The whole text of the error, where it has one of its own."""

    def within(self, outer: str) -> Violation:
        """The same, of a value in something larger."""
        return self._replace(path=f"{outer}.{self.path}" if self.path else outer)


Checker = Callable[[Any], list[Violation]]
"""What is wrong with a value or in it, paths being from it on; an empty list if nothing is."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a service words its errors."""

    code: str
    shows_values: bool = True
    lists_enums: bool = True
    """Whether an error lists the values of an enum."""
    null_in_lists: bool = False
    """Whether an error about the elements of a list says that they must not be null."""


_JSON = Dialect("ValidationException")
DIALECTS: Mapping[str, Dialect] = {
    "kms": _JSON,
    "dynamodb": _JSON,
    "dynamodbstreams": _JSON,
    "sts": Dialect("ValidationError"),
    # Recorded in 2025 (LocalStack's snapshot of service-specific credentials); before, IAM showed the value.
    "iam": Dialect("ValidationError", shows_values=False, lists_enums=False, null_in_lists=True),
}


class _Plan(NamedTuple):
    """How the requests of one operation are checked."""

    checker: Checker | None
    """Of the members, by the model; None where nothing can be wrong with them."""
    checks: tuple[Check, ...]
    """Of the whole request, once its members keep their limits."""


_PLANS: dict[str, _Plan] = {}
MOST_ERRORS = 10
"""AWS stops counting there (dynalite, from CreateTable with many empty indexes)."""


def check_constraints(call: ApiCall, long_values: Collection[str] = ()) -> None:
    """Return for a request that its service takes as far as can be told without looking anything up; raise
    the ServiceError that AWS answers to every other. A call whose operation botocore does not know passes.

    Values of the shapes `long_values` may be of any length.
    """
    plan = _PLANS.get(call.name) or _plan_of(call)
    violations = plan.checker(call.params) if plan.checker is not None else ()
    if violations and long_values:
        violations = [broken for broken in violations if not _is_long(broken, long_values)]
    if violations:
        dialect = DIALECTS[call.service]
        raise ServiceError(
            dialect.code, _text(violations, dialect, ONE_ERROR if call.name in _TOLD_AS_ONE else "")
        )
    for check in plan.checks:
        check(call)


def _plan_of(call: ApiCall) -> _Plan:
    if call.service not in DIALECTS:
        return _Plan(None, ())
    model = operation_model(call.service, call.operation)
    checker = None if model is None else Compiler(call.service, call.operation).checker(model.input_shape)
    # Two threads may make it at once: the first that is kept counts for both.
    return _PLANS.setdefault(call.name, _Plan(checker, REQUEST_CHECKS.get(call.name, ())))


def _is_long(violation: Violation, shapes: Collection[str]) -> bool:
    return violation.shape.name in shapes and "length less than" in violation.constraint


def _text(violations: Sequence[Violation], dialect: Dialect, before: str = "") -> str:
    """All of them in one text; one that has words of its own is told where there is no other. `before` comes
    before those of an attribute value."""
    # AWS stops counting at ten.
    usual = [violation for violation in violations if not violation.said][:MOST_ERRORS]
    if not usual:
        first = violations[0]
        return f"{before if first.constraint == _A_VALUE else ''}{first.said}"
    errors = "error" if len(usual) == 1 else "errors"
    return f"{len(usual)} validation {errors} detected: " + "; ".join(
        _worded(broken, dialect) for broken in usual
    )


def _worded(violation: Violation, dialect: Dialect) -> str:
    value = "Value"
    if dialect.shows_values and not is_sensitive(violation.shape):
        value = (
            "Value null" if violation.value is None else f"Value {shown(violation.value, violation.shape)}"
        )
    return f"{value} at '{violation.path}' failed to satisfy constraint: {violation.constraint}"


_ATTRIBUTE, _VALUES = "AttributeValue", "ExpressionAttributeValueMap"
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_MOST_LEVELS, _ANY_LEVELS = 32, 1_000_000
"""The attribute itself is the first; measured by paritysuite/dynamodb-conformance, as is the text.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
    "supported limit"
)
_TOLD_AS_ONE = frozenset(f"dynamodb:{operation}" for operation in ("PutItem", "UpdateItem", "DeleteItem"))
_TOLD_WITH_KEYS = frozenset({"Scan", "TransactWriteItems"})
"""Operations that name the placeholder whose value is wrong: valueLayers."""
_WITH_KEY = "ExpressionAttributeValues contains invalid value: {said} for key {key}"


class _Compiled(NamedTuple):
    """A shape: the limits of its value itself, and what looks into it."""

    limits: Limits | None
    inner: Checker | None


class Compiler:
    """Makes the checkers of one operation of a service."""

    def __init__(self, service: str, operation: str = "") -> None:
        self._operation = operation
        self._rows = ROWS[service]
        self._dialect = DIALECTS[service]

    def checker(self, shape: Shape | None) -> Checker | None:
        """What checks an operation's input; None where nothing can be wrong with it."""
        return None if shape is None else self._compile(shape, Row(), ()).inner

    def _compile(self, shape: Shape, member: Row, within: tuple[str, ...]) -> _Compiled:
        """`member` is what is known of the place that the shape stands in."""
        if shape.name == _ATTRIBUTE:
            return _Compiled(None, partial(_of_attribute, shape, self._levels(within)))
        if shape.name in within:
            return _Compiled(None, None)
        row = self._rows.get(shape.name, Row())
        row = replace(
            row,
            said={**row.said, **member.said},
            least=row.least if member.least is KEPT else member.least,
            most=row.most if member.most is KEPT else member.most,
        )
        limits = limits_of(shape, row, lists_values=self._dialect.lists_enums)
        make = _CONTAINERS.get(shape.type_name)
        return _Compiled(limits, None if make is None else make(self, shape, row, (*within, shape.name)))

    def _levels(self, within: tuple[str, ...]) -> int:
        """How deep attribute values are in a structure may be nested."""
        # Of transactions only most Regions look at what expressions compare with, of reads it is not known.
        compared = self._operation == "TransactWriteItems" and _VALUES in within
        return _MOST_LEVELS if self._operation in _WRITES and not compared else _ANY_LEVELS

    def _structure(self, shape: StructureShape, row: Row, within: tuple[str, ...]) -> Checker | None:
        fields = [
            field for name in self._ordered(shape, row) if (field := self._field(shape, name, row, within))
        ]
        union = bool(getattr(shape, "is_tagged_union", False))
        if not fields and not union:
            return None

        def check(value: Any) -> list[Violation]:
            violations: list[Violation] = []
            if union and len(value) != 1:
                violations.append(Violation("", value, shape, _ONE_MEMBER.constraint))
            for field in fields:
                member = value.get(field.name, _ABSENT)
                if member is _ABSENT:
                    if field.required:
                        violations.append(_violation(field.path, None, field.shape, _NULL, field.said))
                    continue
                limits, inner = field.limits, field.inner
                if limits is not None and (limits.lengths is None or len(member) not in limits.lengths):
                    violations += _broken(field.path, member, field.shape, limits)
                if inner is not None and (within := inner(member)):
                    violations += [violation.within(field.path) for violation in within]
            return violations

        return check

    @staticmethod
    def _ordered(shape: StructureShape, row: Row) -> Iterator[str]:
        yield from row.order
        yield from (name for name in shape.members if name not in row.order)

    def _field(self, shape: StructureShape, name: str, row: Row, within: tuple[str, ...]) -> _Field | None:
        member = shape.members.get(name)
        if member is None:
            return None
        known = self._rows.get(f"{shape.name}.{name}", Row())
        limits, inner = self._compile(member, known, within)
        required = name in shape.required_members and name not in row.optional
        if limits is None and inner is None and not required:
            return None
        return _Field(name, wire_name(name), member, required, limits, inner, known.said)

    def _list(self, shape: ListShape, row: Row, within: tuple[str, ...]) -> Checker | None:
        member = shape.member
        limits, inner = self._compile(member, Row(), within)
        if limits is None and inner is None:
            return None

        def check(value: Any) -> list[Violation]:
            violations: list[Violation] = []
            if limits is not None and not _all_allowed(limits, value):
                violations.append(self._of_elements(value, shape, limits, "Member must"))
            if inner is not None:
                for number, item in enumerate(value, start=1):
                    violations += [violation.within(f"{number}.member") for violation in inner(item)]
            return violations

        return check

    def _map(self, shape: MapShape, row: Row, within: tuple[str, ...]) -> Checker | None:
        keys = self._compile(shape.key, Row(), within).limits
        limits, inner = self._compile(shape.value, Row(), within)
        if keys is None and limits is None and inner is None:
            return None
        tells_key = shape.name == _VALUES and self._operation in _TOLD_WITH_KEYS
        around = _WITH_KEY if tells_key else "{said}"

        def check(value: Any) -> list[Violation]:
            violations: list[Violation] = []
            if keys is not None and not _all_allowed(keys, value):
                violations.append(self._of_elements(value, shape, keys, "Map keys must"))
            if limits is not None and not _all_allowed(limits, value.values()):
                violations.append(self._of_elements(value, shape, limits, "Map value must"))
            if inner is not None:
                for key, item in value.items():
                    for violation in inner(item):
                        said = around.replace("{said}", violation.said).replace("{key}", key)
                        violations.append(violation._replace(said=said).within(f"{key}.member"))
            return violations

        return check

    def _of_elements(self, value: Any, shape: Shape, limits: Limits, beginning: str) -> Violation:
        """One violation, of the whole list or map: which of its elements is wrong is not said."""
        constraints = [limit.constraint for limit in limits.each()]
        if self._dialect.null_in_lists:
            constraints.append(_NULL.constraint)
        own = [limits.said.get(limit.kind, "") for limit in limits.each()]
        said = next((text for text in own if text and "{path}" not in text), "")
        wrong = next(item for item in value if not limits.allow(item)) if said else ""
        # Which of the elements is wrong AWS does not say.
        text = f"{beginning} satisfy constraint: [{', '.join(constraints)}]"
        return Violation("", value, shape, text, said.replace("{value}", str(wrong)))


class _Field(NamedTuple):
    """One member of a structure, of which something is to be checked."""

    name: str
    path: str
    shape: Shape
    required: bool
    limits: Limits | None
    inner: Checker | None
    said: Mapping[str, str]


def _of_attribute(shape: Shape, levels: int, value: Any) -> list[Violation]:
    """What is wrong with an attribute value: it has one type, of which DynamoDB takes not everything."""
    if not isinstance(value, dict):
        return []
    if not levels:
        return [Violation("", value, shape, _A_VALUE, _TOO_DEEP)]
    # Recorded by dynalite, as is the text.
    if len(value) != 1:
        fault = "has more than one datatypes set" if value else "is empty"
        said = f"Supplied AttributeValue {fault}, must contain exactly one of the supported datatypes"
        return [Violation("", value, shape, _ONE_MEMBER.constraint, said)]
    ((kind, content),) = value.items()
    if kind not in ("L", "M"):
        said = refusal_of_value(kind, content)
        return [Violation("", value, shape, _A_VALUE, said)] if said else []
    items = content if kind == "L" else content.values()
    found = (_of_attribute(shape, levels - 1, item) for item in items)
    return next((violations for violations in found if violations), [])


def _all_allowed(limits: Limits, values: Iterable[Any]) -> bool:
    # Most lists are only limited in their items' lengths, which is looked at without a call for each.
    lengths = limits.lengths
    if lengths is None:
        return all(map(limits.allow, values))
    return all(len(value) in lengths for value in values)


def _broken(path: str, value: Any, shape: Shape, limits: Limits) -> list[Violation]:
    if limits.allow(value):
        return []
    return [_violation(path, value, shape, limit, limits.said) for limit in limits.broken(value)]


def _violation(path: str, value: Any, shape: Shape, limit: Broken, said: Mapping[str, str]) -> Violation:
    text = said.get(limit.kind, "")
    if text:
        text = text.replace("{value}", "null" if value is None else str(value)).replace("{path}", path)
    return Violation(path, value, shape, limit.constraint, text)


_CONTAINERS: Mapping[str, Callable[[Compiler, Any, Row, tuple[str, ...]], Checker | None]] = {
    "structure": Compiler._structure,
    "list": Compiler._list,
    "map": Compiler._map,
}
