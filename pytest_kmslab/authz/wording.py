"""What explanations call things."""

from __future__ import annotations

from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.question import Question

_GATED = {"kms": "key policy", "sts": "trust policy"}


def sort_of(question: Question, kind: PolicyType) -> str:
    """A policy type; the resource-based policy of a key is its key policy, of a role its trust policy."""
    if kind is PolicyType.RESOURCE and question.gated:
        return _GATED[question.service]
    return kind.value


def label(question: Question, kind: PolicyType, name: str) -> str:
    """A policy by its sort and name; that of the resource itself is not named by its ARN once more."""
    sort = sort_of(question, kind)
    return sort if name in ("", sort, question.request.resource) else f"{sort} `{name}`"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
