"""What DynamoDB says to changes of replicas, as aws-controllers-k8s and cdk-preflight measured it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import table_arn

from pytest_kmslab.account.model import GlobalTable, Table
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.table_updates import NOTHING_ASKED, check_update, check_update_of
from pytest_kmslab.calls.validation_messages import PREFIX

ALONE = Table(table_arn(), "orders", "123456789012", "us-east-1", None, stream_enabled=True)
STRONG = "global tables with MultiRegionConsistency set to STRONG"


def table(*regions: str, **more: Any) -> Table:
    group = GlobalTable(regions, **more) if regions else None
    return Table(
        ALONE.arn, "orders", ALONE.account, ALONE.region, None, stream_enabled=True, global_table=group
    )


PAIR = table("us-west-2")
TRIPLE = table("us-west-2", "us-east-2", is_strong=True)
WITNESSED = table("us-west-2", is_strong=True, witness_regions=("us-east-2",))


def change(action: str, *regions: str, **more: Any) -> dict[str, Any]:
    return {"ReplicaUpdates": [{action: {"RegionName": region, **more}} for region in regions]}


def witness(action: str, *regions: str) -> dict[str, Any]:
    return {"GlobalTableWitnessUpdates": [{action: {"RegionName": region}} for region in regions]}


CREATE = change("Create", "us-west-2")
CONSISTENT = {"MultiRegionConsistency": "STRONG"}
NOTHING = "There are no actions specified in the Replica Update Action of the request."
LOCAL = (
    "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
    "UpdateTable as required."
)
EXISTS = (
    "Failed to create a the new replica of table with name: ‘orders’ because one or more replicas already "
    "existed as tables."
)
GONE = "Update global table operation failed because one or more"
STRANGER = f"{GONE} replicas were not part of the global table. Please retry the request without these "
SEVERAL = "Update table operation with more than one create or delete replica actions not allowed"
ONE_OF = f"Deletion of only one table replica is not supported for {STRONG}."
EXISTING = "MultiRegionConsistency parameter is unsupported on existing global table"

REFUSED: dict[str, tuple[Table, dict[str, Any], str]] = {
    "no action": (ALONE, {"ReplicaUpdates": [{}]}, NOTHING),
    "an update of nothing": (PAIR, change("Update", "us-west-2"), NOTHING),
    "an update of an index in nothing": (
        PAIR,
        change("Update", "us-west-2", GlobalSecondaryIndexes=[{"IndexName": "index"}]),
        NOTHING,
    ),
    "a key": (
        PAIR,
        change("Update", "us-west-2", KMSMasterKeyId="k"),
        f"{PREFIX}KMSMasterKeyId must be specified for each replica.",
    ),
    "two kinds": (
        PAIR,
        {"ReplicaUpdates": [{**CREATE["ReplicaUpdates"][0], "Delete": {"RegionName": "eu-west-1"}}]},
        "Update table operation with more than one type of replica actions not allowed",
    ),
    "two to make": (ALONE, change("Create", "us-west-2", "eu-west-1"), SEVERAL),
    "two to remove": (table("a", "b"), change("Delete", "a", "b"), SEVERAL),
    "here": (ALONE, change("Create", "us-east-1"), LOCAL),
    "away from here": (PAIR, change("Delete", "us-east-1"), LOCAL),
    "one that is there": (PAIR, CREATE, EXISTS),
    "one that is not": (PAIR, change("Delete", "eu-west-1"), f"{STRANGER}replicas: [eu-west-1]."),
    "a change of one that is not": (
        ALONE,
        change("Update", "eu-west-1", TableClassOverride="STANDARD"),
        f"{STRANGER}replicas: [eu-west-1].",
    ),
    "with protection": (
        ALONE,
        CREATE | {"DeletionProtectionEnabled": True},
        f"{PREFIX}Replica modification must be the only operation in the request",
    ),
    "strong with protection": (
        ALONE,
        CREATE | CONSISTENT | {"DeletionProtectionEnabled": True},
        "Requests that modify replicas or witnesses must not also modify other fields",
    ),
    "consistency alone": (ALONE, CONSISTENT, NOTHING_ASKED),
    "a witness alone": (ALONE, CONSISTENT | witness("Create", "us-east-2"), NOTHING_ASKED),
    "a witness without consistency": (
        ALONE,
        CREATE | witness("Create", "us-east-2"),
        "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.",
    ),
    "one other": (ALONE, CREATE | CONSISTENT, f"Unsupported replica count for {STRONG}."),
    "three others": (
        ALONE,
        change("Create", "us-west-2", "us-east-2") | CONSISTENT | witness("Create", "us-east-2"),
        f"Unsupported replica count for {STRONG}.",
    ),
    "a Region of another set": (
        ALONE,
        change("Create", "us-west-2", "eu-west-1") | CONSISTENT,
        f"Unsupported Region(s) specified for {STRONG}: [eu-west-1].",
    ),
    "a Region of no set": (
        ALONE,
        change("Create", "us-west-1") | CONSISTENT | witness("Create", "us-west-1"),
        f"Unsupported Region(s) specified for {STRONG}: [us-west-1].",
    ),
    "a witness where a replica is": (
        ALONE,
        CREATE | CONSISTENT | witness("Create", "us-west-2"),
        "Cannot target multiple regions with the same action",
    ),
    "a witness here": (
        ALONE,
        CREATE | CONSISTENT | witness("Create", "us-east-1"),
        "Cannot add a witness in the same region as an existing replica when creating a global table with "
        "MultiRegionConsistency set to STRONG.",
    ),
    "consistency of what goes": (
        WITNESSED,
        change("Delete", "us-west-2") | CONSISTENT,
        "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.",
    ),
    "one more": (
        TRIPLE,
        change("Create", "eu-west-1"),
        "Cannot add replicas to a global table with strong MultiRegionConsistency",
    ),
    "weaker": (TRIPLE, change("Create", "eu-west-1") | {"MultiRegionConsistency": "EVENTUAL"}, EXISTING),
    "strong consistency of replicas": (
        PAIR,
        change("Create", "us-west-2", "us-east-2") | CONSISTENT,
        EXISTING,
    ),
    "one less": (TRIPLE, change("Delete", "us-west-2"), ONE_OF),
    "all but the witness": (
        WITNESSED,
        change("Delete", "us-west-2"),
        "Update table delete operation does not include all witnesses.",
    ),
    "another witness": (
        WITNESSED,
        change("Delete", "us-west-2") | witness("Delete", "eu-west-1"),
        f"{GONE} witnesses were not part of the global table. Please retry the request without these "
        "witnesses: [eu-west-1].",
    ),
    "the stream": (
        PAIR,
        {"StreamSpecification": {"StreamEnabled": False}},
        f"{PREFIX}Disabling Stream is not allowed for a Global Table replica.",
    ),
}

TAKEN: dict[str, tuple[Table, dict[str, Any]]] = {
    "a replica": (ALONE, CREATE),
    "the same twice": (ALONE, change("Create", "us-west-2", "us-west-2")),
    "one more": (PAIR, change("Create", "eu-west-1")),
    "one less": (PAIR, change("Delete", "us-west-2")),
    "another class": (PAIR, change("Update", "us-west-2", TableClassOverride="STANDARD")),
    "an index's units": (
        PAIR,
        change(
            "Update",
            "us-west-2",
            GlobalSecondaryIndexes=[
                {"IndexName": "index", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 6}}
            ],
        ),
    ),
    "two consistent ones": (ALONE, change("Create", "us-west-2", "us-east-2") | CONSISTENT),
    "one and a witness": (ALONE, CREATE | CONSISTENT | witness("Create", "us-east-2")),
    "all": (TRIPLE, change("Delete", "us-west-2", "us-east-2")),
    "all and the witness": (WITNESSED, change("Delete", "us-west-2") | witness("Delete", "us-east-2")),
    "the stream of a table alone": (ALONE, {"StreamSpecification": {"StreamEnabled": False}}),
}


def check(seen: Table, params: dict[str, Any]) -> None:
    check_update({"TableName": "orders", **params})
    check_update_of({"TableName": "orders", **params}, seen)


@pytest.mark.parametrize(("seen", "params", "text"), REFUSED.values(), ids=REFUSED)
def test_refused_as_dynamodb_words_it(seen: Table, params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check(seen, params)
    assert str(refused.value) == f"ValidationException: {text}"


@pytest.mark.parametrize(("seen", "params"), TAKEN.values(), ids=TAKEN)
def test_taken_as_dynamodb_takes_it(seen: Table, params: dict[str, Any]) -> None:
    check(seen, params)


def test_a_consistent_table_has_no_local_index() -> None:
    seen = Table(ALONE.arn, "orders", ALONE.account, ALONE.region, None, local_indexes=("local",))
    with pytest.raises(ServiceError, match=f": Local secondary indexes are not supported for {STRONG}$"):
        check(seen, CREATE | CONSISTENT | witness("Create", "us-east-2"))
