"""That the stand-in is as slow as it says: what is proven against it is worth as much as it is strict."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from deep.standin.history import WAVERING, History
from deep.standin.paging import Pages
from deep.standin.slow_tables import SlowTables
from deep.standin.times import DELAYS, REENCRYPTION

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

OPERATOR = Caller("arn:aws:iam::123456789012:user/operator", "123456789012", "", "", "User")
OLD, NEW = ({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key} for key in ("old", "new"))


class Now:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


def call(service: str, operation: str, **params: Any) -> ApiCall:
    return ApiCall(service, operation, params, "us-east-1", OPERATOR)


@pytest.mark.parametrize("kind", DELAYS)
@pytest.mark.parametrize("seed", range(5))
def test_each_service_sees_a_change_late_and_then_for_good(now: Now, kind: str, seed: int) -> None:
    history = History(DELAYS, Random(seed), now, pace=1)
    history.put(kind, "it", "old", at_once=True)
    history.put(kind, "it", "new")
    for service, (first, last) in DELAYS[kind].items():
        now.at = 1000.0 + first * 0.99
        assert history.get(kind, "it", service) == "old"
        now.at = 1000.0 + last + WAVERING[1]
        assert history.get(kind, "it", service) == "new"
        now.at = 1000.0


def test_between_the_two_it_is_seen_now_and_then(now: Now) -> None:
    history = History({"key": {"kms": (10.0, 10.0)}}, Random(1), now, pace=1)
    history.put("key", "it", "new")
    now.at += 10.4
    assert {history.get("key", "it", "kms") for _ in range(20)} == {"new", None}


@pytest.mark.parametrize("seed", range(20))
def test_of_two_changes_it_is_the_later_one_that_stays(now: Now, seed: int) -> None:
    history = History(DELAYS, Random(seed), now, pace=1)
    history.put("key policy", "it", "one")
    history.put("key policy", "it", "two")
    now.at += 20 + WAVERING[1]
    assert {history.get("key policy", "it", "kms") for _ in range(10)} == {"two"}


def described(tables: SlowTables, real: Mapping[str, Any] = NEW) -> dict[str, Any]:
    response: dict[str, Any] = {"Table": {"TableStatus": "ACTIVE", "SSEDescription": dict(real)}}
    tables.after_call(call("dynamodb", "DescribeTable", TableName="orders"), response)
    return dict(response["Table"]["SSEDescription"])


def test_a_change_of_encryption_shows_the_old_key_then_the_new_one_and_then_is_done(now: Now) -> None:
    tables = SlowTables(Random(1), now, pace=1)
    update = call("dynamodb", "UpdateTable", TableName="orders", SSESpecification={"Enabled": True})
    tables.after_call(update, {"TableDescription": {"SSEDescription": {**OLD, "Status": "UPDATING"}}})
    assert described(tables) == {**OLD, "Status": "UPDATING"}
    now.at += 10
    assert described(tables) == {**NEW, "Status": "UPDATING"}
    with pytest.raises(ServiceError, match="ResourceInUseException"):
        tables.check(call("dynamodb", "DeleteTable", TableName="orders"))
    now.at += REENCRYPTION[1]
    assert described(tables) == NEW
    tables.check(call("dynamodb", "DeleteTable", TableName="orders"))


def test_a_table_that_is_made_is_not_there_to_use_yet(now: Now) -> None:
    tables = SlowTables(Random(1), now, pace=1)
    created: dict[str, Any] = {"TableDescription": {"TableStatus": "ACTIVE"}}
    tables.after_call(call("dynamodb", "CreateTable", TableName="orders"), created)
    assert created["TableDescription"]["TableStatus"] == "CREATING"
    get = call("dynamodb", "BatchGetItem", RequestItems={"orders": {}})
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        tables.check(get)
    now.at += 60
    tables.check(get)


def test_a_table_that_is_deleted_is_described_for_a_while(now: Now) -> None:
    tables = SlowTables(Random(1), now, pace=1)
    delete, describe = (call("dynamodb", one, TableName="orders") for one in ("DeleteTable", "DescribeTable"))
    tables.after_call(delete, {"TableDescription": {"TableStatus": "ACTIVE"}})
    assert tables.answer(describe) == {"Table": {"TableStatus": "DELETING"}}
    assert tables.answer(delete) == {"TableDescription": {"TableStatus": "DELETING"}}
    now.at += 60
    assert tables.answer(describe) is None


def test_the_first_page_has_one_element_and_the_pages_have_all() -> None:
    keys = [{"KeyId": str(number)} for number in range(9)]
    pages = Pages(lambda _: {"Keys": keys})
    seen: list[list[Any]] = []
    marker: dict[str, str] = {}
    while True:
        page = pages.answer(call("kms", "ListKeys", **marker))
        assert page is not None
        seen.append(page["Keys"])
        if not page["Truncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert [len(page) for page in seen] == [1, 2, 4, 2]
    assert [key for page in seen for key in page] == keys
    assert "NextMarker" not in page


def test_what_is_no_list_has_no_pages() -> None:
    pages = Pages(lambda _: {})
    assert pages.answer(call("kms", "DescribeKey", KeyId="k")) is None
    assert pages.answer(call("dynamodb", "Scan", TableName="orders")) is None
