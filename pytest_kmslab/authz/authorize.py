"""The decision: one pure function.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason, reason
from pytest_kmslab.authz.evaluation import Evaluation, Match, allow_reasons
from pytest_kmslab.authz.grant import Grant, allowing_grants, may_delegate_retiring, may_retire
from pytest_kmslab.authz.guardrails import denials, has_no_deny, missing_guardrails, missing_limits
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.principal import PrincipalKind, PrincipalMatch
from pytest_kmslab.authz.request import Request

Permissions = tuple[list[Reason], list[Reason]]
"""What allows the request, and where nothing does, what is missing."""

_NO_IDENTITY = reason(PolicyType.IDENTITY, Effect.MISSING)
_NO_RESOURCE = reason(PolicyType.RESOURCE, Effect.MISSING)


def authorize(request: Request, policies: Policies, grants: Sequence[Grant] = ()) -> Decision:
    """Decide one request from the policies and grants given, which are all there are.

    An explicit Deny decides, then a policy that cannot be read, then a missing Allow. The first
    reason of a denial is the one AWS's text names; the reasons of an allowed request are the statements
    and grants that gave the permission. `grants` are those on the key asked for; for `kms:RetireGrant`
    the request says which of them is to be retired.
    """
    evaluation = Evaluation(request, bounded=policies.permissions_boundary is not None)
    guardrails: list[Reason] = []
    # Nothing below gives a permission that a Deny, or what must allow besides, could still take away.
    if not has_no_deny(policies):
        denying, unreadable = denials(evaluation, policies)
        if denying:
            # A Deny that was read decides for certain; what could not be read only might.
            return Decision(Outcome.EXPLICIT_DENY, (*denying, *unreadable))
        if unreadable:
            return Decision(Outcome.IMPLICIT_DENY, tuple(unreadable))
        guardrails = missing_guardrails(evaluation, policies)
    allows, missing = _permissions(evaluation, policies, grants)
    if allows and not guardrails:
        return Decision(Outcome.ALLOWED, tuple(allows))
    # Guardrails come first: of several policies that do not allow a request, AWS's text names these.
    return Decision(Outcome.IMPLICIT_DENY, (*guardrails, *missing))


def _permissions(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> Permissions:
    on_trust = evaluation.requires_resource_trust
    # Every key and role has a policy: one that is not known is not taken to let anybody in.
    if evaluation.identity.kind is PrincipalKind.UNKNOWN or (on_trust and policies.resource is None):
        return [], [_NO_RESOURCE if on_trust else _NO_IDENTITY]
    if evaluation.action == "kms:retiregrant":
        return _retiring(evaluation, policies, grants)
    within = evaluation.within_account
    allows, missing = (_within_account if within else _across_accounts)(evaluation, policies)
    # A grant needs neither the key policy's trust nor an IAM policy.
    if grants and on_trust and evaluation.service == "kms":
        allows += _grant_reasons(evaluation, policies, grants)
    return allows, [] if allows else missing


def _within_account(evaluation: Evaluation, policies: Policies) -> Permissions:
    """A resource policy that names the caller is enough; IAM policies are too, but for a KMS key or a role
    only as far as its own policy trusts them."""
    on_trust = evaluation.requires_resource_trust
    matches = _resource_matches(evaluation, policies.resource)
    if on_trust and not matches:
        return [], [_NO_RESOURCE]
    limits = missing_limits(evaluation, policies)
    trusting = trusts_account(matches) if on_trust else []
    trusted = bool(trusting) or not on_trust
    iam = iam_allow_reasons(evaluation, policies) if trusted else []
    # A policy that names the role gives its sessions no more than their limits allow; one that names the
    # user or the session itself is not limited by an implicit deny.
    sufficient = PrincipalMatch.EXACT if limits else PrincipalMatch.ROLE
    name = policies.resource.name if policies.resource else ""
    naming = [match for match in matches if match[0] >= sufficient]
    allows = allow_reasons(PolicyType.RESOURCE, name, naming) if naming else []
    if iam and not limits:
        allows += iam
        allows += allow_reasons(PolicyType.RESOURCE, name, trusting) if trusting else []
    if allows:
        return allows, []
    # The role is named, so that only the limits are in the way.
    if limits and any(match[0] is PrincipalMatch.ROLE for match in matches):
        return [], limits
    if not trusted:
        return [], [_NO_RESOURCE]
    return [], limits if iam else [_NO_IDENTITY, *limits]


def trusts_account(matches: Sequence[Match]) -> list[Match]:
    """Does the key policy trust its account's IAM policies with this request? By which statements?

    Of its statements that allow the request, those that do so to the account itself, by its root ARN or
    its bare id; their conditions limit what IAM policies can give. Without one, an Allow in an IAM
    policy has no effect. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return [match for match in matches if match[0] is PrincipalMatch.ACCOUNT]


def _across_accounts(evaluation: Evaluation, policies: Policies) -> Permissions:
    """Both sides must allow: the resource's policy, and the caller's account. A service has no account."""
    allowed = evaluation.cross_account_allowed
    matches = _resource_matches(evaluation, policies.resource) if allowed else []
    name = policies.resource.name if policies.resource else ""
    resource_allows = allow_reasons(PolicyType.RESOURCE, name, matches)
    if evaluation.identity.kind is PrincipalKind.SERVICE:
        return resource_allows, [_NO_RESOURCE]
    iam = iam_allow_reasons(evaluation, policies)
    limits = missing_limits(evaluation, policies)
    if resource_allows and iam and not limits:
        return [*resource_allows, *iam], []
    missing = [] if resource_allows else [_NO_RESOURCE]
    return [], [*missing, *([] if iam else [_NO_IDENTITY]), *limits]


def _resource_matches(evaluation: Evaluation, policy: NamedPolicy | None) -> list[Match]:
    """The statements of the resource's own policy that allow the request, however they name the caller."""
    if policy is None or not evaluation.resource_policy_applies:
        return []
    return evaluation.allowing(PolicyType.RESOURCE, policy)


def iam_allow_reasons(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """What the caller's own policies give it. The root user has everything in its account."""
    if evaluation.identity.kind is PrincipalKind.ROOT:
        return [reason(PolicyType.IDENTITY, Effect.ALLOW, evaluation.identity.arn)]
    reasons: list[Reason] = []
    for named_policy in policies.identity:
        matches = evaluation.allowing(PolicyType.IDENTITY, named_policy)
        if matches:
            reasons += allow_reasons(PolicyType.IDENTITY, named_policy.name, matches)
    return reasons


def _grant_reasons(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> list[Reason]:
    """The grants that allow the request, as reasons.

    AWS does not document whether a permissions boundary or a session policy limits a grant: a grant to a
    role is taken to be limited as a key policy is that names the role.
    """
    request, identity = evaluation.request, evaluation.identity
    operation = request.action.partition(":")[2]
    allowing = allowing_grants(operation, identity, request.context, grants)
    if allowing and identity.kind is PrincipalKind.ROLE and missing_limits(evaluation, policies):
        allowing = [grant for grant in allowing if grant.grantee_principal != identity.entity]
    return [_grant_reason(grant) for grant in allowing]


def _grant_reason(grant: Grant) -> Reason:
    return reason(PolicyType.GRANT, Effect.ALLOW, grant.name, grant.grant_id)


def _retiring(evaluation: Evaluation, policies: Policies, grants: Sequence[Grant]) -> Permissions:
    """The grant says who may retire it. An Allow in the key policy has no effect; one in an IAM policy has
    where its account owns the key or is the retiring principal.

    https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
    """
    grant_id, identity = evaluation.request.grant_id, evaluation.identity
    retired = [grant for grant in grants if grant_id and grant.grant_id == grant_id]
    allows = [_grant_reason(grant) for grant in retired if may_retire(identity, grant)]
    missing = [_NO_RESOURCE]
    if any(may_delegate_retiring(identity, grant, evaluation.account) for grant in retired):
        iam, limits = iam_allow_reasons(evaluation, policies), missing_limits(evaluation, policies)
        allows += [] if limits else iam
        missing = limits if iam else [_NO_IDENTITY, *limits]
    return allows, [] if allows else missing
