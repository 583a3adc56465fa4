"""What DynamoDB refuses of a restore before it looks at what is restored.

Texts are AWS's: ACK-nnn is finding DDB-TABLE-nnn of aws-controllers-k8s/dynamodb-controller, measured on AWS
in October 2026; none of these makes a table.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.rules.throughput import limits_of, out_of_range
from pytest_kmslab.calls.validation_messages import invalid, refused

_REQUEST = "Invalid Request: "
_SOURCES = ("SourceTableArn", "SourceTableName")
Refusals = Iterator[ServiceError]


def check_source(params: Params) -> None:
    """Raise what DynamoDB refuses of the table that RestoreTableToPointInTime names as its source."""
    # ACK-272.
    named = [member for member in _SOURCES if params.get(member)]
    if len(named) > 1:
        raise invalid("Must provide exactly one of: sourceTableArn, sourceTableName")
    if not named:
        raise invalid("The parameter 'TableName' is required")
    if named == ["SourceTableArn"] and not str(params["SourceTableArn"]).startswith("arn:"):
        raise invalid("sourceTableArn is not a valid ARN")


def check_moment(params: Params) -> None:
    """Raise what DynamoDB refuses of the moment that a table is restored to."""
    # ACK-100, 272.
    if "RestoreDateTime" in params and params.get("UseLatestRestorableTime"):
        raise invalid(
            f"{_REQUEST}Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time "
            "restore request. Please specify either RestoreDateTime time or UseLatestRestorableTime"
        )
    if "RestoreDateTime" not in params and not params.get("UseLatestRestorableTime"):
        raise invalid(
            f"{_REQUEST}Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not "
            "both"
        )


def check_overrides(params: Params, source: Table | None) -> None:
    """Raise what DynamoDB refuses of what is to be otherwise than with the source."""
    for refusal in _overrides(params, source):
        raise refusal


def _overrides(params: Params, source: Table | None) -> Refusals:
    # ACK-273, 280.
    mode, units = params.get("BillingModeOverride"), params.get("ProvisionedThroughputOverride")
    on_demand = mode == "PAY_PER_REQUEST" if mode else source is not None and source.on_demand
    limits = {"OnDemandThroughput": params.get("OnDemandThroughputOverride")}
    if mode == "PROVISIONED" and not units:
        yield refused("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
    if units and on_demand:
        yield refused("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
    for unit in limits_of(limits):
        if not on_demand:
            text = f"Cannot override {unit} for OnDemandThroughput unless BillingModeOverride is"
            yield refused(f"{text} PAY_PER_REQUEST")
    yield from out_of_range(limits, "", clears=False)
    for index in params.get("GlobalSecondaryIndexOverride") or ():
        name, has_units = index["IndexName"], bool(index.get("ProvisionedThroughput"))
        if has_units and on_demand:
            text = "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
            yield refused(f"{text} for index {name}")
        if not has_units and not on_demand:
            yield refused(f"Must specify provisioned throughput for index {name}")
