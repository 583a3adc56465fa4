"""What a report tells of one call: who made it, what was decided and why, and what it changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.policy import document_of
from pytest_kmslab.enforcement.entry import ORIGIN, Origin
from pytest_kmslab.privilege.use import NEW_KEY
from pytest_kmslab.report.decisions import explanation_of, reason_text
from pytest_kmslab.report.evidence.model import Call, Change, Decision
from pytest_kmslab.report.evidence.request_parameters import request_parameters

if TYPE_CHECKING:
    from pytest_kmslab.calls.api_call import ApiCall, ServiceError
    from pytest_kmslab.enforcement.entry import TrailEntry

DOCUMENTS = {
    "kms:PutKeyPolicy": ("key policy", "Policy"),
    "dynamodb:PutResourcePolicy": ("table policy", "Policy"),
    "iam:UpdateAssumeRolePolicy": ("trust policy", "PolicyDocument"),
}
"""Calls that replace the policy that hangs on their resource, and the parameter that holds the new one."""
LOCKOUT_CHECKS = {"kms:PutKeyPolicy": "key policy", "dynamodb:PutResourcePolicy": "table policy"}
"""Actions that a new policy is asked for before it is put, and what that policy is."""
CHANGES = {
    "kms:CreateGrant": "grant",
    "kms:RevokeGrant": "grant",
    "kms:RetireGrant": "grant",
    "kms:DisableKey": "key state",
    "kms:EnableKey": "key state",
    "kms:ScheduleKeyDeletion": "key state",
    "kms:CancelKeyDeletion": "key state",
    "dynamodb:DeleteResourcePolicy": "table policy",
    **dict.fromkeys(
        (
            *("iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:AttachUserPolicy", "iam:DetachUserPolicy"),
            *("iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy"),
            *("iam:PutGroupPolicy", "iam:DeleteGroupPolicy", "iam:AttachGroupPolicy"),
            *("iam:DetachGroupPolicy", "iam:AddUserToGroup", "iam:RemoveUserFromGroup"),
            *("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
        ),
        "identity policy",
    ),
    **dict.fromkeys(
        (
            *("iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"),
            *("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
        ),
        "permissions boundary",
    ),
}
"""Other calls that change who may do what, and what they change."""


def call_fact(call: ApiCall, entries: Sequence[TrailEntry], refusal: ServiceError | None, at: float) -> Call:
    """The fact of a call that was decided; `at` counts where no decision has a time."""
    origin = entries[0].origin if entries else ORIGIN.get()
    return Call(
        at=entries[0].time if entries else at,
        operation=call.name,
        principal=call.caller.arn,
        origin=origin.value,
        decisions=tuple(_decisions(entries)),
        error="" if refusal is None else refusal.code,
        message="" if refusal is None else refusal.message,
        change=_change(call, entries) if refusal is None else None,
    )


def _decisions(entries: Sequence[TrailEntry]) -> Iterator[Decision]:
    for at, entry in enumerate(entries):
        decision, request = _decision(entry), entry.request
        # Whether the author of a new policy could change it again is a question that has the context of the
        # call which brings the policy, or is about a key that is not made yet.
        is_again = at > 0 and entries[at - 1].request.context is request.context
        if request.action in LOCKOUT_CHECKS and (is_again or request.resource.endswith(NEW_KEY)):
            # Said to be of the new policy, as there is another one which allows it.
            policy = LOCKOUT_CHECKS[request.action]
            explanation = decision.explanation.replace(f"the {policy}", f"the new {policy}")
            explanation = explanation.replace(f"  {policy}:", f"  new {policy}:")
            decision = decision._replace(explanation=explanation)
        yield decision


def _decision(entry: TrailEntry) -> Decision:
    request, decision = entry.request, entry.decision
    # The lab's own calls are not what a reader asks about, and to explain one takes as long as to make it.
    is_explained = not decision.allowed and entry.origin is not Origin.LAB
    return Decision(
        number=entry.number,
        action=request.action,
        principal=request.principal,
        resource=request.resource,
        decision=decision.decision.value,
        via=entry.via,
        because=tuple(reason_text(reason, request.resource) for reason in decision.reasons),
        explanation=explanation_of(entry) if is_explained else "",
    )


def _change(call: ApiCall, entries: Sequence[TrailEntry]) -> Change | None:
    """What a call that was let through changes of who may do what."""
    resource = entries[0].request.resource if entries else "*"
    if call.name in DOCUMENTS:
        what, parameter = DOCUMENTS[call.name]
        # The call was decided by the policy that it replaces: no answer has to be read for that.
        policies = entries[0].policies if entries else None
        decided_by = None if policies is None else policies.resource
        before = "" if decided_by is None else _document(document_of(decided_by.policy))
        return Change(what, resource, before, _document(call.params.get(parameter)))
    if call.name in CHANGES or (call.name == "dynamodb:UpdateTable" and "SSESpecification" in call.params):
        parameters = request_parameters(call) or {}
        return Change(CHANGES.get(call.name, "table encryption"), resource, "", json.dumps(parameters))
    return None


def _document(document: Any) -> str:
    """A policy document as JSON; what is no JSON as it is."""
    if not isinstance(document, str):
        return json.dumps(document)
    try:
        # Without the blanks of whoever wrote it: before and after are compared as texts.
        return json.dumps(json.loads(document))
    except (ValueError, RecursionError):
        return document
