"""Decides one authorization of a call: what is granted is read, and the engine asked.

A decision that was made once is not made again: asked the same under the same policies, nothing is evaluated.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_kmslab.account.model import AccountView, Organization, Standing
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, Authorization

KEPT = 1024
"""Decisions kept at most; then all are forgotten."""

Asked = tuple[str, str, str, str]


class Authorized(NamedTuple):
    """A decision, and what it was made from."""

    request: Request
    decision: Decision
    policies: Policies
    grants: tuple[Grant, ...]


class Authorizer:
    """Decides authorizations by what an account grants.

    Policies, grants and the organization are read each time. Of the engine's answers it keeps those that no
    condition bore on: such a decision, during which nobody looked at the request's context nor at a grant,
    follows from who asks for what on which resource under which policies. The policies are compared by their
    parsed content, so a policy that changed is another question.
    """

    def __init__(self) -> None:
        self._kept: dict[Asked, tuple[Policies, Decision]] = {}

    def authorize(
        self, call: ApiCall, authorization: Authorization, view: AccountView, standing: Standing
    ) -> Authorized:
        """Decide one authorization of a call; `standing` is what is granted its caller whatever is used."""
        request, own = authorization.request, standing.policies
        resource = request.resource
        owner = request.resource_account or account_of(resource)
        organization = standing.organization
        # A resource control policy is of the organization that owns the resource, whoever calls.
        if owner != standing.account:
            organization = view.organization(owner, call.partition) if owner else None
        policies = Policies(
            identity=own.identity,
            resource=_policy_on(authorization, view),
            permissions_boundary=own.permissions_boundary,
            session=own.session,
            service_control=own.service_control,
        )
        if organization is not None:
            request = _in_organization(request, organization)
            policies = policies._replace(resource_control=view.resource_control(resource))
        grants: tuple[Grant, ...] = ()
        if request.action.startswith("kms:"):
            # To retire a grant all of them count: its retiring principal need not be its grantee.
            grants = view.grants(resource) if request.grant_id else view.grants_to(resource, call.caller)
        return Authorized(request, self.decide(request, policies, grants), policies, grants)

    def decide(self, request: Request, policies: Policies, grants: tuple[Grant, ...]) -> Decision:
        """What the engine's `authorize` answers."""
        if grants or request.grant_id or not request.context.unread:
            return authorize(request, policies, grants)
        asked = (request.principal, request.action, request.resource, request.resource_account)
        kept = self._kept.get(asked)
        if kept is not None and kept[0] == policies:
            return kept[1]
        decision = authorize(request, policies)
        # Only now is it known whether a condition bore on it: then it holds for this one request.
        if request.context.unread:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[asked] = (policies, decision)
        return decision


def _policy_on(authorization: Authorization, view: AccountView) -> NamedPolicy | None:
    """The policy on the resource, or the one that is to be judged in its place."""
    resource = authorization.request.resource
    # KMS judges a new key, or a key whose policy is replaced, by the policy that is being put.
    if authorization.resource_policy is not None:
        return NamedPolicy(resource, authorization.resource_policy)
    return view.resource_policy(resource)


def _in_organization(request: Request, organization: Organization) -> Request:
    """The request with the organization of the account that owns the resource.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
    """
    keys = {"aws:ResourceOrgID": organization.id, "aws:ResourceOrgPaths": (organization.path,)}
    return request._replace(context=Context({**dict(request.context.pairs()), **keys}))
