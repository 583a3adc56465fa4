from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore.utils import parse_timestamp
from helpers.fake_client import Bed, FakeClient, RefusedError

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.sessions import PROBE_CALLS, PrincipalSession, Sessions, read_timestamp
from pytest_kmslab.lab.waiting.waiters import IN_A_ROW, Waiter


class FakeSession:
    """Hands out one client, whatever is asked for."""

    def __init__(self, client: FakeClient) -> None:
        self._client = client

    def client(self, service: str, **_: Any) -> FakeClient:
        return self._client

    resource = client


UNKNOWN, DENIED = RefusedError("UnrecognizedClientException"), RefusedError("AccessDeniedException")
NEVER: list[Any] = [UNKNOWN]


def session_of(client: FakeClient, bed: Bed, *may_do: str) -> PrincipalSession:
    session: Any = FakeSession(client)
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    return PrincipalSession(session, {}, waiter, lambda: frozenset(may_do))


def test_a_new_access_key_is_waited_for_by_each_service(bed: Bed) -> None:
    client = FakeClient(list_tables=[UNKNOWN, {}, UNKNOWN, {}])
    of_user = session_of(client, bed)
    of_user.client("dynamodb")
    of_user.client("dynamodb")
    assert client.operations == ["list_tables"] * (3 + IN_A_ROW)
    of_user.client("kms")
    assert client.operations[-IN_A_ROW:] == ["list_aliases"] * IN_A_ROW


def test_a_denial_shows_that_the_access_key_is_known(bed: Bed) -> None:
    client = FakeClient(list_tables=[DENIED])
    session_of(client, bed).client("dynamodb")
    assert client.operations == ["list_tables"] * (1 + IN_A_ROW)


def test_what_the_users_policies_allow_is_waited_for(bed: Bed) -> None:
    client = FakeClient(list_tables=[UNKNOWN, DENIED, {}, DENIED, {}])
    session_of(client, bed, "dynamodb:ListTables").client("dynamodb")
    assert client.operations == ["list_tables"] * (4 + IN_A_ROW)


def test_what_the_policies_allow_is_asked_when_the_key_is_known(bed: Bed) -> None:
    asked: list[int] = []
    client = FakeClient(list_tables=[UNKNOWN, UNKNOWN, {}])
    session: Any = FakeSession(client)

    def allowed() -> frozenset[str]:
        asked.append(len(client.calls))
        return frozenset()

    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    PrincipalSession(session, {}, waiter, allowed).client("dynamodb")
    assert asked == [3]


def test_a_resource_waits_as_a_client_does(bed: Bed) -> None:
    client = FakeClient(list_tables=[UNKNOWN, {}])
    session_of(client, bed).resource("dynamodb")
    assert len(client.calls) == 2 + IN_A_ROW


def test_with_an_access_key_that_never_comes_the_services_say_so_themselves(bed: Bed) -> None:
    client = FakeClient(list_tables=NEVER, list_aliases=NEVER)
    stranger = session_of(client, bed)
    assert stranger.client("dynamodb") is client
    assert sum(bed.slept) >= 60
    slept = len(bed.slept)
    stranger.client("kms")
    assert len(bed.slept) == slept


def test_code_under_test_is_waited_for_by_every_service_once(bed: Bed) -> None:
    client = FakeClient()
    of_user = session_of(client, bed)
    of_user.wait_until_ready()
    of_user.wait_until_ready()
    assert {call.method for call in PROBE_CALLS.values()} == set(client.operations)
    assert len(client.calls) == (1 + IN_A_ROW) * len(PROBE_CALLS)


def test_a_new_client_is_waited_for_no_more(bed: Bed) -> None:
    client = FakeClient()
    of_user = session_of(client, bed)
    of_user.client("dynamodb")
    of_user.new_client("dynamodb")
    assert len(client.calls) == 1 + IN_A_ROW


def test_to_reconnect_closes_what_was_handed_out(bed: Bed) -> None:
    client = FakeClient()
    of_user = session_of(client, bed)
    of_user.client("kms")
    of_user.reconnect()
    assert client.operations[-1] == "close"


def test_whose_credentials_were_there_before_is_not_waited_for(site: LabContext) -> None:
    slow = Sessions(site.backend, Waiter(is_strongly_consistent=False, sleep=pytest.fail))
    core = botocore.session.get_session()
    core.set_credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    assert slow.existing(core).client("kms").meta.region_name == site.backend.region


def test_where_changes_act_at_once_nothing_is_asked() -> None:
    client = FakeClient()
    session: Any = FakeSession(client)
    PrincipalSession(session, {}, Waiter(is_strongly_consistent=True)).client("dynamodb")
    assert client.calls == []


def test_a_service_that_is_not_known_to_have_a_harmless_call_is_not_waited_for(bed: Bed) -> None:
    client = FakeClient()
    session: Any = FakeSession(client)
    PrincipalSession(session, {}, Waiter(is_strongly_consistent=False, sleep=bed.sleep)).client("s3")
    assert client.calls == []


def signer(client: Any) -> str:
    return str(client._request_signer._credentials.get_frozen_credentials().access_key)


def test_a_lasting_session_keeps_its_clients_and_changes_its_credentials(site: LabContext) -> None:
    first = site.sessions.lasting("admin", Credentials("AKIA1", "one")).client("kms")
    assert signer(first) == "AKIA1"
    second = site.sessions.lasting("admin", Credentials("AKIA2", "two", "token")).client("kms")
    assert second is first
    assert signer(first) == "AKIA2"
    assert signer(site.sessions.lasting("root", Credentials("AKIA3", "three")).client("kms")) == "AKIA3"
    assert signer(first) == "AKIA2"


def test_clients_are_of_the_backends_region(site: LabContext) -> None:
    client = site.sessions.of(Credentials("AKIA1", "one")).client("kms")
    assert client.meta.region_name == site.backend.region


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-29T22:16:44Z",
        "2024-02-29T00:00:00Z",
        "2026-11-29T22:16:44.123Z",
        "2026-11-29T22:16:44.000001Z",
        "2026-11-29T22:16:44.1234567Z",
        "2026-11-29T22:16:44+02:00",
        "Sun, 29 Nov 2026 22:16:44 GMT",
        "1700000000",
        1700000000.5,
        0,
    ],
    ids=str,
)
def test_a_timestamp_is_what_botocore_reads(value: Any) -> None:
    read, own = read_timestamp(value), parse_timestamp(value)
    assert (read, read.utcoffset(), type(read.tzinfo)) == (own, own.utcoffset(), type(own.tzinfo))


@pytest.mark.parametrize("value", ["2026-13-29T22:16:44Z", "2026-11-29T25:16:44Z", "none"])
def test_a_timestamp_that_is_none_fails_as_with_botocore(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f'Invalid timestamp "{value}"')):
        read_timestamp(value)
