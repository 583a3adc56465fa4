"""Operations on tables, backups and their settings: a row each says on which ARNs.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import in_region, parts_of, table_arn_of
from pytest_kmslab.calls.api_call import ApiCall, AuthorizationPlan, Authorizations, Params
from pytest_kmslab.calls.dynamodb.auto_scaling import passing_roles
from pytest_kmslab.calls.dynamodb.context import authorization
from pytest_kmslab.calls.dynamodb.names import (
    arn_of,
    backup_arn,
    global_table_arn,
    index_arn,
    invalid,
    kind_of,
    missing_table,
    named_table,
    required_text,
    resource_arn,
    sub_arn,
    table_arn,
)
from pytest_kmslab.calls.dynamodb.sse.key_use import use_keys
from pytest_kmslab.calls.dynamodb.table_policy.operations import on_policy, put_policy
from pytest_kmslab.calls.dynamodb.tagging import TAGGING

Resources = Callable[[ApiCall], Iterator[str]]
"""The ARNs that a call is asked about."""


def authorization_plan(
    resources: Resources,
    *,
    uses_key: bool = False,
    needs_table: bool = False,
) -> AuthorizationPlan:
    """One question an ARN.

    `uses_key` marks an operation that AWS refuses while the table's key is disabled: it is taken to
    use the key as the caller, which for these has not been seen (docs/fidelity.md). `needs_table` marks one
    that is refused where there is no such table, in words that backends have otherwise.
    """

    def required_authorizations(call: ApiCall, view: AccountView) -> Authorizations:
        tables = []
        for arn in resources(call):
            table = view.table(table_arn_of(arn), call.region, call.account) if ":table/" in arn else None
            tables.append(table)
            yield authorization(call, call.operation, arn, None, table)
            if needs_table and table is None:
                raise missing_table(arn)
        if uses_key:
            yield from use_keys(call, view, tables)

    return required_authorizations


def time_to_live(call: ApiCall, view: AccountView) -> Authorizations:
    """UpdateTimeToLive: on the table, and on its replica in every other Region.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
    """
    arn = named_table(call)
    table = view.table(arn, call.region, call.account)
    yield authorization(call, call.operation, arn, None, table)
    if table is None:
        raise missing_table(arn)
    for region in () if table.global_table is None else table.global_table.regions:
        there = in_region(arn, region)
        replica = view.table(there, region, call.account)
        yield authorization(call._replace(region=region), call.operation, there, None, replica)
    yield from use_keys(call, view, (table,))


def global_table_settings(call: ApiCall, view: AccountView) -> Authorizations:
    """UpdateGlobalTableSettings, which needs the right to change the global table and to see the limits.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gt_IAM.html
    """
    for action in (call.operation, "UpdateGlobalTable"):
        for arn in on_global_table_and_replicas(call):
            table = view.table(arn, parts_of(arn).region, call.account) if ":table/" in arn else None
            yield authorization(call, action, arn, None, table)
    yield authorization(call, "DescribeLimits", "*")


def on_table(call: ApiCall) -> Iterator[str]:
    """The table that TableName names."""
    yield named_table(call)


def on_table_arn_if_named(call: ApiCall) -> Iterator[str]:
    """The table that TableArn names, everything where it names none."""
    yield named_table(call, "TableArn") if call.params.get("TableArn") else "*"


def on_table_and_index(call: ApiCall) -> Iterator[str]:
    """The table, and the index too where one is named."""
    table = named_table(call)
    yield table
    if call.params.get("IndexName"):
        yield index_arn(table, call.params["IndexName"])


def on_sub(member: str, kind: str) -> Resources:
    """What hangs on a table, by its ARN."""

    def resources(call: ApiCall) -> Iterator[str]:
        yield sub_arn(required_text(call.params, member), kind)

    return resources


def on_backup(call: ApiCall) -> Iterator[str]:
    """The backup as it is named, and as it is called here: AWS finds it by the ARN of any Region."""
    # Measured: DDB-BACKUP-012. Which of the two AWS decides about is not known.
    named = backup_arn(call)
    yield from dict.fromkeys((named, in_region(named, call.region)))


def on_exported_table(call: ApiCall) -> Iterator[str]:
    """The table that TableArn names."""
    if kind_of(required_text(call.params, "TableArn")) not in ("table", None):
        # Measured: DDB-EXPORT-002.
        raise invalid("Invalid Request: Table ARN is invalid.")
    yield named_table(call, "TableArn")


def on_bulk_operation(call: ApiCall) -> Iterator[str]:
    """A bulk operation."""
    # By whatever ARN it has: its form is not documented.
    yield resource_arn(required_text(call.params, "BulkOperationArn"))


def on_everything(call: ApiCall) -> Iterator[str]:
    """No resource."""
    yield "*"


def on_every_table(call: ApiCall) -> Iterator[str]:
    """All tables of the Region."""
    # That is what AWS names in a denial of ListTables.
    yield arn_of(call, "table/*")


def on_global_table(call: ApiCall) -> Iterator[str]:
    """The global table (version 2017)."""
    yield global_table_arn(call)


def on_global_table_and_replicas(call: ApiCall) -> Iterator[str]:
    """The global table (version 2017), and the table in every Region that the request names."""
    yield global_table_arn(call)
    # Both are resource types of these actions:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    name = required_text(call.params, "GlobalTableName")
    regions = dict.fromkeys([call.region, *_regions(call.params)])
    yield from (table_arn(call, name, region=region) for region in regions)


def _regions(params: Params) -> Iterator[str]:
    # CreateGlobalTable, UpdateGlobalTableSettings and UpdateGlobalTable name Regions each in its own form.
    for replica in params.get("ReplicationGroup") or params.get("ReplicaSettingsUpdate") or ():
        yield required_text(replica, "RegionName")
    for update in params.get("ReplicaUpdates") or ():
        for change in update.values():
            yield required_text(change, "RegionName")


ON_GLOBAL_TABLE = frozenset({"DescribeGlobalTable", "DescribeGlobalTableSettings"})
ON_GLOBAL_TABLE_AND_REPLICAS = frozenset(
    {"CreateGlobalTable", "UpdateGlobalTable", "UpdateGlobalTableSettings"}
)
ON_NO_TABLE = frozenset(
    {
        "DescribeEndpoints",
        "DescribeLimits",
        "ListBackups",
        "ListBulkOperations",
        "ListContributorInsights",
        "ListGlobalTables",
    }
)
"""The operations that are about everything in the account."""

CONTROL: dict[str, AuthorizationPlan] = {
    **dict.fromkeys(
        (
            "DescribeContinuousBackups",
            "DescribeKinesisStreamingDestination",
            "DescribeTable",
            "DescribeTableReplicaAutoScaling",
            "DisableKinesisStreamingDestination",
            "EnableKinesisStreamingDestination",
            "UpdateContinuousBackups",
            "UpdateKinesisStreamingDestination",
        ),
        authorization_plan(on_table),
    ),
    **dict.fromkeys(("DeleteTable", "DescribeTimeToLive"), authorization_plan(on_table, needs_table=True)),
    **dict.fromkeys(("CreateBackup", "StartBulkPutItems"), authorization_plan(on_table, uses_key=True)),
    "UpdateTableReplicaAutoScaling": passing_roles(authorization_plan(on_table)),
    "UpdateTimeToLive": time_to_live,
    **dict.fromkeys(("DeleteResourcePolicy", "GetResourcePolicy"), on_policy),
    "PutResourcePolicy": put_policy,
    **dict.fromkeys(ON_GLOBAL_TABLE, authorization_plan(on_global_table)),
    **dict.fromkeys(ON_GLOBAL_TABLE_AND_REPLICAS, authorization_plan(on_global_table_and_replicas)),
    "UpdateGlobalTableSettings": passing_roles(global_table_settings),
    **dict.fromkeys(("DeleteBackup", "DescribeBackup"), authorization_plan(on_backup)),
    **dict.fromkeys(("CancelBulkOperation", "DescribeBulkOperation"), authorization_plan(on_bulk_operation)),
    **dict.fromkeys(("ListExports", "ListImports"), authorization_plan(on_table_arn_if_named)),
    **dict.fromkeys(ON_NO_TABLE, authorization_plan(on_everything)),
    "DescribeContributorInsights": authorization_plan(on_table_and_index),
    "DescribeExport": authorization_plan(on_sub("ExportArn", "export")),
    "DescribeImport": authorization_plan(on_sub("ImportArn", "import")),
    "ExportTableToPointInTime": authorization_plan(on_exported_table, uses_key=True),
    "ListTables": authorization_plan(on_every_table),
    **TAGGING,
    "UpdateContributorInsights": authorization_plan(on_table_and_index, uses_key=True),
}
"""The operations that neither touch items nor choose a key."""
