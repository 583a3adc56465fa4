"""Keeps what the emulators drop: which key a table is encrypted with, and DynamoDB's grants on it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.backends.base import Backend
from pytest_kmslab.facts import Key, Table

AWS_MANAGED = "alias/aws/dynamodb"
Description = dict[str, Any]


def settle_table(backend: Backend, call: ApiCall, response: dict[str, Any], now: float) -> None:
    """After a DynamoDB call that succeeded: make its SSESpecification stick, and show it.

    `now` is in epoch seconds: changes of encryption are counted.
    """
    settle = SETTLERS.get(call.name)
    if settle is not None:
        settle(backend, call, response, now)


def _created(backend: Backend, call: ApiCall, response: dict[str, Any], _now: float) -> None:
    """CreateTable answers the encryption at once, with the key's ARN whatever form the key was given in."""
    specification = call.params.get("SSESpecification")
    description = response["TableDescription"]
    description.pop("SSEDescription", None)
    key = _chosen(backend, call, specification)
    _change(backend, description["TableArn"], None, key)
    if key is not None:
        description["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key.arn}


def _updated(backend: Backend, call: ApiCall, response: dict[str, Any], now: float) -> None:
    """UpdateTable answers `UPDATING`, with the key that is being left, if any."""
    specification = call.params.get("SSESpecification")
    if not specification:
        return
    description = response["TableDescription"]
    known = backend.encryption_changes(description["TableArn"])
    if known is not None:
        known.changes.append(now)
    before = backend.facts.table(description["TableArn"], call.region, call.account)
    _change(backend, description["TableArn"], before, _chosen(backend, call, specification))
    old = (
        {}
        if before is None or before.key_arn is None
        else {"SSEType": "KMS", "KMSMasterKeyArn": before.key_arn}
    )
    description["SSEDescription"] = {"Status": "UPDATING", **old}


def _deleted(backend: Backend, _call: ApiCall, response: dict[str, Any], _now: float) -> None:
    """DynamoDB retires its grants when a table goes."""
    backend.retire_table_grants(response["TableDescription"]["TableArn"])


def _chosen(backend: Backend, call: ApiCall, specification: Mapping[str, Any] | None) -> Key | None:
    """The key an SSESpecification chooses: none for the AWS owned key, AWS managed where no key is named."""
    if not specification or specification.get("Enabled", True) is False:
        return None
    return backend.facts.key(specification.get("KMSMasterKeyId") or AWS_MANAGED, call.region, call.account)


def _change(backend: Backend, table_arn: str, before: Table | None, key: Key | None) -> None:
    if before is not None and before.key_arn is not None:
        backend.retire_table_grants(table_arn)
    backend.set_table_key(table_arn, None if key is None else key.arn)
    if key is not None and key.manager == "CUSTOMER":
        backend.add_table_grants(table_arn, key.arn)


SETTLERS: Mapping[str, Callable[[Backend, ApiCall, dict[str, Any], float], None]] = {
    "dynamodb:CreateTable": _created,
    "dynamodb:UpdateTable": _updated,
    "dynamodb:DeleteTable": _deleted,
}
