"""A request made ready to be put to policies, and the statements of single policies that apply to it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.condition import RESOURCE_ALIASES
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.cross_account import CROSS_ACCOUNT_ACTIONS, CROSS_ACCOUNT_LIMITED_SERVICES
from pytest_kmslab.authz.decision import Effect, PolicyType, Reason, reason
from pytest_kmslab.authz.policy import NamedPolicy
from pytest_kmslab.authz.principal import Identity, PrincipalKind, PrincipalMatch, identify
from pytest_kmslab.authz.request import Request
from pytest_kmslab.authz.statement import Statement

_NAMING_PRINCIPALS = frozenset((PolicyType.RESOURCE, PolicyType.RESOURCE_CONTROL, PolicyType.VPC_ENDPOINT))
"""The policy types whose statements name principals."""

Match = tuple[PrincipalMatch, Statement]
"""A statement that applies, and how it names the caller."""


class Evaluation:
    """A request, with everything that follows from the request alone worked out once."""

    __slots__ = (
        "account",
        "action",
        "bounded",
        "context",
        "identity",
        "request",
        "requires_resource_trust",
        "resource",
        "service",
    )

    request: Request
    """The request as it was asked."""
    context: Context
    """The request's context."""
    resource: str
    """The request's resource."""
    action: str
    """The request's action in lower case: actions compare without case."""
    service: str
    """The service prefix of the action."""
    identity: Identity
    """The caller."""
    account: str
    """The account that owns the resource."""
    requires_resource_trust: bool
    """Whether IAM policies count only as far as the resource's own policy lets them."""
    bounded: bool
    """Whether the caller has a permissions boundary."""

    def __init__(self, request: Request, *, bounded: bool) -> None:
        self.request = request
        self.context = request.context
        self.resource = request.resource
        self.bounded = bounded
        principal = request.principal
        # Only a role session needs its context here, and making the context costs more than all the rest.
        role_arn = _role_arn(request.context) if ":assumed-role/" in principal else ""
        self.action, self.service, self.identity, self.account, self.requires_resource_trust = _classify(
            principal, role_arn, request.action, request.resource, request.resource_account
        )

    @property
    def within_account(self) -> bool:
        """Whether the caller belongs to the account that owns the resource. A service has no account."""
        return self.identity.account == self.account and self.identity.kind is not PrincipalKind.SERVICE

    @property
    def cross_account_allowed(self) -> bool:
        """Whether the action works for this caller at all: many cannot be used on the resource of another
        account, whatever its policy says."""
        if self.service not in CROSS_ACCOUNT_LIMITED_SERVICES or self.action in CROSS_ACCOUNT_ACTIONS:
            return True
        return self.identity.account == self.account or self.identity.kind is PrincipalKind.SERVICE

    @property
    def resource_policy_applies(self) -> bool:
        """Whether the policy attached to the resource decides about this action. A role's trust policy
        does not decide about IAM's actions on the role: it says who may assume the role, by STS.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_resource-based
        """
        return self.service != "iam"

    def match_principal(self, statement: Statement, kind: PolicyType) -> PrincipalMatch:
        """How a statement of a policy of this type names the caller, whatever its other elements say."""
        if kind not in _NAMING_PRINCIPALS:
            return PrincipalMatch.EXACT if statement.attachable else PrincipalMatch.NONE
        if statement.principals is not None:
            return statement.principals.match_principal(self.identity)
        return statement.match_unnamed(self.identity, bounded=self.bounded)

    def matching(self, statements: Iterable[Statement], kind: PolicyType) -> list[Match]:
        """The statements that apply, of statements about the action."""
        # This loop is most of a decision's cost: a statement worked out all it could when it was read, and a
        # plain one is asked no further.
        resource, service, context = self.resource, self.service, self.context
        if kind not in _NAMING_PRINCIPALS:
            return [
                (PrincipalMatch.EXACT, statement)
                for statement in statements
                # Without a service a Deny that lacks its Resource counts: a key policy's alone has none.
                if statement.attachable and (statement.plain or statement.applies(resource, "", context))
            ]
        identity = self.identity
        matches: list[Match] = []
        for statement in statements:
            principals = statement.principals
            match = (
                principals.match_principal(identity) if principals else self.match_principal(statement, kind)
            )
            if not match:
                continue
            if statement.asks_for_aliases and self.ignores_aliases(kind):
                applies = self._applies_either_way(statement)
            else:
                applies = statement.plain or statement.applies(resource, service, context)
            if applies:
                matches.append((match, statement))
        return matches

    def allowing(self, kind: PolicyType, named_policy: NamedPolicy) -> list[Match]:
        """The Allow statements of a policy that apply."""
        allows = named_policy.policy.relevant(self.action).allows
        return self.matching(allows, kind) if allows else []

    def ignores_aliases(self, kind: PolicyType) -> bool:
        """Whether a condition by `kms:ResourceAliases` is not supported: it is for IAM policies only.

        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
        """
        return kind is PolicyType.RESOURCE and self.service == "kms"

    def _applies_either_way(self, statement: Statement) -> bool:
        """AWS does not document whether an unsupported condition key is absent: an Allow applies only where
        it does with the key and without it, a Deny where it does in one of the two cases."""
        others = {name: values for name, values in self.context.folded.items() if name != RESOURCE_ALIASES}
        answers = [
            statement.applies(self.resource, self.service, context)
            for context in (self.context, Context(others))
        ]
        return any(answers) if statement.denies else all(answers)


ON_NO_KEY = frozenset({"kms:listretirablegrants"})
"""Actions of KMS whose resource is a principal.
https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html"""


@lru_cache(maxsize=4096)
def _classify(
    principal: str, role_arn: str, action: str, resource: str, account: str
) -> tuple[str, str, Identity, str, bool]:
    """What the fields of a request mean: the action in lower case, its service, the caller, the resource's
    account, and whether IAM policies count only as far as the resource's own policy lets them.

    They do so for KMS keys and for assuming roles. An alias has no policy, nor has `*` (CreateKey, ListKeys).
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
    """
    folded = action.lower()
    service = folded.partition(":")[0]
    identity = identify(principal, role_arn)
    # Only the path of an ARN tells a key from an alias: the action says nothing about it.
    if service == "kms":
        requires_resource_trust = resource != "*" and ":alias/" not in resource and folded not in ON_NO_KEY
    else:
        requires_resource_trust = service == "sts" and ":role/" in resource
    return folded, service, identity, account or _owner(resource) or identity.account, requires_resource_trust


def _owner(resource: str) -> str:
    """The account in a resource's ARN; AWS's own managed policies, of account `aws`, belong to everybody."""
    owner = account_of(resource)
    return "" if owner == "aws" else owner


def _role_arn(context: Context) -> str:
    """The ARN of the role behind a session, as the request's context gives it; its path stands only there."""
    # Two values name no role: the session is then judged by the role's ARN without its path.
    arns = context.folded.get("aws:principalarn", ())
    return arns[0] if len(arns) == 1 else ""


def allow_reasons(kind: PolicyType, policy: str, matches: Iterable[Match]) -> list[Reason]:
    """Matched Allow statements of one policy, given by its name, as reasons."""
    return [reason(kind, Effect.ALLOW, policy, statement.name) for _, statement in matches]
