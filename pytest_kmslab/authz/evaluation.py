"""A request made ready to be put to policies, and the answers single policies give to it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter

from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.condition import RESOURCE_ALIASES
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.cross_account import CROSSING, LIMITED
from pytest_kmslab.authz.decision import Effect, PolicyType, Reason, reason
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.principal import Identity, PrincipalKind, PrincipalMatch, identify
from pytest_kmslab.authz.request import Request
from pytest_kmslab.authz.statement import Statement

_NAMING = frozenset((PolicyType.RESOURCE, PolicyType.RESOURCE_CONTROL, PolicyType.VPC_ENDPOINT))
"""The policy types whose statements name principals."""

_GATEWAYS = frozenset(("dynamodb", "s3"))
"""The services with gateway endpoints."""

Match = tuple[PrincipalMatch, Statement]
"""A statement that applies, and how far it takes in the caller."""

Group = tuple[PolicyType, tuple[NamedPolicy, ...]]


@lru_cache(maxsize=4096)
def _work_out(
    principal: str, role_arn: str, action: str, resource: str, account: str
) -> tuple[str, str, Identity, str, bool]:
    """Of a request: its action in lower case, the service, who asks, the resource's account, and whether
    IAM policies count only as far as the resource's own policy lets them.

    They do for KMS keys and for assuming roles. An alias has no policy, nor has `*` (CreateKey, ListKeys).
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
    """
    folded = action.lower()
    service = folded.partition(":")[0]
    identity = identify(principal, role_arn)
    if service == "kms":
        requires_resource_trust = resource != "*" and ":alias/" not in resource
    else:
        requires_resource_trust = service == "sts" and ":role/" in resource
    return folded, service, identity, account or _owner(resource) or identity.account, requires_resource_trust


def _owner(resource: str) -> str:
    """The account of an ARN; AWS's own managed policies are everybody's."""
    owner = account_of(resource)
    return "" if owner == "aws" else owner


class Evaluation:
    """A request with what is worked out once: who asks, in which account the resource is.

    `gated`: IAM policies count only as far as the resource's own policy lets them.
    """

    __slots__ = (
        "account",
        "action",
        "bounded",
        "context",
        "identity",
        "request",
        "requires_resource_trust",
        "service",
    )

    def __init__(self, request: Request, *, bounded: bool) -> None:
        self.request = request
        self.context = request.context
        self.bounded = bounded
        principal = request.principal
        role_arn = self._role_arn() if ":assumed-role/" in principal else ""
        self.action, self.service, self.identity, self.account, self.requires_resource_trust = _work_out(
            principal, role_arn, request.action, request.resource, request.resource_account
        )

    def _role_arn(self) -> str:
        """Of a role session, the role's ARN as the request tells it."""
        arns = self.context.get("aws:PrincipalArn", ())
        return arns[0] if len(arns) == 1 else ""

    @property
    def cross_account_allowed(self) -> bool:
        """Whether the operation can be allowed to a principal of another account than the resource's, or
        is not asked by one."""
        within = self.identity.account == self.account or self.identity.kind is PrincipalKind.SERVICE
        return within or self.service not in LIMITED or self.action in CROSSING

    @property
    def resource_policy_applies(self) -> bool:
        """Whether the policy that hangs on the resource bears: a role's trust policy says who may assume the
        role (an action of STS), not what is done to it by IAM.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_resource-based
        """
        return self.service != "iam"

    def match_principal(self, statement: Statement, kind: PolicyType) -> PrincipalMatch:
        """How far a statement of a policy of this type takes in the caller, whatever its other elements.

        IAM refuses a Principal in the types that do not name principals: an Allow with one is void.
        """
        if kind in _NAMING:
            principals = statement.principals
            if principals is not None:
                return principals.match_principal(self.identity)
            return statement.match_unnamed(self.identity, bounded=self.bounded)
        return (
            PrincipalMatch.EXACT if statement.denies or statement.principals is None else PrincipalMatch.NONE
        )

    def matching(self, statements: Iterable[Statement], kind: PolicyType) -> list[Match]:
        """Those that apply, of statements about the action."""
        found: list[Match] = []
        for statement in statements:
            match_principal = self.match_principal(statement, kind)
            if match_principal and (statement.plain or self._applies(statement, kind)):
                found.append((match_principal, statement))
        return found

    def _applies(self, statement: Statement, kind: PolicyType) -> bool:
        resource, context = self.request.resource, self.context
        applies = statement.applies(resource, self.service, context)
        if not self.unsupported(statement, kind):
            return applies
        others = {name: given for name, given in context.folded.items() if name != RESOURCE_ALIASES}
        without = statement.applies(resource, self.service, Context(others))
        return (applies or without) if statement.denies else (applies and without)

    def unsupported(self, statement: Statement, kind: PolicyType) -> bool:
        """Whether it is of a key policy and has a condition by `kms:ResourceAliases`, which is for IAM
        policies only. Whether the key is absent there is not documented: an Allow applies only where it
        does either way, a Deny where it does in one.

        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
        """
        if kind is not PolicyType.RESOURCE or self.service != "kms":
            return False
        return any(condition.folded_key == RESOURCE_ALIASES for condition in statement.conditions)

    def allowing(self, kind: PolicyType, named: NamedPolicy) -> list[Match]:
        """The Allow statements of a policy that apply."""
        if kind is PolicyType.RESOURCE and not self.resource_policy_applies:
            return []
        allows = named.policy.relevant(self.action).allows
        return self.matching(allows, kind) if allows else []


def reasons(kind: PolicyType, named: NamedPolicy, matches: Iterable[Match]) -> list[Reason]:
    """Allow statements as reasons."""
    return [reason(kind, Effect.ALLOW, named.name, statement.name) for _, statement in matches]


def applicable_policies(evaluation: Evaluation, policies: Policies) -> list[Group]:
    """The policies that bear on a request, by type, in the order in which a denial by them is reported.

    The root user has neither identity-based policies nor a permissions boundary. SCPs bear on IAM
    principals, and neither SCPs nor RCPs on service-linked roles; RCPs do not govern RetireGrant.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    kind = evaluation.identity.kind
    groups: list[Group] = []
    if policies.resource_control and _under_rcp(evaluation):
        groups.append((PolicyType.RESOURCE_CONTROL, _flat(policies.resource_control)))
    if policies.service_control and under_scp(evaluation):
        groups.append((PolicyType.SERVICE_CONTROL, _flat(policies.service_control)))
    if policies.vpc_endpoint:
        groups.append((PolicyType.VPC_ENDPOINT, (policies.vpc_endpoint,)))
    if policies.resource and evaluation.resource_policy_applies and not _opens_its_table(evaluation):
        groups.append((PolicyType.RESOURCE, (policies.resource,)))
    if kind is not PrincipalKind.ROOT:
        if policies.identity:
            groups.append((PolicyType.IDENTITY, policies.identity))
        if policies.permissions_boundary:
            groups.append((PolicyType.PERMISSIONS_BOUNDARY, (policies.permissions_boundary,)))
    if policies.session:
        groups.append((PolicyType.SESSION, policies.session))
    return groups


def under_scp(evaluation: Evaluation) -> bool:
    """Whether service control policies bear on the caller."""
    return evaluation.identity.kind is not PrincipalKind.SERVICE and not evaluation.identity.service_linked


def _under_rcp(evaluation: Evaluation) -> bool:
    return evaluation.action != "kms:retiregrant" and not evaluation.identity.service_linked


def _opens_its_table(evaluation: Evaluation) -> bool:
    """Whether the root user removes the policy of a table of its account: whatever that policy says, it may.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteResourcePolicy.html
    """
    own = evaluation.identity.kind is PrincipalKind.ROOT and evaluation.identity.account == evaluation.account
    return own and evaluation.action == "dynamodb:deleteresourcepolicy"


def _flat(levels: tuple[tuple[NamedPolicy, ...], ...]) -> tuple[NamedPolicy, ...]:
    return tuple(named for level in levels for named in level)


_HAS_NO_DENY = attrgetter("policy.has_no_deny")


def has_no_deny(policies: Policies) -> bool:
    """Whether there are none but identity-based policies and a resource's, of which none denies: then there
    is nothing that could take away what they give."""
    if policies.session or policies.service_control or policies.resource_control:
        return False
    if policies.permissions_boundary or policies.vpc_endpoint:
        return False
    if policies.resource and not policies.resource.policy.has_no_deny:
        return False
    return all(map(_HAS_NO_DENY, policies.identity))


def denials(evaluation: Evaluation, policies: Policies) -> tuple[list[Reason], list[Reason]]:
    """The Deny statements that apply, and the policies that could not be read."""
    denying: list[Reason] = []
    unreadable: list[Reason] = []
    for kind, group in applicable_policies(evaluation, policies):
        for named in group:
            policy = named.policy
            if policy.has_no_deny:
                continue
            if policy.error:
                unreadable.append(reason(kind, Effect.UNREADABLE, named.name))
            denies = policy.relevant(evaluation.action).denies
            if denies:
                denying += [
                    reason(kind, Effect.DENY, named.name, statement.name)
                    for _, statement in evaluation.matching(denies, kind)
                ]
    return denying, unreadable


def guardrails_lacking(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """The types of policy that give nothing by themselves, must allow the request, and do not."""
    lacking: list[Reason] = []
    if policies.resource_control and _under_rcp(evaluation):
        lacking += _levels_lacking(evaluation, PolicyType.RESOURCE_CONTROL, policies.resource_control)
    if policies.service_control and under_scp(evaluation):
        lacking += _levels_lacking(evaluation, PolicyType.SERVICE_CONTROL, policies.service_control)
    if policies.vpc_endpoint and not _endpoint_allows(evaluation, policies.vpc_endpoint):
        lacking.append(reason(PolicyType.VPC_ENDPOINT, Effect.MISSING))
    return lacking


def _levels_lacking(
    evaluation: Evaluation, kind: PolicyType, levels: tuple[tuple[NamedPolicy, ...], ...]
) -> list[Reason]:
    allowed = all(any(evaluation.allowing(kind, named) for named in level) for level in levels)
    return [] if allowed else [reason(kind, Effect.MISSING)]


def _endpoint_allows(evaluation: Evaluation, endpoint: NamedPolicy) -> bool:
    """In the policy of a gateway endpoint an account stands for its root user only; DynamoDB has interface
    endpoints too, but the request does not say which it came through.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    least = PrincipalMatch.ROLE if evaluation.service in _GATEWAYS else PrincipalMatch.ACCOUNT
    return any(
        match_principal >= least
        for match_principal, _ in evaluation.allowing(PolicyType.VPC_ENDPOINT, endpoint)
    )


def iam_allows(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """What the caller's own policies give it. The root user has everything in its account."""
    if evaluation.identity.kind is PrincipalKind.ROOT:
        return [reason(PolicyType.IDENTITY, Effect.ALLOW, evaluation.identity.arn)]
    found: list[Reason] = []
    for named in policies.identity:
        matches = evaluation.allowing(PolicyType.IDENTITY, named)
        if matches:
            found += reasons(PolicyType.IDENTITY, named, matches)
    return found


def limits_lacking(evaluation: Evaluation, policies: Policies) -> list[Reason]:
    """Which of permissions boundary and session policies does not allow the request.

    A federated user has nothing of its user without a session policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    lacking: list[Reason] = []
    kind = evaluation.identity.kind
    if policies.permissions_boundary and kind is not PrincipalKind.ROOT:
        boundary = PolicyType.PERMISSIONS_BOUNDARY
        if not evaluation.allowing(boundary, policies.permissions_boundary):
            lacking.append(reason(boundary, Effect.MISSING))
    if policies.session or kind is PrincipalKind.FEDERATED:
        session = PolicyType.SESSION
        if not any(evaluation.allowing(session, named) for named in policies.session):
            lacking.append(reason(session, Effect.MISSING))
    return lacking
