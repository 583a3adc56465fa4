"""How a request that cannot be read is refused."""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import JSON, QUERY


class UnreadableError(Exception):
    """A request that is not in the form of the service's model."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def as_service_error(self, protocol: str) -> ServiceError:
        """The error that a service of this protocol answers."""
        return (QUERY if protocol == QUERY.name else JSON).unreadable.error(self.message)
