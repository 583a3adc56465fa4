from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_client import Bed, FakeClient, NotThereError, RefusedError

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.table import Clients, DynamoDBTable
from pytest_kmslab.lab.waiting.waiters import TABLE_ENCRYPTION_LIMIT, Waiter

OLD = "arn:aws:kms:us-east-1:111122223333:key/old"
NEW = "arn:aws:kms:us-east-1:111122223333:key/new"
CREATING = {"TableStatus": "CREATING", "TableArn": "arn:t"}
ACTIVE = {"TableStatus": "ACTIVE", "TableArn": "arn:t"}


def sse(status: str, key: str | None = None) -> dict[str, Any]:
    """The table while its encryption changes, as aws-controllers-k8s DDB-TABLE-069 and -140 saw it."""
    named = {"SSEType": "KMS", "KMSMasterKeyArn": key} if key else {}
    return {**ACTIVE, "SSEDescription": {"Status": status, **named}}


class NoAlarms:
    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"MetricAlarms": []}]


def table(bed: Bed, **answers: list[Any]) -> tuple[DynamoDBTable, FakeClient]:
    """A table where changes take time, and the client it calls; its key is asked for by alias."""
    dynamodb: Any = FakeClient(**answers)
    kms: Any = FakeClient(describe_key=[{"KeyMetadata": {"Arn": NEW}}])
    cloudwatch: Any = FakeClient(get_paginator=[NoAlarms()])
    clients = Clients(dynamodb, kms, cloudwatch)
    return DynamoDBTable(clients, Waiter(is_strongly_consistent=False, sleep=bed.sleep), "t"), dynamodb


def test_a_new_table_is_waited_for(bed: Bed) -> None:
    looks = [{"Table": CREATING}, {"Table": ACTIVE}]
    made, _ = table(bed, create_table=[{"TableDescription": CREATING}], describe_table=looks)
    made.create({"kmslab:run": "1a2b3c4d"})
    assert made.arn == "arn:t"
    assert len(bed.slept) == 1


def test_a_new_table_that_is_not_found_for_a_moment_is_waited_for(bed: Bed) -> None:
    looks = [NotThereError(), {"Table": CREATING}, NotThereError(), {"Table": ACTIVE}]
    made, dynamodb = table(bed, create_table=[{"TableDescription": CREATING}], describe_table=looks)
    made.create({})
    assert dynamodb.operations.count("describe_table") == 4


def test_a_table_that_is_active_at_once_is_not_looked_at(bed: Bed) -> None:
    made, dynamodb = table(bed, create_table=[{"TableDescription": ACTIVE}])
    made.create({})
    assert dynamodb.operations == ["create_table"]


def test_a_change_of_key_is_waited_for_to_the_end(bed: Bed) -> None:
    looks = [{"Table": one} for one in (sse("UPDATING", OLD), sse("UPDATING", NEW), sse("ENABLED", NEW))]
    changed, dynamodb = table(
        bed, update_table=[{"TableDescription": sse("UPDATING", OLD)}], describe_table=looks
    )
    changed.encrypt("alias/new")
    assert dynamodb.operations == ["update_table", *["describe_table"] * 3]


def test_a_change_is_not_over_while_the_old_key_is_named(bed: Bed) -> None:
    looks = [{"Table": one} for one in (sse("ENABLED", OLD), sse("ENABLED", NEW))]
    changed, _ = table(bed, update_table=[{"TableDescription": ACTIVE}], describe_table=looks)
    changed.encrypt("alias/new")
    assert len(bed.slept) == 1


def test_a_change_that_does_not_end_is_an_error(bed: Bed) -> None:
    stuck, _ = table(
        bed, update_table=[{"TableDescription": ACTIVE}], describe_table=[{"Table": sse("UPDATING")}]
    )
    with pytest.raises(ResourceError, match=f"table `t` to be encrypted under `{NEW}`"):
        stuck.encrypt("alias/new")
    assert sum(bed.slept) >= TABLE_ENCRYPTION_LIMIT


def test_a_table_in_use_is_deleted_when_it_can_be(bed: Bed) -> None:
    busy, dynamodb = table(
        bed,
        delete_table=[RefusedError("ResourceInUseException"), {}],
        describe_table=[{"Table": {**ACTIVE, "TableStatus": "DELETING"}}, NotThereError()],
    )
    busy.delete()
    assert dynamodb.operations == ["delete_table"] * 2 + ["describe_table"] * 2


def test_a_table_that_is_gone_is_no_error(bed: Bed) -> None:
    gone, dynamodb = table(bed, delete_table=[NotThereError()])
    gone.delete()
    assert dynamodb.operations == ["delete_table"]


def test_another_refusal_is_told(bed: Bed) -> None:
    protected, _ = table(bed, delete_table=[RefusedError("ValidationException")])
    with pytest.raises(RefusedError, match="ValidationException"):
        protected.delete()
