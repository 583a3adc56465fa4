"""How a request that cannot be read is refused."""

from __future__ import annotations

from pytest_kmslab.calls.base import ServiceError
from pytest_kmslab.calls.violations import violated, wire_name

_UNREADABLE = {"json": "SerializationException", "query": "MalformedInput"}
_INVALID = {"json": "ValidationException", "query": "ValidationError"}


class UnreadableError(Exception):
    """A request that is not in the form of the service's model; `invalid` where the form is right
    but a required member is missing.
    """

    def __init__(self, message: str, invalid: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.invalid = invalid

    def as_service_error(self, protocol: str) -> ServiceError:
        """The error that a service of this protocol answers."""
        codes = _INVALID if self.invalid else _UNREADABLE
        return ServiceError(codes.get(protocol, "SerializationException"), self.message)


def missing(path: str) -> UnreadableError:
    """A required member that is missing, as AWS words it: names begin in lower case."""
    named = ".".join(map(wire_name, path.split(".")))
    return UnreadableError(violated("null", named, "not be null"), invalid=True)
