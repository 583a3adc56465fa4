"""The one way of a call: authenticate, parse, authorize, before, send, after.

In-process interception, gateway, observer and the services of a backend that call others adapt to it; none of
them has a script of its own. botocore sends by itself, so its two halves share a `PendingCall`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.account.model import Caller, Standing
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.backends.protocol import Backend, Credentials
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Params, ServiceError
from pytest_kmslab.calls.denial import denial_of
from pytest_kmslab.calls.dynamodb.returned_items import keep_named_attributes
from pytest_kmslab.calls.operations import ENFORCED_SERVICES, PLANS, changes_account, deny_unknown
from pytest_kmslab.enforcement.authentication import SpentPasswords, authenticate, in_partition, root_user
from pytest_kmslab.enforcement.authorizer import Authorizer
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.creations import Creations, looked_for
from pytest_kmslab.enforcement.entry import Mode, TrailEntry
from pytest_kmslab.enforcement.simulator.context_key_names import context_key_names
from pytest_kmslab.enforcement.simulator.simulate import simulate
from pytest_kmslab.enforcement.table_encryption import check_quota, keep_table_encryption
from pytest_kmslab.enforcement.table_key_cache import TableKeyCache
from pytest_kmslab.enforcement.trail import Trail, UndecidedCalls
from pytest_kmslab.wire.constraints import check_constraints

Response = dict[str, Any]

_BY_TOKEN = frozenset({"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"})
"""What AWS takes of everybody who has a token of an identity provider; a signature counts for nothing."""
_NO_PROVIDER = (
    "The token that was passed could not be validated (pytest-kmslab knows no identity provider: nobody has "
    "a role by a token here; AssumeRole is decided)"
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as an adapter received it: who makes it and what it says is found out when it is asked for."""

    service: str
    """botocore's name of the service."""
    operation: str
    region: str
    """The Region that it is signed for."""
    authenticate: Callable[[], Caller]
    """Answers who makes it; raises ServiceError where nobody known does."""
    parse: Callable[[], Params]
    """Answers its parameters; raises ServiceError for what the service cannot read."""
    connection: Any = None
    """What the caller's table keys are cached for, if they are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of a call."""

    entries: tuple[TrailEntry, ...]
    """The decisions, in order, as they stand in the trail."""
    refusal: ServiceError | None
    """The error that the service answers; None where it lets the call through."""


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that was let through and is not answered yet."""

    call: ApiCall
    verdict: Verdict
    replaced: Mapping[str, Any]
    """Parameters to send in place of the caller's, where the backend reads one wrongly."""
    headers: Mapping[str, str]
    """Headers to send with it, where the backend must be told more than the call says."""
    response: Response | None
    """The response of an operation that the engine or the backend answers itself; None for all others."""
    revision: int
    """Of the account, when it was decided."""
    connection: Any = None
    """What the caller's table keys are cached for."""
    is_new: bool = True
    """Whether what it makes, if it makes anything, was not there before."""


Send = Callable[[PendingCall], Response | None]
"""Sends a call to the backend; answers its response, None where the backend refused it."""


class Pipeline:
    """Decides calls to one backend and writes every decision to the trail."""

    services = ENFORCED_SERVICES

    def __init__(
        self,
        backend: Backend,
        trail: Trail,
        clock: Clock,
        *,
        enforcing: bool = True,
        mode: Mode | None = None,
        table_key_cache: float = 0,
        refuse_undecided: bool = False,
        creations: Creations | None = None,
    ) -> None:
        self.backend = backend
        self.mode = mode or (Mode.ENFORCE if enforcing else Mode.OFF)
        self._trail = trail
        self.undecided = UndecidedCalls(trail, refuse=refuse_undecided)
        """The calls of services that are not decided."""
        self.creations = Creations() if creations is None else creations
        """What calls have made."""
        self._clock = clock
        self._authorizer = Authorizer()
        self._passwords = SpentPasswords()
        clock.tell(self._pass_time)
        backend.go_by(clock.now)
        self._table_keys = TableKeyCache(table_key_cache, clock.now) if table_key_cache else None

    @property
    def active(self) -> bool:
        """Whether calls are decided now: only while the backend runs."""
        return self.backend.running

    @property
    def enforcing(self) -> bool:
        """Whether somebody can be refused for lack of permission or for bad credentials."""
        return self.mode is not Mode.OFF

    def run(self, incoming: Incoming, send: Send) -> Response | None:
        """Take one call all the way; answers its response, None where the backend refused it.

        Raises ServiceError where the call is refused before the backend sees it. Between a decision and its
        call nothing changes, where the backend is in this process.
        """
        with self.backend.exclusive:
            pending = self.begin(incoming)
            response = send(pending) if pending.response is None else pending.response
            if response is not None:
                self.finish(pending, response)
            return response

    def begin(self, incoming: Incoming) -> PendingCall:
        """The first half: authenticate, parse, authorize, before. Raises ServiceError as `run` does."""
        with self.backend.exclusive:
            return self.prepare(self.identify(incoming), incoming.connection)

    def finish(self, pending: PendingCall, response: Response) -> None:
        """The second half, after the backend did the call."""
        with self.backend.exclusive:
            self.after_call(pending.call, response)
            if changes_account(pending.call):
                self.backend.note_change()
                if pending.is_new:
                    call = pending.call
                    self.creations.note_answer(call.service, call.operation, call.params, response)

    def identify(self, incoming: Incoming) -> ApiCall:
        """Who calls, and what: raises ServiceError where nobody known does or it cannot be read."""
        if f"{incoming.service}:{incoming.operation}" in _BY_TOKEN and self.mode is Mode.ENFORCE:
            # AWS says first what is wrong with such a request by its model.
            root = authenticate(self.backend.root, incoming.service, self.backend.view, self._clock)
            check_constraints(self._call(incoming, root))
            raise ServiceError("InvalidIdentityToken", _NO_PROVIDER)
        caller = incoming.authenticate()
        return self._call(incoming, in_partition(caller, incoming.service, incoming.region))

    def _call(self, incoming: Incoming, caller: Caller) -> ApiCall:
        params, now = incoming.parse(), datetime.fromtimestamp(self._clock.now(), timezone.utc)
        return ApiCall(incoming.service, incoming.operation, params, incoming.region, caller, now)

    def prepare(self, call: ApiCall, connection: Any = None) -> PendingCall:
        """Authorize a call and make the backend ready for it; a refusal is raised, or kept in OBSERVE."""
        verdict = self.judge(call, self._trail, connection)
        if verdict.refusal is not None and self.mode is not Mode.OBSERVE:
            raise verdict.refusal
        revision = self.backend.revision
        replaced, headers = self.backend.before_call(call), self.backend.extra_headers(call)
        is_new = self._is_new(call)
        return PendingCall(call, verdict, replaced, headers, self.emulate(call), revision, connection, is_new)

    def _is_new(self, call: ApiCall) -> bool:
        """Whether what a call would make is not there yet: it may be answered as if the call had made it."""
        table = looked_for(call.service, call.operation, call.params)
        if not table:
            return True
        # What was read of an endpoint may be older than what somebody beside us has made there.
        self.backend.forget()
        return self.backend.view.table(table, call.region, call.account) is None

    def caller(self, credentials: Credentials | None, service: str) -> Caller:
        """Who signs with these credentials; raises ServiceError where nobody does."""
        try:
            return authenticate(credentials, service, self.backend.view, self._clock)
        except ServiceError:
            if self.enforcing:
                raise
            # moto's own made-up keys are nobody's: with enforcement off whoever holds them may do all.
            return authenticate(self.backend.root, service, self.backend.view, self._clock)

    def _pass_time(self, now: float) -> None:
        if self.active:
            self.backend.pass_time(now)

    def now(self) -> datetime:
        """The time at which a call comes."""
        return datetime.fromtimestamp(self._clock.now(), timezone.utc)

    def authorize_call(self, call: ApiCall, connection: Any = None) -> None:
        """Return where AWS would let the call through; otherwise raise the ServiceError that it answers.

        A call without a time comes now.
        """
        refusal = self.judge(call, self._trail, connection).refusal
        if refusal is not None:
            raise refusal

    def confirm(self, pending: PendingCall) -> None:
        """Decide a pending call again if the account changed since; raises ServiceError where it is refused
        now. Only a refusal is written to the trail: what is confirmed stands there already."""
        if pending.revision == self.backend.revision:
            return
        verdict = self.judge(pending.call, Trail(), pending.connection)
        if verdict.refusal is not None:
            # The decisions that stand in the trail allowed what is refused after all.
            if verdict.entries and not verdict.entries[-1].decision.allowed:
                self._trail.record_in_vain(pending.verdict.entries)
            entries = [
                self._trail.record(
                    last.operation, last.request, last.decision, last.via, last.policies, last.grants
                )
                for last in verdict.entries[-1:]
            ]
            self._trail.tell(pending.call, entries, verdict.refusal)
            raise verdict.refusal

    def judge(self, call: ApiCall, trail: Trail, connection: Any = None) -> Verdict:
        """Decide a call, writing each decision to a trail; what the service refuses is in the verdict."""
        entries: list[TrailEntry] = []
        refusal: ServiceError | None = None
        try:
            self._authorize_call(call, connection, trail, entries)
        except ServiceError as error:
            if entries and entries[-1].decision.decision is not Outcome.ALLOWED:
                trail.record_in_vain(entries)
            refusal = error
        if trail.listeners:
            trail.tell(call, entries, refusal)
        return Verdict(tuple(entries), refusal)

    def _authorize_call(
        self, call: ApiCall, connection: Any, trail: Trail, entries: list[TrailEntry]
    ) -> None:
        is_first = trail is self._trail  # to decide a call again is not to make it again
        passwords = self._passwords if is_first and call.service == "sts" else None
        if is_first:
            trail.count_call()
        check_constraints(call, self.backend.capabilities.long_values)
        if passwords is not None:
            passwords.check(call, self._clock.now())
        if call.time is None:
            call = call._replace(time=self.now())
        view = self.backend.view
        if self._table_keys is not None:
            view = self._table_keys.view(view, call, connection)
        standing: Standing | None = None
        for number, authorization in enumerate(PLANS.get(call.name, deny_unknown)(call, view)):
            if self.mode is not Mode.OFF or authorization.instead is not None:
                standing = standing or self.backend.view.standing(call.caller)
                self._authorize(call, authorization, standing, trail, entries)
            # DynamoDB counts encryption changes before it looks at the key that is asked for.
            if number == 0 and call.operation == "UpdateTable":
                self._check_quota(call)
        if self._table_keys is not None:
            self._table_keys.keep(view)
        if passwords is not None:
            passwords.spend(call, self._clock.now())

    def record_undecided(self, url: str) -> None:
        """Count a call to an address that the backend does not serve: it is not decided."""
        self._trail.record_undecided(url)

    def record_decided(self, url: str) -> None:
        """Take back that a call to an address is not decided: it came here all the same."""
        self._trail.record_decided(url)

    def after_call(self, call: ApiCall, response: Response) -> None:
        """Keep what the backend dropped of a call, and mend its response in place; AWS's is left as it is."""
        if self.mode is Mode.OBSERVE:
            self.backend.after_call(call, response)
            return
        if call.time is None:
            call = call._replace(time=self.now())
        keep_table_encryption(self.backend, call, response, self._clock.now())
        self.backend.after_call(call, response)
        keep_named_attributes(call, response)
        if self._table_keys is not None:
            self._table_keys.forget_changed(call, response)

    def emulate(self, call: ApiCall) -> Response | None:
        """The response of an operation that the engine or the backend answers itself; None for all others."""
        if self.mode is Mode.OBSERVE:
            return None
        own: Response | None = None
        if call.service == "iam":
            view = self.backend.view
            own = simulate(call, view) or context_key_names(call, view) or root_user(call)
        return own or self.backend.emulate(call)

    def require(self, call: ApiCall, authorization: Authorization) -> None:
        """Decide one more question of a call than its operation stands for; raises ServiceError."""
        if not self.enforcing:
            return
        standing = self.backend.view.standing(call.caller)
        entries: list[TrailEntry] = []
        try:
            self._authorize(call, authorization, standing, self._trail, entries)
        except ServiceError as error:
            self._trail.tell(call, entries, error)
            raise
        self._trail.tell(call, entries, None)

    def _authorize(
        self,
        call: ApiCall,
        authorization: Authorization,
        standing: Standing,
        trail: Trail,
        entries: list[TrailEntry],
    ) -> None:
        """Decide one authorization and write it down; raises ServiceError where it is denied."""
        view = self.backend.view
        request, decision, policies, grants = self._authorizer.authorize(call, authorization, view, standing)
        entries.append(trail.record(call.name, request, decision, authorization.via, policies, grants))
        if decision.decision is not Outcome.ALLOWED:
            raise denial_of(call, authorization, decision)

    def _check_quota(self, call: ApiCall) -> None:
        if not call.params.get("SSESpecification"):
            return
        table = self.backend.view.table(str(call.params.get("TableName")), call.region, call.account)
        known = None if table is None else self.backend.encryption_changes(table.arn)
        if known is not None:
            check_quota(known.changes, known.created, self._clock.now())
