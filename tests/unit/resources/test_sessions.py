from __future__ import annotations

from typing import Any

import pytest
from unit.resources.fakes import Bed, FakeClient, RefusedError

from pytest_kmslab.backends.base import Credentials
from pytest_kmslab.resources.sessions import PrincipalSession
from pytest_kmslab.resources.site import Site
from pytest_kmslab.resources.waiters import Waiter


class FakeSession:
    """Hands out one client, whatever is asked for."""

    def __init__(self, client: FakeClient) -> None:
        self._client = client

    def client(self, service: str, **_: Any) -> FakeClient:
        return self._client

    resource = client


def test_a_new_access_key_is_waited_for_by_each_service(bed: Bed) -> None:
    client = FakeClient(list_tables=[RefusedError("UnrecognizedClientException"), {}])
    session: Any = FakeSession(client)
    of_user = PrincipalSession(session, {}, Waiter(settles=False, sleep=bed.sleep))
    of_user.client("dynamodb")
    of_user.client("dynamodb")
    assert client.operations == ["list_tables", "list_tables"]
    assert len(bed.slept) == 1
    of_user.client("kms")
    assert client.operations[2:] == ["list_keys"]


def test_a_denial_shows_that_the_access_key_is_known(bed: Bed) -> None:
    session: Any = FakeSession(FakeClient(list_tables=[RefusedError("AccessDeniedException")]))
    PrincipalSession(session, {}, Waiter(settles=False, sleep=bed.sleep)).client("dynamodb")
    assert bed.slept == []


def test_a_resource_waits_as_a_client_does(bed: Bed) -> None:
    client = FakeClient(list_tables=[RefusedError("UnrecognizedClientException"), {}])
    session: Any = FakeSession(client)
    PrincipalSession(session, {}, Waiter(settles=False, sleep=bed.sleep)).resource("dynamodb")
    assert len(bed.slept) == 1


def test_an_access_key_that_never_comes_is_an_error(bed: Bed) -> None:
    session: Any = FakeSession(FakeClient(list_tables=[RefusedError("UnrecognizedClientException")]))
    with pytest.raises(RefusedError):
        PrincipalSession(session, {}, Waiter(settles=False, sleep=bed.sleep)).client("dynamodb")
    assert sum(bed.slept) >= 60


def test_where_changes_act_at_once_nothing_is_asked() -> None:
    client = FakeClient()
    session: Any = FakeSession(client)
    PrincipalSession(session, {}, Waiter(settles=True)).client("dynamodb")
    assert client.calls == []


def test_a_service_that_is_not_known_to_have_a_harmless_call_is_not_waited_for(bed: Bed) -> None:
    client = FakeClient()
    session: Any = FakeSession(client)
    PrincipalSession(session, {}, Waiter(settles=False, sleep=bed.sleep)).client("s3")
    assert client.calls == []


def signer(client: Any) -> str:
    return str(client._request_signer._credentials.get_frozen_credentials().access_key)


def test_a_lasting_session_keeps_its_clients_and_changes_its_credentials(site: Site) -> None:
    first = site.sessions.lasting("admin", Credentials("AKIA1", "one")).client("kms")
    assert signer(first) == "AKIA1"
    second = site.sessions.lasting("admin", Credentials("AKIA2", "two", "token")).client("kms")
    assert second is first
    assert signer(first) == "AKIA2"
    assert signer(site.sessions.lasting("root", Credentials("AKIA3", "three")).client("kms")) == "AKIA3"
    assert signer(first) == "AKIA2"


def test_clients_are_of_the_backends_region(site: Site) -> None:
    client = site.sessions.of(Credentials("AKIA1", "one")).client("kms")
    assert client.meta.region_name == site.backend.region
