"""The account that is swept, and its clients: no call of theirs is decided, and no response is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.kinds import alarm
from pytest_kmslab.lab.kinds.stacks.stack import STACK
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.ledger import Account


class ClientMaker(Protocol):
    """Gives clients that nobody decides about."""

    def of(self, service: str, region: str = "") -> Any:
        """The client of a service in a Region."""


@dataclass(frozen=True, slots=True)
class Target:
    """The account that is swept."""

    account: Account
    clients: ClientMaker
    regions: tuple[str, ...]
    """Where to look."""


def target_of(backend: Any, profile: str, regions: Iterable[str]) -> Target:
    """The account of a backend, in these Regions or else in the backend's own; raises BackendError."""
    backend.start()
    try:
        account = Account.at(backend.name, backend.account, backend.endpoint_url, profile)
        return Target(account, CLIENTS[backend.name](backend), tuple(regions) or (backend.region,))
    finally:
        backend.stop()


class SessionClients:
    """Clients of a botocore session, which finds and renews the credentials."""

    def __init__(self, session: Any, region: str, url: str | None) -> None:
        self._session = session
        self._region = region
        self._url = url
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, service: str, region: str = "") -> Any:
        """The client of a service; in the backend's Region if none is given."""
        key = (service, region or self._region)
        if key not in self._made:
            self._made[key] = self._session.create_client(service, key[1], endpoint_url=self._url)
        return self._made[key]


CLIENTS: Mapping[str, Callable[[Any], ClientMaker]] = {
    "localstack": lambda backend: backend.reader.clients,
    "aws": lambda backend: SessionClients(backend.session, backend.region, backend.endpoint_url),
}
"""A row a backend whose account outlives the process."""

_LOOKED_FOR = {"cloudformation": STACK, "dynamodb": TABLE}


@for_the_lab
def exists(backend: Any, service: str, name: str, region: str) -> bool:
    """Whether there is an alarm of this name in CloudWatch, a stack in CloudFormation or a table in DynamoDB,
    or it cannot be told."""
    clients = CLIENTS[backend.name](backend)
    if service == "cloudwatch":
        return alarm.exists(clients.of("cloudwatch", region), name)
    kind = _LOOKED_FOR[service]
    try:
        return kind.find(partial(clients.of, region=region), ResourceRef(kind, name, region)) is not None
    except (BotoCoreError, ClientError):
        return True
