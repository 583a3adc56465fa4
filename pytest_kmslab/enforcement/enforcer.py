"""The one place where a call is decided, for every seam that calls pass through."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.apicall import ApiCall, ServiceError
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.backends.base import Backend, Credentials
from pytest_kmslab.calls.base import Ask
from pytest_kmslab.calls.denial import denial_of
from pytest_kmslab.calls.dynamodb.returned_items import keep_named_attributes
from pytest_kmslab.calls.operations import ENFORCED_SERVICES, asks
from pytest_kmslab.enforcement.authentication import authenticate
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.context_key_names import context_key_names
from pytest_kmslab.enforcement.decisions import Decisions
from pytest_kmslab.enforcement.root_user import root_user
from pytest_kmslab.enforcement.simulate import simulate
from pytest_kmslab.enforcement.table_encryption import settle_table
from pytest_kmslab.enforcement.table_key_cache import TableKeyCache
from pytest_kmslab.enforcement.table_quota import check_quota
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.facts import Caller
from pytest_kmslab.wire.constraints import check_constraints


class Enforcer:
    """Decides calls to one backend and writes every decision to the trail.

    With `enforcing` false nobody is refused for lack of permission or for bad credentials; what a service
    refuses for other reasons (a disabled key, a key policy that would lock its caller out) is refused all
    the same.
    """

    services = ENFORCED_SERVICES

    def __init__(
        self, backend: Backend, trail: Trail, clock: Clock, *, enforcing: bool, table_key_cache: float = 0
    ) -> None:
        self.backend = backend
        self._trail = trail
        self._clock = clock
        self._enforcing = enforcing
        self._decisions = Decisions()
        self._table_keys = TableKeyCache(table_key_cache, clock.now)

    @property
    def active(self) -> bool:
        """Whether calls are decided now: only while the backend runs."""
        return self.backend.running

    @property
    def enforcing(self) -> bool:
        """Whether somebody can be refused for lack of permission or for bad credentials."""
        return self._enforcing

    def caller(self, given: Credentials | None, service: str) -> Caller:
        """Who signs with these credentials; raises ServiceError where nobody does."""
        try:
            return authenticate(given, service, self.backend.facts)
        except ServiceError:
            if self._enforcing:
                raise
            return authenticate(self.backend.root, service, self.backend.facts)

    def now(self) -> datetime:
        """The time at which a call comes."""
        return datetime.fromtimestamp(self._clock.now(), timezone.utc)

    def admit(self, call: ApiCall, connection: Any = None) -> None:
        """Return where AWS would let the call through; otherwise raise the ServiceError that it answers.

        A call without a time comes now. `connection` is what the caller's table keys are cached for, if
        they are.
        """
        check_constraints(call)
        if call.time is None:
            call = call._replace(time=self.now())
        facts = self._table_keys.facts(self.backend.facts, call, connection)
        held: Policies | None = None
        for number, ask in enumerate(asks(call, facts)):
            if self._enforcing or ask.instead is not None:
                held = self._authorize(call, ask, held)
            if number == 0:
                self._check_quota(call)
        self._table_keys.keep(facts)

    def pass_by(self, url: str) -> None:
        """Count a call to an address that the backend does not serve: it is not decided."""
        self._trail.pass_by(url)

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        """The response of an operation that the engine or the backend answers itself; None for all others."""
        facts = self.backend.facts
        own = simulate(call, facts) or context_key_names(call, facts) or root_user(call)
        return own or self.backend.answer(call)

    def settle(self, call: ApiCall, response: dict[str, Any]) -> None:
        """After the backend did the call: keep what it dropped, and mend its response in place."""
        settle_table(self.backend, call, response, self._clock.now())
        self.backend.settle(call, response)
        keep_named_attributes(call, response)
        self._table_keys.forget_changed(call, response)

    def _authorize(self, call: ApiCall, ask: Ask, held: Policies | None) -> Policies:
        """Decide one question; `held` are the policies of the one before it, whose caller is the same."""
        policies = self._policies(call, ask, held)
        grants = self._grants(call, ask)
        decision = self._decisions.decide(ask.request, policies, grants)
        self._trail.record(call.name, ask.request, decision, ask.via, policies, grants)
        if not decision.allowed:
            raise denial_of(call, ask, decision)
        return policies

    def _check_quota(self, call: ApiCall) -> None:
        """DynamoDB counts encryption changes before it looks at the key that is asked for."""
        if call.name != "dynamodb:UpdateTable" or not call.params.get("SSESpecification"):
            return
        table = self.backend.facts.table(str(call.params.get("TableName")), call.region, call.account)
        known = None if table is None else self.backend.encryption_changes(table.arn)
        if known is not None:
            check_quota(known.changes, known.created, self._clock.now())

    def _grants(self, call: ApiCall, ask: Ask) -> tuple[Grant, ...]:
        """Those to the caller; to retire one, all: its retiring principal need not be its grantee."""
        facts, resource = self.backend.facts, ask.request.resource
        return facts.grants(resource) if ask.request.grant_id else facts.grants_to(resource, call.caller)

    def _policies(self, call: ApiCall, ask: Ask, held: Policies | None) -> Policies:
        resource = ask.request.resource
        if ask.resource_policy is not None:
            named = NamedPolicy(resource, ask.resource_policy)
            held = held or self.backend.facts.policies(call.caller, resource)
            return held._replace(resource=named)
        if held is None:
            return self.backend.facts.policies(call.caller, resource)
        return Policies(
            identity=held.identity,
            resource=self.backend.facts.resource_policy(resource),
            permissions_boundary=held.permissions_boundary,
            session=held.session,
            service_control=held.service_control,
            resource_control=self.backend.facts.resource_control(resource),
            vpc_endpoint=held.vpc_endpoint,
        )
