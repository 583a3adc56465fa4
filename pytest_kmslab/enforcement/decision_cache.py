"""Decisions made once: asked the same again, nothing is evaluated again."""

from __future__ import annotations

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request

KEPT = 1024
"""Decisions kept at most; then all are forgotten."""

Asked = tuple[str, str, str, str, Policies]


class DecisionCache:
    """`authorize`, that keeps what no condition bore on.

    A decision during which nobody looked at the request's context, nor at a grant, follows from who asks
    for what on which resource under which policies. All of that is what it is kept by, the policies by
    their parsed content, so a policy that changed is another question.
    """

    def __init__(self) -> None:
        self._kept: dict[Asked, Decision] = {}

    def decide(self, request: Request, policies: Policies, grants: tuple[Grant, ...]) -> Decision:
        """What `authorize` answers."""
        if grants or request.grant_id or not request.context.unread:
            return authorize(request, policies, grants)
        asked = (request.principal, request.action, request.resource, request.resource_account, policies)
        known = self._kept.get(asked)
        if known is None:
            known = authorize(request, policies)
            if request.context.unread:
                self._keep(asked, known)
        return known

    def _keep(self, asked: Asked, decision: Decision) -> None:
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[asked] = decision
