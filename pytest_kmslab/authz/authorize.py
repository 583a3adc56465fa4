"""The decision: one pure function.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason, reason
from pytest_kmslab.authz.evaluation import (
    Evaluation,
    Match,
    denials,
    guardrails_lacking,
    has_no_deny,
    iam_allows,
    limits_lacking,
    reasons,
)
from pytest_kmslab.authz.grant import Grant, allowing_grants, may_delegate_retiring, may_retire
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.principal import PrincipalKind, PrincipalMatch
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
    evaluation = Evaluation(request, bounded=policies.permissions_boundary is not None)
    lacking: list[Reason] = []
    if not has_no_deny(policies):
        denying, unreadable = denials(evaluation, policies)
        if denying:
            return Decision(Outcome.EXPLICIT_DENY, (*denying, *unreadable))
        if unreadable:
            return Decision(Outcome.IMPLICIT_DENY, tuple(unreadable))
        lacking = guardrails_lacking(evaluation, policies)
    allows, lacks = _permissions(evaluation, policies, grants)
    if allows and not lacking:
        return Decision(Outcome.ALLOWED, tuple(allows))
    return Decision(Outcome.IMPLICIT_DENY, (*lacking, *lacks))


def _permissions(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> Verdict:
    if evaluation.identity.kind is PrincipalKind.UNKNOWN or (
        evaluation.requires_resource_trust and policies.resource is None
    ):
        return [], [_NO_RESOURCE if evaluation.requires_resource_trust else _NO_IDENTITY]
    if evaluation.action == "kms:retiregrant":
        return _retiring(evaluation, policies, grants)
    if (
        evaluation.identity.account == evaluation.account
        and evaluation.identity.kind is not PrincipalKind.SERVICE
    ):
        allows, lacks = _within_account(evaluation, policies)
    else:
        allows, lacks = _across_accounts(evaluation, policies)
    if grants and evaluation.service == "kms" and evaluation.requires_resource_trust:
        allows += _granted(evaluation, policies, grants)
    return allows, [] if allows else lacks


def _within_account(evaluation: Evaluation, policies: Policies) -> Verdict:
    """A resource policy that names the caller is enough; IAM policies are too, but for a KMS key only
    as far as its key policy trusts them."""
    named = _named(evaluation, policies.resource)
    trust = trusts_account(named) if evaluation.requires_resource_trust else []
    trusted = bool(trust) or not evaluation.requires_resource_trust
    iam = iam_allows(evaluation, policies)
    limits = limits_lacking(evaluation, policies)
    enough = PrincipalMatch.EXACT if limits else PrincipalMatch.ROLE
    allows = _reasons(policies.resource, [match for match in named if match[0] >= enough]) if named else []
    if iam and trusted and not limits:
        allows += [*iam, *_reasons(policies.resource, trust)]
    if allows:
        return allows, []
    if limits and any(match[0] is PrincipalMatch.ROLE for match in named):
        return [], limits
    return [], _lacks(trusted=trusted, iam=iam, limits=limits)


def trusts_account(named: Sequence[Match]) -> list[Match]:
    """Does the key policy trust its account's IAM policies with this request? By which statements?

    Of its statements that allow the request, those that do so to the account itself, by its root ARN or
    its bare id; their conditions limit what IAM policies can give. Without one, an Allow in an IAM
    policy has no effect. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return [match for match in named if match[0] is PrincipalMatch.ACCOUNT]


def _lacks(*, trusted: bool, iam: list[Reason], limits: list[Reason]) -> list[Reason]:
    if not trusted:
        return [_NO_RESOURCE]
    return limits if iam else [_NO_IDENTITY, *limits]


def _across_accounts(evaluation: Evaluation, policies: Policies) -> Verdict:
    """Both sides must allow: the resource's policy, and the caller's account. A service has no account."""
    named = _named(evaluation, policies.resource) if evaluation.cross_account_allowed else []
    theirs = _reasons(policies.resource, named)
    if evaluation.identity.kind is PrincipalKind.SERVICE:
        return theirs, [_NO_RESOURCE]
    iam = iam_allows(evaluation, policies)
    limits = limits_lacking(evaluation, policies)
    if theirs and iam and not limits:
        return [*theirs, *iam], []
    lacks = [] if theirs else [_NO_RESOURCE]
    return [], [*lacks, *([] if iam else [_NO_IDENTITY]), *limits]


def _named(evaluation: Evaluation, policy: NamedPolicy | None) -> list[Match]:
    return evaluation.allowing(PolicyType.RESOURCE, policy) if policy else []


def _reasons(policy: NamedPolicy | None, matches: Sequence[Match]) -> list[Reason]:
    return reasons(PolicyType.RESOURCE, policy, matches) if policy and matches else []


def _granted(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> list[Reason]:
    """The grants that allow the request. Whether boundary and session policies limit a grant is not
    documented: one to a role is taken to be limited as a key policy is that names the role."""
    request, identity = evaluation.request, evaluation.identity
    operation = request.action.partition(":")[2]
    held = allowing_grants(operation, identity, request.context, grants)
    if held and limits_lacking(evaluation, policies) and identity.kind is PrincipalKind.ROLE:
        held = [grant for grant in held if grant.grantee_principal != identity.entity]
    return [_grant_reason(grant) for grant in held]


def _grant_reason(grant: Grant) -> Reason:
    return reason(PolicyType.GRANT, Effect.ALLOW, grant.name, grant.grant_id)


def _retiring(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> Verdict:
    """The grant says who may retire it. A key policy's Allow has no effect; an IAM policy's has where the
    account owns the key or is the retiring principal.

    https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
    """
    wanted = evaluation.request.grant_id
    named = [grant for grant in grants if wanted and grant.grant_id == wanted]
    identity = evaluation.identity
    allows = [_grant_reason(grant) for grant in named if may_retire(identity, grant)]
    lacks = [_NO_RESOURCE]
    if any(may_delegate_retiring(identity, grant, evaluation.account) for grant in named):
        iam, limits = iam_allows(evaluation, policies), limits_lacking(evaluation, policies)
        allows += [] if limits else iam
        lacks = limits if iam else [_NO_IDENTITY, *limits]
    return allows, [] if allows else lacks
