"""What DynamoDB refuses of a change to the replicas of a table (global tables of version 2019).

Texts are AWS's: ACK-nnn is finding DDB-TABLE-nnn of aws-controllers-k8s/dynamodb-controller, pf-… a rule of
badmintoncryer/cdk-preflight, both measured on AWS in autumn 2026.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.validation_messages import invalid, refused

Refusals = Iterator[ServiceError]

_STRONG = "global tables with MultiRegionConsistency set to STRONG"
_REGION_SETS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
"""Regions that can hold a strongly consistent table, by the sets that none spans.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html"""
_OTHERS_OF_STRONG = 2
"""Replicas and witnesses beside the table itself, in a strongly consistent table."""
_NOTHING_TO_DO = "There are no actions specified in the Replica Update Action of the request."
OF_REPLICAS = frozenset({"MultiRegionConsistency", "GlobalTableWitnessUpdates"})
"""How the replicas of the same request are; alone they count as no change (ACK-202, 257)."""
LOCAL_REGION = (
    "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
    "UpdateTable as required."
)
"""ACK-203."""


def check_replica_updates(params: Params) -> Refusals:
    """What is wrong with the changes, whatever the table is."""
    yield from _actions(params)
    yield from _consistency(params)


def check_replica_updates_of(params: Params, table: Table) -> Refusals:
    """What is wrong with the changes for the table as it is."""
    creates, deletes = replicas_in(params, "Create"), replicas_in(params, "Delete")
    if table.region in (*creates, *deletes):
        yield invalid(LOCAL_REGION)
    yield from _strong_table(params, table, creates)
    group = table.global_table
    if group is not None and group.is_strong:
        yield from _strong_group(params, table, creates, deletes)
    elif len(deletes) > 1:
        yield _one_at_a_time()
    if any(region in _members(table) for region in creates):
        yield already_tables(table.name)
    known = (*_members(table), table.region)
    strangers = [region for region in (*deletes, *replicas_in(params, "Update")) if region not in known]
    if strangers:
        yield _no_part("replicas", strangers)


def replicas_in(params: Params, action: str) -> list[str]:
    """The Regions that an action of ReplicaUpdates names, each once."""
    return _regions(params, "ReplicaUpdates", action)


def already_tables(name: str) -> ServiceError:
    """Where there is a table of this name already (ACK-225)."""
    text = f"Failed to create a the new replica of table with name: ‘{name}’"
    return invalid(f"{text} because one or more replicas already existed as tables.")


def _regions(params: Params, member: str, action: str) -> list[str]:
    updates: Sequence[Mapping[str, Any]] = params.get(member) or ()
    named = [update[action]["RegionName"] for update in updates if update.get(action)]
    return list(dict.fromkeys(named))


def _members(table: Table) -> tuple[str, ...]:
    return () if table.global_table is None else table.global_table.regions


def _actions(params: Params) -> Refusals:
    # ACK-223, 224, 265, 294: one kind of action, and one Region to make or remove.
    updates: Sequence[Mapping[str, Any]] = params.get("ReplicaUpdates") or ()
    if any(not update for update in updates):
        yield invalid(_NOTHING_TO_DO)
    if len({action for update in updates for action in update}) > 1:
        yield invalid("Update table operation with more than one type of replica actions not allowed")
    for update in updates:
        changed = update.get("Update")
        if changed is not None and not _changes_something(changed):
            yield invalid(_NOTHING_TO_DO)
        # No replica's key is changed so (ACK-295, 309).
        if changed and changed.get("KMSMasterKeyId"):
            yield each_replica()
    if len(replicas_in(params, "Create")) > 1 and params.get("MultiRegionConsistency") != "STRONG":
        yield _one_at_a_time()


def _changes_something(replica: Mapping[str, Any]) -> bool:
    indexes = replica.get("GlobalSecondaryIndexes")
    others = replica.keys() - {"RegionName", "GlobalSecondaryIndexes"}
    return bool(others) or any(index.keys() - {"IndexName"} for index in indexes or ())


def _one_at_a_time() -> ServiceError:
    return invalid("Update table operation with more than one create or delete replica actions not allowed")


def _consistency(params: Params) -> Refusals:
    # ACK-257, 260.
    consistency = params.get("MultiRegionConsistency")
    if consistency and (replicas_in(params, "Delete") or replicas_in(params, "Update")):
        yield invalid(
            "Only Replica Create actions are supported when MultiRegionConsistency parameter is provided."
        )
    if _witnesses(params, "Create") and consistency != "STRONG":
        text = "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is"
        yield invalid(f"{text} present.")


def _witnesses(params: Params, action: str) -> list[str]:
    return _regions(params, "GlobalTableWitnessUpdates", action)


def _strong_table(params: Params, table: Table, creates: list[str]) -> Refusals:
    # ACK-202, 257; pf-dynamodb-global-table-mrsc-replica-count, …-region-set, …-lsi, …-ttl, …-witness-region.
    if params.get("MultiRegionConsistency") != "STRONG" or not creates:
        return
    witness_regions = _witnesses(params, "Create")
    if len(creates) + len(witness_regions) != _OTHERS_OF_STRONG:
        yield invalid(f"Unsupported replica count for {_STRONG}.")
    allowed = next((regions for regions in _REGION_SETS if table.region in regions), frozenset())
    outside = [region for region in dict.fromkeys((*creates, *witness_regions)) if region not in allowed]
    if outside:
        yield invalid(f"Unsupported Region(s) specified for {_STRONG}: [{', '.join(outside)}].")
    if set(creates) & set(witness_regions):
        yield invalid("Cannot target multiple regions with the same action")
    if table.region in witness_regions:
        text = "Cannot add a witness in the same region as an existing replica when creating a global table"
        yield invalid(f"{text} with MultiRegionConsistency set to STRONG.")
    if table.local_indexes:
        yield invalid(f"Local secondary indexes are not supported for {_STRONG}")
    if table.global_table is not None:
        yield invalid("MultiRegionConsistency parameter is unsupported on existing global table")


def _strong_group(params: Params, table: Table, creates: list[str], deletes: list[str]) -> Refusals:
    # ACK-260, 261: it is made whole and goes whole.
    group = table.global_table
    if group is None or not (creates or deletes):
        return
    if params.get("MultiRegionConsistency"):
        yield invalid("MultiRegionConsistency parameter is unsupported on existing global table")
    if creates:
        yield invalid("Cannot add replicas to a global table with strong MultiRegionConsistency")
    if set(deletes) < set(group.regions):
        yield one_of_strong()
    leaving = _witnesses(params, "Delete")
    strangers = [region for region in leaving if region not in group.witness_regions]
    if strangers:
        yield _no_part("witnesses", strangers)
    if set(leaving) < set(group.witness_regions):
        yield invalid("Update table delete operation does not include all witnesses.")


def each_replica() -> ServiceError:
    """Where a replica has no key, or one of another kind than the table's."""
    return refused("KMSMasterKeyId must be specified for each replica.")


def check_time_to_live(table: Table | None) -> None:
    """Raise what DynamoDB answers to a time to live for a table that has none in any Region."""
    if table is not None and table.global_table is not None and table.global_table.is_strong:
        raise no_time_to_live()


def no_time_to_live() -> ServiceError:
    """Where a strongly consistent table is to have a time to live (pf-dynamodb-global-table-mrsc-ttl)."""
    return invalid(f"Time To Live is not supported for {_STRONG}")


def one_of_strong() -> ServiceError:
    """Where one replica of a strongly consistent table is to go (ACK-260)."""
    return invalid(f"Deletion of only one table replica is not supported for {_STRONG}.")


def _no_part(kind: str, regions: Sequence[str]) -> ServiceError:
    # ACK-203, 260.
    return invalid(
        f"Update global table operation failed because one or more {kind} were not part of the global table. "
        f"Please retry the request without these {kind}: [{', '.join(regions)}]."
    )
