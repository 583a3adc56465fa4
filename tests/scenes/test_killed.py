"""A gateway that is killed under load, and started again on its port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError
from helpers.serving import Serving
from helpers.world import DENIED, FULL_ACCESS, ITEM, ITEM_KEY, USE_OF_KEY, Someone, World, refused, to

from scenes.conftest import UPSTREAM

BUSY = 5
"""So many answers each client has had before the gateway is killed."""
UNKNOWN = "UnrecognizedClientException"


@pytest.fixture
def serving() -> Iterator[list[Serving]]:
    """Whatever is started here is ended here."""
    started: list[Serving] = []
    yield started
    for one in started:
        one.kill()


@dataclass
class Reader:
    """Reads the table as somebody until there is no connection; `answers` are all that it was told."""

    who: Someone
    table: str
    busy: Event = field(default_factory=Event)
    answers: list[str] = field(default_factory=list)

    def read(self) -> None:
        dynamodb = self.who.dynamodb
        while "no connection" not in self.answers:
            self.answers.append(self._answer(dynamodb))
            if len(self.answers) >= BUSY:
                self.busy.set()
        self.busy.set()

    def _answer(self, dynamodb: object) -> str:
        try:
            found = dynamodb.get_item(TableName=self.table, Key=ITEM_KEY)  # type: ignore[attr-defined]
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        except (EndpointConnectionError, HTTPClientError):
            return "no connection"
        return "the item" if found["Item"] == ITEM else "another item"


def test_clients_lose_the_connection_and_are_never_told_what_is_not_so(serving: list[Serving]) -> None:
    serving.append(Serving(UPSTREAM))
    world = World(serving[0].url)
    key_user, outsider = world.user(managed=FULL_ACCESS), world.user(managed=FULL_ACCESS)
    table = world.table(world.key(to(key_user.arn, USE_OF_KEY)))
    readers = [Reader(who, table) for who in (key_user, outsider) for _ in range(4)]
    threads = [Thread(target=reader.read, daemon=True) for reader in readers]
    for thread in threads:
        thread.start()
    assert all(reader.busy.wait(120) for reader in readers)

    serving[0].kill()

    for thread in threads:
        thread.join(120)
    for reader in readers:
        told = "the item" if reader.who is key_user else DENIED
        assert set(reader.answers) == {told, "no connection"}

    serving.append(Serving(UPSTREAM, serving[0].port))
    assert serving[1].url == serving[0].url
    _same_as_before(key_user, outsider, table)


def _same_as_before(key_user: Someone, outsider: Someone, table: str) -> None:
    """What an endpoint keeps is there again; with moto, which was in the process, everybody is unknown."""
    if UPSTREAM:
        assert key_user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)["Item"] == ITEM
    else:
        with refused(UNKNOWN):
            key_user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    with refused(DENIED if UPSTREAM else UNKNOWN):
        outsider.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
