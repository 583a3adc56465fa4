"""What explanations call things."""

from __future__ import annotations

from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.evaluation import Evaluation

_GATED = {"kms": "key policy", "sts": "trust policy"}


def sort_of(evaluation: Evaluation, kind: PolicyType) -> str:
    """A policy type; the resource-based policy of a key is its key policy, of a role its trust policy."""
    if kind is PolicyType.RESOURCE and evaluation.requires_resource_trust:
        return _GATED[evaluation.service]
    return kind.value


def label(evaluation: Evaluation, kind: PolicyType, name: str) -> str:
    """A policy by its sort and name; that of the resource itself is not named by its ARN once more."""
    sort = sort_of(evaluation, kind)
    return sort if name in ("", sort, evaluation.request.resource) else f"{sort} `{name}`"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
