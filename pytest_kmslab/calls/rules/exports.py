"""What DynamoDB refuses of the export of a table: members that do not go together.

Texts are AWS's: findings DDB-EXPORT-001 to 005 of aws-controllers-k8s/dynamodb-controller, measured in
October 2026.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
"""

from __future__ import annotations

from pytest_kmslab.calls.api_call import Params
from pytest_kmslab.calls.validation_messages import invalid, refused

INCREMENTAL = "INCREMENTAL_EXPORT"
_SPECIFICATION = "IncrementalExportSpecification"
_NO_TYPE = "Export Type expected to be Incremental Export when incremental export specification is provided"
_FULL = "When Export Type is Full Export , Incremental Export Specification should not be provided"
_NO_SPECIFICATION = "Incremental Export Specification expected when export type is set as Incremental Export"
_NO_BEGINNING = "ExportFromTime must be provided in IncrementalExportSpecification"


def check_export(params: Params) -> None:
    """Raise ValidationException for an export whose members do not go together."""
    if params.get("S3SseKmsKeyId") is not None and params.get("S3SseAlgorithm") != "KMS":
        raise invalid("Invalid Request: KMS Key Id is not supported for this encryption type")
    _check_increment(params)


def _check_increment(params: Params) -> None:
    kind, specification = params.get("ExportType"), params.get(_SPECIFICATION)
    if kind == INCREMENTAL and specification is None:
        raise invalid(f"Invalid Request: {_NO_SPECIFICATION}")
    if kind != INCREMENTAL and specification is not None:
        raise invalid(f"Invalid Request: {_NO_TYPE if kind is None else _FULL}")
    if specification is not None and specification.get("ExportFromTime") is None:
        raise invalid(f"Invalid Request: {_NO_BEGINNING}")


def check_table_arn(params: Params) -> None:
    """Raise ValidationException where a table that is given by its ARN alone is given by its name."""
    named = params.get("TableArn")
    if named is not None and not named.startswith("arn:"):
        raise refused("tableArn is not a valid ARN")
