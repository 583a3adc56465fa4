"""The one place where a call is decided, for every seam that calls pass through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_kmslab.apicall import ApiCall, ServiceError
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.backends.base import Backend, Credentials
from pytest_kmslab.calls.base import Ask
from pytest_kmslab.calls.denial import denial_of
from pytest_kmslab.calls.operations import ENFORCED_SERVICES, asks
from pytest_kmslab.enforcement.authentication import authenticate
from pytest_kmslab.enforcement.table_encryption import settle_table
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.facts import Caller


class Enforcer:
    """Decides calls to one backend and writes every decision to the trail.

    With `enforcing` false nobody is refused for lack of permission or for bad credentials; what a
    service refuses for other reasons (a disabled key, a policy that is not JSON) is refused all the same.
    """

    services = ENFORCED_SERVICES

    def __init__(self, backend: Backend, trail: Trail, enforcing: bool) -> None:
        self.backend = backend
        self._trail = trail
        self._enforcing = enforcing

    @property
    def active(self) -> bool:
        """Whether calls are decided now: only while the backend runs."""
        return self.backend.running

    def caller(self, given: Credentials | None, service: str) -> Caller:
        """Who signs with these credentials; raises ServiceError where nobody does."""
        try:
            return authenticate(given, service, self.backend.facts)
        except ServiceError:
            if self._enforcing:
                raise
            return authenticate(self.backend.root, service, self.backend.facts)

    def admit(self, call: ApiCall) -> None:
        """Return where AWS would let the call through; otherwise raise the ServiceError that it answers."""
        for ask in asks(call, self.backend.facts):
            if not self._enforcing:
                continue
            decision = self._decide(call, ask)
            if not decision.allowed:
                raise denial_of(call, ask, decision)

    def settle(self, call: ApiCall, response: dict[str, Any]) -> None:
        """After the backend did the call: keep what it dropped, and mend its response in place."""
        settle_table(self.backend, call, response)
        self.backend.settle(call, response)

    def _decide(self, call: ApiCall, ask: Ask) -> Decision:
        policies = self._policies(call, ask)
        decision = authorize(ask.request, policies, self.backend.facts.grants(ask.request.resource))
        self._trail.record(call.name, ask.request, decision, ask.via, policies)
        return decision

    def _policies(self, call: ApiCall, ask: Ask) -> Policies:
        policies = self.backend.facts.policies(call.caller, ask.request.resource)
        if ask.resource_policy is None:
            return policies
        return replace(policies, resource=NamedPolicy(ask.request.resource, ask.resource_policy))
