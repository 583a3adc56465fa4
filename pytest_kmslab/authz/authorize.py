"""The decision: one pure function.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason, reason
from pytest_kmslab.authz.grant import Grant, allowing_grants, may_delegate_retiring, may_retire
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.principal import Kind, Reach
from pytest_kmslab.authz.question import (
    Match,
    Question,
    denials,
    guardrails_lacking,
    harmless,
    iam_allows,
    limits_lacking,
    reasons,
)
from pytest_kmslab.authz.request import Request

Verdict = tuple[list[Reason], list[Reason]]
"""What allows the request, and where nothing does, what is lacking."""

_NO_IDENTITY = reason(PolicyType.IDENTITY, Effect.MISSING)
_NO_RESOURCE = reason(PolicyType.RESOURCE, Effect.MISSING)


def authorize(request: Request, policies: Policies, grants: Sequence[Grant] = ()) -> Decision:
    """Decide one request from the policies and grants given, which are all there are.

    An explicit Deny decides, then a policy that cannot be read, then what lacks an Allow. The first
    reason of a denial is the one AWS's text names; the reasons of an allowed request are the statements
    and grants that gave the permission. `grants` are those on the key asked for; for `kms:RetireGrant`
    the request says which of them is to be retired.
    """
    question = Question(request, bounded=policies.permissions_boundary is not None)
    lacking: list[Reason] = []
    if not harmless(policies):
        denying, unreadable = denials(question, policies)
        if denying:
            return Decision(Outcome.EXPLICIT_DENY, (*denying, *unreadable))
        if unreadable:
            return Decision(Outcome.IMPLICIT_DENY, tuple(unreadable))
        lacking = guardrails_lacking(question, policies)
    allows, lacks = _permissions(question, policies, grants)
    if allows and not lacking:
        return Decision(Outcome.ALLOWED, tuple(allows))
    return Decision(Outcome.IMPLICIT_DENY, (*lacking, *lacks))


def _permissions(question: Question, policies: Policies, grants: Sequence[Grant]) -> Verdict:
    if question.identity.kind is Kind.UNKNOWN or (question.gated and policies.resource is None):
        return [], [_NO_RESOURCE if question.gated else _NO_IDENTITY]
    if question.action == "kms:retiregrant":
        return _retiring(question, policies, grants)
    if question.identity.account == question.account and question.identity.kind is not Kind.SERVICE:
        allows, lacks = _within_account(question, policies)
    else:
        allows, lacks = _across_accounts(question, policies)
    if grants and question.service == "kms" and question.gated:
        allows += _granted(question, policies, grants)
    return allows, [] if allows else lacks


def _within_account(question: Question, policies: Policies) -> Verdict:
    """A resource policy that names the caller is enough; IAM policies are too, but for a KMS key only
    as far as its key policy trusts them."""
    named = _named(question, policies.resource)
    trust = trusts_account(named) if question.gated else []
    trusted = bool(trust) or not question.gated
    iam = iam_allows(question, policies)
    limits = limits_lacking(question, policies)
    enough = Reach.DIRECT if limits else Reach.ENTITY
    allows = _reasons(policies.resource, [match for match in named if match[0] >= enough]) if named else []
    if iam and trusted and not limits:
        allows += [*iam, *_reasons(policies.resource, trust)]
    if allows:
        return allows, []
    if limits and any(match[0] is Reach.ENTITY for match in named):
        return [], limits
    return [], _lacks(trusted=trusted, iam=iam, limits=limits)


def trusts_account(named: Sequence[Match]) -> list[Match]:
    """Does the key policy trust its account's IAM policies with this request? By which statements?

    Of its statements that allow the request, those that do so to the account itself, by its root ARN or
    its bare id; their conditions limit what IAM policies can give. Without one, an Allow in an IAM
    policy has no effect. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return [match for match in named if match[0] is Reach.ACCOUNT]


def _lacks(*, trusted: bool, iam: list[Reason], limits: list[Reason]) -> list[Reason]:
    if not trusted:
        return [_NO_RESOURCE]
    return limits if iam else [_NO_IDENTITY, *limits]


def _across_accounts(question: Question, policies: Policies) -> Verdict:
    """Both sides must allow: the resource's policy, and the caller's account. A service has no account."""
    named = _named(question, policies.resource) if question.may_cross else []
    theirs = _reasons(policies.resource, named)
    if question.identity.kind is Kind.SERVICE:
        return theirs, [_NO_RESOURCE]
    iam = iam_allows(question, policies)
    limits = limits_lacking(question, policies)
    if theirs and iam and not limits:
        return [*theirs, *iam], []
    lacks = [] if theirs else [_NO_RESOURCE]
    return [], [*lacks, *([] if iam else [_NO_IDENTITY]), *limits]


def _named(question: Question, policy: NamedPolicy | None) -> list[Match]:
    return question.allowing(PolicyType.RESOURCE, policy) if policy else []


def _reasons(policy: NamedPolicy | None, matches: Sequence[Match]) -> list[Reason]:
    return reasons(PolicyType.RESOURCE, policy, matches) if policy and matches else []


def _granted(question: Question, policies: Policies, grants: Sequence[Grant]) -> list[Reason]:
    """The grants that allow the request. Whether boundary and session policies limit a grant is not
    documented: one to a role is taken to be limited as a key policy is that names the role."""
    request, identity = question.request, question.identity
    operation = request.action.partition(":")[2]
    held = allowing_grants(operation, identity, request.context, grants)
    if held and limits_lacking(question, policies) and identity.kind is Kind.ROLE:
        held = [grant for grant in held if grant.grantee_principal != identity.entity]
    return [_grant_reason(grant) for grant in held]


def _grant_reason(grant: Grant) -> Reason:
    return reason(PolicyType.GRANT, Effect.ALLOW, grant.name, grant.grant_id)


def _retiring(question: Question, policies: Policies, grants: Sequence[Grant]) -> Verdict:
    """The grant says who may retire it. A key policy's Allow has no effect; an IAM policy's has where the
    account owns the key or is the retiring principal.

    https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
    """
    wanted = question.request.grant_id
    named = [grant for grant in grants if wanted and grant.grant_id == wanted]
    identity = question.identity
    allows = [_grant_reason(grant) for grant in named if may_retire(identity, grant)]
    lacks = [_NO_RESOURCE]
    if any(may_delegate_retiring(identity, grant, question.account) for grant in named):
        iam, limits = iam_allows(question, policies), limits_lacking(question, policies)
        allows += [] if limits else iam
        lacks = limits if iam else [_NO_IDENTITY, *limits]
    return allows, [] if allows else lacks
