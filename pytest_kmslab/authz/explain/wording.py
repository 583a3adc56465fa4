"""The words of explanations."""

from __future__ import annotations

from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.evaluation import Evaluation

_TRUSTED_POLICIES = {"kms": "key policy", "sts": "trust policy"}
"""What the resource-based policy is called on which IAM policies depend, by service."""


def policy_word(evaluation: Evaluation, kind: PolicyType) -> str:
    """What AWS calls a policy of this type: the resource-based policy of a key is its key policy, of a role
    its trust policy."""
    if kind is PolicyType.RESOURCE and evaluation.requires_resource_trust:
        return _TRUSTED_POLICIES[evaluation.service]
    return kind.value


def label(evaluation: Evaluation, kind: PolicyType, name: str) -> str:
    """A policy by its type and name. That of the resource itself has no name besides: the text has named the
    resource already."""
    word = policy_word(evaluation, kind)
    return word if name in ("", word, evaluation.resource) else f"{word} `{name}`"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
