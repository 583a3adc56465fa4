"""An endpoint's DynamoDB tables, with what it drops of them kept in the shared store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pytest_kmslab.account.model import GlobalTable, Table, further_keys
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients, lacks, unless_refused
from pytest_kmslab.backends.endpoint.iam_snapshot import tags_of
from pytest_kmslab.backends.endpoint.keys import ApiKeys
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import Record, Store
from pytest_kmslab.backends.protocol import EncryptionChanges
from pytest_kmslab.backends.stream_tags import as_pairs
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.calls.rules.new_tables import UNITS, is_on_demand

NOT_FOUND = frozenset(
    {"ResourceNotFoundException", "TableNotFoundException", "ValidationException", "PolicyNotFoundException"}
)
UNDER_A_KEY = frozenset({"ENABLED", "UPDATING", "ENABLING"})


class ApiTables:
    """Tables of one account, whose root user signs what is asked here."""

    def __init__(
        self,
        clients: EndpointClients,
        identities: ApiIdentities,
        keys: ApiKeys,
        store: Store,
        cache: ReadCache,
    ) -> None:
        self._clients = clients
        self._identities = identities
        self._keys = keys
        self._store = store
        self._cache = cache

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name, or by the ARN of the table, of an index or of a stream."""
        if name.startswith("arn:"):
            arn = parts_of(name)
            path = arn.resource.split("/")
            if arn.service != "dynamodb" or path[0] != "table" or len(path) < 2:
                return None
            region, account, name = arn.region, arn.account, path[1]
        if account != self._identities.account or not name:
            return None
        return self._cache.get(("table", region, name), lambda: self._read(name, region))

    def description(self, name: str, region: str) -> dict[str, Any] | None:
        """What the endpoint itself answers to DescribeTable."""
        dynamodb = self._clients.of("dynamodb", region)
        return self._cache.get(
            ("description", region, name),
            lambda: unless_refused(
                NOT_FOUND, lambda: dict(dynamodb.describe_table(TableName=name)["Table"]), None
            ),
        )

    def streamed(self, stream: str) -> Table | None:
        """The table whose stream this is."""
        table = self.table(stream, "", "")
        shown = None if table is None else self.description(table.name, table.region)
        # As long as it is its latest one: which key the records of an older one are under is not known.
        return table if shown is not None and shown.get("LatestStreamArn") == stream else None

    def policy_text(self, arn: str) -> str | None:
        """The resource-based policy of a table or stream."""
        table = self.table(arn, "", "")
        if table is None:
            return None
        own = arn if parts_of(arn).part == "stream" else table.arn
        return self._cache.get(("table policy", own), lambda: self._read_policy(table, own))

    def backup(self, arn: str) -> Table | None:
        """The table that a backup is of, with the key that it was under then."""
        region = parts_of(arn).region
        record = self._store.get(_backup_name(arn))
        table = self.table(arn, "", "") if region else None
        if record is None:
            return table
        return Table(**record["table"])

    def record(self, arn: str) -> Record:
        """What is kept of a table: `key` (an ARN or None), `changes`, `protected`, `policies`,
        `stream_tags`."""
        return dict(self._store.get(_name(arn)) or {})

    def keep(self, arn: str, **changed: Any) -> None:
        """Change what is kept of a table."""
        self._store.put(_name(arn), {**self.record(arn), **changed})

    def kept_policy(self, arn: str) -> Record:
        """What is kept of the policy of a table or stream: `text` (None once it is gone), `revision`."""
        return dict(self.record(arn).get("policies", {}).get(arn) or {})

    def keep_policy(self, arn: str, text: str | None, revision: int) -> None:
        """Change what is kept of a policy."""
        # A stream has a policy of its own, kept with the table that writes it.
        others = self.record(arn).get("policies", {})
        self.keep(arn, policies={**others, arn: {"text": text, "revision": revision}})

    def keep_backup(self, arn: str, table: Table) -> None:
        """Remember what a table was like when a backup of it was made."""
        from dataclasses import asdict

        # JSON has no tuples of pairs: what cannot be read back as it was is left out.
        left_out = ("key_attributes", "global_table", "index_schemas")
        fields = {name: value for name, value in asdict(table).items() if name not in left_out}
        plain = {**fields, "tags": dict(table.tags), "index_keys": dict(table.index_keys)}
        self._store.put(_backup_name(arn), {"table": plain})

    def begin(self, arn: str) -> None:
        """A table was made: forget what is kept of one that had its name."""
        self._store.delete(_name(arn))

    def encryption_changes(self, arn: str) -> EncryptionChanges | None:
        """When a table was made and its encryption changed; None where there is no such table."""
        table = self.table(arn, "", "")
        description = self.description(table.name, table.region) if table is not None else None
        if table is None or description is None:
            return None
        changes = KeptChanges(self.record(arn).get("changes", ()), lambda all_: self.keep(arn, changes=all_))
        return EncryptionChanges(description["CreationDateTime"].timestamp(), changes)

    def _read(self, name: str, region: str) -> Table | None:
        description = self.description(name, region)
        if description is None:
            return None
        arn = description["TableArn"]
        indexes = (
            *(description.get("GlobalSecondaryIndexes") or ()),
            *(description.get("LocalSecondaryIndexes") or ()),
        )
        throughput = description.get("ProvisionedThroughput") or {}
        return Table(
            arn=arn,
            name=description["TableName"],
            account=self._identities.account,
            region=region,
            key_arn=self._key_arn(arn, description),
            tags=self._tags(arn, region),
            hash_key=_key_of_kind(description, "HASH"),
            range_key=_key_of_kind(description, "RANGE"),
            stream_arn=description.get("LatestStreamArn") or "",
            stream_enabled=bool((description.get("StreamSpecification") or {}).get("StreamEnabled")),
            local_indexes=tuple(
                index["IndexName"] for index in description.get("LocalSecondaryIndexes") or ()
            ),
            on_demand=is_on_demand(description.get("BillingModeSummary") or {}),
            key_types=tuple(_key_types(description)),
            projected=tuple(_projected(description)),
            index_schemas=tuple(_index_schemas(description, indexes)),
            units=tuple(throughput[unit] for unit in UNITS if unit in throughput),
            global_table=_global_table(description),
            further_keys=further_keys((index["IndexName"], index["KeySchema"]) for index in indexes),
            stream_tags=as_pairs(self.record(arn).get("stream_tags") or {}),
            index_keys={index["IndexName"]: _key_of_kind(index, "HASH") for index in indexes},
        )

    def _key_arn(self, arn: str, description: dict[str, Any]) -> str | None:
        """The key that a table is encrypted with; None for DynamoDB's own."""
        record = self.record(arn)
        if "key" in record:
            key_arn: str | None = record["key"]
            return key_arn
        # A table that was made where no seam saw it: what the endpoint shows counts.
        shown = description.get("SSEDescription") or {}
        master_key = shown.get("KMSMasterKeyArn")
        if shown.get("Status") not in UNDER_A_KEY or not master_key:
            return None
        # LocalStack makes a key's ARN of whatever it was given, an alias too.
        master_key = master_key.replace(":key/alias/", ":alias/")
        table = parts_of(arn)
        key = self._keys.key(master_key, table.region, table.account)
        return str(master_key) if key is None else key.arn

    def _tags(self, arn: str, region: str) -> dict[str, str]:
        dynamodb = self._clients.of("dynamodb", region)
        pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        tags: list[Any] = unless_refused(
            NOT_FOUND, lambda: [tag for page in pages for tag in page["Tags"]], []
        )
        return tags_of({"Tags": tags})

    def _read_policy(self, table: Table, arn: str) -> str | None:
        from botocore.exceptions import ClientError

        dynamodb = self._clients.of("dynamodb", table.region)
        try:
            return str(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])
        except ClientError as error:
            if lacks(error):
                return self.kept_policy(arn).get("text")
            if error_code(error) in NOT_FOUND:
                return None
            raise


class KeptChanges(list[float]):
    """The times of a table's changes; what is appended is kept."""

    def __init__(self, times: Iterable[float], keep: Callable[[list[float]], None]) -> None:
        super().__init__(times)
        self._keep = keep

    def append(self, time: float) -> None:
        """Add one, for every process to see."""
        super().append(time)
        self._keep(list(self))


def _key_of_kind(described: dict[str, Any], kind: str) -> str:
    """The key attribute of a table or index that is its HASH or RANGE key; empty where it has none."""
    schema = described.get("KeySchema") or ()
    return next((key["AttributeName"] for key in schema if key["KeyType"] == kind), "")


def _key_types(described: dict[str, Any]) -> list[str]:
    """The types of the table's key attributes, partition key first."""
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in described.get("AttributeDefinitions") or ()
    }
    names = (_key_of_kind(described, kind) for kind in ("HASH", "RANGE"))
    return [types[name] for name in names if name in types]


def _global_table(described: dict[str, Any]) -> GlobalTable | None:
    """The replicas of a table; None where it has none, or the endpoint does not tell of them."""
    replicas = described.get("Replicas")
    if not replicas:
        return None
    return GlobalTable(
        tuple(replica["RegionName"] for replica in replicas),
        described.get("MultiRegionConsistency") == "STRONG",
        tuple(witness["RegionName"] for witness in described.get("GlobalTableWitnesses") or ()),
    )


def _index_schemas(
    described: dict[str, Any], indexes: Iterable[dict[str, Any]]
) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    # A table that is being removed may tell of no attributes.
    definitions = described.get("AttributeDefinitions") or ()
    kinds = {each["AttributeName"]: each["AttributeType"] for each in definitions}
    for index in indexes:
        names = [key["AttributeName"] for key in index["KeySchema"]]
        if kinds.keys() >= set(names):
            yield index["IndexName"], tuple((name, kinds[name]) for name in names)


def _projected(described: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The global indexes that do not project all, each with what it projects, its own keys among it."""
    for index in described.get("GlobalSecondaryIndexes") or ():
        projection = index.get("Projection") or {}
        if projection.get("ProjectionType", "ALL") != "ALL":
            keys = (key["AttributeName"] for key in index["KeySchema"])
            yield index["IndexName"], (*keys, *(projection.get("NonKeyAttributes") or ()))


def _name(arn: str) -> str:
    table = parts_of(arn)
    return f"tables/{table.account}/{table.region}/{table.resource.split('/')[1]}"


def _backup_name(arn: str) -> str:
    backup = parts_of(arn)
    where = f"{backup.account}/{backup.region}" if backup.partition else ""
    return f"backups/{where}/{arn.rsplit('/', 1)[-1]}"
