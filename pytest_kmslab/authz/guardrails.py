"""What takes a permission away: a Deny in any policy, and policies that must allow the request too."""

from __future__ import annotations

from operator import attrgetter

from pytest_kmslab.authz.decision import Effect, PolicyType, Reason, reason
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.principal import PrincipalKind, PrincipalMatch

_GATEWAY_ENDPOINTS = frozenset(("dynamodb", "s3"))
"""The services with gateway endpoints."""

_WITHOUT_RCP = frozenset(("iam",))
"""Those of the services decided here for whose actions there are no resource control policies."""

_HAS_NO_DENY = attrgetter("policy.has_no_deny")

Group = tuple[PolicyType, tuple[NamedPolicy, ...]]
"""The policies of one type."""


def has_no_deny(policies: Policies) -> bool:
    """Whether nothing can take a permission away: there are only identity-based policies and a resource's,
    all readable, and none has a Deny. Most requests of a test are so, and are decided in half the time."""
    if policies.session or policies.service_control or policies.resource_control:
        return False
    if policies.permissions_boundary or policies.vpc_endpoint:
        return False
    if policies.resource and not policies.resource.policy.has_no_deny:
        return False
    return all(map(_HAS_NO_DENY, policies.identity))


def applicable_policies(evaluation: Evaluation, policies: Policies) -> list[Group]:
    """The policies that apply to a request, by type, in the order in which AWS reports a denial by them.

    The root user has neither identity-based policies nor a permissions boundary.
    """
    # The order is that of AWS's evaluation: the organization's policies, the endpoint's, the resource's, the
    # caller's own.
    groups: list[Group] = []
    if policies.resource_control and _under_rcp(evaluation):
        groups.append((PolicyType.RESOURCE_CONTROL, _flat(policies.resource_control)))
    if policies.service_control and _under_scp(evaluation):
        groups.append((PolicyType.SERVICE_CONTROL, _flat(policies.service_control)))
    if policies.vpc_endpoint:
        groups.append((PolicyType.VPC_ENDPOINT, (policies.vpc_endpoint,)))
    if policies.resource and evaluation.resource_policy_applies and not _root_opens_table(evaluation):
        groups.append((PolicyType.RESOURCE, (policies.resource,)))
    if evaluation.identity.kind is not PrincipalKind.ROOT:
        if policies.identity:
            groups.append((PolicyType.IDENTITY, policies.identity))
        if policies.permissions_boundary:
            groups.append((PolicyType.PERMISSIONS_BOUNDARY, (policies.permissions_boundary,)))
    if policies.session:
        groups.append((PolicyType.SESSION, policies.session))
    return groups


def _under_scp(evaluation: Evaluation) -> bool:
    """Whether service control policies limit the caller: they limit IAM principals, but not service-linked
    roles. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    identity = evaluation.identity
    return identity.kind is not PrincipalKind.SERVICE and not identity.service_linked


def _under_rcp(evaluation: Evaluation) -> bool:
    """Whether resource control policies limit the request.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    if evaluation.action == "kms:retiregrant" or evaluation.service in _WITHOUT_RCP:
        return False
    return not evaluation.identity.service_linked


def _root_opens_table(evaluation: Evaluation) -> bool:
    """Whether the root user deletes the policy of a table of its account, which no policy can forbid it: it
    is the way back for who has locked themselves out.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteResourcePolicy.html
    """
    if evaluation.action != "dynamodb:deleteresourcepolicy":
        return False
    return evaluation.identity.kind is PrincipalKind.ROOT and evaluation.within_account


def _flat(levels: tuple[tuple[NamedPolicy, ...], ...]) -> tuple[NamedPolicy, ...]:
    return tuple(named_policy for level in levels for named_policy in level)


def denials(evaluation: Evaluation, policies: Policies) -> tuple[list[Reason], list[Reason]]:
    """The Deny statements that apply, and the policies that could not be read."""
    denying: list[Reason] = []
    unreadable: list[Reason] = []
    for kind, group in applicable_policies(evaluation, policies):
        for named_policy in group:
            policy = named_policy.policy
            # Most policies have no Deny: the statements of those need not be looked up.
            if policy.has_no_deny:
                continue
            if policy.error:
                unreadable.append(reason(kind, Effect.UNREADABLE, named_policy.name))
            denies = policy.relevant(evaluation.action).denies
            if denies:
                for _, statement in evaluation.matching(denies, kind):
                    denying.append(reason(kind, Effect.DENY, named_policy.name, statement.name))
    return denying, unreadable


def missing_guardrails(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """The policy types around the account that do not allow the request, though they must."""
    missing: list[Reason] = []
    if policies.resource_control and _under_rcp(evaluation):
        missing += _missing_levels(evaluation, PolicyType.RESOURCE_CONTROL, policies.resource_control)
    if policies.service_control and _under_scp(evaluation):
        missing += _missing_levels(evaluation, PolicyType.SERVICE_CONTROL, policies.service_control)
    if policies.vpc_endpoint and not _endpoint_allows(evaluation, policies.vpc_endpoint):
        missing.append(reason(PolicyType.VPC_ENDPOINT, Effect.MISSING))
    return missing


def _missing_levels(
    evaluation: Evaluation, kind: PolicyType, levels: tuple[tuple[NamedPolicy, ...], ...]
) -> list[Reason]:
    # The levels are an AND of ORs: one policy of each level is enough.
    allowed = all(any(evaluation.allowing(kind, named_policy) for named_policy in level) for level in levels)
    return [] if allowed else [reason(kind, Effect.MISSING)]


def _endpoint_allows(evaluation: Evaluation, endpoint: NamedPolicy) -> bool:
    """Whether the endpoint's policy allows the request.

    In the policy of a gateway endpoint an account stands for its root user only. DynamoDB has interface
    endpoints too, but the request does not say which kind it came through, so the stricter reading counts.
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    least = PrincipalMatch.ROLE if evaluation.service in _GATEWAY_ENDPOINTS else PrincipalMatch.ACCOUNT
    return any(match >= least for match, _ in evaluation.allowing(PolicyType.VPC_ENDPOINT, endpoint))


def missing_limits(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """Those of permissions boundary and session policies that do not allow the request.

    A federated user has none of its user's permissions without a session policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    missing: list[Reason] = []
    kind = evaluation.identity.kind
    # IAM cannot set a boundary for the root user.
    if policies.permissions_boundary and kind is not PrincipalKind.ROOT:
        boundary = PolicyType.PERMISSIONS_BOUNDARY
        if not evaluation.allowing(boundary, policies.permissions_boundary):
            missing.append(reason(boundary, Effect.MISSING))
    if policies.session or kind is PrincipalKind.FEDERATED:
        matches = [evaluation.allowing(PolicyType.SESSION, named_policy) for named_policy in policies.session]
        if not any(matches):
            missing.append(reason(PolicyType.SESSION, Effect.MISSING))
    return missing
