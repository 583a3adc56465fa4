"""Clients of our own for an endpoint, which no seam decides.

What is read to decide a call must not be decided itself. botocore's built-in handlers are a list that the
seam, moto and others add to; these clients get those of botocore itself and nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from threading import Lock
from typing import Any, TypeVar

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.own_sessions import own_session
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.backends.straight import going_straight, mark_as_ours
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.wire.parse_json import with_bytes

LACKING = frozenset({"UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented"})
NOT_IMPLEMENTED = 501
FOUND = 200
OF_MOTO = "/moto-api/data.json"
"""What no endpoint answers but a moto server: http://docs.getmoto.org/en/latest/docs/server_mode.html"""
AS_TEXT = "json_decode_policies"
"""botocore's handler that parses the policies IAM answers: they are wanted letter by letter."""

T = TypeVar("T")
POOL = 32
CONNECT_SECONDS = 5
READ_SECONDS = 120
"""LocalStack starts a service at its first call, DynamoDB in some ten seconds."""


class EndpointClients:
    """Clients that sign as the root user, one for each service and Region; safe for several threads.

    Without a `url` they call AWS.
    """

    read_seconds = READ_SECONDS

    def __init__(self, url: str, region: str, root: Credentials) -> None:
        self.url = url
        self.region = region
        self.root = root
        self._lock = Lock()
        self._made: dict[tuple[str, str], Any] = {}
        self._session: Any = None

    @property
    def partition(self) -> str:
        """The partition of the endpoint's Region."""
        return partition_of(self.region).name

    @cached_property
    def is_moto_server(self) -> bool:
        """Whether the endpoint is a moto server."""
        from botocore.awsrequest import AWSRequest
        from botocore.httpsession import URLLib3Session

        if not self.url:
            return False
        asked = AWSRequest("GET", f"{self.url.rstrip('/')}{OF_MOTO}").prepare()
        with going_straight():
            return bool(URLLib3Session(timeout=CONNECT_SECONDS).send(asked).status_code == FOUND)

    def of(self, service: str, region: str = "") -> Any:
        """The client of a service; in the backend's Region if none is given."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._client(*key)
            return self._made[key]

    def of_account(self, account: str) -> EndpointClients:
        """Clients of another account's root user, who goes by the account's number."""
        others = EndpointClients(self.url, self.region, Credentials(account, self.root.secret_access_key))
        others._session = self._session
        return others

    def with_credentials(self, service: str, credentials: Credentials, region: str = "") -> Any:
        """A client that signs as somebody else, still undecided."""
        with self._lock:
            return self._client(service, region or self.region, credentials)

    def do(self, call: ApiCall) -> dict[str, Any]:
        """Do a call that was allowed, as it was sent; raises ServiceError with what the endpoint answers."""
        from botocore import xform_name
        from botocore.exceptions import ClientError

        client = self.of(call.service, call.region)
        params = with_bytes(client.meta.service_model.operation_model(call.operation), call.params)
        try:
            response: dict[str, Any] = getattr(client, xform_name(call.operation))(**params)
        except ClientError as error:
            raise service_error(error) from None
        response.pop("ResponseMetadata", None)
        return response

    def do_or(self, call: ApiCall, instead: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The same; where the endpoint has no such operation, what is done instead."""
        try:
            return self.do(call)
        except ServiceError as error:
            if not lacks(error):
                raise
        return instead()

    def _client(self, service: str, region: str, credentials: Credentials | None = None) -> Any:
        from botocore.config import Config

        config = Config(
            max_pool_connections=POOL,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=self.read_seconds,
            s3={"addressing_style": "path"},
            # The body is ours and short: a checksum trailer is something that emulators differ in.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent="pytest-kmslab",
        )
        signer = credentials or self.root
        if self._session is None:
            self._session = _plain_session(calls_aws=not self.url)
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.url or None,
            aws_access_key_id=signer.access_key_id,
            aws_secret_access_key=signer.secret_access_key,
            aws_session_token=signer.session_token,
            config=config,
        )


def _plain_session(*, calls_aws: bool) -> Any:
    """A session with botocore's own handlers only, and none of a person's own AWS settings."""
    from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST

    session = own_session(keeps_settings=calls_aws, include_builtin_handlers=False)
    events = session.get_component("event_emitter")
    for event, handler, *place in BUILTIN_HANDLERS:
        of_botocore = str(getattr(handler, "__module__", "")).startswith("botocore.")
        if not of_botocore or getattr(handler, "__name__", "") == AS_TEXT:
            continue
        if not place:
            events.register(event, handler)
        elif place[0] is REGISTER_FIRST:
            events.register_first(event, handler)
        else:
            events.register_last(event, handler)
    events.register("before-call", mark_as_ours)
    return session


def unless_refused(codes: Collection[str], ask: Callable[[], T], otherwise: T) -> T:
    """What an API answers; something else where it refuses with one of these codes."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error_code(error) in codes:
            return otherwise
        raise


def lacks(error: Any) -> bool:
    """Whether an error (ClientError or ServiceError) says that the endpoint has no such operation."""
    if isinstance(error, ServiceError):
        return error.status == NOT_IMPLEMENTED or error.code in LACKING
    return (
        error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_IMPLEMENTED
        or error_code(error) in LACKING
    )


def service_error(error: Any) -> ServiceError:
    """A ClientError as the error that the seam answers."""
    details = error.response["Error"]
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    own = {"Error", "ResponseMetadata", "message", "Message"}
    members = {name: value for name, value in error.response.items() if name not in own}
    return ServiceError(str(details["Code"]), str(details.get("Message", "")), status, members=members)
