"""The services whose calls are decided: a row each, with what differs between them on the wire.

https://smithy.io/2.0/aws/protocols/index.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_kmslab.calls.api_call import ServiceError


class ErrorCode(NamedTuple):
    """An error that a service has for a purpose: its code and its HTTP status."""

    code: str
    status: int = 400

    def error(self, message: str) -> ServiceError:
        """The error with this message."""
        # Imported here: the header of every pytest run reads this table, and needs nothing else of the calls.
        from pytest_kmslab.calls.api_call import ServiceError

        return ServiceError(self.code, message, self.status)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How services of one protocol call the errors that all of them have in common."""

    name: str
    """botocore's name of it: `json` or `query`."""
    denied: ErrorCode
    """No policy allows the call, or one denies it."""
    missing_token: ErrorCode
    """The request is not signed."""
    unknown_token: ErrorCode
    """Nobody has the access key."""
    expired_token: ErrorCode
    """The session is over."""
    bad_signature: ErrorCode
    """The signature is not that of this request, or not for this service, Region or time."""
    incomplete_signature: ErrorCode
    """What a signature needs is missing or malformed."""
    unknown_operation: ErrorCode
    """The service has no such operation."""
    unreadable: ErrorCode
    """The request is not in the form of the service's model."""


JSON = Protocol(
    "json",
    denied=ErrorCode("AccessDeniedException"),
    missing_token=ErrorCode("MissingAuthenticationTokenException"),
    unknown_token=ErrorCode("UnrecognizedClientException"),
    expired_token=ErrorCode("ExpiredTokenException"),
    bad_signature=ErrorCode("InvalidSignatureException"),
    incomplete_signature=ErrorCode("IncompleteSignatureException"),
    unknown_operation=ErrorCode("UnknownOperationException"),
    unreadable=ErrorCode("SerializationException"),
)
QUERY = Protocol(
    "query",
    denied=ErrorCode("AccessDenied", 403),
    missing_token=ErrorCode("MissingAuthenticationToken", 403),
    unknown_token=ErrorCode("InvalidClientTokenId", 403),
    expired_token=ErrorCode("ExpiredToken", 403),
    bad_signature=ErrorCode("SignatureDoesNotMatch", 403),
    incomplete_signature=ErrorCode("IncompleteSignature"),
    unknown_operation=ErrorCode("InvalidAction"),
    unreadable=ErrorCode("MalformedInput"),
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service whose calls are decided."""

    name: str
    """botocore's name of it."""
    protocol: Protocol
    signing_name: str
    """What a credential scope calls it."""
    internal: str = "InternalFailure"
    """The code of a fault of the service itself."""
    error_namespace: str = ""
    """What it puts before the codes of its own model, as recorded from AWS; most put nothing."""
    sends_crc32: bool = False
    """Whether its answers carry a checksum of their body."""

    @property
    def is_json(self) -> bool:
        """Whether it speaks JSON; the others send forms and answer XML."""
        return self.protocol is JSON


_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"

SERVICES: Mapping[str, Service] = {
    row.name: row
    for row in (
        Service("kms", JSON, "kms"),
        Service("dynamodb", JSON, "dynamodb", "InternalServerError", _DYNAMODB, sends_crc32=True),
        Service("dynamodbstreams", JSON, "dynamodb", "InternalServerError", _DYNAMODB, sends_crc32=True),
        Service("iam", QUERY, "iam"),
        Service("sts", QUERY, "sts"),
    )
}
"""By botocore's name of the service."""

SIGNING_NAMES: Mapping[str, str] = {name: service.signing_name for name, service in SERVICES.items()}
"""What a credential scope calls each of them."""

ACTION_PREFIXES = tuple(sorted(set(SIGNING_NAMES.values())))
"""What the actions of the services begin with in policies: streams' actions are DynamoDB's."""


def protocol_of(service: str) -> Protocol:
    """The protocol of a service; of one that is not decided the query protocol."""
    row = SERVICES.get(service)
    # The codes of the query protocol are the older, and other services have them too.
    return QUERY if row is None else row.protocol
