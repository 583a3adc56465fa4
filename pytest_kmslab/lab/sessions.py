"""Clients for each principal of the lab, made cheaply.

A boto3 session of its own for every principal costs some 50 ms, nearly all of it for reading the
same service models again. Here the principals share one session, and its loader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from pytest_kmslab.arguments import check_text
from pytest_kmslab.backends.own_sessions import own_session
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.interception.ambient import OWN_ADDRESS
from pytest_kmslab.lab.waiting.waiters import ACCESS_KEY_LIMIT, IN_A_ROW, NOT_YET_A_KEY, Waiter

if TYPE_CHECKING:
    import boto3

    from pytest_kmslab.backends.protocol import Backend, Credentials


class ProbeCall(NamedTuple):
    """A call that changes nothing."""

    method: str
    """The client's."""
    parameters: Mapping[str, Any]
    action: str = ""
    """What it is allowed by; empty where nobody can be denied it."""


PROBE_CALLS: Mapping[str, ProbeCall] = {
    "cloudwatch": ProbeCall("describe_alarms", {"MaxRecords": 1}, "cloudwatch:DescribeAlarms"),
    "dynamodb": ProbeCall("list_tables", {"Limit": 1}, "dynamodb:ListTables"),
    "iam": ProbeCall("list_account_aliases", {"MaxItems": 1}, "iam:ListAccountAliases"),
    "kms": ProbeCall("list_aliases", {"Limit": 1}, "kms:ListAliases"),
    "sts": ProbeCall("get_caller_identity", {}),
}
"""One for each service. That it is denied shows too that the access key is known. DynamoDB's managed policies
allow two of them, so that it is seen whether they act."""

UNKNOWN_KEY, DENIED, LET_THROUGH = "the access key is unknown", "denied", "let through"

LAB_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 10})
"""For throttles: the lab makes its calls one after another, each with up to 20 seconds between two tries.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""

SERVICE = "the name of a service, such as `dynamodb`"

USER_AGENT = "pytest-kmslab"
"""What CloudTrail shows of the lab's calls; a fixed text also saves botocore a tenth of each call."""

_IN_UTC = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z", re.ASCII)


AllowedActions = Callable[[], frozenset[str]]
"""Gives what a principal is certainly allowed of the actions of `PROBE_CALLS`."""


class PrincipalSession:
    """What boto3's Session is, for one principal: `client(service)` and `resource(service)`.

    The same object is returned for the same service. The region and the endpoint are the backend's.
    `allowed` is what the principal is certainly allowed, where that is known. No service is waited for
    where the access key `is_known` already.
    """

    def __init__(
        self,
        session: boto3.Session,
        options: Mapping[str, Any],
        waiter: Waiter,
        allowed: AllowedActions | None = None,
        *,
        is_known: bool = False,
    ) -> None:
        self._session = session
        self._options = options
        self._waiter = waiter
        self._allowed = allowed
        self._waits = not (is_known or waiter.is_strongly_consistent)
        self._waited_for: set[str] = set()
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client.

        Where changes take time to act it returns once the service knows the access key and lets it do what
        its policies allow, seen several times in a row, or after a minute in which it did not.
        """
        check_text("service", service, SERVICE)
        if ("client", service) not in self._made:
            self._made["client", service] = self.new_client(service)
        return self._made["client", service]

    def resource(self, service: str) -> Any:
        """A boto3 resource (`dynamodb`, `iam`, `cloudwatch`)."""
        check_text("service", service, SERVICE)
        if ("resource", service) not in self._made:
            # A resource makes a client of its own: the wait for the access key is the other's.
            self.client(service)
            made = self._session.resource(service, **self._options)  # type: ignore[call-overload]
            self._made["resource", service] = made
        return self._made["resource", service]

    def new_client(self, service: str) -> Any:
        """A client of its own each time, with connections of its own.

        DynamoDB keeps a table's key for a connection: a new one shows at once that somebody lost the key.
        """
        check_text("service", service, SERVICE)
        client = self._session.client(service, **self._options)  # type: ignore[call-overload]
        if self._waits and service in PROBE_CALLS and service not in self._waited_for:
            self._wait_for_access_key(client, service)
        return client

    def in_region(self, region: str) -> PrincipalSession:
        """The same principal, with clients of another Region."""
        options = {**self._options, "region_name": region}
        return PrincipalSession(self._session, options, self._waiter, self._allowed, is_known=True)

    def wait_until_ready(self) -> None:
        """Return once each of the services would be called with success, as `client` does for one."""
        for service in PROBE_CALLS if self._waits else ():
            self.client(service)

    def reconnect(self) -> None:
        """Close the clients' connections; the next call of each opens a new one."""
        for (kind, _), made in self._made.items():
            (made if kind == "client" else made.meta.client).close()

    @for_the_lab
    def _wait_for_access_key(self, client: Any, service: str) -> None:
        """Wait until a service answers as it must; once one did not in time, no other is waited for.

        IAM is asked for what the policies allow when the key is known: it may not know them before.
        """
        self._waited_for.add(service)
        call, wanted = PROBE_CALLS[service], {LET_THROUGH, DENIED}
        known = self._answers(client, service, wanted, 1)
        if known and self._allowed is not None and call.action in self._allowed():
            wanted.remove(DENIED)
        self._waits = known and self._answers(client, service, wanted, IN_A_ROW)

    def _answers(self, client: Any, service: str, wanted: set[str], in_a_row: int) -> bool:
        """Whether a service comes to answer its probe call so."""
        return self._waiter.holds(
            lambda: _answer(client, PROBE_CALLS[service]),
            lambda seen: seen in wanted,
            f"{service} to know access key `{self._options.get('aws_access_key_id')}` and what it may do",
            ACCESS_KEY_LIMIT,
            in_a_row,
        )


def _answer(client: Any, call: ProbeCall) -> str:
    try:
        getattr(client, call.method)(**call.parameters)
    except ClientError as error:
        return UNKNOWN_KEY if NOT_YET_A_KEY(error) else DENIED
    return LET_THROUGH


class Sessions:
    """Makes the sessions of a run's principals, on one backend.

    Ask for the first one after the backend was started.
    """

    def __init__(self, backend: Backend, waiter: Waiter) -> None:
        self._backend = backend
        self._waiter = waiter
        self._shared: tuple[Any, boto3.Session] | None = None
        """The session that all principals share, with botocore's own, which has the models."""
        self._config = Config(user_agent=USER_AGENT, **OWN_ADDRESS)
        if not waiter.is_strongly_consistent:
            self._config = self._config.merge(LAB_RETRIES)
        self._lasting: dict[str, tuple[Any, PrincipalSession]] = {}

    def of(self, credentials: Credentials, allowed: AllowedActions | None = None) -> PrincipalSession:
        """A session that signs with these credentials, of somebody who is certainly allowed this."""
        keys = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
        }
        return PrincipalSession(self._sessions()[1], {**self._place(), **keys}, self._waiter, allowed)

    def existing(self, session: Any) -> PrincipalSession:
        """A session that signs as a botocore session does which finds its credentials itself.

        They were there before, so no service is waited for.
        """
        return PrincipalSession(_boto3_session(session), self._place(), self._waiter, is_known=True)

    def lasting(self, role: str, credentials: Credentials) -> PrincipalSession:
        """The one session of a role that each lab fills anew (`admin`), with its clients kept.

        Whoever still holds its clients signs with the new credentials from then on: use it only for
        principals that may do the same.
        """
        if role not in self._lasting:
            core = _new_core(self._backend)
            # The models are shared, the credentials are this one's own.
            core.register_component("data_loader", self._sessions()[0].get_component("data_loader"))
            core.set_credentials(
                credentials.access_key_id, credentials.secret_access_key, credentials.session_token
            )
            session = PrincipalSession(_boto3_session(core), self._place(), self._waiter)
            self._lasting[role] = core.get_credentials(), session
        current, session = self._lasting[role]
        # The clients hold this very object, and sign with what is in it.
        current.access_key = credentials.access_key_id
        current.secret_key = credentials.secret_access_key
        current.token = credentials.session_token
        return session

    def _place(self) -> dict[str, Any]:
        backend = self._backend
        return {"region_name": backend.region, "endpoint_url": backend.endpoint_url, "config": self._config}

    def _sessions(self) -> tuple[Any, boto3.Session]:
        if self._shared is None:
            core = _new_core(self._backend)
            self._shared = core, _boto3_session(core)
        return self._shared


def _new_core(backend: Backend) -> Any:
    """A botocore session of our own, which reads timestamps quickly."""
    core: Any = own_session(keeps_settings=backend.capabilities.enforces)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_timestamp)
    return core


def read_timestamp(value: Any) -> datetime:
    """A timestamp of a response, as botocore reads it.

    botocore has dateutil guess the form of every text: as long as a tenth of a call, of which IAM answers two
    in five with a text.
    """
    written = _IN_UTC.fullmatch(value) if isinstance(value, str) else None
    if written is not None:
        *whole, fraction = written.groups(default="")
        with suppress(ValueError):
            numbers = map(int, (*whole, fraction.ljust(6, "0")))
            return datetime(*numbers, tzinfo=_zone_of_utc())  # type: ignore[arg-type,misc]
    return parse_timestamp(value)


@cache
def _zone_of_utc() -> tzinfo | None:
    # Where this machine's own time is UTC, dateutil takes it for local time.
    return parse_timestamp("2000-01-01T00:00:00Z").tzinfo


def _boto3_session(core: Any) -> boto3.Session:
    import boto3

    return boto3.Session(botocore_session=core)
