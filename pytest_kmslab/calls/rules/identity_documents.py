"""Policy documents of identities as IAM and STS read them: inline, managed and session policies.

Texts, and which of two faults is told, are recorded from AWS: by moto
(tests/test_iam/test_iam_policies.py) and by cdk-preflight (rules/iam). Of a session policy they are taken to
be the same.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_kmslab.authz.json_text import as_list, read_json
from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.condition_values import LEGACY, SYNTAX, condition_fault
from pytest_kmslab.calls.rules.policy_texts import action_fault
from pytest_kmslab.calls.rules.resource_arns import resource_fault
from pytest_kmslab.errors import PolicyError

Statement = Mapping[str, Any]

MANAGED_VERSION = "2012-10-17"
_VERSIONS = ("2008-10-17", MANAGED_VERSION)
_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"))
_PAIRED = tuple(name for pair in _PAIRS for name in pair)
_STATEMENT_ELEMENTS = frozenset({"Sid", "Effect", "Condition", "Principal", "NotPrincipal", *_PAIRED})
_EFFECTS = ("Allow", "Deny")
_SID = re.compile(r"[0-9A-Za-z]*")

_VERSION = f"Policy document must be version {MANAGED_VERSION} or greater."
_PRINCIPAL = "Policy document should not specify a principal."
_BAD_SID = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
    "[0-9A-Za-z]*"
)
_TWICE = "Statement IDs (SID) in a single policy must be unique."
_NO_ACTIONS = "Policy statement must contain actions."
_NO_RESOURCES = "Policy statement must contain resources."


def check_identity_document(text: str, partition: str, *, managed: bool = False) -> None:
    """Raise MalformedPolicyDocument for a policy of an identity that AWS does not take.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    document = read_document(text, SYNTAX)
    statements = _statements(document)
    # Only a managed policy has to be of the version that has variables; an inline one is of any, or of none.
    if managed and document.get("Version") != MANAGED_VERSION:
        raise malformed(_VERSION)
    for faults in _CHECKS:
        for fault in faults(statements, partition):
            raise malformed(fault)
    try:
        parse_policy(text)
    except PolicyError:
        raise malformed(SYNTAX) from None


def read_document(text: str, fault: str) -> dict[str, Any]:
    """The JSON object of a policy, in which no name stands twice; raises MalformedPolicyDocument."""
    # A name that stands twice: which of the two IAM would go by nobody could tell from the answer.
    document = read_json(text, lambda _: malformed(fault))
    if not isinstance(document, dict):
        raise malformed(fault)
    return document


def malformed(fault: str) -> ServiceError:
    """IAM's and STS's error for a policy document."""
    return ServiceError("MalformedPolicyDocument", fault)


def texts(element: Any) -> list[str]:
    """The texts of an element that holds one or a list of them."""
    return [text for text in as_list(element) if isinstance(text, str)]


def _statements(document: dict[str, Any]) -> list[Statement]:
    statements: list[Any] = as_list(document.get("Statement"))
    known = document.keys() <= _ELEMENTS and document.get("Version", MANAGED_VERSION) in _VERSIONS
    if not (
        known and isinstance(document.get("Id", ""), str) and statements and all(map(_is_one, statements))
    ):
        raise malformed(SYNTAX)
    return statements


def _is_one(statement: Any) -> bool:
    """Whether IAM reads a statement at all; what it says is looked at later."""
    if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT_ELEMENTS:
        return False
    if any(name in statement and negated in statement for name, negated in _PAIRS):
        return False
    if not isinstance(statement.get("Sid", ""), str):
        return False
    effect = statement.get("Effect")
    if not isinstance(effect, str) or effect.capitalize() not in _EFFECTS:
        return False
    if condition_fault(statement.get("Condition", {})) == SYNTAX:
        return False
    return all(_is_text(statement[name]) for name in _PAIRED if name in statement)


def _is_text(element: Any) -> bool:
    return all(isinstance(text, str) for text in as_list(element))


def _principals(statements: list[Statement], _partition: str) -> Iterator[str]:
    if any("Principal" in statement or "NotPrincipal" in statement for statement in statements):
        yield _PRINCIPAL


def _sids(statements: list[Statement], _partition: str) -> Iterator[str]:
    if any(_SID.fullmatch(statement.get("Sid", "")) is None for statement in statements):
        yield _BAD_SID


def _effects(statements: list[Statement], _partition: str) -> Iterator[str]:
    for statement in statements:
        if statement["Effect"] not in _EFFECTS:
            yield LEGACY
        yield from filter(None, [condition_fault(statement.get("Condition", {}))])


def _resource_forms(statements: list[Statement], partition: str) -> Iterator[str]:
    # What does not parse comes before anything else that is wrong with resources.
    yield from (fault for fault in _resource_faults(statements, partition) if fault == LEGACY)


def _unique_sids(statements: list[Statement], _partition: str) -> Iterator[str]:
    sids = [sid for statement in statements if (sid := statement.get("Sid"))]
    if len(set(sids)) < len(sids):
        yield _TWICE


Check = Callable[[list[Statement], str], Iterator[str]]
"""What IAM says of the statements of a document in a partition, one thing after another."""


def _required(element: str, fault: str) -> Check:
    """Says the fault where a statement has neither an element nor its negation."""

    def faults(statements: list[Statement], _partition: str) -> Iterator[str]:
        for statement in statements:
            # An empty list is as good as none.
            if statement.get(element, statement.get(f"Not{element}")) in (None, []):
                yield fault

    return faults


def _resource_faults(statements: list[Statement], partition: str) -> Iterator[str]:
    for statement in statements:
        for name in ("Resource", "NotResource"):
            faults = (resource_fault(text, partition) for text in sorted(texts(statement.get(name))))
            yield from filter(None, faults)


def _actions(statements: list[Statement], _partition: str) -> Iterator[str]:
    for name in ("Action", "NotAction"):
        for statement in statements:
            yield from filter(None, map(action_fault, texts(statement.get(name))))


_CHECKS: tuple[Check, ...] = (
    _principals,
    _sids,
    _effects,
    _resource_forms,
    _unique_sids,
    _required("Action", _NO_ACTIONS),
    _resource_faults,
    _actions,
    _required("Resource", _NO_RESOURCES),
)
"""In the order in which IAM tells of several faults; where principals and Sids come in it is inferred."""
