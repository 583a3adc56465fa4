"""botocore's models of the enforced services, each read once in a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        from botocore.session import get_session

        model = _MODELS[service] = get_session().get_service_model(service)
    return model


def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; None for one that the installed botocore does not know."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None
