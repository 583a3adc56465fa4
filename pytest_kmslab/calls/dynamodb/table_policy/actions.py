"""The actions that a policy of a table may name, and those that one of a stream may.

DynamoDB refuses a policy that names another, whether it is an action or not: stream actions in a table's
policy (ACK-211, aws/aws-cdk#32230), `ListStreams`, `ExecuteStatement`, `RestoreTableFromBackup`.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_kmslab.authz.pattern import compile_pattern
from pytest_kmslab.authz.policy import Policy

_LISTED = (
    "BatchGetItem",
    "BatchWriteItem",
    "CreateBackup",
    "DeleteItem",
    "DeleteResourcePolicy",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeKinesisStreamingDestination",
    "DescribeTable",
    "DescribeTableReplicaAutoScaling",
    "DescribeTimeToLive",
    "DisableKinesisStreamingDestination",
    "EnableKinesisStreamingDestination",
    "ExportTableToPointInTime",
    "GetItem",
    "GetResourcePolicy",
    "ListTagsOfResource",
    "PutItem",
    "PutResourcePolicy",
    "Query",
    "RestoreTableToPointInTime",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateItem",
    "UpdateKinesisStreamingDestination",
    "UpdateTable",
    "UpdateTableReplicaAutoScaling",
    "UpdateTimeToLive",
)
"""With a Yes on the page above. It lists operations: those of PartiQL have actions of other names, and AWS
refuses their own."""

_PARTIQL = ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate")
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"""

_ON_OTHER_PAGES = (
    "AssociateTableReplica",
    "ConditionCheckItem",
    "DescribeExport",
    "ReadDataForReplication",
    "ReplicateSettings",
    "WriteDataForReplication",
)
"""In table policies that other pages show or ask for: global tables of several accounts, transactions,
zero-ETL integrations.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_MA.tutorial.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/RedshiftforDynamoDB-zero-etl.html"""

_NOT_SAID = (
    "CreateGlobalTableWitness",
    "CreateTableReplica",
    "DeleteGlobalTableWitness",
    "DeleteTableReplica",
    "SearchVectors",
    "StartBulkPutItems",
)
"""Actions on tables that the page is silent on: taken to be accepted (docs/fidelity.md)."""

_OF_STREAMS = ("DescribeStream", "GetRecords", "GetShardIterator")


def _named(*groups: Iterable[str]) -> frozenset[str]:
    return frozenset(f"dynamodb:{name}".lower() for group in groups for name in group)


SUPPORTED: Mapping[str, frozenset[str]] = {
    "table": _named(_LISTED, _PARTIQL, _ON_OTHER_PAGES, _NOT_SAID),
    "stream": _named(_OF_STREAMS, ("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy")),
}
"""By what the policy hangs on, in lower case: action names have none (ACK-353)."""


def invalid_actions(policy: Policy, kind: str) -> list[str]:
    """The actions that a policy on a table or stream (`kind`) cannot name, as written."""
    actions = [
        name for statement in policy.statements if statement.actions for name in statement.actions.patterns
    ]
    # A pattern has to match one that it can.
    return [
        name
        for name in dict.fromkeys(actions)
        if not any(map(compile_pattern(name.lower()), SUPPORTED[kind]))
    ]
