"""The account that is swept, and its clients: no call of theirs is decided, and no response is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.kinds import alarm
from pytest_kmslab.lab.kinds.stacks.stack import STACK
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.ledger import Account

ClientOf = Callable[[str, str], Any]
"""Gives the client of a service in a Region, about which nobody decides."""


@dataclass(frozen=True, slots=True)
class Target:
    """The account that is swept."""

    account: Account
    client_of: ClientOf
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


@dataclass(frozen=True, slots=True)
class SessionClients:
    """Clients of a botocore session, which finds and renews the credentials."""

    session: Any
    region: str
    """For what is in no Region."""
    endpoint_url: str | None
    _made: dict[tuple[str, str], Any] = field(default_factory=dict)

    def of(self, service: str, region: str) -> Any:
        """The client of a service in a Region."""
        key = service, region or self.region
        if key not in self._made:
            client = self.session.create_client(service, key[1], endpoint_url=self.endpoint_url)
            self._made[key] = client
        return self._made[key]


CLIENTS: Mapping[str, Callable[[Any], ClientOf]] = {
    "localstack": lambda backend: backend.reader.clients.of,
    "aws": lambda backend: SessionClients(backend.session, backend.region, backend.endpoint_url).of,
}
"""A row a backend whose account outlives the process."""

_LOOKED_FOR = {"cloudformation": STACK, "dynamodb": TABLE}


@for_the_lab
def exists(backend: Any, service: str, name: str, region: str) -> bool:
    """Whether there is an alarm of this name in CloudWatch, a stack in CloudFormation or a table in DynamoDB,
    or it cannot be told."""
    client_of = CLIENTS[backend.name](backend)
    if service == "cloudwatch":
        return alarm.exists(client_of("cloudwatch", region), name)
    kind = _LOOKED_FOR[service]
    try:
        ref = ResourceRef(kind, name, region)
        return kind.find(lambda service: client_of(service, region), ref) is not None
    except (BotoCoreError, ClientError):
        return True
