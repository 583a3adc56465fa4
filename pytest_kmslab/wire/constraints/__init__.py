"""Whether a request keeps the limits of its service's model, as AWS looks at it before anything else.

https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

from pytest_kmslab.calls.authorization import ApiCall, ServiceError
from pytest_kmslab.wire.constraints.checkers import DIALECTS, Checker, Compiler, Dialect, Violation
from pytest_kmslab.wire.constraints.requests import check_request
from pytest_kmslab.wire.constraints.shown import is_sensitive, shown
from pytest_kmslab.wire.models import operation_model

MOST_ERRORS = 10
"""AWS stops counting there (dynalite, from CreateTable with many empty indexes)."""

_CHECKERS: dict[str, Checker | None] = {}


def check_constraints(call: ApiCall) -> None:
    """Return for a request that its service takes as far as can be told without looking anything up; raise
    the ServiceError that AWS answers to every other. A call whose operation botocore does not know passes."""
    dialect = DIALECTS.get(call.service)
    if dialect is None:
        return
    checker = _checker(call)
    violations = [] if checker is None else checker(call.params)
    if violations:
        raise ServiceError(dialect.code, _text(violations, dialect))
    check_request(call)


def _checker(call: ApiCall) -> Checker | None:
    name = call.name
    try:
        return _CHECKERS[name]
    except KeyError:
        model = operation_model(call.service, call.operation)
        made = None if model is None else Compiler(call.service).checker(model.input_shape)
        return _CHECKERS.setdefault(name, made)


def _text(violations: list[Violation], dialect: Dialect) -> str:
    """All of them in one text; one that has words of its own is told where there is no other."""
    usual = [violation for violation in violations if not violation.said][:MOST_ERRORS]
    if not usual:
        return violations[0].said
    errors = "error" if len(usual) == 1 else "errors"
    return f"{len(usual)} validation {errors} detected: " + "; ".join(_worded(one, dialect) for one in usual)


def _worded(violation: Violation, dialect: Dialect) -> str:
    value = "Value"
    if dialect.shows_values and not is_sensitive(violation.shape):
        value = (
            "Value null" if violation.value is None else f"Value {shown(violation.value, violation.shape)}"
        )
    return f"{value} at '{violation.path}' failed to satisfy constraint: {violation.constraint}"
