"""Client ids of OpenID Connect providers, which moto keeps and changes by no operation.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.iam_names import MOST_CLIENTS, too_many_clients


def add_client(call: ApiCall) -> dict[str, Any]:
    """AddClientIDToOpenIDConnectProvider; one that is there is added again without an error."""
    clients = _clients(call)
    if call.params["ClientID"] not in clients:
        if len(clients) >= MOST_CLIENTS:
            raise too_many_clients()
        clients.append(str(call.params["ClientID"]))
    return {}


def remove_client(call: ApiCall) -> dict[str, Any]:
    """RemoveClientIDFromOpenIDConnectProvider; one that is not there is removed without an error."""
    clients = _clients(call)
    clients[:] = [client for client in clients if client != call.params["ClientID"]]
    return {}


def _clients(call: ApiCall) -> list[str]:
    backend = iam_backends[call.account][call.partition]
    arn = str(call.params["OpenIDConnectProviderArn"])
    provider: Any = backend.open_id_providers.get(arn)
    if provider is None:
        raise ServiceError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
    clients: list[str] = provider.client_id_list
    return clients


CLIENTS: Mapping[str, Callable[[ApiCall], dict[str, Any]]] = {
    "iam:AddClientIDToOpenIDConnectProvider": add_client,
    "iam:RemoveClientIDFromOpenIDConnectProvider": remove_client,
}
