"""Clients for each principal of the lab, made cheaply.

A boto3 session of its own for every principal costs some 50 ms, nearly all of it for reading the
same service models again. Here the principals share one session, and its loader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from pytest_kmslab.resources.waiters import ACCESS_KEY_LIMIT, NOT_YET_A_KEY, Waiter, error_code

if TYPE_CHECKING:
    import boto3

    from pytest_kmslab.backends.base import Backend, Credentials

HARMLESS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "cloudwatch": ("describe_alarms", {"MaxRecords": 1}),
    "dynamodb": ("list_tables", {"Limit": 1}),
    "iam": ("list_account_aliases", {"MaxItems": 1}),
    "kms": ("list_keys", {"Limit": 1}),
    "sts": ("get_caller_identity", {}),
}
"""A call of each service that changes nothing; that it is denied shows too that the key is known."""

USER_AGENT = "pytest-kmslab"
"""What CloudTrail shows of the lab's calls; a fixed text also saves botocore a tenth of each call."""


class PrincipalSession:
    """What boto3's Session is, for one principal: `client(service)` and `resource(service)`.

    The same object is returned for the same service. The region and the endpoint are the backend's.
    """

    def __init__(self, session: boto3.Session, options: Mapping[str, Any], waiter: Waiter) -> None:
        self._session = session
        self._options = options
        self._waiter = waiter
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client; where access keys take time to be known, it returns once the service knows it."""
        return self._once("client", service, self._new_client)

    def resource(self, service: str) -> Any:
        """A boto3 resource (`dynamodb`, `iam`, `cloudwatch`)."""
        return self._once("resource", service, self._new_resource)

    def _once(self, kind: str, service: str, make: Callable[[str], Any]) -> Any:
        if (kind, service) not in self._made:
            self._made[kind, service] = make(service)
        return self._made[kind, service]

    def _new_client(self, service: str) -> Any:
        client = self._session.client(service, **self._options)  # type: ignore[call-overload]
        if service in HARMLESS and not self._waiter.settles:
            self._waiter.while_refused(lambda: _greet(client, service), NOT_YET_A_KEY, ACCESS_KEY_LIMIT)
        return client

    def _new_resource(self, service: str) -> Any:
        self.client(service)
        return self._session.resource(service, **self._options)  # type: ignore[call-overload]


def _greet(client: Any, service: str) -> None:
    """Raises only what says that the access key is not known."""
    operation, parameters = HARMLESS[service]
    try:
        getattr(client, operation)(**parameters)
    except ClientError as error:
        if error_code(error) in NOT_YET_A_KEY:
            raise


class Sessions:
    """Makes the sessions of a run's principals, on one backend.

    Ask for the first one after the backend was started.
    """

    def __init__(self, backend: Backend, waiter: Waiter) -> None:
        self._backend = backend
        self._waiter = waiter
        self._shared: boto3.Session | None = None
        self._config = Config(user_agent=USER_AGENT)
        self._lasting: dict[str, tuple[Any, PrincipalSession]] = {}

    def of(self, credentials: Credentials) -> PrincipalSession:
        """A session that signs with these credentials."""
        keys = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
        }
        return PrincipalSession(self._boto3(), {**self._place(), **keys}, self._waiter)

    def given(self, session: Any) -> PrincipalSession:
        """A session that signs as a botocore session does which finds its credentials itself."""
        return PrincipalSession(_boto3_session(session), self._place(), self._waiter)

    def lasting(self, role: str, credentials: Credentials) -> PrincipalSession:
        """The one session of a role that each lab fills anew (`admin`), with its clients kept.

        Whoever still holds its clients signs with the new credentials from then on: use it only for
        principals that may do the same.
        """
        if role not in self._lasting:
            self._lasting[role] = self._new_lasting(credentials)
        held, session = self._lasting[role]
        held.access_key = credentials.access_key_id
        held.secret_key = credentials.secret_access_key
        held.token = credentials.session_token
        return session

    def _new_lasting(self, credentials: Credentials) -> tuple[Any, PrincipalSession]:
        core = self._core()
        core.set_credentials(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )
        session = _boto3_session(core)
        return core.get_credentials(), PrincipalSession(session, self._place(), self._waiter)

    def _place(self) -> dict[str, Any]:
        backend = self._backend
        return {"region_name": backend.region, "endpoint_url": backend.endpoint_url, "config": self._config}

    def _boto3(self) -> boto3.Session:
        if self._shared is None:
            import botocore.session

            self._shared = _boto3_session(botocore.session.get_session())
        return self._shared

    def _core(self) -> Any:
        """A botocore session that has the models of the shared one."""
        import botocore.session

        core = botocore.session.get_session()
        core.register_component("data_loader", self._boto3()._session.get_component("data_loader"))
        return core


def _boto3_session(core: Any) -> boto3.Session:
    import boto3

    return boto3.Session(botocore_session=core)
