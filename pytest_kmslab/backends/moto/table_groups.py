"""Tables of one name in several Regions, replicas of each other: what moto's own tables hold of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import dynamodb_backends

GROUP = "kmslab_replicas"
"""The attribute of moto's own table that holds its group."""


@dataclass
class Group:
    """The tables of one name, as moto's own objects share it."""

    name: str
    account: str
    sources: dict[str, str]
    """The Region that each of its tables was made from, by its own; empty for the first."""
    is_strong: bool = False
    witness_regions: list[str] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What of a replica is told beside its state, by Region."""

    def __deepcopy__(self, _memo: Any) -> Group:
        """moto copies a table to take a transaction back; it stays in its group."""
        return self

    def others(self, region: str) -> list[str]:
        """The Regions of the other tables."""
        return [other for other in self.sources if other != region]

    def tables(self, region: str) -> Iterator[Any]:
        """moto's own objects of the other tables."""
        for other in self.others(region):
            table = dynamodb_backends[self.account][other].tables.get(self.name)
            if table is not None:
                yield table

    def leave(self, region: str) -> None:
        """The table of a Region is gone."""
        self.sources.pop(region, None)
        self.shown.pop(region, None)
        # Without replicas a table is as if it never had any (DDB-TABLE-231).
        if len(self.sources) == 1:
            for last in self.tables(""):
                delattr(last, GROUP)


def group_of(table: Any) -> Group | None:
    """The group of one of moto's own tables."""
    return getattr(table, GROUP, None)


def shards_elsewhere(table: Any) -> list[Any]:
    """moto's shards of the streams of the replicas of a table."""
    group = group_of(table)
    others = group.tables(table.region_name) if group is not None else ()
    return [other.stream_shard for other in others if other.stream_shard is not None]


def share_contents(table: Any) -> None:
    """Let the others have the items that a table has now, and its time to live, which is of all of them."""
    group = group_of(table)
    for other in group.tables(table.region_name) if group is not None else ():
        other.items, other.ttl = table.items, table.ttl
