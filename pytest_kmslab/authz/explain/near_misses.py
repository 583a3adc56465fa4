"""Near misses: the Allow statements and grants that fail a request by one element only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_kmslab.authz.condition import MOST_ALIASES, RESOURCE_ALIASES, Condition
from pytest_kmslab.authz.decision import Decision, Effect, PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.grant import Grant, grants_to
from pytest_kmslab.authz.guardrails import applicable_policies
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.statement import Statement

_SHOWN = 3
"""Values of one list that a text shows."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A statement or grant that nearly allowed a request."""

    policy_type: PolicyType
    """The type of its policy."""
    policy: str
    """The policy's name, or the grant's."""
    statement: str
    """The statement's name, or the grant's id."""
    element: str
    """The one element that did not match."""
    why: str
    """What the element wanted, and what the request has."""


def near_misses(
    evaluation: Evaluation, policies: Policies, grants: Sequence[Grant], decision: Decision
) -> list[NearMiss]:
    """Every near miss, those that miss by the action last. Statements about another service are none."""
    missing = {reason.policy_type for reason in decision.reasons if reason.effect is Effect.MISSING}
    searched = missing | {PolicyType.RESOURCE, PolicyType.IDENTITY}
    # No statement of the resource's policy could help: the operation does not work across accounts.
    if not evaluation.cross_account_allowed:
        searched -= {PolicyType.RESOURCE}
    nearest = [
        near_miss
        for kind, group in applicable_policies(evaluation, policies)
        if kind in searched
        for named_policy in group
        for near_miss in _of_policy(evaluation, kind, named_policy)
    ]
    nearest += [
        near_miss
        for grant in grants_to(evaluation.identity, grants)
        for near_miss in _of_grant(evaluation, grant)
    ]
    # Who wrote another action seldom meant this one: those come last, because only the first few are shown.
    return sorted(nearest, key=lambda near_miss: near_miss.element == "Action")


def _of_policy(evaluation: Evaluation, kind: PolicyType, named_policy: NamedPolicy) -> Iterator[NearMiss]:
    for statement in named_policy.policy.statements:
        if statement.denies:
            continue
        mismatches = list(_mismatches(evaluation, kind, statement))
        # With two elements wrong it is not what the author meant for this request.
        if len(mismatches) != 1:
            continue
        element, why = mismatches[0]
        if element != "Action" or _same_service(evaluation, statement):
            yield NearMiss(kind, named_policy.name, statement.name, element, why)


def _same_service(evaluation: Evaluation, statement: Statement) -> bool:
    patterns = statement.actions.patterns if statement.actions else ()
    return any(pattern.partition(":")[0].lower() == evaluation.service for pattern in patterns)


def _mismatches(evaluation: Evaluation, kind: PolicyType, statement: Statement) -> Iterator[tuple[str, str]]:
    """Each element that does not match, and why."""
    request = evaluation.request
    if not evaluation.match_principal(statement, kind):
        wanted = statement.source.get("Principal")
        yield "Principal", f"names {_names(wanted)}, not {request.principal}"
    if not statement.covers_action(evaluation.action):
        yield "Action", f"{_actions(evaluation, statement)}, asked {request.action}"
    if not statement.covers_resource(request.resource, evaluation.service, evaluation.context):
        yield "Resource", f"{_element(statement, 'Resource')}, asked {request.resource}"
    ignored = evaluation.ignores_aliases(kind)
    for condition in statement.conditions:
        element = f"Condition {condition.operator} {condition.key}"
        if ignored and condition.folded_key == RESOURCE_ALIASES:
            yield element, "works in IAM policies only, not in a key policy"
        elif condition.holds(evaluation.context.folded) is not True:
            yield element, _condition(evaluation, condition)


def _actions(evaluation: Evaluation, statement: Statement) -> str:
    """Of the wanted actions those of the service that was asked."""
    actions = statement.actions
    if actions is None or actions.negated:
        return _element(statement, "Action")
    service = f"{evaluation.service}:"
    return f"wanted {listed([name for name in actions.patterns if name.lower().startswith(service)])}"


def _element(statement: Statement, name: str) -> str:
    for word, element in (("wanted", name), ("wanted anything but", f"Not{name}")):
        if element in statement.source:
            return f"{word} {listed(as_list(statement.source[element]))}"
    return f"the statement has no {name}"


def _names(principal: object) -> str:
    if not isinstance(principal, dict):
        return "nobody" if principal is None else str(principal)
    names = [name for value in principal.values() for name in as_list(value)]
    return listed(names) if names else "nobody"


def _condition(evaluation: Evaluation, condition: Condition) -> str:
    values = evaluation.context.folded.get(condition.folded_key)
    negated = condition.row is not None and condition.row.negated
    wanted = f"wanted {'none of ' if negated else ''}{listed(condition.values)}"
    if condition.row is None:
        presence = " or ".join("absent" if value == "true" else "present" for value in condition.values)
        return f"wanted it {presence}, the request has {listed(values) if values else 'none'}"
    if not values:
        direct = ": this is a direct call" if condition.folded_key == "kms:viaservice" else ""
        return f"{wanted}, the request has none{direct}"
    if condition.folded_key == RESOURCE_ALIASES and len(values) > MOST_ALIASES:
        return f"{wanted}, the key has more than {MOST_ALIASES} aliases, so that the condition has no effect"
    several = len(values) > 1 and not condition.qualifier
    hint = ": a key of several values needs ForAllValues or ForAnyValue" if several else ""
    return f"{wanted}, the request has {listed(values)}{hint}"


def _of_grant(evaluation: Evaluation, grant: Grant) -> Iterator[NearMiss]:
    operation = evaluation.request.action.partition(":")[2]
    label = (PolicyType.GRANT, grant.name, grant.grant_id)
    if evaluation.service != "kms" or not evaluation.requires_resource_trust:
        return
    if operation not in grant.operations:
        yield NearMiss(*label, "Operations", f"allows {listed(sorted(grant.operations))}, asked {operation}")
    elif operation != "RetireGrant":
        wanted = " and ".join(_constraints(grant, operation))
        if wanted:
            yield NearMiss(*label, "Constraints", f"wanted {wanted}")


def _constraints(grant: Grant, operation: str) -> Iterator[str]:
    """What a grant of the operation asks for besides; nothing where something else was in the way."""
    exactly, at_least = grant.encryption_context_equals, grant.encryption_context_subset
    pairs = [f"exactly {json.dumps(exactly, sort_keys=True)}"] if exactly is not None else []
    pairs += [f"at least {json.dumps(at_least, sort_keys=True)}"] if at_least is not None else []
    if pairs:
        yield f"{' and '.join(pairs)} in the encryption context"
    if grant.source_arn:
        yield f"a request on behalf of {grant.source_arn}"
    if operation == "CreateGrant" and not pairs:
        yield "a grant of no more operations than its own"


def listed(values: Sequence[str]) -> str:
    """Some values as text, in their order: the first few, and how many more there are."""
    more = len(values) - _SHOWN
    shown = " or ".join(str(value) for value in values[:_SHOWN]) or "nothing"
    return f"{shown} or {more} more" if more > 0 else shown
