"""Contributor insights of tables and their indexes, of which moto has none: whether they are on, and no more.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContributorInsights.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.backends.moto.fixups.table_descriptions import moto_table
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

Response = dict[str, Any]

_MODE = "ContributorInsightsMode"
_STATUS = {"ENABLE": ("ENABLING", "ENABLED"), "DISABLE": ("DISABLING", "DISABLED")}
"""What the answer says of each action, and what is so afterwards."""


def update(call: ApiCall) -> Response:
    """UpdateContributorInsights."""
    insights = _insights(call)
    told, status = _STATUS[str(call.params["ContributorInsightsAction"])]
    mode = call.params.get(_MODE)
    insights[_index(call)] = {"ContributorInsightsStatus": status, **({_MODE: mode} if mode else {})}
    return _answer(call, {**insights[_index(call)], "ContributorInsightsStatus": told})


def describe(call: ApiCall) -> Response:
    """DescribeContributorInsights."""
    return _answer(call, _insights(call).get(_index(call), {"ContributorInsightsStatus": "DISABLED"}))


def list_all(call: ApiCall) -> Response:
    """ListContributorInsights: of one table, or of all of the Region, those that were ever turned on."""
    if call.params.get("TableName"):
        tables = [moto_table(call)]
    else:
        tables = list(dynamodb_backends[call.account][call.region].tables.values())
    return {
        "ContributorInsightsSummaries": [
            {"TableName": table.name, **({"IndexName": index} if index else {}), **shown}
            for table in tables
            for index, shown in _kept(table).items()
        ]
    }


def _insights(call: ApiCall) -> dict[str, dict[str, Any]]:
    """By the name of the index, empty for the table. Raises what DynamoDB answers to a table or index that is
    not there."""
    table, index = moto_table(call), _index(call)
    if index and index not in [known.name for known in (*table.global_indexes, *table.indexes)]:
        text = f"Requested resource not found: Table: {table.name} index: {index} not found"
        raise ServiceError("ResourceNotFoundException", text)
    return _kept(table)


def _kept(table: Any) -> dict[str, dict[str, Any]]:
    """On moto's own table, so that they go with it."""
    kept: dict[str, dict[str, Any]] = table.__dict__.setdefault("kmslab_insights", {})
    return kept


def _index(call: ApiCall) -> str:
    return str(call.params.get("IndexName") or "")


def _answer(call: ApiCall, shown: Mapping[str, Any]) -> Response:
    index = {"IndexName": _index(call)} if _index(call) else {}
    return {"TableName": name_in(call.params["TableName"]), **index, **shown}


INSIGHTS: Mapping[str, Callable[[ApiCall], Response]] = {
    "dynamodb:DescribeContributorInsights": describe,
    "dynamodb:ListContributorInsights": list_all,
    "dynamodb:UpdateContributorInsights": update,
}
