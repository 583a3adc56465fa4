"""botocore's models of the enforced services, each read once in a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import JSON, QUERY

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel


_MODELS: dict[str, ServiceModel] = {}


def keep_model(model: ServiceModel) -> None:
    """Use a model that a client of the process has read already: to read it again takes some 20 ms."""
    _MODELS.setdefault(model.service_name, model)


def service_model(service: str) -> ServiceModel:
    """The model of a service, by botocore's name of it."""
    model = _MODELS.get(service)
    if model is None:
        from botocore.loaders import Loader
        from botocore.model import ServiceModel

        # A session would read the AWS settings of whoever runs the tests, and fail for a profile it lacks.
        read = Loader().load_service_model(service, "service-2")
        model = _MODELS[service] = ServiceModel(read, service_name=service)
    return model


def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; None for one that the installed botocore does not know."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


# How a request that cannot be read is refused.


class UnreadableError(Exception):
    """A request that is not in the form of the service's model."""

    def __init__(self, message: str, in_dynamodb: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.in_dynamodb = in_dynamodb
        """DynamoDB's own words for it, where they are known."""

    def as_service_error(self, protocol: str, service: str = "") -> ServiceError:
        """The error that a service of this protocol answers."""
        told = self.in_dynamodb if self.in_dynamodb and service.startswith("dynamodb") else self.message
        return (QUERY if protocol == QUERY.name else JSON).unreadable.error(told)
