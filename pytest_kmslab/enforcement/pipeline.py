"""The one place where a call is decided, for every seam that calls pass through."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.backends.protocol import Backend, Credentials
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.authorization import Authorization
from pytest_kmslab.calls.denial import denial_of
from pytest_kmslab.calls.dynamodb.returned_items import keep_named_attributes
from pytest_kmslab.calls.operations import ENFORCED_SERVICES, required_authorizations
from pytest_kmslab.enforcement.authentication import authenticate
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.decision_cache import DecisionCache
from pytest_kmslab.enforcement.one_time_passwords import SpentPasswords
from pytest_kmslab.enforcement.root_user import root_user
from pytest_kmslab.enforcement.simulator.context_key_names import context_key_names
from pytest_kmslab.enforcement.simulator.simulate import simulate
from pytest_kmslab.enforcement.table_encryption import settle_table
from pytest_kmslab.enforcement.table_key_cache import TableKeyCache
from pytest_kmslab.enforcement.table_quota import check_quota
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.wire.constraints import check_constraints


class Pipeline:
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
        self._decisions = DecisionCache()
        self._passwords = SpentPasswords()
        clock.tell(self._pass_time)
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
            return authenticate(given, service, self.backend.view, self._clock.now())
        except ServiceError:
            if self._enforcing:
                raise
            return authenticate(self.backend.root, service, self.backend.view, self._clock.now())

    def _pass_time(self, now: float) -> None:
        if self.active:
            self.backend.pass_time(now)

    def now(self) -> datetime:
        """The time at which a call comes."""
        return datetime.fromtimestamp(self._clock.now(), timezone.utc)

    def authorize_call(self, call: ApiCall, connection: Any = None) -> None:
        """Return where AWS would let the call through; otherwise raise the ServiceError that it answers.

        A call without a time comes now. `connection` is what the caller's table keys are cached for, if
        they are.
        """
        self._trail.count_call()
        check_constraints(call)
        self._passwords.check(call, self._clock.now())
        if call.time is None:
            call = call._replace(time=self.now())
        view = self._table_keys.view(self.backend.view, call, connection)
        held: Policies | None = None
        for number, authorization in enumerate(required_authorizations(call, view)):
            if self._enforcing or authorization.instead is not None:
                held = self._authorize(call, authorization, held)
            if number == 0:
                self._check_quota(call)
        self._table_keys.keep(view)
        self._passwords.spend(call, self._clock.now())

    def record_undecided(self, url: str) -> None:
        """Count a call to an address that the backend does not serve: it is not decided."""
        self._trail.record_undecided(url)

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        """The response of an operation that the engine or the backend answers itself; None for all others."""
        view = self.backend.view
        own = simulate(call, view) or context_key_names(call, view) or root_user(call)
        return own or self.backend.emulate(call)

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        """After the backend did the call: keep what it dropped, and mend its response in place."""
        if call.time is None:
            call = call._replace(time=self.now())
        settle_table(self.backend, call, response, self._clock.now())
        self.backend.after_call(call, response)
        keep_named_attributes(call, response)
        self._table_keys.forget_changed(call, response)

    def require(self, call: ApiCall, authorization: Authorization) -> None:
        """Decide one more question of a call than its operation stands for; raises ServiceError."""
        if self._enforcing:
            self._authorize(call, authorization, None)

    def service_may(self, request: Request) -> bool:
        """Whether a resource's own policy lets a service do something on its own account."""
        policies = Policies(resource=self.backend.view.resource_policy(request.resource))
        return not self._enforcing or self._decisions.decide(request, policies, ()).allowed

    def _authorize(self, call: ApiCall, authorization: Authorization, held: Policies | None) -> Policies:
        """Decide one question; `held` are the policies of the one before it, whose caller is the same."""
        authorization = self._with_organization(authorization)
        policies = self._policies(call, authorization, held)
        grants = self._grants(call, authorization)
        decision = self._decisions.decide(authorization.request, policies, grants)
        self._trail.record(call.name, authorization.request, decision, authorization.via, policies, grants)
        if not decision.allowed:
            raise denial_of(call, authorization, decision)
        return policies

    def _with_organization(self, authorization: Authorization) -> Authorization:
        """The question with the organization of the account that owns the resource, if it is in one.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
        """
        request = authorization.request
        account = request.resource_account or account_of(request.resource)
        known = self.backend.view.resource_organization(account) if account else {}
        if not known:
            return authorization
        context = Context({**dict(request.context.pairs()), **known})
        return authorization._replace(request=request._replace(context=context))

    def _check_quota(self, call: ApiCall) -> None:
        """DynamoDB counts encryption changes before it looks at the key that is asked for."""
        if call.name != "dynamodb:UpdateTable" or not call.params.get("SSESpecification"):
            return
        table = self.backend.view.table(str(call.params.get("TableName")), call.region, call.account)
        known = None if table is None else self.backend.encryption_changes(table.arn)
        if known is not None:
            check_quota(known.changes, known.created, self._clock.now())

    def _grants(self, call: ApiCall, authorization: Authorization) -> tuple[Grant, ...]:
        """Those to the caller; to retire one, all: its retiring principal need not be its grantee."""
        view, resource = self.backend.view, authorization.request.resource
        return (
            view.grants(resource) if authorization.request.grant_id else view.grants_to(resource, call.caller)
        )

    def _policies(self, call: ApiCall, authorization: Authorization, held: Policies | None) -> Policies:
        resource = authorization.request.resource
        if authorization.resource_policy is not None:
            named = NamedPolicy(resource, authorization.resource_policy)
            held = held or self.backend.view.policies(call.caller, resource)
            return held._replace(resource=named)
        if held is None:
            return self.backend.view.policies(call.caller, resource)
        return Policies(
            identity=held.identity,
            resource=self.backend.view.resource_policy(resource),
            permissions_boundary=held.permissions_boundary,
            session=held.session,
            service_control=held.service_control,
            resource_control=self.backend.view.resource_control(resource),
            vpc_endpoint=held.vpc_endpoint,
        )
